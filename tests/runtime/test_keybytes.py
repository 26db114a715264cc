"""Key bytes: their order is the order of terms, their equality that of keys; ranges lose no row."""

from datetime import UTC, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchspec import Atom, Bitstring, ImproperList, Pid, Ref, spec
from matchspec.bounds import column_ranges
from matchspec.intervals import point
from matchspec.maps import make_map
from matchspec.terms import MAX_TERM_DEPTH, compare, exact_key, order_key
from runtime.external import decode, encode
from runtime.keybytes import byte_ranges, key_bytes
from runtime.termjson import CodecError
from tests.naive_terms import order, same
from tests.strategies import shuffled, terms

Value = Any
pairs = st.tuples(terms, terms)


def sign(number: int) -> int:
    return (number > 0) - (number < 0)


def order_of_bytes(left: Value, right: Value) -> int:
    mine, other = key_bytes(left, True), key_bytes(right, True)
    return int(mine > other) - int(mine < other)


@settings(max_examples=1000)
@given(pairs)
def test_bytes_compare_as_terms_do(pair: tuple[Value, Value]) -> None:
    left, right = pair
    assert order_of_bytes(left, right) == compare(left, right)
    try:
        assert order_of_bytes(left, right) == sign(order(left, right))
    except LookupError:
        pass


@settings(max_examples=1000)
@given(pairs)
def test_exact_bytes_are_equal_for_the_same_terms_only(pair: tuple[Value, Value]) -> None:
    left, right = pair
    assert (key_bytes(left, False) == key_bytes(right, False)) is (exact_key(left) == exact_key(right))
    assert (key_bytes(left, False) == key_bytes(right, False)) is same(left, right)


@given(st.lists(terms, max_size=6), st.booleans())
def test_no_code_is_the_beginning_of_another(many: list[Value], ordered: bool) -> None:
    codes = {key_bytes(term, ordered) for term in many}
    assert not [(a, b) for a in codes for b in codes if a != b and b.startswith(a)]


NUMBERS: list[Value] = [
    *(float("-inf"), -(10**400), -1.7976931348623157e308, -(2**64) - 1, -(2**64), -float(2**53), -(2**53) + 1, -256),
    *(-255, -1.5, -1, -0.1, -5e-324, 0, 5e-324, 2.2250738585072014e-308, 0.1, 1, 1.0000000000000002, 2, 2.5, 255),
    *(256, 257, 65535, 65536, 2**53 - 1, 2**53, 2**53 + 1, 2**53 + 2, 2**63 - 1, 2**63, 2**64, 2**64 + 1, 2.0**65),
    *(1.7976931348623157e308, 10**309, 2**65280, 2**200_000 - 1, 2**200_000, float("inf"), float("nan")),
]


def test_numbers_of_every_size_compare_exactly() -> None:
    codes = [key_bytes(number, True) for number in NUMBERS]
    assert codes == sorted(codes)
    assert len(set(codes)) == len(codes)
    assert key_bytes(-0.0, True) == key_bytes(0, True)
    assert key_bytes(-0.0, False) == key_bytes(0.0, False) != key_bytes(0, False)


@settings(max_examples=500)
@given(st.integers() | st.floats(allow_nan=False), st.integers() | st.floats(allow_nan=False))
def test_two_numbers_compare_by_value(left: Value, right: Value) -> None:
    assert order_of_bytes(left, right) == (left > right) - (left < right)
    near = int(right) if right - right == 0 else 0
    assert order_of_bytes(left, near) == (left > near) - (left < near)


@given(st.fractions(), st.fractions())
def test_fractions_compare_by_value(left: Fraction, right: Fraction) -> None:
    assert order_of_bytes(left, right) == (left > right) - (left < right)


@given(st.decimals(allow_nan=False), st.decimals(allow_nan=False))
def test_decimals_compare_by_value(left: Decimal, right: Decimal) -> None:
    assert order_of_bytes(left, right) == int(left > right) - int(left < right)
    assert order_of_bytes(left, Decimal("NaN")) == -1


zones = st.none() | st.sampled_from([UTC, timezone(timedelta(hours=5, seconds=1)), timezone(timedelta(hours=-23))])


@given(st.datetimes(timezones=zones), st.datetimes(timezones=zones))
def test_datetimes_compare_as_moments(left: datetime, right: datetime) -> None:
    if (left.tzinfo is None) == (right.tzinfo is None):
        assert order_of_bytes(left, right) == (left > right) - (left < right)
    else:
        assert order_of_bytes(left, right) == (-1 if right.tzinfo is None else 1)


@given(st.times(timezones=zones), st.times(timezones=zones))
def test_times_compare_as_python_compares_them(left: time, right: time) -> None:
    if (left.tzinfo is None) == (right.tzinfo is None):
        assert order_of_bytes(left, right) == (left > right) - (left < right)


@given(st.timedeltas() | st.dates() | st.uuids() | st.complex_numbers(allow_nan=False))
def test_one_value_has_one_code(value: Value) -> None:
    assert order_of_bytes(value, decode(encode(value))) == 0


