"""The pool: all work is done, by as few threads as will do, and work that waits for other work never waits for ever."""

import threading
from collections.abc import Callable

import pytest

from runtime.pool import Pool


def test_work_is_done_by_few_threads() -> None:
    pool, names, done = Pool(wanted=2), set[str](), threading.Semaphore(0)

    def work() -> None:
        names.add(threading.current_thread().name + str(threading.get_ident()))
        done.release()

    for _ in range(500):
        pool.start(work)
    for _ in range(500):
        assert done.acquire(timeout=30)
    assert 1 <= len(names) <= 10  # two, and those that the sentry may have added on a busy machine


def test_short_work_queues_behind_one_busy_thread() -> None:
    pool, order, gate, done = Pool(wanted=8), list[int](), threading.Event(), threading.Semaphore(0)

    def first() -> None:
        gate.wait(30)
        order.append(0)
        done.release()

    pool.start(first)

    def later(number: int) -> Callable[[], None]:
        def work() -> None:
            order.append(number)
            done.release()

        return work

    for number in (1, 2, 3):
        pool.start(later(number), short=True)
    gate.set()
    for _ in range(4):
        assert done.acquire(timeout=30)
    assert sorted(order) == [0, 1, 2, 3]  # in order, if the sentry has not found the queue stuck before


def test_work_that_waits_for_other_work_gets_its_threads() -> None:
    """Each waits, out of the runtime's sight, for the next one, which is queued behind it."""
    pool, count, done = Pool(wanted=1), 12, threading.Event()
    steps = [threading.Event() for _ in range(count)]

    def waiting(number: int) -> Callable[[], None]:
        def work() -> None:
            assert steps[number].wait(30)
            if number:
                steps[number - 1].set()
            else:
                done.set()

        return work

    for number in range(count):
        pool.start(waiting(number))
    pool.start(steps[-1].set)
    assert done.wait(30)


def test_a_thread_that_waits_in_the_runtime_makes_room() -> None:
    pool, inside, may_go, done = Pool(wanted=1), threading.Event(), threading.Event(), threading.Event()

    def waits() -> None:
        pool.leave()
        inside.set()
        assert may_go.wait(30)
        pool.come_back()
        done.set()

    pool.start(waits)
    assert inside.wait(30)
    pool.start(may_go.set)
    assert done.wait(30)


class Finalizer:
    """Something that starts work of its own when it goes."""

    def __init__(self, pool: Pool, work: Callable[[], None]) -> None:
        self.pool, self.work = pool, work

    def __call__(self) -> None:
        """So that it can be in the place of work."""

    def __del__(self) -> None:
        self.pool.start(self.work)


@pytest.mark.parametrize("short", [False, True])
def test_a_finalizer_may_start_work_while_work_is_started(short: bool) -> None:
    """It runs in the middle of `start`, since that lets go of the object."""
    pool, done = Pool(wanted=8), threading.Semaphore(0)
    pool.start(done.release)
    assert done.acquire(timeout=30)
    while not pool.threads()[1]:  # until its thread is idle
        threading.Event().wait(0.001)
    (idle,) = pool._idle
    idle.work = Finalizer(pool, done.release)
    starting = threading.Thread(target=pool.start, args=(done.release, short), daemon=True)
    starting.start()
    starting.join(30)
    assert not starting.is_alive()
    assert done.acquire(timeout=30)
    assert done.acquire(timeout=30)


def test_work_that_is_withdrawn_is_not_done() -> None:
    pool, gate, done = Pool(wanted=1), threading.Event(), threading.Semaphore(0)
    made: list[int] = []

    def work(number: int) -> Callable[[], None]:
        def do() -> None:
            made.append(number)
            done.release()

        return do

    first, second, third = work(1), work(2), work(3)
    pool._busy = 1  # so that all is queued, and none is taken but by the sentry
    pool._sentry = True
    for one in (first, second, third):
        pool.start(one)
    for one in (third, first, first):
        pool.withdraw(one)
    assert pool.threads() == (1, 0, 1)
    pool._busy = 0
    pool.start(gate.set)
    assert done.acquire(timeout=30)
    assert gate.wait(30)
    assert made == [2]
