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


@final
class TextType:
    """The type of a column of text, and the values of its cells."""

    def __init__(self, annotation: Annotation, kind: type, missing: frozenset[str]) -> None:
        self.annotation: Final = annotation
        self._kind: Final = kind
        self._missing: Final = missing

    def column(self, cells: "Sequence[str]") -> Column:
        """Some cells of the column, each distinct one converted once. Raises ValueError for one of another type."""
        values = {cell: self._value(cell) for cell in set(cells)}
        return Column(self.annotation, list(map(values.__getitem__, cells)))

    def _value(self, cell: str) -> Term:
        if not cell or cell in self._missing:
            return None
        if self._kind is int:
            return int(cell)
        if self._kind is float:
            return float(cell)
        return cell in _TRUE if self._kind is bool else cell


@final
class TextTypes:
    """Finds the types that `type_cells` finds, of columns whose cells need not be in memory together."""

    def __init__(self, width: int, missing: frozenset[str]) -> None:
        self._columns: Final = [_CellKinds(missing) for _ in range(width)]

    def add(self, rows: "Sequence[Sequence[str]]") -> None:
        """Looks at rows, each of as many cells as there are columns."""
        for kinds, cells in zip(self._columns, zip(*rows, strict=True), strict=False):
            kinds.add(set(cells))

    def finish(self) -> list[TextType]:
        return [kinds.finish() for kinds in self._columns]


@final
class _CellKinds:
    """What all cells so far could be."""

    def __init__(self, missing: frozenset[str]) -> None:
        self._missing: Final = missing
        self._present = self._absent = False
        self._bools = self._ints = self._floats = True

    def add(self, cells: set[str]) -> None:
        for cell in cells:
            if not cell or cell in self._missing:
                self._absent = True
                continue
            self._present = True
            self._bools = self._bools and (cell in _TRUE or cell in _FALSE)
            self._ints = self._ints and len(cell) <= _DIGITS and _INTEGER.fullmatch(cell) is not None
            self._floats = self._floats and _NUMBER.fullmatch(cell) is not None and isfinite(float(cell))

    def finish(self) -> TextType:
        kind: type = str
        if self._present:
            kind = bool if self._bools else int if self._ints else float if self._floats else str
        annotation: Annotation = kind
        if self._absent or not self._present:
            annotation = annotation | None
        return TextType(annotation, kind, self._missing)


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
    if int in types and float in types:
        try:
            values = [float(value) if type(value) is int else value for value in values]
            types.remove(int)
        except OverflowError:
            pass  # an int that no float can hold: the column keeps both types
    return Column(_union(types), values)


@final
class ValueType:
    """The type of a column of JSON values; `widens`: ints in it become floats."""

    def __init__(self, header: str, annotation: Annotation, widens: bool) -> None:
        self.header: Final = header
        self.annotation: Final = annotation
        self._widens: Final = widens

    def column(self, rows: "Sequence[Mapping[str, Term]]") -> Column:
        """The column of some objects."""
        values = [row.get(self.header) for row in rows]
        if self._widens:
            values = [float(value) if type(value) is int else value for value in values]
        return Column(self.annotation, values)


@final
class ValueTypes:
    """Finds the types that ValueColumns finds, of objects that need not be in memory together."""

    def __init__(self) -> None:
        self._kinds: Final[dict[str, set[type]]] = {}
        self._counts: Final[dict[str, int]] = {}  # how many objects have the key
        self._large: Final[set[str]] = set()  # where some int is too large for a float
        self._count = 0

    def add(self, rows: "Sequence[Mapping[str, Term]]") -> None:
        self._count += len(rows)
        for row in rows:
            for header, value in row.items():
                self._kinds.setdefault(header, set()).add(type(value))
                self._counts[header] = self._counts.get(header, 0) + 1
                if type(value) is int and not _fits_float(value):
                    self._large.add(header)

    def finish(self) -> list[ValueType]:
        found: list[ValueType] = []
        for header, types in self._kinds.items():
            kinds = set(types)
            if self._counts[header] < self._count:
                kinds.add(type(None))
            widens = int in kinds and float in kinds and header not in self._large
            if widens:
                kinds.remove(int)
            found.append(ValueType(header, _union(kinds), widens))
        return found


def _fits_float(value: int) -> bool:
    try:
        float(value)
    except OverflowError:
        return False
    return True


def _union(types: set[type]) -> Annotation:
    """The annotation of a column of values of these types."""
    present = [kind for kind in _JSON_TYPES if kind in types]
    annotation: Annotation = reduce(or_, present) if present else str
    return annotation | None if type(None) in types or not present else annotation
