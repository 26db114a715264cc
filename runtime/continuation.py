"""Queries with a limit: a chunk of results at a time, and the place where the next chunk begins.

A Walk is one such query over one table, decided once; a Continuation adds how far it has come. It holds a mark of the
storage, which stays good whatever is written meanwhile, so every row that is there all along is seen exactly once.
A continuation is not used up: going on from it again walks the same stretch again, over the rows of then.

A continuation can be pickled. The query does not travel with it, nor does the table: where it is unpickled, in the same
program, it says which table it belongs to, and waits for `ets.repair_continuation` to give it the query again.
"""

import os
from collections.abc import Callable, Iterator
from typing import Any, Final, Generic, NamedTuple, TypeAlias, TypeVar, final

from matchspec.intervals import Ranges
from matchspec.program import Program
from matchspec.spec import NO_MATCH
from matchspec.values import Atom, Term
from runtime.access import Gate
from runtime.errors import BadArg
from runtime.storage import END, Mark, Page, Storage

T = TypeVar("T")
Results: TypeAlias = list[Any]  # what the query gives for each row
Step: TypeAlias = "tuple[Results, Continuation[Any] | Atom] | Atom"
Outward: TypeAlias = Callable[[Results], Results]  # copies what must not be shared with the table

Revive: TypeAlias = "Callable[..., Continuation[Any]]"
Parts: TypeAlias = tuple[Any, ...]

PROGRAM: Final = os.urandom(16).hex()  # tells the continuations of this program from those of others
# Rows fetched at a time: enough to make the lock cheap, few enough not to keep others waiting.
SMALLEST_PAGE: Final = 64
LARGEST_PAGE: Final = 4096


class Home(NamedTuple):
    """What a continuation continues: a table of this program, by the number of its id, and in what manner."""

    program: str
    table: int
    limit: int
    backwards: bool


class Pages:
    """Where a walk gets its rows from; `start` is the mark before the first of them."""

    def __init__(self, start: Mark) -> None:
        self.start: Final = start

    def page(self, mark: Mark, count: int, backwards: bool, ranges: Ranges | None) -> Page:
        """The next rows after `mark`, as `Storage.page` gives them. Raises BadArg, cause "id" or "access"."""
        raise AssertionError("every kind has its own")

    def check_alive(self) -> None:
        """Raises BadArg, cause "id" or "access", where no page could be had."""
        raise AssertionError("every kind has its own")


@final
class GatedPages(Pages):
    """Those of one table."""

    def __init__(self, gate: Gate, storage: Storage) -> None:
        super().__init__(storage.start)
        self._gate: Final = gate
        self._storage: Final = storage

    def page(self, mark: Mark, count: int, backwards: bool, ranges: Ranges | None) -> Page:
        with self._gate.reading:
            return self._storage.page(mark, count, backwards, ranges)

    def check_alive(self) -> None:
        with self._gate.reading:
            pass


