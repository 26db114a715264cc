"""Calls in lambdas and match functions: which of them a query can make, and what each becomes.

Builtins with a meaning in a query, methods of strings and dicts, `_replace` of rows, classes that build rows, and
constructors of immutable values on constants. Everything else runs code that a match spec cannot hold, and is refused.
"""

import builtins
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from grammar.errors import nearest
from grammar.tree import Attribute, Call, Infix, Node, TupleNode
from matchspec.capture import UNKNOWN, PyObject
from matchspec.literals import VALUE_CLASSES
from matchspec.pyfunctions import METHODS
from matchspec.rowtypes import is_named_tuple, row_shape, size_function
from matchspec.spec import ECall, EConst, EMap, ERow, ETuple, Expr
from matchspec.terms import Atom, Bitstring, ImproperList, V, const

if TYPE_CHECKING:
    from matchspec.resolve_python import PythonResolver

Given: TypeAlias = list[Expr]

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
_HINT: Final = "a query calls len, abs, min, max, round, int, float, str, bool, isinstance and methods of str"


def call(resolver: "PythonResolver", node: Call) -> Expr:
    """The expression of a call. Raises ResolveError for one that a query cannot make."""
    if node.receiver is not None:
        owner = resolver.outside(node.receiver)
        if owner is not UNKNOWN:
            named = Attribute(node.receiver, node.name, node.span)
            return _of_object(resolver, node, resolver.known(named))
        return _method(resolver, node, node.receiver)
    if node.name in resolver.names:
        resolver.fail(node, f"{node.name!r} is a part of the row and cannot be called")
    function = resolver.scope.value(node.name)
    if function is UNKNOWN:
        hint = nearest(node.name, [*_BUILTINS, *resolver.scope.names()]) or _HINT
        resolver.fail(node, f"the function {node.name!r} is not defined", hint)
    return _of_object(resolver, node, function)


def _of_object(resolver: "PythonResolver", node: Call, function: PyObject) -> Expr:
    name = getattr(function, "__name__", "")
    if name in _BUILTINS and function is getattr(builtins, name):
        return _builtin(resolver, node, name)
    if is_named_tuple(function):
        return _build_row(resolver, node, function)
    if any([function is builder for builder in _BUILDERS]):
        return _build_value(resolver, node, function)
    resolver.fail(node, f"{node.name}() runs Python code, which a match spec cannot hold", _HINT)


def _no_keywords(resolver: "PythonResolver", node: Call) -> None:
    if node.keywords:
        resolver.fail(node.keywords[0].value, f"{node.name}() takes no keyword arguments in a query")


def _args(resolver: "PythonResolver", node: Call) -> Given:
    _no_keywords(resolver, node)
    return [resolver.expr(arg) for arg in node.args]


def _builtin(resolver: "PythonResolver", node: Call, name: str) -> Expr:
    function, least, most = _BUILTINS[name]
    if not least <= len(node.args) <= most:
        resolver.fail(node, f"{name}() takes {least} to {most} arguments in a query, not {len(node.args)}")
    if name == "isinstance":
        _no_keywords(resolver, node)
        return ECall(function, (resolver.expr(node.args[0]), _classes(resolver, node.args[1])), node.span)
    args = _args(resolver, node)
    if name == "len":
        exact = size_function(resolver.annotation(node.args[0]))
        if exact is not None:
            return ECall(exact, tuple(args), node.span)
    if name == "bool" and resolver.is_boolean(node.args[0], args[0]):
        return args[0]
    return resolver.folded(ECall(function, tuple(args), node.span))


def _classes(resolver: "PythonResolver", node: Node) -> Expr:
    match node:
        case TupleNode(items):
            classes = [cast(EConst, _classes(resolver, item)).value for item in items]
            return EConst(tuple(classes), span=node.span)
        case Infix("|", left, right):
            parts = [cast(EConst, _classes(resolver, side)).value for side in (left, right)]
            return EConst(tuple(parts), span=node.span)
    cls = resolver.outside(node)
    if isinstance(cls, tuple) and all([isinstance(part, type) for part in cls]):
        return EConst(cls, span=node.span)
    if not isinstance(cls, type):
        resolver.fail(node, "the second argument of isinstance() is a class or a tuple of classes")
    return EConst(cls, span=node.span)


