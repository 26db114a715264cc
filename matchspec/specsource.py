"""A query as Python source: its raw match spec, with the parameters of a generated function where constants stand."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final, assert_never, final
from uuid import UUID

from grammar.span import Source
from matchspec.layout import Group, Part, entry, flat
from matchspec.queryfile import QueryDeclaration, refuse
from matchspec.raw import needs_quoting
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
    PList,
    PMap,
    PTuple,
    PVar,
    PWild,
    Row,
    T,
    walk,
)
from matchspec.terms import ImproperList
from matchspec.typetext import Imports, quoted
from matchspec.values import Atom, Bitstring, Term
from matchspec.valuetypes import Given, type_of_annotation

_BUILTINS: Final = (int, float, str, bytes, bool, tuple, list, dict)


@final
class SpecWriter:
    """Writes the match spec of one query; `imports` collects what the source needs."""

    def __init__(self, imports: Imports, source: Source, query: QueryDeclaration) -> None:
        self.imports: Final = imports
        self.source: Final = source
        self.query: Final = query
        self._fresh = 0  # the last number of a variable that stands for a parameter in the head
        self._params: list[Expr] = []

    def spec(self, spec: MatchSpec[Row, T]) -> Group:
        return Group("[", tuple([self._clause(clause) for clause in spec.clauses]), "]")

    def _clause(self, clause: Clause) -> Group:
        exprs = (*clause.guards, *clause.body)
        numbers = [0, *_numbers(clause.head)]
        self._fresh, self._params = max(numbers), []
        head = self._pattern(clause.head)
        if self._params and any([isinstance(part, EBindings) for expr in exprs for part in walk(expr)]):
            message = "a parameter cannot stand in the head of a query that gives all its variables ($$)"
            refuse(message, self.source, self.query.span, "compare with it in a guard")
        guards = Group("[", tuple([self._expr(guard) for guard in (*self._params, *clause.guards)]), "]")
        return Group("(", (head, guards, Group("[", tuple([self._expr(expr) for expr in clause.body]), "]")), ")")

    # --- heads --------------------------------------------------------------------------------------------------------

    def _pattern(self, pattern: Pattern) -> Part:
        match pattern:
            case PWild():
                return self.imports.use("matchspec", "ANY")
            case PVar(number):
                return self._variable(number)
            case PConst(Given() as given):
                # In a head, a value such as '_' would be a pattern. So it is compared with in a guard.
                self._fresh += 1
                self._params.append(ECall("=:=", (EVar(self._fresh), EConst(given))))
                return self._variable(self._fresh)
            case PConst(value):
                return self._term(value)
            case PTuple(items):
                return _tuple([self._pattern(item) for item in items])
            case PList(items, None):
                return Group("[", tuple([self._pattern(item) for item in items]), "]")
            case PList(items, tail):
                assert tail is not None
                return self._improper([self._pattern(item) for item in items], self._pattern(tail))
            case PMap(entries):
                parts = [entry(self._term(key), self._pattern(value)) for key, value in entries]
                return Group("{", tuple(parts), "}")
            case _:
                assert_never(pattern)

    def _variable(self, number: int) -> str:
        return f"{self.imports.use('matchspec', 'V')}({number})"

    def _improper(self, items: list[Part], tail: Part) -> Group:
        self.imports.use("matchspec.terms", "cons")
        return Group("cons(", (Group("[", tuple(items), "]"), tail), ")", call=True)

    # --- expressions --------------------------------------------------------------------------------------------------

    def _expr(self, expr: Expr) -> Part:
        match expr:
            case EConst(value, marked):
                return self._constant(value, marked)
            case EVerbatim(value):
                return self._term(value)
            case EVar(number):
                return self._variable(number)
            case ERow():
                return self.imports.use("matchspec", "ROW")
            case EBindings():
                return self.imports.use("matchspec", "BINDINGS")
            case ETuple(items, None):
                return Group("(", (_tuple([self._expr(item) for item in items]),), ")", single=True)
            case ETuple(items, cls):
                self.imports.use("matchspec.generated", "RowOf")
                name = self.imports.type(type_of_annotation(cls))
                return Group("RowOf(", (name, *[self._expr(item) for item in items]), ")", call=True)
            case EList(items, None):
                return Group("[", tuple([self._expr(item) for item in items]), "]")
            case EList(items, tail):
                assert tail is not None
                return self._improper([self._expr(item) for item in items], self._expr(tail))
            case EMap(entries):
                parts = [entry(self._expr(key), self._expr(value)) for key, value in entries]
                return Group("{", tuple(parts), "}")
            case ECall(name, args):
                return Group("(", (self._atom(name), *[self._expr(arg) for arg in args]), ")", single=not args)
            case _:
                assert_never(expr)

    def _atom(self, name: str) -> str:
        return f"{self.imports.use('matchspec', 'Atom')}({quoted(name)})"

    def _constant(self, value: Term, marked: bool) -> Part:
        if isinstance(value, Given):
            return f"{self.imports.use('matchspec', 'const')}({value.name})"
        if value is NO_MATCH:
            return self.imports.use("matchspec", "NO_MATCH")
        written = self._term(value)
        if marked or needs_quoting(value):
            self.imports.use("matchspec", "const")
            return Group("const(", (written,), ")", call=True)
        return written

    def _term(self, value: Term) -> Part:
        if isinstance(value, Atom):
            return self._atom(value.name)
        if isinstance(value, Given):
            return value.name
        if isinstance(value, type):
            return self._class(value)
        if isinstance(value, float) and repr(value) in ("inf", "-inf", "nan"):
            return f'float("{value!r}")'
        if value is None or type(value) in (int, float, str, bytes, bool):
            return quoted(value)
        if type(value) is tuple:
            return _tuple([self._term(item) for item in value])
        if type(value) is list:
            return Group("[", tuple([self._term(item) for item in value]), "]")
        if type(value) is dict:
            parts = [entry(self._term(key), self._term(item)) for key, item in value.items()]
            return Group("{", tuple(parts), "}")
        if isinstance(value, frozenset):
            items = sorted([flat(self._term(item)) for item in value])
            return Group("frozenset(", (Group("{", tuple(items), "}"),) if items else (), ")", call=True)
        return self._rare(value)

    def _class(self, cls: type) -> str:
        if cls is type(None):
            return "type(None)"
        if cls in _BUILTINS:
            return cls.__name__
        name = self.imports.type(type_of_annotation(cls))
        return name if name != "Any" else refuse("this class cannot be written down", self.source, self.query.span)

    def _rare(self, value: Term) -> str:
        use = self.imports.use
        match value:
            case datetime(tzinfo=None) | date() | timedelta() | time(tzinfo=None) if (
                type(value).__module__ == "datetime"
            ):
                use("datetime", type(value).__name__)
                return repr(value).removeprefix("datetime.")
            case Decimal():
                return f"{use('decimal', 'Decimal')}({quoted(str(value))})"
            case Fraction():
                return f"{use('fractions', 'Fraction')}({value.numerator}, {value.denominator})"
            case UUID():
                return f"{use('uuid', 'UUID')}({quoted(str(value))})"
            case Bitstring(data, bits):
                return f"{use('matchspec', 'Bitstring')}({quoted(data)}, {bits})"
            case ImproperList(items, tail):
                inner = flat(_tuple([self._term(item) for item in items]))
                return f"{use('matchspec', 'ImproperList')}({inner}, {flat(self._term(tail))})"
        message = f"a constant of type {type(value).__name__} cannot be written down"
        refuse(message, self.source, self.query.span, "make it a parameter of the query")


def givens(clause: Clause) -> list[Given]:
    """The parameters in a clause."""
    values: list[Term] = []
    patterns: list[Pattern] = [clause.head]
    while patterns:
        match patterns.pop():
            case PConst(value):
                values.append(value)
            case PTuple(items):
                patterns.extend(items)
            case PList(items, tail):
                patterns.extend(items if tail is None else (*items, tail))
            case PMap(entries):
                values.extend([key for key, _ in entries])
                patterns.extend([value for _, value in entries])
    for expr in (*clause.guards, *clause.body):
        values.extend([part.value for part in walk(expr) if isinstance(part, EConst)])
    found: list[Given] = []
    while values:
        value = values.pop()
        if isinstance(value, Given):
            found.append(value)
        elif isinstance(value, (tuple, list)):
            values.extend(value)
        elif isinstance(value, dict):
            values.extend([*value.keys(), *value.values()])
    return found


def _tuple(items: list[Part]) -> Group:
    return Group("(", tuple(items), ")", single=len(items) == 1)


def _numbers(pattern: Pattern) -> list[int]:
    from matchspec.check import variables_of

    return list(variables_of(pattern))
