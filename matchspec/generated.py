"""What generated modules import: `raw_query`, which makes a query of a raw match spec without reading any text."""

from typing import Any

from matchspec.raw import RowOf, spec_from_term
from matchspec.spec import MatchSpec, RowType
from matchspec.terms import stack_exhausted

__all__ = ["RowOf", "raw_query"]


def raw_query(raw: list[Any], *, row: RowType = None, python: bool = False) -> MatchSpec[Any, Any]:
    """The query of a raw match spec `[(head, [guard, ...], [body, ...]), ...]`.

    `python`: it was a lambda, so that a body that fails raises EvalError. Types are not checked again; that was done
    when the module was generated. Raises CheckError for what is no match spec.
    """
    try:
        return MatchSpec(spec_from_term(raw), raises=python, row_type=row, language="python" if python else "erlang")
    except RecursionError:
        raise stack_exhausted() from None
