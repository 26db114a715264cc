"""Queries as SQL: the rows of a typed table that can match, found by SQLite, and counted there where that is provably
the same.

The rule is that of `matchspec.plan`: what SQL selects is a superset of the rows that match, and each of them is checked
by the whole spec, unless `exact` says that SQL selects just those. What is not understood is let through.

Every guard is translated to a Truth: when it is true, and when it is false, as conditions on columns. It may be
neither, where it fails: so `not` exchanges the two, and `a or b`, when `a` may fail, is true where `a` is, or where `a`
is false and `b` true. Each of the two conditions is exact, or a superset; `total` says that the guard never fails, and
is always true or false. A guard on one column splits the values that the column can have into those for which it is
true, those for which it is false, and the rest. This is what makes exactness provable leaf by leaf:

- Erlang's comparisons follow the total order of terms, and never fail. Numbers compare by value, `=:=` by type too.
- Python's comparisons of two numbers, two texts or two bytes follow that order as well (True counts as 1); `==` of
  other simple types is false and `<` fails. The few values of a bool or None in a column are tried one by one, by the
  very function that the query would call.
- The same goes for two dates, two timedeltas, two UUIDs and two datetimes without a zone. Members of an Enum are few,
  and tried one by one.
- nan, of which every comparison with a number is false but `/=`, is put on the side of the false.
- SQL's own comparisons are exact for ranges of these (see `runtime.sql_columns`).

Why no SQL toolkit writes the SQL: a condition is a string and a list here, made in microseconds; SQLAlchemy Core takes
hundreds of them to build and compile one statement, and its import longer than opening a table may take.
"""

from datetime import datetime
from enum import Enum
from typing import Any, Final, NamedTuple, TypeAlias, final

from matchspec.bounds import as_condition
from matchspec.functions import find
from matchspec.intervals import NOTHING, Ranges, between, compared, intersection, point, union
from matchspec.operations import FAIL
from matchspec.pyfunctions import PYTHON
from matchspec.spec import (
    Clause,
    ECall,
    EConst,
    ERow,
    EVar,
    Expr,
    MatchSpec,
    Pattern,
    PConst,
    PTuple,
    PVar,
    PWild,
)
from matchspec.terms import is_float, is_integer, is_number, order_key
from matchspec.values import Atom, Term, TermError
from runtime.disk_rows import Column, Sql
from runtime.disk_scalars import CLASSES
from runtime.sql_columns import BINARIES, NAIVES, NAN, NONE, domain, without
from runtime.sql_conditions import ALWAYS, NEVER, Condition, Writer, every, known_leaf, leaf, some

Spec: TypeAlias = MatchSpec[Any, Any]
Columns: TypeAlias = list[Column]  # of a row, in the order of its fields

_ERLANG: Final = {"<": "<", "=<": "<=", ">": ">", ">=": ">=", "==": "==", "=:=": "==", "/=": "!=", "=/=": "!="}
_PYTHON: Final = frozenset(["<", "<=", ">", ">=", "==", "!="])
_MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_KNOWN: Final = (object, int, str, float)  # the types whose comparisons a member of an Enum may have
_EQUALITIES: Final = [kind.__eq__ for kind in _KNOWN]
_ORDERS: Final = [getattr(kind, "__lt__", None) for kind in _KNOWN]
_SIMPLE: Final = frozenset([int, float, bool, str, bytes, Atom, type(None)])


class Pushed(NamedTuple):
    """A WHERE clause, without the word, and its parameters. Of no rows at all it is `0`, of all of them `1`.

    `exact`: these are just the rows that match, and for a count or a deletion those whose result is True.
    """

    where: str
    parameters: list[Sql]
    exact: bool
    condition: Condition


def pushdown(spec: Spec, columns: Columns, counts: bool = False) -> Pushed:
    """The rows that match a query; with `counts`, those of them whose result is exactly True. O(size of the spec)."""
    wanted = as_condition(spec) if counts else spec
    parts: list[Condition] = []
    exact = True
    for at, clause in enumerate(wanted.clauses):
        truth = _Translator(columns, clause).of_clause()
        parts.append(truth.true)
        # A later clause counts only where no earlier one matches. That makes no difference where the earlier clause
        # itself gives True; and where a lambda's body fails, it is an error, which only running it can tell.
        results = spec.clauses[at].body
        last = at == len(wanted.clauses) - 1
        exact = exact and truth.sure
        if counts:
            alone = len(results) == 1 and (last or results == (EConst(True),))
            exact = exact and alone and (truth.total or not spec.raises)
    condition = some(columns, parts)
    writer = Writer(columns)
    text = writer.write(condition)
    return Pushed(text, writer.parameters, exact and writer.exact, condition)


