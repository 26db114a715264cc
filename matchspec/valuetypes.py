"""Types of values: what a type annotation says of the terms behind it, in a form that can be reasoned about.

`type_of_annotation` reads an annotation (those of a row type's fields), `type_of_value` a constant of a query, and
`annotation_of` gives an annotation back. In between, `matchspec.infer` works out what guards and bodies give.

    ScalarType   a number, a text, an atom, ... by the kind of term that it is; kind "any" is every term
    LiteralType  one value of a scalar type
    TupleType    a tuple of known size, perhaps a row type
    ItemsType    a list, or a tuple of unknown size, whose items are all of one type
    MapType      a dict
    UnionType    one of several; NEVER, the union of none, has no value
"""

import types
import typing
from collections.abc import Callable, Collection
from dataclasses import dataclass, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any, ClassVar, Final, TypeAlias, cast, final
from uuid import UUID

from grammar.errors import MatchSpecError
from grammar.record import Record
from matchspec.rowtypes import Annotation, is_named_tuple, row_shape
from matchspec.terms import ImproperList
from matchspec.values import Atom, Bitstring, Pid, Ref, Term

_MAX_NESTED: Final = 8  # row types inside row types; one that holds its own kind has no end


@final
@dataclass(frozen=True)
class ScalarType(Record):
    """`kind` is the kind of term, `annotation` what was written for it, which may be a NewType or a class."""

    kind: str
    annotation: Annotation


@final
@dataclass(frozen=True)
class LiteralType(Record):
    """One value. `declared`: by a Literal in an annotation; else it is a constant of a query."""

    value: Term
    base: ScalarType
    declared: bool = False


@final
@dataclass(frozen=True)
class TupleType(Record):
    """A tuple of known size; `row` is the row type that it is an instance of, `fields` the names of its items."""

    items: "tuple[ValueType, ...]"
    row: Annotation | None = None
    fields: tuple[str, ...] = ()


@final
@dataclass(frozen=True)
class ItemsType(Record):
    """A list ("list"), or a tuple of any size ("tuple")."""

    kind: str
    item: "ValueType"


@final
@dataclass(frozen=True)
class MapType(Record):
    key: "ValueType"
    value: "ValueType"


@final
@dataclass(frozen=True)
class UnionType(Record):
    """Made by `union`, which leaves out what says nothing new."""

    parts: "tuple[ValueType, ...]"


ValueType: TypeAlias = ScalarType | LiteralType | TupleType | ItemsType | MapType | UnionType

ANYTHING: Final = ScalarType("any", Any)
NEVER: Final = UnionType(())
INT: Final = ScalarType("int", int)
FLOAT: Final = ScalarType("float", float)
BOOL: Final = ScalarType("bool", bool)
NONE: Final = ScalarType("none", None)
ATOM: Final = ScalarType("atom", Atom)
STR: Final = ScalarType("str", str)
BYTES: Final = ScalarType("bytes", bytes)
PID: Final = ScalarType("pid", Pid)

_SCALARS: Final[dict[Annotation, ScalarType]] = {
    Any: ANYTHING,
    object: ANYTHING,
    None: NONE,
    type(None): NONE,
    int: INT,
    float: FLOAT,
    bool: BOOL,
    str: STR,
    bytes: BYTES,
    Atom: ATOM,
    Pid: PID,
    Ref: ScalarType("ref", Ref),
    Bitstring: ScalarType("bits", Bitstring),
    ImproperList: ScalarType("list", ImproperList),
}
# Classes whose values are compared with their own kind only, and those that Python compares with numbers.
SEALED: Final[tuple[type, ...]] = (date, datetime, time, timedelta, UUID)
NUMBERS: Final[tuple[type, ...]] = (Decimal, Fraction, complex)
_MANY: Final = 64  # members of a constant collection from which on only their types are looked at
_TERMS: Final[tuple[type, ...]] = (int, float, str, bytes, Atom, tuple, list, dict, Pid, Ref, Bitstring, type(None))


