"""What the scenarios of Elixir's record have in common, as its tests/elixir/scenario.exs has it: the same, in Python."""

from collections.abc import Callable
from typing import Any, Final, NoReturn

from matchspec import ANY, Atom, Pid, Ref
from runtime import (
    DOWN,
    Agent,
    demonitor,
    exit,
    kernel,
    monitor,
    receive,
    self_,
    send,
    sleep,
    spawn,
    spawn_monitor,
    trap_exit,
)
from tests.runtime.elixir_scenarios import Body, Value, label, outcome

A: Final = Atom
ALIVE: Final = Atom("alive")
SURVIVED: Final = Atom("survived")
TRAPPING: Final = Atom("trapping")
GOT: Final = Atom("got")
RUN: Final = Atom("run")
NOTHING: Final = Atom("nothing")
UNDEFINED: Final = Atom("undefined")
ILLEGAL: Final[Any] = 17  # what is neither a function, a pid, a reference nor a name


def ms(milliseconds: float) -> float:
    """Milliseconds in seconds."""
    return milliseconds / 1000


def keyword(**items: Value) -> list[Value]:
    """A keyword list."""
    return [(Atom(name), value) for name, value in items.items()]


def boom() -> NoReturn:
    raise RuntimeError("boom")


def leave(reason: Value) -> Body:
    """A function that exits."""
    return lambda: exit(reason)


def forever() -> Value:
    while True:
        receive((Ref(),))


def pause(milliseconds: float, result: Value = None) -> Value:
    """Gives the result after some time."""
    sleep(ms(milliseconds))
    return result


def send_exit(reason: Value) -> Callable[[Pid], object]:
    """Process.exit(&1, reason)."""
    return lambda pid: exit(pid, reason)


def done(call: Callable[[], None]) -> Value:
    """Where Elixir says ok, ours says nothing."""
    assert call() is None  # type: ignore[func-returns-value]  # that it does not is what is tested
    return A("ok")


def survive(milliseconds: float = 100) -> Value:
    """Lives for a while, and says so."""
    sleep(ms(milliseconds))
    return SURVIVED


def ended(body: Body) -> Value:
    """The exit reason of a process that runs the function."""
    _, ref = spawn_monitor(body)
    return receive((DOWN, ref, ANY, ANY, ANY), timeout=2)[4]


def fate(pid: Pid, action: Callable[[Pid], object] = lambda pid: None) -> Value:
    """What becomes of a process when the action is done to it: (died, reason) or alive."""
    ref = monitor(pid)
    action(pid)
    message = receive((DOWN, ref, ANY, ANY, ANY), timeout=ms(30), default=None)
    if message is not None:
        return (A("died"), message[4])
    demonitor(ref, flush=True)
    return ALIVE


def idle() -> Pid:
    """A process that waits for ever."""
    return spawn(forever)


def dead() -> Pid:
    """A pid whose process is gone."""
    pid, ref = spawn_monitor(lambda: None)
    receive((DOWN, ref, ANY, ANY, ANY))
    return pid


def trapper() -> Pid:
    """A process that traps exits and hands every message on to the caller as (got, message)."""
    caller = self_()

    def forward() -> None:
        trap_exit(True)
        send(caller, TRAPPING)
        while True:
            send(caller, (GOT, receive()))

    pid = spawn(forward)
    receive(TRAPPING)
    return pid


def worker() -> Pid:
    """A process that does what `tell` sends it: functions are run, their outcomes sent back. It ends with its caller."""
    caller = self_()

    def work() -> None:
        watching = monitor(caller)
        while True:
            match receive():
                case (Atom("run"), ref, body):
                    send(caller, (ref, outcome(body)))
                case (Atom("DOWN"), ref, _, _, _) if ref is watching:
                    return

    return spawn(work)


def tell(pid: Pid, body: Body) -> Value:
    """Has a worker run a function; its outcome."""
    ref = Ref()
    send(pid, (RUN, ref, body))
    return receive((ref, ANY), timeout=1)[1]


def mailbox(quiet: float = 30) -> list[Value]:
    """All messages, in order, until none has come for some milliseconds."""
    found: list[Value] = []
    while (message := receive(timeout=ms(quiet), default=None)) is not None:
        found.append(message)
    return found


def following(limit: float = 1000) -> Value:
    """The next message."""
    return receive(timeout=ms(limit), default=NOTHING)


def kill(pid: Pid) -> None:
    """Kills a process and waits until it is gone."""
    ref = monitor(pid)
    exit(pid, "kill")
    receive((DOWN, ref, ANY, ANY, ANY))


def links_of(pid: Pid) -> Value:
    """Process.info(pid, :links)."""
    return (A("links"), [other.pid for other in _process(pid).links.values()])


def monitors_of(pid: Pid) -> Value:
    """Process.info(pid, :monitors)."""
    found = (_process(pid).monitors or {}).values()
    return (A("monitors"), [(A("process"), one.watched.pid) for one in found])


def monitored_by(pid: Pid) -> Value:
    """Process.info(pid, :monitored_by)."""
    found = (_process(pid).watchers or {}).values()
    return (A("monitored_by"), [one.watcher.pid for one in found])


def name_of(pid: Pid) -> Value:
    """Process.info(pid, :registered_name)."""
    name = _process(pid).name
    return (A("registered_name"), [] if name is None else Atom(name))


def _process(pid: Pid) -> kernel.Process:
    process = kernel.find(pid)
    assert process is not None
    return process


# --- agents -----------------------------------------------------------------------------------------------------------

mode: Final[dict[str, Any]] = {"dedicated": False}  # how the agents of a scenario work; the test sets it


def new_agent(state: Value, linked: bool = False) -> Agent[Any]:
    start = Agent.start_link if linked else Agent.start
    agent: Agent[Any] = start(lambda: state, **mode)
    label(agent.pid, "agent")
    return agent


def dead_agent() -> Agent[Any]:
    agent: Agent[Any] = Agent.start(lambda: None, **mode)
    label(agent.pid, "dead")
    agent.stop()
    return agent
