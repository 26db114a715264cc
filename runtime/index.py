"""Secondary indexes: which keys have which values in a column, for equality and ranges, perhaps without repetitions.

An index is over a column, or over an expression of the row. It maps a value of its column, as `order_key` (so 1 and 1.0
are one value), to the keys of the rows that have it, each with the number of such rows. Lookups need the dict only. The
first query for a range sorts the values; from then on they are kept sorted. What an index finds is a superset of the
rows that match: the query is checked on each.
"""

import sys
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeAlias, final

from sortedcontainers import SortedList

from matchspec.bounds import column_ranges, ranges_of_type
from matchspec.expressions import Expression
from matchspec.intervals import ALL, Interval, Ranges, intersection, is_point
from matchspec.spec import NO_MATCH, MatchSpec
from matchspec.terms import OTHER, Key, order_key, rank
from matchspec.values import Term
from runtime.errors import BadArg, show
from runtime.storage import Storage, StoredRow
from runtime.watched import Change, Observer

SortedKeys: TypeAlias = "SortedList[Any]"  # of order_keys
_EXACT_TYPES: Final = (int, float, str, bytes)


@final
class Subject:
    """What an index is over: a column, counted from 0, or an expression, with -1 for a column.

    `kind`: the one type whose instances the column holds, or `object`. Plans remember subjects, which hold no rows.
    """

    def __init__(self, column: int, expression: Expression | None, kind: type) -> None:
        self.column: Final = column
        self.expression: Final = expression
        self.kind: Final = kind

    def ranges(self, query: MatchSpec[Any, Any], odd: bool) -> Ranges:
        """In which ranges of values all rows lie that match a query; ALL where there is no telling."""
        if self.expression is not None:
            return self.expression.ranges(query, odd)
        found = column_ranges(query, self.column + 1, odd, False)
        return found if found == ALL else intersection(found, ranges_of_type(self.kind))


