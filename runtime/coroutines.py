"""Processes that are coroutines: the event loop that runs them, and how they wait.

A coroutine process runs on the event loop of whoever started it, if that is a coroutine itself; otherwise on the
runtime's own loop, which has a thread of its own from the first such process on. An exit signal cancels it: it gets
asyncio's CancelledError where it waits. This module is the only one that imports asyncio, which takes 25 ms.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias, final

from matchspec.values import Term
from runtime import kernel
from runtime.exits import NORMAL, Killed
from runtime.kernel import Process, landed
from runtime.launch import ended_by
from runtime.monitor import Monitor
from runtime.scheduler import Waiter, lock

Make: TypeAlias = Callable[[], Awaitable[Any]]

_starting: Final = threading.RLock()  # a finalizer that starts a coroutine can come in between
_loops: Final[list[asyncio.AbstractEventLoop]] = []  # the runtime's own, once there is one


@final
class LoopWaiter(Waiter):
    """A coroutine that waits, on the event loop that runs it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self.loop: Final = loop
        self.future: Final[asyncio.Future[None]] = loop.create_future()

    def resume(self) -> None:
        if running_loop() is self.loop:
            self.finish()
        elif not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.finish)

    def finish(self) -> None:
        if not self.future.done():
            self.future.set_result(None)


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop that runs in the calling thread, or None."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _own_loop() -> asyncio.AbstractEventLoop:
    with _starting:
        if not _loops:
            loop = asyncio.new_event_loop()
            if _loops:
                loop.close()
            else:
                _loops.append(loop)
                threading.Thread(target=loop.run_forever, name="matchspec-loop", daemon=True).start()
        return _loops[0]


def launch(process: Process, make: Make) -> None:
    """Starts a coroutine process. `make` is called, and what it gives awaited, as the process."""
    running = running_loop()
    loop = _own_loop() if running is None else running
    gate: LoopWaiter | None = None
    if process.scheduler.takes_turns:
        gate = LoopWaiter(loop)
        with lock:
            process.scheduler.enter(gate)
    if running is not None:
        _begin(process, make, loop, gate)
    else:
        loop.call_soon_threadsafe(_begin, process, make, loop, gate)


@final
class _Driver:
    """Asyncio's task that drives a process."""

    __slots__ = ("_in_turn", "_loop", "task")

    def __init__(self, loop: asyncio.AbstractEventLoop, task: "asyncio.Task[None]", in_turn: bool) -> None:
        self.task: Final = task
        self._loop: Final = loop
        self._in_turn: Final = in_turn

    def cancel(self) -> None:
        if not self._in_turn and not self._loop.is_closed():  # where processes take turns, the end of one wakes it
            self._loop.call_soon_threadsafe(self.task.cancel)


def _begin(process: Process, make: Make, loop: asyncio.AbstractEventLoop, gate: LoopWaiter | None) -> None:
    driver = _Driver(loop, loop.create_task(_drive(process, make, gate), name=process.label), gate is not None)
    process.cancel = driver.cancel  # which also keeps the task alive: asyncio itself does not
    if gate is None and not process.alive:
        driver.task.cancel()


async def _drive(process: Process, make: Make, gate: LoopWaiter | None) -> None:
    kernel.inner.set(process)
    if gate is not None:
        await gate.future
    with lock:
        process.attended = process.alive
    reason: Term = NORMAL
    result: Any = None
    try:
        if process.alive:
            result = await make()
    except Killed:
        reason = process.reason
    except asyncio.CancelledError as error:
        # Either an exit signal has ended the process, or somebody cancelled it by asyncio's own means.
        reason = process.reason if not process.alive else ended_by(process, error)
    except BaseException as error:  # noqa: BLE001  # whatever the function raises ends its process, and only that
        reason = ended_by(process, error)
    process.cancel = None
    if reason is NORMAL:
        kernel.finish(process, result)
    else:
        kernel.detach(process)
        kernel.end(process, reason)
    if gate is not None:
        with lock:
            process.scheduler.leave()


def prepare(process: Process, monitor: Monitor | None = None) -> LoopWaiter:
    """A waiter in its place: whatever comes from now on wakes it. The lock is held."""
    waiter = LoopWaiter(asyncio.get_running_loop())
    process.place(waiter, monitor)
    return waiter


async def suspend(process: Process, waiter: LoopWaiter, deadline: float | None, monitor: Monitor | None = None) -> bool:
    """Waits until the waiter is woken, or the deadline; False when it was the deadline. Raises Killed or Exit."""
    scheduler = process.scheduler
    with lock:
        timed = scheduler.suspending(waiter, deadline) and not waiter.woken
    timer: asyncio.TimerHandle | None = None
    if timed and deadline is not None:
        timer = waiter.loop.call_later(max(deadline - scheduler.now(), 0.0), waiter.finish)
    try:
        await waiter.future
    finally:
        if timer is not None:
            timer.cancel()
        with lock:
            if not waiter.woken:
                process.displace(waiter, monitor)
    if not process.alive:
        raise landed(process)
    return waiter.woken