@final
class Given:
    """Stands for a value of a query that is not known while the query is looked at, only its name and its type.

    It takes the place of what `env` would hold, for those who read queries without running them.
    """

    __slots__ = ("annotation", "name")
    __match_args__: ClassVar = ("name", "annotation")

    def __init__(self, name: str, annotation: Annotation) -> None:
        self.name: Final = name
        self.annotation: Final = annotation

    def __copy__(self) -> "Given":
        return self

    def __deepcopy__(self, memo: Term) -> "Given":
        return self

    def __repr__(self) -> str:
        return self.name


# --- from annotations and values --------------------------------------------------------------------------------------


def type_of_annotation(annotation: Annotation, depth: int = 0) -> ValueType:
    """The type that an annotation stands for; ANYTHING for one that says nothing here."""
    try:
        simple = _SCALARS.get(annotation)
    except TypeError:  # not hashable: no annotation
        return ANYTHING
    if simple is not None:
        return simple
    inner = getattr(annotation, "__supertype__", None)
    if inner is not None:  # a NewType, which scalars keep
        known = type_of_annotation(inner, depth)
        return ScalarType(known.kind, annotation) if isinstance(known, ScalarType) else known
    inner = getattr(annotation, "__value__", None)  # of a `type` statement
    if inner is not None:
        return type_of_annotation(inner, depth)
    if type(annotation) is typing.TypeVar:
        bound: Annotation = annotation.__bound__
        return ANYTHING if bound is None else type_of_annotation(bound, depth)
    origin: Annotation = typing.get_origin(annotation)
    if origin is not None:
        return _of_generic(annotation, origin, typing.get_args(annotation), depth)
    return _of_class(annotation, depth) if isinstance(annotation, type) else ANYTHING


def _of_class(cls: type, depth: int) -> ValueType:
    if cls is tuple or cls is list:
        return ItemsType(cls.__name__, ANYTHING)
    if cls is dict or typing.is_typeddict(cls):
        return MapType(STR if typing.is_typeddict(cls) else ANYTHING, ANYTHING)
    if is_named_tuple(cls):
        return _of_row(cls, {}, depth)
    if issubclass(cls, Enum) or is_dataclass(cls) or cls in SEALED or cls in NUMBERS:
        return ScalarType("other", cls)
    return ScalarType("any", cls) if _may_be_term(cls) else ScalarType("other", cls)


def _may_be_term(cls: type) -> bool:
    """Whether an instance of a class may be a term of another kind, as one of Sequence may be a str."""
    try:
        return any([issubclass(term, cls) for term in _TERMS]) or issubclass(cls, _TERMS)
    except TypeError:  # a Protocol that cannot be asked at run time
        return True


def _of_row(row: Annotation, arguments: dict[Annotation, Annotation], depth: int) -> ValueType:
    """A row type; `arguments` are what the type variables of a generic one stand for."""
    shape = row_shape(row)
    if shape is None or depth > _MAX_NESTED:
        return ScalarType("tuple", row)
    items: list[ValueType] = []
    for part in shape.types:
        meant = arguments.get(part, part) if _hashable(part) else part
        # None is no annotation, or one that cannot be read here; that of None itself is NoneType.
        items.append(ANYTHING if meant is None else type_of_annotation(meant, depth + 1))
    return TupleType(tuple(items), row if shape.make is not None else None, shape.fields)


