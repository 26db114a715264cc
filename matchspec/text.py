"""Terms as text, in Erlang's, Elixir's and Python's spelling, and back.

`parse_term(format_term(term, syntax), syntax)` is exactly the term again, for every term that the language can write.
A pid, a reference, a function and most other Python objects have no text; asking for it is an error.
"""

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Final, TypeAlias, assert_never, cast
from typing import Literal as OneOf
from uuid import UUID

from grammar.errors import MatchSpecError
from matchspec.errors import RenderError
from matchspec.terms import (
    MAX_TERM_DEPTH,
    OTHER,
    ImproperList,
    is_atom,
    is_float,
    is_integer,
    rank,
    stack_exhausted,
    too_deep,
)
from matchspec.unchecked import Unchecked
from matchspec.values import ANY, BINDINGS, CONST, ROW, Atom, Bitstring, Term, atom_name, shown, variable_number

Syntax: TypeAlias = OneOf["erlang", "elixir", "python"]

ERLANG_RESERVED: Final = frozenset(
    "after and andalso band begin bnot bor bsl bsr bxor case catch cond div else end fun if let maybe not of or orelse "
    "receive rem try when xor".split()
)
_ERLANG_ATOM: Final = re.compile(r"[a-z][A-Za-z0-9_@]*\Z")
_ELIXIR_ATOM: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_@]*[?!]?\Z")
_ELIXIR_OPERATORS: Final = frozenset("+ - * / < > <= >= == != === !== =~ ++ -- && || ! = | & ^ <> .. @".split())
_PYTHON_VALUES: Final = (date, datetime, time, timedelta, Decimal, Fraction, UUID)


def _syntax(value: Term) -> Syntax:
    if not isinstance(value, str) or value not in ("erlang", "elixir", "python"):
        raise MatchSpecError(f"syntax must be 'erlang', 'elixir' or 'python', not {shown(value)}")
    return cast(Syntax, value)


def format_term(term: Term, syntax: Syntax | Unchecked = "erlang") -> str:
    """The text of a term, on one line.

    Raises RenderError for a value that has no text in this language, TermError when nested too deeply.
    """
    language = _syntax(syntax)
    try:
        match language:
            case "erlang":
                return _erlang(term, 0)
            case "elixir":
                return _elixir(term, 0)
            case "python":
                return _python(term, 0)
            case _:
                assert_never(language)
    except RecursionError:
        raise stack_exhausted() from None


def parse_term(text: str, syntax: Syntax | Unchecked = "erlang") -> Term:
    """The term that a text writes.

    Raises MatchSpecSyntaxError where it does not parse, ResolveError where it is no term (a variable, a call).
    """
    from grammar import parse_term as parse
    from matchspec.literals import term_from_node

    language = _syntax(syntax)
    try:
        parsed = parse(text, language)
        return term_from_node(parsed.node, parsed.source)
    except RecursionError:
        raise stack_exhausted() from None


def brief(term: Term) -> str:
    """The term in Erlang's spelling for a message, cut off where it is long."""
    try:
        text = format_term(term)
    except MatchSpecError:
        return shown(term, 80)
    return text if len(text) <= 80 else text[:77] + "..."


def _no_text(term: Term, language: str) -> RenderError:
    return RenderError(f"a value of type {type(term).__name__} has no text in {language}: {shown(term)}")


def _integer(term: int, language: str) -> str:
    try:
        return str(int(term))
    except ValueError:  # more digits than Python converts
        raise RenderError(f"an integer of {term.bit_length()} bits is too long for text in {language}") from None


def float_text(value: float) -> str:
    """A float as Erlang and Elixir write it: the shortest digits that read back as the same float, always with a
    point, with an exponent where that is shorter or from 2**53 on.
    """
    sign = "-" if repr(value).startswith("-") else ""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return sign + "0.0"
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))  # digits before the point
    digits = digits.rstrip("0")
    scientific = f"{digits[0]}.{digits[1:] or '0'}e{point - 1}"
    # What the exponent costs in characters, against the zeros that it saves: Erlang takes the shorter form.
    cost = len(str(point - 1)) + (3 if len(digits) == 1 else 2)
    if point <= 0:
        return sign + (f"0.{'0' * -point}{digits}" if point == 0 or 2 - point <= cost else scientific)
    if point < len(digits):
        return sign + f"{digits[:point]}.{digits[point:]}"
    zeros = point - len(digits)
    plain = zeros + 2 <= cost and abs(value) < 2.0**53
    return sign + (f"{digits}{'0' * zeros}.0" if plain else scientific)


