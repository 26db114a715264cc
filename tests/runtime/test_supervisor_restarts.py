"""Supervisors: strategies, restarts and their intensity.

What is expected was asked of Elixir 1.14 on OTP 25, or follows from the rules that `Model` spells out naively.
"""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from matchspec.values import Pid, Term
from runtime import ChildSpec, Supervisor, ets, is_alive, self_
from runtime.exits import KILLED, NOPROC, NORMAL, SHUTDOWN, Exit
from runtime.kernel import EXIT
from runtime.process import (
    exit,
    receive,
    register,
    send,
    sleep,
    spawn_link,
    whereis,
)
from runtime.restarts import Restart
from runtime.simulator import Simulation, simulation
from runtime.supervision import Strategy
from runtime.task import Task
from tests.runtime.supervised import (
    BOOM,
    READY,
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


# --- restarts ---------------------------------------------------------------------------------------------------------

ABNORMAL: list[Term] = [BOOM, KILLED, (SHUTDOWN, 1, 2), (ValueError("x"), [])]
ORDERLY: list[Term] = [NORMAL, SHUTDOWN, (SHUTDOWN, "because")]


@pytest.mark.parametrize("restart", ["permanent", "transient", "temporary"])
@pytest.mark.parametrize("reason", ABNORMAL + ORDERLY, ids=repr)
def test_which_ends_are_followed_by_a_restart(restart: Restart, reason: Term) -> None:
    log: Log = []
    with simulation():
        supervisor = Supervisor.start_link([logging_worker("a", log, restart=restart)])
        first = pids(supervisor)["a"]
        crash(first, reason)
        orderly = reason in ORDERLY
        match restart, orderly:
            case ("permanent", _) | ("transient", False):
                assert pids(supervisor)["a"] is not first
                assert lives(pids(supervisor)["a"])
            case ("transient", True):
                assert pids(supervisor) == {"a": None}
            case _:
                assert pids(supervisor) == {}


def test_whoever_has_heard_of_the_end_finds_the_child_restarted(time: Simulation) -> None:
    supervisor = Supervisor.start_link([worker("a")], max_restarts=100)
    for _ in range(20):
        first = pids(supervisor)["a"]
        crash(first)
        second = pids(supervisor)["a"]
        assert second is not first
        assert lives(second)


def test_a_child_that_has_ended_before_its_start_function_returns(time: Simulation) -> None:
    starts: list[int] = []

    def start() -> Pid:
        starts.append(1)
        if len(starts) > 2:
            return spawn_link(idle)
        pid = spawn_link(lambda: exit(BOOM))
        receive((EXIT, pid, BOOM), timeout=1, default=None) if len(starts) == 1 else sleep(1)
        return pid

    supervisor = Supervisor.start_link([ChildSpec("a", start, restart="transient")])
    sleep(3)
    assert lives(pids(supervisor)["a"])
    assert len(starts) == 3


def test_a_task_that_ends_at_once_is_restarted_by_its_reason(time: Simulation) -> None:
    supervisor = Supervisor.start_link(
        [ChildSpec("done", lambda: Task.start_link(lambda: None), restart="transient")], max_restarts=0
    )
    sleep(1)
    assert pids(supervisor) == {"done": None}


def test_the_reason_of_a_child_that_has_ended_before_its_start_function_returns(time: Simulation) -> None:
    starts: list[Pid] = []

    def start() -> Pid:
        starts.append(Task.start_link(lambda: None))
        sleep(1)
        return starts[-1]

    supervisor = Supervisor.start_link([ChildSpec("done", start, restart="transient")])
    sleep(10)
    assert len(starts) == 1
    assert pids(supervisor) == {"done": None}


def test_a_named_table_and_a_name_are_free_again_when_a_child_is_restarted(time: Simulation) -> None:
    def owner(parent: Pid) -> None:
        ets.new("owned", named_table=True)
        register("owner")
        send(parent, READY)
        receive()

    def start() -> Pid:
        pid = spawn_link(owner, self_())
        receive(READY)
        return pid

    supervisor = Supervisor.start_link([ChildSpec("a", start)], max_restarts=100)
    for _ in range(10):
        crash(pids(supervisor)["a"])
        pid = pids(supervisor)["a"]
        assert whereis("owner") is pid
        table = ets.whereis("owned")
        assert table is not None
        assert table.info("owner") is pid


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("one_for_one", ["crash b", "start b"]),
        ("one_for_all", ["crash b", "stop d", "stop c", "stop a", "start a", "start b", "start c", "start d"]),
        ("rest_for_one", ["crash b", "stop d", "stop c", "start b", "start c", "start d"]),
    ],
)
def test_strategies(strategy: Strategy, expected: list[str], time: Simulation) -> None:
    log: Log = []
    supervisor = Supervisor.start_link([logging_worker(id, log) for id in "abcd"], strategy=strategy)
    log.clear()
    crash(pids(supervisor)["b"])
    assert ids(supervisor) == ["a", "b", "c", "d"]
    assert [" ".join(entry) for entry in log] == expected


