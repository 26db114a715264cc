"""What a run found: figures with their spread, verdicts on targets, files of JSON, and how two runs differ."""

import dataclasses
import json
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, final

from bench.model import Target

Verdict: TypeAlias = Literal["met", "missed", "not measured"]
CHANGE: Final = 1.10  # a ratio between two runs from which on it is marked
VERSION: Final = 1


@final
@dataclass(frozen=True)
class Figure:
    """Of one contestant in one case, in the unit of the case: the median, the least and the greatest."""

    name: str
    median: float
    low: float
    high: float
    runs: int
    rows: int

    @staticmethod
    def of(name: str, values: list[float], rows: int) -> "Figure":
        return Figure(name, statistics.median(values), min(values), max(values), len(values), rows)


@final
@dataclass(frozen=True)
class Judged:
    """A target with what was measured: a ratio, or so many units."""

    case: "Measured"
    target: Target
    value: float | None

    @property
    def verdict(self) -> Verdict:
        if self.value is None:
            return "not measured"
        return "met" if self.value <= self.target.at_most else "missed"


@final
@dataclass(frozen=True)
class Measured:
    """A case with its figures."""

    group: str
    name: str
    unit: str
    rows: int
    base: str
    figures: list[Figure]
    targets: list[Target]

    def figure(self, name: str | None) -> Figure | None:
        return next((figure for figure in self.figures if figure.name == name), None)

    def ratio(self, figure: Figure) -> float | None:
        """To the base of the case; None where they had not the same number of rows."""
        base = self.figure(self.base)
        if base is None or base.rows != figure.rows or base.median == 0:
            return None
        return figure.median / base.median

    def judged(self) -> Iterator[Judged]:
        for target in self.targets:
            who, against = self.figure(target.who), self.figure(target.against)
            value: float | None = None
            if who is not None and target.against is None:
                value = who.median
            elif who is not None and against is not None and who.rows == against.rows:
                value = who.median - against.median if target.beyond else who.median / against.median
            yield Judged(self, target, value)


@final
@dataclass(frozen=True)
class Result:
    """A whole run: where, of what build, who was not there, and the cases."""

    build: str
    machine: dict[str, str]
    versions: dict[str, str]
    absent: dict[str, str]
    rows: int
    repeats: int
    cases: list[Measured]

    def groups(self) -> dict[str, list[Measured]]:
        found: dict[str, list[Measured]] = {}
        for case in self.cases:
            found.setdefault(case.group, []).append(case)
        return found

    def judged(self) -> list[Judged]:
        return [judged for case in self.cases for judged in case.judged()]


def saved(result: Result) -> str:
    return json.dumps({"version": VERSION, **dataclasses.asdict(result)}, indent=1) + "\n"


def loaded(text: str, where: str) -> Result:
    """A run from the text of its file."""
    try:
        found: Any = json.loads(text)
    except ValueError as error:
        raise SystemExit(f"{where} is no file of results: {error}") from None
    if not isinstance(found, dict) or found.pop("version", None) != VERSION:
        raise SystemExit(f"{where} is no file of results of version {VERSION}: run the benchmarks again")
    cases = [
        Measured(
            **{
                **case,
                "figures": [Figure(**figure) for figure in case["figures"]],
                "targets": [Target(**target) for target in case["targets"]],
            }
        )
        for case in found.pop("cases")
    ]
    return Result(cases=cases, **found)


def read(path: Path) -> Result:
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise SystemExit(f"{path} cannot be read: {error.strerror}") from None
    return loaded(text, str(path))


# --- two runs ---------------------------------------------------------------------------------------------------------


@final
@dataclass(frozen=True)
class Change:
    """One figure of two runs. The ratio is old to new: above 1 is faster, or smaller, than before."""

    case: str
    name: str
    unit: str
    old: float
    new: float

    @property
    def ratio(self) -> float:
        return self.old / self.new if self.new else 1.0

    @property
    def mark(self) -> str:
        if self.ratio >= CHANGE:
            return "better"
        return "WORSE" if self.ratio <= 1 / CHANGE else ""


def compared(old: Result, new: Result) -> list[Change]:
    """The figures that both runs have, over the same rows."""
    before = {(case.group, case.name): case for case in old.cases}
    found: list[Change] = []
    for case in new.cases:
        earlier = before.get((case.group, case.name))
        for figure in case.figures if earlier is not None else ():
            past = earlier.figure(figure.name) if earlier is not None else None
            if past is not None and past.rows == figure.rows:
                found.append(Change(f"{case.group}/{case.name}", figure.name, case.unit, past.median, figure.median))
    return found


def shown(changes: Iterable[Change]) -> str:
    """A line for each figure."""
    return "\n".join(
        [
            f"{change.case:58} {change.name:44} {change.old:11.4g} -> {change.new:11.4g} {change.unit:5} "
            f"{change.ratio:6.2f}x {change.mark}".rstrip()
            for change in changes
        ]
    )
