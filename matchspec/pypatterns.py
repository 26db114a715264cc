"""Patterns of `match` statements: each `case` to a head, and guards for what a head cannot say.

Python's patterns are looser than Erlang's heads: `1` matches 1.0 and True, `(a, b)` matches lists too. So only the row
itself, which is a tuple, is taken apart by the head; what stands deeper, and literals that Python compares by value,
become guards. A row is of the row type, where there is one, and its columns are of the types that they are declared to
be: a str is not one of its subclasses there.
"""

from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from grammar.errors import MatchSpecError
from grammar.tree import (
    Alternatives,
    Bind,
    ClassPattern,
    Clause,
    Constant,
    ListNode,
    MapNode,
    Name,
    Node,
    Rest,
    TupleNode,
    Unary,
    ValuePattern,
    Wild,
)
from matchspec.capture import UNKNOWN, PyObject
from matchspec.problems import bind_unresolved
from matchspec.rowtypes import is_named_tuple, row_shape
from matchspec.spec import Clause as SpecClause
from matchspec.spec import ECall, EConst, EList, ERow, EVar, Expr, Pattern, PConst, PTuple, PVar, PWild
from matchspec.values import Term

if TYPE_CHECKING:
    from matchspec.resolve_python import PythonResolver

Guards: TypeAlias = list[Expr]

# Classes whose pattern with one argument, `int(x)`, binds the value itself.
_SELF_MATCHING: Final = (bool, bytes, dict, float, frozenset, int, list, set, str, tuple)


def match_clause(resolver: "PythonResolver", clause: Clause) -> list[SpecClause]:
    """The clauses of one `case`: one for each alternative of an or-pattern at its top."""
    pattern = clause.params[0]
    options = pattern.options if isinstance(pattern, Alternatives) else (pattern,)
    found: list[SpecClause] = []
    earlier: Guards = []
    for option in options:
        _start(resolver)
        head, guards = _row_pattern(resolver, option)
        guards = [*earlier, *guards]
        for tests in clause.guards:
            guards.extend([resolver.truth(test) for test in tests])
        found.extend(resolver.flatten(clause.body[0], tuple(guards), partial(_with_columns, resolver, head)))
        if clause.guards and option is not options[-1]:
            # Python tries the guard on the first alternative that matches, and no other after it.
            earlier.append(_negated(resolver, option))
    return found


def _start(resolver: "PythonResolver") -> None:
    resolver.names = {resolver.function.subject: ERow()}
    resolver.annotations = {resolver.function.subject: resolver.row_type}
    resolver.columns, resolver.literals = set(), {}


def _negated(resolver: "PythonResolver", option: Node) -> Expr:
    """A guard that is true when the row does not match a pattern."""
    _start(resolver)
    return ECall("python:not", (_conjunction(_guards(resolver, option, ERow(option.span)), option),), option.span)


def _conjunction(guards: Guards, node: Node) -> Expr:
    if not guards:
        return EConst(True)
    return guards[0] if len(guards) == 1 else ECall("python:and", tuple(guards), node.span)


def _with_columns(resolver: "PythonResolver", head: Pattern) -> Pattern:
    """The head with a variable for every column that guards and body use through the subject, `row.age`."""
    if isinstance(head, PWild):
        return resolver.row_head()
    if isinstance(head, PTuple) and resolver.columns:
        items = [
            PVar(number) if isinstance(item, PWild) and number in resolver.columns else item
            for number, item in enumerate(head.items, start=1)
        ]
        return PTuple(tuple(items))
    return head


def _row_pattern(resolver: "PythonResolver", node: Node) -> tuple[Pattern, Guards]:
    mark = resolver.problems.failed
    try:
        match node:
            case Wild():
                return PWild(), []
            case Name(name):
                resolver.names[name] = ERow(node.span)
                resolver.annotations[name] = resolver.row_type
                return PWild(), []
            case Bind(pattern, Name() as whole):
                head, guards = _row_pattern(resolver, pattern)
                resolver.names[whole.name] = ERow(whole.span)
                resolver.annotations[whole.name] = resolver.row_type
                return head, guards
            case TupleNode(items) | ListNode(items):
                return _columns(resolver, node, list(items))
            case ClassPattern():
                return _row_class(resolver, node)
        return PWild(), _guards(resolver, node, ERow(node.span))
    except MatchSpecError as error:
        resolver.problems.keep(mark, error, node)
        bind_unresolved(resolver.names, [node])
        return PWild(), []


