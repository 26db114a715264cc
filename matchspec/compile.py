"""From a MatchSpec to closures: everything that depends only on the spec is decided here, once.

Variables are paths into the row, not slots that are filled for each row: `$2` of the head `{'$1', '$2'}` is "element
1". A variable that stands twice becomes a comparison of two paths. Guards joined by `andalso` are taken apart, since a
guard that fails and one that is false come to the same; inside `orelse` and `not` they do not, and stay whole.
"""

from typing import Final, assert_never, final

from matchspec import closures as c
from matchspec import conditions as k
from matchspec.check import check
from matchspec.functions import Function, find
from matchspec.leaves import COMPARISONS, leaf, literal_leaf
from matchspec.operations import FAIL
from matchspec.ownership import is_immutable
from matchspec.program import CompiledClause, Program
from matchspec.pyfunctions import PYTHON, PythonFunction
from matchspec.records import Record, is_record
from matchspec.spec import (
    Clause,
    EBindings,
    ECall,
    EConst,
    EList,
    EMap,
    ERow,
    ETuple,
    EVar,
    EVerbatim,
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
    RowType,
    T,
)
from matchspec.values import EXIT, Term


def compile_spec(spec: MatchSpec[Row, T]) -> Program:
    """The program of a spec. Raises CheckError for what Erlang's engine rejects, with every problem."""
    check(spec.clauses, spec.source)

    def describe(index: int) -> str:
        from matchspec.render import describe_body

        return describe_body(spec.clauses[index], spec.source)

    failed = FAIL if spec.raises else EXIT
    record = Record(spec.row_type) if is_record(spec.row_type) else None
    return Program([_clause(clause, failed, record) for clause in spec.clauses], describe)


def _clause(clause: Clause, failed: Term, record: Record | None) -> CompiledClause:
    paths: dict[int, list[c.Closure]] = {}
    tests = _row_tests(clause.head, paths)
    variables = {number: places[0] for number, places in paths.items()}
    for places in paths.values():
        tests.extend([k.Same(places[0], again) for again in places[1:]])
    guards = _Compiler(variables, FAIL, fresh=False)
    for guard in clause.guards:
        tests.extend(guards.tests(guard))
    body = _Compiler(variables, failed, record=record).body(clause.body)
    strict = body if failed is FAIL else _Compiler(variables, FAIL, record=record).body(clause.body)
    chosen = [*tests, *guards.truths(clause.body[0])] if len(clause.body) == 1 else [*tests, k.IsTrue(body)]
    return CompiledClause(k.all_of(tests), body, strict, k.all_of(chosen))


def _row_tests(head: Pattern, paths: dict[int, list[c.Closure]]) -> list[k.Test]:
    """The tests of a row that all pass exactly when its shape is that of the head."""
    if not isinstance(head, PTuple):
        shape = _shape(head, c.WholeRow(), paths)
        return [] if isinstance(shape, k.Anything) else [shape]
    tests: list[k.Test] = [k.Sized(len(head.items))]
    for index, item in enumerate(head.items):
        known = literal_leaf(index, item.value) if isinstance(item, PConst) else None
        if known is not None:
            tests.append(known)
            continue
        test = _shape(item, c.Column(index), paths)
        if not isinstance(test, k.Anything):
            tests.append(k.At(index, test))
    return tests


def _shape(pattern: Pattern, place: c.Closure, paths: dict[int, list[c.Closure]]) -> k.Test:
    """The test of a pattern; notes at which places of the row each variable stands."""
    match pattern:
        case PWild():
            return k.Anything()
        case PVar(number):
            paths.setdefault(number, []).append(place)
            return k.Anything()
        case PConst(value):
            return k.literal_test(value)
        case PTuple(items):
            tests: list[tuple[int, k.Test]] = []
            for index, item in enumerate(items):
                test = _shape(item, c.Item(place, index), paths)
                if not isinstance(test, k.Anything):
                    tests.append((index, test))
            return k.TupleOf(len(items), tests)
        case PList(items, tail):
            parts = [_shape(item, c.Item(place, index), paths) for index, item in enumerate(items)]
            rest = None if tail is None else _shape(tail, c.Rest(place, len(items)), paths)
            return k.ListOf(parts, rest)
        case PMap(entries):
            return k.MapOf([(key, _shape(value, c.Field(place, key), paths)) for key, value in entries])
        case _:
            assert_never(pattern)


