"""The yes and no of a query: the tests that heads and guards become, each a small final class with one method.

The other half of `matchspec.closures`, and built like it. A head is one test of a row's shape, made of tests of its
parts; a guard is a test of a row. A guard that fails and one that is false come to the same here.
"""

import struct
from typing import Final, cast, final

from matchspec.closures import Closure, Tuple, list_item, list_rest
from matchspec.maps import fetch
from matchspec.operations import FAIL
from matchspec.terms import ImproperList, exactly_equal, less, numerically_equal
from matchspec.values import Atom, Term


class Test:
    """A yes or no about a term: a row, or the part of a row that a pattern stands at."""

    __slots__ = ()

    def test(self, term: Term) -> bool:
        raise AssertionError("every test has its own test")


# --- tests of shape, from heads -----------------------------------------------------------------------------------


@final
class Anything(Test):
    __slots__ = ()

    def test(self, term: Term) -> bool:
        return True


@final
class Nothing(Test):
    __slots__ = ()

    def test(self, term: Term) -> bool:
        return False


@final
class IsValue(Test):
    """A literal that is equal by Python's rules and of just this type: int, str, bytes, bool."""

    __slots__ = ("kind", "value")

    def __init__(self, value: Term) -> None:
        self.value: Final = value
        self.kind: Final = type(value)

    def test(self, term: Term) -> bool:
        return type(term) is self.kind and term == self.value


@final
class IsSame(Test):
    """A literal that is the only one of its kind: an atom, None, True, False."""

    __slots__ = ("value",)

    def __init__(self, value: Term) -> None:
        self.value: Final = value

    def test(self, term: Term) -> bool:
        return term is self.value


@final
class IsFloat(Test):
    """A float literal, which Erlang compares bit by bit: 0.0 is not -0.0."""

    __slots__ = ("bits",)

    def __init__(self, value: float) -> None:
        self.bits: Final = struct.pack("<d", value)

    def test(self, term: Term) -> bool:
        return isinstance(term, float) and struct.pack("<d", term) == self.bits


@final
class IsExactly(Test):
    """Any other literal."""

    __slots__ = ("value",)

    def __init__(self, value: Term) -> None:
        self.value: Final = value

    def test(self, term: Term) -> bool:
        return exactly_equal(term, self.value)


@final
class TupleOf(Test):
    """A tuple of just this size, whose elements at some positions pass tests of their own."""

    __slots__ = ("size", "tests")

    def __init__(self, size: int, tests: list[tuple[int, Test]]) -> None:
        self.size: Final = size
        self.tests: Final = tests

    def test(self, term: Term) -> bool:
        if not isinstance(term, tuple):
            return False
        parts: tuple[Term, ...] = term
        size = self.size  # a literal here would make mypyc unpack the row (see the notes on mypyc)
        if len(parts) != size:
            return False
        for index, test in self.tests:
            if not test.test(parts[index]):
                return False
        return True


@final
class ListOf(Test):
    """A list with these items, and after them a tail that passes a test, or nothing more when `tail` is None."""

    __slots__ = ("items", "tail")

    def __init__(self, items: list[Test], tail: Test | None) -> None:
        self.items: Final = items
        self.tail: Final = tail

    def test(self, term: Term) -> bool:
        count = len(self.items)
        if self.tail is None:
            if not isinstance(term, list) or len(term) != count:
                return False
        elif isinstance(self.tail, Anything):  # no need to copy the rest
            if not _is_longer(term, count):
                return False
        else:
            rest = list_rest(term, count)
            if rest is FAIL or not self.tail.test(rest):
                return False
        for index, item in enumerate(self.items):
            if not item.test(list_item(cast(Tuple, term), index)):
                return False
        return True


def _is_longer(term: Term, count: int) -> bool:
    """Whether a list or improper list has `count` items and something, if only [], after them."""
    if isinstance(term, list):
        return len(term) >= count
    return isinstance(term, ImproperList) and len(term.items) >= count


@final
class MapOf(Test):
    """A map that has at least these keys, with values that pass tests of their own."""

    __slots__ = ("items",)

    def __init__(self, items: list[tuple[Term, Test]]) -> None:
        self.items: Final = items

    def test(self, term: Term) -> bool:
        if not isinstance(term, dict):
            return False
        for key, test in self.items:
            value = fetch(term, key, FAIL)
            if value is FAIL or not test.test(value):
                return False
        return True


@final
class Same(Test):
    """A variable that stands at two places: both hold the same term (`=:=`)."""

    __slots__ = ("first", "second")

    def __init__(self, first: Closure, second: Closure) -> None:
        self.first: Final = first
        self.second: Final = second

    def test(self, term: Term) -> bool:
        return exactly_equal(self.first.run(term), self.second.run(term))


# --- tests of rows, from guards -----------------------------------------------------------------------------------


