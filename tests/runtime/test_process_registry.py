"""Registries, and the names that they give. Expected is what Elixir 1.14 on OTP 25 answers, or what a list says."""

import random
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from grammar.errors import MatchSpecError
from matchspec import SKIP
from matchspec.terms import exactly_equal
from matchspec.values import ANY, Atom, Pid, Term, V
from runtime import BadArg, Registry, Via, is_alive, self_
from runtime.exits import KILL, KILLED, NOPROC, SHUTDOWN, Exit
from runtime.monitor import DOWN, PROCESS
from runtime.process import exit, monitor, receive, register, send, sleep, spawn, spawn_link, unregister, whereis
from runtime.process_registry import REGISTER, UNREGISTER, Keys
from runtime.simulator import Simulation
from runtime.task import Task
from tests.runtime.supervised import BOOM, READY, SEEDS, crash, must, reason_in, trapping


@pytest.fixture(params=SEEDS)
def time(request: pytest.FixtureRequest) -> Iterator[Simulation]:
    with trapping(request.param) as simulated:
        yield simulated


@pytest.fixture
def unique(time: Simulation) -> Iterator[Registry]:
    with Registry.start_link(name="u") as registry:
        yield registry
        assert registry.check() == []


@pytest.fixture
def duplicate(time: Simulation) -> Iterator[Registry]:
    with Registry.start_link(keys="duplicate", name="d") as registry:
        yield registry
        assert registry.check() == []


def obedient() -> None:
    """Does what it is sent."""
    while True:
        caller, work = receive()
        send(caller, ("did", self_(), work()))


def have(pid: Pid, work: Callable[[], Any]) -> Any:
    """Has an obedient process do something, and gives what comes of it."""
    send(pid, (self_(), work))
    return receive((Atom("_"), pid, Atom("_")))[2]


def registers(registry: Registry, key: Term, value: int) -> bool:
    """Whether the calling process could be registered under the key."""
    try:
        return registry.register(key, value)
    except BadArg:
        return False


# --- registering and looking up ---------------------------------------------------------------------------------------


def test_unique_keys(unique: Registry) -> None:
    assert unique.register("k", 1) is True
    assert unique.lookup("k") == [(self_(), 1)]
    with pytest.raises(BadArg) as raised:
        unique.register("k", 2)
    assert (raised.value.cause, raised.value.argument, raised.value.value) == ("already_exists", "key", "k")
    assert repr(self_()) in str(raised.value)
    assert have(spawn_link(obedient), lambda: registers(unique, "k", 2)) is False
    assert unique.lookup("k") == [(self_(), 1)]
    assert unique.count() == 1


def test_duplicate_keys(duplicate: Registry) -> None:
    for value in (1, 2, 1):
        duplicate.register("k", value)
    assert [value for _, value in duplicate.lookup("k")] == [1, 2, 1]
    assert duplicate.keys(self_()) == ["k", "k", "k"]
    assert duplicate.values("k", self_()) == [1, 2, 1]
    other = spawn_link(obedient)
    have(other, lambda: duplicate.register("k", 3))
    assert duplicate.lookup("k") == [(self_(), 1), (self_(), 2), (self_(), 1), (other, 3)]
    assert duplicate.values("k", other) == [3]
    assert duplicate.count() == 4


def test_keys_are_compared_exactly(unique: Registry) -> None:
    keys: list[Term] = [1, 1.0, True, "1", (1,), (1.0,), [1], {"a": 1}, None, Atom("a"), "a", b"a"]
    for number, key in enumerate(keys):
        unique.register(key, number)
    assert [unique.lookup(key)[0].value for key in keys] == list(range(len(keys)))
    shown = unique.keys(self_())
    assert len(shown) == len(keys)
    assert all([exactly_equal(one, other) for one, other in zip(shown, keys, strict=True)])


def test_a_key_that_is_changed_afterwards_stays_what_it_was(unique: Registry) -> None:
    key = [1]
    unique.register(key)
    key.append(2)
    assert unique.keys(self_()) == [[1]]
    assert len(unique.lookup([1])) == 1
    assert unique.lookup([1, 2]) == []


def test_values_are_passed_by_reference(unique: Registry) -> None:
    gate = threading.Lock()
    unique.register("k", gate)
    assert unique.lookup("k")[0].value is gate


def test_what_cannot_be_a_key(unique: Registry) -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(BadArg) as raised:
        unique.register(deep)
    assert (raised.value.cause, raised.value.argument) == ("type", "key")
    while deep:
        deep = deep[0]


