"""`PartitionedTable`: what `ets.new_partitioned` makes, a table in several parts that each have a lock of their own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast, final, overload

from matchspec.terms import order_key
from matchspec.unchecked import Unchecked
from matchspec.values import Atom, Term
from runtime.additions import Indexed
from runtime.core import Checked, Element, Info
from runtime.objects import MISSING
from runtime.partitions import Partitions
from runtime.rows import Row, describe
from runtime.statistics import Statistics
from runtime.storage import StoredRow
from runtime.table import Table
from runtime.updates import Position

Acc = TypeVar("Acc")
D = TypeVar("D")
_SUMS = ("size", "memory")  # items of `info` that are sums over the partitions


@final
class PartitionedTable(Partitions[Row]):
    """A table of several partitions, for many threads that write: an operation on one key locks its partition only.

    The methods are those of `Table` and mean the same, and those without a description here cost the same; but a set or
    a bag has its keys in another order. A query that binds the key asks the partitions of its keys, any other asks all.
    An ordered_set keeps its order throughout.

    What a method does is atomic and isolated as in a Table, also over several partitions, which it then holds together
    for a moment: a list of rows is inserted whole or not at all, a query sees all partitions as at one moment, and what
    deletes or replaces rows by a query does so everywhere at one moment. Not atomic are walks by `next`, chunks, and
    `select_iter` without an order, as in a Table; and, unlike there, `len`, `info`, `statistics`, `safe_fixtable`,
    `add_index`, `del_index` and `drop`, which take one partition after the other. Code that a comparison of keys runs
    must not use the table.
    """

    # --- single rows --------------------------------------------------------------------------------------------------

    def insert(self, row: Row | list[Row], *, ttl: float | Unchecked | None = None) -> bool:
        if isinstance(row, list):
            return self._insert_all(row, ttl, False)
        number, owned = self._home_of(row)
        return self._parts[number].insert(owned, ttl=ttl)

    def insert_new(self, row: Row | list[Row], *, ttl: float | Unchecked | None = None) -> bool:
        if isinstance(row, list):
            return self._insert_all(row, ttl, True)
        number, owned = self._home_of(row)
        return self._parts[number].insert_new(owned, ttl=ttl)

    def _insert_all(self, rows: list[Row], ttl: float | Unchecked | None, new: bool) -> bool:
        homes: dict[int, list[Any]] = {}
        for row in rows:
            number, owned = self._home_of(row)
            homes.setdefault(number, []).append(owned)
        numbers = sorted(homes) or [0]
        if len(numbers) == 1:
            part, wanted = self._parts[numbers[0]], homes.get(numbers[0], [])
            return part.insert_new(wanted, ttl=ttl) if new else part.insert(wanted, ttl=ttl)
        parts = [self._parts[number] for number in numbers]
        pairs = [self._parts[number]._pairs(homes[number]) for number in numbers]
        seconds = [part._ttl(ttl) for part in parts]
        with self._together(parts, True):
            for part, its in zip(parts, pairs, strict=True):
                if new and any([part._storage.has(key) for key, _ in its]):
                    return False
            for part, its, life in zip(parts, pairs, seconds, strict=True):
                part._put_all(its, life)
        return True

    def lookup(self, key: Element) -> list[Row]:
        return self._part_of(key).lookup(key)

    @overload
    def lookup_element(self, key: Element, pos: Position) -> Element: ...
    @overload
    def lookup_element(self, key: Element, pos: Position, default: D) -> Element | D: ...

    def lookup_element(self, key: Element, pos: Checked, default: Element = MISSING) -> Element:
        return self._part_of(key).lookup_element(key, pos, default)

    def member(self, key: Element) -> bool:
        return self._part_of(key).member(key)

    def __contains__(self, key: Term) -> bool:
        return self.member(key)

    def take(self, key: Element) -> list[Row]:
        return self._part_of(key).take(key)

    def delete(self, key: Element) -> bool:
        return self._part_of(key).delete(key)

    def delete_object(self, row: Row) -> bool:
        number, owned = self._home_of(row)
        return self._parts[number].delete_object(owned)

    def delete_all_objects(self) -> bool:
        with self._together(self._parts, True):
            for part in self._parts:
                part._counters.deleted += part._storage.size()
                part._storage.clear()
        return True

    @overload
    def update_element(
        self, key: Element, change: tuple[Position, Element], default: Row | tuple[Element, ...] = ...
    ) -> bool: ...
    @overload
    def update_element(
        self, key: Element, change: list[tuple[Position, Element]], default: Row | tuple[Element, ...] = ...
    ) -> bool: ...

    def update_element(self, key: Element, change: Checked, default: Checked = MISSING) -> bool:
        return self._part_of(key).update_element(key, change, default)

    @overload
    def update_counter(
        self,
        key: Element,
        change: int | tuple[Position, int] | tuple[Position, int, int, int],
        default: Row | tuple[Element, ...] = ...,
    ) -> int: ...
    @overload
    def update_counter(
        self,
        key: Element,
        change: list[tuple[Position, int] | tuple[Position, int, int, int]],
        default: Row | tuple[Element, ...] = ...,
    ) -> list[int]: ...

    def update_counter(self, key: Element, change: Checked, default: Checked = MISSING) -> Any:
        part = self._part_of(key)
        if isinstance(change, list):  # one call for each of the overloads, of which each gives something else
            return part.update_counter(key, change, default)
        return part.update_counter(key, change, default)

    def expires_in(self, key: Element) -> float | None:
        return self._part_of(key).expires_in(key)

    def expire(self) -> int:
        return len(self)

    # --- in order -----------------------------------------------------------------------------------------------------

    def first(self) -> Element:
        return self._key_at(None, False)

    def last(self) -> Element:
        return self._key_at(None, True)

    def next(self, key: Element) -> Element:
        return self._key_at((key,), False)

    def prev(self, key: Element) -> Element:
        return self._key_at((key,), True)

    def first_lookup(self) -> tuple[Element, list[Row]] | Atom:
        return self._entry_at(None, False)

    def last_lookup(self) -> tuple[Element, list[Row]] | Atom:
        return self._entry_at(None, True)

    def next_lookup(self, key: Element) -> tuple[Element, list[Row]] | Atom:
        return self._entry_at((key,), False)

    def prev_lookup(self, key: Element) -> tuple[Element, list[Row]] | Atom:
        return self._entry_at((key,), True)

    def _key_at(self, start: tuple[Term] | None, backwards: bool) -> Element:
        """The first key from an end of the table, or after the one of `start`, or END. O(partitions) steps of one."""
        with self._together(self._parts, False):
            part, row = self._step_to(start, backwards)
            return part._key_of(row)

    def _entry_at(self, start: tuple[Term] | None, backwards: bool) -> tuple[Element, list[Row]] | Atom:
        with self._together(self._parts, False):
            part, row = self._step_to(start, backwards)
            return part._entry_of(row)

    def _step_to(self, start: tuple[Term] | None, backwards: bool) -> tuple[Table[Row], StoredRow | None]:
        """The partition and a row of the key that a step leads to. All gates are entered."""
        if self._kind == "ordered_set":
            found = [(part, self._step_in(part, start, backwards)) for part in self._parts]
            rows = [(order_key(row[self._keypos]), number) for number, (_, row) in enumerate(found) if row is not None]
            return found[(max(rows) if backwards else min(rows))[1]] if rows else (self._first, None)
        # The other kinds know no direction: one partition comes after the other.
        number = 0
        if start is not None:
            number = self.partition_of(start[0])
            row = self._step_in(self._parts[number], start, False)
            if row is not None:
                return self._parts[number], row
            number += 1
        for part in self._parts[number:]:
            row = part._storage.first()
            if row is not None:
                return part, row
        return self._first, None

    def _step_in(self, part: Table[Row], start: tuple[Term] | None, backwards: bool) -> StoredRow | None:
        if start is not None:
            return part._neighbour(start[0], backwards)
        return part._storage.last() if backwards else part._storage.first()

    def tab2list(self) -> list[Row]:
        with self._together(self._parts, False):
            views = [part._storage.view() for part in self._parts]
            rows = list(self._in_order(views))
            for part, view in zip(self._parts, views, strict=True):
                part._storage.release(view)
        return cast("list[Row]", self._shape.handed_out(self._out_results(rows)))

    def __iter__(self) -> Iterator[Row]:
        return iter(self.tab2list())

    def foldl(self, fn: Callable[[Row, Acc], Acc], acc: Acc) -> Acc:
        for row in self.tab2list():
            acc = fn(row, acc)
        return acc

    def foldr(self, fn: Callable[[Row, Acc], Acc], acc: Acc) -> Acc:
        rows = self.tab2list()
        for row in reversed(rows) if self._kind == "ordered_set" else rows:
            acc = fn(row, acc)
        return acc

    def safe_fixtable(self, fix: bool | Unchecked) -> bool:
        for part in self._parts:
            part.safe_fixtable(fix)
        return True

    @contextmanager
    def fixed(self) -> Iterator[None]:
        """`with table.fixed():` the table is fixed for this process, as by `safe_fixtable`."""
        self.safe_fixtable(True)
        try:
            yield
        finally:
            if self._first._gate.alive:
                self.safe_fixtable(False)

    # --- the table itself ---------------------------------------------------------------------------------------------

    @property
    def name(self) -> str | Atom:
        """The name, as it was given: a str or an Atom. The partitions have it too."""
        return self._first.name

    @property
    def keypos(self) -> int:
        """The position of the key, counted from 1."""
        return self._keypos + 1

    @property
    def type(self) -> str:
        """The kind of table: "set", "ordered_set", "bag" or "duplicate_bag"."""
        return self._kind

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields of a row, () where they have none."""
        return self._shape.fields

    def __len__(self) -> int:
        return sum([len(part) for part in self._parts])

    @overload
    def info(self) -> Info | None: ...
    @overload
    def info(self, item: str) -> Element: ...

    def info(self, item: Checked = None) -> Element:
        """As for a Table, of which the first partition is one; size and memory are sums, and `partitions` their number.

        Raises BadArg: "option" for an unknown item.
        """
        if item == "partitions":
            return len(self._parts)
        if item is not None:
            told = [part.info(item) for part in self._parts]
            return sum(told) if item in _SUMS and None not in told else told[0]
        infos = [part.info() for part in self._parts]
        whole: Info = {}
        for part in infos:
            if part is None:
                return None
            for one, value in part.items():
                whole[one] = whole[one] + value if one in _SUMS and one in whole else whole.get(one, value)
        return {**whole, "partitions": len(self._parts)}

    def add_index(self, field: Indexed, *, name: str | Unchecked | None = None) -> bool:
        """As for a Table, in each partition; none is unique, since a partition does not know of the others."""
        for part in self._parts:
            part.add_index(field, name=name)
        return True

    def del_index(self, field: Indexed) -> bool:
        for part in self._parts:
            part.del_index(field)
        return True

    def statistics(self) -> Statistics:
        """The sums over the partitions; those of one are `table.partitions[i].statistics()`."""
        told = [part.statistics() for part in self._parts]
        return Statistics(*[sum(column) for column in zip(*told, strict=True)])

    def drop(self) -> bool:
        for part in self._parts:
            part.drop()
        return True

    def check(self) -> list[str]:
        """As for a Table; besides, every row is in the partition of its key. For tests. O(n)."""
        problems: list[str] = []
        for number, part in enumerate(self._parts):
            problems.extend([f"partition {number}: {problem}" for problem in part.check()])
            for row in part:
                home = self.partition_of(self._shape.taken(row)[self._keypos])
                if home != number:
                    problems.append(f"partition {number}: {row!r} belongs to {home}")
        return problems

    def __repr__(self) -> str:
        alive = all([part._gate.alive for part in self._parts])
        rows = f"{len(self)} rows of {describe(self._shape.row_type)}" if alive else "dropped"
        return f"<PartitionedTable {self._table_name()}: {self._kind}, {len(self._parts)} partitions, {rows}>"
