"""1,000 small queries over 10 tables: through the executor against the same calls one after the other.

Four kinds of queries: by key (read beforehand, and as a lambda that each call reads), over a range of keys, and a scan
of a whole table. All ways give the same results.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeAlias

from bench.model import Alone, Case, Data, Options, Target, Work
from matchspec import SKIP, spec
from runtime import Ok, QueryExecutor, ets

TABLES: Final = 10
AFTER_ANOTHER: Final = "one after the other"
Jobs: TypeAlias = list[tuple[Any, Any]]
KINDS: Final[dict[str, Any]] = {
    "by key, a MatchSpec": spec("fun({Key, Value}) when Key =:= 7 -> Value end"),
    "by key, a lambda": lambda key, value: value if key == 7 else SKIP,
    "10 keys, a lambda": lambda key, value: value if 10 <= key < 20 else SKIP,
    "a scan, a lambda": lambda key, value: key if value == 5 else SKIP,
}


def one_after_the_other(jobs: Jobs) -> list[Any]:
    return [table.select(query) for table, query in jobs]


def run(jobs: Jobs, workers: int) -> list[Any]:
    return QueryExecutor(max_concurrency=workers).run(jobs)


def stream(jobs: Jobs, workers: int) -> list[Any]:
    outcomes = QueryExecutor(max_concurrency=workers).stream(jobs)
    return [outcome.value for outcome in outcomes if isinstance(outcome, Ok)]


WAYS: Final[dict[str, Callable[[Jobs], list[Any]]]] = {
    AFTER_ANOTHER: one_after_the_other,
    "run, 1 worker": partial(run, workers=1),
    "run, 2 workers": partial(run, workers=2),
    "stream, 2 workers": partial(stream, workers=2),
}


def given(tables: list[Any], results: list[Any]) -> list[Any]:
    """The results, when the tables are done with."""
    for table in tables:
        table.drop()
    return results


def cases(options: Options) -> list[Case]:
    rows = options.at_most(1000)
    queries = 40 if options.quick else 1000

    def work(kind: str, do: Callable[[Jobs], list[Any]]) -> Callable[[Data], Work]:
        def prepared(data: Data) -> Work:
            tables = [ets.new(f"t{n}", tuple[int, int], type="ordered_set") for n in range(TABLES)]
            for table in tables:
                table.insert([(n, n % 97) for n in range(rows)])
            jobs = [(tables[n % TABLES], KINDS[kind]) for n in range(queries)]
            return Work(lambda: do(jobs), partial(given, tables), queries)

        return prepared

    return [
        Case(
            "executor",
            kind,
            "us",
            {name: Alone(work(kind, do)) for name, do in WAYS.items()},
            Data("rows", rows),
            (Target("run, 1 worker", 1.3, AFTER_ANOTHER),),
            base=AFTER_ANOTHER,
        )
        for kind in KINDS
    ]
