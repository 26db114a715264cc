"""What the file of a table on disk says of its table, written from what is known of it and read back, checked."""

import keyword
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from matchspec.api import spec
from matchspec.errors import MatchSpecError
from matchspec.expressions import Expression
from matchspec.spec import MatchSpec
from runtime.disk_alter import index_facts, limit_facts
from runtime.disk_errors import DiskError
from runtime.disk_file import DiskFile, Facts
from runtime.disk_layout import IndexColumn, KeptExpression, Language, Layout, expression_column, index_column
from runtime.disk_rows import FieldRows, RowForm
from runtime.disk_scalars import EnumName
from runtime.errors import BadArg
from runtime.index import Index
from runtime.rows import RowShape, describe, row_shape

_MOST_GENERATIONS: Final = 1_000_000_000
_TYPES: Final[dict[str, Any]] = {
    "int": int, "float": float, "str": str, "bytes": bytes, "bool": bool, "term": Any,
    "date": date, "timedelta": timedelta, "datetime": datetime, "uuid": UUID, "enum": EnumName,
}  # fmt: skip


def facts_of(layout: Layout, shape: RowShape, ttl: float | None, most: int | None) -> Facts:
    """What the file of a new table says."""
    limits = limit_facts(ttl, most, 0) if layout.limited else {}
    return {
        **limits,
        "type": layout.kind,
        "keypos": layout.keypos,
        "row": describe(shape.row_type),
        "columns": columns_of(layout.rows),
        "index": index_facts(layout.indexes),
        "exotic": False,
    }


def columns_of(rows: RowForm) -> list[list[str]] | None:
    """The columns of a form of rows, as a file says it: name and form, or None for rows that are kept whole."""
    return [[field.name, field.form] for field in rows.fields] if isinstance(rows, FieldRows) else None


def shape_in(file: DiskFile, facts: Facts) -> RowShape:
    """The shape of rows that a file describes."""
    columns = facts["columns"]
    if columns is None:
        return row_shape(None)
    try:
        fields = [
            (name, _TYPES[form.rstrip("?")] | None if form.endswith("?") else _TYPES[form]) for name, form in columns
        ]
        names = [name[1:-1] for name, _ in fields]
        types = [kind for _, kind in fields]
        if _all_identifiers(names):
            return row_shape(cast(Any, NamedTuple)("Row", list(zip(names, types, strict=True))))
        return row_shape(cast(Any, tuple)[tuple(types)])
    except (KeyError, TypeError, ValueError, AttributeError):
        problem = f"it describes its columns as {columns!s:.200}"
        raise DiskError("corrupt", file.name, problem) from None


def _all_identifiers(names: list[str]) -> bool:
    """Whether these can be the fields of a NamedTuple."""
    return len(set(names)) == len(names) and not [
        name for name in names if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_")
    ]


def generation_in(file: DiskFile, facts: Facts) -> int:
    """How often the table of rows was renamed."""
    generation = facts.get("generation", 0)
    if type(generation) is int and 0 <= generation < _MOST_GENERATIONS:
        return generation
    raise DiskError("corrupt", file.name, f"it says that its table has the number {generation!s:.50}")


def _expression_in(told: list[Any], shape: RowShape, unique: bool) -> IndexColumn:
    """An index over an expression, whose text is read, and never run. Raises ValueError, MatchSpecError."""
    number, name, language, text = told
    sound = type(number) is int and 0 < number < _MOST_GENERATIONS and type(name) is str and type(text) is str
    if not sound or language not in ("python", "erlang"):
        raise ValueError(told)
    query: MatchSpec[Any, Any] = spec(text, row=shape.row_type, syntax=language)
    return expression_column(KeptExpression(number, Expression(query), language, text), name, unique)


def kept_expression(index: Index, query: MatchSpec[Any, Any], shape: RowShape, number: int) -> KeptExpression:
    """An expression with a text that is read back as the same. Raises BadArg, cause "option", where there is none."""
    wanted = index.expression
    assert wanted is not None
    texts: list[tuple[Language, Callable[[], str]]] = [
        ("python", lambda: query.to_python(exact=True)),
        ("erlang", query.to_erlang),
    ]
    for language, write in texts:
        with suppress(MatchSpecError):
            text = write()
            again: MatchSpec[Any, Any] = spec(text, row=shape.row_type, syntax=language)
            found = Expression(again)
            if found.expr == wanted.expr and found.size == wanted.size:
                return KeptExpression(number, found, language, text)
    allowed = "on disk an index is over an expression that a text can say, without constants of classes of their own"
    raise BadArg("option", "field", index.field, allowed)


def limits_in(file: DiskFile, facts: Facts) -> tuple[float | None, int | None]:
    """How long the rows of a file live, in seconds, and how many there may be."""
    ttl, most = facts.get("ttl"), facts.get("max_size")
    seconds: float | None = float(ttl) if type(ttl) is float or type(ttl) is int else None
    if (ttl is None or (seconds is not None and seconds > 0)) and (most is None or (type(most) is int and most > 0)):
        return seconds, most
    raise DiskError("corrupt", file.name, f"it says that its rows live {ttl!s:.50} s, and are up to {most!s:.50}")


def indexes_in(file: DiskFile, facts: Facts, rows: RowForm, shape: RowShape) -> list[IndexColumn]:
    """The indexes that a file describes."""
    found: list[IndexColumn] = []
    known = len(rows.fields) if isinstance(rows, FieldRows) else 256
    try:
        for column, unique, *more in facts["index"]:
            if column == -1 and type(unique) is bool:
                found.append(_expression_in(more, shape, unique))
                continue
            if more or type(column) is not int or type(unique) is not bool or not 0 <= column < known:
                raise ValueError(column)
            found.append(index_column(rows, column, shape.fields[column] if shape.fields else column + 1, unique))
    except (TypeError, ValueError):  # MatchSpecError too
        problem = f"it describes its indexes as {facts['index']!s:.200}"
        raise DiskError("corrupt", file.name, problem) from None
    return found
