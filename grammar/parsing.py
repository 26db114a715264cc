"""The entry of this package: a text and its language in, a syntax tree out."""

from typing import TYPE_CHECKING

from grammar.loader import parse_tree
from grammar.span import Source
from grammar.tree import Function, Language, TermText

if TYPE_CHECKING:
    from lark import Token, Tree


def parse(text: str | Source, language: Language) -> Function | TermText:
    """The syntax tree of a query.

    A `Function` for Erlang's `fun(...) -> ... end`, Elixir's `fun do ... end` and `fn ... end`, Python's lambda and
    match function; a `TermText` for anything else, such as a raw match spec or a pattern.

    Raises:
        MatchSpecSyntaxError: the text does not parse or exceeds one of `LIMITS`.
        ValueError: there is no such language.
    """
    source = text if isinstance(text, Source) else Source(text)
    return _build(parse_tree(source, language, "query"), source, language)


def parse_term(text: str | Source, language: Language) -> TermText:
    """The syntax tree of a term or another single expression; raises as `parse` does."""
    source = text if isinstance(text, Source) else Source(text)
    built = _build(parse_tree(source, language, "term"), source, language)
    assert isinstance(built, TermText)
    return built


def _build(parsed: "Tree[Token]", source: Source, language: Language) -> Function | TermText:
    match language:
        case "erlang":
            from grammar.build_erlang import build as erlang

            return erlang(parsed, source)
        case "elixir":
            from grammar.build_elixir import build as elixir

            return elixir(parsed, source)
        case "python":
            from grammar.build_python import build as python

            return python(parsed, source)
