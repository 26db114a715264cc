"""Streams of processes under a task supervisor. Expected is what Elixir 1.14 on OTP 25 answers."""

from collections.abc import Iterator

import pytest

from matchspec.values import ANY
from runtime import TaskSupervisor
from runtime.exits import KILLED, TIMEOUT, Exit
from runtime.monitor import DOWN, PROCESS
from runtime.outcome import ExitReason, Ok
from runtime.process import exit, receive, sleep, spawn, spawn_monitor
from runtime.simulator import Simulation
from runtime.task import Task
from tests.runtime.supervised import BOOM, SEEDS, crash, reason_in, stubborn, trapping


@pytest.fixture(params=SEEDS)
def time(request: pytest.FixtureRequest) -> Iterator[Simulation]:
    with trapping(request.param) as simulated:
        yield simulated


def reciprocal(n: int) -> float:
    if n == 2:
        exit(BOOM)
    return 1 / n


def test_streams_without_links_give_a_reason_for_each_failure(time: Simulation) -> None:
    supervisor = TaskSupervisor.start_link()
    stream = supervisor.async_stream_nolink([1, 2, 4], reciprocal, max_concurrency=2)
    assert list(stream) == [Ok(1.0), ExitReason(BOOM), Ok(0.25)]
    assert list(stream) == [Ok(1.0), ExitReason(BOOM), Ok(0.25)]
    zipped = supervisor.async_stream_nolink([1, 2], reciprocal, zip_input_on_exit=True)
    assert list(zipped) == [Ok(1.0), ExitReason((2, BOOM))]


def test_streams_with_links(time: Simulation) -> None:
    supervisor = TaskSupervisor.start_link()
    assert list(supervisor.async_stream(range(3), str)) == [Ok("0"), Ok("1"), Ok("2")]
    pid, ref = spawn_monitor(lambda: list(supervisor.async_stream([1, 2, 4], reciprocal)))
    assert receive((DOWN, ref, ANY, ANY, ANY)) == (DOWN, ref, PROCESS, pid, BOOM)
    assert supervisor.children() == []


def test_a_caller_that_traps_exits_gets_outcomes_and_no_messages(time: Simulation) -> None:
    supervisor = TaskSupervisor.start_link()
    for stream in (supervisor.async_stream([1, 2, 4], reciprocal), Task.async_stream([1, 2, 4], reciprocal)):
        assert list(stream) == [Ok(1.0), ExitReason(BOOM), Ok(0.25)]
    assert receive(timeout=1, default=None) is None


def test_the_processes_of_a_stream_are_children(time: Simulation) -> None:
    supervisor = TaskSupervisor.start_link()
    counts: set[int] = set()

    def count(_: int) -> None:
        counts.add(len(supervisor.children()))
        sleep(1)

    list(supervisor.async_stream_nolink(range(6), count, max_concurrency=3))
    assert max(counts) == 3
    assert supervisor.children() == []


@pytest.mark.parametrize("linked", [True, False])
def test_leaving_a_stream_ends_what_runs(linked: bool, time: Simulation) -> None:
    supervisor = TaskSupervisor.start_link()
    start = supervisor.async_stream if linked else supervisor.async_stream_nolink
    for outcome in start([0, 100, 100], sleep, max_concurrency=3, timeout=None):
        assert outcome == Ok(None)
        break
    assert supervisor.children() == []


def test_time_outs_of_streams(time: Simulation) -> None:
    supervisor = TaskSupervisor.start_link()
    stream = supervisor.async_stream_nolink([1, 9], sleep, timeout=5, on_timeout="kill_task")
    assert list(stream) == [Ok(None), ExitReason(TIMEOUT)]
    with pytest.raises(Exit) as raised:
        list(supervisor.async_stream_nolink([9], sleep, timeout=5))
    assert reason_in(raised)[0] is TIMEOUT
    assert supervisor.children() == []


def test_a_stream_without_links_ends_with_its_caller(time: Simulation) -> None:
    supervisor = TaskSupervisor.start_link()
    pid = spawn(lambda: list(supervisor.async_stream_nolink([100, 100], sleep, timeout=None)))
    sleep(1)
    assert len(supervisor.children()) == 2
    crash(pid)
    assert supervisor.children() == []


def test_how_long_the_processes_of_a_stream_may_take_to_end(time: Simulation) -> None:
    supervisor = TaskSupervisor.start_link()
    stream = supervisor.async_stream_nolink([1], lambda _: stubborn(), timeout=None, shutdown=3.0)
    task = Task.async_(list, stream)
    sleep(1)
    supervisor.stop()
    assert time.now() == 4.0
    assert task.await_() == [ExitReason(KILLED)]
