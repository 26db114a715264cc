"""Tables in files: matchspec's, sqlite3 by hand with the same durability, Erlang's DETS, lmdb, diskcache and TinyDB.

All but DETS hand each single row to the system before the call returns, so that it outlives the process; DETS keeps
what is inserted in memory until it is told to sync. A store has a folder of its own, in the system's place for
temporary files: TMPDIR names a folder of the disk that is to be measured.
"""

import json
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias, final

from bench import answers
from bench.contestants.erlang import available, erlang
from bench.contestants.ours import one_by_one
from bench.model import Contestant, Data, Operation, Run, Store, Work, optional
from matchspec import SKIP, MatchSpec, spec
from runtime import dets

lmdb = optional("lmdb")
diskcache = optional("diskcache")
tinydb = optional("tinydb")

Query: TypeAlias = MatchSpec[Any, Any]
SINGLES: Final = 2000  # rows that are put in one by one
SYNCS: Final = 50
ASKED: Final = 2000  # rows that are looked up one by one
FEW: Final = 1000  # rows of who writes the whole file each time
NEW_ROW: Final = "insert or replace into t values (?, ?, ?, ?)"
BETWEEN: Final = "select * from t where id >= ? and id < ? order by id"


class Person(NamedTuple):
    id: int
    name: str
    age: int
    score: float


@final
class Folder:
    """A folder that goes with its store. `handle`: what the contestant has opened in it."""

    def __init__(self) -> None:
        self.temporary: Final = tempfile.TemporaryDirectory(prefix="bench")
        self.handle: Any = None

    def path(self, name: str) -> Path:
        return Path(self.temporary.name, name)


class OnDisk(Contestant):
    """What they have in common: a store is a Folder, with an open table in it."""

    foreign = True
    in_file = True

    def open(self, path: Path) -> Any:
        """The table in a file, made if it is not there."""
        raise AssertionError("every contestant has its own")

    def close(self, table: Any) -> None:
        table.close()

    def put(self, table: Any, row: Any) -> None:
        raise AssertionError("every contestant has its own")

    def put_all(self, table: Any, rows: list[Any]) -> None:
        raise AssertionError("every contestant has its own")

    def get(self, table: Any, key: int) -> list[Any]:
        raise AssertionError("every contestant has its own")

    def sync(self, table: Any) -> None:
        raise AssertionError(f"{self.name} has no sync")

    def ready(self, data: Data) -> list[Any]:
        """The rows as this contestant takes them."""
        return data.rows

    def prepare(self, table: Any, data: Data) -> None:
        """After the table is filled."""

    def make(self, data: Data) -> Store:
        folder = Folder()
        folder.handle = self.open(folder.path("table"))
        self.put_all(folder.handle, self.ready(data))
        self.prepare(folder.handle, data)
        return folder

    def drop(self, store: Store) -> None:
        self.close(store.handle)
        store.temporary.cleanup()

    def base_operations(self) -> dict[str, Operation]:
        return {"disk_insert": self.insert, "disk_bulk": self.bulk, "disk_lookup": self.lookup}

    def _fresh(self, rows: list[Any], do: Callable[[Any], Any], calls: int) -> Work:
        """Something done to an empty table; afterwards its first and last rows are looked up."""
        folder = Folder()
        table = self.open(folder.path("fresh"))

        def digest(result: Any) -> Any:
            found = [*self.get(table, rows[0][0]), *self.get(table, rows[-1][0])]
            self.close(table)
            folder.temporary.cleanup()
            return answers.of_rows(found)

        return Work(lambda: do(table), digest, calls)

    def insert(self, store: Store, data: Data) -> Work:
        rows = self.ready(data)[:SINGLES]

        def do(table: Any) -> None:
            for row in rows:
                self.put(table, row)

        return self._fresh(data.rows[:SINGLES], do, len(rows))

    def insert_and_sync(self, store: Store, data: Data) -> Work:
        rows = self.ready(data)[:SYNCS]

        def do(table: Any) -> None:
            for row in rows:
                self.put(table, row)
                self.sync(table)

        return self._fresh(data.rows[:SYNCS], do, len(rows))

    def bulk(self, store: Store, data: Data) -> Work:
        rows = self.ready(data)
        return self._fresh(data.rows, lambda table: self.put_all(table, rows), len(rows))

    def lookup(self, store: Store, data: Data) -> Work:
        table, get, keys = store.handle, self.get, data.random_keys[:ASKED]

        def call() -> Any:
            found: list[Any] = []
            for key in keys:
                found = get(table, key)
            return found

        return Work(call, answers.of_rows, len(keys))


