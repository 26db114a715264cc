"""Erlang text to clauses, as `ets:fun2ms` translates it.

Kept from the original: numbering, one clause for each alternative of a guard, old-style tests at the top of a guard,
constant folding of operators on literals, `{const, X}` around imported variables and around atoms that begin with `$`,
records with their defaults put in as they are, `bindings()` giving the atom `'$*'`.
Added, unless `strict`: the guard functions of OTP 26 and later.
"""

import re
from typing import ClassVar, Final, final

from grammar.errors import MatchSpecError
from grammar.tree import (
    AtomName,
    BinaryNode,
    Bind,
    Call,
    Chars,
    Constant,
    Function,
    Infix,
    ListNode,
    MapNode,
    Name,
    Node,
    RecordAccess,
    RecordField,
    RecordNode,
    TupleNode,
    Unary,
    Wild,
)
from matchspec.functions import LAZY, find
from matchspec.literals import Env
from matchspec.operations import FAIL, MAX_INTEGER_BITS
from matchspec.problems import UNRESOLVED, bind_unresolved
from matchspec.resolve_text import Record, Records, TextResolver
from matchspec.spec import ECall, EConst, EList, ERow, ETuple, Expr, Pattern, PConst, PList, PTuple, PWild
from matchspec.terms import cons, is_atom, is_number
from matchspec.values import Atom, Term

# What fun2ms takes for a variable in a head, although '$01' and '$-1' are none to the engine.
_LIKE_A_VARIABLE: Final = re.compile(r"\$[+-]?[0-9]+\Z")
# The tests of old Erlang, which fun2ms takes at the top of a guard only.
OLD_TESTS: Final = frozenset("atom binary float function integer list number pid port record reference tuple".split())
OPERATORS: Final = frozenset(
    "+ - * / div rem band bor bxor bnot bsl bsr not and or xor andalso orelse < =< > >= == /= =:= =/= ++ -- !".split()
)
MAX_FOLDED_BITS: Final = 8 * MAX_INTEGER_BITS


