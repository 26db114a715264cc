"""Terms as bytes in Erlang's external term format and back, exactly: what Erlang's `term_to_binary` speaks.

`encode` writes what `binary_to_term` of OTP 25 reads; `decode` reads what its `term_to_binary` writes, the compressed
form and that of older releases included. What Erlang has stands for itself. What it has not goes so:

    str, bytes      Both are binaries to Erlang. A str is a BINARY_EXT, bytes are a BIT_BINARY_EXT whose last byte has
                    all of its 8 bits, which Erlang reads but never writes. So both come back as they were, and a
                    binary that Erlang wrote is a str where its bytes are UTF-8, else bytes. A map with both "a" and
                    b"a" as keys comes back here, but Erlang refuses it, as to Erlang one key stands there twice.
    Pid, Ref        Of a node `matchspec@python` whose creation is drawn anew by every run. Read back by the run that
                    wrote it, it is the same object; a stranger's is the same object for as long as anybody keeps it.
    other values    {'$python', Kind, Content}: a str with lone surrogates; inf, -inf and nan; complex, date, datetime,
                    time, timedelta, Decimal, Fraction, UUID, set, frozenset (see runtime.external_python). A tuple of
                    the user's that looks like that is itself wrapped, and so comes back too.

NamedTuples are tuples, which a row type makes NamedTuples again; subclasses of the other types lose their class, which
has no part in `=:=`. What has no form (functions, ports, members of an Enum, objects of other classes) is refused.

Decoding makes these values and nothing else: hostile bytes raise CodecError, run no code, and take no more memory than
a fixed multiple of their length (of MAX_INFLATED bytes where they are compressed).
"""

import struct
import zlib
from enum import Enum
from typing import Final, cast, final

from matchspec.maps import make_map
from matchspec.terms import MAX_TERM_DEPTH, ImproperList, cons
from matchspec.values import Atom, Bitstring, Pid, Ref, Term, TermError, atom_name
from runtime.external_identities import pid_identity, pid_of, ref_identity, ref_of
from runtime.external_python import FormlessError, from_python, is_form, to_python
from runtime.termjson import CodecError

MAX_INFLATED: Final = 64 * 2**20  # bytes that compressed ones may come to; a bomb of 64 KiB holds as many
_VERSION: Final = b"\x83"
_MAX_SIZE: Final = 2**32 - 1  # every length and count is of 32 bits

_SMALL_INTEGERS: Final = [b"a" + bytes([number]) for number in range(256)]
_SMALL_TEXTS: Final = [b"m" + struct.pack(">I", size) for size in range(256)]
_SMALL_BYTES: Final = [b"M" + struct.pack(">IB", size, 8 if size else 0) for size in range(256)]
_SMALL_TUPLES: Final = [b"h" + bytes([size]) for size in range(256)]
_SMALL_ATOMS: Final = [b"w" + bytes([size]) for size in range(256)]
_NIL: Final = b"j"
_TAG: Final = b"w\x07$python"
_FORM: Final = _SMALL_TUPLES[3] + _TAG


def encode(term: Term) -> bytes:
    """The term in Erlang's external term format. O(size). Raises CodecError for a value that has no form."""
    parts: list[bytes] = [_VERSION]
    try:
        _write(term, parts, 0)
    except RecursionError:
        raise CodecError("nested too deeply for what is left of Python's stack") from None
    return b"".join(parts)


def decode(data: bytes, inflated: int = MAX_INFLATED) -> Term:
    """The term that these bytes are the external form of. O(size). Raises CodecError.

    `inflated` is the most bytes that a compressed term may come to.
    """
    if len(data) < 2 or data[0] != 0x83:
        raise CodecError("no external term: the first byte is not 131")
    body = _inflated(data, inflated) if data[1] == 80 else bytes(data)
    reader = _Reader(body)
    try:
        term = reader.read(0)
    except CodecError:
        raise
    except IndexError:
        raise CodecError("the bytes end inside a term") from None
    except RecursionError:
        raise CodecError("nested too deeply for what is left of Python's stack") from None
    except (TermError, UnicodeDecodeError) as error:
        raise CodecError(str(error)) from None
    if reader.at != len(body):
        raise CodecError(f"{len(body) - reader.at} bytes follow the term")
    return term


def _inflated(data: bytes, limit: int) -> bytes:
    """What is compressed, with the version before it. It says itself how long it is, and is held to that."""
    size = int.from_bytes(data[2:6], "big")
    if len(data) < 6 or size > limit:
        raise CodecError(f"compressed bytes that come to {size}, allowed are {limit}")
    unpacker = zlib.decompressobj()
    try:
        body = unpacker.decompress(data[6:], size + 1)
    except zlib.error as error:
        raise CodecError(f"compressed, and damaged: {error}") from None
    if len(body) != size or not unpacker.eof or unpacker.unused_data:
        raise CodecError("compressed bytes that are not as many as they say")
    return _VERSION + body


