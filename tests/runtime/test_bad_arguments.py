"""Every kind of bad argument is refused with its cause, and the table is as it was."""

import pickle
from collections.abc import Callable
from threading import Lock
from typing import Any, NamedTuple, TypeAlias

import pytest

from matchspec import (
    ANY,
    ROW,
    CheckError,
    EvalError,
    MatchSpecError,
    MatchSpecSyntaxError,
    V,
)
from runtime import BadArg, ets
from runtime.storage import Kind

Value: TypeAlias = Any
AnyTable: TypeAlias = ets.Table[Any]

KINDS: list[Kind] = ["set", "ordered_set", "bag", "duplicate_bag"]
ANY_KIND = pytest.mark.parametrize("kind", KINDS)


class User(NamedTuple):
    name: str
    age: int


Operation: TypeAlias = Callable[[Value], Value]  # of a table; what it does may well be wrong
DEEP: Value = []
for _ in range(300):
    DEEP = [DEEP]


def read_wrongly(what: str) -> Value:
    return "neither" if what == "read" else None


REFUSED: list[tuple[str, Operation]] = [
    ("type", lambda t: t.insert(7)),
    ("type", lambda t: t.insert("row")),
    ("type", lambda t: t.insert({(1, 2)})),
    ("keypos", lambda t: t.insert(())),
    ("keypos", lambda t: t.insert_new([(1, 2), ()])),
    ("type", lambda t: t.insert([(9, 9), [9, 9]])),
    ("type", lambda t: t.insert((9, DEEP))),
    ("type", lambda t: t.insert((9, Lock()))),  # cannot be copied
    ("type", lambda t: t.lookup(DEEP)),
    ("type", lambda t: t.delete_object([1, 2])),
    ("keypos", lambda t: t.delete_object(())),
    ("badkey", lambda t: t.lookup_element("no", 2)),
    ("position", lambda t: t.lookup_element(1, 0)),
    ("position", lambda t: t.lookup_element(1, 9)),
    ("position", lambda t: t.lookup_element(1, "name")),
    ("position", lambda t: t.lookup_element("no", 0, "default")),
    ("init_fun", lambda t: t.init_table(read_wrongly)),
    ("option", lambda t: t.safe_fixtable(1)),
    ("option", lambda t: t.info("colour")),
]
REFUSED_BY_SETS: list[tuple[str, Operation]] = [
    ("position", lambda t: t.update_element(1, (0, 1))),
    ("position", lambda t: t.update_element(1, (9, 1))),
    ("position", lambda t: t.update_element(1, [(2, 5), (9, 1)])),
    ("keypos", lambda t: t.update_element(1, (1, 1))),
    ("type", lambda t: t.update_element(1, 5)),
    ("type", lambda t: t.update_element(1, (2, 5, 6))),
    ("type", lambda t: t.update_element(1, (2, DEEP))),
    ("badkey", lambda t: t.update_counter("no", 1)),
    ("badkey", lambda t: t.update_counter("no", [])),
    ("type", lambda t: t.update_counter(1, 1.0)),
    ("type", lambda t: t.update_counter(1, True)),
    ("type", lambda t: t.update_counter(1, [5])),
    ("type", lambda t: t.update_counter(1, (2, 1, 3))),
    ("type", lambda t: t.update_counter(1, (2, 1, 3.0, 4))),
    ("type", lambda t: t.update_counter(1, (3, 1))),
    ("type", lambda t: t.update_counter(1, [(2, 1), (3, 1)])),
    ("position", lambda t: t.update_counter(1, (0, 1))),
    ("position", lambda t: t.update_counter(1, (9, 1))),
    ("keypos", lambda t: t.update_counter(1, (1, 1))),
    ("keypos", lambda t: t.update_counter("no", (2, 1), ())),
    ("type", lambda t: t.update_counter("no", (2, 1), "row")),
    ("type", lambda t: t.update_counter(1, (2, 1), "row")),
    ("position", lambda t: t.update_counter("no", (2, 1), ("k",))),
    ("query", lambda t: t.select_replace([((V(1), V(2), V(3)), [], [((V(2), V(1), V(3)),)])])),
    ("query", lambda t: t.select_replace([(V(1), [], [True])])),
]
REFUSED_BY_BAGS: list[tuple[str, Operation]] = [
    ("table_type", lambda t: t.update_element(1, (2, 1))),
    ("table_type", lambda t: t.update_counter(1, 1)),
]


