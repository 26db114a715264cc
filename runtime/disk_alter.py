"""What changes a table on disk as a whole: indexes that come and go, and what the file says of its table."""

import json

from runtime.disk_connection import DiskConnection
from runtime.disk_file import EXPRESSION_VERSION, LIMITED_VERSION
from runtime.disk_keys import EVERYTHING
from runtime.disk_layout import IndexColumn, Layout
from runtime.disk_rows import Sql
from runtime.disk_storage import DiskStorage


def set_fact(connection: DiskConnection, item: str, value: object) -> None:
    """Writes what the file says of its table. Raises DiskError."""
    connection.write("UPDATE _matchspec SET value = ? WHERE item = ?", (json.dumps(value), item))


def index_facts(indexes: list[IndexColumn]) -> list[list[int | bool | str]]:
    """What the file says of indexes: column, uniqueness, and for an expression number, name, language and text."""
    facts: list[list[int | bool | str]] = []
    for index in indexes:
        kept = index.kept
        facts.append([index.column, index.unique])
        if kept is not None:
            facts[-1] += [kept.number, str(index.field), kept.language, kept.text]
    return facts


def add_index(storage: DiskStorage, index: IndexColumn) -> None:
    """Adds an index; all or nothing. O(n log n). Raises BadArg, cause "unique"; DiskError."""
    old = storage.layout
    layout = old.with_indexes([*old.indexes, index], _generation(old, index))
    connection = storage.connection

    def work() -> None:
        _rename(connection, old, layout)
        if index.made:
            connection.write(f"ALTER TABLE {layout.table} ADD COLUMN {index.name}")
            _fill(storage, layout, index)
        for statement in index.statements(layout.table):
            connection.write(statement)
        set_fact(connection, "index", index_facts(layout.indexes))

    connection.together(work)
    _go_on(storage, layout)


def _generation(layout: Layout, index: IndexColumn) -> int:
    """Of the table that has this index more, or less."""
    return layout.generation + (1 if index.made else 0)


def _rename(connection: DiskConnection, old: Layout, new: Layout) -> None:
    """Under its new name no program finds the table that has it open and would not fill the column of an index."""
    if new.generation != old.generation:
        connection.write(f"ALTER TABLE {old.table} RENAME TO {new.table}")
        connection.write("INSERT OR REPLACE INTO _matchspec VALUES ('generation', ?)", (json.dumps(new.generation),))
        connection.write(f"PRAGMA user_version = {EXPRESSION_VERSION}")


def _fill(storage: DiskStorage, layout: Layout, index: IndexColumn) -> None:
    """Writes the values of an index's column. The rows keep their order meanwhile: a row's place is its key."""
    connection = storage.connection
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
    layout = old.with_indexes([one for one in old.indexes if one is not index], _generation(old, index))
    connection = storage.connection

    def work() -> None:
        _rename(connection, old, layout)
        for name in index.names():
            connection.write(f"DROP INDEX {name}")
        if index.made:
            connection.write(f"ALTER TABLE {layout.table} DROP COLUMN {index.name}")
        set_fact(connection, "index", index_facts(layout.indexes))

    connection.together(work)
    _go_on(storage, layout)


def set_limits(storage: DiskStorage, ttl: float | None, most: int | None) -> None:
    """Has the file say how long rows live and how many there are at most. O(n) for the first bound, else O(1).

    Raises DiskError.
    """
    old = storage.layout
    connection = storage.connection
    layout = old.with_limits(most is not None)

    def work() -> None:
        if not old.limited:
            # Under its new name no program finds the table that knows nothing of deadlines, and has it open.
            connection.write(f"ALTER TABLE {old.table} RENAME TO {layout.table}")
            for column in ('"_ends"', '"_used"'):
                connection.write(f"ALTER TABLE {layout.table} ADD COLUMN {column}")
            connection.write(layout.deadlines)
            if not layout.generation:
                connection.write(f"PRAGMA user_version = {LIMITED_VERSION}")
            count = int(connection.fetch(f"SELECT count(*) FROM {layout.table}")[0][0])
            for item, value in limit_facts(ttl, most, count).items():
                connection.write("INSERT INTO _matchspec VALUES (?, ?)", (item, json.dumps(value)))
        else:
            set_fact(connection, "ttl", ttl)
            set_fact(connection, "max_size", most)
        if layout.bounded and not old.bounded:
            connection.write(layout.recency)

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