@final
class Truth:
    """When a guard is true and when it is false; `sure` and `sure_false` that these are no more than that.

    `total`: it is one of the two in every row. `column`: both conditions are about this column alone, with these
    ranges; -1 for none.
    """

    def __init__(
        self, true: "Condition | None", false: "Condition | None", sure: bool, sure_false: bool, total: bool
    ) -> None:
        self._true = true
        self._false = false
        self.sure: Final = sure
        self.sure_false: Final = sure_false
        self.total: Final = total
        self.column = -1
        self.values: Ranges = NOTHING  # all that the column can have
        self.true_ranges: Ranges = NOTHING
        self.false_ranges: Ranges = NOTHING

    @property
    def true(self) -> Condition:
        if self._true is None:
            self._true = known_leaf(self.values, self.column, self.true_ranges)
        return self._true

    @property
    def false(self) -> Condition:
        if self._false is None:
            self._false = known_leaf(self.values, self.column, self.false_ranges)
        return self._false


_UNKNOWN: Final = Truth(ALWAYS, ALWAYS, False, False, False)
_TRUE: Final = Truth(ALWAYS, NEVER, True, True, True)
_FALSE: Final = Truth(NEVER, ALWAYS, True, True, True)
_FAILS: Final = Truth(NEVER, NEVER, True, True, False)


