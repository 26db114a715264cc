"""Terms: the values that tables hold and queries speak of, their equality and their order.

The one module that knows Erlang's rules: which Python value is which kind of term, when two terms are equal (`=:=`
exactly, `==` with numbers by value), and the total order over all of them. Everything above asks here.

| Erlang | Python |
| --- | --- |
| integer, float | `int` (never `bool`), `float` |
| atom | `Atom("ok")`; `True`, `False`, `None` are the atoms true, false, nil |
| binary | `str` (its UTF-8 bytes) and `bytes`, never equal to each other; `Bitstring` where bits are left over |
| tuple, list, map | `tuple` (NamedTuples included), `list`, `dict`; `ImproperList` for `[a | b]` |
| pid, reference, fun | `Pid`, `Ref`, callables |
| none | every other Python value: ordered within its type, after all the rest |

Two kinds of keys carry the rules into dicts and sorted containers: `exact_key` (equal keys mean `=:=`) and `order_key`
(compares as the total order does, equal keys mean `==`). Floats that are not numbers, which Erlang lacks, have one
fixed place after all other numbers and are equal to each other as keys; a guard's `<` and `==` follow IEEE 754.
"""

from datetime import datetime, time
from decimal import Decimal
from enum import Enum
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, ClassVar, Final, TypeAlias, cast, final

from matchspec.values import Atom, Bitstring, Pid, Ref, Term, TermError, atom_name, shown

Comparable: TypeAlias = Any
Key: TypeAlias = object  # an exact_key or an order_key: hashable, comparable with keys of its own kind only

# A term is walked by recursion, at two or three Python frames a level, below CPython's default limit of 1,000 frames.
MAX_TERM_DEPTH = 250


@final
class ImproperList:
    """A list whose tail is not a list: `ImproperList((1, 2), 3)` is Erlang's `[1, 2 | 3]`. Equal when `=:=`."""

    __slots__ = ("items", "tail")
    __match_args__: ClassVar = ("items", "tail")

    def __init__(self, items: "tuple[Term, ...] | list[Term]", tail: Term) -> None:
        if not items:
            raise TermError("an ImproperList has at least one item before its tail")
        if isinstance(tail, (list, ImproperList)):
            raise TermError("the tail of an ImproperList is not a list; cons() joins items and a list")
        self.items: Final[tuple[Term, ...]] = tuple(items)
        self.tail: Final[Term] = tail

    def __eq__(self, other: Term) -> bool:
        return exactly_equal(self, other) if isinstance(other, ImproperList) else NotImplemented

    def __hash__(self) -> int:
        return hash(exact_key(self))

    def __reduce__(self) -> tuple[type["ImproperList"], tuple[tuple[Term, ...], Term]]:
        return ImproperList, (self.items, self.tail)

    def __repr__(self) -> str:
        return f"ImproperList({self.items!r}, {self.tail!r})"


def cons(items: "tuple[Term, ...] | list[Term]", tail: Term) -> Term:
    """`[item, ... | tail]`: a list when the tail is one, an ImproperList otherwise (the tail itself without items)."""
    if not items:
        return tail
    if isinstance(tail, list):
        return [*items, *tail]
    if isinstance(tail, ImproperList):
        return ImproperList((*items, *tail.items), tail.tail)
    return ImproperList(items, tail)


# --- what kind of term a value is ---------------------------------------------------------------------------------

NUMBER, ATOM, REF, FUN, PID, TUPLE, MAP, NIL, LIST, BINARY, OTHER = range(11)

_RANKS: Final[dict[type, int]] = {
    int: NUMBER,
    float: NUMBER,
    bool: ATOM,
    type(None): ATOM,
    Atom: ATOM,
    Ref: REF,
    FunctionType: FUN,
    BuiltinFunctionType: FUN,
    MethodType: FUN,
    Pid: PID,
    tuple: TUPLE,
    dict: MAP,
    ImproperList: LIST,
    str: BINARY,
    bytes: BINARY,
    Bitstring: BINARY,
}


