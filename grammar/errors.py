"""The errors of this project that concern a text: a message, a place, a hint.

`MatchSpecError` is the root of every error of the query language. It stands here, in the lowest layer, because syntax
errors are raised here; `matchspec.errors` adds one subclass per later stage.
"""

from difflib import get_close_matches
from typing import TYPE_CHECKING

from grammar.limits import LIMITS
from grammar.span import Source, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class MatchSpecError(ValueError):
    """A query, pattern or term that cannot be used.

    A text can be wrong in several places. The error is then that of one of them, `errors` has them all in the order of
    the text, and `str()` shows as many as `LIMITS.max_problems` allows, each with its line and caret.

    Attributes:
        message: what is wrong, in one sentence.
        hint: what to write instead, or "".
        source, span: the text and the place in it, or None where there is no text.
        line, column: the place, both 1-based, in the file or text that the query came from; None without a text.
        errors: everything that is wrong, an error each with its own message, place and hint; often just this one.
        problems: the messages of all of them.
    """

    def __init__(self, message: str, *, source: Source | None = None, span: Span | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.source = source
        self.span = span
        self._all: tuple[MatchSpecError, ...] = ()

    @property
    def errors(self) -> "tuple[MatchSpecError, ...]":
        return self._all or (self,)

    @property
    def problems(self) -> tuple[str, ...]:
        return tuple([error.message for error in self.errors])

    def among(self, errors: "Sequence[MatchSpecError]") -> "MatchSpecError":
        """The error to raise for all of `errors`, of which this is the one that gives it its class and message."""
        if len(errors) == 1:
            return self
        whole = type(self)(self.message, source=self.source, span=self.span, hint=self.hint)
        whole._all = tuple(errors)
        return whole

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
        most = LIMITS.max_problems
        texts = [error.described() for error in self.errors[:most]]
        left = len(self.errors) - most
        return "\n\n".join([*texts, f"... and {left} more"] if left > 0 else texts)

    def described(self) -> str:
        """This error alone: its place, its message, the line with a caret, and the hint."""
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
