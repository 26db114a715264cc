"""Dates, UUIDs, members of Enums in columns of their own on disk: they come back, are found, and are ordered."""

import sqlite3
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchspec import SKIP
from runtime import dets
from runtime.dets import BadArg, DiskError


class Colour(Enum):
    RED = 1
    GREEN = 2


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Event(NamedTuple):
    id: int
    day: date
    at: datetime
    took: timedelta | None
    who: UUID
    colour: Colour
    level: Level | None


EAST = timezone(timedelta(hours=5, seconds=7))
events = st.builds(
    Event,
    st.integers(),
    st.dates(),
    st.datetimes(timezones=st.none() | st.just(UTC) | st.just(EAST), allow_imaginary=False)
    | st.builds(lambda moment, fold: moment.replace(fold=fold), st.datetimes(), st.sampled_from([0, 1])),
    st.none() | st.timedeltas() | st.sampled_from([timedelta.min, timedelta.max]),
    st.uuids(),
    st.sampled_from(Colour),
    st.none() | st.sampled_from(Level),
)


def exact(event: Event) -> Any:
    return (*event, type(event.level), event.at.fold, event.at.utcoffset())


@given(st.lists(events, max_size=5))
def test_every_value_comes_back(tmp_path_factory: pytest.TempPathFactory, many: list[Event]) -> None:
    path = tmp_path_factory.mktemp("scalars") / "events.dets"
    wanted = {event.id: exact(event) for event in many}
    with dets.open(path, Event) as table:
        table.insert(many)
    with dets.open(path, Event) as table:
        assert {event.id: exact(event) for event in table.tab2list()} == wanted
        assert all(type(event) is Event for event in table.tab2list())


ONE = Event(1, date(2024, 3, 1), datetime(2024, 3, 1), timedelta(1), UUID(int=5), Colour.RED, Level.HIGH)  # noqa: DTZ001
TWO = ONE._replace(id=2, day=date(2025, 1, 1), at=datetime(2025, 1, 1, tzinfo=UTC), colour=Colour.GREEN, level=None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with dets.open(tmp_path / "events.dets", Event) as table:
        table.insert([ONE, TWO])
    return tmp_path / "events.dets"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (lambda e: e.id if e.day > date(2024, 12, 31) else SKIP, [2]),
        (lambda e: e.id if e.day == date(2024, 3, 1) else SKIP, [1]),
        (lambda e: e.id if e.at < datetime(2025, 1, 1) else SKIP, [1]),  # noqa: DTZ001
        (lambda e: e.id if e.at == datetime(2025, 1, 1, tzinfo=UTC) else SKIP, [2]),
        (lambda e: e.id if e.colour is Colour.RED else SKIP, [1]),
        (lambda e: e.id if e.level == 2 else SKIP, [1]),
        (lambda e: e.id if e.level is None else SKIP, [2]),
        (lambda e: e.id if e.who == UUID(int=5) and e.took >= timedelta(hours=24) else SKIP, [1, 2]),
    ],
)
def test_queries(path: Path, query: Any, found: list[int]) -> None:
    with dets.open(path, Event) as table:
        assert sorted(table.select(query)) == found


def test_conditions_on_them_are_checked_by_sqlite(path: Path) -> None:
    with dets.open(path, Event) as table:
        assert '"day" > ' in str(table.explain(lambda e: e.day > date(2024, 12, 31), counts=True))
        assert table.select_count(lambda e: e.day > date(2024, 12, 31)) == 1
        assert table.select_delete(lambda e: e.colour == Colour.RED) == 1
        assert table.tab2list() == [TWO]


def test_an_index_over_days_and_moments(path: Path) -> None:
    with dets.open(path, Event, index=["day", "at"]) as table:
        table.insert([ONE._replace(id=n, day=date(2020, 1, 1) + timedelta(n)) for n in range(10, 40)])
        assert "index of 'day'" in str(table.explain(lambda e: e.id if e.day == date(2020, 1, 20) else SKIP))
        assert table.select(lambda e: e.id if e.day == date(2020, 1, 20) else SKIP) == [19]
        # Two datetimes that differ in their fold only are equal, and so are two of one moment in different zones.
        assert 1 in table.select(lambda e: e.id if e.at == datetime(2024, 3, 1, fold=1) else SKIP)  # noqa: DTZ001
        same = datetime(2025, 1, 1, 5, 0, 7, tzinfo=EAST)
        assert table.select(lambda e: e.id if e.at == same else SKIP) == [2]


def test_opened_without_the_row_type_members_are_their_names(path: Path) -> None:
    with dets.open(path) as table:
        rows: list[Any] = sorted(table.tab2list())
        assert rows[0] == (*ONE[:5], "RED", "HIGH")
        assert table.select(lambda row: row[0] if row[5] == "GREEN" else SKIP) == [2]


def test_values_of_other_types_are_refused(path: Path) -> None:
    class Day(date):
        pass

    with dets.open(path, Event) as table, pytest.raises(BadArg, match="Day"):
        table.insert(ONE._replace(day=Day(2024, 1, 1)))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("day", 0), ("day", 10**9), ("day", "x"), ("day", b"\x83a\x01"), ("at", -1), ("at", 2**62), ("at", b"x"), ("at", "x")),
        *(("took", "x"), ("took", b"x"), ("who", b"x"), ("who", 5), ("colour", "BLUE"), ("colour", 1), ("level", b"LOW")),
        *(("at", b"\x83a\x01"), ("day", None)),
    ],
)  # fmt: skip
def test_damaged_values_are_errors(path: Path, column: str, value: Any) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f'UPDATE rows SET "{column}" = ? WHERE "id" = 1', (value,))
    connection.commit()
    connection.close()
    with dets.open(path, Event) as table, pytest.raises(DiskError) as caught:
        table.lookup(1)
    assert caught.value.cause == "corrupt"
