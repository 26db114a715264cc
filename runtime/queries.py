"""Queries over a table: how the rows that a match spec wants are found, and what is done to them.

What can be asked is in `runtime.queryable`. `runtime.planner` says how the rows that may match are found: by keys,
ranges of keys, an index, or a scan. They are looked at, as at one moment, outside the lock: writers do not wait for
readers. What deletes or replaces rows holds the lock from the first look to the last change.
"""

from collections.abc import Iterator
from typing import Any, TypeAlias, cast

from matchspec.api import spec
from matchspec.intervals import Ranges
from matchspec.ownership import own
from matchspec.pattern import pattern_spec
from matchspec.plan import keeps_key
from matchspec.spec import NO_MATCH, MatchSpec
from matchspec.terms import exactly_equal
from matchspec.values import Term
from runtime.continuation import Continuation, GatedPages, Walk, is_limit, stream
from runtime.core import Checked
from runtime.errors import BadArg, show
from runtime.ordering import Found, matches, page_of, window_of
from runtime.planner import Plan, Wanted, choose, counted, wanted
from runtime.queryable import Chunk, Look, Pattern, Progress, Query, Spec, selected
from runtime.rows import Row
from runtime.storage import StoredRow
from runtime.traversal import TraversalMethods

Replacements: TypeAlias = tuple[list[StoredRow], list[StoredRow]]  # rows, and what comes in their places


