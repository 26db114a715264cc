"""Agent: start, get, update, get_and_update, cast, as recorded from Elixir; with a thread of its own, and without.

Elixir's {:error, reason} of a start is our Exit, or BadArg for a name that is taken. It calls agents by pid or name;
ours are called by a handle, which `Agent.whereis` gives.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import pytest

from matchspec import ANY, Pid
from runtime import (
    DOWN,
    EXIT,
    Agent,
    BadArg,
    Exit,
    Task,
    callers,
    exit,
    monitor,
    receive,
    self_,
    send,
    sleep,
    trap_exit,
    whereis,
)
from tests.runtime.elixir_helpers import (
    ILLEGAL,
    A,
    boom,
    dead_agent,
    done,
    forever,
    keyword,
    leave,
    links_of,
    mailbox,
    mode,
    ms,
    new_agent,
    survive,
)
from tests.runtime.elixir_scenarios import SEEDS, Case, Scenarios, Value, check, label, outcome

RECORD: Final = Scenarios("agent")
STATE: Final = A("state")
FIRST: Final = A("first")
OK: Final = A("ok")
ERROR: Final = A("error")
NORMAL: Final = A("normal")
NO_MFA: Final = "a function is given as such, not by module, name and arguments"


@pytest.mark.parametrize("dedicated", [False, True], ids=["shared", "dedicated"])
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("case", RECORD.cases.values(), ids=str)
def test_as_in_elixir(case: Case, seed: int, dedicated: bool) -> None:
    mode["dedicated"] = dedicated
    check(case, seed)


def test_all_that_is_recorded_is_here() -> None:
    assert RECORD.missing() == []


def state_of(agent: Agent[Any]) -> Value:
    return agent.get(lambda state: state)


def more(state: int) -> int:
    return state + 1


def give(value: Value, _: Value) -> Value:
    return value


def error(start: Callable[[], Agent[Any]]) -> Value:
    """{:error, reason} of a start that fails."""
    try:
        return start()
    except Exit as failure:
        return (ERROR, failure.reason)
    except BadArg as refusal:
        assert refusal.cause == "already_exists"
        assert isinstance(refusal.value, str)
        return (ERROR, (A("already_started"), whereis(refusal.value)))


RECORD.not_here(
    "agent",
    NO_MFA,
    "start with module, function and arguments",
    "get with module, function and arguments: the state comes first",
    "update with module, function and arguments",
    "get_and_update with module, function and arguments",
    "cast with module, function and arguments",
    "calls by module, function and arguments to a dead agent",
)
RECORD.not_here("agent", "there are no nodes, so no global names", "start by a global name")
RECORD.not_here("agent", "registries are tested by themselves", "start by a via name")
RECORD.not_here("agent", "child specifications are made by ChildSpec", "child_spec")


# --- starting -------------------------------------------------------------------------------------------------------


@RECORD.scenario("agent", "start")
def _() -> Value:
    agent = new_agent(STATE)
    return keyword(pid=agent.pid, state=state_of(agent), links=links_of(self_()))


@RECORD.scenario("agent", "start_link")
def _() -> Value:
    agent = new_agent(STATE, linked=True)
    return keyword(state=state_of(agent), links=links_of(self_()))


@RECORD.scenario("agent", "the initial state is made by the agent")
def _() -> Value:
    agent = Agent.start(self_, **mode)
    return state_of(agent) is agent.pid


@RECORD.scenario("agent", "start waits for the initial state")
def _() -> Value:
    caller = self_()

    def init() -> Value:
        sleep(ms(20))
        send(caller, A("initialised"))
        return STATE

    Agent.start(init, **mode)
    send(self_(), A("started"))
    return mailbox()


@RECORD.scenario("agent", "start by name", without=["with_node"])
def _() -> Value:
    name = A("named_agent")
    agent = Agent.start(lambda: 1, name=name, **mode)
    label(agent.pid, "agent")
    found = Agent.whereis(name)
    assert found == agent
    return keyword(
        whereis=whereis(name),
        get=state_of(found),
        update=done(partial(found.update, more)),
        cast=done(partial(found.cast, more)),
        by_pid=state_of(agent),
        stop=done(found.stop),
        whereis_after=whereis(name),
    )


@RECORD.scenario("agent", "start by a name that is taken")
def _() -> Value:
    agent = Agent.start_link(lambda: FIRST, name="taken_agent", **mode)
    label(agent.pid, "first")
    return keyword(
        start=error(lambda: Agent.start(lambda: A("second"), name="taken_agent", **mode)),
        start_link=error(lambda: Agent.start_link(lambda: A("second"), name="taken_agent", **mode)),
        first=state_of(agent),
        messages=mailbox(),
    )


@RECORD.scenario("agent", "start by a name that is taken, trapping")
def _() -> Value:
    trap_exit(True)
    label(Agent.start_link(lambda: FIRST, name="taken_again_agent", **mode).pid, "first")
    result = error(lambda: Agent.start_link(lambda: A("second"), name="taken_again_agent", **mode))
    return keyword(result=result, messages=exits())


def exits() -> list[Value]:
    """The EXIT messages, without the pids."""
    return [(EXIT, message[2]) for message in mailbox() if message[0] is EXIT]


@RECORD.scenario("agent", "start by a name that is taken: the function is not run")
def _() -> Value:
    caller = self_()
    Agent.start_link(lambda: FIRST, name="not_run_agent", **mode)
    error(lambda: Agent.start(lambda: send(caller, A("ran")), name="not_run_agent", **mode))
    return mailbox()


@RECORD.scenario("agent", "start by what is no name", without=[0, 3])  # a str is a name, undefined is none
def _() -> Value:
    names: list[Value] = [1, None]

    def start(name: Value) -> Value:
        Agent.start(lambda: 1, name=name, **mode)
        return OK

    return [(name, outcome(partial(start, name))) for name in names]


@RECORD.scenario("agent", "start: the function raises, throws, exits", without=[1, 5])
def _() -> Value:
    functions = [boom, leave(A("reason")), leave(NORMAL), leave(A("shutdown")), lambda: exit(self_(), A("kill"))]
    return [outcome(partial(error, partial(Agent.start, init, **mode))) for init in functions]


@RECORD.scenario("agent", "start_link: the function raises, trapping")
def _() -> Value:
    trap_exit(True)
    return keyword(result=error(lambda: Agent.start_link(boom, **mode)), messages=exits())


@RECORD.scenario("agent", "start_link: the function throws or exits, trapping", without=[0])
def _() -> Value:
    trap_exit(True)
    inits = [leave(A("reason")), leave(NORMAL)]
    return [(error(partial(Agent.start_link, init, **mode)), exits()) for init in inits]


@RECORD.scenario("agent", "start_link: the function raises, not trapping: the caller dies")
def _() -> Value:
    error(lambda: Agent.start_link(boom, **mode))
    return survive()


def endless() -> Value:
    """Without a thread of its own, an agent's time-out is noticed when the function returns."""
    if mode["dedicated"]:
        forever()
    sleep(ms(50))
    return STATE


