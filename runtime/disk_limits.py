"""How long the rows of a table on disk live, and how many there may be.

Every row has its deadline in the column `_ends`, in seconds since 1970 by the clock on the wall, which is the one that
the next program and other processes have too; NULL for a row that stays. What is read leaves out what is over, in SQL,
by the time at which the operation began. What writes first deletes what is over, some rows at a time, each lot in a
transaction of its own; so there is nothing of it while the operation writes.

Where there is a bound, `_used` numbers the last uses of rows. A write notes its use at once. A lookup writes nothing:
the process remembers it, and its next write notes it down. The rows with the lowest numbers go at the end of a write.

The file says how many rows it has, those that are over included, so that nobody has to count them.
"""

import math
from collections.abc import Callable
from typing import Final, TypeAlias, final

from matchspec.terms import Key
from runtime.disk_connection import Keeper
from runtime.disk_errors import DiskError
from runtime.disk_rows import Fetched, Sql, Values
from runtime.disk_storage import DiskStorage
from runtime.expiry import Clock
from runtime.storage import StoredRow
from runtime.watched import Why

Told: TypeAlias = Callable[[list[StoredRow], Why], None]

_BATCH: Final = 1_000  # rows that are deleted in one transaction when they are over
_DIGITS: Final = 18  # of a number of rows
_REMEMBERED: Final = 1_000  # keys whose lookups are remembered until something is written


