"""Python text and functions to clauses, with Python's own meaning.

A lambda is one expression. The chain of conditionals at its top becomes clauses, tried in order, and SKIP a clause that
gives nothing; everything else keeps Python's meaning through the functions of `matchspec.pyfunctions`. With one
parameter that is the whole row, `$N` stands for its Nth column; with several, for the Nth parameter.
"""

from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from typing import Final, NoReturn, TypeAlias, cast, final

from grammar.tree import (
    Attribute,
    Bind,
    Call,
    Clause,
    Compare,
    Conditional,
    Constant,
    Function,
    Infix,
    ListNode,
    MapNode,
    Name,
    Node,
    Rest,
    SetNode,
    Slice,
    Subscript,
    TupleNode,
    Unary,
    Wild,
)
from matchspec.capture import UNKNOWN, PyObject, Scope
from matchspec.errors import MatchSpecError, ResolveError
from matchspec.operations import FAIL
from matchspec.ownership import own
from matchspec.problems import UNRESOLVED, Problems, Unresolved, bind_unresolved
from matchspec.pycalls import built_type, call
from matchspec.pycosts import is_small
from matchspec.pyfunctions import PYTHON
from matchspec.pyoperations import iterates_by_itself
from matchspec.pypatterns import match_clause
from matchspec.rowtypes import Annotation, RowShape, is_named_tuple, item_annotation, row_shape, without_none
from matchspec.spec import (
    NO_MATCH,
    SKIP,
    ECall,
    EConst,
    EList,
    EMap,
    ERow,
    ETuple,
    EVar,
    Expr,
    Pattern,
    PTuple,
    PVar,
    PWild,
    RowType,
)
from matchspec.spec import Clause as SpecClause
from matchspec.values import Atom, Term

_COMPARISONS: Final = frozenset(["<", "<=", ">", ">=", "==", "!=", "in", "not in"])

Head: TypeAlias = Callable[[], Pattern]
# The result of a clause that ends the search without giving anything.
SKIPPED: Final = EConst(NO_MATCH)

_PLAIN_NAME: Final = "a parameter of a query is a plain name"
_PARAMETERS: Final = "lambda row: ... or lambda name, age: ..."


