"""Types of results and checks against row types. The oracle for types is what running the query over rows gives."""

import dataclasses
import types
import typing
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Final, Literal, NamedTuple, NewType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchspec import ANY, Atom, MatchSpec, MatchSpecError, QueryTypeError, V, spec
from matchspec.functions import FUNCTIONS
from matchspec.pattern import pattern_spec
from matchspec.pyfunctions import PYTHON
from matchspec.signatures import ARGUMENTS, RESULTS
from matchspec.values import BINDINGS, ROW

UserId = NewType("UserId", int)


class Team(Enum):
    RED = "red"


class Place(NamedTuple):
    street: str
    zip: int


class User(NamedTuple):
    id: UserId
    name: str
    age: int | None
    height: float
    born: date
    team: Team
    place: Place
    tags: list[str]
    scores: dict[str, float]
    kind: Literal["admin", "guest"]
    extra: Any


ADA: Final = User(
    UserId(1), "Ada", 36, 1.7, date(1990, 1, 2), Team.RED, Place("Main", 12), ["a"], {"x": 1.5}, "admin", Atom("odd")
)
ROWS: Final = [ADA, ADA._replace(id=UserId(2), name="bob", age=None, tags=[], kind="guest", extra=3)]


def is_instance(value: Any, annotation: Any) -> bool:
    """Whether a value is of a type: a plain reading of annotations, for the tests."""
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is Any:
        return True
    if origin is typing.Union or origin is types.UnionType:
        return any(is_instance(value, arg) for arg in args)
    if origin is Literal:
        return any(value == arg and type(value) is type(arg) for arg in args)
    if origin is tuple:
        if len(args) == 2 and args[1] is Ellipsis:
            return type(value) is tuple and all(is_instance(item, args[0]) for item in value)
        return type(value) is tuple and len(value) == len(args) and all(map(is_instance, value, args))
    if origin is list:
        return type(value) is list and all(is_instance(item, args[0]) for item in value)
    if origin is dict:
        return type(value) is dict and all(
            is_instance(k, args[0]) and is_instance(v, args[1]) for k, v in value.items()
        )
    if annotation is None or annotation is type(None):
        return value is None
    kind = getattr(annotation, "__supertype__", annotation)
    return type(value) is kind if kind in (int, float, bool, str) else isinstance(value, kind)


H: Final = "{Id, Name, Age, Height, Born, Team, Place, Tags, Scores, Kind, Extra}"
TYPES: Final[list[tuple[str, Any]]] = [
    ("lambda u: u", User),
    ("lambda u: u.id", UserId),
    ("lambda u: (u.name, u.age)", tuple[str, int | None]),
    ("lambda u: u.age + 1 if u.age is not None else SKIP", int),
    ("lambda u: u.age if u.age else 'none'", int | None | Literal["none"]),
    ("lambda u: u.place.zip * 2.5", float),
    ("lambda u: u.place", Place),
    ("lambda u: [u.name, u.id]", list[str | UserId]),
    ("lambda u: {u.name: u.tags}", dict[str, list[str]]),
    ("lambda u: u.name.upper() + '!'", str),
    ("lambda u: u.name.split('a')", list[str]),
    ("lambda u: u.name[0]", str),
    ("lambda u: u.name[1:]", str),
    ("lambda u: len(u.tags) / 2", float),
    ("lambda u: len(u.tags) // 2", int),
    ("lambda u: u.scores.get('x')", float | None),
    ("lambda u: u.scores['x']", float),
    ("lambda u: u.name > 'B'", bool),
    ("lambda u: u.team", Team),
    ("lambda u: u.born", date),
    ("lambda u: u.kind", Literal["admin", "guest"]),
    ("lambda u: u.extra", Any),
    ("lambda u: u[1] if u.tags else u[0]", str | UserId),
    ("lambda u: max(u.id, 3)", UserId | Literal[3]),
    ("lambda u: round(u.height)", int),
    ("lambda u: -u.id", int),
    ("lambda u: (u.name, 1) + (u.id,)", tuple[str, Literal[1], UserId]),
    ("lambda u: u._replace(name='x')", User),
    ("lambda u: u.name and u.tags", str | list[str]),
    ("lambda u: u.place.street if u.place else SKIP", str),
    (f"fun({H}) -> Id end", UserId),
    (f"fun({H}) -> {{Name, Id + 1, Height + 1}} end", tuple[str, int, float]),
    (f"fun({H}) when is_integer(Age) -> Age; (_) -> none end", int | Atom),
    (f"fun({H}) -> {{is_list(Tags), length(Tags), abs(Id), -Id}} end", tuple[bool, int, int, int]),
    (f"fun({H}) when Tags =/= [] -> hd(Tags) end", str),
    (f"fun({H}) -> element(1, Place) end", str),
    (f"fun({H}) -> #{{name => Name}} end", dict[Atom, str]),
    (f"fun({H} = Row) -> Row end", User),
    (f"fun({H}) -> {{Id / 2, Id div 2, trunc(Height)}} end", tuple[float, int, int]),
    (f'fun({H}) -> map_get(<<"x">>, Scores) end', float),
    (f"fun({H}) -> true end", Literal[True]),
    (f"fun({H}) -> [Name | Tags] end", list[str]),
    (f'fun({H}) when Name > <<"B">> andalso is_list(Tags) -> Name > <<"x">> end', bool),
    ("fun(_) -> self() end", object),
]


