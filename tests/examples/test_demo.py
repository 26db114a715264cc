"""The demo: its questions give what plain Python finds in the files, in all three languages."""

import csv
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest
from rich.console import Console

from examples import demo, demo_flights, demo_planes
from examples.demo_question import DataSet
from matchspec import spec
from runtime import ets

Cells: TypeAlias = dict[str, str]
Answers: TypeAlias = list[Any]  # tuples of a shape of their own for each question
PLANES: Final = Path(demo_planes.__file__).parent / "data" / "planes.csv"

FLIGHTS: Final = """\
year,month,day,dep_time,sched_dep_time,dep_delay,arr_time,sched_arr_time,arr_delay,carrier,flight,tailnum,origin,dest,\
air_time,distance,hour,minute,time_hour
2013,1,1,517,515,2,830,819,121,HA,51,N1,JFK,HNL,227,4983,5,15,2013-01-01T10:00:00Z
2013,1,1,517,515,2,830,819,120,HA,52,N1,JFK,HNL,227,4983,5,15,2013-01-01T10:00:00Z
2013,1,1,517,515,2,830,819,200,HA,53,N1,JFK,LAX,227,2475,5,15,2013-01-01T10:00:00Z
2013,1,1,NA,515,NA,NA,819,NA,HA,54,NA,JFK,HNL,NA,4983,5,15,2013-01-01T10:00:00Z
2013,2,1,NA,515,NA,NA,819,NA,B6,55,NA,JFK,SFO,NA,2586,5,15,2013-01-01T10:00:00Z
2013,2,1,NA,515,NA,NA,819,NA,UA,56,NA,EWR,BOS,NA,200,5,15,2013-01-01T10:00:00Z
2013,2,1,517,515,2,NA,819,NA,UA,57,N1,EWR,SFO,NA,2565,5,15,2013-01-01T10:00:00Z
2013,3,1,517,515,235,830,819,126,UA,58,N1,EWR,JAX,227,820,5,15,2013-01-01T10:00:00Z
2013,3,1,517,515,75,830,819,0,UA,59,N1,EWR,JAX,227,820,5,15,2013-01-01T10:00:00Z
2013,3,1,517,515,-2,830,819,-76,VX,60,N1,JFK,SFO,227,2586,5,15,2013-01-01T10:00:00Z
2013,3,1,517,515,-2,830,819,-75,VX,61,N1,JFK,LAX,227,2475,5,15,2013-01-01T10:00:00Z
2013,3,1,517,515,899,830,819,901,MQ,62,N1,EWR,ORD,227,719,5,15,2013-01-01T10:00:00Z
"""


@pytest.fixture
def flights(tmp_path: Path) -> Path:
    path = tmp_path / "flights.csv.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("flights.csv", FLIGHTS)
    return path


def number(cell: str) -> int | None:
    return None if cell == "NA" else int(cell)


def over(cell: str, bound: int) -> bool:
    return cell != "NA" and int(cell) > bound


def expected_of_flights(rows: list[Cells]) -> list[Answers]:
    both = [row for row in rows if "NA" not in (row["dep_delay"], row["arr_delay"])]
    made_up = [(row, int(row["dep_delay"]) - int(row["arr_delay"])) for row in both]
    return [
        [
            (row["carrier"], int(row["flight"]), int(row["arr_delay"]))
            for row in rows
            if row["dest"] == "HNL" and over(row["arr_delay"], 120)
        ],
        [
            (row["origin"], row["dest"], row["carrier"], int(row["flight"]))
            for row in rows
            if row["month"] == "2" and row["dep_delay"] == "NA" and int(row["distance"]) > 2500
        ],
        [
            (row["origin"], row["dest"], int(row["dep_delay"]), int(row["arr_delay"]), gained)
            for row, gained in made_up
            if gained > 75
        ],
        [
            ("early" if int(row["arr_delay"]) < 0 else "late", row["carrier"], row["dest"], int(row["arr_delay"]))
            for row in rows
            if row["arr_delay"] != "NA" and not -75 <= int(row["arr_delay"]) <= 900
        ],
        [row for row in rows if row["dest"] in ("LAX", "SFO") and row["carrier"] != "UA"],
    ]


def expected_of_planes(rows: list[Cells]) -> list[Answers]:
    special = [
        ("old", row["tailnum"], int(row["year"]))
        if row["year"] != "NA" and int(row["year"]) < 1960
        else ("fast", row["tailnum"], int(row["speed"]))
        for row in rows
        if (row["year"] != "NA" and int(row["year"]) < 1960) or over(row["speed"], 400)
    ]
    return [
        [(row["manufacturer"], row["model"], int(row["seats"])) for row in rows if row["tailnum"] == "N670US"],
        [
            (row["tailnum"], row["model"], int(row["seats"]))
            for row in rows
            if row["year"] == "NA" and int(row["seats"]) > 300
        ],
        [
            (row["model"], int(row["engines"]), int(row["seats"]))
            for row in rows
            if int(row["seats"]) / int(row["engines"]) > 180
        ],
        special,
        [row for row in rows if row["engine"] in ("Turbo-fan", "Turbo-jet") and int(row["seats"]) > 100],
    ]


def check(data: DataSet[Any], expected: list[Answers]) -> None:
    table = ets.new(data.name, data.row_type, type="duplicate_bag", keypos=data.key)
    table.insert(data.rows)
    for question, answers in zip(data.questions, expected, strict=True):
        assert answers, question.title
        for query in (question.python, question.elixir, question.erlang):
            compiled = spec(query, row=data.row_type)
            if question.columns:
                assert sorted(table.select(compiled)) == sorted(answers), question.title
                assert all(len(answer) == len(question.columns) for answer in answers)
            else:
                assert table.select_count(compiled) == len(answers), question.title
    table.drop()


def test_flights(flights: Path) -> None:
    check(demo_flights.load(flights), expected_of_flights(list(csv.DictReader(io.StringIO(FLIGHTS)))))


def test_planes() -> None:
    with PLANES.open(newline="") as file:
        check(demo_planes.load(), expected_of_planes(list(csv.DictReader(file))))


@pytest.mark.parametrize("installed", [True, False])
def test_the_program(
    installed: bool, flights: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found: Callable[[], Path | None] = (lambda: flights) if installed else lambda: None
    monkeypatch.setattr(demo_flights, "flights_file", found)
    demo.main()
    text = capsys.readouterr().out
    assert ("not installed" in text) != installed
    assert ("12 rows" if installed else "3,322 rows") in text
    assert text.count("the lambda as a match specification") == 5
    assert ets.whereis("flights") is None


def test_long_lines_are_cut_at_commas() -> None:
    console = Console(file=io.StringIO(), width=20)
    demo.show("[{{'$1','$2','$3','$4'},[],['$1']}]", "erlang", console)
    assert console.file.getvalue() == "    [{{'$1','$2',\n    '$3','$4'},[],\n    ['$1']}]\n"  # type: ignore[attr-defined]  # a StringIO
