"""Patterns of match functions drawn at random, against calling the function; and those that are refused."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchspec import SKIP, ResolveError, spec
from matchspec.spec import NO_MATCH
from tests.matchspec.lambda_texts import RAISES, SKIPPED, identical
from tests.matchspec.test_match_functions import UNTYPED, Limits, Place, User, called


class LimitsInText(NamedTuple):
    """A text may read the fields of NamedTuples, and no other attributes."""

    HIGH: int


ATOMS: Final = st.sampled_from(["0", "1", "True", "None", "'a'", "'red'", "1.0", "-1", "_", "Limits.HIGH"])


def patterns(names: list[str]) -> st.SearchStrategy[str]:
    """Patterns that bind each of the names once, at most."""

    def join(parts: list[str], brackets: str) -> str:
        return f"{brackets[0]}{', '.join(parts)}{',' if len(parts) == 1 and brackets[0] == '(' else ''}{brackets[1]}"

    simple = st.one_of(ATOMS, st.sampled_from(["int()", "str()", "bool()", "[]", "{}", "()", "float()", "0 | 'a'"]))
    if not names:
        return simple
    inner = patterns(names[1:])
    name = names[0]
    return st.one_of(
        st.just(name),
        simple,
        st.tuples(st.lists(simple, max_size=2), inner, st.sampled_from(["()", "[]"])).map(
            lambda p: join([*p[0], p[1]], p[2])
        ),
        inner.map(lambda p: f"[{p}, *{name}]"),
        inner.map(lambda p: f"(*{name}, {p})"),
        inner.map(lambda p: f"{{'a': {p}, **{name}}}"),
        inner.map(lambda p: f"{{'a': {p}}}"),
        st.sampled_from(["int", "str", "list", "tuple", "dict"]).map(lambda cls: f"{cls}({name})"),
        inner.map(lambda p: f"Place({p})"),
        inner.map(lambda p: f"Place({p}, zip={name})"),
        simple.filter(lambda p: p != "_").map(lambda p: f"({p}) as {name}"),
    )


@st.composite
def functions(draw: Callable[[st.SearchStrategy[Any]], Any]) -> str:
    lines = ["def drawn(row):", "    match row:"]
    for number in range(draw(st.integers(1, 4))):
        first, second = draw(patterns(["x", "y"])), draw(patterns(["z"]))
        bound = [
            name for name in "xyz" if any(part in f" {first} {second} ".replace("*", " ") for part in around(name))
        ]
        test = draw(st.sampled_from(["", "", *[f" if {name}" for name in bound], " if row[0]", " if row[1] == 1"]))
        star = draw(st.sampled_from(["", "", ", *_"]))
        result = draw(st.sampled_from([*bound, "row", "SKIP", "SKIP if row[0] else 'b'", "'b' if row[1] else SKIP"]))
        parts = ", ".join([str(number), result, *bound]) if "SKIP" not in result else ""
        lines.append(f"        case ({first}, {second}{star}){test}: return {f'({parts})' if parts else result}")
    return "\n".join(lines) + "\n"


def around(name: str) -> list[str]:
    return [f"{before}{name}{after}" for before in " ([=" for after in " )],}"]


@given(functions())
@settings(max_examples=150, deadline=None)
def test_random_patterns(text: str) -> None:
    names: dict[str, Any] = {"Limits": Limits, "Place": Place, "SKIP": SKIP}
    exec(text, names)
    function = names["drawn"]
    query = spec(text, env={"Place": Place, "Limits": LimitsInText(60)})
    for row in UNTYPED:
        wanted = called(function, row)
        if wanted is RAISES:
            continue
        got = query.test(row)
        if wanted is None or wanted is SKIPPED:
            assert got is NO_MATCH, (row, got)
        else:
            assert identical(got, wanted), (row, got, wanted)


@pytest.mark.parametrize(
    ("case", "message", "column"),
    [
        ("case (name, age):", "the pattern has 2 columns, but User has 3", 14),
        ("case User(nmae=1):", "User has no field 'nmae'", 24),
        ("case User(1, 2, 3, 4):", "User has 3 fields, the pattern has 4", 14),
        ("case (a, b, c, d, *_):", "the pattern has more columns than the row, which has 3", 27),
        ("case (_, _, Plaec()):", "a class pattern needs a class that is known here", 21),
        ("case (_, _, (x, 1) | (1, x)):", "names cannot be bound inside a nested or-pattern", 21),
        ("case (_, _, object(x)):", "only fields of NamedTuples can be matched, not those of object", 21),
    ],
)
def test_patterns_that_are_refused(case: str, message: str, column: int) -> None:
    text = f"def f(row):\n    match row:\n        {case} return 1\n"
    with pytest.raises(ResolveError) as caught:
        spec(text, row=User, env={"User": User, "object": object})
    assert caught.value.message == message
    assert (caught.value.line, caught.value.column) == (3, column)
