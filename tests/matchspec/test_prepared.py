"""Queries that are met again are used again, and mean what they would mean if they were made anew."""

import builtins
import math
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grammar.limits import LIMITS
from matchspec import SKIP, MatchSpecError, prepared, spec
from tests.naive_terms import same
from tests.strategies import atoms, floats, integers, odd_floats, points, scalars, texts

Value: TypeAlias = Any
LIMIT: Value = 1

# Equal in Python, and yet different terms; in this order, so that each follows one that it must not be taken for.
ALIKE: list[Value] = [
    1,
    1.0,
    True,
    0,
    0.0,
    -0.0,
    False,
    "1",
    b"1",
    (1,),
    (1.0,),
    (True,),
    None,
    math.inf,
    2**70,
    2.0**70,
]
values = st.sampled_from(ALIKE) | integers | floats | odd_floats | texts | atoms | scalars | points


def bounded(most: Value) -> Callable[..., Value]:
    below: Callable[..., Value] = lambda row, most=most: row < most
    return below


class Item(NamedTuple):
    n: int


def captured(value: Value) -> Value:
    """Always the same lambda, with another value."""
    return spec(lambda row: (row, value))


def shown(result: Value) -> str:
    """A text that tells apart what `==` does not: 1, 1.0 and True, 0.0 and -0.0."""
    return f"{type(result).__name__} {result!r}"


@given(st.lists(values, min_size=1, max_size=8))
def test_each_call_has_the_value_of_the_moment(sequence: list[Value]) -> None:
    for value in [*sequence, *sequence]:
        row, result = captured(value).test((0,))
        assert row == (0,)
        assert shown(result) == shown(value)


def test_one_and_true_and_zeros_are_kept_apart() -> None:
    for value in [*ALIKE, *reversed(ALIKE), *ALIKE]:
        assert shown(captured(value).test((0,))[1]) == shown(value)


def test_the_same_value_gives_the_same_query() -> None:
    first = captured(12345)
    assert captured(int("12345")) is first
    assert captured(12346) is not first
    assert spec("lambda u: u > 3") is spec("lambda u: u > 3")
    assert spec("fun(X) when X > 3 -> X end") is not spec("fun(X) when X > 4 -> X end")


def test_row_types_and_options_are_part_of_a_text() -> None:
    text = "lambda row: row.n"
    assert spec(text, row=Item).test(Item(3)) == 3
    with pytest.raises(MatchSpecError):
        spec("lambda row: row.m", row=Item)
    with pytest.raises(MatchSpecError):
        spec(text)
    assert spec(text, row=Item).row_type is Item
    assert spec("lambda u: u > limit", env={"limit": 1}).test(2, None) is True
    assert spec("lambda u: u > limit", env={"limit": 3}).test(2, None) is False
    spec("fun(X) -> X end")
    with pytest.raises(MatchSpecError):
        spec("fun(X) -> X end", syntax="elixir")


def test_a_limit_that_is_lowered_counts_at_once() -> None:
    text = "fun(X) when X > 1 -> {X, {X, {X}}} end"
    spec(text)
    before = LIMITS.max_depth
    try:
        LIMITS.max_depth = 2
        with pytest.raises(MatchSpecError):
            spec(text)
    finally:
        LIMITS.max_depth = before


def test_what_can_be_changed_in_place_is_looked_at_again() -> None:
    choices = [1, 2]
    query: Callable[[], Value] = lambda: spec(lambda row: row in choices)
    assert query().run([2, 3]) == [True, False]
    choices[:] = [3]
    assert query().run([2, 3]) == [False, True]
    holder = SimpleNamespace(limit=1)
    query = lambda: spec(lambda row: row > holder.limit)
    assert query().run([2]) == [True]
    holder.limit = 5
    assert query().run([2]) == [False]
    nested = ([1],)
    query = lambda: spec(lambda row: (row, nested))
    assert query().test(0) == (0, ([1],))
    nested[0].append(2)
    assert query().test(0) == (0, ([1, 2],))


def test_globals_builtins_and_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    by_global: Callable[[], Value] = lambda: spec(lambda row: row > LIMIT)
    assert by_global().run([2]) == [True]
    monkeypatch.setitem(globals(), "LIMIT", 2)
    assert by_global().run([2]) == [False]
    by_builtin: Callable[[], Value] = lambda: spec(lambda row: len(row) + 0)
    assert by_builtin().run([(1, 2)]) == [2]
    monkeypatch.setitem(globals(), "len", max)
    assert by_builtin().run([(1, 7)]) == [7]
    monkeypatch.delitem(globals(), "len")
    monkeypatch.setattr(builtins, "LIMITS_OF_NOBODY", 3, raising=False)

    def by_default(most: Value) -> Value:
        return spec(bounded(most))

    assert [by_default(most).run([2]) for most in (1, 3, 3.0, 1)] == [[False], [True], [True], [False]]


def test_a_variable_that_is_not_assigned_yet() -> None:
    def make(assign: bool) -> Value:
        if assign:
            later = 1
        return spec(lambda row: row > later)

    assert make(True).test(2) is True
    with pytest.raises(MatchSpecError, match="later"):
        make(False)
    assert make(True).test(2) is True


def test_names_that_a_class_mangles() -> None:
    class Home:
        def __init__(self, limit: int) -> None:
            self.limit = limit

        def query(self) -> Value:
            __limit = self.limit
            return spec(lambda row: row > __limit)

    assert Home(1).query().test(2) is True
    assert Home(3).query().test(2) is False


def test_row_types_of_a_lambda() -> None:
    class Other(NamedTuple):
        m: int
        n: int

    make: Callable[[Value], Value] = lambda row: spec(lambda r: r.n, row=row)
    assert make(Item).test(Item(1)) == 1
    assert make(Other).test(Other(1, 2)) == 2
    assert make(Item).test(Item(1)) == 1


def lambdas(number: int) -> Iterator[Value]:
    for n in range(number):
        yield spec(f"lambda row: row > {n} + 1_000_000")


def test_what_is_kept_is_bounded() -> None:
    for query in lambdas(prepared.MAX_QUERIES + 50):
        assert query.test(0) is False
    assert len(prepared._texts) <= prepared.MAX_QUERIES
    for value in range(prepared.MAX_VALUES + 3):
        assert captured(value).test(0) == (0, value)
    assert all(len(entries) <= prepared.MAX_VALUES for entries in prepared._functions.values())
    assert len(prepared._functions) <= prepared.MAX_QUERIES


def test_skip_is_a_name_from_outside() -> None:
    make: Callable[[int], Value] = lambda limit: spec(lambda row: row if row > limit else SKIP)
    assert [make(limit).run([1, 2, 3]) for limit in (1, 2, 1)] == [[2, 3], [3], [2, 3]]


def test_terms_are_compared_by_an_independent_definition() -> None:
    for one in ALIKE:
        for other in ALIKE:
            captured(one)
            if not same(one, other):
                assert captured(one) is not captured(other)
