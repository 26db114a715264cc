"""Where a run takes place: the machine, Python, Erlang, and the versions of the contestants."""

import os
import platform
import sqlite3
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from bench.contestants.erlang import available, erlang
from matchspec import COMPILED, __version__

LIBRARIES: Final = (
    "sortedcontainers polars duckdb littletable ducks tinydb rule-engine cel-python simpleeval pykka".split()
)


def build() -> str:
    return "compiled by mypyc" if COMPILED else "plain Python"


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def described() -> dict[str, str]:
    found = {
        "processor": f"{processor()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}, {platform.python_compiler()}",
    }
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        gigabytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
        found["memory"] = f"{gigabytes:.0f} GB"
    return found


def versions() -> dict[str, str]:
    found = {"matchspec": __version__}
    if available():
        found["Erlang/OTP"] = str(erlang().ask("release"))
    found["sqlite"] = sqlite3.sqlite_version
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
