"""`matchspec shell`: what is typed, what is printed. Results are computed a second time in plain Python."""

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from matchspec import spec
from runtime import cli_shell, dets
from runtime.cli import cli

DATA = Path(__file__).parents[2] / "examples" / "data"
DOCUMENTATION = DATA.parents[1] / "docs" / "cli.md"
PLANES = str(DATA / "planes.csv")


@pytest.fixture(scope="module")
def planes() -> list[dict[str, str]]:
    with (DATA / "planes.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def typed(*lines: str, arguments: tuple[str, ...] = (PLANES, "--format", "json")) -> Result:
    return CliRunner().invoke(cli, ["shell", *arguments], input="\n".join(lines) + "\n", catch_exceptions=False)


def printed(*lines: str, arguments: tuple[str, ...] = (PLANES, "--format", "json")) -> list[Any]:
    result = typed(*lines, arguments=arguments)
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_queries_of_all_languages(planes: list[dict[str, str]]) -> None:
    big = [plane["model"] for plane in planes if int(plane["seats"]) > 300]
    assert printed("lambda p: p.model if p.seats > 300 else SKIP") == big
    assert printed("fun({_,_,_,_,Model,_,Seats,_,_}) when Seats > 300 -> Model end") == big
    assert printed("fn {_, _, _, _, model, _, seats, _, _} when seats > 300 -> model end") == big
    assert printed(
        "", "lambda p: p.model if p.seats > 300 else SKIP", "", "", "lambda p: 1 if p.seats > 449 else SKIP"
    ) == [
        *big,
        *[1 for plane in planes if int(plane["seats"]) > 449],
    ]


def test_a_query_over_several_lines(planes: list[dict[str, str]]) -> None:
    expected = [plane["tailnum"] for plane in planes if int(plane["seats"]) > 300 and plane["engine"] == "Turbo-jet"]
    assert (
        printed(
            "lambda p: (", "    p.tailnum", "    if p.seats > 300", '    and p.engine == "Turbo-jet"', "    else SKIP)"
        )
        == expected
    )
    assert (
        printed("fun(P)", 'when element(7, P) > 300, element(9, P) == <<"Turbo-jet">> ->', "element(1, P)", "end")
        == expected
    )


def test_an_empty_line_gives_up() -> None:
    result = typed("lambda p: (p.seats", "", "lambda p: p.seats if p.seats > 449 else SKIP")
    assert result.exit_code == 2
    assert result.stdout == "450\n"
    assert "lambda p: (p.seats" in result.stderr
    assert typed("lambda p: (p.seats").exit_code == 2  # the same at the end of the input


def test_limit_count_and_format(planes: list[dict[str, str]]) -> None:
    seats = [int(plane["seats"]) for plane in planes]
    assert printed(
        ".limit 3", "lambda p: p.seats", ".limit", ".count lambda p: p.seats if p.seats > 300 else SKIP"
    ) == [
        *seats[:3],
        sum(1 for number in seats if number > 300),
    ]
    lines = typed(".format csv", "lambda p: (p.tailnum, p.seats) if p.seats > 449 else SKIP").stdout.splitlines()
    assert lines == ["1,2", *[f"{plane['tailnum']},{plane['seats']}" for plane in planes if int(plane["seats"]) > 449]]


def test_settings(planes: list[dict[str, str]]) -> None:
    def most(number: int) -> list[str]:
        return [plane["tailnum"] for plane in planes if int(plane["seats"]) > number]

    query = "lambda p: p.tailnum if p.seats > least else SKIP"
    assert printed(".set least=300", query, ".set least = 390", query) == most(300) + most(390)
    assert typed(".set least=300", ".set b='x'", ".set", ".set least=", ".set").stdout == "least=300\nb='x'\nb='x'\n"
    result = typed(".set least=300", ".set least=", query)
    assert (result.exit_code, result.stdout) == (2, "")
    result = typed(".set least=300", ".set least=(((", query, arguments=(PLANES, "--format", "json"))
    assert result.exit_code == 2
    assert [json.loads(line) for line in result.stdout.splitlines()] == most(300)  # a bad value changes nothing


def test_translations_need_no_file() -> None:
    query = "fun({Name, Age}) when Age > 60 -> Name end"
    for target, method in (("erlang", "to_erlang"), ("elixir", "to_elixir"), ("python", "to_python")):
        assert typed(f".to {target} {query}", arguments=()).stdout == getattr(spec(query), method)() + "\n"
    result = typed(query, ".count " + query, ".explain " + query, arguments=())
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("there is no file to query") == 3


@pytest.mark.parametrize(
    ("line", "status", "message"),
    [
        ("lambda p: p.seat", 2, "planes has no field 'seat'"),
        ("lambda p: p.seats +* 2", 2, "line 1, column 20"),
        (".counts lambda p: p", 2, ".counts is no command"),
        (".to latin lambda p: p", 2, "allowed are erlang, elixir, python"),
        (".to erlang", 2, "a query has to follow"),
        (".count", 2, "a query has to follow"),
        (".syntax perl", 2, "allowed are auto, python, elixir, erlang"),
        (".format xml", 2, "allowed are table, csv, json"),
        (".limit many", 2, "a number is wanted"),
        (".set least", 2, "NAME=VALUE is wanted"),
        ("lambda p: 1 / (p.seats - p.seats)", 1, "cannot be computed for the row"),
    ],
)
def test_after_a_mistake_it_goes_on(line: str, status: int, message: str) -> None:
    result = typed(line, "lambda p: p.seats if p.seats > 449 else SKIP")
    assert result.exit_code == status
    assert message in result.stderr
    assert result.stdout == "450\n"


def test_quit_and_help() -> None:
    result = typed(".help", ".quit", "lambda p: p.seats")
    listed = [line.split()[0] for line in result.stdout.splitlines()]
    assert listed == [".count", ".explain", ".fields", ".format", ".help", ".limit", ".quit", ".set", ".syntax", ".to"]
    assert typed(".help limit").stdout.split()[:2] == [".limit", "N"]


def test_a_table_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "numbers.dets"
    with dets.open(path, tuple[int, int], index=[2]) as table:
        table.insert([(n, n % 7) for n in range(100)])
    query = "lambda key, rest: key if rest == 3 else SKIP"
    result = typed(query, f".explain {query}", ".fields", ".limit 2", query, arguments=(str(path), "--format", "json"))
    lines = result.stdout.splitlines()
    expected = [str(n) for n in range(100) if n % 7 == 3]
    assert lines[: len(expected)] == expected
    assert any("index of 2" in line for line in lines)
    assert "numbers.dets, 100 rows, set on disk" in lines
    assert lines[-2:] == expected[:2]


def test_at_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    prompts: list[str] = []
    lines: list[str | type[BaseException]] = [
        "fun({A, B}) when",
        "A > 1 -> B end",
        "lambda a, b: (",
        "oops",
        "",
        ".limit 1",
        "lambda a, b: a",
    ]

    def answer(prompt: str) -> str:
        prompts.append(prompt)
        if not lines:
            raise EOFError
        return str(lines.pop(0))

    monkeypatch.setattr("builtins.input", answer)
    shell = cli_shell.Shell(cli_shell.RowsPlace("rows", [(1, "x"), (2, "y"), (3, "z")], None), "json", "auto", True)
    shell.cmdloop()
    more, ready = "       ... ", "matchspec> "
    assert prompts == [ready, more, ready, more, more, ready, ready, ready]
    assert capsys.readouterr().out.splitlines() == ['"y"', '"z"', "1", ""]


def test_the_session_of_the_documentation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(DATA)
    (session,) = re.findall(r"(?m)^    \$ matchspec shell (?:.*)\n((?:    .*\n)+)", DOCUMENTATION.read_text("utf-8"))
    place, intro, *lines = [line[4:] for line in session.splitlines()]
    assert intro == cli_shell.INTRO
    asked = [line.removeprefix("matchspec> ") for line in lines if line.startswith("matchspec> ")]
    shown = [line for line in lines if not line.startswith("matchspec> ")]
    result = typed(".fields", *asked, arguments=("planes.csv",))
    told = [line for line in result.stdout.splitlines() if not line.startswith("   ")]
    assert [told[0], *told[1:], *result.stderr.splitlines()] == [place, *sorted(shown, key="1 result".__eq__)]


def test_what_it_refuses() -> None:
    run: Callable[..., Result] = CliRunner().invoke
    assert run(cli, ["shell", "-"]).exit_code == 2
    assert run(cli, ["shell", "there-is-no-such-file.csv"]).exit_code == 1
    assert run(cli, ["shell", PLANES, "--delimiter", "ab"]).exit_code == 2
