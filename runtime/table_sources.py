"""Files that hold tables, for the command line: which kind a file is of, told by its first bytes, and what is in it.

dets            a table on disk (`runtime.dets`)          ets            a table file (`runtime.tabfile`)
erlang dets     a DETS file of Erlang's                   erlang ets     a file of Erlang's ets:tab2file
text            anything else: CSV, TSV or JSON lines
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, final

from runtime.storage import Kind

if TYPE_CHECKING:
    from runtime.dets import DiskTable
    from runtime.files import Progress

FileKind: TypeAlias = Literal["text", "dets", "ets", "erlang dets", "erlang ets"]
Rows: TypeAlias = list[Any]
RowType: TypeAlias = Any  # a NamedTuple class, or None
Take: TypeAlias = Callable[[Rows], object]

BATCH: Final = 20_000  # rows that are read and written at once

_BEGINNINGS: Final[tuple[tuple[int, bytes, FileKind], ...]] = (
    (0, b"SQLite format 3\0", "dets"),
    (0, b"matchspec-table ", "ets"),
    (0, b"\x01\x02\x03\x04", "erlang ets"),
    (4, b"\x00\xab\xcd\xef", "erlang dets"),
)


def file_kind(path: str) -> FileKind:
    """What a file holds; "text" also for one that cannot be read, which its reader will say."""
    if path == "-":
        return "text"
    try:
        with Path(path).open("rb") as file:
            head = file.read(16)
    except (OSError, ValueError):
        return "text"
    for at, beginning, kind in _BEGINNINGS:
        if head[at : at + len(beginning)] == beginning:
            return kind
    return "text"


class Source:
    """The rows of a file, with what it says of its table: `kind` and `keypos`, None for text.

    `size`: how many rows there are, None where only reading them tells. `row_type`: None for rows of any size.
    """

    def __init__(self, row_type: RowType, kind: Kind | None, keypos: int | None, size: int | None) -> None:
        self.row_type: Final[RowType] = row_type
        self.kind: Final[Kind | None] = kind
        self.keypos: Final = keypos
        self.size: Final = size

    def feed(self, take: Take) -> None:
        """Calls `take` with the rows, in their order, some at a time. O(n). Raises what its reader raises."""
        raise AssertionError("every source has its own")

    def rows(self) -> Rows:
        """All rows. O(n)."""
        found: Rows = []
        self.feed(found.extend)
        return found


@final
class Listed(Source):
    """Rows that are in memory: those of table files, which are read as a whole."""

    def __init__(self, row_type: RowType, kind: Kind | None, keypos: int | None, rows: Rows) -> None:
        super().__init__(row_type, kind, keypos, len(rows))
        self._rows: Final = rows

    def feed(self, take: Take) -> None:
        for start in range(0, len(self._rows), BATCH):
            take(self._rows[start : start + BATCH])

    def rows(self) -> Rows:
        return self._rows


@final
class Given(Source):
    """Rows that are read anew each time, some at a time."""

    def __init__(
        self,
        row_type: RowType,
        kind: Kind | None,
        keypos: int | None,
        size: int | None,
        batches: Callable[[], Iterator[Rows]],
    ) -> None:
        super().__init__(row_type, kind, keypos, size)
        self._batches: Final = batches

    def feed(self, take: Take) -> None:
        for batch in self._batches():
            take(batch)


@final
class OnDisk(Source):
    """The rows of an open table on disk, as at one moment."""

    def __init__(self, table: "DiskTable[Any]") -> None:
        super().__init__(table.shape.row_type, table.info("type"), table.info("keypos"), len(table))
        self._table: Final = table

    def feed(self, take: Take) -> None:
        rows: Rows = []

        def visit(row: Any) -> str:
            rows.append(row)
            if len(rows) == BATCH:
                take(list(rows))
                rows.clear()
            return "continue"

        self._table.traverse(visit)
        if rows:
            take(rows)


@contextmanager
def source_of(path: str, kind: FileKind, progress: "Progress | None" = None) -> Iterator[Source]:
    """What is in a file that is no text, as long as it is open. Raises BadArg and DiskError, as its reader does.

    Of a table on disk, and of a DETS file of Erlang's that was closed, few rows are in memory at a time.
    """
    if kind == "dets":
        from runtime import dets

        with dets.open(path, access="read") as table:
            yield OnDisk(table)
    elif kind == "erlang dets":
        from runtime.erlang_dets import ErlangDets

        theirs = ErlangDets(path)
        yield Given(None, theirs.kind, theirs.keypos, None, lambda: _batched(theirs.rows(progress)))
    elif kind == "erlang ets":
        from runtime.erlang_tabfile import ErlangTabfile

        file = ErlangTabfile(path)
        yield Listed(None, file.kind, file.keypos, list(file.rows))
    else:
        from runtime.tabfile import TableReader

        reader = TableReader(path)
        yield Listed(None, reader.header["type"], reader.header["keypos"], reader.rows())


def _batched(rows: "Iterator[Any]") -> Iterator[Rows]:
    while batch := list(islice(rows, BATCH)):
        yield batch
