"""Elixir's Task: a function that runs in a process of its own, whose result its owner awaits.

    task = Task.async_(fetch, url)
    ...                            # other work
    page = task.await_()           # within 5 seconds, or the caller exits

A task is linked to its owner: if it fails, its owner gets the exit signal, and the other way round. Only the owner,
which is the process that made the task, may await, yield, ignore or shut it down. Time-outs are in seconds, and None is
for ever. In a coroutine, `await task` gives the result; a coroutine function runs on the event loop.
"""

import functools
from collections.abc import Callable, Coroutine, Generator, Iterable
from typing import Any, Final, Generic, Literal, ParamSpec, TypeAlias, TypeVar, final, overload

from matchspec.unchecked import Unchecked
from matchspec.values import Atom, Pid, Ref, Term
from runtime import kernel
from runtime.errors import BadArg, choice
from runtime.exits import KILL, KILLED, NOPROC, SHUTDOWN, TIMEOUT, Exit
from runtime.kernel import Process, current
from runtime.launch import Function, child, is_coroutine_function, set_off
from runtime.lending import STANDARD, UNSTATED, Unstated, lend
from runtime.monitor import DOWN, Monitor
from runtime.outcome import BRUTAL_KILL, BrutalKill, ExitReason, Ok, Outcome
from runtime.process import Timeout, deadline_of, spawn, spawn_link, still
from runtime.scheduler import lock
from runtime.stream import Begin, OnTimeout, Stream

P = ParamSpec("P")
T = TypeVar("T")
U = TypeVar("U")
Remaining: TypeAlias = Literal["nothing", "ignore", "kill_task"]

TASK: Final = Atom("Elixir.Task")


