"""Tasks, agents and streams against their peers: threads, asyncio and, where they are installed, pykka and Elixir.

Each contender does the same trivial work, one operation after another. Elixir's figures come from elixir_runtime.exs,
which runs once beside this.
"""

import asyncio
import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench.model import Alone, Case, Data, Options, Target, Valued, Way, Work, optional
from runtime import Agent, Task

OURS: Final = "matchspec"
pykka = optional("pykka")


class Matter(NamedTuple):
    """One operation as each contender does it, `count` times; `elixir` names its figure.

    `limits`: at most so many times what another takes, or without another so many microseconds. `after`: what is left
    to do, untimed.
    """

    ours: Callable[[int], object]
    peers: Mapping[str, Callable[[int], object]]
    elixir: str | None = None
    limits: tuple[tuple[float, str | None], ...] = ()
    after: Callable[[Any], None] = lambda result: None


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


POOL: Final = ThreadPoolExecutor(4)


def await_tasks(count: int) -> None:
    for _ in range(count):
        Task.async_(one).await_()


def await_tasks_elsewhere(count: int) -> None:
    for _ in range(count):
        Task.async_(one).await_(5.0)


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


AGENT: Final = Agent.start(lambda: 0)


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


def agent_start(count: int) -> list[Agent[int]]:
    return [Agent.start(lambda: 0) for _ in range(count)]


def stop_all(agents: list[Agent[int]]) -> None:
    for agent in agents:
        agent.stop()


def agent_start_stop(count: int) -> None:
    stop_all(agent_start(count))


def pykka_cases() -> dict[str, Callable[[int], None]]:
    if pykka is None:
        return {}

    class Actor(pykka.ThreadingActor):  # type: ignore[misc, name-defined]  # pykka is Any
        use_daemon_thread = True

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


ACTORS: Final = pykka_cases()


ASKED: Final = {"pykka, ask": ACTORS["ask"]} if ACTORS else {}
TOLD: Final = {"pykka, tell": ACTORS["tell"]} if ACTORS else {}
CALLED: Final = ((1.2, None), (0.1, "pykka, ask"))
STREAMED: Final = ((0.5, "ThreadPoolExecutor.map"), (1.0, "Elixir"))
MATTERS: Final = {
    "Task.async_ + await_": Matter(
        await_tasks, {"ThreadPoolExecutor": await_futures}, "task_async_await", ((1.0, "ThreadPoolExecutor"),)
    ),
    "Task.async_ + await_, by another thread": Matter(
        await_tasks_elsewhere, {"ThreadPoolExecutor": await_futures}, "task_async_await"
    ),
    "await Task.async_, in a coroutine": Matter(
        await_coroutines, {"asyncio.create_task": await_asyncio}, None, ((1.5, "asyncio.create_task"),)
    ),
    "async_stream, per item": Matter(stream, {"ThreadPoolExecutor.map": map_pool}, "async_stream_item", STREAMED),
    "async_stream, max_concurrency=16": Matter(
        stream_16, {"ThreadPoolExecutor.map": map_pool}, "async_stream_item_concurrency_100"
    ),
    "Agent.get": Matter(agent_get, ASKED, "agent_get", CALLED),
    "Agent.update": Matter(agent_update, ASKED, "agent_update", CALLED),
    "Agent.get_and_update": Matter(agent_swap, ASKED, "agent_get_and_update", CALLED),
    "Agent.cast": Matter(agent_cast, TOLD, "agent_cast", ((0.3, "pykka, tell"),)),
    "Agent.start": Matter(agent_start, {}, None, ((5.0, None),), stop_all),
    "Agent.start + stop": Matter(agent_start_stop, {}, "agent_start_and_stop"),
}


def absent() -> dict[str, str]:
    """Who is left out, and what is not installed."""
    found = {} if ACTORS else {"pykka, ask": "pykka", "pykka, tell": "pykka"}
    return found if shutil.which("elixir") is not None else found | {"Elixir": "elixir"}


@cache
def elixir_figures() -> Mapping[str, float]:
    """Microseconds by the names of its operations."""
    script = Path(__file__).with_name("elixir_runtime.exs")
    run = subprocess.run(["elixir", str(script)], check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(run.stdout)["microseconds"]
    return figures


def _elixir(name: str) -> Way:
    return Valued(lambda data: elixir_figures()[name] / 1e6)


def _work(do: Callable[[int], object], after: Callable[[Any], None]) -> Way:
    return Alone(lambda data: Work(lambda: do(data.number), after, data.number))


def cases(options: Options) -> list[Case]:
    data = Data("rows", 100 if options.quick else 20_000)
    elixir = not options.quick and shutil.which("elixir") is not None
    found: list[Case] = []
    for name, matter in MATTERS.items():
        ways = {label: _work(do, matter.after) for label, do in {OURS: matter.ours, **matter.peers}.items()}
        if elixir and matter.elixir is not None:
            ways["Elixir"] = _elixir(matter.elixir)
        targets = tuple([Target(OURS, limit, against) for limit, against in matter.limits])
        found.append(Case("processes", name, "us", ways, data, targets, base=OURS))
    return found
