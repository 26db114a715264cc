"""What only Python's lambdas can say: operators and functions with Python's own meaning.

A lambda means what Python says: `//` floors, `1 == True`, comparing None with a number raises. So its operators are
calls of the functions here, named `python:<` and so on, and not of Erlang's in `matchspec.functions`. What they do is
in `matchspec.pyoperations`; each returns FAIL where Python would raise.

`erlang` gives the expression that an Erlang programmer would write for it, for the renderers. It means the same on the
values that the operator is for; where Python would raise for mixed types, Erlang compares in its total order. Functions
without a counterpart have None there. `types` says what they take and give, in the words of `matchspec.signatures`.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias, cast, final

from matchspec import pyoperations as op
from matchspec.closures import truth
from matchspec.operations import Implementation
from matchspec.spec import ECall, EConst, EList, EMap, ETuple, EVar, Expr
from matchspec.terms import is_integer, is_number
from matchspec.values import Atom

Rendering: TypeAlias = Callable[[tuple[Expr, ...]], Expr]


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
    types: str = "any -> any"


# --- what an Erlang programmer would write ------------------------------------------------------------------------


def _same(name: str) -> Rendering:
    return lambda args: ECall(name, args)


def _number(name: str) -> Rendering:
    """Operators that Python has for texts, lists and so on too, and Erlang for numbers only."""

    def rendering(args: tuple[Expr, ...]) -> Expr:
        for arg in args:
            if isinstance(arg, (ETuple, EList, EMap)) or (isinstance(arg, EConst) and not is_number(arg.value)):
                raise Untranslatable
        return ECall(name, args)

    return rendering


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
        if is_integer(index.value) and isinstance(index.value, int) and index.value >= 0:
            return ECall("element", (EConst(index.value + 1), value))
        if isinstance(index.value, (str, Atom)):
            return ECall("map_get", (index, value))
    raise Untranslatable


def _choices(collection: Expr) -> tuple[Expr, ...]:
    match collection:
        case EConst(value) if isinstance(value, (tuple, list, set, frozenset)):
            ordered = sorted(value, key=repr) if isinstance(value, (set, frozenset)) else value
            return tuple([EConst(item) for item in ordered])
        case ETuple(items) | EList(items, None) | ECall("python:set", items):
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


def _joined(name: str) -> Rendering:
    """`and` and `or`: in Erlang every operand but the last has to be a boolean."""

    def rendering(args: tuple[Expr, ...]) -> Expr:
        if any([is_never_boolean(arg) for arg in args[:-1]]):
            raise Untranslatable
        return ECall(name, args)

    return rendering


def is_never_boolean(expr: Expr) -> bool:
    """Whether an expression gives something else than True and False; of a column that is not known."""
    match expr:
        case ECall("python:and" | "python:or", args):
            return any([is_never_boolean(arg) for arg in args])
        case ECall("=:=" | "=/="):
            return False
        case ECall(name):
            return name not in PYTHON or not PYTHON[name].boolean
        case EConst(value):
            return not isinstance(value, bool)
        case EVar():
            return False
    return True


def _whole_number(args: tuple[Expr, ...]) -> Expr:
    if len(args) != 1:
        raise Untranslatable
    return ECall("trunc", args)


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
    if len(args) != 2:
        raise Untranslatable
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


def _boolean(
    name: str, shown: str, call: Implementation | None, erlang: Rendering | None, types: str = "any -> bool"
) -> PythonFunction:
    return PythonFunction(f"python:{name}", shown, call, erlang, boolean=True, types=types)


def _value(
    name: str,
    shown: str,
    call: Implementation | None,
    types: str,
    erlang: Rendering | None = None,
    hint: str = "",
) -> PythonFunction:
    return PythonFunction(f"python:{name}", shown, call, erlang, hint=hint, types=types)


_LENGTH_HINT: Final = "give the row type, so that it is known whether to ask for length, tuple_size or map_size"
_ROUND_HINT: Final = "Python rounds halves to even, Erlang's round away from zero"
_STRING_METHODS: Final = (
    *("lower", "upper", "casefold", "title", "capitalize", "strip", "lstrip", "rstrip", "removeprefix", "removesuffix"),
    *("find", "count", "index", "split", "isdigit", "isalpha", "isalnum", "isspace", "islower", "isupper"),
    "get",
)


_TABLE: Final = (
    _boolean("<", "<", op.comparison(operator.lt), _same("<"), types="compared -> bool"),
    _boolean("<=", "<=", op.comparison(operator.le), _same("=<"), types="compared -> bool"),
    _boolean(">", ">", op.comparison(operator.gt), _same(">"), types="compared -> bool"),
    _boolean(">=", ">=", op.comparison(operator.ge), _same(">="), types="compared -> bool"),
    _boolean("==", "==", op.comparison(operator.eq), _same("=="), types="compared -> bool"),
    _boolean("!=", "!=", op.comparison(operator.ne), _same("/="), types="compared -> bool"),
    _boolean("in", "in", op.binary(op.contains), _membership, types="member -> bool"),
    _boolean("not in", "not in", op.binary(op.lacks), _no_membership, types="member -> bool"),
    _boolean("not", "not", op.unary(operator.not_), _same("not")),
    _boolean("bool", "bool()", truth, _truth),
    _value("and", "and", None, "any -> either", _joined("andalso")),
    _value("or", "or", None, "any -> either", _joined("orelse")),
    _value("if", "conditional expression inside an expression", None, "any -> choice"),
    _value("+", "+", op.arithmetic(op.add), "added -> added", _number("+")),
    _value("-", "-", op.arithmetic(operator.sub), "numeric numeric -> sum", _number("-")),
    _value("*", "*", op.arithmetic(op.multiply), "multiplied -> multiplied", _number("*")),
    _value("/", "/", op.arithmetic(operator.truediv), "numeric numeric -> quotient", _number("/")),
    _value("//", "//", op.arithmetic(op.floor_divide), "numeric numeric -> sum", _floor_division),
    _value("%", "%", op.arithmetic(op.modulo), "numeric numeric -> sum", _remainder),
    _value("**", "**", op.arithmetic(op.power), "numeric numeric -> power"),
    _value("<<", "<<", op.binary(op.left_shift), "whole whole -> int", _number("bsl")),
    _value(">>", ">>", op.binary(operator.rshift), "whole whole -> int", _number("bsr")),
    _value("&", "&", op.binary(operator.and_), "bits bits -> bitwise", _number("band")),
    _value("|", "|", op.binary(operator.or_), "bits bits -> bitwise", _number("bor")),
    _value("^", "^", op.binary(operator.xor), "bits bits -> bitwise", _number("bxor")),
    _value("~", "~", op.unary(operator.invert), "whole -> int", _number("bnot")),
    _value("neg", "unary -", op.unary(operator.neg), "numeric -> sum", _number("-")),
    _value("pos", "unary +", op.unary(operator.pos), "numeric -> sum", _number("+")),
    _value("[]", "subscript", op.binary(op.subscript), "subscripted any -> subscript", _subscript),
    _value("field", "attribute", op.binary(op.field_of), "tuple any -> subscript", _subscript),
    _value("slice", "slice", op.variadic(op.sliced), "sequence any any any -> sliced"),
    _value("dict", "dict display", op.variadic(op.dict_of), "any -> dict"),
    _value("set", "set display", op.variadic(op.set_of), "any -> set"),
    _value("len", "len()", op.unary(len), "sequence -> int", hint=_LENGTH_HINT),
    _value("abs", "abs()", op.unary(abs), "numeric -> sum", _same("abs")),
    _value("min", "min()", op.variadic(op.least_of), "any -> either", _nested("min")),
    _value("max", "max()", op.variadic(op.greatest_of), "any -> either", _nested("max")),
    _value("round", "round()", op.variadic(op.rounded), "numeric -> rounded", hint=_ROUND_HINT),
    _value("int", "int()", op.variadic(op.integer), "any -> int", _whole_number),
    _value("float", "float()", op.unary(float), "any -> float", _same("float")),
    _value("str", "str()", op.unary(op.text_of), "any -> str"),
    _boolean("isinstance", "isinstance()", op.binary(isinstance), _type_test),
    _boolean(
        ".startswith",
        "str.startswith()",
        op.variadic(op.method("startswith")),
        lambda args: _affix(args, False),
        types="text any -> bool",
    ),
    _boolean(
        ".endswith",
        "str.endswith()",
        op.variadic(op.method("endswith")),
        lambda args: _affix(args, True),
        types="text any -> bool",
    ),
    _value(".replace", ".replace()", op.variadic(op.replaced), "text any -> =1"),
    *[_value(f".{name}", f".{name}()", op.variadic(op.method(name)), "any -> method") for name in _STRING_METHODS],
    _boolean("is_sequence", "sequence pattern", op.variadic(op.is_sequence), None),
    _boolean("has_key", "mapping pattern", op.binary(op.has_key), lambda args: ECall("is_map_key", (args[1], args[0]))),
    _value("rest", "* in a pattern", op.variadic(op.rest_of), "any -> rest"),
    _value("without", "** in a pattern", op.variadic(op.without_keys), "any -> =1"),
    _value("new", "call of a class", op.variadic(op.constructor), "any -> new"),
)

PYTHON: Final[dict[str, PythonFunction]] = {entry.name: entry for entry in _TABLE}
METHODS: Final = frozenset([name[8:] for name in PYTHON if name.startswith("python:.")])
