"""Dates and other simple values in columns of their own, in forms that SQLite compares as the values compare.

    date        INTEGER: the day, counted from 1 for 0001-01-01
    timedelta   INTEGER: microseconds, as a column of ints has them
    datetime    INTEGER: microseconds since 0001-01-01, doubled, plus its fold; one with a zone is a BLOB in Erlang's
                external term format, which keeps the zone
    uuid        BLOB: its 16 bytes
    enum        TEXT: the name of the member

Instances of subclasses, which are values of their own, have no form here.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from enum import Enum, Flag
from typing import Any, Final, Literal, NewType, TypeAlias
from uuid import UUID

from matchspec.values import Term

Sql: TypeAlias = Any
ScalarKind: TypeAlias = Literal["date", "timedelta", "datetime", "uuid", "enum"]
Members: TypeAlias = dict[str, Enum]

# The type of a field whose Enum is not known, because its file is opened without a row type: it has the names.
EnumName = NewType("EnumName", str)
NAIVE: Final = "datetime.datetime naive"  # as the order of terms names them
AWARE: Final = "datetime.datetime aware"
TYPE_NAMES: Final[dict[str, str]] = {"date": "datetime.date", "timedelta": "datetime.timedelta", "uuid": "uuid.UUID"}
CLASSES: Final[dict[type, ScalarKind]] = {date: "date", timedelta: "timedelta", datetime: "datetime", UUID: "uuid"}


def members_of(annotation: object) -> Members | None:
    """The members of an Enum by their names; None for what is no Enum, or one whose values need not be members."""
    if not isinstance(annotation, type) or not issubclass(annotation, Enum) or issubclass(annotation, Flag):
        return None
    return {member.name: member for member in annotation}


def day(value: date) -> int:
    return value.toordinal()


def microseconds(value: timedelta) -> int:
    return (value.days * 86_400 + value.seconds) * 1_000_000 + value.microseconds


def moment(value: datetime) -> int:
    """The place of a datetime without a zone, doubled to leave room for the fold."""
    seconds = value.toordinal() * 86_400 + (value.hour * 60 + value.minute) * 60 + value.second
    return 2 * (seconds * 1_000_000 + value.microsecond)


def place(kind: str, value: Any) -> int:
    """The number in the column of dates, timedeltas or datetimes, without a fold."""
    return _PLACES[kind](value)


_PLACES: Final[dict[str, Callable[[Any], int]]] = {"date": day, "timedelta": microseconds, "datetime": moment}


def scalar_to_sql(kind: str, members: Members | None, value: Term) -> Sql:
    """The value as it is kept; None where it has no such form. An int may be too large for SQLite."""
    if kind == "enum":
        if members is None:
            return str(value) if type(value) is str else None
        return value.name if isinstance(value, Enum) and members.get(value.name) is value else None
    if isinstance(value, UUID) and type(value) is UUID and kind == "uuid":
        return value.bytes
    if isinstance(value, datetime):
        naive = type(value) is datetime and value.tzinfo is None and kind == "datetime"
        return moment(value) + value.fold if naive else None
    if isinstance(value, date):
        return day(value) if type(value) is date and kind == "date" else None
    return microseconds(value) if isinstance(value, timedelta) and type(value) is timedelta else None


def scalar_from_sql(kind: str, members: Members | None, value: Sql) -> Term:
    """The value that is kept so; None for what is none."""
    try:
        if kind == "enum":
            if not isinstance(value, str):
                return None
            return value if members is None else members.get(value)
        if kind == "uuid":
            return UUID(bytes=value) if isinstance(value, bytes) else None
        if type(value) is not int:
            return None
        if kind == "date":
            return date.fromordinal(value)
        if kind == "timedelta":
            return timedelta(microseconds=value)
        half, fold = divmod(value, 2)
        whole = datetime(1, 1, 1) + timedelta(microseconds=half - 86_400_000_000)  # noqa: DTZ001  # without a zone
        return whole.replace(fold=fold)
    except (ValueError, OverflowError):
        return None
