"""What a query asks of the elements of a key that is a tuple, against plain Python over the same rows."""

import operator
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchspec import SKIP
from runtime import ets


class Place(NamedTuple):
    block: int
    row: str
    depth: float


class Box(NamedTuple):
    place: Place
    weight: int


ROWS = "aßz\uffff\U0001f600"
BOXES = [
    Box(Place(block, row, depth / 2), block * 10 + depth)
    for block in range(-2, 5)
    for row in ("", *ROWS)
    for depth in range(4)
]
SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "=<": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "=:=": operator.eq,
    "/=": operator.ne,
}
PYTHON = {"=<": "<=", "=:=": "==", "/=": "!="}
VALUES: list[st.SearchStrategy[Any]] = [
    st.integers(-3, 5),
    st.sampled_from(["", "a", "b", *ROWS]),
    st.sampled_from([0.0, 0.5, 0.75, 1.5, 2.0]),
]
WAYS = [("key[0]", "key[-3]", "key.block"), ("key[1]", "key[-2]", "key.row"), ("key[2]", "key[-1]", "key.depth")]
Condition = tuple[str, str, Callable[[Place], bool]]  # as Erlang says it, as a lambda does, and as Python runs it


def erlang(value: Any) -> str:
    return f'<<"{value}"/utf8>>' if isinstance(value, str) else repr(value)


@st.composite
def comparisons(draw: st.DrawFn) -> Condition:
    index = draw(st.integers(0, 2))
    sign = draw(st.sampled_from(list(SIGNS)))
    value = draw(VALUES[index])
    way = draw(st.sampled_from(WAYS[index]))
    holds = SIGNS[sign]
    return (
        f"(element({index + 1}, K) {sign} {erlang(value)})",
        f"({way} {PYTHON.get(sign, sign)} {value!r})",
        lambda place: holds(place[index], value),
    )


def joined(parts: list[Condition], every: bool) -> Condition:
    signs = ("andalso", "and") if every else ("orelse", "or")
    in_erlang = f"({f' {signs[0]} '.join([part[0] for part in parts])})"
    in_python = f"({f' {signs[1]} '.join([part[1] for part in parts])})"
    both = all if every else any
    return in_erlang, in_python, lambda place: both([part[2](place) for part in parts])


CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    comparisons(), lambda parts: st.builds(joined, st.lists(parts, min_size=2, max_size=3), st.booleans()), max_leaves=6
)


def table_of(row: Any) -> ets.Table[Any]:
    table: ets.Table[Any] = ets.new("boxes", row, type="ordered_set")
    table.insert(BOXES)
    return table


def tables() -> Iterator[ets.Table[Any]]:
    """One after the other, made anew: another test may end the process that a table belongs to."""
    for row in (Box, tuple[tuple[int, str, float], int]):
        table = table_of(row)
        yield table
        table.drop()


@given(CONDITIONS)
def test_any_conditions_on_the_elements(condition: Condition) -> None:
    in_erlang, in_python, holds = condition
    expected = [box.weight for box in sorted(BOXES) if holds(box.place)]
    for table in tables():
        assert table.select(f"fun({{K, W}}) when {in_erlang} -> W end") == expected
        assert table.select(f"fun({{_, W}} = R) when {in_erlang.replace('K', 'element(1, R)')} -> W end") == expected
        assert table.select_count(f"fun({{K, _}}) -> {in_erlang} end") == len(expected)
        if table.fields:
            assert table.select(f"lambda key, weight: weight if {in_python} else SKIP") == expected


@given(CONDITIONS, st.integers(-3, 5))
def test_with_a_pattern_for_the_key(condition: Condition, block: int) -> None:
    in_erlang, _, holds = condition
    expected = [box.weight for box in sorted(BOXES) if holds(box.place) and box.place.block == block]
    for table in tables():
        head, asked = f"{{{{{block}, _, _}}, W}} = R", in_erlang.replace("K", "element(1, R)")
        assert table.select(f"fun({head}) when {asked} -> W end") == expected


def test_only_the_rows_in_the_range_are_looked_at() -> None:
    table = table_of(Box)
    low, high = 1, 3
    asked: list[tuple[Callable[[Box], Any], int]] = [
        (lambda box: box if box.place.block == 1 else SKIP, 24),
        (lambda box: box if box.place[0] == 1 and box.place[1] == "a" else SKIP, 4),
        (lambda box: box if box.place.block == 1 and "a" <= box.place.row < "z" else SKIP, 4),
        (lambda box: box if box.place.block in (1, 3) else SKIP, 48),
        (lambda box: box if low <= box.place.block < high else SKIP, 48),
        (lambda box: box if box.place.block == 2 and box.place.row == "z" and box.place.depth > 0.5 else SKIP, 2),
    ]
    for query, candidates in asked:
        told = table.explain(query, analyze=True)
        assert (told.plan, told.candidates) == ("range", candidates)
        assert table.select(query) == [box for box in sorted(BOXES) if query(box) is not SKIP]


class Anything(int):
    """Equal to everything, and less."""

    def __eq__(self, other: object) -> bool:
        return True

    def __lt__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1


class Crooked(Place):
    """Elements that are others when they are asked for."""

    __slots__ = ()

    def __getitem__(self, index: Any) -> Any:
        return 77


@pytest.mark.parametrize("odd", [Place(Anything(3), "a", 0.25), Crooked(3, "a", 0.25)])
def test_keys_with_elements_of_their_own_mind(odd: Any) -> None:
    table: ets.Table[Any] = ets.new("boxes", tuple[tuple[int, str, float], int], type="ordered_set")
    table.insert([*BOXES, (odd, 1000)])
    rows = table.tab2list()
    assert len(rows) == len(BOXES) + 1
    found = table.select(lambda key, weight: weight if key[0] == 77 else SKIP)
    assert found == [weight for key, weight in rows if key[0] == 77] == [1000]
