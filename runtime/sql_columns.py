"""Conditions on one column in SQL: that its value lies in ranges of terms, said so that SQLite finds just those rows.

How values stand in a column, `runtime.disk_rows` says. SQLite sorts NULL < numbers < texts < blobs, numbers exactly by
value whether integer or real, texts and blobs byte by byte as memcmp does. Hence, for each kind of column:

    int      A number of 64 bits compares as it is, with reals too. Larger ints are blobs: below x'80' the negative
             ones, from there on the positive ones, each in the order of the ints (`runtime.disk_keys`).
    float    All are reals but nan, the one blob. A bound that is an int beyond 64 bits lies between two neighbouring
             floats or on one: that one, rounded to, is a bound that no float tells from it.
    str      UTF-8 sorts as code points do. Texts with lone surrogates are blobs of their bytes, which sort among each
             other in the same way; no other text has such bytes, so an equality looks at one of the two only.
    bytes    blobs, byte by byte.
    bool     0 and 1.
    date, timedelta, datetime, uuid, enum   Numbers, bytes and names that compare as the values do; of two datetimes
             that differ in their fold only, which are equal, the numbers are neighbours. Those with a zone are blobs.
    None     NULL, in a column that may have it; of NULL every other condition is NULL, which selects nothing.

A text and the same bytes are different terms, and bits that fill no byte lie between the bytes: whether a bound itself
belongs to the range is asked with the key that a value of this column would have there.
"""

from typing import Any, Final, TypeAlias

from matchspec.intervals import ALL, Cut, Interval, Ranges, between, intersection, is_point, point, union
from matchspec.terms import order_key
from runtime.disk_keys import LEAST, MOST, big_int
from runtime.disk_rows import Column, Sql
from runtime.disk_scalars import AWARE, NAIVE, TYPE_NAMES, place

Number: TypeAlias = Any  # an int or a float
Bound: TypeAlias = tuple[Any, bool]  # the value, None for no bound, and whether it is inside
Text: TypeAlias = tuple[str, list[Sql]]  # SQL and its parameters

NAN: Final[Ranges] = point((0.5,))
NUMBERS: Final[Ranges] = between(((0,), 0), ((0.5,), 0))
_REALS: Final[Ranges] = between(((0,), 0), ((0.5,), 1))
BINARIES: Final[Ranges] = between(((9,), 0), ((10,), 0))
_BOOLS: Final[Ranges] = union(point(order_key(False)), point(order_key(True)))
NONE: Final[Ranges] = point(order_key(None))
_VALUES: Final[dict[str, Ranges]] = {
    "int": NUMBERS, "float": _REALS, "str": BINARIES, "bytes": BINARIES, "bool": _BOOLS
}  # fmt: skip
NAIVES: Final = between(((10, NAIVE), 0), ((10, NAIVE + "\0"), 0))
_AWARE: Final = between(((10, AWARE), 0), ((10, AWARE + "\0"), 0))
for _kind, _name in TYPE_NAMES.items():
    _VALUES[_kind] = between(((10, _name), 0), ((10, _name + "\0"), 0))
_VALUES["datetime"] = union(_AWARE, NAIVES)
_MOST_RANGES: Final = 400  # conditions nest, and SQLite takes 1,000 levels; points do not count


def domain(column: Column) -> Ranges:
    """Where the values of a column lie; ALL for a column of any terms."""
    values = _values(column)
    if values is None:
        return ALL
    return union(values, NONE) if column.optional else values


def _values(column: Column) -> Ranges | None:
    """The values apart from None; None for those of a column of any terms."""
    if column.members is not None:
        return union(*[point(order_key(member)) for member in column.members.values()])
    return _VALUES.get(column.kind)


def without(ranges: Ranges, others: Ranges) -> Ranges:
    """What is in the first and not in the second. O(n + m)."""
    gaps: list[Interval] = []
    start = ALL[0].low
    for interval in others:
        if start < interval.low:
            gaps.append(Interval(start, interval.low))
        start = interval.high
    if start < ALL[0].high:
        gaps.append(Interval(start, ALL[0].high))
    return intersection(ranges, tuple(gaps))


