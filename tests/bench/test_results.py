"""What is made of figures: verdicts, files, and the comparison of two runs."""

import dataclasses
import json
from pathlib import Path

import pytest

from bench.model import Target
from bench.results import Figure, Measured, Result, compared, loaded, read, saved, shown

SMALL = Path(__file__).parents[1] / "data" / "bench" / "small.json"


def result_of(*cases: Measured) -> Result:
    return Result("plain Python", {}, {}, {}, 1000, 1, list(cases))


def case_of(targets: list[Target], **medians: float) -> Measured:
    figures = [Figure(name, median, median, median, 1, 1000) for name, median in medians.items()]
    return Measured("scans", "case", "ms", 1000, "base", figures, targets)


def test_a_figure_is_the_median() -> None:
    assert Figure.of("a", [3.0, 1.0, 2.0], 10) == Figure("a", 2.0, 1.0, 3.0, 3, 10)


@pytest.mark.parametrize(
    ("target", "value", "verdict"),
    [
        (Target("ours", 1.1, "base"), 1.5, "missed"),
        (Target("ours", 1.5, "base"), 1.5, "met"),
        (Target("ours", 3.0), 3.0, "met"),
        (Target("ours", 2.9), 3.0, "missed"),
        (Target("ours", 1.0, "base", beyond=True), 1.0, "met"),
        (Target("ours", 0.5, "base", beyond=True), 1.0, "missed"),
        (Target("ours", 1.0, "nobody"), None, "not measured"),
        (Target("nobody", 1.0, "base"), None, "not measured"),
        (Target("nobody", 1.0), None, "not measured"),
    ],
)
def test_verdicts(target: Target, value: float | None, verdict: str) -> None:
    (judged,) = case_of([target], ours=3.0, base=2.0).judged()
    assert (judged.value, judged.verdict) == (value, verdict)


def test_figures_over_other_rows_are_not_set_in_a_ratio() -> None:
    case = case_of([Target("ours", 1.0, "few")], ours=3.0, base=2.0)
    case.figures.append(Figure("few", 1.0, 1.0, 1.0, 1, 10))
    assert [case.ratio(figure) for figure in case.figures] == [1.5, 1.0, None]
    assert [judged.verdict for judged in case.judged()] == ["not measured"]


def test_a_run_comes_back_from_its_file(tmp_path: Path) -> None:
    result = result_of(case_of([Target("ours", 1.0, "base")], ours=1.0, base=2.0))
    path = tmp_path / "run.json"
    path.write_text(saved(result), "utf-8")
    assert read(path) == result


def test_the_stored_run_is_written_as_it_was_read() -> None:
    text = SMALL.read_text("utf-8")
    assert json.loads(saved(loaded(text, "small"))) == json.loads(text)


@pytest.mark.parametrize("text", ["", "[1]", "{}", '{"version": 99}'])
def test_other_files_are_refused(text: str) -> None:
    with pytest.raises(SystemExit, match=r"^some\.json is no file of results"):
        loaded(text, "some.json")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"run\.json cannot be read"):
        read(tmp_path / "run.json")


def test_two_runs_are_compared_and_changes_of_more_than_a_tenth_marked() -> None:
    old = result_of(case_of([], faster=2.0, slower=1.0, same=1.0, gone=1.0))
    new = result_of(case_of([], faster=1.0, slower=2.0, same=1.05, fresh=1.0))
    changes = compared(old, new)
    assert [(change.name, change.mark) for change in changes] == [
        ("faster", "better"),
        ("slower", "WORSE"),
        ("same", ""),
    ]
    assert [change.ratio for change in changes[:2]] == [2.0, 0.5]
    lines = shown(changes).splitlines()
    assert [line.split()[-1] for line in lines] == ["better", "WORSE", "0.95x"]


def test_runs_over_other_rows_are_not_compared() -> None:
    old = case_of([], ours=1.0)
    few = [dataclasses.replace(figure, rows=10) for figure in old.figures]
    assert compared(result_of(old), result_of(dataclasses.replace(old, figures=few))) == []
