"""Calls in lambdas and match functions: which of them a query can make, and what each becomes.

Builtins with a meaning in a query, methods of strings and dicts, `_replace` of rows, classes that build rows, and
constructors of immutable values on constants. Everything else runs code that a match spec cannot hold, and is refused.
"""

import builtins
import dataclasses
from types import UnionType
from typing import TYPE_CHECKING, Final, TypeAlias

from grammar.errors import MatchSpecError
from grammar.tree import Attribute, Call, Constant, Infix, Keyword, Name, Node, Subscript, TupleNode
from matchspec.capture import UNKNOWN, PyObject
from matchspec.literals import VALUE_CLASSES
from matchspec.problems import UNRESOLVED
from matchspec.pyfunctions import METHODS
from matchspec.pyoperations import is_cheap
from matchspec.records import defaults_of, is_plain, is_record
from matchspec.rowtypes import Annotation, RowShape, is_named_tuple, row_shape, size_function
from matchspec.spec import ECall, EConst, EMap, ERow, ETuple, Expr, RowType
from matchspec.terms import ImproperList
from matchspec.values import Atom, Bitstring, V, const

if TYPE_CHECKING:
    from matchspec.resolve_python import PythonResolver

Given: TypeAlias = list[Expr]
Named: TypeAlias = dict[str, Expr]

# builtin -> (function, least, most arguments)
_BUILTINS: Final[dict[str, tuple[str, int, int]]] = {
    "abs": ("python:abs", 1, 1),
    "bool": ("python:bool", 1, 1),
    "float": ("python:float", 1, 1),
    "int": ("python:int", 1, 2),
    "isinstance": ("python:isinstance", 2, 2),
    "len": ("python:len", 1, 1),
    "max": ("python:max", 1, 255),
    "min": ("python:min", 1, 255),
    "round": ("python:round", 1, 2),
    "str": ("python:str", 1, 1),
}
_BUILDERS: Final[tuple[PyObject, ...]] = (Atom, V, const, ImproperList, Bitstring, *VALUE_CLASSES.values())
_ROW_METHODS: Final = ("_replace", "_asdict")
_REPLACE: Final = "replace(row, field=value)"
_HINT: Final = "a query calls len, abs, min, max, round, int, float, str, bool, isinstance and methods of str"


def call(resolver: "PythonResolver", node: Call) -> Expr:
    """The expression of a call. Raises ResolveError for one that a query cannot make.

    The arguments are resolved here and not further down, so that nested calls take few frames of Python's stack.
    """
    function = _function(resolver, node)
    classes = function is isinstance or (function is UNRESOLVED and node.name == "isinstance")
    args = [resolver.expr(arg) for arg in (node.args[:1] if classes else node.args)]
    named = {keyword.name: resolver.expr(keyword.value) for keyword in node.keywords}
    if function is UNRESOLVED:
        if node.receiver is not None and _is_part(resolver, node.receiver):
            resolver.expr(node.receiver)
        return UNRESOLVED
    if function is UNKNOWN:
        assert node.receiver is not None
        receiver = resolver.expr(node.receiver)
        if node.name in _ROW_METHODS:
            return _row_method(resolver, node, node.receiver, named)
        return resolver.folded(ECall(f"python:.{node.name}", (receiver, *args), node.span))
    if is_named_tuple(function) or is_record(function):
        return _build_row(resolver, node, function, args, named)
    if function is dataclasses.replace:
        return _row_method(resolver, node, node.args[0], named)
    if any([function is builder for builder in _BUILDERS]):
        return _build_value(resolver, node, function, args, named)
    return _builtin(resolver, node, function, args)


def built_type(resolver: "PythonResolver", node: Call) -> Annotation:
    """The type of what a call gives: the row type of `User(...)` and `row._replace(...)`, or bool; else None."""
    if node.receiver is not None and node.name == "_replace":
        return resolver.annotation(node.receiver)
    made = resolver.scope.value(node.name) if node.receiver is None and node.name not in resolver.names else UNKNOWN
    return made if made is bool or (made is not UNKNOWN and (is_named_tuple(made) or is_record(made))) else None


def _function(resolver: "PythonResolver", node: Call) -> PyObject:
    """What is called; UNKNOWN for a method of a part of the row, UNRESOLVED for what must not be called."""
    mark = resolver.problems.failed
    try:
        return _callable(resolver, node)
    except MatchSpecError as error:
        resolver.problems.keep(mark, error, node)
    return UNRESOLVED


