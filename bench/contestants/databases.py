"""Databases in memory: sqlite3, polars, duckdb. What they find is brought into Python's rows, which takes its time."""

import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from bench import answers
from bench.contestants.ours import one_by_one
from bench.model import Contestant, Data, Operation, Store, Work, optional

polars = optional("polars")
duckdb = optional("duckdb")
NEW_ROW: Final = "insert or replace into t values (?, ?, ?, ?)"
CHOSEN: Final = "age >= 50 and age < 70 and score < ?"


class Sql(Contestant):
    """What sqlite and duckdb are asked in common: a store is a connection."""

    foreign = True

    def __init__(self) -> None:
        self.operations: dict[str, Operation] = {
            "select_names": self.select_names,
            "select_pairs": self.select_pairs,
            "count": self.count,
            "match_object": self.match_object,
            "delete": self.delete,
            "lookup": self.lookup,
            "lookup_random": self.lookup_random,
            "many_keys": self.many_keys,
            "range": self.key_range,
            "indexed": self.indexed,
        }

    asked = 1000  # single rows in one measurement

    def select_names(self, db: Store, data: Data) -> Work:
        return Work(
            lambda: [name for (name,) in db.execute("select name from t where age >= 90").fetchall()], answers.of_names
        )

    def select_pairs(self, db: Store, data: Data) -> Work:
        most = data.number / 16
        return Work(lambda: db.execute(f"select id, name from t where {CHOSEN}", (most,)).fetchall(), answers.of_rows)

    def count(self, db: Store, data: Data) -> Work:
        return Work(lambda: db.execute("select count(*) from t where age >= 90").fetchone()[0], answers.of_number)

    def match_object(self, db: Store, data: Data) -> Work:
        return Work(lambda: db.execute("select * from t where age = 37").fetchall(), answers.of_rows)

    def delete(self, db: Store, data: Data) -> Work:
        def call() -> Any:
            return db.execute("delete from t where age >= 90")

        return Work(call, lambda cursor: [self.changed(cursor)])

    def changed(self, cursor: Any) -> int:
        return int(cursor.rowcount)

    def lookup(self, db: Store, data: Data) -> Work:
        keys = data.keys[-self.asked :]
        return self.found(db, keys, answers.of_rows)

    def lookup_random(self, db: Store, data: Data) -> Work:
        return self.found(db, data.random_keys[: self.asked], lambda rows: [len(rows)])

    def found(self, db: Store, keys: Any, digest: Callable[[Any], Any]) -> Work:
        def call() -> Any:
            rows: list[Any] = []
            for key in keys:
                rows = db.execute("select * from t where id = ?", (key,)).fetchall()
            return rows

        return Work(call, digest, len(keys))

    def many_keys(self, db: Store, data: Data) -> Work:
        keys = data.starts(min(1000, data.number // 2))
        query = f"select name from t where id in ({','.join(map(str, keys))})"
        return Work(lambda: [name for (name,) in db.execute(query).fetchall()], answers.of_names)

    def key_range(self, db: Store, data: Data) -> Work:
        def ask(low: int) -> Any:
            return db.execute("select name from t where id >= ? and id < ?", (low, low + 100)).fetchall()

        return one_by_one(ask, data.starts(20), lambda rows: answers.of_names([name for (name,) in rows]))

    def indexed(self, db: Store, data: Data) -> Work:
        def ask(group: int) -> Any:
            return db.execute("select * from t where age = ?", (group,)).fetchall()

        return one_by_one(ask, [start % data.groups for start in data.starts(20)], answers.of_rows)


class Sqlite(Sql):
    """sqlite3 with its table in memory, one transaction round everything."""

    needs = ("sqlite3",)

    def __init__(self, indexed: bool) -> None:
        super().__init__()
        self.name = "sqlite3, indexed" if indexed else "sqlite3"
        self.by_age: Final = indexed
        more = {"insert": self.insert, "bulk": self.bulk, "prefix": self.prefix}
        self.operations |= more | {"update_counter": self.update_counter, "one_row": self.one_row}

    def empty(self, data: Data) -> Any:
        db = sqlite3.connect(":memory:", isolation_level=None)
        if data.kind == "pairs":
            db.execute("create table t (tenth integer, place integer, name text, primary key (tenth, place))")
        else:
            db.execute("create table t (id integer primary key, name text, age integer, score real)")
            if self.by_age:
                db.execute("create index by_age on t (age)")
        db.execute("begin")
        return db

    def make(self, data: Data) -> Store:
        db = self.empty(data)
        if data.kind == "pairs":
            db.executemany("insert into t values (?, ?, ?)", [(*key, name) for key, name in data.rows])
        else:
            db.executemany(NEW_ROW, data.rows)
        return db

    def drop(self, store: Store) -> None:
        store.close()

    def insert(self, store: Store, data: Data) -> Work:
        db = self.empty(data)
        rows = data.rows[: len(data.keys)]

        def call() -> Any:
            for row in rows:
                db.execute(NEW_ROW, row)
            return db

        return Work(call, self.size_of, len(rows))

    def bulk(self, store: Store, data: Data) -> Work:
        db = self.empty(data)
        rows = data.rows

        def call() -> Any:
            db.executemany(NEW_ROW, rows)
            return db

        return Work(call, self.size_of, len(rows))

    def size_of(self, db: Any) -> Any:
        size = list(db.execute("select count(*) from t").fetchone())
        db.close()
        return size

    def update_counter(self, db: Store, data: Data) -> Work:
        keys = data.keys

        def call() -> Any:
            for key in keys:
                db.execute("update t set age = age + 1 where id = ?", (key,))
            return db.execute("select age from t where id = ?", (keys[-1],)).fetchone()[0]

        return Work(call, answers.of_number, len(keys))

    def prefix(self, db: Store, data: Data) -> Work:
        low = data.tenth // 2

        def ask(bounds: Any) -> Any:
            return db.execute("select name from t where tenth = 7 and place >= ? and place < ?", bounds).fetchall()

        return one_by_one(ask, [(low, low + 100)] * 20, lambda rows: answers.of_names([name for (name,) in rows]))

    def one_row(self, db: Store, data: Data) -> Work:
        def ask(limit: int) -> Any:
            return [name for (name,) in db.execute("select name from t where age >= ?", (limit,)).fetchall()]

        return one_by_one(ask, [0] * 2000, answers.of_names)


class Duckdb(Sql):
    """duckdb, filled from a file of commas: it takes Python's rows at a third of a millisecond each."""

    name = "duckdb"
    needs = ("duckdb",)
    asked = 20

    def make(self, data: Data) -> Store:
        db = duckdb.connect(":memory:")
        db.execute("create table t (id bigint primary key, name varchar, age bigint, score double)")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "rows.csv")
            path.write_text(
                "".join([f"{key},{name},{age},{score!r}\n" for key, name, age, score in data.rows]), "utf-8"
            )
            db.execute(f"copy t from '{path}' (header false)")
        return db

    def drop(self, store: Store) -> None:
        store.close()

    def changed(self, cursor: Any) -> int:
        return int(cursor.fetchone()[0])


class Polars(Contestant):
    """A polars DataFrame. A row of it is found by a scan, and no row of it is changed in place."""

    name = "polars"
    needs = ("polars",)
    foreign = True

    def __init__(self) -> None:
        self.operations = {
            "select_names": self.select_names,
            "select_pairs": self.select_pairs,
            "count": self.count,
            "match_object": self.match_object,
            "delete": self.delete,
            "lookup": self.lookup,
            "many_keys": self.many_keys,
            "range": self.key_range,
            "indexed": self.indexed,
            "bulk": self.bulk,
        }

    def frame(self, rows: list[Any]) -> Any:
        return polars.DataFrame(rows, schema=["id", "name", "age", "score"], orient="row")

    def make(self, data: Data) -> Store:
        return self.frame(data.rows)

    def select_names(self, frame: Store, data: Data) -> Work:
        return Work(lambda: frame.filter(polars.col("age") >= 90).get_column("name").to_list(), answers.of_names)

    def select_pairs(self, frame: Store, data: Data) -> Work:
        most = data.number / 16

        def call() -> Any:
            age = polars.col("age")
            chosen = frame.filter((age >= 50) & (age < 70) & (polars.col("score") < most))
            return chosen.select("id", "name").rows()

        return Work(call, answers.of_rows)

    def count(self, frame: Store, data: Data) -> Work:
        return Work(lambda: frame.select((polars.col("age") >= 90).sum()).item(), answers.of_number)

    def match_object(self, frame: Store, data: Data) -> Work:
        return Work(lambda: frame.filter(polars.col("age") == 37).rows(), answers.of_rows)

    def delete(self, frame: Store, data: Data) -> Work:
        """The rest is a new frame: that is how polars deletes."""
        before = frame.height
        return Work(lambda: before - frame.filter(polars.col("age") < 90).height, answers.of_number)

    def lookup(self, frame: Store, data: Data) -> Work:
        keys = data.keys[-20:]

        def call() -> Any:
            rows: list[Any] = []
            for key in keys:
                rows = frame.filter(polars.col("id") == key).rows()
            return rows

        return Work(call, answers.of_rows, len(keys))

    def many_keys(self, frame: Store, data: Data) -> Work:
        keys = data.starts(min(1000, data.number // 2))
        return Work(lambda: frame.filter(polars.col("id").is_in(keys)).get_column("name").to_list(), answers.of_names)

    def key_range(self, frame: Store, data: Data) -> Work:
        def ask(low: int) -> Any:
            key = polars.col("id")
            return frame.filter((key >= low) & (key < low + 100)).get_column("name").to_list()

        return one_by_one(ask, data.starts(20), answers.of_names)

    def indexed(self, frame: Store, data: Data) -> Work:
        def ask(group: int) -> Any:
            return frame.filter(polars.col("age") == group).rows()

        return one_by_one(ask, [start % data.groups for start in data.starts(20)], answers.of_rows)

    def bulk(self, store: Store, data: Data) -> Work:
        rows = data.rows
        return Work(lambda: self.frame(rows).height, answers.of_number, len(rows))
