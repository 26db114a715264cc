"""Data files: CSV, TSV and JSON lines, plain or in .gz and .zip, as rows of a NamedTuple type made for them.

The command line's input. This module opens files, takes them apart into records and says where they are wrong;
`runtime.jsonlines` reads an object, `runtime.columns` finds the types and builds the rows. A file is read once, from
front to back, whatever its size.

A file that cannot be used raises FileError with its path and, where there is one, the line. Lines count from 1; a
record that spans lines is named by its first.
"""

import csv
import gzip
import io
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import IO, BinaryIO, Final, Literal, TypeAlias, cast, final

from matchspec.values import Term
from runtime.columns import (
    Column,
    HeaderError,
    Row,
    RowType,
    TextColumns,
    ValueColumns,
    field_names,
    identifier,
    make_row_type,
    make_rows,
)
from runtime.jsonlines import JsonError, decode_object

Format: TypeAlias = Literal["csv", "tsv", "json"]
Progress: TypeAlias = Callable[[int, int], None]  # bytes read so far and in all, of the file as it lies on the disk

FORMATS: Final[tuple[Format, ...]] = ("csv", "tsv", "json")
_SUFFIXES: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
}
_CHUNK: Final = 4096  # records between two reports of progress
_BUFFER: Final = 1 << 16
_BOM: Final = b"\xef\xbb\xbf"
_OTHER_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")
_READ_ERRORS: Final = (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError)


class FileError(ValueError):
    """A file that cannot be read as data.

    Attributes:
        path: the file, as it was given.
        message: what is wrong, in one sentence.
        line: the line, counted from 1, or None where the whole file is meant.
    """

    def __init__(self, path: str, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.path = path
        self.message = message
        self.line = line

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}, line {self.line}"
        return f"{place}: {self.message}"


@final
class DataFile:
    """What a file holds.

    Attributes:
        name: the file's name without its suffixes.
        row_type: a NamedTuple class, named after the file, with a typed field for each column.
        rows: the rows, in the file's order, all of `row_type`.
    """

    __slots__ = ("name", "row_type", "rows")

    def __init__(self, name: str, row_type: RowType, rows: list[Row]) -> None:
        self.name: Final = name
        self.row_type: Final = row_type
        self.rows: Final = rows

    def __repr__(self) -> str:
        return f"<DataFile {self.name}: {len(self.rows)} rows of {len(self.row_type._fields)} columns>"


def read_file(
    path: str | os.PathLike[str],
    *,
    format: Format | None = None,
    delimiter: str | None = None,
    na: Sequence[str] = (),
    progress: Progress | None = None,
) -> DataFile:
    """Reads a data file. O(cells).

    Args:
        path: a file of UTF-8 text, with or without a byte order mark; `.gz` and `.zip` (with one file in it) are
            unpacked on the way.
        format: "csv", "tsv" or "json" (one object a line); by default the suffix decides, and an unknown one means CSV.
        delimiter: the one character between cells; by default a comma, in TSV a tab.
        na: texts of CSV and TSV cells that mean "no value", besides the empty cell.
        progress: called now and then with the bytes read so far and in all, and once at the end.

    Raises:
        FileError: the file is missing, a directory, empty, no UTF-8 text, ragged, wrongly quoted or no JSON lines, or
            has two columns of one name.
        ValueError: `delimiter` or `format` is none of those allowed.
    """
    name = os.fspath(path)
    options = _Options(name, format, delimiter, na)
    with _opened(name) as raw:
        size = os.fstat(raw.fileno()).st_size if raw.seekable() else 0

        def report() -> None:
            if progress is not None and size:
                progress(min(raw.tell(), size), size)

        inner, stream = _unpacked(name, raw)
        data = _read(stream, inner, options, report)
        if progress is not None and size:
            progress(size, size)
        return data


def read_stream(
    stream: BinaryIO,
    name: str,
    *,
    format: Format = "csv",
    delimiter: str | None = None,
    na: Sequence[str] = (),
) -> DataFile:
    """Reads data from an open binary stream such as standard input; `name` is what errors call it.

    As read_file otherwise; nothing is unpacked.
    """
    return _read(stream, name, _Options(name, format, delimiter, na), lambda: None)


@final
class _Options:
    """How to read: checked once, before a file is opened."""

    __slots__ = ("delimiter", "format", "missing", "path")

    def __init__(self, path: str, chosen: Format | None, delimiter: str | None, na: Sequence[str]) -> None:
        if chosen is not None and chosen not in FORMATS:
            raise ValueError(f"format is {chosen!r}; allowed are {', '.join(FORMATS)}")
        if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n\0'):
            raise ValueError(f"delimiter is {delimiter!r}; allowed is one character, no quote and no line end")
        self.path: Final = path
        self.format: Final = chosen
        self.delimiter: Final = delimiter
        self.missing: Final = frozenset(na)


# --- opening ----------------------------------------------------------------------------------------------------------


@contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    """The open file. Errors of reading it, unpacking included, leave as FileError."""
    with _open(path) as raw:
        try:
            yield raw
        except _READ_ERRORS as error:
            raise _unreadable(path, error) from error


def _open(path: str) -> BinaryIO:
    try:
        return Path(path).open("rb", buffering=_BUFFER)
    except IsADirectoryError as error:
        raise FileError(path, "this is a directory; a file is needed") from error
    except FileNotFoundError as error:
        raise FileError(path, "there is no such file") from error
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: str, error: Exception) -> FileError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return FileError(path, f"it cannot be read: {reason}")


