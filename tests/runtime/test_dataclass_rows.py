"""Frozen dataclasses as row types: instances go in and come out of every method, queries and patterns see tuples.

The oracle is a list of instances and plain Python over it.
"""

from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, replace
from typing import Any, Final, TypeAlias

import pytest

from matchspec import ANY, ROW, SKIP, MatchSpec, MatchSpecError, V, spec
from runtime import dets, ets


@dataclass(frozen=True, slots=True)
class User:
    id: int
    name: str
    age: float = 0.0
    tags: list[str] = field(default_factory=list)


ANN, BOB, CY = User(1, "ann", 31.0, ["a"]), User(2, "bob", 17.0), User(3, "cy", 60.5)
USERS: Final = [ANN, BOB, CY]
AnyTable: TypeAlias = Any  # a Table or a PartitionedTable of User
ONE: Final = "one"
SKIPPED: Final[Any] = SKIP  # which is of no type to a type checker


@pytest.fixture(params=[ONE, "several"])
def users(request: pytest.FixtureRequest) -> AnyTable:
    options: dict[str, Any] = {"type": "ordered_set", "keypos": "id"}
    made = ets.new("users", User, **options) if request.param == ONE else ets.new_partitioned("users", User, **options)
    made.insert(USERS)
    return made


def test_rows_come_out_as_instances(users: AnyTable) -> None:
    assert users.lookup(1) == [ANN]
    assert users.tab2list() == list(users) == USERS
    assert users.first_lookup() == (1, [ANN])
    assert users.next_lookup(1) == (2, [BOB])
    assert users.foldl(lambda user, total: total + user.age, 0) == 108.5
    assert users.take(3) == [CY]
    assert users.lookup_element(2, "name") == "bob"


def test_plain_tuples_go_in_as_well(users: AnyTable) -> None:
    users.insert((4, "dan", 5, []))
    assert users.lookup(4) == [User(4, "dan", 5.0, [])]
    assert users.insert_new(User(4, "eve")) is False
    assert users.delete_object(User(4, "dan", 5.0, [])) is True
    assert users.member(4) is False
    assert users.update_element(9, ("name", "zoe"), User(0, "")) is True
    assert users.lookup(9) == [User(9, "zoe")]


LAMBDAS: Final[list[Callable[[User], Any]]] = [
    lambda u: u,
    lambda u: (u, u.name),
    lambda u: [u] if u.age > 18 else SKIP,
    lambda u: u.name.upper() if u.tags else SKIP,
    lambda u: replace(u, age=u.age * 2),
    lambda u: User(u.id, u.name + "!"[0:1], u.age, u.tags),
]


@pytest.mark.parametrize("number", range(len(LAMBDAS)))
def test_a_lambda_gives_what_calling_it_gives(users: AnyTable, number: int) -> None:
    query = LAMBDAS[number]
    wanted = [found for found in map(query, USERS) if found is not SKIPPED]
    assert users.select(query) == wanted
    assert spec(query, row=User).run(USERS) == wanted
    assert [spec(query, row=User).test(user, SKIP) for user in USERS] == [query(user) for user in USERS]


@pytest.mark.parametrize(
    "query",
    [
        "fun(X) -> X end",
        "fun do x -> x end",
        "fun({_,_,_,_} = X) when element(1, X) > 0 -> X end",
        [(ANY, [], [ROW])],
        [(V(1), [], [V(1)])],
        spec("fun(X) -> X end"),
    ],
)
def test_text_and_raw_specs_see_tuples_and_give_instances(
    users: AnyTable, query: str | list[Any] | MatchSpec[Any, Any]
) -> None:
    assert users.select(query) == USERS
    assert users.select_reverse(query) == USERS[::-1]
    assert list(users.select_iter(query, order_by="name", limit=2)) == [ANN, BOB]
    results, _ = users.select(query, 2)
    assert results == [ANN, BOB]


