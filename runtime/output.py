"""Results as text: a table for the eye, CSV or JSON lines for programs.

The command line's output. Whatever terms a query yields are written by one set of rules (`docs/cli.md`):

- rows of a NamedTuple type, tuples of one size, and maps with the same names for keys are spread over columns; every
  other list of results is one column;
- an atom is its name, None is empty (JSON: null), a `bytes` is its text or else `base64:` and its code, a float that is
  no number is null in JSON;
- tuples and lists inside a cell are JSON arrays, maps are JSON objects where their keys are names and arrays of pairs
  where not.
"""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from math import isfinite
from typing import Final, TextIO, TypeAlias, cast, final

from matchspec.terms import ImproperList
from matchspec.values import Atom, Term

Spread: TypeAlias = Callable[[Term], Sequence[Term]]

_QUOTED: Final = {",": re.compile('[,"\r\n]'), "\t": re.compile('[\t"\r\n]')}
_LEAST: Final = 12  # the width below which a text is not folded
_GAP: Final = 3  # between two columns of a drawn table
_RICH_ROWS: Final = 1000  # up to here a table on a terminal is drawn by rich, which takes 50 microseconds a cell


@final
class Layout:
    """How results are spread over columns: the names, and what takes one result apart."""

    __slots__ = ("headers", "spread")

    def __init__(self, headers: list[str], spread: Spread) -> None:
        self.headers: Final = headers
        self.spread: Final = spread


def layout(results: Sequence[Term]) -> Layout:
    """The columns of a list of results: field names, 1 to n for tuples, keys of maps, or a single column 1. O(n)."""
    kinds = set(map(type, results))
    if all(issubclass(kind, tuple) for kind in kinds) and kinds:
        rows = cast("Sequence[tuple[Term, ...]]", results)
        named = {fields_of(kind) for kind in kinds}
        fields = named.pop() if len(named) == 1 else None
        if fields:
            return Layout(list(fields), _items)
        return layout_of_sizes(set(map(len, rows)))
    if kinds == {dict}:
        keys = _shared_names(cast("Sequence[dict[Term, Term]]", results))
        if keys:
            return Layout(list(keys), lambda result: list(cast("dict[str, Term]", plain(result)).values()))
    return _single()


def layout_of_sizes(sizes: set[int]) -> Layout:
    """The columns of plain tuples of these sizes."""
    if len(sizes) == 1 and sizes != {0}:
        return Layout([str(number) for number in range(1, max(sizes) + 1)], _items)
    return _single()


def _single() -> Layout:
    return Layout(["1"], lambda result: (result,))


def _items(result: Term) -> Sequence[Term]:
    return cast("tuple[Term, ...]", result)


def fields_of(kind: type) -> tuple[str, ...] | None:
    """The field names of a NamedTuple class, or None."""
    fields = kind.__dict__.get("_fields")
    return fields if issubclass(kind, tuple) and isinstance(fields, tuple) else None


def _shared_names(results: Sequence[dict[Term, Term]]) -> tuple[str, ...] | None:
    """The names that are the keys of every map, in one order, or None."""
    first = names_of(results[0])
    return first if all(names_of(result) == first for result in results) else None


def names_of(term: dict[Term, Term]) -> tuple[str, ...] | None:
    """The keys of a map as names, where all are strings or atoms and no two read the same; else None."""
    names: list[str] = []
    for key in term:
        if isinstance(key, str):
            names.append(key)
        elif isinstance(key, Atom):
            names.append(key.name)
        else:
            return None
    return tuple(names) if len(set(names)) == len(names) else None


# --- values -----------------------------------------------------------------------------------------------------------


def plain(term: Term) -> Term:
    """The term as what JSON knows: None, bool, int, float, str, list, and dict with str keys."""
    if term is None or isinstance(term, (bool, int, str)):
        return term
    if isinstance(term, float):
        return term if isfinite(term) else None
    if isinstance(term, tuple):
        items = [plain(item) for item in term]
        fields = fields_of(type(term))
        return dict(zip(fields, items, strict=True)) if fields else items
    if isinstance(term, list):
        return [plain(item) for item in term]
    if isinstance(term, dict):
        names = names_of(term)
        if names is None:
            return [[plain(key), plain(value)] for key, value in term.items()]
        return {name: plain(value) for name, value in zip(names, term.values(), strict=True)}
    return _other(term)


def _other(term: Term) -> str:
    if isinstance(term, Atom):
        return term.name
    if isinstance(term, bytes):
        try:
            return term.decode()
        except UnicodeDecodeError:
            return f"base64:{b64encode(term).decode()}"
    if isinstance(term, ImproperList):
        from matchspec.text import format_term

        return format_term(term)
    return str(term)


