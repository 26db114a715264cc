"""Random values of every type of Python's that may turn up in a row, those that misbehave included."""

import random
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Flag, IntEnum, StrEnum
from fractions import Fraction
from typing import Any, Final, Never, TypeAlias
from uuid import UUID

from matchspec import ANY, BINDINGS, ROW, Atom, Bitstring, Pid, Ref, TermError, V, const
from matchspec.terms import cons
from tests.random_specs import ATOMS, BINARIES, BITS, FLOATS, INTS, ODD_ATOMS
from tests.strategies import Colour, Point

Value: TypeAlias = Any


class Number(IntEnum):
    ONE = 1


class Word(StrEnum):
    A = "a"


class Bits(Flag):
    ONE = 1
    TWO = 2


class Int(int):
    """An int of its own."""


class Text(str):
    """A str of its own."""

    __slots__ = ()


class Real(float):
    """A float of its own."""


class Angry:
    """Whatever is asked of it, it raises."""

    __slots__ = ()

    def _refuse(self, *_: object) -> Never:
        raise RuntimeError("no")

    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = __repr__ = __bool__ = __len__ = _refuse
    __reduce__ = __reduce_ex__ = __iter__ = __copy__ = __deepcopy__ = _refuse


class Fickle:
    """Equal to everything, and of one hash with 1."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1

    def __lt__(self, other: object) -> bool:
        return True


def loop() -> list[Value]:
    """A list that contains itself."""
    items: list[Value] = [1]
    items.append(items)
    return items


def deep(levels: int) -> Value:
    value: Value = 1
    for level in range(levels):
        value = [value] if level % 3 else (value,) if level % 2 else {1: value}
    return value


SCALARS: Final[list[Value]] = [
    *(*INTS, *FLOATS, *ATOMS, *BINARIES, *BITS, *map(Atom, ODD_ATOMS)),
    *(float("nan"), float("inf"), float("-inf"), 1 << 4_000_000, -(1 << 100_000), 10**4299, 10**4300, 2**61 - 1),
    *(Decimal(1), Decimal("1.0"), Decimal("-0"), Decimal("1e999999999"), Decimal("nan"), Decimal("-inf")),
    *(Decimal("snan"), Decimal("1e-999999999"), Fraction(1), Fraction(1, 3), Fraction(10**400, 3), complex(1, 0)),
    *(date(2024, 1, 1), datetime(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC), time(1), time(1, tzinfo=UTC)),  # noqa: DTZ001  # naive on purpose
    *(timedelta(1), UUID(int=1), Colour.RED, Colour.GREEN, Number.ONE, Word.A, Bits.ONE | Bits.TWO, Bits(0)),
    *("\ud800", "a\udfff", "\x00", "\U0010ffff", "x" * 1000, b"x" * 1000, bytearray(b"a"), memoryview(b"a")),
    *(Int(1), Text("a"), Real(1.5), Real("nan"), Point(1, 2), Pid(), Ref(), len, print, lambda: 1, "a".upper),
    *(int, Colour, object(), Ellipsis, NotImplemented, range(3), slice(1), Angry(), Fickle(), random, iter(())),
    *(ANY, ROW, BINDINGS, V(1), V(0), const(1), (const,), frozenset(), set(), OrderedDict(a=1), deep(249), deep(400)),
]


class Values:
    """Draws values; everything follows from the generator of random numbers."""

    def __init__(self, source: random.Random) -> None:
        self.random: Final = source

    def value(self, depth: int = 3) -> Value:
        if depth <= 0 or self.random.random() < 0.5:
            return loop() if self.random.random() < 0.002 else self.random.choice(SCALARS)
        makers: list[Callable[[list[Value]], Value]] = [tuple, tuple, tuple, list, list, self._map, self._set]
        make = self.random.choice([*makers, self._improper, self._point])
        return make([self.value(depth - 1) for _ in range(self.random.choice([0, 1, 1, 2, 2, 3]))])

    def alike(self, value: Value) -> Value:
        """The same value built anew, or almost the same."""
        if self.random.random() < 0.2:
            return self.value(1)
        match value:
            case tuple() if type(value) is tuple:
                return tuple([self.alike(item) for item in value])
            case list() if len(value) < 2 or value[1] is not value:
                return [self.alike(item) for item in value]
            case bool():
                return int(value)
            case int() if type(value) is int and abs(value) < 2**1000:
                return self.random.choice([value, float(value), Decimal(value), Fraction(value), Int(value)])
            case float() if value == value:
                return self.random.choice([value, -value, Real(value), Decimal(value)])
            case str() if type(value) is str:
                return self.random.choice([value, Text(value), value.encode("utf-8", "surrogatepass")])
        return value

    def _map(self, items: list[Value]) -> Value:
        try:
            return {item: self.value(1) for item in items}
        except Exception:  # noqa: BLE001  # unhashable, or its hash raises
            return {1: items}

    def _set(self, items: list[Value]) -> Value:
        try:
            return self.random.choice([set, frozenset])(items)
        except Exception:  # noqa: BLE001  # as above
            return frozenset()

    def _improper(self, items: list[Value]) -> Value:
        try:
            return cons(items, self.value(1))
        except TermError:
            return items

    def _point(self, items: list[Value]) -> Value:
        return Point(*items) if len(items) == 2 else Bitstring(b"\x80", 1)