# --- writing ------------------------------------------------------------------------------------------------------


def _write(term: Term, parts: list[bytes], depth: int) -> None:
    kind = type(term)
    if kind is str:
        _write_text(cast(str, term), parts)
    elif kind is int:
        _write_int(cast(int, term), parts)
    elif kind is tuple:
        _write_tuple(cast("tuple[Term, ...]", term), parts, depth)
    elif kind is float:
        _write_float(cast(float, term), parts, depth)
    elif kind is Atom or term is None or kind is bool:
        _write_atom(term, parts)
    elif kind is bytes:
        _write_bytes(cast(bytes, term), parts)
    elif kind is list:
        _write_list(cast("list[Term]", term), parts, depth)
    elif kind is dict:
        _write_map(cast("dict[Term, Term]", term), parts, depth)
    elif isinstance(term, ImproperList):
        _write_items(term.items, parts, depth)
        _write(term.tail, parts, depth + 1)
    else:
        _write_rare(term, kind, parts, depth)


def _write_rare(term: Term, kind: type, parts: list[bytes], depth: int) -> None:
    """What is seldom part of a term; subclasses by what they are a kind of."""
    if isinstance(term, Enum):
        raise CodecError(f"a member of an Enum, {type(term).__name__}, cannot be written")
    if isinstance(term, dict):
        _write_map(term, parts, depth)
    elif isinstance(term, Bitstring):
        parts.append(b"M" + struct.pack(">IB", len(term.data), term.bits % 8) + term.data)
    elif isinstance(term, Pid):
        _write_pid(term, parts)
    elif isinstance(term, Ref):
        _write_ref(term, parts)
    elif isinstance(term, tuple):
        _write_tuple(term, parts, depth)
    elif isinstance(term, list):
        _write_list(term, parts, depth)
    elif isinstance(term, str):
        _write_text(str.__str__(term), parts)
    elif isinstance(term, bytes):
        _write_bytes(bytes(term), parts)
    elif isinstance(term, float):
        _write_float(float(term), parts, depth)
    elif isinstance(term, int):
        _write_int(int(term), parts)
    elif isinstance(term, (set, frozenset)) and (kind is set or kind is frozenset):
        _write_set(term, kind.__name__, parts, depth)
    else:
        _write_form(from_python(term), parts, depth)


def _size(count: int) -> bytes:
    if count > _MAX_SIZE:
        raise CodecError(f"a size of {count}: at most {_MAX_SIZE} can be written")
    return struct.pack(">I", count)


def _write_int(value: int, parts: list[bytes]) -> None:
    if 0 <= value <= 255:
        parts.append(_SMALL_INTEGERS[value])
    elif -0x80000000 <= value <= 0x7FFFFFFF:
        parts.append(b"b" + struct.pack(">i", value))
    else:
        magnitude = abs(value)
        size = (magnitude.bit_length() + 7) // 8
        head = b"n" + bytes([size]) if size < 256 else b"o" + _size(size)
        parts.append(head + (b"\x01" if value < 0 else b"\x00") + magnitude.to_bytes(size, "little"))


def _write_float(value: float, parts: list[bytes], depth: int) -> None:
    if value - value == 0.0:
        parts.append(b"F" + struct.pack(">d", value))
    else:  # Erlang has no such floats
        _write_form(from_python(value), parts, depth)


def _write_text(value: str, parts: list[bytes]) -> None:
    try:
        data = value.encode("utf-8")
    except UnicodeEncodeError:  # lone surrogates
        _write_form(from_python(value), parts, 0)
        return
    size = len(data)
    parts.append(_SMALL_TEXTS[size] if size < 256 else b"m" + _size(size))
    parts.append(data)


def _write_bytes(data: bytes, parts: list[bytes]) -> None:
    size = len(data)
    parts.append(_SMALL_BYTES[size] if size < 256 else b"M" + _size(size) + b"\x08")
    parts.append(data)


def _write_atom(atom: Term, parts: list[bytes]) -> None:
    try:
        data = atom_name(atom).encode("utf-8")
    except UnicodeEncodeError:
        raise CodecError(f"the atom {atom!r} has a lone surrogate, which Erlang's cannot have") from None
    size = len(data)
    parts.append(_SMALL_ATOMS[size] if size < 256 else b"v" + struct.pack(">H", size))
    parts.append(data)


def _deeper(depth: int) -> int:
    if depth > MAX_TERM_DEPTH:
        raise CodecError(f"nested deeper than {MAX_TERM_DEPTH} levels")
    return depth + 1


