"""Which rows can match at all: the part of a query's meaning that saves a table from scanning.

Soundness rule: what is found here is a superset of the matching rows, and every candidate is checked by the whole spec.
A mistake here may cost time; it must never lose a row.
"""

from typing import assert_never

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
from matchspec.terms import cons, exact_key, exactly_equal
from matchspec.values import Atom, Term


def bound_keys(spec: MatchSpec[Row, T], keypos: int, exotic: bool = False) -> list[Term] | None:
    """The keys, one of which every matching row has, without repetitions; None when there is no telling.

    `keypos` counts from 1. `exotic` says that the table has keys of types, such as members of an Enum, that Python may
    find equal to a str or an int although they are other terms; then Python's own equality binds nothing.
    O(size of the spec).
    """
    found: dict[Term, Term] = {}
    for clause in spec.clauses:
        keys = _keys_of(clause, keypos, exotic)
        if keys is None:
            return None
        for key in keys:
            found.setdefault(exact_key(key), key)
    return list(found.values())


def _keys_of(clause: Clause, keypos: int, exotic: bool) -> list[Term] | None:
    head = clause.head
    if isinstance(head, PTuple):
        if len(head.items) < keypos:
            return []  # no row of a table is so short
        literal = _literal(head.items[keypos - 1])
        if literal is not None:
            return [literal.value]
    key = _expressions_of_key(head, keypos)
    for guard in clause.guards:
        keys = _keys_of_guard(guard, key, exotic)
        if keys is not None:
            return keys
    return None


def _expressions_of_key(head: Pattern, keypos: int) -> list[Expr]:
    """What a guard may call the key: the head's variable at its place, or an element of the row."""
    rows: list[Expr] = [ERow()]
    found: list[Expr] = []
    match head:
        case PVar(number):
            rows.append(EVar(number))
        case PTuple(items) if isinstance(at_key := items[keypos - 1], PVar):
            found.append(EVar(at_key.number))
    for row in rows:
        found.append(ECall("element", (EConst(keypos), row)))
        found.append(ECall("python:[]", (row, EConst(keypos - 1))))  # an untyped lambda says row[0]
    return found


def _literal(pattern: Pattern) -> EConst | None:
    """The one term that a pattern matches, or None."""
    match pattern:
        case PConst(value):
            return EConst(value)
        case PTuple(items):
            parts = [_literal(item) for item in items]
            return None if None in parts else EConst(tuple([part.value for part in parts if part is not None]))
        case PList(items, tail):
            parts = [_literal(item) for item in items]
            rest = EConst([]) if tail is None else _literal(tail)
            if rest is None or None in parts:
                return None
            return EConst(cons([part.value for part in parts if part is not None], rest.value))
        case PWild() | PVar() | PMap():
            return None  # a map pattern matches larger maps too
        case _:
            assert_never(pattern)


def _keys_of_guard(guard: Expr, key: list[Expr], exotic: bool) -> list[Term] | None:
    if not isinstance(guard, ECall):
        return None
    match guard.name, guard.args:
        case (("andalso" | "andthen" | "and" | "python:and"), args):
            for arg in args:
                keys = _keys_of_guard(arg, key, exotic)
                if keys is not None:
                    return keys
        case (("orelse" | "or" | "python:or"), args):
            found: list[Term] = []
            for arg in args:
                keys = _keys_of_guard(arg, key, exotic)
                if keys is None:
                    return None
                found.extend(keys)
            return found
        case (("==" | "=:=" | "python:=="), (left, right)):
            other = right if left in key else left if right in key else None
            constant = None if other is None else _constant(other)
            return None if constant is None else _spellings(constant.value, guard.name, exotic)
        case "python:in", (value, choices) if value in key:
            return _keys_of_choices(choices, exotic)
    return None


