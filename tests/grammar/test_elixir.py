"""Elixir: trees written by hand after the language's reference, line breaks, errors with their place and hint."""

import pytest

from grammar import Function, MatchSpecSyntaxError, TermText, parse, parse_term
from grammar import tree as t

a, b, c, x, y, z = (t.Name(name) for name in "abcxyz")


def one(value: t.Value) -> t.Constant:
    return t.Constant(value)


def atom(name: str) -> t.AtomName:
    return t.AtomName(name)


def infix(left: t.Node, op: str, right: t.Node) -> t.Infix:
    return t.Infix(op, left, right)


def pairs(**values: t.Node) -> tuple[t.Node, ...]:
    return tuple(t.TupleNode((atom(key), value)) for key, value in values.items())


def clauses(text: str) -> tuple[t.Clause, ...]:
    parsed = parse(text, "elixir")
    assert isinstance(parsed, Function)
    assert parsed.language == "elixir"
    return parsed.clauses


# ---- Functions -------------------------------------------------------------------------------------------------------

GREATER = t.Clause((t.TupleNode((x, y)),), ((infix(x, ">", y),),), (x,))
OTHERWISE = t.Clause((t.Wild(),), (), (atom("nil"),))


@pytest.mark.parametrize(
    "text",
    [
        "fun do {x, y} when x > y -> x; _ -> nil end",
        "fn {x, y} when x > y -> x; _ -> nil end",
        "fun do\n  {x, y} when x > y -> x\n  _ -> nil\nend\n",
        "fun do\n\n  # first\n  {x, y}\n  when x >\n    y ->\n      x # then\n\n  _\n  -> nil\nend",
        "fn\r\n  {x, y} when x > y -> x\r\n  _ -> nil\r\nend",
        "fun do {x,y}when(x>y)->x;_->nil;end",
        "fun do ({x, y}) when (x > y) -> (x); (_) -> (nil) end",
        "fun do {\nx,\ny\n} when x > y -> x\n _ -> nil end",
        "fun do {x, y} when x \\\n > y -> x; _ -> nil end",
    ],
)
def test_clauses_end_at_semicolons_and_line_breaks(text: str) -> None:
    assert clauses(text) == (GREATER, OTHERWISE)


def test_lines_without_an_arrow_belong_to_the_body_before_them() -> None:
    (first, second) = clauses("fun do\n  x ->\n    x\n    -1\n    {x,\n     1}; 2\n  y -> y\nend")
    assert first.body == (x, t.Unary("-", one(1)), t.TupleNode((x, one(1))), one(2))
    assert second == t.Clause((y,), (), (y,))


def test_several_whens_are_alternatives() -> None:
    (clause,) = clauses("fun do {x, y} when x == 1 when y == 2 and x -> x end")
    assert clause.guards == ((infix(x, "==", one(1)),), (infix(infix(y, "==", one(2)), "and", x),))


@pytest.mark.parametrize(
    ("text", "params"),
    [
        ("fn -> 1 end", ()),
        ("fn () -> 1 end", ()),
        ("fn x -> 1 end", (x,)),
        ("fn x, y -> 1 end", (x, y)),
        ("fn (x, y) -> 1 end", (x, y)),
        ("fn x, y when x -> 1 end", (x, y)),
        ("fun do {x} = y -> 1 end", (t.Bind(t.TupleNode((x,)), y),)),
    ],
)
def test_parameters(text: str, params: tuple[t.Node, ...]) -> None:
    assert clauses(text)[0].params == params


def test_fun_is_a_variable_where_no_do_follows() -> None:
    assert clauses("fun do fun -> fun end")[0].body == (t.Name("fun"),)


# ---- Operators: each pair of neighbours in the table of operators, and each associativity ----------------------------

