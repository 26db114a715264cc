"""What supervisors have in common: which ends are followed by a restart, and how many restarts are too many."""

from collections import deque
from typing import Final, Literal, TypeAlias, cast, final

from matchspec.values import Term
from runtime.errors import BadArg, choice
from runtime.exits import is_crash

Restart: TypeAlias = Literal["permanent", "transient", "temporary"]
RESTARTS: Final = ("permanent", "transient", "temporary")


def restart_of(value: Term) -> Restart:
    """The option `restart`. Raises BadArg."""
    return cast(Restart, choice("option", "restart", value, RESTARTS))


def wants_restart(restart: Restart, reason: Term) -> bool:
    """Whether a child that has ended with this reason is to be started again."""
    return restart == "permanent" or (restart == "transient" and is_crash(reason))


@final
class Intensity:
    """How often restarts may happen: `max_restarts` within any `max_seconds`."""

    def __init__(self, max_restarts: Term, max_seconds: Term) -> None:
        """Raises BadArg, cause "option"."""
        if type(max_restarts) is not int or max_restarts < 0:
            raise BadArg("option", "max_restarts", max_restarts, "allowed are numbers from 0 on")
        if not isinstance(max_seconds, (int, float)) or isinstance(max_seconds, bool) or not max_seconds > 0:
            raise BadArg("option", "max_seconds", max_seconds, "allowed are seconds above 0")
        self.max_restarts: Final = max_restarts
        self.max_seconds: Final = float(max_seconds)
        self._times: Final[deque[float]] = deque()

    def allows(self, now: float) -> bool:
        """Notes a restart; whether it is not one too many. O(1) amortised."""
        times = self._times
        times.append(now)
        while times[0] < now - self.max_seconds:
            times.popleft()
        return len(times) <= self.max_restarts
