"""The commands `matchspec import` and `export`, and what the others need for tables on disk.

Added to the others by `runtime.cli`, which see for exit statuses.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO, TypeAlias, cast

import click

from runtime.arguments import BadInput
from runtime.progress_bars import counting, reading
from runtime.table_sources import FileKind, Source, file_kind, read_table

if TYPE_CHECKING:
    from matchspec import MatchSpec
    from runtime.dets import DiskTable
    from runtime.files import Format
    from runtime.storage import Kind

AnySpec: TypeAlias = "MatchSpec[Any, Any]"
AnyDiskTable: TypeAlias = "DiskTable[Any]"

_BATCH: Final = 20_000  # rows that are written at once, between two steps of the bar
_TABLES: Final = {".dets": "dets", ".ets": "ets"}
_TEXTS: Final = {".csv": "csv", ".json": "json", ".jsonl": "json", ".ndjson": "json", ".tsv": "tsv"}


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
    position: int | str | None = int(key) if key is not None and key.isdecimal() else key
    if made == "dets" and file_kind(source) == "dets":
        with table_errors(), opened(source) as table, _in_its_place(target) as place:
            count, stored = _copy_on_disk(table, place, kind, position, index, Path(target).name)
        _tell(target, stored, count)
        return
    rows = _rows_of(source, input_format, delimiter, na)
    keypos: int | str = position or rows.keypos or 1
    chosen: Kind = kind or rows.kind or "set"
    with table_errors(), _in_its_place(target) as place:
        if made == "dets":
            stored = _write_on_disk(place, rows, chosen, keypos, index, Path(target).name)
        else:
            stored = _write_table_file(place, rows, chosen, keypos, Path(target).stem)
    _tell(target, stored, len(rows.rows))


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
    chosen = output or ("csv" if target == "-" else _TEXTS.get(Path(target).suffix.lower()))
    if chosen is None:
        raise click.BadParameter(
            f"{target!r} ends in neither .csv, .tsv, .json nor .jsonl; --format says what it is to be"
        )
    _check_target(source, target, replace)
    kind = file_kind(source)
    if kind == "text":
        raise BadInput(f"{source}: it cannot be read, or is no file with a table")
    if target == "-":
        _write_text(source, kind, chosen, not no_header, sys.stdout)
        return
    with table_errors(), _in_its_place(target) as place, place.open("w", encoding="utf-8", newline="") as file:
        count = _write_text(source, kind, chosen, not no_header, file)
    _tell(target, count, count)


def _write_text(source: str, kind: FileKind, chosen: str, header: bool, out: TextIO) -> int:
    """Writes the rows of a table as text; how many. A table on disk is read some rows at a time."""
    from runtime.output import write_csv, write_json

    delimiter = "\t" if chosen == "tsv" else ","
    if kind == "dets":
        with opened(source) as table:
            if chosen == "json" or table.shape.typed:  # else the columns are only known when all rows are

                def write(rows: list[Any], before: int) -> None:
                    if chosen == "json":
                        write_json(rows, out)
                    else:
                        write_csv(rows, out, header=header and not before, delimiter=delimiter)

                return _in_batches(table, f"reading {Path(source).name}", write)
    rows = _table_of(source, kind).rows
    if chosen == "json":
        write_json(rows, out)
    else:
        write_csv(rows, out, header=header, delimiter=delimiter)
    return len(rows)


def _in_batches(table: AnyDiskTable, what: str, visit: Callable[[list[Any], int], None]) -> int:
    """Visits the rows of a table on disk, as at one moment, some at a time, with their number so far; how many."""
    from runtime import dets

    batch: list[Any] = []
    count = 0

    def take(row: Any) -> Any:
        nonlocal count
        batch.append(row)
        if len(batch) == _BATCH:
            visit(batch, count)
            count += len(batch)
            progress(count, size)
            batch.clear()
        return dets.CONTINUE

    size = len(table)
    with counting(what, size) as progress:
        table.traverse(take)
        if batch:
            visit(batch, count)
    return count + len(batch)


def _check_target(source: str, target: str, replace: bool) -> None:
    if target == "-":
        return
    if Path(target).exists() and not replace:
        raise BadInput(f"{target}: it is there already; --replace replaces it")
    if Path(source).exists() and Path(target).exists() and Path(source).samefile(target):
        raise BadInput(f"{target}: it is SOURCE itself")


def _rows_of(source: str, input_format: "Format | None", delimiter: str | None, na: tuple[str, ...]) -> Source:
    kind = file_kind(source)
    if kind != "text":
        return _table_of(source, kind)
    from runtime.cli import read_data, reporting  # which imports this module

    with reporting():
        data = read_data(source, input_format, delimiter, na)
    return Source(data.row_type, data.rows, None, None)


def _table_of(source: str, kind: FileKind) -> Source:
    with table_errors(), reading(source) as progress:
        return read_table(source, kind, progress)


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


def _copy_on_disk(
    source: AnyDiskTable,
    place: Path,
    kind: "Kind | None",
    keypos: "int | str | None",
    index: tuple[str, ...],
    name: str,
) -> tuple[int, int]:
    """Makes a table on disk of another one, some rows at a time; how many were read, and how many there are."""
    from runtime import dets

    chosen: Kind = kind or source.info("type")
    at = keypos or source.info("keypos")
    with dets.open(place, source.shape.row_type, type=chosen, keypos=at, name=name) as table:

        def write(rows: list[Any], before: int) -> None:
            table.insert(rows[::-1] if chosen == "bag" else list(rows))

        count = _in_batches(source, f"writing {name}", write)
        for field in index:
            table.add_index(int(field) if field.isdecimal() else field)
        return count, len(table)


def _write_on_disk(
    place: Path, rows: Source, kind: "Kind", keypos: "int | str", index: tuple[str, ...], name: str
) -> int:
    from runtime import dets

    columns = [int(field) if field.isdecimal() else field for field in index]
    with dets.open(place, rows.row_type, type=kind, keypos=keypos, name=name) as table:
        with counting(f"writing {name}", len(rows.rows)) as progress:
            for start in range(0, len(rows.rows), _BATCH):
                batch = rows.rows[start : start + _BATCH]
                # A bag takes the last of a list first; its rows are to come in the order of the source.
                table.insert(batch[::-1] if kind == "bag" else batch)
                progress(start + len(batch), len(rows.rows))
        for column in columns:
            table.add_index(column)
        return len(table)


def _write_table_file(place: Path, rows: Source, kind: "Kind", keypos: "int | str", name: str) -> int:
    from runtime import ets

    table = ets.new(name or "table", rows.row_type, type=kind, keypos=keypos, access="public")
    try:
        table.insert(rows.rows[::-1] if kind == "bag" else rows.rows)
        table.tab2file(os.fspath(place))
        return len(table)
    finally:
        table.drop()


def _tell(target: str, stored: int, read: int) -> None:
    fewer = f", of {read:,} read: rows with a key that comes again are replaced" if stored != read else ""
    click.echo(f"{target}: {stored:,} row{'' if stored == 1 else 's'}{fewer}", err=True)