@pytest.mark.parametrize(
    ("strategy", "expected"), [("rest_for_one", "b c c c d"), ("one_for_all", "a b c a b c a b c d")]
)
def test_a_restart_that_fails_is_tried_again(strategy: Strategy, expected: str, time: Simulation) -> None:
    log: list[str] = []
    failures = 0

    def child(id: str) -> ChildSpec:
        def start() -> Pid:
            nonlocal failures
            log.append(id)
            if id == "c" and failures:
                failures -= 1
                raise ValueError("not yet")
            return spawn_link(idle)

        return ChildSpec(id, start)

    supervisor = Supervisor.start_link([child(id) for id in "abcd"], strategy=strategy, max_restarts=10)
    log.clear()
    failures = 2
    crash(pids(supervisor)["b"])
    sleep(1)
    assert " ".join(log) == expected
    assert all([lives(pid) for pid in pids(supervisor).values()])


def test_children_that_were_terminated_are_started_again_by_the_restart_of_others(time: Simulation) -> None:
    supervisor = Supervisor.start_link([worker("a"), worker("b", restart="transient")], strategy="one_for_all")
    supervisor.terminate_child("b")
    assert pids(supervisor)["b"] is None
    crash(pids(supervisor)["a"])
    assert lives(pids(supervisor)["b"])


def test_too_many_restarts_end_the_supervisor(time: Simulation) -> None:
    log: Log = []
    supervisor = Supervisor.start_link([logging_worker(id, log) for id in "ab"], max_restarts=1)
    crash(pids(supervisor)["a"])
    second = must(pids(supervisor)["a"])
    log.clear()
    exit(second, BOOM)
    assert receive() == (EXIT, supervisor.pid, SHUTDOWN)
    assert log == [("crash", "a"), ("stop", "b")]
    with pytest.raises(Exit) as raised:
        supervisor.which_children()
    assert reason_in(raised)[0] is NOPROC


def test_a_start_that_keeps_failing_ends_the_supervisor(time: Simulation) -> None:
    fail = False
    starts = 0

    def start() -> Pid:
        nonlocal starts
        starts += 1
        if fail:
            raise ValueError("never again")
        return spawn_link(idle)

    supervisor = Supervisor.start_link([ChildSpec("a", start)], max_restarts=5)
    fail = True
    exit(must(pids(supervisor)["a"]), BOOM)
    assert receive() == (EXIT, supervisor.pid, SHUTDOWN)
    assert starts == 1 + 5


@pytest.mark.parametrize("seed", range(10))
def test_intensity_counts_the_restarts_of_a_sliding_window(seed: int) -> None:
    rng = random.Random(seed)
    limit, window = rng.randrange(4), rng.choice([1.0, 2.5])
    with trapping(seed) as time:
        supervisor = Supervisor.start_link([worker("a")], max_restarts=limit, max_seconds=window)
        crashes: list[float] = []
        for _ in range(30):
            sleep(rng.choice([0.0, 0.25, 1.0]))
            crashes.append(time.now())
            allowed = len([at for at in crashes if at >= time.now() - window]) <= limit
            crash(pids(supervisor)["a"])
            if not allowed:
                assert receive(timeout=10) == (EXIT, supervisor.pid, SHUTDOWN)
                break
            assert lives(pids(supervisor)["a"])


