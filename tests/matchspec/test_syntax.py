"""Telling the three languages apart."""

from typing import Any, Final, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchspec import MatchSpecError, format_term, parse_term, spec
from matchspec.syntax import language_of
from tests.fuzz.values import Angry
from tests.strategies import rows_and_specs

Value: TypeAlias = Any

TEXTS: Final[list[tuple[str, str]]] = [
    *(("lambda u: u", "python"), ("  # why\n lambda u: u", "python"), ("def f(row):\n    return row", "python"), ("@spec\ndef f(row): ...", "python")),
    *(("fn {x} -> x end", "elixir"), ("fun do {x} -> x end", "elixir"), ("fun(do {x} -> x end)", "elixir"), ("# c\nfn x -> x end", "elixir")),
    *(("fun({X}) -> X end", "erlang"), ("fun (X) -> X end", "erlang"), ("% c\nfun(X) -> X end", "erlang"), ("%% c\n\n[{'_',[],[1]}]", "erlang")),
    *(("[{:\"$1\", [], [1]}]", "elixir"), ("[{:_, [], [:\"$_\"]}]", "elixir"), ("%{a: 1}", "elixir"), ("{:ok, 1}", "elixir")),
    *(("[{'$1',[],['$1']}]", "erlang"), ("{'_',<<\":a\">>}", "erlang"), ("{a,1}", "erlang"), ("#{a => 1}", "erlang"), ("<<1:8>>", "erlang")),
    *(("[(ANY, [], [1])]", "python"), ("(V(1), ANY)", "python"), ("[(1, [], [ROW])]", "python"), ("{'a': None}", "python")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "language"), TEXTS)
def test_the_language_of_a_text(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize("syntax", ["python", "erlang", "elixir"])
def test_who_names_the_language_is_right(syntax: str) -> None:
    assert language_of("anything", syntax) == syntax


@given(rows_and_specs, st.sampled_from(["erlang", "elixir", "python"]))
def test_raw_specs_are_told_apart(pair: tuple[Value, Value], syntax: Any) -> None:
    text = format_term(pair[1], syntax)
    if syntax == "erlang" or ":" in text.replace("::", "") or syntax == "python":
        assert language_of(text) == syntax


@pytest.mark.parametrize("syntax", ["Erlang", "", "lua", None, 10**5000, Angry(), [Angry()]], ids=type)
def test_unknown_languages_are_refused(syntax: Any) -> None:
    with pytest.raises(MatchSpecError, match="syntax must be one of auto, python, erlang, elixir"):
        spec("lambda u: u", syntax=syntax)
    with pytest.raises(MatchSpecError, match="syntax must be 'erlang', 'elixir' or 'python'"):
        format_term(1, syntax)
    with pytest.raises(MatchSpecError, match="syntax must be 'erlang', 'elixir' or 'python'"):
        parse_term("1", syntax)