def test_unregister(unique: Registry, duplicate: Registry) -> None:
    for registry in (unique, duplicate):
        registry.register("k", 1)
        assert registry.unregister("nobody's") is True
        other = spawn_link(obedient)
        assert have(other, lambda registry=registry: registry.unregister("k")) is True  # type: ignore[misc]  # a loop's
        assert len(registry.lookup("k")) == 1
        assert registry.unregister("k") is True
        assert registry.lookup("k") == registry.keys(self_()) == []
        assert registry.register("k", 2) is True
        assert registry.lookup("k") == [(self_(), 2)]


def test_unregister_takes_all_entries_of_the_caller_under_the_key(duplicate: Registry) -> None:
    other = spawn_link(obedient)
    have(other, lambda: duplicate.register("k", 1))
    for key in ("k", "l", "k"):
        duplicate.register(key, key)
    duplicate.unregister("k")
    assert duplicate.lookup("k") == [(other, 1)]
    assert duplicate.keys(self_()) == ["l"]


# --- matching ---------------------------------------------------------------------------------------------------------


def test_match(duplicate: Registry) -> None:
    for value in (1, 2, 1, ("a", 1), ("a", 2)):
        duplicate.register("k", value)
    me = self_()
    assert duplicate.match("k", 1) == [(me, 1), (me, 1)]
    assert duplicate.match("k", ("a", ANY)) == [(me, ("a", 1)), (me, ("a", 2))]
    assert duplicate.match("k", (V(1), V(2)), [(Atom(">"), V(2), 1)]) == [(me, ("a", 2))]
    assert duplicate.match("k", V(1), [(Atom("is_integer"), V(1))]) == [(me, 1), (me, 2), (me, 1)]
    assert duplicate.match("k", '{<<"a">>, _}') == duplicate.match("k", ("a", ANY))
    assert duplicate.match("nobody's", ANY) == []
    assert duplicate.count_match("k", 1) == 2
    assert duplicate.count_match("k", V(1), [(Atom(">"), V(1), 1)]) == 3  # tuples are greater than numbers
    with pytest.raises(MatchSpecError):
        duplicate.match("k", V(1), [(Atom("no_such_function"), V(1))])


def test_unregister_match(duplicate: Registry) -> None:
    for value in (1, 2, 1):
        duplicate.register("k", value)
    assert duplicate.unregister_match("k", 1) is True
    assert duplicate.lookup("k") == [(self_(), 2)]
    assert duplicate.unregister_match("k", V(1), [(Atom(">"), V(1), 2)]) is True
    assert duplicate.count() == 1
    duplicate.unregister_match("k", V(1), [(Atom(">"), V(1), 1)])
    assert duplicate.count() == 0


def test_select(unique: Registry) -> None:
    unique.register("k", 6)
    other = spawn_link(obedient)
    have(other, lambda: unique.register("a", Atom("val")))
    me = self_()
    assert unique.select([((V(1), ANY, V(2)), [], [((V(1), V(2)),)])]) == [("k", 6), ("a", Atom("val"))]
    assert unique.select(lambda key, pid, value: (key, value) if pid == me else SKIP) == [("k", 6)]
    assert unique.select("fun({K, P, V}) when V > 5, is_integer(V) -> {K, P} end") == [("k", me)]
    assert unique.select("fun do {k, p, v} when is_atom(v) -> p end") == [other]
    assert unique.count_select([((ANY, ANY, V(1)), [(Atom("=="), V(1), 6)], [True])]) == 1
    assert unique.count_select(lambda key, pid, value: pid == other) == 1
    assert unique.count_select(lambda key, pid, value: value) == 0


def test_dispatch(unique: Registry, duplicate: Registry) -> None:
    seen: list[Any] = []
    for registry in (unique, duplicate):
        assert registry.dispatch("nobody's", seen.append) is True
        registry.register("k", 1)
    duplicate.register("k", 2)
    unique.dispatch("k", lambda entries: seen.append((self_(), entries)))
    duplicate.dispatch("k", lambda entries: seen.extend([value for _, value in entries]))
    assert seen == [(self_(), [(self_(), 1)]), 1, 2]


def test_update_value(unique: Registry, duplicate: Registry) -> None:
    unique.register("k", 1)
    assert unique.update_value("k", lambda value: value + 5) == (6, 1)
    assert unique.lookup("k") == [(self_(), 6)]
    assert unique.update_value("nobody's", lambda value: value + 5) is None
    other = spawn_link(obedient)
    assert have(other, lambda: unique.update_value("k", lambda value: value + 5)) is None
    with pytest.raises(BadArg) as raised:
        duplicate.update_value("k", lambda value: value)
    assert raised.value.cause == "table_type"


def test_meta(unique: Registry) -> None:
    assert unique.meta("m") is None
    assert unique.meta("m", "default") == "default"
    assert unique.put_meta("m", 1) is True
    unique.put_meta(1, "int")
    unique.put_meta(1.0, "float")
    assert (unique.meta("m"), unique.meta(1), unique.meta(1.0), unique.meta(True)) == (1, "int", "float", None)
    assert unique.delete_meta("m") is True
    assert unique.delete_meta("m") is True
    assert unique.meta("m") is None
    assert unique.count() == 0


