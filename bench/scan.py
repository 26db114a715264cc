"""Queries that look at every row: matchspec against a list comprehension and, where `erl` is installed, Erlang's ETS.

    python bench/scan.py [--rows 1000000] [--repeats 5] [--json]

The rows are (id, name, age, score), put in by ascending id. The comprehension goes over the values of a dict of rows,
which is what a program without tables would keep. All contenders give the same number of results, which is checked.
Times are medians in milliseconds; ratios are to the comprehension of the same run. A shared machine is noisy: compare
ratios, not times.
"""

import argparse
import gc
import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

sys.path.append(str(Path(__file__).parent.parent))

from matchspec import ANY, COMPILED, SKIP, spec
from runtime import ets

Row: TypeAlias = tuple[int, str, int, float]
Rows: TypeAlias = dict[int, Row]
Table: TypeAlias = Any


class Case(NamedTuple):
    """One question, as each contender puts it; each answers with how many rows it found."""

    by_hand: Callable[[Rows], int]
    by_table: Callable[[Table], int]
    erlang: str  # of T


def delete_by_hand(rows: Rows) -> int:
    chosen = [key for key, row in rows.items() if row[2] >= 90]
    for key in chosen:
        del rows[key]
    return len(chosen)


ONE_GUARD = spec(lambda key, name, age, score: name if age >= 90 else SKIP)
COUNTED = spec(lambda key, name, age, score: age >= 90)

CASES = {
    "select, 1 guard, 10 %": Case(
        lambda rows: len([row[1] for row in rows.values() if row[2] >= 90]),
        lambda table: len(table.select(ONE_GUARD)),
        "length(ets:select(T, [{{'_','$2','$3','_'},[{'>=','$3',90}],['$2']}]))",
    ),
    "select, 3 guards, tuples": Case(
        lambda rows: len(
            [(row[0], row[1]) for row in rows.values() if row[2] >= 50 and row[2] < 70 and row[3] < 62_500.0]
        ),
        lambda table: len(table.select("fun({K, N, A, S}) when A >= 50, A < 70, S < 62500.0 -> {K, N} end")),
        "length(ets:select(T, [{{'$1','$2','$3','$4'},"
        "[{'>=','$3',50},{'<','$3',70},{'<','$4',62500.0}],[{{'$1','$2'}}]}]))",
    ),
    "select_count, 1 guard": Case(
        lambda rows: len([1 for row in rows.values() if row[2] >= 90]),
        lambda table: table.select_count(COUNTED),
        "ets:select_count(T, [{{'_','_','$3','_'},[{'>=','$3',90}],[true]}])",
    ),
    "match_object, 1 column, 1 %": Case(
        lambda rows: len([row for row in rows.values() if row[2] == 37]),
        lambda table: len(table.match_object((ANY, ANY, 37, ANY))),
        "length(ets:match_object(T, {'_','_',37,'_'}))",
    ),
    "select_delete, 10 %": Case(
        delete_by_hand,
        lambda table: table.select_delete(COUNTED),
        "ets:select_delete(T, [{{'_','_','$3','_'},[{'>=','$3',90}],[true]}])",
    ),
}
ERLANG = """
Rows = [{{N, integer_to_binary(N), N rem 100, N / 8}} || N <- lists:seq(0, {rows} - 1)],
New = fun() -> T = ets:new(t, [{type}, public]), ets:insert(T, Rows), T end,
Run = fun(Ask) -> T = New(), erlang:garbage_collect(),
    S = erlang:monotonic_time(microsecond), Count = Ask(T),
    Took = erlang:monotonic_time(microsecond) - S, ets:delete(T), {{Took, Count}} end,
io:format("[~s]", [lists:join(",", [io_lib:format("[~w,~w]",
    [lists:nth({repeats} div 2 + 1, lists:sort([element(1, Run(Ask)) || _ <- lists:seq(1, {repeats})])),
     element(2, Run(Ask))]) || Ask <- [{asks}]])]),
halt().
"""


def measured(make: Callable[[], Any], ask: Callable[[Any], int], repeats: int) -> tuple[float, int]:
    """The median time in milliseconds, each on data made anew, and how many rows were found."""
    times: list[float] = []
    found = 0
    for _ in range(repeats):
        data = make()
        gc.collect()
        start = time.perf_counter()
        found = ask(data)
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times), found


def of_erlang(table_type: str, rows: int, repeats: int) -> list[tuple[float, int]]:
    """Times in milliseconds and counts of all cases in Erlang; [] without Erlang."""
    erl = shutil.which("erl")
    if erl is None:
        return []
    asks = ", ".join([f"fun(T) -> {case.erlang} end" for case in CASES.values()])
    code = ERLANG.format(type=table_type, rows=rows, repeats=repeats, asks=asks)
    run = subprocess.run([erl, "-noshell", "-eval", code], capture_output=True, text=True, check=True)
    return [(micros / 1000, count) for micros, count in json.loads(run.stdout)]


def contenders(number: int, repeats: int) -> dict[str, list[tuple[float, int]]]:
    rows: Rows = {n: (n, str(n), n % 100, n / 8) for n in range(number)}
    cases = list(CASES.values())
    results = {"comprehension": [measured(lambda: dict(rows), case.by_hand, repeats) for case in cases]}
    typed = tuple[int, str, int, float]
    for table_type, row_type in (("set", None), ("set", typed), ("ordered_set", typed)):

        def make(table_type: Any = table_type, row_type: Any = row_type) -> Table:
            table: Table = ets.new("bench", row_type, type=table_type)
            table.insert(list(rows.values()))
            return table

        name = f"{table_type}{', typed' if row_type else ''}"
        results[name] = [measured(make, case.by_table, repeats) for case in cases]
    for table_type in ("set", "ordered_set"):
        peer = of_erlang(table_type, number, repeats)
        if peer:
            results[f"Erlang, {table_type}"] = peer
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print JSON, for comparing runs")
    options = parser.parse_args()
    results = contenders(options.rows, options.repeats)
    base = results["comprehension"]
    for name, figures in results.items():
        assert [count for _, count in figures] == [count for _, count in base], f"{name} disagrees"
    ratios = {
        question: {
            name: {"ms": figures[place][0], "ratio": figures[place][0] / base[place][0]}
            for name, figures in results.items()
        }
        for place, question in enumerate(CASES)
    }
    if options.json:
        print(json.dumps({"compiled": COMPILED, "rows": options.rows, "queries": ratios}, indent=2))
        return
    print(f"{options.rows} rows, {'compiled' if COMPILED else 'pure Python'}; milliseconds, and times a comprehension")
    for place, question in enumerate(CASES):
        print(f"\n{question}: {base[place][1]} rows")
        for name, figure in ratios[question].items():
            print(f"    {name:20} {figure['ms']:9.1f} {figure['ratio']:8.2f}x")


if __name__ == "__main__":
    main()
