"""What the Python grammar refuses: the place, the message and the hint of each error, and the limits."""

import pytest

from grammar import MatchSpecSyntaxError, parse, parse_term


def error(text: str) -> MatchSpecSyntaxError:
    with pytest.raises(MatchSpecSyntaxError) as caught:
        parse(text, "python")
    return caught.value


# ---- errors ----------------------------------------------------------------------------------------------------------

MATCH = "def f(row):\n  match row:\n"

REFUSED = [
    # Text, line, column, a part of the message, a part of the hint.
    ("", 1, 1, "ends too early", "a name or a value"),
    ("lambda u", 1, 9, "ends too early", "':'"),
    ("lambda u: (u.a", 1, 15, "ends too early", "'(' at line 1, column 11 is still open"),
    ("lambda u: u.a]", 1, 14, "']'", "no open bracket"),
    ("lambda u: [u.a)", 1, 15, "')'", "'[' at line 1, column 11"),
    ("u u", 1, 3, "'u'", "an operator"),
    ("[x for x in u]", 1, 4, "'for'", "a comprehension cannot be part of a match spec"),
    ("f(x for x in u)", 1, 5, "'for'", "a comprehension"),
    ("{x: 1 for x in u}", 1, 7, "'for'", "a comprehension"),
    ("lambda u: lambda v: 1", 1, 11, "'lambda'", "the only function"),
    ("lambda u: u, 1", 1, 1, "a tuple with a lambda", "put parentheses around the tuple"),
    ("lambda u: u,", 1, 1, "a tuple with a lambda", "put parentheses"),
    ("lambda u: f'{u}'", 1, 11, "f'{u}'", "an f-string"),
    ('Rf"""\n"""', 1, 1, "Rf", "an f-string"),
    ("lambda u: (x := u)", 1, 14, "':='", "an assignment"),
    ("lambda u: u = 1", 1, 13, "'='", "== compares"),
    ("lambda u: await u", 1, 11, "'await'", "await the value before"),
    ("lambda u: (yield)", 1, 12, "'yield'", "cannot yield"),
    ("u @ 1", 1, 3, "'@'", "matrix"),
    ("1j", 1, 1, "'1j'", "complex"),
    ("1.5e3J", 1, 1, "1.5e3J", "complex"),
    ("(1, ...)", 1, 5, "...", "ANY"),
    ("lambda u: u && 1", 1, 14, "'&'", "`and`"),
    ("lambda u: u || 1", 1, 14, "'|'", "`or`"),
    ("lambda u: !u", 1, 11, "'!'", "`not`"),
    ("lambda u: u ? 1 : 2", 1, 13, "'?'", "A if TEST else B"),
    ("lambda u: if u: 1", 1, 11, "'if'", "A if TEST else B"),
    ("1 if u", 1, 7, "ends too early", "'else'"),
    ("u; v", 1, 2, "';'", "one expression"),
    ("'abc", 1, 1, '"\'"', "not closed"),
    ("'''abc'", 1, 1, '"\'"', "not closed"),
    ("u \\ v", 1, 3, "'\\\\'", "backslash"),
    ("a.²", 1, 3, "'²'", "letters, digits"),
    ("u.class", 1, 3, "'class'", "no statements"),
    ("007", 1, 3, "'7'", ""),
    ("1__0", 1, 2, "'__0'", ""),
    ("'\\xg'", 1, 2, "two hex digits", ""),
    ("'ab\\u12'", 1, 4, "four hex digits", ""),
    ("'\\U00110000'", 1, 2, "beyond the last character", ""),
    ("'\\N{nothing}'", 1, 2, "no character is called 'nothing'", ""),
    ("'\\N'", 1, 2, "name in braces", ""),
    ("b'\\x1'", 1, 3, "two hex digits", ""),
    ("b'é'", 1, 3, "ASCII", "\\xff"),
    ("'a' b'b'", 1, 1, "side by side", "both must be"),
    ("f(a=1, 2)", 1, 8, "without a keyword", ""),
    ("f(a=1, a=2)", 1, 8, "the keyword a is given twice", ""),
    ("f(**a)", 1, 3, "** cannot be part", "one by one"),
    ("{**a}", 1, 2, "** cannot be part", "one by one"),
    ("f(1)(2)", 1, 1, "only a name or a method", "value.name(...)"),
    ("(1)(2)", 1, 1, "only a name or a method", ""),
    ("lambda u, u: 1", 1, 11, "two parameters are called u", ""),
    ("lambda a=1, b: 1", 1, 13, "b has no default", "go last"),
    ("lambda *, a: 1", 1, 8, "'*' cannot be among", "names"),
    ("lambda **a: 1", 1, 8, "'**' cannot be among", "names"),
    ("lambda /, a: 1", 1, 8, "/ stands once", ""),
    ("def f(u):\n  x = u\n  return x", 2, 3, "'x'", "'return'"),
    ("def f(u):\n  return u\n  return 1", 3, 3, "'return'", "one return"),
    ("def f(u):\n  if u: return 1\n  return 2", 2, 3, "'if'", "A if TEST else B"),
    ("def f(u):\n  for x in u: pass", 2, 3, "'for'", ""),
    ("def f(u):\n  pass", 2, 3, "'pass'", "SKIP"),
    ("def f(u):\nreturn u", 2, 1, "'return'", "one return"),
    ("def f(u):\n    return u\n  # c\n  u", 4, 3, "", "indented unlike"),
    ("def f(u):\n  return u\n    + 1", 3, 5, "end of line", "indented so"),
    ("def f(u):\n\treturn (u)\n        match u", 3, 9, "end of line", "indented unlike"),
    ("async def f(u): return 1", 1, 1, "'async'", "must not be async"),
    (MATCH + "    case 1: pass", 3, 13, "'pass'", "return SKIP"),
    (MATCH + "    case 1:\n      x = 1\n      return x", 4, 7, "'x'", "'return'"),
    (MATCH + "    case 1: return 1\n  return 2", 4, 3, "'return'", "case _: return"),
    (MATCH + "    case 1: raise x", 3, 13, "'raise'", "cannot raise"),
    (MATCH + "    case 1j: return 1", 3, 10, "'1j'", "complex"),
    (MATCH + "    case f'x': return 1", 3, 10, "\"f'x'\"", "an f-string"),
    (MATCH + "    case x: return 1\n    case 2: return 2", 3, 10, "matches everything", "last case"),
    (MATCH + "    case x | 1: return 1", 3, 10, "matches everything", ""),
    (MATCH + "    case (x, x): return 1", 3, 14, "binds x twice", "guard"),
    (MATCH + "    case (1, x) | (2, y): return 1", 3, 19, "other names than the first (x, y)", "same names"),
    (MATCH + "    case [*a, *b]: return 1", 3, 15, "one * only", ""),
    (MATCH + "    case {**a, 1: 2}: return 1", 3, 11, "must be the last", ""),
    (MATCH + "    case {**_}: return 1", 3, 13, "other than _", ""),
    (MATCH + "    case 1 as _: return 1", 3, 15, "other than _", ""),
    (MATCH + "    case x as y: return 1\n    case 2: return 2", 3, 10, "matches everything", "last case"),
    (MATCH + "    case A(x=1, 2): return 1", 3, 17, "without a keyword", ""),
    (MATCH + "    case A(x=1, x=2): return 1", 3, 17, "given twice", ""),
    (MATCH + "    case (*a): return 1", 3, 13, "')'", "','"),
    (MATCH + "    case 1 + 1: return 1", 3, 12, "'+'", ""),
    ("def f(a, b):\n match a:\n  case _: return 1", 1, 1, "exactly one parameter", "whole row"),
    ("def f(a=1):\n match a:\n  case _: return 1", 1, 1, "exactly one parameter", ""),
    ("def f(a):\n match b:\n  case _: return 1", 2, 8, "matches its parameter", "match a:"),
    ("def f(a):\n match a.b:\n  case _: return 1", 2, 8, "matches its parameter", ""),
]