@final
class Task(Generic[T]):
    """A task, as its owner holds it. Made by `Task.async_`, `Task.completed` and task supervisors.

    Attributes:
        pid: the process that works for it; None for a task that `completed` has made.
        ref: the reference of its messages to the owner: `(ref, value)`, and the DOWN message.
        owner: the process that made it.
    """

    __slots__ = ("_label", "_lends", "_monitor", "_process", "owner", "pid", "ref")

    def __init__(
        self, process: Process | None, owner: Pid, ref: Ref, monitor: Monitor | None, label: str, lends: bool = False
    ) -> None:
        self.pid: Final = None if process is None else process.pid
        self.ref: Final = ref
        self.owner: Final = owner
        self._process: Final = process
        self._monitor: Final = monitor
        self._label: Final = label
        self._lends: Final = lends  # its owner may run it

    def __repr__(self) -> str:
        return f"<Task {self._label} {self.pid!r} of {self.owner!r}>"

    # --- making ---------------------------------------------------------------------------------------------------

    @overload
    @staticmethod
    def async_(fn: Callable[P, Coroutine[Any, Any, U]], /, *args: P.args, **kwargs: P.kwargs) -> "Task[U]": ...
    @overload
    @staticmethod
    def async_(fn: Callable[P, U], /, *args: P.args, **kwargs: P.kwargs) -> "Task[U]": ...

    @staticmethod
    def async_(fn: Function, /, *args: Any, **kwargs: Any) -> "Task[Any]":
        """Starts `fn(*args, **kwargs)` in a process that is linked to the calling one. O(1). Elixir's Task.async/1.

        Raises BadArg, cause "type", when `fn` cannot be called.
        """
        owner = current()
        return start(owner, owner, bound(fn, kwargs), args)

    @overload
    @staticmethod
    def async_dedicated(fn: Callable[P, Coroutine[Any, Any, U]], /, *args: P.args, **kwargs: P.kwargs) -> "Task[U]": ...
    @overload
    @staticmethod
    def async_dedicated(fn: Callable[P, U], /, *args: P.args, **kwargs: P.kwargs) -> "Task[U]": ...

    @staticmethod
    def async_dedicated(fn: Function, /, *args: Any, **kwargs: Any) -> "Task[Any]":
        """As `async_`, but never run by who awaits it: always by a thread of the pool, or the event loop. O(1).

        For functions that block for long outside the runtime, need much of the stack, or depend on their thread.
        """
        owner = current()
        return start(owner, owner, bound(fn, kwargs), args, dedicated=True)

    @staticmethod
    def completed(value: U) -> "Task[U]":
        """A task that is done already, with this result. O(1). Elixir's Task.completed/1."""
        owner = current()
        ref = Ref()
        with lock:
            owner.box().put_reply(ref, (ref, value))
        return Task(None, owner.pid, ref, None, "completed")

    @staticmethod
    def start(fn: Function, /, *args: Any, **kwargs: Any) -> Pid:
        """Starts `fn` in a process of which nobody awaits the result; its pid. O(1). Elixir's Task.start/1."""
        return spawn(bound(fn, kwargs), *args)

    @staticmethod
    def start_link(fn: Function, /, *args: Any, **kwargs: Any) -> Pid:
        """As `start`, linked to the calling process. O(1). Elixir's Task.start_link/1."""
        return spawn_link(bound(fn, kwargs), *args)

    # --- its result -----------------------------------------------------------------------------------------------

    def await_(self, timeout: Timeout | Unstated = UNSTATED) -> T:
        """The result, within 5 seconds unless a time-out is given. O(1) beside the waiting. Elixir's Task.await/2.

        Where no number is given, and no thread has begun with the task yet, the caller's own runs it, as the task. Time
        is then found to be over when the function returns or waits in the runtime, where it is ended; see
        `runtime.lending`.

        Raises Exit, with reason `(reason, (TASK, await, [task, timeout]))`, when the task has failed, with TIMEOUT in
        place of the reason when it takes longer; what it gives later is dropped. A task that fails and is linked to
        the caller ends the caller, unless that traps exits. Raises BadArg: "owner", "option".
        """
        owner = self.owned("await_")
        limit = STANDARD if isinstance(timeout, Unstated) else timeout
        deadline = deadline_of(owner, limit)
        outcome: Outcome[T] = None
        strict = limit is timeout and limit is not None
        if strict or self._run(owner, deadline):
            outcome = self._wait(owner, deadline)
        return self._result(owner, outcome, "await", [self, limit])

    def __await__(self) -> Generator[Any, None, T]:
        """`await task`, in a coroutine of the owner: the result, however long it takes. Raises as `await_`."""
        owner = self.owned("await")
        if not owner.scheduler.takes_turns:
            yield None  # so that the other coroutines of this loop run once: the task may be done then
        outcome = None
        with lock:
            outcome = self.poll(owner)
        if outcome is None:
            outcome = yield from self._wait_async(owner, None).__await__()
        return self._result(owner, outcome, "await", [self, None])

    def _result(self, owner: Process, outcome: Outcome[T], call: str, args: list[Term]) -> T:
        if isinstance(outcome, Ok):
            return outcome.value
        if outcome is None:
            self.forget(owner)
            raise Exit((TIMEOUT, (TASK, Atom(call), args)))
        raise Exit((outcome.reason, (TASK, Atom(call), args)))

    def yield_(self, timeout: Timeout = 5.0) -> Outcome[T]:
        """Ok(result), ExitReason(reason), or None when neither came in time; then ask again. Elixir's Task.yield/2.

        O(1) beside the waiting. Raises BadArg: "owner", "option".
        """
        owner = self.owned("yield_")
        if timeout is None:
            self._run(owner, None)
        return self._wait(owner, deadline_of(owner, timeout))

    def ignore(self) -> Outcome[T]:
        """Lets the task go on by itself; what has come of it so far, as `yield_`. O(1). Elixir's Task.ignore/1.

        The link and the monitor are taken away, and what it gives from now on is dropped. Raises BadArg: "owner".
        """
        owner = self.owned("ignore")
        with lock:
            return self._ignore(owner)

    def shutdown(self, timeout: Timeout | BrutalKill = 5.0) -> Outcome[T]:
        """Ends the task: Ok(result) if it came first, None if this has ended it, ExitReason(reason) if it had failed.

        It gets an exit signal with reason shutdown; if it has not ended when time is over it is killed, which gives
        ExitReason(KILLED). With BRUTAL_KILL it is killed at once. O(1) beside the waiting. Elixir's Task.shutdown/2.
        Raises BadArg: "owner", "option", "noproc" for a task that `completed` has made, which has no process.
        """
        owner = self.owned("shutdown")
        brutal = isinstance(timeout, BrutalKill)
        deadline = None if isinstance(timeout, BrutalKill) else deadline_of(owner, timeout)
        process = self._process
        if process is None:
            raise BadArg("noproc", "task", self, "a task that is completed has no process to end")
        with lock:
            outcome = self.poll(owner)
            watched = owner.monitors is not None and self.ref.number in owner.monitors
            kernel.part(owner, process)
        if outcome is not None:
            return outcome
        if not watched:
            return self._shutdown_anew(owner, process, timeout)
        end_now(owner, process, KILL if brutal else SHUTDOWN)
        outcome = self._wait(owner, deadline)
        if outcome is None:
            end_now(owner, process, KILL)
            return self._wait(owner, None)
        if isinstance(outcome, ExitReason) and outcome.reason is (KILLED if brutal else SHUTDOWN):
            return None
        return outcome

    def _shutdown_anew(self, owner: Process, process: Process, timeout: Timeout | BrutalKill) -> Outcome[T]:
        """The owner has had its result, or does not want it any more: the task may have ended, or go on by itself."""
        with lock:
            if not process.alive:
                return ExitReason(NOPROC)
            monitor = kernel.watch(owner, process, process.pid)
        task: Task[T] = Task(process, owner.pid, monitor.ref, monitor, self._label)
        return task.shutdown(timeout)

    # --- several --------------------------------------------------------------------------------------------------

    @staticmethod
    def await_many(tasks: "Iterable[Task[U]]", timeout: Timeout | Unstated = UNSTATED) -> list[U]:
        """The results of all, in their order, within one time-out. O(n) beside the waiting. Elixir's Task.await_many/2.

        As with `await_`, the caller runs tasks itself that no thread has begun with, unless a number is given. Raises
        Exit as soon as one of them has failed, or when time is over; BadArg: "owner", "option".
        """
        gathering: _Gathering[U] = _Gathering(tasks, "await_many")
        limit = STANDARD if isinstance(timeout, Unstated) else timeout
        deadline = deadline_of(gathering.caller, limit)
        strict = limit is timeout and limit is not None
        in_time = strict or gathering.run(deadline)
        if not in_time or not gathering.wait(deadline, len(gathering.tasks), True):
            for task in gathering.tasks:
                task.forget(gathering.caller)
            why = TIMEOUT if gathering.failed is None else gathering.failed.reason
            raise Exit((why, (TASK, Atom("await_many"), [gathering.tasks, limit])))
        return [outcome.value for outcome in gathering.outcomes if isinstance(outcome, Ok)]

    @staticmethod
    def yield_many(
        tasks: "Iterable[Task[U]]",
        timeout: Timeout = 5.0,
        *,
        limit: int | Unchecked | None = None,
        on_timeout: Remaining | Unchecked = "nothing",
    ) -> "list[tuple[Task[U], Outcome[U]]]":
        """Each task with what came of it in time, in their order. O(n) beside the waiting. Elixir's Task.yield_many/2.

        With `limit`, returns as soon as that many are done. `on_timeout` says what becomes of those that are not when
        time is over: "nothing", "ignore" or "kill_task". Raises BadArg: "owner", "option".
        """
        choice("option", "on_timeout", on_timeout, ("nothing", "ignore", "kill_task"))
        if limit is not None and (type(limit) is not int or limit < 1):
            raise BadArg("option", "limit", limit, "allowed are None and a number of tasks from 1 on")
        gathering: _Gathering[U] = _Gathering(tasks, "yield_many")
        listed, outcomes = gathering.tasks, gathering.outcomes
        deadline = deadline_of(gathering.caller, timeout)
        in_time = gathering.wait(deadline, len(listed) if limit is None else min(limit, len(listed)), False)
        if not in_time and on_timeout != "nothing":
            for number, task in enumerate(listed):
                if outcomes[number] is None:
                    outcomes[number] = task.ignore() if on_timeout == "ignore" else task.shutdown(BRUTAL_KILL)
        return list(zip(listed, outcomes, strict=True))

    @staticmethod
    def async_stream(
        items: Iterable[U],
        fn: Callable[[U], T],
        *,
        max_concurrency: int | Unchecked | None = None,
        ordered: bool | Unchecked = True,
        timeout: Timeout | Unstated = UNSTATED,
        on_timeout: OnTimeout | Unchecked = "exit",
        zip_input_on_exit: bool | Unchecked = False,
    ) -> "Stream[T]":
        """`fn(item)` for each item, each in a process of its own, that many at a time: iterate over the outcomes.

        Gives Ok(result) for each item, in the order of the items unless `ordered` is False. Items are taken as outcomes
        are asked for, so they may be without end; leaving the loop ends what is still running. A process that fails
        ends the caller, since they are linked. One that takes longer than `timeout` seconds, 5 unless stated, ends the
        caller too, or, with `on_timeout="kill_task"`, is killed and gives ExitReason(TIMEOUT), with its item if
        `zip_input_on_exit`. Short ones may be run by the caller itself, unless a number is given; see `await_`.
        `max_concurrency` is 4 more than there are processors, and at most 32, unless given. Elixir's
        Task.async_stream/3. Raises BadArg.
        """
        return Stream(items, fn, None, max_concurrency, ordered, timeout, on_timeout, zip_input_on_exit, True)

    # --- the owner's side -----------------------------------------------------------------------------------------

    def owned(self, call: str) -> Process:
        """The caller, who has to be the owner. Raises BadArg, cause "owner"."""
        caller = current()
        if caller.pid is not self.owner:
            raise BadArg("owner", "task", self, f"only its owner may {call} it, and this is {caller.pid!r}")
        return caller

    def _run(self, owner: Process, deadline: float | None) -> bool:
        """Runs the task here, if it may be and no thread has begun with it; False if that has taken too long."""
        process = self._process
        return process is None or not self._is_free() or lend(owner, process, deadline)

    def _is_free(self) -> bool:
        """Whether its owner may run it, and no thread has begun with it."""
        return self._lends and self._process is not None and self._process.unbegun is not None

    def poll(self, owner: Process) -> Outcome[T]:
        """What has come of the task, which leaves the mailbox. The lock is held."""
        box = owner.mailbox
        if box is None:
            return None
        reply = box.take_reply(self.ref)
        if isinstance(reply, tuple):
            self.forget(owner)
            return Ok(reply[1])
        fallen = box.take_down(self.ref)
        return ExitReason(fallen[4]) if isinstance(fallen, tuple) else None

    def forget(self, owner: Process) -> None:
        """Nothing more of this task reaches the owner."""
        with lock:
            kernel.unwatch(owner, self.ref)
            if owner.mailbox is not None:
                owner.mailbox.take_reply(self.ref)
                owner.mailbox.take_down(self.ref)

    def _ignore(self, owner: Process) -> Outcome[T]:
        outcome = self.poll(owner)
        if self._process is not None:
            kernel.part(owner, self._process)
        self.forget(owner)
        return outcome

    def _wait(self, owner: Process, deadline: float | None) -> Outcome[T]:
        in_time = True
        with lock:
            while True:
                outcome = self.poll(owner)
                if outcome is not None or not in_time:
                    return outcome
                if deadline is not None and owner.scheduler.now() >= deadline:
                    return None
                in_time = owner.wait(deadline, self._monitor)

    async def _wait_async(self, owner: Process, deadline: float | None) -> Outcome[T]:
        from runtime import coroutines

        in_time = True
        while True:
            with lock:
                outcome = self.poll(owner)
                if outcome is not None or not in_time:
                    return outcome
                waiter = coroutines.prepare(owner, self._monitor)
            in_time = await coroutines.suspend(owner, waiter, deadline, self._monitor)


