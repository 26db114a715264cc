"""Many small trees of linked and monitored processes, threads and coroutines, which end at random, simulated and real.

Each round grows a tree, adds links across it, has its members do what they are to do, and compares what became of
them with what links, monitors and traps promise. Then whoever is left is killed, and nothing may remain: every monitor
has told once, and neither processes nor threads nor messages are left over.
"""

import gc
import logging
import os
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import pytest

from matchspec import ANY, Atom, Pid, Ref
from runtime import (
    DOWN,
    KILL,
    KILLED,
    NORMAL,
    BadArg,
    areceive,
    exit,
    kernel,
    link,
    mailbox_size,
    monitor,
    receive,
    self_,
    send,
    spawn,
    spawn_link,
    trap_exit,
)
from runtime.scheduler import SYSTEM
from runtime.simulator import simulation

Value: TypeAlias = Any  # any term that the test uses

SEED: Final = 20111007
SIMULATED: Final = 3000
REAL: Final = 7000
BATCH: Final = 25  # rounds that a controller does before it is looked at
CONTROLLERS: Final = 4  # that work at the same time on real threads
BORN, GO, LINK, LINKED, REPORT, WATCH = (Atom(word) for word in ("born", "go", "link", "linked", "report", "watch"))
REASONS: Final[list[Value]] = [NORMAL, Atom("shutdown"), Atom("bad"), (Atom("a"), 1)]


@dataclass
class Member:
    """A process of a tree, as it is planned, and what has become of it."""

    number: int
    coroutine: bool
    traps: bool
    ending: str  # "wait", "return", "exit", "raise" or "strike"
    reason: Value
    target: int  # whom it strikes
    children: list[tuple["Member", bool]] = field(default_factory=list)  # and whether it is linked
    pid: Pid | None = None
    partners: set[int] = field(default_factory=set)  # who is linked to it


def plan(rng: random.Random) -> list[Member]:
    """Members of a tree; the first is its root."""
    size = rng.randint(2, 4)
    members = [
        Member(
            number,
            rng.random() < 0.25,
            rng.random() < 0.3,
            rng.choice(("wait", "wait", "return", "exit", "exit", "raise", "strike")),
            rng.choice(REASONS),
            rng.randrange(size),
        )
        for number in range(size)
    ]
    for member in members[1:]:
        parent = members[rng.randrange(member.number)]
        linked = rng.random() < 0.7
        parent.children.append((member, linked))
        if linked:
            join(parent, member)
    return members


def join(one: Member, other: Member) -> None:
    if one is not other:
        one.partners.add(other.number)
        other.partners.add(one.number)


# --- what members do --------------------------------------------------------------------------------------------------


class Life:
    """What a process does with each message, whichever way it waits for them."""

    def __init__(self, member: Member, controller: Pid) -> None:
        self.member: Final = member
        self.controller: Final = controller
        self.exits: Final[list[Pid]] = []

    def begin(self) -> None:
        trap_exit(self.member.traps)
        for child, linked in self.member.children:
            (spawn_link if linked else spawn)(body_of(child, self.controller))
        send(self.controller, (BORN, self.member.number, self_()))

    def take(self, message: Value) -> bool:
        """Whether it goes on."""
        match message:
            case (Atom("EXIT"), pid, _):
                self.exits.append(pid)
            case (Atom("link"), pid):
                try:
                    link(pid)
                except BadArg:
                    pass  # it has ended, by the strike of another
                send(self.controller, (LINKED, self_()))
            case (Atom("report"), ref):
                send(self.controller, (ref, self.exits))
            case (Atom("go"), pids):
                return self.act(pids)
        return True

    def act(self, pids: list[Pid]) -> bool:
        member = self.member
        match member.ending:
            case "exit":
                exit(member.reason)
            case "raise":
                raise ValueError("boom")
            case "strike":
                exit(pids[member.target], KILL)
        return member.ending == "wait"


def body_of(member: Member, controller: Pid) -> Callable[[], object]:
    life = Life(member, controller)

    def run() -> None:
        life.begin()
        while life.take(receive()):
            pass

    async def run_as_coroutine() -> None:
        life.begin()
        while life.take(await areceive()):
            pass

    return run_as_coroutine if member.coroutine else run


