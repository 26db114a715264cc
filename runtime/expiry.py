"""Rows that live for a time: who is due, and when.

No thread waits for the end of a row's life. Every operation on the table takes out first what is due by then, so nobody
ever sees an expired row; a table that is not used holds its rows a little longer, and no one can tell. Deadlines stand
in a heap; entries of rows that have gone otherwise are skipped when they come up, and squeezed out when they are many.
"""

import heapq
import math
from collections.abc import Callable
from typing import Final, TypeAlias, final

from matchspec.terms import Key
from matchspec.values import Term
from runtime.errors import BadArg
from runtime.storage import Storage, StoredRow
from runtime.watched import Change, Observer

Clock: TypeAlias = Callable[[], float]

_SQUEEZE_AT: Final = 64  # entries of the heap that are always put up with


@final
class Life:
    """The life of one row."""

    __slots__ = ("deadline", "key", "number", "row")

    def __init__(self, deadline: float, number: int, key: Key, row: StoredRow) -> None:
        self.deadline: Final = deadline
        self.number: Final = number
        self.key: Final = key
        self.row: Final = row  # held, so that its id stays its own


@final
class Expiry(Observer):
    """The deadlines of the rows of a table. A row is known by its id: in a table with expiry all rows are distinct.

    A row that is inserted has the time of its insertion, or of the table; one that is updated keeps its deadline.

    Invariants, checked by `check`:
        1. Every life is that of a row in the table, filed under the row's id, and `heap` has its deadline.
        2. `heap` is a heap.
    """

    def __init__(self, clock: Clock, ttl: float | None) -> None:
        self.ttl: Final = ttl
        self.next_ttl: float | None = None  # of the insertion under way, where it has its own
        self._clock: Final = clock
        self._lives: dict[int, Life] = {}
        self._heap: list[tuple[float, int, int]] = []  # deadline, number, id of the row
        self._count = 0

    def note(self, changes: list[Change]) -> None:
        wanted = self.ttl if self.next_ttl is None else self.next_ttl
        fresh = None if wanted is None or wanted == math.inf else self._clock() + wanted
        for change in changes:
            old = None if change.old is None else self._lives.pop(id(change.old), None)
            if change.new is not None:
                keeps = change.why == "update" and change.old is not None
                deadline = (None if old is None else old.deadline) if keeps else fresh
                if deadline is not None:
                    self._add(deadline, change.key, change.new)
        if len(self._heap) > _SQUEEZE_AT + 2 * len(self._lives):
            self._heap = [(life.deadline, life.number, place) for place, life in self._lives.items()]
            heapq.heapify(self._heap)

    def _add(self, deadline: float, key: Key, row: StoredRow) -> None:
        self._count += 1
        self._lives[id(row)] = Life(deadline, self._count, key, row)
        heapq.heappush(self._heap, (deadline, self._count, id(row)))

    def due(self) -> list[StoredRow]:
        """The rows whose time is up, in the order of their deadlines. They stay due until they are gone.

        O(log n) a row, O(1) when there is none.
        """
        if not self._heap:
            return []
        now = self._clock()
        rows: list[StoredRow] = []
        popped: list[tuple[float, int, int]] = []
        while self._heap and self._heap[0][0] <= now:
            entry = heapq.heappop(self._heap)
            life = self._lives.get(entry[2])
            if life is not None and life.number == entry[1]:
                popped.append(entry)
                rows.append(life.row)
        for entry in popped:  # until `note` hears that they are gone
            heapq.heappush(self._heap, entry)
        return rows

    def left(self, row: StoredRow) -> float | None:
        """The seconds that a row has left, None for one that stays. O(1)."""
        life = self._lives.get(id(row))
        return None if life is None else life.deadline - self._clock()

    def check(self, storage: Storage) -> list[str]:
        view = storage.view()
        present = {id(row) for row in view}
        storage.release(view)
        entries = set(self._heap)
        problems = [
            f"expiry 1: the life of {life.row!r}"
            for place, life in self._lives.items()
            if place not in present or place != id(life.row) or (life.deadline, life.number, place) not in entries
        ]
        if any(self._heap[(child - 1) // 2] > self._heap[child] for child in range(1, len(self._heap))):
            problems.append(f"expiry 2: {self._heap!r} is no heap")
        return problems


def time_to_live(value: Term, argument: str, table: str) -> float | None:
    """A time to live, in seconds, or None. Raises BadArg, cause "option"."""
    if value is None:
        return None
    if (type(value) is int or type(value) is float) and value > 0:
        return float(value)
    raise BadArg("option", argument, value, "allowed are a positive number of seconds, and None", table)


def most_rows(value: Term, kind: str | None, table: str) -> int | None:
    """A bound of the number of rows of a table of this kind, or None. Raises BadArg, cause "option"."""
    if value is None:
        return None
    if kind in {"bag", "duplicate_bag"}:
        raise BadArg("option", "max_size", value, f"a {kind} has none; allowed is None", table)
    if type(value) is int and value > 0:
        return value
    raise BadArg("option", "max_size", value, "allowed are a positive number of rows, and None", table)
