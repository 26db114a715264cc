"""The errors of the query language, one class per stage; all are `MatchSpecError`s, with message, place and hint."""

from grammar.errors import MatchSpecError, MatchSpecSyntaxError, SourceNotFoundError
from matchspec.values import Term, TermError, shown

__all__ = [
    "CheckError",
    "EvalError",
    "MatchSpecError",
    "MatchSpecSyntaxError",
    "QueryTypeError",
    "RenderError",
    "ResolveError",
    "SourceNotFoundError",
    "TermError",
]


class ResolveError(MatchSpecError):
    """The text parses but means nothing here: an unbound variable, an unknown field or function, a construct that a
    match spec cannot express, the wrong number of parameters for the row.
    """


class CheckError(MatchSpecError):
    """A match spec that Erlang's engine rejects. Where it was no text, a clause is all the place a problem has."""

    def __str__(self) -> str:
        shown = super().__str__()
        if len(self.errors) == 1 or any([error.span is not None for error in self.errors]):
            return shown
        return "\n  - ".join(["the match spec has several problems:", *shown.split("\n\n")])


class QueryTypeError(MatchSpecError):
    """A query that cannot work for rows of the type that it is made for: it compares a str with an int, say, or takes
    the row for a tuple of another size.
    """


class RenderError(MatchSpecError):
    """A spec that the language asked for cannot say."""


class EvalError(MatchSpecError):
    """The body of a lambda or match function failed for a row: where Python itself would have raised.

    Attributes: `row`, the row; `expression`, the text of what failed.
    """

    def __init__(self, row: Term, expression: str) -> None:
        super().__init__(f"the result {expression} cannot be computed for the row {shown(row)}")
        self.row = row
        self.expression = expression
