"""What processes do: spawn, send and receive, link and monitor, register a name, exit, by Erlang's names.

Every thread is a process, the main one included; `spawn` makes more. How they end is in `runtime.kernel`, how they get
their threads in `runtime.launch`. Messages are passed by reference, as Python's queues pass theirs: what has been sent
belongs to the receiver. Time-outs are in seconds.
"""

from typing import Any, Final, NoReturn, TypeAlias, TypeVar, overload

from matchspec.api import spec
from matchspec.pattern import pattern_spec
from matchspec.program import Program
from matchspec.spec import NO_MATCH, MatchSpec
from matchspec.unchecked import Unchecked
from matchspec.values import ROW, Atom, Pid, Ref, Term
from runtime import kernel
from runtime.address import Address
from runtime.errors import BadArg, flag
from runtime.exits import NOPROC, Exit, as_reason
from runtime.kernel import Process, current, landed
from runtime.launch import Function, child, launch
from runtime.monitor import DOWN, PROCESS
from runtime.scheduler import lock

T = TypeVar("T")
Message: TypeAlias = Any
Timeout: TypeAlias = float | Unchecked | None  # in seconds; None is for ever
Name: TypeAlias = str | Atom | Address
Destination: TypeAlias = Pid | Name
Query: TypeAlias = Any  # whatever `receive` takes: a pattern, or a query in any form

_QUERY_TEXTS: Final = ("fun", "fn", "lambda", "[", "def ", "@")  # how the text of a query begins; others are patterns


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()

# --- who ------------------------------------------------------------------------------------------------------------


def self_() -> Pid:
    """The Pid of the calling process: the same one for as long as it lives. O(1). Erlang's self/0."""
    return current().pid


def is_alive(pid: Pid) -> bool:
    """Whether the process is running: False from the moment something has ended it. O(1). Erlang's is_process_alive/1.

    Raises BadArg, cause "type".
    """
    return kernel.find(_pid(pid, "pid")) is not None


def callers() -> list[Pid]:
    """On whose behalf this process works: who spawned it, who spawned that one, and so on. Elixir's $callers."""
    return list(current().callers)


def processes() -> list[Pid]:
    """All processes that are alive, the oldest first. O(n). Erlang's processes/0."""
    with lock:
        return [process.pid for process in kernel.living.values()]


def _pid(pid: Term, argument: str) -> Pid:
    if not isinstance(pid, Pid):
        raise BadArg("type", argument, pid, "allowed is a Pid")
    return pid


def still(process: Process) -> None:
    """The calling process acts on others; the lock is held. Raises Killed, or Exit, when it has ended meanwhile.

    Nobody may hear of what a process does after they have heard of its end.
    """
    if not process.alive:
        raise landed(process)


# --- spawning -------------------------------------------------------------------------------------------------------


def spawn(fn: Function, *args: Any) -> Pid:
    """Calls `fn(*args)` in a process of its own; its Pid. A coroutine function runs on an event loop. Erlang's spawn/1.

    O(1). Raises BadArg, cause "type", when `fn` cannot be called.
    """
    return _spawn(fn, args, False, None).pid


def spawn_link(fn: Function, *args: Any) -> Pid:
    """As `spawn`, with a link between the two from the start. Erlang's spawn_link/1."""
    return _spawn(fn, args, True, None).pid


def spawn_monitor(fn: Function, *args: Any) -> tuple[Pid, Ref]:
    """As `spawn`, monitored from the start: (pid, reference of the monitor). Erlang's spawn_monitor/1."""
    ref = Ref()
    return _spawn(fn, args, False, ref).pid, ref


def _spawn(fn: Function, args: tuple[Any, ...], linked: bool, ref: Ref | None) -> Process:
    if not callable(fn):
        raise BadArg("type", "fn", fn, "allowed is what can be called")
    parent = current()
    process = child(parent, fn)
    with lock:
        still(parent)
        if linked:
            kernel.join(parent, process)
        if ref is not None:
            kernel.watch(parent, process, process.pid, ref)
    launch(process, fn, args)
    parent.scheduler.pause()
    return process


# --- names ----------------------------------------------------------------------------------------------------------


