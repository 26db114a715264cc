"""Supervisors: how they end, and how they end their children. Expected is what Elixir 1.14 on OTP 25 does."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from matchspec.values import ANY, Pid, Term
from runtime import ChildSpec, Supervisor, is_alive
from runtime.exits import KILL, KILLED, NOPROC, NORMAL, SHUTDOWN, TIMEOUT, Exit, Killed
from runtime.kernel import EXIT
from runtime.monitor import DOWN, PROCESS
from runtime.outcome import BRUTAL_KILL
from runtime.process import (
    exit,
    link,
    monitor,
    receive,
    send,
    sleep,
    spawn,
    spawn_link,
    trap_exit,
)
from runtime.simulator import Simulation
from runtime.task import Task
from tests.runtime.supervised import (
    BOOM,
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
    stubborn,
    trapping,
    worker,
)


@pytest.fixture(params=SEEDS)
def time(request: pytest.FixtureRequest) -> Iterator[Simulation]:
    with trapping(request.param) as simulated:
        yield simulated


# --- ending -----------------------------------------------------------------------------------------------------------


def test_stop_ends_the_children_the_youngest_first(time: Simulation) -> None:
    log: Log = []
    supervisor = Supervisor.start_link([logging_worker(id, log) for id in "abc"])
    log.clear()
    assert supervisor.stop() is True
    assert log == [("stop", "c"), ("stop", "b"), ("stop", "a")]
    assert receive() == (EXIT, supervisor.pid, NORMAL)
    with pytest.raises(Exit) as raised:
        supervisor.stop()
    assert reason_in(raised)[0] is NOPROC


def test_stop_with_a_reason(time: Simulation) -> None:
    supervisor = Supervisor.start_link()
    supervisor.stop(BOOM)
    assert receive() == (EXIT, supervisor.pid, BOOM)


@pytest.mark.parametrize(("shutdown", "seconds"), [(2.0, 2.0), (0, 0.0), (BRUTAL_KILL, 0.0)])
def test_a_child_that_does_not_end_is_killed_after_its_shutdown(
    shutdown: Any, seconds: float, time: Simulation
) -> None:
    supervisor = Supervisor.start_link([ChildSpec("a", lambda: spawn_link(stubborn), shutdown=shutdown)])
    sleep(1)  # so that it traps exits
    pid = must(pids(supervisor)["a"])
    ref = monitor(pid)
    supervisor.stop()
    assert receive((DOWN, ANY, ANY, ANY, ANY)) == (DOWN, ref, PROCESS, pid, KILLED)
    assert time.now() == 1.0 + seconds


def test_a_child_without_a_limit_is_waited_for(time: Simulation) -> None:
    def slow() -> None:
        trap_exit(True)
        receive((EXIT, ANY, SHUTDOWN))
        sleep(1000)

    supervisor = Supervisor.start_link([ChildSpec("a", lambda: spawn_link(slow), shutdown=None)])
    sleep(1)
    with pytest.raises(Exit) as raised:
        supervisor.stop(timeout=10)
    assert reason_in(raised)[0] is TIMEOUT
    assert time.now() == 11.0
    assert receive() == (EXIT, supervisor.pid, NORMAL)
    assert time.now() == 1001.0


def test_a_tree_is_ended_from_its_leaves(time: Simulation) -> None:
    log: Log = []
    inner = Supervisor.child_spec([logging_worker("c", log), logging_worker("d", log)], id="inner")
    supervisor = Supervisor.start_link([logging_worker("a", log), inner, logging_worker("e", log)])
    log.clear()
    supervisor.stop()
    assert log == [("stop", id) for id in "edca"]


def test_a_tree_in_which_a_branch_gives_up(time: Simulation) -> None:
    log: Log = []
    inner = Supervisor.child_spec([logging_worker("b", log), logging_worker("c", log)], id="inner", max_restarts=0)
    supervisor = Supervisor.start_link([logging_worker("a", log), inner])
    branch = must(pids(supervisor)["inner"])
    log.clear()
    found = Supervisor.whereis(branch)
    assert found is not None
    leaf = must(pids(found)["b"])
    ref = monitor(branch)
    exit(leaf, BOOM)
    assert receive((DOWN, ref, PROCESS, branch, ANY))[4] is SHUTDOWN
    assert lives(pids(supervisor)["inner"])
    assert log == [("crash", "b"), ("stop", "c"), ("start", "b"), ("start", "c")]


@pytest.mark.parametrize("reason", [NORMAL, SHUTDOWN, BOOM])
def test_a_supervisor_ends_with_its_parent_whatever_the_reason(reason: Term, time: Simulation) -> None:
    log: Log = []
    supervisors: list[Supervisor] = []

    def parent() -> None:
        supervisors.append(Supervisor.start_link([logging_worker(id, log) for id in "ab"]))
        sleep(1)
        exit(reason)

    spawn(parent)
    sleep(0.5)
    (supervisor,) = supervisors
    ref = monitor(supervisor.pid)
    log.clear()
    assert receive() == (DOWN, ref, PROCESS, supervisor.pid, reason)
    assert log == [("stop", "b"), ("stop", "a")]


def test_exit_signals_of_others_do_not_end_a_supervisor(time: Simulation) -> None:
    supervisor = Supervisor.start_link([worker("a")])

    def other() -> None:
        link(supervisor.pid)
        exit(supervisor.pid, BOOM)
        send(supervisor.pid, "hello")
        exit(BOOM)

    for _ in range(3):
        spawn(other)
    sleep(1)
    assert is_alive(supervisor.pid)
    assert lives(pids(supervisor)["a"])
    exit(supervisor.pid, BOOM)  # its parent's
    assert receive() == (EXIT, supervisor.pid, BOOM)


def test_a_killed_supervisor_takes_its_children_with_it(time: Simulation) -> None:
    supervisor = Supervisor.start_link([worker("a"), ChildSpec("s", lambda: spawn_link(stubborn))])
    sleep(1)
    children = pids(supervisor)
    exit(supervisor.pid, KILL)
    assert receive() == (EXIT, supervisor.pid, KILLED)
    assert not lives(children["a"])
    assert lives(children["s"])  # it traps exits


def test_a_supervisor_that_is_killed_while_it_starts_a_child(time: Simulation) -> None:
    supervisor = Supervisor.start_link()

    def start() -> Pid:
        sleep(10)
        return spawn_link(idle)

    def kill() -> None:
        sleep(5)
        exit(supervisor.pid, KILL)

    spawn(kill)
    with pytest.raises(Exit) as raised:
        supervisor.start_child(ChildSpec("a", start))
    assert reason_in(raised)[0] is KILLED
    assert time.now() == 5.0


def test_a_child_may_stop_its_supervisor(time: Simulation) -> None:
    ended: list[BaseException] = []

    def child() -> None:
        supervisor = receive()
        try:
            supervisor.stop()
        except Killed as error:
            ended.append(error)
            raise

    supervisor = Supervisor.start_link([ChildSpec("a", lambda: spawn_link(child))])
    send(must(pids(supervisor)["a"]), supervisor)
    assert receive() == (EXIT, supervisor.pid, NORMAL)
    sleep(1)
    assert [error.reason for error in ended if isinstance(error, Killed)] == [SHUTDOWN]


def test_a_with_block(time: Simulation) -> None:
    with Supervisor.start_link([worker("a")]) as supervisor:
        child = pids(supervisor)["a"]
    assert not is_alive(supervisor.pid)
    assert not lives(child)
    with Supervisor.start_link() as supervisor:
        supervisor.stop()


# --- with real threads ------------------------------------------------------------------------------------------------


def test_with_threads() -> None:
    before = trap_exit(True)
    try:
        log: Log = []
        with Supervisor.start_link([logging_worker(id, log) for id in "abc"], strategy="rest_for_one") as supervisor:
            log.clear()
            crash(pids(supervisor)["b"])
            assert all([lives(pid) for pid in pids(supervisor).values()])
        assert log == [("crash", "b"), ("stop", "c"), ("start", "b"), ("start", "c")] + [("stop", id) for id in "cba"]
        receive((EXIT, supervisor.pid, NORMAL))
    finally:
        trap_exit(before)


def test_many_crashes_by_many_threads() -> None:
    children = [worker(str(number)) for number in range(8)]
    with Supervisor.start_link(children, max_restarts=10_000) as supervisor:

        def attacker(seed: int) -> None:
            rng = random.Random(seed)
            for _ in range(40):
                pid = pids(supervisor)[str(rng.randrange(8))]
                if isinstance(pid, Pid):
                    exit(pid, BOOM)

        Task.await_many([Task.async_(attacker, seed) for seed in range(6)], timeout=60)
        assert ids(supervisor) == [child.id for child in children]
        assert all([lives(pid) for pid in pids(supervisor).values()])
