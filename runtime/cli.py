"""The command line: `matchspec select`, `translate`, `test` and `generate`; the others are in `runtime.cli_tables` and
`runtime.cli_shell`.

Results go to standard output, progress and errors to standard error. Exit status: 0; 1 for a file, a row or a value
that cannot be used, and for `test` without a match; 2 for a query that cannot be used and for wrong options; 130 after
Ctrl-C. What a command needs is imported when it runs, so that help and errors come at once.
"""

import io
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import click

from grammar.errors import MatchSpecError
from matchspec.values import Term
from runtime.arguments import (
    BadInput,
    BadQuery,
    Env,
    Language,
    Syntax,
    environment,
    parse_row,
    query_text,
    row_fields,
    typed_row,
)
from runtime.cli_shell import shell
from runtime.cli_tables import export, import_, opened, select_on_disk, table_errors
from runtime.progress_bars import counting, reading
from runtime.table_sources import file_kind, source_of

if TYPE_CHECKING:
    from matchspec import MatchSpec
    from runtime.columns import Row, RowType
    from runtime.files import DataFile, Format, Progress

AnySpec: TypeAlias = "MatchSpec[Any, Any]"  # rows and results of a query given as text have no static type

INTERRUPTED: Final = 130
_CHUNK: Final = 10_000  # rows between two looks at --limit, and two steps of the bar


@contextmanager
def reporting() -> Iterator[None]:
    """Turns the documented errors of the layers below into messages with an exit status."""
    from matchspec.errors import EvalError
    from runtime.files import FileError

    try:
        yield
    except EvalError as error:
        raise BadInput(str(error)) from error
    except MatchSpecError as error:
        raise BadQuery(str(error)) from error
    except FileError as error:
        raise BadInput(str(error)) from error


# --- options ----------------------------------------------------------------------------------------------------------


def _version(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if not wanted or context.resilient_parsing:
        return
    import platform

    from matchspec import COMPILED, __version__
    from matchspec.build import changed_sources

    build = "compiled" if COMPILED else "pure Python"
    click.echo(f"matchspec {__version__} ({build}, {platform.python_implementation()} {platform.python_version()})")
    for name in changed_sources():
        click.echo(f"warning: {name} has been edited since it was compiled; what runs is the older one", err=True)
    context.exit()


_SYNTAX: Final = click.option(
    "--syntax",
    type=click.Choice(["auto", "python", "elixir", "erlang"]),
    default="auto",
    show_default=True,
    help="The language of QUERY.",
)
_SET: Final = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Give a free name of QUERY (in Elixir a pinned one) a value: a number, a quoted text, or another literal of "
    "QUERY's language. May be repeated.",
)
_FIELDS: Final = click.option(
    "--fields", metavar="A,B,...", help="The names of the row's fields, in order, for queries that use names."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version and exit."
)
def cli() -> None:
    """Query data files with Python lambdas, or Erlang and Elixir match specifications.

    QUERY is the query's text, @FILE to read it from a file, or - to read it from standard input. It may be a Python
    lambda, `fun do ... end` or `fn ... end` of Elixir, `fun(...) -> ... end` of Erlang, or a raw match specification of
    either.

    Exit status: 0; 1 for bad data, and for a test without a match; 2 for a bad query or bad options; 130 after Ctrl-C.
    """


def _spec(text: str, syntax: Syntax, env: Env, row_type: "RowType") -> AnySpec:
    from matchspec import spec

    return spec(text, row=row_type, env=env, syntax=syntax)


# --- select -----------------------------------------------------------------------------------------------------------


