"""The command line over files that hold tables: import, export, select, explain. Rows are compared with the CSV's."""

import csv
import io
import json
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from matchspec import Atom
from runtime import dets, ets
from runtime.cli import cli
from tests.erlang import AVAILABLE, ask

DATA = Path(__file__).parents[2] / "examples" / "data"
PLANES = str(DATA / "planes.csv")
BIG = "lambda p: (p.tailnum, p.seats) if p.seats > 300 else SKIP"


def call(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments), catch_exceptions=False)


def output(*arguments: str) -> str:
    result = call(*arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout


@pytest.fixture
def planes(tmp_path: Path) -> str:
    path = str(tmp_path / "planes.dets")
    result = call("import", PLANES, path, "--key", "tailnum", "--index", "seats", "--na", "NA")
    assert result.exit_code == 0
    assert result.stderr.strip() == f"{path}: {len(rows_of_csv()):,} rows"
    return path


def rows_of_csv() -> list[dict[str, str]]:
    with Path(PLANES).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_csv_becomes_a_table_on_disk_with_types_key_and_index(planes: str) -> None:
    with dets.open(planes) as table:
        assert (table.info("type"), table.info("keypos"), table.info("index")) == ("set", 1, ("seats",))
        wanted = {row["tailnum"]: row for row in rows_of_csv()}
        assert len(table) == len(wanted)
        rows: list[Any] = table.tab2list()
        for row in rows:
            assert str(row.seats) == wanted[row.tailnum]["seats"]
            assert str(row.year or "NA") == wanted[row.tailnum]["year"]


@pytest.mark.parametrize(
    "query", [BIG, "fun({N, _, _, _, _, _, S, _, _}) when S > 300 -> {N, S} end", "lambda p: p if p.tailnum == 'N206UA' else SKIP"]
)  # fmt: skip
def test_select_gives_of_a_table_what_it_gives_of_the_csv(planes: str, query: str) -> None:
    options = ("--format", "csv", "--na", "NA")
    assert sorted(output("select", query, planes, *options).splitlines()) == sorted(
        output("select", query, PLANES, *options).splitlines()
    )


def test_limits_go_over_several_files(planes: str) -> None:
    all_of_it = output("select", BIG, planes, "--format", "json").splitlines()
    both = output("select", BIG, planes, planes, "--format", "json", "--limit", str(len(all_of_it) + 3)).splitlines()
    assert both == all_of_it + all_of_it[:3]
    assert output("select", BIG, planes, "--format", "json", "--limit", "2").splitlines() == all_of_it[:2]
    assert output("select", BIG, planes, "--limit", "0") == ""


def test_explain(planes: str) -> None:
    assert "index of 'seats'" in output("explain", BIG, planes)
    assert "key" in output("explain", "lambda p: p.year if p.tailnum == 'N206UA' else SKIP", planes, "--analyze")
    text = output("explain", "lambda p: p.engines == n", planes, "--counts", "--set", "n=4")
    assert '"engines"' in text
    result = call("explain", BIG, PLANES)
    assert (result.exit_code, "no table on disk" in result.stderr) == (1, True)
    result = call("explain", "lambda p: p.nothing", planes)
    assert result.exit_code == 2


def test_export_gives_the_csv_back(planes: str, tmp_path: Path) -> None:
    target = tmp_path / "back.csv"
    assert call("export", planes, str(target)).stderr.strip() == f"{target}: {len(rows_of_csv()):,} rows"
    with target.open(newline="", encoding="utf-8") as file:
        back = {row["tailnum"]: row for row in csv.DictReader(file)}
    wanted = {row["tailnum"]: row for row in rows_of_csv()}
    assert {key: row["model"] for key, row in back.items()} == {key: row["model"] for key, row in wanted.items()}
    assert output("export", planes, "-") == target.read_text()
    assert output("export", planes, "-", "--no-header").count("\n") == len(wanted)
    lines = [json.loads(line) for line in output("export", planes, "-", "--format", "json").splitlines()]
    assert {row["tailnum"]: row["seats"] for row in lines} == {key: int(row["seats"]) for key, row in wanted.items()}


def test_a_round_by_json_lines_and_table_files(planes: str, tmp_path: Path) -> None:
    lines, table_file, again = (str(tmp_path / name) for name in ("p.jsonl", "p.ets", "again.dets"))
    output("export", planes, lines)
    output("import", lines, table_file, "--key", "tailnum", "--type", "ordered_set")
    table: Any = ets.file2tab(table_file)
    assert (table.info("type"), table.info("keypos"), len(table)) == ("ordered_set", 1, len(rows_of_csv()))
    output("import", table_file, again)
    with dets.open(again) as copy:
        assert copy.info("type") == "ordered_set"
        assert copy.tab2list() == table.tab2list()
    table.drop()
    query = "fun({N, _, _, _, _, _, S, _, _}) when S > 300 -> N end"
    assert output("select", query, table_file, "--format", "csv") == output("select", query, again, "--format", "csv")


def test_tab_separated_there_and_back(tmp_path: Path) -> None:
    rows = [("k", "text"), ("1", "a\tb"), ("2", 'say "x"'), ("3", "two\nlines"), ("4", ""), ("5", "comma, none")]
    source, target = tmp_path / "s.csv", tmp_path / "t.dets"
    with source.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    output("import", str(source), str(target), "--type", "ordered_set")
    for name in ("b.tsv", "b.tab"):
        output("export", str(target), str(tmp_path / name))
        with (tmp_path / name).open(newline="", encoding="utf-8") as file:
            assert [tuple(row) for row in csv.reader(file, delimiter="\t")] == rows
    assert output("export", str(target), "-", "--format", "tsv") == (tmp_path / "b.tsv").read_text("utf-8")
    again = tmp_path / "again.dets"
    output("import", str(tmp_path / "b.tsv"), str(again), "--type", "ordered_set")
    assert output("export", str(again), "-") == output("export", str(target), "-")


def test_rows_of_different_sizes_are_one_column_and_of_one_size_several(tmp_path: Path) -> None:
    cases: list[tuple[list[Any], str]] = [
        ([(1, "a"), (2, "b")], "1,2\n1,a\n2,b\n"),
        ([(1,), (2, "b")], '1\n[1]\n"[2, ""b""]"\n'),
    ]
    for rows, expected in cases:
        path = tmp_path / f"{len(expected)}.dets"
        with dets.open(path, type="ordered_set") as table:
            table.insert(rows)
        assert output("export", str(path), "-") == expected


@pytest.mark.parametrize("given", ["\\t", "\t"])
def test_a_delimiter_may_be_written_as_an_escape(tmp_path: Path, given: str) -> None:
    source, target = tmp_path / "s.csv", tmp_path / "t.dets"
    source.write_text("k\tn\n1\ta\n")
    output("import", str(source), str(target), "--delimiter", given)
    assert output("export", str(target), "-") == "k,n\n1,a\n"


def test_standard_input_is_read_as_a_file_is(tmp_path: Path) -> None:
    target = str(tmp_path / "t.dets")
    result = CliRunner().invoke(cli, ["import", "-", target], input="k,n\n1,a\n2,\n", catch_exceptions=False)
    assert (result.exit_code, "2 rows" in result.stderr) == (0, True)
    with dets.open(target) as table:
        assert sorted(table.tab2list()) == [(1, "a"), (2, None)]


def peak_of(*arguments: str) -> int:
    """The most bytes that Python's allocator had given at one time."""
    tracemalloc.start()
    try:
        output(*arguments)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_files_are_not_taken_into_memory(tmp_path: Path) -> None:
    """Twice the rows take no more of it."""
    peaks: list[list[int]] = []
    for count in (21_000, 42_000):
        names = [f"{count}.csv", f"{count}.dets", f"{count}.again.dets", f"{count}.tsv"]
        source, table, again, text = [str(tmp_path / name) for name in names]
        Path(source).write_text("k,n\n" + "".join([f"{n},{n * 7919 % 100_003}\n" for n in range(count)]))
        steps = [("import", source, table), ("import", table, again), ("export", again, text)]
        peaks.append([peak_of(*step) for step in steps])
    for few, many in zip(*peaks, strict=True):
        assert many < few * 1.4


@pytest.mark.parametrize("kind", ["set", "bag"])
def test_large_tables_go_in_parts(tmp_path: Path, kind: str) -> None:
    """More rows than are held at once: each part stands after the one before, with one line of names in all."""
    source, first, second, back = (tmp_path / name for name in ("s.csv", "a.dets", "b.dets", "back.tsv"))
    cells = [(n % 30_000, f"a,b\t{n}" if n % 7 else 'say "x"') for n in range(45_000)]
    with source.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("k", "text"), *cells])
    output("import", str(source), str(first), "--type", kind)
    output("import", str(first), str(second))
    wanted = sorted(dict(cells).items()) if kind == "set" else sorted(cells, key=lambda one: one[0])
    assert f"{len(wanted):,} rows" in call("export", str(second), str(back)).stderr
    with back.open(newline="", encoding="utf-8") as file:
        names, *rows = csv.reader(file, delimiter="\t")
    assert names == ["k", "text"]
    assert [(int(key), text) for key, text in rows] == wanted
    assert len(output("export", str(second), "-", "--format", "json").splitlines()) == len(wanted)


