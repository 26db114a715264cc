"""Time and waiting: what a process uses to learn the time, to get a thread, and to wait.

Every process has a scheduler, which it takes over from the process that spawned it. `SystemScheduler` is real time and
free-running threads; `runtime.simulator` has one with a clock of its own, which runs one process at a time.

All methods that say so are called with the lock of the runtime held (`runtime.kernel`), which is what makes "look
whether there is something, else wait" one step.
"""

import heapq
import threading
import time
from collections.abc import Callable
from typing import Final, final

from runtime.pool import Pool
from runtime.work import Work

_monotonic: Final = time.monotonic
_LONGEST: Final = min(threading.TIMEOUT_MAX, 86_400.0)  # seconds; a lock cannot wait longer, so a wait goes in rounds
_SWEEP: Final = 64  # alarms that were called off, before they are worth sweeping out

# The lock of the runtime. It may be taken again because the garbage collector can run a finalizer, which may use the
# runtime, in the middle of anything.
lock: Final = threading.RLock()


class Waiter:
    """One call that waits. `woken` and `over`, that its time was over first, are written with the lock held, once."""

    def __init__(self) -> None:
        self.woken = False
        self.over = False

    def resume(self) -> None:
        """Lets the call go on."""
        raise AssertionError("every waiter has its own")


@final
class ThreadWaiter(Waiter):
    """A thread that waits."""

    def __init__(self) -> None:
        super().__init__()
        self.gate: Final = threading.Lock()
        self.gate.acquire()

    def resume(self) -> None:
        self.gate.release()


@final
class Alarm(Waiter):
    """Something that is done when its time has come, in a moment, and with the lock held. `woken`: it is called off."""

    def __init__(self, ring: Callable[[], None]) -> None:
        super().__init__()
        self._ring: Final = ring

    def resume(self) -> None:
        self._ring()


class Scheduler:
    """What a process asks for time, threads and waiting. `takes_turns`: it runs one process at a time."""

    takes_turns = False

    def __init__(self) -> None:
        self.timers: Final[dict[int, object]] = {}  # for runtime.timers: those that have not rung, by their reference

    def now(self) -> float:
        """Seconds on the scheduler's clock, which never goes back."""
        raise AssertionError("every scheduler has its own")

    def start(self, run: Work, short: bool = False) -> None:
        """Has `run` called by a thread. Called without the lock. `short`: it will not take long."""
        raise AssertionError("every scheduler has its own")

    def lends(self) -> bool:
        """Whether who awaits a process that no thread has begun may run it, in the calling thread."""
        return True

    def withdraw(self, run: Work) -> None:
        """What was to be started is going to be done elsewhere: calling it would do nothing, and is not needed."""

    def block(self, waiter: ThreadWaiter, deadline: float | None) -> None:
        """Waits until the waiter is woken or the clock has passed the deadline. The lock is let go meanwhile."""
        raise AssertionError("every scheduler has its own")

    def suspending(self, waiter: Waiter, deadline: float | None) -> bool:
        """A coroutine is about to wait, as in `block`. The lock is held.

        Returns whether the caller has to see to the deadline itself, by the timers of its event loop.
        """
        raise AssertionError("every scheduler has its own")

    def enter(self, waiter: Waiter) -> None:
        """A coroutine process begins, when the waiter is resumed. Where processes take turns only; the lock is held."""

    def leave(self) -> None:
        """A coroutine process has ended. Where processes take turns only; the lock is held."""

    def wake(self, waiter: Waiter) -> None:
        """Ends the wait of a waiter that is still waiting. The lock is held."""
        raise AssertionError("every scheduler has its own")

    def pause(self) -> None:
        """A place where another process may go first. Called without the lock."""

    def set_alarm(self, alarm: Alarm, deadline: float) -> None:
        """Has the alarm ring when the clock has passed the deadline. The lock is held."""
        raise AssertionError("every scheduler has its own")

    def cancel_alarm(self, alarm: Alarm) -> None:
        """It will not ring any more. The lock is held."""
        alarm.woken = True


@final
class SystemScheduler(Scheduler):
    """Real time, by the monotonic clock, and pooled threads."""

    def __init__(self) -> None:
        super().__init__()
        self.pool: Final = Pool()
        self._clock: AlarmClock | None = None

    def now(self) -> float:
        return _monotonic()

    def start(self, run: Work, short: bool = False) -> None:
        self.pool.start(run, short)

    def withdraw(self, run: Work) -> None:
        self.pool.withdraw(run)

    def block(self, waiter: ThreadWaiter, deadline: float | None) -> None:
        pool = self.pool
        lock.release()
        pool.leave()
        try:
            if deadline is None:
                waiter.gate.acquire()
            else:
                _acquire_until(waiter.gate, deadline)
        finally:
            pool.come_back()
            lock.acquire()

    def suspending(self, waiter: Waiter, deadline: float | None) -> bool:
        return deadline is not None

    def wake(self, waiter: Waiter) -> None:
        if not waiter.woken:
            waiter.woken = True
            waiter.resume()

    def set_alarm(self, alarm: Alarm, deadline: float) -> None:
        if self._clock is None:
            self._clock = AlarmClock()
        self._clock.set(alarm, deadline)

    def cancel_alarm(self, alarm: Alarm) -> None:
        super().cancel_alarm(alarm)
        if self._clock is not None:
            self._clock.called_off()


@final
class AlarmClock:
    """Alarms by the monotonic clock, and the thread that lets them ring, from the first one on. The lock is held."""

    def __init__(self) -> None:
        self._alarms: list[tuple[float, int, Alarm]] = []  # a heap; of one deadline, the first set comes first
        self._numbers = 0
        self._called_off = 0  # how many of them; they are swept out when they are the most
        self._changed: Final = threading.Condition(lock)
        threading.Thread(target=self._run, name="matchspec-clock", daemon=True).start()

    def set(self, alarm: Alarm, deadline: float) -> None:
        self._numbers += 1
        heapq.heappush(self._alarms, (deadline, self._numbers, alarm))
        if self._alarms[0][2] is alarm:
            self._changed.notify()

    def called_off(self) -> None:
        self._called_off += 1
        if self._called_off > _SWEEP and 2 * self._called_off > len(self._alarms):
            self._alarms = [entry for entry in self._alarms if not entry[2].woken]
            heapq.heapify(self._alarms)
            self._called_off = 0

    def _run(self) -> None:
        with lock:
            while True:
                while self._alarms and (self._alarms[0][2].woken or self._alarms[0][0] <= time.monotonic()):
                    alarm = heapq.heappop(self._alarms)[2]
                    if alarm.woken:
                        self._called_off -= 1
                    else:
                        alarm.over = True
                        alarm.resume()
                left = self._alarms[0][0] - time.monotonic() if self._alarms else _LONGEST
                self._changed.wait(max(min(left, _LONGEST), 0.0))


def _acquire_until(gate: threading.Lock, deadline: float) -> None:
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            return
        if gate.acquire(timeout=min(left, _LONGEST)):
            return


SYSTEM: Final = SystemScheduler()
