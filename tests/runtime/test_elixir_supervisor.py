"""Supervisors against the record of Elixir's, scenario by scenario."""

from collections.abc import Callable
from typing import Any

import pytest

from matchspec.values import ANY, Atom, Pid
from runtime import ChildSpec, Supervisor, is_alive, self_
from runtime.exits import KILL, NORMAL, SHUTDOWN, Exit
from runtime.kernel import EXIT
from runtime.monitor import DOWN
from runtime.outcome import BRUTAL_KILL
from runtime.process import exit, monitor, receive, send, sleep, spawn, trap_exit, whereis
from runtime.restarts import Restart
from runtime.supervision import Strategy
from runtime.task import Task
from tests.runtime.twins import (
    A,
    B,
    C,
    D,
    Twin,
    Value,
    answer,
    atom,
    check,
    child,
    counts,
    fall,
    fate,
    ids,
    in_process,
    keyword,
    mailbox,
    states,
)

CRASH = Atom("crash")
TWINS: dict[tuple[str, str], Twin] = {}


def twin(name: str, group: str = "supervisor") -> Callable[[Twin], Twin]:
    def enter(function: Twin) -> Twin:
        TWINS[group, name] = function
        return function

    return enter


def started(children: list[ChildSpec], strategy: Strategy = "one_for_one", **options: Any) -> Supervisor:
    return Supervisor.start_link(children, strategy=strategy, **options)


def named(id: Atom) -> Pid:
    pid = whereis(id)
    assert pid is not None
    return pid


@twin("children start in order")
def _() -> Value:
    started([child(A), child(B), child(C)])
    return mailbox()


@twin("stop: children end in reverse order, with shutdown")
def _() -> Value:
    supervisor = started([child(A), child(B), child(C)])
    mailbox()
    return keyword(stopped=answer(supervisor.stop), messages=mailbox())


@twin("stop with another reason: the children get shutdown all the same")
def _() -> Value:
    trap_exit(True)
    supervisor = started([child(A)])
    mailbox()
    return keyword(stopped=answer(lambda: supervisor.stop(Atom("other"))), messages=mailbox())


def fallen(strategy: Strategy, id: Atom) -> Value:
    def run() -> Value:
        started([child(A), child(B), child(C)], strategy)
        mailbox()
        return fall(id, CRASH)

    return in_process(run)


@twin("one_for_one: one falls")
def _() -> Value:
    return [(id, fallen("one_for_one", id)) for id in (A, B)]


@twin("one_for_all: one falls")
def _() -> Value:
    return [(id, fallen("one_for_all", id)) for id in (A, B, C)]


@twin("rest_for_one: one falls")
def _() -> Value:
    return [(id, fallen("rest_for_one", id)) for id in (A, B, C)]


@twin("kinds of restart: does it start again")
def _() -> Value:
    restarts: list[Restart] = ["permanent", "transient", "temporary"]
    reasons: list[Value] = [NORMAL, SHUTDOWN, (SHUTDOWN, 1), CRASH, KILL]

    def run(restart: Restart, reason: Value) -> Value:
        supervisor = started([child(A, restart=restart)])
        mailbox()
        again = fall(A, reason)
        some = {key: number for key, number in counts(supervisor).items() if key.name in {"specs", "active"}}
        return (Atom(restart), reason, again, states(supervisor), some)

    return [
        in_process(lambda restart=restart, reason=reason: run(restart, reason))  # type: ignore[misc]  # a loop's
        for restart in restarts
        for reason in reasons
    ]


@twin("one_for_all: a temporary child falls: no one else is touched")
def _() -> Value:
    def run() -> Value:
        started([child(A), child(B, restart="temporary"), child(C)], "one_for_all")
        mailbox()
        return fall(B, CRASH)

    return in_process(run)


@twin("one_for_all: another falls, and a temporary child is not started again")
def _() -> Value:
    def run() -> Value:
        supervisor = started([child(A), child(B, restart="temporary"), child(C)], "one_for_all")
        mailbox()
        return (fall(A, CRASH), ids(supervisor))

    return in_process(run)


@twin("rest_for_one: a transient child that ends normally")
def _() -> Value:
    def run() -> Value:
        supervisor = started([child(A), child(B, restart="transient"), child(C)], "rest_for_one")
        mailbox()
        return (fall(B, NORMAL), states(supervisor))

    return in_process(run)


