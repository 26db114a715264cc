"""The Python grammar: trees written out by hand, errors with their places, layout, and the grammar against its builder."""

import ast
from pathlib import Path
from typing import TypeAlias

import pytest

from grammar import LIMITS, MatchSpecSyntaxError, Source, parse, parse_term
from grammar import build_python as builder
from grammar.loader import parser
from grammar.tree import (
    Alternatives,
    Attribute,
    Bind,
    Call,
    ClassPattern,
    Clause,
    Compare,
    Conditional,
    Constant,
    Function,
    Infix,
    Keyword,
    ListNode,
    MapItem,
    MapNode,
    Name,
    Node,
    Rest,
    SetNode,
    Slice,
    Subscript,
    TermText,
    TupleNode,
    Unary,
    ValuePattern,
    Wild,
)

Value: TypeAlias = object

U, AGE, NAME, ONE, TWO = Name("u"), Name("age"), Name("name"), Constant(1), Constant(2)


def function(text: str) -> Function:
    parsed = parse(text, "python")
    assert isinstance(parsed, Function)
    assert parsed.language == "python"
    assert parsed.source.text == text
    return parsed


def term(text: str) -> Node:
    parsed = parse(text, "python")
    assert isinstance(parsed, TermText)
    assert parsed == parse_term(text, "python")
    return parsed.node


# ---- lambdas ---------------------------------------------------------------------------------------------------------


def test_lambda() -> None:
    parsed = function("lambda u: u.name if u.age > 18 else SKIP")
    test = Compare(Attribute(U, "age"), ((">", Constant(18)),))
    assert parsed.clauses == (Clause((U,), (), (Conditional(test, Attribute(U, "name"), Name("SKIP")),)),)
    assert parsed.subject == ""


@pytest.mark.parametrize(
    ("text", "params"),
    [
        ("lambda: 1", ()),
        ("lambda u: 1", (U,)),
        ("lambda name, age,: 1", (NAME, AGE)),
        ("lambda u, age=1: 1", (U, Bind(AGE, ONE))),
        ("lambda u, /, age: 1", (U, AGE)),
        ("lambda *u: 1", (Rest(U),)),
        ("lambda u, *name, age: 1", (U, Rest(NAME), AGE)),
        ("lambda _, match, case, type: 1", (Name("_"), Name("match"), Name("case"), Name("type"))),
        ("lambda ﬁ: 1", (Name("fi"),)),
        ("(lambda u: 1)", (U,)),
    ],
)
def test_parameters(text: str, params: tuple[Node, ...]) -> None:
    assert function(text).clauses == (Clause(params, (), (ONE,)),)


def test_newlines_in_a_lambda_are_white_space() -> None:
    text = "\n  lambda u: (\n u.a\r\n# a comment )\n) \\\n > 1\n if u\n\n else 2\n"
    assert function(text) == function("lambda u: (u.a) > 1 if u else 2")


# ---- expressions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("-u ** -1", Unary("-", Infix("**", U, Unary("-", ONE)))),
        ("1 - 2 - u", Infix("-", Infix("-", ONE, TWO), U)),
        ("not u == 1", Unary("not", Compare(U, (("==", ONE),)))),
        ("1 < u <= 2", Compare(ONE, (("<", U), ("<=", TWO)))),
        ("u not  in name", Compare(U, (("not in", NAME),))),
        ("u is\nnot None", Compare(U, (("is not", Constant(None)),))),
        ("u or age and name", Infix("or", U, Infix("and", AGE, NAME))),
        ("u or age or name", Infix("or", Infix("or", U, AGE), NAME)),
        ("u | 1 & 2 << 1 ^ 2", Infix("|", U, Infix("^", Infix("&", ONE, Infix("<<", TWO, ONE)), TWO))),
        ("u(1, *age, name=2)", Call("u", (ONE, Rest(AGE)), (Keyword("name", TWO),))),
        ("u.name(1).age()", Call("age", (), (), Call("name", (ONE,), (), U))),
        ("u.name.age", Attribute(Attribute(U, "name"), "age")),
        ("u[1][age]", Subscript(Subscript(U, ONE), AGE)),
        ("u[1:]", Subscript(U, Slice(ONE))),
        ("u[:2]", Subscript(U, Slice(None, TWO))),
        ("u[::1]", Subscript(U, Slice(None, None, ONE))),
        ("u[1:2:age]", Subscript(U, Slice(ONE, TWO, AGE))),
        ("u[1,]", Subscript(U, TupleNode((ONE,)))),
        ("u[*age]", Subscript(U, TupleNode((Rest(AGE),)))),
        ("u[:, 1]", Subscript(U, TupleNode((Slice(), ONE)))),
        ("()", TupleNode(())),
        ("(1)", ONE),
        ("(1,)", TupleNode((ONE,))),
        ("1, 2", TupleNode((ONE, TWO))),
        ("[1, *u]", ListNode((ONE, Rest(U)))),
        ("{1, 2}", SetNode((ONE, TWO))),
        ("{}", MapNode(())),
        ("{1: 2, name: u,}", MapNode((MapItem(ONE, TWO), MapItem(NAME, U)))),
        ("1 if u else 2 if age else name", Conditional(U, ONE, Conditional(AGE, TWO, NAME))),
        (
            "[((V(1), ANY), [], [ROW])]",
            ListNode(
                (TupleNode((TupleNode((Call("V", (ONE,)), Name("ANY"))), ListNode(()), ListNode((Name("ROW"),)))),)
            ),
        ),
    ],
)
def test_expression(text: str, node: Node) -> None:
    assert term(text) == node


