"""Tests of one column against a constant, which most guards of most queries are: one class for each way to compare.

Chosen by `matchspec.compile` in place of the general tests of `matchspec.conditions`. Compiled, such a test compares
two machine numbers instead of calling three methods. Each knows the values of the types that it was made for; for any
other value it asks the general test, so that what it says is never its own opinion. The types are asked for exactly:
True is no int here.
"""

import math
from typing import Final, TypeAlias, final

from matchspec.closures import Closure, Column, Constant, Tuple
from matchspec.conditions import Nothing, Test
from matchspec.values import Atom, Term

Row: TypeAlias = tuple[Term, ...]

_EXACT: Final = 2**53  # integers up to this have floats of their own


@final
class IsNumberBelow(Test):
    """`column < constant`. `whole` and `real` are the constant, as bounds of the ints and of the floats."""

    __slots__ = ("index", "otherwise", "real", "whole")

    def __init__(self, index: int, whole: int, real: float, otherwise: Test) -> None:
        self.index: Final = index
        self.whole: Final = whole
        self.real: Final = real
        self.otherwise: Final = otherwise

    def test(self, term: Tuple) -> bool:
        row: Row = term
        value = row[self.index]
        if type(value) is int:
            return value < self.whole
        if type(value) is float:
            return value < self.real
        return self.otherwise.test(term)


@final
class IsNumberAtMost(Test):
    """`column =< constant`, as IsNumberBelow."""

    __slots__ = ("index", "otherwise", "real", "whole")

    def __init__(self, index: int, whole: int, real: float, otherwise: Test) -> None:
        self.index: Final = index
        self.whole: Final = whole
        self.real: Final = real
        self.otherwise: Final = otherwise

    def test(self, term: Tuple) -> bool:
        row: Row = term
        value = row[self.index]
        if type(value) is int:
            return value <= self.whole
        if type(value) is float:
            return value <= self.real
        return self.otherwise.test(term)


@final
class IsNumberAbove(Test):
    """`column > constant`, as IsNumberBelow."""

    __slots__ = ("index", "otherwise", "real", "whole")

    def __init__(self, index: int, whole: int, real: float, otherwise: Test) -> None:
        self.index: Final = index
        self.whole: Final = whole
        self.real: Final = real
        self.otherwise: Final = otherwise

    def test(self, term: Tuple) -> bool:
        row: Row = term
        value = row[self.index]
        if type(value) is int:
            return value > self.whole
        if type(value) is float:
            return value > self.real
        return self.otherwise.test(term)


@final
class IsNumberAtLeast(Test):
    """`column >= constant`, as IsNumberBelow."""

    __slots__ = ("index", "otherwise", "real", "whole")

    def __init__(self, index: int, whole: int, real: float, otherwise: Test) -> None:
        self.index: Final = index
        self.whole: Final = whole
        self.real: Final = real
        self.otherwise: Final = otherwise

    def test(self, term: Tuple) -> bool:
        row: Row = term
        value = row[self.index]
        if type(value) is int:
            return value >= self.whole
        if type(value) is float:
            return value >= self.real
        return self.otherwise.test(term)


@final
class IsInt(Test):
    """`column == constant`, the constant an int."""

    __slots__ = ("index", "otherwise", "value")

    def __init__(self, index: int, value: int, otherwise: Test) -> None:
        self.index: Final = index
        self.value: Final = value
        self.otherwise: Final = otherwise

    def test(self, term: Tuple) -> bool:
        row: Row = term
        value = row[self.index]
        return value == self.value if type(value) is int else self.otherwise.test(term)


@final
class IsStr(Test):
    """`column == constant`, the constant a str."""

    __slots__ = ("index", "otherwise", "value")

    def __init__(self, index: int, value: str, otherwise: Test) -> None:
        self.index: Final = index
        self.value: Final = value
        self.otherwise: Final = otherwise

    def test(self, term: Tuple) -> bool:
        row: Row = term
        value = row[self.index]
        return value == self.value if type(value) is str else self.otherwise.test(term)


