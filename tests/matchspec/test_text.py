"""Terms as text and back, in three languages; what has no text; limits; any text and any term give no other error."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, TypeAlias
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchspec import (
    ANY,
    BINDINGS,
    ROW,
    Atom,
    Bitstring,
    ImproperList,
    MatchSpecError,
    MatchSpecSyntaxError,
    Pid,
    Ref,
    RenderError,
    ResolveError,
    TermError,
    V,
    const,
    exactly_equal,
    format_term,
    parse_term,
    spec,
)
from matchspec.text import Syntax, brief, erlang_atom
from tests.erlang import canonical
from tests.strategies import Colour, Level, erlang_terms, rows_and_specs, terms

Value: TypeAlias = Any

SYNTAXES: Final[tuple[Syntax, ...]] = ("erlang", "elixir", "python")
syntaxes: st.SearchStrategy[Syntax] = st.sampled_from(SYNTAXES)


def fingerprint(term: Value) -> Value:
    """A form that keeps 0.0 and -0.0 and str and bytes apart."""
    match term:
        case str() | bytes():
            return (type(term), term)
        case tuple():
            return ("tuple", *[fingerprint(item) for item in term])
        case list():
            return ("list", *[fingerprint(item) for item in term])
        case ImproperList(items, tail):
            return ("improper", fingerprint(items), fingerprint(tail))
        case dict():
            return ("map", frozenset([(fingerprint(key), fingerprint(value)) for key, value in term.items()]))
    return canonical(term)


@given(erlang_terms, syntaxes)
def test_text_is_read_back_as_the_same_term(term: Value, syntax: Syntax) -> None:
    assert fingerprint(parse_term(format_term(term, syntax), syntax)) == fingerprint(term)


@given(terms, syntaxes)
def test_text_of_any_term_is_read_back_or_there_is_none(term: Value, syntax: Syntax) -> None:
    try:
        text = format_term(term, syntax)
    except RenderError as error:
        assert "has no text in" in error.message
        return
    again = parse_term(text, syntax)
    assert exactly_equal(again, term)
    assert format_term(again, syntax) == text


def test_times_with_a_zone_and_subclasses_have_no_text() -> None:
    class Day(date):
        pass

    for term in (datetime(2024, 1, 1, tzinfo=UTC), time(1, tzinfo=UTC), Day(2024, 1, 1)):
        with pytest.raises(RenderError, match="has no text in Python"):
            format_term(term, "python")
    late = datetime(2024, 10, 27, 2, 30, fold=1)  # noqa: DTZ001  # a naive one is meant
    assert repr(parse_term(format_term(late, "python"), "python")) == repr(late)


@given(erlang_terms)
def test_text_is_one_line(term: Value) -> None:
    for syntax in SYNTAXES:
        assert format_term(term, syntax).splitlines() == [format_term(term, syntax)]


PYTHON_ONLY: Final[list[tuple[Value, str]]] = [
    (date(2024, 2, 29), "date(2024, 2, 29)"),
    (datetime(2024, 1, 1, 12), "datetime(2024, 1, 1, 12, 0)"),  # noqa: DTZ001  # a naive one is meant
    (time(1, 2), "time(1, 2)"),
    (timedelta(seconds=1), "timedelta(seconds=1)"),
    (Decimal("1.50"), "Decimal('1.50')"),
    (Fraction(1, 3), "Fraction(1, 3)"),
    (UUID(int=5), "UUID('00000000-0000-0000-0000-000000000005')"),
    (float("inf"), 'float("inf")'),
    (float("-inf"), 'float("-inf")'),
]


@pytest.mark.parametrize(("term", "text"), PYTHON_ONLY)
def test_what_only_python_can_write(term: Value, text: str) -> None:
    assert format_term(term, "python") == text
    assert parse_term(text, "python") == term
    assert type(parse_term(text, "python")) is type(term)
    for syntax in ("erlang", "elixir"):
        with pytest.raises(RenderError, match="no text"):
            format_term([term], syntax)


@pytest.mark.parametrize(
    "term", [Pid(), Ref(), len, object(), Colour.RED, Level.LOW, {1: [Pid()]}, ImproperList((1,), Level.HIGH)]
)
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_what_has_no_text(term: Value, syntax: Syntax) -> None:
    with pytest.raises(RenderError, match="has no text"):
        format_term(term, syntax)


ERLANG: Final[list[tuple[Value, str]]] = [
    *((1, "1"), (-1.5, "-1.5"), (1e22, "1.0e22"), (-0.0, "-0.0"), (True, "true"), (None, "nil"), (Atom("A"), "'A'")),
    *(
        ("abc", '<<"abc">>'),
        ("é", '<<"é"/utf8>>'),
        (b"\xff", "<<255>>"),
        ("", "<<>>"),
        (Bitstring(b"\x01\xa0", 11), "<<1,5:3>>"),
    ),
    *(
        ((1, [2, (3,)]), "{1,[2,{3}]}"),
        (ImproperList((1, 2), 3), "[1,2|3]"),
        ({1: "a"}, '#{1 => <<"a">>}'),
        (V(1), "'$1'"),
    ),
    *((Atom("case"), "'case'"), (Atom("it's"), "'it\\'s'"), (Atom("a@B_1"), "a@B_1"), (ANY, "'_'"), (Atom(""), "''")),
]
ELIXIR: Final[list[tuple[Value, str]]] = [
    *(
        (1, "1"),
        (1e22, "1.0e22"),
        (True, "true"),
        (None, "nil"),
        (Atom("a b"), ':"a b"'),
        (Atom("Elixir.Foo.Bar"), "Foo.Bar"),
    ),
    *(
        ("é#{x}", '"é\\#{x}"'),
        (b"\xff", "<<255>>"),
        (b"ab", '<<"ab"::binary>>'),
        (Bitstring(b"\x01\xa0", 11), "<<1, 5::3>>"),
    ),
    *(
        ((1, [2]), "{1, [2]}"),
        (ImproperList((1,), 2), "[1 | 2]"),
        ({Atom("a"): 1}, "%{a: 1}"),
        ({1: 2}, "%{1 => 2}"),
        ({}, "%{}"),
    ),
    *((V(1), ':"$1"'), (ANY, ":_"), (Atom("ok?"), ":ok?"), (Atom("=="), ":==")),
]
PYTHON: Final[list[tuple[Value, str]]] = [
    *((1, "1"), (True, "True"), (None, "None"), (Atom("ok"), "Atom('ok')"), (V(3), "V(3)"), (ANY, "ANY"), (ROW, "ROW")),
    *((BINDINGS, "BINDINGS"), (const((1,)), "const((1,))"), ((), "()"), ((1,), "(1,)"), ({1: b"a"}, "{1: b'a'}")),
    *((ImproperList((1,), 2), "ImproperList((1,), 2)"), (Bitstring(b"\x80", 1), "Bitstring(b'\\x80', 1)")),
]


@pytest.mark.parametrize(("syntax", "material"), [("erlang", ERLANG), ("elixir", ELIXIR), ("python", PYTHON)])
def test_spelling(syntax: Syntax, material: list[tuple[Value, str]]) -> None:
    assert [format_term(term, syntax) for term, _ in material] == [text for _, text in material]
    assert [fingerprint(parse_term(text, syntax)) for _, text in material] == [
        fingerprint(term) for term, _ in material
    ]


@pytest.mark.parametrize(
    ("text", "syntax", "line", "column"),
    [("{1,", "erlang", 1, 4), ("{a,\n @}", "erlang", 2, 2), ("%{a: }", "elixir", 1, 6), ("(1, *)", "python", 1, 6)],
)
def test_bad_text_is_an_error_with_a_place(text: str, syntax: Syntax, line: int, column: int) -> None:
    with pytest.raises(MatchSpecSyntaxError) as caught:
        parse_term(text, syntax)
    assert (caught.value.line, caught.value.column) == (line, column)


@pytest.mark.parametrize(
    ("text", "syntax"),
    [
        ("X", "erlang"),
        ("f(1)", "erlang"),
        ("#r{}", "erlang"),
        ("x", "elixir"),
        ("f(1)", "elixir"),
        ("x", "python"),
        ("eval(1)", "python"),
    ],
)
def test_variables_and_calls_are_no_terms(text: str, syntax: Syntax) -> None:
    with pytest.raises(ResolveError):
        parse_term(text, syntax)


def test_unknown_languages_are_refused() -> None:
    for action in (format_term, parse_term):
        with pytest.raises(MatchSpecError, match="'erlang', 'elixir' or 'python'"):
            action("1", "prolog")  # type: ignore[arg-type]  # what is refused


def test_limits() -> None:
    for syntax in SYNTAXES:
        for text in ("[" * 300 + "]" * 300, "9" * 5000, "[" + "1," * 40_000 + "1]", "(" * 100_000, "[" * 60_000):
            with pytest.raises(MatchSpecError):
                parse_term(text, syntax)
        with pytest.raises(RenderError, match="too long"):
            format_term(10**5000, syntax)
        deep: Value = []
        for _ in range(5000):
            deep = [deep]
        endless: list[Value] = []
        endless.append(endless)
        for term in (deep, endless, {1: endless}, ImproperList((endless,), 1)):
            with pytest.raises(TermError, match="nested"):
                format_term(term, syntax)


def test_depth_costs_no_more_than_its_length() -> None:
    term: Value = 1
    for _ in range(190):
        term = {Atom("a"): term}
    for syntax in SYNTAXES:
        assert len(format_term(term, syntax)) < 190 * 20


def test_brief_text_is_brief() -> None:
    assert brief((1, "a")) == '{1,<<"a">>}'
    for term in ([1] * 1000, 10**5000, Pid(), [object()], "\ud800"):
        assert len(brief(term)) <= 80


def test_erlang_atoms_are_quoted_where_they_must_be() -> None:
    assert [erlang_atom(name) for name in ("a", "maybe", "else", "é", "1a", "a-b")] == [
        "a",
        "'maybe'",
        "'else'",
        "'é'",
        "'1a'",
        "'a-b'",
    ]


@given(terms, syntaxes)
def test_any_term_has_text_or_gives_our_error(term: Value, syntax: Syntax) -> None:
    try:
        text = format_term(term, syntax)
    except MatchSpecError:
        return
    parse_term(text, syntax)


fragments: st.SearchStrategy[str] = st.lists(
    st.sampled_from(
        "fun do end fn -> when and or not ; , ( ) { } [ ] | < << >> > = == =:= := => # % & ^x x X _ $1 '$1' :a :\"a b\" \"s\" 's' "
        "1 1.5 1e400 0x1f 16#ff $a ?a ~w lambda row: row.x row[0] if else SKIP None True in is def match case return \n \\ \" ' "
        "hd(X) is_list(x) element(1,X) .. <> ++ -- ... * ** // @ #r{a=1} #r.a r(a: 1) %{a: 1} #{a=>1} \x00 é \U0001f600 \ud800".split(
            " "
        )
    ),
    max_size=12,
).map(" ".join)


@settings(max_examples=60)
@given(fragments | st.text(max_size=30), st.sampled_from(["auto", *SYNTAXES]))
def test_any_text_is_a_query_or_gives_our_error(text: str, syntax: str) -> None:
    try:
        query = spec(text, syntax=syntax, records={"r": ["a", ("b", 1)]}, env={"x": 1, "X": "a"})
        query.program  # noqa: B018  # compiling it may be refused too
    except MatchSpecError as error:
        assert str(error)


@settings(max_examples=60)
@given(rows_and_specs, st.randoms(use_true_random=False), syntaxes)
def test_damaged_text_is_a_query_or_gives_our_error(pair: tuple[Value, Value], source: Any, syntax: Syntax) -> None:
    text = format_term(pair[1], syntax)
    start = source.randrange(len(text))
    damaged = text[:start] + source.choice(["", "(", "}", "'", ",,", "$", "1"]) + text[start + source.randrange(4) :]
    try:
        spec(damaged, syntax=syntax)
    except MatchSpecError as error:
        assert str(error)


def test_a_text_of_a_number_that_is_too_large_to_build_is_refused() -> None:
    for text in ('Fraction("1e999999999")', 'Fraction("1E+999999999")'):
        with pytest.raises(ResolveError, match="takes too long"):
            parse_term(text, "python")
    assert parse_term('Fraction("1/3")', "python") == Fraction(1, 3)
