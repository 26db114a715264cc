"""Supervisors: how they are started, and what callers ask of them. Expected is what Elixir 1.14 on OTP 25 answers."""

from collections.abc import Callable, Iterator
from typing import Any, final

import pytest

from matchspec.values import Atom, Pid, Term
from runtime import Agent, BadArg, ChildSpec, Registry, Supervisor, TaskSupervisor, Via, is_alive, self_
from runtime.exits import SHUTDOWN, Exit
from runtime.kernel import EXIT
from runtime.monitor import DOWN, PROCESS
from runtime.process import (
    exit,
    receive,
    sleep,
    spawn,
    spawn_link,
    spawn_monitor,
    trap_exit,
    whereis,
)
from runtime.simulator import Simulation, simulation
from runtime.supervision import RESTARTING
from runtime.task import Task
from tests.runtime.supervised import (
    SEEDS,
    Log,
    crash,
    idle,
    ids,
    lives,
    logging_worker,
    must,
    pids,
    reason_in,
    trapping,
    worker,
)


@pytest.fixture(params=SEEDS)
def time(request: pytest.FixtureRequest) -> Iterator[Simulation]:
    with trapping(request.param) as simulated:
        yield simulated


# --- starting ---------------------------------------------------------------------------------------------------------


def test_children_are_started_in_order_and_shown_the_youngest_first(time: Simulation) -> None:
    log: Log = []
    supervisor = Supervisor.start_link([logging_worker(id, log) for id in "abc"])
    assert log == [("start", "a"), ("start", "b"), ("start", "c")]
    assert [child.id for child in supervisor.which_children()] == ["c", "b", "a"]
    assert [is_alive(child.pid) for child in supervisor.which_children() if isinstance(child.pid, Pid)] == [True] * 3


def test_counts_of_children(time: Simulation) -> None:
    children = [worker("a"), TaskSupervisor.child_spec(), worker("b", restart="transient")]
    supervisor = Supervisor.start_link(children)
    assert supervisor.count_children() == (3, 3, 1, 2)
    supervisor.terminate_child("a")
    assert supervisor.count_children()._asdict() == {"specs": 3, "active": 2, "supervisors": 1, "workers": 2}


def test_start_functions_run_as_the_supervisor_which_has_no_thread(time: Simulation) -> None:
    seen: list[Pid] = []

    def start() -> Pid:
        seen.append(self_())
        return spawn_link(idle)

    supervisor = Supervisor.start_link([ChildSpec("a", start)])
    crash(pids(supervisor)["a"])
    assert isinstance(pids(supervisor)["a"], Pid)
    assert seen == [supervisor.pid, supervisor.pid]


def test_a_child_that_cannot_be_started_ends_the_supervisor_and_those_before_it(time: Simulation) -> None:
    log: Log = []

    def fail() -> Pid:
        raise ValueError("no")

    with pytest.raises(Exit) as raised:
        Supervisor.start_link([logging_worker("a", log), ChildSpec("x", fail), logging_worker("b", log)])
    shutdown, (failed, id, (error, stack)) = reason_in(raised)
    assert (shutdown, failed, id) == (SHUTDOWN, Atom("failed_to_start_child"), "x")
    assert isinstance(error, ValueError)
    assert stack[0][0] == "fail"
    assert log == [("start", "a"), ("stop", "a")]
    assert receive()[0::2] == (EXIT, raised.value.reason)


@pytest.mark.parametrize("traps", [True, False])
def test_a_failed_start_ends_a_caller_that_does_not_trap_exits(traps: bool) -> None:
    def fail() -> Pid:
        exit("why")

    def caller() -> None:
        trap_exit(traps)
        try:
            Supervisor.start_link([ChildSpec("x", fail)])
        except Exit:
            sleep(1)
            exit("lives on")

    with simulation():
        pid, ref = spawn_monitor(caller)
        reason = "lives on" if traps else (SHUTDOWN, (Atom("failed_to_start_child"), "x", "why"))
        assert receive() == (DOWN, ref, PROCESS, pid, reason)


@pytest.mark.parametrize("bad", [{"strategy": "all"}, {"max_restarts": -1}, {"max_restarts": True}, {"max_seconds": 0}])
def test_bad_options(bad: dict[str, Any]) -> None:
    with pytest.raises(BadArg) as raised:
        Supervisor.start_link([], **bad)
    assert (raised.value.cause, raised.value.argument) == ("option", next(iter(bad)))