@final
class Index(Observer):
    """An index over one column, counted from 0 in `column`, or over an `expression`, with -1 for a column.

    In a unique index no two rows have one value, None apart, which any number may have. Rows that are too short to have
    the column, or for which the expression fails, are not in the index.

    Invariants, checked by `check`:
        1. `buckets` has for each value the keys of the rows that have it, with their numbers; no bucket is empty.
        2. `sorted`, once there is one, holds the values of all buckets in ascending order.
        3. In a unique index there is one row a bucket, that of None apart.
        4. `total` is the number of rows in the index.
    """

    def __init__(
        self,
        field: int | str,
        column: int,
        unique: bool,
        table: str,
        expression: Expression | None = None,
        kind: type = object,
    ) -> None:
        self.field: Final = field
        self.subject: Final = Subject(column, expression, kind)
        self.column: Final = column
        self.expression: Final = expression
        self.unique: Final = unique
        self.odd = False  # the column holds, or has held, a value of a subclass of int, float, str or bytes
        self._table: Final = table
        self._buckets: dict[Key, dict[Key, int]] = {}
        self._sorted: SortedKeys | None = None
        self._total = 0
        self._repeats = False  # some key has, or has had, several rows of one value, as in bags

    # --- changes ------------------------------------------------------------------------------------------------------

    def build(self, storage: Storage) -> None:
        """Takes in the rows there are. O(n). Raises BadArg, cause "unique"."""
        view = storage.view()
        changes = [Change(storage.key(row[storage.keypos]), None, row, "insert") for row in view]
        storage.release(view)
        self.admit(changes)
        self.note(changes)

    def admit(self, changes: list[Change]) -> None:
        if not self.unique:
            return
        more: dict[Key, int] = {}
        for change in changes:
            for row, count in ((change.old, -1), (change.new, 1)):
                term = NO_MATCH if row is None else self._value(row)
                if term is not NO_MATCH and term is not None:
                    value = order_key(term)
                    more[value] = more.get(value, 0) + count
        for change in changes:
            new = change.new
            term = NO_MATCH if new is None else self._value(new)
            if term is not NO_MATCH:
                value = order_key(term)
                count = more.get(value, 0)
                if count > 0 and count + sum(self._buckets.get(value, {}).values()) > 1:
                    there = show(term)
                    allowed = f"the index of {self.field!r} is unique, and another row has {there} there"
                    raise BadArg("unique", "row", new, allowed, self._table)

    def note(self, changes: list[Change]) -> None:
        for change in changes:
            old = NO_MATCH if change.old is None else self._value(change.old)
            if old is not NO_MATCH:
                self._take_out(order_key(old), change.key)
            new = NO_MATCH if change.new is None else self._value(change.new)
            if new is not NO_MATCH:
                self._take_in(new, change.key)

    def _value(self, row: StoredRow) -> Term:
        """What a row has in the column, or gives for the expression; NO_MATCH for nothing."""
        if self.expression is not None:
            return self.expression.value(row)
        return row[self.column] if len(row) > self.column else NO_MATCH

    def _take_in(self, term: Term, key: Key) -> None:
        if type(term) not in _EXACT_TYPES and isinstance(term, _EXACT_TYPES) and rank(term) != OTHER:
            self.odd = self.odd or not isinstance(term, bool)
        value = order_key(term)
        bucket = self._buckets.get(value)
        if bucket is None:
            self._buckets[value] = {key: 1}
            if self._sorted is not None:
                self._sorted.add(value)
        else:
            count = bucket.get(key, 0) + 1
            bucket[key] = count
            self._repeats = self._repeats or count > 1
        self._total += 1

    def _take_out(self, value: Key, key: Key) -> None:
        bucket = self._buckets[value]
        if bucket[key] > 1:
            bucket[key] -= 1
        else:
            del bucket[key]
        if not bucket:
            del self._buckets[value]
            if self._sorted is not None:
                self._sorted.discard(value)
        self._total -= 1

    # --- finding ------------------------------------------------------------------------------------------------------

    def estimate(self, ranges: Ranges) -> int:
        """About how many keys `keys` would give. O(log n) a range; O(n log n) the first time that it is no point."""
        total = 0
        for interval in ranges:
            if is_point(interval):
                total += len(self._buckets.get(interval.low[0], {}))
            elif self._buckets:
                values = self._ordered()
                (low, after_low), (high, after_high) = interval
                first = values.bisect_right(low) if after_low else values.bisect_left(low)
                last = values.bisect_right(high) if after_high else values.bisect_left(high)
                total += (last - first) * self._total // len(self._buckets)
        return total

    def count(self, ranges: Ranges) -> int:
        """How many rows have values in ranges. O(log n) a range, plus the values; in bags plus the keys."""
        total = 0
        for value in self._values(ranges):
            bucket = self._buckets.get(value)
            if bucket is not None:
                total += sum(bucket.values()) if self._repeats else len(bucket)
        return total

    def keys(self, ranges: Ranges) -> list[Key]:
        """The keys of the rows whose values lie in ranges, perhaps repeated. O(log n) a range, plus the keys."""
        if len(ranges) == 1 and is_point(ranges[0]):
            bucket = self._buckets.get(ranges[0].low[0])
            return [] if bucket is None else list(bucket)
        return [key for value in self._values(ranges) for key in self._buckets.get(value, ())]

    def _values(self, ranges: Ranges) -> Iterator[Key]:
        for interval in ranges:
            yield from [interval.low[0]] if is_point(interval) else self._values_in(interval)

    def _values_in(self, interval: Interval) -> Iterable[Key]:
        (low, after_low), (high, after_high) = interval
        return self._ordered().irange(low, high, (after_low == 0, after_high == 1))

    def _ordered(self) -> SortedKeys:
        if self._sorted is None:
            self._sorted = SortedList(self._buckets)
        return self._sorted

    # --- inspection ---------------------------------------------------------------------------------------------------

    def check(self, storage: Storage) -> list[str]:
        expected: dict[Key, dict[Key, int]] = {}
        view = storage.view()
        values = [(row, self._value(row)) for row in view]
        storage.release(view)
        rows = [(row, term) for row, term in values if term is not NO_MATCH]
        for row, term in rows:
            bucket = expected.setdefault(order_key(term), {})
            key = storage.key(row[storage.keypos])
            bucket[key] = bucket.get(key, 0) + 1
        problems: list[str] = []
        name = f"index of {self.field!r}"
        if expected != self._buckets:
            problems.append(f"{name} 1: {self._buckets!r} against {expected!r}")
        in_order: SortedKeys = SortedList(expected)
        if self._sorted is not None and list(self._sorted) != list(in_order):
            problems.append(f"{name} 2: sorted are {list(self._sorted)!r}")
        none = order_key(None)
        if self.unique and any(sum(bucket.values()) > 1 for value, bucket in expected.items() if value != none):
            problems.append(f"{name} 3: repeated values in {expected!r}")
        if self._total != len(rows):
            problems.append(f"{name} 4: total is {self._total}, rows are {len(rows)}")
        return problems

    def overhead(self) -> int:
        """About the bytes it takes up. O(1)."""
        return sys.getsizeof(self._buckets) + (sys.getsizeof({0: 0}) + 80) * len(self._buckets) + 32 * self._total