@twin("intensity: one restart too many ends the supervisor")
def _() -> Value:
    trap_exit(True)
    started([child(A), child(B)], max_restarts=2, max_seconds=5)
    mailbox()
    return [(number, fall(A, CRASH)) for number in (1, 2, 3)]


@twin("intensity: what a trapping parent sees, and the other children")
def _() -> Value:
    trap_exit(True)
    started([child(A), child(B)], max_restarts=0)
    mailbox()
    return fall(A, CRASH)


@twin("intensity: the parent that does not trap dies")
def _() -> Value:
    started([child(A)], max_restarts=0)
    mailbox()
    fall(A, CRASH)
    return Atom("survived")


@twin("intensity: the default")
def _() -> Value:
    trap_exit(True)
    started([child(A)])
    mailbox(0)
    falls = []
    for number in range(1, 6):
        if whereis(A) is not None:
            send(A, (atom("end"), CRASH))
            falls.append((number, mailbox(0.05)))
    return falls


@twin("intensity: restarts that are long ago do not count")
def _() -> Value:
    supervisor = started([child(A)], max_restarts=1, max_seconds=1)
    mailbox()
    fall(A, CRASH)
    sleep(2.1)
    fall(A, CRASH)
    return keyword(alive=is_alive(supervisor.pid), child=whereis(A) is not None)


@twin("intensity: ends that need no restart do not count")
def _() -> Value:
    supervisor = started([child(A, restart="temporary"), child(B, restart="transient")], max_restarts=0)
    mailbox()
    fall(A, CRASH)
    fall(B, NORMAL)
    return keyword(alive=is_alive(supervisor.pid), children=states(supervisor))


@twin("shutdown: a child that traps and goes on is killed when its time is up")
def _() -> Value:
    caller = self_()

    def stubborn() -> None:
        trap_exit(True)
        send(caller, (atom("pid"), self_()))
        sleep(10_000)

    supervisor = started([ChildSpec(A, lambda: Task.start_link(stubborn), shutdown=0.02)])
    ref = monitor(receive((atom("pid"), ANY))[1])
    return keyword(stopped=answer(supervisor.stop), reason=receive((DOWN, ref, ANY, ANY, ANY))[4])


@twin("shutdown: brutal_kill")
def _() -> Value:
    supervisor = started([child(A, shutdown=BRUTAL_KILL), child(B)])
    mailbox()
    ref = monitor(named(A))
    supervisor.stop()
    return keyword(reason=receive((DOWN, ref, ANY, ANY, ANY))[4], messages=mailbox())


@twin("shutdown: infinity waits")
def _() -> Value:
    caller = self_()

    def slow() -> None:
        trap_exit(True)
        send(caller, atom("started"))
        receive((EXIT, ANY, ANY))
        sleep(100)
        send(caller, atom("cleaned_up"))

    supervisor = started([ChildSpec(A, lambda: Task.start_link(slow), shutdown=None)])
    receive()
    supervisor.stop()
    return mailbox()


@twin("shutdown: a child that does not trap ends at once")
def _() -> Value:
    supervisor = started([child(A, traps=False)])
    mailbox()
    ref = monitor(named(A))
    supervisor.stop()
    return receive((DOWN, ref, ANY, ANY, ANY))[4]


@twin("the supervisor is killed: children that trap are told, the others die")
def _() -> Value:
    trap_exit(True)
    supervisor = started([child(A), child(B, traps=False)])
    mailbox()
    ref = monitor(named(B))
    exit(supervisor.pid, KILL)
    reason = receive((DOWN, ref, ANY, ANY, ANY))[4]
    return keyword(b=reason, messages=sorted(mailbox(), key=lambda message: message[0].name))


@twin("exit signals to the supervisor, from its parent and from a stranger")
def _() -> Value:
    def run(reason: Value) -> Value:
        from_parent = fate(started([child(A)]).pid, lambda pid: exit(pid, reason))
        mailbox()
        other = started([child(B)])
        from_stranger = fate(other.pid, lambda pid: spawn(lambda: exit(pid, reason)))
        return (reason, *keyword(parent=from_parent, stranger=from_stranger))

    found = [
        in_process(lambda reason=reason: run(reason))  # type: ignore[misc]  # a loop's
        for reason in (NORMAL, SHUTDOWN, Atom("other"))
    ]
    return [(reason, list(fates)) for reason, *fates in found]


