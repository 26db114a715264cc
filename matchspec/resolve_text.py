"""What the resolvers of Erlang and Elixir text share: names, records, binaries, errors with a place.

A resolver turns the syntax tree of a function into clauses of a MatchSpec. Variables are numbered in the order in which
they first stand in a head, as fun2ms and ex2ms number them; other names are looked up in `env`. Both translate calls
that only the trace dialect or no engine at all accepts, as their models do: the engine's own check comes later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, NoReturn, TypeAlias, final

from grammar.errors import MatchSpecError
from grammar.tree import BinaryNode, Clause, Function, MapNode, Name, Node, TupleNode, Wild
from matchspec.binaries import binary_from_node
from matchspec.check import Problem, check_problems
from matchspec.errors import ResolveError
from matchspec.functions import NAMES, arities, find
from matchspec.literals import Env, Literals
from matchspec.problems import UNKNOWN_TERM, UNRESOLVED, Problems, Unresolved, bind_unresolved
from matchspec.raw import expr_from_term, pattern_from_term
from matchspec.spec import Clause as SpecClause
from matchspec.spec import (
    ECall,
    EConst,
    EList,
    EMap,
    ERow,
    ETuple,
    EVar,
    Expr,
    Pattern,
    PList,
    PMap,
    PTuple,
    PVar,
    PWild,
)
from matchspec.values import Atom, Term, shown

# For each name the fields of the record; a pair of a field and its default where it has one.
Records: TypeAlias = Mapping[str, Sequence[Term]]


@final
@dataclass(frozen=True)
class Record:
    name: str
    fields: tuple[str, ...]
    defaults: tuple[Term, ...]

    def index(self, field: str) -> int:
        """The position, from 1, of a field within the tuple, whose first element is the record's name."""
        return self.fields.index(field) + 2


def read_records(records: Records, default: Term) -> dict[str, Record]:
    """The records in a form that is easy to use; fields without a default have `default`.

    Raises MatchSpecError for a definition of another shape.
    """
    result: dict[str, Record] = {}
    for name, fields in records.items():
        names: list[str] = []
        defaults: list[Term] = []
        if not isinstance(fields, (list, tuple)):
            raise MatchSpecError(f"records[{name!r}] must be a list of fields, not {shown(fields)}")
        for field in fields:
            if isinstance(field, str):
                names.append(field)
                defaults.append(default)
            elif isinstance(field, (tuple, list)) and len(field) == 2 and isinstance(field[0], str):
                names.append(field[0])
                defaults.append(field[1])
            else:
                raise MatchSpecError(
                    f"records[{name!r}]: a field is a name or a pair (name, default), not {shown(field)}"
                )
        result[name] = Record(name, tuple(names), tuple(defaults))
    return result


