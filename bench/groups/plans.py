"""Queries that need not look at every row: ranges and prefixes of keys, many keys, indexes."""

from bench.model import Case, Data, Options, Target
from bench.roster import all_who, one

ORDERED = "matchspec ordered_set, typed"
INDEXED = "matchspec set, indexed"
RANGE = "matchspec ordered_set, a range of 100 keys"
SAME_ORDER = 3.0  # what counts as the same order of time


def cases(options: Options) -> list[Case]:
    rows = Data("rows", options.rows)
    pairs = Data("pairs", options.rows)
    grouped = Data("grouped", options.rows)
    by_next = one("ETS ordered_set", "range_by_next", "ETS ordered_set, next and lookup by hand")
    a_lambda = one(ORDERED, "range_lambda", "matchspec ordered_set, a lambda each time")
    ranges = all_who("range") | a_lambda | by_next
    lookups = one("matchspec set", "many_lookups", "matchspec set, 1,000 lookups")
    scans = one("ETS set", "scan_group", "ETS set, without an index") | one(
        "dict by hand", "scan_group", "dict by hand, a scan"
    )
    indexed = {
        ("dict of sets by hand" if name == "dict by hand" else name): way for name, way in all_who("indexed").items()
    }
    if "ETS set" in indexed:
        indexed["ETS set, a bag as index by hand"] = indexed.pop("ETS set")
    indexed.pop("ETS ordered_set", None)
    return [
        Case(
            "plans",
            "range of 100 keys",
            "us",
            ranges,
            rows,
            (Target(ORDERED, 1.5, "SortedDict"), Target(ORDERED, 0.001, "ETS ordered_set")),
            base=ORDERED,
        ),
        Case(
            "plans",
            "prefix and range of a tuple key, 100 rows",
            "us",
            all_who("prefix", ["ETS set", "sqlite3, indexed"]) | one(ORDERED, "range", RANGE, "rows"),
            pairs,
            (Target(ORDERED, SAME_ORDER, RANGE),),
            base=ORDERED,
        ),
        Case(
            "plans",
            "1,000 keys in one query",
            "us",
            all_who("many_keys") | lookups,
            rows,
            (Target("matchspec set", 2.0, "matchspec set, 1,000 lookups"),),
            base="matchspec set",
        ),
        Case(
            "plans",
            "equality on an index, 100 rows",
            "us",
            indexed | scans,
            grouped,
            (Target(INDEXED, 2.0, "dict of sets by hand"),),
            base=INDEXED,
        ),
        Case(
            "plans",
            "select_count told by an index, 10 % found",
            "us",
            one(INDEXED, "count_indexed", INDEXED) | all_who("count"),
            rows,
            base=INDEXED,
        ),
    ]
