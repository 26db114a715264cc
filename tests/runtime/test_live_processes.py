"""Random trees of processes, linked, monitored, named, trapping exits, owning tables: Erlang's and ours end alike.

A scenario is a list of steps, each done by one of the processes at the request of a controller. After each step comes
what every process has got since (EXIT and DOWN messages, table transfers, plain messages), and which are alive; at the
end, with what reason each ended, and who owns each table. Of one step the messages are compared as multisets: between
different senders their order is not defined, in Erlang neither.
"""

import random
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

from matchspec import ANY, Atom, Pid
from runtime import (
    DOWN,
    ETS_TRANSFER,
    EXIT,
    NOPROC,
    BadArg,
    demonitor,
    ets,
    exit,
    is_alive,
    link,
    monitor,
    receive,
    register,
    self_,
    send,
    sleep,
    spawn,
    trap_exit,
    unlink,
    unregister,
    whereis,
)
from runtime.simulator import simulation
from tests.erlang import AVAILABLE, canonical, decode, encode

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="needs Erlang's erl")

Value: TypeAlias = Any  # any term that the test uses
Step: TypeAlias = tuple[Value, ...]

SEED: Final = 19870501
SCENARIOS: Final = 60
PROCESSES: Final = 5
STEPS: Final = 14
BADARG: Final = Atom("badarg")
GONE: Final = Atom("gone")

# {Processes, Steps} -> {[{Result, [Messages of each process], [Alive]}], [Reason of each], [Owner of each table]}
_PROGRAM: Final = r"""
Index = fun(Pid, Pids) -> case lists:member(Pid, Pids) of true -> length(lists:takewhile(fun(P) -> P =/= Pid end, Pids)); false -> other end end,
Reason = fun({boom, Stack}) when is_list(Stack) -> boom; (R) -> R end,
Do = fun
    ({trap, On}, _) -> process_flag(trap_exit, On);
    ({link, J}, P) -> link(lists:nth(J + 1, P));
    ({unlink, J}, P) -> unlink(lists:nth(J + 1, P));
    ({monitor, J}, P) -> put(ref, monitor(process, lists:nth(J + 1, P))), ok;
    ({demonitor}, _) -> case get(ref) of undefined -> ok; R -> demonitor(R, [flush]), ok end;
    ({exit, J, R}, P) -> exit(lists:nth(J + 1, P), R);
    ({send, J, M}, P) -> lists:nth(J + 1, P) ! {plain, M}, ok;
    ({register, Name, J}, P) -> register(Name, lists:nth(J + 1, P));
    ({unregister, Name}, _) -> unregister(Name);
    ({whereis, Name}, P) -> case whereis(Name) of undefined -> nobody; Pid -> Index(Pid, P) end;
    ({tell, Name, M}, _) -> Name ! {plain, M}, ok;
    ({table, Name, none}, _) -> ets:new(Name, [named_table]), ok;
    ({table, Name, J}, P) -> ets:new(Name, [named_table, {heir, lists:nth(J + 1, P), Name}]), ok;
    ({give, Name, J}, P) -> ets:give_away(Name, lists:nth(J + 1, P), given);
    ({heir, Name, J}, P) -> ets:setopts(Name, {heir, lists:nth(J + 1, P), later});
    ({write, Name}, _) -> ets:insert(Name, {1});
    ({read, Name}, _) -> length(ets:tab2list(Name))
end,
Loop = fun Loop(Got) ->
    receive
        {step, From, {quit, R}, _} -> From ! {done, self(), ok}, exit(R);
        {step, From, {return}, _} -> From ! {done, self(), ok};
        {step, From, {error}, _} -> From ! {done, self(), ok}, error(boom);
        {step, From, What, Pids} ->
            Result = try Do(What, Pids) catch error:badarg -> badarg; error:noproc -> noproc end,
            From ! {done, self(), Result}, Loop(Got);
        {drain, From} -> From ! {got, self(), lists:reverse(Got)}, Loop([]);
        Message -> Loop([Message | Got])
    end
end,
Show = fun(Pids) -> fun
    ({'EXIT', Pid, R}) -> {'EXIT', Index(Pid, Pids), Reason(R)};
    ({'DOWN', _, process, Pid, R}) -> {'DOWN', Index(Pid, Pids), Reason(R)};
    ({'ETS-TRANSFER', T, Pid, Data}) -> {'ETS-TRANSFER', T, Index(Pid, Pids), Data};
    (Other) -> Other
end end,
Play = fun({N, Steps}) ->
    Pids = [spawn(fun() -> Loop([]) end) || _ <- lists:seq(1, N)],
    Refs = [{monitor(process, Pid), Pid} || Pid <- Pids],
    Done = [begin
        Pid = lists:nth(I + 1, Pids),
        Ref = monitor(process, Pid),
        Pid ! {step, self(), What, Pids},
        Result = receive {done, Pid, R} -> R; {'DOWN', Ref, _, _, _} -> gone end,
        demonitor(Ref, [flush]),
        timer:sleep(3),
        Got = [case is_process_alive(P) of
            false -> [];
            true -> P ! {drain, self()}, receive {got, P, Messages} -> lists:sort(lists:map(Show(Pids), Messages)) after 200 -> [] end
        end || P <- Pids],
        {case Result of Pid when is_pid(Pid) -> ok; _ -> Result end, Got, [is_process_alive(P) || P <- Pids]}
    end || {I, What} <- Steps],
    Owners = [case ets:info(T, owner) of undefined -> gone; O -> {Index(O, Pids), ets:info(T, size), case ets:info(T, heir) of none -> none; H -> Index(H, Pids) end} end || T <- [t1, t2]],
    [exit(P, kill) || P <- Pids],
    Reasons = [receive {'DOWN', Ref, _, _, R} -> Reason(R) end || {Ref, _} <- Refs],
    timer:sleep(2),
    {Done, Reasons, Owners}
end,
[Input, Output] = init:get_plain_arguments(),
{ok, Bytes} = file:read_file(Input),
logger:set_primary_config(level, none),
ok = file:write_file(Output, term_to_binary([Play(One) || One <- binary_to_term(Bytes)])),
halt().
"""

