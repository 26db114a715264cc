"""Smaller versions of a term or a text, and the smallest that still shows a fault."""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias, TypeVar

from matchspec import ImproperList

Case = TypeVar("Case")
Value: TypeAlias = Any


def shrink(case: Case, smaller: Callable[[Case], Iterator[Case]], fails: Callable[[Case], bool], tries: int) -> Case:
    """The last of a chain of ever smaller cases that all fail; `tries` bounds the calls of `fails`."""
    left = tries
    found = True
    while found:
        found = False
        for candidate in smaller(case):
            left -= 1
            if left < 0:
                return case
            if fails(candidate):
                case, found = candidate, True
                break
    return case


def smaller_terms(term: Value) -> Iterator[Value]:
    """One part less, a part instead of the whole, or one part made smaller."""
    match term:
        case tuple() | list():
            yield from term
            for index in range(len(term)):
                yield type(term)([*term[:index], *term[index + 1 :]])
            for index, item in enumerate(term):
                for less in smaller_terms(item):
                    yield type(term)([*term[:index], less, *term[index + 1 :]])
        case ImproperList(items, tail):
            yield list(items)
            yield tail
        case dict():
            for key in term:
                yield {other: value for other, value in term.items() if other is not key}
                for less in smaller_terms(term[key]):
                    yield {**term, key: less}
        case int() if abs(term) > 1:
            yield term // 2
        case str() | bytes() if term:
            yield term[: len(term) // 2]


def smaller_texts(text: str) -> Iterator[str]:
    """A piece less, large pieces first."""
    size = len(text) // 2
    while size:
        for start in range(0, len(text), size):
            yield text[:start] + text[start + size :]
        size //= 2
