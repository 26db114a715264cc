"""Terms as JSON values and back, exactly: what table files are made of.

JSON's own values stand for themselves: numbers, strings, true, false, null (the atoms true, false and nil) and arrays
(lists). Everything else is an object of one member, whose name says what it is:

    {"t": [...]} tuple    {"m": [[key, value], ...]} map    {"a": "ok"} atom    {"b": "6869"} bytes, in hex
    {"l": [[items], tail]} improper list    {"bits": ["20", 3]} bitstring    {"f": "nan"} inf, -inf, nan
    {"i": "-0x1f"} an int of more than 4,000 digits    {"set": [...]} {"frozenset": [...]}
    {"date": "2020-07-10"} {"datetime": ...} {"time": ...} in ISO 8601    {"timedelta": [days, seconds, microseconds]}
    {"decimal": "1.50"} {"fraction": "1/3"} {"uuid": "..."}

Decoding makes these values and nothing else: a hostile file can run no code. What has no form here (functions, pids,
Enum members, objects of other classes) cannot be written.
"""

import json
import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Final, TypeAlias
from uuid import UUID

from matchspec.terms import MAX_TERM_DEPTH, ImproperList
from matchspec.values import Atom, Bitstring, Term

Json: TypeAlias = Any  # what json.loads gives

_DIGITS: Final = 4000  # Python's own limit for reading decimal integers is 4,300
_LARGE: Final = 10**_DIGITS


class CodecError(ValueError):
    """A term that has no form here, or JSON that stands for no term."""


def dumps(term: Term) -> str:
    """The term as one line of JSON. O(size). Raises CodecError."""
    return json.dumps(_encode(term, 0), ensure_ascii=True, separators=(",", ":"), allow_nan=False)


def loads(line: str) -> Term:
    """The term that a line of JSON stands for. O(size). Raises CodecError."""
    try:
        value: Json = json.loads(line, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise CodecError(f"no JSON: {error}") from None
    return _decode(value, 0)


def _no_constant(name: str) -> Term:
    raise CodecError(f"{name} is no JSON")


def _encode(term: Term, depth: int) -> Json:
    kind = type(term)
    if kind is str or kind is bool or term is None:
        return term
    if kind is int:
        return _encode_int(term)
    if depth > MAX_TERM_DEPTH:
        raise CodecError(f"nested deeper than {MAX_TERM_DEPTH} levels")
    if isinstance(term, tuple):  # a NamedTuple too: the row type makes it one again
        return {"t": [_encode(item, depth + 1) for item in term]}
    if kind is float:
        return _encode_float(term)
    if kind is list and isinstance(term, list):
        return [_encode(item, depth + 1) for item in term]
    if kind is dict and isinstance(term, dict):
        return {"m": [[_encode(key, depth + 1), _encode(value, depth + 1)] for key, value in term.items()]}
    if isinstance(term, ImproperList):
        return {"l": [[_encode(item, depth + 1) for item in term.items], _encode(term.tail, depth + 1)]}
    if (kind is set or kind is frozenset) and isinstance(term, (set, frozenset)):
        name = "set" if kind is set else "frozenset"
        return {name: sorted([_encode(item, depth + 1) for item in term], key=repr)}
    return _encode_scalar(term, kind)


def _encode_int(term: Json) -> Json:
    return term if -_LARGE < term < _LARGE else {"i": hex(term)}


def _encode_float(term: Json) -> Json:
    return term if math.isfinite(term) else {"f": str(term)}


def _encode_scalar(term: Term, kind: type) -> Json:
    match term:
        case Atom(name):
            return {"a": name}
        case bytes() if kind is bytes:
            return {"b": term.hex()}
        case Bitstring():
            return {"bits": [term.data.hex(), term.bits]}
        case datetime() if kind is datetime:
            return {"datetime": term.isoformat()}
        case date() if kind is date:
            return {"date": term.isoformat()}
        case time() if kind is time:
            return {"time": term.isoformat()}
        case timedelta() if kind is timedelta:
            return {"timedelta": [term.days, term.seconds, term.microseconds]}
        case Decimal() if kind is Decimal:
            return {"decimal": str(term)}
        case Fraction() if kind is Fraction:
            return {"fraction": str(term)}
        case UUID() if kind is UUID:
            return {"uuid": str(term)}
        case _:
            raise CodecError(f"a value of type {kind.__name__} cannot be written to a file")


def _decode(value: Json, depth: int) -> Term:
    """Containers are decoded here, at two frames a level, so that the deepest term fits into Python's stack."""
    if depth > MAX_TERM_DEPTH + 1:
        raise CodecError(f"nested deeper than {MAX_TERM_DEPTH} levels")
    if isinstance(value, list):
        return [_decode(item, depth + 1) for item in value]
    if not isinstance(value, dict):
        plain: Term = value
        return plain
    if len(value) != 1:
        raise CodecError(f"an object of {len(value)} members")
    ((name, content),) = value.items()
    try:
        match name:
            case "t":
                return tuple([_decode(item, depth + 1) for item in _array(content)])
            case "m":
                return {_decode(key, depth + 1): _decode(item, depth + 1) for key, item in _array(content)}
            case "l":
                items, tail = _array(content)
                return ImproperList([_decode(item, depth + 1) for item in _array(items)], _decode(tail, depth + 1))
            case "set":
                return {_decode(item, depth + 1) for item in _array(content)}
            case "frozenset":
                return frozenset([_decode(item, depth + 1) for item in _array(content)])
            case _:
                return _decode_scalar(name, content)
    except CodecError:
        raise
    except (TypeError, ValueError, InvalidOperation, OverflowError, ZeroDivisionError) as error:
        raise CodecError(f"{name}: {error}") from None


def _array(content: Json) -> list[Json]:
    if isinstance(content, list):
        return content
    raise CodecError("no array where one should be")


def _decode_scalar(name: str, content: Json) -> Term:
    if name == "timedelta":
        days, seconds, microseconds = content
        return timedelta(days, seconds, microseconds)
    if name == "bits":
        data, bits = content
        return Bitstring(bytes.fromhex(data), bits)
    if not isinstance(content, str):
        raise CodecError(f"the content of {name!r} is no string")
    return _decode_text(name, content)


def _decode_text(name: str, text: str) -> Term:
    match name:
        case "a":
            return Atom(text)
        case "b":
            return bytes.fromhex(text)
        case "i":
            return int(text, 16)
        case "f":
            return float(text)
        case "date":
            return date.fromisoformat(text)
        case "datetime":
            return datetime.fromisoformat(text)
        case "time":
            return time.fromisoformat(text)
        case "decimal":
            return Decimal(text)
        case "fraction":
            return Fraction(text)
        case "uuid":
            return UUID(text)
        case _:
            raise CodecError(f"an object of the unknown kind {name!r}")
