"""Messages that are sent later: Erlang's send_after, cancel_timer and read_timer.

A timer is an alarm of the scheduler of whoever sets it, so in a simulation it goes by simulated time. One that is set
for a pid belongs to that process, and goes with it; one that is set for a name looks for its bearer when it rings.
"""

from typing import Final, final

from matchspec.unchecked import Unchecked
from matchspec.values import Pid, Ref, Term
from runtime import kernel
from runtime.belonging import Belonging
from runtime.errors import BadArg
from runtime.kernel import Process, current
from runtime.process import Destination, deadline_of, whereis
from runtime.scheduler import Alarm, Scheduler, lock


@final
class Timer(Belonging):
    """A message on its way. `owner`: the process that it is for, if it was set for a pid."""

    def __init__(self, dest: Destination, message: Term, deadline: float, scheduler: Scheduler) -> None:
        self.ref: Final = Ref()
        self.deadline: Final = deadline
        self.alarm: Final = Alarm(self._ring)
        self.owner: Process | None = None
        self._dest: Final = dest
        self._message: Final = message
        self._scheduler: Final = scheduler

    def set(self) -> None:
        """The lock is held."""
        if isinstance(self._dest, Pid):
            self.owner = kernel.find(self._dest)
            if self.owner is None or not self.owner.keep(self):
                return
        self._scheduler.timers[self.ref.number] = self
        self._scheduler.set_alarm(self.alarm, self.deadline)

    def stop(self) -> None:
        """It will not ring any more, or has rung. The lock is held."""
        self._scheduler.timers.pop(self.ref.number, None)
        if self.owner is not None:
            self.owner.disown(self)
            self.owner = None

    def _ring(self) -> None:
        """The lock is held."""
        pid = self._dest if isinstance(self._dest, Pid) else whereis(self._dest)
        self.stop()
        process = None if pid is None else kernel.find(pid)
        if process is not None:
            process.put(self._message)

    def cancel(self) -> None:
        """The lock is held."""
        self.stop()
        self._scheduler.cancel_alarm(self.alarm)

    def left(self, process: Process) -> float:
        """The seconds until it rings, by the clock of the process."""
        return max(self.deadline - process.scheduler.now(), 0.0)

    def owner_ended(self, owner: Pid, reason: Term) -> None:
        with lock:
            self.cancel()


def send_after(dest: Destination, message: Term, seconds: float | Unchecked) -> Ref:
    """Sends a message in so many seconds; the reference of the timer. O(log n) of n timers. Erlang's send_after/3.

    Nothing is said when nobody of this name is there by then. Raises BadArg: "option" for seconds, "type".
    """
    process = current()
    deadline = deadline_of(process, seconds, "seconds")
    if deadline is None:
        raise BadArg("option", "seconds", seconds, "allowed are seconds from 0 on")
    if not isinstance(dest, Pid):
        whereis(dest)  # refuses what is no name
    timer = Timer(dest, message, deadline, process.scheduler)
    with lock:
        timer.set()
    return timer.ref


def cancel_timer(ref: Ref) -> float | None:
    """Stops a timer: the seconds that were left, or None if it has rung, or is none. O(1). Erlang's cancel_timer/1.

    Raises BadArg, cause "type".
    """
    process = current()
    with lock:
        timer = _find(process, ref)
        if timer is None:
            return None
        timer.cancel()
        return timer.left(process)


def read_timer(ref: Ref) -> float | None:
    """The seconds until a timer rings, or None if it has rung, or is none. O(1). Erlang's read_timer/1.

    Raises BadArg, cause "type".
    """
    process = current()
    with lock:
        timer = _find(process, ref)
        return None if timer is None else timer.left(process)


def _find(process: Process, ref: Term) -> Timer | None:
    if not isinstance(ref, Ref):
        raise BadArg("type", "ref", ref, "allowed is the reference that send_after gave")
    timer = process.scheduler.timers.get(ref.number)
    return timer if isinstance(timer, Timer) else None