@pytest.mark.parametrize(
    "text",
    [
        *("0", "1_000", "0xFf", "0X_f", "0o17", "0b1_01", "00_0", "1.5", ".5", "5.", "1e3", "1E-3", "1_0.0_1e+1_0"),
        *(
            "'a'",
            '"a"',
            "'''a\n'b''c'''",
            '"""a"b""c"""',
            "''",
            '""',
            "''''''",
            "'\\''",
            "r'\\n'",
            "R'\\''",
            "u'é'",
            "U'x'",
        ),
        *(
            "b'a\\xff\\n\\377'",
            "Rb'\\x'",
            "bR'\\''",
            "br'a'",
            "b'a' b'b'",
            "'a' \"b\" r'c'",
            "'a\\\nb'",
            "'a' # c\n 'b'",
        ),
        *(r"'\a\b\f\n\r\t\v\\\"\0\12\377'", r"'\x41\u00e9\U0001f600'", r"'\N{LATIN SMALL LETTER A}\N{bel}'", "'\t'"),
        *("True", "False", "None", "1e999", "'#'", "'\U0001f600'", r"'\ud800'", "9" * 4300),
    ],
)
def test_literals_mean_what_python_says(text: str) -> None:
    assert term(text) == Constant(ast.literal_eval(f"({text})"))


def test_escapes_without_a_meaning_stand_for_themselves() -> None:
    assert term(r"'\q\.\8'") == Constant("\\q\\.\\8")
    assert term(r"b'\q\u'") == Constant(b"\\q\\u")


def test_octal_escapes_above_a_byte() -> None:
    # Python means to refuse them some day, and warns.
    assert term(r"'\777'") == Constant("\u01ff")
    assert term(r"b'\401'") == Constant(b"\x01")


def test_line_ends_in_strings_are_line_feeds() -> None:
    assert term("'''a\r\nb\rc'''") == Constant("a\nb\nc")


# ---- functions -------------------------------------------------------------------------------------------------------

LABEL = '''
@spec
@other(1, x=[2])
def label[T](row: tuple[User, ...], ) -> dict[str, "x"]:
    """What it does.

    """  # and more
    # A comment, indented unlike the code.
  # So.

    match row:

        case (name, age) if age > 1: return name
        case ("u", _):
            # Inside.
            return (1,
  2)

        case _: return 1, 2
        # The end.
'''


def test_match_function() -> None:
    parsed = function(LABEL)
    both = TupleNode((ONE, TWO))
    assert parsed.subject == "row"
    assert parsed.clauses == (
        Clause((TupleNode((NAME, AGE)),), ((Compare(AGE, ((">", ONE),)),),), (NAME,)),
        Clause((TupleNode((Constant("u"), Wild())),), (), (both,)),
        Clause((Wild(),), (), (both,)),
    )


@pytest.mark.parametrize(
    "text",
    [
        "def f(u, age=1): return u",
        "def f(u, age=1):\n return u",
        "def f(u, age=1):\r\n\treturn u\r\n\r\n",
        "def f(u: int, age: 'x' = 1) -> None:\n    'doc' 'more'\n    return u\n  # end",
        "    def f(u,\nage=1):\n        return u",
        "\n\n  @a\n  def f(u, age=1):\n     return \\\n u\n",
        "@a\n\n# c\n@b\ndef f(\n  u, age=1):\n  # c\n  return (\nu\n)",
    ],
)
def test_return_function(text: str) -> None:
    assert function(text).clauses == (Clause((U, Bind(AGE, ONE)), (), (U,)),)


