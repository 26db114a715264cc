"""What every kind of table stores and finds, as the table sees it: one class per kind implements this.

A storage knows keys, rows and their order; it knows nothing of types of rows, access rights, locks or queries. Its
caller holds the table's lock, passes rows that nobody else will change, and keys made by `key`. Where a method raises
(a comparison of keys that a user wrote may do so), the storage is as it was.

A row is a tuple; `keypos` here counts from 0. A position in a traversal (`Mark`) is opaque: a walk starts with `start`
and goes on with the mark of the last row seen. Marks stay good whatever is written in between.
"""

from collections.abc import Iterable, Sequence
from typing import Final, Literal, TypeAlias, final

from matchspec.intervals import Ranges
from matchspec.terms import Key
from matchspec.values import Atom, Term

StoredRow: TypeAlias = tuple[Term, ...]
Span: TypeAlias = tuple[
    int, int
]  # of rows in order: the number of the first, counted from 0, and of that after the last
Mark: TypeAlias = Term
Kind: TypeAlias = Literal["set", "ordered_set", "bag", "duplicate_bag"]
KINDS: Final = ("set", "ordered_set", "bag", "duplicate_bag")
END: Final = Atom("$end_of_table")  # what a walk gives that has come to its end


class UnknownKey(LookupError):
    """The key that a step should start from is not in the table."""


@final
class Page:
    """Some rows in the order of a traversal, each with its mark. Rows of one key have one mark and stand together."""

    __slots__ = ("marks", "rows")

    def __init__(self, rows: Sequence[StoredRow], marks: Sequence[Mark]) -> None:
        self.rows: Final = rows
        self.marks: Final = marks


class Storage:
    """The rows of a table."""

    def __init__(self, kind: Kind, keypos: int, start: Mark) -> None:
        self.kind: Final[Kind] = kind
        self.keypos: Final = keypos
        self.start: Final = start

    def streams(self) -> bool:
        """Whether rows are read while a query goes over them, so that no write may come in between."""
        return False

    # --- keys and single rows -----------------------------------------------------------------------------------------

    def key(self, term: Term) -> Key:
        """What stands for a key term in this storage: equal for terms that are one key. Raises TermError."""
        raise AssertionError("every storage has its own")

    def size(self) -> int:
        """How many rows. O(1)."""
        raise AssertionError("every storage has its own")

    def has(self, key: Key) -> bool:
        raise AssertionError("every storage has its own")

    def rows_at(self, key: Key) -> list[StoredRow]:
        """The rows of a key, in the order of their insertion; a list of the caller's own."""
        raise AssertionError("every storage has its own")

    def holds(self, key: Key, row: StoredRow) -> bool:
        """Whether there is a row that is `=:=` to `row`, under its key. O(1) amortised."""
        raise AssertionError("every storage has its own")

    def put(self, key: Key, row: StoredRow) -> None:
        """Stores a row under the rules of the kind."""
        raise AssertionError("every storage has its own")

    def change(self, key: Key, row: StoredRow) -> None:
        """As `put`, for a row that comes from the one it replaces."""
        self.put(key, row)

    def put_all(self, pairs: list[tuple[Key, StoredRow]]) -> None:
        """Stores several rows, all or none."""
        raise AssertionError("every storage has its own")

    def remove(self, key: Key) -> list[StoredRow]:
        """Takes out the rows of a key."""
        raise AssertionError("every storage has its own")

    def remove_exact(self, key: Key, row: StoredRow) -> int:
        """Takes out the rows that are `=:=` to `row`; how many there were."""
        raise AssertionError("every storage has its own")

    def clear(self) -> None:
        raise AssertionError("every storage has its own")

    # --- many rows ----------------------------------------------------------------------------------------------------

    def remove_chosen(self, rows: Sequence[StoredRow]) -> None:
        """Takes out these very rows, which are all here."""
        raise AssertionError("every storage has its own")

    def replace_chosen(self, rows: Sequence[StoredRow], others: Sequence[StoredRow]) -> None:
        """Puts others in the places of these very rows, which are all here; keys and order stay."""
        raise AssertionError("every storage has its own")

    def replace_all(self, pairs: list[tuple[Key, StoredRow]]) -> None:
        """Takes out everything and stores these rows instead, all or none."""
        raise AssertionError("every storage has its own")

    def view(self) -> list[StoredRow]:
        """All rows, in the order of a traversal. Not to be changed, will not change; goes back through `release`."""
        raise AssertionError("every storage has its own")

    def release(self, view: list[StoredRow]) -> None:
        raise AssertionError("every storage has its own")

    def candidates(self, keys: list[Term]) -> list[StoredRow]:
        """The rows of these key terms, each row once, in the order of a traversal."""
        raise AssertionError("every storage has its own")

    def candidates_at(self, keys: Iterable[Key]) -> list[StoredRow]:
        """As `candidates`, of keys made by `key`."""
        raise AssertionError("every storage has its own")

    def between(self, ranges: Ranges) -> list[StoredRow]:
        """The rows whose keys lie in ranges, in order; for an ordered_set only."""
        raise AssertionError("only ordered keys have ranges")

    def count_between(self, ranges: Ranges) -> int:
        """How many rows `between` would give; for an ordered_set only."""
        raise AssertionError("only ordered keys have ranges")

    def spans(self, ranges: Ranges) -> list[Span]:
        """Where these ranges lie among the rows in order, for `in_spans` before the next write; of an ordered_set."""
        raise AssertionError("only ordered keys have ranges")

    def in_spans(self, spans: list[Span]) -> list[StoredRow]:
        """The rows in spans, in order."""
        raise AssertionError("only ordered keys have ranges")

    # --- traversal ----------------------------------------------------------------------------------------------------

    def first(self) -> StoredRow | None:
        """A row of the first key."""
        raise AssertionError("every storage has its own")

    def last(self) -> StoredRow | None:
        """A row of the last key."""
        raise AssertionError("every storage has its own")

    def after(self, key: Key) -> StoredRow | None:
        """A row of the next key. Raises UnknownKey."""
        raise AssertionError("every storage has its own")

    def before(self, key: Key) -> StoredRow | None:
        """A row of the previous key. Raises UnknownKey."""
        raise AssertionError("every storage has its own")

    def page(self, mark: Mark, count: int, backwards: bool, ranges: Ranges | None = None) -> Page:
        """The next rows after `mark`: about `count`, whole keys only; none at the end.

        With `ranges`, for an ordered_set only, the next rows whose keys lie in these.
        """
        raise AssertionError("every storage has its own")

    def slot(self, number: int) -> list[StoredRow] | None:
        """The rows of slot `number`, None for the number after the last one. Raises UnknownKey beyond that."""
        raise AssertionError("every storage has its own")

    def fix(self) -> None:
        """Until `unfix`, deleted keys stay good starting points of a step. Counts."""
        raise AssertionError("every storage has its own")

    def unfix(self) -> None:
        raise AssertionError("every storage has its own")

    # --- inspection ---------------------------------------------------------------------------------------------------

    def check(self) -> list[str]:
        """What is wrong, each under the number of its invariant; [] when all is well. O(n)."""
        raise AssertionError("every storage has its own")

    def overhead(self) -> int:
        """The bytes taken up apart from the rows, about. O(1)."""
        raise AssertionError("every storage has its own")
