"""The layers: who imports whom, read from the source and independently asked of import-linter."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
LAYERS: Final = ("grammar", "matchspec", "runtime")  # each may import those before it
THIRD_PARTY: Final = {
    "lark": {"grammar.loader"},
    "sortedcontainers": {"runtime"},
    "click": {"runtime.cli", "runtime.cli_tables", "runtime.cli_shell", "runtime.arguments"},
    "mypy": {"matchspec.mypy", "matchspec.mypy_text", "matchspec.mypy_types"},  # run by mypy itself
    "rich": {"runtime.progress_bars", "runtime.output"},
}
# The command line lives in the top layer and is also started as `python -m matchspec`.
EXCEPTIONS: Final = {("matchspec.__main__", "runtime.cli")}


def modules() -> Iterator[tuple[str, Path]]:
    for layer in LAYERS:
        for path in sorted((ROOT / layer).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(part for part in parts if part != "__init__"), path


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Every module that a file imports anywhere, also inside functions; and whether it does so for types only."""
    tree = ast.parse(path.read_text("utf-8"))
    blocks = [node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    for_types = {id(node) for block in blocks for statement in block.body for node in ast.walk(statement)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in for_types) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}, line {node.lineno}: a relative import"
            yield node.module or "", id(node) in for_types


MODULES: Final = dict(modules())


def test_every_package_is_looked_at() -> None:
    for layer in LAYERS:
        assert layer in MODULES
        assert (ROOT / layer / "py.typed").is_file()


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down_only(module: str) -> None:
    own = module.split(".", maxsplit=1)[0]
    for name, for_types in imports(MODULES[module]):
        package = name.split(".")[0]
        if package in LAYERS:
            allowed = LAYERS.index(package) <= LAYERS.index(own) or (module, name) in EXCEPTIONS
            assert allowed, f"{module} imports {name}"
        elif package in THIRD_PARTY:
            homes = THIRD_PARTY[package]
            assert for_types or module in homes or own in homes, f"{module} imports {name}"
        else:
            assert package in sys.stdlib_module_names, f"{module} imports {name}"


def test_nothing_imports_a_main_module() -> None:
    for module, path in MODULES.items():
        assert not [name for name, _ in imports(path) if name.endswith("__main__")], module


def test_import_linter_agrees() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("package", LAYERS)
def test_an_import_alone_does_not_load_lark_or_the_terminal_libraries(package: str) -> None:
    code = f"import sys, {package}; print(*sorted({{'lark', 'click', 'rich'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