REASONS: Final[list[Value]] = [Atom("normal"), Atom("shutdown"), Atom("kill"), Atom("bad"), (Atom("a"), 1)]
NAMES: Final = [Atom("n1"), Atom("n2")]
TABLES: Final = [Atom("t1"), Atom("t2")]


def random_step(rng: random.Random) -> Step:
    other = rng.randrange(PROCESSES)
    name, table = rng.choice(NAMES), rng.choice(TABLES)
    steps: list[Value] = [
        *[(Atom("link"), other)] * 5,
        (Atom("unlink"), other),
        *[(Atom("monitor"), other)] * 3,
        (Atom("demonitor"),),
        *[(Atom("trap"), rng.random() < 0.7)] * 3,
        *[(Atom("exit"), other, rng.choice(REASONS))] * 5,
        (Atom("quit"), rng.choice(REASONS)),
        (Atom("return"),),
        (Atom("error"),),
        (Atom("send"), other, rng.randrange(9)),
        (Atom("register"), name, other),
        (Atom("unregister"), name),
        (Atom("whereis"), name),
        (Atom("tell"), name, rng.randrange(9)),
        *[(Atom("table"), table, rng.choice([Atom("none"), other]))] * 2,
        (Atom("give"), table, other),
        (Atom("heir"), table, other),
        (Atom("write"), table),
        (Atom("read"), table),
    ]
    return (rng.randrange(PROCESSES), rng.choice(steps))


def scenarios(seed: int) -> list[list[Step]]:
    rng = random.Random(seed)
    return [[random_step(rng) for _ in range(STEPS)] for _ in range(SCENARIOS)]


