"""The thread of one process that another runs in, as `runtime.kernel` sees it; `runtime.lending` makes them.

Separate, so that the kernel need not know how a thread is lent.
"""


class Loan:
    """Who awaits a process that no thread has begun runs it: its thread is lent until the function returns.

    `thread`: the identity of that thread. `due`: when the lender has to have an answer, or a lender of his.
    """

    __slots__ = ("due", "thread")

    def __init__(self, thread: int, due: float | None) -> None:
        self.thread = thread
        self.due = due

    def sooner(self, deadline: float | None) -> float | None:
        """The deadline, or when the loan is due, if that is earlier."""
        due = self.due
        if due is None:
            return deadline
        return due if deadline is None or due < deadline else deadline

    def call_in_if_due(self) -> None:
        """Time may be over: then the borrower is ended, since its lender cannot go on otherwise. The lock is held."""
        raise AssertionError("every loan has its own")

    def call_off(self) -> None:
        """The user has interrupted the thread, which is the main one: ends the borrower, and not its lender."""
        raise AssertionError("every loan has its own")
