"""The operators and functions of Python's lambdas at work: each with Python's own meaning, and FAIL where it raises.

They run operators of the values' own types, which may raise anything at all: hence the broad excepts. What a lambda
may compute is limited, so that no text can eat the memory or the time of the program that runs it. The limits are on
growth: values of rows and captured values may be larger.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, TypeAlias

from matchspec.closures import truth
from matchspec.operations import FAIL, MAX_INTEGER_BITS, MAX_WORK, Implementation
from matchspec.pycosts import COLLECTIONS, bits, clash, clashes_in, is_wide, ordering, weight
from matchspec.values import Atom, Term

PyValue: TypeAlias = Any  # a value that Python's own operators are about to be tried on

MAX_GROWTH: Final = 16_384  # items by which `*` and str.replace make a sequence longer than it was
MAX_LENGTH: Final = 4_194_304  # items of a sequence that `+` makes
MAX_SHOWN: Final = 65_536  # characters that str() makes of anything but a str
MAX_POWER_BITS: Final = 131_072  # bits of a result of **, and of an integer that is made a Decimal or Fraction
MAX_ROUNDED_BITS: Final = 32_768  # bits of an integer that is rounded to tens, hundreds, ...: a long division
MAX_DECIMAL_DIGITS: Final = 4_300  # digits of an integer that is made of a Decimal: Python's own limit for text
_SHORT: Final = 8  # items of a tuple that are looked at one by one
_SIMPLE: Final = frozenset([int, float, bool, str, bytes, type(None), Atom])  # no two of which cost much to compare


def unary(function: Callable[[PyValue], PyValue]) -> Implementation:
    def call(value: PyValue) -> Term:
        try:
            return function(value)
        except Exception:  # noqa: BLE001  # see the module's docstring
            return FAIL

    return call


def binary(function: Callable[[PyValue, PyValue], PyValue]) -> Implementation:
    def call(left: PyValue, right: PyValue) -> Term:
        try:
            return function(left, right)
        except Exception:  # noqa: BLE001  # see the module's docstring
            return FAIL

    return call


def comparison(function: Callable[[PyValue, PyValue], PyValue]) -> Implementation:
    """As binary, for what gives a bool: where the values' own type gives something else, it is asked for its truth."""

    def call(left: PyValue, right: PyValue) -> Term:
        if not (_is_simple(left) and _is_simple(right)):
            cheap = _comparable(left, right)
            if cheap is None:
                return FAIL
            left, right = cheap
        try:
            result = function(left, right)
        except Exception:  # noqa: BLE001  # see the module's docstring
            return FAIL
        return result if type(result) is bool else truth(result)

    return call


def _is_simple(value: PyValue) -> bool:
    kind = type(value)
    if kind is tuple and len(value) <= _SHORT:
        for item in value:
            if type(item) not in _SIMPLE:
                return False
        return True
    return kind in _SIMPLE


def _comparable(left: PyValue, right: PyValue) -> tuple[PyValue, PyValue] | None:
    """The two values, or two others that stand to each other as they do. None where comparing takes too long."""
    for number, wide, sign in ((left, right, 1), (right, left, -1)):
        if isinstance(number, Decimal) and is_wide(wide):
            if not number.is_finite():  # no integer makes a difference but by its sign
                nearer = 1 if wide > 0 else -1
                return (number, nearer) if sign == 1 else (nearer, number)
            found = ordering(number, wide) if isinstance(wide, int) else None
            return None if found is None else (sign * found, 0)
    if isinstance(left, Fraction) and isinstance(right, Fraction) and bits(left) * bits(right) > MAX_WORK:
        return None
    return (
        None
        if isinstance(left, COLLECTIONS) and isinstance(right, COLLECTIONS) and clash(left, right)
        else (left, right)
    )


def variadic(function: Callable[..., PyValue]) -> Implementation:
    def call(*values: PyValue) -> Term:
        try:
            return function(*values)
        except Exception:  # noqa: BLE001  # see the module's docstring
            return FAIL

    return call


def _is_costly(left: PyValue, right: PyValue) -> bool:
    """Whether arithmetic would turn a wide integer into a Decimal, or look for the divisors of large fractions."""
    if isinstance(left, Decimal):
        return is_wide(right)
    if isinstance(right, Decimal):
        return is_wide(left)
    return (isinstance(left, Fraction) or isinstance(right, Fraction)) and bits(left) * bits(right) > MAX_WORK


