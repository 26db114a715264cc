"""Queries looked at without being run: what they give, and all that is wrong with them.

For tools that see a query before the program does: the plugin for mypy and the generator of typed modules. Names from
outside may stand for values that are not known yet (`matchspec.valuetypes.Given`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, final

from grammar.errors import MatchSpecError
from grammar.span import NOWHERE, Source
from grammar.tree import Function, TermText
from matchspec.api import clauses_of_text
from matchspec.errors import QueryTypeError
from matchspec.infer import Inferred, infer
from matchspec.literals import NO_NAMES, Env, term_from_node
from matchspec.raw import expr_from_term, pattern_from_term, spec_from_term
from matchspec.resolve_text import Records
from matchspec.rowtypes import row_shape
from matchspec.spec import Clause, MatchSpec, RowType
from matchspec.syntax import language_of
from matchspec.terms import stack_exhausted
from matchspec.values import Term
from matchspec.valuetypes import ANYTHING, ValueType

AnySpec = MatchSpec[Any, Any]
NO_RECORDS: Final[Records] = {}


@final
@dataclass(frozen=True)
class Analysis:
    """What was found out: the query if it can be understood, the type of its results, and everything that is wrong."""

    spec: AnySpec | None
    result: ValueType
    errors: tuple[MatchSpecError, ...]


def analyse_text(
    text: str,
    row: RowType,
    *,
    env: Mapping[str, Term] = NO_NAMES,
    records: Records = NO_RECORDS,
    syntax: str = "auto",
    strict: bool = False,
) -> Analysis:
    """A query that is text. O(size of the text)."""
    try:
        clauses, parsed = clauses_of_text(text, row, env, records, syntax, strict)
        python = isinstance(parsed, Function) and parsed.language == "python"
        spec: AnySpec = MatchSpec(clauses, raises=python, row_type=row, language=parsed.language, source=parsed.source)
        return _analysed(spec, infer(clauses, row, python=python, parsed=parsed))
    except RecursionError:
        return Analysis(None, ANYTHING, stack_exhausted().errors)
    except MatchSpecError as error:
        return Analysis(None, ANYTHING, error.errors)


def analyse_term(term: Term, row: RowType) -> Analysis:
    """A raw match spec of Python terms."""
    try:
        clauses = spec_from_term(term)
        return _analysed(MatchSpec(clauses, row_type=row), infer(clauses, row, python=False))
    except MatchSpecError as error:
        return Analysis(None, ANYTHING, error.errors)


def analyse_pattern(pattern: Term, body: Term, row: RowType, *, env: Env = NO_NAMES) -> Analysis:
    """A pattern, a term or its text; `body` is what the query made of it gives (ROW, BINDINGS or True)."""
    parsed: TermText | None = None
    try:
        if isinstance(pattern, str):
            from grammar import parse_term

            parsed = parse_term(pattern, language_of(pattern))
            pattern = term_from_node(parsed.node, parsed.source, env)
        head = pattern_from_term(pattern, [], None if parsed is None else parsed.node)
        clauses = (Clause(head, (), (expr_from_term(body),)),)
        found = infer(clauses, row, python=False, pattern=None if parsed is None else parsed.node)
        source = None if parsed is None else parsed.source
        return _analysed(MatchSpec(clauses, row_type=row, source=source), found)
    except MatchSpecError as error:
        return Analysis(None, ANYTHING, error.errors)


def _analysed(spec: AnySpec, found: Inferred) -> Analysis:
    """Rows of which nothing is known are compared and matched as Erlang does: only what is never reached counts."""
    typed = spec.row_type is not None and row_shape(spec.row_type) is not None
    errors: list[MatchSpecError] = []
    for problem in found.problems:
        if typed or problem.unreachable:
            source: Source | None = spec.source if problem.span != NOWHERE else None
            where = "" if source is not None or len(spec.clauses) == 1 else f"clause {problem.clause}: "
            span = None if source is None else problem.span
            errors.append(QueryTypeError(where + problem.message, source=source, span=span))
    return Analysis(spec, found.result, tuple(errors))