@pytest.mark.parametrize("kind", ["bag", "duplicate_bag"])
def test_rows_of_a_key_keep_their_order(tmp_path: Path, kind: str) -> None:
    source, target, back = (tmp_path / name for name in ("s.csv", "t.dets", "b.csv"))
    source.write_text("k,n\n" + "".join(f"{n % 3},{n}\n" for n in range(50)))
    output("import", str(source), str(target), "--type", kind)
    output("export", str(target), str(back))
    rows = [line.split(",") for line in back.read_text().split()[1:]]
    for key in "012":
        assert [int(n) for k, n in rows if k == key] == list(range(int(key), 50, 3))


def test_keys_that_come_again_are_told_of(tmp_path: Path) -> None:
    source, target = tmp_path / "s.csv", tmp_path / "t.dets"
    source.write_text("k,n\n1,a\n1,b\n2,c\n")
    assert "2 rows, of 3 read" in call("import", str(source), str(target)).stderr
    assert sorted(output("export", str(target), "-").split()) == ["1,b", "2,c", "k,n"]


def test_what_cannot_be_done_says_why_and_leaves_nothing(planes: str, tmp_path: Path) -> None:
    source, target = tmp_path / "s.csv", str(tmp_path / "t.dets")
    source.write_text("k,n\n1,a\n")
    before = sorted(tmp_path.iterdir())
    for arguments, status, why in [
        (("import", str(source), "t.db"), 2, "neither .dets nor .ets"),
        (("import", str(source), "t.ets", "--index", "n"), 2, "tables on disk only"),
        (("import", str(source), target, "--key", "m"), 1, "m"),
        (("import", str(source), target, "--key", "3"), 1, "3"),
        (("import", str(source), target, "--index", "m"), 1, "m"),
        (("import", str(source), planes), 1, "there already"),
        (("import", planes, planes, "--replace"), 1, "SOURCE itself"),
        (("import", str(tmp_path / "none.csv"), target), 1, "no such file"),
        (("import", str(source), str(tmp_path / "none" / "t.dets")), 1, "cannot be written"),
        (("export", planes, "t.xml"), 2, "none of .csv, .tsv"),
        (("import", str(source), target, "--delimiter", "ab"), 2, "one character"),
        (("export", str(source), "-"), 1, "no file with a table"),
        (("export", planes, str(source)), 1, "there already"),
    ]:
        result = call(*arguments)
        assert (result.exit_code, why in result.stderr) == (status, True), (arguments, result.stderr)
        assert sorted(tmp_path.iterdir()) == before


