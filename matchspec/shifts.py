"""A bound on the shifts of a text, the one operation that makes much out of little at once.

`1 bsl 4000000` is half a megabyte, so a text of 64 KiB could ask for gigabytes. Everything else that grows is bounded
where it is computed; the sum of all shifts of a text can be known when it is read.
"""

from typing import Final

from matchspec.errors import ResolveError
from matchspec.spec import Clause, ECall, EList, EMap, ETuple, Expr

MAX_SHIFTS: Final = 1_000  # in one text; together they make half a gigabyte at most

_SHIFTS: Final = frozenset(["bsl", "bsr", "python:<<"])  # a bsr by a negative number shifts to the left


def check_shifts(clauses: tuple[Clause, ...], text: str) -> None:
    """Raises ResolveError where a query has more than MAX_SHIFTS shifts. O(1) for a text that cannot have so many."""
    if text.count("<<") + text.count(">>") + text.count("bs") <= MAX_SHIFTS:
        return
    count = sum([_count(expr) for clause in clauses for expr in (*clause.guards, *clause.body)])
    if count > MAX_SHIFTS:
        raise ResolveError(f"the query has {count} shifts, but the limit is {MAX_SHIFTS}")


def _count(expr: Expr) -> int:
    match expr:
        case ETuple(items):
            return sum([_count(item) for item in items])
        case EList(items, tail):
            return sum([_count(item) for item in items]) + (0 if tail is None else _count(tail))
        case EMap(entries):
            return sum([_count(part) for entry in entries for part in entry])
        case ECall(name, args):
            return sum([_count(arg) for arg in args]) + (1 if name in _SHIFTS else 0)
    return 0
