"""Single rows of a table: insert, look up, update and delete by key."""

from typing import Any, Final, TypeVar, overload

from matchspec.terms import Key, is_plain
from matchspec.unchecked import Unchecked
from matchspec.values import Term
from runtime.core import Checked, Element
from runtime.errors import BadArg
from runtime.life import TableLife
from runtime.rows import Row
from runtime.storage import StoredRow
from runtime.unlocked import Unlocked
from runtime.updates import (
    Position,
    added,
    changed,
    counted,
    field_index,
    is_step,
    read_changes,
    read_counters,
    rebuilt,
    with_element,
    with_key,
)

D = TypeVar("D")


class _Missing:
    """The type of MISSING."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final[Any] = _Missing()  # the default of parameters that may be any term, None included


class ObjectMethods(TableLife[Row]):
    """The methods that concern one key. Each is atomic, and leaves the table as it was when it raises."""

    # --- in -----------------------------------------------------------------------------------------------------------

    def insert(self, row: Row | list[Row], *, ttl: float | Unchecked | None = None) -> bool:
        """Stores a row, or all rows of a list or none; True.

        In a `set` and an `ordered_set` a row replaces the one of its key; a `bag` ignores a row that it has. Of a list
        with several rows of one key the last is kept, or in a bag stands first, as in OTP 25. O(1) a row;
        O(log n) in an ordered_set; in a bag O(rows of the key) while these are few, O(1) then. Erlang's ets:insert/2.
        Raises BadArg: "type" for what is no row, or not one of the table's row type; "keypos" for one without a key;
        "unique" for a value that a unique index has already; "option" for a bad `ttl`; "access", "id".

        `ttl`: how many seconds these rows live, `math.inf` for no end; None for as long as the table says.
        """
        if ttl is None and isinstance(row, tuple):
            stored = self._row(row, "row")
            unlocked = self._unlocked
            if unlocked is not None:
                term = stored[self._keypos]
                if is_plain(term) and unlocked.put(term, stored):
                    self._counters.inserted += 1
                    return True
            key = self._key_in(stored)
            with self._gate.writing:
                if self._upkeep.expiry is None:
                    self._storage.put(key, stored)
                    self._counters.inserted += 1
                else:
                    self._put_all([(key, stored)], None)
            return True
        pairs = self._pairs(row)
        seconds = self._ttl(ttl)
        with self._gate.writing:
            self._put_all(pairs, seconds)
        return True

    def _put_all(self, pairs: list[tuple[Key, StoredRow]], ttl: float | None) -> None:
        expiry = self._upkeep.expiry
        if expiry is None:
            self._storage.put_all(pairs)
        else:
            if self._kind == "duplicate_bag":  # each row lives a life of its own, also where it is the same object
                pairs = [(key, rebuilt(row, list(row))) for key, row in pairs]
            expiry.next_ttl = ttl
            try:
                self._storage.put_all(pairs)
            finally:
                expiry.next_ttl = None
        self._counters.inserted += len(pairs)

    def insert_new(self, row: Row | list[Row], *, ttl: float | Unchecked | None = None) -> bool:
        """Stores a row, or all rows of a list, unless the table has one of their keys; whether it did.

        Costs and errors are those of `insert`. Erlang's ets:insert_new/2.
        """
        pairs = self._pairs(row)
        seconds = self._ttl(ttl)
        with self._gate.writing:
            storage = self._storage
            if any([storage.has(key) for key, _ in pairs]):
                return False
            self._put_all(pairs, seconds)
        return True

    # --- out ----------------------------------------------------------------------------------------------------------

    def lookup(self, key: Element) -> list[Row]:
        """The rows of a key, in the order of their insertion; [] for an unknown key.

        O(1) plus rows found; O(log n) in an ordered_set, where 1 finds the row of 1.0. Erlang's ets:lookup/2.
        Raises BadArg: "access", "id".
        """
        unlocked = self._at_once(key)
        if unlocked is not None:
            row = unlocked.row(key)
            self._looked_up(row is not None)
            return [] if row is None else self._out([row])
        found = self._key(key)
        with self._gate.reading:
            rows = self._storage.rows_at(found)
            self._looked_up(bool(rows))
        return self._out(rows)

    def _at_once(self, key: Term) -> Unlocked | None:
        """What finds the row of a key without a lock, if the next step of the caller does; None where it cannot be."""
        unlocked = self._unlocked
        return unlocked if unlocked is not None and is_plain(key) and unlocked.readable() else None

    def _looked_up(self, hit: bool) -> None:
        self._counters.lookups += 1
        if hit:
            self._counters.hits += 1

    def member(self, key: Element) -> bool:
        """Whether there is a row of this key. O(1). Erlang's ets:member/2. Raises BadArg: "access", "id"."""
        unlocked = self._at_once(key)
        if unlocked is not None:
            there = unlocked.has(key)
            self._looked_up(there)
            return there
        found = self._key(key)
        with self._gate.reading:
            has = self._storage.has(found)
            self._looked_up(has)
        return has

    def __contains__(self, key: Term) -> bool:
        """`key in table`: as `member`."""
        return self.member(key)

    @overload
    def lookup_element(self, key: Element, pos: Position) -> Element: ...
    @overload
    def lookup_element(self, key: Element, pos: Position, default: D) -> Element | D: ...

    def lookup_element(self, key: Element, pos: Checked, default: Element = MISSING) -> Element:
        """The element at a position (from 1, or a field's name) of the row of a key; in bags a list, one for each row.

        For an unknown key `default`, if one is given. O(1) as `lookup`. Erlang's ets:lookup_element/3,4.
        Raises BadArg: "badkey" for an unknown key; "position" where the position is out of range; "access", "id".
        """
        table = self._gate.name
        index = self._shape.index_of(pos, "pos", table)
        unlocked = self._at_once(key)
        if unlocked is not None:
            row = unlocked.row(key)
            self._looked_up(row is not None)
            rows = [] if row is None else [row]
        else:
            found = self._key(key)
            with self._gate.reading:
                rows = self._storage.rows_at(found)
                self._looked_up(bool(rows))
        if not rows:
            if default is MISSING:
                raise self._unknown(key)
            return default
        for row in rows:
            size = len(row)
            if index >= size:
                raise BadArg("position", "pos", pos, f"the row has {size} elements", table)
        values = [self._element(row, index) for row in rows]
        return values if self._kind in {"bag", "duplicate_bag"} else values[0]

    def take(self, key: Element) -> list[Row]:
        """The rows of a key, which are deleted; [] for an unknown key.

        O(1) plus rows found; O(log n) in an ordered_set. Erlang's ets:take/2. Raises BadArg: "access", "id".
        """
        found = self._key(key)
        with self._gate.writing:
            rows = self._storage.remove(found)
            self._counters.deleted += len(rows)
            self._settle()
        return self._out(rows)

    # --- away ---------------------------------------------------------------------------------------------------------

    def delete(self, key: Element) -> bool:
        """Deletes the rows of a key, if there are any; True.

        O(1) plus rows deleted; O(log n) in an ordered_set. Erlang's ets:delete/2. Raises BadArg: "access", "id".
        """
        found = self._key(key)
        with self._gate.writing:
            self._counters.deleted += len(self._storage.remove(found))
            self._settle()
        return True

    def delete_object(self, row: Row) -> bool:
        """Deletes the rows that are exactly this one (`=:=`), all copies of it in a duplicate_bag; True.

        O(1), in bags O(rows of the key); O(log n) in an ordered_set. Erlang's ets:delete_object/2.
        Raises BadArg: "type" or "keypos" for what is no row of this table; "access", "id".
        """
        ((found, stored),) = self._pairs_of_one(row)
        with self._gate.writing:
            self._counters.deleted += self._storage.remove_exact(found, stored)
            self._settle()
        return True

    def _pairs_of_one(self, row: Term) -> list[tuple[Term, StoredRow]]:
        if isinstance(row, list):
            raise BadArg("type", "row", row, "a row is a tuple", self._gate.name)
        return self._pairs(row)

    def delete_all_objects(self) -> bool:
        """Deletes all rows; True. O(1); O(n) while fixed, and with indexes, limits or subscriptions.

        Erlang's ets:delete_all_objects/1.

        Raises BadArg: "access", "id".
        """
        with self._gate.writing:
            self._counters.deleted += self._storage.size()
            self._storage.clear()
        return True

    def _settle(self) -> None:
        """After a deletion: those who fixed the table and have ended no longer hold up the memory."""
        if self._fixes:
            self._living_fixes()

    # --- changed in place ---------------------------------------------------------------------------------------------

    @overload
    def update_element(
        self, key: Element, change: tuple[Position, Element], default: Row | tuple[Element, ...] = ...
    ) -> bool: ...
    @overload
    def update_element(
        self, key: Element, change: list[tuple[Position, Element]], default: Row | tuple[Element, ...] = ...
    ) -> bool: ...

    def update_element(self, key: Element, change: Checked, default: Checked = MISSING) -> bool:
        """Sets elements of the row of a key: `(position, value)` or a list of such, all or none; whether there was one.

        Positions count from 1 or are field names. With `default`, an unknown key gets that row, with its key replaced,
        and the changes are made to it; without one the changes are not looked at. O(1); O(log n) in an ordered_set.
        Erlang's ets:update_element/3,4.
        Raises BadArg: "table_type" for bags; "position" out of range; "keypos" for the key; "type" for a value that the
        field does not admit, or a malformed change; "access", "id".
        """
        table, keypos = self._gate.name, self._keypos
        self._no_bag("update_element")
        found = self._key(key)
        spare = self._spare(key, default)
        owned = self._owned(change, "change")
        with self._gate.writing:
            rows = self._storage.rows_at(found)
            old = rows[0] if rows else spare
            if old is None:
                return False
            changes = read_changes(owned, table)
            self._storage.change(found, changed(old, changes, self._shape, keypos, table))
            self._counters.updated += 1
        return True

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

    def update_counter(self, key: Element, change: Checked, default: Checked = MISSING) -> int | list[int]:
        """Adds to integers in the row of a key; the new value, or the list of them.

        `change` is an int, added to the element after the key; `(position, int)`; `(position, int, threshold, reset)`,
        where a sum past the threshold, in the direction of the int, becomes `reset`; or a list of such tuples, done in
        order, all or none. With `default`, an unknown key gets that row first, with its key replaced.
        O(1); O(log n) in an ordered_set. Erlang's ets:update_counter/3,4.
        Raises BadArg: "badkey" for an unknown key; "table_type" for bags; "position" out of range; "keypos" for the
        key; "type" where the element or the change is no int; "access", "id".
        """
        unlocked = self._unlocked
        if unlocked is not None and default is MISSING and is_plain(key):
            total = self._count_unlocked(unlocked, key, change)
            if total is not None:
                return total
        table, keypos = self._gate.name, self._keypos
        self._no_bag("update_counter")
        found = self._key(key)
        if default is MISSING and is_step(change):
            return self._increment(key, found, change[0], change[1])
        steps = read_counters(change, keypos, table)
        spare = self._spare(key, default)
        with self._gate.writing:
            rows = self._storage.rows_at(found)
            old = rows[0] if rows else spare
            if old is None:
                raise self._unknown(key)
            row, totals = counted(old, steps, self._shape, keypos, table)
            self._storage.change(found, row)
            self._counters.updated += 1
        return totals if isinstance(change, list) else totals[0]

    def _count_unlocked(self, unlocked: Unlocked, key: Key, change: Term) -> int | None:
        """One step of update_counter without a lock; None where it has to go the long way, if only for its errors."""
        size = 2
        index = self._keypos + 1
        increment: Term = change
        if type(change) is tuple and len(change) == size:
            position = change[0]
            if type(position) is not int:
                return None
            index, increment = position - 1, change[1]
        slot = unlocked.slot(key) if unlocked.readable() else -1
        if slot < 0 or type(increment) is not int or index < 0 or index == self._keypos:
            return None
        row = unlocked.row_in(slot)
        if row is None or index >= len(row):
            return None
        value = row[index]
        if type(value) is not int or not self._shape.is_exact(index, int):
            return None
        total = value + increment
        if not unlocked.exchange(slot, row, with_element(row, index, total)):
            return None
        self._counters.updated += 1
        return total

    def _increment(self, key: Term, found: Key, position: Term, increment: int) -> int:
        """One step of update_counter without a threshold, which most are."""
        table, keypos = self._gate.name, self._keypos
        with self._gate.writing:
            rows = self._storage.rows_at(found)
            if not rows:
                raise self._unknown(key)
            old = rows[0]
            index = field_index(position, old, self._shape, keypos, table)
            total = added(old, index, increment, table)
            values: list[Term] = list(old)
            values[index] = self._shape.convert_field(index, total, f"element {index + 1}", table)
            self._storage.change(found, rebuilt(old, values))
            self._counters.updated += 1
        return total

    def _spare(self, key: Term, default: Term) -> StoredRow | None:
        """The default row under this key, or None without a default."""
        if default is MISSING:
            return None
        owned = self._owned(default, "default")
        spare = with_key(owned, self._owned(key, "key"), self._shape, self._keypos, self._gate.name)
        self._key_in(spare)
        return spare

    def _no_bag(self, method: str) -> None:
        if self._kind in {"bag", "duplicate_bag"}:
            allowed = f"{method} takes a set or an ordered_set"
            raise BadArg("table_type", "table", self._kind, allowed, self._gate.name)

    def _unknown(self, key: Term) -> BadArg:
        return BadArg("badkey", "key", key, "the table has no such key", self._gate.name)
