"""The names that a lambda or match function uses from outside: what they stand for at the moment of the call.

A `Scope` looks names up as Python would: among the defaults of its parameters, in the function's closure, its module's
globals, the builtins. For a query given as text there is no such surrounding, so only `env` and a few builtins count,
and attributes of what `env` holds are out of bounds: a text never reaches further than what it was given.
"""

import builtins
import re
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Final, TypeAlias, final

from matchspec.literals import VALUE_CLASSES, Env
from matchspec.spec import SKIP
from matchspec.terms import ImproperList
from matchspec.values import ANY, BINDINGS, ROW, Atom, Bitstring, Term, V, const

PyObject: TypeAlias = object


@final
class _Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()
ALL_BUILTINS: Final[Mapping[str, PyObject]] = vars(builtins)

# The builtins that have a meaning in a query; nothing else is to be had from text.
_BUILTINS: Final[dict[str, PyObject]] = {
    builtin.__name__: builtin
    for builtin in (
        *(abs, bool, bytes, dict, float, frozenset, int, isinstance, len, list, max, min, round, set, str, tuple),
    )
}
_MANGLED: Final = re.compile(r"_[^_]\w*?(__\w*[^_]_?)")
_SYMBOLS: Final[dict[str, PyObject]] = {
    **{"SKIP": SKIP, "ANY": ANY, "ROW": ROW, "BINDINGS": BINDINGS, "Atom": Atom, "V": V, "const": const},
    **{"ImproperList": ImproperList, "Bitstring": Bitstring},
    **VALUE_CLASSES,
}


@final
class Scope:
    """Where names are looked up. It remembers what it was asked for.

    `attributes` tells whether attributes of what they stand for may be read, `defaults` holds the parameters that have
    a default, with its value.
    """

    def __init__(
        self, layers: list[Mapping[str, PyObject]], attributes: bool, defaults: Mapping[str, PyObject] | None = None
    ) -> None:
        self.defaults: Final[Mapping[str, PyObject]] = defaults or {}
        self._layers: Final = [self.defaults, *layers]
        self._attributes: Final = attributes
        self.asked: Final[dict[str, PyObject]] = {}  # the names that were looked up, with what they stood for
        self.attributes_asked = False

    @property
    def attributes(self) -> bool:
        self.attributes_asked = True
        return self._attributes

    def value(self, name: str) -> PyObject:
        """What the name stands for, or UNKNOWN."""
        found: PyObject = UNKNOWN
        for layer in self._layers:
            if name in layer:
                found = layer[name]
                break
        self.asked[name] = found
        return found

    def names(self) -> list[str]:
        """Every name that stands for something, for the hints of errors."""
        return [name for layer in self._layers for name in layer if not name.startswith("__")]


def scope_of_text(env: Env) -> Scope:
    """The scope of a query that is text."""
    return Scope([env, _SYMBOLS, _BUILTINS], attributes=False)


def is_mangled(name: str) -> bool:
    """Whether a name in a code object may have been written otherwise: `__limit` in a class C becomes `_C__limit`."""
    return _MANGLED.fullmatch(name) is not None


def scope_of_function(function: Callable[..., Term], env: Env) -> Scope:
    """The scope of a lambda or match function; `env` goes before all but its own parameters."""
    assert isinstance(function, FunctionType)
    cells: dict[str, PyObject] = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            cells[name] = cell.cell_contents
        except ValueError:  # not assigned yet: unknown, as it would be to Python, even if a global is called so
            cells[name] = UNKNOWN
    reached = [cells, function.__globals__]
    # Inside a class Python compiles `__limit` to `_Class__limit`, which the text does not show.
    for name in (*function.__code__.co_freevars, *function.__code__.co_names):
        written = _MANGLED.fullmatch(name)
        if written is not None and written[1] not in cells:
            for layer in reached:
                if name in layer:
                    cells[written[1]] = layer[name]
                    break
    defaults = function.__defaults__ or ()
    parameters = function.__code__.co_varnames[: function.__code__.co_argcount]
    with_default = parameters[len(parameters) - len(defaults) :]
    return Scope(
        [env, cells, function.__globals__, ALL_BUILTINS],
        attributes=True,
        defaults=dict(zip(with_default, defaults, strict=True)),
    )