@final
class Walk:
    """A query over a table, `limit` results at a time."""

    def __init__(
        self,
        pages: Pages,
        program: Program,
        limit: int,
        backwards: bool,
        outward: Outward,
        ranges: Ranges | None = None,
        table: int = 0,
    ) -> None:
        self.table: Final = table  # the number of the table's id
        self.backwards: Final = backwards
        self.limit: Final = limit
        self._pages: Final = pages
        self._program: Final = program
        self._outward: Final = outward
        self._ranges: Final = ranges  # where in an ordered_set the rows are
        self._page: Final = min(max(limit, SMALLEST_PAGE), LARGEST_PAGE)

    def begin(self) -> Step:
        """The first chunk of a scan. Raises what `go_on` raises."""
        return self.go_on(self._pages.start, [], 0, False)

    def deliver(self, results: Results) -> Step:
        """The first chunk where all results are known, because all keys were."""
        return self.go_on(self._pages.start, results, 0, True)

    def go_on(self, mark: Mark, known: Results, taken: int, exhausted: bool) -> Step:
        """The next chunk: results that are known but not `taken` yet, then, unless exhausted, of rows after `mark`.

        O(rows looked at). Raises BadArg "id" and "access", and EvalError.
        """
        limit = self.limit
        if len(known) - taken < limit and not exhausted:
            known = known[taken:]
            taken = 0
            mark, exhausted = self._look(mark, known)
        found = known[taken : taken + limit]
        taken += limit
        if not found:
            return END
        if exhausted and taken >= len(known):
            return self._outward(found), END
        home = Home(PROGRAM, self.table, limit, self.backwards)
        return self._outward(found), Continuation(self, home, Place(mark, known, taken, exhausted))

    def _look(self, mark: Mark, known: Results) -> tuple[Mark, bool]:
        """Adds results of the rows after `mark` until they are enough; the mark then, and whether no row is left."""
        exhausted = False
        while len(known) < self.limit and not exhausted:
            page = self._pages.page(mark, self._page, self.backwards, self._ranges)
            exhausted = len(page.rows) < self._page
            for row, row_mark in zip(page.rows, page.marks, strict=True):
                # The rows of a key stand together under one mark: they are all looked at, or none of them.
                if len(known) >= self.limit and row_mark != mark:
                    return mark, False
                mark = row_mark
                result = self._program.run(row)
                if result is not NO_MATCH:
                    known.append(result)
        return mark, exhausted

    def check_alive(self) -> None:
        self._pages.check_alive()


@final
class Place:
    """How far a walk has come: all of a continuation that can be pickled, as `parts`."""

    def __init__(self, mark: Mark, known: Results, taken: int, exhausted: bool) -> None:
        self.mark: Final = mark
        self.known: Final = known  # shared between the continuations of one look, changed by none
        self.taken: Final = taken
        self.exhausted: Final = exhausted

    def parts(self) -> tuple[Mark, Results, bool]:
        return self.mark, self.known[self.taken :], self.exhausted


@final
class Continuation(Generic[T]):
    """Where a query with a limit goes on. `ets.select(continuation)` gives the next chunk."""

    def __init__(self, walk: Walk | None, home: Home, place: Place) -> None:
        self._walk: Final = walk  # None: unpickled, and not repaired yet
        self.home: Final = home
        self.place: Final = place

    @property
    def broken(self) -> bool:
        """Whether it comes from a pickle and has to be repaired before it is of use."""
        return self._walk is None

    def repaired(self, walk: Walk) -> "Continuation[T]":
        return Continuation(walk, self.home, self.place)

    def resume(self) -> "tuple[list[T], Continuation[T] | Atom] | Atom":
        """The next chunk, `(results, continuation or END)`, or END.

        O(rows looked at). Raises BadArg: "id" when the table has been dropped, "access"; "continuation" for one that
        was unpickled and not repaired; EvalError.
        """
        if self._walk is None:
            raise BadArg(
                "continuation", "continuation", self, "it was pickled; ets.repair_continuation makes it usable"
            )
        self._walk.check_alive()
        place = self.place
        return self._walk.go_on(place.mark, place.known, place.taken, place.exhausted)

    def __reduce__(self) -> tuple[Revive, Parts]:
        return revive, (*self.home, *self.place.parts())

    def __repr__(self) -> str:
        return f"<Continuation, {self.home.limit} at a time{', to be repaired' if self.broken else ''}>"


def revive(
    program: str, table: int, limit: int, backwards: bool, mark: Mark, known: Results, exhausted: bool
) -> Continuation[Any]:
    """A continuation as it comes out of a pickle. Raises BadArg, cause "continuation", for that of another program."""
    if program != PROGRAM:
        raise BadArg(
            "continuation", "continuation", program, "it was pickled by another program, whose tables are gone"
        )
    return Continuation(None, Home(program, table, limit, backwards), Place(mark, known, 0, exhausted))


def stream(chunk: Step) -> Iterator[Any]:
    """All results of a walk, one after the other, beginning with its first chunk."""
    while isinstance(chunk, tuple):
        results, rest = chunk
        yield from results
        if isinstance(rest, Atom):
            return
        chunk = rest.resume()


def is_limit(limit: Term) -> bool:
    return type(limit) is int and limit > 0
