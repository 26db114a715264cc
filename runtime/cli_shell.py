"""The command `matchspec shell`: queries over one file, one after the other, as they are typed.

Added to the others by `runtime.cli`, which see for how results are written. The loop itself, with its help, its history
and its completion, is `cmd` of the standard library.
"""

import cmd
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast, final

import click

from grammar.errors import MatchSpecError
from runtime.arguments import BadInput, BadQuery, Env, Syntax, environment
from runtime.cli_tables import AnyDiskTable, AnySpec, opened, select_on_disk, table_errors
from runtime.table_sources import file_kind

if TYPE_CHECKING:
    from runtime.files import Format

Results: TypeAlias = list[Any]

_SYNTAXES: Final = ("auto", "python", "elixir", "erlang")
_FORMATS: Final = ("table", "csv", "json")
_TARGETS: Final = ("erlang", "elixir", "python")
_USAGE: Final = 22  # the width of a command in the help
INTRO: Final = "A query, or .help; a query that has not come to its end goes on in the next line. Ctrl-D leaves."


class Place:
    """What is queried: nothing, here; then queries can be translated only."""

    row_type: Any = None

    def select(self, spec: AnySpec, limit: int | None) -> Results:
        raise BadInput("there is no file to query; queries can be translated: .to erlang QUERY")

    def explain(self, spec: AnySpec) -> str:
        raise BadInput("there is no file to query")

    def described(self) -> str:
        return "no file"


@final
class RowsPlace(Place):
    """The rows of a file that was read."""

    def __init__(self, path: str, rows: Results, row_type: Any) -> None:
        self.row_type = row_type
        self._path: Final = path
        self._rows: Final = rows

    def select(self, spec: AnySpec, limit: int | None) -> Results:
        return spec.run(self._rows) if limit is None else _first(spec, self._rows, limit)

    def explain(self, spec: AnySpec) -> str:
        return f"a look at each of {len(self._rows):,} rows: {self._path} is no table on disk"

    def described(self) -> str:
        return f"{self._path}, {len(self._rows):,} rows"


@final
class TablePlace(Place):
    """A table on disk."""

    def __init__(self, path: str, table: AnyDiskTable) -> None:
        self.row_type = table.shape.row_type
        self._path: Final = path
        self._table: Final = table

    def select(self, spec: AnySpec, limit: int | None) -> Results:
        with table_errors():
            return select_on_disk(self._table, spec, self._path, limit)

    def explain(self, spec: AnySpec) -> str:
        with table_errors():
            return str(self._table.explain(spec))

    def described(self) -> str:
        return f"{self._path}, {len(self._table):,} rows, {self._table.info('type')} on disk"


def _first(spec: AnySpec, rows: Results, limit: int) -> Results:
    found: Results = []
    step = max(limit, 1000)
    for start in range(0, len(rows), step):
        if len(found) >= limit:
            break
        found.extend(spec.run(rows[start : start + step]))
    return found[:limit]


