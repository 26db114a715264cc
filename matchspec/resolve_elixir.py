"""Elixir text to clauses, as `ex2ms` translates it.

Kept from the original: `and` and `or` become `andalso` and `orelse`, a pinned value is a literal in the head and
`{const, X}` elsewhere, atoms that look like variables are not escaped, the arguments of `is_map_key` and `map_get` stay
in Elixir's order although the engine wants the key first, nothing is folded, trace actions are translated.
Added, unless `strict`: `in` and `not in`, several `when`, `<>` with a literal prefix in heads and guards, `&&`, `||`,
`elem`, maps in bodies, the operators of Bitwise, and every guard function that ex2ms does not know.
"""

from typing import ClassVar, Final, final

from grammar.errors import MatchSpecError
from grammar.tree import (
    AtomName,
    BinaryNode,
    Bind,
    Call,
    Chars,
    Clause,
    Constant,
    Infix,
    ListNode,
    MapNode,
    Name,
    Node,
    Pin,
    TupleNode,
    Unary,
    Wild,
)
from matchspec.functions import FUNCTIONS, find
from matchspec.operations import FAIL
from matchspec.ownership import own
from matchspec.problems import UNKNOWN_TERM, UNRESOLVED, bind_unresolved
from matchspec.resolve_text import Record, TextResolver
from matchspec.spec import Clause as SpecClause
from matchspec.spec import ECall, EConst, EList, ETuple, EVar, Expr, Pattern, PConst, PList, PWild
from matchspec.terms import is_integer
from matchspec.values import Atom, Term

OPERATORS: Final[dict[str, str]] = {
    **{entry.elixir: entry.name for entry in FUNCTIONS if entry.elixir and entry.most == 2},
    **{name: name for name in ("+", "-", "*", "/", "<", ">", ">=", "==")},
    "and": "andalso",
    "or": "orelse",
}
# Not taken by ex2ms.
MORE_OPERATORS: Final[dict[str, str]] = {
    **{"&&": "andalso", "||": "orelse"},
    **{"&&&": "band", "|||": "bor", "^^^": "bxor", "<<<": "bsl", ">>>": "bsr"},
}
PREFIX_OPERATORS: Final[dict[str, str]] = {"+": "+", "-": "-", "not": "not"}
MORE_PREFIX_OPERATORS: Final[dict[str, str]] = {"!": "not", "~~~": "bnot"}


