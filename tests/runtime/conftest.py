"""For all tests of the runtime: tables are checked and dropped when a test ends; some are tested in memory and on disk.

The modules of OVER_BOTH run twice. The second time `ets.new` makes a table on disk, so that one suite says what both
kinds of tables do. What is left out on disk is in `tests.runtime.on_disk`, with the reasons.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime import dets, ets
from tests.runtime.on_disk import OVER_BOTH, Maker, reason_to_skip


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.module.__name__.rpartition(".")[2] in OVER_BOTH:
        metafunc.parametrize("tables", ["memory", "disk"], indirect=True)


@pytest.fixture(autouse=True)
def tables(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Where the tables of the test are: "memory" or "disk"."""
    where: str = getattr(request, "param", "memory")
    if where == "disk":
        reason = reason_to_skip(request.node)
        if reason:
            pytest.skip(reason)
        monkeypatch.setattr(ets, "new", Maker(tmp_path))
    return where


@pytest.fixture(params=[0.0, 1.0], ids=["own threads", "lent threads"])
def lending(request: pytest.FixtureRequest) -> float:
    """How likely tasks that no thread has begun are run by who awaits them; both must look the same from outside."""
    chance: float = request.param
    return chance


@pytest.fixture(autouse=True)
def no_table_is_left(tables: str) -> Iterator[None]:
    before = set(map(id, ets.all()))
    yield
    for table in ets.all():
        if id(table) not in before:
            problems = table.check()
            table._gate.set_access("public")  # whoever owns it
            table.drop()
            assert problems == []
    for on_disk in dets.all():
        problems = [] if tables == "memory" else on_disk.check()
        on_disk.drop()
        assert problems == []
