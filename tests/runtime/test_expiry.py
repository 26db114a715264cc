"""Rows that live for a time, and tables of a limited size. The clock is the test's."""

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from matchspec import ANY, SKIP
from runtime import BadArg, ets
from runtime.storage import KINDS, Kind

Value: TypeAlias = Any


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_sees_an_expired_row(kind: Kind) -> None:
    clock = Clock()
    looks: list[Callable[[ets.Table[Any]], Any]] = [
        len, list, lambda t: t.lookup(1), lambda t: t.member(1), lambda t: 1 in t, lambda t: t.tab2list(),
        lambda t: t.select(lambda k, v: k), lambda t: t.select_count(lambda k, v: k == 1), lambda t: t.match((1, ANY)),
        lambda t: t.take(1), lambda t: t.info("size"), lambda t: t.foldl(lambda row, acc: acc + 1, 0),
        lambda t: t.lookup_element(1, 2, None) or 0, lambda t: list(t.select_iter(lambda k, v: k)),
        lambda t: [] if t.first() is ets.END else [t.first()], lambda t: t.slot(0) not in ([], ets.END),
        lambda t: t.expire(), lambda t: [] if t.match_object(ANY, 5) is ets.END else [1],
    ]  # fmt: skip
    for look in looks:
        table = ets.new("t", type=kind, ttl=10, clock=clock)
        table.insert((1, "a"))
        clock.now += 9.999
        assert look(table)
        table.insert((1, "b"))
        clock.now += 10
        assert not look(table)
        assert table.check() == []


def test_deadlines() -> None:
    clock = Clock()
    table = ets.new("t", ttl=10, clock=clock)
    table.insert([(1, 0), (2, 0)])
    table.insert((3, 0), ttl=3)
    table.insert((4, 0), ttl=math.inf)
    assert [table.expires_in(key) for key in (1, 2, 3, 4)] == [10, 10, 3, None]
    clock.now += 2
    table.update_counter(3, 1)
    table.update_element(1, (2, "x"))
    table.select_replace("fun({2, V}) -> {2, {V}} end")
    assert [table.expires_in(key) for key in (1, 2, 3, 4)] == [8, 8, 1, None]  # changes do not lengthen a life
    table.insert((1, "again"))
    assert table.expires_in(1) == 10
    clock.now += 1
    assert sorted(table.tab2list()) == [(1, "again"), (2, (0,)), (4, 0)]
    with pytest.raises(BadArg) as caught:
        table.expires_in(3)
    assert caught.value.cause == "badkey"
    assert table.update_counter(3, 5, (0, 0)) == 5  # born anew, with the time of the table
    assert table.expires_in(3) == 10
    clock.now += 9
    assert sorted(table.select(lambda k, v: k)) == [3, 4]
    clock.now += 1
    assert table.tab2list() == [(4, 0)]
    assert table.expire() == 1  # on disk a read deletes nothing
    assert table.statistics().expired == 4


def test_a_life_for_one_insertion_in_a_table_without() -> None:
    clock = Clock()
    table = ets.new("t", type="bag", clock=clock)
    table.insert([(1, "stays"), (1, "goes too")])
    table.insert([(1, "goes")], ttl=5)
    assert table.insert_new((2, 0), ttl=1) is True
    assert table.insert_new((2, 1), ttl=100) is False
    assert table.expires_in(1) == 5
    clock.now += 5
    assert sorted(table.tab2list()) == [(1, "goes too"), (1, "stays")]
    assert table.expires_in(1) is None


def test_equal_rows_of_a_duplicate_bag_have_lives_of_their_own() -> None:
    clock = Clock()
    table = ets.new("t", type="duplicate_bag", ttl=10, clock=clock)
    row = (1, "a")
    table.insert(row)
    clock.now += 4
    table.insert([row, row], ttl=20)
    clock.now += 6
    assert table.lookup(1) == [row, row]
    clock.now += 14
    assert len(table) == 0
    assert table.check() == []


