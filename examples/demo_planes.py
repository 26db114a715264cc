"""The planes of those flights, 3,322 of them, and five questions: what the demo runs over without a network."""

from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from examples.demo_question import DataSet, Question
from matchspec import SKIP
from runtime.files import read_file

FileRow: TypeAlias = Any  # its type is made when the file is read


class Plane(NamedTuple):
    """A plane. Year and speed are often unknown: None."""

    tailnum: str
    year: int | None
    type: str
    manufacturer: str
    model: str
    engines: int
    seats: int
    speed: int | None
    engine: str


QUESTIONS: Final[tuple[Question[Plane], ...]] = (
    Question(
        "Which plane is N670US? The key is given, so no other plane is looked at.",
        lambda p: (p.manufacturer, p.model, p.seats) if p.tailnum == "N670US" else SKIP,
        """
        fun do {"N670US", _, _, maker, model, _, seats, _, _} -> {maker, model, seats} end
        """,
        """
        fun({<<"N670US">>, _, _, Maker, Model, _, Seats, _, _}) -> {Maker, Model, Seats} end
        """,
        ("maker", "model", "seats"),
    ),
    Question(
        "Which planes of more than 300 seats are of unknown age? A missing year is None.",
        lambda p: (p.tailnum, p.model, p.seats) if p.year is None and p.seats > 300 else SKIP,
        """
        fun do {tail, year, _, _, model, _, seats, _, _} when year == nil and seats > 300 ->
          {tail, model, seats}
        end
        """,
        """
        fun({Tail, nil, _, _, Model, _, Seats, _, _}) when Seats > 300 -> {Tail, Model, Seats} end
        """,
        ("plane", "model", "seats"),
    ),
    Question(
        "Which planes have more than 180 seats to each engine? Arithmetic on two columns.",
        lambda p: (p.model, p.engines, p.seats) if p.seats > 180 * p.engines else SKIP,
        """
        fun do {_, _, _, _, model, engines, seats, _, _} when seats > 180 * engines -> {model, engines, seats} end
        """,
        """
        fun({_, _, _, _, Model, Engines, Seats, _, _}) when Seats > 180 * Engines -> {Model, Engines, Seats} end
        """,
        ("model", "engines", "seats"),
    ),
    Question(
        "Which planes were built before 1960 or fly faster than 400 miles an hour? Two clauses, tried in order.",
        lambda p: (
            ("old", p.tailnum, p.year)
            if p.year is not None and p.year < 1960
            else ("fast", p.tailnum, p.speed)
            if p.speed is not None and p.speed > 400
            else SKIP
        ),
        """
        fun do
          {tail, year, _, _, _, _, _, _, _} when year < 1960 -> {"old", tail, year}
          {tail, _, _, _, _, _, _, speed, _} when is_integer(speed) and speed > 400 -> {"fast", tail, speed}
        end
        """,
        """
        fun({Tail, Year, _, _, _, _, _, _, _}) when Year < 1960 -> {<<"old">>, Tail, Year};
           ({Tail, _, _, _, _, _, _, Speed, _}) when is_integer(Speed), Speed > 400 -> {<<"fast">>, Tail, Speed}
        end
        """,
        ("", "plane", "year or speed"),
    ),
    Question(
        "How many planes with jet engines seat more than a hundred? The rows are only counted.",
        lambda p: p.engine in ("Turbo-fan", "Turbo-jet") and p.seats > 100,
        """
        fun do {_, _, _, _, _, _, seats, _, engine}
               when (engine == "Turbo-fan" or engine == "Turbo-jet") and seats > 100 ->
          true
        end
        """,
        """
        [{{'_', '_', '_', '_', '_', '_', '$1', '_', '$2'},
          [{'orelse', {'=:=', '$2', <<"Turbo-fan">>}, {'=:=', '$2', <<"Turbo-jet">>}}, {'>', '$1', 100}],
          [true]}]
        """,
    ),
)


def load() -> DataSet[Plane]:
    """The planes in the file beside this module."""
    path = Path(__file__).parent / "data" / "planes.csv"
    data = read_file(path, na=["NA"])
    return DataSet("planes", path.name, Plane, "tailnum", [_plane(row) for row in data.rows], QUESTIONS)


def _plane(row: FileRow) -> Plane:
    return Plane(*row)
