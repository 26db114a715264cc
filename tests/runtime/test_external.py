"""Erlang's external term format: round trips of every kind of term, real Erlang at the other end, hostile bytes."""

import struct
import zlib
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchspec import Atom, Bitstring, ImproperList, Pid, Ref
from matchspec.maps import KeyInt, make_map
from matchspec.terms import MAX_TERM_DEPTH, order_key
from runtime.external import decode, encode
from runtime.termjson import CodecError
from tests.erlang import AVAILABLE, canonical, erlang
from tests.erlang import decode as erlang_decode
from tests.erlang import encode as erlang_encode
from tests.strategies import Colour, erlang_terms, foreign, odd_floats, terms

Value = Any
needs_erlang = [pytest.mark.erlang, pytest.mark.skipif(not AVAILABLE, reason="erl is not installed")]


def place_of_key(pair: tuple[Value, Value]) -> Value:
    return order_key(pair[0], exact=True)


def same(left: Value, right: Value) -> bool:
    """Equal in value and type at every depth, floats bit by bit, a NamedTuple being a tuple."""
    match left:
        case float():
            return isinstance(right, float) and (
                struct.pack(">d", left) == struct.pack(">d", right) or left != left != right
            )
        case tuple():
            return type(right) is tuple and len(left) == len(right) and all(map(same, left, right))
        case list():
            return isinstance(right, list) and len(left) == len(right) and all(map(same, left, right))
        case ImproperList():
            return type(right) is ImproperList and same(left.items, right.items) and same(left.tail, right.tail)
        case dict():
            pairs = [sorted(mapping.items(), key=place_of_key) for mapping in (left, right)]
            return isinstance(right, dict) and len(left) == len(right) and all(map(same, *pairs))
        case Decimal() if left.is_nan():
            return type(right) is Decimal and str(left) == str(right)
        case int() if type(left) is KeyInt or type(right) is KeyInt:
            return int(left) == int(right) and not isinstance(right, bool)
    return type(left) is type(right) and bool(left == right)


@given(terms.filter(lambda term: "Colour" not in repr(term) and "Level" not in repr(term)))
def test_every_term_comes_back(term: Value) -> None:
    assert same(term, decode(encode(term)))


@given(st.integers(0, 5000), st.integers(-3, 3), st.sampled_from([1, -1]))
def test_integers_of_any_size_come_back(bits: int, more: int, sign: int) -> None:
    number = sign * (2**bits + more)
    assert decode(encode(number)) == number
    assert erlang_decode(encode(number)) == number


@pytest.mark.parametrize(
    "term",
    [
        2 ** (8 * 255) - 1,
        -(2 ** (8 * 255)),
        2**50_000,
        0.0,
        -0.0,
        5e-324,
        "",
        b"",
        "x" * 70_000,
        b"x" * 70_000,
        "\ud800 and \0",
        b"\xff",
        Atom("é" * 255),
        Atom(""),
        tuple(range(300)),
        list(range(300)),
        (Atom("$python"), Atom("float"), "inf"),
        (Atom("$python"), 1, 2),
        (Atom("$python"),),
        make_map([(1, "a"), (1.0, "b"), ([], {})]),
        datetime(2024, 2, 29, 1, 2, 3, 4, fold=1),  # noqa: DTZ001
        datetime(2024, 2, 29, 1, 2, 3, 4, tzinfo=UTC),
        datetime(2024, 2, 29, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=-3, seconds=1))),
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
        time(23, 59, 59, 999_999, fold=1),
        time(1, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        date.max,
        timedelta(-1, 5, 6),
        Decimal("-1.50"),
        Decimal("1E+5000"),
        Decimal("-Infinity"),
        Decimal("sNaN123"),
        Fraction(-1, 3),
        UUID("12345678-1234-5678-1234-567812345678"),
        frozenset([frozenset([1, "a"]), (1.5, None)]),
        {Atom("a"), 2},
        complex(-0.0, float("inf")),
        [Pid(), Ref(), Ref()],
    ],
    ids=lambda term: type(term).__name__,
)
def test_chosen_terms_come_back(term: Value) -> None:
    back: Value = decode(encode(term))
    assert same(term, back)
    if isinstance(term, datetime | time):
        assert (back.fold, back.utcoffset()) == (term.fold, term.utcoffset())
    if isinstance(term, complex):
        assert repr(back) == repr(term)


