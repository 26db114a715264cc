"""The storage of `ordered_set`: one row a key, in Erlang's order of terms; 1 and 1.0 are one key.

A dict finds rows by key, a SortedList keeps the keys in order. Both hold `order_key`s, which compare as terms do; but
while all keys are numbers, as they mostly are, the numbers stand for themselves: these compare alike, cost no memory
beside the row that holds them, and are hashed and compared several times faster. The first other key that comes turns
all into order_keys (`_widen`); who calls always speaks of order_keys, and never notices.
Walks need no help while others write: the next key is the smallest one above the last key seen, there or not.

Searching the SortedList compares keys step by step. A key may hold a value whose `<` is a user's code, so the table
refuses writes from within a search (see `runtime.access`), and what fails half-way is taken back.
"""

import sys
from collections.abc import Iterable, Sequence
from itertools import chain, pairwise
from typing import Any, Final, TypeAlias, cast, final

from sortedcontainers import SortedList

from matchspec.intervals import ABOVE, BELOW, Cut, Interval, Ranges, intersection
from matchspec.terms import Key, exactly_equal, order_key
from matchspec.values import Term
from runtime.storage import Mark, Page, Span, Storage, StoredRow, UnknownKey

SortedKeys: TypeAlias = "SortedList[Any]"  # of order_keys, which are tuples that compare with one another

_START: Final[Key] = BELOW
_FEW: Final = 20  # taking out each of some keys costs less than building all anew where there are so many times as many


