"""Any text at all either works or raises a MatchSpecError: one text goes through one door of the library.

`Doors.feed` gives a text to `spec`, `parse_term` or a table's `match`, runs what comes out over a few rows, shows it
in all three languages, and reads that text again. Whatever is raised but a MatchSpecError (or the BadArg of a table) is
a bug. `Meter` keeps what the worst texts cost: CPU seconds, and how far they raised the peak of the memory.
"""

import random
import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final, TypeAlias

from matchspec import BINDINGS, ROW, Atom, MatchSpecError, exactly_equal, format_term, parse_term, spec
from matchspec.pattern import pattern_spec
from matchspec.spec import NO_MATCH
from matchspec.values import shown
from runtime import BadArg, ets
from tests.matchspec.lambda_texts import ENV, Item, Pair, pool

Value: TypeAlias = Any
Door: TypeAlias = Callable[[str, str, random.Random], Value]

ROWS: Final[list[Value]] = [
    *pool(3),
    *[(1, 2), (2.5, "a", None), ("a", Atom("ok"), [1, 2]), ((1,), {"a": 1}, b"\xff"), (Atom("p"), 1, 2), (), [], 7],
]
NAMES: Final[dict[str, Value]] = {
    **{name: value for name, value in ENV.items() if name != "SKIP"},
    **{"limit": 10, "Limit": 10, "A": 1, "B": "b", "X": (1, 2), "x": [1], "a": 2.5, "y": Atom("y"), "u": (1, 2)},
}
RECORDS: Final[dict[str, Value]] = {"p": ["x", ("y", 1)], "r": ["a"], "user": ["name", ("age", 0)]}
LONG: Final = 2_000  # characters from which on a text is not shown in all languages and read again, ten times the work
ENOUGH: Final = 0.2  # seconds of CPU time for the rows of one text


class WrongResultError(Exception):
    """What came out contradicts itself; not a MatchSpecError, so that it counts as a bug."""


class TooSlowError(BaseException):
    """Raised by a timer; no Exception, so that no handler in the library takes it for an error of a value."""


def _use(query: Value, source: random.Random, size: int) -> None:
    """All that a user may do with a query; only some of it where a row takes long, as that is what a text may cost."""
    start = time.process_time()
    for row in ROWS:
        try:
            query.test(row)
        except MatchSpecError as error:
            str(error)
        if time.process_time() - start > ENOUGH:
            return
    if not exactly_equal(query.test(ROWS[3], NO_MATCH) if query.language != "python" else 0, NO_MATCH):
        hash(query)
    if query != query or not repr(query):
        raise WrongResultError("the query is not equal to itself, or has no repr")
    if size <= LONG and source.random() < 0.3:
        _show(query)
    if source.random() < 0.1:
        _search(query, source)


def _show(query: Value) -> None:
    for render, syntax in ((query.to_erlang, "erlang"), (query.to_elixir, "elixir"), (query.to_python, "python")):
        try:
            text = render()
        except MatchSpecError as error:
            str(error)
            continue
        try:
            again = spec(text, syntax=syntax, env=NAMES)
            same = syntax == "python" or exactly_equal(again.to_term(), query.to_term())
        except MatchSpecError as error:
            # A text may be refused for its size: what is shown can be longer than what was read.
            if len(text) < 10_000 and syntax != "python" and "deeper" not in str(error):
                raise WrongResultError(f"shown as {syntax}, but refused there: {error}") from None
        else:
            if not same and "nan" not in repr(query):
                raise WrongResultError(f"shown as another query in {syntax}: {text}")


def _search(query: Value, source: random.Random) -> None:
    table = ets.new("fuzzed", type=source.choice(["set", "ordered_set", "bag", "duplicate_bag"]), index=[2])
    try:
        table.insert([row for row in ROWS if isinstance(row, tuple) and len(row) > 1])
        doors: list[Callable[[Value], Value]] = [table.select, table.select_reverse, table.select_count, table.explain]
        for door in [*doors, table.select_replace, table.select_delete]:
            try:
                shown(door(query))
            except (MatchSpecError, BadArg) as error:
                str(error)
        if problems := table.check():
            raise WrongResultError(f"the table is broken: {problems}")
    finally:
        table.drop()


def _spec(text: str, syntax: str, source: random.Random) -> Value:
    row = source.choice([None, Item, Pair]) if syntax == "python" else None
    query = spec(text, syntax=syntax, env=NAMES, records=RECORDS, row=row, strict=source.random() < 0.1)
    _use(query, source, len(text))
    return query


def _auto(text: str, syntax: str, source: random.Random) -> Value:
    query = spec(text, env=NAMES, records=RECORDS)
    _use(query, source, len(text))
    return query


def _term(text: str, syntax: str, source: random.Random) -> Value:
    term = parse_term(text, "erlang" if syntax == "erlang" else "elixir" if syntax == "elixir" else "python")
    for other in ("erlang", "elixir", "python"):
        try:
            written = format_term(term, other)
        except MatchSpecError as error:
            str(error)
            continue
        if len(written) < 10_000 and "nan" not in written:
            again = parse_term(written, other)
            if not exactly_equal(again, term):
                raise WrongResultError(f"{written} in {other} is read as {shown(again)}, not {shown(term)}")
    return term


def _pattern(text: str, syntax: str, source: random.Random) -> Value:
    query: Value = pattern_spec(text, source.choice([ROW, BINDINGS]), syntax=source.choice(["auto", syntax]))
    for row in ROWS:
        query.test(row)
    return query


DOORS: Final[tuple[Door, ...]] = (_spec, _spec, _spec, _auto, _term, _pattern)


def feed(text: str, syntax: str, door: Door, seed: int) -> bool:
    """Whether the text is accepted. Raises whatever is no documented error."""
    try:
        door(text, syntax, random.Random(seed))
    except MatchSpecError as error:
        if not str(error):
            raise WrongResultError("an error without a message") from None
        return False
    return True


# --- what it costs ------------------------------------------------------------------------------------------------


def peak_memory() -> int:
    """The most memory that this process has held so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class Meter:
    """The costliest of many calls."""

    def __init__(self, most_seconds: float = 1.0, most_bytes: int = 1 << 30) -> None:
        self.most_seconds: Final = most_seconds
        self.most_bytes: Final = most_bytes
        self.seconds = 0.0
        self.slowest = ""
        self.growth = 0
        self.largest = ""

    @contextmanager
    def measure(self, label: str) -> Iterator[None]:
        memory, start = peak_memory(), time.process_time()
        with time_limit(20 * self.most_seconds):
            yield
        seconds, grown = time.process_time() - start, peak_memory() - memory
        if seconds > self.seconds:
            self.seconds, self.slowest = seconds, label
        if grown > self.growth:
            self.growth, self.largest = grown, label
        if seconds > self.most_seconds:
            raise TooSlowError(f"took {seconds:.2f} s of CPU time")
        if grown > self.most_bytes:
            raise TooSlowError(f"took {grown / 2**20:.0f} MB of memory")


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Interrupts what takes more CPU time, as soon as the next bytecode runs."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise TooSlowError(f"took more than {seconds} s of CPU time")

    before = signal.signal(signal.SIGVTALRM, interrupt)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
