"""Processes: their state, and how the end of one reaches the others. Erlang's links, monitors and exit signals.

A process is RUNNING until something ends it: its function returns or raises, or an exit signal comes. Ending has two
steps. It is EXITING while what it owns is closed: its tables go, or pass to their heirs, and its names are given up.
Then it is EXITED, and those who are linked to it or monitor it hear of it; so whoever hears of it finds its tables
gone, as in Erlang. `end_all` is the one place where a process changes state.

To everybody else a process is gone as soon as the signal has come, but its thread cannot be stopped where it is. Such
a thread is a *remnant*: each of its runtime calls, those of tables included, raises Killed, and what its function
returns is dropped.

One lock (`runtime.scheduler.lock`) guards all links, monitors, mailboxes and states. It is held for a few dict
operations at a time, and never while a user's code runs.
"""

import contextvars
import enum
import sys
import threading
from collections.abc import Callable
from typing import Any, Final, TypeAlias, final

from matchspec.values import Atom, Pid, Ref, Term
from runtime.belonging import Belonging, Sink
from runtime.exits import KILL, KILLED, NOPROC, NORMAL, Exit, Killed
from runtime.loan import Loan
from runtime.mailbox import Mailbox
from runtime.monitor import Monitor
from runtime.orderly import Leave, Orderly
from runtime.scheduler import SYSTEM, Scheduler, ThreadWaiter, Waiter, lock
from runtime.work import Work

EXIT: Final = Atom("EXIT")


class State(enum.Enum):
    RUNNING = "running"  # or waiting; whether its function has begun does not matter to others
    EXITING = "exiting"  # what it owns is being closed
    EXITED = "exited"  # all who asked have been told


