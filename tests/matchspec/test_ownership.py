"""What a table has to copy: nothing that is immutable, everything that could be changed through another name."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from threading import Lock
from typing import Any, TypeAlias
from uuid import UUID

import pytest
from hypothesis import given

from matchspec import Atom, Bitstring, ImproperList, Pid, Ref, TermError, exactly_equal
from matchspec.maps import FrozenList, make_map
from matchspec.ownership import check_depth, is_immutable, own
from tests.strategies import Colour, Level, Point, terms

Value: TypeAlias = Any


@dataclass
class Box:
    content: Value


@given(terms)
def test_what_is_owned_is_the_same_term(term: Value) -> None:
    owned = own(term)
    assert type(owned) is type(term)
    if term == term:  # no NaN inside
        assert exactly_equal(owned, term)
    assert (owned is term) == is_immutable(term)


@given(terms)
def test_nothing_that_can_be_changed_is_shared(term: Value) -> None:
    assert not {id(part) for part in mutable_parts(own(term))} & {id(part) for part in mutable_parts(term)}


def mutable_parts(term: Value) -> list[Value]:
    """Every list and dict in a term that is not a key."""
    match term:
        case list():
            return [term, *[found for item in term for found in mutable_parts(item)]]
        case dict():
            return [term, *[found for value in term.values() for found in mutable_parts(value)]]
        case tuple():
            return [found for item in term for found in mutable_parts(item)]
        case ImproperList(items, tail):
            return mutable_parts((*items, tail))
    return []


IMMUTABLE: list[Value] = [
    *(1, 1.5, True, None, "a", b"a", Atom("a"), (), (1, ("a", 2.0)), Point(1, "a"), frozenset([1]), len),
    *(
        Bitstring(b"\x80", 1),
        ImproperList((1,), 2),
        Pid(),
        Ref(),
        date(2024, 1, 1),
        Decimal(1),
        UUID(int=1),
        Colour.RED,
        Level.LOW,
    ),
]


@pytest.mark.parametrize("term", IMMUTABLE)
def test_immutable_values_are_shared(term: Value) -> None:
    assert is_immutable(term)
    assert own(term) is term


@pytest.mark.parametrize(
    "term", [[], {}, ([],), Point(1, []), ImproperList((1,), {}), ImproperList(([],), 1), Box(1), {1}, bytearray()]
)
def test_mutable_values_are_copied(term: Value) -> None:
    assert not is_immutable(term)
    assert own(term) is not term
    assert type(own(term)) is type(term)
    assert own(term) == term


def test_identities_survive_the_copy_of_what_holds_them() -> None:
    pid, ref, function = Pid(), Ref(), lambda: 1
    copied = own([pid, ref, function, Atom("a"), Colour.RED])
    assert [a is b for a, b in zip(copied, [pid, ref, function, Atom("a"), Colour.RED], strict=True)] == [True] * 5


def test_maps_keep_their_kinds_of_keys() -> None:
    mapping = make_map([([1], "list"), (1, "int"), (1.0, "float")])
    copied = own(mapping)
    assert exactly_equal(copied, mapping)
    assert {type(key) for key in copied} == {type(key) for key in mapping}
    assert any(isinstance(key, FrozenList) for key in copied)


def test_what_cannot_be_copied_is_refused() -> None:
    with pytest.raises(TermError, match="cannot be copied"):
        own([Lock()])


def test_depth_is_limited() -> None:
    endless: list[Value] = []
    endless.append((1, {1: endless}))
    pairs: Value = ()
    for _ in range(3000):
        pairs = (pairs,)
    for term in (endless, (endless,), {1: endless}, ImproperList((endless,), 1), pairs):
        for action in (own, check_depth):
            with pytest.raises(TermError, match="nested"):
                action(term)
