"""Pushdown to SQL against the closures: random specs over a real SQLite table, no row lost, none too many when exact."""

import random
import sqlite3
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, NamedTuple, cast
from uuid import UUID

import pytest

from matchspec import ANY, Atom, Bitstring, MatchSpecError, V, const, spec
from runtime.disk_rows import FieldRows, row_form
from runtime.rows import row_shape
from runtime.sql_pushdown import Pushed, pushdown
from tests.strategies import Colour, Level

Value = Any


class Mixed(NamedTuple):
    a: int
    b: float
    c: str
    d: bytes
    e: bool
    f: int | None
    g: str | None
    h: bool | None
    i: float | None
    j: Any
    k: date
    l: datetime  # noqa: E741  # a name like the others
    m: timedelta
    n: UUID | None
    o: Colour
    p: Level | None


INTS = [0, 1, 2, -1, 5, 2**53, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64, 10**30, -(10**30), 10**400]
FLOATS = [
    0.0,
    -0.0,
    1.0,
    1.5,
    -1.0,
    2.0**53,
    2.0**63,
    -(2.0**63),
    1e30,
    5e-324,
    float("inf"),
    float("-inf"),
    float("nan"),
]
TEXTS = ["", "a", "ab", "b", "\0", "a\0b", "é", "\uffff", "\U00010000", "\ud800", "a\udfff", "z" * 300]
BYTES = [
    b"",
    b"a",
    b"ab",
    b"\0",
    b"\xff",
    b"\xff\xff",
    b"a\xff",
    "é".encode(),
    "\ud800".encode("utf-8", "surrogatepass"),
]
OTHERS = [Atom("x"), None, True, False, (), (1, 2), [], [1], {}, {1: 2}, Bitstring(b"\x60", 3), Bitstring(b"a\x80", 9)]
DATES = [date(2024, 2, 29), date(2024, 3, 1), date.min, date.max]
DATETIMES = [
    datetime(2024, 3, 1),  # noqa: DTZ001  # without a zone, as are the next ones
    *(datetime(2024, 3, 1, fold=1), datetime(2024, 3, 1, 0, 0, 0, 1)),  # noqa: DTZ001
    *(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999_999)),  # noqa: DTZ001
    *(datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=timezone(timedelta(hours=12)))),
]
TIMEDELTAS = [timedelta(0), timedelta(-1), timedelta(0, 0, 1), timedelta.min, timedelta.max]
UUIDS = [UUID(int=0), UUID(int=1), UUID(int=2**128 - 1)]
DATED: list[Value] = [*DATES, *DATETIMES, *TIMEDELTAS, *UUIDS, *Colour, *Level]
ALL_VALUES: list[Value] = [*DATED, *INTS, *FLOATS, *TEXTS, *BYTES, *OTHERS]
COLUMNS: dict[str, list[Value]] = {
    "a": INTS, "b": FLOATS, "c": TEXTS, "d": BYTES, "e": [True, False], "f": [*INTS, None], "g": [*TEXTS, None],
    "h": [True, False, None], "i": [*FLOATS, None], "j": [1, 1.0, "a", None, (1, 2), Atom("x")],
    "k": DATES, "l": DATETIMES, "m": TIMEDELTAS, "n": [*UUIDS, None], "o": list(Colour), "p": [*Level, None],
}  # fmt: skip
NAMES = list(COLUMNS)


class Table:
    """The same rows in SQLite and in a list."""

    def __init__(self, seed: int, count: int) -> None:
        source = random.Random(seed)
        self.rows = [Mixed(*[source.choice(values) for values in COLUMNS.values()]) for _ in range(count)]
        form = row_form(row_shape(Mixed), "t")
        assert isinstance(form, FieldRows)
        self.fields = form.fields
        self.connection = sqlite3.connect(":memory:")
        self.connection.execute(f"CREATE TABLE rows (number, {', '.join(form.columns)})")
        marks = ", ".join("?" * (len(form.columns) + 1))
        self.connection.executemany(
            f"INSERT INTO rows VALUES ({marks})", [(n, *form.encode(row)) for n, row in enumerate(self.rows)]
        )

    def chosen(self, pushed: Pushed) -> set[int]:
        sql = f"SELECT number FROM rows WHERE {pushed.where}"
        return {n for (n,) in self.connection.execute(sql, pushed.parameters)}

    def check(self, query: Value, shown: Value) -> bool:
        """Whether all of it was exact."""
        if query.raises:
            counts = [n for n, row in enumerate(self.rows) if self.result(query, row) is True]
        else:
            counts = [n for n, row in enumerate(self.rows) if query.test(row) is True]
        found = pushdown(query, self.fields, counts=True)
        self.compare(set(counts), found, shown)
        if found.exact and query.raises:
            for row in self.rows:
                query.test(row)  # an EvalError here would have to be raised
        matching = pushdown(query, self.fields)
        nothing = object()
        self.compare(
            {n for n, row in enumerate(self.rows) if self.result(query, row, nothing) is not nothing}, matching, shown
        )
        return found.exact

    def result(self, query: Value, row: Value, default: Value = None) -> Value:
        try:
            return query.test(row, default)
        except MatchSpecError:
            return "failed"

    def compare(self, wanted: set[int], found: Pushed, shown: Value) -> None:
        chosen = self.chosen(found)
        missing, more = wanted - chosen, chosen - wanted
        assert not missing, (shown, found, self.rows[min(missing)])
        assert not (found.exact and more), (shown, found, self.rows[min(more)])