@final
class Process:
    """A process, as the runtime sees it; users have its pid.

    `own_thread`: the runtime has not started the thread, so it goes on, as another process, when this one ends.
    """

    def __init__(self, scheduler: Scheduler, callers: tuple[Pid, ...], label: str, own_thread: bool = False) -> None:
        self.pid: Final = Pid()
        self.scheduler = scheduler  # a simulation takes the main process over for a while
        self.callers: Final = callers
        self.label = label
        self.own_thread: Final = own_thread
        self.state = State.RUNNING
        self.alive = True  # state is RUNNING; a plain attribute, since it is looked at in every call
        self.thread = 0  # the number of the thread that is this process, where it is known; see `current`
        self.attended = False  # some thread or coroutine runs it now; otherwise nothing remains when it ends
        self.unbegun: Work | None = None  # its function, until a thread takes it: the first one that calls this
        self.loan: Loan | None = None  # its thread, where that is another process's, who awaits it
        self.reason: Term = None
        self.trapping = False
        self.name: str | None = None
        self.mailbox: Mailbox | None = None
        self.waiters: list[Waiter] | None = None
        self.links: dict[int, Process] = {}
        self.monitors: dict[int, Monitor] | None = None  # those that it has set, by the number of their reference
        self.watchers: dict[int, Monitor] | None = None  # those that others have set on it
        self.belongings: dict[int, Belonging] | None = None
        self.roster: dict[int, Any] | None = None  # a supervisor's list of children, which it leaves when it ends
        self.sink: Sink | None = None
        self.cancel: Callable[[], None] | None = None  # ends a coroutine's wait; called without the lock
        self.on_exit: Callable[[Term], None] | None = None  # called without the lock, for those who wait for its work
        self.passive = False  # it has no thread of its own, and drops messages that come while nobody runs it
        self.parent: Pid | None = None  # of a server: its exit signals end it even if it traps exits
        self.heard_by: Process | None = None  # who is linked to it, but told of its end otherwise than by a message
        self.server: object = None  # what runs it, where that is no plain function: an agent's server
        self.orderly: Orderly | None = None

    def __repr__(self) -> str:
        return f"<{self.pid!r} {self.name or self.label}>"

    # --- messages; the lock is held --------------------------------------------------------------------------------

    def box(self) -> Mailbox:
        box = self.mailbox
        if box is None:
            box = self.mailbox = Mailbox()
        return box

    def wake(self) -> None:
        """Lets all its waiting calls look again."""
        if self.waiters:
            waiters, self.waiters = self.waiters, None
            for waiter in waiters:
                self.scheduler.wake(waiter)

    def put(self, message: Term) -> None:
        if self.attended or not self.passive:
            self.box().put(message)
            self.wake()

    def wait(self, deadline: float | None, monitor: Monitor | None = None) -> bool:
        """Waits for a message, an exit signal or the deadline; False when it was the deadline. The lock is let go.

        With a monitor, for what comes of that only. Raises Killed, or Exit, when this process has ended.
        """
        waiter, loan = ThreadWaiter(), self.loan
        self.place(waiter, monitor)
        try:
            self.scheduler.block(waiter, deadline if loan is None else loan.sooner(deadline))
        finally:
            if not waiter.woken:
                self.displace(waiter, monitor)
        if loan is not None and not waiter.woken:
            loan.call_in_if_due()
        if not self.alive:
            raise landed(self)
        return waiter.woken

    def place(self, waiter: Waiter, monitor: Monitor | None) -> None:
        """Puts a waiter where what it waits for will find it. Raises as `wait`: nothing would wake it any more."""
        if not self.alive:
            raise landed(self)
        if monitor is not None and monitor.waiter is None:
            monitor.waiter = waiter
        elif self.waiters is None:
            self.waiters = [waiter]
        else:
            self.waiters.append(waiter)

    def displace(self, waiter: Waiter, monitor: Monitor | None) -> None:
        """Takes a waiter away that was not woken."""
        if monitor is not None and monitor.waiter is waiter:
            monitor.waiter = None
        elif self.waiters is not None and waiter in self.waiters:
            self.waiters.remove(waiter)

    def own(self, belonging: Belonging) -> None:
        """The belonging is told when this process ends. Raises Killed when it has."""
        with lock:
            if not self.keep(belonging):
                raise landed(self)

    def keep(self, belonging: Belonging) -> bool:
        """As `own`; whether this process is alive. The lock is held."""
        if not self.alive:
            return False
        if self.belongings is None:
            self.belongings = {}
        self.belongings[id(belonging)] = belonging
        return True

    def disown(self, belonging: Belonging) -> None:
        with lock:
            if self.belongings is not None:
                self.belongings.pop(id(belonging), None)


@final
class Remnants:
    """How many threads are still running for processes that have ended; tables look at it before they let one in."""

    def __init__(self) -> None:
        self.count = 0


@final
class Latest:
    """The process of the thread that was the last to ask which process it is."""

    def __init__(self) -> None:
        self.process: Process | None = None


remnants: Final = Remnants()
_latest: Final = Latest()
_thread_number: Final[Callable[[], int]] = threading.get_ident
living: Final[dict[int, Process]] = {}  # by the number of the pid
names: Final[dict[str, Process]] = {}
_local: Final = threading.local()
# Which process runs here, if it is not simply the thread's own: a coroutine's, or an agent's whose function a caller
# runs. A context variable, since many coroutines share a thread.
inner: Final[contextvars.ContextVar[Process | None]] = contextvars.ContextVar("matchspec_process", default=None)
_inner_here: Final[Callable[[], Process | None]] = inner.get  # looked up once: it is called in every operation


# --- which process is calling -----------------------------------------------------------------------------------------


def current() -> Process:
    """The calling process. O(1). Raises Killed, or Exit in a thread of the user's own, when it has ended."""
    latest = _latest.process
    process = _inner_here()
    if process is None:
        # Mostly the same thread asks again. Its number is had sooner than what lies in its local storage.
        if latest is not None and latest.thread == _thread_number() and latest.alive:
            return latest
        try:
            process = _local.process
        except AttributeError:
            return _enrol()
        if process.thread:
            _latest.process = process
    if not process.alive:
        raise landed(process)
    return process


