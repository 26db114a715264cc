"""Erlang's `ets` as a module: `new` makes tables, the rest of a table's operations are its methods.

    from runtime import ets

    users = ets.new("users", User, type="ordered_set", keypos="id")
    users.insert(User(1, "ann", 31))
    users.select(lambda u: u.name if u.age > 18 else SKIP)

Here are also the functions that Erlang has for tables by name, for match specs without a table, and for going on with
a query that has a limit.
"""

import builtins
import time
from collections.abc import Iterable, Sequence
from os import PathLike
from typing import Any, Final, TypeAlias, TypeVar, overload

from matchspec.api import spec
from matchspec.spec import NO_MATCH, MatchSpec
from matchspec.values import Atom, Term
from runtime import registry
from runtime.access import Access, access_of
from runtime.additions import Indexed
from runtime.continuation import Continuation
from runtime.core import Checked, Element, Info, Limits, Options
from runtime.errors import BadArg, choice
from runtime.exits import Exit, Killed
from runtime.expiry import Clock, most_rows, time_to_live
from runtime.hashed import BagStorage, SetStorage
from runtime.kernel import current
from runtime.life import ETS_TRANSFER, HeirOption, heir_of
from runtime.ordered import OrderedStorage
from runtime.partitioned import PartitionedTable
from runtime.registry import Name
from runtime.rows import AnyRow, DataclassRow, RowShape, RowType, row_shape
from runtime.statistics import Statistics
from runtime.storage import END, KINDS, Kind, Storage
from runtime.subscriptions import Event, Subscription
from runtime.table import Table
from runtime.updates import Position

__all__ = [
    "END",
    "ETS_TRANSFER",
    "AnyRow",
    "BadArg",
    "Continuation",
    "Event",
    "PartitionedTable",
    "Statistics",
    "Subscription",
    "Table",
    "all",
    "file2tab",
    "fun2ms",
    "import_erlang",
    "is_compiled_ms",
    "match",
    "match_object",
    "match_spec_compile",
    "match_spec_run",
    "new",
    "new_partitioned",
    "repair_continuation",
    "select",
    "select_reverse",
    "tabfile_info",
    "test_ms",
    "whereis",
]

T = TypeVar("T")
Row = TypeVar("Row", bound=AnyRow | DataclassRow)
AnyTable: TypeAlias = Table[Any]
Columns: TypeAlias = Sequence[Indexed]
Query: TypeAlias = Any  # what `matchspec.spec` takes
_MOST_PARTITIONS: Final = 1024
RawSpec: TypeAlias = list[tuple[Any, list[Any], list[Any]]]  # [(head, [guard, ...], [body, ...]), ...]


@overload
def new(
    name: Name,
    row: None = None,
    *,
    type: Kind = ...,
    keypos: Position = ...,
    access: Access = ...,
    named_table: bool = ...,
    heir: HeirOption = ...,
    write_concurrency: bool | str = ...,
    read_concurrency: bool = ...,
    decentralized_counters: bool | None = ...,
    compressed: bool = ...,
    index: Columns = ...,
    unique: Columns = ...,
    ttl: float | None = ...,
    max_size: int | None = ...,
    clock: Clock = ...,
) -> Table[AnyRow]: ...
@overload
def new(
    name: Name,
    row: type[Row],
    *,
    type: Kind = ...,
    keypos: Position = ...,
    access: Access = ...,
    named_table: bool = ...,
    heir: HeirOption = ...,
    write_concurrency: bool | str = ...,
    read_concurrency: bool = ...,
    decentralized_counters: bool | None = ...,
    compressed: bool = ...,
    index: Columns = ...,
    unique: Columns = ...,
    ttl: float | None = ...,
    max_size: int | None = ...,
    clock: Clock = ...,
) -> Table[Row]: ...


