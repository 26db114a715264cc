"""Threads for processes: an elastic pool, without a limit that could make processes wait for each other for ever.

Work is taken by a thread that is idle, or by a new one while fewer than `wanted` threads are busy. More work is queued,
since a thread that is about to finish takes it sooner, and cheaper, than a new one would start. Busy are threads that
run; one that waits in the runtime (`leave`, `come_back`) makes room for another. What blocks elsewhere, such as in a
socket, cannot be seen: so whenever the queue has not moved for 5 ms, a sentry gives work to another thread, then to
two, to four. Work that is known to be short is queued as soon as one thread is busy: where an interpreter runs one
thread at a time, waking another costs more than the work. Threads that have been idle for 10 seconds end. All are
daemons: as in Erlang, a program ends when its main part does.

The garbage collector can run a finalizer wherever something is made, inside of these methods too, and the finalizer may
start processes. So the lock may be taken again, and between looking whether there is something and taking it, it may
have been taken: what is taken is taken in one step, which says so.
"""

import os
import threading
import time
from collections import deque
from typing import Final, final

from runtime.work import Work

_STUCK: Final = 0.005  # seconds that work may stay queued while none is taken
_IDLE: Final = 10.0  # seconds
_LINGER: Final = 200  # how often the sentry looks at an empty queue before it ends: a second


@final
class _Worker:
    """A thread that waits for work; `work` is what it was woken for."""

    def __init__(self) -> None:
        self.gate: Final = threading.Lock()
        self.gate.acquire()
        self.work: Work | None = None


@final
class Pool:
    """See the module. `wanted`: how many threads may be busy before work is queued."""

    def __init__(self, wanted: int | None = None) -> None:
        self._lock: Final = threading.RLock()  # see the module
        self._wanted: Final = wanted if wanted is not None else (os.cpu_count() or 1) + 2
        self._queue: Final[deque[Work]] = deque()
        self._idle: Final[list[_Worker]] = []  # the last one to become idle is the first to be taken: it is still warm
        self._busy = 0
        self._taken = 0  # how often work was taken from the queue
        self._sentry = False
        self._mine: Final = threading.local()

    def start(self, work: Work, short: bool = False) -> None:
        """Has `work` called by a thread of the pool, soon. O(1). `short`: it takes no longer than to wake a thread."""
        with self._lock:
            if self._busy >= (1 if short else self._wanted):
                self._queue.append(work)
                guarded, self._sentry = self._sentry, True
                if guarded:
                    return
                new = False
            else:
                self._busy += 1
                if self._wake(work):
                    return
                new = True
        if new:
            self._add(work)
        else:
            threading.Thread(target=self._watch, name="matchspec-sentry", daemon=True).start()

    def _wake(self, work: Work) -> bool:
        """Gives work to an idle thread, if there is one. The lock is held."""
        try:
            worker = self._idle.pop()
        except IndexError:
            return False
        worker.work = work
        worker.gate.release()
        return True

    def leave(self) -> None:
        """The calling thread is going to wait; if it is one of the pool's, another may run instead."""
        if getattr(self._mine, "worker", None) is not None:
            with self._lock:
                self._busy -= 1
                work = self._next_queued() if self._busy < self._wanted else None
                if work is not None and self._wake(work):
                    return
            if work is not None:
                self._add(work)

    def come_back(self) -> None:
        """The calling thread has waited."""
        if getattr(self._mine, "worker", None) is not None:
            with self._lock:
                self._busy += 1

    def _next_queued(self) -> Work | None:
        if not self._queue:
            return None
        try:
            work = self._queue.popleft()
        except IndexError:
            return None
        self._taken += 1
        self._busy += 1
        return work

    def withdraw(self, work: Work) -> None:
        """Takes work out of the queue again, if it is the first or the last there. O(1)."""
        queue = self._queue
        with self._lock:
            if queue and queue[-1] is work:
                queue.pop()
            elif queue and queue[0] is work:
                queue.popleft()
            else:
                return
            self._taken += 1

    def _add(self, work: Work) -> None:
        threading.Thread(target=self._serve, args=(work,), name="matchspec-process", daemon=True).start()

    def _serve(self, work: Work | None) -> None:
        worker = _Worker()
        self._mine.worker = worker
        while work is not None:
            work()
            work = None  # what it holds is let go before the thread waits
            with self._lock:
                self._busy -= 1
                work = self._next_queued()
                if work is None:
                    self._idle.append(worker)
            if work is None:
                work = self._await_work(worker)

    def _await_work(self, worker: _Worker) -> Work | None:
        if not worker.gate.acquire(timeout=_IDLE):
            with self._lock:
                if worker.work is None:
                    self._idle.remove(worker)
                    return None
            worker.gate.acquire()  # it was given work at the last moment
        work, worker.work = worker.work, None
        return work

    def _watch(self) -> None:
        """Gives work to other threads while the queue is stuck, each time to twice as many; ends when it is empty."""
        taken, idle, burst = -1, 0, 1
        while True:
            new: list[Work] = []
            with self._lock:
                stuck = self._taken == taken and len(self._queue) > 0
                for _ in range(burst if stuck else 0):
                    work = self._next_queued()
                    if work is not None and not self._wake(work):
                        new.append(work)
                burst = 2 * burst if stuck else 1
                taken = self._taken
                idle = 0 if stuck or self._queue else idle + 1
                if idle > _LINGER:
                    self._sentry = False
                    return
            for work in new:
                self._add(work)
            time.sleep(_STUCK)

    def threads(self) -> tuple[int, int, int]:
        """How many threads are busy, how many idle, and how much work is queued."""
        with self._lock:
            return self._busy, len(self._idle), len(self._queue)
