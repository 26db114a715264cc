"""Time and waiting: what a process uses to learn the time, to get a thread, and to wait.

Every process has a scheduler, which it takes over from the process that spawned it. `SystemScheduler` is real time and
free-running threads; `runtime.simulator` has one with a clock of its own, which runs one process at a time.

All methods that say so are called with the lock of the runtime held (`runtime.kernel`), which is what makes "look
whether there is something, else wait" one step.
"""

import threading
import time
from collections.abc import Callable
from typing import Final, final

from runtime.pool import Pool

_LONGEST: Final = min(threading.TIMEOUT_MAX, 86_400.0)  # seconds; a lock cannot wait longer, so a wait goes in rounds

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


class Scheduler:
    """What a process asks for time, threads and waiting. `takes_turns`: it runs one process at a time."""

    takes_turns = False

    def now(self) -> float:
        """Seconds on the scheduler's clock, which never goes back."""
        raise AssertionError("every scheduler has its own")

    def start(self, run: Callable[[], None], short: bool = False) -> None:
        """Has `run` called by a thread. Called without the lock. `short`: it will not take long."""
        raise AssertionError("every scheduler has its own")

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


@final
class SystemScheduler(Scheduler):
    """Real time, by the monotonic clock, and pooled threads."""

    def __init__(self) -> None:
        self.pool: Final = Pool()

    def now(self) -> float:
        return time.monotonic()

    def start(self, run: Callable[[], None], short: bool = False) -> None:
        self.pool.start(run, short)

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


def _acquire_until(gate: threading.Lock, deadline: float) -> None:
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            return
        if gate.acquire(timeout=min(left, _LONGEST)):
            return


SYSTEM: Final = SystemScheduler()
