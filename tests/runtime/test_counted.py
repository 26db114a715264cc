"""Counts that a range of keys or an index tells without looking at rows, against plain Python over the same rows."""

import math
import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchspec import ANY, SKIP, spec
from runtime import ets
from runtime.storage import Kind

KINDS: list[Kind] = ["set", "ordered_set"]


class City(NamedTuple):
    number: int
    name: str
    height: float
    size: int


NAMES = ("", "A", "a", "Zürich", "z", "ß", "日本", "\U0001f600", "\uffff", "\ud800")
# The last name is no text to Erlang; a constant of these bytes is no str.
CITIES = [City(n, NAMES[n % len(NAMES)] + str(n % 7), n / 3, n * 7 % 40 - 5) for n in range(-60, 200)]


def table_of(kind: Kind, rows: list[City] = CITIES) -> ets.Table[City]:
    table = ets.new("cities", City, type=kind, keypos="number", index=["name", "size", "height"])
    table.insert(rows)
    return table


def looked_at(table: ets.Table[Any], query: Any) -> tuple[int, int]:
    """How many rows a count finds, and how many it looks at."""
    before = table.statistics().candidates
    return table.select_count(query), table.statistics().candidates - before


def tables() -> Iterator[ets.Table[City]]:
    """One after the other, made anew: another test may end the process that a table belongs to."""
    for kind in KINDS:
        table = table_of(kind)
        yield table
        table.drop()


Condition = tuple[str, Callable[[City], bool]]  # as Erlang says it, and as Python does

SIGNS: list[tuple[str, Callable[[Any, Any], bool]]] = [
    ("<", lambda a, b: a < b),
    ("=<", lambda a, b: a <= b),
    (">", lambda a, b: a > b),
    (">=", lambda a, b: a >= b),
    ("==", lambda a, b: a == b),
    ("=:=", lambda a, b: a == b),
]
COLUMNS: list[tuple[str, str, st.SearchStrategy[Any]]] = [
    ("Number", "number", st.integers(-70, 210)),
    ("Size", "size", st.integers(-8, 38)),
    ("Name", "name", st.sampled_from([name + digit for name in NAMES[:-1] for digit in ("", "3", "5")])),
    ("Height", "height", st.sampled_from([-3.0, 1 / 3, 0.0, 5.0, 7.5])),
]


def text_of(value: Any) -> str:
    return f"<<{','.join(map(str, value.encode()))}>>" if isinstance(value, str) else repr(value)


@st.composite
def comparisons(draw: st.DrawFn, column: int) -> Condition:
    name, field, values = COLUMNS[column]
    value = draw(values)
    sign, holds = draw(st.sampled_from(SIGNS))
    if draw(st.booleans()):
        return f"({name} {sign} {text_of(value)})", lambda row: holds(getattr(row, field), value)
    return f"({text_of(value)} {sign} {name})", lambda row: holds(value, getattr(row, field))


def joined(parts: list[Condition], sign: str) -> Condition:
    every = all if sign.startswith("and") else any
    return f"({f' {sign} '.join([text for text, _ in parts])})", lambda row: every([holds(row) for _, holds in parts])


def conditions(columns: list[int]) -> st.SearchStrategy[Condition]:
    return st.recursive(
        st.sampled_from(columns).flatmap(comparisons),
        lambda parts: st.builds(
            joined, st.lists(parts, min_size=2, max_size=3), st.sampled_from(["andalso", "orelse", "and", "or"])
        ),
        max_leaves=6,
    )


@given(conditions([0, 1, 2, 3]))
def test_any_conditions(condition: Condition) -> None:
    text, holds = condition
    expected = sum(1 for row in CITIES if holds(row))
    for table in tables():
        assert table.select_count(f"fun({{Number, Name, Height, Size}}) when {text} -> true end") == expected
        assert table.select_count(f"fun({{Number, Name, Height, Size}}) -> {text} end") == expected


@given(st.sampled_from([1, 2]).flatmap(lambda column: conditions([column])))
def test_conditions_on_one_indexed_column_look_at_no_row(condition: Condition) -> None:
    text, holds = condition
    expected = sum(1 for row in CITIES if holds(row))
    for table in tables():
        count, looked = looked_at(table, f"fun({{Number, Name, Height, Size}}) when {text} -> true end")
        assert count == expected
        assert looked in (0, len(CITIES))  # all where the condition says nothing: then every row is looked at
        assert looked == 0 or expected == len(CITIES)


