"""Tables as files: what goes in comes out, exactly; damaged and hostile files are refused, and change nothing."""

import hashlib
import json
import math
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchspec import Atom, ImproperList
from matchspec.values import Bitstring
from runtime import BadArg, ets
from runtime.storage import Kind
from runtime.termjson import CodecError, dumps, loads

Value: TypeAlias = Any

TERMS: list[Value] = [
    0, -1, 2**70, 10**5000, -(10**5000), 1.0, -0.0, 1e308, math.inf, -math.inf, True, False, None, "", "x\ny", "é", "\ud800",
    b"", b"\xff", Atom("ok"), Atom(""), Atom("t"), (), (1, (2.0,)), [], [1, [None]], {}, {1: {"a": [1]}}, {(1,): 2},
    ImproperList((1, 2), Atom("x")), Bitstring(b"\x20", 3), {1, 2}, frozenset({(1, "a")}), date(2020, 7, 10),
    datetime(2020, 7, 10, 1, 2, 3, 4, tzinfo=UTC), datetime(2020, 7, 10, tzinfo=UTC).replace(tzinfo=None), time(1, 2, 3), timedelta(-1, 2, 3),
    Decimal("1.50"), Decimal("NaN"), Fraction(-1, 3), UUID(int=7),
]  # fmt: skip


@pytest.mark.parametrize("term", TERMS, ids=range(len(TERMS)))
def test_terms_come_back_exactly(term: Value) -> None:
    line = dumps((term,))
    assert "\n" not in line
    row: Value = loads(line)
    found = row[0]
    assert type(found) is type(term)
    # Python has no text for very long integers.
    assert found == term if isinstance(term, int) else repr(found) == repr(term)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.builds(Atom, st.text())
NESTED = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(), inner)
)


@given(NESTED)
def test_random_terms_come_back_exactly(term: Value) -> None:
    assert repr(loads(dumps(term))) == repr(term)


def test_the_deepest_term_comes_back() -> None:
    term: Value = 1
    for _ in range(240):
        term = (term,)
    assert loads(dumps(term)) == term
    for _ in range(20):
        term = (term,)
    with pytest.raises(CodecError):
        dumps(term)


class Colour(Enum):
    RED = 1


@pytest.mark.parametrize("value", [len, Colour.RED, object(), ets, range(3)])
def test_what_has_no_form(value: Value, tmp_path: Path) -> None:
    table = ets.new("t")
    table.insert((1, "a"))
    path = tmp_path / "table"
    table.tab2file(path)
    before = path.read_bytes()
    if value is not ets:  # a module cannot be copied, let alone stored
        table.insert((2, value))
        with pytest.raises(BadArg) as caught:
            table.tab2file(path)
        assert caught.value.cause == "type"
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("kind", ["set", "ordered_set", "bag", "duplicate_bag"])
def test_a_table_comes_back(kind: Kind, tmp_path: Path) -> None:
    path = tmp_path / "table"
    table = ets.new(Atom("stock"), type=kind, keypos=2, access="public", named_table=True)
    rows = [("b", 1), ("a", 1), ("c", 1.0), ("d", True), ([1], "x")]
    for row in rows:
        table.insert(row)
    assert table.tab2file(str(path)) is True
    info = ets.tabfile_info(path)
    assert info == {
        "name": Atom("stock"), "type": kind, "protection": "public", "named_table": True, "keypos": 2,
        "size": len(table), "extended_info": [], "version": 1,
    }  # fmt: skip
    with pytest.raises(BadArg) as caught:
        ets.file2tab(path)
    assert caught.value.cause == "already_exists"
    before = table.tab2list()
    table.drop()
    again = ets.file2tab(path)
    assert repr(again.tab2list()) == repr(before)
    assert (again.name, again.type, again.keypos) == (Atom("stock"), kind, 2)
    assert ets.whereis("stock") is again


class User(NamedTuple):
    name: str
    scores: tuple[float, ...]


def test_typed_rows(tmp_path: Path) -> None:
    path = tmp_path / "users"
    table = ets.new("users", User)
    table.insert(User("ann", (1.0, 2.0)))
    table.tab2file(path)
    again = ets.file2tab(path, User)
    assert again.tab2list() == table.tab2list()
    assert type(again.lookup("ann")[0]) is User
    assert type(ets.file2tab(path).lookup("ann")[0]) is tuple
    before = len(ets.all())
    with pytest.raises(BadArg) as caught:
        ets.file2tab(path, tuple[int, int])
    assert caught.value.cause == "type"
    assert len(ets.all()) == before


def signed(*lines: str) -> bytes:
    """A file with the right checksum around whatever lines."""
    body = "".join(f"{line}\n" for line in lines).encode()
    return body + f"sha256 {hashlib.sha256(body).hexdigest()}\n".encode()


