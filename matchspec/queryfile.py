"""Query files, from which `matchspec generate` makes typed modules: what they say, read and checked line by line.

    # Comments go to the end of the line; those right above a query become its docstring.
    from app.types import Team                     names for types: an import of the generated module

    row User:                                      a row type, a NamedTuple
        id: int
        name: str
        age: int | None = None

    table users: User                              a table; options are those of ets.new
        type = "ordered_set"
        keypos = "id"

    select adults(limit: int) from User:           a query with parameters, over rows of a type
        fun do {_, name, age} when age >= ^limit -> name end

A query begins with what it does, `select`, `iterate`, `count`, `delete` or `replace`. Its text is in any of the
languages; `in erlang` before the colon says which, where that is not plain. Parameters are the names that a text uses
from outside: `^limit` in Elixir, `limit` in a lambda, `Limit` in Erlang.

A line that is indented belongs to the one above that is not. Errors point into the file.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NoReturn, TypeAlias, final

from grammar.errors import MatchSpecError, MatchSpecSyntaxError, nearest
from grammar.span import Source, Span

OPERATIONS: Final = ("select", "iterate", "count", "delete", "replace")
OPTIONS: Final = ("type", "keypos", "access", "named_table", "index", "unique", "ttl", "max_size")
LANGUAGES: Final = ("python", "erlang", "elixir")
_IMPORT: Final = re.compile(r"from\s+([A-Za-z_][\w.]*)\s+import\s+([A-Za-z_]\w*(?:\s*,\s*[A-Za-z_]\w*)*)\s*\Z")
_ROW: Final = re.compile(r"row\s+([A-Za-z_]\w*)\s*:\s*\Z")
_TABLE: Final = re.compile(r"table\s+([A-Za-z_]\w*)\s*:\s*([A-Za-z_]\w*)\s*\Z")
_QUERY: Final = re.compile(
    r"(?P<operation>\w+)\s+(?P<name>[A-Za-z_]\w*)\s*\((?P<params>.*)\)\s*from\s+(?P<row>[A-Za-z_]\w*)"
    r"(?:\s+in\s+(?P<language>\w+))?\s*:\s*\Z"
)
_FIELD: Final = re.compile(r"([A-Za-z_]\w*)\s*:\s*(.*?)\s*(?:=\s*(.*?)\s*)?\Z")
_OPTION: Final = re.compile(r"([A-Za-z_]\w*)\s*=\s*(.*?)\s*\Z")
_SHAPES: Final = (
    "a line here is `from module import Name`, `row Name:`, `table name: Row`, or a query such as "
    "`select name(limit: int) from Row:`"
)
Place: TypeAlias = Span


@final
@dataclass(frozen=True)
class Declared:
    """A name with a type, and perhaps a value: a field, a parameter or, without a type, an option."""

    name: str
    annotation: str
    default: str | None
    span: Place  # of the name
    annotation_span: Place
    default_span: Place


@final
@dataclass(frozen=True)
class RowDeclaration:
    name: str
    fields: tuple[Declared, ...]
    span: Place
    comment: str


@final
@dataclass(frozen=True)
class TableDeclaration:
    name: str
    row: str
    options: tuple[Declared, ...]
    span: Place
    row_span: Place
    comment: str


@final
@dataclass(frozen=True)
class QueryDeclaration:
    """`text` is the query without its indentation; `offsets` has the place in the file of each of its characters."""

    operation: str
    name: str
    params: tuple[Declared, ...]
    row: str
    language: str
    text: str
    offsets: tuple[int, ...]
    span: Place
    row_span: Place
    comment: str


@final
@dataclass
class QueryFile:
    """What a file declares, in its order."""

    source: Source
    imports: list[tuple[str, str]] = field(default_factory=list)  # (module, name)
    rows: list[RowDeclaration] = field(default_factory=list)
    tables: list[TableDeclaration] = field(default_factory=list)
    queries: list[QueryDeclaration] = field(default_factory=list)


@final
@dataclass(frozen=True)
class _Line:
    start: int  # where it begins in the file
    text: str  # without the end of the line

    @property
    def indent(self) -> int:
        return len(self.text) - len(self.text.lstrip(" \t"))

    @property
    def empty(self) -> bool:
        return not self.text.strip()

    @property
    def comment(self) -> bool:
        return self.text.lstrip().startswith("#")


def read_query_file(text: str, name: str = "") -> QueryFile:
    """What a query file declares. Raises MatchSpecSyntaxError with every problem. O(size)."""
    reader = _Reader(text, name)
    reader.read()
    if reader.errors:
        raise reader.errors[0].among(reader.errors)
    return reader.file


@final
class _Reader:
    def __init__(self, text: str, name: str) -> None:
        self.file: Final = QueryFile(Source(text, name))
        self.errors: Final[list[MatchSpecError]] = []
        self.names: Final[set[str]] = set()
        self.lines: Final = list(_lines(text))

    def fail(self, message: str, start: int, end: int, hint: str = "") -> None:
        span = Span(start, max(end, start + 1))
        self.errors.append(MatchSpecSyntaxError(message, source=self.file.source, span=span, hint=hint))

    def read(self) -> None:
        at = 0
        comment: list[str] = []
        while at < len(self.lines):
            line = self.lines[at]
            at += 1
            if line.empty or line.comment:
                comment = [*comment, line.text.lstrip()[1:].strip()] if line.comment and not line.empty else []
                continue
            block: list[_Line] = []
            while at < len(self.lines) and (self.lines[at].empty or self.lines[at].indent):
                block.append(self.lines[at])
                at += 1
            while block and block[-1].empty:
                block.pop()
            self._declaration(line, block, " ".join(comment))
            comment = []

    def _declaration(self, line: _Line, block: list[_Line], comment: str) -> None:
        code = line.text if _QUERY.match(line.text) else line.text.split("#")[0].rstrip()
        start = line.start
        if line.indent:
            self.fail("an indented line belongs to nothing above it", start + line.indent, start + len(line.text))
        elif found := _IMPORT.match(code):
            for name in [part.strip() for part in found[2].split(",")]:
                self.file.imports.append((found[1], name))
                self._name(name, start + code.index(name))
        elif found := _ROW.match(code):
            span = self._name(found[1], start + found.start(1))
            self.file.rows.append(RowDeclaration(found[1], tuple(self._fields(block)), span, comment))
            if not block:
                self.fail(
                    f"the row type {found[1]} has no fields", start, start + len(code), "indented lines `name: type`"
                )
        elif found := _TABLE.match(code):
            span = self._name(f"new_{found[1]}", start + found.start(1))
            row_span = Span(start + found.start(2), start + found.end(2))
            options = tuple(self._options(block))
            self.file.tables.append(TableDeclaration(found[1], found[2], options, span, row_span, comment))
        elif found := _QUERY.match(code):
            self._query(found, line, block, comment)
        else:
            word = code.split(maxsplit=1)[0]
            hint = nearest(word, ("row", "table", "from", *OPERATIONS)) if word not in OPERATIONS else ""
            self.fail("this line declares nothing", start, start + len(code), hint or _SHAPES)

    def _name(self, name: str, start: int) -> Place:
        if name in self.names:
            self.fail(f"the name {name!r} is declared twice", start, start + len(name))
        self.names.add(name)
        return Span(start, start + len(name))

    def _fields(self, block: list[_Line]) -> Iterator[Declared]:
        seen: set[str] = set()
        for line in block:
            if line.empty or line.comment:
                continue
            declared = self._declared(line.text.split("#")[0].rstrip(), line.start, "a field is `name: type`")
            if declared is None:
                continue
            if declared.name in seen:
                self.fail(f"the field {declared.name!r} is there twice", declared.span.start, declared.span.end)
            if declared.name.startswith("_"):
                self.fail("the name of a field does not begin with `_`", declared.span.start, declared.span.end)
            seen.add(declared.name)
            yield declared

    def _declared(self, code: str, start: int, shape: str) -> Declared | None:
        """`name: type = value`, somewhere in the file."""
        indent = len(code) - len(code.lstrip())
        found = _FIELD.match(code[indent:])
        if found is None or not found[2]:
            self.fail(shape, start + indent, start + len(code))
            return None
        spans = [Span(start + indent + found.start(n), start + indent + found.end(n)) for n in (1, 2, 3)]
        return Declared(found[1], found[2], found[3], *spans)

    def _options(self, block: list[_Line]) -> Iterator[Declared]:
        for line in block:
            code = line.text.split("#")[0].rstrip()
            found = _OPTION.match(code, line.indent)
            if line.empty or line.comment:
                continue
            if found is None:
                self.fail("an option is `name = value`", line.start + line.indent, line.start + len(code))
                continue
            spans = [Span(line.start + found.start(n), line.start + found.end(n)) for n in (1, 2)]
            if found[1] not in OPTIONS:
                hint = nearest(found[1], OPTIONS) or f"options are {', '.join(OPTIONS)}"
                self.fail(f"a table has no option {found[1]!r}", spans[0].start, spans[0].end, hint)
            yield Declared(found[1], "", found[2], spans[0], spans[0], spans[1])

    # --- queries ------------------------------------------------------------------------------------------------------

    def _query(self, found: "re.Match[str]", line: _Line, block: list[_Line], comment: str) -> None:
        start = line.start
        operation, language = found["operation"], found["language"]
        if operation not in OPERATIONS:
            hint = nearest(operation, OPERATIONS) or f"a query begins with {', '.join(OPERATIONS)}"
            self.fail(f"{operation!r} is nothing that a query does", start, start + len(operation), hint)
        if language is not None and language not in LANGUAGES:
            at = start + found.start("language")
            self.fail(
                f"there is no language {language!r}", at, at + len(language), f"languages are {', '.join(LANGUAGES)}"
            )
        name = self._name(found["name"], start + found.start("name"))
        params = tuple(self._params(found["params"], start + found.start("params")))
        text, offsets = _dedented(block)
        if not text.strip():
            self.fail(
                f"the query {found['name']} has no text", start, start + len(line.text), "the indented lines below it"
            )
        row_span = Span(start + found.start("row"), start + found.end("row"))
        self.file.queries.append(
            QueryDeclaration(
                operation,
                found["name"],
                params,
                found["row"],
                language or "auto",
                text,
                offsets,
                name,
                row_span,
                comment,
            )
        )

    def _params(self, text: str, start: int) -> Iterator[Declared]:
        seen: set[str] = set()
        for at, part in split_at_commas(text):
            declared = self._declared(part.rstrip(), start + at, "a parameter is `name: type`")
            if declared is None:
                continue
            if declared.name in seen or declared.name in ("table", "self"):
                self.fail(f"the parameter {declared.name!r} is there already", declared.span.start, declared.span.end)
            seen.add(declared.name)
            yield declared


def _lines(text: str) -> Iterator[_Line]:
    start = 0
    for line in text.split("\n"):
        yield _Line(start, line.rstrip("\r"))
        start += len(line) + 1


def split_at_commas(text: str) -> Iterator[tuple[int, str]]:
    """The parts between commas that are in no brackets and no quotes, each with its place."""
    start, depth, quote = 0, 0, ""
    for at, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "[({":
            depth += 1
        elif character in "])}":
            depth -= 1
        elif character == "," and depth == 0:
            yield start, text[start:at]
            start = at + 1
    if text[start:].strip():
        yield start, text[start:]


def _dedented(block: list[_Line]) -> tuple[str, tuple[int, ...]]:
    """The lines without what they are all indented by, and where in the file each character is."""
    while block and block[0].empty:
        block = block[1:]
    indent = min([line.indent for line in block if not line.empty], default=0)
    characters: list[str] = []
    offsets: list[int] = []
    for number, line in enumerate(block):
        if number:
            characters.append("\n")
            offsets.append(line.start - 1)
        kept = line.text[indent:]
        characters.extend(kept)
        offsets.extend(range(line.start + indent, line.start + indent + len(kept)))
    end = offsets[-1] + 1 if offsets else 0
    return "".join(characters), (*offsets, end)


def replaced_error(error: MatchSpecError, query: QueryDeclaration, source: Source) -> MatchSpecError:
    """An error in the text of a query, as one of the file."""
    if error.span is None:
        return type(error)(error.message, source=source, span=query.span, hint=error.hint)
    last = len(query.offsets) - 1
    start, end = query.offsets[min(error.span.start, last)], query.offsets[min(error.span.end, last)]
    return type(error)(error.message, source=source, span=Span(start, max(end, start + 1)), hint=error.hint)


def refuse(message: str, source: Source, span: Place, hint: str = "") -> NoReturn:
    raise MatchSpecSyntaxError(message, source=source, span=span, hint=hint)
