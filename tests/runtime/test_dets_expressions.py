"""Indexes over expressions, in files: what the suite of `test_indexes` does not ask."""

import contextlib
import sqlite3
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import pytest

from matchspec import SKIP
from runtime import BadArg, dets
from runtime.dets import DiskError
from runtime.storage import KINDS, Kind
from tests.runtime.beside import child, ended_well

Value: TypeAlias = Any


class User(NamedTuple):
    id: int
    name: str
    age: int


USERS = [User(n, f"Name {n}", n % 90) for n in range(500)]


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_there_when_the_file_is_opened_again(kind: Kind, tmp_path: Path) -> None:
    path = tmp_path / "t.dets"
    with dets.open(path, User, type=kind, index=[lambda u: u.name.lower(), "age"]) as table:
        table.insert(USERS)
        table.add_index(lambda u: (u.age % 7, u.id), name="week")
    with dets.open(path, index=[lambda u: u.name.lower()]) as table:  # it has it, and its rows are of another class
        assert table.info("index") == ("u.name.lower()", "age", "week")
        found = table.explain(lambda u: u.id if u.name.lower() == "name 77" else SKIP, analyze=True)
        assert (found.plan, found.index, found.candidates) == ("index", "u.name.lower()", 1)
        table.insert((1000, "NAME 77", 5))
        table.delete(3)
        assert sorted(table.select(lambda row: row.id if row.name.lower() == "name 77" else SKIP)) == [77, 1000]
        assert table.select(lambda row: row.id if row.name.lower() == "name 3" else SKIP) == []
        assert table.select_count(lambda row: (row.age % 7, row.id) == (0, 1000)) == 0
        assert table.select_count(lambda row: (row.age % 7, row.id) == (5, 1000)) == 1
        assert table.check() == []
        table.del_index("week")
        table.del_index(lambda row: row.name.lower())
    with dets.open(path) as table:
        assert table.info("index") == ("age",)
        assert len(table) == 500
        assert table.check() == []


def test_rows_without_a_type(tmp_path: Path) -> None:
    path = tmp_path / "t.dets"
    with dets.open(path, type="bag", index=["fun({A, B}) -> A + B end"]) as table:
        table.insert([(n, n % 10) for n in range(200)] + [("x", 1), (1,), (50, 56)])
    query = "fun({X, Y}) when X + Y =:= 106 -> {X, Y} end"
    with dets.open(path) as table:
        found = table.explain(query, analyze=True)
        assert (found.plan, found.candidates) == ("index", 3)
        assert sorted(table.select(query)) == sorted(r for r in table if len(r) == 2 and r[0] != "x" and sum(r) == 106)


