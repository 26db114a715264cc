"""How a process gets its thread, or its place on an event loop, and how what its function returns or raises ends it."""

import functools
import logging
import threading
from collections.abc import Callable, Coroutine
from types import FunctionType, NoneType
from typing import Any, Final, TypeAlias

from matchspec.values import Pid, Term
from runtime import kernel
from runtime.belonging import Sink
from runtime.exits import NORMAL, Exit, Killed, is_crash, reason_of
from runtime.kernel import Process
from runtime.lending import take

Function: TypeAlias = Callable[..., Any]

_COROUTINE: Final = 0x80  # of a code object's flags: inspect.CO_COROUTINE, which would cost 10 ms to import
_PLAIN: Final = frozenset(
    {NoneType, bool, int, float, str, bytes, tuple, list, dict}
)  # which Coroutine need not be asked
_log: Final = logging.getLogger("runtime.process")


def launch(
    process: Process, fn: Function, args: tuple[Any, ...], sink: Sink | None = None, *, short: bool = False
) -> None:
    """Starts a process, which exists from now on: a plain function on a thread, a coroutine function on a loop.

    `short`: it is known to take no longer than to wake a thread.
    """
    process.sink = sink
    kernel.begin(process)
    set_off(process, fn, args, is_coroutine_function(fn), short)


def set_off(process: Process, fn: Function, args: tuple[Any, ...], coroutine: bool, short: bool = False) -> None:
    """The second half of `launch`, for a process that exists already. `coroutine`: `fn` is a coroutine function."""
    if coroutine:
        from runtime import coroutines

        coroutines.launch(process, functools.partial(fn, *args))
    else:
        work = process.unbegun = functools.partial(_run, process, fn, args)
        process.scheduler.start(work, short)


def _run(process: Process, fn: Function, args: tuple[Any, ...]) -> None:
    """Runs a process, unless another thread has taken it; in a thread of the pool, or in that of who awaits it."""
    if not take(process):
        return
    before = kernel.enter_thread(process)
    reason: Term = NORMAL
    try:
        result = fn(*args) if process.alive else None
    except Killed:
        reason = process.reason
    except KeyboardInterrupt as interrupt:
        if process.loan is not None and threading.current_thread() is threading.main_thread():
            kernel.leave_thread(before)
            kernel.detach(process)
            process.loan.call_off()
            raise  # the user has stopped the main thread, whoever it has been lent to
        reason = ended_by(process, interrupt)
    except BaseException as error:  # noqa: BLE001  # whatever the function raises ends its process, and only that
        reason = ended_by(process, error)
    else:
        if type(result) not in _PLAIN and isinstance(
            result, Coroutine
        ):  # of a function that does not look like a coroutine function: a lambda's
            from runtime import coroutines

            kernel.leave_thread(before)
            kernel.detach(process)
            coroutines.launch(process, lambda: result)
        else:
            kernel.leave_thread(before)
            kernel.finish(process, result)
        return
    kernel.leave_thread(before)
    kernel.detach(process)
    kernel.end(process, reason)


def ended_by(process: Process, error: BaseException) -> Term:
    """The reason with which an error that was not caught ends a process; logged unless it is an orderly one.

    As in Erlang and Elixir, an exit is logged of tasks and agents, but not of processes that were only spawned.
    """
    reason = reason_of(error)
    if (
        process.alive
        and is_crash(reason)
        and (not isinstance(error, Exit) or process.sink is not None or process.server is not None)
    ):
        log_crash(process, reason)
    return reason


def log_crash(process: Process, reason: Term) -> None:
    """Says that a process ends otherwise than it should."""
    error = reason[0] if isinstance(reason, tuple) and reason and isinstance(reason[0], BaseException) else None
    name = f" ({process.name})" if process.name else ""
    shown = f"{type(error).__name__}: {error}" if error is not None else repr(reason)
    called = f", started by {' <- '.join([repr(pid) for pid in process.callers])}" if process.callers else ""
    _log.error("process %r%s running %s ended: %s%s", process.pid, name, process.label, shown, called, exc_info=error)


def label_of(fn: Function) -> str:
    """The name of a function for messages."""
    while isinstance(fn, functools.partial):
        fn = fn.func
    name = getattr(fn, "__qualname__", None) or type(fn).__qualname__
    return f"{getattr(fn, '__module__', None) or '?'}.{name}"


def child(parent: Process, fn: Function) -> Process:
    """A process that has not begun, of the parent's scheduler, and called by the parent and the parent's callers."""
    return Process(parent.scheduler, callers_of(parent), label_of(fn))


def sibling(process: Process) -> Process:
    """Another process that has not begun, with the parent and the function of this one."""
    return Process(process.scheduler, process.callers, process.label)


def callers_of(parent: Process) -> tuple[Pid, ...]:
    return (parent.pid, *parent.callers)


def is_coroutine_function(fn: Function) -> bool:
    """Whether calling it gives a coroutine: an `async def`, a method or a partial of one, or an object called so."""
    while isinstance(fn, functools.partial):
        fn = fn.func
    if type(fn) is FunctionType:  # as nearly always; to look for attributes in vain takes long
        return bool(fn.__code__.co_flags & _COROUTINE)
    function = getattr(fn, "__func__", fn)
    code = getattr(function, "__code__", None)
    if code is None:
        code = getattr(vars(type(fn)).get("__call__"), "__code__", None)
    return code is not None and bool(code.co_flags & _COROUTINE)
