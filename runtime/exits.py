"""Why processes end: the reasons that have a meaning of their own, and the exceptions that carry a reason.

A reason is any term. A process that raises an error ends with `(error, stack)`, where `stack` lists where it came from,
the innermost call first, as Erlang's does.
"""

from typing import Any, Final, TypeAlias

from matchspec.values import Atom, Term

NORMAL: Final = Atom("normal")
SHUTDOWN: Final = Atom("shutdown")
KILL: Final = Atom("kill")
KILLED: Final = Atom("killed")
NOPROC: Final = Atom("noproc")
TIMEOUT: Final = Atom("timeout")
_WORDS: Final = {"normal": NORMAL, "shutdown": SHUTDOWN, "kill": KILL, "killed": KILLED}

Reason: TypeAlias = Any  # any term; whoever catches an Exit knows what to look for in it
Frame: TypeAlias = tuple[str, str, int]  # function, file, line


class Exit(Exception):
    """A process ends, or a call to another one failed, with a reason. Erlang's exit class of exceptions.

    Raised by `exit(reason)`, and by calls such as `task.await_()` and `agent.get(...)` where Elixir's caller exits. A
    process that does not catch it ends with this reason. A thread that the runtime has not started gets the exit
    signals of others in this form too; see `Killed`.

    Attributes:
        reason: any term.
    """

    reason: Final[Reason]

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"exit with reason {self.reason!r}"


class Killed(BaseException):
    """Raised inside a process that an exit signal has ended, by each runtime call it makes from then on.

    To all others the process has been gone since the signal. It is no `Exception`, so that `except Exception` in a
    loop cannot keep the thread of an ended process busy.

    Attributes:
        reason: the reason with which the process has ended.
    """

    reason: Final[Reason]

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"this process has been ended by an exit signal, with reason {self.reason!r}"


def reason_of(error: BaseException) -> Term:
    """The reason with which a process ends that does not catch `error`. O(depth of its stack)."""
    if isinstance(error, (Exit, Killed)):
        return error.reason
    return (error, stack_of(error))


def stack_of(error: BaseException) -> list[Frame]:
    """Where an error was raised: (function, file, line) of each call, the innermost first."""
    import traceback  # which takes 5 ms, and nothing may ever go wrong

    frames = traceback.extract_tb(error.__traceback__)
    return [(frame.name, frame.filename, frame.lineno or 0) for frame in reversed(frames)]


def as_reason(reason: Term) -> Term:
    """A reason as a user gives it: the words "normal", "shutdown", "kill" and "killed" may be given as str."""
    return _WORDS.get(reason, reason) if type(reason) is str else reason


def is_crash(reason: Term) -> bool:
    """Whether a reason is one that gets logged: not normal, shutdown or (shutdown, anything)."""
    if isinstance(reason, tuple) and len(reason) == 2:
        return reason[0] is not SHUTDOWN
    return reason is not NORMAL and reason is not SHUTDOWN
