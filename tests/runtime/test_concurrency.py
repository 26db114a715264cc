"""Threads at one table: barriers bring them together, nothing sleeps, and what must add up does."""

import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeAlias

import pytest

from matchspec import ANY, ROW, V
from runtime import BadArg, Pid, ets, is_alive, self_
from runtime.access import Access
from runtime.storage import Kind
from tests.runtime import beside

Value: TypeAlias = Any
AnyTable: TypeAlias = ets.Table[Any]
Work: TypeAlias = Callable[[int], object]

KINDS: list[Kind] = ["set", "ordered_set", "bag", "duplicate_bag"]
THREADS = 4
ROUNDS = 300
EVERY: list[Any] = [(ANY, [], [ROW])]


@pytest.fixture(autouse=True)
def switch_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def together(work: Work, threads: int = THREADS) -> None:
    """Runs work(0), work(1), ... in threads that begin at once; raises what one of them raised."""
    beside.together(*[partial(work, number) for number in range(threads)])


def in_thread(work: Callable[[], Value]) -> Value:
    """The result of work() in a thread of its own, which has ended by then."""
    results: list[Value] = []
    together(lambda number: results.append(work()), threads=1)
    return results[0]


@pytest.fixture
def public(request: pytest.FixtureRequest) -> Iterator[AnyTable]:
    table = ets.new("t", type=request.param, access="public")
    yield table
    assert table.check() == []
    table.drop()


@pytest.mark.parametrize("public", ["set", "ordered_set"], indirect=True)
def test_counters_add_up(public: AnyTable) -> None:
    def work(number: int) -> None:
        for _ in range(ROUNDS):
            public.update_counter("n", 1, ("n", 0))
            public.update_counter("pair", [(2, 1), (3, -1)], ("pair", 0, 0))

    together(work)
    assert public.lookup("n") == [("n", THREADS * ROUNDS)]
    assert public.lookup("pair") == [("pair", THREADS * ROUNDS, -THREADS * ROUNDS)]


@pytest.mark.parametrize("public", KINDS, indirect=True)
def test_insert_new_has_one_winner(public: AnyTable) -> None:
    wins: list[int] = []

    def work(number: int) -> None:
        for key in range(ROUNDS):
            if public.insert_new([(key, number), (key + ROUNDS, number)]):
                wins.append(key)

    together(work)
    assert sorted(wins) == list(range(ROUNDS))
    for key in range(ROUNDS):
        assert public.lookup_element(key, 2) == public.lookup_element(key + ROUNDS, 2)


@pytest.mark.parametrize("public", KINDS, indirect=True)
def test_take_has_one_winner(public: AnyTable) -> None:
    public.insert([(key, 0) for key in range(ROUNDS)])
    taken: list[int] = []

    def work(number: int) -> None:
        for key in range(ROUNDS):
            taken.extend(row[0] for row in public.take(key))

    together(work)
    assert sorted(taken) == list(range(ROUNDS))
    assert len(public) == 0


@pytest.mark.parametrize("public", KINDS, indirect=True)
def test_readers_see_lists_whole(public: AnyTable) -> None:
    """Rows of one number come and go together: no reader ever sees a part of them."""
    size = 10
    done = threading.Event()

    def work(number: int) -> None:
        if number == 0:
            for n in range(ROUNDS):
                public.insert([(key, n) for key in range(size)])
                public.select_delete([((ANY, n), [], [True])])
            done.set()
            return
        while not done.is_set():
            views = [public.select(EVERY), public.tab2list(), public.match_object((ANY, ANY))]
            for rows in views:
                numbers = [n for _, n in rows]
                assert len(rows) in {0, size}
                assert len(set(numbers)) <= 1

    together(work)


@pytest.mark.parametrize("public", ["set", "ordered_set", "duplicate_bag"], indirect=True)
def test_replacements_are_seen_whole(public: AnyTable) -> None:
    public.insert([(key, 0) for key in range(20)])
    done = threading.Event()

    def work(number: int) -> None:
        if number == 0:
            for n in range(1, 100):
                assert public.select_replace([((V(1), ANY), [], [((V(1), n),)])]) == 20
            done.set()
            return
        while not done.is_set():
            assert len({n for _, n in public.tab2list()}) == 1

    together(work)


