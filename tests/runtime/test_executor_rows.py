"""The query executor: the rows of one large result, and what it refuses. Simulated time."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from matchspec import SKIP, Atom, MatchSpecError
from matchspec.errors import EvalError
from runtime import KILLED, TIMEOUT, BadArg, Exit, Job, QueryExecutor, ets, exit, processes, self_, sleep
from runtime.queryable import STEP
from runtime.simulator import Simulation, simulation
from runtime.workers import EXECUTOR
from tests.runtime.slow_queries import EQUAL, AnyTable, Noting, numbers, slow_tables


@pytest.fixture(params=range(5), ids=lambda seed: f"seed{seed}")
def time(request: pytest.FixtureRequest) -> Iterator[Simulation]:
    with simulation(seed=request.param) as simulated:
        yield simulated


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