@final
class _Gathering(Generic[T]):
    """Waiting for several tasks at once. It looks at each message of the caller once."""

    def __init__(self, tasks: Iterable[Task[T]], call: str) -> None:
        self.caller: Final = current()
        self.tasks: Final = list(tasks)
        self.outcomes: Final[list[Outcome[T]]] = [None] * len(self.tasks)
        self.failed: ExitReason | None = None
        self._pending: Final[dict[int, list[int]]] = {}  # the places of a task, which may be there more than once
        for at, task in enumerate(self.tasks):
            self._pending.setdefault(task.ref.number, []).append(at)
        self._open = len(self.tasks)
        self._seen = 0
        for task in self.tasks:
            task.owned(call)

    def run(self, deadline: float | None) -> bool:
        """Runs those here that no thread has begun with, until one has failed; False if that has taken too long."""
        for task in self.tasks:
            if task._is_free():
                if not task._run(self.caller, deadline):
                    return False
                with lock:
                    self._look()
                if self.failed is not None:
                    return True
        return True

    def wait(self, deadline: float | None, wanted: int, until_failure: bool) -> bool:
        """Waits until so many are known, or one has failed; whether so many are known, and none has failed."""
        in_time = True
        with lock:
            while True:
                self._look()
                if self.failed is not None and until_failure:
                    return False
                if len(self.tasks) - self._open >= wanted:
                    return True
                if not in_time or (deadline is not None and self.caller.scheduler.now() >= deadline):
                    return False
                in_time = self.caller.wait(deadline)

    def _look(self) -> None:
        box = self.caller.mailbox
        if box is None:
            return
        for number, message in box.after(self._seen):
            self._seen = number
            ref = ref_of(message)
            places = None if ref is None else self._pending.pop(ref.number, None)
            if places is not None:
                outcome = self.tasks[places[0]].poll(self.caller)
                self._open -= len(places)
                for at in places:
                    self.outcomes[at] = outcome
                if isinstance(outcome, ExitReason) and self.failed is None:
                    self.failed = outcome


