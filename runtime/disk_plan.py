"""How a table on disk answers a query: by keys, by ranges of keys, by conditions in SQL, or by looking at every row.

As in `runtime.planner`, what is found is a superset of the rows that match, and the query is checked on each. Bounds
that a query sets to a column become a condition in SQL where SQLite orders the column's values as terms are ordered;
values that SQLite keeps in another form (see `runtime.disk_rows`) are let through. SQLite chooses among its indexes.
"""

from collections.abc import Iterator
from typing import Any, Final, TypeAlias, final

from matchspec.bounds import as_condition, column_ranges
from matchspec.intervals import ALL, NOTHING, Cut, Ranges, between, intersection, point, shown_ranges
from matchspec.plan import bound_keys
from matchspec.spec import MatchSpec
from matchspec.terms import order_key
from matchspec.values import Term
from runtime import keybytes
from runtime.disk_keys import IntKeys, Span
from runtime.disk_layout import IndexColumn, Layout
from runtime.disk_rows import Column, FieldRows, Sql
from runtime.disk_storage import DiskStorage
from runtime.planner import Plan, PlanKind
from runtime.storage import Storage, StoredRow

Spec: TypeAlias = MatchSpec[Any, Any]
Condition: TypeAlias = tuple[str, list[Sql]]  # SQL and its parameters

_MOST_RANGES: Final = 64  # of one column; more are not worth their SQL
_INTS: Final = IntKeys(True)
_NUMBERS: Final = between(((0,), 0), ((0.5,), 0))
_BINARIES: Final = between(((9,), 0), ((10,), 0))