OPERATORS = [
    ("a = b = c", t.Bind(a, t.Bind(b, c))),
    ("a = b or c", t.Bind(a, infix(b, "or", c))),
    ("a || b ||| c or x", infix(infix(infix(a, "||", b), "|||", c), "or", x)),
    ("a or b and c", infix(a, "or", infix(b, "and", c))),
    ("a && b || c &&& x", infix(infix(a, "&&", b), "||", infix(c, "&&&", x))),
    ("a and b == c", infix(a, "and", infix(b, "==", c))),
    ("a == b != c === x !== y =~ z", infix(infix(infix(infix(infix(a, "==", b), "!=", c), "===", x), "!==", y), "=~", z)),
    ("a == b < c", infix(a, "==", infix(b, "<", c))),
    ("a < b > c <= x >= y", infix(infix(infix(infix(a, "<", b), ">", c), "<=", x), ">=", y)),
    ("a < b <<< c >>> x", infix(a, "<", infix(infix(b, "<<<", c), ">>>", x))),
    ("a <<< b in c", infix(a, "<<<", infix(b, "in", c))),
    ("a in b ^^^ c", infix(a, "in", infix(b, "^^^", c))),
    ("a ^^^ b ++ c", infix(a, "^^^", infix(b, "++", c))),
    ("a ++ b -- c <> x .. y", infix(a, "++", infix(b, "--", infix(c, "<>", infix(x, "..", y))))),
    ("a ++ b + c", infix(a, "++", infix(b, "+", c))),
    ("a - b + c", infix(infix(a, "-", b), "+", c)),
    ("a + b * c", infix(a, "+", infix(b, "*", c))),
    ("a / b * c", infix(infix(a, "/", b), "*", c)),
    ("a * b ** c", infix(a, "*", infix(b, "**", c))),
    ("a ** b ** c", infix(infix(a, "**", b), "**", c)),
    ("-a ** b", infix(t.Unary("-", a), "**", b)),
    ("not a == b", infix(t.Unary("not", a), "==", b)),
    ("!a and ~~~b", infix(t.Unary("!", a), "and", t.Unary("~~~", b))),
    ("- -a", t.Unary("-", t.Unary("-", a))),
    ("not(a or b)", t.Unary("not", infix(a, "or", b))),
    ("a not in b", infix(a, "not in", b)),
    ("not a in b", t.Unary("not", infix(a, "in", b))),
    ("!a in b", t.Unary("!", infix(a, "in", b))),
    ("(not a) in b", infix(t.Unary("not", a), "in", b)),
    ("^a + ^(b + 1)", infix(t.Pin(a), "+", t.Pin(infix(b, "+", one(1))))),
    ("-x.y", t.Unary("-", t.Attribute(x, "y"))),
    ("^Enum.map(a, &(&1 * 2))", t.Pin(t.Call("map", (a, t.Unary("&", infix(t.Unary("&", one(1)), "*", one(2)))), receiver=atom("Elixir.Enum")))),
]  # fmt: skip


@pytest.mark.parametrize(("text", "node"), OPERATORS, ids=[text for text, _ in OPERATORS])
def test_operators(text: str, node: t.Node) -> None:
    assert parse_term(text, "elixir").node == node


# ---- Calls and terms -------------------------------------------------------------------------------------------------

TERMS = [
    ("f(x, 1)", t.Call("f", (x, one(1)))),
    ("f()", t.Call("f", ())),
    ('user(name: "x", "b c": 1)', t.Call("user", (), (t.Keyword("name", one("x")), t.Keyword("b c", one(1))))),
    ("f(x, a: 1)", t.Call("f", (x,), (t.Keyword("a", one(1)),))),
    (":erlang.abs(x)", t.Call("abs", (x,), receiver=atom("erlang"))),
    ("Foo.Bar.baz?(x)", t.Call("baz?", (x,), receiver=atom("Elixir.Foo.Bar"))),
    ("x.field", t.Attribute(x, "field")),
    ("x[:a].b", t.Attribute(t.Subscript(x, atom("a")), "b")),
    ("f(x)[0]", t.Subscript(t.Call("f", (x,)), one(0))),
    ("a-1", infix(a, "-", one(1))),
    ('[{{:"$1", :_}, [{:>, :"$1", 10}], [:"$1"]}]', t.ListNode((t.TupleNode((
        t.TupleNode((atom("$1"), atom("_"))),
        t.ListNode((t.TupleNode((atom(">"), atom("$1"), one(10))),)),
        t.ListNode((atom("$1"),)),
    )),))),
    ("[]", t.ListNode(())),
    ("[1, x,]", t.ListNode((one(1), x))),
    ("[x | y]", t.ListNode((x,), y)),
    ("[1, x | y]", t.ListNode((one(1), x), y)),
    ("[a: 1, b: x]", t.ListNode(pairs(a=one(1), b=x))),
    ("[x, a: 1]", t.ListNode((x, *pairs(a=one(1))))),
    ("[-: x, ==: 1]", t.ListNode((t.TupleNode((atom("-"), x)), t.TupleNode((atom("=="), one(1)))))),
    ("{}", t.TupleNode(())),
    ("{x, a: 1, b: 2}", t.TupleNode((x, t.ListNode(pairs(a=one(1), b=one(2)))))),
    ("%{}", t.MapNode(())),
    ('%{"k" => y, 1 => 2, a: x}', t.MapNode((t.MapItem(one("k"), y), t.MapItem(one(1), one(2)), t.MapItem(atom("a"), x)))),
    ("%{x | a: 1}", t.MapNode((t.MapItem(atom("a"), one(1)),), x)),
    ("%{x | 1 => 2}", t.MapNode((t.MapItem(one(1), one(2)),), x)),
    ("<<>>", t.BinaryNode(())),
    ('<<1, "abc", x::8, y::little-signed-size(16)-unit(2), z::binary>>', t.BinaryNode((
        t.Segment(one(1)),
        t.Segment(one("abc")),
        t.Segment(x, one(8)),
        t.Segment(y, one(16), ("little", "signed", "unit:2")),
        t.Segment(z, None, ("binary",)),
    ))),
    ("{0xff, 0o17, 0b101, 1_000}", t.TupleNode(tuple(map(one, (255, 15, 5, 1000))))),
    ("{1.0, 1.5e-10, 1_0.2E3}", t.TupleNode(tuple(map(one, (1.0, 1.5e-10, 10200.0))))),
    ("{?a, ?\\n, ?\\s, ?\\\\, ?é}", t.TupleNode(tuple(map(one, (97, 10, 32, 92, 233))))),
    ("{true, false, nil}", t.TupleNode(tuple(map(atom, ("true", "false", "nil"))))),
    ("{:a?, :b!, :C, :a@b, :é}", t.TupleNode(tuple(map(atom, ("a?", "b!", "C", "a@b", "é"))))),
    ("{:\"a b\", :'c', :\"\\u00e9\"}", t.TupleNode(tuple(map(atom, ("a b", "c", "é"))))),
    ("{:<>, :{}, :%{}, :<<>>, :.., :|>, :->}", t.TupleNode(tuple(map(atom, ("<>", "{}", "%{}", "<<>>", "..", "|>", "->"))))),
    (":== == :=", infix(atom("=="), "==", atom("="))),
    (r'"a\tb\"\u00e9\u{20ac}\x41\
c"', one('a\tb"é€Ac')),
    (r'"\#{x}"', one("#{x}")),
    ('"# {a} ##"', one("# {a} ##")),
    (r'"\xc3\xa9"', one("é")),
    (r'"\xff"', one(b"\xff")),
    ("'abc'", t.Chars("abc")),
    ('~c"a\\"c"', t.Chars('a"c')),
    ("~c'a'", t.Chars("a")),
    ('"""\n  a\n    "b"\\n\n  """', one('a\n  "b"\n\n')),
    ("'''\na\n'''", t.Chars("a\n")),
    ("{_, _x, x?, y!, é}", t.TupleNode((t.Wild(), t.Name("_x"), t.Name("x?"), t.Name("y!"), t.Name("é")))),
    ("x!=y", infix(x, "!=", y)),
    ("\n\n  1 # one\n\n", one(1)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "node"), TERMS, ids=[text for text, _ in TERMS])
