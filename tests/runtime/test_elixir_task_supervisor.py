"""Task supervisors against the record of Elixir's, scenario by scenario."""

from collections.abc import Callable
from typing import Any

import pytest

from matchspec.values import ANY, Atom
from runtime import TaskSupervisor, is_alive, self_
from runtime.exits import NORMAL, SHUTDOWN
from runtime.kernel import EXIT
from runtime.monitor import DOWN
from runtime.outcome import BRUTAL_KILL, ExitReason, Ok
from runtime.process import callers, exit, monitor, receive, send, sleep, spawn, trap_exit
from runtime.restarts import Restart
from tests.runtime.twins import OK, A, B, Twin, Value, answer, atom, check, fate, keyword, kill, mailbox

CRASH = Atom("crash")
REASON = Atom("reason")
TWINS: dict[tuple[str, str], Twin] = {}


def twin(name: str, group: str = "task_supervisor") -> Callable[[Twin], Twin]:
    def enter(function: Twin) -> Twin:
        TWINS[group, name] = function
        return function

    return enter


def started(**options: Any) -> TaskSupervisor:
    return TaskSupervisor.start_link(**options)


def forever() -> None:
    sleep(100_000)


def raising() -> None:
    raise RuntimeError("boom")


def exiting(reason: Value = REASON) -> None:
    exit(reason)


def shown(outcome: Value) -> Value:
    """Elixir's {:ok, value}, {:exit, reason} and nil."""
    match outcome:
        case Ok(value):
            return (OK, value)
        case ExitReason(reason):
            return (atom("exit"), reason)
        case _:
            return outcome


@twin("async and await")
def _() -> Value:
    task = started().async_(lambda: atom("value"))
    return keyword(task=task, value=task.await_(), messages=[])


@twin("async of module, function and arguments")
def _() -> Value:
    return started().async_(sum, [1, 2, 3]).await_()


@twin("async: a crash kills the caller")
def _() -> Value:
    started().async_(exiting)
    sleep(1)
    return atom("survived")


@twin("async_nolink: await of a crash")
def _() -> Value:
    task = started().async_nolink(exiting)
    return _exited(lambda: task.await_(500))


def _exited(call: Callable[[], Value]) -> Value:
    tag, reason = answer(call)
    assert tag is atom("error")
    return (atom("exited"), reason)


@twin("async_nolink: the messages of a value")
def _() -> Value:
    task = started().async_nolink(lambda: atom("value"))
    assert task.pid is not None
    return mailbox()


@twin("async_nolink: the messages of a crash")
def _() -> Value:
    started().async_nolink(raising)
    return mailbox()


@twin("async_nolink: await, yield and shutdown work")
def _() -> Value:
    supervisor = started()
    waiting = supervisor.async_nolink(forever)
    return [
        (atom("await"), supervisor.async_nolink(lambda: atom("value")).await_()),
        (atom("yield"), shown(waiting.yield_(0.01))),
        (atom("shutdown"), shown(waiting.shutdown())),
        (atom("again"), shown(waiting.shutdown())),
        (atom("gone"), supervisor.children() == []),
    ]


@twin("async_nolink: the task outlives its caller")
def _() -> Value:
    supervisor, caller = started(), self_()

    def work() -> None:
        receive()
        send(caller, atom("done"))

    def owner() -> None:
        send(caller, supervisor.async_nolink(work).pid)
        exit(atom("gone"))

    fate(spawn(owner), lambda _: None)
    task = receive()
    lives = is_alive(task)
    send(task, "go")
    return keyword(alive=lives, message=receive())


@twin("async: the task dies with its caller, the supervisor lives")
def _() -> Value:
    supervisor, caller = started(), self_()

    def owner() -> None:
        send(caller, supervisor.async_(forever).pid)
        receive()
        exit(atom("gone"))

    pid = spawn(owner)
    return keyword(task=fate(receive(), lambda _: send(pid, "go")), supervisor=is_alive(supervisor.pid))


@twin("a crash of a task does not kill the supervisor")
def _() -> Value:
    supervisor = started()
    for _ in range(5):
        supervisor.async_nolink(exiting).yield_()
    return keyword(alive=is_alive(supervisor.pid), gone=supervisor.children() == [])


@twin("callers of a supervised task")
def _() -> Value:
    mine = callers()  # of what `spawn` has started too, other than there
    called = [started().async_(callers).await_(), started().async_nolink(callers).await_()]
    assert [found[1:] for found in called] == [mine, mine]
    return keyword(**{"async": called[0][:1], "nolink": called[1][:1]})


@twin("max_children: a place is free when a child ends")
def _() -> Value:
    supervisor = started(max_children=1)
    first = supervisor.async_(lambda: 1).await_()
    sleep(1)
    return [first, supervisor.async_(lambda: 2).await_()]


@twin("children: those that have ended are not among them")
def _() -> Value:
    supervisor = started()
    kill(supervisor.start_child(forever))
    return supervisor.children() == []


def _reason(ref: Value) -> Value:
    return receive((DOWN, ref, ANY, ANY, ANY))[4]


@twin("terminate_child")
def _() -> Value:
    supervisor = started()
    child = supervisor.start_child(forever)
    ref = monitor(child)
    return keyword(
        terminated=answer(lambda: supervisor.terminate_child(child)),
        reason=_reason(ref),
        again=answer(lambda: supervisor.terminate_child(child)),
        stranger=answer(lambda: supervisor.terminate_child(spawn(forever))),
        children=supervisor.children(),
    )


