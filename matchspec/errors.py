"""The errors of the query language, one class per stage; all are `MatchSpecError`s, with message, place and hint."""

from grammar.errors import MatchSpecError, MatchSpecSyntaxError, SourceNotFoundError
from matchspec.values import Term, TermError, shown

__all__ = [
    "CheckError",
    "EvalError",
    "MatchSpecError",
    "MatchSpecSyntaxError",
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
    """A raw match spec that Erlang's engine rejects. `problems` lists all of them, the first is in the message."""

    def __init__(self, problems: list[str]) -> None:
        shown = (
            problems[0] if len(problems) == 1 else "\n  - ".join(["the match spec has several problems:", *problems])
        )
        super().__init__(shown)
        self.problems = tuple(problems)


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