def test_lambdas_that_look_at_no_row() -> None:
    low, high = 10, 90
    for kind in KINDS:
        table = table_of(kind)
        assert looked_at(table, lambda u: u.size == 7) == (sum(1 for u in CITIES if u.size == 7), 0)
        assert looked_at(table, lambda u: u.size in (7, 8)) == (sum(1 for u in CITIES if u.size in (7, 8)), 0)
        assert looked_at(table, lambda number, name, height, size: low <= size < high) == (
            sum(1 for u in CITIES if low <= u.size < high),
            0,
        )
        assert looked_at(table, lambda u: u.name >= "a") == (sum(1 for u in CITIES if u.name >= "a"), 0)
        assert looked_at(table, lambda u: True if u.size > 3 else SKIP) == (sum(1 for u in CITIES if u.size > 3), 0)
    table = table_of("ordered_set")
    assert looked_at(table, lambda u: low <= u.number < high) == (high - low, 0)
    assert looked_at(table, lambda u: u.number < low or u.number >= high) == (len(CITIES) - (high - low), 0)


def test_lambdas_of_which_bounds_do_not_say_all() -> None:
    half, third = Decimal("7.5"), Fraction(22, 3)
    queries: list[Callable[[City], Any]] = [
        lambda u: u.size == True,  # noqa: E712  # which is 1, to Python
        lambda u: u.size == 7.0,
        lambda u: u.size > 7 and u.height > 5.0,
        lambda u: u.size < 7 or u.number > 150,
        lambda u: u.size if u.size == 1 else SKIP,
        lambda u: 1 if u.size == 1 else SKIP,
        lambda u: not u.size > 7,
        lambda u: u.height == 5,
        lambda u: u.number > 150 and u.number != 160,
        lambda u: u.name in "A3",
        lambda u: u.size in (1, True, "x"),
        lambda u: u.size > half,
        lambda u: u.size <= third,
        lambda u: u.number in (half, 3),
    ]
    for kind in KINDS:
        table = table_of(kind)
        for query in queries:
            assert table.select_count(query) == sum(1 for row in CITIES if query(row) is True)


def test_rows_that_other_patterns_refuse() -> None:
    rows = [(n, n % 5) for n in range(50)] + [(n, n % 5, "more") for n in range(50, 80)]
    table: ets.Table[Any] = ets.new("t", type="ordered_set", index=[2])
    table.insert(rows)
    assert table.select_count("fun({K, V}) when K >= 40 -> true end") == 10
    assert table.select_count("fun({K, K}) when K >= 0 -> true end") == 5
    assert table.select_count("fun({K, V}) when V == 3 -> true end") == 10
    assert table.select_count("fun({3, V}) when V == 3 -> true end") == 1


def test_a_column_that_has_to_equal_another() -> None:
    rows = [*CITIES, City(500, "x", 1.0, 500), City(501, "y", 1.0, 501)]
    for kind in KINDS:
        table = table_of(kind, rows)
        assert table.select_count("fun({N, _, _, N}) -> true end") == 2
        assert table.select_count("fun({N, _, _, N}) when N > -100 -> true end") == 2
        assert table.select_count("fun({N, _, _, N}) when N > 500 -> true end") == 1


