"""Typed queries, made by `matchspec generate` from queries.ms: edit that file, and make this one again."""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from matchspec import ANY, ROW, Atom, MatchSpec, V, const
from matchspec.generated import RowOf, raw_query
from runtime import Selectable, Writable, ets
from runtime.ets import Table


class User(NamedTuple):
    """Somebody who may sign in."""

    id: int
    name: str
    age: int | None = None
    joined: date | None = None
    tags: tuple[str, ...] = ()


class Visit(NamedTuple):
    user: int
    page: str
    seconds: float


def new_users() -> Table[User]:
    """A new table users."""
    return ets.new("users", User, type="ordered_set", keypos="id", index=["age"])


def new_visits() -> Table[Visit]:
    """A new table visits."""
    return ets.new("visits", Visit, type="bag", keypos="user")


def adults(table: Selectable[User], limit: int = 18) -> list[str]:
    """The names of those who are at least so old.

    fun do {_, name, age, _, _} when is_integer(age) and age >= ^limit -> name end
    """
    return table.select(adults_spec(limit))


def adults_spec(limit: int = 18) -> MatchSpec[User, str]:
    """The query of `adults`."""
    return raw_query(
        [
            (
                (ANY, V(1), V(2), ANY, ANY),
                [(Atom("andalso"), (Atom("is_integer"), V(2)), (Atom(">="), V(2), const(limit)))],
                [V(1)],
            ),
        ],
        row=User,
    )


def long_visits(table: Selectable[Visit], min_seconds: float, pages: list[str]) -> list[tuple[int, str, float]]:
    """What each visitor read for longer than that.

    lambda v: (v.user, v.page, v.seconds / 60) if v.seconds > min_seconds and v.page in pages else SKIP
    """
    return table.select(long_visits_spec(min_seconds, pages))


def long_visits_spec(min_seconds: float, pages: list[str]) -> MatchSpec[Visit, tuple[int, str, float]]:
    """The query of `long_visits`."""
    return raw_query(
        [
            (
                (V(1), V(2), V(3)),
                [
                    (
                        Atom("python:and"),
                        (Atom("python:>"), V(3), const(min_seconds)),
                        (Atom("python:in"), V(2), const(pages)),
                    ),
                ],
                [((V(1), V(2), (Atom("python:/"), V(3), 60)),)],
            ),
        ],
        row=Visit,
        python=True,
    )


def labels(table: Selectable[User]) -> Iterator[tuple[int, str, Atom]]:
    """The results of the query `labels`.

    fun({Id, Name, _, _, Tags}) when tuple_size(Tags) > 0 -> {Id, Name, tagged};
       ({Id, _, _, _, _}) when Id < 10 -> {Id, <<"early">>, untagged}
    end
    """
    return table.select_iter(labels_spec())


def labels_spec() -> MatchSpec[User, tuple[int, str, Atom]]:
    """The query of `labels`."""
    return raw_query(
        [
            (
                (V(1), V(2), ANY, ANY, V(3)),
                [(Atom(">"), (Atom("tuple_size"), V(3)), 0)],
                [((V(1), V(2), Atom("tagged")),)],
            ),
            ((V(1), ANY, ANY, ANY, ANY), [(Atom("<"), V(1), 10)], [((V(1), "early", Atom("untagged")),)]),
        ],
        row=User,
    )


def joined_since(table: Selectable[User], day: date) -> int:
    """The results of the query `joined_since`.

    lambda u: u.joined is not None and u.joined >= day
    """
    return table.select_count(joined_since_spec(day))


def joined_since_spec(day: date) -> MatchSpec[User, bool]:
    """The query of `joined_since`."""
    return raw_query(
        [
            (
                (ANY, ANY, ANY, V(4), ANY),
                [],
                [(Atom("python:and"), (Atom("=/="), V(4), None), (Atom("python:>="), V(4), const(day)))],
            ),
        ],
        row=User,
        python=True,
    )


def visits_of(table: Writable[Visit], user: int) -> int:
    """The results of the query `visits_of`.

    fun({Visitor, _, _}) when Visitor =:= User -> true end
    """
    return table.select_delete(visits_of_spec(user))


def visits_of_spec(user: int) -> MatchSpec[Visit, bool]:
    """The query of `visits_of`."""
    return raw_query([((V(1), ANY, ANY), [(Atom("=:="), V(1), const(user))], [True])], row=Visit)


def birthday(table: Writable[User], name: str) -> int:
    """The results of the query `birthday`.

    lambda u: u._replace(age=u.age + 1) if u.name == name and u.age is not None else SKIP
    """
    return table.select_replace(birthday_spec(name))


def birthday_spec(name: str) -> MatchSpec[User, User]:
    """The query of `birthday`."""
    return raw_query(
        [
            (
                (V(1), V(2), V(3), V(4), V(5)),
                [(Atom("python:and"), (Atom("python:=="), V(2), const(name)), (Atom("=/="), V(3), None))],
                [RowOf(User, V(1), V(2), (Atom("python:+"), V(3), 1), V(4), V(5))],
            ),
        ],
        row=User,
        python=True,
    )


def named(table: Selectable[User], name: str) -> list[tuple[int, User]]:
    """The results of the query `named`.

    fun do {id, ^name, _, _, _} = user -> {id, user} end
    """
    return table.select(named_spec(name))


def named_spec(name: str) -> MatchSpec[User, tuple[int, User]]:
    """The query of `named`."""
    return raw_query([((V(1), V(2), ANY, ANY, ANY), [(Atom("=:="), V(2), const(name))], [((V(1), ROW),)])], row=User)
