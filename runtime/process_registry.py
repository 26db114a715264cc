"""Elixir's Registry: processes by key, with a value each; one process for a key, or many.

    sessions = Registry.start_link(keys="unique", name="sessions")
    Agent.start_link(dict, name=Via("sessions", user_id))     # and send(Via("sessions", user_id), message)

    topics = Registry.start_link(keys="duplicate")
    topics.register("news", on_news)                          # the calling process
    topics.dispatch("news", lambda entries: [call(item) for _, call in entries])

An entry goes with its process: whoever hears of the end finds it gone. The other way round, a process that is in a
registry is linked to it: when the registry ends, it gets an exit signal with reason shutdown. Keys are compared
exactly, as those of a table of type "set" are. Values are passed by reference, as messages are, so that handles and
functions can be values.
"""

import functools
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, ClassVar, Final, Literal, Self, TypeAlias, final

from matchspec.api import spec
from matchspec.pattern import pattern_spec
from matchspec.program import Program
from matchspec.spec import NO_MATCH
from matchspec.terms import Key
from matchspec.unchecked import Unchecked
from matchspec.values import ROW, Atom, Pid, Term
from runtime import kernel
from runtime.address import Address
from runtime.belonging import Belonging
from runtime.child_spec import ChildSpec, id_of
from runtime.ending import Shutdown, stop
from runtime.entries import Entries, Entry, Record, exact_of
from runtime.errors import BadArg, choice
from runtime.exits import NORMAL, SHUTDOWN
from runtime.kernel import Process, current
from runtime.process import Destination, Name, Query, Timeout, find, take_name
from runtime.restarts import Restart
from runtime.scheduler import lock
from runtime.turns import begin, passive_process

Keys: TypeAlias = Literal["unique", "duplicate"]
KEYS: Final = ("unique", "duplicate")
REGISTRY: Final = Atom("Elixir.Registry")
REGISTER: Final = Atom("register")
UNREGISTER: Final = Atom("unregister")


@final
class _Closing(Belonging):
    """The registry's anchor has ended, and with it the registry."""

    def __init__(self, registry: "Registry") -> None:
        self._registry: Final = registry

    def owner_ended(self, owner: Pid, reason: Term) -> None:
        self._registry._close()


