"""Results as text: what the csv and json modules read back is what went in, and the layout rules of docs/cli.md."""

import csv
import io
import json
import math
import re
from typing import Any, NamedTuple, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchspec.terms import ImproperList
from matchspec.values import Atom
from runtime.output import write_csv, write_json, write_table

Result: TypeAlias = Any  # results are terms of any kind


class User(NamedTuple):
    name: str
    age: int | None


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def as_csv(results: list[Result], **options: bool) -> list[list[str]]:
    out = io.StringIO(newline="")
    write_csv(results, out, header=options.get("header", True))
    return list(csv.reader(io.StringIO(out.getvalue(), newline=""), strict=True))


def as_json(results: list[Result]) -> list[Result]:
    out = io.StringIO()
    write_json(results, out)
    return [json.loads(line) for line in out.getvalue().split("\n")[:-1]]


def as_table(results: list[Result], **options: bool) -> list[str]:
    out = io.StringIO()
    write_table(results, out, **options)
    return out.getvalue().splitlines()


@pytest.mark.parametrize(
    ("results", "headers"),
    [
        ([User("a", 1), User("b", None)], ["name", "age"]),
        ([("a", 1), ("b", 2)], ["1", "2"]),
        ([User("a", 1), ("b", 2)], ["1", "2"]),
        ([("a", 1), ("b",)], ["1"]),
        ([(), ()], ["1"]),
        (["a", 1, None], ["1"]),
        ([{"x": 1, "y": 2}, {"x": 3, "y": 4}], ["x", "y"]),
        ([{Atom("x"): 1}], ["x"]),
        ([{"x": 1}, {"y": 1}], ["1"]),
        ([{1: 1}], ["1"]),
        ([{"x": 1, Atom("x"): 2}], ["1"]),
    ],
)
def test_columns(results: list[Result], headers: list[str]) -> None:
    rows = as_csv(results)
    assert rows[0] == headers
    assert len(rows) == len(results) + 1
    assert all(len(row) == len(headers) for row in rows)
    assert as_csv(results, header=False) == rows[1:]
    assert as_table(results)[0].split() == headers


VALUES: list[tuple[Result, str, Result]] = [
    (None, "", None),
    (True, "true", True),
    (False, "false", False),
    (1, "1", 1),
    (1.0, "1.0", 1.0),
    (-0.0, "-0.0", -0.0),
    (math.inf, "inf", None),
    (math.nan, "nan", None),
    (2**70, str(2**70), 2**70),
    ("text", "text", "text"),
    ('a"b, c', 'a"b, c', 'a"b, c'),
    (Atom("ok"), "ok", "ok"),
    (b"bytes", "bytes", "bytes"),
    (b"\xff\x00", "base64:/wA=", "base64:/wA="),
    ([1, "x", None], '[1, "x", null]', [1, "x", None]),
    ((1, (2.5, Atom("a"))), '[1, [2.5, "a"]]', [1, [2.5, "a"]]),
    ([User("a", None)], '[{"name": "a", "age": null}]', [{"name": "a", "age": None}]),
    ({"x": {Atom("y"): True}}, '{"x": {"y": true}}', {"x": {"y": True}}),
    ({1: "a", 2.0: "b"}, '[[1, "a"], [2.0, "b"]]', [[1, "a"], [2.0, "b"]]),
    ({(1, 2): "a"}, '[[[1, 2], "a"]]', [[[1, 2], "a"]]),
    ({"x": 1, Atom("x"): 2}, '[["x", 1], ["x", 2]]', [["x", 1], ["x", 2]]),
    (ImproperList([1, 2], 3), "[1,2|3]", "[1,2|3]"),
    (3 + 4j, "(3+4j)", "(3+4j)"),
]


@pytest.mark.parametrize(("value", "cell", "as_value"), VALUES)
def test_values(value: Result, cell: str, as_value: Result) -> None:
    # The second element keeps the results from being spread or the line from being blank.
    assert as_csv([(value, "end")])[1] == [cell, "end"]
    (read,) = as_json([(value, "end")])
    assert (type(read[0]), repr(read[0])) == (type(as_value), repr(as_value))


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)


@given(st.lists(st.tuples(TEXT, st.integers(), st.none() | TEXT), min_size=1, max_size=5))
def test_csv_reads_back(rows: list[tuple[str, int, str | None]]) -> None:
    assert as_csv(list(rows), header=False) == [[text, str(number), other or ""] for text, number, other in rows]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(JSON_VALUES, max_size=4))
def test_json_reads_back(values: list[Result]) -> None:
    assert repr(as_json(values)) == repr(values)


def test_no_results_write_nothing() -> None:
    assert as_csv([]) == []
    assert as_json([]) == []
    assert as_table([]) == []


def test_tables_align_and_do_not_cut() -> None:
    long = "x" * 300
    assert as_table([User("Ann", 7), User("\u65e5\u672c", 10), User(long, None)]) == [
        f"name{' ' * 296}  age",
        f"{'-' * 300}  ---",
        f"Ann{' ' * 297}    7",
        f"\u65e5\u672c{' ' * 296}   10",
        long,
    ]
    assert as_table([1, 20], header=False) == [" 1", "20"]


def test_tables_show_control_characters_as_escapes() -> None:
    assert as_table(["a\x1b[31mb\nc\u202e"])[2] == r"a\x1b[31mb\nc\u202e"


def test_json_to_a_narrow_encoding_uses_escapes() -> None:
    buffer = io.BytesIO()
    out = io.TextIOWrapper(buffer, encoding="ascii")
    write_json(["\u00e9\U0001f600"], out)
    assert json.loads(buffer.getvalue().decode("ascii")) == "\u00e9\U0001f600"


def test_a_terminal_gets_a_table_that_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    out = Terminal()
    write_table([User("[bold]x[/bold]", 7), User("y" * 200, None)], out)
    lines = re.sub("\x1b\\[[0-9;]*m", "", out.getvalue()).splitlines()
    assert max(map(len, lines)) <= 80
    assert "[bold]x[/bold]" in out.getvalue()  # data is no markup
    assert out.getvalue().count("y") == 200  # folded, not cut


@pytest.mark.parametrize(
    "results",
    [
        [User("y" * 100, number) for number in range(1001)],
        [tuple(range(100_000, 100_020))],
        [("a text that is long",) * 8],
    ],
    ids=["many rows", "many numbers", "many texts"],
)
def test_what_does_not_fit_a_terminal_is_not_folded(results: list[Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    out, plain = Terminal(), io.StringIO()
    write_table(results, out)
    write_table(results, plain)
    assert out.getvalue() == plain.getvalue()
