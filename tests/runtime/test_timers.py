"""Messages that are sent later, by simulated time and by the clock."""

from typing import Any, Final

import pytest

from matchspec import Atom, Ref
from runtime import (
    BadArg,
    asleep,
    cancel_timer,
    exit,
    kernel,
    mailbox_size,
    read_timer,
    receive,
    register,
    self_,
    send,
    send_after,
    sleep,
    spawn,
)
from runtime.scheduler import SYSTEM
from runtime.simulator import simulation

BELL: Final = Atom("bell")
FAR: Final = 3600.0  # seconds: no test is there when it is over


def test_messages_come_at_their_times() -> None:
    with simulation(seed=1) as time:
        for seconds in (3, 1, 2, 1):
            send_after(self_(), (BELL, seconds), seconds)
        assert [(receive()[1], time.now()) for _ in range(4)] == [(1, 1), (1, 1), (2, 2), (3, 3)]


def test_a_timer_wakes_threads_and_coroutines_alike() -> None:
    with simulation(seed=2) as time:
        me = self_()

        async def echo() -> None:
            await asleep(1)
            send_after(me, (BELL, "coroutine"), 1)

        spawn(echo)
        spawn(lambda: send_after(me, (BELL, "thread"), 3))
        assert [(receive()[1], time.now()) for _ in range(2)] == [("coroutine", 2), ("thread", 3)]


def test_time_that_is_left() -> None:
    with simulation(seed=3):
        timer = send_after(self_(), BELL, 10)
        sleep(4)
        assert read_timer(timer) == 6
        assert cancel_timer(timer) == 6
        assert read_timer(timer) is None
        assert cancel_timer(timer) is None
        sleep(20)
        assert mailbox_size() == 0
        assert read_timer(Ref()) is None


def test_a_timer_goes_with_the_process_that_it_is_for() -> None:
    with simulation(seed=4):
        pid = spawn(receive)
        timer = send_after(pid, BELL, 10)
        sleep(1)
        exit(pid, "kill")
        assert read_timer(timer) is None
        assert read_timer(send_after(pid, BELL, 10)) is None
        assert not kernel.current().scheduler.timers


def test_a_timer_outlives_who_has_set_it() -> None:
    with simulation(seed=5) as time:
        me = self_()
        spawn(lambda: send_after(me, BELL, 5))
        assert receive() is BELL
        assert time.now() == 5


def test_a_name_is_looked_up_when_the_timer_rings() -> None:
    with simulation(seed=6) as time:
        me = self_()
        send_after("late_riser", BELL, 5)
        send_after("nobody", BELL, 1)

        def riser() -> None:
            sleep(2)
            register("late_riser")
            send(me, receive())

        spawn(riser)
        assert receive() is BELL
        assert time.now() == 5


def test_bad_arguments() -> None:
    bad: Any = None
    for call, cause in (
        (lambda: send_after(self_(), BELL, -1), "option"),
        (lambda: send_after(self_(), BELL, bad), "option"),
        (lambda: send_after(bad, BELL, 1), "type"),
        (lambda: cancel_timer(bad), "type"),
        (lambda: read_timer(bad), "type"),
    ):
        with pytest.raises(BadArg, match="allowed|name of a process") as caught:
            call()
        assert caught.value.cause == cause


def test_timers_by_the_clock() -> None:
    far = send_after(self_(), "far", FAR)
    for milliseconds in (30, 10, 20):
        send_after(self_(), milliseconds, milliseconds / 1000)
    assert {receive(timeout=30) for _ in range(3)} == {10, 20, 30}  # their order depends on when each was set
    left = cancel_timer(far)
    assert left is not None
    assert 0 < left < FAR
    send_after(self_(), "now", 0)
    assert receive(timeout=30) == "now"
    assert mailbox_size() == 0


def test_timers_that_were_called_off_are_swept_out() -> None:
    timers = [send_after(self_(), number, FAR) for number in range(1000)]
    for timer in timers:
        cancel_timer(timer)
    clock = SYSTEM._clock
    assert clock is not None
    assert len(clock._alarms) < 200
    assert not SYSTEM.timers
