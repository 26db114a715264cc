"""What Erlang's engine rejects when it compiles a match spec: every problem, not only the first.

`MatchSpec`s made from text or lambdas are well formed by construction; what can still be wrong is a function that
tables do not have (fun2ms translates `A ++ B`, and only the engine refuses it), and a variable that no head binds.
"""

from typing import assert_never

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


def check(clauses: tuple[Clause, ...]) -> None:
    """Raises CheckError with all the problems, in the order of the clauses."""
    problems = problems_of(clauses)
    if problems:
        raise CheckError(problems)


def problems_of(clauses: tuple[Clause, ...]) -> list[str]:
    found: list[str] = []
    for clause in clauses:
        bound = variables_of(clause.head)
        for guard in clause.guards:
            _check_expr(guard, bound, found)
        for expr in clause.body:
            _check_expr(expr, bound, found)
    return found


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


def _check_expr(expr: Expr, bound: set[int], found: list[str]) -> None:
    match expr:
        case EConst() | ERow() | EBindings():
            pass
        case EVar(number):
            if number not in bound:
                found.append(f"variable '${number}' is unbound: the head of its clause does not have it")
        case EVerbatim(value):
            found.append(f"{value!r} is neither a call nor a tuple: a tuple is written {{{{...}}}}")
        case ETuple(items):
            _check_all(items, bound, found)
        case EList(items, tail):
            _check_all(items if tail is None else (*items, tail), bound, found)
        case EMap(entries):
            _check_all(tuple([part for entry in entries for part in entry]), bound, found)
        case ECall(name, args):
            problem = call_problem(name, len(args))
            if problem:
                found.append(problem)
            _check_all(args, bound, found)
        case _:
            assert_never(expr)


def _check_all(exprs: tuple[Expr, ...], bound: set[int], found: list[str]) -> None:
    for expr in exprs:
        _check_expr(expr, bound, found)


def call_problem(name: str, count: int) -> str:
    """Why a call of `name` with `count` arguments is refused, or ""."""
    if name in PYTHON:
        return ""
    entry = find(name, count)
    if entry is not None:
        return f"function {name}/{count} acts on traces and cannot be called in a query of a table" if entry.trace else ""
    known = arities(name)
    if known and known[0] == 1 and count == 0 and name in ("and", "or", "andalso", "orelse", "andthen"):
        return f"'{name}' needs arguments"
    if known:
        takes = " or ".join([f"{name}/{arity}" for arity in known])
        return f"function {name}/{count} does not exist; there is {takes}"
    hint = nearest(name, NAMES)
    return f"function {name}/{count} does not exist" + (f"; {hint}" if hint else "")
