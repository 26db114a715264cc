"""Recorded answers of Erlang/OTP 25, Elixir 1.14 and ex2ms, row by row; a failure names the rows."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

from matchspec import NO_MATCH, MatchSpec, MatchSpecError, exactly_equal, format_term, parse_term, spec

Value: TypeAlias = Any
JsonRow: TypeAlias = dict[str, Any]
AnySpec: TypeAlias = MatchSpec[Any, Any]

DATA: Final = Path(__file__).parents[1] / "data" / "conformance"
BATCHES: Final = 10

# Rows that are not compared, each with its reason.
LEFT_OUT: Final[dict[str, str]] = {
    "badspec-0001": "the empty list of clauses: test_ms refuses it, ets:select takes it and finds nothing, as ours does",
    "fn-0018": "floor/1, which match specs have from OTP 26 on",
    "fn-0023": "max/2, which match specs have from OTP 26 on",
    "fn-0035": "is_function/2, which match specs have from OTP 26 on",
    "x2m-0198": "pins Elixir code with a capture, `&(&1 * 2)`, which is no term and no guard function",
}

# What fun2ms and ex2ms refuse and ours takes unless `strict`: rows by what they have.
KNOWN_EXTENSIONS: Final[dict[str, list[str]]] = {
    "a raw match spec is a query too": ["f2e-0165"],
    "guard functions that OTP 25's fun2ms does not know": ["f2e-0082", "f2e-0083", "f2e-0119"],
    "guard functions that ex2ms does not know": [
        *("x2e-0046", "x2e-0047", "x2e-0050", "x2e-0051", "x2e-0052", "x2e-0054", "x2e-0056"),
    ],
    "negative numbers, prefixes of strings, `in`, a second `when`": ["x2e-0020", "x2e-0026", "x2e-0066", "x2e-0087"],
}


def rows(name: str) -> list[JsonRow]:
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [row for row in map(json.loads, lines) if row["id"] not in LEFT_OUT]


def translated(row: JsonRow, syntax: str, strict: bool) -> AnySpec:
    env = {name: term(text, syntax) for name, text in row["env"].items()}
    records = {
        name: [field if isinstance(field, str) else (field[0], term(field[1], syntax)) for field in fields]
        for name, fields in row.get("records", {}).items()
    }
    return spec(row["source"], env=env, records=records, syntax=syntax, strict=strict)


@cache
def cached_term(text: str, syntax: str) -> Value:
    return parse_term(text, "elixir" if syntax == "elixir" else "erlang")


def term(text: str, syntax: str = "erlang") -> Value:
    return cached_term(text, syntax)


def identical(left: Value, right: Value) -> bool:
    """The same term, with 0.0 and -0.0 apart; the text shows them."""
    return exactly_equal(left, right) and repr(left) == repr(right)


def failures(material: list[JsonRow], problem_of: Callable[[JsonRow], str]) -> list[str]:
    """The problems of all rows, each with the row's id."""
    return [f"{row['id']}: {problem}" for row in material if (problem := problem_of(row))]


@pytest.mark.parametrize(("name", "syntax"), [("fun2ms_erlang", "erlang"), ("ex2ms_elixir", "elixir")])
@pytest.mark.parametrize("strict", [False, True])
def test_functions_are_translated_as_recorded(name: str, syntax: str, strict: bool) -> None:
    def problem_of(row: JsonRow) -> str:
        wanted = term(row["expected_erlang"] if "expected_erlang" in row else row["expected"])
        try:
            got = translated(row, syntax, strict).to_term()
        except MatchSpecError as error:
            return f"{row['source']} is refused: {error.message}"
        return "" if identical(got, wanted) else f"{row['source']} gives {format_term(got)}, not {format_term(wanted)}"

    assert failures(rows(f"{name}.jsonl"), problem_of) == []