def landed(process: Process) -> BaseException:
    """What a call of an ended process raises. A thread of the user's own is another process from then on."""
    if not process.own_thread:
        return Killed(process.reason)
    if getattr(_local, "process", None) is process:
        _become(None)
        _local.scheduler = process.scheduler
    with lock:
        depart(process)
    return Exit(process.reason)


@final
class _ThreadEnd:
    """Lies in a thread's local storage, so it is deleted when the thread ends, and then the process ends too."""

    def __init__(self, process: Process) -> None:
        self._process: Final = process

    def __del__(self) -> None:
        if not sys.is_finalizing():
            with lock:
                depart(self._process)
            end(self._process, NORMAL)


def _enrol() -> Process:
    scheduler: Scheduler = getattr(_local, "scheduler", SYSTEM)
    process = Process(scheduler, (), threading.current_thread().name, own_thread=True)
    begin(process)
    process.attended = True
    _become(process)
    if not scheduler.takes_turns:
        _local.end = _ThreadEnd(process)
    return process


def impersonate(process: Process | None, scheduler: Scheduler) -> Process | None:
    """Makes the calling thread another process, or a new one if None, by this scheduler; the one that it was."""
    _local.scheduler = scheduler
    return _become(process)


def enter_thread(process: Process) -> Process | None:
    """The calling thread is this process from now on; the one that it was."""
    return _become(process)


def leave_thread(before: Process | None) -> None:
    """The calling thread is again who it was, if anybody, before `enter_thread`."""
    _become(before)


def _become(process: Process | None) -> Process | None:
    """The calling thread is this process, or none, from now on; the one that it was."""
    before: Process | None = getattr(_local, "process", None)
    if before is not None:
        before.thread = 0
        del _local.process
    if process is not None:
        # Threads of a simulation do not tell when they end, so their numbers may be those of others by then.
        process.thread = 0 if process.scheduler.takes_turns else _thread_number()
        _local.process = process
    return before


def detach(process: Process) -> None:
    """Nothing runs this process any more."""
    with lock:
        depart(process)


def depart(process: Process) -> None:
    """No thread runs this process any more. The lock is held."""
    if process.attended:
        process.attended = False
        if not process.alive:
            remnants.count -= 1


def begin(process: Process) -> None:
    """The process exists from now on, unless something has ended it already."""
    with lock:
        enlist(process)


def enlist(process: Process) -> None:
    """As `begin`. The lock is held."""
    if process.alive:
        living[process.pid.number] = process


def find(pid: Pid) -> Process | None:
    """The living process of this pid, or None. O(1)."""
    return living.get(pid.number)


# --- how processes end ------------------------------------------------------------------------------------------------

Victim: TypeAlias = tuple[Process, Any]  # a process to be ended, and the reason


def end(process: Process, reason: Term) -> None:
    """Ends a process, and all those that its end takes with it. O(all links and monitors of theirs)."""
    end_all([(process, reason)])


def finish(process: Process, value: Any) -> None:
    """The function of a process has returned: gives the result to who wants it, and ends the process."""
    victims: list[Victim] = []
    with lock:
        if process.alive and process.sink is not None:
            process.sink.take(value)
        depart(process)
        plain = process.alive and not process.belongings and process.on_exit is None and process.cancel is None
        if plain:
            _exiting(process, NORMAL)
            _exited(process, NORMAL, victims)
    if plain:
        end_all(victims)
    else:
        end(process, NORMAL)


def end_all(victims: list[Victim]) -> None:
    """Ends processes in the order given. A list of work, not recursion: a chain of links can be of any length."""
    at = 0
    while at < len(victims):
        process, reason = victims[at]
        at += 1
        if process.orderly is not None and isinstance(reason, Leave):
            process.orderly.leave(reason.reason)
        else:
            _end_one(process, reason, victims)


def _end_one(process: Process, reason: Term, victims: list[Victim]) -> None:
    with lock:
        if not process.alive:
            return
        belongings = _exiting(process, reason)
        if not belongings and process.on_exit is None and process.cancel is None:
            _exited(process, reason, victims)
            return
    for belonging in belongings:
        belonging.owner_ended(process.pid, reason)
    if process.on_exit is not None:
        process.on_exit(reason)
    if process.cancel is not None:
        process.cancel()
    with lock:
        _exited(process, reason, victims)