def _columns(resolver: "PythonResolver", node: Node, items: list[Node]) -> tuple[Pattern, Guards]:
    stars = [index for index, item in enumerate(items) if isinstance(item, Rest)]
    arity = None if resolver.shape is None else resolver.shape.arity
    if stars:
        if arity is None:
            return PWild(), _guards(resolver, node, ERow(node.span))
        items = _without_star(resolver, items, stars[0], arity)
    if arity is not None and len(items) != arity:
        assert resolver.shape is not None
        resolver.fail(node, f"the pattern has {len(items)} columns, but {resolver.shape.name} has {arity}")
    patterns: list[Pattern] = []
    guards: Guards = []
    for number, item in enumerate(items, start=1):
        if isinstance(item, Constant) and _is_exact(resolver, number, item.value):
            patterns.append(PConst(item.value))
            resolver.literals[number] = EConst(item.value, span=item.span)
            continue
        patterns.append(PWild() if isinstance(item, Wild) else PVar(number))
        guards.extend(_guards(resolver, item, EVar(number, item.span)))
        if isinstance(item, Name) and resolver.shape is not None:
            resolver.annotations[item.name] = resolver.shape.types[number - 1]
    return PTuple(tuple(patterns)), guards


def _is_exact(resolver: "PythonResolver", number: int, value: Term) -> bool:
    """Whether Python's equality with a literal and Erlang's are one in this column."""
    if value is None or isinstance(value, bool):
        return True
    kind = type(value)
    return resolver.shape is not None and kind in (str, bytes) and resolver.shape.types[number - 1] is kind


def _without_star(resolver: "PythonResolver", items: list[Node], star: int, arity: int) -> list[Node]:
    """The columns of a pattern with a star in it, for rows of known arity: `(name, *_)`."""
    rest = items[star]
    count = arity - (len(items) - 1)
    if count < 0:
        resolver.fail(rest, f"the pattern has more columns than the row, which has {arity}")
    if isinstance(rest, Rest) and isinstance(rest.value, Name):
        numbers = range(star + 1, star + 1 + count)
        resolver.columns.update(numbers)
        resolver.names[rest.value.name] = EList(tuple([EVar(number, rest.span) for number in numbers]), span=rest.span)
    return [*items[:star], *[Wild(rest.span)] * count, *items[star + 1 :]]


def _row_class(resolver: "PythonResolver", node: ClassPattern) -> tuple[Pattern, Guards]:
    cls = resolver.outside(node.cls)
    if cls is not resolver.row_type or resolver.shape is None:
        return PWild(), _guards(resolver, node, ERow(node.span))
    items = _class_items(resolver, node, cls)
    return _columns(resolver, node, [items.get(field, Wild(node.span)) for field in resolver.shape.fields])


def _class_items(resolver: "PythonResolver", node: ClassPattern, cls: PyObject) -> dict[str, Node]:
    shape = row_shape(cls)
    assert shape is not None
    if len(node.args) > shape.arity:
        resolver.fail(node, f"{shape.name} has {shape.arity} fields, the pattern has {len(node.args)}")
    items: dict[str, Node] = dict(zip(shape.fields, node.args, strict=False))
    for keyword in node.keywords:
        if keyword.name in shape.fields:
            items[keyword.name] = keyword.value
        else:
            resolver.problems.report(keyword.value, f"{shape.name} has no field {keyword.name!r}")
            bind_unresolved(resolver.names, [keyword.value])
    return items


