"""Parse tree of Elixir -> syntax tree; one branch for every rule and alias of `elixir.lark`."""

from dataclasses import replace
from typing import TYPE_CHECKING, Final, final

from grammar.build import Built, Group, bind, fold, group, infix, node, nodes, prefix, widened, word
from grammar.errors import MatchSpecSyntaxError
from grammar.literals import (
    LiteralError,
    atom_name,
    elixir_bytes,
    elixir_character,
    elixir_text,
    floating,
    integer,
)
from grammar.span import Source, Span
from grammar.tree import (
    AtomName,
    Attribute,
    BinaryNode,
    Call,
    Chars,
    Clause,
    Constant,
    Function,
    Infix,
    Keyword,
    ListNode,
    MapItem,
    MapNode,
    Name,
    Node,
    Pin,
    Segment,
    Subscript,
    TermText,
    TupleNode,
    Unary,
    Wild,
)

if TYPE_CHECKING:
    from lark import Token, Tree


def build(parsed: "Tree[Token]", source: Source) -> Function | TermText:
    """The syntax tree of a parsed query or term.

    Raises:
        MatchSpecSyntaxError: what the grammar lets through but the language does not, or a text nested too deep.
    """
    builder = ElixirBuilder(source)
    built = fold(parsed, source, builder.build)
    builder.check_captures()
    if isinstance(built, Function):
        return built
    top = node(built)
    return TermText(top, "elixir", source, top.span)


@final
class ElixirBuilder:
    """Builds the nodes of one text; `build` is the function that `fold` asks for."""

    def __init__(self, source: Source) -> None:
        self.source: Final = source
        self.captures: list[Span] = []

    def build(self, rule: str, children: list[Built], span: Span) -> Built:
        match rule:
            case "function":
                return self._function(children, span)
            case "clause":
                parameters, guards, first = children
                alternatives = tuple((guard,) for guard in group(guards))
                return Clause(group(parameters), alternatives, (node(first),), span)
            case "parameters" | "guards" | "specifiers":
                return Group(tuple(children), span)
            case "bind":
                return bind(children, span)
            case "infix":
                return infix(children, span)
            case "in":
                return self._membership(children, span)
            case "not_in":
                return Infix("not in", node(children[0]), node(children[-1]), span)
            case "prefix":
                return prefix(children, span)
            case "pin":
                # A pinned expression is evaluated outside of the match spec, so functions may be captured in it.
                self.captures = [capture for capture in self.captures if capture.start < span.start]
                return Pin(node(children[1]), span)
            case "capture":
                self.captures.append(span)
                return Unary("&", node(children[0]), span)
            case "capture_argument":
                self.captures.append(span)
                return Unary("&", Constant(integer(word(children[0]).text[1:], span.start + 1), span), span)
            case "paren":
                return widened(children[0], span)
            case _:
                return _compound(rule, children, span)

    def check_captures(self) -> None:
        """Refuse a capture that stands in no pin."""
        if self.captures:
            raise MatchSpecSyntaxError(
                "a captured function cannot be part of a match spec",
                source=self.source,
                span=min(self.captures, key=lambda span: span.start),
                hint="& may stand only inside ^(...), which is evaluated before the query",
            )

    def _function(self, children: list[Built], span: Span) -> Function:
        clauses: list[Clause] = []
        for child in children:
            if isinstance(child, Clause):
                clauses.append(child)
                continue
            line = node(child)
            if not clauses:
                raise MatchSpecSyntaxError(
                    "the first line is not a clause",
                    source=self.source,
                    span=line.span,
                    hint="a clause is `pattern -> expression`, or `pattern when guard -> expression`",
                )
            last = clauses[-1]
            clauses[-1] = replace(last, body=(*last.body, line), span=last.span.to(line.span))
        arity = len(clauses[0].params)
        for clause in clauses:
            if len(clause.params) != arity:
                raise MatchSpecSyntaxError(
                    f"this clause has {len(clause.params)} parameters, but the first has {arity}",
                    source=self.source,
                    span=clause.span,
                    hint="all clauses of a function must have as many parameters",
                )
        return Function(tuple(clauses), "elixir", self.source, span=span)

    def _membership(self, children: list[Built], span: Span) -> Node:
        left, right = node(children[0]), node(children[-1])
        # Elixir reads `not a in b` as `not (a in b)`, but leaves `(not a) in b` alone.
        if isinstance(left, Unary) and left.op in ("not", "!") and self.source.text[left.span.start] != "(":
            return Unary(left.op, Infix("in", left.operand, right, left.operand.span.to(right.span)), span)
        return Infix("in", left, right, span)


