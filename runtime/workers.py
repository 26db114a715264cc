"""The processes behind a run of queries: they take jobs one after the other and leave the outcomes with the run.

A hand-over between threads costs more than a small query, so a worker takes the next job by itself, and sleeps only
when there is none. The consumer, which is the process that iterates, brings jobs as it asks for outcomes: at most
`window` of them are on their way, or done and not asked for. A worker looks at its deadline, and at whether it is still
wanted, after each step of its scan; one that is stuck elsewhere is ended by the consumer, and replaced.
"""

from collections import deque
from collections.abc import Iterable
from typing import Any, Final, NamedTuple, final

from matchspec.values import Atom, Pid, Term
from runtime import kernel
from runtime.belonging import Belonging
from runtime.errors import BadArg
from runtime.exits import KILLED, TIMEOUT, Exit, reason_of
from runtime.kernel import Process, landed
from runtime.launch import child, launch
from runtime.outcome import ExitReason, Ok
from runtime.queryable import STEP, Query, Queryable, Spec
from runtime.scheduler import Scheduler, lock

EXECUTOR: Final = Atom("QueryExecutor")
SELECT: Final = "select"
SELECT_COUNT: Final = "select_count"


class Job(NamedTuple):
    """A query to be run over a table; `operation` is "select" or "select_count"."""

    table: Any
    query: Query
    operation: str = SELECT


class Overdue(BaseException):
    """Raised inside a scan that has had its time; no Exception, so that no code of a value in a row catches it."""


@final
class Work:
    """A job that has been understood: `number` says which, from 0."""

    __slots__ = ("counts", "deadline", "number", "query", "table")

    def __init__(self, number: int, table: Queryable[Any], query: Spec, counts: bool) -> None:
        self.number: Final = number
        self.table: Final = table
        self.query: Final = query
        self.counts: Final = counts
        self.deadline: float | None = None  # from when it is begun


@final
class Worker:
    """A process that works for a run; `work` is what it does now, None from the moment somebody has its outcome."""

    def __init__(self, process: Process) -> None:
        self.process: Final = process
        self.scheduler: Final[Scheduler] = process.scheduler
        self.work: Work | None = None
        self.deadline: float | None = None

    def checkpoint(self, done: int, total: int) -> None:
        """Called after each step of a scan. Raises Killed and Overdue."""
        if not self.process.alive:
            raise landed(self.process)
        if self.deadline is not None and self.scheduler.now() >= self.deadline:
            raise Overdue
        if self.scheduler.takes_turns:
            self.scheduler.pause()

    def outcome_of(self, work: Work) -> Ok[Any] | ExitReason:
        self.deadline = work.deadline
        try:
            if work.counts:
                return Ok(work.table.count_stepwise(work.query, STEP, self.checkpoint))
            return Ok(work.table.select_stepwise(work.query, STEP, self.checkpoint))
        except Overdue:
            return ExitReason(TIMEOUT)
        except Exception as error:  # noqa: BLE001  # whatever a query raises is its outcome
            return ExitReason(reason_of(error))


