"""Lets the contestants of a case take turns, A B C A B C, and keeps every value.

The first round is not counted where the same rows can be asked again: it warms up caches and compares the answers.
A case that takes long is repeated three times only. Stores are kept from case to case as long as the rows are the same.

Modules and stores are frozen: the garbage collector, which runs before each measurement and in some, does not walk what
was there before. It would take the same time from all, and a large part of the whole run.
"""

import dataclasses
import gc
import time
from collections.abc import Iterable
from typing import Final, TypeAlias

from bench.model import UNITS, Answer, Case, Contestant, Data, Does, Options, Store, Way
from bench.results import Figure, Measured

Values: TypeAlias = dict[str, list[float]]
ENOUGH: Final = 3  # repetitions of a case that takes long


class Disagreement(Exception):
    """Contestants give different answers to a case."""


class Session:
    """The rows and stores that are at hand, and the options of the run."""

    def __init__(self, options: Options) -> None:
        self.options: Final = options
        self.data: dict[Data, Data] = {}  # rows are made once for all cases that are equal in them
        self.stores: dict[tuple[Contestant, Data], Store] = {}
        gc.collect()
        gc.freeze()

    def close(self) -> None:
        self.keep([])
        gc.unfreeze()

    def keep(self, wanted: Iterable[Data]) -> None:
        """Gives up the stores and rows that the next case does not ask for."""
        kept = set(wanted)
        if kept >= set(self.data):
            return
        for contestant, data in list(self.stores):
            if data not in kept:
                contestant.drop(self.stores.pop((contestant, data)))
        for data in list(self.data):
            if data not in kept:
                del self.data[data]
        gc.unfreeze()
        gc.collect()
        gc.freeze()

    def rows_for(self, case: Case, way: Way) -> Data:
        data = case.data
        if way.most is not None and way.most < data.number:
            data = dataclasses.replace(data, number=way.most)
        if way.kind is not None:
            data = dataclasses.replace(data, kind=way.kind)
        return self.data.setdefault(data, data)

    def once(self, case: Case, way: Way) -> tuple[float, Answer]:
        """One measurement: a value in the unit of the case, and the digest of the answer."""
        data = self.rows_for(case, way)
        shared = isinstance(way, Does) and not case.anew
        store = self.shared(way.contestant, data) if isinstance(way, Does) and shared else way.make(data)
        run = way.run(store, data)
        if not shared:
            way.drop(store)
        return run.value * UNITS[case.unit], run.answer

    def shared(self, contestant: Contestant, data: Data) -> Store:
        place = (contestant, data)
        if place not in self.stores:
            self.stores[place] = contestant.make(data)
            gc.freeze()
        return self.stores[place]

    def measure(self, case: Case) -> Measured:
        self.keep({self.rows_for(case, way) for way in case.ways.values()})
        started = time.perf_counter()
        values: Values = {name: [] for name in case.ways}
        answers = self.round(case, values)
        check(case, {name: (self.rows_for(case, way), answers[name]) for name, way in case.ways.items()})
        if not (case.anew or case.once or self.options.quick):
            values = {name: [] for name in case.ways}
        repeats = 1 if case.once else self.options.repeats
        while any(len(some) < repeats for some in values.values()):
            late = time.perf_counter() - started > self.options.seconds
            if late and all(len(some) >= ENOUGH for some in values.values()):
                break
            self.round(case, values)
        rows = {name: self.rows_for(case, way).number for name, way in case.ways.items()}
        return measured(case, values, rows)

    def round(self, case: Case, values: Values) -> dict[str, Answer]:
        answers: dict[str, Answer] = {}
        for name, way in case.ways.items():
            value, answers[name] = self.once(case, way)
            values[name].append(value)
        return answers


def check(case: Case, answers: dict[str, tuple[Data, Answer]]) -> None:
    """All who had the same rows have to have found the same."""
    first: dict[Data, tuple[str, Answer]] = {}
    for name, (data, answer) in answers.items():
        if answer is None:
            continue
        other, expected = first.setdefault(data, (name, answer))
        if answer != expected:
            raise Disagreement(f"{case.called()}: {name} gives {answer!r}, {other} gives {expected!r}")


def measured(case: Case, values: Values, rows: dict[str, int]) -> Measured:
    figures = [Figure.of(name, some, rows[name]) for name, some in values.items()]
    return Measured(case.group, case.name, case.unit, case.data.number, case.base, figures, list(case.targets))
