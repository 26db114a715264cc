"""A table as a whole and in order: first, next, last, prev, folds, slots, fixation, filling it anew.

The order of an ordered_set is that of its keys. The other kinds have an order too, that of the arrival of their keys;
as in Erlang they know no direction, so `last` is `first` and `prev` is `next`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, SupportsIndex, TypeAlias, TypeVar, cast

from matchspec.terms import Key
from matchspec.unchecked import Unchecked
from matchspec.values import Atom, Term
from runtime.core import Element
from runtime.errors import BadArg
from runtime.objects import ObjectMethods
from runtime.process import self_
from runtime.rows import Row
from runtime.storage import END, StoredRow, UnknownKey

Acc = TypeVar("Acc")
InitFun: TypeAlias = Callable[[str], Any]  # called with "read" or "close"

END_OF_INPUT = "end_of_input"


class TraversalMethods(ObjectMethods[Row]):
    """The methods that walk over keys or rows.

    A walk by `next` while rows come and go sees every row that is there all along exactly once, as long as the key that
    it stands on is still there, or the table is fixed, or it is an ordered_set.
    """

    # --- step by step -------------------------------------------------------------------------------------------------

    def first(self) -> Element:
        """The first key, or END. O(1) amortised. Erlang's ets:first/1. Raises BadArg: "access", "id"."""
        with self._gate.reading:
            return self._key_of(self._storage.first())

    def last(self) -> Element:
        """The last key, or END; as `first` unless the table is an ordered_set. O(1) amortised. Erlang's ets:last/1.

        Raises BadArg: "access", "id".
        """
        with self._gate.reading:
            return self._key_of(self._storage.last())

    def next(self, key: Element) -> Element:
        """The key after `key`, or END. In an ordered_set `key` need not be there: the next greater one.

        O(1) amortised; O(log n) in an ordered_set. Erlang's ets:next/2. Raises BadArg: "badkey" for a key that is
        neither there nor was deleted since the table was fixed; "access", "id".
        """
        with self._gate.reading:
            return self._key_of(self._neighbour(key, False))

    def prev(self, key: Element) -> Element:
        """The key before `key`, or END; as `next` unless the table is an ordered_set. Erlang's ets:prev/2."""
        with self._gate.reading:
            return self._key_of(self._neighbour(key, True))

    def first_lookup(self) -> tuple[Element, list[Row]] | Atom:
        """The first key with its rows, at one moment, or END. O(1) amortised. Erlang's ets:first_lookup/1.

        Raises BadArg: "access", "id".
        """
        with self._gate.reading:
            return self._entry_of(self._storage.first())

    def last_lookup(self) -> tuple[Element, list[Row]] | Atom:
        """The last key with its rows, or END. O(1) amortised. Erlang's ets:last_lookup/1.

        Raises BadArg: "access", "id".
        """
        with self._gate.reading:
            return self._entry_of(self._storage.last())

    def next_lookup(self, key: Element) -> tuple[Element, list[Row]] | Atom:
        """The key after `key` with its rows, or END. Costs and errors as `next`. Erlang's ets:next_lookup/2."""
        with self._gate.reading:
            return self._entry_of(self._neighbour(key, False))

    def prev_lookup(self, key: Element) -> tuple[Element, list[Row]] | Atom:
        """The key before `key` with its rows, or END. Costs and errors as `prev`. Erlang's ets:prev_lookup/2."""
        with self._gate.reading:
            return self._entry_of(self._neighbour(key, True))

    def _neighbour(self, key: Term, backwards: bool) -> StoredRow | None:
        found = self._key(key)
        try:
            return self._storage.before(found) if backwards else self._storage.after(found)
        except UnknownKey:
            raise self._unknown(key) from None

    def _key_of(self, row: StoredRow | None) -> Element:
        return END if row is None else self._element(row, self._keypos)

    def _entry_of(self, row: StoredRow | None) -> tuple[Element, list[Row]] | Atom:
        if row is None:
            return END
        rows = self._storage.rows_at(self._key(row[self._keypos]))
        return self._element(row, self._keypos), self._out(rows)

    # --- all at once --------------------------------------------------------------------------------------------------

    def tab2list(self) -> list[Row]:
        """All rows, as at one moment; in the order of keys in an ordered_set. O(n). Erlang's ets:tab2list/1.

        Raises BadArg: "access", "id".
        """
        return self._out(self.stored_rows())

    def stored_rows(self) -> list[StoredRow]:
        with self._gate.reading:
            view = self._storage.view()
            rows = list(view)
            self._storage.release(view)
        return rows

    def __iter__(self) -> Iterator[Row]:
        """The rows, as at the moment when the iteration begins. O(n)."""
        return iter(self.tab2list())

    def foldl(self, fn: Callable[[Row, Acc], Acc], acc: Acc) -> Acc:
        """`fn(row, acc)` for each row in order, each time with the result of the last one; the final result.

        The rows are those of one moment; `fn` may change the table. O(n). Erlang's ets:foldl/3, with the function
        first. Raises BadArg: "access", "id"; and whatever `fn` raises.
        """
        for row in self.tab2list():
            acc = fn(row, acc)
        return acc

    def foldr(self, fn: Callable[[Row, Acc], Acc], acc: Acc) -> Acc:
        """As `foldl`, but an ordered_set from its greatest key down. O(n). Erlang's ets:foldr/3."""
        rows = self.tab2list()
        for row in reversed(rows) if self._kind == "ordered_set" else rows:
            acc = fn(row, acc)
        return acc

    def slot(self, i: SupportsIndex) -> list[Row] | Atom:
        """The rows of slot `i`, from 0, maybe none; END for the number after the last slot.

        All slots together hold each row once. A slot of an ordered_set is its i-th row. O(1); O(log n) in an
        ordered_set. Erlang's ets:slot/2. Raises BadArg: "position" for a number beyond the end; "access", "id".
        """
        if type(i) is not int or i < 0:
            raise BadArg("position", "i", i, "slots count from 0", self._gate.name)
        with self._gate.reading:
            try:
                rows = self._storage.slot(i)
            except UnknownKey:
                allowed = "END comes at the number of slots, and nothing after it"
                raise BadArg("position", "i", i, allowed, self._gate.name) from None
        return END if rows is None else self._out(rows)

    def init_table(self, fn: InitFun) -> bool:
        """Replaces all rows by those that `fn` brings; True.

        `fn("read")` gives "end_of_input" or `(rows, next_fn)`, where `next_fn` is asked next; the last function asked
        is called once with "close", also after an error. The rows are exchanged at one moment, after all were read.
        O(n). Erlang's ets:init_table/2. Raises BadArg: "init_fun" for any other answer; those of `insert`.
        """
        with self._gate.writing:
            pass  # who may not write need not begin to read
        pairs: list[tuple[Key, StoredRow]] = []
        reader = fn
        try:
            while True:
                answer = reader("read")
                if answer in (END_OF_INPUT, Atom(END_OF_INPUT)):
                    break
                size = len(answer) if isinstance(answer, tuple) else 0
                if not isinstance(answer, tuple) or size != 2 or not callable(answer[1]):
                    allowed = "it gives 'end_of_input' or (list of rows, next function)"
                    raise BadArg("init_fun", "fn", answer, allowed, self._gate.name)
                pairs.extend(self._pairs(answer[0]))
                reader = cast(InitFun, answer[1])
        finally:
            reader("close")
        with self._gate.writing:
            self._storage.replace_all(pairs)
        return True

    # --- fixation -----------------------------------------------------------------------------------------------------

    def safe_fixtable(self, fix: bool | Unchecked) -> bool:
        """Fixes the table for the calling process, or lets go again; True.

        While a table is fixed, `next` goes on from deleted keys, whose slots are freed when all who fixed it have let
        go or ended. Counts: two fixations need two releases; a release too many is ignored. O(1); releasing O(1)
        amortised over the deletions. Erlang's ets:safe_fixtable/2. Raises BadArg: "option" unless `fix` is a bool;
        "access", "id".
        """
        if type(fix) is not bool:
            raise BadArg("option", "fix", fix, "allowed are True and False", self._gate.name)
        with self._gate.reading:
            if fix:
                self._fix(self_())
            else:
                self._unfix(self_())
        return True

    @contextmanager
    def fixed(self) -> Iterator[None]:
        """`with table.fixed():` the table is fixed for this process, as by `safe_fixtable`."""
        self.safe_fixtable(True)
        try:
            yield
        finally:
            with self._gate.lock:
                if self._gate.alive:
                    self._unfix(self_())
