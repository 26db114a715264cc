"""Several tables as one: which of them has a key, and how a query over all of them is done.

This is the layer of `PartitionedTable` below `runtime.partitioned`. Each partition is a Table with a lock of its own. A
row lives in the partition that the hash of its key says, so a query that binds the key goes to the partitions of its
keys, and any other to all. Whoever needs several partitions enters their gates in the order of their numbers, all of
them before it looks at the first; so it sees, or changes, the whole as at one moment.
"""

import heapq
from collections.abc import Iterable, Iterator
from itertools import islice
from operator import itemgetter
from typing import Any, Final, Generic, TypeAlias, cast, final

from matchspec.api import spec
from matchspec.bounds import as_condition, column_ranges
from matchspec.intervals import ALL, NOTHING, Ranges
from matchspec.ownership import is_immutable, own
from matchspec.pattern import pattern_spec
from matchspec.plan import bound_keys
from matchspec.terms import Comparable, order_key
from matchspec.unchecked import Unchecked
from matchspec.values import Term, TermError
from runtime.access import Together
from runtime.continuation import Continuation, GatedPages, Pages, Walk, is_limit, stream
from runtime.core import Checked
from runtime.errors import BadArg, flag
from runtime.ordering import Found, matches, page_of, window_of
from runtime.queryable import Chunk, Look, Pattern, Query, Queryable, Spec
from runtime.rows import Row
from runtime.storage import Mark, Page, StoredRow
from runtime.table import Table

_LEAST: Final = 16  # rows that a merged page takes from a partition at a time, at least


@final
class Share(Generic[Row]):
    """What one partition has to say to a query: the rows that may match, to be given back."""

    def __init__(self, part: Table[Row], rows: list[StoredRow]) -> None:
        self.part: Final = part
        self.rows: Final = rows
        self.found = 0  # how many of them matched