def among(column: Column, ranges: Ranges) -> Text | None:
    """That the value of a column, not one of any terms, lies in ranges, exactly. None where that would be too long."""
    parts: list[Text] = []
    if column.optional and intersection(ranges, NONE):
        parts.append((f"{column.name} IS NULL", []))
    points: list[Sql] = []
    values = _values(column)
    assert values is not None
    inside = intersection(ranges, values)
    if column.kind == "datetime" and intersection(inside, _AWARE):
        if without(_AWARE, inside):
            return None  # some with a zone
        parts.append((f"{column.name} >= x''", []))
        inside = intersection(inside, NAIVES)
    for interval in inside:
        equal = _equal(column, interval) if is_point(interval) else None
        if equal is None:
            parts.append(_between(column, interval))
        else:
            points.extend(equal)
    if len(points) == 1:
        parts.append((f"{column.name} = ?", points))
    elif points:
        parts.append((f"{column.name} IN ({', '.join(['?'] * len(points))})", points))
    if len(parts) > _MOST_RANGES:
        return None
    text = " OR ".join([part[0] for part in parts])
    return (f"({text})" if len(parts) > 1 else text or "0"), [value for part in parts for value in part[1]]


def _equal(column: Column, interval: Interval) -> list[Sql] | None:
    """The values of a column that are at a point, one or none; None if that is not to be said by an equality."""
    key = interval.low[0]
    match column.kind:
        case "int":
            number = key[1]
            if isinstance(number, float):
                whole = int(number) if number - number == 0.0 else None
                return [] if whole is None or whole != number else [_int(whole)]
            return [_int(number)]
        case "float":
            return None if key == (0.5,) else _equal_float(key[1])
        case "date" | "timedelta":
            return [_int(place(column.kind, key[2].value))]
        case "uuid":
            return [key[2].value.bytes]
        case "enum":
            return [key[2]]
        case "datetime":
            return None
        case "bool":
            return [int(key == order_key(True))]
        case "bytes":
            return [key[1]] if key == order_key(key[1]) else []
    text = _text(key[1])
    if key != (9, key[1], 8 * len(key[1]), 0):
        return []
    return [key[1] if text is None else text]


def _equal_float(number: Number) -> list[Sql]:
    try:
        real = float(number)
    except OverflowError:
        return []
    return [real] if real == number else []


def _int(value: int) -> Sql:
    return value if LEAST <= value <= MOST else big_int(value)


