"""Bounds on a column: between which terms one element of a row has to lie for a query to match the row at all.

The rule is that of `matchspec.plan`: what is found here is a superset, each candidate is checked by the whole spec.
Erlang's comparisons follow the total order of terms, in which everything can be compared. Python's comparisons hold
between kinds that lie apart in that order: 1 == True == Decimal(1), and a user's type may equal anything. So a
comparison of Python bounds the kind of its constant only, and lets through all other kinds that could satisfy it.
"""

import operator
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any, Final, TypeAlias, TypeGuard, assert_never
from uuid import UUID

from matchspec.intervals import (
    ABOVE,
    ALL,
    BELOW,
    NOTHING,
    Interval,
    Point,
    Ranges,
    between,
    compared,
    intersection,
    is_point,
    point,
    union,
)
from matchspec.spec import (
    Clause,
    ECall,
    EConst,
    EList,
    ERow,
    ETuple,
    EVar,
    Expr,
    MatchSpec,
    Pattern,
    PConst,
    PList,
    PMap,
    PTuple,
    PVar,
    PWild,
    Row,
    T,
)
from matchspec.terms import order_key
from matchspec.values import Atom, Term, TermError

Kinds: TypeAlias = tuple[type, ...]
Comparison: TypeAlias = Callable[[Any, Any], Any]

_ERLANG: Final = {"<": "<", "=<": "<=", ">": ">", ">=": ">=", "==": "==", "=:=": "=="}
_PYTHON: Final[dict[str, Comparison]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
}
_MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "=="}
_NUMBERS: Final = between(((0,), 0), ((0.5,), 0))  # without those that are no number, of which no comparison is true
_ANY_NUMBERS: Final = between(((0,), 0), ((1,), 0))  # these included
_BINARIES: Final = between(((9,), 0), ((10,), 0))
_OTHERS: Final = between(((10,), 0), (ABOVE, 1))  # Python's own types, which decide for themselves what they equal
_EQUALITIES: Final = (object.__eq__, int.__eq__, str.__eq__)  # under which the members of an Enum all differ
# Types whose own `<` is a total order among their values, and is the one that order_key follows.
_ORDERED_TYPES: Final[frozenset[type]] = frozenset([date, datetime, time, timedelta, Decimal, Fraction, UUID])


def column_ranges(
    spec: MatchSpec[Row, T], position: int, odd: bool = False, everywhere: bool = True, parts: Kinds = ()
) -> Ranges:
    """Ranges of order_keys, in which the element of every matching row lies at `position` (from 1).

    `everywhere` says that every row has this element, as it has a key. Without it, all ranges are given where a row
    that is too short could match, so that less than all ranges means that each matching row has the element.
    `odd` says that the column may hold values of subclasses of int, float, str or bytes, whose own comparisons need not
    be those of their kind; then Python's comparisons bound nothing. `parts`, where given, says that the element is
    always a tuple of so many elements, and of which types (see `ranges_of_type`), so that what is asked of these
    (`element(1, K)`, `key[0]`) bounds it too. O(size of the spec).
    """
    finder = _Finder(position, odd, everywhere, parts)
    return union(*[finder.of_clause(clause) for clause in spec.clauses])


def ranges_of_expression(expr: Expr, guards: list[Expr], odd: bool) -> Ranges:
    """Ranges of order_keys, in which the value of an expression lies for every row for which all guards are true.

    `odd` as for `column_ranges`. O(size of the guards).
    """
    return _Finder(0, odd, False).of_conditions(tuple(guards), [expr])


def as_condition(spec: MatchSpec[Row, T]) -> MatchSpec[Row, T]:
    """A spec to plan by, where only results that are exactly True count: the body is one more guard.

    Not to be run: a body may use what guards may not.
    """
    clauses = [Clause(clause.head, (*clause.guards, *clause.body[-1:]), clause.body) for clause in spec.clauses]
    return MatchSpec(tuple(clauses), raises=spec.raises, row_type=spec.row_type, language=spec.language)


def ranges_of_type(kind: type) -> Ranges:
    """Where the values of a column lie that admits instances of `kind` only, as its field's check says."""
    if kind is int or kind is float:
        return _ANY_NUMBERS
    return _BINARIES if kind is str or kind is bytes else ALL


