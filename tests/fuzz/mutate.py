"""Mutations of texts, by tokens and by characters: what a fuzzer makes of valid queries.

A mutation never looks at what the text means. Most are small, so that a text often still parses and reaches the later
stages; a few insert what is large, deep or not text at all.
"""

import random
import re
from collections.abc import Callable, Sequence
from typing import Final

from tests.fuzz.corpus import LANGUAGES, Corpus

_TOKEN: Final = re.compile(
    r"""\s+|[^\W\d]\w*[?!]?|\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'"""
    r"""|=:=|=/=|===|!==|\|\|\||&&&|<<<|>>>|[=<>!:+\-*/|&.]{2}|.""",
    re.DOTALL,
)
WORDS: Final = (
    "fun fn do end when and or not in is if else lambda def return match case andalso orelse div rem band bor bnot bsl "
    "xor true false nil None True False SKIP ANY ROW BINDINGS V Atom const _ u row x X '$1' '$_' '$$' :\"$1\" limit LIMIT "
    "u.n u[0] u.s len abs max min int float str round isinstance is_list hd tl element size map_get is_record tuple_size "
    "binary_part startswith replace strip split upper get _replace Item Pair Decimal Fraction date timedelta UUID for := "
    "__class__ __init__ __globals__ self node #p #p.x #p{ p(x: ~c ~s ~S ~w ~r $a $\\n ?a ?\\n 16#ff 2# 37#z 0x1f 0b2 1_0 "
    "1.5 1e400 1.0e999 -0.0 b'a' r'\\' f'{u}' \"\"\" ''' '' \"\" <<>> {} [] () #{} %{} %Foo{}"
).split()
SIGNS: Final = (
    *"()[]{}<>,;:.|&^%#@!~=+-*/\\\"'`?$_ \n\t",
    *"-> => := == =:= =/= /= =< <= >= << >> ++ -- <> :: .. ** // || && ||| &&& <- ->> #{ %{ \r\n \\\n".split(" "),
)
ODD: Final = (
    *(
        "\x00",
        "\x01",
        "\x1b",
        "\x7f",
        "\x85",
        "\xa0",
        "\xad",
        "\ufeff",
        "\u200b",
        "\u2028",
        "\u202e",
        "\u0301",
        "\ud800",
    ),
    *("\udfff", "é", "ß", "İ", "ſ", "ª", "K", "٣", "²", "①", "𝟙", "𝔲", "€", "😀", "\U0010ffff", "\x0c", "\x0b", "\r"),
)
SHORT: Final = 60  # characters; what takes long to parse is mutated less often
_PAIRS: Final = (("(", ")"), ("[", "]"), ("{", "}"), ("<<", ">>"), ("not ", ""), ("-", ""), ("(1,", ")"), ("[1|", "]"))
_REPEATED: Final = (" + 1", " and u", " orelse X", "[0]", ".x", ", 1", " < 1", ' "a"', "; (_) -> 1", " | 2", ".strip()")


