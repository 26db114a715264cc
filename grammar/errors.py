"""The errors of this project that concern a text: a message, a place, a hint.

`MatchSpecError` is the root of every error of the query language. It stands here, in the lowest layer, because syntax
errors are raised here; `matchspec.errors` adds one subclass per later stage.
"""

from difflib import get_close_matches
from typing import TYPE_CHECKING

from grammar.span import Source, Span

if TYPE_CHECKING:
    from collections.abc import Iterable


class MatchSpecError(ValueError):
    """A query, pattern or term that cannot be used.

    Attributes:
        message: what is wrong, in one sentence.
        hint: what to write instead, or "".
        source, span: the text and the place in it, or None where there is no text.
        line, column: the place, both 1-based, in the file or text that the query came from; None without a text.
    """

    def __init__(self, message: str, *, source: Source | None = None, span: Span | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.source = source
        self.span = span

    @property
    def line(self) -> int | None:
        if self.source is None or self.span is None:
            return None
        return self.source.position(self.span.start)[0]

    @property
    def column(self) -> int | None:
        if self.source is None or self.span is None:
            return None
        return self.source.position(self.span.start)[1]

    def __str__(self) -> str:
        text = self.message
        if self.source is not None and self.span is not None:
            line, column = self.source.position(self.span.start)
            place = (
                f"{self.source.name}, line {line}, column {column}"
                if self.source.name
                else f"line {line}, column {column}"
            )
            text = f"{place}: {self.message}\n{self.source.render(self.span)}"
        if self.hint:
            text = f"{text}\nhint: {self.hint}"
        return text


class MatchSpecSyntaxError(MatchSpecError):
    """The text does not parse; `line`, `column` and `hint` say where and what was expected."""


class SourceNotFoundError(MatchSpecError):
    """The source text of a Python function cannot be found, so it cannot be translated."""


def nearest(name: str, known: "Iterable[str]") -> str:
    """A hint naming the known name most like `name`, or ""."""
    close = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else ""