def register(name: Name, pid: Pid | None = None) -> bool:
    """Gives a process, by default the calling one, a name; True. It goes with the process. Erlang's register/2.

    O(1). Raises BadArg: "already_exists" when the name is taken or the process has another one, "noproc" when the
    process has ended, "type".
    """
    caller = current()
    process = caller if pid is None else kernel.find(_pid(pid, "pid"))
    if process is None:
        raise BadArg("noproc", "pid", pid, "the process has ended")
    take_name(process, name)
    return True


def take_name(process: Process, name: Name) -> None:
    """`register`, for a process that need not have begun."""
    if isinstance(name, Address):
        name.take(process)
        return
    text = _name(name)
    with lock:
        if not process.alive:
            raise BadArg("noproc", "pid", process.pid, "the process has ended")
        if text in kernel.names:
            raise BadArg("already_exists", "name", name, f"{kernel.names[text].pid!r} has this name")
        if process.name is not None:
            raise BadArg("already_exists", "pid", process.pid, f"it has a name already, {process.name!r}")
        kernel.names[text] = process
        process.name = text


def unregister(name: str | Atom) -> bool:
    """Takes the name from its process; True. O(1). Erlang's unregister/1. Raises BadArg: "badkey" if nobody has it."""
    text = _name(name)
    with lock:
        process = kernel.names.pop(text, None)
        if process is None:
            raise BadArg("badkey", "name", name, "no process has this name")
        process.name = None
    return True


def whereis(name: Name) -> Pid | None:
    """The process of this name, or None. O(1). Erlang's whereis/1."""
    if isinstance(name, Address):
        return name.whereis()
    process = kernel.names.get(_name(name))
    return None if process is None else process.pid


def registered() -> list[str]:
    """All names of processes. O(n). Erlang's registered/0."""
    with lock:
        return list(kernel.names)


def _name(name: Term) -> str:
    text = name.name if isinstance(name, Atom) else name
    if not isinstance(text, str) or text in {"undefined", "nil", "true", "false", ""}:
        raise BadArg("type", "name", name, "the name of a process is a str or an Atom, and none of undefined and nil")
    return text


def find(dest: Destination, argument: str = "dest") -> Process | None:
    """The process that a pid or a name stands for, or None. Called without the lock if it is an Address."""
    if isinstance(dest, Pid):
        return kernel.find(dest)
    if isinstance(dest, (str, Atom)):
        return kernel.names.get(_name(dest))
    if isinstance(dest, Address):
        pid = dest.whereis()
        return None if pid is None else kernel.find(pid)
    raise BadArg("type", argument, dest, "allowed are a Pid and the name of a process")


# --- messages -------------------------------------------------------------------------------------------------------


def send(dest: Destination, message: T) -> T:
    """Puts a message into the mailbox of a process; the message. One that has ended gets nothing. O(1). Erlang's `!`.

    Messages of one sender arrive in the order sent. Raises BadArg: "noproc" for a name that nobody has, "type".
    """
    sender = current()
    where: Destination | None = dest.whereis() if isinstance(dest, Address) else dest
    with lock:
        still(sender)
        target = None if where is None else find(where)
        if target is not None:
            target.put(message)
        elif not isinstance(dest, Pid):
            raise BadArg("noproc", "dest", dest, "no process has this name")
    sender.scheduler.pause()
    return message


def receive(pattern: Query = None, timeout: Timeout = None, default: Any = MISSING) -> Any:
    """Takes the oldest message that matches out of the mailbox, and waits for one if need be. Erlang's receive.

    Without a pattern any message matches. A pattern, such as `(Atom("add"), ANY)`, gives the message. A query in any of
    its forms, such as `lambda tag, n: n if tag == ADD else SKIP`, gives its result; of a text, those that begin as a
    query does are queries, and others are patterns. Other messages stay where they are.

    `timeout` is in seconds, None for ever, 0 looks only; when it is over, gives `default`, or else raises TimeoutError.
    O(messages looked at). Raises MatchSpecError for a bad pattern; BadArg: "option"; Killed when this process is ended.
    """
    process = current()
    program = None if pattern is None else program_of(pattern)
    deadline = deadline_of(process, timeout)
    seen = 0
    while True:
        fresh = _await_fresh(process, program, seen, deadline)
        if not fresh:
            return timed_out(timeout, default)
        for number, message in fresh:
            seen = number
            result = message if program is None else program.run(message)
            if result is not NO_MATCH and _take(process, number):
                return result