@RECORD.scenario("agent", "start: the function takes too long")
def _() -> Value:
    return error(lambda: Agent.start(endless, timeout=ms(20), **mode))


@RECORD.scenario("agent", "start_link: the function takes too long, trapping")
def _() -> Value:
    trap_exit(True)
    return keyword(result=error(lambda: Agent.start_link(endless, timeout=ms(20), **mode)), messages=exits())


@RECORD.scenario("agent", "start_link: the function takes too long, not trapping")
def _() -> Value:
    result = error(lambda: Agent.start_link(endless, timeout=ms(20), **mode))
    return survive(50), result


@RECORD.scenario("agent", "start: a name whose function failed is free")
def _() -> Value:
    assert error(lambda: Agent.start(leave(A("reason")), name="failed_agent", **mode)) == (ERROR, A("reason"))
    Agent.start(lambda: STATE, name="failed_agent", **mode).stop()
    return OK


@RECORD.scenario("agent", "start with what is no function")
def _() -> Value:
    return outcome(lambda: Agent.start(ILLEGAL, **mode))


# --- calls ----------------------------------------------------------------------------------------------------------


@RECORD.scenario("agent", "get gives what the function gives and leaves the state")
def _() -> Value:
    agent = new_agent(1)
    return [agent.get(lambda n: n + 10), state_of(agent)]


@RECORD.scenario("agent", "get runs the function in the agent")
def _() -> Value:
    agent = new_agent(0)
    return agent.get(lambda _: self_()) is agent.pid


@RECORD.scenario("agent", "update gives ok and changes the state")
def _() -> Value:
    agent = new_agent(1)
    return [done(partial(agent.update, more)), state_of(agent)]


@RECORD.scenario("agent", "update: any value is a state")
def _() -> Value:
    agent = new_agent(0)
    states: list[Value] = [None, (A("reply"), 1, 2), (A("stop"), NORMAL), OK, []]
    found = []
    for state in states:
        agent.update(partial(give, state))
        found.append(state_of(agent))
    return found


