"""Plans: the keys that a query is bound to hold every matching row; what provably keeps the key of its row."""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchspec import ANY, ROW, Atom, CheckError, EvalError, MatchSpec, V, const, parse_term, spec
from matchspec.bounds import as_condition
from matchspec.plan import bound_keys, keeps_key
from tests.naive_terms import same
from tests.random_specs import Maker
from tests.strategies import Level

Value: TypeAlias = Any
AnySpec: TypeAlias = MatchSpec[Any, Any]

KEYS: Final[list[Value]] = [
    *(0, 1, 2, 1.0, 0.0, -0.0, True, False, None, "1", b"1", Atom("a"), 2**53, 2**53 + 1, float(2**53), 10**400, 1e300),
    *((), (1,), (1.0,), (True,), ((1, "a"), 2), [1], [1.0], [], {1: 1}, {1.0: 1}, parse_term("[1|2]"), float("inf")),
]
keys: st.SearchStrategy[Value] = st.sampled_from(KEYS)
ROWS: Final = [(key, number) for key in KEYS for number in (0, 1)] + [
    (number, key) for key in KEYS for number in (0, 7)
]

KEY: Final = (Atom("element"), 1, ROW)


def equality(key: Value, value: Value) -> st.SearchStrategy[Value]:
    quoted = const(value)
    return st.sampled_from([(Atom(op), *pair) for op in ("==", "=:=") for pair in ((key, quoted), (quoted, key))])


def guards(key: Value) -> st.SearchStrategy[Value]:
    """Guards that say something about the key, and others, joined in every way."""
    simple = keys.flatmap(lambda value: equality(key, value)) | st.sampled_from(
        [
            True,
            False,
            (Atom("<"), key, 2),
            (Atom("is_integer"), key),
            (Atom("=="), (Atom("element"), 2, ROW), 1),
            (Atom("hd"), key),
        ]
    )
    return st.recursive(
        simple,
        lambda inner: (
            st.tuples(
                st.sampled_from([Atom(name) for name in ("andalso", "orelse", "and", "or", "andthen")]), inner, inner
            )
            | inner.map(lambda guard: (Atom("not"), guard))
        ),
        max_leaves=4,
    )


def clauses() -> st.SearchStrategy[Value]:
    heads = st.sampled_from(
        [ANY, V(1), (V(1), ANY), (V(1), V(1)), (V(1), V(2)), (ANY, V(1)), ((V(1), ANY), ANY), (V(1),)]
    )
    literal = keys.map(lambda key: (key, V(2)))
    return st.tuples(heads | literal, st.lists(guards(KEY), max_size=2), st.just([ROW])) | st.tuples(
        st.just((V(1), ANY)), st.lists(guards(V(1)), max_size=2), st.just([ROW])
    )


def candidates(found: list[Value], keypos: int) -> list[Value]:
    return [row for row in ROWS if any(same(row[keypos - 1], key) for key in found)]


def assert_superset(query: AnySpec, keypos: int = 1) -> None:
    found = bound_keys(query, keypos)
    if found is not None:
        assert repr(query.run(candidates(found, keypos))) == repr(query.run(ROWS))
        assert not any(same(a, b) for i, a in enumerate(found) for b in found[i + 1 :])
    counted = bound_keys(as_condition(query), keypos)
    if counted is not None:
        assert query.program.count(candidates(counted, keypos)) == query.program.count(ROWS)


@given(st.lists(clauses(), min_size=1, max_size=2), st.sampled_from([1, 2]))
def test_every_matching_row_has_one_of_the_keys(raw: Value, keypos: int) -> None:
    assert_superset(spec(raw), keypos)


@given(st.integers(0, 2**32), st.sampled_from([1, 2]))
def test_every_matching_row_of_any_spec_has_one_of_the_keys(seed: int, keypos: int) -> None:
    maker = Maker(seed)
    try:
        query = spec(maker.spec(maker.random.choice(ROWS)))
        assert_superset(query, keypos)
    except CheckError:
        return


