"""Keys as bytes whose order is the order of terms: an index over them, which compares bytes, is an `ordered_set`.

`key_bytes(term, ordered=True)`: for any two terms, the bytes compare as `matchspec.terms.compare` does; equal bytes
mean `==`, so 1 and 1.0 are one key, at every depth. With `ordered=False` equal bytes mean `=:=`, as the keys of a `set`
have it: a number says after its value which type it is of.

Every code begins with a byte for the kind of term, in the order of kinds, and is no prefix of another code, so that
codes can stand one after the other:

    number     -inf, negative, 0, positive, inf, nan, as the kind; then the exponent of the highest bit and the bits
               after that bit, from the left, without zeros at the end. So 5, 5.0 and 2**1000 + 5 compare exactly.
               All bytes of a negative number are complemented. Keys of maps have their integers before the floats.
    atom       its name         binary     its bytes, and how many bits of the last; str before bytes that are equal
    tuple      its size, then the items      map    its size, the keys in their order, then the values in that order
    list       each item after the byte of a list, then the code of the tail: [] for proper lists
    pid, ref   node, creation, numbers: age, among those of one run
    other      the name of the type, and what orders its values: see runtime.keybytes_python

Names and bytes end with a 0; a 0 inside is written as 1 1 and a 1 as 1 2. `byte_ranges` turns ranges of a plan into
ranges of such bytes.
"""

from enum import Enum
from typing import Final, TypeAlias, cast

from matchspec.intervals import Cut, Point, Ranges
from matchspec.terms import MAX_TERM_DEPTH, ImproperList
from matchspec.values import Atom, Bitstring, Pid, Ref, Term, atom_name
from runtime.external_identities import Identity, pid_identity, ref_identity
from runtime.keybytes_python import (
    BY_VALUE,
    EXACT,
    INTEGERS_FIRST,
    NAN,
    atom_code,
    binary_code,
    escaped,
    float_code,
    int_code,
    natural_code,
    size_code,
    type_name,
)
from runtime.termjson import CodecError

_REF: Final = b"\x28"
_PID: Final = b"\x30"
_TUPLE: Final = b"\x38"
_MAP: Final = b"\x40"
_NIL: Final = b"\x48"
_LIST: Final = b"\x50"
_OTHER: Final = b"\x60"
_ABOVE: Final = b"\xff"

# The lowest bytes and whether they are inside, the highest and whether they are; None for no bound.
ByteSpan: TypeAlias = tuple[bytes | None, bool, bytes | None, bool]


def key_bytes(term: Term, ordered: bool) -> bytes:
    """The bytes of a key. O(size). Raises CodecError for what has none: functions, objects of unknown classes."""
    kind = type(term)
    mode = BY_VALUE if ordered else EXACT
    if kind is int:
        return int_code(cast(int, term), mode)
    if kind is str:
        return binary_code(cast(str, term).encode("utf-8", "surrogatepass"), b"\x08")
    parts: list[bytes] = []
    try:
        _write(term, parts, mode, 0)
    except RecursionError:
        raise CodecError("nested too deeply for what is left of Python's stack") from None
    return b"".join(parts)


def _write(term: Term, parts: list[bytes], mode: int, depth: int) -> None:
    kind = type(term)
    if kind is int:
        parts.append(int_code(cast(int, term), mode))
    elif kind is str:
        parts.append(binary_code(cast(str, term).encode("utf-8", "surrogatepass"), b"\x08"))
    elif kind is Atom or term is None or kind is bool:
        parts.append(atom_code(atom_name(term)))
    elif kind is float:
        parts.append(float_code(cast(float, term), mode))
    elif kind is bytes:
        parts.append(binary_code(cast(bytes, term), b"\x09"))
    elif depth > MAX_TERM_DEPTH:
        raise CodecError(f"nested deeper than {MAX_TERM_DEPTH} levels")
    elif kind is tuple:
        _write_tuple(cast("tuple[Term, ...]", term), parts, mode, depth)
    elif kind is list:
        _write_items(cast("list[Term]", term), parts, mode, depth)
        parts.append(_NIL)
    elif isinstance(term, ImproperList):
        _write_items(term.items, parts, mode, depth)
        _write(term.tail, parts, mode, depth + 1)
    elif kind is dict:
        _write_map(cast("dict[Term, Term]", term), parts, mode, depth)
    elif isinstance(term, (set, frozenset)):
        _write_set(term, parts, mode, depth)
    else:
        _write_rare(term, parts, mode, depth)


def _write_rare(term: Term, parts: list[bytes], mode: int, depth: int) -> None:
    """Subclasses count as what they are a kind of, an Enum aside."""
    if isinstance(term, Enum):
        parts.extend([_OTHER, escaped(type_name(term)), escaped(term.name)])
    elif isinstance(term, tuple):
        _write_tuple(term, parts, mode, depth)
    elif isinstance(term, list):
        _write_items(term, parts, mode, depth)
        parts.append(_NIL)
    elif isinstance(term, dict):
        _write_map(term, parts, mode, depth)
    elif isinstance(term, str):
        parts.append(binary_code(str.encode(term, "utf-8", "surrogatepass"), b"\x08"))
    elif isinstance(term, bytes):
        parts.append(binary_code(bytes(term), b"\x09"))
    elif isinstance(term, int):
        parts.append(int_code(int(term), mode))
    elif isinstance(term, float):
        parts.append(float_code(float(term), mode))
    elif isinstance(term, Bitstring):
        parts.append(binary_code(term.data, bytes([term.bits % 8])))
    elif isinstance(term, Pid):
        parts.append(_PID + _identity(pid_identity(term)))
    elif isinstance(term, Ref):
        parts.append(_REF + _identity(ref_identity(term)))
    else:
        parts.extend([_OTHER, natural_code(term)])


