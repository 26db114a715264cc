"""Filters that users write: one expression as text, over many rows that are dicts or tuples.

Each library gets the rows in the form it takes, made outside of the clock, and reads the expression beforehand in the
case about rows, again each time in the case about reading it.
"""

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any, Final

from bench.model import Alone, Case, Data, Options, Target, Way, Work, optional
from matchspec import spec

rule_engine = optional("rule_engine")
celpy = optional("celpy")
simpleeval = optional("simpleeval")
PYTHON: Final = "age >= 90 and score < 62500.0"
CEL: Final = "age >= 90 && score < 62500.0"
LAMBDA: Final = f"lambda key, name, age, score: {PYTHON}"
OURS: Final = "matchspec"
READ: Final = 20  # how often the expression is read in one measurement


def dicts_of(data: Data) -> list[dict[str, Any]]:
    return [{"id": key, "name": name, "age": age, "score": score} for key, name, age, score in data.rows]


def only(number: int) -> Any:
    return [number]


def by_matchspec(data: Data) -> Work:
    query = spec(LAMBDA)
    rows = data.rows
    return Work(lambda: query.run(rows).count(True), only, len(rows))


def by_rule_engine(data: Data) -> Work:
    rule = rule_engine.Rule(PYTHON)
    dicts = dicts_of(data)
    return Work(lambda: len([some for some in dicts if rule.matches(some)]), only, len(dicts))


def by_cel(data: Data) -> Work:
    environment = celpy.Environment()
    program = environment.program(environment.compile(CEL))
    values = [
        {"age": celpy.celtypes.IntType(some["age"]), "score": celpy.celtypes.DoubleType(some["score"])}
        for some in dicts_of(data)
    ]
    return Work(lambda: len([some for some in values if program.evaluate(some)]), only, len(values))


def by_simpleeval(data: Data) -> Work:
    evaluator = simpleeval.SimpleEval()
    parsed = evaluator.parse(PYTHON)
    dicts = dicts_of(data)

    def chosen(some: dict[str, Any]) -> Any:
        evaluator.names = some
        return evaluator.eval(PYTHON, previously_parsed=parsed)

    return Work(lambda: len([some for some in dicts if chosen(some)]), only, len(dicts))


def by_python(data: Data) -> Work:
    """The condition in Python itself, which must not be given to users: what there is to approach."""
    rows = data.rows
    return Work(lambda: len([row for row in rows if row[2] >= 90 and row[3] < 62500.0]), only, len(rows))


def reading(read: Callable[[int], Any]) -> Callable[[Data], Work]:
    """Reads the expression with another limit each time, which no cache of earlier texts knows."""
    limits = count()

    def work(data: Data) -> Work:
        def call() -> None:
            for _ in range(READ):
                read(next(limits))

        return Work(call, lambda result: None, READ)

    return work


def read_cel(limit: int) -> Any:
    environment = celpy.Environment()
    return environment.program(environment.compile(CEL.replace("90", str(limit))))


READERS: Final[Mapping[str, Callable[[int], Any]]] = {
    OURS: lambda limit: spec(LAMBDA.replace("90", str(limit))),
    "rule-engine": lambda limit: rule_engine.Rule(PYTHON.replace("90", str(limit))),
    "cel-python": read_cel,
    "simpleeval": lambda limit: simpleeval.SimpleEval().parse(PYTHON.replace("90", str(limit))),
}
FILTERS: Final[Mapping[str, Callable[[Data], Work]]] = {
    OURS: by_matchspec,
    "rule-engine": by_rule_engine,
    "cel-python": by_cel,
    "simpleeval": by_simpleeval,
    "Python by hand": by_python,
}
NEEDED: Final[Mapping[str, Any]] = {"rule-engine": rule_engine, "cel-python": celpy, "simpleeval": simpleeval}


def here(name: str) -> bool:
    return NEEDED.get(name, True) is not None


def absent() -> dict[str, str]:
    return {name: name for name in NEEDED if not here(name)}


def cases(options: Options) -> list[Case]:
    data = Data("rows", 100 if options.quick else options.at_most(10_000))
    filters: dict[str, Way] = {name: Alone(work) for name, work in FILTERS.items() if here(name)}
    readers: dict[str, Way] = {name: Alone(reading(read)) for name, read in READERS.items() if here(name)}
    faster = tuple([Target(OURS, 1.0, name) for name in NEEDED])
    return [
        Case("filters", "a condition of two comparisons, per row", "ns", filters, data, faster, base=OURS),
        Case("filters", "reading the expression", "us", readers, Data("one", 1), base=OURS),
    ]
