"""Tasks that are run by who awaits them: who they are, how they end, and when a thread is not lent."""

import asyncio
import contextvars
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from matchspec import ANY, Atom, Pid
from runtime import (
    DOWN,
    EXIT,
    KILL,
    KILLED,
    NORMAL,
    TASK,
    Exit,
    ExitReason,
    Ok,
    Task,
    TaskSupervisor,
    callers,
    ets,
    exit,
    is_alive,
    kernel,
    mailbox_size,
    monitor,
    receive,
    self_,
    send,
    sleep,
    spawn,
    spawn_monitor,
    trap_exit,
)
from runtime.exits import TIMEOUT
from runtime.simulator import Simulation, simulation
from runtime.stream import OnTimeout

Body = Callable[[], Any]
here: Final = threading.get_ident
LABEL: Final[contextvars.ContextVar[str]] = contextvars.ContextVar("label", default="none")


@pytest.fixture
def time(lending: float) -> Iterator[Simulation]:
    """A simulation in which tasks are run by who awaits them, or never. Only processes that are spawned lend threads."""
    with simulation() as time:
        time.lending, time.switching = lending, 0.0
        yield time


@pytest.fixture
def lent() -> Iterator[Simulation]:
    """A simulation in which tasks are run by who awaits them."""
    with simulation() as time:
        time.lending, time.switching = 1.0, 0.0
        yield time


def ended(body: Body) -> Any:
    """The reason with which a process ends that runs this."""
    _, ref = spawn_monitor(body)
    return receive((DOWN, ref, ANY, ANY, ANY))[4]


def result(body: Body) -> Any:
    """What a process finds that runs this."""
    tag, root = object(), self_()
    _, ref = spawn_monitor(lambda: send(root, (tag, body())))
    first = receive()
    assert first[0] is tag, first
    assert receive((DOWN, ref, ANY, ANY, ANY))[4] is NORMAL
    return first[1]


def value_of(outcome: object) -> int:
    assert isinstance(outcome, Ok)
    return int(outcome.value)


def shares_thread(task: Callable[[], Task[int]], await_: Callable[[Task[int]], int]) -> bool:
    return bool(result(lambda: await_(task()) == here()))


# --- who is it ------------------------------------------------------------------------------------------------------


def test_it_is_a_process_of_its_own(time: Simulation) -> None:
    def body() -> tuple[Any, ...]:
        send(self_(), "to the task")
        return self_(), callers(), mailbox_size(), receive()

    def caller() -> tuple[Any, ...]:
        send(self_(), "to the caller")
        task = Task.async_(body)
        found = task.await_()
        return found, task.pid, self_(), mailbox_size(), receive(), is_alive(found[0])

    (pid, called_by, size, message), expected, owner, left, own, alive = result(caller)
    assert pid is expected
    assert pid is not owner
    assert called_by[0] is owner
    assert (size, message, left, own, alive) == (1, "to the task", 1, "to the caller", False)


def test_its_tables_go_with_it(time: Simulation) -> None:
    def body() -> Any:
        return ets.new("of the task").insert((1,)) and ets.whereis("of the task") is None and ets.all()[-1]

    assert result(lambda: Task.async_(body).await_().info()) is None


def test_context_variables_are_its_own(time: Simulation) -> None:
    def body() -> str:
        seen = LABEL.get()
        LABEL.set("of the task")
        return seen

    def caller() -> tuple[str, str]:
        LABEL.set("of the caller")
        return Task.async_(body).await_(), LABEL.get()

    assert result(caller) == ("none", "of the caller")


# --- in which thread ------------------------------------------------------------------------------------------------


def test_the_thread_of_who_awaits(lent: Simulation) -> None:
    assert shares_thread(lambda: Task.async_(here), lambda task: task.await_())
    assert shares_thread(lambda: Task.async_(here), lambda task: task.await_(None))
    assert shares_thread(lambda: Task.async_(here), lambda task: Task.await_many([task])[0])
    assert shares_thread(lambda: Task.async_(here), lambda task: value_of(task.yield_(None)))


