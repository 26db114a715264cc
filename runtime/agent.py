"""Elixir's Agent: a state that processes share, and change by functions, one at a time.

    counter = Agent.start_link(lambda: 0)
    counter.update(lambda n: n + 1)
    counter.get(lambda n: n)             # 1

A function is called with the state, as the agent: other calls wait until it has returned. Calls and casts of one
process are run in their order. A function that raises ends the agent, and with it the caller, who gets an Exit with
the reason; what is linked to the agent gets an exit signal. How this works is in `runtime.agent_server`, and what it
means for time-outs: a function that an idle agent runs is run by the caller, who learns after it that it took too long.
In either case the update stands. Time-outs are in seconds, None is for ever.

The state is passed to functions and given back by them as it is, without a copy. To change a list or a dict in place is
safe inside a function, and nowhere else: give out copies, or what cannot be changed.
"""

import functools
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar, final

from matchspec.unchecked import Unchecked
from matchspec.values import Pid, Term
from runtime import kernel
from runtime.agent_server import AgentServer
from runtime.child_spec import ChildSpec, id_of
from runtime.ending import Shutdown
from runtime.errors import BadArg, flag
from runtime.exits import NORMAL, as_reason
from runtime.kernel import Process, current, landed
from runtime.launch import callers_of, label_of
from runtime.process import Name, Timeout, find, register
from runtime.restarts import Restart
from runtime.scheduler import lock

S = TypeVar("S")
T = TypeVar("T")


@final
class Agent(Generic[S]):
    """A handle of an agent: any number of handles stand for one. Made by `Agent.start_link`, `start` and `whereis`.

    Attributes:
        pid: the agent's process.
    """

    __slots__ = ("_server", "pid")

    def __init__(self, server: AgentServer) -> None:
        self.pid: Final = server.process.pid
        self._server: Final = server

    def __repr__(self) -> str:
        return f"<Agent {self._server.process.name or ''}{self.pid!r}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Agent) and self.pid is other.pid

    def __hash__(self) -> int:
        return hash(self.pid)

    # --- starting -------------------------------------------------------------------------------------------------

    @staticmethod
    def start_link(
        fn: Callable[[], T], *, name: Name | None = None, timeout: Timeout = None, dedicated: bool | Unchecked = False
    ) -> "Agent[T]":
        """Starts an agent whose first state is `fn()`, linked to the calling process. Elixir's Agent.start_link/2.

        `dedicated` gives it a thread of its own, which runs all its functions. O(1).
        Raises Exit with the reason when `fn` raises, by which a caller that does not trap exits ends, and with TIMEOUT
        when it takes longer than `timeout`; BadArg: "already_exists" when the name is taken, "type", "option".
        """
        return _start(fn, name, timeout, dedicated, True)

    @staticmethod
    def start(
        fn: Callable[[], T], *, name: Name | None = None, timeout: Timeout = None, dedicated: bool | Unchecked = False
    ) -> "Agent[T]":
        """As `start_link`, without the link. Elixir's Agent.start/2."""
        return _start(fn, name, timeout, dedicated, False)

    @staticmethod
    def whereis(name: Name | Pid) -> "Agent[Any] | None":
        """The agent of this name or pid, or None when there is none. O(1)."""
        process = find(name, "name")
        server = None if process is None else process.server
        return Agent(server) if isinstance(server, AgentServer) else None

    @staticmethod
    def child_spec(
        fn: Callable[[], Any],
        *,
        id: Term = None,
        restart: Restart | Unchecked = "permanent",
        shutdown: Shutdown | Unchecked = 5.0,
        name: Name | None = None,
        timeout: Timeout = None,
        dedicated: bool | Unchecked = False,
    ) -> ChildSpec:
        """An agent as a child of a Supervisor. Its id is the name, or else "Agent", unless given."""
        start = functools.partial(Agent.start_link, fn, name=name, timeout=timeout, dedicated=dedicated)
        return ChildSpec(id_of(id, name, "Agent"), start, restart, shutdown)

    # --- using ----------------------------------------------------------------------------------------------------

    def get(self, fn: Callable[[S], T], timeout: Timeout = 5.0) -> T:
        """`fn(state)`, run as the agent; the state stays. O(1) beside `fn` and the waiting. Elixir's Agent.get/3.

        Raises Exit, with reason `(reason, (AGENT, get, [pid, fn, timeout]))`: noproc when the agent has ended, TIMEOUT,
        calling_self inside one of its own functions, or what `fn` raised.
        """
        result: T = self._server.call("get", fn, timeout, current())
        return result

    def update(self, fn: Callable[[S], S], timeout: Timeout = 5.0) -> None:
        """Makes `fn(state)` the state. O(1) beside `fn` and the waiting. Elixir's Agent.update/3. Raises as `get`."""
        self._server.call("update", fn, timeout, current())

    def get_and_update(self, fn: Callable[[S], tuple[T, S]], timeout: Timeout = 5.0) -> T:
        """`fn(state)` gives (result, new state): the result. O(1) beside `fn`. Elixir's Agent.get_and_update/3.

        Raises as `get`; if `fn` gives anything else, the agent ends with reason `(bad_return_value, what it gave)`.
        """
        result: T = self._server.call("get_and_update", fn, timeout, current())
        return result

    def cast(self, fn: Callable[[S], S]) -> None:
        """Makes `fn(state)` the state, some time soon, but before later calls of this process. Elixir's Agent.cast/2.

        O(1). Says nothing when the agent has ended, or ends by it.
        """
        current()
        self._server.cast(fn)

    def stop(self, reason: Term = NORMAL, timeout: Timeout = None) -> None:
        """Ends the agent, after what has been queued before. O(1) beside the waiting. Elixir's Agent.stop/3.

        Raises Exit: noproc when it has ended already, TIMEOUT.
        """
        why = as_reason(reason)
        self._server.call("stop", lambda state: why, timeout, current())

    async def aget(self, fn: Callable[[S], T], timeout: Timeout = 5.0) -> T:
        """`get` for coroutines."""
        result: T = await self._server.call_async("get", fn, timeout, current())
        return result

    async def aupdate(self, fn: Callable[[S], S], timeout: Timeout = 5.0) -> None:
        """`update` for coroutines."""
        await self._server.call_async("update", fn, timeout, current())

    async def aget_and_update(self, fn: Callable[[S], tuple[T, S]], timeout: Timeout = 5.0) -> T:
        """`get_and_update` for coroutines."""
        result: T = await self._server.call_async("get_and_update", fn, timeout, current())
        return result


def _start(
    fn: Callable[[], Any], name: Name | None, timeout: Timeout, dedicated: bool | Unchecked, linked: bool
) -> Agent[Any]:
    if not callable(fn):
        raise BadArg("type", "fn", fn, "allowed is a function without parameters, which gives the first state")
    with_thread = flag("dedicated", dedicated)
    parent = current()
    process = Process(parent.scheduler, callers_of(parent), label_of(fn))
    server = AgentServer(process, with_thread)
    kernel.begin(process)
    try:
        if name is not None:
            register(name, process.pid)
        if linked:
            _link(parent, process)
        server.start(fn, parent, timeout)
    except BaseException as error:
        kernel.end(process, NORMAL)
        if not parent.alive:
            raise landed(parent) from error
        raise
    if not parent.alive:
        raise landed(parent)
    return Agent(server)


def _link(parent: Process, process: Process) -> None:
    process.parent = parent.pid
    with lock:
        if process.alive and parent.alive:
            kernel.join(parent, process)
