"""1,000 small queries over 10 tables: through the executor against the same calls one after the other.

    python bench/executor.py [--queries 1000] [--rows 1000]

Three kinds of queries: by key, over a range of keys, and a scan of a whole table. Both ways give the same results, which
is checked. They take turns within one run, and the ratio is that of their best times: a shared machine is noisy, so
compare ratios, not times.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from matchspec import SKIP, spec
from runtime import QueryExecutor, ets

REPEATS = 7
TABLES = 10


def timed(run: Callable[[], list[Any]]) -> tuple[float, list[Any]]:
    start = time.perf_counter()
    results = run()
    return time.perf_counter() - start, results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=1000)
    options = parser.parse_args()
    tables = [ets.new(f"t{n}", tuple[int, int], type="ordered_set") for n in range(TABLES)]
    for table in tables:
        table.insert([(n, n % 97) for n in range(options.rows)])
    kinds: dict[str, Any] = {
        "by key, compiled": spec(lambda key, value: value if key == 7 else SKIP),
        "by key, lambda": lambda key, value: value if key == 7 else SKIP,
        "range of 10 keys, lambda": lambda key, value: value if 10 <= key < 20 else SKIP,
        "scan, lambda": lambda key, value: key if value == 5 else SKIP,
    }
    print(f"{options.queries} queries over {TABLES} tables of {options.rows} rows")
    for name, query in kinds.items():
        jobs = [(tables[n % TABLES], query) for n in range(options.queries)]
        ways: dict[str, Callable[[], list[Any]]] = {
            "one after the other": lambda jobs=jobs: [table.select(query) for table, query in jobs],
            "1 worker": lambda jobs=jobs: QueryExecutor(max_concurrency=1).run(jobs),
            "2 workers": lambda jobs=jobs: QueryExecutor(max_concurrency=2).run(jobs),
            "stream of 2": lambda jobs=jobs: [one.value for one in QueryExecutor(max_concurrency=2).stream(jobs)],
        }
        best = dict.fromkeys(ways, float("inf"))
        for _ in range(REPEATS):
            answers: list[list[Any]] = []
            for way, run in ways.items():
                seconds, results = timed(run)
                best[way] = min(best[way], seconds)
                answers.append(results)
            assert all(answer == answers[0] for answer in answers), "the ways disagree"
        base = best["one after the other"]
        shown = ", ".join(f"{way} {best[way] * 1000:.1f} ms ({best[way] / base:.2f}x)" for way in ways)
        print(f"{name:26} {shown}")


if __name__ == "__main__":
    main()
