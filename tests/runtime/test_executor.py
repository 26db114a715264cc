"""The query executor: what it gives, in which order, and what ends when. Simulated time, but for two tests of threads.

What makes a query take time is in `slow_queries`.
"""

import asyncio
import itertools
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from matchspec import SKIP, Atom, MatchSpecError
from matchspec.errors import EvalError
from runtime import (
    KILLED,
    TIMEOUT,
    BadArg,
    Exit,
    ExitReason,
    Job,
    Ok,
    QueryExecutor,
    ets,
    exit,
    is_alive,
    processes,
    receive,
    self_,
    send,
    sleep,
    spawn,
)
from runtime.queryable import STEP
from runtime.simulator import Simulation, simulation
from runtime.workers import EXECUTOR
from tests.runtime.slow_queries import EQUAL, Noting, Slow, digit_is, numbers, slow_tables


@pytest.fixture(params=range(5), ids=lambda seed: f"seed{seed}")
def time(request: pytest.FixtureRequest) -> Iterator[Simulation]:
    with simulation(seed=request.param) as simulated:
        yield simulated


# --- results ----------------------------------------------------------------------------------------------------------


def test_run_gives_what_select_gives_in_the_order_of_the_jobs(time: Simulation) -> None:
    tables = [numbers(count) for count in (0, 1, 50, 7000)]
    jobs: list[Any] = []
    expected: list[Any] = []
    for wanted, table in itertools.product(range(10), tables):
        found = [n for n in range(len(table)) if n % 10 == wanted]
        jobs.append((table, digit_is(wanted)))
        expected.append(found)
        jobs.append(Job(table, f"fun({{N, D}}) -> D == {wanted} end", "select_count"))
        expected.append(len(found))
    assert QueryExecutor(max_concurrency=3).run(jobs) == expected


def test_a_query_is_read_when_its_job_is_taken(time: Simulation) -> None:
    """The jobs are made by a generator, whose `n` has gone on when a worker comes to the query."""
    table = numbers(10)
    jobs = ((table, lambda key, digit: key if key == n else SKIP) for n in range(10))  # noqa: B023  # what is tested
    assert QueryExecutor(max_concurrency=2).run(jobs) == [[n] for n in range(10)]


def test_no_jobs() -> None:
    assert QueryExecutor().run([]) == []
    assert list(QueryExecutor().stream(iter(()))) == []


@pytest.mark.parametrize(("places", "seconds"), [(1, 6), (2, 3), (3, 2), (4, 2), (6, 1), (9, 1)])
def test_as_many_at_once_as_are_allowed(time: Simulation, places: int, seconds: float) -> None:
    jobs = [(table, EQUAL) for table in slow_tables(*[1] * 6)]
    assert QueryExecutor(max_concurrency=places).run(jobs) == [[n] for n in range(6)]
    assert time.now() == seconds


def test_in_order_or_as_they_come(time: Simulation) -> None:
    jobs = [(table, EQUAL) for table in slow_tables(3, 1, 2, 0.5)]
    executor = QueryExecutor(max_concurrency=4)
    ordered = [(outcome, time.now()) for outcome in executor.stream(jobs)]
    assert ordered == [(Ok([0]), 3), (Ok([1]), 3), (Ok([2]), 3), (Ok([3]), 3)]
    free = [(outcome, time.now() - 3) for outcome in executor.stream(jobs, ordered=False)]
    assert free == [(Ok([3]), 0.5), (Ok([1]), 1), (Ok([2]), 2), (Ok([0]), 3)]


def test_jobs_without_end_are_taken_as_outcomes_are_asked_for(time: Simulation) -> None:
    table = numbers(10)
    taken = 0

    def jobs() -> Iterator[Any]:
        nonlocal taken
        while True:
            taken += 1
            yield table, f"fun({{K, _}}) when K == {taken - 1} -> K end"

    most = 0
    for given, outcome in enumerate(QueryExecutor(max_concurrency=2).stream(jobs(), ahead=5)):
        assert outcome == Ok([given] if given < 10 else [])
        most = max(most, taken - given)
        if given == 50:
            break
    assert most == 5


