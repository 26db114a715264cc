"""The shape of a table's rows: how many fields, their names, and what each admits.

A table without a row type takes any tuple that is long enough to have a key. A table with one, a NamedTuple class, a
frozen dataclass or a `tuple[...]`, takes tuples of its arity whose fields pass their checks (`runtime.fields`), and
stores instances of the row type; of a dataclass it stores tuples, and makes instances when rows go out. Checks are
compiled once, when the shape is made.
"""

import typing
from typing import Any, ClassVar, Final, Protocol, TypeAlias, TypeVar, cast, final

from grammar.errors import nearest
from matchspec.records import Record, field_names, is_record, is_thawed
from matchspec.spec import MatchSpec
from matchspec.values import Term
from runtime.errors import BadArg, show
from runtime.fields import (
    REFUSED,
    Annotation,
    Check,
    NestedRowCheck,
    TupleCheck,
    UncheckableError,
    compile_field,
    is_named_tuple,
)
from runtime.storage import StoredRow

RowType: TypeAlias = Any  # a NamedTuple class, a frozen dataclass, `tuple[int, str]`, or None for rows of any kind
Spec: TypeAlias = MatchSpec[Any, Any]
AnyRow: TypeAlias = tuple[Any, ...]  # a row of a table without a row type


class DataclassRow(Protocol):
    """Any dataclass, for the type checker."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


# Without a bound: compiled code would raise TypeError, before BadArg can be, for a row that is no tuple.
Row = TypeVar("Row")

_ANY_ARITY: Final = -1


@final
class RowShape:
    """What a table knows of its rows.

    Attributes:
        row_type: as given, None for any tuple.
        fields: the names of the fields, () where there are none.
        arity: how many fields; -1 for any number.
        record: the row type where it is a dataclass.
        immutable: no value that fits can be changed in place, so rows need not be searched for such values.
    """

    def __init__(self, row_type: RowType, fields: tuple[str, ...], arity: int) -> None:
        self.row_type: Final = row_type
        self.fields: Final = fields
        self.arity: Final = arity
        self.record: Final = Record(row_type) if is_record(row_type) else None
        self.immutable = False
        self._checks: list[Check] = []  # one a field, or one for all fields where the arity is open
        self._class: Final[RowType] = row_type if is_named_tuple(row_type) else tuple

    @property
    def typed(self) -> bool:
        return self.row_type is not None

    def set_checks(self, checks: list[Check]) -> None:
        self._checks = checks
        self.immutable = bool(checks) and all([check.immutable for check in checks])

    # --- instances of a dataclass ---------------------------------------------------------------------------------

    def taken(self, row: Any) -> Any:
        """An instance of the dataclass as the tuple that is stored; anything else as it is."""
        return row if self.record is None else self.record.taken(row)

    def handed_out(self, rows: list[StoredRow]) -> list[Any]:
        """Rows as the row type has them."""
        return rows if self.record is None else [self.record.made(row) for row in rows]

    def typed_spec(self, query: Spec) -> Spec:
        """A query that was made without the row type, so that it gives rows as the row type has them."""
        if self.record is None or query.row_type is self.row_type:
            return query
        return MatchSpec(
            query.clauses,
            raises=query.raises,
            row_type=self.row_type,
            language=query.language,
            source=query.source,
        )

    # --- rows ---------------------------------------------------------------------------------------------------------

    def convert(self, row: Term, argument: str, table: str) -> StoredRow:
        """The row as the table stores it. O(fields). Raises BadArg, cause "type", naming field, expected and actual."""
        if not isinstance(row, tuple):
            raise BadArg("type", argument, row, "a row is a tuple", table)
        if not self._checks:
            return row
        found = self.convert_or_refuse(row)
        if found is REFUSED:
            raise self._refusal(row, argument, table)
        return cast(StoredRow, found)

    def convert_or_refuse(self, row: Term) -> Term:
        """The row as it is stored, or REFUSED."""
        kind = type(row)
        if not isinstance(row, tuple) or (kind is not tuple and not isinstance(row, self._class)):
            return REFUSED
        checks = self._checks
        if self.arity < 0:
            checks = checks * len(row)
        count = len(checks)
        if len(row) != count:
            return REFUSED
        values: list[Term] | None = None if kind is self._class else list(row)
        for index in range(count):
            value = row[index]
            check = checks[index]
            if type(value) is check.exact:
                continue
            converted = check.convert(value)
            if converted is REFUSED:
                return REFUSED
            if converted is not value:
                if values is None:
                    values = list(row)
                values[index] = converted
        return row if values is None else self.build(values)

    def build(self, values: list[Term]) -> StoredRow:
        """A row of values that have been checked."""
        return tuple(values) if self._class is tuple else cast(StoredRow, tuple.__new__(self._class, values))

    def _refusal(self, row: StoredRow, argument: str, table: str) -> BadArg:
        name = describe(self.row_type)
        if type(row) is not tuple and not isinstance(row, self._class):
            return BadArg("type", argument, row, f"expected is {name} or a plain tuple", table)
        if self.arity >= 0 and len(row) != self.arity:
            return BadArg("type", argument, row, f"{name} has {self.arity} fields, this has {len(row)}", table)
        for index, value in enumerate(row):
            check = self._check_of(index)
            if check.convert(value) is REFUSED:
                allowed = f"field {self._field_name(index)} is {check.expected}, not {_kind(value)}"
                return BadArg("type", argument, row, allowed, table)
        return BadArg("type", argument, row, f"expected is {name}", table)

    def convert_field(self, index: int, value: Term, argument: str, table: str) -> Term:
        """The value as the field (counted from 0) stores it. Raises BadArg, cause "type"."""
        if not self._checks:
            return value
        check = self._check_of(index)
        converted = check.convert(value)
        if converted is REFUSED:
            allowed = f"field {self._field_name(index)} is {check.expected}, not {_kind(value)}"
            raise BadArg("type", argument, value, allowed, table)
        return converted

    def convert_field_or_refuse(self, index: int, value: Term) -> Term:
        """The value as the field (counted from 0) stores it, or REFUSED."""
        return self._check_of(index).convert(value) if self._checks else value

    def kind_of(self, index: int) -> type:
        """The `kind` of the field (counted from 0), `object` where there is no such field."""
        return self._check_of(index).kind if self._has_check(index) else object

    def parts_of(self, index: int) -> tuple[type, ...]:
        """The kinds of the elements of the tuples that the field (counted from 0) takes; () if it may take others."""
        check = self._check_of(index) if self._has_check(index) else None
        return check.parts if isinstance(check, (TupleCheck, NestedRowCheck)) else ()

    def _has_check(self, index: int) -> bool:
        return bool(self._checks) and (self.arity < 0 or index < self.arity)

    def is_exact(self, index: int, kind: type) -> bool:
        """Whether the field (counted from 0) takes every value of exactly this type as it is."""
        return not self._checks or self._check_of(index).exact is kind

    def _check_of(self, index: int) -> Check:
        return self._checks[0 if self.arity < 0 else index]

    def _field_name(self, index: int) -> str:
        return repr(self.fields[index]) if self.fields else str(index + 1)

    # --- positions ----------------------------------------------------------------------------------------------------

    def index_of(self, position: Term, argument: str, table: str, arity: int = _ANY_ARITY) -> int:
        """A position, Erlang's from 1 or the name of a field, counted from 0. Raises BadArg, cause "position".

        `arity` is that of the row in question. Without it, where rows may have any arity, whether there is such a field
        is for the caller to see.
        """
        if isinstance(position, str) and type(position) is str:
            return self._index_of_name(position, argument, table)
        if arity < 0:
            arity = self.arity
        if type(position) is not int or position < 1 or 0 <= arity < position:
            raise BadArg("position", argument, position, self._positions(arity), table)
        return position - 1

    def _positions(self, arity: int) -> str:
        if arity < 0:
            return "positions count from 1"
        names = f", or a name of {', '.join(self.fields)}" if self.fields else ""
        return f"positions are 1 to {arity}{names}"

    def _index_of_name(self, name: str, argument: str, table: str) -> int:
        if name in self.fields:
            return self.fields.index(name)
        allowed = "; ".join(part for part in (self._positions(self.arity), nearest(name, self.fields)) if part)
        raise BadArg("position", argument, name, allowed, table)


UNTYPED: Final = RowShape(None, (), _ANY_ARITY)


def row_shape(row_type: RowType) -> RowShape:
    """The shape that a row type stands for; None is any tuple. Raises BadArg, cause "type", for what is no row type."""
    return UNTYPED if row_type is None else _ShapeMaker().make(row_type)


@final
class _ShapeMaker:
    """Makes a shape and those of the NamedTuples nested in it, each class once."""

    def __init__(self) -> None:
        self._shapes: dict[type, RowShape] = {}

    def make(self, row_type: RowType) -> RowShape:
        origin: RowType = typing.get_origin(row_type)
        if origin is tuple:
            return self._tuple(row_type, typing.get_args(row_type))
        if row_type is tuple:
            return RowShape(tuple, (), _ANY_ARITY)
        kind = row_type if origin is None else origin
        if is_named_tuple(kind) or is_record(kind):
            return self._named_tuple(kind)
        if is_thawed(kind):
            raise BadArg("type", "row", row_type, "a dataclass that is a row type is frozen: @dataclass(frozen=True)")
        allowed = "a row type is a NamedTuple class, a frozen dataclass, a tuple[...] type, or None"
        raise BadArg("type", "row", row_type, allowed)

    def _tuple(self, row_type: RowType, args: tuple[Annotation, ...]) -> RowShape:
        if len(args) == 2 and args[1] is Ellipsis:
            shape = RowShape(row_type, (), _ANY_ARITY)
            args = args[:1]
        else:
            shape = RowShape(row_type, (), len(args))
        shape.set_checks([self._field(row_type, str(n), arg) for n, arg in enumerate(args, 1)])
        return shape

    def _named_tuple(self, kind: type) -> RowShape:
        known = self._shapes.get(kind)
        if known is not None:
            return known
        fields: tuple[str, ...] = field_names(kind) if is_record(kind) else getattr(kind, "_fields")  # noqa: B009  # a type
        shape = RowShape(kind, fields, len(fields))
        self._shapes[kind] = shape
        try:
            annotations = typing.get_type_hints(kind)
        except (NameError, AttributeError, TypeError, SyntaxError) as error:
            allowed = f"its annotations cannot be read, {error}; define it where its names are known"
            raise BadArg("type", "row", kind, allowed) from error
        shape.set_checks([self._field(kind, name, annotations.get(name, Any)) for name in fields])
        return shape

    def _field(self, row_type: RowType, name: str, annotation: Annotation) -> Check:
        try:
            return compile_field(annotation, self._nested)
        except UncheckableError as error:
            raise BadArg("type", "row", row_type, f"the type of field {name}: {error}") from None

    def _nested(self, kind: type) -> Check:
        shape = self._named_tuple(kind)
        # A class still in the making holds its own kind: whether it is immutable is not known yet.
        return NestedRowCheck(shape, kind.__name__, shape.immutable)


def describe(row_type: RowType) -> str:
    """A row type for messages."""
    return (
        "tuple"
        if row_type is None
        else row_type.__name__
        if is_named_tuple(row_type) or is_record(row_type)
        else str(row_type)
    )


def _kind(value: Term) -> str:
    return "None" if value is None else f"{type(value).__name__} {show(value)}"