@cli.command()
@click.argument("query")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--format",
    "output",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="How results are written; json means one value a line.",
)
@click.option("--limit", type=click.IntRange(min=0), metavar="N", help="Stop after N results.")
@_SYNTAX
@_SET
@click.option("--na", multiple=True, metavar="TEXT", help="A cell that means None, besides the empty one; repeatable.")
@click.option("--delimiter", metavar="CHAR", help="What stands between cells; by default a comma, in TSV a tab.")
@click.option(
    "--input-format",
    type=click.Choice(["csv", "tsv", "json"]),
    help="The format of every FILE; by default its suffix tells, and an unknown one means CSV.",
)
@click.option("--no-header", is_flag=True, help="Leave out the line of column names in tables and CSV.")
def select(
    query: str,
    files: tuple[str, ...],
    output: str,
    limit: int | None,
    syntax: Syntax,
    settings: tuple[str, ...],
    na: tuple[str, ...],
    delimiter: str | None,
    input_format: "Format | None",
    no_header: bool,
) -> None:
    """Print what QUERY selects from each FILE.

    A FILE is CSV, TSV or JSON lines (.json, .jsonl, .ndjson), plain or as .gz or .zip; - is standard input. Columns are
    typed by all their cells: int, float, bool or str, with None for empty cells. In a lambda the row has the columns as
    fields; in Erlang and Elixir it is a tuple. A FILE may also be a table on disk, which answers by key and indexes,
    a table file, or a file of Erlang's DETS or ets:tab2file.

    In JSON, and for nested values anywhere: atoms are strings, tuples arrays, rows objects; bytes are text, or base64:
    and their code; a float that is no number is null.

    \b
    matchspec select 'lambda p: p.model if p.seats > 300 else SKIP' planes.csv
    matchspec select 'fn row when elem(row, 6) > ^min -> elem(row, 4) end' planes.csv --set min=300
    """
    if query == "-" and "-" in files:
        raise click.UsageError("QUERY and FILE cannot both be standard input")
    separator = delimiter_of(delimiter)
    with reporting():
        text = query_text(query)
        _check_syntax(text, syntax)
        env = environment(settings, syntax)
        results: list[Term] = []
        for path in files:
            if file_kind(path) == "dets":
                with opened(path) as table:
                    spec = _spec(text, syntax, env, table.shape.row_type)
                    left = None if limit is None else limit - len(results)
                    results.extend(select_on_disk(table, spec, path, left))
            else:
                data = read_data(path, input_format, separator, na)
                spec = _spec(text, syntax, env, data.row_type)
                with counting(f"querying {Path(path).name}", len(data.rows)) as progress:
                    _run(spec, data.rows, results, limit, progress)
            if limit is not None and len(results) >= limit:
                break
        write_results(results, output, header=not no_header)


def _check_syntax(text: str, syntax: Syntax) -> None:
    """Finds what is wrong with the text alone, before time goes into reading files."""
    from grammar import parse
    from matchspec.syntax import language_of

    parse(text, language_of(text, syntax))


def delimiter_of(given: str | None) -> str | None:
    """What stands between cells, by an option. Raises BadParameter."""
    separator = "\t" if given == "\\t" else given
    if separator is not None and (len(separator) != 1 or separator in '"\r\n\0'):
        raise click.BadParameter(
            f"{given!r} is not allowed; give one character (\\t for a tab), no quote and no line end",
            param_hint="'--delimiter'",
        )
    return separator


def read_data(path: str, input_format: "Format | None", delimiter: str | None, na: Sequence[str]) -> "DataFile":
    """The rows of a file that is no table on disk. Raises BadInput."""
    from runtime.files import DataFile, read_file, read_stream

    kind = file_kind(path)
    if kind != "text":
        with table_errors(), reading(path) as progress, source_of(path, kind, progress) as source:
            return DataFile(Path(path).stem, source.row_type, source.rows())

    if path == "-":
        return read_stream(sys.stdin.buffer, "stdin", format=input_format or "csv", delimiter=delimiter, na=na)
    with reading(path) as progress:
        return read_file(path, format=input_format, delimiter=delimiter, na=na, progress=progress)


def _run(spec: AnySpec, rows: "list[Row]", results: list[Term], limit: int | None, progress: "Progress") -> None:
    """Adds the results for `rows`, until there are `limit` of them."""
    from runtime.queryable import selected

    if limit is None:
        results.extend(selected(spec.program, rows, _CHUNK, progress))
        return
    for start in range(0, len(rows), _CHUNK):
        if len(results) >= limit:
            break
        results.extend(spec.run(rows[start : start + _CHUNK]))
        progress(min(start + _CHUNK, len(rows)), len(rows))
    del results[limit:]


def write_results(results: list[Term], output: str, *, header: bool) -> None:
    """Writes results to standard output. Raises BadInput."""
    from runtime.output import write_csv, write_json, write_table

    try:
        if output == "json":
            write_json(results, sys.stdout)
        elif output == "csv":
            write_csv(results, sys.stdout, header=header)
        else:
            write_table(results, sys.stdout, header=header)
            click.echo(f"{len(results):,} result{'' if len(results) == 1 else 's'}", err=True)
    except ValueError as error:
        if "integer string conversion" not in str(error):
            raise
        digits = sys.get_int_max_str_digits()
        raise BadInput(f"a result holds an integer of more than {digits:,} digits, which is not written") from error


@cli.command()
@click.argument("query")
@click.argument("file", metavar="FILE")
@click.option("--analyze", is_flag=True, help="Run QUERY, and tell what happened.")
@click.option("--counts", is_flag=True, help="Explain a count, which wants the results that are True.")
@_SYNTAX
@_SET
def explain(query: str, file: str, analyze: bool, counts: bool, syntax: Syntax, settings: tuple[str, ...]) -> None:
    """Print how the table on disk in FILE answers QUERY: by which keys, ranges or indexes, and by what SQL.

    \b
    matchspec explain 'lambda p: p.model if p.seats > 300 else SKIP' planes.dets
    """
    with reporting():
        text = query_text(query)
        env = environment(settings, syntax)
        kind = file_kind(file)
        if kind != "dets":
            raise BadInput(f"{file}: no table on disk; any other file is read from its beginning to its end")
        with opened(file) as table:
            spec = _spec(text, syntax, env, table.shape.row_type)
            click.echo(str(table.explain(spec, analyze, counts=counts)))


