"""The error that the runtime raises for bad arguments, made by one constructor everywhere."""

from typing import Final, Literal, TypeAlias

from matchspec.values import Term

# Erlang's own causes first (those of its error_info), then the ones that it has no name for.
Cause: TypeAlias = Literal[
    "access",
    "already_exists",
    "badkey",
    "id",
    "keypos",
    "position",
    "system_limit",
    "table_type",
    "type",
    "busy",
    "checksum",
    "continuation",
    "file",
    "init_fun",
    "limit",
    "noproc",
    "option",
    "owner",
    "query",
    "unique",
]

_SHOWN = 200  # characters of a value in a message


class BadArg(ValueError):
    """An argument that an operation cannot take, or an operation that the caller may not do now. Erlang's `badarg`.

    The table is left as it was. Attributes:
        cause: why, in one word; those that Erlang has are named as in its `error_info`.
        argument: the name of the argument.
        value: what it was.
        allowed: what it may be.
        table: the name of the table, or "".
    """

    cause: Final[Cause]
    argument: Final[str]
    value: Final[Term]
    allowed: Final[str]
    table: Final[str]

    def __init__(self, cause: Cause, argument: str, value: Term, allowed: str, table: str = "") -> None:
        super().__init__(cause, argument, value, allowed, table)
        self.cause = cause
        self.argument = argument
        self.value = value
        self.allowed = allowed
        self.table = table

    def __str__(self) -> str:
        place = f"table {self.table}: " if self.table else ""
        return f"{place}{self.argument} is {show(self.value)}: {self.allowed} (cause: {self.cause})"


def show(value: Term) -> str:
    """A value for a message: its repr, cut to 200 characters; its type where its repr fails."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001  # a user's __repr__ may raise anything; it must not hide the error at hand
        text = f"<{type(value).__name__}>"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def flag(argument: str, value: Term, table: str = "") -> bool:
    """`value` as a bool. Raises BadArg, cause "option"."""
    if type(value) is bool:
        return value
    raise BadArg("option", argument, value, "allowed are True and False", table)


def choice(cause: Cause, argument: str, value: Term, allowed: tuple[str, ...], table: str = "") -> str:
    """`value` as one of the words allowed. Raises BadArg."""
    if isinstance(value, str) and value in allowed:
        return value
    raise BadArg(cause, argument, value, "allowed are " + ", ".join(repr(word) for word in allowed), table)
