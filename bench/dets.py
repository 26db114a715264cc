"""Tables on disk: matchspec, sqlite3 by hand with the same durability, and Erlang's DETS where `erl` is installed.

    python -m bench.dets [--rows 100000] [--repeats 3] [--folder FOLDER] [--json]

Rows are (id, name, age, score), typed, ready before the clock starts; keys come in sequence, lookups at random. By hand
means: a table with `id INTEGER PRIMARY KEY`, WAL, synchronous=NORMAL, prepared statements on one cursor, rows made into
the NamedTuple where rows are what is asked for. Erlang's DETS keeps what is inserted in memory until auto_save or sync;
it does not promise what the other two do. Times are medians: in microseconds a call, or milliseconds where it says so;
ratios are to sqlite3 by hand. Queries have been asked once before. DETS has no ordered_set, no indexes and no counts.
"""

import argparse
import gc
import json
import random
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from matchspec import COMPILED, SKIP, spec
from runtime import dets

Figures: TypeAlias = dict[str, float]
Table: TypeAlias = Any
Make: TypeAlias = Callable[[], Any]

SINGLES: Final = 2_000  # inserted or looked up one by one
SYNCS: Final = 50

ERLANG = """
-module(bench).
-export([run/3]).

run(Number, Singles, Syncs) ->
    Rows = [{N, integer_to_binary(N), N rem 100, N / 8} || N <- lists:seq(0, Number - 1)],
    {ok, T} = dets:open_file(t, [{file, "FILE"}]),
    {ok, U} = dets:open_file(u, [{file, "FILE2"}]),
    Bulk = timed(fun() -> dets:insert(T, Rows), dets:sync(T) end),
    Some = lists:sublist(Rows, Singles),
    Insert = timed(fun() -> [dets:insert(U, Row) || Row <- Some] end),
    Sync = timed(fun() -> [begin dets:insert(U, Row), dets:sync(U) end || Row <- lists:sublist(Rows, Syncs)] end),
    Keys = [rand:uniform(Number) - 1 || _ <- Some],
    Lookup = timed(fun() -> [dets:lookup(T, Key) || Key <- Keys] end),
    Spec = [{{'$1', '$2', '$3', '_'}, [{'>=', '$3', 90}], ['$2']}],
    Select = timed(fun() -> dets:select(T, Spec) end),
    Scan = timed(fun() -> dets:foldl(fun(_, N) -> N + 1 end, 0, T) end),
    dets:close(T), dets:close(U),
    io:format("{\\"insert\\": ~w, \\"insert and sync\\": ~w, \\"bulk insert, ms\\": ~w, \\"lookup\\": ~w, "
              "\\"select 10%, ms\\": ~w, \\"all rows, ms\\": ~w}",
              [Insert / Singles / 1000, Sync / Syncs / 1000, Bulk / 1.0e6, Lookup / Singles / 1000,
               Select / 1.0e6, Scan / 1.0e6]).

timed(Fun) ->
    erlang:garbage_collect(),
    Start = erlang:monotonic_time(nanosecond),
    Fun(),
    erlang:monotonic_time(nanosecond) - Start.
"""


class Person(NamedTuple):
    id: int
    name: str
    age: int
    score: float


def timed(work: Callable[[], Any]) -> float:
    """Seconds."""
    gc.collect()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def inserted(table: Any, rows: list[Person]) -> None:
    for row in rows:
        table.insert(row)


def synced(table: Any, rows: list[Person]) -> None:
    for row in rows:
        table.insert(row)
        table.sync()


