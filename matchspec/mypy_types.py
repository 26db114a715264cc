"""Types between mypy and the query checker: row types one way, result types back. A part of `matchspec.mypy`.

The checker reads annotations. So a row type of the user's, of which there is only what mypy knows, is rebuilt as a
class with the same fields, and a type that means nothing to a query (a class of the user's, a NewType) is stood in for
by a class that remembers it.
"""

import dataclasses
import typing
from collections import namedtuple
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, TypeAlias
from uuid import UUID

from mypy.nodes import FuncDef, TypeInfo, Var
from mypy.plugin import CheckerPluginInterface
from mypy.typeops import make_simplified_union
from mypy.types import (
    AnyType,
    CallableType,
    Instance,
    LiteralType,
    NoneType,
    Overloaded,
    TupleType,
    Type,
    TypeOfAny,
    TypeType,
    TypeVarType,
    UninhabitedType,
    UnionType,
    get_proper_type,
)

from matchspec import valuetypes as v
from matchspec.rowtypes import Annotation
from matchspec.terms import ImproperList
from matchspec.values import Atom, Bitstring, Pid, Ref

Anything: TypeAlias = Any
_KNOWN: Final[dict[str, Annotation]] = {
    "builtins.int": int,
    "builtins.float": float,
    "builtins.str": str,
    "builtins.bytes": bytes,
    "builtins.bool": bool,
    "builtins.object": object,
    "builtins.complex": complex,
    "datetime.date": date,
    "datetime.datetime": datetime,
    "datetime.time": time,
    "datetime.timedelta": timedelta,
    "decimal.Decimal": Decimal,
    "fractions.Fraction": Fraction,
    "uuid.UUID": UUID,
    "matchspec.values.Atom": Atom,
    "matchspec.values.Pid": Pid,
    "matchspec.values.Ref": Ref,
    "matchspec.values.Bitstring": Bitstring,
    "matchspec.terms.ImproperList": ImproperList,
}
# mypy looks names up in the packages that export them.
_NAMES: Final[dict[Annotation, str]] = {
    cls: f"matchspec.{name.rpartition('.')[2]}" if name.startswith("matchspec.") else name
    for name, cls in _KNOWN.items()
}
_TERM_BASES: Final = frozenset(["int", "float", "str", "bytes", "tuple", "list", "dict"])
# Modules whose classes are always there to be named, whatever the user's file imports.
_ALWAYS: Final = ("builtins.", "matchspec.")


