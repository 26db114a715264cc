"""Monitors: one process hears of the end of another. Erlang's erlang:monitor/2, and the way of a task's result."""

from typing import TYPE_CHECKING, Any, Final, final

from matchspec.values import Atom, Ref, Term
from runtime.belonging import Sink
from runtime.scheduler import Waiter

if TYPE_CHECKING:
    from runtime.kernel import Process  # which knows this module

DOWN: Final = Atom("DOWN")
PROCESS: Final = Atom("process")


@final
class Monitor(Sink):
    """One process watches another. `shown` stands for the watched one in the DOWN message: its pid, or its name.

    `waiter` waits for just this: the DOWN message, or the reply that a task sends with the same reference.
    """

    __slots__ = ("active", "ref", "shown", "waiter", "watched", "watcher")

    def __init__(self, ref: Ref, watcher: "Process", watched: "Process", shown: Term) -> None:
        self.ref: Final = ref
        self.watcher: Final = watcher
        self.watched: Final = watched
        self.shown: Final = shown
        self.active = True  # it has neither fired nor been taken away
        self.waiter: Waiter | None = None

    def fire(self, reason: Term) -> None:
        """The watched process has ended. The lock is held."""
        self.active = False
        self.watcher.box().put_down(self.ref, (DOWN, self.ref, PROCESS, self.shown, reason))
        self.wake()

    def take(self, value: Any) -> None:
        """A task has its result: its owner gets the message (reference, value), unless it does not want it any more."""
        if self.active:
            self.watcher.box().put_reply(self.ref, (self.ref, value))
            self.wake()

    def wake(self) -> None:
        waiter = self.waiter
        if waiter is None:
            self.watcher.wake()
        else:
            self.waiter = None
            self.watcher.scheduler.wake(waiter)
