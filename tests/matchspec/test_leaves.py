"""A comparison of a column with a constant has tests of its own by type: each says what the plain definition says."""

import operator
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from matchspec import ANY, Atom, V, const, spec
from tests.naive_terms import is_nan, kind, order, same
from tests.strategies import atoms, floats, foreign, integers, odd_floats, points, texts

Value: TypeAlias = Any

# Beyond 2**53 an int may have no float, and a float no fraction; 2.5 lies between two ints; True is no int.
EDGES = [2**53, 2**53 + 1, -(2**53), -(2**53) - 1, 10**400, 2.0**53, 2.5, -2.5, -0.0, 1e308, 1, 1.0, True, "", "a", "b"]
edges: st.SearchStrategy[Value] = st.sampled_from(EDGES)
constants = edges | integers | floats | odd_floats | texts | atoms
values = constants | foreign | points
literals = constants.filter(lambda term: not isinstance(term, Atom) or term.name[:1] not in {"_", "$"})

ERLANG: dict[str, Callable[[Value, Value], bool]] = {
    "<": lambda a, b: order(a, b) < 0,
    "=<": lambda a, b: order(a, b) <= 0,
    ">": lambda a, b: order(a, b) > 0,
    ">=": lambda a, b: order(a, b) >= 0,
    "==": lambda a, b: order(a, b) == 0,
    "=:=": same,
}
PYTHON: dict[str, Callable[[Value, Value], Value]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
}


@pytest.mark.parametrize("sign", ERLANG)
@given(value=values, constant=constants)
@settings(max_examples=300)
@example(value=3, constant=2.5)
@example(value=2**53 + 1, constant=2.0**53)
@example(value=True, constant=1)
def test_erlangs_comparisons(sign: str, value: Value, constant: Value) -> None:
    expected = ERLANG[sign](value, constant)
    if (is_nan(value) or is_nan(constant)) and kind(value) == kind(constant):
        expected = False  # in guards numbers that are none compare as IEEE 754 says
    turned = {"<": ">", "=<": ">=", ">": "<", ">=": "=<"}.get(sign, sign)
    for guard in ((Atom(sign), V(2), const(constant)), (Atom(turned), const(constant), V(2))):
        query = spec([((ANY, V(2)), [guard], [V(2)])])
        assert (query.test((0, value)) is value) is expected, guard
        counted = spec([((ANY, V(2)), [], [guard])])
        assert counted.program.count([(0, value), (value,), None]) == expected
        assert counted.program.chosen([(0, value), (value,)]) == ([(0, value)] if expected else [])


@pytest.mark.parametrize("sign", PYTHON)
@given(value=values, constant=constants)
@settings(max_examples=300)
@example(value=3, constant=2.5)
@example(value=True, constant=1)
@example(value=None, constant=1)
def test_pythons_comparisons(sign: str, value: Value, constant: Value) -> None:
    try:
        expected = bool(PYTHON[sign](value, constant))
    except (TypeError, ArithmeticError):  # a Decimal that is no number refuses to be ordered
        expected = False
    condition = spec(f"lambda a, b: (a, b) if b {sign} limit else SKIP", env={"limit": constant})
    assert len(condition.run([(0, value)])) == expected
    body = spec(f"lambda a, b: b {sign} limit", env={"limit": constant})
    assert body.program.count([(0, value)]) == expected


@given(value=values, literal=literals)
def test_literals_of_heads_are_exact(value: Value, literal: Value) -> None:
    query = spec([((ANY, literal), [], [True])])
    zeros = value == 0 and literal == 0 and isinstance(value, float) and isinstance(literal, float)
    if not zeros and not is_nan(value) and not is_nan(literal):  # heads compare floats bit by bit
        assert len(query.run([(0, value)])) == same(value, literal)


def test_a_true_body_is_not_a_truthy_one() -> None:
    rows = [(1, True), (True, True), (1, 1), (0, True), (False, True)]
    for text in ("lambda a, b: a and b", "lambda a, b: a and b and a == 1", "lambda a, b: a == 1 and b"):
        plain: list[tuple[Value, Value]] = [
            row
            for row in rows
            if {
                "lambda a, b: a and b": lambda a, b: a and b,
                "lambda a, b: a and b and a == 1": lambda a, b: a and b and a == 1,
                "lambda a, b: a == 1 and b": lambda a, b: a == 1 and b,
            }[text](*row)
            is True
        ]
        query = spec(text)
        assert query.program.chosen(rows) == plain
        assert query.program.count(rows) == len(plain)


@given(
    value=values, choices=st.lists(constants, min_size=2, max_size=9), made=st.sampled_from([tuple, list, frozenset])
)
@settings(max_examples=500)
@example(value=True, choices=[0, 1.0, 2, 3], made=tuple)
@example(value=Atom("a"), choices=["a", "b", "c", "d"], made=list)
@example(value=float("nan"), choices=[1, 2, 3, 4], made=tuple)
def test_pythons_in(value: Value, choices: list[Value], made: Callable[[list[Value]], Value]) -> None:
    collection = made(choices)
    inside = spec(lambda key, v: v in collection)
    outside = spec(lambda key, v: v not in collection)
    try:
        expected = value in collection
    except Exception:  # noqa: BLE001  # a value's own comparison may raise anything
        assert inside.program.count([(0, value)]) == outside.program.count([(0, value)]) == 0
    else:
        assert inside.program.count([(0, value)]) == expected
        assert outside.program.count([(0, value)]) == (not expected)
