"""Hypothesis strategies for terms of every kind and for match specs."""

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from hypothesis import strategies as st

from matchspec import Atom, Bitstring, TermError, V
from matchspec.maps import make_map
from matchspec.terms import cons
from tests.random_specs import BINARIES, BITS, FLOATS, INTS, ODD_ATOMS, Maker

Value: TypeAlias = Any  # any term
Terms: TypeAlias = st.SearchStrategy[Value]


class Colour(Enum):
    RED = 1
    GREEN = 2


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Point(NamedTuple):
    x: Value
    y: Value


# Small pools, so that equal and almost equal terms meet.
names: st.SearchStrategy[str] = st.sampled_from(
    ["a", "b", "ok", "Ab", "é", "a b", "fun", "nil ", "'", "\\", "", *ODD_ATOMS]
) | st.text(st.characters(codec="utf-8"), max_size=6)
atoms: Terms = names.map(Atom) | st.sampled_from([True, False, None])
integers: Terms = st.sampled_from(INTS) | st.integers(-3, 3) | st.integers()
floats: Terms = (
    st.sampled_from(FLOATS) | st.integers(-3, 3).map(float) | st.floats(allow_nan=False, allow_infinity=False)
)
odd_floats: Terms = st.sampled_from([float("nan"), float("inf"), float("-inf")])
texts: Terms = st.sampled_from([b for b in BINARIES if isinstance(b, str)]) | st.text(
    st.characters(codec="utf-8"), max_size=5
)
binaries: Terms = texts | st.binary(max_size=4) | st.sampled_from(BINARIES)
bits: Terms = st.sampled_from(BITS) | st.tuples(
    st.integers(0, 2**19 - 1), st.sampled_from([1, 2, 3, 7, 9, 15, 19])
).map(
    lambda pair: Bitstring(
        ((pair[0] & (1 << pair[1]) - 1) << (-pair[1] % 8)).to_bytes(pair[1] // 8 + 1, "big"), pair[1]
    )
)
scalars: Terms = integers | floats | atoms | binaries | bits


def _map(pairs: list[tuple[Value, Value]]) -> Value:
    """A map of the pairs, or where a dict cannot hold the keys apart ({1} and {1.0} as sets, say) of the first one."""
    try:
        return make_map(pairs)
    except TermError:
        return make_map(pairs[:1])


def compounds(parts: Terms) -> Terms:
    """Tuples, lists, improper lists and maps of parts."""
    items = st.lists(parts, max_size=3)
    return (
        items
        | items.map(tuple)
        | st.tuples(st.lists(parts, min_size=1, max_size=2), parts).map(lambda pair: cons(pair[0], pair[1]))
        | st.lists(st.tuples(parts, parts), max_size=3).map(_map)
    )


# What Erlang has too.
erlang_terms: Terms = st.recursive(scalars, compounds, max_leaves=8)
# What Python adds: floats that are no numbers, members of an Enum, dates, sets, subclasses.
foreign: Terms = st.sampled_from(
    [
        *(Colour.RED, Colour.GREEN, Level.LOW, Level.HIGH),
        *(date(2024, 1, 1), date(2024, 1, 2), datetime(2024, 1, 1), timedelta(1)),  # noqa: DTZ001  # a naive one is meant
        *(
            Decimal(1),
            Decimal("1.0"),
            Decimal(2),
            Decimal("NaN"),
            Fraction(1),
            Fraction(1, 2),
            UUID(int=1),
            UUID(int=2),
        ),
        *(frozenset(), frozenset([1]), frozenset([1.0]), frozenset([True, 2]), frozenset([3, "a"]), complex(1, 2)),
    ]
)
points: Terms = st.tuples(integers, scalars).map(lambda pair: Point(*pair))
terms: Terms = st.recursive(scalars | odd_floats | foreign | points, compounds, max_leaves=8)
rows: Terms = st.lists(erlang_terms, min_size=1, max_size=4).map(tuple)
variables: Terms = st.integers(0, 12).map(V)


def _row_and_spec(seed: int) -> tuple[Value, Value]:
    maker = Maker(seed)
    row = maker.row()
    return row, maker.spec(row)


# Raw specs, a few of them refused by the engine, each with a row that it was made for.
rows_and_specs: st.SearchStrategy[tuple[Value, Value]] = st.integers(0, 2**32).map(_row_and_spec)


def shuffled(items: list[Value], seed: int) -> list[Value]:
    copy = list(items)
    random.Random(seed).shuffle(copy)
    return copy
