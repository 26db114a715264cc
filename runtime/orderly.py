"""How a supervisor ends by an exit signal of its parent: not at once, but in its own time, its children first.

Used by `runtime.kernel`, which asks, and by `runtime.turns`, whose processes are asked.
"""

from collections.abc import Callable
from typing import Final, final

from matchspec.values import Pid, Term


@final
class Orderly:
    """What a process has that wants to be asked.

    `leave` is called with the reason, without the lock, in the thread that the signal came from; it must not wait.
    """

    def __init__(self, parent: Pid, leave: Callable[[Term], None]) -> None:
        self.parent: Final = parent
        self.leave: Final = leave


@final
class Leave:
    """In place of the reason with which a process is ended: it is to be asked to end, with this reason."""

    def __init__(self, reason: Term) -> None:
        self.reason: Final = reason
