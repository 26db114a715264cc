"""Arguments of wrong types, of every public function that looks at its arguments: a BadArg that names the argument.

Compiled code would raise TypeError for what does not fit an annotation, so what a function checks by itself must be
annotated as `matchspec.unchecked` says. Two tests read the sources to see that no argument is left out.
"""

import ast
import asyncio
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeAlias

import pytest

import runtime
from runtime import BadArg, ChildSpec, QueryExecutor, Ref, Registry, Supervisor, Task, TaskSupervisor, dets, ets, self_
from runtime.agent import Agent
from runtime.process import areceive, asleep, demonitor, receive, sleep, trap_exit
from runtime.simulator import simulation
from runtime.stream import Stream
from runtime.timers import send_after

Value: TypeAlias = Any
Make: TypeAlias = Callable[..., Value]  # takes options
Wrong: TypeAlias = tuple[Value, ...]
Call: TypeAlias = Callable[[Value], Value]  # of the function, with a wrong value for the argument

SECONDS: Final[Wrong] = ("soon", -1, True, float("nan"), [])  # None is for ever
MOMENTS: Final[Wrong] = (*SECONDS, None)
FLAGS: Final[Wrong] = (1, 0, None, "yes", [])
PLACES: Final[Wrong] = (0, -1, 1.5, True, "2", [])  # None is for a default
COUNTS: Final[Wrong] = (*PLACES, None)
LIMITS: Final[Wrong] = (-1, 1.5, True, "2", [])
WORDS: Final[Wrong] = (7, None, True, "else", b"exit", [])
ENDS: Final[Wrong] = ("soon", -1, True, b"kill", [])  # of children: seconds, None, BRUTAL_KILL
LIVES: Final[Wrong] = ("soon", 0, -1, True, [])
INTENSITY: Final[Wrong] = (0, -1, True, None, "5", [])
NAMES: Final[Wrong] = (7, "", True, [])


def table() -> ets.Table[Any]:
    return ets.new("t", type="ordered_set")


def parts() -> ets.PartitionedTable[Any]:
    return ets.new_partitioned("t", partitions=2)


def on_disk(call: Callable[[dets.DiskTable[Any]], Value]) -> Value:
    with TemporaryDirectory() as folder, dets.open(Path(folder) / "t", auto_save=None) as opened:
        return call(opened)


def agent() -> Agent[int]:
    return Agent.start_link(int)


def jobs() -> TaskSupervisor:
    return TaskSupervisor.start_link()


def task() -> Task[int]:
    return Task.async_(int)


def wait(coroutine: Value) -> Value:
    return asyncio.run(coroutine)


def column(row: tuple[Value, ...]) -> Value:
    return row[0]


NUMBERS: Final = [1, 2]
STREAMS: Final[list[tuple[str, Make]]] = [
    ("Task.async_stream", lambda **options: Task.async_stream(NUMBERS, str, **options)),
    ("TaskSupervisor.async_stream", lambda **options: jobs().async_stream(NUMBERS, str, **options)),
    ("TaskSupervisor.async_stream_nolink", lambda **options: jobs().async_stream_nolink(NUMBERS, str, **options)),
    ("Stream", lambda **options: Stream(NUMBERS, str, None, **{**STREAM, **options})),
]
STREAM: Final[dict[str, Value]] = {
    **{"max_concurrency": None, "ordered": True, "timeout": None, "on_timeout": "exit"},
    **{"zip_input_on_exit": False, "linked": True},
}
CHILD_SPECS: Final[list[tuple[str, Make]]] = [
    ("ChildSpec", lambda **options: ChildSpec("id", int, **options)),
    ("Agent.child_spec", lambda **options: Agent.child_spec(int, **options)),
    ("Supervisor.child_spec", Supervisor.child_spec),
    ("TaskSupervisor.child_spec", TaskSupervisor.child_spec),
    ("Registry.child_spec", Registry.child_spec),
]


