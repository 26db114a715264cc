"""Erlang's `fun` to clauses: what ets:fun2ms gives, written out from its manual, and what it refuses, with the place."""

from typing import Any, Final, TypeAlias

import pytest

from matchspec import Atom, MatchSpecError, MatchSpecSyntaxError, ResolveError, format_term, spec

Value: TypeAlias = Any

RECORDS: Final[dict[str, list[Value]]] = {"person": ["name", ("age", 0), ("tags", [1])], "empty": []}


def translated(text: str, **env: Value) -> str:
    return spec(text, syntax="erlang", env=env, records=RECORDS).to_erlang()


TRANSLATIONS: Final[list[tuple[str, str]]] = [
    # variables are numbered as they appear; `_` stays; the whole row is '$_'
    ("fun({B,A,B,_}) -> {A,B} end", "[{{'$1','$2','$1','_'},[],[{{'$2','$1'}}]}]"),
    ("fun(X) -> X end", "[{'$1',[],['$1']}]"),
    ("fun(_) -> ok end", "[{'_',[],[ok]}]"),
    ("fun(R = {A,_}) -> {R,A} end", "[{{'$1','_'},[],[{{'$_','$1'}}]}]"),
    ("fun({A,_} = R) -> [R|A] end", "[{{'$1','_'},[],[['$_'|'$1']]}]"),
    ("fun({A}) -> A; ({B,C}) -> {B,C} end", "[{{'$1'},[],['$1']},{{'$1','$2'},[],[{{'$1','$2'}}]}]"),
    # guards: `,` joins, `;` makes clauses; old tests at the top only
    ("fun({A}) when A > 1, A < 9 -> A end", "[{{'$1'},[{'>','$1',1},{'<','$1',9}],['$1']}]"),
    ("fun({A}) when A > 1; atom(A) -> A end", "[{{'$1'},[{'>','$1',1}],['$1']},{{'$1'},[{is_atom,'$1'}],['$1']}]"),
    ("fun({A}) when A andalso not A orelse A -> A end", "[{{'$1'},[{'orelse',{'andalso','$1',{'not','$1'}},'$1'}],['$1']}]"),
    # constants are folded, atoms that look like variables are quoted in bodies, strings are lists
    ("fun({A}) -> A + 1 + 2 * 3 end", "[{{'$1'},[],[{'+',{'+','$1',1},6}]}]"),
    ("fun({A}) when A > 2 bsl 3 + 1 -> - (1 + 2) end", "[{{'$1'},[{'>','$1',17}],[-3]}]"),
    ("fun({A}) -> {'$1','_',A} end", "[{{'$1'},[],[{{{const,'$1'},'_','$1'}}]}]"),
    ("fun({\"ab\" ++ R,[1,2|T]}) -> {R,T,\"c\"} end", "[{{[97,98|'$1'],[1,2|'$2']},[],[{{'$1','$2',[99]}}]}]"),
    ("fun({#{k := V},<<1,2>>}) -> #{V => <<\"x\">>} end", "[{{#{k => '$1'},<<1,2>>},[],[#{'$1' => <<\"x\">>}]}]"),
    # several results, pseudo calls, remote guard functions
    ("fun({A}) -> 1, {}, A end", "[{{'$1'},[],[1,{{}},'$1']}]"),
    ("fun({A}) -> object(), bindings() end", "[{{'$1'},[],['$_','$*']}]"),
    ("fun({A}) -> erlang:element(1, A), erlang:'+'(A, 1) end", "[{{'$1'},[],[{element,1,'$1'},{'+','$1',1}]}]"),
    # records
    ("fun(#person{name = N}) -> N end", "[{{person,'$1','_','_'},[],['$1']}]"),
    ("fun(#person{_ = X, name = N}) -> {X,N} end", "[{{person,'$1','$2','$2'},[],[{{'$2','$1'}}]}]"),
    ("fun(P = #person{}) -> P#person.age end", "[{{person,'_','_','_'},[],[{element,3,'$_'}]}]"),
    ("fun({N}) -> #person{name = N} end", "[{{'$1'},[],[{{person,'$1',0,[1]}}]}]"),
    ("fun(P = #person{}) -> P#person{age = 1} end", "[{{person,'_','_','_'},[],[{{person,{element,2,'$_'},1,{element,4,'$_'}}}]}]"),
    ("fun({P}) when is_record(P, person) -> #person.tags end", "[{{'$1'},[{is_record,'$1',person,4}],[4]}]"),
    ("fun(#empty{}) -> #empty{} end", "[{{empty},[],[{{empty}}]}]"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), TRANSLATIONS)
def test_translations(text: str, wanted: str) -> None:
    strict = spec(text, syntax="erlang", records=RECORDS, strict=True)
    assert strict.to_erlang() == wanted.replace("<<1,2>>", '<<"\\x{1}\\x{2}">>')
    assert strict == spec(text, syntax="erlang", records=RECORDS)


def test_imported_variables_are_constants_in_bodies_and_hidden_by_heads() -> None:
    assert translated("fun({A}) when A > Max -> {A, Max} end", Max=(1, "x")) == (
        "[{{'$1'},[{'>','$1',{const,{1,<<\"x\">>}}}],[{{'$1',{const,{1,<<\"x\">>}}}}]}]"
    )
    assert translated("fun({Max}) -> Max end", Max=1) == "[{{'$1'},[],['$1']}]"
    assert spec("fun({A}) when A =:= Max -> A end", env={"Max": Atom("$1")}).run([(Atom("$1"),), (2,)]) == [Atom("$1")]


