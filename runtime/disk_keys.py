"""Keys of tables on disk: what stands for a key in SQLite, and which stretches of SQLite's order ranges of keys are.

Two forms. `ByteKeys` are bytes that compare as the terms do (`runtime.keybytes`), in a column of their own. `IntKeys`,
for tables whose row type says that the key is an int, are the field's own column: integers of 64 bits as they are,
others as bytes. SQLite sorts numbers before bytes, so the order of ints has three zones there:

    bytes below x'80'       ints below -2**63
    numbers                 ints of 64 bits
    bytes from x'80' on     ints above 2**63 - 1

A Span is one stretch of SQLite's order, `(low, low is in it, high, high is in it)`, None for no bound. Lists of spans
are in the order of keys.
"""

import math
from typing import Any, Final, TypeAlias, final

from matchspec.intervals import ABOVE, ALL, Cut, Ranges
from matchspec.terms import NUMBER, rank
from matchspec.values import Term
from runtime import keybytes

SqlKey: TypeAlias = Any  # an int, a float or bytes
Span: TypeAlias = tuple[SqlKey, bool, SqlKey, bool]

EVERYTHING: Final[Span] = (None, False, None, False)
LEAST: Final = -(2**63)
MOST: Final = 2**63 - 1

_ABOVE_INTS: Final = b"\xff"  # a key that is above all ints: an atom, a tuple, ...
_INFINITY: Final = b"\xfe"
_BELOW_INTS: Final = b"\x00"
_MIDDLE: Final = b"\x80"


def big_int(value: int) -> bytes:
    """An int that has more than 64 bits as bytes, which compare as the ints do."""
    size: int = (abs(value).bit_length() + 7) // 8
    if value > 0:
        return _MIDDLE + size.to_bytes(4, "big") + value.to_bytes(size, "big")
    complement: int = (1 << 8 * size) - 1 + value
    return b"\x7f" + (0xFFFFFFFF - size).to_bytes(4, "big") + complement.to_bytes(size, "big")


def int_of(data: bytes) -> int | None:
    """The int that `big_int` made into these bytes; None if it did not."""
    number = int.from_bytes(data[5:], "big")
    value = number if data[:1] == _MIDDLE else number - (1 << 8 * len(data[5:])) + 1
    return value if not LEAST <= value <= MOST and big_int(value) == data else None


class KeyForm:
    """How the keys of one table are kept. `whole`: the spans of all keys."""

    def __init__(self, ordered: bool, whole: list[Span]) -> None:
        self.ordered: Final = ordered
        self.whole: Final = whole

    def key(self, term: Term) -> SqlKey:
        """What stands for the key `term`: the same for terms that are one key. Raises TermError."""
        raise AssertionError("every form has its own")

    def spans(self, ranges: Ranges) -> list[Span]:
        """The spans of the keys in ranges; for an ordered_set."""
        raise AssertionError("every form has its own")

    def zone(self, key: SqlKey) -> int:
        """Keys of a lower zone come first; within one, they stand in SQLite's order."""
        return 0

    def zoned(self, low: SqlKey, low_closed: bool, high: SqlKey, high_closed: bool) -> list[Span]:
        """The spans from one key to another, None for no bound."""
        return [(low, low_closed, high, high_closed)]

    def beyond(self, mark: SqlKey, backwards: bool) -> list[Span]:
        """The spans of the keys after `mark`, or before it; None for all."""
        if mark is None:
            return self.whole
        return self.zoned(None, False, mark, False) if backwards else self.zoned(mark, False, None, False)

    def cut(self, spans: list[Span], mark: SqlKey, backwards: bool) -> list[Span]:
        """What of some spans lies after `mark`, or before it; None for all."""
        if mark is None:
            return spans
        left: list[Span] = []
        for low, low_closed, high, high_closed in spans:
            if backwards:
                if low is not None and not self._less(low, mark):
                    continue
                reaches = high is not None and self._less(high, mark)
                left.append((low, low_closed, high, high_closed) if reaches else (low, low_closed, mark, False))
            else:
                if high is not None and not self._less(mark, high):
                    continue
                reaches = low is not None and self._less(mark, low)
                left.append((low, low_closed, high, high_closed) if reaches else (mark, False, high, high_closed))
        return left

    def _less(self, left: SqlKey, right: SqlKey) -> bool:
        mine, other = self.zone(left), self.zone(right)
        return mine < other if mine != other else bool(left < right)


@final
class ByteKeys(KeyForm):
    """Keys of any kind."""

    def __init__(self, ordered: bool) -> None:
        super().__init__(ordered, [EVERYTHING])

    def key(self, term: Term) -> SqlKey:
        return keybytes.key_bytes(term, self.ordered)

    def spans(self, ranges: Ranges) -> list[Span]:
        if ranges is ALL:
            return self.whole
        return [(low, low_in, high, high_in) for low, low_in, high, high_in in keybytes.byte_ranges(ranges)]


@final
class IntKeys(KeyForm):
    """Keys that are ints, as the row type says; other terms may be asked for."""

    def __init__(self, ordered: bool) -> None:
        super().__init__(ordered, [])
        self.whole.extend(self.zoned(None, False, None, False))

    def key(self, term: Term) -> SqlKey:
        if type(term) is int:
            return term if LEAST <= term <= MOST else big_int(term)
        if rank(term) == NUMBER:
            if isinstance(term, int):
                return self.key(int(term))
            if self.ordered and isinstance(term, float):
                return self._float_key(float(term))
        return _ABOVE_INTS

    def _float_key(self, number: float) -> SqlKey:
        """A float among the ints, for an ordered_set."""
        if math.isnan(number):
            return _ABOVE_INTS
        if math.isinf(number):
            return _INFINITY if number > 0 else _BELOW_INTS
        whole = int(number)
        if whole == number:
            return whole if LEAST <= whole <= MOST else big_int(whole)
        return number  # SQLite compares integers and floats exactly

    def spans(self, ranges: Ranges) -> list[Span]:
        found: list[Span] = []
        for interval in ranges:
            low, low_in = self._bound(interval.low)
            high, after = self._bound(interval.high)
            found.extend(self.zoned(low, not low_in, high, after))
        return found

    def _bound(self, cut: Cut) -> tuple[SqlKey, bool]:
        """The key that a cut is at, None for the outermost ones, and whether it is after the key."""
        point, after = cut
        if not point or point == ABOVE:
            return None, bool(after)
        if point[0] != 0:
            return _ABOVE_INTS, bool(after)
        if len(point) < 2:  # before or after all numbers
            return (_ABOVE_INTS if after else None), False
        value = point[1]
        return (self.key(value) if type(value) is int else self._float_key(value)), bool(after)

    def zone(self, key: SqlKey) -> int:
        if not self.ordered or not isinstance(key, bytes):
            return 1
        return 0 if key < _MIDDLE else 2

    def zoned(self, low: SqlKey, low_closed: bool, high: SqlKey, high_closed: bool) -> list[Span]:
        if not self.ordered:
            return [(low, low_closed, high, high_closed)]
        first = 0 if low is None else self.zone(low)
        last = 2 if high is None else self.zone(high)
        spans: list[Span] = []
        for zone in range(first, last + 1):
            below, below_in = (low, low_closed) if zone == first and low is not None else _ZONES[zone][:2]
            above, above_in = (high, high_closed) if zone == last and high is not None else _ZONES[zone][2:]
            spans.append((below, below_in, above, above_in))
        return spans


_ZONES: Final[list[Span]] = [
    (b"", True, _MIDDLE, False),
    (None, False, b"", False),
    (_MIDDLE, True, None, False),
]
