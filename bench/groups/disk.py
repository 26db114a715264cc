"""Tables in files: single rows, many at once, queries, and opening a file of any size."""

from typing import Final

from bench.model import Case, Data, Options, Target
from bench.roster import all_who, some_who

OURS: Final = "matchspec"
UNTYPED: Final = "matchspec, untyped"
DETS: Final = "DETS"
BY_HAND: Final = "sqlite3 by hand"
ROWS: Final = 100_000  # DETS takes its time with more
SIZES: Final = (1_000, 10_000, 100_000, 1_000_000)


def both(hand: float, erlang: float) -> tuple[Target, ...]:
    return Target(OURS, hand, BY_HAND), Target(OURS, erlang, DETS)


def cases(options: Options) -> list[Case]:
    rows = Data("rows", options.at_most(ROWS))
    grouped = Data("grouped", options.at_most(ROWS))

    def of(name: str, operation: str, unit: str, targets: tuple[Target, ...], data: Data = rows) -> Case:
        return Case("disk", name, unit, all_who(operation), data, targets, base=BY_HAND)

    return [
        of("insert, kept when the process dies", "disk_insert", "us", both(1.5, 0.5)),
        of("insert and sync", "disk_sync", "us", (Target(OURS, 0.5, DETS),)),
        of("insert of all rows at once, per row", "disk_bulk", "us", both(1.5, 0.5)),
        of("lookup, random keys", "disk_lookup", "us", (*both(1.5, 0.5), Target(UNTYPED, 1.5, DETS))),
        of("select of a field, 1 guard, 10 % found", "disk_names", "ms", both(1.3, 0.3)),
        of("select of rows, 1 guard, 10 % found", "disk_people", "ms", both(1.3, 0.3)),
        of("count, 1 guard", "disk_count", "ms", (Target(OURS, 1.3, BY_HAND),)),
        of("all rows", "disk_all", "ms", (Target(UNTYPED, 1.0, DETS),)),
        of("range of 100 keys", "disk_range", "us", (Target(OURS, 1.3, BY_HAND),)),
        of("bytes per row in the file", "disk_bytes", "bytes", (Target(OURS, 1.2, BY_HAND),)),
        of("equality on an index, 100 rows", "disk_indexed", "us", (Target(OURS, 1.3, BY_HAND),), grouped),
        *[opening(size, options) for size in sizes(options)],
    ]


def sizes(options: Options) -> list[int]:
    return [size for size in SIZES if size <= options.rows] or [options.rows]


def opening(size: int, options: Options) -> Case:
    ways = some_who("disk_open", (OURS, BY_HAND))
    name = f"open and look up one row, {size:,} rows"
    return Case("disk", name, "ms", ways, Data("rows", size), (Target(OURS, 2.0),), base=BY_HAND)
