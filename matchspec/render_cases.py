"""MatchSpec to the text of a match function: one `case` for each head, and the guards as `if` and conditionals.

What `matchspec.pypatterns` made of patterns inside a row are guards, such as `python:is_sequence`; with `inside` they
are turned back into patterns, as far as they stand at the beginning of a clause's guards, in the order of the columns.
Whether the text is the same spec, the caller finds out by reading it.
"""

from typing import Any, Final, TypeAlias, final

from matchspec.chains import Part, Tree, laid_out, tree_of
from matchspec.errors import RenderError
from matchspec.pytext import OR, Expressions, wrap
from matchspec.rowtypes import RowShape, is_named_tuple, row_shape
from matchspec.spec import (
    Clause,
    ECall,
    EConst,
    ERow,
    EVar,
    Expr,
    MatchSpec,
    Pattern,
    PConst,
    PTuple,
    PVar,
    PWild,
    RowType,
    walk,
)
from matchspec.text import format_term
from matchspec.values import Term

AnySpec: TypeAlias = MatchSpec[Any, Any]
Guards: TypeAlias = tuple[Expr, ...]

_INDENT: Final = "        "


def match_function(spec: AnySpec, width: int, inside: bool) -> str:
    """The text of a match function. Raises RenderError where there is none."""
    shape = row_shape(spec.row_type)
    annotation = f": {shape.make.__name__}" if shape is not None and shape.make is not None else ""
    lines: list[str] = []
    left = list(spec.clauses)
    while left:
        left = _case(left, shape, width, inside, lines)
    subject = _Names(spec.clauses, shape).subject
    return "\n".join([f"def query({subject}{annotation}):", f"    match {subject}:", *lines])


def _case(clauses: list[Clause], shape: RowShape | None, width: int, inside: bool, lines: list[str]) -> list[Clause]:
    """Writes the case with which these clauses begin; gives the clauses that are left after it."""
    most = len(clauses[0].guards) if inside else 0
    while True:
        try:
            return _case_of(clauses, shape, width, most, lines)
        except RenderError:
            if most == 0:
                raise
            most -= 1  # what could be a pattern may also be the condition of the case, or of its result


def _case_of(clauses: list[Clause], shape: RowShape | None, width: int, most: int, lines: list[str]) -> list[Clause]:
    """As _case, with no more guards than `most` in the pattern."""
    first = clauses[0]
    guards = first.guards[:most]
    mentioned = [part for clause in clauses for expr in (*clause.guards, *clause.body) for part in walk(expr)]
    names = _Names(tuple(clauses), shape)
    pattern = _Patterns(names, guards, mentioned)
    _, used = pattern.row(first.head)
    same: list[Part] = []
    for clause in clauses:
        if clause.head != first.head or clause.guards[:used] != first.guards[:used]:
            break
        same.append((clause.guards[used:], clause.body[-1]))
    condition, parts, count = _run(same, last=len(same) == len(clauses))
    write = Expressions(names.variables, names.subject, pattern.places, shape)
    tree: Tree = tree_of(parts, write)
    test = f" if {wrap(write.test(condition), OR)}" if condition is not None else ""
    # Again, now that it is known which parts need their names.
    text, _ = _Patterns(_Names(tuple(clauses), shape), guards, mentioned, write.used).row(first.head)
    lines.append(f"{_INDENT}case {text}{test}:")
    lines.append(laid_out("return ", tree, width, _INDENT + "    "))
    return clauses[count:]


def _run(parts: list[Part], last: bool) -> tuple[Expr | None, list[Part], int]:
    """The condition of the case with which the parts begin, the chain that it returns, and how many parts that is."""
    test = parts[0][0][0] if parts[0][0] else None
    if test is not None:
        for count, (guards, _) in enumerate(parts, start=1):
            if not guards or guards[0] != test:
                break
            if len(guards) == 1:
                return test, [(tests[1:], body) for tests, body in parts[:count]], count
    for count, (guards, _) in enumerate(parts, start=1):
        if not guards:
            return None, parts[:count], count
    if last:  # a SKIP that ended the last case has left no clause
        return None, parts, len(parts)
    raise RenderError("the guards of these clauses are not those of a case")


@final
class _Names:
    """Names for the row, its columns and their parts."""

    def __init__(self, clauses: tuple[Clause, ...], shape: RowShape | None) -> None:
        arity = max([len(c.head.items) for c in clauses if isinstance(c.head, PTuple)], default=0)
        fields = shape.fields if shape is not None else ()
        alphabet = "abcdefghijklmnopqrstuvwxyz"
        self.typed: Final = bool(fields)
        self.columns: Final = list(fields) or [alphabet[n] if n < 26 else f"x{n + 1}" for n in range(arity)]
        self.subject: Final = "row" if "row" not in self.columns else "whole_row"
        self.variables: Final[dict[int, str]] = {}
        self._parts = 0

    def part(self) -> str:
        self._parts += 1
        return f"part{self._parts}"


