"""What only Python's lambdas can say: operators and functions with Python's own meaning.

A lambda means what Python says: `//` floors, `1 == True`, comparing None with a number raises. So its operators are
calls of the functions here, named `python:<` and so on, and not of Erlang's in `matchspec.functions`. Each returns FAIL
where Python would raise.

`erlang` gives the expression that an Erlang programmer would write for it, for the renderers. It means the same on the
values that the operator is for; where Python would raise for mixed types, Erlang compares in its total order. Functions
without a counterpart have None there.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, cast, final

from matchspec.closures import truth
from matchspec.functions import FAIL, MAX_INTEGER_BITS, Implementation
from matchspec.spec import ECall, EConst, EList, ETuple, Expr
from matchspec.terms import Atom, Term

Rendering: TypeAlias = Callable[[tuple[Expr, ...]], Expr]
PyValue: TypeAlias = Any  # a value that Python's own operators are about to be tried on


class Untranslatable(Exception):
    """These arguments have no counterpart in Erlang."""


@final
@dataclass(frozen=True)
class PythonFunction:
    name: str
    shown: str  # as a Python programmer would call it
    call: Implementation | None = field(compare=False, repr=False)
    erlang: Rendering | None = field(compare=False, repr=False, default=None)
    boolean: bool = False
    hint: str = ""


# --- implementations ----------------------------------------------------------------------------------------------
# They run operators of the values' own types, which may raise anything at all: hence the broad excepts.


def _unary(function: Callable[[PyValue], PyValue]) -> Implementation:
    def call(value: PyValue) -> Term:
        try:
            return function(value)
        except Exception:
            return FAIL

    return call


def _binary(function: Callable[[PyValue, PyValue], PyValue]) -> Implementation:
    def call(left: PyValue, right: PyValue) -> Term:
        try:
            return function(left, right)
        except Exception:
            return FAIL

    return call


def _variadic(function: Callable[..., PyValue]) -> Implementation:
    def call(*values: PyValue) -> Term:
        try:
            return function(*values)
        except Exception:
            return FAIL

    return call


def _bits(value: PyValue) -> int:
    return value.bit_length() if isinstance(value, int) else 0


def _power(base: PyValue, exponent: PyValue) -> PyValue:
    if isinstance(exponent, int) and exponent > 0 and _bits(base) * exponent > MAX_INTEGER_BITS:
        return FAIL
    return base**exponent


def _left_shift(value: PyValue, count: PyValue) -> PyValue:
    if isinstance(count, int) and _bits(value) + count > MAX_INTEGER_BITS:
        return FAIL
    return value << count


def _multiply(left: PyValue, right: PyValue) -> PyValue:
    if _bits(left) + _bits(right) > MAX_INTEGER_BITS:
        return FAIL
    for sequence, times in ((left, right), (right, left)):
        if isinstance(sequence, (str, bytes, list, tuple)) and isinstance(times, int):
            if len(sequence) * times > MAX_INTEGER_BITS:
                return FAIL
    return left * right


def _field(value: PyValue, position: PyValue) -> PyValue:
    return value[position] if isinstance(value, tuple) else FAIL


def _is_sequence(value: PyValue, least: PyValue, most: PyValue) -> PyValue:
    """Whether a sequence pattern of Python can match: a list or tuple with a length between the two bounds."""
    return isinstance(value, (list, tuple)) and least <= len(value) and (most is None or len(value) <= most)


def _rest(value: PyValue, before: PyValue, after: PyValue) -> PyValue:
    """What `*rest` in a sequence pattern binds, with so many items before and after it: always a list."""
    return list(value[before : len(value) - after])


def _has_key(value: PyValue, key: PyValue) -> PyValue:
    return isinstance(value, dict) and key in value


def _dict_of(*parts: PyValue) -> PyValue:
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _without(value: PyValue, *keys: PyValue) -> PyValue:
    return {key: item for key, item in value.items() if key not in keys}


def _slice(value: PyValue, lower: PyValue, upper: PyValue, step: PyValue) -> PyValue:
    return value[lower:upper:step]


def _constructor(*args: PyValue) -> PyValue:
    make, *rest = args
    return make(*rest)


# --- what an Erlang programmer would write ------------------------------------------------------------------------


def _same(name: str) -> Rendering:
    return lambda args: ECall(name, args)


def _remainder(args: tuple[Expr, ...]) -> Expr:
    """`%` floors, `rem` truncates; for integers ((a rem b) + b) rem b has the sign of b, as Python's has."""
    left, right = args
    return ECall("rem", (ECall("+", (ECall("rem", (left, right)), right)), right))