def rank(term: Term) -> int:
    """The place of a term's kind in the total order: number < atom < reference < fun < pid < tuple < map < [] <
    list < binary < any other Python value.
    """
    known = _RANKS.get(type(term))
    if known is not None:
        return known
    if isinstance(term, list):
        return LIST if term else NIL
    # Subclasses: an Enum is a value of its own even where it is also an int or a str.
    if isinstance(term, Enum):
        return OTHER
    if isinstance(term, tuple):
        return TUPLE
    if isinstance(term, (int, float)):
        return NUMBER
    if isinstance(term, (str, bytes)):
        return BINARY
    if isinstance(term, dict):
        return MAP
    return FUN if callable(term) else OTHER


def is_integer(term: Term) -> bool:
    """Erlang's is_integer: an int that is neither a bool nor a member of an Enum."""
    # rank() comes first: compiled code would hand on True, once known to be an int, as 1.
    return type(term) is int or (rank(term) == NUMBER and isinstance(term, int))


def is_float(term: Term) -> bool:
    return type(term) is float or (rank(term) == NUMBER and isinstance(term, float))


def is_number(term: Term) -> bool:
    return rank(term) == NUMBER


def is_atom(term: Term) -> bool:
    return rank(term) == ATOM


# --- keys ---------------------------------------------------------------------------------------------------------


