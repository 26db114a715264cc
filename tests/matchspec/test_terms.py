"""Terms: what equality, keys and order are, against a plain walk over two terms; limits; atoms; identities."""

import copy
import pickle
from datetime import UTC, datetime, time
from decimal import Decimal
from enum import KEEP, Flag
from functools import cmp_to_key
from itertools import pairwise, product
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchspec import COMPILED, Atom, Bitstring, ImproperList, Pid, Ref, TermError, V, compare, exactly_equal
from matchspec.maps import KeyFloat, KeyInt
from matchspec.terms import MAX_TERM_DEPTH, cons, exact_key, less, numerically_equal, order_key, rank
from matchspec.values import MAX_VARIABLE, shown, variable_number
from tests import naive_terms
from tests.strategies import Colour, Level, Point, erlang_terms, terms

Value: TypeAlias = Any


@given(terms, terms)
def test_exact_keys_are_equal_just_when_terms_are(left: Value, right: Value) -> None:
    keys = exact_key(left), exact_key(right)
    assert (keys[0] == keys[1]) == naive_terms.same(left, right)
    if keys[0] == keys[1]:
        assert hash(keys[0]) == hash(keys[1])


@given(terms)
def test_a_term_is_equal_to_its_copy(term: Value) -> None:
    assert exact_key(copy.deepcopy(term)) == exact_key(term)
    assert compare(copy.deepcopy(term), term) == 0


@given(erlang_terms, erlang_terms)
def test_equality_is_that_of_a_plain_walk(left: Value, right: Value) -> None:
    assert exactly_equal(left, right) == naive_terms.same(left, right)
    assert numerically_equal(left, right) == (naive_terms.order(left, right) == 0)


@given(terms, terms)
def test_order_is_that_of_a_plain_walk(left: Value, right: Value) -> None:
    try:
        wanted = naive_terms.order(left, right)
    except LookupError:
        assert compare(left, right) == -compare(right, left) != 0
        return
    assert compare(left, right) == (wanted > 0) - (wanted < 0)
    assert compare(right, left) == -compare(left, right)
    assert (order_key(left) == order_key(right)) == (wanted == 0)


@given(erlang_terms, erlang_terms)
def test_less_is_the_order(left: Value, right: Value) -> None:
    assert less(left, right) == (naive_terms.order(left, right) < 0)


@given(st.lists(terms, min_size=3, max_size=7), st.integers())
def test_order_is_transitive(items: list[Value], seed: int) -> None:
    ordered = sorted(items, key=cmp_to_key(compare))
    for place, left in enumerate(ordered):
        for right in ordered[place:]:
            assert compare(left, right) <= 0


def test_numbers_and_booleans_are_different_terms() -> None:
    for left, right in [(1, 1.0), (1, True), (1.0, True), (0, False), ("a", b"a"), (Level.LOW, 1), ((1,), (1.0,))]:
        assert not exactly_equal(left, right)
        assert exact_key(left) != exact_key(right)
    assert numerically_equal(1, 1.0)
    assert not numerically_equal(1, True)
    assert exactly_equal(Point(1, "a"), (1, "a"))
    assert exactly_equal(0.0, -0.0)  # as OTP 25 has it


@pytest.mark.parametrize("number", [2**53, 2**53 + 1, 2**63 + 1, 10**25, 10**400, -(2**53) - 1])
def test_integers_and_floats_compare_exactly(number: int) -> None:
    assert not numerically_equal(2**53 + 1, float(2**53))
    assert compare(number, 1.7e308) == (1 if number > 10**308 else -1)
    assert compare(float(2**53), 2**53 + 1) == -1


def test_kinds_come_in_erlangs_order() -> None:
    ladder = [1, Atom("z"), Ref(), len, Pid(), (9, 9), {1: 1}, [], [1], "", Colour.RED]
    assert [rank(term) for term in ladder] == sorted(rank(term) for term in ladder)
    for low, high in pairwise(ladder):
        assert compare(low, high) == -1


