"""The page that is made of a run, here of a small one whose verdicts were worked out by hand."""

from pathlib import Path

import pytest

from bench import plots, prose, report
from bench.__main__ import GROUPS, all_cases
from bench.model import Options, optional
from bench.results import Result, read
from tests.pages import page, section, tables

SMALL = Path(__file__).parents[1] / "data" / "bench" / "small.json"


@pytest.fixture
def small() -> Result:
    return read(SMALL)


def test_every_target_has_its_verdict(small: Result) -> None:
    found = tables(report.page(small), "operation", "", "at most", "measured", "")
    assert len(found) == 6
    text = section(report.page(small), "## Targets")
    assert "| select_count | matchspec set | 1.1x dict by hand | 1.25x | **missed** |" in text
    assert "| select_count | matchspec set | 0.2x ETS set | 0.12x | met |" in text
    assert "| select_count | matchspec set | 0.9x ducks |  | not measured |" in text
    assert "| select_count | matchspec set | 0.9x TinyDB |  | not measured |" in text
    assert "| matchspec, a spec made before | 0.3 us | 0.25 us | met |" in text
    assert "1.5 us beyond matchspec, a spec made before | 1.75 us | **missed** |" in text
    assert "2 met, 2 missed, 2 not measured." in text


def test_every_figure_is_on_the_page(small: Result) -> None:
    text = report.page(small)
    assert "| matchspec set | 2.50 ms | 2.00 to 4.00 | 1.25x |" in text
    assert "| TinyDB (100 rows) | 1.00 ms | 1.00 to 1.00 |  |" in text
    assert "| us | 10,000 rows | 100,000 rows |" in text
    assert "| SortedDict |  | 4.00 |" in text
    assert "| matchspec set | 5.00 | 6.00 |" in text


def test_the_page_names_the_machine_and_who_was_left_out(small: Result) -> None:
    text = report.page(small)
    for some in ("compiled by mypyc", "a processor, 4 cores", "matchspec 0.1.0, Erlang/OTP 25", "| ducks |"):
        assert some in text


def test_a_reason_stands_where_a_target_is_missed_only(small: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prose, "WHY", {"select_count": "Because.", "range of 100 keys, 10,000 rows": "Never."})
    text = report.page(small)
    assert "- select_count: Because." in text
    assert "Never." not in text


def test_the_terminal_shows_what_is_missed(small: Result) -> None:
    text = report.verdicts(small)
    assert text.splitlines()[1] == "6 targets, 2 missed"
    assert "scans/select_count: matchspec set: 1.25x, at most 1.1x dict by hand" in text
    assert "1.25x" in report.told(small.cases[0])


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.00075, "0.00075"), (0.0, "0.00"), (0.126, "0.13"), (9.994, "9.99"), (12.34, "12.3"), (1234.5, "1,234")],
)
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert report.number(value) == text


@pytest.mark.skipif(optional("matplotlib") is None, reason="plots need matplotlib")
def test_the_same_figures_give_the_same_files(small: Result, tmp_path: Path) -> None:
    report.write(small, tmp_path / "a")
    report.write(small, tmp_path / "b")
    files = [path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file()]
    assert sorted(map(str, files)) == ["performance.md", "plots/growth.svg", "plots/scans.svg"]
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    drawing = (tmp_path / "a" / "plots" / "scans.svg").read_text("utf-8")
    assert "ETS set" in drawing
    assert "TinyDB" not in drawing, "a bar over fewer rows would mislead"
    assert "<dc:date>" not in drawing


def test_every_plot_that_is_linked_is_drawn(small: Result) -> None:
    for group in (*report.PLOTTED, "growth"):
        assert plots.file_of(group).endswith(f"{group}.svg")
    assert report.page(small).count("](plots/") == 2


def test_the_prose_knows_every_group_and_no_other_case() -> None:
    cases = all_cases(Options())
    assert {case.group for case in cases} == set(prose.SECTIONS)
    assert len(prose.SECTIONS) == len(GROUPS)
    assert set(prose.WHY) <= {case.name for case in cases}


def test_the_page_in_docs_has_the_targets_of_today() -> None:
    listed = {
        (row["operation"], row["at most"])
        for row in tables(page("performance.md"), "operation", "", "at most", "measured", "")
    }
    for case in all_cases(Options()):
        for target in case.targets if case.group != "growth" else ():
            assert any(name == case.name and limit.startswith(f"{target.at_most:g}") for name, limit in listed), (
                case.name
            )
