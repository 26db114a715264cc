"""Every text of the recorded answers of Erlang and Elixir: what must parse does, what is no syntax is refused."""

import json
from pathlib import Path
from typing import TypeAlias

import pytest

from grammar import Function, Language, MatchSpecSyntaxError, TermText, parse, parse_term

Row: TypeAlias = dict[str, str]

DATA = Path(__file__).parents[1] / "data" / "conformance"


def rows(name: str) -> list[Row]:
    return [json.loads(line) for line in (DATA / f"{name}.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize(("name", "language"), [("fun2ms_erlang", "erlang"), ("ex2ms_elixir", "elixir")])
def test_every_accepted_fun_and_its_match_spec_parse(name: str, language: Language) -> None:
    found = rows(name)
    assert found
    for row in found:
        function = parse(row["source"], language)
        assert isinstance(function, Function), row["source"]
        assert isinstance(parse(row["expected"], language), TermText), row["expected"]
        if language == "elixir":
            parse_term(row["expected_erlang"], "erlang")


def test_erlang_texts_that_do_not_parse_there_do_not_parse_here() -> None:
    refused = [row for row in rows("fun2ms_error_erlang") if row["stage"] == "erl_parse"]
    assert refused
    for row in refused:
        with pytest.raises(MatchSpecSyntaxError) as caught:
            parse(row["source"], "erlang")
        assert caught.value.line is not None, row["source"]


def test_elixir_texts_that_do_not_parse_there_do_not_parse_here() -> None:
    refused = [row for row in rows("ex2ms_error_elixir") if row["exception"] in ("SyntaxError", "TokenMissingError")]
    assert refused
    for row in refused:
        with pytest.raises(MatchSpecSyntaxError) as caught:
            parse(row["source"], "elixir")
        assert caught.value.line is not None, row["source"]


@pytest.mark.parametrize(("name", "language"), [("fun2ms_error_erlang", "erlang"), ("ex2ms_error_elixir", "elixir")])
def test_other_refused_texts_parse_or_say_what_a_match_spec_cannot_have(name: str, language: Language) -> None:
    syntax = ("erl_parse", "SyntaxError", "TokenMissingError", "MismatchedDelimiterError")
    for row in rows(name):
        if row.get("stage") in syntax or row.get("exception") in syntax:
            continue
        try:
            parse(row["source"], language)
        except MatchSpecSyntaxError as error:
            assert error.hint, row["source"]
