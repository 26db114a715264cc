"""`Program`: a compiled query, the only part of a query that is at work while rows go by."""

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias, cast, final

from matchspec.closures import BuildPair, Closure, Column, WholeRow
from matchspec.conditions import Test
from matchspec.errors import EvalError
from matchspec.operations import FAIL
from matchspec.spec import NO_MATCH
from matchspec.values import Term

StoredRow: TypeAlias = tuple[Term, ...]


@final
class CompiledClause:
    """A clause: `test` is its head and guards, `body` its result, `strict` its result with failures left as FAIL.

    `chosen` is `test`, and that the result is exactly True.
    """

    __slots__ = ("body", "chosen", "strict", "test")

    def __init__(self, test: Test, body: Closure, strict: Closure, chosen: Test) -> None:
        self.test: Final = test
        self.body: Final = body
        self.strict: Final = strict
        self.chosen: Final = chosen


@final
class Program:
    """A compiled match spec. Holds no state: any number of threads may run it at once.

    `describe` gives the text of a clause's body, for errors.
    """

    __slots__ = ("clauses", "describe")

    def __init__(self, clauses: list[CompiledClause], describe: Callable[[int], str]) -> None:
        self.clauses: Final = clauses
        self.describe: Final = describe

    def run(self, row: Term) -> Term:
        """The result for one row, or NO_MATCH. Raises EvalError when the body of a lambda fails."""
        for clause in self.clauses:
            if clause.test.test(row):
                result = clause.body.run(row)
                return result if result is not FAIL else self._failed(clause, row)
        return NO_MATCH

    def run_strict(self, row: Term) -> Term:
        """As run, but a failing body raises EvalError in text queries too, instead of giving 'EXIT'."""
        for clause in self.clauses:
            if clause.test.test(row):
                result = clause.strict.run(row)
                return result if result is not FAIL else self._failed(clause, row)
        return NO_MATCH

    def select(self, rows: Iterable[Term]) -> list[Term]:
        """The results of all rows that match, in their order. O(n). Raises EvalError when a lambda's body fails."""
        items: list[Term] = rows if isinstance(rows, list) else list(rows)
        if len(self.clauses) == 1:
            return self._select_one(self.clauses[0], items)
        found: list[Term] = []
        for row in items:
            result = self.run(row)
            if result is not NO_MATCH:
                found.append(result)
        return found

    def _select_one(self, clause: CompiledClause, rows: list[Term]) -> list[Term]:
        test, body = clause.test, clause.body
        if isinstance(body, WholeRow):
            return [row for row in rows if test.test(row)]
        if isinstance(body, Column):
            return _columns(rows, test, body.index)
        if isinstance(body, BuildPair) and isinstance(body.first, Column) and isinstance(body.second, Column):
            return _pairs(rows, test, body.first.index, body.second.index)
        found: list[Term] = []
        for row in rows:
            if test.test(row):
                result = body.run(row)
                found.append(result if result is not FAIL else self._failed(clause, row))
        return found

    def chosen(self, rows: Iterable[Term]) -> list[Term]:
        """The rows whose result is exactly True, as select_delete takes them. O(n). A failing body is not True."""
        items: list[Term] = rows if isinstance(rows, list) else list(rows)
        if len(self.clauses) == 1:
            test = self.clauses[0].chosen
            return [row for row in items if test.test(row)]
        return [row for row in items if self._is_true(row)]

    def count(self, rows: Iterable[Term]) -> int:
        """How many rows have a result that is exactly True, as select_count counts. O(n)."""
        items: list[Term] = rows if isinstance(rows, list) else list(rows)
        total = 0
        if len(self.clauses) == 1:
            test = self.clauses[0].chosen
            for row in items:
                if test.test(row):
                    total += 1
            return total
        for row in items:
            if self._is_true(row):
                total += 1
        return total

    def _is_true(self, row: Term) -> bool:
        for clause in self.clauses:
            if clause.test.test(row):
                return clause.body.run(row) is True
        return False

    def _failed(self, clause: CompiledClause, row: Term) -> Term:
        raise EvalError(row, self.describe(self.clauses.index(clause)))


def _columns(rows: list[Term], test: Test, index: int) -> list[Term]:
    """One column of the rows that pass a test, which has made sure that there is one."""
    found: list[Term] = []
    for row in rows:
        if test.test(row):
            columns = cast(StoredRow, row)
            found.append(columns[index])
    return found


def _pairs(rows: list[Term], test: Test, first: int, second: int) -> list[Term]:
    """Two columns of the rows that pass a test, which has made sure that they are there."""
    found: list[Term] = []
    for row in rows:
        if test.test(row):
            columns = cast(StoredRow, row)
            found.append((columns[first], columns[second]))
    return found
