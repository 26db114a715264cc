"""The one connection of a table to its file, and the transactions of its operations.

The table's gate tells it when an operation begins that may write. A single statement is its own transaction. An
operation that reads first, or writes with several statements, is in one that begins with its first statement: from then
on no other process writes until it is over. Where the operation raises, nothing of it stays.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Literal, TypeAlias, final

from matchspec.terms import Key
from runtime.disk_errors import ERRORS, DiskError, disk_error
from runtime.disk_file import DiskFile
from runtime.disk_readers import Readers
from runtime.disk_rows import Fetched, Values
from runtime.errors import BadArg
from runtime.upkeep import Session

State: TypeAlias = Literal["idle", "ready", "open"]

_REPLACED: Final = "no such table: "  # what SQLite says when the table has another name by now
_CHANGED: Final = "another process has given the table a limit, or an index with a column of its own; open it again"
_BATCH: Final = 1_000  # rows fetched at a time from a long query


class Keeper:
    """Who keeps the limits of a table; see `runtime.disk_limits`."""

    def lay_out(self) -> None:
        """The table has another layout."""
        raise AssertionError("every keeper has its own")

    def now(self) -> float:
        """When the operation under way began, in seconds since 1970."""
        raise AssertionError("every keeper has its own")

    def entered(self) -> None:
        """An operation begins."""
        raise AssertionError("every keeper has its own")

    def began(self) -> bool:
        """The transaction of an operation has begun. Whether something was done that is to be committed by itself."""
        raise AssertionError("every keeper has its own")

    def committed(self) -> None:
        """That has been committed."""
        raise AssertionError("every keeper has its own")

    def ending(self) -> None:
        """The transaction of an operation is going to be committed."""
        raise AssertionError("every keeper has its own")

    def touch(self, key: Key) -> None:
        """A key was looked up."""
        raise AssertionError("every keeper has its own")

    def size(self) -> int:
        """How many rows there are that are not over. O(log n), and those that are over."""
        raise AssertionError("every keeper has its own")

    def deadlines(self, keys: list[Key]) -> list[Values]:
        """The deadlines of the rows of keys, with the keys."""
        raise AssertionError("every keeper has its own")

    def restore(self, deadlines: list[Values]) -> None:
        """Gives rows the deadlines that they had."""
        raise AssertionError("every keeper has its own")

    def check(self) -> list[str]:
        """What is wrong in the file. O(n)."""
        raise AssertionError("every keeper has its own")


@final
class DiskConnection(Session):
    """Runs statements. The caller holds the table's lock.

    `written`, where it is set, is called after the first write since it was last set to None. `undo`, where it is set,
    is called when the transaction is rolled back, and forgotten when it is committed.
    """

    def __init__(self, file: DiskFile, table: str) -> None:
        self.file: Final = file
        self.table: Final = table
        self.state: State = "idle"
        self.spoilt = False  # something was rolled back: what is remembered of the table may be wrong
        self.written: Callable[[], None] | None = None
        self.undo: Callable[[], None] | None = None
        self.keeper: Keeper | None = None
        self.readers: Final = Readers(file)
        self._cursor = file.connection.cursor()
        self._failed = False
        self._wrote = False

    # --- operations ---------------------------------------------------------------------------------------------------

    def now(self) -> float:
        """When the operation under way began, of a table with limits."""
        return 0.0 if self.keeper is None else self.keeper.now()

    def enter(self) -> None:
        if self.keeper is not None:
            self.keeper.entered()

    def begin(self) -> None:
        if self.file.access == "read":
            allowed = "it was opened with access='read', and takes no writes"
            raise BadArg("access", "table", self.table, allowed, self.table)
        if self.state == "idle":
            self._failed = False
            if self.keeper is None:
                self.state = "ready"
            else:
                self._open()

    def fail(self) -> None:
        self._failed = True

    def end(self) -> None:
        state, self.state = self.state, "idle"
        if state == "open":
            self._finish(self._failed)
        if self._wrote:
            self._wrote = False
            if self.written is not None:
                self.written()

    def _open(self) -> None:
        self._execute("BEGIN IMMEDIATE")
        self.state = "open"
        if self.keeper is not None:
            self._make_way(self.keeper)

    def _execute(self, sql: str) -> None:
        try:
            self._cursor.execute(sql)
        except ERRORS as error:
            raise self.error(error) from None

    def _make_way(self, keeper: Keeper) -> None:
        """Has the rows deleted that are over, each lot in a transaction of its own, and begins the operation's."""
        done = False
        try:
            while keeper.began():
                self._execute("COMMIT")
                keeper.committed()
                self._execute("BEGIN IMMEDIATE")
            done = True
        finally:
            if not done:
                self.state = "idle"
                self.spoilt = True
                self._roll_back()

    def _finish(self, failed: bool) -> None:
        done = False
        try:
            if not failed:
                if self.keeper is not None:
                    self.keeper.ending()
                self._execute("COMMIT")
                done = True
        finally:
            undo, self.undo = self.undo, None
            if not done:
                self.spoilt = True
                self._roll_back()
                if undo is not None:
                    undo()

    def _roll_back(self) -> None:
        """Some errors, such as a full disk, have SQLite roll back by itself."""
        if self.file.connection.in_transaction:
            self.file.connection.rollback()

    def together(self, work: Callable[[], None]) -> None:
        """Does several things in one transaction, that of the operation if there is one."""
        if self.state == "open":
            work()
            return
        alone = self.state == "idle"
        self._open()
        if not alone:
            work()
            return
        failed = True
        try:
            work()
            failed = False
        finally:
            self.state = "idle"
            self._finish(failed)

    # --- statements ---------------------------------------------------------------------------------------------------

    def fetch(self, sql: str, parameters: Values = ()) -> list[Fetched]:
        """All rows of a query. Raises DiskError."""
        if self.state == "ready":
            self._open()
        try:
            return self._cursor.execute(sql, parameters).fetchall()
        except ERRORS as error:
            raise self.error(error) from None

    def fetch_written(self, sql: str, parameters: Values) -> list[Fetched]:
        """As `write`, but gives the rows that RETURNING names."""
        try:
            found = self._cursor.execute(sql, parameters).fetchall()
        except ERRORS as error:
            raise self.failure(error) from None
        self._wrote = True
        return found

    def batches(self, sql: str, parameters: Values = ()) -> "Batches":
        """The rows of a query, some at a time. Raises DiskError."""
        if self.state == "ready":
            self._open()
        try:
            return Batches(self, self.file.connection.execute(sql, parameters))
        except ERRORS as error:
            raise self.error(error) from None

    def stream(self, sql: str, parameters: Values = ()) -> Iterator[list[Fetched]]:
        """As `batches`, as an iterator."""
        batches = self.batches(sql, parameters)
        while found := batches.next():
            yield found

    def write(self, sql: str, parameters: Values = ()) -> int:
        """Changes rows; how many. Raises DiskError, BadArg with cause "unique"."""
        try:
            count = self._cursor.execute(sql, parameters).rowcount
        except ERRORS as error:
            raise self.failure(error) from None
        self._wrote = True
        return count

    def write_all(self, sql: str, parameters: Sequence[Values]) -> int:
        """As `write`, once for each list of parameters, in a transaction that the caller has begun."""
        try:
            count = self._cursor.executemany(sql, parameters).rowcount
        except ERRORS as error:
            raise self.failure(error) from None
        self._wrote = True
        return count

    def version(self) -> int:
        """A number that changes when another process has written."""
        found: int = self.fetch("PRAGMA data_version")[0][0]
        return found

    # --- errors -------------------------------------------------------------------------------------------------------

    def failure(self, error: Exception) -> Exception:
        """What an error of a write is to users."""
        if isinstance(error, sqlite3.IntegrityError):
            allowed = f"an index is unique, and another row has the same value there ({error})"
            return BadArg("unique", "row", self.table, allowed, self.table)
        return self.error(error)

    def error(self, error: Exception) -> DiskError:
        self.spoilt = True
        if _REPLACED in str(error):
            return DiskError("changed", self.file.name, _CHANGED)
        return disk_error(error, self.file.name)


@final
class Batches:
    """The rows of a query, some at a time. `over`: there are no more."""

    def __init__(self, connection: DiskConnection, cursor: sqlite3.Cursor) -> None:
        self.over = False
        self._connection: Final = connection
        self._cursor: Final = cursor

    def next(self) -> list[Fetched]:
        """The next ones; [] when there are no more. Raises DiskError."""
        if self.over:
            return []
        try:
            found = self._cursor.fetchmany(_BATCH)
        except ERRORS as error:
            raise self._connection.error(error) from None
        self.over = len(found) < _BATCH
        return found