def _float(value: float, language: str) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        raise RenderError(f"the float {value!r} has no text in {language}")
    return float_text(value)


_ESCAPES: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\x1b": "\\e", "\\": "\\\\"}


def _quote(text: str, quote: str, codepoint: str) -> str:
    """Text between quotes; `codepoint` is the escape of one, with {} for its hexadecimal digits."""
    parts: list[str] = []
    for char in text:
        if char == quote:
            parts.append("\\" + char)
        elif char in _ESCAPES:
            parts.append(_ESCAPES[char])
        elif char.isprintable():
            parts.append(char)
        else:
            parts.append(codepoint.format(f"{ord(char):x}"))
    return quote + "".join(parts) + quote


def _joined(items: "list[str]", tail: str | None, comma: str) -> str:
    return f"[{comma.join(items)}{'' if tail is None else ('|' if comma == ',' else ' | ') + tail}]"


def _bits(term: Bitstring, comma: str, size: str) -> str:
    """The segments of a bitstring: its whole bytes, and the bits that are left with their number."""
    left = term.bits % 8
    last = f"{term.data[-1] >> (8 - left)}{size}{left}"
    return comma.join([*[str(byte) for byte in term.data[:-1]], last])


# --- Erlang -------------------------------------------------------------------------------------------------------


def erlang_atom(name: str) -> str:
    """An atom as Erlang writes it, quoted where it has to be."""
    if _ERLANG_ATOM.match(name) and name not in ERLANG_RESERVED:
        return name
    return _quote(name, "'", "\\x{{{}}}")


def _erlang(term: Term, depth: int) -> str:
    if depth > MAX_TERM_DEPTH:
        raise too_deep()
    if is_atom(term):
        return erlang_atom(atom_name(term))
    if rank(term) == OTHER:  # a member of an Enum may also be a str or an int
        raise _no_text(term, "Erlang")
    match term:
        case int() if is_integer(term):
            return _integer(term, "Erlang")
        case float() if is_float(term):
            return _float(term, "Erlang")
        case str():
            return _erlang_text(term)
        case bytes():
            return _erlang_bytes(term)
        case Bitstring():
            return f"<<{_bits(term, ',', ':')}>>"
        case tuple():
            return "{" + ",".join([_erlang(item, depth + 1) for item in term]) + "}"
        case list():
            return _joined([_erlang(item, depth + 1) for item in term], None, ",")
        case ImproperList(items, tail):
            return _joined([_erlang(item, depth + 1) for item in items], _erlang(tail, depth + 1), ",")
        case dict():
            pairs = [f"{_erlang(key, depth + 1)} => {_erlang(value, depth + 1)}" for key, value in term.items()]
            return "#{" + ",".join(pairs) + "}"
    raise _no_text(term, "Erlang")


def _erlang_text(text: str) -> str:
    if not text:
        return "<<>>"
    try:
        text.encode()
    except UnicodeEncodeError:
        raise RenderError(f"a text with a lone surrogate has no UTF-8 and so no text in Erlang: {text!r}") from None
    quoted = _quote(text, '"', "\\x{{{}}}")
    return f"<<{quoted}{'' if text.isascii() else '/utf8'}>>"


def _erlang_bytes(data: bytes) -> str:
    plain = "<<" + ",".join([str(byte) for byte in data]) + ">>"
    try:
        data.decode()
    except UnicodeDecodeError:
        return plain
    return f"<<({plain})/binary>>"  # bytes, although they would pass for text


# --- Elixir -------------------------------------------------------------------------------------------------------


