"""Links: who dies with whom, as recorded from Elixir."""

from typing import Final

import pytest

from matchspec import ANY, Atom
from runtime import (
    DOWN,
    EXIT,
    exit,
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
    worker,
)
from tests.runtime.elixir_scenarios import SEEDS, Case, Scenarios, Value, check, label

RECORD: Final = Scenarios("links")
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


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("case", RECORD.cases.values(), ids=str)
def test_as_in_elixir(case: Case, seed: int) -> None:
    check(case, seed)


def test_all_that_is_recorded_is_here() -> None:
    assert RECORD.missing() == []


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
