"""Task: start, async_, await_, and what a crash does to whom, as recorded from Elixir."""

from functools import partial
from typing import Any, Final

import pytest

from matchspec import ANY, Ref
from runtime import (
    BRUTAL_KILL,
    DOWN,
    Task,
    callers,
    exit,
    is_alive,
    receive,
    self_,
    send,
    sleep,
    spawn,
    spawn_monitor,
    trap_exit,
)
from tests.runtime.elixir_helpers import (
    ILLEGAL,
    A,
    boom,
    ended,
    fate,
    following,
    forever,
    keyword,
    leave,
    links_of,
    mailbox,
    ms,
    survive,
    tell,
    worker,
)
from tests.runtime.elixir_scenarios import SEEDS, Body, Case, Scenarios, Value, check, label, named, outcome, portable

RECORD: Final = Scenarios("task")
VALUE: Final = A("value")
REASON: Final = A("reason")
NO_MFA: Final = "a function is given as such, not by module, name and arguments"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("case", RECORD.cases.values(), ids=str)
def test_as_in_elixir(case: Case, seed: int, lending: float) -> None:
    check(case, seed, lending)


def test_all_that_is_recorded_is_here() -> None:
    assert RECORD.missing() == []


def value() -> Value:
    return VALUE


RECORD.not_here(
    "task",
    NO_MFA,
    "async of module, function and arguments",
    "start and start_link of module, function and arguments",
)
RECORD.not_here("task", "child specifications are made by ChildSpec", "child_spec")
RECORD.not_here(
    "task",
    "Python has no throw",
    "a task that throws: the caller dies",
    "start_link of a throw: what a trapping caller is told",
)


# --- results --------------------------------------------------------------------------------------------------------


@RECORD.scenario("task", "async and await")
def _() -> Value:
    return Task.async_(lambda: (A("some"), "value")).await_()


@RECORD.scenario("task", "the fields of a task", without=["keys", "mfa"])
def _() -> Value:
    task = named(Task.async_(value))
    return keyword(task=task, owner=task.owner is self_())


@RECORD.scenario("task", "the reply is a message of reference and result")
def _() -> Value:
    named(Task.async_(value))
    return mailbox()


@RECORD.scenario("task", "the reply of a trapped task, and its end")
def _() -> Value:
    trap_exit(True)
    named(Task.async_(value))
    return sorted(mailbox(), key=len)


@RECORD.scenario("task", "await leaves no message behind")
def _() -> Value:
    return [Task.async_(value).await_(), mailbox()]


@RECORD.scenario("task", "await leaves no message behind but EXIT when trapping")
def _() -> Value:
    trap_exit(True)
    return [named(Task.async_(value)).await_(), mailbox()]


@RECORD.scenario("task", "await leaves other messages where they are")
def _() -> Value:
    send(self_(), A("before"))
    task = Task.async_(value)
    send(self_(), A("after"))
    return [task.await_(), mailbox()]


@RECORD.scenario("task", "await in another order than async")
def _() -> Value:
    tasks = [Task.async_(int, number) for number in (1, 2, 3)]
    return [task.await_() for task in reversed(tasks)]


@RECORD.scenario("task", "a task has its own process")
def _() -> Value:
    caller = self_()
    return Task.async_(lambda: self_() is not caller).await_()


@RECORD.scenario("task", "a task is linked to its caller")
def _() -> Value:
    named(Task.async_(forever))
    return links_of(self_())


@RECORD.scenario("task", "a task does not trap exits even if its caller does")
def _() -> Value:
    trap_exit(True)
    return Task.async_(lambda: trap_exit(False)).await_()


@RECORD.scenario("task", "a task in a task")
def _() -> Value:
    return Task.async_(lambda: Task.async_(lambda: A("inner")).await_()).await_()


# --- failures -------------------------------------------------------------------------------------------------------


def survives(body: Body) -> Value:
    Task.async_(body)
    return survive(200)


@RECORD.scenario("task", "a task that raises: the caller dies")
def _() -> Value:
    return survives(boom)


@RECORD.scenario("task", "a task that exits: the caller dies")
def _() -> Value:
    return survives(leave(REASON))


@RECORD.scenario("task", "a task that exits with shutdown: the caller dies")
def _() -> Value:
    return survives(leave(A("shutdown")))


