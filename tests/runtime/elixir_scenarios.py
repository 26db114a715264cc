"""Scenarios of Elixir's record, played by our processes.

    RECORD = Scenarios("task")

    @RECORD.scenario("task", "await times out")
    def _() -> Value:
        return named(Task.async_(forever)).await_(ms(10))

The function runs in a process of its own, the "caller", in a simulation; how it ends is compared with how Elixir's ended.
What is written differently here and there is made alike by `portable`, and nowhere else. A scenario that cannot be
written in Python is named with the reason by `not_here`; one in which ours is meant to differ, by `differs`: it asserts
what ours does instead. `tests/runtime/elixir_helpers.py` holds what the functions use.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from matchspec import ANY, Atom, Ref
from runtime import AGENT, TASK, Exit, ExitReason, Ok, Task, exit, receive, self_, send, spawn_monitor
from runtime.simulator import simulation
from tests import elixir_record
from tests.elixir_record import Reference, agrees

Value: TypeAlias = Any  # any term that the scenarios use
Body: TypeAlias = Callable[[], Value]
Key: TypeAlias = tuple[str, str]

SEEDS: Final = range(3)
GEN_SERVER: Final = Atom("Elixir.GenServer")
INFINITY: Final = Atom("infinity")
CALLS: Final = (TASK, AGENT, Atom("Elixir.Task.Supervised"))


@dataclass(frozen=True)
class Case:
    """A recorded scenario and how we play it. `without`: what is left out of the recorded list, by place or by key."""

    group: str
    name: str
    body: Body
    without: frozenset[int | str]
    differs: bool

    def __str__(self) -> str:
        return f"{self.group}: {self.name}"


class Scenarios:
    """The scenarios of some groups."""

    def __init__(self, *groups: str) -> None:
        self.groups: Final = groups
        self.cases: Final[dict[Key, Case]] = {}
        self.reasons: Final[dict[Key, str]] = {}  # why one is not here, or is not as in Elixir

    def scenario(self, group: str, name: str, without: Collection[int | str] = ()) -> Callable[[Body], Body]:
        """The function plays this scenario. Elements of a recorded list may be left out, as those that throw."""

        def add(body: Body) -> Body:
            self._add(Case(group, name, body, frozenset(without), False))
            return body

        return add

    def differs(self, group: str, name: str, reason: str) -> Callable[[Body], Body]:
        """Ours is meant to differ: the function asserts what ours does."""

        def add(body: Body) -> Body:
            self._add(Case(group, name, body, frozenset(), True))
            self.reasons[group, name] = reason
            return body

        return add

    def not_here(self, group: str, reason: str, *names: str) -> None:
        """What these scenarios are about does not exist here."""
        for name in names:
            assert (group, name) not in self.reasons
            self.reasons[group, name] = reason

    def _add(self, case: Case) -> None:
        assert (case.group, case.name) not in self.cases, f"{case} is there twice"
        elixir_record.scenario(case.group, case.name)
        self.cases[case.group, case.name] = case

    def missing(self) -> list[Key]:
        """Recorded scenarios that are neither played nor said not to be here; and reasons for what is not recorded."""
        recorded = {(group, row.name) for group in self.groups for row in elixir_record.scenarios(group)}
        return sorted(recorded ^ (self.cases.keys() | self.reasons.keys()))


def check(case: Case, seed: int, lending: float = 0.5) -> None:
    """Plays a scenario and compares its outcome with Elixir's. `lending`: how likely tasks are run by who awaits them."""
    with simulation(seed=seed) as time:
        time.lending = lending
        if lending == 1:
            time.switching = 0.0  # so that no thread begins before they are awaited
        _labels.clear()
        kind, term = play(case.body)
        if case.differs:
            assert (kind, term) == (Atom("returned"), None), f"{case}: {kind} {portable(term)}"
            return
        recorded = elixir_record.scenario(case.group, case.name).outcome
        expected = _without(recorded.term, case.without)
        ours = portable(term)
        assert kind is Atom(recorded.kind) and agrees(expected, ours), (
            f"{case}, seed {seed}\nElixir: {recorded.kind} {expected}\nours:   {kind.name} {ours}"
        )


def play(body: Body) -> tuple[Atom, Value]:
    """How a body ends in a process of its own: ("returned" and so on, value), or (died, reason) by an exit signal."""
    root, tag = self_(), Ref()

    def caller() -> None:
        label(self_(), "caller")
        send(root, (tag, outcome(body)))
        exit(self_(), "kill")  # what is linked to it goes with it

    pid, ref = spawn_monitor(caller)
    message = receive()
    if message[0] is not tag:
        return Atom("died"), message[4]
    receive((ANY, ref, ANY, pid, ANY))
    result: tuple[Atom, Value] = message[1]
    return result


def outcome(body: Body) -> tuple[Atom, Value]:
    """How a function ends: (returned, value), (exited, reason) or (raised, exception)."""
    try:
        return Atom("returned"), body()
    except Exit as error:
        return Atom("exited"), error.reason
    except Exception as error:  # noqa: BLE001  # whatever it raises is what is compared
        return Atom("raised"), error


def _without(recorded: Value, left_out: frozenset[int | str]) -> Value:
    if not left_out:
        return recorded
    kept = [
        item
        for place, item in enumerate(recorded)
        if place not in left_out and not (isinstance(item, tuple) and getattr(item[0], "name", None) in left_out)
    ]
    assert len(kept) == len(recorded) - len(left_out)
    return kept


# --- names for processes, references and tables -----------------------------------------------------------------------

_labels: Final[dict[int, tuple[Value, str]]] = {}  # by identity; what is labelled is held, so that it keeps its own


def label(term: Value, name: str) -> Value:
    """Gives a pid, a reference or a table the name that it has in the record; the term."""
    _labels[id(term)] = (term, name)
    return term


def named(task: Task[Any], name: str = "task") -> Task[Any]:
    """The task, whose process and reference have this name."""
    if task.pid is not None:
        label(task.pid, name)
    label(task.ref, name)
    return task


# --- our terms as Elixir writes them ----------------------------------------------------------------------------------


def portable(term: Value) -> Value:
    """A term of ours with labels in place of identities, and in Elixir's shapes.

    Ok(value) is {:ok, value}, ExitReason(reason) is {:exit, reason}. The call that has failed, in the reason of an Exit,
    has its time limit in milliseconds, and an agent's is GenServer's: our agents are no servers.
    """
    match term:
        case Ok():
            return (Atom("ok"), portable(term.value))
        case ExitReason():
            return (Atom("exit"), portable(term.reason))
        case (Atom() as module, Atom() as function, list() as arguments) if module in CALLS:
            return _call(module, function, [*[portable(one) for one in arguments[:-1]], _limit(arguments[-1])])
        case tuple():
            return tuple([portable(item) for item in term])
        case list():
            return [portable(item) for item in term]
        case dict():
            return {key: portable(value) for key, value in term.items()}
    if hasattr(term, "tab2list"):
        return Atom(term.name) if term._named else Reference(_labels[id(term)][1])
    return term


def _call(module: Atom, function: Atom, arguments: list[Value]) -> Value:
    if module is not AGENT:
        return (module, function, arguments)
    if function is Atom("stop"):
        return (GEN_SERVER, function, arguments)
    pid, work, limit = arguments
    return (GEN_SERVER, Atom("call"), [pid, (function, work), limit])


def _limit(seconds: float | None) -> Value:
    return INFINITY if seconds is None else round(seconds * 1000)
