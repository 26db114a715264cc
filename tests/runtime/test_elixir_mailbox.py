"""Mailboxes and timers, as recorded from Elixir."""

from typing import Final

import pytest

from matchspec import ANY, SKIP, Ref
from runtime import (
    cancel_timer,
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
from tests.runtime.elixir_helpers import (
    ILLEGAL,
    NOTHING,
    A,
    dead,
    following,
    keyword,
    mailbox,
    ms,
)
from tests.runtime.elixir_scenarios import SEEDS, Case, Scenarios, Value, check, outcome

RECORD: Final = Scenarios("mailbox")
GOT: Final = A("got")
LATE: Final = A("late")
LOST: Final = A("lost")
RING: Final = A("ring")
NOBODY: Final = A("nobody_has_this_name")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("case", RECORD.cases.values(), ids=str)
def test_as_in_elixir(case: Case, seed: int) -> None:
    check(case, seed)


def test_all_that_is_recorded_is_here() -> None:
    assert RECORD.missing() == []


# --- messages -------------------------------------------------------------------------------------------------------


@RECORD.scenario("mailbox", "messages of one sender come in order")
def _() -> Value:
    caller = self_()
    spawn(lambda: [send(caller, number) for number in range(1, 6)])
    return mailbox()


@RECORD.scenario("mailbox", "send returns the message")
def _() -> Value:
    return send(self_(), (A("any"), "term"))


@RECORD.scenario("mailbox", "a message to oneself")
def _() -> Value:
    send(self_(), A("hello"))
    return following()


@RECORD.scenario("mailbox", "send to a dead process")
def _() -> Value:
    return send(dead(), LOST)


@RECORD.scenario("mailbox", "send to a registered name")
def _() -> Value:
    register(A("mailbox_named"), self_())
    return keyword(returned=send(A("mailbox_named"), A("hello")), messages=mailbox())


@RECORD.scenario("mailbox", "send to a name nobody has")
def _() -> Value:
    return send(NOBODY, LOST)


RECORD.not_here("mailbox", "there are no nodes", "send to a name nobody has on this node, with the node")


@RECORD.scenario("mailbox", "send to what is no destination")
def _() -> Value:
    return send(ILLEGAL, LOST)


@RECORD.scenario("mailbox", "receive takes the first message that fits and leaves the rest in order")
def _() -> Value:
    for message in [A("a"), (A("wanted"), 1), A("b"), (A("wanted"), 2), A("c")]:
        send(self_(), message)
    return keyword(first=receive((A("wanted"), ANY))[1], rest=mailbox())


@RECORD.scenario("mailbox", "receive of several patterns: the oldest message decides, not the first pattern")
def _() -> Value:
    first, second, by_first, by_second = A("first_pattern"), A("second_pattern"), A("by_first"), A("by_second")
    send(self_(), second)
    send(self_(), first)
    return receive(lambda it: by_first if it == first else by_second if it == second else SKIP)


@RECORD.scenario("mailbox", "receive with a guard")
def _() -> Value:
    for number in range(1, 6):
        send(self_(), number)
    return keyword(picked=receive(lambda number: number if number > 3 else SKIP), rest=mailbox())


@RECORD.scenario("mailbox", "receive after 0 with no message")
def _() -> Value:
    return receive(timeout=0, default=NOTHING)


@RECORD.scenario("mailbox", "receive after 0 with a message")
def _() -> Value:
    send(self_(), A("there"))
    return GOT, receive(timeout=0, default=NOTHING)


@RECORD.scenario("mailbox", "receive after 0 with only messages that do not fit")
def _() -> Value:
    send(self_(), A("unfit"))
    return keyword(result=receive(A("wanted"), timeout=0, default=NOTHING), messages=mailbox())


@RECORD.scenario("mailbox", "receive with a time limit that passes")
def _() -> Value:
    return receive(timeout=ms(10), default=LATE)


@RECORD.scenario("mailbox", "receive with a time limit: a message that does not fit does not prolong it for ever")
def _() -> Value:
    caller = self_()
    spawn(lambda: [send(caller, A("unfit")) for _ in range(3)])
    return keyword(result=receive(A("wanted"), timeout=ms(30), default=LATE), messages=mailbox())


@RECORD.scenario("mailbox", "receive with a bad time limit")
def _() -> Value:
    return receive(A("never"), timeout=-1, default=LATE)


@RECORD.scenario("mailbox", "receive in two steps with a pinned value")
def _() -> Value:
    first, second = Ref(), Ref()
    send(self_(), (second, 2))
    send(self_(), (first, 1))
    return [receive((first, ANY))[1], receive((second, ANY))[1]]


@RECORD.scenario("mailbox", "1 and 1.0 are different messages")
def _() -> Value:
    send(self_(), 1.0)
    send(self_(), 1)
    return [A("integer") if type(receive(1)) is int else NOTHING, mailbox()]


@RECORD.scenario("mailbox", "a message that raises inside receive is taken")
def _() -> Value:
    def fails() -> None:
        raise RuntimeError(f"boom on {receive().name}")

    send(self_(), A("bad"))
    send(self_(), A("good"))
    return keyword(raised=outcome(fails), rest=mailbox())


@RECORD.scenario("mailbox", "the queue of a process that does not receive")
def _() -> Value:
    caller = self_()

    def look() -> None:
        sleep(ms(20))
        size = mailbox_size()
        send(caller, [(A("messages"), [receive() for _ in range(size)]), (A("message_queue_len"), size)])

    pid = spawn(look)
    for number in (1, 2, 3):
        send(pid, number)
    return following()


# --- timers ---------------------------------------------------------------------------------------------------------


@RECORD.scenario("mailbox", "send_after: the message comes as it is")
def _() -> Value:
    send_after(self_(), RING, ms(10))
    return following()


@RECORD.scenario("mailbox", "send_after 0")
def _() -> Value:
    send_after(self_(), RING, 0)
    return following()


@RECORD.scenario("mailbox", "send_after: the earlier one comes first")
def _() -> Value:
    send_after(self_(), LATE, ms(60))
    send_after(self_(), A("early"), ms(5))
    return [following(), following()]


@RECORD.scenario("mailbox", "send_after with a negative time")
def _() -> Value:
    return send_after(self_(), RING, -1)


@RECORD.scenario("mailbox", "cancel_timer: time left, then false, and no message")
def _() -> Value:
    timer = send_after(self_(), RING, ms(1000))
    left = cancel_timer(timer)
    return keyword(left_is_integer=left == ms(1000), again=cancel_timer(timer) is not None, messages=mailbox())


@RECORD.scenario("mailbox", "cancel_timer of a timer that has fired")
def _() -> Value:
    timer = send_after(self_(), RING, ms(1))
    return keyword(message=following(), cancelled=cancel_timer(timer) is not None)


@RECORD.scenario("mailbox", "cancel_timer of any reference")
def _() -> Value:
    return cancel_timer(Ref()) is not None


@RECORD.scenario("mailbox", "read_timer")
def _() -> Value:
    timer = send_after(self_(), RING, ms(1000))
    sleep(ms(400))
    left = read_timer(timer)
    return [left == pytest.approx(ms(600)), read_timer(Ref()) is not None]


@RECORD.scenario("mailbox", "send_after to a name that is nobody's when it fires")
def _() -> Value:
    send_after(NOBODY, RING, ms(1))
    sleep(ms(20))
    return A("nothing_happened")
