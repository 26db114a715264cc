"""Files of Erlang's own: DETS files, closed or not, and those of ets:tab2file, made by a real Erlang; and damaged ones."""

import random
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from matchspec import SKIP, Atom
from runtime import dets, ets
from runtime.dets import DiskError
from runtime.erlang_dets import ErlangDets
from runtime.erlang_tabfile import ErlangTabfile
from runtime.ets import BadArg
from tests.erlang import AVAILABLE, canonical, decode, encode, erlang

Value = Any
pytestmark = [pytest.mark.erlang, pytest.mark.skipif(not AVAILABLE, reason="erl is not installed")]

KINDS = ["set", "bag", "duplicate_bag"]


def evaluate(text: str) -> Value:
    """The value of Erlang expressions."""
    (answer,) = decode(erlang().ask(encode([(Atom("read"), text)])))
    return answer


def erlang_rows(answer: Value) -> Counter[Value]:
    return Counter(canonical(row) for row in answer)


def canonical_rows(rows: Iterator[Value] | list[Value]) -> Counter[Value]:
    return Counter(canonical(row) for row in rows)


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., tuple[Path, Value]]:
    """Makes a DETS file of rows that an Erlang expression gives, and answers with what Erlang reads back."""

    def make(rows: str, kind: str = "set", keypos: int = 1, more: str = "ok") -> tuple[Path, Value]:
        path = tmp_path / f"erlang-{len(list(tmp_path.iterdir()))}.dets"
        answer = evaluate(
            f'begin {{ok, T}} = dets:open_file(make_ref(), [{{file, "{path}"}}, {{type, {kind}}}, {{keypos, {keypos}}}]),'
            f" ok = dets:insert(T, {rows}), {more}, R = dets:match_object(T, '_'), dets:close(T), R end"
        )
        return path, answer

    return make


ROWS = """[{N, integer_to_binary(N * N), N / 4, [N, {N, #{a => N}}], list_to_atom("x" ++ integer_to_list(N rem 7)),
           <<N:9>>, N * 100000000000000000000} || N <- lists:seq(1, %d)]"""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [0, 1, 2, 100, 1500])
def test_files_of_every_kind_and_size(made: Value, kind: str, count: int) -> None:
    path, rows = made(ROWS % count, kind)
    file = ErlangDets(path)
    assert (file.kind, file.keypos, file.size, file.closed) == (kind, 1, count, True)
    assert canonical_rows(file.rows()) == erlang_rows(rows)
    assert len(rows) == count


@pytest.mark.parametrize("kind", KINDS)
def test_several_rows_of_a_key_and_rows_that_were_deleted(made: Value, kind: str) -> None:
    rows = "[{a, N rem 50, {N rem 3, x}} || N <- lists:seq(1, 500)]"
    path, left = made(rows, kind, 2, "ok = dets:delete(T, 7), ok = dets:delete_object(T, {a, 8, {0, x}})")
    file = ErlangDets(path)
    assert file.keypos == 2
    assert canonical_rows(file.rows()) == erlang_rows(left)
    assert not [row for row in file.rows() if row[1] == 7]


def test_rows_larger_than_a_segment_and_than_a_window(made: Value) -> None:
    path, rows = made("[{N, binary:copy(<<N:32>>, N * N * 50)} || N <- lists:seq(1, 90)]")
    assert canonical_rows(ErlangDets(path).rows()) == erlang_rows(rows)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [0, 3, 1000])
def test_a_file_that_was_not_closed(tmp_path: Path, kind: str, count: int) -> None:
    """A halt without a close: all that was written is there, and what Erlang's own repair finds, which may be less."""
    opened = f'begin {{ok, T}} = dets:open_file(make_ref(), [{{file, "{tmp_path}/~s"}}, {{type, {kind}}}]),'
    changes = (
        f"ok = dets:insert(T, {ROWS % count}), ok = dets:insert(T, [{{N, again, N}} || N <- lists:seq(1, {count}, 2)]),"
        " ok = dets:delete(T, 2), ok = dets:insert(T, {big, binary:copy(<<1,2,3>>, 700000)})"
    )
    read = "R = dets:match_object(T, '_')"
    # A look at the table writes what was delayed, and leaves it open.
    program = f"{opened.replace('~s', 'open.dets')} {changes}, {read}, erlang:halt(0, [{{flush, false}}]), R end."
    subprocess.run(["erl", "-noinput", "-eval", program], check=True)
    file = ErlangDets(tmp_path / "open.dets")
    assert not file.closed
    found = canonical_rows(file.rows())
    wanted = evaluate(f"{opened.replace('~s', 'closed.dets')} {changes}, {read}, dets:close(T), R end")
    assert found == erlang_rows(wanted)
    progress: list[tuple[int, int]] = []
    assert canonical_rows(file.rows(lambda done, whole: progress.append((done, whole)))) == found
    assert progress[-1][0] == progress[-1][1] == (tmp_path / "open.dets").stat().st_size
    repaired = evaluate(f"{opened.replace('~s', 'open.dets')} {read}, dets:close(T), R end")
    assert erlang_rows(repaired) <= found
    assert ErlangDets(tmp_path / "open.dets").closed
    assert canonical_rows(ErlangDets(tmp_path / "open.dets").rows()) == erlang_rows(repaired)


