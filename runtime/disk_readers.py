"""Connections of their own for scans of a table on disk, so that a long one does not keep other threads waiting.

A scan begins while its thread has the table to itself: there its connection begins to read, and from then on sees the
table as it is at that moment, whatever is written meanwhile. Then the thread lets the table go and reads. Whoever
closes the table, or forks, first waits until no scan is under way, as SQLite must not be pulled from under one, and a
child must not inherit a lock of its own that nobody will give back.
"""

import sqlite3
import threading
from typing import Final, final

from runtime.disk_errors import ERRORS, disk_error
from runtime.disk_file import DiskFile
from runtime.disk_rows import Fetched, Values

_BATCH: Final = 1_000  # rows that are fetched at a time
_IDLE: Final = 2  # connections that are kept open for the next scans


@final
class Reader:
    """One connection, and the scan that it is at. `over`: there are no more rows."""

    def __init__(self, file: DiskFile, connection: sqlite3.Connection) -> None:
        self.over = True
        self._file: Final = file
        self._connection: Final = connection
        self._now = 0.0
        self._cursor: sqlite3.Cursor | None = None
        connection.create_function("matchspec_now", 0, self.now, deterministic=True)

    def now(self) -> float:
        """When the scan began, for rows that live for a time."""
        return self._now

    def begin(self, now: float) -> None:
        """From now on the connection sees the file as it is at this moment. Raises DiskError."""
        self._now = now
        try:
            self._connection.execute("BEGIN")
            self._connection.execute("SELECT 1 FROM _matchspec LIMIT 1").fetchall()  # the first read is the moment
        except ERRORS as error:
            raise disk_error(error, self._file.name) from None

    def scan(self, sql: str, parameters: Values) -> list[Fetched]:
        """The first rows of a query. Raises DiskError."""
        try:
            self._cursor = self._connection.execute(sql, parameters)
        except ERRORS as error:
            raise disk_error(error, self._file.name) from None
        self.over = False
        return self.next()

    def next(self) -> list[Fetched]:
        """The next rows; [] when there are no more. Raises DiskError."""
        if self.over or self._cursor is None:
            return []
        try:
            found = self._cursor.fetchmany(_BATCH)
        except ERRORS as error:
            raise disk_error(error, self._file.name) from None
        self.over = len(found) < _BATCH
        return found

    def end(self) -> bool:
        """The scan is over, also where it is not at its end; whether the connection can be used again."""
        self.over = True
        cursor, self._cursor = self._cursor, None
        try:
            if cursor is not None:
                cursor.close()
            if self._connection.in_transaction:
                self._connection.rollback()
        except ERRORS:
            return False
        return True

    def close(self) -> None:
        self._connection.close()


@final
class Readers:
    """The readers of one table. Its lock is held for moments only, and no other one is asked for meanwhile."""

    def __init__(self, file: DiskFile) -> None:
        self._file: Final = file
        self._changed: Final = threading.Condition()
        self._idle: list[Reader] = []
        self._busy: list[int] = []  # the threads that are at a scan
        self._closed = False

    def take(self) -> Reader | None:
        """A reader for the calling thread, which holds the table; None where there can be none."""
        with self._changed:
            reader = self._idle.pop() if self._idle else None
        if reader is None:
            try:
                connection = self._file.another()
            except ERRORS:
                return None
            if connection is None:
                return None
            reader = Reader(self._file, connection)
        with self._changed:
            self._busy.append(threading.get_ident())
        return reader

    def give_back(self, reader: Reader) -> None:
        sound = reader.end()
        with self._changed:
            if sound and not self._closed and len(self._idle) < _IDLE:
                self._idle.append(reader)
            else:
                reader.close()  # before anybody takes it that no scan is under way
            self._busy.remove(threading.get_ident())
            self._changed.notify_all()

    def wait(self) -> None:
        """Returns when no other thread is at a scan. The caller holds the table, so that none begins."""
        mine = threading.get_ident()
        with self._changed:
            self._changed.wait_for(lambda: all([thread == mine for thread in self._busy]))

    def close(self) -> None:
        """Waits for other threads' scans, and closes what is open."""
        self.wait()
        with self._changed:
            self._closed = True
            idle, self._idle = self._idle, []
        for reader in idle:
            reader.close()
