"""A process that no thread has begun is run by the one who awaits it, in his own thread, as that process.

To hand work to another thread and wait for it costs several times what a small function does. So where the awaiting
process would do nothing else, it lends its thread: the function has its own pid, mailbox, links and context variables,
and ends as it would elsewhere. A thread of the pool has been asked as well; who comes first takes it, the other finds
it taken.

A function cannot be abandoned by the thread that runs it. Hence:

- a thread is lent only where no time-out was stated: for ever, or `UNSTATED`. Then time is found to be over when the
  function returns, or when it waits in the runtime (`sleep`, `receive`, `await_`): the function is ended there;
- only so many deep, since each borrower lies on the stack of its lender; the next one gets a thread of its own;
- never on an event loop, which would stand still.
"""

import contextvars
import sys
import threading
from typing import Final, final

from runtime import kernel
from runtime.exits import KILLED, TIMEOUT
from runtime.kernel import Process, landed
from runtime.loan import Loan
from runtime.scheduler import lock

_DEEPEST: Final = 8  # loans in one thread
STANDARD: Final = 5.0  # seconds


@final
class Unstated:
    """The time-out that a caller has not stated, of 5 seconds. One that is stated is kept to the letter."""

    def __repr__(self) -> str:
        return repr(STANDARD)


UNSTATED: Final = Unstated()
_local: Final = threading.local()  # `depth`: how many loans the thread is under


@final
class ThreadLoan(Loan):
    """See the module. `outer`: the loan that the lender lives on itself, if it does."""

    __slots__ = ("borrower", "deadline", "late", "lender", "outer")

    def __init__(self, lender: Process, borrower: Process, deadline: float | None) -> None:
        outer = lender.loan
        super().__init__(threading.get_ident(), deadline if outer is None else outer.sooner(deadline))
        self.lender: Final = lender
        self.borrower: Final = borrower
        self.deadline: Final = deadline
        self.outer: Final = outer if isinstance(outer, ThreadLoan) else None
        self.late = False  # the borrower was ended, because time was over

    def call_in_if_due(self) -> None:
        now = self.borrower.scheduler.now()
        if self.due is None or now < self.due:
            return
        loans: list[ThreadLoan] = []  # from the innermost to the outermost of those that are due
        due = 0
        loan: ThreadLoan | None = self
        while loan is not None:
            loans.append(loan)
            if loan.deadline is not None and loan.deadline <= now:
                due = len(loans)
            loan = loan.outer
        del loans[due:]
        loans[-1].late = True
        kernel.part(loans[-1].lender, loans[-1].borrower)
        lock.release()
        try:
            kernel.end_all([(each.borrower, TIMEOUT) for each in reversed(loans)])
        finally:
            lock.acquire()

    def call_off(self) -> None:
        with lock:
            kernel.part(self.lender, self.borrower)
        kernel.end(self.borrower, KILLED)


def take(process: Process) -> bool:
    """Whether the calling thread is the one that runs the function of this process: the first one that asks."""
    loan = process.loan
    if loan is not None:
        return loan.thread == threading.get_ident()
    with lock:
        return claim(process)


def claim(process: Process) -> bool:
    """As `take`, for a thread that is lent. The lock is held."""
    if process.unbegun is None:
        return False
    process.unbegun = None
    process.attended = True
    if not process.alive:
        kernel.remnants.count += 1
    return True


def lend(lender: Process, borrower: Process, deadline: float | None) -> bool:
    """Runs the function of `borrower` here and now, if no thread has begun with it; False if that has taken too long.

    `lender` is the calling process. Raises Killed or Exit when it has been ended meanwhile.
    """
    depth: int = getattr(_local, "depth", 0)
    if depth >= _DEEPEST or not lender.scheduler.lends() or _on_event_loop():
        return True
    loan = ThreadLoan(lender, borrower, deadline)
    with lock:
        work = borrower.unbegun
        if work is None or not claim(borrower):
            return True
        borrower.loan = loan
    lender.scheduler.withdraw(work)
    _local.depth = depth + 1
    try:
        contextvars.Context().run(work)
    finally:
        _local.depth = depth
        borrower.loan = None
    if not lender.alive:
        raise landed(lender)
    return not loan.late and (deadline is None or lender.scheduler.now() <= deadline)


def _on_event_loop() -> bool:
    """Whether the calling thread runs an event loop. `asyncio` is asked only where somebody has imported it."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return False
    running = getattr(asyncio, "_get_running_loop", None)
    return running is not None and running() is not None
