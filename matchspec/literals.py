"""Terms written as text: from a syntax tree without variables to the term that it is.

Used for whole texts (raw match specs, `parse_term`, patterns) and by the resolvers for the literals inside functions.
A name is looked up in `env` and nowhere else; the only calls are those that write a term: `V(1)`, `Atom("ok")`,
`const(...)`, `ImproperList(...)`, `Bitstring(...)`, `float("inf")` and the constructors of dates, decimals and UUIDs,
in Python's text.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final, NoReturn, TypeAlias, final
from uuid import UUID

from grammar.errors import MatchSpecError
from grammar.span import Source
from grammar.tree import (
    AtomName,
    BinaryNode,
    Call,
    Chars,
    Constant,
    Infix,
    ListNode,
    MapNode,
    Name,
    Node,
    RecordNode,
    TupleNode,
    Unary,
    Wild,
)
from matchspec.binaries import binary_from_node
from matchspec.maps import make_map
from matchspec.problems import UNKNOWN_TERM, Problems
from matchspec.pyoperations import is_cheap
from matchspec.terms import cons, is_number
from matchspec.values import ANY, BINDINGS, ROW, Atom, Bitstring, Term, V, const

Env: TypeAlias = Mapping[str, Term]
NO_NAMES: Final[Env] = {}

# Classes whose instances are immutable and whose constructors only build a value.
VALUE_CLASSES: Final[dict[str, type]] = {
    cls.__name__: cls for cls in (date, datetime, time, timedelta, Decimal, Fraction, UUID)
}
_TERM_CALLS: Final = frozenset(["V", "Atom", "const", "ImproperList", "Bitstring", "float", "frozenset", "set"])
_SYMBOLS: Final[dict[str, Term]] = {"ANY": ANY, "ROW": ROW, "BINDINGS": BINDINGS}


def term_from_node(node: Node, source: Source, env: Env = NO_NAMES) -> Term:
    """The term of a node. Raises ResolveError, with every problem, where the node is no literal."""
    problems = Problems(source)
    term = Literals(source, env, problems).term(node)
    problems.finish()
    return term


@final
class Literals:
    """Reads literals out of one text; for whatever is none there is a problem, and UNKNOWN_TERM in its place."""

    def __init__(self, source: Source, env: Env, problems: Problems) -> None:
        self.source: Final = source
        self.env: Final = env
        self.problems: Final = problems

    def term(self, node: Node) -> Term:
        mark = self.problems.failed
        try:
            return self._term(node)
        except MatchSpecError as error:
            self.problems.keep(mark, error, node)
            return UNKNOWN_TERM

    def _term(self, node: Node) -> Term:
        match node:
            case Constant(value):
                return value
            case AtomName(name):
                return Atom(name)
            case Chars(text):
                return [ord(char) for char in text]
            case BinaryNode():
                return binary_from_node(node, self.term)
            case TupleNode(items):
                return tuple([self.term(item) for item in items])
            case ListNode(items, tail):
                parts = [self.term(item) for item in items]
                return parts if tail is None else cons(parts, self.term(tail))
            case MapNode(items, None):
                return make_map([(self.term(item.key), self.term(item.value)) for item in items])
            case Unary("-" | "+" as op, operand):
                return self._signed(op, operand)
            case Infix("<>", left, right):
                return self._concatenated(node, self.term(left), self.term(right))
            case Wild():
                return ANY
            case Name(name):
                return self._name(node, name)
            case Call(name, args, keywords, None) if not keywords or name in VALUE_CLASSES:
                named = {keyword.name: self.term(keyword.value) for keyword in keywords}
                return self._call(node, name, [self.term(arg) for arg in args], named)
            case RecordNode(name):
                self.fail(node, f"the record #{name} is not known here", "records belong into a fun")
        self.fail(node, "this is not a literal term")

    def _signed(self, op: str, operand: Node) -> Term:
        value = self.term(operand)
        if not isinstance(value, (int, float)) or not is_number(value):
            self.fail(operand, "a sign stands before a number only")
        return -value if op == "-" else value

    def _concatenated(self, node: Node, left: Term, right: Term) -> Term:
        if isinstance(left, str) and isinstance(right, str):
            return left + right
        self.fail(node, "`<>` joins two strings")

    def _name(self, node: Node, name: str) -> Term:
        if name in self.env:
            return self.env[name]
        if name in _SYMBOLS:
            return _SYMBOLS[name]
        self.fail(
            node,
            f"the name {name!r} stands for nothing here",
            self.problems.nearest(name, [*self.env, *_SYMBOLS]) or "names are looked up in `env`",
        )

    def _call(self, node: Node, name: str, values: list[Term], named: dict[str, Term]) -> Term:
        match name, values:
            case "V", [int(number)]:
                return V(number)
            case "Atom", [str(text)]:
                return Atom(text)
            case "const", [value]:
                return const(value)
            case "ImproperList", [(tuple() | list()) as items, tail]:
                return cons(tuple(items), tail)
            case "Bitstring", [bytes(data), int(bits)]:
                return Bitstring(data, bits)
            case "float", [str("inf" | "-inf" | "nan" as text)]:
                return float(text)
            case "frozenset" | "set", []:
                return frozenset()
        cls = VALUE_CLASSES.get(name)
        if cls is None:
            hint = self.problems.nearest(name, [*VALUE_CLASSES, "Atom", "const", "V"])
            error = self.problems.error(node, f"{name}() is a call, not a literal term", hint)
            if name in _TERM_CALLS:  # because of its arguments
                raise error
            self.problems.add(error)
            return UNKNOWN_TERM
        if not is_cheap(cls, [*values, *named.values()]):
            self.fail(node, f"{name}() of such a number takes too long")
        try:
            return cls(*values, **named)
        except Exception as error:  # noqa: BLE001  # the constructors raise several kinds, all about their arguments
            self.fail(node, f"{name}() refuses its arguments: {error}")

    def fail(self, node: Node, message: str, hint: str = "") -> NoReturn:
        raise self.problems.error(node, message, hint)
