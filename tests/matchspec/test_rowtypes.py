"""Row types: what they say about columns, and the queries that use it."""

from collections import namedtuple
from typing import Any, Final, Generic, NamedTuple, Optional, Self, TypeAlias, TypeVar

import pytest

from matchspec import SKIP, MatchSpecError, ResolveError, spec
from matchspec.rowtypes import RowShape, annotations_of, is_named_tuple, item_annotation, row_shape, size_function
from matchspec.rowtypes import without_none as bare

Value: TypeAlias = Any
T = TypeVar("T")


class Place(NamedTuple):
    city: str
    zip: int


class User(NamedTuple):
    name: str
    tags: list[str]
    place: Place
    pair: tuple[int, Place]
    data: dict[str, int]
    home: Place | None = None
    active: bool = True


class Labelled(NamedTuple, Generic[T]):
    label: str
    value: T


class Later(NamedTuple):
    first: "Nowhere"  # type: ignore[name-defined]  # noqa: F821  # a name that no module has
    second: "list[int]"


class Grown(User):
    """A subclass with a method, which is a row type all the same."""

    def shout(self) -> str:
        return self.name.upper()


class Checked(Place):
    """A subclass whose constructor does more than hold the values."""

    def __new__(cls, city: str, zip: int) -> Self:
        return super().__new__(cls, city.upper(), zip)


Untyped = namedtuple("Untyped", ["a", "b"])  # noqa: PYI024  # the case in point

USER: Final = User("ann", ["x", "y"], Place("bern", 3000), (1, Place("basel", 4000)), {"k": 5})


def test_shapes() -> None:
    assert row_shape(Place) == RowShape("Place", ("city", "zip"), (str, int), Place)
    assert row_shape(Untyped) == RowShape("Untyped", ("a", "b"), (None, None), Untyped)
    assert row_shape(tuple[int, str]) == RowShape("the row type", (), (int, str))
    assert row_shape(tuple[()]) == RowShape("the row type", (), ())
    assert row_shape(Later) == RowShape("Later", ("first", "second"), (None, list[int]), Later)
    generic = row_shape(Labelled[int])
    assert generic is not None
    assert (generic.make, generic.fields) == (Labelled, ("label", "value"))
    assert [row_shape(unknown) for unknown in (None, tuple, tuple[int, ...])] == [None] * 3


@pytest.mark.parametrize(
    "wrong", [int, "User", list[int], Place("a", 1), Place("a", 10**5000), 5, Place | None, [Place], lambda: None]
)
def test_what_is_no_row_type(wrong: Value) -> None:
    with pytest.raises(
        MatchSpecError, match=r"row must be a NamedTuple class, a frozen dataclass or tuple\[\.\.\.\], not "
    ):
        row_shape(wrong)
    with pytest.raises(MatchSpecError, match="row must be"):
        spec("lambda u: u", row=wrong)


def test_named_tuple_classes() -> None:
    class Odd(tuple[int, ...]):
        __slots__ = ()
        _fields = 5

    assert [is_named_tuple(value) for value in (Place, Untyped, Grown, Labelled)] == [True] * 4
    assert [is_named_tuple(value) for value in (tuple, Odd, Place("a", 1), None, int, "Place")] == [False] * 6


def test_annotations() -> None:
    assert annotations_of(Later) == {"second": list[int]}
    assert annotations_of(len) == {}
    assert (bare(int | None), bare(Optional[int]), bare(int | str | None)) == (int, int, int | str | None)
    assert bare(list[int]) == list[int]
    assert [item_annotation(tuple[int, str], index) for index in (0, 1, 2, -1, -2, -3)] == [
        int,
        str,
        None,
        str,
        int,
        None,
    ]
    assert [item_annotation(kind, 0) for kind in (Place, Place | None, tuple[int, ...], int, None)] == [
        str,
        str,
        *[None] * 3,
    ]


def test_sizes() -> None:
    known: list[Value] = [list, list[int], tuple, tuple[int, str], Place, dict, dict[str, int]]
    assert [size_function(kind) for kind in known] == [*["length"] * 2, *["tuple_size"] * 3, *["map_size"] * 2]
    assert [size_function(kind) for kind in (str, bytes, None, int, list[int] | None, object)] == [None] * 6


def test_fields_at_every_depth() -> None:
    query = spec(lambda u: (u.place.city, u.pair[1].zip, u[2].zip, u.pair[-1][0], u.home), row=User)
    assert query.run([USER]) == [("bern", 4000, 3000, "basel", None)]
    assert spec(lambda u: u.home.city if u.home else SKIP, row=User).run([USER, USER._replace(home=USER.place)]) == [
        "bern"
    ]
    assert spec(lambda u: (len(u.tags), len(u.place), len(u.data), len(u.name), len(u)), row=User).run([USER]) == [
        (2, 2, 1, 3, 7)
    ]