@final
class Run(Belonging):
    """One iteration over the outcomes of jobs, for the process that began it."""

    def __init__(
        self,
        owner: Process,
        jobs: Iterable[Any],
        *,
        places: int,
        window: int,
        ordered: bool,
        timeout: float | None,
        exit_on_timeout: bool,
    ) -> None:
        self._owner: Final = owner
        self._source: Final = iter(jobs)
        self._places: Final = places
        self._window: Final = window
        self._ordered: Final = ordered
        self._timeout: Final = timeout
        self._exit_on_timeout: Final = exit_on_timeout
        self._more = True  # there may be more jobs
        self._taken = 0
        self._given = 0
        self._noted = 0
        self._closed = False
        # What follows is shared with the workers, and changed with the lock held.
        self._queue: Final[deque[Work]] = deque()
        self._workers: Final[list[Worker]] = []
        self._idle: Final[list[Worker]] = []
        self._outcomes: Final[dict[int, Ok[Any] | ExitReason]] = {}  # by the place in which they are given
        owner.own(self)

    # --- the consumer -------------------------------------------------------------------------------------------------

    def next(self) -> Ok[Any] | ExitReason | None:
        """The next outcome, or None when there are no more. Raises Exit, and what the source of the jobs raises."""
        try:
            while not self._closed:
                self._fill()
                outcome = self._outcomes.pop(self._given, None)
                if outcome is not None:
                    return self._deliver(outcome)
                if self._taken == self._given:
                    self.close()
                else:
                    with lock:
                        if self._must_wait():
                            self._owner.wait(self._next_deadline())
                    self._end_overdue()
        except BaseException:
            self.close()
            raise
        return None

    async def next_async(self) -> Ok[Any] | ExitReason | None:
        """`next` for coroutines."""
        from runtime import coroutines

        owner = self._owner
        try:
            while not self._closed:
                self._fill()
                outcome = self._outcomes.pop(self._given, None)
                if outcome is not None:
                    return self._deliver(outcome)
                if self._taken == self._given:
                    self.close()
                else:
                    with lock:
                        waiter = coroutines.prepare(owner) if self._must_wait() else None
                        deadline = self._next_deadline()
                    if waiter is not None:
                        await coroutines.suspend(owner, waiter, deadline)
                    self._end_overdue()
        except BaseException:
            self.close()
            raise
        return None

    def _deliver(self, outcome: Ok[Any] | ExitReason) -> Ok[Any] | ExitReason:
        self._given += 1
        if self._exit_on_timeout and isinstance(outcome, ExitReason) and outcome.reason is TIMEOUT:
            raise Exit((TIMEOUT, (EXECUTOR, Atom("stream"), [self._timeout])))
        return outcome

    def _fill(self) -> None:
        """Takes jobs while there is room for them, and sees to it that somebody does them."""
        while self._more and self._taken - self._given < self._window:
            try:
                job = next(self._source)
            except StopIteration:
                self._more = False
            else:
                self._take(job)
        while self._short_of_workers():
            self._hire()

    def _take(self, job: Any) -> None:
        """The query is read now, while the names that a lambda uses stand for what they do. Raises BadArg."""
        number = self._taken
        table, query, counts = parts_of(job)
        try:
            work = Work(number, table, table._spec(query), counts)
        except Exception as error:  # noqa: BLE001  # a query that cannot be understood has that as its outcome
            self._taken += 1
            with lock:
                self._note(number, ExitReason(reason_of(error)))
            return
        self._taken += 1
        with lock:
            self._queue.append(work)
            if self._idle:
                self._idle.pop().process.wake()

    def _short_of_workers(self) -> bool:
        return len(self._workers) < self._places and len(self._queue) > len(self._idle)

    def _hire(self) -> None:
        owner = self._owner
        worker = Worker(child(owner, self._serve))

        def on_exit(reason: Term) -> None:
            self._ended(worker, reason)

        worker.process.on_exit = on_exit
        with lock:
            self._workers.append(worker)
        launch(worker.process, self._serve, (worker,))
        owner.scheduler.pause()

    def _must_wait(self) -> bool:
        """Whether all that can be done is to wait; the lock is held."""
        return self._given not in self._outcomes and not self._short_of_workers()

    def _next_deadline(self) -> float | None:
        """When the first of the jobs under way, or of those that can begin meanwhile, has had its time."""
        if self._timeout is None:
            return None
        works = [worker.work for worker in self._workers]
        known = [work.deadline for work in works if work is not None and work.deadline is not None]
        return min([*known, self._owner.scheduler.now() + self._timeout])

    def _end_overdue(self) -> None:
        """Ends the workers whose jobs have had their time."""
        if self._timeout is None:
            return
        late: list[Worker] = []
        with lock:
            now = self._owner.scheduler.now()
            for worker in list(self._workers):
                work = worker.work
                if work is not None and work.deadline is not None and work.deadline <= now:
                    self._note(work.number, ExitReason(TIMEOUT))
                    worker.work = None
                    self._workers.remove(worker)
                    late.append(worker)
        for worker in late:
            kernel.end(worker.process, KILLED)

    def close(self) -> None:
        """Ends what is still running."""
        if self._closed:
            return
        self._owner.disown(self)
        self._close_workers()
        closing = getattr(self._source, "close", None)
        if closing is not None and self._more:
            closing()

    def owner_ended(self, owner: Pid, reason: Term) -> None:
        self._close_workers()

    def _close_workers(self) -> None:
        with lock:
            self._closed = True
            self._queue.clear()
            busy = [worker for worker in self._workers if worker.work is not None]
            for worker in busy:
                worker.work = None
            idle, self._idle[:] = list(self._idle), []
            for worker in idle:
                worker.process.wake()
        for worker in busy:
            kernel.end(worker.process, KILLED)

    # --- the workers --------------------------------------------------------------------------------------------------

    def _serve(self, worker: Worker) -> None:
        """What a worker does, as a process."""
        work = self._next_work(worker, None, None)
        while work is not None:
            outcome = worker.outcome_of(work)
            if worker.scheduler.takes_turns:
                worker.scheduler.pause()
            work = self._next_work(worker, work, outcome)

    def _next_work(self, worker: Worker, done: Work | None, outcome: Ok[Any] | ExitReason | None) -> Work | None:
        """Hands in the outcome of one job, unless it is not wanted any more, and waits for another; None at the end."""
        with lock:
            if done is not None and outcome is not None and worker.work is done:
                worker.work = None
                self._note(done.number, outcome)
            while not self._queue and not self._closed and worker.process.alive:
                self._idle.append(worker)
                worker.process.wait(None)
                if worker in self._idle:
                    self._idle.remove(worker)
            if self._closed or not worker.process.alive:
                return None
            work = worker.work = self._queue.popleft()
            if self._timeout is not None:
                work.deadline = worker.scheduler.now() + self._timeout
            return work

    def _note(self, number: int, outcome: Ok[Any] | ExitReason) -> None:
        """Puts an outcome where the consumer finds it. The lock is held."""
        self._outcomes[number if self._ordered else self._noted] = outcome
        self._noted += 1
        if self._owner.waiters:
            self._owner.wake()

    def _ended(self, worker: Worker, reason: Term) -> None:
        """A worker has ended, perhaps because somebody has ended it."""
        worker.process.on_exit = None  # which leads back here: a ring less for the garbage collector
        with lock:
            if worker in self._workers:
                self._workers.remove(worker)
            if worker in self._idle:
                self._idle.remove(worker)
            work, worker.work = worker.work, None
            if work is not None:
                self._note(work.number, ExitReason(reason))
            self._owner.wake()


def parts_of(job: Any) -> tuple[Queryable[Any], Query, bool]:
    """Table, query, and whether it is to count. Raises BadArg, cause "type" or "option"."""
    if not isinstance(job, tuple) or not 2 <= len(job) <= len(Job._fields) or not isinstance(job[0], Queryable):
        allowed = "allowed are a Job, and a tuple of a table and a query"
        raise BadArg("type", "job", job, allowed)
    operation = job[2] if len(job) > 2 else SELECT
    if operation not in {SELECT, SELECT_COUNT}:
        raise BadArg("option", "operation", operation, f"allowed are {SELECT!r} and {SELECT_COUNT!r}")
    return job[0], job[1], operation == SELECT_COUNT
