"""Operations on single rows: put in, looked up, counted."""

from bench.model import Case, Data, Options, Target
from bench.roster import all_who

BASE = "ETS set"


def cases(options: Options) -> list[Case]:
    some = Data("rows", options.at_most(100_000))
    all_rows = Data("rows", options.rows)

    def of(name: str, operation: str, data: Data, targets: tuple[Target, ...] = (), anew: bool = False) -> Case:
        return Case("points", name, "ns", all_who(operation), data, targets, anew=anew, base=BASE)

    inserted = (Target("matchspec set", 0.2, BASE), Target("matchspec set, typed", 0.4, BASE))
    return [
        of("insert a ready row", "insert", some, inserted),
        of("insert a list of rows, per row", "bulk", all_rows),
        of("lookup, keys in sequence", "lookup", all_rows, (Target("matchspec set", 0.35, BASE),)),
        of("lookup, random keys", "lookup_random", all_rows),
        of("member", "member", all_rows, (Target("matchspec set", 0.25, BASE),)),
        of("update_counter", "update_counter", some, (Target("matchspec set", 1.2, BASE),), anew=True),
    ]
