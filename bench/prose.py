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
- *sqlite3* does everything in one transaction; *indexed* has an index of the ages, as has *matchspec set, indexed*,
  which is typed.
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
at every row where nothing else is said. A count that the bounds of an index, or of the keys, tell by themselves looks
at no row; so no columns are kept for repeated scans: they would have to be made anew after each write, where an index
stays right. What columns give can be seen at *polars*, which has nothing else. The tuple keys are `(tenth of the table,
place in it)`: the prefix alone leaves a tenth of the table.
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
anew, and has 1,000 rows. Ranges and equality are asked by queries that have been asked before, as sqlite3 has its
statements prepared.
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
_CALL: Final = """\
Half of it is the call of a method from Python, which a subscript of a dict does without; compare *dict by hand*."""
WHY: Final[Mapping[str, str]] = {
    "all rows": """\
Untyped rows are read from Erlang's external term format, term by term, and checked, as a file may come from anybody;
Erlang does that in C. Rows with a row type are columns, and are read faster.""",
    "insert of all rows at once, per row": """\
The types of the fields are checked and keys and values made, row by row, before SQLite gets them.""",
    "select of rows, 1 guard, 10 % found": """\
SQLite finds the rows in about as long as it takes by hand; the rest is making a row of Python's values of each.""",
    "insert and sync": """\
Nearly all of it is the disk's: the log is forced out, and the folder that it is in.""",
    "insert a ready row": """\
A new key costs an entry in a dict, a number for its slot and a place in the list of rows, so that walks survive writes;
then a look at each element, whether it could be changed from outside. *dict by hand* does the first of these only. Not
taking the lock, in the compiled build, halved it.""",
    "lookup, keys in sequence": _CALL,
    "member": _CALL,
    "update_counter": """\
A row is a tuple, so each step makes a new one, as *dict by hand* does, which is not faster by much; Erlang changes its
copy in place.""",
    "range of 100 keys": """\
The lock, the plan and the two searches in the sorted keys, which are sortedcontainers', are half of it; then rows are
found by their keys. Tried: keys that are numbers stand for themselves, and ranges are looked for once.""",
    "equality on an index, 100 rows": """\
The rows of a value are put in the order of the table, by the numbers of their slots, and each is checked by the query,
which touches the row; *dict of sets by hand* gives them in any order and touches none.""",
    "first query of a fresh process": """\
Importing Lark and reading the tables of the parser is a third; the rest is making the classes of the three packages,
the dataclasses of syntax trees and specs before all. A module that `matchspec generate` made needs no parser.""",
    "select_delete, 10 %": """\
Deleted rows leave empty slots; an ordered_set builds its sorted keys anew when more than a few go.""",
    "bytes per row": """\
The number and the place of a row's slot, by which walks survive writes, come on top of the dict.""",
    "await Task.async_, in a coroutine": """\
A coroutine process is driven by an asyncio task of its own, which is all that *asyncio.create_task* makes; the process
around it, with pid, link, monitor and the message with its result, costs as much again. Tried: no coroutines of our own
between the two, and no exceptions in looking up what kind of function it is.""",
    "async_stream, per item": """\
No thread is woken for short items; what is left is to make a process for each, to run it and to end it, in about equal
parts, and an Executor has no processes. Tried: fewer locks, no list of what runs, no abstract classes to be asked.""",
    "by key, a MatchSpec": """\
To hand a job to a worker, and its outcome back, costs about half of what a query by key takes.""",
}
