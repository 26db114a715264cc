"""The storages of `set`, `bag` and `duplicate_bag`: keys compare exactly, and stand in the order of their arrival.

Both rest on `runtime.slots`. In a set the content of a slot is the row of the key. In the bags it is the list of the
key's rows, in the order of their insertion, which no reader ever holds: whoever asks gets a copy.
"""

import sys
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final, cast, final

from matchspec.intervals import Ranges
from matchspec.terms import Key, exact_key, exactly_equal
from matchspec.values import Term
from runtime.slots import COMPACT_AT, SlotArray
from runtime.storage import Kind, Mark, Page, Storage, StoredRow, UnknownKey

SEEN_AT = 8  # rows of one key from which a bag keeps a set of them, so that duplicates are found in O(1)
_START: Final = -1


@final
class SetStorage(Storage):
    """One row a key.

    Invariants, checked by `check`:
        1. Those of SlotArray.
        2. The key of every row is the key it is filed under.
    """

    def __init__(self, keypos: int, compact_at: int = COMPACT_AT) -> None:
        super().__init__("set", keypos, _START)
        self._slots: Final[SlotArray[StoredRow]] = SlotArray(compact_at)
        self._compact_at: Final = compact_at

    @property
    def slots(self) -> SlotArray[StoredRow]:
        """Where the rows are, for `runtime.unlocked`."""
        return self._slots

    def key(self, term: Term) -> Key:
        return exact_key(term)

    def size(self) -> int:
        return len(self._slots.index)

    def has(self, key: Key) -> bool:
        return key in self._slots.index

    def rows_at(self, key: Key) -> list[StoredRow]:
        row = self._slots.get(key)
        return [] if row is None else [row]

    def holds(self, key: Key, row: StoredRow) -> bool:
        old = self._slots.get(key)
        return old is not None and exactly_equal(old, row)

    def put(self, key: Key, row: StoredRow) -> None:
        slots = self._slots
        slot = slots.index.get(key)
        if slot is None:
            slots.add(key, row)
        else:
            slots.set(slot, row)

    def put_all(self, pairs: list[tuple[Key, StoredRow]]) -> None:
        if len(pairs) == 1:
            self.put(*pairs[0])
            return
        slots = self._slots
        done: list[tuple[Key, StoredRow | None]] = []
        try:
            for key, row in pairs:
                old = slots.get(key)
                self.put(key, row)
                done.append((key, old))
        except BaseException:
            for key, old in reversed(done):
                if old is None:
                    slots.remove(key)
                else:
                    self.put(key, old)
            raise

    def remove(self, key: Key) -> list[StoredRow]:
        row = self._slots.remove(key)
        return [] if row is None else [row]

    def remove_exact(self, key: Key, row: StoredRow) -> int:
        old = self._slots.get(key)
        if old is None or not exactly_equal(old, row):
            return 0
        self._slots.remove(key)
        return 1

    def clear(self) -> None:
        self._slots.clear()

    def remove_chosen(self, rows: Sequence[StoredRow]) -> None:
        keypos = self.keypos
        self._slots.remove_all([exact_key(row[keypos]) for row in rows])

    def replace_chosen(self, rows: Sequence[StoredRow], others: Sequence[StoredRow]) -> None:
        places = [self._slots.index[exact_key(row[self.keypos])] for row in rows]
        for slot, other in zip(places, others, strict=True):
            self._slots.set(slot, other)

    def replace_all(self, pairs: list[tuple[Key, StoredRow]]) -> None:
        fresh = SetStorage(self.keypos, self._compact_at)
        fresh.put_all(pairs)
        if self._slots.fixed:
            self.clear()
            self.put_all(pairs)
        else:
            self._slots.take_over(fresh._slots)

    def view(self) -> list[StoredRow]:
        return self._slots.borrow()

    def release(self, view: list[StoredRow]) -> None:
        self._slots.give_back(view)

    def candidates(self, keys: list[Term]) -> list[StoredRow]:
        return self.candidates_at([exact_key(key) for key in keys])

    def candidates_at(self, keys: Iterable[Key]) -> list[StoredRow]:
        return [self._row_in(slot) for slot in _slots_of(self._slots.index, keys)]

    def first(self) -> StoredRow | None:
        return self._row_from(0)

    def last(self) -> StoredRow | None:
        return self._row_from(0)

    def after(self, key: Key) -> StoredRow | None:
        return self._row_from(_step(self._slots.slot_of(key)))

    def before(self, key: Key) -> StoredRow | None:
        return self._row_from(_step(self._slots.slot_of(key)))

    def _row_from(self, slot: int) -> StoredRow | None:
        found = self._slots.live_from(slot)
        return None if found < 0 else self._slots.contents[found]

    def _row_in(self, slot: int) -> StoredRow:
        return cast(StoredRow, self._slots.contents[slot])

    def page(self, mark: Mark, count: int, backwards: bool, ranges: Ranges | None = None) -> Page:
        slots = _slots_after(self._slots, cast(int, mark), count)
        return Page([self._row_in(slot) for slot in slots], [self._slots.birth(slot) for slot in slots])

    def slot(self, number: int) -> list[StoredRow] | None:
        contents = self._slots.contents
        if number >= len(contents):
            return _end_of_slots(number, len(contents))
        row = contents[number]
        return [] if row is None else [row]

    def fix(self) -> None:
        self._slots.fix()

    def unfix(self) -> None:
        self._slots.unfix()

    def check(self) -> list[str]:
        problems = [f"1: {problem}" for problem in self._slots.check()]
        for key, slot in self._slots.index.items():
            row = self._slots.contents[slot]
            if row is not None and exact_key(row[self.keypos]) != key:
                problems.append(f"2: the row {row!r} is filed under {key!r}")
        return problems

    def overhead(self) -> int:
        return self._slots.overhead()