def _exiting(process: Process, reason: Term) -> list[Belonging]:
    process.state, process.alive, process.reason = State.EXITING, False, reason
    if process.attended:
        remnants.count += 1
    living.pop(process.pid.number, None)
    if process.roster is not None:
        process.roster.pop(process.pid.number, None)
    if process.name is not None:
        names.pop(process.name, None)
        process.name = None
    belongings = list(process.belongings.values()) if process.belongings else []
    process.belongings = None
    if len(belongings) > 1:
        belongings.sort(key=lambda belonging: belonging.late)
    return belongings


def _exited(process: Process, reason: Term, victims: list[Victim]) -> None:
    """Tells everybody; those who are to end because of it are added to `victims`."""
    process.state = State.EXITED
    links, process.links = process.links, {}
    for other in links.values():
        other.links.pop(process.pid.number, None)
        if other is not process.heard_by or not other.trapping:
            signal(other, process.pid, reason, victims)
    watchers, process.watchers = process.watchers, None
    for monitor in (watchers or {}).values():
        watcher = monitor.watcher
        if watcher.monitors is not None:
            watcher.monitors.pop(monitor.ref.number, None)
        monitor.fire(reason)
    monitors, process.monitors = process.monitors, None
    for monitor in (monitors or {}).values():
        monitor.active = False
        if monitor.watched.watchers is not None:
            monitor.watched.watchers.pop(monitor.ref.number, None)
        if monitor.waiter is not None:
            process.scheduler.wake(monitor.waiter)
    if process.sink is not None:
        process.sink.ended(reason)
    process.mailbox = None
    process.wake()


def signal(target: Process, sender: Pid, reason: Term, victims: list[Victim], sent: bool = False) -> None:
    """An exit signal arrives; the lock is held. `sent`: by `exit(pid, reason)`, else along a link.

    Erlang's rules: a sent `kill` cannot be trapped, and those who are linked to its victim see `killed`; `normal` ends
    nobody, unless it is sent to oneself; who traps exits gets a message. A server that traps exits ends when its parent
    does; a supervisor takes any other reason from its parent as the wish that it ends.
    """
    if not target.alive:
        return
    if sent and reason is KILL:
        victims.append((target, KILLED))
    elif target.trapping:
        if target.orderly is not None and sender is target.orderly.parent:
            victims.append((target, Leave(reason)))
        elif sender is target.parent:
            victims.append((target, reason))
        else:
            target.put((EXIT, sender, reason))
    elif reason is not NORMAL or (sent and sender is target.pid):
        victims.append((target, reason))


# --- links and monitors; the lock is held -----------------------------------------------------------------------------


def join(one: Process, other: Process) -> None:
    """Links two processes, of which both are alive."""
    if one is not other:
        one.links[other.pid.number] = other
        other.links[one.pid.number] = one


def part(one: Process, other: Process) -> None:
    one.links.pop(other.pid.number, None)
    other.links.pop(one.pid.number, None)


def watch(watcher: Process, watched: Process, shown: Term, ref: Ref | None = None) -> Monitor:
    """Sets a monitor; on a process that has ended it fires at once."""
    monitor = Monitor(Ref() if ref is None else ref, watcher, watched, shown)
    number = monitor.ref.number
    if watched.alive or watched.state is State.EXITING:
        if watched.watchers is None:
            watched.watchers = {}
        if watcher.monitors is None:
            watcher.monitors = {}
        watched.watchers[number] = watcher.monitors[number] = monitor
    else:
        monitor.fire(NOPROC)
    return monitor


def unwatch(watcher: Process, ref: Ref) -> bool:
    """Takes a monitor away; whether it was still there."""
    monitor = watcher.monitors.pop(ref.number, None) if watcher.monitors is not None else None
    if monitor is None:
        return False
    monitor.active = False
    if monitor.watched.watchers is not None:
        monitor.watched.watchers.pop(ref.number, None)
    return True
