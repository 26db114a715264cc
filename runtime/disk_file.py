"""The file of a table on disk: an SQLite database of one table, how it is made, opened, recognised and closed.

Layout, version 1. The header of the database has the application id 0x6D737064 ("mspd") and the version as user
version. It holds the tables

    _matchspec(item, value)    what the table is: type, keypos, row (its row type in words), columns, index,
                               exotic (whether some key is of a type that Erlang lacks); values are JSON
    rows(...)                  the rows, in the order of their keys:
        _key                   the key, as `runtime.disk_keys` keeps it, unless the key's own column does
        _n                     in bags: the place of a row among those of its key
        _sum                   in bags: a hash of the row, the same for rows that are `=:=`
        _row, or a column a field    see `runtime.disk_rows`
        _x1, _x2, ...          for each index of a column that holds terms: the value as bytes that sort as terms do

and an SQL index for each index of the table. Version 2 is that of a table whose rows have a time to live, or whose
number has a bound. There the rows stand in `limited_rows`, as nobody is to read them who would not know which are over:

    _matchspec                 also ttl, max_size and rows, the number of rows
    limited_rows(...)          as rows, and besides
        _ends                  when the row is over, in seconds since 1970; NULL for one that stays
        _used                  with a bound: the number of the row's last use, of which the largest is the latest

A table that gets its first limit is made one of version 2. Version 3 is that of a table to which indexes with columns
of their own have been added, those of terms and of expressions. Each time that one comes or goes the table of rows is
renamed, to `rows_1`, `rows_2` and so on, so that programs that have it open and do not fill the column find it no more.

    _matchspec                 also generation, the number in the name; with limits also what version 2 says
    rows_1(...)                as rows or limited_rows, and besides
        _e1, _e2, ...          for each such index: the value as bytes that sort as terms do, NULL where there is none

Nothing else: a file with triggers, views or columns of its own is refused, so that opening one runs no code. The
write-ahead log makes what is committed survive the death of the process; `-wal` and `-shm` beside the file are
SQLite's, and are gone when the last user has closed it.
"""

import contextlib
import json
import os
import secrets
import sqlite3
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, final

from matchspec.values import Term
from runtime.disk_errors import ERRORS, DiskError, disk_error
from runtime.disk_layout import Layout
from runtime.errors import BadArg

DiskAccess: TypeAlias = Literal["read", "read_write"]
Facts: TypeAlias = dict[str, Any]  # of the table _matchspec

VERSION: Final = 1
LIMITED_VERSION: Final = 2
EXPRESSION_VERSION: Final = 3
APPLICATION: Final = 0x6D737064
MAGIC: Final = b"SQLite format 3\x00"
_OLDEST_SQLITE: Final = (3, 35)  # the first with RETURNING and DROP COLUMN
_HEADER: Final = 100  # bytes
_STATEMENTS: Final = 256  # kept compiled
_CACHE: Final = 16_384  # KiB of pages kept in memory
_FACTS: Final = frozenset(["type", "keypos", "row", "columns", "index", "exotic"])
_LIMITS: Final = frozenset(["ttl", "max_size", "rows"])


