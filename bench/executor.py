"""1,000 small queries over 10 tables: through the executor against the same calls one after the other.

    python bench/executor.py [--queries 1000] [--rows 1000]

Four kinds of queries: by key (read beforehand, and as a lambda that each call reads), over a range of keys, and a scan
of a whole table. All ways give the same results, which is checked. They take turns within one run; ratios are those of
the best times, by the clock and in seconds of the processor. A shared machine is noisy: compare ratios, not times.
"""

import argparse
import math
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

sys.path.insert(0, str(Path(__file__).parent.parent))

from matchspec import SKIP, spec
from runtime import Ok, QueryExecutor, ets

REPEATS = 7
TABLES = 10


Jobs: TypeAlias = list[tuple[Any, Any]]


def one_after_the_other(jobs: Jobs) -> list[Any]:
    return [table.select(query) for table, query in jobs]


def run(jobs: Jobs, workers: int) -> list[Any]:
    return QueryExecutor(max_concurrency=workers).run(jobs)


def stream(jobs: Jobs, workers: int) -> list[Any]:
    outcomes = QueryExecutor(max_concurrency=workers).stream(jobs)
    return [outcome.value for outcome in outcomes if isinstance(outcome, Ok)]


WAYS: dict[str, Callable[[Jobs], list[Any]]] = {
    "one after the other": one_after_the_other,
    "run, 1 worker": partial(run, workers=1),
    "run, 2 workers": partial(run, workers=2),
    "stream, 2 workers": partial(stream, workers=2),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=1000)
    options = parser.parse_args()
    tables = [ets.new(f"t{n}", tuple[int, int], type="ordered_set") for n in range(TABLES)]
    for table in tables:
        table.insert([(n, n % 97) for n in range(options.rows)])
    kinds: dict[str, Any] = {
        "by key, a MatchSpec": spec("fun({Key, Value}) when Key =:= 7 -> Value end"),
        "by key, a lambda": lambda key, value: value if key == 7 else SKIP,
        "10 keys, a lambda": lambda key, value: value if 10 <= key < 20 else SKIP,
        "a scan, a lambda": lambda key, value: key if value == 5 else SKIP,
    }
    print(f"{options.queries} queries over {TABLES} tables of {options.rows} rows")
    for kind, query in kinds.items():
        jobs = [(tables[n % TABLES], query) for n in range(options.queries)]
        best = dict.fromkeys(WAYS, (math.inf, math.inf))
        for _ in range(REPEATS):
            answers: list[list[Any]] = []
            for way, do in WAYS.items():
                clock, processor = time.perf_counter(), time.process_time()
                answers.append(do(jobs))
                took = (time.perf_counter() - clock, time.process_time() - processor)
                best[way] = (min(best[way][0], took[0]), min(best[way][1], took[1]))
            assert all(answer == answers[0] for answer in answers), "the ways disagree"
        print(kind)
        base = best["one after the other"]
        for way, (clock, processor) in best.items():
            ratios = f"{clock / base[0]:5.2f}x {processor / base[1]:5.2f}x"
            print(f"  {way:20} {clock * 1000:8.1f} ms, processor {processor * 1000:8.1f} ms, {ratios}")


if __name__ == "__main__":
    main()
