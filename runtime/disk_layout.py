"""The SQL of one table on disk: its columns and the statements that its operations need, written once a table.

The names of columns that are no fields begin with `_`, as no field's does. See `runtime.disk_file` for the layout.
"""

from typing import Final, final

from runtime.disk_keys import ByteKeys, IntKeys, KeyForm, Span
from runtime.disk_rows import FieldRows, RowForm, Sql, Values, is_int_key
from runtime.keybytes import key_bytes
from runtime.storage import Kind, StoredRow

_NONE: Final = key_bytes(None, True).hex()


@final
class IndexColumn:
    """An index: the column of rows, from 0, and its name in SQL. `made`: in a column of its own, such as `_x1`."""

    def __init__(self, column: int, field: int | str, unique: bool, name: str, made: bool) -> None:
        self.column: Final = column
        self.field: Final = field
        self.unique: Final = unique
        self.name: Final = name
        self.made: Final = made

    def value(self, row: StoredRow) -> Sql:
        """What stands in `_x1` for a row; NULL for one that is too short."""
        return key_bytes(row[self.column], True) if len(row) > self.column else None

    def statements(self) -> list[str]:
        """What makes the SQL indexes."""
        plain = f'CREATE INDEX "_index_{self.column + 1}" ON rows ({self.name})'
        if not self.unique:
            return [plain]
        # Any number of rows may have None.
        condition = f"{self.name} <> x'{_NONE}'" if self.made else f"{self.name} IS NOT NULL"
        return [plain, f'CREATE UNIQUE INDEX "_unique_{self.column + 1}" ON rows ({self.name}) WHERE {condition}']

    def names(self) -> list[str]:
        """The SQL indexes."""
        plain = f'"_index_{self.column + 1}"'
        return [plain, f'"_unique_{self.column + 1}"'] if self.unique else [plain]


@final
class Layout:
    """Columns and statements."""

    def __init__(self, kind: Kind, keypos: int, rows: RowForm, indexes: list[IndexColumn]) -> None:
        self.kind: Final[Kind] = kind
        self.keypos: Final = keypos
        self.rows: Final = rows
        self.indexes: Final = indexes
        self.bag: Final = kind in ("bag", "duplicate_bag")
        ordered = kind == "ordered_set"
        self.own_key: Final = not is_int_key(rows, keypos)  # whether the key has a column beside those of the row
        self.keys: Final[KeyForm] = ByteKeys(ordered) if self.own_key else IntKeys(ordered)
        self.key: Final = '"_key"' if self.own_key else rows.columns[keypos]
        self.columns: Final = ", ".join(rows.columns)
        self.made: Final = [index for index in indexes if index.made]
        stored = ['"_key"'] if self.own_key else []
        stored += [*rows.columns, *[index.name for index in self.made]]
        self.stored: Final = stored  # in the order of `values`
        self.order: Final = f'{self.key}, "_n"' if self.bag else self.key
        self.backwards: Final = f'{self.key} DESC, "_n"' if self.bag else f"{self.key} DESC"

    def values(self, key: Sql, row: StoredRow) -> Values:
        """The values of `stored` for a row."""
        encoded = self.rows.encode(row)
        if not self.own_key and not self.made:
            return encoded
        made = [index.value(row) for index in self.made]
        return [key, *encoded, *made] if self.own_key else [*encoded, *made]

    # --- statements ---------------------------------------------------------------------------------------------------

    def definitions(self) -> list[str]:
        """What lays out a new file."""
        parts = [f"{name} NOT NULL" if name == self.key else name for name in self.stored]
        if self.bag:
            parts += ['"_n" NOT NULL', '"_sum" NOT NULL']
        parts.append(f"PRIMARY KEY ({self.order})")
        made = [f"CREATE TABLE rows ({', '.join(parts)}) WITHOUT ROWID"]
        if self.kind == "bag":
            made.append(f'CREATE UNIQUE INDEX "_exact" ON rows ({self.key}, "_sum")')
        for index in self.indexes:
            made.extend(index.statements())
        return made

    @property
    def add(self) -> str:
        """Stores a row of a set, unless its key is there."""
        return f"INSERT INTO rows ({self._names}) VALUES ({self._marks}) ON CONFLICT ({self.key}) DO NOTHING"

    @property
    def store(self) -> str:
        """Stores a row of a set."""
        if not any([index.unique for index in self.indexes]):
            return f"INSERT OR REPLACE INTO rows ({self._names}) VALUES ({self._marks})"
        # REPLACE would take out whatever rows stand in the way in a unique index.
        changes = ", ".join([f"{name} = excluded.{name}" for name in self.stored if name != self.key])
        # A table of keys only has nothing to change.
        action = f"UPDATE SET {changes}" if changes else "NOTHING"
        return f"INSERT INTO rows ({self._names}) VALUES ({self._marks}) ON CONFLICT ({self.key}) DO {action}"

    @property
    def update(self) -> str:
        """Replaces the row of a key in a set; the parameters are those of `store`, and the key."""
        return f"UPDATE rows SET ({self._names}) = ({self._marks}) WHERE {self.key} = ?"

    @property
    def add_to_bag(self) -> str:
        """Stores a row after those of its key, in a bag unless it is there.

        The parameters are those of `store`, the key, the row's sum; for a bag again the key and the sum.
        """
        number = f'(SELECT coalesce(max("_n"), 0) + 1 FROM rows WHERE {self.key} = ?)'
        start = f'INSERT INTO rows ({self._names}, "_n", "_sum") '
        if self.kind == "duplicate_bag":
            return f"{start}VALUES ({self._marks}, {number}, ?)"
        absent = f'NOT EXISTS (SELECT 1 FROM rows WHERE {self.key} = ? AND "_sum" = ?)'
        return f"{start}SELECT {self._marks}, {number}, ? WHERE {absent}"

    @property
    def _names(self) -> str:
        return ", ".join(self.stored)

    @property
    def _marks(self) -> str:
        return ", ".join(["?"] * len(self.stored))

    def select(self, what: str, span: Span, where: str = "", backwards: bool = False, limit: bool = False) -> str:
        """Selects from the rows of a span, in order. The parameters are those of the span, of `where`, the limit."""
        low, low_in, high, high_in = span
        conditions: list[str] = []
        if low is not None:
            conditions.append(f"{self.key} {'>=' if low_in else '>'} ?")
        if high is not None:
            conditions.append(f"{self.key} {'<=' if high_in else '<'} ?")
        if where:
            conditions.append(f"({where})")
        condition = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        order = f" ORDER BY {self.backwards if backwards else self.order}" if what != "count(*)" else ""
        return f"SELECT {what} FROM rows{condition}{order}{' LIMIT ?' if limit else ''}"


def bounds(span: Span) -> list[Sql]:
    """The parameters of a span."""
    return [bound for bound in (span[0], span[2]) if bound is not None]


def index_column(rows: RowForm, column: int, field: int | str, unique: bool) -> IndexColumn:
    """The index of a column: over the field's own column where SQLite compares its values as Erlang does."""
    if isinstance(rows, FieldRows) and rows.fields[column].kind not in ("term", "datetime"):
        return IndexColumn(column, field, unique, rows.columns[column], False)
    return IndexColumn(column, field, unique, f'"_x{column + 1}"', True)