def _await_fresh(
    process: Process, program: Program | None, seen: int, deadline: float | None
) -> list[tuple[int, Term]]:
    """The messages to look at, of which there is one at least, or none when the time is over."""
    with lock:
        fresh = _look(process, program, seen)
        while not fresh and not is_over(process, deadline):
            process.wait(deadline)
            fresh = _look(process, program, seen)
        return fresh


async def areceive(pattern: Query = None, timeout: Timeout = None, default: Any = MISSING) -> Any:
    """`receive` for coroutines."""
    from runtime import coroutines

    process = current()
    program = None if pattern is None else program_of(pattern)
    deadline = deadline_of(process, timeout)
    seen = 0
    while True:
        with lock:
            fresh = _look(process, program, seen)
            over = not fresh and is_over(process, deadline)
            waiter = None if fresh or over else coroutines.prepare(process)  # one that is in place has to be waited for
        if over:
            return timed_out(timeout, default)
        if waiter is not None:
            await coroutines.suspend(process, waiter, deadline)
        for number, message in fresh:
            seen = number
            result = message if program is None else program.run(message)
            if result is not NO_MATCH and _take(process, number):
                return result


def program_of(pattern: Query) -> Program:
    """The compiled form of what `receive` takes. Raises MatchSpecError."""
    if isinstance(pattern, MatchSpec):
        query: MatchSpec[Any, Any] = pattern
    elif callable(pattern) or isinstance(pattern, list) or _is_query_text(pattern):
        query = spec(pattern)
    else:
        query = pattern_spec(pattern, ROW)
    return query.program


def _is_query_text(pattern: Query) -> bool:
    return isinstance(pattern, str) and pattern.lstrip().startswith(_QUERY_TEXTS)


def _look(process: Process, program: Program | None, seen: int) -> list[tuple[int, Term]]:
    """The messages to look at; the lock is held."""
    box = process.mailbox
    if box is None:
        return []
    if program is None:
        oldest = box.oldest()
        return [] if oldest is None else [oldest]
    return box.after(seen)


def _take(process: Process, number: int) -> bool:
    with lock:
        return process.mailbox is not None and process.mailbox.remove(number)


def timed_out(timeout: Timeout, default: Any) -> Any:
    if default is MISSING:
        raise TimeoutError(f"no message that matches came within {timeout} seconds")
    return default


def deadline_of(process: Process, timeout: Term, argument: str = "timeout") -> float | None:
    """When a time-out of so many seconds from now is over. Raises BadArg, cause "option"."""
    seconds = seconds_of(timeout, argument)
    return None if seconds is None else process.scheduler.now() + seconds


def seconds_of(timeout: Term, argument: str = "timeout") -> float | None:
    """A time-out. Raises BadArg, cause "option"."""
    if timeout is None or (isinstance(timeout, (int, float)) and not isinstance(timeout, bool) and timeout >= 0):
        return timeout
    raise BadArg("option", argument, timeout, "allowed are None and seconds from 0 on")


def is_over(process: Process, deadline: float | None) -> bool:
    """Whether the deadline has come."""
    return deadline is not None and process.scheduler.now() >= deadline


def mailbox_size() -> int:
    """How many messages wait in the mailbox of the calling process. O(1). Erlang's message_queue_len."""
    box = current().mailbox
    return 0 if box is None else len(box)


def sleep(seconds: Timeout) -> None:
    """Waits, until then or until an exit signal ends this process. Elixir's Process.sleep/1; None waits for ever.

    Raises BadArg, cause "option"; Killed.
    """
    process = current()
    deadline = deadline_of(process, seconds, "seconds")
    with lock:
        while deadline is None or process.scheduler.now() < deadline:
            process.wait(deadline)


async def asleep(seconds: Timeout) -> None:
    """`sleep` for coroutines."""
    from runtime import coroutines

    process = current()
    deadline = deadline_of(process, seconds, "seconds")
    while deadline is None or process.scheduler.now() < deadline:
        with lock:
            waiter = coroutines.prepare(process)
        await coroutines.suspend(process, waiter, deadline)


# --- links, monitors, exits -----------------------------------------------------------------------------------------


