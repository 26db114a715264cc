"""Keys in slots: the structure under sets and bags, which finds a key in O(1) and walks the keys in a lasting order.

A dict finds keys but cannot be walked while it changes: "the key after this one" costs O(n), and taking the first key
again and again is quadratic, because deleted entries stay at its front. So the dict maps a key to the number of a
slot, and a list of slots holds what belongs to the keys, in the order in which the keys came:

    index     {"a": 0, "c": 2}          contents   [row a, None, row c]          (b was deleted: its slot is empty)

The key after "a" is in the next slot that is not empty. Three things keep this fast and true:

- Empty slots are squeezed out (`_compact`) when they outnumber the keys, unless somebody has fixed the table.
- Long runs of empty slots are crossed by `skips`: the walk across a run leaves a note at every 64th slot, and where it
  began, saying where the run ends. Walking to the next key is O(1) amortised, whoever begins where.
- While the table is fixed, a deleted key keeps its slot (`graves`), so that the walk can go on from it; if the key
  comes back, it gets its old slot again. (At the end of the list it would send the walk past all keys in between.)

A walk that pauses and is resumed by number, as continuations do, cannot keep a slot's number: squeezing changes it. It
keeps the *birth number*: the first slot ever filled has 0, the next 1, and so on, for ever. Before the first squeeze
birth number and slot number are the same. A squeeze writes down the birth numbers of the slots that remain, in
ascending order; slots appended later follow by adding `shift`. So births cost nothing until a squeeze, and a slot is
found by a binary search.

Readers can take the list of contents without copying it (`borrow`). Whoever writes while it is lent leaves the lent
list to its readers and goes on with a copy.
"""

import sys
from array import array
from bisect import bisect_left
from typing import Final, Generic, TypeVar, final

from matchspec.terms import Key

C = TypeVar("C")

COMPACT_AT = 32  # empty slots that are always put up with
_STRIDE = 64  # a note about a run of empty slots is left at each multiple of this


