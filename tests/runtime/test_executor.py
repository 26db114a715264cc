"""The query executor: what it gives, in which order, and what ends when. Simulated time, but for two tests of threads.

A query takes time when it compares a value whose `==` does: Slow sleeps, Held waits for the test, Noting takes notes.
"""

import asyncio
import itertools
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

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

AnyTable: TypeAlias = ets.Table[Any]

EQUAL: Final = "lambda k, v: k if v == 0 else SKIP"  # calls the `==` of the value


def digit_is(wanted: int) -> Any:
    return lambda n, digit: n if digit == wanted else SKIP


class Slow:
    """A value that takes a while to compare."""

    def __init__(self, seconds: float) -> None:
        self.seconds: Final = seconds

    def __eq__(self, other: object) -> bool:
        sleep(self.seconds)
        return True

    def __hash__(self) -> int:
        return 0


class Noting:
    """A value that calls a function when it is compared; `then` is the answer."""

    def __init__(self, fn: Callable[[], object], then: bool = True) -> None:
        self.fn: Final = fn
        self.then: Final = then

    def __eq__(self, other: object) -> bool:
        self.fn()
        return self.then

    def __hash__(self) -> int:
        return 0

    def __deepcopy__(self, memo: object) -> "Noting":
        return self


@pytest.fixture(params=range(5), ids=lambda seed: f"seed{seed}")
def time(request: pytest.FixtureRequest) -> Iterator[Simulation]:
    with simulation(seed=request.param) as simulated:
        yield simulated


def slow_tables(*seconds: float) -> list[AnyTable]:
    """Tables of one row, the number of the table, which takes so many seconds to be found."""
    tables: list[AnyTable] = []
    for number, wait in enumerate(seconds):
        table = ets.new("slow")
        table.insert((number, Slow(wait)))
        tables.append(table)
    return tables


def numbers(count: int) -> AnyTable:
    table = ets.new("numbers", type="ordered_set")
    table.insert([(n, n % 10) for n in range(count)])
    return table


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


# --- one large result -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["set", "ordered_set", "bag", "duplicate_bag"])
@pytest.mark.parametrize(("chunk", "ahead"), [(1, 1), (7, 2), (1000, 2), (5000, 3)])
def test_rows_are_those_of_select(time: Simulation, kind: Any, chunk: int, ahead: int) -> None:
    table = ets.new("t", type=kind)
    table.insert([(n, n % 7) for n in range(2 * STEP + 100)])
    rows = QueryExecutor().rows(table, lambda n, rest: n if rest < 3 else SKIP, chunk=chunk, ahead=ahead)
    assert sorted(rows) == [n for n in range(2 * STEP + 100) if n % 7 < 3]
    assert list(rows) == table.select(lambda n, rest: n if rest < 3 else SKIP)  # once more, from the beginning


def test_rows_are_those_of_one_moment(time: Simulation) -> None:
    table = numbers(3 * STEP)
    found: list[int] = []
    for n in QueryExecutor().rows(table, "fun({N, _}) -> N end", chunk=50):
        if n == 60:
            table.delete_all_objects()
            table.insert((-1, 0))
        found.append(n)
    assert found == list(range(3 * STEP))


def test_rows_are_computed_ahead_but_not_far(time: Simulation) -> None:
    looked: list[int] = []
    table = ets.new("t", type="ordered_set")
    table.insert([(n, Noting(lambda: looked.append(1))) for n in range(20 * STEP)])
    rows = iter(QueryExecutor().rows(table, EQUAL, chunk=STEP // 2, ahead=3))
    for given in range(5 * STEP):
        assert next(rows) == given
        if given % 777 == 0:
            sleep(1)
            # Three chunks that wait, one that the producer holds in its hands, and the one that is being read.
            assert len(looked) - given <= 5 * STEP // 2
    assert len(looked) < 8 * STEP
    before = len(looked)
    rows.close()
    sleep(1)
    assert len(looked) == before


def test_what_the_query_raises_comes_after_the_rows_before(time: Simulation) -> None:
    table = ets.new("t", type="ordered_set")
    table.insert([(n, 0 if n == STEP + 5 else 1) for n in range(3 * STEP)])
    found: list[int] = []
    with pytest.raises(EvalError):
        found.extend(QueryExecutor().rows(table, lambda n, one: n // one, chunk=100))
    found = []
    rows = QueryExecutor().rows(table, lambda n, one: n // one, chunk=100)
    with pytest.raises(EvalError):  # noqa: PT012  # how far it comes is what is tested
        for n in rows:
            found.append(n)
    assert found == list(range(STEP))


def test_rows_that_take_too_long(time: Simulation) -> None:
    (table,) = slow_tables(9)
    before = processes()
    with pytest.raises(Exit) as caught:
        list(QueryExecutor(timeout=2).rows(table, EQUAL))
    assert caught.value.reason == (TIMEOUT, (EXECUTOR, Atom("rows"), [2]))
    assert time.now() == 2
    assert processes() == before


def test_a_producer_that_somebody_kills(time: Simulation) -> None:
    table = ets.new("t")
    table.insert((1, Noting(lambda: exit(self_(), "kill"))))
    with pytest.raises(Exit) as caught:
        list(QueryExecutor().rows(table, EQUAL))
    assert caught.value.reason is KILLED


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


# --- arguments --------------------------------------------------------------------------------------------------------


WRONG: Any = 7
TEXT: Any = "1"


@pytest.mark.parametrize(
    "call",
    [
        lambda table: QueryExecutor(max_concurrency=0),
        lambda table: QueryExecutor(max_concurrency=True),
        lambda table: QueryExecutor(timeout=-1),
        lambda table: QueryExecutor(timeout=TEXT),
        lambda table: QueryExecutor().stream([], ordered=WRONG),
        lambda table: QueryExecutor().stream([], on_timeout=WRONG),
        lambda table: QueryExecutor().stream([], ahead=0),
        lambda table: QueryExecutor().stream(WRONG),
        lambda table: QueryExecutor().run(WRONG),
        lambda table: QueryExecutor().rows(WRONG, EQUAL),
        lambda table: QueryExecutor().rows(table, EQUAL, chunk=0),
        lambda table: QueryExecutor().rows(table, EQUAL, ahead=TEXT),
    ],
)
def test_bad_arguments(call: Callable[[AnyTable], Any]) -> None:
    with pytest.raises(BadArg):
        call(ets.new("t"))


def test_a_bad_query_raises_where_rows_are_asked_for() -> None:
    with pytest.raises(MatchSpecError):
        QueryExecutor().rows(ets.new("t"), "fun({N")


def test_a_private_table_is_closed_to_the_workers() -> None:
    table = ets.new("t", access="private")
    with pytest.raises(BadArg) as caught:
        QueryExecutor().run([(table, EQUAL)])
    assert caught.value.cause == "access"


def test_a_job_over_a_partitioned_table(time: Simulation) -> None:
    table = ets.new_partitioned("t", type="ordered_set", partitions=3)
    table.insert([(n, n % 5) for n in range(2 * STEP)])
    executor = QueryExecutor(max_concurrency=3)
    expected = [n for n in range(2 * STEP) if n % 5 == 0]
    assert executor.run([(table, EQUAL), Job(table, "fun({_, V}) -> V == 0 end", "select_count")]) == [
        expected,
        len(expected),
    ]
    assert list(executor.rows(table, EQUAL, chunk=300)) == expected
    parts = executor.run([(part, EQUAL) for part in table.partitions])
    assert sorted(itertools.chain(*parts)) == expected
