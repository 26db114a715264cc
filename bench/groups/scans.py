"""Queries that look at every row."""

from bench.model import Case, Data, Options, Target
from bench.roster import all_who

BASE = "dict by hand"
OURS = ("matchspec set", "matchspec set, typed")  # both have to reach the targets


def targets(*limits: tuple[float, str]) -> tuple[Target, ...]:
    return tuple([Target(who, at_most, against) for at_most, against in limits for who in OURS])


SELECTS = targets((1.1, BASE), (0.2, "ETS set"), (0.7, "ETS ordered_set"), (0.6, "sqlite3"))
QUESTIONS = {
    "select_names": "select, 1 guard, 10 % found",
    "select_pairs": "select, 3 guards, to tuples",
}
OTHERS = {
    "count": "select_count",
    "match_object": "match_object on a column, 1 % found",
    "delete": "select_delete, 10 %",
}


def cases(options: Options) -> list[Case]:
    ordered = Data("rows", options.rows)
    scattered = Data("rows", options.rows, "scattered")
    found = [
        Case("scans", name, "ms", all_who(operation), ordered, SELECTS, base=BASE)
        for operation, name in QUESTIONS.items()
    ]
    found += [
        Case(
            "scans",
            name,
            "ms",
            all_who(operation),
            ordered,
            targets((1.1, BASE)),
            anew=operation == "delete",
            base=BASE,
        )
        for operation, name in OTHERS.items()
    ]
    # Where rows lie makes no difference to those that keep copies of their own in the order of the key.
    own_order = ["sqlite3", "sqlite3, indexed", "polars", "duckdb", "TinyDB", "littletable", "ducks"]
    found += [
        Case(
            "scans",
            f"{name}, scattered",
            "ms",
            all_who(operation, own_order),
            scattered,
            targets((1.0, BASE)),
            base=BASE,
        )
        for operation, name in QUESTIONS.items()
    ]
    return found
