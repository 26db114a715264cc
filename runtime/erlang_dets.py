"""DETS files that Erlang wrote, version 9 of its format: what kind of table they hold, and its rows. Read only.

All numbers are of 32 bits, the highest byte first. A file is:

    0    pointer to the free lists     4    cookie 0x0ABCDEF        8    1 when closed properly
    12   type: 1 set, 2 bag, 3 duplicate_bag                        16   version, 9
    20   M    24   slots in use    28   keypos    32   number of rows    36   number of keys    40   ... 52
    56   counters of the allocator, 112 bytes                       168  MD5 of bytes 12 to 167, or zeros
    184  base of the allocator, or 0; reserved bytes up to 312
    312  256 pointers to parts, each of 512 pointers to segments, each of 256 slots
    1336 parts, segments, collections of rows, and free space, in any order
    end  the size of the file, less the base

A slot is the size of a collection and where it is. A collection is its size, 0x12345678 for one in use, and rows: each
is its size, these 4 bytes included, and its external term; in bags the rows of a key are put together once more, after
the size of them all.

A file that was closed properly is read by its slots, and what it says of itself has to be so. One that was not, because
Erlang was stopped, is read as Erlang repairs it: by looking at every 16th byte for a collection. What Erlang had not
written is not there, and of a row that is found twice the later one counts.
"""

import hashlib
import os
import struct
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final, TypeAlias, cast, final

from matchspec.terms import Key, exact_key
from matchspec.values import Term, TermError
from runtime.disk_errors import DiskError
from runtime.disk_file import path_of
from runtime.external import decode
from runtime.external_python import FormlessError
from runtime.storage import Kind, StoredRow
from runtime.termjson import CodecError

Progress: TypeAlias = Callable[[int, int], None]  # bytes read so far, and in all

_COOKIE: Final = 0x0ABCDEF
_ACTIVE: Final = 0x12345678
_VERSION: Final = 9
_KINDS: Final[dict[int, Kind]] = {1: "set", 2: "bag", 3: "duplicate_bag"}
_HEADER: Final = 188  # bytes of it that have a meaning
_PARTS: Final = 312
_BASE: Final = 1336
_UNIT: Final = 16  # everything begins at a multiple of it
_WINDOW: Final = 2**20
_SLOTS: Final = 256  # of a segment


class _Damaged(Exception):
    """Bytes that are no collection of rows."""


