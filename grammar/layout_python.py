"""The layout of Python: which line ends count, what is indented, and which words are reserved.

Stands between Lark's lexer and its parser for `python.lark`. A lambda or a term stands between brackets in the file
of its caller, or is a text of its own; its line ends are white space. In a function (a text that begins with `def` or
a decorator), a line end outside brackets ends a line, and the indentation of the next line opens or closes blocks.

A token that no rule of the grammar takes stops the parser there, and `words_python` has the hint for it: that is how a
reserved word, a name that is none and a wrong indentation are refused here without a text or an error at hand.
"""

from collections.abc import Iterator
from keyword import kwlist
from typing import TYPE_CHECKING, Final, TypeAlias, final

if TYPE_CHECKING:
    from lark import Token

Indentation: TypeAlias = tuple[int, int]

_OPENING: Final = frozenset(("LPAR", "LSQB", "LBRACE"))
_CLOSING: Final = frozenset(("RPAR", "RSQB", "RBRACE"))
_RESERVED: Final = frozenset(kwlist)
_SOFT: Final = {"match": "_MATCH", "case": "_CASE"}


@final
class PythonLayout:
    """A Lark post-lexer. It keeps no state between texts, so that threads may share it."""

    # Lark drops terminals that no rule uses, except these.
    always_accept: Final = ("_NEWLINE", "FORMATTED", "IMAGINARY", "WALRUS")

    def process(self, stream: "Iterator[Token]") -> "Iterator[Token]":
        """The tokens for the parser."""
        line_end: Token | None = None
        for token in stream:
            if token.type == "_NEWLINE":
                line_end = token
            elif token.type in ("DEF", "AT"):
                yield from _function(token, line_end, stream)
            else:
                yield _word(token)
                yield from (_word(later) for later in stream if later.type != "_NEWLINE")


def _function(first: "Token", before: "Token | None", stream: "Iterator[Token]") -> "Iterator[Token]":
    """The tokens of a function, its line ends and blocks included."""
    # A function out of the middle of a file keeps its indentation, so its first line says what "not indented" is.
    levels = [_indentation(" " * ((first.column or 1) - 1) if before is None else str(before))]
    depth = 0
    line_end: Token | None = None
    last = first
    yield first
    for token in stream:
        if token.type == "_NEWLINE":
            # Of several line ends in a row only the last counts: the others end blank lines or comments.
            line_end = token if depth <= 0 else None
            continue
        if line_end is not None:
            yield from _new_line(line_end, levels)
            token = _soft(token)
            line_end = None
        if token.type in _OPENING:
            depth += 1
        elif token.type in _CLOSING:
            depth -= 1
        last = _word(token)
        yield last
    if depth <= 0:
        yield _after(last, "_NEWLINE")
        for _ in levels[1:]:
            yield _after(last, "_DEDENT")


def _new_line(line_end: "Token", levels: list[Indentation]) -> "Iterator[Token]":
    """The line end and what the indentation after it opens or closes; `levels` are the open blocks."""
    yield line_end
    here = _indentation(str(line_end))
    if _deeper(here, levels[-1]):
        levels.append(here)
        yield _after(line_end, "_INDENT")
    while len(levels) > 1 and _deeper(levels[-1], here):
        levels.pop()
        yield _after(line_end, "_DEDENT")
    if here != levels[-1]:
        yield _after(line_end, "BAD_INDENTATION")


def _indentation(line_end: str) -> Indentation:
    """The width of the white space after a line end, once with tab stops every 8 columns and once with tabs as 1.

    Python calls an indentation inconsistent where the two would disagree about which line is deeper.
    """
    blank = line_end.lstrip("\r\n").rpartition("\f")[2]
    return len(blank.expandtabs(8)), len(blank)


def _deeper(inner: Indentation, outer: Indentation) -> bool:
    return inner[0] > outer[0] and inner[1] > outer[1]


def _after(token: "Token", kind: str) -> "Token":
    """An empty token where another one ends."""
    return type(token)(
        kind, "", token.end_pos, token.end_line, token.end_column, token.end_line, token.end_column, token.end_pos
    )


def _soft(token: "Token") -> "Token":
    """The first token of a line: `match` and `case` are keywords there and nowhere else."""
    return token.update(type=_SOFT.get(str(token), token.type)) if token.type == "NAME" else token


def _word(token: "Token") -> "Token":
    """The token, or one that no rule takes if it is a name that Python does not allow."""
    if token.type != "NAME":
        return token
    if token in _RESERVED:
        return token.update(type="RESERVED")
    return token if token.isidentifier() else token.update(type="BAD_NAME")
