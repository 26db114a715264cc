"""Random sequences of operations on every kind of table against the naive oracle, with `check()` after each."""

from collections import Counter
from typing import Any, TypeAlias, cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from matchspec import ANY, ROW, Atom, V
from runtime import BadArg, ets
from runtime.access import Access
from runtime.core import Options
from runtime.hashed import BagStorage, SetStorage
from runtime.ordered import OrderedStorage
from runtime.partitioned import PartitionedTable
from runtime.rows import UNTYPED
from runtime.storage import Storage
from runtime.table import Table
from tests.oracle import NaiveError, NaiveTable, Row, Value, order, same

AnyTable: TypeAlias = Table[Any]

# Few keys, so that they meet again; with all that Python finds equal and Erlang does not.
KEYS = st.sampled_from([0, 1, 2, 1.0, 2.5, True, None, "a", b"a", Atom("a"), (1, "a"), (1.0, "a"), [1], [1.0], 2**70])
VALUES = st.sampled_from([0, 1, 1.0, -5, "x", None, [], [1, 2], (1,), 7])
ROWS = st.one_of(st.tuples(KEYS), st.tuples(KEYS, VALUES), st.tuples(KEYS, VALUES, VALUES))
INTS = st.integers(-5, 5)
STEPS = st.one_of(st.tuples(st.integers(0, 4), INTS), st.tuples(st.integers(0, 4), INTS, INTS, INTS))


def table_over(storage: Storage, access: Access = "public") -> AnyTable:
    """A table over a storage whose structural constants are small."""
    return Table("t", storage, UNTYPED, access=access, named=False, options=Options(False, False, False, False))


def small_storage(kind: str, keypos: int) -> Storage:
    if kind == "set":
        return SetStorage(keypos - 1, compact_at=1)
    if kind == "ordered_set":
        return OrderedStorage(keypos - 1)
    return BagStorage("bag" if kind == "bag" else "duplicate_bag", keypos - 1, compact_at=1, seen_at=2)


def text(row: Value) -> str:
    """Rows as text: tells 1 from 1.0 and True."""
    return repr(row)


