"""What mypy infers for `spec` and MatchSpec; checked by mypy, never run."""

from typing import Any, NamedTuple, assert_type

from matchspec import ANY, SKIP, Atom, MatchSpec, V, spec


class User(NamedTuple):
    name: str
    age: int


# A lambda over a row type: the result is the lambda's, and SKIP leaves no trace in it.
assert_type(spec(lambda u: u.name if u.age > 18 else SKIP, row=User), MatchSpec[User, str])
assert_type(spec(lambda u: (u.name, u.age), row=User).run([]), list[tuple[str, int]])


# A match function: row and result from its annotations.
@spec
def label(row: User) -> str:
    match row:
        case ("root", _):
            return "admin"
        case (name, age) if age > 18:
            return name
        case _:
            return SKIP


assert_type(label, MatchSpec[User, str])
assert_type(label.run([User("Ada", 36)]), list[str])


# A function of several columns.
def both(name: str, age: int) -> tuple[int, str]:
    return (age, name)


assert_type(spec(both), MatchSpec[tuple[str, int], tuple[int, str]])

# Text and raw lists: nothing is known of the result.
assert_type(spec("fun do {x, y} -> y end"), MatchSpec[Any, Any])
assert_type(spec([((V(1), ANY), [(Atom(">"), V(1), 1)], [V(1)])]), MatchSpec[Any, Any])
assert_type(spec(label), MatchSpec[User, str])

# What must fail.
spec(lambda u: u.nmae, row=User)  # type: ignore[attr-defined]  # no such field
spec(lambda u: u.name + 1, row=User)  # type: ignore[operator]  # operand types
spec(3)  # type: ignore[call-overload]  # no query
label.run([("Ada", "old")])  # type: ignore[list-item]  # no row of this type