def test_a_file_that_lost_its_end_gives_what_is_left(made: Value, tmp_path: Path) -> None:
    path, rows = made("[{N, N} || N <- lists:seq(1, 1000)]")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 3 // 4])
    file = ErlangDets(path)
    assert not file.closed
    found = canonical_rows(file.rows())
    assert 0 < sum(found.values()) < 1000
    assert found <= erlang_rows(rows)


class Person(NamedTuple):
    name: str
    age: int


def test_dets_import(made: Value, tmp_path: Path) -> None:
    path, _ = made('[{<<"ann">>, 31}, {<<"bob">>, 17}, {<<"cé"/utf8>>, 64}]')
    with dets.import_erlang(path, tmp_path / "new.dets", Person) as people:
        assert people.lookup("bob") == [Person("bob", 17)]
        assert people.select(lambda p: p.name if p.age > 60 else SKIP) == ["cé"]
        assert sorted(people.tab2list()) == [("ann", 31), ("bob", 17), ("cé", 64)]
        assert people.info("type") == "set"
    with pytest.raises(BadArg, match="there is such a file already"):
        dets.import_erlang(path, tmp_path / "new.dets")


@pytest.mark.parametrize("kind", ["bag", "duplicate_bag"])
def test_dets_import_keeps_the_order_of_rows_of_a_key(made: Value, tmp_path: Path, kind: str) -> None:
    path, _ = made("[{N rem 3, N} || N <- lists:seq(1, 60)]", kind)
    wanted = evaluate(
        f'begin {{ok, T}} = dets:open_file(make_ref(), [{{file, "{path}"}}, {{type, {kind}}}]),'
        " R = [dets:lookup(T, K) || K <- [0, 1, 2]], dets:close(T), R end"
    )
    with dets.import_erlang(path, tmp_path / "new.dets") as table:
        assert [table.lookup(key) for key in range(3)] == wanted


def test_an_import_that_fails_leaves_nothing(made: Value, tmp_path: Path) -> None:
    target = tmp_path / "new.dets"
    path, _ = made('[{<<"ann">>, x}]')
    with pytest.raises(BadArg, match="age"):
        dets.import_erlang(path, target, Person)
    path, _ = made("[{1, fun lists:map/2}]", more="dets:close(T), throw(made)")
    with pytest.raises(DiskError, match="function has no form") as caught:
        dets.import_erlang(path, target)
    assert caught.value.cause == "foreign"
    with pytest.raises(DiskError) as caught:
        dets.import_erlang(tmp_path / "none", target)
    assert caught.value.cause == "missing"
    with pytest.raises(DiskError) as caught:
        dets.import_erlang(tmp_path, target)
    assert caught.value.cause in ("file", "io")
    assert not target.exists()


# --- hostile DETS files -------------------------------------------------------------------------------------------


def read_or_refuse(path: Path) -> None:
    try:
        for row in ErlangDets(path).rows():
            assert isinstance(row, tuple)
    except DiskError as error:
        assert error.cause in ("not_a_dets_file", "version", "truncated", "corrupt", "foreign")


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_are_read_or_refused(made: Value, kind: str) -> None:
    path, _ = made('[{N rem 20, N, <<"text">>} || N <- lists:seq(1, 40)]', kind)
    good = path.read_bytes()
    source = random.Random(kind)
    # Where there is something: the free space of a file says nothing.
    places = [at for at in range(len(good)) if good[at]]
    for _ in range(250):
        data = bytearray(good)
        for _ in range(source.choice([1, 1, 3])):
            data[source.choice(places)] = source.choice([0, 255, source.randrange(256)])
        path.write_bytes(data)
        read_or_refuse(path)
    for size in [*range(0, 200, 9), *range(200, len(good), 511)]:
        path.write_bytes(good[:size])
        read_or_refuse(path)
    # No sum, so that wrong numbers in the header are believed.
    for _ in range(150):
        data = bytearray(good)
        data[168:184] = bytes(16)
        data[source.randrange(8, 64)] = source.randrange(256)
        data[source.choice(places)] = source.randrange(256)
        path.write_bytes(data)
        read_or_refuse(path)


@pytest.mark.parametrize(
    ("at", "data", "cause"),
    [
        (4, b"\1\2\3\4", "not_a_dets_file"),
        (16, b"\0\0\0\10", "version"),
        (12, b"\0\0\0\7", "corrupt"),
        (24, b"\0\0\0\1", "corrupt"),
        (32, b"\0\0\0\2", "corrupt"),
    ],
)
def test_wrong_headers(made: Value, at: int, data: bytes, cause: str) -> None:
    path, _ = made("[{1, 2}]")
    good = bytearray(path.read_bytes())
    good[at : at + 4] = data
    path.write_bytes(good)
    with pytest.raises(DiskError) as caught:
        list(ErlangDets(path).rows())
    assert caught.value.cause == cause


# --- ets:tab2file -------------------------------------------------------------------------------------------------

