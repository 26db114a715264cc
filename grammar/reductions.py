"""What Lark does at every reduction, made cheaper: half of the time of parsing goes there.

Lark calls one callback per rule. Between an operand and the expression that it is stand a dozen rules, one for each
level of precedence, of which most reduce a single child to itself: `alone` does that without Lark's wrappers. The rest
keep Lark's builder, but note only the offsets of a node: Lark's own wrapper also notes lines and columns, which nobody
reads here, since a span is two offsets.

The trees are the same with and without. Where a release of Lark is built differently, it is left as it is.
"""

from collections.abc import Callable
from typing import Any, Final, TypeAlias, final

Children: TypeAlias = list[Any]  # trees, tokens, and None where an optional part is left out
Builder: TypeAlias = Callable[[Children], Any]
Untyped: TypeAlias = Any  # Lark's parts, which have no types


def shorten(lark: Untyped, tree: type, token: type) -> int:
    """Replaces the callbacks of a parser; gives their number. `tree` and `token` are Lark's classes."""
    inner = getattr(getattr(getattr(lark, "parser", None), "parser", None), "parser", None)
    callbacks = getattr(inner, "callbacks", None)
    if not isinstance(callbacks, dict):
        return 0
    found = [(rule, call) for rule, call in callbacks.items() if type(call).__name__ == "PropagatePositions"]
    for rule, call in found:
        callbacks[rule] = alone if _is_unit(rule) else Positions(call.node_builder, tree, token)
    return len(found)


def _is_unit(rule: Untyped) -> bool:
    """Whether a rule has one child, which it keeps and stands for (`?rule: child`)."""
    options = rule.options
    if len(rule.expansion) != 1 or not options.expand1 or any(options.empty_indices) or rule.alias is not None:
        return False
    symbol = rule.expansion[0]
    dropped = symbol.is_term and symbol.filter_out and not options.keep_all_tokens
    # What a rule named _so has as children becomes the children of its parent.
    return not dropped and not symbol.name.startswith("_")


def alone(children: Children) -> Untyped:
    return children[0]


@final
class Positions:
    """A node starts where its first child does and ends where its last one does, tokens that are dropped included.

    A child may have been taken out of brackets, as `(x)` is x: its own span is then smaller than its container's.
    """

    __slots__ = ("build", "token", "tree")

    def __init__(self, build: Builder, tree: type, token: type) -> None:
        self.build: Final = build
        self.tree: Final = tree
        self.token: Final = token

    def __call__(self, children: Children) -> Untyped:
        node = self.build(children)
        if not isinstance(node, self.tree):
            return node
        start = end = -1
        for child in children:
            if isinstance(child, self.token):
                start = child.start_pos  # type: ignore[attr-defined]  # of a class that only Lark knows
                break
            if isinstance(child, self.tree) and not child.meta.empty:  # type: ignore[attr-defined]  # as above
                start = child.meta.container_start_pos  # type: ignore[attr-defined]  # as above
                break
        for child in reversed(children):
            if isinstance(child, self.token):
                end = child.end_pos  # type: ignore[attr-defined]  # as above
                break
            if isinstance(child, self.tree) and not child.meta.empty:  # type: ignore[attr-defined]  # as above
                end = child.meta.container_end_pos  # type: ignore[attr-defined]  # as above
                break
        if start >= 0:
            meta = node.meta  # type: ignore[attr-defined]  # as above
            if meta.empty:
                meta.empty, meta.start_pos, meta.end_pos = False, start, end
            meta.container_start_pos, meta.container_end_pos = start, end
        return node
