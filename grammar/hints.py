"""Why a text does not parse, in words a reader of the query understands.

The loader reduces a failure of the parser to a `Problem`; `describe` makes the error of it. The words themselves are
data, one `Words` per language in `words_<language>`: names for terminals, language elements that exist but have no
place in a match spec, and which bracket closes which.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, final

from grammar.errors import MatchSpecSyntaxError
from grammar.span import Source, Span
from grammar.tree import Language


@final
@dataclass(frozen=True)
class Problem:
    """Where the parser stopped.

    Attributes:
        kind: the terminal that did not fit, "$END" for the end of the text, "" for a character that starts no token.
        found: the text of that token or character, "" at the end.
        expected: the terminals that would have fitted; empty where unknown.
        before: text and offset of each token in front of it.
    """

    span: Span
    kind: str
    found: str
    expected: frozenset[str]
    before: tuple[tuple[str, int], ...]


@final
@dataclass(frozen=True)
class Words:
    """The words of one language.

    Attributes:
        terminals: a readable name for a terminal, such as "a variable"; terminals that share a name are told once.
        refused: token text or terminal name -> the hint for a language element that a match spec cannot have. A key
            that is a single character also serves for characters that start no token.
        brackets: opening token -> the closing one.
        leading: name -> the hint for a language element that begins with that name, such as Elixir's `if x do`: the
            parser takes it for a variable and stops at the token after it.
        juxtaposed: the hint where something that begins an expression follows a name, or "".
        expression: the terminals that begin an expression; where all are expected, "an expression" is told.
        several: for how many expected terminals a list is still told; more than that says nothing to a reader.
    """

    terminals: Mapping[str, str]
    refused: Mapping[str, str]
    brackets: Mapping[str, str]
    leading: Mapping[str, str] = field(default_factory=dict)
    juxtaposed: str = ""
    expression: frozenset[str] = frozenset()
    several: int = 6


# What a query may begin with, in any language.
_BEGINNINGS: Final = frozenset(["lambda", "def", "@", "fun", "fn", "[", "(", "{"])
_BEGIN_HINT: Final = "a query begins with `lambda`, `fun` or `fn`, or is a list of clauses"


def describe(source: Source, language: Language, problem: Problem, start: str = "term") -> MatchSpecSyntaxError:
    """The error to raise for a problem: message, place and, where there is one, a hint.

    `start` is "query" where a function or a raw match spec was to be read.
    """
    words = words_of(language)
    hint = (
        words.refused.get(problem.kind)
        or words.refused.get(problem.found)
        or _hint_of_previous(problem, words)
        or _bracket_hint(source, problem, words)
        or _expected_hint(problem, words)
    )
    if start == "query" and hint in ("", "expected the end of the text"):
        hint = _beginning_hint(problem) or hint
    return MatchSpecSyntaxError(_message(problem), source=source, span=problem.span, hint=hint)


def words_of(language: Language) -> Words:
    """The words of a language; loaded here because only an error needs them."""
    match language:
        case "erlang":
            from grammar.words_erlang import WORDS as erlang

            return erlang
        case "elixir":
            from grammar.words_elixir import WORDS as elixir

            return elixir
        case "python":
            from grammar.words_python import WORDS as python

            return python


def _message(problem: Problem) -> str:
    if problem.kind == "$END":
        return "the text ends too early"
    shown = problem.found if len(problem.found) <= 40 else problem.found[:37] + "..."
    if not problem.kind:
        return f"unexpected character {shown!r}"
    return f"unexpected {shown!r}" if shown.strip() else "unexpected end of line"


def _hint_of_previous(problem: Problem, words: Words) -> str:
    """The hint that the token in front of the problem gives, if any."""
    if not problem.before:
        return ""
    previous = problem.before[-1][0]
    hint = words.leading.get(previous, "")
    if not hint and problem.kind in words.expression and previous.rstrip("?!").isidentifier():
        hint = "" if previous in ("true", "false", "nil", "end") else words.juxtaposed
    return hint


def _bracket_hint(source: Source, problem: Problem, words: Words) -> str:
    """The bracket that is still open, if the text ends or a bracket closes where the parser could not go on."""
    closing = set(words.brackets.values())
    if problem.kind != "$END" and problem.found not in closing:
        return ""
    stack: list[tuple[str, int]] = []
    for text, offset in problem.before:
        if text in words.brackets:
            stack.append((text, offset))
        elif text in closing and stack and words.brackets[stack[-1][0]] == text:
            stack.pop()
    if not stack:
        return "" if problem.kind == "$END" else f"there is no open bracket for {problem.found!r} to close"
    opener, offset = stack[-1]
    expected = words.brackets[opener]
    if expected == problem.found:
        return ""
    line, column = source.position(offset)
    return f"{opener!r} at line {line}, column {column} is still open: {expected!r} is missing"


def _beginning_hint(problem: Problem) -> str:
    """The hint for a text that does not begin as a query does, such as `age > 18`."""
    first = problem.before[0][0] if problem.before else problem.found
    return "" if not first or first in _BEGINNINGS else _BEGIN_HINT


def _expected_hint(problem: Problem, words: Words) -> str:
    expected = problem.expected
    names: set[str] = set()
    if words.expression and words.expression <= expected:
        expected -= words.expression
        names.add("an expression")
    names |= {words.terminals[name] for name in expected if name in words.terminals}
    told = sorted(names)
    if not told or len(told) > words.several:
        return ""
    listed = told[0] if len(told) == 1 else f"{', '.join(told[:-1])} or {told[-1]}"
    return f"expected {listed}"
