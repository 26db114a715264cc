"""The life of a table: who owns it, who inherits it, and how it ends.

A table belongs to the process that made it, and goes when that process ends, unless it has an heir that is alive. This
is the layer of `Table` above `runtime.core`.
"""

from contextlib import suppress
from typing import Final, TypeAlias, cast, final, overload

from matchspec.values import Atom, Pid, Term
from runtime import kernel, registry
from runtime.access import Access, access_of
from runtime.belonging import Belonging
from runtime.core import Checked, Heir, TableCore
from runtime.errors import BadArg
from runtime.exits import Killed
from runtime.kernel import Process
from runtime.process import is_alive
from runtime.registry import AnyTable
from runtime.rows import Row
from runtime.scheduler import lock
from runtime.watched import WatchedStorage

ETS_TRANSFER: Final = Atom("ETS-TRANSFER")
HeirOption: TypeAlias = Pid | tuple[Pid, Term] | None


@final
class Ownership(Belonging):
    """What an owner holds of a table; each owner has one of its own."""

    def __init__(self, table: "TableLife[Row]") -> None:
        self._table: Final = cast("TableLife[object]", table)

    def owner_ended(self, owner: Pid, reason: Term) -> None:
        self._table.bequeath(owner)


class TableLife(TableCore[Row]):
    """Ownership, and the end of a table."""

    def settle(self, owner: Process, heir: Term) -> None:
        """Makes a new table belong to its maker, and gives it its heir. Raises BadArg, cause "option"."""
        self._heir = heir_of(heir, self._gate.name)
        self._ownership = Ownership(self)
        owner.own(self._ownership)

    def bequeath(self, owner: Pid) -> None:
        """The owner has ended: the table passes to the heir, or goes."""
        with self._gate.lock:
            if not self._gate.alive or self._gate.owner is not owner:
                return
            heir = self._heir
            if heir is not None and self._pass_to(heir.pid, heir.data, heir.told):
                return
            self._end()
        for subscription in self._upkeep.subscriptions:
            with suppress(Killed):  # of a subscriber that this ends, in the thread of the process that has ended
                subscription.deliver()

    def give_away(self, pid: Pid, data: Term) -> bool:
        """Makes another process the owner; it gets the message `(ETS_TRANSFER, table, old owner, data)`; True.

        O(1). Erlang's ets:give_away/3. Raises BadArg: "access" for a caller who is not the owner, "owner" for a process
        that owns it already, "noproc" for one that has ended, "type", "id".
        """
        if not isinstance(pid, Pid):
            raise BadArg("type", "pid", pid, "allowed is a Pid", self._gate.name)
        with self._gate.lock:
            self._gate.check_alive()
            self._gate.check_owner("give it away")
            if pid is self._gate.owner:
                raise BadArg("owner", "pid", pid, "it owns the table already", self._gate.name)
            if not self._pass_to(pid, data, True):
                raise BadArg("noproc", "pid", pid, "the process has ended", self._gate.name)
        return True

    def _pass_to(self, pid: Pid, data: Term, told: bool) -> bool:
        """Makes a process the owner, unless it has ended. The gate's lock is held."""
        old = self._gate.owner
        process = kernel.find(pid)
        if process is None or pid is old:
            return False
        ownership = Ownership(self)
        with lock:
            if not process.keep(ownership):
                return False
            former = kernel.find(old)
            if former is not None and self._ownership is not None:
                former.disown(self._ownership)
            self._ownership = ownership
            self._gate.owner = pid
            if told:
                process.put((ETS_TRANSFER, self, old, data))
        return True

    @overload
    def setopts(self) -> bool: ...
    @overload
    def setopts(self, *, access: Access = ..., heir: HeirOption = ...) -> bool: ...

    def setopts(self, *, access: Checked = None, heir: Checked = ...) -> bool:
        """Changes options of the table, those that are given; True. `heir` is as for `ets.new`, None for no heir.

        O(1). Erlang's ets:setopts/2. Raises BadArg: "access" for a caller who is not the owner, "option", "id".
        """
        wanted = None if access is None else access_of(access, self._gate.name)
        heritor = None if heir is ... else heir_of(heir, self._gate.name)
        with self._gate.lock:
            self._gate.check_alive()
            self._gate.check_owner("set options")
            if wanted is not None:
                self._gate.set_access(wanted)
            if heir is not ...:
                self._heir = heritor
        return True

    def drop(self) -> bool:
        """Deletes the table with all its rows; True. From then on each operation on it raises BadArg, cause "id".

        O(1). Erlang's ets:delete/1. Raises BadArg: "access" for a caller who is not the owner, unless it is public.
        """
        with self._gate.writing:
            self._end()
        owner = kernel.find(self._gate.owner)
        if owner is not None and self._ownership is not None:
            owner.disown(self._ownership)
        return True

    def _end(self) -> None:
        """The gate's lock is held."""
        self._gate.alive = False
        registry.strike(cast(AnyTable, self), self._gate.name if self._named else None)
        storage = self._storage
        if isinstance(storage, WatchedStorage):
            for subscription in self._upkeep.subscriptions:
                subscription.note_drop()
            storage.observers, storage.recency = [], None
            self._upkeep.expiry, self._indexes = None, []
        storage.clear()


def heir_of(heir: Term, table: str) -> Heir | None:
    """The heir that an option names: a pid, or (pid, data) for one that is told. Raises BadArg, cause "option".

    As in Erlang, there is none if it has ended already; one that ends later is still named by `info`.
    """
    if heir is None:
        return None
    if isinstance(heir, Pid):
        return Heir(heir, None, False) if is_alive(heir) else None
    if isinstance(heir, tuple) and len(heir) == 2 and isinstance(heir[0], Pid):
        return Heir(heir[0], heir[1], True) if is_alive(heir[0]) else None
    raise BadArg(
        "option", "heir", heir, "allowed are None, a Pid, and (Pid, data) for an heir that gets a message", table
    )