@final
class _Mark:
    """A tag inside keys that no user's term can equal."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name: Final = name

    def __repr__(self) -> str:
        return f"<{self.name}>"


_FLOAT: Final = _Mark("float")
_NAN: Final = _Mark("nan")
_BOOL: Final = _Mark("bool")
_LIST: Final = _Mark("list")
_IMPROPER: Final = _Mark("improper list")
_MAP: Final = _Mark("map")
_OTHER: Final = _Mark("other")


def too_deep() -> TermError:
    return TermError(f"a term is nested deeper than {MAX_TERM_DEPTH} levels")


def stack_exhausted() -> TermError:
    """What a RecursionError becomes, where a query or term within the limits meets a stack that is almost full."""
    return TermError("nested too deeply for what is left of Python's stack")


def exact_key(term: Term, depth: int = 0) -> Key:
    """A hashable stand-in: two keys are equal exactly when the terms are `=:=`.

    ints, strs, bytes, atoms and None stand for themselves, so that the commonest keys cost nothing.
    O(size of the term). Raises TermError for a term nested too deeply.
    """
    kind = type(term)
    if kind is int or kind is str or kind is bytes or kind is Atom or term is None:
        return term
    if depth > MAX_TERM_DEPTH:
        raise too_deep()
    if kind is float:
        return (_FLOAT, term) if term == term else _NAN  # 0.0 and -0.0 are the same key, as on OTP 25
    if kind is bool:
        return (_BOOL, term)
    try:
        return _exact_key_of_compound(term, depth)
    except RecursionError:
        raise stack_exhausted() from None


def _exact_key_of_compound(term: Term, depth: int) -> Key:
    if isinstance(term, Enum):
        return (_OTHER, type(term), term.name)
    if isinstance(term, tuple):
        return tuple([exact_key(item, depth + 1) for item in term])
    if isinstance(term, list):
        return (_LIST, *[exact_key(item, depth + 1) for item in term])
    if isinstance(term, dict):
        return (_MAP, frozenset([(exact_key(k, depth + 1), exact_key(v, depth + 1)) for k, v in term.items()]))
    if isinstance(term, ImproperList):
        return (_IMPROPER, exact_key(term.tail, depth + 1), *[exact_key(item, depth + 1) for item in term.items])
    if isinstance(term, float):
        return (_FLOAT, float(term)) if term == term else _NAN
    if isinstance(term, int):
        return int(term)
    if isinstance(term, str):
        return str(term)
    if isinstance(term, bytes):
        return bytes(term)
    if isinstance(term, (set, frozenset)):
        return (_OTHER, type(term), frozenset([exact_key(item, depth + 1) for item in term]))
    if isinstance(term, Decimal) and term.is_nan():
        return (_OTHER, _NAN)
    try:
        hash(term)
    except Exception:  # noqa: BLE001  # unhashable; and a hash is the value's own code, which may raise anything
        return (_OTHER, type(term), shown(term))
    return (_OTHER, type(term), term)


def is_plain(term: Term) -> bool:
    """Whether exact_key(term) is the term itself, which is so for int, str, bytes, Atom and None."""
    kind = type(term)
    return kind is int or kind is str or kind is bytes or kind is Atom or term is None


@final
class _Natural:
    """Orders two values of one Python type by their own `<`, and where they have none by their repr.

    Their `<` and `==` are their own code, which may raise anything.
    """

    __slots__ = ("value",)

    def __init__(self, value: Term) -> None:
        self.value: Final = value

    def __eq__(self, other: Term) -> bool:
        if not isinstance(other, _Natural):
            return False
        if self.value is other.value:
            return True
        try:
            return bool(self.value == other.value)
        except Exception:  # noqa: BLE001  # see above
            return shown(self.value) == shown(other.value)

    def __hash__(self) -> int:
        return hash(exact_key(self.value))

    def __reduce__(self) -> tuple[type["_Natural"], tuple[Term]]:
        return _Natural, (self.value,)

    def __lt__(self, other: "_Natural") -> bool:
        try:
            return bool(self.value < other.value)  # type: ignore[operator]  # a type without `<` raises TypeError
        except Exception:  # noqa: BLE001  # see above
            return shown(self.value) < shown(other.value)


def order_key(term: Term, depth: int = 0, exact: bool = False) -> Key:
    """A stand-in that compares, by Python's `<` and `==`, as the terms do in Erlang's total order.

    Equal keys mean `==`: 1 and 1.0 have equal keys. With `exact`, integers come before floats, which is how the keys
    of maps are ordered. O(size of the term). Raises TermError for a term nested too deeply.
    """
    kind = rank(term)
    if kind == NUMBER:
        if term != term:
            return (0.5,)
        # int() and float() for their subclasses, whose own `==` need not be that of numbers.
        if isinstance(term, int):
            return (-1 if exact else 0, int(term))
        return (0, float(cast(float, term)))
    if kind == ATOM:
        return (1, atom_name(term))
    if kind == BINARY:
        return _order_key_of_binary(term)
    if depth > MAX_TERM_DEPTH:
        raise too_deep()
    try:
        return _order_key_of_compound(term, kind, depth, exact)
    except RecursionError:
        raise stack_exhausted() from None


def _order_key_of_compound(term: Term, kind: int, depth: int, exact: bool) -> Key:
    if isinstance(term, tuple) and kind == TUPLE:
        return (5, len(term), *[order_key(item, depth + 1, exact) for item in term])
    if isinstance(term, list):
        # The 7 of [] ends the key, so that a list sorts after its own prefixes and by its first difference.
        return (8, *_interleaved(term, depth, exact), 7) if term else (7,)
    if isinstance(term, ImproperList):
        tail = cast("tuple[Term, ...]", order_key(term.tail, depth + 1, exact))
        return (8, *_interleaved(term.items, depth, exact), *tail)
    return _order_key_of_rare(term, kind, depth, exact)


def _order_key_of_binary(term: Term) -> Key:
    """Bit by bit, a prefix before what it is a prefix of; a str before bytes that are the same."""
    if isinstance(term, Bitstring):
        return (9, term.data, term.bits, 1)
    if isinstance(term, bytes):
        return (9, bytes(term), 8 * len(term), 1)
    data = cast(str, term).encode("utf-8", "surrogatepass")
    return (9, data, 8 * len(data), 0)


def _interleaved(items: "list[Term] | tuple[Term, ...]", depth: int, exact: bool) -> list[Term]:
    """The keys of list items with the rank of a list (8) between them: every cell is again a list."""
    flat: list[Term] = []
    for item in items:
        if flat:
            flat.append(8)
        flat.append(order_key(item, depth + 1, exact))
    return flat


def _order_key_of_rare(term: Term, kind: int, depth: int, exact: bool) -> Key:
    if isinstance(term, dict):
        # Size first, then the keys in order with integers before floats, then the values in the order of their keys.
        pairs = sorted([(order_key(k, depth + 1, True), order_key(v, depth + 1, exact)) for k, v in term.items()])
        return (6, len(pairs), *[pair[0] for pair in pairs], *[pair[1] for pair in pairs])
    if isinstance(term, Ref):
        return (2, term.number)
    if isinstance(term, Pid):
        return (4, term.number)
    if kind == FUN:
        return (3, getattr(term, "__module__", None) or "", getattr(term, "__qualname__", ""), id(term))
    return (10, *_order_key_of_other(term, depth, exact))


def _order_key_of_other(term: Term, depth: int, exact: bool) -> tuple[Term, ...]:
    kind_name = f"{getattr(type(term), '__module__', '')}.{type(term).__qualname__}"  # a module may be no str
    if isinstance(term, Enum):
        name: str | None = cast(Any, term).name  # None for a flag with no bit that has a name
        return (kind_name, "", _Natural(term.value)) if name is None else (kind_name, name)
    if isinstance(term, (set, frozenset)):  # their `<` means subset
        return (kind_name, len(term), *sorted([cast(Comparable, order_key(item, depth + 1, exact)) for item in term]))
    if isinstance(term, (datetime, time)):  # Python refuses to order naive and aware ones together
        return (f"{kind_name} {'naive' if term.utcoffset() is None else 'aware'}", _Natural(term))
    if isinstance(term, Decimal) and term.is_nan():  # as the floats: one fixed place after the others
        return (f"{kind_name} nan",)
    return (kind_name, _Natural(term))


# --- comparison ---------------------------------------------------------------------------------------------------


def exactly_equal(left: Term, right: Term) -> bool:
    """Erlang's `=:=`: equal at every depth, with 1, 1.0 and True all different. O(size). 0.0 =:= -0.0, as on OTP 25."""
    kind = type(left)
    if kind is type(right) and (kind is str or kind is int or kind is float or kind is bytes):
        return left == right
    mine, other = rank(left), rank(right)
    if ATOM in (mine, other):
        return left is right  # most often a test for None, which must not look through a long list
    if mine != other and OTHER in (mine, other):
        return False  # likewise a test for a member of an Enum
    if is_plain(left) and is_plain(right):
        return False
    if _holds_nan(left) or _holds_nan(right):
        return False
    return exact_key(left) == exact_key(right)


