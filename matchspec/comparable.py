"""Which types have values that can be equal, or that an order compares: by Erlang's rules and by Python's.

A comparison whose outcome is the same for all values of two types is a mistake; `matchspec.infer` asks here.
"""

from typing import Final

from matchspec.rowtypes import Annotation
from matchspec.valuetypes import (
    NUMBERS,
    SEALED,
    ItemsType,
    LiteralType,
    MapType,
    ScalarType,
    TupleType,
    UnionType,
    ValueType,
)

# Kinds of one group can be equal, or are ordered among themselves; between groups the outcome is always the same.
_ERLANG: Final[dict[str, str]] = {
    **{"int": "number", "float": "number", "bool": "atom", "none": "atom", "atom": "atom"},
    **{"str": "binary", "bytes": "binary", "bits": "binary"},
}
_EXACTLY: Final[dict[str, str]] = {**_ERLANG, "int": "int", "float": "float"}
_PYTHON: Final[dict[str, str]] = {"int": "number", "float": "number", "bool": "number"}
_OPEN: Final = frozenset(["any"])


def may_compare(op: str, left: ValueType, right: ValueType) -> bool:
    """Whether the outcome of a comparison depends on the values."""
    groups = _PYTHON if op.startswith("python:") else _EXACTLY if op in ("=:=", "=/=") else _ERLANG
    return _overlap(left, right, groups)


def may_match(literal: ValueType, value: ValueType, python: bool) -> bool:
    """Whether a value of one type can be what a literal of a head is."""
    return _overlap(literal, value, _PYTHON if python else _EXACTLY)


def _overlap(left: ValueType, right: ValueType, groups: dict[str, str]) -> bool:
    if isinstance(left, UnionType) or isinstance(right, UnionType):
        lefts = left.parts if isinstance(left, UnionType) else (left,)
        rights = right.parts if isinstance(right, UnionType) else (right,)
        if not lefts or not rights:  # no value at all: what makes it so has been told
            return True
        return any([_overlap(one, other, groups) for one in lefts for other in rights])
    if isinstance(left, TupleType) and isinstance(right, TupleType):
        if len(left.items) != len(right.items):
            return False
        return all([_overlap(one, other, groups) for one, other in zip(left.items, right.items, strict=True)])
    return _same_group(left, right, groups)


def _same_group(left: ValueType, right: ValueType, groups: dict[str, str]) -> bool:
    one, other = _kind(left), _kind(right)
    if one in _OPEN or other in _OPEN:
        return True
    if one == "other" or other == "other":
        return _other(left, right, groups)
    return groups.get(one, one) == groups.get(other, other)


def _kind(value: ValueType) -> str:
    match value:
        case ScalarType(kind):
            return kind
        case LiteralType(_, base):
            return base.kind
        case ItemsType(kind):
            return kind
        case TupleType():
            return "tuple"
        case MapType():
            return "map"
    return "any"


def _other(left: ValueType, right: ValueType, groups: dict[str, str]) -> bool:
    """Values of which at least one is of a class that terms do not know."""
    one, other = _class_of(left), _class_of(right)
    if one is not None and other is not None:
        related = _related(one, other)
        return related or not (one in SEALED and other in SEALED)
    if groups is not _PYTHON:  # to Erlang they come after everything else, each type by itself
        return False
    cls = one if one is not None else other
    known = left if one is None else right
    if cls in NUMBERS:
        return groups.get(_kind(known)) == "number"
    return cls not in SEALED  # a class decides for itself what it is equal to


def _class_of(value: ValueType) -> Annotation | None:
    """The class of a value that is no term of Erlang's."""
    base = value.base if isinstance(value, LiteralType) else value
    return base.annotation if isinstance(base, ScalarType) and base.kind == "other" else None


def _related(one: Annotation, other: Annotation) -> bool:
    if not isinstance(one, type) or not isinstance(other, type):
        return True
    return issubclass(one, other) or issubclass(other, one)
