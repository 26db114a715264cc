"""Random sequences of operations on a table, for the tests that play them in Erlang and here, and how to compare results.

The keys are those that meet in Erlang and not in Python, or the other way round: ints and floats of one value, big
ints, atoms, binaries, tuples, lists, maps.
"""

import random
from collections import Counter
from itertools import chain
from typing import Any, Final, TypeAlias

from matchspec import ANY, ROW, Atom, V
from runtime import ets
from tests.erlang import canonical

Value: TypeAlias = Any  # any term that the tests use
Operation: TypeAlias = tuple[str, list[Value]]

KEYS: Final[list[Value]] = [
    *(0, 1, 1.0, 2, 2.0, -1, 2.5, 2**70, 2.0**70, -(2**40), Atom("a"), Atom("true"), Atom("nil"), "a", "ab", ""),
    *(
        (),
        (1,),
        (1.0,),
        (1, "a"),
        (1, 2),
        [],
        [1],
        [1.0],
        [1, 2],
        {},
        {1: 2},
        {1: 2.0},
        {"k": [1]},
        ((1,), [Atom("a")]),
    ),
]
VALUES: Final[list[Value]] = [0, 1, 1.0, 7, -3, 2**63, "x", Atom("a"), Atom("true"), [], [1], (1,), {}, {"k": 1}]


class Script:
    """Draws operations, with their arguments as Python terms."""

    def __init__(self, seed: int, kind: str, keypos: int) -> None:
        self.random = random.Random(seed)
        self.kind = kind
        self.keypos = keypos

    def key(self) -> Value:
        return self.random.choice(KEYS)

    def constant_key(self) -> Value:
        """For a head. Not a map: Erlang looks for a key that is just this map, although elsewhere in a head a map
        matches all that have its pairs. Here it does so in every place.
        """
        key = self.key()
        return 1 if isinstance(key, dict) else key

    def value(self) -> Value:
        return self.random.choice(VALUES)

    def row(self) -> Value:
        size = self.random.choice([1, 2, 2, 2, 3, 3, 3])
        return self.placed(self.key(), [self.value() for _ in range(size - 1)])

    def placed(self, key: Value, others: list[Value]) -> Value:
        """A row or pattern with the key at its position, if it is long enough."""
        return (key, *others) if self.keypos == 1 or not others else (others[0], key, *others[1:])

    def pattern(self) -> Value:
        """Of two or three elements, with some variables `$1`, `$2`, perhaps repeated."""
        key = self.random.choice([self.constant_key(), V(1), V(1), ANY, (V(1), V(2)), [V(1)], (1, V(2))])
        parts = [
            self.random.choice([self.value(), V(1), V(2), V(2), ANY]) for _ in range(self.random.choice([1, 2, 2]))
        ]
        return self.random.choice([self.placed(key, parts)] * 9 + [ANY])

    def spec(self, bodies: list[Value]) -> list[Value]:
        """A match spec of one or two clauses whose guards may fail, but whose bodies do not."""
        return [self.clause(self.random.choice(bodies)) for _ in range(self.random.choice([1, 1, 2]))]

    def clause(self, body: Value) -> Value:
        head = self.placed(V(1), [V(2)] + [ANY] * self.random.choice([0, 1]))
        guards = [self.guard() for _ in range(self.random.choice([0, 1, 1, 2]))]
        if self.random.random() < 0.2:
            head, guards = self.placed(self.constant_key(), [V(2)]), [g for g in guards if "$1" not in repr(g)]
            body = True if "$1" in repr(body) else body
        return (head, guards, [body])

    def guard(self) -> Value:
        operator = Atom(self.random.choice(["<", ">", "=<", ">=", "==", "=:=", "/=", "=/="]))
        term = self.random.choice([self.key(), self.value(), 1, 2, "a"])
        constant = (Atom("const"), term)
        plain = (operator, self.random.choice([V(1), V(1), V(2)]), constant)
        test = (Atom(self.random.choice(["is_integer", "is_atom", "is_list", "is_tuple", "is_binary"])), V(1))
        number = (operator, (Atom("+"), V(2), 1), constant)  # fails where $2 is no number
        joined = (Atom(self.random.choice(["orelse", "andalso", "and", "or"])), plain, test)
        return self.random.choice([plain, plain, plain, test, number, joined, (Atom("not"), test)])

    def counter(self) -> Value:
        places = [1, 2, 3, 3, 3, 4] if self.keypos == 2 else [1, 2, 2, 2, 3]
        place, step = self.random.choice(places), self.random.choice([1, -1, 5, 2**64, 0])
        if self.random.random() < 0.4:
            return (place, step, self.random.choice([-2, 0, 3, 9]), self.random.choice([0, -7, 100]))
        return (place, step) if self.random.random() < 0.9 else (place, Atom("a"))

    def counters(self) -> Value:
        return self.random.choice([1, -2, self.counter(), self.counter(), [self.counter(), self.counter()], []])

    def change(self) -> Value:
        changes = [(self.random.choice([1, 2, 2, 3, 4]), self.value()) for _ in range(self.random.choice([0, 1, 2]))]
        return changes[0] if len(changes) == 1 else changes

    def operation(self) -> Operation:
        rows = [self.row() for _ in range(self.random.choice([0, 1, 2, 4]))]
        ordered = self.kind == "ordered_set"
        body = [ROW, V(1), True, ((V(2), V(1)),), [V(2), V(1)], (Atom("const"), (V(1), 1)), Atom("ok")]
        # A default that is too short for the key brings OTP 25 itself down.
        defaults: list[Value] = [(0, 0, 0), (0, 0), 7] + ([(0,)] if self.keypos == 1 else [])
        drawn: list[Operation] = [
            *(("insert", [self.row()]), ("insert", [self.row()]), ("insert", [rows]), ("insert", [self.row()])),
            *(("insert_new", [self.row()]), ("insert_new", [rows]), ("lookup", [self.key()]), ("member", [self.key()])),
            ("lookup_element", [self.key(), self.random.choice([0, 1, 2, 3])]),
            *(("delete", [self.key()]), ("delete_object", [self.row()]), ("take", [self.key()])),
            ("update_counter", [self.key(), self.counters()]),
            ("update_counter", [self.key(), self.counters(), self.random.choice(defaults)]),
            ("update_element", [self.key(), self.change()]),
            *(("match", [self.pattern()]), ("match_object", [self.pattern()]), ("match_delete", [self.pattern()])),
            *(("select", [self.spec(body)]), ("select_count", [self.spec([True, ROW, Atom("false")])])),
            *(("select_delete", [self.spec([True, Atom("false")])]), ("select", [self.spec(body)])),
            ("select_reverse", [self.spec(body)]),
            ("chunks", [self.spec(body), self.random.choice([1, 2, 5])]),
            ("select_replace", [self.spec([ROW, (self.placed(V(1), [9]),), (self.placed(V(2), [V(1)]),)])]),
            *(("walk", []), ("foldl", []), ("foldr", []), ("info", [Atom("size")])),
        ]
        if ordered:
            drawn += [("first", []), ("last", []), ("next", [self.key()]), ("prev", [self.key()])]
            drawn += [("slot", [self.random.choice([0, 1, 4])])]
        if self.random.random() < 0.02:
            return ("delete_all_objects", [])
        return self.random.choice(drawn)


