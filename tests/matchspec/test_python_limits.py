"""What a hostile text cannot do: eat the time or the memory of the program that runs it.

Each text here is refused by `spec()` with a MatchSpecError, or its condition fails, or its result is an EvalError. None
of them may take long: what they ask for would take minutes or terabytes, so that a limit which does not hold cannot
go unnoticed.
"""

import ast
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grammar import LIMITS
from matchspec import SKIP, EvalError, MatchSpecError, spec
from matchspec.operations import MAX_WORK
from matchspec.pyoperations import MAX_GROWTH, MAX_LENGTH, MAX_POWER_BITS, MAX_SHOWN
from matchspec.spec import NO_MATCH
from tests.matchspec.lambda_texts import ENV, ROWS, Item, Pair

Value: TypeAlias = Any


# --- growth ---------------------------------------------------------------------------------------------------------

TOO_MUCH: Final = [
    "'x' * 10**9",
    "10**9 * 'x'",
    "[0] * 10**9",
    "(0,) * (1 << 40)",
    "b'x' * 9999999999",
    "s * n",
    "(s * 9000) * 9000",
    "(s * 1000).replace('', s * 1000)",
    "(s * 1000).replace('x', s * 1000)",
    "(s * 1000).replace('', 'y' * 1000, 999)",
    "10 ** 10 ** 10",
    "2 ** n",
    "n ** n",
    "(-3) ** n",
    "Fraction(3, 2) ** n",
    "Fraction(3, 2) ** -n",
    "1 << n",
    "1 << (1 << 100)",
    "n << n",
    "(2 ** 100000) * (2 ** 100000)",
    "(2 ** 100000) // (3 ** 60000)",
    "(3 ** 60000) % (2 ** 100000 - 1)",
    "round(5, -n)",
    "round(Fraction(1, 3), n)",
    "round(Fraction(1, 3), -n)",
    "int('9' * 5000)",
    "str(3 ** 60000)",
    "int(Decimal('1e999999999'))",
    "round(Decimal('1e999999999'))",
    "Fraction('1e999999999')",
    "Fraction('1e-999_999_999')",
    "Fraction(Decimal('1e999999999'))",
    "Fraction(Decimal('1e-999999999'))",
    "Decimal(1 << 4000000)",
    "Decimal(10) ** n",
    "Decimal('1e999999999') % 7",
    "'%*d' % (n, 1)",
    "'%999999999d' % 1",
    "timedelta(n)",
    "Decimal(1) + (1 << 4000000)",
    "(1 << 4000000) - Decimal(1)",
    "Decimal(2) * (1 << 4000000)",
    "Decimal(2) // (1 << 4000000)",
    "Decimal(2) % (1 << 4000000)",
    "Decimal(2) ** (1 << 4000000)",
    "[Decimal(1)] < [1 << 4000000]",
    "Decimal(1) in {1 << 3660000: 2}",  # of one hash
    "{Decimal(1), 1 << 3660000}",
    "{1 << 3660000: 2}[Decimal(1)]",
    "max(Decimal(1), 1 << 4000000)",
    "[Decimal(1)].count(1 << 4000000)",
    "Fraction(1, 2**131000 - 1) + Fraction(1, 2**130999 - 1)",
    "[[[[0] * 9999] * 9999] * 9999] * 9999 == 1",
    "str([['x' * 9999] * 9999])",
    "((((0,) * 9999,) * 9999,) * 9999,) * 9999",
    "[" * 150 + "]" * 150 + " * n",
]

# round() of ten digits more than there are is 0, and no power of ten is needed for it.
FINE: Final = {"round(5, -n)": 0}


@pytest.mark.parametrize("text", TOO_MUCH)
def test_results_that_are_too_large(text: str) -> None:
    row = (10**9, "x")
    condition = spec_or_none(f"lambda n, s: 'yes' if ({text}) == 'nothing' else 'no'")
    result = spec_or_none(f"lambda n, s: [{text}]")
    assert condition is None or condition.run([row]) == ["no"]
    if result is None:
        return
    try:
        found = result.run([row])
    except EvalError as error:
        assert error.row is row
    else:
        assert found == [[FINE[text]]]


