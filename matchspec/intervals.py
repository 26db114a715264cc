"""Intervals of terms, in the order of `order_key`: what a table can look up in a sorted structure instead of scanning.

A bound of an interval is a *cut* between two keys: `(key, 0)` lies just before a key, `(key, 1)` just after it. Cuts
compare as tuples do, so open and closed ends need no cases: `x > 5` begins at the cut after 5, `x >= 5` at the one
before. Keys may hold a user's values, which have `<` and `==` only: `<=` and `>=` are not used here.
"""

from typing import Any, Final, NamedTuple, TypeAlias

from matchspec.terms import Comparable

Point: TypeAlias = Any  # an order_key, the beginning of one, BELOW or ABOVE: they compare with each other
Cut: TypeAlias = tuple[Point, int]

BELOW: Final[Point] = ()  # below all order_keys, which are tuples of at least one item
ABOVE: Final[Point] = (1000,)  # above all of them: no kind of term has such a rank


class Interval(NamedTuple):
    """The keys between two cuts."""

    low: Cut
    high: Cut


Ranges: TypeAlias = tuple[Interval, ...]  # ascending, and no two of them overlap or touch

ALL: Final[Ranges] = (Interval((BELOW, 0), (ABOVE, 1)),)
NOTHING: Final[Ranges] = ()


def between(low: Cut, high: Cut) -> Ranges:
    return (Interval(low, high),) if low < high else NOTHING


def point(key: Point) -> Ranges:
    return (Interval((key, 0), (key, 1)),)


def is_point(interval: Interval) -> bool:
    """Whether an interval holds one key only."""
    return interval.low[1] == 0 and interval.high[1] == 1 and _same(interval.low[0], interval.high[0])


def _same(left: Comparable, right: Comparable) -> bool:
    return bool(left == right)


def compared(operator: str, key: Point) -> Ranges:
    """The keys that stand in this relation, of `< <= > >= ==`, to `key`."""
    match operator:
        case "<":
            return between((BELOW, 0), (key, 0))
        case "<=":
            return between((BELOW, 0), (key, 1))
        case ">":
            return between((key, 1), (ABOVE, 1))
        case ">=":
            return between((key, 0), (ABOVE, 1))
    return point(key)


def union(*many: Ranges) -> Ranges:
    """The keys that are in any of them. O(n log n)."""
    merged: list[Interval] = []
    for interval in sorted([interval for ranges in many for interval in ranges], key=_low):
        if merged and not merged[-1].high < interval.low:
            last = merged.pop()
            interval = Interval(last.low, max(last.high, interval.high))
        merged.append(interval)
    return tuple(merged)


def _low(interval: Interval) -> Comparable:
    return interval.low


def intersection(left: Ranges, right: Ranges) -> Ranges:
    """The keys that are in both. O(n + m)."""
    if left is ALL or right is ALL:
        return left if right is ALL else right
    found: list[Interval] = []
    i = j = 0
    while i < len(left) and j < len(right):
        mine, other = left[i], right[j]
        low = max(mine.low, other.low)
        ends_first = mine.high < other.high
        high = mine.high if ends_first else other.high
        if low < high:
            found.append(Interval(low, high))
        if ends_first:
            i += 1
        else:
            j += 1
    return tuple(found)


# --- for people ---------------------------------------------------------------------------------------------------


def shown_ranges(ranges: Ranges) -> str:
    """Ranges as text: `3..7`, with `<` at an end that does not belong to it, and nothing where it is open."""
    return " or ".join([_shown(interval) for interval in ranges])


def _shown(interval: Interval) -> str:
    if is_point(interval):
        return _shown_point(interval.low[0])
    (low, after_low), (high, after_high) = interval
    return f"{_shown_point(low)}{'<' if after_low else ''}..{'' if after_high else '<'}{_shown_point(high)}"


def _shown_point(key: Point) -> str:
    match key:
        case () | (1000,):
            return ""
        case (0, value) | (10, _, value):
            return str(value)
        case (0.5,):
            return "no number"
        case (1, str() as name):
            return f":{name}"
        case (5, int(), *_):
            return "{" + ", ".join([_shown_point(item) for item in key[2:]]) + "}"
        case (9, bytes() as data, *_):
            return repr(data.decode("utf-8", "replace"))
        case (int() as kind, *_):
            return _KINDS.get(kind, "...")
    return "..."


_KINDS: Final = {1: "atoms", 5: "tuples", 6: "maps", 7: "[]", 8: "lists", 9: "binaries", 10: "others"}
