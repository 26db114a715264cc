"""The SQL of one table on disk: its columns and the statements that its operations need, written once a table.

The names of columns that are no fields begin with `_`, as no field's does. See `runtime.disk_file` for the layout.
"""

from typing import Any, Final, Literal, TypeAlias, final

from matchspec.bounds import column_ranges
from matchspec.expressions import Expression
from matchspec.intervals import Ranges
from matchspec.spec import NO_MATCH, MatchSpec
from runtime.disk_keys import ByteKeys, IntKeys, KeyForm, Span
from runtime.disk_rows import FieldRows, RowForm, Sql, Values, is_int_key
from runtime.keybytes import key_bytes
from runtime.storage import Kind, StoredRow

Language: TypeAlias = Literal["python", "erlang"]

_NONE: Final = key_bytes(None, True).hex()


@final
class KeptExpression:
    """An expression of rows that an index is over, as the file keeps it: a text that is read back as the same one.

    `number`: tells the columns of expressions apart.
    """

    def __init__(self, number: int, expression: Expression, language: Language, text: str) -> None:
        self.number: Final = number
        self.expression: Final = expression
        self.language: Final[Language] = language
        self.text: Final = text


@final
class IndexColumn:
    """An index: the column of rows, from 0, and its name in SQL. `made`: in a column of its own, such as `_x1`.

    One over an expression has -1 for a column, and is made.
    """

    def __init__(
        self, column: int, field: int | str, unique: bool, name: str, made: bool, kept: KeptExpression | None = None
    ) -> None:
        self.kept: Final = kept
        self._label: Final = f"{column + 1}" if kept is None else f"e{kept.number}"
        self.column: Final = column
        self.field: Final = field
        self.unique: Final = unique
        self.name: Final = name
        self.made: Final = made

    def value(self, row: StoredRow) -> Sql:
        """What stands in `_x1` for a row; NULL for one that is too short, or for which the expression fails."""
        if self.kept is not None:
            value = self.kept.expression.value(row)
            return None if value is NO_MATCH else key_bytes(value, True)
        return key_bytes(row[self.column], True) if len(row) > self.column else None

    def ranges(self, query: MatchSpec[Any, Any]) -> Ranges:
        """In which ranges of values all rows lie that match a query; ALL where there is no telling."""
        if self.kept is not None:
            return self.kept.expression.ranges(query, False)
        return column_ranges(query, self.column + 1, False, False)

    def statements(self, table: str) -> list[str]:
        """What makes the SQL indexes of a table."""
        plain = f'CREATE INDEX "_index_{self._label}" ON {table} ({self.name})'
        if not self.unique:
            return [plain]
        # Any number of rows may have None.
        condition = f"{self.name} <> x'{_NONE}'" if self.made else f"{self.name} IS NOT NULL"
        return [plain, f'CREATE UNIQUE INDEX "_unique_{self._label}" ON {table} ({self.name}) WHERE {condition}']

    def names(self) -> list[str]:
        """The SQL indexes."""
        plain = f'"_index_{self._label}"'
        return [plain, f'"_unique_{self._label}"'] if self.unique else [plain]


