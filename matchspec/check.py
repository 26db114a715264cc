"""What Erlang's engine rejects when it compiles a match spec: every problem, not only the first.

`MatchSpec`s made from text or lambdas are well formed by construction; what can still be wrong is a function that
tables do not have (fun2ms translates `A ++ B`, and only the engine refuses it), and a variable that no head binds.
"""

from typing import Final, assert_never, final

from grammar.errors import nearest
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

NEITHER: Final = "is neither a call nor a tuple: a call is {name, args...}, a tuple is written {{...}}"


# What fun2ms translates and no engine runs. Raw specs may have it too, so that what was translated can be read back.
_TRANSLATED_ONLY: Final = frozenset(["++", "--", "!"])


def check(clauses: tuple[Clause, ...]) -> None:
    """Raises CheckError with all the problems, in the order of the clauses."""
    found = [
        f"clause {number}: {problem}"
        for number, clause in enumerate(clauses, start=1)
        for problem in problems_of(clause)
    ]
    if found:
        raise CheckError(found)


def problems_of(clause: Clause, only_unknown: bool = False) -> list[str]:
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
        self.found: Final[list[str]] = []

    def expr(self, expr: Expr) -> None:
        match expr:
            case EConst() | ERow() | EBindings():
                pass
            case EVar(number):
                if number not in self.bound:
                    self.found.append(f"variable '${number}' is unbound: the head of its clause does not have it")
            case EVerbatim(value):
                self.found.append(f"{brief(value)} {NEITHER}")
            case ETuple(items):
                self.all(items)
            case EList(items, tail):
                self.all(items if tail is None else (*items, tail))
            case EMap(entries):
                self.all(tuple([part for entry in entries for part in entry]))
            case ECall(name, args):
                self.call(name, len(args))
                self.all(args)
            case _:
                assert_never(expr)

    def all(self, exprs: tuple[Expr, ...]) -> None:
        for expr in exprs:
            self.expr(expr)

    def call(self, name: str, count: int) -> None:
        if self.only_unknown:
            entry = find(name, count)
            if name in _TRANSLATED_ONLY or (entry is not None and entry.trace):
                return
        problem = call_problem(name, count)
        if problem:
            self.found.append(problem)


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
