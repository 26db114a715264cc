"""Tables on disk as a whole: walks over all rows, copies from and to tables in memory, copies of the file."""

from collections.abc import Callable
from typing import Any, Final, TypeAlias, cast

from matchspec.values import Atom
from runtime.core import Checked, Element
from runtime.disk_file import path_of
from runtime.disk_queries import DiskQueries
from runtime.errors import BadArg
from runtime.rows import Row
from runtime.table import Table

Visitor: TypeAlias = Callable[[Any], Any]

CONTINUE: Final = Atom("continue")
DONE: Final = Atom("done")


class DiskWhole(DiskQueries[Row]):
    """The methods that take in or give out everything."""

    def traverse(self, fn: Visitor) -> Element:
        """Calls `fn(row)` for the rows, as at one moment, and collects what it says; a list, the last one first.

        `fn` gives `dets.CONTINUE` to go on, `(dets.CONTINUE, value)` to collect the value and go on, and
        `(dets.DONE, value)` to collect it and stop. Anything else stops, and is the result. The same words as strs will
        do. O(n). Erlang's dets:traverse/2. Raises BadArg: "id"; DiskError; whatever `fn` raises.
        """
        found: list[Any] = []
        with self._gate.reading:
            disk = self._disk()
            for rows in disk.stream(disk.layout.keys.whole, "", []):
                for row in self._out(rows):
                    answer = fn(row)
                    if answer in (CONTINUE, "continue"):
                        continue
                    word = answer[0] if isinstance(answer, tuple) and len(answer) == 2 else None
                    if word in (CONTINUE, "continue"):
                        found.insert(0, answer[1])
                    elif word in (DONE, "done"):
                        return [answer[1], *found]
                    else:
                        return answer
        return found

    def from_ets(self, table: "Table[Any]") -> bool:
        """Replaces all rows by those of a table in memory, as at one moment; True. O(n). Erlang's dets:from_ets/2.

        Raises BadArg: "type" for what is no such table, and for rows that do not fit; "unique", "access", "id".
        """
        rows = self._in_order(_in_memory(table, self._gate.name).stored_rows())
        pairs = self._pairs(rows)
        with self._gate.writing:
            self._storage.replace_all(pairs)
        return True

    def to_ets(self, table: "Table[Any]") -> bool:
        """Inserts all rows, as at one moment, into a table in memory; True. O(n). Erlang's dets:to_ets/2.

        Raises BadArg: "type" for what is no such table; those of its `insert`.
        """
        target = _in_memory(table, self._gate.name)
        rows = cast("list[Any]", self.stored_rows())
        target.insert(rows[::-1] if target.type == "bag" else rows)
        return True

    def _in_order(self, rows: list[Any]) -> list[Any]:
        """A bag takes the last row of a list first; these are to come in their order."""
        return rows[::-1] if self._kind == "bag" else rows

    def copy(self, path: Checked) -> bool:
        """Writes the table, as at one moment, to another file, which is there when it is complete; True.

        An older file is replaced. What Erlang does with dets:bchunk/2 and dets:init_table/3. O(n).
        Raises BadArg: "type" for what is no path, "option" for the table's own file, "id"; DiskError.
        """
        place = path_of(path)
        with self._gate.reading:
            file = self._connection().file
            if str(place.resolve()) == file.name:
                raise BadArg("option", "path", path, "it is the table's own file", self._gate.name)
            file.write_to(place)
        return True

    def compact(self) -> bool:
        """Rewrites the file without the space that deleted rows have left; True. Erlang's repair with `force`.

        O(n). The file needs its size again, for as long. Raises BadArg: "access", "id"; DiskError.
        """
        with self._gate.writing:
            pass  # who may not write may not do this either
        with self._gate.reading:
            self._connection().write("VACUUM")
        return True


def _in_memory(table: Any, name: str) -> "Table[Any]":
    if isinstance(table, Table):
        return table
    raise BadArg("type", "table", table, "allowed is a table in memory, as ets.new makes it", name)
