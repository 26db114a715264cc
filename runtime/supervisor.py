"""Elixir's Supervisor: starts processes, restarts those that end, and ends them all, in order, when it ends itself.

    children = [
        ChildSpec("sessions", lambda: Agent.start_link(dict, name="sessions")),
        TaskSupervisor.child_spec(name="jobs"),
    ]
    supervisor = Supervisor.start_link(children, strategy="rest_for_one")

A supervisor is a process, linked to the one that starts it, and ends with it. It needs no thread: `runtime.supervision`
says how it works. Start functions are called as the supervisor, so that what they start is linked to it.
"""

import functools
from collections.abc import Iterable
from types import TracebackType
from typing import Final, Self, cast, final

from matchspec.terms import exactly_equal
from matchspec.unchecked import Unchecked
from matchspec.values import Pid, Term
from runtime import kernel
from runtime.child_spec import Child, ChildCounts, ChildInfo, ChildSpec, id_of, spec_of
from runtime.ending import Shutdown, stop
from runtime.errors import BadArg, choice
from runtime.exits import NORMAL, reason_of
from runtime.kernel import current
from runtime.process import Destination, Name, Timeout, find, take_name
from runtime.restarts import Intensity, Restart
from runtime.supervision import STRATEGIES, SUPERVISOR, Strategy, Supervision
from runtime.turns import begin, passive_process


@final
class Supervisor:
    """A supervisor, as users hold it. Made by `Supervisor.start_link`; ends at the end of a `with` block.

    Every method raises Exit, with reason `(noproc, ...)`, when the supervisor has ended.

    Attributes:
        pid: its process.
    """

    __slots__ = ("_supervision", "pid")

    def __init__(self, supervision: Supervision) -> None:
        self.pid: Final = supervision.process.pid
        self._supervision: Final = supervision

    def __repr__(self) -> str:
        return f"<Supervisor {self.pid!r}>"

    @staticmethod
    def start_link(
        children: Iterable[Child] = (),
        *,
        strategy: Strategy | Unchecked = "one_for_one",
        name: Name | None = None,
        max_restarts: int | Unchecked = 3,
        max_seconds: float | Unchecked = 5.0,
    ) -> "Supervisor":
        """Starts a supervisor, linked to the calling process, and its children, in their order.

        Elixir's Supervisor.start_link/2. The supervisor ends when the calling process does, whatever the reason.

        Args:
            children: ChildSpecs, or what has a `child_spec()`, or `(such a thing, its argument)`.
            strategy: when a child has to be restarted, "one_for_one" restarts that one, "one_for_all" all, and
                "rest_for_one" that one and those after it; those that run are ended first, the last one first.
            name: under which `Supervisor.whereis` finds it.
            max_restarts: one more within `max_seconds` ends the supervisor, with reason shutdown.
            max_seconds: see there.

        Raises BadArg: "type", "option", "already_exists" for a name that is taken or an id that two children have; Exit
        with reason `(shutdown, (failed_to_start_child, id, reason))`, which also goes to the caller as an exit signal,
        after the children that had been started have been ended.
        """
        specs = [spec_of(child, "children") for child in children]
        for number, spec in enumerate(specs):
            if any([exactly_equal(spec.id, other.id) for other in specs[:number]]):
                raise BadArg("already_exists", "children", spec.id, "two children have this id")
        chosen = cast(Strategy, choice("option", "strategy", strategy, STRATEGIES))
        intensity = Intensity(max_restarts, max_seconds)
        parent = current()
        process = passive_process(parent, "runtime.supervisor.Supervisor")
        supervision = Supervision(process, chosen, intensity)
        supervisor = Supervisor(supervision)
        if name is not None:
            take_name(process, name)
        begin(process, parent, supervisor, supervision.leave)
        try:
            supervision.turns.call(functools.partial(supervision.start_all, specs), "start_link")
        except BaseException as error:
            kernel.end(process, reason_of(error))  # unless it has ended by itself, as it does after an Exit
            raise
        return supervisor

    @staticmethod
    def whereis(dest: Destination) -> "Supervisor | None":
        """The supervisor of this name or pid, or None. O(1). Raises BadArg, cause "type"."""
        process = find(dest)
        server = None if process is None else process.server
        return server if isinstance(server, Supervisor) else None

    @staticmethod
    def child_spec(
        children: Iterable[Child] = (),
        *,
        id: Term = None,
        restart: Restart | Unchecked = "permanent",
        shutdown: Shutdown | Unchecked = None,
        strategy: Strategy | Unchecked = "one_for_one",
        name: Name | None = None,
        max_restarts: int | Unchecked = 3,
        max_seconds: float | Unchecked = 5.0,
    ) -> ChildSpec:
        """A supervisor as the child of another one. Its id is the name, or else "Supervisor", unless given."""
        start = functools.partial(
            Supervisor.start_link,
            list(children),
            strategy=strategy,
            name=name,
            max_restarts=max_restarts,
            max_seconds=max_seconds,
        )
        return ChildSpec(id_of(id, name, "Supervisor"), start, restart, shutdown, "supervisor")

    def which_children(self) -> list[ChildInfo]:
        """All children, the youngest first: id, pid (or None, or RESTARTING) and type. O(n).

        Elixir's Supervisor.which_children/1.
        """
        return self._supervision.turns.call(self._supervision.which_children, "which_children")

    def count_children(self) -> ChildCounts:
        """How many there are, run, and are supervisors and workers. O(n). Elixir's Supervisor.count_children/1."""
        return self._supervision.turns.call(self._supervision.count_children, "count_children")

    def start_child(self, child: Child) -> Pid | None:
        """Adds a child, and starts it; its pid. O(n) beside the start. Elixir's Supervisor.start_child/2.

        Raises BadArg: "already_exists" when there is a child of this id, even if it does not run, "type"; Exit with the
        reason why it could not be started, in which case it is not added.
        """
        spec = spec_of(child)
        return self._supervision.turns.call(functools.partial(self._supervision.start_child, spec), "start_child")

    def terminate_child(self, id: Term) -> bool:
        """Ends a child, which stays known, unless it is a temporary one; False when there is none of this id.

        O(n) beside the waiting. Elixir's Supervisor.terminate_child/2.
        """
        work = functools.partial(self._supervision.terminate_child, id)
        return self._supervision.turns.call(work, "terminate_child")

    def restart_child(self, id: Term) -> Pid | None:
        """Starts a child that does not run; its pid. O(n) beside the start. Elixir's Supervisor.restart_child/2.

        Raises BadArg: "badkey" when there is none of this id, "busy" when it runs; Exit as `start_child`.
        """
        return self._supervision.turns.call(functools.partial(self._supervision.restart_child, id), "restart_child")

    def delete_child(self, id: Term) -> bool:
        """Forgets a child that does not run; False when there is none of this id. O(n). Elixir's delete_child/2.

        Raises BadArg, cause "busy", when it runs.
        """
        return self._supervision.turns.call(functools.partial(self._supervision.delete_child, id), "delete_child")

    def stop(self, reason: Term = NORMAL, timeout: Timeout = None) -> bool:
        """Ends all children, the youngest first, and the supervisor; True when that is done. Elixir's stop/3.

        Raises Exit when it has ended already, ends for another reason, or takes longer than `timeout` seconds.
        """
        return stop(self._supervision.process, reason, timeout, SUPERVISOR)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._supervision.process.alive:
            self.stop()
