"""Random sequences of operations on every kind of table on disk against the naive oracle, `check()` after each.

The machines are those of tables in memory. Besides, the table is closed and opened again at any moment.
"""

import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, TypeAlias, cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from runtime import dets
from runtime.storage import Kind
from runtime.table import Table
from tests.runtime.test_stateful import TableMachine, WatchedMachine, text

AnyTable: TypeAlias = Table[Any]
ANY_KIND = st.sampled_from(["set", "ordered_set", "bag", "duplicate_bag"])


class DiskMachine(TableMachine):
    """Over tables on disk, which are opened again between operations."""

    folder: Path | None = None

    def new(self, kind: str, keypos: int) -> AnyTable:
        self.folder = Path(tempfile.mkdtemp(prefix="dets"))
        table = dets.open(self.folder / "table.dets", type=cast(Kind, kind), keypos=keypos, auto_save=None)
        return cast(AnyTable, table)

    @precondition(lambda self: hasattr(self, "table"))
    @rule()
    def open_again(self) -> None:
        assert self.folder is not None
        dets.all()[0].close()
        self.table = cast(AnyTable, dets.open(self.folder / "table.dets", auto_save=None))
        self.fixes = 0
        self.walked = None
        self.opened_again()

    def opened_again(self) -> None:
        """What else a machine does then."""

    def teardown(self) -> None:
        if self.folder is not None:
            for table in dets.all():
                table.drop()
            shutil.rmtree(self.folder)


class WatchedDiskMachine(DiskMachine, WatchedMachine):
    """The same, with indexes and a subscriber."""

    @initialize(kind=ANY_KIND, keypos=st.sampled_from([1, 2]))
    def make(self, kind: str, keypos: int) -> None:
        TableMachine.make(self, kind, keypos)
        self.table.add_index(1)
        self.table.add_index(3)
        self.copy: Counter[str] = Counter()
        self.table.subscribe(None, self.follow)

    def opened_again(self) -> None:
        assert self.table.info("index") == (1, 3)
        self.copy = Counter(map(text, self.table.tab2list()))
        self.table.subscribe(None, self.follow)

    @rule()
    def limited(self) -> None:
        """From now on rows may have deadlines; these have none that comes up."""
        self.table.insert([], ttl=60)

    @rule()
    def other_index(self) -> None:
        """An index goes and comes back, over the rows of then."""
        self.table.del_index(3)
        self.table.add_index(3)


TestDiskTables = DiskMachine.TestCase
TestDiskTables.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestWatchedDiskTables = WatchedDiskMachine.TestCase
TestWatchedDiskTables.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)