@RECORD.scenario("agent", "get_and_update")
def _() -> Value:
    agent = new_agent(1)
    return [agent.get_and_update(lambda n: (n, n + 1)), state_of(agent)]


@RECORD.scenario("agent", "get_and_update: a function that gives no pair")
def _() -> Value:
    found = []
    values: list[Value] = [A("no_pair"), (1, 2, 3), None, [1, 2]]
    for value in values:
        agent = new_agent(1)
        ref = monitor(agent.pid)
        result = outcome(partial(agent.get_and_update, partial(give, value)))
        found.append((result, receive((DOWN, ref, ANY, ANY, ANY), timeout=ms(50))[4]))
    return found


@RECORD.scenario("agent", "cast gives ok and changes the state")
def _() -> Value:
    agent = new_agent(1)
    return [done(partial(agent.cast, more)), state_of(agent)]


@RECORD.scenario("agent", "cast does not wait")
def _() -> Value:
    agent, caller = new_agent(0), self_()

    def work(_: Value) -> Value:
        sleep(ms(20))
        send(caller, A("cast_done"))
        return STATE

    agent.cast(work)
    send(self_(), A("cast_returned"))
    return mailbox()


@RECORD.scenario("agent", "casts and calls of one caller are done in order")
def _() -> Value:
    def before(number: int, state: list[int]) -> list[int]:
        return [number, *state]

    agent = new_agent([])
    for number in (1, 2, 3):
        agent.cast(partial(before, number))
    agent.update(lambda state: [4, *state])
    agent.cast(lambda state: [5, *state])
    return state_of(agent)


@RECORD.scenario("agent", "cast to a dead agent, to a missing name, to what is no agent", without=["name", "global"])
def _() -> Value:
    agent = dead_agent()
    return keyword(dead=done(lambda: agent.cast(lambda state: state)))


@RECORD.scenario("agent", "calls to a dead agent")
def _() -> Value:
    agent = dead_agent()
    return keyword(
        get=outcome(lambda: state_of(agent)),
        update=outcome(lambda: agent.update(lambda state: state)),
        get_and_update=outcome(lambda: agent.get_and_update(lambda state: (state, state))),
    )


@RECORD.differs("agent", "calls to a missing name", "a name that nobody has gives no handle to call")
def _() -> None:
    assert Agent.whereis("nobody_has_this_name") is None


@RECORD.scenario("agent", "many callers: no update is lost")
def _() -> Value:
    agent = new_agent(0)

    def work() -> None:
        for _ in range(50):
            agent.update(lambda n: n + 1)

    Task.await_many([Task.async_(work) for _ in range(10)])
    return state_of(agent)


@RECORD.scenario("agent", "an agent that calls itself")
def _() -> Value:
    agent = new_agent(1)
    ref = monitor(agent.pid)
    result = outcome(lambda: agent.get(lambda _: state_of(agent)))
    return keyword(result=result, down=receive((DOWN, ref, ANY, ANY, ANY), timeout=ms(100))[4])


@RECORD.scenario("agent", "an agent that casts to itself")
def _() -> Value:
    agent = new_agent(1)

    def work(state: int) -> int:
        agent.cast(lambda n: n + 10)
        return state + 1

    agent.update(work)
    return state_of(agent)


@RECORD.scenario("agent", "an agent that stops itself")
def _() -> Value:
    agent = new_agent(1)
    return outcome(lambda: agent.get(lambda _: agent.stop(NORMAL, ms(50)), ms(500)))


@RECORD.scenario("agent", "agents that call each other")
def _() -> Value:
    first, second = new_agent(1), Agent.start(lambda: 2, **mode)
    return first.get(lambda one: one + state_of(second))


@RECORD.scenario("agent", "an agent does not end when it gets other messages")
def _() -> Value:
    agent = new_agent(1)
    send(agent.pid, A("unexpected"))
    return state_of(agent)


@RECORD.differs("agent", "callers in an agent", "an agent is called by whoever has started it")
def _() -> None:
    assert new_agent(0).get(lambda _: callers()) == [self_(), *callers()]


@RECORD.scenario("agent", "ancestors of an agent")
def _() -> Value:
    pid: Pid = new_agent(0, linked=True).get(lambda _: callers())[0]
    return pid


@RECORD.scenario("agent", "the trap_exit flag of an agent")
def _() -> Value:
    return state_of(Agent.start_link(lambda: trap_exit(False), **mode))
