"""A process without a thread: those who have work for it do it *as* the process, one after the other.

What is asked of it is queued in the order in which it comes. A caller who finds nobody at work does what is queued
before his own, and his own; what is queued behind that, and what no caller waits for, is left to a pooled thread. So a
supervisor costs no thread, and yet does one thing at a time, as an Erlang process does.
"""

import logging
from collections import deque
from collections.abc import Callable
from typing import Any, Final, TypeVar, final

from matchspec.values import Atom, Term
from runtime import kernel
from runtime.exits import KILLED, NOPROC, Exit, Killed
from runtime.kernel import Process, current, landed
from runtime.launch import callers_of
from runtime.orderly import Orderly
from runtime.scheduler import lock

T = TypeVar("T")
_log: Final = logging.getLogger("runtime.supervisor")
CALLING_SELF: Final = Atom("calling_self")


def passive_process(parent: Process, label: str) -> Process:
    """A process without a thread, which has not begun."""
    process = Process(parent.scheduler, callers_of(parent), label)
    process.passive = process.trapping = True
    return process


def begin(process: Process, parent: Process, server: object, leave: Callable[[Term], None]) -> None:
    """The process exists from now on, linked to its parent, whose exit makes it `leave`; else only kill ends it.

    `server` is what it does, for those who know it by its pid or name. Raises Killed or Exit when the parent has ended.
    """
    process.server = server
    process.orderly = Orderly(parent.pid, leave)
    with lock:
        begun = parent.alive
        if begun:
            kernel.join(parent, process)
            kernel.begin(process)
    if not begun:
        kernel.end(process, KILLED)  # so that its name is free
        raise landed(parent)


@final
class _Job:
    """A piece of work; `caller` waits for it, if it has one."""

    __slots__ = ("caller", "done", "error", "value", "work")

    def __init__(self, work: Callable[[], Any], caller: Process | None) -> None:
        self.work: Final = work
        self.caller: Final = caller
        self.done = False
        self.value: Any = None
        self.error: BaseException | None = None


@final
class Turns:
    """The work of one process; see the module. `_busy` and `_queue` are changed with the lock held."""

    def __init__(self, process: Process, module: Atom) -> None:
        self.process: Final = process
        self._module: Final = module
        self._queue: Final[deque[_Job]] = deque()
        self._busy = False  # somebody is at work, or a pooled thread is on its way
        process.on_exit = self._ended

    def call(self, work: Callable[[], T], name: str) -> T:
        """Does the work as the process; what it gives or raises. `name` is the caller's word for it.

        Raises Exit, with reason `(reason, (module, name, [pid]))`, when the process ends before it is done.
        """
        caller, process = current(), self.process
        job = _Job(work, caller)
        if caller is process:
            raise self._exit(CALLING_SELF, name)
        with lock:
            if not process.alive:
                raise self._exit(NOPROC, name)
            self._queue.append(job)
            mine = not self._busy
            self._busy = True
        if mine:
            self._work(job)
        else:
            self._await(job, caller)
        if not caller.alive:
            raise landed(caller)
        caller.scheduler.pause()
        if job.error is None:
            result: T = job.value
            return result
        if isinstance(job.error, Killed):
            raise self._exit(job.error.reason, name)
        raise job.error

    def cast(self, work: Callable[[], Any]) -> None:
        """Has the work done by a pooled thread, or by a caller who is at work. Whatever it raises is logged."""
        process = self.process
        with lock:
            if not process.alive:
                return
            self._queue.append(_Job(work, None))
            if self._busy:
                return
            self._busy = True
        process.scheduler.start(self._work)

    def _exit(self, reason: Term, name: str) -> Exit:
        return Exit((reason, (self._module, Atom(name), [self.process.pid])))

    def _await(self, job: _Job, caller: Process) -> None:
        with lock:
            while not job.done:
                if not caller.alive:
                    raise landed(caller)
                caller.wait(None)

    def _work(self, last: _Job | None = None) -> None:
        """Does what is queued, up to the job given. The rest is left to a pooled thread."""
        process = self.process
        with lock:
            process.attended = process.alive
        job = self._next(last)
        while isinstance(job, _Job):
            self._do(job)
            job = self._next(last)
        if job:
            process.scheduler.start(self._work)

    def _next(self, last: _Job | None) -> _Job | bool:
        """The job to do now; or, at the end of a turn, whether something is left to do."""
        process = self.process
        with lock:
            if self._queue and (last is None or not last.done):
                return self._queue.popleft()
            rest = bool(self._queue)
            self._busy = rest
            if process.alive:
                process.mailbox = None  # what came from children meanwhile, and nobody will read
            kernel.detach(process)
        return rest

    def _do(self, job: _Job) -> None:
        token = kernel.inner.set(self.process)
        try:
            if not self.process.alive:
                raise Killed(self.process.reason)  # as any call of the work's would
            job.value = job.work()
        except BaseException as error:  # noqa: BLE001  # whoever asked for the work is told of it
            job.error = error
            if job.caller is None and not isinstance(error, Killed):
                _log.error("process %r failed to %s", self.process.pid, job.work, exc_info=error)
        finally:
            kernel.inner.reset(token)
        with lock:
            job.done = True
            if job.caller is not None:
                job.caller.wake()

    def _ended(self, reason: Term) -> None:
        """The process has ended: what is queued is not done any more."""
        with lock:
            while self._queue:
                job = self._queue.popleft()
                job.done, job.error = True, Killed(reason)
                if job.caller is not None:
                    job.caller.wake()
