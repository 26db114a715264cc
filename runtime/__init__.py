"""The runtime: tables that threads share, queried with the queries of `matchspec`.

The names to import from here are `ets`, the module of tables in memory, and the identity of the calling process.
"""

from matchspec.values import Pid, Ref
from runtime import ets
from runtime.child_spec import ChildSpec
from runtime.errors import BadArg
from runtime.process import is_alive, self_
from runtime.process_registry import Registry, Via
from runtime.supervisor import Supervisor
from runtime.task_supervisor import TaskSupervisor

__all__ = [
    "BadArg",
    "ChildSpec",
    "Pid",
    "Ref",
    "Registry",
    "Supervisor",
    "TaskSupervisor",
    "Via",
    "ets",
    "is_alive",
    "self_",
]
