"""Erlang's `dets` as a module: tables on disk. `open` opens one, the rest of its operations are its methods.

    from runtime import dets

    with dets.open("users.dets", User, keypos="id", index=["age"]) as users:
        users.insert(User(1, "ann", 31))
        users.select(lambda u: u.name if u.age > 18 else SKIP)

Queries with a limit go on with `ets.select(continuation)`, as those of tables in memory do.
"""

import atexit
import contextlib
import os
import threading
import time
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar, overload

from matchspec.values import Term
from runtime import registry
from runtime.core import Checked, Info, Limits
from runtime.disk_errors import DiskError
from runtime.disk_facts import columns_of, facts_of, generation_in, indexes_in, limits_in, shape_in
from runtime.disk_file import DiskAccess, DiskFile, examine, path_of
from runtime.disk_layout import Layout
from runtime.disk_rows import row_form
from runtime.disk_saver import saver
from runtime.disk_table import DiskTable, Opened
from runtime.disk_whole import CONTINUE, DONE
from runtime.errors import BadArg, choice
from runtime.ets import Columns, match, match_object, repair_continuation, select, select_reverse
from runtime.expiry import Clock, most_rows, time_to_live
from runtime.registry import Name
from runtime.rows import AnyRow, DataclassRow, RowShape, RowType, describe, row_shape
from runtime.storage import END, KINDS, Kind
from runtime.updates import Position

__all__ = [
    "CONTINUE",
    "DONE",
    "END",
    "BadArg",
    "DiskError",
    "DiskTable",
    "all",
    "import_erlang",
    "info",
    "is_dets_file",
    "match",
    "match_object",
    "open",
    "repair_continuation",
    "select",
    "select_reverse",
]

Row = TypeVar("Row", bound=AnyRow | DataclassRow)
AnyDiskTable: TypeAlias = DiskTable[Any]
AUTO_SAVE: Final = 180.0  # seconds, as in Erlang
TIMEOUT: Final = 5.0  # seconds that a writer waits for another process
_MOST_SECONDS: Final = 1_000_000  # what threading takes
_opening: Final = threading.RLock()  # held while a table is opened, so that no file is opened twice


@overload
def open(
    path: str | PathLike[str],
    row: None = None,
    *,
    name: Name | None = ...,
    type: Kind | None = ...,
    keypos: Position | None = ...,
    access: DiskAccess = ...,
    auto_save: float | None = ...,
    ram_file: bool = ...,
    index: Columns = ...,
    unique: Columns = ...,
    timeout: float = ...,
    ttl: float | None = ...,
    max_size: int | None = ...,
    clock: Clock = ...,
) -> DiskTable[AnyRow]: ...
@overload
def open(
    path: str | PathLike[str],
    row: type[Row],
    *,
    name: Name | None = ...,
    type: Kind | None = ...,
    keypos: Position | None = ...,
    access: DiskAccess = ...,
    auto_save: float | None = ...,
    ram_file: bool = ...,
    index: Columns = ...,
    unique: Columns = ...,
    timeout: float = ...,
    ttl: float | None = ...,
    max_size: int | None = ...,
    clock: Clock = ...,
) -> DiskTable[Row]: ...


def open(
    path: Checked,
    row: RowType = None,
    *,
    name: Checked = None,
    type: Checked = None,
    keypos: Checked = None,
    access: Checked = "read_write",
    auto_save: Checked = AUTO_SAVE,
    ram_file: Checked = False,
    index: Checked = (),
    unique: Checked = (),
    timeout: Checked = TIMEOUT,
    ttl: Checked = None,
    max_size: Checked = None,
    clock: Clock = time.time,
) -> AnyDiskTable:
    """Opens the table in a file, which is made if it is not there. O(1), whatever its size. Erlang's dets:open_file.

    Opened again in one program, a file gives the same table, which is closed when all who opened it have closed it.

    Args:
        path: of the file, a str or a path.
        row: the type of the rows, as for `ets.new`. Fields of simple types are columns of the file. The rows of a file
            that has a row type and is opened without one are of a NamedTuple class made for them.
        name: what messages call it; the name of the file without it.
        type: "set", "ordered_set", "bag" or "duplicate_bag"; None is what the file says, or "set" for a new one.
        keypos: where in a row its key stands, from 1, or the field's name; None is what the file says, or 1.
        access: "read_write", or "read" for a file that is there and is not to be changed.
        auto_save: after how many seconds at most what was written is on the disk itself; None for never.
        ram_file: keeps the table in memory; the file is read now and written by `sync`, `auto_save` and `close`.
        index, unique: columns that get an index, as by `add_index`, unless they have one.
        timeout: how many seconds a write waits while another process writes.
        ttl: how many seconds a row lives after it was inserted, `math.inf` for no end; None is what the file says. The
            file keeps it.
        max_size: how many rows there may be, for a set or ordered_set; the least recently used go. None is what the
            file says, which keeps it.
        clock: gives the seconds since 1970, by which rows expire.

    Raises BadArg: "type" for a path, name or row type that is none; "option" for a bad option, or for other options
    than those of who has opened it already; "table_type", "keypos" and "type" where the file says other than `type`,
    `keypos` and `row`. Raises DiskError, see `DiskError.cause`.
    """
    place = path_of(path)
    text = registry.name_text(place.name[:255] or "dets" if name is None else name)
    if access not in ("read", "read_write"):
        raise BadArg("option", "access", access, "allowed are 'read' and 'read_write'", text)
    if ram_file is not True and ram_file is not False:
        raise BadArg("option", "ram_file", ram_file, "allowed are True and False", text)
    seconds = None if auto_save is None else _seconds("auto_save", auto_save, text)
    waiting = _seconds("timeout", timeout, text)
    if type is not None:
        choice("option", "type", type, KINDS, text)
    shape = None if row is None else row_shape(row)
    asked = _Asked(shape, type, keypos, text)
    limits = Limits(time_to_live(ttl, "ttl", text), most_rows(max_size, type, text), clock)
    table = None
    while table is None:  # again, where the last user is just closing it
        table = _joined(place, access, ram_file is True, asked, _Manner(name, seconds, waiting, limits))
    try:
        most_rows(max_size, table.type, text)  # the file may say that it is a bag
        table.set_limits(limits)
        for argument, columns, is_unique in (("index", index, False), ("unique", unique, True)):
            _add_indexes(table, argument, columns, is_unique)
    except BaseException:
        table.close()
        raise
    return table