class Mutator:
    """Draws mutated texts from a corpus; everything follows from the generator of random numbers."""

    def __init__(self, source: random.Random, texts: Corpus) -> None:
        self.random: Final = source
        self.texts: Final = texts
        self.short: Final = {language: [text for text in texts[language] if len(text) <= SHORT] for language in texts}
        self.by_tokens: Final[list[Callable[[list[str], str], None]]] = [
            *(self._splice, self._splice, self._delete, self._delete, self._duplicate, self._swap, self._insert),
            *(self._insert, self._replace, self._replace, self._number, self._nest, self._cross, *[self._respell] * 6),
        ]

    def text(self) -> tuple[str, str]:
        """A mutated text and the language that it was written in."""
        language = self.random.choice(LANGUAGES)
        text = self.random.choice((self.short if self.random.random() < 0.9 else self.texts)[language])
        if self.random.random() < 0.0002:
            return self._long(text), language
        if self.random.random() < 0.8:
            tokens = _TOKEN.findall(text)
            for _ in range(self.random.choice([1, 1, 1, 1, 1, 2, 3, 5])):
                if tokens:
                    self.random.choice(self.by_tokens)(tokens, language)
            text = "".join(tokens)
        if self.random.random() < 0.25:
            for _ in range(self.random.choice([1, 1, 2, 4])):
                text = self._bytes(text)
        return text, language

    # --- by tokens ----------------------------------------------------------------------------------------------------

    def _range(self, tokens: list[str]) -> slice:
        start = self.random.randrange(len(tokens))
        return slice(start, start + self.random.choice([1, 1, 2, 3, 5, 8]))

    def _splice(self, tokens: list[str], language: str) -> None:
        other = _TOKEN.findall(self.random.choice(self.short[language]))
        if other:
            tokens[self._range(tokens)] = other[self._range(other)]

    def _delete(self, tokens: list[str], language: str) -> None:
        del tokens[self._range(tokens)]

    def _duplicate(self, tokens: list[str], language: str) -> None:
        piece = self._range(tokens)
        tokens[piece] = tokens[piece] * self.random.choice([2, 2, 3, 10])

    def _swap(self, tokens: list[str], language: str) -> None:
        first, second = self.random.randrange(len(tokens)), self.random.randrange(len(tokens))
        tokens[first], tokens[second] = tokens[second], tokens[first]

    def _piece(self) -> str:
        pieces: Sequence[str] = self.random.choice([WORDS, WORDS, SIGNS, SIGNS, ODD])
        return self.random.choice(pieces)

    def _insert(self, tokens: list[str], language: str) -> None:
        tokens.insert(self.random.randrange(len(tokens) + 1), self._piece())

    def _replace(self, tokens: list[str], language: str) -> None:
        tokens[self.random.randrange(len(tokens))] = self._piece()

    def _number(self, tokens: list[str], language: str) -> None:
        digits = self.random.choice([1, 2, 5, 10, 20, 300, 400, 4300, 4301])
        number = self.random.choice("123456789") + "".join(self.random.choices("0123456789_", k=digits - 1))
        form = self.random.choice(
            ["{}", "{}", "-{}", "{}.0", "1.0e{}", "1e-{}", "16#{}", "0x{}", "0b{}", "2#{}", "'{}'"]
        )
        places = [i for i, token in enumerate(tokens) if token[:1].isdigit()] or range(len(tokens))
        tokens[self.random.choice(places)] = form.format(number)

    def _nest(self, tokens: list[str], language: str) -> None:
        before, after = self.random.choice(_PAIRS)
        depth = self.random.choice([1, 2, 10, 30, 95, 205])
        piece = self._range(tokens)
        tokens[piece] = [before * depth, *tokens[piece], after * depth]

    def _cross(self, tokens: list[str], language: str) -> None:
        self._splice(tokens, self.random.choice(LANGUAGES))

    def _respell(self, tokens: list[str], language: str) -> None:
        """One name or number becomes another that the text has: variables repeat, arities and types change."""
        names = [i for i, token in enumerate(tokens) if token[:1].isalnum() or token[:1] in ("_", "'", '"')]
        if names:
            tokens[self.random.choice(names)] = tokens[self.random.choice(names)]

    # --- by characters ------------------------------------------------------------------------------------------------

    def _bytes(self, text: str) -> str:
        start = self.random.randrange(len(text) + 1)
        end = min(len(text), start + self.random.choice([0, 0, 1, 1, 2, 4]))
        match self.random.randrange(6):
            case 0:
                middle = ""
            case 1:
                middle = chr(self.random.randrange(256))
            case 2:
                middle = chr(self.random.randrange(0x110000))
            case 3:
                middle = self.random.choice(ODD)
            case 4:
                middle = text[start:end] * 2 + self.random.choice(SIGNS)
            case _:
                middle = self._bits(text[start:end])
        return text[:start] + middle + text[end:]

    def _bits(self, text: str) -> str:
        return "".join([chr(ord(char) ^ (1 << self.random.randrange(7))) for char in text])

    def _long(self, text: str) -> str:
        """What is repeated up to the limit on a text, and now and then beyond it."""
        size = self.random.choice([1_000, 4_000, 16_000, 65_000, 70_000])
        repeated = self.random.choice([*_REPEATED, *SIGNS, *WORDS, *ODD, text[: self.random.randrange(1, 40)]]) or " "
        place = self.random.randrange(len(text) + 1)
        room = max(1, (size - len(text)) // len(repeated))
        before, after = self.random.choice([("", ""), ("", ""), *_PAIRS])
        return text[:place] + before * (size // 999) + repeated * room + after * (size // 999) + text[place:]
