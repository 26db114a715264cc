"""The command line: results, messages, exit statuses. What is selected is computed a second time in plain Python."""

import csv
import io
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from click.testing import CliRunner, Result

from matchspec import Atom, V, parse_term
from runtime.cli import cli, run

Rows: TypeAlias = list[dict[str, str]]
ROOT = Path(__file__).parents[2]
DATA = ROOT / "examples" / "data"
PLANES = str(DATA / "planes.csv")

BIG = {
    "python": "lambda p: p.model if p.seats > 300 else SKIP",
    "elixir": "fun do {_, _, _, _, model, _, seats, _, _} when seats > 300 -> model end",
    "erlang": "fun({_, _, _, _, Model, _, Seats, _, _}) when Seats > 300 -> Model end",
    "raw": "[{{'_','_','_','_','$1','_','$2','_','_'},[{'>','$2',300}],['$1']}]",
    "raw Elixir": '[{{:_, :_, :_, :_, :"$1", :_, :"$2", :_, :_}, [{:>, :"$2", 300}], [:"$1"]}]',
}


def call(*arguments: str, given: str | bytes | None = None) -> Result:
    return CliRunner().invoke(cli, list(arguments), input=given, catch_exceptions=False)


def output(*arguments: str, given: str | bytes | None = None) -> str:
    result = call(*arguments, given=given)
    assert result.exit_code == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def planes() -> Rows:
    with (DATA / "planes.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], str]:
    def make(name: str, content: str | bytes) -> str:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return make


# --- select -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", BIG)
def test_every_form_selects_the_same(form: str, planes: Rows) -> None:
    expected = [plane["model"] for plane in planes if int(plane["seats"]) > 300]
    assert output("select", BIG[form], PLANES, "--format", "csv").splitlines() == ["1", *expected]


def test_json_lines(planes: Rows) -> None:
    text = output("select", "lambda p: p if p.year is None else SKIP", PLANES, "--na", "NA", "--format", "json")
    expected = [plane for plane in planes if plane["year"] == "NA"]
    found = [json.loads(line) for line in text.splitlines()]
    assert [row["tailnum"] for row in found] == [plane["tailnum"] for plane in expected]
    assert list(found[0]) == list(expected[0])
    assert all(row["year"] is None and type(row["seats"]) is int for row in found)


def test_csv_of_whole_rows_is_the_file_again() -> None:
    assert output("select", "lambda p: p", PLANES, "--format", "csv") == (DATA / "planes.csv").read_text("utf-8")


def test_table(planes: Rows) -> None:
    result = call("select", "lambda p: (p.tailnum, p.seats) if p.seats > 400 else SKIP", PLANES)
    lines = result.stdout.splitlines()
    expected = [(plane["tailnum"], plane["seats"]) for plane in planes if int(plane["seats"]) > 400]
    assert lines[0].split() == ["1", "2"]
    assert set(lines[1]) == {"-", " "}
    assert [tuple(line.split()) for line in lines[2:]] == expected
    assert result.stderr == f"{len(expected)} result{'' if len(expected) == 1 else 's'}\n"


def test_a_lambda_without_skip_gives_a_result_for_every_row(planes: Rows) -> None:
    lines = output("select", "lambda p: p.seats > 300", PLANES, "--format", "csv", "--no-header").splitlines()
    assert lines == ["true" if int(plane["seats"]) > 300 else "false" for plane in planes]


@pytest.mark.parametrize("limit", [0, 1, 7, 3322, 99999])
def test_limit(limit: int, planes: Rows) -> None:
    text = output("select", "lambda p: p.tailnum", PLANES, "--limit", str(limit), "--format", "json")
    assert [json.loads(line) for line in text.splitlines()] == [plane["tailnum"] for plane in planes][:limit]


def test_several_files_of_different_columns(write: Callable[[str, str], str]) -> None:
    first = write("a.csv", "x,name\n1,one\n2,two\n")
    second = write("b.jsonl", '{"name": "three", "x": 3}\n')
    third = write("c.tsv", "x\tname\n4\tfour\n")
    query = "lambda r: r.name if r.x >= 2 else SKIP"
    assert output("select", query, first, second, third, "--format", "json") == '"two"\n"three"\n"four"\n'
    assert output("select", query, first, second, third, "--format", "json", "--limit", "1") == '"two"\n'


def test_standard_input_delimiter_and_input_format() -> None:
    query = "lambda r: r.b if r.a == 1 else SKIP"
    assert output("select", query, "-", "--delimiter", ";", "--format", "json", given="a;b\n1;x\n") == '"x"\n'
    assert output("select", query, "-", "--delimiter", "\\t", "--format", "json", given="a\tb\n1\tx\n") == '"x"\n'
    options = ("--input-format", "json", "--format", "json")
    assert output("select", query, "-", *options, given='{"a": 1, "b": "x"}\n') == '"x"\n'


def test_query_from_a_file_and_from_standard_input(write: Callable[[str, str], str]) -> None:
    data = write("d.csv", "a,b\n1,x\n2,y\n")
    query = "fun({A, B})\n  when A > 1 -> B end\n"
    assert output("select", "@" + write("q.ms", query), data, "--format", "json") == '"y"\n'
    assert output("select", "-", data, "--format", "json", given="\ufeff" + query) == '"y"\n'


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("lambda r: r.b if r.a == wanted else SKIP", ["--set", "wanted=2"]),
        ("lambda r: r.b if r.b == wanted else SKIP", ["--set", 'wanted="y"']),
        ("lambda r: r.b if r.a in wanted else SKIP", ["--set", "wanted=[2, 3]"]),
        ("fun do {a, b} when a == ^wanted -> b end", ["--set", "wanted=2"]),
        ("fun do {a, b} when b == ^wanted -> b end", ["--syntax", "elixir", "--set", 'wanted="y"']),
        ("fun({A, B}) when A =:= Wanted -> B end", ["--set", "Wanted=2"]),
        ("fun({A, B}) when B =:= Wanted -> B end", ["--syntax", "erlang", "--set", 'Wanted=<<"y">>']),
    ],
)
def test_set(query: str, options: list[str], write: Callable[[str, str], str]) -> None:
    data = write("d.csv", "a,b\n1,x\n2,y\n")
    assert output("select", query, data, "--format", "json", *options) == '"y"\n'


