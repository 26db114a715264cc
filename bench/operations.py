"""Single rows, small queries and the start of a program: matchspec against Erlang's ETS, where `erl` is installed.

    python bench/operations.py [--rows 200000] [--repeats 5] [--json]

Rows are (id, name, age, score), ready before the clock starts; keys come in sequence. Times are medians in nanoseconds
a call, with the loop around it; ratios are to Erlang's `set` of the same run (a Python dict, where there is no Erlang).
A query is asked of a table of one row, so that what is measured is the query. The start is the time of a fresh process
that imports, makes a table, and asks a first query with a lambda, in milliseconds, less that of one that does nothing.
"""

import argparse
import gc
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

sys.path.append(str(Path(__file__).parent.parent))

from matchspec import COMPILED, SKIP, spec
from runtime import ets

Table: TypeAlias = Any
Figures: TypeAlias = dict[str, float]

ERLANG = """
-module(bench).
-export([run/2]).

run(Number, Repeats) ->
    Keys = lists:seq(0, Number - 1),
    Rows = [{N, integer_to_binary(N), N rem 100, N / 8} || N <- Keys],
    T = ets:new(t, [set, public]),
    One = ets:new(one, [set, public]),
    ets:insert(One, {1, <<"a">>, 3, 4.0}),
    Spec = [{{'$1', '$2', '$3', '_'}, [{'>=', '$3', 0}], ['$2']}],
    Empty = fun() -> ets:delete_all_objects(T) end,
    None = fun() -> ok end,
    Figures = [
        {"insert", each(fun(Row) -> ets:insert(T, Row) end, Rows, Empty, Repeats)},
        {"lookup", each(fun(Key) -> ets:lookup(T, Key) end, Keys, None, Repeats)},
        {"member", each(fun(Key) -> ets:member(T, Key) end, Keys, None, Repeats)},
        {"update_counter", each(fun(Key) -> ets:update_counter(T, Key, {3, 1}) end, Keys, None, Repeats)},
        {"select", each(fun(_) -> ets:select(One, Spec) end, Keys, None, Repeats)}],
    Shown = [io_lib:format("~p: ~w", [Name, Time]) || {Name, Time} <- Figures],
    io:format("{~s}", [lists:join(",", Shown)]).

each(Call, Items, Before, Repeats) ->
    Times = [once(Call, Items, Before) || _ <- lists:seq(1, Repeats)],
    lists:nth(Repeats div 2 + 1, lists:sort(Times)) / length(Items).

once(Call, Items, Before) ->
    Before(),
    erlang:garbage_collect(),
    Start = erlang:monotonic_time(nanosecond),
    lists:foreach(Call, Items),
    erlang:monotonic_time(nanosecond) - Start.
"""
START = """\
from matchspec import SKIP
from runtime import ets

table = ets.new("start")
table.insert((1, "a", 3, 4.0))
assert table.select(lambda key, name, age, score: name if age >= 3 else SKIP) == ["a"]
"""


def each(call: Callable[..., Any], arguments: list[tuple[Any, ...]]) -> None:
    for some in arguments:
        call(*some)


def nanoseconds(make: Callable[[], Callable[..., Any]], arguments: list[tuple[Any, ...]], repeats: int) -> float:
    """The median time of a call, `make` giving what is called anew each time."""
    times: list[float] = []
    for _ in range(repeats):
        call = make()
        gc.collect()
        start = time.perf_counter()
        each(call, arguments)
        times.append((time.perf_counter() - start) / len(arguments) * 1e9)
    return statistics.median(times)


def table_of(rows: list[tuple[Any, ...]], row_type: Any = None) -> Table:
    table: Table = ets.new("bench", row_type, access="public")
    table.insert(rows)
    return table