def test_many_renewals_do_not_pile_up() -> None:
    clock = Clock()
    table = ets.new("t", ttl=10, clock=clock)
    for number in range(2000):
        table.insert((number % 3, number))
        clock.now += 0.001
    assert table.check() == []
    assert len(table) == 3
    clock.now += 10
    assert len(table) == 0


def test_a_chunk_goes_on_past_expired_rows() -> None:
    clock = Clock()
    table = ets.new("t", type="ordered_set", clock=clock)
    for number in range(10):
        table.insert((number,), ttl=5 if number % 2 else 50)
    chunk: Value = table.select("fun({K}) -> K end", 2)
    assert chunk[0] == [0, 1]
    clock.now += 5
    rest: list[int] = []
    while isinstance(chunk, tuple):
        rest += chunk[0]
        chunk = ets.select(chunk[1])
    assert rest == [0, 1, 2, 4, 6, 8]


@pytest.mark.parametrize("ttl", [0, -1, "5", True, float("nan"), [1]])
def test_bad_times(ttl: Value) -> None:
    table = ets.new("t")
    for operation in (
        lambda: ets.new("x", ttl=ttl),
        lambda: table.insert((1,), ttl=ttl),
        lambda: table.insert_new((1,), ttl=ttl),
    ):
        with pytest.raises(BadArg) as caught:
            operation()
        assert (caught.value.cause, caught.value.argument) == ("option", "ttl")
    assert table.tab2list() == []


# --- a limited number of rows -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["set", "ordered_set"])
def test_the_least_recently_used_go(kind: Kind) -> None:
    table = ets.new("t", type=kind, max_size=3)
    table.insert([(1, 0), (2, 0), (3, 0)])
    table.lookup(1)
    table.insert((4, 0))
    assert sorted(table.tab2list()) == [(1, 0), (3, 0), (4, 0)]
    table.update_counter(3, 7)
    table.insert((5, 0))
    assert sorted(table.tab2list()) == [(3, 7), (4, 0), (5, 0)]
    table.lookup_element(4, 2)
    table.select(lambda k, v: v if k == 3 else SKIP)  # queries are no use of a key
    table.insert((6, 0))
    assert sorted(table.tab2list()) == [(4, 0), (5, 0), (6, 0)]
    table.insert([(n, 0) for n in range(10, 20)])
    assert sorted(table.tab2list()) == [(17, 0), (18, 0), (19, 0)]
    assert table.statistics().evicted == 3 + 10
    table.delete(18)
    table.insert((20, 0))
    assert len(table) == 3
    assert table.check() == []


def test_a_model_of_recency() -> None:
    """Against a list of keys, the least recently used first."""
    import random

    draw = random.Random(3)
    table = ets.new("t", max_size=8, index=[2])
    model: list[int] = []
    for _ in range(2000):
        key = draw.randrange(16)
        match draw.choice(["insert", "lookup", "delete", "counter"]):
            case "insert":
                table.insert((key, 1))
                model = [*[k for k in model if k != key], key][-8:]
            case "lookup":
                assert bool(table.lookup(key)) == (key in model)
                model = [*[k for k in model if k != key], key] if key in model else model
            case "counter" if key in model:
                table.update_counter(key, 1)
                model = [*[k for k in model if k != key], key]
            case "delete":
                table.delete(key)
                model = [k for k in model if k != key]
        assert sorted(row[0] for row in table) == sorted(model)
        assert table.check() == []


def test_bad_sizes() -> None:
    for kind, size in (("set", 0), ("set", True), ("set", "3"), ("bag", 3), ("duplicate_bag", 3)):
        with pytest.raises(BadArg) as caught:
            ets.new("t", type=kind, max_size=size)  # type: ignore[call-overload]  # what the test is about
        assert (caught.value.cause, caught.value.argument) == ("option", "max_size")
    assert ets.new("t", max_size=3, ttl=5).info("max_size") == 3
