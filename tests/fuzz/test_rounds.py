"""A short round of what `make fuzz` does for long; the kinds that ask Erlang are in the tests of a running Erlang."""

import os
import random
from typing import Any, Final

import pytest

from matchspec import MatchSpecError
from tests.fuzz.anytext import DOORS, Meter, TooSlowError, feed, time_limit
from tests.fuzz.corpus import LANGUAGES, corpus
from tests.fuzz.kinds import texts, values
from tests.fuzz.mutate import Mutator
from tests.fuzz.scaling import SHAPES
from tests.fuzz.shrink import shrink, smaller_terms, smaller_texts

SEED: Final = int(os.environ.get("MATCHSPEC_SEED", "20240229"))
# The time of a test is nobody's concern: on a busy machine all takes long. Only what never ends is to be found here.
PATIENT: Final = 60.0


def test_any_text_works_or_is_an_error() -> None:
    report = texts(SEED, 1_500, Meter(PATIENT), generated=40)
    assert report.failures == [], SEED
    assert 0 < report.accepted < report.cases == 1_500


def test_any_value_works_or_is_an_error() -> None:
    report = values(SEED, 300, Meter(PATIENT))
    assert report.failures == [], SEED
    assert 0 < report.accepted <= report.cases == 300


@pytest.mark.parametrize("language", LANGUAGES)
def test_long_texts_of_every_shape_end(language: str) -> None:
    """At an eighth of the limit; `python -m tests.fuzz.scaling` measures them at the limit."""
    for name, shape in SHAPES[language].items():
        with time_limit(PATIENT):
            assert feed(shape(8_000), language, DOORS[0], 1) in (True, False), name


def test_most_texts_of_the_corpus_are_accepted() -> None:
    for language, texts_of_it in corpus(1, 40).items():
        chosen = random.Random(SEED).sample(texts_of_it, 60)
        accepted = sum(any(feed(text, language, door, 1) for door in {*DOORS}) for text in chosen)
        assert accepted > 40, language


def test_mutations_follow_from_the_seed_and_differ() -> None:
    first, second = (Mutator(random.Random(7), corpus(1, 40)) for _ in range(2))
    drawn = [first.text() for _ in range(200)]
    assert drawn == [second.text() for _ in range(200)]
    assert len({*drawn}) > 150


def test_what_takes_too_long_is_interrupted() -> None:
    with pytest.raises(TooSlowError), time_limit(0.05):
        sum(iter(lambda: 1, 0))
    meter = Meter(most_seconds=0.0)
    with pytest.raises(TooSlowError), meter.measure("anything"):
        pass
    assert meter.slowest == "anything"


def test_a_fault_is_not_taken_for_a_refusal() -> None:
    def door(text: str, syntax: str, source: random.Random) -> None:
        raise KeyError(text) if "k" in text else MatchSpecError("refused")

    assert not feed("a", "python", door, 1)
    with pytest.raises(KeyError):
        feed("k", "python", door, 1)


def test_shrinking() -> None:
    assert shrink("some long text with a bug in it", smaller_texts, lambda text: "bug" in text, 1_000) == "bug"
    term: Any = ([1, (2, {3: 99})], "x")
    assert shrink(term, smaller_terms, lambda smaller: "3:" in repr(smaller), 1_000) == {3: 1}
