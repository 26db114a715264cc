"""The storage of sets and ordered sets on disk: what `runtime.storage` asks for, over SQLite.

Rows stand in the order of their keys: those of an ordered_set in Erlang's order, those of a set in that of the bytes or
ints that stand for keys. A mark is the key last seen, None before the first. Nothing is kept in memory but the number
of rows, which is counted when it is first asked for, and again when another process has written.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Final

from matchspec.intervals import Ranges
from matchspec.terms import Key, exactly_equal
from matchspec.values import Term, TermError
from runtime.disk_connection import DiskConnection, Keeper
from runtime.disk_errors import DiskError
from runtime.disk_keys import EVERYTHING, Span, SqlKey
from runtime.disk_layout import Layout, bounds
from runtime.disk_rows import DamagedRow, Fetched, Sql, Values
from runtime.storage import Mark, Page, Storage, StoredRow, UnknownKey
from runtime.termjson import CodecError

Pairs = list[tuple[Key, StoredRow]]

_ALL: Final[list[Span]] = [EVERYTHING]


class DiskStorage(Storage):
    """One row a key.

    Invariants, checked by `check`:
        1. SQLite finds the file sound.
        2. Every row is one of the table's, filed under its key.
        3. What is kept for indexes of terms is what the rows say.
        4. The number of rows that is remembered is theirs.
    """

    def __init__(self, connection: DiskConnection, layout: Layout) -> None:
        super().__init__(layout.kind, layout.keypos, None)
        self.connection: Final = connection
        self.layout = layout
        self.remembered: int | None = None  # how many rows there are; None: to be counted
        self.keeper: Keeper | None = None  # of a table with limits
        self._version = 0  # of the file, when the rows were counted
        self._fixed = 0
        self._gone: set[Key] = set()  # the keys deleted while the table is fixed
        self.lay_out(layout)

    def lay_out(self, layout: Layout) -> None:
        """Goes on with another layout, that of the same table with other indexes."""
        self.layout = layout
        if self.keeper is not None:
            self.keeper.lay_out()
        columns, key, table, alive = layout.columns, layout.key, layout.table, layout.alive
        self._unique: bool = any([index.unique for index in layout.indexes])
        self._add: str = layout.add
        self._store: str = layout.store
        self._at_key: str = f"SELECT {columns} FROM {alive} WHERE {key} = ? ORDER BY {layout.order}"
        self._large: str = f"SELECT 1 FROM {table} WHERE {key} >= x'' LIMIT 1"
        self._update: str = layout.update
        self._has: str = f"SELECT 1 FROM {alive} WHERE {key} = ? LIMIT 1"
        self._delete: str = f"DELETE FROM {table} WHERE {key} = ? RETURNING {columns}"
        self._delete_quietly: str = f"DELETE FROM {table} WHERE {key} = ?"

    def streams(self) -> bool:
        return True

    def exotic(self) -> bool:
        """Whether some key is, or has been, of a type of its own, such as Decimal, as the file says."""
        return self.connection.fetch("SELECT value FROM _matchspec WHERE item = 'exotic'") == [("true",)]

    # --- keys and single rows -----------------------------------------------------------------------------------------

    def key(self, term: Term) -> Key:
        found: Key = self.layout.keys.key(term)
        return found

    def size(self) -> int:
        if self.keeper is not None:
            return self.keeper.size()
        connection = self.connection
        version = connection.version()
        if self.remembered is None or version != self._version or connection.spoilt:
            connection.spoilt = False
            self.remembered = int(connection.fetch(f"SELECT count(*) FROM {self.layout.table}")[0][0])
            self._version = version
        return self.remembered

    def _more(self, count: int) -> None:
        if self.remembered is not None:
            self.remembered += count

    def has(self, key: Key) -> bool:
        return bool(self.connection.fetch(self._has, (key,)))

    def rows_at(self, key: Key) -> list[StoredRow]:
        if self.keeper is not None:
            self.keeper.touch(key)
        return self._rows_at(key)

    def _rows_at(self, key: Key) -> list[StoredRow]:
        return self.decoded(self.connection.fetch(self._at_key, (key,)))

    def decoded(self, fetched: list[Fetched]) -> list[StoredRow]:
        """Rows as the table has them. Raises DiskError."""
        try:
            return self.layout.rows.decode_all(fetched)
        except DamagedRow as error:
            raise DiskError("corrupt", self.connection.file.name, str(error)) from None

    def holds(self, key: Key, row: StoredRow) -> bool:
        return any([exactly_equal(old, row) for old in self.rows_at(key)])

    def put(self, key: Key, row: StoredRow) -> None:
        values = self.layout.values(key, row)
        if self.remembered is None:
            self.connection.write(self._store, values)
        elif self.connection.write(self._add, values):
            self.remembered += 1
        else:
            self.connection.write(self._store, values)

    def change(self, key: Key, row: StoredRow) -> None:
        values = self.layout.values(key, row)
        if not self.connection.write(self._update, [*values, key]):
            self.put(key, row)

    def put_all(self, pairs: Pairs) -> None:
        if len(pairs) == 1:
            self.put(*pairs[0])
        elif pairs:
            values = [self.layout.values(key, row) for key, row in pairs]
            self.connection.together(lambda: self._put_values(values))

    def _put_values(self, values: list[Values]) -> None:
        connection = self.connection
        if self._unique:
            self._put_uniquely(values)
            return
        if self.remembered is None:
            connection.write_all(self._store, values)
            return
        added = connection.write_all(self._add, values)
        if added < len(values):
            connection.write_all(self._store, values)
        self.remembered += added

    def _put_uniquely(self, values: list[Values]) -> None:
        """Under unique indexes the end of the operation counts: rows may change places."""
        at = 0 if self.layout.own_key else self.keypos
        last = {one[at]: one for one in values}
        taken = self.connection.write_all(self._delete_quietly, [[key] for key in last])
        self._more(self.connection.write_all(self._add, list(last.values())) - taken)

    def remove(self, key: Key) -> list[StoredRow]:
        fetched = self.connection.fetch_written(self._delete, (key,))
        self._forget(key, len(fetched))
        return self.decoded(fetched)

    def _forget(self, key: Key, count: int) -> None:
        self._more(-count)
        if self._fixed and count:
            self._gone.add(key)

    def remove_exact(self, key: Key, row: StoredRow) -> int:
        count = 0

        def work() -> None:
            nonlocal count
            if self.holds(key, row):
                count = self.connection.write(self._delete_quietly, (key,))

        self.connection.together(work)
        self._forget(key, count)
        return count

    def clear(self) -> None:
        self._note_all_gone()
        self.connection.write(f"DELETE FROM {self.layout.table}")
        self.remembered = None if self.remembered is None else 0

    def _note_all_gone(self) -> None:
        if self._fixed:
            for key in self._keys_there():
                self._gone.add(key)

    def _keys_there(self) -> list[SqlKey]:
        return [key for (key,) in self.connection.fetch(f"SELECT DISTINCT {self.layout.key} FROM {self.layout.alive}")]

    # --- many rows ----------------------------------------------------------------------------------------------------

    def remove_chosen(self, rows: Sequence[StoredRow]) -> None:
        keys = [self.key(row[self.keypos]) for row in rows]
        self._remove_keys(keys)

    def _remove_keys(self, keys: list[Key]) -> None:
        def work() -> None:
            self._more(-self.connection.write_all(self._delete_quietly, [[key] for key in keys]))

        if keys:
            self.connection.together(work)
            if self._fixed:
                self._gone.update(keys)

    def replace_chosen(self, rows: Sequence[StoredRow], others: Sequence[StoredRow]) -> None:
        values = [self.layout.values(self.key(row[self.keypos]), row) for row in others]
        if values:
            self.connection.together(lambda: self._replace_values(values))

    def _replace_values(self, values: list[Values]) -> None:
        keys = [one[0 if self.layout.own_key else self.keypos] for one in values]
        if self._unique:
            deadlines = [] if self.keeper is None else self.keeper.deadlines(keys)
            self._put_uniquely(values)
            if self.keeper is not None:
                self.keeper.restore(deadlines)
        else:
            self.connection.write_all(self._update, [[*one, key] for one, key in zip(values, keys, strict=True)])

    def replace_all(self, pairs: Pairs) -> None:
        def work() -> None:
            self.clear()
            self.put_all(pairs)

        self.connection.together(work)

    def view(self) -> list[StoredRow]:
        return self._in(self.layout.keys.whole)

    def release(self, view: list[StoredRow]) -> None:
        """A view is a list of its own."""

    def _in(self, spans: list[Span]) -> list[StoredRow]:
        rows: list[StoredRow] = []
        for batch in self.stream(spans, "", []):
            rows.extend(batch)
        return rows

    def stream(self, spans: list[Span], where: str, parameters: list[Sql]) -> Iterator[list[StoredRow]]:
        """The rows of some spans for which a condition holds, in order, some at a time."""
        layout = self.layout
        for span in self.in_order(spans):
            sql = layout.select(layout.columns, span, where)
            for fetched in self.connection.stream(sql, [*bounds(span), *parameters]):
                yield self.decoded(fetched)

    def in_order(self, spans: list[Span]) -> list[Span]:
        """Spans with the same rows, fewer where there may be fewer."""
        if spans is self.layout.keys.whole and len(spans) > 1 and not self._has_large_ints():
            return _ALL
        return spans

    def _has_large_ints(self) -> bool:
        """Whether some key, in a column of ints, has more than 64 bits, so that SQLite's order is not that of ints."""
        return bool(self.connection.fetch(self._large))

    def count(self, spans: list[Span], where: str, parameters: list[Sql]) -> int:
        """How many rows `stream` gives."""
        total = 0
        for span in _ALL if spans is self.layout.keys.whole else spans:
            sql = self.layout.select("count(*)", span, where)
            total += int(self.connection.fetch(sql, [*bounds(span), *parameters])[0][0])
        return total

    def delete(self, spans: list[Span], where: str, parameters: list[Sql]) -> int:
        """Deletes the rows that `stream` gives; how many."""
        total = 0

        def work() -> None:
            nonlocal total
            for span in _ALL if spans is self.layout.keys.whole else spans:
                if self._fixed:
                    sql = self.layout.select(self.layout.key, span, where)
                    fetched = self.connection.fetch(sql, [*bounds(span), *parameters])
                    self._gone.update([key for (key,) in fetched])
                sql = f"DELETE FROM {self.layout.table}{self.layout.condition(span, where)}"
                total += self.connection.write(sql, [*bounds(span), *parameters])

        self.connection.together(work)
        self._more(-total)
        return total

    def candidates(self, keys: list[Term]) -> list[StoredRow]:
        found: list[Key] = []
        for key in keys:
            with suppress(CodecError, TermError):  # no key of a row is a term without a form
                found.append(self.key(key))
        return self.candidates_at(found)

    def candidates_at(self, keys: Iterable[Key]) -> list[StoredRow]:
        zone = self.layout.keys.zone
        found: list[StoredRow] = []
        for key in sorted(set(keys), key=lambda key: (zone(key), isinstance(key, bytes), key)):
            found.extend(self._rows_at(key))
        return found

    def between(self, ranges: Ranges) -> list[StoredRow]:
        return self._in(self.layout.keys.spans(ranges))

    def count_between(self, ranges: Ranges) -> int:
        return self.count(self.layout.keys.spans(ranges), "", [])

    # --- traversal ----------------------------------------------------------------------------------------------------

    def first(self) -> StoredRow | None:
        return self._end(self.layout.keys.whole, False)

    def last(self) -> StoredRow | None:
        return self._end(self.layout.keys.whole, self.kind == "ordered_set")

    def after(self, key: Key) -> StoredRow | None:
        self._check_known(key)
        return self._end(self.layout.keys.beyond(key, False), False)

    def before(self, key: Key) -> StoredRow | None:
        if self.kind != "ordered_set":
            return self.after(key)
        return self._end(self.layout.keys.beyond(key, True), True)

    def _check_known(self, key: Key) -> None:
        if self.kind != "ordered_set" and key not in self._gone and not self.has(key):
            raise UnknownKey

    def _end(self, spans: list[Span], backwards: bool) -> StoredRow | None:
        rows = self._some(spans, 1, backwards)
        return rows[0] if rows else None

    def _some(self, spans: list[Span], count: int, backwards: bool) -> list[StoredRow]:
        """The first rows of some spans, or the last ones, backwards."""
        layout = self.layout
        found: list[StoredRow] = []
        for span in reversed(spans) if backwards else spans:
            sql = layout.select(layout.columns, span, "", backwards, True)
            found.extend(self.decoded(self.connection.fetch(sql, [*bounds(span), count - len(found)])))
            if len(found) >= count:
                break
        return found

    def page(self, mark: Mark, count: int, backwards: bool, ranges: Ranges | None = None) -> Page:
        keys = self.layout.keys
        turned = backwards and self.kind == "ordered_set"
        spans = keys.beyond(mark, turned) if ranges is None else keys.cut(keys.spans(ranges), mark, turned)
        rows = self._whole_keys(self._some(spans, count, turned), count)
        return Page(rows, [self.key(row[self.keypos]) for row in rows])

    def _whole_keys(self, rows: list[StoredRow], count: int) -> list[StoredRow]:
        """Rows with those that the last key has besides; here there is one row a key."""
        return rows

    def slot(self, number: int) -> list[StoredRow] | None:
        """O(number)."""
        size = self.keys_count()
        if number > size:
            raise UnknownKey
        if number == size:
            return None
        key, alive = self.layout.key, self.layout.alive
        sql = f"SELECT DISTINCT {key} FROM {alive} ORDER BY {key} LIMIT 1 OFFSET ?"
        if len(self.layout.keys.whole) > 1:  # SQLite's order is not that of the keys
            return [self.view()[number]]
        return self.rows_at(self.connection.fetch(sql, (number,))[0][0])

    def keys_count(self) -> int:
        """How many keys."""
        return self.size()

    def fix(self) -> None:
        self._fixed += 1

    def unfix(self) -> None:
        self._fixed -= 1
        if not self._fixed:
            self._gone = set()

    # --- inspection ---------------------------------------------------------------------------------------------------

    def check(self) -> list[str]:
        try:
            found = [text for (text,) in self.connection.fetch("PRAGMA integrity_check(20)")]
            problems = [f"1: {text}" for text in found if text != "ok"]
            if problems:
                return problems
            sql = f"SELECT {', '.join(self._checked_columns())} FROM {self.layout.table}"
            for fetched in self.connection.stream(sql):
                problems.extend(self._check_rows(fetched))
            remembered = self.remembered if self.keeper is None else self.keeper.size()
            if remembered is not None and self.size() != self.count([EVERYTHING], "", []):
                problems.append(f"4: {remembered} rows are remembered")
            if self.keeper is not None:
                problems.extend(self.keeper.check())
        except DiskError as error:
            return [f"1: {error}"]
        return problems

    def _checked_columns(self) -> list[str]:
        return [self.layout.key, *[index.name for index in self.layout.made], *self.layout.rows.columns]

    def _check_rows(self, fetched: list[Fetched]) -> list[str]:
        problems: list[str] = []
        made = self.layout.made
        for key, *rest in fetched:
            try:
                row = self.layout.rows.decode(tuple(rest[len(made) :]))
            except DamagedRow as error:
                problems.append(f"2: under {key!r}: {error}")
                continue
            if len(row) <= self.keypos or self.key(row[self.keypos]) != key:
                problems.append(f"2: the row {row!r} is filed under {key!r}")
            for index, value in zip(made, rest, strict=False):
                if index.value(row) != value:
                    problems.append(f"3: the index of {index.field!r} has {value!r} for {row!r}")
        return problems

    def overhead(self) -> int:
        return 0