def test_the_thread_of_another(lent: Simulation) -> None:
    jobs = TaskSupervisor.start_link()
    assert shares_thread(lambda: jobs.async_(here), lambda task: task.await_())
    assert not shares_thread(lambda: Task.async_(here), lambda task: task.await_(5.0))
    assert not shares_thread(lambda: Task.async_(here), lambda task: Task.await_many([task], 5.0)[0])
    assert not shares_thread(lambda: Task.async_(here), lambda task: value_of(task.yield_()))
    assert not shares_thread(lambda: Task.async_dedicated(here), lambda task: task.await_())
    assert not shares_thread(lambda: jobs.async_nolink(here), lambda task: task.await_())


def test_one_that_has_begun_is_left_where_it_is(lent: Simulation) -> None:
    def caller() -> bool:
        task: Task[int] = Task.async_(here)
        sleep(1)
        return task.await_() != here()

    assert result(caller)


def test_never_the_thread_of_an_event_loop() -> None:
    async def main() -> tuple[int, int]:
        waited: int = await Task.async_(here)
        return waited, Task.async_(here).await_()  # which blocks the loop, as any other call that waits

    threads = asyncio.run(main())
    assert here() not in threads


def test_a_function_that_gives_a_coroutine_goes_on_in_a_loop(time: Simulation) -> None:
    async def later() -> str:
        return "from the loop"

    def body() -> Any:
        return later()

    assert result(lambda: Task.async_(body).await_()) == "from the loop"


def test_in_real_time_too() -> None:
    """A thread of the pool may always be faster, but not each time."""
    assert any(Task.async_(here).await_() == here() for _ in range(1000))


# --- how it ends ----------------------------------------------------------------------------------------------------


def test_a_failure_ends_the_caller(time: Simulation) -> None:
    def caller() -> None:
        Task.async_(exit, "bad").await_()

    assert ended(caller) == "bad"


def test_a_caller_that_traps_exits(time: Simulation) -> None:
    def caller() -> tuple[Any, ...]:
        trap_exit(True)
        task: Task[None] = Task.async_(exit, "bad")
        with pytest.raises(Exit) as caught:
            task.await_()
        return task, caught.value.reason, receive(), mailbox_size()

    task, reason, message, left = result(caller)
    assert reason == ("bad", (TASK, Atom("await"), [task, 5.0]))
    assert message == (EXIT, task.pid, "bad")
    assert left == 0


def test_killed_where_it_waits(time: Simulation) -> None:
    def caller() -> tuple[Any, ...]:
        trap_exit(True)
        task: Task[None] = Task.async_(sleep, 60)
        victim = task.pid

        def killer() -> None:
            sleep(1)
            assert victim is not None
            exit(victim, KILL)

        spawn(killer)
        with pytest.raises(Exit) as caught:
            task.await_()
        return caught.value.reason[0], receive()[2], time.now()

    assert result(caller) == (KILLED, KILLED, 1.0)


def test_the_end_of_the_caller_ends_it(time: Simulation) -> None:
    notes: list[str] = []

    def body() -> None:
        try:
            sleep(60)
        finally:
            notes.append("the task")

    def caller() -> None:
        try:
            Task.async_(body).await_()
        finally:
            notes.append("the caller")

    pid, ref = spawn_monitor(caller)
    sleep(1)
    exit(pid, "enough")
    assert receive((DOWN, ref, ANY, ANY, ANY))[4] == "enough"
    sleep(1)
    assert sorted(notes) == ["the caller", "the task"]
    assert time.now() == 2.0


def test_await_many_ends_with_the_first_failure(lent: Simulation) -> None:
    begun: list[str] = []

    def body(name: str) -> str:
        begun.append(name)
        return name if name != "bad" else exit("bad")

    def caller() -> Any:
        trap_exit(True)
        tasks = [Task.async_(body, name) for name in ("one", "bad", "two")]
        with pytest.raises(Exit) as caught:
            Task.await_many(tasks)
        return caught.value.reason[0], list(begun)

    assert result(caller) == ("bad", ["one", "bad"])
    assert result(lambda: Task.await_many([Task.async_(body, name) for name in "xyz"])) == ["x", "y", "z"]


