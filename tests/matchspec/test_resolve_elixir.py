"""Elixir's `fun do ... end` and `fn ... end` to clauses: what ex2ms gives, what ours adds, and what is refused."""

from typing import Any, Final, TypeAlias

import pytest

from matchspec import NO_MATCH, Atom, ResolveError, spec

Value: TypeAlias = Any

RECORDS: Final[dict[str, list[Value]]] = {"user": ["name", ("age", 0)]}
ENV: Final[dict[str, Value]] = {"limit": 5, "pair": (1, "a"), "names": ["a", "b"], "prefix": "ab", "symbol": Atom("$1")}

EXACT: Final[list[tuple[str, str]]] = [
    ("fun do {a, b, a, _} -> {b, a} end", "[{{'$1','$2','$1','_'},[],[{{'$2','$1'}}]}]"),
    ("fun do x -> x end", "[{'$1',[],['$1']}]"),
    ("fun do {a, _} = row -> row end", "[{{'$1','_'},[],['$_']}]"),
    ("fun do {a} when a > 1 and not (a != 3) -> a; _ -> :none end", "[{{'$1'},[{'andalso',{'>','$1',1},{'not',{'/=','$1',3}}}],['$1']},{'_',[],[none]}]"),
    ("fun do {a, b} when a === b or a !== 1 or a <= 2 -> a end", "[{{'$1','$2'},[{'orelse',{'orelse',{'=:=','$1','$2'},{'=/=','$1',1}},{'=<','$1',2}}],['$1']}]"),
    ("fun do {^limit, a} -> ^pair end", "[{{5,'$1'},[],[{const,{1,<<\"a\">>}}]}]"),
    ("fun do {a} when is_nil(a) -> nil end", "[{{'$1'},[{'==','$1',nil}],[nil]}]"),
    ("fun do {a} -> 1; {a, b} -> [a | b] end", "[{{'$1'},[],[1]},{{'$1','$2'},[],[['$1'|'$2']]}]"),
    ("fun do user(name: n) -> user(age: 1) end", "[{{user,'$1','_'},[],[{{user,nil,1}}]}]"),
    ("fun do {a} -> is_map_key(a, :k) end", "[{{'$1'},[],[{is_map_key,'$1',k}]}]"),
    ("fun do {a} -> 1 + 2 end", "[{{'$1'},[],[{'+',1,2}]}]"),
    ("fun do {a} ->\n  1\n  a\nend", "[{{'$1'},[],[1,'$1']}]"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), EXACT)
def test_translations_of_ex2ms(text: str, wanted: str) -> None:
    strict = spec(text, syntax="elixir", env=ENV, records=RECORDS, strict=True)
    assert strict.to_erlang() == wanted
    assert strict == spec(text, syntax="elixir", env=ENV, records=RECORDS)


ADDED: Final[list[tuple[str, list[Value], list[Value]]]] = [
    ("fn {a} when a in [1, :x] -> a end", [(1,), (1.0,), (Atom("x"),), (2,)], [1, Atom("x")]),
    ("fn {a} when a not in [1, 2] -> a end", [(1,), (1.0,)], [1.0]),
    ("fn {a} when a in ^names -> a end", [("a",), ("c",)], ["a"]),
    ("fn {a} when a in 1..3 -> a end", [(0,), (1,), (2.0,), (3,), ("x",)], [1, 3]),
    ("fn {a} when a in [] -> a end", [(1,)], []),
    ("fn {a} when a == 1 when a == 2 -> a end", [(1,), (2,), (3,)], [1, 2]),
    ('fn {"ab" <> rest} -> rest end', [("abc",), ("ab",), ("a",), (1,), ("éab",)], ["c", ""]),
    ("fn {^prefix <> rest} -> rest end", [("abé",), ("b",)], ["é"]),
    ('fn {"ab" <> _, x} -> x end', [("abc", 1), ("b", 2)], [1]),
    ('fn {"ab" <> "c"} -> 1 end', [("abc",), ("ab",)], [1]),
    ("fn {a} when a && !false || false -> a end", [(True,), (False,)], [True]),
    ("fn {a} -> elem(a, 0) end", [((1, 2),)], [1]),
    ("fn {a} -> %{1 => [a], k: a} end", [(1,)], [{1: [1], Atom("k"): 1}]),
    ("fn {a} -> length(a) + map_size(%{}) end", [([1, 2],)], [2]),
    ("fn {a, -1} -> a <<< 2 ||| 1 end", [(1, -1), (1, 1)], [5]),
    ("fn {a} -> ~~~a end", [(1,)], [-2]),
    ("fn {%{k: v}} -> v end", [({Atom("k"): 1, 2: 3},), ({},)], [1]),
    ("fn row -> row end", [1, (2,)], [1, (2,)]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "rows", "wanted"), ADDED)