class QueryMethods(TraversalMethods[Row]):
    """How a table does what `Queryable` says."""

    def _table_name(self) -> str:
        return self._gate.name

    def _spec(self, query: Query) -> Spec:
        if isinstance(query, MatchSpec):
            return self._shape.typed_spec(query)
        return spec(query, row=self._shape.row_type)

    def _pattern(self, pattern: Pattern, body: Term) -> Spec:
        return pattern_spec(pattern, body, row=self._shape.row_type)

    def _plan(self, query: Spec, counts: bool) -> Plan:
        """The way to the rows of a query. The caller holds the lock, so no other kind of key comes in meanwhile."""
        return choose(self._wanted(query, counts), self._storage, self._indexes)

    def _wanted(self, query: Spec, counts: bool) -> Wanted:
        storage, indexes, shape = self._storage, self._indexes, self._shape
        return wanted(query, storage, indexes, shape, exotic=self._exotic, odd=self._odd, counts=counts)

    def _found(self, query: Spec, counts: bool) -> list[StoredRow]:
        """The rows that may match, in order, as at one moment: a list not to be changed, to give to `_release`.

        `counts`: only rows whose result is exactly True matter.
        """
        unlocked = self._unlocked
        if unlocked is not None and self._wanted(query, counts).scans and unlocked.viewable():
            view = unlocked.view()
            self._counters.scans += 1
            self._counters.candidates += len(view)
            return view
        with self._gate.reading:
            plan = self._plan(query, counts)
            rows = plan.rows(self._storage)
            self._counters.planned(plan.kind)
            self._counters.candidates += len(rows)
        return rows

    def _release(self, rows: list[StoredRow], found: int) -> None:
        unlocked = self._unlocked
        if unlocked is not None:
            unlocked.give_back(rows)
            self._counters.found += found
            return
        gate = self._gate
        gate.acquire()
        try:
            self._storage.release(rows)
            self._counters.found += found
        finally:
            gate.release()

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

    def _iterated(
        self, query: Spec, chunk: Checked, order_by: Checked, reverse: bool, limit: Checked, offset: Checked
    ) -> Iterator[Any]:
        window = window_of(self._shape, self._gate.name, order_by, limit, offset)
        if not window.columns or (self._kind == "ordered_set" and window.columns == [self._keypos]):
            return window.cut(stream(self._chunk(query, chunk, reverse, "chunk")))
        program = query.program
        rows = self._found(query, False)
        found: list[Found] = []
        try:
            found = matches(program, rows)
        finally:
            self._release(rows, len(found))
        return iter(self._out_results(page_of(found, window, reverse)))

    def _look_stepwise(self, query: Spec, counts: bool, step: int, look: Look) -> None:
        rows = self._found(query, counts)
        found = 0
        try:
            total = len(rows)
            if total <= step:
                found = look(rows, total, total)
            else:
                for start in range(0, total, step):
                    some = rows[start : start + step]
                    found += look(some, start + len(some), total)
        finally:
            self._release(rows, found)

    def select_stepwise(self, query: Spec, step: int, progress: Progress) -> list[Any]:
        """Without a function to look at rows, which makes a small query cost half as much again."""
        program = query.program
        rows = self._found(query, False)
        results: list[Any] = []
        try:
            results = selected(program, rows, step, progress)
        finally:
            self._release(rows, len(results))
        return self._out_results(results)

    def _count(self, query: Spec) -> int:
        program = query.program
        known = self._counted(query)
        if known >= 0:
            return known
        rows = self._found(query, True)
        count = 0
        try:
            count = program.count(rows)
        finally:
            self._release(rows, count)
        return count

    def _counted(self, query: Spec) -> int:
        """How many results are True, where that can be told without looking at rows; otherwise -1."""
        if self._kind != "ordered_set" and not self._indexes:
            return -1
        with self._gate.reading:
            plan = counted(self._wanted(query, True), self._storage, self._indexes)
            if plan is None:
                return -1
            self._counters.planned(plan.kind)
            self._counters.found += plan.estimate
        return plan.estimate

    # --- in chunks ----------------------------------------------------------------------------------------------------

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
        pages = GatedPages(self._gate, self._storage)
        return Walk(pages, query.program, limit, backwards, self._out_results, ranges, self._ref.number)

    def repair(self, continuation: Continuation[Any], query: Query) -> Continuation[Any]:
        """A continuation of this table, out of a pickle, with its query; see `ets.repair_continuation`."""
        compiled = self._spec(query)
        with self._gate.reading:
            plan = self._plan(compiled, False)
        home = continuation.home
        ranges = plan.ranges if plan.kind == "range" else None
        return continuation.repaired(self._walk(compiled, home.limit, home.backwards, ranges))

    # --- deleted and replaced -----------------------------------------------------------------------------------------

    def _delete(self, query: Spec) -> int:
        with self._gate.writing:
            return self.delete_matching(query)

    def delete_matching(self, query: Spec) -> int:
        """Deletes what `select_delete` does; how many. The caller holds the gate for writing."""
        program = query.program
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

    def _replace(self, query: Spec, given: Query) -> int:
        self.check_replacing(query, given)
        with self._gate.writing:
            old, new = self.replacements(query)
            self.put_replacements(old, new)
        return len(old)

    def check_replacing(self, query: Spec, given: Query) -> None:
        """Raises BadArg, cause "table_type" or "query", where `select_replace` is refused whatever the rows are."""
        if self._kind == "bag":
            allowed = "select_replace takes a set, an ordered_set or a duplicate_bag"
            raise BadArg("table_type", "table", self._kind, allowed, self._gate.name)
        if not keeps_key(query, self._keypos + 1):
            allowed = "each result is the row itself, or a row built with the key of the row it replaces"
            raise BadArg("query", "query", given, allowed, self._gate.name)

    def replacements(self, query: Spec) -> Replacements:
        """What is to be replaced, and by what. The caller holds the gate for writing. Raises BadArg, EvalError."""
        program = query.program
        found = self._found(query, False)
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
        return old, new

    def put_replacements(self, old: list[StoredRow], new: list[StoredRow]) -> None:
        """Replaces rows. The caller still holds the gate for writing."""
        self._storage.replace_chosen(old, new)
        self._counters.updated += len(new)

    def _replacement(self, row: StoredRow, result: Term) -> StoredRow:
        replacement = self._row(result, "result of the query")
        if not exactly_equal(replacement[self._keypos], row[self._keypos]):
            allowed = f"the key stays as it is in {show(row)}"
            raise BadArg("query", "result of the query", result, allowed, self._gate.name)
        return replacement
