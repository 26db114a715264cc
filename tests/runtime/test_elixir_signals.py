"""Exit signals, exit reasons and links, as recorded from Elixir."""

from typing import Final

import pytest

from matchspec import ANY, Atom
from runtime import (
    DOWN,
    EXIT,
    Killed,
    exit,
    is_alive,
    link,
    monitor,
    receive,
    self_,
    send,
    sleep,
    spawn,
    spawn_link,
    spawn_monitor,
    trap_exit,
    unlink,
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
    forever,
    idle,
    keyword,
    kill,
    leave,
    links_of,
    mailbox,
    ms,
    survive,
    tell,
    trapper,
    worker,
)
from tests.runtime.elixir_scenarios import SEEDS, Case, Scenarios, Value, check, label, outcome

RECORD: Final = Scenarios("signals", "links")
GONE: Final = A("gone")
OTHER: Final = A("other")
LINKED: Final[list[Value]] = [
    A("normal"),
    A("shutdown"),
    (A("shutdown"), A("why")),
    OTHER,
    A("kill"),
    A("killed"),
]
REASONS: Final[list[Value]] = [*LINKED, (A("any"), [1, "term"])]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("case", RECORD.cases.values(), ids=str)
def test_as_in_elixir(case: Case, seed: int) -> None:
    check(case, seed)


def test_all_that_is_recorded_is_here() -> None:
    assert RECORD.missing() == []


# --- signals --------------------------------------------------------------------------------------------------------


@RECORD.scenario("signals", "exit/2 to a process that does not trap")
def _() -> Value:
    return [(reason, fate(idle(), lambda pid, reason=reason: exit(pid, reason))) for reason in REASONS]


@RECORD.scenario("signals", "exit/2 to a process that traps")
def _() -> Value:
    found = []
    for reason in REASONS:
        pid = label(trapper(), "target")
        found.append((reason, fate(pid, lambda pid, reason=reason: exit(pid, reason)), mailbox()))
    return found


@RECORD.scenario("signals", "exit/2 to oneself, not trapping")
def _() -> Value:
    def signalled(reason: Value) -> None:
        exit(self_(), reason)
        sleep(ms(20))
        exit(SURVIVED)

    return [(reason, ended(lambda reason=reason: signalled(reason))) for reason in REASONS]


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


# --- links ----------------------------------------------------------------------------------------------------------


@RECORD.scenario("links", "a linked process exits: what becomes of a partner that does not trap")
def _() -> Value:
    caller = self_()

    def partner(reason: Value) -> None:
        spawn_link(leave(reason))
        sleep(ms(30))
        send(caller, SURVIVED)
        exit(SURVIVED)

    found = []
    for reason in LINKED:
        _, ref = spawn_monitor(partner, reason)
        found.append((reason, receive((DOWN, ref, ANY, ANY, ANY))[4]))
    return found


@RECORD.scenario("links", "a linked process exits: what a partner that traps is told")
def _() -> Value:
    trap_exit(True)
    found = []
    for reason in LINKED:
        label(spawn_link(leave(reason)), "child")
        found.append((reason, following()))
    return found


@RECORD.scenario("links", "a linked process raises: what a partner that traps is told")
def _() -> Value:
    trap_exit(True)
    label(spawn_link(boom), "child")
    return following()


@RECORD.scenario("links", "a linked process returns: what a partner that traps is told")
def _() -> Value:
    trap_exit(True)
    label(spawn_link(lambda: A("value")), "child")
    return following()


@RECORD.scenario("links", "a linked process raises: the partner dies of it")
def _() -> Value:
    spawn_link(boom)
    return survive()


RECORD.not_here(
    "links",
    "Python has no throw",
    "a linked process throws: what a partner that traps is told",
    "a linked process throws: the partner dies of it",
)


@RECORD.scenario("links", "a linked process exits normally: the partner lives on")
def _() -> Value:
    spawn_link(lambda: A("value"))
    return survive(20)


@RECORD.scenario("links", "a linked process is killed: the partner is told killed")
def _() -> Value:
    trap_exit(True)
    exit(label(spawn_link(forever), "child"), A("kill"))
    return following()


@RECORD.scenario("links", "a linked process is killed: the partner dies as killed")
def _() -> Value:
    return ended(lambda: [exit(spawn_link(forever), A("kill")), survive()])


@RECORD.scenario("links", "links work both ways: the parent ends, the child with it")
def _() -> Value:
    caller = self_()

    def run() -> None:
        send(caller, spawn_link(forever))
        receive(A("go"))
        exit(A("parent_gone"))

    parent = spawn(run)
    return fate(following(), lambda _: send(parent, A("go")))


@RECORD.scenario("links", "the parent returns normally: the linked child lives on")
def _() -> Value:
    caller = self_()
    spawn(lambda: send(caller, spawn_link(forever)))
    return fate(following())


@RECORD.scenario("links", "link to a dead process, not trapping")
def _() -> Value:
    link(dead())
    return survive(50)


