"""MatchSpec to the text of a match function: one `case` for each head, and the guards as `if` and conditionals.

What `matchspec.pypatterns` made of patterns inside a row are guards, such as `python:is_sequence`; with `inside` they
are turned back into patterns, as far as they stand at the beginning of a clause's guards, in the order of the columns.
Whether the text is the same spec, the caller finds out by reading it.
"""

from collections.abc import Iterator
from itertools import takewhile
from typing import Any, Final, TypeAlias, final

from matchspec.chains import Part, Tree, laid_out, tree_of
from matchspec.errors import RenderError
from matchspec.pytext import OR, Expressions, letters, wrap
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


def match_function(spec: AnySpec, width: int, inside: bool, attributes: bool = True) -> str:
    """The text of a match function. Raises RenderError where there is none.

    A column with a pattern of its own and a name, `18 | 60 as age`, is `row.age` instead, so that its type is known;
    without `attributes` it is not.
    """
    return _Cases(spec, width, inside, attributes).text()


@final
class _Cases:
    """Writes the cases of a match function, one after the other."""

    def __init__(self, spec: AnySpec, width: int, inside: bool, attributes: bool) -> None:
        self.clauses: Final = list(spec.clauses)
        self.shape: Final = row_shape(spec.row_type)
        self.width: Final = width
        self.inside: Final = inside
        self.attributes: Final = attributes
        arity = max([len(clause.head.items) for clause in spec.clauses if isinstance(clause.head, PTuple)], default=0)
        fields = self.shape.fields if self.shape is not None else ()
        self.columns: Final = list(fields) if len(fields) >= arity else letters(arity)
        self.lines: Final[list[str]] = []

    def text(self) -> str:
        left = self.clauses
        while left:
            left = self._case(left)
        subject = self._names().subject
        annotation = f": {self.shape.make.__name__}" if self.shape is not None and self.shape.make is not None else ""
        return "\n".join([f"def query({subject}{annotation}):", f"    match {subject}:", *self.lines])

    def _names(self) -> "_Names":
        return _Names(self.columns, self.shape, self.attributes)

    def _case(self, clauses: list[Clause]) -> list[Clause]:
        """Writes the case with which these clauses begin; gives the clauses that are left after it."""
        most = len(clauses[0].guards) if self.inside else 0
        while True:
            try:
                return self._with_pattern(clauses, most)
            except RenderError:
                if most == 0:
                    raise
                most -= 1  # what could be a pattern may also be the condition of the case, or of its result

    def _with_pattern(self, clauses: list[Clause], most: int) -> list[Clause]:
        """As _case, with no more than so many guards in the pattern."""
        first = clauses[0]
        guards = first.guards[:most]
        # What the patterns take does not depend on who uses the parts; what they name does.
        _, used = _Patterns(self._names(), guards, _mentioned(clauses[:1])).row(first.head)
        same = takewhile(lambda clause: _begin_alike(clause, first, used), clauses)
        condition, chain = _run(((clause.guards[used:], clause.body[-1]) for clause in same), len(clauses))
        mentioned = _mentioned(clauses[: len(chain)])
        names = self._names()
        pattern = _Patterns(names, guards, mentioned)
        pattern.row(first.head)
        write = Expressions(names.variables, names.subject, pattern.places, self.shape)
        tree: Tree = tree_of(chain, write)
        test = f" if {wrap(write.test(condition), OR)}" if condition is not None else ""
        text, _ = _Patterns(self._names(), guards, mentioned, write.used).row(first.head)
        self.lines.append(f"{_INDENT}case {text}{test}:")
        self.lines.append(laid_out("return ", tree, self.width, _INDENT + "    "))
        return clauses[len(chain) :]


def _begin_alike(clause: Clause, other: Clause, guards: int) -> bool:
    """Whether two clauses have the same head and begin with so many guards that are the same."""
    return clause.head == other.head and clause.guards[:guards] == other.guards[:guards]


