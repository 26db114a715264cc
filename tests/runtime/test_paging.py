"""`select_iter` in the order of columns, page by page, against Python's own sorting."""

import random
from collections.abc import Callable
from functools import cmp_to_key
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

import pytest

from matchspec import SKIP
from runtime import BadArg, ets
from runtime.storage import KINDS, Kind
from tests.oracle import order

Value: TypeAlias = Any


class User(NamedTuple):
    id: int
    name: str
    age: int


def people() -> list[User]:
    draw = random.Random(2)
    return [User(n, draw.choice(["ann", "bob", "eve"]), draw.randrange(20)) for n in draw.sample(range(500), 200)]


Keys: TypeAlias = list[tuple[Value, Callable[[User], Any]]]
KEYS: Keys = [
    ("age", lambda u: u.age),
    (3, lambda u: u.age),
    ("id", lambda u: u.id),
    (["name", "age"], lambda u: (u.name, u.age)),
    (("age", "name", "id"), lambda u: (u.age, u.name, u.id)),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reverse", [False, True])
def test_order_and_pages(kind: Kind, reverse: bool) -> None:
    table = ets.new("t", User, type=kind, keypos="id")
    table.insert(people()[::-1] if kind == "bag" else people())
    adults = [u for u in table if u.age >= 5]
    for order_by, key in KEYS:
        expected = [u.name for u in sorted(adults, key=key, reverse=reverse)]
        for limit, offset in ((None, 0), (10, 0), (10, 20), (0, 3), (1000, 5), (None, 150), (5, 1000), (60, 60)):
            found = table.select_iter(
                lambda u: u.name if u.age >= 5 else SKIP, order_by=order_by, reverse=reverse, limit=limit, offset=offset
            )
            assert list(found) == expected[offset:][:limit], (order_by, limit, offset)


def test_columns_of_all_kinds_of_terms() -> None:
    values: list[Value] = [3, 1.5, None, "b", "a", b"a", (2, 1), (1,), [], [1], {}, True, 2**70, -1]
    table = ets.new("t")
    table.insert([(n, value) for n, value in enumerate(values)])
    table.insert((99,))
    expected = sorted(values, key=cmp_to_key(order))
    found = list(table.select_iter(lambda row: row, order_by=2))
    assert found[0] == (99,)  # a row without the column comes first
    assert repr([row[1] for row in found[1:]]) == repr(expected)


def test_without_an_order() -> None:
    for kind in KINDS:
        table = ets.new("t", type=kind)
        table.insert([(n,) for n in range(50)])
        every = table.select(lambda k: k)
        assert list(table.select_iter(lambda k: k, 7, limit=10, offset=5)) == every[5:15]
        assert list(islice(table.select_iter(lambda k: k, offset=45), 100)) == every[45:]
    ordered = ets.new("t", type="ordered_set")
    ordered.insert([(n,) for n in range(50)])
    assert list(ordered.select_iter("fun({K}) -> K end", 7, reverse=True, limit=3)) == [49, 48, 47]


def test_bad_arguments() -> None:
    table = ets.new("t", User)
    bad: list[tuple[dict[str, Value], str, str]] = [
        ({"order_by": "agee"}, "position", "order_by"),
        ({"order_by": 4}, "position", "order_by"),
        ({"order_by": ["age", 0]}, "position", "order_by"),
        ({"limit": -1}, "limit", "limit"),
        ({"limit": True}, "limit", "limit"),
        ({"offset": -1}, "limit", "offset"),
        ({"offset": 1.5}, "limit", "offset"),
        ({"chunk": 0}, "limit", "chunk"),
    ]
    for arguments, cause, argument in bad:
        with pytest.raises(BadArg) as caught:
            table.select_iter(lambda u: u.age, **arguments)
        assert (caught.value.cause, caught.value.argument) == (cause, argument)


def test_what_is_handed_out_is_a_copy() -> None:
    table = ets.new("t")
    table.insert((1, [1]))
    next(table.select_iter(lambda row: row, order_by=1))[1].append(2)
    assert table.lookup(1) == [(1, [1])]