def test_replace(planes: str, tmp_path: Path) -> None:
    source = tmp_path / "s.csv"
    source.write_text("k,n\n1,a\n")
    output("import", str(source), planes, "--replace")
    assert output("export", planes, "-") == "k,n\n1,a\n"
    output("export", planes, str(source), "--replace", "--format", "json")
    assert json.loads(source.read_text()) == {"k": 1, "n": "a"}


def test_a_damaged_table_is_an_error(planes: str) -> None:
    data = bytearray(Path(planes).read_bytes())
    data[100:3000] = bytes(2900)
    Path(planes).write_bytes(data)
    for arguments in (("select", BIG, planes), ("export", planes, "-"), ("explain", BIG, planes)):
        result = call(*arguments)
        assert (result.exit_code, planes in result.stderr) == (1, True)


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("what", ["import", "select", "export", "copy"])
def test_bars_are_shown_for_long_work(planes: str, tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.progress_bars.LONG_SCAN", 10)
    monkeypatch.setattr("runtime.progress_bars.LONG_FILE", 10)
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    arguments, bar = {
        "import": (["import", PLANES, str(tmp_path / "b.dets")], "writing b.dets"),
        "copy": (["import", planes, str(tmp_path / "b.dets")], "writing b.dets"),
        "export": (["export", planes, str(tmp_path / "b.csv")], "writing b.csv"),
        "select": (["select", BIG, planes], "querying planes.dets"),
    }[what]
    cli.main(arguments, standalone_mode=False)
    assert bar in screen.getvalue()


# --- Erlang's own files -------------------------------------------------------------------------------------------


@pytest.mark.erlang
@pytest.mark.skipif(not AVAILABLE, reason="erl is not installed")
def test_erlangs_files_are_read_by_every_command(tmp_path: Path) -> None:
    theirs, tab = tmp_path / "e.dets", tmp_path / "e.tab"
    text = (
        f'begin {{ok, T}} = dets:open_file(make_ref(), [{{file, "{theirs}"}}, {{keypos, 2}}]),'
        " ok = dets:insert(T, [{N, integer_to_binary(N), ok} || N <- lists:seq(1, 20)]), dets:close(T),"
        f' E = ets:new(e, [bag]), ets:insert(E, [{{a, 1}}, {{a, 2}}]), ets:tab2file(E, "{tab}") end'
    )
    assert ask([(Atom("read"), text)]) == [Atom("ok")]
    query = "fun({N, T, ok}) when N > 18 -> {N, T} end"
    assert sorted(output("select", query, str(theirs), "--format", "csv").split()) == ["1,2", "19,19", "20,20"]
    assert sorted(output("export", str(tab), "-", "--no-header").split()) == ["a,1", "a,2"]
    target = str(tmp_path / "ours.dets")
    output("import", str(theirs), target)
    with dets.open(target) as table:
        assert table.lookup("7") == [(7, "7", Atom("ok"))]