def test_no_results(write: Callable[[str, str], str]) -> None:
    data = write("d.csv", "a,b\n1,x\n")
    for kind in ("table", "csv", "json"):
        assert output("select", "lambda r: r if r.a > 1 else SKIP", data, "--format", kind) == ""
    assert call("select", "lambda r: r if r.a > 1 else SKIP", data).stderr == "0 results\n"


# --- what goes wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "parts"),
    [
        ("lambda p: p.seats >", ["line 1", "column", "^"]),
        ("lambda p: p.seets > 1", ["seets", "seats", "^"]),
        ("lambda p: frobnicate(p)", ["frobnicate", "^"]),
        ("lambda a, b: a", ["9"]),
        ("lambda p: p if p.seats > missing else SKIP", ["missing", "^"]),
        ("fun({A, B}) -> C end", ["C", "^"]),
        ("fun do {a, b} -> end", ["^"]),
    ],
)
def test_a_bad_query_is_status_2_with_the_place(query: str, parts: list[str]) -> None:
    result = call("select", query, PLANES)
    assert result.exit_code == 2
    assert result.stdout == ""
    for part in parts:
        assert part in result.stderr


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("ragged.csv", "a,b\n1,2\n3\n", "line 3: 2 cells expected"),
        ("empty.csv", "", "the file is empty"),
        ("bytes.csv", b"a,b\n1,\xff\n", "line 2: byte 0xff"),
        ("bad.jsonl", '{"a": 1}\n{"a"\n', "line 2: no JSON"),
        ("no.csv.gz", b"x", "cannot be read"),
    ],
)
def test_a_bad_file_is_status_1(write: Callable[[str, str | bytes], str], name: str, content: Any, part: str) -> None:
    path = write(name, content)
    good = write("good.csv", "a,b\n1,2\n")
    result = call("select", "lambda r: r", good, path)
    assert result.exit_code == 1
    assert result.stdout == ""  # nothing half done
    assert f"{path}" in result.stderr
    assert part in result.stderr


