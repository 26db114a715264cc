"""What a benchmark is made of: rows, contestants with their operations, cases with their targets.

An operation prepares its work outside of the clock. Only the call is timed; what it returns is then made small by a
digest, which has to be the same for all contestants of a case.
"""

import gc
import importlib
import importlib.metadata
import importlib.util
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal, NamedTuple, Protocol, TypeAlias, final

Row: TypeAlias = tuple[Any, ...]
Store: TypeAlias = Any  # what a contestant keeps its rows in
Answer: TypeAlias = Any  # comparable by ==; None says that there is nothing to check
Kind: TypeAlias = Literal["rows", "pairs", "grouped", "one"]
Order: TypeAlias = Literal["key", "scattered"]

# What a value counts: seconds, or bytes; and how many of the unit shown are in one of it.
UNITS: Final[Mapping[str, float]] = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9, "bytes": 1.0}
SEED: Final = 20
A_GROUP: Final = 100  # rows that share a value of the indexed column


@final
@dataclass(frozen=True)
class Data:
    """The rows of a case; contestants that cannot read Python's memory make the same ones by themselves.

    rows: (id, name, age, score), ages 0 to 99 in turn; grouped: the same, with 100 rows of each age;
    pairs: ((a tenth, place in it), name); one: a single row.
    Scattered rows are made by ascending id and put in at random, so that a walk jumps through memory.
    """

    kind: Kind
    number: int
    order: Order = "key"

    @cached_property
    def rows(self) -> list[Row]:
        rows = list(map(self.row, range(self.number)))
        if self.order == "scattered":
            random.Random(SEED).shuffle(rows)
        return rows

    def row(self, n: int) -> Row:
        match self.kind:
            case "pairs":
                return divmod(n, self.tenth), str(n)
            case "grouped":
                return n, str(n), n % self.groups, n / 8
            case "rows":
                return n, str(n), n % 100, n / 8
            case "one":
                return 1, "1", 3, 4.0

    @property
    def tenth(self) -> int:
        return max(self.number // 10, 1)

    @property
    def groups(self) -> int:
        return max(self.number // A_GROUP, 1)

    @property
    def keys(self) -> range:
        """The keys of operations on single rows, in sequence."""
        return range(min(self.number, 100_000))

    @property
    def random_keys(self) -> list[int]:
        return random.Random(SEED).choices(range(self.number), k=len(self.keys))

    def starts(self, count: int, span: int = A_GROUP) -> list[int]:
        """Where some ranges of so many keys begin, evenly spread."""
        step = max((self.number - span) // count, 1)
        return [n * step % max(self.number - span, 1) for n in range(count)]


class Work(NamedTuple):
    """What an operation times: a call that does the thing so many times, and how to compare what it returned."""

    call: Callable[[], Any]
    digest: Callable[[Any], Answer]
    calls: int = 1


class Run(NamedTuple):
    """One measurement: seconds for each thing done, or bytes; and the digest of the answer."""

    value: float
    answer: Answer


Operation: TypeAlias = Callable[[Store, Data], Work]


class Way(Protocol):
    """How a contestant does a case: with at most so many rows, of this kind instead of the case's, unless None."""

    most: int | None
    kind: Kind | None

    def make(self, data: Data) -> Store: ...

    def run(self, store: Store, data: Data) -> Run: ...

    def drop(self, store: Store) -> None: ...


def timed(work: Work) -> Run:
    gc.collect()
    start = time.perf_counter()
    result = work.call()
    took = time.perf_counter() - start
    return Run(took / work.calls, work.digest(result))


class Contestant:
    """Who keeps rows, and what it can do with them. A subclass names itself, what it needs, and its operations."""

    name: str
    needs: tuple[str, ...] = ()  # modules, which may be missing
    most: int | None = None
    foreign = False  # whether its rows are kept by code that Python's allocator knows nothing of
    in_file = False  # whether its rows are kept in a file
    operations: Mapping[str, Operation] = {}

    def make(self, data: Data) -> Store:
        raise AssertionError(f"{self.name} says nothing about how it keeps {data.kind}")

    def run(self, store: Store, data: Data, operation: str) -> Run:
        return timed(self.operations[operation](store, data))

    def drop(self, store: Store) -> None:
        """Gives back what garbage collection does not."""

    def missing(self) -> str | None:
        """What is not installed, None if all is there."""
        return next((name for name in self.needs if importlib.util.find_spec(name) is None), None)


@final
class Does:
    """A way: the contestant does this operation, over rows of another kind than the case's if one is named."""

    def __init__(self, contestant: Contestant, operation: str, kind: Kind | None = None) -> None:
        self.contestant: Final = contestant
        self.operation: Final = operation
        self.kind = kind
        self.most = contestant.most

    def make(self, data: Data) -> Store:
        return self.contestant.make(data)

    def run(self, store: Store, data: Data) -> Run:
        return self.contestant.run(store, data, self.operation)

    def drop(self, store: Store) -> None:
        self.contestant.drop(store)


@final
class Alone:
    """A way that has no table: an operation on the data alone."""

    most: int | None = None
    kind: Kind | None = None

    def __init__(self, operation: Callable[[Data], Work]) -> None:
        self.operation: Final = operation

    def make(self, data: Data) -> Store:
        return None

    def run(self, store: Store, data: Data) -> Run:
        return timed(self.operation(data))

    def drop(self, store: Store) -> None:
        """Nothing is kept."""


@final
class Valued:
    """A way whose value is found elsewhere, such as in a process of its own, by a function of the data."""

    most: int | None = None
    kind: Kind | None = None

    def __init__(self, value: Callable[[Data], float]) -> None:
        self.value: Final = value

    def make(self, data: Data) -> Store:
        return None

    def run(self, store: Store, data: Data) -> Run:
        return Run(self.value(data), None)

    def drop(self, store: Store) -> None:
        """Nothing is kept."""


@final
@dataclass(frozen=True)
class Target:
    """What is to be reached: `who` takes at most so many times what `against` takes.

    With `beyond`, at most so many units more than `against`; without `against`, so many units.
    """

    who: str
    at_most: float
    against: str | None = None
    beyond: bool = False


@final
@dataclass(frozen=True)
class Case:
    """One thing to do, by all who can. `anew` says that it changes the rows, so that each run gets new ones."""

    group: str
    name: str
    unit: str
    ways: Mapping[str, Way]
    data: Data
    targets: tuple[Target, ...] = ()
    anew: bool = False
    once: bool = False  # for what does not vary from run to run
    base: str = ""  # to whose time the table of the report gives the ratios of the others

    def called(self) -> str:
        return f"{self.group}/{self.name}"


@final
@dataclass(frozen=True)
class Options:
    """How large a run is."""

    rows: int = 1_000_000
    repeats: int = 5
    seconds: float = 10.0  # past which a case is not repeated more than three times
    quick: bool = False
    only: tuple[str, ...] = field(default=())
    largest: int = 10_000_000  # rows of the largest table of the group of growing ones

    def at_most(self, number: int) -> int:
        return min(self.rows, number)


def optional(name: str) -> Any:
    """A module that may be missing, as Any, since few of the peers have types; None if it is."""
    return importlib.import_module(name) if importlib.util.find_spec(name) is not None else None
