"""The Python grammar against Python's own parser: same texts, same trees.

Both trees are brought to one normal form of nested tuples. Texts come from a list, and from hypothesis: operators and
operands in a row without brackets, to try precedence; nested expressions; patterns; tokens in any order; any text.
"""

import ast
import warnings

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grammar import Function, MatchSpecSyntaxError, parse
from tests.grammar.python_forms import BINARY, COMPARE, Form, NoQueryError, ours, their_pattern, theirs

# ---- both ------------------------------------------------------------------------------------------------------------


def python(text: str) -> ast.expr | None:
    """What Python's parser and compiler make of an expression; None if they refuse it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            parsed = ast.parse(f"(\n{text}\n)", mode="eval")
            compile(parsed, "text", "eval")
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            return None
    return parsed.body


def lambda_form(text: str) -> Form:
    parsed = parse(f"lambda: (\n{text}\n)", "python")
    assert isinstance(parsed, Function)
    return ours(parsed.clauses[0].body[0])


def agree(text: str) -> bool:
    """Whether both take the text, after checking that they see the same in it; False if both refuse it."""
    expected = python(text)
    try:
        form = lambda_form(text)
    except MatchSpecSyntaxError as error:
        assert expected is None or no_query(expected), error
        return False
    assert expected is not None, "taken, but Python refuses it"
    assert form == theirs(expected)
    return True


def no_query(expected: ast.expr) -> bool:
    try:
        theirs(expected)
    except NoQueryError:
        return True
    return False


def agree_on_pattern(text: str) -> bool:
    function = f"def f(row):\n  match row:\n    case {text} if x: return 1"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            module = ast.parse(function)
            compile(module, "text", "exec")
        except SyntaxError:
            module = None
    try:
        parsed = parse(function, "python")
    except MatchSpecSyntaxError as error:
        assert module is None, error
        return False
    assert isinstance(parsed, Function)
    assert module is not None, "taken, but Python refuses it"
    match = module.body[0].body[0] if isinstance(module.body[0], ast.FunctionDef) else None
    assert isinstance(match, ast.Match)
    assert ours(parsed.clauses[0].params[0], "sequence") == their_pattern(match.cases[0].pattern)
    return True


# ---- texts -----------------------------------------------------------------------------------------------------------

TAKEN = [
    *(
        "-a**-b**c",
        "-a.b**c[1]",
        "~-+a",
        "not not a",
        "not a in b",
        "a if b else c if d else e",
        "(a if b else c) if d else e",
    ),
    *(
        "a if b or c else d and e",
        "a or b and c or d",
        "(a or b) or c",
        "a or (b or c)",
        "not a or not b and not c == d",
    ),
    *(
        "a < b < c",
        "(a < b) < c",
        "a < (b < c)",
        "a in b not in c is d is not e",
        "a == b | c",
        "a | b ^ c & d << e + f * g",
    ),
    *(
        "a - b - c",
        "a - (b - c)",
        "a // b % c / d * e",
        "a << b >> c",
        "a + -b",
        "a--b",
        "a<-b",
        "1 .a",
        "1..a",
        "1.0.a",
    ),
    *("f()", "f(a,)", "f(a, *b, c=d, *e)", "f(a=b if c else d)", "a.b().c(d)[e]", "a[b][c:d]", "a[:, ::2]"),
    *("a[b]", "a[:]", "a[::]", "a[b::c]", "a[b, c:d]", "a[*b, c]", "a[(b, c)]", "(a,)", "()", "[]", "{}"),
    *("a, b", "a,", "*a, b", "[*a, *b]", "{a}", "{*a, b}", "{a: b}", "{a: b,}", "{a: {b: [c, (d,)]}}"),
    *("'a' 'b'", "b'a' rb'\\x'", "'\\N{DIGIT ONE}'", "0x1f", "1if a else 2", "1_0.5e-1_0", "a if 1else b"),
    *(
        "True",
        "None is None",
        "print(a)",
        "match",
        "case + type",
        "_",
        "lambda_",
        "notx",
        "a.match.case",
        "f(match=case)",
    ),
    *("a\n+\nb", "a # c\n+ b", "a \\\n + b", "[\n\n]", "f(\na\n,\n)", "'''a\nb'''", "'a\\\nb'", "ﬁ", "é.ñ", "𝒳"),
]

REFUSED = [
    *(
        "a b",
        "a +",
        "+",
        "a not b",
        "a is is b",
        "not",
        "a if b",
        "a if b else",
        "a and",
        "a..b",
        "a.",
        ".a",
        "a[",
        "a[]",
    ),
    *("f(a b)", "f(a=)", "f(=a)", "f(,)", "(,)", "[,]", "{,}", "{a: }", "{a, b: c}", "{a: b, c}", "*a", "(*a)", "**a"),
    *(
        "f(a for b in c, d)",
        "a = b",
        "f(a.b=c)",
        "a -> b",
        "a <> b",
        "a ! b",
        "a $ b",
        "a ? b",
        "1__0",
        "0777",
        "0b2",
        "1a",
    ),
    *(
        "'a",
        '"a',
        "'''a''",
        "'a\nb'",
        "b'é'",
        "'a' b'b'",
        "'\\x1'",
        "'\\u12'",
        "'\\N{x}'",
        "u'a' b'b'",
        "ur'a'",
        "a\\ b",
    ),
    *(
        "not = a",
        "None = a",
        "a.None",
        "f(a=1, a=2)",
        "f(a=1, b)",
        "class",
        "a.if",
        "def",
        "x²",
        "²",
        "1.2.3",
        "a.1",
        "()()(",
    ),
]

NO_QUERY = [
    *(
        "lambda: a",
        "[a for a in b]",
        "{a for a in b}",
        "{a: a for a in b}",
        "(a for a in b)",
        "f(a for a in b)",
        "(a := b)",
    ),
    *(
        "f'{a}'",
        "f'a' 'b'",
        "'a' f'b'",
        "1j",
        "1.5e3J",
        "...",
        "a @ b",
        "{**a}",
        "f(**a)",
        "f()()",
        "a[0]()",
        "(a + b)(c)",
    ),
    *("'a'()", "[(a := b)]"),
]


@pytest.mark.parametrize("text", TAKEN)
def test_taken(text: str) -> None:
    assert agree(text)


@pytest.mark.parametrize("text", REFUSED)
def test_refused_by_both(text: str) -> None:
    assert python(text) is None
    assert not agree(text)


@pytest.mark.parametrize("text", NO_QUERY)
def test_refused_here_only(text: str) -> None:
    assert python(text) is not None
    assert not agree(text)


OPERANDS = ["a", "b.c", "d[0]", "f(a, k=b)", "1", "2.5", "'s'", "None", "(a, b)", "[a]", "{a: b}", "{a}", "(a)"]
PREFIXES = ["-", "+", "~", "not "]
OPERATORS = [*BINARY.values(), *COMPARE.values(), "and", "or", "if", "else"]


@st.composite
def rows(draw: st.DrawFn) -> str:
    """Operators and operands in turn, without brackets: what belongs to what is for precedence to say."""
    text = "".join(draw(st.lists(st.sampled_from(PREFIXES), max_size=2))) + draw(st.sampled_from(OPERANDS))
    for operator in draw(st.lists(st.sampled_from(OPERATORS), max_size=6)):
        prefixes = draw(st.lists(st.sampled_from(PREFIXES), max_size=2))
        text += f" {operator} {''.join(prefixes)}{draw(st.sampled_from(OPERANDS))}"
        if operator == "if" and draw(st.booleans()):
            text += f" else {draw(st.sampled_from(OPERANDS))}"
    return text


def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    items = st.lists(inner, max_size=3)
    binary = st.sampled_from([*BINARY.values(), *COMPARE.values(), "and", "or"])
    return st.one_of(
        st.builds("{} {} {}".format, inner, binary, inner),
        st.builds("{}{}".format, st.sampled_from(PREFIXES), inner),
        st.builds("({})".format, inner),
        st.builds("{} if {} else {}".format, inner, inner, inner),
        st.builds("({}).a.b(c, d={})[{}]".format, inner, inner, inner),
        st.builds("x[{}:{}]".format, inner, inner),
        st.builds("f({})".format, items.map(", ".join)),
        st.builds("[{}]".format, items.map(",\n".join)),
        st.builds("({},)".format, inner),
        st.builds("{{{}: {}}}".format, inner, inner),
        st.builds("{{{}, {}}}".format, inner, inner),
    )


def larger_pattern(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    items = st.lists(inner, max_size=3).map(", ".join)
    return st.one_of(
        st.builds("({})".format, inner),
        st.builds("({},)".format, inner),
        st.builds("[{}]".format, items),
        st.builds("{}, {}".format, inner, inner),
        st.builds("{} | {}".format, inner, inner),
        st.builds("{} as {}".format, inner, st.sampled_from(["p", "q", "_"])),
        st.builds("{{'k': {}, a.b: {}}}".format, inner, inner),
        st.builds("{{1: {}, **{}}}".format, inner, st.sampled_from(["p", "r"])),
        st.builds("A({}, k={})".format, inner, inner),
        st.builds("a.B(k={}, l={})".format, inner, inner),
    )


SIMPLE_PATTERNS = ["1", "-1.5", "'s' 't'", "None", "True", "_", "x", "y", "z", "a.b", "*w", "*_", "b''", "A()", "[]"]
TOKENS = [
    *OPERANDS,
    *OPERATORS,
    *PREFIXES,
    *(
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        ".",
        "*",
        "**",
        "=",
        ":=",
        "...",
        "lambda",
        "for",
        "in",
        "\n",
        "#",
        "1j",
        "@",
    ),
    *("'", '"', "'''", "\\", "f'x'", "await", "yield", "class", "²", "0_1", "1_", ";", "!"),
]
FEW = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@FEW
@given(rows())
def test_precedence(text: str) -> None:
    agree(text)


@FEW
@given(st.recursive(st.sampled_from(OPERANDS), larger, max_leaves=12))
def test_nested_expressions(text: str) -> None:
    agree(text)


@FEW
@given(st.recursive(st.sampled_from(SIMPLE_PATTERNS), larger_pattern, max_leaves=8))
def test_patterns(text: str) -> None:
    agree_on_pattern(text)


@FEW
@given(st.lists(st.sampled_from(TOKENS), max_size=8).map(" ".join))
def test_tokens_in_any_order(text: str) -> None:
    agree(text)


WORDS = [
    "def f(u):",
    "return u",
    "match u:",
    "case 1:",
    "case (a, b) if a:",
    "'doc'",
    "@spec",
    "pass",
    "# c",
    "",
    "lambda u: u",
]


@FEW
@given(st.lists(st.tuples(st.sampled_from(["", " ", "  ", "\t", "    "]), st.sampled_from(WORDS)), max_size=7))
def test_lines_in_any_order(lines: list[tuple[str, str]]) -> None:
    text = "\n".join(indent + line for indent, line in lines)
    try:
        parse(text, "python")
    except MatchSpecSyntaxError:
        return
    # What is taken is Python, too.
    first = next(indent for indent, line in lines if line not in ("", "# c"))
    if "def" not in text:
        ast.parse(f"(\n{text}\n)")
    else:
        ast.parse(f"if 1:\n{text}" if first else text)


@settings(FEW, max_examples=50)
@given(st.text(max_size=40))
def test_any_text_parses_or_is_refused_with_a_place(text: str) -> None:
    for start in ("", "lambda u: ", "def f(u):\n  match u:\n    case "):
        try:
            parse(start + text, "python")
        except MatchSpecSyntaxError as error:
            assert error.line is not None
            assert str(error)
