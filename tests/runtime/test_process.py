"""Processes: messages, time-outs, coroutines, what an ended process can still do. Links and exits against Erlang are in
test_live_processes.py.
"""

import asyncio
import gc
import logging
import threading
from collections.abc import Iterator
from typing import Any, Final

import pytest

from matchspec import ANY, SKIP, Atom, MatchSpecError, spec
from runtime import (
    DOWN,
    EXIT,
    KILLED,
    NOPROC,
    NORMAL,
    BadArg,
    Exit,
    Killed,
    areceive,
    asleep,
    callers,
    demonitor,
    ets,
    exit,
    is_alive,
    kernel,
    link,
    mailbox_size,
    monitor,
    processes,
    receive,
    register,
    registered,
    self_,
    send,
    sleep,
    spawn,
    spawn_link,
    spawn_monitor,
    trap_exit,
    unregister,
    whereis,
)
from runtime.simulator import Deadlock, Simulation, simulation

ADD: Final = Atom("add")
TELL: Final = Atom("tell")


@pytest.fixture(params=[1, 2, 3], ids=lambda seed: f"seed{seed}")
def time(request: pytest.FixtureRequest) -> Iterator[Simulation]:
    with simulation(seed=request.param) as simulated:
        yield simulated


# --- messages -------------------------------------------------------------------------------------------------------


def test_messages_of_one_sender_come_in_order(time: Simulation) -> None:
    me = self_()

    def sender(name: str) -> None:
        for number in range(20):
            send(me, (name, number))

    for name in ("a", "b", "c"):
        spawn(sender, name)
    got = [receive() for _ in range(60)]
    for name in ("a", "b", "c"):
        assert [number for one, number in got if one == name] == list(range(20))
    assert mailbox_size() == 0


def test_receive_takes_the_first_that_matches_and_leaves_the_others(time: Simulation) -> None:
    me = self_()
    for message in [(TELL, 1), (ADD, 2), "text", (ADD, 3), {"map": 1}]:
        send(me, message)
    assert receive((ADD, ANY)) == (ADD, 2)
    assert receive(lambda tag, number: number * 10 if tag == ADD else SKIP) == 30
    assert receive({"map": ANY}) == {"map": 1}
    assert receive("{tell, '$1'}") == (TELL, 1)
    assert receive(timeout=0) == "text"
    assert receive(timeout=0, default="none") == "none"


def test_every_form_of_a_query_receives(time: Simulation) -> None:
    me = self_()
    query = spec("fun({add, N}) when N > 1 -> N end")
    for _ in range(6):
        send(me, (ADD, 1))
        send(me, (ADD, 5))
    assert receive(query) == 5
    assert receive("fun({add, N}) when N > 1 -> N end") == 5
    assert receive("fn {:add, n} when n > 1 -> n end") == 5
    assert receive("lambda tag, n: n if n > 1 else SKIP") == 5
    assert receive("[{{add, '$1'}, [{'>', '$1', 1}], ['$1']}]") == 5
    assert receive([((ADD, Atom("$1")), [(Atom(">"), Atom("$1"), 1)], [Atom("$1")])]) == 5
    assert [receive(timeout=0) for _ in range(6)] == [(ADD, 1)] * 6


def test_a_bad_pattern_is_refused_and_nothing_is_lost(time: Simulation) -> None:
    send(self_(), 1)
    with pytest.raises(MatchSpecError):
        receive("fun(X) -> nonsense(X) end")
    with pytest.raises(BadArg, match=r"timeout is -1.*seconds from 0 on"):
        receive(timeout=-1)
    assert receive() == 1


def test_a_receive_waits_as_long_as_it_says(time: Simulation) -> None:
    with pytest.raises(TimeoutError, match=r"within 2\.5 seconds"):
        receive(timeout=2.5)
    assert time.now() == 2.5
    me = self_()
    spawn(lambda: [sleep(1), send(me, "late")])  # type: ignore[func-returns-value]  # for its effect
    assert receive(timeout=2) == "late"
    assert time.now() == 3.5


def test_messages_that_do_not_match_do_not_prolong_the_wait(time: Simulation) -> None:
    me = self_()

    def pester() -> None:
        for _ in range(50):
            sleep(0.1)
            send(me, "no")

    spawn(pester)
    assert receive(("yes",), timeout=1, default="nothing") == "nothing"
    with pytest.raises(TimeoutError):
        receive((ADD, ANY), timeout=1)
    assert time.now() <= 2.0 + 1e-9


def test_sending_to_nobody(time: Simulation) -> None:
    gone = spawn(lambda: None)
    sleep(1)
    assert send(gone, "hello") == "hello"
    with pytest.raises(BadArg, match="no process has this name") as caught:
        send("nobody", 1)
    assert caught.value.cause == "noproc"
    with pytest.raises(BadArg, match="allowed are a Pid and the name of a process"):
        send(17, 1)  # type: ignore[arg-type]  # what is wrong is the point