@twin("the parent returns: supervisor and children end")
def _() -> Value:
    caller = self_()

    def parent() -> None:
        def run() -> None:
            send(caller, (atom("child"), self_()))
            receive()

        supervisor = started([ChildSpec(A, lambda: Task.start_link(run))])
        send(caller, (atom("supervisor"), supervisor.pid))
        receive()

    pid = spawn(parent)
    watched = [receive((atom("supervisor"), ANY))[1], receive((atom("child"), ANY))[1]]
    refs = [monitor(one) for one in watched]
    send(pid, "go")
    return [receive((DOWN, ref, ANY, ANY, ANY))[4] for ref in refs]


@twin("a restart that fails is tried again until the intensity is exceeded")
def _() -> Value:
    trap_exit(True)
    caller = self_()
    tries: list[int] = []

    def start() -> Pid:
        tries.append(len(tries))
        if tries[-1] == 0:
            return Task.start_link(lambda: exit(receive()))
        send(caller, (atom("tried"), tries[-1]))
        raise Exit(Atom("not_again"))

    supervisor = started([ChildSpec(A, start)], max_restarts=3)
    ref = monitor(supervisor.pid)
    (info,) = supervisor.which_children()
    assert isinstance(info.pid, Pid)
    send(info.pid, CRASH)
    down = receive((DOWN, ref, ANY, ANY, ANY))[4]
    return keyword(down=down, tries=[message[1] for message in mailbox() if message[0] is atom("tried")])


@twin("nested supervisors stop from the inside out")
def _() -> Value:
    inner = Supervisor.child_spec([child(B), child(C)], id=atom("inner"))
    supervisor = started([child(A), inner, child(D)])
    before = mailbox()
    supervisor.stop()
    return keyword(started=before, stopped=mailbox())


# --- calls ------------------------------------------------------------------------------------------------------------

CALLS = "supervisor_calls"


@twin("which_children and count_children of none", CALLS)
def _() -> Value:
    supervisor = started([])
    return keyword(which=supervisor.which_children(), count=counts(supervisor))


@twin("start_child", CALLS)
def _() -> Value:
    supervisor = started([child(A)])
    pid = supervisor.start_child(child(B))
    return keyword(b=pid is whereis(B), messages=mailbox(), order=ids(supervisor))


@twin("terminate_child", CALLS)
def _() -> Value:
    supervisor = started([child(A), child(B)])
    mailbox()
    return keyword(
        terminated=answer(lambda: supervisor.terminate_child(A)),
        messages=mailbox(),
        children=states(supervisor),
        count=counts(supervisor),
        again=answer(lambda: supervisor.terminate_child(A)),
        unknown=answer(lambda: supervisor.terminate_child(atom("unknown"))),
    )


@twin("terminate_child: a temporary child is forgotten", CALLS)
def _() -> Value:
    supervisor = started([child(A, restart="temporary")])
    return [
        answer(lambda: supervisor.terminate_child(A)),
        supervisor.which_children(),
        answer(lambda: supervisor.terminate_child(A)),
    ]


@twin("restart_child", CALLS)
def _() -> Value:
    supervisor = started([child(A)])
    running = answer(lambda: supervisor.restart_child(A))
    supervisor.terminate_child(A)
    mailbox()
    pid = supervisor.restart_child(A)
    return keyword(
        running=running,
        restarted=pid is whereis(A),
        messages=mailbox(),
        unknown=answer(lambda: supervisor.restart_child(atom("unknown"))),
    )


@twin("restart_child: a transient child that has ended normally", CALLS)
def _() -> Value:
    supervisor = started([child(A, restart="transient")])
    mailbox()
    fall(A, NORMAL)
    kind, _ = answer(lambda: supervisor.restart_child(A))
    return [kind, mailbox()]


@twin("delete_child", CALLS)
def _() -> Value:
    supervisor = started([child(A), child(B)])
    running = answer(lambda: supervisor.delete_child(A))
    supervisor.terminate_child(A)
    return keyword(
        running=running,
        terminated=answer(lambda: supervisor.delete_child(A)),
        again=answer(lambda: supervisor.delete_child(A)),
        children=ids(supervisor),
    )


@twin("start_link: a child that is ignored", CALLS)
def _() -> Value:
    supervisor = started([ChildSpec(A, lambda: None), child(B)])
    return [states(supervisor), counts(supervisor)]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("group", "name"), TWINS)
def test_as_in_elixir(group: str, name: str, seed: int) -> None:
    check(group, name, TWINS[group, name], seed)