def test_a_named_zone_comes_back_by_its_name() -> None:
    try:
        zone = ZoneInfo("Europe/Berlin")
    except LookupError:
        pytest.skip("no time zones on this system")
    moment = datetime(2024, 10, 27, 2, 30, tzinfo=zone, fold=1)
    back: Value = decode(encode(moment))
    assert back.tzinfo is zone
    assert back.isoformat() == "2024-10-27T02:30:00+01:00"


def test_a_pid_of_this_run_comes_back_as_the_same_object_and_a_strangers_as_one() -> None:
    pid, ref = Pid(), Ref()
    assert decode(encode((pid, [ref, pid])))[1][1] is pid  # type: ignore[index]
    assert decode(encode(ref)) is ref
    stranger = bytes.fromhex("8358770361406200000009000000000000002a")
    first = decode(stranger)
    assert isinstance(first, Pid)
    assert decode(stranger) is first
    assert encode(first) == stranger
    assert decode(bytes.fromhex("836764000361406200000009000000002a")) is first  # as older releases wrote it
    assert decode(stranger[:-1] + b"\x01") is not first


def test_equal_sets_have_equal_bytes() -> None:
    items: list[Value] = [str(number) for number in range(100)]
    assert encode(frozenset(items)) == encode(frozenset(items[::-1]))


@pytest.mark.parametrize(
    "nest", [lambda t: (t,), lambda t: [t], lambda t: {"k": t}, lambda t: ImproperList((t,), t and 1)]
)
def test_nesting_is_written_as_deep_as_terms_go_and_no_deeper(nest: Value) -> None:
    term: Value = "\ud800"
    for _ in range(MAX_TERM_DEPTH + 1):
        term = nest(term)
    assert encode(decode(encode(term))) == encode(term)
    with pytest.raises(CodecError, match="nested deeper than 250"):
        encode(nest(term))
    deeper = encode("")[1:]
    for _ in range(MAX_TERM_DEPTH + 2):
        deeper = b"h\x01" + deeper
    with pytest.raises(CodecError, match="nested deeper than 250"):
        decode(b"\x83" + deeper)
    with pytest.raises(CodecError, match="nested"):
        decode(b"\x83" + b"h\x03w\x07$pythonw\x01a" * 100_000 + b"j")


@pytest.mark.parametrize(
    "term", [Colour.RED, len, test_equal_sets_have_equal_bytes, object(), Atom("\ud800"), range(3)]
)
def test_what_has_no_form_is_refused(term: Value) -> None:
    with pytest.raises(CodecError, match="cannot"):
        encode((1, [term]))


# --- real Erlang --------------------------------------------------------------------------------------------------


def asked(terms_: list[Value]) -> tuple[Value, bytes]:
    """What Erlang makes of bytes of ours, as the tests' own decoder reads it, and in Erlang's own bytes."""
    answer = erlang().ask(encode([(Atom("echo"), term) for term in terms_]))
    return erlang_decode(answer), answer


def has_twins(term: Value) -> bool:
    """Whether a map in a term has keys that are one to Erlang, as "" and b"" are, and which it therefore refuses."""
    if isinstance(term, dict):
        keys = {repr(canonical(key)) for key in term}
        return len(keys) < len(term) or any(map(has_twins, [*term, *term.values()]))
    if isinstance(term, ImproperList):
        return any(map(has_twins, [*term.items, term.tail]))
    return isinstance(term, (tuple, list)) and any(map(has_twins, term))


def test_a_map_with_keys_that_are_one_to_erlang_comes_back() -> None:
    assert same(decode(encode([{"": 1, b"": 2}])), [{"": 1, b"": 2}])


