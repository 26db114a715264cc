"""The build hook of the wheel: compiles the packages with mypyc where there is a C compiler, else leaves them alone.

Hatchling finds this file by its name. A wheel built with a C compiler holds C extensions beside the sources; without
one it is a pure wheel of the same sources. The environment decides where that is not wanted:

    MATCHSPEC_PURE=1    never compile
    MATCHSPEC_PURE=0    compile, and fail where that cannot be done, instead of falling back

Either wheel also gets the tables of the grammars, which `grammar.loader` computes.

Nothing is ever built inside the tree: a copy of the packages is compiled in a temporary folder by a process of its own
(this file again, run as a script), so no C extension can stay behind and hide a source that is edited later. For the
same reason an editable installation is always pure.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

if TYPE_CHECKING:
    from hatchling.builders.config import BuilderConfig

    Hook: TypeAlias = BuildHookInterface[BuilderConfig]
else:
    Hook = BuildHookInterface  # generic only to type checkers

PACKAGES: Final = ("grammar", "matchspec", "runtime")
COMPILER: Final = ("mypy>=2.4", "setuptools>=65.5")
# What stays Python, and why. `matchspec --version` and `matchspec.COMPILED` speak of all the rest.
INTERPRETED: Final = {
    "matchspec/values.py": "Atom has weak references and a __new__ that gives back what it made before",
    "matchspec/maps.py": "the keys of maps are subclasses of list, dict, int and float",
    "matchspec/unchecked.py": "names a type of which the compiler must not know",
    "matchspec/build.py": "tells whether the others are compiled, by their files",
    "runtime/arguments.py": "its errors are subclasses of click's, which mypyc cannot see",
    "runtime/selectable.py": "overloads in a protocol have no bodies, which mypyc asks for",
    "runtime/cli.py": "click's decorators put attributes on functions",
    "runtime/cli_tables.py": "as runtime/cli.py",
    "runtime/cli_shell.py": "as runtime/cli.py",
    "matchspec/__main__.py": "is run, not imported",
    "matchspec/mypy.py": "is loaded by mypy, whose classes it extends, and mypy may not be there",
    "matchspec/mypy_text.py": "a part of the plugin: it reads mypy's syntax trees",
    "matchspec/mypy_types.py": "a part of the plugin: it reads mypy's types, and makes classes",
}
# Third-party types are Any to the compiler, whether the package is there while building or not: one result everywhere.
MYPY: Final = """\
[mypy]
python_version = {version}
explicit_package_bases = true
namespace_packages = true
ignore_missing_imports = true
disallow_subclassing_any = true
"""
SKIPPED: Final = """
[mypy-{package}.*]
follow_imports = skip
follow_imports_for_stubs = true
"""
DIGESTS: Final = "matchspec/native.json"


class NativeBuildHook(Hook):
    """Puts into the wheel what is made from the sources."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What the build needs besides hatchling: Lark for the tables of the grammars, and mypyc for C extensions."""
        lark = [text for text in self.metadata.core.dependencies if text.startswith("lark")]
        return [*lark, *COMPILER] if may_compile() else lark

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        self._folder = tempfile.TemporaryDirectory(prefix="matchspec-build-")
        folder = Path(self._folder.name)
        for package in PACKAGES:
            shutil.copytree(Path(self.root) / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
        self._run(folder, "-c", "from grammar import loader; loader.write_tables()")
        files = [path.relative_to(folder).as_posix() for path in folder.glob("grammar/*.tables.json")]
        if may_compile():
            try:
                others = [text.split(">")[0].strip() for text in self.metadata.core.dependencies]
                self._run(folder, str(Path(__file__).resolve()), str(folder), *others)
            except (OSError, subprocess.CalledProcessError) as error:
                if must_compile():
                    raise
                self.app.display_warning(f"matchspec is installed as plain Python: {error}")
            else:
                made = [path.relative_to(folder) for path in folder.rglob(f"*{sysconfig.get_config_var('EXT_SUFFIX')}")]
                files += [*[path.as_posix() for path in made if path.parts[0] != "build"], DIGESTS]
                build_data["pure_python"] = False
                build_data["infer_tag"] = True
        build_data["force_include"].update({str(folder / name): name for name in files})

    def _run(self, folder: Path, *arguments: str) -> None:
        """Runs Python over the copy."""
        subprocess.run([sys.executable, *arguments], check=True, cwd=folder, stdout=sys.stderr)  # noqa: S603  # ours

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if hasattr(self, "_folder"):
            self._folder.cleanup()


def may_compile() -> bool:
    """Whether to try: compiling is wanted, or at least not refused, and there is what it needs."""
    if must_compile():
        return True
    if os.environ.get("MATCHSPEC_PURE", "") != "" or sys.implementation.name != "cpython":
        return False
    if sysconfig.get_config_var("Py_GIL_DISABLED"):  # mypyc relies on the lock of the interpreter
        return False
    words = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()
    header = Path(sysconfig.get_paths()["include"]) / "Python.h"
    return os.name == "nt" or (shutil.which(words[0]) is not None and header.is_file())


def must_compile() -> bool:
    return os.environ.get("MATCHSPEC_PURE") == "0"


# --- the process that compiles ----------------------------------------------------------------------------------------


def compile_packages(folder: Path, third_party: list[str]) -> None:
    """Compiles the packages in a folder in place, and writes down the digests of the sources that went in."""
    from mypyc.build import mypycify
    from setuptools import Distribution
    from setuptools.command.build_ext import build_ext

    class ParallelBuild(build_ext):
        """Compiles the C files of the one large extension side by side."""

        def build_extensions(self) -> None:
            one_by_one = self.compiler.compile

            def side_by_side(sources: list[str], **options: Any) -> list[str]:
                with ThreadPoolExecutor(os.cpu_count()) as pool:
                    made = pool.map(lambda source: one_by_one([source], **options), sources)
                    return [item for items in made for item in items]

            self.compiler.compile = side_by_side
            super().build_extensions()

    os.chdir(folder)
    sections = [SKIPPED.format(package=package) for package in third_party]
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    Path("mypy.ini").write_text(MYPY.format(version=version) + "".join(sections), "utf-8")
    paths = sorted(path.as_posix() for package in PACKAGES for path in Path(package).rglob("*.py"))
    chosen = [path for path in paths if path not in INTERPRETED]
    extensions = mypycify(
        ["--config-file", "mypy.ini", *chosen],
        opt_level="1",  # as fast as 3 here, and built in two thirds of the time
        debug_level="0",
        multi_file=True,
        group_name="matchspec_native",  # a name that no module has
    )
    command = ParallelBuild(Distribution({"name": "matchspec", "ext_modules": extensions}))
    command.inplace = True
    command.ensure_finalized()
    command.run()
    digests = {path: hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in chosen}
    Path(DIGESTS).write_text(json.dumps(digests, indent=0), "utf-8")


if __name__ == "__main__":
    compile_packages(Path(sys.argv[1]), sys.argv[2:])