def test_pids_and_references_are_ordered_by_age() -> None:
    pids, refs = [Pid() for _ in range(300)], [Ref() for _ in range(300)]
    assert sorted(shuffled(pids, 1), key=lambda pid: key_bytes(pid, True)) == pids
    assert sorted(shuffled(refs, 2), key=lambda ref: key_bytes(ref, False)) == refs
    stranger = decode(bytes.fromhex("8358770361406200000009000000000000002a"))
    assert key_bytes(stranger, True) != key_bytes(pids[0], True)
    assert key_bytes(Atom("z"), True) < key_bytes(refs[0], True) < key_bytes(stranger, True) < key_bytes((), True)


@pytest.mark.parametrize("term", [len, object(), (1, [test_pids_and_references_are_ordered_by_age]), {1: range(3)}])
def test_what_has_no_place_is_refused(term: Value) -> None:
    with pytest.raises(CodecError, match="cannot be a key on disk"):
        key_bytes(term, True)


def test_nesting_has_a_limit() -> None:
    term: Value = 1
    for _ in range(MAX_TERM_DEPTH + 1):
        term = (term,)
    assert key_bytes(term, True)
    with pytest.raises(CodecError, match="nested deeper"):
        key_bytes((term,), False)
    frozen: Value = frozenset()
    for _ in range(MAX_TERM_DEPTH):
        frozen = frozenset([frozen])
    assert key_bytes(frozen, True)


# --- ranges -------------------------------------------------------------------------------------------------------


def inside(key: Value, ranges: Value) -> bool:
    code = key_bytes(key, True)
    return any(
        (low is None or low < code or (low_in and low == code))
        and (high is None or code < high or (high_in and high == code))
        for low, low_in, high, high_in in byte_ranges(ranges)
    )


def inside_keys(key: Value, ranges: Value) -> bool:
    cut = (order_key(key), 0)
    return any(not cut < low and cut < high for low, high in ranges)


GUARDS = [
    "A > 1", "A >= 2.0", "A < 5", "A =< {1, 2}", "A > {1, 2}", "A == [1, 2]", "A > [1|2]", "A < [1, {x}]", "A == <<\"ab\">>",
    "A > <<\"a\">>", "A >= x", "A < #{a => 1}", "A >= #{1.0 => b}", "A > 1, A < 3", "A == 1 orelse A > {a}", "A > [], A < [[]]",
    "A == <<1:3>>", "A =:= -1.5", "A < 100000000000000000000000000000",
]  # fmt: skip
HEADS = ["{1, '_'}", "{foo, A}", "{foo, 1, A}", "{{1, A}, '_'}", "{1, {A, '_'}}", "A", "{A, 1}", "{1.0, [A]}"]


@settings(max_examples=300)
@given(
    st.sampled_from(HEADS),
    st.lists(st.sampled_from(GUARDS), max_size=2),
    terms | st.tuples(st.sampled_from([1, 1.0, Atom("foo")]), terms),
)
def test_byte_ranges_hold_what_the_ranges_of_a_plan_hold(head: str, guards: list[str], key: Value) -> None:
    if "A" not in head:
        guards = []
    guard = " when " + ", ".join(guards) if guards else ""
    ranges = column_ranges(spec(f"fun({{{head}, '_'}}){guard} -> ok end".replace("'_'", "_")), 1)
    assert inside(key, ranges) is inside_keys(key, ranges)


@pytest.mark.parametrize(
    "query",
    [
        lambda row: row[0] > 3,
        lambda row: row[0] == "ab",
        lambda row: row[0].startswith("a\xff"),
        lambda row: row[0].startswith(b"a\xff\xff"),
        lambda row: row[0] >= Decimal("1.5"),
        lambda row: row[0] < Fraction(1, 3),
        lambda row: row[0] in (1, "x", None, 2.5, b"\x00\x01"),
        lambda row: row[0] > datetime(2024, 1, 1),  # noqa: DTZ001
    ],
)
@given(key=terms)
def test_ranges_of_python_comparisons_too(query: Value, key: Value) -> None:
    ranges = column_ranges(spec(query), 1)
    assert inside(key, ranges) is inside_keys(key, ranges)


@settings(max_examples=300)
@given(terms, terms)
def test_the_range_of_a_key_holds_just_the_key(key: Value, other: Value) -> None:
    ranges = point(order_key(key))
    assert inside(key, ranges)
    assert inside(other, ranges) is (order_of_bytes(key, other) == 0)


def test_ranges_of_pids_hold_all_of_them() -> None:
    pid, other = Pid(), Pid()
    ranges = column_ranges(spec([((Atom("$1"),), [(Atom(">"), Atom("$1"), (Atom("const"), other))], [True])]), 1)
    assert inside(pid, ranges)
    assert not inside(Atom("a"), ranges)
    assert inside((), ranges)


def test_chosen_codes_are_as_documented() -> None:
    """The bytes are on disk: they must never change."""
    known = {
        "12": 0,
        "13044c00": 1,
        "13044e4000": 5,
        "11fbb1bfff": -5,
        "13044b00": 0.5,
        "206f6b00": Atom("ok"),
        "586101010102620008": "a\0\1b",
        "58ff0009": b"\xff",
        "58a00003": Bitstring(b"\xa0", 3),
        "38021304 4c00 206100": (1, Atom("a")),
        "5013044c00 48": [1],
        "5013044c00 13044d00": ImproperList((1,), 2),
        "4001 0813044c00 13044d00": {1: 2},
    }
    for code, term in known.items():
        assert key_bytes(term, True) == bytes.fromhex(code), term
    assert key_bytes(make_map([(1.0, 1)]), True) > key_bytes({2: 1}, True)
