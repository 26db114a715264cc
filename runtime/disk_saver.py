"""The thread behind `auto_save`: it saves tables on disk when their time has come. One a program, begun when needed."""

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Final, TypeAlias, final

from runtime.disk_errors import DiskError

Save: TypeAlias = Callable[[], None]


@final
class Saver:
    """Calls functions later, each once, in a thread of its own. `clock` gives the seconds by which it goes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock: Final = clock
        self._changed: Final = threading.Condition()
        self._due: dict[int, tuple[float, Save]] = {}  # by the id() of whoever asked
        self._running = False

    def ask(self, who: int, seconds: float, save: Save) -> None:
        """`save` is called when so many seconds have passed, unless `forget` comes first."""
        with self._changed:
            self._due[who] = (self._clock() + seconds, save)
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="matchspec saver", daemon=True).start()
            self._changed.notify()

    def forget(self, who: int) -> None:
        with self._changed:
            self._due.pop(who, None)

    def run_due(self) -> float | None:
        """Calls what is due; the seconds until something else is, None when nothing is left."""
        now = self._clock()
        with self._changed:
            ripe = [who for who, (when, _) in self._due.items() if when <= now]
            saves = [self._due.pop(who)[1] for who in ripe]
        for save in saves:
            with contextlib.suppress(DiskError):  # nobody is there to hear of it; the next write asks again
                save()
        with self._changed:
            return min([when for when, _ in self._due.values()]) - self._clock() if self._due else None

    def _run(self) -> None:
        while True:
            left = self.run_due()
            with self._changed:
                if left is None and not self._due:
                    self._changed.wait()
                elif left is not None and left > 0:
                    self._changed.wait(min(left, threading.TIMEOUT_MAX))

    def forked(self) -> None:
        """In a child that was forked the thread is not there."""
        self._running = False
        self._due = {}


saver: Final = Saver()
