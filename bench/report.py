"""Writes a run down: a line of text for each case, and docs/performance.md with its tables and plots.

The page is made of the figures of one run and the sentences of prose.py. It holds no date and no random names, so that
two reports of the same figures are the same bytes.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from bench import plots, prose
from bench.results import Figure, Judged, Measured, Result

PAGE: Final = "performance.md"
PLOTTED: Final = ("scans", "points", "plans", "filters", "memory")
SIGNS: Final[Mapping[str, str]] = {"met": "met", "missed": "**missed**", "not measured": "not measured"}


def number(value: float) -> str:
    """Three digits that count, with commas."""
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 0.01 or value == 0 else f"{value:.2g}"


def ratio(value: float | None) -> str:
    return "" if value is None else f"{number(value)}x"


def limit(judged: Judged) -> str:
    """What is to be reached, in words: 0.2x ETS set."""
    target, unit = judged.target, judged.case.unit
    if target.against is None:
        return f"{target.at_most:g} {unit}"
    if target.beyond:
        return f"{target.at_most:g} {unit} beyond {target.against}"
    return f"{target.at_most:g}x {target.against}"


def reached(judged: Judged) -> str:
    if judged.value is None:
        return ""
    in_units = judged.target.against is None or judged.target.beyond
    return f"{number(judged.value)} {judged.case.unit}" if in_units else ratio(judged.value)


def table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of markdown; all columns after the first two hold numbers or words that are short."""
    lines = [list(titles), ["---"] * len(list(titles)), *[list(row) for row in rows]]
    return "\n".join(["| " + " | ".join(line) + " |" for line in lines]) + "\n"


# --- for the terminal -------------------------------------------------------------------------------------------------


def told(case: Measured) -> str:
    """A case as it is measured."""
    lines = [f"\n{case.group}/{case.name}"]
    for figure in case.figures:
        rows = "" if figure.rows == case.rows else f" of {figure.rows:,} rows"
        lines.append(
            f"    {figure.name:44} {number(figure.median):>10} {case.unit:5} {ratio(case.ratio(figure)):>9}{rows}"
        )
    return "\n".join(lines)


def verdicts(result: Result) -> str:
    found = result.judged()
    missed = [judged for judged in found if judged.verdict == "missed"]
    lines = [f"\n{len(found)} targets, {len(missed)} missed"]
    for judged in missed:
        case = judged.case
        lines.append(f"    {case.group}/{case.name}: {judged.target.who}: {reached(judged)}, at most {limit(judged)}")
    return "\n".join(lines)


# --- the page ---------------------------------------------------------------------------------------------------------


def spread(figure: Figure) -> str:
    return f"{number(figure.low)} to {number(figure.high)}" if figure.runs > 1 else ""


def of_case(case: Measured) -> str:
    rows = []
    for figure in case.figures:
        few = "" if figure.rows == case.rows else f" ({figure.rows:,} rows)"
        rows.append(
            [figure.name + few, f"{number(figure.median)} {case.unit}", spread(figure), ratio(case.ratio(figure))]
        )
    return f"### {case.name[0].upper()}{case.name[1:]}\n\n" + table(
        ["", "median", "least to greatest", f"times {case.base}" if case.base else ""], rows
    )


def of_growth(cases: list[Measured]) -> str:
    """A table for each curve, with a column for each size."""
    curves: dict[str, list[Measured]] = {}
    for case in cases:
        curves.setdefault(plots.curve_of(case), []).append(case)
    parts: list[str] = []
    for name, some in curves.items():
        names = list(dict.fromkeys([figure.name for case in some for figure in case.figures]))
        rows: list[list[str]] = []
        for who in names:
            found = [case.figure(who) for case in some]
            rows.append([who, *["" if figure is None else number(figure.median) for figure in found]])
        titles = [some[0].unit, *[f"{case.rows:,} rows" for case in some]]
        parts.append(f"### {name[0].upper()}{name[1:]}\n\n" + table(titles, rows))
    return "\n".join(parts)


def of_targets(result: Result) -> str:
    found = result.judged()
    rows = [
        [judged.case.name, judged.target.who, limit(judged), reached(judged), SIGNS[judged.verdict]] for judged in found
    ]
    missed = [judged for judged in found if judged.verdict == "missed"]
    counts: Counter[str] = Counter([judged.verdict for judged in found])
    parts = [prose.TARGETS, table(["operation", "", "at most", "measured", ""], rows)]
    parts.append(", ".join([f"{counts[verdict]} {verdict}" for verdict in SIGNS if counts[verdict]]) + ".\n")
    why = {judged.case.name: prose.WHY[judged.case.name] for judged in missed if judged.case.name in prose.WHY}
    parts += [f"- {name}: {reason}\n" for name, reason in why.items()]
    return "\n".join(parts)


def of_machine(result: Result) -> str:
    versions = ", ".join([f"{name} {version}" for name, version in result.versions.items()])
    rows = [["build of matchspec", result.build], *[[name, value] for name, value in result.machine.items()]]
    rows += [["versions", versions], ["rows", f"{result.rows:,}"]]
    if result.absent:
        rows.append(["left out, not installed", ", ".join(result.absent)])
    return table(["", ""], rows)


def page(result: Result) -> str:
    """The whole of performance.md."""
    parts = [prose.INTRO, of_machine(result), of_targets(result)]
    for group, cases in result.groups().items():
        title, text = prose.SECTIONS[group]
        parts.append(f"## {title}\n\n{text}")
        if group in PLOTTED or group == "growth":
            parts.append(f"![{title}]({plots.file_of(group)})\n")
        parts += [of_growth(cases)] if group == "growth" else [of_case(case) for case in cases]
    return "\n".join([*parts, prose.METHOD])


def write(result: Result, folder: Path) -> None:
    """Puts the page and its plots into a folder."""
    drawn = plots.drawn({group: cases for group, cases in result.groups().items() if group in (*PLOTTED, "growth")})
    for name, svg in drawn.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(svg, "utf-8")
    (folder / PAGE).write_text(page(result), "utf-8")
