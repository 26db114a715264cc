"""Valid texts to start from: what the mutations of `tests.fuzz.mutate` make invalid.

Texts come from the recorded answers of Erlang and Elixir, from every string and function of the README and docs, and
from the generators of the other tests, rendered in each of the three languages.
"""

import ast
import json
import random
import re
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

from hypothesis import HealthCheck, given, settings
from hypothesis import seed as seeded

from matchspec import MatchSpecError, format_term, spec
from tests.matchspec.lambda_texts import texts as lambdas
from tests.random_specs import Maker, random_fun

Corpus: TypeAlias = dict[str, list[str]]  # by language
Value: TypeAlias = Any

LANGUAGES: Final = ("python", "erlang", "elixir")
_ROOT: Final = Path(__file__).parents[2]
_BLOCK: Final = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)

# What the other sources have too little of.
EXTRA: Final[Corpus] = {
    "python": [
        "lambda u: (u.n, u.s.replace('a', 'b' * 3)) if u.n ** 2 > LIMIT and u.s.startswith(('a', 'x')) else SKIP",
        "lambda u: [x for x in u]",
        "def f(row):\n    match row:\n        case (1 | 2, [a, *_], {'k': v, **rest}) if a > v:\n            return (a, v)\n",
        "def f(row):\n    match row:\n        case Item(n=int() as n):\n            return n\n        case _:\n            return SKIP\n",
        "lambda u: Decimal('1.5') + u.x if u.v in {1, 2.5, 'a', None} else f'{u.s}'",
        "lambda u: u._replace(n=round(u.x, 2), s=str(u.d['a']) + u.s[1:-1].strip().upper())",
        "(ANY, V(1), Atom('ok'), const((1, 2)), ImproperList((1,), 2), Bitstring(b'\\x80', 1), float('nan'))",
        "[((V(1), ANY), [(Atom('>'), V(1), 10)], [V(1)])]",
        "(date(2024, 1, 1), timedelta(1), Fraction(1, 3), UUID('12345678123456781234567812345678'), b'\\xff', 0x1F, 1_0)",
        "lambda u: 1 << u.n if u.n & 3 == 1 or ~u.n in (1, -2) else -u.n // 7 % 3",
    ],
    "erlang": [
        "fun({X, Y}) when X > Y, is_atom(X); Y == 1 -> X, {Y, <<1:8/little, \"a\">>}; (_) -> 'none' end.",
        "fun(R) when R#p.x > 1 -> R#p{y = #{a => [1.5 | $a]}} end % done",
        '<<258:16/little-unsigned, "abc", 5:3, "text"/utf8, 1.5:32/float, -1:7>>',
        '[16#ff, 2#101, 1.0e10, $\\n, $\\x{1f600}, "a\\tb" "c", \'it\\\'s\', [1|2], #{1 => 2}]',
        "fun({A, B}) when element(1, A) =:= B band 7, not is_list(A) orelse A -> [A | 'x y'] end",
    ],
    "elixir": [
        'fun do\n  {x, y} = z when x > ^limit when not is_atom(x) ->\n    z\n  _ -> %{"a" => [b: 1], c: <<1::8, "a">>}\nend',
        "fn p(x: n), [h | t] -> Foo.bar(?a, ~c\"b\", 'c')[:d].e in [1..2, 0x1f] end",
        'fun do {a, b} when a == ^(limit) and is_tuple(b) or b in [1, 2] -> %{a: elem(b, 0), b: a <> "x"} end',
        '~s(a b) <> ~S"""\n  text\n  """',
        '"""\n  here\\n\n  doc \\u{1F600}\n  """',
        '[{{:"$1", :_}, [{:>, :"$1", 10}], [:"$1"]}]',
        "~w(a b c)a ++ [?\\n, 0b101, 1.0e-5, :\"quoted atom\", Foo.Bar, ~c'x', nil]",
    ],
}


@cache
def corpus(seed: int, generated: int) -> Corpus:
    """The texts of each language; `generated` counts the random ones of each kind."""
    found: Corpus = {language: list(EXTRA[language]) for language in LANGUAGES}
    _recorded(found)
    _documented(found)
    _generated(found, seed, generated)
    return {language: sorted({*texts}) for language, texts in found.items()}


def _recorded(found: Corpus) -> None:
    folder = _ROOT / "tests" / "data" / "conformance"
    for path in sorted(folder.glob("*.jsonl")):
        language = "elixir" if "elixir" in path.name else "erlang"
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            for name, text in row.items():
                if name in ("source", "row", "spec", "expected", "expected_erlang") and isinstance(text, str):
                    found["erlang" if name == "expected_erlang" else language].append(text)
            for operation in row.get("ops", ()):
                found["erlang"].extend([arg for arg in operation["args"] if isinstance(arg, str)])


def _documented(found: Corpus) -> None:
    for page in [_ROOT / "README.md", *sorted((_ROOT / "docs").glob("*.md"))]:
        for block in _BLOCK.findall(page.read_text("utf-8")):
            for node in ast.walk(ast.parse(block)):
                if isinstance(node, ast.Lambda | ast.FunctionDef):
                    found["python"].append(ast.unparse(node))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) > 5:
                    language = "elixir" if node.value.startswith(("fn", "fun do", "[{{:")) else "erlang"
                    found["python" if node.value.startswith("lambda") else language].append(node.value)


def _generated(found: Corpus, seed: int, count: int) -> None:
    source = random.Random(seed)
    maker = Maker(seed)
    for _ in range(count):
        found["erlang"].append(random_fun(source))
        raw = maker.spec(maker.row())
        term = maker.term(depth=3)
        found["erlang"] += [format_term(raw), format_term(term)]
        found["elixir"] += [format_term(raw, "elixir"), format_term(term, "elixir")]
        found["python"] += [format_term(raw, "python"), format_term(term, "python")]
        try:
            found["python"].append(spec(raw).to_python())
        except MatchSpecError:
            pass  # refused on purpose, or nothing that Python can say
    found["python"] += _lambdas(seed, count)


def _lambdas(seed: int, count: int) -> list[str]:
    found: list[str] = []

    @seeded(seed)
    @settings(max_examples=max(count, 1), database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(lambdas())
    def gather(drawn: tuple[str, str]) -> None:
        found.append(drawn[0])

    gather()
    return found
