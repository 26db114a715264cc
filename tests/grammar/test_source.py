"""Finding the text of a function: every test calls the function and the text that was found for it.

The text is evaluated here, in the tests, with the names that the function sees. It must compile to the same
instructions, constants and names, and give the same results.
"""

# The odd forms are what these tests are about.
# ruff: noqa: B023, D202, E701, E713, E714, N803, PLC2401, PLC3002, PLW0108, RET504

import inspect
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from grammar.errors import MatchSpecSyntaxError, SourceNotFoundError
from grammar.source import parse_function
from grammar.tree import Compare, Constant, Infix, Name
from tests.grammar.found import Query, Value, check, found_text, namespace, same_code

LIMIT = 10


def kept(*queries: Query) -> tuple[Query, ...]:
    return queries


def named(first: Query, *, key: Query) -> tuple[Query, Query]:
    return first, key


# ---- lambdas, wherever they stand -----------------------------------------------------------------------------------


def test_the_tree_is_that_of_the_text() -> None:
    parsed = parse_function(lambda u: u > 18)
    (clause,) = parsed.clauses
    assert clause.params == (Name("u"),)
    assert clause.body == (Compare(Name("u"), ((">", Constant(18)),)),)
    assert parsed.language == "python"


def test_several_on_one_line() -> None:
    first, second, third = kept(lambda u: u + 1, lambda u: u + 2, lambda u: u + 1)
    assert [check(query, 1).source.text for query in (first, second, third)] == [
        "lambda u: u + 1",
        "lambda u: u + 2",
        "lambda u: u + 1",
    ]
    columns = [parse_function(query).source.column for query in (first, second, third)]
    assert columns == sorted(set(columns))


# fmt: off
def test_several_lines() -> None:
    (query,) = kept(
        lambda u: (
            u * 2  # a comment
            if u > LIMIT

            else u
        )
    )
    parsed = check(query, 3, 30)
    assert parsed.source.text.count("\n") == 5


def test_several_lines_without_brackets_of_its_own() -> None:
    first, second = kept(
        lambda u: u +
        1, lambda u: u
        + 2
    )
    check(first, 3)
    check(second, 3)
    assert found_text(second) == "lambda u: u\n        + 2"


def test_the_body_begins_on_a_later_line() -> None:
    first, second = kept(lambda u: \
        u * 3, lambda u: u * 4)
    check(first, 3)
    check(second, 3)


def test_methods_on_lines_of_their_own() -> None:
    first, second = kept(
        lambda s: s
            .strip()
            .upper(), lambda s: (s.
            lower())
    )
    check(first, " a ")
    check(second, " A ")
# fmt: on


def test_nested() -> None:
    inner = (lambda u: lambda v: v + LIMIT)(1)
    check(inner, 4)
    assert found_text(inner) == "lambda v: v + LIMIT"
    with pytest.raises(MatchSpecSyntaxError, match="lambda") as caught:
        parse_function(lambda u: (lambda v: v)(u))
    assert caught.value.line is not None
    assert "lambda v" in Path(__file__).read_text(encoding="utf-8").split("\n")[caught.value.line - 1]


def test_in_default_arguments() -> None:
    outer = lambda u, default=lambda v: v * 2: default(u)
    (default,) = outer.__defaults__ or ()
    check(default, 4)
    with pytest.raises(MatchSpecSyntaxError):
        parse_function(outer)


def test_defaults_are_parameters() -> None:
    parsed = check(lambda u, low=1, high=LIMIT: low < u < high, 3, 30)
    assert len(parsed.clauses[0].params) == 3


def test_keyword_arguments_and_containers() -> None:
    first, second = named(lambda u: u, key=lambda u: -u)
    check(first, 3)
    check(second, 3)
    table = {"a": lambda u: u + 1, "b": [lambda u: u + 2, (lambda u: u + 3)]}
    check(table["a"], 1)  # type: ignore[arg-type]  # a mixture, on purpose
    for query in table["b"]:  # type: ignore[attr-defined]  # a mixture, on purpose
        check(query, 1)


def test_in_comprehensions_and_closures() -> None:
    made = [lambda u: u * factor for factor in (2, 3)]
    for query in made:
        check(query, 4)
    assert found_text(made[0]) == "lambda u: u * factor"

    def with_limit(limit: int) -> Query:
        return lambda u: u > limit and u < limit * LIMIT

    check(with_limit(3), 2, 4, 40)


class Holder:
    double = lambda u: u * 2
    __secret = 4
    guarded = lambda __u: __u * 2

    @staticmethod
    def method() -> Query:
        return lambda __row: __row + LIMIT


