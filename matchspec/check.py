"""What Erlang's engine rejects when it compiles a match spec: every problem, not only the first.

`MatchSpec`s made from text or lambdas are well formed by construction; what can still be wrong is a function that
tables do not have (fun2ms translates `A ++ B`, and only the engine refuses it), and a variable that no head binds.
"""

from dataclasses import dataclass
from typing import Final, assert_never, final

from grammar.errors import nearest
from grammar.span import NOWHERE, Source, Span
from matchspec.errors import CheckError
from matchspec.functions import NAMES, arities, find
from matchspec.pyfunctions import PYTHON
from matchspec.spec import (
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
    Pattern,
    PConst,
    PList,
    PMap,
    PTuple,
    PVar,
    PWild,
)
from matchspec.text import brief
from matchspec.values import CONST, Term

NEITHER: Final = "is neither a call nor a tuple: a call is {name, args...}, a tuple is written {{...}}"


# What fun2ms translates and no engine runs. Raw specs may have it too, so that what was translated can be read back.
_TRANSLATED_ONLY: Final = frozenset(["++", "--", "!"])


def check(clauses: tuple[Clause, ...], source: Source | None = None) -> None:
    """Raises CheckError with all the problems, in the order of the clauses."""
    raise_all(check_problems(clauses, source, [True] * len(clauses)))


def raise_all(errors: list[CheckError]) -> None:
    """Raises the first error, as the one of all of them, if there are any."""
    if errors:
        raise errors[0].among(errors)


def check_problems(clauses: tuple[Clause, ...], source: Source | None, wanted: list[bool]) -> list[CheckError]:
    """The problems of those clauses that are wanted."""
    return [
        problem.error(f"clause {number}: ", source)
        for number, (clause, want) in enumerate(zip(clauses, wanted, strict=True), start=1)
        if want
        for problem in problems_of(clause)
    ]


@final
@dataclass(frozen=True)
class Problem:
    """What is wrong with a part of a clause; `span` is its place, where the clause was text."""

    message: str
    span: Span = NOWHERE

    def error(self, where: str, source: Source | None) -> CheckError:
        placed = source is not None and self.span != NOWHERE
        return CheckError(where + self.message, source=source if placed else None, span=self.span if placed else None)


def problems_of(clause: Clause, only_unknown: bool = False) -> list[Problem]:
    """The problems of one clause; with `only_unknown`, without those calls that are known but that no table runs."""
    checker = _Checker(variables_of(clause.head), only_unknown)
    for guard in clause.guards:
        checker.expr(guard)
    for expr in clause.body:
        checker.expr(expr)
    return checker.found


def variables_of(pattern: Pattern) -> set[int]:
    """The numbers of the variables that a head binds."""
    match pattern:
        case PWild() | PConst():
            return set()
        case PVar(number):
            return {number}
        case PTuple(items):
            return {number for item in items for number in variables_of(item)}
        case PList(items, tail):
            parts = items if tail is None else (*items, tail)
            return {number for item in parts for number in variables_of(item)}
        case PMap(entries):
            return {number for _, value in entries for number in variables_of(value)}
        case _:
            assert_never(pattern)


@final
class _Checker:
    """Walks the expressions of one clause; collects problems in `found`."""

    def __init__(self, bound: set[int], only_unknown: bool) -> None:
        self.bound: Final = bound
        self.only_unknown: Final = only_unknown
        self.found: Final[list[Problem]] = []

    def expr(self, expr: Expr) -> None:
        match expr:
            case EConst() | ERow() | EBindings():
                pass
            case EVar(number):
                if number not in self.bound:
                    message = f"variable '${number}' is unbound: the head of its clause does not have it"
                    self.found.append(Problem(message, expr.span))
            case EVerbatim(value):
                self.found.append(Problem(malformed(value), expr.span))
            case ETuple(items):
                self.all(items)
            case EList(items, tail):
                self.all(items if tail is None else (*items, tail))
            case EMap(entries):
                self.all(tuple([part for entry in entries for part in entry]))
            case ECall(name, args):
                self.call(name, len(args), expr.span)
                self.all(args)
            case _:
                assert_never(expr)

    def all(self, exprs: tuple[Expr, ...]) -> None:
        for expr in exprs:
            self.expr(expr)

    def call(self, name: str, count: int, span: Span) -> None:
        if self.only_unknown:
            entry = find(name, count)
            if name in _TRANSLATED_ONLY or (entry is not None and entry.trace):
                return
        problem = call_problem(name, count)
        if problem:
            self.found.append(Problem(problem, span))


def malformed(term: Term) -> str:
    """Why a tuple is no expression."""
    if isinstance(term, tuple) and term:
        head, *args = term
        if head is CONST:
            return f"'const' takes one argument, not {len(args)}: {brief(term)}"
        if isinstance(head, str):
            return f"{brief(term)} {NEITHER}; the name of a function is an atom: Atom({head!r})"
    return f"{brief(term)} {NEITHER}"


def call_problem(name: str, count: int) -> str:
    """Why a call of `name` with `count` arguments is refused, or ""."""
    if name in PYTHON:
        return ""
    entry = find(name, count)
    if entry is not None:
        return (
            f"function {name}/{count} acts on traces and cannot be called in a query of a table" if entry.trace else ""
        )
    known = arities(name)
    if known and known[0] == 1 and count == 0 and name in ("and", "or", "andalso", "orelse", "andthen"):
        return f"'{name}' needs arguments"
    if known:
        takes = " or ".join([f"{name}/{arity}" for arity in known])
        return f"function {name}/{count} does not exist; there is {takes}"
    hint = nearest(name, NAMES)
    return f"function {name}/{count} does not exist" + (f"; {hint}" if hint else "")