def test_limits_and_an_expression(tmp_path: Path) -> None:
    now = 1000.0
    path = tmp_path / "t.dets"
    with dets.open(path, User, max_size=300, ttl=50, clock=lambda: now) as table:
        table.insert(USERS)
        table.add_index(lambda u: u.age // 10, unique=False, name="decade")
        table.insert(User(1, "new", 55), ttl=5)
        table.update_counter(499, ("age", 1))
        assert len(table) == 300
    now += 10
    with dets.open(path, clock=lambda: now) as table:
        expected = [*[user.id for user in USERS[201:499] if user.age // 10 == 5], 499]
        assert sorted(table.select(lambda u: u.id if u.age // 10 == 5 else SKIP)) == expected
        assert table.explain(lambda u: u.id if u.age // 10 == 5 else SKIP).index == "decade"
        table.insert((2, "last", 51))
        assert table.check() == []
    now += 45
    with dets.open(path, clock=lambda: now) as table:
        assert table.select_count(lambda u: u.age // 10 >= 0) == 1


def test_a_limit_after_an_expression(tmp_path: Path) -> None:
    now = 1000.0
    path = tmp_path / "t.dets"
    with dets.open(path, User, unique=[lambda u: u.name.lower()], clock=lambda: now) as table:
        table.insert(USERS[:3])
        table.insert(User(7, "x", 1), ttl=5)
    now += 5
    with dets.open(path, User, clock=lambda: now) as table:
        assert sorted(table.tab2list()) == USERS[:3]
        with pytest.raises(BadArg) as caught:
            table.insert(User(9, "NAME 2", 1))
        assert caught.value.cause == "unique"
        table.insert(User(9, "X", 1))  # nobody has this name any more
        assert table.check() == []


def test_who_has_the_table_open_is_told(tmp_path: Path) -> None:
    """A process that does not know of the index would not keep it."""
    path = tmp_path / "t.dets"
    with dets.open(path, User) as table:
        table.insert(USERS)

        def add() -> None:
            with dets.open(path, User) as other:
                other.add_index(lambda u: u.name.lower())

        assert ended_well(child(add))
        for operation in (
            lambda: table.update_counter(5, ("age", 1)),
            lambda: table.insert(User(5, "x", 1)),
            table.first,
        ):
            with pytest.raises(DiskError) as caught:
                operation()
            assert caught.value.cause == "changed"
    with dets.open(path, User) as table:
        assert table.select(lambda u: u.id if u.name.lower() == "name 5" else SKIP) == [5]
        assert sorted(table.tab2list()) == USERS


def test_an_index_of_terms_is_kept_by_all(tmp_path: Path) -> None:
    """A process that does not fill its column is told to open the table again, instead of leaving old values there."""
    path = tmp_path / "t.dets"
    with dets.open(path) as table:
        table.insert([(n, n % 10) for n in range(100)])
        assert ended_well(child(lambda: dets.open(path, index=[2]).close()))
        with pytest.raises(DiskError) as caught:
            table.update_counter(5, (2, 100))
        assert caught.value.cause == "changed"
    with dets.open(path) as table:
        table.update_counter(5, (2, 100))
        assert table.select("fun({K, 105}) -> K end") == [5]
        assert table.check() == []


def test_an_index_that_cannot_be_kept(tmp_path: Path) -> None:
    """Where the transaction comes to nothing, the table goes on as it was."""

    def refuse(action: int, first: str | None, *_: str | None) -> int:
        return sqlite3.SQLITE_DENY if (action, first) == (sqlite3.SQLITE_TRANSACTION, "COMMIT") else sqlite3.SQLITE_OK

    with dets.open(tmp_path / "t.dets", User) as table:
        table.insert(USERS)
        plain = table._connection().file.connection
        plain.set_authorizer(refuse)
        with pytest.raises(DiskError):
            table.add_index(lambda u: u.name.lower())
        plain.set_authorizer(None)
        assert table.info("index") == ()
        table.insert(User(1000, "New", 3))
        assert table.lookup(1000) == [User(1000, "New", 3)]
        assert table.select(lambda u: u.id if u.name.lower() == "new" else SKIP) == [1000]
        assert table.check() == []
        assert table.add_index(lambda u: u.name.lower()) is True
        assert table.select(lambda u: u.id if u.name.lower() == "new" else SKIP) == [1000]


def test_expressions_that_no_text_can_say(tmp_path: Path) -> None:
    class Odd:
        pass

    odd = Odd()
    with dets.open(tmp_path / "t.dets", User) as table:
        table.insert(USERS)
        with pytest.raises(BadArg) as caught:
            table.add_index(lambda u: (u.name, odd))
        assert caught.value.cause == "option"
        assert table.info("index") == ()
        table.insert(User(1, "x", 1))


@pytest.mark.parametrize(
    "told",
    [
        '[[-1, false, 1, "n", "python", "lambda u: __import__(\'os\').system(\'touch /tmp/owned\')"]]',
        '[[-1, false, 1, "n", "python", "lambda u: u.nothing + 1"]]',
        '[[-1, false, 1, "n", "python", "("]]',
        '[[-1, false, 1, "n", "ruby", "lambda u: u.age + 1"]]',
        '[[-1, false, true, "n", "python", "lambda u: u.age + 1"]]',
        "[[-1, false, 1]]",
        "[[-1, false]]",
        '[[-1, false, 1, "n", "python", "lambda u: u.age + 1", 2]]',
        "[[2, false, 1]]",
        '[[-1, false, 9, "n", "python", "lambda u: u.age + 1"]]',
    ],
)
def test_what_a_hostile_file_says_of_expressions(told: str, tmp_path: Path) -> None:
    path = tmp_path / "t.dets"
    with dets.open(path, User, index=[lambda u: u.age + 1]) as table:
        table.insert(USERS)
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE _matchspec SET value = ? WHERE item = 'index'", (told,))
        other.commit()
    with pytest.raises(DiskError) as caught:
        dets.open(path, User)
    assert caught.value.cause == "corrupt"
    assert not dets.all()


def test_a_file_that_lies_about_its_expression(tmp_path: Path) -> None:
    """`check` computes it anew."""
    path = tmp_path / "t.dets"
    with dets.open(path, User, index=[lambda u: u.age + 1]) as table:
        table.insert(USERS)
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE _matchspec SET value = replace(value, 'age + 1', 'age + 2') WHERE item = 'index'")
        other.commit()
    with dets.open(path, User) as table:
        assert len(table.check()) == 500
        table.del_index(lambda u: u.age + 2)
        assert table.check() == []
