"""Queries over a table: match specs, lambdas and patterns, and what is done to the rows that they find.

A query is made into a MatchSpec before the table is touched, so a bad one raises MatchSpecError even for an empty
table. `runtime.planner` says how the rows that may match are found: by keys, ranges of keys, an index, or a scan. They
are looked at, as at one moment, outside the lock: writers do not wait for readers. What deletes or replaces rows holds
the lock from the first look to the last change.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeAlias, TypeVar, TypeVarTuple, cast, overload

from matchspec.api import spec
from matchspec.intervals import Ranges
from matchspec.ownership import own
from matchspec.pattern import pattern_spec
from matchspec.plan import keeps_key
from matchspec.spec import NO_MATCH, MatchSpec
from matchspec.terms import exactly_equal
from matchspec.values import BINDINGS, ROW, Atom, Term
from runtime.continuation import Continuation, Walk, is_limit, stream
from runtime.core import Checked
from runtime.errors import BadArg, show
from runtime.ordering import count_of, page_of
from runtime.planner import Plan, choose, wanted
from runtime.rows import Row
from runtime.storage import StoredRow
from runtime.traversal import TraversalMethods
from runtime.updates import Position

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
Raw: TypeAlias = str | list[Any] | MatchSpec[Any, Any]  # queries whose types cannot be told from outside
Pattern: TypeAlias = Any  # a term with ANY and V(n) in it, or its text
Order: TypeAlias = Position | list[Position] | tuple[Position, ...]
Query: TypeAlias = Any  # any of the above, or a function
Chunk: TypeAlias = tuple[list[T], Continuation[T] | Atom] | Atom
Spec: TypeAlias = MatchSpec[Any, Any]


class Unknown:
    """The elements of rows of a table without a row type, for the type checker only.

    `tuple[Unknown, ...]` is a row that agrees with `tuple[Any, ...]` and with no other row type. In an overload it lets
    a lambda of several parameters query a table without a row type, and does not come into the way of other tables.
    """


AnyElements: TypeAlias = tuple[Unknown, ...]


class QueryMethods(TraversalMethods[Row]):
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
    def select(self: "QueryMethods[AnyElements]", query: Callable[..., T]) -> list[T]: ...
    @overload
    def select(self, query: Raw) -> list[Any]: ...
    @overload
    def select(self, query: MatchSpec[Row, T], limit: int) -> Chunk[T]: ...
    @overload
    def select(self, query: Callable[[Row], T], limit: int) -> Chunk[T]: ...
    @overload
    def select(self: Iterable[tuple[*Ts]], query: Callable[[*Ts], T], limit: int) -> Chunk[T]: ...
    @overload
    def select(self: "QueryMethods[AnyElements]", query: Callable[..., T], limit: int) -> Chunk[T]: ...
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
    def select_reverse(self: "QueryMethods[AnyElements]", query: Callable[..., T]) -> list[T]: ...
    @overload
    def select_reverse(self, query: Raw) -> list[Any]: ...
    @overload
    def select_reverse(self, query: MatchSpec[Row, T], limit: int) -> Chunk[T]: ...
    @overload
    def select_reverse(self, query: Callable[[Row], T], limit: int) -> Chunk[T]: ...
    @overload
    def select_reverse(self: Iterable[tuple[*Ts]], query: Callable[[*Ts], T], limit: int) -> Chunk[T]: ...
    @overload
    def select_reverse(self: "QueryMethods[AnyElements]", query: Callable[..., T], limit: int) -> Chunk[T]: ...
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
        self: "QueryMethods[AnyElements]",
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
        reverse: bool = False,
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
        for a bad column.
        """
        compiled = self._spec(query)
        table = self._gate.name
        skipped = count_of(offset, "offset", table)
        most = None if limit is None else count_of(limit, "limit", table)
        wanted_columns = order_by if isinstance(order_by, (list, tuple)) else [] if order_by is None else [order_by]
        columns = [self._shape.index_of(column, "order_by", table) for column in wanted_columns]
        if not columns or (self._kind == "ordered_set" and columns == [self._keypos]):
            results = stream(self._chunk(compiled, chunk, reverse, "chunk"))
            return islice(results, skipped, None if most is None else skipped + most)
        return iter(self._ordered(compiled, columns, reverse, most, skipped))

    # --- counted, deleted, replaced -----------------------------------------------------------------------------------

    @overload
    def select_count(self, query: Raw) -> int: ...
    @overload
    def select_count(self, query: Callable[[Row], Any]) -> int: ...
    @overload
    def select_count(self: Iterable[tuple[*Ts]], query: Callable[[*Ts], Any]) -> int: ...
    @overload
    def select_count(self: "QueryMethods[AnyElements]", query: Callable[..., Any]) -> int: ...

    def select_count(self, query: Query) -> int:
        """How many rows have a result that is exactly True, as at one moment. Erlang's ets:select_count/2."""
        compiled = self._spec(query)
        program = compiled.program
        rows = self._found(compiled, True)
        count = 0
        try:
            count = program.count(rows)
        finally:
            self._release(rows, count)
        return count

    @overload
    def select_delete(self, query: Raw) -> int: ...
    @overload
    def select_delete(self, query: Callable[[Row], Any]) -> int: ...
    @overload
    def select_delete(self: Iterable[tuple[*Ts]], query: Callable[[*Ts], Any]) -> int: ...
    @overload
    def select_delete(self: "QueryMethods[AnyElements]", query: Callable[..., Any]) -> int: ...

    def select_delete(self, query: Query) -> int:
        """Deletes the rows whose result is exactly True, all at one moment; how many. Erlang's ets:select_delete/2."""
        return self._delete(self._spec(query))

    @overload
    def select_replace(self, query: Raw) -> int: ...
    @overload
    def select_replace(self, query: Callable[[Row], Any]) -> int: ...
    @overload
    def select_replace(self: Iterable[tuple[*Ts]], query: Callable[[*Ts], Any]) -> int: ...
    @overload
    def select_replace(self: "QueryMethods[AnyElements]", query: Callable[..., Any]) -> int: ...

    def select_replace(self, query: Query) -> int:
        """Replaces each row that matches by its result, which is a row with the same key, all at one moment; how many.

        Erlang's ets:select_replace/2. Raises BadArg: "table_type" for a bag; "query" unless the query plainly keeps the
        key; "type" for a result that the row type does not admit. Raises EvalError where a body fails, whatever the
        language of the query. In each case no row is replaced.
        """
        compiled = self._spec(query)
        program = compiled.program
        if self._kind == "bag":
            allowed = "select_replace takes a set, an ordered_set or a duplicate_bag"
            raise BadArg("table_type", "table", self._kind, allowed, self._gate.name)
        if not keeps_key(compiled, self._keypos + 1):
            allowed = "each result is the row itself, or a row built with the key of the row it replaces"
            raise BadArg("query", "query", query, allowed, self._gate.name)
        with self._gate.writing:
            found = self._found(compiled, False)
            old: list[StoredRow] = []
            new: list[StoredRow] = []
            try:
                for row in found:
                    result = program.run_strict(row)
                    if result is not NO_MATCH:
                        old.append(row)
                        new.append(self._replacement(row, result))
            finally:
                self._release(found, len(new))
            self._storage.replace_chosen(old, new)
            self._counters.updated += len(new)
        return len(old)

    def _replacement(self, row: StoredRow, result: Term) -> StoredRow:
        replacement = self._row(result, "result of the query")
        if not exactly_equal(replacement[self._keypos], row[self._keypos]):
            allowed = f"the key stays as it is in {show(row)}"
            raise BadArg("query", "result of the query", result, allowed, self._gate.name)
        return replacement

    # --- how it is done -----------------------------------------------------------------------------------------------

    def _spec(self, query: Query) -> Spec:
        return spec(query, row=self._shape.row_type)

    def _pattern(self, pattern: Pattern, body: Term) -> Spec:
        return pattern_spec(pattern, body, row=self._shape.row_type)

    def _plan(self, query: Spec, counts: bool) -> Plan:
        """The way to the rows of a query. The caller holds the lock, so no other kind of key comes in meanwhile."""
        want = wanted(query, self._storage, self._indexes, exotic=self._exotic, odd=self._odd, counts=counts)
        return choose(want, self._storage)

    def _found(self, query: Spec, counts: bool) -> list[StoredRow]:
        """The rows that may match, in order, as at one moment: a list not to be changed, to give to `_release`.

        `counts`: only rows whose result is exactly True matter.
        """
        with self._gate.reading:
            plan = self._plan(query, counts)
            rows = plan.rows(self._storage)
            self._counters.planned(plan.kind)
            self._counters.candidates += len(rows)
        return rows

    def _release(self, rows: list[StoredRow], found: int) -> None:
        with self._gate.lock:
            self._storage.release(rows)
            self._counters.found += found

    def _results(self, query: Spec, backwards: bool) -> list[Any]:
        program = query.program
        rows = self._found(query, False)
        results: list[Any] = []
        try:
            turned = backwards and self._kind == "ordered_set"
            results = program.select(reversed(rows) if turned else rows)
        finally:
            self._release(rows, len(results))
        return self._out_results(results)

    def _out_results(self, results: list[Any]) -> list[Any]:
        return [own(result) for result in results] if self._mutable else results

    def _ordered(self, query: Spec, columns: list[int], reverse: bool, limit: int | None, offset: int) -> list[Any]:
        program = query.program
        rows = self._found(query, False)
        found: list[tuple[StoredRow, Any]] = []
        try:
            for row in rows:
                result = program.run(row)
                if result is not NO_MATCH:
                    found.append((row, result))
        finally:
            self._release(rows, len(found))
        return self._out_results(page_of(found, columns, reverse, limit, offset))

    def _chunk(self, query: Spec, limit: Checked, backwards: bool, argument: str = "limit") -> Chunk[Any]:
        if not is_limit(limit):
            raise BadArg("limit", argument, limit, "allowed is an int of at least 1", self._gate.name)
        program = query.program
        with self._gate.reading:
            plan = self._plan(query, False)
            self._counters.planned(plan.kind)
            walks = plan.kind in {"scan", "range"}
            rows = [] if walks else plan.rows(self._storage)
        ranges = plan.ranges if plan.kind == "range" else None
        walk = self._walk(query, limit, backwards, ranges)
        if walks:
            return walk.begin()
        if backwards and self._kind == "ordered_set":
            rows.reverse()
        return walk.deliver(program.select(rows))

    def _walk(self, query: Spec, limit: int, backwards: bool, ranges: Ranges | None) -> Walk:
        number = self._ref.number
        return Walk(self._gate, self._storage, query.program, limit, backwards, self._out_results, ranges, number)

    def repair(self, continuation: Continuation[Any], query: Query) -> Continuation[Any]:
        """A continuation of this table, out of a pickle, with its query; see `ets.repair_continuation`."""
        compiled = self._spec(query)
        with self._gate.reading:
            plan = self._plan(compiled, False)
        home = continuation.home
        ranges = plan.ranges if plan.kind == "range" else None
        return continuation.repaired(self._walk(compiled, home.limit, home.backwards, ranges))

    def _delete(self, query: Spec) -> int:
        program = query.program
        with self._gate.writing:
            found = self._found(query, True)
            chosen: list[StoredRow] = []
            try:
                chosen = cast("list[StoredRow]", program.chosen(found))
            finally:
                self._release(found, len(chosen))
            if len(chosen) == self._storage.size():
                self._storage.clear()
            else:
                self._storage.remove_chosen(chosen)
            self._counters.deleted += len(chosen)
            self._settle()
        return len(chosen)
