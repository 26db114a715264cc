"""What the order of events within the end of a process is, where no interleaving of processes would show it."""

from collections.abc import Callable
from typing import Any

from matchspec.values import Pid, Term
from runtime import ChildSpec, Registry, Supervisor, ets, kernel, processes, self_
from runtime.ending import Membership
from runtime.exits import KILLED
from runtime.launch import child, launch
from runtime.outcome import ExitReason
from runtime.process import receive, spawn, spawn_link
from runtime.simulator import simulation
from runtime.stream import Stream
from tests.runtime.supervised import BOOM, crash, idle, must, pids, trapping


def witness(look: Callable[[], Any]) -> None:
    """Gives the calling process a table, at whose end something is done."""
    ets.new("witness").subscribe(None, lambda event: look())


def test_late_belongings_are_told_after_the_others() -> None:
    notes: list[tuple[str, Term]] = []

    def own() -> None:
        process = kernel.current()
        process.own(Membership(lambda reason: notes.append(("late 1", reason))))
        witness(lambda: notes.append(("table 1", None)))
        process.own(Membership(lambda reason: notes.append(("late 2", reason))))
        witness(lambda: notes.append(("table 2", None)))
        receive()

    with trapping(0):
        pid = spawn(own)
        receive(timeout=1, default=None)
        crash(pid)
    assert notes == [("table 1", None), ("table 2", None), ("late 1", BOOM), ("late 2", BOOM)]


def test_a_supervisor_hears_of_an_end_when_what_the_child_owned_is_closed() -> None:
    seen: list[Term] = []

    def own() -> None:
        witness(lambda: seen.append(supervisor.which_children()[0].pid))  # after it has become a child
        receive()

    with trapping(0):
        supervisor = Supervisor.start_link([ChildSpec("a", lambda: spawn_link(own))])
        first = must(pids(supervisor)["a"])
        receive(timeout=1, default=None)
        crash(first)
        assert seen == [first]
        assert pids(supervisor)["a"] is not first


def test_a_process_that_is_ended_before_it_begins_never_does() -> None:
    ran: list[Pid] = []
    with simulation():
        process = child(kernel.current(), idle)
        kernel.end(process, KILLED)
        launch(process, lambda: ran.append(self_()), ())
        assert process.pid not in processes()
        assert kernel.find(process.pid) is None
        receive(timeout=1, default=None)
    assert ran == []


def test_a_process_of_a_stream_that_its_supervisor_ends_before_it_begins() -> None:
    with simulation():
        stream: Stream[str] = Stream(
            [1, 2], str, lambda process: kernel.end(process, BOOM), 1, True, 5.0, "exit", False, False
        )
        assert list(stream) == [ExitReason(BOOM), ExitReason(BOOM)]


def test_a_key_is_free_before_the_entry_of_its_ended_process_is_taken_out() -> None:
    """Another process is registered as soon as its own has ended, before the registry has noticed."""

    def own() -> None:
        witness(succeed)
        registry.register("k", "first")
        receive()

    def succeed() -> None:
        before.append(registry.lookup("k"))
        registry.register_process(main, "k", "heir")

    before: list[object] = []
    with trapping(0):
        main = kernel.current()
        registry = Registry.start_link()
        pid = spawn(own)
        receive(timeout=1, default=None)
        assert registry.lookup("k") == [(pid, "first")]
        crash(pid)
        assert before == [[]]
        assert registry.lookup("k") == [(self_(), "heir")]
        assert registry.check() == []
