"""The table of guard and body functions: one entry each, for checks, closures, renderers, docs and tests alike.

An entry has the function's name and arity, the OTP release whose match specs first knew it, how Elixir spells it, what
fun2ms and ex2ms think of it, and its implementation: a plain function of its evaluated arguments that returns FAIL
where Erlang raises. Failing is a value, not an exception, because guards fail often.

`and`, `or`, `andalso`, `orelse` take any number of arguments and are compiled specially (see `matchspec.compile`); they
are listed here without an implementation. Trace-only functions are listed so that their refusal can say why.
"""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias, cast, final

from matchspec import context
from matchspec.maps import fetch
from matchspec.spec import Sentinel
from matchspec.terms import (
    ATOM,
    BINARY,
    FUN,
    OTHER,
    Atom,
    Bitstring,
    ImproperList,
    Pid,
    Ref,
    Term,
    exactly_equal,
    is_float,
    is_integer,
    is_number,
    less,
    numerically_equal,
    rank,
)

FAIL: Final[Term] = Sentinel("FAIL")
# Larger results fail, as in Erlang those past 64 Mbit do on OTP 25, instead of eating the memory.
MAX_INTEGER_BITS = 4_194_304
MAX_SMALL: Final = 2**59 - 1  # the largest integer that Erlang keeps in one word

Implementation: TypeAlias = Callable[..., Term]


@final
@dataclass(frozen=True)
class Function:
    """One function or operator. `most` is None where any number of arguments from `least` on is taken."""

    name: str
    least: int
    most: int | None
    call: Implementation | None = field(compare=False, repr=False, default=None)
    boolean: bool = False  # gives True, False or fails, never anything else
    since: int = 18  # the OTP release whose match specs first had it
    elixir: str = ""  # Elixir's spelling where it differs
    fun2ms: bool = True  # whether OTP 25's ets:fun2ms translates a call of it
    ex2ms: bool = True  # whether ex2ms translates a call of it
    trace: bool = False  # an action of the trace dialect: known, translated by ex2ms, refused by tables

    def takes(self, count: int) -> bool:
        return self.least <= count and (self.most is None or count <= self.most)


# --- implementations ----------------------------------------------------------------------------------------------


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
    if isinstance(a, int) and isinstance(b, int) and a.bit_length() + b.bit_length() > MAX_INTEGER_BITS:
        return FAIL
    try:
        return _finite(a * b)
    except OverflowError:
        return FAIL


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
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def rem(left: Term, right: Term) -> Term:
    """Erlang's rem: the sign of the dividend, where Python's % has the sign of the divisor."""
    if not (is_integer(left) and is_integer(right)) or right == 0:
        return FAIL
    a, b = cast(int, left), cast(int, right)
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
    return binary_term(data[begin:end], value) if 0 <= begin and end <= len(data) else FAIL


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


NODE: Final = Atom("nonode@nohost")

# --- the table ----------------------------------------------------------------------------------------------------


def _test(name: str, call: Implementation, **options: "bool | int | str") -> Function:
    return _function(name, 1, call, boolean=True, **options)


def _function(name: str, arity: int, call: Implementation, **options: "bool | int | str") -> Function:
    return Function(name, arity, arity, call, **options)  # type: ignore[arg-type]  # each option has its field's type


def _trace(name: str, *arities: int, **options: "bool | int | str") -> Function:
    return Function(name, min(arities), max(arities), trace=True, fun2ms=False, **options)  # type: ignore[arg-type]  # as above


_NEW: Final[dict[str, "bool | int | str"]] = {"since": 26, "fun2ms": False, "ex2ms": False}