OPTIONS = ["", "object_count", "md5sum", "object_count, md5sum"]


def make_tabfile(
    path: Path,
    rows: str,
    kind: str = "set",
    options: str = "",
    more: str = "named_table",
    result: str = "ets:tab2list(T)",
) -> Value:
    extended = f"[{{extended_info, [{options}]}}]" if options else "[]"
    return evaluate(
        f"begin T = ets:new('my table', [{kind}, {more}]), ets:insert(T, {rows}),"
        f' ok = ets:tab2file(T, "{path}", {extended}), R = {result}, ets:delete(T), R end'
    )


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("kind", [*KINDS, "ordered_set"])
@pytest.mark.parametrize("count", [0, 1, 1000])
def test_files_of_tab2file(tmp_path: Path, kind: str, options: str, count: int) -> None:
    path = tmp_path / "t.tab"
    rows = make_tabfile(path, ROWS % count, kind, options)
    table = ets.import_erlang(path)
    assert canonical_rows(table.tab2list()) == erlang_rows(rows)
    assert [table.info(item) for item in ("type", "keypos", "protection", "named_table")] == [
        kind,
        1,
        "protected",
        True,
    ]
    assert ets.whereis(Atom("my table")) is table
    table.drop()


def test_options_of_the_table_and_rows_of_a_row_type(tmp_path: Path) -> None:
    path = tmp_path / "t.tab"
    make_tabfile(path, '[{31, <<"ann">>}, {17, <<"bob">>}]', more="{keypos, 2}, public")

    class Aged(NamedTuple):
        age: int
        name: str

    table = ets.import_erlang(path, Aged)
    assert table.lookup("ann") == [Aged(31, "ann")]
    assert [table.info(item) for item in ("keypos", "protection", "named_table")] == [2, "public", False]


@pytest.mark.parametrize("options", OPTIONS)
def test_rows_so_large_that_their_sizes_are_summed(tmp_path: Path, options: str) -> None:
    path = tmp_path / "t.tab"
    make_tabfile(
        path,
        '[{N, binary:copy(<<"x">>, N)} || N <- [1, 65510, 65511, 65512, 65513, 65514, 65528, 200000]]',
        "set",
        options,
    )
    found: list[Value] = ErlangTabfile(path).rows
    assert sorted(row[0] for row in found) == [1, 65510, 65511, 65512, 65513, 65514, 65528, 200000]
    assert all(row[1] == "x" * row[0] for row in found)


def test_what_a_file_says_of_itself_has_to_be_so(tmp_path: Path) -> None:
    path = tmp_path / "t.tab"
    for options in ("md5sum", "object_count, md5sum"):
        make_tabfile(path, '[{1, <<"abc">>}, {2, <<"abd">>}]', "set", options)
        path.write_bytes(path.read_bytes().replace(b"abd", b"abe"))
        with pytest.raises(BadArg, match="MD5") as caught:
            ets.import_erlang(path)
        assert caught.value.cause == "checksum"
        assert len(ErlangTabfile(path, verify=False).rows) == 2
    for options in ("", "object_count"):
        make_tabfile(path, "[{1, a}, {2, a}]", "set", options)
        data = path.read_bytes()
        row = data.index(b"bWLA", data.index(b"bWLA") + 1) - 4
        size = int.from_bytes(data[row : row + 4], "big") + 8
        path.write_bytes(data[:row] + data[row + size :])
        with pytest.raises(BadArg, match="it has 1 rows, and says that it has 2"):
            ets.import_erlang(path)


def test_an_unfinished_file_and_one_with_a_function(tmp_path: Path) -> None:
    path = tmp_path / "t.tab"
    make_tabfile(path, "[{1, a}]")
    data = path.read_bytes()
    path.write_bytes(data[:4] + b"\6\7\10\11" + data[8:])
    with pytest.raises(BadArg, match="never finished"):
        ets.import_erlang(path)
    make_tabfile(path, "[{1, fun lists:map/2}]", result="ok")
    with pytest.raises(BadArg, match="function has no form"):
        ets.import_erlang(path)
    with pytest.raises(BadArg, match="cannot be read"):
        ets.import_erlang(tmp_path / "none")
    assert ets.whereis(Atom("my table")) is None


@pytest.mark.parametrize("options", ["", "object_count, md5sum"])
def test_damaged_files_of_tab2file_are_read_or_refused(tmp_path: Path, options: str) -> None:
    path = tmp_path / "t.tab"
    make_tabfile(path, '[{N, <<"text">>, [N]} || N <- lists:seq(1, 20)]', "bag", options)
    good = path.read_bytes()
    source = random.Random(options)
    for _ in range(500):
        data = bytearray(good)
        for _ in range(source.choice([1, 1, 3])):
            data[source.randrange(len(good))] = source.randrange(256)
        path.write_bytes(data[: source.choice([len(good), len(good), source.randrange(len(good))])])
        try:
            file = ErlangTabfile(path, verify=source.random() < 0.5)
        except BadArg as error:
            assert error.cause in ("file", "checksum")
        else:
            assert all(isinstance(row, tuple) for row in file.rows)
