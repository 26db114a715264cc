"""What a table does of its own accord when somebody enters and leaves it: expiry, deliveries, checks.

Only tables that need some of this have an Upkeep; the others pay one test for None at the gate.
"""

from collections.abc import Callable
from typing import Final, TypeAlias, final

from runtime.access import Hook
from runtime.expiry import Expiry
from runtime.statistics import Counters
from runtime.storage import StoredRow
from runtime.subscriptions import Subscription
from runtime.watched import Change, Observer, WatchedStorage

Check: TypeAlias = Callable[[], list[str]]


@final
class Census(Observer):
    """Counts what goes for reasons that no method knows of."""

    def __init__(self, counters: Counters) -> None:
        self._counters: Final = counters

    def note(self, changes: list[Change]) -> None:
        for change in changes:
            if change.why == "expire":
                self._counters.expired += 1
            elif change.why == "evict":
                self._counters.evicted += 1


class Session:
    """What a storage does around an operation that may write: a transaction, for one on disk."""

    def enter(self) -> None:
        """An operation begins that is not part of another one."""
        raise AssertionError("every session has its own")

    def begin(self) -> None:
        """An operation that may write begins; it may be part of another one. Raises BadArg, cause "access"."""
        raise AssertionError("every session has its own")

    def fail(self) -> None:
        """The operation has raised: nothing of it stays."""
        raise AssertionError("every session has its own")

    def end(self) -> None:
        """The outermost operation is over. Raises DiskError where its writes cannot be kept; then none is."""
        raise AssertionError("every session has its own")


@final
class Upkeep(Hook):
    """The hook of one table. `verify`, where given, is called at the end of every operation and has to find nothing."""

    def __init__(self, verify: Check | None) -> None:
        self.verify: Check | None = verify
        self.expiry: Expiry | None = None
        self.session: Session | None = None
        self.storage: WatchedStorage | None = None
        self.subscriptions: list[Subscription] = []  # replaced, never changed
        self._busy = False

    def entered(self) -> None:
        """Takes out the rows whose time is up; on disk the session sees to that."""
        if self.session is not None:
            self.session.enter()
        if self.expiry is None or self.storage is None or self._busy:
            return
        self._busy = True  # taking out compares keys, whose code may enter the table again
        try:
            rows: list[StoredRow] = self.expiry.due()
            if rows:
                self.storage.remove_because(rows, "expire")
        finally:
            self._busy = False

    def writing(self) -> None:
        if self.session is not None:
            self.session.begin()

    def failed(self) -> None:
        if self.session is not None:
            self.session.fail()

    def leaving(self) -> None:
        if self.session is not None:
            self.session.end()
        if self.verify is not None:
            problems = self.verify()
            if problems:
                raise AssertionError("; ".join(problems))

    def left(self) -> None:
        """Delivers events. A subscription that has ended is forgotten when the next one begins."""
        for subscription in self.subscriptions:
            subscription.deliver()
