"""Counts of what a table was asked to do, and the switch that checks tables after every operation."""

from typing import Any

import pytest

from matchspec import SKIP
from runtime import BadArg, ets


def test_counts() -> None:
    table = ets.new("t", type="ordered_set", index=[2])
    table.insert([(n, n % 10) for n in range(100)])
    table.insert((100, 0))
    assert table.insert_new((100, 1)) is False
    table.lookup(5)
    table.lookup(-5)
    assert 7 in table
    table.lookup_element(8, 2)
    table.update_counter(5, 1)
    table.update_element(5, (2, 5))
    table.update_element(-5, (2, 5))
    table.delete(0)
    table.delete(0)
    table.take(1)
    table.delete_object((2, 2))
    told = table.statistics()
    assert (told.size, told.inserted, told.updated, told.deleted) == (98, 101, 2, 3)
    assert (told.lookups, told.hits) == (4, 3)
    assert (told.expired, told.evicted) == (0, 0)
    assert told.memory > 98 * 50
    assert table.select(lambda k, v: v if k == 50 else SKIP) == [0]
    assert len(table.select(lambda k, v: k if 50 <= k < 55 else SKIP)) == 5
    assert len(table.select(lambda k, v: k if v == 3 else SKIP)) == 10
    assert len(table.select(lambda k, v: k if v != 3 else SKIP)) == 88
    told = table.statistics()
    assert (told.key_plans, told.range_plans, told.index_plans, told.scans) == (1, 1, 1, 1)
    assert (told.candidates, told.found) == (1 + 5 + 10 + 98, 1 + 5 + 10 + 88)
    table.select_delete(lambda k, v: v == 3)
    table.delete_all_objects()
    assert table.statistics().deleted == 3 + 98
    table.drop()
    with pytest.raises(BadArg) as caught:
        table.statistics()
    assert caught.value.cause == "id"


def test_the_switch_checks_after_every_operation(monkeypatch: pytest.MonkeyPatch) -> None:
    quiet: ets.Table[Any] = ets.new("quiet")
    monkeypatch.setenv("MATCHSPEC_CHECK", "1")
    strict: ets.Table[Any] = ets.new("strict")
    monkeypatch.setenv("MATCHSPEC_CHECK", "0")
    off: ets.Table[Any] = ets.new("off")
    for table in (quiet, strict, off):
        table.insert([(1, "a"), (2, "b")])
        slots = table._storage._slots  # type: ignore[attr-defined]  # broken on purpose, from within
        slots.gone = 5
        if table is strict:
            with pytest.raises(AssertionError, match="gone is 5"):
                table.lookup(1)
        else:
            assert table.lookup(1) == [(1, "a")]
        slots.gone = 0
        table.lookup(1)
        table.drop()
