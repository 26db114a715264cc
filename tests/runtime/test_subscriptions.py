"""Subscriptions: every change that concerns a query, once, in order, to a function or a queue."""

import threading
from collections import Counter
from queue import Queue, SimpleQueue
from typing import Any, NamedTuple, TypeAlias

import pytest

from matchspec import ANY, MatchSpecError
from runtime import BadArg, ets, exit, receive, spawn_monitor
from runtime.monitor import DOWN
from runtime.simulator import simulation
from runtime.storage import KINDS, Kind

Value: TypeAlias = Any


class Log:
    def __init__(self) -> None:
        self.events: list[tuple[str, Value, Value]] = []

    def __call__(self, event: ets.Event[Any]) -> None:
        self.events.append((event.kind, event.old, event.new))

    def taken(self) -> list[tuple[str, Value, Value]]:
        events, self.events = self.events, []
        return events


def test_what_each_operation_tells() -> None:
    table, log = ets.new("t"), Log()
    table.insert((1, "before"))
    table.subscribe(None, log)
    table.insert((1, "a"))
    table.insert([(2, "b"), (3, "c"), (3, "d")])
    assert log.taken() == [
        ("replaced", (1, "before"), (1, "a")), ("inserted", None, (2, "b")), ("inserted", None, (3, "d"))
    ]  # fmt: skip
    table.insert_new((3, "no"))
    table.update_element(1, (2, 5))
    table.update_counter(1, 1)
    table.update_counter(9, 1, (0, 0))
    assert log.taken() == [
        ("replaced", (1, "a"), (1, 5)), ("replaced", (1, 5), (1, 6)), ("inserted", None, (9, 1))
    ]  # fmt: skip
    table.delete(77)
    table.delete(9)
    table.take(3)
    table.delete_object((2, "other"))
    table.delete_object((2, "b"))
    assert log.taken() == [("deleted", (9, 1), None), ("deleted", (3, "d"), None), ("deleted", (2, "b"), None)]
    table.select_replace("fun({K, V}) -> {K, {V}} end")
    table.select_delete("fun({K, _}) -> K == 1 end")
    assert log.taken() == [("replaced", (1, 6), (1, (6,))), ("deleted", (1, (6,)), None)]
    with pytest.raises(BadArg):
        table.insert([(1,), 5])  # type: ignore[list-item]  # what the test is about
    assert log.taken() == []
    table.insert((4, 4))
    table.delete_all_objects()
    table.drop()
    assert log.taken() == [("inserted", None, (4, 4)), ("deleted", (4, 4), None), ("dropped", None, None)]


@pytest.mark.parametrize("ended", [True, False])
def test_a_table_that_goes_with_its_owner_is_told_of_as_dropped(ended: bool) -> None:
    log, queue, shared = Log(), Queue[ets.Event[Any]](), ets.new("shared", access="public")

    def own() -> None:
        table = ets.new("t")
        table.subscribe(None, lambda event: shared.insert((event.kind,)))
        table.subscribe(None, log)
        table.subscribe(None, queue)
        if ended:
            receive()

    with simulation():
        pid, ref = spawn_monitor(own)
        if ended:
            receive(timeout=1, default=None)
            exit(pid, "boom")
        assert receive((DOWN, ref, ANY, pid, ANY), timeout=1)
    assert log.taken() == [("dropped", None, None)]
    assert queue.get_nowait().kind == "dropped"
    assert shared.tab2list() == [("dropped",)]
    shared.drop()


def test_in_bags() -> None:
    for kind, copies in (("bag", 1), ("duplicate_bag", 2)):
        table, log = ets.new("t", type=kind), Log()  # type: ignore[call-overload]  # the kind is no literal here
        table.subscribe(None, log)
        table.insert((1, "a"))
        table.insert([(1, "a"), (1, "b")])
        assert Counter(log.taken()) == Counter(
            [("inserted", None, (1, "a"))] * copies + [("inserted", None, (1, "b"))]
        )  # fmt: skip
        table.delete_object((1, "a"))
        assert log.taken() == [("deleted", (1, "a"), None)] * copies
        table.delete(1)
        assert log.taken() == [("deleted", (1, "b"), None)]


class User(NamedTuple):
    id: int
    age: int


def test_only_what_concerns_the_query() -> None:
    table = ets.new("t", User, keypos="id")
    by_lambda, by_text, by_pattern = Log(), Log(), Log()
    table.subscribe(lambda u: u.age > 18, by_lambda)
    table.subscribe("fun({_, A} = U) when A > 18 -> U end", by_text)
    table.subscribe([((1, 20), [], [True])], by_pattern)
    table.insert([User(1, 20), User(2, 5)])
    table.insert(User(2, 19))
    table.insert(User(1, 3))
    table.delete(1)
    expected = [
        ("inserted", None, User(1, 20)), ("replaced", User(2, 5), User(2, 19)), ("replaced", User(1, 20), User(1, 3))
    ]  # fmt: skip
    assert by_lambda.taken() == by_text.taken() == expected
    assert by_pattern.taken() == [expected[0], expected[2]]
    with pytest.raises(MatchSpecError):
        table.subscribe("fun({", by_text)