class Shell(cmd.Cmd):
    """Reads queries, and words that begin with a dot. `failed`: the worst exit status that an input deserved."""

    def __init__(self, place: Place, output: str, syntax: Syntax, interactive: bool) -> None:
        super().__init__()
        self.prompt = "matchspec> " if interactive else ""
        self.use_rawinput = interactive
        self.failed = 0
        self._place: Final = place
        self._output = output
        self._syntax: Syntax = syntax
        self._limit: int | None = None
        self._settings: dict[str, str] = {}
        self._lines: list[str] = []  # of a query that has not come to its end

    # --- the loop -------------------------------------------------------------------------------------------------

    def onecmd(self, line: str) -> bool:
        """One line; True ends the loop."""
        if line == "EOF":
            return self._finish()
        from runtime.cli import reporting  # which imports this module

        try:
            with reporting():
                if self._lines or not line.lstrip().startswith("."):
                    self._query_line(line)
                    return False
                return bool(super().onecmd(line.strip()[1:]))
        except click.ClickException as error:
            self._lines = []
            self.failed = max(self.failed, error.exit_code)
            error.show()
        except KeyboardInterrupt:
            self._lines = []
            click.echo("interrupted", err=True)
        return False

    def postcmd(self, stop: bool, line: str) -> bool:
        if self.use_rawinput:
            self.prompt = "       ... " if self._lines else "matchspec> "
        return stop

    def emptyline(self) -> bool:
        return False

    def default(self, line: str) -> None:
        raise BadQuery(f".{line.split(maxsplit=1)[0]} is no command; .help lists them")

    def _finish(self) -> bool:
        if self._lines:
            with suppress(KeyboardInterrupt):
                self.onecmd("")  # shows what is wrong with a query that never came to its end
        if self.use_rawinput:
            click.echo()
        return True

    # --- queries --------------------------------------------------------------------------------------------------

    def _query_line(self, line: str) -> None:
        """A query, or one more line of it. An empty line ends it in any case."""
        self._lines.append(line)
        text = "\n".join(self._lines).strip()
        if line.strip() and self._goes_on(text):
            return
        self._lines = []
        if text:
            self._write(self._place.select(self._spec(text), self._limit))

    def _goes_on(self, text: str) -> bool:
        """Whether nothing is wrong with a text but that it ends too early."""
        from grammar import parse
        from grammar.errors import MatchSpecSyntaxError
        from matchspec.syntax import language_of

        try:
            parse(text, language_of(text, self._syntax))
        except MatchSpecSyntaxError as error:
            lines = text.split("\n")
            return error.line is None or (error.line, error.column or 0) >= (len(lines), len(lines[-1]) + 1)
        except MatchSpecError:
            return False
        return False

    def _spec(self, text: str) -> AnySpec:
        from matchspec import spec

        if not text:
            raise BadQuery("a query has to follow")
        return spec(text, row=self._place.row_type, env=self._env(), syntax=self._syntax)

    def _env(self) -> Env:
        return environment(tuple([f"{name}={value}" for name, value in self._settings.items()]), self._syntax)

    def _write(self, results: Results) -> None:
        from runtime.cli import write_results

        write_results(results, self._output, header=True)

    # --- commands; what they say is their help ------------------------------------------------------------------------

    def do_count(self, text: str) -> None:
        """.count QUERY: how many results a query has"""
        click.echo(f"{len(self._place.select(self._spec(text), None)):,}")

    def do_explain(self, text: str) -> None:
        """.explain QUERY: how a table on disk answers a query"""
        click.echo(self._place.explain(self._spec(text)))

    def do_to(self, text: str) -> None:
        """.to LANGUAGE QUERY: the query in erlang, elixir or python"""
        target, _, query = text.partition(" ")
        self._check(".to", target, _TARGETS)
        spec = self._spec(query.strip())
        renderers: dict[str, Callable[[], str]] = {
            "erlang": spec.to_erlang,
            "elixir": spec.to_elixir,
            "python": spec.to_python,
        }
        click.echo(renderers[target]())

    def do_set(self, text: str) -> None:
        """.set NAME=VALUE: gives a free name of queries a value; .set NAME= takes it away; .set shows all"""
        if not text:
            for name, value in self._settings.items():
                click.echo(f"{name}={value}")
            return
        name, sign, value = text.partition("=")
        name = name.strip()
        if not sign:
            raise BadQuery(f".set {text}: NAME=VALUE is wanted")
        before = dict(self._settings)
        self._settings.pop(name, None)
        if value.strip():
            self._settings[name] = value.strip()
        try:
            self._env()
        except click.ClickException:
            self._settings = before
            raise

    def do_syntax(self, text: str) -> None:
        """.syntax LANGUAGE: auto, python, elixir or erlang: the language of queries"""
        self._check(".syntax", text, _SYNTAXES)
        self._syntax = cast("Syntax", text)

    def do_format(self, text: str) -> None:
        """.format FORMAT: table, csv or json: how results are written"""
        self._check(".format", text, _FORMATS)
        self._output = text

    def do_limit(self, text: str) -> None:
        """.limit N: at most N results of a query; .limit alone: all"""
        if text and not text.isdecimal():
            raise BadQuery(f".limit {text}: a number is wanted")
        self._limit = int(text) if text else None

    def do_fields(self, _text: str) -> None:
        """.fields: what is queried, and the names of a row's fields"""
        click.echo(self._place.described())
        fields = getattr(self._place.row_type, "_fields", ())
        for number, name in enumerate(fields, 1):
            click.echo(f"{number:>4}  {name}")

    def do_quit(self, _text: str) -> bool:
        """.quit: leaves, as Ctrl-D does"""
        return True

    def do_help(self, arg: str) -> None:
        """.help: this list"""
        names = [name for name in self.get_names() if name.startswith("do_")]
        for name in sorted(names):
            text = str(getattr(self, name).__doc__)
            if not arg or name == f"do_{arg.lstrip('.')}":
                usage, _, meaning = text.partition(": ")
                click.echo(f"  {usage:<{_USAGE}}{meaning}")

    @staticmethod
    def _check(command: str, given: str, allowed: tuple[str, ...]) -> None:
        if given not in allowed:
            raise BadQuery(f"{command} {given or '(nothing)'}: allowed are {', '.join(allowed)}")


@click.command()
@click.argument("file", metavar="[FILE]", required=False)
@click.option(
    "--format",
    "output",
    type=click.Choice(_FORMATS),
    default="table",
    show_default=True,
    help="How results are written.",
)
@click.option(
    "--syntax", type=click.Choice(_SYNTAXES), default="auto", show_default=True, help="The language of queries."
)
@click.option("--na", multiple=True, metavar="TEXT", help="A cell that means None, besides the empty one; repeatable.")
@click.option("--delimiter", metavar="CHAR", help="What stands between cells; by default a comma, in TSV a tab.")
@click.option(
    "--input-format",
    type=click.Choice(["csv", "tsv", "json"]),
    help="The format of FILE; by default its suffix tells, and an unknown one means CSV.",
)
@click.pass_context
def shell(
    context: click.Context,
    file: str | None,
    output: str,
    syntax: Syntax,
    na: tuple[str, ...],
    delimiter: str | None,
    input_format: "Format | None",
) -> None:
    """Read queries, one after the other, and print what they select from FILE; .help lists what else can be asked.

    FILE is what `select` takes. Without one, queries can be translated. Where standard input is no terminal there is no
    prompt, and the exit status is 2 if a query could not be used, 1 if data could not.

    \b
    matchspec shell planes.csv
    matchspec shell planes.dets < queries.txt
    """
    from runtime.cli import delimiter_of, read_data, reporting

    separator = delimiter_of(delimiter)
    interactive = sys.stdin.isatty()

    def run(place: Place) -> int:
        loop = Shell(place, output, syntax, interactive)
        if interactive:
            click.echo(f"{place.described()}\n{INTRO}")
        loop.cmdloop()
        return 0 if interactive else loop.failed

    if file is None:
        status = run(Place())
    elif file == "-":
        raise click.UsageError("standard input has the queries, so FILE cannot be -")
    elif file_kind(file) == "dets":
        with opened(file) as table:
            status = run(TablePlace(Path(file).name, table))
    else:
        with reporting():
            data = read_data(file, input_format, separator, na)
        status = run(RowsPlace(Path(file).name, data.rows, data.row_type))
    context.exit(status)
