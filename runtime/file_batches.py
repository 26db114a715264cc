"""Data files that need not fit into memory: read once for the types of their columns, and again for their rows.

Rows and types are those of `runtime.files`, whose readers this uses. What cannot be read twice, such as standard input,
is first written to a temporary file.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self, cast, final

from runtime.columns import Row, RowType, TextType, TextTypes, ValueType, ValueTypes, make_rows
from runtime.files import (
    FileError,
    Format,
    Progress,
    ReadOptions,
    check_keys,
    format_of,
    object_chunks,
    opened,
    row_type_of,
    text_chunks,
    unpacked,
)


@final
class BatchedFile:
    """A data file; a context manager that closes it. Attributes:

    row_type: a NamedTuple class, named after the file, with a typed field for each column.
    size: how many rows it has.
    """

    def __init__(
        self,
        path: str,
        stream: BinaryIO | None = None,
        *,
        format: Format | None = None,
        delimiter: str | None = None,
        na: Sequence[str] = (),
        progress: Progress | None = None,
    ) -> None:
        """Reads the file for its types; arguments and errors are those of `read_file`.

        `stream`: what to read instead of a file, which is then only called `path`.
        """
        self._path: Final = path
        self._options: Final = ReadOptions(path, format, delimiter, na)
        self._kept: Final = _kept(path, stream)
        self.size = 0
        self._text: list[TextType] = []
        self._values: list[ValueType] = []
        try:
            self.row_type: Final[RowType] = self._types(progress)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives up the copy of what could be read only once."""
        if self._kept is not None:
            self._kept.close()

    def _types(self, progress: Progress | None) -> RowType:
        with self._reading() as (name, source, report):
            kind, separator = format_of(name, self._options)
            if kind == "json":
                headers = self._object_types(source, report(progress))
                annotations = [one.annotation for one in self._values]
            else:
                headers = self._text_types(source, separator, report(progress))
                annotations = [one.annotation for one in self._text]
        return row_type_of(name, headers, annotations, self._path)

    @contextmanager
    def _reading(self) -> "Iterator[tuple[str, BinaryIO, Callable[[Progress | None], Callable[[], None]]]]":
        """The name of what is in the file, its beginning, and what makes a function that tells of the progress."""
        if self._kept is not None:
            self._kept.seek(0)
            yield self._path, self._kept, lambda progress: lambda: None
            return
        with opened(self._path) as raw:
            size = os.fstat(raw.fileno()).st_size
            name, source = unpacked(self._path, raw)
            yield name, source, lambda progress: _Report(raw, size, progress)

    def _text_types(self, source: BinaryIO, delimiter: str, report: Callable[[], None]) -> list[str]:
        headers, chunks = text_chunks(source, delimiter, self._path)
        types = TextTypes(len(headers), self._options.missing)
        for chunk in chunks:
            types.add(chunk)
            self.size += len(chunk)
            report()
        self._text = types.finish()
        return headers

    def _object_types(self, source: BinaryIO, report: Callable[[], None]) -> list[str]:
        types = ValueTypes()
        for chunk in object_chunks(source, self._path):
            types.add(chunk)
            self.size += len(chunk)
            report()
        self._values = types.finish()
        headers = [one.header for one in self._values]
        check_keys(headers, self._path)
        return headers

    def batches(self) -> Iterator[list[Row]]:
        """The rows, in the file's order, some at a time. O(cells). Raises FileError, also for a file that changed."""
        with self._reading() as (name, source, _):
            kind, delimiter = format_of(name, self._options)
            try:
                if kind == "json":
                    for objects in object_chunks(source, self._path):
                        yield make_rows(self.row_type, [one.column(objects) for one in self._values])
                else:
                    _, chunks = text_chunks(source, delimiter, self._path)
                    for cells in chunks:
                        pairs = zip(self._text, zip(*cells, strict=True), strict=True)
                        yield make_rows(self.row_type, [one.column(column) for one, column in pairs])
            except FileError:
                raise
            except ValueError as error:
                raise FileError(self._path, "it was changed while it was read") from error


@final
class _Report:
    """Tells how far a file has been read."""

    def __init__(self, raw: BinaryIO, size: int, progress: Progress | None) -> None:
        self._raw: Final = raw
        self._size: Final = size
        self._progress: Final = progress

    def __call__(self) -> None:
        if self._progress is not None and self._size:
            self._progress(min(self._raw.tell(), self._size), self._size)


def _kept(path: str, stream: BinaryIO | None) -> BinaryIO | None:
    """A copy of what can be read only once, None for a file that can be read again."""
    if stream is None:
        if not Path(path).exists() or Path(path).is_file() or Path(path).is_dir():
            return None
        with opened(path) as source:
            return _kept(path, source)
    copy = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115  # it lives as long as whoever reads it
    shutil.copyfileobj(stream, copy)
    return copy
