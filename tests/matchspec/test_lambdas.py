"""Lambdas as queries against calling them: random ones as text and in files, and one of each documented form."""

import importlib.util
import tempfile
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matchspec import SKIP, EvalError, MatchSpec, QueryTypeError, spec
from tests.matchspec.lambda_texts import ENV, RAISES, ROWS, SKIPPED, Item, Reference, Value, identical, texts

ENV_OF_TEXT = {name: value for name, value in ENV.items() if name != "SKIP"}
SLOW_TO_DRAW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def result(query: MatchSpec[Value, Value], row: Value) -> Value:
    try:
        found = query.run([row])
    except EvalError as error:
        assert error.row is row
        return RAISES
    assert len(found) <= 1
    return found[0] if found else SKIPPED


def compared(text: str, make: Callable[[], MatchSpec[Value, Value]], rows: list[Item]) -> None:
    """A query gives what calling the lambda gives; one that is refused for its types raises whatever it is called with."""
    reference = Reference(text, dict(ENV))
    try:
        query = make()
    except QueryTypeError:
        assert all(reference.plain(row) is RAISES for row in rows)
    else:
        compare(query, reference, rows)


def compare(query: MatchSpec[Value, Value], reference: Reference, rows: list[Item]) -> None:
    expected = [reference.outcome(row) for row in rows]
    for row, wanted in zip(rows, expected, strict=True):
        plain = reference.plain(row)
        assert plain is RAISES or identical(plain, wanted), "the reference itself"
        got = result(query, row)
        assert identical(got, wanted), (row, got, wanted)
        assert wanted is RAISES or identical(query.test(row, SKIPPED), wanted)
    if not any(wanted is RAISES for wanted in expected):
        assert identical(query.run(rows), [wanted for wanted in expected if wanted is not SKIPPED])


@given(texts(), ROWS)
@settings(max_examples=400, deadline=None, suppress_health_check=SLOW_TO_DRAW)
def test_text_equals_calling(drawn: tuple[str, str], rows: list[Item]) -> None:
    text, form = drawn
    row = Item if form in ("typed", "columns") else None
    compared(text, lambda: spec(text, row=row, env=ENV_OF_TEXT), rows)


