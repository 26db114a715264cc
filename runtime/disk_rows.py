"""Rows of tables on disk as rows of SQLite and back, exactly.

A table without a row type keeps a row whole, as bytes in Erlang's external term format. With a row type each field is a
column of its own, by the type of the field:

    int                 INTEGER of 64 bits; larger ones BLOB, see `runtime.disk_keys.big_int`
    float               REAL; nan, which SQLite takes for NULL, is the BLOB x'6e616e'
    str                 TEXT; one with lone surrogates is the BLOB of its UTF-8 bytes, surrogates and all
    bytes               BLOB
    bool                INTEGER 0 or 1
    date, datetime, timedelta, UUID, Enum   see `runtime.disk_scalars`
    any of these | None   the same, and NULL for None
    others              BLOB in Erlang's external term format

A column has no declared type, so SQLite converts nothing. Members of subclasses of int, float, str and bytes become
plain ones, as which they are equal.
"""

import types
import typing
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias, cast, final

from matchspec.values import Term
from runtime.disk_keys import LEAST, MOST, big_int, int_of
from runtime.disk_scalars import (
    CLASSES,
    EnumName,
    Members,
    ScalarKind,
    members_of,
    scalar_from_sql,
    scalar_to_sql,
)
from runtime.errors import BadArg
from runtime.external import decode, encode
from runtime.fields import REFUSED, Annotation, is_named_tuple
from runtime.rows import RowShape, RowType
from runtime.storage import StoredRow
from runtime.termjson import CodecError

Sql: TypeAlias = Any  # what sqlite3 takes and gives: an int, float, str, bytes or None
Values: TypeAlias = Sequence[Sql]
Fetched: TypeAlias = tuple[Any, ...]
ColumnKind: TypeAlias = Literal["int", "float", "str", "bytes", "bool", "term"] | ScalarKind

_PLAIN: Final[dict[Annotation, ColumnKind]] = {int: "int", float: "float", str: "str", bytes: "bytes", bool: "bool"}
_NAN: Final = b"nan"


class DamagedRow(Exception):
    """A row on disk that is none of the table's."""


@final
class Column:
    """A field's column: its name in SQLite, quoted, and how its values are kept.

    `members`: those of an Enum, if it is known.
    """

    def __init__(self, name: str, kind: ColumnKind, optional: bool, members: Members | None = None) -> None:
        self.members: Final = members
        self.name: Final = name
        self.kind: Final[ColumnKind] = kind
        self.optional: Final = optional

    @property
    def form(self) -> str:
        """The kind as the file names it."""
        return f"{self.kind}?" if self.optional else self.kind


class RowForm:
    """How the rows of one table are kept. `columns`: their names in SQLite, quoted."""

    def __init__(self, columns: list[str]) -> None:
        self.columns: Final = columns

    def encode(self, row: StoredRow) -> Values:
        """The values of the columns. Raises BadArg, cause "type", for a value that has no form on disk."""
        raise AssertionError("every form has its own")

    def decode(self, fetched: Fetched) -> StoredRow:
        """The row that these values are. Raises DamagedRow."""
        raise AssertionError("every form has its own")

    def decode_all(self, fetched: list[Fetched]) -> list[StoredRow]:
        return [self.decode(one) for one in fetched]


@final
class WholeRows(RowForm):
    """Rows without a row type, or of any number of fields."""

    def __init__(self, shape: RowShape, table: str) -> None:
        super().__init__(['"_row"'])
        self._shape: Final = shape
        self._table: Final = table

    def encode(self, row: StoredRow) -> Values:
        return [encoded(row, self._table)]

    def decode(self, fetched: Fetched) -> StoredRow:
        row = decoded(fetched[0])
        if not isinstance(row, tuple):
            raise DamagedRow(f"{row!r} is no row")
        if self._shape.typed:
            row = self._shape.convert_or_refuse(row)
            if row is REFUSED:
                raise DamagedRow("a row is not of the table's row type")
        return cast(StoredRow, row)