def targets_of(head: Pattern, position: int) -> list[Expr]:
    """The expressions that mean the element at `position` (from 1) of a row, but for a variable that the head binds."""
    targets: list[Expr] = [
        ECall("element", (EConst(position), ERow())),
        ECall("python:[]", (ERow(), EConst(position - 1))),
        ECall("python:field", (ERow(), EConst(position - 1))),
    ]
    if isinstance(head, PVar):
        targets.append(ECall("element", (EConst(position), EVar(head.number))))
    return targets


class _Finder:
    def __init__(self, position: int, odd: bool, everywhere: bool, parts: Kinds = ()) -> None:
        self.position: Final = position
        self.parts: Final = parts
        self.odd: Final = odd
        self.everywhere: Final = everywhere

    def of_clause(self, clause: Clause) -> Ranges:
        head = clause.head
        targets = targets_of(head, self.position)
        found = self.of_guards(clause, targets)
        if self.parts:
            item = head.items[self.position - 1] if self.has_pattern(head) else PWild()
            found = intersection(found, self.of_parts(clause, targets, item))
        if not isinstance(head, PTuple):
            return found
        if len(head.items) < self.position:
            return NOTHING if self.everywhere else ALL
        return intersection(found, self.of_pattern(head.items[self.position - 1], clause))

    def of_guards(self, clause: Clause, targets: list[Expr]) -> Ranges:
        return self.of_conditions(clause.guards, targets)

    # --- patterns -----------------------------------------------------------------------------------------------------

    def of_pattern(self, pattern: Pattern, clause: Clause) -> Ranges:
        """The terms that a pattern can match while the guards hold for its variables."""
        match pattern:
            case PConst(value):
                return _point_of(value)
            case PVar(number):
                return self.of_guards(clause, [EVar(number)])
            case PTuple(items):
                return self.of_tuple(items, clause)
            case PWild() | PList() | PMap():
                return ALL
            case _:
                assert_never(pattern)

    def of_tuple(self, items: tuple[Pattern, ...], clause: Clause) -> Ranges:
        """Tuples of one size stand together, in the order of their first elements, then of the second, and so on.

        So elements that are known, one after the other from the front, make a prefix, and the bounds of the element
        after these narrow it.
        """
        return self.of_items([self.of_pattern(item, clause) for item in items])

    def has_pattern(self, head: Pattern) -> TypeGuard[PTuple]:
        return isinstance(head, PTuple) and len(head.items) >= self.position

    def of_parts(self, clause: Clause, targets: list[Expr], pattern: Pattern) -> Ranges:
        """As `of_tuple`, by what is asked of the elements of the element one by one, and by their types."""
        count = len(self.parts)
        patterns: tuple[Pattern, ...] = (PWild(),) * count
        if isinstance(pattern, PTuple):
            if len(pattern.items) != count:
                return NOTHING
            patterns = pattern.items
        elif isinstance(pattern, PVar):
            targets = [*targets, EVar(pattern.number)]
        items: list[Ranges] = []
        for index, kind in enumerate(self.parts):
            names: list[Expr] = []
            for target in targets:
                names.append(ECall("element", (EConst(index + 1), target)))
                names.append(ECall("python:field", (target, EConst(index))))
                names.extend([ECall("python:[]", (target, EConst(at))) for at in (index, index - count)])
            found = intersection(self.of_guards(clause, names), self.of_pattern(patterns[index], clause))
            items.append(found if found == ALL else intersection(found, ranges_of_type(kind)))
        return self.of_items(items)

    @staticmethod
    def of_items(items: list[Ranges]) -> Ranges:
        """The tuples of elements in these ranges, or more: up to the first one that is no point."""
        prefix: Point = (5, len(items))
        for ranges in items:
            first = ranges[0] if ranges else None
            if first is None:
                return NOTHING
            if len(ranges) > 1 or not is_point(first):
                return tuple([_within(prefix, interval) for interval in ranges])
            prefix = (*prefix, first.low[0])
        return point(prefix)

    # --- conditions ---------------------------------------------------------------------------------------------------

    def of_conditions(self, conditions: tuple[Expr, ...], targets: list[Expr]) -> Ranges:
        found = ALL
        for condition in conditions:
            found = intersection(found, self.of_condition(condition, targets))
        return found

    def of_condition(self, expr: Expr, targets: list[Expr]) -> Ranges:
        """The terms that one of `targets`, which all mean the element, can be while a condition is true."""
        if isinstance(expr, EConst):
            return NOTHING if expr.value is False else ALL
        if not isinstance(expr, ECall):
            return ALL
        match expr.name, expr.args:
            case (("andalso" | "andthen" | "and" | "python:and"), args):
                return self.of_conditions(args, targets)
            case (("orelse" | "or" | "python:or"), args):
                return union(*[self.of_condition(arg, targets) for arg in args])
            case "python:bool", (inner,):
                return self.of_condition(inner, targets)
            case "python:in", (value, choices) if value in targets:
                return self.of_choices(choices)
            case "python:.startswith", (value, EConst(prefix)) if value in targets and not self.odd:
                return _prefixed(prefix)
            case name, (left, right):
                return self.of_comparison(name, left, right, targets)
        return ALL

    def of_comparison(self, name: str, left: Expr, right: Expr, targets: list[Expr]) -> Ranges:
        python = name.startswith("python:")
        sign = name[7:] if python else _ERLANG.get(name, "")
        if sign not in _MIRRORED:
            return ALL
        if left in targets:
            constant = _constant(right)
        elif right in targets:
            constant = _constant(left)
            sign = _MIRRORED[sign]
        else:
            return ALL
        if constant is None:
            return ALL
        if python:
            return self.of_python(sign, constant.value)
        key = _key_of(constant.value)
        return ALL if key is None else compared(sign, key)

    def of_choices(self, choices: Expr) -> Ranges:
        values: list[Term] = []
        match choices:
            case EConst(value) if isinstance(value, (tuple, list, set, frozenset)):
                values.extend(value)
            case ETuple(items) | EList(items, None) | ECall("python:set", items):
                for item in items:
                    constant = _constant(item)
                    if constant is None:
                        return ALL
                    values.append(constant.value)
            case _:
                return ALL
        return union(*[self.of_python("==", value) for value in values])

    def of_python(self, sign: str, value: Term) -> Ranges:
        """The terms for which Python may find `term <sign> value` true."""
        if self.odd or value != value:  # what is not equal to itself is found by `in` all the same
            return ALL
        kind = type(value)
        if isinstance(value, (bool, int, float)) and kind in (bool, int, float):
            number = int(value) if isinstance(value, bool) else value
            bools = [point(order_key(flag)) for flag in (False, True) if _PYTHON[sign](flag, number)]
            return union(intersection(_NUMBERS, compared(sign, order_key(number))), *bools, _OTHERS)
        if kind is str or kind is bytes:
            return union(intersection(_BINARIES, compared(sign, order_key(value))), _OTHERS)
        if sign == "==" and (value is None or kind is Atom):
            return union(point(order_key(value)), _OTHERS)
        if kind in _ORDERED_TYPES or (sign == "==" and isinstance(value, Enum) and kind.__eq__ in _EQUALITIES):
            key: Point = order_key(value)
            low, high = ((10, key[1]), 0), ((10, key[1] + "\0"), 0)
            of_its_kind = intersection(between(low, high), compared(sign, key))
            return union(between((BELOW, 0), low), of_its_kind, between(high, (ABOVE, 1)))
        return ALL