def new(
    name: Checked,
    row: RowType = None,
    *,
    type: Checked = "set",
    keypos: Checked = 1,
    access: Checked = "protected",
    named_table: Checked = False,
    heir: Checked = None,
    write_concurrency: Checked = False,
    read_concurrency: Checked = False,
    decentralized_counters: Checked = None,
    compressed: Checked = False,
    index: Checked = (),
    unique: Checked = (),
    ttl: Checked = None,
    max_size: Checked = None,
    clock: Clock = time.monotonic,
) -> AnyTable:
    """Makes a table, owned by the calling process. It lives until it is dropped or its owner ends. Erlang's ets:new/2.

    Args:
        name: a str or an Atom. With `named_table`, `whereis` finds it; otherwise any number of tables may share it.
        row: the type of the rows, a NamedTuple class, a frozen dataclass or `tuple[int, str]`: rows are then checked
            and converted to it.
        type: "set", "ordered_set", "bag" or "duplicate_bag".
        keypos: where in a row its key stands, from 1, or the field's name.
        access: who may use it: "protected" (the owner writes, all read), "public" or "private".
        heir: who owns the table when its owner has ended: None, a Pid, or (Pid, data), who then gets the message
            `(ETS_TRANSFER, table, old owner, data)`.
        write_concurrency: True, False or "auto". This and the following tune Erlang's locks and memory. They are
            reported by `info` and have no other effect.
        read_concurrency: True or False.
        decentralized_counters: True or False.
        compressed: True or False.
        index: a list of columns, positions or field names, or of expressions, that get an index, as by `add_index`.
        unique: the same, with no two rows having one value there.
        ttl: how many seconds a row lives from its insertion, None for no end. `insert` can say another.
        max_size: how many rows there may be; beyond it the least recently used go. For a set or an ordered_set. A key
            is used when its row is inserted, updated, or found by lookup or lookup_element.
        clock: gives the seconds by which rows expire.

    Raises BadArg: "type" for a name or row type that is none; "already_exists" for a name that is taken; "keypos" for a
    position outside the row; "position" for an index of no column; "option" for any other option.
    """
    text = registry.name_text(name)
    shape = row_shape(row)
    kind = choice("option", "type", type, KINDS, text)
    storage = _storage(kind, _key_index(keypos, shape, text))
    heir_of(heir, text)
    flags = {"named_table": named_table, "read_concurrency": read_concurrency, "compressed": compressed}
    for option, value in flags.items():
        if value is not True and value is not False:
            raise BadArg("option", option, value, "allowed are True and False", text)
    options = Options(
        _write_concurrency(write_concurrency, text),
        read_concurrency,
        _decentralized(decentralized_counters, write_concurrency, kind, text),
        compressed,
    )
    rights = access_of(access, text)
    limits = Limits(time_to_live(ttl, "ttl", text), most_rows(max_size, kind, text), clock)
    table: AnyTable = Table(name, storage, shape, access=rights, named=named_table, options=options, limits=limits)
    for argument, columns, is_unique in (("index", index, False), ("unique", unique, True)):
        if not isinstance(columns, (list, tuple)):
            raise BadArg("option", argument, columns, "allowed is a list of columns", text)
        for column in columns:
            table.add_index(column, unique=is_unique)
    registry.enrol(table, text if named_table else None)
    try:
        table.settle(current(), heir)
    except (Exit, Killed):  # an exit signal ended the caller in the middle of this
        registry.strike(table, text if named_table else None)
        raise
    return table


@overload
def new_partitioned(
    name: Name,
    row: None = None,
    *,
    partitions: int = ...,
    type: Kind = ...,
    keypos: Position = ...,
    access: Access = ...,
    index: Columns = ...,
    ttl: float | None = ...,
    clock: Clock = ...,
) -> PartitionedTable[AnyRow]: ...
@overload
def new_partitioned(
    name: Name,
    row: type[Row],
    *,
    partitions: int = ...,
    type: Kind = ...,
    keypos: Position = ...,
    access: Access = ...,
    index: Columns = ...,
    ttl: float | None = ...,
    clock: Clock = ...,
) -> PartitionedTable[Row]: ...


def new_partitioned(
    name: Checked,
    row: RowType = None,
    *,
    partitions: Checked = 8,
    type: Checked = "set",
    keypos: Checked = 1,
    access: Checked = "public",
    index: Checked = (),
    ttl: Checked = None,
    clock: Clock = time.monotonic,
) -> PartitionedTable[Any]:
    """Makes a table of several partitions, each with a lock of its own, for many threads that write.

    The options are those of `new`; `access` is public unless it is given. The partitions are tables of this name, owned
    by the calling process; `whereis` does not find them. O(partitions).

    Raises BadArg: "option" unless `partitions` is an int from 1 to 1,024; those of `new`.
    """
    if builtins.type(partitions) is not int or not 1 <= partitions <= _MOST_PARTITIONS:
        allowed = f"allowed is an int from 1 to {_MOST_PARTITIONS:,}"
        raise BadArg("option", "partitions", partitions, allowed, registry.name_text(name))
    parts = [
        new(name, row, type=type, keypos=keypos, access=access, index=index, ttl=ttl, clock=clock)
        for _ in range(partitions)
    ]
    return PartitionedTable(parts)