@final
class SlotArray(Generic[C]):
    """Keys, each with its content of type C, in slots. Callers hold the table's lock.

    Invariants, checked by `check`:
        1. `index` maps each key to a slot of its own that is not empty; all other slots are empty; `gone` counts those.
        2. `graves` is empty unless fixed; it maps deleted keys, none of which is in `index`, to empty slots.
        3. `births` has at most one entry a slot, ascending; `shift` keeps later birth numbers above them.
        4. Every note in `skips` leads ahead, across empty slots only.
        5. Unless fixed, empty slots do not outnumber the keys by more than `compact_at`.
    """

    def __init__(self, compact_at: int = COMPACT_AT) -> None:
        self.index: dict[Key, int] = {}
        self.contents: list[C | None] = []
        self.gone = 0
        self._graves: dict[Key, int] = {}
        self._skips: dict[int, int] = {}
        self._births: array[int] = array("q")
        self._shift = 0
        self._fixes = 0
        self._readers = 0
        self._compact_at: Final = compact_at

    # --- contents ---------------------------------------------------------------------------------------------------

    def get(self, key: Key) -> C | None:
        """O(1)."""
        slot = self.index.get(key)
        return None if slot is None else self.contents[slot]

    def set(self, slot: int, content: C) -> None:
        """Replaces the content of a slot that is not empty. O(1), or O(n) while the contents are lent."""
        if self._readers:
            self._detach()
        self.contents[slot] = content

    def add(self, key: Key, content: C) -> None:
        """Gives a new key a slot: its old one where it has a grave, else one at the end. O(1) as `set`."""
        if self._readers:
            self._detach()
        if self._graves:
            slot = self._graves.get(key, -1)
            if slot >= 0:
                self._revive(key, slot, content)
                return
        contents = self.contents
        contents.append(content)
        try:
            self.index[key] = len(contents) - 1
        except BaseException:  # a comparison of keys raised
            contents.pop()
            raise

    def _revive(self, key: Key, slot: int, content: C) -> None:
        self.index[key] = slot
        self._graves.pop(key, None)
        self.contents[slot] = content
        self.gone -= 1
        self._skips.clear()

    def remove(self, key: Key) -> C | None:
        """Takes a key out; its content, or None. O(1) amortised, or O(n) while the contents are lent."""
        if self._readers:
            self._detach()
        slot = self.index.pop(key, -1)
        if slot < 0:
            return None
        content = self.contents[slot]
        self.contents[slot] = None
        self.gone += 1
        if self._fixes:
            self._graves[key] = slot
        else:
            self._settle()
        return content

    def remove_all(self, keys: list[Key]) -> None:
        """Takes out several keys; all of them or, where a comparison of keys raises, none. O(keys)."""
        if self._readers:
            self._detach()
        index, contents = self.index, self.contents
        slots: list[int] = []
        try:
            for key in keys:
                slot = index.get(key, -1)
                slots.append(slot)
                if slot >= 0:
                    del index[key]
        except BaseException:
            for key, slot in zip(keys, slots, strict=False):
                if slot >= 0:
                    index[key] = slot
            raise
        for slot in slots:
            if slot >= 0:
                contents[slot] = None
                self.gone += 1
        if self._fixes:
            self._graves.update({key: slot for key, slot in zip(keys, slots, strict=True) if slot >= 0})
        else:
            self._settle()

    def clear(self) -> None:
        """Takes out all keys. O(1), O(n) while fixed."""
        size = len(self.contents)
        if self._fixes:
            self._graves.update(self.index)
            self.contents = [None] * size
            self.gone = size
        else:
            self._shift += size
            self._births = array("q")
            self.contents = []
            self.gone = 0
        self.index = {}
        self._skips = {}
        self._readers = 0

    def take_over(self, other: "SlotArray[C]") -> None:
        """Becomes `other`, which is not used any more; births go on. Only while not fixed. O(1)."""
        self.clear()
        self.index = other.index
        self.contents = other.contents
        self.gone = other.gone

    # --- the walk ---------------------------------------------------------------------------------------------------

    def live_from(self, slot: int) -> int:
        """The first slot at or after `slot` that is not empty, or -1. O(1) amortised."""
        contents, skips = self.contents, self._skips
        size = len(contents)
        if slot < size and contents[slot] is not None:
            return slot
        passed: list[int] = []  # where notes are kept; all of them will lead to the end of this run
        at = slot
        while at < size and contents[at] is None:
            noted = skips.get(at, -1)
            if noted >= 0 or at % _STRIDE == 0:
                passed.append(at)
            at = noted if noted >= 0 else at + 1
        if at - slot > _STRIDE:
            passed.append(slot)
        for mark in passed:
            skips[mark] = at
        return at if at < size else -1

    def slot_of(self, key: Key) -> int:
        """The slot of a key, or of its grave while fixed; -1 for an unknown key. O(1)."""
        slot = self.index.get(key, -1)
        return slot if slot >= 0 or not self._graves else self._graves.get(key, -1)

    def birth(self, slot: int) -> int:
        """The birth number of a slot. O(1)."""
        return self._births[slot] if slot < len(self._births) else slot + self._shift

    def slot_from(self, birth: int) -> int:
        """The first slot born at `birth` or later. O(log n)."""
        known = len(self._births)
        return birth - self._shift if birth >= known + self._shift else bisect_left(self._births, birth)

    def held(self) -> bool:
        """Whether a write has more to do than to change a slot: the contents are lent, or deleted keys have graves."""
        return self._readers > 0 or bool(self._graves)

    @property
    def fixed(self) -> bool:
        return self._fixes > 0

    def fix(self) -> None:
        self._fixes += 1

    def unfix(self) -> None:
        """O(1) amortised over the deletions made while fixed."""
        self._fixes -= 1
        if not self._fixes:
            self._graves = {}
            self._settle()

    # --- lending ----------------------------------------------------------------------------------------------------

    def borrow(self) -> list[C]:
        """All contents, in order. Do not change the list; pass it to `give_back`. O(1) when no slot is empty."""
        if self.gone:
            return [content for content in self.contents if content is not None]
        self._readers += 1
        return self.contents  # type: ignore[return-value]  # none of them is None

    def give_back(self, contents: list[C]) -> None:
        if contents is self.contents and self._readers:
            self._readers -= 1

    def _detach(self) -> None:
        self.contents = list(self.contents)
        self._readers = 0

    # --- squeezing --------------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        if self.gone > self._compact_at + len(self.index):
            self._compact()

    def _compact(self) -> None:
        moved: list[int] = []
        births: array[int] = array("q")
        contents: list[C | None] = []
        for slot, content in enumerate(self.contents):
            moved.append(len(contents))
            if content is not None:
                contents.append(content)
                births.append(self.birth(slot))
        try:
            index = {key: moved[slot] for key, slot in self.index.items()}
        except Exception:  # noqa: BLE001  # a user's comparison of keys may raise anything
            # This is housekeeping: what the caller asked for is already done.
            return
        self._shift += len(self.contents) - len(contents)
        self.index, self.contents, self._births = index, contents, births
        self.gone = 0
        self._skips = {}
        self._readers = 0

    def check(self) -> list[str]:
        """What is wrong, each under the number of its invariant. O(n)."""
        problems: list[str] = []
        filled = {slot for slot, content in enumerate(self.contents) if content is not None}
        if set(self.index.values()) != filled or len(self.index) != len(filled):
            problems.append(f"1: the index has the slots {sorted(self.index.values())}, filled are {sorted(filled)}")
        if self.gone != len(self.contents) - len(filled):
            problems.append(f"1: gone is {self.gone}, empty slots are {len(self.contents) - len(filled)}")
        if self._graves and not self._fixes:
            problems.append("2: graves in a table that is not fixed")
        for key, slot in self._graves.items():
            if key in self.index or slot in filled or slot >= len(self.contents):
                problems.append(f"2: the grave of {key!r} is slot {slot}")
        births = list(self._births)
        if len(births) > len(self.contents) or births != sorted(set(births)):
            problems.append(f"3: births are {births} for {len(self.contents)} slots")
        if births and births[-1] >= len(births) + self._shift:
            problems.append(f"3: the last birth is {births[-1]}, but the next slot counts from {self._shift}")
        for start, end in self._skips.items():
            if end <= start or any(slot in filled for slot in range(start, end)):
                problems.append(f"4: the note from {start} to {end} crosses a filled slot")
        if not self._fixes and self.gone > self._compact_at + len(self.index):
            problems.append(f"5: {self.gone} empty slots, {len(self.index)} keys")
        return problems

    def overhead(self) -> int:
        """The bytes taken up apart from keys and contents. O(1)."""
        parts = [self.index, self.contents, self._graves, self._skips, self._births]
        return sum([sys.getsizeof(part) for part in parts]) + sys.getsizeof(1) * len(self.index)
