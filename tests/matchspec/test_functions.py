"""The table of functions: its shape, and what the functions give, failures included."""

from typing import Any, Final, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchspec import Atom, Bitstring, ImproperList, Pid, Ref, parse_term, spec
from matchspec.context import current_process, set_current_process
from matchspec.functions import FUNCTIONS, NAMES, arities, find
from matchspec.operations import FAIL, MAX_INTEGER_BITS
from tests.naive_terms import order
from tests.strategies import Level, Point, terms

Value: TypeAlias = Any

SPECIAL: Final = frozenset(["and", "or", "andalso", "orelse", "andthen"])


def call(name: str, *args: Value) -> Value:
    entry = find(name, len(args))
    assert entry is not None
    assert entry.call is not None
    return entry.call(*args)


def test_the_table_has_every_function_of_match_specs() -> None:
    # From the manual: "Match Specifications in Erlang", the grammar for ets.
    guards = (
        "is_atom is_float is_integer is_list is_number is_pid is_port is_reference is_tuple is_map is_map_key is_binary "
        "is_function is_record and or not xor andalso orelse abs element hd length map_get map_size node round size bit_size "
        "byte_size tl trunc binary_part + - * div rem band bor bxor bnot bsl bsr > >= < =< =:= == =/= /= self float "
        "is_boolean is_bitstring tuple_size ceil floor min max /"
    )
    assert set(guards.split()) <= set(NAMES)
    pairs = [(entry.name, entry.least) for entry in FUNCTIONS]
    assert len(set(pairs)) == len(pairs)
    for entry in FUNCTIONS:
        assert (entry.call is None) == (entry.trace or entry.name in SPECIAL)
        assert find(entry.name, entry.least) is entry
        assert entry.least in arities(entry.name)
    assert find("hd", 2) is None
    assert find("nosuch", 1) is None
    assert arities("nosuch") == []


@given(st.data())
def test_any_argument_gives_a_value_or_a_failure(data: st.DataObject) -> None:
    entry = data.draw(st.sampled_from([entry for entry in FUNCTIONS if entry.call is not None]))
    assert entry.call is not None
    args = [data.draw(terms) for _ in range(entry.least)]
    result = entry.call(*args)
    if entry.boolean:
        assert result is True or result is False or result is FAIL


@given(terms, terms)
def test_min_and_max_follow_the_order(left: Value, right: Value) -> None:
    try:
        first_is_less = order(left, right) <= 0
    except LookupError:
        return
    if left != left or right != right:
        return  # NaN: every comparison is false
    assert call("min", left, right) is (left if first_is_less else right)
    assert call("max", left, right) is (left if order(left, right) >= 0 else right)


@given(st.integers(), st.integers().filter(bool))
def test_div_and_rem_truncate(left: int, right: int) -> None:
    quotient, remainder = call("div", left, right), call("rem", left, right)
    assert quotient * right + remainder == left
    assert abs(remainder) < abs(right)
    assert remainder == 0 or (remainder < 0) == (left < 0)


@given(st.floats(-1e18, 1e18))
def test_rounding(value: float) -> None:
    rounded = call("round", value)
    assert type(rounded) is int
    assert abs(rounded - value) <= 0.5
    assert rounded != call("trunc", value) or abs(value) - abs(call("trunc", value)) < 0.5
    assert call("floor", value) <= value <= call("ceil", value)
    assert call("ceil", value) - call("floor", value) in {0, 1}


