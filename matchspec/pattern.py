"""Patterns on their own: what `match`, `match_object` and `match_delete` take instead of a whole query.

A pattern is a Python term such as `(ANY, "Shopping")` or `(V(1), ANY)`, or the text of one in any of the three
languages. It is the query `[{Pattern, [], [Body]}]`.
"""

from matchspec.check import Problem, raise_all
from matchspec.literals import NO_NAMES, Env, term_from_node
from matchspec.raw import expr_from_term, pattern_from_term
from matchspec.spec import Clause, MatchSpec, Row, RowType, T
from matchspec.syntax import language_of
from matchspec.terms import stack_exhausted
from matchspec.typecheck import check_types
from matchspec.values import Term


def pattern_spec(
    pattern: Term, body: Term, *, row: RowType = None, env: Env = NO_NAMES, syntax: str = "auto"
) -> MatchSpec[Row, T]:
    """The query that gives `body` (ROW, BINDINGS or True) for every row that the pattern matches.

    Raises MatchSpecSyntaxError or ResolveError for text that is no pattern, CheckError for a variable as a map's key,
    QueryTypeError for one that no row of the type matches.
    """
    problems: list[Problem] = []
    source, node, parsed = None, None, None
    try:
        if isinstance(pattern, str):
            from grammar import parse_term

            parsed = parse_term(pattern, language_of(pattern, syntax))
            source, node = parsed.source, parsed.node
            pattern = term_from_node(node, source, env)
        head = pattern_from_term(pattern, problems, node)
    except RecursionError:
        raise stack_exhausted() from None
    raise_all([problem.error("", source) for problem in problems])
    clauses = (Clause(head, (), (expr_from_term(body),)),)
    check_types(clauses, row, pattern=parsed)
    return MatchSpec(clauses, row_type=row)
