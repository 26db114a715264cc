"""The values of literals: numbers, characters, escapes in strings and quoted atoms.

The grammars say what a literal looks like; this module says what it is worth, and refuses what has the right look but
no value (`16#zz`, `1.0e999`, an escape without digits). Every function takes the text and its offset in the source, so
that the error can point at the very character.
"""

import re
import sys
from math import isinf
from typing import Final, final

from grammar.limits import LIMITS
from grammar.span import Span

MAX_ATOM: Final = 255  # characters; Erlang has no longer atoms

_ERLANG_ESCAPE: Final = re.compile(r"\\(?:x\{([0-9a-fA-F]*)\}|x([0-9a-fA-F]{2})|([0-7]{1,3})|\^([\s\S])|([\s\S]))")
_ERLANG_SHORT: Final = {"b": "\b", "d": "\x7f", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "s": " ", "t": "\t"}
_ERLANG_SHORT["v"] = "\v"

_ELIXIR_ESCAPE: Final = re.compile(
    r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x\{([0-9a-fA-F]{1,6})\}|x([0-9a-fA-F]{1,2})|(\r?\n)|([\s\S]))"
)
_ELIXIR_SHORT: Final = {**_ERLANG_SHORT, "a": "\a", "0": "\0"}


@final
class LiteralError(Exception):
    """A literal without a value; becomes a `MatchSpecSyntaxError` where the source is known."""

    def __init__(self, message: str, span: Span, hint: str = "") -> None:
        super().__init__(message)
        self.message: Final = message
        self.span: Final = span
        self.hint: Final = hint


def integer(text: str, start: int, base: int = 10) -> int:
    """The value of digits in a base from 2 to 36, with underscores between them.

    Raises:
        LiteralError: a digit that the base does not have, no digit, or more than `LIMITS.max_digits` of them.
    """
    span = Span(start, start + len(text))
    digits = text.replace("_", "")
    if len(digits) > LIMITS.max_digits:
        raise LiteralError(
            f"an integer of {len(digits)} digits, but the limit is {LIMITS.max_digits}",
            span,
            "grammar.LIMITS.max_digits sets the limit",
        )
    try:
        return int(text, base)
    except ValueError:
        most = sys.get_int_max_str_digits()
        if base & (base - 1) and 0 < most < len(digits):
            hint = "sys.set_int_max_str_digits sets that limit"
            raise LiteralError(f"{len(digits)} digits, but Python converts at most {most}", span, hint) from None
        reason = f"is not an integer of base {base}" if digits else "has no digits"
        raise LiteralError(f"{text!r} {reason}", span) from None


def radix_integer(text: str, start: int) -> int:
    """The value of Erlang's `16#ff`."""
    base_text, _, digits = text.partition("#")
    base = integer(base_text, start)
    if not 2 <= base <= 36:
        span = Span(start, start + len(base_text))
        raise LiteralError(f"base {base_text} does not exist", span, "a base is from 2 to 36")
    return integer(digits, start + len(base_text) + 1, base)


def floating(text: str, start: int) -> float:
    """The value of a float literal; one that no float can hold is an error, as it is in Erlang."""
    value = float(text)
    if isinf(value):
        raise LiteralError("a float out of range", Span(start, start + len(text)), "the largest is 1.797e308")
    return value


def atom_name(name: str, span: Span) -> str:
    """The name itself, unless an atom cannot be that long."""
    if len(name) > MAX_ATOM:
        raise LiteralError(f"an atom of {len(name)} characters, but the limit is {MAX_ATOM}", span)
    return name


def code_point(digits: str, base: int, span: Span) -> str:
    """The character with that number, which must be one of Unicode's and no surrogate."""
    value = int(digits, base) if digits else -1
    if not 0 <= value <= 0x10FFFF or 0xD800 <= value <= 0xDFFF:
        raise LiteralError("an escape that stands for no character", span)
    return chr(value)


def erlang_text(text: str, start: int) -> str:
    """The characters of an Erlang string, quoted atom or `$` character, given without its quotes or `$`."""
    if "\\" not in text:
        return text

    def replaced(match: re.Match[str]) -> str:
        braced, pair, octal, control, other = match.groups()
        span = Span(start + match.start(), start + match.end())
        if control is not None:
            return chr(ord(control) & 31)
        if octal is not None:
            return code_point(octal, 8, span)
        if other is None:
            return code_point(pair if pair is not None else braced, 16, span)
        if other == "x":
            raise LiteralError("an escape without its digits", span, r"write two digits \x41, or \x{1f600}")
        return _ERLANG_SHORT.get(other, other)

    return _ERLANG_ESCAPE.sub(replaced, text)


def elixir_bytes(text: str, start: int) -> str | bytes:
    """The content of an Elixir string without its quotes; bytes if it is not UTF-8, which only `\\xff` can cause."""
    if "\\" not in text:
        return text
    parts: list[bytes] = []
    done = 0
    for match in _ELIXIR_ESCAPE.finditer(text):
        parts.append(text[done : match.start()].encode())
        parts.append(_elixir_escape(match, start))
        done = match.end()
    parts.append(text[done:].encode())
    joined = b"".join(parts)
    try:
        return joined.decode()
    except UnicodeDecodeError:
        return joined


def elixir_text(text: str, start: int, what: str) -> str:
    """The content of an Elixir literal that must be characters, such as an atom."""
    content = elixir_bytes(text, start)
    if isinstance(content, bytes):
        span = Span(start, start + len(text))
        raise LiteralError(f"{what} must be valid UTF-8", span, r"write \u00ff for a character")
    return content


def elixir_character(text: str, start: int) -> int:
    """The number of the character after Elixir's `?`, which may be an escape of one letter."""
    if not text.startswith("\\"):
        return ord(text)
    letter = text[1]
    if letter in "xu\r\n":
        raise LiteralError("an escape that a character literal does not have", Span(start, start + 2))
    return ord(_ELIXIR_SHORT.get(letter, letter))


def _elixir_escape(match: re.Match[str], start: int) -> bytes:
    braced, four, old_braced, byte, newline, other = match.groups()
    span = Span(start + match.start(), start + match.end())
    if newline is not None:
        return b""
    if byte is not None:
        return bytes((int(byte, 16),))
    if other is None:
        return code_point(braced or four or old_braced, 16, span).encode()
    if other in "xu":
        raise LiteralError("an escape without its digits", span, r"write \x41, \u0041 or \u{1f600}")
    return _ELIXIR_SHORT.get(other, other).encode()
