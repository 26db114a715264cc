"""Values that Erlang does not have, as the tuples `{'$python', Kind, Content}` that stand for them in external terms.

    float      <<"inf">>, <<"-inf">> or <<"nan">>       complex     {Real, Imaginary}, both as text, exactly
    str        its bytes, with lone surrogates as if they were characters
    date       {Year, Month, Day}                       timedelta   {Days, Seconds, Microseconds}
    time       {Hour, Minute, Second, Microsecond, Fold, Zone}
    datetime   {Year, Month, Day, Hour, Minute, Second, Microsecond, Fold, Zone}
    decimal    its text                                 fraction    {Numerator, Denominator}
    uuid       its 16 bytes                             set, frozenset   the items, in the order of their bytes
    tuple      the items of a tuple that would be taken for one of these, as a list

A Zone is nil, {Days, Seconds, Microseconds} east of UTC, or the name of a zoneinfo.ZoneInfo. A zone of another class is
written as the distance from UTC that it gives for just this time.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal, DecimalException
from fractions import Fraction
from typing import Any, Final, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from matchspec.maps import frozen
from matchspec.values import Atom, Term
from runtime.termjson import CodecError

Content: TypeAlias = Any  # of a form: what its kind says
Tuple: TypeAlias = tuple[Term, ...]
Form: TypeAlias = tuple[Term, Term, Term]

TAG: Final = Atom("$python")
MAX_FRACTION: Final = 2**20  # bits of a numerator or denominator: a greatest common divisor takes quadratic time


class FormlessError(CodecError):
    """Bytes of a term that Python has no form for: a function, a port."""


def is_form(items: Tuple) -> bool:
    """Whether a tuple is one of these forms, or would be taken for one."""
    size = len(items)
    return size == 3 and items[0] is TAG


def from_python(value: Term) -> Form:
    """The form of a value that Erlang does not have. Raises CodecError where there is none."""
    kind = type(value)
    match value:
        case tuple():
            return _form("tuple", list(value))
        case str():
            return _form("str", value.encode("utf-8", "surrogatepass"))
        case float():
            return _form("float", repr(value))
        case complex() if kind is complex:
            return _form("complex", (repr(value.real), repr(value.imag)))
        case Decimal() if kind is Decimal:
            return _form("decimal", str(value))
        case Fraction() if kind is Fraction:
            return _form("fraction", _small(value.numerator, value.denominator))
        case UUID() if kind is UUID:
            return _form("uuid", value.bytes)
    return _from_calendar(value, kind)


def _from_calendar(value: Term, kind: type) -> Form:
    match value:
        case datetime() if kind is datetime:
            day, clock = (value.year, value.month, value.day), (value.hour, value.minute, value.second)
            zone = _zone(value.tzinfo, value.utcoffset())
            return _form("datetime", (*day, *clock, value.microsecond, value.fold, zone))
        case date() if kind is date:
            return _form("date", (value.year, value.month, value.day))
        case time() if kind is time:
            zone = _zone(value.tzinfo, value.utcoffset())
            return _form("time", (value.hour, value.minute, value.second, value.microsecond, value.fold, zone))
        case timedelta() if kind is timedelta:
            return _form("timedelta", _parts(value))
    raise CodecError(f"a value of type {kind.__name__} cannot be written")


def _form(kind: str, content: Content) -> Form:
    return (TAG, Atom(kind), content)


def _small(numerator: int, denominator: int) -> Tuple:
    if max(numerator.bit_length(), denominator.bit_length()) > MAX_FRACTION:
        raise CodecError(f"a Fraction of more than {MAX_FRACTION} bits")
    return (numerator, denominator)


def _parts(distance: timedelta) -> Tuple:
    return (distance.days, distance.seconds, distance.microseconds)


def _zone(zone: tzinfo | None, distance: timedelta | None) -> Term:
    if zone is None:
        return None
    if type(zone) is ZoneInfo and zone.key is not None:
        return str(zone.key)
    if distance is None:
        raise CodecError("a time in a zone that has no distance from UTC for it cannot be written")
    return _parts(distance)


# --- and back -----------------------------------------------------------------------------------------------------


def to_python(items: Tuple) -> Term:
    """The value that a form stands for. Raises CodecError for what is none."""
    name, content = items[1], items[2]
    read = _READERS.get(name.name) if isinstance(name, Atom) else None
    if read is None or not isinstance(name, Atom):
        raise CodecError(f"a tuple that begins with {TAG!r}, of the unknown kind {name!r}")
    try:
        return read(content)
    except CodecError:
        raise
    # Content of other types than were written, or out of their range.
    except (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, DecimalException, OSError) as error:
        raise CodecError(f"a {name.name} that is none: {error}") from None


def _text(content: Content) -> str:
    if type(content) is not str:
        raise CodecError("no text where it should be")
    return str(content)


def _numbers(content: Content, count: int) -> tuple[int, ...]:
    """Integers, and as many as they should be."""
    if type(content) is not tuple or len(content) != count:
        raise CodecError(f"no {count} numbers where they should be")
    for number in content:
        if type(number) is not int:
            raise CodecError("no integer where one should be")
    return tuple(content)


def _items(content: Content) -> list[Term]:
    if type(content) is not list:
        raise CodecError("no list where one should be")
    return list(content)


def _bytes(content: Content) -> bytes:
    """Bytes; Erlang, when it writes a form again, does not tell those that are UTF-8 from a str."""
    if type(content) is str:
        return str(content).encode()
    if type(content) is not bytes:
        raise CodecError("no bytes where they should be")
    return bytes(content)


def _read_str(content: Content) -> Term:
    return _bytes(content).decode("utf-8", "surrogatepass")


def _read_float(content: Content) -> Term:
    text = _text(content)
    if text not in ("inf", "-inf", "nan"):
        raise CodecError("a float that Erlang has, or none")
    return float(text)


def _read_complex(content: Content) -> Term:
    real, imaginary = content
    return complex(float(_text(real)), float(_text(imaginary)))


def _read_tuple(content: Content) -> Term:
    items = tuple(_items(content))
    if not is_form(items):
        raise CodecError("a tuple that needs no such form")
    return items


def _read_date(content: Content) -> Term:
    return date(*_numbers(content, 3))


def _read_datetime(content: Content) -> Term:
    year, month, day, *clock = _numbers(content[:8], 8)
    hour, minute, second, microsecond, fold = clock
    (zone,) = content[8:]
    return datetime(year, month, day, hour, minute, second, microsecond, _read_zone(zone), fold=fold)


def _read_time(content: Content) -> Term:
    hour, minute, second, microsecond, fold = _numbers(content[:5], 5)
    (zone,) = content[5:]
    return time(hour, minute, second, microsecond, _read_zone(zone), fold=fold)


def _read_zone(content: Content) -> tzinfo | None:
    if content is None:
        return None
    if isinstance(content, str):
        return ZoneInfo(content)  # it looks in its own folders only
    return timezone(_read_timedelta(content))


def _read_timedelta(content: Content) -> timedelta:
    days, seconds, microseconds = _numbers(content, 3)
    return timedelta(days, seconds, microseconds)


def _read_decimal(content: Content) -> Term:
    return Decimal(_text(content))


def _read_fraction(content: Content) -> Term:
    numerator, denominator = _numbers(content, 2)
    _small(numerator, denominator)
    return Fraction(numerator, denominator)


def _read_uuid(content: Content) -> Term:
    return UUID(bytes=_bytes(content))


def _read_set(content: Content) -> Term:
    return {frozen(item) for item in _items(content)}


def _read_frozenset(content: Content) -> Term:
    return frozenset([frozen(item) for item in _items(content)])


_READERS: Final[dict[str, Callable[[Content], Term]]] = {
    "str": _read_str,
    "float": _read_float,
    "complex": _read_complex,
    "tuple": _read_tuple,
    "date": _read_date,
    "datetime": _read_datetime,
    "time": _read_time,
    "timedelta": _read_timedelta,
    "decimal": _read_decimal,
    "fraction": _read_fraction,
    "uuid": _read_uuid,
    "set": _read_set,
    "frozenset": _read_frozenset,
}
