"""Tasks, agents and streams against their peers: threads, asyncio and, where they are installed, pykka and Elixir.

    python bench/processes.py [--count 20000] [--repeats 5] [--json]

Each contender does the same trivial work, one operation after another; rounds of all contenders alternate. Times are
medians in microseconds per operation, ratios are ours to the peer's of the same run. Elixir's figures come from
bench/elixir_runtime.exs, run once beside this. A shared machine is noisy: compare ratios, not times.
"""

import argparse
import asyncio
import gc
import importlib
import json
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

sys.path.append(str(Path(__file__).parent.parent))

from matchspec import COMPILED
from runtime import Agent, Task

try:
    pykka: Any = importlib.import_module("pykka")
except ModuleNotFoundError:
    pykka = None


class Case(NamedTuple):
    """One operation as each contender does it, `count` times; `elixir` names its figure, `per` divides the count."""

    ours: Callable[[int], None]
    peers: dict[str, Callable[[int], None]]
    elixir: str | None = None
    per: int = 1


def one() -> int:
    return 1


async def one_async() -> int:
    return 1


def same(n: int) -> int:
    return n


def more(n: int) -> int:
    return n + 1


def swap(n: int) -> tuple[int, int]:
    return n, n + 1


POOL = ThreadPoolExecutor(4)


def await_tasks(count: int) -> None:
    for _ in range(count):
        Task.async_(one).await_()


def await_futures(count: int) -> None:
    for _ in range(count):
        POOL.submit(one).result()


def await_coroutines(count: int) -> None:
    async def main() -> None:
        for _ in range(count):
            await Task.async_(one_async)

    asyncio.run(main())


def await_asyncio(count: int) -> None:
    async def main() -> None:
        for _ in range(count):
            await asyncio.create_task(one_async())

    asyncio.run(main())


def stream(count: int) -> None:
    for _ in Task.async_stream(range(count), same):
        pass


def stream_16(count: int) -> None:
    for _ in Task.async_stream(range(count), same, max_concurrency=16):
        pass


def map_pool(count: int) -> None:
    for _ in POOL.map(same, range(count)):
        pass


AGENT = Agent.start(lambda: 0)


def agent_get(count: int) -> None:
    for _ in range(count):
        AGENT.get(same)


def agent_update(count: int) -> None:
    for _ in range(count):
        AGENT.update(more)


def agent_swap(count: int) -> None:
    for _ in range(count):
        AGENT.get_and_update(swap)


def agent_cast(count: int) -> None:
    for _ in range(count):
        AGENT.cast(more)
    AGENT.get(same)


def agent_start(count: int) -> None:
    for agent in [Agent.start(lambda: 0) for _ in range(count)]:
        agent.stop()


def pykka_cases() -> dict[str, Callable[[int], None]]:
    if pykka is None:
        return {}

    class Actor(pykka.ThreadingActor):  # type: ignore[misc]  # pykka is Any
        def on_receive(self, message: Any) -> Any:
            return message

    actor = Actor.start(name="bench")

    def ask(count: int) -> None:
        for _ in range(count):
            actor.ask(1)

    def tell(count: int) -> None:
        for _ in range(count):
            actor.tell(1)
        actor.ask(1)

    return {"ask": ask, "tell": tell}


ACTORS = pykka_cases()


def peers(**named: Callable[[int], None] | None) -> dict[str, Callable[[int], None]]:
    return {name: peer for name, peer in named.items() if peer is not None}


CASES = {
    "Task.async_ + await_": Case(await_tasks, peers(ThreadPoolExecutor=await_futures), "task_async_await"),
    "await Task.async_, in a coroutine": Case(await_coroutines, peers(create_task=await_asyncio)),
    "async_stream, per item": Case(stream, {"ThreadPoolExecutor.map": map_pool}, "async_stream_item"),
    "async_stream, max_concurrency=16": Case(
        stream_16, {"ThreadPoolExecutor.map": map_pool}, "async_stream_item_concurrency_100"
    ),
    "Agent.get": Case(agent_get, peers(pykka_ask=ACTORS.get("ask")), "agent_get"),
    "Agent.update": Case(agent_update, peers(pykka_ask=ACTORS.get("ask")), "agent_update"),
    "Agent.get_and_update": Case(agent_swap, peers(pykka_ask=ACTORS.get("ask")), "agent_get_and_update"),
    "Agent.cast": Case(agent_cast, peers(pykka_tell=ACTORS.get("tell")), "agent_cast"),
    "Agent.start + stop": Case(agent_start, {}, "agent_start_and_stop"),
}


def timed(work: Callable[[int], None], count: int) -> float:
    """Microseconds per operation."""
    gc.collect()
    started = time.perf_counter()
    work(count)
    return (time.perf_counter() - started) / count * 1e6


def elixir_figures() -> dict[str, float]:
    if shutil.which("elixir") is None:
        return {}
    script = Path(__file__).parent / "elixir_runtime.exs"
    run = subprocess.run(["elixir", str(script)], check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(run.stdout)["microseconds"]
    return figures


def bytes_per_agent(count: int) -> float:
    """Resident memory per idle agent, of so many more of them."""
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    agents = [Agent.start(lambda: 0) for _ in range(count)]
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    for agent in agents:
        agent.stop()
    return grown * 1024 / count


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    memory = bytes_per_agent(5 * options.count)
    elixir = elixir_figures()
    found: dict[str, dict[str, float]] = {}
    for name, case in CASES.items():
        contenders = {"ours": case.ours, **case.peers}
        times: dict[str, list[float]] = {contender: [] for contender in contenders}
        for _ in range(options.repeats):
            for contender, work in contenders.items():
                times[contender].append(timed(work, options.count))
        found[name] = {contender: statistics.median(seconds) for contender, seconds in times.items()}
        if case.elixir in elixir:
            found[name]["Elixir"] = elixir[case.elixir]
    if options.json:
        print(json.dumps({"compiled": COMPILED, "microseconds": found, "bytes_per_agent": memory}))
        return
    print(f"{'compiled by mypyc' if COMPILED else 'plain Python'}, {options.count} operations a round")
    for name, figures in found.items():
        ours = figures.pop("ours")
        ratios = ", ".join(f"{ours / figure:.2f}x {peer} ({figure:.2f})" for peer, figure in figures.items())
        print(f"{name:36} {ours:8.2f} us   {ratios}")
    print(f"{'memory of an idle agent':36} {memory:8.0f} bytes")


if __name__ == "__main__":
    main()
