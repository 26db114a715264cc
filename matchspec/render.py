"""MatchSpec to Python: a lambda, as text; and the short descriptions of specs and bodies in reprs and errors.

(Erlang and Elixir text come from `MatchSpec.to_term` and `matchspec.text`: there, a spec is a term.)

The lambda says what a Python programmer would write for the spec. It has the same results wherever the operators get
the values that they are for; on mixed types Erlang compares in its total order where Python raises.
"""

from typing import Final, assert_never, cast, final

from grammar.span import Source
from matchspec.errors import MatchSpecError, RenderError
from matchspec.rowtypes import row_shape
from matchspec.spec import (
    NO_MATCH,
    Clause,
    EBindings,
    ECall,
    EConst,
    EList,
    EMap,
    ERow,
    ETuple,
    EVar,
    EVerbatim,
    Expr,
    MatchSpec,
    Pattern,
    PConst,
    PTuple,
    PVar,
    PWild,
    Row,
    T,
)
from matchspec.terms import Comparable, order_key
from matchspec.text import format_term
from matchspec.values import Term

# How tightly Python's operators bind; an operand that binds less tightly than its operator gets parentheses.
_CONDITIONAL, _OR, _AND, _NOT, _COMPARE, _BOR, _BXOR, _BAND, _SHIFT, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(14)

