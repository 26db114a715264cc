"""A storage that tells others of every change: what secondary indexes, expiry, size bounds and subscriptions rest on.

A `WatchedStorage` stands before the storage of a table that has any of these; other tables do without it, and pay
nothing. For each write it works out first what will change, row by row, and asks its observers whether they admit it;
a unique index may refuse. Then the write is done, and the observers note the changes. The caller holds the table's lock
all the while, so that nobody sees one without the other.
"""

from collections.abc import Iterable, Sequence
from typing import Final, Literal, TypeAlias, final

from matchspec.intervals import Ranges
from matchspec.terms import Key, exact_key, exactly_equal
from matchspec.values import Term
from runtime.storage import Mark, Page, Span, Storage, StoredRow

Why: TypeAlias = Literal["insert", "update", "delete", "expire", "evict"]


@final
class Change:
    """One row that comes (no old one), goes (no new one) or is replaced; `key` is the storage's key of both."""

    __slots__ = ("key", "new", "old", "why")

    def __init__(self, key: Key, old: StoredRow | None, new: StoredRow | None, why: Why) -> None:
        self.key: Final = key
        self.old: Final = old
        self.new: Final = new
        self.why: Final[Why] = why


class Observer:
    """Who is told of changes."""

    def admit(self, changes: list[Change]) -> None:
        """Called before the changes are made, all at once. Raises BadArg to prevent them."""

    def note(self, changes: list[Change]) -> None:
        """Called after the changes were made."""
        raise AssertionError("every observer has its own")

    def check(self, storage: Storage) -> list[str]:
        """What does not fit the rows there are; [] when all is well. O(n)."""
        return []


class Recency(Observer):
    """Which keys were used when; the least recently used ones go when there are more than `most`."""

    def __init__(self, most: int) -> None:
        self.most: Final = most
        self._order: dict[Key, None] = {}  # the least recently used key first

    def touch(self, key: Key) -> None:
        """O(1)."""
        if key in self._order:
            del self._order[key]
            self._order[key] = None

    def note(self, changes: list[Change]) -> None:
        for change in changes:
            self._order.pop(change.key, None)
            if change.new is not None:
                self._order[change.key] = None

    def surplus(self) -> list[Key]:
        """The keys that have to go. O(number of them), amortised."""
        count = len(self._order) - self.most
        if count <= 0:
            return []
        keys = iter(self._order)
        return [next(keys) for _ in range(count)]

    def check(self, storage: Storage) -> list[str]:
        """Invariant 1: it knows the keys that there are, at most `most`."""
        wrong = [key for key in self._order if not storage.has(key)]
        if wrong or len(self._order) != storage.size() or storage.size() > self.most:
            return [f"recency 1: {len(self._order)} keys, {wrong!r} are not there; rows are {storage.size()}"]
        return []