class Partitions(Queryable[Row]):
    """The partitions of one table, and queries over them."""

    def __init__(self, parts: list[Table[Row]]) -> None:
        self._parts: Final = parts
        self._first: Final = parts[0]  # stands for all where they are alike
        self._shape: Final = parts[0]._shape
        self._kind: Final = parts[0]._kind
        self._keypos: Final = parts[0]._keypos

    # --- which partition ----------------------------------------------------------------------------------------------

    @property
    def partitions(self) -> tuple[Table[Row], ...]:
        """The partitions, for reading, subscribing and explaining: a row that is put into the wrong one is lost."""
        return tuple(self._parts)

    def partition_of(self, key: Checked) -> int:
        """The number, from 0, of the partition of a key. Keys that are one in this kind of table have the same. O(1).

        Raises BadArg, cause "type", for a term that is nested too deeply.
        """
        return hash(self._first._key(key)) % len(self._parts)

    def partitions_for(self, query: Query, *, counts: bool | Unchecked = False) -> list[int]:
        """The numbers of the partitions that a query goes to; with `counts`, that select_count goes to.

        O(size of the query). Raises MatchSpecError for a bad query; BadArg, cause "option".
        """
        return self._numbers_for(self._spec(query), flag("counts", counts))

    def _numbers_for(self, query: Spec, counts: bool) -> list[int]:
        exotic = any([part._exotic for part in self._parts])
        keys = bound_keys(as_condition(query) if counts else query, self._keypos + 1, exotic)
        if keys is None:
            return list(range(len(self._parts)))
        return sorted({self.partition_of(key) for key in keys})

    def _part_of(self, key: Term) -> Table[Row]:
        return self._parts[self.partition_of(key)]

    def _home_of(self, row: Term) -> tuple[int, Any]:
        """The number of the partition of a row that is to be stored, and the row, which nobody else can change.

        What is no row of this table has number 0: the partition refuses it.
        """
        row = self._shape.taken(row)
        if not isinstance(row, tuple) or len(row) <= self._keypos:
            return 0, row
        try:
            owned = row if self._shape.immutable or is_immutable(row) else own(row)
        except TermError:
            return 0, row
        stored = self._shape.convert(owned, "row", self._table_name())
        return self.partition_of(stored[self._keypos]), owned

    def _together(self, parts: Iterable[Table[Row]], writes: bool) -> Together:
        return Together([part._gate for part in parts], writes)

    # --- queries ------------------------------------------------------------------------------------------------------

    def _table_name(self) -> str:
        return self._first._gate.name

    def _spec(self, query: Query) -> Spec:
        return self._shape.typed_spec(spec(query, row=self._shape.row_type))

    def _pattern(self, pattern: Pattern, body: Term) -> Spec:
        return pattern_spec(pattern, body, row=self._shape.row_type)

    def _shares(self, query: Spec, counts: bool) -> list[Share[Row]]:
        """The rows that may match, of all partitions that have some, as at one moment."""
        parts = [self._parts[number] for number in self._numbers_for(query, counts)]
        shares: list[Share[Row]] = []
        try:
            if len(parts) == 1:
                shares.append(Share(parts[0], parts[0]._found(query, counts)))
            else:
                with self._together(parts, False):
                    for part in parts:
                        shares.append(Share(part, part._found(query, counts)))
        except BaseException:
            self._give_back(shares)
            raise
        return shares

    def _give_back(self, shares: list[Share[Row]]) -> None:
        for share in shares:
            share.part._release(share.rows, share.found)

    def _results(self, query: Spec, backwards: bool) -> list[Any]:
        program = query.program
        shares = self._shares(query, False)
        results: list[Any] = []
        try:
            if self._kind == "ordered_set" and len(shares) > 1:
                window = window_of(self._shape, self._table_name(), self._keypos + 1, None, 0)
                results = page_of(self._matches(query, shares), window, backwards)
            else:
                for share in shares:
                    turned = backwards and self._kind == "ordered_set"
                    found = program.select(reversed(share.rows) if turned else share.rows)
                    share.found = len(found)
                    results.extend(found)
        finally:
            self._give_back(shares)
        return self._out_results(results)

    def _matches(self, query: Spec, shares: list[Share[Row]]) -> list[Found]:
        found: list[Found] = []
        for share in shares:
            matched = matches(query.program, share.rows)
            share.found = len(matched)
            found.extend(matched)
        return found

    def _out_results(self, results: list[Any]) -> list[Any]:
        return [own(result) for result in results] if any([part._mutable for part in self._parts]) else results

    def _iterated(
        self, query: Spec, chunk: Checked, order_by: Checked, reverse: bool, limit: Checked, offset: Checked
    ) -> Iterator[Any]:
        window = window_of(self._shape, self._table_name(), order_by, limit, offset)
        if not window.columns or (self._kind == "ordered_set" and window.columns == [self._keypos]):
            return window.cut(stream(self._chunk(query, chunk, reverse, "chunk")))
        shares = self._shares(query, False)
        try:
            found = self._matches(query, shares)
        finally:
            self._give_back(shares)
        if self._kind == "ordered_set":
            found.sort(key=self._key_of_match)  # rows that are equal in the columns stand in the order of keys
        return iter(self._out_results(page_of(found, window, reverse)))

    def _key_of_match(self, found: Found) -> Comparable:
        return order_key(found[0][self._keypos])

    def _key_of_row(self, row: StoredRow) -> Comparable:
        return order_key(row[self._keypos])

    def _count(self, query: Spec) -> int:
        program = query.program
        shares = self._shares(query, True)
        try:
            for share in shares:
                share.found = program.count(share.rows)
        finally:
            self._give_back(shares)
        return sum([share.found for share in shares])

    def _look_stepwise(self, query: Spec, counts: bool, step: int, look: Look) -> None:
        shares = self._shares(query, counts)
        try:
            total = sum([len(share.rows) for share in shares])
            done = 0
            rows = self._in_order([share.rows for share in shares])
            while done < total:
                some = list(islice(rows, step))
                done += len(some)
                # Which of the partitions the rows come from is not known here: the first one counts for all.
                shares[0].found += look(some, done, total)
            if not total:
                look([], 0, 0)
        finally:
            self._give_back(shares)

    def _in_order(self, lists: list[list[StoredRow]]) -> Iterator[StoredRow]:
        if self._kind == "ordered_set":
            return heapq.merge(*lists, key=self._key_of_row)
        return (row for rows in lists for row in rows)

    # --- in chunks ----------------------------------------------------------------------------------------------------

    def _chunk(self, query: Spec, limit: Checked, backwards: bool, argument: str = "limit") -> Chunk[Any]:
        if not is_limit(limit):
            raise BadArg("limit", argument, limit, "allowed is an int of at least 1", self._table_name())
        ranges = self._ranges(query)
        walk = self._walk(query, limit, backwards, ranges)
        if ranges == NOTHING:
            return walk.deliver([])
        with self._first._gate.reading:
            plan = self._first._plan(query, False)
        # Where few rows are found by their keys or by an index, all results are known at once, as in a Table.
        return walk.deliver(self._results(query, backwards)) if plan.kind in {"keys", "index"} else walk.begin()

    def _ranges(self, query: Spec) -> Ranges | None:
        """The ranges of keys of an ordered_set, where the query sets some."""
        if self._kind != "ordered_set":
            return None
        ranges = column_ranges(query, self._keypos + 1, any([part._odd for part in self._parts]))
        return None if ranges == ALL else ranges

    def _walk(self, query: Spec, limit: int, backwards: bool, ranges: Ranges | None) -> Walk:
        parts = [GatedPages(part._gate, part._storage) for part in self._parts]
        pages: Pages = MergedPages(parts) if self._kind == "ordered_set" else ChainedPages(parts)
        return Walk(pages, query.program, limit, backwards, self._out_results, ranges, self._first._ref.number)

    def repair(self, continuation: Continuation[Any], query: Query) -> Continuation[Any]:
        """A continuation of this table, out of a pickle, made usable again by its query. As `ets.repair_continuation`.

        Raises MatchSpecError for a bad query.
        """
        compiled = self._spec(query)
        home = continuation.home
        return continuation.repaired(self._walk(compiled, home.limit, home.backwards, self._ranges(compiled)))

    # --- deleted and replaced -----------------------------------------------------------------------------------------

    def _delete(self, query: Spec) -> int:
        parts = [self._parts[number] for number in self._numbers_for(query, True)]
        with self._together(parts, True):
            return sum([part.delete_matching(query) for part in parts])

    def _replace(self, query: Spec, given: Query) -> int:
        self._first.check_replacing(query, given)
        parts = [self._parts[number] for number in self._numbers_for(query, False)]
        count = 0
        with self._together(parts, True):
            replacements = [part.replacements(query) for part in parts]  # all, before the first row is replaced
            for part, (old, new) in zip(parts, replacements, strict=True):
                part.put_replacements(old, new)
                count += len(old)
        return count