# --- against a naive model --------------------------------------------------------------------------------------------


class Model:
    """Erlang's rules for restarts, over a list of [id, restart, alive]."""

    def __init__(self, strategy: Strategy, children: list[tuple[str, Restart]], log: Log) -> None:
        self.strategy = strategy
        self.children: list[list[Any]] = [[id, restart, True] for id, restart in children]
        self.log = log

    def named(self, id: str) -> list[Any]:
        return next(child for child in self.children if child[0] == id)

    def crash(self, id: str, reason: Term) -> None:
        child = self.named(id)
        child[2] = False
        self.log.append(("stop" if reason is SHUTDOWN else "crash", id))
        if child[1] == "temporary":
            self.children.remove(child)
        elif child[1] == "permanent" or reason is BOOM:
            at = self.children.index(child)
            first, last = {"one_for_one": (at, at + 1), "rest_for_one": (at, None), "one_for_all": (0, None)}[
                self.strategy
            ]
            for other in reversed(self.children[first:last]):
                self.end(other)
                if other[1] == "temporary":
                    self.children.remove(other)
            for other in self.children[first:last]:
                self.start(other)

    def end(self, child: list[Any]) -> None:
        if child[2]:
            child[2] = False
            self.log.append(("stop", child[0]))

    def start(self, child: list[Any]) -> None:
        child[2] = True
        self.log.append(("start", child[0]))

    def terminate(self, id: str) -> None:
        child = self.named(id)
        self.end(child)
        if child[1] == "temporary":
            self.children.remove(child)

    def shown(self) -> list[tuple[str, bool]]:
        return [(child[0], child[2]) for child in self.children]


@pytest.mark.parametrize("seed", range(40))
def test_random_histories_against_the_model(seed: int) -> None:
    rng = random.Random(seed)
    strategy: Strategy = rng.choice(["one_for_one", "one_for_all", "rest_for_one"])
    restarts: list[Restart] = ["permanent", "transient", "temporary"]
    children = [(id, rng.choice(restarts)) for id in "abcde"[: rng.randrange(1, 6)]]
    log: Log = []
    expected: Log = []
    with simulation(seed):
        supervisor = Supervisor.start_link(
            [logging_worker(id, log, restart=restart) for id, restart in children],
            strategy=strategy,
            max_restarts=1000,
        )
        model = Model(strategy, children, expected)
        log.clear()
        for number in range(30):
            _random_step(rng, supervisor, model, log, number)
            shown = [(child.id, child.pid is not None) for child in reversed(supervisor.which_children())]
            assert shown == model.shown()
            assert log == expected
            assert all([is_alive(pid) for pid in pids(supervisor).values() if isinstance(pid, Pid)])
        alive = [child[0] for child in model.children if child[2]]
        log.clear()
        supervisor.stop()
        assert log == [("stop", id) for id in reversed(alive)]


def _random_step(rng: random.Random, supervisor: Supervisor, model: Model, log: Log, number: int) -> None:
    if not model.children or rng.random() < 0.1:
        restart: Restart = rng.choice(["permanent", "transient", "temporary"])
        id = f"new {number}"
        supervisor.start_child(logging_worker(id, log, restart=restart))
        model.children.append([id, restart, False])
        model.start(model.children[-1])
        return
    id, _, alive = rng.choice(model.children)
    if not alive:
        if rng.random() < 0.7:
            supervisor.restart_child(id)
            model.start(model.named(id))
        else:
            supervisor.delete_child(id)
            model.children.remove(model.named(id))
    elif rng.random() < 0.7:
        reason = rng.choice([NORMAL, SHUTDOWN, BOOM])
        crash(pids(supervisor)[id], reason)
        model.crash(id, reason)
    else:
        supervisor.terminate_child(id)
        model.terminate(id)