def _mentioned(clauses: list[Clause]) -> set[Expr]:
    return {part for clause in clauses for expr in (*clause.guards, *clause.body) for part in walk(expr)}


def _run(parts: Iterator[Part], most: int) -> tuple[Expr | None, list[Part]]:
    """The condition of the case with which the parts begin, and the chain that it returns."""
    taken: list[Part] = []
    test: Expr | None = None
    for guards, body in parts:
        if not taken:
            test = guards[0] if guards else None
        elif not guards or guards[0] != test:
            test = None
        taken.append((guards, body))
        if not guards:
            return None, taken
        if test is not None and len(guards) == 1:
            return test, [(tests[1:], result) for tests, result in taken]
    if len(taken) == most:  # a SKIP that ended the last case has left no clause
        return None, taken
    raise RenderError("the guards of these clauses are not those of a case")


@final
class _Names:
    """Names for the row, its columns and their parts."""

    def __init__(self, columns: list[str], shape: RowShape | None, attributes: bool) -> None:
        self.attributes: Final = attributes and shape is not None and bool(shape.fields)
        self.types: Final = shape.types if shape is not None else ()
        self.columns: Final = columns
        self.subject: Final = "row" if "row" not in self.columns else "whole_row"
        self.variables: Final[dict[int, str]] = {}
        self._parts = 0

    def part(self) -> str:
        self._parts += 1
        return f"part{self._parts}"


@final
class _Patterns:
    """The pattern of one case. Only `wanted` parts of the row get a name; all, where that is None."""

    def __init__(self, names: _Names, guards: Guards, mentioned: set[Expr], wanted: set[Expr] | None = None) -> None:
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
                if self.names.attributes:
                    self.names.variables[number] = f"{self.names.subject}.{name}"
                    return inner
                return f"{inner} as {name}" if self.wanted is None or EVar(number) in self.wanted else inner
            case PVar():
                raise RenderError(
                    "a variable that stands twice in a head is compared as no operator of Python compares"
                )
        raise RenderError("a match function cannot take apart what stands inside a row as Erlang does")

    # --- guards that are patterns ---

    def _next(self) -> Expr | None:
        return self.guards[self.used] if self.used < len(self.guards) else None

    def _is_literal_of_column(self, number: int) -> bool:
        """Whether the next guard compares a column with a literal that would stand in the head, were it a pattern."""
        match self._next():
            case ECall("=:=", (EVar(column), EConst())):
                return column == number
            case ECall("python:==", (EVar(column), EConst(str() | bytes() as value))):
                return (
                    column == number and number <= len(self.names.types) and self.names.types[number - 1] is type(value)
                )
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
            # Not `None | bool() as value`, of which mypyc does not bind the name where it is None.
            case ECall("=:=", (_, EConst(value))) if value is None or isinstance(value, bool):
                self.used += 1
                return _literal(value)
            case ECall("python:==", (_, EConst(int() | float() | str() | bytes() as value))):
                self.used += 1
                return _literal(value)
            case ECall("python:isinstance", (_, EConst(type() as cls))):
                self.used += 1
                captured = ECall("python:without", (place,)) in self.mentioned
                mapping = cls is dict and (captured or self._is_key(place))
                return self._mapping(place) if mapping else self._class(place, cls)
            case ECall("python:or", args):
                options = [self._option(place, arg) for arg in args]
                if all(options):
                    self.used += 1
                    return " | ".join(options)
        return ""

    def _option(self, place: Expr, guard: Expr) -> str:
        """The pattern of one alternative, or ""."""
        guards = guard.args if isinstance(guard, ECall) and guard.name == "python:and" else (guard,)
        inner = _Patterns(self.names, guards, set())
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
                case ECall("python:rest", (owner, EConst(int()), EConst(int(count)))) if star and owner == place:
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
        name = self._named(rest, "") if rest in self.mentioned else "_"
        if name != "_":  # `**_` is no Python
            texts.append(f"**{name}")
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
