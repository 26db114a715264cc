"""When bounds on one column say all that a query says, so that rows need not be looked at to be counted.

`matchspec.bounds` finds ranges in which the column of every matching row lies; whether a row in them matches is for the
whole spec to say. Here it is found out that the spec would agree for every row: that it asks nothing but comparisons
of this one column with constants of the column's own type, joined by and, or. Both languages order ints as numbers,
and strs as the bytes of UTF-8, which is the order of ranges; a comparison of these gives True or False and never fails.
"""

from typing import Any, Final

from matchspec.bounds import targets_of
from matchspec.spec import ECall, EConst, EList, ETuple, EVar, Expr, MatchSpec, PConst, PTuple, PVar, PWild

_JOINTS: Final = frozenset(["andalso", "and", "orelse", "or", "python:and", "python:or"])
_SIGNS: Final = frozenset(
    [
        *("<", "=<", ">", ">=", "==", "=:="),
        *("python:<", "python:<=", "python:>", "python:>=", "python:=="),
    ]
)
KINDS: Final[frozenset[type]] = frozenset([int, str])  # no float, which may be no number; no bytes, which may be bits


def is_decided(spec: MatchSpec[Any, Any], position: int, arity: int, kind: type) -> bool:
    """Whether a row matches exactly where its element at `position` (from 1) lies in the `column_ranges` of the spec.

    For rows of `arity` elements, of which this one is always exactly of type `kind`. O(size of the spec).
    """
    if kind not in KINDS or len(spec.clauses) != 1:
        return False
    clause = spec.clauses[0]
    targets = targets_of(clause.head, position)
    if isinstance(clause.head, PTuple):
        items = clause.head.items
        if len(items) != arity:
            return False
        numbers = [item.number for item in items if isinstance(item, PVar)]
        column = items[position - 1]
        others = [item for index, item in enumerate(items) if index != position - 1]
        if len(set(numbers)) < len(numbers) or not all([isinstance(item, (PVar, PWild)) for item in others]):
            return False
        if isinstance(column, PVar):
            targets.append(EVar(column.number))
        elif isinstance(column, PConst):
            if type(column.value) is not kind:
                return False
        elif not isinstance(column, PWild):
            return False
    elif not isinstance(clause.head, (PVar, PWild)):
        return False
    # One way to name the column at a time: an `or` of two ways bounds neither.
    return any([all([_is_asked(guard, target, kind) for guard in clause.guards]) for target in targets])


def _is_asked(expr: Expr, target: Expr, kind: type) -> bool:
    """Whether an expression is True or False, and bounds the target exactly."""
    if isinstance(expr, EConst):
        return expr.value is True or expr.value is False
    if not isinstance(expr, ECall):
        return False
    if expr.name in _JOINTS:
        return all([_is_asked(arg, target, kind) for arg in expr.args])
    match expr.name, expr.args:
        case "python:bool", (inner,):
            return _is_asked(inner, target, kind)
        case "python:in", (value, choices):
            return value == target and _are_of(choices, kind)
        case name, (left, right) if name in _SIGNS:
            constant = right if left == target else left if right == target else None
            return isinstance(constant, EConst) and type(constant.value) is kind
    return False


def _are_of(choices: Expr, kind: type) -> bool:
    match choices:
        case EConst(value) if isinstance(value, (tuple, list, set, frozenset)):
            return all([type(item) is kind for item in value])
        case ETuple(items) | EList(items, None) | ECall("python:set", items):
            return all([isinstance(item, EConst) and type(item.value) is kind for item in items])
    return False