@twin("terminate_child of a task that is awaited: the caller dies if linked, sees shutdown if not")
def _() -> Value:
    trap_exit(True)
    supervisor = started()
    linked, unlinked = supervisor.async_(forever), supervisor.async_nolink(forever)
    for task in (linked, unlinked):
        assert task.pid is not None
        supervisor.terminate_child(task.pid)
    return keyword(linked=shown(linked.yield_()), unlinked=shown(unlinked.yield_()), messages=mailbox())


def stubborn() -> None:
    trap_exit(True)
    forever()


@twin("terminate_child: a child that traps and goes on is killed when its time is up")
def _() -> Value:
    supervisor = started()
    child = supervisor.start_child(stubborn, shutdown=0.02)
    sleep(0.02)
    ref = monitor(child)
    return [answer(lambda: supervisor.terminate_child(child)), _reason(ref)]


@twin("terminate_child: a child with brutal_kill")
def _() -> Value:
    supervisor = started()
    child = supervisor.start_child(forever, shutdown=BRUTAL_KILL)
    ref = monitor(child)
    return [answer(lambda: supervisor.terminate_child(child)), _reason(ref)]


@twin("start_child of module, function and arguments")
def _() -> Value:
    started().start_child(send, self_(), atom("ran"))
    return receive()


def runs(restart: Restart, ending: Callable[[], Value]) -> Value:
    caller = self_()
    supervisor = started(max_restarts=2)

    def run() -> None:
        send(caller, atom("run"))
        ending()

    ref = monitor(supervisor.pid)
    supervisor.start_child(run, restart=restart)
    down = receive((DOWN, ref, ANY, ANY, ANY), timeout=1, default=None)
    how = atom("supervisor_alive") if down is None else (atom("supervisor_died"), down[4])
    return (len([message for message in mailbox() if message is atom("run")]), how)


@twin("start_child: kinds of restart")
def _() -> Value:
    trap_exit(True)
    restarts: list[Restart] = ["temporary", "transient", "permanent"]
    endings: dict[str, Callable[[], Value]] = {
        "returns": lambda: None,
        "exits_normal": lambda: exit(NORMAL),
        "exits_shutdown": lambda: exit(SHUTDOWN),
        "exits_shutdown_term": lambda: exit((SHUTDOWN, 1)),
        "crashes": lambda: exit(CRASH),
    }
    return [
        (Atom(restart), Atom(name), runs(restart, ending)) for restart in restarts for name, ending in endings.items()
    ]


@twin("stop kills the children")
def _() -> Value:
    supervisor = started()
    children = [supervisor.start_child(forever), supervisor.start_child(forever, shutdown=BRUTAL_KILL)]
    refs = [monitor(child) for child in children]
    return keyword(stopped=answer(supervisor.stop), reasons=[_reason(ref) for ref in refs])


@twin("stop: what the owners of tasks see")
def _() -> Value:
    trap_exit(True)
    supervisor = started()
    linked, unlinked = supervisor.async_(forever), supervisor.async_nolink(forever)
    supervisor.stop()
    return keyword(linked=shown(linked.yield_()), unlinked=shown(unlinked.yield_()))


@twin("the parent of the supervisor ends: supervisor and children die")
def _() -> Value:
    caller = self_()

    def owner() -> None:
        supervisor = started()
        send(caller, (supervisor.pid, supervisor.start_child(forever)))
        receive()
        exit(atom("owner_gone"))

    pid = spawn(owner)
    supervisor, child = receive()
    refs = [monitor(child), monitor(supervisor)]
    send(pid, "go")
    return [_reason(ref) for ref in refs]


# --- streams ----------------------------------------------------------------------------------------------------------


def outcomes(stream: Any) -> list[Value]:
    return [shown(outcome) for outcome in stream]


@twin("async_stream")
def _() -> Value:
    return outcomes(started().async_stream(range(1, 5), lambda n: n * 2))


@twin("async_stream: an item that crashes kills the caller")
def _() -> Value:
    return outcomes(started().async_stream(range(1, 5), lambda n: exit(CRASH) if n == 2 else n))


@twin("async_stream: an item that crashes, trapping")
def _() -> Value:
    trap_exit(True)
    results = outcomes(started().async_stream(range(1, 4), lambda n: exit(CRASH) if n == 2 else n))
    return keyword(
        results=results, exits=[message[2] for message in mailbox() if message[0] is EXIT and message[2] is not NORMAL]
    )


@twin("async_stream_nolink: zip_input_on_exit")
def _() -> Value:
    stream = started().async_stream_nolink(
        [A, B], lambda item: exit(REASON) if item is A else atom("value"), zip_input_on_exit=True
    )
    return outcomes(stream)


@twin("async_stream: the supervisor is stopped meanwhile")
def _() -> Value:
    trap_exit(True)
    supervisor = started()

    def stop() -> None:
        sleep(0.03)
        supervisor.stop()

    spawn(stop)
    stream = supervisor.async_stream_nolink([1, 2], lambda _: forever(), max_concurrency=2)
    return (atom("returned"), outcomes(stream))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("group", "name"), TWINS)
def test_as_in_elixir(group: str, name: str, seed: int, lending: float) -> None:
    check(group, name, TWINS[group, name], seed, lending)
