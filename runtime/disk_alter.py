"""What changes a table on disk as a whole: indexes that come and go, and what the file says of its table."""

import json

from runtime.disk_connection import DiskConnection
from runtime.disk_keys import EVERYTHING
from runtime.disk_layout import IndexColumn, Layout
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
    layout = Layout(old.kind, old.keypos, old.rows, [*old.indexes, index])
    connection = storage.connection

    def work() -> None:
        if index.made:
            connection.write(f"ALTER TABLE rows ADD COLUMN {index.name}")
            _fill(storage, index)
        for statement in index.statements():
            connection.write(statement)
        set_fact(connection, "index", index_facts(layout.indexes))

    connection.together(work)
    storage.lay_out(layout)


def _fill(storage: DiskStorage, index: IndexColumn) -> None:
    """Writes the values of an index's column. The rows keep their order meanwhile: a row's place is its key."""
    layout, connection = storage.layout, storage.connection
    place = [layout.key, '"_n"'] if layout.bag else [layout.key]
    condition = " AND ".join([f"{name} = ?" for name in place])
    sql = f"UPDATE rows SET {index.name} = ? WHERE {condition}"
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
    layout = Layout(old.kind, old.keypos, old.rows, [one for one in old.indexes if one is not index])
    connection = storage.connection

    def work() -> None:
        for name in index.names():
            connection.write(f"DROP INDEX {name}")
        if index.made:
            connection.write(f"ALTER TABLE rows DROP COLUMN {index.name}")
        set_fact(connection, "index", index_facts(layout.indexes))

    connection.together(work)
    storage.lay_out(layout)