@pytest.mark.parametrize(
    ("options", "argument"),
    [
        ({"restart": "always"}, "restart"),
        ({"shutdown": -1}, "shutdown"),
        ({"shutdown": "brutal"}, "shutdown"),
        ({"type": "agent"}, "type"),
    ],
)
def test_bad_child_specs(options: dict[str, Any], argument: str) -> None:
    with pytest.raises(BadArg) as raised:
        worker("a", **options)
    assert (raised.value.cause, raised.value.argument) == ("option", argument)


def test_what_is_no_child() -> None:
    for child in (3, "a", (worker("a"), 1), object, None):
        with pytest.raises(BadArg) as raised:
            Supervisor.start_link([child])
        assert (raised.value.cause, raised.value.argument, raised.value.value) == ("type", "children", child)


def test_two_children_of_one_id() -> None:
    with pytest.raises(BadArg) as raised:
        Supervisor.start_link([worker("a"), worker("a")])
    assert (raised.value.cause, raised.value.value) == ("already_exists", "a")


def test_ids_are_compared_exactly(time: Simulation) -> None:
    children = [ChildSpec(id, lambda: spawn_link(idle)) for id in (1, 1.0, True, (1,), (1.0,))]
    assert ids(Supervisor.start_link(children)) == [1, 1.0, True, (1,), (1.0,)]


def test_children_given_by_something_with_a_child_spec(time: Simulation) -> None:
    @final
    class Worker:
        @staticmethod
        def child_spec(id: str = "given by itself") -> ChildSpec:
            return worker(id)

    assert ids(Supervisor.start_link([Worker, (Worker, "b")])) == ["given by itself", "b"]


def test_names(time: Simulation) -> None:
    supervisor = Supervisor.start_link(name="boss")
    assert whereis("boss") is supervisor.pid
    assert Supervisor.whereis("boss") is supervisor
    assert Supervisor.whereis(supervisor.pid) is supervisor
    assert Supervisor.whereis(self_()) is None
    with pytest.raises(BadArg) as raised:
        Supervisor.start_link(name="boss")
    assert raised.value.cause == "already_exists"
    supervisor.stop()
    assert Supervisor.whereis("boss") is None
    assert Supervisor.start_link(name="boss").pid is whereis("boss")


# --- what callers ask for ---------------------------------------------------------------------------------------------


def test_start_child(time: Simulation) -> None:
    supervisor = Supervisor.start_link([worker("a")])
    pid = supervisor.start_child(worker("b"))
    assert pid is pids(supervisor)["b"]
    assert ids(supervisor) == ["a", "b"]
    for running in (True, False):
        with pytest.raises(BadArg) as raised:
            supervisor.start_child(worker("b"))
        assert raised.value.cause == "already_exists"
        assert (repr(pid) in str(raised.value)) is running
        supervisor.terminate_child("b")


def test_start_child_whose_start_fails_is_not_added(time: Simulation) -> None:
    supervisor = Supervisor.start_link()

    def raises() -> Pid:
        raise ValueError("no")

    def exits() -> Pid:
        exit("why")

    with pytest.raises(Exit) as raised:
        supervisor.start_child(ChildSpec("a", raises))
    assert isinstance(reason_in(raised)[0], ValueError)
    with pytest.raises(Exit) as raised:
        supervisor.start_child(ChildSpec("a", exits))
    assert raised.value.reason == "why"
    with pytest.raises(Exit) as raised:
        supervisor.start_child(ChildSpec("a", lambda: 3))
    assert isinstance(reason_in(raised)[0], BadArg)
    assert ids(supervisor) == []
    assert is_alive(supervisor.pid)


def test_a_start_function_may_start_nothing(time: Simulation) -> None:
    supervisor = Supervisor.start_link([ChildSpec("a", lambda: None)])
    assert supervisor.start_child(ChildSpec("b", lambda: None)) is None
    assert supervisor.start_child(ChildSpec("c", lambda: None, restart="temporary")) is None
    assert pids(supervisor) == {"a": None, "b": None}
    assert supervisor.count_children() == (2, 0, 0, 2)


