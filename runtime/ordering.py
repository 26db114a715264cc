"""Results in the order of columns, and pages of them: the `order_by`, `limit` and `offset` of `select_iter`."""

import heapq
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final, TypeAlias, final

from matchspec.intervals import BELOW
from matchspec.program import Program
from matchspec.spec import NO_MATCH
from matchspec.terms import Comparable, order_key
from matchspec.values import Term
from runtime.errors import BadArg
from runtime.rows import RowShape
from runtime.storage import StoredRow

Found: TypeAlias = tuple[StoredRow, Any]  # a row and its result


@final
class Window:
    """What is asked of a page: the columns to sort by, counted from 0, and which of the results."""

    def __init__(self, columns: list[int], limit: int | None, offset: int) -> None:
        self.columns: Final = columns
        self.limit: Final = limit
        self.offset: Final = offset

    def cut(self, results: Iterator[Any]) -> Iterator[Any]:
        """The page, of results that come in order."""
        return islice(results, self.offset, None if self.limit is None else self.offset + self.limit)


def window_of(shape: RowShape, table: str, order_by: Term, limit: Term, offset: Term) -> Window:
    """The arguments of `select_iter`, checked. Raises BadArg, cause "limit" or "position"."""
    skipped = count_of(offset, "offset", table)
    most = None if limit is None else count_of(limit, "limit", table)
    columns = order_by if isinstance(order_by, (list, tuple)) else [] if order_by is None else [order_by]
    return Window([shape.index_of(column, "order_by", table) for column in columns], most, skipped)


def matches(program: Program, rows: Iterable[StoredRow]) -> list[Found]:
    """The rows that match, with their results. O(n). Raises EvalError."""
    found: list[Found] = []
    for row in rows:
        result = program.run(row)
        if result is not NO_MATCH:
            found.append((row, result))
    return found


def ranking(columns: list[int]) -> Callable[[Found], Comparable]:
    """The key to sort by: columns, counted from 0, in Erlang's order of terms; rows that lack a column come first."""

    def rank(found: Found) -> Comparable:
        row = found[0]
        size = len(row)
        return [order_key(row[column]) if column < size else BELOW for column in columns]

    return rank


def page_of(found: list[Found], window: Window, reverse: bool) -> list[Any]:
    """The results of one page. Rows that are equal in all columns keep the table's order.

    O(n log n), O(n log(offset + limit)) with a limit.
    """
    rank = ranking(window.columns)
    end = len(found) if window.limit is None else window.offset + window.limit
    if 4 * end > len(found):
        ordered = sorted(found, key=rank, reverse=reverse)
    else:
        best = heapq.nlargest if reverse else heapq.nsmallest
        ordered = best(end, found, key=rank)
    return [result for _, result in ordered[window.offset : end]]


def count_of(value: Term, argument: str, table: str) -> int:
    """A number of rows. Raises BadArg, cause "limit"."""
    if type(value) is int and value >= 0:
        return value
    raise BadArg("limit", argument, value, "allowed is an int of at least 0", table)
