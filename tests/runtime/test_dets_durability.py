"""What tables on disk promise: what is acknowledged survives, what fails changes nothing, damaged files are told."""

import contextlib
import os
import random
import resource
import signal
import sqlite3
import stat
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import pytest

from matchspec import ANY, Atom, V
from runtime import BadArg, dets
from runtime.dets import DiskError, DiskTable
from runtime.storage import Kind
from tests.runtime.beside import child, ended_well

Value: TypeAlias = Any
AnyTable: TypeAlias = DiskTable[Any]

ROUNDS: Final = 200
KEYS: Final = 20
KINDS: Final[list[Kind]] = ["set", "ordered_set", "bag", "duplicate_bag"]


class User(NamedTuple):
    id: int
    name: str
    age: int


# --- killed -------------------------------------------------------------------------------------------------------------


class Writer:
    """The same operations, drawn from a seed, on a table and on a dict of lists, one after the other."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.model: dict[int, tuple[Value, ...]] = {}

    def operation(self) -> tuple[str, Value]:
        key = self.random.randrange(KEYS)
        match self.random.randrange(5):
            case 0:
                return "insert", (key, self.random.randrange(1000), "x" * self.random.randrange(300))
            case 1:  # all or none
                value = self.random.randrange(1000)
                return "insert", [(other, value, "y") for other in range(KEYS)]
            case 2:
                return "delete", key
            case 3:
                return "update_counter", key
        return "select_delete", self.random.randrange(1000)

    def step(self, table: AnyTable | None) -> None:
        """Does one operation; without a table, to the model only."""
        name, argument = self.operation()
        match name:
            case "insert":
                rows = argument if isinstance(argument, list) else [argument]
                self.model.update({row[0]: row for row in rows})
                if table is not None:
                    table.insert(argument)
            case "delete":
                self.model.pop(argument, None)
                if table is not None:
                    table.delete(argument)
            case "update_counter":
                old = self.model.get(argument, (argument, 0, ""))
                self.model[argument] = (argument, old[1] + 1, old[2])
                if table is not None:
                    table.update_counter(argument, 1, (0, 0, ""))
            case _:
                self.model = {key: row for key, row in self.model.items() if row[1] >= argument}
                if table is not None:
                    table.select_delete([((ANY, V(1), ANY), [(Atom("<"), V(1), argument)], [True])])


def killed_writer(path: Path, seed: int, acknowledged: int) -> int:
    """Has a child write, and kills it after so many acknowledgements; how many there were."""
    reading, writing = os.pipe()

    def work() -> None:
        os.close(reading)
        table = dets.open(path, auto_save=None)
        writer = Writer(seed)
        while True:
            writer.step(table)
            os.write(writing, b".")

    pid = child(work)
    os.close(writing)
    count = 0
    while count < acknowledged and (got := os.read(reading, acknowledged - count)):
        count += len(got)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    while got := os.read(reading, 1000):  # those that were under way
        count += len(got)
    os.close(reading)
    return count


@pytest.mark.parametrize("kind", ["set", "ordered_set"])
def test_what_is_acknowledged_survives_a_kill(kind: Kind, tmp_path: Path) -> None:
    drawn = random.Random(7)
    for number in range(ROUNDS // 2):
        path = tmp_path / f"{number}.dets"
        dets.open(path, type=kind, auto_save=None).close()
        count = killed_writer(path, number, drawn.randrange(1, 30))
        writer = Writer(number)
        for _ in range(count):
            writer.step(None)
        expected = [sorted(writer.model.values())]
        writer.step(None)  # the one under way may have been done
        expected.append(sorted(writer.model.values()))
        with dets.open(path, auto_save=None) as table:
            assert table.check() == []
            assert sorted(table.tab2list()) in expected
            table.drop()


# --- nothing half done --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_disk(kind: Kind, tmp_path: Path) -> None:
    table = dets.open(tmp_path / "t.dets", type=kind, index=[2])
    table.insert([(n, n) for n in range(100)])
    before = table.tab2list()
    execute = table._file.connection.execute
    pages = execute("PRAGMA page_count").fetchone()[0]
    execute(f"PRAGMA max_page_count = {pages + 2}").fetchall()
    operations: list[Callable[[], Value]] = [
        lambda: table.insert((1000, "x" * 100_000)),
        lambda: table.insert([(1000 + n, "x" * 1000) for n in range(100)]),
        lambda: table.insert_new([(1000 + n, "x" * 1000) for n in range(100)]),
        lambda: table.init_table(_reader([(n, "x" * 1000) for n in range(100)])),
    ]
    for operation in operations:
        with pytest.raises(DiskError) as caught:
            operation()
        assert caught.value.cause == "full"
        assert caught.value.path == table.filename
        assert table.tab2list() == before
        assert len(table) == len(before)
        assert table.check() == []
    execute("PRAGMA max_page_count = 1000000").fetchall()
    table.insert((1000, "x" * 100_000))
    assert len(table) == len(before) + 1
    table.drop()


def _reader(rows: Value) -> Value:
    answers = [rows]
    return lambda what: (answers.pop(), _reader_end) if what == "read" else None


def _reader_end(what: str) -> Value:
    return "end_of_input"


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    """The system refuses to write: rows written before are there, the one that failed is not."""

    def work() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        table = dets.open(tmp_path / "t.dets")
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        number = 0
        told = ""
        try:
            while True:
                table.insert((number, "x" * 1000))
                number += 1
        except DiskError as error:
            told = f"{error.cause} {number} {len(table)} {table.check()}"
        (tmp_path / "told").write_text(told)

    assert ended_well(child(work))
    cause, number, size, problems = (tmp_path / "told").read_text().split(" ", 3)
    assert cause in ("full", "io")
    assert number == size
    assert problems == "[]"
    with dets.open(tmp_path / "t.dets") as table:
        assert sorted(row[0] for row in table) == list(range(int(number)))


def test_an_operation_that_raises_has_done_nothing(tmp_path: Path) -> None:
    with dets.open(tmp_path / "t.dets", User, keypos="id", unique=["name"]) as table:
        table.insert([User(1, "ann", 30), User(2, "bob", 40)])
        with pytest.raises(BadArg) as caught:
            table.insert([User(3, "cid", 1), User(4, "ann", 2)])
        assert caught.value.cause == "unique"
        with pytest.raises(BadArg):
            table.update_counter(1, [("age", 1), ("name", 1)])
        with pytest.raises(BadArg):
            table.select_replace("fun({I, N, A}) -> {I, same, A} end")
        with pytest.raises(ZeroDivisionError):
            table.traverse(lambda row: 1 // (row.age - 30))
        assert table.tab2list() == [User(1, "ann", 30), User(2, "bob", 40)]


def test_sync_forces_out_the_log_each_time_and_the_folder_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forced: list[bool] = []  # whether it was a folder
    fsync = os.fsync

    def noting(number: int) -> None:
        forced.append(stat.S_ISDIR(os.fstat(number).st_mode))
        fsync(number)

    table = dets.open(tmp_path / "t.dets", auto_save=None)
    table.insert((1, "a"))
    monkeypatch.setattr(os, "fsync", noting)
    table.sync()
    assert forced == [False, True]
    table.insert((2, "b"))
    table.sync()
    table.sync()
    assert forced == [False, True, False, False]
    table.close()
    with dets.open(tmp_path / "t.dets", auto_save=None) as again:  # which begins a log anew
        again.insert((3, "c"))
        forced.clear()
        again.sync()
        assert forced == [False, True]


# --- files --------------------------------------------------------------------------------------------------------------


def make(path: Path, row: Value = User, kind: Kind = "set") -> list[Value]:
    rows: list[Value] = [User(n, f"name {n}", n % 90) for n in range(300)]
    with dets.open(path, row, type=kind, index=[3]) as table:
        table.insert(rows)
        return table.tab2list()


def cause_of(path: Path, **options: Value) -> str:
    with pytest.raises(DiskError) as caught:
        dets.open(path, **options)
    assert str(path) in str(caught.value)
    return caught.value.cause


def test_files_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "t.dets"
    assert cause_of(path, access="read") == "missing"
    assert cause_of(tmp_path / "no folder" / "t.dets") == "file"
    assert cause_of(tmp_path) == "file"
    for content in (b"x", b"hello" * 100, b"SQLite format 3\x00", b"SQLite format 3\x00" + bytes(1000)):
        path.write_bytes(content)
        assert cause_of(path) == "not_a_dets_file"
        assert not dets.is_dets_file(path)
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE rows (x)")
    assert cause_of(path) == "not_a_dets_file"
    with pytest.raises(DiskError):
        dets.is_dets_file(tmp_path / "nothing")


def test_a_file_of_the_future(tmp_path: Path) -> None:
    path = tmp_path / "t.dets"
    make(path)
    data = bytearray(path.read_bytes())
    data[60:64] = struct.pack(">I", 4)
    path.write_bytes(data)
    assert cause_of(path) == "version"
    assert dets.is_dets_file(path)


def test_a_file_without_its_end(tmp_path: Path) -> None:
    path = tmp_path / "t.dets"
    make(path)
    data = path.read_bytes()
    for size in (len(data) - 1, len(data) // 2, 5000, 100):
        path.write_bytes(data[:size])
        assert cause_of(path) == "truncated"


def test_a_file_that_nobody_may_write(tmp_path: Path) -> None:
    path = tmp_path / "t.dets"
    rows = make(path)
    with dets.open(path, User, access="read") as table:
        assert table.tab2list() == rows
        writes: list[Callable[[], Value]] = [lambda: table.insert(rows[0]), lambda: table.delete(1), table.drop]
        for write in writes:
            with pytest.raises(BadArg) as caught:
                write()
            assert caught.value.cause == "access"
        assert table.tab2list() == rows


def test_other_types_than_the_file_has(tmp_path: Path) -> None:
    path = tmp_path / "t.dets"
    make(path)

    class Other(NamedTuple):
        id: int
        name: str
        age: float

    wrong: list[tuple[dict[str, Value], str, str]] = [
        ({"type": "bag"}, "table_type", "type"),
        ({"keypos": 2}, "keypos", "keypos"),
        ({"row": Other}, "type", "row"),
        ({"row": tuple[int, str]}, "type", "row"),
    ]
    for options, cause, argument in wrong:
        with pytest.raises(BadArg) as caught:
            dets.open(path, **options)
        assert (caught.value.cause, caught.value.argument) == (cause, argument)
    assert dets.all() == []


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON rows BEGIN DELETE FROM rows; END",
        "CREATE VIEW v AS SELECT * FROM rows",
        "CREATE TABLE other (x)",
        "ALTER TABLE rows ADD COLUMN x AS (1)",
        "ALTER TABLE rows ADD COLUMN x",
        "DROP TABLE rows",
        "DROP TABLE _matchspec",
        "DELETE FROM _matchspec WHERE item = 'type'",
        "UPDATE _matchspec SET value = '[' WHERE item = 'type'",
        "UPDATE _matchspec SET value = '\"heap\"' WHERE item = 'type'",
        "UPDATE _matchspec SET value = '[[1]]' WHERE item = 'columns'",
        'UPDATE _matchspec SET value = \'[["\\"a\\"", "object"]]\' WHERE item = \'columns\'',
        "UPDATE _matchspec SET value = '[[77, false]]' WHERE item = 'index'",
        "UPDATE _matchspec SET value = '3' WHERE item = 'index'",
        "UPDATE _matchspec SET value = '-1' WHERE item = 'keypos'",
        "UPDATE _matchspec SET value = '1e9999' WHERE item = 'keypos'",
        "UPDATE _matchspec SET value = x'00' WHERE item = 'keypos'",
    ],
)
def test_a_file_with_other_things_in_it(statement: str, tmp_path: Path) -> None:
    path = tmp_path / "t.dets"
    make(path)
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute(statement)
        other.commit()
    assert cause_of(path) == "corrupt"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE rows SET age = 'x' WHERE id = 7",
        "UPDATE rows SET age = NULL WHERE id = 7",
        "UPDATE rows SET age = x'80' WHERE id = 7",
        "UPDATE rows SET name = 5 WHERE id = 7",
        "UPDATE rows SET name = x'FF' WHERE id = 7",
        "UPDATE rows SET id = 'x' WHERE id = 7",
    ],
)
def test_rows_that_are_none(statement: str, tmp_path: Path) -> None:
    path = tmp_path / "t.dets"
    rows = make(path)
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute(statement)
        other.commit()
    with dets.open(path, User) as table:
        with pytest.raises(DiskError) as caught:
            table.tab2list()
        assert caught.value.cause == "corrupt"
        assert table.lookup(8) == [rows[8]]
        assert table.check() != []


@pytest.mark.parametrize("row", [User, None])
@pytest.mark.parametrize("kind", ["ordered_set", "bag"])
def test_damaged_files_raise_nothing_else(row: Value, kind: Kind, tmp_path: Path) -> None:
    path = tmp_path / "t.dets"
    make(path, row, kind)
    sound = path.read_bytes()
    drawn = random.Random(11)
    told = 0
    for _ in range(150):
        data = bytearray(sound)
        for _ in range(drawn.choice([1, 1, 5, 50])):
            data[drawn.randrange(len(data))] ^= 1 << drawn.randrange(8)
        path.write_bytes(data)
        for end in ("-wal", "-shm"):
            Path(f"{path}{end}").unlink(missing_ok=True)
        try:
            with dets.open(path, row) as table:
                for found in table.tab2list():
                    assert row is None or [type(value) for value in found] == [int, str, int]
                table.select("fun({_, _, A}) when A > 80 -> A end")
                table.insert([User(n, "new", 5) for n in range(0, 300, 7)])
                table.delete(3)
                told += table.check() != []
        except DiskError:
            told += 1
        except BadArg as error:
            assert error.cause in ("type", "table_type", "keypos")  # what the file says has changed
            told += 1
        for table in dets.all():
            with contextlib.suppress(DiskError):
                table.shut()
    assert told > 50
