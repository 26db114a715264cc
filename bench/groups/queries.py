"""What a query costs by itself: over one row, again and again, and as the first thing that a program does."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.model import Case, Data, Options, Target, Valued, Way
from bench.roster import all_who, one
from runtime import ets

SCRIPT = """\
from matchspec import SKIP
from runtime import ets

table = ets.new("start")
table.insert((1, "a", 3, 4.0))
assert table.select(lambda key, name, age, score: name if age >= 3 else SKIP) == ["a"]
"""
NOTHING = "Python that does nothing"
STARTED = "import, a table, a lambda"
MADE = "matchspec set"


def started(text: str) -> float:
    """Seconds of a fresh process that runs a script. The script is a file: a lambda needs a source."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "start.py")
        script.write_text(text, "utf-8")
        home = str(Path(str(ets.__file__)).parents[1])
        start = time.perf_counter()
        subprocess.run([sys.executable, str(script)], check=True, env={"PYTHONPATH": home}, cwd=folder)
        return time.perf_counter() - start


def small() -> dict[str, Way]:
    ways: dict[str, Way] = {}
    for operation, label in (
        ("one_row", "matchspec, a spec made before"),
        ("one_row_lambda", "matchspec, a lambda with a value from outside"),
        ("one_row_values", "matchspec, a lambda, another value each time"),
        ("one_row_text", "matchspec, a text"),
    ):
        ways |= one(MADE, operation, label)
    return ways | all_who("one_row", ["matchspec set, typed", "matchspec ordered_set, typed", MADE])


def cases(options: Options) -> list[Case]:
    made, repeated = "matchspec, a spec made before", "matchspec, a lambda with a value from outside"
    starts: dict[str, Way] = {
        STARTED: Valued(lambda data: started(SCRIPT)),
        NOTHING: Valued(lambda data: started("")),
    }
    return [
        Case(
            "queries",
            "select on a table of one row",
            "us",
            small(),
            Data("one", 1),
            (Target(made, 0.3), Target(repeated, 1.5, made, beyond=True)),
            base=made,
        ),
        Case(
            "queries",
            "first query of a fresh process",
            "ms",
            starts,
            Data("one", 1),
            (Target(STARTED, 80, NOTHING, beyond=True),),
            base=STARTED,
        ),
    ]
