"""Specs written as Python: the text, that it means the same when Python runs it, and what no lambda can say."""

from typing import Any, Final, NamedTuple, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchspec import ANY, NO_MATCH, ROW, SKIP, Atom, EvalError, ImproperList, RenderError, V, const, spec
from matchspec.spec import MatchSpec

Value: TypeAlias = Any


class User(NamedTuple):
    name: str
    age: int


TEXTS: Final[list[tuple[str, str]]] = [
    ("fun({A, B}) -> A end", "lambda a, b: a"),
    ("fun({A, B}) when A > B -> {A} end", "lambda a, b: (a,) if a > b else SKIP"),
    ("fun({1, B}) -> B; ({A, B}) when B == 2 -> A end", "lambda a, b: b if a == 1 else a if b == 2 else SKIP"),
    ("fun({A, A}) -> A end", "lambda a, b: a if a == b else SKIP"),
    ("fun(R) -> R end", "lambda row: row"),
    ("fun({A, _} = R) -> [A, R] end", "def query(row):\n    match row:\n        case (a, _):\n            return [a, row]"),
    ("fun({A, B}) when A > 1, B > 1; A == B -> 1 end", "lambda a, b: 1 if a > 1 and b > 1 else 1 if a == b else SKIP"),
    ("fun({A, B}) -> (A + B) * 2 - (1 - A) end", "lambda a, b: (a + b) * 2 - (1 - a)"),
    ("fun({A, B}) when not (A andalso B orelse A) -> 1 end", "lambda a, b: 1 if not (a and b or a) else SKIP"),
    ("fun({A, B}) when A =:= true, B =/= false -> 1 end", "lambda a, b: 1 if a is True and b is not False else SKIP"),
    ("fun({A, B}) when (A < B) == true -> 1 end", "lambda a, b: 1 if (a < b) == True else SKIP"),
    ("fun({A, B}) -> {element(2, A), hd(B), tl(B), map_get(k, A), abs(A)} end", "lambda a, b: (a[1], b[0], b[1:], a[Atom('k')], abs(a))"),
    ("fun({A, B}) when is_integer(A), is_map_key(A, B) -> length(B) end", "lambda a, b: len(b) if isinstance(a, int) and a in b else SKIP"),
    ("fun({A, B}) -> #{A => [B, <<\"x\">>]} end", "lambda a, b: {a: [b, 'x']}"),
    ("[]", "lambda row: SKIP"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), TEXTS)
def test_lambdas(text: str, wanted: str) -> None:
    assert spec(text, syntax="erlang").to_python() == wanted


@pytest.mark.parametrize(
    "text", ["lambda a, b: b if a in {1, 2, 'a'} else SKIP", "lambda a, b: a[1:] if b not in (1, 2) else SKIP"]
)
def test_a_lambda_comes_back_as_it_was(text: str) -> None:
    assert spec(text).to_python() == text


def test_fields_have_their_names() -> None:
    assert (
        spec("fun({N, A}) when A > 1 -> N end", row=User).to_python() == "lambda name, age: name if age > 1 else SKIP"
    )
    assert (
        spec("fun({N, A} = R) when A > 1 -> R end", row=User).to_python() == "lambda row: row if row.age > 1 else SKIP"
    )


UNSAYABLE: Final[list[Value]] = [
    [(ANY, [], [ImproperList((1,), 2)])],
    [(((V(1), 2), 3), [], [V(1)])],
    [(([V(1)],), [], [V(1)])],
    [((1, 2), [], [1]), ((1,), [], [2])],
    [(5, [], [1])],
    [(ANY, [], [(Atom("div"), 1, 2)])],
    [(ANY, [], [(Atom("binary_part"), "abc", 0, 1)])],
    [(ANY, [], [(Atom("self"),)])],
    [(ANY, [], [(Atom("round"), 1.5)])],
]


@pytest.mark.parametrize("raw", UNSAYABLE)
def test_what_no_lambda_can_say(raw: Value) -> None:
    query = spec(raw)
    with pytest.raises(RenderError):
        query.to_python()
    assert repr(query) == f"<MatchSpec {query.to_erlang()}>"


