"""Scans in steps: the results are those of select, as at one moment, and the hook hears how far the scan has come."""

from typing import Any, TypeAlias

import pytest

from matchspec import SKIP, MatchSpecError
from matchspec.errors import EvalError
from runtime import BadArg, ets
from runtime.storage import KINDS, Kind

AnyTable: TypeAlias = Any  # a Table or a PartitionedTable, which have these methods in common
Calls: TypeAlias = list[tuple[int, int]]


def new(kind: Kind, partitions: int) -> AnyTable:
    if partitions:
        return ets.new_partitioned("t", type=kind, partitions=partitions)
    return ets.new("t", type=kind)


@pytest.fixture(params=[0, 1, 3], ids=["one", "partition", "partitions"])
def partitions(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("size", "step", "dones"), [(0, 3, [0]), (5, 9, [5]), (9, 9, [9]), (10, 4, [4, 8, 10])])
def test_each_step_is_told(kind: Kind, partitions: int, size: int, step: int, dones: list[int]) -> None:
    table = new(kind, partitions)
    table.insert([(n, n % 3) for n in range(size)])
    expected = [n for n in range(size) if n % 3 == 1]
    calls: Calls = []
    found = table.select_with_progress(
        lambda n, rest: n if rest == 1 else SKIP, lambda done, total: calls.append((done, total)), step=step
    )
    assert calls == [(done, size) for done in dones]
    assert sorted(found) == expected
    assert kind != "ordered_set" or found == expected
    calls.clear()
    count = table.count_with_progress(
        lambda n, rest: rest == 1, lambda done, total: calls.append((done, total)), step=step
    )
    assert calls == [(done, size) for done in dones]
    assert count == len(expected)


def test_a_long_scan_is_told_of_without_asking_for_steps(partitions: int) -> None:
    table = new("set", partitions)
    table.insert([(n,) for n in range(10_000)])
    calls: Calls = []
    assert len(table.select_with_progress("fun({N}) -> N end", lambda *call: calls.append(call))) == 10_000
    assert len(calls) > 3
    assert calls == sorted(calls)
    assert calls[-1] == (10_000, 10_000)


def test_a_plan_makes_the_total_small(partitions: int) -> None:
    """What is told of are the rows that the scan looks at."""
    table = new("ordered_set", partitions)
    table.insert([(n,) for n in range(1000)])
    calls: Calls = []
    assert table.select_with_progress(lambda row: row if row[0] == 7 else SKIP, lambda *call: calls.append(call)) == [
        (7,)
    ]
    assert calls == [(1, 1)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_hook_may_write_and_the_scan_does_not_see_it(kind: Kind, partitions: int) -> None:
    table = new(kind, partitions)
    table.insert([(n,) for n in range(100)])

    def write(done: int, total: int) -> None:
        table.insert([(done + 1000,), (done - 1,)])
        table.delete(99)

    assert sorted(table.select_with_progress("fun({N}) -> N end", write, step=10)) == list(range(100))
    assert not table.member(99)
    assert table.member(1010)
    assert table.check() == []


def test_the_hook_may_end_the_scan(partitions: int) -> None:
    class Enough(Exception):
        pass

    table = new("set", partitions)
    table.insert([(n, 1 if n < 50 else 0) for n in range(100)])
    calls: Calls = []

    def stop(done: int, total: int) -> None:
        calls.append((done, total))
        if done >= 30:
            raise Enough

    for call in (table.select_with_progress, table.count_with_progress):
        calls.clear()
        with pytest.raises(Enough):
            call("fun({N, _}) -> N < 1000 end", stop, step=10)
        assert calls == [(10, 100), (20, 100), (30, 100)]
    table.insert((1000, 1))  # nobody holds the rows
    assert table.check() == []


def test_results_are_copies(partitions: int) -> None:
    table = new("set", partitions)
    table.insert([(n, [n]) for n in range(10)])
    for row in table.select_with_progress("fun(Row) -> Row end", lambda done, total: None, step=3):
        row[1].append("changed")
    assert sorted(table.tab2list()) == [(n, [n]) for n in range(10)]


def test_errors(partitions: int) -> None:
    table = new("set", partitions)
    table.insert([(n,) for n in range(10)])
    for step in (0, -1, 1.0, True, None):
        with pytest.raises(BadArg) as caught:
            table.select_with_progress("fun({N}) -> N end", print, step=step)
        assert caught.value.argument == "step"
    with pytest.raises(MatchSpecError):
        table.select_with_progress("fun({N", print)
    with pytest.raises(EvalError):
        table.select_with_progress(lambda row: row[0] // 0, lambda done, total: None, step=3)
    table.insert((11,))
    assert table.check() == []


def test_what_was_looked_at_and_found_is_counted(partitions: int) -> None:
    table = new("ordered_set", partitions)
    table.insert([(n, n % 2) for n in range(100)])
    table.select_with_progress("fun({N, 1}) -> N end", lambda done, total: None, step=7)
    table.count_with_progress("fun({_, V}) -> V == 0 end", lambda done, total: None, step=7)
    counted = table.statistics()
    assert (counted.candidates, counted.found) == (200, 100)