@final
class IsStrBelow(Test):
    """`column < constant`, the constant a str; code points order as their UTF-8 bytes do."""

    __slots__ = ("index", "otherwise", "value")

    def __init__(self, index: int, value: str, otherwise: Test) -> None:
        self.index: Final = index
        self.value: Final = value
        self.otherwise: Final = otherwise

    def test(self, term: Tuple) -> bool:
        row: Row = term
        value = row[self.index]
        return value < self.value if type(value) is str else self.otherwise.test(term)


@final
class IsStrAbove(Test):
    """`column > constant`, the constant a str."""

    __slots__ = ("index", "otherwise", "value")

    def __init__(self, index: int, value: str, otherwise: Test) -> None:
        self.index: Final = index
        self.value: Final = value
        self.otherwise: Final = otherwise

    def test(self, term: Tuple) -> bool:
        row: Row = term
        value = row[self.index]
        return value > self.value if type(value) is str else self.otherwise.test(term)


@final
class IsSameColumn(Test):
    """A column that is the only term of its kind: an atom, None, True, False."""

    __slots__ = ("index", "value")

    def __init__(self, index: int, value: Term) -> None:
        self.index: Final = index
        self.value: Final = value

    def test(self, term: Tuple) -> bool:
        row: Row = term
        return row[self.index] is self.value


# --- which one -----------------------------------------------------------------------------------------------------

# How Erlang and Python spell a comparison; the constant on the left turns it around.
COMPARISONS: Final = {"<": "<", "=<": "<=", ">": ">", ">=": ">=", "==": "==", "=:=": "=="} | {
    f"python:{sign}": sign for sign in ("<", "<=", ">", ">=", "==")
}
_TURNED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "=="}


def leaf(name: str, left: Closure, right: Closure, otherwise: Test) -> Test:
    """The test of a comparison, where one side is a column and the other a constant that has a test of its own.

    `otherwise` is the general test of the same comparison, which is given back for all else.
    """
    sign = COMPARISONS.get(name, "")
    if isinstance(left, Constant):
        left, right, sign = right, left, _TURNED.get(sign, "")
    if sign == "" or not isinstance(left, Column) or not isinstance(right, Constant):
        return otherwise
    value = right.value
    if type(value) is str:
        return _of_str(sign, left.index, value, otherwise)
    if type(value) is int and sign == "==":
        return IsInt(left.index, value, otherwise)
    if type(value) is int and -_EXACT <= value <= _EXACT:
        return _of_number(sign, left.index, value, value, float(value), otherwise)
    if type(value) is float and math.isfinite(value):
        return _of_number(sign, left.index, math.floor(value), math.ceil(value), value, otherwise)
    return otherwise


def _of_str(sign: str, index: int, value: str, otherwise: Test) -> Test:
    match sign:
        case "==":
            return IsStr(index, value, otherwise)
        case "<":
            return IsStrBelow(index, value, otherwise)
        case ">":
            return IsStrAbove(index, value, otherwise)
    return otherwise


def _of_number(sign: str, index: int, floor: int, ceiling: int, real: float, otherwise: Test) -> Test:
    """An int is below 2.5 where it is below 3, and at most 2.5 where it is at most 2."""
    match sign:
        case "<":
            return IsNumberBelow(index, ceiling, real, otherwise)
        case "<=":
            return IsNumberAtMost(index, floor, real, otherwise)
        case ">":
            return IsNumberAbove(index, floor, real, otherwise)
        case ">=":
            return IsNumberAtLeast(index, ceiling, real, otherwise)
    return otherwise


def literal_leaf(index: int, value: Term) -> Test | None:
    """The test that a column is a literal of a head, exactly; None where the general test has to do."""
    if type(value) is int:
        return IsInt(index, value, Nothing())
    if type(value) is str:
        return IsStr(index, value, Nothing())
    if value is None or type(value) is bool or type(value) is Atom:
        return IsSameColumn(index, value)
    return None
