"""What the guard and body functions do: plain functions of their evaluated arguments.

They return FAIL where Erlang raises: failing is a value, not an exception, because guards fail often. Which names they
go by in match specs, the table of `matchspec.functions` says.
"""

import inspect
import math
from collections.abc import Callable
from typing import Final, TypeAlias, cast

from matchspec import context
from matchspec.maps import fetch
from matchspec.spec import Sentinel
from matchspec.terms import (
    ATOM,
    FUN,
    OTHER,
    ImproperList,
    exactly_equal,
    is_integer,
    is_number,
    less,
    numerically_equal,
    rank,
)
from matchspec.values import Atom, Bitstring, Pid, Ref, Term

FAIL: Final[Term] = Sentinel("FAIL")
# Larger results fail, as in Erlang those past 64 Mbit do on OTP 25, instead of eating the memory.
MAX_INTEGER_BITS = 4_194_304
# The product of the sizes in bits of two integers for *, div and rem: 10 ms or so. Larger ones fail, which in Erlang
# take as many seconds as they like.
MAX_WORK: Final = 2**32
MAX_SMALL: Final = 2**59 - 1  # the largest integer that Erlang keeps in one word

Implementation: TypeAlias = Callable[..., Term]
NODE: Final = Atom("nonode@nohost")


def _finite(result: Term) -> Term:
    return result if not isinstance(result, float) or math.isfinite(result) else FAIL


def _number(term: Term) -> "int | float | None":
    return cast("int | float", term) if is_number(term) else None


def add(left: Term, right: Term) -> Term:
    a, b = _number(left), _number(right)
    if a is None or b is None:
        return FAIL
    try:
        return _finite(a + b)
    except OverflowError:
        return FAIL


def subtract(left: Term, right: Term) -> Term:
    a, b = _number(left), _number(right)
    if a is None or b is None:
        return FAIL
    try:
        return _finite(a - b)
    except OverflowError:
        return FAIL


def multiply(left: Term, right: Term) -> Term:
    a, b = _number(left), _number(right)
    if a is None or b is None:
        return FAIL
    if isinstance(a, int) and isinstance(b, int) and _is_long(a, b):
        return FAIL
    try:
        return _finite(a * b)
    except OverflowError:
        return FAIL


def _is_long(left: int, right: int) -> bool:
    sizes = left.bit_length(), right.bit_length()
    return sizes[0] * sizes[1] > MAX_WORK or sum(sizes) > MAX_INTEGER_BITS


def divide(left: Term, right: Term) -> Term:
    a, b = _number(left), _number(right)
    if a is None or b is None:
        return FAIL
    try:
        return _finite(float(a) / float(b))  # Erlang turns both into floats first
    except (OverflowError, ZeroDivisionError):
        return FAIL


def plus(value: Term) -> Term:
    return value if is_number(value) else FAIL


def negate(value: Term) -> Term:
    number = _number(value)
    return FAIL if number is None else -number


def div(left: Term, right: Term) -> Term:
    """Erlang's div: truncates toward zero, where Python's // floors."""
    if not (is_integer(left) and is_integer(right)) or right == 0:
        return FAIL
    a, b = cast(int, left), cast(int, right)
    if a.bit_length() * b.bit_length() > MAX_WORK:
        return FAIL
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def rem(left: Term, right: Term) -> Term:
    """Erlang's rem: the sign of the dividend, where Python's % has the sign of the divisor."""
    if not (is_integer(left) and is_integer(right)) or right == 0:
        return FAIL
    a, b = cast(int, left), cast(int, right)
    if a.bit_length() * b.bit_length() > MAX_WORK:
        return FAIL
    remainder = abs(a) % abs(b)
    return -remainder if a < 0 else remainder


def band(left: Term, right: Term) -> Term:
    return cast(int, left) & cast(int, right) if is_integer(left) and is_integer(right) else FAIL


def bor(left: Term, right: Term) -> Term:
    return cast(int, left) | cast(int, right) if is_integer(left) and is_integer(right) else FAIL


