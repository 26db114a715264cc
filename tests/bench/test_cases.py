"""The cases themselves: names that fit together, and a quick run of all contestants that are installed.

Every contestant's answer is compared with that of the others within the run; the list comprehension is one of them.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.__main__ import GROUPS, QUICK, absent, all_cases, parsed
from bench.contestants.erlang import OPERATIONS, source_of
from bench.model import Case, Options
from bench.results import read

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return all_cases(Options())


def test_no_two_cases_have_one_name(cases: list[Case]) -> None:
    names = [case.called() for case in cases]
    assert len(set(names)) == len(names)


def test_targets_and_bases_name_contestants_of_their_case(cases: list[Case]) -> None:
    missing = absent()
    for case in cases:
        asked = [target.who for target in case.targets]
        for name in [case.base, *asked, *[target.against for target in case.targets]]:
            assert not name or name in case.ways or name in missing, f"{case.called()}: {name}"


def test_the_targets_that_were_set_are_measured(cases: list[Case]) -> None:
    """As the project states them: what is done, how much at most, and against whom."""
    found = {(case.name, target.at_most, target.against) for case in cases for target in case.targets}
    stated = {
        ("select, 1 guard, 10 % found", 1.1, "dict by hand"),
        ("select, 1 guard, 10 % found", 0.2, "ETS set"),
        ("select, 1 guard, 10 % found", 0.7, "ETS ordered_set"),
        ("select, 1 guard, 10 % found", 0.6, "sqlite3"),
        ("select, 3 guards, to tuples", 1.1, "dict by hand"),
        ("select, 3 guards, to tuples", 0.2, "ETS set"),
        ("select, 3 guards, to tuples", 0.7, "ETS ordered_set"),
        ("select, 3 guards, to tuples", 0.6, "sqlite3"),
        ("select, 1 guard, 10 % found, scattered", 1.0, "dict by hand"),
        ("select, 3 guards, to tuples, scattered", 1.0, "dict by hand"),
        ("select_count", 1.1, "dict by hand"),
        ("match_object on a column, 1 % found", 1.1, "dict by hand"),
        ("select_delete, 10 %", 1.1, "dict by hand"),
        ("insert a ready row", 0.2, "ETS set"),
        ("insert a ready row", 0.4, "ETS set"),
        ("lookup, keys in sequence", 0.35, "ETS set"),
        ("member", 0.25, "ETS set"),
        ("update_counter", 1.2, "ETS set"),
        ("range of 100 keys", 1.5, "SortedDict"),
        ("range of 100 keys", 0.001, "ETS ordered_set"),
        ("1,000 keys in one query", 2.0, "matchspec set, 1,000 lookups"),
        ("equality on an index, 100 rows", 2.0, "dict of sets by hand"),
        ("select on a table of one row", 1.5, "matchspec, a spec made before"),
        ("select on a table of one row", 0.3, None),
        ("first query of a fresh process", 80, "Python that does nothing"),
        ("bytes per row", 1.05, "dict by hand"),
        ("insert, kept when the process dies", 1.5, "sqlite3 by hand"),
        ("insert, kept when the process dies", 0.5, "DETS"),
        ("insert and sync", 0.5, "DETS"),
        ("insert of all rows at once, per row", 1.5, "sqlite3 by hand"),
        ("insert of all rows at once, per row", 0.5, "DETS"),
        ("lookup, random keys", 1.5, "sqlite3 by hand"),
        ("lookup, random keys", 0.5, "DETS"),
        ("select of rows, 1 guard, 10 % found", 1.3, "sqlite3 by hand"),
        ("select of rows, 1 guard, 10 % found", 0.3, "DETS"),
        ("count, 1 guard", 1.3, "sqlite3 by hand"),
        ("range of 100 keys", 1.3, "sqlite3 by hand"),
        ("equality on an index, 100 rows", 1.3, "sqlite3 by hand"),
        ("lookup, random keys", 1.5, "DETS"),
        ("all rows", 1.0, "DETS"),
        ("bytes per row in the file", 1.2, "sqlite3 by hand"),
        ("open and look up one row, 1,000 rows", 2.0, None),
    }
    assert stated <= found


def test_erlang_has_every_operation_that_it_is_asked_for() -> None:
    written = re.findall(r"^operation\((\w+),", source_of("tables").read_text("utf-8"), re.MULTILINE)
    assert set(written) == {*OPERATIONS, "range_by_next"}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--rows", "10"], "--rows is how many rows"),
        (["--repeats", "0"], "--repeats is how many rounds"),
        (["--quick", "--docs", "docs"], "--docs writes the page of a whole run"),
        (["--only", "scans", "--docs", "docs"], "--docs writes the page of a whole run"),
    ],
)
def test_bad_arguments_are_refused(arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed(arguments)
    assert problem in capsys.readouterr().err


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_case_that_is_not_there_is_told() -> None:
    run = bench("--quick", "--only", "scans/nothing")
    assert (run.returncode, run.stderr) == (1, "no case begins with scans/nothing\n")


@pytest.mark.slow
def test_a_quick_run_of_everything(tmp_path: Path) -> None:
    """It ends with an error if two contestants disagree."""
    path = tmp_path / "run.json"
    run = bench("--quick", "--json", str(path))
    assert run.returncode == 0, run.stderr
    result = read(path)
    assert {case.group for case in result.cases} == {group.__name__.rsplit(".", 1)[1] for group in GROUPS}
    assert [(case.group, case.name) for case in result.cases] == [(case.group, case.name) for case in all_cases(QUICK)]
    for case in result.cases:
        assert case.figures, case.name
        assert all(figure.median > 0 and figure.runs >= 1 for figure in case.figures if case.group != "memory"), (
            case.name
        )
    names = {figure.name for case in result.cases for figure in case.figures}
    assert {"matchspec set", "matchspec set, typed", "matchspec ordered_set, typed", "dict by hand", "sqlite3"} <= names
    if shutil.which("erl"):
        assert {"ETS set", "ETS ordered_set"} <= names
    again = bench("--load", str(path), "--compare", str(path))
    assert again.returncode == 0, again.stderr
    assert "1.00x" in again.stdout
    assert "WORSE" not in again.stdout