def test_listeners(time: Simulation) -> None:
    register("listener")
    registry = Registry.start_link(name="r", listeners=["listener", "nobody"])
    pid = spawn_link(obedient)
    have(pid, lambda: registry.register("k", 1))
    have(pid, lambda: registry.unregister("k"))
    have(pid, lambda: registry.register("l", 2))
    exit(pid, BOOM)
    changes = [receive((REGISTER, ANY, ANY, ANY, ANY)), receive((UNREGISTER, ANY, ANY, ANY))]
    changes.append(receive((REGISTER, ANY, ANY, ANY, ANY)))
    assert receive((UNREGISTER, ANY, ANY, ANY), timeout=1, default=None) is None
    unregister("listener")
    assert changes == [
        (REGISTER, "r", "k", pid, 1),
        (UNREGISTER, "r", "k", pid),
        (REGISTER, "r", "l", pid, 2),
    ]


def test_meta_from_the_start(time: Simulation) -> None:
    registry = Registry.start_link(meta={"a": 1, ("b", 2): None})
    assert [registry.meta(key, "none") for key in ("a", ("b", 2), "c")] == [1, None, "none"]


# --- ends -------------------------------------------------------------------------------------------------------------


def test_entries_go_before_anybody_hears_of_the_end(duplicate: Registry) -> None:
    pids = [spawn(obedient) for _ in range(10)]
    for pid in pids:
        have(pid, lambda: [duplicate.register(key, self_()) for key in ("k", "l", "k")])
    for number, pid in enumerate(pids, start=1):
        crash(pid)
        assert len(duplicate.lookup("k")) == 2 * (10 - number)
        assert duplicate.keys(pid) == []
        assert duplicate.check() == []
    assert duplicate.count() == 0


def test_a_key_is_free_when_its_process_has_ended(unique: Registry) -> None:
    first = spawn(obedient)
    have(first, lambda: unique.register("k", 1))
    exit(first, BOOM)
    assert unique.register("k", 2) is True
    assert unique.lookup("k") == [(self_(), 2)]


def test_the_registry_ends_with_its_parent_and_not_with_others(time: Simulation) -> None:
    made: list[Registry] = []

    def parent() -> None:
        made.append(Registry.start_link(name="r"))
        receive()

    pid = spawn(parent)
    sleep(1)
    (registry,) = made
    registry.register("k", 1)
    exit(registry.pid, BOOM)
    assert registry.count() == 1
    ref = monitor(registry.pid)
    crash(pid)
    assert receive((DOWN, ref, ANY, ANY, ANY)) == (DOWN, ref, PROCESS, registry.pid, BOOM)
    assert Registry.whereis("r") is None


@pytest.mark.parametrize("kill", [False, True])
def test_a_registry_that_has_ended(kill: bool, time: Simulation) -> None:
    registry = Registry.start_link()
    registry.register("k", 1)
    if kill:
        exit(registry.pid, KILL)
    else:
        assert registry.stop() is True
    for call in (
        lambda: registry.register("l", 1),
        lambda: registry.unregister("k"),
        lambda: registry.lookup("k"),
        lambda: registry.keys(self_()),
        lambda: registry.select(lambda key, pid, value: key),
        registry.count,
        lambda: registry.meta("m"),
        lambda: registry.put_meta("m", 1),
        lambda: whereis(Via(registry, "k")),
    ):
        with pytest.raises(BadArg) as raised:
            call()
        assert (raised.value.cause, raised.value.argument) == ("noproc", "registry")
    with pytest.raises(Exit) as gone:
        registry.stop()
    assert reason_in(gone)[0] is NOPROC


def test_processes_end_with_the_registry_that_they_are_in(time: Simulation) -> None:
    for end, reason in ((lambda registry: registry.stop(), SHUTDOWN), (lambda r: exit(r.pid, KILL), KILLED)):
        registry = Registry.start_link(keys="duplicate")
        pids = [spawn(obedient) for _ in range(3)]
        for pid in pids:
            have(pid, lambda registry=registry: [registry.register("k"), registry.register("l")])  # type: ignore[misc]  # a loop's
        have(pids[1], lambda registry=registry: registry.unregister("k"))  # type: ignore[misc]  # a loop's
        have(pids[2], lambda registry=registry: [registry.unregister(key) for key in "kl"])  # type: ignore[misc]  # a loop's
        refs = [monitor(pid) for pid in pids]
        end(registry)
        for ref, pid in list(zip(refs, pids, strict=True))[:2]:
            assert receive((DOWN, ref, ANY, ANY, ANY)) == (DOWN, ref, PROCESS, pid, reason)
        assert is_alive(pids[2])


