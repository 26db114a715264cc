"""Parse tree of a Python `case` pattern -> syntax tree; the last part of the chain that `build_python` starts.

Python's two kinds of sequence pattern mean the same; `(a, b)` and `a, b` become a `TupleNode`, `[a, b]` a `ListNode`.
A mapping pattern's `**rest` is the last `MapItem`, whose key is the `Rest` and whose value is a `Wild`.
"""

from collections.abc import Iterator
from unicodedata import normalize

from grammar.build import Built, Word, node, nodes, word
from grammar.literals import LiteralError
from grammar.span import Span
from grammar.tree import (
    Alternatives,
    Attribute,
    Bind,
    ClassPattern,
    Keyword,
    ListNode,
    MapItem,
    MapNode,
    Name,
    Node,
    Rest,
    TupleNode,
    Unary,
    ValuePattern,
    Wild,
)


def build_pattern(rule: str, children: list[Built], span: Span) -> Built:
    """The node of a pattern.

    Raises:
        LiteralError: Python refuses the pattern.
    """
    match rule:
        case "capture":
            return _capture(children[0], span)
        case "negative":
            return Unary("-", node(children[1]), span)
        case "dotted":
            return _dotted(children, span)
        case "value_pattern":
            dotted = node(children[0])
            assert isinstance(dotted, Attribute)
            return ValuePattern(dotted, span)
        case "tuple_pattern":
            return TupleNode(_sequence(nodes(children)), span)
        case "list_pattern":
            return ListNode(_sequence(nodes(children)), span=span)
        case "rest_pattern":
            return Rest(_capture(children[1], word(children[1]).span), span)
        case _:
            return _other_pattern(rule, children, span)


def _other_pattern(rule: str, children: list[Built], span: Span) -> Built:
    match rule:
        case "mapping_pattern":
            return _mapping(children, span)
        case "entry":
            return MapItem(node(children[0]), node(children[1]), span=span)
        case "rest_entry":
            return MapItem(Rest(_target(children[1], "**"), span), Wild(span), span=span)
        case "class_pattern":
            args, keywords = split_keywords(children[1:])
            return ClassPattern(node(children[0]), args, keywords, span)
        case "or_pattern":
            return _alternatives(nodes(children), span)
        case "as_pattern":
            return Bind(node(children[0]), _target(children[1], "as"), span)
        case _:
            raise AssertionError(rule)


def name(child: Built) -> str:
    """The name that a NAME token stands for: Python reads different spellings of the same letters as one name."""
    return normalize("NFKC", word(child).text)


def split_keywords(children: list[Built]) -> tuple[tuple[Node, ...], tuple[Keyword, ...]]:
    """The arguments by position and by keyword.

    Raises:
        LiteralError: one by position follows one by keyword, or two have the same keyword.
    """
    args: list[Node] = []
    keywords: list[Keyword] = []
    for child in children:
        if isinstance(child, Keyword):
            if any(child.name == earlier.name for earlier in keywords):
                raise LiteralError(f"the keyword {child.name} is given twice", child.span)
            keywords.append(child)
            continue
        arg = node(child)
        if keywords and not isinstance(arg, Rest):
            raise LiteralError("an argument without a keyword follows one with a keyword", arg.span)
        args.append(arg)
    return tuple(args), tuple(keywords)


def irrefutable(pattern: Node) -> bool:
    """Whether a pattern matches everything, in Python's sense."""
    match pattern:
        case Name() | Wild():
            return True
        case Bind():
            return irrefutable(pattern.left)
        case Alternatives():
            return irrefutable(pattern.options[-1])
        case _:
            return False


def check_captures(pattern: Node) -> None:
    """Refuses a pattern that binds a name twice, or whose alternatives bind different names.

    Raises:
        LiteralError: as said.
    """
    _bound(pattern)


def _bound(pattern: Node) -> dict[str, Name]:
    """The names that a pattern binds."""
    match pattern:
        case Name():
            return {pattern.name: pattern}
        case Alternatives():
            return _bound_by_each(pattern)
        case _:
            found: dict[str, Name] = {}
            for inner in _inner(pattern):
                for bound in _bound(inner).values():
                    if bound.name in found:
                        raise LiteralError(
                            f"the pattern binds {bound.name} twice",
                            bound.span,
                            "bind two names and compare them in a guard",
                        )
                    found[bound.name] = bound
            return found


def _bound_by_each(pattern: Alternatives) -> dict[str, Name]:
    first, *others = [_bound(option) for option in pattern.options]
    for option, found in zip(pattern.options[1:], others, strict=True):
        if found.keys() != first.keys():
            different = sorted(found.keys() ^ first.keys())
            raise LiteralError(
                f"this alternative binds other names than the first ({', '.join(different)})",
                option.span,
                "all alternatives of a pattern must bind the same names",
            )
    return first


def _inner(pattern: Node) -> Iterator[Node]:
    """The patterns of which a pattern consists, in the order of the text."""
    match pattern:
        case TupleNode() | ListNode():
            yield from pattern.items
        case MapNode():
            yield from (item.key if isinstance(item.key, Rest) else item.value for item in pattern.items)
        case ClassPattern():
            yield from pattern.args
            yield from (keyword.value for keyword in pattern.keywords)
        case Bind():
            yield from (pattern.left, pattern.right)
        case Rest():
            yield pattern.value
        case _:
            return


def _capture(child: Built, span: Span) -> Name | Wild:
    text = name(child)
    return Wild(span) if text == "_" else Name(text, span)


def _target(child: Built, keyword: str) -> Name:
    target = _capture(child, word(child).span)
    if isinstance(target, Wild):
        raise LiteralError(f"{keyword} must be followed by a name other than _", target.span)
    return target


def _dotted(children: list[Built], span: Span) -> Attribute:
    first, last = children
    value = Name(name(first), first.span) if isinstance(first, Word) else node(first)
    return Attribute(value, name(last), span)


def _sequence(items: tuple[Node, ...]) -> tuple[Node, ...]:
    stars = [item for item in items if isinstance(item, Rest)]
    if len(stars) > 1:
        raise LiteralError("a sequence pattern can have one * only", stars[1].span)
    return items


def _mapping(children: list[Built], span: Span) -> MapNode:
    items = tuple(child for child in children if isinstance(child, MapItem))
    for item in items[:-1]:
        if isinstance(item.key, Rest):
            raise LiteralError("** must be the last in a mapping pattern", item.span)
    return MapNode(items, span=span)


def _alternatives(options: tuple[Node, ...], span: Span) -> Alternatives:
    for option in options[:-1]:
        if irrefutable(option):
            raise LiteralError("this alternative matches everything, so those after it are never tried", option.span)
    return Alternatives(options, span)
