"""Making, naming and describing tables; queries in all their forms; what counters and elements do."""

from decimal import Decimal
from enum import IntEnum
from typing import Any, NamedTuple, TypeAlias

import pytest

from matchspec import (
    ANY,
    BINDINGS,
    NO_MATCH,
    ROW,
    SKIP,
    Atom,
    CheckError,
    V,
)
from runtime import BadArg, ets, self_
from runtime.storage import Kind

Value: TypeAlias = Any
AnyTable: TypeAlias = ets.Table[Any]

KINDS: list[Kind] = ["set", "ordered_set", "bag", "duplicate_bag"]
ANY_KIND = pytest.mark.parametrize("kind", KINDS)


class User(NamedTuple):
    name: str
    age: int


# --- new, names, info -----------------------------------------------------------------------------------------------

WRONG_OPTIONS: list[tuple[dict[str, Value], str, str]] = [
    ({"name": 7}, "type", "name"),
    ({"name": None}, "type", "name"),
    ({"name": "x" * 256}, "system_limit", "name"),
    ({"type": "heap"}, "option", "type"),
    ({"type": Atom("set")}, "option", "type"),
    ({"type": []}, "option", "type"),
    ({"keypos": 0}, "keypos", "keypos"),
    ({"keypos": -1}, "keypos", "keypos"),
    ({"keypos": True}, "keypos", "keypos"),
    ({"keypos": 1.0}, "keypos", "keypos"),
    ({"keypos": "name"}, "keypos", "keypos"),
    ({"keypos": 3, "row": User}, "keypos", "keypos"),
    ({"keypos": "nam", "row": User}, "keypos", "keypos"),
    ({"access": "open"}, "option", "access"),
    ({"named_table": 1}, "option", "named_table"),
    ({"heir": "me"}, "option", "heir"),
    ({"heir": ("me", 1)}, "option", "heir"),
    ({"heir": (self_(), 1, 2)}, "option", "heir"),
    ({"write_concurrency": "maybe"}, "option", "write_concurrency"),
    ({"write_concurrency": 1}, "option", "write_concurrency"),
    ({"read_concurrency": "auto"}, "option", "read_concurrency"),
    ({"decentralized_counters": 0}, "option", "decentralized_counters"),
    ({"compressed": None}, "option", "compressed"),
    ({"row": dict}, "type", "row"),
]


@pytest.mark.parametrize(("options", "cause", "argument"), WRONG_OPTIONS)
def test_wrong_options(options: dict[str, Value], cause: str, argument: str) -> None:
    before = len(ets.all())
    with pytest.raises(BadArg) as caught:
        ets.new(**{"name": "t", "named_table": True, **options})
    assert (caught.value.cause, caught.value.argument) == (cause, argument)
    assert caught.value.allowed
    assert len(ets.all()) == before
    assert ets.whereis("t") is None


def test_info_is_erlangs_in_order() -> None:
    table = ets.new("t", type="bag", keypos=2, access="public", compressed=True, read_concurrency=True)
    table.insert((1, "a"))
    info = table.info()
    assert info is not None
    assert list(info) == [
        *("id", "decentralized_counters", "read_concurrency", "write_concurrency", "compressed", "memory", "owner"),
        *("heir", "name", "size", "node", "named_table", "type", "keypos", "protection"),
    ]
    assert info["memory"] > 0
    del info["memory"]
    assert list(info.values()) == [
        *(table.id, False, True, False, True, self_(), None, "t", 1, Atom("nonode@nohost"), False, "bag", 2, "public"),
    ]
    assert [table.info(item) for item in info] == list(info.values())
    assert (table.info("binary"), table.info("fixed"), table.info("safe_fixed"), table.info("stats")) == (
        *([], False, False, False),
    )
    with table.fixed():
        since, who = table.info("safe_fixed")
        assert since > 0
        assert who == [(self_(), 1)]
        assert table.info("safe_fixed_monotonic_time")[1] == who
    with pytest.raises(BadArg) as caught:
        table.info("colour")
    assert caught.value.cause == "option"
    table.drop()
    assert table.info() is None
    assert table.info("colour") is None


def test_memory_grows_with_rows() -> None:
    table = ets.new("t")
    empty = table.info("memory")
    table.insert([(n, "x" * 100) for n in range(100)])
    assert table.info("memory") > empty + 100 * 100 // 8


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, False),
        ({"write_concurrency": True}, False),
        ({"write_concurrency": "auto"}, True),
        ({"write_concurrency": True, "type": "ordered_set"}, True),
        ({"write_concurrency": "auto", "decentralized_counters": False}, False),
    ],
)
def test_decentralized_counters_default_as_in_erlang(options: dict[str, Value], expected: bool) -> None:
    assert ets.new("t", **options).info("decentralized_counters") is expected