@final
class DiskLimits(Keeper):
    """The limits of one open table. `told` hears of rows that went for them.

    `next_ttl`: that of the insertion under way, where it has its own.

    Invariants, checked by `check`:
        5. The file knows how many rows it has.
        6. There are no more rows than the bound.
    """

    def __init__(self, storage: DiskStorage, ttl: float | None, most: int | None, clock: Clock, told: Told) -> None:
        self.ttl: Final = ttl
        self.most: Final = most
        self.clock: Final = clock
        self.next_ttl: float | None = None
        self._storage: Final = storage
        self._connection: Final = storage.connection
        self._told: Final = told
        self._now: float = clock()
        self._saved: int = -1  # the number of rows that the file says
        self._over: list[StoredRow] = []  # deleted, but nobody has been told
        self._looked: dict[Key, None] = {}  # keys that were looked up, the latest last
        self.lay_out()
        for name, function in (("matchspec_now", self.now), ("matchspec_deadline", self.deadline)):
            self._connection.file.connection.create_function(name, 0, function, deterministic=True)
        storage.keeper = self
        self._connection.keeper = self

    def lay_out(self) -> None:
        layout = self._storage.layout
        table, key, place, columns = layout.table, layout.key, layout.place, layout.columns
        over = f'SELECT {place} FROM {table} WHERE "_ends" <= matchspec_now() ORDER BY "_ends" LIMIT {_BATCH}'
        self._delete_over: str = f'DELETE FROM {table} WHERE ({place}) IN ({over}) RETURNING "_ends", {columns}'
        told = "SELECT value, {} FROM _matchspec WHERE item = 'rows'"
        over = f'FROM {table} WHERE "_ends" <= matchspec_now()'
        self._look: str = told.format(f"EXISTS (SELECT 1 {over})")
        self._counts: str = told.format(f"(SELECT count(*) {over})")
        oldest = f'SELECT {key} FROM {table} ORDER BY "_used" LIMIT ?'
        self._delete_oldest: str = f'DELETE FROM {table} WHERE {key} IN ({oldest}) RETURNING "_used", {columns}'
        self._use: str = f'UPDATE {table} SET "_used" = {layout.newest} WHERE {key} = ?'
        self._read_end: str = f'SELECT "_ends" FROM {layout.alive} WHERE {key} = ?'
        self._write_end: str = f'UPDATE {table} SET "_ends" = ? WHERE {key} = ?'

    def take_over(self, former: "DiskLimits | None") -> None:
        """In the operation that has changed the limits."""
        if former is not None:
            self._looked = former._looked
        self._saved, _ = self._read_count(self._look)
        self._storage.remembered = self._saved

    # --- what SQL asks for --------------------------------------------------------------------------------------------

    def now(self) -> float:
        """When the operation under way began."""
        return self._now

    def deadline(self) -> float | None:
        """Of a row that is inserted now."""
        seconds = self.ttl if self.next_ttl is None else self.next_ttl
        return None if seconds is None or seconds == math.inf else self._now + seconds

    # --- operations ---------------------------------------------------------------------------------------------------

    def entered(self) -> None:
        self._now = float(self.clock())

    def began(self) -> bool:
        count, over = self._read_count(self._look)
        if over:
            fetched = self._connection.fetch_written(self._delete_over, ())
            self._save(count - len(fetched))
            self._over = self._in_order(fetched)
            return True
        self._saved = count
        self._storage.remembered = count
        self._note_lookups()
        return False

    def committed(self) -> None:
        rows, self._over = self._over, []
        self._told(rows, "expire")

    def ending(self) -> None:
        storage = self._storage
        count = self._saved if storage.remembered is None else storage.remembered
        if self.most is not None and count > self.most:
            gone = self._in_order(self._connection.fetch_written(self._delete_oldest, (count - self.most,)))
            count -= len(gone)
            storage.remembered = count
            self._told(gone, "evict")
        if count != self._saved:
            self._save(count)

    def _in_order(self, fetched: list[Fetched]) -> list[StoredRow]:
        """Rows by the first column of what was fetched."""
        ordered = sorted(fetched, key=_first)
        return self._storage.decoded([one[1:] for one in ordered])

    def _note_lookups(self) -> None:
        if self._looked:
            keys: list[Values] = [[key] for key in self._looked]
            self._looked = {}
            self._connection.write_all(self._use, keys)

    def settle(self) -> None:
        """Before the table is closed: notes down what was looked up."""
        if self._looked and self._connection.file.access == "read_write":
            self.entered()
            self._connection.together(self._note_lookups)

    def touch(self, key: Key) -> None:
        if self.most is None:
            return
        looked = self._looked
        if key in looked:
            del looked[key]
        elif len(looked) >= _REMEMBERED:
            del looked[next(iter(looked))]
        looked[key] = None

    # --- how many rows ------------------------------------------------------------------------------------------------

    def size(self) -> int:
        remembered = self._storage.remembered
        if self._connection.state == "open" and remembered is not None:
            return remembered
        count, over = self._read_count(self._counts)
        return count - over

    def _read_count(self, sql: str) -> tuple[int, int]:
        """How many rows the file says, and what else is asked of those that are over. Raises DiskError."""
        fetched = self._connection.fetch(sql)
        text, over = fetched[0] if fetched else (None, 0)
        if type(text) is not str or not text.isdecimal() or len(text) > _DIGITS:
            raise DiskError("corrupt", self._connection.file.name, f"it says that it has {text!r} rows")
        return int(text), int(over)

    def _save(self, count: int) -> None:
        self._connection.write("UPDATE _matchspec SET value = ? WHERE item = 'rows'", (str(count),))

    # --- deadlines ----------------------------------------------------------------------------------------------------

    def left(self, key: Key) -> float | None:
        """The seconds until the first row of a key is over; None where none ends."""
        ends = [end for (end,) in self._connection.fetch(self._read_end, (key,)) if end is not None]
        if [end for end in ends if type(end) is not float]:
            raise DiskError("corrupt", self._connection.file.name, f"rows are over at {ends!r:.200}")
        return min(ends) - self._now if ends else None

    def deadlines(self, keys: list[Key]) -> list[Values]:
        found: list[Values] = []
        for key in keys:
            for (end,) in self._connection.fetch(self._read_end, (key,)):
                kept: list[Sql] = [end, key]
                found.append(kept)
        return found

    def restore(self, deadlines: list[Values]) -> None:
        self._connection.write_all(self._write_end, deadlines)

    # --- inspection ---------------------------------------------------------------------------------------------------

    def check(self) -> list[str]:
        there = int(self._connection.fetch(f"SELECT count(*) FROM {self._storage.layout.table}")[0][0])
        said, _ = self._read_count(self._look)
        problems = [f"5: the file says {said} rows, there are {there}"] if said != there else []
        if self.most is not None and there > self.most:
            problems.append(f"6: there are {there} rows, of {self.most}")
        return problems


def _first(fetched: Fetched) -> float:
    """What rows are sorted by; those that no number was given to come first."""
    first: Sql = fetched[0]
    return first if type(first) is float else float(first) if type(first) is int else 0.0