def _is_part(resolver: "PythonResolver", node: Node) -> bool:
    """Whether an expression begins with a name of the row or of a part of it."""
    while isinstance(node, (Attribute, Subscript)):
        node = node.value
    return isinstance(node, Name) and node.name in resolver.names


def _callable(resolver: "PythonResolver", node: Call) -> PyObject:
    function: PyObject = UNKNOWN
    if node.receiver is None:
        if node.name in resolver.names:
            resolver.fail(node, f"{node.name!r} is a part of the row and cannot be called")
        function = resolver.scope.value(node.name)
        if function is UNKNOWN:
            hint = resolver.problems.nearest(node.name, [*_BUILTINS, *resolver.scope.names()]) or _HINT
            resolver.fail(node, f"the function {node.name!r} is not defined", hint)
    else:
        owner = resolver.outside(node.receiver)
        # A method of a captured str or dict is one as any other.
        if owner is not UNKNOWN and not (node.name in METHODS and isinstance(owner, (str, bytes, dict, list, tuple))):
            function = resolver.known(Attribute(node.receiver, node.name, node.span))
    if function is UNKNOWN:
        _check_method(resolver, node)
    elif function is dataclasses.replace:
        if len(node.args) != 1:
            resolver.fail(node, f"replace() takes the row and fields by name, not {len(node.args)} arguments", _REPLACE)
    elif is_named_tuple(function) or is_record(function):
        _check_constructor(resolver, node, function)
    elif any([function is builder for builder in _BUILDERS]):
        pass
    elif any([function is getattr(builtins, name) for name in _BUILTINS]):
        _check_builtin(resolver, node, function)
    else:
        resolver.fail(node, f"{node.name}() runs Python code, which a match spec cannot hold", _HINT)
    return function


def _check_method(resolver: "PythonResolver", node: Call) -> None:
    if node.name in _ROW_METHODS:
        return
    if node.name not in METHODS:
        hint = resolver.problems.nearest(node.name, METHODS) or _HINT
        resolver.fail(node, f"the method .{node.name}() cannot be called in a query", hint)
    _no_keywords(resolver, node)


def _check_constructor(resolver: "PythonResolver", node: Call, cls: RowType) -> None:
    """Refuses a subclass of a NamedTuple class that does more than hold the values when it is called."""
    if is_record(cls):
        if not is_plain(cls):
            resolver.fail(node, f"{node.name}() runs Python code of its own, which a match spec cannot hold")
        return
    original = next(base for base in cls.__mro__ if "_fields" in vars(base))
    if cls.__new__ is not original.__new__ or cls.__init__ is not object.__init__:
        resolver.fail(node, f"{node.name}() runs Python code of its own, which a match spec cannot hold")


def _check_builtin(resolver: "PythonResolver", node: Call, function: PyObject) -> None:
    name = next(name for name in _BUILTINS if function is getattr(builtins, name))
    _, least, most = _BUILTINS[name]
    _no_keywords(resolver, node)
    if not least <= len(node.args) <= most:
        takes = f"{least}" if least == most else f"{least} to {most}"
        resolver.fail(node, f"{name}() takes {takes} argument{'' if most == 1 else 's'}, not {len(node.args)}")


def _no_keywords(resolver: "PythonResolver", node: Call) -> None:
    if node.keywords:
        resolver.fail(node.keywords[0].value, f"{node.name}() takes no keyword arguments in a query")


def _builtin(resolver: "PythonResolver", node: Call, function: PyObject, args: Given) -> Expr:
    name = next(name for name in _BUILTINS if function is getattr(builtins, name))
    if name == "isinstance":
        args = [*args, _classes(resolver, node.args[1])]
    if name == "len":
        exact = size_function(resolver.annotation(node.args[0]))
        if exact is not None:
            return ECall(exact, tuple(args), node.span)
    if name == "bool" and resolver.is_boolean(node.args[0], args[0]):
        return args[0]
    return resolver.folded(ECall(_BUILTINS[name][0], tuple(args), node.span))


def _classes(resolver: "PythonResolver", node: Node) -> Expr:
    found = _listed(resolver, node)
    return EConst(found[0] if len(found) == 1 else tuple(found), span=node.span)