def _hashable(value: Annotation) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _of_generic(annotation: Annotation, origin: Annotation, args: tuple[Annotation, ...], depth: int) -> ValueType:
    if origin is typing.Literal:
        return union([_literal(value, True) for value in args])
    if origin is typing.Union or origin is types.UnionType:
        return union([type_of_annotation(arg, depth) for arg in args])
    if origin is typing.Annotated:
        return type_of_annotation(args[0], depth)
    if origin is tuple:
        if len(args) == 2 and args[1] is Ellipsis:
            return ItemsType("tuple", type_of_annotation(args[0], depth))
        return TupleType(tuple([type_of_annotation(arg, depth) for arg in args]))
    if origin is list:
        return ItemsType("list", type_of_annotation(args[0], depth))
    if origin is dict:
        return MapType(type_of_annotation(args[0], depth), type_of_annotation(args[1], depth))
    if is_named_tuple(origin):
        names = cast("tuple[Annotation, ...]", getattr(origin, "__parameters__", ()))
        return _of_row(annotation, dict(zip(names, args, strict=False)), depth)
    if origin in (Callable, typing.get_origin(typing.Callable)):
        return ScalarType("fun", annotation)
    return ScalarType("any" if isinstance(origin, type) and _may_be_term(origin) else "other", annotation)


# The types of row classes that were asked for before, by their identity; an entry keeps its class alive.
_rows: Final[dict[int, tuple[Annotation, ValueType]]] = {}
_MAX_ROWS: Final = 256


def row_type_of(row: Annotation) -> ValueType:
    """The type of the rows of a row type; of rows of which nothing is known, any tuple."""
    known = _rows.get(id(row))
    if known is not None:
        return known[1]
    found = _row_type_of(row)
    if isinstance(row, type) and isinstance(found, TupleType) and ANYTHING not in found.items:
        while len(_rows) >= _MAX_ROWS:
            _rows.pop(next(iter(_rows)), None)
        _rows[id(row)] = (row, found)
    return found


def _row_type_of(row: Annotation) -> ValueType:
    try:
        shape = row_shape(row)
    except MatchSpecError:
        return ItemsType("tuple", ANYTHING)
    if shape is None:
        return ItemsType("tuple", ANYTHING) if row is None else type_of_annotation(row)
    if shape.make is None or is_named_tuple(row) or typing.get_origin(row) is not None:
        return type_of_annotation(row)
    return _of_row(row, {}, 0)


def type_of_value(value: Term) -> ValueType:
    """The type of a constant of a query."""
    if isinstance(value, Given):
        return type_of_annotation(value.annotation)
    if isinstance(value, (tuple, list, set, frozenset)) and len(value) > _MANY:
        return ItemsType("list" if isinstance(value, list) else "tuple", _type_of_many(value))
    if isinstance(value, tuple):
        named = type(value) if is_named_tuple(type(value)) else None
        fields = cast("tuple[str, ...]", getattr(value, "_fields", ()))
        return TupleType(tuple([type_of_value(item) for item in value]), named, fields)
    if isinstance(value, list):
        return ItemsType("list", union([type_of_value(item) for item in value]))
    if isinstance(value, dict):
        keys, values = [type_of_value(key) for key in value], [type_of_value(item) for item in value.values()]
        return MapType(union(keys), union(values))
    if type(value) in (int, str, bytes, bool) or isinstance(value, Enum):
        return _literal(value, False)
    return type_of_annotation(type(value)) if not callable(value) else ScalarType("fun", Any)


def _type_of_many(values: Collection[Term]) -> ValueType:
    """The type of the members of a large collection, which are not looked at one by one."""
    types = set(map(type, values))
    known = types <= {int, float, str, bytes, bool, type(None)}
    return union([type_of_annotation(kind) for kind in types]) if known else ANYTHING


def _literal(value: Term, declared: bool) -> ValueType:
    base = type_of_annotation(type(value))
    return LiteralType(value, base, declared) if isinstance(base, ScalarType) and value is not None else base


# --- back, and in words -----------------------------------------------------------------------------------------------


