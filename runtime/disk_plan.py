"""How a table on disk answers a query: by keys, by ranges of keys, by conditions in SQL, or by looking at every row.

As in `runtime.planner`, what is found is a superset of the rows that match, and the query is checked on each. What a
query asks of columns becomes a condition in SQL (`runtime.sql_pushdown`), and where that is provably all there is to a
query, rows are counted and deleted by SQLite alone. SQLite chooses among its indexes.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple, TypeAlias, final

from matchspec.bounds import as_condition, column_ranges
from matchspec.intervals import ALL, NOTHING, Ranges, shown_ranges
from matchspec.plan import bound_keys
from matchspec.program import Program
from matchspec.spec import MatchSpec
from matchspec.values import Term
from runtime import keybytes
from runtime.disk_errors import DiskError
from runtime.disk_keys import EVERYTHING, Span
from runtime.disk_layout import IndexColumn, Layout, bounds
from runtime.disk_projection import Projection, projection
from runtime.disk_rows import DamagedRow, Fetched, FieldRows, Sql
from runtime.disk_storage import DiskStorage
from runtime.planner import Plan, PlanKind
from runtime.sql_conditions import columns_of
from runtime.sql_pushdown import pushdown
from runtime.storage import Storage, StoredRow

Spec: TypeAlias = MatchSpec[Any, Any]

_MOST_RANGES: Final = 64  # of one column; more are not worth their SQL


class Where(NamedTuple):
    """A condition in SQL, "" for none, with its parameters. `exact`: it selects just the rows that match."""

    text: str
    parameters: list[Sql]
    exact: bool


NOWHERE: Final = Where("", [], False)
Statement: TypeAlias = tuple[str, list[Sql]]


@final
class Choice:
    """What is decided for a query by what it says, over a layout: it remembers this. `exotic`: see `bound_keys`."""

    def __init__(
        self, layout: Layout, exotic: bool, kind: PlanKind, keys: list[Term], ranges: Ranges, where: Where = NOWHERE,
        field: int | str | None = None,
    ) -> None:  # fmt: skip
        self.layout: Final = layout
        self.exotic: Final = exotic
        self.kind: Final[PlanKind] = kind
        self.keys: Final = keys
        self.ranges: Final = ranges
        self.where: Final = where
        self.field: Final = field
        self.spans: Final[list[Span]] = layout.keys.whole if ranges is ALL else layout.keys.spans(ranges)
        self.projection: Projection | None = None  # what alone has to be read, where SQL finds the very rows
        self._written: list[Statement] | None = None
        self._written_for: list[Span] = []

    def statements(self, spans: list[Span]) -> list[Statement]:
        """The SQL for the rows of some spans, those of this choice or all, in order, with its parameters."""
        if self._written is None or self._written_for is not spans:
            layout, where = self.layout, self.where
            what = layout.columns if self.projection is None else self.projection.sql
            written: list[Statement] = []
            for span in spans:
                written.append((layout.select(what, span, where.text), [*bounds(span), *where.parameters]))
            self._written, self._written_for = written, spans
        return self._written


@final
class DiskPlan(Plan):
    """A way to the candidates. `where`: a condition besides the ranges of keys; `spans`: those ranges."""

    def __init__(self, choice: Choice, storage: DiskStorage, estimate: int) -> None:
        super().__init__(choice.kind, estimate, choice.keys, choice.ranges, None)
        self.where: Final = choice.where
        self.field: Final = choice.field
        self.spans: Final = choice.spans
        self.storage: Final = storage
        self._choice: Final = choice

    @property
    def indexed(self) -> int | str | None:
        return self.field

    def rows(self, storage: Storage) -> list[StoredRow]:
        rows: list[StoredRow] = []
        for some in self.stream():
            rows.extend(some)
        return rows

    def stream(self) -> Iterator[list[StoredRow]]:
        """The candidates, some at a time."""
        if self.kind == "nothing":
            return
        if self.kind == "keys":
            yield self.storage.candidates(self.keys)
            return
        yield from self.storage.stream(self.spans, self.where.text, self.where.parameters)

    def select(self, program: Program) -> tuple[list[Any], int]:
        """The results of the query, and how many rows were looked at."""
        results: list[Any] = []
        if self.kind == "nothing":
            return results, 0
        storage, choice = self.storage, self._choice
        if self.kind == "keys":
            rows = storage.candidates(self.keys)
            return program.select(rows), len(rows)
        looked = 0
        for sql, parameters in choice.statements(storage.in_order(self.spans)):
            batches = storage.connection.batches(sql, parameters)
            while not batches.over:
                fetched = batches.next()
                looked += len(fetched)
                found = self.results(program, fetched)
                if results:
                    results.extend(found)
                else:
                    results = found
        return results, looked

    def tally(self, program: Program) -> tuple[int, int]:
        """How many rows count, and how many were looked at."""
        if self.exact:
            count = self.count()
            return count, count
        count = looked = 0
        for rows in self.stream():
            looked += len(rows)
            count += program.count(rows)
        return count, looked

    def scan(self, counts: bool) -> Statement | None:
        """The one statement that reads the whole table in order, or counts its rows where SQL can.

        None where it takes several statements, or a part of the table is enough.
        """
        if self.kind != "scan":
            return None
        if counts and self.exact:
            return self._choice.layout.select("count(*)", EVERYTHING, self.where.text), self.where.parameters
        statements = self._choice.statements(self.storage.in_order(self.spans))
        return statements[0] if len(statements) == 1 else None

    def results(self, program: Program, fetched: list[Fetched]) -> list[Any]:
        """The results for some rows that were read. Raises DiskError."""
        projected = self._choice.projection
        if projected is None:
            return program.select(self.storage.decoded(fetched))
        try:
            return projected.results(fetched)
        except DamagedRow as error:
            raise DiskError("corrupt", self.storage.connection.file.name, str(error)) from None

    @property
    def exact(self) -> bool:
        """Whether SQL finds just the rows that match."""
        return self.where.exact and self.kind != "keys"

    def count(self) -> int:
        """How many rows SQL finds."""
        return self.storage.count(self.spans, self.where.text, self.where.parameters)

    def delete(self) -> int:
        """Deletes the rows that SQL finds; how many."""
        return self.storage.delete(self.spans, self.where.text, self.where.parameters)

    def estimated(self) -> "DiskPlan":
        """The same, knowing how many candidates there will be. O(candidates): they are counted."""
        return DiskPlan(self._choice, self.storage, self._candidates())

    def _candidates(self) -> int:
        if self.kind == "nothing":
            return 0
        if self.kind == "keys":
            return min(len(self.keys), self.storage.size())
        if self.kind == "scan" and not self.where.text:
            return self.storage.size()
        return self.count()

    def __str__(self) -> str:
        text, parameters, exact = self.where
        if self.kind == "index":
            shown = f"index of {self.field!r}"
        elif self.kind == "range":
            shown = f"range of keys {shown_ranges(self.ranges)}"
        else:
            shown = super().__str__()
        if not text:
            return shown
        return f"{shown}, {'all of it' if exact else 'in part'} in SQL: {text} with {parameters!r}"


def choose(query: Spec, counts: bool, storage: DiskStorage, exotic: bool) -> DiskPlan:
    """The plan for a query. `counts`: only rows whose result is exactly True matter.

    O(size of the spec); O(1) for a query that has just been asked of this table.
    """
    memo = query.memo_of_counts if counts else query.memo
    if isinstance(memo, Choice) and memo.layout is storage.layout and memo.exotic is exotic:
        return DiskPlan(memo, storage, -1)
    choice = _chosen(query, counts, storage.layout, exotic)
    if counts:
        query.memo_of_counts = choice
    else:
        query.memo = choice
    return DiskPlan(choice, storage, -1)


def _chosen(query: Spec, counts: bool, layout: Layout, exotic: bool) -> Choice:
    wanted = as_condition(query) if counts else query
    keys = bound_keys(wanted, layout.keypos + 1, exotic)
    if keys is not None:
        return Choice(layout, exotic, "keys", keys, ALL)
    ranges = column_ranges(wanted, layout.keypos + 1) if layout.kind == "ordered_set" else ALL
    where, field = _where(query, wanted, counts, layout)
    if ranges == NOTHING or where is None:
        return Choice(layout, exotic, "nothing", [], ALL)
    if ranges != ALL:
        choice = Choice(layout, exotic, "range", [], ranges, where)
    else:
        choice = Choice(layout, exotic, "scan" if field is None else "index", [], ALL, where, field)
    if where.exact and not counts and isinstance(layout.rows, FieldRows):
        choice.projection = projection(query.program, layout.rows)
    return choice


def _where(query: Spec, wanted: Spec, counts: bool, layout: Layout) -> tuple[Where | None, int | str | None]:
    """What a query asks of columns, and an index that serves it; None where nothing matches."""
    texts: list[str] = []
    parameters: list[Sql] = []
    exact = False
    used: list[int | str] = []
    rows = layout.rows
    if isinstance(rows, FieldRows):
        pushed = pushdown(query, rows.fields, counts)
        if pushed.where == "0":
            return None, None
        exact = pushed.exact
        if pushed.where != "1":
            texts.append(f"({pushed.where})")
            parameters.extend(pushed.parameters)
            asked = {part.index for part in columns_of(pushed.condition)}
            used.extend([index.field for index in layout.indexes if index.column in asked])
    for index in layout.made:
        ranges = index.ranges(wanted)
        if ranges == NOTHING:
            return None, None
        if ranges != ALL and len(ranges) <= _MOST_RANGES:
            text, values = _of_bytes(index, ranges)
            texts.append(text)
            parameters.extend(values)
            used.append(index.field)
    return Where(" AND ".join(texts), parameters, exact), used[0] if used else None


def _of_bytes(index: IndexColumn, ranges: Ranges) -> tuple[str, list[Sql]]:
    """That the bytes of an index lie in ranges. Another process that has not heard of the index leaves NULL there."""
    parts = [f"{index.name} IS NULL"] if index.kept is None else []
    parameters: list[Sql] = []
    for low, low_in, high, high_in in keybytes.byte_ranges(ranges):
        ends: list[str] = []
        if low is not None:
            ends.append(f"{index.name} {'>=' if low_in else '>'} ?")
            parameters.append(low)
        if high is not None:
            ends.append(f"{index.name} {'<=' if high_in else '<'} ?")
            parameters.append(high)
        parts.append(" AND ".join(ends) or f"{index.name} IS NOT NULL")
    return f"({' OR '.join(parts)})", parameters
