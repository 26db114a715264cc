"""The ground of a table: what it is made of, and what it says of itself.

`Table` is made of layers, each a class of its own module that adds the methods of one subject. On `runtime.queryable`
(what can be asked) stands this one, then `runtime.life` (owner, heir and end), `runtime.objects` (single rows),
`runtime.traversal` (keys and rows in order), `runtime.queries` (how queries are done) and `runtime.additions` (what
Erlang's tables do not have).

A table begins with a plain storage. The first index, subscription or limit puts a WatchedStorage before it and a hook
at the gate; tables without any of these do not pay for them.
"""

import math
import os
import sys
import time
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar, cast, overload

from matchspec.build import COMPILED
from matchspec.ownership import is_immutable, own
from matchspec.terms import OTHER, Key, rank
from matchspec.values import Atom, Pid, Ref, Term, TermError
from runtime import registry
from runtime.access import Access, Gate
from runtime.belonging import Belonging
from runtime.errors import BadArg
from runtime.expiry import Clock, Expiry, time_to_live
from runtime.hashed import SetStorage
from runtime.index import Index
from runtime.process import is_alive, self_
from runtime.queryable import Queryable
from runtime.rows import Row, RowShape
from runtime.statistics import Counters
from runtime.storage import Storage, StoredRow
from runtime.unlocked import Unlocked
from runtime.upkeep import Census, Upkeep
from runtime.watched import Recency, WatchedStorage

if TYPE_CHECKING:
    from runtime.table import Table

Element: TypeAlias = Any  # a key or another element of a row: any term
# An argument that the method itself checks, so that a bad one raises BadArg. Compiled code raises TypeError for what
# does not fit an annotation; where possible, overloads say what the argument may be.
Checked: TypeAlias = Any
Info: TypeAlias = dict[str, Any]  # what is known of a table, by item
Thing = TypeVar("Thing")

NODE: Final = Atom("nonode@nohost")
ITEMS: Final = (
    *("id", "decentralized_counters", "read_concurrency", "write_concurrency", "compressed", "memory", "owner", "heir"),
    *("name", "size", "node", "named_table", "type", "keypos", "protection"),
)
MORE_ITEMS: Final = (
    *("binary", "fixed", "safe_fixed", "safe_fixed_monotonic_time", "stats"),
    *("index", "unique", "ttl", "max_size"),
)
_SAMPLE: Final = 64  # rows that are measured for an estimate of memory
_WORD: Final = 8  # bytes
# Values of these types are equal, as Python sees it, to nothing that is another term, but for numbers and bools.
_USUAL_KEYS: Final[frozenset[type]] = frozenset(
    [int, float, bool, str, bytes, type(None), Atom, tuple, list, dict, Pid, Ref]
)


def _has_odd_part(term: tuple[Term, ...]) -> bool:
    """Whether an element of a key, however deep, or the tuple itself, may have comparisons or an access of its own."""
    if type(term) is not tuple and type(term).__getitem__ is not tuple.__getitem__:
        return True
    for part in term:
        kind = type(part)
        if kind is int or kind is str or kind is float or part is None:
            continue
        if isinstance(part, tuple):
            if _has_odd_part(part):
                return True
        elif kind not in _USUAL_KEYS and rank(part) != OTHER and isinstance(part, (int, float, str, bytes)):
            return True
    return False


class Options:
    """The options of `ets.new` that tune Erlang's locks and memory: reported by `info`, without further effect here."""

    def __init__(
        self, write_concurrency: bool | str, read_concurrency: bool, decentralized_counters: bool, compressed: bool
    ) -> None:
        self.write_concurrency: Final[bool | str] = write_concurrency
        self.read_concurrency: Final = read_concurrency
        self.decentralized_counters: Final = decentralized_counters
        self.compressed: Final = compressed


class Heir:
    """Who gets a table when its owner ends. `told`: it gets a message about it, with `data`."""

    def __init__(self, pid: Pid, data: Term, told: bool) -> None:
        self.pid: Final = pid
        self.data: Final = data
        self.told: Final = told


class Limits:
    """How long rows live, in seconds by a clock, and how many there may be; None is without end."""

    def __init__(self, ttl: float | None = None, max_size: int | None = None, clock: Clock = time.monotonic) -> None:
        self.ttl: Final = ttl
        self.max_size: Final = max_size
        self.clock: Final = clock

    @property
    def any(self) -> bool:
        """Whether there is a limit."""
        return (self.ttl is not None and self.ttl != math.inf) or self.max_size is not None