_INFIX: Final[dict[str, tuple[str, int]]] = {
    **{op: (op, _COMPARE) for op in ("<", ">", ">=", "==")},
    **{f"python:{op}": (op, _COMPARE) for op in ("<", "<=", ">", ">=", "==", "!=", "in", "not in")},
    **{"=<": ("<=", _COMPARE), "/=": ("!=", _COMPARE), "=:=": ("==", _COMPARE), "=/=": ("!=", _COMPARE)},
    **{"xor": ("!=", _COMPARE)},
    **{"bor": ("|", _BOR), "bxor": ("^", _BXOR), "band": ("&", _BAND), "bsl": ("<<", _SHIFT), "bsr": (">>", _SHIFT)},
    **{"python:|": ("|", _BOR), "python:^": ("^", _BXOR), "python:&": ("&", _BAND)},
    **{"python:<<": ("<<", _SHIFT), "python:>>": (">>", _SHIFT)},
    **{prefix + op: (op, _SUM) for prefix in ("", "python:") for op in ("+", "-")},
    **{prefix + op: (op, _PRODUCT) for prefix in ("", "python:") for op in ("*", "/")},
    **{"python://": ("//", _PRODUCT), "python:%": ("%", _PRODUCT)},
}
_PREFIX: Final[dict[str, tuple[str, int]]] = {
    **{"-": ("-", _SIGN), "+": ("+", _SIGN), "bnot": ("~", _SIGN), "not": ("not ", _NOT)},
    **{"python:neg": ("-", _SIGN), "python:pos": ("+", _SIGN), "python:~": ("~", _SIGN), "python:not": ("not ", _NOT)},
}
_JOINED: Final[dict[str, tuple[str, int]]] = {
    **dict.fromkeys(("andalso", "andthen", "and", "python:and"), ("and", _AND)),
    **dict.fromkeys(("orelse", "or", "python:or"), ("or", _OR)),
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


def to_python(spec: MatchSpec[Row, T]) -> str:
    """The spec as the text of a lambda. Raises RenderError where a lambda cannot say it."""
    if not spec.clauses:
        return "lambda row: SKIP"
    return _Renderer(spec).render()


@final
class _Renderer:
    def __init__(self, spec: MatchSpec[Row, T]) -> None:
        self.clauses: Final = spec.clauses
        shape = row_shape(spec.row_type)
        arities = {len(clause.head.items) for clause in spec.clauses if isinstance(clause.head, PTuple)}
        if len(arities) > 1:
            raise RenderError("a lambda takes rows of one size, these clauses have heads of several")
        if shape is not None and arities - {shape.arity}:
            raise RenderError(f"the rows have {shape.arity} elements, but this spec has a head of {arities.pop()}")
        self.arity: Final = shape.arity if shape is not None else arities.pop() if arities else 0
        fields = shape.fields if shape is not None and shape.fields else ()
        # Parts are named when no clause needs the row as a whole.
        self.whole: Final = not arities_used(spec.clauses) or any([_uses_row(clause) for clause in spec.clauses])
        if self.whole:
            self.columns: list[str] = [f"row.{name}" for name in fields] or [f"row[{n}]" for n in range(self.arity)]
        else:
            self.columns = list(fields) or _letters(self.arity)
        self.variables: dict[int, str] = {}

    def render(self) -> str:
        params = "row" if self.whole else ", ".join(self.columns)
        text = "SKIP"
        for clause in reversed(self.clauses):
            tests, result = self._clause(clause)
            if not tests:
                text = result
            else:
                level = _OR if len(tests) == 1 else _AND
                condition = " and ".join([_wrap(test, level) for test in tests])
                text = f"{result} if {condition} else {text}"
        return f"lambda {params}: {text}"

    def _clause(self, clause: Clause) -> tuple[list[tuple[str, int]], str]:
        self.variables = {}
        tests = self._head(clause.head)
        tests.extend([self.expr(guard) for guard in clause.guards])
        body = clause.body[-1]
        if isinstance(body, EConst) and body.value is NO_MATCH:
            return tests, "SKIP"
        return tests, _wrap(self.expr(body), _OR)

    def _head(self, head: Pattern) -> list[tuple[str, int]]:
        tests: list[tuple[str, int]] = []
        match head:
            case PWild():
                return []
            case PVar(number):
                self.variables[number] = "row"
                return []
            case PTuple(items):
                for column, item in zip(self.columns, items, strict=True):
                    match item:
                        case PWild():
                            pass
                        case PVar(number) if number in self.variables:
                            tests.append((f"{self.variables[number]} == {column}", _COMPARE))
                        case PVar(number):
                            self.variables[number] = column
                        case PConst(value):
                            op = "is" if value is None or isinstance(value, bool) else "=="
                            tests.append((f"{column} {op} {format_term(value, 'python')}", _COMPARE))
                        case _:
                            raise RenderError("a lambda cannot take nested patterns apart", hint="use a match function")
                return tests
        raise RenderError("a lambda cannot say a head that is neither a variable nor a tuple")

    def expr(self, expr: Expr) -> tuple[str, int]:
        """The text of an expression, and how tightly it binds."""
        match expr:
            case EConst(value):
                return _constant(value)
            case EVar(number):
                return self.variables[number], _ATOM
            case ERow():
                return "row", _ATOM
            case EBindings():
                return f"[{', '.join([self.variables[number] for number in sorted(self.variables)])}]", _ATOM
            case ETuple(items, row_type):
                parts = [_wrap(self.expr(item), _CONDITIONAL) for item in items]
                if row_type is not None:
                    return f"{row_type.__name__}({', '.join(parts)})", _ATOM
                return f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})", _ATOM
            case EList(items, None):
                return f"[{', '.join([_wrap(self.expr(item), _CONDITIONAL) for item in items])}]", _ATOM
            case EMap(items):
                pairs = [f"{self.expr(key)[0]}: {self.expr(value)[0]}" for key, value in items]
                return "{" + ", ".join(pairs) + "}", _ATOM
            case ECall("python:isinstance", (value, EConst(classes))):
                return f"isinstance({_wrap(self.expr(value), _CONDITIONAL)}, {_class_names(classes)})", _ATOM
            case ECall("python:new", (EConst(type() as make), *rest)):
                parts = [_wrap(self.expr(item), _CONDITIONAL) for item in rest]
                return f"{make.__name__}({', '.join(parts)})", _ATOM
            case ECall(("python:in" | "python:not in") as name, (value, EConst(set() | frozenset() as choices))):
                text = f"{_wrap(self.expr(value), _BOR)} {name.removeprefix('python:')} {_set(choices)}"
                return text, _COMPARE
            case ECall(name, args):
                return self._call(name, [self.expr(arg) for arg in args], args)
            case EList() | EVerbatim():
                raise RenderError("Python has no improper lists")
            case _:
                assert_never(expr)

    def _call(self, name: str, texts: list[tuple[str, int]], args: tuple[Expr, ...]) -> tuple[str, int]:
        if name in _JOINED:
            word, level = _JOINED[name]
            return f" {word} ".join([_wrap(text, level + 1) for text in texts]), level
        if len(texts) == 2 and name in _INFIX:
            op, level = _INFIX[name]
            if name in ("=:=", "=/=") and any([_is_singleton(arg) for arg in args]):
                op = "is" if name == "=:=" else "is not"
            # Comparisons chain in Python, so neither of their operands may be a bare comparison.
            left = level + 1 if level == _COMPARE else level
            return f"{_wrap(texts[0], left)} {op} {_wrap(texts[1], level + 1)}", level
        if len(texts) == 1 and name in _PREFIX:
            op, level = _PREFIX[name]
            return op + _wrap(texts[0], level), level
        return self._function(name, texts, args)

    def _function(self, name: str, texts: list[tuple[str, int]], args: tuple[Expr, ...]) -> tuple[str, int]:
        shown = [_wrap(text, _CONDITIONAL) for text in texts]
        if name in _CALLED:
            return f"{_CALLED[name]}({', '.join(shown)})", _ATOM
        if name in _CLASSES:
            return f"isinstance({shown[0]}, {_CLASSES[name]})", _ATOM
        if name.startswith("python:."):
            # A number in parentheses: 2.count() is no Python.
            receiver = f"({texts[0][0]})" if texts[0][0].isdecimal() else _wrap(texts[0], _ATOM)
            return f"{receiver}{name[7:]}({', '.join(shown[1:])})", _ATOM
        match name, args:
            case "element", (EConst(int(position)), _):
                return f"{_wrap(texts[1], _ATOM)}[{position - 1}]", _ATOM
            case (("python:[]" | "python:field"), _):
                return f"{_wrap(texts[0], _ATOM)}[{shown[1]}]", _ATOM
            case "python:dict", _:
                pairs = [f"{key}: {value}" for key, value in zip(shown[::2], shown[1::2], strict=True)]
                return f"{{{', '.join(pairs)}}}", _ATOM
            case "python:set", _:
                return f"{{{', '.join(shown)}}}", _ATOM
            case "python:if", _:
                return f"{_wrap(texts[1], _OR)} if {_wrap(texts[0], _OR)} else {shown[2]}", _CONDITIONAL
            case "python:**", _:
                return f"{_wrap(texts[0], _ATOM)} ** {_wrap(texts[1], _SIGN)}", _POWER
            case "python:slice", _:
                bounds = [
                    "" if isinstance(arg, EConst) and arg.value is None else s
                    for arg, s in zip(args, shown, strict=True)
                ]
                step = f":{bounds[3]}" if bounds[3] else ""
                return f"{_wrap(texts[0], _ATOM)}[{bounds[1]}:{bounds[2]}{step}]", _ATOM
            case "hd", _:
                return f"{_wrap(texts[0], _ATOM)}[0]", _ATOM
            case "tl", _:
                return f"{_wrap(texts[0], _ATOM)}[1:]", _ATOM
            case "map_get", _:
                return f"{_wrap(texts[1], _ATOM)}[{shown[0]}]", _ATOM
            case (("is_map_key" | "python:has_key"), _):
                key, mapping = (0, 1) if name == "is_map_key" else (1, 0)
                return f"{_wrap(texts[key], _BOR)} in {_wrap(texts[mapping], _BOR)}", _COMPARE
        raise RenderError(f"{name.removeprefix('python:')}/{len(args)} has no counterpart in a Python lambda")