@pytest.mark.parametrize(("text", "wanted"), TYPES, ids=[text for text, _ in TYPES])
def test_the_type_of_the_results(text: str, wanted: Any) -> None:
    query: MatchSpec[Any, Any] = spec(text, row=User)
    if wanted is not object:
        assert query.result_type == wanted
    results = query.run(ROWS)
    assert results
    for result in results:
        assert is_instance(result, query.result_type)


def test_types_of_raw_specs_and_of_rows_without_a_type() -> None:
    assert spec([((V(1), V(2)), [], [V(2)])], row=tuple[int, str]).result_type is str
    assert spec("fun({A, B}) -> {A, 1} end").result_type == tuple[Any, Literal[1]]
    assert spec("fun({A, B}) when is_integer(A) -> A end").result_type is int
    assert spec("fun({A, B}) -> '$$' end", row=tuple[int, str]).result_type == Atom
    assert pattern_spec((V(1), V(2)), BINDINGS, row=tuple[int, str]).result_type == list[int | str]
    assert pattern_spec((ANY, V(2)), ROW, row=tuple[int, str]).result_type == tuple[int, str]


REFUSED: Final[list[tuple[str, str, str]]] = [
    (f"fun({H}) when Name > 1 -> Id end", "name (str) > 1 (int)", "Name > 1"),
    (f"fun({H}) when Id =:= 1.0 -> Id end", "id (UserId) =:= 1.0 (float)", "Id =:= 1.0"),
    (f"fun({H}) -> Id == Name end", "id (UserId) == name (str)", "Id == Name"),
    (f"fun({H}) -> Name + 1 end", "+ takes a number, and name is str", "Name + 1"),
    (f"fun({H}) when hd(Name) -> 1 end", "hd takes a list, and name is str", "hd(Name)"),
    (f"fun({H} = R) -> element(12, R) end", "User has elements 1 to 11; there is no 12", "element(12, R)"),
    (
        f"fun({H}) when Tags andalso true -> 1 end",
        "andalso takes True and False, and tags is list[str]",
        "Tags andalso",
    ),
    ("fun({A, B}) -> A end", "the head has 2 columns, and User has 11", "{A, B}"),
    ("fun({_,1,_,_,_,_,_,_,_,_,_}) -> 1 end", "name is str, and never 1", "1,"),
    ("fun({_,_,_,_,_,_,{_,_,_},_,_,_,_}) -> 1 end", "place is Place, and never a tuple of 3", "{_,_,_}"),
    ("fun({_,_,_,_,_,_,_,{A},_,_,_}) -> 1 end", "tags is list[str], and never a tuple", "{A}"),
    ("fun({A,A,_,_,_,_,_,_,_,_,_}) -> 1 end", "name is str, and never the same as", "A,_"),
    ("fun do {_,n,_,_,_,_,_,_,_,_,_} when n > 1 -> 1 end", "name (str) > 1 (int)", "n > 1"),
    ("lambda u: u.name if u.name > 1 else SKIP", "name (str) > 1 (int) fails for every row", "u.name > 1"),
    ("lambda u: u.born < 3.5", "born (date) < 3.5 (float) fails for every row", "u.born < 3.5"),
]


@pytest.mark.parametrize(("text", "message", "place"), REFUSED, ids=[text for text, _, _ in REFUSED])
def test_a_query_that_works_for_no_row_is_refused_for_the_type_only(text: str, message: str, place: str) -> None:
    with pytest.raises(QueryTypeError) as caught:
        spec(text, row=User)
    assert message in caught.value.message
    assert caught.value.source is not None
    assert caught.value.span is not None
    assert caught.value.source.text[caught.value.span.start :].startswith(place)
    if "lambda u" not in text:
        spec(text)  # as Erlang has it


KEPT: Final = [
    f"fun({H}) when Extra > 1 -> Id end",
    f"fun({H}) when Age > 1 -> Id end",
    f"fun({H}) when Id == 1.0 -> Id end",
    f"fun({H}) when Name > abc; Id > 1 -> Id end".replace("Name > abc; ", ""),
    "fun(_) -> 1; (_) -> 2 end",
    "lambda u: u.name == 1",  # False, as in Python
    "lambda u: u.name is None",
    "lambda u: u.id if u.id in (1, 2.0, True) else SKIP",
    "lambda u: u.age > 3",  # raises where it is None
    "lambda u: u.name if u.id == 5 and u.name > 3 else SKIP",  # Python does not come to the comparison
    "lambda u: u.extra + 1",
    "lambda u: u.team == 'red'",
]


