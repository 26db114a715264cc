"""The closures that a query is made of: small final classes with one method each.

A `Closure` computes a value from a row; the tests that decide about rows are in `matchspec.conditions`. Each is built
once from a spec by `matchspec.compile`, which has decided everything that depends on the spec alone; what is left here
depends on the row. They are classes with one method rather than nested functions because mypyc calls a native method
three times faster than a closure. FAIL is the value of an expression that would raise in Erlang: it spreads to whatever
contains it.
"""

from collections.abc import Callable
from typing import Any, Final, TypeAlias, final

from matchspec.maps import fetch, make_map
from matchspec.operations import FAIL, Implementation
from matchspec.ownership import own
from matchspec.terms import ImproperList, cons
from matchspec.values import Atom, Term, TermError

Tuple: TypeAlias = Any  # a row or a part of one, known to be a tuple by the shape test that came before


class Closure:
    """An expression: its value for a row, or FAIL."""

    __slots__ = ()

    def run(self, row: Term) -> Term:
        raise AssertionError("every closure has its own run")


# --- values -------------------------------------------------------------------------------------------------------


@final
class Constant(Closure):
    __slots__ = ("value",)

    def __init__(self, value: Term) -> None:
        self.value: Final = value

    def run(self, row: Term) -> Term:
        return self.value


@final
class FreshConstant(Closure):
    """A constant that could be changed in place: each result gets a copy of its own."""

    __slots__ = ("value",)

    def __init__(self, value: Term) -> None:
        self.value: Final = value

    def run(self, row: Term) -> Term:
        return own(self.value)


@final
class Owned(Closure):
    """What a call gives that may be a part of a constant that could be changed in place: a copy of it."""

    __slots__ = ("inner",)

    def __init__(self, inner: Closure) -> None:
        self.inner: Final = inner

    def run(self, row: Term) -> Term:
        result = self.inner.run(row)
        try:
            return result if result is FAIL else own(result)
        except TermError:  # a part of the row that cannot be copied is in it too
            return FAIL


@final
class WholeRow(Closure):
    __slots__ = ()

    def run(self, row: Term) -> Term:
        return row


@final
class RowInstance(Closure):
    """The row as an instance of its dataclass."""

    __slots__ = ("make",)

    def __init__(self, make: Callable[[Any], Term]) -> None:
        self.make: Final = make

    def run(self, row: Term) -> Term:
        return self.make(row)


@final
class Column(Closure):
    """An element of the row; the head has made sure that it is there."""

    __slots__ = ("index",)

    def __init__(self, index: int) -> None:
        self.index: Final = index

    def run(self, row: Tuple) -> Term:
        columns: tuple[Term, ...] = row
        return columns[self.index]


@final
class Item(Closure):
    """An element of a tuple or list within the row; the head has made sure that it is there."""

    __slots__ = ("index", "inner")

    def __init__(self, inner: Closure, index: int) -> None:
        self.inner: Final = inner
        self.index: Final = index

    def run(self, row: Term) -> Term:
        return list_item(self.inner.run(row), self.index)


@final
class Rest(Closure):
    """What is left of a list within the row after so many items."""

    __slots__ = ("count", "inner")

    def __init__(self, inner: Closure, count: int) -> None:
        self.inner: Final = inner
        self.count: Final = count

    def run(self, row: Term) -> Term:
        return list_rest(self.inner.run(row), self.count)


@final
class Field(Closure):
    """The value under a key of a map within the row."""

    __slots__ = ("inner", "key")

    def __init__(self, inner: Closure, key: Term) -> None:
        self.inner: Final = inner
        self.key: Final = key

    def run(self, row: Term) -> Term:
        value = self.inner.run(row)
        return fetch(value, self.key, FAIL) if isinstance(value, dict) else FAIL


def list_item(value: Tuple, index: int) -> Term:
    return value.items[index] if isinstance(value, ImproperList) else value[index]


def list_rest(value: Tuple, count: int) -> Term:
    """The tail of a list or improper list after `count` items, or FAIL when it has fewer."""
    if isinstance(value, list):
        return value[count:] if len(value) >= count else FAIL
    if isinstance(value, ImproperList) and len(value.items) >= count:
        return cons(value.items[count:], value.tail)
    return FAIL


