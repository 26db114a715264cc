"""Maps: Erlang's exact keys over Python's dict.

A dict finds 1, 1.0 and True under one key and cannot have a list as a key at all. Here a key is found exactly, and
lists and dicts become hashable when they are to be keys. A map that has two keys which Python takes for equal gets keys
of types that keep them apart: numbers still, but equal to numbers of their own type only.
"""

from collections.abc import Iterable
from enum import Enum
from typing import Final, NoReturn, final

from matchspec.terms import MAX_TERM_DEPTH, OTHER, ImproperList, Key, exact_key, exactly_equal, is_plain, rank, too_deep
from matchspec.values import Term, TermError


def _immutable(*_args: Term, **_kwargs: Term) -> NoReturn:
    raise TypeError("a key of a map cannot be changed")


@final
class FrozenList(list[Term]):
    """A list as the key of a map: equal to the list, exactly so to another key; hashable, not to be changed."""

    __slots__ = ()

    def __eq__(self, other: Term) -> bool:
        return exactly_equal(self, other) if isinstance(other, FrozenList) else list.__eq__(self, other)

    def __ne__(self, other: Term) -> bool:
        return not self == other

    def __hash__(self) -> int:  # type: ignore[override]  # list has none, which is the point of this class
        return hash(exact_key(self))

    def __reduce__(self) -> tuple[type["FrozenList"], tuple[list[Term]]]:
        return FrozenList, (list(self),)

    append = extend = insert = pop = remove = clear = sort = reverse = _immutable
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _immutable


@final
class FrozenDict(dict[Term, Term]):
    """A dict as the key of a map: equal to the dict, exactly so to another key; hashable, not to be changed."""

    __slots__ = ()

    def __eq__(self, other: Term) -> bool:
        return exactly_equal(self, other) if isinstance(other, FrozenDict) else dict.__eq__(self, other)

    def __ne__(self, other: Term) -> bool:
        return not self == other

    def __hash__(self) -> int:  # type: ignore[override]  # dict has none, which is the point of this class
        return hash(exact_key(self))

    def __reduce__(self) -> tuple[type["FrozenDict"], tuple[dict[Term, Term]]]:
        return FrozenDict, (dict(self),)

    update = pop = popitem = setdefault = clear = _immutable
    __setitem__ = __delitem__ = __ior__ = _immutable


@final
class KeyInt(int):
    """An int as the key of a map that has an equal float or boolean as another key."""

    __slots__ = ()

    def __eq__(self, other: Term) -> bool:
        if isinstance(other, _Probe):
            return other == self
        return isinstance(other, int) and not isinstance(other, (bool, Enum)) and int(self) == int(other)

    def __ne__(self, other: Term) -> bool:
        return not self == other

    __hash__ = int.__hash__


@final
class KeyFloat(float):
    """A float as the key of a map that has an equal int or boolean as another key."""

    __slots__ = ()

    def __eq__(self, other: Term) -> bool:
        if isinstance(other, _Probe):
            return other == self
        return isinstance(other, float) and not isinstance(other, Enum) and float(self) == float(other)

    def __ne__(self, other: Term) -> bool:
        return not self == other

    __hash__ = float.__hash__


@final
class _Probe:
    """Stands in for a key when a dict is asked: equal to what is exactly the key, where the key itself would be equal
    to 1, 1.0 and True alike.
    """

    __slots__ = ("hash", "key")

    def __init__(self, key: Term) -> None:
        self.key: Final = key
        self.hash: Final = hash(key)

    def __eq__(self, other: Term) -> bool:
        return exactly_equal(self.key, other)

    def __hash__(self) -> int:
        return self.hash


_MISSING: Final = object()


def _apart(term: Term) -> Term:
    """A hashable term with numbers that are equal to numbers of their own type only."""
    if isinstance(term, (bool, Enum)):
        return term
    if isinstance(term, int):
        return KeyInt(term)
    if isinstance(term, float):
        return KeyFloat(term)
    if isinstance(term, tuple):
        return tuple([_apart(item) for item in term])
    return term


def _strangers(term: Term) -> int:
    """How many parts of a key may call a KeyInt or KeyFloat their equal: booleans, and Python values like Decimals.

    `True == KeyInt(1)` asks bool, which says yes, while `KeyInt(1) == True` says no. A dict asks the key that it has
    already, so of two keys the one with fewer such parts goes in first.
    """
    if isinstance(term, tuple) and not isinstance(term, Enum):
        return sum([_strangers(item) for item in term])
    return 1 if isinstance(term, bool) or rank(term) == OTHER else 0


def _order_of_entry(pair: tuple[Term, Term]) -> int:
    return _strangers(pair[0])


def frozen(term: Term, depth: int = 0) -> Term:
    """The term with every list and dict in it hashable, so that it can be the key of a dict.

    Raises TermError when nested too deeply.
    """
    kind = type(term)
    if is_plain(term) or kind is float or kind is bool or kind is FrozenList or kind is FrozenDict:
        return term
    if depth > MAX_TERM_DEPTH:
        raise too_deep()
    if isinstance(term, list):
        return FrozenList([frozen(item, depth + 1) for item in term])
    if isinstance(term, dict):
        return FrozenDict({key: frozen(value, depth + 1) for key, value in term.items()})
    if isinstance(term, tuple) and kind is tuple:
        return tuple([frozen(item, depth + 1) for item in term])
    if isinstance(term, ImproperList):
        return ImproperList([frozen(item, depth + 1) for item in term.items], frozen(term.tail, depth + 1))
    return term


def fetch(mapping: dict[Term, Term], key: Term, default: Term) -> Term:
    """The value under exactly this key, or `default`. O(1), where the keys are not of foreign types."""
    try:
        if key not in mapping:
            return default
    except TypeError:  # an unhashable key, asked for without being frozen
        return fetch(mapping, frozen(key), default)
    kind = type(key)
    if kind is str or (kind is not int and is_plain(key)):
        return mapping[key]
    # The dict may have found 1.0 or (1.0,) for 1 or (1,).
    found = mapping.get(_Probe(key), _MISSING)
    if found is not _MISSING:
        return found
    if kind is not int and kind is not float and kind is not bool:
        for known, value in mapping.items():  # an object inside a key may not let itself be compared with a probe
            if exactly_equal(known, key):
                return value
    return default


def make_map(pairs: Iterable[tuple[Term, Term]]) -> dict[Term, Term]:
    """A dict of the pairs, with exact keys; of equal keys the last wins.

    Raises TermError for keys nested too deeply, or of foreign types that a dict cannot hold apart (Decimal(1) and
    Fraction(1), say).
    """
    result: dict[Term, Term] = {}
    exact: dict[Key, tuple[Term, Term]] = {}
    for key, value in pairs:
        exact_of_key = exact_key(key)
        hashable = frozen(key)
        result[hashable] = value
        exact[exact_of_key] = (hashable, value)
    if len(exact) == len(result):
        return result
    result = {_apart(key): value for key, value in sorted(exact.values(), key=_order_of_entry)}
    if len(exact) != len(result):
        raise TermError("a dict cannot hold two of these keys apart: Python takes them for equal")
    return result