@pytest.fixture
def _interruptible() -> Iterator[None]:
    """Python raises KeyboardInterrupt, also where the tests were started with the signal ignored, as in background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interruptible")
def test_an_interrupt_is_the_main_threads() -> None:
    """It ends the task, and is raised where the user has stopped the program. Until the main thread is lent."""
    main, ends = here(), list[Any]()

    def body() -> None:
        if here() == main:
            ends.append(self_())
            signal.raise_signal(signal.SIGINT)

    def tries() -> None:
        for _ in range(1000):
            Task.async_(body).await_()

    before = self_()
    with pytest.raises(KeyboardInterrupt):
        tries()
    assert self_() is before
    (pid,) = ends
    assert not is_alive(pid)
    assert receive((DOWN, ANY, ANY, pid, ANY), timeout=0)[4] is KILLED


# --- time-outs ------------------------------------------------------------------------------------------------------


def test_a_late_function_is_late(lent: Simulation) -> None:
    def body() -> str:
        lent._time += 6  # as if it had computed all that time
        return "too late"

    def caller() -> Any:
        task = Task.async_(body)
        with pytest.raises(Exit) as caught:
            task.await_()
        return caught.value.reason == (TIMEOUT, (TASK, Atom("await"), [task, 5.0])), mailbox_size()

    assert result(caller) == (True, 0)


def test_one_that_waits_in_the_runtime_is_ended_in_time(lent: Simulation) -> None:
    def caller() -> Any:
        task = Task.async_(receive)
        assert task.pid is not None
        ref = monitor(task.pid)
        with pytest.raises(Exit) as caught:
            task.await_()
        return caught.value.reason[0], receive((DOWN, ref, ANY, ANY, ANY))[4], mailbox_size(), lent.now()

    assert result(caller) == (TIMEOUT, TIMEOUT, 0, 5.0)


def test_without_end_it_is_waited_for(time: Simulation) -> None:
    assert result(lambda: (Task.async_(sleep, 3600).await_(None), time.now())) == (None, 3600.0)


@pytest.mark.parametrize("traps", [False, True])
def test_the_first_that_is_due_in_a_chain_is_late(lent: Simulation, traps: bool) -> None:
    """The inner one could wait until 8; who awaits the outer one wants an answer at 5, however many lie above it."""
    inner: list[Pid] = []

    def innermost() -> None:
        trap_exit(traps)
        inner.append(self_())
        receive("never")

    def outer() -> None:
        sleep(3)
        Task.async_(innermost).await_()

    def caller() -> Any:
        task = Task.async_(outer)
        with pytest.raises(Exit) as caught:
            task.await_()
        return caught.value.reason[1][2][0] is task, lent.now(), is_alive(inner[0])

    assert result(caller) == (True, 5.0, False)


def test_only_the_inner_one_is_late(lent: Simulation) -> None:
    def outer() -> Any:
        with pytest.raises(Exit) as caught:
            Task.async_(receive).await_()
        return caught.value.reason[0]

    assert result(lambda: (Task.async_(outer).await_(None), lent.now())) == (TIMEOUT, 5.0)


# --- depth ----------------------------------------------------------------------------------------------------------


def test_deep_ones_go_on_in_other_threads(time: Simulation) -> None:
    threads: list[int] = []

    def nested(depth: int) -> int:
        threads.append(here())
        return 0 if depth == 0 else 1 + Task.async_(nested, depth - 1).await_(None)

    assert result(lambda: nested(100)) == 100
    most = max(threads.count(thread) for thread in threads)
    assert most == (9 if time.lending else 1)  # its own process, and eight that it was lent to


# --- streams --------------------------------------------------------------------------------------------------------


def test_short_items_are_run_by_who_waits(lent: Simulation) -> None:
    def caller() -> tuple[list[Any], bool]:
        outcomes = list(Task.async_stream(range(60), lambda n: (n, here())))
        return [outcome.value[0] for outcome in outcomes if isinstance(outcome, Ok)], here() in {
            outcome.value[1] for outcome in outcomes if isinstance(outcome, Ok)
        }

    assert result(caller) == (list(range(60)), True)


def test_not_if_a_time_out_was_stated(lent: Simulation) -> None:
    def caller() -> bool:
        outcomes = list(Task.async_stream(range(60), lambda _: here(), timeout=5.0))
        return Ok(here()) in outcomes

    assert not result(caller)


def test_an_item_that_waits_after_all(lent: Simulation) -> None:
    """It is ended in time, as any other; the others are not touched by it."""
    threads: list[int] = []

    def work(n: int) -> int:
        if n == 40:
            threads.append(here())
            receive("never")
        return n

    def caller() -> tuple[list[Any], bool]:
        found = list(Task.async_stream(range(60), work, on_timeout="kill_task", zip_input_on_exit=True))
        return found, threads == [here()]

    expected = [Ok(n) if n != 40 else ExitReason((40, TIMEOUT)) for n in range(60)]
    assert result(caller) == (expected, True)
    assert lent.now() == 5.0


def test_only_so_much_time_is_lost_with_items_that_take_long(lent: Simulation) -> None:
    """A quarter of all the time, and what the last of them took."""
    long_ones: list[int] = []
    short_ones: list[int] = []

    def work(n: int) -> None:
        if n % 30 == 29:
            lent._time += 1.0  # as if it had computed all that time
            long_ones.append(here())
        else:
            short_ones.append(here())

    def caller() -> tuple[int, int]:
        mine = here()
        for _ in Task.async_stream(range(600), work, max_concurrency=1):
            pass
        return long_ones.count(mine), short_ones.count(mine)

    slow, fast = result(caller)
    assert len(long_ones) == 20
    assert 1 <= slow <= 20 / 4 + 1
    assert fast > 100


@pytest.mark.parametrize("on_timeout", ["exit", "kill_task"])
def test_an_item_that_takes_long_after_all(lent: Simulation, on_timeout: OnTimeout) -> None:
    def work(n: int) -> int:
        if n == 40:
            lent._time += 6  # as if it had computed all that time
        return n

    def caller() -> list[Any]:
        return list(Task.async_stream(range(60), work, on_timeout=on_timeout, max_concurrency=1))

    if on_timeout == "exit":
        assert ended(caller) == (TIMEOUT, (Atom("Elixir.Task.Supervised"), Atom("stream"), [5.0]))
    else:
        assert result(caller) == [Ok(n) if n != 40 else ExitReason(TIMEOUT) for n in range(60)]


# --- in real time ---------------------------------------------------------------------------------------------------


def test_each_is_run_once_whoever_takes_it() -> None:
    """Threads of the pool and owners take tasks from each other, some of which await others and some of which fail."""
    ran: list[tuple[int, int]] = []

    def leaf(owner: int, number: int) -> int:
        ran.append((owner, number))
        return number

    def branch(owner: int, number: int) -> int:
        return Task.async_(leaf, owner, number).await_(None) + 1

    def owner(number: int) -> int:
        trap_exit(True)
        total = 0
        for at in range(0, 300, 3):
            failing: Task[None] = Task.async_(exit, "bad")
            tasks = [Task.async_(branch, number, at), Task.async_(leaf, number, at + 1)]
            with pytest.raises(Exit):
                failing.await_(None)
            total += sum(Task.await_many(tasks, None)) + Task.async_(leaf, number, at + 2).await_()
        return total

    owners = [Task.async_(owner, number) for number in range(4)]
    assert Task.await_many(owners, None) == [sum(range(300)) + 100] * 4
    assert sorted(ran) == [(number, at) for number in range(4) for at in range(300)]
    assert [process for process in kernel.living.values() if process.loan is not None] == []
