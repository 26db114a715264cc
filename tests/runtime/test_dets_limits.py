"""Rows that live for a time and tables of a limited size, on disk: what the suite of `test_expiry` does not ask.

The tables in memory stand for what is right; they keep deadlines in a heap, and know nothing of files. What is in a
file is read with sqlite3 besides.
"""

import contextlib
import math
import os
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import pytest

from matchspec import ANY, SKIP
from runtime import BadArg, dets, ets
from runtime.dets import DiskError, DiskTable
from runtime.storage import KINDS, Kind
from tests.runtime.beside import child, ended_well

Value: TypeAlias = Any
AnyTable: TypeAlias = DiskTable[Any]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class User(NamedTuple):
    id: int
    name: str
    age: int


def in_file(path: Path, sql: str) -> list[Value]:
    """What another program finds in a file."""
    with contextlib.closing(sqlite3.connect(path)) as plain:
        return plain.execute(sql).fetchall()


# --- what survives ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_deadlines_outlive_the_program(kind: Kind, tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "t.dets"
    with dets.open(path, User, type=kind, ttl=10, index=["age"], clock=clock) as table:
        table.insert([User(1, "ann", 31), User(2, "bob", 17)])
        table.insert(User(3, "eve", 64), ttl=100)
    clock.now += 9
    with dets.open(path, clock=clock) as table:
        assert (table.info("ttl"), table.info("max_size"), len(table)) == (10, None, 3)
        assert [table.expires_in(key) for key in (1, 2, 3)] == [1, 1, 91]
        table.insert((1, "ann", 32) if kind in ("set", "ordered_set") else (4, "dan", 32))
    clock.now += 1
    with dets.open(path, User, clock=clock) as table:
        assert sorted(row.age for row in table) == [32, 64]
        table.insert(User(5, "flo", 5), ttl=math.inf)
    clock.now += 1e6
    with dets.open(path, clock=clock, ttl=math.inf) as table:
        assert table.tab2list() == [(5, "flo", 5)]
        assert table.info("ttl") is None


