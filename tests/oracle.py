"""A table as one would write it without thinking about speed: the oracle that real tables are compared with.

Everything is a list that is searched from front to back. Equality and order of terms are written out here once more,
plainly, for the kinds of terms that the tests use, so that nothing is taken over from the code under test but `Atom`.
"""

from collections.abc import Callable
from functools import cmp_to_key
from typing import Any, TypeAlias

from matchspec import Atom

Value: TypeAlias = Any  # any term that the tests use
Row: TypeAlias = tuple[Any, ...]


class NaiveError(Exception):
    """Where Erlang says badarg."""


def same(left: Value, right: Value) -> bool:
    """Erlang's `=:=`: the same type and value, at every depth."""
    if type(left) is not type(right):
        return False
    if isinstance(left, (tuple, list)):
        return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, dict):
        return len(left) == len(right) and all(
            any(same(k, other) and same(left[k], right[other]) for other in right) for k in left
        )
    return bool(left == right)


def kind(term: Value) -> int:
    """The place of a kind of term in Erlang's order."""
    if term is None or isinstance(term, (bool, Atom)):
        return 1
    kinds: list[tuple[type, int]] = [(int, 0), (float, 0), (tuple, 2), (dict, 3), (list, 5), (str, 6), (bytes, 6)]
    found = next(rank for cls, rank in kinds if isinstance(term, cls))
    return 4 if term == [] else found


def order(left: Value, right: Value) -> int:
    """Erlang's order of terms: negative, 0 or positive."""
    if kind(left) != kind(right):
        return kind(left) - kind(right)
    match kind(left):
        case 0:
            return int(left > right) - int(left < right)
        case 1:
            names = [{None: "nil", True: "true", False: "false"}.get(x) or x.name for x in (left, right)]
            return (names[0] > names[1]) - (names[0] < names[1])
        case 2:
            return len(left) - len(right) or first_difference(left, right)
        case 5:
            return first_difference(left, right) or len(left) - len(right)
        case 6:
            data = [x.encode() if isinstance(x, str) else x for x in (left, right)]
            if data[0] == data[1]:
                return isinstance(left, bytes) - isinstance(right, bytes)
            return (data[0] > data[1]) - (data[0] < data[1])
    return 0


def first_difference(left: Value, right: Value) -> int:
    return next((order(a, b) for a, b in zip(left, right, strict=False) if order(a, b)), 0)


class NaiveTable:
    """The four kinds of table over one list of rows. `keypos` counts from 1."""

    def __init__(self, kind: str, keypos: int = 1) -> None:
        self.kind = kind
        self.keypos = keypos
        self.rows: list[Row] = []

    def key(self, row: Row) -> Value:
        return row[self.keypos - 1]

    def is_key(self, left: Value, right: Value) -> bool:
        return order(left, right) == 0 if self.kind == "ordered_set" else same(left, right)

    def all(self) -> list[Row]:
        """All rows: of an ordered_set in the order of keys, of the others in the order of their arrival."""
        if self.kind != "ordered_set":
            return list(self.rows)
        return sorted(self.rows, key=cmp_to_key(self._order_of_rows))

    def _order_of_rows(self, left: Row, right: Row) -> int:
        return order(self.key(left), self.key(right))

    def keys(self) -> list[Value]:
        found: list[Value] = []
        for row in self.all():
            if not any(self.is_key(self.key(row), known) for known in found):
                found.append(self.key(row))
        return found

    def lookup(self, key: Value) -> list[Row]:
        return [row for row in self.rows if self.is_key(self.key(row), key)]

    def delete(self, key: Value) -> None:
        self.rows = [row for row in self.rows if not self.is_key(self.key(row), key)]

    def _is_no_row(self, row: Value) -> bool:
        return not isinstance(row, tuple) or len(row) < self.keypos

    def _place(self, row: Row) -> None:
        places = [i for i, old in enumerate(self.rows) if self.is_key(self.key(old), self.key(row))]
        if self.kind in {"bag", "duplicate_bag"} or not places:
            if self.kind != "bag" or not any(same(row, old) for old in self.rows):
                self.rows.append(row)
        else:
            self.rows[places[0]] = row

    def insert(self, rows: list[Row]) -> None:
        if any(self._is_no_row(row) for row in rows):
            raise NaiveError
        for row in reversed(rows) if self.kind == "bag" else rows:
            self._place(row)

    def insert_new(self, rows: list[Row]) -> bool:
        if any(self._is_no_row(row) for row in rows):
            raise NaiveError
        if any(self.lookup(self.key(row)) for row in rows):
            return False
        self.insert(rows)
        return True

    def delete_object(self, row: Row) -> None:
        self.rows = [old for old in self.rows if not same(old, row)]

    def delete_where(self, wanted: Callable[[Row], bool]) -> int:
        gone = [row for row in self.rows if wanted(row)]
        self.rows = [row for row in self.rows if not wanted(row)]
        return len(gone)

    def take(self, key: Value) -> list[Row]:
        found = self.lookup(key)
        self.delete(key)
        return found

    def lookup_element(self, key: Value, pos: int) -> Value:
        found = self.lookup(key)
        if not found or any(not 1 <= pos <= len(row) for row in found):
            raise NaiveError
        values = [row[pos - 1] for row in found]
        return values if self.kind in {"bag", "duplicate_bag"} else values[0]

    def update_element(self, key: Value, changes: list[tuple[int, Value]]) -> bool:
        if self.kind in {"bag", "duplicate_bag"}:
            raise NaiveError
        found = self.lookup(key)
        if not found:
            return False
        values = list(found[0])
        for pos, value in changes:
            if not 1 <= pos <= len(values) or pos == self.keypos:
                raise NaiveError
            values[pos - 1] = value
        self._place(tuple(values))
        return True

    def update_counter(self, key: Value, steps: list[tuple[int, ...]], default: Row | None = None) -> list[int]:
        if self.kind in {"bag", "duplicate_bag"}:
            raise NaiveError
        found = self.lookup(key)
        if not found and (default is None or len(default) < self.keypos):
            raise NaiveError
        values = list(found[0] if found else default or ())
        if not found:
            values[self.keypos - 1] = key
        totals: list[int] = []
        for pos, increment, *bound in steps:
            if not 1 <= pos <= len(values) or pos == self.keypos or type(values[pos - 1]) is not int:
                raise NaiveError
            total = values[pos - 1] + increment
            if bound and (total > bound[0] if increment >= 0 else total < bound[0]):
                total = bound[1]
            values[pos - 1] = total
            totals.append(total)
        self._place(tuple(values))
        return totals

    def next(self, key: Value, step: int = 1) -> Value:
        """The next key, None at the end; `step` -1 is the previous one of an ordered_set."""
        if self.kind == "ordered_set":
            later = [other for other in self.keys()[::step] if step * order(other, key) > 0]
            return later[0] if later else None
        keys = self.keys()
        places = [i for i, known in enumerate(keys) if same(known, key)]
        if not places:
            raise NaiveError
        return keys[places[0] + 1] if places[0] + 1 < len(keys) else None
