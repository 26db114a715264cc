"""Token filters between the lexers and the parsers of Erlang and Elixir.

Lark calls `process` with the stream of tokens of a text. A filter keeps its state in local variables only, because one
parser serves all threads. `always_accept` lists terminals that no rule uses: the lexer is to know them so that the
parser stops at them, and the error can say why.

Elixir's tokens depend on their surroundings in two ways. A line break ends an expression, unless the token before it
cannot end one or the token after it cannot begin one: `_ends_here` follows the tokenizer of Elixir, in which a binary
operator at the start of a line takes the line break away, but `+` and `-` do not, since they may be prefixes. And
`f(x)`, `f (x)`, `x[0]`, `x [0]`, `x - 1` and `x -1` differ by their white space alone.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from lark import Token


@final
class ErlangLayout:
    """Erlang needs no layout; its tokens pass unchanged."""

    always_accept: Final = ("REFUSED", "REFUSED_OPAQUE")

    def process(self, stream: "Iterator[Token]") -> "Iterator[Token]":
        return stream


_BINARY: Final = frozenset(
    "= || ||| or && &&& and == != =~ === !== < > <= >= <<< >>> in ^^^ ++ -- <> .. * / ** . | => :: -> when".split()
)
_PREFIXES: Final = frozenset("+ - ! not ~~~ ^ &".split())
_OPENING: Final = frozenset("( [ { %{ << do fn".split())
_CLOSING: Final = frozenset(") ] } >> end".split())

# A line break after one of these, or before one of those, does not end an expression.
_GOES_ON_AFTER: Final = _BINARY | _PREFIXES | _OPENING | {",", ";"}
_GOES_ON_BEFORE: Final = _BINARY | _CLOSING | {";"}

_KEYS: Final = ("KEY", "QUOTED_KEY")
_INDEXED: Final = frozenset(") ] } >>".split())


@final
class ElixirLayout:
    """Elixir's line breaks, calls and accesses; see the head of this module."""

    always_accept: Final = (
        "REFUSED",
        "REFUSED_SIGIL",
        "REFUSED_STRUCT",
        "REFUSED_INTERPOLATION",
        "REFUSED_AMBIGUOUS",
        "REFUSED_KEY",
    )

    def process(self, stream: "Iterator[Token]") -> "Iterator[Token]":
        previous: Token | None = None
        line_break: Token | None = None
        for token in _spaced(stream):
            if token.type == "_NEWLINE":
                line_break = line_break or token
                continue
            if line_break is not None and previous is not None and _ends_here(previous, token):
                yield line_break
            line_break = None
            previous = token
            yield token


def _ends_here(before: "Token", after: "Token") -> bool:
    """Whether a line break between these tokens ends an expression."""
    if before.type in _KEYS or after.type == "REFUSED":
        return False
    return str(before) not in _GOES_ON_AFTER and str(after) not in _GOES_ON_BEFORE


def _spaced(stream: "Iterator[Token]") -> "Iterator[Token]":
    """The tokens, renamed where the white space around them matters."""
    # Three tokens show whether the second touches the others; only the first is ready to go on.
    waiting: list[Token] = []
    before: Token | None = None
    for token in stream:
        waiting.append(token)
        if len(waiting) > 2:
            first = waiting.pop(0)
            yield _renamed(before, first, waiting)
            before = first
    while waiting:
        first = waiting.pop(0)
        yield _renamed(before, first, waiting)
        before = first


def _renamed(before: "Token | None", token: "Token", after: "list[Token]") -> "Token":
    kind = token.type
    following = after[0] if after else None
    if kind == "LSQB":
        indexes = before is not None and _touch(before, token) and _indexed(before)
        return token.update(type="INDEX") if indexes else token
    if following is None:
        return token
    if kind in ("NAME", "FUN"):
        if following.type == "LPAR" and _touch(token, following):
            return token.update(type="CALL")
        if kind == "NAME" and _ambiguous(token, after):
            return token.update(type="REFUSED_AMBIGUOUS")
    elif kind in _KEYS and _touch(token, following) and following.type != "_NEWLINE":
        return token.update(type="REFUSED_KEY")
    return token


def _touch(left: "Token", right: "Token") -> bool:
    return left.end_pos == right.start_pos


def _indexed(before: "Token") -> bool:
    """Whether `[` right after this token takes an element of it."""
    return before.type in ("NAME", "FUN", "STRING", "CHARLIST") or str(before) in _INDEXED


def _ambiguous(name: "Token", after: "list[Token]") -> bool:
    """Whether a sign follows as in `x -1`, which Elixir takes for the call `x(-1)`."""
    sign = after[0]
    if len(after) < 2 or str(sign) not in ("+", "-") or _touch(name, sign) or not _touch(sign, after[1]):
        return False
    return str(after[1])[0] not in "([<{%+-/>:\r\n"
