"""Partitioned tables: which partitions an operation touches, and that it is one table to those who use it.

That all operations give what they give on a naive table is tested in test_stateful.py.
"""

import pickle
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple, TypeAlias

import pytest
from hypothesis import given

from matchspec import ANY, ROW, SKIP, Atom, V, compare, exactly_equal
from matchspec.errors import EvalError
from runtime import BadArg, ets, receive, spawn_monitor
from runtime.storage import KINDS, Kind
from tests.strategies import terms

Value: TypeAlias = Any
EVERY: list[Any] = [(ANY, [], [ROW])]


class User(NamedTuple):
    id: int
    name: str
    age: float


class Colour(Enum):
    RED = 1


def touched(table: "ets.PartitionedTable[Any]", do: Callable[[], object]) -> list[int]:
    """The partitions whose statistics say that they have been asked something."""
    before = [part.statistics() for part in table.partitions]
    do()
    after = [part.statistics() for part in table.partitions]
    return [number for number, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]


@pytest.fixture(params=KINDS)
def table(request: pytest.FixtureRequest) -> Iterator["ets.PartitionedTable[Any]"]:
    table = ets.new_partitioned("t", type=request.param, partitions=5)
    table.insert([(n, n % 10) for n in range(100)])
    yield table
    assert table.check() == []
    table.drop()


# --- which partition --------------------------------------------------------------------------------------------------


@given(left=terms, right=terms)
def test_keys_that_are_one_are_in_one_partition(left: Value, right: Value) -> None:
    for kind in KINDS:
        table = ets.new_partitioned("t", type=kind, partitions=64)
        one = compare(left, right) == 0 if kind == "ordered_set" else exactly_equal(left, right)
        if one:
            assert table.partition_of(left) == table.partition_of(right)
        table.insert((left,))
        assert table.member(left)
        assert table.member(right) is one
        table.drop()


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (1, 1.0),
        ((1, [2.0]), (1.0, [2])),
        (0.0, -0.0),
        (2**70, float(2**70)),
        ({"a": 1}, {"a": 1.0}),
        (float("nan"), float("nan")),
    ],
)
def test_numbers_by_value_in_an_ordered_set(left: Value, right: Value) -> None:
    table = ets.new_partitioned("t", type="ordered_set", partitions=64)
    table.insert((left, "old"))
    table.insert((right, "new"))
    assert len(table) == 1
    assert table.lookup(left)[0][1] == "new"
    assert table.check() == []


def test_rows_are_spread() -> None:
    table = ets.new_partitioned("t", partitions=4)
    table.insert([(n,) for n in range(1000)] + [(str(n),) for n in range(1000)] + [((n, "x"),) for n in range(1000)])
    assert all(500 < len(part) < 1000 for part in table.partitions)


def test_an_operation_on_a_key_touches_its_partition_only(table: "ets.PartitionedTable[Any]") -> None:
    for key in (0, 7, 42):
        home = [table.partition_of(key)]
        assert touched(table, lambda: table.lookup(key)) == home  # noqa: B023  # called at once
        assert touched(table, lambda: table.member(key)) == home  # noqa: B023
        assert touched(table, lambda: table.insert((key, 5))) == home  # noqa: B023
        assert touched(table, lambda: table.delete_object((key, 5))) == home  # noqa: B023
        table.insert((key, 5))
        assert touched(table, lambda: table.take(key)) == home  # noqa: B023


def test_a_query_that_binds_the_key_goes_to_its_partition_only(table: "ets.PartitionedTable[Any]") -> None:
    home = [table.partition_of(42)]
    assert touched(table, lambda: table.select("fun({42, V}) -> V end")) == home
    assert touched(table, lambda: table.select(lambda n, rest: rest if n == 42 else SKIP)) in (
        home,
        sorted({*home, table.partition_of(42.0)}),
    )
    assert touched(table, lambda: table.match_object((42, ANY))) == home
    assert touched(table, lambda: table.select_count("fun({N, _}) -> N =:= 42 end")) == home
    assert touched(table, lambda: table.select_delete("fun({42, V}) when V > 100 -> true end")) == home
    some = sorted({table.partition_of(n) for n in (1, 2)})
    assert touched(table, lambda: table.select("fun({N, V}) when N =:= 1; N =:= 2 -> V end")) == some
    assert table.partitions_for("fun({42, V}) -> V end") == home
    every = [0, 1, 2, 3, 4]
    assert touched(table, lambda: table.select("fun({N, 3}) -> N end")) == every
    assert table.partitions_for("fun({N, 3}) -> N end") == every
    assert table.partitions_for("fun({N, _}) -> N =:= 42 end") == every
    assert table.partitions_for("fun({N, _}) -> N =:= 42 end", counts=True) == home