def test_terminate_restart_and_delete(time: Simulation) -> None:
    supervisor = Supervisor.start_link([worker("a"), worker("b"), worker("t", restart="temporary")])
    first = must(pids(supervisor)["a"])
    for call in (supervisor.restart_child, supervisor.delete_child):
        with pytest.raises(BadArg) as raised:
            call("a")
        assert raised.value.cause == "busy"
    assert supervisor.terminate_child("a") is True
    assert not is_alive(first)
    assert pids(supervisor)["a"] is None
    assert supervisor.terminate_child("a") is True
    second = supervisor.restart_child("a")
    assert second is not first
    assert pids(supervisor)["a"] is second
    supervisor.terminate_child("a")
    assert supervisor.delete_child("a") is True
    assert supervisor.terminate_child("t") is True
    assert ids(supervisor) == ["b"]
    assert supervisor.terminate_child("a") is False
    assert supervisor.delete_child("a") is False
    with pytest.raises(BadArg) as raised:
        supervisor.restart_child("a")
    assert raised.value.cause == "badkey"


def test_a_child_whose_restart_fails_is_shown_as_restarting(time: Simulation) -> None:
    attempts: list[Callable[[], None]] = []

    def start() -> Pid:
        if attempts:
            attempts.pop()()
            raise ValueError("not yet")
        return spawn_link(idle)

    supervisor = Supervisor.start_link([ChildSpec("a", start), worker("b")], max_restarts=50)
    seen: list[Term] = []
    outcomes: list[str] = []

    def look() -> None:
        spawn(observe)
        sleep(1)  # the supervisor is at work; the observer queues for it, before the next attempt does

    def observe() -> None:
        seen.append(pids(supervisor)["a"])
        for call in (supervisor.restart_child, supervisor.delete_child):
            try:
                call("a")
            except BadArg as error:
                outcomes.append(error.cause)
        supervisor.terminate_child("a")

    attempts.append(look)
    crash(pids(supervisor)["a"])
    sleep(5)
    assert seen == [RESTARTING]
    assert set(outcomes) <= {"busy"}


def test_calling_a_supervisor_from_a_start_function_of_its_own(time: Simulation) -> None:
    supervisor = Supervisor.start_link()
    with pytest.raises(Exit) as raised:
        supervisor.start_child(ChildSpec("a", supervisor.which_children))
    assert reason_in(raised)[0] is Atom("calling_self")


def test_calls_wait_for_each_other(time: Simulation) -> None:
    order: list[str] = []

    def slow(id: str) -> ChildSpec:
        def start() -> Pid:
            order.append(f"{id} begins")
            sleep(1)
            order.append(f"{id} is done")
            return spawn_link(idle)

        return ChildSpec(id, start)

    supervisor = Supervisor.start_link()
    tasks = [Task.async_(supervisor.start_child, slow(id)) for id in "abc"]
    assert len(set(Task.await_many(tasks))) == 3
    assert time.now() == 3.0
    assert [line.split()[1] for line in order] == ["begins", "is"] * 3
    assert order[::2] == [f"{id} begins" for id in ids(supervisor)]


def test_a_caller_does_not_wait_for_those_behind_it(time: Simulation) -> None:
    def slow(id: str, seconds: float) -> ChildSpec:
        def start() -> Pid:
            sleep(seconds)
            return spawn_link(idle)

        return ChildSpec(id, start)

    supervisor = Supervisor.start_link()
    first = Task.async_(supervisor.start_child, slow("a", 1))
    sleep(0.5)
    second = Task.async_(supervisor.start_child, slow("b", 10))
    assert isinstance(first.await_(), Pid)
    assert time.now() == 1.0
    second.await_(timeout=None)
    assert time.now() == 11.0


def test_agents_as_children(time: Simulation) -> None:
    children = [Agent.child_spec(list, name="items"), (Agent, dict), Agent.child_spec(lambda: 3, id=7, shutdown=0)]
    supervisor = Supervisor.start_link(children)
    assert ids(supervisor) == ["items", "Agent", 7]
    before = Agent.whereis("items")
    assert before is not None
    before.update(lambda items: [*items, 1])
    crash(before.pid)
    supervisor.count_children()
    after = Agent.whereis("items")
    assert after is not None
    assert after.get(len) == 0
    with pytest.raises(Exit):
        after.get(lambda items: 1 // len(items))
    assert lives(pids(supervisor)["items"])
    supervisor.stop()
    assert Agent.whereis("items") is None


def test_an_agent_named_through_a_registry(time: Simulation) -> None:
    with Registry.start_link(name="r"):
        agent = Agent.start_link(lambda: 3, name=Via("r", "three"))
        assert Agent.whereis(Via("r", "three")) == agent
        with pytest.raises(BadArg) as raised:
            Agent.start_link(lambda: 4, name=Via("r", "three"))
        assert raised.value.cause == "already_exists"
        agent.stop()
        assert Agent.whereis(Via("r", "three")) is None