def test_term(text: str, node: t.Node) -> None:
    assert parse_term(text, "elixir").node == node
    parsed = parse(text, "elixir")
    assert isinstance(parsed, TermText)
    assert parsed.node == node


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("x +\ny", infix(x, "+", y)),
        ("x\n== y", infix(x, "==", y)),
        ("x\nand\ny", infix(x, "and", y)),
        ("x\n.y", t.Attribute(x, "y")),
        ("not\nx", t.Unary("not", x)),
        ("[\n1,\n\n# two\n2\n]", t.ListNode((one(1), one(2)))),
        ("%{\na:\n1\n}", t.MapNode((t.MapItem(atom("a"), one(1)),))),
        ("f(\nx\n)", t.Call("f", (x,))),
        ("[x\n| y]", t.ListNode((x,), y)),
    ],
)
def test_a_line_break_beside_an_operator_or_bracket_ends_nothing(text: str, node: t.Node) -> None:
    assert parse_term(text, "elixir").node == node


# ---- Spans -----------------------------------------------------------------------------------------------------------


def test_spans_cover_the_text_of_a_node_and_its_parentheses() -> None:
    text = "fun do user(name: n) when (n) > 1 -> [x: (n)] end"
    (clause,) = clauses(text)

    def part(node: t.Node) -> str:
        return text[node.span.start : node.span.end]

    assert text[clause.span.start : clause.span.end] == text[7:-4]
    assert part(clause.params[0]) == "user(name: n)"
    guard = clause.guards[0][0]
    assert isinstance(guard, t.Infix)
    assert part(guard.left) == "(n)"
    body = clause.body[0]
    assert isinstance(body, t.ListNode)
    assert part(body.items[0]) == "x: (n)"


# ---- Errors ----------------------------------------------------------------------------------------------------------

