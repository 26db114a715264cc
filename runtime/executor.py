"""The query executor: many queries over many tables, or one large result, computed by other processes.

    executor = QueryExecutor(max_concurrency=4, timeout=2.0)
    adults, count = executor.run([(users, lambda u: u.age > 17), Job(orders, "lambda o: o.open", "select_count")])
    for outcome in executor.stream(jobs): ...                  # Ok(result) or ExitReason(reason), as they are asked for
    for row in executor.rows(log, lambda entry: entry): ...    # one large result, computed ahead of the loop

Who iterates is the owner of what runs: when it leaves the loop, or ends, the queries end, within a step of their scans
(see `Queryable.select_with_progress`). In coroutines there are `async for`, and `await executor.arun(jobs)`. How it is
done is in `runtime.workers` and `runtime.feed`. The workers are processes of their own, so private tables are closed to
them.
"""

import os
from collections.abc import Iterable
from typing import Any, Final, TypeAlias, final

from matchspec.unchecked import Unchecked
from matchspec.values import Atom, Term
from runtime.errors import BadArg, flag
from runtime.exits import Exit
from runtime.feed import Feed
from runtime.kernel import current
from runtime.outcome import ExitReason, Ok
from runtime.process import Timeout, seconds_of
from runtime.queryable import Query, Queryable, Spec
from runtime.stream import OnTimeout, exits_on_timeout, is_count
from runtime.workers import EXECUTOR, Job, Run, parts_of

__all__ = ["Job", "QueryExecutor"]

JobLike: TypeAlias = Job | tuple[Any, Any] | tuple[Any, Any, str]  # (table, query), (table, query, operation)
AHEAD: Final = 32  # jobs that are on their way, or done and not asked for
_AHEAD_OF_ALL: Final = 1024  # the same where all outcomes are kept anyway


@final
class QueryExecutor:
    """Runs queries as processes. Holds only its options, so any number of threads and coroutines may use one.

    Args:
        max_concurrency: how many processes a run may have at work at once; None is the number of processors.
        timeout: the seconds that each query may take from when it is begun, 5 unless given; None is for ever.

    Raises BadArg, cause "option".
    """

    def __init__(self, *, max_concurrency: int | Unchecked | None = None, timeout: Timeout = 5.0) -> None:
        places = (os.cpu_count() or 1) if max_concurrency is None else max_concurrency
        if not is_count(places):
            raise BadArg("option", "max_concurrency", max_concurrency, "allowed are None and numbers from 1 on")
        self.max_concurrency: Final = places
        self.timeout: Final = seconds_of(timeout)

    def __repr__(self) -> str:
        return f"<QueryExecutor, {self.max_concurrency} at a time, {self.timeout} seconds each>"

    def run(self, jobs: Iterable[JobLike]) -> list[Any]:
        """The results of all jobs, in their order: of each what `select`, or `select_count`, would give.

        A job is a Job, or a tuple (table, query) or (table, query, operation). If one fails, the others end, and this
        raises what the query has raised, with a note that says which job it was. When one takes too long, or somebody
        ends its process, this raises Exit, with reason `(TIMEOUT or that reason, (EXECUTOR, run, [number of job]))`.
        O(jobs) beside the queries. Raises BadArg: "type", "option" for what is no job.
        """
        run = self._run(jobs, _AHEAD_OF_ALL, True, False)
        results: list[Any] = []
        while True:
            outcome = run.next()
            if outcome is None:
                return results
            results.append(_value_of(outcome, run, len(results)))

    async def arun(self, jobs: Iterable[JobLike]) -> list[Any]:
        """`run` for coroutines: other coroutines go on meanwhile, and cancelling this one ends the queries."""
        run = self._run(jobs, _AHEAD_OF_ALL, True, False)
        results: list[Any] = []
        while True:
            outcome = await run.next_async()
            if outcome is None:
                return results
            results.append(_value_of(outcome, run, len(results)))

    def stream(
        self,
        jobs: Iterable[JobLike],
        *,
        ordered: bool | Unchecked = True,
        on_timeout: OnTimeout | Unchecked = "kill_task",
        ahead: int | Unchecked = AHEAD,
    ) -> "Outcomes":
        """The outcomes, for `for` and `async for`: Ok(result), or ExitReason(reason) for a query that has failed.

        They come in the order of the jobs, or as they come where `ordered` is False. The reason is `(error, stack)` for
        a query that raised, TIMEOUT for one that took too long; with `on_timeout="exit"` the caller exits instead.
        Jobs are taken as outcomes are asked for, at most `ahead` (or `max_concurrency`, if that is more) before these
        are, so they may be without end. Raises BadArg: "type", "option".
        """
        in_order, exits = flag("ordered", ordered), exits_on_timeout(on_timeout)
        return Outcomes(self._run(jobs, _count("ahead", ahead), in_order, exits))

    def _run(self, jobs: Iterable[JobLike], window: int, ordered: bool, exit_on_timeout: bool) -> Run:
        if not isinstance(jobs, Iterable):
            raise BadArg("type", "jobs", jobs, "allowed is an iterable of jobs")
        return Run(
            current(),
            jobs,
            places=self.max_concurrency,
            window=max(window, self.max_concurrency),
            ordered=ordered,
            timeout=self.timeout,
            exit_on_timeout=exit_on_timeout,
        )

    def rows(self, table: Term, query: Query, *, chunk: int | Unchecked = 1000, ahead: int | Unchecked = 2) -> "Rows":
        """The results of one query, one by one, for `for` and `async for`: those of `select`, and as at one moment.

        A process computes them, `chunk` at a time, and is at most `ahead` chunks ahead of the loop: memory is bounded
        by that, and by the rows that change meanwhile. The moment is that at which the iteration begins; the query is
        read at once, so that a bad one raises here. The time-out is for each wait for a chunk; then the caller exits.
        Raises MatchSpecError; BadArg: "type", "option"; while iterating, what the query raises, and Exit.
        """
        queried, given, _ = parts_of((table, query))
        rows, chunks = _count("chunk", chunk), _count("ahead", ahead)
        return Rows(queried, queried._spec(given), rows, chunks, self.timeout)


