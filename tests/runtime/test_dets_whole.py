"""Tables on disk as a whole: traversed, copied, given to and taken from memory, dropped."""

from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import pytest

from runtime import BadArg, dets, ets
from runtime.dets import DiskError
from runtime.storage import KINDS, Kind

Value: TypeAlias = Any


class User(NamedTuple):
    id: int
    name: str
    age: int


def test_traverse(tmp_path: Path) -> None:
    with dets.open(tmp_path / "t.dets", type="ordered_set") as table:
        table.insert([(n,) for n in range(10)])
        assert table.traverse(lambda _: dets.CONTINUE) == []
        assert table.traverse(lambda row: (dets.CONTINUE, row[0])) == list(range(9, -1, -1))
        assert table.traverse(lambda row: (dets.DONE, "end") if row[0] == 2 else (dets.CONTINUE, row[0])) == [
            "end",
            1,
            0,
        ]
        assert table.traverse(lambda row: "continue" if row[0] < 5 else ["found", row]) == ["found", (5,)]
        with pytest.raises(BadArg) as caught:
            table.traverse(lambda row: table.delete(row[0]))
        assert caught.value.cause == "busy"
        assert len(table) == 10


@pytest.mark.parametrize("kind", KINDS)
def test_to_and_from_memory(kind: Kind, tmp_path: Path) -> None:
    rows = [(1, "b"), (1, "a"), (2, "c"), (2, "c")]
    memory = ets.new("m", type=kind)
    for row in rows:
        memory.insert(row)
    with dets.open(tmp_path / "t.dets", type=kind) as table:
        table.insert((9, "old"))
        assert memory.to_dets(table) is True
        assert table.tab2list() == memory.tab2list()
        memory.insert((3, "new"))
        assert table.from_ets(memory) is True
        assert table.tab2list() == memory.tab2list()
        other = ets.new("o", type=kind)
        other.insert((7, "kept"))
        assert other.from_dets(table) is True
        assert sorted(other.tab2list()) == sorted([*memory.tab2list(), (7, "kept")])
        assert other.lookup(1) == memory.lookup(1)
        for wrong in (memory.to_dets, memory.from_dets):
            with pytest.raises(BadArg):
                wrong(memory)
        with pytest.raises(BadArg):
            table.from_ets(table)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_for_memory(kind: Kind, tmp_path: Path) -> None:
    with dets.open(tmp_path / "t.dets", type=kind, keypos=2) as table:
        table.insert([("a", 1), ("b", 1), ("c", 2), ("c", 2)])
        assert table.tab2file(tmp_path / "t.tab") is True
        memory = ets.file2tab(tmp_path / "t.tab")
        assert (memory.type, memory.keypos, memory.tab2list()) == (kind, 2, table.tab2list())
    with pytest.raises(BadArg):
        table.check()


def test_copies(tmp_path: Path) -> None:
    with dets.open(tmp_path / "t.dets", User, index=["age"]) as table:
        table.insert([User(n, "x" * 100, n) for n in range(2000)])
        (tmp_path / "copy.dets").write_text("old")
        assert table.copy(tmp_path / "copy.dets") is True
        with pytest.raises(BadArg):
            table.copy(tmp_path / "t.dets")
        with pytest.raises(DiskError):
            table.copy(tmp_path / "no folder" / "t.dets")
        with dets.open(tmp_path / "copy.dets", User) as copy:
            assert copy.tab2list() == table.tab2list()
            assert copy.info("index") == ("age",)
            copy.select_delete(lambda u: u.id >= 10)
            copy.compact()
            copy.sync()
            assert copy.check() == []
            assert len(copy) == 10
        assert (tmp_path / "copy.dets").stat().st_size < 50_000
        assert len(table) == 2000


def test_drop_takes_the_file_away(tmp_path: Path) -> None:
    table = dets.open(tmp_path / "t.dets")
    table.insert((1,))
    table.drop()
    assert list(tmp_path.iterdir()) == []
    with dets.open(tmp_path / "t.dets") as table:
        assert table.tab2list() == []
