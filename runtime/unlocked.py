"""The short way to the rows of a set, in the compiled build: without taking the table's lock.

A lock that may be taken twice costs more than finding a row does. Compiled code needs it only where it can be
interrupted: between two instructions of Python code, and in what runs such code, which is a comparison of keys of the
user's own, the destructor of a value, and a garbage collection, started by making an object. So each method here makes
first all that it needs, and then, from the question whether anybody is inside the gate to its last change, calls
nothing of the kind: keys are ints, strs, bytes, atoms or None, and what is replaced is let go last. Whoever is inside
the gate, or has to be told of changes (a hook, which may have come at the last moment), sends the operation the long
way, through the gate; so do tables of other kinds.

Plain Python can be interrupted anywhere. There is no short way there, and none in builds of Python without a global
lock, for which the packages are never compiled.
"""

from typing import Final, final

from matchspec.terms import Key
from runtime.access import Gate
from runtime.kernel import current, remnants
from runtime.slots import SlotArray
from runtime.storage import StoredRow


@final
class Unlocked:
    """The rows of one set. Keys are plain (`is_plain`): each stands for itself, and is compared by C code alone."""

    def __init__(self, gate: Gate, slots: SlotArray[StoredRow]) -> None:
        self._gate: Final = gate
        self._slots: Final = slots

    def readable(self) -> bool:
        """Whether the caller may read, and `row` may be called next, with nothing in between. O(1)."""
        gate = self._gate
        return not gate.inside and gate.alive and gate.read_by_all and not remnants.count

    def row(self, key: Key) -> StoredRow | None:
        """The row of a plain key. O(1)."""
        return self._slots.get(key)

    def has(self, key: Key) -> bool:
        """Whether there is a row of a plain key. O(1)."""
        return key in self._slots.index

    def slot(self, key: Key) -> int:
        """The slot of a plain key, -1 for an unknown one. O(1)."""
        return self._slots.index.get(key, -1)

    def row_in(self, slot: int) -> StoredRow | None:
        """The row in a slot that `slot` has just given. O(1)."""
        return self._slots.contents[slot]

    def viewable(self) -> bool:
        """As `readable`, for `view`. O(1)."""
        return self.readable() and not self._slots.gone

    def view(self) -> list[StoredRow]:
        """All rows, as `Storage.view` gives them, to be given back. O(1)."""
        return self._slots.borrow()

    def give_back(self, view: list[StoredRow]) -> None:
        """Ends the use of a view. O(1)."""
        self._slots.give_back(view)

    def _writable(self) -> bool:
        """Whether the caller may write. Raises Killed, or Exit, as `current` does."""
        gate = self._gate
        return (gate.written_by_all and not remnants.count) or current().pid is gate.owner

    def put(self, key: Key, row: StoredRow) -> bool:
        """Stores a row under a plain key; False where that has to go the long way. O(1)."""
        gate, slots = self._gate, self._slots
        if not self._writable():
            return False
        if gate.inside or not gate.alive or gate.hook is not None or slots.held():
            return False
        slot = slots.index.get(key, -1)
        if slot < 0:
            slots.add(key, row)
        else:
            slots.contents[slot] = row
        return True

    def exchange(self, slot: int, old: StoredRow, row: StoredRow) -> bool:
        """Puts a row in the place of `old`, if that is still in this slot; False as `put`. O(1).

        Keys may have come, gone and moved since `slot` gave the number; but wherever `old` is, there is its key.
        """
        gate, slots = self._gate, self._slots
        if not self._writable():
            return False
        if gate.inside or not gate.alive or gate.hook is not None or slots.held():
            return False
        contents = slots.contents
        if slot >= len(contents) or contents[slot] is not old:
            return False
        contents[slot] = row
        return True