def spec_or_none(text: str) -> Value:
    try:
        return spec(text, env={"Pair": Pair}, syntax="python")
    except MatchSpecError:
        return None


def test_decimals_against_the_largest_integers() -> None:
    texts = ["Decimal(1) == 1 << 4000000", "Decimal('1e1204119') > 1 << 4000000", "-(1 << 4000000) > Decimal(5)"]
    for text in [*texts, "Decimal('1e1204121') < 1 << 4000000", "Decimal('inf') < 1 << 4000000"]:
        assert spec(f"lambda u: 'yes' if {text} else 'no'").test(1) == "no", text
    for text in ("Decimal('1e1204119') < 1 << 4000000", "Decimal('1e999999999') > 1 << 4000000"):
        assert spec(f"lambda u: 'yes' if {text} else 'no'").test(1) == "yes", text


def test_doubling_in_a_short_text() -> None:
    """Forty levels of which each is twice as long as the one inside."""
    replaced = "s" + ".replace('x', 'xx')" * 40
    shown = "str([" * 40 + "s" + "])" * 40
    repeated = "(" * 40 + "s" + " * 2)" * 40
    squared = "(" * 40 + "n" + " ** 2)" * 40
    for text in (replaced, shown, repeated, squared):
        query = spec(f"lambda n, s: {text}")
        with pytest.raises(EvalError):
            query.run([(10, "x\\x" * 10)])


def test_many_large_constants_make_no_large_query() -> None:
    for part in ("'x' * 16000", "1 << 4000000", "2 ** 100000", "'x' * 200 + 'x'"):
        text = f"lambda u: 1 if u[0] in [{', '.join([part] * LIMITS.max_growth)}] else 0"
        query = spec(text)
        assert len(repr(query.clauses)) < 2_000_000
    with pytest.raises(MatchSpecError, match="limit is 256"):
        spec(f"fun(_) -> [{', '.join(['1 bsl 4000000'] * 1000)}] end")


def test_what_is_within_the_limits_is_computed() -> None:
    queries: list[Callable[..., Value]] = [
        lambda n, s: s * 1000,
        lambda n, s: s * MAX_GROWTH,
        lambda n, s: s.replace("x", "y" * 1000),
        lambda n, s: (s * 10000).replace("x", "zz"),
        lambda n, s: 1 << 4_000_000,
        lambda n, s: 3**60_000 % 1000,
        lambda n, s: (-1) ** (10**30),
        lambda n, s: 2**-5 + 2.5**3,
        lambda n, s: 7**20_000 * 9**20_000 // 3**10_000,
        lambda n, s: (round(n, -2), round(-n, -3), round(n, -50), round(2.5), round(2.675, 2)),
        lambda n, s: (int("9" * 4000), int("-12"), int("ff", 16), int(2.9)),
        lambda n, s: Decimal("1e4000") == int(Decimal("1e4000")),
        lambda n, s: round(Fraction(7, 3), 2),
        lambda n, s: (s + "a") * 3 + s,
        lambda n, s: str([s, (n, {s: n})]),
    ]
    for query in queries:
        assert spec(query).run([(12345, "x")]) == [query(12345, "x")]


def test_the_values_of_rows_may_be_larger_than_what_is_computed() -> None:
    long, big = "x\n" * 3_000_000, 1 << 5_000_000
    assert spec(lambda s, n: (len(s), s[0], s.count("x"), n > 1, n >> 4_999_999, s == s, n & 1)).run([(long, big)]) == [
        (6_000_000, "x", 3_000_000, True, 2, True, 0)
    ]
    assert spec(lambda s, n: s.replace("x", "y") == s).run([(long, big)]) == [False]
    with pytest.raises(EvalError):
        spec(lambda s, n: s + s).run([(long, big)])


