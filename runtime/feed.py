"""One large result, row by row: a process computes it ahead of the consumer, by a bounded number of chunks."""

from collections import deque
from typing import Any, Final, final

from matchspec.values import Atom, Pid, Term
from runtime import kernel
from runtime.belonging import Belonging
from runtime.exits import KILLED, NORMAL, TIMEOUT, Exit
from runtime.kernel import Process, landed
from runtime.launch import child, launch
from runtime.queryable import STEP, Queryable, Spec
from runtime.scheduler import lock
from runtime.workers import EXECUTOR

Chunk = list[Any]


@final
class Feed(Belonging):
    """One pass over the results of a query, for the process that began it."""

    def __init__(
        self, owner: Process, table: Queryable[Any], query: Spec, *, chunk: int, ahead: int, timeout: float | None
    ) -> None:
        self._owner: Final = owner
        self._table: Final = table
        self._query: Final = query
        self._chunk: Final = chunk
        self._ahead: Final = ahead
        self._timeout: Final = timeout
        self._closed = False
        self._buffer: Chunk = []  # results that are no chunk yet; the producer's alone
        # What follows is shared, and changed with the lock held.
        self._chunks: Final[deque[Chunk]] = deque()
        self._finished = False
        self._error: Exception | None = None
        self._reason: Term = NORMAL
        self._producer: Final = child(owner, self._produce)
        self._producer.on_exit = self._ended
        owner.own(self)
        launch(self._producer, self._produce, ())

    # --- the producer -------------------------------------------------------------------------------------------------

    def _produce(self) -> None:
        try:
            self._table.visit_results(self._query, min(STEP, self._chunk), self._visit)
            if self._buffer:
                self._put(self._buffer)
        except Exception as error:  # noqa: BLE001  # it is raised where the results are wanted
            self._error = error

    def _visit(self, results: list[Any], done: int, total: int) -> None:
        producer = self._producer
        if not producer.alive:
            raise landed(producer)
        buffer, size = self._buffer, self._chunk
        buffer.extend(results)
        at = 0
        while len(buffer) - at >= size:
            self._put(buffer[at : at + size])
            at += size
        del buffer[:at]
        if producer.scheduler.takes_turns:
            producer.scheduler.pause()

    def _put(self, chunk: Chunk) -> None:
        with lock:
            while len(self._chunks) >= self._ahead:
                self._producer.wait(None)
            self._chunks.append(chunk)
            self._owner.wake()

    def _ended(self, reason: Term) -> None:
        self._producer.on_exit = None  # which leads back here: a ring less for the garbage collector
        with lock:
            self._finished, self._reason = True, reason
            self._owner.wake()

    # --- the consumer -------------------------------------------------------------------------------------------------

    def next(self) -> Chunk | None:
        """The next chunk, or None when there are no more. Raises what the query raises, and Exit."""
        if self._closed:
            return None
        try:
            deadline = self._deadline()
            in_time = True
            with lock:
                while in_time and not self._chunks and not self._finished:
                    in_time = self._owner.wait(deadline)
                chunk = self._take()
            return self._deliver(chunk, in_time)
        except BaseException:
            self.close()
            raise

    async def next_async(self) -> Chunk | None:
        """`next` for coroutines."""
        from runtime import coroutines

        if self._closed:
            return None
        try:
            deadline = self._deadline()
            in_time = True
            waits = True
            while waits and in_time:
                with lock:
                    waiter = None if self._chunks or self._finished else coroutines.prepare(self._owner)
                waits = waiter is not None
                if waiter is not None:
                    in_time = await coroutines.suspend(self._owner, waiter, deadline)
            with lock:
                chunk = self._take()
            return self._deliver(chunk, in_time)
        except BaseException:
            self.close()
            raise

    def _deadline(self) -> float | None:
        return None if self._timeout is None else self._owner.scheduler.now() + self._timeout

    def _take(self) -> Chunk | None:
        """The lock is held."""
        if not self._chunks:
            return None
        self._producer.wake()
        return self._chunks.popleft()

    def _deliver(self, chunk: Chunk | None, in_time: bool) -> Chunk | None:
        if chunk is not None:
            return chunk
        if not in_time:
            raise Exit((TIMEOUT, (EXECUTOR, Atom("rows"), [self._timeout])))
        self.close()
        if self._error is not None:
            raise self._error
        if self._reason is not NORMAL:
            raise Exit(self._reason)
        return None

    def close(self) -> None:
        """Ends the producer."""
        if self._closed:
            return
        self._closed = True
        self._owner.disown(self)
        kernel.end(self._producer, KILLED)
        self._chunks.clear()

    def owner_ended(self, owner: Pid, reason: Term) -> None:
        self._closed = True
        kernel.end(self._producer, KILLED)