@final
class _Translator:
    """Translates the guards of one clause."""

    def __init__(self, columns: Columns, clause: Clause) -> None:
        self.columns: Final = columns
        self.clause: Final = clause
        self.places: dict[int, int] = {}  # which column a variable stands for
        self.rows: list[Expr] = [ERow()]

    # --- clauses ------------------------------------------------------------------------------------------------------

    def of_clause(self) -> Truth:
        """When the clause matches; `total` says that its guards cannot fail where the head matches."""
        head = self.of_head()
        truths = [head, *[self.of_guard(guard) for guard in self.clause.guards]]
        true = every(self.columns, [truth.true for truth in truths])
        total = all([truth.total for truth in truths[1:]])
        return Truth(true, ALWAYS, all([truth.sure for truth in truths]), False, total)

    def of_head(self) -> Truth:
        head = self.clause.head
        match head:
            case PWild():
                return _TRUE
            case PVar(number):
                self.rows.append(EVar(number))
                return _TRUE
            case PTuple(items) if len(items) == len(self.columns):
                truths = [self.of_pattern(index, item) for index, item in enumerate(items)]
                true = every(self.columns, [truth.true for truth in truths])
                return Truth(true, ALWAYS, all([truth.sure for truth in truths]), False, True)
        return _FALSE  # a tuple of another size, or no tuple

    def of_pattern(self, index: int, pattern: Pattern) -> Truth:
        match pattern:
            case PWild():
                return _TRUE
            case PVar(number):
                if number in self.places:
                    return _UNKNOWN  # the same value at two places
                self.places[number] = index
                return _TRUE
            case PConst(value):
                return self.of_literal(index, value)
        return _UNKNOWN if self.columns[index].kind == "term" else _FALSE  # inside a tuple, list or map

    def of_literal(self, index: int, value: Term) -> Truth:
        """A literal in a head: of just this type; floats bit by bit, which SQL does not tell for zeros and nan."""
        if self.columns[index].kind == "term":
            return _UNKNOWN
        if is_float(value) and (value == 0.0 or value != value):
            key = NAN if value != value else point(order_key(value))
            return Truth(leaf(self.columns, index, key), ALWAYS, False, False, False)
        return self.comparison("=:=", "==", index, value)

    # --- guards -------------------------------------------------------------------------------------------------------

    def of_guard(self, expr: Expr) -> Truth:
        if isinstance(expr, EConst):
            return _TRUE if expr.value is True else _FALSE if expr.value is False else _FAILS
        index = self.column(expr)
        if index >= 0:
            return self.of_column(index)
        if not isinstance(expr, ECall):
            return _UNKNOWN if isinstance(expr, (EVar, ERow)) else _FAILS  # no boolean is built of parts
        match expr.name, expr.args:
            case (("andalso" | "andthen" | "and" | "python:and"), args):
                return self.joined(args, True, expr.name)
            case (("orelse" | "or" | "python:or"), args):
                return self.joined(args, False, expr.name)
            case "not", (inner,):
                return _negated(self.of_guard(inner))
            case "python:not", (inner,):
                return _negated(self.of_boolean(inner))
            case "python:bool", (inner,):
                return self.of_boolean(inner)
            case (("python:in" | "python:not in"), (value, EConst(choices))):
                found = self.of_choices(self.column(value), choices)
                return _negated(found) if expr.name == "python:not in" else found
            case "python:.startswith", (value, EConst(prefix)):
                return self.of_prefix(self.column(value), prefix)
            case name, (left, right):
                return self.of_comparison(name, left, right)
        return _UNKNOWN

    def column(self, expr: Expr) -> int:
        """The column that an expression means, or -1."""
        match expr:
            case EVar(number):
                return self.places.get(number, -1)
            case ECall("element", (EConst(int() as position), row)) if row in self.rows:
                index = position - 1
            case ECall("python:[]", (row, EConst(int() as index))) if row in self.rows:
                pass
            case _:
                return -1
        return index if 0 <= index < len(self.columns) else -1

    def of_column(self, index: int) -> Truth:
        """A column as a guard: true if it is True."""
        if self.columns[index].kind == "term":
            return _UNKNOWN
        return self.split(index, point(order_key(True)), point(order_key(False)))

    def of_boolean(self, expr: Expr) -> Truth:
        """An operand whose truth Python asks for: what is a boolean anyway."""
        index = self.column(expr)
        if index >= 0:
            column = self.columns[index]
            return self.of_column(index) if column.kind == "bool" and not column.optional else _UNKNOWN
        match expr:
            case EConst(bool()):
                return self.of_guard(expr)
            case ECall("python:and" | "python:or", args):
                return self.joined(args, expr.name == "python:and", expr.name)
            case ECall(name, args):
                function = find(name, len(args))
                known = PYTHON[name].boolean if name in PYTHON else function is not None and function.boolean
                return self.of_guard(expr) if known else _UNKNOWN
        return _UNKNOWN

    def joined(self, args: tuple[Expr, ...], every_one: bool, name: str) -> Truth:
        python = name.startswith("python:")
        truths = [self.of_boolean(arg) if python else self.of_guard(arg) for arg in args]
        found = truths[0]
        strict = name in ("and", "or")
        for truth in truths[1:]:
            if not every_one:
                found, truth = _negated(found), _negated(truth)
            found = self.both(found, truth, strict)
            if not every_one:
                found = _negated(found)
        return found

    def both(self, first: Truth, second: Truth, strict: bool) -> Truth:
        """`first andalso second`; `strict` says that the second is computed, and may fail, even if the first is false.

        `or` is the same with true and false exchanged.
        """
        if first.column >= 0 and first.column == second.column and not strict:
            inside = intersection(first.true_ranges, second.true_ranges)
            outside = union(first.false_ranges, intersection(first.true_ranges, second.false_ranges))
            return self.split(first.column, inside, outside)
        true = every(self.columns, [first.true, second.true])
        sure = first.sure and second.sure
        total = first.total and second.total
        if first.total and (second.total or not strict):
            # Where the first is not false it is true, so that the second need not be asked about together with it.
            false = some(self.columns, [first.false, second.false])
            sure_false = first.sure_false and second.sure_false
        else:
            parts = [first.false, every(self.columns, [first.true, second.false])]
            if strict:
                parts[0] = every(self.columns, [first.false, some(self.columns, [second.true, second.false])])
            false = some(self.columns, parts)
            sure_false = first.sure and first.sure_false and second.sure_false and (second.sure or not strict)
        return Truth(true, false, sure, sure_false, total)

    def split(self, index: int, true: Ranges, false: Ranges) -> Truth:
        """A guard that is true for some values of a column, false for others, and fails for the rest."""
        values = domain(self.columns[index])
        true, false = intersection(values, true), intersection(values, false)
        return _one_column(index, values, true, false, union(true, false) == values)

    # --- comparisons --------------------------------------------------------------------------------------------------

    def of_comparison(self, name: str, left: Expr, right: Expr) -> Truth:
        sign = name[7:] if name.startswith("python:") else _ERLANG.get(name, "")
        if sign not in _MIRRORED:
            return _UNKNOWN
        index, constant = self.column(left), right
        if index < 0:
            index, constant, sign = self.column(right), left, _MIRRORED[sign]
        if index < 0 or not isinstance(constant, EConst) or self.columns[index].kind == "term":
            return _UNKNOWN
        return self.comparison(name, sign, index, constant.value)

    def comparison(self, name: str, sign: str, index: int, value: Term) -> Truth:
        if (is_float(value) and value != value) or (isinstance(value, datetime) and value.tzinfo is not None):
            return _UNKNOWN
        if self.is_nameless(index):
            return _UNKNOWN
        if name.startswith("python:"):
            return self.of_python(sign, index, value)
        try:
            key = order_key(value)
        except TermError:  # nested too deeply
            return _UNKNOWN
        column = self.columns[index]
        equal = name in ("=:=", "=/=")
        other_type = (column.kind == "int" and is_float(value)) or (column.kind == "float" and is_integer(value))
        values = domain(column)
        inside = NOTHING if equal and other_type else compared("==" if sign == "!=" else sign, key)
        if is_number(value):
            inside = without(inside, NAN)
        inside = intersection(values, inside)
        outside = without(values, inside)
        return self.split(index, outside, inside) if sign == "!=" else self.split(index, inside, outside)

    def of_python(self, sign: str, index: int, value: Term) -> Truth:
        """Each sort of values of the column compares with the constant in its own way; see the module's docstring."""
        kind = self.columns[index].kind
        if type(value) not in _SIMPLE and type(value) not in CLASSES and not self.is_member(index, value):
            return _UNKNOWN
        true, false = self.tried(index, f"python:{sign}", value)
        if kind not in ("bool", "enum"):
            values = without(domain(self.columns[index]), NONE)
            comparable = _is_comparable(kind, value)
            # Python orders no datetime that has a zone with one that has none.
            ordered = intersection(values, NAIVES) if kind == "datetime" else values
            if comparable:
                number = int(value) if isinstance(value, bool) else value
                inside = compared("==" if sign == "!=" else sign, order_key(number))
                inside = intersection(ordered, without(inside, NAN) if kind in ("int", "float") else inside)
            else:
                inside = NOTHING
            if comparable or sign in ("==", "!="):
                outside = without(values if sign in ("==", "!=") else ordered, inside)
                if sign == "!=":
                    inside, outside = outside, inside
                true, false = union(true, inside), union(false, outside)
        return self.split(index, true, false)

    def tried(self, index: int, name: str, *args: Term) -> tuple[Ranges, Ranges]:
        """For which of None, False and True, as far as the column has them, a function of Python's is true or false."""
        column = self.columns[index]
        true, false = NOTHING, NOTHING
        call = PYTHON[name].call
        values: list[Term] = [False, True] if column.kind == "bool" else []
        if column.members is not None:
            values.extend(column.members.values())
        for value in [*values, *([None] if column.optional else [])]:
            result = FAIL if call is None else call(value, *args)
            if result is True:
                true = union(true, point(order_key(value)))
            elif result is False:
                false = union(false, point(order_key(value)))
        return true, false

    def is_nameless(self, index: int) -> bool:
        """Whether a column has members of an Enum that is not known, or of one with a comparison of its own."""
        members = self.columns[index].members
        if members is None:
            return self.columns[index].kind == "enum"
        kinds = {type(member) for member in members.values()}
        return not all([kind.__eq__ in _EQUALITIES and getattr(kind, "__lt__", None) in _ORDERS for kind in kinds])

    def is_member(self, index: int, value: Term) -> bool:
        members = self.columns[index].members
        return members is not None and isinstance(value, Enum) and members.get(value.name) is value

    def of_choices(self, index: int, choices: Term) -> Truth:
        if (
            index < 0
            or self.columns[index].kind == "term"
            or self.is_nameless(index)
            or type(choices) not in (tuple, list, set, frozenset)
        ):
            return _UNKNOWN
        assert isinstance(choices, (tuple, list, set, frozenset))
        found: list[Ranges] = []
        for choice in choices:
            if type(choice) not in _SIMPLE and type(choice) not in CLASSES and not self.is_member(index, choice):
                return _UNKNOWN
            if choice != choice or (isinstance(choice, datetime) and choice.tzinfo is not None):
                return _UNKNOWN
            found.append(self.of_python("==", index, choice).true_ranges)
        true = union(*found)
        return self.split(index, true, without(domain(self.columns[index]), true))

    def of_prefix(self, index: int, prefix: Term) -> Truth:
        if index < 0 or self.columns[index].kind not in ("str", "bytes"):
            return _UNKNOWN
        kind = self.columns[index].kind
        if kind == "str" and isinstance(prefix, str) and type(prefix) is str:
            data = prefix.encode("utf-8", "surrogatepass")
        elif kind == "bytes" and isinstance(prefix, bytes) and type(prefix) is bytes:
            data = prefix
        else:
            return _UNKNOWN
        stem = data.rstrip(b"\xff")
        end = (9, stem[:-1] + bytes([stem[-1] + 1])) if stem else (10,)
        true = intersection(BINARIES, between(((9, data), 0), (end, 0)))
        return self.split(index, true, without(BINARIES, true))  # None has no such method


def _one_column(index: int, values: Ranges, true: Ranges, false: Ranges, total: bool) -> Truth:
    truth = Truth(None, None, True, True, total)
    truth.column, truth.values, truth.true_ranges, truth.false_ranges = index, values, true, false
    return truth


def _is_comparable(kind: str, value: Term) -> bool:
    """Whether Python orders the values of a column of this kind and the constant, as Erlang does."""
    if kind in ("int", "float"):
        return type(value) in (int, float, bool)
    if kind not in ("str", "bytes"):
        return CLASSES.get(type(value)) == kind
    return type(value) is (str if kind == "str" else bytes)


def _negated(truth: Truth) -> Truth:
    if truth.column >= 0:
        return _one_column(truth.column, truth.values, truth.false_ranges, truth.true_ranges, truth.total)
    return Truth(truth.false, truth.true, truth.sure_false, truth.sure, truth.total)
