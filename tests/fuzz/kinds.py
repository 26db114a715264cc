"""All kinds of fuzzing under one face: a round draws cases from a seed, tries them, and reports what went wrong.

Differential kinds (`tests.fuzz.differential`) ask a running Erlang; "text" mutates valid texts (`tests.fuzz.anytext`),
"value" draws values of every type (`tests.fuzz.anyvalue`). All of a round follows from its kind, seed and size.
"""

import random
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, final

from matchspec import Atom, spec
from tests.erlang import ask
from tests.fuzz.anytext import DOORS, Door, Meter, TooSlowError, feed
from tests.fuzz.anyvalue import TRIALS, attempt
from tests.fuzz.corpus import LANGUAGES, corpus
from tests.fuzz.differential import KINDS, Kind, differences, draw
from tests.fuzz.mutate import Mutator
from tests.fuzz.shrink import shrink, smaller_texts

Value: TypeAlias = Any
Fault: TypeAlias = BaseException | None

CORPUS_SEED: Final = 1  # the corpus is the same for all seeds: making it takes a second


@final
@dataclass
class Report:
    """What came of a round, or of several."""

    cases: int = 0
    accepted: int = 0  # of texts and values: those that raised nothing
    failures: list[str] = field(default_factory=list)


@final
@dataclass(frozen=True)
class Round:
    """A kind of fuzzing: its name, how many cases one round has, and what does a round."""

    name: str
    size: int
    run: Callable[[int, int, Meter], Report]  # the seed, the number of cases, the costs


def _differential(kind: Kind) -> Callable[[int, int, Meter], Report]:
    def run(seed: int, size: int, meter: Meter) -> Report:
        (release,) = ask([Atom("release")])
        cases = draw(kind, seed, size, release)
        found = differences(kind, cases)
        return Report(len(cases), len(cases), [f"{difference}\n  seed {seed}" for difference in found])

    return run


def fault_of(call: Callable[[], Value]) -> Fault:
    """What a call raises that it may not."""
    try:
        call()
    except (Exception, TooSlowError) as error:  # noqa: BLE001  # anything at all is what is looked for
        return error
    return None


def texts(seed: int, size: int, meter: Meter, generated: int = 300) -> Report:
    """Mutated texts."""
    for language in LANGUAGES:
        spec("[]", syntax=language)  # builds the parser, which is not to be measured
    source = random.Random(seed)
    mutator = Mutator(source, corpus(CORPUS_SEED, generated))
    report = Report()
    for _ in range(size):
        text, language = mutator.text()
        syntax = language if source.random() < 0.85 else source.choice(LANGUAGES)
        door, number = source.choice(DOORS), source.randrange(2**32)
        label = f"{door.__name__} {syntax} {text[:200]!r} of {len(text)} characters"
        try:
            with meter.measure(label):
                report.accepted += feed(text, syntax, door, number)
        except (Exception, TooSlowError) as fault:  # noqa: BLE001  # anything at all is what is looked for
            report.failures.append(_text_failure(text, syntax, door, number, fault))
        report.cases += 1
    return report


def _text_failure(text: str, syntax: str, door: Door, number: int, fault: BaseException) -> str:
    def fails(candidate: str) -> bool:
        return type(fault_of(lambda: feed(candidate, syntax, door, number))) is type(fault)

    # What is slow only when it is long is not tried again and again.
    least = text if isinstance(fault, TooSlowError) else shrink(text, smaller_texts, fails, 2_000)
    where = "".join(traceback.format_exception(fault)[-3:])
    return f"text: {door.__name__}({least!r}, syntax={syntax!r}, seed {number})\n{where}"


def values(seed: int, size: int, meter: Meter) -> Report:
    """Values of every type."""
    for language in LANGUAGES:
        spec("[]", syntax=language)
    source = random.Random(seed)
    report = Report()
    for _ in range(size):
        trial, number = source.choice(TRIALS), source.randrange(2**32)
        try:
            with meter.measure(f"{trial.__name__} seed {number}"):
                report.accepted += attempt(trial, number)
        except (Exception, TooSlowError) as fault:  # noqa: BLE001  # anything at all is what is looked for
            where = "".join(traceback.format_exception(fault)[-3:])
            report.failures.append(f"value: {trial.__name__}, seed {number}\n{where}")
        report.cases += 1
    return report


_SIZES: Final = {"tables": 20, "fun2ms": 200}
ROUNDS: Final[tuple[Round, ...]] = (
    *[Round(kind.name, _SIZES.get(kind.name, 500), _differential(kind)) for kind in KINDS],
    Round("text", 1_000, texts),
    Round("value", 200, values),
)