def _storage(kind: str, keypos: int) -> Storage:
    if kind == "set":
        return SetStorage(keypos)
    if kind == "ordered_set":
        return OrderedStorage(keypos)
    return BagStorage("bag" if kind == "bag" else "duplicate_bag", keypos)


def _key_index(keypos: Term, shape: RowShape, name: str) -> int:
    try:
        return shape.index_of(keypos, "keypos", name)
    except BadArg as error:
        raise BadArg("keypos", "keypos", keypos, error.allowed, name) from None


def _write_concurrency(value: Term, name: str) -> bool | str:
    if value is True or value is False or value == "auto":
        return "auto" if value == "auto" else value is True
    raise BadArg("option", "write_concurrency", value, "allowed are True, False and 'auto'", name)


def _decentralized(value: Term, write_concurrency: Term, kind: str, name: str) -> bool:
    """Where it is not said, Erlang's default."""
    if value is None:
        return write_concurrency == "auto" or (write_concurrency is True and kind == "ordered_set")
    if value is True or value is False:
        return value is True
    raise BadArg("option", "decentralized_counters", value, "allowed are True and False", name)


# --- tables by name -----------------------------------------------------------------------------------------------


def all() -> list[AnyTable]:
    """All tables there are, in the order of their making. O(number of tables). Erlang's ets:all/0."""
    return registry.tables()


@overload
def whereis(name: str) -> AnyTable | None: ...
@overload
def whereis(name: Atom) -> AnyTable | None: ...


def whereis(name: Checked) -> AnyTable | None:
    """The named table of this name, or None. O(1). Erlang's ets:whereis/1.

    Raises BadArg: "type" for what is no name.
    """
    return registry.find(registry.name_text(name))


# --- files --------------------------------------------------------------------------------------------------------


@overload
def file2tab(path: str | PathLike[str], row: None = None) -> Table[AnyRow]: ...
@overload
def file2tab(path: str | PathLike[str], row: type[Row]) -> Table[Row]: ...


def file2tab(path: Checked, row: RowType = None) -> AnyTable:
    """Makes the table that `tab2file` wrote to a file, with its name, type, key position and access right.

    The caller owns it. With a row type the rows are checked and converted as by `insert`; a file does not keep the row
    type. O(n). Erlang's ets:file2tab/1. Raises BadArg: "file" for a file that cannot be read or is no table file;
    "checksum" for a damaged one; "already_exists" for the name of a named table; "type" for rows not of the row type.
    """
    from runtime.tabfile import TableReader

    reader = TableReader(path)
    header = reader.header
    kind, keypos, access, named = [header[item] for item in ("type", "keypos", "protection", "named_table")]
    return _made_of_file(reader.name, row, kind, keypos, access, named, reader.rows())


def _made_of_file(
    name: Checked, row: RowType, kind: Kind, keypos: int, access: Checked, named: bool, rows: list[Any]
) -> AnyTable:
    """A new table with the rows of a file."""
    table: AnyTable = new(name, row, type=kind, keypos=keypos, access=access, named_table=named)
    try:
        # A bag takes the last of a list first; its rows are to come in the order of the file.
        table.insert(rows[::-1] if kind == "bag" else rows)
    except BaseException:
        table.drop()
        raise
    return table


@overload
def import_erlang(path: str | PathLike[str], row: None = None, *, verify: bool = ...) -> Table[AnyRow]: ...
@overload
def import_erlang(path: str | PathLike[str], row: type[Row], *, verify: bool = ...) -> Table[Row]: ...


def import_erlang(path: Checked, row: RowType = None, *, verify: Checked = True) -> AnyTable:
    """Makes the table that Erlang's own `ets:tab2file` wrote to a file, as `file2tab` does for files of ours.

    `verify` is Erlang's option: the number of rows, and the MD5 sum if there is one, have to be right. O(n). Raises
    BadArg as `file2tab` does, "file" also for rows that Python has no form for, such as those with functions.
    """
    from runtime.erlang_tabfile import ErlangTabfile

    file = ErlangTabfile(path, verify is True)
    return _made_of_file(file.name, row, file.kind, file.keypos, file.access, file.named, file.rows)


