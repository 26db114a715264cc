"""Limits on texts, and that any text at all gives a tree or a `MatchSpecSyntaxError`."""

import random
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grammar import LIMITS, Function, Language, Limits, MatchSpecSyntaxError, TermText, parse, parse_term
from grammar import tree as t

LANGUAGES: list[Language] = ["erlang", "elixir"]


@pytest.fixture
def limits() -> Iterator[Limits]:
    """The limits, put back afterwards."""
    before = (LIMITS.max_text, LIMITS.max_tokens, LIMITS.max_depth, LIMITS.max_digits)
    yield LIMITS
    LIMITS.max_text, LIMITS.max_tokens, LIMITS.max_depth, LIMITS.max_digits = before


def message(text: str, language: Language) -> str:
    with pytest.raises(MatchSpecSyntaxError) as caught:
        parse(text, language)
    return caught.value.message


# ---- Depth -----------------------------------------------------------------------------------------------------------

# Text in front, text behind: one level of nesting around a `1`.
NESTINGS: list[tuple[Language, str, str]] = [
    ("erlang", "(", ")"),
    ("erlang", "[", "]"),
    ("erlang", "{", "}"),
    ("erlang", "[a|", "]"),
    ("erlang", "#{a => ", "}"),
    ("erlang", "#r{a = ", "}"),
    ("erlang", "f(", ")"),
    ("erlang", "m:f(", ")"),
    ("erlang", "- ", ""),
    ("erlang", "not ", ""),
    ("erlang", "", " + 2"),
    ("erlang", "2 ++ ", ""),
    ("erlang", "2 orelse ", ""),
    ("erlang", "2 = ", ""),
    ("elixir", "(", ")"),
    ("elixir", "[", "]"),
    ("elixir", "{", "}"),
    ("elixir", "[a|", "]"),
    ("elixir", "%{a: ", "}"),
    ("elixir", "f(", ")"),
    ("elixir", "f(a: ", ")"),
    ("elixir", "M.f(", ")"),
    ("elixir", "- ", ""),
    ("elixir", "not ", ""),
    ("elixir", "^ ", ""),
    ("elixir", "", " + 2"),
    ("elixir", "2 ++ ", ""),
    ("elixir", "", " or 2"),
    ("elixir", "2 = ", ""),
]


@pytest.mark.parametrize(("language", "before", "after"), NESTINGS)
def test_each_bracket_and_operator_is_a_level(language: Language, before: str, after: str) -> None:
    depth = Limits().max_depth
    parse(before * depth + "1" + after * depth, language)
    text = before * (depth + 1) + "1" + after * (depth + 1)
    assert message(text, language) == f"nested deeper than {depth} levels"


@pytest.mark.parametrize(("language", "before", "after"), NESTINGS)
def test_no_nesting_exhausts_the_stack(language: Language, before: str, after: str) -> None:
    depth = 3_000  # Python's own limit is 1000 calls
    assert message(before * depth + "1" + after * depth, language).startswith("nested deeper")
    if before:
        assert message(before * depth, language) == "the text ends too early"


def test_the_depth_can_be_set(limits: Limits) -> None:
    limits.max_depth = 3
    parse("{{{1}}}", "erlang")
    assert message("{{{{1}}}}", "erlang") == "nested deeper than 3 levels"
    assert message("fun(X) -> 1 + 1 + 1 + 1 + 1 end", "erlang") == "nested deeper than 3 levels"


def test_width_is_no_depth() -> None:
    assert isinstance(parse("[" + "{a}, " * 1000 + "a]", "erlang"), TermText)
    assert isinstance(parse("fun do\n" + "  {x} -> x\n" * 500 + "end", "elixir"), Function)


# ---- Length and digits -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_text_length(language: Language, limits: Limits) -> None:
    parse("1".ljust(65_536), language)
    assert message("1".ljust(65_537), language) == "the text has 65537 characters, but the limit is 65536"
    limits.max_text = 3
    assert message("1000", language) == "the text has 4 characters, but the limit is 3"


@pytest.mark.parametrize(
    ("language", "text"),
    [("erlang", "{}"), ("erlang", "16#{}"), ("elixir", "{}"), ("elixir", "0x{}"), ("elixir", "^(&{})")],
)
def test_integer_digits(language: Language, text: str, limits: Limits) -> None:
    parse(text.format("1" * 4300), language)
    assert message(text.format("1" * 4301), language) == "an integer of 4301 digits, but the limit is 4300"
    limits.max_digits = 2
    assert message(text.format("111"), language) == "an integer of 3 digits, but the limit is 2"


