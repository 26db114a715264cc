"""Results in the order of columns, and pages of them: the `order_by`, `limit` and `offset` of `select_iter`."""

import heapq
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from matchspec.intervals import BELOW
from matchspec.terms import Comparable, order_key
from matchspec.values import Term
from runtime.errors import BadArg
from runtime.storage import StoredRow

Item = TypeVar("Item")
Found: TypeAlias = tuple[StoredRow, Any]  # a row and its result


def ranking(columns: list[int]) -> Callable[[Found], Comparable]:
    """The key to sort by: columns, counted from 0, in Erlang's order of terms; rows that lack a column come first."""

    def rank(found: Found) -> Comparable:
        row = found[0]
        size = len(row)
        return [order_key(row[column]) if column < size else BELOW for column in columns]

    return rank


def page_of(found: list[Found], columns: list[int], reverse: bool, limit: int | None, offset: int) -> list[Any]:
    """The results of one page. Rows that are equal in all columns keep the table's order.

    O(n log n), O(n log(offset + limit)) with a limit.
    """
    rank = ranking(columns)
    if limit is None or 4 * (offset + limit) > len(found):
        ordered = sorted(found, key=rank, reverse=reverse)
    else:
        best = heapq.nlargest if reverse else heapq.nsmallest
        ordered = best(offset + limit, found, key=rank)
    end = len(ordered) if limit is None else offset + limit
    return [result for _, result in ordered[offset:end]]


def count_of(value: Term, argument: str, table: str) -> int:
    """A number of rows. Raises BadArg, cause "limit"."""
    if type(value) is int and value >= 0:
        return value
    raise BadArg("limit", argument, value, "allowed is an int of at least 0", table)
