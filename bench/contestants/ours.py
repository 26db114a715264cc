"""matchspec's tables: a set whose rows are not checked, one whose rows are, an ordered_set, and one with an index.

Queries are specs made beforehand, unless their operation is about making them.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from bench import answers
from bench.model import Contestant, Data, Operation, Store, Work
from matchspec import ANY, ROW, SKIP, MatchSpec, spec
from runtime import ets

Query: TypeAlias = MatchSpec[Any, Any]
FOUR: Final = tuple[int, str, int, float]
TYPES: Final[Mapping[str, Any]] = {
    "rows": FOUR,
    "grouped": FOUR,
    "one": FOUR,
    "pairs": tuple[tuple[int, int], str],
}
NAMES: Final = spec(lambda key, name, age, score: name if age >= 90 else SKIP)
COUNTED: Final = spec(lambda key, name, age, score: age >= 90)
ONE_ROW: Final = spec(lambda key, name, age, score: name if age >= 0 else SKIP)
ONE_ROW_TEXT: Final = "fun({Key, Name, Age, Score}) when Age >= 0 -> Name end"
ASKED: Final = 1000  # how often a small query is asked in one measurement


def select_names(table: Store, data: Data) -> Work:
    return Work(lambda: table.select(NAMES), answers.of_names)


def select_pairs(table: Store, data: Data) -> Work:
    most = data.number / 16
    query = spec(lambda key, name, age, score: (key, name) if age >= 50 and age < 70 and score < most else SKIP)
    return Work(lambda: table.select(query), answers.of_rows)


def count(table: Store, data: Data) -> Work:
    return Work(lambda: table.select_count(COUNTED), answers.of_number)


def match_object(table: Store, data: Data) -> Work:
    return Work(lambda: table.match_object((ANY, ANY, 37, ANY)), answers.of_rows)


def delete(table: Store, data: Data) -> Work:
    return Work(lambda: table.select_delete(COUNTED), answers.of_number)


def lookup(table: Store, data: Data) -> Work:
    keys = data.keys

    def call() -> Any:
        found: list[Any] = []
        for key in keys:
            found = table.lookup(key)
        return found

    return Work(call, answers.of_rows, len(keys))


def lookup_random(table: Store, data: Data) -> Work:
    keys = data.random_keys

    def call() -> int:
        found: list[Any] = []
        for key in keys:
            found = table.lookup(key)
        return len(found)

    return Work(call, answers.of_number, len(keys))


def member(table: Store, data: Data) -> Work:
    keys = data.keys

    def call() -> bool:
        found = False
        for key in keys:
            found = table.member(key)
        return found

    return Work(call, answers.of_number, len(keys))


def update_counter(table: Store, data: Data) -> Work:
    keys = data.keys

    def call() -> int:
        value = 0
        for key in keys:
            value = table.update_counter(key, (3, 1))
        return value

    return Work(call, answers.of_number, len(keys))


def range_specs(data: Data, count: int = 20) -> list[Query]:
    def between(low: int, high: int) -> Query:
        return spec(lambda key, name, age, score: name if low <= key < high else SKIP)

    return [between(start, start + 100) for start in data.starts(count)]


def one_by_one(ask: Callable[[Any], Any], questions: list[Any], digest: Callable[[Any], Any]) -> Work:
    """Asks each question; the answer to the first one is compared."""
    backwards = questions[::-1]

    def call() -> Any:
        found: Any = None
        for question in backwards:
            found = ask(question)
        return found

    return Work(call, digest, len(questions))


def key_range(table: Store, data: Data) -> Work:
    return one_by_one(table.select, range_specs(data) * 20, answers.of_names)


def key_range_scanned(table: Store, data: Data) -> Work:
    """Without an order of the keys, a range is a scan."""
    return one_by_one(table.select, range_specs(data)[:1], answers.of_names)


def key_range_lambda(table: Store, data: Data) -> Work:
    def ask(low: int) -> Any:
        high = low + 100
        return table.select(lambda key, name, age, score: name if low <= key < high else SKIP)

    return one_by_one(ask, data.starts(20) * 20, answers.of_names)


def prefix(table: Store, data: Data) -> Work:
    low = data.tenth // 2
    query = spec(f"fun({{{{7, N}}, Name}}) when N >= {low}, N < {low + 100} -> Name end")
    return one_by_one(table.select, [query] * 400, answers.of_names)


def many_keys(table: Store, data: Data) -> Work:
    keys = tuple(data.starts(min(1000, data.number // 2)))
    query = spec(lambda key, name, age, score: name if key in keys else SKIP)
    return Work(lambda: table.select(query), answers.of_names)


def many_lookups(table: Store, data: Data) -> Work:
    keys = data.starts(min(1000, data.number // 2))
    return Work(lambda: [table.lookup(key)[0][1] for key in keys], answers.of_names)


def indexed(table: Store, data: Data) -> Work:
    def equal(group: int) -> Query:
        return spec([((ANY, ANY, group, ANY), [], [ROW])])

    return one_by_one(table.select, [equal(start % data.groups) for start in data.starts(20)] * 20, answers.of_rows)


def scan_group(table: Store, data: Data) -> Work:
    group = data.starts(20)[0] % data.groups
    return Work(lambda: table.match_object((ANY, ANY, group, ANY)), answers.of_rows)


def one_row(table: Store, data: Data) -> Work:
    return one_by_one(table.select, [ONE_ROW] * ASKED, answers.of_names)


def one_row_text(table: Store, data: Data) -> Work:
    return one_by_one(table.select, [ONE_ROW_TEXT] * ASKED, answers.of_names)


def one_row_lambda(table: Store, data: Data) -> Work:
    def ask(limit: int) -> Any:
        return table.select(lambda key, name, age, score: name if age >= limit else SKIP)

    return one_by_one(ask, [-12345] * ASKED, answers.of_names)


def one_row_values(table: Store, data: Data) -> Work:
    def ask(limit: int) -> Any:
        return table.select(lambda key, name, age, score: name if age >= limit else SKIP)

    return one_by_one(ask, [-n for n in range(ASKED)], answers.of_names)


SMALL: Final[dict[str, Operation]] = {
    "one_row": one_row,
    "one_row_text": one_row_text,
    "one_row_lambda": one_row_lambda,
    "one_row_values": one_row_values,
}
COMMON: Final[dict[str, Operation]] = SMALL | {
    "select_names": select_names,
    "select_pairs": select_pairs,
    "count": count,
    "match_object": match_object,
    "delete": delete,
    "lookup": lookup,
    "lookup_random": lookup_random,
    "member": member,
    "update_counter": update_counter,
    "many_keys": many_keys,
    "many_lookups": many_lookups,
}


def size_of(table: Store) -> Any:
    """Of a table that is of no use afterwards: tables of the main thread live until they are dropped."""
    size = len(table)
    table.drop()
    return [size]


class Table(Contestant):
    """A table of ours."""

    def __init__(self, name: str, operations: Mapping[str, Operation], checked: bool, **options: Any) -> None:
        self.name = f"matchspec {name}"
        self.checked: Final = checked
        self.options: Final = options
        filled = {"insert": self.insert, "bulk": self.bulk}
        self.operations = {**filled, **operations}

    def empty(self, data: Data) -> Store:
        return ets.new("bench", TYPES[data.kind] if self.checked else None, access="public", **self.options)

    def make(self, data: Data) -> Store:
        table = self.empty(data)
        table.insert(data.rows)
        return table

    def drop(self, store: Store) -> None:
        store.drop()

    def insert(self, store: Store, data: Data) -> Work:
        table = self.empty(data)
        rows = data.rows[: len(data.keys)]

        def call() -> Any:
            for row in rows:
                table.insert(row)
            return table

        return Work(call, size_of, len(rows))

    def bulk(self, store: Store, data: Data) -> Work:
        table = self.empty(data)
        rows = data.rows

        def call() -> Any:
            table.insert(rows)
            return table

        return Work(call, size_of, len(rows))


SET: Final = Table("set", COMMON | {"range": key_range_scanned, "scan_group": scan_group}, checked=False)
TYPED: Final = Table("set, typed", COMMON, checked=True)
ORDERED: Final = Table(
    "ordered_set, typed",
    COMMON | {"range": key_range, "range_lambda": key_range_lambda, "prefix": prefix},
    checked=True,
    type="ordered_set",
)
INDEXED: Final = Table("set, indexed", {"indexed": indexed, "count_indexed": count}, checked=True, index=[3])
