"""The types of guard and body functions: what the words in the tables of functions mean.

`matchspec.functions` and `matchspec.pyfunctions` say of each function what it takes and gives, "int tuple -> element"
say. The words before the arrow are kinds of arguments, the last of which stands for all further ones; the word after it
is a type, `=1` for that of the first argument, or a rule of its own. Words for several arguments at once (`compared`,
`tests`, `added` and so on) leave the arguments to `matchspec.infer`.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from matchspec.functions import find
from matchspec.pyfunctions import PYTHON
from matchspec.valuetypes import (
    ANYTHING,
    ATOM,
    BOOL,
    BYTES,
    FLOAT,
    INT,
    NEVER,
    NONE,
    PID,
    STR,
    ItemsType,
    LiteralType,
    MapType,
    ScalarType,
    TupleType,
    ValueType,
    annotation_of,
    kinds_of,
    parts_of,
    type_of_annotation,
    union,
)

Types: TypeAlias = list[ValueType]
Rule: TypeAlias = Callable[[Types], ValueType]

# The kinds of term that an argument may be, and what to call them in a message.
ARGUMENTS: Final[dict[str, tuple[frozenset[str], str]]] = {
    "int": (frozenset(["int"]), "an int"),
    "bool": (frozenset(["bool"]), "True or False"),
    "atom": (frozenset(["atom", "bool", "none"]), "an atom"),
    "number": (frozenset(["int", "float"]), "a number"),
    "list": (frozenset(["list"]), "a list"),
    "tuple": (frozenset(["tuple"]), "a tuple"),
    "map": (frozenset(["map"]), "a dict"),
    "binary": (frozenset(["str", "bytes", "bits"]), "a str or bytes"),
    "sized": (frozenset(["tuple", "str", "bytes", "bits"]), "a tuple, a str or bytes"),
    # Python's
    "numeric": (frozenset(["int", "float", "bool", "other"]), "a number"),
    "whole": (frozenset(["int", "bool", "other"]), "an int"),
    "bits": (frozenset(["int", "bool", "map", "other"]), "an int"),
    "text": (frozenset(["str", "bytes"]), "a str or bytes"),
    "sequence": (frozenset(["str", "bytes", "tuple", "list", "map", "other"]), "a str, a tuple, a list or a dict"),
    "subscripted": (frozenset(["str", "bytes", "tuple", "list", "map", "other"]), "a str, a tuple, a list or a dict"),
}
_PLAIN: Final[dict[str, ValueType]] = {"int": INT, "float": FLOAT, "bool": BOOL, "str": STR, "bytes": BYTES}
_NUMBERS: Final = frozenset(["int", "float", "bool"])


def words_of(name: str, count: int) -> tuple[list[str], str]:
    """What a function takes, a word for each argument, and the word for what it gives."""
    entry = PYTHON.get(name) or find(name, count)
    takes, _, gives = (entry.types if entry is not None else "any -> any").partition("->")
    words = takes.split()
    while words and len(words) < count:
        words.append(words[-1])
    return words[:count], gives.strip()


def result_of(name: str, args: Types) -> ValueType:
    """What a call of a function gives, where it does not fail."""
    word = words_of(name, len(args))[1]
    if word == "method":
        return _method(name, args)
    rule = RESULTS.get(word)
    return ANYTHING if rule is None else rule(args)


def plain(kind: ValueType) -> ValueType:
    """The type without literals and NewTypes, which what is computed from them is not."""
    parts = [part.base if isinstance(part, LiteralType) else part for part in parts_of(kind)]
    return union([_PLAIN.get(part.kind, part) if isinstance(part, ScalarType) else part for part in parts])


def item_of(kind: ValueType) -> ValueType:
    """The type of the items of a list or tuple."""
    found: Types = []
    for part in parts_of(kind):
        match part:
            case ItemsType(_, item):
                found.append(item)
            case TupleType(items):
                found.extend(items)
            case ScalarType("any" | "tuple" | "list" | "other"):
                return ANYTHING
    return union(found) if found else ANYTHING


def value_of(kind: ValueType) -> ValueType:
    """The type of the values of a map."""
    found = [part.value for part in parts_of(kind) if isinstance(part, MapType)]
    return union(list(found)) if len(found) == len(parts_of(kind)) else ANYTHING


def field_of(kind: ValueType, index: int) -> ValueType | None:
    """The type of an element of a tuple, counted from 0 or from the end; None where there is none such."""
    found: Types = []
    for part in parts_of(kind):
        match part:
            case TupleType(items):
                if -len(items) <= index < len(items):
                    found.append(items[index])
            case ItemsType(_, item):
                found.append(item)
            case ScalarType("any" | "tuple" | "list" | "other"):
                return ANYTHING
            case ScalarType("str") | LiteralType():
                found.append(STR)
            case ScalarType("bytes"):
                found.append(INT)
            case MapType(_, value):
                found.append(value)
    return union(found) if found else None


def constant_index(kind: ValueType) -> int | None:
    """The int that an argument is known to be."""
    return kind.value if isinstance(kind, LiteralType) and type(kind.value) is int else None


# --- results ----------------------------------------------------------------------------------------------------------


def _element(args: Types) -> ValueType:
    index = constant_index(args[0])
    found = None if index is None else field_of(args[1], index - 1)
    return item_of(args[1]) if found is None else found


def _subscript(args: Types) -> ValueType:
    index = constant_index(args[1])
    if index is not None:
        return field_of(args[0], index) or ANYTHING
    kinds = kinds_of(args[0])
    if kinds == {"map"}:
        return value_of(args[0])
    return plain(args[0]) if kinds == {"str"} else item_of(args[0])


def _sum(args: Types) -> ValueType:
    """Of ints an int, of anything with a float a float, of other numbers whatever they decide on."""
    kinds = [kinds_of(arg) for arg in args]
    if not all([part <= _NUMBERS for part in kinds]):
        others = [annotation_of(plain(arg)) for arg in args]
        return plain(args[0]) if all([other == others[0] for other in others]) and len(args) == 1 else ANYTHING
    if any([part == {"float"} for part in kinds]):
        return FLOAT
    return union([INT, FLOAT]) if any(["float" in part for part in kinds]) else INT


def _quotient(args: Types) -> ValueType:
    return FLOAT if all([kinds_of(arg) <= _NUMBERS for arg in args]) else ANYTHING


def _power(args: Types) -> ValueType:
    found = _sum(args)
    exponent = constant_index(args[1])
    return found if found is not INT or (exponent is not None and exponent >= 0) else union([INT, FLOAT])


def _added(args: Types) -> ValueType:
    """Python's `+`: numbers, or two texts, lists or tuples."""
    left, right = args
    if isinstance(left, TupleType) and isinstance(right, TupleType):
        return TupleType((*left.items, *right.items))
    kinds = kinds_of(left) | kinds_of(right)
    if kinds in ({"str"}, {"bytes"}):
        return STR if kinds == {"str"} else BYTES
    if kinds in ({"list"}, {"tuple"}):
        return ItemsType(next(iter(kinds)), union([item_of(left), item_of(right)]))
    return _sum(args) if kinds <= _NUMBERS else ANYTHING


