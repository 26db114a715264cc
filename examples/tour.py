"""A tour of tables and processes, step by step; run it with `python -m examples.tour` or `python examples/tour.py`.

Each step prints the call as it is written here and what it gives. The first half is about tables: a `set` shows how
rows come and go, and a to-do list in a `bag` is asked questions in several ways. The second half is about processes:
tasks that work beside their caller, and agents that keep a state. It runs by a simulated clock, so its seconds take no
time.
"""

import logging
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

if __package__ in {None, ""}:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from matchspec import ANY, ROW, SKIP, V
from runtime import DOWN, Agent, BadArg, Exit, Task, ets, exit, receive, sleep, spawn, spawn_monitor
from runtime.simulator import Simulation, simulation


def show(call: str, result: Any) -> None:
    print(f">>> {call}")
    print(f"    {result!r}")


def done(call: str, attempt: Callable[[], None]) -> None:
    """A call that gives nothing."""
    print(f">>> {call}")
    attempt()


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


# --- processes --------------------------------------------------------------------------------------------------------


def slow_query(number: int) -> str:
    sleep(2)
    return f"result {number}"


def tasks(clock: Simulation) -> None:
    print("\nTasks: work beside the caller")
    print("-----------------------------")
    print("A job of 2 seconds, awaited after 3 seconds of other work, is there at once.")
    task = Task.async_(slow_query, 1)
    sleep(3)
    show("task.await_()", task.await_())
    show("clock.now()", clock.now())

    print("\nThe same, with 200 milliseconds to wait: the caller exits.")

    def impatient() -> None:
        Task.async_(slow_query, 2).await_(timeout=0.2)

    _, monitor = spawn_monitor(impatient)
    reason = receive((DOWN, monitor, ANY, ANY, ANY))[4]
    show("reason[0]", reason[0])
    show("clock.now()", round(clock.now(), 3))

    print("\nFive queries at once, awaited in order.")
    started = clock.now()
    results = list(map(Task.await_, [Task.async_(slow_query, number) for number in range(1, 6)]))
    show("results", results)
    show("clock.now() - started", round(clock.now() - started, 3))

    print("\nFive tasks that crash take their caller with them.")

    def crash() -> None:
        exit("bad")

    def caller() -> None:
        for task in [Task.async_(crash) for _ in range(5)]:
            task.await_()

    _, monitor = spawn_monitor(caller)
    show("receive((DOWN, monitor, ANY, ANY, ANY))[4]", receive((DOWN, monitor, ANY, ANY, ANY))[4])

    print("\nNobody has to await a task.")
    Task.start_link(lambda: print("    printed by a task that is linked to its caller"))
    sleep(1)


class Person(NamedTuple):
    name: str
    age: int


def agents() -> None:
    print("\nAgents: a state that processes share")
    print("------------------------------------")
    person = Agent.start_link(lambda: Person("Laura", 17))
    show("person.get(lambda p: p.name)", person.get(lambda p: p.name))
    done("person.update(lambda p: p._replace(age=18))", lambda: person.update(lambda p: p._replace(age=18)))
    done("person.cast(lambda p: p._replace(age=p.age + 1))", lambda: person.cast(lambda p: p._replace(age=p.age + 1)))
    show("person.get(lambda p: p)", person.get(lambda p: p))

    print("\nA counter, updated and cast to by ten processes each.")
    counter = Agent.start_link(lambda: 0)
    for _ in range(10):
        spawn(lambda: counter.update(lambda n: n + 1))
        spawn(lambda: counter.cast(lambda n: n + 100))
    sleep(1)
    show("counter.get(lambda n: n)", counter.get(lambda n: n))
    show("counter.get_and_update(lambda n: (n, 0))", counter.get_and_update(lambda n: (n, 0)))

    print("\nAn agent that is stopped answers no more.")
    done("counter.stop()", counter.stop)
    try:
        counter.get(lambda n: n)
    except Exit as error:
        show("error.reason[0]", error.reason[0])


def main() -> None:
    a_set()
    a_bag()
    logging.getLogger("runtime.process").setLevel(logging.CRITICAL)  # crashes are logged; those here are meant to be
    with simulation(seed=1) as clock:
        tasks(clock)
        agents()


if __name__ == "__main__":
    main()
