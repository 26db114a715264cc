"""The pieces of key bytes: numbers, names, sizes, and the values that Erlang does not have. See runtime.keybytes.

Values of other types follow the name of their type, as in the order of terms, with `naive` or `aware` after that of a
datetime or time, and `nan` after that of a Decimal. Then comes, for each type, what its own `<` and `==` look at:

    date, timedelta        the number of days, or of microseconds
    datetime, time         the number of microseconds, of UTC where they are aware
    Decimal                the exponent of the first digit, then the digits; complemented below 0
    Fraction               its continued fraction, every second term complemented, and infinity at the end
    UUID                   its 16 bytes
    complex                its repr
"""

import math
import struct
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final
from uuid import UUID

from matchspec.values import Term
from runtime.termjson import CodecError

# How numbers of different types compare.
BY_VALUE: Final = 0  # 1 and 1.0 are one key
INTEGERS_FIRST: Final = 1  # all integers before all floats, as the keys of maps
EXACT: Final = 2  # by value, and of equal ones the integer first

_COMPLEMENT: Final = bytes(range(255, -1, -1))
_BIAS: Final = 1100  # the exponents of floats go down to -1074
_LONG: Final = 0xFF00  # where exponents of two bytes end

_MINUS_INF: Final = b"\x10"
_NEGATIVE: Final = b"\x11"
_ZERO: Final = b"\x12"
_POSITIVE: Final = b"\x13"
_INF: Final = b"\x14"
NAN: Final = b"\x15"
_ATOM: Final = b"\x20"
_BINARY: Final = b"\x58"


def escaped(text: "str | bytes") -> bytes:
    """Text or bytes, and a 0 after them that occurs nowhere inside."""
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if b"\x01" in data:
        data = data.replace(b"\x01", b"\x01\x02")
    if b"\x00" in data:
        data = data.replace(b"\x00", b"\x01\x01")
    return data + b"\0"


def size_code(size: int) -> bytes:
    """A size: one byte up to 247, above that how many bytes and then the bytes."""
    if size < 0xF8:
        return bytes([size])
    count = (size.bit_length() + 7) // 8
    return bytes([0xF7 + count]) + size.to_bytes(count, "big")


def atom_code(name: str) -> bytes:
    return _ATOM + escaped(name)


def binary_code(data: bytes, last: bytes) -> bytes:
    """`last`: how many bits the last byte has, 8 for a str and 9 for bytes."""
    return _BINARY + escaped(data) + last


# --- numbers ------------------------------------------------------------------------------------------------------


def int_code(value: int, mode: int) -> bytes:
    if value > 0:
        code = _POSITIVE + _magnitude(value)
    elif value < 0:
        code = _NEGATIVE + _magnitude(-value).translate(_COMPLEMENT)
    else:
        code = _ZERO
    if mode == BY_VALUE:
        return code
    return code + b"\x01" if mode == EXACT else b"\x08" + code


def _magnitude(value: int) -> bytes:
    """The exponent of the highest bit of an integer above 0, and the bits after it."""
    top = value.bit_length() - 1
    size = (top + 7) // 8
    bits = ((value ^ 1 << top) << 8 * size - top).to_bytes(size, "big")
    return _exponent(top) + escaped(bits.rstrip(b"\0"))


def _exponent(exponent: int) -> bytes:
    biased = exponent + _BIAS
    if biased < _LONG:
        return bytes([biased >> 8, biased & 0xFF])
    count = (biased.bit_length() + 7) // 8
    return bytes([0xFF, count]) + biased.to_bytes(count, "big")


def float_code(value: float, mode: int) -> bytes:
    code = _float_by_value(value)
    return code + b"\x02" if mode == EXACT else code


def _float_by_value(value: float) -> bytes:
    if value - value != 0.0:
        return NAN if value != value else _INF if value > 0 else _MINUS_INF
    if value == 0.0:
        return _ZERO
    mantissa, exponent = math.frexp(abs(value))
    bits = (int(mantissa * 2**53) - 2**52) << 4  # the highest of its 53 bits is implied; 56 are left
    code = _exponent(exponent - 1) + escaped(struct.pack(">Q", bits)[1:].rstrip(b"\0"))
    return _POSITIVE + code if value > 0 else _NEGATIVE + code.translate(_COMPLEMENT)


# --- values that Erlang does not have -----------------------------------------------------------------------------


def type_name(value: Term) -> str:
    """The name by which the order of terms sorts values of other types."""
    return f"{type(value).__module__}.{type(value).__qualname__}"


def natural_code(value: Term) -> bytes:
    """The name of its type and the place of a value within that. Raises CodecError for types without a known order."""
    kind = type(value)
    name = type_name(value)
    if isinstance(value, datetime) and kind is datetime:
        place = (value.toordinal() * 86_400 + _seconds(value.hour, value.minute, value.second)) * 1_000_000
        return _moment(name, place + value.microsecond, value.utcoffset())
    if isinstance(value, time) and kind is time:
        place = _seconds(value.hour, value.minute, value.second) * 1_000_000
        return _moment(name, place + value.microsecond, value.utcoffset())
    if isinstance(value, date) and kind is date:
        return escaped(name) + int_code(value.toordinal(), BY_VALUE)
    if isinstance(value, timedelta) and kind is timedelta:
        return escaped(name) + int_code(_microseconds(value), BY_VALUE)
    if isinstance(value, Decimal) and kind is Decimal:
        return escaped(f"{name} nan") if value.is_nan() else escaped(name) + _decimal(value)
    if isinstance(value, Fraction) and kind is Fraction:
        return escaped(name) + _fraction(value)
    if isinstance(value, UUID) and kind is UUID:
        return escaped(name) + value.bytes
    if isinstance(value, complex) and kind is complex:
        return escaped(name) + escaped(repr(complex(value.real + 0.0, value.imag + 0.0)))  # 0j == -0j
    raise CodecError(f"a value of type {kind.__name__} cannot be a key on disk")


def _seconds(hour: int, minute: int, second: int) -> int:
    return (hour * 60 + minute) * 60 + second


def _microseconds(distance: timedelta) -> int:
    return (distance.days * 86_400 + distance.seconds) * 1_000_000 + distance.microseconds


def _moment(name: str, microseconds: int, offset: timedelta | None) -> bytes:
    if offset is None:
        return escaped(f"{name} naive") + int_code(microseconds, BY_VALUE)
    return escaped(f"{name} aware") + int_code(microseconds - _microseconds(offset), BY_VALUE)


def _decimal(value: Decimal) -> bytes:
    if value.is_infinite():
        return _INF if value > 0 else _MINUS_INF
    if not value:
        return _ZERO
    digits = "".join([str(digit) for digit in value.as_tuple().digits]).rstrip("0")
    code = int_code(value.adjusted(), BY_VALUE) + escaped(digits)
    return _NEGATIVE + code.translate(_COMPLEMENT) if value < 0 else _POSITIVE + code


def _fraction(value: Fraction) -> bytes:
    """A larger first term is a larger number, a larger second one a smaller number, and so on in turns."""
    numerator, denominator = value.numerator, value.denominator
    codes: list[bytes] = []
    while denominator:
        term = numerator // denominator
        codes.append(int_code(term, BY_VALUE))
        numerator, denominator = denominator, numerator - term * denominator
    codes.append(_INF)
    return b"".join([code if n % 2 == 0 else code.translate(_COMPLEMENT) for n, code in enumerate(codes)])
