"""Source text laid out as formatters lay it out: on one line where it fits, else one level of brackets at a time.

A `Group` is a pair of brackets around items, with text before and after it; an item is a text or a group.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias, final

INDENT: Final = 4


@final
@dataclass(frozen=True)
class Group:
    """`before` and `after` include the brackets: `Group("f(", (a, b), ")", call=True)`. `single`: a tuple of one."""

    before: str
    items: "tuple[Part, ...]"
    after: str
    single: bool = False
    call: bool = False


Part: TypeAlias = str | Group


def flat(part: Part) -> str:
    """On one line."""
    if isinstance(part, str):
        return part
    inner = ", ".join([flat(item) for item in part.items])
    return f"{part.before}{inner}{',' if part.single else ''}{part.after}"


def entry(key: Part, value: Part) -> Part:
    """An entry of a dict."""
    if isinstance(value, str):
        return f"{flat(key)}: {value}"
    return Group(f"{flat(key)}: {value.before}", value.items, value.after, value.single, value.call)


def laid_out(part: Part, width: int, indent: int = 0, tail: str = "") -> list[str]:
    """As lines of at most `width` characters where that can be done; `tail` follows on the last line."""
    line = " " * indent + flat(part) + tail
    if len(line) <= width or isinstance(part, str) or not part.items:
        return [line]
    inner = indent + INDENT
    first, last = " " * indent + part.before, " " * indent + part.after + tail
    joined = " " * inner + ", ".join([flat(item) for item in part.items])
    if part.call and len(joined) <= width:  # the arguments of a call may share a line
        return [first, joined, last]
    if part.call and len(part.items) == 1:
        return [first, *laid_out(part.items[0], width, inner), last]
    lines = [first]
    for item in part.items:
        lines.extend(laid_out(item, width, inner, ","))
    return [*lines, last]