def test_nan_has_one_place_after_all_numbers() -> None:
    nan = float("nan")
    assert compare(nan, float("nan")) == 0
    assert compare(nan, float("inf")) == 1
    assert compare(nan, Atom("a")) == -1
    assert exact_key(nan) == exact_key(float("nan"))
    assert not exactly_equal(nan, nan)  # a guard follows IEEE 754
    assert not less(nan, 1)
    assert not less(1, nan)


def test_times_with_and_without_a_zone_have_an_order() -> None:
    moments: list[Value] = [
        *(datetime(2024, 1, 1), datetime(2023, 1, 1, tzinfo=UTC), datetime(2025, 1, 1)),  # noqa: DTZ001  # naive ones
        *(time(1), time(2, tzinfo=UTC), time(0)),
    ]
    ordered = sorted(moments, key=cmp_to_key(compare))
    moments.reverse()
    assert sorted(moments, key=cmp_to_key(compare)) == ordered


class Bits(Flag, boundary=KEEP):
    ONE = 1
    TWO = 2


def test_flags_without_a_name_have_an_order() -> None:
    flags = [Bits(0), Bits.ONE, Bits.TWO, Bits.ONE | Bits.TWO, Bits(8), Bits(16)]
    for left, right in product(flags, flags):
        assert compare(left, right) == -compare(right, left)
        assert (compare(left, right) == 0) == (left is right)


def test_classes_without_a_module_have_an_order() -> None:
    nowhere = type("Nowhere", (), {"__module__": None})()
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    assert compare(nowhere, moment) == -compare(moment, nowhere) != 0
    assert compare(nowhere, nowhere) == 0


class Angry:
    """A value whose own code always raises."""

    def __eq__(self, other: object) -> bool:
        raise ZeroDivisionError

    def __lt__(self, other: object) -> bool:
        raise ZeroDivisionError

    def __hash__(self) -> int:
        raise ZeroDivisionError

    def __repr__(self) -> str:
        raise ZeroDivisionError


def test_values_with_broken_methods_are_terms_all_the_same() -> None:
    angry = Angry()
    assert compare(angry, angry) == 0
    assert compare(angry, 1) == 1
    assert exactly_equal((angry,), (1,)) is False
    assert exact_key(angry) == exact_key(angry)
    assert shown(angry) == "a value of type Angry"


def nested(depth: int, wrap: Value) -> Value:
    term: Value = 1
    for _ in range(depth):
        term = wrap(term)
    return term


WRAPPERS: list[Value] = [
    lambda term: (term,),
    lambda term: [term],
    lambda term: {1: term},
    lambda term: ImproperList((term,), 1),
    lambda term: ImproperList((1,), (term,)),
]


