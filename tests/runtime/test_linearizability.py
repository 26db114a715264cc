"""Histories of eight threads are linearizable, key by key: some order of the operations explains every result.

Each operation is recorded with the moments when it began and ended. A history is linearizable when its operations can
be put in one order, in which no operation comes before one that had ended when it began, and each has the result that
the model of one key gives. The search tries every operation that may come next and remembers where it has been (the
method of Wing and Gong, with the memory that Lowe added); keys do not touch each other, so each is searched by itself.

`make soak SECONDS=600` draws histories for that long instead of the few of a usual run, and says how many there were.
"""

import os
import random
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

import pytest

from runtime import BadArg, ets
from runtime.storage import KINDS, Kind

State: TypeAlias = tuple[int, ...]  # the values of the rows of one key
Result: TypeAlias = Any


class Operation(NamedTuple):
    began: int
    ended: int
    name: str
    value: int
    result: Result


def model(kind: str, state: State, name: str, value: int) -> tuple[State, Result]:
    """What an operation does to the rows of one key, and gives."""
    single = kind in {"set", "ordered_set"}
    match name:
        case "insert":
            if single:
                return (value,), True
            return (state if kind == "bag" and value in state else (*state, value)), True
        case "insert_new":
            return (state, False) if state else ((value,), True)
        case "lookup":
            return state, list(state)
        case "take":
            return (), list(state)
        case "delete":
            return (), True
        case "delete_object":
            return tuple(known for known in state if known != value), True
        case "update_counter":
            return ((state[0] + value,), state[0] + value) if state else (state, "badkey")
        case "count":
            return state, sum(known == value for known in state)
    raise AssertionError(name)


def linearizable(kind: str, history: list[Operation]) -> bool:
    history = sorted(history)
    visited: set[tuple[frozenset[int], State]] = set()
    stack: list[tuple[frozenset[int], State]] = [(frozenset(range(len(history))), ())]
    while stack:
        left, state = stack.pop()
        if not left:
            return True
        if (left, state) in visited:
            continue
        visited.add((left, state))
        first_end = min(history[number].ended for number in left)
        for number in left:
            operation = history[number]
            if operation.began <= first_end:
                after, result = model(kind, state, operation.name, operation.value)
                if result == operation.result:
                    stack.append((left - {number}, after))
    return False


# --- the checker itself -------------------------------------------------------------------------------------------


def test_the_checker_accepts_what_some_order_explains() -> None:
    overlapping = [
        Operation(0, 10, "insert", 1, True), Operation(1, 4, "lookup", 0, [1]), Operation(2, 3, "lookup", 0, [])
    ]  # fmt: skip
    assert linearizable("set", overlapping)
    assert linearizable("set", [])


@pytest.mark.parametrize(
    "history",
    [
        [Operation(0, 1, "insert", 1, True), Operation(2, 3, "lookup", 0, [])],
        [Operation(0, 10, "insert", 1, True), Operation(1, 2, "lookup", 0, [1]), Operation(3, 4, "lookup", 0, [])],
        [Operation(0, 9, "insert", 1, True), Operation(0, 9, "take", 0, [1]), Operation(0, 9, "take", 0, [1])],
        [Operation(0, 9, "insert_new", 1, True), Operation(0, 9, "insert_new", 2, True)],
    ],
    ids=["lost insert", "seen, then unseen", "taken twice", "new twice"],
)
def test_the_checker_refuses_what_no_order_explains(history: list[Operation]) -> None:
    assert not linearizable("set", history)


def test_the_checker_finds_a_lost_update() -> None:
    start = Operation(0, 1, "insert", 0, True)
    both = [Operation(2, 9, "update_counter", 1, 1), Operation(2, 9, "update_counter", 1, 1)]
    assert not linearizable("set", [start, *both])
    assert linearizable("set", [start, both[0], Operation(2, 9, "update_counter", 1, 2)])


# --- tables -------------------------------------------------------------------------------------------------------

KEYS = 5
THREADS = 8
STEPS = 60
ROUNDS = 3
SOAK = float(os.environ.get("MATCHSPEC_SOAK", "0"))  # seconds, of all kinds together


def seeds() -> Iterator[int]:
    """Those of a usual run, or more of them until the time of a kind of table is over."""
    end = time.monotonic() + SOAK / (2 * len(KINDS))
    seed = 0
    while seed < ROUNDS or time.monotonic() < end:
        yield seed
        seed += 1


@pytest.fixture(autouse=True)
def short_turns() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def perform(table: ets.Table[Any], name: str, key: int, value: int) -> Result:
    match name:
        case "insert":
            return table.insert([(key, value), (-1 - key, value)])
        case "insert_new":
            return table.insert_new((key, value))
        case "lookup":
            return [row[1] for row in table.lookup(key)]
        case "take":
            return [row[1] for row in table.take(key)]
        case "delete":
            return table.delete(key)
        case "delete_object":
            return table.delete_object((key, value))
        case "count":
            return table.select_count(lambda k, v: k == key and v == value)
    try:
        return table.update_counter(key, value)
    except BadArg as error:
        return error.cause


@pytest.mark.parametrize("watched", [False, True], ids=["plain", "watched"])
@pytest.mark.parametrize("kind", KINDS)
def test_histories_of_tables_are_linearizable(kind: Kind, watched: bool, capsys: pytest.CaptureFixture[str]) -> None:
    single = kind in {"set", "ordered_set"}
    names = ["insert", "insert_new", "lookup", "lookup", "take", "delete", "delete_object", "count"]
    names += ["update_counter"] * 3 if single else []
    count = 0
    for seed in seeds():
        table = ets.new("t", type=kind, access="public", index=[2] if watched else [])
        if watched:
            table.subscribe(None, lambda _: None)
        perform(table, "count", 0, 0)  # reads the lambda's source, once
        histories: list[list[list[Operation]]] = [[[] for _ in range(KEYS)] for _ in range(THREADS)]
        start = threading.Barrier(THREADS)

        def work(random_seed: int, table: ets.Table[Any], own: list[list[Operation]], start: threading.Barrier) -> None:
            draw = random.Random(random_seed)
            start.wait()
            for _ in range(STEPS):
                key, value, name = draw.randrange(KEYS), draw.randrange(3), draw.choice(names)
                began = time.monotonic_ns()
                result = perform(table, name, key, value)
                own[key].append(Operation(began, time.monotonic_ns(), name, value, result))

        threads = [
            threading.Thread(target=work, args=(seed * 100 + number, table, histories[number], start))
            for number in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for key in range(KEYS):
            history = [operation for own in histories for operation in own[key]]
            assert linearizable(kind, history), (kind, seed, key)
        assert sum(len(own[key]) for own in histories for key in range(KEYS)) == THREADS * STEPS
        assert table.check() == []
        table.drop()
        count += 1
    if SOAK:
        with capsys.disabled():
            print(f"\n{count:,} histories of {THREADS * STEPS} operations on a {kind}")  # noqa: T201  # what it is run for