def _holds_nan(term: Term) -> bool:
    return isinstance(term, float) and term != term


def numerically_equal(left: Term, right: Term) -> bool:
    """Erlang's `==`: as exactly_equal, but an integer equals a float of the same value, at every depth (though not
    as the key of a map). O(size).
    """
    kind, other = type(left), type(right)
    if kind is other and (kind is str or kind is int or kind is float or kind is bytes):
        return left == right
    if (kind is int or kind is float) and (other is int or other is float):
        return left == right
    if is_plain(left) and is_plain(right):
        return left is right
    if _holds_nan(left) or _holds_nan(right):
        return False
    return order_key(left) == order_key(right)


def less(left: Term, right: Term) -> bool:
    """Erlang's `<` over any two terms; ints and floats compare exactly, beyond 2**53 too. O(size)."""
    kind, other = type(left), type(right)
    if (kind is int or kind is float) and (other is int or other is float):
        return left < right  # type: ignore[operator, no-any-return]  # both are numbers
    if kind is str and other is str:
        return left < right  # type: ignore[operator, no-any-return]  # code points order as their UTF-8 bytes do
    if (_holds_nan(left) and is_number(right)) or (_holds_nan(right) and is_number(left)):
        return False
    return order_key(left) < order_key(right)  # type: ignore[operator, no-any-return]  # order keys are comparable


def compare(left: Term, right: Term) -> int:
    """-1, 0 or 1: how two terms stand in Erlang's total order, where 0 means `==`. O(size of the terms).

    number < atom < reference < fun < pid < tuple (by size first) < map < [] < list < binary < other Python values.
    """
    mine, other = order_key(left), order_key(right)
    if mine == other:
        return 0
    return -1 if mine < other else 1  # type: ignore[operator]  # order keys are comparable