def link(pid: Pid) -> bool:
    """Links the calling process with another: when one ends, the other gets an exit signal; True. Erlang's link/1.

    When the other has ended already, a process that traps exits gets the message `(EXIT, pid, NOPROC)`. O(1).
    Raises BadArg: "noproc" when it has ended and this process does not trap exits, "type".
    """
    process = current()
    with lock:
        still(process)
        other = kernel.find(_pid(pid, "pid"))
        if other is not None:
            kernel.join(process, other)
        elif process.trapping:
            process.put((kernel.EXIT, pid, NOPROC))
        else:
            raise BadArg("noproc", "pid", pid, "the process has ended")
    return True


def unlink(pid: Pid) -> bool:
    """Takes the link between the calling process and another away; True. O(1). Erlang's unlink/1."""
    process = current()
    with lock:
        still(process)
        other = kernel.find(_pid(pid, "pid"))
        if other is not None:
            kernel.part(process, other)
    return True


def monitor(dest: Destination) -> Ref:
    """Watches a process, by pid or name: when it ends, `(DOWN, reference, process, pid, reason)` comes as a message.

    For one that has ended, it comes at once, with reason noproc; of a name, the message has `(name, node)` in place of
    the pid. Several monitors of one process are each their own. O(1). Erlang's monitor/2. Raises BadArg, cause "type".
    """
    process = current()
    where: Destination | None = dest.whereis() if isinstance(dest, Address) else dest
    with lock:
        still(process)
        target = None if where is None else find(where)
        shown: Term = where if isinstance(where, Pid) else (dest, Atom("nonode@nohost"))
        if target is not None:
            return kernel.watch(process, target, shown).ref
        ref = Ref()
        process.box().put_down(ref, (DOWN, ref, PROCESS, shown, NOPROC))
        return ref


def demonitor(ref: Ref, flush: bool | Unchecked = False, info: bool | Unchecked = False) -> bool:
    """Ends a monitor; True. With `flush`, its DOWN message is taken out of the mailbox too. O(1). Erlang's demonitor/2.

    With `info`, whether the monitor was still there: False when it had fired. Raises BadArg: "type", "option".
    """
    process = current()
    if not isinstance(ref, Ref):
        raise BadArg("type", "ref", ref, "allowed is the reference that monitor gave")
    flushing, telling = flag("flush", flush), flag("info", info)
    with lock:
        found = kernel.unwatch(process, ref)
        if flushing and process.mailbox is not None:
            process.mailbox.take_down(ref)
    return found or not telling


def trap_exit(trap: bool | Unchecked) -> bool:
    """Whether exit signals come as messages `(EXIT, pid, reason)` instead of ending this process; the setting before.

    O(1). Erlang's process_flag(trap_exit, ...). Raises BadArg, cause "option".
    """
    process = current()
    wanted = flag("trap", trap)
    with lock:
        before, process.trapping = process.trapping, wanted
    return before


@overload
def exit(reason: Term, /) -> NoReturn: ...
@overload
def exit(pid: Pid, reason: Term, /) -> bool: ...


def exit(first: Term, /, second: Any = MISSING) -> Any:
    """`exit(reason)` ends the calling process, unless it catches the Exit; `exit(pid, reason)` sends an exit signal.

    The signal ends a process that does not trap exits, unless the reason is normal; `kill` ends any. The words
    "normal", "shutdown" and "kill" may be given as str. With a pid: True, and O(links and monitors of those that end).
    Erlang's exit/1,2. Raises Exit; BadArg, cause "type".
    """
    if second is MISSING:
        raise Exit(as_reason(first))
    process = current()
    send_exit(process, _pid(first, "pid"), as_reason(second))
    return True


def send_exit(process: Process, pid: Pid, reason: Term) -> None:
    """An exit signal from `process`, which raises what that does to it if it is its own victim."""
    victims: list[kernel.Victim] = []
    with lock:
        still(process)
        target = kernel.find(pid)
        if target is not None:
            kernel.signal(target, process.pid, reason, victims, sent=True)
    _deliver(process, victims)


def _deliver(process: Process, victims: list[kernel.Victim]) -> None:
    kernel.end_all(victims)
    if not process.alive:
        raise landed(process)
    process.scheduler.pause()


def down(ref: Ref, pid: Pid, reason: Term) -> tuple[Term, ...]:
    """The DOWN message of a monitor, for `match` statements and tests."""
    return (DOWN, ref, PROCESS, pid, reason)