class ByHand:
    """sqlite3, as one would write it for just this."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = WAL").fetchall()
        self.connection.execute("PRAGMA synchronous = NORMAL")
        self.connection.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, age INTEGER, score REAL)")
        self.cursor = self.connection.cursor()

    def insert(self, row: Person) -> None:
        self.cursor.execute("INSERT OR REPLACE INTO people VALUES (?, ?, ?, ?)", row)

    def insert_all(self, rows: list[Person]) -> None:
        self.cursor.execute("BEGIN IMMEDIATE")
        self.cursor.executemany("INSERT OR REPLACE INTO people VALUES (?, ?, ?, ?)", rows)
        self.cursor.execute("COMMIT")

    def sync(self) -> None:
        self.cursor.execute("PRAGMA wal_checkpoint(FULL)").fetchall()

    def lookup(self, key: int) -> list[Person]:
        return [Person(*row) for row in self.cursor.execute("SELECT * FROM people WHERE id = ?", (key,)).fetchall()]

    def fetch(self, sql: str, *parameters: Any) -> list[Any]:
        return self.cursor.execute(sql, parameters).fetchall()


def figures_by_hand(path: Path, rows: list[Person], keys: list[int]) -> Figures:
    single, table = ByHand(path.with_suffix(".single")), ByHand(path)
    some = rows[:SINGLES]
    found = {
        "insert": timed(lambda: inserted(single, some)) / len(some) * 1e6,
        "insert and sync": timed(lambda: synced(single, some[:SYNCS])) / SYNCS * 1e6,
        "bulk insert, ms": timed(lambda: table.insert_all(rows)) * 1e3,
    }
    table.sync()
    found["bytes a row"] = path.stat().st_size / len(rows)
    found["lookup"] = timed(lambda: [table.lookup(key) for key in keys]) / len(keys) * 1e6
    names = "SELECT name FROM people WHERE age >= ?"
    found["select 10%, ms"] = timed(lambda: [name for (name,) in table.fetch(names, 90)]) * 1e3
    every = "SELECT * FROM people WHERE age >= ?"
    found["select rows 10%, ms"] = timed(lambda: [Person(*row) for row in table.fetch(every, 90)]) * 1e3
    found["count, ms"] = timed(lambda: table.fetch("SELECT count(*) FROM people WHERE age >= ?", 90)) * 1e3
    found["all rows, ms"] = timed(lambda: [Person(*row) for row in table.fetch("SELECT * FROM people")]) * 1e3
    between = "SELECT * FROM people WHERE id >= ? AND id < ? ORDER BY id"
    ranges = [(key, key + 100) for key in keys[:200]]
    found["range of 100"] = (
        timed(lambda: [[Person(*r) for r in table.fetch(between, *ends)] for ends in ranges]) / 200 * 1e6
    )
    table.fetch("CREATE INDEX of_score ON people (score)")
    found["indexed"] = (
        timed(lambda: [table.fetch("SELECT name FROM people WHERE score = ?", k / 8) for k in keys[:200]]) / 200 * 1e6
    )
    single.connection.close()
    table.connection.close()
    return found


def between(low: int, high: int) -> Any:
    return lambda p: p if low <= p.id < high else SKIP


def with_score(score: float) -> Any:
    return lambda p: p.name if p.score == score else SKIP


def figures_of_ours(path: Path, rows: list[Person], keys: list[int]) -> Figures:
    single = dets.open(path.with_suffix(".single"), Person, auto_save=None)
    table: Table = dets.open(path, Person, type="ordered_set", auto_save=None)
    some = rows[:SINGLES]
    found = {
        "insert": timed(lambda: inserted(single, some)) / len(some) * 1e6,
        "insert and sync": timed(lambda: synced(single, some[:SYNCS])) / SYNCS * 1e6,
        "bulk insert, ms": timed(lambda: table.insert(rows)) * 1e3,
    }
    table.close()
    found["bytes a row"] = path.stat().st_size / len(rows)
    found["open and first lookup, ms"] = timed(lambda: dets.open(path, Person).lookup(5)) * 1e3
    table = dets.all()[-1]
    found["lookup"] = timed(lambda: [table.lookup(key) for key in keys]) / len(keys) * 1e6
    names = spec(lambda p: p.name if p.age >= 90 else SKIP, row=Person)
    people = spec(lambda p: p if p.age >= 90 else SKIP, row=Person)
    grown = spec(lambda p: p.age >= 90, row=Person)
    ranges = [spec(between(key, key + 100), row=Person) for key in keys[:200]]
    points = [spec(with_score(key / 8), row=Person) for key in keys[:200]]
    for query in (names, people, *ranges):
        table.select(query, 1)
    table.select_count(grown)
    found["select 10%, ms"] = timed(lambda: table.select(names)) * 1e3
    found["select rows 10%, ms"] = timed(lambda: table.select(people)) * 1e3
    found["count, ms"] = timed(lambda: table.select_count(grown)) * 1e3
    found["all rows, ms"] = timed(table.tab2list) * 1e3
    found["range of 100"] = timed(lambda: [table.select(query) for query in ranges]) / 200 * 1e6
    table.add_index("score")
    for query in points:
        table.select(query, 1)
    found["indexed"] = timed(lambda: [table.select(query) for query in points]) / 200 * 1e6
    single.close()
    table.close()
    return found


def figures_of_erlang(folder: Path, rows: int) -> Figures:
    source = ERLANG.replace("FILE2", str(folder / "single")).replace("FILE", str(folder / "table"))
    (folder / "bench.erl").write_text(source)
    subprocess.run(["erlc", "bench.erl"], cwd=folder, check=True)
    call = f"bench:run({rows}, {SINGLES}, {SYNCS}), halt()."
    run = subprocess.run(["erl", "-noshell", "-eval", call], cwd=folder, check=True, capture_output=True, text=True)
    found: Figures = json.loads(run.stdout)
    return found


def medians(make: Callable[[Path], Figures], repeats: int, place: str | None) -> Figures:
    taken: list[Figures] = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory(dir=place) as folder:
            taken.append(make(Path(folder)))
    return {name: statistics.median([one[name] for one in taken]) for name in taken[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", help="where the files are, a folder on the disk to be measured")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = [Person(n, str(n), n % 100, n / 8) for n in range(options.rows)]
    draw = random.Random(1)
    keys = [draw.randrange(options.rows) for _ in range(SINGLES)]
    found = {
        "sqlite3": medians(lambda at: figures_by_hand(at / "t", rows, keys), options.repeats, options.folder),
        "matchspec": medians(lambda at: figures_of_ours(at / "t", rows, keys), options.repeats, options.folder),
    }
    if shutil.which("erl") and shutil.which("erlc"):
        found["DETS"] = medians(lambda at: figures_of_erlang(at, options.rows), options.repeats, options.folder)
    if options.json:
        print(json.dumps(found))
        return
    print(f"matchspec, {'compiled' if COMPILED else 'plain Python'}; {options.rows:,} rows")
    print(f"{'':28}{'sqlite3':>12}{'matchspec':>12}{'':>8}{'DETS':>12}")
    for name, ours in found["matchspec"].items():
        hand, erlang = found["sqlite3"].get(name), found.get("DETS", {}).get(name)
        shown = [
            f"{hand:12.1f}" if hand else f"{'':12}",
            f"{ours:12.1f}",
            f"{ours / hand:7.2f}x" if hand else f"{'':8}",
        ]
        print(f"{name:28}{''.join(shown)}{f'{erlang:12.1f}' if erlang else ''}")


if __name__ == "__main__":
    main()
