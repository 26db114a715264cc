"""What a query reads where SQL alone finds its rows: one column or two, or whole rows, whose results need no check.

Where a condition in SQL selects just the rows that match, and the result is a column, a pair of columns or the row
itself, only these are read, and nothing is left to be asked of them.
"""

from typing import Any, Final, TypeAlias, final

from matchspec.closures import BuildPair, Column, WholeRow
from matchspec.program import Program
from runtime.disk_rows import Fetched, FieldRows

Results: TypeAlias = list[Any]


@final
class Projection:
    """`wanted`: the columns of the results, from 0; all of them for whole rows. `sql`: their names."""

    def __init__(self, form: FieldRows, wanted: list[int], whole: bool) -> None:
        self.form: Final = form
        self.whole: Final = whole
        self.sql: Final = ", ".join([form.columns[index] for index in wanted])
        self._first: Final = wanted[0]
        self._second: Final = wanted[-1]
        self._pair: Final = len(wanted) == 2

    def results(self, fetched: list[Fetched]) -> Results:
        """What the query gives. Raises DamagedRow."""
        if self.whole:
            return self.form.decode_all(fetched)
        firsts = self.form.decode_column(self._first, fetched, 0)
        if not self._pair:
            return firsts
        return list(zip(firsts, self.form.decode_column(self._second, fetched, 1), strict=True))


def projection(program: Program, form: FieldRows) -> Projection | None:
    """What to read for a query whose rows SQL alone finds; None where the result takes more than columns."""
    if len(program.clauses) != 1:
        return None
    body = program.clauses[0].body
    if isinstance(body, WholeRow):
        return Projection(form, list(range(len(form.fields))), True)
    if isinstance(body, Column):
        return Projection(form, [body.index], False)
    if isinstance(body, BuildPair) and isinstance(body.first, Column) and isinstance(body.second, Column):
        return Projection(form, [body.first.index, body.second.index], False)
    return None