class Ours(OnDisk):
    """`dets.open`, as an ordered_set of typed rows, or as a set of any rows."""

    def __init__(self, typed: bool) -> None:
        self.name = "matchspec" if typed else "matchspec, untyped"
        self.typed: Final = typed
        self.operations = {
            **self.base_operations(),
            "disk_sync": self.insert_and_sync,
            "disk_names": self.select_names,
            "disk_all": self.all_rows,
            "disk_count": self.count,
            "disk_open": self.open_and_look,
        }
        if typed:
            more: dict[str, Operation] = {
                "disk_people": self.select_people, "disk_range": self.key_range, "disk_indexed": self.indexed,
                "disk_bytes": self.lookup,
            }  # fmt: skip
            self.operations |= more

    def open(self, path: Path) -> Any:
        if self.typed:
            return dets.open(path, Person, type="ordered_set", auto_save=None)
        return dets.open(path, auto_save=None)

    def put(self, table: Any, row: Any) -> None:
        table.insert(row)

    def put_all(self, table: Any, rows: list[Any]) -> None:
        table.insert(rows)

    def ready(self, data: Data) -> list[Any]:
        return [Person(*row) for row in data.rows] if self.typed else data.rows

    def prepare(self, table: Any, data: Data) -> None:
        if data.kind == "grouped":
            table.add_index("age")
        table.sync()

    def get(self, table: Any, key: int) -> list[Any]:
        found: list[Any] = table.lookup(key)
        return found

    def sync(self, table: Any) -> None:
        table.sync()

    def _spec(self, query: Callable[..., Any]) -> Query:
        return spec(query, row=Person) if self.typed else spec(query)

    def select_names(self, store: Store, data: Data) -> Work:
        query = self._spec(lambda key, name, age, score: name if age >= 90 else SKIP)
        return Work(lambda: store.handle.select(query), answers.of_names)

    def select_people(self, store: Store, data: Data) -> Work:
        query = self._spec(lambda person: person if person.age >= 90 else SKIP)
        return Work(lambda: store.handle.select(query), answers.of_rows)

    def count(self, store: Store, data: Data) -> Work:
        query = self._spec(lambda key, name, age, score: age >= 90)
        return Work(lambda: store.handle.select_count(query), answers.of_number)

    def all_rows(self, store: Store, data: Data) -> Work:
        return Work(store.handle.tab2list, answers.of_rows)

    def key_range(self, store: Store, data: Data) -> Work:
        def of(low: int, high: int) -> Query:
            return self._spec(lambda person: person if low <= person.id < high else SKIP)

        return self._asked_before(store, [of(low, low + 100) for low in data.starts(100)])

    def _asked_before(self, store: Store, queries: list[Query]) -> Work:
        """Queries that have their plans, as the statements of the others are prepared."""
        for query in queries:
            store.handle.select(query)
        return one_by_one(store.handle.select, queries, answers.of_rows)

    def indexed(self, store: Store, data: Data) -> Work:
        def of(group: int) -> Query:
            return self._spec(lambda person: person if person.age == group else SKIP)

        return self._asked_before(store, [of(start % data.groups) for start in data.starts(100)])

    def open_and_look(self, store: Store, data: Data) -> Work:
        self.close(store.handle)
        path, key = store.path("table"), data.number // 2

        def call() -> Any:
            store.handle = self.open(path)
            return store.handle.lookup(key)

        return Work(call, answers.of_rows)

    def run(self, store: Store, data: Data, operation: str) -> Run:
        if operation == "disk_bytes":
            store.handle.compact()
            self.close(store.handle)
            size = store.path("table").stat().st_size
            store.handle = self.open(store.path("table"))
            return Run(size / data.number, None)
        return super().run(store, data, operation)


