"""Walks over a table that changes meanwhile: what is there all along is seen exactly once, at O(1) a step."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchspec import ANY, ROW, Atom, V
from runtime import BadArg, ets
from runtime.access import Access
from runtime.core import Options
from runtime.hashed import BagStorage, SetStorage
from runtime.ordered import OrderedStorage
from runtime.rows import UNTYPED
from runtime.slots import SlotArray
from runtime.storage import Kind, Storage
from runtime.table import Table

Value: TypeAlias = Any
AnyTable: TypeAlias = Table[Any]
Row: TypeAlias = tuple[Any, ...]

KINDS: list[Kind] = ["set", "ordered_set", "bag", "duplicate_bag"]
EVERY: list[Any] = [(ANY, [], [ROW])]


def small(kind: Kind, access: Access = "public") -> AnyTable:
    """A table that squeezes its slots at the slightest occasion."""
    storage: Storage
    if kind == "set":
        storage = SetStorage(0, compact_at=0)
    elif kind == "ordered_set":
        storage = OrderedStorage(0)
    else:
        storage = BagStorage("bag" if kind == "bag" else "duplicate_bag", 0, compact_at=0, seen_at=2)
    return Table("t", storage, UNTYPED, access=access, named=False, options=Options(False, False, False, False))


def keys_of(table: AnyTable) -> Iterator[Value]:
    key = table.first()
    while key is not ets.END:
        yield key
        key = table.next(key)


def chunks_of(table: AnyTable, limit: int) -> Iterator[Row]:
    chunk: Value = table.select(EVERY, limit)
    while isinstance(chunk, tuple):
        yield from chunk[0]
        chunk = ets.select(chunk[1])


WRITES = st.lists(
    st.tuples(st.sampled_from(["insert", "delete", "swap", "clear odd"]), st.integers(0, 12)), max_size=60
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("walk", ["fixed next", "chunks", "select_iter", "keys that stay"])
@given(writes=WRITES, start=st.integers(0, 12), limit=st.integers(1, 4), every=st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_rows_that_stay_are_seen_exactly_once(
    kind: Kind, walk: str, writes: list[tuple[str, int]], start: int, limit: int, every: int
) -> None:
    table = small(kind)
    for key in range(start):
        table.insert([(key, 0), (key, 1)])
    staying = {key for key, _ in table.tab2list()}
    if walk == "keys that stay":  # what next() starts from is never deleted
        writes = [write for write in writes if write[0] == "insert"]
    source: Iterator[Value]
    if walk in {"fixed next", "keys that stay"}:
        source = keys_of(table)
    elif walk == "chunks":
        source = (row[0] for row in chunks_of(table, limit))
    else:
        source = (row[0] for row in table.select_iter(EVERY, chunk=limit))
    if walk == "fixed next":
        table.safe_fixtable(True)
    seen: list[Value] = []
    pending = list(writes)
    while True:
        for _ in range(every):
            if pending:
                staying -= write(table, *pending.pop())
                assert table.check() == []
        found = next(source, None)
        if found is None:
            break
        seen.append(found)
    counts = Counter(seen)
    rows = 1 if walk in {"fixed next", "keys that stay"} or kind in {"set", "ordered_set"} else 2
    for key in staying:
        if kind == "duplicate_bag" and rows == 2:  # more copies may have come in
            assert counts[key] >= rows
        else:
            assert counts[key] == rows


def write(table: AnyTable, what: str, key: int) -> set[int]:
    """Does something to the table; the keys whose rows were not there all along."""
    match what:
        case "insert":
            table.insert((key, 1))  # a key that is there keeps its row, or gets another: it is there all along
            return set()
        case "delete":
            table.delete(key)
            return {key}
        case "swap":
            table.delete(key)
            table.insert((key, 2))
            return {key}
        case _:
            table.match_delete((key, ANY))
            table.match_delete((key + 2, ANY))
            return {key, key + 2}


@pytest.mark.parametrize("kind", KINDS)
def test_deleting_while_walking_sees_every_key(kind: Kind) -> None:
    table = small(kind)
    table.insert([(n, n) for n in range(100)])
    seen = []
    with table.fixed():
        for key in keys_of(table):
            seen.append(key)
            table.delete(key)
            table.delete(key + 1 if key % 3 else key - 1)
    assert sorted(seen) == [n for n in range(100) if n in seen]
    assert len(seen) >= 50
    assert len(table) == 0
    assert table.check() == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_deleted_key_is_a_place_while_fixed(kind: Kind) -> None:
    table = small(kind)
    table.insert([(1, "a"), (2, "b"), (3, "c")])
    table.safe_fixtable(True)
    table.safe_fixtable(True)
    first = table.first()
    second = table.next(first)
    table.delete(first)
    assert table.next(first) == second
    table.safe_fixtable(False)
    assert table.next(first) == second
    table.safe_fixtable(False)
    if kind == "ordered_set":
        assert table.next(first) == second
    else:
        with pytest.raises(BadArg) as caught:
            table.next(first)
        assert caught.value.cause == "badkey"
    table.safe_fixtable(False)  # one too many is ignored
    assert table.info("fixed") is False


@pytest.mark.parametrize("kind", ["set", "bag"])
def test_a_key_that_comes_back_while_fixed_has_its_old_place(kind: Kind) -> None:
    table = small(kind)
    table.insert([(n, n) for n in (1, 2, 3)] if kind == "set" else [(n, n) for n in (3, 2, 1)])
    with table.fixed():
        table.delete(1)
        table.insert((1, "again"))
        assert list(keys_of(table)) == [1, 2, 3]
        assert table.check() == []


@pytest.mark.parametrize("kind", ["set", "bag", "duplicate_bag"])
def test_clearing_a_fixed_table_leaves_places(kind: Kind) -> None:
    table = small(kind)
    table.insert([(n, n) for n in range(5)])
    with table.fixed():
        key = table.first()
        table.delete_all_objects()
        assert table.next(key) is ets.END  # as on Erlang
        table.insert((7, 7))
        assert table.next(key) == 7
        assert table.check() == []


@pytest.mark.parametrize("kind", ["set", "bag"])
def test_hashed_tables_know_no_direction(kind: Kind) -> None:
    table = small(kind)
    table.insert([(n, n) for n in range(5)])
    assert table.last() == table.first()
    assert table.prev(table.first()) == table.next(table.first())


def test_ordered_steps_start_anywhere() -> None:
    table = small("ordered_set")
    table.insert([(1, "a"), (2.0, "b"), ("x", "c")])
    assert (table.first(), table.last()) == (1, "x")
    assert (table.next(0), table.next(1.5), table.next(2), table.next("x")) == (1, 2.0, "x", ets.END)
    assert (table.prev(1), table.prev(2), table.prev("z")) == (ets.END, 1, "x")
    assert table.first_lookup() == (1, [(1, "a")])
    assert table.next_lookup(1) == (2.0, [(2.0, "b")])
    assert table.last_lookup() == ("x", [("x", "c")])
    assert table.prev_lookup(2) == (1, [(1, "a")])
    assert table.prev_lookup(1) is ets.END


def test_steps_with_rows() -> None:
    table = small("bag")
    assert table.first_lookup() is ets.END
    table.insert((1, "a"))
    table.insert((1, "b"))
    table.insert((2, "c"))
    assert table.first_lookup() == (1, [(1, "a"), (1, "b")])
    assert table.next_lookup(1) == (2, [(2, "c")])
    assert table.next_lookup(2) is ets.END


# --- costs: counted, not timed --------------------------------------------------------------------------------------


class CountedList(list[Any]):
    """Counts how often a slot is looked at."""

    looks = 0

    def __getitem__(self, index: Any) -> Any:
        CountedList.looks += 1
        return super().__getitem__(index)


def counted(slots: SlotArray[Row]) -> None:
    slots.contents = CountedList(slots.contents)
    CountedList.looks = 0


@pytest.mark.parametrize("pattern", ["take the first", "take the second", "fixed, from the first grave", "fixed"])
def test_steps_over_empty_slots_are_cheap(pattern: str) -> None:
    size = 4000
    slots: SlotArray[Row] = SlotArray(compact_at=10 * size)  # nothing is squeezed: the worst case for steps
    for n in range(size):
        slots.add(n, (n,))
    if pattern.startswith("fixed"):
        slots.fix()
    counted(slots)
    if pattern == "take the first":
        while (slot := slots.live_from(0)) >= 0:
            slots.remove(slots.contents[slot][0])  # type: ignore[index]  # it is not empty
    elif pattern == "take the second":
        while (slot := slots.live_from(1)) >= 0:
            slots.remove(slots.contents[slot][0])  # type: ignore[index]
    elif pattern == "fixed":
        for n in range(size - 1):
            slots.remove(n)
            assert slots.live_from(slots.slot_of(n) + 1) == n + 1
    else:
        for n in range(size - 1):
            slots.remove(n)
        for n in range(size - 1):
            assert slots.live_from(slots.slot_of(n) + 1) == size - 1
    assert slots.check() == []
    assert CountedList.looks < 80 * size


def test_squeezing_is_linear() -> None:
    slots: SlotArray[Row] = SlotArray()
    for n in range(1000):
        slots.add(n, (n,))
    sizes = []
    for n in range(990):
        slots.remove(n)
        sizes.append(len(slots.contents))
    assert slots.check() == []
    assert len(set(sizes)) < 10  # squeezed a few times, not at every deletion
    assert len(slots.contents) < 100
    assert [slots.birth(slot) for slot in range(len(slots.contents))][-10:] == list(range(990, 1000))
    assert slots.contents[slots.slot_from(995)] == (995,)


# --- chunks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_chunks_are_full(kind: Kind) -> None:
    table = small(kind)
    table.insert([(n, n % 3) for n in range(10)])
    query: list[Any] = [((V(1), 0), [], [V(1)])]
    chunk: Value = table.select(query, 3)
    assert len(chunk[0]) == 3
    second: Value = ets.select(chunk[1])
    assert sorted(chunk[0] + second[0]) == [0, 3, 6, 9]
    assert ets.select(second[1]) is ets.END
    # A continuation is not used up.
    assert ets.select(chunk[1]) == second
    assert table.select([((V(1), 7), [], [V(1)])], 3) is ets.END
    assert ets.select(ets.END) is ets.END


def test_chunks_of_one_key_of_a_bag() -> None:
    table = small("duplicate_bag")
    table.insert([(1, n) for n in range(7)] + [(2, 0)])
    chunk: Value = table.match((1, V(1)), 3)
    found = []
    while isinstance(chunk, tuple):
        found.append([values[0] for values in chunk[0]])
        chunk = ets.match(chunk[1])
    assert found == [[0, 1, 2], [3, 4, 5], [6]]
    by_scan: Value = table.match((V(1), V(2)), 5)
    assert [len(by_scan[0]), len(ets.match(by_scan[1])[0])] == [5, 3]


def test_reverse_chunks() -> None:
    table = small("ordered_set")
    table.insert([(n,) for n in range(5)])
    rows, rest = table.select_reverse(EVERY, 2)  # type: ignore[misc]  # it is a tuple, not END
    assert rows == [(4,), (3,)]
    table.insert([(2.5,), (4.5,)])
    assert ets.select_reverse(rest)[0] == [(2.5,), (2,)]  # type: ignore[index]
    either = (Atom("orelse"), (Atom("=="), V(1), 1), (Atom("=="), V(1), 3))
    keyed: Value = table.select_reverse([((V(1),), [either], [V(1)])], 1)
    assert keyed[0] == [3]


@pytest.mark.parametrize("limit", [0, -1, 1.0, True, "2"])
def test_bad_limits(limit: Value) -> None:
    table = small("set")
    operations: list[Value] = [
        lambda: table.select(EVERY, limit),
        lambda: table.match(ANY, limit),
        lambda: table.match_object(ANY, limit),
        lambda: table.select_reverse(EVERY, limit),
        lambda: table.select_iter(EVERY, chunk=limit),
    ]
    for operation in operations:
        with pytest.raises(BadArg) as caught:
            operation()
        assert caught.value.cause == "limit"


def test_continuation_of_a_dropped_table() -> None:
    table = small("set")
    table.insert([(1,), (2,)])
    chunk: Value = table.select(EVERY, 1)
    table.drop()
    with pytest.raises(BadArg) as caught:
        ets.select(chunk[1])
    assert caught.value.cause == "id"


@pytest.mark.parametrize("wrong", [None, 7, "$end_of_table", ((1,), 2)])
def test_what_is_no_continuation(wrong: Value) -> None:
    with pytest.raises(BadArg) as caught:
        ets.select(wrong)
    assert caught.value.cause == "continuation"


# --- folds and slots ------------------------------------------------------------------------------------------------


def test_folds() -> None:
    table = small("ordered_set")
    table.insert([(n,) for n in (3, 1, 2)])
    assert table.foldl(lambda row, keys: [*keys, row[0]], []) == [1, 2, 3]
    assert table.foldr(lambda row, keys: [*keys, row[0]], []) == [3, 2, 1]

    def delete(row: Row, count: int) -> int:
        table.delete(row[0])
        return count + 1

    assert table.foldl(delete, 0) == 3
    assert len(table) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_slots_hold_every_row_once(kind: Kind) -> None:
    table = small(kind)
    table.insert([(n, n) for n in range(6)])
    with table.fixed():
        table.delete(3)
        number = 0
        rows: list[Row] = []
        while isinstance(slot := table.slot(number), list):
            rows += slot
            number += 1
        assert slot is ets.END
        assert sorted(rows) == [(n, n) for n in (0, 1, 2, 4, 5)]
        for wrong in (number + 1, -1, 1.0, True):
            with pytest.raises(BadArg) as caught:
                table.slot(wrong)  # type: ignore[arg-type]  # some are no ints
            assert caught.value.cause == "position"


def test_iterating_sees_one_moment() -> None:
    table = small("set")
    table.insert([(1,), (2,)])
    seen = []
    for row in table:
        table.delete_all_objects()
        table.insert((3,))
        seen.append(row)
    assert seen == [(1,), (2,)]
