"""The mailbox of a process: its messages in the order in which they came.

Replies and DOWN messages are found by their reference as well, so that a caller who awaits the thousandth task does not
search through the replies of all others. Used with the lock of the runtime held.
"""

from collections import OrderedDict
from typing import Final, final

from matchspec.values import Ref, Term


@final
class Mailbox:
    """Messages by number. A number is never used again, and higher ones came later."""

    def __init__(self) -> None:
        self._messages: Final[OrderedDict[int, Term]] = OrderedDict()
        self._replies: Final[dict[int, int]] = {}  # the number of the message, by the reference's
        self._downs: Final[dict[int, int]] = {}
        self._last = 0

    def put(self, message: Term) -> None:
        """O(1)."""
        self._last += 1
        self._messages[self._last] = message

    def put_reply(self, ref: Ref, message: Term) -> None:
        """O(1)."""
        self.put(message)
        self._replies[ref.number] = self._last

    def put_down(self, ref: Ref, message: Term) -> None:
        """O(1)."""
        self.put(message)
        self._downs[ref.number] = self._last

    def take_reply(self, ref: Ref) -> Term | None:
        """The reply with this reference, which leaves the mailbox, or None. O(1)."""
        number = self._replies.pop(ref.number, None)
        return None if number is None else self._messages.pop(number, None)

    def take_down(self, ref: Ref) -> Term | None:
        """The DOWN message with this reference, which leaves the mailbox, or None. O(1)."""
        number = self._downs.pop(ref.number, None)
        return None if number is None else self._messages.pop(number, None)

    def after(self, number: int) -> list[tuple[int, Term]]:
        """The messages that came after the one of this number, the oldest first. O(messages given)."""
        if not number:
            return list(self._messages.items())
        found: list[tuple[int, Term]] = []
        for key in reversed(self._messages):
            if key <= number:
                break
            found.append((key, self._messages[key]))
        found.reverse()
        return found

    def oldest(self) -> tuple[int, Term] | None:
        """O(1)."""
        for number in self._messages:
            return number, self._messages[number]
        return None

    def remove(self, number: int) -> bool:
        """Takes out a message; whether it was still there. O(1)."""
        try:
            message = self._messages.pop(number)
        except KeyError:
            return False
        if isinstance(message, tuple):
            for index, place in ((self._replies, 0), (self._downs, 1)):
                ref = message[place] if len(message) > place else None
                if isinstance(ref, Ref) and index.get(ref.number) == number:
                    del index[ref.number]
        return True

    def __len__(self) -> int:
        return len(self._messages)
