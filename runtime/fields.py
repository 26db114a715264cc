"""Checks of field types: what an annotation admits, compiled once into a small object that looks at one value.

`compile_field` turns an annotation into a Check. A Check has one question, `convert`: the value to store, or REFUSED.
Only two things are ever converted: an int in a float field becomes a float, and a plain tuple in the place of a
NamedTuple becomes one. The types of terms are Erlang's: True is no int, a member of an Enum is no str or int even
where Python says that it is, and a datetime is no date (the two do not compare).
"""

import types
import typing
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any, Final, TypeAlias, cast, final
from uuid import UUID

from matchspec.terms import Key, exact_key, is_atom, is_float, is_integer
from matchspec.values import Atom, Pid, Ref, Term
from runtime.errors import show

Annotation: TypeAlias = Any  # what stands behind a field's colon: int, str | None, list[int], ...
RowClass: TypeAlias = Any  # a NamedTuple class
AnyRowShape: TypeAlias = Any  # a RowShape, which this module cannot import


@final
class Refused:
    """The type of REFUSED."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "REFUSED"


REFUSED: Final = Refused()


_KINDS: Final[frozenset[type]] = frozenset([int, float, str, bytes])


class UncheckableError(Exception):
    """An annotation that cannot be checked when a row comes in."""


class Nowhere:
    """A type that no value has."""


class Check:
    """What one field admits. `expected` says it in words, `immutable` that no value it admits can be changed.

    `exact` is a type whose own instances, those of subclasses aside, are all admitted as they are; Nowhere if there is
    none.
    """

    def __init__(self, expected: str, immutable: bool, exact: type = Nowhere) -> None:
        self.expected: Final = expected
        self.immutable: Final = immutable
        self.exact: Final = exact

    @property
    def kind(self) -> type:
        """The one type whose instances it admits, of those that compare with one another; `object` where there is none.

        A member of an Enum is no instance of int or str to it.
        """
        return self.exact if self.exact in _KINDS else object

    def convert(self, value: Term) -> Term:
        """The value as it is stored, or REFUSED."""
        raise AssertionError("every check has its own")

    def __repr__(self) -> str:
        return f"<Check {self.expected}>"


@final
class AnyCheck(Check):
    def convert(self, value: Term) -> Term:
        return value


@final
class IntCheck(Check):
    def convert(self, value: Term) -> Term:
        return value if type(value) is int or is_integer(value) else REFUSED


@final
class FloatCheck(Check):
    def convert(self, value: Term) -> Term:
        if type(value) is float or is_float(value):
            return value
        if not is_integer(value):
            return REFUSED
        try:
            return float(cast(int, value))
        except OverflowError:
            return REFUSED


@final
class BoolCheck(Check):
    def convert(self, value: Term) -> Term:
        return value if type(value) is bool else REFUSED


@final
class NoneCheck(Check):
    def convert(self, value: Term) -> Term:
        return value if value is None else REFUSED


@final
class AtomCheck(Check):
    def convert(self, value: Term) -> Term:
        return value if is_atom(value) else REFUSED


@final
class InstanceCheck(Check):
    """An instance of a class. `strict` keeps out members of Enums, and datetimes where a date is asked for."""

    def __init__(self, kind: type, expected: str, immutable: bool, strict: bool) -> None:
        super().__init__(expected, immutable, kind)
        self._kind: Final = kind
        self._strict: Final = strict

    def convert(self, value: Term) -> Term:
        kind = self._kind
        if type(value) is kind:
            return value
        if not isinstance(value, kind):
            return REFUSED
        return REFUSED if self._strict and isinstance(value, (Enum, datetime)) else value


@final
class LiteralCheck(Check):
    def __init__(self, values: tuple[Term, ...], expected: str) -> None:
        super().__init__(expected, True)
        self._keys: Final[frozenset[Key]] = frozenset([exact_key(value) for value in values])

    def convert(self, value: Term) -> Term:
        return value if exact_key(value) in self._keys else REFUSED


@final
class UnionCheck(Check):
    """The first alternative that takes the value as it is, else the first that converts it."""

    def __init__(self, checks: list[Check]) -> None:
        super().__init__(" | ".join([check.expected for check in checks]), all([check.immutable for check in checks]))
        self._checks: Final = checks

    def convert(self, value: Term) -> Term:
        converted: Term = REFUSED
        for check in self._checks:
            found = check.convert(value)
            if found is value:
                return value
            if converted is REFUSED:
                converted = found
        return converted


@final
class TupleCheck(Check):
    """A plain tuple of just these fields."""

    def __init__(self, checks: list[Check], expected: str) -> None:
        super().__init__(expected, all([check.immutable for check in checks]))
        self._checks: Final = checks
        self.parts: Final = tuple([check.kind for check in checks])

    def convert(self, value: Term) -> Term:
        if not isinstance(value, tuple) or len(value) != len(self._checks):
            return REFUSED
        items = [check.convert(item) for check, item in zip(self._checks, value, strict=True)]
        return _rebuilt(value, items)


@final
class ManyCheck(Check):
    """A tuple or list of any length whose items are all of one type."""

    def __init__(self, kind: type, check: Check, expected: str) -> None:
        super().__init__(expected, kind is not list and check.immutable)
        self._kind: Final = kind
        self._check: Final = check

    def convert(self, value: Term) -> Term:
        if not isinstance(value, self._kind) or not isinstance(value, (tuple, list)):
            return REFUSED
        return _rebuilt(value, [self._check.convert(item) for item in value])


@final
class SetCheck(Check):
    """A set or frozenset whose items are all of one type."""

    def __init__(self, kind: type, check: Check, expected: str) -> None:
        super().__init__(expected, kind is frozenset and check.immutable)
        self._kind: Final = kind
        self._check: Final = check

    def convert(self, value: Term) -> Term:
        if not isinstance(value, self._kind) or not isinstance(value, (set, frozenset)):
            return REFUSED
        # A conversion would change the hash of an item, so there is none in sets.
        return value if all([self._check.convert(item) is item for item in value]) else REFUSED


@final
class DictCheck(Check):
    def __init__(self, keys: Check, values: Check, expected: str) -> None:
        super().__init__(expected, False)
        self._key_check: Final = keys
        self._value_check: Final = values

    def convert(self, value: Term) -> Term:
        if not isinstance(value, dict):
            return REFUSED
        converted: dict[Term, Term] = {}
        same = True
        for key, item in value.items():
            new = self._value_check.convert(item)
            if new is REFUSED or self._key_check.convert(key) is not key:
                return REFUSED
            same = same and new is item
            converted[key] = new
        return value if same else converted


@final
class NestedRowCheck(Check):
    """A NamedTuple inside a row. Its own shape may still be in the making: a NamedTuple can hold its own kind."""

    def __init__(self, shape: AnyRowShape, expected: str, immutable: bool) -> None:
        super().__init__(expected, immutable)
        self._shape: Final = shape

    @property
    def parts(self) -> tuple[type, ...]:
        """The kinds of its fields."""
        return tuple([self._shape.kind_of(index) for index in range(self._shape.arity)])

    def convert(self, value: Term) -> Term:
        return cast(Term, self._shape.convert_or_refuse(value))


def _rebuilt(value: tuple[Term, ...] | list[Term], items: list[Term]) -> Term:
    """`value` with new items: itself where none changed, REFUSED where one was refused."""
    same = True
    for old, new in zip(value, items, strict=True):
        if new is REFUSED:
            return REFUSED
        same = same and old is new
    if same:
        return value
    return items if isinstance(value, list) else tuple(items)


# --- from annotations to checks -----------------------------------------------------------------------------------

_ANY: Final = AnyCheck("any term", False)
_SIMPLE: Final[dict[Annotation, Check]] = {
    Any: _ANY,
    object: _ANY,
    int: IntCheck("int", True, int),
    float: FloatCheck("float", True, float),
    bool: BoolCheck("bool", True, bool),
    None: NoneCheck("None", True),
    type(None): NoneCheck("None", True),
    Atom: AtomCheck("Atom", True, Atom),
    str: InstanceCheck(str, "str", True, True),
    bytes: InstanceCheck(bytes, "bytes", True, True),
    date: InstanceCheck(date, "date", True, True),
    tuple: InstanceCheck(tuple, "tuple", False, False),
    list: InstanceCheck(list, "list", False, False),
    dict: InstanceCheck(dict, "dict", False, False),
}
_IMMUTABLE: Final[frozenset[type]] = frozenset([datetime, time, timedelta, Decimal, Fraction, UUID, complex, Pid, Ref])
NestedRows: TypeAlias = Callable[[RowClass], Check]


def compile_field(annotation: Annotation, nested: NestedRows) -> Check:
    """The Check of an annotation; `nested` makes those of NamedTuple classes. Raises UncheckableError."""
    try:
        simple = _SIMPLE.get(annotation)
    except TypeError:  # Literal[[]] and the like
        raise UncheckableError(f"{show(annotation)} is no type") from None
    if simple is not None:
        return simple
    inner = getattr(annotation, "__supertype__", None) or getattr(annotation, "__value__", None)
    if inner is not None:  # a NewType or a `type` statement
        return compile_field(inner, nested)
    if type(annotation) is typing.TypeVar:
        bound: Annotation = annotation.__bound__
        return _ANY if bound is None else compile_field(bound, nested)
    origin: Annotation = typing.get_origin(annotation)
    if origin is not None:
        return _compile_generic(annotation, origin, typing.get_args(annotation), nested)
    # A TypedDict is a class, but instances cannot be told from other dicts.
    if typing.is_typeddict(annotation):
        return DictCheck(_SIMPLE[str], _ANY, str(annotation.__name__))
    if not isinstance(annotation, type):
        raise UncheckableError(f"{show(annotation)} cannot be checked when a row comes in; Any admits everything")
    if is_named_tuple(annotation):
        return nested(annotation)
    return _instance(annotation, annotation.__name__)


def _compile_generic(
    annotation: Annotation,
    origin: Annotation,
    args: tuple[Annotation, ...],
    nested: NestedRows,
) -> Check:
    expected = str(annotation).replace("typing.", "")
    if origin is typing.Literal:
        return LiteralCheck(args, expected)
    if origin is typing.Union or origin is types.UnionType:
        return UnionCheck([compile_field(arg, nested) for arg in args])
    if origin is typing.Annotated:
        return compile_field(args[0], nested)
    if origin is tuple:
        if len(args) == 2 and args[1] is Ellipsis:
            return ManyCheck(tuple, compile_field(args[0], nested), expected)
        return TupleCheck([compile_field(arg, nested) for arg in args], expected)
    if origin is list:
        return ManyCheck(list, compile_field(args[0], nested), expected)
    if origin is set or origin is frozenset:
        return SetCheck(origin, compile_field(args[0], nested), expected)
    if origin is dict:
        keys, values = [compile_field(arg, nested) for arg in args]
        return DictCheck(keys, values, expected)
    if is_named_tuple(origin):
        return nested(origin)
    if isinstance(origin, type):
        return _instance(origin, expected)
    raise UncheckableError(f"{show(annotation)} cannot be checked when a row comes in; Any admits everything")


def _instance(kind: type, expected: str) -> Check:
    try:
        isinstance(None, kind)
    except TypeError as error:  # a Protocol that cannot be asked at run time
        raise UncheckableError(f"{expected} cannot be checked when a row comes in: {error}") from None
    return InstanceCheck(kind, expected, kind in _IMMUTABLE or issubclass(kind, Enum), False)


def is_named_tuple(kind: Annotation) -> bool:
    """Whether a class was made by NamedTuple or collections.namedtuple."""
    return isinstance(kind, type) and issubclass(kind, tuple) and isinstance(getattr(kind, "_fields", None), tuple)
