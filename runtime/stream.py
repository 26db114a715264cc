"""Elixir's Task.async_stream: an iterable of outcomes, computed by a bounded number of processes at a time.

The caller takes items from the input when it asks for an outcome, and starts a process for each, until as many run as
are allowed; a place is free again when its process has ended, not when its outcome has been given, as in Elixir. The
processes do not send messages: each leaves its result with the stream, and its end wakes the caller.
"""

import os
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any, Final, Generic, Literal, TypeAlias, TypeVar, final

from matchspec.values import Atom, Pid, Term
from runtime import kernel
from runtime.errors import BadArg, choice
from runtime.exits import KILLED, NORMAL, TIMEOUT, Exit
from runtime.kernel import Belonging, Process, current
from runtime.launch import child, launch
from runtime.outcome import ExitReason, Ok
from runtime.process import deadline_of
from runtime.scheduler import lock

T = TypeVar("T")
OnTimeout: TypeAlias = Literal["exit", "kill_task"]
Begin: TypeAlias = Callable[[Process], None]  # how a supervisor takes an item's process in

_STREAM: Final = (Atom("Elixir.Task.Supervised"), Atom("stream"))


@final
class _Item:
    """One item on its way."""

    __slots__ = ("deadline", "done", "number", "process", "value", "worth")

    def __init__(self, number: int, value: Any, process: Process, deadline: float | None) -> None:
        self.number: Final = number
        self.value: Final = value
        self.process: Final = process
        self.deadline: Final = deadline
        self.done = False  # `worth` is the result of its function
        self.worth: Any = None


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
        max_concurrency: int | None,
        ordered: bool,
        timeout: float | None,
        on_timeout: OnTimeout,
        zip_input_on_exit: bool,
        linked: bool,
    ) -> None:
        if not callable(fn):
            raise BadArg("type", "fn", fn, "allowed is what can be called")
        if not isinstance(items, Iterable):
            raise BadArg("type", "items", items, "allowed is an iterable")
        places = (os.cpu_count() or 1) if max_concurrency is None else max_concurrency
        if not is_count(places):
            raise BadArg("option", "max_concurrency", max_concurrency, "allowed are None and numbers from 1 on")
        for option, value in (("ordered", ordered), ("zip_input_on_exit", zip_input_on_exit)):
            if type(value) is not bool:
                raise BadArg("option", option, value, "allowed are True and False")
        deadline_of(current(), timeout)
        choice("option", "on_timeout", on_timeout, ("exit", "kill_task"))
        self.items: Final = items
        self.fn: Final = fn
        self.supervise: Final = supervise
        self.places: Final = places
        self.ordered: Final = ordered
        self.timeout: Final = timeout
        self.exit_on_timeout: Final = on_timeout == "exit"
        self.zip: Final = zip_input_on_exit
        self.linked: Final = linked

    def __iter__(self) -> Iterator[Ok[T] | ExitReason]:
        flow = _Flow(self, current())
        try:
            while True:
                if flow.fill():
                    flow.wait()
                outcome = flow.next()
                if outcome is None:
                    if flow.over():
                        return
                else:
                    yield outcome
        finally:
            flow.close()

    async def __aiter__(self) -> AsyncIterator[Ok[T] | ExitReason]:
        from runtime import coroutines

        flow = _Flow(self, current())
        try:
            while True:
                if flow.fill():
                    with lock:
                        waiter = None if flow.ended else coroutines.prepare(flow.owner)
                    if waiter is not None:
                        await coroutines.suspend(flow.owner, waiter, flow.deadline())
                    flow.settle()
                outcome = flow.next()
                if outcome is None:
                    if flow.over():
                        return
                else:
                    yield outcome
        finally:
            flow.close()


def is_count(value: Term) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


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
        self.ended: Final[deque[tuple[_Item, Term]]] = deque()  # appended to by the processes
        self._outcomes: Final[dict[int, Ok[Any] | ExitReason]] = {}
        owner.own(self)

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
        process = child(owner, stream.fn)
        deadline = None if stream.timeout is None else owner.scheduler.now() + stream.timeout
        item = _Item(self._taken, value, process, deadline)
        self._taken += 1

        def done(result: Any) -> None:
            item.worth, item.done = result, True

        def on_exit(reason: Term) -> None:
            with lock:
                self.ended.append((item, reason))
                owner.wake()

        process.on_exit = on_exit
        self._running[item.number] = item
        if stream.linked:
            process.heard_by = owner  # by an outcome
            with lock:
                kernel.still(owner)
                kernel.join(owner, process)
        if stream.supervise is not None:
            stream.supervise(process)
        launch(process, stream.fn, (value,), done)
        owner.scheduler.pause()

    def deadline(self) -> float | None:
        """When the process that was started first has had its time."""
        for item in self._running.values():
            return item.deadline
        return None

    def wait(self) -> None:
        """Waits until some process has ended, or its time is over."""
        with lock:
            if not self.ended:
                self.owner.wait(self.deadline())
        self.settle()

    def settle(self) -> None:
        """Takes note of what has ended, and ends what has had its time."""
        while self.ended:
            item, reason = self.ended.popleft()
            if self._running.pop(item.number, None) is not None:
                self._note(item, Ok(item.worth) if item.done and reason is NORMAL else self._exit(item, reason))
        now = self.owner.scheduler.now()
        for item in list(self._running.values()):
            if item.deadline is None or item.deadline > now:
                break
            if self._stream.exit_on_timeout:
                raise Exit((TIMEOUT, (*_STREAM, [self._stream.timeout])))
            del self._running[item.number]
            self._end(item)
            self._note(item, self._exit(item, TIMEOUT))

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
