"""Texts of one shape in several sizes: what a text costs must grow as its length does, up to the limit of 64 KiB.

Each shape makes a text of about the length asked for. `python -m tests.fuzz.scaling [NAME...]` shows the CPU time that
each takes at a quarter, a half and the whole of what the limits on a text allow, and the memory.
"""

import sys
import time
from collections.abc import Callable
from typing import Final, TypeAlias

from grammar import LIMITS
from grammar.loader import parser
from grammar.tree import Language
from matchspec import spec
from tests.fuzz.anytext import DOORS, TooSlowError, feed, peak_memory, time_limit

Shape: TypeAlias = Callable[[int], str]
LIMIT: Final = 65_536


def repeated(before: str, piece: str, after: str = "") -> Shape:
    """One piece, as often as it fits."""
    return lambda size: before + piece * max(1, (size - len(before) - len(after)) // len(piece)) + after


def numbered(before: str, piece: str, after: str = "", most: int = LIMIT) -> Shape:
    """Pieces with a number in them, at most so many."""

    def text(size: int) -> str:
        parts: list[str] = []
        room = size - len(before) - len(after)
        while len(parts) < most and room > 0:
            parts.append(piece.replace("#", str(len(parts))))
            room -= len(parts[-1])
        return before + "".join(parts) + after

    return text


def nested(before: str, left: str, middle: str, right: str, after: str = "", most: int = LIMIT) -> Shape:
    def text(size: int) -> str:
        times = min(most, max(1, (size - len(before + middle + after)) // len(left + right)))
        return before + left * times + middle + right * times + after

    return text


PYTHON: Final[dict[str, Shape]] = {
    "comparisons": repeated("lambda u: u", " < 1"),
    "long condition": repeated("lambda u: 1 if u[0]", " and u[1] == 2", " else 0"),
    "long or": repeated("lambda u: 1 if u[0] == 1", " or u[1] == 2", " else 0"),
    "sum": repeated("lambda u: 1", " + u[0]"),
    "subtractions": repeated("lambda u: 1", "-1"),
    "powers": repeated("lambda u: 1", "**1"),
    "list": repeated("lambda u: [", "u[0], ", "]"),
    "list of numbers": repeated("lambda u: [", "1, ", "]"),
    "tuple": repeated("lambda u: (", "u, ", ")"),
    "set": numbered("lambda u: u in {", "#, ", "}"),
    "set of strings": numbered("lambda u: u in {", "'#', ", "}"),
    "set of variables": numbered("lambda u: u in {", "u[#], ", "}"),
    "dict": numbered("lambda u: {", "#: u, ", "}"),
    "dict of one key": repeated("lambda u: {", "1: u, ", "}"),
    "clauses": numbered("lambda u: ", "# if u == # else ", "0"),
    "nested lists": nested("lambda u: ", "[", "1", "]"),
    "parentheses": nested("lambda u: ", "(", "u", ")"),
    "not": repeated("lambda u: ", "not ", "u"),
    "minus": repeated("lambda u: ", "-", "u"),
    "subscripts": repeated("lambda u: u", "[0]"),
    "attributes": repeated("lambda u: u", ".x"),
    "methods": repeated("lambda u: u", ".strip()"),
    "parameters": numbered("lambda ", "a#, ", "z: z"),
    "many parameters used": numbered("lambda " + ", ".join(f"a{n}" for n in range(3000)) + ": [", "a#, ", "]", 3000),
    "arguments": repeated("lambda u: max(", "u, ", "1)"),
    "calls": repeated("lambda u: [", "abs(u), ", "]"),
    "string": repeated("lambda u: '", "a", "'"),
    "escapes": repeated("lambda u: '", "\\n", "'"),
    "unicode names": repeated("lambda u: '", "\\N{BULLET}", "'"),
    "joined strings": repeated("lambda u: ", "'a' "),
    "bytes": repeated("lambda u: b'", "\\xff", "'"),
    "spaces": repeated("lambda u:", " ", "1"),
    "line ends": repeated("lambda u:", "\n", "1"),
    "comments": repeated("lambda u: [", "#\n", "1]"),
    "backslashes": repeated("lambda u: ", "\\\n", "1"),
    "unclosed": repeated("lambda u: ", "("),
    "closed": repeated("lambda u: ", ")"),
    "quotes": repeated("lambda u: ", "'"),
    "triple quotes": repeated("lambda u: ", "'''"),
    "open triple quote": repeated("lambda u: '''", "a"),
    "open string": repeated("lambda u: '", "\\a"),
    "unknown names": numbered("lambda u: [", "x#, ", "]"),
    "one unknown name": repeated("lambda u: ", "x"),
    "digits": repeated("lambda u: ", "1"),
    "underscores": repeated("lambda u: 1", "_1"),
    "float": repeated("lambda u: 1.", "1"),
    "numbers of many digits": repeated("lambda u: [", "9" * 4300 + ", ", "]"),
    "dots": repeated("lambda u: u", "."),
    "function": repeated("def f(row):\n    match row:\n", "        case (1, x): return x\n"),
    "alternatives": repeated("def f(row):\n    match row:\n        case 0", " | 1", ": return 1\n"),
    "function of values": numbered("def f(row):\n    match row:\n", "        case (#, x): return x\n"),
    "guards": numbered("def f(row):\n    match row:\n", "        case (x, y) if x == #: return y\n"),
    "sequence pattern": numbered("def f(row):\n    match row:\n        case (", "a#, ", "): return 1\n"),
    "mapping pattern": numbered("def f(row):\n    match row:\n        case {", "'#': a#, ", "}: return 1\n"),
    "nested patterns": nested("def f(row):\n    match row:\n        case (", "[", "a", "]", ", 1): return 1\n"),
    "indentation": repeated("def f(row):\n    match row:\n        case 1: return 1\n", " ", "x"),
    "formatted": repeated("lambda u: f'", "{u}", "'"),
    "slices": repeated("lambda u: u", "[1:]"),
    "constants folded": repeated("lambda u: [", "'a' * 9, ", "]"),
    "large constants": repeated("lambda u: [", "1<<4000000, ", "]"),
    "large powers": repeated("lambda u: [", "2**130000, ", "]"),
    "products": repeated("lambda u: ", "(1<<60000)*", "1"),
    "texts of large numbers": repeated("lambda u: [", "str(7**1500), ", "]"),
    "decimals": repeated("[", "Decimal('1e999'), ", "]"),
    "fractions": repeated("[", "Fraction('1e4000'), ", "]"),
    "decimal against int": repeated("lambda u: [", "Decimal('1e9') == 1<<4000000, ", "]"),
    "decimal below int": repeated("lambda u: [", "Decimal('1e9') < 1<<4000000, ", "]"),
    "fraction against int": repeated("lambda u: [", "Fraction(1, 3) < 1<<4000000, ", "]"),
    "float against int": repeated("lambda u: [", "1.5 < 1<<4000000, ", "]"),
    "sets of decimals": repeated("lambda u: u in {", "Decimal('1e999999'), ", "}"),
    "term list": repeated("[", "1, ", "]"),
    "term tuples": repeated("[", "(1,), ", "]"),
    "term dict": numbered("{", "#: 1, ", "}"),
    "raw clauses": numbered("[", "((V(#), ANY), [], [V(#)]), ", "]"),
    "dates": repeated("[", "date(2024,1,1), ", "]"),
    "doubled replace": repeated("lambda u: 'x'", ".replace('x','xx')"),
    "percent": repeated("lambda u: [", "'%s' % u, ", "]"),
    "string times": repeated("lambda u: [", "'x'*16000, ", "]"),
    "string sums": repeated("lambda u: ", "'x'*16000+", "'x'"),
    "list sums": repeated("lambda u: ", "[1]*16000+", "[1]"),
    "tuple times": repeated("lambda u: [", "(0,)*16000, ", "]"),
    "string membership": repeated("lambda u: [", "'ab' in 'a'*16000, ", "]"),
    "string counts": repeated("lambda u: [", "('a'*16000).count('a'*8000+'b'), ", "]"),
    "splits": repeated("lambda u: [", "('a '*8000).split(), ", "]"),
    "int of text": repeated("lambda u: [", "int('9'*4300), ", "]"),
    "hash of decimals": repeated("lambda u: [", "u in {Decimal('1e999999999')}, ", "]"),
    "rounds": repeated("lambda u: [", "round(7**40000, -9000), ", "]"),
    "range of letters": repeated("lambda u: ", "\U0001d518"),
    "comparisons of lists": repeated("lambda u: [", "[0]*16000 < [0]*16000, ", "]"),
    "min of many": repeated("lambda u: min([", "u, ", "])"),
}

ERLANG: Final[dict[str, Shape]] = {
    "list": repeated("[", "1,", "1]"),
    "atoms": numbered("[", "a#,", "1]"),
    "tuples": repeated("[", "{},", "1]"),
    "tuple": repeated("{", "1,", "1}"),
    "map": numbered("#{", "#=>1,", "a=>1}"),
    "map of one key": repeated("#{", "1=>1,", "a=>1}"),
    "maps in maps": nested("", "#{1=>", "1", "}"),
    "binary": repeated("<<", "1,", "1>>"),
    "sized binary": repeated("<<", "1:7,", "1:1>>"),
    "large segments": repeated("<<", "1:999999,", "1>>"),
    "binary of strings": repeated("<<", '"a",', "1>>"),
    "large binary": repeated("<<", "1:8388608,", "1>>"),
    "nested binaries": nested("", "<<", "1", ">>"),
    "binary in binary": repeated("[", "<<(<<1>>)/binary>>,", "1]"),
    "string": repeated('"', "a", '"'),
    "escapes": repeated('"', "\\x{41}", '"'),
    "strings": repeated("", '"a" '),
    "quoted atom": repeated("'", "a", "'"),
    "open atom": repeated("'", "\\a"),
    "open string": repeated('"', "\\^a"),
    "atom": repeated("a", "a"),
    "digits": repeated("", "1"),
    "float": repeated("1.", "1"),
    "radix": repeated("16#", "f"),
    "underscores": repeated("1", "_1"),
    "numbers of many digits": repeated("[", "9" * 4300 + ",", "1]"),
    "other bases": repeated("[", "7#" + "6" * 4300 + ",", "1]"),
    "comments": repeated("[", "%\n", "1]"),
    "spaces": repeated("[", " ", "1]"),
    "characters": repeated("[", "$a,", "1]"),
    "conjunction": repeated("fun({X}) when X", ", X", " -> X end"),
    "disjunction": repeated("fun({X}) when X", "; X", " -> X end"),
    "andalso": repeated("fun({X}) when X", " andalso X", " -> X end"),
    "sum": repeated("fun({X}) -> 1", " + X", " end"),
    "appended": repeated("fun({X}) -> []", " ++ X", " end"),
    "clauses": numbered("fun({0}) -> 0", "; ({#}) -> #", " end"),
    "clauses with guards": numbered("fun({0}) -> 0", "; ({X}) when X > # -> X", " end"),
    "bodies": repeated("fun({X}) -> X", ", X", " end"),
    "variables": numbered("fun({", "A#,", "X}) -> X end"),
    "variables used": numbered("fun({" + ",".join(f"A{n}" for n in range(3000)) + "}) -> {", "A#,", "1} end", 3000),
    "one variable": repeated("fun({", "X,", "X}) -> X end"),
    "imported": numbered("fun({X}) -> {", "A#,", "X} end"),
    "bindings": repeated("fun(", "X = ", "{Y}) -> X end"),
    "unknown functions": numbered("fun({X}) -> [", "f#(X),", "X] end"),
    "calls": repeated("fun({X}) -> [", "hd(X),", "X] end"),
    "nested calls": nested("fun({X}) -> ", "hd(", "X", ")", " end"),
    "records": repeated("fun({X}) -> [", "#p{},", "X] end"),
    "record fields": repeated("fun({X}) -> #p{", "x=1,", "y=1} end"),
    "record updates": repeated("fun(X) -> X", "#p{x=1}", " end"),
    "record accesses": repeated("fun(X) -> X", "#p.x", " end"),
    "map updates": repeated("fun({X}) -> X", "#{a=>1}", " end"),
    "shifts": repeated("fun({X}) -> [", "1 bsl 4000000,", "X] end"),
    "shift sums": repeated("fun({X}) -> ", "(1 bsl 4000000)+", "X end"),
    "shift products": repeated("fun({X}) -> ", "(1 bsl 2000000)*", "X end"),
    "squares": nested("fun({X}) -> ", "(", "1 bsl 60000", ")*(1 bsl 60000)", " end", 150),
    "divisions": repeated("fun({X}) -> [", "(1 bsl 4000000) div ((1 bsl 2000000) + 1),", "X] end"),
    "remainders of shifts": repeated("fun({X}) -> [", "(1 bsl 4000000) rem ((1 bsl 2000000) + 1),", "X] end"),
    "products of shifts": repeated("fun({X}) -> [", "(1 bsl 4000000) * (1 bsl 4000000),", "X] end"),
    "comparisons": repeated("fun({X}) when X", " < X", " -> X end"),
    "matches": repeated("fun({X}) -> X", " = X", " end"),
    "raw clauses": numbered("[", "{{'$#'},[],['$#']},", "{'_',[],[1]}]"),
    "raw guards": repeated("[{'$1',[", "{'>','$1',1},", "true],['$1']}]"),
    "raw variables": numbered("[{{", "'$#',", "a},[],['$$']}]"),
    "raw or": repeated("[{'$1',[{'or',", "{'>','$1',1},", "true}],['$1']}]"),
    "raw nested": nested("[{'$1',[", "{'not',", "true", "}", "],[1]}]"),
    "raw result": repeated("[{'$1',[],[{{", "'$1',", "1}}]}]"),
    "raw bindings": repeated("[{{" + ",".join(f"'${n}'" for n in range(5000)) + "},[],[[", "'$$',", "1]]}]"),
    "raw wrong": repeated("[{'$1',[", "{nosuch,1},", "true],['$1']}]"),
    "raw wrong clauses": repeated("[", "{a,b},", "1]"),
    "improper": nested("", "[1|", "2", "]"),
    "unclosed": repeated("", "{"),
    "closed": repeated("", "}"),
    "mixed brackets": repeated("", "[{("),
    "dollar": repeated("", "$"),
    "hashes": repeated("", "#"),
    "arrows": repeated("fun", "->"),
    "funs": repeated("", "fun() -> "),
    "minus": repeated("", "-", "1"),
}

ELIXIR: Final[dict[str, Shape]] = {
    "list": repeated("[", "1,", "1]"),
    "keywords": numbered("[", "a#: 1,", "z: 1]"),
    "tuple": repeated("{", "1,", "1}"),
    "map": numbered("%{", "# => 1,", "a: 1}"),
    "binary": repeated("<<", "1,", "1>>"),
    "sized binary": repeated("<<", "1::7,", "1>>"),
    "large segments": repeated("<<", "1::size(999999),", "1>>"),
    "string": repeated('"', "a", '"'),
    "escapes": repeated('"', "\\u{41}", '"'),
    "interpolations": repeated('"', "#{a}", '"'),
    "joined": repeated('"a"', ' <> "a"'),
    "long joined": repeated('"' + "a" * 100 + '"', ' <> "aaaa"'),
    "heredoc": repeated('"""\n', "  a\n", '  """'),
    "heredoc of blanks": repeated('"""\n', " ", '"""'),
    "heredoc of lines": repeated('"""\n', "\n", '"""'),
    "open heredoc": repeated('"""\n', "a\n"),
    "heredocs": repeated("[", '"""\na\n""",', "1]"),
    "quotes": repeated("", '"'),
    "charlist": repeated("'", "a", "'"),
    "charlist heredoc": repeated("'''\n", "  a\n", "  '''"),
    "sigil": repeated("~s(", "a", ")"),
    "sigil of escapes": repeated("~s(", "\\)", ")"),
    "open sigil": repeated("~s(", "\\a"),
    "sigils": repeated("[", "~s(a),", "1]"),
    "words": repeated("~w(", "a ", ")"),
    "spaces": repeated("[", " ", "1]"),
    "line ends": repeated("[", "\n", "1]"),
    "line ends after": repeated("1", "\n"),
    "comments": repeated("[", "#\n", "1]"),
    "semicolons": repeated("fun do {x} -> x", "; x", " end"),
    "clauses": numbered("fun do\n", "  {#} -> #\n", "end"),
    "clauses with guards": numbered("fun do\n", "  {x} when x > # -> x\n", "end"),
    "guards": repeated("fun do {x} when x", " when x", " -> x end"),
    "and": repeated("fun do {x} when x", " and x", " -> x end"),
    "in": repeated("fun do {x} when x in [", "1,", "2] -> x end"),
    "in in": repeated("fun do {x} when x", " in [1]", " -> x end"),
    "ranges": repeated("fun do {x} when x in 1", "..2", " -> x end"),
    "sum": repeated("fun do {x} -> 1", " + x", " end"),
    "pins": repeated("fun do {x} -> [", "^limit,", "x] end"),
    "pinned expressions": repeated("fun do {x} -> [", "^(1 + 1),", "x] end"),
    "variables": numbered("fun do {", "a#,", "x} -> x end"),
    "variables used": numbered("fun do {" + ",".join(f"a{n}" for n in range(3000)) + "} -> {", "a#,", "1} end", 3000),
    "accesses": repeated("fun do x -> x", "[:a]", " end"),
    "fields": repeated("fun do x -> x", ".a", " end"),
    "aliases": repeated("[A", ".A", "]"),
    "captures": repeated("", "&", "1"),
    "negations": repeated("fun do {x} when ", "not ", "x -> x end"),
    "exclamations": repeated("fun do {x} when ", "!", "x -> x end"),
    "atoms": numbered("[", ":a#,", "1]"),
    "quoted atom": repeated(':"', "a", '"'),
    "digits": repeated("", "1"),
    "hexadecimal": repeated("0x", "f"),
    "float": repeated("1.", "1"),
    "characters": repeated("[", "?a,", "1]"),
    "ternary": repeated("", "||| 1 "),
    "pipes": repeated("fun do {x} -> x", " |> f", " end"),
    "unclosed": repeated("", "%{"),
    "closed": repeated("", "}"),
    "do": repeated("fun ", "do "),
    "ends": repeated("fun do {x} -> x ", "end "),
    "records": repeated("fun do {x} -> [", "p(x: 1),", "x] end"),
    "calls": repeated("fun do {x} -> [", "hd(x),", "x] end"),
    "raw clauses": numbered("[", '{{:"$#"}, [], [:"$#"]},', "{:_, [], [1]}]"),
}

SHAPES: Final[dict[str, dict[str, Shape]]] = {"python": PYTHON, "erlang": ERLANG, "elixir": ELIXIR}

_LANGUAGES: Final[dict[str, Language]] = {"python": "python", "erlang": "erlang", "elixir": "elixir"}


def fitting(shape: Shape, language: Language, part: float) -> str:
    """The text that takes such a part of both limits, on characters and on tokens."""
    size = int(LIMIT * part)
    text = shape(size)[:LIMIT]
    for _ in range(5):
        tokens = _tokens(text, language)
        if tokens < LIMITS.max_tokens * part:
            break
        size = int(size * LIMITS.max_tokens * part / tokens) - 4
        text = shape(max(size, 1))[:LIMIT]
    return text


def _tokens(text: str, language: Language) -> int:
    from lark.exceptions import UnexpectedInput

    waiting = parser(language, "query").parse_interactive(text, start="query")
    count = 0
    try:
        for _ in waiting.lexer_thread.lex(waiting.parser_state):  # type: ignore[no-untyped-call]  # Lark's own
            count += 1
    except UnexpectedInput:
        pass  # a text that does not lex is measured as it is
    return count


def _measured(text: str, language: str) -> str:
    memory, start = peak_memory(), time.process_time()
    try:
        with time_limit(30):
            outcome = "accepted" if feed(text, language, DOORS[0], 1) else "refused"
    except TooSlowError:
        outcome = "TOO SLOW"
    return f"{time.process_time() - start:6.2f} s {(peak_memory() - memory) / 2**20:5.0f} MB {outcome}"


def main() -> None:
    for name, language in _LANGUAGES.items():
        spec("[]", syntax=language)  # builds the parser, which is not to be measured
        for shape_name, shape in SHAPES[name].items():
            if len(sys.argv) < 2 or shape_name in sys.argv[1:]:
                measured = [_measured(fitting(shape, language, part), language) for part in (0.25, 0.5, 1)]
                print(f"{language:7} {shape_name:24} {'   '.join(measured)}", flush=True)


if __name__ == "__main__":
    main()
