"""The command: `python -m bench`; with `--help` it tells its options."""

import argparse
import sys
from pathlib import Path
from typing import Final

from bench import machine, report, results, roster
from bench.groups import disk, executor, filters, growth, memory, plans, points, processes, queries, scans
from bench.measure import Session
from bench.model import Case, Options, optional
from bench.results import Measured, Result

# In the order of the report. What grows comes last: it takes the most memory.
GROUPS: Final = (scans, points, plans, queries, filters, processes, executor, disk, memory, growth)
QUICK: Final = Options(rows=1000, repeats=1, quick=True)


def all_cases(options: Options) -> list[Case]:
    found = [case for group in GROUPS for case in group.cases(options)]
    return [case for case in found if not options.only or any(case.called().startswith(only) for only in options.only)]


def absent() -> dict[str, str]:
    """Who is left out, and what is not installed."""
    return roster.absent() | filters.absent() | processes.absent()


def run(options: Options, tell: bool = True) -> Result:
    """Measures all cases that the options ask for."""
    session = Session(options)
    found: list[Measured] = []
    for case in all_cases(options):
        found.append(session.measure(case))
        if tell:
            print(report.told(found[-1]), flush=True)
    session.close()
    return Result(
        machine.build(), machine.described(), machine.versions(), absent(), options.rows, options.repeats, found
    )


def parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures matchspec beside its peers.")
    parser.add_argument("--rows", type=int, default=Options().rows, help="how many rows (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=Options().repeats, help="rounds of each case")
    parser.add_argument(
        "--largest",
        type=int,
        default=Options().largest,
        help="rows of the largest growing table (default: %(default)s)",
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, one round: whether it works, not how fast")
    parser.add_argument("--only", action="append", default=[], metavar="GROUP/CASE", help="cases that begin with this")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to a file")
    parser.add_argument("--load", type=Path, metavar="FILE", help="take the figures of a file instead of measuring")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="show what changed since an earlier run's file")
    parser.add_argument("--docs", type=Path, metavar="FOLDER", help="write performance.md and its plots into a folder")
    options = parser.parse_args(arguments)
    if options.rows < 1000:
        parser.error("--rows is how many rows to measure with, 1000 at least")
    if options.repeats < 1:
        parser.error("--repeats is how many rounds, 1 at least")
    if options.docs is not None and (options.quick or options.only):
        parser.error("--docs writes the page of a whole run, without --quick and --only")
    if options.docs is not None and optional("matplotlib") is None:
        parser.error("--docs draws plots, which needs matplotlib: pip install matplotlib")
    return options


def main(arguments: list[str]) -> None:
    chosen = parsed(arguments)
    only = tuple(chosen.only)
    options = Options(chosen.rows, chosen.repeats, only=only, largest=chosen.largest)
    if chosen.quick:
        options = Options(QUICK.rows, QUICK.repeats, quick=True, only=only)
    if chosen.load is None:
        print(f"{machine.build()}, {options.rows:,} rows")
        for name, missing in absent().items():
            print(f"left out: {name} ({missing} is not installed)")
    result = run(options) if chosen.load is None else results.read(chosen.load)
    if not result.cases:
        raise SystemExit(f"no case begins with {' or '.join(only)}")
    if chosen.json is not None:
        chosen.json.write_text(results.saved(result), "utf-8")
    print(report.verdicts(result))
    if chosen.compare is not None:
        print(results.shown(results.compared(results.read(chosen.compare), result)))
    if chosen.docs is not None:
        report.write(result, chosen.docs)


if __name__ == "__main__":
    main(sys.argv[1:])