def _write_tuple(items: tuple[Term, ...], parts: list[bytes], depth: int) -> None:
    if is_form(items):
        _write_form(from_python(items), parts, depth)
        return
    inner = _deeper(depth)
    size = len(items)
    parts.append(_SMALL_TUPLES[size] if size < 256 else b"i" + _size(size))
    for item in items:
        _write(item, parts, inner)


def _write_form(form: tuple[Term, Term, Term], parts: list[bytes], depth: int) -> None:
    """A form is no level of its own: whatever may be a term can be written."""
    parts.append(_FORM)
    _write_atom(form[1], parts)
    _write(form[2], parts, depth)


def _write_set(items: "set[Term] | frozenset[Term]", kind: str, parts: list[bytes], depth: int) -> None:
    """The items in the order of their bytes, so that equal sets have equal ones."""
    inner = _deeper(depth)
    written: list[bytes] = []
    for item in items:
        own: list[bytes] = []
        _write(item, own, inner)
        written.append(b"".join(own))
    written.sort()
    parts.append(_FORM)
    _write_atom(Atom(kind), parts)
    if written:
        parts.extend([b"l" + _size(len(written)), *written])
    parts.append(_NIL)


def _write_list(items: list[Term], parts: list[bytes], depth: int) -> None:
    if items:
        _write_items(items, parts, depth)
    parts.append(_NIL)


def _write_items(items: "list[Term] | tuple[Term, ...]", parts: list[bytes], depth: int) -> None:
    """The items of a list, at least one; its tail is to follow."""
    inner = _deeper(depth)
    parts.append(b"l" + _size(len(items)))
    for item in items:
        _write(item, parts, inner)


def _write_map(mapping: dict[Term, Term], parts: list[bytes], depth: int) -> None:
    inner = _deeper(depth)
    parts.append(b"t" + _size(len(mapping)))
    for key, value in mapping.items():
        _write(key, parts, inner)
        _write(value, parts, inner)


def _write_pid(pid: Pid, parts: list[bytes]) -> None:
    node, creation, words = pid_identity(pid)
    parts.append(b"X")
    _write_atom(Atom(node), parts)
    parts.append(struct.pack(">III", words[0], words[1], creation))


def _write_ref(ref: Ref, parts: list[bytes]) -> None:
    node, creation, words = ref_identity(ref)
    parts.append(b"Z" + struct.pack(">H", len(words)))
    _write_atom(Atom(node), parts)
    parts.append(struct.pack(f">{len(words) + 1}I", creation, *words))


# --- reading ------------------------------------------------------------------------------------------------------

_REFUSED: Final = {
    ord("f"): "a port",
    ord("Y"): "a port",
    ord("x"): "a port",
    ord("p"): "a function",
    ord("q"): "a function",
    ord("u"): "a function",
    ord("R"): "an atom of a distribution cache",
}


