"""What lambdas and match functions use from outside: closures, globals, attributes, defaults; taken at the call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn, TypeAlias
from uuid import UUID

import pytest

from matchspec import SKIP, Atom, EvalError, MatchSpec, ResolveError, spec
from matchspec.spec import NO_MATCH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nowhere import Unknown  # type: ignore[import-not-found]  # as modules that only a type checker has

Value: TypeAlias = Any

LIMIT: int = 18
LIMITS: Final = {"low": 1, "high": 3}


class Color(Enum):
    RED = "r"
    BLUE = "b"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Status(StrEnum):
    OPEN = "open"


class Settings:
    limit = 20
    names = ("ann", "bob")

    class Inner:
        """A namespace within a namespace."""

        step = 2


@dataclass
class Money:
    amount: int


class User(NamedTuple):
    name: str
    age: int
    extra: Value = None


USERS: Final = [User("ann", 17), User("bob", 18), User("root", 40)]


# --- where names are looked up ------------------------------------------------------------------------------------


def test_globals_and_closures() -> None:
    limit, factor = 17, 2

    def inner() -> list[str]:
        return spec(lambda u: u.name if u.age * factor > limit * factor else SKIP, row=User).run(USERS)

    assert inner() == ["bob", "root"]
    assert spec(lambda u: u.name if u.age > LIMIT else SKIP, row=User).run(USERS) == ["root"]


def test_each_call_takes_the_values_of_its_moment() -> None:
    limit = 17
    query: Callable[[User], str] = lambda u: u.name if u.age > limit else SKIP
    first = spec(query, row=User)
    limit = 20
    second = spec(query, row=User)
    assert (first.run(USERS), second.run(USERS)) == (["bob", "root"], ["root"])
    assert first != second


def test_a_loop_variable() -> None:
    queries = [spec(lambda u: u.age > limit, row=User) for limit in (16, 17, 39)]  # noqa: B023  # taken at once
    assert [query.run(USERS) for query in queries] == [[True, True, True], [False, True, True], [False, False, True]]


def test_defaults_have_the_value_of_the_definition() -> None:
    limit = 17
    kept: list[Callable[..., Value]] = [lambda u, limit=limit: u.age > limit for limit in (16, 17)]
    limit = 1000
    assert [spec(query, row=User).run(USERS) for query in kept] == [[True, True, True], [False, True, True]]

    def grown(row: User, limit: int = limit - 982, names: tuple[str, ...] = Settings.names) -> str:
        return row.name if row.age >= limit and row.name in names else SKIP

    assert spec(grown).run(USERS) == ["bob"]


def test_a_text_has_defaults_too() -> None:
    assert spec("lambda u, n=2, m=1 + 1: u[0] * n + m").run([(5,)]) == [12]


def test_attributes_of_classes_modules_objects_and_enums() -> None:
    money, low = Money(18), Level.LOW
    for query, wanted in [
        (lambda u: u.age > Settings.limit, [False, False, True]),
        (lambda u: u.age * Settings.Inner.step, [34, 36, 80]),
        (lambda u: u.name in Settings.names, [True, True, False]),
        (lambda u: u.age == money.amount, [False, True, False]),
        (lambda u: u.age % 2 == low.value, [True, False, False]),
        (lambda u: Color.RED.value + u.name, ["rann", "rbob", "rroot"]),
        (lambda u: u.name.startswith(Color.RED.value), [False, False, True]),
    ]:
        assert spec(query, row=User).run(USERS) == wanted


def test_a_variable_that_is_not_assigned_yet_hides_a_global() -> None:
    query: Callable[[User], bool] = lambda u: u.age > LIMIT  # the LIMIT of this function, assigned below
    with pytest.raises(ResolveError, match="the name 'LIMIT' is not defined"):
        spec(query, row=User)
    LIMIT = 39  # noqa: N806  # the name of the global
    assert spec(query, row=User).run(USERS) == [False, False, True]


def test_env_goes_before_everything_but_parameters() -> None:
    assert spec(lambda u: u.age > LIMIT, row=User, env={"LIMIT": 39}).run(USERS) == [False, False, True]
    assert spec(lambda u: u.age, row=User, env={"u": 1}).run(USERS) == [17, 18, 40]


def test_builtins_may_be_hidden() -> None:
    len = 40
    assert spec(lambda u: u.age == len, row=User).run(USERS) == [False, False, True]
    with pytest.raises(ResolveError, match="'len' is a part of the row and cannot be called"):
        spec("lambda len: len(len)")


# --- values that can be changed -----------------------------------------------------------------------------------


def test_a_change_in_place_does_not_reach_a_query() -> None:
    names, lookup, wanted = ["ann"], {"ann": [1]}, {"bob"}
    queries: list[Callable[[User], Value]] = [
        lambda u: u.name in names,
        lambda u: lookup.get(u.name),
        lambda u: u.name in wanted,
        lambda u: names,
    ]
    made = [spec(query, row=User) for query in queries]
    before = [query.run(USERS[:2]) for query in made]
    names.append("bob")
    lookup["ann"].append(2)
    wanted.clear()
    assert (
        [query.run(USERS[:2]) for query in made] == before == [[True, False], [[1], None], [False, True], [["ann"]] * 2]
    )
    assert [spec(query, row=User).run(USERS[:2]) for query in queries] == [
        *([True, True], [[1, 2], None], [False, False], [["ann", "bob"]] * 2)
    ]


def test_a_change_of_a_result_does_not_reach_a_query() -> None:
    names, lookup = ["ann"], {"ann": [1]}
    made: list[MatchSpec[User, Value]] = [
        *(spec(lambda u: names, row=User), spec(lambda u: lookup[u.name], row=User)),
    ]
    for query in made:
        before = query.run(USERS[:1])
        query.run(USERS[:1])[0].append("changed")
        assert query.run(USERS[:1]) == before


# --- values of other types ----------------------------------------------------------------------------------------

ZONE: Final = UTC
ID: Final = UUID(int=5)


def test_dates_decimals_uuids_and_fractions() -> None:
    day, price, ratio = date(2020, 7, 10), Decimal("1.50"), Fraction(1, 3)
    moment = datetime(2020, 7, 10, 12, tzinfo=ZONE)
    rows = [
        *[User("day", 0, date(2020, 7, n)) for n in (9, 10, 11)],
        *[User("moment", 0, moment + timedelta(hours=n)) for n in (-1, 0, 1)],
        *[User("price", 0, value) for value in (Decimal(1), Decimal("1.5"), 1.5, 2)],
        *[User("id", 0, UUID(int=n)) for n in (4, 5)],
        *[User("ratio", 0, value) for value in (Fraction(2, 6), Fraction(1, 2))],
    ]
    queries: list[Callable[[User], Value]] = [
        lambda u: u.name == "day" and u.extra > day,
        lambda u: u.name == "moment" and u.extra <= moment,
        lambda u: u.name == "price" and u.extra == price,
        lambda u: u.name == "id" and u.extra == ID,
        lambda u: u.name == "ratio" and u.extra != ratio,
        lambda u: u.extra + price if u.name == "price" and isinstance(u.extra, Decimal) else (u.name, price, day),
        lambda u: u.extra in (day, price, ID),
        lambda u: u.extra == Decimal("1.5") or u.extra == UUID(int=4) or u.extra == date(2020, 7, day=9),
        lambda u: u.extra - timedelta(days=1) if u.name == "day" else SKIP,
    ]
    for query in queries:
        wanted: list[Value] = [found for found in map(query, rows) if found is not _SKIPPED]
        assert spec(query, row=User).run(rows) == wanted


_SKIPPED: Final[Value] = SKIP


def test_members_of_enums() -> None:
    rows = [(color, level) for color in (*Color, "r", None, Status.OPEN, "open") for level in (*Level, 1, 2.0, True)]
    queries: list[Callable[..., Value]] = [
        lambda c, n: c is Color.RED,
        lambda c, n: c is not Color.RED and n is Level.LOW,
        lambda c, n: c == Status.OPEN,
        lambda c, n: c in (Status.OPEN, Color.BLUE),
        lambda c, n: n >= Level.HIGH,
        lambda c, n: n + Level.HIGH,
        lambda c, n: isinstance(c, Color) and (c, Level.LOW),
        lambda c, n: {Status.OPEN: c, "open": n},
    ]
    for query in queries:
        found = spec(query).run(rows)
        assert [(value, type(value)) for value in found] == [
            (value, type(value)) for value in (query(*r) for r in rows)
        ]


def test_objects_with_an_equality_of_their_own() -> None:
    price, atom = Money(3), Atom("ok")
    rows = [(Money(3), Atom("ok")), (Money(4), Atom("no"))]
    assert spec(lambda m, a: m == price).run(rows) == [True, False]
    assert spec(lambda m, a: a is atom).run(rows) == [True, False]
    assert spec(lambda m, a: m in [price, None]).run(rows) == [True, False]


# --- objects that misbehave ---------------------------------------------------------------------------------------


class Hostile:
    """Raises whatever is asked of it."""

    def _raise(self, *args: Value) -> NoReturn:
        raise RuntimeError("no")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __len__ = __iter__ = __contains__ = _raise
    __add__ = __radd__ = __neg__ = __str__ = __repr__ = __int__ = __float__ = __abs__ = __getitem__ = __index__ = _raise
    __hash__ = __round__ = __mod__ = __rmod__ = _raise

    @property
    def secret(self) -> int:
        raise RuntimeError("no")


class Endless:
    """A collection that never ends."""

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        return 0

    def __getitem__(self, index: int) -> int:
        return 0


class EndlessList(list[int]):
    def __iter__(self) -> Iterator[int]:
        return iter(Endless())


hostile: Final = Hostile()


@pytest.mark.parametrize(
    "test",
    [
        *("v == 1", "v != 1", "v < 1", "1 >= v", "v", "not v", "v in (1, 2)", "1 in v", "1 not in v", "v + 1", "1 + v"),
        *(
            "-v",
            "len(v)",
            "abs(v)",
            "int(v)",
            "float(v)",
            "str(v)",
            "round(v)",
            "min(v, 1)",
            "max(v)",
            "min(v)",
            "v[0]",
        ),
        *(
            "v[1:]",
            "v and 1",
            "v or 1",
            "(1 if v else 2)",
            "0 < v < 2",
            "{v: 1} == 1",
            "v in {1, 2}",
            "bool(v)",
            "v % 2",
        ),
        *("v.startswith('a')", "'a'.startswith(v)", "'%s' == v", "v.get(1)", "'abc'[v]", "(1, v) == (1, 2)", "2 * v"),
    ],
)
@pytest.mark.parametrize("where", ["row", "env"])
def test_objects_that_raise_or_never_end(test: str, where: str) -> None:
    for value in (hostile, Endless(), EndlessList([1])):
        row: Value
        if where == "row":
            query, row = spec(f"lambda v, w: 1 if {test} else SKIP"), (value, 0)
            body = spec(f"lambda v, w: [{test}]")
        else:
            env = {"v": value}
            try:
                query, row = spec(f"lambda w, x: 1 if {test} else SKIP", env=env), (0, 0)
            except ResolveError:  # a value that cannot be copied
                continue
            body = spec(f"lambda w, x: [{test}]", env=env)
        assert query.test(row) in (1, NO_MATCH)
        if isinstance(value, Hostile):
            assert query.test(row) is NO_MATCH
        try:
            body.run([row])
        except EvalError as error:
            assert str(error)


def test_a_test_for_identity_does_not_look_into_a_value() -> None:
    endless: list[Value] = []
    endless.append(endless)
    query = spec(lambda v, w: (v is None, v is not True, v is Color.RED, w is not None))
    assert query.run([(endless, 0), (Color.RED, hostile), (None, None)]) == [
        *((False, True, False, True), (False, True, True, True), (True, True, False, False))
    ]


def test_attributes_that_raise() -> None:
    with pytest.raises(ResolveError, match="reading the attribute 'secret' raised RuntimeError"):
        spec(lambda u: hostile.secret)
    with pytest.raises(ResolveError, match="Settings' has no attribute|type has no attribute 'limits'"):
        spec(lambda u: Settings.limits)  # type: ignore[attr-defined]  # the case in point


def test_what_cannot_be_copied() -> None:
    numbers = iter([1, 2])
    with open(__file__) as file, pytest.raises(ResolveError, match="the value from outside cannot be used") as caught:  # noqa: PTH123
        spec(lambda u: u == file)
    assert caught.value.line is not None
    # Python would use the iterator up, once: a query that runs for many rows cannot.
    assert spec(lambda u: u[0] if u[0] in numbers else SKIP).run([(1,), (2,)]) == []


# --- annotations --------------------------------------------------------------------------------------------------


def test_a_row_type_beside_an_annotation_that_cannot_be_resolved() -> None:
    def grown(row: User) -> Unknown:
        return row.name if row.age > LIMIT else SKIP

    assert spec(grown).run(USERS) == ["root"]


# Inside the class, `__limit` is the second of these.
__limit = 18
_Mangled__limit = 30


class Mangled:
    query = spec(lambda u: u.age > __limit, row=User)

    def closure(self) -> Value:
        __limit = 40
        return spec(lambda u: u.age > __limit, row=User)


def test_names_that_a_class_mangles() -> None:
    rows = [User("a", 18), User("b", 31), User("c", 41)]
    assert Mangled.query.run(rows) == [False, True, True]
    assert Mangled().closure().run(rows) == [False, False, True]