@final
class BuildTuple(Closure):
    __slots__ = ("items",)

    def __init__(self, items: list[Closure]) -> None:
        self.items: Final = items

    def run(self, row: Term) -> Term:
        values = [item.run(row) for item in self.items]
        for value in values:
            if value is FAIL:
                return FAIL
        return tuple(values)


@final
class BuildPair(Closure):
    """A tuple of two, the commonest size of all."""

    __slots__ = ("first", "second")

    def __init__(self, first: Closure, second: Closure) -> None:
        self.first: Final = first
        self.second: Final = second

    def run(self, row: Term) -> Term:
        first = self.first.run(row)
        second = self.second.run(row)
        return FAIL if first is FAIL or second is FAIL else (first, second)


@final
class BuildRow(Closure):
    """A NamedTuple, from the values of its fields."""

    __slots__ = ("items", "make")

    def __init__(self, make: Callable[[list[Term]], Term], items: list[Closure]) -> None:
        self.make: Final = make
        self.items: Final = items

    def run(self, row: Term) -> Term:
        values = [item.run(row) for item in self.items]
        for value in values:
            if value is FAIL:
                return FAIL
        return self.make(values)


@final
class BuildList(Closure):
    __slots__ = ("items",)

    def __init__(self, items: list[Closure]) -> None:
        self.items: Final = items

    def run(self, row: Term) -> Term:
        values = [item.run(row) for item in self.items]
        for value in values:
            if value is FAIL:
                return FAIL
        return values


@final
class BuildCons(Closure):
    """`[items | tail]`"""

    __slots__ = ("items", "tail")

    def __init__(self, items: list[Closure], tail: Closure) -> None:
        self.items: Final = items
        self.tail: Final = tail

    def run(self, row: Term) -> Term:
        values = [item.run(row) for item in self.items]
        tail = self.tail.run(row)
        for value in values:
            if value is FAIL:
                return FAIL
        return FAIL if tail is FAIL else cons(values, tail)


@final
class BuildMap(Closure):
    __slots__ = ("failed", "items")

    def __init__(self, items: list[tuple[Closure, Closure]], failed: Term) -> None:
        self.items: Final = items
        self.failed: Final = failed

    def run(self, row: Term) -> Term:
        pairs = [(key.run(row), value.run(row)) for key, value in self.items]
        for key, value in pairs:
            if key is FAIL or value is FAIL:
                return FAIL
        try:
            return make_map(pairs)
        except (TermError, TypeError):  # keys that a dict cannot hold apart, or cannot hold at all
            return self.failed


# --- calls --------------------------------------------------------------------------------------------------------
# `failed` is what a failing call gives: FAIL in guards and in the bodies of lambdas, 'EXIT' in the bodies of ETS.


@final
class Call0(Closure):
    __slots__ = ("call",)

    def __init__(self, call: Implementation) -> None:
        self.call: Final = call

    def run(self, row: Term) -> Term:
        return self.call()


@final
class Call1(Closure):
    __slots__ = ("call", "failed", "operand")

    def __init__(self, call: Implementation, operand: Closure, failed: Term) -> None:
        self.call: Final = call
        self.operand: Final = operand
        self.failed: Final = failed

    def run(self, row: Term) -> Term:
        operand = self.operand.run(row)
        if operand is FAIL:
            return FAIL
        result = self.call(operand)
        return self.failed if result is FAIL else result


@final
class Call2(Closure):
    __slots__ = ("call", "failed", "left", "right")

    def __init__(self, call: Implementation, left: Closure, right: Closure, failed: Term) -> None:
        self.call: Final = call
        self.left: Final = left
        self.right: Final = right
        self.failed: Final = failed

    def run(self, row: Term) -> Term:
        left = self.left.run(row)
        right = self.right.run(row)
        if left is FAIL or right is FAIL:
            return FAIL
        result = self.call(left, right)
        return self.failed if result is FAIL else result


# What is equal to one of these, as Python sees it, has the same hash: 1, 1.0 and True, a str and an Atom never.
HASHED_TYPES: Final[frozenset[type]] = frozenset([int, float, bool, str, bytes, type(None), Atom])


