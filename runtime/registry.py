"""Which tables exist: all of them in the order of their making, and the named ones by name.

One lock guards both. It is never held while a table's own lock is taken, so the two cannot block each other; a table
may call in here while it holds its own.
"""

import threading
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from matchspec.values import MAX_ATOM, Atom, Term
from runtime.errors import BadArg

if TYPE_CHECKING:
    from runtime.table import Table

AnyTable: TypeAlias = "Table[Any]"
AnyDiskTable: TypeAlias = Any  # a DiskTable
Name: TypeAlias = str | Atom

_lock: Final = threading.RLock()  # a finalizer that drops a table can come in between
_tables: Final[dict[int, AnyTable]] = {}  # by id(): a dict keeps order and forgets one in O(1)
_on_disk: Final[dict[int, AnyDiskTable]] = {}
_named: Final[dict[str, AnyTable]] = {}


def name_text(name: Term) -> str:
    """The text of a table's name, a str or an Atom. Raises BadArg, cause "type" or "system_limit"."""
    text = name.name if isinstance(name, Atom) else name
    if not isinstance(text, str):
        raise BadArg("type", "name", name, "the name of a table is a str or an Atom")
    if len(text) > MAX_ATOM:
        raise BadArg("system_limit", "name", name, f"a name has at most {MAX_ATOM} characters")
    return text


def enrol(table: AnyTable, name: str | None) -> None:
    """Adds a table, under a name if it has one. O(1). Raises BadArg, cause "already_exists"."""
    with _lock:
        if name is not None:
            if name in _named:
                raise _taken(name)
            _named[name] = table
        _tables[id(table)] = table


def rename(table: AnyTable, old: str, new: str) -> None:
    """Moves a named table to another name. O(1). Raises BadArg, cause "already_exists"."""
    with _lock:
        if new in _named:
            raise _taken(new)
        _named.pop(old, None)
        _named[new] = table


def strike(table: AnyTable, name: str | None) -> None:
    """Forgets a table. O(1)."""
    with _lock:
        _tables.pop(id(table), None)
        if name is not None and _named.get(name) is table:
            del _named[name]


def find(name: str) -> "AnyTable | None":
    with _lock:
        return _named.get(name)


def find_by_number(number: int) -> Any:
    """The table, in memory or on disk, whose id has this number, or None. O(number of tables)."""
    everywhere: list[Any] = [*tables(), *tables_on_disk()]
    return next((table for table in everywhere if table.id.number == number), None)


def tables() -> list[AnyTable]:
    with _lock:
        return list(_tables.values())


# --- tables on disk -----------------------------------------------------------------------------------------------


def enrol_on_disk(table: AnyDiskTable) -> None:
    """Adds an open table on disk. O(1)."""
    with _lock:
        _on_disk[id(table)] = table


def strike_on_disk(table: AnyDiskTable) -> None:
    """Forgets a table that has been closed. O(1)."""
    with _lock:
        _on_disk.pop(id(table), None)


def tables_on_disk() -> list[AnyDiskTable]:
    """The open ones, in the order of their opening."""
    with _lock:
        return list(_on_disk.values())


def _taken(name: str) -> BadArg:
    return BadArg("already_exists", "name", name, "there is a named table of this name; ets.whereis finds it")
