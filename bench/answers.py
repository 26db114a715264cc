"""Digests of answers: how many results, and a sum over them that no other results are likely to have.

They do not depend on the order of the results, which is each contestant's own.
"""

from collections.abc import Iterable
from typing import Any

from bench.model import Answer


def of_names(names: Iterable[str]) -> Answer:
    numbers = [int(name) for name in names]
    return [len(numbers), sum(numbers)]


def of_rows(rows: Iterable[Any]) -> Answer:
    """Of rows or other tuples that begin with the id."""
    numbers = [row[0] for row in rows]
    return [len(numbers), sum(numbers)]


def of_objects(objects: Iterable[Any]) -> Answer:
    numbers = [some.id for some in objects]
    return [len(numbers), sum(numbers)]


def of_dicts(dicts: Iterable[Any]) -> Answer:
    numbers = [some["id"] for some in dicts]
    return [len(numbers), sum(numbers)]


def of_number(number: Any) -> Answer:
    return [int(number)]


def of_last_rows(results: Any) -> Answer:
    """Of a list of answers, the last of which is a list of rows."""
    return of_rows(results)
