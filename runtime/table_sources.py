"""Files that hold tables, for the command line: which kind a file is of, told by its first bytes, and what is in it.

dets            a table on disk (`runtime.dets`)          ets            a table file (`runtime.tabfile`)
erlang dets     a DETS file of Erlang's                   erlang ets     a file of Erlang's ets:tab2file
text            anything else: CSV, TSV or JSON lines
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, final

from runtime.storage import Kind

if TYPE_CHECKING:
    from runtime.files import Progress

FileKind: TypeAlias = Literal["text", "dets", "ets", "erlang dets", "erlang ets"]
Rows: TypeAlias = list[Any]
RowType: TypeAlias = Any  # a NamedTuple class, or None

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


@final
class Source:
    """The rows of a file, with what it says of its table: `kind` and `keypos`, None for text."""

    def __init__(self, row_type: RowType, rows: Rows, kind: Kind | None, keypos: int | None) -> None:
        self.row_type: Final[RowType] = row_type
        self.rows: Final = rows
        self.kind: Final[Kind | None] = kind
        self.keypos: Final = keypos


def read_table(path: str, kind: FileKind, progress: "Progress | None" = None) -> Source:
    """All rows of a file that is no text. O(n). Raises BadArg and DiskError, as its reader does."""
    if kind == "dets":
        from runtime import dets

        with dets.open(path, access="read") as table:
            shape = table.shape
            return Source(shape.row_type, table.tab2list(), table.info("type"), table.info("keypos"))
    if kind == "erlang dets":
        from runtime.erlang_dets import ErlangDets

        source = ErlangDets(path)
        return Source(None, list(source.rows(progress)), source.kind, source.keypos)
    if kind == "erlang ets":
        from runtime.erlang_tabfile import ErlangTabfile

        file = ErlangTabfile(path)
        return Source(None, list(file.rows), file.kind, file.keypos)
    from runtime.tabfile import TableReader

    reader = TableReader(path)
    return Source(None, reader.rows(), reader.header["type"], reader.header["keypos"])
