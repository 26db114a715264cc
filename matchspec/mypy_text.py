"""Literals in the user's file: what they stand for, and where inside them something is. A part of `matchspec.mypy`."""

import io
import re
import tokenize
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

from mypy.nodes import (
    BytesExpr,
    CallExpr,
    DictExpr,
    Expression,
    FloatExpr,
    IntExpr,
    ListExpr,
    RefExpr,
    StrExpr,
    TupleExpr,
    UnaryExpr,
    Var,
)
from mypy.types import Instance, LiteralType, get_proper_type

from matchspec.errors import MatchSpecError
from matchspec.values import ANY, BINDINGS, ROW, Atom, Term, V, const

Unknown: TypeAlias = Callable[[Expression], Term]  # what stands for an expression that is no literal
_SYMBOLS: Final[dict[str, Term]] = {
    "matchspec.values.ANY": ANY,
    "matchspec.values.ROW": ROW,
    "matchspec.values.BINDINGS": BINDINGS,
    "builtins.True": True,
    "builtins.False": False,
    "builtins.None": None,
}
# A piece of a string literal that stands for other characters than itself, or for none.
_LITERAL: Final = re.compile(r"(?<![A-Za-z])[rRbBuU]{0,2}('{3}|\"{3}|['\"])((?:(?!\1).)*)", re.DOTALL)
_ESCAPE: Final = re.compile(
    r"\\(?:\n|N\{[^}]*\}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|[\\'\"abfnrtv])"
)


def text_of(node: Expression) -> str | None:
    """The text that an expression is known to be: a literal, or a name that is Final and one."""
    if isinstance(node, StrExpr):
        return node.value
    if isinstance(node, RefExpr) and isinstance(node.node, Var):
        if isinstance(node.node.final_value, str):
            return node.node.final_value
        kind = get_proper_type(node.node.type) if node.node.type is not None else None
        known = kind.last_known_value if isinstance(kind, Instance) else kind
        if isinstance(known, LiteralType) and isinstance(known.value, str):
            return known.value
    return None


def term_of(node: Expression, unknown: Unknown) -> Term:
    """The Python term that an expression of literals is: a raw match spec, a pattern. Raises MatchSpecError."""
    match node:
        case StrExpr(value=value) | FloatExpr(value=value) | IntExpr(value=value):
            return value
        case BytesExpr(value=value):
            return value.encode("latin-1").decode("unicode_escape").encode("latin-1")
        case UnaryExpr(op="-", expr=IntExpr(value=number)):
            return -number
        case UnaryExpr(op="-", expr=FloatExpr(value=fraction)):
            return -fraction
        case TupleExpr(items=items):
            return tuple([term_of(item, unknown) for item in items])
        case ListExpr(items=items):
            return [term_of(item, unknown) for item in items]
        case DictExpr(items=entries) if all([key is not None for key, _ in entries]):
            return {term_of(key, unknown): term_of(value, unknown) for key, value in entries if key is not None}
        case RefExpr(fullname=name) if name in _SYMBOLS:
            return _SYMBOLS[name]
        case CallExpr(callee=RefExpr(fullname=name), args=[arg]):
            return _call(node, name, arg, unknown)
    return unknown(node)


def _call(node: CallExpr, name: str, arg: Expression, unknown: Unknown) -> Term:
    match name:
        case "matchspec.values.V":
            value = term_of(arg, unknown)
            return V(value) if isinstance(value, int) else unknown(node)
        case "matchspec.values.Atom":
            value = term_of(arg, unknown)
            return Atom(value) if isinstance(value, str) else unknown(node)
        case "matchspec.values.const":
            return const(term_of(arg, unknown))
    return unknown(node)


def is_literal(node: Expression) -> bool:
    """Whether an expression is written as a tuple or list, so that it may be a pattern or a raw match spec."""
    return isinstance(node, (TupleExpr, ListExpr))


# --- places -----------------------------------------------------------------------------------------------------------


def place_in(path: str, node: Expression, offset: int) -> tuple[int, int]:
    """The line, from 1, and the column, from 0, of a character of the text that a literal stands for.

    Where the literal cannot be read again (the text came by way of a name, say) the place of the expression.
    """
    nowhere = (node.line, node.column)
    if not isinstance(node, StrExpr):
        return nowhere
    try:
        lines = Path(path).read_text("utf-8").splitlines(keepends=True)[node.line - 1 : (node.end_line or node.line)]
    except (OSError, UnicodeDecodeError, MatchSpecError):
        return nowhere
    if not lines:
        return nowhere
    start = _start(lines[0], node)
    if start is None:
        return nowhere
    text = "".join([lines[0][start:], *lines[1:]])
    found = _place(text, offset)
    if found is None:
        return nowhere
    line, column = found
    return node.line + line - 1, column + (start if line == 1 else 0)


def _start(line: str, node: StrExpr) -> int | None:
    """Where in its first line a literal begins. mypy's column is beside it where the line is not all ASCII."""
    for found in sorted(_LITERAL.finditer(line), key=lambda found: abs(found.start() - node.column)):
        shown = found[2].partition("\\")[0].rstrip("\r\n")
        if node.value.startswith(shown):
            return found.start()
    return None


def _place(text: str, offset: int) -> tuple[int, int] | None:
    """The line, from 1, and column, from 0, in a text that begins with string literals, one after the other."""
    left = offset
    try:
        # In parentheses, so that literals that go on in the next line are one expression.
        for token in tokenize.generate_tokens(io.StringIO("(" + text).readline):
            if token.type == tokenize.STRING:
                line, column = token.start
                inner = _inside(token.string, left)
                if isinstance(inner, int):
                    left -= inner
                    continue
                rows, columns = inner
                column = columns if rows else column + columns
                return line + rows, column - (1 if line + rows == 1 else 0)
            if token.type not in (tokenize.NL, tokenize.COMMENT) and token.string != "(":
                return None
    except (tokenize.TokenError, IndentationError, SyntaxError):
        return None
    return None


def _inside(literal: str, offset: int) -> tuple[int, int] | int:
    """The rows down and the column of a character of a literal; or how many it has, where it has not so many."""
    prefix = re.match(r"[a-zA-Z]*", literal)
    skipped = prefix.end() if prefix else 0
    raw = "r" in literal[:skipped].lower()
    quote = 3 if literal[skipped : skipped + 3] in ('"""', "'''") else 1
    position, end, count = skipped + quote, len(literal) - quote, 0
    while position < end:
        escape = None if raw else _ESCAPE.match(literal, position, end)
        gives = 0 if escape is not None and escape[0] == "\\\n" else 1
        if count == offset and gives:
            break
        count += gives
        position = position + 1 if escape is None else escape.end()
    if position >= end and count < offset:
        return count
    before = literal[:position]
    return before.count("\n"), position - (before.rfind("\n") + 1)