@final
class PythonResolver:
    """Resolves one lambda or match function."""

    def __init__(self, function: Function, row_type: RowType, scope: Scope, strict: bool = False) -> None:
        self.function: Final = function
        self.source: Final = function.source
        self.scope: Final = scope
        self.shape: Final[RowShape | None] = row_shape(row_type)
        self.row_type: Final = row_type
        self.names: dict[str, Expr] = {}
        self.annotations: dict[str, Annotation] = {}
        self.columns: set[int] = set()
        self.literals: dict[int, EConst] = {}  # the columns that the head compares with a literal
        self.problems: Final = Problems(function.source)

    def clauses(self) -> tuple[SpecClause, ...]:
        if self.function.subject:
            found = [part for clause in self.function.clauses for part in match_clause(self, clause)]
        else:
            found = self._lambda(self.function.clauses[0])
        self.problems.finish()
        while found and found[-1].body[0] is SKIPPED:
            found.pop()
        return tuple(found)

    # --- parameters and heads ---

    def _lambda(self, clause: Clause) -> list[SpecClause]:
        params: list[Node] = [param for param in clause.params if not isinstance(param, Bind)]
        defaults = {
            param.left.name: self.expr(param.right)  # limit=5 in a text: a constant of the query
            for param in clause.params
            if isinstance(param, Bind) and isinstance(param.left, Name) and param.left.name not in self.scope.defaults
        }
        self.names.update(defaults)
        if len(params) == 1:
            whole = params[0]
            if isinstance(whole, Name):
                self.names[whole.name] = ERow(whole.span)
                self.annotations[whole.name] = self.row_type
            else:
                self.problems.report(whole, _PLAIN_NAME, _PARAMETERS)
                bind_unresolved(self.names, params)
            return self.flatten(clause.body[0], (), self.row_head)
        self._bind_columns(clause, params)
        items = tuple([PWild() if isinstance(param, Wild) else PVar(n) for n, param in enumerate(params, start=1)])
        return self.flatten(clause.body[0], (), lambda: PTuple(items))

    def _bind_columns(self, clause: Clause, params: list[Node]) -> None:
        span = params[0].span.to(params[-1].span) if params else clause.span
        types = self.shape.types if self.shape is not None else ()
        if not params:
            message, hint = "the function has no parameter for the row", "lambda row: ..."
            self.problems.add(ResolveError(message, source=self.source, span=span, hint=hint))
        elif self.shape is not None and self.shape.arity != len(params):
            message = f"the function takes {len(params)} columns, but {self.shape.name} has {self.shape.arity}"
            hint = f"one parameter is the whole row, {self.shape.arity} are its columns"
            self.problems.add(ResolveError(message, source=self.source, span=span, hint=hint))
            bind_unresolved(self.names, params)  # nobody knows which column is which
            return
        for number, param in enumerate(params, start=1):
            if isinstance(param, Name):
                self.names[param.name] = EVar(number, param.span)
                if number <= len(types):
                    self.annotations[param.name] = types[number - 1]
            elif not isinstance(param, Wild):
                self.problems.report(param, _PLAIN_NAME, _PARAMETERS)
        bind_unresolved(self.names, params)

    def row_head(self) -> Pattern:
        """The head for a row parameter: the columns that the clauses use."""
        if self.shape is None or not self.columns:
            return PWild()
        items = [PVar(n) if n in self.columns else PWild() for n in range(1, self.shape.arity + 1)]
        return PTuple(tuple(items))

    # --- clauses ---

    def flatten(self, node: Node, guards: tuple[Expr, ...], head: Head) -> list[SpecClause]:
        """The clauses of the conditional chain at the top of a body.

        `A if G else B` is a clause for A with the guard G, then the clauses of B; where A may be or give SKIP, B's
        clauses get the guard `not G`. So a condition that raises leads to B, but a row of which it cannot be said
        whether to skip it is skipped. Where SKIP is possible, a last clause ends the search. `A or SKIP` is
        `A if A else SKIP`.
        """
        parts = self._chain(node, guards)
        if self._may_skip(node):
            parts.append((guards, SKIPPED))
        pattern = head()  # only now is it known which columns are used
        return [SpecClause(pattern, tests, (body,)) for tests, body in parts]

    def _chain(self, node: Node, guards: tuple[Expr, ...]) -> list[tuple[tuple[Expr, ...], Expr]]:
        match node:
            case Conditional(condition, result, otherwise):
                test = self.truth(condition)
                then = self._chain(result, (*guards, test))
                if self._may_skip(result):
                    guards = (*guards, self.folded(ECall("python:not", (test,), condition.span)))
                return then + self._chain(otherwise, guards)
            case Infix("or", left, right) if self.is_skip(right):
                return [((*guards, self.truth(left)), self.expr(left))]
        return [] if self.is_skip(node) else [(guards, self.expr(node))]

    def _may_skip(self, node: Node) -> bool:
        match node:
            case Conditional(_, then, otherwise):
                return self._may_skip(then) or self._may_skip(otherwise)
            case Infix("or", _, right):
                return self.is_skip(right)
        return self.is_skip(node)

    def is_skip(self, node: Node) -> bool:
        return isinstance(node, Name) and node.name not in self.names and self.scope.value(node.name) is SKIP

    def truth(self, node: Node) -> Expr:
        """A guard that is true when the node is truthy: True or False, whatever the node gives."""
        match node:
            case Infix("and" | "or" as op, left, right):
                return self._joined(node, op, self.truth(left), self.truth(right))
            case Conditional(test, then, otherwise):
                return ECall("python:if", (self.truth(test), self.truth(then), self.truth(otherwise)), node.span)
        expr = self.expr(node)
        return expr if self.is_boolean(node, expr) else self.folded(ECall("python:bool", (expr,), node.span))

    def is_boolean(self, node: Node, expr: Expr) -> bool:
        match expr:
            case EConst(bool()):
                return True
            case ECall():
                return self._is_boolean_call(expr)
        return self.annotation(node) is bool

    def _is_boolean_call(self, expr: Expr) -> bool:
        match expr:
            case ECall("python:and" | "python:or", args):
                return all([self._is_boolean_call(arg) for arg in args])
            case ECall(name):
                return name in ("=:=", "=/=") or (name in PYTHON and PYTHON[name].boolean)
            case EConst(value):
                return isinstance(value, bool)
        return False

    # --- expressions ---

    def expr(self, node: Node) -> Expr:
        """The expression of a node; UNRESOLVED where there is a problem, which is kept for later."""
        mark = self.problems.failed
        try:
            match node:
                case Constant(value):
                    return EConst(value, span=node.span)
                case Name(name):
                    return self._name(node, name)
                case Attribute(value, name):
                    return self._attribute(node, value, name)
                case Subscript(value, index):
                    return self._subscript(node, value, index)
                case Compare(first, rest):
                    return self._compare(node, first, rest)
                case Infix(op, left, right):
                    return self._infix(node, op, left, right)
                case Unary("not", operand):
                    return self.folded(ECall("python:not", (self.truth(operand),), node.span))
                case Unary(op, operand):
                    name = {"-": "python:neg", "+": "python:pos", "~": "python:~"}[op]
                    return self.folded(ECall(name, (self.expr(operand),), node.span))
                case Conditional(test, then, otherwise):
                    branches = (self.truth(test), self.expr(then), self.expr(otherwise))
                    return ECall("python:if", branches, node.span)
                case TupleNode(items):
                    return ETuple(tuple([self.expr(item) for item in items]), span=node.span)
                case ListNode(items):
                    return EList(tuple([self.expr(item) for item in items]), span=node.span)
                case MapNode(items):
                    return self._dict(node)
                case Call():
                    return call(self, node)
                case SetNode(items):
                    self.problems.report(node, "a set can only stand after `in`", "use a tuple or a list")
                    return EList(tuple([self.expr(item) for item in items]), span=node.span)
                case Rest(value):
                    self.problems.report(node, "`*` cannot be used here", "write the elements out")
                    return self.expr(value)
                case Wild():
                    return self._name(node, "_")
            self.fail(node, "a match spec cannot express this")
        except MatchSpecError as error:
            self.problems.keep(mark, error, node)
            return UNRESOLVED

    def _name(self, node: Node, name: str) -> Expr:
        known = self.names.get(name)
        if known is UNRESOLVED:
            raise Unresolved(name)
        if known is not None:
            return known
        value = self.scope.value(name)
        if value is UNKNOWN:
            hint = self.problems.nearest(name, [*self.names, *self.scope.names()])
            self.fail(node, f"the name {name!r} is not defined", hint or "names from outside are given as env={...}")
        if value is SKIP:
            self.fail(node, "SKIP can only be the whole result", "result if condition else SKIP")
        return self.constant(node, value)

    def constant(self, node: Node, value: PyObject) -> EConst:
        """A value from outside, as it is now: a later change in place does not reach the query."""
        if iterates_by_itself(value):
            self.fail(
                node, f"the value from outside cannot be used: {type(value).__name__} has an iteration of its own"
            )
        try:
            return EConst(own(value), span=node.span)
        except Exception as error:  # noqa: BLE001  # copying runs the value's own code
            shown = error.message if isinstance(error, MatchSpecError) else repr(error)
            self.fail(node, f"the value from outside cannot be used: {shown}")

    def _attribute(self, node: Attribute, value: Node, name: str) -> Expr:
        if self.outside(value) is not UNKNOWN:
            return self.constant(node, self.known(node))
        shape = self._shape_of(value)
        inner = self.expr(value)
        if shape is None or not shape.fields:
            if isinstance(inner, ERow):
                hint = "give the row type: row=User, or a table made with it"
                self.fail(node, f"the row has no known field {name!r}, because its type is not known", hint)
            hint = "only fields of NamedTuples can be read"
            self.fail(node, f"the attribute {name!r} is no field of a row type", hint)
        if name not in shape.fields:
            hint = self.problems.nearest(name, shape.fields) or f"its fields are {', '.join(shape.fields)}"
            self.fail(node, f"{shape.name} has no field {name!r}", hint)
        return self._column(node, inner, shape.fields.index(name))

    def _column(self, node: Node, inner: Expr, index: int) -> Expr:
        if isinstance(inner, ERow):
            if index + 1 in self.literals:
                return self.literals[index + 1]
            self.columns.add(index + 1)
            return EVar(index + 1, node.span)
        return ECall("python:field", (inner, EConst(index)), node.span)

    def _shape_of(self, node: Node) -> RowShape | None:
        annotation = without_none(self.annotation(node))
        try:
            return row_shape(annotation)
        except MatchSpecError:  # a type that is none of a row
            return None

    def annotation(self, node: Node) -> Annotation:
        """The type of an expression as far as the row type tells it, or None."""
        match node:
            case Name(name):
                return self.annotations.get(name)
            case Attribute(value, name):
                shape = self._shape_of(value)
                return shape.types[shape.fields.index(name)] if shape is not None and name in shape.fields else None
            case Subscript(value, Constant(int(index))):
                return item_annotation(self.annotation(value), index)
            case Subscript(value, Unary("-", Constant(int(index)))):
                return item_annotation(self.annotation(value), -index)
            case Call():
                return built_type(self, node)
        return None

    def _subscript(self, node: Subscript, value: Node, index: Node) -> Expr:
        inner = self.expr(value)
        if isinstance(index, Slice):
            return self._slice(node, inner, index)
        position = self.expr(index)
        if isinstance(inner, ERow) and self.shape is not None and isinstance(position, EConst):
            return self._row_item(node, position.value)
        return self.folded(ECall("python:[]", (inner, position), node.span))

    def _row_item(self, node: Subscript, index: Term) -> Expr:
        assert self.shape is not None
        arity = self.shape.arity
        if type(index) is not int or not -arity <= index < arity:
            hint = f"a field is read as an attribute, .{index}" if index in self.shape.fields else ""
            self.fail(
                node.index, f"{self.shape.name} has {arity} columns, 0 to {arity - 1}; there is no {index!r}", hint
            )
        return self._column(node, ERow(), index % arity)

    def _slice(self, node: Subscript, inner: Expr, bounds: Slice) -> Expr:
        given = (bounds.lower, bounds.upper, bounds.step)
        parts = [EConst(None) if part is None else self.expr(part) for part in given]
        if isinstance(inner, ERow) and self.shape is not None and all([isinstance(part, EConst) for part in parts]):
            try:
                limits = [cast("int | None", cast(EConst, part).value) for part in parts]
                chosen = range(self.shape.arity)[slice(*limits)]
            except (TypeError, ValueError) as error:
                self.fail(node, f"this slice is refused: {error}")
            return ETuple(tuple([self._column(node, inner, index) for index in chosen]), span=node.span)
        return self.folded(ECall("python:slice", (inner, *parts), node.span))

    def _compare(self, node: Compare, first: Node, rest: tuple[tuple[str, Node], ...]) -> Expr:
        tests: list[Expr] = []
        left = first
        for op, right in rest:
            tests.append(self._comparison(node, op, left, right))
            left = right
        return tests[0] if len(tests) == 1 else ECall("python:and", tuple(tests), node.span)

    def _comparison(self, node: Compare, op: str, left: Node, right: Node) -> Expr:
        value = self.expr(left)
        if op in ("in", "not in"):
            return self.folded(ECall(f"python:{op}", (value, self._choices(right)), node.span))
        other = self.expr(right)
        if op in ("is", "is not"):
            for side in (value, other):
                if isinstance(side, EConst) and (side.value is None or isinstance(side.value, (bool, Atom, Enum))):
                    return ECall("=:=" if op == "is" else "=/=", (value, other), node.span)
            hint = "compare values with == or !="
            self.fail(node, f"`{op}` compares with None, True, False, an Atom or a member of an Enum only", hint)
        assert op in _COMPARISONS
        return self.folded(ECall(f"python:{op}", (value, other), node.span))

    def _choices(self, node: Node) -> Expr:
        """The right side of `in`. Constants are kept in a form that cannot change, so that no row copies them."""
        if isinstance(node, SetNode):
            items = tuple([self.expr(item) for item in node.items])
            with suppress(Exception):  # a value that cannot be hashed fails for each row, as it would in Python
                if all([isinstance(item, EConst) for item in items]):
                    return EConst(frozenset([cast(EConst, item).value for item in items]), span=node.span)
            return ECall("python:set", items, node.span)
        expr = self.expr(node)
        match expr:
            case ETuple(items) | EList(items, None):
                constants = [item.value for item in items if isinstance(item, EConst)]
                return EConst(tuple(constants), span=node.span) if len(constants) == len(items) else expr
            case EConst(value) if type(value) is list:
                return EConst(tuple(value), span=node.span)
            case EConst(value) if type(value) in (set, dict):
                return EConst(frozenset(cast("set[Term] | dict[Term, Term]", value)), span=node.span)
        return expr

    def _infix(self, node: Infix, op: str, left: Node, right: Node) -> Expr:
        if op in ("and", "or"):
            return self._joined(node, op, self.expr(left), self.expr(right))
        if f"python:{op}" not in PYTHON:
            self.fail(node, f"a match spec has no operator `{op}`")
        value, other = self.expr(left), self.expr(right)
        if op == "%" and (self.annotation(left) in (str, bytes) or self._is_text(value)):
            self.problems.report(
                node, "a text cannot be formatted in a query", "return the values, and format the results"
            )
        return self.folded(ECall(f"python:{op}", (value, other), node.span))

    def _is_text(self, expr: Expr) -> bool:
        return isinstance(expr, EConst) and isinstance(expr.value, (str, bytes))

    def _joined(self, node: Node, op: str, *sides: Expr) -> Expr:
        args: list[Expr] = []
        for side in sides:
            if isinstance(side, ECall) and side.name == f"python:{op}":
                args.extend(side.args)  # (a and b) and c, in one flat call
            else:
                args.append(side)
        return ECall(f"python:{op}", tuple(args), node.span)

    def folded(self, expr: ECall) -> Expr:
        """The constant that a call of constants gives; as it is where it fails, so that rows fail and not the query.

        Only for small values, so that no text makes its translation slow or large.
        """
        entry = PYTHON[expr.name]
        constants = [arg.value for arg in expr.args if isinstance(arg, EConst)]
        if entry.call is None or len(constants) != len(expr.args) or not all([is_small(v) for v in constants]):
            return expr
        value = entry.call(*constants)
        return EConst(value, span=expr.span) if value is not FAIL and is_small(value) else expr

    def _dict(self, node: MapNode) -> Expr:
        pairs: list[tuple[Expr, Expr]] = []
        for item in node.items:
            pairs.append((self.expr(item.key), self.expr(item.value)))
        keys = [key.value for key, _ in pairs if isinstance(key, EConst) and type(key.value) in (str, bytes, Atom)]
        if len(keys) == len(pairs):
            return EMap(tuple(pairs), node.span)
        # Other keys may be equal in Python and not in Erlang, 1 and True say: built as Python builds it.
        return ECall("python:dict", tuple([part for pair in pairs for part in pair]), node.span)

    # --- names from outside ---

    def outside(self, node: Node) -> PyObject:
        """What a name, or a dotted name, from outside stands for; UNKNOWN for anything else."""
        match node:
            case Name(name) if name not in self.names:
                return self.scope.value(name)
            case Attribute(value, name):
                owner = self.outside(value)
                if owner is UNKNOWN or not self._may_read(owner, name):
                    return UNKNOWN
                return self._read(node, owner, name)
        return UNKNOWN

    def _may_read(self, owner: PyObject, name: str) -> bool:
        """Whether an attribute may be read: a text may read the fields of NamedTuples and nothing else."""
        return self.scope.attributes or (is_named_tuple(type(owner)) and name in getattr(type(owner), "_fields", ()))

    def _read(self, node: Node, owner: PyObject, name: str) -> PyObject:
        try:
            return getattr(owner, name, UNKNOWN)
        except Exception as error:  # noqa: BLE001  # a property runs the user's code
            self.fail(node, f"reading the attribute {name!r} raised {error!r}")

    def known(self, node: Attribute) -> PyObject:
        """What a dotted name from outside stands for."""
        owner = self.outside(node.value)
        if not self._may_read(owner, node.name):
            self.fail(node, "a text cannot read attributes of what env holds", "give the value itself a name in env")
        value = self._read(node, owner, node.name)
        if value is UNKNOWN:
            self.fail(node, f"{type(owner).__name__} has no attribute {node.name!r}")
        return value

    def fail(self, node: Node, message: str, hint: str = "") -> NoReturn:
        raise self.problems.error(node, message, hint)