def test_names(time: Simulation) -> None:
    pid = spawn(receive)
    assert register("server", pid)
    assert whereis("server") is pid
    assert whereis(Atom("server")) is pid
    assert "server" in registered()
    for name, target in (("server", self_()), ("other", pid)):
        with pytest.raises(BadArg) as caught:
            register(name, target)
        assert caught.value.cause == "already_exists"
    for bad in ("", "undefined", 3, None):
        with pytest.raises(BadArg):
            register(bad)  # type: ignore[arg-type]  # what is wrong is the point
    send("server", "go")
    sleep(1)
    assert whereis("server") is None
    with pytest.raises(BadArg):
        unregister("server")
    with pytest.raises(BadArg) as caught:
        register("server", pid)
    assert caught.value.cause == "noproc"


# --- ends -----------------------------------------------------------------------------------------------------------


def test_reasons_of_ends(time: Simulation) -> None:
    def fails() -> None:
        raise ValueError("boom")

    reasons: list[Any] = []
    for function in (lambda: 1, lambda: exit("bad"), lambda: exit("normal"), fails, lambda: exit((ADD, 1))):
        pid, ref = spawn_monitor(function)
        reasons.append(receive((DOWN, ref, ANY, pid, ANY))[4])
    assert reasons[0] is NORMAL
    assert reasons[1] == "bad"
    assert reasons[2] is NORMAL
    error, stack = reasons[3]
    assert isinstance(error, ValueError)
    assert stack[0][0] == "fails"
    assert stack[0][1] == __file__
    assert reasons[4] == (ADD, 1)


def test_crashes_are_logged_with_who_and_what(time: Simulation, caplog: pytest.LogCaptureFixture) -> None:
    def named() -> None:
        register("worker")
        raise ValueError("boom")

    with caplog.at_level(logging.ERROR, logger="runtime.process"):
        pid, _ = spawn_monitor(named)
        receive()
        spawn_monitor(lambda: exit("normal"))
        spawn_monitor(lambda: exit("shutdown"))
        receive()
        receive()
    (record,) = caplog.records
    text = record.getMessage()
    for part in (repr(pid), "worker", "named", "ValueError: boom", f"started by {self_()!r}"):
        assert part in text
    assert record.exc_info is not None


def test_what_an_ended_process_does_is_refused(time: Simulation) -> None:
    table = ets.new("t", access="public")
    gate, seen = threading.Event(), []

    def stubborn() -> None:
        register("stubborn")
        try:
            receive()
        except Killed as error:
            seen.append(error.reason)
        for attempt in (lambda: table.insert((1,)), lambda: table.lookup(1), self_, lambda: send(me, 1), receive):
            try:
                attempt()
            except Exception:  # noqa: BLE001  # a loop that catches all is what must not keep it going
                seen.append("caught")
            except Killed as error:
                seen.append(error.reason)
        gate.set()

    me = self_()
    pid = spawn(stubborn)
    sleep(1)
    exit(pid, "stop")
    assert not is_alive(pid)
    assert whereis("stubborn") is None
    sleep(1)
    assert gate.is_set()
    assert seen == ["stop"] * 6
    assert table.tab2list() == []
    assert table.insert((1,))
    assert kernel.remnants.count == 0


def test_an_exit_interrupts_a_sleep(time: Simulation) -> None:
    pid, _ = spawn_monitor(lambda: sleep(1000))
    sleep(1)
    exit(pid, "enough")
    assert receive()[4] == "enough"
    assert time.now() == 1


def test_a_thread_of_ones_own_becomes_another_process() -> None:
    before = self_()
    pid = spawn_link(lambda: exit("bad"))
    with pytest.raises(Exit) as caught:
        sleep(60)
    assert caught.value.reason == "bad"
    assert not is_alive(before)
    assert self_() is not before
    assert is_alive(self_())
    assert not is_alive(pid)


def test_a_thread_that_ends_is_a_process_that_ends() -> None:
    pids: list[Any] = []
    started, may_end = threading.Event(), threading.Event()

    def run() -> None:
        pids.append(self_())
        ets.new("mine", named_table=True)
        started.set()
        may_end.wait(30)

    thread = threading.Thread(target=run)
    thread.start()
    started.wait(30)
    ref = monitor(pids[0])
    assert ets.whereis("mine") is not None
    may_end.set()
    assert receive((DOWN, ref, ANY, ANY, ANY), timeout=30)[4] is NORMAL
    assert ets.whereis("mine") is None
    thread.join()


def test_callers(time: Simulation) -> None:
    me, seen = self_(), []

    def outer() -> None:
        seen.append(callers())
        spawn(lambda: seen.append(callers()))

    pid = spawn(outer)
    sleep(1)
    assert seen == [[me], [pid, me]]


def test_processes_lists_those_alive(time: Simulation) -> None:
    first, second = spawn(receive), spawn(receive)
    assert {first, second, self_()} <= set(processes())
    exit(first, "kill")
    assert first not in processes()


