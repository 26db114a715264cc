"""Each file of `make wheel` is installed into an empty environment outside of the tree, and runs the tour there.

`MATCHSPEC_WHEELS` names the folder of the files; `make test` sets it. Without it these tests are skipped.
"""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[1]
WHEELS: Final = os.environ.get("MATCHSPEC_WHEELS", "")
TOUR: Final = ROOT / "examples" / "tour.py"

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not WHEELS, reason="MATCHSPEC_WHEELS names no folder of wheels")]


def built(pattern: str) -> Path:
    (found,) = Path(WHEELS).glob(pattern)
    return found


def run(*command: object, **environment: str) -> str:
    """What a command outside of the tree prints."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MATCHSPEC"))}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=Path(WHEELS).anchor,
        env=clean | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("pattern", "build"),
    [("*-cp*.whl", "compiled"), ("*-py3-none-any.whl", "pure Python"), ("*.tar.gz", "pure Python")],
)
def test_it_installs_and_runs_the_tour(pattern: str, build: str, tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", tmp_path / "empty")
    binaries = tmp_path / "empty" / ("Scripts" if os.name == "nt" else "bin")
    python = binaries / "python"
    run(python, "-m", "pip", "install", "--quiet", built(pattern), MATCHSPEC_PURE="1")
    # The copy of the tour stands alone, where no package of the tree can be imported.
    tour = tmp_path / "alone" / "tour.py"
    tour.parent.mkdir()
    tour.write_text(TOUR.read_text("utf-8"), "utf-8")
    expected = subprocess.run([sys.executable, TOUR], capture_output=True, text=True, check=True).stdout
    assert run(python, tour) == expected
    assert f"({build}, " in run(binaries / "matchspec", "--version")
    home = run(python, "-c", "import matchspec, runtime; print(matchspec.COMPILED, runtime.__file__)").split()
    assert home[0] == str(build == "compiled")
    assert Path(home[1]).is_relative_to(tmp_path)


def content(archive: zipfile.ZipFile, name: str) -> Any:
    """What a file holds; of a parser's tables what they were made from, as Lark numbers its states at random."""
    data = archive.read(name)
    return json.loads(data)["made_from"] if name.endswith(".tables.json") else data


def test_the_wheels_hold_the_same_sources() -> None:
    compiled, pure = [
        {name: content(archive, name) for name in archive.namelist() if ".dist-info/" not in name}
        for archive in (zipfile.ZipFile(built("*-cp*.whl")), zipfile.ZipFile(built("*-py3-none-any.whl")))
    ]
    assert {name: compiled.get(name) for name in pure} == pure
    extra = set(compiled) - set(pure)
    assert {Path(name).suffix for name in extra} <= {".so", ".pyd", ".json"}
    modules = {name.split(".")[0] for name in extra if "/" in name}
    sources = {name.removesuffix(".py") for name in pure if name.endswith(".py")}
    plugin = {"mypy", "mypy_text", "mypy_types"}
    command_line = {"__main__", "cli", "cli_tables", "cli_shell", "arguments"}
    interpreted = {"build", "values", "maps", "unchecked", "selectable"}
    assert {name.split("/")[1] for name in sources - modules} == interpreted | command_line | plugin


def test_an_edited_source_is_reported(tmp_path: Path) -> None:
    with zipfile.ZipFile(built("*-cp*.whl")) as archive:
        archive.extractall(tmp_path)
    ask = "from matchspec.build import COMPILED, changed_sources; print(COMPILED, changed_sources())"
    here = {"PYTHONPATH": str(tmp_path)}
    assert run(sys.executable, "-c", ask, **here) == "True []\n"
    with (tmp_path / "matchspec" / "terms.py").open("a") as source:
        source.write("# edited\n")
    assert run(sys.executable, "-c", ask, **here) == "True ['matchspec/terms.py']\n"
