"""Match functions as queries against calling them, for every kind of pattern."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeAlias

import pytest

from matchspec import SKIP, RenderError, spec
from matchspec.spec import NO_MATCH
from tests.matchspec.lambda_texts import RAISES, SKIPPED, identical

Value: TypeAlias = Any
Function: TypeAlias = Callable[[Any], Any]


class Color(StrEnum):
    RED = "red"


class Place(NamedTuple):
    city: str
    zip: int


class User(NamedTuple):
    name: str
    age: int
    place: Value = None


class Limits:
    HIGH = 60
    NAMES = ("ann", "bob")


LOW: Final = 18

# Everything that the patterns below tell apart, and what Python holds to be equal: 1, 1.0 and True.
PARTS: Final[list[Value]] = [
    *(0, 1, 1.0, True, False, None, -1, 2.5, 60, "", "a", "red", Color.RED, b"a"),
    *((), (1,), (1, 2), (1, 2, 3), [], [1], [1, 2], [1, 2, 3], [1, (2, "a")], [1, [2, "a"]], ["a", "b", "a"]),
    *({}, {"a": 1}, {"a": True}, {"a": 1, "b": 2}, {1: "x"}, {"a": {"b": [1]}}),
    *(Place("bern", 3000), Place("red", 1), ("bern", 3000)),
]
NAMES: Final = ["ann", "root", "red", ""]
ROWS: Final = [User(name, age, part) for name in NAMES for age in (5, 18, 60, 61) for part in PARTS]
UNTYPED: Final[list[Value]] = [
    *[(left, right) for left in PARTS for right in PARTS],
    *[(), (1,), (1, 2, 3), (1, "a", 3, 4), ([1, 2], 3, [])],
]


def called(function: Function, row: Value) -> Value:
    """What calling gives, where a row that no case takes (which gives None) is one that is skipped."""
    try:
        found = function(row)
    except Exception:  # noqa: BLE001  # whatever Python raises
        return RAISES
    return found


def check(function: Function, rows: list[Value]) -> None:
    """The query gives what calling the function gives. The functions here return None only for rows that none takes."""
    query = spec(function)
    for row in rows:
        wanted = called(function, row)
        got = query.test(row)
        if wanted is None or wanted is SKIPPED:
            assert got is NO_MATCH, (row, got)
        elif wanted is not RAISES:
            assert identical(got, wanted), (row, got, wanted)
    assert identical(query.run(rows), [found for found in (called(function, row) for row in rows) if is_result(found)])


def is_result(found: Value) -> bool:
    return found is not None and found is not SKIPPED and found is not RAISES


# --- typed rows ---------------------------------------------------------------------------------------------------


def by_columns(row: User) -> Value:
    match row:
        case (name, age, _) if age > 60:
            return name
        case ("root", _, place):
            return (place, "admin")
        case ("red", 5, _):
            return "a literal of each kind"
        case (name, 18 | 60 as age, None):
            return [name, age]


def by_fields(row: User) -> Value:
    match row:
        case User("ann", age=5):
            return "by position and by name"
        case User(name=name, place=Place(city, zip=code)) if code > 1:
            return (name, city)
        case User(place=Place() as place):
            return place
        case User(age=60) as whole:
            return whole
        case _:
            return row.age


def named_by_a_class(row: User) -> Value:
    match row:
        case User(name="ann", place=Place(zip=1) as place):
            return place.city
        case User(name="root", place=[1, Place() | (2, "a")]):
            return "nested"
        case (_, age, Place() as place) if place.zip > age:
            return place.city + "!"
        case (_, 18, [1, (2, _) as place]):
            return place[1]


def with_stars(row: User) -> Value:
    match row:
        case (_, 60, *_):
            return "the rest does not matter"
        case ("ann", *rest):
            return rest
        case (*front, None):
            return (front, row.name)
        case [name, *rest] if row.age > 18:
            return [rest, name]


def with_the_subject(row: User) -> Value:
    match row:
        case ("root", _, _):
            return (row.name, row.age, row.place, row[0])
        case (_, _, None):
            return (row.place is None, row.name)
        case whole if whole.age > 18:
            return (row, whole.name)


def with_skip(row: User) -> Value:
    match row:
        case ("ann", _, _):
            return SKIP
        case (_, age, _) if age == 60:
            return SKIP if row.name == "root" else row.age
        case (_, age, True):
            return age if age > 18 else SKIP
        case (name, age, _) if age > 18:
            return (name or SKIP) if age > 60 else "young"
        case _:
            return "other"


def with_conditional_results(row: User) -> Value:
    match row:
        case (name, age, _) if name:
            return "old" if age > Limits.HIGH else "grown" if age >= LOW else "young"
        case (_, age, place):
            return {"age": age, "place": [place, (age + 1,)]}


def by_value(row: User) -> Value:
    match row:
        case (_, Limits.HIGH, _):
            return "high"
        case (Color.RED, _, _):
            return "an Enum that equals a str"
        case (_, _, Color.RED):
            return "red"
        case (name, _, place) if name in Limits.NAMES and place is not None:
            return name


TYPED: Final = [
    *(
        by_columns,
        by_fields,
        named_by_a_class,
        with_stars,
        with_the_subject,
        with_skip,
        with_conditional_results,
        by_value,
    ),
]


@pytest.mark.parametrize("function", TYPED)
def test_typed_rows(function: Function) -> None:
    check(function, [*ROWS])


# --- untyped rows -------------------------------------------------------------------------------------------------


def literals(row):  # type: ignore[no-untyped-def]  # without a row type
    match row:
        case (1, None):
            return "one and None"
        case (True, x):
            return ("True itself", x)
        case (None, -1):
            return "a negative number"
        case (0, 2.5):
            return "zero and a float"
        case ("red", False):
            return "text"
        case (x, b"a"):
            return ("bytes", x)


def sequences(row):  # type: ignore[no-untyped-def]  # without a row type
    match row:
        case (_, []):
            return "empty"
        case ([first], [x, y]):
            return (first, x, y)
        case ((1, (2, z)), _):
            return z
        case (_, [head, *tail]) if tail:
            return (head, tail)
        case ([*init, last], _):
            return (init, last)
        case (["a", *middle, "a"], _):
            return middle


def mappings(row):  # type: ignore[no-untyped-def]  # without a row type
    match row:
        case ({"a": {"b": [x]}}, _):
            return ("deep", x)
        case ({"a": 1, **rest}, y):
            return (rest, y)
        case ({1: x}, {}):
            return ("a number as the key", x)
        case (_, {"b": b, "a": a}):
            return (a, b)
        case ({}, "a"):
            return "any mapping"


def classes(row):  # type: ignore[no-untyped-def]  # without a row type
    match row:
        case (bool(x), _):
            return ("bool", x)
        case (int(), float(y)):
            return ("int", y)
        case (str() as x, Place("bern", code)):
            return (x, code)
        case (Place(zip=1), _):
            return "red"
        case (list() | tuple(), dict()):
            return "containers"
        case (Color(), _):
            return "an Enum"
        case (_, str(y)):
            return y


def alternatives(row):  # type: ignore[no-untyped-def]  # without a row type
    match row:
        case (int() | None, x) | (x, int()) if x == 1:
            return ("the first that matches decides", x)
        case (0 | None | "red", [1 | 2, _]):
            return "nested"
        case ([], _) | (_, []) | ({}, "b"):
            return "none of them binds"
        case (x, (1 | True) as y, *_) | (y, x):
            return (x, y)


def whole(row):  # type: ignore[no-untyped-def]  # without a row type
    match row:
        case ():
            return "empty"
        case (x,):
            return x
        case (_, _, _) as three:
            return three
        case [x, "a", *rest]:
            return (x, rest)
        case (x, _) if x == row[1]:
            return "twice the same"


def with_wildcards(row):  # type: ignore[no-untyped-def]  # without a row type
    match row:
        case (_, 1):
            return row
        case (x, _) if x:
            return (x, row[1])
        case _:
            return "falsy"


UNTYPED_FUNCTIONS: Final = [
    *(literals, sequences, mappings, classes, alternatives, whole, with_wildcards),
]


@pytest.mark.parametrize("function", UNTYPED_FUNCTIONS)
def test_untyped_rows(function: Function) -> None:
    check(function, UNTYPED)


def not_only_tuples(row):  # type: ignore[no-untyped-def]  # without a row type
    match row:
        case {"kind": "ping", **rest}:
            return ("ping", rest)
        case "stop" | None:
            return "stop"
        case -1:
            return "minus one"
        case int(number) if number > 1:
            return number
        case Limits.HIGH:
            return "high"


def test_terms_that_are_no_rows() -> None:
    """Messages of processes are matched as well, and need not be tuples."""
    check(not_only_tuples, [{"kind": "ping", "n": 1}, {"kind": "x"}, "stop", None, -1, -1.0, 5, 60, 0, (), ["stop"]])


# --- as a decorator ---------------------------------------------------------------------------------


def test_as_a_decorator() -> None:
    limit = 50

    @spec
    def label(row: User) -> str:
        """A docstring."""
        match row:
            case (name, age, _) if age > limit:
                return name
            case ("ann", _, _):
                return "young ann"
            case _:
                return SKIP

    assert label.run([User("x", 61), User("ann", 3), User("bob", 3)]) == ["x", "young ann"]
    assert label.row_type is User


def test_literals_of_declared_columns_stand_in_the_head() -> None:
    def admin(row: User) -> str:
        match row:
            case ("root", age, None):
                return str(age)
            case _:
                return SKIP

    heads = [clause.head for clause in spec(admin).clauses]
    assert str(heads) == "[PTuple(items=(PConst(value='root'), PVar(number=2), PConst(value=None)))]"


def test_a_case_that_gives_nothing_in_the_middle_is_not_rendered_wrongly() -> None:
    @spec
    def label(row: User) -> str:
        match row:
            case (_, age, _) if age < 18:
                return SKIP
            case (name, _, _):
                return name

    assert label.run([User("ann", 20), User("bob", 17)]) == ["ann"]
    for render in (label.to_term, label.to_erlang, label.to_elixir):
        with pytest.raises(RenderError, match="a clause that gives nothing"):
            render()
    text = label.to_python()
    assert text.splitlines()[2:4] == ["        case (_, age, _) if age < 18:", "            return SKIP"]
    assert spec(text, row=User, syntax="python") == label