@final
class DiskPlan(Plan):
    """A way to the candidates. `where`: a condition besides the ranges of keys; `spans`: those ranges."""

    def __init__(
        self,
        kind: PlanKind,
        keys: list[Term],
        ranges: Ranges,
        where: Condition,
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
        yield from self.storage.stream(self.spans, *self.where)

    def estimated(self) -> int:
        """How many candidates there will be. O(candidates): they are counted."""
        if self.kind == "nothing":
            return 0
        if self.kind == "keys":
            return min(len(self.keys), self.storage.size())
        if self.kind == "scan" and not self.where[0]:
            return self.storage.size()
        return self.storage.count(self.spans, *self.where)

    def __str__(self) -> str:
        text, parameters = self.where
        if self.kind == "index":
            shown = f"index of {self.field!r}"
        elif self.kind == "range":
            shown = f"range of keys {shown_ranges(self.ranges)}"
        else:
            shown = super().__str__()
        return f"{shown}, in SQL: {text} with {parameters!r}" if text and self.kind != "keys" else shown


def choose(query: Spec, counts: bool, storage: DiskStorage, exotic: bool) -> DiskPlan:
    """The plan for a query. O(size of the spec). `counts`: only rows whose result is exactly True matter."""
    wanted = as_condition(query) if counts else query
    layout = storage.layout
    keys = bound_keys(wanted, layout.keypos + 1, exotic)
    if keys is not None:
        return DiskPlan("keys", keys, ALL, ("", []), None, storage, len(keys))
    ranges = column_ranges(wanted, layout.keypos + 1) if layout.kind == "ordered_set" else ALL
    conditions, field = _conditions(wanted, layout)
    if ranges == NOTHING or conditions is None:
        return DiskPlan("nothing", [], ALL, ("", []), None, storage, 0)
    where = " AND ".join([text for text, _ in conditions])
    parameters = [value for _, values in conditions for value in values]
    kind: PlanKind = "range" if ranges != ALL else "index" if field is not None else "scan"
    used = field if kind == "index" else None
    return DiskPlan(kind, [], ranges if kind == "range" else ALL, (where, parameters), used, storage, -1)


def _conditions(query: Spec, layout: Layout) -> tuple[list[Condition] | None, int | str | None]:
    """The conditions that a query sets to columns, and an index that serves one of them; None where nothing matches."""
    found: list[Condition] = []
    used: int | str | None = None
    indexed = {index.column: index for index in layout.indexes}
    rows = layout.rows
    columns = range(len(rows.fields)) if isinstance(rows, FieldRows) else sorted(indexed)
    for column in columns:
        index = indexed.get(column)
        ranges = column_ranges(query, column + 1, False, False)
        if ranges == NOTHING:
            return None, None
        if ranges == ALL or len(ranges) > _MOST_RANGES:
            continue
        condition: Condition | None = None
        if index is not None and index.made:
            condition = _of_bytes(index, ranges)
        elif isinstance(rows, FieldRows) and rows.fields[column].kind != "term":
            condition = of_field(rows.fields[column], ranges)
        if condition is not None:
            found.append(condition)
            if index is not None and used is None:
                used = index.field
    return found, used


def _of_bytes(index: IndexColumn, ranges: Ranges) -> Condition:
    spans = [(low, low_in, high, high_in) for low, low_in, high, high_in in keybytes.byte_ranges(ranges)]
    # What another process stores that has not heard of the index has NULL there.
    return _either(index.name, spans, [f"{index.name} IS NULL"])


def of_field(field: Column, ranges: Ranges) -> Condition | None:
    """The condition that a field's value lies in ranges; None where there is none to set."""
    others: list[str] = []
    if field.optional and intersection(ranges, point(order_key(None))):
        others.append(f"{field.name} IS NULL")
    match field.kind:
        case "int":
            return _either(field.name, _int_spans(intersection(ranges, _NUMBERS)), others)
        case "float":
            return _either(field.name, _float_spans(intersection(ranges, _NUMBERS)), [*others, f"{field.name} >= x''"])
        case "str" | "bytes":
            return _of_binary(field, ranges, others)
        case "bool":
            values = [str(int(flag)) for flag in (False, True) if intersection(ranges, point(order_key(flag)))]
            return f"({' OR '.join([f'{field.name} = {value}' for value in values] + others) or '0'})", []
    return None


def _either(name: str, spans: list[Span], others: list[str], cast: str = "?") -> Condition:
    """That a column lies in one of some spans, or what else holds."""
    parts: list[str] = []
    parameters: list[Sql] = []
    for low, low_in, high, high_in in spans:
        if low is not None and low_in and high_in and low == high and type(low) is type(high):
            parts.append(f"{name} = {cast}")
            parameters.append(low)
            continue
        ends: list[str] = []
        if low is not None:
            ends.append(f"{name} {'>=' if low_in else '>'} {cast}")
            parameters.append(low)
        if high is not None:
            ends.append(f"{name} {'<=' if high_in else '<'} {cast}")
            parameters.append(high)
        parts.append(" AND ".join(ends) if ends else f"{name} IS NOT NULL")
    return f"({' OR '.join([*parts, *others]) or '0'})", parameters


def _int_spans(ranges: Ranges) -> list[Span]:
    """Those of ints. Where one goes on from 64 bits to more, negative ints of more are let through, for simpler SQL."""
    spans: list[Span] = []
    for span in _INTS.spans(ranges):
        if spans and spans[-1][2] == b"" and span[:2] == (b"\x80", True):
            span = (*spans.pop()[:2], *span[2:])
        spans.append(span)
    return spans


def _float_spans(ranges: Ranges) -> list[Span]:
    """Those of numbers, as floats; nan, which is kept as bytes, is let through by other means."""
    return [(*_float_bound(low, False), *_float_bound(high, True)) for low, high in ranges]


def _float_bound(cut: Cut, above: bool) -> tuple[Sql, bool]:
    """The float at a cut, and whether it is inside; None for no bound. Where no float is there, the bound is wider."""
    place, after = cut
    if len(place) < 2 or place[0] != 0:
        return None, False  # the beginning or the end of all numbers
    value = place[1]
    try:
        number = float(value)
    except OverflowError:
        number = float("inf") if value > 0 else float("-inf")
    return number, number != value or bool(after) == above


def _of_binary(field: Column, ranges: Ranges, others: list[str]) -> Condition:
    """SQLite compares texts, and bytes, byte by byte, as terms are compared; `CAST` makes a text of any bytes."""
    binaries = intersection(ranges, _BINARIES)
    spans = [(*_binary_bound(low), *_binary_bound(high)) for low, high in binaries]
    if field.kind == "bytes":
        return _either(field.name, spans, others)
    return _either(field.name, spans, [*others, f"{field.name} >= x''"], "CAST(? AS TEXT)")


def _binary_bound(cut: Cut) -> tuple[Sql, bool]:
    """The bytes at a cut, and whether they are inside. The bound is wider by one value where types differ."""
    place, _ = cut
    return (place[1], True) if len(place) > 1 else (None, False)
