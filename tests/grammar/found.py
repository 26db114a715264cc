"""Checks that the text found for a function is the function's; for the tests of `grammar.source`."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import FunctionType, ModuleType
from typing import TypeAlias

from grammar.source import parse_function
from grammar.tree import Function

Value: TypeAlias = object
Query: TypeAlias = Callable[..., Value]


def found_text(query: Query) -> str:
    return parse_function(query).source.text


def namespace(query: Query) -> dict[str, Value]:
    assert isinstance(query, FunctionType)
    names: dict[str, Value] = dict(query.__globals__)
    for name, cell in zip(query.__code__.co_freevars, query.__closure__ or (), strict=True):
        names[name] = cell.cell_contents
    return names


def same_code(one: Query, other: Query) -> bool:
    assert isinstance(one, FunctionType)
    assert isinstance(other, FunctionType)
    ours, theirs = one.__code__, other.__code__
    names = [ours.co_names + ours.co_freevars, theirs.co_names + theirs.co_freevars]
    return (
        sorted(names[0]) == sorted(names[1])
        and repr(ours.co_consts) == repr(theirs.co_consts)
        and ours.co_varnames == theirs.co_varnames
        and (bool(ours.co_freevars) or ours.co_code == theirs.co_code)
    )


def check(query: Query, *rows: Value) -> Function:
    """The parsed function, once its text has been seen to be the function's."""
    parsed = parse_function(query)
    text = parsed.source.text
    again = eval(f"({text}\n)", namespace(query))
    assert callable(again)
    assert same_code(query, again), text
    for row in rows:
        assert again(row) == query(row), text
    assert parsed.source.name == query.__code__.co_filename
    if Path(parsed.source.name).exists():
        # The place in the file really is where the text begins.
        lines = Path(parsed.source.name).read_text(encoding="utf-8").split("\n")
        rest = "\n".join([lines[parsed.source.line - 1][parsed.source.column :], *lines[parsed.source.line :]])
        assert rest.startswith(text)
    return parsed


def load(path: Path, name: str = "written_module") -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
