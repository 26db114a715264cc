"""What comes of a task: Ok(value), ExitReason(reason), or None while there is neither; and BRUTAL_KILL."""

from typing import ClassVar, Final, Generic, TypeAlias, TypeVar, final

from matchspec.values import Term

T = TypeVar("T")


@final
class BrutalKill:
    """The value BRUTAL_KILL, in place of a time-out: do not wait, kill."""

    def __repr__(self) -> str:
        return "BRUTAL_KILL"


BRUTAL_KILL: Final = BrutalKill()


@final
class Ok(Generic[T]):
    """A task has given a result. Elixir's {:ok, value}."""

    __match_args__: ClassVar = ("value",)
    __slots__ = ("value",)

    def __init__(self, value: T) -> None:
        self.value: Final = value

    def __repr__(self) -> str:
        return f"Ok({self.value!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ok) and bool(self.value == other.value)

    def __hash__(self) -> int:
        return hash((Ok, self.value))


@final
class ExitReason:
    """A task has ended without a result. Elixir's {:exit, reason}."""

    __match_args__: ClassVar = ("reason",)
    __slots__ = ("reason",)

    def __init__(self, reason: Term) -> None:
        self.reason: Final = reason

    def __repr__(self) -> str:
        return f"ExitReason({self.reason!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ExitReason) and bool(self.reason == other.reason)

    def __hash__(self) -> int:
        return hash((ExitReason, self.reason))


Outcome: TypeAlias = Ok[T] | ExitReason | None