@final
class _Compiler:
    """Compiles the expressions of one clause.

    `failed` is what a call gives that fails. `fresh` says that what an expression gives is handed out, so that no part
    of a constant that could be changed in place may be in it. Guards hand nothing out, and no function changes its
    arguments: there, constants are used as they are. `record`: the row is handed out as an instance of this dataclass.
    """

    def __init__(
        self, variables: dict[int, c.Closure], failed: Term, fresh: bool = True, record: Record | None = None
    ) -> None:
        self.record = record
        self.variables = variables
        self.failed = failed
        self.fresh = fresh

    def body(self, body: tuple[Expr, ...]) -> c.Closure:
        items = [self.value(expr) for expr in body]
        return items[0] if len(items) == 1 else c.Sequence(items)

    def tests(self, guard: Expr) -> list[k.Test]:
        """The tests that all pass exactly when the guard is true."""
        if isinstance(guard, ECall):
            if guard.name in ("andalso", "andthen", "and", "python:and"):
                return [test for arg in guard.args for test in self.tests(arg)]
            test = self._comparison(guard)
            if test is not None:
                return [test]
        return [k.IsTrue(self.value(guard))]

    def truths(self, body: Expr) -> list[k.Test]:
        """The tests that all pass exactly when a body gives True itself."""
        if isinstance(body, EConst) and body.value is True:
            return []
        if isinstance(body, ECall) and body.name == "python:and" and not all([_is_boolean(arg) for arg in body.args]):
            return [k.IsTrue(self.value(body))]  # `1 and True` is True
        return self.tests(body)

    def _comparison(self, guard: ECall) -> k.Test | None:
        if len(guard.args) != 2 or guard.name not in COMPARISONS:
            return None
        left, right = self.value(guard.args[0]), self.value(guard.args[1])
        general: k.Test
        match guard.name:
            case "<":
                general = k.Less(left, right)
            case ">":
                general = k.Less(right, left)
            case "=<":
                general = k.AtMost(left, right)
            case ">=":
                general = k.AtMost(right, left)
            case "==":
                general = k.Equal(left, right)
            case "=:=":
                general = k.Exactly(left, right)
            case name:
                general = k.IsTrue(self._call(name, [left, right]))
        return leaf(guard.name, left, right, general)

    def value(self, expr: Expr) -> c.Closure:
        match expr:
            case EConst(value) | EVerbatim(value):
                return c.FreshConstant(value) if self.fresh and not is_immutable(value) else c.Constant(value)
            case EVar(number):
                return self._handed_out(self.variables[number])
            case ERow():
                return self._handed_out(c.WholeRow())
            case EBindings():
                return c.BuildList([self._handed_out(self.variables[number]) for number in sorted(self.variables)])
            case ETuple(items, row_type):
                return self._tuple([self.value(item) for item in items], row_type)
            case EList(items, tail):
                parts = [self.value(item) for item in items]
                return c.BuildList(parts) if tail is None else c.BuildCons(parts, self.value(tail))
            case EMap(entries):
                return c.BuildMap([(self.value(key), self.value(value)) for key, value in entries], self.failed)
            case ECall(name, args) if self.fresh and name not in _PASSING:
                called = _Compiler(self.variables, self.failed, fresh=False).value(expr)
                return c.Owned(called) if any([_holds_mutable(arg) for arg in args]) else called
            case ECall(name, args):
                return self._call(name, [self.value(arg) for arg in args])
            case _:
                assert_never(expr)

    def _handed_out(self, place: c.Closure) -> c.Closure:
        if self.record is None or not isinstance(place, c.WholeRow):
            return place
        return c.RowInstance(self.record.made)

    def _tuple(self, items: list[c.Closure], row_type: RowType) -> c.Closure:
        if row_type is not None:
            return c.BuildRow(Record(row_type).made if is_record(row_type) else row_type._make, items)
        if len(items) == 2:
            return c.BuildPair(items[0], items[1])
        return c.BuildTuple(items)

    def _call(self, name: str, args: list[c.Closure]) -> c.Closure:
        match name:
            case "and" | "or":
                return c.StrictBoolean(args, name == "or", self.failed)
            case "andalso" | "andthen" | "orelse":
                return c.LazyBoolean(args, name == "orelse", self.failed)
            case "python:and" | "python:or":
                return c.Truthy(args, name == "python:or")
            case "python:if":
                return c.Choice(args[0], args[1], args[2])
        entry: Function | PythonFunction | None = PYTHON.get(name) or find(name, len(args))
        assert entry is not None and entry.call is not None  # check() has refused every other call
        match args:
            case []:
                return c.Call0(entry.call)
            case [operand]:
                return c.Call1(entry.call, operand, self.failed)
            case [left, right]:
                general = c.Call2(entry.call, left, right, self.failed)
                choices = _hashed(right) if name in ("python:in", "python:not in") else None
                return general if choices is None else c.Among(left, choices, name == "python:in", general)
        return c.CallN(entry.call, args, self.failed)


# What gives one of its operands as it is: these are fresh when the operands are.
_PASSING: Final = frozenset(["and", "or", "andalso", "andthen", "orelse", "python:and", "python:or", "python:if"])


_MANY: Final = 4  # members of a collection from which on a search by hash pays


def _hashed(choices: c.Closure) -> frozenset[Term] | None:
    """The members of a constant collection, where all are simple and none is NaN, which is equal to nothing."""
    if not isinstance(choices, (c.Constant, c.FreshConstant)):
        return None
    values = choices.value
    if not isinstance(values, (tuple, list, set, frozenset)) or len(values) < _MANY:
        return None
    simple = all([type(value) in c.HASHED_TYPES and value == value for value in values])
    return frozenset(values) if simple else None


def _is_boolean(expr: Expr) -> bool:
    """Whether an expression, where it does not fail, gives True or False."""
    if isinstance(expr, ECall):
        if expr.name in ("python:and", "python:or"):
            return all([_is_boolean(arg) for arg in expr.args])
        python = PYTHON.get(expr.name)
        return expr.name in COMPARISONS or (python is not None and python.boolean)
    return isinstance(expr, EConst) and isinstance(expr.value, bool)


def _holds_mutable(expr: Expr) -> bool:
    """Whether a constant that could be changed in place is a part of an expression."""
    match expr:
        case EConst(value) | EVerbatim(value):
            return not is_immutable(value)
        case EVar() | ERow() | EBindings():
            return False
        case ETuple(items):
            return any([_holds_mutable(item) for item in items])
        case EList(items, tail):
            return any([_holds_mutable(item) for item in items]) or (tail is not None and _holds_mutable(tail))
        case EMap(entries):
            return any([_holds_mutable(part) for entry in entries for part in entry])
        case ECall(_, args):
            return any([_holds_mutable(arg) for arg in args])
        case _:
            assert_never(expr)
