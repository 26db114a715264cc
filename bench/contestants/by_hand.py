"""What a program without tables would keep: a dict of rows with list comprehensions over it, and a SortedDict.

Neither checks its rows nor has a lock, and what they do is written out for the one question.
"""

from collections.abc import Mapping
from typing import Any, Final

from bench import answers
from bench.contestants.ours import one_by_one
from bench.model import Contestant, Data, Operation, Row, Store, Work, optional

sortedcontainers = optional("sortedcontainers")


def select_names(rows: Store, data: Data) -> Work:
    return Work(lambda: [row[1] for row in rows.values() if row[2] >= 90], answers.of_names)


def select_pairs(rows: Store, data: Data) -> Work:
    most = data.number / 16

    def call() -> Any:
        return [(row[0], row[1]) for row in rows.values() if row[2] >= 50 and row[2] < 70 and row[3] < most]

    return Work(call, answers.of_rows)


def count(rows: Store, data: Data) -> Work:
    return Work(lambda: len([1 for row in rows.values() if row[2] >= 90]), answers.of_number)


def match_object(rows: Store, data: Data) -> Work:
    return Work(lambda: [row for row in rows.values() if row[2] == 37], answers.of_rows)


def delete(rows: Store, data: Data) -> Work:
    def call() -> int:
        chosen = [key for key, row in rows.items() if row[2] >= 90]
        for key in chosen:
            del rows[key]
        return len(chosen)

    return Work(call, answers.of_number)


def lookup(rows: Store, data: Data) -> Work:
    keys = data.keys

    def call() -> Any:
        found: Any = None
        for key in keys:
            found = rows.get(key)
        return [found]

    return Work(call, answers.of_rows, len(keys))


def lookup_random(rows: Store, data: Data) -> Work:
    keys = data.random_keys

    def call() -> int:
        found: Any = None
        for key in keys:
            found = rows.get(key)
        return len([found])

    return Work(call, answers.of_number, len(keys))


def member(rows: Store, data: Data) -> Work:
    keys = data.keys

    def call() -> bool:
        found = False
        for key in keys:
            found = key in rows
        return found

    return Work(call, answers.of_number, len(keys))


def update_counter(rows: Store, data: Data) -> Work:
    keys = data.keys

    def call() -> int:
        value = 0
        for key in keys:
            old_key, name, age, score = rows[key]
            value = age + 1
            rows[key] = (old_key, name, value, score)
        return value

    return Work(call, answers.of_number, len(keys))


def many_keys(rows: Store, data: Data) -> Work:
    keys = data.starts(min(1000, data.number // 2))
    return Work(lambda: [rows[key][1] for key in keys], answers.of_names)


def scan_group(rows: Store, data: Data) -> Work:
    group = data.starts(20)[0] % data.groups
    return Work(lambda: [row for row in rows.values() if row[2] == group], answers.of_rows)


def indexed(rows: Store, data: Data) -> Work:
    """With the set of the keys of each value, made here outside of the clock."""
    keys: dict[int, set[int]] = {}
    for row in rows.values():
        keys.setdefault(row[2], set()).add(row[0])
    groups = [start % data.groups for start in data.starts(20)] * 20
    return one_by_one(lambda group: [rows[key] for key in keys[group]], groups, answers.of_rows)


def one_row(rows: Store, data: Data) -> Work:
    return one_by_one(lambda limit: [row[1] for row in rows.values() if row[2] >= limit], [0] * 2000, answers.of_names)


COMMON: Final[Mapping[str, Operation]] = {
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
}


class ByHand(Contestant):
    """A dict of rows by their keys, or a SortedDict."""

    def filled(self, rows: list[Row]) -> Store:
        return {row[0]: row for row in rows}

    def make(self, data: Data) -> Store:
        return self.filled(data.rows)

    def insert(self, store: Store, data: Data) -> Work:
        kept = self.filled([])
        rows = data.rows[: len(data.keys)]

        def call() -> int:
            for row in rows:
                kept[row[0]] = row
            return len(kept)

        return Work(call, answers.of_number, len(rows))

    def bulk(self, store: Store, data: Data) -> Work:
        rows = data.rows
        return Work(lambda: len(self.filled(rows)), answers.of_number, len(rows))


class Dict(ByHand):
    """A dict; its scans are list comprehensions."""

    name = "dict by hand"

    def __init__(self) -> None:
        own = {"scan_group": scan_group, "indexed": indexed, "one_row": one_row}
        self.operations = {**COMMON, "insert": self.insert, "bulk": self.bulk, **own}


class Sorted(ByHand):
    """sortedcontainers' SortedDict."""

    name = "SortedDict"
    needs = ("sortedcontainers",)

    def __init__(self) -> None:
        own = {"range": self.key_range, "prefix": self.prefix}
        self.operations = {**COMMON, "insert": self.insert, "bulk": self.bulk, **own}

    def filled(self, rows: list[Row]) -> Store:
        return sortedcontainers.SortedDict({row[0]: row for row in rows})

    def key_range(self, rows: Store, data: Data) -> Work:
        def ask(low: int) -> Any:
            return [rows[key][1] for key in rows.irange(low, low + 100, inclusive=(True, False))]

        return one_by_one(ask, data.starts(20) * 20, answers.of_names)

    def prefix(self, rows: Store, data: Data) -> Work:
        low = data.tenth // 2

        def ask(bounds: Any) -> Any:
            return [rows[key][1] for key in rows.irange(*bounds, inclusive=(True, False))]

        return one_by_one(ask, [((7, low), (7, low + 100))] * 400, answers.of_names)