def of_rows(number: int, repeats: int) -> dict[str, Figures]:
    rows = [(n, str(n), n % 100, n / 8) for n in range(number)]
    keys: list[tuple[Any, ...]] = [(n,) for n in range(number)]
    typed = tuple[int, str, int, float]
    measure = partial(nanoseconds, repeats=repeats)
    inserted: list[tuple[Any, ...]] = [(row,) for row in rows]
    full: dict[int, Any] = {row[0]: row for row in rows}
    return {
        "insert": {
            "dict": measure(lambda: {}.__setitem__, [(row[0], row) for row in rows]),
            "table": measure(lambda: table_of([]).insert, inserted),
            "typed": measure(lambda: table_of([], typed).insert, inserted),
        },
        "lookup": {"dict": measure(lambda: full.get, keys), "table": measure(lambda: table_of(rows).lookup, keys)},
        "member": {
            "dict": measure(lambda: full.__contains__, keys),
            "table": measure(lambda: table_of(rows).member, keys),
        },
        "update_counter": {
            "table": measure(lambda: table_of(rows).update_counter, [(n, (3, 1)) for n in range(number)])
        },
    }


def of_queries(number: int, repeats: int) -> Figures:
    one = table_of([(1, "a", 3, 4.0)])
    compiled = spec(lambda key, name, age, score: name if age >= 0 else SKIP)

    def ask(limit: int) -> Any:
        return one.select(lambda key, name, age, score: name if age >= limit else SKIP)

    text = "fun({Key, Name, Age, Score}) when Age >= 0 -> Name end"
    measure = partial(nanoseconds, repeats=repeats)
    return {
        "precompiled": measure(lambda: one.select, [(compiled,)] * number),
        "lambda, one value": measure(lambda: ask, [(-12345,)] * number),
        "lambda, other values": measure(lambda: ask, [(-n,) for n in range(number // 20)]),
        "text": measure(lambda: one.select, [(text,)] * number),
    }


def of_start(repeats: int) -> float:
    """Milliseconds of a fresh process, less those of one that does nothing."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "start.py"
        script.write_text(START, "utf-8")
        home = str(Path(str(ets.__file__)).parents[1])

        def run(*arguments: str) -> float:
            start = time.perf_counter()
            subprocess.run([sys.executable, *arguments], check=True, env={"PYTHONPATH": home}, cwd=folder)
            return (time.perf_counter() - start) * 1000

        whole = statistics.median([run(str(script)) for _ in range(repeats)])
        return whole - statistics.median([run("-c", "pass") for _ in range(repeats)])


def of_erlang(number: int, repeats: int) -> Figures:
    erl = shutil.which("erl")
    if erl is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "bench.erl").write_text(ERLANG, "utf-8")
        code = f"{{ok, bench}} = compile:file(bench), bench:run({number}, {repeats}), halt()."
        run = subprocess.run([erl, "-noshell", "-eval", code], capture_output=True, text=True, check=True, cwd=folder)
    figures: Figures = json.loads(run.stdout)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print JSON, for comparing runs")
    options = parser.parse_args()
    figures = of_rows(options.rows, options.repeats)
    erlang = of_erlang(options.rows, options.repeats)
    figures["select, one row"] = of_queries(options.rows // 10, options.repeats)
    for name, value in erlang.items():
        figures["select, one row" if name == "select" else name]["Erlang, set"] = value
    start = of_start(options.repeats)
    if options.json:
        print(json.dumps({"compiled": COMPILED, "ns": figures, "start_ms": start}, indent=2))
        return
    print(f"{'compiled' if COMPILED else 'pure Python'}; nanoseconds a call, and times Erlang's (or a dict's)")
    for operation, contenders in figures.items():
        base = contenders.get("Erlang, set") or contenders.get("dict")
        print(f"\n{operation}")
        for name, value in contenders.items():
            print(f"    {name:24} {value:10.0f}" + (f" {value / base:8.2f}x" if base else ""))
    print(f"\nfirst query of a fresh process: {start:.0f} ms")


if __name__ == "__main__":
    main()