def _count(option: str, value: Term) -> int:
    if not is_count(value):
        raise BadArg("option", option, value, "allowed are numbers from 1 on")
    return value


def _value_of(outcome: Ok[Any] | ExitReason, run: Run, number: int) -> Any:
    """The result of a job. Raises what it raised."""
    if isinstance(outcome, Ok):
        return outcome.value
    run.close()
    reason: Term = outcome.reason
    error = reason[0] if isinstance(reason, tuple) and reason else None
    if not isinstance(error, Exception):
        raise Exit((reason, (EXECUTOR, Atom("run"), [number])))
    error.add_note(f"This was job {number}, counted from 0, of a QueryExecutor.")
    raise error


@final
class Outcomes:
    """An iterator over the outcomes of jobs. When it is given up, what is still running ends."""

    def __init__(self, run: Run) -> None:
        self._run: Final = run

    def __iter__(self) -> "Outcomes":
        return self

    def __aiter__(self) -> "Outcomes":
        return self

    def __next__(self) -> Ok[Any] | ExitReason:
        outcome = self._run.next()
        if outcome is None:
            raise StopIteration
        return outcome

    async def __anext__(self) -> Ok[Any] | ExitReason:
        outcome = await self._run.next_async()
        if outcome is None:
            raise StopAsyncIteration
        return outcome

    def close(self) -> None:
        """Ends what is still running. Iterating to the end, leaving a loop and deleting the iterator do so too."""
        self._run.close()

    def __del__(self) -> None:
        self._run.close()


@final
class Rows:
    """One large result; each iteration begins anew. See `QueryExecutor.rows`."""

    def __init__(self, table: Queryable[Any], query: Spec, chunk: int, ahead: int, timeout: float | None) -> None:
        self._table: Final = table
        self._query: Final = query
        self._chunk: Final = chunk
        self._ahead: Final = ahead
        self._timeout: Final = timeout

    def _feed(self) -> Feed:
        return Feed(current(), self._table, self._query, chunk=self._chunk, ahead=self._ahead, timeout=self._timeout)

    def __iter__(self) -> "RowIterator":
        return RowIterator(self._feed())

    def __aiter__(self) -> "RowIterator":
        return RowIterator(self._feed())


@final
class RowIterator:
    """An iterator over the rows of a large result. When it is given up, the query ends."""

    def __init__(self, feed: Feed) -> None:
        self._feed: Final = feed
        self._chunk: list[Any] = []
        self._at = 0

    def __iter__(self) -> "RowIterator":
        return self

    def __aiter__(self) -> "RowIterator":
        return self

    def __next__(self) -> Any:
        if self._at == len(self._chunk) and not self._turn(self._feed.next()):
            raise StopIteration
        self._at += 1
        return self._chunk[self._at - 1]

    async def __anext__(self) -> Any:
        if self._at == len(self._chunk) and not self._turn(await self._feed.next_async()):
            raise StopAsyncIteration
        self._at += 1
        return self._chunk[self._at - 1]

    def _turn(self, chunk: list[Any] | None) -> bool:
        """Goes on to the next chunk, if there is one."""
        self._chunk, self._at = chunk if chunk is not None else [], 0
        return chunk is not None

    def close(self) -> None:
        """Ends the query. Iterating to the end, leaving a loop and deleting the iterator do so too."""
        self._feed.close()

    def __del__(self) -> None:
        self._feed.close()