@final
class Layout:
    """Columns and statements.

    `limited`: rows may have a deadline, by which those that are over are left out. `bounded`: the number of rows has a
    bound, so the file says when each was last used. The values of both columns come with SQL functions that
    `runtime.disk_limits` gives to the connection. `generation`: how often indexes with columns of their own have come
    and gone; the table of rows has another name each time.
    """

    def __init__(
        self,
        kind: Kind,
        keypos: int,
        rows: RowForm,
        indexes: list[IndexColumn],
        limited: bool = False,
        bounded: bool = False,
        generation: int = 0,
    ) -> None:
        self.kind: Final[Kind] = kind
        self.keypos: Final = keypos
        self.rows: Final = rows
        self.indexes: Final = indexes
        self.limited: Final = limited
        self.bounded: Final = bounded
        self.generation: Final = generation
        name = "limited_rows" if limited else "rows"
        self.table: Final = f"{name}_{generation}" if generation else name
        alive = f'(SELECT * FROM {self.table} WHERE "_ends" IS NULL OR "_ends" > matchspec_now())'
        self.alive: Final = alive if limited else self.table  # what is read from
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

    def with_indexes(self, indexes: list[IndexColumn], generation: int) -> "Layout":
        return Layout(self.kind, self.keypos, self.rows, indexes, self.limited, self.bounded, generation)

    def with_limits(self, bounded: bool) -> "Layout":
        return Layout(self.kind, self.keypos, self.rows, self.indexes, True, bounded, self.generation)

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
        if self.limited:
            parts += ['"_ends"', '"_used"']
        parts.append(f"PRIMARY KEY ({self.order})")
        made = [f"CREATE TABLE {self.table} ({', '.join(parts)}) WITHOUT ROWID"]
        if self.kind == "bag":
            made.append(f'CREATE UNIQUE INDEX "_exact" ON {self.table} ({self.key}, "_sum")')
        if self.limited:
            made.append(self.deadlines)
        if self.bounded:
            made.append(self.recency)
        for index in self.indexes:
            made.extend(index.statements(self.table))
        return made

    @property
    def deadlines(self) -> str:
        """What makes the index of a table with limits."""
        return f'CREATE INDEX "_deadlines" ON {self.table} ("_ends") WHERE "_ends" IS NOT NULL'

    @property
    def recency(self) -> str:
        """What makes the index of a table with a bound."""
        return f'CREATE INDEX "_recency" ON {self.table} ("_used")'

    @property
    def place(self) -> str:
        """The columns that tell a row from all others."""
        return f'{self.key}, "_n"' if self.bag else self.key

    @property
    def newest(self) -> str:
        """The number of the latest use of a row, in a table with a bound."""
        return f'(SELECT coalesce(max("_used"), 0) + 1 FROM {self.table})' if self.bounded else "NULL"

    @property
    def add(self) -> str:
        """Stores a row of a set, unless its key is there."""
        return f"INSERT INTO {self.table} ({self._names}) VALUES ({self._marks}) ON CONFLICT ({self.key}) DO NOTHING"

    @property
    def store(self) -> str:
        """Stores a row of a set."""
        if not any([index.unique for index in self.indexes]):
            return f"INSERT OR REPLACE INTO {self.table} ({self._names}) VALUES ({self._marks})"
        # REPLACE would take out whatever rows stand in the way in a unique index.
        names = [*self.stored, '"_ends"', '"_used"'] if self.limited else self.stored
        changes = ", ".join([f"{name} = excluded.{name}" for name in names if name != self.key])
        # A table of keys only has nothing to change.
        action = f"UPDATE SET {changes}" if changes else "NOTHING"
        return f"INSERT INTO {self.table} ({self._names}) VALUES ({self._marks}) ON CONFLICT ({self.key}) DO {action}"

    @property
    def update(self) -> str:
        """Replaces the row of a key in a set; its deadline stays. The parameters are those of `store`, the key."""
        marks = ", ".join(["?"] * len(self.stored))
        used = f', "_used" = {self.newest}' if self.bounded else ""
        return f"UPDATE {self.table} SET ({', '.join(self.stored)}) = ({marks}){used} WHERE {self.key} = ?"

    @property
    def add_to_bag(self) -> str:
        """Stores a row after those of its key, in a bag unless it is there.

        The parameters are those of `store`, the key, the row's sum; for a bag again the key and the sum.
        """
        number = f'(SELECT coalesce(max("_n"), 0) + 1 FROM {self.table} WHERE {self.key} = ?)'
        start = f'INSERT INTO {self.table} ({self._names}, "_n", "_sum") '
        if self.kind == "duplicate_bag":
            return f"{start}VALUES ({self._marks}, {number}, ?)"
        absent = f'NOT EXISTS (SELECT 1 FROM {self.table} WHERE {self.key} = ? AND "_sum" = ?)'
        return f"{start}SELECT {self._marks}, {number}, ? WHERE {absent}"

    @property
    def _names(self) -> str:
        return ", ".join([*self.stored, '"_ends"', '"_used"'] if self.limited else self.stored)

    @property
    def _marks(self) -> str:
        marks = ["?"] * len(self.stored)
        return ", ".join([*marks, "matchspec_deadline()", self.newest] if self.limited else marks)

    def select(self, what: str, span: Span, where: str = "", backwards: bool = False, limit: bool = False) -> str:
        """Selects from the rows of a span, in order. The parameters are those of the span, of `where`, the limit."""
        order = f" ORDER BY {self.backwards if backwards else self.order}" if what != "count(*)" else ""
        condition = self.condition(span, where)
        return f"SELECT {what} FROM {self.alive}{condition}{order}{' LIMIT ?' if limit else ''}"

    def condition(self, span: Span, where: str) -> str:
        """That a row is in a span, and whatever else is asked, as the end of a statement."""
        low, low_in, high, high_in = span
        conditions: list[str] = []
        if low is not None:
            conditions.append(f"{self.key} {'>=' if low_in else '>'} ?")
        if high is not None:
            conditions.append(f"{self.key} {'<=' if high_in else '<'} ?")
        if where:
            conditions.append(f"({where})")
        return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def bounds(span: Span) -> list[Sql]:
    """The parameters of a span."""
    return [bound for bound in (span[0], span[2]) if bound is not None]


def index_column(rows: RowForm, column: int, field: int | str, unique: bool) -> IndexColumn:
    """The index of a column: over the field's own column where SQLite compares its values as Erlang does."""
    if isinstance(rows, FieldRows) and rows.fields[column].kind not in ("term", "datetime"):
        return IndexColumn(column, field, unique, rows.columns[column], False)
    return IndexColumn(column, field, unique, f'"_x{column + 1}"', True)


def expression_column(kept: KeptExpression, name: str, unique: bool) -> IndexColumn:
    """The index of an expression, in a column of its own."""
    return IndexColumn(-1, name, unique, f'"_e{kept.number}"', True, kept)