class TestErlang:
    pytestmark = needs_erlang

    @given(st.lists(erlang_terms.filter(lambda term: not has_twins(term)), min_size=1, max_size=20))
    def test_erlang_reads_what_is_written_and_its_answer_is_read(self, many: list[Value]) -> None:
        theirs, raw = asked(many)
        assert [canonical(term) for term in theirs] == [canonical(term) for term in many]
        # Erlang does not tell str from bytes; apart from that, the same terms.
        ours = decode(raw)
        assert [canonical(term) for term in ours] == [canonical(term) for term in many]  # type: ignore[attr-defined]

    @given(st.lists(foreign | odd_floats, min_size=1, max_size=10))
    def test_forms_of_python_values_pass_through_erlang(self, many: list[Value]) -> None:
        chosen = [term for term in many if "Colour" not in repr(term) and "Level" not in repr(term)]
        assert same(chosen, [decode(encode(term)) for term in chosen])
        raw = erlang().ask(encode([(Atom("echo"), term) for term in chosen]))
        assert same(chosen, decode(raw))

    def test_identities_pass_through_erlang(self) -> None:
        pid, ref = Pid(), Ref()
        assert decode(erlang().ask(encode([(Atom("echo"), pid), (Atom("echo"), ref)]))) == [pid, ref]

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            (
                'term_to_binary({a, <<1,2:3>>, "abc", -1}, [compressed])',
                (Atom("a"), Bitstring(b"\1\x40", 11), [97, 98, 99], -1),
            ),
            ('term_to_binary(lists:duplicate(1000, <<"ab">>), [compressed])', ["ab"] * 1000),
            ("term_to_binary(lists:duplicate(1000, 7), [{compressed, 9}])", [7] * 1000),
            ("term_to_binary(-1.5, [{minor_version, 0}])", -1.5),
            (
                "term_to_binary({'\\x{e9}', true, undefined}, [{minor_version, 1}])",
                (Atom("é"), True, Atom("undefined")),
            ),
            ("term_to_binary('\\x{4e2d}', [{minor_version, 2}])", Atom("中")),
            ("term_to_binary(#{1 => a, 1.0 => b})", {1: Atom("a")}),
            ("term_to_binary([1, 2 | 3])", ImproperList((1, 2), 3)),
            ("term_to_binary(list_to_tuple(lists:seq(1, 300)))", tuple(range(1, 301))),
            ("term_to_binary(1 bsl 3000)", 1 << 3000),
            ("term_to_binary(<<16#ffff:16>>)", b"\xff\xff"),
        ],
    )
    def test_what_erlang_writes_is_read(self, text: str, value: Value) -> None:
        (answer,) = erlang_decode(erlang().ask(erlang_encode([(Atom("read"), text)])))
        found: Value = decode(answer)
        assert found == value if not isinstance(value, dict) else list(found.values()) == [Atom("a"), Atom("b")]

    @pytest.mark.parametrize(("text", "what"), [("fun lists:map/2", "function"), ("fun() -> ok end", "function")])
    def test_what_python_has_no_form_for_is_refused(self, text: str, what: str) -> None:
        (answer,) = erlang_decode(erlang().ask(erlang_encode([(Atom("read"), f"term_to_binary({text})")])))
        with pytest.raises(CodecError, match=what):
            decode(answer)

    def test_a_pid_of_erlang_goes_back_as_it_was(self) -> None:
        text = "[term_to_binary(T) || T <- [self(), make_ref(), hd(processes())]]"
        (answers,) = erlang_decode(erlang().ask(erlang_encode([(Atom("read"), text)])))
        for answer in answers:
            term = decode(answer)
            assert isinstance(term, Pid | Ref)
            quoted = ",".join(map(str, encode(term)))
            question = f"term_to_binary(binary_to_term(<<{quoted}>>)) =:= <<{','.join(map(str, answer))}>>"
            assert erlang_decode(erlang().ask(erlang_encode([(Atom("read"), question)]))) == [True]


# --- hostile bytes ------------------------------------------------------------------------------------------------


def read_or_refuse(data: bytes) -> None:
    try:
        term = decode(data)
    except CodecError:
        return
    assert same(term, decode(encode(term)))


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    read_or_refuse(b"\x83" + data)


