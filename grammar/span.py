"""Where something stands in a text: `Span`, and the text itself with its origin, `Source`.

Every node of the syntax tree carries a span, every error of this project that concerns a text carries a source and a
span, and `Source.render` is the one place that draws a line with a caret under it.
"""

from dataclasses import dataclass, replace
from typing import Final, final

from grammar.record import Record


@final
@dataclass(frozen=True)
class Span(Record):
    """A half-open range of character offsets into a source text."""

    start: int
    end: int

    def to(self, other: "Span") -> "Span":
        """The smallest span that covers both."""
        return Span(min(self.start, other.start), max(self.end, other.end))


NOWHERE = Span(0, 0)
_WIDTH: Final = 160  # characters of a line that an error shows


@final
@dataclass(frozen=True)
class Source(Record):
    """A text that was parsed, and where it came from.

    `name` is a file name or "" for text given directly; `line` (1-based) and `column` (0-based) say where in that file
    the text begins, so that errors in a lambda point into the user's own file.
    """

    text: str
    name: str = ""
    line: int = 1
    column: int = 0

    def position(self, offset: int) -> tuple[int, int]:
        """The line and column (both 1-based, in characters, in the file that the text came from) of an offset."""
        before = self.text[:offset]
        row = before.count("\n")
        column = len(before) - (before.rfind("\n") + 1)
        return self.line + row, column + 1 + (self.column if row == 0 else 0)

    def render(self, span: Span, indent: str = "    ") -> str:
        """The line of the text on which the span starts, with carets under the span; of a long line, a part of it."""
        start = min(span.start, len(self.text))
        line_start = self.text.rfind("\n", 0, start) + 1
        line_end = self.text.find("\n", line_start)
        if line_end < 0:
            line_end = len(self.text)
        left, right, before, after = line_start, line_end, "", ""
        if line_end - line_start > _WIDTH:
            left = max(line_start, min(start - _WIDTH // 3, line_end - _WIDTH))
            right = min(line_end, left + _WIDTH)
            before, after = "... " if left > line_start else "", " ..." if right < line_end else ""
        end = max(start + 1, min(span.end, right))
        line = before + self.text[left:right].replace("\t", " ") + after
        return f"{indent}{line}\n{indent}{' ' * (len(before) + start - left)}{'^' * (end - start)}"

    def moved(self, name: str, line: int, column: int) -> "Source":
        """The same text with another origin."""
        return replace(self, name=name, line=line, column=column)
