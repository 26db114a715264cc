"""Names that a registry gives. Expected is what Elixir 1.14 on OTP 25 answers."""

from collections.abc import Iterator

import pytest

from matchspec.values import Pid
from runtime import BadArg, ChildSpec, Registry, Supervisor, TaskSupervisor, Via, self_
from runtime.exits import KILL, NOPROC, NORMAL
from runtime.monitor import DOWN, PROCESS
from runtime.process import exit, monitor, receive, register, send, sleep, spawn, spawn_link, whereis
from runtime.simulator import Simulation
from tests.runtime.supervised import SEEDS, idle, lives, trapping


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


def test_via_names(unique: Registry) -> None:
    pid = spawn(idle)
    assert register(Via(unique, "a", "value"), pid) is True
    assert unique.lookup("a") == [(pid, "value")]
    assert whereis(Via(unique, "a")) is whereis(Via("u", "a")) is whereis(Via(unique.pid, "a")) is pid
    with pytest.raises(BadArg) as raised:
        register(Via("u", "a"))
    assert raised.value.cause == "already_exists"
    ref = monitor(Via("u", "a"))
    send(Via("u", "a"), "go on")
    assert receive() == (DOWN, ref, PROCESS, pid, NORMAL)
    assert whereis(Via("u", "a")) is None
    with pytest.raises(BadArg) as raised:
        send(Via("u", "a"), "hello")
    assert raised.value.cause == "noproc"
    gone = monitor(Via("u", "a"))
    assert receive()[1::3] == (gone, NOPROC)


def test_supervisors_have_via_names_too(unique: Registry) -> None:
    jobs = TaskSupervisor.start_link(name=Via("u", "jobs"))
    assert TaskSupervisor.whereis(Via("u", "jobs")) is jobs
    with pytest.raises(BadArg) as raised:
        TaskSupervisor.start_link(name=Via("u", "jobs"))
    assert raised.value.cause == "already_exists"
    jobs.stop()
    assert TaskSupervisor.whereis(Via("u", "jobs")) is None
    boss = Supervisor.start_link(name=Via("u", "boss", "value"))
    assert unique.lookup("boss") == [(boss.pid, "value")]


def test_via_names_need_a_registry_with_unique_keys(duplicate: Registry) -> None:
    for call in (lambda: register(Via("d", "a")), lambda: whereis(Via("d", "a")), lambda: send(Via("d", "a"), 1)):
        with pytest.raises(BadArg) as raised:
            call()
        assert raised.value.cause == "table_type"
    with pytest.raises(BadArg) as raised:
        whereis(Via("nobody", "a"))
    assert (raised.value.cause, raised.value.argument) == ("noproc", "registry")


def test_as_a_child_of_a_supervisor(time: Simulation) -> None:
    children = [Registry.child_spec(name="r"), ChildSpec("w", lambda: spawn_link(named_worker, self_()))]
    supervisor = Supervisor.start_link(children, strategy="rest_for_one")
    sleep(1)
    first = whereis(Via("r", "worker"))
    assert lives(first)
    registry = whereis("r")
    assert registry is not None
    exit(registry, KILL)
    assert supervisor.count_children() == (2, 2, 1, 1)
    sleep(1)
    second = whereis(Via("r", "worker"))
    assert lives(second)
    assert first is not second


def named_worker(parent: Pid) -> None:
    register(Via("r", "worker", parent))
    idle()