def arithmetic(function: Callable[[PyValue, PyValue], PyValue]) -> Implementation:
    """As binary, for operators on numbers."""

    def call(left: PyValue, right: PyValue) -> Term:
        try:
            if (type(left) in _SIMPLE and type(right) in _SIMPLE) or not _is_costly(left, right):
                return function(left, right)
            return FAIL
        except Exception:  # noqa: BLE001  # see the module's docstring
            return FAIL

    return call


def power(base: PyValue, exponent: PyValue) -> PyValue:
    grows = isinstance(exponent, int) and bits(base) > 1 and (exponent > 0 or isinstance(base, Fraction))
    return FAIL if grows and bits(base) * abs(exponent) > MAX_POWER_BITS else base**exponent


def left_shift(value: PyValue, count: PyValue) -> PyValue:
    if isinstance(count, int) and bits(value) + count > MAX_INTEGER_BITS:
        return FAIL
    return value << count


def multiply(left: PyValue, right: PyValue) -> PyValue:
    for sequence, times in ((left, right), (right, left)):
        repeats = isinstance(sequence, _SEQUENCES) and isinstance(times, int)
        if repeats and len(sequence) * (times - 1) > MAX_GROWTH:
            return FAIL
        nested = repeats and times > 1 and isinstance(sequence, (list, tuple))
        if nested and (weight(sequence, MAX_GROWTH + 2) - 1) * (times - 1) > MAX_GROWTH:
            return FAIL
    return FAIL if bits(left) * bits(right) > MAX_WORK else left * right


def add(left: PyValue, right: PyValue) -> PyValue:
    if isinstance(left, _SEQUENCES) and isinstance(right, _SEQUENCES) and len(left) + len(right) > MAX_LENGTH:
        return FAIL
    return left + right


def floor_divide(left: PyValue, right: PyValue) -> PyValue:
    return FAIL if bits(left) * bits(right) > MAX_WORK else left // right


def modulo(left: PyValue, right: PyValue) -> PyValue:
    """`%` of numbers. On a str it would be formatting, which can pad to any width and runs code of the values."""
    if isinstance(left, (str, bytes)) or bits(left) * bits(right) > MAX_WORK:
        return FAIL
    return left % right


def rounded(value: PyValue, *digits: PyValue) -> PyValue:
    """round(), without the power of ten that it would compute for far more digits than there are."""
    if isinstance(value, Decimal) and not digits:
        return round(value) if _has_few_digits(value) else FAIL
    if digits and isinstance(digits[0], int):
        if isinstance(value, int) and digits[0] < 0:
            return FAIL if bits(value) > MAX_ROUNDED_BITS else round(value, max(digits[0], -bits(value) - 1))
        if isinstance(value, Fraction) and abs(digits[0]) > MAX_DECIMAL_DIGITS:
            return FAIL
    return round(value, *digits)


def _has_few_digits(value: Decimal) -> bool:
    return not value.is_finite() or value.adjusted() <= MAX_DECIMAL_DIGITS


def integer(value: PyValue, *base: PyValue) -> PyValue:
    if isinstance(value, Decimal) and not _has_few_digits(value):
        return FAIL
    return int(value, *base)


def text_of(value: PyValue) -> PyValue:
    text = str(value)
    return text if isinstance(value, str) or len(text) <= MAX_SHOWN else FAIL


def contains(value: PyValue, choices: PyValue) -> PyValue:
    """`in`, for what can tell its members. Iterators, which Python would use up and which may never end, cannot."""
    if clashes_in(value, choices):
        return FAIL
    return value in choices if hasattr(type(choices), "__contains__") else FAIL


def lacks(value: PyValue, choices: PyValue) -> PyValue:
    found = contains(value, choices)
    return found if found is FAIL else not found


def least_of(*values: PyValue) -> PyValue:
    return FAIL if clash(*values) else min(*values) if len(values) > 1 or _is_finite(values[0]) else FAIL


def greatest_of(*values: PyValue) -> PyValue:
    return FAIL if clash(*values) else max(*values) if len(values) > 1 or _is_finite(values[0]) else FAIL


