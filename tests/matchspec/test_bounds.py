"""Bounds of columns never lose a row: whatever value makes a condition true lies in the ranges found for it."""

import operator
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final, NamedTuple, TypeAlias

import pytest

from matchspec import ANY, NO_MATCH, ROW, Atom, V, spec
from matchspec.bounds import as_condition, column_ranges
from matchspec.intervals import ALL, NOTHING, Ranges, compared, intersection, shown_ranges, union
from matchspec.terms import order_key
from matchspec.values import Term
from tests.naive_terms import order

Value: TypeAlias = Any


class Level(IntEnum):
    ONE = 1
    TWO = 2


class Word(StrEnum):
    AB = "ab"


class Colour(Enum):
    RED = 1
    BLUE = 2


VALUES: Final[list[Value]] = [
    *(0, 1, 2, -1, 1.0, 2.5, 2**70, float(2**70), float("inf"), float("nan"), True, False, None, Atom("a"), Atom("b")),
    *("", "a", "ab", "abc", "b", b"ab", b"\xff", (), (1,), (1.0,), (1, 2), (True, 2), ("a", 1, 2), ("a", 2, 1)),
    *([], [1], [1, 2], {}, {1: 2}, Level.ONE, Level.TWO, Word.AB, Colour.RED, Colour.BLUE),
    *(date(2024, 1, 1), date(2024, 5, 1), datetime(2024, 1, 1, tzinfo=UTC), timedelta(1), timedelta(2)),
    *(Decimal(1), Decimal("2.5"), Decimal("nan"), Fraction(5, 2), frozenset([1])),
]
ERLANG: Final = ["<", "=<", ">", ">=", "==", "=:="]


def holds(ranges: Ranges, value: Value) -> bool:
    key: Any = order_key(value)
    return any(not (key, 0) < low and not high < (key, 1) for low, high in ranges)


@pytest.mark.parametrize("sign", ERLANG)
def test_erlangs_comparisons(sign: str) -> None:
    for constant in VALUES:
        for flipped in (False, True):
            sides: list[Value] = [V(1), (Atom("const"), constant)]
            condition = (Atom(sign), *(sides[::-1] if flipped else sides))
            query = spec([((ANY, V(1)), [condition], [ROW])])
            ranges = column_ranges(query, 2)
            for value in VALUES:
                if query.test((0, value)) is not NO_MATCH:
                    assert holds(ranges, value), (condition, value, ranges)
    assert column_ranges(spec([((ANY, V(1)), [(Atom(sign), V(1), 5)], [ROW])]), 2) != ALL


LAMBDAS: Final[dict[str, Callable[[Value], Value]]] = {
    "<": lambda c: spec(lambda k, v: k if v < c else NO),
    "<=": lambda c: spec(lambda k, v: k if v <= c else NO),
    ">": lambda c: spec(lambda k, v: k if v > c else NO),
    ">=": lambda c: spec(lambda k, v: k if v >= c else NO),
    "==": lambda c: spec(lambda k, v: k if v == c else NO),
    "flipped": lambda c: spec(lambda k, v: k if c < v else NO),
    "in": lambda c: spec(lambda k, v: k if v in (c, 2) else NO),
    "and": lambda c: spec(lambda k, v: k if v > 0 and v <= c else NO),
    "or": lambda c: spec(lambda k, v: k if v == "a" or v > c else NO),
    "not": lambda c: spec(lambda k, v: k if not v > c else NO),
}
NO: Final = "no"


@pytest.mark.parametrize("name", sorted(LAMBDAS))
def test_pythons_comparisons(name: str) -> None:
    for constant in VALUES:
        if isinstance(constant, (list, dict)):
            continue  # a lambda may only capture what cannot change
        query = spec(LAMBDAS[name](constant))
        # The rows that get past the guard of the first clause, which is the one with the condition.
        first = type(query)(query.clauses[:1])
        ranges = column_ranges(first, 2)
        for value in VALUES:
            if first.test((0, value)) is not NO_MATCH:
                assert holds(ranges, value), (name, constant, value, ranges)


def test_python_numbers_strings_and_dates_are_bounded() -> None:
    day = date(2024, 3, 1)
    cases: list[tuple[Value, list[Value], list[Value]]] = [
        (lambda k, v: k if v > 5 else NO, [6, 7.5, 2**70], [5, -1, "a", None, Atom("a"), (1,)]),
        (lambda k, v: k if 1 < v <= 5 else NO, [2, 5.0], [1, 6, "a", None]),
        (lambda k, v: k if v == "ab" else NO, ["ab"], ["a", "b", 1, None]),
        (lambda k, v: k if v.startswith("ab") else NO, ["ab", "abc"], ["a", "b", 1, None]),
        (lambda k, v: k if v >= day else NO, [date(2024, 5, 1)], [date(2024, 1, 1)]),
        (lambda k, v: k if v in ("a", "b") else NO, ["a", "b"], ["ab", 1, None]),
        (lambda k, v: k if v == Colour.RED else NO, [Colour.RED], [Colour.BLUE]),
    ]
    for query, inside, outside in cases:
        compiled = spec(query)
        ranges = column_ranges(type(compiled)(compiled.clauses[:1]), 2)
        assert all(holds(ranges, value) for value in inside), shown_ranges(ranges)
        assert not any(holds(ranges, value) for value in outside), shown_ranges(ranges)


