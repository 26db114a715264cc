"""The record of what Elixir does with processes is whole, and is the record of the scenarios that lie beside it.

Its terms are checked against facts of Erlang's and Elixir's manuals, and its reader against terms written out here.
"""

import re
from pathlib import Path

import pytest

from matchspec import Atom, ImproperList, Pid, Ref
from tests.elixir_record import (
    KINDS,
    Failure,
    Function,
    Process,
    Reference,
    Stacktrace,
    TaskStruct,
    Value,
    agrees,
    decode,
    header,
    keywords,
    scenario,
    scenarios,
)

GROUPS = Path(__file__).parent / "elixir" / "groups"
SCENARIO = re.compile(r'^  scenario "((?:[^"\\]|\\.)*)" do$', re.MULTILINE)
GROUP = re.compile(r'^  use Scenario, group: "(\w+)"$', re.MULTILINE)


def written() -> set[tuple[str, str]]:
    """Group and name of every scenario, as the files of scenarios have them."""
    found = set()
    for path in GROUPS.glob("*.exs"):
        text = path.read_text("utf-8")
        (group,) = GROUP.findall(text)
        assert group == path.stem
        names = [name.replace('\\"', '"') for name in SCENARIO.findall(text)]
        assert len(names) == text.count("  scenario "), f"{path.name}: a scenario that is not written in the usual form"
        found |= {(group, name) for name in names}
    return found


def test_every_scenario_is_recorded_and_nothing_else() -> None:
    assert {(row.group, row.name) for row in scenarios()} == written()
    assert len(scenarios()) >= 150


def test_the_record_says_what_made_it() -> None:
    assert (header().elixir, header().otp) == ("1.14.0", "25")
    assert header().made_by == "elixir tests/elixir/record.exs"
    assert header().not_recorded


def test_outcomes_are_of_the_known_kinds() -> None:
    assert {row.outcome.kind for row in scenarios()} <= set(KINDS)
    assert all(isinstance(row.outcome.term, Failure) for row in scenarios() if row.outcome.kind == "raised")


def test_nothing_that_differs_from_run_to_run_is_recorded() -> None:
    text = "".join([repr(row.outcome) for row in scenarios()])
    assert re.findall(r"#(?:PID|Reference|Function|Port)<[^>]+>", text) == []


# Erlang's reference manual, "Processes": what a signal does, by its reason.
def test_the_exit_signals_of_the_manual() -> None:
    rows = scenario("signals", "exit/2 to a process that does not trap").outcome.term
    fates = {reason.name: fate for reason, fate in rows if isinstance(reason, Atom)}
    assert fates["normal"] == Atom("alive")
    assert fates["kill"] == (Atom("died"), Atom("killed"))
    assert fates["other"] == (Atom("died"), Atom("other"))


# The documentation of Task.await/2 and Agent.get/3.
def test_a_time_limit_that_passes_is_an_exit() -> None:
    outcome = scenario("task", "await times out").outcome
    assert outcome.kind == "exited"
    task = TaskStruct(Process("caller"), Process("task"), Reference("task"))
    assert outcome.term == (Atom("timeout"), (Atom("Elixir.Task"), Atom("await"), [task, 10]))
    how, reason = scenario("agent_ends", "get: too late").outcome.term
    call = (Atom("Elixir.GenServer"), Atom("call"), [Process("agent"), (Atom("get"), Function(1)), 10])
    assert (how, reason) == (Atom("exited"), (Atom("timeout"), call))


def test_a_keyword_list_reads_as_a_dict() -> None:
    found = keywords(scenario("links", "link to a dead process, trapping").outcome.term)
    assert found == {"returned": True, "messages": [(Atom("EXIT"), Process("dead"), Atom("noproc"))]}


@pytest.mark.parametrize(
    ("written", "term"),
    [
        ({"t": [1, 1.0, True, None, "text"]}, (1, 1.0, True, None, "text")),
        ({"m": [[{"a": "key"}, [1]]]}, {Atom("key"): [1]}),
        ({"l": [[1, 2], 3]}, ImproperList([1, 2], 3)),
        ({"b": "ff00"}, b"\xff\x00"),
        ({"exception": ["RuntimeError", "boom"]}, Failure("RuntimeError", "boom")),
        ({"t": [{"pid": "p"}, {"ref": "r"}, {"fun": 2}]}, (Process("p"), Reference("r"), Function(2))),
        ({"stacktrace": []}, Stacktrace()),
    ],
)
def test_terms_are_read(written: Value, term: Value) -> None:
    assert repr(decode(written)) == repr(term)  # which tells 1 from 1.0 and True


def test_agreement_binds_each_name_to_one_identity() -> None:
    one, other = Pid(), Pid()
    recorded = [Process("a"), Process("b"), Process("a")]
    assert agrees(recorded, [one, other, one])
    assert not agrees(recorded, [one, other, other])
    assert not agrees(recorded, [one, one, one])
    assert not agrees(recorded, [one, other, Ref()])
    names: dict[Value, Value] = {}
    assert agrees(Process("a"), one, names)
    assert not agrees(Process("a"), other, names)


@pytest.mark.parametrize(
    ("recorded", "ours", "agree"),
    [
        ((1, 2), (1, 2), True),
        ((1, 2), [1, 2], False),
        ((1, 2), (1, 2, 3), False),
        (1, 1.0, False),
        (True, 1, False),
        ("a", Atom("a"), False),
        ({"k": [1]}, {"k": [1]}, True),
        ({"k": [1]}, {"k": [2]}, False),
        ({"k": 1}, {"l": 1}, False),
        (Failure("RuntimeError", "boom"), RuntimeError("boom"), True),
        (Failure("RuntimeError", "boom"), RuntimeError("bang"), False),
        (Failure("RuntimeError", "boom"), "boom", False),
        (Stacktrace(), [("f", "file", 1)], True),
        (Stacktrace(), None, False),
        (Function(1), len, True),
        (Function(1), 1, False),
    ],
)
def test_agreement(recorded: Value, ours: Value, agree: bool) -> None:
    assert agrees(recorded, ours) is agree