UNLIMITED: Final = Limits()


class TableCore(Queryable[Row]):
    """State and life of a table. Made by `ets.new`, which checks all arguments."""

    def __init__(
        self,
        name: registry.Name,
        storage: Storage,
        shape: RowShape,
        *,
        access: Access,
        named: bool,
        options: Options,
        limits: Limits = UNLIMITED,
    ) -> None:
        self._name = name
        self._named: Final = named
        self._ref: Final = Ref()
        self._storage = storage  # replaced once, by one that is watched
        self._kind: Final = storage.kind
        self._shape: Final = shape
        self._keypos: Final = storage.keypos
        self._options: Final = options
        stepwise = storage.kind == "ordered_set" or storage.streams()
        self._gate: Final = Gate(registry.name_text(name), self_(), access, stepwise)
        self._mutable = False  # some row holds, or has held, a value that can be changed in place
        self._exotic = False  # some key is, or has been, of a type of its own, such as Decimal or an Enum
        self._odd = False  # some key is, or has been, of a subclass of int, float, str or bytes
        self._heir: Heir | None = None
        self._ownership: Belonging | None = None  # what the owner holds of the table
        self._limits: Final = limits
        self._counters: Final = Counters()
        self._indexes: list[Index] = []  # replaced, never changed
        checks = os.environ.get("MATCHSPEC_CHECK", "0") not in {"", "0"}
        self._upkeep: Final = Upkeep(self._verify if checks else None)
        if checks:
            self._gate.hook = self._upkeep
        self._fixes: dict[Pid, int] = {}
        self._fixed_since: tuple[int, int] | None = None  # monotonic and wall-clock time, in ns
        # The short way to rows of a set, until something has to be told of changes.
        self._unlocked: Unlocked | None = None
        if COMPILED and not checks and isinstance(storage, SetStorage):
            self._unlocked = Unlocked(self._gate, storage.slots)
        if limits.max_size is not None:
            watched = self._watch()
            watched.recency = Recency(limits.max_size)
            watched.observers.append(watched.recency)
        if limits.ttl is not None:
            self._expiry()

    # --- what comes in and goes out -----------------------------------------------------------------------------------

    def _row(self, row: Term, argument: str) -> StoredRow:
        """A row as it is stored: its own copy, checked and converted. Raises BadArg, cause "type" or "keypos"."""
        table = self._gate.name
        if not isinstance(row, tuple):
            row = self._shape.taken(row)
        if not isinstance(row, tuple):
            raise BadArg("type", argument, row, "a row is a tuple", table)
        size = len(row)
        if size <= self._keypos:
            allowed = f"the key is element {self._keypos + 1}, this row has {size}"
            raise BadArg("type" if self._shape.typed else "keypos", argument, row, allowed, table)
        if self._shape.immutable:
            return self._shape.convert(row, argument, table)
        return self._shape.convert(self._owned(row, argument), argument, table)

    def _owned(self, value: Thing, argument: str) -> Thing:
        """The value, or a copy where somebody else could change it. Raises BadArg, cause "type"."""
        try:
            if is_immutable(value):
                return value
            self._mutable = True
            return own(value)
        except TermError as error:
            raise BadArg("type", argument, value, str(error), self._gate.name) from error

    def _key(self, term: Term, argument: str = "key") -> Key:
        """What stands for a key in the storage. Raises BadArg, cause "type", for a term that is nested too deeply."""
        kind = type(term)
        if kind is int or kind is str:
            return self._storage.key(term)
        try:
            return self._storage.key(term)
        except TermError as error:
            raise BadArg("type", argument, term, str(error), self._gate.name) from error

    def _key_in(self, row: StoredRow) -> Key:
        """The key of a row that is going to be stored."""
        term = row[self._keypos]
        kind = type(term)
        if kind is int or kind is str:
            return self._storage.key(term)
        if kind not in _USUAL_KEYS:
            self._exotic = True
            self._odd = self._odd or (rank(term) != OTHER and isinstance(term, (int, float, str, bytes)))
        if isinstance(term, tuple):
            self._odd = self._odd or _has_odd_part(term)
        return self._key(term, "row")

    def _pairs(self, rows: Term) -> list[tuple[Key, StoredRow]]:
        """Rows to insert, one or a list, with their keys. Raises BadArg, cause "type"."""
        if isinstance(rows, list):
            stored = [self._row(row, "row") for row in rows]
            return [(self._key_in(row), row) for row in stored]
        if not isinstance(rows, tuple):
            rows = self._shape.taken(rows)
        if not isinstance(rows, tuple):
            allowed = "allowed are a row, which is a tuple, and a list of rows"
            raise BadArg("type", "row", rows, allowed, self._gate.name)
        row = self._row(rows, "row")
        return [(self._key_in(row), row)]

    def _out(self, rows: list[StoredRow]) -> list[Row]:
        """Rows as they are handed out: copies where they could be changed in place."""
        return cast("list[Row]", self._shape.handed_out([own(row) for row in rows] if self._mutable else rows))

    def _element(self, row: StoredRow, index: int) -> Element:
        return own(row[index]) if self._mutable else row[index]

    # --- watched ------------------------------------------------------------------------------------------------------

    def _watch(self) -> WatchedStorage:
        """The storage, watched from now on. The caller holds the lock."""
        storage = self._storage
        if not isinstance(storage, WatchedStorage):
            storage = WatchedStorage(storage)
            storage.observers.append(Census(self._counters))
            self._storage = storage
            self._upkeep.storage = storage
            self._unlocked = None
            self._gate.hook = self._upkeep
        return storage

    def _expiry(self) -> Expiry:
        """The deadlines of rows, kept from now on. The caller holds the lock."""
        expiry = self._upkeep.expiry
        if expiry is None:
            expiry = Expiry(self._limits.clock, self._limits.ttl)
            self._watch().observers.append(expiry)
            self._upkeep.expiry = expiry
        return expiry

    def _ttl(self, ttl: Term) -> float | None:
        """The time to live of an insertion. Raises BadArg: "option"; "access", "id" before it changes anything."""
        seconds = time_to_live(ttl, "ttl", self._gate.name)
        if seconds is not None:
            with self._gate.writing:
                self._expiry()
        return seconds

    def _verify(self) -> list[str]:
        return self._storage.check() if self._gate.alive else []

    # --- its name -----------------------------------------------------------------------------------------------------

    @overload
    def rename(self, name: str) -> str: ...
    @overload
    def rename(self, name: Atom) -> Atom: ...

    def rename(self, name: Checked) -> registry.Name:
        """Gives the table another name; the new name. A table that is not named only shows it in `info`.

        O(1). Erlang's ets:rename/2. Raises BadArg: "already_exists" when the name is taken, "type", "access", "id".
        """
        text = registry.name_text(name)
        with self._gate.writing:
            if self._named:
                registry.rename(cast("Table[Any]", self), self._gate.name, text)
            self._name = name
            self._gate.name = text
        return cast(registry.Name, name)

    # --- what a table says of itself ----------------------------------------------------------------------------------

    @property
    def name(self) -> registry.Name:
        """The name, as it was given: a str or an Atom."""
        return self._name

    @property
    def id(self) -> Ref:
        """The identity of the table, which no other table ever has."""
        return self._ref

    @property
    def keypos(self) -> int:
        """The position of the key, counted from 1."""
        return self._keypos + 1

    @property
    def type(self) -> str:
        """The kind of table: "set", "ordered_set", "bag" or "duplicate_bag"."""
        return self._kind

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields of a row, () where they have none."""
        return self._shape.fields

    def __len__(self) -> int:
        """How many rows there are. O(1). Raises BadArg: "id"."""
        if self._gate.hook is None:
            self._gate.check_alive()
            return self._storage.size()
        self._enter_to_look()
        try:
            self._gate.check_alive()
            return self._storage.size()
        finally:
            self._gate.leave()

    def _enter_to_look(self) -> None:
        """Enters the gate without asking who is there, as anybody may count rows; `leave` has to follow."""
        self._gate.lock.acquire()
        try:
            self._gate.enter()
        except BaseException:
            self._gate.lock.release()
            raise

    @overload
    def info(self) -> Info | None: ...
    @overload
    def info(self, item: str) -> Element: ...

    def info(self, item: Checked = None) -> Element:
        """All that is known of the table, as a dict in Erlang's order, or one item; None once it has been dropped.

        The items are id, decentralized_counters, read_concurrency, write_concurrency, compressed, memory (an estimate,
        in words of 8 bytes), owner, heir, name, size, node, named_table, type, keypos, protection; asked for by name
        also binary, fixed, safe_fixed, safe_fixed_monotonic_time (((time in ns, [(pid, count)]) or False) and stats,
        and, unknown to Erlang, index and unique (the columns that have an index), ttl and max_size.
        O(1). Erlang's ets:info/1,2. Anybody may ask. Raises BadArg: "option" for an unknown item.
        """
        self._enter_to_look()
        try:
            if not self._gate.alive:
                return None
            if item is None:
                return {known: self._item(known) for known in ITEMS}
            if item in ITEMS or item in MORE_ITEMS:
                return self._item(item)
        finally:
            self._gate.leave()
        allowed = f"items are {', '.join((*ITEMS, *MORE_ITEMS))}"
        raise BadArg("option", "item", item, allowed, self._gate.name)

    def _item(self, item: str) -> Element:
        options, gate = self._options, self._gate
        private = gate.access == "private"  # its locks are of no use, and are reported as off
        match item:
            case "id":
                return self._ref
            case "decentralized_counters":
                return options.decentralized_counters
            case "read_concurrency":
                return options.read_concurrency and not private
            case "write_concurrency":
                return False if private else options.write_concurrency
            case "compressed":
                return options.compressed
            case "memory":
                return self._bytes() // _WORD
            case "owner":
                return gate.owner
            case "name":
                return self._name
            case "size":
                return self._storage.size()
            case "node":
                return NODE
            case "named_table":
                return self._named
            case "type":
                return self._kind
            case "keypos":
                return self._keypos + 1
            case "protection":
                return gate.access
            case "heir":
                return None if self._heir is None else self._heir.pid
        return self._rare_item(item)

    def _rare_item(self, item: str) -> Element:
        fixes = self._living_fixes()
        match item:
            case "index":
                return tuple([index.field for index in self._indexes])
            case "unique":
                return tuple([index.field for index in self._indexes if index.unique])
            case "ttl":
                return self._limits.ttl
            case "max_size":
                return self._limits.max_size
            case "binary":
                return []
            case "fixed":
                return bool(fixes)
            case "safe_fixed":
                return (self._fixed_since[1], list(fixes.items())) if fixes and self._fixed_since else False
            case "safe_fixed_monotonic_time":
                return (self._fixed_since[0], list(fixes.items())) if fixes and self._fixed_since else False
        return False  # stats: those of Erlang's hash buckets, which it has for hashed tables only

    def _bytes(self) -> int:
        """What the table takes up, with its first rows standing for all."""
        size = self._storage.size()
        total = sys.getsizeof(self) + self._storage.overhead()
        if not size:
            return total
        page = self._storage.page(self._storage.start, _SAMPLE, False)
        measured = [_row_bytes(row) for row in page.rows]
        return total + sum(measured) * size // len(measured)

    # --- fixation -----------------------------------------------------------------------------------------------------

    def _living_fixes(self) -> dict[Pid, int]:
        """Who has fixed the table, and how often; those who have ended have let go."""
        for pid in [pid for pid in self._fixes if not is_alive(pid)]:
            for _ in range(self._fixes.pop(pid)):
                self._storage.unfix()
        return self._fixes

    def _fix(self, pid: Pid) -> None:
        if not self._living_fixes():
            self._fixed_since = (time.monotonic_ns(), time.time_ns())
        self._storage.fix()
        self._fixes[pid] = self._fixes.get(pid, 0) + 1

    def _unfix(self, pid: Pid) -> None:
        """An extra release is ignored, as in Erlang."""
        count = self._living_fixes().get(pid, 0)
        if not count:
            return
        if count == 1:
            del self._fixes[pid]
        else:
            self._fixes[pid] = count - 1
        self._storage.unfix()

    def check(self) -> list[str]:
        """What is wrong with the table's structure: one line for each invariant that does not hold; [] when all do.

        For tests; the invariants are listed with the storage classes. O(n).
        """
        with self._gate.lock:
            return self._storage.check()


def _row_bytes(row: StoredRow) -> int:
    return sys.getsizeof(row) + sum([sys.getsizeof(value) for value in row])
