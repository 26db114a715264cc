"""The row types and tables of these cases."""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Literal, NamedTuple, NewType

from runtime import ets

UserId = NewType("UserId", int)


class Team(Enum):
    RED = "red"
    BLUE = "blue"


class Place(NamedTuple):
    street: str
    zip: int


class User(NamedTuple):
    id: UserId
    name: str
    age: int | None
    born: date
    team: Team
    place: Place | None
    kind: Literal["admin", "guest"]
    tags: list[str]


@dataclass(frozen=True)
class Pet:
    id: int
    name: str
    owners: dict[str, float]


users = ets.new("users", User, keypos="id")
pets = ets.new("pets", Pet, keypos="id")
pairs = ets.new("pairs", tuple[int, str])
things = ets.new("things")
parted = ets.new_partitioned("pairs", tuple[int, str])