def _compound(rule: str, children: list[Built], span: Span) -> Built:
    match rule:
        case "call":
            positional, keywords = _arguments(children[1:])
            return Call(word(children[0]).text, positional, keywords, span=span)
        case "remote_call":
            positional, keywords = _arguments(children[2:])
            return Call(word(children[1]).text, positional, keywords, node(children[0]), span)
        case "attribute":
            return Attribute(node(children[0]), word(children[1]).text, span)
        case "subscript":
            return Subscript(node(children[0]), node(children[2]), span)
        case "keyword":
            key = word(children[0])
            return Keyword(atom_name(key.text[:-1], key.span), node(children[1]), span)
        case "quoted_keyword":
            key = word(children[0])
            name = elixir_text(key.text[1:-2], key.span.start + 1, "a key")
            return Keyword(atom_name(name, key.span), node(children[1]), span)
        case "list":
            return ListNode(_elements(children), span=span)
        case "list_with_tail":
            return ListNode(nodes(children[:-1]), node(children[-1]), span)
        case "tuple":
            return TupleNode(_tuple_elements(children), span)
        case "map":
            return MapNode(_pairs(children), span=span)
        case "map_update":
            return MapNode(_pairs(children[1:]), node(children[0]), span)
        case "pair":
            return MapItem(node(children[0]), node(children[1]), span=span)
        case "binary":
            return BinaryNode(tuple(child for child in children if isinstance(child, Segment)), span)
        case "segment":
            return _segment(children, span)
        case "specifier":
            return AtomName(word(children[0]).text, span)
        case "specifier_size":
            return Constant(integer(word(children[0]).text, span.start), span)
        case "specifier_call":
            return Call(word(children[0]).text, (node(children[1]),), span=span)
        case _:
            return _literal(rule, word(children[0]).text, span)


def _literal(rule: str, text: str, span: Span) -> Node:
    start = span.start
    match rule:
        case "variable":
            return Wild(span) if text == "_" else Name(_checked(text, span), span)
        case "atom":
            return AtomName(atom_name(_checked(text[1:], span), span), span)
        case "quoted_atom":
            return AtomName(atom_name(elixir_text(text[2:-1], start + 2, "an atom"), span), span)
        case "alias":
            return AtomName(atom_name(f"Elixir.{text}", span), span)
        case "word":
            return AtomName(text, span)
        case "integer":
            return Constant(integer(text, start), span)
        case "radix_integer":
            return Constant(integer(text[2:], start + 2, {"x": 16, "o": 8, "b": 2}[text[1]]), span)
        case "float":
            return Constant(floating(text, start), span)
        case "character":
            return Constant(elixir_character(text[1:], start + 1), span)
        case "string":
            return Constant(elixir_bytes(text[1:-1], start + 1), span)
        case "string_heredoc":
            return Constant(elixir_bytes(_heredoc(text, span), start), span)
        case "charlist":
            return Chars(elixir_text(text[1:-1], start + 1, "a charlist"), span)
        case "charlist_heredoc":
            return Chars(elixir_text(_heredoc(text, span), start, "a charlist"), span)
        case "charlist_sigil":
            return Chars(elixir_text(text[3:-1], start + 3, "a charlist"), span)
        case _:
            raise AssertionError(rule)


def _checked(name: str, span: Span) -> str:
    """A name or an atom without quotes, whose characters beyond ASCII must be letters."""
    if not name.isascii() and not name.rstrip("?!").replace("@", "_").isidentifier():
        raise LiteralError(f"{name!r} has characters that no name has", span, 'an atom may be quoted, :"like this"')
    return name


def _heredoc(text: str, span: Span) -> str:
    """The content of a heredoc, without the indentation that its last line has."""
    lines = text[3:-3].split("\n")[1:]
    indentation = lines.pop()
    if indentation.strip():
        raise LiteralError("a heredoc must end on a line of its own", span)
    kept = [line[_indented(line, len(indentation)) :] for line in lines]
    content = "".join([f"{line}\n" for line in kept])
    if "#{" in content.replace("\\\\", "").replace("\\#", ""):
        raise LiteralError("interpolation would run code", span, "pass the text as a variable and write ^name")
    return content


def _indented(line: str, most: int) -> int:
    """How many blanks to take off the line."""
    return min(most, len(line) - len(line.lstrip(" \t")))


def _arguments(children: list[Built]) -> tuple[tuple[Node, ...], tuple[Keyword, ...]]:
    keywords = tuple(child for child in children if isinstance(child, Keyword))
    return nodes([child for child in children if not isinstance(child, Keyword)]), keywords


def _pair_of(keyword: Keyword) -> Node:
    """`a: 1` in a list is the tuple `{:a, 1}`."""
    return TupleNode((_key_of(keyword), keyword.value), keyword.span)


def _key_of(keyword: Keyword) -> AtomName:
    return AtomName(keyword.name, Span(keyword.span.start, keyword.value.span.start))


def _elements(children: list[Built]) -> tuple[Node, ...]:
    return tuple(_pair_of(child) if isinstance(child, Keyword) else node(child) for child in children)


def _tuple_elements(children: list[Built]) -> tuple[Node, ...]:
    """The keywords at the end of a tuple are one element, a list."""
    positional, keywords = _arguments(children)
    if not keywords:
        return positional
    span = keywords[0].span.to(keywords[-1].span)
    return (*positional, ListNode(tuple(_pair_of(keyword) for keyword in keywords), span=span))


def _pairs(children: list[Built]) -> tuple[MapItem, ...]:
    items: list[MapItem] = []
    for child in children:
        if isinstance(child, Keyword):
            items.append(MapItem(_key_of(child), child.value, span=child.span))
        elif isinstance(child, MapItem):
            items.append(child)
    return tuple(items)


def _segment(children: list[Built], span: Span) -> Segment:
    value, specifiers = children
    size: Node | None = None
    specs: list[str] = []
    for specifier in group(specifiers):
        match specifier:
            case AtomName(name):
                specs.append(name)
            case Call("size", (argument,)):
                size = argument
            case Call("unit", (Constant(unit),)) if type(unit) is int:
                specs.append(f"unit:{unit}")
            case Constant():
                size = specifier
            case _:
                raise LiteralError("no such part of a segment", specifier.span, "write size(8) or unit(8)")
    return Segment(node(value), size, tuple(specs), span)