def test_a_syntax_error_is_found_before_a_file_is_read(tmp_path: Path) -> None:
    result = call("select", "lambda r: (r", str(tmp_path / "none.csv"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "^" in result.stderr


def test_missing_files_are_status_1(tmp_path: Path) -> None:
    result = call("select", "lambda r: r", str(tmp_path / "none.csv"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no such file" in result.stderr
    result = call("select", f"@{tmp_path / 'none.ms'}", PLANES)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "the query cannot be read" in result.stderr


def test_a_query_file_that_is_no_text(write: Callable[[str, bytes], str]) -> None:
    result = call("select", "@" + write("q.ms", b"lambda r:\n \xff"), PLANES)
    assert result.exit_code == 1
    assert "line 2: the query is no UTF-8 text" in result.stderr


def test_a_row_for_which_the_lambda_fails_is_status_1(write: Callable[[str, str], str]) -> None:
    result = call("select", "lambda r: r.a + r.b", write("d.csv", "a,b\n1,x\n"))
    assert result.exit_code == 1
    assert "r.a + r.b" in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["select", "lambda r: r"],
        ["select", "lambda r: r", PLANES, "--format", "xml"],
        ["select", "lambda r: r", PLANES, "--limit", "-1"],
        ["select", "lambda r: r", PLANES, "--delimiter", "ab"],
        ["select", "lambda r: r", PLANES, "--delimiter", '"'],
        ["select", "lambda r: r", PLANES, "--set", "x"],
        ["select", "lambda r: r", PLANES, "--set", "1=2"],
        ["select", "lambda r: r", PLANES, "--set", "x=IAH"],
        ["select", "lambda r: r", PLANES, "--set", "x=)("],
        ["select", "-", "-"],
        ["translate", "lambda r: r.a", "--fields", "a,a"],
        ["translate", "lambda r: r.a", "--fields", "a,1"],
        ["frobnicate"],
    ],
)
def test_wrong_usage_is_status_2(arguments: list[str]) -> None:
    result = call(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error" in result.stderr or "Usage" in result.stderr


def test_an_int_too_long_to_print_is_status_1(write: Callable[[str, str], str]) -> None:
    result = call("select", "fun({A, B}) -> A bsl 20000 end", write("d.csv", "a,b\n1,x\n"))
    assert result.exit_code == 1
    assert "4,300 digits" in result.stderr
    assert result.stdout == ""


def test_ctrl_c_is_status_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("runtime.files.read_file", interrupted)
    assert run(["select", "lambda r: r", PLANES]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_run_returns_the_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["test", "fun({A}) -> A end", "{1}"]) == 0
    assert run(["test", "fun({A}) -> A end", "{1,2}"]) == 1
    assert run(["test", "fun({A}) ->", "{1}"]) == 2
    assert run(["--no-such-option"]) == 2
    assert capsys.readouterr().out == "1\nno match\n"


# --- translate and test -----------------------------------------------------------------------------------------------


def test_translate() -> None:
    query = "lambda u: u.name if u.age > 60 else SKIP"
    erlang = output("translate", query, "--fields", "name,age").strip()
    assert erlang == "[{{'$1','$2'},[{'>','$2',60}],['$1']}]"
    for target in ("erlang", "elixir", "python"):
        text = output("translate", query, "--fields", "name,age", "--to", target).strip()
        assert output("translate", text, "--fields", "name,age").strip() == erlang
    term = output("translate", query, "--fields", "name,age", "--to", "term")
    assert parse_term(term, "python") == [((V(1), V(2)), [(Atom(">"), V(2), 60)], [V(1)])]


def test_translate_what_has_no_translation_is_status_2() -> None:
    result = call("translate", "lambda s: round(s.x, 2)", "--fields", "x,y", "--to", "erlang")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "round()" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "result"),
    [
        (["fun({N, A}) when A > 60 -> N end", "{bob, 61}"], "bob"),
        (['fun({N, A}) when A > 60 -> {N, <<"x">>} end', "{[1], 61.5}"], '{[1],<<"x">>}'),
        (["fun do {n, a} when a > 60 -> n end", "{:bob, 61}"], ":bob"),
        (["fun do {n, a} when a > 60 -> [n] end", '{"bob", 61}'], '["bob"]'),
        (["[{{'$1','$2'},[{'>','$2',60}],['$1']}]", "{bob, 61}"], "bob"),
        (["lambda n, a: n if a > 60 else SKIP", '("bob", 61)'], '"bob"'),
        (["lambda u: u.n if u.a > 60 else SKIP", '("bob", 61)', "--fields", "n,a"], '"bob"'),
        (["lambda u: u.a > 60", "(None, 1)", "--fields", "n,a"], "False"),
    ],
)
def test_test(arguments: list[str], result: str) -> None:
    assert output("test", *arguments).strip().replace("'", '"') == result


def test_test_without_a_match_is_status_1() -> None:
    result = call("test", "fun({N, A}) when A > 60 -> N end", "{bob, 60}")
    assert (result.exit_code, result.stdout) == (1, "no match\n")


@pytest.mark.parametrize(
    ("arguments", "status", "part"),
    [
        (["fun({A}) -> A end", "{1"], 1, "ROW is no Erlang term"),
        (["fun({A}) -> A end", "{X}"], 1, "ROW is no Erlang term"),
        (["lambda u: u.a", "(1, 2)", "--fields", "a"], 1, "a tuple of 1 element"),
        (["fun({A}) -> B end", "{1}"], 2, "B"),
    ],
)
def test_test_with_bad_input(arguments: list[str], status: int, part: str) -> None:
    result = call("test", *arguments)
    assert (result.exit_code, result.stdout) == (status, "")
    assert part in result.stderr


# What is typed into the shell is for test_cli_shell.
DOCUMENTED = re.findall(
    r"(?m)^    \$ matchspec (?!shell)(.*)\n((?:    .*\n)+)", (ROOT / "docs" / "cli.md").read_text("utf-8")
)


@pytest.mark.parametrize(("command", "shown"), DOCUMENTED)
def test_the_examples_of_the_documentation(command: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(DATA)
    found = output(*shlex.split(command)).splitlines()
    expected = [line[4:] for line in shown.splitlines()]
    if expected[-1] == "...":
        expected.pop()
        assert len(found) > len(expected)
        found = found[: len(expected)]
    assert found == expected


def test_there_are_examples_in_the_documentation() -> None:
    assert {command.split()[0] for command, _ in DOCUMENTED} == {"select", "translate", "test"}


# --- the program ------------------------------------------------------------------------------------------------------


def program(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "matchspec", *arguments]
    return subprocess.run(command, cwd=ROOT, input=given, capture_output=True, encoding="utf-8", check=False)


def test_as_a_module() -> None:
    done = program("select", "lambda r: (r.a, r.b)", "-", "--format", "json", given="a,b\n1,\u00e9\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, '[1, "\u00e9"]\n', "")
    done = program("select", "lambda r: (r.a", "-")
    assert (done.returncode, done.stdout) == (2, "")
    assert "^" in done.stderr


def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    command = [sys.executable, "-m", "matchspec", "select", "lambda p: p", PLANES, "--format", "csv"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_version_and_help_load_no_grammar() -> None:
    assert output("--version").startswith("matchspec ")
    code = "import sys; from runtime.cli import run; run(['--help']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "lark" not in loaded
    assert "rich" not in loaded
    for command in ("select", "translate", "test"):
        assert "QUERY" in output(command, "--help")


def test_a_progress_bar_for_long_files_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, write: Callable[[str, str], str]
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    shown = Terminal()
    monkeypatch.setattr("runtime.progress_bars.LONG_FILE", 10)
    monkeypatch.setattr("sys.stderr", shown)
    monkeypatch.setattr("sys.stdout", io.StringIO())
    monkeypatch.setenv("TERM", "xterm")
    assert run(["select", "lambda r: r", write("long.csv", "a,b\n1,2\n3,4\n"), "--format", "csv"]) == 0
    assert "reading long.csv" in shown.getvalue()
    shown.truncate(0)
    assert run(["select", "lambda r: r", write("s.csv", "a,b\n"), "--format", "csv"]) == 0
    assert shown.getvalue() == ""


@pytest.mark.parametrize("limit", [[], ["--limit", "25000"]])
def test_a_progress_bar_for_long_scans_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, write: Callable[[str, str], str], limit: list[str]
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    path = write("rows.csv", "a\n" + "7\n" * 30_000)
    arguments = ["select", "lambda r: r.a", path, "--format", "csv", "--no-header", *limit]
    for long, bar in ((30_000, True), (30_001, False)):
        shown, results = Terminal(), io.StringIO()
        monkeypatch.setattr("runtime.progress_bars.LONG_SCAN", long)
        monkeypatch.setattr("sys.stderr", shown)
        monkeypatch.setattr("sys.stdout", results)
        monkeypatch.setenv("TERM", "xterm")
        assert run(arguments) == 0
        assert ("querying rows.csv" in shown.getvalue()) is bar
        assert results.getvalue().splitlines() == ["7"] * (25_000 if limit else 30_000)
    unseen = io.StringIO()
    monkeypatch.setattr("runtime.progress_bars.LONG_SCAN", 10)
    monkeypatch.setattr("sys.stderr", unseen)
    assert run(arguments) == 0
    assert "querying" not in unseen.getvalue()