@final
class BagStorage(Storage):
    """Any number of rows a key; in a `bag` no two that are `=:=`.

    Invariants, checked by `check`:
        1. Those of SlotArray.
        2. Every key has at least one row, and is the key of all its rows.
        3. In a bag no two rows of a key are `=:=`.
        4. `seen`, kept in bags for keys with many rows, is the set of the exact keys of the key's rows.
        5. `total` is the number of all rows.
    """

    def __init__(self, kind: Kind, keypos: int, compact_at: int = COMPACT_AT, seen_at: int = SEEN_AT) -> None:
        super().__init__(kind, keypos, _START)
        self._slots: Final[SlotArray[list[StoredRow]]] = SlotArray(compact_at)
        self._compact_at: Final = compact_at
        self._unique: Final = kind == "bag"
        self._seen: dict[Key, set[Key]] = {}
        self._seen_at: Final = seen_at
        self._total = 0
        self._view: list[StoredRow] | None = None

    def key(self, term: Term) -> Key:
        return exact_key(term)

    def size(self) -> int:
        return self._total

    def has(self, key: Key) -> bool:
        return key in self._slots.index

    def rows_at(self, key: Key) -> list[StoredRow]:
        rows = self._slots.get(key)
        return [] if rows is None else list(rows)

    def put(self, key: Key, row: StoredRow) -> None:
        self._put(key, row)

    def _put(self, key: Key, row: StoredRow) -> bool:
        """Whether the row was added; False for a duplicate in a bag. O(1)."""
        rows = self._slots.get(key)
        if rows is None:
            self._slots.add(key, [row])
        elif not self._unique:
            rows.append(row)
        elif self.holds(key, row):
            return False
        else:
            rows.append(row)
            if key in self._seen:
                self._seen[key].add(exact_key(row))
        self._total += 1
        self._view = None
        return True

    def holds(self, key: Key, row: StoredRow) -> bool:
        rows = self._slots.get(key)
        if rows is None:
            return False
        if not self._unique or len(rows) < self._seen_at:
            return any([exactly_equal(old, row) for old in rows])
        seen = self._seen.get(key)
        if seen is None:
            seen = {exact_key(old) for old in rows}
            self._seen[key] = seen
        return exact_key(row) in seen

    def put_all(self, pairs: list[tuple[Key, StoredRow]]) -> None:
        """In a bag the last of the list comes first, which is how OTP 25 does it."""
        done: list[Key] = []
        try:
            for key, row in reversed(pairs) if self._unique else pairs:
                if self._put(key, row):
                    done.append(key)
        except BaseException:
            for key in reversed(done):
                self._keep(key, self.rows_at(key)[:-1])
            raise

    def _keep(self, key: Key, kept: list[StoredRow]) -> int:
        """Leaves only these rows of a key; how many went. O(rows of the key)."""
        rows = self._slots.get(key)
        if rows is None:
            return 0
        went = len(rows) - len(kept)
        if not kept:
            self._slots.remove(key)
        elif went:
            rows[:] = kept
        if went:
            self._seen.pop(key, None)
            self._total -= went
            self._view = None
        return went

    def remove(self, key: Key) -> list[StoredRow]:
        rows = self.rows_at(key)
        self._keep(key, [])
        return rows

    def remove_exact(self, key: Key, row: StoredRow) -> int:
        return self._keep(key, [old for old in self.rows_at(key) if not exactly_equal(old, row)])

    def clear(self) -> None:
        self._slots.clear()
        self._seen = {}
        self._total = 0
        self._view = None

    def remove_chosen(self, rows: Sequence[StoredRow]) -> None:
        chosen = {id(row) for row in rows}
        done: list[tuple[Key, list[StoredRow]]] = []
        try:
            for key in {exact_key(row[self.keypos]): None for row in rows}:
                held = self.rows_at(key)
                self._keep(key, [row for row in held if id(row) not in chosen])
                done.append((key, held))
        except BaseException:
            for key, held in reversed(done):
                self._keep(key, [])
                self._slots.add(key, held)
                self._total += len(held)
            raise

    def replace_chosen(self, rows: Sequence[StoredRow], others: Sequence[StoredRow]) -> None:
        by_id = {id(row): other for row, other in zip(rows, others, strict=True)}
        for key in {exact_key(row[self.keypos]): None for row in rows}:
            held = self._slots.get(key)
            if held is not None:
                held[:] = [by_id.get(id(row), row) for row in held]
                self._seen.pop(key, None)
        self._view = None

    def replace_all(self, pairs: list[tuple[Key, StoredRow]]) -> None:
        fresh = BagStorage(self.kind, self.keypos, self._compact_at, self._seen_at)
        fresh.put_all(pairs)
        if self._slots.fixed:
            self.clear()
            self.put_all(pairs)
        else:
            self.clear()
            self._slots.take_over(fresh._slots)
            self._seen, self._total = fresh._seen, fresh._total

    def view(self) -> list[StoredRow]:
        if self._view is None:
            self._view = list(chain.from_iterable([rows for rows in self._slots.contents if rows is not None]))
        return self._view

    def release(self, view: list[StoredRow]) -> None:
        """A view is a list of its own: writers forget it and leave it to its readers."""

    def candidates(self, keys: list[Term]) -> list[StoredRow]:
        return self.candidates_at([exact_key(key) for key in keys])

    def candidates_at(self, keys: Iterable[Key]) -> list[StoredRow]:
        return list(chain.from_iterable([self._rows_in(slot) for slot in _slots_of(self._slots.index, keys)]))

    def _rows_in(self, slot: int) -> list[StoredRow]:
        return cast("list[StoredRow]", self._slots.contents[slot])

    def first(self) -> StoredRow | None:
        return self._row_from(0)

    def last(self) -> StoredRow | None:
        return self._row_from(0)

    def after(self, key: Key) -> StoredRow | None:
        return self._row_from(_step(self._slots.slot_of(key)))

    def before(self, key: Key) -> StoredRow | None:
        return self._row_from(_step(self._slots.slot_of(key)))

    def _row_from(self, slot: int) -> StoredRow | None:
        found = self._slots.live_from(slot)
        return None if found < 0 else self._rows_in(found)[0]

    def page(self, mark: Mark, count: int, backwards: bool, ranges: Ranges | None = None) -> Page:
        rows: list[StoredRow] = []
        marks: list[Mark] = []
        for slot in _slots_after(self._slots, cast(int, mark), count):
            held = self._rows_in(slot)
            rows.extend(held)
            marks.extend([self._slots.birth(slot)] * len(held))
            if len(rows) >= count:
                break
        return Page(rows, marks)

    def slot(self, number: int) -> list[StoredRow] | None:
        contents = self._slots.contents
        if number >= len(contents):
            return _end_of_slots(number, len(contents))
        rows = contents[number]
        return [] if rows is None else list(rows)

    def fix(self) -> None:
        self._slots.fix()

    def unfix(self) -> None:
        self._slots.unfix()

    def check(self) -> list[str]:
        problems = [f"1: {problem}" for problem in self._slots.check()]
        total = 0
        for key, slot in self._slots.index.items():
            rows = self._slots.contents[slot] or []
            total += len(rows)
            if not rows or any(exact_key(row[self.keypos]) != key for row in rows):
                problems.append(f"2: filed under {key!r} are {rows!r}")
            distinct = {exact_key(row) for row in rows}
            if self._unique and len(distinct) != len(rows):
                problems.append(f"3: duplicates in {rows!r}")
            if self._seen.get(key, distinct) != distinct:
                problems.append(f"4: seen of {key!r} is {self._seen[key]!r}")
        if any(key not in self._slots.index for key in self._seen):
            problems.append("4: seen is kept for keys that are gone")
        if total != self._total:
            problems.append(f"5: total is {self._total}, there are {total} rows")
        return problems

    def overhead(self) -> int:
        return self._slots.overhead() + sys.getsizeof(self._seen) + sys.getsizeof([]) * len(self._slots.index)


def _slots_of(index: dict[Key, int], keys: Iterable[Key]) -> list[int]:
    """The slots of those keys that are there, each once, in their order."""
    found: list[int] = []
    last = -1
    ascending = True  # as keys mostly are that came one after the other
    for key in keys:
        slot = index.get(key, -1)
        if slot >= 0:
            ascending = ascending and slot > last
            last = slot
            found.append(slot)
    return found if ascending else sorted(set(found))


def _slots_after(slots: "SlotArray[StoredRow] | SlotArray[list[StoredRow]]", mark: int, count: int) -> list[int]:
    """Up to `count` filled slots born after `mark`."""
    found: list[int] = []
    slot = slots.live_from(slots.slot_from(mark + 1))
    while slot >= 0 and len(found) < count:
        found.append(slot)
        slot = slots.live_from(slot + 1)
    return found


def _step(slot: int) -> int:
    if slot < 0:
        raise UnknownKey
    return slot + 1


def _end_of_slots(number: int, size: int) -> list[StoredRow] | None:
    if number > size:
        raise UnknownKey
    return None
