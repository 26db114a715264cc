"""The runtime: tables that threads share, queried with the queries of `matchspec`.

The names to import from here are `ets`, the module of tables in memory, and the identity of the calling process.
"""

from matchspec.values import Pid, Ref
from runtime import ets
from runtime.errors import BadArg
from runtime.process import is_alive, self_

__all__ = ["BadArg", "Pid", "Ref", "ets", "is_alive", "self_"]