@final
class ErlangResolver(TextResolver):
    language = "erlang"
    original = "ets:fun2ms"
    default: ClassVar[Term] = Atom("undefined")

    def __init__(self, function: Function, env: Env, records: Records, strict: bool) -> None:
        super().__init__(function, env, records, strict)
        self.folded_bits = 0  # of all integers that constant folding has made

    # --- heads ---

    def head(self, node: Node) -> Pattern:
        match node:
            case Bind(Name() as name, pattern) | Bind(pattern, Name() as name):
                self.bind_row(name)
                return self.whole(pattern)
            case Bind(Wild(), pattern) | Bind(pattern, Wild()):
                return self.whole(pattern)
        return self.whole(node)

    def whole(self, node: Node) -> Pattern:
        return self.pattern(node) if isinstance(node, RecordNode) else super().whole(node)

    def pattern(self, node: Node) -> Pattern:
        mark = self.problems.failed
        try:
            folded = self.fold(node)
            if folded is not FAIL:
                return PConst(folded)
            match node:
                case Wild():
                    return PWild()
                case Name():
                    return self.variable(node)
                case Constant(value):
                    return PConst(value)
                case AtomName(name):
                    return self._atom_pattern(node, name)
                case Chars(text):
                    return PList(tuple([PConst(ord(char)) for char in text]))
                case BinaryNode():
                    return PConst(self.binary(node))
                case TupleNode():
                    return super().whole(node)
                case ListNode(items, tail):
                    return self.list_pattern([self.pattern(item) for item in items], tail)
                case Infix("++", Chars(text), tail):
                    return self.list_pattern([PConst(ord(char)) for char in text], tail)
                case MapNode(items):
                    if not all([item.exact for item in items]):
                        self.problems.report(node, "a map in a head is written with `:=`", "#{key := Pattern}")
                    return self.map_pattern(node)
                case RecordNode(name, fields, None):
                    return self._record_pattern(node, name, fields)
                case RecordAccess(name, field, None):
                    return PConst(self._index(node, name, field))
                case Bind():
                    self.fail(node, "`=` is allowed at the top of a head only")
            self.fail(node, "this cannot stand in a head")
        except MatchSpecError as error:
            return self.failed_pattern(mark, error, node)

    def _atom_pattern(self, node: Node, name: str) -> Pattern:
        if _LIKE_A_VARIABLE.match(name):
            self.fail(node, f"the atom '{name}' is a match variable and cannot stand in a head")
        return self.raw_pattern(Atom(name), node)

    def _record_pattern(self, node: Node, name: str, fields: tuple[RecordField, ...]) -> Pattern:
        record = self.record(name, node)
        if record is None:
            return PTuple(tuple([self.pattern(field.value) for field in fields]))
        given, others, wrong = self._fields(record, fields)
        bind_unresolved(self.names, wrong)
        patterns: dict[str, Pattern] = {}
        for field in record.fields:  # in the order of the record, so that variables are numbered from left to right
            if field in given:
                patterns[field] = self.pattern(given[field])
            elif others is not None:
                patterns[field] = self.pattern(others)
        return self.record_pattern(record, patterns, PWild())

    def _fields(
        self, record: Record, fields: tuple[RecordField, ...]
    ) -> tuple[dict[str, Node], Node | None, list[Node]]:
        """The value of each field, that of all others, and the values of fields that are wrong."""
        given: dict[str, Node] = {}
        others: Node | None = None
        wrong: list[Node] = []
        for field in fields:
            if field.name == "_":
                others = field.value
                continue
            if field.name in given:
                self.problems.report(
                    field.value, f"the field {field.name} of the record type {record.name} is given twice"
                )
                wrong.append(field.value)
            elif self.has_field(record, field.name, field.value):
                given[field.name] = field.value
            else:
                wrong.append(field.value)
        return given, others, wrong

    # --- guards and bodies ---

    def guard(self, node: Node) -> Expr:
        match node:
            case Call("record", (value, AtomName(name)), (), None):
                return self._is_record(node, value, name)
            case Call(name, (value,), (), None) if name in OLD_TESTS:
                return ECall(f"is_{name}", (self.expr(value),), node.span)
        return self.expr(node)

    def expr(self, node: Node) -> Expr:
        mark = self.problems.failed
        try:
            folded = self.fold(node)
            if folded is not FAIL:
                return EConst(folded, span=node.span)
            match node:
                case Constant(value):
                    return EConst(value, span=node.span)
                case AtomName(name):
                    return EConst(Atom(name), quoted=name.startswith("$"), span=node.span)
                case Name():
                    return self.lookup(node)
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
                case MapNode(items):
                    if any([item.exact for item in items]):
                        self.problems.report(node, "a map is built with `=>`; `:=` matches or updates one")
                    return self.map_expr(node)
                case Unary(op, operand):
                    return ECall(op, (self.expr(operand),), node.span)
                case Infix(op, left, right):
                    return ECall(op, (self.expr(left), self.expr(right)), node.span)
                case Bind(left, right):
                    return self.refused_match(node, left, right)
            return self._compound(node)
        except MatchSpecError as error:
            self.problems.keep(mark, error, node)
            return UNRESOLVED

    def _compound(self, node: Node) -> Expr:
        match node:
            case Call(name, args, (), receiver):
                return self._call(node, name, args, receiver)
            case RecordNode(name, fields, base):
                return self._record(node, name, fields, base)
            case RecordAccess(name, field, None):
                return EConst(self._index(node, name, field), span=node.span)
            case RecordAccess(name, field, base) if base is not None:
                index = self._index(node, name, field)
                return ECall("element", (EConst(index), self.expr(base)), node.span)
        self.fail(node, "a match spec cannot express this")

    def _call(self, node: Node, name: str, args: tuple[Node, ...], receiver: Node | None) -> Expr:
        if receiver is not None and not (isinstance(receiver, AtomName) and receiver.name == "erlang"):
            self.problems.report(
                node, "a match spec can call no functions but the guard functions of the module erlang"
            )
            return ECall(name, tuple([self.expr(arg) for arg in args]), node.span)
        if receiver is None:
            match name, args:
                case "object", ():
                    return ERow(node.span)
                case "bindings", ():
                    # What fun2ms gives, though the engine takes '$*' for a plain atom; '$$' is what was meant.
                    return EConst(Atom("$*"), span=node.span)
        if name == "is_record" and len(args) == 2:
            if not isinstance(args[1], AtomName):
                self.problems.report(args[1], "the second argument of is_record/2 is the name of a record")
                return self.expr(args[0])
            return self._is_record(node, args[0], args[1].name)
        if name in OPERATORS and receiver is not None:
            return ECall(name, tuple([self.expr(arg) for arg in args]), node.span)
        entry = find(name, len(args))
        allowed = entry is not None and entry.fun2ms and name not in OPERATORS
        return self.known_call(node, name, tuple([self.expr(arg) for arg in args]), allowed)

    def _is_record(self, node: Node, value: Node, name: str) -> Expr:
        record = self.record(name, node)
        size = EConst(0 if record is None else len(record.fields) + 1)
        return ECall("is_record", (self.expr(value), EConst(Atom(name)), size), node.span)

    def _index(self, node: Node, name: str, field: str) -> int:
        record = self.record(name, node)
        return 0 if record is None or not self.has_field(record, field, node) else record.index(field)

    def _record(self, node: Node, name: str, fields: tuple[RecordField, ...], base: Node | None) -> Expr:
        record = self.record(name, node)
        if record is None:
            parts = [field.value for field in fields] if base is None else [base, *[field.value for field in fields]]
            return ETuple(tuple([self.expr(part) for part in parts]))
        given, others, wrong = self._fields(record, fields)
        values = {field: self.expr(value) for field, value in given.items()}
        for value in wrong:
            self.expr(value)
        if base is not None:
            old = self.expr(base)
            kept: dict[str, Expr] = {f: ECall("element", (EConst(record.index(f)), old)) for f in record.fields}
            return self.record_expr(record, values, kept)
        if others is not None:
            return self.record_expr(record, values, self.expr(others))
        defaults = dict(zip(record.fields, [self.raw_expr(value) for value in record.defaults], strict=True))
        return self.record_expr(record, values, defaults)

    # --- constant folding ---

    def fold(self, node: Node) -> Term:
        """The value of an operator on literals where it is a number or an atom, else FAIL: what fun2ms folds.

        Past a bound on all of them nothing is folded any more, so that a text cannot make a spec of gigabytes.
        """
        if self.folded_bits > MAX_FOLDED_BITS or not (isinstance(node, (Unary, Infix)) or _is_operator_call(node)):
            return FAIL
        value = _evaluate(node)
        if value is FAIL or not (is_number(value) or is_atom(value)):
            return FAIL
        self.folded_bits += value.bit_length() if isinstance(value, int) else 0
        return value if self.folded_bits <= MAX_FOLDED_BITS else FAIL


