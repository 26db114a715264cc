"""Libraries that keep Python's objects and find them by their attributes or keys: littletable, TinyDB, ducks.

Each is given what it likes best, objects or dicts, made outside of the clock.
"""

from types import SimpleNamespace
from typing import Any, Final

from bench import answers
from bench.contestants.ours import one_by_one
from bench.model import Contestant, Data, Store, Work, optional

littletable = optional("littletable")
tinydb = optional("tinydb")
ducks = optional("ducks")
FIELDS: Final = ("id", "name", "age", "score")


def objects_of(data: Data) -> list[Any]:
    """Made from rows that are not kept, so that none of them is counted as memory of these contestants."""
    rows = map(data.row, range(data.number))
    return [SimpleNamespace(id=key, name=name, age=age, score=score) for key, name, age, score in rows]


class Littletable(Contestant):
    """A littletable with an index of the ids, and of the ages where the case is about one."""

    name = "littletable"
    needs = ("littletable",)

    def __init__(self) -> None:
        self.operations = {
            "select_names": self.select_names,
            "select_pairs": self.select_pairs,
            "count": self.count,
            "match_object": self.match_object,
            "lookup": self.lookup,
            "member": self.member,
            "indexed": self.indexed,
            "insert": self.insert,
            "bulk": self.bulk,
        }

    def empty(self, data: Data) -> Any:
        table = littletable.Table("bench")
        table.create_index("id", unique=True)
        if data.kind == "grouped":
            table.create_index("age")
        return table

    def make(self, data: Data) -> Store:
        table = self.empty(data)
        table.insert_many(objects_of(data))
        return table

    def select_names(self, table: Store, data: Data) -> Work:
        at_least = littletable.Table.ge(90)
        return Work(lambda: [some.name for some in table.where(age=at_least)], answers.of_names)

    def select_pairs(self, table: Store, data: Data) -> Work:
        ages, scores = littletable.Table.in_range(50, 70), littletable.Table.lt(data.number / 16)
        return Work(lambda: [(some.id, some.name) for some in table.where(age=ages, score=scores)], answers.of_rows)

    def count(self, table: Store, data: Data) -> Work:
        at_least = littletable.Table.ge(90)
        return Work(lambda: len(table.where(age=at_least)), answers.of_number)

    def match_object(self, table: Store, data: Data) -> Work:
        return Work(lambda: list(table.where(age=37)), answers.of_objects)

    def lookup(self, table: Store, data: Data) -> Work:
        keys = data.keys[-1000:]

        def call() -> Any:
            found: Any = None
            for key in keys:
                found = table.by.id[key]
            return [found]

        return Work(call, answers.of_objects, len(keys))

    def member(self, table: Store, data: Data) -> Work:
        keys = data.keys[-1000:]

        def call() -> bool:
            found = False
            for key in keys:
                found = key in table.by.id
            return found

        return Work(call, answers.of_number, len(keys))

    def indexed(self, table: Store, data: Data) -> Work:
        groups = [start % data.groups for start in data.starts(20)]
        return one_by_one(lambda group: list(table.where(age=group)), groups, answers.of_objects)

    def insert(self, store: Store, data: Data) -> Work:
        table = self.empty(data)
        objects = objects_of(data)[: min(len(data.keys), 20_000)]
        expected = len(data.keys)

        def call() -> bool:
            for some in objects:
                table.insert(some)
            return len(table) == len(objects)

        return Work(call, lambda whole: [expected if whole else 0], len(objects))

    def bulk(self, store: Store, data: Data) -> Work:
        table = self.empty(data)
        objects = objects_of(data)

        def call() -> int:
            table.insert_many(objects)
            return len(table)

        return Work(call, answers.of_number, len(objects))


