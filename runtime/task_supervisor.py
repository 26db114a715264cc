"""Elixir's Task.Supervisor: starts tasks, counts them, and ends them when it ends itself.

    jobs = TaskSupervisor.start_link(name="jobs", max_children=100)
    task = jobs.async_nolink(fetch, url)     # if it fails, its owner lives on, and gets an ExitReason
    jobs.start_child(send_mail, user)        # nobody awaits it

Its children are processes like any other, whose members' list it keeps; it has no thread, and nothing that callers
would have to queue for.
"""

import functools
import logging
from collections.abc import Callable, Coroutine, Iterable
from types import TracebackType
from typing import Any, Final, ParamSpec, Self, TypeVar, final, overload

from matchspec.unchecked import Unchecked
from matchspec.values import Atom, Pid, Term
from runtime import kernel, task
from runtime.child_spec import ChildSpec, id_of
from runtime.ending import Membership, Shutdown, end_each, shutdown_of, stop
from runtime.errors import BadArg
from runtime.exits import NOPROC, NORMAL, SHUTDOWN, Exit
from runtime.kernel import Process, current
from runtime.launch import Function, child, launch
from runtime.lending import UNSTATED, Unstated
from runtime.process import Destination, Name, Timeout, find, take_name
from runtime.restarts import Intensity, Restart, restart_of, wants_restart
from runtime.scheduler import lock
from runtime.stream import OnTimeout, Stream
from runtime.task import Task, bound
from runtime.turns import Turns, begin, passive_process

P = ParamSpec("P")
T = TypeVar("T")
U = TypeVar("U")

TASK_SUPERVISOR: Final = Atom("Elixir.Task.Supervisor")
_log: Final = logging.getLogger("runtime.supervisor")


@final
class _Member:
    """A child. `again` starts its function once more, in another process; `leaving`: it is being ended."""

    __slots__ = ("again", "leaving", "process", "restart", "shutdown")

    def __init__(
        self, process: Process, restart: Restart, shutdown: Shutdown, again: "tuple[Function, Any] | None"
    ) -> None:
        self.process: Final = process
        self.restart: Final[Restart] = restart
        self.shutdown: Final = shutdown
        self.again: Final = again
        self.leaving = False