@final
class WatchedStorage(Storage):
    """Another storage, watched by observers.

    Invariants, checked by `check`: those of the other storage and of each observer.
    """

    def __init__(self, inner: Storage) -> None:
        super().__init__(inner.kind, inner.keypos, inner.start)
        self.inner: Final = inner
        self.observers: list[Observer] = []
        self.recency: Recency | None = None
        self._bag: Final = inner.kind in {"bag", "duplicate_bag"}

    # --- what will change ---------------------------------------------------------------------------------------------

    def _incoming(self, pairs: Sequence[tuple[Key, StoredRow]], why: Why) -> list[Change]:
        """What storing rows will change in the end."""
        if not self._bag:
            return [self._change(key, row, why) for key, row in dict(pairs).items()]
        if self.kind == "duplicate_bag":
            return [Change(key, None, row, why) for key, row in pairs]
        changes: list[Change] = []
        seen: set[Key] = set()
        for key, row in reversed(pairs):  # the order in which a bag stores them
            exact = exact_key(row)
            if exact not in seen and not self.inner.holds(key, row):
                changes.append(Change(key, None, row, why))
            seen.add(exact)
        return changes

    def _change(self, key: Key, row: StoredRow, why: Why) -> Change:
        old = self.inner.rows_at(key)
        return Change(key, old[0] if old else None, row, why)

    def _outgoing(self, rows: Sequence[StoredRow], why: Why) -> list[Change]:
        key, keypos = self.inner.key, self.keypos
        return [Change(key(row[keypos]), row, None, why) for row in rows]

    def _admit(self, changes: list[Change]) -> list[Change]:
        for observer in self.observers:
            observer.admit(changes)
        return changes

    def _note(self, changes: list[Change]) -> None:
        for observer in self.observers:
            observer.note(changes)
        if self.recency is not None:
            for key in self.recency.surplus():
                self._note(self._outgoing(self.inner.remove(key), "evict"))

    # --- writes -------------------------------------------------------------------------------------------------------

    def put(self, key: Key, row: StoredRow) -> None:
        self.put_all([(key, row)])

    def put_all(self, pairs: list[tuple[Key, StoredRow]]) -> None:
        changes = self._admit(self._incoming(pairs, "insert"))
        self.inner.put_all(pairs)
        self._note(changes)

    def change(self, key: Key, row: StoredRow) -> None:
        changes = self._admit(self._incoming([(key, row)], "update"))
        self.inner.change(key, row)
        self._note(changes)

    def remove(self, key: Key) -> list[StoredRow]:
        changes = self._admit(self._outgoing(self.inner.rows_at(key), "delete"))
        rows = self.inner.remove(key)
        self._note(changes)
        return rows

    def remove_exact(self, key: Key, row: StoredRow) -> int:
        rows = [old for old in self.inner.rows_at(key) if exactly_equal(old, row)]
        changes = self._admit(self._outgoing(rows, "delete"))
        count = self.inner.remove_exact(key, row)
        self._note(changes)
        return count

    def clear(self) -> None:
        changes = self._admit(self._outgoing(self._all(), "delete"))
        self.inner.clear()
        self._note(changes)

    def remove_chosen(self, rows: Sequence[StoredRow]) -> None:
        self.remove_because(rows, "delete")

    def remove_because(self, rows: Sequence[StoredRow], why: Why) -> None:
        """As `remove_chosen`, with the reason that observers are told."""
        changes = self._admit(self._outgoing(rows, why))
        self.inner.remove_chosen(rows)
        self._note(changes)

    def note_gone(self, rows: Sequence[StoredRow], why: Why) -> None:
        """Tells of rows that the other storage has deleted of its own accord."""
        self._note(self._outgoing(rows, why))

    def replace_chosen(self, rows: Sequence[StoredRow], others: Sequence[StoredRow]) -> None:
        key, keypos = self.inner.key, self.keypos
        pairs = zip(rows, others, strict=True)
        changes = self._admit([Change(key(old[keypos]), old, new, "update") for old, new in pairs])
        self.inner.replace_chosen(rows, others)
        self._note(changes)

    def replace_all(self, pairs: list[tuple[Key, StoredRow]]) -> None:
        fresh = pairs if self._bag else list(dict(pairs).items())
        unique: list[tuple[Key, StoredRow]] = []
        seen: set[Key] = set()
        for key, row in reversed(fresh) if self.kind == "bag" else fresh:
            exact = exact_key(row) if self.kind == "bag" else None
            if exact is None or exact not in seen:
                unique.append((key, row))
            seen.add(exact)
        going = self._outgoing(self._all(), "delete")
        changes = self._admit([*going, *[Change(key, None, row, "insert") for key, row in unique]])
        self.inner.replace_all(pairs)
        self._note(changes)

    def _all(self) -> list[StoredRow]:
        view = self.inner.view()
        rows = list(view)
        self.inner.release(view)
        return rows

    # --- reads, which are the other storage's -------------------------------------------------------------------------

    def key(self, term: Term) -> Key:
        return self.inner.key(term)

    def size(self) -> int:
        return self.inner.size()

    def has(self, key: Key) -> bool:
        return self.inner.has(key)

    def rows_at(self, key: Key) -> list[StoredRow]:
        if self.recency is not None:
            self.recency.touch(key)
        return self.inner.rows_at(key)

    def holds(self, key: Key, row: StoredRow) -> bool:
        return self.inner.holds(key, row)

    def view(self) -> list[StoredRow]:
        return self.inner.view()

    def release(self, view: list[StoredRow]) -> None:
        self.inner.release(view)

    def candidates(self, keys: list[Term]) -> list[StoredRow]:
        return self.inner.candidates(keys)

    def candidates_at(self, keys: Iterable[Key]) -> list[StoredRow]:
        return self.inner.candidates_at(keys)

    def between(self, ranges: Ranges) -> list[StoredRow]:
        return self.inner.between(ranges)

    def count_between(self, ranges: Ranges) -> int:
        return self.inner.count_between(ranges)

    def spans(self, ranges: Ranges) -> list[Span]:
        return self.inner.spans(ranges)

    def in_spans(self, spans: list[Span]) -> list[StoredRow]:
        return self.inner.in_spans(spans)

    def first(self) -> StoredRow | None:
        return self.inner.first()

    def last(self) -> StoredRow | None:
        return self.inner.last()

    def after(self, key: Key) -> StoredRow | None:
        return self.inner.after(key)

    def before(self, key: Key) -> StoredRow | None:
        return self.inner.before(key)

    def page(self, mark: Mark, count: int, backwards: bool, ranges: Ranges | None = None) -> Page:
        return self.inner.page(mark, count, backwards, ranges)

    def slot(self, number: int) -> list[StoredRow] | None:
        return self.inner.slot(number)

    def fix(self) -> None:
        self.inner.fix()

    def unfix(self) -> None:
        self.inner.unfix()

    def check(self) -> list[str]:
        problems = self.inner.check()
        for observer in self.observers:
            problems.extend(observer.check(self.inner))
        return problems

    def overhead(self) -> int:
        return self.inner.overhead()
