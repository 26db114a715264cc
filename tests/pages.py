"""What the pages of docs/ state in a form that tests can check: tables, and blocks of lines with their results.

A block of lines has an expression and its result on each: `1 + 2  % => 3` in Erlang, `1 + 2  # => 3` in Python. In
place of the result may stand that the expression fails, `% fails`, or is refused, `# refused: message`.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

DOCS: Final = Path(__file__).parents[1] / "docs"
_FENCE: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINE: Final = re.compile(r"(?P<text>.*?\S)\s+[%#] (?:=> (?P<result>.*)|(?P<fails>fails)|refused: (?P<refused>.*))")


@final
@dataclass(frozen=True)
class Line:
    """One line of a block: what it computes, and the result; None where it fails or is refused."""

    text: str
    result: str | None
    refused: str | None = None


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    """What stands below a title, up to the next title of its level or a higher one."""
    level = len(title) - len(title.lstrip("#"))
    found = text.split(f"\n{title}\n", 1)
    assert len(found) == 2, f"there is no {title}"
    return re.split(rf"^#{{1,{level}}} ", found[1], maxsplit=1, flags=re.MULTILINE)[0]


def lines(text: str, language: str) -> list[Line]:
    """The lines of all blocks of a language. A block that has lines of another form fails."""
    found: list[Line] = []
    for fence, block in _FENCE.findall(text):
        for line in block.splitlines() if fence == language else ():
            match = _LINE.fullmatch(line)
            assert match is not None, f"no line with a result: {line}"
            found.append(Line(match["text"], match["result"], match["refused"]))
    return found


def tables(text: str, *titles: str) -> list[dict[str, str]]:
    """The rows of all tables with just these titles, as dicts; code blocks are passed over."""
    found: list[dict[str, str]] = []
    inside = False
    for line in _FENCE.sub("", text).splitlines():
        cells = tuple([cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        if cells == titles:
            inside = True
        elif not cells:
            inside = False
        elif inside and set("".join(cells)) != {"-"}:
            found.append(dict(zip(titles, cells, strict=True)))
    return found


def code(cell: str) -> str:
    """What stands between the backticks of a cell, "" where it has none."""
    match = re.search(r"`([^`]+)`", cell)
    return match[1] if match else ""
