"""Raw match specs: read, written, compared; every problem reported at once, in words that name the place."""

from typing import Any, Final, TypeAlias

import pytest
from hypothesis import assume, given

from matchspec import (
    ANY,
    BINDINGS,
    NO_MATCH,
    ROW,
    Atom,
    CheckError,
    ImproperList,
    MatchSpec,
    MatchSpecError,
    TermError,
    V,
    const,
    spec,
)
from matchspec.pattern import pattern_spec
from tests.strategies import rows_and_specs

Value: TypeAlias = Any


@given(rows_and_specs)
def test_a_spec_is_the_same_after_writing_and_reading(pair: tuple[Value, Value]) -> None:
    row, raw = pair
    try:
        query = spec(raw)
    except CheckError:
        assume(False)
        raise
    for again in (
        spec(query.to_term()),
        spec(query.to_erlang(), syntax="erlang"),
        spec(query.to_elixir(), syntax="elixir"),
    ):
        assert again == query
        assert hash(again) == hash(query)
        assert repr(again.to_term()) == repr(query.to_term())
        assert repr(outcome(again, row)) == repr(outcome(query, row))


def outcome(query: "MatchSpec[Any, Any]", row: Value) -> Value:
    try:
        return query.test(row)
    except CheckError:
        return CheckError


PROBLEMS: Final[list[tuple[Value, list[str]]]] = [
    (Atom("a"), ["a match spec is a list of clauses (head, guards, body), not a"]),
    ([Atom("a")], ["clause 1 is not a tuple of three, (head, guards, body): a"]),
    ([(ANY, [], [1]), (ANY, [])], ["clause 2 is not a tuple of three, (head, guards, body): {'_',[]}"]),
    ([(ANY, 1, 2)], ["clause 1: the guards must be a list of expressions, not 1", "clause 1: the body must be a list of expressions, not 2"]),
    ([(ANY, ImproperList((True,), 1), [1])], ["clause 1: the guards must be a list of expressions, not [true|1]"]),
    ([(ANY, [], [])], ["clause 1: the body is empty and so returns nothing"]),
    ([(ANY, [], [V(1)])], ["clause 1: variable '$1' is unbound: the head of its clause does not have it"]),
    ([(ANY, [(Atom("foo"), 1)], [1])], ["clause 1: function foo/1 does not exist; did you mean 'floor'?"]),
    ([(ANY, [], [(Atom("hd"), 1, 2)])], ["clause 1: function hd/2 does not exist; there is hd/1"]),
    ([(ANY, [], [(Atom("and"),)])], ["clause 1: 'and' needs arguments"]),
    ([(ANY, [], [(Atom("const"),)])], ["clause 1: 'const' takes one argument, not 0: {const}"]),
    ([({V(1): 1}, [], [1])], ["clause 1: the key '$1' of a map in a head must be a literal, not a variable or '_'"]),
    (
        [(ANY, [], [("hd", 1)])],
        [("clause 1: {<<\"hd\">>,1} is neither a call nor a tuple: a call is {name, args...}, a tuple is written {{...}}; "
         "the name of a function is an atom: Atom('hd')")],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "problems"), PROBLEMS)
def test_problems(raw: Value, problems: list[str]) -> None:
    with pytest.raises(CheckError) as caught:
        spec(raw if isinstance(raw, list) else "a", syntax="erlang")
    assert [problem.split("; did you mean")[0] for problem in caught.value.problems] == [
        problem.split("; did you mean")[0] for problem in problems
    ]


def test_all_problems_are_reported_at_once() -> None:
    raw = [
        (ANY, [(), V(1)], []),
        (ANY, [], [(Atom("nosuch"), (Atom("const"),), (1, 2))]),
        Atom("x"),
        ((V(1),), [(Atom("=="), V(1), V(2))], [(Atom("element"), 1), (Atom("return_trace"),)]),
    ]
    with pytest.raises(CheckError) as caught:
        spec(raw)
    places = [
        problem.split(":")[0].removesuffix(" is not a tuple of three, (head, guards, body)")
        for problem in caught.value.problems
    ]
    assert places == ["clause 1"] * 3 + ["clause 2"] * 3 + ["clause 3"] + ["clause 4"] * 3
    assert "several problems" in str(caught.value)
    for words in ("empty", "'$1' is unbound", "nosuch/2", "'const'", "'$2' is unbound", "element/1", "return_trace/0"):
        assert words in str(caught.value), words


