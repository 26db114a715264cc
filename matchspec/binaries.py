"""`<<...>>` with constant segments: the bits that they make, and the term that those are.

A binary in Erlang or Elixir text is a `str` where its bytes are UTF-8, else `bytes`; bits left over make a Bitstring.
Text that has to say `bytes` for bytes that happen to be UTF-8 says so with a binary segment: `<<(<<"abc">>)/binary>>`
in Erlang, `<<"abc"::binary>>` in Elixir. Both languages take that for the same binary.
"""

import struct
from collections.abc import Callable
from typing import Final

from grammar.tree import BinaryNode, Chars, Constant, Node, Segment
from matchspec.operations import binary_bytes
from matchspec.terms import BINARY, is_integer, is_number, rank
from matchspec.values import Bitstring, Term, TermError, shown

Evaluate = Callable[[Node], Term]

_MAX_BITS: Final = 8 * 65_536  # a text of 64 KiB must not ask for gigabytes with <<0:999999999>>


def binary_from_node(node: BinaryNode, evaluate: Evaluate) -> Term:
    """The str, bytes or Bitstring that a `<<...>>` of constant segments is. `evaluate` gives the values in it.

    Raises TermError for a segment that Erlang would refuse.
    """
    data, value, width = bytearray(), 0, 0  # whole bytes, and the fewer than 8 bits after them
    for segment in node.segments:
        for bits, size in _segment(segment, evaluate):
            value, width = (value << size) | bits, width + size
            if 8 * len(data) + width > _MAX_BITS:
                raise TermError(f"a binary in text has at most {_MAX_BITS // 8} bytes")
            whole, width = divmod(width, 8)
            data += (value >> width).to_bytes(whole, "big")
            value &= (1 << width) - 1
    if width:
        data.append(value << (8 - width))
        return Bitstring(bytes(data), 8 * len(data) - 8 + width)
    if len(node.segments) == 1 and _kind(node.segments[0]) == "binary":
        return bytes(data)
    return text_or_bytes(bytes(data))


def text_or_bytes(data: bytes) -> Term:
    """The term of a binary in text."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


_KINDS: Final = {
    **{name: name for name in ("integer", "float", "utf8", "utf16", "utf32")},
    **{"binary": "binary", "bytes": "binary", "bitstring": "binary", "bits": "binary"},
}


def _kind(segment: Segment) -> str:
    for spec in segment.specs:
        if spec in _KINDS:
            return _KINDS[spec]
    return "default"


def _segment(segment: Segment, evaluate: Evaluate) -> list[tuple[int, int]]:
    """The (bits, width) pairs of a segment; a string has one for each of its characters."""
    kind = _kind(segment)
    match segment.value:
        case Chars(text):
            return [_number(ord(char), segment, kind, evaluate) for char in text]
        case Constant(str(text)) if kind in ("default", "binary", "utf8"):
            return _text(text, segment, evaluate)
        case Constant(str(text)):
            return [_number(ord(char), segment, kind, evaluate) for char in text]
    value = evaluate(segment.value)
    if kind == "binary" or (kind == "default" and rank(value) == BINARY):
        if isinstance(value, Bitstring):
            return _whole(value.data, value.bits, segment, evaluate)
        data = binary_bytes(value)
        if data is None:
            raise TermError(f"a binary segment needs a binary, not {shown(value)}")
        return _whole(data, 8 * len(data), segment, evaluate)
    return [_number(value, segment, kind, evaluate)]


def _text(text: str, segment: Segment, evaluate: Evaluate) -> list[tuple[int, int]]:
    data = text.encode("utf-8", "surrogatepass")
    return _whole(data, 8 * len(data), segment, evaluate)


def _whole(data: bytes, width: int, segment: Segment, evaluate: Evaluate) -> list[tuple[int, int]]:
    """The bits of a binary segment: all of them, or as many as its size says."""
    wanted = width
    if segment.size is not None:
        unit = 1 if {"bitstring", "bits"} & set(segment.specs) else 8
        wanted = _size(segment, 0, evaluate) * _unit(segment, unit)
        if wanted > width:
            raise TermError(f"a binary segment of {wanted} bits needs as many, not {width}")
    return [(int.from_bytes(data, "big") >> (8 * len(data) - wanted), wanted)]


def _size(segment: Segment, default: int, evaluate: Evaluate) -> int:
    if segment.size is None:
        return default
    size = evaluate(segment.size)
    if not is_integer(size) or not isinstance(size, int) or not 0 <= size <= _MAX_BITS:
        raise TermError(f"the size of a segment is an integer from 0 to {_MAX_BITS}, not {shown(size)}")
    return size


def _unit(segment: Segment, default: int) -> int:
    for spec in segment.specs:
        if spec.startswith("unit:"):
            return int(spec[5:])
    return default


def _number(value: Term, segment: Segment, kind: str, evaluate: Evaluate) -> tuple[int, int]:
    little = "little" in segment.specs or "native" in segment.specs
    if kind.startswith("utf"):
        if (
            not is_integer(value)
            or not isinstance(value, int)
            or not (0 <= value < 0xD800 or 0xDFFF < value <= 0x10FFFF)
        ):
            raise TermError(f"a {kind} segment needs a code point, not {shown(value)}")
        codec = kind if kind == "utf8" else f"{kind}-{'le' if little else 'be'}"
        data = chr(value).encode(codec.replace("utf", "utf-"))
        return int.from_bytes(data, "big"), 8 * len(data)
    if kind == "float":
        width = _size(segment, 64, evaluate) * _unit(segment, 1)
        codes = {16: "e", 32: "f", 64: "d"}
        if width not in codes or not is_number(value) or not isinstance(value, (int, float)):
            raise TermError(f"a float segment needs a number and 16, 32 or 64 bits, not {shown(value)} and {width}")
        try:
            data = struct.pack(("<" if little else ">") + codes[width], float(value))
        except OverflowError:
            raise TermError(f"{shown(value)} does not fit into a float of {width} bits") from None
        return int.from_bytes(data, "big"), width
    width = _size(segment, 8, evaluate) * _unit(segment, 1)
    if width > _MAX_BITS:
        raise TermError(f"a binary in text has at most {_MAX_BITS // 8} bytes")
    if not is_integer(value) or not isinstance(value, int):
        raise TermError(f"an integer segment needs an integer, not {shown(value)}")
    bits = value & ((1 << width) - 1)
    if little:
        whole, rest = divmod(width, 8)
        if rest:  # the last byte is the one with fewer bits
            low = (bits & ((1 << 8 * whole) - 1)).to_bytes(whole, "little")
            return (int.from_bytes(low, "big") << rest) | (bits >> 8 * whole), width
        bits = int.from_bytes(bits.to_bytes(whole, "big"), "little")
    return bits, width