@final
class OrderedStorage(Storage):
    """One row a key, in the order of keys.

    Invariants, checked by `check`:
        1. `keys` and `rows` hold the same keys: numbers where `bare`, otherwise order_keys.
        2. `keys` ascends strictly, and is a sound SortedList.
        3. The key of every row is the key it is filed under.
        4. `view`, where there is one, lists all rows in order.
    """

    def __init__(self, keypos: int) -> None:
        super().__init__("ordered_set", keypos, _START)
        self._bare = True
        self._rows: dict[Key, StoredRow] = {}
        self._keys: SortedKeys = SortedList()
        self._view: list[StoredRow] | None = None

    # --- two forms of a key -------------------------------------------------------------------------------------------

    def _filed(self, key: Key) -> Key:
        """What stands for a key here, if it is here at all."""
        if self._bare:
            parts = cast("tuple[Any, ...]", key)
            if parts[0] == 0:
                return cast(Key, parts[1])
        return key

    def _filing(self, key: Key) -> Key:
        """What stands for a key that is about to come."""
        if self._bare:
            parts = cast("tuple[Any, ...]", key)
            if parts[0] == 0:
                return cast(Key, parts[1])
            self._widen()
        return key

    def _widen(self) -> None:
        """From numbers to order_keys. O(n), at most once until the table is emptied."""
        rows: dict[Key, StoredRow] = {(0, key): row for key, row in self._rows.items()}
        self._keys = SortedList([(0, key) for key in self._keys])
        self._rows = rows
        self._bare = False

    def _filed_row(self, row: StoredRow) -> Key:
        """Under what a row that is here is filed."""
        term = row[self.keypos]
        return term if self._bare and type(term) is int else self._filed(order_key(term))

    def _become(self, rows: dict[Key, StoredRow]) -> None:
        """Holds these rows from now on, given by their order_keys. O(n log n)."""
        bare = all([cast("tuple[Any, ...]", key)[0] == 0 for key in rows])
        if bare:
            rows = {cast("tuple[Any, ...]", key)[1]: row for key, row in rows.items()}
        keys: SortedKeys = SortedList(rows)
        self._bare, self._rows, self._keys, self._view = bare, rows, keys, None

    # --- keys and single rows -----------------------------------------------------------------------------------------

    def key(self, term: Term) -> Key:
        return order_key(term)

    def size(self) -> int:
        return len(self._rows)

    def has(self, key: Key) -> bool:
        return self._filed(key) in self._rows

    def rows_at(self, key: Key) -> list[StoredRow]:
        row = self._rows.get(self._filed(key))
        return [] if row is None else [row]

    def holds(self, key: Key, row: StoredRow) -> bool:
        old = self._rows.get(self._filed(key))
        return old is not None and exactly_equal(old, row)

    def put(self, key: Key, row: StoredRow) -> None:
        key = self._filing(key)
        # The dict alone decides whether the key is new, so that a fickle comparison cannot make the two disagree.
        rows = self._rows
        size = len(rows)
        rows[key] = row
        self._view = None
        if len(rows) > size:
            try:
                self._keys.add(key)
            except BaseException:  # a comparison of keys raised
                del rows[key]
                raise

    def put_all(self, pairs: list[tuple[Key, StoredRow]]) -> None:
        if len(pairs) > len(self._rows):
            self._merge(pairs)
            return
        done: list[tuple[Key, StoredRow | None]] = []
        try:
            for key, row in pairs:
                old = self._rows.get(self._filed(key))
                self.put(key, row)
                done.append((key, old))
        except BaseException:
            for key, old in reversed(done):
                if old is None:
                    self._take(key)
                else:
                    self.put(key, old)
            raise

    def _merge(self, pairs: list[tuple[Key, StoredRow]]) -> None:
        """Many rows at once: sorting all keys anew is faster than placing each. O((n + m) log(n + m))."""
        if not self._rows:
            self._become(dict(pairs))
            return
        filed = [(self._filing(key), row) for key, row in pairs]
        if not self._bare:
            filed = pairs  # the last of them may have turned all into order_keys
        rows = dict(self._rows)
        for key, row in filed:
            rows[key] = row
        keys: SortedKeys = SortedList(rows)
        self._rows, self._keys, self._view = rows, keys, None

    def _take(self, key: Key) -> StoredRow | None:
        key = self._filed(key)
        row = self._rows.pop(key, None)
        if row is not None:
            try:
                self._keys.remove(key)
            except ValueError:  # a fickle comparison does not find it
                self._keys = SortedList(self._rows)
            except BaseException:  # a comparison of keys raised
                self._rows[key] = row
                raise
            self._view = None
        return row

    def remove(self, key: Key) -> list[StoredRow]:
        row = self._take(key)
        return [] if row is None else [row]

    def remove_exact(self, key: Key, row: StoredRow) -> int:
        old = self._rows.get(self._filed(key))
        if old is None or not exactly_equal(old, row):
            return 0
        self._take(key)
        return 1

    def clear(self) -> None:
        self._bare, self._rows, self._keys, self._view = True, {}, SortedList(), None

    # --- many rows ----------------------------------------------------------------------------------------------------

    def remove_chosen(self, rows: Sequence[StoredRow]) -> None:
        if len(rows) * _FEW < len(self._rows):
            for key in [order_key(row[self.keypos]) for row in rows]:
                self._take(key)
            return
        # A part of some size goes: building both anew is linear, taking out each key is not.
        keys = [self._filed_row(row) for row in rows]
        left = dict(self._rows)
        for key in keys:
            left.pop(key, None)
        kept: SortedKeys = SortedList([key for key in self._keys if key in left])
        if len(kept) != len(left):  # a fickle comparison
            kept = SortedList(left)
        self._rows, self._keys, self._view = left, kept, None

    def replace_chosen(self, rows: Sequence[StoredRow], others: Sequence[StoredRow]) -> None:
        keys = [self._filed_row(row) for row in rows]
        changed = dict(zip(keys, others, strict=True))
        self._rows.update(changed)
        self._view = None

    def replace_all(self, pairs: list[tuple[Key, StoredRow]]) -> None:
        self._become(dict(pairs))

    def view(self) -> list[StoredRow]:
        if self._view is None:
            rows = self._rows
            self._view = [rows[key] for key in self._keys]
        return self._view

    def release(self, view: list[StoredRow]) -> None:
        """A view is a list of its own: writers forget it and leave it to its readers."""

    def candidates(self, keys: list[Term]) -> list[StoredRow]:
        return self.candidates_at([order_key(key) for key in keys])

    def candidates_at(self, keys: Iterable[Key]) -> list[StoredRow]:
        rows = self._rows
        filed = {key for key in [self._filed(key) for key in keys] if key in rows}
        return [rows[key] for key in cast("list[Key]", sorted(cast("set[Any]", filed)))]

    def between(self, ranges: Ranges) -> list[StoredRow]:
        """O(log n) a range, plus the rows found."""
        return self.in_spans(self.spans(ranges))

    def count_between(self, ranges: Ranges) -> int:
        """O(log n) a range."""
        return sum([last - first for first, last in self.spans(ranges)])

    def spans(self, ranges: Ranges) -> list[Span]:
        return [(self._rank_of(interval.low), self._rank_of(interval.high)) for interval in ranges]

    def in_spans(self, spans: list[Span]) -> list[StoredRow]:
        view = self._view
        if view is not None:
            return list(chain.from_iterable([view[first:last] for first, last in spans]))
        rows = self._rows
        return [rows[key] for first, last in spans for key in self._keys.islice(first, last)]

    def _rank_of(self, cut: Cut) -> int:
        """How many keys lie below a cut. O(log n)."""
        key, after = cut
        if self._bare:
            if not key or key[0] < 0:
                return 0
            if key[0] > 0:
                return len(self._rows)
            if len(key) == 1:  # before all numbers
                return 0
            key = key[1]
        return self._keys.bisect_right(key) if after else self._keys.bisect_left(key)

    # --- traversal ----------------------------------------------------------------------------------------------------

    def first(self) -> StoredRow | None:
        return self._rows[self._keys[0]] if self._rows else None

    def last(self) -> StoredRow | None:
        return self._rows[self._keys[-1]] if self._rows else None

    def after(self, key: Key) -> StoredRow | None:
        at = self._rank_of((key, 1))
        return self._rows[self._keys[at]] if at < len(self._keys) else None

    def before(self, key: Key) -> StoredRow | None:
        at = self._rank_of((key, 0))
        return self._rows[self._keys[at - 1]] if at > 0 else None

    def page(self, mark: Mark, count: int, backwards: bool, ranges: Ranges | None = None) -> Page:
        """O(log n) a range, plus the rows found."""
        rest = self._rest(mark, backwards)
        keys: list[Key] = []
        found = (rest,) if ranges is None else intersection(ranges, (rest,))
        for interval in reversed(found) if backwards else found:
            ((first, last),) = self.spans((interval,))
            missing = count - len(keys)
            if backwards:
                keys.extend(self._keys.islice(max(first, last - missing), last, reverse=True))
            else:
                keys.extend(self._keys.islice(first, min(last, first + missing)))
            if len(keys) >= count:
                break
        marks: list[Mark] = [(0, key) for key in keys] if self._bare else keys
        return Page([self._rows[key] for key in keys], marks)

    def _rest(self, mark: Mark, backwards: bool) -> Interval:
        """What is left of a walk that has come to `mark`."""
        if backwards:
            return Interval((BELOW, 0), (ABOVE, 0) if mark == _START else (mark, 0))
        return Interval((mark, 1), (ABOVE, 0))

    def slot(self, number: int) -> list[StoredRow] | None:
        if number > len(self._keys):
            raise UnknownKey
        return [self._rows[self._keys[number]]] if number < len(self._keys) else None

    def fix(self) -> None:
        """Nothing to do: a step can start from any key."""

    def unfix(self) -> None:
        """Nothing to do, as for `fix`."""

    def check(self) -> list[str]:
        problems: list[str] = []
        keys = list(self._keys)
        if len(keys) != len(self._rows) or any(key not in self._rows for key in keys):
            problems.append(f"1: the keys {keys!r} against the rows {self._rows!r}")
        if any((type(key) is int or type(key) is float) != self._bare for key in keys):
            problems.append(f"1: numbers are {'' if self._bare else 'not '}expected in {keys!r}")
        # SortedList's own check needs `<=`, which keys do not have.
        lists: list[list[Key]] = self._keys._lists  # type: ignore[attr-defined]  # the stubs leave it out
        maxes: list[Key] = self._keys._maxes  # type: ignore[attr-defined]
        if [part[-1] for part in lists] != maxes or sum([len(part) for part in lists]) != len(self._keys):
            problems.append(f"2: the lists {lists!r} against their ends {maxes!r}")
        if any(not left < right for left, right in pairwise(keys)):
            problems.append(f"2: the keys do not ascend: {keys!r}")
        for key, row in self._rows.items():
            if order_key(row[self.keypos]) != ((0, key) if self._bare else key):
                problems.append(f"3: the row {row!r} is filed under {key!r}")
        if self._view is not None and self._view != [self._rows[key] for key in keys]:
            problems.append("4: the view is out of date")
        return problems

    def overhead(self) -> int:
        # A place in the dict and in the list of keys, and the key itself: most order_keys are tuples of two.
        return sys.getsizeof(self._rows) + (8 + (0 if self._bare else sys.getsizeof((0, 0)))) * len(self._rows)
