"""The error of tables on disk, and how SQLite's errors become it.

What is wrong with an argument raises BadArg, as everywhere; what is wrong with a file or a disk raises DiskError, whose
`cause` says in one word what. The table is then as it was before the operation.
"""

import sqlite3
from typing import Final, Literal, TypeAlias

DiskCause: TypeAlias = Literal[
    "missing",  # there is no such file, and it was not to be made
    "file",  # it cannot be opened: no permission, a folder, a folder that is not there
    "not_a_dets_file",  # something else is in it
    "version",  # a later version of this library has written it
    "changed",  # another process has laid the table out anew since it was opened
    "truncated",  # its end is missing
    "corrupt",  # what is in it contradicts itself
    "locked",  # another process has been writing for longer than the time-out
    "read_only",  # the file or its disk lets nobody write
    "full",  # no space is left
    "too_large",  # a row is larger than SQLite takes
    "foreign",  # a file of Erlang's has what Python has no form for, such as a function
    "io",  # the disk, or whatever is between, failed
]

_CAUSES: Final[dict[int, tuple[DiskCause, str]]] = {
    3: ("file", "the system does not let it be used"),
    5: ("locked", "another process has been writing for longer than the time-out"),
    6: ("locked", "another process has been writing for longer than the time-out"),
    8: ("read_only", "it cannot be written: the file, its folder or its disk is read-only"),
    10: ("io", "the disk failed to read or write"),
    11: ("corrupt", "the file is damaged"),
    13: ("full", "the disk, or the size that the file may have, is full"),
    14: ("file", "the file, or one that belongs to it, cannot be opened"),
    15: ("io", "the protocol of locks failed"),
    18: ("too_large", "a row is larger than SQLite takes, which is 1 GB"),
    26: ("not_a_dets_file", "it is no table file, or its beginning is damaged"),
}


# What sqlite3 raises: numbers and texts that are too large, and messages about a damaged file that are no UTF-8, too.
ERRORS: Final = (sqlite3.Error, OverflowError, UnicodeDecodeError)


class DiskError(Exception):
    """A file or disk that does not do what a table needs. Attributes:

    cause: why, in one word; see `DiskCause`.
    path: the file.
    problem: why, in a sentence.
    """

    cause: Final[DiskCause]
    path: Final[str]
    problem: Final[str]

    def __init__(self, cause: DiskCause, path: str, problem: str) -> None:
        super().__init__(cause, path, problem)
        self.cause = cause
        self.path = path
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.path}: {self.problem} (cause: {self.cause})"


def disk_error(error: Exception, path: str) -> DiskError:
    """The DiskError for an error of SQLite, whose own words it quotes."""
    code = getattr(error, "sqlite_errorcode", None)
    primary = code & 0xFF if type(code) is int else 0
    if primary == 0 and isinstance(error, (sqlite3.DataError, OverflowError)):
        return DiskError("too_large", path, f"a row is larger than SQLite takes: {error}")
    # What is left are errors that a sound file cannot cause: tables or columns that are not there.
    cause, problem = _CAUSES.get(primary, ("corrupt", "the file is damaged, or not laid out as a table file"))
    return DiskError(cause, path, f"{problem} (SQLite: {error})")
