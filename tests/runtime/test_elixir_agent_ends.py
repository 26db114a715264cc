"""Agent: crashes, time limits, stop, as recorded from Elixir; with a thread of its own, and without."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import pytest

from matchspec import ANY, Pid
from runtime import DOWN, Agent, exit, is_alive, monitor, receive, self_, send, sleep, spawn, trap_exit, whereis
from tests.runtime.elixir_helpers import (
    A,
    boom,
    dead_agent,
    done,
    ended,
    fate,
    following,
    forever,
    keyword,
    leave,
    mailbox,
    mode,
    ms,
    new_agent,
    pause,
    send_exit,
    survive,
)
from tests.runtime.elixir_scenarios import SEEDS, Body, Case, Scenarios, Value, check, outcome

RECORD: Final = Scenarios("agent_ends")
OK: Final = A("ok")
REASON: Final = A("reason")
CRASH: Final = A("crash")
OTHER: Final = A("other")
NORMAL: Final = A("normal")
SHUTDOWN: Final = A("shutdown")
GO: Final = A("go")


@pytest.mark.parametrize("dedicated", [False, True], ids=["shared", "dedicated"])
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("case", RECORD.cases.values(), ids=str)
def test_as_in_elixir(case: Case, seed: int, dedicated: bool) -> None:
    mode["dedicated"] = dedicated
    check(case, seed)


def test_all_that_is_recorded_is_here() -> None:
    assert RECORD.missing() == []


RECORD.not_here(
    "agent_ends",
    "Python has no throw",
    "get: the function throws",
    "get: the function throws what a server may return",
    "cast: the function throws what a server may return",
)


def state_of(agent: Agent[Any], timeout: float | None = 5.0) -> Value:
    return agent.get(lambda state: state, timeout)


def end_of(ref: Value) -> Value:
    message = receive((DOWN, ref, ANY, ANY, ANY), timeout=ms(50), default=None)
    return A("alive") if message is None else message[4]


def call(use: Callable[[Agent[Any]], Value]) -> Value:
    """What the caller of a function sees, and what becomes of the agent."""
    agent = new_agent(1)
    ref = monitor(agent.pid)
    return outcome(lambda: use(agent)), end_of(ref)


def calling(kind: str, body: Body) -> Value:
    """The same, of a call that runs the function."""
    return call(lambda agent: getattr(agent, kind)(lambda _: body()))


def casting(body: Body) -> Value:
    return call(lambda agent: done(lambda: agent.cast(lambda _: body())))


def slowly(milliseconds: float, result: Callable[[Value], Value]) -> Callable[[Value], Value]:
    """A function that takes its time."""
    return lambda state: result(pause(milliseconds, state))


def same(state: Value) -> Value:
    return state


def more(state: int) -> int:
    return state + 1


FAILING: Final[list[Body]] = [boom, leave(REASON)]


# --- crashes --------------------------------------------------------------------------------------------------------


@RECORD.scenario("agent_ends", "get: the function raises")
def _() -> Value:
    return call(lambda agent: agent.get(lambda _: boom()))


@RECORD.differs("agent_ends", "get: the function raises an error of Erlang", "Python's errors are exceptions")
def _() -> None:
    (kind, reason), end = call(lambda agent: agent.get(lambda state: state + "a"))
    assert kind is A("exited")
    assert reason[0] == end
    assert isinstance(end[0], TypeError)


@RECORD.scenario("agent_ends", "get: the function exits")
def _() -> Value:
    reasons: list[Value] = [REASON, NORMAL, SHUTDOWN, (SHUTDOWN, 1), A("kill")]
    return [(reason, calling("get", leave(reason))) for reason in reasons]


@RECORD.scenario("agent_ends", "get: the function kills its agent")
def _() -> Value:
    return call(lambda agent: agent.get(lambda _: exit(self_(), A("kill"))))


@RECORD.scenario("agent_ends", "update: the function raises, throws, exits", without=[1])
def _() -> Value:
    return [calling("update", fail) for fail in FAILING]


@RECORD.scenario("agent_ends", "get_and_update: the function raises, throws, exits", without=[1])
def _() -> Value:
    return [calling("get_and_update", fail) for fail in FAILING]


@RECORD.scenario("agent_ends", "cast: the function raises, throws, exits", without=[1])
def _() -> Value:
    return [casting(fail) for fail in FAILING]


@RECORD.scenario("agent_ends", "get: the function raises, the agent is linked, the caller traps")
def _() -> Value:
    trap_exit(True)
    agent = new_agent(1, linked=True)
    return keyword(result=outcome(lambda: agent.get(lambda _: boom())), messages=mailbox())


@RECORD.scenario("agent_ends", "get: the function raises, the agent is linked, the caller does not trap")
def _() -> Value:
    reason = ended(lambda: new_agent(1, linked=True).get(lambda _: boom()))
    if isinstance(reason[0], tuple):  # the caller dies of its call, otherwise of the signal
        reason = reason[0]
    return isinstance(reason[0], RuntimeError) and isinstance(reason[1], list)


@RECORD.scenario("agent_ends", "cast: the function raises, the agent is linked: the caller dies")
def _() -> Value:
    new_agent(1, linked=True).cast(lambda _: boom())
    return survive(200)


@RECORD.scenario("agent_ends", "the failure of a call: the whole reason")
def _() -> Value:
    agent = new_agent(1)
    return outcome(lambda: agent.update(lambda _: exit(REASON), ms(777)))


@RECORD.scenario("agent_ends", "a caller that waits behind a crash gets the reason too")
def _() -> Value:
    agent = new_agent(1)
    agent.cast(slowly(30, lambda _: exit(CRASH)))
    return outcome(lambda: state_of(agent))


@RECORD.scenario("agent_ends", "calls after a crash")
def _() -> Value:
    agent = new_agent(1)
    outcome(lambda: agent.get(lambda _: exit(CRASH)))
    return outcome(lambda: state_of(agent))


@RECORD.scenario("agent_ends", "killed in the midst of a call")
def _() -> Value:
    agent = new_agent(1)
    spawn(lambda: exit(pause(20, agent.pid), A("kill")))
    return outcome(lambda: agent.get(lambda _: forever()))


# --- time limits ----------------------------------------------------------------------------------------------------


@RECORD.scenario("agent_ends", "get: too late")
def _() -> Value:
    agent = new_agent(1)
    return outcome(lambda: agent.get(slowly(100, same), ms(10)))


@RECORD.scenario("agent_ends", "get: too late, the agent lives on and no reply is left over")
def _() -> Value:
    agent = new_agent(1)
    outcome(lambda: agent.get(slowly(40, same), ms(10)))
    return keyword(state=state_of(agent), messages=mailbox())


@RECORD.scenario("agent_ends", "update: too late, but done later")
def _() -> Value:
    agent = new_agent(1)
    result = outcome(lambda: agent.update(slowly(40, more), ms(10)))
    return keyword(result=result, state=state_of(agent), messages=mailbox())


@RECORD.scenario("agent_ends", "update that waits behind another: too late, but done later")
def _() -> Value:
    agent = new_agent(1)
    agent.cast(slowly(40, same))
    result = outcome(lambda: agent.update(more, ms(10)))
    return keyword(result=result, state=state_of(agent))


@RECORD.scenario("agent_ends", "get_and_update: too late")
def _() -> Value:
    agent = new_agent(1)
    result = outcome(lambda: agent.get_and_update(slowly(40, lambda n: (n, n + 1)), ms(10)))
    return keyword(result=result, state=state_of(agent))


@RECORD.scenario("agent_ends", "too late, uncaught: the caller dies, the agent that is not linked lives")
def _() -> Value:
    agent = new_agent(1)
    return keyword(reason=ended(lambda: agent.get(slowly(50, same), ms(10))), state=state_of(agent))


@RECORD.scenario("agent_ends", "with no time")
def _() -> Value:
    agent = new_agent(1)
    agent.cast(slowly(30, same))
    return outcome(lambda: state_of(agent, 0))


@RECORD.scenario("agent_ends", "with infinity")
def _() -> Value:
    return state_of(new_agent(1), None)


@RECORD.scenario(
    "agent_ends", "with a time limit that is none", without=[2, 3]
)  # 1.5 seconds are a limit, None is none
def _() -> Value:
    agent = new_agent(1)
    limits: list[Value] = [-1, A("soon")]
    return [(limit, outcome(partial(state_of, agent, limit))) for limit in limits]


# --- stop -----------------------------------------------------------------------------------------------------------


@RECORD.scenario("agent_ends", "stop")
def _() -> Value:
    agent = new_agent(1)
    ref = monitor(agent.pid)
    return keyword(result=done(agent.stop), down=end_of(ref), alive=is_alive(agent.pid))


@RECORD.scenario("agent_ends", "stop with a reason")
def _() -> Value:
    found = []
    reasons: list[Value] = [NORMAL, SHUTDOWN, (SHUTDOWN, 1), OTHER, A("kill")]
    for reason in reasons:
        agent = new_agent(1)
        ref = monitor(agent.pid)
        result = outcome(partial(done, partial(agent.stop, reason)))
        found.append((reason, result, end_of(ref)))
    return found


@RECORD.scenario("agent_ends", "stop twice")
def _() -> Value:
    agent = new_agent(1)
    return [done(agent.stop), outcome(agent.stop)]


@RECORD.scenario("agent_ends", "stop a dead agent with a reason")
def _() -> Value:
    agent = dead_agent()
    return outcome(lambda: agent.stop(SHUTDOWN, ms(100)))


@RECORD.differs("agent_ends", "stop a missing name", "a name that nobody has gives no handle to call")
def _() -> None:
    assert Agent.whereis("nobody_has_this_name") is None


@RECORD.scenario("agent_ends", "stop by name")
def _() -> Value:
    Agent.start(lambda: 1, name="stopped_agent", **mode)
    agent = Agent.whereis("stopped_agent")
    assert agent is not None
    return [done(agent.stop), whereis("stopped_agent")]


@RECORD.scenario("agent_ends", "stop waits for what was cast before")
def _() -> Value:
    agent, caller = new_agent(1), self_()
    agent.cast(slowly(20, lambda state: [send(caller, A("cast_done")), state][1]))
    return keyword(result=done(agent.stop), messages=mailbox())


@RECORD.scenario("agent_ends", "stop: too late")
def _() -> Value:
    agent = new_agent(1)
    agent.cast(slowly(200, same))
    sleep(ms(1))  # the agent has begun with the cast
    return keyword(result=outcome(lambda: agent.stop(NORMAL, ms(10))), alive=is_alive(agent.pid))


@RECORD.scenario("agent_ends", "stop of a linked agent, not trapping")
def _() -> Value:
    return [done(new_agent(1, linked=True).stop), mailbox()]


@RECORD.scenario("agent_ends", "stop of a linked agent, trapping")
def _() -> Value:
    trap_exit(True)
    return [done(new_agent(1, linked=True).stop), mailbox()]


@RECORD.scenario("agent_ends", "stop of a linked agent for another reason, not trapping: the caller dies")
def _() -> Value:
    agent = new_agent(1, linked=True)
    outcome(lambda: agent.stop(OTHER))
    return survive()


@RECORD.scenario("agent_ends", "stop of a linked agent with shutdown, not trapping: the caller dies")
def _() -> Value:
    agent = new_agent(1, linked=True)
    outcome(lambda: agent.stop(SHUTDOWN))
    return survive()


@RECORD.scenario("agent_ends", "calls after stop")
def _() -> Value:
    agent = new_agent(1)
    agent.stop()
    return keyword(
        get=outcome(lambda: state_of(agent)),
        update=outcome(lambda: agent.update(same, ms(100))),
        cast=done(lambda: agent.cast(same)),
    )


# --- signals --------------------------------------------------------------------------------------------------------


def with_owner(init: Body, then: Body) -> tuple[Pid, Callable[[Pid], object]]:
    """An agent of another process, and what has that process end in its way."""
    caller = self_()

    def run() -> None:
        send(caller, Agent.start_link(init, **mode).pid)
        receive(GO)
        then()

    owner = spawn(run)
    return following(), lambda _: send(owner, GO)


def trap() -> Value:
    return trap_exit(True)


@RECORD.scenario("agent_ends", "the caller ends: a linked agent with it")
def _() -> Value:
    return fate(*with_owner(lambda: 1, leave(A("owner_gone"))))


@RECORD.scenario("agent_ends", "the caller returns: its linked agent lives on")
def _() -> Value:
    return fate(*with_owner(lambda: 1, lambda: OK))


@RECORD.scenario("agent_ends", "an agent that traps: its parent ends, so it ends")
def _() -> Value:
    return fate(*with_owner(trap, leave(A("owner_gone"))))


@RECORD.scenario("agent_ends", "an agent that traps: its parent returns, so it ends")
def _() -> Value:
    return fate(*with_owner(trap, lambda: OK))


@RECORD.scenario("agent_ends", "an agent that traps: a stranger's signal is only a message")
def _() -> Value:
    agent = Agent.start(trap, **mode)
    found = fate(agent.pid, lambda pid: spawn(lambda: exit(pid, OTHER)))
    return [found, state_of(agent)]


@RECORD.scenario("agent_ends", "exit signals to an agent that does not trap")
def _() -> Value:
    reasons = [NORMAL, SHUTDOWN, OTHER, A("kill")]
    return [(reason, fate(new_agent(1).pid, send_exit(reason))) for reason in reasons]
