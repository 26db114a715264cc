"""`DiskTable`: what `dets.open` gives, with all methods of a table on disk.

It is built of the same layers as `runtime.table`, over a storage that keeps its rows in SQLite.
"""

import math
from types import TracebackType
from typing import Final, Self, TypeVar, cast, final, overload

from matchspec.ownership import is_immutable
from matchspec.terms import OTHER, Key, rank
from matchspec.values import Atom, Pid, Term, TermError
from runtime import registry
from runtime.belonging import Belonging
from runtime.core import _USUAL_KEYS, Checked, Element, Info, Limits, Options
from runtime.disk_alter import set_fact
from runtime.disk_alter import set_limits as alter_limits
from runtime.disk_bags import DiskBagStorage
from runtime.disk_connection import DiskConnection
from runtime.disk_file import DiskFile
from runtime.disk_layout import Layout
from runtime.disk_limits import DiskLimits
from runtime.disk_readers import Readers
from runtime.disk_saver import saver
from runtime.disk_storage import DiskStorage
from runtime.disk_whole import DiskWhole
from runtime.errors import BadArg
from runtime.expiry import time_to_live
from runtime.kernel import current, find
from runtime.process import self_
from runtime.rows import Row, RowShape, describe
from runtime.storage import StoredRow
from runtime.subscriptions import Subscription
from runtime.termjson import CodecError
from runtime.watched import WatchedStorage, Why

Thing = TypeVar("Thing")

VERSION: Final = 9  # of Erlang's DETS, which `info("version")` gives there
ITEMS: Final = ("type", "keypos", "size", "file_size", "filename")
MORE_ITEMS: Final = (
    *(
        "access",
        "auto_save",
        "bchunk_format",
        "fixed",
        "hash",
        "index",
        "memory",
        "name",
        "no_keys",
        "no_objects",
        "no_slots",
    ),
    *("max_size", "owner", "ram_file", "safe_fixed", "safe_fixed_monotonic_time", "ttl", "unique", "users", "version"),
)


@final
class _Use(Belonging):
    """What a process holds of a table that it has opened."""

    def __init__(self, table: "DiskTable[Row]") -> None:
        self._table: Final = cast("DiskTable[object]", table)

    def owner_ended(self, owner: Pid, reason: Term) -> None:
        self._table.leave(owner)


class Opened:
    """How a table was opened; who opens it again has to ask for the same."""

    def __init__(self, auto_save: float | None, limits: Limits) -> None:
        self.auto_save: Final = auto_save
        self.limits: Final = limits