def test_the_parent_may_be_in_its_registry(time: Simulation) -> None:
    made: list[Registry] = []

    def parent() -> None:
        made.append(Registry.start_link())
        made[0].register("k")
        made[0].unregister("k")
        receive()

    pid = spawn(parent)
    sleep(1)
    ref = monitor(made[0].pid)
    crash(pid)  # they are still linked
    assert receive((DOWN, ref, ANY, ANY, ANY)) == (DOWN, ref, PROCESS, made[0].pid, BOOM)


def test_bad_options(time: Simulation) -> None:
    wrong: Any = "many"
    with pytest.raises(BadArg) as raised:
        Registry.start_link(keys=wrong)
    assert (raised.value.cause, raised.value.argument) == ("option", "keys")
    with Registry.start_link(name="r"), pytest.raises(BadArg) as raised:
        Registry.start_link(name="r")
    assert raised.value.cause == "already_exists"
    not_a_pid: Any = "pid"
    with Registry.start_link() as registry, pytest.raises(BadArg) as raised:
        registry.keys(not_a_pid)
    assert (raised.value.cause, raised.value.argument) == ("type", "pid")


# --- against a naive list ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(30))
def test_random_histories_against_a_list(seed: int) -> None:
    rng = random.Random(seed)
    keys: Keys = rng.choice(["unique", "duplicate"])
    names: list[Term] = ["a", 1, 1.0, (1,)]
    with trapping(seed):
        registry = Registry.start_link(keys=keys)
        pids = [spawn(obedient) for _ in range(4)]
        rows: list[tuple[Term, Pid, int]] = []
        for number in range(80):
            pid, key = rng.choice(pids), rng.choice(names)
            match rng.choice(["register", "register", "register", "unregister", "update", "end"]):
                case "register":
                    taken = keys == "unique" and any([exactly_equal(row[0], key) for row in rows])
                    assert have(pid, lambda key=key, n=number: registers(registry, key, n)) is not taken  # type: ignore[misc]  # a loop's
                    if not taken:
                        rows.append((key, pid, number))
                case "unregister":
                    have(pid, lambda key=key: registry.unregister(key))  # type: ignore[misc]  # a loop's
                    rows = [row for row in rows if not (exactly_equal(row[0], key) and row[1] is pid)]
                case "update" if keys == "unique":
                    have(pid, lambda key=key: registry.update_value(key, lambda value: -value))  # type: ignore[misc]  # a loop's
                    rows = [
                        (row[0], pid, -row[2]) if exactly_equal(row[0], key) and row[1] is pid else row for row in rows
                    ]
                case "end" if rng.random() < 0.3:
                    crash(pid)
                    rows = [row for row in rows if row[1] is not pid]
                    pids[pids.index(pid)] = spawn(obedient)
                case _:
                    pass
            _compare(registry, rows, names, pids)


def _compare(registry: Registry, rows: list[tuple[Term, Pid, int]], names: list[Term], pids: list[Pid]) -> None:
    assert registry.check() == []
    assert registry.count() == len(rows)
    for key in names:
        assert registry.lookup(key) == [(pid, value) for other, pid, value in rows if exactly_equal(other, key)]
    for pid in pids:
        shown = registry.keys(pid)
        expected = [key for key, owner, _ in rows if owner is pid]
        assert len(shown) == len(expected)
        assert all([exactly_equal(one, other) for one, other in zip(shown, expected, strict=True)])
    assert sorted(registry.select(lambda key, pid, value: value)) == sorted([row[2] for row in rows])


# --- with real threads ------------------------------------------------------------------------------------------------


def test_one_of_many_gets_a_unique_key() -> None:
    with Registry.start_link() as registry:
        parent = self_()

        def attempt() -> bool:
            won = registers(registry, "k", 1)
            send(parent, READY)
            receive(READY)
            return won

        for _ in range(30):
            tasks = [Task.async_(attempt) for _ in range(4)]
            for _ in tasks:
                receive(READY)
            assert len(registry.lookup("k")) == 1
            for task in tasks:
                send(must(task.pid), READY)
            assert sorted(Task.await_many(tasks, timeout=60)) == [False, False, False, True]
            assert registry.lookup("k") == []
        assert registry.check() == []


def test_processes_that_are_killed_while_they_register() -> None:
    with Registry.start_link(keys="duplicate") as registry:

        def busy() -> None:
            while True:
                registry.register("k")
                registry.register("l")
                registry.unregister("k")

        for _ in range(40):
            pids = [spawn(busy) for _ in range(3)]
            while not registry.keys(pids[0]):
                sleep(0)
            for pid in pids:
                exit(pid, KILL)
            assert not any([is_alive(pid) for pid in pids])
            assert registry.lookup("k") == registry.lookup("l") == []
        assert registry.count() == 0
        assert registry.check() == []
