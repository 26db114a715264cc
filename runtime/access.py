"""The gate of a table: its lock, whether it still exists, and who may read and write it.

Every operation enters through `Gate.reading` or `Gate.writing`, used in a `with` statement; what runs inside sees the
table alone. The lock may be taken again by the thread that holds it, because a lookup can run Python code of a user
(`__eq__`, `__hash__` or `__lt__` of a value in a key), and that code may use the table. It may read. It may not write
where that would pull the structure from under the operation that called it: such a write is refused with cause "busy",
and nothing changes. Results of queries are computed outside the gate, on rows that no writer changes.
"""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Literal, TypeAlias, final

from matchspec.values import Pid, Term
from runtime.errors import BadArg
from runtime.kernel import current, remnants

Access: TypeAlias = Literal["public", "protected", "private"]
ACCESS: Final = ("public", "protected", "private")


class Hook:
    """What a table does of its own accord at its gate; see `runtime.upkeep`."""

    def entered(self) -> None:
        """Called with the lock held, before an operation, unless it is part of another one."""
        raise AssertionError("every hook has its own")

    def writing(self) -> None:
        """Called with the lock held, before an operation that may write, also where it is part of another one."""

    def failed(self) -> None:
        """Called with the lock held, when an operation that may write has raised, before `leaving`."""

    def leaving(self) -> None:
        """Called with the lock held, after an operation that is not part of another one."""
        raise AssertionError("every hook has its own")

    def left(self) -> None:
        """Called without the lock, after an operation."""
        raise AssertionError("every hook has its own")


@final
class Gate:
    """One a table. `ordered` says that a read compares keys step by step, so no write may come in between."""

    def __init__(self, name: str, owner: Pid, access: Access, ordered: bool) -> None:
        self.lock: Final = threading.RLock()
        self.acquire: Final[Callable[[], bool]] = self.lock.acquire  # looked up once: both are called every time
        self.release: Final[Callable[[], None]] = self.lock.release
        self.owner = owner
        self.name = name
        self.access: Access = access  # set with the next two by `set_access`
        self.read_by_all = access != "private"
        self.written_by_all = access == "public"
        self.inside = 0  # operations under way that see the table, of the thread that holds the lock
        self.alive = True
        self.end = "it has been dropped"  # what is said of a table that is not alive
        self.guarded = 0  # operations of this thread under way that a write must not disturb
        self.depth = 0  # operations of this thread under way, counted only where there is a hook
        self.hook: Hook | None = None
        self.reading: Final = Reading(self, 1 if ordered else 0)
        self.writing: Final = Writing(self)

    def set_access(self, access: Access) -> None:
        self.access = access
        self.read_by_all = access != "private"
        self.written_by_all = access == "public"

    def check_alive(self) -> None:
        if not self.alive:
            raise BadArg("id", "table", self.name, self.end, self.name)

    def check_access(self, free: Access) -> None:
        """`free`: the access that lets everybody do this; "protected" lets everybody read."""
        if self.access == "public" or (free == "protected" and self.access == "protected"):
            if remnants.count:
                current()  # the thread of a process that has ended gets no further
            return
        caller = current().pid
        if caller is not self.owner:
            allowed = f"a {self.access} table takes this from its owner {self.owner!r} only"
            raise BadArg("access", "calling process", caller, allowed, self.name)

    def enter(self) -> None:
        """With the lock held: what the table has to do before an operation begins."""
        hook = self.hook
        if hook is not None:
            if not self.depth and not self.guarded:
                self.guarded += 1  # rows go, and the code of their keys must not write meanwhile
                try:
                    hook.entered()
                finally:
                    self.guarded -= 1
            self.depth += 1

    def leave(self) -> None:
        """With the lock held, which it lets go: what the table has to do after an operation."""
        if self.hook is None:
            self.release()
            return
        hook = self.let_go()
        if hook is not None:
            hook.left()

    def let_go(self) -> Hook | None:
        """As `leave`, but for the last step: the hook whose `left` is to be called, when no lock is held any more."""
        hook = self.hook
        try:
            self.depth = max(self.depth - 1, 0)  # the hook may have come during the operation
            outermost = hook is not None and not self.depth
            if outermost and hook is not None:
                hook.leaving()
        finally:
            self.release()
        return hook if outermost else None

    def check_owner(self, what: str) -> None:
        caller = current().pid
        if caller is not self.owner:
            raise BadArg("access", "calling process", caller, f"only the owner {self.owner!r} may {what}", self.name)


@final
class Reading:
    """`with gate.reading:` the table exists and the caller may read it."""

    def __init__(self, gate: Gate, guards: int) -> None:
        self._gate: Final = gate
        self.guards: Final = guards

    def __enter__(self) -> None:
        gate = self._gate
        gate.acquire()
        try:
            gate.check_alive()
            gate.check_access("protected")
            gate.enter()
        except BaseException:
            gate.release()
            raise
        gate.guarded += self.guards
        gate.inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._gate.guarded -= self.guards
        self._gate.inside -= 1
        self._gate.leave()


@final
class Writing:
    """`with gate.writing:` the table exists, the caller may write, and no operation is disturbed."""

    def __init__(self, gate: Gate) -> None:
        self._gate: Final = gate
        self.guards: Final = 1

    def __enter__(self) -> None:
        gate = self._gate
        gate.acquire()
        try:
            gate.check_alive()
            gate.check_access("public")
            if gate.guarded:
                allowed = "code that a key's comparison runs may not write to the table that is comparing"
                raise BadArg("busy", "table", gate.name, allowed, gate.name)
            gate.enter()
            if gate.hook is not None:
                self._announce(gate.hook)
        except BaseException:
            gate.release()
            raise
        gate.guarded += 1
        gate.inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        gate = self._gate
        gate.guarded -= 1
        gate.inside -= 1
        if kind is not None and gate.hook is not None:
            gate.hook.failed()
        gate.leave()

    def _announce(self, hook: Hook) -> None:
        try:
            hook.writing()
        except BaseException:
            self._gate.depth -= 1
            raise


@final
class Together:
    """`with Together(gates, writes):` inside all of these gates at once, for tables that are the parts of one.

    All who want several of these gates enter them in one order, so that nobody waits in a ring.
    """

    def __init__(self, gates: list[Gate], writes: bool) -> None:
        self._gates: Final = gates
        self._writes: Final = writes

    def __enter__(self) -> None:
        entered: list[Gate] = []
        try:
            for gate in self._gates:
                if self._writes:
                    gate.writing.__enter__()
                else:
                    gate.reading.__enter__()
                entered.append(gate)
        except BaseException:
            self._leave(entered)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave(self._gates)

    def _leave(self, gates: list[Gate]) -> None:
        """Lets all go before subscribers, whose code may do anything, are told of the changes."""
        due: list[Hook] = []
        failed: BaseException | None = None
        for gate in gates:
            gate.guarded -= gate.writing.guards if self._writes else gate.reading.guards
            gate.inside -= 1
            try:
                hook = gate.let_go()
            except BaseException as error:  # noqa: BLE001  # raised again when the other locks are free
                failed = error
            else:
                if hook is not None:
                    due.append(hook)
        for hook in due:
            hook.left()
        if failed is not None:
            raise failed


def access_of(value: Term, table: str) -> Access:
    """`value` as an access right. Raises BadArg, cause "option"."""
    if value == "public":
        return "public"
    if value == "protected":
        return "protected"
    if value == "private":
        return "private"
    raise BadArg("option", "access", value, "allowed are 'public', 'protected' and 'private'", table)