@final
class DiskFile:
    """An open database. `facts`: what it says of its table."""

    def __init__(self, path: Path, access: DiskAccess, ram: bool, timeout: float) -> None:
        self.path: Final = path
        self.name: Final = str(path)
        self.access: Final[DiskAccess] = access
        self.ram: Final = ram
        self.timeout: Final = timeout
        self.facts: Facts = {}
        self._forced: tuple[int, int] | None = None  # the file whose name is on the disk: its device and number
        self.connection: sqlite3.Connection = _connect(path, access, ram, timeout)
        self._identity: tuple[int, int] | None = None

    def read_facts(self) -> None:
        """Raises DiskError unless this is a table file, laid out as such files are."""
        try:
            rows = self.connection.execute("SELECT item, value FROM _matchspec").fetchall()
            facts = {item: json.loads(value) for item, value in rows}
            version = self.connection.execute("PRAGMA user_version").fetchone()[0]
        except ERRORS as error:
            raise disk_error(error, self.name) from None
        except (ValueError, TypeError, RecursionError) as error:
            raise DiskError("corrupt", self.name, f"what it says of its table cannot be read: {error}") from None
        expected = _FACTS
        if version == LIMITED_VERSION or (version == EXPRESSION_VERSION and "rows" in facts):
            expected |= _LIMITS
        if version == EXPRESSION_VERSION:
            expected |= {"generation"}
        if set(facts) != expected:
            raise DiskError("corrupt", self.name, f"it says {list(facts)!r:.200} of its table, not {sorted(expected)}")
        self.facts = facts

    def _check_others(self, rows: str) -> None:
        """No triggers, views, virtual tables or generated columns."""
        known = {("table", "_matchspec"), ("table", rows)}
        found = self.connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
        for kind, name, table, text in found:
            odd = isinstance(text, str) and text.lower().startswith("create virtual")
            if odd or ((kind, name) not in known and (kind != "index" or table not in (rows, "_matchspec"))):
                raise DiskError("corrupt", self.name, f"it has a {kind} {name!r}, which table files have not")
        columns = self.connection.execute("SELECT name, hidden FROM pragma_table_xinfo(?)", (rows,)).fetchall()
        if any(hidden for _, hidden in columns):
            raise DiskError("corrupt", self.name, "it has computed columns, which table files have not")

    def is_laid_out(self) -> bool:
        """Whether there is a table in it. Raises DiskError."""
        try:
            return bool(self.connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
        except ERRORS as error:
            raise disk_error(error, self.name) from None

    def check_columns(self, layout: Layout) -> None:
        """Raises DiskError unless there is a table of rows with the columns of this layout, and nothing else."""
        try:
            self._check_others(layout.table)
            found = self.connection.execute("SELECT name FROM pragma_table_info(?)", (layout.table,)).fetchall()
        except ERRORS as error:
            raise disk_error(error, self.name) from None
        names = {'"' + name.replace('"', '""') + '"' for (name,) in found}
        expected = {*layout.stored, *(['"_n"', '"_sum"'] if layout.bag else [])}
        expected |= {'"_ends"', '"_used"'} if layout.limited else set()
        if names != expected:
            raise DiskError("corrupt", self.name, f"its rows have the columns {sorted(names)}, not {sorted(expected)}")

    def make(self, facts: Facts, statements: list[str]) -> None:
        """Lays out a new file, unless another process has just done so. Raises DiskError."""
        try:
            if self.ram:
                _lay_out(self.connection, facts, statements)
                return
            self.connection.close()
            self._make_file(facts, statements)
            self.connection = _connect(self.path, self.access, self.ram, self.timeout)
        except ERRORS as error:
            raise disk_error(error, self.name) from None
        except OSError as error:
            raise DiskError("file", self.name, f"it cannot be made: {error}") from None

    def _make_file(self, facts: Facts, statements: list[str]) -> None:
        """Makes the file beside its place and puts it there at once, unless another process was faster."""
        part = self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}.part")
        try:
            connection = sqlite3.connect(part, isolation_level=None)
            try:
                connection.execute("PRAGMA synchronous = OFF")
                _lay_out(connection, facts, statements)
                connection.execute("PRAGMA journal_mode = WAL").fetchall()
            finally:
                connection.close()
            _force_out(part)
            if self.path.exists() and not self.path.stat().st_size:
                part.replace(self.path)
            else:
                with contextlib.suppress(FileExistsError):
                    os.link(part, self.path)
        finally:
            part.unlink(missing_ok=True)

    def log_writes(self) -> None:
        """Puts the file under a write-ahead log. Raises DiskError."""
        try:
            if not self.ram and self.access == "read_write":
                self.connection.execute("PRAGMA journal_mode = WAL").fetchall()
                self.connection.execute("PRAGMA synchronous = NORMAL")
        except ERRORS as error:
            raise disk_error(error, self.name) from None
        self._identity = self._found()

    def _found(self) -> tuple[int, int] | None:
        """Which file is in this place."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def another(self) -> sqlite3.Connection | None:
        """Another connection to the same file, to read; None where there is none. Raises sqlite3.Error.

        The file may have been deleted, or another one put in its place.
        """
        if self.ram or self._identity is None or self._found() != self._identity:
            return None
        connection = _prepared(_connected(self.path, "read", self.timeout), "read")
        if self._found() != self._identity:
            connection.close()
            return None
        return connection

    # --- durability ---------------------------------------------------------------------------------------------------

    def sync(self) -> None:
        """Has everything that is committed on the disk itself. Raises DiskError."""
        try:
            if self.ram:
                self._copy(self.path)
            else:
                self._force_log_out()
        except ERRORS as error:
            raise disk_error(error, self.name) from None
        except OSError as error:
            raise DiskError("io", self.name, f"it cannot be forced to the disk: {error}") from None

    def _force_log_out(self) -> None:
        """Forcing the log out is enough: SQLite forces out the file itself before it gives up a log.

        That there is such a file stands in the folder, which need not be forced out again for the same one.
        """
        log = Path(f"{self.name}-wal")
        if not log.exists():
            log = self.path
        found = log.stat()
        _force_out(log)
        if self._forced != (found.st_dev, found.st_ino):
            _force_out(self.path.parent)
            self._forced = (found.st_dev, found.st_ino)

    def write_to(self, place: Path) -> None:
        """Writes a copy, which is in its place when it is complete and on the disk. Raises DiskError."""
        try:
            self._copy(place)
        except ERRORS as error:
            raise disk_error(error, str(place)) from None
        except OSError as error:
            raise DiskError("file", str(place), f"it cannot be written: {error}") from None

    def _copy(self, place: Path) -> None:
        part = place.with_name(f".{place.name}.{secrets.token_hex(8)}.part")
        target = sqlite3.connect(part, isolation_level=None)
        try:
            try:
                self.connection.backup(target)
                target.execute("PRAGMA journal_mode = DELETE").fetchall()
            finally:
                target.close()
            _force_out(part)
            part.replace(place)
            _force_out(place.parent)
        except BaseException:
            part.unlink(missing_ok=True)
            raise

    def close(self) -> None:
        """Raises DiskError where a table in memory cannot be written; it is closed all the same."""
        try:
            if self.ram and self.access == "read_write":
                self.sync()
        finally:
            try:
                self.connection.close()
            except ERRORS as error:
                raise disk_error(error, self.name) from None

    def delete(self) -> None:
        """Takes the file away, when it is closed. Raises DiskError."""
        try:
            for end in ("", "-wal", "-shm"):
                Path(f"{self.name}{end}").unlink(missing_ok=True)
        except OSError as error:
            raise DiskError("file", self.name, f"it cannot be deleted: {error}") from None

    def file_size(self) -> int:
        """The bytes of the file and its log, as far as they are there. O(1)."""
        total = 0
        for name in (self.name, f"{self.name}-wal"):
            try:
                total += Path(name).stat().st_size
            except OSError:
                continue
        return total


def _force_out(path: Path) -> None:
    """fsync, of files and, where the system can do it, folders."""
    folder = path.is_dir()
    try:
        number = os.open(path, os.O_RDONLY if folder or os.name == "posix" else os.O_RDWR)
    except OSError:
        if folder:
            return
        raise
    try:
        os.fsync(number)
    except OSError:
        if not folder:
            raise
    finally:
        os.close(number)


def _lay_out(connection: sqlite3.Connection, facts: Facts, statements: list[str]) -> None:
    execute = connection.execute
    execute("BEGIN")
    execute(f"PRAGMA application_id = {APPLICATION}")
    execute(f"PRAGMA user_version = {LIMITED_VERSION if 'rows' in facts else VERSION}")
    execute("CREATE TABLE _matchspec (item TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID")
    for item, value in facts.items():
        execute("INSERT INTO _matchspec VALUES (?, ?)", (item, json.dumps(value)))
    for statement in statements:
        execute(statement)
    execute("COMMIT")


# --- opening ----------------------------------------------------------------------------------------------------------


def _connect(path: Path, access: DiskAccess, ram: bool, timeout: float) -> sqlite3.Connection:
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        found, needed = sqlite3.sqlite_version, ".".join([str(part) for part in _OLDEST_SQLITE])
        raise DiskError("file", str(path), f"Python comes with SQLite {found}; tables on disk need {needed}")
    examine(path, access == "read_write")
    there = path.exists() and path.stat().st_size > 0
    try:
        if not ram and there:
            return _prepared(_connected(path, access, timeout), access)
        # Also what stands for a file that is still to be made.
        connection = _prepared(_sqlite(":memory:", timeout, False), "read_write")
        if there:
            stored = _prepared(_connected(path, "read", timeout), "read")
            try:
                stored.backup(connection)
            finally:
                stored.close()
    except ERRORS as error:
        raise disk_error(error, str(path)) from None
    return connection


def _sqlite(name: str, timeout: float, uri: bool) -> sqlite3.Connection:
    return sqlite3.connect(
        name, timeout=timeout, isolation_level=None, check_same_thread=False, cached_statements=_STATEMENTS, uri=uri
    )


def _connected(path: Path, access: DiskAccess, timeout: float) -> sqlite3.Connection:
    uri = path.absolute().as_uri()
    if access == "read_write":
        return _sqlite(f"{uri}?mode=rw", timeout, True)
    connection = _sqlite(f"{uri}?mode=ro", timeout, True)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
    except sqlite3.OperationalError:
        # Where the folder lets nobody write, SQLite cannot make its shared memory; but nobody can be writing either.
        connection.close()
        log = Path(f"{path}-wal")
        if os.access(path.parent, os.W_OK) or (log.exists() and log.stat().st_size):
            raise
        return _sqlite(f"{uri}?mode=ro&immutable=1", timeout, True)
    return connection


def _prepared(connection: sqlite3.Connection, access: DiskAccess) -> sqlite3.Connection:
    execute = connection.execute
    execute("PRAGMA trusted_schema = OFF")
    execute("PRAGMA cell_size_check = ON")
    execute(f"PRAGMA cache_size = -{_CACHE}")
    execute("PRAGMA temp_store = MEMORY")
    if access == "read":
        execute("PRAGMA query_only = ON")
    return connection


def examine(path: Path, may_make: bool) -> None:
    """Raises DiskError unless a file begins as table files do, or is not there yet and may be made."""
    name = str(path)
    try:
        with path.open("rb") as file:
            head = file.read(_HEADER)
        size = path.stat().st_size
    except FileNotFoundError:
        if not may_make:
            raise DiskError("missing", name, "there is no such file") from None
        if not path.parent.is_dir():
            raise DiskError("file", name, f"there is no folder {str(path.parent)!r}") from None
        return
    except OSError as error:
        raise DiskError("file", name, f"it cannot be opened: {error}") from None
    if not size:
        if not may_make:
            raise DiskError("not_a_dets_file", name, "it is empty")
        return
    if head[:16] != MAGIC or len(head) < _HEADER or int.from_bytes(head[68:72], "big") != APPLICATION:
        raise DiskError("not_a_dets_file", name, "it is no table file")
    version = int.from_bytes(head[60:64], "big")
    if not VERSION <= version <= EXPRESSION_VERSION:
        raise DiskError("version", name, f"its layout has the version {version}, known are 1 to {EXPRESSION_VERSION}")
    page = int.from_bytes(head[16:18], "big")
    pages = int.from_bytes(head[28:32], "big")
    log = Path(f"{name}-wal")
    if size < (65536 if page == 1 else page) * pages and not (log.exists() and log.stat().st_size):
        raise DiskError("truncated", name, f"it ends after {size} bytes; it says that it has {pages} pages of {page}")


def path_of(path: Term) -> Path:
    """A path, as an argument. Raises BadArg, cause "type"."""
    if isinstance(path, (str, os.PathLike)):
        try:
            found = Path(path)
            if "\0" not in str(found):
                return found
        except TypeError:  # a path of bytes
            pass
    raise BadArg("type", "path", path, "allowed are a str and a path")
