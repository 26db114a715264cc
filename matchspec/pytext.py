"""Expressions of a MatchSpec as Python text, with as few parentheses as Python needs.

Operators of Erlang get the Python operator that a programmer would write for them. What each variable, the row and the
parts of the row are called is the caller's to say: `matchspec.render` for lambdas, `matchspec.render_cases` for match
functions.
"""

from collections.abc import Mapping
from typing import Final, assert_never, cast, final

from matchspec.errors import MatchSpecError, RenderError
from matchspec.rowtypes import Annotation, RowShape, item_annotation, row_shape, without_none
from matchspec.spec import EBindings, ECall, EConst, EList, EMap, ERow, ETuple, EVar, EVerbatim, Expr
from matchspec.terms import Comparable, order_key
from matchspec.text import format_term
from matchspec.values import Term

# How tightly Python's operators bind; an operand that binds less tightly than its operator gets parentheses.
CONDITIONAL, OR, AND, NOT, COMPARE, BOR, BXOR, BAND, SHIFT, SUM, PRODUCT, SIGN, POWER, ATOM = range(14)

_INFIX: Final[dict[str, tuple[str, int]]] = {
    **{op: (op, COMPARE) for op in ("<", ">", ">=", "==")},
    **{f"python:{op}": (op, COMPARE) for op in ("<", "<=", ">", ">=", "==", "!=", "in", "not in")},
    **{"=<": ("<=", COMPARE), "/=": ("!=", COMPARE), "=:=": ("==", COMPARE), "=/=": ("!=", COMPARE)},
    **{"xor": ("!=", COMPARE)},
    **{"bor": ("|", BOR), "bxor": ("^", BXOR), "band": ("&", BAND), "bsl": ("<<", SHIFT), "bsr": (">>", SHIFT)},
    **{"python:|": ("|", BOR), "python:^": ("^", BXOR), "python:&": ("&", BAND)},
    **{"python:<<": ("<<", SHIFT), "python:>>": (">>", SHIFT)},
    **{prefix + op: (op, SUM) for prefix in ("", "python:") for op in ("+", "-")},
    **{prefix + op: (op, PRODUCT) for prefix in ("", "python:") for op in ("*", "/")},
    **{"python://": ("//", PRODUCT), "python:%": ("%", PRODUCT)},
}
_PREFIX: Final[dict[str, tuple[str, int]]] = {
    **{"-": ("-", SIGN), "+": ("+", SIGN), "bnot": ("~", SIGN), "not": ("not ", NOT)},
    **{"python:neg": ("-", SIGN), "python:pos": ("+", SIGN), "python:~": ("~", SIGN)},
}
_JOINED: Final[dict[str, tuple[str, int]]] = {
    **dict.fromkeys(("andalso", "andthen", "and", "python:and"), ("and", AND)),
    **dict.fromkeys(("orelse", "or", "python:or"), ("or", OR)),
}
_CALLED: Final[dict[str, str]] = {
    **{"abs": "abs", "trunc": "int", "float": "float", "min": "min", "max": "max"},
    **{"length": "len", "tuple_size": "len", "map_size": "len"},
    **{f"python:{name}": name for name in ("abs", "bool", "float", "int", "len", "max", "min", "round", "str")},
}
_CLASSES: Final[dict[str, str]] = {
    **{"is_integer": "int", "is_float": "float", "is_number": "(int, float)", "is_list": "list", "is_map": "dict"},
    **{"is_tuple": "tuple", "is_boolean": "bool", "is_binary": "(str, bytes)", "is_atom": "Atom"},
}


NO_PLACES: Final[Mapping[Expr, str]] = {}


