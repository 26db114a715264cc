"""How contestants are measured: they take turns, on rows made anew where these change, and have to agree."""

from typing import Any

import pytest

from bench.measure import Disagreement, Session
from bench.model import Alone, Case, Contestant, Data, Does, Operation, Options, Store, Work

ROWS = Data("rows", 10)


class Scripted(Contestant):
    """Notes in a diary, shared by all of a test, what it is asked to do; gives the answer it was told."""

    def __init__(self, name: str, diary: list[str], answer: Any = "same", most: int | None = None) -> None:
        self.name = name
        self.diary = diary
        self.answer = answer
        self.most = most
        self.operations: dict[str, Operation] = {"do": self.do}

    def make(self, data: Data) -> Store:
        self.diary.append(f"{self.name} makes {data.number}")
        return data.rows

    def do(self, store: Store, data: Data) -> Work:
        assert store == data.rows

        def call() -> None:
            self.diary.append(f"{self.name} does")

        return Work(call, lambda result: self.answer, 5)

    def drop(self, store: Store) -> None:
        self.diary.append(f"{self.name} drops")


def case_of(*contestants: Scripted, **options: Any) -> Case:
    return Case("group", "case", "ms", {some.name: Does(some, "do") for some in contestants}, ROWS, **options)


def test_contestants_take_turns_over_stores_that_are_made_once() -> None:
    diary: list[str] = []
    session = Session(Options(repeats=3))
    found = session.measure(case_of(Scripted("a", diary), Scripted("b", diary)))
    assert diary == ["a makes 10", "a does", "b makes 10", "b does", *["a does", "b does"] * 3]
    assert [(figure.name, figure.runs, figure.rows) for figure in found.figures] == [("a", 3, 10), ("b", 3, 10)]
    session.close()
    assert diary[-2:] == ["a drops", "b drops"]


def test_rows_that_a_case_changes_are_made_anew_for_each_run() -> None:
    diary: list[str] = []
    found = Session(Options(repeats=2)).measure(case_of(Scripted("a", diary), Scripted("b", diary), anew=True))
    assert diary == ["a makes 10", "a does", "a drops", "b makes 10", "b does", "b drops"] * 2
    assert found.figures[0].runs == 2, "where nothing is warmed up, the first round counts"


def test_stores_are_given_up_when_the_next_case_has_other_rows() -> None:
    diary: list[str] = []
    session = Session(Options(repeats=1))
    contestant = Scripted("a", diary)
    session.measure(case_of(contestant))
    diary.clear()
    session.measure(Case("group", "other", "ms", {"a": Does(contestant, "do")}, Data("rows", 20)))
    assert diary == ["a drops", "a makes 20", "a does", "a does"]


def test_a_case_that_takes_long_is_repeated_three_times_only() -> None:
    found = Session(Options(repeats=9, seconds=0)).measure(case_of(Scripted("a", [])))
    assert [figure.runs for figure in found.figures] == [3]


def test_a_value_is_that_of_one_thing_done_in_the_unit_of_the_case() -> None:
    class Second(Scripted):
        def run(self, store: Store, data: Data, operation: str) -> Any:
            run = super().run(store, data, operation)
            return run._replace(value=0.25)

    found = Session(Options(repeats=1)).measure(case_of(Second("a", [])))
    assert (found.figures[0].median, found.unit) == (250.0, "ms")


def test_different_answers_are_refused() -> None:
    contestants = [Scripted("a", [], [3]), Scripted("b", [], [4])]
    with pytest.raises(Disagreement, match=r"^group/case: b gives \[4\], a gives \[3\]$"):
        Session(Options(repeats=1)).measure(case_of(*contestants))


def test_a_contestant_with_fewer_rows_may_find_something_else() -> None:
    diary: list[str] = []
    found = Session(Options(repeats=1)).measure(case_of(Scripted("a", diary, [3]), Scripted("b", diary, [2], most=4)))
    assert [figure.rows for figure in found.figures] == [10, 4]
    assert "b makes 4" in diary


def test_nothing_to_compare_is_no_disagreement() -> None:
    way = Alone(lambda data: Work(lambda: None, lambda result: None))
    other = Alone(lambda data: Work(lambda: None, lambda result: [1]))
    found = Session(Options(repeats=1)).measure(Case("group", "case", "us", {"a": way, "b": other}, ROWS))
    assert len(found.figures) == 2


def test_scattered_rows_are_the_same_rows() -> None:
    ordered, scattered = Data("rows", 1000), Data("rows", 1000, "scattered")
    assert ordered.rows[12] == (12, "12", 12, 1.5)
    assert scattered.rows != ordered.rows
    assert sorted(scattered.rows) == ordered.rows


def test_a_hundred_rows_share_a_value_where_rows_are_grouped() -> None:
    ages = [row[2] for row in Data("grouped", 2000).rows]
    assert {ages.count(age) for age in ages} == {100}


def test_ranges_lie_within_the_rows() -> None:
    for number in (1000, 1500, 100_000):
        data = Data("rows", number)
        starts = data.starts(20)
        assert len(set(starts)) == 20
        assert min(starts) >= 0
        assert max(starts) + 100 <= number
