"""Tables whose queries take time, and values that act when a query compares them, for the tests of the executor."""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from matchspec import SKIP
from runtime import ets, sleep

AnyTable: TypeAlias = ets.Table[Any]

EQUAL: Final = "lambda k, v: k if v == 0 else SKIP"  # calls the `==` of the value


def digit_is(wanted: int) -> Any:
    return lambda n, digit: n if digit == wanted else SKIP


class Slow:
    """A value that takes a while to compare."""

    def __init__(self, seconds: float) -> None:
        self.seconds: Final = seconds

    def __eq__(self, other: object) -> bool:
        sleep(self.seconds)
        return True

    def __hash__(self) -> int:
        return 0


class Noting:
    """A value that calls a function when it is compared; `then` is the answer."""

    def __init__(self, fn: Callable[[], object], then: bool = True) -> None:
        self.fn: Final = fn
        self.then: Final = then

    def __eq__(self, other: object) -> bool:
        self.fn()
        return self.then

    def __hash__(self) -> int:
        return 0

    def __deepcopy__(self, memo: object) -> "Noting":
        return self


def slow_tables(*seconds: float) -> list[AnyTable]:
    """Tables of one row, the number of the table, which takes so many seconds to be found."""
    tables: list[AnyTable] = []
    for number, wait in enumerate(seconds):
        table = ets.new("slow")
        table.insert((number, Slow(wait)))
        tables.append(table)
    return tables


def numbers(count: int) -> AnyTable:
    table = ets.new("numbers", type="ordered_set")
    table.insert([(n, n % 10) for n in range(count)])
    return table
