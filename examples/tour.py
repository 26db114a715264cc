"""A tour of tables, step by step; run it with `python -m examples.tour` or `python examples/tour.py`.

Each step prints the call as it is written here and what it gives. The first half makes a `set` and shows how rows come
and go; the second half keeps a to-do list in a `bag` and asks it questions in several ways.
"""

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

if __package__ in {None, ""}:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from matchspec import ANY, ROW, SKIP, V
from runtime import BadArg, ets


def show(call: str, result: Any) -> None:
    print(f">>> {call}")
    print(f"    {result!r}")


def refused(call: str, attempt: Callable[[], Any]) -> None:
    """A call that cannot work, and why."""
    print(f">>> {call}")
    try:
        attempt()
    except BadArg as error:
        print(f"    BadArg: {error}")
    else:
        raise AssertionError(f"{call} should have been refused")


def a_set() -> None:
    print("A set: one row a key")
    print("--------------------")
    # All options have these values by default.
    table = ets.new(
        "my_table",
        type="set",
        access="protected",
        keypos=1,
        heir=None,
        named_table=False,
        write_concurrency=False,
        read_concurrency=False,
        decentralized_counters=False,
    )
    show('table.insert_new(("garmon", "bozia"))', table.insert_new(("garmon", "bozia")))
    show('table.insert_new(("garmon", "sadness"))', table.insert_new(("garmon", "sadness")))

    print("\nThree rows of one key: the last one wins.")
    show('table.insert(("fire", "walk"))', table.insert(("fire", "walk")))
    show('table.insert(("fire", "with"))', table.insert(("fire", "with")))
    show('table.insert(("fire", "me"))', table.insert(("fire", "me")))
    show('table.lookup("fire")', table.lookup("fire"))
    show('table.lookup("garmon")', table.lookup("garmon"))
    show('table.lookup("water")', table.lookup("water"))

    print("\nA second table of the same name is another table.")
    other = ets.new("my_table")
    show("other is table", other is table)
    show("other.tab2list()", other.tab2list())
    show("sorted(table.tab2list())", sorted(table.tab2list()))

    print("\nPositions count from 1.")
    refused('table.update_element("fire", (0, "water"))', lambda: table.update_element("fire", (0, "water")))
    show('table.lookup("fire")', table.lookup("fire"))
    show('table.update_element("fire", (2, "water"))', table.update_element("fire", (2, "water")))
    show('table.lookup("fire")', table.lookup("fire"))
    show('table.delete("fire")', table.delete("fire"))
    show("table.tab2list()", table.tab2list())

    print("\nOf named tables there is one of each name.")
    named = ets.new("registry", named_table=True)
    refused('ets.new("registry", named_table=True)', lambda: ets.new("registry", named_table=True))
    show('ets.whereis("registry") is named', ets.whereis("registry") is named)
    show("[one.name for one in ets.all()]", [one.name for one in ets.all()])
    for one in (table, other, named):
        one.drop()


def a_bag() -> None:
    print("\nA bag: a to-do list, with dates for keys")
    print("----------------------------------------")
    todo = ets.new("todo", tuple[date, str], type="bag")
    july, september = date(2020, 7, 10), date(2020, 9, 22)
    show('todo.insert((july, "Shopping"))', todo.insert((july, "Shopping")))
    show('todo.insert((july, "Swimming"))', todo.insert((july, "Swimming")))
    show('todo.insert((september, "Shopping"))', todo.insert((september, "Shopping")))
    show("todo.lookup(july)", todo.lookup(july))
    show("todo.lookup(september)", todo.lookup(september))

    print("\nPatterns: ANY matches anything, V(1) also says what it was.")
    show('todo.match_object((ANY, "Shopping"))', todo.match_object((ANY, "Shopping")))
    show('todo.match((V(1), "Shopping"))', todo.match((V(1), "Shopping")))
    show("todo.match((july, V(1)))", todo.match((july, V(1))))

    print("\nMatch specs: a head, guards, and what to give; in Erlang's words, in Python terms, as lambdas.")
    show("""todo.select("[{{'$1','_'},[],['$_']}]")""", todo.select("[{{'$1','_'},[],['$_']}]"))
    show("todo.select([((V(1), ANY), [], [ROW])])", todo.select([((V(1), ANY), [], [ROW])]))
    show("todo.select(lambda row: row)", todo.select(lambda row: row))
    show("todo.select([((july, V(1)), [], [V(1)])])", todo.select([((july, V(1)), [], [V(1)])]))
    show(
        "todo.select(lambda day, what: what if day == july else SKIP)",
        todo.select(lambda day, what: what if day == july else SKIP),
    )

    print("\nDone with shopping.")
    show('todo.match_delete((ANY, "Shopping"))', todo.match_delete((ANY, "Shopping")))
    show("todo.tab2list()", todo.tab2list())
    todo.drop()


def main() -> None:
    a_set()
    a_bag()


if __name__ == "__main__":
    main()
