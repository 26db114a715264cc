"""Any value at all is a term or raises a TermError: comparing, showing, keys of tables, rows, patterns and queries.

Each trial draws a few values and takes them through one part of the library. Whatever is raised but a MatchSpecError
(a TermError is one) or a table's BadArg is a bug, and so is an order that contradicts itself.
"""

import random
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from typing import Any, Final, TypeAlias

from matchspec import ANY, Atom, MatchSpecError, V, compare, exactly_equal, format_term, parse_term, spec
from matchspec.terms import exact_key, less, numerically_equal, order_key
from matchspec.values import const, shown
from runtime import BadArg, ets
from runtime.storage import KINDS
from tests.fuzz.anytext import WrongResultError
from tests.fuzz.values import Values

Value: TypeAlias = Any
Trial: TypeAlias = Callable[[Values], None]


def _order(values: Values) -> None:
    first = values.value()
    second, third = values.alike(first), values.alike(first)
    signs = [compare(a, b) for a, b in ((first, second), (second, third), (first, third), (second, first))]
    if signs[0] != -signs[3] or compare(first, first) != 0:
        raise WrongResultError(
            f"{shown(first)} and {shown(second)} are ordered by {signs[0]}, and the other way round {signs[3]}"
        )
    if signs[0] <= 0 and signs[1] <= 0 and signs[2] > 0:
        raise WrongResultError(f"not transitive: {shown(first)} {shown(second)} {shown(third)}")
    less(first, second)
    numerically_equal(first, second)
    same = exactly_equal(first, second)
    if same and (signs[0] or hash(exact_key(first)) != hash(exact_key(second))):
        raise WrongResultError(f"{shown(first)} =:= {shown(second)}, but they differ in order or hash")
    hash(order_key(first))


def _text(values: Values) -> None:
    term = values.value()
    for syntax in ("erlang", "elixir", "python"):
        try:
            text = format_term(term, syntax)
        except MatchSpecError as error:
            str(error)
            continue
        if len(text) < 10_000:
            again = parse_term(text, syntax)
            if exact_key(again) != exact_key(term):
                raise WrongResultError(f"{text} in {syntax} is read as {shown(again)}, not {shown(term)}")


def _tables(values: Values) -> None:
    table: Value = ets.new("fuzzed", type=values.random.choice(KINDS), index=[2])
    try:
        rows = [(values.value(2), values.value(2)) for _ in range(4)]
        for row in [*rows, (values.alike(rows[0][0]), 1)]:
            _attempt(_put, table, row)
        for key in [rows[0][0], values.alike(rows[1][0]), values.value()]:
            for call in (table.lookup, table.member, table.next, table.take, table.delete):
                _attempt(call, key)
        for pattern in ((V(1), ANY), (values.value(2), ANY), (ANY, values.alike(rows[2][1])), values.value()):
            for call in (table.match, table.match_object, table.match_delete):
                _attempt(call, pattern)
        _attempt(table.update_element, rows[3][0], (2, values.value()))
        _attempt(table.update_counter, rows[3][0], (2, values.value()))
        _attempt(table.tab2list)
        if problems := table.check():
            raise WrongResultError(f"the table is broken: {problems}")
    finally:
        table.drop()


def _put(table: Value, row: Value) -> None:
    table.insert(row)
    # A key that is nothing but itself, as an object() is, is another one in the table: rows are copied on their way in.
    if not table.member(row[0]) and exact_key(deepcopy(row[0])) == exact_key(row[0]):
        raise WrongResultError(f"the key of {shown(row)} was inserted, but is no member")


def _queries(values: Values) -> None:
    value, other = values.value(), values.value()
    any_spec: Callable[..., Value] = spec
    records = values.random.choice([value, {"p": value}, {"p": [value]}])
    queries: list[tuple[Value, dict[str, Value]]] = [
        ([(values.value(2), [values.value(2)], [values.value(2)])], {}),
        ([((V(1), ANY), [(Atom("=="), V(1), const(other))], [V(1)])], {}),
        ("lambda a, b: (a, b) if a == x or a in (1, b) else [b < x]", {"env": {"x": other}}),
        ("fun({A, B}) when A > X; A =:= X -> {A, B} end", {"env": {"X": other}}),
        (value, {}),
        ("lambda u: u", {"row": value}),
        ("fun(X) -> X end", {"env": value}),
        ("fun(#p{x = X}) -> X end", {"records": records}),
        ("1", {"syntax": value}),
    ]
    query, options = values.random.choice(queries)
    made = _attempt(partial(any_spec, query, **options))
    if made is not None:
        for row in ((value, other), value):
            _attempt(made.test, row)
        for show in (made.to_erlang, made.to_elixir, made.to_python, made.__repr__, made.__hash__):
            _attempt(show)


def _attempt(call: Callable[..., Value], *args: Value) -> Value:
    """What a call gives; None where it raises a documented error, which must also have a text."""
    try:
        return call(*args)
    except (MatchSpecError, BadArg) as error:
        str(error)
        return None


TRIALS: Final[tuple[Trial, ...]] = (_order, _order, _text, _tables, _queries)


def attempt(trial: Trial, seed: int) -> bool:
    """Whether a trial goes through; a documented error ends it. Raises whatever is none."""
    try:
        trial(Values(random.Random(seed)))
    except (MatchSpecError, BadArg) as error:
        str(error)
        return False
    return True
