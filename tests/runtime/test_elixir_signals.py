"""Exit signals and exit reasons, as recorded from Elixir."""

from functools import partial
from typing import Final

import pytest

from runtime import (
    Killed,
    exit,
    is_alive,
    self_,
    send,
    sleep,
    spawn,
    spawn_link,
    trap_exit,
)
from tests.runtime.elixir_helpers import (
    ILLEGAL,
    SURVIVED,
    A,
    boom,
    dead,
    ended,
    fate,
    following,
    idle,
    keyword,
    kill,
    leave,
    mailbox,
    ms,
    send_exit,
    trapper,
)
from tests.runtime.elixir_scenarios import SEEDS, Case, Scenarios, Value, check, label, outcome

RECORD: Final = Scenarios("signals")
GONE: Final = A("gone")
OTHER: Final = A("other")
REASONS: Final[list[Value]] = [
    A("normal"),
    A("shutdown"),
    (A("shutdown"), A("why")),
    OTHER,
    A("kill"),
    A("killed"),
    (A("any"), [1, "term"]),
]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("case", RECORD.cases.values(), ids=str)
def test_as_in_elixir(case: Case, seed: int) -> None:
    check(case, seed)


def test_all_that_is_recorded_is_here() -> None:
    assert RECORD.missing() == []


@RECORD.scenario("signals", "exit/2 to a process that does not trap")
def _() -> Value:
    return [(reason, fate(idle(), send_exit(reason))) for reason in REASONS]


@RECORD.scenario("signals", "exit/2 to a process that traps")
def _() -> Value:
    found = []
    for reason in REASONS:
        pid = label(trapper(), "target")
        found.append((reason, fate(pid, send_exit(reason)), mailbox()))
    return found


@RECORD.scenario("signals", "exit/2 to oneself, not trapping")
def _() -> Value:
    def signalled(reason: Value) -> None:
        exit(self_(), reason)
        sleep(ms(20))
        exit(SURVIVED)

    return [(reason, ended(partial(signalled, reason))) for reason in REASONS]


@RECORD.scenario("signals", "exit/2 to oneself, trapping")
def _() -> Value:
    caller = self_()

    def signalled(reason: Value) -> None:
        trap_exit(True)
        exit(self_(), reason)
        send(caller, following())

    found = []
    for reason in REASONS:
        if reason is not A("kill"):
            label(spawn(signalled, reason), "self")
            found.append((reason, following()))
    return found


@RECORD.scenario("signals", "exit/2 kill to oneself, trapping")
def _() -> Value:
    def signalled() -> None:
        trap_exit(True)
        exit(self_(), A("kill"))
        sleep(ms(20))

    return ended(signalled)


@RECORD.scenario("signals", "exit/2 returns true for a live process")
def _() -> Value:
    return exit(idle(), OTHER)


@RECORD.scenario("signals", "exit/2 returns true for a dead process")
def _() -> Value:
    return exit(dead(), A("kill"))


@RECORD.scenario("signals", "exit/2 to what is no pid")
def _() -> Value:
    return exit(ILLEGAL, OTHER)


@RECORD.scenario("signals", "exit/2 names its sender, not the process that ended")
def _() -> Value:
    target = label(trapper(), "target")
    label(spawn(lambda: exit(target, A("from_sender"))), "sender")
    return following()


@RECORD.scenario("signals", "exit/2 does not end the sender")
def _() -> Value:
    exit(idle(), OTHER)
    sleep(ms(10))
    return A("here")


@RECORD.scenario("signals", "two signals: the first decides the reason")
def _() -> Value:
    return fate(idle(), lambda pid: [exit(pid, A("first")), exit(pid, A("second"))])


@RECORD.scenario("signals", "a trapping process gets signals as messages in the order they were sent")
def _() -> Value:
    pid = label(trapper(), "target")
    exit(pid, A("first"))
    send(pid, A("between"))
    exit(pid, A("second"))
    return mailbox()


@RECORD.scenario(
    "signals", "how a process ends is its exit reason", without=["thrown", "erlang_error", "arithmetic", "match"]
)
def _() -> Value:
    def bad() -> None:
        raise ValueError("bad")

    return keyword(
        returned=ended(lambda: A("value")),
        raised=ended(boom),
        raised_argument_error=ended(bad),
        exited=ended(leave(A("reason"))),
        exited_normal=ended(leave(A("normal"))),
        exited_shutdown=ended(leave(A("shutdown"))),
        exited_shutdown_term=ended(leave((A("shutdown"), 1))),
        exited_kill=ended(leave(A("kill"))),
    )


@RECORD.scenario("signals", "an exit can be caught by the process itself")
def _() -> Value:
    return ended(lambda: outcome(leave(A("caught"))))


@RECORD.scenario("signals", "a signal cannot be caught by try")
def _() -> Value:
    def catches() -> None:
        try:
            exit(self_(), A("signal"))
            sleep(ms(20))
        except Killed:
            return  # it is over all the same

    return ended(catches)


@RECORD.scenario("signals", "a signal does not run after blocks")
def _() -> Value:
    caller = self_()

    def cleans_up() -> None:
        try:
            exit(self_(), A("signal"))
            sleep(ms(50))
        finally:
            send(caller, A("after_ran"))  # refused, since the process has ended

    return ended(cleans_up), mailbox()


@RECORD.scenario("signals", "a raise runs after blocks")
def _() -> Value:
    caller = self_()

    def cleans_up() -> None:
        try:
            boom()
        finally:
            send(caller, A("after_ran"))

    return ended(cleans_up), mailbox()


@RECORD.scenario("signals", "the flag trap_exit returns what it was")
def _() -> Value:
    return [trap_exit(True), trap_exit(True), trap_exit(False), trap_exit(False)]


@RECORD.scenario("signals", "the flag trap_exit takes only booleans")
def _() -> Value:
    return trap_exit(ILLEGAL)


@RECORD.scenario("signals", "a new process does not trap, whatever its parent does")
def _() -> Value:
    trap_exit(True)
    caller = self_()
    spawn_link(lambda: send(caller, (A("trap_exit"), trap_exit(False))))
    return following()


@RECORD.scenario("signals", "messages that were trapped stay when trapping ends")
def _() -> Value:
    trap_exit(True)
    label(spawn_link(leave(GONE)), "child")
    sleep(ms(20))
    trap_exit(False)
    return mailbox()


@RECORD.scenario("signals", "is a process alive")
def _() -> Value:
    killed = idle()
    kill(killed)
    return keyword(self=is_alive(self_()), idle=is_alive(idle()), dead=is_alive(dead()), killed=is_alive(killed))


@RECORD.scenario("signals", "spawn without a function")
def _() -> Value:
    return outcome(lambda: spawn(ILLEGAL))


@RECORD.scenario("signals", "a process that was only spawned outlives its parent")
def _() -> Value:
    caller = self_()

    def parent() -> None:
        send(caller, (A("child"), idle()))
        exit(A("parent_gone"))

    reason = ended(parent)
    return reason, fate(following()[1])