def test_the_size_of_a_typed_column_is_erlangs() -> None:
    rendered = spec(lambda u: len(u.tags), row=User).to_erlang()
    assert rendered == "[{{'_','$2','_','_','_','_','_'},[],[{length,'$2'}]}]"
    assert spec(lambda u: u.name if not u.active else SKIP, row=User).to_erlang() == (
        "[{{'$1','_','_','_','_','_','$7'},[{'not','$7'}],['$1']}]"
    )


def test_columns_of_plain_tuples_and_subclasses() -> None:
    assert spec(lambda n, p: n + p.zip, row=tuple[int, Place]).run([(1, Place("x", 2))]) == [3]
    assert spec(lambda u: u[1].zip, row=tuple[int, Place]).run([(1, Place("x", 2))]) == [2]
    assert spec(lambda u: u.label, row=Labelled[int]).run([Labelled("a", 1)]) == ["a"]
    assert spec(lambda u: u.name, row=Grown).run([Grown(*USER)]) == ["ann"]


def test_rows_that_are_built_are_of_their_class() -> None:
    found = spec(lambda u: (u._replace(name="x"), Place(city=u.name, zip=1), Untyped(1, b=u.tags)), row=User).run(
        [USER]
    )
    assert found == [(USER._replace(name="x"), Place("ann", 1), Untyped(1, ["x", "y"]))]
    assert [type(part) for part in found[0]] == [User, Place, Untyped]
    assert spec(lambda u: User(u.name, [], u.place, u.pair, {}), row=User).run([USER]) == [
        USER._replace(tags=[], data={}, home=None)
    ]


@pytest.mark.parametrize(
    ("text", "message", "hint", "column"),
    [
        ("lambda u: u.nmae", "User has no field 'nmae'", "did you mean 'name'?", 11),
        ("lambda u: u.q", "User has no field 'q'", "its fields are name, tags, place, pair, data, home, active", 11),
        ("lambda u: u.shout()", "the method .shout() cannot be called in a query", "", 11),
        ("lambda u: u.place.town", "Place has no field 'town'", "its fields are city, zip", 11),
        (
            "lambda u: u.name.city",
            "the attribute 'city' is no field of a row type",
            "only fields of NamedTuples can be read",
            11,
        ),
        ("lambda u: u[7]", "User has 7 columns, 0 to 6; there is no 7", "", 13),
        (
            "lambda u: u['name']",
            "User has 7 columns, 0 to 6; there is no 'name'",
            "a field is read as an attribute, .name",
            13,
        ),
        (
            "lambda a, b: a",
            "the function takes 2 columns, but User has 7",
            "one parameter is the whole row, 7 are its columns",
            8,
        ),
        ("lambda u: u._replace(nmae=1)", "User has no field 'nmae'", "did you mean 'name'?", 27),
        (
            "lambda u: u._replace(1)",
            "._replace() is a method of rows whose type is known",
            "row._replace(field=value) with a row type that is a NamedTuple",
            11,
        ),
        ("lambda u: u._asdict(x=1)", "_asdict() takes no keyword arguments in a query", "", 23),
        ("lambda u: Place('a')", "Place() misses the field 'zip'", "", 11),
        ("lambda u: Place('a', 1, 2)", "Place() takes 2 arguments, not 3", "", 11),
        ("lambda u: Place('a', city=2)", "Place() gets the field 'city' twice", "", 27),
        ("lambda u: Place('a', zpi=2)", "Place has no field 'zpi'", "did you mean 'zip'?", 26),
        ("lambda u: Checked('a', 2)", "Checked() runs Python code of its own, which a match spec cannot hold", "", 11),
    ],
)
def test_refused(text: str, message: str, hint: str, column: int) -> None:
    with pytest.raises(ResolveError) as caught:
        spec(text, row=User, env={"Place": Place, "Checked": Checked})
    error = caught.value
    assert error.message == message
    assert hint in error.hint
    assert (error.line, error.column) == (1, column)


def test_without_a_row_type() -> None:
    with pytest.raises(ResolveError, match="the row has no known field 'name', because its type is not known"):
        spec(lambda u: u.name)
    assert spec(lambda u: u[-1]).run([(1, 2)]) == [2]


def test_fields_of_rows_that_the_query_builds() -> None:
    queries: list[Value] = [
        lambda u: u._replace(name="eve").name,
        lambda u: u._replace(place=u.pair[1]).place.city,
        lambda u: Place(u.name, 1).city,
    ]
    for query in queries:
        assert spec(query, row=User).test(USER) == query(USER)
    with pytest.raises(ResolveError, match="User has no field 'nme'"):
        spec("lambda u: u._replace(name='eve').nme", row=User)
