"""Whether two specs are one query, and if not, where they differ: what a text that was rendered is held against.

A spec of Python's is compared as it is, but for constants: a tuple that a lambda builds of constants and a captured
tuple are one. A spec of Erlang's or Elixir's is compared with what an Erlang programmer would write for the Python
text, and what two programmers may write differently is no difference: the numbers of variables, a name for what nobody
uses, `'$1'` alone or `'_'` with `'$_'`, `{const, 1}` or 1, guards in a list or joined by `andalso`.
"""

from contextlib import suppress
from typing import Any, Final, TypeAlias, final

from matchspec.errors import MatchSpecError
from matchspec.maps import make_map
from matchspec.raw import expr_to_term, pattern_to_term, spec_from_term, spec_to_term
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
    Expr,
    MatchSpec,
    Pattern,
    PList,
    PMap,
    PTuple,
    PVar,
    PWild,
    walk,
)
from matchspec.terms import cons
from matchspec.text import brief
from matchspec.values import Term

AnySpec: TypeAlias = MatchSpec[Any, Any]


def difference(spec: AnySpec, again: AnySpec) -> str | None:
    """Where `again`, which is Python's, is another query than `spec`; None where it is the same."""
    left, right = spec.clauses, again.clauses
    if not spec.raises:
        try:
            right = spec_from_term(spec_to_term(right))
        except MatchSpecError as error:
            return error.message
        left = spec_from_term(spec_to_term(left))
    mine = [_Canonical(clause, python=spec.raises).clause for clause in left]
    other = [_Canonical(clause, python=spec.raises).clause for clause in right]
    for number, (one, two) in enumerate(zip(mine, other, strict=False), start=1):
        if one != two:
            return f"clause {number}: {_unlike(left[number - 1], one, right[number - 1], two)}"
    if len(mine) != len(other):
        return f"it has {len(mine)} clauses, read back there are {len(other)}"
    return None


def _unlike(clause: Clause, one: Clause, again: Clause, two: Clause) -> str:
    heads = _head(clause.head), _head(again.head)
    if one.head != two.head and heads[0] != heads[1]:
        return f"the head {heads[0]} is read back as {heads[1]}"
    for what, before, after in (("guards", one.guards, two.guards), ("body", one.body, two.body)):
        if before != after:
            return f"the {what} {_exprs(before)} would be {_exprs(after)}"
    return "the clauses differ"


def _head(head: Pattern) -> str:
    return brief(pattern_to_term(head))


def _exprs(exprs: tuple[Expr, ...]) -> str:
    try:
        return brief([expr_to_term(expr) for expr in exprs])
    except MatchSpecError:
        return "of Python"


@final
class _Canonical:
    """One way of writing a clause for all that differ in nothing but the writing."""

    def __init__(self, clause: Clause, python: bool) -> None:
        self.numbers: dict[int, int] = {}
        self.whole: int = -1
        self.used: Final[dict[int, int]] = {}
        if python:
            self.clause = self._written(clause, clause.head)
            return
        exprs = (*clause.guards, *clause.body)
        listed = any([isinstance(part, EBindings) for expr in exprs for part in walk(expr)])  # then the numbers matter
        self._count(clause.head)
        for number in [part.number for expr in exprs for part in walk(expr) if isinstance(part, EVar)]:
            self.used[number] = self.used.get(number, 0) + 1
        head = clause.head
        if not listed:
            if isinstance(head, PVar):
                self.whole = head.number
                head = PWild()
            head = self._head(head)
        guards = tuple([part for guard in clause.guards for part in _conjuncts(guard)])
        self.clause = self._written(Clause(head, guards, clause.body), head)

    def _written(self, clause: Clause, head: Pattern) -> Clause:
        return Clause(
            head, tuple([self.expr(guard) for guard in clause.guards]), tuple([self.expr(expr) for expr in clause.body])
        )

    def _count(self, pattern: Pattern) -> None:
        match pattern:
            case PVar(number):
                self.used[number] = self.used.get(number, 0) + 1
            case PTuple(items):
                for item in items:
                    self._count(item)
            case PList(items, tail):
                for item in items if tail is None else (*items, tail):
                    self._count(item)
            case PMap(entries):
                for _, value in entries:
                    self._count(value)

    def _head(self, pattern: Pattern) -> Pattern:
        match pattern:
            case PVar(number):
                if self.used[number] == 1:
                    return PWild()
                return PVar(self.numbers.setdefault(number, len(self.numbers) + 1))
            case PTuple(items):
                return PTuple(tuple([self._head(item) for item in items]))
            case PList(items, tail):
                parts = tuple([self._head(item) for item in items])
                return PList(parts, None if tail is None else self._head(tail))
            case PMap(entries):
                return PMap(tuple([(key, self._head(value)) for key, value in entries]))
        return pattern

    def expr(self, expr: Expr) -> Expr:
        match expr:
            case EConst(value):
                return EConst(value)
            case EVar(number):
                return ERow() if number == self.whole else EVar(self.numbers.get(number, number))
            case ETuple(items, row_type):
                parts = tuple([self.expr(item) for item in items])
                values = None if row_type is not None else _constants(parts)
                return ETuple(parts, row_type) if values is None else EConst(tuple(values))
            case EList(items, tail):
                parts = tuple([self.expr(item) for item in items])
                last = None if tail is None else self.expr(tail)
                values = _constants(parts if last is None else (*parts, last))
                if values is None:
                    return EList(parts, last)
                return EConst(list(values) if last is None else cons(tuple(values[:-1]), values[-1]))
            case EMap(entries):
                pairs = tuple([(self.expr(key), self.expr(value)) for key, value in entries])
                keys, values = _constants([key for key, _ in pairs]), _constants([value for _, value in pairs])
                if keys is None or values is None:
                    return EMap(pairs)
                return EConst(make_map(list(zip(keys, values, strict=True))))
            case ECall(name, args):
                parts = tuple([self.expr(arg) for arg in args])
                values = _constants(parts)
                if name == "python:dict" and values is not None:  # keys such as 1 and True, as Python builds them
                    with suppress(TypeError):
                        return EConst(dict(zip(values[::2], values[1::2], strict=True)))
                return ECall(name, parts)
        return expr


def _constants(exprs: "tuple[Expr, ...] | list[Expr]") -> list[Term] | None:
    """The values of expressions that are constants, all of them; else None."""
    values = [expr.value for expr in exprs if isinstance(expr, EConst)]
    return values if len(values) == len(exprs) else None


def _conjuncts(guard: Expr) -> tuple[Expr, ...]:
    """The guards that a guard is together: where one fails or is false, the clause does not apply."""
    match guard:
        case ECall("andalso" | "andthen" | "and", args):
            return tuple([part for arg in args for part in _conjuncts(arg)])
    return (guard,)
