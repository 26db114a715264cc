"""What is known of the rows of a table: how many columns, their names and types.

A row type is a NamedTuple class, a frozen dataclass or a `tuple[...]`; None stands for rows of which nothing is known.
"""

import sys
import types
import typing
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeAlias, final

from grammar.errors import MatchSpecError
from matchspec.records import field_names, is_record, is_thawed
from matchspec.spec import RowType
from matchspec.values import shown

Annotation: TypeAlias = object  # a type annotation, or None where there is none


@final
@dataclass(frozen=True)
class RowShape:
    """The columns of a row type. `make` is the NamedTuple class or frozen dataclass, or None for plain tuples."""

    name: str
    fields: tuple[str, ...]  # () for plain tuples
    types: tuple[Annotation, ...]
    make: RowType = None

    @property
    def arity(self) -> int:
        return len(self.types)


def is_named_tuple(value: object) -> bool:
    """Whether a value is a NamedTuple class."""
    return isinstance(value, type) and issubclass(value, tuple) and isinstance(getattr(value, "_fields", None), tuple)


def row_shape(row_type: RowType) -> RowShape | None:
    """The shape of a row type; None when the type does not say how many columns there are.

    Raises MatchSpecError for what is no row type.
    """
    if row_type is None or row_type is tuple:
        return None
    if is_named_tuple(row_type):
        fields = tuple(row_type._fields)
        hints = annotations_of(row_type)
        return RowShape(row_type.__name__, fields, tuple([hints.get(name) for name in fields]), row_type)
    if is_record(row_type):
        fields = field_names(row_type)
        hints = annotations_of(row_type)
        return RowShape(row_type.__name__, fields, tuple([hints.get(name) for name in fields]), row_type)
    if is_thawed(row_type):
        raise MatchSpecError(f"row is the dataclass {row_type.__name__}, which must be frozen: @dataclass(frozen=True)")
    origin: Annotation = typing.get_origin(row_type)
    if is_named_tuple(origin) or is_record(origin):
        return row_shape(origin)  # Pair[int] has the shape of Pair
    if origin is tuple:
        items = typing.get_args(row_type)
        return None if Ellipsis in items else RowShape("the row type", (), items)
    raise MatchSpecError(f"row must be a NamedTuple class, a frozen dataclass or tuple[...], not {shown(row_type)}")


def annotations_of(cls: RowType) -> dict[str, Annotation]:
    """The annotations of a class or function, resolved; one that cannot be resolved is left out."""
    try:
        return dict(typing.get_type_hints(cls))
    except Exception:  # noqa: BLE001  # annotations are arbitrary expressions of the user's module
        return _resolved_one_by_one(cls)


def _resolved_one_by_one(cls: RowType) -> dict[str, Annotation]:
    """The annotations that can be resolved when not all can: the others name what only the type checker imports."""
    module = sys.modules.get(getattr(cls, "__module__", ""))
    names: dict[str, Annotation] = getattr(cls, "__globals__", None) or dict(vars(module) if module else {})
    found: dict[str, Annotation] = {}
    for name, annotation in getattr(cls, "__annotations__", {}).items():
        alone = types.SimpleNamespace(__annotations__={name: annotation})
        with suppress(Exception):  # as above
            found.update(typing.get_type_hints(alone, globalns=names))
    return found


def without_none(annotation: Annotation) -> Annotation:
    """`X` for `X | None`, anything else as it is."""
    parts = [part for part in typing.get_args(annotation) if part is not type(None)]
    return parts[0] if _is_union(annotation) and len(parts) == 1 else annotation


def _is_union(annotation: Annotation) -> bool:
    return typing.get_origin(annotation) in (typing.Union, types.UnionType)


def item_annotation(annotation: Annotation, index: int) -> Annotation:
    """The annotation of an element of a tuple, by its index as Python counts, or None."""
    annotation = without_none(annotation)
    if not is_named_tuple(annotation) and typing.get_origin(annotation) is not tuple:
        return None
    shape = row_shape(annotation)
    return shape.types[index] if shape is not None and -shape.arity <= index < shape.arity else None


_SIZES: Final[dict[type, str]] = {list: "length", tuple: "tuple_size", dict: "map_size"}


def size_function(annotation: Annotation) -> str | None:
    """Erlang's function for the len() of a column of this type, or None where it depends on the value."""
    annotation = typing.get_origin(annotation) or annotation
    if is_named_tuple(annotation):
        return "tuple_size"
    return _SIZES.get(annotation) if isinstance(annotation, type) else None
