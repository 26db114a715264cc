"""How many bytes a row takes: each contestant fills itself in a process of its own, whose growth is read.

`python -m bench.groups.memory NAME ROWS` is that process. What has grown at its end are the rows and what holds them.
Erlang tells the size of its table.
"""

import gc
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Final

from bench.contestants.erlang import Ets
from bench.model import Case, Contestant, Data, Options, Target, Valued, Way
from bench.roster import present
from runtime import Agent

AGENTS: Final = "agents"
STATUS: Final = Path("/proc/self/statm")
LEFT_OUT: Final = ("matchspec set, indexed", "sqlite3, indexed", "ducks")
HOME: Final = Path(__file__).parents[2]


def traced() -> int:
    return tracemalloc.get_traced_memory()[0]


def resident() -> int:
    return int(STATUS.read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def grown(contestant: Contestant, number: int) -> float:
    """Bytes a row of this process, after it was filled; the libraries were loaded by a small one before.

    Python counts its own objects exactly. What others allocate shows in the resident memory only, with whatever the
    allocator has not given back.
    """
    contestant.make(Data("rows", 1000))
    count = resident
    if not contestant.foreign:
        tracemalloc.start()
        count = traced
    gc.collect()
    before = count()
    data = Data("rows", number)
    store = contestant.make(data)
    del data  # and with it the list of the rows
    gc.collect()
    after = count()
    del store
    return (after - before) / number


def grown_by_agents(number: int) -> float:
    """Bytes an idle agent."""
    Agent.start(lambda: 0).stop()
    gc.collect()
    before = resident()
    agents = [Agent.start(lambda: 0) for _ in range(number)]
    after = resident()
    for agent in agents:
        agent.stop()
    return (after - before) / number


def elsewhere(name: str, number: int) -> float:
    """What a process of its own tells."""
    command = [sys.executable, "-m", "bench.groups.memory", name, str(number)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=HOME)
    return float(run.stdout)


def measured(contestant: Contestant, data: Data) -> float:
    if isinstance(contestant, Ets):
        store = contestant.make(data)
        size = contestant.bytes_of(store)
        contestant.drop(store)
        return size / data.number
    return elsewhere(contestant.name, data.number)


def in_memory() -> list[Contestant]:
    return [contestant for contestant in present() if not contestant.in_file]


def _way(contestant: Contestant) -> Way:
    way = Valued(lambda data: measured(contestant, data))
    way.most = contestant.most
    return way


def cases(options: Options) -> list[Case]:
    if not STATUS.exists():
        return []  # only Linux tells it this way
    ways = {contestant.name: _way(contestant) for contestant in in_memory() if contestant.name not in LEFT_OUT}
    base = "dict by hand"
    if options.quick:
        ways = {name: ways[name] for name in ("matchspec set", base)}
    targets = tuple([Target(f"matchspec {kind}", 1.05, base) for kind in ("set", "set, typed", "ordered_set, typed")])
    agents: dict[str, Way] = {"matchspec": Valued(lambda data: elsewhere(AGENTS, data.number))}
    return [
        Case("memory", "bytes per row", "bytes", ways, Data("rows", options.rows), targets, base=base, once=True),
        Case("memory", "bytes per idle agent", "bytes", agents, Data("rows", options.at_most(100_000)), once=True),
    ]


def main(name: str, number: int) -> None:
    if name == AGENTS:
        print(grown_by_agents(number))
        return
    (chosen,) = [contestant for contestant in in_memory() if contestant.name == name]
    print(grown(chosen, number))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
