"""What can be asked of rows by a query or a pattern, with the types of what comes back.

`Queryable` is the root of `Table` and of `PartitionedTable`: it turns a query of any form into a MatchSpec, before any
row is touched, so that a bad one raises MatchSpecError even for an empty table. How the rows are found and what is done
with them, each of the two says by the methods at the end.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Generic, TypeAlias, TypeVar, TypeVarTuple, overload

from matchspec.program import Program
from matchspec.spec import MatchSpec
from matchspec.values import BINDINGS, ROW, Atom, Term
from runtime.continuation import Continuation
from runtime.errors import BadArg, flag
from runtime.rows import Row
from runtime.storage import StoredRow
from runtime.updates import Position

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
Raw: TypeAlias = str | list[Any]  # queries whose types cannot be told from outside
Pattern: TypeAlias = Any  # a term with ANY and V(n) in it, or its text
Order: TypeAlias = Position | list[Position] | tuple[Position, ...]
Query: TypeAlias = Any  # any of the above, or a function
Chunk: TypeAlias = tuple[list[T], Continuation[T] | Atom] | Atom
Spec: TypeAlias = MatchSpec[Any, Any]
Checked: TypeAlias = Any  # an argument that the method itself checks; see runtime.core
Progress: TypeAlias = Callable[[int, int], Any]  # called with the rows looked at so far, and how many there are
Visit: TypeAlias = Callable[[list[Any], int, int], Any]  # called with the results of some rows, then as Progress
Look: TypeAlias = Callable[[list[StoredRow], int, int], int]  # called with some rows; how many of them matched

# Rows between two calls of a progress hook: about a millisecond in plain Python, a fraction of one where compiled.
STEP: Final = 1000


def selected(program: Program, rows: list[Any], step: int, progress: Progress) -> list[Any]:
    """The results of a query for rows, with a call of the hook after each `step` of them, and at the end. O(n)."""
    total = len(rows)
    if total <= step:
        results = program.select(rows)
        progress(total, total)
        return results
    results = []
    for start in range(0, total, step):
        results.extend(program.select(rows[start : start + step]))
        progress(min(start + step, total), total)
    return results


class Unknown:
    """The elements of rows of a table without a row type, for the type checker only.

    `tuple[Unknown, ...]` is a row that agrees with `tuple[Any, ...]` and with no other row type. In an overload it lets
    a lambda of several parameters query a table without a row type, and does not come into the way of other tables.
    """


AnyElements: TypeAlias = tuple[Unknown, ...]


class Queryable(Generic[Row]):
    """The methods that take a query or a pattern.

    All raise MatchSpecError for a query that cannot be understood, BadArg "access" and "id"; those that compute results
    raise EvalError where the body of a lambda fails. O(rows of the keys) where the query binds the key, else O(n).
    """

    # --- patterns -----------------------------------------------------------------------------------------------------

    @overload
    def match(self, pattern: Pattern) -> list[list[Any]]: ...
    @overload
    def match(self, pattern: Pattern, limit: int) -> Chunk[list[Any]]: ...

    def match(self, pattern: Pattern, limit: Checked = None) -> list[list[Any]] | Chunk[list[Any]]:
        """For each row that matches, the list of what the pattern's variables `V(n)` stand for, by their numbers.

        With `limit`, `(results, continuation or END)`, or END when there are none. Erlang's ets:match/2,3.
        Raises BadArg: "limit" unless it is a positive int.
        """
        query = self._pattern(pattern, BINDINGS)
        return self._results(query, False) if limit is None else self._chunk(query, limit, False)

    @overload
    def match_object(self, pattern: Pattern) -> list[Row]: ...
    @overload
    def match_object(self, pattern: Pattern, limit: int) -> Chunk[Row]: ...

    def match_object(self, pattern: Pattern, limit: Checked = None) -> list[Row] | Chunk[Row]:
        """The rows that match the pattern; with `limit` as `match`. Erlang's ets:match_object/2,3."""
        query = self._pattern(pattern, ROW)
        return self._results(query, False) if limit is None else self._chunk(query, limit, False)

    def match_delete(self, pattern: Pattern) -> bool:
        """Deletes the rows that match the pattern, all at one moment; True. Erlang's ets:match_delete/2."""
        self._delete(self._pattern(pattern, True))
        return True

    # --- select -------------------------------------------------------------------------------------------------------

    @overload
    def select(self, query: MatchSpec[Row, T]) -> list[T]: ...
    @overload
    def select(self, query: Callable[[Row], T]) -> list[T]: ...
    @overload
    def select(self: Iterable[tuple[*Ts]], query: Callable[[*Ts], T]) -> list[T]: ...
    @overload
    def select(self: "Queryable[AnyElements]", query: Callable[..., T]) -> list[T]: ...
    @overload
    def select(self, query: Raw) -> list[Any]: ...
    @overload
    def select(self, query: MatchSpec[Row, T], limit: int) -> Chunk[T]: ...
    @overload
    def select(self, query: Callable[[Row], T], limit: int) -> Chunk[T]: ...
    @overload
    def select(self: Iterable[tuple[*Ts]], query: Callable[[*Ts], T], limit: int) -> Chunk[T]: ...
    @overload
    def select(self: "Queryable[AnyElements]", query: Callable[..., T], limit: int) -> Chunk[T]: ...
    @overload
    def select(self, query: Raw, limit: int) -> Chunk[Any]: ...

    def select(self, query: Query, limit: Checked = None) -> list[Any] | Chunk[Any]:
        """The results of a query for the rows that match it, as at one moment.

        The results come in the order of keys in an ordered_set. With `limit`, `(results, continuation or END)`, or END
        when there are none: exactly `limit` results except in the last chunk; `ets.select(continuation)` goes on.
        Erlang's ets:select/2,3. Raises BadArg: "limit" unless it is a positive int.
        """
        compiled = self._spec(query)
        return self._results(compiled, False) if limit is None else self._chunk(compiled, limit, False)

    @overload
    def select_reverse(self, query: MatchSpec[Row, T]) -> list[T]: ...
    @overload
    def select_reverse(self, query: Callable[[Row], T]) -> list[T]: ...
    @overload
    def select_reverse(self: Iterable[tuple[*Ts]], query: Callable[[*Ts], T]) -> list[T]: ...
    @overload
    def select_reverse(self: "Queryable[AnyElements]", query: Callable[..., T]) -> list[T]: ...
    @overload
    def select_reverse(self, query: Raw) -> list[Any]: ...
    @overload
    def select_reverse(self, query: MatchSpec[Row, T], limit: int) -> Chunk[T]: ...
    @overload
    def select_reverse(self, query: Callable[[Row], T], limit: int) -> Chunk[T]: ...
    @overload
    def select_reverse(self: Iterable[tuple[*Ts]], query: Callable[[*Ts], T], limit: int) -> Chunk[T]: ...
    @overload
    def select_reverse(self: "Queryable[AnyElements]", query: Callable[..., T], limit: int) -> Chunk[T]: ...
    @overload
    def select_reverse(self, query: Raw, limit: int) -> Chunk[Any]: ...

    def select_reverse(self, query: Query, limit: Checked = None) -> list[Any] | Chunk[Any]:
        """As `select`, but an ordered_set from its greatest key down. Erlang's ets:select_reverse/2,3."""
        compiled = self._spec(query)
        return self._results(compiled, True) if limit is None else self._chunk(compiled, limit, True)

    @overload
    def select_iter(
        self,
        query: MatchSpec[Row, T],
        chunk: int = ...,
        *,
        order_by: Order | None = ...,
        reverse: bool = ...,
        limit: int | None = ...,
        offset: int = ...,
    ) -> Iterator[T]: ...
    @overload
    def select_iter(
        self,
        query: Callable[[Row], T],
        chunk: int = ...,
        *,
        order_by: Order | None = ...,
        reverse: bool = ...,
        limit: int | None = ...,
        offset: int = ...,
    ) -> Iterator[T]: ...
    @overload
    def select_iter(
        self: Iterable[tuple[*Ts]],
        query: Callable[[*Ts], T],
        chunk: int = ...,
        *,
        order_by: Order | None = ...,
        reverse: bool = ...,
        limit: int | None = ...,
        offset: int = ...,
    ) -> Iterator[T]: ...
    @overload
    def select_iter(
        self: "Queryable[AnyElements]",
        query: Callable[..., T],
        chunk: int = ...,
        *,
        order_by: Order | None = ...,
        reverse: bool = ...,
        limit: int | None = ...,
        offset: int = ...,
    ) -> Iterator[T]: ...
    @overload
    def select_iter(
        self,
        query: Raw,
        chunk: int = ...,
        *,
        order_by: Order | None = ...,
        reverse: bool = ...,
        limit: int | None = ...,
        offset: int = ...,
    ) -> Iterator[Any]: ...

    def select_iter(
        self,
        query: Query,
        chunk: Checked = 1000,
        *,
        order_by: Checked = None,
        reverse: Checked = False,
        limit: Checked = None,
        offset: Checked = 0,
    ) -> Iterator[Any]:
        """The results of `select` one by one, computed `chunk` at a time while others may write.

        Every row that is there all along is seen exactly once. The first chunk is computed at once, so that a bad query
        raises here. `order_by`, a column or a list of columns (positions from 1, or names), gives the results in the
        order of those columns of their rows, as terms compare; they are then those of one moment. `reverse` turns that
        order, or that of an ordered_set. `offset` results are left out, then come at most `limit`.
        O(n), O(n log n) sorted, O(n log(offset + limit)) with a limit; an ordered_set by its key is not sorted.
        Raises BadArg: "limit" unless `chunk` is a positive int, `limit` and `offset` are ints of at least 0; "position"
        for a bad column; "option" for a bad `reverse`.
        """
        return self._iterated(self._spec(query), chunk, order_by, flag("reverse", reverse), limit, offset)

    # --- counted, deleted, replaced -----------------------------------------------------------------------------------

    @overload
    def select_count(self, query: MatchSpec[Row, Any]) -> int: ...
    @overload
    def select_count(self, query: Raw) -> int: ...
    @overload
    def select_count(self, query: Callable[[Row], Any]) -> int: ...
    @overload
    def select_count(self: Iterable[tuple[*Ts]], query: Callable[[*Ts], Any]) -> int: ...
    @overload
    def select_count(self: "Queryable[AnyElements]", query: Callable[..., Any]) -> int: ...

    def select_count(self, query: Query) -> int:
        """How many rows have a result that is exactly True, as at one moment. Erlang's ets:select_count/2."""
        return self._count(self._spec(query))

    @overload
    def select_delete(self, query: MatchSpec[Row, Any]) -> int: ...
    @overload
    def select_delete(self, query: Raw) -> int: ...
    @overload
    def select_delete(self, query: Callable[[Row], Any]) -> int: ...
    @overload
    def select_delete(self: Iterable[tuple[*Ts]], query: Callable[[*Ts], Any]) -> int: ...
    @overload
    def select_delete(self: "Queryable[AnyElements]", query: Callable[..., Any]) -> int: ...

    def select_delete(self, query: Query) -> int:
        """Deletes the rows whose result is exactly True, all at one moment; how many. Erlang's ets:select_delete/2."""
        return self._delete(self._spec(query))

    @overload
    def select_replace(self, query: MatchSpec[Row, Any]) -> int: ...
    @overload
    def select_replace(self, query: Raw) -> int: ...
    @overload
    def select_replace(self, query: Callable[[Row], Any]) -> int: ...
    @overload
    def select_replace(self: Iterable[tuple[*Ts]], query: Callable[[*Ts], Any]) -> int: ...
    @overload
    def select_replace(self: "Queryable[AnyElements]", query: Callable[..., Any]) -> int: ...

    def select_replace(self, query: Query) -> int:
        """Replaces each row that matches by its result, which is a row with the same key, all at one moment; how many.

        Erlang's ets:select_replace/2. Raises BadArg: "table_type" for a bag; "query" unless the query plainly keeps the
        key; "type" for a result that the row type does not admit. Raises EvalError where a body fails, whatever the
        language of the query. In each case no row is replaced.
        """
        return self._replace(self._spec(query), query)

    # --- with progress ------------------------------------------------------------------------------------------------

    @overload
    def select_with_progress(self, query: MatchSpec[Row, T], progress: Progress, *, step: int = ...) -> list[T]: ...
    @overload
    def select_with_progress(self, query: Callable[[Row], T], progress: Progress, *, step: int = ...) -> list[T]: ...
    @overload
    def select_with_progress(
        self: Iterable[tuple[*Ts]], query: Callable[[*Ts], T], progress: Progress, *, step: int = ...
    ) -> list[T]: ...
    @overload
    def select_with_progress(
        self: "Queryable[AnyElements]", query: Callable[..., T], progress: Progress, *, step: int = ...
    ) -> list[T]: ...
    @overload
    def select_with_progress(self, query: Raw, progress: Progress, *, step: int = ...) -> list[Any]: ...

    def select_with_progress(self, query: Query, progress: Progress, *, step: Checked = STEP) -> list[Any]:
        """As `select`, for long scans: `progress(done, total)` is called after each `step` rows, and at the end.

        It is called by the calling thread, while the table is free for others. If it raises, the query ends with that.
        The rows are those of one moment all the same. O(n). Raises BadArg: "limit" unless `step` is a positive int.
        """
        return self.select_stepwise(self._spec(query), self._step(step), progress)

    @overload
    def count_with_progress(self, query: MatchSpec[Row, Any], progress: Progress, *, step: int = ...) -> int: ...
    @overload
    def count_with_progress(self, query: Raw, progress: Progress, *, step: int = ...) -> int: ...
    @overload
    def count_with_progress(self, query: Callable[[Row], Any], progress: Progress, *, step: int = ...) -> int: ...
    @overload
    def count_with_progress(
        self: Iterable[tuple[*Ts]], query: Callable[[*Ts], Any], progress: Progress, *, step: int = ...
    ) -> int: ...
    @overload
    def count_with_progress(
        self: "Queryable[AnyElements]", query: Callable[..., Any], progress: Progress, *, step: int = ...
    ) -> int: ...

    def count_with_progress(self, query: Query, progress: Progress, *, step: Checked = STEP) -> int:
        """As `select_count`, with `progress` as in `select_with_progress`."""
        return self.count_stepwise(self._spec(query), self._step(step), progress)

    # --- for those who have a query that is understood ----------------------------------------------------------------

    def select_stepwise(self, query: Spec, step: int, progress: Progress) -> list[Any]:
        """`select_with_progress`."""
        results: list[Any] = []

        def visit(found: list[Any], done: int, total: int) -> None:
            results.extend(found)
            progress(done, total)

        self.visit_results(query, step, visit)
        return results

    def count_stepwise(self, query: Spec, step: int, progress: Progress) -> int:
        """`count_with_progress`."""
        program = query.program
        counts: list[int] = []

        def look(rows: list[StoredRow], done: int, total: int) -> int:
            count = program.count(rows)
            counts.append(count)
            progress(done, total)
            return count

        self._look_stepwise(query, True, step, look)
        return sum(counts)

    def visit_results(self, query: Spec, step: int, visit: Visit) -> None:
        """Calls `visit(results, done, total)` after each `step` rows; for those who take results as they come."""
        program = query.program

        def look(rows: list[StoredRow], done: int, total: int) -> int:
            results = program.select(rows)
            visit(self._out_results(results), done, total)
            return len(results)

        self._look_stepwise(query, False, step, look)

    def _step(self, step: Term) -> int:
        if type(step) is int and step > 0:
            return step
        raise BadArg("limit", "step", step, "allowed is an int of at least 1", self._table_name())

    # --- what each kind of table has of its own -----------------------------------------------------------------------

    def __iter__(self) -> Iterator[Row]:
        raise AssertionError("every table has its own")

    def _table_name(self) -> str:
        raise AssertionError("every table has its own")

    def _spec(self, query: Query) -> Spec:
        """The query, understood. Raises MatchSpecError."""
        raise AssertionError("every table has its own")

    def _pattern(self, pattern: Pattern, body: Term) -> Spec:
        raise AssertionError("every table has its own")

    def _results(self, query: Spec, backwards: bool) -> list[Any]:
        raise AssertionError("every table has its own")

    def _out_results(self, results: list[Any]) -> list[Any]:
        """Results as they are handed out: copies where they could be changed in place."""
        raise AssertionError("every table has its own")

    def _chunk(self, query: Spec, limit: Checked, backwards: bool, argument: str = "limit") -> Chunk[Any]:
        raise AssertionError("every table has its own")

    def _iterated(
        self, query: Spec, chunk: Checked, order_by: Checked, reverse: bool, limit: Checked, offset: Checked
    ) -> Iterator[Any]:
        raise AssertionError("every table has its own")

    def _count(self, query: Spec) -> int:
        raise AssertionError("every table has its own")

    def _delete(self, query: Spec) -> int:
        raise AssertionError("every table has its own")

    def _replace(self, query: Spec, given: Query) -> int:
        """`given`: the query as it was given, for messages."""
        raise AssertionError("every table has its own")

    def _look_stepwise(self, query: Spec, counts: bool, step: int, look: Look) -> None:
        """Calls `look` with the rows that may match, as at one moment, some at a time; once where there are none."""
        raise AssertionError("every table has its own")
