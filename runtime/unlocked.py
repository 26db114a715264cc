"""The short way to single rows of a set, in the compiled build: without taking the table's lock.

A lock that may be taken twice costs more than finding a row does. Compiled code needs it only where it can be
interrupted: between two instructions of Python code, and in what runs such code, which is a comparison of keys of the
user's own, the destructor of a value, and a garbage collection, started by making an object. So each method here makes
first all that it needs, and then, from the question whether anybody is inside the gate to its last change, calls
nothing of the kind: keys are ints, strs, bytes, atoms or None, and what is replaced is let go last. Whoever is inside
the gate, or has to be told of changes, sends the operation the long way, through the gate; so do tables of other kinds.

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

    def _writable(self) -> bool:
        """Whether the caller may write. Raises Killed, or Exit, as `current` does."""
        gate = self._gate
        return (gate.written_by_all and not remnants.count) or current().pid is gate.owner

    def put(self, key: Key, row: StoredRow) -> bool:
        """Stores a row under a plain key; False where that has to go the long way. O(1)."""
        gate, slots = self._gate, self._slots
        if not self._writable():
            return False
        if gate.inside or not gate.alive or slots.held():
            return False
        slot = slots.index.get(key, -1)
        if slot < 0:
            slots.add(key, row)
        else:
            slots.contents[slot] = row
        return True

    def exchange(self, key: Key, old: StoredRow, row: StoredRow) -> bool:
        """Puts a row in the place of `old`, if that is what the plain key still has; False as `put`. O(1)."""
        gate, slots = self._gate, self._slots
        if not self._writable():
            return False
        if gate.inside or not gate.alive or slots.held():
            return False
        slot = slots.index.get(key, -1)
        if slot < 0 or slots.contents[slot] is not old:
            return False
        slots.contents[slot] = row
        return True