@final
class Expressions:
    """Writes the expressions of one clause.

    `variables` are the texts of its variables, `row` is that of the whole row, `places` are names that patterns gave to
    parts of the row, by the expression that reads such a part; `shape` tells which columns are rows with named fields.
    """

    def __init__(
        self,
        variables: Mapping[int, str],
        row: str,
        places: Mapping[Expr, str] = NO_PLACES,
        shape: RowShape | None = None,
    ) -> None:
        self.variables: Final = variables
        self.row: Final = row
        self.places: Final = places
        self.shape: Final = shape
        self.used: Final[set[Expr]] = set()  # the variables and places that were written

    def expr(self, expr: Expr) -> tuple[str, int]:
        """The text of an expression, and how tightly it binds."""
        if self.places and expr in self.places:
            self.used.add(expr)
            return self.places[expr], ATOM
        match expr:
            case EConst(value):
                return _constant(value)
            case EVar(number):
                if number not in self.variables:
                    raise RenderError(f"the variable '${number}' is unbound")
                self.used.add(expr)
                return self.variables[number], ATOM
            case ERow():
                return self.row, ATOM
            case EBindings():
                return f"[{', '.join([self.variables[number] for number in sorted(self.variables)])}]", ATOM
            case ETuple(items, row_type):
                parts = [wrap(self.expr(item), CONDITIONAL) for item in items]
                if row_type is not None:
                    return f"{row_type.__name__}({', '.join(parts)})", ATOM
                return f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})", ATOM
            case EList(items, None):
                return f"[{', '.join([wrap(self.expr(item), CONDITIONAL) for item in items])}]", ATOM
            case EMap(items):
                pairs = [f"{self.expr(key)[0]}: {self.expr(value)[0]}" for key, value in items]
                return "{" + ", ".join(pairs) + "}", ATOM
            case ECall("python:isinstance", (value, EConst(classes))):
                return f"isinstance({wrap(self.expr(value), CONDITIONAL)}, {_class_names(classes)})", ATOM
            case ECall("python:new", args):  # not `(EConst(made), *rest)`: mypyc takes `rest` for a list
                parts = [wrap(self.expr(item), CONDITIONAL) for item in args[1:]]
                made = args[0]
                assert isinstance(made, EConst)
                return f"{_class_names(made.value)}({', '.join(parts)})", ATOM
            case ECall(("python:in" | "python:not in") as name, (value, EConst(set() | frozenset() as choices))):
                text = f"{wrap(self.expr(value), BOR)} {name.removeprefix('python:')} {_set(choices)}"
                return text, COMPARE
            case ECall("python:not", (operand,)):
                return "not " + wrap(self.test(operand), NOT), NOT
            case ECall("python:if", (condition, then, otherwise)):
                texts = (
                    wrap(self.expr(then), OR),
                    wrap(self.test(condition), OR),
                    wrap(self.expr(otherwise), CONDITIONAL),
                )
                return "{} if {} else {}".format(*texts), CONDITIONAL
            case ECall(name, args):
                return self._call(name, [self.expr(arg) for arg in args], args)
            case EList() | EVerbatim():
                raise RenderError("Python has no improper lists")
            case _:
                assert_never(expr)

    def test(self, expr: Expr) -> tuple[str, int]:
        """The text of an expression where Python asks for its truth anyway."""
        match expr:
            case ECall("python:bool", (ECall("python:and" | "python:or" | "python:if"),)):
                return self.expr(expr)  # bool(a and b) asks once, `a and b` asks each
            case ECall("python:bool", (value,)):
                return self.expr(value)
            case ECall("python:and" | "python:or" as name, args):
                word, level = _JOINED[name]
                return f" {word} ".join([wrap(self.test(arg), level + 1) for arg in args]), level
            case ECall("python:if", (condition, then, otherwise)):
                texts = (
                    wrap(self.test(then), OR),
                    wrap(self.test(condition), OR),
                    wrap(self.test(otherwise), CONDITIONAL),
                )
                return "{} if {} else {}".format(*texts), CONDITIONAL
        return self.expr(expr)

    def _call(self, name: str, texts: list[tuple[str, int]], args: tuple[Expr, ...]) -> tuple[str, int]:
        if name in _JOINED:
            word, level = _JOINED[name]
            return f" {word} ".join([wrap(text, level + 1) for text in texts]), level
        if len(texts) == 2 and name in _INFIX:
            op, level = _INFIX[name]
            if name in ("=:=", "=/=") and any([_is_singleton(arg) for arg in args]):
                op = "is" if name == "=:=" else "is not"
            # Comparisons chain in Python, so neither of their operands may be a bare comparison.
            left = level + 1 if level == COMPARE else level
            return f"{wrap(texts[0], left)} {op} {wrap(texts[1], level + 1)}", level
        if len(texts) == 1 and name in _PREFIX:
            op, level = _PREFIX[name]
            return op + wrap(texts[0], level), level
        return self._function(name, texts, args)

    def _function(self, name: str, texts: list[tuple[str, int]], args: tuple[Expr, ...]) -> tuple[str, int]:
        shown = [wrap(text, CONDITIONAL) for text in texts]
        if name in _CALLED:
            return f"{_CALLED[name]}({', '.join(shown)})", ATOM
        if name in _CLASSES:
            return f"isinstance({shown[0]}, {_CLASSES[name]})", ATOM
        if name.startswith("python:."):
            # A number in parentheses: 2.count() is no Python.
            receiver = f"({texts[0][0]})" if texts[0][0].isdecimal() else wrap(texts[0], ATOM)
            return f"{receiver}{name[7:]}({', '.join(shown[1:])})", ATOM
        match name, args:
            case "element", (EConst(int(position)), _):
                return f"{wrap(texts[1], ATOM)}[{position - 1}]", ATOM
            case "python:field", (value, EConst(int(index))) if self._field(value, index):
                return f"{wrap(texts[0], ATOM)}.{self._field(value, index)}", ATOM
            case (("python:[]" | "python:field"), _):
                return f"{wrap(texts[0], ATOM)}[{shown[1]}]", ATOM
            case "python:dict", _:
                pairs = [f"{key}: {value}" for key, value in zip(shown[::2], shown[1::2], strict=True)]
                return f"{{{', '.join(pairs)}}}", ATOM
            case "python:set", _:
                return f"{{{', '.join(shown)}}}", ATOM
            case "python:**", _:
                return f"{wrap(texts[0], ATOM)} ** {wrap(texts[1], SIGN)}", POWER
            case "python:slice", _:
                bounds = [
                    "" if isinstance(arg, EConst) and arg.value is None else s
                    for arg, s in zip(args, shown, strict=True)
                ]
                step = f":{bounds[3]}" if bounds[3] else ""
                return f"{wrap(texts[0], ATOM)}[{bounds[1]}:{bounds[2]}{step}]", ATOM
            case "hd", _:
                return f"{wrap(texts[0], ATOM)}[0]", ATOM
            case "tl", _:
                return f"{wrap(texts[0], ATOM)}[1:]", ATOM
            case "map_get", _:
                return f"{wrap(texts[1], ATOM)}[{shown[0]}]", ATOM
            case (("is_map_key" | "python:has_key"), _):
                key, mapping = (0, 1) if name == "is_map_key" else (1, 0)
                return f"{wrap(texts[key], BOR)} in {wrap(texts[mapping], BOR)}", COMPARE
        raise RenderError(f"{name.removeprefix('python:')}/{len(args)} has no counterpart in a Python lambda")

    def _field(self, value: Expr, index: int) -> str:
        """The name of a field of a part of the row, if its type tells."""
        shape = shape_of(self._type_of(value))
        return shape.fields[index] if shape is not None and index < len(shape.fields) else ""

    def _type_of(self, value: Expr) -> Annotation:
        match value:
            case EVar(number) if self.shape is not None and 0 < number <= self.shape.arity:
                return self.shape.types[number - 1]
            case ECall("python:field", (owner, EConst(int(index)))):
                shape = shape_of(self._type_of(owner))
                return shape.types[index] if shape is not None and index < shape.arity else None
            case ECall("python:[]", (owner, EConst(int(index)))):
                return item_annotation(self._type_of(owner), index)
        return None