@pytest.mark.parametrize("kind", ["bag", "duplicate_bag"])
def test_keys_with_several_rows_of_one_value(kind: Kind) -> None:
    table = ets.new("t", tuple[int, int, str], type=kind, index=[2])
    rows = [(n % 5, n % 2, str(n // 3)) for n in range(30)]
    table.insert(rows)
    held = table.tab2list()
    assert len(held) == (30 if kind == "duplicate_bag" else len(set(rows)))
    for value in (0, 1, 2):
        count, looked = looked_at(table, f"fun({{_, V, _}}) when V =:= {value} -> true end")
        assert (count, looked) == (sum(1 for row in held if row[1] == value), 0)
    table.delete_object(rows[0])
    assert table.select_count("fun({_, V, _}) when V < 1 -> true end") == sum(
        1 for row in held if row[1] == 0 and row != rows[0]
    )


def test_one_query_of_tables_of_different_types() -> None:
    """What is known of a query and one table's type is not taken for what holds for another's."""
    query = spec("fun({K, V}) when V =:= 7 -> true end")
    typed = ets.new("typed", tuple[int, int], index=[2])
    floats = ets.new("floats", tuple[int, float], index=[2])
    untyped: ets.Table[Any] = ets.new("untyped", index=[2])
    typed.insert([(1, 7), (2, 7), (3, 8)])
    floats.insert([(1, 7.0), (2, 8.0)])
    untyped.insert([(1, 7), (2, 7.0), (3, 7, "more"), (4, 7)])
    for _ in range(2):
        assert [table.select_count(query) for table in (typed, floats, untyped)] == [2, 0, 2]
        assert [table.select_count(query) for table in (untyped, typed, floats)] == [2, 2, 0]
    query = spec("fun({K, V}) when K >= 3, K < 9 -> true end")
    ordered = ets.new("typed", tuple[int, int], type="ordered_set")
    other: ets.Table[Any] = ets.new("untyped", type="ordered_set")
    ordered.insert([(n, n) for n in range(20)])
    other.insert([(3, 1), (4.5, 1), (5, 1, "more"), ("5", 1)])
    for _ in range(2):
        assert [table.select_count(query) for table in (ordered, other)] == [6, 2]


def test_floats_that_are_no_numbers() -> None:
    rows = [(n, value) for n, value in enumerate([1.0, math.nan, -math.inf, math.inf, 5.0, math.nan, -0.0])]
    plain, indexed = ets.new("plain", tuple[int, float]), ets.new("indexed", tuple[int, float], index=[2])
    keyed = ets.new("keyed", tuple[float, int], type="ordered_set")
    for table in (plain, indexed):
        table.insert(rows)
    keyed.insert([(value, n) for n, value in rows])
    same = repr(plain.match_object((ANY, math.nan)))
    assert repr(indexed.match_object((ANY, math.nan))) == same == "[(1, nan), (5, nan)]"
    for sign in SIGNS:
        for value in ("5.0", "0.0", "1.0"):
            found = plain.select(f"fun({{N, V}}) when V {sign[0]} {value} -> N end")
            assert indexed.select(f"fun({{N, V}}) when V {sign[0]} {value} -> N end") == found
            assert indexed.select_count(f"fun({{_, V}}) when V {sign[0]} {value} -> true end") == len(found)
            held = {n for _, n in keyed.tab2list()}
            assert set(keyed.select(f"fun({{V, N}}) when V {sign[0]} {value} -> N end")) == held & set(found)


class Odd(int):
    """Equal to everything."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return int(self)


def test_a_column_with_a_subclass_of_int() -> None:
    for kind in KINDS:
        table = table_of(kind, [*CITIES[:20], City(500, "odd", 1.0, Odd(77))])
        assert table.select_count(lambda u: u.size == 7) == 1 + sum(1 for u in CITIES[:20] if u.size == 7)
    lowest = CITIES[0].number
    table = table_of("ordered_set", [*CITIES[:20], City(Odd(500), "odd", 1.0, 3)])
    assert table.select_count(lambda u: u.number == lowest) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_counts_follow_what_is_written(kind: Kind) -> None:
    table = table_of(kind, [])
    rows: dict[int, City] = {}
    chance = random.Random(5)
    query = "fun({Number, Name, Height, Size}) when Size >= 3, Size < 9 -> true end"
    for _ in range(300):
        number = chance.randrange(40)
        if chance.random() < 0.7:
            rows[number] = City(number, "x", 0.5, chance.randrange(12))
            table.insert(rows[number])
        else:
            rows.pop(number, None)
            table.delete(number)
        expected = sum(1 for row in rows.values() if 3 <= row.size < 9)
        assert table.select_count(query) == expected


def test_explain_tells() -> None:
    table = table_of("ordered_set")
    told = table.explain(lambda u: 10 <= u.number < 20, counts=True)
    assert (told.plan, told.estimate, told.counted) == ("range", 10, True)
    assert "looks at none of them" in str(told)
    assert table.explain(lambda u: u.number >= 10 and u.height > 1.0, counts=True).counted is False
    assert table.explain(lambda u: u if u.number >= 10 else SKIP).counted is False
