"""Scans of tables on disk hold no lock: others read and write meanwhile, and the scan sees one moment of the table."""

import functools
import threading
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import pytest

from matchspec import SKIP
from runtime import dets
from tests.runtime.beside import child, ended_well, together

Value: TypeAlias = Any


class User(NamedTuple):
    id: int
    version: int
    name: str


NUMBER = 3500  # rows, which a scan reads in several lots


def users(version: int) -> list[Value]:
    return [User(n, version, f"name {n}") for n in range(NUMBER)]


def scan_under_way(table: Value) -> tuple[Value, int]:
    """A scan that has read its first rows, and how many these are; for the test to go on with."""
    connection = table._connection()
    reader = connection.readers.take()
    reader.begin(0.0)
    return reader, len(reader.scan(f"SELECT * FROM {table._disk().layout.table}", ()))


def rest(reader: Value) -> list[Value]:
    found: list[Value] = []
    while some := reader.next():
        found += some
    return found


def test_others_use_the_table_meanwhile(tmp_path: Path) -> None:
    with dets.open(tmp_path / "t.dets", User) as table:
        table.insert(users(1))
        reader, first = scan_under_way(table)
        assert 0 < first < NUMBER

        def other() -> None:
            assert table.lookup(5) == [User(5, 1, "name 5")]
            table.insert(users(2))
            table.delete(NUMBER - 1)
            table.add_index("version")
            table.compact()
            assert table.select_count(lambda u: u.version == 2) == NUMBER - 1

        together(other)
        found = rest(reader)
        assert first + len(found) == NUMBER
        assert {version for _, version, _ in found} == {1}
        table._connection().readers.give_back(reader)
        assert table.check() == []


@pytest.mark.parametrize("kind", ["set", "ordered_set"])
def test_a_scan_sees_one_moment(kind: Value, tmp_path: Path) -> None:
    """All rows get another version in one operation, again and again; no scan finds two versions."""
    seen: list[int] = []
    with dets.open(tmp_path / "t.dets", User, type=kind, auto_save=None) as table:
        table.insert(users(0))

        def write() -> None:
            for version in range(1, 12):
                table.insert(users(version))

        def scan() -> None:
            last = 0
            for _ in range(12):
                found = table.select(lambda u: (u.id, u.version))
                versions = {version for _, version in found}
                assert (len(found), len(versions)) == (NUMBER, 1)
                assert versions.pop() >= last
                last = found[0][1]
                seen.append(last)

        def count() -> None:
            for _ in range(20):
                assert table.select_count(lambda u: u.id >= 0 and u.version >= 0) == NUMBER
                assert table.select_count(lambda u: u.name.startswith("name") or u.id == -1) == NUMBER

        def select_some() -> None:
            for _ in range(12):
                assert len({u.version for u in table.select(lambda u: u if u.name != "name 7" else SKIP)}) == 1

        together(write, scan, scan, count, select_some)
        assert table.select_count(lambda u: u.version == 11) == NUMBER
    assert len(seen) == 24


def test_a_thread_sees_what_it_has_written(tmp_path: Path) -> None:
    with dets.open(tmp_path / "t.dets", User, auto_save=None) as table:
        for number in range(200):
            table.insert(User(number, number, "x"))
            assert len(table.select(lambda u: u.version)) == number + 1


def test_closing_waits_for_a_scan(tmp_path: Path) -> None:
    path = tmp_path / "t.dets"
    table = dets.open(path, User)
    table.insert(users(1))
    begun, go_on = threading.Event(), threading.Event()
    order: list[str] = []

    def scan() -> None:
        reader, _ = scan_under_way(table)
        begun.set()
        go_on.wait()
        assert len(rest(reader)) > 0
        order.append("scanned")
        table._connection().readers.give_back(reader)

    def close() -> None:
        begun.wait()
        go_on.set()
        table.shut()
        order.append("closed")

    together(scan, close)
    assert order == ["scanned", "closed"]
    assert not Path(f"{path}-wal").exists()
    with dets.open(path, User) as again:
        assert len(again) == NUMBER
        assert again.check() == []


def test_a_fork_waits_for_a_scan(tmp_path: Path) -> None:
    """A child that opens the file anew is not kept waiting by a lock that a thread of its parent had."""
    path = tmp_path / "t.dets"
    with dets.open(path, User, auto_save=None) as table:
        table.insert(users(1))
        # What the first query of a program imports is imported: Python gives a child a module that is half there.
        assert len(table.select(lambda u: u.name)) == NUMBER
        stop = threading.Event()

        def scan() -> None:
            while not stop.is_set():
                assert len(table.select(lambda u: u.name)) == NUMBER

        def insert(number: int) -> None:
            with dets.open(path, User, timeout=60) as mine:
                assert len(mine.select(lambda u: u.name)) == NUMBER
                mine.insert(User(number, 2, "child"))

        def fork() -> None:
            try:
                for number in range(10):
                    assert ended_well(child(functools.partial(insert, number)))
            finally:
                stop.set()

        together(scan, scan, fork)
        assert table.select_count(lambda u: u.name == "child") == 10


def test_a_file_that_another_has_taken_the_place_of(tmp_path: Path) -> None:
    """A scan is of the table that was opened, whatever stands under its name by now."""
    path, other = tmp_path / "t.dets", tmp_path / "other.dets"
    with dets.open(other, User) as table:
        table.insert(User(1, 9, "other"))
    with dets.open(path, User) as table:
        table.insert(users(1))
        other.replace(path)
        assert len(table.select(lambda u: u.name)) == NUMBER
        table.insert(User(NUMBER, 1, "new"))
        assert len(table.select(lambda u: u.name)) == NUMBER + 1


def test_the_moment_is_that_of_the_beginning(tmp_path: Path) -> None:
    """What is written after a scan has let the table go, and before it reads, is not in it."""
    with dets.open(tmp_path / "t.dets", User) as table:
        table.insert(users(1))
        readers = table._connection().readers
        reader = readers.take()
        assert reader is not None
        reader.begin(0.0)
        table.insert(users(2))
        rows = reader.scan(f"SELECT * FROM {table._disk().layout.table}", ()) + rest(reader)
        readers.give_back(reader)
        assert [row[1] for row in rows] == [1] * NUMBER
        assert {row.version for row in table.tab2list()} == {2}


def test_rows_that_are_over_while_a_scan_goes_on(tmp_path: Path) -> None:
    now = 1000.0
    with dets.open(tmp_path / "t.dets", User, ttl=10, clock=lambda: now) as table:
        table.insert(users(1))
        assert len(table.select(lambda u: u.name)) == NUMBER
        now += 10
        assert table.select(lambda u: u.name) == []
        table.insert(User(1, 1, "x"))
        assert table.select(lambda u: u.name) == ["x"]
