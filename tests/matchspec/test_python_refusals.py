"""What a lambda cannot say: each construct without a meaning is refused, with its place and a way to write it."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple, TypeAlias

import pytest

from matchspec import (
    MatchSpecError,
    MatchSpecSyntaxError,
    ResolveError,
    SourceNotFoundError,
    spec,
)

Value: TypeAlias = Any


class User(NamedTuple):
    name: str
    age: int


def outside(value: Value) -> Value:
    return value


class Tool:
    """A class with a method."""

    @staticmethod
    def run(value: Value) -> Value:
        return value


ENV: Final[dict[str, Value]] = {
    "outside": outside,
    "Tool": Tool,
    "User": User,
    "limit": 1,
    "names": ["a"],
    "Value": object,
}


def refused(text: str, row: Value = User) -> MatchSpecError:
    with pytest.raises(MatchSpecError) as caught:
        spec(text, row=row, env=ENV, syntax="python")
    return caught.value


# --- refused by the resolver: text, message, hint, and the part under the caret ------------------------------------

RESOLVED: Final = [
    # Names.
    ("lambda u: u.age > limt", "the name 'limt' is not defined", "did you mean 'limit'?", "limt"),
    ("lambda u: u.age > qqq", "the name 'qqq' is not defined", "env={...}", "qqq"),
    ("lambda u: __builtins__", "the name '__builtins__' is not defined", "env={...}", "__builtins__"),
    ("lambda u: ages(u.age)", "the function 'ages' is not defined", "did you mean 'names'?", "ages(u.age)"),
    ("lambda u: eval('1')", "the function 'eval' is not defined", "", "eval('1')"),
    ("lambda u: u.age > open", "the name 'open' is not defined", "", "open"),
    # Parameters.
    ("lambda: 1", "the function has no parameter for the row", "lambda row: ...", "lambda: 1"),
    ("lambda a, b, c: a", "the function takes 3 columns, but User has 2", "one parameter is the whole row", "a, b, c"),
    ("lambda *row: 1", "a parameter of a query is a plain name", "lambda row: ...", "*row"),
    ("lambda a, *b: 1", "a parameter of a query is a plain name", "lambda row: ...", "*b"),
    # Calls.
    ("lambda u: outside(u.age)", "outside() runs Python code", "a query calls len, abs", "outside(u.age)"),
    ("lambda u: Value()", "Value() runs Python code", "", "Value()"),
    ("lambda u: u.name.format(1)", "the method .format() cannot be called", "", "u.name.format(1)"),
    ("lambda u: u.name.startwith('a')", "the method .startwith() cannot be called", "did you mean 'startswith'?", None),
    ("lambda u: u.name.__class__()", "the method .__class__() cannot be called", "", None),
    ("lambda u: '-'.join([u.name])", "the method .join() cannot be called", "", None),
    ("lambda u: u.name.encode()", "the method .encode() cannot be called", "", None),
    (
        "lambda u: names.append(1)",
        "a text cannot read attributes of what env holds",
        "a name in env",
        "names.append(1)",
    ),
    ("lambda u: len()", "len() takes 1 argument, not 0", "", "len()"),
    ("lambda u: len(u, u)", "len() takes 1 argument, not 2", "", "len(u, u)"),
    ("lambda u: round(1, 2, 3)", "round() takes 1 to 2 arguments, not 3", "", "round(1, 2, 3)"),
    ("lambda u: max(u.name, key=u.age)", "max() takes no keyword arguments in a query", "", "u.age"),
    ("lambda u: u.name.split(sep='a')", "split() takes no keyword arguments in a query", "", "'a'"),
    ("lambda u: max(*u)", "`*` cannot be used here", "write the elements out", "*u"),
    ("lambda u: u.age(1)", "the method .age() cannot be called", "", "u.age(1)"),
    ("lambda u: u(1)", "'u' is a part of the row and cannot be called", "", "u(1)"),
    ("lambda u: isinstance(u.age, limit)", "the second argument of isinstance() is a class", "", "limit"),
    ("lambda u: isinstance(u.age, u.name)", "the second argument of isinstance() is a class", "", "u.name"),
    ("lambda u: isinstance(u.age, (int, 1))", "the second argument of isinstance() is a class", "", "1"),
    ("lambda u: date(2020, 13, 1)", "date() refuses its arguments: month must be in 1..12", "", "date(2020, 13, 1)"),
    ("lambda u: date(u.age, month=1, day=1)", "date() of columns takes no keyword arguments", "", None),
    # SKIP.
    ("lambda u: [SKIP]", "SKIP can only be the whole result", "result if condition else SKIP", "SKIP"),
    ("lambda u: u.age + SKIP", "SKIP can only be the whole result", "", "SKIP"),
    ("lambda u: [1 if u.age else SKIP]", "SKIP can only be the whole result", "", "SKIP"),
    ("lambda u: 1 if SKIP else 2", "SKIP can only be the whole result", "", "SKIP"),
    ("lambda u: u.age and SKIP", "SKIP can only be the whole result", "", "SKIP"),
    ("lambda u: SKIP or 1", "SKIP can only be the whole result", "", "SKIP"),
    # Displays, comparisons, operators.
    ("lambda u: {u.age}", "a set can only stand after `in`", "use a tuple or a list", "{u.age}"),
    ("lambda u: {1, 2} == {u.age}", "a set can only stand after `in`", "", "{1, 2}"),
    ("lambda u: [*u]", "`*` cannot be used here", "", "*u"),
    ("lambda u: (1, *u)", "`*` cannot be used here", "", "*u"),
    ("lambda u: u.age is 1", "`is` compares with None, True, False", "compare values with == or !=", "u.age is 1"),
    ("lambda u: u.age is not u.name", "`is not` compares with None", "", "u.age is not u.name"),
    ("lambda u: '%s' % u.age", "a text cannot be formatted in a query", "format the results", "'%s' % u.age"),
    ("lambda u: u.name % u.age", "a text cannot be formatted in a query", "", "u.name % u.age"),
    ("lambda u: u[0:1, 2]", "a match spec cannot express this", "", "0:1"),
    ("lambda u: u[::0]", "this slice is refused: slice step cannot be zero", "", "u[::0]"),
    # Attributes.
    ("lambda u: u.__class__", "User has no field '__class__'", "its fields are name, age", "u.__class__"),
    ("lambda u: u._fields", "User has no field '_fields'", "", "u._fields"),
    ("lambda u: u.name.__len__", "the attribute '__len__' is no field", "", "u.name.__len__"),
    ("lambda u: (1).real", "the attribute 'real' is no field", "", "(1).real"),
    ("lambda u: outside.__globals__", "a text cannot read attributes", "a name in env", "outside.__globals__"),
    ("lambda u: Tool.run(1)", "a text cannot read attributes", "", "Tool.run(1)"),
    ("lambda u: User._fields", "a text cannot read attributes", "", "User._fields"),
    ("lambda u: int.real", "a text cannot read attributes", "", "int.real"),
]


@pytest.mark.parametrize(("text", "message", "hint", "part"), RESOLVED)
def test_refused_by_the_resolver(text: str, message: str, hint: str, part: str | None) -> None:
    error = refused(text)
    assert type(error) is ResolveError
    assert message in error.message
    assert hint in error.hint
    assert error.line == 1
    column = text.rindex(part) if part else len("lambda u: ")
    assert error.column == column + 1
    lines = str(error).splitlines()
    assert lines[1].strip() == text
    assert lines[2].index("^") == lines[1].index(text) + column
    if part:
        assert lines[2].count("^") == len(part)


# --- refused by the grammar -----------------------------------------------------------------------------------------

SYNTAX: Final = [
    ("lambda u: [x for x in u]", "comprehension", "for"),
    ("lambda u: {x: 1 for x in u}", "comprehension", "for"),
    ("lambda u: all(x for x in u)", "comprehension", "for"),
    ("lambda u: lambda v: v", "the query itself is the only function", "lambda v"),
    ("lambda u: (lambda v: v)(u)", "the query itself is the only function", "lambda v"),
    ("lambda u: (x := u.age)", "an assignment cannot be part", ":="),
    ("lambda u: f'{u.age}'", "an f-string cannot be part", "f'"),
    ("lambda u: await u", "runs at once", "await"),
    ("lambda u: (yield u)", "cannot yield", "yield"),
    ("lambda u: 1j", "complex numbers", "1j"),
    ("lambda u: u @ u", "matrix multiplication", "@"),
    ("lambda u: u.age = 1", "a query assigns nothing", "="),
    ("lambda u: ...", "ANY stands for any term", "..."),
    ("lambda u: {**u}", "write the keys and values one by one", "**u"),
    ("lambda u, **k: u", "parameters are names", "**k"),
    ("lambda u, *, k: u", "parameters are names", "*"),
    ("lambda u: u.age >", "", None),
    ("lambda u u", "", "u u"),
    ("lambda u: u.age if u.age", "", None),
    ("lambda u, u: 1", "", "u: 1"),
    ("lambda u: 'abc", "not closed", "'abc"),
    ("def f(u):\n    x = 1\n    return x\n", "", "x = 1"),
    ("def f(u):\n    for x in u: return x\n", "", "for"),
    ("def f(u):\n    if u: return 1\n", "", "if"),
    ("def f(u, v):\n    match u:\n        case 1: return 1\n", "the parameter is the whole row", None),
    ("def f(u):\n    match v:\n        case 1: return 1\n", "write match u:", "v:"),
    (
        "def f(u):\n    match u:\n        case x: return 1\n        case 2: return 1\n",
        "let it be the last case",
        "x: return",
    ),
]


@pytest.mark.parametrize(("text", "hint", "part"), SYNTAX)
def test_refused_by_the_grammar(text: str, hint: str, part: str | None) -> None:
    error = refused(text)
    assert type(error) is MatchSpecSyntaxError
    assert hint in error.hint
    assert error.line is not None
    assert error.column is not None
    if part is not None:
        line, start = text.count("\n", 0, text.index(part)) + 1, text.rfind("\n", 0, text.index(part)) + 1
        assert error.line == line
        assert abs(error.column - 1 - (text.index(part) - start)) <= len(part)


# --- functions ------------------------------------------------------------------------------------------------------


def test_errors_of_functions_point_into_their_file() -> None:
    with pytest.raises(ResolveError) as caught:
        spec(lambda u: u.name + undefined, row=User)  # type: ignore[name-defined]  # noqa: F821  # the case in point
    error = caught.value
    assert error.source is not None
    assert error.source.name == __file__
    with open(__file__, encoding="utf-8") as file:  # noqa: PTH123  # only to look at one line
        line = file.read().splitlines()[(error.line or 0) - 1]
    assert line[(error.column or 0) - 1 :].startswith("undefined, row=User)")


def test_functions_with_code_in_them() -> None:
    queries: list[Callable[..., Value]] = [
        lambda u: [outside(u)],
        lambda u: [Tool.run(u)],
        lambda u: [Tool(), u],
        lambda u: [sorted(u)],
        lambda u: [type(u)],
        lambda u: [iter(u)],
    ]
    for query in queries:
        with pytest.raises(ResolveError, match=r"\(\) runs Python code, which a match spec cannot hold"):
            spec(query)


def test_what_is_no_query() -> None:
    def generator(u: Value) -> Value:
        yield u

    async def coroutine(u: Value) -> Value:
        return u

    wrong: list[Value] = [
        generator,
        coroutine,
        partial(outside, 1),
        "".join,
    ]
    for query in wrong:
        with pytest.raises(MatchSpecError):
            spec(query)
    wrong = [len, int, Tool, Calls()]
    for query in wrong:
        with pytest.raises(SourceNotFoundError, match="is not a function written in Python"):
            spec(query)
    wrong = [None, 5, b"lambda u: u", (1,)]
    for query in wrong:
        with pytest.raises(MatchSpecError, match="query must be a lambda, a match function, text"):
            spec(query)
    with pytest.raises(MatchSpecError, match="env must be a dict with str keys"):
        spec("lambda u: u", env={1: 2})  # type: ignore[dict-item]  # the case in point
    with pytest.raises(MatchSpecError, match="syntax must be one of auto"):
        spec("lambda u: u", syntax="ruby")


class Calls:
    """Can be called, and misbehaves when asked for anything else."""

    def __call__(self, row: Value) -> Value:
        return row

    def __getattr__(self, name: str) -> Value:
        raise RuntimeError(name)


def test_functions_without_source() -> None:
    function = eval("lambda u: u")
    with pytest.raises(SourceNotFoundError, match="cannot be found"):
        spec(function)
    assert spec("lambda u: u if u else SKIP").run([0, 1]) == [1]
