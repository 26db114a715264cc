"""Typed rows: what each kind of annotation admits, converts and refuses, and how a refusal reads."""

import math
from collections import namedtuple
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Any, Literal, NamedTuple, NewType, Optional, Protocol, TypeAlias, TypedDict, TypeVar, Union
from uuid import UUID

import pytest

from matchspec import Atom
from runtime import BadArg, ets
from runtime.fields import REFUSED
from runtime.rows import row_shape

Value: TypeAlias = Any
Annotation: TypeAlias = Any

UserId = NewType("UserId", int)
Bounded = TypeVar("Bounded", bound=str)


class Colour(Enum):
    RED = 1


class Level(IntEnum):
    LOW = 1


class Word(StrEnum):
    HI = "hi"


class Point(NamedTuple):
    x: float
    y: float = 0.0


class Node(NamedTuple):
    name: str
    next: "Node | None"


class Shape(TypedDict):
    side: int


class Walks(Protocol):
    def walk(self) -> None: ...


class Plain:
    """Neither hashable by value nor ordered."""


P = Point(1.0, 2.0)
NOW = datetime(2020, 7, 10, tzinfo=UTC)
DAY = date(2020, 7, 10)
UID = UUID(int=7)

ADMITTED: list[tuple[Annotation, Value]] = [
    (int, 1), (int, -(2**70)), (float, 1.5), (float, math.inf), (str, "x"), (bytes, b"x"), (bool, True), (None, None),
    (Atom, Atom("ok")), (Atom, True), (Atom, None), (date, DAY), (datetime, NOW), (Decimal, Decimal("1.5")), (UUID, UID),
    (Colour, Colour.RED), (Literal["a", 1, None], "a"), (Literal["a", 1, None], 1), (Literal["a", 1, None], None),
    (Literal[Colour.RED], Colour.RED), (Optional[int], None), (int | str, "x"), (Union[int, float], 1),
    (tuple[int, str], (1, "x")), (tuple[int, ...], ()), (tuple[int, ...], (1, 2)), (tuple[()], ()), (tuple, (1, "x")),
    (list[int], [1]), (list, ["x"]), (dict[str, int], {"a": 1}), (dict, {1: 2}), (set[int], {1}),
    (frozenset[str], frozenset("x")), (UserId, 1), (Bounded, "x"), (Point, P), (Node, Node("a", Node("b", None))),
    (Shape, {"side": 1}), (Any, object), (object, 1), (Callable[..., int], len), (type[int], int), (Plain, Plain()),
]  # fmt: skip

REFUSALS: list[tuple[Annotation, Value]] = [
    (int, True), (int, 1.0), (int, "1"), (int, None), (int, Level.LOW), (float, True), (float, "1"), (float, 10**400),
    (str, b"x"), (str, Atom("x")), (str, None), (str, Word.HI), (bytes, "x"), (bytes, bytearray(b"x")), (bool, 1),
    (bool, None), (None, False), (Atom, "ok"), (date, NOW), (datetime, DAY), (Decimal, 1), (Colour, 1),
    (Literal["a", 1, None], 1.0), (Literal["a", 1, None], True), (Literal["a", 1, None], "b"), (Optional[int], "x"),
    (tuple[int, str], (1,)), (tuple[int, str], ("x", 1)), (tuple[int, str], [1, "x"]), (tuple[int, ...], (1, "x")),
    (list[int], (1,)), (list[int], [1, "x"]), (dict[str, int], {"a": "b"}), (dict[str, int], {1: 1}), (set[int], {"x"}),
    (UserId, "1"), (Bounded, 1), (Point, (1.0, "y")), (Point, (1.0, 2.0, 3.0)), (Node, ("a", ("b", 3))), (Shape, []),
    (Plain, 1), (Callable[..., int], 3), (type[int], 3),
]  # fmt: skip

CONVERSIONS: list[tuple[Annotation, Value, Value]] = [
    (float, 1, 1.0),
    (float | None, 2, 2.0),
    (tuple[float, ...], (1, 2.5), (1.0, 2.5)),
    (tuple[str, float], ("x", 1), ("x", 1.0)),
    (list[float], [1], [1.0]),
    (dict[str, float], {"a": 1}, {"a": 1.0}),
    (Point, (1, 2), Point(1.0, 2.0)),
    (Point, Point(1, 2), Point(1.0, 2.0)),
    (Node, ("a", ("b", None)), Node("a", Node("b", None))),
]


def one_field(annotation: Annotation) -> Value:
    return NamedTuple("Row", [("field", annotation)])


def stored(annotation: Annotation, value: Value) -> Value:
    found = row_shape(one_field(annotation)).convert_or_refuse((value,))
    return found if found is REFUSED else found[0]  # type: ignore[index]  # it is a row


@pytest.mark.parametrize(("annotation", "value"), ADMITTED)
def test_admitted_as_they_are(annotation: Annotation, value: Value) -> None:
    assert stored(annotation, value) is value


@pytest.mark.parametrize(("annotation", "value"), REFUSALS)
def test_refused(annotation: Annotation, value: Value) -> None:
    assert stored(annotation, value) is REFUSED
    table = ets.new("t", one_field(annotation), keypos="field")
    with pytest.raises(BadArg, match="field 'field' is ") as caught:
        table.insert((value,))
    assert caught.value.cause == "type"
    assert len(table) == 0
    table.drop()


@pytest.mark.parametrize(("annotation", "value", "expected"), CONVERSIONS)
def test_converted(annotation: Annotation, value: Value, expected: Value) -> None:
    found = stored(annotation, value)
    assert repr(found) == repr(expected)
    assert type(found) is type(expected)


def test_floats_stay_what_they_are() -> None:
    assert math.isnan(stored(float, math.nan))
    assert repr(stored(float, -0.0)) == "-0.0"


