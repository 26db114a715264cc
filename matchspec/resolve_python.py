"""Python text and functions to clauses, with Python's own meaning.

A lambda is one expression. The chain of conditionals at its top becomes clauses, tried in order, and SKIP a clause that
gives nothing; everything else keeps Python's meaning through the functions of `matchspec.pyfunctions`. With one
parameter that is the whole row, `$N` stands for its Nth column; with several, for the Nth parameter.
"""

from collections.abc import Callable
from typing import Final, NoReturn, TypeAlias, cast, final

from grammar.errors import nearest
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
from matchspec.functions import FAIL
from matchspec.ownership import is_immutable, own
from matchspec.pycalls import call
from matchspec.pyfunctions import PYTHON
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
from matchspec.terms import Atom, Term

_COMPARISONS: Final = frozenset(["<", "<=", ">", ">=", "==", "!=", "in", "not in"])

Head: TypeAlias = Callable[[], Pattern]
# The result of a clause that ends the search without giving anything.
SKIPPED: Final = EConst(NO_MATCH)


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

    def clauses(self) -> tuple[SpecClause, ...]:
        if self.function.subject:
            found = [part for clause in self.function.clauses for part in match_clause(self, clause)]
        else:
            found = self._lambda(self.function.clauses[0])
        while found and found[-1].body == (SKIPPED,):
            found.pop()
        return tuple(found)

    # --- parameters and heads ---

    def _lambda(self, clause: Clause) -> list[SpecClause]:
        params: list[Node] = [param for param in clause.params if not isinstance(param, Bind)]
        for param in clause.params:
            if isinstance(param, Bind) and isinstance(param.left, Name):  # limit=5: a constant of the query
                self.names[param.left.name] = self.expr(param.right)
        if len(params) == 1:
            whole = params[0]
            if isinstance(whole, Name):
                self.names[whole.name] = ERow(whole.span)
                self.annotations[whole.name] = self.row_type
            return self.flatten(clause.body[0], (), self.row_head)
        self._bind_columns(clause, params)
        items = tuple([PWild() if isinstance(param, Wild) else PVar(n) for n, param in enumerate(params, start=1)])
        return self.flatten(clause.body[0], (), lambda: PTuple(items))

    def _bind_columns(self, clause: Clause, params: list[Node]) -> None:
        span = params[0].span.to(params[-1].span) if params else clause.span
        if not params:
            raise ResolveError(
                "the function has no parameter for the row", source=self.source, span=span, hint="lambda row: ..."
            )
        if self.shape is not None and self.shape.arity != len(params):
            raise ResolveError(
                f"the function takes {len(params)} columns, but {self.shape.name} has {self.shape.arity}",
                source=self.source,
                span=span,
                hint=f"one parameter is the whole row, {self.shape.arity} are its columns",
            )
        for number, param in enumerate(params, start=1):
            if isinstance(param, Name):
                self.names[param.name] = EVar(number, param.span)
                if self.shape is not None:
                    self.annotations[param.name] = self.shape.types[number - 1]
            elif not isinstance(param, Wild):
                self.fail(param, "a parameter of a query is a plain name", "lambda row: ... or lambda name, age: ...")

    def row_head(self) -> Pattern:
        """The head for a row parameter: the columns that the clauses use."""
        if self.shape is None or not self.columns:
            return PWild()
        items = [PVar(n) if n in self.columns else PWild() for n in range(1, self.shape.arity + 1)]
        return PTuple(tuple(items))

    # --- clauses ---

    def flatten(self, node: Node, guards: tuple[Expr, ...], head: Head) -> list[SpecClause]:
        """The clauses of the conditional chain at the top of a body.

        `A if G else B` is a clause for A with the guard G, then the clauses of B. Where A's own clauses may give
        nothing although G is true, B's clauses get the guard `not G`.
        """
        parts = self._chain(node, guards)
        pattern = head()  # only now is it known which columns are used
        return [SpecClause(pattern, tests, (body,)) for tests, body in parts]

    def _chain(self, node: Node, guards: tuple[Expr, ...]) -> list[tuple[tuple[Expr, ...], Expr]]:
        if not isinstance(node, Conditional):
            return [(guards, SKIPPED if self.is_skip(node) else self.expr(node))]
        test = self.truth(node.test)
        if self.is_skip(node.then):
            return self._chain(node.otherwise, (*guards, self.negated(node.test)))
        then = self._chain(node.then, (*guards, test))
        covers = not isinstance(node.then, Conditional) or not self._may_skip(node.then)
        otherwise = self._chain(node.otherwise, guards if covers else (*guards, self.negated(node.test)))
        return then + otherwise

    def _may_skip(self, node: Node) -> bool:
        if isinstance(node, Conditional):
            return self._may_skip(node.then) or self._may_skip(node.otherwise)
        return self.is_skip(node)

    def is_skip(self, node: Node) -> bool:
        return isinstance(node, Name) and node.name not in self.names and self.scope.value(node.name) is SKIP

    def truth(self, node: Node) -> Expr:
        """A guard that is true when the node is truthy."""
        expr = self.expr(node)
        return expr if self.is_boolean(node, expr) else ECall("python:bool", (expr,), node.span)

    def negated(self, node: Node) -> Expr:
        return ECall("python:not", (self.expr(node),), node.span)

    def is_boolean(self, node: Node, expr: Expr) -> bool:
        match expr:
            case EConst(bool()):
                return True
            case ECall("python:and" | "python:or", args):
                return all([self._is_boolean_call(arg) for arg in args])
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
            case Unary(op, operand):
                name = {"-": "python:neg", "+": "python:pos", "not": "python:not", "~": "python:~"}[op]
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
            case SetNode():
                self.fail(node, "a set can only stand after `in`", "use a tuple or a list")
            case Rest():
                self.fail(node, "`*` cannot be used here", "write the elements out")
            case Wild():
                return self._name(node, "_")
        self.fail(node, "a match spec cannot express this")

    def _name(self, node: Node, name: str) -> Expr:
        known = self.names.get(name)
        if known is not None:
            return known
        value = self.scope.value(name)
        if value is UNKNOWN:
            hint = nearest(name, [*self.names, *self.scope.names()])
            self.fail(node, f"the name {name!r} is not defined", hint or "names from outside are given as env={...}")
        if value is SKIP:
            self.fail(node, "SKIP can only be the whole result", "result if condition else SKIP")
        return self.constant(node, value)

    def constant(self, node: Node, value: PyObject) -> EConst:
        """A value from outside, as it is now: a later change in place does not reach the query."""
        try:
            return EConst(own(value), span=node.span)
        except MatchSpecError as error:
            self.fail(node, f"the value from outside cannot be used: {error.message}")

    def _attribute(self, node: Attribute, value: Node, name: str) -> Expr:
        if self.outside(value) is not UNKNOWN:
            return self.constant(node, self.known(node))
        shape = self._shape_of(value)
        inner = self.expr(value)
        if shape is None or not shape.fields:
            if isinstance(inner, ERow):
                hint = "give the row type: row=User, or a table made with it"
                self.fail(node, f"the row has no known field {name!r}, because its type is not known", hint)
            self.fail(node, f"the attribute {name!r} is no field of a row type", "only fields of NamedTuples can be read")
        if name not in shape.fields:
            hint = nearest(name, shape.fields) or f"its fields are {', '.join(shape.fields)}"
            self.fail(node, f"{shape.name} has no field {name!r}", hint)
        return self._column(node, inner, shape.fields.index(name))

    def _column(self, node: Node, inner: Expr, index: int) -> Expr:
        if isinstance(inner, ERow):
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
            self.fail(node.index, f"{self.shape.name} has {arity} columns, 0 to {arity - 1}; there is no {index!r}")
        return self._column(node, ERow(), index % arity)

    def _slice(self, node: Subscript, inner: Expr, bounds: Slice) -> Expr:
        parts = [EConst(None) if part is None else self.expr(part) for part in (bounds.lower, bounds.upper, bounds.step)]
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
        if op in ("in", "not in") and isinstance(right, SetNode):
            choices: Expr = ETuple(tuple([self.expr(item) for item in right.items]), span=right.span)
        else:
            choices = self.expr(right)
        value = self.expr(left)
        if op in ("is", "is not"):
            for side in (value, choices):
                if isinstance(side, EConst) and (side.value is None or isinstance(side.value, (bool, Atom))):
                    return ECall("=:=" if op == "is" else "=/=", (value, choices), node.span)
            self.fail(node, f"`{op}` compares with None, True, False or an Atom only", "compare values with == or !=")
        assert op in _COMPARISONS
        return ECall(f"python:{op}", (value, choices), node.span)

    def _infix(self, node: Infix, op: str, left: Node, right: Node) -> Expr:
        if op in ("and", "or"):
            args: list[Expr] = []
            for side in (self.expr(left), self.expr(right)):
                if isinstance(side, ECall) and side.name == f"python:{op}":
                    args.extend(side.args)  # (a and b) and c, in one flat call
                else:
                    args.append(side)
            return ECall(f"python:{op}", tuple(args), node.span)
        if f"python:{op}" not in PYTHON:
            self.fail(node, f"a match spec has no operator `{op}`")
        return self.folded(ECall(f"python:{op}", (self.expr(left), self.expr(right)), node.span))

    def folded(self, expr: ECall) -> Expr:
        """The constant that a call of constants gives; as it is where it fails, so that rows fail and not the query."""
        entry = PYTHON[expr.name]
        constants = [arg.value for arg in expr.args if isinstance(arg, EConst)]
        if entry.call is None or len(constants) != len(expr.args) or not all([is_immutable(v) for v in constants]):
            return expr
        value = entry.call(*constants)
        return EConst(value, span=expr.span) if value is not FAIL and is_immutable(value) else expr

    def _dict(self, node: MapNode) -> Expr:
        pairs: list[tuple[Expr, Expr]] = []
        for item in node.items:
            pairs.append((self.expr(item.key), self.expr(item.value)))
        keys = [key.value for key, _ in pairs if isinstance(key, EConst) and isinstance(key.value, (str, bytes, Atom))]
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
                if owner is UNKNOWN or (not self.scope.attributes and not self._is_open(owner)):
                    return UNKNOWN
                return getattr(owner, name, UNKNOWN)
        return UNKNOWN

    def _is_open(self, owner: PyObject) -> bool:
        """Whether even a text may read attributes of this: the fields of NamedTuples."""
        return isinstance(owner, tuple) and is_named_tuple(type(owner))

    def known(self, node: Attribute) -> PyObject:
        """What a dotted name from outside stands for."""
        owner = self.outside(node.value)
        open_to_text = self._is_open(owner) and node.name in getattr(owner, "_fields", ())
        if not self.scope.attributes and not open_to_text:
            self.fail(node, "a text cannot read attributes of what env holds", "give the value itself a name in env")
        value = getattr(owner, node.name, UNKNOWN)
        if value is UNKNOWN:
            self.fail(node, f"{type(owner).__name__} has no attribute {node.name!r}")
        return value

    def fail(self, node: Node, message: str, hint: str = "") -> NoReturn:
        raise ResolveError(message, source=self.source, span=node.span, hint=hint)