@pytest.mark.parametrize("wrap", WRAPPERS)
def test_depth_is_limited(wrap: Value) -> None:
    fine = nested(MAX_TERM_DEPTH // 2, wrap)
    assert compare(fine, copy.copy(fine)) == 0
    for depth in (MAX_TERM_DEPTH + 2, 5_000):
        deep = nested(depth, wrap)
        for action in (exact_key, order_key):
            with pytest.raises(TermError, match="nested"):
                action(deep)


def test_values_that_contain_themselves_are_refused() -> None:
    endless: list[Value] = [1]
    endless.append(endless)
    mapping: dict[Value, Value] = {}
    mapping[1] = mapping
    for term in (endless, (endless,), mapping):
        for action in (exact_key, order_key):
            with pytest.raises(TermError, match="nested"):
                action(term)
        with pytest.raises(TermError, match="nested"):
            exactly_equal(term, [term])


def test_a_stack_that_is_almost_full_gives_a_term_error() -> None:
    term = nested(MAX_TERM_DEPTH - 1, lambda inner: [inner])

    def deeper(left: int) -> Value:
        return deeper(left - 1) if left else exact_key(term)

    if COMPILED:  # native calls take nothing from Python's stack; the limit on a term's depth holds
        assert hash(deeper(700)) == hash(exact_key(term))
    else:
        with pytest.raises(TermError, match="stack"):
            deeper(700)


def test_atoms_are_interned_and_immutable() -> None:
    atom = Atom("ok")
    assert Atom("o" + "k") is atom
    named: list[Value] = [Atom("true"), Atom("false"), Atom("nil")]
    assert named == [True, False, None]
    assert copy.deepcopy([atom])[0] is atom
    assert pickle.loads(pickle.dumps(atom)) is atom
    with pytest.raises(AttributeError):
        atom.name = "other"
    assert repr(Atom("ok")) == ":ok"
    assert repr(Atom("a b")) == ':"a b"'
    Atom("x" * 255)
    with pytest.raises(TermError, match="255"):
        Atom("x" * 256)
    with pytest.raises(TermError, match="int"):
        Atom(1)  # type: ignore[arg-type]  # what is refused


def test_copies_of_identities_are_the_same() -> None:
    for identity in (Pid(), Ref()):
        assert copy.copy(identity) is identity
        assert copy.deepcopy([identity])[0] is identity
        assert exactly_equal(identity, identity)
        assert not exactly_equal(identity, type(identity)())
        assert less(identity, type(identity)())


@pytest.mark.parametrize(
    ("name", "number"),
    [
        *(("$0", 0), ("$1", 1), ("$10", 10), ("$99999999", 99_999_999), ("$2147483647", MAX_VARIABLE)),
        *(
            (name, -1)
            for name in ("$01", "$", "$a", "$1a", "1", "$$", "$_", "$2147483648", "$99999999999", "$١", "$ 1")
        ),
    ],
)
def test_variables(name: str, number: int) -> None:
    assert variable_number(Atom(name)) == number
    assert variable_number(name) == -1  # a str is no atom
    if number >= 0:
        assert V(number) is Atom(name)


@pytest.mark.parametrize("number", [-1, MAX_VARIABLE + 1, True, 1.0, "1"])
def test_numbers_of_variables_are_checked(number: Value) -> None:
    with pytest.raises(TermError, match="V takes an int"):
        V(number)


def test_improper_lists() -> None:
    assert cons([1], [2]) == [1, 2]
    assert cons([1], ImproperList((2,), 3)) == ImproperList((1, 2), 3)
    assert cons([], 3) == 3
    assert ImproperList((1,), 2) != ImproperList((1.0,), 2)
    assert ImproperList([1], 2) == ImproperList((1,), 2)
    assert len({ImproperList((1,), 2), ImproperList((1,), 2), ImproperList((True,), 2)}) == 2
    with pytest.raises(TermError, match="at least one"):
        ImproperList((), 1)
    with pytest.raises(TermError, match="tail"):
        ImproperList((1,), [])


@pytest.mark.parametrize(("data", "bits"), [(b"\x80", 8), (b"", 1), (b"\x01", 1), (b"\x80\x00", 3), (b"\x80", 0)])
def test_bitstrings_are_checked(data: bytes, bits: int) -> None:
    with pytest.raises(TermError, match="Bitstring"):
        Bitstring(data, bits)


def test_keys_that_stand_apart_are_numbers() -> None:
    assert exactly_equal(KeyInt(1), 1)
    assert exactly_equal(KeyFloat(1.0), 1.0)
    assert compare(KeyInt(1), 1.0) == 0
    assert numerically_equal((KeyInt(1),), (1.0,))
    assert compare(KeyFloat(1.5), KeyInt(1)) == 1


def test_decimals_that_are_no_numbers() -> None:
    assert exact_key(Decimal("NaN")) == exact_key(Decimal("sNaN"))
    assert compare(Decimal("NaN"), Decimal("Infinity")) == 1
    assert compare(Decimal("Infinity"), Decimal("NaN")) == -1
