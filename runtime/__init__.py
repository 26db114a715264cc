"""The runtime: tables that threads share, and the processes that work with them.

The names to import from here are `ets`, the module of tables in memory; `Task` and `Agent`, as in Elixir; the
functions of processes, as in Erlang; `QueryExecutor`, which runs many queries at once; and the protocols `Selectable`,
`Readable` and `Writable` for functions that take any kind of table. Simulated time for tests is
in `runtime.simulator`.
"""

from matchspec.values import Pid, Ref
from runtime import ets
from runtime.agent import Agent
from runtime.agent_server import AGENT
from runtime.child_spec import ChildSpec
from runtime.errors import BadArg
from runtime.executor import Job, QueryExecutor
from runtime.exits import KILL, KILLED, NOPROC, NORMAL, SHUTDOWN, TIMEOUT, Exit, Killed
from runtime.kernel import EXIT
from runtime.life import ETS_TRANSFER
from runtime.monitor import DOWN
from runtime.outcome import BRUTAL_KILL, ExitReason, Ok
from runtime.process import (
    areceive,
    asleep,
    callers,
    demonitor,
    exit,
    is_alive,
    link,
    mailbox_size,
    monitor,
    processes,
    receive,
    register,
    registered,
    self_,
    send,
    sleep,
    spawn,
    spawn_link,
    spawn_monitor,
    trap_exit,
    unlink,
    unregister,
    whereis,
)
from runtime.process_registry import Registry, Via
from runtime.selectable import Readable, Selectable, Writable
from runtime.stream import Stream
from runtime.supervisor import Supervisor
from runtime.task import TASK, Task
from runtime.task_supervisor import TaskSupervisor
from runtime.timers import cancel_timer, read_timer, send_after

__all__ = [
    "AGENT",
    "BRUTAL_KILL",
    "DOWN",
    "ETS_TRANSFER",
    "EXIT",
    "KILL",
    "KILLED",
    "NOPROC",
    "NORMAL",
    "SHUTDOWN",
    "TASK",
    "TIMEOUT",
    "Agent",
    "BadArg",
    "ChildSpec",
    "Exit",
    "ExitReason",
    "Job",
    "Killed",
    "Ok",
    "Pid",
    "QueryExecutor",
    "Readable",
    "Ref",
    "Registry",
    "Selectable",
    "Stream",
    "Supervisor",
    "Task",
    "TaskSupervisor",
    "Via",
    "Writable",
    "areceive",
    "asleep",
    "callers",
    "cancel_timer",
    "demonitor",
    "ets",
    "exit",
    "is_alive",
    "link",
    "mailbox_size",
    "monitor",
    "processes",
    "read_timer",
    "receive",
    "register",
    "registered",
    "self_",
    "send",
    "send_after",
    "sleep",
    "spawn",
    "spawn_link",
    "spawn_monitor",
    "trap_exit",
    "unlink",
    "unregister",
    "whereis",
]
