"""Functions that take any kind of table, and generic ones; checked by mypy and pyright, never run."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar, assert_type

from matchspec import SKIP, MatchSpec, spec
from runtime import Readable, Selectable, Writable, dets, ets
from runtime.ets import AnyRow, Table


class User(NamedTuple):
    id: int
    name: str
    age: int


R = TypeVar("R")
T = TypeVar("T")


def adults(users: Selectable[User], limit: int) -> list[str]:
    assert_type(users.select(lambda u: u.name if u.age >= limit else SKIP), list[str])
    assert_type(users.select(lambda id, name, age: (name, age)), list[tuple[str, int]])
    assert_type(users.select_iter(lambda u: u.age), Iterator[int])
    assert_type(users.match_object((1, "ann", 31)), list[User])
    assert_type(users.select_count(lambda u: u.age > 1), int)
    assert_type(users.select("fun do {_, name, _} -> name end"), list[Any])
    users.select(lambda u: u.nme)  # type: ignore[attr-defined]
    users.select(lambda a, b: a)  # type: ignore[arg-type, misc]
    return users.select(lambda u: u.name if u.age >= limit else SKIP)


def picked(rows: Selectable[R], query: Callable[[R], T]) -> list[T]:
    return rows.select(query)


def prepared(rows: Selectable[R], query: MatchSpec[R, T]) -> list[T]:
    return rows.select(query)


def of_table(rows: Table[R], query: Callable[[R], T]) -> list[T]:
    return rows.select(query)


def first(rows: Readable[R], key: int) -> R | None:
    found = rows.lookup(key)
    return found[0] if found else None


def refill(rows: Writable[R], new: list[R]) -> None:
    rows.select_delete(lambda row: True)
    rows.insert(new)


users = ets.new("users", User)
parted = ets.new_partitioned("users", User)
pairs = ets.new("pairs", tuple[int, str])
things = ets.new("things")

assert_type(adults(users, 18), list[str])
assert_type(adults(parted, 18), list[str])
adults(pairs, 18)  # type: ignore[arg-type]  # rows of another type
assert_type(picked(users, lambda u: u.age), list[int])
assert_type(picked(parted, lambda u: u.age), list[int])
assert_type(picked(pairs, lambda pair: pair[1]), list[str])
assert_type(of_table(users, lambda u: u.name), list[str])
assert_type(prepared(users, spec(lambda u: u.name, row=User)), list[str])
assert_type(first(users, 1), User | None)
assert_type(first(parted, 1), User | None)
refill(users, [User(1, "ann", 31)])
refill(parted, [User(1, "ann", 31)])
disk = dets.open("users.dets", User, keypos="id")
assert_type(adults(disk, 18), list[str])
assert_type(picked(disk, lambda u: u.age), list[int])
assert_type(first(disk, 1), User | None)
refill(disk, [User(1, "ann", 31)])
refill(users, [(1, "ann")])  # type: ignore[misc]  # not rows of this table
anything: Selectable[AnyRow] = things
assert_type(anything.select(lambda a, b: "x" if a == b else SKIP), list[str])
