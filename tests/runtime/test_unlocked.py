"""Single rows and scans of a set, which take no lock in the compiled build: with other code in every gap there may be.

Other threads are let in wherever Python can switch to them: the garbage collector is made to run at almost every object
that is made, and finds garbage whose finalizers let other threads run.
"""

import functools
import gc
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from matchspec import ANY, V
from runtime import BadArg, ets
from tests.runtime.beside import together

ROUNDS = 120
THREADS = 4


class Litter:
    """Garbage that only the collector finds, and that lets other threads run when it does, and leaves such garbage."""

    def __init__(self, more: int) -> None:
        self.itself = self
        self.more = more

    def __del__(self) -> None:
        if self.more:
            Litter(self.more - 1)
        time.sleep(0.00001)


@pytest.fixture(autouse=True)
def _gaps_everywhere() -> Iterator[None]:
    threshold, interval = gc.get_threshold(), sys.getswitchinterval()
    gc.collect()
    gc.freeze()  # so that each collection is short
    gc.set_threshold(7, 2, 2)
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)
    gc.set_threshold(*threshold)
    gc.unfreeze()
    gc.collect()


def repeatedly(*works: Callable[[], None], littering: int = THREADS) -> None:
    """Does all, again and again, in threads of their own, the first of which litter.

    One collection goes on at a time: where only one thread is to be interrupted, the others must not litter.
    """

    def run(work: Callable[[], None], litters: bool) -> None:
        for _ in range(ROUNDS):
            if litters:
                Litter(15)
            work()

    together(*[functools.partial(run, work, n < littering) for n, work in enumerate(works)])


def new(**options: Any) -> ets.Table[Any]:
    table: ets.Table[Any] = ets.new("t", access="public", **options)
    return table


@pytest.mark.parametrize("width", [2, 3, 4, 25])
@pytest.mark.parametrize("change", [1, (2, 1)])
def test_no_count_is_lost(width: int, change: int | tuple[int, int]) -> None:
    table = new()
    table.insert((1, 0, *range(width - 2)))

    def count() -> None:
        table.update_counter(1, change)

    repeatedly(*[count] * THREADS)
    assert table.lookup(1) == [(1, THREADS * ROUNDS, *range(width - 2))]
    assert table.statistics().updated == THREADS * ROUNDS


def test_no_row_is_lost() -> None:
    table = new()

    def insert(first: int) -> Callable[[], None]:
        numbers = iter(range(first, first + ROUNDS))
        return lambda: (table.insert((next(numbers), [])), None)[1]

    repeatedly(*[insert(n * ROUNDS) for n in range(THREADS)])
    assert sorted(table.tab2list()) == [(n, []) for n in range(THREADS * ROUNDS)]
    assert table.check() == []
    assert table.statistics().inserted == THREADS * ROUNDS


def test_rows_that_come_and_go() -> None:
    table = new()
    mine = threading.local()

    def work() -> None:
        number = mine.number = getattr(mine, "number", 0) + 1
        key = (threading.get_ident(), number).__hash__()
        table.insert((key, number))
        assert table.lookup(key) == [(key, number)]
        assert key in table
        assert table.lookup_element(key, 2) == number
        assert table.update_counter(key, 1) == number + 1
        if number % 3:
            table.delete(key)
            assert table.lookup(key) == []
            assert key not in table

    repeatedly(*[work] * THREADS)
    assert len(table) == THREADS * (ROUNDS // 3)
    assert table.check() == []


def test_an_index_that_comes_meanwhile() -> None:
    tables = [new() for _ in range(ROUNDS)]
    for table in tables:
        table.insert((1, 0, *range(23)))
    first, second = iter(tables), iter(tables)

    def count() -> None:
        table = next(first)
        for number in range(1, 6):
            table.update_counter(1, 1)
            table.insert((1 + number, 0))

    def add() -> None:
        next(second).add_index(2)

    repeatedly(count, add, littering=1)
    for table in tables:
        assert table.check() == []
        assert table.select([((V(1), 5, *[ANY] * 23), [], [V(1)])]) == [1]
        assert len(table.select([((V(1), 0), [], [V(1)])])) == 5


def test_a_list_of_rows_is_seen_whole() -> None:
    table = new()
    keys = list(range(20))
    table.insert([(key, 0) for key in keys])
    turn = iter(range(1, ROUNDS + 1))

    def write() -> None:
        number = next(turn)
        table.insert([(key, number) for key in keys])

    def read() -> None:
        seen = [table.lookup_element(key, 2) for key in keys]
        assert seen == sorted(seen)  # each is asked later, so it is as new as the one before or newer
        assert len(set(table.select([((V(1), V(2)), [], [V(2)])]))) == 1

    repeatedly(write, read, read, littering=1)


def test_scans_see_one_moment() -> None:
    table = new()
    table.insert([(key, 0) for key in range(30)])
    turn = iter(range(30, 30 + ROUNDS))

    def write() -> None:
        table.insert((next(turn), 0))

    def read() -> None:
        keys = table.select([((V(1), V(2)), [], [V(1)])])
        assert keys == list(range(len(keys)))

    repeatedly(write, read, read, littering=1)
    assert table.statistics().scans == 2 * ROUNDS


class Heir:
    """A value that writes to the table when it goes."""

    def __init__(self, number: int, act: Callable[[int], object]) -> None:
        self.number = number
        self.act = act

    def __deepcopy__(self, memo: object) -> "Heir":
        return Heir(self.number, self.act)

    def __del__(self) -> None:
        try:
            self.act(self.number)
        except BadArg as error:  # from within an operation that has the lock, which it must not disturb
            assert error.cause == "busy"  # the destructor's business, not the test's


def test_a_value_that_writes_when_it_is_replaced() -> None:
    table = new()
    acts: list[Callable[[int], object]] = [
        lambda number: table.insert(("last", number)),
        lambda number: table.delete("other"),
        lambda number: table.insert([("a", number), ("b", number)]),
        lambda number: table.delete_all_objects(),
    ]
    for act in acts:
        for _ in range(3):
            table.delete_all_objects()
            table.insert([("other", 1), ("last", 0), ("key", 0)])
            table.insert(("key", 0, Heir(7, act)))
            gc.collect()
            table.insert(("key", 1))
            assert table.check() == []
            assert table.lookup("key") in ([("key", 1)], [])
            table.insert(("key", 2))
            assert table.lookup("key") == [("key", 2)]


def test_who_may_not_write_is_told_so() -> None:
    table: ets.Table[Any] = ets.new("t")
    private: ets.Table[Any] = ets.new("p", access="private")
    for one in (table, private):
        one.insert((1, 1))
    refused: list[str] = []

    def work() -> None:
        for operation in (
            lambda: table.insert((2, 2)),
            lambda: table.update_counter(1, 1),
            lambda: private.lookup(1),
            lambda: private.member(1),
            lambda: private.select([((V(1), V(2)), [], [V(1)])]),
        ):
            with pytest.raises(BadArg) as caught:
                operation()
            refused.append(caught.value.cause)
        assert table.lookup(1) == [(1, 1)]

    repeatedly(work)
    assert refused == ["access"] * (5 * ROUNDS)
    table.drop()
    for gone in (
        lambda: table.insert((1, 1)),
        lambda: table.lookup(1),
        lambda: table.update_counter(1, 1),
        lambda: 1 in table,
    ):
        with pytest.raises(BadArg) as caught:
            gone()
        assert caught.value.cause == "id"
