"""For all tests of the runtime: tables are checked and dropped when a test ends."""

from collections.abc import Iterator

import pytest

from runtime import ets


@pytest.fixture(autouse=True)
def no_table_is_left() -> Iterator[None]:
    before = set(map(id, ets.all()))
    yield
    for table in ets.all():
        if id(table) not in before:
            problems = table.check()
            table._gate.access = "public"  # whoever owns it
            table.drop()
            assert problems == []
