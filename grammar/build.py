"""Parse tree -> syntax tree: what the builders of the languages share.

A builder is a function from the name of a rule (or the alias of one of its alternatives), its built children and its
span to a syntax node. `fold` calls it from the leaves up and keeps its own stack, so the depth of a text is limited by
`LIMITS.max_depth` and never by Python's stack. A test compares the aliases of each grammar with the branches of its
builder.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias, cast, final

from grammar.errors import MatchSpecSyntaxError
from grammar.limits import LIMITS
from grammar.literals import LiteralError
from grammar.span import Source, Span
from grammar.tree import (
    AtomName,
    Bind,
    Chars,
    Clause,
    Constant,
    Function,
    Infix,
    Keyword,
    MapItem,
    Name,
    Node,
    RecordField,
    Segment,
    Unary,
    Wild,
)

if TYPE_CHECKING:
    from lark import Token, Tree

    Child: TypeAlias = Tree[Token] | Token | None


@final
@dataclass(frozen=True)
class Word:
    """A token that its rule keeps."""

    text: str
    kind: str
    span: Span


@final
@dataclass(frozen=True)
class Group:
    """The children of a rule that is only a part of another, such as the parameters of a clause."""

    items: tuple["Built", ...]
    span: Span


Built: TypeAlias = Node | MapItem | Keyword | Segment | RecordField | Clause | Function | Word | Group | None
Builder: TypeAlias = Callable[[str, list[Built], Span], Built]

# Not a level of nesting of their own.
_LEAVES: Final = (Constant, AtomName, Chars, Name, Wild)
_PARTS: Final = (MapItem, Keyword, Segment, RecordField, Clause, Function, Word, Group)


@final
class _Frame:
    """A rule whose children are being built."""

    def __init__(self, tree: "Tree[Token]") -> None:
        # With maybe_placeholders, an optional part that is absent is a None among the children.
        self.children: Final = cast("list[Child]", tree.children)
        self.rule: Final = str(tree.data)
        self.span: Final = Span(0, 0) if tree.meta.empty else Span(tree.meta.start_pos, tree.meta.end_pos)
        self.built: Final[list[Built]] = []
        self.deepest = 0


def fold(tree: "Tree[Token]", source: Source, build: Builder) -> Built:
    """What the builder makes of a parse tree.

    Raises:
        MatchSpecSyntaxError: the text is nested deeper than `LIMITS.max_depth`, or a literal in it has no value.
    """
    frames = [_Frame(tree)]
    while True:
        frame = frames[-1]
        position = len(frame.built)
        if position < len(frame.children):
            child = frame.children[position]
            if child is None:
                frame.built.append(None)
            elif isinstance(child, str):
                token: Token = child
                frame.built.append(Word(str(token), token.type, _token_span(token)))
            else:
                frames.append(_Frame(child))
            continue
        frames.pop()
        try:
            built = build(frame.rule, frame.built, frame.span)
        except LiteralError as error:
            raise MatchSpecSyntaxError(error.message, source=source, span=error.span, hint=error.hint) from None
        depth = frame.deepest + _level(frame.rule, built)
        if depth > LIMITS.max_depth:
            raise MatchSpecSyntaxError(
                f"nested deeper than {LIMITS.max_depth} levels",
                source=source,
                span=frame.span,
                hint="each bracket and each operator is a level; grammar.LIMITS.max_depth sets the limit",
            )
        if not frames:
            return built
        frames[-1].built.append(built)
        frames[-1].deepest = max(frames[-1].deepest, depth)


def _token_span(token: "Token") -> Span:
    start = token.start_pos
    assert start is not None
    return Span(start, start + len(token))


def _level(rule: str, built: Built) -> int:
    if isinstance(built, _PARTS) or (isinstance(built, _LEAVES) and rule != "paren"):
        return 0
    return 1


# ---- Reading the children. A wrong kind of child is a fault of the grammar, so these do not check. ------------------


def node(child: Built) -> Node:
    return cast("Node", child)


def nodes(children: list[Built]) -> tuple[Node, ...]:
    return cast("tuple[Node, ...]", tuple(children))


def optional(child: Built) -> Node | None:
    return cast("Node | None", child)


def word(child: Built) -> Word:
    return cast("Word", child)


def group(child: Built) -> tuple[Node, ...]:
    """The nodes of a `Group`, none if the part is absent."""
    return () if child is None else cast("tuple[Node, ...]", cast("Group", child).items)


def name_of(child: Built) -> str:
    """The name of an atom or a variable."""
    return cast("AtomName | Name", child).name


# ---- Nodes that every language builds alike --------------------------------------------------------------------------


def infix(children: list[Built], span: Span) -> Node:
    left, op, right = children
    return Infix(word(op).text, node(left), node(right), span)


def prefix(children: list[Built], span: Span) -> Node:
    op, operand = children
    return Unary(word(op).text, node(operand), span)


def bind(children: list[Built], span: Span) -> Node:
    return Bind(node(children[0]), node(children[-1]), span)


def widened(child: Built, span: Span) -> Node:
    """The node in parentheses: the same node, its span with the parentheses."""
    return replace(node(child), span=span)