def arities_used(clauses: tuple[Clause, ...]) -> bool:
    """Whether every head takes its row apart."""
    return all([isinstance(clause.head, PTuple) and len(clause.head.items) > 1 for clause in clauses])


def _wrap(text: tuple[str, int], level: int) -> str:
    return text[0] if text[1] >= level else f"({text[0]})"


def _constant(value: Term) -> tuple[str, int]:
    if isinstance(value, (set, frozenset)):
        raise RenderError("a set can only stand after `in`")
    text = format_term(value, "python")
    return text, _SIGN if text.startswith("-") else _ATOM


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
    assert isinstance(classes, type)
    return classes.__name__


def _letters(count: int) -> list[str]:
    letters = "abcdefghijklmnopqrstuvwxyz"
    return list(letters[:count]) if count <= len(letters) else [f"x{number}" for number in range(1, count + 1)]


def _uses_row(clause: Clause) -> bool:
    return any([_mentions_row(expr) for expr in (*clause.guards, clause.body[-1])])


def _mentions_row(expr: Expr) -> bool:
    match expr:
        case ERow():
            return True
        case ETuple(items) | ECall(_, items):
            return any([_mentions_row(item) for item in items])
        case EList(items, tail):
            return any([_mentions_row(item) for item in items]) or (tail is not None and _mentions_row(tail))
        case EMap(entries):
            return any([_mentions_row(part) for entry in entries for part in entry])
    return False


def describe(spec: MatchSpec[Row, T]) -> str:
    """The spec in the shortest text that can say it, for its repr."""
    for text in (spec.to_erlang, spec.to_python):
        try:
            return text()
        except MatchSpecError:
            continue
    return f"of {len(spec.clauses)} clauses, only to be said in Python" if spec.source is None else spec.source.text


def describe_body(clause: Clause, source: Source | None) -> str:
    """The text of a clause's result, as the user wrote it where that is known."""
    span = clause.body[-1].span
    if source is not None and span.end > span.start:
        return f"`{source.text[span.start : span.end]}`"
    return "of the body"