def cell(term: Term) -> str:
    """The term as the text of one cell."""
    if isinstance(term, str):
        return term
    if term is None:
        return ""
    if isinstance(term, bool):
        return "true" if term else "false"
    if isinstance(term, (int, float)):
        return repr(term)
    value = plain(term)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


# --- formats ----------------------------------------------------------------------------------------------------------


def write_json(results: Iterable[Term], out: TextIO) -> None:
    """One JSON value a line."""
    # Where the stream cannot hold every character, JSON's own escapes do.
    ascii_only = (getattr(out, "encoding", None) or "utf-8").lower().replace("-", "") != "utf8"
    encode = json.JSONEncoder(ensure_ascii=ascii_only).encode
    for result in results:
        out.write(encode(plain(result)))
        out.write("\n")
    out.flush()


def write_csv(results: Sequence[Term], out: TextIO, *, header: bool = True, delimiter: str = ",") -> None:
    """CSV with quotes where needed and a first line of names; nothing at all for no results.

    `delimiter` is a comma or, for TSV, a tab.
    """
    if results:
        columns = layout(results)
        if header:
            write_header(columns, out, delimiter)
        write_cells(columns, results, out, delimiter)
    out.flush()


def write_header(columns: Layout, out: TextIO, delimiter: str) -> None:
    out.write(_csv_line(columns.headers, delimiter))


def write_cells(columns: Layout, results: Iterable[Term], out: TextIO, delimiter: str) -> None:
    out.writelines(_csv_line(list(map(cell, columns.spread(result))), delimiter) for result in results)


def _csv_line(cells: Sequence[str], delimiter: str) -> str:
    # Not by the csv module: before Python 3.13 it leaves a carriage return unquoted, which no reader takes for text.
    special = _QUOTED[delimiter]
    quoted = ['"' + text.replace('"', '""') + '"' if special.search(text) else text for text in cells]
    # A single empty cell has to be told from a blank line.
    return (delimiter.join(quoted) or '""') + "\n"


def write_table(results: Sequence[Term], out: TextIO, *, header: bool = True) -> None:
    """Aligned columns, numbers to the right. Characters that would disturb a terminal are shown as escapes.

    On a terminal rich draws the table and folds long texts where that makes it fit; elsewhere, for long lists and for
    tables too wide for that, no cell is cut or folded.
    """
    if results:
        columns = layout(results)
        rows = [[_visible(cell(term)) for term in columns.spread(result)] for result in results]
        right = _numeric_columns(columns, results)
        headers = [_visible(name) for name in columns.headers] if header else None
        shown = [headers, *rows] if headers is not None else rows
        widths = [max(map(_width, column)) for column in zip(*shown, strict=True)]
        if not (out.isatty() and len(rows) <= _RICH_ROWS and _write_rich(headers, rows, right, widths, out)):
            _write_plain(headers, rows, right, widths, out)
    out.flush()


def _numeric_columns(columns: Layout, results: Sequence[Term]) -> list[bool]:
    """For each column, whether it holds numbers and nothing else but None."""
    seen: list[set[type]] = [set() for _ in columns.headers]
    for result in results:
        for types, term in zip(seen, columns.spread(result), strict=True):
            types.add(type(term))
    return [bool(types & {int, float}) and types <= {int, float, type(None)} for types in seen]


def _visible(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _write_plain(
    headers: list[str] | None, rows: list[list[str]], right: list[bool], widths: list[int], out: TextIO
) -> None:
    def write(cells: Sequence[str]) -> None:
        padded: list[str] = []
        for text, width, to_right in zip(cells, widths, right, strict=True):
            space = " " * (width - _width(text))
            padded.append(space + text if to_right else text + space)
        out.write("  ".join(padded).rstrip())
        out.write("\n")

    if headers is not None:
        write(headers)
        write(["-" * width for width in widths])
    for row in rows:
        write(row)


def _write_rich(
    headers: list[str] | None, rows: list[list[str]], right: list[bool], widths: list[int], out: TextIO
) -> bool:
    """Draws the table and returns True, if the width allows it without folding a number or squeezing a text."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=out)
    least = [width if to_right else min(width, _LEAST) for width, to_right in zip(widths, right, strict=True)]
    if sum(least) + len(least) * _GAP > console.width:
        return False
    table = Table(box=box.SIMPLE_HEAD, show_header=headers is not None, pad_edge=False)
    for index, to_right in enumerate(right):
        # Text, so that square brackets in the data are no markup.
        name = Text(headers[index] if headers is not None else "")
        table.add_column(name, justify="right" if to_right else "left", overflow="fold", min_width=least[index])
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)
    return True