def test_what_ours_adds(text: str, rows: list[Value], wanted: list[Value]) -> None:
    assert repr(spec(text, syntax="elixir", env=ENV).run(rows)) == repr(wanted)


PINNED: Final[list[tuple[str, Value]]] = [
    *(("^limit", 5), ("^(limit + 1)", 6), ("^(-limit)", -5), ("^{limit, [1]}", (5, [1])), ('^(prefix <> "c")', "abc")),
    *(("^elem(pair, 0)", NO_MATCH), ("^element(1, pair)", 1), ("^hd(names)", "a"), ("^symbol", Atom("$1"))),
]  # fmt: skip


@pytest.mark.parametrize(("pin", "value"), PINNED)
def test_pins_are_computed_once(pin: str, value: Value) -> None:
    text = f"fn {{a}} -> {pin} end"
    if value is NO_MATCH:
        with pytest.raises(ResolveError, match="cannot be computed under a pin"):
            spec(text, syntax="elixir", env=ENV)
    else:
        assert spec(text, syntax="elixir", env=ENV).test((1,)) == value


def test_a_pinned_value_is_raw_in_heads_and_quoted_elsewhere() -> None:
    assert spec("fn {^symbol, b} -> b end", env=ENV, syntax="elixir").run([(7, 8), (7, 7)]) == [7]  # b is '$1' as well
    assert spec("fn {a} when a === ^symbol -> 1 end", env=ENV, syntax="elixir").run([(Atom("$1"),), (1,)]) == [1]


def test_a_pinned_list_that_is_changed_later_does_not_change_the_query() -> None:
    names = ["a"]
    query = spec("fn {a} -> ^names end", env={"names": names}, syntax="elixir")
    names.append("b")
    first = query.test((1,))
    first.append("c")
    assert query.test((1,)) == ["a"]


REFUSED: Final[list[tuple[str, str, str]]] = [
    ("fun do :a -> 1 end", ":a", "takes one parameter, a variable or a tuple"),
    ("fun do {a} -> b end", "b", "the variable b is unbound"),
    ("fun do {a} -> limit end", "limit", "the variable limit is unbound"),
    ("fun do {^nosuch} -> 1 end", "nosuch", "is not in env"),
    ("fun do {a} -> foo(a) end", "foo(a)", "foo/1 is no function"),
    ("fun do {a} -> String.length(a) end", "String.length(a)", "no functions of modules"),
    ("fun do {a} -> a.name end", "a.name", ""),
    ("fun do {a = {b}} -> 1 end", "a = {b}", "at the top of a head only"),
    ("fun do {a} -> b = a end", "b = a", "`=` matches"),
    ("fun do {a} -> _ end", "_", "has no value"),
    ("fun do user(nam: n) -> n end", "n", "has no field nam"),
    ("fun do {a} when a in b -> a end", "b", "`in` needs a list"),
    ("fun do {a <> \"x\"} -> a end", "a", ""),
    ("fun do {a, \"x\" <> a} -> a end", "a", "stands in the head twice"),
    ("fun do {a} -> a =~ 1 end", "a =~ 1", "no operator `=~`"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "place", "message"), REFUSED)
def test_refusals_name_the_place(text: str, place: str, message: str) -> None:
    with pytest.raises(ResolveError) as caught:
        spec(text, syntax="elixir", env=ENV, records=RECORDS)
    error = caught.value
    assert message in error.message
    assert error.source is not None
    assert error.span is not None
    assert error.source.text[error.span.start : error.span.end] == place


def test_hints_say_how_to_write_it() -> None:
    with pytest.raises(ResolveError) as caught:
        spec("fun do {a} -> limit end", syntax="elixir", env=ENV)
    assert "^limit" in caught.value.hint
    with pytest.raises(ResolveError) as caught:
        spec("fun do {a} when a = 1 -> a end", syntax="elixir")
    assert "write ===" in caught.value.hint
