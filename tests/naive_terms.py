"""Equality and order of terms written out once more, plainly, as the oracle for `matchspec.terms`.

Nothing here uses keys: two terms are walked side by side. Slow, and meant to be read next to Erlang's manual.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, TypeAlias

from matchspec import Atom, Bitstring, ImproperList

Value: TypeAlias = Any  # any term

NUMBER, ATOM, TUPLE, MAP, NIL, LIST, BINARY, OTHER = range(8)


def kind(term: Value) -> int:
    match term:
        case Enum():
            return OTHER
        case None | bool() | Atom():
            return ATOM
        case int() | float():
            return NUMBER
        case tuple():
            return TUPLE
        case dict():
            return MAP
        case []:
            return NIL
        case list() | ImproperList():
            return LIST
        case str() | bytes() | Bitstring():
            return BINARY
    return OTHER


def is_nan(term: Value) -> bool:
    return isinstance(term, (float, Decimal)) and term != term


def same(left: Value, right: Value) -> bool:
    """`=:=`, with every NaN the same as every other, as keys have it."""
    if kind(left) != kind(right):
        return False
    match kind(left):
        case 0:
            if isinstance(left, float) != isinstance(right, float):
                return False
            return bool(left == right) or (is_nan(left) and is_nan(right))
        case 1:
            return left is right
        case 2:
            return len(left) == len(right) and all(map(same, left, right))
        case 3:
            return len(left) == len(right) and all(
                any(same(key, other) and same(value, right[other]) for other in right) for key, value in left.items()
            )
        case 4:
            return True
        case 5:
            heads, tails = zip(cells(left), cells(right), strict=True)
            return len(heads[0]) == len(heads[1]) and all(map(same, *heads)) and same(*tails)
        case 7 if isinstance(left, frozenset):
            return (
                type(left) is type(right)
                and len(left) == len(right)
                and all(any(same(a, b) for b in right) for a in left)
            )
    return type(left) is type(right) and bool(left == right or (is_nan(left) and is_nan(right)))


def cells(term: Value) -> tuple[Sequence[Value], Value]:
    """The items of a list, and its tail."""
    return (term.items, term.tail) if isinstance(term, ImproperList) else (term, [])


def order(left: Value, right: Value, exact: bool = False) -> int:
    """Erlang's order: negative, 0 (`==`) or positive; `exact` puts integers before floats, as the keys of maps do."""
    if kind(left) != kind(right):
        return kind(left) - kind(right)
    match kind(left):
        case 0:
            return _order_of_numbers(left, right, exact)
        case 1:
            return _sign(_name(left), _name(right))
        case 2:
            return len(left) - len(right) or _first_difference(left, right, exact)
        case 3:
            return len(left) - len(right) or _order_of_maps(left, right, exact)
        case 5:
            return _order_of_lists(left, right, exact)
        case 6:
            return _sign(_bits(left), _bits(right)) or isinstance(left, (bytes, Bitstring)) - isinstance(
                right, (bytes, Bitstring)
            )
    return _order_of_others(left, right)


def _sign(left: Value, right: Value) -> int:
    return int(left > right) - int(left < right)


def _name(atom: Value) -> str:
    return atom.name if isinstance(atom, Atom) else {None: "nil", True: "true", False: "false"}[atom]


def _bits(term: Value) -> str:
    data, size = (
        (term.data, term.bits)
        if isinstance(term, Bitstring)
        else (term.encode() if isinstance(term, str) else term, None)
    )
    return "".join(f"{byte:08b}" for byte in data)[:size]


def _order_of_numbers(left: Value, right: Value, exact: bool) -> int:
    if is_nan(left) or is_nan(right):
        return is_nan(left) - is_nan(right)
    if exact and isinstance(left, float) != isinstance(right, float):
        return 1 if isinstance(left, float) else -1
    return _sign(left, right)


def _first_difference(left: Sequence[Value], right: Sequence[Value], exact: bool) -> int:
    return next((found for a, b in zip(left, right, strict=False) if (found := order(a, b, exact))), 0)


def _order_of_lists(left: Value, right: Value, exact: bool) -> int:
    """Cell by cell: a list has items and then a tail, which is compared with whatever the other has there."""
    (mine, my_tail), (other, other_tail) = cells(left), cells(right)
    shared = min(len(mine), len(other))
    difference = _first_difference(mine[:shared], other[:shared], exact)
    if difference:
        return difference
    rests = [
        (ImproperList(tuple(items[shared:]), tail) if tail != [] else list(items[shared:]))
        if len(items) > shared
        else tail
        for items, tail in ((mine, my_tail), (other, other_tail))
    ]
    return order(rests[0], rests[1], exact)


def _sorted_keys(mapping: dict[Value, Value]) -> list[Value]:
    keys: list[Value] = []
    for key in mapping:
        place = next((i for i, known in enumerate(keys) if order(key, known, True) < 0), len(keys))
        keys.insert(place, key)
    return keys


def _order_of_maps(left: dict[Value, Value], right: dict[Value, Value], exact: bool) -> int:
    mine, other = _sorted_keys(left), _sorted_keys(right)
    return _first_difference(mine, other, True) or _first_difference(
        [left[k] for k in mine], [right[k] for k in other], exact
    )


def _order_of_others(left: Value, right: Value) -> int:
    names = [f"{type(term).__module__}.{type(term).__qualname__}" for term in (left, right)]
    if names[0] != names[1] or same(left, right):
        return _sign(names[0], names[1])
    if isinstance(left, Enum):
        return _sign(left.name, right.name)
    if isinstance(left, Decimal) and (is_nan(left) or is_nan(right)):
        return is_nan(left) - is_nan(right)
    if isinstance(left, (frozenset, complex)):
        raise LookupError("which of two sets or complex numbers comes first is not promised")  # noqa: TRY004  # both are terms
    assert not isinstance(left, datetime) or (left.tzinfo is None) == (right.tzinfo is None)
    return _sign(left, right)