def tabfile_info(path: str | PathLike[str]) -> Info:
    """What a table file says of its table: name, type, protection, named_table, keypos, size, extended_info, version.

    O(n): the whole file is checked. Erlang's ets:tabfile_info/1. Raises BadArg: "file", "checksum".
    """
    from runtime.tabfile import VERSION, TableReader

    reader = TableReader(path)
    header = reader.header
    told = {item: header[item] for item in ("type", "protection", "named_table", "keypos", "size")}
    return {"name": reader.name, **told, "extended_info": [], "version": VERSION}


# --- going on -----------------------------------------------------------------------------------------------------


@overload
def select(continuation: Continuation[T]) -> tuple[list[T], Continuation[T] | Atom] | Atom: ...
@overload
def select(continuation: Atom) -> Atom: ...


def select(continuation: Checked) -> tuple[list[Any], Continuation[Any] | Atom] | Atom:
    """The next chunk of a query with a limit, `(results, continuation or END)`, or END; END gives END.

    O(rows looked at). Erlang's ets:select/1. Raises BadArg: "continuation" for anything else; "id" when its table has
    been dropped; "access"; EvalError where the body of a lambda fails.
    """
    given: Term = continuation
    if given is END:
        return END
    if isinstance(given, Continuation):
        return given.resume()
    raise BadArg("continuation", "continuation", continuation, "allowed are what a query with a limit gave, and END")


# ets:match/1, ets:match_object/1, ets:select_reverse/1: the continuation knows what it goes on with.
match = match_object = select_reverse = select


def repair_continuation(continuation: Term, query: Query) -> Continuation[Any] | Atom:
    """A continuation that comes out of a pickle, made usable again by the query that it belongs to; END gives END.

    A pickle holds neither the query nor the table, which has to be there still. One that is usable comes back as it is.
    For `match` and `match_object` the query is `[(pattern, [], [BINDINGS])]` or `[(pattern, [], [ROW])]`.
    Erlang's ets:repair_continuation/2. Raises BadArg: "continuation" for anything else; "id" when its table has been
    dropped; MatchSpecError for a bad query.
    """
    if continuation is END:
        return END
    if not isinstance(continuation, Continuation):
        allowed = "allowed are what a query with a limit gave, and END"
        raise BadArg("continuation", "continuation", continuation, allowed)
    if not continuation.broken:
        return continuation
    table = registry.find_by_number(continuation.home.table)
    if table is None:
        raise BadArg("id", "continuation", continuation, "its table has been dropped")
    repaired: Continuation[Any] = table.repair(continuation, query)
    return repaired


# --- match specs without a table ----------------------------------------------------------------------------------


def test_ms(term: Element, query: Query) -> Element:
    """The result of a query for one term, False when it does not match. Erlang's ets:test_ms/2, without the `ok`.

    A result may itself be False; `spec(query).test(term)` tells the two apart. Raises MatchSpecError for a bad query.
    """
    result = spec(query).test(term)
    return False if result is NO_MATCH else result


def match_spec_compile(query: Query) -> MatchSpec[Any, Any]:
    """The query, compiled. Erlang's ets:match_spec_compile/1. Raises MatchSpecError for a bad query."""
    compiled: MatchSpec[Any, Any] = spec(query)
    _ = compiled.program
    return compiled


def match_spec_run(terms: Iterable[Element], query: Query) -> list[Any]:
    """The results of a query for those terms that match, in their order. O(n). Erlang's ets:match_spec_run/2.

    Raises MatchSpecError for a bad query, EvalError where the body of a lambda fails.
    """
    return match_spec_compile(query).run(terms)


def is_compiled_ms(term: Term) -> bool:
    """Whether this is a compiled query. Erlang's ets:is_compiled_ms/1."""
    return isinstance(term, MatchSpec)


def fun2ms(query: Query) -> RawSpec:
    """The match spec that a function, or the text of one, stands for, as a list of Python terms. Erlang's ets:fun2ms/1.

    Raises MatchSpecError for a bad query, and for what only a Python lambda can say.
    """
    return spec(query).to_term()