def annotation_of(kind: ValueType) -> Annotation:
    """The annotation of a type."""
    match kind:
        case ScalarType(_, annotation):
            return annotation
        case LiteralType(value):
            return typing.Literal[value]
        case TupleType(items, row):
            return row if row is not None else _subscripted(tuple, tuple([annotation_of(item) for item in items]))
        case ItemsType("list", item):
            return _subscripted(list, (annotation_of(item),))
        case ItemsType(_, item):
            return _subscripted(tuple, (annotation_of(item), Ellipsis))
        case MapType(key, value):
            return _subscripted(dict, (annotation_of(key), annotation_of(value)))
        case UnionType(()):
            return typing.Never
        case UnionType(parts):
            literals = [part.value for part in parts if isinstance(part, LiteralType)]
            others = [annotation_of(part) for part in parts if not isinstance(part, LiteralType)]
            joined: Any = others[0] if others else typing.Literal[tuple(literals)]
            for other in [*others[1:], *([typing.Literal[tuple(literals)]] if literals and others else [])]:
                joined = joined | other
            return cast(Annotation, joined)


def _subscripted(cls: type, args: tuple[Annotation, ...]) -> Annotation:
    return types.GenericAlias(cls, args)


def describe_type(kind: ValueType) -> str:
    """A type for messages, as it would be annotated."""
    match kind:
        case ScalarType("none"):
            return "None"
        case ScalarType(_, annotation):
            return getattr(annotation, "__name__", "") or str(annotation).replace("typing.", "")
        case LiteralType(value, base, declared):
            return f"Literal[{value!r}]" if declared else describe_type(base)
        case TupleType(items, None):
            return f"tuple[{', '.join([describe_type(item) for item in items]) or '()'}]"
        case TupleType(_, row):
            return getattr(row, "__name__", "") or str(row)
        case ItemsType("list", item):
            return "list" if item is ANYTHING or item == NEVER else f"list[{describe_type(item)}]"
        case ItemsType(_, item):
            return "tuple" if item is ANYTHING else f"tuple[{describe_type(item)}, ...]"
        case MapType(key, value):
            return "dict" if key is ANYTHING else f"dict[{describe_type(key)}, {describe_type(value)}]"
        case UnionType(parts):
            return " | ".join(dict.fromkeys([describe_type(part) for part in parts])) or "no value"


# --- of several types -------------------------------------------------------------------------------------------------


def parts_of(kind: ValueType) -> tuple[ValueType, ...]:
    """The alternatives of a union; any other type is its only one."""
    return kind.parts if isinstance(kind, UnionType) else (kind,)


def union(kinds: "list[ValueType]") -> ValueType:
    """The type of values of any of several types. A literal beside its own type goes, True beside False is a bool."""
    parts = [part for kind in kinds for part in parts_of(kind)]
    if any([part is ANYTHING for part in parts]):
        return ANYTHING
    found = list(dict.fromkeys(parts))
    truths = [part for part in found if isinstance(part, LiteralType) and part.base is BOOL]
    if len({part.value for part in truths}) == 2:
        found[found.index(truths[0])] = BOOL
    bases = {part for part in found if isinstance(part, ScalarType)}
    found = [part for part in found if not (isinstance(part, LiteralType) and part.base in bases)]
    return found[0] if len(found) == 1 else UnionType(tuple(found))


def widened(kind: ValueType) -> ValueType:
    """The type without the literals that only the constants of a query are, as a type checker would infer it."""
    match kind:
        case LiteralType(_, base, False):
            return base
        case TupleType(items, None):
            return TupleType(tuple([widened(item) for item in items]))
        case ItemsType(name, item):
            return ItemsType(name, widened(item))
        case MapType(key, value):
            return MapType(widened(key), widened(value))
        case UnionType(parts):
            return union([widened(part) for part in parts])
    return kind


def kinds_of(kind: ValueType) -> frozenset[str]:
    """The kinds of term that values of a type may be."""
    match kind:
        case ScalarType(name):
            return frozenset([name])
        case LiteralType(_, base):
            return frozenset([base.kind])
        case TupleType():
            return frozenset(["tuple"])
        case ItemsType(name):
            return frozenset([name])
        case MapType():
            return frozenset(["map"])
        case UnionType(parts):
            return frozenset([name for part in parts for name in kinds_of(part)])