def _is_finite(value: PyValue) -> bool:
    """Whether a value is a collection that ends: one of Python's own, iterated over in Python's own way."""
    return getattr(type(value), "__iter__", None) in _ITERATIONS


def iterates_by_itself(value: PyValue) -> bool:
    """Whether a value is a collection that redefines how it is iterated over, perhaps without an end."""
    return isinstance(value, (list, tuple, dict, set, frozenset)) and not _is_finite(value)


_SEQUENCES: Final = (str, bytes, list, tuple)
_ITERATIONS: Final = tuple(
    [cls.__iter__ for cls in (str, bytes, list, tuple, dict, set, frozenset, range, OrderedDict)]
)


def field_of(value: PyValue, position: PyValue) -> PyValue:
    return value[position] if isinstance(value, tuple) else FAIL


def is_sequence(value: PyValue, least: PyValue, most: PyValue) -> PyValue:
    """Whether a sequence pattern of Python can match: no text, and a length between the two bounds."""
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes, bytearray)):
        return False
    return least <= len(value) and (most is None or len(value) <= most)


def rest_of(value: PyValue, before: PyValue, after: PyValue) -> PyValue:
    """What `*rest` in a sequence pattern binds, with so many items before and after it: always a list."""
    return [value[index] for index in range(before, len(value) - after)]


def has_key(value: PyValue, key: PyValue) -> PyValue:
    if clashes_in(key, value):
        return FAIL
    return isinstance(value, dict) and key in value


def subscript(value: PyValue, key: PyValue) -> PyValue:
    return FAIL if isinstance(value, dict) and clashes_in(key, value) else value[key]


def dict_of(*parts: PyValue) -> PyValue:
    return FAIL if clash(*parts[::2]) else dict(zip(parts[::2], parts[1::2], strict=True))


def set_of(*parts: PyValue) -> PyValue:
    return FAIL if clash(*parts) else frozenset(parts)


def without_keys(value: PyValue, *keys: PyValue) -> PyValue:
    left_out = frozenset(keys)
    return {key: item for key, item in value.items() if key not in left_out}


def sliced(value: PyValue, lower: PyValue, upper: PyValue, step: PyValue) -> PyValue:
    return value[lower:upper:step]


def constructor(*args: PyValue) -> PyValue:
    make, *rest = args
    return make(*rest) if is_cheap(make, rest) else FAIL


MAX_EXPONENT: Final = 999  # of a Fraction that is made of a text or of a Decimal: of 10**4000 it takes a millisecond
_EXPONENT: Final = re.compile(r"[eE][+-]?[0-9_]{4,}")


def is_cheap(make: PyValue, args: Sequence[PyValue]) -> bool:
    """Whether calling a constructor takes no more than moderate time: `Fraction("1e999999999")` would take forever."""
    if any([bits(arg) > MAX_POWER_BITS for arg in args]):
        return False
    if make is not Fraction:
        return True
    for arg in args:
        if isinstance(arg, str) and _EXPONENT.search(arg):
            return False
        if isinstance(arg, Decimal) and arg.is_finite() and abs(arg.adjusted()) > MAX_EXPONENT:
            return False
    return True


def method(name: str) -> Callable[..., PyValue]:
    """The method of str, bytes, dict, list and tuple that is called so."""
    implementations: dict[type, PyValue] = {
        cls: getattr(cls, name) for cls in (str, bytes, dict, list, tuple) if hasattr(cls, name)
    }

    def call(receiver: PyValue, *args: PyValue) -> PyValue:
        # Only methods of str, bytes, dict, list and tuple: no code of the value's own runs.
        for cls, own in implementations.items():
            if isinstance(receiver, cls):
                if args and clashes_in(args[0], receiver):
                    return FAIL
                return own(receiver, *args) if getattr(type(receiver), name) is own else FAIL
        return FAIL

    return call


_REPLACE: Final = method("replace")


def replaced(receiver: PyValue, *args: PyValue) -> PyValue:
    if len(args) in (2, 3) and isinstance(receiver, (str, bytes)):
        old, new, *count = args
        found = receiver.count(old)
        times = min(found, count[0]) if count and count[0] >= 0 else found
        if (len(new) - len(old)) * times > MAX_GROWTH:
            return FAIL
    return _REPLACE(receiver, *args)
