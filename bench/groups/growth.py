"""The same operations over tables of growing size. A case is one operation over one size; the report has curves."""

from typing import Final

from bench.groups.plans import ORDERED, RANGE, SAME_ORDER
from bench.model import Case, Data, Kind, Options, Target
from bench.roster import one, some_who

# What is done, its operation, the unit, who does it, and the kind of the rows.
CURVES: Final[tuple[tuple[str, str, str, tuple[str, ...], Kind], ...]] = (
    (
        "select, 1 guard, 10 % found",
        "select_names",
        "ms",
        ("matchspec set", ORDERED, "dict by hand", "ETS set", "ETS ordered_set", "sqlite3"),
        "rows",
    ),
    (
        "lookup, random keys",
        "lookup_random",
        "ns",
        ("matchspec set", ORDERED, "dict by hand", "ETS set", "ETS ordered_set", "SortedDict"),
        "rows",
    ),
    ("range of 100 keys", "range", "us", (ORDERED, "SortedDict", "ETS ordered_set", "sqlite3"), "rows"),
    (
        "prefix and range of a tuple key, 100 rows",
        "prefix",
        "us",
        (ORDERED, "SortedDict", "ETS ordered_set", "sqlite3"),
        "pairs",
    ),
)
SMALLEST: Final = 10_000


def sizes(options: Options) -> list[int]:
    """By tens, from 10,000 up to ten times the rows of the run, but no more than `largest`."""
    if options.quick:
        return [options.rows, 2 * options.rows]
    size = SMALLEST
    found: list[int] = []
    while size <= min(10 * options.rows, options.largest):
        found.append(size)
        size *= 10
    return found


def shown(size: int) -> str:
    return f"{size:,} rows"


def cases(options: Options) -> list[Case]:
    """Case after case of one size, so that tables are made once."""
    found: list[Case] = []
    for size in sizes(options):
        for name, operation, unit, who, kind in CURVES:
            ways = some_who(operation, who)
            targets: tuple[Target, ...] = ()
            if operation == "prefix":
                ways |= one(ORDERED, "range", RANGE, "rows")
                targets = (Target(ORDERED, SAME_ORDER, RANGE),)
            found.append(Case("growth", f"{name}, {shown(size)}", unit, ways, Data(kind, size), targets, base=who[0]))
    return found