def ref_of(message: Term) -> Ref | None:
    """The reference by which a message is the reply, or the DOWN message, of a task."""
    if isinstance(message, tuple) and len(message) in {2, 5}:
        ref = message[1] if message[0] is DOWN else message[0]
        if isinstance(ref, Ref):
            return ref
    return None


def start(
    owner: Process,
    parent: Process,
    fn: Function,
    args: tuple[Any, ...],
    *,
    linked: bool = True,
    dedicated: bool = False,
    supervise: Begin | None = None,
) -> Task[Any]:
    """Starts a task of `owner`; `supervise` takes its process in, or raises. Raises BadArg, cause "type".

    One that is not linked is never run by its owner, who would not hear of its own end meanwhile.
    """
    process = child(parent, fn)
    ref = Ref()
    with lock:
        still(owner)
        if supervise is not None:
            supervise(process)
        if linked:
            kernel.join(owner, process)
        monitor = process.sink = kernel.watch(owner, process, process.pid, ref)
        kernel.enlist(process)
    set_off(process, fn, args, is_coroutine_function(fn))
    owner.scheduler.pause()
    return Task(process, owner.pid, ref, monitor, process.label, linked and not dedicated)


def bound(fn: Function, kwargs: dict[str, Any]) -> Function:
    """`fn` with its keyword arguments. Raises BadArg, cause "type"."""
    if not callable(fn):
        raise BadArg("type", "fn", fn, "allowed is what can be called")
    return functools.partial(fn, **kwargs) if kwargs else fn


def end_now(sender: Process, process: Process, reason: Term) -> None:
    """Sends an exit signal that does not touch the sender."""
    victims: list[kernel.Victim] = []
    with lock:
        kernel.signal(process, sender.pid, reason, victims, sent=True)
    kernel.end_all(victims)