@pytest.mark.parametrize("kind", KINDS)
def test_keys_that_only_python_finds_equal(kind: Kind) -> None:
    """Where such keys are, Python's equality binds no key, and all partitions are asked."""
    table = ets.new_partitioned("t", type=kind, partitions=16)
    table.insert([(Decimal(1), "decimal"), (1, "int"), (Colour.RED, "enum")])
    assert sorted(table.select(lambda key, name: name if key == 1 else SKIP)) == ["decimal", "int"]
    assert table.select(lambda key, name: name if key == Colour.RED else SKIP) == ["enum"]
    assert table.check() == []


# --- one table --------------------------------------------------------------------------------------------------------


def test_an_ordered_set_keeps_its_order() -> None:
    table = ets.new_partitioned("t", type="ordered_set", partitions=7)
    keys: list[Value] = [*range(0, 3000, 3), *[(n, "t") for n in range(500)], *[f"k{n:04}" for n in range(500)]]
    table.insert([(key,) for key in keys[::-1]])
    assert [key for (key,) in table] == keys
    assert table.select("fun({K}) -> K end") == keys
    assert table.select_reverse("fun({K}) -> K end") == keys[::-1]
    assert list(table.select_iter("fun({K}) -> K end", chunk=37)) == keys
    assert list(table.select_iter("fun({K}) -> K end", chunk=37, reverse=True, offset=5, limit=9)) == keys[::-1][5:14]
    assert list(table.select_iter("fun({K}) when K >= 30, K < 60 -> K end", chunk=4)) == list(range(30, 60, 3))
    assert list(table.select_iter("fun({K}) when K > 5, K < 4 -> K end")) == []
    assert (table.first(), table.last()) == (0, "k0499")
    assert (table.next(4), table.prev(4), table.next("k0499"), table.prev(0)) == (6, 3, ets.END, ets.END)
    assert table.next_lookup(0) == (3, [(3,)])
    assert table.foldl(lambda row, acc: [*acc, row[0]], []) == keys
    assert table.foldr(lambda row, acc: [*acc, row[0]], []) == keys[::-1]


def test_a_walk_sees_what_is_there_all_along_once(table: "ets.PartitionedTable[Any]") -> None:
    seen: list[Value] = []
    with table.fixed():
        key = table.first()
        while key is not ets.END:
            seen.append(key)
            table.delete(key)
            table.insert((key + 1000 + len(seen) * 1000, 0)) if len(seen) < 20 else None
            key = table.next(key)
    assert Counter(key for key in seen if key < 100) == Counter(range(100))
    assert table.info("fixed") is False


def test_chunks_while_rows_come_and_go(table: "ets.PartitionedTable[Any]") -> None:
    seen: list[Value] = []
    chunk: Value = table.select("fun({N, _}) -> N end", 7)
    while isinstance(chunk, tuple):
        assert len(chunk[0]) == 7 or chunk[1] is ets.END
        for key in chunk[0]:
            seen.append(key)
            table.delete(key)
        table.insert((-len(seen), 0))
        chunk = ets.select(chunk[1])
    assert Counter(key for key in seen if key >= 0) == Counter(range(100))


def test_by_columns(table: "ets.PartitionedTable[Any]") -> None:
    expected = sorted(range(100), key=lambda n: (n % 10, n))
    assert list(table.select_iter(lambda n, rest: n, order_by=[2, 1])) == expected
    assert list(table.select_iter(lambda n, rest: n, order_by=[2, 1], limit=3, offset=2)) == expected[2:5]
    if table.type == "ordered_set":
        assert list(table.select_iter(lambda n, rest: n, order_by=2)) == expected


def test_an_index(table: "ets.PartitionedTable[Any]") -> None:
    table.add_index(2)
    table.insert([(n, 50 + n) for n in range(100, 600)])  # so many others that the index is worth while everywhere
    assert touched(table, lambda: table.select("fun({N, 3}) -> N end")) == [0, 1, 2, 3, 4]
    assert table.statistics().index_plans == 5
    assert sorted(table.select("fun({N, 3}) -> N end")) == list(range(3, 100, 10))
    found: list[int] = []
    chunk: Value = table.select("fun({N, 3}) -> N end", 4)
    while isinstance(chunk, tuple):
        found += chunk[0]
        chunk = ets.select(chunk[1])
    assert sorted(found) == list(range(3, 100, 10))
    assert table.info("index") == (2,)
    table.del_index(2)
    assert table.info("index") == ()


