"""Settings of all tests: no time limits on examples, since the first text in a language also builds its parser.

And a look at what is being tested: the build that `MATCHSPEC_BUILD` names, compiled from the sources as they are.
"""

import os
from pathlib import Path

import pytest
from hypothesis import settings

import grammar
import matchspec
import runtime
from matchspec.build import changed_sources

settings.register_profile("default", deadline=None)
settings.load_profile("default")


def pytest_configure() -> None:
    """Raises UsageError where the tests would run over another build than they should, or over a mixture of two."""
    wanted = os.environ.get("MATCHSPEC_BUILD", "pure")
    if wanted not in {"pure", "native"}:
        raise pytest.UsageError(f"MATCHSPEC_BUILD is {wanted!r}; allowed are 'pure' and 'native'")
    if matchspec.COMPILED is not (wanted == "native"):
        raise pytest.UsageError(f"MATCHSPEC_BUILD is {wanted!r}, but the tests would import {matchspec.__file__}")
    extensions = [
        path
        for package in (grammar, matchspec, runtime)
        for path in Path(str(package.__file__)).parent.iterdir()
        if path.suffix in {".so", ".pyd"}
    ]
    if extensions and wanted == "pure":
        raise pytest.UsageError(f"C extensions hide the sources of the same names: {', '.join(map(str, extensions))}")
    if changed := changed_sources():
        raise pytest.UsageError(f"edited since they were compiled: {', '.join(changed)}")