def bxor(left: Term, right: Term) -> Term:
    return cast(int, left) ^ cast(int, right) if is_integer(left) and is_integer(right) else FAIL


def bnot(value: Term) -> Term:
    return ~cast(int, value) if is_integer(value) else FAIL


def _shift(value: int, left: int) -> Term:
    if left <= 0:
        return value >> -left if -left < MAX_INTEGER_BITS else (-1 if value < 0 else 0)
    if value == 0:
        return 0
    if value.bit_length() + left > MAX_INTEGER_BITS:
        return FAIL
    return value << left


def bsl(left: Term, right: Term) -> Term:
    return _shift(cast(int, left), cast(int, right)) if is_integer(left) and is_integer(right) else FAIL


def bsr(left: Term, right: Term) -> Term:
    return _shift(cast(int, left), -cast(int, right)) if is_integer(left) and is_integer(right) else FAIL


def absolute(value: Term) -> Term:
    number = _number(value)
    if number is None:
        return FAIL
    return -number if number < 0 else number  # -0.0 stays, as on OTP 25


def round_half_away(value: Term) -> Term:
    """Erlang's round: halves go away from zero, where Python's round takes them to the even neighbour."""
    number = _number(value)
    if number is None or isinstance(number, int):
        return FAIL if number is None else number
    if not math.isfinite(number):
        return FAIL
    size = abs(number)
    whole = math.floor(size)
    rounded = whole + 1 if size - whole >= 0.5 else whole
    return -rounded if number < 0 else rounded


def _to_integer(value: Term, convert: Callable[[float], int]) -> Term:
    number = _number(value)
    if number is None:
        return FAIL
    if isinstance(number, int):
        return number
    return convert(number) if math.isfinite(number) else FAIL


def trunc(value: Term) -> Term:
    return _to_integer(value, math.trunc)


def ceil(value: Term) -> Term:
    return _to_integer(value, math.ceil)


def floor(value: Term) -> Term:
    return _to_integer(value, math.floor)


def to_float(value: Term) -> Term:
    number = _number(value)
    if number is None:
        return FAIL
    try:
        return float(number)
    except OverflowError:
        return FAIL


def minimum(left: Term, right: Term) -> Term:
    return right if less(right, left) else left


def maximum(left: Term, right: Term) -> Term:
    return right if less(left, right) else left


def equal(left: Term, right: Term) -> Term:
    return numerically_equal(left, right)


def not_equal(left: Term, right: Term) -> Term:
    return not numerically_equal(left, right)


def exact(left: Term, right: Term) -> Term:
    return exactly_equal(left, right)


def not_exact(left: Term, right: Term) -> Term:
    return not exactly_equal(left, right)


def less_than(left: Term, right: Term) -> Term:
    return less(left, right)


def greater_than(left: Term, right: Term) -> Term:
    return less(right, left)


def at_most(left: Term, right: Term) -> Term:
    return less(left, right) or numerically_equal(left, right)


def at_least(left: Term, right: Term) -> Term:
    return less(right, left) or numerically_equal(left, right)


def negation(value: Term) -> Term:
    return not value if isinstance(value, bool) else FAIL


def xor(left: Term, right: Term) -> Term:
    return left is not right if isinstance(left, bool) and isinstance(right, bool) else FAIL


def is_boolean(value: Term) -> Term:
    return isinstance(value, bool)


def is_kind(kind: int) -> Implementation:
    def test(value: Term) -> Term:
        return rank(value) == kind

    return test


def is_list(value: Term) -> Term:
    return isinstance(value, (list, ImproperList))


def is_tuple(value: Term) -> Term:
    return isinstance(value, tuple)


def is_map(value: Term) -> Term:
    return isinstance(value, dict)


def is_binary(value: Term) -> Term:
    return binary_bytes(value) is not None


def is_pid(value: Term) -> Term:
    return isinstance(value, Pid)


def is_reference(value: Term) -> Term:
    return isinstance(value, Ref)


def never(value: Term) -> Term:
    return False