@pytest.fixture(scope="module")
def table() -> Table:
    return Table(1, 200)


# --- Erlang -------------------------------------------------------------------------------------------------------

SIGNS = ["<", "=<", ">", ">=", "==", "=:=", "/=", "=/="]


def erlang_condition(source: random.Random, depth: int) -> Value:
    if depth > 0 and source.random() < 0.6:
        name = source.choice(["andalso", "orelse", "and", "or", "not", "andalso", "orelse"])
        count = 1 if name == "not" else source.choice([2, 2, 3])
        return (Atom(name), *[erlang_condition(source, depth - 1) for _ in range(count)])
    kind = source.random()
    index = source.randrange(len(NAMES))
    column: Value = V(index + 1)
    if kind < 0.1:
        return column
    if kind < 0.13:
        return source.choice([True, False, 1, Atom("x")])
    if kind < 0.16:
        return (Atom(source.choice(["is_integer", "is_binary"])), column)
    if kind < 0.2:
        return (Atom("<"), column, V(source.randrange(len(NAMES)) + 1))
    if kind < 0.3:
        column = (Atom("element"), index + 1, Atom("$_"))
    value = source.choice(COLUMNS[NAMES[index]]) if source.random() < 0.7 else source.choice(ALL_VALUES)
    pair = [column, const(value)]
    if source.random() < 0.2:
        pair.reverse()
    return (Atom(source.choice(SIGNS)), *pair)


def erlang_spec(seed: int) -> Value:
    source = random.Random(seed)
    clauses = []
    for _ in range(source.choice([1, 1, 1, 2, 3])):
        head: list[Value] = [V(n + 1) for n in range(len(NAMES))]
        for n, name in enumerate(NAMES):
            if source.random() < 0.08:
                head[n] = source.choice([ANY, V(1), *COLUMNS[name]])
        guards = [erlang_condition(source, 2) for _ in range(source.choice([0, 1, 1, 2]))]
        body = source.choice([True, True, True, False, V(5), erlang_condition(source, 1)])
        whole = source.random() < 0.05
        clauses.append((V(1) if whole else tuple(head), [] if whole else guards, [True if whole else body]))
    return clauses


@pytest.mark.parametrize("block", range(5))
def test_erlang_specs(table: Table, block: int) -> None:
    exact = 0
    for seed in range(block * 100, block * 100 + 100):
        raw = erlang_spec(seed)
        try:
            query = spec(raw)
            query.program  # noqa: B018  # refused by the engine
        except MatchSpecError:
            continue
        exact += table.check(query, raw)
    assert exact > 20  # the test is about something


# --- Python -------------------------------------------------------------------------------------------------------


def python_condition(source: random.Random, depth: int) -> str:
    if depth > 0 and source.random() < 0.6:
        name = source.choice(["and", "or", "not", "and", "or"])
        if name == "not":
            return f"not ({python_condition(source, depth - 1)})"
        return f"({python_condition(source, depth - 1)}) {name} ({python_condition(source, depth - 1)})"
    kind = source.random()
    name = source.choice(NAMES)
    column = f"u.{name}"
    constants = [value for value in COLUMNS[name] if not isinstance(value, (Atom, tuple))]
    if source.random() < 0.2:
        constants = [*DATED, *INTS[:8], *FLOATS[:8], *TEXTS, *BYTES, True, None]
    value, other = literal(source.choice(constants)), literal(source.choice(constants))
    if kind < 0.1:
        return column
    if kind < 0.2:
        return f"{column} {source.choice(['in', 'not in'])} ({value}, {other})"
    if kind < 0.3:
        return f"{column} {source.choice(['is', 'is not'])} None"
    if kind < 0.4:
        return f"{value} {source.choice(['<', '<='])} {column} {source.choice(['<', '<='])} {other}"
    if kind < 0.5:
        return f"{column}.startswith({literal(source.choice(TEXTS if name in 'cg' else BYTES))})"
    return f"{column} {source.choice(['<', '<=', '>', '>=', '==', '!='])} {value}"


def literal(value: Value) -> str:
    if isinstance(value, float):
        return f"float('{value!r}')" if value - value != 0 else repr(value)
    return next((name for name, known in ENV.items() if known is value), repr(value))


