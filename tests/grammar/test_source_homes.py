"""Functions from notebooks, doctests, archives and odd files; functions without a source, or whose file has changed."""

import doctest
import importlib
import linecache
import os
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Barrier
from types import ModuleType

import pytest

from grammar import source
from grammar.errors import MatchSpecError, SourceNotFoundError
from grammar.source import parse_function
from tests.grammar.found import Query, Value, check, found_text, load


@pytest.fixture
def module(tmp_path: Path) -> Iterator[Callable[[str], ModuleType]]:
    """Writes a module of this text, and imports it."""
    count = 0

    def write(text: str) -> ModuleType:
        nonlocal count
        count += 1
        path = tmp_path / f"written_{count}.py"
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return load(path, path.stem)

    yield write
    linecache.clearcache()


# ---- other homes of source -------------------------------------------------------------------------------------------


def run(text: str, filename: str) -> dict[str, Value]:
    names: dict[str, Value] = {"__name__": "cell"}
    exec(compile(text, filename, "exec"), names)
    return names


def test_notebook_cell() -> None:
    text = "x = 5\nqueries = [lambda u: u > x, lambda u: u < x]\n"
    name = "<ipython-input-7-0a1b2c>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    queries = run(text, name)["queries"]
    assert isinstance(queries, list)
    for query in queries:
        check(query, 3, 7)
    del linecache.cache[name]


DOCUMENTED = '''
"""
>>> from grammar.source import parse_function
>>> first, second = (lambda u: u + 1), lambda u: u + 2
>>> parse_function(first).source.text
'lambda u: u + 1'
>>> parse_function(second).source.text
'lambda u: u + 2'
>>> def f(u):
...     return u * 2
>>> parse_function(f).clauses[0].body
(Infix(op='*', left=Name(name='u'), right=Constant(value=2)),)
"""
'''


def test_doctest(module: Callable[[str], ModuleType]) -> None:
    results = doctest.testmod(module(DOCUMENTED), verbose=False)
    assert results.failed == 0
    assert results.attempted == 6


def test_loader_with_get_source(tmp_path: Path) -> None:
    # A module out of a zip file has no file of its own; linecache asks its loader.
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as archive:
        archive.writestr("packed_queries.py", "query = lambda u: u + 1\n")
    sys.path.insert(0, str(tmp_path / "packed.zip"))
    try:
        query = importlib.import_module("packed_queries").query
    finally:
        sys.path.pop(0)
    assert found_text(query) == "lambda u: u + 1"


def test_other_encodings_and_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "written_latin.py"
    path.write_bytes("# coding: latin-1\r\nname = 'é'; q = lambda u: ('é',\r\n  u)\r\n".encode("latin-1"))
    query = load(path, path.stem).q
    parsed = parse_function(query)
    assert parsed.source.text == "lambda u: ('é',\n  u)"
    assert (parsed.source.line, parsed.source.column) == (2, 16)


def test_form_feed_and_odd_line_separators(module: Callable[[str], ModuleType]) -> None:
    written = module("text = '\u2028 \x1c'; q = lambda u: (u, '\u2028')\n\x0c\nr = lambda u: u + 2\n")
    assert found_text(written.q) == "lambda u: (u, '\u2028')"
    assert found_text(written.r) == "lambda u: u + 2"


# ---- no source, or not the source ------------------------------------------------------------------------------------


def test_no_source() -> None:
    names: dict[str, Value] = {}
    exec("q = lambda u: u + 1\ndef f(u): return u", names)
    for name in ("q", "f"):
        with pytest.raises(SourceNotFoundError, match="cannot be found") as caught:
            parse_function(names[name])  # type: ignore[arg-type]  # both are functions
        assert "lambda u: u.age > 18" in caught.value.hint


class Called:
    def __call__(self, row: int) -> int:
        return row

    def method(self, row: int) -> int:
        return row


async def coroutine(row: int) -> int:
    return row


def generator(row: int) -> Iterator[int]:
    yield row


async def async_generator(row: int) -> "Iterator[int]":  # type: ignore[misc]  # only its kind matters
    yield row


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (len, "not a function written in Python"),
        ("".upper, "not a function written in Python"),
        (int, "not a function written in Python"),
        (Called(), "not a function written in Python"),
        (Called().method, "the method method"),
        (partial(generator, 1), "functools.partial"),
        (coroutine, "coroutine function"),
        (generator, "generator function"),
        (async_generator, "generator function"),
        (lambda u: (yield u), "generator function"),
    ],
)
def test_functions_that_are_no_queries(function: Query, said: str) -> None:
    with pytest.raises(MatchSpecError, match=said) as caught:
        parse_function(function)
    assert caught.value.hint