class SqliteFile(OnDisk):
    """sqlite3 as one writes it for just this: WAL, synchronous=NORMAL, one cursor, rows made into a NamedTuple."""

    name = "sqlite3 by hand"

    def __init__(self) -> None:
        self.operations = {
            **self.base_operations(),
            "disk_sync": self.insert_and_sync,
            "disk_names": self.select_names,
            "disk_people": self.select_people,
            "disk_all": self.all_rows,
            "disk_count": self.count,
            "disk_range": self.key_range,
            "disk_indexed": self.indexed,
            "disk_open": self.open_and_look,
            "disk_bytes": self.lookup,
        }

    def open(self, path: Path) -> Any:
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("pragma journal_mode = wal").fetchall()
        connection.execute("pragma synchronous = normal")
        connection.execute("create table if not exists t (id integer primary key, name text, age integer, score real)")
        return connection.cursor()

    def close(self, table: Any) -> None:
        table.connection.close()

    def put(self, table: Any, row: Any) -> None:
        table.execute(NEW_ROW, row)

    def put_all(self, table: Any, rows: list[Any]) -> None:
        table.execute("begin immediate")
        table.executemany(NEW_ROW, rows)
        table.execute("commit")

    def sync(self, table: Any) -> None:
        table.execute("pragma wal_checkpoint(full)").fetchall()

    def prepare(self, table: Any, data: Data) -> None:
        if data.kind == "grouped":
            table.execute("create index by_age on t (age)")

    def get(self, table: Any, key: int) -> list[Any]:
        return [Person(*row) for row in table.execute("select * from t where id = ?", (key,)).fetchall()]

    def select_names(self, store: Store, data: Data) -> Work:
        query = "select name from t where age >= ?"
        return Work(lambda: [name for (name,) in store.handle.execute(query, (90,)).fetchall()], answers.of_names)

    def select_people(self, store: Store, data: Data) -> Work:
        query = "select * from t where age >= ?"
        return Work(lambda: [Person(*row) for row in store.handle.execute(query, (90,)).fetchall()], answers.of_rows)

    def all_rows(self, store: Store, data: Data) -> Work:
        return Work(lambda: [Person(*r) for r in store.handle.execute("select * from t").fetchall()], answers.of_rows)

    def count(self, store: Store, data: Data) -> Work:
        query = "select count(*) from t where age >= ?"
        return Work(lambda: store.handle.execute(query, (90,)).fetchone()[0], answers.of_number)

    def key_range(self, store: Store, data: Data) -> Work:
        def ask(low: int) -> Any:
            return [Person(*row) for row in store.handle.execute(BETWEEN, (low, low + 100)).fetchall()]

        return one_by_one(ask, data.starts(100), answers.of_rows)

    def indexed(self, store: Store, data: Data) -> Work:
        def ask(group: int) -> Any:
            found = store.handle.execute("select * from t where age = ?", (group,)).fetchall()
            return [Person(*row) for row in found]

        return one_by_one(ask, [start % data.groups for start in data.starts(100)], answers.of_rows)

    def open_and_look(self, store: Store, data: Data) -> Work:
        self.close(store.handle)
        path, key = store.path("table"), data.number // 2

        def call() -> Any:
            store.handle = self.open(path)
            return self.get(store.handle, key)

        return Work(call, answers.of_rows)

    def run(self, store: Store, data: Data, operation: str) -> Run:
        if operation == "disk_bytes":
            store.handle.execute("vacuum")
            store.handle.execute("pragma wal_checkpoint(truncate)").fetchall()
            return Run(store.path("table").stat().st_size / data.number, None)
        return super().run(store, data, operation)


