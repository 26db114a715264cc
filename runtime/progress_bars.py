"""Progress bars of the command line, on standard error: for long work, and where somebody is there to see it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import ProgressColumn

    from runtime.files import Progress

# Not Final, so that compiled code looks them up: tests set them.
LONG_FILE = 5_000_000  # bytes from which on a bar is shown
LONG_SCAN = 200_000  # rows from which on one is shown


@contextmanager
def reading(path: str) -> "Iterator[Progress | None]":
    """The bar of a file that is read; None where none is shown."""
    file = Path(path)
    if not sys.stderr.isatty() or not file.is_file() or file.stat().st_size < LONG_FILE:
        yield None
        return
    from rich.progress import DownloadColumn

    with _bar(f"reading {file.name}", None, DownloadColumn()) as progress:
        yield progress


@contextmanager
def counting(what: str, rows: int) -> "Iterator[Progress]":
    """The bar of work on so many rows."""
    if not sys.stderr.isatty() or rows < LONG_SCAN:
        yield lambda done, total: None
        return
    from rich.progress import MofNCompleteColumn

    with _bar(what, rows, MofNCompleteColumn()) as progress:
        yield progress


@contextmanager
def _bar(what: str, total: int | None, amount: "ProgressColumn") -> "Iterator[Progress]":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), amount, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done, whole: bar.update(task, completed=done, total=whole)