def _within(prefix: Point, interval: Interval) -> Interval:
    """The tuples that begin with a prefix and go on with an element of an interval."""
    (low, after_low), (high, after_high) = interval
    first = (*prefix, low, ABOVE) if after_low else (*prefix, low)
    last = (*prefix, high, ABOVE) if after_high else (*prefix, high)
    return Interval((first, after_low), (last, after_high))


def _prefixed(prefix: Term) -> Ranges:
    """The strings or bytes that begin with a prefix, and what else may have such a method."""
    if not isinstance(prefix, (str, bytes)) or type(prefix) not in (str, bytes):
        return ALL
    data = prefix.encode("utf-8", "surrogatepass") if isinstance(prefix, str) else prefix
    stem = data.rstrip(b"\xff")
    if not stem:
        return union(_BINARIES, _OTHERS)
    following = stem[:-1] + bytes([stem[-1] + 1])
    return union(between(((9, data), 0), ((9, following), 0)), _OTHERS)


def _constant(expr: Expr) -> EConst | None:
    """The constant that an expression is, also one that is spelled as a tuple of constants."""
    match expr:
        case EConst():
            return expr
        case ETuple(items):
            parts = [_constant(item) for item in items]
            known = [part.value for part in parts if part is not None]
            return EConst(tuple(known)) if len(known) == len(parts) else None
    return None


def _key_of(value: Term) -> Point | None:
    try:
        return order_key(value)
    except TermError:  # nested too deeply
        return None


def _point_of(value: Term) -> Ranges:
    key = _key_of(value)
    return ALL if key is None else point(key)
