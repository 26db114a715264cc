"""What operators of Python would cost: the stand-ins for costly comparisons say what Python says."""

from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from matchspec.pycosts import MAX_WIDTH, clash, clashes_in, ordering, weight

Value: TypeAlias = Any

WIDE: Final = 1 << MAX_WIDTH


@given(st.integers(-(10**60), 10**60), st.integers(-40, 40), st.integers(-(10**60), 10**60).filter(bool))
def test_ordering_is_pythons(coefficient: int, exponent: int, integer: int) -> None:
    number = Decimal(coefficient).scaleb(exponent)
    found = ordering(number, integer)
    if found is None:
        assert exponent < 0  # digits behind the point, and just as many before it as the integer has
    else:
        assert found == (number > integer) - (number < integer)


@given(st.integers(1, 200), st.sampled_from([-1, 0, 1]), st.booleans())
def test_ordering_at_powers_of_ten(exponent: int, step: int, negative: bool) -> None:
    number, integer = Decimal(f"1e{exponent}"), 10**exponent + step
    sign = -1 if negative else 1
    assert ordering(sign * number, sign * integer) == -sign * step
    assert ordering(-sign * number, sign * integer) == -sign


def test_clashes_are_found_at_every_depth() -> None:
    clashing: list[tuple[Value, ...]] = [
        (Decimal(1), WIDE),
        ([Decimal(1)], {"a": (WIDE,)}),
        ({Decimal(2)}, {WIDE: 1}),
        (((([Decimal(1), -WIDE],),),),),
        (Decimal(1), Fraction(1, WIDE)),
    ]
    for values in clashing:
        assert clash(*values)
        assert clash(*reversed(values))
    fine: list[tuple[Value, ...]] = [
        (Decimal(1), WIDE >> 1),
        (WIDE, WIDE),
        ([Decimal(1)], [Decimal(2)]),
        ("a", 1.5, None),
        (),
    ]
    for values in fine:
        assert not clash(*values)
    assert clashes_in(Decimal(1), {WIDE})
    assert clashes_in(WIDE, (Decimal(1),))
    assert not clashes_in(1, {WIDE, Decimal(1)})
    assert not clashes_in(Decimal(1), "a")


def test_weight_counts_what_a_walk_meets() -> None:
    row: Value = [0] * 10
    assert weight(row, 1_000) == 11
    assert weight([row] * 10, 1_000) == 111
    assert weight([[row] * 10] * 10, 1_000) == 1_000
    assert weight(("abc", b"de"), 1_000) == 8
    assert weight({"a": 1 << 640}, 1_000) == 14