REFUSED = [
    # Text, line, column, a part of the message, a part of the hint.
    ("", 1, 1, "ends too early", "an expression"),
    ("fun do end", 1, 8, "'end'", "an expression"),
    ("fun do {x} end", 1, 8, "not a clause", "pattern -> expression"),
    ("fun do {x} -> end", 1, 15, "'end'", "an expression"),
    ("fun do {x} -> x", 1, 16, "ends too early", "'do' at line 1, column 5 is still open: 'end' is missing"),
    ("fn x -> [x end", 1, 12, "'end'", "'[' at line 1, column 9 is still open"),
    ("fun do {x} -> x ) end", 1, 17, "')'", "'do' at line 1, column 5 is still open"),
    ("fun do {x} x end", 1, 12, "'x'", ""),
    ("fun do {x} -> x + end", 1, 19, "'end'", "an expression"),
    ("fun do {x} -> [x | ] end", 1, 20, "']'", "an expression"),
    ("fun do\n  {x} ->\n    {x\n    y}\nend", 3, 7, "end of line", "',' or '}'"),
    ("fun do x -> 1; x, y -> 2 end", 1, 16, "2 parameters, but the first has 1", "as many parameters"),
    ("[1\n, 2]", 1, 3, "end of line", "']'"),
    ("(1\n2)", 1, 3, "end of line", "')'"),
    ("x\n+ y", 1, 2, "end of line", "a query begins with `lambda`, `fun` or `fn`"),
    ("x; y", 1, 2, "';'", "a query begins with"),
    ("{a: 1}", 1, 2, "'a:'", "an expression"),
    ("f(1,)", 1, 5, "')'", "an expression"),
    ("f (x)", 1, 3, "'('", "f(x)"),
    ("is_atom x", 1, 9, "'x'", "f(x)"),
    ("x []", 1, 3, "'['", ""),
    ("x -1", 1, 1, "'x'", "write x - 1"),
    ("[a:1]", 1, 2, "'a:'", "a space must follow"),
    ("fun do x -> if x, do: 1, else: 2 end", 1, 16, "'x'", "if cannot be part of a match spec"),
    ("fun do x -> if x do 1 end end", 1, 16, "'x'", "if cannot be part of a match spec"),
    ("fun do x -> case x do 1 -> 2 end end", 1, 18, "'x'", "case cannot be part"),
    ("fun do x -> for y <- x, do: y end", 1, 17, "'y'", "a comprehension cannot be part"),
    ("fun do x -> with y <- x, do: y end", 1, 18, "'y'", "with cannot be part"),
    ("fun do x -> f(x) do 1 end end", 1, 18, "'do'", "a block cannot be part"),
    ("fun do x -> fn y -> y end end", 1, 13, "'fn'", "an inner function cannot be part"),
    ("fun do x -> &(&1 + 1) end", 1, 13, "a captured function", "only inside ^(...)"),
    ("&1", 1, 1, "a captured function", "only inside ^(...)"),
    ("[^(&1), &2]", 1, 9, "a captured function", "only inside ^(...)"),
    ("x |> f()", 1, 3, "'|>'", "write the call itself"),
    ("x\n|> f()", 2, 1, "'|>'", "write the call itself"),
    ("%User{}", 1, 1, "'%U'", "structs are not known"),
    ("~r/a/", 1, 1, "'~r'", "the only sigil"),
    ('"a#{x}"', 1, 1, "'\"a#{'", "interpolation would run code"),
    ("'a#{x}'", 1, 1, "a#{", "interpolation would run code"),
    (':"a#{x}"', 1, 1, "a#{", "interpolation would run code"),
    ('"""\na#{x}\n"""', 1, 1, "interpolation would run code", "^name"),
    ('"""\na"""', 1, 1, "a heredoc must end on a line of its own", ""),
    ("@limit", 1, 1, "'@'", "module attributes"),
    ("x else y", 1, 3, "'else'", "if cannot be part"),
    ('"abc', 1, 1, "unexpected character", "string that begins here is not closed"),
    ("'abc", 1, 1, "unexpected character", "charlist that begins here is not closed"),
    ('{"a\\x"}', 1, 4, "without its digits", ""),
    ('"\\u{d800}"', 1, 2, "no character", ""),
    ("'\\xff'", 1, 2, "must be valid UTF-8", ""),
    ("?\\x", 1, 2, "does not have", ""),
    ("1.0e999", 1, 1, "out of range", ""),
    (f":{'a' * 256}", 1, 1, "256 characters, but the limit is 255", ""),
    ("a → b", 1, 3, "'→'", ""),
    ("→", 1, 1, "'→' has characters that no name has", ""),
    ("<<x::foo(1)>>", 1, 6, "no such part of a segment", "size(8)"),
]


@pytest.mark.parametrize(("text", "line", "column", "message", "hint"), REFUSED, ids=[row[0][:30] for row in REFUSED])
def test_an_error_has_place_message_and_hint(text: str, line: int, column: int, message: str, hint: str) -> None:
    with pytest.raises(MatchSpecSyntaxError) as caught:
        parse(text, "elixir")
    error = caught.value
    assert (error.line, error.column) == (line, column)
    assert message in error.message
    assert hint in error.hint
    assert f"line {line}, column {column}: " in str(error)
