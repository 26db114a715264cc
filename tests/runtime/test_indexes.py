"""Secondary indexes and plans: the answers are those of a full scan, whatever finds the rows."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeAlias

import pytest

from matchspec import ANY, ROW, SKIP, Atom, MatchSpecError, V
from runtime import BadArg, ets
from runtime.storage import KINDS, Kind

Value: TypeAlias = Any
AnyTable: TypeAlias = ets.Table[Any]


class User(NamedTuple):
    id: int
    name: str
    age: int
    since: date
    team: str | None


DAY: Final = date(2020, 1, 1)
LATE: Final = DAY + timedelta(990)


def people(count: int = 1000) -> list[User]:
    draw = random.Random(7)
    teams = ["red", "blue", "green", None]
    names = [f"{draw.choice('abcdef')}{n}" for n in range(count)]
    return [User(n, name, draw.randrange(90), DAY + timedelta(n), draw.choice(teams)) for n, name in enumerate(names)]


def anything(value: Value) -> Value:
    """A value that the type checker knows nothing of."""
    return value


def table_of(kind: Kind, **options: Any) -> ets.Table[User]:
    table: ets.Table[User] = ets.new("users", User, type=kind, keypos="id", **options)
    for user in people():  # a bag would take a list from its end
        table.insert(user)
    return table


def plainly(query: Callable[[User], Any], rows: list[User]) -> list[Value]:
    """What Python itself says: the function called on each row, without those that it skips."""
    results: list[Value] = [query(row) for row in rows]
    skip: Value = SKIP
    return [result for result in results if result is not skip]


Queries: TypeAlias = list[tuple[str, Callable[[User], Any], str]]
QUERIES: Final[Queries] = [
    ("equal", lambda u: u if u.age == 30 else SKIP, "index"),
    ("range", lambda u: u if 30 <= u.age < 33 else SKIP, "index"),
    ("either", lambda u: u.id if u.age == 3 or u.age > 87 else SKIP, "index"),
    ("among", lambda u: u.name if u.age in (1, 2) else SKIP, "index"),
    ("date", lambda u: u if u.since > LATE else SKIP, "index"),
    ("prefix", lambda u: u if u.name.startswith("a1") else SKIP, "index"),
    ("with more", lambda u: u if u.age == 30 and u.team == "red" else SKIP, "index"),
    ("most", lambda u: u if u.age > 5 else SKIP, "scan"),
    ("not", lambda u: u if not u.age == 5 else SKIP, "scan"),
    ("no index", lambda u: u if u.team == "red" else SKIP, "scan"),
    ("key", lambda u: u if u.id == 5 else SKIP, "keys"),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "query", "plan"), QUERIES, ids=[name for name, _, _ in QUERIES])
def test_answers_are_those_of_a_scan(
    kind: Kind, name: str, query: Callable[[User], Any], plan: str, tables: str
) -> None:
    if tables == "disk" and name in ("most", "not"):
        plan = "index"  # of which SQLite makes what it likes
    table = table_of(kind, index=["age", "since", "name"])
    expected = plainly(query, people())
    assert table.select(query) == expected
    assert list(table.select_iter(query, 7)) == expected
    assert table.explain(query).plan == plan
    table.insert([user._replace(id=user.id + 1000, age=user.age + 1) for user in people(100)])
    table.select_delete(lambda u: u.age == 31)
    expected = plainly(query, table.tab2list())
    assert table.select(query) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_conditions_in_bodies_count(kind: Kind) -> None:
    table = table_of(kind, index=["age"])
    rows = people()
    assert table.explain(lambda u: u.age == 30, counts=True).plan == "index"
    assert table.explain(lambda u: u.age == 30).plan == "scan"  # each row has a result, True or False
    assert table.select_count(lambda u: u.age == 30) == sum(u.age == 30 for u in rows)
    assert table.select(lambda u: u.age == 30) == [u.age == 30 for u in rows]
    assert table.explain(lambda u: u.id == 30, counts=True).plan == "keys"
    assert table.select_delete(lambda u: u.age >= 85) == sum(u.age >= 85 for u in rows)
    assert table.tab2list() == [u for u in rows if u.age < 85]
    assert table.explain(lambda u: u.age > 85 if u.name == "x" else u.id == 7, counts=True).plan == "scan"


def test_ranges_of_keys(tables: str) -> None:
    table = ets.new("t", type="ordered_set")
    rows: list[Value] = [(n, n % 7) for n in range(1000)] + [(float(n) + 0.5, "f") for n in range(0, 1000, 10)]
    rows += [((Atom("a"), n, "x"), n) for n in range(100)] + [((Atom("b"), n, "x"), n) for n in range(100)]
    rows += [((Atom("a"), n), n) for n in range(50)] + [(f"k{n:03}", n) for n in range(200)]
    table.insert(rows)
    queries: list[tuple[Value, str]] = [
        ("fun({K, V}) when K >= 10, K < 20 -> {K, V} end", "range"),
        ("fun({K, V}) when K > -5 -> {K, V} end", "scan"),
        ("fun({{a, N, _}, V}) when N > 10, N =< 13 -> {N, V} end", "range"),
        ("fun({{a, _, _}, V}) -> V end", "range"),
        ("fun({{b, 5, _}, V}) -> V end", "range"),
        ("fun({{_, _}, V}) -> V end", "range"),
        ("fun({K, V}) when K > 5, K < 2 -> V end", "nothing"),
        (lambda k, v: (k, v) if 10 <= k < 20 else SKIP, "range"),
        (lambda k, v: v if k > 990 else SKIP, "range"),
        (lambda k, v: v if k.startswith("k01") else SKIP, "range"),
    ]
    every: list[Any] = [(ANY, [], [ROW])]
    for query, plan in queries:
        scanned = ets.match_spec_run(table.select(every), query)
        assert table.select(query) == scanned, query
        assert table.select_reverse(query) == scanned[::-1], query
        assert list(table.select_iter(query, 3)) == scanned, query
        backwards: list[Value] = []
        chunk: Value = table.select_reverse(query, 3)
        while isinstance(chunk, tuple):
            backwards += chunk[0]
            chunk = ets.select_reverse(chunk[1])
        assert backwards == scanned[::-1], query
        assert table.explain(query).plan == ("range" if tables == "disk" and plan == "scan" else plan), query


def test_a_walk_over_a_range_while_rows_come_and_go() -> None:
    table = ets.new("t", type="ordered_set")
    table.insert([(n,) for n in range(100)])
    chunk: Value = table.select("fun({K}) when K >= 10, K < 20 -> K end", 3)
    seen: list[int] = []
    while isinstance(chunk, tuple):
        seen += chunk[0]
        table.delete(seen[-1])
        table.insert([(seen[-1] - 0.5,), (200 + seen[-1],)])
        chunk = ets.select(chunk[1])
    assert seen == list(range(10, 20))


class Word(StrEnum):
    AB = "ab"


@pytest.mark.parametrize("kind", KINDS)
def test_keys_and_columns_that_python_finds_equal_to_a_str(kind: Kind) -> None:
    class Text(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return hash("ab")

    table = ets.new("t", type=kind, index=[2])
    rows: list[Value] = [(Word.AB, Word.AB), ("ab", "ab"), ("b", "b"), *[(n, n) for n in range(50)]]
    table.insert(rows)
    assert len(table) == len(rows)
    by_key = table.select(lambda k, v: (k, v) if k == "ab" else SKIP)
    by_column = table.select(lambda k, v: (k, v) if v == "ab" else SKIP)
    assert by_key == by_column == [row for row in table if row[0] == "ab"]
    assert len(by_key) == 2
    table.insert((99, Text("zz")))
    assert (99, "zz") in table.select(lambda k, v: (k, v) if v == "ab" else SKIP)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_without_the_column(kind: Kind) -> None:
    table = ets.new("t", type=kind, index=[3])
    rows: list[tuple[int, ...]] = [(1,), (2, 0), *[(n, 0, n) for n in range(3, 100)]]
    for row in rows:
        table.insert(row)
    assert table.match_object((ANY, 0)) == [(2, 0)]
    assert table.select("fun({K}) -> K end") == [1]
    assert table.select("fun({K, 0}) -> K; ({K, _, 5}) -> K end") == [2, 5]
    assert table.explain("fun({K, _, 5}) -> K end").plan == "index"
    assert table.select("fun(R) when element(3, R) == 5 -> R end") == [(5, 0, 5)]


@pytest.mark.parametrize("kind", KINDS)
def test_unique_columns(kind: Kind) -> None:
    table = ets.new("t", type=kind, unique=[2])
    table.insert([(1, "a"), (2, "b"), (3, None), (4, None), (5,)])
    before = table.tab2list()
    attempts: list[Callable[[], Any]] = [
        lambda: table.insert((9, "a")),
        lambda: table.insert([(8, "x"), (9, "x")]),
        lambda: table.insert([(8, "y"), (9, "b")]),
        lambda: table.insert_new((9, "a")),
        lambda: table.add_index(1, unique=True) and table.insert((1, "z")) and table.insert((1, "y")),
    ]
    if kind in {"set", "ordered_set"}:
        attempts.append(lambda: table.update_element(2, (2, "a")))
        attempts.pop(4)
    for attempt in attempts:
        with pytest.raises(BadArg) as caught:
            attempt()
        assert caught.value.cause == "unique"
        if attempt is not attempts[-1]:
            assert table.tab2list() == before
            assert table.check() == []


def test_unique_looks_at_the_end_of_an_operation() -> None:
    table = ets.new("t", unique=[2])
    table.insert([(1, "a"), (2, "b")])
    table.insert([(1, "b"), (2, "a")])  # they change places
    assert sorted(table.tab2list()) == [(1, "b"), (2, "a")]
    table.insert((1, "b"))  # its own value
    assert table.insert([(3, "c"), (3, "c")]) is True
    table.init_table(lambda _: ([(7, "a"), (8, "b")], lambda _: "end_of_input"))
    assert sorted(table.tab2list()) == [(7, "a"), (8, "b")]
    with pytest.raises(BadArg) as caught:
        table.select_replace("fun({K, _}) -> {K, same} end")
    assert caught.value.cause == "unique"
    assert sorted(table.tab2list()) == [(7, "a"), (8, "b")]
    table.insert((9, 1))
    with pytest.raises(BadArg, match="unique"):
        table.insert((10, 1.0))  # equal by ==


def test_adding_and_deleting_indexes() -> None:
    table = ets.new("t", User, keypos="id")
    table.insert(people(100))
    assert table.info("index") == ()
    assert table.add_index("age") is True
    assert table.add_index(2) is True
    assert table.info("index") == ("age", "name")
    operations: list[tuple[Callable[[], Value], str]] = [
        (lambda: table.add_index(3), "already_exists"),
        (lambda: table.add_index("agee"), "position"),
        (lambda: table.add_index(6), "position"),
        (lambda: table.del_index("team"), "option"),
        (lambda: table.add_index("team", unique=True), "unique"),
        (lambda: ets.new("x", index=anything("age")), "option"),
        (lambda: ets.new("x", User, index=["ages"]), "position"),
    ]
    for operation, cause in operations:
        with pytest.raises(BadArg) as caught:
            operation()
        assert caught.value.cause == cause
    assert table.info("index") == ("age", "name")
    assert table.explain(lambda u: u if u.age == 3 else SKIP).index == "age"
    assert table.del_index("age") is True
    assert table.explain(lambda u: u if u.age == 3 else SKIP).plan == "scan"
    assert table.info("index") == ("name",)


def test_explanations_are_readable() -> None:
    table = table_of("ordered_set", index=["age"])
    text = str(table.explain(lambda u: u.name if 30 <= u.age < 32 else SKIP, analyze=True)).splitlines()
    matching = sum(30 <= u.age < 32 for u in people())
    assert text[0] == "select from users (ordered_set of User, 1000 rows)"
    assert text[1] == "  index of 'age' 30..<32"
    assert text[2].startswith("    estimate: ")
    assert text[3].startswith(f"    actual: {matching} rows, of which {matching} match, ")
    assert text[4].startswith("  check on each: ")
    scan = table.explain(lambda u: u.team == "red", counts=True)
    assert (scan.plan, scan.index, scan.estimate, scan.found) == ("scan", None, 1000, None)
    assert str(scan).splitlines()[:2] == ["count from users (ordered_set of User, 1000 rows)", "  scan of all rows"]
    assert "keys 5" in str(table.explain(lambda u: u if u.id == 5 else SKIP))


def test_random_queries_against_a_table_without_indexes() -> None:
    draw = random.Random(11)
    values: list[Value] = [0, 1, 1.0, 2.5, True, None, "a", "ab", b"a", Atom("a"), (1,), (1.0, 2), [1], 2**70, -3]
    kinds: list[Kind] = ["set", "ordered_set", "bag", "duplicate_bag"]
    signs = ["<", "=<", ">", ">=", "==", "=:=", "/="]
    for number in range(40):
        kind = kinds[number % 4]
        rows = [(draw.choice(values), draw.choice(values), draw.choice(values)) for _ in range(60)]
        plain, indexed = ets.new("plain", type=kind), ets.new("indexed", type=kind, index=[2, 3])
        for row in rows:
            plain.insert(row)
            indexed.insert(row)
        for _ in range(25):
            guards = [
                (Atom(draw.choice(signs)), V(draw.randrange(1, 4)), (Atom("const"), draw.choice(values)))
                for _ in range(draw.choice([1, 1, 2]))
            ]
            guard = guards[0] if len(guards) == 1 else (Atom(draw.choice(["andalso", "orelse"])), *guards)
            query: list[Any] = [((V(1), V(2), V(3)), [guard], [ROW])]
            scanned = [row for row in plain.tab2list() if ets.match_spec_run([row], query)]
            assert repr(indexed.select(query)) == repr(scanned), query
            assert repr(plain.select(query)) == repr(scanned), query
        plain.drop()
        indexed.drop()


# --- over expressions -----------------------------------------------------------------------------------------------


EXPRESSIONS: Final[list[tuple[Callable[[User], Any], list[Callable[[User], Any]]]]] = [
    (lambda u: u.name.upper(), [lambda u: u.id if u.name.upper() == "A17" else SKIP, lambda u: u if "F" <= u.name.upper() < "F2" else SKIP]),
    (lambda u: u.age // 10, [lambda u: u if u.age // 10 == 3 and u.team == "red" else SKIP, lambda u: u.id if u.age // 10 in (1, 8) and u.id < 99 else SKIP]),
    (lambda u: 100 // u.age, [lambda u: u.age if 100 // u.age == 50 else SKIP, lambda u: u if 100 // u.age > 49 or u.age == 0 else SKIP]),
    (lambda u: (u.team, u.age), [lambda u: u.id if (u.team, u.age) == ("red", 30) else SKIP]),
    (lambda u: len(u.team or ""), [lambda u: u.id if len(u.team or "") == 3 and u.id < 40 else SKIP]),
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("expression", "queries"), EXPRESSIONS, ids=["text", "number", "failing", "tuple", "None"])
def test_an_index_over_an_expression(
    kind: Kind, expression: Callable[[User], Any], queries: list[Callable[[User], Any]]
) -> None:
    plain, table = table_of(kind), table_of(kind)
    table.add_index(expression)
    for query in queries:
        assert table.select(query) == plain.select(query) != []
    some = people()[200:300]
    for one in (plain, table):
        one.insert([user._replace(age=user.age + 1, name=user.name + "x") for user in some])
        one.select_delete(lambda u: u.age == 31)
    for query in queries:
        assert table.select(query) == plain.select(query)
    assert table.check() == []


def test_which_queries_use_an_index_over_an_expression() -> None:
    table = table_of("set", index=[lambda u: u.name.upper()])
    table.add_index(lambda u: u.age % 7, name="week")
    assert table.info("index") == ("u.name.upper()", "week")
    used: list[Callable[..., Any]] = [
        lambda person: person if person.name.upper() == "A17" else SKIP,
        lambda u: u if u.name.upper().startswith("A17") else SKIP,
        lambda id, name, age, since, team: id if name.upper() == "A17" and age > 2 else SKIP,
    ]
    for query in used:
        found = table.explain(query, analyze=True)
        assert (found.plan, found.index) == ("index", "u.name.upper()")
        assert found.candidates is not None and found.candidates < 20
    others: list[Callable[[User], Any]] = [
        lambda u: u if u.name.lower() == "a17" else SKIP,
        lambda u: u if not u.name.upper() == "A17" else SKIP,
        lambda u: u if u.name.upper() == u.team else SKIP,
        lambda u: u if u.name.upper() == "A17" or u.age == 3 else SKIP,
    ]
    assert [table.explain(query).plan for query in others] == ["scan"] * 4
    assert table.explain(lambda u: u.age % 7 == 3, counts=True).index == "week"
    assert table.del_index("week") is True
    assert table.del_index(lambda row: row.name.upper()) is True
    assert table.info("index") == ()


def test_an_index_over_an_expression_of_rows_of_any_size() -> None:
    table: AnyTable = ets.new("t", index=["fun({A, B}) -> A + B end"])
    table.insert(
        [(n, n % 10) for n in range(200)] + [(f"k{n}", 1) for n in range(5)] + [(n, 1, 2) for n in range(300, 400)]
    )
    (name,) = table.info("index")
    assert name == "A + B"
    query = "fun({X, Y}) when X + Y =:= 108 -> {X, Y} end"
    assert table.explain(query).plan == "index"
    assert table.select(query) == [(99, 9), (104, 4)]
    assert table.explain("fun({X, Y, _}) when X + Y =:= 108 -> X end").plan == "scan"
    assert table.select("fun({X, Y, _}) when X + Y =:= 302 -> X end") == [301]


def test_a_unique_expression() -> None:
    table = ets.new("t", User, keypos="id", unique=[lambda u: u.name.lower()])
    table.insert(User(1, "Ann", 30, DAY, None))
    with pytest.raises(BadArg) as caught:
        table.insert(User(2, "ANN", 20, DAY, None))
    assert caught.value.cause == "unique"
    assert len(table) == 1
    table.insert(User(1, "ann", 30, DAY, None))
    assert table.tab2list() == [User(1, "ann", 30, DAY, None)]


def test_what_is_no_expression() -> None:
    table = table_of("set", index=[lambda u: u.name.upper()])
    for bad in (lambda u: u.name if u.age > 3 else SKIP, lambda u: 3, lambda u: u.name, "fun({A, A}) -> A end"):
        with pytest.raises(MatchSpecError):
            table.add_index(bad)
    with pytest.raises(BadArg) as caught:
        table.add_index(lambda row: row.name.upper(), name="another")
    assert caught.value.cause == "already_exists"
    with pytest.raises(BadArg) as caught:
        table.add_index(lambda u: u.age + 1, name="u.name.upper()")
    assert caught.value.cause == "already_exists"
    with pytest.raises(BadArg) as caught:
        table.add_index("age", name="years")
    assert (caught.value.cause, caught.value.argument) == ("option", "name")
    assert table.info("index") == ("u.name.upper()",)
