"""Tables as files: `tab2file`, `file2tab`, `tabfile_info`.

A file is text, UTF-8, one JSON value a line:

    matchspec-table 1                                             magic and version of the format
    {"name": ..., "named_table": ..., "type": ..., "keypos": ..., "protection": ..., "size": ...}
    {"t": [...]}                                                  a row (see runtime.termjson), as many as `size` says
    ...
    sha256 9f86d0...                                              of all bytes before this line

Magic, version, checksum and size are looked at in this order, and each has its own error. A file is written beside its
place, forced to the disk, and then put in its place at once: whoever reads sees the old file or the new one. Reading
runs no code.
"""

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, TypeAlias, final

from matchspec.values import Atom, Term
from runtime.errors import BadArg
from runtime.storage import KINDS, StoredRow
from runtime.termjson import CodecError, dumps, loads

Header: TypeAlias = dict[str, Any]  # what the second line holds

VERSION: Final = 1
_MAGIC: Final = "matchspec-table "
_SUM: Final = "sha256 "
_FIELDS: Final[dict[str, type]] = {
    "name": str,
    "atom": bool,
    "named_table": bool,
    "type": str,
    "keypos": int,
    "protection": str,
    "size": int,
}


@final
class TableWriter:
    """Writes one file; nothing is to be seen at `path` until `finish`."""

    def __init__(self, path: Path) -> None:
        self._path: Final = path
        number, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        self._part: Final = Path(name)
        self._file: Final = os.fdopen(number, "wb")
        self._sum: Final = hashlib.sha256()

    def line(self, text: str) -> None:
        data = text.encode() + b"\n"
        self._sum.update(data)
        self._file.write(data)

    def finish(self) -> None:
        self._file.write(f"{_SUM}{self._sum.hexdigest()}\n".encode())
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.replace(self._path)
        # The new name is in the folder, and that too has to reach the disk. Not every system can do this.
        with contextlib.suppress(OSError):
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def abandon(self) -> None:
        self._file.close()
        self._part.unlink(missing_ok=True)


def write(path: Term, header: Header, rows: Iterable[StoredRow]) -> None:
    """Writes a table file. O(n). Raises BadArg: "file" when it cannot be written, "type" for a value without a form."""
    target = file_path(path)
    try:
        writer = TableWriter(target)
    except OSError as error:
        raise BadArg("file", "path", str(target), f"it cannot be written: {error}") from error
    try:
        writer.line(f"{_MAGIC}{VERSION}")
        writer.line(json.dumps(header, ensure_ascii=True))
        for row in rows:
            writer.line(_row_line(row))
        writer.finish()
    except OSError as error:
        writer.abandon()
        raise BadArg("file", "path", str(target), f"it cannot be written: {error}") from error
    except BaseException:
        writer.abandon()
        raise


def _row_line(row: StoredRow) -> str:
    try:
        return dumps(row)
    except CodecError as error:
        raise BadArg("type", "row", row, str(error)) from None


@final
class TableReader:
    """Reads one file whole, checking magic, version and checksum before anything is believed."""

    def __init__(self, path: Term) -> None:
        self.path: Final = file_path(path)
        try:
            data = self.path.read_bytes()
        except OSError as error:
            raise BadArg("file", "path", str(self.path), f"it cannot be read: {error}") from error
        first, _, rest = data.partition(b"\n")
        magic = first.decode("utf-8", "replace")
        if not magic.startswith(_MAGIC):
            raise self._bad("it is no table file")
        if magic != f"{_MAGIC}{VERSION}":
            raise self._bad(f"its format has the version {magic[len(_MAGIC) :]!r}, known is {VERSION}")
        body, _, last = rest[:-1].rpartition(b"\n")
        digest = hashlib.sha256(first + b"\n" + body + b"\n").hexdigest()
        if not rest.endswith(b"\n") or last != f"{_SUM}{digest}".encode():
            raise BadArg("checksum", "path", str(self.path), "the file is damaged: its checksum is wrong")
        self._lines: Final = body.decode("utf-8", "replace").split("\n")
        self.header: Final[Header] = self._read_header()

    def _bad(self, why: str) -> BadArg:
        return BadArg("file", "path", str(self.path), why)

    def _read_header(self) -> Header:
        try:
            header: Any = json.loads(self._lines[0])
        except (ValueError, RecursionError):
            header = None
        if not isinstance(header, dict) or {key: type(value) for key, value in header.items()} != _FIELDS:
            raise self._bad("its second line does not describe a table")
        if header["type"] not in KINDS or header["size"] != len(self._lines) - 1:
            raise self._bad("what its second line says does not fit the rest")
        return header

    def rows(self) -> list[Any]:
        """The rows, as far as they are terms: whether they are rows is for `insert` to see.

        O(n). Raises BadArg, cause "file".
        """
        try:
            return [loads(line) for line in self._lines[1:]]
        except (CodecError, RecursionError) as error:
            raise self._bad(f"it holds a row that cannot be read: {error}") from None

    @property
    def name(self) -> str | Atom:
        text: str = self.header["name"]
        return Atom(text) if self.header["atom"] else text


def file_path(path: Term) -> Path:
    if not isinstance(path, (str, os.PathLike)):
        raise BadArg("file", "path", path, "allowed are a str and a path")
    try:
        return Path(path)
    except TypeError as error:  # a path of bytes
        raise BadArg("file", "path", path, str(error)) from None