CHANGES = [
    ("q = lambda u: u > 18\n", "q = lambda u: u > 21\n"),
    ("q = lambda u: u > 18\n", "q = lambda u: u > 18.0\n"),
    ("q = lambda u: u > 1\n", "q = lambda u: u > True\n"),
    ("q = lambda u: u > 18\n", "q = lambda u: u < 18\n"),
    ("q = lambda u: u + 18\n", "q = lambda u: u - 18\n"),
    ("q = lambda u: -u\n", "q = lambda u: ~u\n"),
    ("q = lambda u: u in a\n", "q = lambda u: u is a\n"),
    ("q = lambda u: a.b\n", "q = lambda u: a.c\n"),
    ("q = lambda u: a.b()\n", "q = lambda u: a.c()\n"),
    ("q = lambda u: u + a\n", "q = lambda u: u + b\n"),
    ("q = lambda u: 1\n", "q = lambda w: 1\n"),
    ("q = lambda u: 60*60\n", "q = lambda u: 60*24\n"),
    ("q = lambda u: u in (1, 2)\n", "q = lambda u: u in (1, 3)\n"),
    ("q = lambda u: u in (1, 2)\n", "q = lambda u: u in (True, 2)\n"),
    ("q = lambda u: 'a'\n", "q = lambda u: b'a'\n"),
    ("q = lambda u: u\n", "#\nq = lambda u: u + 1\n"),
    ("q = lambda u: u\n", "q = 5\n"),
    ("q = lambda u: u\n", ""),
    ("q = lambda u: u\n", "q = lambda u: (u\n"),
    ("q = lambda u: u\n", "q = '\0'\n"),
    ("def q(u):\n    return u\n", "def q(u):\n    return 1\n"),
    ("def q(u):\n    return u\n", "def p(u):\n    return u\n"),
    ("def q(u):\n    match u:\n        case 1: return 2\n", "def q(u):\n    match u:\n        case 3: return 2\n"),
    ("def q(u):\n    match u:\n        case 1: return 2\n", "def q(u):\n    match u:\n        case 1: return 3\n"),
    ("def q(u):\n    match u:\n        case 1: return 2\n", "def q(u):\n    match u:\n        case 1.0: return 2\n"),
    ("def q(u):\n    match u:\n        case 1: return 2\n", "def q(u):\n    match u:\n        case 1: return 2.0\n"),
    (
        "def q(u):\n    match u:\n        case 0.0, 2: return 2\n",
        "def q(u):\n    match u:\n        case 0, 2: return 2\n",
    ),
]


@pytest.mark.parametrize(("before", "after"), CHANGES)
def test_a_file_that_changed_is_an_error(before: str, after: str, tmp_path: Path) -> None:
    path = tmp_path / "written_changing.py"
    path.write_text(before, encoding="utf-8")
    query = load(path).q
    path.write_text(after, encoding="utf-8")
    with pytest.raises(SourceNotFoundError):
        parse_function(query)
    linecache.clearcache()


def test_a_file_that_changed_elsewhere_still_serves(tmp_path: Path) -> None:
    path = tmp_path / "written_longer.py"
    path.write_text("q = lambda u: u + 1\n", encoding="utf-8")
    query = load(path).q
    path.write_text("q = lambda u: u + 1\n\nr = 5\n", encoding="utf-8")
    assert found_text(query) == "lambda u: u + 1"


def test_a_reloaded_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "written_reloaded.py"
    path.write_text("q = lambda u: u + 1\n", encoding="utf-8")
    assert found_text(load(path).q) == "lambda u: u + 1"
    path.write_text("# longer\nq = lambda u: u * 2\n", encoding="utf-8")
    assert found_text(load(path).q) == "lambda u: u * 2"


def test_many_files_do_not_pile_up(module: Callable[[str], ModuleType]) -> None:
    for number in range(source._FILES_KEPT + 5):
        assert found_text(module(f"q = lambda u: u + {number}\n").q) == f"lambda u: u + {number}"
    assert len(source._FILES) <= source._FILES_KEPT


def without_columns(text: str, tmp_path: Path) -> str:
    path = tmp_path / "script.py"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-X", "no_debug_ranges", str(path)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def test_threads_may_ask_at_once(module: Callable[[str], ModuleType]) -> None:
    modules = [module("\n".join(f"f{n} = lambda u: (u.a, {n}, {k})" for n in range(300))) for k in range(8)]
    ready = Barrier(len(modules))

    def ask(asked: ModuleType) -> str:
        ready.wait()
        return parse_function(asked.f299).source.text

    with ThreadPoolExecutor(len(modules)) as pool:
        assert list(pool.map(ask, modules)) == [f"lambda u: (u.a, 299, {k})" for k in range(8)]


def test_without_columns(tmp_path: Path) -> None:
    script = """
        from grammar.source import parse_function
        from grammar.errors import SourceNotFoundError

        def show(*queries):
            for query in queries:
                try:
                    print(parse_function(query).source.text)
                except SourceNotFoundError as error:
                    print("several" if "several" in error.message else error)

        def label(row):
            match row:
                case (1, x): return x + 5
                case _: return 0

        show(lambda u: u > 1)
        show(lambda u: u > 1, lambda w: w > 1)
        show(lambda u: u > 1, lambda u: u > 2)
        show(lambda u: u.a, lambda u: u.b)
        show(lambda u: u > 1, lambda u: u < 1)
        show(label)
    """
    assert without_columns(script, tmp_path).split("\n") == [
        "lambda u: u > 1",
        "lambda u: u > 1",
        "lambda w: w > 1",
        "lambda u: u > 1",
        "lambda u: u > 2",
        "lambda u: u.a",
        "lambda u: u.b",
        "several",
        "several",
        "def label(row):",
        "    match row:",
        "        case (1, x): return x + 5",
        "        case _: return 0",
        "",
    ]