def _floor_division(args: tuple[Expr, ...]) -> Expr:
    left, right = args
    return ECall("div", (ECall("-", (left, _remainder(args))), right))


def _subscript(args: tuple[Expr, ...]) -> Expr:
    value, index = args
    if isinstance(index, EConst):
        if isinstance(index.value, int) and not isinstance(index.value, bool) and index.value >= 0:
            return ECall("element", (EConst(index.value + 1), value))
        if isinstance(index.value, (str, Atom)):
            return ECall("map_get", (index, value))
    raise Untranslatable


def _choices(collection: Expr) -> tuple[Expr, ...]:
    match collection:
        case EConst(value) if isinstance(value, (tuple, list, set, frozenset)):
            ordered = sorted(value, key=repr) if isinstance(value, (set, frozenset)) else value
            return tuple([EConst(item) for item in ordered])
        case ETuple(items) | EList(items, None):
            return items
    raise Untranslatable


def _membership(args: tuple[Expr, ...]) -> Expr:
    value, collection = args
    tests = tuple([ECall("==", (value, choice)) for choice in _choices(collection)])
    if not tests:
        return EConst(False)
    return tests[0] if len(tests) == 1 else ECall("orelse", tests)


def _no_membership(args: tuple[Expr, ...]) -> Expr:
    return ECall("not", (_membership(args),))


def _truth(args: tuple[Expr, ...]) -> Expr:
    """The truth of something that is a boolean already; of anything else Erlang knows none."""
    (value,) = args
    if isinstance(value, EConst) and isinstance(value.value, bool):
        return value
    raise Untranslatable


_TYPE_TESTS: Final[dict[type, str]] = {
    int: "is_integer",
    float: "is_float",
    str: "is_binary",
    bytes: "is_binary",
    tuple: "is_tuple",
    list: "is_list",
    dict: "is_map",
    bool: "is_boolean",
    Atom: "is_atom",
}


def _type_test(args: tuple[Expr, ...]) -> Expr:
    value, classes = args
    if not isinstance(classes, EConst):
        raise Untranslatable
    wanted = classes.value if isinstance(classes.value, tuple) else (classes.value,)
    if set(wanted) == {int, float}:
        return ECall("is_number", (value,))
    tests: list[Expr] = []
    for cls in wanted:
        name = _TYPE_TESTS.get(cast(type, cls))
        if name is None:
            raise Untranslatable
        tests.append(ECall(name, (value,)))
    return tests[0] if len(tests) == 1 else ECall("orelse", tuple(tests))


def _affix(args: tuple[Expr, ...], at_end: bool) -> Expr:
    value, affix = args
    if not isinstance(affix, EConst) or not isinstance(affix.value, (str, bytes)):
        raise Untranslatable
    data = affix.value.encode() if isinstance(affix.value, str) else affix.value
    start: Expr = EConst(0)
    if at_end:
        start = ECall("-", (ECall("byte_size", (value,)), EConst(len(data))))
    part = ECall("binary_part", (value, start, EConst(len(data))))
    long_enough = ECall(">=", (ECall("byte_size", (value,)), EConst(len(data))))
    return ECall("andalso", (long_enough, ECall("=:=", (part, affix))))


def _nested(name: str) -> Rendering:
    """min and max take two arguments in Erlang, any number in Python."""

    def rendering(args: tuple[Expr, ...]) -> Expr:
        if len(args) < 2:
            raise Untranslatable
        result = args[0]
        for arg in args[1:]:
            result = ECall(name, (result, arg))
        return result

    return rendering


def _boolean(name: str, shown: str, call: Implementation | None, erlang: Rendering | None) -> PythonFunction:
    return PythonFunction(f"python:{name}", shown, call, erlang, boolean=True)


def _value(
    name: str, shown: str, call: Implementation | None, erlang: Rendering | None = None, hint: str = ""
) -> PythonFunction:
    return PythonFunction(f"python:{name}", shown, call, erlang, hint=hint)


