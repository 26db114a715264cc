"""Erlang: trees written by hand, the forms that Erlang's own parser gave, errors with their place and hint."""

import json
from pathlib import Path

import pytest

from grammar import Function, MatchSpecSyntaxError, Source, TermText, parse, parse_term
from grammar import tree as t
from tests.grammar.erlang_forms import form, same_floats

FORMS = Path(__file__).parents[1] / "data" / "grammar" / "erlang_forms.jsonl"

A, B, X, Y = t.Name("A"), t.Name("B"), t.Name("X"), t.Name("Y")


def one(value: t.Value) -> t.Constant:
    return t.Constant(value)


def atom(name: str) -> t.AtomName:
    return t.AtomName(name)


# ---- The parser of Erlang as the judge -------------------------------------------------------------------------------


def test_every_text_has_the_form_that_erlang_gives_it() -> None:
    rows = [json.loads(line) for line in FORMS.read_text("utf-8").splitlines()]
    assert len(rows) > 1000
    for row in rows:
        try:
            ours = form(parse(row["source"], "erlang"))
        except MatchSpecSyntaxError:
            ours = "error"
        theirs = "error" if row["form"] in ("unsupported", "several") else row["form"]
        assert same_floats(ours) == same_floats(theirs), row["source"]


# ---- Trees by hand ---------------------------------------------------------------------------------------------------


def test_a_fun_has_clauses_of_parameters_guards_and_body() -> None:
    parsed = parse("fun({X, Y}) when X > Y, is_atom(X); Y == 1 -> X, {Y}; (_) -> none end.", "erlang")
    assert isinstance(parsed, Function)
    assert parsed.language == "erlang"
    assert parsed.clauses == (
        t.Clause(
            (t.TupleNode((X, Y)),),
            ((t.Infix(">", X, Y), t.Call("is_atom", (X,))), (t.Infix("==", Y, one(1)),)),
            (X, t.TupleNode((Y,))),
        ),
        t.Clause((t.Wild(),), (), (atom("none"),)),
    )


@pytest.mark.parametrize(
    ("text", "count"), [("fun() -> a end", 0), ("fun(_) -> a end", 1), ("fun(A, _, {B}) -> a end", 3)]
)
def test_a_fun_may_have_any_number_of_parameters(text: str, count: int) -> None:
    parsed = parse(text, "erlang")
    assert isinstance(parsed, Function)
    assert len(parsed.clauses[0].params) == count