def elixir_atom(name: str) -> str:
    """An atom as Elixir writes it."""
    if name in ("true", "false", "nil"):
        return name
    alias = name.removeprefix("Elixir.")
    if alias != name and re.fullmatch(r"[A-Z][A-Za-z0-9_]*(\.[A-Z][A-Za-z0-9_]*)*", alias):
        return alias
    if _ELIXIR_ATOM.match(name) or name in _ELIXIR_OPERATORS:
        return ":" + name
    return ":" + _elixir_quote(name)


def _elixir_quote(text: str) -> str:
    return _quote(text, '"', "\\x{{{}}}").replace("#{", "\\#{")


def _elixir(term: Term, depth: int) -> str:
    if depth > MAX_TERM_DEPTH:
        raise too_deep()
    if is_atom(term):
        return elixir_atom(atom_name(term))
    if rank(term) == OTHER:  # a member of an Enum may also be a str or an int
        raise _no_text(term, "Elixir")
    match term:
        case int() if is_integer(term):
            return _integer(term, "Elixir")
        case float() if is_float(term):
            return _float(term, "Elixir")
        case str():
            return _elixir_quote(term)
        case bytes():
            return _elixir_bytes(term)
        case Bitstring():
            return f"<<{_bits(term, ', ', '::')}>>"
        case tuple():
            return "{" + ", ".join([_elixir(item, depth + 1) for item in term]) + "}"
        case list():
            return _joined([_elixir(item, depth + 1) for item in term], None, ", ")
        case ImproperList(items, tail):
            return _joined([_elixir(item, depth + 1) for item in items], _elixir(tail, depth + 1), ", ")
        case dict():
            plain = all([isinstance(key, Atom) and _ELIXIR_ATOM.match(key.name) for key in term])
            keys = [
                f"{key.name}: " if plain and isinstance(key, Atom) else f"{_elixir(key, depth + 1)} => " for key in term
            ]
            values = [_elixir(value, depth + 1) for value in term.values()]
            return "%{" + ", ".join([key + value for key, value in zip(keys, values, strict=True)]) + "}"
    raise _no_text(term, "Elixir")


def _elixir_bytes(data: bytes) -> str:
    try:
        return f"<<{_elixir_quote(data.decode())}::binary>>"
    except UnicodeDecodeError:
        return "<<" + ", ".join([str(byte) for byte in data]) + ">>"


# --- Python -------------------------------------------------------------------------------------------------------


def _python(term: Term, depth: int) -> str:
    if depth > MAX_TERM_DEPTH:
        raise too_deep()
    if isinstance(term, Atom):
        return _python_atom(term)
    if isinstance(term, Enum):
        raise _no_text(term, "Python")
    match term:
        case None | bool():
            return repr(term)
        case int():
            return _integer(term, "Python")
        case float():
            value = float(term)
            return repr(value) if value == value and abs(value) != float("inf") else f'float("{value}")'
        case str():
            return repr(str(term))
        case bytes():
            return repr(bytes(term))
        case tuple():
            if len(term) == 2 and term[0] is CONST:
                return f"const({_python(term[1], depth + 1)})"
            parts = [_python(item, depth + 1) for item in term]
            return f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})"
        case list():
            return f"[{', '.join([_python(item, depth + 1) for item in term])}]"
        case ImproperList(items, tail):
            return f"ImproperList({_python(items, depth + 1)}, {_python(tail, depth + 1)})"
        case Bitstring(data, bits):
            return f"Bitstring({data!r}, {bits})"
        case dict():
            pairs = [f"{_python(key, depth + 1)}: {_python(value, depth + 1)}" for key, value in term.items()]
            return "{" + ", ".join(pairs) + "}"
    # Of the classes themselves: a subclass, and the object that a time zone is, have no constructor in text.
    if type(term) in _PYTHON_VALUES and not (isinstance(term, (datetime, time)) and term.tzinfo is not None):
        return repr(term).removeprefix("datetime.")
    raise _no_text(term, "Python")


def _python_atom(atom: Atom) -> str:
    if atom is ANY:
        return "ANY"
    if atom is ROW:
        return "ROW"
    if atom is BINDINGS:
        return "BINDINGS"
    number = variable_number(atom)
    return f"V({number})" if number >= 0 else f"Atom({_python(atom.name, 0)})"
