"""Monitors, names, mailboxes and timers, as recorded from Elixir."""

from typing import Final

import pytest

from matchspec import ANY, SKIP, Atom, Ref
from runtime import (
    cancel_timer,
    demonitor,
    exit,
    is_alive,
    mailbox_size,
    monitor,
    read_timer,
    receive,
    register,
    registered,
    self_,
    send,
    send_after,
    sleep,
    spawn,
    spawn_link,
    spawn_monitor,
    trap_exit,
    unregister,
    whereis,
)
from tests.runtime.elixir_helpers import (
    ILLEGAL,
    NOTHING,
    SURVIVED,
    A,
    boom,
    dead,
    ended,
    following,
    forever,
    idle,
    keyword,
    kill,
    leave,
    mailbox,
    monitored_by,
    monitors_of,
    ms,
    name_of,
    tell,
    worker,
)
from tests.runtime.elixir_scenarios import SEEDS, Case, Scenarios, Value, check, label, outcome

RECORD: Final = Scenarios("monitors", "names", "mailbox")
GONE: Final = A("gone")
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


# --- monitors -------------------------------------------------------------------------------------------------------


@RECORD.scenario("monitors", "DOWN tells reference, kind, pid and reason")
def _() -> Value:
    pid = label(idle(), "other")
    label(monitor(pid), "monitor")
    exit(pid, GONE)
    return following()


@RECORD.scenario("monitors", "spawn_monitor gives pid and reference")
def _() -> Value:
    pid, ref = spawn_monitor(leave(GONE))
    return keyword(returned=(label(pid, "child"), label(ref, "monitor")), message=following())


@RECORD.scenario("monitors", "DOWN of a normal end")
def _() -> Value:
    pid, ref = spawn_monitor(lambda: A("value"))
    label(pid, "child")
    label(ref, "monitor")
    return following()


@RECORD.scenario("monitors", "DOWN of a process that raises, throws or is killed", without=[1])
def _() -> Value:
    return [ended(boom), ended(lambda: exit(self_(), A("kill")))]


@RECORD.scenario("monitors", "monitor of a dead process")
def _() -> Value:
    label(monitor(label(dead(), "dead")), "monitor")
    return mailbox()


@RECORD.scenario("monitors", "monitor twice: two references, two messages")
def _() -> Value:
    pid = label(idle(), "other")
    first, second = label(monitor(pid), "first"), label(monitor(pid), "second")
    exit(pid, GONE)
    return sorted(mailbox(), key=lambda message: [first, second].index(message[1]))


@RECORD.scenario("monitors", "monitor does not end the one who watches")
def _() -> Value:
    pid = idle()
    monitor(pid)
    kill(pid)
    return SURVIVED


@RECORD.scenario("monitors", "monitor of oneself")
def _() -> Value:
    label(monitor(self_()), "monitor")
    return mailbox()


@RECORD.scenario("monitors", "monitor of what is no pid")
def _() -> Value:
    return monitor(ILLEGAL)


@RECORD.scenario("monitors", "monitor of a name")
def _() -> Value:
    pid = label(idle(), "other")
    register(A("monitored_name"), pid)
    label(monitor(A("monitored_name")), "monitor")
    exit(pid, GONE)
    return following()


@RECORD.scenario("monitors", "monitor of a name nobody has")
def _() -> Value:
    label(monitor(NOBODY), "monitor")
    return following()


@RECORD.scenario("monitors", "demonitor: no message comes")
def _() -> Value:
    pid = idle()
    returned = demonitor(monitor(pid))
    kill(pid)
    return keyword(returned=returned, messages=mailbox())


@RECORD.scenario("monitors", "demonitor: a message that has come stays")
def _() -> Value:
    pid, ref = spawn_monitor(leave(GONE))
    label(pid, "child")
    label(ref, "monitor")
    sleep(ms(20))
    return keyword(returned=demonitor(ref), messages=mailbox())


@RECORD.scenario("monitors", "demonitor with flush: a message that has come goes")
def _() -> Value:
    _, ref = spawn_monitor(leave(GONE))
    sleep(ms(20))
    return keyword(returned=demonitor(ref, flush=True), messages=mailbox())


@RECORD.scenario("monitors", "demonitor with flush takes only the message of that reference")
def _() -> Value:
    pid = label(idle(), "other")
    first = label(monitor(pid), "first")
    label(monitor(pid), "second")
    kill(pid)
    demonitor(first, flush=True)
    return mailbox()


@RECORD.scenario("monitors", "demonitor with info: did it exist")
def _() -> Value:
    live = monitor(idle())
    _, gone = spawn_monitor(lambda: A("value"))
    sleep(ms(20))
    return keyword(
        live=demonitor(live, info=True),
        again=demonitor(live, info=True),
        fired=demonitor(gone, info=True),
        fired_flush=demonitor(gone, info=True, flush=True),
    )