@final
class Registry:
    """A registry, as users hold it. Made by `Registry.start_link`; ends at the end of a `with` block.

    Every method raises BadArg, cause "noproc", when the registry has ended.

    Attributes:
        pid: its process, which has no thread.
        unique: there is one process for a key.
    """

    __slots__ = ("_anchor", "_entries", "_listeners", "_meta", "_process", "pid", "unique")

    def __init__(self, process: Process, anchor: Process, unique: bool, listeners: tuple[Destination, ...]) -> None:
        self.pid: Final = process.pid
        self.unique: Final = unique
        self._process: Final = process
        self._anchor: Final = anchor
        self._listeners: Final = listeners
        self._entries: Final = Entries(self.unique, anchor)
        self._meta: Final[dict[Key, Any]] = {}

    def __repr__(self) -> str:
        return f"<Registry {self._process.name or self.pid!r}>"

    # --- the registry itself --------------------------------------------------------------------------------------

    @staticmethod
    def start_link(
        *,
        keys: Keys | Unchecked = "unique",
        name: Name | None = None,
        listeners: Iterable[Destination] = (),
        meta: dict[Any, Any] | Unchecked | None = None,
    ) -> "Registry":
        """Starts a registry, linked to the calling process, with which it ends. O(1). Elixir's Registry.start_link/1.

        Args:
            keys: "unique" for one process a key, "duplicate" for any number, and any number of times.
            name: under which `Registry.whereis` and `Via` find it.
            listeners: processes that get `(REGISTER, registry, key, pid, value)` and `(UNREGISTER, registry, key, pid)`
                as messages, where `registry` is the name, or else the pid. Of an end, a monitor tells.
            meta: what `meta` is to find from the start.

        Raises BadArg: "option", "already_exists" for a name that is taken, "type" for one that is none.
        """
        unique = choice("option", "keys", keys, KEYS) == "unique"
        if meta is not None and not isinstance(meta, dict):
            raise BadArg("option", "meta", meta, "allowed are None and a dict")
        parent = current()
        process = passive_process(parent, "runtime.process_registry.Registry")
        # Those who are registered are linked to a process of their own: the parent may be one of them, and its link
        # to the registry is another matter.
        anchor = passive_process(process, "runtime.process_registry.Registry")
        registry = Registry(process, anchor, unique, tuple(listeners))
        for key, value in (meta or {}).items():
            registry._meta[exact_of(key)] = value
        if name is not None:
            take_name(process, name)
        begin(process, parent, registry, registry._leave)
        anchor.own(_Closing(registry))
        begin(anchor, process, None, functools.partial(kernel.end, anchor))
        return registry

    @staticmethod
    def whereis(dest: Destination) -> "Registry | None":
        """The registry of this name or pid, or None. O(1). Raises BadArg, cause "type"."""
        process = find(dest)
        server = None if process is None else process.server
        return server if isinstance(server, Registry) else None

    @staticmethod
    def child_spec(
        *,
        id: Term = None,
        restart: Restart | Unchecked = "permanent",
        shutdown: Shutdown | Unchecked = None,
        keys: Keys | Unchecked = "unique",
        name: Name | None = None,
        listeners: Iterable[Destination] = (),
        meta: dict[Any, Any] | Unchecked | None = None,
    ) -> ChildSpec:
        """A registry as a child of a Supervisor. Its id is the name, or else "Registry", unless given."""
        start = functools.partial(Registry.start_link, keys=keys, name=name, listeners=tuple(listeners), meta=meta)
        return ChildSpec(id_of(id, name, "Registry"), start, restart, shutdown, "supervisor")

    def stop(self, reason: Term = NORMAL, timeout: Timeout = None) -> bool:
        """Ends the registry; True. The processes in it get an exit signal with reason shutdown.

        Raises Exit when it has ended already.
        """
        return stop(self._process, reason, timeout, REGISTRY)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.alive:
            self.stop()

    def _leave(self, reason: Term) -> None:
        kernel.end(self._anchor, SHUTDOWN)
        kernel.end(self._process, reason)

    def _close(self) -> None:
        self._entries.close()
        self._meta.clear()

    def _opened(self) -> Entries:
        self._entries.check_open(self)
        return self._entries

    # --- registering ----------------------------------------------------------------------------------------------

    def register(self, key: Term, value: Any = None) -> bool:
        """Registers the calling process under a key, until it ends; True. O(1). Elixir's Registry.register/3.

        Raises BadArg, cause "already_exists", when keys are unique and a process has this one, be it the calling one.
        """
        self.register_process(current(), key, value)
        return True

    def register_process(self, process: Process, key: Term, value: Any) -> None:
        """`register`, for a process that need not be the calling one, or need not have begun."""
        self._opened().add(process, key, value)
        self._tell((REGISTER, self._shown(), key, process.pid, value))

    def unregister(self, key: Term) -> bool:
        """Takes the calling process out from under a key; True, even if it was not there. O(its entries).

        Elixir's Registry.unregister/2.
        """
        return self._unregister(key, None)

    def unregister_match(self, key: Term, pattern: Query, guards: Iterable[Term] = ()) -> bool:
        """As `unregister`, only those entries whose value matches. Elixir's Registry.unregister_match/4.

        Raises MatchSpecError for a bad pattern or guard.
        """
        return self._unregister(key, _program(pattern, guards))

    def _unregister(self, key: Term, program: Program | None) -> bool:
        caller = current()
        exact = exact_of(key)
        mine = [record for record in self._opened().of_process(caller.pid) if record.exact == exact]
        if program is not None:
            mine = [record for record in mine if program.run(record.value) is not NO_MATCH]
        for record in self._entries.remove(mine):
            self._tell((UNREGISTER, self._shown(), record.key, caller.pid))
        return True

    def _tell(self, message: tuple[Any, ...]) -> None:
        for listener in self._listeners:
            target = find(listener)
            if target is not None:
                with lock:
                    target.put(message)

    def _shown(self) -> Term:
        return self._process.name or self.pid

    # --- looking up -----------------------------------------------------------------------------------------------

    def lookup(self, key: Term) -> list[Entry]:
        """The entries of a key, `(pid, value)` each, the oldest first. O(entries). Elixir's Registry.lookup/2."""
        current()
        return [record.entry() for record in self._opened().of_key(key)]

    def dispatch(self, key: Term, fn: Callable[[list[Entry]], Any]) -> bool:
        """Calls `fn` with the entries of a key, in the calling process, unless there are none; True.

        O(entries). Elixir's Registry.dispatch/4.
        """
        entries = self.lookup(key)
        if entries:
            fn(entries)
        return True

    def match(self, key: Term, pattern: Query, guards: Iterable[Term] = ()) -> list[Entry]:
        """The entries of a key whose value matches a pattern, such as `(V(1), ANY)`, and raw guards, such as
        `(Atom(">"), V(1), 3)`. O(entries). Elixir's Registry.match/4. Raises MatchSpecError.
        """
        program = _program(pattern, guards)
        return [entry for entry in self.lookup(key) if program.run(entry.value) is not NO_MATCH]

    def count_match(self, key: Term, pattern: Query, guards: Iterable[Term] = ()) -> int:
        """How many `match` would give. O(entries). Elixir's Registry.count_match/4. Raises MatchSpecError."""
        return len(self.match(key, pattern, guards))

    def select(self, query: Query) -> list[Any]:
        """The results of a query, in any form, over all `(key, pid, value)`. O(n). Elixir's Registry.select/2.

        Raises MatchSpecError; EvalError when the body of a lambda fails.
        """
        return spec(query).run(self._rows())

    def count_select(self, query: Query) -> int:
        """How many results of `select` are exactly True. O(n). Elixir's Registry.count_select/2. Raises likewise."""
        return spec(query).program.count(self._rows())

    def _rows(self) -> list[tuple[Term, Pid, Any]]:
        current()
        return [(record.key, record.pid(), record.value) for record in self._opened().all()]

    def keys(self, pid: Pid) -> list[Term]:
        """The keys of a process, each as often as it is registered, the oldest first. O(its entries).

        Elixir's Registry.keys/2. Raises BadArg, cause "type".
        """
        return [record.key for record in self._of(pid)]

    def values(self, key: Term, pid: Pid) -> list[Any]:
        """The values of a process under a key, the oldest first. O(entries of the process). Elixir's Registry.values/3.

        Raises BadArg, cause "type".
        """
        exact = exact_of(key)
        return [record.value for record in self._of(pid) if record.exact == exact]

    def _of(self, pid: Pid) -> list[Record]:
        if not isinstance(pid, Pid):
            raise BadArg("type", "pid", pid, "allowed is a Pid")
        current()
        return self._opened().of_process(pid)

    def count(self) -> int:
        """How many entries there are. O(n). Elixir's Registry.count/1."""
        return len(self._rows())

    def update_value(self, key: Term, fn: Callable[[Any], Any]) -> tuple[Any, Any] | None:
        """Changes the value of the calling process under a key: (new value, old value), or None if it is not there.

        O(1). Elixir's Registry.update_value/3. Raises BadArg, cause "table_type", when keys are not unique.
        """
        self.check_unique("update_value")
        caller = current()
        for record in self._opened().of_key(key):
            if record.holding.process is caller:
                old = record.value
                record.value = fn(old)
                return record.value, old
        return None

    def check_unique(self, call: str) -> None:
        """Raises BadArg, cause "table_type", when keys are not unique."""
        if not self.unique:
            raise BadArg("table_type", "registry", self, f"{call} needs unique keys, and this one's are duplicate")

    def check(self) -> list[str]:
        """What is wrong with the structure of the registry, for tests. O(n)."""
        return self._entries.check()

    # --- metadata -------------------------------------------------------------------------------------------------

    def meta(self, key: Term, default: Any = None) -> Any:
        """What `put_meta` has put under a key of the registry's own, or `default`. O(1). Elixir's Registry.meta/2."""
        self._opened()
        return self._meta.get(exact_of(key), default)

    def put_meta(self, key: Term, value: Any) -> bool:
        """Puts a value under a key of the registry's own; True. O(1). Elixir's Registry.put_meta/3."""
        self._opened()
        self._meta[exact_of(key)] = value
        return True

    def delete_meta(self, key: Term) -> bool:
        """Takes it away; True, even if there was nothing. O(1). Elixir's Registry.delete_meta/2."""
        self._opened()
        self._meta.pop(exact_of(key), None)
        return True