SUPERVISORS: Final[list[tuple[str, Make]]] = [
    ("Supervisor.start_link", Supervisor.start_link),
    ("Supervisor.child_spec", lambda **options: Supervisor.child_spec(**options).start()),
    ("TaskSupervisor.start_link", TaskSupervisor.start_link),
    ("TaskSupervisor.child_spec", lambda **options: TaskSupervisor.child_spec(**options).start()),
]

CASES: Final[list[tuple[str, str, Wrong, Call]]] = [
    ("receive", "timeout", SECONDS, lambda bad: receive(timeout=bad)),
    ("areceive", "timeout", SECONDS, lambda bad: wait(areceive(timeout=bad))),
    ("sleep", "seconds", SECONDS, sleep),
    ("asleep", "seconds", SECONDS, lambda bad: wait(asleep(bad))),
    ("send_after", "seconds", MOMENTS, lambda bad: send_after(self_(), "x", bad)),
    ("demonitor", "flush", FLAGS, lambda bad: demonitor(Ref(), flush=bad)),
    ("demonitor", "info", FLAGS, lambda bad: demonitor(Ref(), info=bad)),
    ("trap_exit", "trap", FLAGS, trap_exit),
    # Tasks.
    ("Task.await_", "timeout", SECONDS, lambda bad: task().await_(bad)),
    ("Task.yield_", "timeout", SECONDS, lambda bad: task().yield_(bad)),
    ("Task.shutdown", "timeout", SECONDS, lambda bad: task().shutdown(bad)),
    ("Task.await_many", "timeout", SECONDS, lambda bad: Task.await_many([task()], bad)),
    ("Task.yield_many", "timeout", SECONDS, lambda bad: Task.yield_many([task()], bad)),
    ("Task.yield_many", "limit", PLACES, lambda bad: Task.yield_many([task()], limit=bad)),
    ("Task.yield_many", "on_timeout", WORDS, lambda bad: Task.yield_many([task()], on_timeout=bad)),
    *[
        (name, argument, wrong, lambda bad, make=make, argument=argument: make(**{argument: bad}))
        for name, make in STREAMS
        for argument, wrong in [
            *[("max_concurrency", PLACES), ("ordered", FLAGS), ("timeout", SECONDS)],
            *[("on_timeout", WORDS), ("zip_input_on_exit", FLAGS)],
        ]
    ],
    ("TaskSupervisor.async_stream", "shutdown", ENDS, lambda bad: jobs().async_stream([1], str, shutdown=bad)),
    (
        *("TaskSupervisor.async_stream_nolink", "shutdown", ENDS),
        lambda bad: jobs().async_stream_nolink([1], str, shutdown=bad),
    ),
    ("TaskSupervisor.start_child", "restart", WORDS, lambda bad: jobs().start_child(int, restart=bad)),
    ("TaskSupervisor.start_child", "shutdown", ENDS, lambda bad: jobs().start_child(int, shutdown=bad)),
    # Agents.
    ("Agent.start_link", "timeout", SECONDS, lambda bad: Agent.start_link(int, timeout=bad)),
    ("Agent.start_link", "dedicated", FLAGS, lambda bad: Agent.start_link(int, dedicated=bad)),
    ("Agent.start", "timeout", SECONDS, lambda bad: Agent.start(int, timeout=bad)),
    ("Agent.start", "dedicated", FLAGS, lambda bad: Agent.start(int, dedicated=bad)),
    ("Agent.child_spec", "timeout", SECONDS, lambda bad: Agent.child_spec(int, timeout=bad).start()),
    ("Agent.child_spec", "dedicated", FLAGS, lambda bad: Agent.child_spec(int, dedicated=bad).start()),
    ("Agent.get", "timeout", SECONDS, lambda bad: agent().get(str, bad)),
    ("Agent.update", "timeout", SECONDS, lambda bad: agent().update(abs, bad)),
    ("Agent.get_and_update", "timeout", SECONDS, lambda bad: agent().get_and_update(lambda n: (n, n), bad)),
    ("Agent.stop", "timeout", SECONDS, lambda bad: agent().stop(timeout=bad)),
    ("Agent.aget", "timeout", SECONDS, lambda bad: wait(agent().aget(str, bad))),
    ("Agent.aupdate", "timeout", SECONDS, lambda bad: wait(agent().aupdate(abs, bad))),
    ("Agent.aget_and_update", "timeout", SECONDS, lambda bad: wait(agent().aget_and_update(lambda n: (n, n), bad))),
    # Supervisors and registries.
    *[
        (name, argument, wrong, lambda bad, make=make, argument=argument: make(**{argument: bad}))
        for name, make in CHILD_SPECS
        for argument, wrong in [("restart", WORDS), ("shutdown", ENDS)]
    ],
    ("ChildSpec", "type", WORDS, lambda bad: ChildSpec("id", int, type=bad)),
    *[
        (name, argument, wrong, lambda bad, start=start, argument=argument: start(**{argument: bad}))
        for name, start in SUPERVISORS
        for argument, wrong in [("max_restarts", (*LIMITS, None)), ("max_seconds", INTENSITY)]
    ],
    ("Supervisor.start_link", "strategy", WORDS, lambda bad: Supervisor.start_link(strategy=bad)),
    ("Supervisor.child_spec", "strategy", WORDS, lambda bad: Supervisor.child_spec(strategy=bad).start()),
    ("TaskSupervisor.start_link", "max_children", LIMITS, lambda bad: TaskSupervisor.start_link(max_children=bad)),
    (
        *("TaskSupervisor.child_spec", "max_children", LIMITS),
        lambda bad: TaskSupervisor.child_spec(max_children=bad).start(),
    ),
    ("Registry.start_link", "keys", WORDS, lambda bad: Registry.start_link(keys=bad)),
    ("Registry.start_link", "meta", (7, [], "ab"), lambda bad: Registry.start_link(meta=bad)),
    ("Registry.child_spec", "keys", WORDS, lambda bad: Registry.child_spec(keys=bad).start()),
    ("Registry.child_spec", "meta", (7, [], "ab"), lambda bad: Registry.child_spec(meta=bad).start()),
    ("Supervisor.stop", "timeout", SECONDS, lambda bad: Supervisor.start_link().stop(timeout=bad)),
    ("TaskSupervisor.stop", "timeout", SECONDS, lambda bad: jobs().stop(timeout=bad)),
    ("Registry.stop", "timeout", SECONDS, lambda bad: Registry.start_link().stop(timeout=bad)),
    # The executor.
    ("QueryExecutor", "max_concurrency", PLACES, lambda bad: QueryExecutor(max_concurrency=bad)),
    ("QueryExecutor", "timeout", SECONDS, lambda bad: QueryExecutor(timeout=bad)),
    ("QueryExecutor.stream", "ordered", FLAGS, lambda bad: QueryExecutor().stream([], ordered=bad)),
    ("QueryExecutor.stream", "on_timeout", WORDS, lambda bad: QueryExecutor().stream([], on_timeout=bad)),
    ("QueryExecutor.stream", "ahead", COUNTS, lambda bad: QueryExecutor().stream([], ahead=bad)),
    ("QueryExecutor.rows", "chunk", COUNTS, lambda bad: QueryExecutor().rows(table(), column, chunk=bad)),
    ("QueryExecutor.rows", "ahead", COUNTS, lambda bad: QueryExecutor().rows(table(), column, ahead=bad)),
    # Tables.
    ("Table.insert", "ttl", LIVES, lambda bad: table().insert((1,), ttl=bad)),
    ("Table.insert_new", "ttl", LIVES, lambda bad: table().insert_new((1,), ttl=bad)),
    ("Table.safe_fixtable", "fix", FLAGS, lambda bad: table().safe_fixtable(bad)),
    ("Table.add_index", "field", (1.5, 0, "no", b"a", []), lambda bad: table().add_index(bad)),
    ("Table.add_index", "unique", FLAGS, lambda bad: table().add_index(2, unique=bad)),
    ("Table.add_index", "name", NAMES, lambda bad: table().add_index(column, name=bad)),
    ("Table.del_index", "field", (1.5, 0, "no", b"a", []), lambda bad: table().del_index(bad)),
    ("Table.explain", "analyze", FLAGS, lambda bad: table().explain(column, bad)),
    ("Table.explain", "counts", FLAGS, lambda bad: table().explain(column, counts=bad)),
    ("Table.subscribe", "existing", FLAGS, lambda bad: table().subscribe(None, print, existing=bad)),
    ("Table.select_iter", "reverse", FLAGS, lambda bad: table().select_iter(column, reverse=bad)),
    ("Table.select_iter", "chunk", COUNTS, lambda bad: table().select_iter(column, bad)),
    ("Table.select_iter", "limit", LIMITS, lambda bad: table().select_iter(column, limit=bad)),
    ("Table.select_iter", "offset", (*LIMITS, None), lambda bad: table().select_iter(column, offset=bad)),
    ("Table.select_iter", "order_by", (1.5, 0, "no", b"a"), lambda bad: table().select_iter(column, order_by=bad)),
    ("Table.select", "limit", PLACES, lambda bad: table().select(column, bad)),
    ("Table.lookup_element", "pos", (1.5, 0, "no", b"a", []), lambda bad: table().lookup_element(1, bad)),
    # Tables on disk.
    ("DiskTable.explain", "analyze", FLAGS, lambda bad: on_disk(lambda table: table.explain(column, bad))),
    ("DiskTable.explain", "counts", FLAGS, lambda bad: on_disk(lambda table: table.explain(column, counts=bad))),
    ("DiskTable.add_index", "unique", FLAGS, lambda bad: on_disk(lambda table: table.add_index(2, unique=bad))),
    ("DiskTable.add_index", "name", NAMES, lambda bad: on_disk(lambda table: table.add_index(2, name=bad))),
    ("info", "item", (7, b"size", True, "no"), lambda bad: on_disk(lambda table: dets.info(table, bad))),
    # Partitioned tables.
    ("PartitionedTable.insert", "ttl", LIVES, lambda bad: parts().insert((1,), ttl=bad)),
    ("PartitionedTable.insert_new", "ttl", LIVES, lambda bad: parts().insert_new((1,), ttl=bad)),
    ("PartitionedTable.insert", "ttl", LIVES, lambda bad: parts().insert([(1,), (2,), (3,)], ttl=bad)),
    ("PartitionedTable.safe_fixtable", "fix", FLAGS, lambda bad: parts().safe_fixtable(bad)),
    ("PartitionedTable.add_index", "field", (1.5, 0, "no", b"a", []), lambda bad: parts().add_index(bad)),
    ("PartitionedTable.add_index", "name", NAMES, lambda bad: parts().add_index(column, name=bad)),
    ("PartitionedTable.partitions_for", "counts", FLAGS, lambda bad: parts().partitions_for(column, counts=bad)),
]


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    """What a call may leave behind ends with the simulation."""
    with simulation():
        yield


