"""What a registry holds: which processes are under which keys, until they end. Used by `runtime.process_registry`.

One lock guards it. It is taken again by a thread in which the garbage collector ends a process, and never held while
the lock of the runtime is taken. Of users' code, only a key's own `__hash__` and `__eq__` run while it is held.
"""

import threading
from typing import Any, Final, NamedTuple, final

from matchspec.ownership import own
from matchspec.terms import Key, exact_key
from matchspec.values import Pid, Term, TermError
from runtime import kernel
from runtime.belonging import Belonging
from runtime.errors import BadArg
from runtime.kernel import Process
from runtime.scheduler import lock


class Entry(NamedTuple):
    """A process, and the value with which it is registered."""

    pid: Pid
    value: Any


@final
class Record:
    """A process under a key. `number` tells the records of one key, and of one process, apart."""

    __slots__ = ("exact", "holding", "key", "number", "value")

    def __init__(self, number: int, key: Term, exact: Key, holding: "Holding", value: Any) -> None:
        self.number: Final = number
        self.key: Final = key
        self.exact: Final = exact
        self.holding: Final = holding
        self.value = value

    def pid(self) -> Pid:
        return self.holding.process.pid

    def entry(self) -> Entry:
        return Entry(self.holding.process.pid, self.value)


@final
class Holding(Belonging):
    """What one process has in one registry."""

    def __init__(self, entries: "Entries", process: Process) -> None:
        self._entries: Final = entries
        self.process: Final = process
        self.records: Final[dict[int, Record]] = {}

    def owner_ended(self, owner: Pid, reason: Term) -> None:
        self._entries.release(self)


@final
class Entries:
    """All records of a registry. Records of processes that are not alive any more are never given out.

    Invariants, which `check` checks: (1) a record is under its key exactly if its holding has it; (2) there is no key
    and no holding without records; (3) with unique keys, there is one record for a key.
    """

    def __init__(self, unique: bool, anchor: Process) -> None:
        """`anchor` is the process that those who have records are linked to."""
        self._unique: Final = unique
        self._anchor: Final = anchor
        self._lock: Final = threading.RLock()
        self._by_key: Final[dict[Key, dict[int, Record]]] = {}
        self._holdings: Final[dict[int, Holding]] = {}  # by the number of the pid
        self._last = 0
        self._open = True

    def check_open(self, registry: Term) -> None:
        """Raises BadArg, cause "noproc", when the registry has ended."""
        if not self._open:
            raise BadArg("noproc", "registry", registry, "the registry has ended")

    def add(self, process: Process, key: Term, value: Any) -> None:
        """O(1). Raises BadArg, cause "already_exists"; Killed or Exit when the process has been ended."""
        exact, key = exact_of(key), _owned(key)
        with self._lock:
            others = self._by_key.get(exact)
            if others and self._unique:
                self._make_way(key, others)
            known = self._holdings.get(process.pid.number)
            holding = Holding(self, process) if known is None else known
            self._holdings[process.pid.number] = holding
            self._last += 1
            record = Record(self._last, key, exact, holding, value)
            holding.records[record.number] = record
            self._by_key.setdefault(exact, {})[record.number] = record
        if known is None:
            self._tie(holding)

    def _tie(self, holding: Holding) -> None:
        """From now on the holding goes with its process, and the process with the registry."""
        process, anchor = holding.process, self._anchor
        try:
            process.own(holding)
        except BaseException:
            self.release(holding)  # the process has been ended meanwhile
            raise
        with lock:
            if process.alive and anchor.alive:
                kernel.join(anchor, process)

    def _make_way(self, key: Term, others: dict[int, Record]) -> None:
        """Takes out the record of a process that has ended, and is about to take it out itself. The lock is held."""
        for record in list(others.values()):
            if record.holding.process.alive:
                raise BadArg("already_exists", "key", key, f"{record.pid()!r} is registered under this key")
            self._take_out(record)

    def remove(self, records: list[Record]) -> list[Record]:
        """Takes out records of one process; those that were still there. O(records)."""
        with self._lock:
            gone = [record for record in records if self._take_out(record)]
            holding = gone[0].holding if gone else None
            if holding is None or holding.records:
                return gone
            self._holdings.pop(holding.process.pid.number, None)
        holding.process.disown(holding)
        with lock:
            kernel.part(self._anchor, holding.process)
        return gone

    def _take_out(self, record: Record) -> bool:
        """Whether it was still there. The lock is held."""
        if record.holding.records.pop(record.number, None) is None:
            return False
        same = self._by_key.get(record.exact)
        if same is not None:
            same.pop(record.number, None)
            if not same:
                del self._by_key[record.exact]
        return True

    def release(self, holding: Holding) -> None:
        """The process has ended: takes out all that it has. O(its records)."""
        with self._lock:
            for record in list(holding.records.values()):
                self._take_out(record)
            if self._holdings.get(holding.process.pid.number) is holding:
                del self._holdings[holding.process.pid.number]

    def close(self) -> None:
        """The registry has ended."""
        with self._lock:
            self._open = False
            holdings = list(self._holdings.values())
            self._holdings.clear()
            self._by_key.clear()
        for holding in holdings:
            holding.process.disown(holding)

    # --- looking up; the oldest first -----------------------------------------------------------------------------

    def of_key(self, key: Term) -> list[Record]:
        exact = exact_of(key)
        with self._lock:
            records = list(self._by_key.get(exact, _NONE).values())
        return [record for record in records if record.holding.process.alive]

    def of_process(self, pid: Pid) -> list[Record]:
        with self._lock:
            holding = self._holdings.get(pid.number)
            return [] if holding is None or not holding.process.alive else list(holding.records.values())

    def all(self) -> list[Record]:
        """Key by key."""
        with self._lock:
            records = [record for same in list(self._by_key.values()) for record in list(same.values())]
        return [record for record in records if record.holding.process.alive]

    def check(self) -> list[str]:
        """All violations of the invariants. O(n)."""
        with self._lock:
            by_key = {number: record for same in self._by_key.values() for number, record in same.items()}
            held = {number: r for holding in self._holdings.values() for number, r in holding.records.items()}
            problems = [f"record {number} is not in both places" for number in by_key.keys() ^ held.keys()]
            problems += [f"key {key!r} has no records" for key, same in self._by_key.items() if not same]
            problems += [f"process {number} holds nothing" for number, h in self._holdings.items() if not h.records]
            if self._unique:
                problems += [f"key {key!r} has several records" for key, same in self._by_key.items() if len(same) > 1]
        return problems


_NONE: Final[dict[int, Record]] = {}


def exact_of(key: Term) -> Key:
    """What stands for a key in a dict. Raises BadArg, cause "type"."""
    try:
        return exact_key(key)
    except TermError as error:
        raise BadArg("type", "key", key, str(error)) from error


def _owned(key: Term) -> Term:
    """The key, or a copy if it could be changed in place."""
    try:
        return own(key)
    except TermError as error:
        raise BadArg("type", "key", key, str(error)) from error