@final
class _Patterns:
    """The pattern of one case. Only `wanted` parts of the row get a name; all, where that is None."""

    def __init__(self, names: _Names, guards: Guards, mentioned: list[Expr], wanted: set[Expr] | None = None) -> None:
        self.names: Final = names
        self.wanted: Final = wanted
        self.guards: Final = guards
        self.used = 0
        self.places: Final[dict[Expr, str]] = {}
        self.mentioned: Final = mentioned

    def row(self, head: Pattern) -> tuple[str, int]:
        """The pattern of a head, and how many guards are said by it."""
        match head:
            case PVar(number):
                self.names.variables[number] = self.names.subject
                text = self._inside(ERow())
            case PWild():
                text = self._inside(ERow())
            case PTuple(items):
                texts = [self._column(index, item) for index, item in enumerate(items)]
                text = f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"
            case _:
                raise RenderError("a match function cannot say a head that is neither a variable nor a tuple")
        return text or "_", self.used

    def _column(self, index: int, item: Pattern) -> str:
        match item:
            case PWild():
                return "_"
            case PConst(value):
                return _literal(value)
            case PVar(number) if number not in self.names.variables:
                name = self.names.columns[index]
                self.names.variables[number] = name
                inner = "" if self._is_literal_of_column(number) else self._inside(EVar(number))
                if not inner:
                    return name
                if self.names.typed:  # so that its type stays known
                    self.names.variables[number] = f"{self.names.subject}.{name}"
                    return inner
                return f"{inner} as {name}" if self.wanted is None or EVar(number) in self.wanted else inner
        raise RenderError("a match function cannot take apart what stands inside a row as Erlang does")

    # --- guards that are patterns ---

    def _next(self) -> Expr | None:
        return self.guards[self.used] if self.used < len(self.guards) else None

    def _is_literal_of_column(self, number: int) -> bool:
        """Whether the next guard compares a column with a literal that would stand in the head, were it a pattern."""
        match self._next():
            case ECall("=:=", (EVar(column), EConst())):
                return column == number
            case ECall("python:==", (EVar(column), EConst(str() | bytes()))):
                return column == number and self.names.typed
        return False

    def _inside(self, place: Expr) -> str:
        """The pattern that the next guards are, if they are about this place; or ""."""
        guard = self._next()
        if not isinstance(guard, ECall) or (place not in guard.args and guard.name != "python:or"):
            return ""
        match guard:
            case ECall("python:is_sequence", (_, EConst(int(fixed)), EConst(most))):
                self.used += 1
                return self._sequence(place, fixed, star=most is None)
            case ECall("=:=", (_, EConst(None | bool() as value))):
                self.used += 1
                return _literal(value)
            case ECall("python:==", (_, EConst(int() | float() | str() | bytes() as value))):
                self.used += 1
                return _literal(value)
            case ECall("python:isinstance", (_, EConst(type() as cls))):
                self.used += 1
                return self._mapping(place) if cls is dict and self._is_key(place) else self._class(place, cls)
            case ECall("python:or", args):
                options = [self._option(place, arg) for arg in args]
                if all(options):
                    self.used += 1
                    return " | ".join(options)
        return ""

    def _option(self, place: Expr, guard: Expr) -> str:
        """The pattern of one alternative, or ""."""
        guards = guard.args if isinstance(guard, ECall) and guard.name == "python:and" else (guard,)
        inner = _Patterns(self.names, guards, [])
        text = inner._inside(place)  # of the same class
        return text if inner.used == len(guards) else ""

    def _part(self, place: Expr) -> str:
        inner = self._inside(place)
        return self._named(place, inner) if place in self.mentioned else inner or "_"

    def _named(self, place: Expr, inner: str) -> str:
        name = self.names.part()  # counted even if it is not wanted, so that both passes give the same names
        if self.wanted is not None and place not in self.wanted:
            return inner or "_"
        self.places[place] = name
        return f"{inner} as {name}" if inner else name

    def _sequence(self, place: Expr, fixed: int, star: bool) -> str:
        after, rest = 0, ""
        for expr in self.mentioned:
            match expr:
                case ECall("python:[]", (owner, EConst(int(index)))) if star and owner == place and index < 0:
                    after = max(after, -index)
                case ECall("python:rest", (owner, EConst(int()), EConst(int(count)))) if owner == place:
                    after = count
                    rest = rest or self._named(expr, "")
        before = fixed - after
        texts = [self._part(ECall("python:[]", (place, EConst(index)))) for index in range(before)]
        if star:
            texts.append(f"*{rest or '_'}")
            texts += [self._part(ECall("python:[]", (place, EConst(index)))) for index in range(-after, 0)]
        return f"[{', '.join(texts)}]"

    def _is_key(self, place: Expr) -> bool:
        guard = self._next()
        return isinstance(guard, ECall) and guard.name == "python:has_key" and guard.args[0] == place

    def _mapping(self, place: Expr) -> str:
        texts: list[str] = []
        keys: list[Expr] = []
        while self._is_key(place):
            guard = self._next()
            assert isinstance(guard, ECall)
            key = guard.args[1]
            if not isinstance(key, EConst):
                break
            self.used += 1
            keys.append(key)
            texts.append(f"{_literal(key.value)}: {self._part(ECall('python:[]', (place, key)))}")
        rest = ECall("python:without", (place, *keys))
        if rest in self.mentioned:
            texts.append(f"**{self._named(rest, '')}")
        return f"{{{', '.join(texts)}}}"

    def _class(self, place: Expr, cls: RowType) -> str:
        if is_named_tuple(cls):
            shape = row_shape(cls)
            assert shape is not None
            fields = [self._part(ECall("python:field", (place, EConst(n)))) for n in range(shape.arity)]
            given = [f"{name}={text}" for name, text in zip(shape.fields, fields, strict=True) if text != "_"]
            return f"{cls.__name__}({', '.join(given)})"
        return f"{cls.__name__}({self._inside(place)})"


def _literal(value: Term) -> str:
    """A literal of a pattern: Python takes no others there than numbers, texts, None and the booleans."""
    if value is not None and not isinstance(value, (bool, int, float, str, bytes)):
        raise RenderError("only numbers, texts, None, True and False can stand in a pattern of Python")
    return format_term(value, "python")
