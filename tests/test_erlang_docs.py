"""docs/erlang.md is true: each line of its tables is run by a running Erlang, where one is asked, and by ours.

A line that states a difference fails when there is none, and one that states none fails when there is.
"""

import json
import re
from decimal import Decimal
from enum import IntEnum
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

import matchspec
from matchspec import CheckError, MatchSpecError, exactly_equal, parse_term, spec
from matchspec.values import Atom
from runtime import BadArg, ets
from tests.erlang import AVAILABLE, ask, canonical
from tests.pages import code, page, section, tables

Value: TypeAlias = Any
Row: TypeAlias = dict[str, str]

PAGE: Final = page("erlang.md")
DIFFERENT: Final = tables(PAGE, "Erlang/OTP 25", "gives", "here", "result")
OURS: Final = tables(PAGE, "here", "result")
SAME: Final = tables(PAGE, "Erlang/OTP 25", "gives", "here, the same")
REFUSED_BY_FUN2MS: Final = tables(PAGE, "Erlang text", "ets:fun2ms", "here")
FUN2MS: Final = tables(PAGE, "Erlang text", "as ets:fun2ms translates it", "what to know")
EX2MS: Final = tables(PAGE, "ex2ms", "translation", "what to know")
REFUSED_BY_EX2MS: Final = tables(PAGE, "refused by ex2ms", "here")

RECORDED: Final = Path(__file__).parent / "data" / "conformance"
needs_erlang: Final = pytest.mark.skipif(not AVAILABLE, reason="asks a running Erlang, and `erl` is not on the path")

# An expression, and how Erlang writes what it gives or raises.
_WRITTEN: Final = """unicode:characters_to_binary(
    try io_lib:format("~tp", [begin EXPRESSION end])
    catch Class:Reason -> io_lib:format("~w: ~w", [Class, Reason]) end)"""


class Level(IntEnum):
    LOW = 1


def problems(text: str) -> tuple[str, ...]:
    try:
        spec(text)
    except CheckError as error:
        return error.problems
    return ()


NAMES: Final[dict[str, Value]] = {
    **{name: getattr(matchspec, name) for name in matchspec.__all__},
    **{"ets": ets, "nan": float("nan"), "inf": float("inf"), "Decimal": Decimal, "Level": Level, "problems": problems},
}


def computed(text: str) -> Value:
    """What an expression of the page gives; an error by its name, with the cause of a BadArg."""
    try:
        return eval(text, dict(NAMES))
    except BadArg as error:
        return BadArg, f"BadArg {error.cause}"
    except MatchSpecError as error:
        return type(error), type(error).__name__


def shown(value: Value) -> str:
    raised = isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], type)
    return str(value[1]) if raised else repr(value)


def test_the_page_has_its_tables() -> None:
    parts = (DIFFERENT, OURS, SAME, REFUSED_BY_FUN2MS, FUN2MS, EX2MS, REFUSED_BY_EX2MS)
    assert all(len(part) >= 4 for part in parts)
    assert len(re.findall(r"^\| `", PAGE, re.MULTILINE)) == sum(len(part) for part in parts)


@pytest.mark.parametrize("row", [*DIFFERENT, *OURS], ids=lambda row: code(row["here"]))
def test_ours_gives_what_the_page_says(row: Row) -> None:
    assert shown(computed(code(row["here"]))) == code(row["result"])


@pytest.mark.erlang
@needs_erlang
def test_erlang_gives_what_the_page_says() -> None:
    rows = [*DIFFERENT, *SAME]
    asked = [_WRITTEN.replace("EXPRESSION", code(row["Erlang/OTP 25"])) for row in rows]
    for row, answer in zip(rows, ask([(Atom("read"), text) for text in asked]), strict=True):
        assert isinstance(answer, bytes), row
        assert "".join(answer.decode().split()) == "".join(code(row["gives"]).split()), row


@pytest.mark.parametrize("row", DIFFERENT, ids=lambda row: code(row["here"]))
def test_what_the_page_calls_different_is(row: Row) -> None:
    theirs, ours = code(row["gives"]), computed(code(row["here"]))
    if not theirs.startswith("error:"):
        assert shown(ours) == code(row["result"])
        assert not same(ours, theirs)