def _text(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _between(column: Column, interval: Interval) -> Text:
    match column.kind:
        case "int":
            return _ints(column.name, _number_bound(interval.low, True), _number_bound(interval.high, False))
        case "float":
            return _floats(column.name, interval)
        case "date" | "timedelta" | "datetime":
            return _places(column, interval)
        case "uuid":
            return _ends(column.name, _uuid_bound(interval.low, True), _uuid_bound(interval.high, False))
        case "bytes":
            return _ends(column.name, _binary_bound(interval.low, True, 1), _binary_bound(interval.high, False, 1))
        case "str":
            return _texts(column.name, _binary_bound(interval.low, True, 0), _binary_bound(interval.high, False, 0))
    return f"{column.name} IN (0, 1)", []  # not reached by a bool, whose ranges are points: lets all through


def _ends(name: str, low: Bound, high: Bound, mark: str = "?") -> Text:
    """That a column lies between two bounds, or is not NULL where there are none."""
    ends: list[str] = []
    parameters: list[Sql] = []
    if low[0] is not None:
        ends.append(f"{name} {'>=' if low[1] else '>'} {mark}")
        parameters.append(low[0])
    if high[0] is not None:
        ends.append(f"{name} {'<=' if high[1] else '<'} {mark}")
        parameters.append(high[0])
    text = " AND ".join(ends)
    return (f"({text})" if len(ends) > 1 else text or f"{name} IS NOT NULL"), parameters


# --- numbers ------------------------------------------------------------------------------------------------------


def _number_bound(cut: Cut, below: bool) -> Bound:
    """The number at a cut; None at the outermost ones."""
    key, after = cut
    if len(key) < 2 or key[0] != 0:
        return None, False
    return key[1], bool(after) != below


def _ints(name: str, low: Bound, high: Bound) -> Text:
    """In SQLite's order: ints of 64 bits, then blobs below x'80' for those below them, then those for those above."""
    bottom, top = _int_bound(low), _int_bound(high)
    first, last = _zone(bottom[0], 0), _zone(top[0], 2)
    if first == last == 1:
        return _ends(name, bottom, top)
    if low[0] is None and high[0] is None:
        return f"{name} IS NOT NULL", []
    below = bottom if first != 1 and bottom[0] is not None else (b"\x80" if first == 1 else b"", True)
    above = top if last != 1 and top[0] is not None else (None if last == 2 else b"\x80", False)
    blobs, of_blobs = _ends(name, below, above)
    if first == 2 or last == 0:
        return blobs, of_blobs
    if first == 1:  # what fails the first comparison, most rows perhaps, needs no second one
        ints, of_ints = _ends(name, bottom, (None, False))
        return f"({ints} AND ({name} < x'' OR {blobs}))", [*of_ints, *of_blobs]
    ints, of_ints = _ends(name, (None, False), top if last == 1 else (b"", False))
    return f"({ints} OR {blobs})", [*of_ints, *of_blobs]


def _zone(bound: Sql, outermost: int) -> int:
    if bound is None:
        return outermost
    return 1 if not isinstance(bound, bytes) else 0 if bound < b"\x80" else 2


def _int_bound(bound: Bound) -> Bound:
    """A bound of ints as SQLite has it. One between two ints is moved to the next, outwards of the 64 bits."""
    number, closed = bound
    if number is None or (isinstance(number, int) and LEAST <= number <= MOST):
        return bound
    if isinstance(number, float):
        if number - number != 0.0:  # beyond all ints
            return (b"\xff" if number > 0 else b"\x00"), closed
        if int(number) != number:
            return bound  # within 64 bits: larger floats are whole numbers
        return _int(int(number)), closed
    return big_int(number), closed


def _floats(name: str, interval: Interval) -> Text:
    if interval.low[0] == (0.5,):
        return f"{name} >= x''", []  # nan
    low = _float_bound(_number_bound(interval.low, True), True)
    if interval.high == ((0.5,), 1):  # nan too
        return _ends(name, low, (None, False))
    high = _float_bound(_number_bound(interval.high, False), False)
    return _ends(name, low, (b"", False) if high[0] is None else high)


def _float_bound(bound: Bound, below: bool) -> Bound:
    """A bound of floats. An int that is no float lies between two: the nearest is in if it is beyond the int."""
    number, closed = bound
    if number is None or isinstance(number, float):
        return bound
    try:
        real = float(number)
    except OverflowError:
        real = float("inf") if number > 0 else float("-inf")
    if real == number:
        return real, closed
    return real, (real > number) == below


# --- dates and the like -------------------------------------------------------------------------------------------


def _places(column: Column, interval: Interval) -> Text:
    low, high = _natural_bound(interval.low, True), _natural_bound(interval.high, False)
    # Of two datetimes that differ in their fold, neither is beyond a bound that the other is not beyond.
    fold = 1 if column.kind == "datetime" else 0
    if low[0] is not None:
        low = place(column.kind, low[0]) + (0 if low[1] else fold), low[1]
    if high[0] is not None:
        high = place(column.kind, high[0]) + (fold if high[1] else 0), high[1]
    if column.kind == "datetime" and high[0] is None:
        return _ends(column.name, low, (b"", False))
    return _ints(column.name, low, high) if column.kind == "timedelta" else _ends(column.name, low, high)


def _uuid_bound(cut: Cut, below: bool) -> Bound:
    value, closed = _natural_bound(cut, below)
    return (None if value is None else value.bytes), closed


def _natural_bound(cut: Cut, below: bool) -> Bound:
    """The value of another type at a cut."""
    key, after = cut
    if len(key) < 3:
        return None, False
    return key[2].value, bool(after) != below


# --- texts and bytes ----------------------------------------------------------------------------------------------


def _binary_bound(cut: Cut, below: bool, flag: int) -> Bound:
    """The bytes at a cut, and whether a value of the column that has these bytes is inside."""
    key, _ = cut
    if len(key) < 2 or key[0] != 9:
        return None, False
    data = key[1]
    is_before = ((9, data, 8 * len(data), flag), 0) < cut
    return data, is_before != below


def _texts(name: str, low: Bound, high: Bound) -> Text:
    """Texts, and the blobs of those with lone surrogates, which come after all of them."""
    below, above = _text_ends(name, low, ">"), _text_ends(name, high, "<")
    if low[0] is None and high[0] is None:
        return f"{name} IS NOT NULL", []
    if high[0] is None:
        surrogates, parameters = _ends(name, low, (None, False))
        return f"({below[0]} AND ({name} < x'' OR {surrogates}))", [*below[1], *parameters]
    surrogates, parameters = _ends(name, low if low[0] is not None else (b"", True), high)
    texts = above[0] if low[0] is None else f"({below[0]} AND {above[0]})"
    return f"({texts} OR {surrogates})", [*(below[1] if low[0] is not None else []), *above[1], *parameters]


def _text_ends(name: str, bound: Bound, sign: str) -> Text:
    data, closed = bound
    if data is None:
        return "", []
    text = _text(data)
    mark = "CAST(? AS TEXT)" if text is None else "?"  # a text of any bytes, to compare with
    return f"{name} {sign}{'=' if closed else ''} {mark}", [data if text is None else text]
