"""Task: yield_, yield_many, await_many, shutdown, ignore, as recorded from Elixir."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import pytest

from matchspec import ANY
from runtime import (
    BRUTAL_KILL,
    EXIT,
    Ok,
    Task,
    exit,
    is_alive,
    kernel,
    receive,
    self_,
    send,
    sleep,
    trap_exit,
)
from tests.runtime.elixir_helpers import (
    A,
    boom,
    fate,
    forever,
    keyword,
    kill,
    leave,
    links_of,
    mailbox,
    ms,
    tell,
    worker,
)
from tests.runtime.elixir_scenarios import SEEDS, Body, Case, Scenarios, Value, check, named, outcome

RECORD: Final = Scenarios("task_waits")
VALUE: Final = A("value")
REASON: Final = A("reason")
GO: Final = A("go")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("case", RECORD.cases.values(), ids=str)
def test_as_in_elixir(case: Case, seed: int, lending: float) -> None:
    check(case, seed, lending)


def test_all_that_is_recorded_is_here() -> None:
    assert RECORD.missing() == []


def value() -> Value:
    return VALUE


def endless(name: str = "task") -> Task[Any]:
    return named(Task.async_(forever), name)


def failing(body: Body, trapping: bool = True) -> Task[Any]:
    """A task that fails, some time ago."""
    trap_exit(trapping)
    task = named(Task.async_(body))
    sleep(ms(30))
    return task


def waiting(item: Value = VALUE) -> Task[Any]:
    """A task that gives its value as soon as it is told to."""
    return named(Task.async_(lambda: [receive(GO), item][1]))


def lives(task: Task[Any]) -> bool:
    assert task.pid is not None
    return is_alive(task.pid)


def tell_to_go(task: Task[Any]) -> None:
    assert task.pid is not None
    send(task.pid, GO)


# --- yield ----------------------------------------------------------------------------------------------------------


@RECORD.scenario("task_waits", "yield: a value")
def _() -> Value:
    return [Task.async_(value).yield_(), mailbox()]


@RECORD.scenario("task_waits", "yield: nothing yet, then the value")
def _() -> Value:
    task = waiting()
    first = task.yield_(ms(10))
    tell_to_go(task)
    return [first, task.yield_(ms(500))]


@RECORD.scenario("task_waits", "yield: nothing yet leaves the task alone")
def _() -> Value:
    task = endless()
    return [task.yield_(ms(10)), lives(task)]


@RECORD.scenario("task_waits", "yield with no time")
def _() -> Value:
    return endless().yield_(0)


@RECORD.scenario("task_waits", "yield, then await")
def _() -> Value:
    task = waiting()
    assert task.yield_(ms(10)) is None
    tell_to_go(task)
    return task.await_()


@RECORD.scenario("task_waits", "yield after the value was had")
def _() -> Value:
    task = Task.async_(value)
    return [task.yield_(), task.yield_(ms(20))]


@RECORD.scenario("task_waits", "yield: a task that failed, trapping")
def _() -> Value:
    trap_exit(True)
    task = named(Task.async_(leave(REASON)))
    return [task.yield_(), mailbox()]


@RECORD.scenario("task_waits", "yield: a task that raised, trapping")
def _() -> Value:
    trap_exit(True)
    return Task.async_(boom).yield_()


@RECORD.scenario("task_waits", "yield: a task that exited normally")
def _() -> Value:
    return Task.async_(leave(A("normal"))).yield_()


@RECORD.scenario("task_waits", "yield: a task that failed, not trapping: the caller dies")
def _() -> Value:
    task = Task.async_(leave(REASON))
    sleep(ms(100))
    return task.yield_()


@RECORD.scenario("task_waits", "yield by another than the owner")
def _() -> Value:
    return tell(worker(), Task.async_(value).yield_)


@RECORD.scenario("task_waits", "yield or shutdown: the usual idiom, in time and late")
def _() -> Value:
    tasks: list[Task[Any]] = [Task.async_(value), Task.async_(forever)]
    return [task.yield_(ms(150)) or task.shutdown() for task in tasks]


# --- yield_many -----------------------------------------------------------------------------------------------------


@RECORD.scenario("task_waits", "yield_many: values, an exit and one that is not ready, in the order of the tasks")
def _() -> Value:
    trap_exit(True)
    late = endless("late")
    failed = named(Task.async_(leave(REASON)), "failed")
    done = named(Task.async_(value), "done")
    return Task.yield_many([late, failed, done], ms(150))


@RECORD.differs("task_waits", "yield_many: options", "later releases have them, and so have we")
def _() -> None:
    late, done = endless(), Task.async_(value)
    (_, first), (_, second) = Task.yield_many([late, done], ms(30), on_timeout="nothing")
    assert (first, second) == (None, Ok(VALUE))
    assert lives(late)
    assert Task.yield_many([late], ms(30), on_timeout="kill_task")[0][1] is None
    assert not lives(late)


@RECORD.scenario("task_waits", "yield_many of none")
def _() -> Value:
    return Task.yield_many([], ms(10))


@RECORD.scenario("task_waits", "yield_many with no time")
def _() -> Value:
    done = named(Task.async_(value), "done")
    sleep(ms(30))
    return Task.yield_many([done, endless("late")], 0)


@RECORD.scenario("task_waits", "yield_many: those that were not ready can be asked again")
def _() -> Value:
    first = waiting(1)
    assert Task.yield_many([first], ms(10)) == [(first, None)]
    tell_to_go(first)
    return [result for _, result in Task.yield_many([first], ms(500))]


@RECORD.scenario("task_waits", "yield_many leaves no message behind")
def _() -> Value:
    Task.yield_many([Task.async_(value)], ms(100))
    return mailbox()


@RECORD.scenario("task_waits", "yield_many by another than the owner")
def _() -> Value:
    task = Task.async_(value)
    return tell(worker(), lambda: Task.yield_many([task]))


@RECORD.scenario("task_waits", "yield_many shares one time limit")
def _() -> Value:
    tasks = [endless(f"late{number}") for number in (1, 2, 3)]
    time = kernel.current().scheduler
    before = time.now()
    results = [result for _, result in Task.yield_many(tasks, ms(50))]
    return keyword(results=results, less_than_two_limits=time.now() - before == pytest.approx(ms(50)))


# --- await_many -----------------------------------------------------------------------------------------------------


@RECORD.scenario("task_waits", "await_many: values in the order of the tasks")
def _() -> Value:
    def work(number: int) -> int:
        sleep(ms(number))
        return number

    return Task.await_many([Task.async_(work, number) for number in (30, 5, 15)])


@RECORD.scenario("task_waits", "await_many of none")
def _() -> Value:
    return Task.await_many([])


@RECORD.scenario("task_waits", "await_many: one is late")
def _() -> Value:
    done = named(Task.async_(value), "done")
    return Task.await_many([done, endless("late")], ms(30))


@RECORD.scenario("task_waits", "await_many: one is late, caught: the replies are gone, the tasks run on")
def _() -> Value:
    done, late = named(Task.async_(value), "done"), endless("late")
    result = outcome(lambda: Task.await_many([done, late], ms(30)))
    return keyword(result=result, alive=lives(late), messages=mailbox())


@RECORD.scenario("task_waits", "await_many: one fails, trapping")
def _() -> Value:
    trap_exit(True)
    done = named(Task.async_(value), "done")
    failed = named(Task.async_(leave(REASON)), "failed")
    result = outcome(lambda: Task.await_many([done, failed], ms(500)))
    order = [done.pid, failed.pid]
    return keyword(result=result, messages=sorted(mailbox(), key=lambda message: order.index(message[1])))


@RECORD.scenario("task_waits", "await_many: one fails, not trapping: the caller dies")
def _() -> Value:
    failed = Task.async_(leave(REASON))
    sleep(ms(100))
    return Task.await_many([failed])


@RECORD.scenario("task_waits", "await_many: the same task twice")
def _() -> Value:
    task = Task.async_(value)
    return outcome(lambda: Task.await_many([task, task], ms(500)))


@RECORD.scenario("task_waits", "await_many by another than the owner")
def _() -> Value:
    task = Task.async_(value)
    return tell(worker(), lambda: Task.await_many([task]))


@RECORD.scenario("task_waits", "await_many of tasks that were awaited")
def _() -> Value:
    task = named(Task.async_(value))
    task.await_()
    return outcome(lambda: Task.await_many([task], ms(20)))


# --- shutdown -------------------------------------------------------------------------------------------------------


@RECORD.scenario("task_waits", "shutdown: a task that runs")
def _() -> Value:
    task = endless()
    return [task.shutdown(), lives(task), mailbox()]


@RECORD.scenario("task_waits", "shutdown: the reply is there")
def _() -> Value:
    task = Task.async_(value)
    sleep(ms(30))
    return [task.shutdown(), mailbox()]


@RECORD.scenario("task_waits", "shutdown: a second call")
def _() -> Value:
    task = endless()
    return [task.shutdown(), task.shutdown()]


@RECORD.scenario("task_waits", "shutdown: after await")
def _() -> Value:
    task = Task.async_(value)
    return [task.await_(), task.shutdown()]


@RECORD.scenario("task_waits", "shutdown: a task that had failed, trapping")
def _() -> Value:
    return [failing(leave(REASON)).shutdown(), mailbox()]


@RECORD.scenario("task_waits", "shutdown: a task that had raised, trapping")
def _() -> Value:
    return failing(boom).shutdown()


@RECORD.scenario("task_waits", "shutdown: a task that had exited normally")
def _() -> Value:
    return failing(leave(A("normal")), trapping=False).shutdown()


@RECORD.scenario("task_waits", "shutdown, trapping: is there an EXIT message")
def _() -> Value:
    trap_exit(True)
    return [endless().shutdown(), mailbox()]


def trapping(then: Callable[[Value], Value]) -> Task[Any]:
    """A task that traps exits, and answers to one."""

    def work() -> Value:
        trap_exit(True)
        return then(receive((EXIT, ANY, ANY))[2])

    task = named(Task.async_(work))
    sleep(ms(20))
    return task


def unmoved(reason: Value) -> None:
    while True:
        receive()


@RECORD.scenario("task_waits", "shutdown: a task that traps and ends in time")
def _() -> Value:
    task = trapping(lambda reason: exit((A("cleaned_up"), reason)))
    trap_exit(True)
    return [task.shutdown(ms(500)), mailbox()]


@RECORD.scenario("task_waits", "shutdown: a task that traps and replies in time")
def _() -> Value:
    return [trapping(lambda reason: (VALUE, reason)).shutdown(ms(500)), mailbox()]


@RECORD.scenario("task_waits", "shutdown: a task that traps and goes on is killed when time is up")
def _() -> Value:
    task = trapping(unmoved)
    return [task.shutdown(ms(20)), lives(task), mailbox()]


@RECORD.scenario("task_waits", "shutdown brutal_kill: a task that runs")
def _() -> Value:
    task = endless()
    return [task.shutdown(BRUTAL_KILL), lives(task), mailbox()]


@RECORD.scenario("task_waits", "shutdown brutal_kill: a task that traps")
def _() -> Value:
    task = trapping(unmoved)
    return [task.shutdown(BRUTAL_KILL), lives(task)]


@RECORD.scenario("task_waits", "shutdown brutal_kill: the reply is there")
def _() -> Value:
    task = Task.async_(value)
    sleep(ms(30))
    return task.shutdown(BRUTAL_KILL)


@RECORD.scenario("task_waits", "shutdown brutal_kill: a second call")
def _() -> Value:
    task = endless()
    return [task.shutdown(BRUTAL_KILL), task.shutdown(BRUTAL_KILL)]


@RECORD.scenario("task_waits", "shutdown brutal_kill: a task that had failed, trapping")
def _() -> Value:
    return failing(leave(REASON)).shutdown(BRUTAL_KILL)


@RECORD.scenario("task_waits", "shutdown: a task that another killed")
def _() -> Value:
    trap_exit(True)
    task = endless()
    assert task.pid is not None
    kill(task.pid)
    return [task.shutdown(), mailbox()]


@RECORD.scenario("task_waits", "shutdown by another than the owner")
def _() -> Value:
    return tell(worker(), Task.async_(value).shutdown)


@RECORD.scenario("task_waits", "shutdown with a time limit that is none")
def _() -> Value:
    task: Any = endless()
    return [outcome(partial(task.shutdown, limit)) for limit in (-1, "soon")]


@RECORD.scenario("task_waits", "shutdown infinity")
def _() -> Value:
    return endless().shutdown(None)


# --- ignore ---------------------------------------------------------------------------------------------------------


@RECORD.scenario("task_waits", "ignore: a task that runs: no reply comes any more")
def _() -> Value:
    task = waiting()
    ignored = task.ignore()
    links = links_of(self_())
    tell_to_go(task)
    return keyword(ignored=ignored, links=links, messages=mailbox())


@RECORD.scenario("task_waits", "ignore: the reply is there")
def _() -> Value:
    task = Task.async_(value)
    sleep(ms(30))
    return [task.ignore(), mailbox()]


@RECORD.scenario("task_waits", "ignore: a task that had failed, trapping")
def _() -> Value:
    return [failing(leave(REASON)).ignore(), mailbox()]


@RECORD.scenario("task_waits", "ignore: the task may crash without harm")
def _() -> Value:
    task = Task.async_(lambda: [receive(GO), exit(A("crash"))])
    task.ignore()
    assert task.pid is not None
    return keyword(fate=fate(task.pid, lambda pid: send(pid, GO)), messages=mailbox())


@RECORD.scenario("task_waits", "ignore twice")
def _() -> Value:
    task = endless()
    return [task.ignore(), outcome(task.ignore)]


@RECORD.scenario("task_waits", "ignore, then await")
def _() -> Value:
    task = waiting()
    task.ignore()
    tell_to_go(task)
    return outcome(lambda: task.await_(ms(30)))


@RECORD.scenario("task_waits", "ignore, then shutdown")
def _() -> Value:
    task = endless()
    task.ignore()
    return [task.shutdown(), lives(task)]


@RECORD.scenario("task_waits", "ignore after await")
def _() -> Value:
    task = Task.async_(value)
    task.await_()
    return task.ignore()


@RECORD.scenario("task_waits", "ignore by another than the owner")
def _() -> Value:
    return tell(worker(), Task.async_(value).ignore)