@pytest.mark.parametrize("public", KINDS, indirect=True)
def test_walks_never_fail_and_miss_nothing(public: AnyTable) -> None:
    staying = set(range(0, 200, 2))
    public.insert([(key, 0) for key in range(200)])
    done = threading.Event()

    def work(number: int) -> None:
        if number == 0:
            for n in range(ROUNDS):
                key = 2 * (n % 100) + 1
                public.delete(key)
                public.insert((key, n))
            done.set()
            return
        while not done.is_set():
            with public.fixed():
                keys = []
                key = public.first()
                while key is not ets.END:
                    keys.append(key)
                    key = public.next(key)
            rows = [row[0] for row in public.select_iter(EVERY, chunk=7)]
            for seen in (keys, rows):
                even = [key for key in seen if key % 2 == 0]
                assert len(even) == len(staying)
                assert set(even) == staying

    together(work)
    assert public.info("fixed") is False


# --- processes ------------------------------------------------------------------------------------------------------


def test_a_thread_is_a_process() -> None:
    mine = self_()
    assert self_() is mine
    assert is_alive(mine)
    other: Pid = in_thread(self_)
    assert other is not mine
    assert not is_alive(other)
    assert in_thread(lambda: is_alive(mine) and is_alive(self_())) is True


WRITES: list[Callable[[Value], Value]] = [
    *(lambda t: t.insert((2, 2)), lambda t: t.insert_new((2, 2)), lambda t: t.delete(1), lambda t: t.take(1)),
    *(lambda t: t.delete_object((1, 1)), lambda t: t.delete_all_objects(), lambda t: t.update_counter(1, 1)),
    *(lambda t: t.update_element(1, (2, 2)), lambda t: t.match_delete(ANY), lambda t: t.select_delete(EVERY)),
    *(lambda t: t.select_replace(EVERY), lambda t: t.init_table(lambda what: "end_of_input"), lambda t: t.drop()),
    *(lambda t: t.rename("other"), lambda t: t.setopts(access="public")),
]  # fmt: skip
READS: list[Callable[[Value], Value]] = [
    *(lambda t: t.lookup(1), lambda t: t.member(1), lambda t: t.lookup_element(1, 2), lambda t: t.first()),
    *(lambda t: t.next(1), lambda t: t.tab2list(), lambda t: t.select(EVERY), lambda t: t.match(ANY)),
    *(lambda t: t.select(EVERY, 1), lambda t: t.slot(0), lambda t: t.safe_fixtable(True), lambda t: t.select_count(EVERY)),
]  # fmt: skip


def refused(table: AnyTable, operation: Callable[[Value], Value]) -> bool:
    try:
        operation(table)
    except BadArg as error:
        assert error.cause == "access"
        assert "owner" in str(error)
        return True
    return False


@pytest.mark.parametrize("operation", WRITES)
def test_only_the_owner_writes_a_protected_table(operation: Callable[[Value], Value]) -> None:
    for table in (ets.new("t", access="protected"), ets.new("t", access="private")):
        table.insert((1, 1))
        assert in_thread(partial(refused, table, operation)) is True
        assert table.tab2list() == [(1, 1)]
        assert table.info("name") == "t"
        assert refused(table, operation) is False


@pytest.mark.parametrize("operation", READS)
def test_only_the_owner_reads_a_private_table(operation: Callable[[Value], Value]) -> None:
    rights: list[tuple[Access, bool]] = [("public", False), ("protected", False), ("private", True)]
    for access, expected in rights:
        table = ets.new("t", access=access)
        table.insert((1, 1))
        assert in_thread(partial(refused, table, operation)) is expected
        assert in_thread(partial(table.info, "size")) == 1  # anybody may ask
        table.drop()


def test_options_of_a_public_table_are_its_owners() -> None:
    table = ets.new("t", access="public")
    assert in_thread(lambda: refused(table, lambda t: t.setopts(access="private"))) is True
    assert in_thread(table.drop) is True  # but anybody may drop it, as in Erlang


def test_a_table_goes_with_its_thread() -> None:
    table: AnyTable = in_thread(lambda: ets.new("t", named_table=True))
    assert table.info() is None
    assert ets.whereis("t") is None
    assert table not in ets.all()
    with pytest.raises(BadArg) as caught:
        table.tab2list()
    assert caught.value.cause == "id"


def test_the_fixations_of_an_ended_thread_are_gone() -> None:
    table = ets.new("t", access="public")
    table.insert([(n,) for n in range(200)])
    in_thread(lambda: table.safe_fixtable(True))
    assert table.info("fixed") is False
    in_thread(lambda: table.safe_fixtable(True))
    for n in range(199):
        table.delete(n)
    assert table.check() == []
    with pytest.raises(BadArg):  # there are not so many slots any more
        table.slot(100)