def test_who_may_only_read_sees_nothing_that_is_over(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "t.dets"
    with dets.open(path, User, type="ordered_set", ttl=10, index=["age"], clock=clock) as table:
        table.insert([User(n, f"name {n}", n % 5) for n in range(100)])
        table.insert([User(n, f"name {n}", n % 5) for n in range(0, 100, 10)], ttl=50)
    clock.now += 10
    left = list(range(0, 100, 10))
    with dets.open(path, User, access="read", clock=clock) as table:
        assert (len(table), table.info("no_objects"), table.info("no_keys")) == (10, 10, 10)
        assert [row.id for row in table] == left
        assert table.select(lambda u: u.id if u.age == 0 else SKIP) == left
        assert table.select(lambda u: u.id if 3 < u.id < 25 else SKIP) == [10, 20]
        assert table.select_count(lambda u: u.age >= 0) == 10
        assert table.select_count(lambda u: u.age == 1) == 0
        assert [table.member(5), table.lookup(5), table.first(), table.last()] == [False, [], 0, 90]
        assert [table.next(0), table.prev(90), table.next(3)] == [10, 80, 10]
        assert table.slot(3) == [User(30, "name 30", 0)]
        assert table.match((ANY, "name 7", ANY)) == []
        chunk: Value = table.select("fun({I, _, _}) -> I end", 4)
        assert chunk[0] == [0, 10, 20, 30]
        clock.now += 40  # while somebody pages
        assert ets.select(chunk[1]) == dets.END
        assert (len(table), table.tab2list()) == (0, [])
        with pytest.raises(BadArg) as caught:
            table.expire()
        assert caught.value.cause == "access"
    assert in_file(path, "SELECT count(*) FROM limited_rows") == [(100,)]  # reading has changed nothing
    with dets.open(path, clock=clock) as table:
        assert table.expire() == 0
    assert in_file(path, "SELECT count(*) FROM limited_rows") == [(0,)]


def test_many_that_are_over_go_in_their_order(tmp_path: Path) -> None:
    clock = Clock()
    drawn = random.Random(5)
    lives = [drawn.randrange(1, 50) for _ in range(3500)]
    with dets.open(tmp_path / "t.dets", clock=clock) as table:
        for number, life in enumerate(lives):
            table.insert((number, life), ttl=life)
        told: list[Value] = []
        table.subscribe(None, told.append)
        clock.now += 40
        table.insert(("new", 0))
        assert told.pop().new == ("new", 0)
        assert {event.kind for event in told} == {"expired"}
        assert [event.old[1] for event in told] == sorted([life for life in lives if life <= 40])
        assert len(table) == 1 + len([life for life in lives if life > 40])
        assert table.statistics().expired == len(told)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("row", [User, None])
def test_as_in_memory(kind: Kind, row: Value, tmp_path: Path) -> None:
    """Random operations, and the time goes on; the file is closed and opened now and then."""
    draw = random.Random(f"{kind}{row}")
    clock, path = Clock(), tmp_path / "t.dets"
    memory: Value = ets.new("m", row, type=kind, ttl=20, index=[3], clock=clock)
    table: Value = dets.open(path, row, type=kind, ttl=20, index=[3], clock=clock)
    for step in range(600):
        operation = one_operation(draw, kind)
        assert operation(table) == operation(memory)
        clock.now += draw.choice([0, 0, 0.5, 2, 7])
        if step % 50 == 49:
            table.close()
            table = dets.open(path, row, clock=clock)
        assert sorted(table.tab2list()) == sorted(memory.tab2list())
        assert len(table) == len(memory)
        for key in range(12):
            if memory.member(key):
                assert table.expires_in(key) == memory.expires_in(key)
        query: Value = [((ANY, ANY, 2), [], [True])]
        assert table.select_count(query) == memory.select_count(query)
        if step % 20 == 0:
            assert table.check() == []


def one_operation(draw: random.Random, kind: Kind) -> Callable[[Value], Value]:
    """An operation on whatever table."""
    rows: list[Value] = [(draw.randrange(12), draw.choice("abc"), draw.randrange(4)) for _ in range(3)]
    life = draw.choice([None, None, 3, 40, math.inf])
    key, name, number = rows[0]
    operations: list[Callable[[Value], Value]] = [
        lambda table: table.insert(rows[0], ttl=life),
        lambda table: table.insert(rows, ttl=life),
        lambda table: table.insert_new(rows, ttl=life),
        lambda table: table.delete(key),
        lambda table: table.delete_object(rows[0]),
        lambda table: sorted(table.take(key)),
        lambda table: table.select_delete([((ANY, name, number), [], [True])]),
    ]
    if kind in ("set", "ordered_set"):
        operations += [
            lambda table: table.update_counter(key, (3, 1), rows[0]),
            lambda table: table.update_element(key, (2, name)),
            lambda table: table.select_replace('fun({K, <<"a">>, N}) -> {K, <<"b">>, N} end'),
        ]
    return draw.choice(operations)


# --- a bound ----------------------------------------------------------------------------------------------------------


def test_the_order_of_use_outlives_the_program(tmp_path: Path) -> None:
    path = tmp_path / "t.dets"
    with dets.open(path, max_size=4) as table:
        table.insert([(n, 0) for n in range(4)])
        table.lookup(0)
    with dets.open(path) as table:
        table.lookup(2)
        table.insert((4, 0))
        assert sorted(row[0] for row in table) == [0, 2, 3, 4]
        table.insert([(5, 0), (6, 0)])
        assert sorted(row[0] for row in table) == [2, 4, 5, 6]
        assert table.check() == []


def test_the_last_lookup_of_a_key_counts(tmp_path: Path) -> None:
    """As in a table in memory, which is asked the same."""
    asked = [0, 1, 0, 2, 1, 1, 0]
    memory: ets.Table[Value] = ets.new("t", max_size=4)
    with dets.open(tmp_path / "t.dets", max_size=4) as disk:
        for table in (memory, disk):
            table.insert([(n, 0) for n in range(4)])
            for key in asked:
                table.lookup(key)
            for new in (10, 11, 12):
                table.insert((new, 0))
        left = sorted(row[0] for row in memory.tab2list())
        assert left == [0, 10, 11, 12]
        assert sorted(row[0] for row in disk.tab2list()) == left


def test_a_lookup_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "t.dets"
    with dets.open(path, max_size=4) as table, contextlib.closing(sqlite3.connect(path)) as other:
        table.insert([(n, 0) for n in range(4)])
        other.execute("BEGIN IMMEDIATE")  # another process writes for long
        for key in range(4):
            assert table.lookup(key) == [(key, 0)]
        other.execute("ROLLBACK")


def test_a_bound_for_a_table_that_has_rows(tmp_path: Path) -> None:
    path = tmp_path / "t.dets"
    with dets.open(path, User, type="ordered_set", unique=["name"]) as table:
        table.insert([User(n, f"name {n}", 0) for n in range(50)])
    with dets.open(path, User, max_size=10) as table:
        assert [row.id for row in table] == list(range(40, 50))  # none was ever used; the last keys stay
        assert table.statistics().evicted == 40
        with pytest.raises(BadArg) as caught:
            table.insert([User(60, "new", 0), User(61, "name 49", 0)])
        assert caught.value.cause == "unique"
        assert len(table) == 10
        with dets.open(path, User, max_size=3) as same:
            assert same is table
            assert (len(table), table.info("max_size")) == (3, 3)
        assert table.check() == []
    with pytest.raises(BadArg) as caught:
        dets.open(tmp_path / "bag.dets", type="bag", max_size=3)
    assert caught.value.argument == "max_size"
    dets.open(tmp_path / "bag.dets", type="bag").close()
    with pytest.raises(BadArg) as caught:
        dets.open(tmp_path / "bag.dets", max_size=3)
    assert (caught.value.cause, caught.value.argument) == ("option", "max_size")


def test_a_subscriber_hears_of_both(tmp_path: Path) -> None:
    """Insertions come before the evictions that they cause."""
    with dets.open(tmp_path / "t.dets", max_size=2) as table:
        told: list[Value] = []
        table.subscribe(None, lambda event: told.append((event.old, event.new)))
        table.insert([(1,), (2,), (3,)])
        assert told == [(None, (1,)), (None, (2,)), (None, (3,)), ((1,), None)]


# --- several processes, and older files ----------------------------------------------------------------------------------


def test_several_processes_keep_to_the_bound(tmp_path: Path) -> None:
    path = tmp_path / "t.dets"
    dets.open(path, max_size=20).close()

    def work() -> None:
        with dets.open(path, timeout=60) as table:
            for number in range(100):
                table.insert(((os.getpid(), number),))

    assert all([ended_well(pid) for pid in [child(work) for _ in range(3)]])
    with dets.open(path) as table:
        assert len(table) == 20
        assert table.check() == []


def test_a_table_gets_its_first_limit_while_others_have_it(tmp_path: Path) -> None:
    """They are told, and see nothing that is over, when they open it again."""
    path = tmp_path / "t.dets"
    table: AnyTable = dets.open(path, User)
    table.insert(User(1, "ann", 31))
    assert table.lookup(1) == [User(1, "ann", 31)]
    clock = Clock()

    def limit() -> None:
        with dets.open(path, User, clock=clock) as mine:
            mine.insert(User(2, "bob", 17), ttl=5)

    assert ended_well(child(limit))
    for operation in (lambda: table.lookup(2), lambda: table.insert(User(3, "eve", 64)), table.tab2list):
        with pytest.raises(DiskError) as caught:
            operation()
        assert caught.value.cause == "changed"
    table.close()
    with dets.open(path, User, clock=clock) as table:
        assert sorted(table.tab2list()) == [User(1, "ann", 31), User(2, "bob", 17)]
        clock.now += 5
        assert table.tab2list() == [User(1, "ann", 31)]
        assert table.select(lambda u: u.name if u.age > 30 else SKIP) == ["ann"]


def test_the_version_of_the_layout(tmp_path: Path) -> None:
    path = tmp_path / "t.dets"

    def version() -> int:
        return int.from_bytes(path.read_bytes()[60:64], "big")

    with dets.open(path, ttl=math.inf) as table:
        table.insert((1,))
    assert version() == 1
    with dets.open(path) as table:
        table.insert((2,), ttl=1000)
    assert version() == 2
    assert in_file(path, "SELECT name FROM sqlite_master WHERE name = 'rows'") == []
    with dets.open(path, access="read") as table:
        assert sorted(table.tab2list()) == [(1,), (2,)]


def test_a_limit_that_cannot_be_written(tmp_path: Path) -> None:
    """The disk is full: the table goes on as it was."""
    with dets.open(tmp_path / "t.dets", User) as table:
        rows = [User(n, "x" * 50, n) for n in range(500)]
        table.insert(rows)
        execute = table._connection().file.connection.execute
        pages = execute("PRAGMA page_count").fetchone()[0]
        execute(f"PRAGMA max_page_count = {pages}").fetchall()
        with pytest.raises(DiskError) as caught:
            table.insert([User(1000 + n, "x" * 1000, 1) for n in range(100)], ttl=5)
        assert caught.value.cause == "full"
        assert table.tab2list() == rows
        execute("PRAGMA max_page_count = 1000000").fetchall()
        table.insert(User(1000, "new", 1))
        assert len(table) == 501
        assert table.check() == []


def test_what_a_hostile_file_says_of_limits(tmp_path: Path) -> None:
    path = tmp_path / "t.dets"
    with dets.open(path, ttl=5) as table:
        table.insert((1,))
    sound = path.read_bytes()
    said: Final = {
        "ttl": ["true", '"x"', "-1", "0", "[]"],
        "max_size": ["1.5", "-1", "0", '"x"'],
        "rows": ["-1", '"x"', "null", "9" * 400],
    }
    for item, values in said.items():
        for value in values:
            path.write_bytes(sound)
            with contextlib.closing(sqlite3.connect(path)) as other:
                other.execute("UPDATE _matchspec SET value = ? WHERE item = ?", (value, item))
                other.commit()
            with pytest.raises(DiskError) as caught, dets.open(path) as table:
                len(table)
            assert caught.value.cause == "corrupt"


@pytest.mark.parametrize("kind", ["ordered_set", "bag"])
def test_damaged_files_raise_nothing_else(kind: Kind, tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "t.dets"
    bound = 500 if kind == "ordered_set" else None
    with dets.open(path, User, type=kind, index=[3], ttl=100, max_size=bound, clock=clock) as table:
        for n in range(300):
            table.insert(User(n, f"name {n}", n % 90), ttl=1 + n)
    sound = path.read_bytes()
    drawn = random.Random(12)
    told = 0
    clock.now += 50
    for _ in range(100):
        data = bytearray(sound)
        for _ in range(drawn.choice([1, 5, 50])):
            data[drawn.randrange(len(data))] ^= 1 << drawn.randrange(8)
        path.write_bytes(data)
        for end in ("-wal", "-shm"):
            Path(f"{path}{end}").unlink(missing_ok=True)
        try:
            with dets.open(path, User, clock=clock) as table:
                table.tab2list()
                for key in range(100, 110):
                    table.lookup(key)
                    if table.member(key):
                        table.expires_in(key)
                table.insert([User(n, "new", 5) for n in range(0, 300, 7)])
                told += table.check() != []
        except DiskError:
            told += 1
        except BadArg as error:
            assert error.cause in ("type", "table_type", "keypos", "badkey")
            told += 1
        for table in dets.all():
            with contextlib.suppress(DiskError):
                table.shut()
    assert told > 20