@pytest.mark.parametrize(("text", "line", "column", "message", "hint"), REFUSED)
def test_refused(text: str, line: int, column: int, message: str, hint: str) -> None:
    caught = error(text)
    assert (caught.line, caught.column) == (line, column), caught
    assert message in caught.message
    assert hint in caught.hint


@pytest.mark.parametrize("text", ["def f(u): return u", "lambda u: u"])
def test_a_function_is_no_term(text: str) -> None:
    with pytest.raises(MatchSpecSyntaxError):
        parse_term(text, "python")


# ---- limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "(" * 300 + "1" + ")" * 300,
        "[" * 30_000,
        "[" * 20_000 + "]" * 20_000,
        "-" * 5_000 + "1",
        "not " * 1_000 + "1",
        "1" + "+1" * 5_000,
        "1" + "**1" * 2_000,
        "1" + " if 1 else 1" * 1_000,
        "a" + ".a" * 3_000,
        "a" + "[1]" * 2_000,
        "a" + ".a()" * 1_500,
        "a or " * 1_000 + "a",
        "f(a=" * 1_000 + "1" + ")" * 1_000,
        "{1:" * 1_000 + "1" + "}" * 1_000,
        MATCH + "    case " + "[" * 1_000 + "]" * 1_000 + ": return 1",
        MATCH + "    case " + "A(x=" * 1_000 + "1" + ")" * 1_000 + ": return 1",
        MATCH + "    case a" + ".a" * 1_000 + ": return 1",
        "9" * 4_301,
        "0x" + "f" * 4_301,
        "'" + "x" * 70_000 + "'",
    ],
)
def test_limits(text: str) -> None:
    caught = error(text)
    assert len(str(caught)) > 0
