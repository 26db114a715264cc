"""Frozen dataclasses as row types: rows are stored as tuples of the fields, and handed out as instances.

Heads, guards and patterns see the tuple. What hands a row out makes an instance of it, without running `__init__`
again: its values are those of an instance that was inserted, or have passed the checks of the table.
"""

from collections.abc import Sequence
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Final, TypeAlias, final

from matchspec.values import Term

RecordClass: TypeAlias = Any  # a frozen dataclass


def is_record(value: Term) -> bool:
    """Whether a value is a dataclass that can be a row type: a frozen one."""
    return isinstance(value, type) and is_dataclass(value) and bool(_params(value).frozen)


def is_thawed(value: Term) -> bool:
    """Whether a value is a dataclass whose instances can be changed, and which therefore cannot be a row type."""
    return isinstance(value, type) and is_dataclass(value) and not _params(value).frozen


def _params(cls: RecordClass) -> Any:
    return cls.__dataclass_params__


def is_plain(cls: RecordClass) -> bool:
    """Whether calling a dataclass does nothing but hold the values."""
    own_init = "__init__" not in vars(cls) or _params(cls).init
    return own_init and not hasattr(cls, "__post_init__") and all([field.init for field in fields(cls)])


def field_names(cls: RecordClass) -> tuple[str, ...]:
    return tuple([field.name for field in fields(cls)])


def defaults_of(cls: RecordClass) -> dict[str, Term]:
    """The defaults of fields, apart from those that a function makes."""
    return {field.name: field.default for field in fields(cls) if field.default is not MISSING}


@final
class Record:
    """A frozen dataclass as a row type."""

    __slots__ = ("cls", "names")

    def __init__(self, cls: RecordClass) -> None:
        self.cls: Final[RecordClass] = cls
        self.names: Final = field_names(cls)

    def taken(self, row: Any) -> Any:
        """The tuple of an instance; anything else as it is."""
        if not isinstance(row, self.cls):
            return row
        return tuple([getattr(row, name) for name in self.names])

    def made(self, values: Sequence[Any]) -> Any:
        """The instance of a tuple or list of values."""
        instance = object.__new__(self.cls)
        for name, value in zip(self.names, values, strict=True):
            object.__setattr__(instance, name, value)
        return instance