def _write_tuple(items: tuple[Term, ...], parts: list[bytes], mode: int, depth: int) -> None:
    parts.append(_TUPLE + size_code(len(items)))
    for item in items:
        _write(item, parts, mode, depth + 1)


def _write_items(items: "list[Term] | tuple[Term, ...]", parts: list[bytes], mode: int, depth: int) -> None:
    for item in items:
        parts.append(_LIST)
        _write(item, parts, mode, depth + 1)


def _write_map(mapping: dict[Term, Term], parts: list[bytes], mode: int, depth: int) -> None:
    pairs: list[tuple[bytes, bytes]] = []
    for key, value in mapping.items():
        of_key: list[bytes] = []
        of_value: list[bytes] = []
        _write(key, of_key, INTEGERS_FIRST, depth + 1)
        _write(value, of_value, mode, depth + 1)
        pairs.append((b"".join(of_key), b"".join(of_value)))
    pairs.sort()
    parts.append(_MAP + size_code(len(pairs)))
    parts.extend([pair[0] for pair in pairs])
    parts.extend([pair[1] for pair in pairs])


def _write_set(items: "set[Term] | frozenset[Term]", parts: list[bytes], mode: int, depth: int) -> None:
    codes: list[bytes] = []
    for item in items:
        of_item: list[bytes] = []
        _write(item, of_item, mode, depth + 1)
        codes.append(b"".join(of_item))
    codes.sort()
    parts.extend([_OTHER, escaped(type_name(items)), size_code(len(codes)), *codes])


def _identity(identity: Identity) -> bytes:
    """Node, creation, and the numbers with the highest first: of one run, the older comes first."""
    node, creation, words = identity
    numbers = b"".join([word.to_bytes(4, "big") for word in words[::-1]])
    return escaped(node) + creation.to_bytes(4, "big") + bytes([len(words)]) + numbers


# --- ranges -------------------------------------------------------------------------------------------------------


def byte_ranges(ranges: Ranges) -> list[ByteSpan]:
    """The bytes of the ordered keys that lie in ranges of order_keys: a superset, where bytes cannot say it exactly.

    O(size of the ranges).
    """
    return [(*_low(interval.low), *_high(interval.high)) for interval in ranges]


def _low(cut: Cut) -> tuple[bytes | None, bool]:
    point, after = cut
    code, whole = _point(point)
    return (code, not (after and whole)) if code else (None, False)


def _high(cut: Cut) -> tuple[bytes | None, bool]:
    point, after = cut
    code, whole = _point(point)
    if not whole:
        return code + _ABOVE, False
    return (None, False) if code == _ABOVE else (code, bool(after))


def _point(key: Point) -> tuple[bytes, bool]:
    """The code of an order_key, or of the beginning of one, and whether all of it could be said."""
    if not key:
        return b"", True
    kind = key[0]
    if len(key) == 1:
        known = _BEGINNINGS.get(kind)
        return (b"\x29", False) if known is None else (known, True)
    if kind in (0, -1):
        mode = INTEGERS_FIRST if kind == -1 else BY_VALUE
        number = key[1]
        return (float_code(number, mode) if isinstance(number, float) else int_code(number, mode)), True
    if kind == 1:
        return atom_code(key[1]), True
    if kind in (5, 6):
        return _points((_TUPLE if kind == 5 else _MAP) + size_code(key[1]), key[2:])
    if kind == 8:
        return _point_of_list(key[1:])
    if kind == 9:
        return _point_of_binary(key[1:])
    if kind == 10:
        return _point_of_other(key[1:])
    # The number of a pid or reference from another run says nothing; functions are no keys.
    return (_REF if kind == 2 else _PID if kind == 4 else b"\x29"), False


_BEGINNINGS: Final[dict[object, bytes]] = {
    1000: _ABOVE,
    0: b"\x10",
    0.5: NAN,
    1: b"\x20",
    7: _NIL,
    9: b"\x58",
    10: _OTHER,
}


def _points(code: bytes, items: tuple[Point, ...]) -> tuple[bytes, bool]:
    for item in items:
        more, whole = _point(item)
        code += more
        if not whole:
            return code, False
    return code, True


def _point_of_list(cells: tuple[Point, ...]) -> tuple[bytes, bool]:
    """Item, 8, item, 8, ..., and then the order_key of the tail, spread out."""
    code = _LIST
    at = 0
    while at < len(cells):
        more, whole = _point(cells[at])
        code += more
        if not whole:
            return code, False
        at += 1
        if at < len(cells):
            if cells[at] == 8:
                code += _LIST
                at += 1
            else:
                more, whole = _point(cells[at:])
                return code + more, whole
    return code, True


def _point_of_binary(rest: tuple[Point, ...]) -> tuple[bytes, bool]:
    count = len(rest)
    data: bytes = rest[0]
    if count == 1:
        return b"\x58" + escaped(data)[:-1], True
    bits: int = rest[1]
    flag: int = rest[2]
    return binary_code(data, bytes([bits % 8 or 8 + flag])), True


def _point_of_other(rest: tuple[Point, ...]) -> tuple[bytes, bool]:
    kind: str = rest[0]
    name = escaped(kind)
    count = len(rest)
    if count == 1:
        # Either the beginning of a kind, or a NaN among Decimals, whose kind says it all.
        return _OTHER + (name if kind.endswith(" nan") else name[:-1]), True
    place = rest[1]
    if isinstance(place, str):  # the member of an Enum
        return _OTHER + name + escaped(place), True
    if isinstance(place, int):  # the size of a set
        return _points(_OTHER + name + size_code(place), rest[2:])
    try:
        return _OTHER + natural_code(place.value), True
    except CodecError:
        return _OTHER + name, False