class Bridge:
    """Translates types for one call; it remembers what its classes stand for."""

    def __init__(self, api: CheckerPluginInterface) -> None:
        self._api: Final = api
        self._rows: Final[dict[str, Annotation]] = {}  # by the full name of the user's class
        self._meant: Final[dict[Annotation, Type]] = {}  # by the class that stands for it

    # --- from mypy ----------------------------------------------------------------------------------------------------

    def annotation(self, given: Type) -> Annotation:
        """What a type of mypy's is to the query checker; Any where it is nothing that queries know."""
        kind = get_proper_type(given)
        match kind:
            case NoneType():
                return None
            case Instance():
                return self._instance(kind)
            case LiteralType(value=value) if kind.fallback.type.fullname in _KNOWN:
                return typing.Literal[value]
            case TupleType():
                return self._tuple(kind)
            case UnionType(items=items):
                joined: Any = typing.Union
                parts: Annotation = joined[tuple([self.annotation(item) for item in items])]
                return parts
            case TypeVarType(upper_bound=bound):
                return self.annotation(bound)
            case CallableType() | Overloaded() if not kind.is_type_obj():
                return Callable
        return Any

    def _instance(self, kind: Instance) -> Annotation:
        info, args = kind.type, kind.args
        known = _KNOWN.get(info.fullname)
        if known is not None:
            self._meant.setdefault(known, kind.copy_modified(last_known_value=None))
            return known
        if info.is_newtype:
            return self._new_type(kind)
        if info.fullname == "builtins.list":
            return list[self.annotation(args[0])]  # type: ignore[misc]  # an annotation at run time
        if info.fullname == "builtins.tuple":
            return tuple[self.annotation(args[0]), ...]  # type: ignore[misc]  # as above
        if info.fullname == "builtins.dict":
            return dict[self.annotation(args[0]), self.annotation(args[1])]  # type: ignore[misc]  # as above
        if info.is_protocol or (info.is_abstract and info.fullname.startswith(("typing.", "collections."))):
            return Any
        if "dataclass" in info.metadata and (record := self._record(kind)) is not None:
            return record
        if any(base.fullname in {f"builtins.{name}" for name in _TERM_BASES} for base in info.mro) and not info.is_enum:
            return Any  # a subclass of a kind of term
        return self._stand_in(info.fullname, kind)

    def _stand_in(self, name: str, kind: Type) -> Annotation:
        known = self._rows.get(str(kind))
        if known is None:
            known = type(name.rpartition(".")[2], (), {})
            self._rows[str(kind)], self._meant[known] = known, kind
        return known

    def _new_type(self, kind: Instance) -> Annotation:
        known = self._rows.get(kind.type.fullname)
        if known is None:
            made: Anything = typing.NewType
            known = made(kind.type.name, self.annotation(kind.type.bases[0]))
            self._rows[kind.type.fullname], self._meant[known] = known, kind
        return known

    def _tuple(self, kind: TupleType) -> Annotation:
        info = kind.partial_fallback.type
        if not info.is_named_tuple:
            return tuple[tuple([self.annotation(item) for item in kind.items])]  # type: ignore[misc]  # at run time
        known = self._rows.get(info.fullname)
        if known is None:
            names = _fields_of(info)
            if len(names) != len(kind.items):
                return Any
            factory: Anything = namedtuple  # noqa: PYI024  # of names that are known only now
            made = factory(info.name, names, rename=True)
            known = self._rows[info.fullname] = made
            self._meant[known] = kind
            annotations = [self.annotation(item) for item in kind.items]
            made.__annotations__ = dict(zip(made._fields, annotations, strict=True))
        return known

    def _record(self, kind: Instance) -> Annotation | None:
        """A dataclass: the same fields, if they can be read."""
        info = kind.type
        known = self._rows.get(info.fullname)
        if known is not None:
            return known
        names = [attribute["name"] for attribute in info.metadata["dataclass"].get("attributes", ())]
        types: dict[str, Type] = {}
        for name in names:
            symbol = info.get(name)
            if symbol is None or not isinstance(symbol.node, Var) or symbol.node.type is None:
                return None
            types[name] = symbol.node.type
        frozen = bool(info.metadata["dataclass"].get("frozen"))
        known = dataclasses.make_dataclass(info.name, [(name, Any) for name in names], frozen=frozen)
        self._rows[info.fullname], self._meant[known] = known, kind
        known.__annotations__ = {name: self.annotation(part) for name, part in types.items()}
        return known

    def row_of_class(self, given: Type) -> Annotation | None:
        """The row type that an expression such as `User` or `tuple[int, str]` names; None if it is none."""
        kind = get_proper_type(given)
        found: Type | None = None
        if isinstance(kind, Overloaded):
            kind = kind.items[0]
        if isinstance(kind, CallableType) and kind.is_type_obj():
            found = kind.ret_type
        elif isinstance(kind, TypeType):
            found = kind.item
        return None if found is None else self.row(found)

    def row(self, given: Type) -> Annotation | None:
        """A row type as `spec` takes it, or None where nothing is known of the rows."""
        found = self.annotation(given)
        if found is Any or found is object or found is None or typing.get_origin(found) is typing.Union:
            return None
        if dataclasses.is_dataclass(found) or isinstance(get_proper_type(given), TupleType):
            return found
        return None

    # --- to mypy ------------------------------------------------------------------------------------------------------

    def type(self, kind: v.ValueType) -> Type:
        """The type of mypy's for a type of results."""
        match kind:
            case v.ScalarType("none"):
                return NoneType()
            case v.ScalarType(_, annotation):
                return self._named(annotation)
            case v.LiteralType(value, base, True):
                fallback = get_proper_type(self.type(base))
                assert isinstance(fallback, Instance)
                return LiteralType(value, fallback)  # type: ignore[arg-type]  # an int, str, bytes or bool
            case v.LiteralType(_, base):
                return self.type(base)
            case v.TupleType(items, row):
                if row is not None and row in self._meant:
                    return self._meant[row]
                parts = [self.type(item) for item in items]
                return TupleType(parts, self._api.named_generic_type("builtins.tuple", [_any()]))
            case v.ItemsType("list", item):
                return self._api.named_generic_type("builtins.list", [_any() if item == v.NEVER else self.type(item)])
            case v.ItemsType(_, item):
                return self._api.named_generic_type("builtins.tuple", [self.type(item)])
            case v.MapType(key, value):
                args = [_any() if part == v.NEVER else self.type(part) for part in (key, value)]
                return self._api.named_generic_type("builtins.dict", args)
            case v.UnionType(()):
                return UninhabitedType()
            case v.UnionType(parts):
                return make_simplified_union([self.type(part) for part in parts])

    def _named(self, annotation: Annotation) -> Type:
        meant = self._meant.get(annotation)
        if meant is not None:
            return meant
        name = _NAMES.get(annotation)
        return self._api.named_generic_type(name, []) if name is not None and name.startswith(_ALWAYS) else _any()


def _fields_of(info: TypeInfo) -> list[str]:
    """The names of the fields of a NamedTuple, which `_replace` takes as keywords."""
    method = info.get_method("_replace")
    return [name or "" for name in method.arg_names[1:]] if isinstance(method, FuncDef) else []


def _any() -> AnyType:
    return AnyType(TypeOfAny.special_form)


def replaced(kind: Type, result: Type) -> Type:
    """A type with `result` wherever it has Any: `list[Any]`, the result of a text query, becomes `list[str]`."""
    kind = get_proper_type(kind)
    match kind:
        case AnyType():
            return result
        case Instance(args=args) if args:
            return kind.copy_modified(args=[replaced(arg, result) for arg in args])
        case TupleType(items=items):
            return kind.copy_modified(items=[replaced(item, result) for item in items])
        case UnionType(items=items):
            return UnionType.make_union([replaced(item, result) for item in items])
    return kind