def _is_operator_call(node: Node) -> bool:
    match node:
        case Call(name, _, (), AtomName("erlang")):
            return name in OPERATORS
    return False


def _evaluate(node: Node) -> Term:
    """The value of a tree of literals and operators, or FAIL. Strings are no literals to fun2ms."""
    match node:
        case Constant(value):
            return value
        case AtomName(name):
            return Atom(name)
        case TupleNode(items):
            values = [_evaluate(item) for item in items]
            return FAIL if any([value is FAIL for value in values]) else tuple(values)
        case ListNode(items, tail):
            values = [_evaluate(item) for item in items]
            rest = [] if tail is None else _evaluate(tail)
            return FAIL if rest is FAIL or any([value is FAIL for value in values]) else cons(values, rest)
        case Unary(op, operand):
            return _operate(op, [_evaluate(operand)])
        case Infix(op, left, right):
            return _operate(op, [_evaluate(left), _evaluate(right)])
        case Call(name, args, (), AtomName("erlang")) if name in OPERATORS:
            return _operate(name, [_evaluate(arg) for arg in args])
    return FAIL


def _operate(op: str, values: list[Term]) -> Term:
    if any([value is FAIL for value in values]):
        return FAIL
    if op in ("and", "or"):
        if not all([isinstance(value, bool) for value in values]):
            return FAIL
        return all(values) if op == "and" else any(values)
    entry = find(op, len(values))
    if entry is None or entry.call is None or op in LAZY:
        return FAIL
    return entry.call(*values)
