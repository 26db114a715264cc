"""Erlang's ETS: one `erl` beside the benchmarks, which keeps the tables and times its operations by its own clock.

The operations are in tables.erl. That file is compiled, as an application's modules are: a fun typed into a shell would
be interpreted. The schedulers are told not to spin while they wait, since that would take time from the others.
"""

import atexit
import json
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, Final

from bench.model import Contestant, Data, Operation, Run, Store

OPERATIONS: Final = (
    "select_names select_pairs count match_object delete insert bulk lookup lookup_random member update_counter range "
    "prefix many_keys indexed scan_group one_row"
).split()


def source_of(module: str) -> Path:
    return Path(__file__).with_name(f"{module}.erl")


class Erlang:
    """A running `erl`; a request and its answer are a line each."""

    def __init__(self, module: str) -> None:
        self.folder: Final = tempfile.TemporaryDirectory()
        subprocess.run(["erlc", "-o", self.folder.name, str(source_of(module))], check=True)
        quiet = ["+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none"]
        command = ["erl", *quiet, "-noshell", "-pa", self.folder.name, "-eval", f"{module}:serve(), halt()."]
        self.process: Final = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, request: str) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(request + ".\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"erl has ended, with exit code {self.process.wait()}, at {request}")
        return json.loads(line)

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()  # at the end of its requests it ends
        self.process.wait()
        self.process.stdout.close()
        self.folder.cleanup()


@cache
def erlang(module: str = "tables") -> Erlang:
    """The one that runs this module."""
    started = Erlang(module)
    atexit.register(started.close)
    return started


def available() -> bool:
    return shutil.which("erl") is not None and shutil.which("erlc") is not None


def _not_here(store: Store, data: Data) -> Any:
    raise AssertionError("Erlang times its operations by itself")


class Ets(Contestant):
    """A table of ETS. A store is its number."""

    def __init__(self, table_type: str) -> None:
        self.name = f"ETS {table_type}"
        self.table_type: Final = table_type
        by_hand = ["range_by_next"] if table_type == "ordered_set" else []
        self.operations: dict[str, Operation] = dict.fromkeys([*OPERATIONS, *by_hand], _not_here)

    def missing(self) -> str | None:
        return None if available() else "erl"

    def make(self, data: Data) -> Store:
        number = 1 if data.kind == "one" else data.number
        return erlang().ask(f"{{make, {self.table_type}, {data.kind}, {data.order}, {number}}}")

    def run(self, store: Store, data: Data, operation: str) -> Run:
        nanoseconds, answer = erlang().ask(f"{{run, {store}, {operation}}}")
        return Run(nanoseconds / 1e9, answer)

    def drop(self, store: Store) -> None:
        erlang().ask(f"{{drop, {store}}}")

    def bytes_of(self, store: Store) -> int:
        size = erlang().ask(f"{{memory, {store}}}")
        assert isinstance(size, int)
        return size
