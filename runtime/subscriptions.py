"""Watching a table: subscriptions to the changes of the rows that match a query.

Changes are noted under the table's lock, in the order in which they happen, and delivered after it has been let go, by
whichever thread is about to leave the table. One thread delivers at a time; others leave their changes to it. So a
subscriber gets every change once and in order, may use the table, and cannot hold up readers or writers. If it raises,
or its queue is full, the subscription ends: the write that it was told of stands.
"""

import threading
from collections import deque
from collections.abc import Callable
from queue import Queue, SimpleQueue
from types import TracebackType
from typing import Any, ClassVar, Final, Generic, Literal, Self, TypeAlias, TypeVar, cast, final

from matchspec.errors import EvalError
from matchspec.program import Program
from matchspec.spec import NO_MATCH
from matchspec.values import Term
from runtime.errors import BadArg
from runtime.storage import StoredRow
from runtime.watched import Change, Observer

R = TypeVar("R")
Kind: TypeAlias = Literal["inserted", "replaced", "deleted", "expired", "evicted", "dropped"]
Shown: TypeAlias = Any  # a row as it is handed out: a tuple, or an instance of a dataclass
Outward: TypeAlias = Callable[[StoredRow], Shown]  # copies what must not be shared with the table
Deliver: TypeAlias = Callable[[Any], Any]


@final
class Event(Generic[R]):
    """What happened to a row.

    Attributes:
        kind: "inserted", "replaced", "deleted", "expired" (its time was up), "evicted" (there were too many rows), or
            "dropped", for the table, which is the last event.
        old: the row that was there before, or None.
        new: the row that is there now, or None.
    """

    __match_args__: ClassVar = ("kind", "old", "new")

    def __init__(self, kind: Kind, old: R | None, new: R | None) -> None:
        self.kind: Final[Kind] = kind
        self.old: Final = old
        self.new: Final = new

    def __reduce__(self) -> tuple[type["Event[R]"], tuple[Kind, R | None, R | None]]:
        return Event, (self.kind, self.old, self.new)

    def __repr__(self) -> str:
        return f"Event({self.kind!r}, old={self.old!r}, new={self.new!r})"


def kind_of(change: Change) -> Kind:
    if change.why == "expire":
        return "expired"
    if change.why == "evict":
        return "evicted"
    if change.new is None:
        return "deleted"
    return "inserted" if change.old is None else "replaced"


class Subscription(Observer):
    """Delivers events until it is cancelled; `with table.subscribe(...)` cancels it at the end.

    Attributes:
        active: whether it still delivers.
        error: what ended it, raised by the subscriber, or None.
    """

    def __init__(self, program: Program | None, deliver: Deliver, outward: Outward) -> None:
        self.active = True
        self.error: BaseException | None = None
        self._program: Final = program
        self._deliver: Final = deliver
        self._outward: Final = outward
        self._pending: deque[Change | None] = deque()  # None: the table was dropped
        self._turn: Final = threading.Lock()

    def note(self, changes: list[Change]) -> None:
        if self.active:
            self._pending.extend(changes)

    def note_drop(self) -> None:
        self._pending.append(None)

    def deliver(self) -> None:
        """Delivers what is pending, unless another thread, or a caller of this one, is doing so. Takes no lock."""
        while self._pending and self._turn.acquire(blocking=False):
            try:
                self._drain()
            finally:
                self._turn.release()

    def _drain(self) -> None:
        while self._pending and self.active:
            change = self._pending.popleft()
            try:
                if change is None:
                    self._deliver(Event("dropped", None, None))
                    self.active = False
                elif self._concerns(change.old) or self._concerns(change.new):
                    self._deliver(Event(kind_of(change), self._shown(change.old), self._shown(change.new)))
            except Exception as error:  # the subscriber's own code may raise anything
                self.error = error
                self.active = False
                import logging

                logging.getLogger("matchspec").exception("a subscription ends, because its subscriber raised")
        if not self.active:
            self._pending.clear()

    def _concerns(self, row: StoredRow | None) -> bool:
        if row is None or self._program is None:
            return row is not None
        try:
            result = self._program.run(row)
        except EvalError:
            return False
        return result is not NO_MATCH and result is not False

    def _shown(self, row: StoredRow | None) -> Shown:
        return None if row is None else self._outward(row)

    def cancel(self) -> None:
        """Ends it: no delivery begins after this. O(1)."""
        self.active = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cancel()


def delivery(to: Term, table: str) -> Deliver:
    """How events get to a subscriber. Raises BadArg, cause "option"."""
    if isinstance(to, (Queue, SimpleQueue)):
        return cast(Deliver, to.put_nowait)
    if callable(to):
        return to
    raise BadArg("option", "to", to, "allowed are a function of one event and a queue of the module queue", table)