@final
class DiskTable(DiskWhole[Row]):
    """A table of rows in a file, which threads and processes share.

    Made by `dets.open`. It has the methods of a table in memory (`ets.Table`), and they mean the same; every operation
    is one transaction, so that what it did is there or not there, whatever happens to the program. Rows are copied on
    their way in and out, as they go through the file. A set has the order of its file, not that of insertion.

    All methods raise BadArg as those in memory do, with cause "id" after `close`, "access" for a write where the table
    was opened to be read; and DiskError where the disk or another program stands in the way. Then nothing has changed.
    """

    def __init__(self, name: registry.Name, shape: RowShape, file: DiskFile, layout: Layout, opened: Opened) -> None:
        connection = DiskConnection(file, registry.name_text(name))
        storage = DiskBagStorage(connection, layout) if layout.bag else DiskStorage(connection, layout)
        options = Options(False, False, False, False)
        super().__init__(name, storage, shape, access="public", named=False, options=options)
        self.opened: Final = opened
        self._file: Final = file
        self._users: dict[Pid, int] = {}
        self._uses: dict[Pid, _Use] = {}
        self._ended: list[Subscription] = []  # that are still to be told of the end
        self._gate.hook = self._upkeep
        self._gate.end = "it has been closed"
        self._upkeep.session = connection
        self.saver = saver
        connection.written = self._wrote
        self._kept: DiskLimits | None = None
        if layout.limited:
            self._keep(opened.limits.ttl, opened.limits.max_size)

    # --- what comes in ------------------------------------------------------------------------------------------------

    def _owned(self, value: Thing, argument: str) -> Thing:
        """The value as it is: what is stored is a copy, in the file. Raises BadArg, cause "type"."""
        if self._shape.typed:
            try:
                is_immutable(value)  # refuses what the checks of fields would follow too deeply
            except TermError as error:
                raise BadArg("type", argument, value, str(error), self._gate.name) from error
        return value

    def _key(self, term: Term, argument: str = "key") -> Key:
        try:
            return self._storage.key(term)
        except (TermError, CodecError) as error:
            raise BadArg("type", argument, term, str(error), self._gate.name) from error

    def _key_in(self, row: StoredRow) -> Key:
        term = row[self._keypos]
        if not self._exotic and type(term) not in _USUAL_KEYS and rank(term) == OTHER:
            with self._gate.writing:
                set_fact(self._connection(), "exotic", True)
            self._exotic = True
        return self._key(term, "row")

    # --- limits -------------------------------------------------------------------------------------------------------

    def _keep(self, ttl: float | None, most: int | None) -> None:
        """Goes by limits that the file says."""
        self._kept = DiskLimits(self._disk(), ttl, most, self.opened.limits.clock, self._went)

    def _went(self, rows: list[StoredRow], why: Why) -> None:
        """Rows have gone for the limits."""
        storage = self._storage
        if isinstance(storage, WatchedStorage):
            storage.note_gone(rows, why)
        elif why == "expire":
            self._counters.expired += len(rows)
        else:
            self._counters.evicted += len(rows)

    def set_limits(self, asked: Limits) -> None:
        """What `dets.open` was asked for, which the file keeps; None is what the file says.

        Raises BadArg: "access", "id"; DiskError.
        """
        kept = self._kept
        known_ttl, known_most = (None, None) if kept is None else (kept.ttl, kept.most)
        wanted_ttl = known_ttl if asked.ttl is None else None if asked.ttl == math.inf else asked.ttl
        wanted_most = known_most if asked.max_size is None else asked.max_size
        if (wanted_ttl, wanted_most) != (known_ttl, known_most):
            with self._gate.writing:
                self._limit(wanted_ttl, wanted_most)

    def _limit(self, ttl: float | None, most: int | None) -> None:
        """In an operation that writes, which is told of the rows that there are."""
        kept = self._kept
        alter_limits(self._disk(), ttl, most)
        self._keep(ttl, most)
        assert self._kept is not None
        self._kept.take_over(kept)

    def _ttl(self, ttl: Term) -> float | None:
        seconds = time_to_live(ttl, "ttl", self._gate.name)
        if seconds is not None and self._kept is None:
            with self._gate.writing:
                if self._kept is None:
                    self._limit(None, None)
        return seconds

    def _put_all(self, pairs: list[tuple[Key, StoredRow]], ttl: float | None) -> None:
        kept = self._kept
        if kept is None or ttl is None:
            self._storage.put_all(pairs)
        else:
            kept.next_ttl = ttl
            try:
                self._storage.put_all(pairs)
            finally:
                kept.next_ttl = None
        self._counters.inserted += len(pairs)

    def expires_in(self, key: Element) -> float | None:
        """As that of a table in memory; by the clock on the wall. O(rows of the key)."""
        found = self._key(key)
        with self._gate.reading:
            if not self._storage.has(found):
                raise self._unknown(key)
            return None if self._kept is None else self._kept.left(found)

    def expire(self) -> int:
        """Deletes the rows whose time is up, as every write does first; the number of rows that are left.

        For those who want the space, or the events of a subscription, of a table that is only read for a while.
        O(log n) a row. Raises BadArg: "access", "id"; DiskError.
        """
        with self._gate.writing:
            return self._storage.size()

    # --- users --------------------------------------------------------------------------------------------------------

    def join(self) -> bool:
        """The calling process uses the table once more; False if it has been closed."""
        process = current()
        pid = process.pid
        with self._gate.lock:
            if not self._gate.alive:
                return False
            count = self._users.get(pid, 0)
            if not count:
                use = _Use(self)
                process.own(use)
                self._uses[pid] = use
            self._users[pid] = count + 1
        return True

    def close(self) -> bool:
        """The calling process uses the table no more; the last user's close closes the file; True.

        Every `open` asks for a `close` of its own. A process that ends closes all that it has opened. When the file is
        closed everything is on the disk. O(1); O(n) with `ram_file`. Erlang's dets:close/1.
        Raises BadArg: "owner" for a process that has not opened it, "id"; DiskError.
        """
        pid = self_()
        with self._gate.lock:
            self._gate.check_alive()
            count = self._users.get(pid, 0)
            if not count:
                allowed = "only a process that has opened the table can close it"
                raise BadArg("owner", "calling process", pid, allowed, self._gate.name)
            if count > 1:
                self._users[pid] = count - 1
                return True
            use = self._uses[pid]
            process = find(pid)
            if process is not None:
                process.disown(use)
        self.leave(pid)
        return True

    def leave(self, pid: Pid) -> None:
        """A process uses the table no more, however often it has opened it."""
        with self._gate.lock:
            self._users.pop(pid, None)
            self._uses.pop(pid, None)
            if self._gate.alive and not self._users:
                self.shut()

    def shut(self) -> None:
        """Closes the file, whoever uses it. Raises DiskError; it is closed all the same."""
        with self._gate.lock:
            if not self._gate.alive:
                return
            self._gate.alive = False
            registry.strike_on_disk(self)
            self.saver.forget(id(self))
            for subscription in self._upkeep.subscriptions:
                subscription.note_drop()
            self._connection().readers.close()
            try:
                try:
                    if self._kept is not None:
                        self._kept.settle()
                finally:
                    self._file.close()
            finally:
                self._ended.extend(self._upkeep.subscriptions)
        while self._ended:
            self._ended.pop().deliver()

    def drop(self) -> bool:
        """Closes the table for all its users and deletes its file; True. O(1). Raises BadArg: "access", "id"."""
        with self._gate.writing:
            pass  # who may not write may not delete either
        self.shut()
        self._file.delete()
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._gate.alive:
            self.close()

    def hold(self) -> None:
        """Waits until no other thread uses the table, before a fork; `let_go` has to follow."""
        self._gate.acquire()
        self._connection().readers.wait()

    def let_go(self) -> None:
        self._gate.release()

    def abandon(self) -> None:
        """In a child that was forked: SQLite's connection must not be used, and not be closed either."""
        self._gate.alive = False
        self._gate.end = "it was opened by the process that forked this one; open it again here"
        _abandoned.append((self._file, self._connection().readers))

    # --- durability ---------------------------------------------------------------------------------------------------

    def sync(self) -> bool:
        """Returns when everything that was written is on the disk itself, and survives a power cut; True.

        O(bytes written since); with `ram_file` O(n): the file is written anew. Erlang's dets:sync/1.
        Raises BadArg: "id"; DiskError.
        """
        with self._gate.lock:
            self._gate.check_alive()
            self._sync()
        return True

    def _sync(self) -> None:
        self.saver.forget(id(self))
        self._connection().written = self._wrote
        if self._file.access == "read_write":
            self._file.sync()

    def _wrote(self) -> None:
        """Something was written, for the first time since the last sync."""
        self._connection().written = None
        seconds = self.opened.auto_save
        if seconds is not None:
            self.saver.ask(id(self), seconds, self.save)

    def save(self) -> None:
        """What `auto_save` does."""
        with self._gate.lock:
            if self._gate.alive:
                self._sync()

    # --- what does not make sense here --------------------------------------------------------------------------------

    def give_away(self, pid: Pid, data: Term) -> bool:
        raise self._shared("give_away")

    def setopts(self, **options: Checked) -> bool:
        raise self._shared("setopts")

    @overload
    def rename(self, name: str) -> str: ...
    @overload
    def rename(self, name: Atom) -> Atom: ...

    def rename(self, name: Checked) -> registry.Name:
        raise self._shared("rename")

    def _shared(self, method: str) -> BadArg:
        with self._gate.reading:
            pass
        allowed = f"a table on disk belongs to all who have opened it, and has no {method}"
        return BadArg("access", "table", self._gate.name, allowed, self._gate.name)

    # --- what it says of itself ---------------------------------------------------------------------------------------

    @property
    def shape(self) -> RowShape:
        """What the table knows of its rows."""
        return self._shape

    @property
    def filename(self) -> str:
        """The path of the file."""
        return self._file.name

    def info(self, item: Checked = None) -> Element:
        """What is known of the table, as a dict, or one item; None once it has been closed.

        The items are type, keypos, size, file_size (bytes) and filename; asked for by name also access, auto_save,
        bchunk_format, fixed, hash, index, max_size, memory (bytes), name, no_keys, no_objects, no_slots, owner,
        ram_file, safe_fixed, safe_fixed_monotonic_time, ttl, unique, users and version. O(1), but that the rows are
        counted when the size is first asked for, and after another process has written. Erlang's dets:info/1,2.
        Raises BadArg: "option" for an unknown item; DiskError.
        """
        self._enter_to_look()
        try:
            if not self._gate.alive:
                return None
            if item is None:
                found: Info = {known: self._item(known) for known in ITEMS}
                return found
            if item in ITEMS or item in MORE_ITEMS:
                return self._item(item)
        finally:
            self._gate.leave()
        raise BadArg("option", "item", item, f"items are {', '.join((*ITEMS, *MORE_ITEMS))}", self._gate.name)

    def _item(self, item: str) -> Element:
        disk = self._disk()
        match item:
            case "type" | "keypos" | "size" | "name" | "owner" | "fixed" | "safe_fixed" | "safe_fixed_monotonic_time":
                return super()._item(item)
            case "file_size" | "memory":
                return self._file.file_size()
            case "filename":
                return self._file.name
            case "access":
                return self._file.access
            case "auto_save":
                return self.opened.auto_save
            case "ram_file":
                return self._file.ram
            case "no_objects":
                return disk.size()
            case "no_keys":
                return disk.keys_count()
            case "no_slots":
                count = disk.keys_count()
                return (count, count, count)
            case "index":
                return tuple([index.field for index in disk.layout.indexes])
            case "unique":
                return tuple([index.field for index in disk.layout.indexes if index.unique])
            case "ttl":
                return None if self._kept is None else self._kept.ttl
            case "max_size":
                return None if self._kept is None else self._kept.most
            case "users":
                return [pid for pid, count in self._users.items() for _ in range(count)]
            case "version":
                return VERSION
        return None  # bchunk_format and hash, which are Erlang's own

    def _bytes(self) -> int:
        return self._file.file_size()

    def __repr__(self) -> str:
        if not self._gate.alive:
            return f"<DiskTable {self._gate.name}: {self._kind}, closed>"
        return f"<DiskTable {self._gate.name}: {self._kind} of {describe(self._shape.row_type)} in {self._file.name}>"


_abandoned: Final[list[tuple[DiskFile, Readers]]] = []  # keeps connections that a forked child must not close
