"""Lambdas rendered again: as Python's text, and as match specs of Erlang, judged by what they give for rows."""

from typing import Any, NamedTuple, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matchspec import SKIP, Atom, RenderError, V, const, spec
from matchspec.spec import NO_MATCH
from tests.matchspec.lambda_texts import ENV, RAISES, ROWS, Draw, Item, Reference, identical, texts
from tests.matchspec.test_lambdas import result

Value: TypeAlias = Any

ENV_OF_TEXT = {name: value for name, value in ENV.items() if name != "SKIP"}


class User(NamedTuple):
    name: str
    age: int
    active: bool
    tags: list[str]


def term(value: Value) -> Value:
    """The value as a term: a captured NamedTuple is rendered as the tuple that it is."""
    if isinstance(value, tuple):
        return tuple(term(item) for item in value)
    if isinstance(value, list):
        return [term(item) for item in value]
    return {key: term(item) for key, item in value.items()} if isinstance(value, dict) else value


@given(texts(), ROWS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_as_python(drawn: tuple[str, str], rows: list[Item]) -> None:
    """The text of a lambda means the same to us and to Python as the lambda that it was made of."""
    text, form = drawn
    row_type = Item if form in ("typed", "columns") else None
    query = spec(text, row=row_type, env=ENV_OF_TEXT)
    try:
        rendered = query.to_python()
    except RenderError:
        return
    again = spec(rendered, row=row_type, env=ENV_OF_TEXT, syntax="python")
    python = Reference(rendered, dict(ENV))
    for row in rows:
        wanted = term(result(query, row))
        assert identical(term(result(again, row)), wanted)
        plain = python.plain(row)
        assert plain is RAISES or identical(term(plain), wanted)


# --- Erlang ---------------------------------------------------------------------------------------------------------

NUMBERS = st.sampled_from(["a", "b", "c", "0", "1", "2", "-3", "7", "10"])


@st.composite
def numbers(draw: Draw, depth: int = 2) -> str:
    """Arithmetic over three columns of integers."""
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        return str(draw(NUMBERS))
    left, right = draw(numbers(depth=depth - 1)), draw(numbers(depth=depth - 1))
    forms = [f"({left} {op} {right})" for op in ("+", "-", "*", "//", "//", "%", "%", "&", "|", "^")]
    forms += [f"(-{left})", f"(~{left})", f"abs({left})", f"min({left}, {right}, 3)", f"max({left}, {right})"]
    return str(draw(st.sampled_from([*forms, f"({left} << 2)", f"({left} >> 1)"])))


@st.composite
def conditions(draw: Draw, depth: int = 2) -> str:
    left, right = draw(numbers()), draw(numbers())
    if depth == 0 or draw(st.booleans()):
        compared = [f"({left} {op} {right})" for op in ("<", "<=", ">", ">=", "==", "!=")]
        chained = [f"({left} < {right} <= c)", f"({left} in (1, {right}, -2))", f"({left} not in {{0, 4}})"]
        return str(draw(st.sampled_from([*compared, *chained, f"isinstance({left}, int)", f"({left} in [])"])))
    first, second = draw(conditions(depth=depth - 1)), draw(conditions(depth=depth - 1))
    return str(draw(st.sampled_from([f"({first} and {second})", f"({first} or {second})", f"(not {first})"])))


@given(conditions(), numbers(), conditions(), st.lists(st.tuples(*[st.integers(-9, 9)] * 3), min_size=20, max_size=20))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_as_erlang(test: str, number: str, other: str, rows: list[tuple[int, int, int]]) -> None:
    """On integers, what an Erlang programmer would write gives what Python gives, wherever Python does not raise."""
    text = f"lambda a, b, c: ({number}, {other}) if {test} else [c] if {other} else SKIP"
    rendered = spec(text).to_term()
    function = eval(text, {"SKIP": SKIP})
    queries = [spec(rendered), spec(spec(text).to_erlang()), spec(spec(text).to_elixir(), syntax="elixir")]
    for row in rows:
        try:
            wanted: Value = function(*row)
        except ArithmeticError:
            continue
        for query in queries:
            got = query.test(row)
            assert identical(got, NO_MATCH if wanted is ENV["SKIP"] else wanted), (row, got, wanted)


@pytest.mark.parametrize(
    ("text", "erlang"),
    [
        (
            "lambda u: u.name if u.active and u.age > 18 else SKIP",
            "[{{'$1','$2','$3','_'},[{'andalso','$3',{'>','$2',18}}],['$1']}]",
        ),
        ("lambda u: u.name if not u.active else SKIP", "[{{'$1','_','$3','_'},[{'not','$3'}],['$1']}]"),
        ("lambda u: SKIP if u.active else u.age", "[{{'_','$2','$3','_'},[{'not','$3'}],['$2']}]"),
        (
            "lambda u: u.age is not None and len(u.tags) > 1",
            "[{{'_','$2','_','$4'},[],[{'andalso',{'=/=','$2',nil},{'>',{length,'$4'},1}}]}]",
        ),
        ("lambda u: u if isinstance(u.age, int | float) else SKIP", "[{{'_','$2','_','_'},[{is_number,'$2'}],['$_']}]"),
        ("lambda u: int(u.age)", "[{{'_','$2','_','_'},[],[{trunc,'$2'}]}]"),
        ("lambda u: 1 if 2 in (1, 2) else u", "[{'_',[true],[1]},{'_',[],['$_']}]"),
    ],
)
def test_erlang_for_typed_columns(text: str, erlang: str) -> None:
    assert spec(text, row=User).to_erlang() == erlang


@pytest.mark.parametrize(
    "text",
    [
        *("lambda u: u.name or SKIP", "lambda u: not u.age", "lambda u: u.age + 1 and u.name", "lambda u: u.age ** 2"),
        *(
            "lambda u: round(u.age)",
            "lambda u: u.name.upper()",
            "lambda u: 1 if u.tags else 2",
            "lambda u: int(u.name, 16)",
        ),
        *(
            "lambda u: len(u.name)",
            "lambda u: u.age in u.tags",
            "lambda u: [1 if u.active else 2]",
            "lambda u: u.name[1:]",
        ),
        *("lambda u: u.name + '!'", "lambda u: u.name * 2 + 'x'", "lambda u: u.tags + ['x']", "lambda u: u.age + True"),
        *("lambda u: str(u.age)", "lambda u: u.tags[1:] and u.active", "lambda u: {u.age: 1}", "lambda u: max(u.tags)"),
    ],
)
def test_what_erlang_cannot_say(text: str) -> None:
    query = spec(text, row=User)
    for render in (query.to_term, query.to_erlang, query.to_elixir):
        with pytest.raises(RenderError, match="has no counterpart in Erlang"):
            render()
    assert query.to_python()
    assert repr(query)


def test_variables_have_the_numbers_of_their_columns() -> None:
    assert spec(lambda a, b: b).to_term() == [((V(1), V(2)), [], [V(2)])]
    assert spec(lambda u: u.age > 1, row=User).to_term()[0][2] == [(Atom(">"), V(2), 1)]


@pytest.mark.parametrize("call", ["startswith()", "endswith()", "startswith('a', 1)"])
def test_methods_with_other_arguments_have_no_erlang(call: str) -> None:
    query = spec(f"lambda name, e: e if name.{call} else SKIP")
    with pytest.raises(RenderError, match="no counterpart"):
        query.to_erlang()


@pytest.mark.parametrize("call", ["V(key, value)", "V(key)", "const(value)", "Atom(key)"])
def test_calls_of_what_builds_values_have_a_text(call: str) -> None:
    query = spec(f"lambda key, value: {call}", env={"V": V, "const": const, "Atom": Atom})
    assert query.to_python() == f"lambda a, b: {call.replace('key', 'a').replace('value', 'b')}"
    assert repr(query)
