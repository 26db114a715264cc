"""Elixir's Task.async_stream: an iterable of outcomes, computed by a bounded number of processes at a time.

The caller takes items from the input when it asks for an outcome, and starts a process for each, until as many run as
are allowed; a place is free again when its process has ended, not when its outcome has been given, as in Elixir. The
processes do not send messages: each leaves its result with the stream, and its end wakes the caller.

Where items have turned out to be short, and no time-out was stated, a caller who would have to wait runs one itself
that no thread has begun with (`runtime.lending`). One that is not so short after all keeps the caller from starting
others meanwhile: so no more than a quarter of the time, and 50 ms, may be lost in that way.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final, Generic, Literal, TypeAlias, TypeGuard, TypeVar, final

from matchspec.unchecked import Unchecked
from matchspec.values import Atom, Pid, Term
from runtime import kernel
from runtime.belonging import Belonging, Sink
from runtime.errors import BadArg, choice, flag
from runtime.exits import KILLED, NORMAL, TIMEOUT, Exit
from runtime.kernel import Process, current
from runtime.launch import child, is_coroutine_function, set_off, sibling
from runtime.lending import STANDARD, Unstated, lend
from runtime.outcome import ExitReason, Ok
from runtime.process import Timeout, seconds_of, still
from runtime.scheduler import lock

T = TypeVar("T")
OnTimeout: TypeAlias = Literal["exit", "kill_task"]
Begin: TypeAlias = Callable[[Process], None]  # how a supervisor takes an item's process in

# How many processes run at a time unless it is said: as many as threads in a ThreadPoolExecutor, since processes wait
# more often than they compute, and Elixir's number, that of the processors, would leave those idle.
PLACES: Final = min(32, (os.cpu_count() or 1) + 4)
_SHORT: Final = 0.0005  # seconds in which a bunch of items is done that need no threads of their own
_MANY_SHORT: Final = 4  # such bunches in a row, before the next one is expected to be the same
_LOST: Final = 0.05  # seconds that a caller may lose with items that were not short, beside a quarter of all the time
_STREAM: Final = (Atom("Elixir.Task.Supervised"), Atom("stream"))


@final
class _Item(Sink):
    """One item on its way; the sink of its process."""

    __slots__ = ("deadline", "done", "ended_with", "flow", "number", "process", "value", "worth")

    def __init__(self, number: int, value: Any, process: Process, deadline: float | None, flow: "_Flow") -> None:
        self.number: Final = number
        self.value: Final = value
        self.process: Final = process
        self.deadline: Final = deadline
        self.flow: Final = flow
        self.done = False  # `worth` is the result of its function
        self.worth: Any = None
        self.ended_with: Term = None

    def take(self, value: Any) -> None:
        self.worth, self.done = value, True

    def ended(self, reason: Term) -> None:
        self.ended_with = reason
        self.flow.ended.append(self)
        self.flow.owner.wake()


@final
class Stream(Generic[T]):
    """The outcomes of a function over items; each iteration begins anew. See `Task.async_stream`.

    `supervise` takes each process in; `linked` says whether the processes are linked to the caller.
    """

    def __init__(
        self,
        items: Iterable[Any],
        fn: Callable[[Any], Any],
        supervise: "Begin | None",
        max_concurrency: int | Unchecked | None,
        ordered: bool | Unchecked,
        timeout: Timeout | Unstated,
        on_timeout: OnTimeout | Unchecked,
        zip_input_on_exit: bool | Unchecked,
        linked: bool,
    ) -> None:
        if not callable(fn):
            raise BadArg("type", "fn", fn, "allowed is what can be called")
        if not isinstance(items, Iterable):
            raise BadArg("type", "items", items, "allowed is an iterable")
        places = PLACES if max_concurrency is None else max_concurrency
        if not is_count(places):
            raise BadArg("option", "max_concurrency", max_concurrency, "allowed are None and numbers from 1 on")
        self.items: Final = items
        self.fn: Final = fn
        self.supervise: Final = supervise
        self.places: Final = places
        self.ordered: Final = flag("ordered", ordered)
        self.timeout: Final = STANDARD if isinstance(timeout, Unstated) else seconds_of(timeout)
        self.lends: Final = timeout is None or isinstance(timeout, Unstated)
        self.exit_on_timeout: Final = exits_on_timeout(on_timeout)
        self.zip: Final = flag("zip_input_on_exit", zip_input_on_exit)
        self.linked: Final = linked
        self.coroutine: Final = is_coroutine_function(fn)

    def __iter__(self) -> "Outcomes[T]":
        return Outcomes(_Flow(self, current()))

    def __aiter__(self) -> "Outcomes[T]":
        return Outcomes(_Flow(self, current()))


@final
class Outcomes(Generic[T]):
    """An iterator over a stream, for `for` and `async for`. When it is given up, what is still running ends."""

    def __init__(self, flow: "_Flow") -> None:
        self._flow: Final = flow

    def __iter__(self) -> "Outcomes[T]":
        return self

    def __aiter__(self) -> "Outcomes[T]":
        return self

    def __next__(self) -> Ok[T] | ExitReason:
        outcome = self._flow.wait_for_next()
        if outcome is None:
            raise StopIteration
        return outcome

    async def __anext__(self) -> Ok[T] | ExitReason:
        outcome = await self._flow.next_async()
        if outcome is None:
            raise StopAsyncIteration
        return outcome

    def close(self) -> None:
        """Ends what is still running. Iterating to the end, leaving a loop and deleting the iterator do so too."""
        self._flow.close()

    def __del__(self) -> None:
        self._flow.close()


def is_count(value: Term) -> TypeGuard[int]:
    return type(value) is int and value >= 1


def exits_on_timeout(value: Term) -> bool:
    """The option `on_timeout`. Raises BadArg."""
    return choice("option", "on_timeout", value, ("exit", "kill_task")) == "exit"


@final
class _Flow(Belonging):
    """One iteration over a stream."""

    def __init__(self, stream: Stream[Any], owner: Process) -> None:
        self._stream: Final = stream
        self.owner: Final = owner
        self._source: Final = iter(stream.items)
        self._more = True
        self._taken = 0
        self._given = 0
        self._running: Final[dict[int, _Item]] = {}  # by number, so the first has the next deadline
        self.ended: Final[deque[_Item]] = deque()  # appended to by the processes
        self._outcomes: Final[dict[int, Ok[Any] | ExitReason]] = {}
        self._closed = False
        self._last: _Item | None = None
        self._short = 0  # how many of the last bunches, or items run here, were short
        self._lost = 0.0  # seconds spent here with items that were not
        self._began: Final = owner.scheduler.now()
        owner.own(self)

    def wait_for_next(self) -> Ok[Any] | ExitReason | None:
        """The next outcome, or None when there are no more."""
        try:
            while True:
                if self.fill():
                    self.wait()
                outcome = self.next()
                if outcome is not None:
                    return outcome
                if self.over():
                    self.close()
                    return None
        except BaseException:
            self.close()
            raise

    async def next_async(self) -> Ok[Any] | ExitReason | None:
        """`wait_for_next` for coroutines."""
        from runtime import coroutines

        try:
            while True:
                if self.fill():
                    with lock:
                        waiter = None if self.ended else coroutines.prepare(self.owner)
                    if waiter is not None:
                        await coroutines.suspend(self.owner, waiter, self.deadline())
                    self.settle()
                outcome = self.next()
                if outcome is not None:
                    return outcome
                if self.over():
                    self.close()
                    return None
        except BaseException:
            self.close()
            raise

    def fill(self) -> bool:
        """Starts processes while there are places and items; whether there is something to wait for."""
        if self._ready():
            return False
        stream = self._stream
        while self._more and len(self._running) < stream.places:
            try:
                value = next(self._source)
            except StopIteration:
                self._more = False
            else:
                self._start(value)
        return bool(self._running)

    def _start(self, value: Any) -> None:
        stream, owner = self._stream, self.owner
        before = self._last
        process = child(owner, stream.fn) if before is None else sibling(before.process)
        now = owner.scheduler.now()
        deadline = None if stream.timeout is None else now + stream.timeout
        item = _Item(self._taken, value, process, deadline, self)
        self._taken += 1
        self._last = item
        process.sink = item  # from the start: its supervisor may end it before it begins
        with lock:
            still(owner)
            if stream.supervise is not None:
                stream.supervise(process)
            if stream.linked:
                kernel.join(owner, process)
                process.heard_by = owner  # by an outcome
            kernel.enlist(process)
        self._running[item.number] = item
        set_off(process, stream.fn, (value,), stream.coroutine, self._short >= _MANY_SHORT)
        owner.scheduler.pause()

    def _first(self) -> _Item | None:
        """Of those that are running, the one that was started first."""
        for item in self._running.values():
            return item
        return None

    def deadline(self) -> float | None:
        """When the process that was started first has had its time."""
        first = self._first()
        return None if first is None else first.deadline

    def wait(self) -> None:
        """Waits until some process has ended, or its time is over; or runs one, which then has."""
        if self._short >= _MANY_SHORT and self._stream.lends:
            self._run_one()
        if not self.ended:
            with lock:
                if not self.ended:
                    began = self.owner.scheduler.now()
                    self.owner.wait(self.deadline())
                    self._short = self._short + 1 if self.owner.scheduler.now() - began < _SHORT else 0
        self.settle()

    def _run_one(self) -> None:
        """Runs the first item here that no thread has begun with."""
        for item in self._running.values():
            if item.process.unbegun is not None:
                break
        else:
            return
        clock = self.owner.scheduler
        began = clock.now()
        if self._lost > _LOST + (began - self._began) / 4:
            return
        in_time = lend(self.owner, item.process, item.deadline)
        took = clock.now() - began
        if took >= _SHORT:
            self._short = 0
            self._lost += took
        if not in_time and item in self.ended:
            self.ended.remove(item)  # what it gave came too late

    def settle(self) -> None:
        """Takes note of what has ended, and ends what has had its time."""
        while self.ended:
            item = self.ended.popleft()
            reason = item.ended_with
            if self._running.pop(item.number, None) is not None:
                self._note(item, Ok(item.worth) if item.done and reason is NORMAL else self._exit(item, reason))
        if self._stream.timeout is None:
            return
        now = self.owner.scheduler.now()
        while (late := self._first()) is not None and late.deadline is not None and late.deadline <= now:
            if self._stream.exit_on_timeout:
                raise Exit((TIMEOUT, (*_STREAM, [self._stream.timeout])))
            del self._running[late.number]
            self._end(late)
            self._note(late, self._exit(late, TIMEOUT))

    def _exit(self, item: _Item, reason: Term) -> ExitReason:
        return ExitReason((item.value, reason) if self._stream.zip else reason)

    def _note(self, item: _Item, outcome: Ok[Any] | ExitReason) -> None:
        if self._stream.ordered:
            self._outcomes[item.number] = outcome
        else:
            self._outcomes[self._given + len(self._outcomes)] = outcome

    def _ready(self) -> bool:
        return self._given in self._outcomes

    def next(self) -> Ok[Any] | ExitReason | None:
        """The next outcome, if it is there."""
        outcome = self._outcomes.pop(self._given, None)
        if outcome is not None:
            self._given += 1
        return outcome

    def over(self) -> bool:
        return not self._more and not self._running and not self._outcomes

    def _end(self, item: _Item) -> None:
        with lock:
            kernel.part(self.owner, item.process)
        kernel.end(item.process, KILLED)

    def close(self) -> None:
        """Ends what is still running."""
        if self._closed:
            return
        self._closed = True
        self.owner.disown(self)
        running, left = list(self._running.values()), self._source
        self._running.clear()
        for item in running:
            self._end(item)
        closing = getattr(left, "close", None)
        if closing is not None and self._more:
            closing()

    def owner_ended(self, owner: Pid, reason: Term) -> None:
        for item in list(self._running.values()):
            if not self._stream.linked:
                kernel.end(item.process, KILLED)