_LENGTH_HINT: Final = "give the row type, so that it is known whether to ask for length, tuple_size or map_size"
_STRING_METHODS: Final = (
    *("lower", "upper", "casefold", "title", "capitalize", "strip", "lstrip", "rstrip", "removeprefix", "removesuffix"),
    *("replace", "find", "count", "index", "split", "isdigit", "isalpha", "isalnum", "isspace", "islower", "isupper"),
    "get",
)


def _method(name: str) -> Callable[..., PyValue]:
    def call(receiver: PyValue, *args: PyValue) -> PyValue:
        # Only methods of str, bytes, dict, list and tuple: no code of the value's own runs.
        if type(receiver) not in (str, bytes, dict, list, tuple):
            return FAIL
        return operator.methodcaller(name, *args)(receiver)

    return call


_TABLE: Final = (
    _boolean("<", "<", _binary(operator.lt), _same("<")),
    _boolean("<=", "<=", _binary(operator.le), _same("=<")),
    _boolean(">", ">", _binary(operator.gt), _same(">")),
    _boolean(">=", ">=", _binary(operator.ge), _same(">=")),
    _boolean("==", "==", _binary(operator.eq), _same("==")),
    _boolean("!=", "!=", _binary(operator.ne), _same("/=")),
    _boolean("in", "in", _binary(lambda value, choices: value in choices), _membership),
    _boolean("not in", "not in", _binary(lambda value, choices: value not in choices), _no_membership),
    _boolean("not", "not", _unary(operator.not_), _same("not")),
    _boolean("bool", "bool()", truth, _truth),
    _value("and", "and", None, _same("andalso")),
    _value("or", "or", None, _same("orelse")),
    _value("if", "conditional expression inside an expression", None),
    _value("+", "+", _binary(operator.add), _same("+")),
    _value("-", "-", _binary(operator.sub), _same("-")),
    _value("*", "*", _binary(_multiply), _same("*")),
    _value("/", "/", _binary(operator.truediv), _same("/")),
    _value("//", "//", _binary(operator.floordiv), _floor_division),
    _value("%", "%", _binary(operator.mod), _remainder),
    _value("**", "**", _binary(_power)),
    _value("<<", "<<", _binary(_left_shift), _same("bsl")),
    _value(">>", ">>", _binary(operator.rshift), _same("bsr")),
    _value("&", "&", _binary(operator.and_), _same("band")),
    _value("|", "|", _binary(operator.or_), _same("bor")),
    _value("^", "^", _binary(operator.xor), _same("bxor")),
    _value("~", "~", _unary(operator.invert), _same("bnot")),
    _value("neg", "unary -", _unary(operator.neg), _same("-")),
    _value("pos", "unary +", _unary(operator.pos), _same("+")),
    _value("[]", "subscript", _binary(operator.getitem), _subscript),
    _value("field", "attribute", _binary(_field), _subscript),
    _value("slice", "slice", _variadic(_slice)),
    _value("dict", "dict display", _variadic(_dict_of)),
    _value("len", "len()", _unary(len), hint=_LENGTH_HINT),
    _value("abs", "abs()", _unary(abs), _same("abs")),
    _value("min", "min()", _variadic(min), _nested("min")),
    _value("max", "max()", _variadic(max), _nested("max")),
    _value("round", "round()", _variadic(round), hint="Python rounds halves to even, Erlang's round away from zero"),
    _value("int", "int()", _variadic(int), _same("trunc")),
    _value("float", "float()", _unary(float), _same("float")),
    _value("str", "str()", _unary(str)),
    _boolean("isinstance", "isinstance()", _binary(isinstance), _type_test),
    _boolean(".startswith", "str.startswith()", _variadic(_method("startswith")), lambda args: _affix(args, False)),
    _boolean(".endswith", "str.endswith()", _variadic(_method("endswith")), lambda args: _affix(args, True)),
    *[_value(f".{name}", f".{name}()", _variadic(_method(name))) for name in _STRING_METHODS],
    _boolean("is_sequence", "sequence pattern", _variadic(_is_sequence), None),
    _boolean("has_key", "mapping pattern", _binary(_has_key), lambda args: ECall("is_map_key", (args[1], args[0]))),
    _value("rest", "* in a pattern", _variadic(_rest)),
    _value("without", "** in a pattern", _variadic(_without)),
    _value("new", "call of a class", _variadic(_constructor)),
)

PYTHON: Final[dict[str, PythonFunction]] = {entry.name: entry for entry in _TABLE}
METHODS: Final = frozenset([name[8:] for name in PYTHON if name.startswith("python:.")])
