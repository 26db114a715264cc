"""Queries over tables on disk: rows are read while they are looked at, so that a scan does not fill the memory.

What differs from `runtime.queries` is how rows are found. The table is not free for others while a query runs.
"""

import time
from typing import Any, cast

from matchspec.program import Program
from matchspec.unchecked import Unchecked
from runtime.additions import AdditionalMethods, Indexed
from runtime.core import Checked
from runtime.disk_alter import add_index, del_index
from runtime.disk_connection import DiskConnection
from runtime.disk_facts import kept_expression
from runtime.disk_layout import IndexColumn, expression_column, index_column
from runtime.disk_plan import DiskPlan, Statement, choose
from runtime.disk_readers import Reader
from runtime.disk_storage import DiskStorage
from runtime.errors import BadArg, flag
from runtime.index import Index
from runtime.planner import Explanation
from runtime.queryable import Query, Spec
from runtime.rows import Row, describe
from runtime.storage import StoredRow
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
        with self._gate.reading:
            plan = self._plan(query, False)
            self._counters.planned(plan.kind)
            scan = plan.scan(False)
            reader = None if scan is None else self._reader()
            if scan is None or reader is None:
                results, looked = plan.select(program)
                self._note(looked, len(results))
        if scan is not None and reader is not None:
            results = self._scan(reader, scan, plan, program)
        if backwards and self._kind == "ordered_set":
            results.reverse()
        return results

    def _count(self, query: Spec) -> int:
        program = query.program
        count = 0
        with self._gate.reading:
            plan = self._plan(query, True)
            self._counters.planned(plan.kind)
            scan = plan.scan(True)
            reader = None if scan is None else self._reader()
            if scan is None or reader is None:
                count, looked = plan.tally(program)
                self._note(looked, count)
        if scan is not None and reader is not None:
            count = self._count_scan(reader, scan, plan, program)
        return count

    def _note(self, looked: int, found: int) -> None:
        self._counters.candidates += looked
        self._counters.found += found

    # --- scans, while others use the table ----------------------------------------------------------------------------

    def _reader(self) -> Reader | None:
        """What reads the table as it is now, with the lock let go; None where only the table's own connection can."""
        connection = self._connection()
        if connection.state != "idle":  # it alone sees what is not committed
            return None
        reader = connection.readers.take()
        if reader is not None:
            try:
                reader.begin(connection.now())
            except BaseException:
                connection.readers.give_back(reader)
                raise
        return reader

    def _scan(self, reader: Reader, scan: Statement, plan: DiskPlan, program: Program) -> list[Any]:
        results: list[Any] = []
        looked = 0
        try:
            fetched = reader.scan(scan[0], scan[1])
            while fetched:
                looked += len(fetched)
                results.extend(plan.results(program, fetched))
                fetched = reader.next()
        finally:
            self._connection().readers.give_back(reader)
        with self._gate.lock:
            self._note(looked, len(results))
        return results

    def _count_scan(self, reader: Reader, scan: Statement, plan: DiskPlan, program: Program) -> int:
        count = looked = 0
        try:
            fetched = reader.scan(scan[0], scan[1])
            if plan.exact:
                count = looked = int(fetched[0][0])
            while fetched and not plan.exact:
                looked += len(fetched)
                count += program.count(self._disk().decoded(fetched))
                fetched = reader.next()
        finally:
            self._connection().readers.give_back(reader)
        with self._gate.lock:
            self._note(looked, count)
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

    def explain(
        self, query: Query, analyze: bool | Unchecked = False, *, counts: bool | Unchecked = False
    ) -> Explanation:
        """As that of a table in memory; conditions that SQLite checks are shown in SQL. O(candidates)."""
        compiled = self._spec(query)
        runs, counting = flag("analyze", analyze, self._gate.name), flag("counts", counts, self._gate.name)
        actual: tuple[int, int, float] | None = None
        with self._gate.reading:
            plan = self._plan(compiled, counting)
            estimated = plan.estimated()
            size = self._storage.size()
            if runs:
                program = compiled.program
                began = time.perf_counter()
                looked = found = 0
                for rows in plan.stream():
                    looked += len(rows)
                    found += program.count(rows) if counting else len(program.select(rows))
                actual = (looked, found, time.perf_counter() - began)
        kind = f"{self._kind} of {describe(self._shape.row_type)}, {size} rows"
        return Explanation(
            f"{'count' if counting else 'select'} from {self._gate.name} ({kind})", estimated, compiled, actual
        )

    # --- indexes ------------------------------------------------------------------------------------------------------

    def add_index(
        self, field: Indexed, *, unique: bool | Unchecked = False, name: str | Unchecked | None = None
    ) -> bool:
        """As that of a table in memory; the index is in the file, and there when it is opened again.

        An expression is kept as a text. Another process that has the table open when an index over one is added gets
        DiskError "changed". O(n log n). Raises BadArg, cause "option", also for an expression that no text can say.
        """
        index = self._index_of(field, unique, name)
        with self._gate.writing:
            self._add(index, field)
        return True

    def ensure_index(self, field: Indexed, unique: Checked) -> None:
        """Makes an index unless the table has it."""
        index = self._index_of(field, unique, None)
        with self._gate.reading:
            there = [known for known in self._disk().layout.indexes if _is_over(known, index)]
        if not there or (unique and not there[0].unique):
            with self._gate.writing:
                self._add(index, field)

    def _add(self, index: Index, field: Indexed) -> None:
        disk = self._disk()
        layout = disk.layout
        if any([_is_over(known, index) or known.field == index.field for known in layout.indexes]):
            raise BadArg("already_exists", "field", field, f"there is an index of {index.field!r}", self._gate.name)
        if index.expression is None:
            add_index(disk, index_column(layout.rows, index.column, index.field, index.unique))
        else:
            kept = kept_expression(index, self._spec(field), self._shape, layout.generation + 1)
            add_index(disk, expression_column(kept, str(index.field), index.unique))

    def del_index(self, field: Indexed) -> bool:
        """As that of a table in memory. O(n) for an expression, and for a column that holds terms of any kind."""
        named = [known for known in self._disk().layout.indexes if known.kept is not None and known.field == field]
        wanted = None if named else self._index_of(field, False, None)
        with self._gate.writing:
            layout = self._disk().layout
            found = named if wanted is None else [known for known in layout.indexes if _is_over(known, wanted)]
            if not found:
                allowed = f"columns with an index are {[known.field for known in layout.indexes]!r}"
                raise BadArg("option", "field", field, allowed, self._gate.name)
            del_index(self._disk(), found[0])
        return True


def _is_over(known: IndexColumn, index: Index) -> bool:
    """Whether an index in the file is over the same column or expression as another."""
    if known.kept is None or index.expression is None:
        return known.kept is None and index.expression is None and known.column == index.column
    kept = known.kept.expression
    return kept.expr == index.expression.expr and kept.size == index.expression.size