def test_the_limits_are_what_they_are_said_to_be() -> None:
    edge: list[tuple[str, tuple[Value, ...], bool]] = [
        ("a * b", ("x", MAX_GROWTH + 1), True),
        ("a * b", ("x", MAX_GROWTH + 2), False),
        ("a + b", ("x" * (MAX_LENGTH - 1), "y"), True),
        ("a + b", ("x" * MAX_LENGTH, "y"), False),
        ("a ** b", (2, MAX_POWER_BITS // 2), True),
        ("a ** b", (2, MAX_POWER_BITS // 2 + 1), False),
        ("a << b", (1, 4_194_303), True),
        ("a << b", (1, 4_194_304), False),
        ("a * b", (1 << 65_535, 1 << 65_535), True),
        ("a * b", (1 << 65_536, 1 << 65_535), False),
        ("str(a) + b", (["x" * (MAX_SHOWN - 4)], ""), True),
        ("str(a) + b", (["x" * (MAX_SHOWN - 3)], ""), False),
    ]
    assert MAX_WORK == 65_536**2
    for text, row, allowed in edge:
        found = spec(f"lambda a, b: 1 if bool({text}) or True else 0").test(row)
        assert found == 1 if allowed else found == 0, (text, allowed)


# --- depth ----------------------------------------------------------------------------------------------------------

NESTED: Final = [
    ("abs(", "u[0]", ")"),
    ("max(1, ", "u[0]", ")"),
    ("Pair(1, ", "u[0]", ")"),
    ("[", "u[0]", "]"),
    ("(1, ", "u[0]", ",)"),
    ("{'a': ", "u[0]", "}"),
    ("{u[0]: ", "u[0]", "}"),
    ("-", "u[0]", ""),
    ("not ", "u[0]", ""),
    ("1 if u[0] else ", "2", ""),
    ("(1 if u[0] else ", "2", ")"),
    ("(SKIP if u[0] else 1) if u[1] else ", "2", ""),
    ("u[0] and ", "1", ""),
    ("(u[0] and ", "1", " or 2)"),
    ("u[0] + ", "1", ""),
    ("(1 + ", "u[0]", ") * 1"),
    ("u[0] in (", "1", ",)"),
    ("u[", "0", "]"),
    ("'a'.strip(", "u[0]", ")"),
    ("", "u", "[0]"),
    ("", "'a'", ".strip()"),
    ("", "u[0]", " < 1"),
    ("str([", "u[0]", "])"),
    ("isinstance(", "u", ", int)"),
]


@pytest.mark.parametrize(("before", "middle", "after"), NESTED)
@pytest.mark.parametrize("depth", [20, 60, 95, 199, 1000, 10_000])
def test_nesting_is_an_error_and_not_a_crash(before: str, middle: str, after: str, depth: int) -> None:
    text = f"lambda u: {before * depth}{middle}{after * depth}"
    query = spec_or_none(text)
    if query is None:
        assert depth > 60
        return
    again = spec_or_none(text)
    assert query == again
    assert hash(query) == hash(again)
    assert repr(query)
    try:
        query.run([(1, 0), (0, 1)])
    except EvalError as error:
        assert error.expression


def test_nested_patterns() -> None:
    for before, after in (("[", "]"), ("{'a': ", "}"), ("(1, ", ")"), ("int() | [", "]")):
        for depth in (10, 60, 95, 199, 1000):
            query = spec_or_none(
                f"def f(row):\n    match row:\n        case (_, {before * depth}_{after * depth}): return 1\n"
            )
            assert query is None or query.test((1, 2)) in (1, NO_MATCH)


# --- any text at all ------------------------------------------------------------------------------------------------

TOKENS: Final = st.sampled_from(
    [
        *(
            "u",
            "u[0]",
            "u.n",
            "u.s",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            ",",
            ":",
            ".",
            "=",
            "==",
            "<",
            ">",
            "+",
            "-",
            "*",
            "/",
            "%",
        ),
        *(
            "**",
            "//",
            "<<",
            ">>",
            "&",
            "|",
            "^",
            "~",
            "if",
            "else",
            "and",
            "or",
            "not",
            "in",
            "is",
            "None",
            "True",
            "SKIP",
        ),
        *(
            "1",
            "0",
            "2.5",
            "1e400",
            "'a'",
            "''",
            "b'a'",
            "len",
            "abs",
            "max",
            "round",
            "int",
            "str",
            "isinstance",
            "float",
        ),
        *(
            "startswith",
            "replace",
            "_replace",
            "get",
            "LIMIT",
            "LOOKUP",
            "Pair",
            "Item",
            "lambda",
            "for",
            ":=",
            "\n",
            "  ",
        ),
        *(
            "__class__",
            "Decimal",
            "Fraction",
            "date",
            "Atom",
            "V",
            "const",
            "return",
            "match",
            "case",
            "def f(row):",
            "_",
        ),
    ]
)


@given(st.lists(TOKENS, max_size=14).map(" ".join), ROWS)
@settings(max_examples=400, deadline=None)
def test_any_text_is_a_query_or_an_error(text: str, rows: list[Item]) -> None:
    for query in (f"lambda u: {text}", text, f"def f(row): return {text}\n", f"lambda u: {text}".replace(" ", "")):
        try:
            made = spec(
                query, row=Item, env={name: value for name, value in ENV.items() if name != "SKIP"}, syntax="python"
            )
        except MatchSpecError as error:
            assert str(error)
            continue
        try:
            made.run([tuple(row) for row in rows])
        except MatchSpecError as error:
            assert str(error)


def test_texts_that_python_itself_finds_hard() -> None:
    with pytest.raises((MemoryError, RecursionError, SyntaxError)):
        ast.parse("(" * 10_000 + ")" * 10_000)
    for text in (
        "(" * 60_000,
        "lambda u: " + "9" * 60_000,
        "lambda u: '" + "a" * 70_000 + "'",
        "lambda u: \0",
        "lambda u: \ud800",
    ):
        with pytest.raises(MatchSpecError):
            spec(text, syntax="python")


def test_skip_is_within_reach() -> None:
    assert spec("lambda u: u or SKIP").run([(), (1,)]) == [(1,)]
    assert spec("lambda u: u or s", env={"s": SKIP}).run([(), (1,)]) == [(1,)]


# --- many operations that grow --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "piece", "end"),
    [
        ("lambda u: [", "(u,) * 16000, ", "]"),
        ("lambda u: [", "u[0] * u[1], ", "]"),
        ("lambda u: [", "1 << 4000000, ", "]"),
        ("lambda u: [", "3 ** 80000, ", "]"),
        ("lambda u: [", "u[0].replace('a', 'aa'), ", "]"),
        ("fun({X}) -> [", "X bsl 4000000, ", "X] end"),
        ("fun({X}) -> [", "1 bsr -X, ", "X] end"),
        ("[{'_',[],[{{", "{'bsl',1,4000000}, ", "1}}]}]"),
    ],
)
def test_a_text_has_so_many_operations_that_grow(query: str, piece: str, end: str) -> None:
    spec(query + piece * LIMITS.max_growth + end)
    with pytest.raises(MatchSpecError, match=f"{LIMITS.max_growth + 1} operations .* the limit is {LIMITS.max_growth}"):
        spec(query + piece * (LIMITS.max_growth + 1) + end)


@pytest.mark.parametrize("piece", ["u * 2", "100 * u", "u * 0.5", "2.5 * u", "u + u", "u in ('a', 'b')", "u << 2 << 3"])
def test_arithmetic_does_not_grow(piece: str) -> None:
    times = LIMITS.max_growth // 2 if "<<" in piece else 2_000
    assert len(spec(f"lambda u: [{', '.join([piece] * times)}]", syntax="python").clauses) == 1
