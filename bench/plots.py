"""The plots of performance.md, by matplotlib, as SVG: bars against peers, and curves of growth on logarithmic axes.

The same figures give the same bytes: no date, and names of shapes that do not depend on the run.
"""

import importlib
import io
import textwrap
from collections.abc import Mapping
from typing import Any, Final

from bench.results import Measured

OURS: Final = "#2f6db3"
THEIRS: Final = "#b9b9b9"
ERLANG: Final = "#a3476f"
BY_HAND: Final = "#6a9955"
MARKS: Final = "osD^vPX*"
SETTINGS: Final[Mapping[str, Any]] = {
    "svg.hashsalt": "matchspec",
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def file_of(group: str) -> str:
    return f"plots/{group}.svg"


def curve_of(case: Measured) -> str:
    """The name of a growth case without its size."""
    return case.name.rsplit(", ", 1)[0]


def colour(name: str) -> str:
    if name.startswith(("matchspec", "import, a table")):
        return OURS
    if name.startswith("ETS"):
        return ERLANG
    return BY_HAND if "by hand" in name else THEIRS


def drawn(groups: Mapping[str, list[Measured]]) -> dict[str, str]:
    """The text of each file by its name."""
    matplotlib = importlib.import_module("matplotlib")
    matplotlib.use("svg")
    matplotlib.rcParams.update(SETTINGS)
    return {file_of(group): svg(curves(cases) if group == "growth" else bars(cases)) for group, cases in groups.items()}


def pyplot() -> Any:
    return importlib.import_module("matplotlib.pyplot")


def ticker() -> Any:
    return importlib.import_module("matplotlib.ticker")


def svg(figure: Any) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    pyplot().close(figure)
    return "\n".join([line.rstrip() for line in text.getvalue().splitlines()]) + "\n"


def bars(cases: list[Measured]) -> Any:
    """A panel for each case, the fastest on top, on a logarithmic axis."""
    columns = min(2, len(cases))
    lines = -(-len(cases) // columns)
    heights = [
        max([len(case.figures) for case in cases[at : at + columns]]) + 2 for at in range(0, len(cases), columns)
    ]
    figure, axes = pyplot().subplots(
        lines,
        columns,
        figsize=(6 * columns, 0.24 * sum(heights)),
        squeeze=False,
        layout="constrained",
        gridspec_kw={"height_ratios": heights},
    )
    panels = list(axes.flat)
    for panel, case in zip(panels, cases, strict=False):
        bar_panel(panel, case)
    for panel in panels[len(cases) :]:
        panel.set_visible(False)
    return figure


def bar_panel(panel: Any, case: Measured) -> None:
    figures = sorted([figure for figure in case.figures if figure.rows == case.rows], key=lambda each: -each.median)
    names = [figure.name for figure in figures]
    values = [figure.median for figure in figures]
    shown = panel.barh(names, values, color=[colour(name) for name in names], height=0.72)
    panel.bar_label(shown, [f"{value:,.3g}" if value < 1000 else f"{value:,.0f}" for value in values], padding=3)
    panel.set_xscale("log")
    panel.xaxis.set_minor_formatter(ticker().NullFormatter())
    if values:
        panel.set_xlim(min(values) / 2, max(max(values) * 4, min(values) * 20))
    panel.set_title(textwrap.fill(f"{case.name} ({case.unit})", 48), loc="left", fontsize=10)
    panel.tick_params(axis="y", length=0)


def curves(cases: list[Measured]) -> Any:
    """A panel for each operation; a line for each contestant over the number of rows."""
    panels: dict[str, list[Measured]] = {}
    for case in cases:
        panels.setdefault(curve_of(case), []).append(case)
    columns = min(2, len(panels))
    lines = -(-len(panels) // columns)
    figure, axes = pyplot().subplots(
        lines, columns, figsize=(6 * columns, 4 * lines), squeeze=False, layout="constrained"
    )
    everybody = list(dict.fromkeys([each.name for case in cases for each in case.figures]))
    for panel, (name, some) in zip(axes.flat, panels.items(), strict=False):
        curve_panel(panel, name, some, everybody)
    return figure


def curve_panel(panel: Any, name: str, cases: list[Measured], everybody: list[str]) -> None:
    """Who is in several panels has the same colour and mark in all."""
    for place, who in enumerate(everybody):
        points = [(case.rows, figure.median) for case in cases if (figure := case.figure(who)) is not None]
        if not points:
            continue
        style = "-" if who.startswith("matchspec") else "--"
        panel.plot(
            *zip(*points, strict=True),
            style,
            marker=MARKS[place % len(MARKS)],
            color=f"C{place}",
            markersize=5,
            label=who,
        )
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_title(f"{name} ({cases[0].unit})", loc="left", fontsize=10)
    panel.set_xlabel("rows")
    panel.grid(alpha=0.3)
    panel.legend(fontsize=8)