VALUES: Final[list[tuple[str, tuple[Value, ...], Value]]] = [
    *(("round", (0.5,), 1), ("round", (-2.5,), -3), ("round", (0.49999999999999994,), 0), ("round", (7,), 7)),
    *(
        ("ceil", (1.2,), 2),
        ("floor", (-1.2,), -2),
        ("ceil", (3,), 3),
        ("floor", (Atom("a"),), FAIL),
        ("ceil", (float("inf"),), FAIL),
    ),
    *(("is_boolean", (True,), True), ("is_boolean", (None,), False), ("is_bitstring", (Bitstring(b"\x80", 1),), True)),
    *(
        ("is_binary", (Bitstring(b"\x80", 1),), False),
        ("is_integer", (True,), False),
        ("is_integer", (Level.LOW,), False),
    ),
    *(("tuple_size", (Point(1, 2),), 2), ("tuple_size", ([],), FAIL), ("is_port", (1,), False), ("node", (1,), FAIL)),
    *(
        ("is_function", (len, 1), True),
        ("is_function", (len, 2), False),
        ("is_function", (1, 1), False),
        ("is_function", (len, -1), FAIL),
    ),
    *(("is_function", (lambda a, b: a, 2), True), ("min", (1, 1.0), 1), ("max", (Atom("a"), 1), Atom("a"))),
    *(
        ("element", (1, ("a",)), "a"),
        ("element", (0, ("a",)), FAIL),
        ("element", (True, ("a",)), FAIL),
        ("element", (1.0, ("a",)), FAIL),
    ),
    *(
        ("hd", ([],), FAIL),
        ("tl", ([1],), []),
        ("tl", (ImproperList((1,), 2),), 2),
        ("length", (ImproperList((1,), 2),), FAIL),
    ),
    *(("size", ({},), FAIL), ("size", ("é",), 2), ("byte_size", (Bitstring(b"\x80", 1),), 1), ("bit_size", ("é",), 16)),
    *(
        ("binary_part", ("héllo", 0, 1), "h"),
        ("binary_part", ("é", 0, 1), b"\xc3"),
        ("binary_part", (b"ab", 2, -1), b"b"),
    ),
    *(
        ("binary_part", ("ab", (0, 1)), "a"),
        ("binary_part", ("ab", 1, 2), FAIL),
        ("binary_part", ("ab", (0, 1, 2)), FAIL),
    ),
    *(("map_get", (1, {1.0: 2}), FAIL), ("is_map_key", (True, {1: 2}), False), ("map_size", ([],), FAIL)),
    *(
        ("+", (True, 1), FAIL),
        ("/", (1, 0), FAIL),
        ("/", (1, 2), 0.5),
        ("*", (1e308, 10), FAIL),
        ("float", (10**400,), FAIL),
    ),
    *(("bsl", (1, MAX_INTEGER_BITS), FAIL), ("bsl", (0, 10**30), 0), ("bsr", (-1, 10**30), -1), ("bsr", (1, -3), 8)),
    *(
        ("not", (1,), FAIL),
        ("xor", (True, 1), FAIL),
        ("xor", (True, False), True),
        ("abs", (-5,), 5),
        ("-", (Atom("a"),), FAIL),
    ),
]


@pytest.mark.parametrize(("name", "args", "wanted"), VALUES)
def test_values(name: str, args: tuple[Value, ...], wanted: Value) -> None:
    result = call(name, *args)
    assert type(result) is type(wanted)
    assert result == wanted


def test_huge_results_fail_at_once() -> None:
    big = 1 << (MAX_INTEGER_BITS - 1)
    for name, args in (("*", (big, big)), ("bsl", (big, 2)), ("bsl", (1, 10**30))):
        assert call(name, *args) is FAIL
    assert call("bsl", 1, MAX_INTEGER_BITS - 1) == big
    half = (1 << MAX_INTEGER_BITS // 2) + 1
    for name, args in (("div", (big, half)), ("rem", (big, half)), ("*", (half, half >> 2)), ("div", (-big, half))):
        assert call(name, *args) is FAIL
    assert call("div", big, 3) == big // 3
    assert call("rem", big, 7) == big % 7
    assert call("*", 1 << 65_535, 1 << 65_535) == 1 << 131_070


def test_any_number_of_arguments() -> None:
    row = (True, False, 1)
    for text, wanted in [
        ("{'and','$1'}", True),
        ("{'and','$1','$1','$2'}", False),
        ("{'or','$2','$2','$1'}", True),
        ("{'or','$1','$3'}", Atom("EXIT")),
        ("{'andalso','$1','$1','$3'}", 1),
        ("{'andalso','$2',{hd,1}}", False),
        ("{'orelse','$2','$3'}", 1),
        ("{'orelse','$3','$1'}", Atom("EXIT")),
        ("{andthen,'$1','$2'}", False),
    ]:
        assert (
            spec([((parse_term("'$1'"), parse_term("'$2'"), parse_term("'$3'")), [], [parse_term(text)])]).test(row)
            == wanted
        ), text


def test_self_is_whoever_runs_the_query() -> None:
    query = spec("fun({P}) when P =:= self() -> node(P) end")
    before = current_process()
    other = Pid()
    assert query.run([(before,), (other,), (Ref(),)]) == [Atom("nonode@nohost")]
    set_current_process(lambda: other)
    try:
        assert query.run([(before,), (other,)]) == [Atom("nonode@nohost")]
        assert spec("fun({P}) when is_pid(P), P < self() -> 1 end").run([(before,)]) == [1]
    finally:
        set_current_process(lambda: before)