def test_private_tables_report_no_concurrency() -> None:
    table = ets.new("t", access="private", write_concurrency=True, read_concurrency=True)
    assert (table.info("write_concurrency"), table.info("read_concurrency")) == (False, False)


def test_named_tables() -> None:
    table = ets.new("here", named_table=True)
    assert ets.whereis("here") is table
    assert ets.whereis(Atom("here")) is table
    with pytest.raises(BadArg) as caught:
        ets.new(Atom("here"), named_table=True)
    assert caught.value.cause == "already_exists"
    other = ets.new("here")  # unnamed tables may share a name
    assert other is not table
    assert table in ets.all() and other in ets.all()
    other.drop()
    assert ets.whereis("here") is table
    table.drop()
    assert ets.whereis("here") is None
    assert table not in ets.all()
    with pytest.raises(BadArg):
        ets.whereis(7)  # type: ignore[call-overload]


def test_rename() -> None:
    table = ets.new("old", named_table=True)
    taken = ets.new("taken", named_table=True)
    assert table.rename("new") == "new"
    assert ets.whereis("old") is None
    assert ets.whereis("new") is table
    for name, cause in (("taken", "already_exists"), ("new", "already_exists"), (5, "type")):
        with pytest.raises(BadArg) as caught:
            table.rename(name)  # type: ignore[arg-type]
        assert caught.value.cause == cause
        assert table.info("name") == "new"
    unnamed = ets.new("u")
    assert unnamed.rename(Atom("taken")) == Atom("taken")
    assert unnamed.info("name") == Atom("taken")
    assert ets.whereis("taken") is taken


def test_setopts() -> None:
    table = ets.new("t")
    assert table.setopts() is True
    assert table.info("protection") == "protected"
    assert table.setopts(access="private") is True
    assert table.info("protection") == "private"
    with pytest.raises(BadArg) as caught:
        table.setopts(access="free")  # type: ignore[call-overload]
    assert caught.value.cause == "option"


def test_repr() -> None:
    table = ets.new("users", User)
    table.insert(User("ann", 1))
    assert repr(table) == "<Table users: set, 1 rows of User>"
    table.drop()
    assert repr(table) == "<Table users: set, dropped>"


# --- queries --------------------------------------------------------------------------------------------------------


@ANY_KIND
def test_the_same_query_in_all_forms(kind: Kind) -> None:
    table = ets.new("t", type=kind)
    table.insert([("ann", 31), ("bob", 17), ("eve", 60)])
    raw = [((V(1), V(2)), [(Atom(">"), V(2), 18)], [V(1)])]
    limit = 18
    queries: list[Value] = [
        raw,
        "[{{'$1','$2'},[{'>','$2',18}],['$1']}]",
        "fun({Name, Age}) when Age > 18 -> Name end",
        "fun do {name, age} when age > 18 -> name end",
        lambda name, age: name if age > limit else SKIP,
        lambda row: row[0] if row[1] > limit else SKIP,
    ]
    for query in queries:
        assert sorted(table.select(query)) == ["ann", "eve"]
    assert table.select_count([((ANY, V(1)), [(Atom(">"), V(1), 18)], [True])]) == 2
    assert table.select_count([((ANY, V(1)), [], [V(1)])]) == 0  # only True counts


def test_bound_keys_find_what_a_scan_finds() -> None:
    for kind in KINDS:
        table = ets.new("t", type=kind)
        table.insert([(n, n % 2) for n in range(20)] + [(1.0, "f"), (True, "b"), ("1", "s"), (Decimal(1), "d")])
        exactly = [((V(1), ANY), [(Atom("=:="), V(1), 1)], [ROW])]
        equal = [((V(1), ANY), [(Atom("=="), V(1), 1)], [ROW])]
        head: list[Any] = [((1, ANY), [], [ROW])]
        rows = table.tab2list()
        ints = [row for row in rows if type(row[0]) is int and row[0] == 1]
        numbers = [row for row in rows if type(row[0]) in {int, float} and row[0] == 1]
        assert repr(table.select(exactly)) == repr(table.select(head)) == repr(ints)
        assert repr(table.select(equal)) == repr(numbers)
        assert repr(table.match_object((1, ANY))) == repr(ints)
        python = [row for row in rows if row[0] == 1]
        assert repr(table.select(lambda key, value: (key, value) if key == 1 else SKIP)) == repr(python)