def test_what_no_table_runs_is_refused_when_it_is_to_run() -> None:
    calls: list[Value] = [(Atom("return_trace"),), (Atom("message"), 1), (Atom("++"), [], []), (Atom("trace"), [], [])]
    for call in calls:
        query: MatchSpec[Any, Any] = spec([(ANY, [], [call])])
        assert spec(query.to_erlang()) == query
        with pytest.raises(CheckError, match=r"function (return_trace|message|\+\+|trace)/\d"):
            query.test((1,))
        with pytest.raises(CheckError, match=r"function (return_trace|message|\+\+|trace)/\d"):
            query.run([])


def test_variables_inside_a_key_of_a_map_are_plain_atoms() -> None:
    query = spec([(({(V(1),): V(2)},), [], [V(2)])])
    assert query.test(({(V(1),): "here"},)) == "here"
    assert query.test(({(5,): "here"},)) is NO_MATCH


def test_symbols_are_special_only_where_erlang_has_them_so() -> None:
    assert spec([((ROW, BINDINGS), [], [[ANY, ROW, BINDINGS]])]).test((ROW, BINDINGS)) == [ANY, (ROW, BINDINGS), []]
    assert spec([((ROW,), [], [1])]).test((1,)) is NO_MATCH
    assert spec([(ANY, [], [const((V(1), ANY))])]).test(1) == (V(1), ANY)


def test_equality_is_by_content() -> None:
    def one(literal: Value) -> Value:
        return spec([(ANY, [], [const(literal)])])

    different = [1, 1.0, True, (0.0,), (-0.0,), [0.0], [-0.0], "a", b"a", {1: 0.0}, {1: -0.0}, (1,), (True,)]
    for left, first in enumerate(different):
        for right, second in enumerate(different):
            assert (one(first) == one(second)) == (left == right), (first, second)
    assert one({1: 2, 3: 4}) == one({3: 4, 1: 2})
    maps = [spec([(head, [], [{V(1): 1, Atom("a"): 2}])]) for head in (({"x": V(1), "y": 1},), ({"y": 1, "x": V(1)},))]
    assert maps[0] == maps[1]
    assert hash(maps[0]) == hash(maps[1])
    assert spec([(ANY, [], [{1: 1, 2: 2}])]) == spec([(ANY, [], [{2: 2, 1: 1}])])
    assert len({one(literal) for literal in different}) == len(different)


def test_specs_and_literals_nested_too_deeply() -> None:
    deep: Value = 1
    for _ in range(3000):
        deep = [deep]
    endless: list[Value] = []
    endless.append(endless)
    for term in (deep, endless, (endless,), {1: endless}):
        raws: list[Value] = [[(term, [], [1])], [(ANY, [term], [1])], [(ANY, [], [term])], term]
        for raw in raws:
            with pytest.raises(MatchSpecError):
                spec(raw)
    with pytest.raises(TermError):
        pattern_spec(deep, ROW)


def test_patterns_on_their_own() -> None:
    rows: list[Value] = [(1, "a"), (1.0, "b"), (2, "a")]

    def found(pattern: Value, body: Value, **options: Any) -> Value:
        query: MatchSpec[Any, Any] = pattern_spec(pattern, body, **options)
        return query.run(rows)

    for pattern in ((ANY, "a"), "{'_',<<\"a\">>}", '{:_, "a"}', "(ANY, 'a')"):
        assert found(pattern, ROW) == [(1, "a"), (2, "a")]
    assert found((V(2), V(1)), BINDINGS) == [["a", 1], ["b", 1.0], ["a", 2]]
    assert found("{X,'_'}", ROW, env={"X": 1}, syntax="erlang") == [(1, "a")]
    with pytest.raises(CheckError, match="must be a literal"):
        pattern_spec(({ANY: 1},), ROW)
    with pytest.raises(MatchSpecError):
        pattern_spec("{'_',", ROW)
