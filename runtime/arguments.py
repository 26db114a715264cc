"""What the command line's arguments say: the query's text, values of names, fields, rows.

Used by `runtime.cli` alone. Everything here either returns a value or raises a click exception, which carries the exit
status: BadInput 1, BadQuery and click's own errors of usage 2.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, final

import click

from grammar.errors import MatchSpecError
from matchspec.values import Term

if TYPE_CHECKING:
    from runtime.columns import RowType

Syntax: TypeAlias = Literal["auto", "python", "elixir", "erlang"]
Language: TypeAlias = Literal["python", "elixir", "erlang"]
Env: TypeAlias = dict[str, Term]


@final
class BadInput(click.ClickException):
    """A file, row or value that cannot be used."""

    exit_code = 1


@final
class BadQuery(click.ClickException):
    """A query that cannot be used."""

    exit_code = 2


def query_text(query: str) -> str:
    """The query itself, from the argument, a file or standard input."""
    if query == "-":
        return _decoded(sys.stdin.buffer.read(), "standard input")
    # A decorated function begins with @ too, but goes on in another line.
    if query.startswith("@") and "\n" not in query:
        path = query[1:]
        try:
            return _decoded(Path(path).read_bytes(), path)
        except OSError as error:
            raise BadInput(f"{path}: the query cannot be read: {error.strerror}") from error
    return query


def _decoded(text: bytes, source: str) -> str:
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise BadInput(f"{source}, line {line}: the query is no UTF-8 text") from error


def environment(settings: tuple[str, ...], syntax: Syntax) -> Env:
    """The names that --set gives values to."""
    env: Env = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or not name.isidentifier():
            raise click.BadParameter(f"{setting!r} is not of the form NAME=VALUE", param_hint="'--set'")
        env[name] = _literal(value, syntax, name)
    return env


def _literal(text: str, syntax: Syntax, name: str) -> Term:
    """The value of a --set: a literal of the query's language, with "auto" of the first one that knows it.

    A bare word is refused with "auto", since it would be an atom to some languages and a text to nobody.
    """
    from matchspec.text import parse_term

    word = text.strip()
    languages: Sequence[Language] = ("python", "elixir", "erlang") if syntax == "auto" else (syntax,)
    if syntax != "auto" or not word.isidentifier() or word in {"True", "False", "None", "true", "false", "nil"}:
        for language in languages:
            try:
                return parse_term(word, language)
            except MatchSpecError:
                continue
    raise click.BadParameter(
        f"the value of {name} is no literal: {text!r}; a number, a text in double quotes, :atom, true, a list or tuple "
        f"is (write: --set '{name}=\"...\"')",
        param_hint="'--set'",
    )


def row_fields(names: str | None) -> "RowType":
    """The row type that --fields describes; None without it."""
    if names is None:
        return None
    from runtime.columns import field_names, make_row_type

    fields = [name.strip() for name in names.split(",")]
    if len(set(fields)) != len(fields) or field_names(fields) != fields:
        raise click.BadParameter(
            f"{names!r} is not allowed; give different names that Python allows, with commas between",
            param_hint="'--fields'",
        )
    return make_row_type("row", [(field, object) for field in fields])


def parse_row(text: str, language: Language) -> Term:
    """The term that ROW is in the query's language."""
    from matchspec.text import parse_term

    try:
        return parse_term(text, language)
    except MatchSpecError as error:
        raise BadInput(f"ROW is no {language.capitalize()} term: {error}") from error


def typed_row(row: Term, row_type: "RowType") -> Term:
    """The row as an instance of the row type, where there is one."""
    if row_type is None:
        return row
    fields: tuple[str, ...] = row_type._fields
    if not isinstance(row, tuple) or len(row) != len(fields):
        raise BadInput(f"ROW must be a tuple of {len(fields)} elements, as --fields says")
    typed: Term = row_type._make(row)
    return typed
