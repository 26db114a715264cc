"""Which language a text is written in, when nobody says so."""

import re
from typing import Any, Final, cast

from grammar.errors import MatchSpecError
from grammar.tree import Language
from matchspec.values import shown

SYNTAXES: Final = ("auto", "python", "erlang", "elixir")

_COMMENTS: Final = re.compile(r"\A(?:\s|[%#](?!\{)[^\n]*(?:\n|\Z))*")
_PYTHON: Final = re.compile(r"(?:lambda\b|def\b|@)")
_ELIXIR: Final = re.compile(r"(?:fun\s+do\b|fun\s*\(\s*do\b|fn\b)")
_ERLANG: Final = re.compile(r"fun\b")
# Outside functions: `:atom`, `:"$1"`, `%{`, `nil`-free giveaways of Elixir; names and parentheses those of Python.
_QUOTED: Final = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'', re.DOTALL)
_ELIXIR_TERM: Final = re.compile(r"(?:(?<![\w:\"'}\])])|^):(?:[A-Za-z_\"<>=!+*/-]|&&)|%\{|\w: ")
_PYTHON_TERM: Final = re.compile(r"\A[\[\s]*\(|\b(?:ANY|ROW|BINDINGS|None|True|False)\b|\b(?:V|Atom|const)\(")


def language_of(text: str, syntax: Any = "auto") -> Language:
    """The language of a query, pattern or term.

    `lambda`, `def` and `@` begin Python, `fn` and `fun do` Elixir, any other `fun` Erlang. A term is Python's when it
    has parentheses where the others have braces or names such as `ANY`, Elixir's when it has `:atoms` or `%{maps}`,
    and Erlang's otherwise. Raises MatchSpecError for an unknown `syntax`.
    """
    if not isinstance(syntax, str) or syntax not in SYNTAXES:
        raise MatchSpecError(f"syntax must be one of {', '.join(SYNTAXES)}, not {shown(syntax)}")
    if syntax != "auto":
        return cast(Language, syntax)
    start = _COMMENTS.sub("", text, count=1)
    if _PYTHON.match(start):
        return "python"
    if _ELIXIR.match(start):
        return "elixir"
    if _ERLANG.match(start):
        return "erlang"
    bare = _QUOTED.sub('""', start)
    if _PYTHON_TERM.search(bare):
        return "python"
    return "elixir" if _ELIXIR_TERM.search(bare) else "erlang"
