"""Queries over tables on disk: rows are read while they are looked at, so that a scan does not fill the memory.

What differs from `runtime.queries` is how rows are found. The table is not free for others while a query runs.
"""

import time
from typing import Any, cast

from runtime.additions import AdditionalMethods
from runtime.disk_alter import add_index, del_index
from runtime.disk_connection import DiskConnection
from runtime.disk_layout import index_column
from runtime.disk_plan import DiskPlan, choose
from runtime.disk_storage import DiskStorage
from runtime.errors import BadArg
from runtime.planner import Explanation
from runtime.queryable import Query, Spec
from runtime.rows import Row, describe
from runtime.storage import StoredRow
from runtime.updates import Position
from runtime.watched import WatchedStorage


class DiskQueries(AdditionalMethods[Row]):
    """What is found by SQL, and indexes, which are SQLite's."""

    def _disk(self) -> DiskStorage:
        storage = self._storage
        inner = storage.inner if isinstance(storage, WatchedStorage) else storage
        assert isinstance(inner, DiskStorage)
        return inner

    def _connection(self) -> DiskConnection:
        return self._disk().connection

    def _plan(self, query: Spec, counts: bool) -> DiskPlan:
        disk = self._disk()
        exotic = self._exotic or (disk.layout.own_key and disk.exotic())
        return choose(query, counts, disk, exotic)

    def _results(self, query: Spec, backwards: bool) -> list[Any]:
        program = query.program
        results: list[Any] = []
        looked = 0
        with self._gate.reading:
            plan = self._plan(query, False)
            self._counters.planned(plan.kind)
            for rows in plan.stream():
                looked += len(rows)
                results.extend(program.select(rows))
            self._counters.candidates += looked
            self._counters.found += len(results)
        if backwards and self._kind == "ordered_set":
            results.reverse()
        return results

    def _count(self, query: Spec) -> int:
        program = query.program
        count = looked = 0
        with self._gate.reading:
            plan = self._plan(query, True)
            self._counters.planned(plan.kind)
            if plan.exact:
                count = looked = plan.count()
            else:
                for rows in plan.stream():
                    looked += len(rows)
                    count += program.count(rows)
            self._counters.candidates += looked
            self._counters.found += count
        return count

    def delete_matching(self, query: Spec) -> int:
        program = query.program
        chosen: list[StoredRow] = []
        with self._gate.reading:
            plan = self._plan(query, True)
            self._counters.planned(plan.kind)
            if plan.exact and plan.storage is self._storage:  # nobody wants to hear of each row
                deleted = plan.delete()
                self._counters.candidates += deleted
                self._counters.found += deleted
                self._counters.deleted += deleted
                return deleted
            for rows in plan.stream():
                self._counters.candidates += len(rows)
                chosen.extend(cast("list[StoredRow]", program.chosen(rows)))
        self._storage.remove_chosen(chosen)
        self._counters.found += len(chosen)
        self._counters.deleted += len(chosen)
        self._settle()
        return len(chosen)

    def explain(self, query: Query, analyze: bool = False, *, counts: bool = False) -> Explanation:
        """As that of a table in memory; conditions that SQLite checks are shown in SQL. O(candidates)."""
        compiled = self._spec(query)
        actual: tuple[int, int, float] | None = None
        with self._gate.reading:
            plan = self._plan(compiled, counts)
            estimated = plan.estimated()
            size = self._storage.size()
            if analyze:
                program = compiled.program
                began = time.perf_counter()
                looked = found = 0
                for rows in plan.stream():
                    looked += len(rows)
                    found += program.count(rows) if counts else len(program.select(rows))
                actual = (looked, found, time.perf_counter() - began)
        kind = f"{self._kind} of {describe(self._shape.row_type)}, {size} rows"
        return Explanation(
            f"{'count' if counts else 'select'} from {self._gate.name} ({kind})", estimated, compiled, actual
        )

    # --- indexes ------------------------------------------------------------------------------------------------------

    def add_index(self, field: Position, *, unique: bool = False) -> bool:
        """As that of a table in memory; the index is in the file, and there when it is opened again. O(n log n)."""
        table = self._gate.name
        column = self._shape.index_of(field, "field", table)
        if type(unique) is not bool:
            raise BadArg("option", "unique", unique, "allowed are True and False", table)
        with self._gate.writing:
            layout = self._disk().layout
            if any([index.column == column for index in layout.indexes]):
                raise BadArg("already_exists", "field", field, "this column has an index", table)
            index = index_column(layout.rows, column, self._field_of(column), unique)
            add_index(self._disk(), index)
        return True

    def del_index(self, field: Position) -> bool:
        """As that of a table in memory. O(n) for a column that holds terms of any kind."""
        table = self._gate.name
        column = self._shape.index_of(field, "field", table)
        with self._gate.writing:
            layout = self._disk().layout
            found = [index for index in layout.indexes if index.column == column]
            if not found:
                allowed = f"columns with an index are {[index.field for index in layout.indexes]!r}"
                raise BadArg("option", "field", field, allowed, table)
            del_index(self._disk(), found[0])
        return True