class _Manner(NamedTuple):
    """What does not matter to a table that is open already."""

    name: Name | None
    auto_save: float | None
    timeout: float
    limits: Limits


def _joined(path: Path, access: DiskAccess, ram: bool, asked: "_Asked", manner: _Manner) -> AnyDiskTable | None:
    """The table of a file, of which the calling process is a user now; None if it was closed meanwhile."""
    with _opening:
        table = _open_already(path)
        if table is not None:
            _check_same(table, access, ram, asked)
            return table if table.join() else None
        file = DiskFile(Path(os.path.realpath(path)), access, ram, manner.timeout)
        try:
            table = _table(asked.name if manner.name is None else manner.name, file, asked, manner)
        except BaseException:
            file.connection.close()
            raise
        registry.enrol_on_disk(table)
        try:
            table.join()
        except BaseException:
            table.shut()
            raise
        return table


class _Asked:
    """What a caller says that a table is; None is whatever it is."""

    def __init__(self, shape: RowShape | None, kind: Kind | None, keypos: Position | None, name: str) -> None:
        self.shape: Final = shape
        self.kind: Final = kind
        self.keypos: Final = keypos
        self.name: Final = name

    def index_of_key(self, shape: RowShape) -> int:
        """The position asked for, from 0. Raises BadArg, cause "keypos"."""
        try:
            return shape.index_of(1 if self.keypos is None else self.keypos, "keypos", self.name)
        except BadArg as error:
            raise BadArg("keypos", "keypos", self.keypos, error.allowed, self.name) from None

    def check(self, kind: str, keypos: int, shape: RowShape) -> None:
        """Raises BadArg unless a table is what was asked for."""
        if self.kind is not None and self.kind != kind:
            raise BadArg("table_type", "type", self.kind, f"the file has a {kind}", self.name)
        if self.keypos is not None and self.index_of_key(shape) != keypos:
            raise BadArg("keypos", "keypos", self.keypos, f"the file has the key at position {keypos + 1}", self.name)


def _open_already(path: Path) -> AnyDiskTable | None:
    """The table of this file, if it is open in this program."""
    real = os.path.realpath(path)
    tables: list[AnyDiskTable] = registry.tables_on_disk()
    return next((table for table in tables if table.filename == real), None)


def _check_same(table: AnyDiskTable, access: Term, ram_file: Term, asked: _Asked) -> None:
    """Raises BadArg where a table that is open already is to be opened otherwise."""
    for option, value, known in (
        ("access", access, table.info("access")),
        ("ram_file", ram_file, table.info("ram_file")),
    ):
        if value != known:
            raise BadArg("option", option, value, f"the table is open already, with {known!r}", asked.name)
    shape: RowShape = table.shape
    if asked.shape is not None and asked.shape.row_type != shape.row_type:
        allowed = f"the table is open already, with {describe(shape.row_type)}"
        raise BadArg("type", "row", asked.shape.row_type, allowed, asked.name)
    asked.check(table.type, table.keypos - 1, shape)


