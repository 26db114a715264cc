"""Maps: Erlang's exact keys over Python's dict.

A dict finds 1, 1.0 and True under one key and cannot have a list as a key at all. Here a key is found exactly, and lists
and dicts become hashable when they are to be keys. A map that has two keys which Python takes for equal gets keys of
types that keep them apart: numbers still, but equal to numbers of their own type only.
"""

from collections.abc import Iterable
from typing import NoReturn, final

from matchspec.terms import ImproperList, Term, TermError, exact_key, exactly_equal, is_plain


def _immutable(*_args: Term, **_kwargs: Term) -> NoReturn:
    raise TypeError("a key of a map cannot be changed")


@final
class FrozenList(list[Term]):
    """A list as the key of a map: equal to the list, hashable, not to be changed."""

    __slots__ = ()

    def __hash__(self) -> int:  # type: ignore[override]  # list has none, which is the point of this class
        return hash(tuple([hash(frozen(item)) for item in self]))

    def __reduce__(self) -> tuple[type["FrozenList"], tuple[list[Term]]]:
        return FrozenList, (list(self),)

    append = extend = insert = pop = remove = clear = sort = reverse = _immutable
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _immutable


@final
class FrozenDict(dict[Term, Term]):
    """A dict as the key of a map: equal to the dict, hashable, not to be changed."""

    __slots__ = ()

    def __hash__(self) -> int:  # type: ignore[override]  # dict has none, which is the point of this class
        return hash(frozenset([(hash(key), hash(frozen(value))) for key, value in self.items()]))

    def __reduce__(self) -> tuple[type["FrozenDict"], tuple[dict[Term, Term]]]:
        return FrozenDict, (dict(self),)

    update = pop = popitem = setdefault = clear = _immutable
    __setitem__ = __delitem__ = __ior__ = _immutable


@final
class KeyInt(int):
    """An int as the key of a map that has an equal float or boolean as another key."""

    __slots__ = ()

    def __eq__(self, other: Term) -> bool:
        return isinstance(other, int) and not isinstance(other, bool) and int(self) == int(other)

    def __ne__(self, other: Term) -> bool:
        return not self == other

    __hash__ = int.__hash__


@final
class KeyFloat(float):
    """A float as the key of a map that has an equal int or boolean as another key."""

    __slots__ = ()

    def __eq__(self, other: Term) -> bool:
        return isinstance(other, float) and float(self) == float(other)

    def __ne__(self, other: Term) -> bool:
        return not self == other

    __hash__ = float.__hash__


def _apart(term: Term) -> Term:
    """A hashable term with numbers that are equal to numbers of their own type only."""
    if isinstance(term, bool):
        return term
    if isinstance(term, int):
        return KeyInt(term)
    if isinstance(term, float):
        return KeyFloat(term)
    if type(term) is tuple:
        return tuple([_apart(item) for item in term])
    if isinstance(term, FrozenList):
        return FrozenList([_apart(item) for item in term])
    return term


def _bools_last(pair: tuple[Term, Term]) -> bool:
    """`True == KeyInt(1)` asks bool, which says yes; so a boolean must not be in the dict before the number comes."""
    return isinstance(pair[0], bool)


def frozen(term: Term) -> Term:
    """The term with every list and dict in it hashable, so that it can be the key of a dict."""
    kind = type(term)
    if is_plain(term) or kind is float or kind is bool or kind is FrozenList or kind is FrozenDict:
        return term
    if isinstance(term, list):
        return FrozenList([frozen(item) for item in term])
    if isinstance(term, dict):
        return FrozenDict({key: frozen(value) for key, value in term.items()})
    if kind is tuple:
        return tuple([frozen(item) for item in term])  # type: ignore[attr-defined]  # an exact tuple
    if isinstance(term, ImproperList):
        return ImproperList([frozen(item) for item in term.items], frozen(term.tail))
    return term




def fetch(mapping: dict[Term, Term], key: Term, default: Term) -> Term:
    """The value under exactly this key, or `default`. O(1); O(n) for a key that a dict would conflate with others."""
    try:
        if key in mapping:
            if type(key) is str or (is_plain(key) and type(key) is not int):
                return mapping[key]
            # The dict may have found 1.0 or (1.0,) for 1 or (1,): only then look through the keys.
            for known, value in mapping.items():
                if exactly_equal(known, key):
                    return value
        return default
    except TypeError:  # an unhashable key, asked for without being frozen
        return fetch(mapping, frozen(key), default)


def make_map(pairs: Iterable[tuple[Term, Term]]) -> dict[Term, Term]:
    """A dict of the pairs, with exact keys; of equal keys the last wins.

    Raises TermError for compound keys that differ only in that one has a boolean where the other has a number.
    """
    result: dict[Term, Term] = {}
    exact: dict[Term, tuple[Term, Term]] = {}
    for key, value in pairs:
        hashable = frozen(key)
        result[hashable] = value
        exact[exact_key(key)] = (hashable, value)
    if len(exact) == len(result):
        return result
    result = {_apart(key): value for key, value in sorted(exact.values(), key=_bools_last)}
    if len(exact) != len(result):
        raise TermError("a dict cannot hold keys apart that differ only in having a boolean or a number inside")
    return result