ENV = {f"c{number}": value for number, value in enumerate(DATED)}


@pytest.mark.parametrize("block", range(5))
def test_lambdas(table: Table, block: int) -> None:
    exact = 0
    for seed in range(block * 100, block * 100 + 100):
        source = random.Random(seed)
        condition = python_condition(source, 2)
        text = f"lambda u: {condition}" if source.random() < 0.7 else f"lambda u: (u.a if {condition} else SKIP)"
        try:
            query = spec(text, row=Mixed, syntax="python", env=ENV)
        except MatchSpecError:
            continue
        exact += table.check(query, text)
    assert exact > 10


# --- chosen -------------------------------------------------------------------------------------------------------


class User(NamedTuple):
    id: int
    name: str
    age: int
    mail: str | None
    active: bool


def pushed(query: Value, counts: bool = True) -> Pushed:
    return pushdown(spec(query, row=User), cast(FieldRows, row_form(row_shape(User), "t")).fields, counts)


@pytest.mark.parametrize(
    ("query", "where", "parameters"),
    [
        (lambda u: u.age == 30, '"age" = ?', [30]),
        (lambda u: 18 < u.age < 30, '("age" > ? AND "age" < ?)', [18, 30]),
        (lambda u: u.age == 1 or u.age in (2, 3), '"age" IN (?, ?, ?)', [1, 2, 3]),
        (lambda u: u.active and u.name == "x", '("active" = ? AND "name" = ?)', [1, "x"]),
        (lambda u: not u.active, '"active" = ?', [0]),
        (lambda u: u.mail is None, '"mail" IS NULL', []),
        (lambda u: u.age > 60, "(\"age\" > ? AND (\"age\" < x'' OR \"age\" >= ?))", [60, b"\x80"]),
        (lambda u: u.name == 1, "0", []),
        (lambda u: u.name != 1, "1", []),
        (lambda u: u.mail is not None and u.mail == "x", '"mail" = ?', ["x"]),
        ("fun({_, <<\"x\">>, A, _, true}) when A < 0; A > 0.5, A =< 2 -> true end", None, None),
    ],
)  # fmt: skip
def test_the_sql_of_chosen_queries(query: Value, where: str | None, parameters: Value) -> None:
    found = pushed(query)
    assert found.exact
    if where is not None:
        assert (found.where, found.parameters) == (where, parameters)


@pytest.mark.parametrize(
    "query",
    [
        lambda u: u.age + 1 > 5,
        lambda u: u.mail > "x",  # None raises
        lambda u: u.age and u.active,
        lambda u: u.name.endswith("x"),
        "fun({N, _, N, _, _}) -> true end",
        "fun({_, _, A, _, _}) when A > 1 -> false; (_) -> true end",
        "fun({_, _, A, _, _}) when A > 1 -> A, true end",
        "fun({1, _, A, _, _}) when is_atom(A) -> true end",
    ],
)  # fmt: skip
def test_what_is_not_provably_the_same_is_not_exact(query: Value) -> None:
    assert not pushed(query).exact


def test_columns_narrow_what_is_only_partly_understood() -> None:
    found = pushed(lambda u: u.age == 30 and u.name.endswith("x") and u.id * 2 == 4)
    assert (found.where, found.parameters, found.exact) == ('"age" = ?', [30], False)
    found = pushed(
        'fun({_, _, A, _, _}) when A == 1, A * 2 == 2 -> A; ({_, X, _, _, _}) when X == <<"y">> -> X end', False
    )
    assert (found.where, found.parameters, found.exact) == ('("age" = ? OR "name" = ?)', [1, "y"], False)


def test_long_conditions_are_understood_or_let_through() -> None:
    many = tuple(range(0, 60_000, 2))
    connection = sqlite3.connect(":memory:")
    connection.execute('CREATE TABLE rows ("id", "name", "age", "mail", "active")')
    for query in [
        spec(lambda u: u.age in many[:20_000], row=User),
        spec(lambda u: u.age in many, row=User),
        spec([((ANY, ANY, V(1), ANY, ANY), [(Atom("orelse"), *[(Atom(">"), V(1), n) for n in many[:900]])], [True])]),
        spec([((ANY, ANY, V(1), ANY, ANY), [(Atom("andalso"), *[(Atom("/="), V(1), n) for n in many[:900]])], [True])]),
        spec(
            [
                ((ANY, V(2), V(1), ANY, ANY), [(Atom("=:="), V(1), n), (Atom("=:="), V(2), "x")], [True])
                for n in many[:900]
            ]
        ),
    ]:
        found = pushdown(query, cast(FieldRows, row_form(row_shape(User), "t")).fields, True)
        connection.execute(f"SELECT count(*) FROM rows WHERE {found.where}", found.parameters)