FUNCTIONS: Final[tuple[Function, ...]] = (
    # type tests
    _test("is_atom", is_kind(ATOM)),
    _test("is_float", is_float),
    _test("is_integer", is_integer),
    _test("is_list", is_list),
    _test("is_number", is_number),
    _test("is_pid", is_pid),
    _test("is_port", never),
    _test("is_reference", is_reference),
    _test("is_tuple", is_tuple),
    _test("is_map", is_map, ex2ms=False),
    _test("is_binary", is_binary),
    _test("is_function", is_kind(FUN)),
    _function("is_function", 2, is_function_of_arity, boolean=True, **_NEW),
    _test("is_boolean", is_boolean, **_NEW),
    _test("is_bitstring", is_kind(BINARY), **_NEW),
    _function("is_record", 3, is_record, boolean=True),
    _function("is_map_key", 2, is_map_key, boolean=True, since=21),
    # data
    _function("element", 2, element, elixir="element"),
    _function("hd", 1, head),
    _function("tl", 1, tail),
    _function("length", 1, length, ex2ms=False),
    _function("size", 1, size),
    _function("tuple_size", 1, tuple_size, **_NEW),
    _function("map_size", 1, map_size, ex2ms=False),
    _function("map_get", 2, map_get, since=21),
    _function("byte_size", 1, byte_size, since=25, ex2ms=False),
    _function("bit_size", 1, bit_size, ex2ms=False),
    _function("binary_part", 2, binary_part_of, since=25, ex2ms=False),
    _function("binary_part", 3, binary_part, since=25, ex2ms=False),
    _function("node", 0, node),
    _function("node", 1, node_of),
    _function("self", 0, self_pid),
    # numbers
    _function("abs", 1, absolute),
    _function("round", 1, round_half_away),
    _function("trunc", 1, trunc),
    _function("float", 1, to_float, ex2ms=False),
    _function("ceil", 1, ceil, **_NEW),
    _function("floor", 1, floor, **_NEW),
    _function("min", 2, minimum, **_NEW),
    _function("max", 2, maximum, **_NEW),
    _function("+", 1, plus),
    _function("-", 1, negate),
    _function("+", 2, add),
    _function("-", 2, subtract),
    _function("*", 2, multiply),
    _function("/", 2, divide),
    _function("div", 2, div),
    _function("rem", 2, rem),
    _function("band", 2, band),
    _function("bor", 2, bor),
    _function("bxor", 2, bxor),
    _function("bnot", 1, bnot),
    _function("bsl", 2, bsl),
    _function("bsr", 2, bsr),
    # comparison
    _function("==", 2, equal, boolean=True),
    _function("/=", 2, not_equal, boolean=True, elixir="!="),
    _function("=:=", 2, exact, boolean=True, elixir="==="),
    _function("=/=", 2, not_exact, boolean=True, elixir="!=="),
    _function("<", 2, less_than, boolean=True),
    _function("=<", 2, at_most, boolean=True, elixir="<="),
    _function(">", 2, greater_than, boolean=True),
    _function(">=", 2, at_least, boolean=True),
    # booleans; those without an implementation are compiled specially
    _function("not", 1, negation, boolean=True),
    _function("xor", 2, xor, boolean=True),
    Function("and", 1, None, boolean=True),
    Function("or", 1, None, boolean=True),
    Function("andalso", 1, None, elixir="and"),
    Function("orelse", 1, None, elixir="or"),
    Function("andthen", 1, None, elixir="and", fun2ms=False, ex2ms=False),
    # the trace dialect
    Function("get_tcw", 0, 0, trace=True),
    _trace("set_tcw", 1),
    _trace("set_seq_token", 2),
    _trace("get_seq_token", 0),
    _trace("is_seq_trace", 0),
    _trace("message", 1),
    _trace("return_trace", 0),
    _trace("exception_trace", 0),
    _trace("process_dump", 0),
    _trace("enable_trace", 1, 2),
    _trace("disable_trace", 1, 2),
    _trace("trace", 2, 3),
    _trace("display", 1),
    _trace("caller", 0),
    _trace("caller_line", 0),
    _trace("current_stacktrace", 0, 1),
    _trace("silent", 1),
)

_BY_NAME: Final[dict[str, list[Function]]] = {}
for _entry in FUNCTIONS:
    _BY_NAME.setdefault(_entry.name, []).append(_entry)

NAMES: Final[tuple[str, ...]] = tuple(_BY_NAME)
LAZY: Final = frozenset(["and", "or", "andalso", "orelse", "andthen"])


def find(name: str, count: int) -> Function | None:
    """The function of this name that takes `count` arguments, or None."""
    for entry in _BY_NAME.get(name, ()):
        if entry.takes(count):
            return entry
    return None


def arities(name: str) -> list[int]:
    """The arities that a name has, for error messages; [] for an unknown name."""
    return [entry.least for entry in _BY_NAME.get(name, ())]
