"""Specs and what they are made of can be copied and pickled, in either build."""

import copy
import pickle
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import pytest
from hypothesis import given

from matchspec import SKIP, MatchSpecError, spec
from matchspec.terms import exact_key
from tests.strategies import rows_and_specs

Value: TypeAlias = Any
Copier: TypeAlias = Callable[[Value], Value]

COPIERS: list[Copier] = [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))]


class User(NamedTuple):
    name: str
    age: int


@given(rows_and_specs)
def test_a_copy_of_a_raw_spec_is_the_same_spec(pair: tuple[Value, Value]) -> None:
    row, raw = pair
    try:
        original = spec(raw)
        expected = original.test(row)
    except MatchSpecError:
        return  # a few of them are refused
    for copier in COPIERS:
        copied = copier(original)
        assert copied == original
        assert copied.to_term() == original.to_term()
        assert exact_key(copied.test(row)) == exact_key(expected)


@pytest.mark.parametrize("copier", COPIERS)
def test_a_copy_of_a_lambda_remembers_its_row_type_and_its_text(copier: Copier) -> None:
    limit = 18
    original = spec(lambda u: u.name if u.age > limit else SKIP, row=User)
    rows = [User("Ada", 36), User("Bob", 17)]
    assert original.run(rows) == ["Ada"]
    copied = copier(original)
    assert copied == original
    assert copied.run(rows) == ["Ada"]
    assert (copied.row_type, copied.raises, copied.language) == (User, True, "python")
    assert copied.source == original.source
    assert copied.source is not None