@pytest.mark.parametrize(
    ("argument", "wrong", "call"),
    [pytest.param(*case[1:], id=f"{case[0]}-{case[1]}") for case in CASES],
)
def test_a_wrong_value_is_refused_by_name(argument: str, wrong: Wrong, call: Call) -> None:
    for bad in wrong:
        with pytest.raises(BadArg, match="allowed|column|position|items are") as caught:
            call(bad)
        assert (caught.value.argument, caught.value.value) == (argument, bad) or bad != bad


# --- that none is left out --------------------------------------------------------------------------------------------

SOURCES: Final = Path(runtime.__file__).parent
LAYERS: Final = {  # the classes that tables are made of
    **dict.fromkeys(["TableCore", "TableLife", "ObjectMethods", "TraversalMethods", "QueryMethods"], "Table"),
    **dict.fromkeys(["AdditionalMethods", "Queryable", "Table"], "Table"),
    **dict.fromkeys(["Partitions", "PartitionedTable"], "PartitionedTable"),
    **dict.fromkeys(["DiskQueries", "DiskTable"], "DiskTable"),
}
CONSTRUCTED: Final = {"ChildSpec", "QueryExecutor", "Stream", "Via"}  # by users; other objects are made by functions
# Compiled code refuses by itself what is annotated with nothing but these.
COMPILED: Final = {
    "int",
    "float",
    "bool",
    "str",
    "bytes",
    "list",
    "dict",
    "tuple",
    "set",
    "frozenset",
    "None",
    "Literal",
}
# What other modules of the runtime use, and pass the right values to.
INTERNAL: Final = {
    *[("Registry.check_unique", "call"), ("Stream", "linked"), ("Task.owned", "call")],
    *[("Table.select_stepwise", "step"), ("Table.count_stepwise", "step"), ("Table.visit_results", "step")],
    *[("Table.put_replacements", "old"), ("Table.put_replacements", "new")],
}