# Whole numbers and texts, on which Erlang's operators and Python's agree.
numbers: st.SearchStrategy[Value] = st.recursive(
    st.sampled_from([V(1), V(2), 0, 1, 2, -1, (Atom("element"), 1, ROW)]),
    lambda inner: (
        st.tuples(st.sampled_from([Atom(op) for op in ("+", "-", "*", "band", "bor", "bxor")]), inner, inner)
        | st.tuples(st.sampled_from([Atom(op) for op in ("-", "+", "bnot", "abs")]), inner)
        | inner.map(lambda one: (Atom("hd"), [one, 5]))
    ),
    max_leaves=5,
)
conditions: st.SearchStrategy[Value] = st.recursive(
    st.tuples(st.sampled_from([Atom(op) for op in ("<", ">", "=<", ">=", "==", "/=", "=:=", "=/=")]), numbers, numbers),
    lambda inner: (
        st.tuples(
            st.sampled_from([Atom(op) for op in ("andalso", "orelse", "and", "or", "xor", "==", "=:=", "/=")]),
            inner,
            inner,
        )
        | inner.map(lambda one: (Atom("not"), one))
    ),
    max_leaves=4,
)
results: st.SearchStrategy[Value] = st.one_of(
    numbers,
    conditions,
    st.tuples(numbers, numbers).map(lambda pair: (pair,)),
    st.tuples(numbers).map(lambda one: (one,)),
    st.lists(numbers, max_size=2),
    st.sampled_from([ROW, "text", const((1, V(1))), const(Atom("$1")), {"key": V(1)}, -1.5]),
)
clauses = st.tuples(
    st.sampled_from([(V(1), V(2)), (V(2), V(1)), (V(1), V(2)), (V(1), V(2))]),
    st.lists(conditions, max_size=2),
    results.map(lambda r: [r]),
)
SOME_ROWS: Final = [(a, b) for a in (-2, 0, 1, 3) for b in (-1, 0, 1, 2)]


@given(st.lists(clauses, min_size=1, max_size=3))
def test_python_runs_the_text_to_the_same_results(raw: Value) -> None:
    query = spec(raw)
    text = query.to_python()
    names: dict[str, Value] = {"SKIP": SKIP, "Atom": Atom, "V": V, "const": const, "ANY": ANY, "ROW": ROW}
    exec(f"query = {text}" if text.startswith("lambda") else text, names)
    written = names["query"]
    again = spec(text, syntax="python")
    for row in SOME_ROWS:
        wanted = query.test(row, SKIP)
        result = written(*row) if written.__code__.co_argcount == 2 else written(row)
        if result is None and text.startswith("def"):  # no case took the row; no result here is None
            result = SKIP
        assert repr(result) == repr(wanted), text
        assert repr(again.test(row, SKIP)) == repr(wanted), text


class Two(NamedTuple):
    a: int
    b: int


@pytest.mark.parametrize("text", ["[((V(5),), [], [V(5)])]", "[((1, 2, 3), [], [1])]", "[((), [], [1])]"])
def test_rows_of_another_size_than_the_head_have_no_lambda(text: str) -> None:
    query: MatchSpec[Two, Any] = MatchSpec(spec(text).clauses, row_type=Two)  # `spec` would refuse it for the type
    assert query.run([Two(1, 2)]) == []
    with pytest.raises(RenderError, match="Two has 2"):
        query.to_python()


def test_the_text_of_a_failing_result_is_the_users_own() -> None:
    query = spec("lambda a, b: a + b  if a else SKIP", syntax="python")
    with pytest.raises(EvalError, match=r"the result `a \+ b` cannot be computed for the row \(1, 'x'\)") as caught:
        query.test((1, "x"))
    assert caught.value.row == (1, "x")
    with pytest.raises(EvalError, match="of the body"):
        spec([(ANY, [], [(Atom("hd"), 1)])]).program.run_strict(1)


def test_errors_are_short_for_rows_that_are_not() -> None:
    query = spec("lambda row: row[0] + 1", syntax="python")
    deep: Value = ()
    for _ in range(100_000):
        deep = (deep,)
    for row in (("x" * 10_000,), (10**5000, "y"), (deep,)):
        if row[0] == 10**5000:
            assert query.test(row) == 10**5000 + 1
            continue
        with pytest.raises(EvalError) as caught:
            query.test(row)
        assert len(str(caught.value)) < 500


def test_a_repr_never_fails() -> None:
    queries: list[MatchSpec[Any, Any]] = [
        spec([(ANY, [], [const(object())])]),
        spec([(ANY, [], [10**5000])]),
        spec("lambda a, b: a // b ** 2", syntax="python"),
        spec([(("\ud800",), [], [1])]),
    ]
    for query in queries:
        assert repr(query).startswith("<MatchSpec ")
    assert repr(NO_MATCH) == "NO_MATCH"
