"""What changes a table on disk as a whole: indexes that come and go, and what the file says of its table."""

import json

from runtime.disk_connection import DiskConnection
from runtime.disk_file import LIMITED_VERSION
from runtime.disk_keys import EVERYTHING
from runtime.disk_layout import DEADLINES, RECENCY, IndexColumn, Layout
from runtime.disk_rows import Sql
from runtime.disk_storage import DiskStorage


def set_fact(connection: DiskConnection, item: str, value: object) -> None:
    """Writes what the file says of its table. Raises DiskError."""
    connection.write("UPDATE _matchspec SET value = ? WHERE item = ?", (json.dumps(value), item))


def index_facts(indexes: list[IndexColumn]) -> list[list[int | bool]]:
    """What the file says of indexes."""
    return [[index.column, index.unique] for index in indexes]


def add_index(storage: DiskStorage, index: IndexColumn) -> None:
    """Adds an index; all or nothing. O(n log n). Raises BadArg, cause "unique"; DiskError."""
    old = storage.layout
    layout = old.with_indexes([*old.indexes, index])
    connection = storage.connection

    def work() -> None:
        if index.made:
            connection.write(f"ALTER TABLE {old.table} ADD COLUMN {index.name}")
            _fill(storage, index)
        for statement in index.statements(old.table):
            connection.write(statement)
        set_fact(connection, "index", index_facts(layout.indexes))

    connection.together(work)
    _go_on(storage, layout)


def _fill(storage: DiskStorage, index: IndexColumn) -> None:
    """Writes the values of an index's column. The rows keep their order meanwhile: a row's place is its key."""
    layout, connection = storage.layout, storage.connection
    place = [layout.key, '"_n"'] if layout.bag else [layout.key]
    condition = " AND ".join([f"{name} = ?" for name in place])
    sql = f"UPDATE {layout.table} SET {index.name} = ? WHERE {condition}"
    selected = layout.select(", ".join([*place, layout.columns]), EVERYTHING)
    for fetched in list(connection.stream(selected)):
        rows = storage.decoded([one[len(place) :] for one in fetched])
        values: list[list[Sql]] = [
            [index.value(row), *one[: len(place)]] for row, one in zip(rows, fetched, strict=True)
        ]
        connection.write_all(sql, values)


def del_index(storage: DiskStorage, index: IndexColumn) -> None:
    """Takes an index away. O(n) where it has a column of its own. Raises DiskError."""
    old = storage.layout
    layout = old.with_indexes([one for one in old.indexes if one is not index])
    connection = storage.connection

    def work() -> None:
        for name in index.names():
            connection.write(f"DROP INDEX {name}")
        if index.made:
            connection.write(f"ALTER TABLE {old.table} DROP COLUMN {index.name}")
        set_fact(connection, "index", index_facts(layout.indexes))

    connection.together(work)
    _go_on(storage, layout)


def set_limits(storage: DiskStorage, ttl: float | None, most: int | None) -> None:
    """Has the file say how long rows live and how many there are at most. O(n) for the first bound, else O(1).

    Raises DiskError.
    """
    old = storage.layout
    connection = storage.connection
    layout = Layout(old.kind, old.keypos, old.rows, old.indexes, True, most is not None)

    def work() -> None:
        if not old.limited:
            # Under its new name no program finds the table that knows nothing of deadlines, and has it open.
            connection.write(f"ALTER TABLE rows RENAME TO {layout.table}")
            for column in ('"_ends"', '"_used"'):
                connection.write(f"ALTER TABLE {layout.table} ADD COLUMN {column}")
            connection.write(DEADLINES)
            connection.write(f"PRAGMA user_version = {LIMITED_VERSION}")
            count = int(connection.fetch(f"SELECT count(*) FROM {layout.table}")[0][0])
            for item, value in limit_facts(ttl, most, count).items():
                connection.write("INSERT INTO _matchspec VALUES (?, ?)", (item, json.dumps(value)))
        else:
            set_fact(connection, "ttl", ttl)
            set_fact(connection, "max_size", most)
        if layout.bounded and not old.bounded:
            connection.write(RECENCY)

    connection.together(work)
    _go_on(storage, layout)


def limit_facts(ttl: float | None, most: int | None, count: int) -> dict[str, object]:
    """What the file says of limits, and of the number of rows."""
    return {"ttl": ttl, "max_size": most, "rows": count}


def _go_on(storage: DiskStorage, layout: Layout) -> None:
    """The storage goes by a new layout, unless the transaction comes to nothing."""
    old, keeper, connection = storage.layout, storage.keeper, storage.connection

    def undo() -> None:
        storage.lay_out(old)
        storage.keeper = connection.keeper = keeper

    storage.lay_out(layout)
    connection.undo = undo
