"""The values of Python's literals: numbers and strings, with every prefix and escape that Python has.

Called by `build_python` with the text of one token and its offset in the source. The tokens have the right shape
already, by the terminals of `python.lark`; what a terminal cannot say, such as that `\\x` wants two digits, is a
`LiteralError` here.
"""

import re
from typing import Final
from unicodedata import lookup

from grammar.literals import LiteralError, integer
from grammar.span import Span

_PREFIXED: Final = re.compile(r"(?P<prefix>[A-Za-z]*)(?P<quote>'''|\"\"\"|'|\")(?P<text>.*)(?P=quote)", re.DOTALL)
_LINE_ENDS: Final = re.compile(r"\r\n?")
_ESCAPE: Final = re.compile(
    r"\\(?:(?P<octal>[0-7]{1,3})|x(?P<byte>[0-9A-Fa-f]{2})|(?P<other>.))",
    re.DOTALL,
)
_TEXT_ESCAPE: Final = re.compile(
    r"\\(?:(?P<octal>[0-7]{1,3})|x(?P<byte>[0-9A-Fa-f]{2})|u(?P<short>[0-9A-Fa-f]{4})|U(?P<long>[0-9A-Fa-f]{8})"
    r"|N\{(?P<name>[^{}]+)\}|(?P<other>.))",
    re.DOTALL,
)
_SIMPLE: Final = {
    "\n": "",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}


def number(text: str, start: int) -> int | float:
    """The value of `18`, `1_000`, `0xff`, `0o17`, `0b101`, `1.5` or `1e-3`.

    Raises:
        LiteralError: an integer with more than `LIMITS.max_digits` digits.
    """
    base = {"0x": 16, "0o": 8, "0b": 2}.get(text[:2].lower(), 10)
    if base != 10:
        return integer(text[2:].lstrip("_"), start + 2, base)
    return integer(text, start) if text.replace("_", "").isdecimal() else float(text)


def string(text: str, start: int) -> str | bytes:
    """The value of one string or bytes literal, quotes and prefix included.

    Raises:
        LiteralError: an escape is incomplete or names no character, or bytes hold a character beyond ASCII.
    """
    matched = _PREFIXED.fullmatch(text)
    assert matched is not None, "the terminals of python.lark let only such texts through"
    prefix = matched["prefix"].lower()
    inside = start + matched.start("text")
    # Python reads every line end in a source text as a line feed, inside strings too.
    content = _LINE_ENDS.sub("\n", matched["text"])
    if "b" in prefix:
        return _bytes(content, inside, raw="r" in prefix)
    return content if "r" in prefix else _text(content, inside)


def _text(content: str, start: int) -> str:
    pieces: list[str] = []
    end = 0
    for found in _TEXT_ESCAPE.finditer(content):
        pieces.append(content[end : found.start()])
        pieces.append(_character(found, start))
        end = found.end()
    pieces.append(content[end:])
    return "".join(pieces)


def _character(found: "re.Match[str]", start: int) -> str:
    span = Span(start + found.start(), start + found.end())
    if found["octal"] is not None:
        return chr(int(found["octal"], 8))
    code = found["byte"] or found["short"] or found["long"]
    if code is not None:
        if int(code, 16) > 0x10FFFF:
            raise LiteralError(f"{found[0]} is beyond the last character, \\U0010ffff", span)
        return chr(int(code, 16))
    if found["name"] is not None:
        return _named(found["name"], span)
    other = str(found["other"])
    if other in "xuUN":
        wanted = {"x": "two hex digits", "u": "four hex digits", "U": "eight hex digits", "N": "a name in braces"}
        raise LiteralError(f"\\{other} must be followed by {wanted[other]}", span)
    # An escape that means nothing stands for itself, backslash included.
    return _SIMPLE.get(other, f"\\{other}")


def _named(name: str, span: Span) -> str:
    try:
        character = lookup(name)
    except KeyError:
        character = ""
    # `lookup` also knows names of sequences, which an escape cannot have.
    if len(character) != 1:
        raise LiteralError(f"no character is called {name!r}", span)
    return character


def _bytes(content: str, start: int, raw: bool) -> bytes:
    for position, character in enumerate(content):
        if character > "\x7f":
            raise LiteralError(
                f"a bytes literal holds ASCII characters only, not {character!r}",
                Span(start + position, start + position + 1),
                "write other bytes as \\xff",
            )
    if raw:
        return content.encode("ascii")
    pieces: list[bytes] = []
    end = 0
    for found in _ESCAPE.finditer(content):
        pieces.append(content[end : found.start()].encode("ascii"))
        pieces.append(_byte(found, start))
        end = found.end()
    pieces.append(content[end:].encode("ascii"))
    return b"".join(pieces)


def _byte(found: "re.Match[str]", start: int) -> bytes:
    if found["octal"] is not None:
        # Python keeps the low eight bits of \400 and above.
        return bytes((int(found["octal"], 8) & 0xFF,))
    if found["byte"] is not None:
        return bytes.fromhex(found["byte"])
    other = str(found["other"])
    if other == "x":
        raise LiteralError("\\x must be followed by two hex digits", Span(start + found.start(), start + found.end()))
    return _SIMPLE.get(other, f"\\{other}").encode("ascii")