cli.add_command(import_)
cli.add_command(export)
cli.add_command(shell)


# --- translate and test -----------------------------------------------------------------------------------------------


@cli.command()
@click.argument("query")
@click.option(
    "--to",
    "target",
    type=click.Choice(["erlang", "elixir", "python", "term"]),
    default="erlang",
    show_default=True,
    help="The language; term is the raw list as Python terms.",
)
@_FIELDS
@_SYNTAX
@_SET
def translate(query: str, target: str, fields: str | None, syntax: Syntax, settings: tuple[str, ...]) -> None:
    """Print QUERY as a match specification of another language.

    \b
    matchspec translate 'lambda name, age: name if age > 60 else SKIP' --to elixir
    matchspec translate '[{{:"$1", :"$2"}, [{:>, :"$2", 60}], [:"$1"]}]' --to python
    """
    from matchspec.text import format_term

    with reporting():
        spec = _spec(query_text(query), syntax, environment(settings, syntax), row_fields(fields))
        renderers: dict[str, Callable[[], str]] = {
            "erlang": spec.to_erlang,
            "elixir": spec.to_elixir,
            "python": spec.to_python,
            "term": lambda: format_term(spec.to_term(), "python"),
        }
        click.echo(renderers[target]())


@cli.command()
@click.argument("query")
@click.argument("row")
@_FIELDS
@_SYNTAX
@_SET
@click.pass_context
def test(
    context: click.Context, query: str, row: str, fields: str | None, syntax: Syntax, settings: tuple[str, ...]
) -> None:
    """Print what QUERY makes of one ROW, a term in the query's language, or "no match" with exit status 1.

    \b
    matchspec test 'fun({N, A}) when A > 60 -> N end' '{bob, 61}'
    matchspec test 'lambda name, age: name if age > 60 else SKIP' '("bob", 61)'
    """
    from matchspec import NO_MATCH

    with reporting():
        row_type = row_fields(fields)
        spec = _spec(query_text(query), syntax, environment(settings, syntax), row_type)
        language = cast("Language", spec.language)
        result = spec.test(typed_row(parse_row(row, language), row_type), NO_MATCH)
        if result is NO_MATCH:
            click.echo("no match")
            context.exit(1)
        click.echo(_shown(result, language))


def _shown(term: Term, language: Language) -> str:
    """A result as its language writes it."""
    from matchspec.text import format_term

    try:
        return format_term(term, language)
    except MatchSpecError:
        # A value that only Python has, such as a date.
        return repr(term)


# --- generate ---------------------------------------------------------------------------------------------------------


@cli.command()
@click.argument("source", metavar="QUERIES", type=click.Path(exists=True, dir_okay=False))
@click.option("-o", "--output", metavar="FILE", help="Where the module goes; by default to standard output.")
@click.option("--check", is_flag=True, help="Write nothing; exit with status 1 unless FILE is what would be written.")
@click.option(
    "--line-length", type=click.IntRange(min=40), default=88, show_default=True, help="How long its lines may be."
)
@click.pass_context
def generate(context: click.Context, source: str, output: str | None, check: bool, line_length: int) -> None:
    """Write a typed Python module with the row types, tables and queries that the file QUERIES declares.

    \b
    matchspec generate queries.ms -o queries.py
    matchspec generate queries.ms -o queries.py --check
    """
    from matchspec.generate import generate as generated
    from matchspec.queryfile import read_query_file

    if check and output is None:
        raise click.UsageError("--check compares with a file: give it by -o FILE")
    with reporting():
        text = generated(read_query_file(_text(source), source), name=Path(source).name, width=line_length)
    if output is None:
        click.echo(text, nl=False)
    elif not check:
        Path(output).write_text(text, "utf-8", newline="\n")
    elif not Path(output).is_file() or _text(output) != text:
        click.echo(f"{output} is not what {source} says; run: matchspec generate {source} -o {output}", err=True)
        context.exit(1)


def _text(path: str) -> str:
    try:
        return Path(path).read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {error}") from error


# --- the program ------------------------------------------------------------------------------------------------------


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line and returns the exit status. `arguments` are those of the program by default."""
    # A character that the terminal's encoding lacks must not end the program.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = cli.main(arguments, prog_name="matchspec", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    return status if isinstance(status, int) else 0


def main() -> None:
    """The entry point of `matchspec` and `python -m matchspec`."""
    sys.exit(run())
