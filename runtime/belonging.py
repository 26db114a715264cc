"""What hangs on a process, and hears of its end: things that it owns, and the place where its result goes."""

from typing import Any

from matchspec.values import Pid, Term


class Belonging:
    """Something that is closed, or passed on, when its owner ends. `late`: after those that are not late."""

    late = False

    def owner_ended(self, owner: Pid, reason: Term) -> None:
        """Called without the lock, once, before anybody hears of the end."""
        raise AssertionError("every belonging has its own")


class Sink:
    """Where the result of a process goes. Both methods are called with the lock held."""

    def take(self, value: Any) -> None:
        """The function of the process has returned this; the process is about to end."""
        raise AssertionError("every sink has its own")

    def ended(self, reason: Term) -> None:
        """The process has ended, with or without a result."""