@final
class Among(Closure):
    """Python's `in` or `not in` a constant collection of simple values: by hash, where the value is as simple.

    `otherwise` is the general call, for all other values.
    """

    __slots__ = ("choices", "inside", "otherwise", "value")

    def __init__(self, value: Closure, choices: frozenset[Term], inside: bool, otherwise: Closure) -> None:
        self.value: Final = value
        self.choices: Final = choices
        self.inside: Final = inside
        self.otherwise: Final = otherwise

    def run(self, row: Term) -> Term:
        value = self.value.run(row)
        if type(value) not in HASHED_TYPES:
            return self.otherwise.run(row)
        return (value in self.choices) is self.inside


@final
class CallN(Closure):
    __slots__ = ("args", "call", "failed")

    def __init__(self, call: Implementation, args: list[Closure], failed: Term) -> None:
        self.call: Final = call
        self.args: Final = args
        self.failed: Final = failed

    def run(self, row: Term) -> Term:
        values = [arg.run(row) for arg in self.args]
        for value in values:
            if value is FAIL:
                return FAIL
        result = self.call(*values)
        return self.failed if result is FAIL else result


@final
class StrictBoolean(Closure):
    """`and` and `or`: every argument is evaluated and must be a boolean. `decisive` is the value that decides."""

    __slots__ = ("args", "decisive", "failed")

    def __init__(self, args: list[Closure], decisive: bool, failed: Term) -> None:
        self.args: Final = args
        self.decisive: Final = decisive
        self.failed: Final = failed

    def run(self, row: Term) -> Term:
        result = not self.decisive
        for value in [arg.run(row) for arg in self.args]:
            if value is FAIL:
                return FAIL
            if not isinstance(value, bool):
                return self.failed
            if value is self.decisive:
                result = self.decisive
        return result


@final
class LazyBoolean(Closure):
    """`andalso` and `orelse`: stops at the first `decisive` argument; the last one is the result as it is."""

    __slots__ = ("args", "decisive", "failed", "last")

    def __init__(self, args: list[Closure], decisive: bool, failed: Term) -> None:
        self.args: Final = args[:-1]
        self.last: Final = args[-1]
        self.decisive: Final = decisive
        self.failed: Final = failed

    def run(self, row: Term) -> Term:
        for arg in self.args:
            value = arg.run(row)
            if value is FAIL:
                return FAIL
            if not isinstance(value, bool):
                return self.failed
            if value is self.decisive:
                return value
        return self.last.run(row)


@final
class Truthy(Closure):
    """Python's `and` and `or`: the first operand whose truth decides, or else the last one."""

    __slots__ = ("args", "decisive")

    def __init__(self, args: list[Closure], decisive: bool) -> None:
        self.args: Final = args
        self.decisive: Final = decisive

    def run(self, row: Term) -> Term:
        value: Term = FAIL
        for arg in self.args:
            value = arg.run(row)
            if value is FAIL or truth(value) is self.decisive:
                return value
        return value


@final
class Choice(Closure):
    """Python's conditional expression."""

    __slots__ = ("condition", "otherwise", "then")

    def __init__(self, condition: Closure, then: Closure, otherwise: Closure) -> None:
        self.condition: Final = condition
        self.then: Final = then
        self.otherwise: Final = otherwise

    def run(self, row: Term) -> Term:
        value = self.condition.run(row)
        if value is FAIL:
            return FAIL
        decision = truth(value)
        if decision is FAIL:
            return FAIL
        return self.then.run(row) if decision else self.otherwise.run(row)


def truth(value: Term) -> Term:
    """Python's truth of a value, or FAIL where asking for it raises."""
    if isinstance(value, bool):
        return value
    try:
        return bool(value)
    except Exception:  # noqa: BLE001  # the value's own code runs here, and may raise anything
        return FAIL


@final
class Sequence(Closure):
    """Several body expressions: all are evaluated, the last one is the result."""

    __slots__ = ("items",)

    def __init__(self, items: list[Closure]) -> None:
        self.items: Final = items

    def run(self, row: Term) -> Term:
        value: Term = FAIL
        for item in self.items:
            value = item.run(row)
            if value is FAIL:
                return FAIL
        return value
