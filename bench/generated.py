"""The start of a program: importing a generated module, against importing and reading the same queries as text.

    python bench/generated.py [--repeats 15] [--json]

Each time is that of a fresh process that imports, makes the tables and runs every query of examples/generated once, in
milliseconds, less that of one that imports `matchspec` and `runtime.ets` only. Medians; both must give the same.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROWS = """
users = queries.new_users()
users.insert([queries.User(1, "Ada", 36, None, ("a",)), queries.User(2, "Bob", 17, None, ())])
visits = queries.new_visits()
visits.insert([queries.Visit(1, "docs", 312.0), queries.Visit(2, "docs", 20.0)])
"""
GENERATED = f"""
from examples.generated import queries
{ROWS}
print(queries.adults(users, 18), queries.long_visits(visits, 60.0, ["docs"]), list(queries.labels(users)),
      queries.named(users, "Ada"))
"""
NOTHING = "import matchspec\nfrom runtime import Selectable, ets\n"


def text_program() -> str:
    """The same, with the texts of the queries."""
    from matchspec.queryfile import read_query_file

    file = read_query_file((ROOT / "examples" / "generated" / "queries.ms").read_text("utf-8"))
    texts = {query.name: query.text for query in file.queries}
    return f"""
from datetime import date
from typing import NamedTuple
from matchspec import spec
from runtime import ets


class queries:
    class User(NamedTuple):
        id: int
        name: str
        age: int | None = None
        joined: date | None = None
        tags: tuple[str, ...] = ()

    class Visit(NamedTuple):
        user: int
        page: str
        seconds: float

    new_users = lambda: ets.new("users", queries.User, type="ordered_set", keypos="id", index=["age"])
    new_visits = lambda: ets.new("visits", queries.Visit, type="bag", keypos="user")

{ROWS}
User, Visit = queries.User, queries.Visit
print(users.select(spec({texts["adults"]!r}, row=User, env={{"limit": 18}})),
      visits.select(spec({texts["long_visits"]!r}, row=Visit, env={{"min_seconds": 60.0, "pages": ["docs"]}})),
      users.select({texts["labels"]!r}),
      users.select(spec({texts["named"]!r}, row=User, env={{"name": "Ada"}})))
"""


def once(program: str) -> tuple[float, str]:
    """The milliseconds that a fresh process takes, and what it prints."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    began = time.perf_counter()
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=env)
    return (time.perf_counter() - began) * 1000, run.stdout.replace("__main__.", "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    programs = {"nothing": NOTHING, "generated": GENERATED, "text": text_program()}
    times: dict[str, list[float]] = {name: [] for name in programs}
    printed: dict[str, str] = {}
    for _ in range(options.repeats):
        for name, program in programs.items():
            taken, printed[name] = once(program)
            times[name].append(taken)
    assert printed["generated"] == printed["text"] != "", printed
    base = statistics.median(times["nothing"])
    figures = {name: round(statistics.median(times[name]) - base, 1) for name in ("generated", "text")}
    if options.json:
        print(json.dumps({"unit": "ms", "start": round(base, 1), **figures}))
    else:
        print(f"import of matchspec and runtime alone: {base:.0f} ms; beyond that")
        print(f"  generated module, all queries once: {figures['generated']:6.1f} ms")
        print(f"  the same queries as text:           {figures['text']:6.1f} ms")


if __name__ == "__main__":
    main()