def test_existing_rows_come_first() -> None:
    table, log = ets.new("t", type="ordered_set"), Log()
    table.insert([(1,), (2,)])
    table.subscribe(None, log, existing=True)
    table.insert((0,))
    assert log.taken() == [("inserted", None, (1,)), ("inserted", None, (2,)), ("inserted", None, (0,))]


def test_a_subscriber_does_not_hold_up_others() -> None:
    """While it is being told of rows, be they there already or new, another thread may write."""
    table = ets.new("t", access="public")
    table.insert((1,))

    def let_another_write(event: ets.Event[Any]) -> None:
        if event.new in {(1,), (2,)}:
            other = threading.Thread(target=table.insert, args=((event.new[0] + 10,),))
            other.start()
            other.join(10)
            assert not other.is_alive()

    subscription = table.subscribe(None, let_another_write, existing=True)
    table.insert((2,))
    assert subscription.error is None
    assert sorted(table.tab2list()) == [(1,), (2,), (11,), (12,)]


def test_queues_and_cancelling() -> None:
    table = ets.new("t")
    queues: list[Queue[ets.Event[Any]] | SimpleQueue[ets.Event[Any]]] = [Queue(), SimpleQueue()]
    for queue in queues:
        with table.subscribe(None, queue) as subscription:
            table.insert((1,))
        assert not subscription.active
        table.insert((2,))
        assert queue.get_nowait().new == (1,)
        assert queue.empty()
        table.delete_all_objects()
    for bad in (5, "queue", None):
        with pytest.raises(BadArg) as caught:
            table.subscribe(None, bad)  # type: ignore[arg-type]  # what the test is about
        assert (caught.value.cause, caught.value.argument) == ("option", "to")


def test_a_subscriber_that_raises_ends_its_subscription_only() -> None:
    table, log = ets.new("t"), Log()

    def fails(event: ets.Event[Any]) -> None:
        raise ValueError(event.kind)

    broken = table.subscribe(None, fails)
    full = table.subscribe(None, Queue(maxsize=1))
    table.subscribe(None, log)
    assert table.insert([(1,), (2,)]) is True
    assert not broken.active
    assert isinstance(broken.error, ValueError)
    assert not full.active
    assert full.error is not None
    assert [new for _, _, new in log.taken()] == [(1,), (2,)]
    assert sorted(table.tab2list()) == [(1,), (2,)]


def test_a_subscriber_may_use_the_table() -> None:
    table, log = ets.new("t"), Log()

    def double(event: ets.Event[Any]) -> None:
        if event.new is not None and event.new[0] < 16:
            table.insert((event.new[0] * 2,))

    table.subscribe(None, double)
    table.subscribe(None, log)
    table.insert((1,))
    assert sorted(table.tab2list()) == [(1,), (2,), (4,), (8,), (16,)]
    assert [new for _, _, new in log.taken()] == [(1,), (2,), (4,), (8,), (16,)]


def test_rows_are_copies() -> None:
    table, log = ets.new("t"), Log()
    table.subscribe(None, log)
    table.insert((1, [1]))
    log.taken()[0][2][1].append(2)
    assert table.lookup(1) == [(1, [1])]


def test_expired_and_evicted_rows() -> None:
    now = [0.0]
    table, log = ets.new("t", ttl=5, max_size=2, clock=lambda: now[0]), Log()
    table.subscribe(None, log)
    table.insert([(1,), (2,)])
    table.insert((3,))
    now[0] = 5.0
    table.expire()
    kinds = [(kind, old or new) for kind, old, new in log.taken()]
    assert kinds == [
        *(("inserted", (1,)), ("inserted", (2,)), ("inserted", (3,)), ("evicted", (1,))),
        *(("expired", (2,)), ("expired", (3,))),
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_kept_by_events_from_many_threads(kind: Kind) -> None:
    table = ets.new("t", type=kind, access="public")
    copy: Counter[Value] = Counter()
    inside = threading.Lock()

    def follow(event: ets.Event[Any]) -> None:
        assert inside.acquire(blocking=False)  # one at a time
        if event.old is not None:
            copy[event.old] -= 1
            assert copy[event.old] >= 0  # never before its insertion
        if event.new is not None:
            copy[event.new] += 1
        inside.release()

    subscription = table.subscribe(None, follow)
    start = threading.Barrier(4)

    def work(number: int) -> None:
        start.wait()
        for step in range(300):
            key = (number + step) % 7
            table.insert((key, step % 3))
            if step % 3 == 0:
                table.delete((key + 3) % 7)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert subscription.error is None
    assert +copy == Counter(table.tab2list())
