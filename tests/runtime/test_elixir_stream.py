"""Task.async_stream, as recorded from Elixir."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, Final

import pytest

from matchspec import Atom
from runtime import (
    Agent,
    BadArg,
    ExitReason,
    Ok,
    Task,
    callers,
    exit,
    is_alive,
    self_,
    send,
    sleep,
    spawn,
    trap_exit,
)
from tests.runtime.elixir_helpers import (
    A,
    boom,
    fate,
    following,
    forever,
    keyword,
    mailbox,
    ms,
    pause,
)
from tests.runtime.elixir_scenarios import SEEDS, Case, Scenarios, Value, check, outcome

RECORD: Final = Scenarios("async_stream")
MINE: Final = A("mine")
STARTED: Final = A("started")
TASK: Final = A("task")
stream: Final[Any] = Task.async_stream  # scenarios give it what mypy would refuse


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("case", RECORD.cases.values(), ids=str)
def test_as_in_elixir(case: Case, seed: int, lending: float) -> None:
    check(case, seed, lending)


def test_all_that_is_recorded_is_here() -> None:
    assert RECORD.missing() == []


def same(item: Value) -> Value:
    return item


def slow(item: Value) -> Value:
    sleep(ms(item))
    return item


def taken(outcomes: Iterable[Value], count: int) -> list[Value]:
    """The first outcomes; the stream is closed then, as by leaving a loop."""
    running = iter(outcomes)
    found = list(itertools.islice(running, count))
    running.close()  # type: ignore[attr-defined]  # it is a generator
    return found


def when(which: int, action: Callable[[], Value]) -> Callable[[int], Value]:
    """Does something for one item, and gives the others as they are."""
    return lambda item: action() if item == which else item


RECORD.not_here(
    "async_stream",
    "a function is given as such, not by module, name and arguments",
    "of module, function and arguments: the item comes first",
)
RECORD.not_here("async_stream", "Python has no throw", "an item that throws: the caller dies")


# --- order and number -----------------------------------------------------------------------------------------------


@RECORD.scenario("async_stream", "values in the order of the items")
def _() -> Value:
    return list(stream(range(1, 5), lambda item: item * 2))


@RECORD.scenario("async_stream", "ordered: a slow first item holds the others back")
def _() -> Value:
    return list(stream([60, 1, 2], slow, max_concurrency=3))


@RECORD.scenario("async_stream", "unordered: as they are done")
def _() -> Value:
    return list(stream([120, 1, 60], slow, max_concurrency=3, ordered=False))


@RECORD.scenario("async_stream", "of no items")
def _() -> Value:
    return [list(stream([], same)), mailbox()]


@RECORD.scenario("async_stream", "of an endless input, taken from")
def _() -> Value:
    return taken(stream(itertools.count(1), lambda item: item * 2), 3)


@RECORD.scenario("async_stream", "nothing runs before it is enumerated")
def _() -> Value:
    caller = self_()
    stream(range(1, 4), lambda item: send(caller, item))
    return mailbox()


@RECORD.scenario("async_stream", "each enumeration runs anew")
def _() -> Value:
    counter = Agent.start_link(lambda: 0)
    counting = stream(range(1, 4), lambda _: counter.get_and_update(lambda n: (n, n + 1)), max_concurrency=1)
    return [list(counting), list(counting)]


@RECORD.scenario("async_stream", "max_concurrency is kept")
def _() -> Value:
    running = Agent.start_link(lambda: (0, 0))

    def work(item: int) -> int:
        running.update(lambda state: (state[0] + 1, max(state[1], state[0] + 1)))
        sleep(ms(10))
        running.update(lambda state: (state[0] - 1, state[1]))
        return item

    results = list(stream(range(12), work, max_concurrency=3))
    return keyword(count=len(results), most=running.get(lambda state: state[1]))


@RECORD.scenario("async_stream", "max_concurrency 1: one after the other")
def _() -> Value:
    caller = self_()

    def work(item: int) -> None:
        send(caller, (A("start"), item))
        sleep(ms(5))
        send(caller, (A("end"), item))

    for _ in stream(range(1, 4), work, max_concurrency=1):
        pass
    return mailbox()


@RECORD.scenario("async_stream", "max_concurrency above the number of items")
def _() -> Value:
    return list(stream([1, 2], same, max_concurrency=100))


@RECORD.scenario("async_stream", "max_concurrency that is none", without=[4])  # None is the number of processors
def _() -> Value:
    numbers: list[Value] = [0, -1, 1.5, A("many")]
    return [(number, outcome(partial(stream, [1, 2], same, max_concurrency=number))) for number in numbers]


@RECORD.differs("async_stream", "other options that are none", "they are refused, where Elixir overlooks most")
def _() -> None:
    for option, bad in {"timeout": -1, "on_timeout": "retry", "ordered": "maybe", "zip_input_on_exit": 1}.items():
        kind, error = outcome(partial(stream, [1, 2], same, **{option: bad}))
        assert kind is A("raised")
        assert isinstance(error, BadArg)
        assert (error.argument, error.cause) == (option, "option")


@RECORD.scenario("async_stream", "how far ahead of its consumer it runs")
def _() -> Value:
    caller = self_()
    assert taken(stream(range(1, 11), lambda item: [send(caller, item), item][1], max_concurrency=2), 1) == [Ok(1)]
    return all(item <= 3 for item in mailbox())


@RECORD.scenario("async_stream", "ordered: a place is free when a task is done, not when it is delivered")
def _() -> Value:
    caller = self_()

    def work(item: int) -> int:
        send(caller, (STARTED, item))
        if item == 1:
            sleep(ms(80))
        return item

    for result in stream(range(1, 5), work, max_concurrency=2):
        send(caller, (A("delivered"), result.value))
    messages = mailbox()
    before = messages[: messages.index((A("delivered"), 1))]
    return keyword(started_before_first_delivery=len([1 for what, _ in before if what is STARTED]), all=len(messages))


# --- time limits ----------------------------------------------------------------------------------------------------


@RECORD.scenario("async_stream", "an item too late: exit")
def _() -> Value:
    return list(stream([1], lambda _: forever(), timeout=ms(20)))


@RECORD.scenario("async_stream", "an item too late: exit, caught, the tasks are gone")
def _() -> Value:
    caller = self_()

    def work(item: int) -> None:
        send(caller, self_())
        forever()

    result = outcome(lambda: list(stream([1, 2], work, timeout=ms(30), max_concurrency=2)))
    pids = mailbox()
    return keyword(result=result, tasks=len(pids), gone=not any(map(is_alive, pids)))


KILL: Final[dict[str, Value]] = {"timeout": ms(100), "on_timeout": "kill_task"}


@RECORD.scenario("async_stream", "an item too late: kill_task")
def _() -> Value:
    return list(stream([1, 2, 3], when(2, forever), **KILL))


@RECORD.scenario("async_stream", "an item too late: kill_task with its input")
def _() -> Value:
    a, b = A("a"), A("b")
    return list(stream([a, b], lambda item: forever() if item is b else item, zip_input_on_exit=True, **KILL))


@RECORD.scenario("async_stream", "kill_task: the killed task is dead and no message is left")
def _() -> Value:
    caller = self_()
    results = list(stream([1], lambda _: [send(caller, self_()), forever()], **KILL))
    pid, *rest = mailbox()
    return keyword(results=results, alive=is_alive(pid), rest=rest)


@RECORD.scenario("async_stream", "the time limit is for each item, not for all")
def _() -> Value:
    return list(stream(range(1, 5), partial(pause, 60), timeout=ms(150), max_concurrency=1))


@RECORD.scenario("async_stream", "the time limit does not count the time that the consumer takes")
def _() -> Value:
    return [pause(80, result) for result in stream([1, 2, 3], same, timeout=ms(50), max_concurrency=1)]


@RECORD.scenario("async_stream", "timeout infinity")
def _() -> Value:
    return list(stream([1, 2], same, timeout=None))


# --- failures -------------------------------------------------------------------------------------------------------


@RECORD.scenario("async_stream", "an item that exits: the caller dies")
def _() -> Value:
    return list(stream(range(1, 5), when(2, lambda: exit(A("crash")))))


@RECORD.scenario("async_stream", "an item that raises: the caller dies")
def _() -> Value:
    return list(stream(range(1, 5), when(2, boom)))


@RECORD.scenario("async_stream", "items that fail, trapping", without=["results"])
def _() -> Value:
    trap_exit(True)
    value, reason, normal = A("value"), A("reason"), A("normal")
    actions = [lambda: value, lambda: exit(reason), boom, lambda: exit(normal)]
    first, second, third, fourth = list(stream(actions, lambda action: action()))
    assert (first, second, fourth) == (Ok(value), ExitReason(reason), ExitReason(normal))
    assert str(third.reason[0]) == "boom"
    return keyword(messages=[reason for _, _, reason in mailbox() if reason is not normal])


@RECORD.scenario("async_stream", "an item that exits normally, not trapping")
def _() -> Value:
    return list(stream([1, 2], when(1, lambda: exit(A("normal")))))


@RECORD.scenario("async_stream", "items that fail, trapping, with their input")
def _() -> Value:
    trap_exit(True)
    a, b = A("a"), A("b")
    return list(stream([a, b], lambda item: exit(A("reason")) if item is a else item, zip_input_on_exit=True))


@RECORD.scenario("async_stream", "trapping: are there messages of the tasks")
def _() -> Value:
    trap_exit(True)
    return keyword(results=list(stream([1, 2, 3], same)), messages=mailbox())


@RECORD.scenario("async_stream", "no messages are left over")
def _() -> Value:
    list(stream(range(5), same))
    return mailbox()


@RECORD.scenario("async_stream", "messages of others stay")
def _() -> Value:
    send(self_(), MINE)
    list(stream(range(5), same))
    return mailbox()


# --- the end of a stream --------------------------------------------------------------------------------------------


def telling(then: Callable[[int], Value]) -> Callable[[int], Value]:
    """Tells the caller which process works for which item."""
    caller = self_()
    return lambda item: [send(caller, (TASK, item, self_())), then(item)][1]


def only_first(item: int) -> Value:
    return item if item == 1 else forever()


def working(messages: list[Value]) -> list[Value]:
    return [pid for _, item, pid in messages if item > 1]


@RECORD.scenario("async_stream", "halting early ends the running tasks")
def _() -> Value:
    found = taken(stream(range(1, 5), telling(only_first), max_concurrency=4), 1)
    pids = working(mailbox())
    return keyword(taken=found, gone=not any(map(is_alive, pids)), messages=mailbox())


@RECORD.scenario("async_stream", "taking none runs nothing")
def _() -> Value:
    caller = self_()
    return keyword(taken=taken(stream(range(1, 5), lambda item: send(caller, item)), 0), messages=mailbox())


def failing_input(at: int, fail: Callable[[], Value]) -> Iterator[int]:
    for item in range(1, 4):
        if item == at:
            fail()
        yield item


@RECORD.scenario("async_stream", "the input raises: tasks are ended")
def _() -> Value:
    def bad() -> None:
        raise RuntimeError("bad input")

    work = telling(lambda _: forever())
    result = outcome(lambda: list(stream(failing_input(3, bad), work, max_concurrency=3)))
    pids = [pid for _, _, pid in mailbox()]
    return keyword(result=result, gone=not any(map(is_alive, pids)), messages=mailbox())


@RECORD.scenario("async_stream", "the input throws, exits", without=[0])
def _() -> Value:
    items = failing_input(2, lambda: exit(A("reason")))
    return [outcome(lambda: list(stream(items, same, max_concurrency=1)))]


@RECORD.scenario("async_stream", "the consumer raises: tasks are ended")
def _() -> Value:
    work = telling(only_first)

    def consume() -> None:
        for _ in stream(range(1, 4), work, max_concurrency=3):
            raise RuntimeError("bad consumer")

    result = outcome(consume)
    pids = working(mailbox())
    return keyword(result=result, gone=not any(map(is_alive, pids)))


@RECORD.scenario("async_stream", "the caller is killed: tasks are ended")
def _() -> Value:
    work = telling(lambda _: forever())
    owner = spawn(lambda: list(stream([1], work)))
    return fate(following()[2], lambda _: exit(owner, A("kill")))


# --- processes ------------------------------------------------------------------------------------------------------


@RECORD.scenario("async_stream", "the items are read by the caller")
def _() -> Value:
    caller = self_()
    return list(stream(((item, self_() is caller) for item in (1, 2, 3)), same))


@RECORD.scenario("async_stream", "each item has a process of its own")
def _() -> Value:
    pids = [result.value for result in stream(range(5), lambda _: self_())]
    return keyword(different=len(set(pids)), caller_among_them=self_() in pids)


@RECORD.scenario("async_stream", "callers of a task of a stream")
def _() -> Value:
    (result,) = stream([1], lambda _: callers())
    assert result.value[1:] == callers()  # who has spawned the caller is not Elixir's
    return [Ok(result.value[:1])]


@RECORD.scenario("async_stream", "a stream in a stream")
def _() -> Value:
    def inner(outer: int) -> list[Value]:
        return [result.value for result in stream([1, 2], lambda item: (outer, item))]

    return list(stream([1, 2], inner))


@RECORD.scenario("async_stream", "two streams zipped")
def _() -> Value:
    first, second = stream([1, 2, 3], lambda item: item * 2), stream([1, 2, 3], lambda item: item * 3)
    return list(zip(first, second, strict=True))


@RECORD.scenario("async_stream", "an item that is a keyword list, a tuple, nil")
def _() -> Value:
    return list(stream([[(Atom("a"), 1)], (1, 2), None], same))
