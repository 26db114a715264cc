"""Maps over dicts: exact keys of every kind, found and kept apart, hashable and unchangeable."""

import copy
import pickle
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchspec import Atom, ImproperList, TermError, exactly_equal
from matchspec.maps import FrozenDict, FrozenList, KeyFloat, KeyInt, fetch, frozen, make_map
from tests.naive_terms import same
from tests.strategies import Level, erlang_terms

Value: TypeAlias = Any

# Keys of which Python takes many for equal.
close_keys: st.SearchStrategy[Value] = st.recursive(
    st.sampled_from([0, 1, 0.0, -0.0, 1.0, True, False, "1", b"1", Atom("1"), None]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.lists(inner, max_size=2).map(tuple)
        | st.tuples(inner, st.sampled_from([1, True, 1.0])).map(lambda pair: make_map([pair]))
        | st.sampled_from([1, 1.0, True]).map(lambda tail: ImproperList((1,), tail))
    ),
    max_leaves=4,
)
entries = st.lists(st.tuples(close_keys | erlang_terms, st.integers()), max_size=6)


def last_of_each(pairs: list[tuple[Value, Value]]) -> list[tuple[Value, Value]]:
    """The pairs whose key does not come again."""
    return [pair for i, pair in enumerate(pairs) if not any(same(pair[0], later) for later, _ in pairs[i + 1 :])]


@given(entries)
def test_a_map_has_every_key_exactly_once(pairs: list[tuple[Value, Value]]) -> None:
    mapping = make_map(pairs)
    wanted = last_of_each(pairs)
    assert len(mapping) == len(wanted)
    for key, value in wanted:
        assert fetch(mapping, key, None) == value
        assert any(same(key, known) and value == found for known, found in mapping.items())


@given(entries, close_keys)
def test_a_key_is_found_only_exactly(pairs: list[tuple[Value, Value]], key: Value) -> None:
    mapping = make_map(pairs)
    wanted = [value for known, value in last_of_each(pairs) if same(known, key)]
    assert fetch(mapping, key, "missing") == (wanted[0] if wanted else "missing")


@given(entries)
def test_copies_of_maps_are_the_same_maps(pairs: list[tuple[Value, Value]]) -> None:
    mapping = make_map(pairs)
    for other in (copy.deepcopy(mapping), make_map(reversed(list(mapping.items())))):
        assert exactly_equal(other, mapping)
        for key, value in mapping.items():
            assert fetch(other, key, None) == value


@given(close_keys, close_keys)
def test_frozen_keys_are_equal_just_when_the_terms_are(left: Value, right: Value) -> None:
    keys = [frozen(left), frozen(right)]
    assert exactly_equal(keys[0], left)
    if isinstance(keys[0], (FrozenList, FrozenDict)) and type(keys[0]) is type(keys[1]):
        assert (keys[0] == keys[1]) == same(left, right)
        assert (keys[0] != keys[1]) != same(left, right)
        if same(left, right):
            assert hash(keys[0]) == hash(keys[1])


def test_a_plain_dict_is_left_plain() -> None:
    mapping = make_map([(1, "a"), ("b", 2), (Atom("c"), 3), (1, "again")])
    assert {type(key) for key in mapping} == {int, str, Atom}
    assert mapping == {1: "again", "b": 2, Atom("c"): 3}


def test_numbers_that_python_conflates() -> None:
    mapping = make_map([(True, "b"), (1, "i"), (1.0, "f"), ((True,), "tb"), ((1,), "ti"), ((1.0,), "tf")])
    assert len(mapping) == 6
    assert [mapping[key] for key in (1, 1.0, True)] == ["i", "f", "b"]
    assert [fetch(mapping, key, None) for key in ((1,), (1.0,), (True,))] == ["ti", "tf", "tb"]
    assert KeyInt(1) == 1
    assert KeyInt(1) != 1.0
    assert KeyInt(1) != Level.LOW
    assert KeyFloat(1.0) != 1
    assert (KeyFloat(1.0) == 1.0, KeyFloat(0.5) + 1) == (True, 1.5)


def test_keys_of_foreign_types_that_cannot_be_told_apart_are_refused() -> None:
    assert len(make_map([(Decimal(1), 1), (1, 2), (1.0, 3)])) == 3
    for other in (Fraction(1), True):
        with pytest.raises(TermError, match="apart"):
            make_map([(Decimal(1), 1), (other, 2)])


class Stubborn:
    """Equal to nothing but its like, and says so to strangers instead of letting them speak."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stubborn) and other.number == self.number

    def __hash__(self) -> int:
        return hash(self.number)


def test_keys_with_objects_inside_are_found() -> None:
    mapping: dict[Value, Value] = {(Stubborn(1), 1): "here"}
    assert fetch(mapping, (Stubborn(1), 1), None) == "here"
    assert fetch(mapping, (Stubborn(1), 1.0), None) is None
    assert fetch(mapping, (Stubborn(2), 1), None) is None


def test_lists_and_dicts_as_keys_cannot_be_changed() -> None:
    items, mapping = FrozenList([1, [2]]), FrozenDict({1: 2})
    assert items == [1, [2]]
    assert mapping == {1: 2}
    changes: list[Callable[[], Value]] = [
        *(lambda: items.append(1), items.sort, lambda: items.__setitem__(0, 1), items.clear),
        *(
            lambda: mapping.update({}),
            lambda: mapping.__setitem__(1, 1),
            lambda: mapping.__delitem__(1),
            mapping.popitem,
        ),
    ]
    for change in changes:
        with pytest.raises(TypeError, match="key of a map"):
            change()
    assert pickle.loads(pickle.dumps(items)) == items
    assert type(copy.deepcopy(mapping)) is FrozenDict


def test_keys_nested_too_deeply_are_refused() -> None:
    endless: list[Value] = []
    endless.append(endless)
    with pytest.raises(TermError, match="nested"):
        make_map([(endless, 1)])
    with pytest.raises(TermError, match="nested"):
        fetch({1: 2}, endless, None)


def test_lookups_do_not_walk_through_the_map() -> None:
    calls = 0

    class Counting:
        def __init__(self, number: int) -> None:
            self.number = number

        def __hash__(self) -> int:
            return hash(self.number)

        def __eq__(self, other: object) -> bool:
            nonlocal calls
            calls += 1
            return NotImplemented

    mapping: dict[Value, Value] = {Counting(number): number for number in range(1000)}
    mapping |= {number: number for number in range(1000, 2000)}
    calls = 0
    assert [fetch(mapping, number, None) for number in range(1000, 2000)] == list(range(1000, 2000))
    assert calls < 100