LAMBDAS: Final[list[str]] = [
    *(
        "lambda row: row if row[0] == 1 else SKIP",
        "lambda row: row[1] if 1.0 == row[0] else SKIP",
        "lambda k, v: v if k == True else SKIP",
    ),
    *(
        "lambda k, v: v if k in (1, 'a', None) else SKIP",
        "lambda k, v: v if k in [0.0, 2] else SKIP",
        "lambda k, v: v if k is None else SKIP",
    ),
    *("lambda k, v: v if k == 'x' or k == 2 else SKIP", "lambda k, v: v if (k == 1 or v == 1) else SKIP"),
    *("lambda k, v: v if v == 0 and k == 9007199254740992 else SKIP", "lambda k, v: v if k not in (1, 2) else SKIP"),
    *(
        "lambda k, v: v if not k == 1 else SKIP",
        "lambda k, v: k if v == 1 else v if k == 2 else SKIP",
        "lambda k, v: v if k == (1,) else SKIP",
    ),
    *(
        "lambda k, v: v if k else SKIP",
        "lambda k, v: v if (k == 1) == (v == 0) else SKIP",
        "lambda k, v: v if k in {1, 'a'} else SKIP",
    ),
]


@pytest.mark.parametrize("text", LAMBDAS)
def test_every_row_that_a_lambda_takes_has_one_of_the_keys(text: str) -> None:
    assert_superset(spec(text, syntax="python"))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("lambda k, v: k == 'a' and v > 0", ["a"]),
        ("lambda k, v: k in ('a', 'b')", ["a", "b"]),
        ("lambda k, v: k == 'a' or k is None", ["a", None]),
        ("lambda k, v: k == 'a' if v == 1 else k == 'b'", ["a", "b"]),
        ("lambda k, v: k == 'a' or v == 1", None),
        ("lambda k, v: not k == 'a'", None),
        ("fun({K, V}) -> V, K =:= 1 end", [1]),
        ("fun({K, V}) -> K =:= 1, V end", None),
    ],
)
def test_a_body_binds_the_key_where_only_true_counts(text: str, wanted: list[Value] | None) -> None:
    query = spec(text)
    found = bound_keys(as_condition(query), 1)
    assert (found is None) == (wanted is None)
    assert found is None or wanted is None or all(same(a, b) for a, b in zip(found, wanted, strict=True))
    assert_superset(query)
    assert bound_keys(query, 1) is None


def bound(text: str, keypos: int = 1) -> list[Value] | None:
    return bound_keys(spec(text, env={"Key": (1, "a")}), keypos)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("fun({1, X}) -> X end", [1]),
        ("fun({1.0, X}) -> X end", [1.0]),
        ("fun({{a, [1|b]}, X}) -> X end", [parse_term("{a,[1|b]}")]),
        ("fun({K, X}) when K =:= 1 -> X end", [1]),
        ("fun({K, X}) when K == 1 -> X end", [1, 1.0]),
        ("fun({K, X}) when K =:= Key -> X end", [(1, "a")]),
        ("fun({K, X}) when X > 1, ok == K -> X end", [Atom("ok")]),
        ("fun({K, X}) when K == a; K == b -> X end", [Atom("a"), Atom("b")]),
        ("fun({K, X}) when K == a orelse K == b -> X end", [Atom("a"), Atom("b")]),
        ("fun({a, X}) -> X; ({b, X}) -> X; ({a, _}) -> 1 end", [Atom("a"), Atom("b")]),
        ("fun(R) when element(1, R) =:= a -> R end", [Atom("a")]),
        ("lambda k, v: v if k in ('a', 'b') else SKIP", ["a", "b"]),
        ("lambda k, v: v if k == 1 else SKIP", [1, 1.0, True]),
        ("fun({A}) -> A end", None),
        ("fun({A, B}) when B == 1 -> A end", None),
        ("fun({A, B}) when A == 1; B == 1 -> A end", None),
        ("fun({A, B}) when A == {1} -> B end", None),
        ("fun({A, B}) when not (A == 1) -> B end", None),
        ("fun({a, X}) -> X; ({_, X}) -> X end", None),
    ],
)
def test_what_binds_the_key(text: str, wanted: list[Value] | None) -> None:
    found = bound(text)
    if wanted is None:
        assert found is None
    else:
        assert found is not None
        assert [repr(key) for key in found] == [repr(key) for key in wanted]