# --- failures ---------------------------------------------------------------------------------------------------------


def test_what_a_query_raises_is_its_outcome(time: Simulation) -> None:
    table = numbers(20)
    gone = ets.new("gone")
    gone.drop()
    jobs: list[Any] = [
        (table, lambda n, digit: n // digit),
        (table, "fun({N"),
        (gone, EQUAL),
        (table, "fun({N, D}) when D == 3 -> N end"),
    ]
    outcomes = list(QueryExecutor(max_concurrency=2).stream(jobs))
    causes: list[Any] = []
    for outcome in outcomes[:3]:
        assert isinstance(outcome, ExitReason)
        reason: Any = outcome.reason
        error, stack = reason
        assert stack
        assert all(len(frame) == 3 for frame in stack)
        causes.append(type(error))
    assert causes[0] is EvalError
    assert issubclass(causes[1], MatchSpecError)
    assert causes[2] is BadArg
    assert outcomes[3] == Ok([3, 13])


def test_run_raises_what_the_query_raised_and_ends_the_others(time: Simulation) -> None:
    slow, slower = slow_tables(1, 50)
    before = processes()
    jobs: list[Any] = [(slow, EQUAL), (numbers(5), lambda n, digit: n // 0), (slower, EQUAL)]
    with pytest.raises(EvalError) as caught:
        QueryExecutor(max_concurrency=3).run(jobs)
    assert "job 1," in caught.value.__notes__[0]
    assert time.now() == 1
    sleep(1)
    assert processes() == before


def test_a_job_that_is_none_raises_and_ends_the_others(time: Simulation) -> None:
    before = processes()
    (slow,) = slow_tables(5)
    bad: Any
    for bad in (7, (slow,), (7, EQUAL), (slow, EQUAL, "select_delete"), (slow, EQUAL, "select", 1)):
        with pytest.raises(BadArg):
            QueryExecutor().run([(slow, EQUAL), bad])
    sleep(1)
    assert processes() == before
    assert time.now() == 1


def test_a_source_that_raises(time: Simulation) -> None:
    before = processes()
    (slow,) = slow_tables(5)

    def jobs() -> Iterator[Any]:
        yield slow, EQUAL
        raise LookupError("no more")

    with pytest.raises(LookupError):
        list(QueryExecutor().stream(jobs()))
    sleep(1)
    assert processes() == before


def test_a_worker_that_somebody_kills(time: Simulation) -> None:
    """Its job has the reason for its outcome, and another worker takes the rest."""
    table = ets.new("t")
    table.insert((1, Noting(lambda: exit(self_(), "kill"))))
    jobs: list[Any] = [(table, EQUAL), (numbers(3), "fun({N, _}) -> N end")]
    assert list(QueryExecutor(max_concurrency=1).stream(jobs)) == [ExitReason(KILLED), Ok([0, 1, 2])]
    with pytest.raises(Exit) as caught:
        QueryExecutor().run(jobs)
    assert caught.value.reason == (KILLED, (EXECUTOR, Atom("run"), [0]))


# --- time -------------------------------------------------------------------------------------------------------------


def test_each_query_has_its_own_time(time: Simulation) -> None:
    """Counted from when it is begun, and not while it waits for a place."""
    jobs = [(table, EQUAL) for table in slow_tables(2, 2, 9, 2, 9, 2)]
    outcomes = list(QueryExecutor(max_concurrency=1, timeout=3).stream(jobs))
    late = ExitReason(TIMEOUT)
    assert outcomes == [Ok([0]), Ok([1]), late, Ok([3]), late, Ok([5])]
    assert time.now() == 2 + 2 + 3 + 2 + 3 + 2


def test_unordered_too(time: Simulation) -> None:
    jobs = [(table, EQUAL) for table in slow_tables(9, 1, 2)]
    outcomes = [
        (outcome, time.now()) for outcome in QueryExecutor(max_concurrency=3, timeout=1.5).stream(jobs, ordered=False)
    ]
    late = (ExitReason(TIMEOUT), 1.5)
    assert outcomes == [(Ok([1]), 1), late, late]


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("ordered", [True, False])
def test_a_query_that_ends_when_its_time_does(seed: int, ordered: bool) -> None:
    """The message wakes the consumer just then. Whether it or the worker notices first, each job has one outcome."""
    with simulation(seed) as time:
        main = self_()

        def finish() -> None:
            sleep(2)
            send(main, "about to end")

        late = ets.new("late")
        late.insert((7, Noting(finish)))
        jobs = [(late, EQUAL), (late, EQUAL), *[(table, EQUAL) for table in slow_tables(1, 1, 1)]]
        outcomes = list(QueryExecutor(max_concurrency=1, timeout=2).stream(jobs, ordered=ordered))
        assert outcomes == [ExitReason(TIMEOUT), ExitReason(TIMEOUT), Ok([0]), Ok([1]), Ok([2])]
        assert time.now() == 2 + 2 + 1 + 1 + 1


def test_no_time_out(time: Simulation) -> None:
    jobs = [(table, EQUAL) for table in slow_tables(500, 1000)]
    assert QueryExecutor(max_concurrency=2, timeout=None).run(jobs) == [[0], [1]]
    assert time.now() == 1000


def test_the_caller_exits_where_it_is_asked_to(time: Simulation) -> None:
    before = processes()
    jobs = [(table, EQUAL) for table in slow_tables(1, 9, 9)]
    executor = QueryExecutor(max_concurrency=3, timeout=2)
    stream = executor.stream(jobs, on_timeout="exit")
    assert next(stream) == Ok([0])
    with pytest.raises(Exit) as caught:
        next(stream)
    assert caught.value.reason == (TIMEOUT, (EXECUTOR, Atom("stream"), [2]))
    with pytest.raises(Exit) as caught:
        executor.run(jobs)
    assert caught.value.reason == (TIMEOUT, (EXECUTOR, Atom("run"), [1]))
    sleep(1)
    assert processes() == before


def test_a_scan_looks_at_its_deadline_by_itself(time: Simulation) -> None:
    """The consumer is busy elsewhere, and does not end the worker that has had its time."""
    table = ets.new("t", type="ordered_set")
    looked: list[int] = []
    table.insert([(n, Noting(lambda: looked.append(1), False)) for n in range(5 * STEP)])
    table.insert((0, Slow(3)))
    stream = QueryExecutor(max_concurrency=2, timeout=2).stream([(numbers(1), EQUAL), (table, EQUAL)])
    assert next(stream) == Ok([0])
    consumed = iter(stream)
    sleep(10)
    assert len(looked) == STEP - 1
    assert next(consumed) == ExitReason(TIMEOUT)


# --- cancelling -------------------------------------------------------------------------------------------------------


def test_leaving_the_loop_ends_what_runs(time: Simulation) -> None:
    before = processes()
    jobs = [(table, EQUAL) for table in slow_tables(1, 50, 50, 50)]
    for outcome in QueryExecutor(max_concurrency=2, timeout=None).stream(jobs):
        assert outcome == Ok([0])
        break
    assert processes() == before
    assert time.now() == 1


def test_who_has_ended_gives_no_more(time: Simulation) -> None:
    table = numbers(10)
    stream = QueryExecutor().stream([(table, EQUAL)] * 100)
    assert next(stream) == Ok([0])
    stream.close()
    assert list(stream) == []
    rows = iter(QueryExecutor().rows(table, "fun({N, _}) -> N end", chunk=1))
    assert next(rows) == 0
    rows.close()
    assert list(rows) == []
    rows = iter(QueryExecutor().rows(table, lambda n, digit: n // digit))
    with pytest.raises(EvalError):
        next(rows)
    assert list(rows) == []


def test_the_end_of_the_caller_ends_what_runs(time: Simulation) -> None:
    before = processes()
    tables = slow_tables(50, 50)
    rows = numbers(100_000)

    def consume() -> None:
        QueryExecutor(max_concurrency=2, timeout=None).run([(table, EQUAL) for table in tables])

    def watch() -> None:
        for row in QueryExecutor().rows(rows, "fun({N, _}) -> N end", chunk=10):
            sleep(row + 1)

    pids = [spawn(consume), spawn(watch)]
    sleep(1.5)
    assert len(processes()) == len(before) + 2 + 3
    for pid in pids:
        exit(pid, "stop")
    assert processes() == before


def test_a_scan_ends_within_a_step(time: Simulation) -> None:
    """A row in the middle of the third step tells the main process, which ends the run; the step is finished."""
    table = ets.new("t", type="ordered_set")
    main = self_()
    looked: list[int] = []

    def look() -> None:
        looked.append(1)
        if len(looked) == 2 * STEP + 7:
            send(main, "there")

    table.insert([(n, Noting(look)) for n in range(50 * STEP)])
    caller = spawn(lambda: QueryExecutor(timeout=None).run([(table, EQUAL)]))
    assert receive() == "there"
    exit(caller, "kill")
    sleep(1)
    assert 2 * STEP < len(looked) < 50 * STEP
    assert len(looked) % STEP == 0


def test_a_scan_ends_within_a_step_on_a_real_thread() -> None:
    """The same, with a worker held at a row of the first step, until it has been ended."""
    started, go, gone = threading.Event(), threading.Event(), threading.Event()
    looked: list[int] = []

    def look() -> None:
        looked.append(1)
        if len(looked) == 10:
            started.set()
            go.wait(timeout=60)

    table = ets.new("t", type="ordered_set")
    table.insert([(n, Noting(look)) for n in range(3 * STEP)])
    marker = Noting(lambda: None)
    weakref.finalize(marker, gone.set)
    table.insert((3 * STEP, marker))
    del marker
    stream = QueryExecutor(max_concurrency=2).stream([(numbers(1), EQUAL), (table, EQUAL)])
    assert next(stream) == Ok([0])
    assert started.wait(timeout=60)
    stream.close()
    table.drop()
    del stream, table
    go.set()
    assert gone.wait(timeout=60)  # the thread has let go of the rows
    assert len(looked) == STEP


# --- coroutines -------------------------------------------------------------------------------------------------------


def test_coroutines_wait_without_blocking_their_loop() -> None:
    started, go = threading.Event(), threading.Event()
    held = ets.new("held")

    def hold() -> None:
        started.set()
        go.wait(timeout=60)

    held.insert((1, Noting(hold)))
    table = numbers(5000)

    async def main() -> None:
        executor = QueryExecutor(max_concurrency=2, timeout=None)
        running = asyncio.create_task(executor.arun([(held, EQUAL), (table, EQUAL)]))
        await asyncio.to_thread(started.wait, 60)
        assert [n async for n in executor.rows(table, EQUAL)] == list(range(0, 5000, 10))
        assert [outcome async for outcome in executor.stream([(table, EQUAL)] * 3)] == [
            Ok(list(range(0, 5000, 10)))
        ] * 3
        assert not running.done()
        go.set()
        assert await running == [[1], list(range(0, 5000, 10))]
        with pytest.raises(EvalError):
            await executor.arun([(table, lambda n, digit: n // digit)])

    asyncio.run(main())


def test_cancelling_a_coroutine_ends_what_runs() -> None:
    started, go = threading.Event(), threading.Event()
    workers: list[Any] = []
    held = ets.new("held")

    def hold() -> None:
        workers.append(self_())
        started.set()
        go.wait(timeout=60)

    held.insert((1, Noting(hold)))

    async def main(start: Callable[[], Any]) -> None:
        started.clear()
        running = asyncio.create_task(start())
        await asyncio.to_thread(started.wait, 60)
        assert is_alive(workers[-1])
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert not is_alive(workers[-1])

    async def consume() -> None:
        async for _ in QueryExecutor(timeout=None).rows(held, EQUAL):
            raise AssertionError("nothing comes")

    asyncio.run(main(lambda: QueryExecutor(timeout=None).arun([(held, EQUAL)])))
    asyncio.run(main(consume))
    go.set()