def perform(table: ets.Table[Any], name: str, args: list[Value]) -> Value:
    match name:
        case "walk":
            keys = []
            key = table.first()
            while key is not ets.END:
                keys.append(key)
                key = table.next(key)
            return keys
        case "chunks":
            chunks = []
            chunk: Value = table.select(*args)
            while isinstance(chunk, tuple):
                chunks.append(chunk[0])
                chunk = ets.select(chunk[1])
            return chunks
        case "foldl" | "foldr":

            def add(row: Value, acc: list[Value]) -> list[Value]:
                return [row, *acc]

            start: list[Value] = []
            return table.foldl(add, start) if name == "foldl" else table.foldr(add, start)
        case "info":
            return table.info(args[0].name)
    return getattr(table, name)(*args)


# Results whose order is the tables' own, which no kind but ordered_set promises.
UNORDERED: Final = frozenset(["match", "match_object", "select", "select_reverse", "walk", "foldl", "foldr"])


def agree(kind: str, name: str, ours: Value, theirs: Value) -> bool:
    if kind != "ordered_set" and name == "chunks":
        sizes = [len(chunk) for chunk in ours] == [len(chunk) for chunk in theirs]
        return sizes and same_rows(list(chain(*ours)), list(chain(*theirs)), False)
    if kind != "ordered_set" and name in UNORDERED:
        return same_rows(ours, theirs, False)
    return bool(canonical(ours) == canonical(theirs))


def same_rows(ours: list[Value], theirs: list[Value], ordered: bool) -> bool:
    left, right = [canonical(row) for row in ours], [canonical(row) for row in theirs]
    return left == right if ordered else Counter(left) == Counter(right)
