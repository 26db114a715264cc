"""Ending other processes and waiting until they have ended, as supervisors do: by a signal, and in the end by force."""

from collections.abc import Callable
from typing import Final, TypeAlias, final

from matchspec.values import Atom, Pid, Term
from runtime import kernel
from runtime.belonging import Belonging
from runtime.errors import BadArg
from runtime.exits import KILL, SHUTDOWN, TIMEOUT, Exit, as_reason
from runtime.kernel import Process, current, landed
from runtime.monitor import Monitor
from runtime.outcome import BrutalKill
from runtime.process import Timeout, deadline_of
from runtime.scheduler import lock

# How a child is ended: it has so many seconds after the exit signal, any time with None, or is killed at once.
Shutdown: TypeAlias = float | BrutalKill | None


@final
class Membership(Belonging):
    """What a supervised process holds of its supervisor. `told` is called when it has ended and its tables are gone."""

    late = True

    def __init__(self, told: Callable[[Term], None]) -> None:
        self._told: Final = told

    def owner_ended(self, owner: Pid, reason: Term) -> None:
        self._told(reason)


def shutdown_of(value: Term) -> Shutdown:
    """The option `shutdown`. Raises BadArg, cause "option"."""
    if value is None or isinstance(value, BrutalKill):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0:
        return float(value)
    raise BadArg("option", "shutdown", value, "allowed are seconds from 0 on, BRUTAL_KILL, and None for no limit")


def end_each(waiter: Process, sender: Process, targets: list[tuple[Process, Shutdown]]) -> None:
    """Ends processes, all at the same time, and waits for all; `sender` is their supervisor.

    O(targets) beside the waiting. Raises Killed or Exit when `waiter`, which the caller runs as, is ended meanwhile.
    """
    now = waiter.scheduler.now()
    waiting: list[tuple[float | None, Process, Monitor]] = []
    for process, shutdown in targets:
        with lock:
            kernel.part(sender, process)
            monitor = kernel.watch(waiter, process, process.pid)
        brutal = isinstance(shutdown, BrutalKill)
        _signal(sender, process, KILL if brutal else SHUTDOWN)
        deadline = None if shutdown is None or isinstance(shutdown, BrutalKill) else now + shutdown
        waiting.append((deadline, process, monitor))
    waiting.sort(key=_next_first)
    for deadline, process, monitor in waiting:
        if not _await_end(waiter, monitor, deadline):
            _signal(sender, process, KILL)
            _await_end(waiter, monitor, None)


def _next_first(entry: tuple[float | None, Process, Monitor]) -> float:
    return float("inf") if entry[0] is None else entry[0]


def _signal(sender: Process, process: Process, reason: Term) -> None:
    victims: list[kernel.Victim] = []
    with lock:
        kernel.signal(process, sender.pid, reason, victims, sent=True)
    kernel.end_all(victims)


def _await_end(waiter: Process, monitor: Monitor, deadline: float | None) -> bool:
    with lock:
        while True:
            if _reason_of(waiter, monitor) is not None:
                return True
            if not waiter.alive:
                raise landed(waiter)
            if deadline is not None and waiter.scheduler.now() >= deadline:
                return False
            waiter.wait(deadline, monitor)


def _reason_of(waiter: Process, monitor: Monitor) -> tuple[Term] | None:
    """The reason in the DOWN message, if that has come. The lock is held."""
    message = None if waiter.mailbox is None else waiter.mailbox.take_down(monitor.ref)
    return (message[4],) if isinstance(message, tuple) else None


def stop(process: Process, reason: Term, timeout: Timeout, module: Atom) -> bool:
    """Has a supervisor end with a reason, and waits for it; True. Raises Exit, as Elixir's GenServer.stop/3."""
    caller = current()
    deadline = deadline_of(caller, timeout)
    reason = as_reason(reason)
    why = (module, Atom("stop"), [process.pid, reason, timeout])
    if caller is process:
        raise Exit((Atom("calling_self"), why))
    with lock:
        monitor = kernel.watch(caller, process, process.pid)
    if process.orderly is not None:
        process.orderly.leave(reason)
    with lock:
        while True:
            ended = _reason_of(caller, monitor)
            if ended is not None:
                break
            if not caller.alive:
                raise landed(caller)
            if deadline is not None and caller.scheduler.now() >= deadline:
                kernel.unwatch(caller, monitor.ref)
                raise Exit((TIMEOUT, why))
            caller.wait(deadline, monitor)
    if ended[0] is not reason and ended[0] != reason:
        raise Exit((ended[0], why))
    return True