def _table(name: Name, file: DiskFile, asked: _Asked, manner: _Manner) -> AnyDiskTable:
    limits = manner.limits
    if file.access == "read_write" and not file.is_laid_out():
        shape = row_shape(None) if asked.shape is None else asked.shape
        rows, at = row_form(shape, asked.name), asked.index_of_key(shape)
        layout = Layout(asked.kind or "set", at, rows, [], limits.any, limits.max_size is not None)
        file.make(facts_of(layout, shape, limits.ttl, limits.max_size), layout.definitions())
    file.read_facts()
    facts = file.facts
    shape = shape_in(file, facts) if asked.shape is None else asked.shape
    rows = row_form(shape, asked.name)
    if columns_of(rows) != facts["columns"]:
        allowed = f"the file has rows of {facts['row']!s:.200}, in the columns {facts['columns']!s:.200}"
        raise BadArg("type", "row", shape.row_type, allowed, asked.name)
    kind, keypos = facts["type"], facts["keypos"]
    # A hostile file may say anything.
    if kind not in KINDS or type(keypos) is not int or not 0 <= keypos < (shape.arity if shape.arity > 0 else 256):
        raise DiskError("corrupt", file.name, f"it says that it is a {kind!s:.50} with the key at {keypos!s:.50}")
    asked.check(kind, keypos, shape)
    ttl, most = limits_in(file, facts)
    indexes, generation = indexes_in(file, facts, rows, shape), generation_in(file, facts)
    layout = Layout(kind, keypos, rows, indexes, "rows" in facts, most is not None, generation)
    file.check_columns(layout)
    file.log_writes()
    return DiskTable(name, shape, file, layout, Opened(manner.auto_save, Limits(ttl, most, limits.clock)))


def _seconds(option: str, value: Term, name: str) -> float:
    if (type(value) is int or type(value) is float) and 0 < float(value) <= _MOST_SECONDS:
        return float(value)
    also = ", and None for never" if option == "auto_save" else ""
    raise BadArg("option", option, value, f"allowed are seconds, up to {_MOST_SECONDS:,}{also}", name)


def _add_indexes(table: AnyDiskTable, argument: str, columns: Term, unique: bool) -> None:
    if not isinstance(columns, (list, tuple)):
        raise BadArg("option", argument, columns, "allowed is a list of columns", table.info("name"))
    for column in columns:
        try:
            table.ensure_index(column, unique)
        except BadArg as error:
            named = argument if error.argument == "field" else error.argument
            raise BadArg(error.cause, named, error.value, error.allowed, table.info("name")) from None


# --- Erlang's own files -------------------------------------------------------------------------------------------

_BATCH: Final = 10_000  # rows that are inserted at once


@overload
def import_erlang(path: str | PathLike[str], target: str | PathLike[str], row: None = None) -> DiskTable[AnyRow]: ...
@overload
def import_erlang(path: str | PathLike[str], target: str | PathLike[str], row: type[Row]) -> DiskTable[Row]: ...


def import_erlang(path: Checked, target: Checked, row: RowType = None) -> AnyDiskTable:
    """Makes a table in the new file `target` of a DETS file that Erlang wrote, and leaves it open.

    It has the type, key position and rows of Erlang's. Erlang need not have closed its file properly; the rows are then
    those that Erlang's repair would find. O(n). Raises BadArg: "already_exists" for a target that is there, "type" for
    rows not of the row type. Raises DiskError for a file that is none of Erlang's, is damaged, or has rows that Python
    has no form for; then there is no target.
    """
    from runtime.erlang_dets import ErlangDets

    source = ErlangDets(path)
    place = path_of(target)
    if place.exists():
        raise BadArg("already_exists", "target", str(place), "there is such a file already")
    table = open(place, row, type=source.kind, keypos=source.keypos)
    try:
        rows = source.rows()
        while batch := list(islice(rows, _BATCH)):
            # A bag takes the last of a list first; its rows are to come in the order of the file.
            table.insert(batch[::-1] if source.kind == "bag" else batch)
    except BaseException:
        table.drop()
        raise
    return table


# --- open tables --------------------------------------------------------------------------------------------------


def all() -> list[AnyDiskTable]:
    """The open tables, in the order of their opening. O(number of tables). Erlang's dets:all/0."""
    return registry.tables_on_disk()


def info(table: AnyDiskTable, item: Checked = None) -> Any:
    """`table.info(item)`. Erlang's dets:info/1,2."""
    found: Info | Any = table.info() if item is None else table.info(item)
    return found


def is_dets_file(path: Checked) -> bool:
    """Whether a file is one of a table on disk, of any version. O(1). Erlang's dets:is_dets_file/1.

    Raises BadArg: "type" for what is no path; DiskError for a file that is not there or cannot be read.
    """
    try:
        examine(path_of(path), False)
    except DiskError as error:
        if error.cause in ("missing", "file"):
            raise
        return error.cause in ("version", "truncated")
    return True


# --- the end of the program, and forks ----------------------------------------------------------------------------


def _close_all() -> None:
    for table in registry.tables_on_disk():
        with contextlib.suppress(DiskError):
            table.shut()


def _before_fork() -> None:
    """No lock of a table, or of SQLite, is held by a thread that the child will not have."""
    _opening.acquire()
    _held.extend(registry.tables_on_disk())
    for table in _held:
        table.hold()


def _after_fork() -> None:
    for table in _held:
        table.let_go()
    _held.clear()
    _opening.release()


def _after_fork_in_child() -> None:
    for table in _held:
        table.abandon()
        registry.strike_on_disk(table)
    saver.forked()
    _after_fork()


_held: Final[list[AnyDiskTable]] = []  # the tables whose locks are held over a fork
atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork_in_child)
