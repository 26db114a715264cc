"""Tables on disk: opening and closing, what the file keeps, what only they can do. The rest is the suite of `ets`."""

import contextlib
import math
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchspec import SKIP, Atom, format_term, parse_term
from matchspec.terms import exact_key
from runtime import BadArg, dets, ets, self_
from runtime.disk_saver import Saver
from runtime.storage import KINDS, Kind
from tests.erlang import AVAILABLE, ask
from tests.strategies import erlang_terms, odd_floats

Value: TypeAlias = Any


class User(NamedTuple):
    id: int
    name: str
    age: int


class Mixed(NamedTuple):
    """A field of each kind of column."""

    whole: int
    real: float
    text: str
    data: bytes
    flag: bool
    maybe: int | None
    word: str | None
    when: date
    price: Decimal
    anything: Any
    many: list[int]


def mixed(**values: Value) -> Mixed:
    usual = Mixed(1, 1.5, "a", b"b", True, None, None, date(2024, 2, 29), Decimal("1.10"), Atom("x"), [1, 2])
    return usual._replace(**values)


# --- open and close -------------------------------------------------------------------------------------------------


def test_a_file_is_one_table(tmp_path: Path) -> None:
    path = tmp_path / "t.dets"
    table = dets.open(path, User)
    assert dets.open(path, User) is table
    assert dets.open(str(path)) is table
    assert dets.all() == [table]
    assert table.info("users") == [self_()] * 3
    table.insert(User(1, "ann", 30))
    assert table.close() is True
    assert table.close() is True
    assert table.lookup(1) == [User(1, "ann", 30)]
    table.close()
    assert dets.all() == []
    assert table.info() is None
    for operation in (lambda: table.lookup(1), table.close, table.sync, lambda: len(table)):
        with pytest.raises(BadArg) as caught:
            operation()
        assert caught.value.cause == "id"
        assert "closed" in caught.value.allowed
    assert [entry.name for entry in tmp_path.iterdir()] == ["t.dets"]


def test_only_users_close(tmp_path: Path) -> None:
    with dets.open(tmp_path / "t.dets") as table:
        table.insert((1, "mine"))
        assert in_thread(lambda: table.lookup(1)) == [(1, "mine")]
        assert in_thread(lambda: table.insert((2, "theirs"))) is True
        error = in_thread(table.close)
        assert isinstance(error, BadArg)
        assert error.cause == "owner"
        assert len(table) == 2


def test_a_table_is_closed_when_its_last_user_ends(tmp_path: Path) -> None:
    path = tmp_path / "t.dets"
    opened = in_thread(lambda: dets.open(path))
    assert opened.info() is None
    assert dets.all() == []
    with dets.open(path) as table:
        assert in_thread(lambda: dets.open(path)) is table  # that thread has ended
        assert table.insert((1,)) is True


def in_thread(work: Callable[[], Value]) -> Value:
    """What a thread, a process of its own, gives or raises, when it has ended."""
    results: list[Value] = []

    def run() -> None:
        try:
            results.append(work())
        except BadArg as error:
            results.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return results[0]


@pytest.mark.parametrize(
    ("options", "cause", "argument"),
    [
        ({"access": "write"}, "option", "access"),
        ({"ram_file": 1}, "option", "ram_file"),
        ({"auto_save": 0}, "option", "auto_save"),
        ({"auto_save": True}, "option", "auto_save"),
        ({"auto_save": math.nan}, "option", "auto_save"),
        ({"timeout": -1}, "option", "timeout"),
        ({"timeout": None}, "option", "timeout"),
        ({"type": "heap"}, "option", "type"),
        ({"keypos": 0}, "keypos", "keypos"),
        ({"keypos": "nam", "row": User}, "keypos", "keypos"),
        ({"name": 5}, "type", "name"),
        ({"row": dict}, "type", "row"),
        ({"index": "age"}, "option", "index"),
        ({"ttl": 0}, "option", "ttl"),
        ({"ttl": True}, "option", "ttl"),
        ({"max_size": 0}, "option", "max_size"),
        ({"max_size": 2.0}, "option", "max_size"),
        ({"index": ["agee"], "row": User}, "position", "index"),
        ({"path": 5}, "type", "path"),
        ({"path": b"t.dets"}, "type", "path"),
        ({"path": "a\0b"}, "type", "path"),
    ],
)
def test_wrong_options(options: dict[str, Value], cause: str, argument: str, tmp_path: Path) -> None:
    with pytest.raises(BadArg) as caught:
        dets.open(**{"path": tmp_path / "t.dets", **options})
    assert (caught.value.cause, caught.value.argument) == (cause, argument)
    assert caught.value.allowed
    assert dets.all() == []