@pytest.mark.parametrize("text", KEPT)
def test_what_may_work_for_some_row_is_kept(text: str) -> None:
    assert spec(text, row=User).row_type is User


def test_raw_specs_and_patterns_are_checked_too() -> None:
    with pytest.raises(QueryTypeError, match="clause 2: the head has 1 column"):
        spec([((ANY, ANY), [], [1]), ((V(1),), [], [V(1)])], row=tuple[int, str])
    with pytest.raises(QueryTypeError, match="the head has 3 columns, and the row has 2"):
        pattern_spec((ANY, ANY, ANY), ROW, row=tuple[int, str])
    with pytest.raises(QueryTypeError, match="column 2 is str, and never 3"):
        pattern_spec("{_, 3}", ROW, row=tuple[int, str])


def test_every_problem_is_told() -> None:
    with pytest.raises(QueryTypeError) as caught:
        spec('fun({A, B}) when A > <<"x">>, B > 1 -> A + B end', row=tuple[int, str])
    assert len(caught.value.errors) == 3


@dataclasses.dataclass(frozen=True)
class Pet:
    id: int
    name: str


def test_dataclasses() -> None:
    assert spec("fun(X) -> X end", row=Pet).result_type is Pet
    assert spec("lambda p: (p, p.name)", row=Pet).result_type == tuple[Pet, str]
    with pytest.raises(QueryTypeError, match=r"name \(str\) > 3"):
        spec("fun({_, N}) when N > 3 -> N end", row=Pet)


class Unread(NamedTuple):
    name: "Nowhere"  # type: ignore[name-defined]  # noqa: F821  # as what only a type checker imports
    age: int


def test_an_annotation_that_cannot_be_read_says_nothing() -> None:
    assert spec("fun({N, A}) when N > 3 -> {N, A} end", row=Unread).result_type == tuple[Any, int]
    with pytest.raises(QueryTypeError, match="age"):
        spec("fun({N, A}) when A > <<>> -> {N, A} end", row=Unread)


class Chain(NamedTuple):
    value: int
    next: "Chain | None"


def test_a_row_type_that_holds_its_own_kind() -> None:
    assert spec("lambda c: c.next", row=Chain).result_type == Chain | None
    assert spec("lambda c: c.next.next.value", row=Chain).result_type is int


@pytest.mark.parametrize(
    "kind", [Decimal, date, bytes, bool, Atom, Team, None, tuple[int, ...], list[int], dict[str, int]]
)
def test_each_kind_of_field_is_compared_with_ints_or_is_not(kind: Any) -> None:
    row = types.GenericAlias(tuple, (kind,))
    spec("lambda r: r[0] == 1", row=row)
    if kind is Decimal:
        assert spec("lambda r: r[0] < 1", row=row).run([(Decimal(0),)]) == [True]
    elif kind is bool:
        assert spec("lambda r: r[0] < 1", row=row).run([(False,)]) == [True]
    elif kind is not Team:
        with pytest.raises(QueryTypeError):
            spec("lambda r: r[0] < 1", row=row)


def test_the_words_of_the_function_tables_are_known() -> None:
    several = {"any", "compared", "member", "added", "multiplied", "tests", "bools"}
    for words in [*[entry.types for entry in FUNCTIONS], *[entry.types for entry in PYTHON.values()]]:
        takes, _, gives = words.partition("->")
        assert set(takes.split()) <= several | set(ARGUMENTS), words
        assert gives.strip() in {*RESULTS, "method"}, words


NUMBERS: Final = st.integers(-50, 50) | st.floats(-50, 50)
CALLS: Final = [
    "A + B",
    "A - B",
    "A * B",
    "A / B",
    "-A",
    "abs(A)",
    "trunc(A)",
    "{A, B}",
    "[A, B]",
    "A > B",
    "max(A, B)",
]


@given(st.sampled_from(CALLS), NUMBERS, NUMBERS)
def test_arithmetic_gives_what_its_type_says(call: str, left: float, right: float) -> None:
    query: MatchSpec[Any, Any] = spec(
        f"fun({{A, B}}) -> {call} end", row=types.GenericAlias(tuple, (type(left), type(right)))
    )
    for result in query.run([(left, right)]):
        assert result is Atom("EXIT") or is_instance(result, query.result_type)


def test_a_bad_row_type_is_refused_first() -> None:
    with pytest.raises(MatchSpecError, match="row must be"):
        spec("fun(X) -> X end", row=int)
