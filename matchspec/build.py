"""Which build this is: the packages as C extensions made by mypyc, or the same sources as plain Python.

`hatch_build.py`, which makes the wheels, says what is compiled and what never is. This module never is.
"""

from typing import TYPE_CHECKING, Final

from matchspec import terms

if TYPE_CHECKING:
    from pathlib import Path

COMPILED: Final = not str(terms.__file__).endswith(".py")


def changed_sources() -> list[str]:
    """The sources that have been edited since they were compiled, so that what runs is not what they say.

    Always empty in the pure build. Reads every source: for the command line and for tests.
    """
    import json
    from pathlib import Path

    root = Path(__file__).parents[1]
    record = root / "matchspec" / "native.json"
    if not COMPILED:
        return []
    if not record.is_file():
        return ["matchspec/native.json"]
    digests: dict[str, str] = json.loads(record.read_text("utf-8"))
    return [name for name, digest in digests.items() if _digest(root / name) != digest]


def _digest(path: "Path") -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
