"""How a supervisor works: Erlang's supervisor, by the same rules, as a process without a thread (`runtime.turns`).

That a child has ended is noticed by its `Membership`, which queues `_ended` before anybody else hears of the end. So
whoever learns that a child is gone and then asks the supervisor finds it restarted. Everything here is run as the
supervisor, one thing at a time, and never with the lock of the runtime held, since it calls the users' functions.
"""

import functools
import logging
from collections.abc import Iterable
from typing import Final, Literal, TypeAlias, final

from matchspec.terms import exactly_equal
from matchspec.values import Atom, Pid, Term
from runtime import kernel
from runtime.child_spec import ChildCounts, ChildInfo, ChildSpec
from runtime.ending import Membership, end_each
from runtime.errors import BadArg
from runtime.exits import NOPROC, SHUTDOWN, Exit, Killed, reason_of
from runtime.kernel import Process
from runtime.restarts import Intensity, wants_restart
from runtime.scheduler import lock
from runtime.turns import Turns

Strategy: TypeAlias = Literal["one_for_one", "one_for_all", "rest_for_one"]
STRATEGIES: Final = ("one_for_one", "one_for_all", "rest_for_one")
SUPERVISOR: Final = Atom("Elixir.Supervisor")
RESTARTING: Final = Atom("restarting")
FAILED: Final = Atom("failed_to_start_child")
_log: Final = logging.getLogger("runtime.supervisor")


@final
class _Place:
    """A child's place. `pid` is None while no process fills it; `restarting`: its last start has failed."""

    __slots__ = ("pid", "process", "restarting", "spec")

    def __init__(self, spec: ChildSpec) -> None:
        self.spec: Final = spec
        self.pid: Pid | None = None
        self.process: Process | None = None
        self.restarting = False

    def clear(self) -> None:
        self.pid = self.process = None
        self.restarting = False


