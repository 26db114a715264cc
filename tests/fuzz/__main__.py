"""`make fuzz SECONDS=60 SEED=1`: rounds of every kind in turn, until the time is over or something is found.

Prints the seed and running counts; then a summary, with the costliest text. Each failure is printed with the smallest
case that still fails, and the exit status is 1. Without Erlang only the kinds that need none are run.
"""

import argparse
import secrets
import sys
import time
from collections import Counter

from tests.erlang import AVAILABLE
from tests.fuzz.anytext import Meter, peak_memory
from tests.fuzz.kinds import ROUNDS, Round

ALONE = ("text", "value")


def main() -> int:
    options = _options()
    wanted = [one for one in ROUNDS if not options.kinds or one.name in options.kinds]
    if not AVAILABLE:
        print("`erl` is not on the path: only what needs no Erlang is run")
        wanted = [one for one in wanted if one.name in ALONE]
    print(
        f"SEED={options.seed}  SECONDS={options.seconds:g}  kinds: {', '.join(one.name for one in wanted)}", flush=True
    )
    return 1 if _rounds(wanted, options.seed, options.seconds) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="when to stop; every kind has one round at least")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31), help="of all that is random")
    parser.add_argument("kinds", nargs="*", help=f"some of {', '.join(one.name for one in ROUNDS)}; all by default")
    options = parser.parse_args()
    if unknown := {*options.kinds} - {one.name for one in ROUNDS}:
        parser.error(f"there is no kind {', '.join(sorted(unknown))}")
    return options


def _rounds(wanted: list[Round], seed: int, seconds: float) -> int:
    """The number of failures."""
    cases: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    failures = 0
    meter = Meter()
    start = shown = time.monotonic()
    number = 0
    while wanted and (number == 0 or time.monotonic() < start + seconds):
        for one in wanted:
            report = one.run(seed + number, one.size, meter)
            cases[one.name] += report.cases
            accepted[one.name] += report.accepted
            failures += len(report.failures)
            for failure in report.failures:
                print(f"FAILED {failure}", flush=True)
        number += 1
        if time.monotonic() > shown + 20:
            shown = time.monotonic()
            print(f"{shown - start:7.0f} s  {_counts(cases)}", flush=True)
        if failures >= 20:
            break
    print(f"{sum(cases.values()):,} cases in {number} rounds, {failures} failures: {_counts(cases)}")
    for name in ALONE:
        if cases[name]:
            print(f"{name}: {accepted[name]:,} of {cases[name]:,} raised nothing")
    print(f"slowest: {meter.seconds:.2f} s, {meter.slowest}")
    print(f"largest: {meter.growth / 2**20:.0f} MB, {meter.largest}; peak of all {peak_memory() / 2**20:.0f} MB")
    return failures


def _counts(cases: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in cases.items())


if __name__ == "__main__":
    sys.exit(main())