class TableMachine(RuleBasedStateMachine):
    """One table of each kind beside its oracle, doing the same."""

    @initialize(kind=st.sampled_from(["set", "ordered_set", "bag", "duplicate_bag"]), keypos=st.sampled_from([1, 2]))
    def make(self, kind: str, keypos: int) -> None:
        self.table = self.new(kind, keypos)
        self.oracle = NaiveTable(kind, keypos)
        self.walked: Value = None
        self.fixes = 0

    def new(self, kind: str, keypos: int) -> AnyTable:
        return table_over(small_storage(kind, keypos))

    def row(self, row: Row) -> Row:
        """Rows are drawn with the key in front; it goes to the key position."""
        return row if self.oracle.keypos == 1 else (*row[1:2], row[0], *row[2:]) if len(row) > 1 else row

    @rule(rows=st.lists(ROWS, max_size=4))
    def insert(self, rows: list[Row]) -> None:
        rows = [self.row(row) for row in rows]
        try:
            self.oracle.insert(rows)
        except NaiveError:
            self.refused(lambda: self.table.insert(rows), "keypos")
        else:
            assert self.table.insert(rows) is True

    @rule(row=ROWS)
    def insert_one(self, row: Row) -> None:
        self.insert_and_compare(self.row(row))

    def insert_and_compare(self, row: Row) -> None:
        if len(row) < self.oracle.keypos:
            self.refused(lambda: self.table.insert(row), "keypos")
        else:
            self.oracle.insert([row])
            self.table.insert(row)

    @rule(rows=st.lists(ROWS, max_size=3))
    def insert_new(self, rows: list[Row]) -> None:
        rows = [self.row(row) for row in rows]
        try:
            expected = self.oracle.insert_new(rows)
        except NaiveError:
            self.refused(lambda: self.table.insert_new(rows), "keypos")
        else:
            assert self.table.insert_new(rows) is expected

    @rule(key=KEYS)
    def lookup(self, key: Value) -> None:
        assert text(self.table.lookup(key)) == text(self.oracle.lookup(key))
        assert self.table.member(key) is bool(self.oracle.lookup(key))

    @rule(key=KEYS, pos=st.integers(0, 4))
    def lookup_element(self, key: Value, pos: int) -> None:
        try:
            expected = self.oracle.lookup_element(key, pos)
        except NaiveError:
            cause = "position" if self.oracle.lookup(key) or pos < 1 else "badkey"
            self.refused(lambda: self.table.lookup_element(key, pos), cause)
        else:
            assert text(self.table.lookup_element(key, pos)) == text(expected)

    @rule(key=KEYS)
    def delete(self, key: Value) -> None:
        self.oracle.delete(key)
        assert self.table.delete(key) is True

    @rule(key=KEYS)
    def take(self, key: Value) -> None:
        assert text(self.table.take(key)) == text(self.oracle.take(key))

    @rule(row=ROWS)
    def delete_object(self, row: Row) -> None:
        row = self.row(row)
        if len(row) >= self.oracle.keypos:
            self.oracle.delete_object(row)
            assert self.table.delete_object(row) is True

    @rule()
    def delete_all_objects(self) -> None:
        self.oracle.rows = []
        assert self.table.delete_all_objects() is True

    @rule(key=KEYS, changes=st.lists(st.tuples(st.integers(0, 4), VALUES), max_size=2))
    def update_element(self, key: Value, changes: list[tuple[int, Value]]) -> None:
        try:
            expected = self.oracle.update_element(key, changes)
        except NaiveError:
            self.refused(lambda: self.table.update_element(key, list(changes)))
        else:
            assert self.table.update_element(key, list(changes)) is expected

    @rule(key=KEYS, steps=st.lists(STEPS, max_size=3), default=st.none() | ROWS)
    def update_counter(self, key: Value, steps: list[Value], default: Row | None) -> None:
        args = () if default is None else (default,)
        if default is not None and len(default) < self.oracle.keypos:
            # It has no place for the key, and is refused even where it is not needed.
            self.refused(lambda: self.table.update_counter(key, list(steps), *args))
            return
        try:
            expected = self.oracle.update_counter(key, steps, default)
        except NaiveError:
            self.refused(lambda: self.table.update_counter(key, list(steps), *args))
        else:
            assert self.table.update_counter(key, list(steps), *args) == expected

    @rule(key=KEYS, value=VALUES)
    def match_delete(self, key: Value, value: Value) -> None:
        pattern = (key, ANY) if self.oracle.keypos == 1 else (ANY, key)
        place = self.oracle.keypos - 1
        self.oracle.delete_where(lambda row: len(row) == 2 and same(row[place], key))
        assert self.table.match_delete(pattern) is True

    @rule(value=VALUES)
    def select_delete(self, value: Value) -> None:
        pattern = (ANY, value) if self.oracle.keypos == 1 else (value, ANY)
        place = 2 - self.oracle.keypos
        expected = self.oracle.delete_where(lambda row: len(row) == 2 and same(row[place], value))
        assert self.table.select_delete([(pattern, [], [True])]) == expected

    @rule()
    def select_replace(self) -> None:
        """Appends a 9 to all rows of two elements."""
        query: list[Any] = [((V(1), V(2)), [], [((V(1), V(2), 9),)])]
        if self.oracle.kind == "bag":
            self.refused(lambda: self.table.select_replace(query), "table_type")
            return
        expected = sum(len(row) == 2 for row in self.oracle.rows)
        self.oracle.rows = [(*row, 9) if len(row) == 2 else row for row in self.oracle.rows]
        assert self.table.select_replace(query) == expected

    @rule(limit=st.integers(1, 5))
    def chunks(self, limit: int) -> None:
        expected = [row for row in self.table.tab2list() if len(row) == 2]
        found: list[Row] = []
        chunk: Value = self.table.match_object((ANY, ANY), limit)
        while isinstance(chunk, tuple):
            rows, rest = chunk
            assert len(rows) == limit or rest is ets.END
            assert rows
            found += rows
            chunk = ets.match_object(rest)
        assert text(found) == text(expected)

    @rule()
    def select(self) -> None:
        every: list[Any] = [(ANY, [], [ROW])]
        assert text(self.table.select(every)) == text(self.table.tab2list())
        if self.oracle.kind == "ordered_set":
            assert text(self.table.select_reverse(every)) == text(self.oracle.all()[::-1])
        assert self.table.select_count([(ANY, [], [True])]) == len(self.oracle.rows)

    @rule(fix=st.booleans())
    def fix(self, fix: bool) -> None:
        self.fixes = self.fixes + 1 if fix else max(0, self.fixes - 1)
        self.table.safe_fixtable(fix)
        assert self.table.info("fixed") is (self.fixes > 0)

    @rule()
    def walk(self) -> None:
        keys: list[Value] = []
        key = self.table.first()
        while key is not ets.END:
            keys.append(key)
            key = self.table.next(key)
        expected = self.oracle.keys()
        assert Counter(map(text, keys)) == Counter(map(text, expected))
        if self.oracle.kind == "ordered_set":
            assert text(keys) == text(expected)

    @rule(key=KEYS)
    def step(self, key: Value) -> None:
        if self.oracle.kind == "ordered_set":
            expected = [self.oracle.next(key, 1), self.oracle.next(key, -1)]
            found = [self.table.next(key), self.table.prev(key)]
            # None is also a key; the oracle's None at the end is told from it by what lies behind.
            wanted = [ets.END if one is None else one for one in expected]
            known = [text(k) for k in self.oracle.keys()]
            for have, want in zip(found, wanted, strict=True):
                assert text(have) == text(want) or (have is None and "None" in known)
        elif not self.oracle.lookup(key) and not self.fixes:
            self.refused(lambda: self.table.next(key), "badkey")

    @rule(rows=st.lists(ROWS, max_size=5))
    def init_table(self, rows: list[Row]) -> None:
        rows = [row for row in map(self.row, rows) if len(row) >= self.oracle.keypos]
        answers: list[Value] = [rows, "end"]

        def read(what: str) -> Value:
            first = answers.pop(0) if what == "read" else None
            return (first, read) if first is rows else "end_of_input"

        self.oracle.rows = []
        self.oracle.insert(rows)
        assert self.table.init_table(read) is True

    def refused(self, operation: Value, cause: str | None = None) -> None:
        before = text(self.table.tab2list())
        try:
            operation()
        except BadArg as error:
            assert cause is None or error.cause == cause
        else:
            raise AssertionError("Erlang says badarg")
        assert text(self.table.tab2list()) == before

    @invariant()
    def same_rows(self) -> None:
        if not hasattr(self, "table"):
            return
        assert self.table.check() == []
        rows = self.table.tab2list()
        assert len(self.table) == len(rows) == self.table.info("size")
        if self.oracle.kind == "ordered_set":
            assert text(rows) == text(self.oracle.all())
        else:
            assert Counter(map(text, rows)) == Counter(map(text, self.oracle.rows))
        self.same_slots(rows)

    def same_slots(self, rows: list[Row]) -> None:
        slots: list[Row] = []
        number = 0
        while isinstance(slot := self.table.slot(number), list):
            slots += slot
            number += 1
        assert text(slots) == text(rows)