def observe(controller: Pid) -> None:
    """Monitors whom it is told to, and says what it has heard."""
    refs: list[Ref] = []
    heard: list[Value] = []
    while True:
        match receive():
            case (Atom("watch"), pids):
                refs = [monitor(pid) for pid in pids]
                send(controller, WATCH)
            case (Atom("DOWN"), *_) as message:
                heard.append(message)
            case (Atom("report"), ref):
                while len(heard) < len(refs):  # all that are watched have ended: what is missing is on its way
                    heard.append(receive((DOWN, ANY, ANY, ANY, ANY), timeout=60))
                send(controller, (ref, (refs, heard)))
                refs, heard = [], []


# --- a round ----------------------------------------------------------------------------------------------------------


def play(rng: random.Random, observer: Pid) -> None:
    """One round, from its plan to the last of its members' ends."""
    me, members = self_(), plan(rng)
    spawn(body_of(members[0], me))
    for _ in members:
        _, number, pid = receive((BORN, ANY, ANY))
        members[number].pid = pid
    pids: list[Pid] = [member.pid for member in members if member.pid is not None]
    for _ in range(rng.randrange(3)):
        one, other = rng.choice(members), rng.choice(members)
        join(one, other)
        send(pids[one.number], (LINK, pids[other.number]))
        receive((LINKED, ANY))
    numbers = {monitor(pid): number for number, pid in enumerate(pids)}
    send(observer, (WATCH, pids))
    receive(WATCH)
    for number in rng.sample(range(len(pids)), len(pids)):
        send(pids[number], (GO, pids))
    reasons: dict[int, Value] = {}

    def hear() -> None:
        _, ref, _, pid, reason = receive((DOWN, ANY, ANY, ANY, ANY), timeout=60)
        number = numbers.pop(ref)
        assert pid is pids[number]
        reasons[number] = reason

    while any(member.ending != "wait" and member.number not in reasons for member in members):
        hear()
    living = settle(members, pids, reasons, hear)
    check_ends(members, reasons)
    check_messages(members, pids, reasons, living)
    for number in living:
        exit(pids[number], KILL)
    while numbers:
        hear()
    check_observer(observer, pids, reasons)
    assert mailbox_size() == 0


def settle(members: list[Member], pids: list[Pid], reasons: dict[int, Value], hear: Callable[[], None]) -> list[int]:
    """All have done what they were to do: hears of those who must end because of it. The numbers of those who live on.

    The signals along the links of a process are on their way when others hear of its end.
    """
    while True:
        living = [member for member in members if member.number not in reasons]
        if not any(
            kernel.find(pids[one.number]) is None or (signals(one, reasons) and not one.traps) for one in living
        ):
            return [member.number for member in living]
        hear()


def signals(member: Member, reasons: dict[int, Value]) -> list[Value]:
    """What has come along the links of a member, and would end one that does not trap exits."""
    return [reasons[one] for one in member.partners if one in reasons and reasons[one] is not NORMAL]


def check_ends(members: list[Member], reasons: dict[int, Value]) -> None:
    """Who has ended, and with which reason, has had a cause; and who has had a cause has ended."""
    struck = {member.target for member in members if member.ending == "strike"}
    for member in members:
        own: list[Value] = {"return": [NORMAL], "strike": [NORMAL, KILLED], "exit": [member.reason]}.get(
            member.ending, []
        )
        linked = [] if member.traps else signals(member, reasons)
        if member.number not in reasons:
            assert member.ending == "wait", f"{member} lives on"
            assert not linked, f"{member} has outlived {linked}"
            continue
        reason = reasons[member.number]
        causes = [*own, *linked, *([KILLED] if member.number in struck else [])]
        raised = member.ending == "raise" and isinstance(reason, tuple) and isinstance(reason[0], ValueError)
        assert raised or any(reason is cause for cause in causes), f"{member} has ended with {reason!r}"


def check_messages(members: list[Member], pids: list[Pid], reasons: dict[int, Value], living: list[int]) -> None:
    """Who traps and lives has one EXIT message of each partner that has ended, and others have none."""
    for number in living:
        ref = Ref()
        send(pids[number], (REPORT, ref))
        _, exits = receive((ref, ANY))
        expected = [pids[one] for one in members[number].partners if one in reasons] if members[number].traps else []
        assert Counter(exits) == Counter(expected), f"{members[number]} was told of {exits}"