@RECORD.scenario("task", "a task that exits normally: the caller lives, and await exits")
def _() -> Value:
    task = named(Task.async_(leave(A("normal"))))
    return outcome(lambda: task.await_(ms(100)))


@RECORD.scenario("task", "a task that fails: await when trapping", without=["thrown", "erlang_error"])
def _() -> Value:
    trap_exit(True)
    failing: dict[str, Body] = {
        "raised": boom,
        "exited": leave(REASON),
        "shutdown": leave(A("shutdown")),
        "shutdown_term": leave((A("shutdown"), 1)),
        "killed": lambda: exit(self_(), A("kill")),
    }
    found = []
    for name, body in failing.items():
        task = named(Task.async_(body), name)
        found.append((A(name), outcome(partial(task.await_, ms(500))), mailbox()))
    return found


@RECORD.scenario("task", "a task that fails: all messages when trapping, without await")
def _() -> Value:
    trap_exit(True)
    named(Task.async_(leave(REASON)))
    return sorted(mailbox(), key=lambda message: message[0].name)


@RECORD.scenario("task", "a task in a task fails: the outer and the caller die")
def _() -> Value:
    reason = portable(ended(lambda: Task.async_(lambda: Task.async_(leave(A("inner"))).await_()).await_()))
    return reason is A("inner") or (reason[0] is A("inner") and reason[1][:2] == (A("Elixir.Task"), A("await")))


@RECORD.scenario("task", "the caller ends: its task with it")
def _() -> Value:
    caller = self_()

    def run() -> None:
        send(caller, Task.async_(forever).pid)
        sleep(ms(30))
        exit(A("caller_gone"))

    _, ref = spawn_monitor(run)
    pid = following()
    found = fate(pid, lambda _: sleep(ms(60)))
    return receive((DOWN, ref, ANY, ANY, ANY))[4], found


@RECORD.scenario("task", "the caller returns: its task lives on until it is done")
def _() -> Value:
    caller = self_()
    ended(lambda: send(caller, Task.async_(forever).pid))
    return fate(following())


# --- time limits and owners -----------------------------------------------------------------------------------------


@RECORD.scenario("task", "await times out")
def _() -> Value:
    return named(Task.async_(forever)).await_(ms(10))


@RECORD.scenario("task", "await with no time")
def _() -> Value:
    return named(Task.async_(forever)).await_(0)


@RECORD.scenario("task", "await with no time for a reply that is there")
def _() -> Value:
    task = Task.async_(value)
    sleep(ms(30))
    return task.await_(0)


@RECORD.scenario("task", "await that times out, caught: the task runs on, its reply is dropped")
def _() -> Value:
    caller = self_()

    def work() -> Value:
        sleep(ms(40))
        send(caller, A("task_done"))
        return VALUE

    task: Task[Any] = named(Task.async_(work))
    timed_out = outcome(lambda: task.await_(ms(10)))
    assert task.pid is not None
    return [(A("await"), timed_out), *keyword(alive=is_alive(task.pid), messages=mailbox(80))]


@RECORD.scenario("task", "await twice")
def _() -> Value:
    task = named(Task.async_(value))
    return [task.await_(), outcome(lambda: task.await_(ms(30)))]


@RECORD.scenario("task", "await by another than the owner")
def _() -> Value:
    return tell(worker(), Task.async_(value).await_)


@RECORD.scenario("task", "await with a time limit that is none")
def _() -> Value:
    task: Any = Task.async_(value)
    return [outcome(partial(task.await_, limit)) for limit in (-1, "soon", True)]


@RECORD.scenario("task", "await with infinity")
def _() -> Value:
    return Task.async_(value).await_(None)


RECORD.not_here("task", "await_ is a method, so there is nothing else to call it of", "await of what is no task")


@RECORD.scenario("task", "async of what is no function")
def _() -> Value:
    return outcome(lambda: Task.async_(ILLEGAL))


@RECORD.differs("task", "async of a function that takes an argument", "arguments follow the function")
def _() -> None:
    trap_exit(True)
    assert Task.async_(lambda argument: argument, VALUE).await_() is VALUE
    needs_one: Any = lambda argument: argument
    task = Task.async_(needs_one)
    kind, reason = outcome(task.await_)
    assert kind is A("exited")
    assert isinstance(reason[0][0], TypeError)


