"""Monitors and names, as recorded from Elixir."""

from functools import partial
from typing import Final

import pytest

from matchspec import Atom, Ref
from runtime import (
    demonitor,
    exit,
    is_alive,
    monitor,
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
from tests.runtime.elixir_helpers import (
    ILLEGAL,
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

RECORD: Final = Scenarios("monitors", "names")
GONE: Final = A("gone")
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
    return [outcome(partial(register, name, self_())) for name in names]


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
