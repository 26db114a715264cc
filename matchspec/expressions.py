"""Expressions of a row that an index is kept over, such as `lambda u: u.name.lower()`, found again in queries.

An expression is compared as a tree, with its variables put at the places where they stand in the row: what one query
calls `$2` another may call `$1`. Only the same tree is found; `u.age + 1` is not `1 + u.age`.
"""

from typing import Any, Final, TypeAlias, final

from matchspec.bounds import ranges_of_expression
from matchspec.errors import MatchSpecError
from matchspec.intervals import ALL, Ranges, union
from matchspec.spec import (
    NO_MATCH,
    Clause,
    ECall,
    EList,
    EMap,
    ETuple,
    EVar,
    Expr,
    MatchSpec,
    PTuple,
    PVar,
    PWild,
)
from matchspec.values import Term

AnySpec: TypeAlias = MatchSpec[Any, Any]
_ANY_SIZE: Final = -1


@final
class Expression:
    """An expression of a row: what a query with one clause and no condition computes.

    `size` is how many columns a row has for it, or -1 where it takes rows of any size.
    """

    def __init__(self, spec: AnySpec) -> None:
        """Raises MatchSpecError for a query that has conditions, several clauses, or gives no more than a constant."""
        clause = spec.clauses[0]
        head = clause.head
        items = head.items if isinstance(head, PTuple) else (head,)
        numbers = [item.number for item in items if isinstance(item, PVar)]
        plain = all([isinstance(item, (PVar, PWild)) for item in items]) and len(numbers) == len(set(numbers))
        if len(spec.clauses) > 1 or clause.guards or len(clause.body) > 1 or not plain:
            raise MatchSpecError("an index is over one expression of the row, without conditions")
        self.size: Final = len(items) if isinstance(head, PTuple) else _ANY_SIZE
        self.expr: Final = _placed(clause.body[0], _places(clause))
        if not isinstance(self.expr, (ECall, ETuple, EList)):
            raise MatchSpecError("an index is over a column, or over an expression that computes something of the row")
        self._program: Final = spec.program

    def value(self, row: Term) -> Term:
        """The value for a row; NO_MATCH where there is none, as the row has another size or the expression fails."""
        try:
            return self._program.run_strict(row)
        except MatchSpecError:  # an EvalError: a condition with this expression fails for this row too
            return NO_MATCH

    def ranges(self, query: AnySpec, odd: bool) -> Ranges:
        """Ranges of order_keys, in which the value of every row lies that matches; ALL also takes in rows without one.

        `odd` as for `column_ranges`. O(size of the query).
        """
        return union(*[self._of_clause(clause, odd) for clause in query.clauses])

    def _of_clause(self, clause: Clause, odd: bool) -> Ranges:
        size = len(clause.head.items) if isinstance(clause.head, PTuple) else _ANY_SIZE
        if size != self.size:
            return ALL
        places = _places(clause)
        return ranges_of_expression(self.expr, [_placed(guard, places) for guard in clause.guards], odd)


def _places(clause: Clause) -> dict[int, int]:
    """Where in the row each variable stands that is an element of it, or 0 for the whole row."""
    head = clause.head
    if isinstance(head, PVar):
        return {head.number: 0}
    items = head.items if isinstance(head, PTuple) else ()
    return {item.number: place for place, item in reversed([*enumerate(items, 1)]) if isinstance(item, PVar)}


def _placed(expr: Expr, places: dict[int, int]) -> Expr:
    """The expression with each variable named after its place; one that stands inside an element is like no other."""
    match expr:
        case EVar(number, span):
            return EVar(places.get(number, -1 - number), span)
        case ETuple(items, row_type, span):
            return ETuple(tuple([_placed(item, places) for item in items]), row_type, span)
        case EList(items, tail, span):
            rest = None if tail is None else _placed(tail, places)
            return EList(tuple([_placed(item, places) for item in items]), rest, span)
        case EMap(entries, span):
            return EMap(tuple([(_placed(key, places), _placed(value, places)) for key, value in entries]), span)
        case ECall(name, args, span):
            return ECall(name, tuple([_placed(arg, places) for arg in args]), span)
    return expr
