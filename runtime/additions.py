"""What a table can do beyond Erlang's: secondary indexes, plans that can be read, watching, expiry, statistics."""

import time
from collections.abc import Callable
from queue import Queue, SimpleQueue
from typing import Any, TypeAlias

from matchspec.expressions import Expression
from matchspec.render import describe_result
from matchspec.spec import MatchSpec
from matchspec.unchecked import Unchecked
from matchspec.values import Term
from runtime.core import Element
from runtime.errors import BadArg, flag
from runtime.index import Index
from runtime.planner import Explanation, counted
from runtime.queries import QueryMethods
from runtime.queryable import Query
from runtime.rows import Row, describe
from runtime.statistics import Statistics
from runtime.storage import StoredRow
from runtime.subscriptions import Event, Shown, Subscription, delivery
from runtime.updates import Position
from runtime.watched import Change

# What an index is over: a column, or an expression as a query of any form.
Indexed: TypeAlias = Position | Callable[..., Any] | MatchSpec[Any, Any]


class AdditionalMethods(QueryMethods[Row]):
    """The methods that Erlang's tables do not have."""

    # --- indexes ------------------------------------------------------------------------------------------------------

    def add_index(
        self, field: Indexed, *, unique: bool | Unchecked = False, name: str | Unchecked | None = None
    ) -> bool:
        """Makes an index over a column, a position from 1 or a field's name, or over an expression of the row; True.

        Queries that compare the column with constants use it where it saves work; `explain` tells. An expression is a
        query without conditions, such as `lambda u: u.name.lower()`; queries that compare the same expression, written
        the same way, use its index. `name` is what it is called then; by default it is its text. With `unique` no two
        rows may have one value there, as `==` compares; None may repeat, and rows too short to have the column, or for
        which the expression fails, do not count. O(n); afterwards every write costs O(1) more an index, O(log n) once a
        query has asked for a range, and what the expression costs.
        Mnesia's mnesia:add_table_index/2. Raises BadArg: "position" for no column; "already_exists"; "unique" where
        rows already repeat a value; "option" for a `name` or `unique` that is none; "access", "id". Then there is no
        index. Raises MatchSpecError for a bad query, and one that is no expression.
        """
        table = self._gate.name
        index = self._index_of(field, unique, name)
        with self._gate.writing:
            if any([self._is_index(known, index) or known.field == index.field for known in self._indexes]):
                raise BadArg("already_exists", "field", field, f"there is an index of {index.field!r}", table)
            index.build(self._storage)
            self._watch().observers.append(index)
            self._indexes = [*self._indexes, index]
        return True

    def del_index(self, field: Indexed) -> bool:
        """Takes away the index of a column or expression, or the one of this name; True. O(1).

        Mnesia's mnesia:del_table_index/2. Raises BadArg: "position" for no column; "option" for one without an index;
        "access", "id". Raises MatchSpecError for a bad query.
        """
        table = self._gate.name
        named = [index for index in self._indexes if index.expression is not None and index.field == field]
        wanted = None if named else self._index_of(field, False, None)
        with self._gate.writing:
            found = named if wanted is None else [one for one in self._indexes if self._is_index(one, wanted)]
            if not found:
                allowed = f"columns with an index are {[index.field for index in self._indexes]!r}"
                raise BadArg("option", "field", field, allowed, table)
            self._watch().observers.remove(found[0])
            self._indexes = [index for index in self._indexes if index is not found[0]]
        return True

    def _index_of(self, field: Indexed, unique: Term, name: Term) -> Index:
        """A new index, still empty. Raises BadArg: "position", "option"; MatchSpecError."""
        table = self._gate.name
        alone = flag("unique", unique, table)
        if name is not None and (type(name) is not str or not name):
            raise BadArg("option", "name", name, "allowed are None and a text", table)
        is_query = callable(field) or isinstance(field, MatchSpec)
        if not is_query and not (type(field) is str and not field.isidentifier() and field):
            if name is not None:
                raise BadArg("option", "name", name, "a name is for an index over an expression", table)
            column = self._shape.index_of(field, "field", table)
            fields = self._shape.fields
            shown = fields[column] if fields else column + 1
            return Index(shown, column, alone, table, kind=self._shape.kind_of(column))
        query = self._spec(field)
        return Index(name or describe_result(query), -1, alone, table, Expression(query))

    @staticmethod
    def _is_index(one: Index, other: Index) -> bool:
        """Whether two indexes are over the same column or expression."""
        if one.expression is None or other.expression is None:
            return one.expression is other.expression and one.column == other.column
        return one.expression.expr == other.expression.expr and one.expression.size == other.expression.size

    # --- plans --------------------------------------------------------------------------------------------------------

    def explain(
        self, query: Query, analyze: bool | Unchecked = False, *, counts: bool | Unchecked = False
    ) -> Explanation:
        """How `select` would answer a query, or with `counts` select_count and select_delete; `print` shows it.

        The latter look only for results that are exactly True, so that the condition of `lambda u: u.age > 18` counts.
        With `analyze` the query is run, and what happened is told too. O(log n); as the query with `analyze`.
        Raises MatchSpecError for a bad query; BadArg: "option", "access", "id"; with `analyze` EvalError where a body
        fails.
        """
        compiled = self._spec(query)
        runs, counting = flag("analyze", analyze, self._gate.name), flag("counts", counts, self._gate.name)
        with self._gate.reading:
            plan = self._plan(compiled, counting)
            known = counted(self._wanted(compiled, True), self._storage, self._indexes) if counting else None
            size = self._storage.size()
        actual: tuple[int, int, float] | None = None
        if runs:
            began = time.perf_counter()
            rows = self._found(compiled, counting)
            found = 0
            try:
                found = compiled.program.count(rows) if counting else len(compiled.program.select(rows))
            finally:
                self._release(rows, found)
            actual = (len(rows), found, time.perf_counter() - began)
        kind = f"{self._kind} of {describe(self._shape.row_type)}, {size} rows"
        title = f"{'count' if counting else 'select'} from {self._gate.name} ({kind})"
        return Explanation(title, plan, compiled, actual, known is not None)

    # --- watching -----------------------------------------------------------------------------------------------------

    def subscribe(
        self,
        query: Query,
        to: "Callable[[Event[Row]], Any] | Queue[Event[Row]] | SimpleQueue[Event[Row]]",
        *,
        existing: bool | Unchecked = False,
    ) -> Subscription:
        """Delivers an Event for every change of a row that matches a query, before or after it; the Subscription.

        A row matches when the query gives a result for it other than False; None stands for every row. `to` is called
        with each event, or is a queue that gets it. Events come in the order of the changes, each once, after the
        change is done and the table is free: by the thread that made it, or by one that is still delivering an earlier
        one. With `existing`, the rows that are there come first, as inserted. If `to` raises or is full, the
        subscription ends, with `error` set. `drop` delivers one event "dropped" and ends it; of `init_table` come
        deletions, then insertions. A table that is watched pays O(1) for each changed row, also when all are deleted.
        Raises MatchSpecError for a bad query; BadArg: "option" for another `to` or `existing`; "access", "id".
        """
        program = None if query is None else self._spec(query).program
        deliver = delivery(to, self._gate.name)
        from_the_start = flag("existing", existing, self._gate.name)
        subscription = Subscription(program, deliver, self._outward)
        with self._gate.reading:
            storage = self._watch()
            if from_the_start:
                view = storage.view()
                key = storage.key
                subscription.note([Change(key(row[self._keypos]), None, row, "insert") for row in view])
                storage.release(view)
            gone = [one for one in self._upkeep.subscriptions if not one.active]
            storage.observers = [one for one in storage.observers if one not in gone]
            storage.observers.append(subscription)
            kept = [one for one in self._upkeep.subscriptions if one.active]
            self._upkeep.subscriptions = [*kept, subscription]
        subscription.deliver()
        return subscription

    def _outward(self, row: StoredRow) -> Shown:
        (shown,) = self._out([row])
        return shown

    # --- expiry -------------------------------------------------------------------------------------------------------

    def expires_in(self, key: Element) -> float | None:
        """The seconds until the first row of a key expires, or None when none does. O(rows of the key).

        Raises BadArg: "badkey" for an unknown key; "access", "id".
        """
        found = self._key(key)
        with self._gate.reading:
            rows = self._storage.rows_at(found)
            if not rows:
                raise self._unknown(key)
            expiry = self._upkeep.expiry
            left = [] if expiry is None else [expiry.left(row) for row in rows]
        known = [seconds for seconds in left if seconds is not None]
        return min(known) if known else None

    def expire(self) -> int:
        """Takes out the rows whose time is up, as every operation does first; the number of rows that are left.

        For those who want the memory, or the events of a subscription, of a table that is not used for a while.
        O(log n) a row. Raises BadArg: "id".
        """
        return len(self)

    # --- statistics ---------------------------------------------------------------------------------------------------

    def statistics(self) -> Statistics:
        """What the table has been asked to do since it was made, counted, at one moment. O(1). Raises BadArg: "id"."""
        self._enter_to_look()
        try:
            self._gate.check_alive()
            size = self._storage.size()
            return self._counters.snapshot(size, self._bytes() + sum([index.overhead() for index in self._indexes]))
        finally:
            self._gate.leave()