def test_in_class_bodies() -> None:
    check(Holder.__dict__["double"], 4)
    assert found_text(Holder.__dict__["guarded"]) == "lambda __u: __u * 2"
    assert found_text(Holder.method()) == "lambda __row: __row + LIMIT"


def decorated(*queries: Query) -> Callable[[Query], tuple[Query, ...]]:
    return lambda function: (*queries, function)


def test_in_decorators() -> None:
    @decorated(lambda u: u + 1, lambda u: u + 2)
    def last(u: int) -> int:
        return u + 3

    first, second, third = last
    check(first, 1)
    check(second, 1)
    assert parse_function(third).clauses[0].body == (Infix("+", Name("u"), Constant(3)),)


def test_after_text_beyond_ascii() -> None:
    label, query, other = "日本 𝄞 é", lambda é: ("ü", é), lambda 名前: 名前 + "𝄞"
    check(query, label)
    check(other, label)


def test_inside_assert() -> None:
    # pytest rewrites assert statements; positions survive.
    assert check(lambda u: u == LIMIT, 3, 10).clauses != check(lambda u: u != LIMIT, 3, 10).clauses


def test_folded_constants() -> None:
    check(lambda u: u > 60 * 60 + 1, 3, 3602)
    check(lambda u: u in {1, -2}, 1, -2)
    check(lambda u: u in [1, (2, 3)], 1, (2, 3))
    check(lambda u: not u in (1, 2), 1, 3)
    check(lambda u: not u is None, 1, None)
    check(lambda u: (1, True, 1.0, "ab", b"c", None, -0.0, not u, +u, ~u), 4)
    check(lambda u: u[1:2] + u[::-1] + u[-1:], "abc")
    check(lambda u: (u + u - u, u * u, u / 2, u // 2, u % 3, u**2, u << 1, u >> 1, u & 1, u | 1, u ^ 1), 5)
    check(lambda u: (u < 1, u <= 1, u > 1, u >= 1, u == 1, 1 < u <= 3 != u), 2)


def test_inside_an_f_string() -> None:
    holder: list[Query] = []
    f"{holder.__iadd__([lambda u: u + 1])}"
    if sys.version_info >= (3, 12):
        check(holder[0], 1)
    else:
        with pytest.raises(SourceNotFoundError, match="f-string"):
            parse_function(holder[0])


# ---- functions ------------------------------------------------------------------------------------------------------


def label(row: tuple[Value, ...]) -> Value:
    """A name for the row."""
    match row:
        # Old people first.
        case (str() as name, int(real=age), 1.5 | None) if age > 60 and name.islower():
            return name
        case ("root", -1, *rest) | ("admin", 2, *rest): return (rest, "x")  # fmt: skip

        case [1, [2, {"k": value, "l": 3}]]: return value  # fmt: skip
        case inspect.CO_GENERATOR, _: return 60 * 60  # fmt: skip
        case _:
            return None


def decorate(function: Query) -> Query:
    return function


@decorate
# A comment between.
@decorate
def third(u: tuple[int, ...], /) -> int:
    return u[2]


def again(query: Query, text: str) -> Query:
    names = namespace(query)
    exec(textwrap.dedent(text), names)
    made = names[query.__name__]
    assert callable(made)
    return made


def test_match_function() -> None:
    parsed = parse_function(label)
    assert parsed.subject == "row"
    assert len(parsed.clauses) == 5
    copy = again(label, parsed.source.text)
    assert same_code(label, copy)
    for row in (("bob", 61, None), ("root", -1, 4, 5), ("admin", 2), [1, [2, {"k": 9, "l": 3}]], (32, 7), 5):
        assert copy(row) == label(row)  # type: ignore[arg-type]  # rows of every kind


def test_decorated_function() -> None:
    parsed = parse_function(third)
    assert parsed.source.text.startswith("def third")
    assert again(third, parsed.source.text)((1, 2, 3)) == third((1, 2, 3))


def test_function_in_a_function() -> None:
    def inner(u: int) -> int:
        """Twice."""

        # Not much to say.
        return u * 2

    parsed = parse_function(inner)
    assert parsed.source.text.startswith("    def inner")
    assert again(inner, parsed.source.text)(4) == 8
    line, column = parsed.source.position(parsed.clauses[0].body[0].span.start)
    assert Path(__file__).read_text(encoding="utf-8").split("\n")[line - 1][column - 1 :] == "u * 2"


def test_errors_point_into_the_file() -> None:
    def bad(u: int) -> int:
        total = u
        return total

    with pytest.raises(MatchSpecSyntaxError) as caught:
        parse_function(bad)
    line, column = caught.value.line, caught.value.column
    assert line is not None
    assert column is not None
    assert Path(__file__).read_text(encoding="utf-8").split("\n")[line - 1][column - 1 :] == "total = u"
    assert __file__ in str(caught.value)