def _build_row(resolver: "PythonResolver", node: Call, cls: PyObject) -> Expr:
    """`User("x", age=1)`: a row of the class, with its defaults."""
    shape = row_shape(cls)
    assert shape is not None
    values: dict[str, Expr] = dict(zip(shape.fields, [resolver.expr(arg) for arg in node.args], strict=False))
    if len(node.args) > shape.arity:
        resolver.fail(node, f"{shape.name}() takes {shape.arity} arguments, not {len(node.args)}")
    for keyword in node.keywords:
        if keyword.name not in shape.fields:
            hint = nearest(keyword.name, shape.fields)
            resolver.fail(keyword.value, f"{shape.name} has no field {keyword.name!r}", hint)
        if keyword.name in values:
            resolver.fail(keyword.value, f"{shape.name}() gets the field {keyword.name!r} twice")
        values[keyword.name] = resolver.expr(keyword.value)
    defaults = shape.make._field_defaults
    for field in shape.fields:
        if field not in values:
            if field not in defaults:
                resolver.fail(node, f"{shape.name}() misses the field {field!r}")
            values[field] = resolver.constant(node, defaults[field])
    return ETuple(tuple([values[field] for field in shape.fields]), shape.make, node.span)


def _build_value(resolver: "PythonResolver", node: Call, cls: PyObject) -> Expr:
    """`date(2020, 7, 10)`, `Atom("ok")`: an immutable value, built once."""
    args = [resolver.expr(arg) for arg in node.args]
    keywords = {keyword.name: resolver.expr(keyword.value) for keyword in node.keywords}
    constants = [arg.value for arg in args if isinstance(arg, EConst)]
    named = {name: value.value for name, value in keywords.items() if isinstance(value, EConst)}
    if len(constants) != len(args) or len(named) != len(keywords):
        if keywords:
            resolver.fail(node, f"{node.name}() of columns takes no keyword arguments in a query")
        return ECall("python:new", (EConst(cls), *args), node.span)
    assert callable(cls)
    try:
        return EConst(cls(*constants, **named), span=node.span)
    except Exception as error:  # the constructors raise several kinds, all about their arguments
        resolver.fail(node, f"{node.name}() refuses its arguments: {error}")


def _method(resolver: "PythonResolver", node: Call, receiver: Node) -> Expr:
    value = resolver.expr(receiver)
    if node.name in ("_replace", "_asdict"):
        return _row_method(resolver, node, receiver, value)
    if node.name not in METHODS:
        hint = nearest(node.name, METHODS) or _HINT
        resolver.fail(node, f"the method .{node.name}() cannot be called in a query", hint)
    return resolver.folded(ECall(f"python:.{node.name}", (value, *_args(resolver, node)), node.span))


def _row_method(resolver: "PythonResolver", node: Call, receiver: Node, value: Expr) -> Expr:
    shape = resolver.shape if isinstance(value, ERow) else None
    if shape is None or shape.make is None or node.args:
        hint = "row._replace(field=value) with a row type that is a NamedTuple"
        resolver.fail(node, f".{node.name}() is a method of rows whose type is known", hint)
    columns: dict[str, Expr] = {field: resolver.expr(Attribute(receiver, field, node.span)) for field in shape.fields}
    if node.name == "_asdict":
        return EMap(tuple([(EConst(field), column) for field, column in columns.items()]), node.span)
    for keyword in node.keywords:
        if keyword.name not in columns:
            hint = nearest(keyword.name, shape.fields)
            resolver.fail(keyword.value, f"{shape.name} has no field {keyword.name!r}", hint)
        columns[keyword.name] = resolver.expr(keyword.value)
    return ETuple(tuple(columns.values()), shape.make, node.span)