class Level(IntEnum):
    ONE = 1


def test_keys_that_python_finds_equal_to_numbers() -> None:
    table = ets.new("t")
    table.insert([(Level.ONE, "enum"), (1, "int"), (Decimal(1), "decimal"), (1.0, "float"), (True, "bool")])
    assert len(table) == 5
    assert table.lookup(1) == [(1, "int")]
    found = table.select(lambda key, name: name if key == 1 else SKIP)
    assert sorted(found) == sorted(name for key, name in table.tab2list() if key == 1)


def test_erlangs_functions_without_a_table() -> None:
    query = "fun({X, Y}) when X > 1 -> Y end"
    assert ets.test_ms((2, "a"), query) == "a"
    assert ets.test_ms((1, "a"), query) is False
    assert ets.match_spec_run([(1, 2), (3, 4), "x", (5, 6)], query) == [4, 6]
    compiled = ets.match_spec_compile(query)
    assert ets.is_compiled_ms(compiled) is True
    assert ets.is_compiled_ms(query) is False
    assert compiled.test((0, 0)) is NO_MATCH
    assert ets.fun2ms(query) == [((V(1), V(2)), [(Atom(">"), V(1), 1)], [V(2)])]
    assert ets.match_spec_run([(1, 2)], [((V(1), V(2)), [], [BINDINGS])]) == [[1, 2]]
    with pytest.raises(CheckError):
        ets.match_spec_compile([(ANY, [], [])])


# --- what the counters and elements do --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["set", "ordered_set"])
def test_update_counter_forms(kind: Kind) -> None:
    table = ets.new("t", type=kind)
    table.insert((5, 10, 20))
    assert table.update_counter(5, 3) == 13
    assert table.update_counter(5, (3, -20)) == 0
    assert table.update_counter(5, (2, 5, 15, 1)) == 1
    assert table.update_counter(5, (2, -5, -2, 7)) == 7
    assert table.update_counter(5, (2, 0, 5, 1)) == 1
    assert table.update_counter(5, [(2, 1), (3, 2), (2, 10)]) == [2, 2, 12]
    assert table.update_counter(5, []) == []
    assert table.lookup(5) == [(5, 12, 2)]
    assert table.update_counter(6, 2**70, (None, 1)) == 2**70 + 1
    assert table.update_counter(7, [], ("k", "v")) == []
    assert table.lookup(7) == [(7, "v")]
    if kind == "ordered_set":
        assert table.update_counter(5.0, 1) == 13
        assert repr(table.lookup(5.0)) == "[(5, 13, 2)]"


def test_update_element_forms() -> None:
    table = ets.new("t")
    table.insert((1, "a", "b"))
    assert table.update_element(1, (2, "c")) is True
    assert table.update_element(1, [(2, "d"), (3, "e"), (2, "f")]) is True
    assert table.lookup(1) == [(1, "f", "e")]
    assert table.update_element(1, []) is True
    assert table.update_element(2, []) is False
    assert table.update_element(2, (2, "x"), default=(0, "y", "z")) is True
    assert table.lookup(2) == [(2, "x", "z")]


def test_lookup_element_forms() -> None:
    table = ets.new("t", type="bag")
    table.insert((1, "a"))
    table.insert((1, "b"))
    assert table.lookup_element(1, 2) == ["a", "b"]
    assert table.lookup_element(2, 2, None) is None
    table.insert((1, "a", "longer"))
    with pytest.raises(BadArg):
        table.lookup_element(1, 3)


def test_init_table() -> None:
    table = ets.new("t", type="ordered_set")
    table.insert((0, "old"))
    asked: list[str] = []

    def last(what: str) -> Value:
        asked.append(f"last {what}")
        return Atom("end_of_input")

    def first(what: str) -> Value:
        asked.append(f"first {what}")
        return [(2, "b"), (1, "a")], last

    assert table.init_table(first) is True
    assert table.tab2list() == [(1, "a"), (2, "b")]
    assert asked == ["first read", "last read", "last close"]

    def failing(what: str) -> Value:
        asked.append(f"failing {what}")
        return [7], failing

    with pytest.raises(BadArg):
        table.init_table(failing)
    assert asked[-1] == "failing close"
    assert table.tab2list() == [(1, "a"), (2, "b")]