@final
class ChainedPages(Pages):
    """The rows of one partition after those of the other. A mark is the number of a partition, and a mark in there."""

    def __init__(self, parts: list[GatedPages]) -> None:
        super().__init__((0, parts[0].start))
        self._parts: Final = parts

    def page(self, mark: Mark, count: int, backwards: bool, ranges: Ranges | None) -> Page:
        number, inner = cast("tuple[int, Mark]", mark)
        rows: list[StoredRow] = []
        marks: list[Mark] = []
        while True:
            page = self._parts[number].page(inner, count - len(rows), backwards, ranges)
            rows.extend(page.rows)
            marks.extend([(number, one) for one in page.marks])
            number += 1
            if len(rows) >= count or number == len(self._parts):
                return Page(rows, marks)
            inner = self._parts[number].start

    def check_alive(self) -> None:
        self._parts[0].check_alive()


Entry: TypeAlias = tuple[Comparable, StoredRow]


@final
class MergedPages(Pages):
    """The rows of all partitions of an ordered_set in the order of their keys, which are the marks."""

    def __init__(self, parts: list[GatedPages]) -> None:
        super().__init__(parts[0].start)
        self._parts: Final = parts

    def page(self, mark: Mark, count: int, backwards: bool, ranges: Ranges | None) -> Page:
        """O(count), and O(log n) a partition and range."""
        share = max(_LEAST, 2 * count // len(self._parts))
        found: list[Entry] = []
        more = True
        while more and len(found) < count:
            entries, more = self._some(mark, share, backwards, ranges)
            found.extend(entries)
            mark = entries[-1][0] if entries else mark
        del found[count:]
        return Page([row for _, row in found], [key for key, _ in found])

    def _some(self, mark: Mark, share: int, backwards: bool, ranges: Ranges | None) -> tuple[list[Entry], bool]:
        """The next rows, in order, as far as it is known that no other comes in between; whether there may be more."""
        entries: list[Entry] = []
        ends: list[Comparable] = []
        for part in self._parts:
            page = part.page(mark, share, backwards, ranges)
            entries.extend(zip(page.marks, page.rows, strict=True))
            if len(page.rows) >= share:
                ends.append(page.marks[-1])
        entries.sort(key=itemgetter(0), reverse=backwards)
        if not ends:
            return entries, False
        end = max(ends) if backwards else min(ends)
        return [entry for entry in entries if not (entry[0] < end if backwards else end < entry[0])], True

    def check_alive(self) -> None:
        self._parts[0].check_alive()