@final
class All(Test):
    __slots__ = ("tests",)

    def __init__(self, tests: list[Test]) -> None:
        self.tests: Final = tests

    def test(self, term: Term) -> bool:
        for test in self.tests:
            if not test.test(term):
                return False
        return True


# A row has its size tested, and then a few conditions more: nodes of a fixed width save the loop over them.


@final
class Sized(Test):
    """A tuple of just this size."""

    __slots__ = ("size",)

    def __init__(self, size: int) -> None:
        self.size: Final = size

    def test(self, term: Term) -> bool:
        return isinstance(term, tuple) and len(term) == self.size


@final
class Sized1(Test):
    """A tuple of just this size that passes a test."""

    __slots__ = ("first", "size")

    def __init__(self, size: int, first: Test) -> None:
        self.size: Final = size
        self.first: Final = first

    def test(self, term: Term) -> bool:
        return isinstance(term, tuple) and len(term) == self.size and self.first.test(term)


@final
class Sized2(Test):
    __slots__ = ("first", "second", "size")

    def __init__(self, size: int, first: Test, second: Test) -> None:
        self.size: Final = size
        self.first: Final = first
        self.second: Final = second

    def test(self, term: Term) -> bool:
        return isinstance(term, tuple) and len(term) == self.size and self.first.test(term) and self.second.test(term)


@final
class Sized3(Test):
    __slots__ = ("first", "second", "size", "third")

    def __init__(self, size: int, first: Test, second: Test, third: Test) -> None:
        self.size: Final = size
        self.first: Final = first
        self.second: Final = second
        self.third: Final = third

    def test(self, term: Term) -> bool:
        return (
            isinstance(term, tuple)
            and len(term) == self.size
            and self.first.test(term)
            and self.second.test(term)
            and self.third.test(term)
        )


@final
class At(Test):
    """A column of a row that has its size already tested."""

    __slots__ = ("index", "inner")

    def __init__(self, index: int, inner: Test) -> None:
        self.index: Final = index
        self.inner: Final = inner

    def test(self, term: Tuple) -> bool:
        row: tuple[Term, ...] = term
        return self.inner.test(row[self.index])


def all_of(tests: list[Test]) -> Test:
    """One test for several."""
    if not tests:
        return Anything()
    first, *others = tests
    if not isinstance(first, Sized):
        return All(tests) if others else first
    match others:
        case []:
            return first
        case [one]:
            return Sized1(first.size, one)
        case [one, two]:
            return Sized2(first.size, one, two)
        case [one, two, three]:
            return Sized3(first.size, one, two, three)
    return Sized1(first.size, All(others))


@final
class IsTrue(Test):
    """A guard: it passes when its value is exactly true."""

    __slots__ = ("guard",)

    def __init__(self, guard: Closure) -> None:
        self.guard: Final = guard

    def test(self, term: Term) -> bool:
        return self.guard.run(term) is True


@final
class Less(Test):
    """`left < right` in Erlang's order; `>` is the same with its operands exchanged."""

    __slots__ = ("left", "right")

    def __init__(self, left: Closure, right: Closure) -> None:
        self.left: Final = left
        self.right: Final = right

    def test(self, term: Term) -> bool:
        left = self.left.run(term)
        right = self.right.run(term)
        return left is not FAIL and right is not FAIL and less(left, right)


@final
class AtMost(Test):
    """`left =< right` in Erlang's order; `>=` is the same with its operands exchanged."""

    __slots__ = ("left", "right")

    def __init__(self, left: Closure, right: Closure) -> None:
        self.left: Final = left
        self.right: Final = right

    def test(self, term: Term) -> bool:
        left = self.left.run(term)
        right = self.right.run(term)
        return left is not FAIL and right is not FAIL and (less(left, right) or numerically_equal(left, right))


@final
class Equal(Test):
    """`left == right`"""

    __slots__ = ("left", "right")

    def __init__(self, left: Closure, right: Closure) -> None:
        self.left: Final = left
        self.right: Final = right

    def test(self, term: Term) -> bool:
        left = self.left.run(term)
        right = self.right.run(term)
        return left is not FAIL and right is not FAIL and numerically_equal(left, right)


@final
class Exactly(Test):
    """`left =:= right`"""

    __slots__ = ("left", "right")

    def __init__(self, left: Closure, right: Closure) -> None:
        self.left: Final = left
        self.right: Final = right

    def test(self, term: Term) -> bool:
        left = self.left.run(term)
        right = self.right.run(term)
        return left is not FAIL and right is not FAIL and exactly_equal(left, right)


def literal_test(value: Term) -> Test:
    """The cheapest test for a literal in a head."""
    kind = type(value)
    if value is None or kind is bool or kind is Atom:
        return IsSame(value)
    if kind is int or kind is str or kind is bytes:
        return IsValue(value)
    if isinstance(value, float):
        return IsFloat(value)
    return IsExactly(value)