def test_other_options_than_those_it_is_open_with(tmp_path: Path) -> None:
    path = tmp_path / "t.dets"
    with dets.open(path, User):
        wrong: list[tuple[dict[str, Value], str]] = [
            ({"access": "read"}, "access"), ({"ram_file": True}, "ram_file"), ({"type": "bag"}, "type"),
            ({"keypos": 2}, "keypos"), ({"row": Mixed}, "row"),
        ]  # fmt: skip
        for options, argument in wrong:
            with pytest.raises(BadArg) as caught:
                dets.open(path, **options)
            assert caught.value.argument == argument
        assert len(dets.all()[0].info("users")) == 1


def test_info(tmp_path: Path) -> None:
    path = tmp_path / "t.dets"
    with dets.open(path, type="bag", keypos=2, name="things", auto_save=5) as table:
        table.insert([(1, "a"), (2, "a"), (2, "b")])
        info = table.info()
        assert list(info) == ["type", "keypos", "size", "file_size", "filename"]
        assert (info["type"], info["keypos"], info["size"], info["filename"]) == ("bag", 2, 3, str(path.resolve()))
        assert info["file_size"] > 1000
        expected = {
            "access": "read_write", "auto_save": 5.0, "no_keys": 2, "no_objects": 3, "ram_file": False, "owner": self_(),
            "safe_fixed": False, "fixed": False, "index": (), "unique": (), "users": [self_()], "name": "things",
        }  # fmt: skip
        assert {item: table.info(item) for item in expected} == expected
        assert dets.info(table, "size") == 3
        with pytest.raises(BadArg) as caught:
            table.info("colour")
        assert caught.value.cause == "option"
        assert repr(table) == f"<DiskTable things: bag of tuple in {path.resolve()}>"
    assert repr(table) == "<DiskTable things: bag, closed>"
    assert dets.is_dets_file(path)


# --- what comes back ------------------------------------------------------------------------------------------------