@RECORD.scenario("monitors", "demonitor twice")
def _() -> Value:
    ref = monitor(idle())
    return [demonitor(ref), demonitor(ref)]


@RECORD.scenario("monitors", "demonitor of a reference that is no monitor")
def _() -> Value:
    return demonitor(Ref())


@RECORD.scenario("monitors", "demonitor of what is no reference")
def _() -> Value:
    return demonitor(ILLEGAL)


@RECORD.scenario("monitors", "demonitor of the monitor of another process")
def _() -> Value:
    caller = self_()

    def watch() -> None:
        send(caller, (A("ref"), monitor(caller)))
        forever()

    spawn(watch)
    _, ref = following()
    return outcome(lambda: demonitor(ref))


@RECORD.scenario("monitors", "monitors end with the one who watches")
def _() -> Value:
    watched = idle()
    ended(lambda: [monitor(watched), monitor(watched)])
    return keyword(alive=is_alive(watched), monitored_by=monitored_by(watched))


@RECORD.scenario("monitors", "who monitors whom")
def _() -> Value:
    pid = label(idle(), "other")
    monitor(pid)
    return keyword(monitors=monitors_of(self_()), monitored_by=monitored_by(pid))


@RECORD.scenario("monitors", "a link and a monitor: both messages come")
def _() -> Value:
    trap_exit(True)

    def run() -> None:
        receive(A("go"))
        exit(GONE)

    pid = label(spawn_link(run), "child")
    label(monitor(pid), "monitor")
    send(pid, A("go"))
    return sorted(mailbox(), key=lambda message: message[0].name)


@RECORD.scenario("monitors", "messages sent before the end come before DOWN")
def _() -> Value:
    caller = self_()

    def run() -> None:
        for number in (1, 2, 3):
            send(caller, number)
        exit(GONE)

    pid, ref = spawn_monitor(run)
    label(pid, "child")
    label(ref, "monitor")
    return mailbox()


# --- names ----------------------------------------------------------------------------------------------------------


@RECORD.scenario("names", "register, whereis, unregister")
def _() -> Value:
    pid, name = label(idle(), "other"), A("a_name")
    return keyword(
        before=whereis(name),
        registered=register(name, pid),
        found=whereis(name),
        listed=name.name in registered(),
        info=name_of(pid),
        unregistered=unregister(name),
        after=whereis(name),
        info_after=name_of(pid),
    )


@RECORD.scenario("names", "register a name that is taken")
def _() -> Value:
    register(A("taken_name"), idle())
    return register(A("taken_name"), self_())


@RECORD.scenario("names", "register the same name for the same process again")
def _() -> Value:
    register(A("again_name"), self_())
    return register(A("again_name"), self_())


@RECORD.scenario("names", "register a process that has a name")
def _() -> Value:
    register(A("one_name"), self_())
    return register(A("two_names"), self_())


@RECORD.scenario("names", "register a dead process")
def _() -> Value:
    return register(A("name_of_dead"), dead())


@RECORD.scenario("names", "register the name undefined")
def _() -> Value:
    return register(A("undefined"), self_())


@RECORD.scenario("names", "register the names nil, true and false")
def _() -> Value:
    names: list[Value] = [None, True, False]
    return [outcome(lambda name=name: register(name, self_())) for name in names]


@RECORD.differs("names", "register a name that is no atom", "a str is a name too, and stands for the atom")
def _() -> None:
    assert register("name", self_())
    assert whereis(Atom("name")) is self_()


@RECORD.scenario("names", "register what is no pid")
def _() -> Value:
    return register(A("name_of_no_pid"), ILLEGAL)


@RECORD.scenario("names", "unregister a name nobody has")
def _() -> Value:
    return unregister(NOBODY)


@RECORD.scenario("names", "whereis of a name nobody has")
def _() -> Value:
    return whereis(NOBODY)


@RECORD.scenario("names", "whereis of what is no atom")
def _() -> Value:
    return outcome(lambda: whereis(ILLEGAL))


@RECORD.scenario("names", "a name is free again when its process ends")
def _() -> Value:
    pid, name = idle(), A("freed_name")
    register(name, pid)
    kill(pid)
    return keyword(found=whereis(name), registered=register(name, self_()))


@RECORD.scenario("names", "another process may take the name away")
def _() -> Value:
    register(A("foreign_name"), idle())
    return tell(worker(), lambda: unregister(A("foreign_name")))


@RECORD.scenario("names", "a process with a free name may take another")
def _() -> Value:
    register(A("former_name"), self_())
    unregister(A("former_name"))
    return keyword(registered=register(A("later_name"), self_()), info=name_of(self_()))


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