def _guards(resolver: "PythonResolver", node: Node, place: Expr) -> Guards:
    """The guards that are true when the value at `place` matches; names are bound on the way."""
    mark = resolver.problems.failed
    try:
        match node:
            case Wild():
                return []
            case Name(name):
                _bind(resolver, name, place)
                return []
            case Constant(value) if value is None or isinstance(value, bool):
                return [ECall("=:=", (place, EConst(value)), node.span)]
            case Constant() | Unary():
                return [ECall("python:==", (place, resolver.expr(node)), node.span)]
            case ValuePattern(value):
                return [ECall("python:==", (place, resolver.expr(value)), node.span)]
            case Bind(pattern, Name(name)):
                guards = _guards(resolver, pattern, place)
                _bind(resolver, name, place, pattern)
                return guards
            case TupleNode(items) | ListNode(items):
                return _sequence(resolver, node, list(items), place)
            case MapNode():
                return _mapping(resolver, node, place)
            case ClassPattern():
                return _class(resolver, node, place)
            case Alternatives(options):
                return [_either(resolver, node, options, place)]
        resolver.fail(node, "this pattern cannot be a part of a match spec")
    except MatchSpecError as error:
        resolver.problems.keep(mark, error, node)
        bind_unresolved(resolver.names, [node])
        return []


def _bind(resolver: "PythonResolver", name: str, place: Expr, pattern: Node | None = None) -> None:
    """Binds a name to what stands at `place`, whose type is known where `Point(...) as name` tells it."""
    resolver.names[name] = place
    cls = resolver.outside(pattern.cls) if isinstance(pattern, ClassPattern) else None
    resolver.annotations[name] = cls if is_named_tuple(cls) else None


def _sequence(resolver: "PythonResolver", node: Node, items: list[Node], place: Expr) -> Guards:
    stars = [index for index, item in enumerate(items) if isinstance(item, Rest)]
    fixed = len(items) - len(stars)
    most = EConst(None) if stars else EConst(fixed)
    guards: Guards = [ECall("python:is_sequence", (place, EConst(fixed), most), node.span)]
    for index, item in enumerate(items):
        if isinstance(item, Rest):
            if isinstance(item.value, Name):
                after = len(items) - index - 1
                resolver.names[item.value.name] = ECall("python:rest", (place, EConst(index), EConst(after)), item.span)
            continue
        position = index if not stars or index < stars[0] else index - len(items)
        guards.extend(_guards(resolver, item, ECall("python:[]", (place, EConst(position)), item.span)))
    return guards


def _mapping(resolver: "PythonResolver", node: MapNode, place: Expr) -> Guards:
    guards: Guards = [ECall("python:isinstance", (place, EConst(dict)), node.span)]
    keys: list[Expr] = []
    for item in node.items:
        if isinstance(item.key, Rest):
            if isinstance(item.key.value, Name):
                resolver.names[item.key.value.name] = ECall("python:without", (place, *keys), item.span)
            continue
        key = resolver.expr(item.key.value if isinstance(item.key, ValuePattern) else item.key)
        keys.append(key)
        guards.append(ECall("python:has_key", (place, key), item.span))
        guards.extend(_guards(resolver, item.value, ECall("python:[]", (place, key), item.span)))
    return guards


def _class(resolver: "PythonResolver", node: ClassPattern, place: Expr) -> Guards:
    cls = resolver.outside(node.cls)
    if cls is UNKNOWN or not isinstance(cls, type):
        resolver.fail(node.cls, "a class pattern needs a class that is known here")
    guards: Guards = [ECall("python:isinstance", (place, EConst(cls)), node.span)]
    if is_named_tuple(cls):
        shape = row_shape(cls)
        assert shape is not None
        for field, item in _class_items(resolver, node, cls).items():
            at = ECall("python:field", (place, EConst(shape.fields.index(field))), item.span)
            guards.extend(_guards(resolver, item, at))
        return guards
    if node.keywords or len(node.args) > 1 or (node.args and not any([cls is known for known in _SELF_MATCHING])):
        resolver.fail(node, f"only fields of NamedTuples can be matched, not those of {cls.__name__}")
    return [*guards, *_guards(resolver, node.args[0], place)] if node.args else guards


def _either(resolver: "PythonResolver", node: Node, options: tuple[Node, ...], place: Expr) -> Expr:
    before = dict(resolver.names)
    tests: list[Expr] = []
    for option in options:
        guards = _guards(resolver, option, place)
        if resolver.names != before:
            resolver.fail(option, "names cannot be bound inside a nested or-pattern", "write several cases")
        tests.append(_conjunction(guards, option))
    return ECall("python:or", tuple(tests), node.span)