def test_typed_rows() -> None:
    users = ets.new_partitioned("users", User, type="ordered_set", keypos="id", index=["age"], partitions=3)
    plain: list[Any] = [(n, f"user {n}", 20 + n) for n in range(10)]
    users.insert(plain)
    assert users.lookup(3) == [User(3, "user 3", 23.0)]
    assert type(users.lookup(3)[0].age) is float
    assert users.select(lambda u: u.name if u.age > 27 else SKIP) == ["user 8", "user 9"]
    assert users.select_count(lambda id, name, age: age > 27) == 2
    for bad in ((1, 2, 3.0), (1, "x"), 7, [(1, "x", 1.0), (2, 2, 2.0)]):
        with pytest.raises(BadArg) as caught:
            users.insert(bad)  # type: ignore[arg-type]
        assert caught.value.cause == "type"
        assert caught.value.table == "users"
    assert len(users) == 10
    floats = ets.new_partitioned("floats", tuple[float, int], partitions=16)
    floats.insert([(n, n) for n in range(100)])  # the keys become floats, which decide on the partition
    assert floats.lookup(7) == []
    assert floats.lookup(7.0) == [(7.0, 7)]
    assert floats.check() == []


def test_deadlines() -> None:
    now = 0.0
    table = ets.new_partitioned("t", partitions=3, ttl=10, clock=lambda: now)
    table.insert([(n,) for n in range(10)])
    table.insert((7,), ttl=20)
    now = 12.0
    assert table.tab2list() == [(7,)]
    assert table.expires_in(7) == 8.0
    assert table.expire() == 1
    assert table.statistics().expired == 9


def test_what_it_says_of_itself(table: "ets.PartitionedTable[Any]") -> None:
    whole = table.info()
    assert whole is not None
    assert (whole["size"], whole["partitions"], whole["type"], whole["name"]) == (100, 5, table.type, "t")
    assert table.info("size") == len(table) == 100
    assert table.info("memory") == sum(part.info("memory") for part in table.partitions)
    assert table.info("partitions") == 5
    assert (table.keypos, table.fields, table.name) == (1, (), "t")
    assert repr(table) == f"<PartitionedTable t: {table.type}, 5 partitions, 100 rows of tuple>"
    assert table.statistics().inserted == 100
    assert table.statistics().size == 100
    with pytest.raises(BadArg):
        table.info("slots")


def test_dropped() -> None:
    table = ets.new_partitioned("t", partitions=3)
    table.insert([(n,) for n in range(10)])
    chunk: Value = table.select("fun({N}) -> N end", 2)
    table.drop()
    assert table.info() is None
    assert table.info("size") is None
    assert "dropped" in repr(table)
    calls: list[Callable[[], object]] = [
        lambda: table.lookup(1),
        lambda: table.insert([(1,), (2,)]),
        lambda: len(table),
        lambda: ets.select(chunk[1]),
        table.tab2list,
        table.first,
    ]
    for call in calls:
        with pytest.raises(BadArg) as caught:
            call()
        assert caught.value.cause == "id"


def test_it_ends_with_its_owner() -> None:
    made: list[Any] = []
    _, ref = spawn_monitor(lambda: made.append(ets.new_partitioned("t", partitions=3)))
    assert receive()[1] is ref
    with pytest.raises(BadArg) as caught:
        made[0].lookup(1)
    assert caught.value.cause == "id"
    assert not [table for table in ets.all() if table in made[0].partitions]


def test_access() -> None:
    table = ets.new_partitioned("t", access="protected", partitions=3)
    causes: list[str] = []

    def intrude() -> None:
        calls: list[Callable[[], object]] = [
            lambda: table.insert((1,)),
            lambda: table.insert([(1,), (2,), (3,)]),
            lambda: table.select_delete(EVERY),
        ]
        for call in calls:
            try:
                call()
            except BadArg as error:
                causes.append(error.cause)

    thread = threading.Thread(target=intrude)
    thread.start()
    thread.join()
    assert causes == ["access"] * 3
    assert table.insert([(1,), (2,)])


