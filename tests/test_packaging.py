"""The distribution: a pure wheel with three packages, their grammars and type markers, and one version everywhere."""

import os
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

from matchspec import __version__

ROOT: Final = Path(__file__).parents[1]
PACKAGES: Final = ("grammar", "matchspec", "runtime")
Project: TypeAlias = dict[str, Any]


@pytest.fixture(scope="module")
def project() -> Project:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names of the files in a wheel built from the tree. The build reads no network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, env={**os.environ, "MATCHSPEC_PURE": "1"})
    (built,) = folder.iterdir()
    assert built.name.endswith("-py3-none-any.whl"), "a pure wheel needs no C compiler"
    with zipfile.ZipFile(built) as archive:
        return archive.namelist()


def test_without_a_c_compiler_the_wheel_is_pure(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    without = {name: value for name, value in os.environ.items() if name != "MATCHSPEC_PURE"}
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, env=without | {"CC": "no-such-compiler"})
    assert [path.name for path in tmp_path.iterdir()] == [f"matchspec-{__version__}-py3-none-any.whl"]


def test_the_version_agrees(project: Project, wheel: list[str]) -> None:
    assert project["project"]["dynamic"] == ["version"]
    assert version("matchspec") == __version__
    assert f"matchspec-{__version__}.dist-info/METADATA" in wheel
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_command_is_installed(project: Project) -> None:
    (command,) = entry_points(group="console_scripts", name="matchspec")
    assert command.value == project["project"]["scripts"]["matchspec"]


def test_the_wheel_holds_the_three_packages_and_nothing_else(wheel: list[str]) -> None:
    tops = {name.split("/")[0] for name in wheel if ".dist-info/" not in name}
    assert tops == set(PACKAGES)


def test_the_wheel_holds_every_file_of_the_packages(wheel: list[str]) -> None:
    kinds = {".py", ".lark", ".typed"}
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.suffix in kinds]
    files += [ROOT / package / "py.typed" for package in PACKAGES]
    assert {path.relative_to(ROOT).as_posix() for path in files} <= set(wheel)
    assert {"grammar/common.lark", "grammar/python.lark", "grammar/elixir.lark", "grammar/erlang.lark"} <= set(wheel)


def test_the_wheel_holds_the_licence(wheel: list[str]) -> None:
    assert [name for name in wheel if name.endswith(".dist-info/licenses/LICENSE")]


def test_the_data_sets_are_described() -> None:
    text = (ROOT / "examples" / "data" / "README.md").read_text("utf-8")
    for path in (ROOT / "examples" / "data").glob("*.csv"):
        assert path.name in text
    assert "CC0" in text
