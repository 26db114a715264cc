"""How an agent works: a process that owns a state, and no thread.

Whoever calls an idle agent runs the function itself, *as the agent*: `self_()` is the agent's pid meanwhile. While an
agent is busy, calls and casts are queued, in the order in which they come. Who has run one hands the agent over to the
first in the queue: a caller who waits runs its own function then; for casts, a pooled thread runs them. So nothing is
handed from thread to thread as long as nobody else uses the agent, and casts never keep their caller waiting.

A dedicated agent has a thread, which runs everything; there a caller waits for no longer than its time-out. Otherwise
a caller whose own function takes too long learns of it when the function returns. In both, the update stands.

`busy` says that somebody runs the agent, or has been chosen to; it and the queue are changed with the lock held.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, Final, Literal, TypeAlias, final

from matchspec.values import Atom, Term
from runtime import kernel
from runtime.exits import KILLED, NOPROC, TIMEOUT, Exit, Killed
from runtime.kernel import Process, landed
from runtime.launch import ended_by, launch, log_crash
from runtime.process import Timeout, deadline_of
from runtime.scheduler import lock

Kind: TypeAlias = Literal["get", "update", "get_and_update", "cast", "stop"]
Work: TypeAlias = Callable[[Any], Any]

AGENT: Final = Atom("Elixir.Agent")
CALLING_SELF: Final = Atom("calling_self")
BAD_RETURN_VALUE: Final = Atom("bad_return_value")


@final
class Request:
    """A call in the queue. `granted`: the caller is to run it; `done`: it has been run, or never will be.

    Of a cast just the function is queued, since there may be many; a request is made of it when it is run.
    """

    __slots__ = ("caller", "done", "failed", "granted", "kind", "queued", "reason", "value", "work")

    def __init__(self, kind: Kind, work: Work, caller: Process | None) -> None:
        self.kind: Final[Kind] = kind
        self.work: Final = work
        self.caller = caller  # None for a cast, and for one who does not wait any more
        self.queued = False  # it is in the queue behind others, though its caller runs the agent
        self.granted = False
        self.done = False
        self.failed = False
        self.value: Any = None
        self.reason: Term = None

    def pending(self) -> bool:
        """Whether its caller has to wait."""
        return not (self.granted or self.done)


def _request_of(entry: Request | Work) -> Request:
    return entry if isinstance(entry, Request) else Request("cast", entry, None)


_NOTHING: Final[deque[Request | Work]] = deque(maxlen=0)  # an empty deque takes 600 bytes


@final
class AgentServer:
    """See the module."""

    def __init__(self, process: Process, dedicated: bool) -> None:
        self.process: Final = process
        self.dedicated: Final = dedicated
        self.state: Any = None
        self.busy = dedicated
        self.queue = _NOTHING  # replaced by one of its own while something is queued: most agents never have anything
        self._running: Request | None = None
        self._drainer = False  # a thread has been asked to run what is queued, and has not begun
        process.server = self
        process.on_exit = self._fail_all

    # --- starting -------------------------------------------------------------------------------------------------

    def start(self, init: Callable[[], Any], caller: Process, timeout: Timeout) -> None:
        """Computes the first state, as the agent. Raises Exit with the reason why that failed, or TIMEOUT."""
        deadline = deadline_of(caller, timeout)
        if self.dedicated:
            self._start_thread(init, caller, deadline)
            return
        process = self.process
        kernel.begin(process)
        process.passive = True
        with lock:
            process.attended = True
            self.busy = True
        request = Request("update", lambda _: init(), caller)
        self._run(request)
        if not request.failed and deadline is not None and caller.scheduler.now() > deadline:
            with lock:
                kernel.depart(process)
            raise self._too_late(caller)
        self._pass_on()
        if request.failed:
            raise Exit(request.reason)

    def _start_thread(self, init: Callable[[], Any], caller: Process, deadline: float | None) -> None:
        first = Request("update", lambda _: init(), caller)
        self._queue_of_its_own().append(first)
        launch(self.process, self._serve, ())
        try:
            self._await(first, caller, deadline)
        except Exit:
            raise self._too_late(caller) from None
        if first.failed:
            raise Exit(first.reason)

    def _too_late(self, caller: Process) -> Exit:
        """The first state took too long: the agent is killed, and its caller, if linked, is not told by a signal."""
        with lock:
            kernel.part(caller, self.process)
        kernel.end(self.process, KILLED)
        return Exit(TIMEOUT)

    def _serve(self) -> None:
        """What the thread of a dedicated agent does."""
        process = self.process
        while process.alive:
            with lock:
                while not self.queue:
                    process.wait(None)
                request = _request_of(self.queue.popleft())
            self._run(request)
            with lock:
                if request.caller is not None:
                    request.caller.wake()

    def _queue_of_its_own(self) -> "deque[Request | Work]":
        """The queue, to append to. The lock is held."""
        if self.queue is _NOTHING:
            self.queue = deque()
        return self.queue

    # --- calls and casts ------------------------------------------------------------------------------------------

    def call(self, kind: Kind, work: Work, timeout: Timeout, caller: Process) -> Any:
        """Has `work` run, and gives what it gives. Raises Exit."""
        deadline = None if timeout is None else deadline_of(caller, timeout)
        if self._take_idle(caller):
            return self._run_here(kind, work, caller, deadline, timeout)
        request = Request(kind, work, caller)
        if self._begin(request, timeout):
            self._run_up_to(request)
        else:
            self._await(request, caller, deadline, timeout)
            if request.granted:
                self._run_up_to(request)
        if caller.scheduler.takes_turns:
            caller.scheduler.pause()
        return self._result(request, caller, deadline, timeout)

    def _take_idle(self, caller: Process) -> bool:
        """Takes the agent if it is idle and nothing is queued: the usual case, for which `_run_here` is made."""
        process = self.process
        lock.acquire()
        if self.busy or self.queue or not process.alive or process is caller or process.scheduler.takes_turns:
            lock.release()
            return False
        self.busy = True
        process.attended = True
        lock.release()
        return True

    def _run_here(self, kind: Kind, work: Work, caller: Process, deadline: float | None, timeout: Timeout) -> Any:
        """Runs one function as the agent, which the caller has, without a Request if all goes well."""
        process = self.process
        token = kernel.inner.set(process)
        try:
            result = work(self.state)
        except BaseException as error:  # noqa: BLE001  # whatever the function raises ends the agent
            kernel.inner.reset(token)
            request = Request(kind, work, caller)
            self._raised(request, error)
            self._pass_on()
            return self._result(request, caller, deadline, timeout)
        kernel.inner.reset(token)
        value: Any = None
        if kind == "get":
            value = result
        elif kind == "update":
            self.state = result
        elif kind == "get_and_update" and isinstance(result, tuple) and len(result) == 2:
            value, self.state = result
        else:
            request = Request(kind, work, caller)
            self._take(request, result)
            self._pass_on()
            return self._result(request, caller, deadline, timeout)
        lock.acquire()
        if process.alive and not self.queue:
            self.busy = False
            process.attended = False
            process.mailbox = None
            lock.release()
            if caller.alive and (deadline is None or caller.scheduler.now() <= deadline):
                return value
        else:
            lock.release()
            self._pass_on()
        request = Request(kind, work, caller)
        self._finish(request, not process.alive, process.reason)
        request.value = value
        return self._result(request, caller, deadline, timeout)

    def _result(self, request: Request, caller: Process, deadline: float | None, timeout: Timeout) -> Any:
        """What a call gives. Raises Exit, and Killed if the caller has been ended meanwhile."""
        if not caller.alive:
            raise landed(caller)
        if request.failed:
            raise self._exit(request, request.reason, timeout)
        if deadline is not None and caller.scheduler.now() > deadline:
            raise self._exit(request, TIMEOUT, timeout)
        return request.value

    async def call_async(self, kind: Kind, work: Work, timeout: Timeout, caller: Process) -> Any:
        """As `call`, for a coroutine; while the agent is idle, `work` runs on the event loop."""
        deadline = None if timeout is None else deadline_of(caller, timeout)
        request = Request(kind, work, caller)
        if self._begin(request, timeout):
            self._run_up_to(request)
        else:
            await self._await_async(request, caller, deadline, timeout)
            if request.granted:
                self._run_up_to(request)
        return self._result(request, caller, deadline, timeout)

    def cast(self, work: Work) -> None:
        """Has `work` run some time soon, by another thread or the next caller; nothing is said if it fails."""
        process = self.process
        with lock:
            if not process.alive:
                return
            self._queue_of_its_own().append(work)
            if self.dedicated:
                process.wake()
                return
            if self.busy or self._drainer:
                return
            self._drainer = True
        process.scheduler.start(self._drain)

    def _begin(self, request: Request, timeout: Timeout) -> bool:
        """Takes the agent if it is idle, else queues the request; whether it was taken."""
        process = self.process
        if request.caller is process:
            raise self._exit(request, CALLING_SELF, timeout)
        with lock:
            if not process.alive:
                raise self._exit(request, NOPROC, timeout)
            if self.busy:
                self._queue_of_its_own().append(request)
                if self.dedicated:
                    process.wake()
                return False
            if self.queue:  # casts came first, and no thread has begun with them yet
                self._queue_of_its_own().append(request)
                request.queued = True
            self.busy = True
            process.attended = True
        return True

    def _await(self, request: Request, caller: Process, deadline: float | None, timeout: Timeout = None) -> None:
        """Waits until the request is granted or done. Raises Exit, with reason TIMEOUT."""
        with lock:
            while request.pending():
                try:
                    in_time = caller.wait(deadline)
                except BaseException:
                    self._abandon(request)
                    raise
                if not in_time and request.pending():
                    self._abandon(request)
                    raise self._exit(request, TIMEOUT, timeout)

    async def _await_async(self, request: Request, caller: Process, deadline: float | None, timeout: Timeout) -> None:
        from runtime import coroutines

        try:
            while True:
                with lock:
                    if not request.pending():
                        return
                    waiter = coroutines.prepare(caller)
                in_time = await coroutines.suspend(caller, waiter, deadline)
                if not in_time and request.pending():
                    raise self._exit(request, TIMEOUT, timeout)
        except BaseException:
            with lock:
                self._abandon(request)
            raise

    def _abandon(self, request: Request) -> None:
        """The caller does not wait any more; the request is run all the same. The lock is held."""
        request.caller = None
        if request.granted and not request.done:
            request.granted = False
            self._queue_of_its_own().appendleft(request)
            self.process.scheduler.start(self._work_off)

    # --- running --------------------------------------------------------------------------------------------------

    def _run_up_to(self, request: Request) -> None:
        """Runs the request, and before it what was queued earlier; then passes the agent on, which the caller has."""
        while request.queued and not request.done:
            with lock:
                earlier = self.queue.popleft() if self.queue else request
            self._run(_request_of(earlier))
        if not request.done:
            self._run(request)
        self._pass_on()

    def _pass_on(self) -> None:
        """Gives the agent to the first in the queue: to a caller who waits, or for casts to a pooled thread."""
        with lock:
            if self._granted_or_idle():
                return
        self.process.scheduler.start(self._work_off)

    def _drain(self) -> None:
        """Takes the agent, if nobody has, and works off the casts that are queued; on a pooled thread."""
        with lock:
            self._drainer = False
            if self.busy or not self.queue:
                return
            self.busy = True
            self.process.attended = True
        self._work_off()

    def _work_off(self) -> None:
        """Runs casts, until there are none or a caller comes first; on a pooled thread, which has the agent."""
        while True:
            with lock:
                if self._granted_or_idle():
                    return
                casts = self._casts()
                request = None if casts else self.queue.popleft()
            if request is None:
                self._run_casts(casts)
            else:
                self._run(_request_of(request))

    def _casts(self) -> list[Work]:
        """Takes the casts at the head of the queue. The lock is held."""
        casts: list[Work] = []
        queue = self.queue
        while queue:
            entry = queue.popleft()
            if isinstance(entry, Request):
                queue.appendleft(entry)
                break
            casts.append(entry)
        return casts

    def _run_casts(self, casts: list[Work]) -> None:
        """Runs casts, one after another, unless the agent ends in between."""
        process = self.process
        token = kernel.inner.set(process)
        work = casts[0]
        try:
            for work in casts:
                if not process.alive:
                    return
                self.state = work(self.state)
        except BaseException as error:  # noqa: BLE001  # whatever the function raises ends the agent
            self._raised(Request("cast", work, None), error)
        finally:
            kernel.inner.reset(token)

    def _granted_or_idle(self) -> bool:
        """Makes the agent idle if the queue is empty, or grants it to the caller who is first. The lock is held."""
        if not self.queue or not self.process.alive:
            self.busy = False
            if not self.queue:
                self.queue = _NOTHING
            self.process.mailbox = None
            kernel.depart(self.process)
            return True
        request = self.queue[0]
        if not isinstance(request, Request) or request.caller is None:
            return False
        self.queue.popleft()
        request.granted = True
        request.caller.wake()
        return True

    def _run(self, request: Request) -> None:
        """Runs one function as the agent. If it fails, the agent ends."""
        process = self.process
        if not process.alive:
            self._finish(request, True, process.reason)
            return
        self._running = request
        token = kernel.inner.set(process)
        try:
            result = request.work(self.state)
        except BaseException as error:  # noqa: BLE001  # whatever the function raises ends the agent
            self._raised(request, error)
        else:
            self._take(request, result)
        finally:
            kernel.inner.reset(token)
            self._running = None

    def _raised(self, request: Request, error: BaseException) -> None:
        """The function has raised: the agent ends, if it has not been ended by an exit signal."""
        if isinstance(error, Killed) or not self.process.alive:
            self._finish(request, True, self.process.reason)
        else:
            self._fail(request, ended_by(self.process, error))

    def _take(self, request: Request, result: Any) -> None:
        """What the result of a function means; nothing, if an exit signal has come meanwhile."""
        kind = request.kind
        if not self.process.alive:
            self._finish(request, True, self.process.reason)
            return
        if kind == "get":
            request.value = result
        elif kind == "stop":
            self._finish(request, False, None)  # before the end tells all others that they will not be served
            self._end(result)
        elif kind != "get_and_update":
            self.state = result
        elif isinstance(result, tuple) and len(result) == 2:
            request.value, self.state = result
        else:
            log_crash(self.process, (BAD_RETURN_VALUE, result))
            self._fail(request, (BAD_RETURN_VALUE, result))
            return
        self._finish(request, False, None)

    def _finish(self, request: Request, failed: bool, reason: Term) -> None:
        if not request.done:
            request.failed, request.reason, request.done = failed, reason, True

    def _fail(self, request: Request, reason: Term) -> None:
        self._finish(request, True, reason)
        self._end(reason)

    def _end(self, reason: Term) -> None:
        """The agent ends by itself, so nothing of it remains."""
        with lock:
            kernel.depart(self.process)
        self.state = None
        kernel.end(self.process, reason)

    def _fail_all(self, reason: Term) -> None:
        """The agent has ended: none of those who wait will be served."""
        with lock:
            requests = [entry for entry in self.queue if isinstance(entry, Request)]
            self.queue.clear()
            if self._running is not None and self.dedicated:
                requests.append(self._running)
            for request in requests:
                self._finish(request, True, reason)
                if request.caller is not None:
                    request.caller.wake()

    def _exit(self, request: Request, reason: Term, timeout: Timeout) -> Exit:
        what = request.work(None) if request.kind == "stop" else request.work  # with which reason, or which function
        return Exit((reason, (AGENT, Atom(request.kind), [self.process.pid, what, timeout])))