@pytest.mark.parametrize("partitions", [0, -1, 1.0, True, 1025, "8", None])
def test_bad_numbers_of_partitions(partitions: Any) -> None:
    with pytest.raises(BadArg) as caught:
        ets.new_partitioned("t", partitions=partitions)
    assert caught.value.argument == "partitions"


def test_other_bad_options() -> None:
    before = ets.all()
    with pytest.raises(BadArg):
        ets.new_partitioned("t", type="tree")  # type: ignore[call-overload]
    with pytest.raises(BadArg):
        ets.new_partitioned("t", index=[0])
    assert ets.all() == before


# --- all or nothing ---------------------------------------------------------------------------------------------------


def test_a_list_with_a_bad_row_changes_nothing(table: "ets.PartitionedTable[Any]") -> None:
    before = Counter(table.tab2list())
    for bad in ((), 7, [1]):
        with pytest.raises(BadArg):
            table.insert([(1000, 0), (1001, 0), (1002, 0), bad])
        with pytest.raises(BadArg):
            table.insert_new([(1000, 0), (1001, 0), (1002, 0), bad])
    with pytest.raises(BadArg):
        table.insert([(1000, 0), (1001, 0)], ttl=-1)
    assert Counter(table.tab2list()) == before
    assert table.insert_new([(1000, 0), (1001, 0), (99, 0)]) is False
    assert Counter(table.tab2list()) == before
    assert table.insert_new([(1000, 0), (1001, 0), (1002, 0)]) is True


def test_a_replacement_that_fails_changes_nothing() -> None:
    table = ets.new_partitioned("t", partitions=5)
    table.insert([(n, n - 50) for n in range(100)])
    with pytest.raises(EvalError):
        table.select_replace(lambda n, v: (n, 1 // v))
    assert sorted(table.tab2list()) == [(n, n - 50) for n in range(100)]
    assert table.select_replace(lambda n, v: (n, v + 50)) == 100
    assert sorted(table.tab2list()) == [(n, n) for n in range(100)]


@pytest.fixture
def switch_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize("kind", KINDS)
def test_many_threads_see_whole_changes(kind: Kind, switch_often: None) -> None:
    """Each list puts one number under all keys, or takes all away; a reader who saw half of it would see two."""
    table = ets.new_partitioned("t", type=kind, partitions=4)
    keys = range(12)
    problems: list[Any] = []
    barrier = threading.Barrier(4)

    def write(number: int) -> None:
        barrier.wait(timeout=60)
        for round_ in range(60):
            if kind in {"set", "ordered_set"}:
                table.insert([(key, (number, round_)) for key in keys])
            elif table.insert_new([(key, (number, round_)) for key in keys]):
                table.select_delete([(ANY, [], [True])])
            if round_ % 10 == number:
                table.delete_all_objects()

    def read(number: int) -> None:
        barrier.wait(timeout=60)
        for _ in range(120):
            rows = table.tab2list() if number else table.select(EVERY)
            if len(rows) not in {0, 12} or len({value for _, value in rows}) > 1:
                problems.append(rows)

    threads = [threading.Thread(target=work, args=(number,)) for work in (write, read) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
    assert problems == []
    assert table.check() == []


def test_subscribers_of_partitions_are_told_when_all_locks_are_free() -> None:
    """Another thread uses the whole table while a subscriber, who is told of a list, waits for it."""
    table = ets.new_partitioned("t", partitions=3)
    answers: list[bool] = []

    def told(event: Any) -> None:
        def use() -> None:
            answers.append(len(table.tab2list()) == 30)

        if event.kind == "inserted":
            thread = threading.Thread(target=use)
            thread.start()
            thread.join(timeout=60)

    for part in table.partitions:
        part.subscribe("fun({0}) -> true end", told)
    table.insert([(n,) for n in range(30)])
    assert answers == [True]


def test_a_continuation_that_was_pickled() -> None:
    table = ets.new_partitioned("t", type="ordered_set", partitions=3)
    table.insert([(n,) for n in range(20)])
    query = [((V(1),), [(Atom(">"), V(1), 3)], [V(1)])]
    chunk: Value = table.select(query, 5)
    found, rest = chunk
    again = pickle.loads(pickle.dumps(rest))  # our own
    chunk = ets.select(table.repair(again, query))
    assert chunk[0] == [9, 10, 11, 12, 13]
    assert found == [4, 5, 6, 7, 8]
