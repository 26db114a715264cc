"""A table on disk that several processes have open: who sees what, who waits for whom, and what a fork does."""

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from runtime import BadArg, dets
from runtime.dets import DiskError
from tests.runtime.beside import child, ended_well

Value: TypeAlias = Any


def test_others_see_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "t.dets"
    with dets.open(path, keypos=1) as table:
        table.insert([(n, 0) for n in range(10)])
        assert len(table) == 10

        def work() -> None:
            with dets.open(path) as other:
                other.insert([(n, 1) for n in range(5, 15)])
                other.delete(0)

        assert ended_well(child(work))
        assert len(table) == 14
        assert table.lookup(7) == [(7, 1)]
        assert table.info("size") == len(table.tab2list())
        table.insert((99, 1))
        assert len(table) == 15


def test_a_query_that_fails_holds_on_to_nothing(tmp_path: Path) -> None:
    path = tmp_path / "t.dets"
    with dets.open(path) as table:
        table.insert([(n, 0) for n in range(5000)])
        with pytest.raises(ZeroDivisionError) as caught:
            table.traverse(lambda row: 1 // row[1])

        def work() -> None:
            with dets.open(path) as other:
                other.insert((7, 1))

        assert ended_well(child(work))
        assert table.lookup(7) == [(7, 1)]
        table.insert((8, 2))
        assert len(table) == 5000
        del caught  # held a frame of the query until here


def test_readers_go_on_and_a_second_writer_waits_its_time(tmp_path: Path) -> None:
    path = tmp_path / "t.dets"
    with dets.open(path, timeout=0.05) as table:
        table.insert((1, "old"))
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert table.lookup(1) == [(1, "old")]
            assert table.select("fun(X) -> X end") == [(1, "old")]
            writes: list[Callable[[], Value]] = [
                lambda: table.insert((2, "new")),
                lambda: table.insert([(2, "new"), (3, "new")]),
                lambda: table.update_element(1, (2, "new")),
                lambda: table.delete(1),
                table.delete_all_objects,
            ]
            for write in writes:
                with pytest.raises(DiskError) as caught:
                    write()
                assert caught.value.cause == "locked"
            other.execute("ROLLBACK")
        assert table.tab2list() == [(1, "old")]
        table.insert((2, "new"))
        assert len(table) == 2


def test_increments_of_several_processes_add_up(tmp_path: Path) -> None:
    path = tmp_path / "t.dets"
    dets.open(path).close()

    def work() -> None:
        with dets.open(path, timeout=60) as table:
            for _ in range(100):
                table.update_counter("n", 1, ("n", 0))

    assert all([ended_well(pid) for pid in [child(work) for _ in range(4)]])
    with dets.open(path) as table:
        assert table.lookup("n") == [("n", 400)]


def test_a_forked_child_opens_anew(tmp_path: Path) -> None:
    path = tmp_path / "t.dets"
    with dets.open(path) as table:
        table.insert((1, "parent"))

        def work() -> None:
            told = []
            try:
                table.insert((2, "child"))
            except BadArg as error:
                told.append(f"{error.cause} {error.allowed}")
            with dets.open(path) as other:
                other.insert((3, "child"))
                told.append(repr(other is table))
            (tmp_path / "told").write_text("\n".join(told))

        assert ended_well(child(work))
        told = (tmp_path / "told").read_text().split("\n")
        assert told[0].startswith("id ")
        assert "fork" in told[0]
        assert told[1:] == ["False"]
        table.insert((4, "parent"))
        assert sorted(table.tab2list()) == [(1, "parent"), (3, "child"), (4, "parent")]