@final
class TaskSupervisor:
    """A task supervisor, as users hold it. Made by `TaskSupervisor.start_link`; ends at the end of a `with` block.

    All methods that start something raise BadArg, cause "limit", when there are `max_children`, and Exit, with reason
    `(noproc, ...)`, when the supervisor has ended.

    Attributes:
        pid: its process.
    """

    __slots__ = ("_intensity", "_limit", "_members", "_open", "_process", "_turns", "pid")

    def __init__(self, process: Process, limit: int | None, intensity: Intensity) -> None:
        self.pid: Final = process.pid
        self._process: Final = process
        self._limit: Final = limit
        self._intensity: Final = intensity
        self._members: Final[dict[int, _Member]] = {}  # by the number of the pid; the lock of the runtime guards it
        self._open = True
        self._turns: Final = Turns(process, TASK_SUPERVISOR)  # just for its end, which has to wait

    def __repr__(self) -> str:
        return f"<TaskSupervisor {self.pid!r}>"

    # --- the supervisor itself ------------------------------------------------------------------------------------

    @staticmethod
    def start_link(
        *,
        name: Name | None = None,
        max_children: int | Unchecked | None = None,
        max_restarts: int | Unchecked = 3,
        max_seconds: float | Unchecked = 5.0,
    ) -> "TaskSupervisor":
        """Starts a task supervisor, linked to the calling process, with which it ends. Elixir's start_link/1.

        Args:
            name: under which `TaskSupervisor.whereis` finds it.
            max_children: how many may run at a time, None for any number.
            max_restarts: one more within `max_seconds` ends the supervisor, with reason shutdown. Only children of
                `start_child` are ever restarted, and only if asked to be.
            max_seconds: see there.

        Raises BadArg: "option", "already_exists" for a name that is taken, "type" for one that is none.
        """
        if max_children is not None and (type(max_children) is not int or max_children < 0):
            raise BadArg("option", "max_children", max_children, "allowed are None and numbers from 0 on")
        intensity = Intensity(max_restarts, max_seconds)
        parent = current()
        process = passive_process(parent, "runtime.task_supervisor.TaskSupervisor")
        supervisor = TaskSupervisor(process, max_children, intensity)
        if name is not None:
            take_name(process, name)
        begin(process, parent, supervisor, supervisor._leave)
        return supervisor

    @staticmethod
    def whereis(dest: Destination) -> "TaskSupervisor | None":
        """The task supervisor of this name or pid, or None. O(1). Raises BadArg, cause "type"."""
        process = find(dest)
        server = None if process is None else process.server
        return server if isinstance(server, TaskSupervisor) else None

    @staticmethod
    def child_spec(
        *,
        id: Term = None,
        restart: Restart | Unchecked = "permanent",
        shutdown: Shutdown | Unchecked = None,
        name: Name | None = None,
        max_children: int | Unchecked | None = None,
        max_restarts: int | Unchecked = 3,
        max_seconds: float | Unchecked = 5.0,
    ) -> ChildSpec:
        """A task supervisor as a child of a Supervisor. Its id is the name, or else "TaskSupervisor", unless given."""
        start = functools.partial(
            TaskSupervisor.start_link,
            name=name,
            max_children=max_children,
            max_restarts=max_restarts,
            max_seconds=max_seconds,
        )
        return ChildSpec(id_of(id, name, "TaskSupervisor"), start, restart, shutdown, "supervisor")

    def stop(self, reason: Term = NORMAL, timeout: Timeout = None) -> bool:
        """Ends all children, at the same time, and the supervisor; True when that is done. Elixir's Supervisor.stop/3.

        Raises Exit when it has ended already, ends for another reason, or takes longer than `timeout` seconds.
        """
        return stop(self._process, reason, timeout, TASK_SUPERVISOR)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.alive:
            self.stop()

    def _leave(self, reason: Term) -> None:
        with lock:
            self._open = False
        self._turns.cast(functools.partial(self._end, reason))

    def _end(self, reason: Term) -> None:
        """Run as the supervisor."""
        with lock:
            ending = [(member.process, member.shutdown) for member in self._members.values()]
        end_each(self._process, self._process, ending)
        kernel.end(self._process, reason)

    # --- tasks ----------------------------------------------------------------------------------------------------

    @overload
    def async_(self, fn: Callable[P, Coroutine[Any, Any, U]], /, *args: P.args, **kwargs: P.kwargs) -> Task[U]: ...
    @overload
    def async_(self, fn: Callable[P, U], /, *args: P.args, **kwargs: P.kwargs) -> Task[U]: ...

    def async_(self, fn: Function, /, *args: Any, **kwargs: Any) -> Task[Any]:
        """As `Task.async_`: a task of the calling process, linked to it. O(1). Elixir's Task.Supervisor.async/2."""
        return self._async(bound(fn, kwargs), args, True)

    @overload
    def async_nolink(
        self, fn: Callable[P, Coroutine[Any, Any, U]], /, *args: P.args, **kwargs: P.kwargs
    ) -> Task[U]: ...
    @overload
    def async_nolink(self, fn: Callable[P, U], /, *args: P.args, **kwargs: P.kwargs) -> Task[U]: ...

    def async_nolink(self, fn: Function, /, *args: Any, **kwargs: Any) -> Task[Any]:
        """As `async_`, without a link: if the task fails, its owner lives on, and the other way round. O(1).

        Elixir's Task.Supervisor.async_nolink/2.
        """
        return self._async(bound(fn, kwargs), args, False)

    def _async(self, fn: Function, args: tuple[Any, ...], linked: bool) -> Task[Any]:
        owner = current()
        return task.start(owner, owner, fn, args, linked=linked, supervise=self._supervise(5.0))

    def _supervise(self, shutdown: Shutdown) -> Callable[[Process], None]:
        def supervise(process: Process) -> None:
            self._take_in(_Member(process, "temporary", shutdown, None))

        return supervise

    def async_stream(
        self,
        items: Iterable[U],
        fn: Callable[[U], T],
        *,
        max_concurrency: int | Unchecked | None = None,
        ordered: bool | Unchecked = True,
        timeout: Timeout | Unstated = UNSTATED,
        on_timeout: OnTimeout | Unchecked = "exit",
        zip_input_on_exit: bool | Unchecked = False,
        shutdown: Shutdown | Unchecked = 5.0,
    ) -> Stream[T]:
        """As `Task.async_stream`, with processes of this supervisor. Elixir's Task.Supervisor.async_stream/4.

        `shutdown` says how long each may take when the supervisor ends it. `max_concurrency` should leave room within
        `max_children`.
        """
        return self._stream(
            items, fn, max_concurrency, ordered, timeout, on_timeout, zip_input_on_exit, shutdown, linked=True
        )

    def async_stream_nolink(
        self,
        items: Iterable[U],
        fn: Callable[[U], T],
        *,
        max_concurrency: int | Unchecked | None = None,
        ordered: bool | Unchecked = True,
        timeout: Timeout | Unstated = UNSTATED,
        on_timeout: OnTimeout | Unchecked = "exit",
        zip_input_on_exit: bool | Unchecked = False,
        shutdown: Shutdown | Unchecked = 5.0,
    ) -> Stream[T]:
        """As `async_stream`, without links: a process that fails gives ExitReason(reason), and the caller lives on.

        Elixir's Task.Supervisor.async_stream_nolink/4.
        """
        return self._stream(
            items, fn, max_concurrency, ordered, timeout, on_timeout, zip_input_on_exit, shutdown, linked=False
        )

    def _stream(
        self,
        items: Iterable[U],
        fn: Callable[[U], T],
        max_concurrency: int | Unchecked | None,
        ordered: bool | Unchecked,
        timeout: Timeout | Unstated,
        on_timeout: OnTimeout | Unchecked,
        zip_input_on_exit: bool | Unchecked,
        shutdown: Term,
        *,
        linked: bool,
    ) -> Stream[T]:
        supervise = self._supervise(shutdown_of(shutdown))
        return Stream(items, fn, supervise, max_concurrency, ordered, timeout, on_timeout, zip_input_on_exit, linked)

    def start_child(
        self,
        fn: Function,
        /,
        *args: Any,
        restart: Restart | Unchecked = "temporary",
        shutdown: Shutdown | Unchecked = 5.0,
    ) -> Pid:
        """Calls `fn(*args)` in a process of which nobody awaits the result; its pid. O(1).

        Elixir's Task.Supervisor.start_child/3. With `restart` "permanent" the function is called again whenever it has
        returned or failed, with "transient" when it has failed, each time in a new process. Keyword arguments:
        `functools.partial`.
        """
        fn = bound(fn, {})
        wanted = restart_of(restart)
        process = child(current(), fn)
        self._take_in(_Member(process, wanted, shutdown_of(shutdown), (fn, args)))
        launch(process, fn, args)
        current().scheduler.pause()
        return process.pid

    # --- children -------------------------------------------------------------------------------------------------

    def _take_in(self, member: _Member) -> None:
        process = member.process
        with lock:
            if not self._open or not self._process.alive:
                raise Exit((NOPROC, (TASK_SUPERVISOR, Atom("start_child"), [self.pid])))
            if self._limit is not None and len(self._members) >= self._limit:
                raise BadArg(
                    "limit",
                    "max_children",
                    self._limit,
                    "the task supervisor has that many children; streams need a lower max_concurrency",
                )
            self._admit(member, process)

    def _admit(self, member: _Member, process: Process) -> None:
        """The lock is held."""
        self._members[process.pid.number] = member
        kernel.join(self._process, process)
        if member.restart == "temporary":
            process.roster = self._members  # all there is to do at its end, which costs the end nothing
        else:
            process.keep(Membership(functools.partial(self._ended, member)))

    def _ended(self, member: _Member, reason: Term) -> None:
        """A child has ended, and is started again if it is to be."""
        again: Process | None = None
        with lock:
            del self._members[member.process.pid.number]
            if member.again is None or member.leaving or not self._open or not self._process.alive:
                return
            if not wants_restart(member.restart, reason):
                return
            fn, args = member.again
            if self._intensity.allows(self._process.scheduler.now()):
                again = Process(self._process.scheduler, member.process.callers, member.process.label)
                self._admit(_Member(again, member.restart, member.shutdown, member.again), again)
        if again is not None:
            launch(again, fn, args)
        else:
            _log.error("%r ends: too many restarts, the last one of %s", self, member.process.label)
            self._leave(SHUTDOWN)

    def children(self) -> list[Pid]:
        """The pids of all children, the oldest first. O(n). Elixir's Task.Supervisor.children/1."""
        current()
        with lock:
            if not self._process.alive:
                raise Exit((NOPROC, (TASK_SUPERVISOR, Atom("children"), [self.pid])))
            return [member.process.pid for member in self._members.values()]

    def terminate_child(self, pid: Pid) -> bool:
        """Ends a child, and waits until it has ended; False when it is none. O(1) beside the waiting.

        It gets an exit signal with reason shutdown, and is killed if it takes longer than its `shutdown`.
        Elixir's Task.Supervisor.terminate_child/2. Raises BadArg, cause "type".
        """
        if not isinstance(pid, Pid):
            raise BadArg("type", "pid", pid, "allowed is a Pid")
        caller = current()
        with lock:
            if not self._process.alive:
                raise Exit((NOPROC, (TASK_SUPERVISOR, Atom("terminate_child"), [self.pid])))
            member = self._members.get(pid.number)
            if member is None:
                return False
            member.leaving = True
        end_each(caller, self._process, [(member.process, member.shutdown)])
        return True