@final
class _Reader:
    """Reads one term. `at` is the next byte to read; past the end, indexing raises IndexError."""

    def __init__(self, data: bytes) -> None:
        self.data: Final = data
        self.at: int = 1
        self.forms: int = 0  # how many of them are being read, one inside another

    def read(self, depth: int) -> Term:
        data = self.data
        tag = data[self.at]
        self.at += 1
        if tag == 109:  # BINARY_EXT
            return self.text()
        if tag == 97:  # SMALL_INTEGER_EXT
            self.at += 1
            return data[self.at - 1]
        if tag == 104:  # SMALL_TUPLE_EXT
            self.at += 1
            return self.read_tuple(data[self.at - 1], depth)
        if tag in (119, 115):  # SMALL_ATOM_UTF8_EXT, SMALL_ATOM_EXT
            self.at += 1
            return self.atom(data[self.at - 1], tag == 119)
        if tag == 98:  # INTEGER_EXT
            number = self.unsigned()
            return number - 0x100000000 if number > 0x7FFFFFFF else number
        if tag == 70:  # NEW_FLOAT_EXT
            (value,) = struct.unpack(">d", self.take(8))
            return self.finite(value)
        if tag == 106:  # NIL_EXT
            return []
        if tag == 108:  # LIST_EXT
            return self.read_list(depth)
        if tag == 116:  # MAP_EXT
            return self.read_map(depth)
        return self.rare(tag, depth)

    def rare(self, tag: int, depth: int) -> Term:
        if tag == 77:  # BIT_BINARY_EXT
            return self.bits()
        if tag in (100, 118):  # ATOM_EXT, ATOM_UTF8_EXT
            return self.atom(self.short(), tag == 118)
        if tag == 110:  # SMALL_BIG_EXT
            self.at += 1
            return self.big(self.data[self.at - 1])
        if tag == 111:  # LARGE_BIG_EXT
            return self.big(self.unsigned())
        if tag == 105:  # LARGE_TUPLE_EXT
            return self.read_tuple(self.unsigned(), depth)
        if tag == 107:  # STRING_EXT: a list of bytes
            return list(self.take(self.short()))
        if tag == 99:  # FLOAT_EXT: 31 characters, filled up with zeros
            return self.old_float()
        if tag in (88, 103):  # NEW_PID_EXT, PID_EXT
            return self.pid(tag == 88)
        if tag in (90, 114, 101):  # NEWER_REFERENCE_EXT, NEW_REFERENCE_EXT, REFERENCE_EXT
            return self.ref(tag)
        if tag in _REFUSED:
            raise FormlessError(f"{_REFUSED[tag]} has no form in Python")
        raise CodecError(f"a term of the unknown tag {tag}")

    def take(self, size: int) -> bytes:
        start = self.at
        end = start + size
        if end > len(self.data):
            raise IndexError
        self.at = end
        return self.data[start:end]

    def short(self) -> int:
        data, at = self.data, self.at
        self.at = at + 2
        return data[at] << 8 | data[at + 1]

    def unsigned(self) -> int:
        data, at = self.data, self.at
        self.at = at + 4
        return data[at] << 24 | data[at + 1] << 16 | data[at + 2] << 8 | data[at + 3]

    def count(self, count: int) -> int:
        """As many terms need as many bytes at least: what promises more is not believed."""
        if count > len(self.data) - self.at:
            raise IndexError
        return count

    def text(self) -> Term:
        data = self.take(self.unsigned())
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            return data

    def bits(self) -> Term:
        size = self.unsigned()
        last = self.data[self.at]
        self.at += 1
        data = self.take(size)
        if last == 8 or size == 0:
            if (last == 8) != (size > 0) or last not in (0, 8):
                raise CodecError(f"a bitstring whose last of {size} bytes has {last} bits")
            return data
        if not 0 < last < 8:
            raise CodecError(f"a bitstring whose last of {size} bytes has {last} bits")
        # The bits after the last one mean nothing.
        return Bitstring(data[:-1] + bytes([data[-1] & (0xFF00 >> last) & 0xFF]), 8 * size - 8 + last)

    def atom(self, size: int, utf8: bool) -> Term:
        return Atom(self.take(size).decode("utf-8" if utf8 else "latin-1"))

    def big(self, size: int) -> Term:
        negative = self.data[self.at]
        self.at += 1
        number = int.from_bytes(self.take(size), "little")
        return -number if negative else number

    def finite(self, value: float) -> Term:
        if value - value != 0.0:
            raise CodecError("a float that is no number, which Erlang does not have")
        return value

    def old_float(self) -> Term:
        text = self.take(31).rstrip(b"\0").decode("ascii", "replace").strip()
        try:
            value = float(text)
        except ValueError:
            raise CodecError(f"{text!r} is no float") from None
        return self.finite(value)

    def read_tuple(self, count: int, depth: int) -> Term:
        form = count == 3 and self.data.startswith(_TAG, self.at)
        inner = depth if form else _deeper(depth)
        if form:
            # A form is no level of its own, but between two of them there is one.
            self.forms = _deeper(self.forms)
        items: list[Term] = []
        for _ in range(self.count(count)):
            items.append(self.read(inner))
        if form:
            self.forms -= 1
        made = tuple(items)
        return to_python(made) if is_form(made) else made

    def read_list(self, depth: int) -> Term:
        inner = _deeper(depth)
        items: list[Term] = []
        for _ in range(self.count(self.unsigned())):
            items.append(self.read(inner))
        if self.data[self.at] == 106:
            self.at += 1
            return items
        return cons(items, self.read(inner))

    def read_map(self, depth: int) -> Term:
        inner = _deeper(depth)
        count = self.count(self.unsigned())
        pairs: list[tuple[Term, Term]] = []
        plain = True
        for _ in range(count):
            key = self.read(inner)
            plain = plain and (type(key) is str or type(key) is Atom)
            pairs.append((key, self.read(inner)))
        result = dict(pairs) if plain else make_map(pairs)
        if len(result) != count:
            raise CodecError("a map that has a key twice")
        return result

    def node(self) -> str:
        node = self.read(0)
        if not (isinstance(node, (Atom, bool)) or node is None):
            raise CodecError("a node whose name is no atom")
        return atom_name(node)

    def pid(self, new: bool) -> Term:
        node = self.node()
        words = (self.unsigned(), self.unsigned())
        return pid_of(node, self.creation(new), words)

    def creation(self, new: bool) -> int:
        return self.unsigned() if new else self.take(1)[0]

    def ref(self, tag: int) -> Term:
        if tag == 101:
            node, word = self.node(), self.unsigned()
            return ref_of(node, self.creation(False), (word,))
        count = self.short()
        if not 1 <= count <= 5:
            raise CodecError(f"a reference of {count} words")
        node, creation = self.node(), self.creation(tag == 90)
        return ref_of(node, creation, tuple([self.unsigned() for _ in range(count)]))