def parameters() -> Iterator[tuple[str, str, set[str]]]:
    """(function, parameter, the names in its annotation) of all that is public and no overload."""
    paths = [path for path in sorted(SOURCES.glob("*.py")) if path.name != "cli.py"]  # which is not compiled
    modules = [ast.parse(path.read_text("utf-8")) for path in paths]
    aliases = {
        node.target.id: node.value
        for module in modules
        for node in module.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None
        if ast.unparse(node.annotation) == "TypeAlias" and node.target.id != "Row"  # mostly a type variable
    }
    for name, function in chain.from_iterable(map(public_functions, modules)):
        arguments = function.args
        for one in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
            if one.annotation is not None:
                yield name, one.arg, members(one.annotation, aliases)


def public_functions(module: ast.Module) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in module.body:
        if (
            isinstance(node, ast.ClassDef)
            and (node.name in runtime.__all__ or node.name in LAYERS)
            and not is_protocol(node)
        ):
            for method in node.body:
                if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef) and not is_overload(method):
                    owner = LAYERS.get(node.name, node.name)
                    if method.name == "__init__" and owner in CONSTRUCTED:
                        yield owner, method
                    elif not method.name.startswith("_"):
                        yield f"{owner}.{method.name}", method
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not is_overload(node):
            if node.name in {*runtime.__all__, *ets.__all__, *dets.__all__}:
                yield node.name, node


def is_protocol(node: ast.ClassDef) -> bool:
    return any(ast.unparse(base).startswith("Protocol") for base in node.bases)


def is_overload(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return "overload" in map(ast.unparse, function.decorator_list)


def members(annotation: ast.expr, aliases: dict[str, ast.expr]) -> set[str]:
    """The names of the types of a union."""
    match annotation:
        case ast.BinOp(left, ast.BitOr(), right):
            return members(left, aliases) | members(right, aliases)
        case ast.Constant(str() as text):
            return members(ast.parse(text, mode="eval").body, aliases)
        case ast.Subscript(value, _):
            return members(value, aliases)
        case ast.Name(name) if name in aliases and name != "Unchecked":
            return members(aliases[name], aliases)
    return {ast.unparse(annotation)}


def test_every_argument_that_is_checked_by_hand_is_tested() -> None:
    checked = {(name, argument) for name, argument, types in parameters() if "Unchecked" in types}
    assert len(checked) > 60
    assert checked - {(name, argument) for name, argument, *_ in CASES} == set()


def test_no_public_argument_is_checked_by_compiled_code_alone() -> None:
    assert {(name, argument) for name, argument, types in parameters() if types <= COMPILED} == INTERNAL