TREES = [
    ("[{{'$1','_'},[{'>','$1',10}],['$1']}]", t.ListNode((t.TupleNode((
        t.TupleNode((atom("$1"), atom("_"))),
        t.ListNode((t.TupleNode((atom(">"), atom("$1"), one(10))),)),
        t.ListNode((atom("$1"),)),
    )),))),
    ("[A, B | []]", t.ListNode((A, B), t.ListNode(()))),
    ("A - B - 1", t.Infix("-", t.Infix("-", A, B), one(1))),
    ("A ++ B ++ []", t.Infix("++", A, t.Infix("++", B, t.ListNode(())))),
    ("A orelse B andalso not X", t.Infix("orelse", A, t.Infix("andalso", B, t.Unary("not", X)))),
    ("not A == B", t.Infix("==", t.Unary("not", A), B)),
    ("- - 1", t.Unary("-", t.Unary("-", one(1)))),
    ("A = B = X", t.Bind(A, t.Bind(B, X))),
    ("(A + B) * 2", t.Infix("*", t.Infix("+", A, B), one(2))),
    ("erlang:'+'(1, A)", t.Call("+", (one(1), A), receiver=atom("erlang"))),
    ("#{a => 1, b := X}", t.MapNode((t.MapItem(atom("a"), one(1)), t.MapItem(atom("b"), X, exact=True)))),
    ("A#{a => 1}", t.MapNode((t.MapItem(atom("a"), one(1)),), A)),
    ("#p{x = 1, _ = '_'}", t.RecordNode("p", (t.RecordField("x", one(1)), t.RecordField("_", atom("_"))))),
    ("A#p{x = 1}#p.y", t.RecordAccess("p", "y", t.RecordNode("p", (t.RecordField("x", one(1)),), A))),
    ("#p.x", t.RecordAccess("p", "x")),
    ('"ab" "\\x{20ac}"\n"\\n"', t.Chars("ab€\n")),
    ('<<258:16/little-unit:1, "abc", X:A, "é"/utf8>>', t.BinaryNode((
        t.Segment(one(258), one(16), ("little", "unit:1")),
        t.Segment(t.Chars("abc")),
        t.Segment(X, A),
        t.Segment(t.Chars("é"), None, ("utf8",)),
    ))),
    ("{$a, $\\n, $\\x41, $\\101, $\\^c, $ , $%}", t.TupleNode(tuple(map(one, (97, 10, 65, 65, 3, 32, 37))))),
    ("{16#ff, 2#1010, 36#zz, 1_000}", t.TupleNode(tuple(map(one, (255, 10, 1295, 1000))))),
    ("{1.0, 1.0e-10, 2.5E3, -0.0}", t.TupleNode((one(1.0), one(1.0e-10), one(2500.0), t.Unary("-", one(0.0))))),
    ("{true, maybe, 'Quoted atom', 'it\\'s', é, a@b}", t.TupleNode(tuple(map(atom, ("true", "maybe", "Quoted atom", "it's", "é", "a@b"))))),
    ("{_, _X, É}", t.TupleNode((t.Wild(), t.Name("_X"), t.Name("É")))),
    ("% a comment\n1 % another\n.", one(1)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "node"), TREES, ids=[text for text, _ in TREES])
def test_term(text: str, node: t.Node) -> None:
    assert parse_term(text, "erlang").node == node
    parsed = parse(text, "erlang")
    assert isinstance(parsed, TermText)
    assert parsed.node == node


def test_constants_of_other_types_are_other_constants() -> None:
    assert parse_term("1", "erlang").node != parse_term("1.0", "erlang").node
    assert parse_term("0.0", "erlang").node != one(-0.0)


# ---- Spans -----------------------------------------------------------------------------------------------------------


def part(text: str, node: t.Node) -> str:
    return text[node.span.start : node.span.end]


def test_spans_cover_the_text_of_a_node_and_its_parentheses() -> None:
    text = "fun(R) when (R#p.x) > 1 -> [(R), #{a => 1}] end"
    parsed = parse(text, "erlang")
    assert isinstance(parsed, Function)
    (clause,) = parsed.clauses
    assert text[clause.span.start : clause.span.end] == text[3:-4]
    guard = clause.guards[0][0]
    assert isinstance(guard, t.Infix)
    assert part(text, guard) == "(R#p.x) > 1"
    assert part(text, guard.left) == "(R#p.x)"
    body = clause.body[0]
    assert isinstance(body, t.ListNode)
    assert [part(text, item) for item in body.items] == ["(R)", "#{a => 1}"]


def test_a_source_places_errors_in_its_file() -> None:
    source = Source("fun(X) ->\n  X Y end", name="queries.erl", line=10, column=4)
    with pytest.raises(MatchSpecSyntaxError) as caught:
        parse(source, "erlang")
    assert (caught.value.line, caught.value.column) == (11, 5)
    assert str(caught.value).startswith("queries.erl, line 11, column 5: unexpected 'Y'\n      X Y end\n        ^")


# ---- Errors ----------------------------------------------------------------------------------------------------------