@RECORD.scenario("links", "link to a dead process, trapping")
def _() -> Value:
    trap_exit(True)
    return keyword(returned=link(label(dead(), "dead")), messages=mailbox())


@RECORD.scenario("links", "link to oneself")
def _() -> Value:
    return keyword(returned=link(self_()), links=links_of(self_()))


@RECORD.scenario("links", "link to what is no pid")
def _() -> Value:
    return link(ILLEGAL)


@RECORD.scenario("links", "link twice is one link")
def _() -> Value:
    trap_exit(True)
    pid = label(idle(), "other")
    results = [link(pid), link(pid)]
    links = links_of(self_())
    exit(pid, GONE)
    return keyword(results=results, links=links, messages=mailbox())


@RECORD.scenario("links", "one unlink undoes two links")
def _() -> Value:
    trap_exit(True)
    pid = idle()
    link(pid)
    link(pid)
    unlinked = unlink(pid)
    exit(pid, GONE)
    return keyword(unlinked=unlinked, messages=mailbox())


@RECORD.scenario("links", "either side may unlink")
def _() -> Value:
    trap_exit(True)
    pid, caller = worker(), self_()
    link(pid)
    answer = tell(pid, lambda: unlink(caller))
    exit(pid, GONE)
    return keyword(answer=answer, messages=mailbox())


@RECORD.scenario("links", "unlink of a process that is not linked, of a dead one, of oneself")
def _() -> Value:
    return [unlink(idle()), unlink(dead()), unlink(self_())]


@RECORD.scenario("links", "unlink does not take back a message that has come")
def _() -> Value:
    trap_exit(True)
    pid = label(spawn_link(leave(GONE)), "child")
    sleep(ms(20))
    unlink(pid)
    return mailbox()


@RECORD.scenario("links", "after unlink the death of the other is not noticed")
def _() -> Value:
    pid = spawn_link(forever)
    unlink(pid)
    kill(pid)
    return SURVIVED


@RECORD.scenario("links", "a ring of five: one falls, all fall")
def _() -> Value:
    caller = self_()

    def first() -> None:
        for pid in [spawn_link(forever) for _ in range(4)]:
            send(caller, (A("member"), pid))
        forever()

    _, ref = spawn_monitor(first)
    members = [receive((A("member"), ANY))[1] for _ in range(4)]
    refs = [ref, *[monitor(pid) for pid in members]]
    exit(members[-1], A("fell"))
    reasons = [receive((DOWN, one, ANY, ANY, ANY))[4] for one in refs]
    return reasons[0], reasons[1:]


@RECORD.scenario("links", "a chain: the reason goes through unchanged")
def _() -> Value:
    def chain(depth: int) -> None:
        if depth == 0:
            exit(A("deep"))
        spawn_link(chain, depth - 1)
        sleep(ms(200))

    return ended(lambda: chain(3))


@RECORD.scenario("links", "a chain: one that traps shields those behind it")
def _() -> Value:
    caller = self_()

    def middle() -> None:
        trap_exit(True)
        spawn_link(leave(A("deep")))
        send(caller, (A("shielded"), receive((EXIT, ANY, ANY))[2]))
        forever()

    def first() -> None:
        spawn_link(middle)
        receive(A("stop"))
        exit(A("unharmed"))

    _, ref = spawn_monitor(first)
    shielded = receive((A("shielded"), ANY))[1]
    down = receive((DOWN, ref, ANY, ANY, ANY), timeout=ms(30), default=None)
    return keyword(shielded=shielded, first=A("alive") if down is None else down[4])


@RECORD.scenario("links", "a chain: kill becomes killed, which can be trapped")
def _() -> Value:
    trap_exit(True)
    caller = self_()

    def run() -> None:
        send(caller, (A("child"), spawn_link(forever)))
        forever()

    label(spawn_link(run), "middle")
    exit(receive((A("child"), ANY))[1], A("kill"))
    return following()


def number(which: int) -> tuple[Atom, int]:
    return (A("number"), which)


@RECORD.scenario("links", "spawn_link of a process that ends at once, trapping: the message is always there")
def _() -> Value:
    trap_exit(True)
    found = []
    for one in (1, 2, 3):
        pid = label(spawn_link(leave(number(one))), "child")
        found.append(receive((EXIT, pid, ANY), timeout=ms(100))[2])
    return found


@RECORD.scenario("links", "several linked processes end: one message each")
def _() -> Value:
    trap_exit(True)
    pids = [(one, spawn_link(leave(number(one)))) for one in (1, 2, 3)]
    return [(one, receive((EXIT, pid, ANY), timeout=ms(100))[2]) for one, pid in reversed(pids)]


@RECORD.scenario("links", "the links of a process")
def _() -> Value:
    pid = label(spawn_link(forever), "child")
    return keyword(mine=links_of(self_()), of_child=links_of(pid))