HEADER: dict[str, Value] = {
    "name": "t", "atom": False, "named_table": False, "type": "set", "keypos": 1, "protection": "protected", "size": 1,
}  # fmt: skip
MAGIC = "matchspec-table 1"


def with_header(**changes: Value) -> bytes:
    return signed(MAGIC, json.dumps({**HEADER, **changes}), '{"t":[1]}')


HOSTILE: list[tuple[str, bytes]] = [
    ("file", b""),
    ("file", b"\x80\x04K\x01."),
    ("file", b"matchspec-tabel 1\n"),
    ("file", signed("matchspec-table 2", json.dumps(HEADER), '{"t":[1]}')),
    ("file", signed("matchspec-table one", json.dumps(HEADER), '{"t":[1]}')),
    ("checksum", b"matchspec-table 1\n"),
    ("checksum", with_header()[:-1]),
    ("checksum", with_header()[:-20]),
    ("checksum", with_header().replace(b"[1]", b"[2]")),
    ("checksum", with_header() + b"\n"),
    ("file", signed(MAGIC, "[]", '{"t":[1]}')),
    ("file", signed(MAGIC, "{", '{"t":[1]}')),
    ("file", signed(MAGIC, "[" * 100_000, '{"t":[1]}')),
    ("file", with_header(size=2)),
    ("file", with_header(size=True)),
    ("file", with_header(type="heap")),
    ("file", with_header(extra=1)),
    ("option", with_header(protection="free")),
    ("keypos", with_header(keypos=0)),
    ("keypos", with_header(keypos=2)),
    ("system_limit", with_header(name="x" * 300)),
]
ROWS = [
    "", "nothing", "[" * 100_000, '{"t":' * 3000, '{"t":[' * 400 + "1" + "]}" * 400, '{"q":[1]}', '{"t":[1],"m":[]}', "{}",
    '{"t":1}', '{"t":[{"a":1}]}', '{"t":[{"a":"' + "x" * 300 + '"}]}', '{"t":[{"b":"zz"}]}', '{"t":[{"date":"x"}]}',
    '{"t":[{"m":[[[],1]]}]}', '{"t":[{"m":[1]}]}', '{"t":[{"l":[[],1]}]}', '{"t":[{"set":[[]]}]}', '{"t":[{"i":"q"}]}',
    '{"t":[{"fraction":"1/0"}]}', '{"t":[{"decimal":"x"}]}', '{"t":[{"bits":["00",8]}]}', '{"t":[{"bits":[]}]}',
    '{"t":[{"timedelta":[1e300,0,0]}]}', '{"t":[NaN]}', '{"t":[' + "9" * 5000 + "]}", '{"t":[{"f":"x"}]}', '{"t":[{"uuid":"x"}]}',
]  # fmt: skip


@pytest.mark.parametrize(("cause", "data"), HOSTILE, ids=range(len(HOSTILE)))
def test_damaged_and_hostile_files(cause: str, data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "table"
    path.write_bytes(data)
    before = len(ets.all())
    with pytest.raises(BadArg) as caught:
        ets.file2tab(path)
    assert caught.value.cause == cause
    assert len(ets.all()) == before


@pytest.mark.parametrize("row", ROWS, ids=range(len(ROWS)))
def test_rows_that_cannot_be_read(row: str, tmp_path: Path) -> None:
    path = tmp_path / "table"
    path.write_bytes(signed(MAGIC, json.dumps(HEADER), row))
    before = len(ets.all())
    with pytest.raises(BadArg, match="cannot be read") as caught:
        ets.file2tab(path)
    assert caught.value.cause == "file"
    assert len(ets.all()) == before


@given(st.binary(max_size=60), st.integers(0, 200))
def test_no_damage_goes_unseen(noise: bytes, place: int) -> None:
    data = with_header()
    damaged = data[:place] + noise + data[place + len(noise) :]
    if damaged == data:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "read_bytes", lambda self: damaged)
        with pytest.raises(BadArg):
            ets.file2tab("any")


@pytest.mark.parametrize("path", [None, 7, b"bytes", "no/such/folder/table"])
def test_bad_paths(path: Value, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    table = ets.new("t")
    operations: list[Callable[[], Value]] = [
        lambda: table.tab2file(path),
        lambda: ets.file2tab(path),
        lambda: ets.tabfile_info(path),
    ]
    for operation in operations:
        with pytest.raises(BadArg) as caught:
            operation()
        assert caught.value.cause == "file"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(BadArg) as caught:
        ets.new("t").tab2file(tmp_path / "folder")
    assert caught.value.cause == "file"
    assert [one.name for one in tmp_path.iterdir()] == ["folder"]