class TextResolver:
    """Resolves one function. Subclasses say what the language's own nodes mean."""

    language: str = ""
    original: str = ""  # the tool that this resolver follows, for messages
    default: ClassVar[Term] = None  # of record fields

    def __init__(self, function: Function, env: Env, records: Records, strict: bool) -> None:
        self.function: Final = function
        self.source: Final = function.source
        self.env: Final = env
        self.records: Final = read_records(records, self.default)
        self.strict: Final = strict
        self.problems: Final = Problems(function.source)
        self.literals: Final = Literals(function.source, env, self.problems)
        self.names: dict[str, Expr] = {}
        self.count = 0

    def clauses(self) -> tuple[SpecClause, ...]:
        """The clauses. Raises MatchSpecError with every problem; even then, what did resolve is checked too."""
        found: list[SpecClause] = []
        resolved: list[bool] = []
        for clause in self.function.clauses:
            mark = self.problems.failed
            parts = self.clause(clause)
            found.extend(parts)
            resolved.extend([self.problems.failed == mark] * len(parts))
        clauses = tuple(found)
        if not all(resolved):
            self.problems.finish(check_problems(clauses, self.source, resolved))
        return clauses

    def clause(self, clause: Clause) -> list[SpecClause]:
        """The clauses of one clause of text: one for each alternative of its guards."""
        self.names, self.count = {}, 0
        head: Pattern = PWild()
        mark = self.problems.failed
        try:
            if len(clause.params) != 1:
                self.fail_at(clause.params[0] if clause.params else None, clause, *self.parameter_problem())
            head = self.head(clause.params[0])
        except MatchSpecError as error:
            self.problems.keep(mark, error, clause.params[0] if clause.params else clause.body[0])
            bind_unresolved(self.names, clause.params)
        guards = [tuple([self.test(node) for node in tests]) for tests in clause.guards]
        body = tuple([self.expr(node) for node in clause.body])
        return [SpecClause(head, tests, body) for tests in guards or [()]]

    def test(self, node: Node) -> Expr:
        mark = self.problems.failed
        try:
            return self.guard(node)
        except MatchSpecError as error:
            self.problems.keep(mark, error, node)
            return UNRESOLVED

    # --- heads ---

    def head(self, node: Node) -> Pattern:
        """The pattern between the parentheses, which has to be a variable or a tuple."""
        raise AssertionError("every language has its own heads")

    def pattern(self, node: Node) -> Pattern:
        """The pattern of a node inside a head; `_` where there is a problem, which is kept for later."""
        raise AssertionError("every language has its own patterns")

    def expr(self, node: Node) -> Expr:
        """The expression of a node; UNRESOLVED where there is a problem, which is kept for later."""
        raise AssertionError("every language has its own expressions")

    def failed_pattern(self, mark: int, error: MatchSpecError, node: Node) -> Pattern:
        self.problems.keep(mark, error, node)
        bind_unresolved(self.names, [node])
        return PWild()

    def guard(self, node: Node) -> Expr:
        return self.expr(node)

    def parameter_problem(self) -> tuple[str, str]:
        return f"{self.original} takes one parameter, a variable or a tuple", "put several columns into one tuple"

    def variable(self, node: Name) -> Pattern:
        """The pattern of a variable in a head; a name seen before is the same variable."""
        known = self.names.get(node.name)
        if isinstance(known, EVar):
            return PVar(known.number)
        if known is UNRESOLVED:
            return PWild()
        if isinstance(known, ERow):  # `{A, B} = A`: fun2ms takes the name for '$_' inside the head too
            return self.raw_pattern(Atom("$_"), node)
        self.count += 1
        self.names[node.name] = EVar(self.count, node.span)
        return PVar(self.count)

    def bind_row(self, node: Name) -> None:
        """`Name = pattern` at the top of a head: the name is the whole row."""
        self.names[node.name] = ERow(node.span)

    def whole(self, node: Node) -> Pattern:
        match node:
            case Wild():
                return PWild()
            case Name():
                return self.variable(node)
            case TupleNode(items):
                return PTuple(tuple([self.pattern(item) for item in items]))
        self.fail(node, *self.parameter_problem())

    def raw_pattern(self, term: Term, node: Node) -> Pattern:
        """A term put into a head as it is, where `'_'` and `'$1'` inside it have their meaning."""
        problems: list[Problem] = []
        pattern = pattern_from_term(term, problems)
        for problem in problems:
            self.problems.report(node, problem.message)
        return pattern

    def raw_expr(self, term: Term) -> Expr:
        """A term put into a guard or body as it is."""
        return expr_from_term(term)

    def list_pattern(self, items: list[Pattern], tail: Node | None) -> Pattern:
        rest = PList(()) if tail is None else self.pattern(tail)
        if isinstance(rest, PList):  # [1 | [2, 3]] and "ab" ++ "cd" are one list
            return PList((*items, *rest.items), rest.tail)
        return PList(tuple(items), rest)

    def list_expr(self, node: Node, items: list[Expr], tail: Node | None) -> Expr:
        rest = EList(()) if tail is None else self.expr(tail)
        if isinstance(rest, EList):
            return EList((*items, *rest.items), rest.tail, node.span)
        return EList(tuple(items), rest, node.span)

    def map_pattern(self, node: MapNode) -> Pattern:
        if node.base is not None:
            self.fail(node, "a map cannot be updated in a head")
        items = [(self.literals.term(item.key), self.pattern(item.value)) for item in node.items]
        return PMap(tuple(items))

    def map_expr(self, node: MapNode) -> Expr:
        if node.base is not None:
            self.fail(node, "a match spec cannot update a map", "build a new map with all of its keys")
        return EMap(tuple([(self.expr(item.key), self.expr(item.value)) for item in node.items]), node.span)

    def refused_match(self, node: Node, left: Node, right: Node) -> Expr:
        """`left = right` in a guard or body. What it would bind is not unbound for that."""
        equal = "=:= or ==" if self.language == "erlang" else "=== or =="
        message = "`=` matches, which a guard or body of a match spec cannot"
        self.problems.report(node, message, f"to compare, write {equal}")
        self.expr(right)
        bind_unresolved(self.names, [left])
        return UNRESOLVED

    # --- names and constants ---

    def lookup(self, node: Name) -> Expr:
        known = self.names.get(node.name)
        if known is UNRESOLVED:
            raise Unresolved(node.name)
        if known is not None:
            return known
        if node.name in self.env:
            return EConst(self.env[node.name], quoted=True, span=node.span)
        hint = self.problems.nearest(node.name, [*self.names, *self.env])
        self.fail(node, f"the variable {node.name} is unbound", hint or self.unbound_hint())

    def unbound_hint(self) -> str:
        return "a variable is bound by the head, or imported through env"

    def binary(self, node: BinaryNode) -> Term:
        """The value of a `<<...>>` whose segments are constants or imported variables."""
        return binary_from_node(node, self._segment_value)

    def _segment_value(self, node: Node) -> Term:
        if isinstance(node, (Name, Wild)):
            name = node.name if isinstance(node, Name) else "_"
            if name in self.names or name not in self.env:
                message = f"the variable {name} stands in a binary, which a match spec can neither match nor build"
                self.problems.report(node, message)
                return UNKNOWN_TERM
        return self.literals.term(node)

    # --- records ---

    def record(self, name: str, node: Node) -> Record | None:
        """The record of this name; None, and a problem, where there is none."""
        known = self.records.get(name)
        if known is None:
            hint = "records are given as records={name: [field, (field, default), ...]}"
            near = self.problems.nearest(name, self.records)
            self.problems.report(node, f"the record type {name} is unknown", near or hint)
        return known

    def has_field(self, record: Record, field: str, node: Node) -> bool:
        """Whether the record has the field; a problem where it does not."""
        if field not in record.fields:
            hint = self.problems.nearest(field, record.fields) or f"its fields are {', '.join(record.fields)}"
            self.problems.report(node, f"the record type {record.name} has no field {field}", hint)
        return field in record.fields

    def record_pattern(self, record: Record, given: dict[str, Pattern], others: Pattern) -> Pattern:
        tag = self.raw_pattern(Atom(record.name), Wild())
        return PTuple((tag, *[given.get(field, others) for field in record.fields]))

    def record_expr(self, record: Record, given: dict[str, Expr], others: "dict[str, Expr] | Expr") -> Expr:
        """The tuple of a record; `others` has the fields that are not given, or is the value of all of them."""
        items = [given[f] if f in given else others[f] if isinstance(others, dict) else others for f in record.fields]
        return ETuple((EConst(Atom(record.name)), *items))

    # --- calls ---

    def known_call(self, node: Node, name: str, args: tuple[Expr, ...], allowed: bool) -> Expr:
        """A call of a guard function; `allowed` is whether the original would translate it."""
        entry = find(name, len(args))
        if entry is None:
            known = arities(name)
            if known:
                hint = "there is " + " or ".join([f"{name}/{arity}" for arity in known])
            else:
                hint = self.problems.nearest(name, NAMES)
            self.problems.report(node, f"{name}/{len(args)} is no function that a match spec can call", hint)
        elif not allowed and (self.strict or entry.trace):
            self.problems.report(node, f"{self.original} does not translate calls of {name}/{len(args)}")
        return ECall(name, args, node.span)

    # --- errors ---

    def fail(self, node: Node, message: str, hint: str = "") -> NoReturn:
        raise self.problems.error(node, message, hint)

    def fail_at(self, node: Node | None, clause: Clause, message: str, hint: str = "") -> NoReturn:
        raise ResolveError(message, source=self.source, span=node.span if node else clause.span, hint=hint)
