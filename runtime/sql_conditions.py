"""Conditions on rows, as a tree that is kept small while it is made, and written as SQL at the end.

A leaf says that the value of one column lies in ranges of terms. Two leaves on one column become one: `18 < x and
x < 30` is a single range, and `x == 1 or x == 2` a single leaf of two points.
"""

from collections.abc import Callable
from typing import Final, TypeAlias, final

from matchspec.intervals import Ranges, intersection, union
from runtime.disk_rows import Column, Sql
from runtime.sql_columns import among, domain

Condition: TypeAlias = "Constant | Among | Joined"


@final
class Constant:
    """True of all rows, or of none."""

    def __init__(self, value: bool) -> None:
        self.value: Final = value


@final
class Among:
    """The value of a column, counted from 0, lies in ranges."""

    def __init__(self, index: int, ranges: Ranges) -> None:
        self.index: Final = index
        self.ranges: Final = ranges


@final
class Joined:
    """All of some conditions, or any of them; at least two, and none of the same kind."""

    def __init__(self, every: bool, parts: list[Condition]) -> None:
        self.every: Final = every
        self.parts: Final = parts


ALWAYS: Final = Constant(True)
NEVER: Final = Constant(False)


def leaf(columns: list[Column], index: int, ranges: Ranges) -> Condition:
    values = domain(columns[index])
    return known_leaf(values, index, intersection(values, ranges))


def known_leaf(values: Ranges, index: int, inside: Ranges) -> Condition:
    """The same for ranges that lie within the values of the column. Equal sets have equal ranges."""
    return NEVER if not inside else ALWAYS if inside == values else Among(index, inside)


def every(columns: list[Column], parts: list[Condition]) -> Condition:
    return _joined(columns, True, parts, intersection)


def some(columns: list[Column], parts: list[Condition]) -> Condition:
    return _joined(columns, False, parts, union)


def _joined(
    columns: list[Column], every_one: bool, parts: list[Condition], merge: Callable[[Ranges, Ranges], Ranges]
) -> Condition:
    others: list[Condition] = []
    leaves: dict[int, Among] = {}
    merged: dict[int, Ranges] = {}
    for part in _flat(every_one, parts):
        if isinstance(part, Constant):
            if part.value is not every_one:
                return part
        elif isinstance(part, Among):
            known = leaves.setdefault(part.index, part)
            if known is not part:
                merged[part.index] = merge(merged.get(part.index, known.ranges), part.ranges)
        else:
            others.append(part)
    found: list[Condition] = []
    for index, one in leaves.items():
        made = leaf(columns, index, merged[index]) if index in merged else one
        if not isinstance(made, Constant):
            found.append(made)
        elif made.value is not every_one:
            return made
    found.extend(others)
    if not found:
        return ALWAYS if every_one else NEVER
    return found[0] if len(found) == 1 else Joined(every_one, found)


def _flat(every_one: bool, parts: list[Condition]) -> list[Condition]:
    flat: list[Condition] = []
    for part in parts:
        if isinstance(part, Joined) and part.every is every_one:
            flat.extend(part.parts)
        else:
            flat.append(part)
    return flat


def columns_of(condition: Condition) -> list[Among]:
    """The leaves that every row has to be in."""
    if isinstance(condition, Among):
        return [condition]
    if isinstance(condition, Joined) and condition.every:
        return [part for part in condition.parts if isinstance(part, Among)]
    return []


# --- as SQL -------------------------------------------------------------------------------------------------------

_MOST_PARTS: Final = 400  # SQLite parses 1,000 levels, and a chain of ORs is as deep as it is long
_MOST_PARAMETERS: Final = 30_000  # it takes 32,766


@final
class Writer:
    """Writes a condition. What would become too long is left out; `exact` then becomes False."""

    def __init__(self, columns: list[Column]) -> None:
        self.columns: Final = columns
        self.parameters: list[Sql] = []
        self.exact = True

    def write(self, condition: Condition, depth: int = 0) -> str:
        if isinstance(condition, Constant):
            return "1" if condition.value else "0"
        if isinstance(condition, Among):
            text = among(self.columns[condition.index], condition.ranges)
            if text is None or len(self.parameters) + len(text[1]) > _MOST_PARAMETERS:
                return self._left_out()
            self.parameters.extend(text[1])
            return text[0]
        if len(condition.parts) > _MOST_PARTS or depth > 30:
            return self._left_out()
        parts = [self.write(part, depth + 1) for part in condition.parts]
        return f"({(' AND ' if condition.every else ' OR ').join(parts)})"

    def _left_out(self) -> str:
        self.exact = False
        return "1"
