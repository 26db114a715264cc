"""The terms that Python has no type for: atoms, bits, pids and references; and the symbols of match specs.

The lowest module of the package: the values themselves, each with its identity, its copy and its repr. How they compare
with each other and with Python's own values is decided in `matchspec.terms`.
"""

import itertools
from threading import Lock
from typing import ClassVar, Final, Self, TypeAlias, cast, final
from weakref import WeakValueDictionary

from grammar.errors import MatchSpecError

Term: TypeAlias = object

MAX_ATOM = 255  # characters, as in Erlang


class TermError(MatchSpecError):
    """A value that cannot be a term: nested too deeply, an atom too long."""


def shown(value: Term, most: int = 200) -> str:
    """The repr of any value, cut off after `most` characters; for messages."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001  # nested too deeply, an int of too many digits, or an object's own repr
        return f"a value of type {type(value).__name__}"
    return text if len(text) <= most else text[: most - 3] + "..."


_atoms: "WeakValueDictionary[str, Atom]" = WeakValueDictionary()
_atoms_lock: Final = Lock()
_SPECIAL: Final[dict[str, bool | None]] = {"true": True, "false": False, "nil": None}


@final
class Atom:
    """An Erlang atom. Interned: two atoms of one name are the same object. `Atom("true")` is `True`, likewise
    `false` and `nil`: those three have Python names of their own. Shown as Elixir writes it, `:ok`.

    Raises TermError for a name of more than 255 characters.
    """

    __slots__ = ("__weakref__", "name")
    __match_args__ = ("name",)
    name: str

    def __new__(cls, name: str) -> Self:
        if not isinstance(name, str):
            raise TermError(f"the name of an Atom must be a str, not {type(name).__name__}")
        if name in _SPECIAL:
            return cast(Self, _SPECIAL[name])
        if len(name) > MAX_ATOM:
            raise TermError(f"an atom has at most {MAX_ATOM} characters, this one has {len(name)}")
        with _atoms_lock:
            known = _atoms.get(name)
            if known is None:
                known = super().__new__(cls)
                object.__setattr__(known, "name", str(name))
                _atoms[known.name] = known
            return known

    def __setattr__(self, attribute: str, value: Term) -> None:
        raise AttributeError("atoms are immutable")

    def __repr__(self) -> str:
        plain = self.name.isascii() and self.name.replace("@", "_").isidentifier()
        return f":{self.name}" if plain else ':"' + self.name.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def __reduce__(self) -> tuple[type["Atom"], tuple[str]]:
        return Atom, (self.name,)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Term) -> Self:
        return self


def atom_name(term: Term) -> str:
    """The name of an atom, `True`, `False` and `None` included."""
    if isinstance(term, Atom):
        return term.name
    return "nil" if term is None else "true" if term else "false"


@final
class Bitstring:
    """Bits that do not fill whole bytes: Erlang's `<<1,5:3>>` is `Bitstring(b"\\x01\\xa0", 11)`. Equal when `=:=`.

    `data` holds the bits from the left, the last byte filled up with zeros. Whole bytes are `bytes`, never a Bitstring.
    """

    __slots__ = ("bits", "data")
    __match_args__: ClassVar = ("data", "bits")

    def __init__(self, data: bytes, bits: int) -> None:
        if bits % 8 == 0 or len(data) != bits // 8 + 1 or data[-1] & (0xFF >> bits % 8):
            raise TermError(
                f"a Bitstring of {shown(bits)} bits needs just as many, and no whole bytes, not {shown(data)}"
            )
        self.data: Final[bytes] = data
        self.bits: Final[int] = bits

    def __eq__(self, other: Term) -> bool:
        if not isinstance(other, Bitstring):
            return NotImplemented
        return self.bits == other.bits and self.data == other.data

    def __hash__(self) -> int:
        return hash((self.data, self.bits))

    def __reduce__(self) -> tuple[type["Bitstring"], tuple[bytes, int]]:
        return Bitstring, (self.data, self.bits)

    def __repr__(self) -> str:
        return f"Bitstring({self.data!r}, {self.bits})"


_pid_numbers: Final = itertools.count(1)
_ref_numbers: Final = itertools.count(1)


@final
class Pid:
    """The identity of a process; ordered by age. A copy is the same pid."""

    __slots__ = ("__weakref__", "number")

    def __init__(self) -> None:
        self.number: Final[int] = next(_pid_numbers)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Term) -> Self:
        return self

    def __repr__(self) -> str:
        return f"#Pid<0.{self.number}.0>"


@final
class Ref:
    """A reference: unequal to every other one; ordered by age. A copy is the same reference."""

    __slots__ = ("__weakref__", "number")

    def __init__(self) -> None:
        self.number: Final[int] = next(_ref_numbers)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Term) -> Self:
        return self

    def __repr__(self) -> str:
        return f"#Ref<0.0.0.{self.number}>"


# --- the symbols of match specs -----------------------------------------------------------------------------------

ANY: Final = Atom("_")
ROW: Final = Atom("$_")
BINDINGS: Final = Atom("$$")
CONST: Final = Atom("const")
EXIT: Final = Atom("EXIT")
# The largest number that Erlang reads right: it counts in a C int, and larger ones wrap around.
MAX_VARIABLE = 2_147_483_647


def V(number: int) -> Atom:
    """The match variable `'$number'` of raw match specs and patterns. Raises TermError outside 0..2147483647."""
    if type(number) is not int or not 0 <= number <= MAX_VARIABLE:
        raise TermError(f"V takes an int from 0 to {MAX_VARIABLE}, not {shown(number)}")
    return Atom(f"${number}")


def variable_number(term: Term) -> int:
    """The N of the match variable `'$N'`, or -1. `'$01'` is no variable: Erlang allows no leading zero."""
    if type(term) is not Atom:
        return -1
    digits = term.name[1:]
    if not term.name.startswith("$") or not digits.isdecimal() or not digits.isascii():
        return -1
    if (digits[0] == "0" and len(digits) > 1) or len(digits) > 10:
        return -1
    number = int(digits)
    return number if number <= MAX_VARIABLE else -1


def const(term: Term) -> tuple[Atom, Term]:
    """`{const, term}`: the term itself inside a guard or body, with nothing in it interpreted."""
    return (CONST, term)