def _multiplied(args: Types) -> ValueType:
    kinds = [kinds_of(arg) for arg in args]
    if kinds[0] | kinds[1] <= _NUMBERS:
        return _sum(args)
    for whole, repeated, arg in ((kinds[0], kinds[1], args[1]), (kinds[1], kinds[0], args[0])):
        if whole <= {"int", "bool"} and len(repeated) == 1:
            found = next(iter(repeated))
            if found in ("list", "tuple"):
                return ItemsType(found, item_of(arg))
            return plain(arg) if found in ("str", "bytes") else ANYTHING
    return ANYTHING


def _bitwise(args: Types) -> ValueType:
    kinds = [kinds_of(arg) for arg in args]
    if all([part == {"bool"} for part in kinds]):
        return BOOL
    return INT if all([part <= {"int", "bool"} for part in kinds]) else ANYTHING


def _sliced(args: Types) -> ValueType:
    found: Types = []
    for part in parts_of(plain(args[0])):
        if isinstance(part, TupleType):
            found.append(ItemsType("tuple", item_of(part)))
        elif isinstance(part, (ItemsType, ScalarType)):
            found.append(part)
        else:
            return ANYTHING
    return union(found)


def _dict(args: Types) -> ValueType:
    return MapType(union(args[::2]), union(args[1::2]))


def _rounded(args: Types) -> ValueType:
    return INT if len(args) == 1 else plain(args[0])


def _new(args: Types) -> ValueType:
    made = args[0]
    return type_of_annotation(made.annotation) if isinstance(made, ScalarType) else ANYTHING


def _part(args: Types) -> ValueType:
    """A part of a text: of a str one where it is valid UTF-8."""
    return BYTES if kinds_of(args[0]) == {"bytes"} else union([STR, BYTES])


RESULTS: Final[dict[str, Rule]] = {
    "any": lambda args: ANYTHING,
    "bool": lambda args: BOOL,
    "int": lambda args: INT,
    "float": lambda args: FLOAT,
    "str": lambda args: STR,
    "atom": lambda args: ATOM,
    "pid": lambda args: PID,
    "=1": lambda args: plain(args[0]),
    "item": lambda args: item_of(args[0]),
    "value": lambda args: value_of(args[1]),
    "either": union,
    "choice": lambda args: union(args[1:]),
    "tested": lambda args: union([BOOL, args[-1]]),
    "set": lambda args: ANYTHING,
    "rest": lambda args: ItemsType("list", item_of(args[0])),
    "element": _element,
    "subscript": _subscript,
    "sum": _sum,
    "quotient": _quotient,
    "power": _power,
    "added": _added,
    "multiplied": _multiplied,
    "bitwise": _bitwise,
    "sliced": _sliced,
    "dict": _dict,
    "rounded": _rounded,
    "new": _new,
    "part": _part,
}

_COUNTS: Final = frozenset(["find", "count", "index"])


def _method(name: str, args: Types) -> ValueType:
    """A method of a text, a sequence or a dict."""
    method = name.removeprefix("python:.")
    if method in _COUNTS:
        return INT
    if method.startswith("is"):
        return BOOL
    if method == "get":
        return union([value_of(args[0]), args[2] if len(args) > 2 else NONE])
    if not kinds_of(args[0]) <= {"str", "bytes"}:
        return ANYTHING
    return ItemsType("list", plain(args[0])) if method == "split" else plain(args[0])


def arguments_fit(word: str, args: Types) -> str:
    """Of operators that look at both operands at once: why no values of these types will do, or ""."""
    left, right = [kinds_of(arg) for arg in args]
    free = frozenset(["any", "other"])
    if left & free or right & free or args[0] == NEVER or args[1] == NEVER:
        return ""
    if left & _NUMBERS and right & _NUMBERS:
        return ""
    joinable = frozenset(["str", "bytes", "list", "tuple"])
    if word == "added":
        return "" if left & right & joinable else "numbers, or two texts, lists or tuples"
    repeats = (left & {"int", "bool"} and right & joinable) or (right & {"int", "bool"} and left & joinable)
    return "" if repeats else "numbers, or a text, list or tuple and an int"
