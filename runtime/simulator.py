"""A scheduler for tests: a clock of its own, and one process at a time, in an order that a seed decides.

    from runtime.simulator import simulation

    with simulation(seed=7) as time:
        task = Task.async_(slow)      # sleeps 2 seconds
        sleep(3)
        assert task.await_() == "done" and time.now() == 3.0

Inside, the calling process and all that it spawns run one at a time: only who has the *baton* runs, and passes it on
where it waits, ends, spawns or sends. Nobody waits for real: when all wait, the clock jumps to the next deadline. The
same seed gives the same run, and a run in which all would wait for ever raises Deadlock instead. What blocks outside
the runtime, such as `time.sleep`, keeps the baton. Trio's autojump clock and its seeded scheduler are the models.
"""

import heapq
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, final

from runtime import kernel
from runtime.exits import KILLED, NORMAL
from runtime.kernel import current
from runtime.scheduler import SYSTEM, Alarm, Scheduler, ThreadWaiter, Waiter, lock
from runtime.work import Work


class Deadlock(Exception):
    """In a simulation, every process waits, and nothing that any of them waits for can come."""


@final
class Simulation(Scheduler):
    """See the module. Times are in seconds, and begin at 0."""

    takes_turns = True

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self.seed: Final = seed
        self._random: Final = random.Random(seed)  # noqa: S311  # a test's order of events is no secret
        self._time = 0.0
        self._ready: Final[list[Waiter]] = []
        self._timers: Final[list[tuple[float, int, Waiter]]] = []  # a heap; of one deadline, the first set comes first
        self._numbers = 0
        self._root: Waiter | None = None  # the wait of the process that opened the simulation
        self._opener: Final = threading.get_ident()  # of the process that opened the simulation
        self._deadlocked = False
        self.steps = 0  # how often the baton was passed on
        self.switching = 0.3  # how likely a place where a switch is possible is one: often, and yet some run on
        self.lending = 0.5  # how likely it is that who awaits a process that has not begun runs it

    def now(self) -> float:
        return self._time

    def start(self, run: Work, short: bool = False) -> None:
        gate = ThreadWaiter()

        def thread() -> None:
            gate.gate.acquire()
            try:
                run()
            finally:
                with lock:
                    self._pass_on()

        threading.Thread(target=thread, name="matchspec-simulated", daemon=True).start()
        with lock:
            self.enter(gate)

    def lends(self) -> bool:
        # Never the opener, whose own wait has to end when nothing else can happen.
        return threading.get_ident() != self._opener and self._random.random() < self.lending

    def enter(self, waiter: Waiter) -> None:
        waiter.woken = True
        self._ready.append(waiter)

    def leave(self) -> None:
        self._pass_on()

    def block(self, waiter: ThreadWaiter, deadline: float | None) -> None:
        if threading.get_ident() == self._opener:
            self._root = waiter
        self.suspending(waiter, deadline)
        lock.release()
        try:
            waiter.gate.acquire()
        finally:
            lock.acquire()
            if self._root is waiter:
                self._root = None
        if self._deadlocked:
            self._deadlocked = False
            raise Deadlock("every process of the simulation waits, and none has a time-out")

    def suspending(self, waiter: Waiter, deadline: float | None) -> bool:
        if deadline is not None:
            self._at(deadline, waiter)
        self._pass_on()
        return False

    def set_alarm(self, alarm: Alarm, deadline: float) -> None:
        self._at(deadline, alarm)

    def _at(self, deadline: float, waiter: Waiter) -> None:
        self._numbers += 1
        heapq.heappush(self._timers, (deadline, self._numbers, waiter))

    def wake(self, waiter: Waiter) -> None:
        if not waiter.woken and not waiter.over:
            waiter.woken = True
            self._ready.append(waiter)

    def pause(self) -> None:
        if kernel.inner.get() is not None:
            return  # a coroutine must not block its loop
        with lock:
            if not self._ready or self._random.random() >= self.switching:
                return
            mine = ThreadWaiter()
            self.enter(mine)
            self._pass_on()
        mine.gate.acquire()

    def _pass_on(self) -> None:
        """Lets another process run: one that can, else the one whose deadline is next. The lock is held."""
        self.steps += 1
        while self._timers and not self._ready:
            deadline, _, waiter = heapq.heappop(self._timers)
            if not waiter.woken:
                self._time = max(self._time, deadline)
                waiter.over = True
                waiter.resume()
                if not isinstance(waiter, Alarm):
                    return
        if self._ready:
            self._ready.pop(self._random.randrange(len(self._ready))).resume()
            return
        root = self._root
        if root is not None:
            self._deadlocked = True
            root.resume()


@contextmanager
def simulation(seed: int = 0) -> Iterator[Simulation]:
    """Simulated time and order for the calling thread and all the processes that it spawns inside; see the module.

    Inside, the thread is a process of its own, without links and messages; at the end, that process ends with its
    tables, those that are left are killed, and the thread is again who it was. Raises RuntimeError when it is opened
    inside another simulation.
    """
    if current().scheduler.takes_turns:
        raise RuntimeError("a simulation is running already; simulations cannot be nested")
    simulated = Simulation(seed)
    before = kernel.impersonate(None, simulated)
    current()
    try:
        yield simulated
    finally:
        inside = kernel.impersonate(before, SYSTEM)
        _finish(simulated, inside)


def _finish(simulated: Simulation, inside: kernel.Process | None) -> None:
    """Ends what is left, and lets the threads run to their ends."""
    if inside is not None:
        kernel.end(inside, NORMAL)
        kernel.detach(inside)
    with lock:
        left = [process for process in kernel.living.values() if process.scheduler is simulated]
        for process in left:
            process.links.clear()
    kernel.end_all([(process, KILLED) for process in left])
    while True:
        with lock:
            if not simulated._ready:
                return
            mine = ThreadWaiter()
            simulated.enter(mine)
            simulated._pass_on()
        mine.gate.acquire()
        with lock:
            if not simulated._ready:
                return
