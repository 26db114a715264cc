"""`<<...>>` with constant segments, against what Erlang makes of the same text, written out by hand and asked live."""

import struct
from typing import Any, Final, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchspec import Atom, Bitstring, MatchSpecError, ResolveError, parse_term, spec
from tests.erlang import AVAILABLE, ask, canonical

Value: TypeAlias = Any

ERLANG: Final[list[tuple[str, Value]]] = [
    *(
        ("<<>>", ""),
        ("<<97>>", "a"),
        ("<<255>>", b"\xff"),
        ("<<256>>", "\x00"),
        ("<<-1>>", b"\xff"),
        ('<<"abc">>', "abc"),
    ),
    *(
        ('<<"é">>', b"\xe9"),
        ('<<"é"/utf8>>', "é"),
        ("<<$a,$b>>", "ab"),
        ("<<1:16>>", "\x00\x01"),
        ("<<1:16/little>>", "\x01\x00"),
    ),
    *(("<<1,5:3>>", Bitstring(b"\x01\xa0", 11)), ("<<1:1,0:7>>", b"\x80"), ("<<5:3>>", Bitstring(b"\xa0", 3))),
    *(("<<1.0/float>>", struct.pack(">d", 1.0)), ("<<1:32/float>>", struct.pack(">f", 1)), ("<<16#e9/utf8>>", "é")),
    *(("<<16#20ac/utf16>>", b"\x20\xac"), ("<<16#20ac/utf16-little>>", b"\xac\x20"), ("<<97/utf32>>", "\x00\x00\x00a")),
    *(('<<(<<"ab">>)/binary>>', b"ab"), ('<<(<<"abc">>):2/binary,"d">>', "abd"), ('<<"ab":16>>', "\x00a\x00b")),
    *(
        ("<<1:4/unit:2,2:4/unit:2>>", "\x01\x02"),
        ("<<1:12/little>>", Bitstring(b"\x01\x00", 12)),
        ("<<(<<3:2>>)/bitstring>>", Bitstring(b"\xc0", 2)),
    ),
]
ELIXIR: Final[list[tuple[str, Value]]] = [
    *(
        ("<<>>", ""),
        ("<<97>>", "a"),
        ("<<255>>", b"\xff"),
        ('<<"é">>', "é"),
        ('<<"ab"::binary>>', b"ab"),
        ("<<1, 5::3>>", Bitstring(b"\x01\xa0", 11)),
    ),
    *(
        ("<<1::16-little>>", "\x01\x00"),
        ("<<1::size(16)>>", "\x00\x01"),
        ("<<?a, ?b>>", "ab"),
        ("<<1.0::float>>", struct.pack(">d", 1.0)),
    ),
]


@pytest.mark.parametrize(("text", "term"), ERLANG)
def test_segments_of_erlang(text: str, term: Value) -> None:
    found = parse_term(text, "erlang")
    assert found == term
    assert type(found) is type(term)


@pytest.mark.erlang
@pytest.mark.skipif(not AVAILABLE, reason="asks a running Erlang, and `erl` is not on the path")
def test_segments_are_read_as_erlang_reads_them() -> None:
    answers = ask([(Atom("read"), text) for text, _ in ERLANG])
    for (text, term), answer in zip(ERLANG, answers, strict=True):
        assert canonical(answer) == canonical(term), text


@pytest.mark.parametrize(("text", "term"), ELIXIR)
def test_segments_of_elixir(text: str, term: Value) -> None:
    found = parse_term(text, "elixir")
    assert found == term
    assert type(found) is type(term)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "<<a>>",
            "<<1.5>>",
            "<<1:(-1)>>",
            "<<a/utf8>>",
            "<<16#d800/utf8>>",
            "<<1/binary>>",
            "<<1:8/float>>",
            "<<1:a>>",
        ),
        *('<<(<<"a">>):2/binary>>', "<<true/utf8>>", "<<1.0e300:32/float>>", "<<X>>", "<<{}>>"),
    ],
)
def test_segments_that_erlang_refuses(text: str) -> None:
    with pytest.raises(ResolveError):
        parse_term(text, "erlang")


@pytest.mark.parametrize("text", ["<<0:999999999>>", "<<0:600000>>", "<<0:500000,0:500000>>", "<<1:500000/unit:250>>"])
def test_size_is_limited(text: str) -> None:
    with pytest.raises(MatchSpecError, match="at most|from 0 to"):
        parse_term(text, "erlang")


@given(st.lists(st.tuples(st.integers(-300, 300), st.integers(0, 40)), max_size=8))
def test_integer_segments_are_their_bits_in_a_row(segments: list[tuple[int, int]]) -> None:
    bits = "".join(f"{value & ((1 << size) - 1):0{size}b}" if size else "" for value, size in segments)
    found: Value = parse_term(f"<<{','.join(f'{value}:{size}' for value, size in segments)}>>", "erlang")
    data = found.data if isinstance(found, Bitstring) else found.encode() if isinstance(found, str) else found
    shown = "".join(f"{byte:08b}" for byte in data)[: found.bits if isinstance(found, Bitstring) else None]
    assert shown == bits


def test_imported_values_stand_in_segments() -> None:
    query = spec("fun({X}) -> {X, <<N:16, B/binary>>} end", env={"N": 258, "B": "é"}, syntax="erlang")
    assert query.test((1,)) == (1, "\x01\x02é")
    with pytest.raises(ResolveError, match="variable X stands in a binary"):
        spec("fun({X}) -> <<X>> end", syntax="erlang")
    with pytest.raises(ResolveError, match="variable _ stands in a binary"):
        spec("fun({<<_>>}) -> 1 end", syntax="erlang")
