"""What Elixir does with processes, tasks, agents, supervisors and registries, as recorded in tests/data/elixir.

    scenario("task", "await times out").outcome

is what the scenario of that group and name came to there: how it ended, and with which term. What has an identity of its
own in Elixir (pids, references, functions, exceptions, tasks) stands here as a small value that names it; `agrees` says
whether a term of ours is that term but for such identities. Nothing here runs Elixir; see README.md beside the data.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

from matchspec import Pid, Ref, exactly_equal
from runtime import BadArg
from runtime.termjson import loads

Value: TypeAlias = Any  # any term that the tests use
Json: TypeAlias = Any  # what json.loads gives

RECORD: Final = Path(__file__).parent / "data" / "elixir" / "scenarios.jsonl"
KINDS: Final = ("returned", "raised", "exited", "thrown", "died")
# What Elixir says of arguments that it refuses, and the causes with which BadArg says it. The first that fits counts.
REFUSALS: Final = (
    ("does not refer to an existing ETS table", {"id"}),
    ("insufficient access rights", {"access"}),
    ("table name already exists", {"already_exists"}),
    ("the current process is not the owner", {"access"}),
    ("refers to a terminated process", {"noproc"}),
    ("already the owner of the table", {"owner"}),
    ("invalid options", {"option"}),
    ("invalid value for this process flag", {"option"}),
    ("invalid destination", {"noproc", "type"}),
    ("could not register #PID<>", {"already_exists", "noproc"}),
    ("could not register", {"type"}),
    ("must be queried from the owner", {"owner"}),
    ("does not have an associated task process", {"noproc"}),
    (":max_concurrency must be", {"option"}),
    ("expected :name option", {"type"}),
    ("Erlang error: :noproc", {"noproc"}),
    ("Erlang error: :timeout_value", {"option"}),
    ("out of range", {"option"}),
    ("1st argument: not a", {"type", "badkey"}),
    ("2nd argument: not a", {"type"}),
    ("no function clause matching", {"type", "option"}),
)


@dataclass(frozen=True)
class Process:
    """A pid, by the name that it has in its scenario; the scenario itself runs in the process "caller"."""

    name: str


@dataclass(frozen=True)
class Reference:
    """A reference or an unnamed table, by the name that it has in its scenario."""

    name: str


@dataclass(frozen=True)
class Function:
    """A function of some arity."""

    arity: int


@dataclass(frozen=True)
class Failure:
    """An exception of Elixir: its module, such as "RuntimeError", and its message."""

    module: str
    message: str


@dataclass(frozen=True)
class Stacktrace:
    """A stack trace, which is not compared."""


@dataclass(frozen=True)
class TaskStruct:
    """A %Task{}: its owner, its process (None where it has none) and its reference."""

    owner: Process
    pid: Process | None
    ref: Reference


@dataclass(frozen=True)
class Struct:
    """A struct of any other module."""

    module: str
    fields: Value


@dataclass(frozen=True)
class Outcome:
    """How a scenario ended, one of KINDS, and the value, exception, reason or thrown term of it."""

    kind: str
    term: Value


@dataclass(frozen=True)
class Scenario:
    """A line of the record."""

    group: str
    name: str
    source: str
    outcome: Outcome


@dataclass(frozen=True)
class Header:
    """What the record was made with, and what it cannot tell since it came later."""

    elixir: str
    otp: str
    made_by: str
    not_recorded: tuple[str, ...]


def header() -> Header:
    return _read()[0]


def scenarios(group: str | None = None) -> list[Scenario]:
    """All scenarios, or those of a group, in the order in which they were recorded."""
    return [row for row in _read()[1].values() if group in (None, row.group)]


def scenario(group: str, name: str) -> Scenario:
    """The scenario of that group and name. Raises KeyError when there is none."""
    return _read()[1][group, name]


def keywords(term: Value) -> dict[str, Value]:
    """A keyword list, which is a list of pairs headed by atoms, as a dict from the atoms' names."""
    found: dict[str, Value] = {}
    for name, value in term:
        assert name.name not in found, f"{name} is there twice"
        found[name.name] = value
    return found


@cache
def _read() -> tuple[Header, dict[tuple[str, str], Scenario]]:
    first, *lines = [json.loads(line) for line in RECORD.read_text("utf-8").splitlines()]
    found = {(line["group"], line["name"]): _scenario(line) for line in lines}
    assert len(found) == len(lines), "two scenarios of one group have one name"
    return Header(first["elixir"], first["otp"], first["made_by"], tuple(first["not_recorded"])), found


def _scenario(line: Json) -> Scenario:
    ((kind, term),) = line["outcome"].items()
    return Scenario(line["group"], line["name"], line["source"], Outcome(kind, decode(term)))


def decode(value: Json) -> Value:
    """The term that a JSON value of the record stands for."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    ((tag, content),) = value.items()
    match tag:
        case "t":
            return tuple([decode(item) for item in content])
        case "m":
            return {decode(key): decode(item) for key, item in content}
        case "l":
            return loads(json.dumps(value))
        case "pid":
            return Process(content)
        case "ref":
            return Reference(content)
        case "fun":
            return Function(content)
        case "exception":
            return Failure(*content)
        case "stacktrace":
            return Stacktrace()
        case "task":
            return TaskStruct(*[decode(item) for item in content])
        case "struct":
            return Struct(content[0], decode(content[1]))
        case _:
            return loads(json.dumps(value))


def agrees(recorded: Value, ours: Value, names: dict[Value, Value] | None = None) -> bool:
    """Whether a term of ours is the recorded one, but for identities: one name stands for one pid or reference.

    An exception agrees by its message, a BadArg by its cause, a function by being one, a stack trace with any list.
    `names`, if given, holds what the names stand for already and is added to, so that several terms can be compared with
    one another's names. A term of ours may name its processes and references itself.
    """
    known = {} if names is None else names
    match recorded:
        case Process() | Reference() if isinstance(ours, (Process, Reference)):
            return recorded == ours
        case Process():
            return isinstance(ours, Pid) and _is_named(recorded, ours, known)
        case Reference():
            return (isinstance(ours, Ref) or hasattr(ours, "tab2list")) and _is_named(recorded, ours, known)
        case Function():
            return callable(ours)
        case Failure() if isinstance(ours, BadArg):
            return ours.cause in next(causes for words, causes in REFUSALS if words in recorded.message)
        case Failure():
            return isinstance(ours, BaseException) and str(ours) == recorded.message
        case Stacktrace():
            return isinstance(ours, list)
        case TaskStruct():
            parts = [recorded.owner, recorded.pid, recorded.ref]
            return all(hasattr(ours, name) for name in ("owner", "pid", "ref")) and _agree(
                parts, [ours.owner, ours.pid, ours.ref], known
            )
        case tuple():
            return isinstance(ours, tuple) and _agree(recorded, ours, known)
        case list():
            return isinstance(ours, list) and _agree(recorded, ours, known)
        case dict():
            return (
                isinstance(ours, dict)
                and recorded.keys() == ours.keys()
                and _agree(recorded.values(), [ours[key] for key in recorded], known)
            )
        case _:
            return exactly_equal(recorded, ours)


def _agree(recorded: Iterable[Value], ours: Iterable[Value], names: dict[Value, Value]) -> bool:
    theirs, mine = list(recorded), list(ours)
    return len(theirs) == len(mine) and all(agrees(a, b, names) for a, b in zip(theirs, mine, strict=True))


def _is_named(name: Value, ours: Value, names: dict[Value, Value]) -> bool:
    if name in names:
        return names[name] is ours
    if any(ours is other for other in names.values()):
        return False
    names[name] = ours
    return True
