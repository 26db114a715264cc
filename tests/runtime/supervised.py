"""What the tests of supervisors, task supervisors and registries share: children, and a simulation to run them in."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from matchspec.values import ANY, Atom, Pid, Term
from runtime import ChildSpec, Supervisor, is_alive, self_
from runtime.exits import SHUTDOWN, Exit
from runtime.kernel import EXIT
from runtime.monitor import DOWN, PROCESS
from runtime.process import exit, mailbox_size, monitor, receive, send, spawn_link, trap_exit
from runtime.simulator import Simulation, simulation

SEEDS = range(4)
BOOM = Atom("boom")
READY = Atom("ready")
Log = list[tuple[str, str]]


@contextmanager
def trapping(seed: int) -> Iterator[Simulation]:
    """A simulation whose main process traps exits. What is left in its mailbox goes."""
    with simulation(seed) as simulated:
        before = trap_exit(True)
        try:
            yield simulated
        finally:
            trap_exit(before)
    while mailbox_size():
        receive()


def idle() -> None:
    receive()


def stubborn() -> None:
    """Ends by kill only."""
    trap_exit(True)
    while True:
        receive()


def crash(pid: Term, reason: Term = BOOM) -> None:
    """Ends a process, and waits until all have heard of it."""
    assert isinstance(pid, Pid)
    ref = monitor(pid)
    exit(pid, reason)
    receive((DOWN, ref, PROCESS, pid, ANY))


def lives(pid: Term) -> bool:
    return isinstance(pid, Pid) and is_alive(pid)


def worker(id: str, **options: Any) -> ChildSpec:
    return ChildSpec(id, lambda: spawn_link(idle), **options)


def logging_worker(id: str, log: Log, **options: Any) -> ChildSpec:
    """Ends with the reason of the first exit signal that it gets, and logs that. Traps exits before it has started."""

    def run(parent: Pid) -> None:
        trap_exit(True)
        send(parent, READY)
        _, _, reason = receive((EXIT, ANY, ANY))
        log.append(("stop" if reason is SHUTDOWN else "crash", id))
        exit(reason)

    def start() -> Pid:
        log.append(("start", id))
        pid = spawn_link(run, self_())
        receive(READY)
        return pid

    return ChildSpec(id, start, **options)


def pids(supervisor: Supervisor) -> dict[Term, Term]:
    return {child.id: child.pid for child in supervisor.which_children()}


def ids(supervisor: Supervisor) -> list[Term]:
    """In the order in which they are started."""
    return [child.id for child in reversed(supervisor.which_children())]


def must(pid: Term) -> Pid:
    assert isinstance(pid, Pid)
    return pid


def reason_in(raised: pytest.ExceptionInfo[Exit]) -> Any:
    return raised.value.reason
