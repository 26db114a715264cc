"""What an operator of Python would cost for the values at hand, where a short text can make it cost too much.

- A Decimal and an int meet in Decimal's arithmetic, which first turns the int into a Decimal, in time that grows with
  the square of its digits: `Decimal(1) == 1 << 4000000` takes Python 14 seconds. `ordering` compares the two by their
  numbers of digits; `clash` finds them anywhere inside collections that are about to be compared.
- A sequence of sequences is small in memory, however often `*` repeats it, while whatever walks through it (comparing,
  hashing, showing) meets every item each time: `weight` counts those.

Used by `matchspec.pyoperations`, which says FAIL where the cost is too high. Rows may hold what they like.
"""

import math
from collections.abc import Callable, Collection
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from typing import Any, Final, TypeAlias, cast

PyValue: TypeAlias = Any  # a value that Python's own operators are about to be tried on

MAX_WIDTH: Final = 131_072  # bits of an integer that may become a Decimal: a few milliseconds
MAX_SEARCHED: Final = 20_000  # members of a set or dict that a text can write; larger ones come from the program itself
MAX_DIGITS: Final = 4_300  # of a Decimal that is compared digit by digit with an integer of the same size
_LOG: Final = math.log10(2)
_LEAVES: Final = frozenset([int, float, bool, str, bytes, type(None), Decimal, Fraction])
COLLECTIONS: Final = (tuple, list, dict, set, frozenset)
_PLAIN: Final = (tuple, list, set, frozenset)


def bits(value: PyValue) -> int:
    """The size of an integer or fraction; 0 for anything else."""
    if isinstance(value, int):
        return value.bit_length()
    if isinstance(value, Fraction):
        return max(value.numerator.bit_length(), value.denominator.bit_length())
    return 0


def is_wide(value: PyValue) -> bool:
    return isinstance(value, (int, Fraction)) and bits(value) > MAX_WIDTH


def ordering(number: Decimal, wide: int) -> int | None:
    """-1, 0 or 1: how a finite Decimal stands to an int of many digits. None where that would take too long to say."""
    if number.is_zero() or (number < 0) != (wide < 0):
        return -1 if wide > 0 else 1
    sign = 1 if wide > 0 else -1
    size = wide.bit_length()
    # An int of b bits has the digits of 2**(b-1) at least, and of 2**b at most; 2 more for what rounding takes away.
    if number.adjusted() + 1 > size * _LOG + 2:
        return sign
    if number.adjusted() + 1 < (size - 1) * _LOG - 2:
        return -sign
    _, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int) or len(digits) > MAX_DIGITS or exponent < 0:
        return None
    size_of_number: int = int("".join(map(str, digits))) * 10**exponent
    return sign * (int(size_of_number > abs(wide)) - int(size_of_number < abs(wide)))


def clash(*values: PyValue) -> bool:
    """Whether there is a Decimal in these values, at any depth, and also an integer that is too wide for it."""
    return _holds(values, _has_decimal) and _holds(values, _has_wide)


def clashes_in(value: PyValue, members: PyValue) -> bool:
    """As `clash`, for a search by hash: it compares with few members, but a text can choose numbers of one hash."""
    if not (isinstance(value, (Decimal, *COLLECTIONS)) or is_wide(value)):
        return False
    return isinstance(members, COLLECTIONS) and len(members) <= MAX_SEARCHED and clash(value, members)


def _holds(values: Collection[PyValue], wanted: Callable[[set[type], Collection[PyValue]], bool]) -> bool:
    waiting: list[Collection[PyValue]] = [values]
    while waiting:
        items = waiting.pop()
        types = set(map(type, items))
        if wanted(types, items):
            return True
        if not types <= _LEAVES:
            waiting.extend([_members(item) for item in items if isinstance(item, COLLECTIONS)])
    return False


def _members(value: PyValue) -> Collection[PyValue]:
    """What is really in a collection, and what Python compares, though its class may iterate over something else."""
    if type(value) in _PLAIN:
        return cast(Collection[PyValue], value)
    if isinstance(value, dict):
        return [*dict.keys(value), *dict.values(value)]
    base = next(kind for kind in _PLAIN if isinstance(value, kind))
    return list(base.__iter__(value))


def _has_decimal(types: set[type], items: Collection[PyValue]) -> bool:
    return any([issubclass(kind, Decimal) for kind in types])


def _has_wide(types: set[type], items: Collection[PyValue]) -> bool:
    return any([issubclass(kind, (int, Fraction)) for kind in types]) and any([is_wide(item) for item in items])


def weight(value: PyValue, most: int) -> int:
    """How much a walk through a value meets: characters, digits of integers, items at every depth. At most `most`,
    beyond which the walk ends.
    """
    total = 0
    waiting: list[PyValue] = [value]
    while waiting and total < most:
        item = waiting.pop()
        total += 1
        if isinstance(item, (str, bytes)):
            total += len(item)
        elif isinstance(item, int):
            total += item.bit_length() // 64
        elif isinstance(item, COLLECTIONS):
            waiting.extend(islice(_members(item), most - total))
    return min(total, most)


def is_small(value: PyValue) -> bool:
    """Whether a constant is so small, and so simple, that what is computed from it costs nothing."""
    if isinstance(value, int):
        return value.bit_length() <= 64
    if isinstance(value, (str, bytes)):
        return len(value) <= 256
    if isinstance(value, (tuple, frozenset)):
        return len(value) <= 256 and all([is_small(item) for item in value])
    return value is None or isinstance(value, (float, type))
