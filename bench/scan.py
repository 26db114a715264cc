"""One guard over a whole table: matchspec against a list comprehension and, where `erl` is installed, Erlang's own ETS.

    python bench/scan.py [--rows 200000] [--json]

Every contender gives the same rows, which is checked. Times are the best of five, in milliseconds; the ratio is to the
list comprehension of the same run. A shared machine is noisy: compare ratios, not times.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from matchspec import SKIP
from runtime import ets

REPEATS = 5

ERLANG = """
T = ets:new(t, [{type}, public]),
ets:insert(T, [{{N, integer_to_binary(N), N rem 100, N / 2}} || N <- lists:seq(0, {rows} - 1)]),
MS = [{{{{'$1','$2','$3','_'}},[{{'<','$3',10}}],[{{{{'$1','$2'}}}}]}}],
Times = [begin S = erlang:monotonic_time(microsecond), R = ets:select(T, MS),
    {{erlang:monotonic_time(microsecond) - S, length(R)}} end || _ <- lists:seq(1, {repeats})],
{{Time, Count}} = lists:min(Times),
io:format("~w ~w", [Time, Count]),
halt().
"""


def best(run: Callable[[], list[tuple[int, str]]]) -> tuple[float, int]:
    """The shortest of several runs in milliseconds, and how many rows they gave."""
    times: list[float] = []
    count = 0
    for _ in range(REPEATS):
        start = time.perf_counter()
        count = len(run())
        times.append((time.perf_counter() - start) * 1000)
    return min(times), count


def erlang(rows: int, table_type: str) -> tuple[float, int] | None:
    """The same query on Erlang's ETS, or None without Erlang."""
    erl = shutil.which("erl")
    if erl is None:
        return None
    code = ERLANG.format(type=table_type, rows=rows, repeats=REPEATS)
    run = subprocess.run([erl, "-noshell", "-eval", code], capture_output=True, text=True, check=True)
    micros, count = run.stdout.split()
    return int(micros) / 1000, int(count)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--json", action="store_true", help="print JSON, for comparing runs")
    options = parser.parse_args()
    rows = [(n, str(n), n % 100, n / 2) for n in range(options.rows)]
    results: dict[str, tuple[float, int]] = {
        "list comprehension": best(lambda: [(row[0], row[1]) for row in rows if row[2] < 10])
    }
    for table_type in ("set", "ordered_set"):
        table = ets.new("bench", tuple[int, str, int, float], type=table_type)
        table.insert(rows)
        queries: dict[str, object] = {
            "lambda": lambda key, name, group, half: (key, name) if group < 10 else SKIP,
            "Erlang text": "fun({Key, Name, Group, _}) when Group < 10 -> {Key, Name} end",
        }
        for name, query in queries.items():
            results[f"{table_type}, {name}"] = best(partial(table.select, query))
        peer = erlang(options.rows, table_type)
        if peer is not None:
            results[f"{table_type}, Erlang's ETS"] = peer
    assert len({count for _, count in results.values()}) == 1, "the contenders disagree"
    base = results["list comprehension"][0]
    if options.json:
        print(json.dumps({name: {"ms": ms, "ratio": ms / base} for name, (ms, _) in results.items()}, indent=2))
        return
    print(f"{options.rows} rows, {next(iter(results.values()))[1]} results")
    for name, (ms, _) in results.items():
        print(f"{name:28} {ms:9.1f} ms {ms / base:7.2f}x")


if __name__ == "__main__":
    main()