@given(terms.filter(lambda t: "Colour" not in repr(t) and "Level" not in repr(t)), st.data())
def test_damaged_bytes_are_read_or_refused(term: Value, data: st.DataObject) -> None:
    good = bytearray(encode(term))
    for _ in range(data.draw(st.integers(1, 3))):
        good[data.draw(st.integers(1, len(good) - 1))] = data.draw(st.integers(0, 255))
    read_or_refuse(bytes(good))
    read_or_refuse(bytes(good[: data.draw(st.integers(0, len(good)))]))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "131"),
        (b"\x84a\x01", "131"),
        (b"\x83", "131"),
        (b"\x83a", "end inside"),
        (b"\x83a\x01\x02", "1 bytes follow"),
        (b"\x83l\xff\xff\xff\xff", "end inside"),
        (b"\x83i\xff\xff\xff\xffj", "end inside"),
        (b"\x83t\xff\xff\xff\xffj", "end inside"),
        (b"\x83m\xff\xff\xff\xffj", "end inside"),
        (b"\x83o\xff\xff\xff\xff\0j", "end inside"),
        (b"\x83F\x7f\xf0\0\0\0\0\0\0", "no number"),
        (b"\x83c" + b"inf".ljust(31, b"\0"), "no number"),
        (b"\x83c" + b"x".ljust(31, b"\0"), "no float"),
        (b"\x83t\0\0\0\2a\1ja\1j", "key twice"),
        (b"\x83M\0\0\0\1\x09x", "9 bits"),
        (b"\x83M\0\0\0\0\x08", "8 bits"),
        (b"\x83w\x01\xff", "utf-8"),
        (b"\x83v\x04\x00" + b"x" * 1024, "255"),
        (b"\x83Z\0\xffw\x01a" + bytes(1024), "255 words"),
        (b"\x83Xa\x01" + bytes(12), "no atom"),
        (b"\x83P\xff\xff\xff\xff" + zlib.compress(b"j"), "allowed"),
        (b"\x83P\0\0\0\1" + zlib.compress(b"jj"), "as many"),
        (b"\x83P\0\0\0\1" + zlib.compress(b"j") + b"x", "as many"),
        (b"\x83P\0\0\0\1" + b"damage", "damaged"),
        (b"\x83P\0\0", "compressed"),
        (b"\x83R\0", "no form"),
    ],
    ids=repr,
)
def test_bytes_that_are_no_term_say_why(data: bytes, why: str) -> None:
    with pytest.raises(CodecError, match=why):
        decode(data)


def test_compressed_terms_may_come_to_a_limit() -> None:
    data = b"\x83P" + struct.pack(">I", 1005) + zlib.compress(b"m" + struct.pack(">I", 1000) + b"x" * 1000)
    assert decode(data, 1005) == "x" * 1000
    with pytest.raises(CodecError, match="1005, allowed are 1004"):
        decode(data, 1004)


@pytest.mark.parametrize(
    "content",
    [
        ("nothing", 1),
        ("float", "1.5"),
        ("float", 1),
        ("date", (2024, 13, 1)),
        ("date", (True, 1, 1)),
        ("date", [2024, 1, 1]),
        ("datetime", ()),
        ("datetime", (2024, 1, 1, 0, 0, 0, 0, 2, None)),
        ("time", (0, 0, 0, 0, 0, "../../etc/passwd")),
        ("time", (0, 0, 0, 0, 0, "No/Such/Zone")),
        ("time", (0, 0, 0, 0, 0, (5, 0, 0))),
        ("timedelta", (10**12, 0, 0)),
        ("decimal", "x"),
        ("decimal", "1e" + "9" * 30),
        ("fraction", (1, 0)),
        ("fraction", (1, 2 ** (2**20))),
        ("uuid", "x" * 15),
        ("uuid", 1),
        ("set", 1),
        ("tuple", [1]),
        ("str", 1),
        ("complex", ("1", 2)),
        ("complex", 1),
    ],
    ids=lambda content: content[0],
)
def test_forms_that_stand_for_nothing_are_refused(content: tuple[str, Value]) -> None:
    kind, value = content
    with pytest.raises(CodecError):
        decode(erlang_encode((Atom("$python"), Atom(kind), value)))
