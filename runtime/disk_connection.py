"""The one connection of a table to its file, and the transactions of its operations.

The table's gate tells it when an operation begins that may write. A single statement is its own transaction. An
operation that reads first, or writes with several statements, is in one that begins with its first statement: from then
on no other process writes until it is over. Where the operation raises, nothing of it stays.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Literal, TypeAlias, final

from runtime.disk_errors import ERRORS, DiskError, disk_error
from runtime.disk_file import DiskFile
from runtime.disk_rows import Fetched, Values
from runtime.errors import BadArg
from runtime.upkeep import Session

State: TypeAlias = Literal["idle", "ready", "open"]

_BATCH: Final = 1_000  # rows fetched at a time from a long query


@final
class DiskConnection(Session):
    """Runs statements. The caller holds the table's lock.

    `written`, where it is set, is called after the first write since it was last set to None.
    """

    def __init__(self, file: DiskFile, table: str) -> None:
        self.file: Final = file
        self.table: Final = table
        self.state: State = "idle"
        self.spoilt = False  # something was rolled back: what is remembered of the table may be wrong
        self.written: Callable[[], None] | None = None
        self._cursor = file.connection.cursor()
        self._failed = False
        self._wrote = False

    # --- operations ---------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        if self.file.access == "read":
            allowed = "it was opened with access='read', and takes no writes"
            raise BadArg("access", "table", self.table, allowed, self.table)
        if self.state == "idle":
            self.state = "ready"
            self._failed = False

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
        try:
            self._cursor.execute("BEGIN IMMEDIATE")
        except ERRORS as error:
            raise self.error(error) from None
        self.state = "open"

    def _finish(self, failed: bool) -> None:
        try:
            if not failed:
                self._cursor.execute("COMMIT")
        except ERRORS as error:
            failed = True
            raise self.error(error) from None
        finally:
            if failed:
                self.spoilt = True
                self._roll_back()

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

    def stream(self, sql: str, parameters: Values = ()) -> Iterator[list[Fetched]]:
        """The rows of a query, some at a time. Raises DiskError."""
        if self.state == "ready":
            self._open()
        try:
            cursor = self.file.connection.execute(sql, parameters)
            while found := cursor.fetchmany(_BATCH):
                yield found
        except ERRORS as error:
            raise self.error(error) from None

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
        return disk_error(error, self.file.name)
