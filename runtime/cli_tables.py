"""The commands `matchspec import` and `export`, and what the others need for tables on disk.

Added to the others by `runtime.cli`, which see for exit statuses.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO, TypeAlias, cast

import click

from runtime.arguments import BadInput
from runtime.progress_bars import counting, reading
from runtime.table_sources import FileKind, Given, Source, file_kind, source_of

if TYPE_CHECKING:
    from matchspec import MatchSpec
    from runtime.dets import DiskTable
    from runtime.files import Format
    from runtime.storage import Kind

AnySpec: TypeAlias = "MatchSpec[Any, Any]"
AnyDiskTable: TypeAlias = "DiskTable[Any]"

_TABLES: Final = {".dets": "dets", ".ets": "ets"}
_DELIMITERS: Final = {"csv": ",", "tsv": "\t"}


@contextmanager
def table_errors() -> Iterator[None]:
    """Turns the errors of tables and their files into messages with an exit status."""
    from runtime.disk_errors import DiskError
    from runtime.errors import BadArg

    try:
        yield
    except BadArg as error:
        raise BadInput(f"{error.value}: {error.allowed}" if error.argument == "path" else str(error)) from error
    except DiskError as error:
        raise BadInput(f"{error.path}: {error.problem}") from error


@contextmanager
def opened(path: str) -> Iterator[AnyDiskTable]:
    """A table on disk, to be read."""
    from runtime import dets

    with table_errors(), dets.open(path, access="read") as table:
        yield table


def select_on_disk(table: AnyDiskTable, spec: AnySpec, path: str, limit: int | None) -> list[Any]:
    """What a query selects, at most `limit` results."""
    from runtime.storage import END

    if limit is not None:
        found = table.select(spec, limit) if limit else END
        return [] if found is END else cast("tuple[list[Any], Any]", found)[0]
    with counting(f"querying {Path(path).name}", len(table)) as progress:
        return table.select_with_progress(spec, progress)


# --- import and export ------------------------------------------------------------------------------------------------

_REPLACE: Final = click.option("--replace", is_flag=True, help="Replace TARGET if it is there.")


@click.command("import")
@click.argument("source", metavar="SOURCE")
@click.argument("target", metavar="TARGET")
@click.option("--to", "wanted", type=click.Choice(["dets", "ets"]), help="What TARGET is to be; else its suffix tells.")
@click.option(
    "--type",
    "kind",
    type=click.Choice(["set", "ordered_set", "bag", "duplicate_bag"]),
    help="The type of the table; by default that of SOURCE, or set.",
)
@click.option("--key", metavar="FIELD", help="The key: a column's name, or its position from 1; by default the first.")
@click.option(
    "--index", multiple=True, metavar="FIELD", help="A column that gets an index; repeatable, for .dets only."
)
@click.option("--na", multiple=True, metavar="TEXT", help="A cell that means None, besides the empty one; repeatable.")
@click.option("--delimiter", metavar="CHAR", help="What stands between cells; by default a comma, in TSV a tab.")
@click.option(
    "--input-format",
    type=click.Choice(["csv", "tsv", "json"]),
    help="The format of a text; by default its suffix tells.",
)
@_REPLACE
def import_(
    source: str,
    target: str,
    wanted: str | None,
    kind: "Kind | None",
    key: str | None,
    index: tuple[str, ...],
    na: tuple[str, ...],
    delimiter: str | None,
    input_format: "Format | None",
    replace: bool,
) -> None:
    """Make a table in the file TARGET of the rows of SOURCE.

    SOURCE is CSV, TSV or JSON lines, whose columns become typed fields as for select, a table file or table on disk, or
    a file of Erlang's: a DETS file, closed or not, or one of ets:tab2file. TARGET is a table on disk (.dets), or a
    table file (.ets) for ets.file2tab.

    \b
    matchspec import planes.csv planes.dets --key tailnum --index year
    matchspec import sessions.dets new.dets
    """
    made = wanted or _TABLES.get(Path(target).suffix.lower())
    if made is None:
        raise click.BadParameter(f"{target!r} ends in neither .dets nor .ets; --to says what it is to be")
    if index and made != "dets":
        raise click.UsageError("--index is for tables on disk only: a table file keeps no indexes")
    _check_target(source, target, replace)
    with table_errors(), _rows_of(source, input_format, delimiter, na) as rows:
        keypos: int | str = rows.keypos or 1
        if key is not None:
            keypos = int(key) if key.isdecimal() else key
        chosen: Kind = kind or rows.kind or "set"
        with _in_its_place(target) as place:
            if made == "dets":
                stored, read = _write_on_disk(place, rows, chosen, keypos, index, Path(target).name)
            else:
                stored, read = _write_table_file(place, rows, chosen, keypos, Path(target).stem)
    _tell(target, stored, read)


@click.command("export")
@click.argument("source", metavar="SOURCE")
@click.argument("target", metavar="TARGET")
@click.option(
    "--format",
    "output",
    type=click.Choice(["csv", "tsv", "json"]),
    help="How rows are written; json means one a line. By default the suffix of TARGET tells, and for - it is csv.",
)
@click.option("--no-header", is_flag=True, help="Leave out the line of column names in CSV and TSV.")
@_REPLACE
def export(source: str, target: str, output: str | None, no_header: bool, replace: bool) -> None:
    """Write the rows of the table in the file SOURCE to TARGET, as CSV, TSV or JSON lines; - is standard output.

    SOURCE is a table on disk, a table file, or a file of Erlang's: a DETS file, closed or not, or one of ets:tab2file.
    Values are written as select writes them.
    """
    from runtime.files import SUFFIXES

    chosen = output or ("csv" if target == "-" else SUFFIXES.get(Path(target).suffix.lower()))
    if chosen is None:
        allowed = "ends in none of .csv, .tsv, .json and .jsonl; --format says what it is to be"
        raise click.BadParameter(f"{target!r} {allowed}")
    _check_target(source, target, replace)
    kind = file_kind(source)
    if kind == "text":
        raise BadInput(f"{source}: it cannot be read, or is no file with a table")
    with table_errors(), _source_of(source, kind) as rows:
        if target == "-":
            _write_text(rows, sys.stdout, chosen, not no_header, "standard output")
            return
        with _in_its_place(target) as place, place.open("w", encoding="utf-8", newline="") as file:
            count = _write_text(rows, file, chosen, not no_header, Path(target).name)
    _tell(target, count, count)


def _write_text(rows: Source, out: TextIO, output: str, header: bool, name: str) -> int:
    """Writes rows as they come; how many. Where their sizes differ is found before, by looking at all of them."""
    from runtime.output import layout, layout_of_sizes, write_cells, write_header, write_json

    columns = None
    if output != "json" and rows.row_type is None:
        sizes: set[int] = set()
        rows.feed(lambda batch: sizes.update(map(len, batch)))
        columns = layout_of_sizes(sizes)
    count = 0

    def take(batch: list[Any]) -> None:
        nonlocal columns, count
        if output == "json":
            write_json(batch, out)
        else:
            if columns is None:
                columns = layout(batch)
            if header and not count:
                write_header(columns, out, _DELIMITERS[output])
            write_cells(columns, batch, out, _DELIMITERS[output])
        count += len(batch)
        progress(count, rows.size or count)

    with counting(f"writing {name}", rows.size or 0) as progress:
        rows.feed(take)
    out.flush()
    return count


def _check_target(source: str, target: str, replace: bool) -> None:
    if target == "-":
        return
    if Path(target).exists() and not replace:
        raise BadInput(f"{target}: it is there already; --replace replaces it")
    if Path(source).exists() and Path(target).exists() and Path(source).samefile(target):
        raise BadInput(f"{target}: it is SOURCE itself")


@contextmanager
def _rows_of(
    source: str, input_format: "Format | None", delimiter: str | None, na: tuple[str, ...]
) -> Iterator[Source]:
    kind = file_kind(source)
    if kind != "text":
        with _source_of(source, kind) as rows:
            yield rows
        return
    from runtime.cli import delimiter_of, reporting  # which imports this module
    from runtime.file_batches import BatchedFile

    separator = delimiter_of(delimiter)
    stream = sys.stdin.buffer if source == "-" else None
    name = "stdin" if source == "-" else source
    with reporting():
        with reading(source) as progress:
            file = BatchedFile(name, stream, format=input_format, delimiter=separator, na=na, progress=progress)
        with file:
            yield Given(file.row_type, None, None, file.size, file.batches)


@contextmanager
def _source_of(source: str, kind: FileKind) -> Iterator[Source]:
    """What is in a file that is no text. Two bars at once there cannot be: of others that of writing is shown."""
    if kind != "erlang dets":
        with source_of(source, kind) as rows:
            yield rows
        return
    with reading(source) as progress, source_of(source, kind, progress) as rows:
        yield rows


@contextmanager
def _in_its_place(target: str) -> Iterator[Path]:
    """A file beside the target that takes its place in the end; whoever looks sees all of it or nothing."""
    place = Path(target)
    try:
        folder = tempfile.TemporaryDirectory(prefix=f".{place.name}.", dir=place.parent)
    except OSError as error:
        raise BadInput(f"{target}: it cannot be written: {error.strerror}") from error
    with folder as name:
        part = Path(name) / place.name
        try:
            yield part
            part.replace(place)
        except OSError as error:
            raise BadInput(f"{target}: it cannot be written: {error.strerror}") from error


def _write_on_disk(
    place: Path, rows: Source, kind: "Kind", keypos: "int | str", index: tuple[str, ...], name: str
) -> tuple[int, int]:
    """How many rows are in the table then, and how many were read."""
    from runtime import dets

    columns = [int(field) if field.isdecimal() else field for field in index]
    read = 0
    with dets.open(place, rows.row_type, type=kind, keypos=keypos, name=name) as table:

        def take(batch: list[Any]) -> None:
            nonlocal read
            # A bag takes the last of a list first; its rows are to come in the order of the source.
            table.insert(batch[::-1] if kind == "bag" else batch)
            read += len(batch)
            progress(read, rows.size or read)

        with counting(f"writing {name}", rows.size or 0) as progress:
            rows.feed(take)
        for column in columns:
            table.add_index(column)
        return len(table), read


def _write_table_file(place: Path, rows: Source, kind: "Kind", keypos: "int | str", name: str) -> tuple[int, int]:
    """The same. A table file is that of a table in memory."""
    from runtime import ets

    table = ets.new(name or "table", rows.row_type, type=kind, keypos=keypos, access="public")
    read = 0

    def take(batch: list[Any]) -> None:
        nonlocal read
        table.insert(batch[::-1] if kind == "bag" else batch)
        read += len(batch)

    try:
        rows.feed(take)
        table.tab2file(os.fspath(place))
        return len(table), read
    finally:
        table.drop()


def _tell(target: str, stored: int, read: int) -> None:
    fewer = f", of {read:,} read: rows with a key that comes again are replaced" if stored != read else ""
    click.echo(f"{target}: {stored:,} row{'' if stored == 1 else 's'}{fewer}", err=True)