def shape_of(annotation: Annotation) -> RowShape | None:
    """The shape of a row inside a row; None where the type is none of a row."""
    try:
        return row_shape(without_none(annotation))
    except MatchSpecError:
        return None


def wrap(text: tuple[str, int], level: int) -> str:
    return text[0] if text[1] >= level else f"({text[0]})"


def _constant(value: Term) -> tuple[str, int]:
    if isinstance(value, (set, frozenset)):
        raise RenderError("a set can only stand after `in`")
    text = format_term(value, "python")
    return text, SIGN if text.startswith("-") else ATOM


def _set(choices: "set[Term] | frozenset[Term]") -> str:
    """A set on the right of `in`, where () says what an empty set says."""
    items = sorted([cast(Comparable, (order_key(item), format_term(item, "python"))) for item in choices])
    return "{" + ", ".join([text for _, text in items]) + "}" if items else "()"


def _is_singleton(expr: Expr) -> bool:
    return isinstance(expr, EConst) and (expr.value is None or isinstance(expr.value, bool))


def _class_names(classes: Term) -> str:
    if isinstance(classes, tuple):
        if type(None) in classes:
            return " | ".join(["None" if cls is type(None) else cls.__name__ for cls in classes])
        return f"({', '.join([cls.__name__ for cls in classes])})"
    return str(getattr(classes, "__name__", classes))  # of what builds values, V and const are functions


def letters(count: int) -> list[str]:
    """Names for columns that have none."""
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    return list(alphabet[:count]) if count <= len(alphabet) else [f"x{number}" for number in range(1, count + 1)]
