"""The limits on a text, in one mutable place.

Every stage of this package reads them when it runs, so a change takes effect at once; the stages of `matchspec` that
walk a tree may assume that a tree is no deeper than `max_depth`, which is what keeps their recursion safe: a level of
the tree costs a walker two or three frames, and Python allows 1000.
"""

from dataclasses import dataclass
from typing import final


@final
@dataclass
class Limits:
    """What a text may be at most; anything larger is a `MatchSpecSyntaxError`. And how much an error tells of it.

    Attributes:
        max_text: length of a text in characters. The default is 64 KiB.
        max_tokens: number of tokens of a text (names, numbers, operators, brackets). Time goes by tokens: the default
            takes the slowest language well under a second, and ordinary text of 64 KiB has fewer.
        max_depth: nesting of a text, where each bracket, prefix operator and infix operator counts as one level.
        max_digits: length of an integer literal in digits, the limit that Python itself has for converting text.
        max_growth: number of operations of a text that can make large values of small ones: shifts, powers, products
            (but for those with a float, or with an int up to 100) and `.replace`.
        max_problems: how many problems of a query the text of its error shows, and for how many it looks for the
            nearest name, which takes about a millisecond. (`MatchSpecError.errors` has them all.)
    """

    max_text: int = 65_536
    max_tokens: int = 20_480
    max_depth: int = 200
    max_digits: int = 4_300
    max_growth: int = 256
    max_problems: int = 20


LIMITS = Limits()