def check_refused(table: AnyTable, cause: str, operation: Operation) -> None:
    table.insert([(1, 5, "x"), (2, 6, "y")])
    before = table.tab2list()
    with pytest.raises(BadArg) as caught:
        operation(table)
    error = caught.value
    assert error.cause == cause
    assert f"(cause: {cause})" in str(error)
    assert table.tab2list() == before
    assert table.check() == []
    copy = pickle.loads(pickle.dumps(BadArg(error.cause, error.argument, 1, error.allowed, error.table)))
    assert (copy.cause, copy.argument, copy.allowed) == (error.cause, error.argument, error.allowed)


@ANY_KIND
@pytest.mark.parametrize(("cause", "operation"), REFUSED)
def test_refused_by_all(kind: Kind, cause: str, operation: Operation) -> None:
    check_refused(ets.new("t", type=kind), cause, operation)


@pytest.mark.parametrize("kind", ["set", "ordered_set"])
@pytest.mark.parametrize(("cause", "operation"), REFUSED_BY_SETS)
def test_refused_by_sets(kind: Kind, cause: str, operation: Operation) -> None:
    check_refused(ets.new("t", type=kind), cause, operation)


@pytest.mark.parametrize("kind", ["bag", "duplicate_bag"])
@pytest.mark.parametrize(("cause", "operation"), REFUSED_BY_BAGS)
def test_refused_by_bags(kind: Kind, cause: str, operation: Operation) -> None:
    check_refused(ets.new("t", type=kind), cause, operation)


EVERY: list[Any] = [(ANY, [], [ROW])]
ALL_OPERATIONS: list[Operation] = [
    *(lambda t: t.insert((1,)), lambda t: t.insert_new((1,)), lambda t: t.lookup(1), lambda t: t.member(1)),
    *(lambda t: 1 in t, lambda t: t.lookup_element(1, 1), lambda t: t.take(1), lambda t: t.delete(1)),
    *(lambda t: t.delete_object((1,)), lambda t: t.delete_all_objects(), lambda t: t.update_element(1, (2, 1))),
    *(lambda t: t.update_counter(1, 1), lambda t: t.first(), lambda t: t.last(), lambda t: t.next(1)),
    *(lambda t: t.prev(1), lambda t: t.first_lookup(), lambda t: t.last_lookup(), lambda t: t.next_lookup(1)),
    *(lambda t: t.prev_lookup(1), lambda t: t.tab2list(), list, len, lambda t: t.foldl(lambda r, a: a, 0)),
    *(lambda t: t.foldr(lambda r, a: a, 0), lambda t: t.slot(0), lambda t: t.safe_fixtable(True)),
    *(lambda t: t.fixed().__enter__(), lambda t: t.init_table(lambda what: "end_of_input"), lambda t: t.match(ANY)),
    *(lambda t: t.match_object(ANY), lambda t: t.match_delete(ANY), lambda t: t.select(EVERY)),
    *(lambda t: t.select(EVERY, 1), lambda t: t.select_reverse(EVERY), lambda t: t.select_count(EVERY)),
    *(lambda t: t.select_delete(EVERY), lambda t: t.select_replace(EVERY), lambda t: t.select_iter(EVERY)),
    *(lambda t: t.rename("x"), lambda t: t.setopts(), lambda t: t.drop()),
]  # fmt: skip


@pytest.mark.parametrize("operation", ALL_OPERATIONS)
def test_nothing_works_on_a_dropped_table(operation: Operation) -> None:
    table = ets.new("gone")
    table.drop()
    with pytest.raises(BadArg) as caught:
        operation(table)
    assert caught.value.cause == "id"


BAD_QUERIES: list[tuple[type[MatchSpecError], Value]] = [
    (CheckError, [(ANY, [], [])]),
    (CheckError, [(ANY, [])]),
    (CheckError, [(ANY, [], [V(1)])]),
    (MatchSpecSyntaxError, "fun do {x} -> end"),
    (MatchSpecError, 7),
    (MatchSpecError, None),
]


@pytest.mark.parametrize(("error", "query"), BAD_QUERIES)
def test_bad_queries_raise_on_empty_tables_too(error: type[MatchSpecError], query: Value) -> None:
    table = ets.new("t")
    operations = (table.select, table.select_count, table.select_delete, table.select_replace, table.select_reverse)
    for operation in (*operations, table.select_iter):
        with pytest.raises(error):
            operation(query)


def test_a_failing_body_replaces_nothing() -> None:
    table = ets.new("t", type="ordered_set")
    table.insert([(1, 1), (2, "x"), (3, 3)])
    before = table.tab2list()
    with pytest.raises(EvalError):
        table.select_replace("fun({K, N}) -> {K, N + 1} end")
    with pytest.raises(EvalError):
        table.select_replace(lambda k, n: (k, n + 1))
    assert table.tab2list() == before
    assert table.select_replace("fun({K, N}) when is_integer(N) -> {K, N + 1} end") == 2
    assert table.tab2list() == [(1, 2), (2, "x"), (3, 4)]