@final
class Supervision:
    """The children of one supervisor, in the order in which they are started."""

    def __init__(self, process: Process, strategy: Strategy, intensity: Intensity) -> None:
        self.process: Final = process
        self.turns: Final = Turns(process, SUPERVISOR)
        self._strategy: Final[Strategy] = strategy
        self._intensity: Final = intensity
        self._places: list[_Place] = []

    # --- beginning and end ----------------------------------------------------------------------------------------

    def start_all(self, specs: Iterable[ChildSpec]) -> None:
        """Starts the first children. If one fails, the supervisor ends: raises Exit with the reason."""
        for spec in specs:
            place = _Place(spec)
            try:
                self._start(place)
            except Exit as error:
                reason = (SHUTDOWN, (FAILED, spec.id, error.reason))
                self.end(reason)
                raise Exit(reason) from error
            self._add(place)

    def leave(self, reason: Term) -> None:
        """Ends the supervisor by and by; whoever asks for it does not wait."""
        self.turns.cast(functools.partial(self.end, reason))

    def end(self, reason: Term) -> None:
        """Ends the children, the youngest first, and then the supervisor."""
        for place in reversed(self._places):
            self._terminate(place)
        self._places = []
        kernel.end(self.process, reason)

    # --- starting and ending a child ------------------------------------------------------------------------------

    def _start(self, place: _Place) -> None:
        """Raises Exit with the reason why it could not be started; Killed when the supervisor is ended meanwhile."""
        place.clear()
        try:
            pid = _pid_of(place.spec.start())
        except (Exit, Killed):
            if not self.process.alive:
                raise Killed(self.process.reason) from None
            raise
        except Exception as error:  # of whatever kind: it is why the child could not be started
            raise Exit(reason_of(error)) from error
        if pid is not None:
            place.pid = pid
            self._take_in(place, pid)

    def _take_in(self, place: _Place, pid: Pid) -> None:
        """From now on the end of the child is noticed; at once, if it has ended already."""
        ended = functools.partial(self._tell, place, pid)
        with lock:
            process = kernel.find(pid)
            if process is not None:
                place.process = process
                process.keep(Membership(ended))
                kernel.join(self.process, process)
                return
            reason = self._signalled(pid)
        ended(reason)

    def _signalled(self, pid: Pid) -> Term:
        """The reason in the exit signal of a child that was linked and has ended. The lock is held."""
        for _, message in self.process.box().after(0):
            match message:
                case (kernel.EXIT, sender, reason) if sender is pid:
                    return reason
        return NOPROC

    def _tell(self, place: _Place, pid: Pid, reason: Term) -> None:
        self.turns.cast(functools.partial(self._ended, place, pid, reason))

    def _terminate(self, place: _Place) -> None:
        process, shutdown = place.process, place.spec.shutdown
        place.clear()
        if process is not None:
            end_each(self.process, self.process, [(process, shutdown)])

    # --- restarting -----------------------------------------------------------------------------------------------

    def _ended(self, place: _Place, pid: Pid, reason: Term) -> None:
        """A child has ended by itself, unless its place has been filled or emptied since."""
        if place.pid is not pid:
            return
        place.clear()
        if wants_restart(place.spec.restart, reason):
            self._restart(place)
        elif place.spec.restart == "temporary":
            self._places.remove(place)

    def _retry(self, place: _Place) -> None:
        if place.restarting and place in self._places:
            self._restart(place)

    def _restart(self, place: _Place) -> None:
        if not self._intensity.allows(self.process.scheduler.now()):
            _log.error(
                "supervisor %r ends: more than %d restarts in %s seconds, the last one of %r",
                self.process,
                self._intensity.max_restarts,
                self._intensity.max_seconds,
                place.spec.id,
            )
            self.end(SHUTDOWN)
            return
        for failed in self._start_again(self._concerned(place)):
            failed.restarting = True
            self.turns.cast(functools.partial(self._retry, failed))

    def _concerned(self, place: _Place) -> list[_Place]:
        """Those to be started with a child that has ended; they are ended first. Temporary ones are forgotten."""
        if self._strategy == "one_for_one":
            return [place]
        first = 0 if self._strategy == "one_for_all" else self._places.index(place)
        concerned = self._places[first:]
        for other in reversed(concerned):
            self._terminate(other)
        kept = [other for other in concerned if other.spec.restart != "temporary"]
        self._places[first:] = kept
        return kept

    def _start_again(self, places: list[_Place]) -> list[_Place]:
        """Starts children in order, up to one that cannot be started, which is returned."""
        for place in places:
            try:
                self._start(place)
            except Exit as error:
                _log.error("supervisor %r cannot start %r: %r", self.process, place.spec.id, error.reason)
                return [place]
        return []

    # --- what callers ask for -------------------------------------------------------------------------------------

    def _find(self, id: Term) -> _Place | None:
        for place in self._places:
            if exactly_equal(place.spec.id, id):
                return place
        return None

    def _add(self, place: _Place) -> Pid | None:
        """A place whose start function has given no process is kept, unless it is a temporary one's."""
        if place.pid is not None or place.spec.restart != "temporary":
            self._places.append(place)
        return place.pid

    def start_child(self, spec: ChildSpec) -> Pid | None:
        present = self._find(spec.id)
        if present is not None:
            state = "is not running: restart_child starts it" if present.pid is None else f"runs as {present.pid!r}"
            raise BadArg("already_exists", "child", spec, f"there is a child of this id, which {state}")
        place = _Place(spec)
        self._start(place)
        return self._add(place)

    def restart_child(self, id: Term) -> Pid | None:
        place = self._find(id)
        if place is None:
            raise BadArg("badkey", "id", id, "there is no child of this id")
        self._check_stopped(place)
        self._start(place)
        return place.pid

    def terminate_child(self, id: Term) -> bool:
        place = self._find(id)
        if place is None:
            return False
        self._terminate(place)
        if place.spec.restart == "temporary":
            self._places.remove(place)
        return True

    def delete_child(self, id: Term) -> bool:
        place = self._find(id)
        if place is None:
            return False
        self._check_stopped(place)
        self._places.remove(place)
        return True

    def _check_stopped(self, place: _Place) -> None:
        if place.pid is not None or place.restarting:
            state = "is being restarted" if place.restarting else "is running"
            raise BadArg("busy", "id", place.spec.id, f"the child {state}; terminate_child ends it")

    def which_children(self) -> list[ChildInfo]:
        return [
            ChildInfo(place.spec.id, RESTARTING if place.restarting else place.pid, place.spec.type)
            for place in reversed(self._places)
        ]

    def count_children(self) -> ChildCounts:
        supervisors = len([place for place in self._places if place.spec.type == "supervisor"])
        active = len([place for place in self._places if place.pid is not None])
        return ChildCounts(len(self._places), active, supervisors, len(self._places) - supervisors)


def _pid_of(started: Term) -> Pid | None:
    """The pid in what a start function has returned. Raises BadArg, cause "type"."""
    if started is None or isinstance(started, Pid):
        return started
    pid = getattr(started, "pid", None)
    if isinstance(pid, Pid):
        return pid
    raise BadArg("type", "start", started, "allowed is a function that returns a Pid, an object with one, or None")
