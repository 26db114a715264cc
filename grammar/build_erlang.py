"""Parse tree of Erlang -> syntax tree; one branch for every rule and alias of `erlang.lark`."""

from typing import TYPE_CHECKING, final

from grammar.build import Built, Group, bind, fold, group, infix, name_of, node, nodes, optional, prefix, widened, word
from grammar.errors import MatchSpecSyntaxError
from grammar.literals import atom_name, erlang_text, floating, integer, radix_integer
from grammar.span import Source, Span
from grammar.tree import (
    AtomName,
    BinaryNode,
    Call,
    Chars,
    Clause,
    Constant,
    Function,
    ListNode,
    MapItem,
    MapNode,
    Name,
    Node,
    RecordAccess,
    RecordField,
    RecordNode,
    Segment,
    TermText,
    TupleNode,
    Wild,
)

if TYPE_CHECKING:
    from lark import Token, Tree


def build(parsed: "Tree[Token]", source: Source) -> Function | TermText:
    """The syntax tree of a parsed query or term.

    Raises:
        MatchSpecSyntaxError: what the grammar lets through but the language does not, or a text nested too deep.
    """
    built = fold(parsed, source, ErlangBuilder(source).build)
    if isinstance(built, Function):
        return built
    top = node(built)
    return TermText(top, "erlang", source, top.span)


@final
class ErlangBuilder:
    """Builds the nodes of one text; `build` is the function that `fold` asks for."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def build(self, rule: str, children: list[Built], span: Span) -> Built:
        match rule:
            case "function":
                return self._function(children, span)
            case "clause":
                parameters, guards, body = children
                return Clause(group(parameters), _guards(guards), group(body), span)
            case "parameters" | "guards" | "conjunction" | "body" | "specifiers":
                return Group(tuple(children), span)
            case "bind":
                return bind(children, span)
            case "infix":
                return infix(children, span)
            case "prefix":
                return prefix(children, span)
            case "paren":
                return widened(children[0], span)
            case "call":
                return Call(name_of(children[0]), nodes(children[1:]), span=span)
            case "remote_call":
                return Call(name_of(children[1]), nodes(children[2:]), receiver=node(children[0]), span=span)
            case _:
                return self._compound(rule, children, span)

    def _compound(self, rule: str, children: list[Built], span: Span) -> Built:
        match rule:
            case "record_index":
                return RecordAccess(name_of(children[0]), name_of(children[1]), span=span)
            case "record_access":
                return RecordAccess(name_of(children[1]), name_of(children[2]), node(children[0]), span)
            case "record_new":
                return RecordNode(name_of(children[0]), _fields(children[1:]), span=span)
            case "record_update":
                return RecordNode(name_of(children[1]), _fields(children[2:]), node(children[0]), span)
            case "field":
                return self._field(children, span)
            case "map_new":
                return MapNode(_pairs(children), span=span)
            case "map_update":
                return MapNode(_pairs(children[1:]), node(children[0]), span)
            case "pair":
                return MapItem(node(children[0]), node(children[1]), span=span)
            case "exact_pair":
                return MapItem(node(children[0]), node(children[1]), True, span)
            case "list":
                return ListNode(nodes(children), span=span)
            case "list_with_tail":
                return ListNode(nodes(children[:-1]), node(children[-1]), span)
            case "tuple":
                return TupleNode(nodes(children), span)
            case "binary":
                return BinaryNode(_segments(children), span)
            case "segment":
                value, size, specifiers = children
                return Segment(node(value), optional(size), _specifiers(specifiers), span)
            case "specifier":
                return AtomName(name_of(children[0]), span)
            case "specifier_unit":
                return AtomName(f"{name_of(children[0])}:{word(children[1]).text}", span)
            case _:
                return _literal(rule, children, span)

    def _function(self, children: list[Built], span: Span) -> Function:
        clauses: list[Clause] = []
        for child in children:
            assert isinstance(child, Clause)
            clauses.append(child)
        arity = len(clauses[0].params)
        for clause in clauses[1:]:
            if len(clause.params) != arity:
                raise MatchSpecSyntaxError(
                    f"this clause has {len(clause.params)} parameters, but the first has {arity}",
                    source=self.source,
                    span=clause.span,
                    hint="all clauses of a fun must have as many parameters",
                )
        return Function(tuple(clauses), "erlang", self.source, span=span)

    def _field(self, children: list[Built], span: Span) -> RecordField:
        name, value = children
        if isinstance(name, Name):
            raise MatchSpecSyntaxError(
                f"the name of a record field is an atom, not the variable {name.name}",
                source=self.source,
                span=name.span,
                hint="only _ may stand there, for all other fields",
            )
        return RecordField(name.name if isinstance(name, AtomName) else "_", node(value), span)


def _literal(rule: str, children: list[Built], span: Span) -> Node:
    text = word(children[0]).text
    match rule:
        case "variable":
            return Wild(span) if text == "_" else Name(text, span)
        case "atom":
            return AtomName(atom_name(text, span), span)
        case "quoted_atom":
            return AtomName(atom_name(erlang_text(text[1:-1], span.start + 1), span), span)
        case "integer":
            return Constant(integer(text, span.start), span)
        case "radix_integer":
            return Constant(radix_integer(text, span.start), span)
        case "float":
            return Constant(floating(text, span.start), span)
        case "character":
            return Constant(ord(erlang_text(text[1:], span.start + 1)), span)
        case "strings":
            parts = [word(child) for child in children]
            return Chars("".join([erlang_text(part.text[1:-1], part.span.start + 1) for part in parts]), span)
        case _:
            raise AssertionError(rule)


def _guards(child: Built) -> tuple[tuple[Node, ...], ...]:
    return tuple(group(conjunction) for conjunction in child.items) if isinstance(child, Group) else ()


def _specifiers(child: Built) -> tuple[str, ...]:
    return tuple(name_of(specifier) for specifier in child.items) if isinstance(child, Group) else ()


def _segments(children: list[Built]) -> tuple[Segment, ...]:
    return tuple(child for child in children if isinstance(child, Segment))


def _pairs(children: list[Built]) -> tuple[MapItem, ...]:
    return tuple(child for child in children if isinstance(child, MapItem))


def _fields(children: list[Built]) -> tuple[RecordField, ...]:
    return tuple(child for child in children if isinstance(child, RecordField))
