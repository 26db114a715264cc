"""Keys of every kind, rows that hold mutable values, and keys whose comparisons run code of their own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple, TypeAlias

import pytest

from matchspec import ANY, ROW, Atom, V
from runtime import BadArg, ets
from runtime.storage import Kind

Value: TypeAlias = Any
AnyTable: TypeAlias = ets.Table[Any]

KINDS: list[Kind] = ["set", "ordered_set", "bag", "duplicate_bag"]
ANY_KIND = pytest.mark.parametrize("kind", KINDS)
EVERY: list[Any] = [(ANY, [], [ROW])]
Operation: TypeAlias = Callable[[Value], Value]  # of a table


class User(NamedTuple):
    name: str
    age: int


@ANY_KIND
def test_unhashable_keys(kind: Kind) -> None:
    table = ets.new("t", type=kind)
    table.insert([([1], "list"), ({"a": [1]}, "dict"), ((1, [2]), "tuple"), (date(2020, 7, 10), "date")])
    assert table.lookup([1]) == [([1], "list")]
    assert table.lookup({"a": [1]}) == [({"a": [1]}, "dict")]
    assert table.lookup((1, [2])) == [((1, [2]), "tuple")]
    assert table.member([1.0]) is (kind == "ordered_set")
    assert len(table) == 4
    table.delete({"a": [1]})
    assert len(table) == 3


@dataclass
class Box:
    items: list[int] = field(default_factory=list)


@ANY_KIND
def test_nobody_changes_a_table_through_an_alias(kind: Kind) -> None:
    table = ets.new("t", type=kind)
    mine = ([1], {"a": [2]}, Box([3]))
    table.insert(mine)
    expected = repr(mine)

    def unchanged() -> None:
        assert repr(table.lookup([1])) == f"[{expected}]"
        assert table.check() == []

    mine[0].append(9)
    mine[1]["a"].append(9)
    mine[2].items.append(9)
    unchanged()
    handed_out: list[Value] = [
        *(table.lookup([1])[0], table.tab2list()[0], table.match_object(ANY)[0], table.select(EVERY)[0]),
        *(next(iter(table)), table.first_lookup()[1][0], table.slot(0)[0], list(table.select_iter(EVERY))[0]),  # type: ignore[index]
        *(table.foldl(lambda row, acc: row, ()), table.select(EVERY, 1)[0][0]),  # type: ignore[index]
    ]
    for row in handed_out:
        row[0].append(9)
        row[1]["a"].append(9)
        row[2].items.append(9)
        unchanged()
    table.first().append(9)
    unchanged()
    for value in (
        table.select([((ANY, V(1), ANY), [], [V(1)])])[0]["a"],
        table.match((V(1), ANY, ANY))[0][0],
        (table.lookup_element([1], 1) if kind in {"set", "ordered_set"} else table.lookup_element([1], 1)[0]),
    ):
        value.append(9)
        unchanged()
    if kind in {"set", "ordered_set"}:
        mutable = [7]
        table.update_element([1], (3, mutable))
        mutable.append(8)
        assert table.lookup_element([1], 3) == [7]
        table.select_replace([((V(1), V(2), ANY), [], [((V(1), V(2), [V(1)]),)])])
        assert table.lookup_element([1], 3) == [[1]]


def test_immutable_rows_are_shared() -> None:
    table = ets.new("t")
    row = (1, "a", (2, frozenset([3])))
    table.insert(row)
    assert table.lookup(1)[0] is row
    assert table.tab2list()[0] is row


class Touchy:
    """Compares by running code of a test's choice."""

    act: Callable[[], object] = staticmethod(lambda: None)

    def __init__(self, value: int) -> None:
        self.value = value

    def __deepcopy__(self, memo: object) -> "Touchy":
        return self

    def __hash__(self) -> int:
        return 7

    def __eq__(self, other: object) -> bool:
        Touchy.act()
        return isinstance(other, Touchy) and self.value == other.value

    def __lt__(self, other: "Touchy") -> bool:
        Touchy.act()
        return self.value < other.value


@pytest.fixture
def touchy() -> Iterator[type[Touchy]]:
    yield Touchy
    Touchy.act = staticmethod(lambda: None)


@ANY_KIND
def test_comparisons_that_write_do_no_harm(kind: Kind, touchy: type[Touchy]) -> None:
    table = ets.new("t", type=kind)
    table.insert([(Touchy(n), n) for n in range(8)])
    causes: list[str] = []

    def write() -> None:
        try:
            table.insert((object, 1))
            table.delete(object)
        except BadArg as error:
            causes.append(error.cause)

    touchy.act = staticmethod(write)
    table.insert((Touchy(3), "again"))
    table.insert([(Touchy(20), 1), (Touchy(21), 1)])
    table.delete(Touchy(5))
    table.match_delete((Touchy(6), ANY))
    table.select(EVERY)
    table.match_object((Touchy(2), ANY))
    table.next(Touchy(1))
    touchy.act = staticmethod(lambda: None)
    assert set(causes) == {"busy"}
    assert table.check() == []
    assert not table.member(object)


class Interrupted(BaseException):
    """As a KeyboardInterrupt may come at any moment; comparisons that raise an Exception have an order by their repr."""


@ANY_KIND
@pytest.mark.parametrize("after", range(12))
def test_comparisons_that_raise_change_nothing(kind: Kind, after: int, touchy: type[Touchy]) -> None:
    table = ets.new("t", type=kind)
    table.insert([(Touchy(n), n) for n in range(4)])
    before = [(row[0].value, row[1]) for row in table.tab2list()]
    calls = 0

    def fail() -> None:
        nonlocal calls
        calls += 1
        if calls > after:
            touchy.act = staticmethod(lambda: None)
            raise Interrupted

    operations: list[Operation] = [
        lambda t: t.insert([(Touchy(9), 9), (Touchy(2), "new"), (Touchy(10), 10)]),
        lambda t: t.insert((Touchy(11), 11)),
        lambda t: t.select_delete([((ANY, V(1)), [(Atom(">"), V(1), 1)], [True])]),
    ]
    for operation in operations:
        calls = 0
        touchy.act = staticmethod(fail)
        try:
            operation(table)
        except Interrupted:
            rows = [(row[0].value, row[1]) for row in table.tab2list()]
            assert sorted(map(repr, rows)) == sorted(map(repr, before))
        else:
            touchy.act = staticmethod(lambda: None)
            before = [(row[0].value, row[1]) for row in table.tab2list()]
        touchy.act = staticmethod(lambda: None)
        assert table.check() == []
