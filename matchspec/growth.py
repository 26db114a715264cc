"""A bound on the operations of a text that make much out of little: shifts, powers, repetitions, replacements.

`1 bsl 4000000` is half a megabyte, and `'x' * 16000` costs nothing to write, so a text of 64 KiB could ask for
gigabytes at every row. What each of them may make is bounded where it is computed; how many there are can be known when
the text is read. Everything else that a text computes is in proportion to its length and to the row.
"""

from typing import Final

from grammar import LIMITS
from matchspec.errors import ResolveError
from matchspec.spec import Clause, ECall, EConst, EList, EMap, ETuple, Expr

_GROWING: Final = frozenset(["bsl", "bsr", "python:<<", "python:**", "python:.replace"])  # bsr may shift to the left
_SIGNS: Final = ("<<", ">>", "bs", "*", "replace")  # without one of these, a text has none of them
_FEW: Final = 100  # a product with a number up to this one is taken for arithmetic


def check_growth(clauses: tuple[Clause, ...], text: str) -> None:
    """Raises ResolveError where a query has more such operations than `LIMITS.max_growth`.

    O(n) in the length of the text, and a search for five words only, for a text that cannot have so many.
    """
    if sum([text.count(sign) for sign in _SIGNS]) <= LIMITS.max_growth:
        return
    count = sum([_count(expr) for clause in clauses for expr in (*clause.guards, *clause.body)])
    if count > LIMITS.max_growth:
        raise ResolveError(
            f"the query has {count} operations that can make large values of small ones (shifts, powers, products,"
            f" replace), but the limit is {LIMITS.max_growth}"
        )


def _count(expr: Expr) -> int:
    match expr:
        case ETuple(items):
            return sum([_count(item) for item in items])
        case EList(items, tail):
            return sum([_count(item) for item in items]) + (0 if tail is None else _count(tail))
        case EMap(entries):
            return sum([_count(part) for entry in entries for part in entry])
        case ECall(name, args):
            grows = name in _GROWING or (name == "python:*" and not any([_is_factor(arg) for arg in args]))
            return sum([_count(arg) for arg in args]) + (1 if grows else 0)
    return 0


def _is_factor(expr: Expr) -> bool:
    """Whether an operand of a product is a number that cannot repeat a sequence many times."""
    if not isinstance(expr, EConst):
        return False
    value = expr.value
    return isinstance(value, float) or (type(value) is int and value <= _FEW)