def check_observer(observer: Pid, pids: list[Pid], reasons: dict[int, Value]) -> None:
    """Another watcher has heard once of each end, and of the same reason."""
    ref = Ref()
    send(observer, (REPORT, ref))
    _, (refs, heard) = receive((ref, ANY))
    assert [Counter(message[1] for message in heard)[one] for one in refs] == [1] * len(pids)
    for _, one, _, pid, reason in heard:
        number = refs.index(one)
        assert pid is pids[number]
        assert reason is reasons[number]


def play_many(seed: int, rounds: int) -> None:
    rng = random.Random(seed)
    observer = spawn(observe, self_())
    for _ in range(rounds):
        play(rng, observer)
    ref = monitor(observer)
    exit(observer, KILL)
    receive((DOWN, ref, ANY, ANY, ANY))


# --- the tests --------------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def no_reports() -> Iterator[None]:
    """Thousands of crashes are not logged; a log would also hold on to what they were."""
    log = logging.getLogger("runtime.process")
    log.disabled = True
    yield
    log.disabled = False


def held() -> int:
    """How many processes the memory holds."""
    gc.collect()
    return sum(1 for item in gc.get_objects() if type(item) is kernel.Process)


def nothing_is_left(living: set[int], before: int) -> None:
    """Threads that were killed leave soon after; then all is as before."""
    me = kernel.current()
    for _ in range(10_000):
        if kernel.living.keys() == living and kernel.remnants.count == 0:
            break
        receive(timeout=0.001, default=None)
    assert kernel.living.keys() == living
    assert kernel.remnants.count == 0
    assert (len(me.links), len(me.monitors or {}), len(me.watchers or {}), len(me.waiters or [])) == (0, 0, 0, 0)
    assert mailbox_size() == 0
    assert held() <= before + 2 * SYSTEM.pool.threads()[1] + 10  # an idle thread may hold on to its last one


@pytest.mark.slow
def test_simulated_trees_end_as_they_should() -> None:
    self_()
    living, before, threads = set(kernel.living), held(), threading.active_count()
    for seed in range(SIMULATED // BATCH):
        with simulation(seed=SEED + seed):
            play_many(seed, BATCH)
    nothing_is_left(living, before)
    assert threading.active_count() <= threads + 10


@pytest.mark.slow
def test_real_trees_end_as_they_should() -> None:
    self_()
    living, before = set(kernel.living), held()
    for first in range(0, REAL // BATCH, CONTROLLERS):
        refs = {spawn_and_watch(SEED + first + number): SEED + first + number for number in range(CONTROLLERS)}
        for _ in range(CONTROLLERS):
            _, ref, _, _, reason = receive((DOWN, ANY, ANY, ANY, ANY))
            assert reason is NORMAL, f"seed {refs[ref]}: {reason}"
    nothing_is_left(living, before)
    # Each controller has at most five members and an observer at a time, and threads are used again.
    assert threading.active_count() <= 16 * (os.cpu_count() or 1) + 16 * CONTROLLERS


def spawn_and_watch(seed: int) -> Ref:
    return monitor(spawn(play_many, seed, BATCH))


def test_the_checks_find_what_is_wrong() -> None:
    def member(number: int, ending: str = "wait", traps: bool = False) -> Member:
        return Member(number, False, traps, ending, Atom("bad"), 0)

    pair = [member(0, "exit"), member(1)]
    join(*pair)
    check_ends(pair, {0: Atom("bad"), 1: Atom("bad")})
    check_ends([member(0, "exit"), member(1)], {0: Atom("bad")})
    with pytest.raises(AssertionError, match="has outlived"):
        check_ends(pair, {0: Atom("bad")})
    with pytest.raises(AssertionError, match="lives on"):
        check_ends(pair, {})
    with pytest.raises(AssertionError, match="has ended with"):
        check_ends(pair, {0: NORMAL})
    with pytest.raises(AssertionError, match="has ended with"):
        check_ends([member(0), member(1)], {0: Atom("bad")})
