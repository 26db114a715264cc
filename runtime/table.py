"""`Table`: what `ets.new` makes, with all methods of an ETS table."""

from os import PathLike
from typing import TYPE_CHECKING, Any, final

from matchspec.values import Atom
from runtime.additions import AdditionalMethods
from runtime.errors import BadArg
from runtime.rows import Row, describe

if TYPE_CHECKING:
    from runtime.disk_table import DiskTable


@final
class Table(AdditionalMethods[Row]):
    """A table of rows in memory, which threads share.

    Made by `ets.new`. A row is a tuple; its element at the key position is its key. Of the four types a `set` and an
    `ordered_set` hold one row a key, a `bag` and a `duplicate_bag` any number. Keys are compared exactly (1, 1.0 and
    True are three keys), in an ordered_set by Erlang's order, where 1 and 1.0 are one.

    Every operation is atomic: others see it done or not begun, and an operation that raises has done nothing. A query
    sees the table as at one moment. Rows that hold lists, dicts or other values that can be changed in place are copied
    on their way in and out. Iterating gives the rows; `len(table)` counts them; an empty table is false as a condition,
    like other containers, so ask `is None` of what `ets.whereis` gives.

    The methods are named as in Erlang, but `drop` deletes the table, where `delete` deletes a key. All raise BadArg,
    with cause "id" after `drop`, and with cause "access" where the caller may not do this: a "protected" table is
    written by its owner only, the process that made it, and a "private" one is read by its owner only.
    """

    def tab2file(self, path: str | PathLike[str]) -> bool:
        """Writes the table, as at one moment, to a file, a str or a path; True. `ets.file2tab` reads it.

        The file is in its place only when it is complete and on the disk; an older one is replaced then. It does not
        keep indexes, limits and deadlines. O(n).
        Erlang's ets:tab2file/2. Raises BadArg: "file" when it cannot be written; "type" for a value that has no form in
        a file, such as a function; "access", "id".
        """
        from runtime import tabfile

        rows = self.stored_rows()
        with self._gate.lock:
            self._gate.check_alive()
            header: tabfile.Header = {
                "name": self._gate.name,
                "atom": isinstance(self._name, Atom),
                "named_table": self._named,
                "type": self._kind,
                "keypos": self._keypos + 1,
                "protection": self._gate.access,
                "size": len(rows),
            }
        tabfile.write(path, header, rows)
        return True

    def to_dets(self, table: "DiskTable[Any]") -> bool:
        """Replaces all rows of a table on disk by those of this one; True. O(n). Erlang's ets:to_dets/2.

        Raises BadArg: "type" for what is no table on disk, and for rows that do not fit it; "access", "id"; DiskError.
        """
        return _on_disk(table, self._gate.name).from_ets(self)

    def from_dets(self, table: "DiskTable[Any]") -> bool:
        """Inserts all rows of a table on disk; True. O(n). Erlang's ets:from_dets/2.

        Raises BadArg: "type" for what is no table on disk; those of `insert`; DiskError.
        """
        return _on_disk(table, self._gate.name).to_ets(self)

    def __repr__(self) -> str:
        rows = f"{self._storage.size()} rows of {describe(self._shape.row_type)}" if self._gate.alive else "dropped"
        return f"<Table {self._gate.name}: {self._kind}, {rows}>"


def _on_disk(table: Any, name: str) -> "DiskTable[Any]":
    from runtime.disk_table import DiskTable  # which knows this module

    if isinstance(table, DiskTable):
        return table
    raise BadArg("type", "table", table, "allowed is a table on disk, as dets.open gives it", name)
