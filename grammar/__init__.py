"""Texts and functions of Python, Elixir and Erlang -> one syntax tree.

The lowest of the three packages: it knows the three languages and nothing of terms, match specs or tables. `parse`
reads a query, `parse_term` a term; all that either raises is `MatchSpecSyntaxError`, with the place and, where there
is one, a hint. Importing this package does not import Lark; the first text in a language does.
"""

from grammar.errors import MatchSpecError, MatchSpecSyntaxError, SourceNotFoundError
from grammar.limits import LIMITS, Limits
from grammar.parsing import parse, parse_term
from grammar.span import Source, Span
from grammar.tree import Function, Language, Node, TermText

__all__ = [
    "LIMITS",
    "Function",
    "Language",
    "Limits",
    "MatchSpecError",
    "MatchSpecSyntaxError",
    "Node",
    "Source",
    "SourceNotFoundError",
    "Span",
    "TermText",
    "parse",
    "parse_term",
]