def _listed(resolver: "PythonResolver", node: Node) -> list[type]:
    """The classes that the second argument of isinstance() names: one, a tuple of them, or `A | B`."""
    match node:
        case TupleNode(items):
            return [cls for item in items for cls in _listed(resolver, item)]
        case Infix("|", left, right):
            return _listed(resolver, left) + _listed(resolver, right)
        case Constant(None):
            return [type(None)]
    found = _flat(resolver.outside(node))
    if found is None:
        resolver.problems.report(node, "the second argument of isinstance() is a class or a tuple of classes")
    return found or []


def _flat(classes: PyObject) -> list[type] | None:
    if isinstance(classes, (tuple, UnionType)):
        parts = [_flat(part) for part in (classes if isinstance(classes, tuple) else classes.__args__)]
        return None if None in parts else [cls for part in parts if part is not None for cls in part]
    return [classes] if isinstance(classes, type) else None


def _build_row(resolver: "PythonResolver", node: Call, cls: PyObject, args: Given, named: Named) -> Expr:
    """`User("x", age=1)`: a row of the class, with its defaults."""
    shape = row_shape(cls)
    assert shape is not None
    mark = resolver.problems.failed
    if len(args) > shape.arity:
        resolver.problems.report(node, f"{shape.name}() takes {shape.arity} arguments, not {len(args)}")
    values: dict[str, Expr] = dict(zip(shape.fields, args, strict=False))
    for keyword in node.keywords:
        _check_field(resolver, keyword, shape)
        if keyword.name in values:
            resolver.problems.report(keyword.value, f"{shape.name}() gets the field {keyword.name!r} twice")
    values.update(named)
    defaults = defaults_of(shape.make) if is_record(shape.make) else shape.make._field_defaults
    complete = resolver.problems.failed == mark  # else a field may be missing because its name is wrong
    for field in shape.fields:
        if field in values:
            continue
        values[field] = UNRESOLVED
        if field in defaults:
            values[field] = resolver.constant(node, defaults[field])
        elif complete:
            resolver.problems.report(node, f"{shape.name}() misses the field {field!r}")
    return ETuple(tuple([values[field] for field in shape.fields]), shape.make, node.span)


def _check_field(resolver: "PythonResolver", keyword: Keyword, shape: RowShape) -> None:
    if keyword.name not in shape.fields:
        hint = resolver.problems.nearest(keyword.name, shape.fields)
        resolver.problems.report(keyword.value, f"{shape.name} has no field {keyword.name!r}", hint)


def _build_value(resolver: "PythonResolver", node: Call, cls: PyObject, args: Given, named: Named) -> Expr:
    """`date(2020, 7, 10)`, `Atom("ok")`: an immutable value, built once if from constants."""
    constants = [arg.value for arg in args if isinstance(arg, EConst)]
    options = {name: value.value for name, value in named.items() if isinstance(value, EConst)}
    if len(constants) != len(args) or len(options) != len(named):
        if named:
            resolver.fail(node, f"{node.name}() of columns takes no keyword arguments in a query")
        return ECall("python:new", (EConst(cls), *args), node.span)
    assert callable(cls)
    if not is_cheap(cls, [*constants, *options.values()]):
        resolver.fail(node, f"{node.name}() refuses its arguments: the number is too large")
    try:
        return EConst(cls(*constants, **options), span=node.span)
    except Exception as error:  # noqa: BLE001  # the constructors raise several kinds, all about their arguments
        resolver.fail(node, f"{node.name}() refuses its arguments: {error}")


def _row_method(resolver: "PythonResolver", node: Call, receiver: Node, named: Named) -> Expr:
    shape = resolver.shape if isinstance(resolver.expr(receiver), ERow) else None
    replaces = node.args == (receiver,)  # dataclasses.replace
    if shape is None or shape.make is None or (node.args and not replaces) or is_record(shape.make) is not replaces:
        hint = (
            "row._replace(field=value) with a row type that is a NamedTuple, replace(row, field=value) of a dataclass"
        )
        resolver.fail(node, f".{node.name}() is a method of rows whose type is known", hint)
    if replaces:
        _check_constructor(resolver, node, shape.make)
    columns: dict[str, Expr] = {field: resolver.expr(Attribute(receiver, field, node.span)) for field in shape.fields}
    if node.name == "_asdict":
        _no_keywords(resolver, node)
        return EMap(tuple([(EConst(field), column) for field, column in columns.items()]), node.span)
    for keyword in node.keywords:
        _check_field(resolver, keyword, shape)
    columns.update(named)
    return ETuple(tuple(columns.values()), shape.make, node.span)
