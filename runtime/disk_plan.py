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
from matchspec.spec import MatchSpec
from matchspec.values import Term
from runtime import keybytes
from runtime.disk_keys import Span
from runtime.disk_layout import IndexColumn, Layout
from runtime.disk_rows import FieldRows, Sql
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


@final
class DiskPlan(Plan):
    """A way to the candidates. `where`: a condition besides the ranges of keys; `spans`: those ranges."""

    def __init__(
        self,
        kind: PlanKind,
        keys: list[Term],
        ranges: Ranges,
        where: Where,
        field: int | str | None,
        storage: DiskStorage,
        estimate: int,
    ) -> None:
        super().__init__(kind, estimate, keys, ranges, None)
        self.where: Final = where
        self.field: Final = field
        self.storage: Final = storage
        keys_of = storage.layout.keys
        self.spans: Final[list[Span]] = keys_of.whole if ranges is ALL else keys_of.spans(ranges)

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

    def estimated(self) -> int:
        """How many candidates there will be. O(candidates): they are counted."""
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
    """The plan for a query. O(size of the spec). `counts`: only rows whose result is exactly True matter."""
    wanted = as_condition(query) if counts else query
    layout = storage.layout
    keys = bound_keys(wanted, layout.keypos + 1, exotic)
    if keys is not None:
        return DiskPlan("keys", keys, ALL, NOWHERE, None, storage, len(keys))
    ranges = column_ranges(wanted, layout.keypos + 1) if layout.kind == "ordered_set" else ALL
    where, field = _where(query, wanted, counts, layout)
    if ranges == NOTHING or where is None:
        return DiskPlan("nothing", [], ALL, NOWHERE, None, storage, 0)
    kind: PlanKind = "range" if ranges != ALL else "index" if field is not None else "scan"
    used = field if kind == "index" else None
    return DiskPlan(kind, [], ranges if kind == "range" else ALL, where, used, storage, -1)


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
        ranges = column_ranges(wanted, index.column + 1, False, False)
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
    parts = [f"{index.name} IS NULL"]
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