@final
class FieldRows(RowForm):
    """Rows with a row type, a column a field."""

    def __init__(self, shape: RowShape, fields: list[Column], table: str) -> None:
        super().__init__([field.name for field in fields])
        self.fields: Final = fields
        self._shape: Final = shape
        self._table: Final = table
        self._exact: Final[list[type]] = [_EXACT[field.kind] for field in fields]
        self._made: Final[type] = cast(type, shape.row_type) if is_named_tuple(shape.row_type) else tuple

    def encode(self, row: StoredRow) -> Values:
        values: list[Sql] | None = None
        exact = self._exact
        for index in range(len(exact)):
            value: Sql = row[index]
            kind = type(value)
            stored: Sql = value
            if kind is not exact[index]:
                stored = self._to_sql(index, value)
            elif kind is int:
                if not LEAST <= value <= MOST:
                    stored = big_int(value)
            elif kind is str:
                if not value.isascii():
                    stored = sql_str(value)
            elif kind is float and value != value:
                stored = _NAN
            if stored is not value:
                if values is None:
                    values = list(row)
                values[index] = stored
        return row if values is None else values

    def _to_sql(self, index: int, value: Term) -> Sql:
        field = self.fields[index]
        if value is None and field.optional:
            return None
        match field.kind:
            case "int":
                return sql_int(value)
            case "float":
                return sql_float(value)
            case "str":
                return sql_str(value)
            case "bytes":
                return bytes(cast(bytes, value))
            case "bool":
                return 1 if value is True else 0
            case "date" | "timedelta" | "datetime" | "uuid" | "enum":
                found = scalar_to_sql(field.kind, field.members, value)
                if found is not None:
                    return sql_int(found) if type(found) is int else found
        return encoded(value, self._table)

    def decode(self, fetched: Fetched) -> StoredRow:
        exact = self._exact
        values: list[Term] | None = None
        for index in range(len(exact)):
            value = fetched[index]
            if type(value) is not exact[index]:
                if values is None:
                    values = list(fetched)
                values[index] = self._from_sql(index, value)
        found = fetched if values is None else values
        return cast(StoredRow, tuple.__new__(self._made, found))

    def decode_column(self, index: int, fetched: list[Fetched], at: int) -> list[Any]:
        """The values of one field, which stand at a place of what was fetched. Raises DamagedRow."""
        exact = self._exact[index]
        values: list[Any] = []
        for one in fetched:
            value = one[at]
            values.append(value if type(value) is exact else self._from_sql(index, value))
        return values

    def _from_sql(self, index: int, value: Sql) -> Term:
        """Of a value that is not of the type that its column usually has."""
        field = self.fields[index]
        if value is None and field.optional:
            return None
        if field.kind == "bool":
            if value in (0, 1):
                return value == 1
        elif field.kind in _SCALARS:
            number = int_of(value) if field.kind == "timedelta" and isinstance(value, bytes) else value
            found = scalar_from_sql(field.kind, field.members, number)
            if found is None and field.kind == "datetime" and isinstance(value, bytes):
                found = decoded(value)
                found = found if isinstance(found, datetime) and found.tzinfo is not None else None
            if found is not None:
                return found
        elif isinstance(value, bytes):
            found = _from_blob(field.kind, value)
            if found is not None or field.kind == "term":
                return self._checked(index, found)
        raise DamagedRow(f"the column {field.name} has {value!r}")

    def _checked(self, index: int, value: Term) -> Term:
        """A value of a column for any terms, as its field admits it."""
        if self.fields[index].kind != "term":
            return value
        found = self._shape.convert_field_or_refuse(index, value)
        if found is REFUSED:
            raise DamagedRow(f"the column {self.fields[index].name} has {value!r}")
        return found


