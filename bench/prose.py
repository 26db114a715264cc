"""What performance.md says around its figures. Nothing here may state a figure: those are measured."""

from collections.abc import Mapping
from typing import Final, NamedTuple

INTRO: Final = """\
# Performance

This page is written by `make bench`, which measures matchspec beside its peers in one run; `bench/` holds the cases and
the contestants. Figures of other machines differ; ratios differ less.
"""
TARGETS: Final = """\
## Targets

What the project set out to reach, most of it as a ratio to the contestant named, in the same run.
"""
METHOD: Final = """\
## How it is measured

Rows are `(id, name, age, score)`, put in by ascending id. Before anything is timed, all contestants have to give the
same answer. Then they take turns; a figure is the median of the rounds, each after a garbage collection. What is read
from a database or a DataFrame is brought into Python's values, and that is timed too. ETS is timed inside Erlang, by
its own clock. Specs of matchspec, patterns of ETS and expressions of the others are made beforehand, except where
making them is the case.

- *dict by hand* is what a program without tables keeps: a dict of rows, list comprehensions, no checks, no lock.
- *matchspec set* stores any tuple; *typed* tables check the four fields of each row.
- *sqlite3* does everything in one transaction; *indexed* has an index of the ages.
- *littletable* and *ducks* find objects, *TinyDB* dicts; those are made beforehand.
- A contestant that cannot do a case in reasonable time has fewer rows, which its line says; no ratio is given there.
"""


class Section(NamedTuple):
    """A group of cases on the page."""

    title: str
    text: str


SCANS: Final = """\
Queries that look at every row. In the cases called *scattered*, the rows were put in at random, so that a scan jumps
through memory; contestants whose copies lie in the order of the key are left out there.
"""
POINTS: Final = """\
Up to 100,000 operations one after the other, with the loop around them. What ETS inserts and finds, it copies.
"""
PLANS: Final = """\
Queries that a plan answers without a scan, each of 100 rows but for the 1,000 keys. ETS and matchspec's plain set look
at every row where nothing else is said. The tuple keys are `(tenth of the table, place in it)`: the prefix alone leaves
a tenth of the table.
"""
QUERIES: Final = """\
What a query costs by itself: on a table of one row, and as the first thing that a process does, imports included.
"""
FILTERS: Final = """\
The same two comparisons as text, for programs that let their users write conditions. *Python by hand* is the condition
as code, which no user may bring.
"""
PROCESSES: Final = """\
One after the other, in one thread; Elixir's figures are the best of five runs.
"""
EXECUTOR: Final = """\
Small queries over 10 tables: through the executor, and the same calls one after the other. Times are per query.
"""
DISK: Final = """\
Tables in files, with 100,000 rows. All but DETS hand what is written to the system before they return, so that it
outlives the process; DETS keeps it in memory until `sync`. *sqlite3 by hand* is what a program would write for just
this: one table with typed columns, a write-ahead log, prepared statements, rows made into a NamedTuple. Tables that are
*untyped* hold any tuples, as DETS does. lmdb keeps JSON and does not wait for the disk; TinyDB writes the whole file
anew, and has 1,000 rows.
"""
MEMORY: Final = """\
What a process of its own grows by, for each row, when it fills a contestant: as Python counts its objects; the resident
memory of the process for sqlite3, polars and duckdb; of ETS, what it tells.
"""
GROWTH: Final = """\
The same operations over ever larger tables. A range or prefix is a plan in an ordered_set of matchspec; ETS looks at
every row for it.
"""
SECTIONS: Final[Mapping[str, Section]] = {
    "scans": Section("Scans", SCANS),
    "points": Section("Single rows", POINTS),
    "plans": Section("Ranges, keys and indexes", PLANS),
    "queries": Section("Small queries and the start", QUERIES),
    "filters": Section("Filters that users write", FILTERS),
    "processes": Section("Tasks and agents", PROCESSES),
    "executor": Section("Many queries at once", EXECUTOR),
    "disk": Section("Tables on disk", DISK),
    "memory": Section("Memory", MEMORY),
    "growth": Section("Growth", GROWTH),
}
# Why a target is missed, where the time goes and what was tried, by the name of the case: told where one is missed.
WHY: Final[Mapping[str, str]] = {}
