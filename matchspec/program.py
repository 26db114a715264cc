"""`Program`: a compiled query, the only part of a query that is at work while rows go by."""

from collections.abc import Callable, Iterable
from typing import Final, final

from matchspec.closures import Closure, WholeRow
from matchspec.conditions import Test
from matchspec.errors import EvalError
from matchspec.operations import FAIL
from matchspec.spec import NO_MATCH
from matchspec.values import Term


@final
class CompiledClause:
    """A clause: `test` is its head and guards, `body` its result, `strict` its result with failures left as FAIL."""

    __slots__ = ("body", "strict", "test")

    def __init__(self, test: Test, body: Closure, strict: Closure) -> None:
        self.test: Final = test
        self.body: Final = body
        self.strict: Final = strict


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
        found: list[Term] = []
        if len(self.clauses) == 1:
            clause = self.clauses[0]
            test, body = clause.test, clause.body
            if isinstance(body, WholeRow):
                return [row for row in rows if test.test(row)]
            for row in rows:
                if test.test(row):
                    result = body.run(row)
                    found.append(result if result is not FAIL else self._failed(clause, row))
            return found
        for row in rows:
            result = self.run(row)
            if result is not NO_MATCH:
                found.append(result)
        return found

    def chosen(self, rows: Iterable[Term]) -> list[Term]:
        """The rows whose result is exactly True, as select_delete takes them. O(n). A failing body is not True."""
        return [row for row in rows if self._is_true(row)]

    def count(self, rows: Iterable[Term]) -> int:
        """How many rows have a result that is exactly True, as select_count counts. O(n)."""
        total = 0
        for row in rows:
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