# --- callers --------------------------------------------------------------------------------------------------------


def within(found: list[Value]) -> list[Value]:
    """The callers in the scenario: the caller itself has been spawned by the test."""
    assert found[-len(callers()) :] == callers()
    return found[: -len(callers())]


@RECORD.scenario("task", "callers of a task")
def _() -> Value:
    return within(Task.async_(callers).await_())


@RECORD.scenario("task", "callers of a task in a task")
def _() -> Value:
    def outer() -> Value:
        label(self_(), "outer")
        return Task.async_(callers).await_()

    found = within(Task.async_(outer).await_())
    return [A("caller") if pid is self_() else pid for pid in found]


@RECORD.differs("task", "callers of a process that was only spawned", "every process knows who spawned it")
def _() -> None:
    caller = self_()
    spawn(lambda: send(caller, callers()))
    assert following() == [caller, *callers()]


@RECORD.scenario("task", "callers of a task that was started")
def _() -> Value:
    caller = self_()
    Task.start(lambda: send(caller, callers()))
    Task.start_link(lambda: send(caller, callers()))
    return [(A("callers"), within(following())), (A("callers"), within(following()))]


# --- start and start_link -------------------------------------------------------------------------------------------


@RECORD.scenario("task", "start: no reply, no link")
def _() -> Value:
    caller = self_()
    label(Task.start(lambda: send(caller, A("ran"))), "task")
    return keyword(messages=mailbox(), links=links_of(self_()))


@RECORD.scenario("task", "start: a crash does not reach the caller")
def _() -> Value:
    pid = Task.start(lambda: [receive(A("go")), exit(A("crash"))])
    return keyword(fate=fate(pid, lambda pid: send(pid, A("go"))), messages=mailbox())


@RECORD.scenario("task", "start outlives its caller")
def _() -> Value:
    caller = self_()
    ended(lambda: [send(caller, Task.start(forever)), exit(A("gone"))])
    return fate(following())


@RECORD.scenario("task", "start_link: no reply")
def _() -> Value:
    trap_exit(True)
    label(Task.start_link(value), "task")
    return mailbox()


@RECORD.scenario("task", "start_link: a crash kills the caller")
def _() -> Value:
    Task.start_link(boom)
    return survive(200)


@RECORD.scenario("task", "start_link: the caller ends, the task with it")
def _() -> Value:
    caller = self_()

    def run() -> None:
        send(caller, Task.start_link(forever))
        forever()

    owner, _ = spawn_monitor(run)
    return fate(following(), lambda _: exit(owner, A("owner_gone")))


# --- completed ------------------------------------------------------------------------------------------------------


def completed(item: Value) -> Task[Any]:
    return named(Task.completed(item))


@RECORD.scenario("task", "completed")
def _() -> Value:
    task = Task.completed(VALUE)
    is_ref = isinstance(task.ref, Ref)
    return [*keyword(pid=task.pid, is_ref=is_ref), (A("await"), task.await_()), (A("messages"), mailbox())]


@RECORD.scenario("task", "completed: the message it sends")
def _() -> Value:
    completed(VALUE)
    return mailbox()


@RECORD.scenario("task", "completed: yield, shutdown, ignore, await_many", without=["ignore", "messages"])
def _() -> Value:
    # Elixir's ignore stumbles over the pid that is none, and leaves the message; ours has nothing to stumble over.
    ignored = portable(Task.completed(4).ignore())
    assert ignored == (A("ok"), 4)
    first, second = Task.completed(2), Task.completed(3)
    found = [
        (A("yield"), Task.completed(1).yield_()),
        *keyword(
            shutdown=outcome(first.shutdown),
            brutal_kill=outcome(lambda: second.shutdown(BRUTAL_KILL)),
            await_many=Task.await_many([Task.completed(5), Task.async_(lambda: 6)]),
            yield_many=[result for _, result in Task.yield_many([Task.completed(7)])],
        ),
    ]
    assert mailbox() == [(first.ref, 2), (second.ref, 3)]
    return found


@RECORD.scenario("task", "completed: await twice")
def _() -> Value:
    task = completed(VALUE)
    return [task.await_(), outcome(lambda: task.await_(ms(20)))]
