"""Frozen dataclasses as row types; checked by mypy and pyright, never run."""

from dataclasses import dataclass, replace
from typing import Any, assert_type

from matchspec import ANY, SKIP, MatchSpec, spec
from runtime import Selectable, ets
from runtime.ets import PartitionedTable, Table


@dataclass(frozen=True)
class User:
    id: int
    name: str
    age: int = 0


users = ets.new("users", User, keypos="id")
parted = ets.new_partitioned("users", User, keypos="id")
assert_type(users, Table[User])
assert_type(parted, PartitionedTable[User])
users.insert([User(1, "ann"), User(2, "bob", 17)])
users.insert((1, "ann", 3))  # type: ignore[arg-type]  # a type checker wants an instance
assert_type(users.lookup(1), list[User])
assert_type(users.select(lambda u: u.name if u.age > 18 else SKIP), list[str])
assert_type(users.select(lambda u: (u, u.age)), list[tuple[User, int]])
assert_type(users.match_object((ANY, "ann", ANY)), list[User])
assert_type(users.select_replace(lambda u: replace(u, age=u.age + 1)), int)
assert_type(users.select("fun do x -> x end"), list[Any])
assert_type(spec(lambda u: u.age, row=User), MatchSpec[User, int])
users.select(lambda u: u.nme)  # type: ignore[attr-defined]
users.select(lambda u: u.name + 1)  # type: ignore[operator]
users.insert(User("x", "y"))  # type: ignore[arg-type]


def names(rows: Selectable[User]) -> list[str]:
    return rows.select(lambda u: u.name)


assert_type(names(users), list[str])
assert_type(names(parted), list[str])
