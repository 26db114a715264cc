"""What the order of events within the end of a process is, where no interleaving of processes would show it."""

from typing import final

from matchspec.values import Pid, Term
from runtime import Registry, Supervisor, kernel, processes, self_
from runtime.exits import KILLED
from runtime.kernel import Belonging
from runtime.launch import child, launch
from runtime.outcome import ExitReason
from runtime.process import receive, spawn
from runtime.simulator import simulation
from runtime.stream import Stream
from tests.runtime.supervised import BOOM, crash, idle, must, pids, trapping, worker


@final
class Noted(Belonging):
    def __init__(self, name: str, late: bool, notes: list[tuple[str, Pid, Term]]) -> None:
        self.name = name
        self.late = late
        self.notes = notes

    def owner_ended(self, owner: Pid, reason: Term) -> None:
        self.notes.append((self.name, owner, reason))


def test_late_belongings_are_told_after_the_others() -> None:
    notes: list[tuple[str, Pid, Term]] = []
    with trapping(0):
        pid = spawn(idle)
        process = kernel.find(pid)
        assert process is not None
        for name in ("late 1", "table 1", "late 2", "table 2"):
            process.own(Noted(name, name.startswith("late"), notes))
        crash(pid)
    assert notes == [(name, pid, BOOM) for name in ("table 1", "table 2", "late 1", "late 2")]


def test_a_supervisor_hears_of_an_end_when_what_the_child_owned_is_closed() -> None:
    @final
    class Witness(Belonging):
        def owner_ended(self, owner: Pid, reason: Term) -> None:
            seen.append(supervisor.which_children()[0].pid)

    seen: list[Term] = []
    with trapping(0):
        supervisor = Supervisor.start_link([worker("a")])
        first = must(pids(supervisor)["a"])
        process = kernel.find(first)
        assert process is not None
        process.own(Witness())  # after the child has become one
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
    @final
    class Heir(Belonging):
        """Registers another process as soon as its own has ended, before the registry has noticed."""

        def owner_ended(self, owner: Pid, reason: Term) -> None:
            before.append(registry.lookup("k"))
            registry.register_process(main, "k", "heir")

    before: list[object] = []
    with trapping(0):
        main = kernel.current()
        registry = Registry.start_link()
        pid = spawn(idle)
        process = kernel.find(pid)
        assert process is not None
        process.own(Heir())
        registry.register_process(process, "k", "first")
        assert registry.lookup("k") == [(pid, "first")]
        crash(pid)
        assert before == [[]]
        assert registry.lookup("k") == [(self_(), "heir")]
        assert registry.check() == []
