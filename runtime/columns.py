"""Columns: names, types and values of what a data file holds, and the row type made of them.

`runtime.files` feeds cells or objects in; out come typed columns and a NamedTuple class. Nothing here touches a file.

A column of text is typed by its distinct cells, which are few even where rows are many: each distinct cell is
converted once, equal cells share one value, and the whole column is then mapped without a Python loop. The caches are
keyed by the text of the cells, never by values, so that 1, 1.0 and True cannot be mixed up.
"""

import re
from functools import partial, reduce
from keyword import iskeyword
from math import isfinite
from operator import or_
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, cast, final
from unicodedata import normalize

from matchspec.values import Term

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Row: TypeAlias = tuple[Term, ...]
RowType: TypeAlias = Any  # a class made by NamedTuple: not known before the file is read
Annotation: TypeAlias = Any  # what stands behind a field's colon: int, str | None, ...

_DIGITS: Final = 4300  # what int() reads by default; longer numbers stay text
_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]*")
_NUMBER: Final = re.compile(r"-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_TRUE: Final = frozenset({"true", "True", "TRUE"})
_FALSE: Final = frozenset({"false", "False", "FALSE"})


class HeaderError(ValueError):
    """Two columns of one name."""


@final
class Column:
    """One column: `annotation` is the type of its values, `values` holds one value a row."""

    __slots__ = ("annotation", "values")

    def __init__(self, annotation: Annotation, values: list[Term]) -> None:
        self.annotation: Final = annotation
        self.values: Final = values


# --- names ------------------------------------------------------------------------------------------------------------


def identifier(text: str, fallback: str) -> str:
    """The valid Python name nearest to `text`.

    Runs of characters that no name may hold become one underscore; underscores at both ends go; `column_` is put before
    a leading digit; a keyword gets an underscore behind it; nothing left gives `fallback`.
    """
    # Python reads names in this normal form, so `row.name` in a query finds what the header said.
    text = normalize("NFKC", text)
    words = "".join(c if f"_{c}".isidentifier() else " " for c in text).split()
    name = "_".join(words).strip("_")
    if not name:
        return fallback
    if not name.isidentifier():
        name = f"column_{name}"
    return f"{name}_" if iskeyword(name) else name


def field_names(headers: "Sequence[str]") -> list[str]:
    """One valid, unique field name for each header, in order.

    Different headers that lead to one name get `_2`, `_3` and so on, from the second on. Raises HeaderError when two
    headers are the same text; empty ones may repeat and become `column_N`, N counting from 1.
    """
    seen: dict[str, int] = {}
    for position, header in enumerate(headers, 1):
        text = header.strip()
        if text and text in seen:
            raise HeaderError(f"columns {seen[text]} and {position} are both named {text!r}")
        seen[text] = position
    names: list[str] = []
    # Names that need no change are theirs alone, wherever they stand.
    taken = {header for header in seen if identifier(header, "") == header}
    for position, header in enumerate(headers, 1):
        text = header.strip()
        name = identifier(text, f"column_{position}")
        if name != text and name in taken:
            number = 2
            while f"{name}_{number}" in taken:
                number += 1
            name = f"{name}_{number}"
        taken.add(name)
        names.append(name)
    return names


def make_row_type(name: str, fields: "Sequence[tuple[str, Annotation]]") -> RowType:
    """A NamedTuple class. `fields` are valid, different names, each with its type."""
    return NamedTuple(identifier(name, "row"), fields)


def make_rows(row_type: RowType, columns: "Sequence[Column]") -> list[Row]:
    """The rows that the columns, all of one length, hold side by side."""
    build = cast("Callable[[Iterable[Term]], Row]", partial(tuple.__new__, row_type))
    return list(map(build, zip(*(column.values for column in columns), strict=True)))


# --- columns of text --------------------------------------------------------------------------------------------------


@final
class TextColumns:
    """Collects rows of cells, column by column; equal cells of a column are kept once."""

    __slots__ = ("_cells", "_distinct")

    def __init__(self, width: int) -> None:
        self._cells: Final[list[list[str]]] = [[] for _ in range(width)]
        self._distinct: Final[list[dict[str, str]]] = [{} for _ in range(width)]

    def add(self, rows: "Sequence[Sequence[str]]") -> None:
        """Adds rows, each of as many cells as there are columns."""
        for cells, distinct, column in zip(self._cells, self._distinct, zip(*rows, strict=True), strict=False):
            cells.extend(map(distinct.setdefault, column, column))

    def finish(self, missing: frozenset[str]) -> list[Column]:
        """The typed columns. `missing` are the texts, besides "", that stand for None. Empties this object."""
        columns: list[Column] = []
        for index, cells in enumerate(self._cells):
            annotation, values = type_cells(self._distinct[index], missing)
            self._distinct[index] = {}
            columns.append(Column(annotation, list(map(values.__getitem__, cells))))
            cells.clear()
        return columns


def type_cells(distinct: "Iterable[str]", missing: frozenset[str]) -> "tuple[Annotation, Mapping[str, Term]]":
    """The type of a column and the value of each of its distinct cells.

    The first type that all cells have: bool (true, True, TRUE and so on), int (no leading zeros or plus), float (ints
    among them; finite), else str. Cells that are empty or in `missing` are None and decide nothing. O(n).
    """
    absent = [cell for cell in distinct if not cell or cell in missing]
    present = [cell for cell in distinct if cell and cell not in missing]
    annotation, values = _type_present(present)
    if absent or not present:
        annotation = annotation | None
        values.update(dict.fromkeys(absent))
    return annotation, values


def _type_present(cells: list[str]) -> tuple[Annotation, dict[str, Term]]:
    if cells and all(cell in _TRUE or cell in _FALSE for cell in cells):
        return bool, {cell: cell in _TRUE for cell in cells}
    if cells and all(_INTEGER.fullmatch(cell) and len(cell) <= _DIGITS for cell in cells):
        return int, {cell: int(cell) for cell in cells}
    if cells and all(map(_NUMBER.fullmatch, cells)):
        numbers = [float(cell) for cell in cells]
        if all(map(isfinite, numbers)):
            return float, dict(zip(cells, numbers, strict=True))
    return str, {cell: cell for cell in cells}


# --- columns of JSON values -------------------------------------------------------------------------------------------


@final
class ValueColumns:
    """Collects JSON objects, column by column. Keys become columns in the order in which they first appear."""

    __slots__ = ("_columns", "_count", "_strings")

    def __init__(self) -> None:
        self._columns: Final[dict[str, list[Term]]] = {}
        self._strings: Final[dict[str, str]] = {}
        self._count = 0

    @property
    def headers(self) -> list[str]:
        return list(self._columns)

    def add(self, rows: "Sequence[Mapping[str, Term]]") -> None:
        """Adds objects; a key that an object lacks is None there."""
        share = self._strings.setdefault
        for header in dict.fromkeys(key for row in rows for key in row):
            if header not in self._columns:
                self._columns[header] = [None] * self._count
        self._count += len(rows)
        for header, column in self._columns.items():
            for row in rows:
                value = row.get(header)
                column.append(share(value, value) if isinstance(value, str) else value)

    def finish(self) -> list[Column]:
        """The typed columns. Empties this object."""
        self._strings.clear()
        columns = [type_values(values) for values in self._columns.values()]
        self._columns.clear()
        return columns


_JSON_TYPES: Final = (bool, int, float, str, list, dict)


def type_values(values: list[Term]) -> Column:
    """The column of JSON values: its type is the union of theirs; ints among floats become floats where they fit."""
    types = set(map(type, values))
    present = [kind for kind in _JSON_TYPES if kind in types]
    if int in types and float in types:
        try:
            values = [float(value) if type(value) is int else value for value in values]
            present.remove(int)
        except OverflowError:
            pass  # an int that no float can hold: the column keeps both types
    annotation: Annotation = reduce(or_, present) if present else str
    if type(None) in types or not present:
        annotation = annotation | None
    return Column(annotation, values)
