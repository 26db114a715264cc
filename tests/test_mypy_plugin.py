"""mypy itself, with the plugin: over the cases of tests/typing/plugin, between runs, in its daemon, and beside pyright.

A case says on its own line what mypy is to say there: `# R: type` what it reveals, `# E: message` what it finds.
"""

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeAlias

import pytest

ROOT: Final = Path(__file__).parents[1]
CASES: Final = ROOT / "tests" / "typing" / "plugin"
CONFIG: Final = (
    "[mypy]\nstrict = true\nplugins = matchspec.mypy\nexplicit_package_bases = true\nnamespace_packages = true\n"
)
CACHE: Final = f"--cache-dir={ROOT / '.mypy_cache' / 'plugin'}"
Said: TypeAlias = list[tuple[int, str]]  # lines and what is said of them
LINE: Final = re.compile(
    r"^(?P<file>[^:]+):(?P<line>\d+):(?P<column>\d+): (?P<kind>note|error): (?P<text>.*)$", re.MULTILINE
)
EXPECTED: Final = re.compile(r"  # (R|E): ((?:(?!  # ).)*)")

pytestmark = pytest.mark.slow


def mypy(folder: Path, *arguments: str, config: str = CONFIG, program: str = "mypy") -> str:
    """What mypy says of files in a folder, where its cache is too."""
    (folder / "mypy.ini").write_text(config, "utf-8")
    command = [sys.executable, "-m", program, *arguments]
    run = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(ROOT)}
    )
    assert "INTERNAL ERROR" not in run.stdout + run.stderr, run.stdout + run.stderr
    return run.stdout + run.stderr


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Said]:
    """What mypy says, by file: one run over all cases."""
    folder = tmp_path_factory.mktemp("cases")
    config = f"{CONFIG}mypy_path = {ROOT}\n"
    arguments = [CACHE, "--show-column-numbers", "--no-pretty", "--no-error-summary", str(CASES)]
    found: dict[str, Said] = {path.name: [] for path in CASES.glob("*.py")}
    text = mypy(folder, *arguments, config=config)
    for match in LINE.finditer(text):
        found[Path(match["file"]).name].append((int(match["line"]), match["text"]))
    assert any(found.values()), text
    return found


def expected(path: Path) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        for kind, text in EXPECTED.findall(line):
            yield number, f'Revealed type is "{text.strip()}"' if kind == "R" else f"{text.strip()}  [matchspec]"


@pytest.mark.parametrize("path", sorted(CASES.glob("*.py")), ids=lambda path: path.stem)
def test_mypy_says_of_each_line_what_the_line_says(said: dict[str, Said], path: Path) -> None:
    assert sorted(said[path.name]) == sorted(expected(path))


HEAD: Final = "from runtime import ets\n\npairs = ets.new('pairs', tuple[int, str])\n"


# In each, `w > 3` is wrong; where it stands is looked up in the file.
PLACES: Final = (
    'pairs.select("fun do {n, w} when w > 3 -> n end")\n',
    "pairs.select('''\n  fun do {n, w} when\n    w > 3 -> n end''')\n",
    'pairs.select(\n    "fun do {n, w} "  # one\n    r"when w > 3 "\n    "-> n end"\n)\n',
    'pairs.select("\\x66un do {n, w} when w > 3 -> n end")\n',
    'pairs.select("fun do {\\u006e, w}\\\n when w > 3 -> n end")\n',
    'print("é", pairs.select("fun do {é, w} when w > 3 -> é end"))\n',
    "pairs.select('fun do {n, \"w\"} -> n; {n, w} when w > 3 -> n end')\n",
    'pairs.select(r"fun do {n, w} when n == \\d or w > 3 -> n end")\n'.replace("\\d", "4"),
)


def test_errors_point_into_the_literal(tmp_path: Path) -> None:
    for number, code in enumerate(PLACES):
        (tmp_path / f"case{number}.py").write_text(HEAD + code, "utf-8")
    text = mypy(tmp_path, CACHE, "--show-column-numbers", "--no-pretty", ".")
    found = {match["file"]: (int(match["line"]), int(match["column"])) for match in LINE.finditer(text)}
    wanted = {}
    for number, code in enumerate(PLACES):
        before = (HEAD + code).partition("w > 3")[0]
        wanted[f"case{number}.py"] = (before.count("\n") + 1, len(before) - before.rfind("\n"))
    assert found == wanted


ROWS: Final = "from typing import NamedTuple\n\nclass User(NamedTuple):\n    name: str\n    age: {}\n"
TABLES: Final = "from rows import User\nfrom runtime import ets\n\nusers = ets.new('users', User)\n"
QUERIES: Final = (
    "from tables import users\n\nfound: list[str] = users.select('fun do {_, age} when age > 3 -> age end')\n"
)
OF_INT: Final = 'variable has type "list[str]"'
OF_BYTES: Final = "age (bytes) > 3 (int)"  # of another size: mypy takes a file of one size and second for unchanged


def project(folder: Path) -> None:
    """Three files; the one with the query does not import the one with the row type."""
    (folder / "rows.py").write_text(ROWS.format("int"), "utf-8")
    (folder / "tables.py").write_text(TABLES, "utf-8")
    (folder / "queries.py").write_text(QUERIES, "utf-8")


def test_a_change_of_the_row_type_is_seen_by_the_next_run(tmp_path: Path) -> None:
    project(tmp_path)
    assert OF_INT in mypy(tmp_path, "queries.py")
    (tmp_path / "rows.py").write_text(ROWS.format("bytes"), "utf-8")
    assert OF_BYTES in mypy(tmp_path, "queries.py")
    (tmp_path / "rows.py").write_text(ROWS.format("int | str"), "utf-8")
    assert "int | str" in mypy(tmp_path, "queries.py")
    (tmp_path / "rows.py").write_text(ROWS.format("int"), "utf-8")
    assert OF_INT in mypy(tmp_path, "queries.py")
    assert OF_INT in mypy(tmp_path, "queries.py")


def test_a_change_of_the_row_type_is_seen_by_the_daemon(tmp_path: Path) -> None:
    project(tmp_path)
    status = ["--status-file", str(tmp_path / "status")]
    check = ["run", "--timeout", "120", "--", "queries.py"]
    try:
        assert OF_INT in mypy(tmp_path, *status, *check, program="mypy.dmypy")
        (tmp_path / "rows.py").write_text(ROWS.format("bytes"), "utf-8")
        assert OF_BYTES in mypy(tmp_path, *status, *check, program="mypy.dmypy")
        (tmp_path / "rows.py").write_text(ROWS.format("int"), "utf-8")
        assert OF_INT in mypy(tmp_path, *status, *check, program="mypy.dmypy")
        (tmp_path / "queries.py").write_text(QUERIES.replace("> 3", "> 4").replace("str]", "int]"), "utf-8")
        assert "Success" in mypy(tmp_path, *status, *check, program="mypy.dmypy")
    finally:
        mypy(tmp_path, *status, "stop", program="mypy.dmypy")


@pytest.mark.skipif(importlib.util.find_spec("pyright") is None, reason="pyright is not installed")
def test_what_needs_no_plugin_holds_under_pyright_too(tmp_path: Path) -> None:
    version = subprocess.run(
        [sys.executable, "-m", "pyright", "--version"], capture_output=True, text=True, check=False
    )
    if version.returncode:
        pytest.skip(f"pyright does not run here: {version.stderr[-200:]}")
    files = sorted(str(path) for path in (ROOT / "tests" / "typing").glob("*.py"))
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, *files]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "0 errors" in run.stdout, run.stdout + run.stderr