class Lmdb(OnDisk):
    """lmdb, its values as JSON, without waiting for the disk."""

    name = "lmdb"
    needs = ("lmdb",)

    def __init__(self) -> None:
        self.operations = self.base_operations()

    def open(self, path: Path) -> Any:
        return lmdb.open(str(path), map_size=1 << 32, sync=False)

    def put(self, table: Any, row: Any) -> None:
        with table.begin(write=True) as transaction:
            transaction.put(row[0].to_bytes(8, "big"), json.dumps(row).encode())

    def put_all(self, table: Any, rows: list[Any]) -> None:
        with table.begin(write=True) as transaction:
            for row in rows:
                transaction.put(row[0].to_bytes(8, "big"), json.dumps(row).encode())

    def get(self, table: Any, key: int) -> list[Any]:
        with table.begin() as transaction:
            found = transaction.get(key.to_bytes(8, "big"))
        return [] if found is None else [tuple(json.loads(found))]


class Diskcache(OnDisk):
    """diskcache, which evicts nothing."""

    name = "diskcache"
    needs = ("diskcache",)

    def __init__(self) -> None:
        self.operations = self.base_operations()

    def open(self, path: Path) -> Any:
        return diskcache.Cache(str(path), eviction_policy="none")

    def put(self, table: Any, row: Any) -> None:
        table.set(row[0], row)

    def put_all(self, table: Any, rows: list[Any]) -> None:
        with table.transact():
            for row in rows:
                table.set(row[0], row)

    def get(self, table: Any, key: int) -> list[Any]:
        found = table.get(key)
        return [] if found is None else [found]


class TinyDbFile(OnDisk):
    """TinyDB, which writes the whole file anew each time."""

    name = "TinyDB"
    needs = ("tinydb",)
    most = FEW

    def __init__(self) -> None:
        self.operations = {"disk_bulk": self.bulk, "disk_lookup": self.lookup}

    def open(self, path: Path) -> Any:
        return tinydb.TinyDB(path)

    def put_all(self, table: Any, rows: list[Any]) -> None:
        table.insert_multiple([dict(zip(Person._fields, row, strict=True)) for row in rows])

    def get(self, table: Any, key: int) -> list[Any]:
        return [tuple(found.values()) for found in table.search(tinydb.where("id") == key)]

    def lookup(self, store: Store, data: Data) -> Work:
        key = data.random_keys[:ASKED][-1]
        return Work(lambda: self.get(store.handle, key), answers.of_rows)


class Dets(Contestant):
    """Erlang's DETS, timed by Erlang itself. A store is its number."""

    in_file = True
    name = "DETS"
    operations = dict.fromkeys(
        ["disk_insert", "disk_sync", "disk_bulk", "disk_lookup", "disk_names", "disk_people", "disk_all", "disk_count"],
        lambda store, data: Work(lambda: None, answers.of_rows),
    )

    def missing(self) -> str | None:
        return None if available() else "erl"

    def make(self, data: Data) -> Store:
        folder = Folder()
        number = erlang("disk").ask(f'{{make, "{folder.path("table")}", {data.kind}, {data.number}}}')
        return number, folder

    def run(self, store: Store, data: Data, operation: str) -> Run:
        keys = data.random_keys[: SYNCS if operation == "disk_sync" else ASKED]
        nanoseconds, answer = erlang("disk").ask(f"{{run, {store[0]}, {operation}, {keys}}}")
        return Run(nanoseconds / 1e9, answer)

    def drop(self, store: Store) -> None:
        erlang("disk").ask(f"{{drop, {store[0]}}}")
        store[1].temporary.cleanup()