@final
class ElixirResolver(TextResolver):
    language = "elixir"
    original = "ex2ms"
    default: ClassVar[Term] = None
    prefixes: list[Expr]

    def clause(self, clause: Clause) -> list[SpecClause]:
        if len(clause.guards) > 1 and self.strict:
            self.problems.report(clause.guards[1][0], "ex2ms takes one `when`")
        self.prefixes = []
        found = super().clause(clause)
        if self.prefixes:  # `"abc" <> rest` in the head: tests that come before the guards
            found = [SpecClause(part.head, (*self.prefixes, *part.guards), part.body) for part in found]
        return found

    def unbound_hint(self) -> str:
        return "use ^ for values from outside: ^limit, given as env={'limit': ...}"

    # --- heads ---

    def head(self, node: Node) -> Pattern:
        match node:
            case Bind(Name() as name, pattern) | Bind(pattern, Name() as name):
                self.bind_row(name)
                return self.whole(pattern)
        return self.whole(node)

    def whole(self, node: Node) -> Pattern:
        if isinstance(node, Call) and self._is_record_call(node):
            return self._record_pattern(node)
        return super().whole(node)

    def pattern(self, node: Node) -> Pattern:
        mark = self.problems.failed
        try:
            match node:
                case Wild():
                    return PWild()
                case Name():
                    return self.variable(node)
                case Pin(value):
                    return self.raw_pattern(self._pinned(value), node)
                case AtomName(name):
                    return self.raw_pattern(Atom(name), node)
                case Constant(value):
                    return PConst(value)
                case Chars(text):
                    return PList(tuple([PConst(ord(char)) for char in text]))
                case BinaryNode():
                    return PConst(self.binary(node))
                case Unary("-" | "+", Constant()) if not self.strict:
                    return PConst(self.literals.term(node))
                case TupleNode():
                    return super().whole(node)
                case ListNode(items, tail):
                    return self.list_pattern([self.pattern(item) for item in items], tail)
                case MapNode():
                    return self.map_pattern(node)
                case Call() if self._is_record_call(node):
                    return self._record_pattern(node)
                case Infix("<>", left, right) if not self.strict:
                    return self._prefix_pattern(node, left, right)
                case Bind():
                    self.fail(node, "`=` is allowed at the top of a head only")
            self.fail(node, "this cannot stand in a head")
        except MatchSpecError as error:
            return self.failed_pattern(mark, error, node)

    def _prefix_pattern(self, node: Node, left: Node, right: Node) -> Pattern:
        """`"abc" <> rest` in a head: a variable for the whole text, a test of its beginning, `rest` for the rest."""
        prefix = self._pinned(left.value) if isinstance(left, Pin) else self.literals.term(left)
        if not isinstance(prefix, str):
            self.fail(left, "`<>` in a head has a string on its left")
        if isinstance(right, (Constant, Pin)):
            rest = self._pinned(right.value) if isinstance(right, Pin) else right.value
            if not isinstance(rest, str):
                self.fail(right, "`<>` joins two strings")
            return PConst(prefix + rest)
        self.count += 1
        whole = EVar(self.count, node.span)
        size = len(prefix.encode())
        self.prefixes.append(ECall("is_binary", (whole,)))
        self.prefixes.append(ECall(">=", (ECall("byte_size", (whole,)), EConst(size))))
        self.prefixes.append(ECall("=:=", (ECall("binary_part", (whole, EConst(0), EConst(size))), EConst(prefix))))
        if isinstance(right, Name):
            if right.name in self.names:
                self.fail(right, f"the variable {right.name} stands in the head twice")
            left_over = ECall("-", (ECall("byte_size", (whole,)), EConst(size)))
            self.names[right.name] = ECall("binary_part", (whole, EConst(size), left_over))
        elif not isinstance(right, Wild):
            self.fail(right, "after a prefix stands a variable, `_`, or a string")
        return self.raw_pattern(Atom(f"${self.count}"), node)

    # --- guards and bodies ---

    def expr(self, node: Node) -> Expr:
        mark = self.problems.failed
        try:
            match node:
                case Constant(value):
                    return EConst(value, span=node.span)
                case AtomName(name):
                    return self.raw_expr(Atom(name))
                case Name():
                    return self.lookup(node)
                case Pin(value):
                    return EConst(own(self._pinned(value)), quoted=True, span=node.span)
                case Wild():
                    self.fail(node, "`_` has no value")
                case Chars(text):
                    return EList(tuple([EConst(ord(char)) for char in text]), span=node.span)
                case BinaryNode():
                    return EConst(self.binary(node), span=node.span)
                case TupleNode(items):
                    return ETuple(tuple([self.expr(item) for item in items]), span=node.span)
                case ListNode(items, tail):
                    return self.list_expr(node, [self.expr(item) for item in items], tail)
                case MapNode():
                    if self.strict:
                        self.problems.report(node, "ex2ms takes no map in a guard or body")
                    return self.map_expr(node)
                case Unary(op, operand):
                    return self._prefix(node, op, operand)
                case Infix(op, left, right):
                    return self._infix(node, op, left, right)
                case Bind(left, right):
                    return self.refused_match(node, left, right)
                case Call():
                    return self._call(node)
            self.fail(node, "a match spec cannot express this", "bind parts of a row by a pattern in the head")
        except MatchSpecError as error:
            self.problems.keep(mark, error, node)
            return UNRESOLVED

    def lookup(self, node: Name) -> Expr:
        if node.name not in self.names and node.name in self.env:
            self.fail(node, f"the variable {node.name} is unbound", f"write ^{node.name} for the value from env")
        return super().lookup(node)

    def _prefix(self, node: Node, op: str, operand: Node) -> Expr:
        name = PREFIX_OPERATORS.get(op) or (None if self.strict else MORE_PREFIX_OPERATORS.get(op))
        if name is None:
            self.problems.report(node, f"a match spec has no operator `{op}`")
        return ECall(name or op, (self.expr(operand),), node.span)

    def _infix(self, node: Node, op: str, left: Node, right: Node) -> Expr:
        if op in ("in", "not in") and not self.strict:
            membership = self._membership(node, left, right)
            return membership if op == "in" else ECall("not", (membership,), node.span)
        if op == "<>" and not self.strict and isinstance(left, Constant) and isinstance(right, Constant):
            return EConst(self.literals.term(node), span=node.span)
        name = OPERATORS.get(op) or (None if self.strict else MORE_OPERATORS.get(op))
        if name is None:
            self.problems.report(node, f"a match spec has no operator `{op}`")
        return ECall(name or op, (self.expr(left), self.expr(right)), node.span)

    def _membership(self, node: Node, left: Node, right: Node) -> Expr:
        """`x in [a, b]` is `x === a or x === b`, as Elixir expands it."""
        value = self.expr(left)
        match right:
            case ListNode(items, None):
                choices = [self.expr(item) for item in items]
            case Pin(pinned):
                collection = self._pinned(pinned)
                if not isinstance(collection, (list, tuple, set, frozenset)):
                    if collection is not UNKNOWN_TERM:
                        self.problems.report(right, "`in` needs a list on its right")
                    return UNRESOLVED
                choices = [EConst(item, quoted=True) for item in collection]
            case Infix("..", first, last):
                return self._range(value, first, last)
            case _:
                self.problems.report(right, "`in` needs a list, a pinned list or a range of integers on its right")
                return UNRESOLVED
        tests = tuple([ECall("=:=", (value, choice), node.span) for choice in choices])
        if not tests:
            return EConst(False, span=node.span)
        return tests[0] if len(tests) == 1 else ECall("orelse", tests, node.span)

    def _range(self, value: Expr, first: Node, last: Node) -> Expr:
        low, high = self.literals.term(first), self.literals.term(last)
        if not (is_integer(low) and is_integer(high) and isinstance(low, int) and isinstance(high, int)):
            if low is not UNKNOWN_TERM and high is not UNKNOWN_TERM:
                self.problems.report(first, "the bounds of a range are integers")
            return UNRESOLVED
        bounds = (EConst(min(low, high)), EConst(max(low, high)))
        within = (ECall(">=", (value, bounds[0])), ECall("=<", (value, bounds[1])))
        return ECall("andalso", (ECall("is_integer", (value,)), *within))

    def _call(self, node: Call) -> Expr:
        if self._is_record_call(node):
            return self._record(node)
        if node.receiver is not None:
            self.problems.report(
                node, "a match spec can call no functions of modules", "write guard functions without a module"
            )
        elif node.keywords:
            self.problems.report(
                node, f"{node.name}() takes no keywords", "records are given as records={name: [field, ...]}"
            )
        args = tuple([self.expr(arg) for arg in node.args])
        if node.receiver is not None or node.keywords:
            for keyword in node.keywords:
                self.expr(keyword.value)
            return UNRESOLVED
        match node.name, args:
            case "is_nil", (value,):
                return ECall("==", (value, EConst(None)), node.span)
            case "is_record", (_,):  # translated by ex2ms, though no engine has it
                return ECall("is_record", args, node.span)
            case "elem", (value, index) if not self.strict:
                return ECall("element", (_after(index), value), node.span)
        entry = find(node.name, len(args))
        return self.known_call(node, node.name, args, entry is not None and entry.ex2ms)

    # --- records ---

    def _is_record_call(self, node: Call) -> bool:
        return node.receiver is None and node.name in self.records and not node.args

    def _fields(self, record: Record, node: Call) -> dict[str, Node]:
        """The values by name; those of fields that the record does not have, too."""
        for keyword in node.keywords:
            self.has_field(record, keyword.name, keyword.value)
        return {keyword.name: keyword.value for keyword in node.keywords}

    def _record_pattern(self, node: Call) -> Pattern:
        record = self.records[node.name]
        fields = self._fields(record, node)
        given = {field: self.pattern(fields[field]) for field in record.fields if field in fields}
        bind_unresolved(self.names, [value for field, value in fields.items() if field not in record.fields])
        return self.record_pattern(record, given, PWild())

    def _record(self, node: Call) -> Expr:
        record = self.records[node.name]
        given = {field: self.expr(value) for field, value in self._fields(record, node).items()}
        defaults = dict(zip(record.fields, [self.raw_expr(value) for value in record.defaults], strict=True))
        return self.record_expr(record, given, defaults)

    # --- pins ---

    def _pinned(self, node: Node) -> Term:
        """The value of a pinned expression: names from env, literals, and guard functions of those."""
        mark = self.problems.failed
        try:
            match node:
                case Name(name):
                    if name not in self.env:
                        self.fail(node, f"the pinned name {name} is not in env", f"give it as env={{{name!r}: ...}}")
                    return self.env[name]
                case Unary(op, operand):
                    return self._apply(node, PREFIX_OPERATORS.get(op) or MORE_PREFIX_OPERATORS.get(op, op), [operand])
                case Infix("<>", left, right):
                    first, second = self._pinned(left), self._pinned(right)
                    if isinstance(first, str) and isinstance(second, str):
                        return first + second
                    self.fail(node, "`<>` joins two strings")
                case Infix(op, left, right):
                    return self._apply(node, OPERATORS.get(op) or MORE_OPERATORS.get(op, op), [left, right])
                case Call(name, args, (), None):
                    return self._apply(node, name, list(args))
                case TupleNode(items):
                    return tuple([self._pinned(item) for item in items])
                case ListNode(items, None):
                    return [self._pinned(item) for item in items]
            return self.literals.term(node)
        except MatchSpecError as error:
            self.problems.keep(mark, error, node)
            return UNKNOWN_TERM

    def _apply(self, node: Node, name: str, operands: list[Node]) -> Term:
        entry = find(name, len(operands))
        if entry is None or entry.call is None:
            self.problems.report(node, "this cannot be computed under a pin", "compute it outside and pin its name")
            for operand in operands:
                self._pinned(operand)
            return UNKNOWN_TERM
        value = entry.call(*[self._pinned(operand) for operand in operands])
        if value is FAIL:
            self.fail(node, "computing the pinned value fails")
        return value


def _after(index: Expr) -> Expr:
    """Erlang's position of Elixir's index: one more."""
    if isinstance(index, EConst) and is_integer(index.value) and isinstance(index.value, int):
        return EConst(index.value + 1)
    return ECall("+", (index, EConst(1)))
