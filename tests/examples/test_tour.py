"""The tour runs, and each of its steps gives what Erlang's tables and Elixir's tasks and agents give."""

import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from matchspec import Atom

Value: TypeAlias = Any

ROOT = Path(__file__).parents[2]
JULY, SEPTEMBER = date(2020, 7, 10), date(2020, 9, 22)
SHOPPING, SWIMMING, LATER = (JULY, "Shopping"), (JULY, "Swimming"), (SEPTEMBER, "Shopping")


class Person(NamedTuple):
    name: str
    age: int


# Each call with its result; for a call that is refused, what the message must say. Bags keep the rows of a key in the
# order of their insertion, and the tables here have two keys at most, in the order of their arrival.
EXPECTED: list[tuple[str, Value]] = [
    ('table.insert_new(("garmon", "bozia"))', True),
    ('table.insert_new(("garmon", "sadness"))', False),
    ('table.insert(("fire", "walk"))', True),
    ('table.insert(("fire", "with"))', True),
    ('table.insert(("fire", "me"))', True),
    ('table.lookup("fire")', [("fire", "me")]),
    ('table.lookup("garmon")', [("garmon", "bozia")]),
    ('table.lookup("water")', []),
    ("other is table", False),
    ("other.tab2list()", []),
    ("sorted(table.tab2list())", [("fire", "me"), ("garmon", "bozia")]),
    ('table.update_element("fire", (0, "water"))', {"position is 0", "positions are 1 to 2", "cause: position"}),
    ('table.lookup("fire")', [("fire", "me")]),
    ('table.update_element("fire", (2, "water"))', True),
    ('table.lookup("fire")', [("fire", "water")]),
    ('table.delete("fire")', True),
    ("table.tab2list()", [("garmon", "bozia")]),
    ('ets.new("registry", named_table=True)', {"name is 'registry'", "cause: already_exists"}),
    ('ets.whereis("registry") is named', True),
    ("[one.name for one in ets.all()]", ["my_table", "my_table", "registry"]),
    ('todo.insert((july, "Shopping"))', True),
    ('todo.insert((july, "Swimming"))', True),
    ('todo.insert((september, "Shopping"))', True),
    ("todo.lookup(july)", [SHOPPING, SWIMMING]),
    ("todo.lookup(september)", [LATER]),
    ('todo.match_object((ANY, "Shopping"))', [SHOPPING, LATER]),
    ('todo.match((V(1), "Shopping"))', [[JULY], [SEPTEMBER]]),
    ("todo.match((july, V(1)))", [["Shopping"], ["Swimming"]]),
    ("""todo.select("[{{'$1','_'},[],['$_']}]")""", [SHOPPING, SWIMMING, LATER]),
    ("todo.select([((V(1), ANY), [], [ROW])])", [SHOPPING, SWIMMING, LATER]),
    ("todo.select(lambda row: row)", [SHOPPING, SWIMMING, LATER]),
    ("todo.select([((july, V(1)), [], [V(1)])])", ["Shopping", "Swimming"]),
    ("todo.select(lambda day, what: what if day == july else SKIP)", ["Shopping", "Swimming"]),
    ('todo.match_delete((ANY, "Shopping"))', True),
    ("todo.tab2list()", [SWIMMING]),
    ("task.await_()", "result 1"),
    ("clock.now()", 3.0),
    ("reason[0]", Atom("timeout")),
    ("clock.now()", 3.2),
    ("results", [f"result {number}" for number in range(1, 6)]),
    ("clock.now() - started", 2.0),
    ("receive((DOWN, monitor, ANY, ANY, ANY))[4]", "bad"),
    ("person.get(lambda p: p.name)", "Laura"),
    ("person.update(lambda p: p._replace(age=18))", None),
    ("person.cast(lambda p: p._replace(age=p.age + 1))", None),
    ("person.get(lambda p: p)", Person("Laura", 19)),
    ("counter.get(lambda n: n)", 10 * 1 + 10 * 100),
    ("counter.get_and_update(lambda n: (n, 0))", 1010),
    ("counter.stop()", None),
    ("error.reason[0]", Atom("noproc")),
]


def test_the_tour() -> None:
    run = subprocess.run(
        [sys.executable, "examples/tour.py"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert run.stderr == ""
    assert run.returncode == 0
    lines = run.stdout.splitlines()
    lines.append("")
    steps = [
        (line[4:], lines[number + 1][4:] if lines[number + 1].startswith("    ") else "")
        for number, line in enumerate(lines)
        if line.startswith(">>> ")
    ]
    assert [call for call, _ in steps] == [call for call, _ in EXPECTED]
    assert "    printed by a task that is linked to its caller" in lines
    for (call, found), (_, expected) in zip(steps, EXPECTED, strict=True):
        if expected is None:
            assert found == "", call
        elif isinstance(expected, set):
            assert found.startswith("BadArg: "), call
            assert all(part in found for part in expected), call
        else:
            assert found == repr(expected), call
