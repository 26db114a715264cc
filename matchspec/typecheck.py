"""The check of a query against the type of its rows, and the type of its results. What is found out: `matchspec.infer`.

Rows without a type are not checked, as Erlang compares and matches terms of any types.
"""

from grammar.span import NOWHERE, Source
from grammar.tree import Function, TermText
from matchspec.errors import QueryTypeError
from matchspec.infer import Inferred, infer
from matchspec.rowtypes import Annotation, row_shape
from matchspec.spec import Clause, MatchSpec, Row, RowType, T
from matchspec.valuetypes import annotation_of


def check_types(
    clauses: tuple[Clause, ...],
    row: RowType,
    *,
    python: bool = False,
    parsed: Function | TermText | None = None,
    pattern: TermText | None = None,
) -> None:
    """Raises QueryTypeError, with all the problems, for a query that cannot work for rows of the type.

    `parsed` is the text of the query; `pattern` that of a pattern alone.
    """
    if row is None or row_shape(row) is None:
        return
    source = parsed.source if parsed is not None else pattern.source if pattern is not None else None
    found = infer(clauses, row, python=python, parsed=parsed, pattern=None if pattern is None else pattern.node)
    alone = len(clauses) == 1
    errors = problems_of_types(found, source, alone)
    if errors:
        raise errors[0].among(errors)


def problems_of_types(found: Inferred, source: Source | None, alone: bool) -> list[QueryTypeError]:
    """The errors for what a query is refused for. `alone`: it has one clause, whose number need not be told."""
    errors: list[QueryTypeError] = []
    for problem in found.problems:
        if problem.fatal:
            placed = source is not None and problem.span != NOWHERE
            where = "" if alone or placed else f"clause {problem.clause}: "
            span = problem.span if placed else None
            errors.append(QueryTypeError(where + problem.message, source=source if placed else None, span=span))
    return errors


def result_type(spec: MatchSpec[Row, T]) -> Annotation:
    """The type of a query's results, as an annotation."""
    return annotation_of(infer(spec.clauses, spec.row_type, python=spec.raises).result)
