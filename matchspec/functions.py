"""The table of guard and body functions: one entry each, for checks, closures, renderers, docs and tests alike.

An entry has the function's name and arity, the types of its arguments and its result (in the words of
`matchspec.signatures`), the OTP release whose match specs first knew it, how Elixir spells it, what fun2ms and ex2ms
think of it, and its implementation, which `matchspec.operations` has.

`and`, `or`, `andalso`, `orelse` take any number of arguments and are compiled specially (see `matchspec.compile`); they
are listed here without an implementation. Trace-only functions are listed so that their refusal can say why.
"""

from dataclasses import dataclass, field
from typing import Final, final

from matchspec.operations import (
    Implementation,
    absolute,
    add,
    at_least,
    at_most,
    band,
    binary_part,
    binary_part_of,
    bit_size,
    bnot,
    bor,
    bsl,
    bsr,
    bxor,
    byte_size,
    ceil,
    div,
    divide,
    element,
    equal,
    exact,
    floor,
    greater_than,
    head,
    is_binary,
    is_boolean,
    is_function_of_arity,
    is_kind,
    is_list,
    is_map,
    is_map_key,
    is_pid,
    is_record,
    is_reference,
    is_tuple,
    length,
    less_than,
    map_get,
    map_size,
    maximum,
    minimum,
    multiply,
    negate,
    negation,
    never,
    node,
    node_of,
    not_equal,
    not_exact,
    plus,
    rem,
    round_half_away,
    self_pid,
    size,
    subtract,
    tail,
    to_float,
    trunc,
    tuple_size,
    xor,
)
from matchspec.terms import ATOM, BINARY, FUN, is_float, is_integer, is_number


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
    types: str = "any -> any"  # what it takes and gives
    trace: bool = False  # an action of the trace dialect: known, translated by ex2ms, refused by tables

    def takes(self, count: int) -> bool:
        return self.least <= count and (self.most is None or count <= self.most)


def _function(
    name: str,
    arity: int,
    call: Implementation,
    types: str,
    *,
    boolean: bool = False,
    since: int = 18,
    elixir: str = "",
    ex2ms: bool = True,
) -> Function:
    """A function of one arity. What match specs got in OTP 26 and later, neither fun2ms nor ex2ms translates."""
    old = since < 26
    return Function(name, arity, arity, call, boolean, since, elixir, old, ex2ms and old, types)


def _test(name: str, call: Implementation, *, since: int = 18, ex2ms: bool = True) -> Function:
    return _function(name, 1, call, "any -> bool", boolean=True, since=since, ex2ms=ex2ms)


def _trace(name: str, least: int, most: int | None = None) -> Function:
    return Function(name, least, most or least, trace=True, fun2ms=False)


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
    _function("is_function", 2, is_function_of_arity, "any int -> bool", boolean=True, since=26),
    _test("is_boolean", is_boolean, since=26),
    _test("is_bitstring", is_kind(BINARY), since=26),
    _function("is_record", 3, is_record, "any atom int -> bool", boolean=True),
    _function("is_map_key", 2, is_map_key, "any map -> bool", boolean=True, since=21),
    # data
    _function("element", 2, element, "int tuple -> element", elixir="element"),
    _function("hd", 1, head, "list -> item"),
    _function("tl", 1, tail, "list -> =1"),
    _function("length", 1, length, "list -> int", ex2ms=False),
    _function("size", 1, size, "sized -> int"),
    _function("tuple_size", 1, tuple_size, "tuple -> int", since=26),
    _function("map_size", 1, map_size, "map -> int", ex2ms=False),
    _function("map_get", 2, map_get, "any map -> value", since=21),
    _function("byte_size", 1, byte_size, "binary -> int", since=25, ex2ms=False),
    _function("bit_size", 1, bit_size, "binary -> int", ex2ms=False),
    _function("binary_part", 2, binary_part_of, "binary tuple -> part", since=25, ex2ms=False),
    _function("binary_part", 3, binary_part, "binary int int -> part", since=25, ex2ms=False),
    _function("node", 0, node, "-> atom"),
    _function("node", 1, node_of, "any -> atom"),
    _function("self", 0, self_pid, "-> pid"),
    # numbers
    _function("abs", 1, absolute, "number -> =1"),
    _function("round", 1, round_half_away, "number -> int"),
    _function("trunc", 1, trunc, "number -> int"),
    _function("float", 1, to_float, "number -> float", ex2ms=False),
    _function("ceil", 1, ceil, "number -> int", since=26),
    _function("floor", 1, floor, "number -> int", since=26),
    _function("min", 2, minimum, "any any -> either", since=26),
    _function("max", 2, maximum, "any any -> either", since=26),
    _function("+", 1, plus, "number -> =1"),
    _function("-", 1, negate, "number -> =1"),
    _function("+", 2, add, "number number -> sum"),
    _function("-", 2, subtract, "number number -> sum"),
    _function("*", 2, multiply, "number number -> sum"),
    _function("/", 2, divide, "number number -> float"),
    _function("div", 2, div, "int int -> int"),
    _function("rem", 2, rem, "int int -> int"),
    _function("band", 2, band, "int int -> int"),
    _function("bor", 2, bor, "int int -> int"),
    _function("bxor", 2, bxor, "int int -> int"),
    _function("bnot", 1, bnot, "int -> int"),
    _function("bsl", 2, bsl, "int int -> int"),
    _function("bsr", 2, bsr, "int int -> int"),
    # comparison
    _function("==", 2, equal, "compared -> bool", boolean=True),
    _function("/=", 2, not_equal, "compared -> bool", boolean=True, elixir="!="),
    _function("=:=", 2, exact, "compared -> bool", boolean=True, elixir="==="),
    _function("=/=", 2, not_exact, "compared -> bool", boolean=True, elixir="!=="),
    _function("<", 2, less_than, "compared -> bool", boolean=True),
    _function("=<", 2, at_most, "compared -> bool", boolean=True, elixir="<="),
    _function(">", 2, greater_than, "compared -> bool", boolean=True),
    _function(">=", 2, at_least, "compared -> bool", boolean=True),
    # booleans; those without an implementation are compiled specially
    _function("not", 1, negation, "bool -> bool", boolean=True),
    _function("xor", 2, xor, "bool bool -> bool", boolean=True),
    Function("and", 1, None, boolean=True, types="bools -> bool"),
    Function("or", 1, None, boolean=True, types="bools -> bool"),
    Function("andalso", 1, None, elixir="and", types="tests -> tested"),
    Function("orelse", 1, None, elixir="or", types="tests -> tested"),
    Function("andthen", 1, None, elixir="and", fun2ms=False, ex2ms=False, types="tests -> tested"),
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
