"""Who may change a value: what a table must copy on the way in and out.

A row of immutable values is shared, never copied. A row that holds a list, a dict or any other value that could be
changed in place is copied when it is stored and again when it is handed out, so that nobody changes a table through an
alias. (Erlang copies every row; sharing the immutable ones cannot be told apart from that.)
"""

import copy
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import PurePath
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Final, TypeVar, cast
from uuid import UUID

from matchspec.maps import KeyFloat, KeyInt
from matchspec.terms import MAX_TERM_DEPTH, ImproperList, stack_exhausted, too_deep
from matchspec.values import Atom, Bitstring, Pid, Ref, Term, TermError

T = TypeVar("T")

_IMMUTABLE: Final[frozenset[type]] = frozenset(
    [
        *(int, float, complex, bool, str, bytes, type(None), Atom, Bitstring, Pid, Ref),
        *(date, datetime, time, timedelta, timezone, Decimal, Fraction, UUID, range, type),
        *(KeyFloat, KeyInt, FunctionType, BuiltinFunctionType, MethodType),
    ]
)


def is_immutable(term: Term, depth: int = 0) -> bool:
    """Whether nothing in the term can be changed in place. O(size). Raises TermError when nested too deeply."""
    kind = type(term)
    if kind is tuple:  # a row, most often, of the commonest types
        common = True
        for item in cast("tuple[Term, ...]", term):
            part = type(item)
            common = common and (part is int or part is str or part is float or item is None)
        if common:
            return True
    elif kind is int or kind is str or kind is float or term is None or kind in _IMMUTABLE:
        return True
    if depth > MAX_TERM_DEPTH:
        raise too_deep()
    try:
        return _is_immutable(term, depth)
    except RecursionError:
        raise stack_exhausted() from None


def _is_immutable(term: Term, depth: int) -> bool:
    if isinstance(term, (Enum, PurePath)):
        return True
    if isinstance(term, (tuple, frozenset)):
        return all([is_immutable(item, depth + 1) for item in term])
    if isinstance(term, ImproperList):
        return is_immutable(term.tail, depth + 1) and all([is_immutable(item, depth + 1) for item in term.items])
    return False


def own(term: T) -> T:
    """The term, or where a part of it could be changed in place, a deep copy. O(size).

    Raises TermError for a value that cannot be copied (an open file, say) or is nested too deeply.
    """
    if is_immutable(term):
        return term
    check_depth(term)
    try:
        return copy.deepcopy(term)
    except Exception as error:  # copying runs the value's own code, which may raise anything
        raise TermError(f"a value of type {type(term).__name__} cannot be copied: {error}") from error


def check_depth(term: Term, depth: int = 0) -> None:
    """Raises TermError for a term of tuples, lists and dicts that is nested too deeply (or contains itself)."""
    if depth > MAX_TERM_DEPTH:
        raise too_deep()
    try:
        _check_depth(term, depth)
    except RecursionError:
        raise stack_exhausted() from None


def _check_depth(term: Term, depth: int) -> None:
    if isinstance(term, (tuple, list)):
        for item in term:
            check_depth(item, depth + 1)
    elif isinstance(term, dict):
        for key, value in term.items():
            check_depth(key, depth + 1)
            check_depth(value, depth + 1)
    elif isinstance(term, ImproperList):
        check_depth(term.items, depth + 1)
        check_depth(term.tail, depth + 1)
