"""Annotations and literals as text: those of a query file read without running them, and types written as source."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from types import GenericAlias
from typing import Any, Final, Literal, NoReturn, Union, cast
from uuid import UUID

from grammar.errors import MatchSpecError, MatchSpecSyntaxError, nearest
from grammar.span import Source, Span
from grammar.tree import Constant, Infix, ListNode, MapNode, Name, Node, Subscript, TupleNode, Unary
from matchspec import valuetypes as v
from matchspec.rowtypes import Annotation
from matchspec.values import Atom, Pid, Ref, Term

# Names that a type may have, with the module that a generated module imports them from.
CLASSES: Final[dict[str, tuple[Annotation, str]]] = {
    **{cls.__name__: (cls, "") for cls in (int, float, str, bytes, bool, object)},
    **{cls.__name__: (cls, "datetime") for cls in (date, datetime, time, timedelta)},
    "Decimal": (Decimal, "decimal"),
    "Fraction": (Fraction, "fractions"),
    "UUID": (UUID, "uuid"),
    "Atom": (Atom, "matchspec"),
    "Pid": (Pid, "matchspec"),
    "Ref": (Ref, "matchspec"),
    "Any": (Any, "typing"),
    "Literal": (Literal, "typing"),
    "list": (list, ""),
    "tuple": (tuple, ""),
    "dict": (dict, ""),
}
_START: Final = "lambda _: "
_SHAPES: Final = "a type is a name, `A | B`, `list[A]`, `tuple[A, B]`, `dict[A, B]` or `Literal[...]`"


class TypeReader:
    """Reads the annotations of one file; `names` are the types that it declares or imports."""

    def __init__(self, source: Source, names: Mapping[str, Annotation]) -> None:
        self._source: Final = source
        self._names: Final = names

    def annotation(self, text: str, span: Span) -> Annotation:
        """The annotation that a text is. Raises MatchSpecSyntaxError."""
        # `...` is no term of a query's; the name that takes its place is as long.
        return self._annotation(self._node(text.replace("...", "ANY"), span), span.start)

    def literal(self, text: str, span: Span) -> Term:
        """The value of a literal: a number, a text, True, False, None, or a tuple, list or dict of such."""
        return self._literal(self._node(text, span), span.start)

    def _node(self, text: str, span: Span) -> Node:
        from grammar import parse

        try:
            body = parse(_START + text, "python").clauses[0].body  # type: ignore[union-attr]  # it begins with lambda
        except MatchSpecError as error:
            at = 0 if error.span is None else max(0, error.span.start - len(_START))
            place = Span(span.start + at, span.start + at + 1)
            raise MatchSpecSyntaxError(error.message, source=self._source, span=place, hint=error.hint) from None
        return body[0]

    def _fail(self, node: Node, start: int, message: str, hint: str = "") -> NoReturn:
        shift = start - len(_START)
        span = Span(node.span.start + shift, node.span.end + shift)
        raise MatchSpecSyntaxError(message, source=self._source, span=span, hint=hint)

    def _annotation(self, node: Node, start: int) -> Annotation:
        match node:
            case Constant(None):
                return None
            case Name(name):
                if name in self._names:
                    return self._names[name]
                if name in CLASSES and name != "Literal":
                    return CLASSES[name][0]
                hint = nearest(name, [*self._names, *CLASSES])
                self._fail(node, start, f"the type {name!r} is not known", hint or "import it: from module import Name")
            case Infix("|", left, right):
                joined: Any = Union
                return cast(Annotation, joined[self._annotation(left, start), self._annotation(right, start)])
            case Subscript(Name("Literal"), index):
                literal: Any = Literal
                return cast(Annotation, literal[tuple([self._literal(item, start) for item in _items(index)])])
            case Subscript(Name("list" | "tuple" | "dict" as name), index):
                return self._generic(node, name, _items(index), start)
        self._fail(node, start, "this is no type", _SHAPES)

    def _generic(self, node: Node, name: str, items: list[Node], start: int) -> Annotation:
        wanted = {"list": 1, "dict": 2}.get(name, len(items))
        if len(items) != wanted:
            self._fail(node, start, f"{name} takes {wanted} type{'' if wanted == 1 else 's'}, not {len(items)}")
        if name == "tuple" and len(items) == 2 and isinstance(items[1], Name) and items[1].name == "ANY":
            return GenericAlias(tuple, (self._annotation(items[0], start), Ellipsis))
        cls: type = {"list": list, "tuple": tuple, "dict": dict}[name]
        return GenericAlias(cls, tuple([self._annotation(item, start) for item in items]))

    def _literal(self, node: Node, start: int) -> Term:
        match node:
            case Constant(value):
                return value
            case Unary("-", Constant(int() | float() as number)) if not isinstance(number, bool):
                return -number
            case TupleNode(items):
                return tuple([self._literal(item, start) for item in items])
            case ListNode(items, None):
                return [self._literal(item, start) for item in items]
            case MapNode(entries):
                return {self._literal(item.key, start): self._literal(item.value, start) for item in entries}
        self._fail(node, start, "this is no literal", "numbers, texts, True, False, None, and tuples and lists of such")


def _items(index: Node) -> list[Node]:
    return list(index.items) if isinstance(index, TupleNode) else [index]


# --- types as source --------------------------------------------------------------------------------------------------


class Imports:
    """The names that a module has to import, by module."""

    def __init__(self, declared: Mapping[Annotation, tuple[str, str]]) -> None:
        self._declared: Final = declared  # of a file's own types: (module, name), the module "" for those it defines
        self.found: Final[dict[str, set[str]]] = {}

    def use(self, module: str, name: str) -> str:
        if module:
            self.found.setdefault(module, set()).add(name)
        return name

    def lines(self, width: int) -> list[str]:
        """The import statements in the order of their modules."""
        lines: list[str] = []
        for module in sorted(self.found):
            names = sorted(self.found[module], key=_import_order)
            line = f"from {module} import {', '.join(names)}"
            lines.extend(
                [line] if len(line) <= width else [f"from {module} import (", *[f"    {n}," for n in names], ")"]
            )
        return lines

    def type(self, kind: v.ValueType) -> str:
        """A type as it is annotated."""
        match kind:
            case v.ScalarType("none"):
                return "None"
            case v.ScalarType(_, annotation):
                return self._class(annotation)
            case v.LiteralType(value, base):
                return f"{self.use('typing', 'Literal')}[{quoted(value)}]" if kind.declared else self.type(base)
            case v.TupleType(items, row):
                if row is not None and row in self._declared:
                    return self.use(*self._declared[row])
                return f"tuple[{', '.join([self.type(item) for item in items]) or '()'}]"
            case v.ItemsType("list", item):
                return f"list[{self._item(item)}]"
            case v.ItemsType(_, item):
                return f"tuple[{self._item(item)}, ...]"
            case v.MapType(key, value):
                return f"dict[{self._item(key)}, {self._item(value)}]"
            case v.UnionType(()):
                return self.use("typing", "Never")
            case v.UnionType(parts):
                return " | ".join([self.type(part) for part in parts])

    def _item(self, kind: v.ValueType) -> str:
        return self.use("typing", "Any") if kind == v.NEVER else self.type(kind)

    def _class(self, annotation: Annotation) -> str:
        if annotation in self._declared:
            return self.use(*self._declared[annotation])
        for name, (cls, module) in CLASSES.items():
            if cls is annotation:
                return self.use(module, name)
        return self.use("typing", "Any")


def _import_order(name: str) -> tuple[int, str]:
    """Constants, classes, the rest: the order that ruff puts names of one module in."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2), name


def quoted(value: Term) -> str:
    """The repr of a literal, with the quotes that formatters prefer."""
    text = repr(value)
    if isinstance(value, (str, bytes)) and text.endswith("'") and '"' not in text and "\\'" not in text:
        start = text.index("'")
        return f'{text[:start]}"{text[start + 1 : -1]}"'
    if isinstance(value, tuple):
        return f"({', '.join([quoted(item) for item in value])}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{', '.join([quoted(item) for item in value])}]"
    if isinstance(value, dict):
        return f"{{{', '.join([f'{quoted(key)}: {quoted(item)}' for key, item in value.items()])}}}"
    return text
