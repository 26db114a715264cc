"""Task supervisors. Expected is what Elixir 1.14 on OTP 25 answers, or what a naive list of children says."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from matchspec.values import ANY, Pid, Term
from runtime import BadArg, Supervisor, TaskSupervisor, is_alive, self_
from runtime.exits import KILL, KILLED, NOPROC, NORMAL, SHUTDOWN, Exit
from runtime.kernel import EXIT
from runtime.monitor import DOWN, PROCESS
from runtime.outcome import BRUTAL_KILL, ExitReason, Ok
from runtime.process import callers, exit, monitor, receive, send, sleep, spawn, trap_exit, whereis
from runtime.restarts import Restart
from runtime.simulator import Simulation
from runtime.task import Task
from tests.runtime.supervised import BOOM, SEEDS, crash, idle, lives, reason_in, stubborn, trapping


@pytest.fixture(params=SEEDS)
def time(request: pytest.FixtureRequest) -> Iterator[Simulation]:
    with trapping(request.param) as simulated:
        yield simulated


async def adds(left: int, right: int) -> int:
    return left + right


def fail() -> None:
    exit(BOOM)


# --- tasks ------------------------------------------------------------------------------------------------------------


def test_async_is_linked_to_its_caller(time: Simulation) -> None:
    supervisor = TaskSupervisor.start_link()
    assert supervisor.async_(divmod, 7, 2).await_() == (3, 1)
    task = supervisor.async_(fail)
    with pytest.raises(Exit) as raised:
        task.await_()
    assert reason_in(raised)[0] is BOOM
    assert receive((EXIT, task.pid, ANY)) == (EXIT, task.pid, BOOM)
    assert is_alive(supervisor.pid)


def test_the_end_of_the_caller_ends_a_linked_task_only(time: Simulation) -> None:
    supervisor = TaskSupervisor.start_link()
    seen: list[Pid | None] = []

    def caller() -> None:
        seen.extend([supervisor.async_(idle).pid, supervisor.async_nolink(idle).pid])
        sleep(1)
        exit(BOOM)

    spawn(caller)
    sleep(0.5)
    assert [lives(pid) for pid in seen] == [True, True]
    sleep(1)
    assert [lives(pid) for pid in seen] == [False, True]
    assert supervisor.children() == [seen[1]]


def test_async_nolink_does_not_touch_its_caller(time: Simulation) -> None:
    supervisor = TaskSupervisor.start_link()
    task = supervisor.async_nolink(fail)
    assert task.yield_() == ExitReason(BOOM)
    assert receive(timeout=1, default=None) is None
    task = supervisor.async_nolink(idle)
    assert task.shutdown() is None


def test_coroutine_functions_and_keywords() -> None:
    with TaskSupervisor.start_link() as supervisor:
        assert supervisor.async_(adds, 1, right=2).await_() == 3
        assert supervisor.async_nolink(adds, 1, 2).await_() == 3


def test_callers_are_those_of_the_task_not_the_supervisor(time: Simulation) -> None:
    supervisor = TaskSupervisor.start_link()
    assert supervisor.async_(callers).await_() == [self_()]
    assert supervisor.async_nolink(callers).await_() == [self_()]
    parent = self_()
    supervisor.start_child(lambda: send(parent, ("callers", callers())))
    assert receive(("callers", ANY))[1] == [parent]


def test_only_its_owner_awaits_a_task(time: Simulation) -> None:
    supervisor = TaskSupervisor.start_link()
    task = supervisor.async_(idle)
    with pytest.raises(Exit) as raised:
        Task.async_(task.await_).await_()
    assert isinstance(reason_in(raised)[0][0], BadArg)
    assert receive((EXIT, ANY, ANY)) is not None


def test_what_cannot_be_called() -> None:
    with TaskSupervisor.start_link() as supervisor:
        wrong: Any = 3
        for call in (supervisor.async_, supervisor.async_nolink, supervisor.start_child):
            with pytest.raises(BadArg) as raised:
                call(wrong)
            assert (raised.value.cause, raised.value.argument) == ("type", "fn")
        assert supervisor.children() == []


# --- max_children -----------------------------------------------------------------------------------------------------


def test_no_more_than_max_children(time: Simulation) -> None:
    supervisor = TaskSupervisor.start_link(max_children=1)
    pid = supervisor.start_child(idle)
    for call in (supervisor.async_, supervisor.async_nolink, supervisor.start_child):
        with pytest.raises(BadArg) as raised:
            call(idle)
        assert (raised.value.cause, raised.value.argument, raised.value.value) == ("limit", "max_children", 1)
    for stream in (supervisor.async_stream, supervisor.async_stream_nolink):
        with pytest.raises(BadArg) as raised:
            list(stream([1], str))
        assert raised.value.cause == "limit"
    assert supervisor.children() == [pid]
    crash(pid)
    assert supervisor.async_(str, 1).await_() == "1"
    assert receive((EXIT, ANY, NORMAL)) is not None


def test_a_stream_that_finds_no_place_ends_what_it_has_started(time: Simulation) -> None:
    supervisor = TaskSupervisor.start_link(max_children=2)
    with pytest.raises(BadArg):
        list(supervisor.async_stream([50, 50, 50], sleep, max_concurrency=3, timeout=None))
    assert supervisor.children() == []
    assert receive(timeout=1, default=None) is None


@pytest.mark.parametrize(
    "bad", [{"max_children": -1}, {"max_children": True}, {"max_restarts": 1.5}, {"max_seconds": -1}]
)
def test_bad_options(bad: dict[str, Any]) -> None:
    with pytest.raises(BadArg) as raised:
        TaskSupervisor.start_link(**bad)
    assert (raised.value.cause, raised.value.argument) == ("option", next(iter(bad)))


# --- children ---------------------------------------------------------------------------------------------------------


def test_children_the_oldest_first(time: Simulation) -> None:
    supervisor = TaskSupervisor.start_link()
    started: list[Term] = [supervisor.start_child(idle), supervisor.async_(idle).pid, supervisor.async_nolink(idle).pid]
    assert supervisor.children() == started
    crash(started[1])
    assert supervisor.children() == [started[0], started[2]]


def test_terminate_child(time: Simulation) -> None:
    supervisor = TaskSupervisor.start_link()
    permanent = supervisor.start_child(idle, restart="permanent")
    assert supervisor.terminate_child(permanent) is True
    assert not is_alive(permanent)
    assert supervisor.children() == []
    assert supervisor.terminate_child(permanent) is False
    assert supervisor.terminate_child(self_()) is False
    wrong: Any = "pid"
    with pytest.raises(BadArg) as raised:
        supervisor.terminate_child(wrong)
    assert raised.value.cause == "type"


@pytest.mark.parametrize(("shutdown", "seconds"), [(2.0, 2.0), (0, 0.0), (BRUTAL_KILL, 0.0)])
def test_terminate_child_waits_for_its_shutdown(shutdown: Any, seconds: float, time: Simulation) -> None:
    supervisor = TaskSupervisor.start_link()
    pid = supervisor.start_child(stubborn, shutdown=shutdown)
    sleep(1)
    ref = monitor(pid)
    supervisor.terminate_child(pid)
    assert time.now() == 1.0 + seconds
    assert receive() == (DOWN, ref, PROCESS, pid, KILLED)


def test_a_child_that_terminates_itself(time: Simulation) -> None:
    supervisor = TaskSupervisor.start_link()
    pid = supervisor.start_child(lambda: supervisor.terminate_child(receive()))
    ref = monitor(pid)
    send(pid, pid)
    assert receive() == (DOWN, ref, PROCESS, pid, SHUTDOWN)
    assert supervisor.children() == []


@pytest.mark.parametrize(
    ("restart", "reasons", "runs"),
    [
        ("temporary", [BOOM], 1),
        ("transient", [NORMAL], 1),
        ("transient", [SHUTDOWN], 1),
        ("transient", [(SHUTDOWN, 1)], 1),
        ("transient", [BOOM, ("any", "term"), NORMAL], 3),
        ("permanent", [NORMAL, BOOM, SHUTDOWN, None], 4),
    ],
)
def test_restarts(restart: Restart, reasons: list[Term], runs: int, time: Simulation) -> None:
    supervisor = TaskSupervisor.start_link()
    pids: list[Pid] = []

    def run(argument: str) -> None:
        assert argument == "given"
        pids.append(self_())
        reason = reasons[len(pids) - 1]
        if reason is None:
            idle()
        exit(reason)

    first = supervisor.start_child(run, "given", restart=restart)
    sleep(1)
    assert len(pids) == len(set(pids)) == runs
    assert pids[0] is first
    assert supervisor.children() == ([pids[-1]] if reasons[-1] is None else [])


def test_too_many_restarts_end_the_supervisor(time: Simulation) -> None:
    supervisor = TaskSupervisor.start_link(max_restarts=2)
    other = supervisor.start_child(idle)
    runs: list[float] = []

    def run() -> None:
        runs.append(time.now())
        sleep(1)
        exit(BOOM)

    supervisor.start_child(run, restart="transient")
    assert receive() == (EXIT, supervisor.pid, SHUTDOWN)
    assert runs == [0.0, 1.0, 2.0]
    assert not is_alive(other)


def test_restarts_that_are_far_apart(time: Simulation) -> None:
    supervisor = TaskSupervisor.start_link(max_restarts=1, max_seconds=5)
    runs: list[float] = []

    def run() -> None:
        runs.append(time.now())
        sleep(5.5)

    supervisor.start_child(run, restart="permanent")
    sleep(50)
    assert runs == [n * 5.5 for n in range(10)]
    assert is_alive(supervisor.pid)


# --- the end of the supervisor ----------------------------------------------------------------------------------------


def test_stop_ends_all_children_at_the_same_time(time: Simulation) -> None:
    supervisor = TaskSupervisor.start_link()
    linked = supervisor.async_(idle)
    others = [supervisor.start_child(idle, restart="permanent")]
    others += [supervisor.start_child(stubborn, shutdown=2.0) for _ in range(3)]
    sleep(1)
    assert supervisor.stop() is True
    assert time.now() == 3.0
    assert not any([is_alive(pid) for pid in others])
    assert receive((EXIT, ANY, ANY)) == (EXIT, linked.pid, SHUTDOWN)
    assert receive((EXIT, ANY, ANY)) == (EXIT, supervisor.pid, NORMAL)
    with pytest.raises(Exit) as raised:
        linked.await_()
    assert reason_in(raised)[0] is SHUTDOWN


def test_a_supervisor_that_has_ended(time: Simulation) -> None:
    supervisor = TaskSupervisor.start_link()
    supervisor.stop()
    for call in (
        lambda: supervisor.async_(idle),
        lambda: supervisor.async_nolink(idle),
        lambda: supervisor.start_child(idle),
        lambda: list(supervisor.async_stream([1], str)),
        supervisor.children,
        lambda: supervisor.terminate_child(self_()),
        supervisor.stop,
    ):
        with pytest.raises(Exit) as raised:
            call()
        assert reason_in(raised)[0] is NOPROC


def test_nothing_is_started_while_it_ends(time: Simulation) -> None:
    supervisor = TaskSupervisor.start_link()
    supervisor.start_child(stubborn, shutdown=5.0)
    sleep(1)
    stopping = Task.async_(supervisor.stop)
    sleep(1)
    assert is_alive(supervisor.pid)
    with pytest.raises(Exit):
        supervisor.start_child(idle)
    assert stopping.await_() is True
    assert time.now() == 6.0


def test_it_ends_with_its_parent_and_not_with_others(time: Simulation) -> None:
    made: list[TaskSupervisor] = []

    def parent() -> None:
        made.append(TaskSupervisor.start_link(name="jobs"))
        receive()

    pid = spawn(parent)
    sleep(1)
    (supervisor,) = made
    child = supervisor.start_child(idle)
    assert TaskSupervisor.whereis("jobs") is supervisor
    exit(supervisor.pid, BOOM)
    sleep(1)
    assert is_alive(child)
    ref = monitor(supervisor.pid)
    send(pid, "go on")  # it returns
    assert receive() == (DOWN, ref, PROCESS, supervisor.pid, NORMAL)
    assert not is_alive(child)
    assert whereis("jobs") is None


def test_kill_takes_the_children_that_do_not_trap_exits(time: Simulation) -> None:
    supervisor = TaskSupervisor.start_link()
    children = [supervisor.start_child(idle, restart="permanent"), supervisor.start_child(stubborn)]
    sleep(1)
    exit(supervisor.pid, KILL)
    assert [is_alive(pid) for pid in children] == [False, True]


def test_as_a_child_of_a_supervisor(time: Simulation) -> None:
    supervisor = Supervisor.start_link([TaskSupervisor.child_spec(name="jobs", max_children=1)])
    first = TaskSupervisor.whereis("jobs")
    assert first is not None
    child = first.start_child(idle)
    exit(first.pid, KILL)
    assert supervisor.count_children().supervisors == 1
    second = TaskSupervisor.whereis("jobs")
    assert second is not None
    assert second is not first
    assert not is_alive(child)
    other = second.start_child(idle)
    supervisor.stop()
    assert not is_alive(other)


# --- against a naive model --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(30))
def test_random_histories_against_a_list_of_children(seed: int) -> None:
    """Which restarts there are, and which children, after random ends. Children are known by their labels."""
    rng = random.Random(seed)
    running: dict[str, Pid] = {}
    with trapping(seed):
        limit = rng.choice([None, 4])
        supervisor = TaskSupervisor.start_link(max_children=limit, max_restarts=1000)
        expected: dict[str, Restart] = {}

        def run(label: str) -> None:
            running[label] = self_()
            exit(receive())

        for number in range(40):
            sleep(1)
            if rng.random() < 0.4 or not expected:
                label = str(number)
                restart: Restart = rng.choice(["permanent", "transient", "temporary"])
                if len(expected) == limit:
                    with pytest.raises(BadArg):
                        supervisor.start_child(run, label, restart=restart)
                else:
                    supervisor.start_child(run, label, restart=restart)
                    expected[label] = restart
            else:
                label = rng.choice(list(expected))
                reason = rng.choice([NORMAL, SHUTDOWN, BOOM, None])
                before = running[label]
                if reason is None:
                    supervisor.terminate_child(before)
                else:
                    send(before, reason)
                    sleep(1)
                restart = expected[label]
                if reason is None or (restart, reason) not in {
                    ("permanent", NORMAL),
                    ("permanent", SHUTDOWN),
                    ("permanent", BOOM),
                    ("transient", BOOM),
                }:
                    del expected[label]
                else:
                    assert running[label] is not before
            sleep(1)
            assert {running[label] for label in expected} == set(supervisor.children())
            assert all([is_alive(pid) for pid in supervisor.children()])
        supervisor.stop()
        assert not any([is_alive(running[label]) for label in expected])


# --- with real threads ------------------------------------------------------------------------------------------------


def test_many_callers_at_a_time() -> None:
    with TaskSupervisor.start_link() as supervisor:

        def caller(base: int) -> list[int]:
            tasks = [supervisor.async_nolink(pow, base, 2) for _ in range(50)]
            return Task.await_many(tasks, timeout=60)

        outcomes = list(supervisor.async_stream(range(20), caller, max_concurrency=8, timeout=60))
        assert outcomes == [Ok([base**2] * 50) for base in range(20)]
    assert not is_alive(supervisor.pid)


def test_stop_while_callers_start_tasks() -> None:
    before = trap_exit(True)
    try:
        supervisor = TaskSupervisor.start_link()
        started: list[Pid] = []

        def caller() -> Term:
            while True:
                try:
                    started.append(supervisor.start_child(idle))
                except Exit as error:
                    return error.reason

        tasks = [Task.async_(caller) for _ in range(3)]
        while len(started) < 20:
            sleep(0)
        supervisor.stop()
        reasons: list[Any] = Task.await_many(tasks, timeout=60)
        assert [reason[0] for reason in reasons] == [NOPROC] * 3
        assert not any([is_alive(pid) for pid in started])
    finally:
        trap_exit(before)
        receive((EXIT, supervisor.pid, NORMAL))