def is_function_of_arity(value: Term, arity: Term) -> Term:
    if not is_integer(arity) or cast(int, arity) < 0:
        return FAIL
    if rank(value) != FUN:
        return False
    try:
        parameters = inspect.signature(cast(Callable[..., Term], value)).parameters.values()
    except (TypeError, ValueError):
        return False
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return len(positional) == arity


def is_record(value: Term, tag: Term, size: Term) -> Term:
    # The engine refuses a size that is no small integer, but takes a negative one.
    if rank(tag) != ATOM or not is_integer(size) or not -MAX_SMALL - 1 <= cast(int, size) <= MAX_SMALL:
        return FAIL
    return isinstance(value, tuple) and len(value) > 0 and len(value) == size and exactly_equal(value[0], tag)


def is_map_key(key: Term, mapping: Term) -> Term:
    return fetch(mapping, key, FAIL) is not FAIL if isinstance(mapping, dict) else FAIL


def map_get(key: Term, mapping: Term) -> Term:
    return fetch(mapping, key, FAIL) if isinstance(mapping, dict) else FAIL


def map_size(value: Term) -> Term:
    return len(value) if isinstance(value, dict) else FAIL


def element(position: Term, value: Term) -> Term:
    """Erlang's element/2: positions count from 1."""
    if not is_integer(position) or not isinstance(value, tuple):
        return FAIL
    index = cast(int, position)
    return value[index - 1] if 1 <= index <= len(value) else FAIL


def head(value: Term) -> Term:
    if isinstance(value, list):
        return value[0] if value else FAIL
    return value.items[0] if isinstance(value, ImproperList) else FAIL


def tail(value: Term) -> Term:
    if isinstance(value, list):
        return value[1:] if value else FAIL
    if isinstance(value, ImproperList):
        return ImproperList(value.items[1:], value.tail) if len(value.items) > 1 else value.tail
    return FAIL


def length(value: Term) -> Term:
    return len(value) if isinstance(value, list) else FAIL


def tuple_size(value: Term) -> Term:
    return len(value) if isinstance(value, tuple) else FAIL


def size(value: Term) -> Term:
    if isinstance(value, Bitstring):
        return value.bits // 8  # rounds down, byte_size up
    return len(value) if isinstance(value, tuple) else byte_size(value)


def binary_bytes(value: Term) -> bytes | None:
    """The bytes of a binary term, or None for any other term."""
    if type(value) is str:
        return value.encode("utf-8", "surrogatepass")
    if type(value) is bytes:
        return value
    if isinstance(value, (str, bytes)) and rank(value) != OTHER:
        return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else bytes(value)
    return None


def binary_term(data: bytes, like: Term) -> Term:
    """Bytes as a term: a str where they are UTF-8 and did not come out of bytes, else bytes."""
    if not isinstance(like, bytes):
        try:
            return data.decode()
        except UnicodeDecodeError:
            return data
    return data


def byte_size(value: Term) -> Term:
    if isinstance(value, Bitstring):
        return len(value.data)
    data = binary_bytes(value)
    return FAIL if data is None else len(data)


def bit_size(value: Term) -> Term:
    if isinstance(value, Bitstring):
        return value.bits
    data = binary_bytes(value)
    return FAIL if data is None else 8 * len(data)


def binary_part(value: Term, start: Term, count: Term) -> Term:
    """Erlang's binary_part/3: a negative length counts back from the start; bits left over are no part of anything."""
    data = value.data[: value.bits // 8] if isinstance(value, Bitstring) else binary_bytes(value)
    if data is None or not is_integer(start) or not is_integer(count):
        return FAIL
    begin, end = cast(int, start), cast(int, start) + cast(int, count)
    if end < begin:
        begin, end = end, begin
    return binary_term(data[begin:end], value) if begin >= 0 and end <= len(data) else FAIL


def binary_part_of(value: Term, part: Term) -> Term:
    if not isinstance(part, tuple) or len(part) != 2:
        return FAIL
    start, count = part
    return binary_part(value, start, count)


def node() -> Term:
    return NODE


def node_of(value: Term) -> Term:
    return NODE if isinstance(value, (Pid, Ref)) else FAIL


def self_pid() -> Term:
    return context.current_process()