@pytest.mark.parametrize("row", SAME, ids=lambda row: code(row["here, the same"]))
def test_what_the_page_calls_the_same_is(row: Row) -> None:
    assert same(computed(code(row["here, the same"])), code(row["gives"]))


def same(ours: Value, theirs: str) -> bool:
    """Whether a value of ours is, to the letter, the term that Erlang wrote."""
    value = parse_term(theirs)
    return exactly_equal(ours, value) and repr(ours) == repr(value)


@pytest.mark.parametrize("row", REFUSED_BY_FUN2MS, ids=lambda row: code(row["Erlang text"]))
def test_erlang_text_beyond_fun2ms(row: Row) -> None:
    text = code(row["Erlang text"])
    assert spec(text, syntax="erlang").to_erlang() == code(row["here"])
    with pytest.raises(MatchSpecError, match="ets:fun2ms does not translate"):
        spec(text, syntax="erlang", strict=True)


@pytest.mark.erlang
@needs_erlang
def test_fun2ms_translates_and_refuses_what_the_page_says() -> None:
    rows = [*REFUSED_BY_FUN2MS, *FUN2MS]
    answers = ask([(Atom("fun2ms"), code(row["Erlang text"])) for row in rows])
    for row, answer in zip(rows, answers, strict=True):
        if "ets:fun2ms" in row:
            assert row["ets:fun2ms"] == "refuses"
            assert answer == (Atom("error"), Atom("transform_error")), row
        else:
            assert canonical(answer) == canonical(parse_term(code(row["as ets:fun2ms translates it"]))), row


@pytest.mark.parametrize("row", FUN2MS, ids=lambda row: code(row["Erlang text"]))
def test_oddities_of_fun2ms_are_kept(row: Row) -> None:
    query = spec(code(row["Erlang text"]), syntax="erlang", strict=True)
    assert query.to_erlang() == code(row["as ets:fun2ms translates it"])


def recorded(name: str) -> dict[str, Value]:
    """What Elixir's ex2ms was recorded to say, by the text it was asked."""
    lines = (RECORDED / name).read_text(encoding="utf-8").splitlines()
    return {row["source"]: row for row in map(json.loads, lines)}


@pytest.mark.parametrize("row", EX2MS, ids=lambda row: code(row["ex2ms"]))
def test_traps_of_ex2ms_are_kept(row: Row) -> None:
    text, wanted = code(row["ex2ms"]), code(row["translation"])
    assert recorded("ex2ms_elixir.jsonl")[text]["expected"] == wanted
    query = spec(text, syntax="elixir", strict=True)
    assert canonical(query.to_term()) == canonical(parse_term(wanted, "elixir"))


@pytest.mark.parametrize("row", REFUSED_BY_EX2MS, ids=lambda row: code(row["refused by ex2ms"]))
def test_elixir_text_beyond_ex2ms(row: Row) -> None:
    text = code(row["refused by ex2ms"])
    assert recorded("ex2ms_error_elixir.jsonl")[text]["reason"]
    assert spec(text, syntax="elixir").to_elixir() == code(row["here"])
    with pytest.raises(MatchSpecError):
        spec(text, syntax="elixir", strict=True)


# Names of Erlang's module that are its own affair, and one that is told by another name.
INTERNAL: Final = re.compile(r"internal_.*|module_info|match_spec_run_r|.*_trap|is_.*_trap")


@pytest.mark.erlang
@needs_erlang
def test_what_is_missing_is_what_the_page_says() -> None:
    (names,) = ask([(Atom("read"), "lists:usort([Name || {Name, _} <- ets:module_info(exports)])")])
    missing = {name.name for name in names if not has(name.name)}
    told = set(re.findall(r"`ets:(\w+)/", section(PAGE, "## What is missing")))
    assert {name for name in missing if not INTERNAL.fullmatch(name)} == told


def has(name: str) -> bool:
    return name in ets.__all__ or callable(getattr(ets.Table, name, None))
