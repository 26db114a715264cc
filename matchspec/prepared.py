"""Queries that were made before: a lambda that is met again, or a text, gives the same MatchSpec again.

A lambda stands for the same query as long as the names that it takes from outside have the same values, exactly: 1, 1.0
and True are three values. So each query is kept together with what its names stood for, and is used again where they
still do. What could change unseen is not kept: a name that stands for a list, or an attribute that was read. All of it
is bounded, and a query that is pushed out is made anew.
"""

from threading import Lock
from types import CodeType, FunctionType
from typing import Any, Final, TypeAlias, final

from grammar.limits import LIMITS
from matchspec.capture import ALL_BUILTINS, UNKNOWN, Scope, is_mangled
from matchspec.ownership import is_immutable
from matchspec.spec import MatchSpec, RowType, Sentinel
from matchspec.values import TermError

AnySpec: TypeAlias = MatchSpec[Any, Any]
PyObject: TypeAlias = object
TextKey: TypeAlias = tuple[str, Any, bool, int, int, int]

MAX_QUERIES: Final = 512  # lambdas, and texts, that are remembered
MAX_VALUES: Final = 4  # of one lambda, for different values of its names and different row types
MAX_TEXT: Final = 4096  # characters; longer texts are not kept

_DEFAULT, _CELL, _GLOBAL, _BUILTIN = range(4)  # where the value of a name is found


@final
class _Capture:
    """A name from outside: where its value is found, and what it was."""

    __slots__ = ("home", "index", "name", "value")

    def __init__(self, name: str, home: int, index: int, value: PyObject) -> None:
        self.name: Final = name
        self.home: Final = home
        self.index: Final = index
        self.value: Final = value

    def holds(self, function: FunctionType) -> bool:
        """Whether the name still has this value."""
        if self.home == _CELL:
            cells = function.__closure__
            return cells is not None and _same(self.value, cells[self.index].cell_contents)
        if self.home == _DEFAULT:
            defaults = function.__defaults__
            return defaults is not None and _same(self.value, defaults[self.index])
        found = function.__globals__.get(self.name, UNKNOWN)
        if self.home == _BUILTIN:
            return found is UNKNOWN and ALL_BUILTINS.get(self.name, UNKNOWN) is self.value
        return _same(self.value, found)


def _same(old: PyObject, new: PyObject) -> bool:
    if old is new:
        return True
    kind = type(old)
    if kind is not type(new):
        return False
    if kind is int or kind is str or kind is bytes:
        return old == new
    return kind is float and repr(old) == repr(new)  # 0.0 and -0.0 are equal, and not the same


@final
class _Prepared:
    """A query with what it was made from."""

    __slots__ = ("captures", "code", "defaults", "row", "spec")

    def __init__(self, function: FunctionType, row: RowType, captures: list[_Capture], spec: AnySpec) -> None:
        self.code: Final[CodeType] = function.__code__
        self.defaults: Final = len(function.__defaults__ or ())
        self.row: Final[RowType] = row
        self.captures: Final = captures
        self.spec: Final = spec

    def fits(self, function: FunctionType, row: RowType) -> bool:
        if row is not self.row or len(function.__defaults__ or ()) != self.defaults:
            return False
        for capture in self.captures:
            if not capture.holds(function):
                return False
        return True


# By the identity of the code, which stays the same for a lambda that is evaluated again; an entry keeps it alive.
_functions: Final[dict[int, list[_Prepared]]] = {}
_texts: Final[dict[TextKey, list[tuple[RowType, AnySpec]]]] = {}
_lock: Final = Lock()


def known_function(function: FunctionType, row: RowType) -> AnySpec | None:
    """The query that a function with these captured values was before, or None."""
    for prepared in _functions.get(id(function.__code__), ()):
        try:
            if prepared.fits(function, row):
                return prepared.spec
        except ValueError:  # a variable of the surrounding function that has no value now
            continue
    return None


def remember_function(function: FunctionType, row: RowType, scope: Scope, spec: AnySpec) -> None:
    """Keeps a query that was made of a function, unless something it depends on could change unseen."""
    if scope.attributes_asked:
        return
    captures: list[_Capture] = []
    for name, value in scope.asked.items():
        capture = _capture(function, name, value)
        if capture is None:
            return
        captures.append(capture)
    prepared = _Prepared(function, row, captures, spec)
    with _lock:
        _keep(_functions, id(function.__code__), [prepared, *_functions.get(id(function.__code__), [])])


def _capture(function: FunctionType, name: str, value: PyObject) -> _Capture | None:
    code = function.__code__
    parameters = code.co_varnames[: code.co_argcount]
    defaults = function.__defaults__ or ()
    first = len(parameters) - len(defaults)
    if not _is_settled(value) or any([is_mangled(other) for other in (*code.co_freevars, *code.co_names)]):
        return None
    if name in parameters[first:]:
        return _Capture(name, _DEFAULT, parameters.index(name) - first, value)
    if name in code.co_freevars:
        return _Capture(name, _CELL, code.co_freevars.index(name), value)
    return _Capture(name, _GLOBAL if name in function.__globals__ else _BUILTIN, 0, value)


def _is_settled(value: PyObject) -> bool:
    """Whether the same object will always be the same value."""
    if value is UNKNOWN:
        return False
    try:
        return isinstance(value, (type, Sentinel)) or is_immutable(value)
    except TermError:
        return False


def text_key(text: str, syntax: Any, strict: Any) -> TextKey | None:
    """What a query made of a text without names from outside depends on, its row type aside; None if it is not kept."""
    if type(text) is not str or len(text) > MAX_TEXT or type(syntax) is not str:
        return None
    return text, syntax, bool(strict), LIMITS.max_text, LIMITS.max_depth, LIMITS.max_digits


def known_text(key: TextKey, row: RowType) -> AnySpec | None:
    """The query that a text was before, or None."""
    for known_row, spec in _texts.get(key, ()):
        if known_row is row:
            return spec
    return None


def remember_text(key: TextKey, row: RowType, spec: AnySpec) -> None:
    with _lock:
        _keep(_texts, key, [(row, spec), *_texts.get(key, [])])


def _keep(known: dict[Any, Any], key: Any, entries: list[Any]) -> None:
    """Puts in entries, the newest first, as many as there may be. The list in the dict is replaced, never changed."""
    if key not in known and len(known) >= MAX_QUERIES:
        del known[next(iter(known))]
    known[key] = entries[:MAX_VALUES]