@given(st.lists(texts(), min_size=2, max_size=5), ROWS)
@settings(max_examples=25, deadline=None, suppress_health_check=SLOW_TO_DRAW)
def test_functions_of_a_file_equal_calling(drawn: list[tuple[str, str]], rows: list[Item]) -> None:
    """The same lambdas, several per line, in a module: found by their positions, names looked up as globals."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "queries.py")
        path.write_text(f"QUERIES = [{', '.join(text for text, _ in drawn)}]\n")
        loaded = importlib.util.spec_from_file_location("queries_under_test", path)
        assert loaded is not None
        assert loaded.loader is not None
        module = importlib.util.module_from_spec(loaded)
        vars(module).update(ENV)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            loaded.loader.exec_module(module)
        for (text, form), function in zip(drawn, module.QUERIES, strict=True):
            row = Item if form in ("typed", "columns") else None
            compared(text, partial(spec, function, row=row), rows)


# --- the documented forms -----------------------------------------------------------------------------------------


class User(NamedTuple):
    name: str
    age: int
    team: str | None = None


USERS: Final = [User("ann", 20, "red"), User("bob", 17), User("root", 99, "blue"), User("ann", 5)]


def called(query: Callable[[User], Value]) -> list[Value]:
    return [found for found in map(query, USERS) if found is not SKIPPED]


def check(query: Callable[[User], Value]) -> None:
    """The query gives what calling the lambda gives."""
    assert identical(spec(query, row=User).run(USERS), called(query))


def test_the_whole_row() -> None:
    check(lambda u: u)
    check(lambda u: u.name if u.age > 18 else SKIP)
    check(lambda u: u[0] if u[1] > 18 else SKIP)
    check(lambda u: (u[-1], u[0:2], u[::-1]))
    check(lambda u: (len(u), len(u.name)))
    check(lambda u: SKIP if u.age < 18 else u.name)
    check(lambda u: u.team or SKIP)
    check(lambda u: ((u.age > 18 and u.team) or SKIP) if u.name else u)
    check(lambda u: "many" if u.age > 90 else "some" if u.age > 18 else SKIP)
    check(lambda u: u.age > 18)
    check(lambda u: 18 <= u.age < 99 and u.team is not None)


def test_one_parameter_for_each_column() -> None:
    plain = [(user.name, user.age, user.team) for user in USERS]
    query = spec(lambda name, age, team: (name, team) if age > 18 else SKIP)
    assert query.run(plain) == [("ann", "red"), ("root", "blue")]
    assert spec(lambda name, age, team: age if team else SKIP, row=User).run(USERS) == [20, 99]
    # Rows with another number of columns do not match.
    rows: list[Value] = [(1, 2), (1, 2, 3), (1,)]
    assert spec(lambda a, b: (a, b)).run(rows) == [(1, 2)]


def test_several_on_one_line_and_over_several_lines() -> None:
    one, two = spec(lambda u: u.name, row=User), spec(lambda u: u.age, row=User)
    assert (one.run(USERS[:1]), two.run(USERS[:1])) == (["ann"], [20])
    check(
        lambda u: (
            u.name  # a comment
            if u.age > 18
            else SKIP
        )
    )


def test_rows_are_built() -> None:
    check(lambda u: u._replace(age=u.age + 1))
    check(lambda u: u._replace())
    check(lambda u: u._asdict())
    check(lambda u: User(u.name, 1))
    check(lambda u: User(age=u.age, name="x", team=u.name))
    check(lambda u: {"name": u.name, u.name: [u.age, (u.team,)]})


def test_a_result_that_raises_is_an_eval_error() -> None:
    query = spec(lambda u: u.team.upper(), row=User)  # type: ignore[union-attr]  # None has no upper
    with pytest.raises(EvalError) as caught:
        query.run(USERS)
    assert caught.value.row is USERS[1]
    assert caught.value.expression == "`u.team.upper()`"
    assert query.run(USERS[:1]) == ["RED"]


def test_conditions_that_raise() -> None:
    # A condition that raises counts as false ...
    upper = spec(lambda u: "yes" if u.team.islower() else "no", row=User)  # type: ignore[union-attr]  # as above
    assert upper.run(USERS) == ["yes", "no", "yes", "no"]
    # ... but no row is let through because it cannot be said whether to skip it.
    skips = spec(lambda u: SKIP if u.team.startswith("r") else u.name, row=User)  # type: ignore[union-attr]  # as above
    assert skips.run(USERS) == ["root"]


def test_python_only_what_is_needed_is_evaluated() -> None:
    check(lambda u: u.team is not None and u.team.upper())
    check(lambda u: u.team is None or u.team.upper())
    check(lambda u: u.team.upper() if u.team else "none")
    check(lambda u: [u.team.upper() if u.team is not None else None])
    check(lambda u: (u.age > 18 and u.name) or u.team)
    check(lambda u: not u.team)


def test_the_row_type_of_an_annotation() -> None:
    def grown(user: User, limit: int = 18) -> str:
        return user.name if user.age > limit else SKIP

    assert spec(grown).run(USERS) == ["ann", "root"]


def test_what_a_comparison_gives_that_is_no_bool_is_asked_for_its_truth() -> None:
    class Odd:
        def __lt__(self, other: Value) -> Value:
            return [other]

    assert spec(lambda a, b: "less" if a < b else SKIP).run([(Odd(), 1)]) == ["less"]
    assert spec(lambda a, b: a < b).run([(Odd(), 1)]) == [True]


def test_equality_of_specs_and_their_hash() -> None:
    assert spec("lambda u: u[0] == 1") == spec(lambda u: u[0] == 1)
    assert hash(spec("lambda u: u[0] == 1")) == hash(spec(lambda u: u[0] == 1))
    assert spec("lambda u: u[0] == 1") != spec("lambda u: u[0] == 1.0")
    assert spec("lambda u: u[0] == 1") != spec("lambda u: u[0] == True")