class WatchedMachine(TableMachine):
    """The same, over tables with an index, deadlines that never come and a subscriber who keeps a copy of the rows."""

    @initialize(kind=st.sampled_from(["set", "ordered_set", "bag", "duplicate_bag"]), keypos=st.sampled_from([1, 2]))
    def make(self, kind: str, keypos: int) -> None:
        super().make(kind, keypos)
        self.table.add_index(1)
        self.table.add_index(3)
        self.table.insert([], ttl=60)
        self.copy: Counter[str] = Counter()
        self.table.subscribe(None, self.follow)

    def follow(self, event: ets.Event[Row]) -> None:
        if event.old is not None:
            assert self.copy[text(event.old)] > 0
            self.copy[text(event.old)] -= 1
        if event.new is not None:
            self.copy[text(event.new)] += 1

    @rule(low=KEYS, high=KEYS, column=st.sampled_from([1, 3]))
    def indexed(self, low: Value, high: Value, column: int) -> None:
        """Whatever plan is chosen, and with an index whatever it costs, the answer is that of a full scan."""
        elements: list[Value] = [ANY, ANY, ANY]
        elements[column - 1] = V(1)
        guards = [(Atom(">="), V(1), (Atom("const"), low)), (Atom("=<"), V(1), (Atom("const"), high))]
        expected = [row for row in self.table.tab2list() if len(row) == 3]
        expected = [r for r in expected if order(r[column - 1], low) >= 0 and order(r[column - 1], high) <= 0]
        assert text(self.table.select([(tuple(elements), guards, [ROW])])) == text(expected)

    @invariant()
    def same_copy(self) -> None:
        if hasattr(self, "copy"):
            assert +self.copy == Counter(map(text, self.table.tab2list()))


class PartitionedMachine(TableMachine):
    """The same, over tables of three partitions."""

    def new(self, kind: str, keypos: int) -> AnyTable:
        parts = [table_over(small_storage(kind, keypos)) for _ in range(3)]
        return cast(AnyTable, PartitionedTable(parts))

    @rule(rows=st.lists(ROWS, max_size=5))
    def init_table(self, rows: list[Row]) -> None:
        """There is none; the rows are inserted instead, one by one."""
        for row in rows:
            self.insert_and_compare(self.row(row))

    @rule(keys=st.lists(KEYS, max_size=2))
    def bound(self, keys: list[Value]) -> None:
        """A query that binds the key finds what a scan finds, whatever partition the keys are in."""
        place = self.oracle.keypos - 1
        query: list[Any] = []
        for key in keys:
            elements: list[Value] = [ANY, ANY]
            elements[place] = V(1)
            query.append((tuple(elements), [(Atom("=="), V(1), (Atom("const"), key))], [ROW]))
        expected = [
            row for row in self.oracle.rows if len(row) == 2 and any(order(row[place], key) == 0 for key in keys)
        ]
        assert Counter(map(text, self.table.select(query))) == Counter(map(text, expected))

    @rule(limit=st.integers(1, 5), backwards=st.booleans())
    def ordered_chunks(self, limit: int, backwards: bool) -> None:
        every: list[Any] = [(ANY, [], [ROW])]
        found: list[Row] = []
        chunk: Value = self.table.select_reverse(every, limit) if backwards else self.table.select(every, limit)
        while isinstance(chunk, tuple):
            found += chunk[0]
            chunk = ets.select(chunk[1])
        if self.oracle.kind == "ordered_set":
            assert text(found) == text(self.oracle.all()[::-1] if backwards else self.oracle.all())
        else:
            assert Counter(map(text, found)) == Counter(map(text, self.oracle.rows))

    def same_slots(self, rows: list[Row]) -> None:
        """There are none."""


TestTables = TableMachine.TestCase
TestTables.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestPartitionedTables = PartitionedMachine.TestCase
TestPartitionedTables.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestWatchedTables = WatchedMachine.TestCase
TestWatchedTables.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