class _Never:
    """The type of no value: those of its columns are all looked at one by one."""


_SCALARS: Final = ("date", "timedelta", "datetime", "uuid", "enum")
_EXACT: Final[dict[str, type]] = {
    **dict.fromkeys(_SCALARS, _Never),
    "int": int, "float": float, "str": str, "bytes": bytes, "bool": _Never, "term": _Never
}  # fmt: skip


def encoded(value: Term, table: str) -> bytes:
    try:
        return encode(value)
    except CodecError as error:
        raise BadArg("type", "row", value, f"it has no form on disk: {error}", table) from None


def decoded(data: Sql) -> Term:
    if not isinstance(data, bytes):
        raise DamagedRow(f"{data!r} stands where a term should")
    try:
        return decode(data)
    except CodecError as error:
        raise DamagedRow(str(error)) from None


def sql_int(value: Term) -> Sql:
    number = value if type(value) is int else int(cast(int, value))
    return number if LEAST <= number <= MOST else big_int(number)


def sql_float(value: Term) -> Sql:
    number = value if type(value) is float else float(cast(float, value))
    return number if number == number else _NAN


def sql_str(value: Term) -> Sql:
    text = value if type(value) is str else str.__str__(cast(str, value))
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def _from_blob(kind: ColumnKind, value: bytes) -> Term:
    """What a BLOB stands for in a column that usually has something else; None for nothing."""
    match kind:
        case "int":
            return int_of(value)
        case "float":
            return float("nan") if value == _NAN else None
        case "str":
            try:
                return value.decode("utf-8", "surrogatepass")
            except UnicodeDecodeError:
                return None
    return decoded(value)


# --- from row types to forms ----------------------------------------------------------------------------------------


def row_form(shape: RowShape, table: str) -> RowForm:
    """How a table of this shape keeps its rows."""
    if not shape.typed or shape.arity <= 0:
        return WholeRows(shape, table)
    return FieldRows(shape, _columns(shape.row_type, shape), table)


def _columns(row_type: RowType, shape: RowShape) -> list[Column]:
    if shape.fields:
        hints = typing.get_type_hints(row_type)
        annotations = [hints.get(name, Any) for name in shape.fields]
        names = list(shape.fields)
        if len({name.lower() for name in names}) < len(names):  # SQLite does not tell them apart
            names = [f"{name} {number}" for number, name in enumerate(names, 1)]
    else:
        annotations = list(typing.get_args(row_type))
        names = [f"element {number}" for number in range(1, len(annotations) + 1)]
    return [_column(name, annotation) for name, annotation in zip(names, annotations, strict=True)]


def _column(name: str, annotation: Annotation) -> Column:
    inner = annotation
    while True:
        origin: Annotation = typing.get_origin(inner)
        if origin is typing.Annotated:
            inner = typing.get_args(inner)[0]
            continue
        supertype: Annotation = getattr(inner, "__supertype__", None) or getattr(inner, "__value__", None)
        if supertype is None or inner is EnumName:
            break
        inner = supertype
    optional = False
    origin = typing.get_origin(inner)
    if origin is typing.Union or origin is types.UnionType:
        others = [arg for arg in typing.get_args(inner) if arg is not type(None)]
        if len(others) == 1 and len(typing.get_args(inner)) == 2:
            inner, optional = others[0], True
    kind: ColumnKind | None = _PLAIN.get(inner) or CLASSES.get(inner) if isinstance(inner, type) else None
    quoted = '"' + name.replace('"', '""') + '"'
    members = members_of(inner)
    if members is not None or inner is EnumName:
        return Column(quoted, "enum", optional, members)
    return Column(quoted, "term", False) if kind is None else Column(quoted, kind, optional)


def is_int_key(form: RowForm, keypos: int) -> bool:
    """Whether the keys of such rows are ints, and nothing else."""
    return isinstance(form, FieldRows) and form.fields[keypos].form == "int"