class TinyDb(Contestant):
    """TinyDB in memory, without its cache of answers."""

    name = "TinyDB"
    needs = ("tinydb",)
    most = 10_000

    def __init__(self) -> None:
        self.operations = {
            "select_names": self.select_names,
            "select_pairs": self.select_pairs,
            "count": self.count,
            "match_object": self.match_object,
            "lookup": self.lookup,
            "indexed": self.indexed,
            "range": self.key_range,
        }

    def make(self, data: Data) -> Store:
        db = tinydb.TinyDB(storage=tinydb.storages.MemoryStorage)
        table = db.table("bench", cache_size=0)
        dicts = [dict(zip(FIELDS, data.row(n), strict=True)) for n in range(data.number)]
        table.insert_multiple([tinydb.table.Document(some, doc_id=some["id"]) for some in dicts])
        return table

    def select_names(self, table: Store, data: Data) -> Work:
        query = tinydb.where("age") >= 90
        return Work(lambda: [some["name"] for some in table.search(query)], answers.of_names)

    def select_pairs(self, table: Store, data: Data) -> Work:
        age, score = tinydb.where("age"), tinydb.where("score")
        query = (age >= 50) & (age < 70) & (score < data.number / 16)
        return Work(lambda: [(some["id"], some["name"]) for some in table.search(query)], answers.of_rows)

    def count(self, table: Store, data: Data) -> Work:
        query = tinydb.where("age") >= 90
        return Work(lambda: table.count(query), answers.of_number)

    def match_object(self, table: Store, data: Data) -> Work:
        query = tinydb.where("age") == 37
        return Work(lambda: table.search(query), answers.of_dicts)

    def lookup(self, table: Store, data: Data) -> Work:
        keys = data.keys[-20:]

        def call() -> Any:
            found: Any = None
            for key in keys:
                found = table.get(doc_id=key)
            return [found]

        return Work(call, answers.of_dicts, len(keys))

    def indexed(self, table: Store, data: Data) -> Work:
        query = tinydb.where("age") == data.starts(20)[0] % data.groups
        return Work(lambda: table.search(query), answers.of_dicts)

    def key_range(self, table: Store, data: Data) -> Work:
        low, key = data.starts(20)[0], tinydb.where("id")
        query = (key >= low) & (key < low + 100)
        return Work(lambda: table.search(query), lambda dicts: answers.of_names([some["name"] for some in dicts]))


class Ducks(Contestant):
    """A ducks.Dex with indexes of the ids and ages."""

    name = "ducks"
    needs = ("ducks",)

    def __init__(self) -> None:
        self.operations = {
            "select_names": self.select_names,
            "select_pairs": self.select_pairs,
            "count": self.count,
            "match_object": self.match_object,
            "lookup": self.lookup,
            "range": self.key_range,
            "indexed": self.indexed,
            "insert": self.insert,
            "bulk": self.bulk,
        }

    def make(self, data: Data) -> Store:
        return ducks.Dex(objects_of(data), ["id", "age"])

    def select_names(self, dex: Store, data: Data) -> Work:
        return Work(lambda: [some.name for some in dex[{"age": {">=": 90}}]], answers.of_names)

    def select_pairs(self, dex: Store, data: Data) -> Work:
        most = data.number / 16

        def call() -> Any:
            return [(some.id, some.name) for some in dex[{"age": {">=": 50, "<": 70}}] if some.score < most]

        return Work(call, answers.of_rows)

    def count(self, dex: Store, data: Data) -> Work:
        return Work(lambda: len(dex[{"age": {">=": 90}}]), answers.of_number)

    def match_object(self, dex: Store, data: Data) -> Work:
        return Work(lambda: dex[{"age": 37}], answers.of_objects)

    def lookup(self, dex: Store, data: Data) -> Work:
        keys = data.keys[-1000:]

        def call() -> Any:
            found: Any = None
            for key in keys:
                found = dex[{"id": key}]
            return found

        return Work(call, answers.of_objects, len(keys))

    def key_range(self, dex: Store, data: Data) -> Work:
        def ask(low: int) -> Any:
            return [some.name for some in dex[{"id": {">=": low, "<": low + 100}}]]

        return one_by_one(ask, data.starts(20), answers.of_names)

    def indexed(self, dex: Store, data: Data) -> Work:
        groups = [start % data.groups for start in data.starts(20)]
        return one_by_one(lambda group: dex[{"age": group}], groups, answers.of_objects)

    def insert(self, store: Store, data: Data) -> Work:
        dex = ducks.Dex([], ["id", "age"])
        objects = objects_of(data)[: min(len(data.keys), 20_000)]
        expected = len(data.keys)

        def call() -> bool:
            for some in objects:
                dex.add(some)
            return len(dex) == len(objects)

        return Work(call, lambda whole: [expected if whole else 0], len(objects))

    def bulk(self, store: Store, data: Data) -> Work:
        objects = objects_of(data)
        return Work(lambda: len(ducks.Dex(objects, ["id", "age"])), answers.of_number, len(objects))
