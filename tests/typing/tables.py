"""What a type checker knows of tables: must-pass lines by `assert_type`, must-fail lines by ignores that must be used.

Checked by mypy with the rest; never run.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, assert_type

from matchspec import ANY, SKIP, Atom, MatchSpec, V, spec
from runtime import ets
from runtime.ets import AnyRow, Continuation, PartitionedTable, Table


class User(NamedTuple):
    id: int
    name: str
    age: int


users = ets.new("users", User, type="ordered_set", keypos="id")
pairs = ets.new("pairs", tuple[int, str])
things = ets.new("things")

assert_type(users, Table[User])
assert_type(pairs, Table[tuple[int, str]])
assert_type(things, Table[AnyRow])

# Rows.
assert_type(users.lookup(1), list[User])
assert_type(users.take(1), list[User])
assert_type(users.tab2list(), list[User])
assert_type(iter(users), Iterator[User])
assert_type(users.foldl(lambda u, total: total + u.age, 0), int)
users.insert(User(1, "ann", 31))
users.insert([User(1, "ann", 31)])
users.insert(7)  # type: ignore[arg-type]
pairs.insert((1, "a"))
pairs.insert(("a", 1))  # type: ignore[arg-type]
things.insert((1, "a", None))

# Lambdas of one parameter take the row, of several its elements.
limit = 18
assert_type(users.select(lambda u: u.name if u.age > limit else SKIP), list[str])
assert_type(users.select(lambda u: (u.id, u.name)), list[tuple[int, str]])
assert_type(users.select(lambda id, name, age: (name, age) if age > limit else SKIP), list[tuple[str, int]])
assert_type(pairs.select(lambda n, word: word if n > 1 else SKIP), list[str])
assert_type(pairs.select(lambda pair: pair[1]), list[str])
assert_type(things.select(lambda thing: thing[0] if thing[1] == 2 else SKIP), list[Any])
assert_type(things.select(lambda a, b, c: "x" if a == b else SKIP), list[str])
assert_type(users.select_reverse(lambda u: u.name), list[str])
assert_type(users.select_iter(lambda u: u.name), Iterator[str])
users.select(lambda u: u.nme)  # type: ignore[attr-defined]
users.select(lambda a, b: a)  # type: ignore[arg-type, misc]
users.select(7)  # type: ignore[call-overload]

# Text and raw match specs: results of any type.
assert_type(users.select("fun do {_, name, _} -> name end"), list[Any])
assert_type(users.select([((ANY, V(1), ANY), [], [V(1)])]), list[Any])
query: MatchSpec[User, str] = spec("fun do {_, name, _} -> name end")
assert_type(users.select(query), list[str])

# With a limit.
chunk = users.select(lambda u: u.name, 10)
assert_type(chunk, tuple[list[str], Continuation[str] | Atom] | Atom)
while isinstance(chunk, tuple):
    names, rest = chunk
    assert_type(names, list[str])
    chunk = ets.select(rest)
assert_type(users.match_object((ANY, "ann", ANY), 5), tuple[list[User], Continuation[User] | Atom] | Atom)

# Patterns.
assert_type(users.match((V(1), V(2), ANY)), list[list[Any]])
assert_type(users.match_object((ANY, "ann", ANY)), list[User])
assert_type(users.match_delete((ANY, "ann", ANY)), bool)

# Counting, deleting, replacing.
assert_type(users.select_count(lambda u: u.age > 18), int)
assert_type(users.select_delete(lambda id, name, age: age > 18), int)
assert_type(users.select_replace(lambda u: u._replace(age=u.age + 1)), int)
users.select_count(lambda u: u.nme)  # type: ignore[attr-defined]

# Elements and counters.
assert_type(users.update_counter(1, ("age", 1)), int)
assert_type(users.update_counter(1, [("age", 1), (3, -1)]), list[int])
assert_type(users.update_element(1, ("name", "bob")), bool)
assert_type(users.lookup_element(1, "name"), Any)
assert_type(users.insert_new(User(2, "bob", 20)), bool)
users.update_counter(1, "age")  # type: ignore[call-overload]

# Tables by name.
assert_type(ets.whereis("users"), Table[Any] | None)
assert_type(ets.all(), list[Table[Any]])

# What is no row type, or no option.
ets.new("t", int)  # type: ignore[type-var]
ets.new("t", type="heap")  # type: ignore[call-overload]

# Scans with progress, and tables of several partitions.


def hook(done: int, total: int) -> None: ...


assert_type(users.select_with_progress(lambda u: u.name, hook), list[str])
assert_type(pairs.select_with_progress(lambda n, word: word, hook, step=10), list[str])
assert_type(users.count_with_progress(lambda u: u.age > 1, hook), int)
users.select_with_progress(lambda u: u.nme, hook)  # type: ignore[attr-defined]

parted = ets.new_partitioned("users", User, type="ordered_set", keypos="id", partitions=4)
assert_type(parted, PartitionedTable[User])
assert_type(parted.lookup(1), list[User])
assert_type(parted.select(lambda u: u.name if u.age > limit else SKIP), list[str])
assert_type(parted.select(lambda id, name, age: (name, age)), list[tuple[str, int]])
assert_type(parted.select_iter(lambda u: u.age), Iterator[int])
assert_type(parted.update_counter(1, ("age", 1)), int)
assert_type(parted.partitions, tuple[Table[User], ...])
assert_type(iter(parted), Iterator[User])
parted.select(lambda u: u.nme)  # type: ignore[attr-defined]
parted.insert(7)  # type: ignore[arg-type]
anything = ets.new_partitioned("things")
assert_type(anything.select(lambda a, b: "x" if a == b else SKIP), list[str])
