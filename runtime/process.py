"""Processes, as far as tables need them: who is calling, and whether a process still lives.

Every thread is a process of its own. Its Pid is made when it is first asked for, which costs nothing to threads that
never touch a table. This module knows threads only; it assumes nothing about who started them.
"""

import threading
import weakref
from typing import Final

from matchspec.values import Pid

_local: Final = threading.local()
_threads: Final[dict[int, "weakref.ref[threading.Thread]"]] = {}


def self_() -> Pid:
    """The Pid of the calling thread; the same one for as long as the thread runs. O(1). Erlang's self/0."""
    try:
        known: Pid = _local.pid
    except AttributeError:
        return _enrol()
    return known


def _enrol() -> Pid:
    pid = Pid()
    number = pid.number
    _threads[number] = weakref.ref(threading.current_thread(), lambda gone: _forget(number))
    _local.pid = pid
    return pid


def _forget(number: int) -> None:
    _threads.pop(number, None)


def is_alive(pid: Pid) -> bool:
    """Whether the process is running: False from the moment its thread has ended. O(1). Erlang's is_process_alive/1."""
    known = _threads.get(pid.number)
    thread = None if known is None else known()
    return thread is not None and thread.is_alive()