def test_rows_too_short_for_the_key_bind_nothing() -> None:
    assert bound_keys(spec([((1,), [], [1])]), 2) == []
    assert bound_keys(spec([]), 1) == []


def test_pythons_equality_binds_nothing_where_keys_are_exotic() -> None:
    query = spec("lambda k, v: v if k == 1 else SKIP", syntax="python")
    assert query.run([(Level.LOW, "low")]) == ["low"]
    assert bound_keys(query, 1, exotic=True) is None
    assert bound_keys(spec("fun({K, V}) when K == 1 -> V end"), 1, exotic=True) == [1, 1.0]


# What Erlang/OTP 25 answered for a table of {1,a} and {2,b}: whether ets:select_replace took the spec.
REPLACED: Final[list[tuple[str, bool]]] = [
    ("[{'_',[],['$_']}]", True),
    ("[{'$1',[],['$_']}]", True),
    ("[{'$1',[],['$1']}]", False),
    ("[{{'$1','$2'},[],['$_']}]", True),
    ("[{{'$1','$2'},[],[{{'$1',c}}]}]", True),
    ("[{{'$1','$2'},[],[{{{element,1,'$_'},c}}]}]", True),
    ("[{{1,'$2'},[],[{{1,c}}]}]", True),
    ("[{{1,'$2'},[],[{const,{1,c}}]}]", True),
    ("[{{'$1','$2'},[],[{const,{1,c}}]}]", False),
    ("[{{'$1','$1'},[],[{{'$1',c}}]}]", True),
    ("[{{1,'$2'},[],[{{{const,1},c}}]}]", True),
    ("[{{1,'$2'},[],[x,{{1,c}}]}]", False),
    ("[{{'$1','$2'},[{'==','$1',1}],[{{1,c}}]}]", False),
    ("[{'_',[],[{{{element,1,'$_'},c}}]}]", False),
    ("[{{'$1','$2'},[],[{{'$1'}}]}]", True),
    ("[{{'$1','$2'},[],[{{{element,1,'$_'}}}]}]", True),
    ("[{{{x,'$1'},'$2'},[],[{{{{x,'$1'}},c}}]}]", True),
    ("[{{[1],'$2'},[],[{{[1],c}}]}]", True),
    ("[{{'$1','$2'},[],[{{'$1',{hd,a}}}]}]", True),
    ("[{{'$1'},[],['$_']}]", True),
    ("[]", True),
]


@pytest.mark.parametrize(("text", "taken"), REPLACED)
def test_keys_are_kept_where_erlang_says_so(text: str, taken: bool) -> None:
    assert keeps_key(spec(text, syntax="erlang"), 1) == taken


@given(st.integers(0, 2**32), st.sampled_from([1, 2]))
def test_what_is_said_to_keep_keys_keeps_them(seed: int, keypos: int) -> None:
    maker = Maker(seed)
    row = (*maker.terms(3), 1, 2)
    head = maker.head(row)
    make: list[Callable[[], Value]] = [
        lambda: ROW,
        lambda: const(head),
        lambda: (head,) if isinstance(head, tuple) else head,
        maker.expr,
    ]
    body = maker.random.choice(make)()
    try:
        query: AnySpec = spec([(head, [], [body])])
        result = query.program.run_strict(row)
    except (CheckError, EvalError):
        return
    if keeps_key(query, keypos) and isinstance(result, tuple):
        assert len(result) >= keypos
        assert same(result[keypos - 1], row[keypos - 1])