def _constant(expr: Expr) -> EConst | None:
    """The constant that an expression is, also one that is spelled as a list or tuple of constants."""
    match expr:
        case EConst():
            return expr
        case ETuple(items):
            parts = [_constant(item) for item in items]
            return None if None in parts else EConst(tuple([part.value for part in parts if part is not None]))
        case EList(items, None):
            parts = [_constant(item) for item in items]
            return None if None in parts else EConst([part.value for part in parts if part is not None])
    return None


def _keys_of_choices(choices: Expr, exotic: bool) -> list[Term] | None:
    constant = _constant(choices)
    if constant is None or not isinstance(constant.value, (tuple, list, set, frozenset)):
        return None
    found: list[Term] = []
    for choice in constant.value:
        keys = _spellings(choice, "python:==", exotic)
        if keys is None:
            return None
        found.extend(keys)
    return found


def _spellings(value: Term, equality: str, exotic: bool) -> list[Term] | None:
    """The exact keys that are equal to a value, or None when they cannot be listed."""
    if equality == "=:=":
        return [value]
    if exotic and equality == "python:==":
        return None
    if value is None or type(value) in (str, bytes, Atom):
        return [value]
    if isinstance(value, bool):
        return [value, int(value), float(value)] if equality == "python:==" else [value]
    if type(value) is int or type(value) is float:
        return _numbers(value, equality)
    return None


def _numbers(value: "int | float", equality: str) -> list[Term]:
    keys: list[Term] = [value]
    try:
        other: Term = float(value) if isinstance(value, int) else int(value)
    except (OverflowError, ValueError):  # too large for a float; an infinity or no number
        return keys
    if other == value:
        keys.append(other)
    if equality == "python:==" and value in (0, 1):
        keys.append(bool(value))
    return keys


# --- select_replace -----------------------------------------------------------------------------------------------


def keeps_key(spec: MatchSpec[Row, T], keypos: int) -> bool:
    """Whether every result provably has the key of its row, as ets:select_replace/2 demands.

    Erlang's rule: the body is one expression, and it is `'$_'`, or the head is a tuple and the body builds a tuple (or
    is a `{const, Tuple}`) whose key is the head's key again, or `{element, KeyPos, '$_'}`. O(size of the spec).
    """
    return all([_clause_keeps_key(clause, keypos) for clause in spec.clauses])


def _clause_keeps_key(clause: Clause, keypos: int) -> bool:
    if len(clause.body) != 1:
        return False
    body = clause.body[0]
    if isinstance(body, ERow):
        return True
    if not isinstance(clause.head, PTuple) or len(clause.head.items) < keypos:
        return False
    head_key = clause.head.items[keypos - 1]
    if isinstance(body, EConst) and isinstance(body.value, tuple):
        literal = _literal(head_key)
        return (
            literal is not None and len(body.value) >= keypos and exactly_equal(body.value[keypos - 1], literal.value)
        )
    if not isinstance(body, ETuple) or len(body.items) < keypos:
        return False
    body_key = body.items[keypos - 1]
    return body_key == ECall("element", (EConst(keypos), ERow())) or _says(body_key, head_key)


def _says(expr: Expr, pattern: Pattern) -> bool:
    """Whether an expression builds exactly what a pattern matched."""
    match pattern, expr:
        case PVar(number), EVar(same):
            return number == same
        case PConst(value), EConst(same):
            return exactly_equal(value, same)
        case PTuple(patterns), ETuple(items):
            return len(patterns) == len(items) and all([_says(e, p) for e, p in zip(items, patterns, strict=True)])
        case PList(patterns, rest), EList(items, tail):
            if len(patterns) != len(items) or not all([_says(e, p) for e, p in zip(items, patterns, strict=True)]):
                return False
            if rest is None or tail is None:
                return rest is None and tail is None
            return _says(tail, rest)
        case ((PTuple() | PList()), EConst(value)):
            literal = _literal(pattern)
            return literal is not None and exactly_equal(literal.value, value)
    return False