def test_soft_keywords_are_names_elsewhere() -> None:
    text = "def f(match):\n match match:\n  case case if type: return match(case.match, _)"
    (clause,) = function(text).clauses
    assert clause.params == (Name("case"),)
    assert clause.guards == ((Name("type"),),)
    call = Call("match", (Attribute(Name("case"), "match"), Name("_")))
    assert clause.body == (call,)


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("1", ONE),
        ("-1", Unary("-", ONE)),
        ("'a' 'b'", Constant("ab")),
        ("None", Constant(None)),
        ("name", NAME),
        ("_", Wild()),
        ("(name)", NAME),
        ("u.name.age", ValuePattern(Attribute(Attribute(U, "name"), "age"))),
        ("()", TupleNode(())),
        ("(u,)", TupleNode((U,))),
        ("u, *_", TupleNode((U, Rest(Wild())))),
        ("*u,", TupleNode((Rest(U),))),
        ("[]", ListNode(())),
        ("[u]", ListNode((U,))),
        ("[1, [*u, 2]]", ListNode((ONE, ListNode((Rest(U), TWO))))),
        ("{}", MapNode(())),
        (
            "{-1: u, u.name: 1, **age,}",
            MapNode(
                (
                    MapItem(Unary("-", ONE), U),
                    MapItem(ValuePattern(Attribute(U, "name")), ONE),
                    MapItem(Rest(AGE), Wild()),
                )
            ),
        ),
        ("User()", ClassPattern(Name("User"), ())),
        ("a.User(u, x=1,)", ClassPattern(Attribute(Name("a"), "User"), (U,), (Keyword("x", ONE),))),
        ("1 | 2 | (_)", Alternatives((ONE, TWO, Wild()))),
        ("[u] | (u, 1)", Alternatives((ListNode((U,)), TupleNode((U, ONE))))),
        ("(1 | 2) as u", Bind(Alternatives((ONE, TWO)), U)),
        ("1 | 2 as u", Bind(Alternatives((ONE, TWO)), U)),
    ],
)
def test_pattern(text: str, node: Node) -> None:
    (clause,) = function(f"def f(row):\n  match row:\n    case {text} if x: return 1").clauses
    assert clause.params == (node,)


# ---- places ----------------------------------------------------------------------------------------------------------


def at(text: str, node: Node | Clause | Function) -> str:
    return text[node.span.start : node.span.end]


def test_spans_of_expressions() -> None:
    text = "lambda u: (u.name + 1) * f(2, k=[3])[1:u] if not u < 1 else {1: 'é' 'x'}"
    parsed = function(text)
    assert at(text, parsed) == text
    (body,) = parsed.clauses[0].body
    assert at(text, body) == text.removeprefix("lambda u: ")
    assert isinstance(body, Conditional)
    assert at(text, body.test) == "not u < 1"
    assert at(text, body.otherwise) == "{1: 'é' 'x'}"
    assert isinstance(body.then, Infix)
    assert at(text, body.then.left) == "(u.name + 1)"
    assert isinstance(body.then.right, Subscript)
    assert at(text, body.then.right) == "f(2, k=[3])[1:u]"
    assert at(text, body.then.right.index) == "1:u"
    assert at(text, body.then.right.value) == "f(2, k=[3])"


def test_spans_of_functions() -> None:
    parsed = function(LABEL)
    assert at(LABEL, parsed).startswith("def label")
    assert at(LABEL, parsed).endswith("1, 2")
    assert at(LABEL, parsed.clauses[0]) == "(name, age) if age > 1: return name"
    assert at(LABEL, parsed.clauses[1].params[0]) == '("u", _)'
    assert at(LABEL, parsed.clauses[1].body[0]) == "(1,\n  2)"


def test_errors_know_the_file() -> None:
    source = Source("lambda u: u.name + for", name="queries.py", line=12, column=8)
    with pytest.raises(MatchSpecSyntaxError) as caught:
        parse(source, "python")
    assert (caught.value.line, caught.value.column) == (12, 28)
    assert str(caught.value).startswith("queries.py, line 12, column 28: unexpected 'for'\n")
    assert "                       ^^^" in str(caught.value)


# ---- limits -----------------------------------------------------------------------------------------------------------


def test_what_is_long_but_not_deep() -> None:
    items = ", ".join(["1"] * 10_000)
    parsed = term(f"[{items}]")
    assert isinstance(parsed, ListNode)
    assert len(parsed.items) == 10_000
    chain = term("1" + " < 1" * 5_000)
    assert isinstance(chain, Compare)
    assert len(chain.rest) == 5_000
    assert isinstance(term("-" * (LIMITS.max_depth - 1) + "1"), Unary)


# ---- the grammar against its builder ---------------------------------------------------------------------------------


def test_strict_mode_finds_no_collisions() -> None:
    strict = parser("python", "query", strict=True)
    assert strict.parse("lambda u: u", start="query").data == "lambda_query"


def branches(path: Path) -> set[str]:
    """The names that the `match rule` statements of a builder know."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Match) and isinstance(node.subject, ast.Name) and node.subject.id == "rule":
            for inner in (inner for case in node.cases for inner in ast.walk(case.pattern)):
                if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                    found.add(inner.value)
    return found


def test_every_rule_has_its_branch() -> None:
    rules = {
        rule.alias or str(rule.origin.name)
        for rule in parser("python", "query").rules
        if (rule.alias or not rule.options.expand1) and not rule.origin.name.startswith("__")
    }
    named = {rule for rule in rules if not rule.startswith("_")}
    folder = Path(builder.__file__).parent
    known = branches(folder / "build_python.py") | branches(folder / "build_python_patterns.py")
    assert named - builder.DROPPED == known
