"""One line of JSON as an object, more strictly than Python's own decoder reads it.

`runtime.files` calls this for each line of a file and adds the place to the error. Values become terms: null is None,
objects are dicts with str keys, arrays lists. What no table could hold again is refused: keys that repeat, numbers that
are infinite or no numbers, halves of characters, values nested too deeply.
"""

import json
from math import isfinite
from typing import Final, TypeAlias

from matchspec.values import Term

Object: TypeAlias = dict[str, Term]

MAX_DEPTH: Final = 200  # less than the depth to which terms may be nested, so that every value is a term


class JsonError(ValueError):
    """A line that is no JSON object."""


def decode_object(text: str) -> Object:
    """The object that the text holds. Raises JsonError. O(characters)."""
    try:
        value: Term = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise JsonError(f"no JSON: {error.msg} at column {error.colno}") from error
    except RecursionError as error:
        raise JsonError(f"values are nested deeper than {MAX_DEPTH}") from error
    except JsonError:
        raise
    except ValueError as error:
        # Python's own limit on the digits of an integer.
        raise JsonError(f"a number is too large: {error}") from error
    if not isinstance(value, dict):
        kind = {list: "an array", str: "a string", type(None): "null"}.get(type(value), "no object")
        raise JsonError(f"{kind} where an object is needed: JSON lines hold one object a line")
    if "\\ud" in text.lower():
        _check_unicode(value)
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise JsonError(f"values are nested deeper than {MAX_DEPTH}")
    return value


def _object(pairs: list[tuple[str, Term]]) -> Object:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise JsonError(f"the key {twice!r} stands twice in one object")
    return found


def _float(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise JsonError(f"{text} is too large for a float")
    return number


def _constant(text: str) -> float:
    raise JsonError(f"{text} is no JSON")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_object, parse_float=_float, parse_constant=_constant)


def _check_unicode(value: Term) -> None:
    """Half a surrogate pair is no character: no text file could hold it again."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise JsonError("an escape \\ud... is only half of a character") from error


def _depth(value: Term) -> int:
    """How deep lists and objects are nested in each other, found level by level."""
    depth = 0
    level: list[Term] = [value]
    while level:
        depth += 1
        inner: list[Term] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(child for child in item.values() if isinstance(child, (dict, list)))
            elif isinstance(item, list):
                inner.extend(child for child in item if isinstance(child, (dict, list)))
        level = inner
    return depth