def test_odd_columns_are_not_bounded_by_python() -> None:
    query = spec(lambda k, v: (k, v) if v > 5 else NO)
    first = type(query)(query.clauses[:1])
    assert column_ranges(first, 2, odd=True) == ALL
    assert column_ranges(first, 2) != ALL
    assert column_ranges(spec("fun({K, V}) when V > 5 -> K end"), 2, odd=True) != ALL


def test_prefixes_of_tuples() -> None:
    cases: list[tuple[str, list[Value]]] = [
        ("fun({{a, X, _}, _}) when X > 1, X < 4 -> X end", [(Atom("a"), 2, 9), (Atom("a"), 3, "z")]),
        ("fun({{a, X, _}, _}) when X >= 1, X =< 4 -> X end", [(Atom("a"), 1, 0), (Atom("a"), 4, {})]),
        ("fun({{a, 2, _}, _}) -> ok end", [(Atom("a"), 2, 9)]),
        ("fun({{_, _}, _}) -> ok end", [(1, 2)]),
        ("fun({{a, {b, X}}, _}) when X > 1 -> ok end", [(Atom("a"), (Atom("b"), 2))]),
    ]
    others: list[Value] = [(Atom("a"), 9, 9), (Atom("b"), 2, 9), (1, 2, 3), (1, 2, 3, 4), 5, "a", (Atom("a"), 0, 0)]
    others += [(Atom("a"), (Atom("b"), 1)), (Atom("a"), (Atom("c"), 2))]
    for text, inside in cases:
        query = spec(text)
        ranges = column_ranges(query, 1)
        for key in inside:
            assert query.test((key, 0)) is not NO_MATCH
            assert holds(ranges, key), text
        for key in others:
            assert holds(ranges, key) == (query.test((key, 0)) is not NO_MATCH), (text, key, shown_ranges(ranges))


class User(NamedTuple):
    id: int
    age: int


def test_a_body_bounds_where_only_true_counts() -> None:
    query = spec(lambda u: u.age > 18, row=User)
    assert column_ranges(query, 2) == ALL
    assert not holds(column_ranges(as_condition(query), 2), 18)
    assert holds(column_ranges(as_condition(query), 2), 19)


def test_what_cannot_match() -> None:
    assert column_ranges(spec("fun({X}) -> X end"), 2) == NOTHING
    assert column_ranges(spec("fun({X}) -> X end"), 2, everywhere=False) == ALL
    assert column_ranges(spec("fun(R) when element(2, R) > 3 -> R end"), 2, everywhere=False) != ALL
    assert column_ranges(spec("fun({X, Y}) when Y > 3, Y < 2 -> X end"), 2) == NOTHING


def test_algebra_of_ranges_against_sets() -> None:
    """Unions and intersections hold exactly the points that sets of integers say."""
    draw = random.Random(5)
    points = [order_key(n) for n in range(12)]
    names: dict[str, Callable[[Value, Value], bool]] = {
        "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq
    }  # fmt: skip

    def random_ranges(depth: int) -> tuple[Ranges, set[int]]:
        if depth == 0:
            sign, n = draw.choice(sorted(names)), draw.randrange(12)
            return compared(sign, points[n]), {m for m in range(12) if names[sign](m, n)}
        (left, mine), (right, other) = random_ranges(depth - 1), random_ranges(depth - 1)
        if draw.random() < 0.5:
            return union(left, right), mine | other
        return intersection(left, right), mine & other

    for _ in range(500):
        ranges, expected = random_ranges(draw.randrange(4))
        assert {n for n in range(12) if holds(ranges, n)} == expected
        assert all(first.high < second.low for first, second in pairwise(ranges))


def test_ranges_as_text() -> None:
    def shown(text: str) -> str:
        return shown_ranges(column_ranges(spec(text), 1))

    assert shown("fun({X}) when X >= 3, X < 7 -> X end") == "3..<7"
    assert shown("fun({X}) when X > 3 -> X end") == "3<.."
    assert shown("fun({X}) when X == 3 orelse X == 5 -> X end") == "3 or 5"
    assert shown('fun({<<"ab">>}) -> ok end') == "'ab'"


def test_the_order_is_that_of_terms() -> None:
    """`compared` agrees with a comparison written out separately, for plain terms of every kind."""
    plain: list[Term] = [value for value in VALUES if type(value) in (int, str, tuple) and value != (True, 2)]
    for left in plain:
        for right in plain:
            key: Any = order_key(right)
            assert holds(compared("<", key), left) == (order(left, right) < 0)