WHOLE = [0, -1, 255, 2**31, 2**63 - 1, -(2**63), 2**63, -(2**63) - 1, 2**64, 10**40, -(10**40)]
REALS = [0.0, -0.0, 1.0, 1e300, 5e-324, math.inf, -math.inf, math.nan]
TEXTS = ["", "a", "é", "\0", "a\0b", "\ud800", "x\udfff", "\U0010ffff", "'\"", "nan"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_value_comes_back(kind: Kind, tmp_path: Path) -> None:
    rows = [mixed(whole=n, maybe=value) for n, value in enumerate(WHOLE)]
    rows += [mixed(whole=100 + n, real=value) for n, value in enumerate(REALS)]
    rows += [mixed(whole=200 + n, text=value, word=value) for n, value in enumerate(TEXTS)]
    rows += [mixed(whole=300 + n, data=value.encode("utf-8", "surrogatepass")) for n, value in enumerate(TEXTS)]
    rows += [mixed(whole=value) for value in WHOLE[4:]]
    rows += [
        mixed(whole=400, flag=False),
        mixed(whole=401, price=Decimal("NaN")),
        mixed(whole=402, price=Decimal("1E+5")),
        mixed(whole=403, anything={"a": [1, 1.0, True, None], 2: (b"x", "x")}),
        mixed(whole=404, anything=[datetime(2024, 1, 1, tzinfo=UTC), timedelta(days=1), UUID(int=5)]),
        mixed(whole=405, many=[]),
    ]
    with dets.open(tmp_path / "t.dets", Mixed, type=kind) as table:
        table.insert(rows)
    with dets.open(tmp_path / "t.dets", Mixed) as table:
        for row in rows:
            (found,) = table.lookup(row.whole)
            assert type(found) is Mixed
            assert repr(found) == repr(row)
        assert sorted(map(repr, table)) == sorted(map(repr, rows))
        if kind == "ordered_set":
            assert [row.whole for row in table] == sorted(row.whole for row in rows)
        assert table.check() == []


@given(st.lists(erlang_terms | odd_floats, max_size=5))
@settings(max_examples=60, deadline=None)
def test_every_term_comes_back(tmp_path_factory: pytest.TempPathFactory, values: list[Value]) -> None:
    path = tmp_path_factory.mktemp("terms") / "t.dets"
    with dets.open(path, type="bag", auto_save=None) as table:
        for value in values:
            table.insert((0, value))
        found = [value for _, value in table.lookup(0)]
        assert all(any(exact_key(value) == exact_key(one) for one in found) for value in values)
        assert all(any(exact_key(value) == exact_key(one) for one in values) for value in found)
        table.drop()


def test_what_has_no_form_on_disk_is_refused(tmp_path: Path) -> None:
    with dets.open(tmp_path / "t.dets") as table:
        for row in [(1, len), (len, 1), (1, object())]:
            with pytest.raises(BadArg) as caught:
                table.insert([(5, 5), row])
            assert caught.value.cause == "type"
        assert table.lookup(5) == []


@pytest.mark.erlang
@pytest.mark.skipif(not AVAILABLE, reason="needs Erlang's erl")
def test_erlang_reads_the_terms_of_a_file(tmp_path: Path) -> None:
    rows = [(1, Atom("a"), [1, 2.5], {Atom("k"): ("x",)}), ("key", 2**100, ())]
    with dets.open(tmp_path / "t.dets") as table:
        table.insert(rows)
    with contextlib.closing(sqlite3.connect(tmp_path / "t.dets")) as plain:
        stored = [data for (data,) in plain.execute('SELECT "_row" FROM rows')]
    texts = [f"binary_to_term(<<{','.join(map(str, data))}>>)" for data in stored]
    write = 'unicode:characters_to_binary(io_lib:format("~w", [EXPRESSION]))'
    answers = ask([(Atom("read"), write.replace("EXPRESSION", text)) for text in texts])
    assert sorted(format_term(parse_term(answer.decode())) for answer in answers) == sorted(map(format_term, rows))


# --- what the file keeps --------------------------------------------------------------------------------------------


def test_a_file_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "t.dets"
    with dets.open(path, User, type="ordered_set", keypos="name", index=["age"], unique=["id"]) as table:
        table.insert([User(2, "bob", 40), User(1, "ann", 30)])
        assert table.explain(lambda u: u.id if u.age == 30 else SKIP).plan == "index"
    with dets.open(path) as again:
        assert (again.type, again.keypos, again.fields) == ("ordered_set", 2, ("id", "name", "age"))
        assert again.info("index") == ("age", "id")
        assert again.info("unique") == ("id",)
        assert again.tab2list() == [(1, "ann", 30), (2, "bob", 40)]
        assert again.select("lambda u: u.name if u.age > 35 else SKIP") == ["bob"]
        with pytest.raises(BadArg):
            again.insert((1, "cid", 5))
        with pytest.raises(BadArg):
            again.insert((3, "cid", "old"))


def test_columns_are_those_of_other_programs(tmp_path: Path) -> None:
    with dets.open(tmp_path / "t.dets", User) as table:
        table.insert([User(n, f"u{n}", n % 10) for n in range(100)])
    with contextlib.closing(sqlite3.connect(tmp_path / "t.dets")) as plain:
        assert plain.execute("SELECT id, name FROM rows WHERE age = 7 AND id < 20").fetchall() == [
            (7, "u7"),
            (17, "u17"),
        ]


def test_names_that_sqlite_does_not_tell_apart(tmp_path: Path) -> None:
    class Odd(NamedTuple):
        a: int
        A: int
        select: str
        rowid: int

    with dets.open(tmp_path / "t.dets", Odd) as table:
        table.insert(Odd(1, 2, "x", 3))
        assert table.select(lambda r: r.select if r.A == 2 and r.rowid == 3 else SKIP) == ["x"]
    with dets.open(tmp_path / "t.dets", Odd) as table:
        assert table.tab2list() == [Odd(1, 2, "x", 3)]


@pytest.mark.parametrize("row", [tuple[int, str], tuple[str, ...], tuple[float, int | None]])
def test_row_types_without_names(row: Value, tmp_path: Path) -> None:
    example: Value = {tuple[int, str]: (1, "a"), tuple[str, ...]: ("a", "b", "c")}.get(row, (1.5, None))
    with dets.open(tmp_path / "t.dets", row) as table:
        table.insert(example)
    with dets.open(tmp_path / "t.dets", row) as table:
        assert table.tab2list() == [example]


# --- durability -----------------------------------------------------------------------------------------------------


def test_a_ram_file_is_written_by_sync_and_close(tmp_path: Path) -> None:
    path = tmp_path / "t.dets"
    table = dets.open(path, User, ram_file=True, type="bag")
    table.insert(User(1, "ann", 30))
    assert not path.exists()
    table.sync()
    copy = path.read_bytes()
    table.insert(User(2, "bob", 40))
    assert path.read_bytes() == copy
    table.close()
    with dets.open(path, User, ram_file=True) as table:
        assert table.tab2list() == [User(1, "ann", 30), User(2, "bob", 40)]
        assert table.info("ram_file") is True
    with dets.open(path, User, access="read", ram_file=True) as table:
        assert len(table) == 2
    with dets.open(path, User) as table:
        assert len(table) == 2
        assert table.check() == []


def test_sync_and_auto_save(tmp_path: Path) -> None:
    now = [0.0]
    saver = Saver(lambda: now[0])
    saver._running = True  # the test is the thread
    path = tmp_path / "t.dets"
    table = dets.open(path, ram_file=True, auto_save=10)
    table.saver = saver
    table.insert((1,))
    now[0] = 5.0
    table.insert((2,))
    assert saver.run_due() == 5.0
    assert not path.exists()
    now[0] = 10.0
    assert saver.run_due() is None
    with contextlib.closing(sqlite3.connect(path)) as plain:
        assert plain.execute("SELECT count(*) FROM rows").fetchone() == (2,)
    table.insert((3,))
    table.sync()
    assert saver.run_due() is None
    table.insert((4,))
    table.close()
    assert saver.run_due() is None


# --- queries in SQL -------------------------------------------------------------------------------------------------


def test_explain_shows_the_sql(tmp_path: Path) -> None:
    with dets.open(tmp_path / "t.dets", User, index=["age"]) as table:
        table.insert([User(n, f"u{n}", n % 50) for n in range(500)])
        explained = table.explain(lambda u: u.age > 45, analyze=True, counts=True)
        assert (explained.plan, explained.index, explained.estimate, explained.found) == ("index", "age", 40, 40)
        assert "index of 'age', all of it in SQL: " in str(explained)
        assert '"age" > ?' in str(explained)
        part = table.explain(lambda u: u.id if u.age > 45 and u.name.endswith("9") else SKIP, analyze=True)
        assert "in part in SQL" in str(part)
        assert part.found == sum(n % 50 > 45 and f"u{n}".endswith("9") for n in range(500))
        before = table.statistics().candidates
        assert table.select_count(lambda u: u.age == 7) == 10
        assert table.statistics().candidates == before + 10
        assert table.select_delete(lambda u: u.age < 40) == 400
        assert len(table) == 100
        assert table.check() == []


def test_pairs_of_columns_of_different_forms(tmp_path: Path) -> None:
    rows = [mixed(whole=n, flag=n % 2 == 0, when=date(2000, 1, 1 + n), maybe=n or None, real=-0.0) for n in range(20)]
    with dets.open(tmp_path / "t.dets", Mixed) as table:
        table.insert(rows)
        pairs: list[Callable[[Mixed], Value]] = [
            lambda u: (u.flag, u.when) if u.whole > 3 else SKIP,
            lambda u: (u.when, u.flag) if u.whole > 3 else SKIP,
            lambda u: (u.data, u.text) if u.whole > 3 else SKIP,
            lambda u: (u.maybe, u.real) if u.whole < 9 else SKIP,
            lambda u: (u.flag, u.flag) if u.whole < 9 else SKIP,
        ]
        for pair in pairs:
            expected = [pair(row) for row in rows if pair(row) is not SKIP]
            assert repr(table.select(pair)) == repr(expected)


def test_a_deletion_in_sql_tells_subscribers(tmp_path: Path) -> None:
    with dets.open(tmp_path / "t.dets", User) as table:
        table.insert([User(n, "x", n) for n in range(5)])
        events: list[Value] = []
        table.subscribe(None, events.append)
        assert table.select_delete(lambda u: u.age < 3) == 3
        assert [event.old.id for event in events] == [0, 1, 2]


def test_keys_that_python_finds_equal(tmp_path: Path) -> None:
    path = tmp_path / "t.dets"
    with dets.open(path) as table:
        table.insert([(Decimal(1), "decimal"), (1, "int")])
    with dets.open(path) as table:
        assert sorted(table.select(lambda k, v: v if k == 1 else SKIP)) == ["decimal", "int"]


@dataclass(frozen=True)
class Person:
    id: int
    name: str


def test_rows_of_dataclasses(tmp_path: Path) -> None:
    path = tmp_path / "t.dets"
    memory = ets.new("m", Person)
    memory.insert([Person(1, "ann"), Person(2, "bob")])
    with dets.open(path, Person) as table:
        assert memory.to_dets(table) is True
        assert table.lookup(1) == [Person(1, "ann")]
        assert table.select(lambda p: p if p.name == "bob" else SKIP) == [Person(2, "bob")]
        assert table.traverse(lambda p: (dets.DONE, p.name) if isinstance(p, Person) else None) == ["ann"]
        table.insert(Person(3, "cid"))
    with dets.open(path, Person) as table:
        assert table.tab2list() == [Person(1, "ann"), Person(2, "bob"), Person(3, "cid")]
        assert memory.from_dets(table) is True
        assert len(memory) == 3