REFUSED = [
    # Text, line, column, a part of the message, a part of the hint.
    ("", 1, 1, "ends too early", "an expression"),
    ("fun(X) -> {X end", 1, 14, "'end'", "'{' at line 1, column 11 is still open: '}' is missing"),
    ("fun(X) -> X", 1, 12, "ends too early", "'fun' at line 1, column 1 is still open: 'end' is missing"),
    ("fun({A}) -> A B end", 1, 15, "'B'", "',', ';', 'end' or an operator"),
    ("fun({A}) ->\n  A == end", 2, 8, "'end'", "expected an expression"),
    ("[A|B|C]", 1, 5, "'|'", "']'"),
    ("[1, 2)", 1, 6, "')'", "'[' at line 1, column 1 is still open"),
    ("1)", 1, 2, "')'", "no open bracket"),
    ("A < B < C", 1, 7, "'<'", ""),
    ("A <= B", 1, 3, "'<='", "=<"),
    ("A != B", 1, 3, "'!='", "/="),
    ("u.age > 18", 1, 3, "'age'", "a query begins with"),
    ("&(&1 > 1)", 1, 1, "'&'", "a query begins with"),
    ("#{a}", 1, 4, "'}'", "':=' or '=>'"),
    ("fun({A}) -> A; (A, B) -> B end", 1, 16, "2 parameters, but the first has 1", "as many parameters"),
    ("fun lists:reverse/1", 1, 5, "'lists'", "cannot be a name"),
    ("fun(X) -> fun(Y) -> Y end end", 1, 11, "'fun'", "only be the whole query"),
    ("fun(X) -> case X of 1 -> a end end", 1, 11, "'case'", "one clause of the fun per case"),
    ("fun(X) -> if X -> a end end", 1, 11, "'if'", "one clause of the fun per case"),
    ("fun(X) -> try X catch _ -> b end end", 1, 11, "'try'", "cannot be part of a match spec"),
    ("fun(X) -> receive X -> a end end", 1, 11, "'receive'", "cannot be part of a match spec"),
    ("fun(X) -> catch X end", 1, 11, "'catch'", "cannot be part of a match spec"),
    ("fun(X) -> begin X end end", 1, 11, "'begin'", "with commas"),
    ("[X || X <- A]", 1, 4, "'||'", "a comprehension"),
    ("?LIMIT", 1, 1, "'?'", "macros"),
    ("{<0.5.0>, 1}", 1, 2, "<0.5.0>", "no text form"),
    ("#Ref<0.1.2.3>", 1, 1, "#Ref<", "no text form"),
    ("#Port<0.1>", 1, 1, "#Port<", "no text form"),
    ("#Fun<a.1.2>", 1, 1, "#Fun<", "no text form"),
    ("#p{X = 1}", 1, 4, "variable X", "only _"),
    ("16#zz", 1, 4, "'zz' is not an integer of base 16", ""),
    ("37#1", 1, 1, "base 37", "from 2 to 36"),
    ("16#", 1, 4, "no digits", ""),
    ("1.0e999", 1, 1, "out of range", "largest"),
    ('"abc', 1, 1, "unexpected character", "string that begins here is not closed"),
    ("'abc", 1, 1, "unexpected character", "quoted atom that begins here is not closed"),
    ('{"a\\x4"}', 1, 4, "without its digits", "two digits"),
    ('"\\x{110000}"', 1, 2, "no character", ""),
    ('"\\x{d800}"', 1, 2, "no character", ""),
    (f"'{'a' * 256}'", 1, 1, "256 characters, but the limit is 255", ""),
    ("a → b", 1, 3, "unexpected character '→'", ""),
    ("F(1)", 1, 2, "'('", ""),
    ("(a)(1)", 1, 4, "'('", ""),
]


@pytest.mark.parametrize(("text", "line", "column", "message", "hint"), REFUSED, ids=[row[0][:30] for row in REFUSED])
def test_an_error_has_place_message_and_hint(text: str, line: int, column: int, message: str, hint: str) -> None:
    with pytest.raises(MatchSpecSyntaxError) as caught:
        parse(text, "erlang")
    error = caught.value
    assert (error.line, error.column) == (line, column)
    assert message in error.message
    assert hint in error.hint
    assert f"line {line}, column {column}: " in str(error)


def test_carets_stand_under_the_token() -> None:
    with pytest.raises(MatchSpecSyntaxError) as caught:
        parse("fun(X) -> case X of _ -> a end end", "erlang")
    lines = str(caught.value).splitlines()
    assert lines[1] == "    fun(X) -> case X of _ -> a end end"
    assert lines[2] == "              ^^^^"