def test_monitors_of_names_and_the_dead(time: Simulation) -> None:
    gone = spawn(lambda: None)
    sleep(1)
    ref = monitor(gone)
    assert receive() == (DOWN, ref, Atom("process"), gone, NOPROC)
    ref = monitor("nobody")
    assert receive() == (DOWN, ref, Atom("process"), ("nobody", Atom("nonode@nohost")), NOPROC)
    first, second = monitor(gone), monitor(gone)
    assert first != second
    assert demonitor(first, flush=True)
    assert demonitor(second)  # without flush the message stays
    assert receive(timeout=0)[1] is second
    assert mailbox_size() == 0


# --- coroutines -----------------------------------------------------------------------------------------------------


def test_coroutine_functions_are_processes_too(time: Simulation) -> None:
    me = self_()

    async def echo() -> None:
        while True:
            message = await areceive((TELL, ANY))
            await asleep(1)
            send(me, (message[1], self_()))

    pid = spawn(echo)
    for number in range(3):
        send(pid, (TELL, number))
    assert [receive() for _ in range(3)] == [(number, pid) for number in range(3)]
    assert time.now() == 3
    ref = monitor(pid)
    exit(pid, "stop")
    assert receive() == (DOWN, ref, Atom("process"), pid, "stop")


def test_a_coroutine_waits_for_no_longer_than_it_says(time: Simulation) -> None:
    async def waits() -> None:
        with pytest.raises(TimeoutError):
            await areceive(timeout=2)
        assert await areceive(timeout=1, default="nothing") == "nothing"
        exit((ADD, await areceive(timeout=0, default=5)))

    spawn_monitor(waits)
    assert receive()[4] == (ADD, 5)
    assert time.now() == 3


def test_an_exit_signal_cancels_a_coroutine_for_real() -> None:
    cancelled: list[str] = []

    async def stubborn() -> None:
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            cancelled.append("yes")
            raise

    pid, ref = spawn_monitor(stubborn)
    other, _ = spawn_monitor(areceive)  # the loop has begun with the first when this one has got its message
    send(other, 1)
    receive((DOWN, ANY, ANY, other, ANY), timeout=30)
    exit(pid, "kill")
    assert receive((DOWN, ref, ANY, ANY, ANY), timeout=30)[4] is KILLED
    last, _ = spawn_monitor(areceive)
    send(last, 1)
    receive((DOWN, ANY, ANY, last, ANY), timeout=30)
    assert cancelled == ["yes"]


def test_a_lambda_that_gives_a_coroutine(time: Simulation) -> None:
    me = self_()

    async def tell(number: int) -> None:
        await asleep(1)
        send(me, number)

    spawn(lambda: tell(7))
    assert receive() == 7


# --- the simulation -------------------------------------------------------------------------------------------------


def race(seed: int) -> list[Any]:
    with simulation(seed=seed):
        me = self_()
        for name in "abcd":
            spawn(lambda name=name: [send(me, (name, number)) for number in range(5)])
        return [receive() for _ in range(20)]


def test_a_seed_decides_the_order() -> None:
    orders = {seed: race(seed) for seed in range(8)}
    assert all(race(seed) == order for seed, order in orders.items())
    assert len({tuple(order) for order in orders.values()}) > 4


def test_waiting_for_what_cannot_come_is_an_error() -> None:
    with simulation():
        spawn(receive)
        with pytest.raises(Deadlock, match="every process"):
            receive()


def test_a_simulation_ends_with_all_its_processes_gone() -> None:
    gc.collect()
    before = set(processes())
    with simulation():
        for _ in range(5):
            spawn_link(receive)
        sleep(1)
    left = set(processes()) - before
    assert left <= {self_()}
    with simulation(), pytest.raises(RuntimeError, match="cannot be nested"), simulation():
        pass


def test_bad_arguments() -> None:
    for call in (
        lambda: spawn(3),  # type: ignore[arg-type]  # what is wrong is the point
        lambda: link("name"),  # type: ignore[arg-type]  # what is wrong is the point
        lambda: exit("nobody", 1),  # type: ignore[call-overload]  # what is wrong is the point
        lambda: is_alive(3),  # type: ignore[arg-type]  # what is wrong is the point
        lambda: demonitor(3),  # type: ignore[arg-type]  # what is wrong is the point
        lambda: trap_exit(1),  # type: ignore[arg-type]  # what is wrong is the point
        lambda: sleep("long"),  # type: ignore[arg-type]  # what is wrong is the point
    ):
        with pytest.raises(BadArg, match="allowed"):
            call()


def test_trapping_exits(time: Simulation) -> None:
    assert trap_exit(True) is False
    pid = spawn_link(lambda: exit("bad"))
    assert receive() == (EXIT, pid, "bad")
    exit(self_(), "please")
    assert receive() == (EXIT, self_(), "please")
    assert trap_exit(False) is True
