"""No text is ever run as code: nothing in the packages evaluates, compiles, unpickles or builds code objects."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
FILES: Final = {
    path.relative_to(ROOT).as_posix(): path
    for layer in ("grammar", "matchspec", "runtime")
    for path in sorted((ROOT / layer).rglob("*.py"))
}

# Naming the type of functions in isinstance is fine; calling it makes a function.
CALLS: Final = {"exec", "eval", "compile", "__import__", "CodeType", "FunctionType", "LambdaType", "literal_eval"}
# `compile` as a method is that of re; as a function of these modules it makes code.
METHODS: Final = CALLS - {"compile"}
MODULES: Final = {"builtins", "code", "codeop", "imp", "importlib", "marshal", "pickle", "runpy", "shelve"}
ALLOWED: Final = {
    # Python's own parser reads the file that a lambda stands in, to find the lambda's place in it; nothing is run.
    ("grammar/source.py", "ast"),
    # Whether `len` in a lambda is Python's own len is asked of the object that the name stands for.
    ("matchspec/capture.py", "builtins"),
    ("matchspec/pycalls.py", "builtins"),
    # A parameter named type hides Python's own.
    ("runtime/ets.py", "builtins"),
}


def findings(text: str, name: str) -> Iterator[str]:
    """What makes code in the source text of the file `name`, with its line."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            yield f"line {node.lineno}: calls {node.func.id}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            yield f"line {node.lineno}: calls {node.func.attr}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield from _import_of(alias.name, name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            yield from _import_of(node.module or "", name, node.lineno)
            if names := {alias.name for alias in node.names} & {"literal_eval", "import_module"}:
                yield f"line {node.lineno}: imports {', '.join(names)}"


def _import_of(module: str, name: str, line: int) -> Iterator[str]:
    package = module.split(".", maxsplit=1)[0]
    if package in MODULES | {"ast"} and (name, package) not in ALLOWED:
        yield f"line {line}: imports {module}"


def words_of_code(text: str) -> set[str]:
    """The same without a parser, against ways around a call such as `f = eval`; strings and comments left out."""
    text = re.sub(r"(?s)\"\"\".*?\"\"\"", "''", text)
    text = re.sub(r"\"(\\.|[^\"\\\n])*\"|'(\\.|[^'\\\n])*'", "''", text)
    text = re.sub(r"(?m)#.*$", "", text)
    words = r"(?<![\w.])(exec|eval|__import__|__builtins__|pickle|marshal)\b|(?<![\w.])(compile)\s*\("
    return {match.group(1) or match.group(2) for match in re.finditer(words, text)}


@pytest.mark.parametrize("name", FILES)
def test_no_code_is_made(name: str) -> None:
    text = FILES[name].read_text("utf-8")
    assert list(findings(text, name)) == []
    assert words_of_code(text) == set()


@pytest.mark.parametrize(
    "line",
    [
        "eval('1')",
        "exec('')",
        "compile('', '', 'exec')",
        "__import__('os')",
        "ast.literal_eval('1')",
        "types.FunctionType(code, {})",
        "import pickle",
        "from marshal import loads",
        "import builtins",
        "import importlib.util",
        "import ast",
        "from ast import literal_eval",
        "CodeType(0, 0)",
    ],
)
def test_the_search_finds_what_it_should(line: str) -> None:
    assert list(findings(line, "matchspec/terms.py"))


@pytest.mark.parametrize("line", ["run = eval", "f(exec)", "x = [compile (text)]", "y = __builtins__['id']"])
def test_the_search_by_words_finds_what_it_should(line: str) -> None:
    assert words_of_code(line)


@pytest.mark.parametrize(
    "line", ["re.compile('x')", "isinstance(f, FunctionType)", "code: CodeType", "compile_spec(x)"]
)
def test_the_search_lets_the_rest_pass(line: str) -> None:
    assert not list(findings(line, "matchspec/terms.py"))
    assert not words_of_code(line)