def erlang(plays: list[list[Step]]) -> Value:
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder) / "questions", Path(folder) / "answers"
        asked.write_bytes(encode([(PROCESSES, steps) for steps in plays]))
        command = ["erl", "-noinput", "+pc", "unicode", "-eval", _PROGRAM, "-extra", str(asked), str(answered)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert answered.exists(), f"erl gave no answers: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        return decode(answered.read_bytes())


# --- the same, here -------------------------------------------------------------------------------------------------

STEP: Final = Atom("step")
DRAIN: Final = Atom("drain")


def perform(what: Step, pids: list[Pid], refs: list[Value]) -> Value:
    match what:
        case (Atom("trap"), on):
            return trap_exit(on)
        case (Atom("link"), at):
            return link(pids[at])
        case (Atom("unlink"), at):
            return unlink(pids[at])
        case (Atom("monitor"), at):
            refs[:] = [monitor(pids[at])]
        case (Atom("demonitor"),):
            for ref in refs:
                demonitor(ref, flush=True)
        case (Atom("exit"), at, reason):
            return exit(pids[at], reason)
        case (Atom("send"), at, message):
            send(pids[at], (Atom("plain"), message))
        case (Atom("register"), name, at):
            return register(name, pids[at])
        case (Atom("unregister"), name):
            return unregister(name)
        case (Atom("whereis"), name):
            found = whereis(name)
            return Atom("nobody") if found is None else pids.index(found)
        case (Atom("tell"), name, message):
            send(name, (Atom("plain"), message))
        case _:
            return perform_on_table(what, pids)
    return Atom("ok")


def perform_on_table(what: Step, pids: list[Pid]) -> Value:
    match what:
        case (Atom("table"), name, Atom()):
            ets.new(name, named_table=True)
            return Atom("ok")
        case (Atom("table"), name, at):
            ets.new(name, named_table=True, heir=(pids[at], name))
            return Atom("ok")
    table = ets.whereis(what[1])
    if table is None:
        return BADARG
    match what:
        case (Atom("give"), _, at):
            return table.give_away(pids[at], Atom("given"))
        case (Atom("heir"), _, at):
            return table.setopts(heir=(pids[at], Atom("later")))
        case (Atom("write"), _):
            return table.insert((1,))
        case (Atom("read"), _):
            return len(table.tab2list())
    raise AssertionError(what)


def worker() -> None:
    got: list[Value] = []
    refs: list[Value] = []
    while True:
        match receive():
            case (Atom("step"), sender, what, pids):
                if what[0] in (Atom("quit"), Atom("return"), Atom("error")):
                    send(sender, (Atom("done"), self_(), Atom("ok")))
                    if what[0] is Atom("quit"):
                        exit(what[1])
                    elif what[0] is Atom("error"):
                        raise ValueError("boom")
                    return
                try:
                    result = perform(what, pids, refs)
                except BadArg as error:
                    result = NOPROC if what[0] is Atom("link") and error.cause == "noproc" else BADARG
                send(sender, (Atom("done"), self_(), result))
            case (Atom("drain"), sender):
                send(sender, (Atom("got"), self_(), got))
                got = []
            case message:
                got.append(message)


def reason_shown(reason: Value) -> Value:
    if isinstance(reason, tuple) and isinstance(reason[0], ValueError):
        return Atom("boom")
    return reason


def shown(message: Value, pids: list[Pid]) -> Value:
    match message:
        case (Atom("EXIT"), pid, reason):
            return (EXIT, pids.index(pid), reason_shown(reason))
        case (Atom("DOWN"), _, _, pid, reason):
            return (DOWN, pids.index(pid), reason_shown(reason))
        case (Atom("ETS-TRANSFER"), table, pid, data):
            return (ETS_TRANSFER, table.name, pids.index(pid), data)
    return message


def play(steps: list[Step]) -> Value:
    pids = [spawn(worker) for _ in range(PROCESSES)]
    watching = {monitor(pid): number for number, pid in enumerate(pids)}
    reasons: dict[int, Value] = {}
    done: list[Value] = []
    for actor, what in steps:
        send(pids[actor], (STEP, self_(), what, pids))
        answer = receive((Atom("done"), pids[actor], ANY), timeout=0.001, default=None)
        sleep(0.001)
        got: list[Value] = []
        for pid in pids:
            send(pid, (DRAIN, self_()))
            reply = receive((Atom("got"), pid, ANY), timeout=0.001, default=(None, None, []))
            got.append([shown(message, pids) for message in reply[2]])
        done.append((GONE if answer is None else answer[2], got, [is_alive(pid) for pid in pids]))
    owners: list[Value] = []
    for name in TABLES:
        table = ets.whereis(name)
        if table is None:
            owners.append(GONE)
        else:
            heir = table.info("heir")
            owners.append(
                (pids.index(table.info("owner")), len(table), Atom("none") if heir is None else pids.index(heir))
            )
    for pid in pids:
        exit(pid, Atom("kill"))
    for _ in pids:
        _, ref, _, _, reason = receive((DOWN, ANY, ANY, ANY, ANY), timeout=1)
        reasons[watching[ref]] = reason_shown(reason)
    return (done, [reasons[number] for number in range(PROCESSES)], owners)


def comparable(answer: Value, plays: list[Step]) -> Value:
    """Without the result of a step that its actor does not survive: in Erlang it may still give it, or not."""
    done, reasons, owners = answer
    steps = [
        (
            canonical(result) if alive[actor] else None,
            [sorted(map(repr, map(canonical, of_one))) for of_one in got],
            alive,
        )
        for (actor, _), (result, got, alive) in zip(plays, done, strict=True)
    ]
    return steps, [canonical(reason) for reason in reasons], [canonical(owner) for owner in owners]


@pytest.mark.slow
@pytest.mark.erlang
def test_processes_end_as_in_erlang() -> None:
    plays = scenarios(SEED)
    expected = erlang(plays)
    for number, steps in enumerate(plays):
        with simulation(seed=number):
            ours = comparable(play(steps), steps)
        theirs = comparable(expected[number], steps)
        for at, (mine, other) in enumerate(zip(ours[0], theirs[0], strict=True)):
            assert mine == other, f"scenario {number} of seed {SEED}, step {at}: {steps[: at + 1]}"
        assert ours[1:] == theirs[1:], f"scenario {number} of seed {SEED}: {steps}"
