"""All contestants, and those of them that are here."""

from collections.abc import Iterable
from functools import cache
from typing import Final

from bench.contestants.by_hand import Dict, Sorted
from bench.contestants.collections_of_objects import Ducks, Littletable, TinyDb
from bench.contestants.databases import Duckdb, Polars, Sqlite
from bench.contestants.erlang import Ets
from bench.contestants.on_disk import Dets, Diskcache, Lmdb, Ours, SqliteFile, TinyDbFile
from bench.contestants.ours import INDEXED, ORDERED, SET, TYPED
from bench.model import Contestant, Does, Kind, Way

ROSTER: Final[tuple[Contestant, ...]] = (
    SET,
    TYPED,
    ORDERED,
    INDEXED,
    Dict(),
    Sorted(),
    Ets("set"),
    Ets("ordered_set"),
    Sqlite(indexed=False),
    Sqlite(indexed=True),
    Polars(),
    Duckdb(),
    Littletable(),
    Ducks(),
    TinyDb(),
    Ours(typed=True),
    Ours(typed=False),
    SqliteFile(),
    Dets(),
    Lmdb(),
    Diskcache(),
    TinyDbFile(),
)


@cache
def present() -> tuple[Contestant, ...]:
    return tuple([contestant for contestant in ROSTER if contestant.missing() is None])


def absent() -> dict[str, str]:
    """Who is left out, and what is not installed."""
    found = {contestant.name: contestant.missing() for contestant in ROSTER}
    return {name: missing for name, missing in found.items() if missing is not None}


def all_who(operation: str, but: Iterable[str] = ()) -> dict[str, Way]:
    """Everybody who can do an operation, in the order of the roster."""
    left_out = set(but)
    return {
        contestant.name: Does(contestant, operation)
        for contestant in present()
        if operation in contestant.operations and contestant.name not in left_out
    }


def some_who(operation: str, names: Iterable[str]) -> dict[str, Way]:
    """Those of these names who are here."""
    wanted = set(names)
    return {name: way for name, way in all_who(operation).items() if name in wanted}


def one(name: str, operation: str, label: str, kind: Kind | None = None) -> dict[str, Way]:
    """One contestant, under a label of its own; {} if it is not here."""
    found = [contestant for contestant in present() if contestant.name == name]
    return {label: Does(found[0], operation, kind)} if found else {}
