"""Data files: CSV, TSV and JSON lines, plain or in .gz and .zip, as rows of a NamedTuple type made for them.

The command line's input. This module opens files, takes them apart into records and says where they are wrong;
`runtime.jsonlines` reads an object, `runtime.columns` finds the types and builds the rows. A file is read once, from
front to back, and its rows are in memory then; `runtime.file_batches` reads one twice, for rows that need not be.

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
    Annotation,
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
SUFFIXES: Final[dict[str, Format]] = {
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
    options = ReadOptions(name, format, delimiter, na)
    with opened(name) as raw:
        size = os.fstat(raw.fileno()).st_size if raw.seekable() else 0

        def report() -> None:
            if progress is not None and size:
                progress(min(raw.tell(), size), size)

        inner, stream = unpacked(name, raw)
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
    return _read(stream, name, ReadOptions(name, format, delimiter, na), lambda: None)


@final
class ReadOptions:
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
def opened(path: str) -> Iterator[BinaryIO]:
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


def unpacked(path: str, raw: BinaryIO) -> tuple[str, BinaryIO]:
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


def _read(stream: BinaryIO, name: str, options: ReadOptions, report: Callable[[], None]) -> DataFile:
    kind, delimiter = format_of(name, options)
    if kind == "json":
        headers, columns = _read_json(stream, options, report)
    else:
        headers, columns = _read_text(stream, delimiter, options, report)
    row_type = row_type_of(name, headers, [column.annotation for column in columns], options.path)
    return DataFile(title_of(name), row_type, make_rows(row_type, columns))


def format_of(name: str, options: ReadOptions) -> tuple[Format, str]:
    """The format of a file of this name, and what stands between its cells."""
    kind = options.format or SUFFIXES.get(PurePath(name).suffix.lower(), "csv")
    return kind, options.delimiter or ("\t" if kind == "tsv" else ",")


def title_of(name: str) -> str:
    """The name without its suffix, if it is one that says the format."""
    path = PurePath(name)
    return path.stem if path.suffix.lower() in SUFFIXES else name


def row_type_of(name: str, headers: Sequence[str], annotations: Sequence[Annotation], path: str) -> RowType:
    """The class of the rows of a file. Raises FileError for two columns of one name."""
    try:
        names = field_names(headers)
    except HeaderError as error:
        raise FileError(path, str(error), 1) from error
    return make_row_type(identifier(title_of(name), "row"), list(zip(names, annotations, strict=True)))


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
    stream: BinaryIO, delimiter: str, options: ReadOptions, report: Callable[[], None]
) -> tuple[list[str], list[Column]]:
    headers, chunks = text_chunks(stream, delimiter, options.path)
    columns = TextColumns(len(headers))
    for chunk in chunks:
        columns.add(chunk)
        report()
    return headers, columns.finish(options.missing)


def text_chunks(stream: BinaryIO, delimiter: str, path: str) -> tuple[list[str], Iterator[list[list[str]]]]:
    """The names of the columns, and the records, some at a time. Raises FileError, also while these are read."""
    records = _records(_lines(stream, path), delimiter, path)
    first = next(records, None)
    if first is None:
        raise FileError(path, "the file is empty; a line with the names of the columns is needed")
    return first[1], _chunks(records, len(first[1]), path)


def _chunks(records: Iterator[tuple[int, list[str]]], width: int, path: str) -> Iterator[list[list[str]]]:
    chunk: list[list[str]] = []
    for line, cells in records:
        if len(cells) != width:
            raise FileError(path, f"{width} cells expected, as in the first line; found {len(cells)}", line)
        chunk.append(cells)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


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


def _read_json(stream: BinaryIO, options: ReadOptions, report: Callable[[], None]) -> tuple[list[str], list[Column]]:
    columns = ValueColumns()
    for chunk in object_chunks(stream, options.path):
        columns.add(chunk)
        report()
    check_keys(columns.headers, options.path)
    return columns.headers, columns.finish()


def object_chunks(stream: BinaryIO, path: str) -> Iterator[list[dict[str, Term]]]:
    """The objects, some at a time. Raises FileError, also where there are none."""
    chunk: list[dict[str, Term]] = []
    count = 0
    for number, line in enumerate(_lines(stream, path), 1):
        text = line.strip()
        if not text:
            continue
        try:
            chunk.append(decode_object(text))
        except JsonError as error:
            raise FileError(path, str(error), number) from error
        count += 1
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if not count:
        raise FileError(path, "the file is empty; JSON lines with one object each are needed")
    if chunk:
        yield chunk


def check_keys(headers: Sequence[str], path: str) -> None:
    """Raises FileError where the objects of a file have no keys."""
    if not headers:
        raise FileError(path, "its objects have no keys, so there are no columns")