@pytest.mark.parametrize("annotation", ["NoSuchName", Walks, 7, [int]])
def test_annotations_that_cannot_be_checked(annotation: Annotation) -> None:
    with pytest.raises(BadArg) as caught:
        ets.new("t", one_field(annotation))
    assert caught.value.cause == "type"
    assert caught.value.argument == "row"


@pytest.mark.parametrize("row", [int, "User", (int, str), [int], Plain, dict[str, int]])
def test_what_is_no_row_type(row: Value) -> None:
    with pytest.raises(BadArg, match="NamedTuple") as caught:
        ets.new("t", row)
    assert caught.value.cause == "type"


class User(NamedTuple):
    name: str
    age: int
    score: float = 0.0


def test_rows_become_the_row_type() -> None:
    table = ets.new("users", User, keypos="name")
    table.insert([User("ann", 31), ("bob", 20, 1)])  # type: ignore[list-item]  # a plain tuple is converted
    rows = table.tab2list()
    assert rows == [User("ann", 31, 0.0), User("bob", 20, 1.0)]
    assert [type(row) for row in rows] == [User, User]
    assert table.select(lambda u: u.score) == [0.0, 1.0]
    assert table.lookup_element("bob", "age") == 20
    assert table.update_element("bob", ("score", 3)) is True
    assert repr(table.lookup_element("bob", 3)) == "3.0"
    assert table.update_counter("bob", ("age", 2)) == 22
    assert type(table.lookup("bob")[0]) is User
    assert table.update_counter("eve", ("age", 1), ("", 0, 0)) == 1
    assert table.lookup("eve") == [User("eve", 1, 0.0)]
    table.drop()


WRONG_ROWS: list[tuple[Value, str]] = [
    (("ann", 31), "User has 3 fields, this has 2"),
    (("ann", 31, 0.0, 1), "User has 3 fields, this has 4"),
    (("ann", "31", 0.0), "field 'age' is int, not str '31'"),
    ((None, 31, 0.0), "field 'name' is str, not None"),
    (Point(1.0, 2.0), "expected is User or a plain tuple"),
    ((), "this row has 0"),
    (["ann", 31, 0.0], "type"),
    ("ann", "a row, which is a tuple"),
]


@pytest.mark.parametrize(("row", "message"), WRONG_ROWS)
def test_wrong_rows_change_nothing(row: Value, message: str) -> None:
    table = ets.new("users", User)
    table.insert(User("ann", 1))
    for insert in (table.insert, table.insert_new):
        with pytest.raises(BadArg) as caught:
            insert(row)
        assert caught.value.cause == "type"
        if message != "type":
            assert message in str(caught.value)
        assert str(caught.value).startswith("table users: row is ")
        with pytest.raises(BadArg):
            insert([User("bob", 2), row])
    assert table.tab2list() == [User("ann", 1)]
    table.drop()


def test_updates_are_checked() -> None:
    table = ets.new("users", User)
    table.insert(User("ann", 1))
    updates: list[Callable[[], Value]] = [
        lambda: table.update_element("ann", ("age", "old")),
        lambda: table.update_element("ann", [("score", 1.0), ("age", None)]),
        lambda: table.update_counter("ann", ("score", 1)),
        lambda: table.update_counter("bob", ("age", 1), ("x", "y", 0.0)),
        lambda: table.update_element("bob", ("age", 1), ("x", 1)),  # type: ignore[func-returns-value, unused-ignore]
        lambda: table.select_replace([(("$1", "$2", "$3"), [], [])]),
    ]
    for update in updates:
        with pytest.raises(ValueError):
            update()
        assert table.tab2list() == [User("ann", 1)]
    table.drop()


def test_positions_by_name() -> None:
    table = ets.new("users", User)
    table.insert(User("ann", 1))
    with pytest.raises(BadArg, match="did you mean 'age'") as caught:
        table.lookup_element("ann", "aeg")
    assert caught.value.cause == "position"
    with pytest.raises(BadArg) as caught:
        ets.new("users", User, keypos="nmae")
    assert caught.value.cause == "keypos"
    table.drop()


def test_plain_tuple_types() -> None:
    pairs = ets.new("pairs", tuple[int, str])
    pairs.insert((1, "a"))
    with pytest.raises(BadArg, match="field 2 is str, not int 2"):
        pairs.insert((1, 2))  # type: ignore[arg-type]
    many = ets.new("many", tuple[int, ...], keypos=2)
    many.insert([(1, 2), (1, 2, 3)])
    with pytest.raises(BadArg):
        many.insert((1,))
    with pytest.raises(BadArg):
        many.insert((1, 2, "x"))  # type: ignore[arg-type]
    assert many.tab2list() == [(1, 2, 3)]
    for table in (pairs, many):
        table.drop()


def test_namedtuples_without_annotations() -> None:
    kind = namedtuple("kind", ["a", "b"])  # noqa: PYI024  # that is the case in point
    table: ets.Table[Any] = ets.new("t", kind)
    table.insert((1, object))
    assert table.lookup(1)[0].b is object
    table.drop()


def test_a_named_tuple_in_an_untyped_table_keeps_its_class() -> None:
    table = ets.new("t")
    table.insert(Point(1.0, 2.0))
    table.update_element(1.0, (2, 3.0))
    assert type(table.lookup(1.0)[0]) is Point
    table.drop()


def test_a_deep_chain_is_refused_not_followed() -> None:
    table = ets.new("t", Node)
    node: Value = None
    for _ in range(5000):
        node = ("x", node)
    with pytest.raises(BadArg, match="nested deeper") as caught:
        table.insert(node)
    assert caught.value.cause == "type"
    table.drop()