def test_patterns(users: AnyTable) -> None:
    assert users.match_object((ANY, "bob", ANY, ANY)) == [BOB]
    assert users.match((V(1), V(2), ANY, [])) == [[2, "bob"], [3, "cy"]]
    assert users.match_delete((ANY, "bob", ANY, ANY)) is True
    assert users.tab2list() == [ANN, CY]


def test_deleted_and_replaced_by_queries(users: AnyTable) -> None:
    assert users.select_delete(lambda u: u.age < 18) == 1
    assert users.select_replace(lambda u: replace(u, name=u.name + "s") if u.id == 1 else SKIP) == 1
    assert users.tab2list() == [replace(ANN, name="anns"), CY]
    assert users.check() == []


def test_what_comes_out_is_not_what_is_stored(users: AnyTable) -> None:
    users.lookup(1)[0].tags.append("b")
    again = users.lookup(1)[0]
    assert again.tags == ["a"]
    with pytest.raises(FrozenInstanceError):
        again.id = 3


def test_events_carry_instances() -> None:
    users = ets.new("users", User, keypos="id")
    seen: list[Any] = []
    users.subscribe(lambda u: u.age > 18, seen.append)
    users.insert(ANN)
    assert seen[0].new == ANN


def test_a_file_keeps_tuples(tmp_path: Any) -> None:
    users = ets.new("users", User, keypos="id")
    users.insert(USERS)
    users.tab2file(tmp_path / "users")
    assert sorted(ets.file2tab(tmp_path / "users").tab2list()) == [(u.id, u.name, u.age, u.tags) for u in USERS]
    assert sorted(ets.file2tab(tmp_path / "users", User).tab2list(), key=lambda u: u.id) == USERS


def test_tables_on_disk(tmp_path: Any) -> None:
    with dets.open(tmp_path / "users.dets", User, keypos="id") as users:
        users.insert(USERS)
        assert users.lookup(1) == [ANN]
        assert users.select(lambda u: u if u.age < 18 else SKIP) == [BOB]
        assert users.match_object((ANY, "cy", ANY, ANY)) == [CY]
        seen = users.traverse(lambda user: (dets.CONTINUE, user))
        assert sorted(seen, key=lambda user: user.id) == USERS
    with dets.open(tmp_path / "users.dets", User, keypos="id") as users:
        assert sorted(users.tab2list(), key=lambda user: user.id) == USERS


def test_bad_rows_and_row_types() -> None:
    users = ets.new("users", User)
    with pytest.raises(ets.BadArg, match="field 'id' is int, not str 'x'"):
        users.insert(User("x", "y"))  # type: ignore[arg-type]  # on purpose

    @dataclass
    class Loose:
        id: int

    with pytest.raises(ets.BadArg, match="frozen"):
        ets.new("loose", Loose)
    with pytest.raises(MatchSpecError, match="must be frozen"):
        spec("fun(X) -> X end", row=Loose)


def test_a_dataclass_that_does_more_is_not_built_in_a_query() -> None:
    @dataclass(frozen=True)
    class Checked:
        id: int

        def __post_init__(self) -> None:
            assert self.id

    with pytest.raises(MatchSpecError, match="runs Python code of its own"):
        spec(lambda c: Checked(c.id), row=Checked)
    with pytest.raises(MatchSpecError, match="runs Python code of its own"):
        spec(lambda c: replace(c, id=0), row=Checked)
    assert spec(lambda c: replace(c, id=0), row=User).run([ANN]) == [replace(ANN, id=0)]


def test_unknown_fields() -> None:
    with pytest.raises(MatchSpecError, match="User has no field 'nme'"):
        spec("lambda u: u.nme", row=User)
    with pytest.raises(MatchSpecError, match="User has no field 'nme'"):
        spec("lambda u: replace(u, nme=1)", row=User, env={"replace": replace})
    with pytest.raises(MatchSpecError, match="replace"):
        spec("lambda u: replace(u, 1)", row=User, env={"replace": replace})
