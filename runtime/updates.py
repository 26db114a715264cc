"""What `update_element` and `update_counter` do to one row: their arguments read, a new row computed.

Nothing here changes a table; whatever raises, raises before anything is stored.
"""

from typing import Final, TypeAlias, cast, final

from matchspec.terms import is_integer
from matchspec.values import Term
from runtime.errors import BadArg
from runtime.rows import RowShape
from runtime.storage import StoredRow

Position: TypeAlias = int | str  # Erlang's, from 1, or the name of a field
Operations: TypeAlias = "list[Counter]"


def rebuilt(row: StoredRow, values: list[Term]) -> StoredRow:
    """A row of other values, of the same class as `row`."""
    kind = type(row)
    return tuple(values) if kind is tuple else tuple.__new__(kind, values)


def with_element(row: StoredRow, index: int, value: Term) -> StoredRow:
    """The row with another value at an index that it has, of the same class. Short rows do without a list."""
    size = len(row)
    if type(row) is tuple and 2 <= size <= 4:  # as numbers: with `len(row)` as one, compiled code would copy the row
        first = value if index == 0 else row[0]
        second = value if index == 1 else row[1]
        if size == 2:
            return first, second
        third = value if index == 2 else row[2]
        if size == 3:
            return first, second, third
        return first, second, third, value if index == 3 else row[3]
    values: list[Term] = list(row)
    values[index] = value
    return rebuilt(row, values)


def field_index(position: Term, row: StoredRow, shape: RowShape, keypos: int, table: str) -> int:
    """The place of a field that may be changed, counted from 0. Raises BadArg, cause "position" or "keypos"."""
    index = shape.index_of(position, "position", table, len(row))
    if index == keypos:
        raise BadArg("keypos", "position", position, "the key of a row cannot be changed; insert a new row", table)
    return index


def with_key(default: Term, key: Term, shape: RowShape, keypos: int, table: str) -> StoredRow:
    """The default row, with its key replaced, as the table stores it. Raises BadArg, cause "type" or "keypos"."""
    default = shape.taken(default)
    if not isinstance(default, tuple):
        raise BadArg("type", "default", default, "a default is a row, a tuple", table)
    size = len(default)
    if size <= keypos:
        raise BadArg("keypos", "default", default, f"it has no element {keypos + 1}, which holds the key", table)
    values = list(default)
    values[keypos] = key
    return shape.convert(rebuilt(default, values), "default", table)


# --- elements -----------------------------------------------------------------------------------------------------


def read_changes(change: Term, table: str) -> list[tuple[Term, Term]]:
    """`(position, value)` or a list of such. Raises BadArg, cause "type"."""
    allowed = "allowed are (position, value) and lists of such pairs"
    changes: list[tuple[Term, Term]] = []
    pairs: list[Term] = change if isinstance(change, list) else [change]
    for pair in pairs:
        size = len(pair) if isinstance(pair, tuple) else 0
        if not isinstance(pair, tuple) or size != 2:
            raise BadArg("type", "change", change, allowed, table)
        changes.append((pair[0], pair[1]))
    return changes


def changed(row: StoredRow, changes: list[tuple[Term, Term]], shape: RowShape, keypos: int, table: str) -> StoredRow:
    """The row after all changes, of which the last one to a position wins. O(fields). Raises BadArg."""
    values: list[Term] = list(row)
    for position, value in changes:
        index = field_index(position, row, shape, keypos, table)
        values[index] = shape.convert_field(index, value, "value", table)
    return rebuilt(row, values)


# --- counters -----------------------------------------------------------------------------------------------------


@final
class Counter:
    """One step of update_counter: add `increment` at `position`; past `threshold`, if there is one, set `reset`."""

    def __init__(self, position: Term, increment: int, threshold: int, reset: int, bounded: bool) -> None:
        self.position: Final = position
        self.increment: Final = increment
        self.threshold: Final = threshold
        self.reset: Final = reset
        self.bounded: Final = bounded

    def apply(self, value: int) -> int:
        total = value + self.increment
        if self.bounded and (total > self.threshold if self.increment >= 0 else total < self.threshold):
            return self.reset
        return total


def is_step(change: Term) -> bool:
    """Whether a change is `(position, int)`."""
    size = 2
    return type(change) is tuple and len(change) == size and type(change[1]) is int


def added(row: StoredRow, index: int, increment: int, table: str) -> int:
    """The sum of an element and an increment. Raises BadArg, cause "type", for an element that is no int."""
    value = row[index]
    if type(value) is int:
        return value + increment
    if not is_integer(value):
        raise BadArg("type", f"element {index + 1}", value, "only an int can be counted up", table)
    return cast(int, value) + increment


def read_counters(change: Term, keypos: int, table: str) -> Operations:
    """The steps that the argument of update_counter asks for. Raises BadArg, cause "type"."""
    if isinstance(change, list):
        return [_read_counter(item, change, table) for item in change]
    if is_integer(change):
        return [Counter(keypos + 2, cast(int, change), 0, 0, False)]
    return [_read_counter(change, change, table)]


def _read_counter(item: Term, change: Term, table: str) -> Counter:
    numbers: tuple[Term, ...] = item[1:] if isinstance(item, tuple) else ()
    size = len(numbers)
    if not isinstance(item, tuple) or size not in {1, 3} or not all([is_integer(number) for number in numbers]):
        allowed = "allowed are an int, (position, int), (position, int, threshold, int), and lists of such tuples"
        raise BadArg("type", "change", change, allowed, table)
    if size == 1:
        return Counter(item[0], cast(int, numbers[0]), 0, 0, False)
    increment, threshold, reset = numbers
    return Counter(item[0], cast(int, increment), cast(int, threshold), cast(int, reset), True)


def counted(row: StoredRow, steps: Operations, shape: RowShape, keypos: int, table: str) -> tuple[StoredRow, list[int]]:
    """The row after all steps, and what each step came to. O(fields). Raises BadArg."""
    values: list[Term] = list(row)
    totals: list[int] = []
    for step in steps:
        index = field_index(step.position, row, shape, keypos, table)
        value = values[index]
        if not is_integer(value):
            raise BadArg("type", f"element {index + 1}", value, "only an int can be counted up", table)
        total = step.apply(cast(int, value))
        values[index] = shape.convert_field(index, total, f"element {index + 1}", table)
        totals.append(total)
    return rebuilt(row, values), totals