def test_functions_of_later_releases_are_an_extension() -> None:
    text = "fun({A}) when is_boolean(A) -> max(A, ceil(1.5)) end"
    assert translated(text) == "[{{'$1'},[{is_boolean,'$1'}],[{max,'$1',{ceil,1.5}}]}]"
    with pytest.raises(ResolveError, match="fun2ms does not translate calls of is_boolean/1"):
        spec(text, strict=True)


REFUSED: Final[list[tuple[str, str, str]]] = [
    ("fun(1) -> ok end", "1", "takes one parameter, a variable or a tuple"),
    ("fun({A}, B) -> A end", "{A}", "takes one parameter, a variable or a tuple"),
    ("fun({A = {B}}) -> A end", "A = {B}", "at the top of a head only"),
    ("fun({A}) -> B end", "B", "the variable B is unbound"),
    ("fun({A}) -> Aa end", "Aa", "the variable Aa is unbound"),
    ("fun({A}) -> foo(A) end", "foo(A)", "foo/1 is no function"),
    ("fun({A}) -> hd(A, A) end", "hd(A, A)", "hd/2 is no function"),
    (
        "fun({A}) -> lists:reverse(A) end",
        "lists:reverse(A)",
        "no functions but the guard functions of the module erlang",
    ),
    ("fun({A}) -> return_trace() end", "return_trace()", "does not translate calls of return_trace/0"),
    ("fun({'$1'}) -> ok end", "'$1'", "is a match variable"),
    ("fun({'$01'}) -> ok end", "'$01'", "is a match variable"),
    ("fun({'$-1'}) -> ok end", "'$-1'", "is a match variable"),
    ("fun({A}) -> _ end", "_", "has no value"),
    ("fun({A}) -> B = A end", "B = A", "`=` matches"),
    ("fun({A}) -> #nosuch{} end", "#nosuch{}", "the record type nosuch is unknown"),
    ("fun({A}) -> A#person.nam end", "A#person.nam", "has no field nam"),
    ("fun(#person{name = A, name = B}) -> A end", "B", "is given twice"),
    ("fun({A}) when is_record(A, B) -> A end", "B", "the name of a record"),
    ("fun({#{a => B}}) -> B end", "#{a => B}", "a map in a head is written with `:=`"),
    ("fun({A}) -> #{a := A} end", "#{a := A}", "a map is built with `=>`"),
    ("fun({A}) -> A#{a => 1} end", "A#{a => 1}", "cannot update a map"),
    ("fun({<<A>>}) -> A end", "A", "stands in a binary"),
    ("fun({hd(A)}) -> A end", "hd(A)", "cannot stand in a head"),
]


@pytest.mark.parametrize(("text", "place", "message"), REFUSED)
def test_refusals_name_the_place(text: str, place: str, message: str) -> None:
    with pytest.raises(ResolveError) as caught:
        spec(text, syntax="erlang", records=RECORDS)
    error = caught.value
    assert message in error.message
    assert error.source is not None
    assert error.span is not None
    assert error.source.text[error.span.start : error.span.end] == place
    assert (error.line, error.column) == (1, error.span.start + 1)
    assert "^" * len(place) in str(error)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("fun({Name}) -> Nmae end", "Name"),
        ("fun({A}) -> elemnt(1, A) end", "element"),
        ("fun({A}) -> A#person.nmae end", "name"),
        ("fun({A}) -> #persn{} end", "person"),
        ("fun({A}) -> hd() end", "hd/1"),
    ],
)
def test_refusals_suggest_the_nearest_name(text: str, hint: str) -> None:
    with pytest.raises(ResolveError) as caught:
        spec(text, syntax="erlang", records=RECORDS)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "fun({A}) -> case A of 1 -> 2 end end",
        "fun({A}) -> if A -> 1 end end",
        "fun({A}) -> A",
        "fun({A}) -> [X || X <- A] end",
    ],
)
def test_other_expressions_of_erlang_are_refused(text: str) -> None:
    with pytest.raises((MatchSpecSyntaxError, ResolveError)):
        spec(text, syntax="erlang")


@pytest.mark.parametrize(
    "records",
    [{"r": [1]}, {"r": 1.5}, {"r": "a"}, {"r": None}, {"r": [("a", 1, 2)]}, {"r": [(1, 2)]}, {1: []}, [("r", [])]],
)
def test_bad_definitions_of_records_are_refused(records: Value) -> None:
    with pytest.raises(MatchSpecError, match="records"):
        spec("fun(X) -> X end", records=records)


def test_a_translated_fun_does_what_it_says() -> None:
    rows: list[Value] = [(Atom("person"), "ann", 30, []), (Atom("person"), "bob", 7, []), (Atom("pet"), "rex", 40, [])]
    query = spec("fun(P = #person{age = A}) when A >= 18 -> {P#person.name, A div 4} end", records=RECORDS)
    assert query.run(rows) == [("ann", 7)]
    assert format_term(query.to_term()) == query.to_erlang()