def _unpacked(path: str, raw: BinaryIO) -> tuple[str, BinaryIO]:
    """The name of the data, without the suffix of its packing, and the unpacked stream."""
    file = PurePath(path)
    suffix = file.suffix.lower()
    if suffix == ".gz":
        return file.stem, _buffered(gzip.GzipFile(fileobj=raw, mode="rb"))
    if suffix == ".zip":
        archive = zipfile.ZipFile(raw)
        members = [
            info for info in archive.infolist() if not info.is_dir() and not info.filename.startswith("__MACOSX/")
        ]
        if len(members) != 1:
            found = ", ".join(info.filename for info in members[:5]) or "none"
            raise FileError(path, f"a .zip needs just one file in it; this one has {len(members)} ({found})")
        if members[0].flag_bits & 1:
            raise FileError(path, "the .zip is encrypted")
        return PurePath(members[0].filename).name, _buffered(archive.open(members[0]))
    return file.name, raw


def _buffered(stream: gzip.GzipFile | IO[bytes]) -> BinaryIO:
    # Both unpackers hand out lines slowly; a buffer in front of them does it in C.
    return cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, stream), _BUFFER))


# --- reading ----------------------------------------------------------------------------------------------------------


def _read(stream: BinaryIO, name: str, options: _Options, report: Callable[[], None]) -> DataFile:
    suffix = PurePath(name).suffix.lower()
    kind = options.format or _SUFFIXES.get(suffix, "csv")
    if kind == "json":
        headers, columns = _read_json(stream, options, report)
    else:
        delimiter = options.delimiter or ("\t" if kind == "tsv" else ",")
        headers, columns = _read_text(stream, delimiter, options, report)
    try:
        names = field_names(headers)
    except HeaderError as error:
        raise FileError(options.path, str(error), 1) from error
    title = PurePath(name).stem if suffix in _SUFFIXES else name
    fields = [(field, column.annotation) for field, column in zip(names, columns, strict=True)]
    row_type = make_row_type(identifier(title, "row"), fields)
    return DataFile(title, row_type, make_rows(row_type, columns))


def _lines(stream: BinaryIO, path: str) -> Iterator[str]:
    """The lines of a stream, line ends included, without a byte order mark."""
    for number, raw in enumerate(stream, 1):
        line = raw
        if number == 1:
            if line.startswith(_OTHER_BOMS):
                raise FileError(path, "this is UTF-16 text; it needs to be UTF-8", 1)
            line = line.removeprefix(_BOM)
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            wrong = line[error.start]
            raise FileError(path, f"byte 0x{wrong:02x} at position {error.start + 1} is no UTF-8", number) from error
        yield text


def _read_text(
    stream: BinaryIO, delimiter: str, options: _Options, report: Callable[[], None]
) -> tuple[list[str], list[Column]]:
    records = _records(_lines(stream, options.path), delimiter, options.path)
    first = next(records, None)
    if first is None:
        raise FileError(options.path, "the file is empty; a line with the names of the columns is needed")
    headers = first[1]
    width = len(headers)
    columns = TextColumns(width)
    chunk: list[list[str]] = []
    for line, cells in records:
        if len(cells) != width:
            raise FileError(options.path, f"{width} cells expected, as in the first line; found {len(cells)}", line)
        chunk.append(cells)
        if len(chunk) == _CHUNK:
            columns.add(chunk)
            chunk = []
            report()
    columns.add(chunk)
    return headers, columns.finish(options.missing)


def _records(lines: Iterator[str], delimiter: str, path: str) -> Iterator[tuple[int, list[str]]]:
    """The records of CSV text, each with the line that it begins in. Blank lines are no records."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    begin = 1
    try:
        for cells in reader:
            if cells:
                yield begin, cells
            begin = reader.line_num + 1
    except csv.Error as error:
        raise FileError(path, _explain(str(error)), begin) from error


def _explain(message: str) -> str:
    """What the csv module found wrong, in words that help."""
    if "field larger" in message:
        return f"a cell has more than {csv.field_size_limit():,} characters; is a closing quote missing?"
    if "new-line" in message:
        return "a carriage return stands in an unquoted cell; lines must end with a newline"
    if "unexpected end" in message:
        return "the file ends inside a quoted cell"
    if "expected after" in message:
        return 'after the closing quote of a cell only the delimiter may come; a quote inside a cell is written ""'
    return message


# --- JSON lines -------------------------------------------------------------------------------------------------------


def _read_json(stream: BinaryIO, options: _Options, report: Callable[[], None]) -> tuple[list[str], list[Column]]:
    columns = ValueColumns()
    chunk: list[dict[str, Term]] = []
    count = 0
    for number, line in enumerate(_lines(stream, options.path), 1):
        text = line.strip()
        if not text:
            continue
        try:
            chunk.append(decode_object(text))
        except JsonError as error:
            raise FileError(options.path, str(error), number) from error
        count += 1
        if len(chunk) == _CHUNK:
            columns.add(chunk)
            chunk = []
            report()
    columns.add(chunk)
    if not count:
        raise FileError(options.path, "the file is empty; JSON lines with one object each are needed")
    if not columns.headers:
        raise FileError(options.path, "its objects have no keys, so there are no columns")
    return columns.headers, columns.finish()