@final
class ErlangDets:
    """A DETS file of Erlang's. Attributes:

    kind, keypos: of the table; positions count from 1.
    size: how many rows it has, as the file says; where it was not closed, that may be of some time before.
    closed: whether it was closed properly.

    Raises DiskError: "missing", "file" or "io" where it cannot be read, "not_a_dets_file", "version" for another
    version of the format, "truncated" and "corrupt" for damage, "foreign" for a row that Python has no form for.
    """

    def __init__(self, path: Term) -> None:
        self._place: Final = path_of(path)
        self.path: Final = str(self._place)
        with self._open() as file:
            file.seek(0, os.SEEK_END)
            self._bytes: Final = file.tell()
            head = self._read(file, 0, min(_HEADER, self._bytes))
            if len(head) < _HEADER or head[4:8] != _COOKIE.to_bytes(4, "big"):
                raise DiskError("not_a_dets_file", self.path, "it is no DETS file of Erlang's")
            (closed, code, version, _, self._used, self.keypos, self.size) = struct.unpack_from(">7I", head, 8)
            if version != _VERSION:
                raise DiskError("version", self.path, f"its format has the version {version}, known is {_VERSION}")
            if code not in _KINDS or self.keypos < 1 or not _is_sound(head):
                raise self._corrupt("its header contradicts itself")
            self.kind: Final[Kind] = _KINDS[code]
            whole = self._bytes >= _BASE + 4 and self._has_end(file, head)
            self.closed: Final[bool] = closed == 1 and whole

    def _open(self) -> BinaryIO:
        try:
            return self._place.open("rb")
        except FileNotFoundError:
            raise DiskError("missing", self.path, "there is no such file") from None
        except OSError as error:
            raise DiskError("file", self.path, f"it cannot be opened: {error.strerror}") from error

    def _read(self, file: BinaryIO, at: int, size: int) -> bytes:
        """All of these bytes. Raises DiskError, cause "truncated" or "io"."""
        try:
            file.seek(at)
            data = file.read(size)
        except OSError as error:
            raise DiskError("io", self.path, f"it cannot be read: {error.strerror}") from error
        if len(data) < size:
            raise DiskError("truncated", self.path, "its end is missing")
        return data

    def _has_end(self, file: BinaryIO, head: bytes) -> bool:
        base: int = struct.unpack_from(">I", head, 184)[0]
        end = int.from_bytes(self._read(file, self._bytes - 4, 4), "big")
        return end + base == self._bytes

    def _corrupt(self, why: str) -> DiskError:
        return DiskError("corrupt", self.path, f"the file is damaged: {why}")

    # --- rows ---------------------------------------------------------------------------------------------------------

    def rows(self, progress: Progress | None = None) -> Iterator[StoredRow]:
        """The rows. A file that was closed properly gives them one by one, any other when it has been read."""
        with self._open() as file:
            if not self.closed:
                yield from self._rescued(file, progress)
                return
            found = 0
            for data in self._collections(file, progress):
                try:
                    many = self._rows_of(data)
                except _Damaged as error:
                    raise self._corrupt(str(error)) from None
                found += len(many)
                yield from many
            if found != self.size:
                raise self._corrupt(f"it says that it has {self.size} rows, and has {found}")

    def _collections(self, file: BinaryIO, progress: Progress | None) -> Iterator[bytes]:
        """The collections, in the order of their slots."""
        # A slot has 8 bytes of its own, and a collection stands in one slot.
        if 8 * self._used > self._bytes:
            raise self._corrupt("it says that it has more slots than it has room for")
        read = part = 0
        for number in range((self._used + _SLOTS - 1) // _SLOTS):
            if number % 512 == 0:
                part = self._pointer(file, _PARTS + number // 512 * 4)
            segment = self._pointer(file, part + number % 512 * 4)
            slots = struct.unpack(f">{2 * _SLOTS}I", self._read(file, segment, 8 * _SLOTS))
            for slot in range(min(_SLOTS, self._used - number * _SLOTS)):
                size, at = slots[2 * slot : 2 * slot + 2]
                if not at:
                    continue
                read += size
                if read > self._bytes or size < 8:
                    raise self._corrupt("its collections are larger than it is")
                data = self._read(file, at, size)
                if data[:8] != struct.pack(">II", size, _ACTIVE):
                    raise self._corrupt("a slot points to what is no collection of rows")
                yield data[8:]
            if progress is not None:
                progress(min(read, self._bytes), self._bytes)
        if progress is not None:
            progress(self._bytes, self._bytes)

    def _pointer(self, file: BinaryIO, at: int) -> int:
        pointer = int.from_bytes(self._read(file, at, 4), "big")
        if pointer < _BASE:
            raise self._corrupt("a pointer leads into its header")
        return pointer

    def _rows_of(self, data: bytes) -> list[StoredRow]:
        """The rows of a collection. Raises _Damaged, and DiskError, cause "foreign"."""
        pieces = _pieces(data)
        if self.kind != "set":
            pieces = [piece for key in pieces for piece in _pieces(key)]
        return [self._row(piece) for piece in pieces]

    def _row(self, data: bytes) -> StoredRow:
        try:
            row = decode(data)
        except FormlessError as error:
            raise DiskError("foreign", self.path, f"it has a row that cannot be read: {error}") from None
        except CodecError as problem:
            raise _Damaged(f"a row is no term: {problem}") from None
        if not isinstance(row, tuple) or len(row) < self.keypos:
            raise _Damaged("a row has no key")
        return cast(StoredRow, row)

    # --- files that were not closed -----------------------------------------------------------------------------------

    def _rescued(self, file: BinaryIO, progress: Progress | None) -> list[StoredRow]:
        rows: list[StoredRow] = []
        for many in self._scanned(file, progress):
            rows.extend(many)
        if self.kind == "duplicate_bag":
            return rows
        kept: dict[Key, StoredRow] = {}
        for row in rows:
            kept[self._identity(row)] = row
        return list(kept.values())

    def _identity(self, row: StoredRow) -> Key:
        try:
            return exact_key(row[self.keypos - 1] if self.kind == "set" else row)
        except TermError as error:
            raise self._corrupt(str(error)) from None

    def _scanned(self, file: BinaryIO, progress: Progress | None) -> Iterator[list[StoredRow]]:
        """The rows of all that looks like a collection in use, and is one."""
        mark = _ACTIVE.to_bytes(4, "big")
        at = _BASE
        while at < self._bytes:
            window = self._read(file, at, min(_WINDOW, self._bytes - at))
            place = window.find(mark, 4)
            while place >= 0 and (place - 4) % _UNIT != (_BASE - at) % _UNIT:
                place = window.find(mark, place + 1)
            if place < 0:
                # The mark may lie across the end of the window.
                at += len(window) if len(window) < _WINDOW else _WINDOW - _UNIT
            else:
                start = at + place - 4
                many = self._collection_at(file, start)
                if many is None:
                    at = start + _UNIT
                else:
                    yield many[0]
                    at = start + many[1]
            if progress is not None:
                progress(min(at, self._bytes), self._bytes)

    def _collection_at(self, file: BinaryIO, at: int) -> tuple[list[StoredRow], int] | None:
        """The rows of a collection, and how much room it takes: a power of 2."""
        size = int.from_bytes(self._read(file, at, 4), "big")
        if not 8 < size <= self._bytes - at:
            return None
        try:
            rows = self._rows_of(self._read(file, at, size)[8:])
        except _Damaged:
            return None
        return rows, max(_UNIT, 1 << (size - 1).bit_length())


def _pieces(data: bytes) -> list[bytes]:
    """What stands one after the other, each after its size. Raises _Damaged."""
    pieces: list[bytes] = []
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size <= 4 or at + size > len(data):
            raise _Damaged("a row is longer than its collection")
        pieces.append(data[at + 4 : at + size])
        at += size
    return pieces


def _is_sound(head: bytes) -> bool:
    """Whether the header has its MD5 sum; older releases wrote none."""
    digest = head[168:184]
    return digest == bytes(16) or digest == hashlib.md5(head[12:168], usedforsecurity=False).digest()