@pytest.mark.parametrize(("name", "syntax"), [("fun2ms_error_erlang", "erlang"), ("ex2ms_error_elixir", "elixir")])
def test_what_the_originals_refuse_is_refused(name: str, syntax: str) -> None:
    def problem_of(row: JsonRow) -> str:
        try:
            got = translated(row, syntax, strict=True)
        except MatchSpecError as error:
            return "" if error.message else "an error without a message"
        return f"{row['source']} is taken for {got!r}, though: {row['reason']}"

    assert failures(rows(f"{name}.jsonl"), problem_of) == []


@pytest.mark.parametrize(("name", "syntax"), [("fun2ms_error_erlang", "erlang"), ("ex2ms_error_elixir", "elixir")])
def test_what_is_taken_beyond_the_originals_is_known(name: str, syntax: str) -> None:
    known = {row_id for ids in KNOWN_EXTENSIONS.values() for row_id in ids}
    taken: list[str] = []
    for row in rows(f"{name}.jsonl"):
        try:
            translated(row, syntax, strict=False).program  # noqa: B018  # compiling it is the test
        except MatchSpecError:
            continue
        taken.append(row["id"])
    present = {row["id"] for row in rows(f"{name}.jsonl")}
    assert sorted(taken) == sorted(known & present)


@pytest.mark.parametrize(("name", "syntax"), [("fun2ms_erlang", "erlang"), ("ex2ms_elixir", "elixir")])
def test_translations_can_be_written_and_read_back(name: str, syntax: str) -> None:
    unreadable = {
        "f2m-0422": "has the default {2} of a record, which is no expression",
        "x2m-0100": "has is_record/1, which no engine knows",
    }

    def problem_of(row: JsonRow) -> str:
        query = translated(row, syntax, strict=False)
        wanted = query.to_term()
        texts = [
            (query.to_erlang(), "erlang"),
            (query.to_elixir(), "elixir"),
            (format_term(wanted, "python"), "python"),
        ]
        for text, language in texts:
            if not identical(spec(text, syntax=language).to_term(), wanted):
                return f"{text} in {language} is read as another spec"
        return "" if spec(wanted) == spec(query.to_erlang()) else "not equal after a round trip"

    material = [row for row in rows(f"{name}.jsonl") if row["id"] not in unreadable]
    assert failures(material, problem_of) == []


EVALUATIONS: Final = rows("eval_erlang.jsonl")


@cache
def compiled(text: str) -> AnySpec | None:
    try:
        query = spec(text, syntax="erlang")
        query.program  # noqa: B018  # compiling it is what may fail
    except MatchSpecError:
        return None
    return query


@pytest.mark.parametrize("batch", range(BATCHES))
def test_rows_have_the_recorded_results(batch: int) -> None:
    def problem_of(row: JsonRow) -> str:
        query, expected = compiled(row["spec"]), row["expected"]
        if query is None:
            return "" if "error" in expected else f"{row['spec']} is refused"
        result = query.test(term(row["row"]))
        if "ok" in expected and result is not NO_MATCH and identical(result, term(expected["ok"])):
            return ""
        if "nomatch" in expected and result is NO_MATCH:
            return ""
        return f"{row['row']} {row['spec']} gives {result!r}, not {expected}"

    assert failures(EVALUATIONS[batch::BATCHES], problem_of) == []


def test_every_problem_that_erlang_reports_is_reported() -> None:
    def problem_of(row: JsonRow) -> str:
        try:
            spec(row["spec"], syntax="erlang").program  # noqa: B018  # compiling it is what fails
        except MatchSpecError as error:
            found = len(getattr(error, "problems", [1]))
            return "" if found >= len(row["messages"]) else f"{row['spec']}: {error} has less than {row['messages']}"
        return f"{row['spec']} is taken"

    assert failures([row for row in EVALUATIONS if "error" in row["expected"] and "messages" in row], problem_of) == []


def test_rows_left_out_are_there() -> None:
    found = {
        json.loads(line)["id"]
        for path in DATA.glob("*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
    }
    assert found >= set(LEFT_OUT)