@final
class Via(Address):
    """The name of a process in a registry with unique keys. Elixir's {:via, Registry, {registry, key, value}}.

    Allowed where the name of a process is: in `start_link(name=...)`, `send`, `monitor`, `whereis`, `register`.

    Attributes:
        registry: a Registry, or the name or pid of one.
        key: any term.
        value: what a process that takes the name is registered with.
    """

    __match_args__: ClassVar = ("registry", "key", "value")
    __slots__ = ("key", "registry", "value")

    def __init__(self, registry: "Registry | Destination", key: Term, value: Any = None) -> None:
        self.registry: Final = registry
        self.key: Final = key
        self.value: Final = value

    def __repr__(self) -> str:
        return f"Via({self.registry!r}, {self.key!r})"

    def whereis(self) -> Pid | None:
        for entry in self._registry().lookup(self.key):
            return entry.pid
        return None

    def take(self, process: Process) -> None:
        self._registry().register_process(process, self.key, self.value)

    def _registry(self) -> Registry:
        registry = self.registry if isinstance(self.registry, Registry) else Registry.whereis(self.registry)
        if registry is None:
            raise BadArg("noproc", "registry", self.registry, "there is no registry of this name")
        registry.check_unique("a name")
        return registry


def _program(pattern: Query, guards: Iterable[Term]) -> Program:
    """The test of a value. Raises MatchSpecError."""
    checks = list(guards)
    if not checks:
        return pattern_spec(pattern, ROW).program
    head = pattern_spec(pattern, ROW).to_term()[0][0]
    return spec([(head, checks, [ROW])]).program
