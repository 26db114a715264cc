"""The storage of bags and duplicate bags on disk.

The rows of a key are numbered in the order of their insertion, in the column `_n`. `_sum` is a hash of each row, the
same for rows that are `=:=`; it is long enough (128 bits of BLAKE2b) that two rows of one sum are one row.
"""

from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, TypeAlias, final

from matchspec.terms import Key
from matchspec.values import TermError
from runtime.disk_connection import DiskConnection
from runtime.disk_layout import Layout
from runtime.disk_rows import Fetched, Sql
from runtime.disk_storage import DiskStorage, Pairs
from runtime.errors import BadArg
from runtime.keybytes import key_bytes
from runtime.storage import StoredRow
from runtime.termjson import CodecError

Place: TypeAlias = tuple[Key, bytes]  # a key and the sum of a row

_SUM_SIZE: Final = 16  # bytes


def sum_of(row: StoredRow) -> bytes:
    return blake2b(key_bytes(row, False), digest_size=_SUM_SIZE).digest()


@final
class DiskBagStorage(DiskStorage):
    """Any number of rows a key; in a `bag` no two that are `=:=`.

    Invariants besides those of DiskStorage, checked by `check`:
        5. `_sum` is the sum of its row.
    That no two rows of a bag have one sum is SQLite's to see to, by an index.
    """

    def __init__(self, connection: DiskConnection, layout: Layout) -> None:
        super().__init__(connection, layout)
        self._distinct: Final = layout.kind == "bag"

    def lay_out(self, layout: Layout) -> None:
        super().lay_out(layout)
        key, table, alive = layout.key, layout.table, layout.alive
        self._add = layout.add_to_bag
        self._holds: str = f'SELECT 1 FROM {alive} WHERE {key} = ? AND "_sum" = ? LIMIT 1'
        self._delete_exact: str = f'DELETE FROM {table} WHERE {key} = ? AND "_sum" = ?'
        self._delete_some: str = (
            f'DELETE FROM {table} WHERE {key} = ? AND "_n" IN '
            f'(SELECT "_n" FROM {table} WHERE {key} = ? AND "_sum" = ? ORDER BY "_n" LIMIT ?)'
        )
        names = ", ".join(layout.stored)
        marks = ", ".join(["?"] * len(layout.stored))
        self._replace: str = f'UPDATE {table} SET ({names}, "_sum") = ({marks}, ?) WHERE {key} = ? AND "_n" = ?'
        self._numbers: str = f'SELECT "_n", "_sum" FROM {table} WHERE {key} = ? ORDER BY "_n"'
        self._rest: str = f'SELECT {layout.columns} FROM {alive} WHERE {key} = ? ORDER BY "_n" LIMIT -1 OFFSET ?'

    def _adding(self, key: Key, row: StoredRow) -> list[Sql]:
        stored = self.layout.values(key, row)
        try:
            added = sum_of(row)
        except (CodecError, TermError) as error:
            raise BadArg("type", "row", row, str(error), self.connection.table) from None
        values = [*stored, key, added]
        return [*values, key, added] if self.layout.kind == "bag" else values

    def holds(self, key: Key, row: StoredRow) -> bool:
        try:
            exact = sum_of(row)
        except (CodecError, TermError):  # no row on disk is without a form
            return False
        return bool(self.connection.fetch(self._holds, (key, exact)))

    def put(self, key: Key, row: StoredRow) -> None:
        self._more(self.connection.write(self._add, self._adding(key, row)))

    def change(self, key: Key, row: StoredRow) -> None:
        self.put(key, row)

    def put_all(self, pairs: Pairs) -> None:
        """In a bag the last of the list comes first, which is how OTP 25 does it."""
        adding = [self._adding(key, row) for key, row in pairs]
        if self._distinct:
            adding.reverse()
        if adding:
            self.connection.together(lambda: self._more(self.connection.write_all(self._add, adding)))

    def remove(self, key: Key) -> list[StoredRow]:
        rows: list[StoredRow] = []

        def work() -> None:
            rows.extend(self._rows_at(key))
            if rows:
                self.connection.write(self._delete_quietly, (key,))

        self.connection.together(work)
        self._forget(key, len(rows))
        return rows

    def remove_exact(self, key: Key, row: StoredRow) -> int:
        try:
            exact = sum_of(row)
        except (CodecError, TermError):
            return 0
        count = self.connection.write(self._delete_exact, (key, exact))
        self._forget(key, count)
        return count

    def remove_chosen(self, rows: Sequence[StoredRow]) -> None:
        counts: Counter[Place] = Counter([(self.key(row[self.keypos]), sum_of(row)) for row in rows])
        parameters: list[list[Sql]] = [[key, key, one, count] for (key, one), count in counts.items()]

        def work() -> None:
            self._more(-self.connection.write_all(self._delete_some, parameters))

        if parameters:
            self.connection.together(work)
            if self._fixed:
                self._gone.update([key for key, _ in counts])

    def replace_chosen(self, rows: Sequence[StoredRow], others: Sequence[StoredRow]) -> None:
        if rows:
            self.connection.together(lambda: self._replace_each(rows, others))

    def _replace_each(self, rows: Sequence[StoredRow], others: Sequence[StoredRow]) -> None:
        """First all places are found, then they are filled, as what comes may look like what is still to go."""
        numbers: dict[Place, list[int]] = {}
        for key in {self.key(row[self.keypos]): None for row in rows}:
            for number, found in self.connection.fetch(self._numbers, (key,)):
                numbers.setdefault((key, found), []).append(number)
        parameters: list[list[Sql]] = []
        for row, other in zip(rows, others, strict=True):
            key = self.key(row[self.keypos])
            number = numbers[key, sum_of(row)].pop(0)
            parameters.append([*self.layout.values(key, other), sum_of(other), key, number])
        self.connection.write_all(self._replace, parameters)

    def _whole_keys(self, rows: list[StoredRow], count: int) -> list[StoredRow]:
        if len(rows) < count:
            return rows
        key = self.key(rows[-1][self.keypos])
        known = sum([self.key(row[self.keypos]) == key for row in rows])
        return [*rows, *self.decoded(self.connection.fetch(self._rest, (key, known)))]

    def keys_count(self) -> int:
        return int(self.connection.fetch(f"SELECT count(DISTINCT {self.layout.key}) FROM {self.layout.alive}")[0][0])

    def _checked_columns(self) -> list[str]:
        return [*super()._checked_columns(), '"_sum"']

    def _check_rows(self, fetched: list[Fetched]) -> list[str]:
        problems = super()._check_rows([one[:-1] for one in fetched])
        columns = len(self.layout.rows.columns)
        if not problems:
            for row, one in zip(self.decoded([one[-1 - columns : -1] for one in fetched]), fetched, strict=True):
                if sum_of(row) != one[-1]:
                    problems.append(f"5: the sum of {row!r} is {one[-1]!r}")
        return problems
