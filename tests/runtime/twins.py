"""Twins of the scenarios of tests/data/elixir: the same thing done here, and what has to come of it.

A twin is a function that does what the scenario of its group and name does, and returns what that returns, in Elixir's
terms. It runs in a process of its own, the "caller", in a simulation, so it takes no time and has one outcome.
"""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from matchspec.values import ANY, Atom, Pid, Ref
from runtime import BadArg, ChildSpec, Supervisor, is_alive, self_
from runtime.exits import KILL, Exit
from runtime.kernel import EXIT
from runtime.monitor import DOWN
from runtime.process import exit, monitor, receive, register, send, spawn, spawn_link, spawn_monitor, trap_exit, whereis
from runtime.simulator import simulation
from tests.elixir_record import Process, agrees, scenario

Value: TypeAlias = Any
Twin: TypeAlias = Callable[[], Value]

OK: Final = Atom("ok")
ERROR: Final = Atom("error")
UNDEFINED: Final = Atom("undefined")
NOT_FOUND: Final = (ERROR, Atom("not_found"))
A, B, C, D, K = [Atom(letter) for letter in "abcdk"]
_NOTHING: Final = object()


def atom(name: str) -> Atom:
    return Atom(name)


def keyword(**items: Value) -> list[tuple[Atom, Value]]:
    """An Elixir keyword list."""
    return [(Atom(name), value) for name, value in items.items()]


def check(group: str, name: str, twin: Twin, seed: int, lending: float = 0.5) -> None:
    """Asserts that the twin ends as the scenario did. `lending`: how likely tasks are run by who awaits them."""
    expected = scenario(group, name).outcome
    kind, term, caller = _run(twin, seed, lending)
    assert kind == expected.kind, term
    assert agrees(expected.term, term, {Process("caller"): caller}), f"{expected.term}\n!=\n{term}"


def _run(twin: Twin, seed: int, lending: float) -> tuple[str, Value, Pid]:
    outcomes: list[tuple[str, Value]] = []

    def caller() -> None:
        try:
            outcomes.append(("returned", twin()))
        except Exit as error:
            outcomes.append(("exited", error.reason))
        exit(self_(), KILL)

    with simulation(seed) as time:
        time.lending = lending
        if lending == 1:
            time.switching = 0.0  # so that no thread begins before they are awaited
        pid, ref = spawn_monitor(caller)
        reason = receive((DOWN, ref, ANY, ANY, ANY))[4]
    return (*(outcomes or [("died", reason)])[0], pid)


def mailbox(quiet: float = 1.0) -> list[Value]:
    """All messages, until none has come for some seconds."""
    found: list[Value] = []
    while (message := receive(timeout=quiet, default=_NOTHING)) is not _NOTHING:
        found.append(message)
    return found


def fate(pid: Pid, action: Callable[[Pid], Value]) -> Value:
    """What becomes of a process when something is done to it: (died, reason), or alive."""
    ref = monitor(pid)
    action(pid)
    down = receive((DOWN, ref, ANY, ANY, ANY), timeout=1, default=None)
    return atom("alive") if down is None else (atom("died"), down[4])


def kill(pid: Pid) -> None:
    ref = monitor(pid)
    exit(pid, KILL)
    receive((DOWN, ref, ANY, ANY, ANY))


def worker() -> Pid:
    return spawn(_work)


def _work() -> None:
    while True:
        caller, ref, work = receive()
        try:
            send(caller, (ref, (atom("returned"), work())))
        except BadArg as error:
            send(caller, (ref, (atom("raised"), error)))


def tell(pid: Pid, work: Callable[[], Value]) -> Value:
    """Has a worker do something; (returned, value) or (raised, error)."""
    ref = Ref()
    send(pid, (self_(), ref, work))
    return receive((ref, ANY))[1]


# --- children of supervisors ------------------------------------------------------------------------------------------


def child(id: Atom, *, traps: bool = True, **options: Value) -> ChildSpec:
    """A child that tells the caller when it has started, and when it is shut down, and has its id as its name."""
    caller = self_()
    return ChildSpec(id, lambda: _start(caller, id, traps), **options)


def _start(caller: Pid, id: Atom, traps: bool) -> Pid:
    starter = self_()

    def run() -> None:
        trap_exit(traps)
        register(id)
        send(caller, (atom("started"), id))
        send(starter, (atom("ready"), self_()))
        match receive():
            case (tag, reason) if tag is atom("end"):
                exit(reason)
            case (tag, _, reason) if tag is EXIT:
                send(caller, (atom("stopped"), id, reason))
                exit(reason)

    pid = spawn_link(run)
    receive((atom("ready"), pid))
    return pid


def fall(id: Atom, reason: Value) -> list[Value]:
    """Has a child end; the messages that come of it."""
    if reason is KILL:
        pid = whereis(id)
        assert pid is not None
        exit(pid, KILL)
    else:
        send(id, (atom("end"), reason))
    return mailbox()


def in_process(twin: Twin) -> Value:
    """What a function gives in a process that traps exits, and that takes its supervisors with it."""
    given: list[Value] = []

    def run() -> None:
        trap_exit(True)
        given.append(twin())

    _, ref = spawn_monitor(run)
    receive((DOWN, ref, ANY, ANY, ANY))
    mailbox()
    return given[0]


def ids(supervisor: Supervisor) -> list[Value]:
    return [info.id for info in supervisor.which_children()]


def states(supervisor: Supervisor) -> list[Value]:
    return [(info.id, state(info.pid)) for info in supervisor.which_children()]


def state(pid: Value) -> Value:
    if isinstance(pid, Pid):
        assert is_alive(pid)
        return atom("pid")
    return UNDEFINED if pid is None else pid


def counts(supervisor: Supervisor) -> dict[Atom, int]:
    return {Atom(name): number for name, number in supervisor.count_children()._asdict().items()}


def answer(call: Callable[[], Value]) -> Value:
    """What a call of a supervisor answers, in Elixir's terms; an error is (error, reason)."""
    try:
        value = call()
    except BadArg as error:
        words = {"busy": "running", "badkey": "not_found", "limit": "max_children"}
        return (ERROR, Atom(words.get(error.cause, error.cause)))
    except Exit as error:
        return (ERROR, error.reason)
    if value is True:
        return OK
    return NOT_FOUND if value is False else (OK, UNDEFINED if value is None else value)