@pytest.mark.parametrize("language", LANGUAGES)
def test_number_of_tokens(language: Language, limits: Limits) -> None:
    most = limits.max_tokens
    parse("[" + "1," * 10_000 + "1]", language)
    parse(" " * most + "1", language)
    text = "[" + "1," * (most // 2) + "1]"
    assert message(text, language) == f"the text has more than {most} tokens"
    limits.max_tokens = 5
    parse("[1,22]", language)
    assert message("[1,2,3]", language) == "the text has more than 5 tokens"
    with pytest.raises(MatchSpecSyntaxError) as caught:
        parse("[1,\n2,33]", language)
    assert (caught.value.line, caught.value.column) == (2, 3)


@pytest.mark.parametrize("language", LANGUAGES)
def test_underscores_are_no_digits(language: Language, limits: Limits) -> None:
    limits.max_digits = 2
    assert parse_term("1_1", language).node == t.Constant(11)


def test_a_limit_above_that_of_python_is_no_crash(limits: Limits) -> None:
    limits.max_digits = 10_000
    assert "Python converts at most" in message("1" * 5000, "erlang")
    node = parse_term("16#" + "f" * 5000, "erlang").node
    assert isinstance(node, t.Constant)
    assert node.value == 16**5000 - 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", ["'\ud800'", '"a\udfff"', "\ud83d"], ids=ascii)
def test_half_a_surrogate_pair_is_refused(language: Language, text: str) -> None:
    assert message(text, language) == "half of a surrogate pair is no character"


# ---- Any text --------------------------------------------------------------------------------------------------------

VALID: dict[Language, list[str]] = {
    "erlang": [
        "fun({X, Y}) when X > Y, is_atom(X); Y == 1 -> X, {Y, <<1:8/little, \"a\">>}; (_) -> 'none' end.",
        "[{{'$1','_'},[{'>','$1',10}],['$1']}]",
        "fun(R) when R#p.x > 1 -> R#p{y = #{a => [1.5 | $a]}} end % done",
    ],
    "elixir": [
        'fun do\n  {x, y} = z when x > ^y when not is_atom(x) ->\n    z\n  _ -> %{"a" => [b: 1], c: <<1::8, "a">>}\nend',
        '[{{:"$1", :_}, [{:>, :"$1", 10}], [:"$1"]}]',
        "fn user(name: n), [h | t] -> Foo.bar(?a, ~c\"b\", 'c')[:d].e in [1..2, 0x1f] end",
    ],
}

PIECES = """fun do fn end when not and or in andalso orelse div bnot case if X x _ a 1 1.5 0x1 16#f 1_0 :a :"a" "a" 'a' $a ?a
&1 & a: "a": ( ) [ ] { } << >> #{ %{ %A # % -> => := :: | || , ; . .. = == =:= =< <= <- < > != + - * / ++ -- <> ^ ^^^ ! @ ~r
~c"a" \\ " ' #{a} \"\"\"""".split()


def accepted_or_refused(text: str, language: Language) -> None:
    """Fails with whatever else is raised."""
    for read in (parse, parse_term):
        try:
            parsed = read(text, language)
        except MatchSpecSyntaxError as error:
            assert error.message
            assert str(error)
        else:
            assert isinstance(parsed, Function | TermText)
            assert 0 <= parsed.span.start < parsed.span.end <= len(text)


@pytest.mark.parametrize("language", LANGUAGES)
@given(text=st.text(st.characters(exclude_categories=()), max_size=60))
@example(text='"\\')
@example(text="1#")
@example(text="\x00")
@settings(max_examples=200, deadline=None)
def test_random_text(language: Language, text: str) -> None:
    accepted_or_refused(text, language)


@pytest.mark.parametrize("language", LANGUAGES)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=14), glue=st.sampled_from(["", " ", "\n"]))
@settings(max_examples=200, deadline=None)
def test_random_tokens(language: Language, pieces: list[str], glue: str) -> None:
    accepted_or_refused(glue.join(pieces), language)


@pytest.mark.parametrize("language", LANGUAGES)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 5))
@settings(max_examples=200, deadline=None)
def test_mutated_queries(language: Language, seed: int, count: int) -> None:
    chance = random.Random(seed)
    text = chance.choice(VALID[language])
    for _ in range(count):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.randrange(4))
        text = text[:start] + chance.choice(["", chance.choice(PIECES), chr(chance.randrange(256))]) + text[end:]
    accepted_or_refused(text, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_texts_to_mutate_parse(language: Language) -> None:
    for text in VALID[language]:
        parse(text, language)
