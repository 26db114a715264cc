"""What a query can ask of the process that runs it: who it is.

`self()` in a guard gives the pid of the calling process. Processes live in the runtime, a layer above; it puts its own
function here when it is imported. Without it, the whole program is one process.
"""

from collections.abc import Callable
from typing import Final, final

from matchspec.values import Pid


@final
class _Context:
    def __init__(self) -> None:
        program: Final = Pid()
        self.current: Callable[[], Pid] = lambda: program


_context: Final = _Context()


def current_process() -> Pid:
    """The pid of the process that runs the query."""
    return _context.current()


def set_current_process(current: Callable[[], Pid]) -> None:
    """Makes `self()` in queries call `current`."""
    _context.current = current
