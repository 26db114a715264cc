"""What a query gives, as a type, and what in it cannot work for rows of a known type.

Each clause is gone through as it would run: the head takes the row type apart and gives the variables their types, what
a guard finds out narrows them, and the body's type is the clause's. The function tables say what calls take and give.

A problem is a part that comes to the same for every row of the type: a comparison of a str with an int, an operator
that gets what it always fails for, a head that no row matches. To Erlang all of that is legal, and it is for tables
without a row type. Not every problem is a reason to refuse a query, some are for type checkers alone: clauses behind
one that always matches, and what has nothing to do with the row. A lambda means what Python says, so it is refused only
where every row comes to an order of two values that Python does not put in any, such as `u.name < 3`.

The result type is that of bodies that do not fail. (Where one does, text gives the atom 'EXIT', and a lambda raises.)
"""

from dataclasses import dataclass
from typing import Final, assert_never, cast, final

from grammar.span import NOWHERE, Span
from grammar.tree import Bind, Function, Name, Node, TermText
from matchspec.comparable import may_compare, may_match
from matchspec.raw import part
from matchspec.rowtypes import Annotation
from matchspec.signatures import ARGUMENTS, Types, arguments_fit, constant_index, field_of, item_of, result_of, words_of
from matchspec.spec import (
    NO_MATCH,
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
    Pattern,
    PConst,
    PList,
    PMap,
    PTuple,
    PVar,
    PWild,
    walk,
)
from matchspec.text import brief
from matchspec.valuetypes import (
    ANYTHING,
    ATOM,
    BOOL,
    BYTES,
    FLOAT,
    INT,
    NEVER,
    NONE,
    STR,
    Given,
    ItemsType,
    MapType,
    ScalarType,
    TupleType,
    ValueType,
    describe_type,
    kinds_of,
    parts_of,
    row_type_of,
    type_of_annotation,
    type_of_value,
    union,
)

_TESTS: Final[dict[str, ValueType]] = {
    "is_integer": INT,
    "is_float": FLOAT,
    "is_number": union([INT, FLOAT]),
    "is_binary": union([STR, BYTES]),
    "is_atom": union([ATOM, BOOL, NONE]),
    "is_boolean": BOOL,
    "is_list": ItemsType("list", ANYTHING),
    "is_tuple": ItemsType("tuple", ANYTHING),
    "is_map": MapType(ANYTHING, ANYTHING),
}
_CONJUNCTIONS: Final = frozenset(["and", "andalso", "andthen", "python:and"])
_ORDERS: Final = frozenset(["python:<", "python:<=", "python:>", "python:>="])
_EQUAL: Final = frozenset(["==", "=:=", "python:=="])
_UNEQUAL: Final = frozenset(["/=", "=/=", "python:!="])


@final
@dataclass(frozen=True)
class TypeProblem:
    """What is wrong with a clause, counted from 1; `fatal` where the query is refused for it."""

    clause: int
    message: str
    span: Span = NOWHERE
    fatal: bool = True
    unreachable: bool = False


@final
class Inferred:
    """The result type of a query, and its problems in the order of the text."""

    def __init__(self, result: ValueType, problems: list[TypeProblem]) -> None:
        self.result: Final = result
        self.problems: Final = problems


def infer(
    clauses: tuple[Clause, ...],
    row: Annotation,
    *,
    python: bool,
    parsed: Function | TermText | None = None,
    pattern: Node | None = None,
) -> Inferred:
    """What is known of a query over rows of a type. `python`: by the rules of lambdas; `parsed`: the text, for places;
    `pattern`: that of a query which is a pattern alone.

    O(size of the query).
    """
    whole = row_type_of(row)
    results: Types = []
    problems: list[TypeProblem] = []
    covered = False
    for number, clause in enumerate(clauses, start=1):
        node = pattern or head_of(parsed, number)
        if covered and not _ends_search(clause):
            span = NOWHERE if node is None else node.span
            problems.append(
                TypeProblem(
                    number, "an earlier clause takes every row, so this one is never reached", span, False, True
                )
            )
        one = _Clause(whole, number, python, problems)
        result = one.result(clause, node)
        if not covered and result is not None:
            results.append(result)
        covered = covered or (not clause.guards and takes_all(clause.head, whole))
    return Inferred(union(results), problems)


def head_of(parsed: Function | TermText | None, number: int) -> Node | None:
    """The node of the head of a clause, counted from 1, of a text."""
    if isinstance(parsed, TermText):
        return part(part(parsed.node, number - 1), 0)
    if parsed is None or parsed.language == "python" or number > len(parsed.clauses):
        return None
    params = parsed.clauses[number - 1].params
    return params[0] if len(params) == 1 else None


def _ends_search(clause: Clause) -> bool:
    """Whether a clause gives nothing."""
    last = clause.body[-1] if clause.body else None
    return isinstance(last, EConst) and last.value is NO_MATCH


def takes_all(head: Pattern, row: ValueType) -> bool:
    """Whether a head matches every value of a type."""
    match head:
        case PWild() | PVar():
            return True
        case PTuple(items) if isinstance(row, TupleType):
            numbers = [number for item in items for number in ([item.number] if isinstance(item, PVar) else [])]
            fits = len(items) == len(row.items) and len(set(numbers)) == len(numbers)
            return fits and all([takes_all(item, kind) for item, kind in zip(items, row.items, strict=True)])
    return False


@final
class _Clause:
    """The types of the variables of one clause, and what is found out about them."""

    def __init__(self, row: ValueType, number: int, python: bool, problems: list[TypeProblem]) -> None:
        self.row = row
        self.number: Final = number
        self.python: Final = python
        self.problems: Final = problems
        self.certain: set[int] = set()  # of a lambda: the identities of what is computed for every row
        self.variables: dict[int, ValueType] = {}
        self.labels: Final[dict[int, str]] = {}

    def result(self, clause: Clause, node: Node | None) -> ValueType | None:
        """The type of the body; None for a clause that gives nothing."""
        self._head(clause.head, node)
        if self.python and self.number == 1:
            self._note_certain(clause.guards[0] if clause.guards else clause.body[0])
        for guard in clause.guards:
            kinds = kinds_of(self.expr(guard))
            if not self.python and "bool" not in kinds and "any" not in kinds and kinds:
                self.problem(guard, f"a guard is True or False, and {self.told(guard)} never is")
            self.narrow(guard)
        kinds_of_body = [self.expr(expr) for expr in clause.body]
        return None if _ends_search(clause) or not kinds_of_body else kinds_of_body[-1]

    def problem(self, expr: Expr, message: str) -> None:
        fatal = _orders_columns(expr) and id(expr) in self.certain if self.python else _reads_row(expr)
        found = TypeProblem(self.number, message, _span(expr), fatal)
        if found not in self.problems:
            self.problems.append(found)

    def _note_certain(self, expr: Expr) -> None:
        self.certain.add(id(expr))
        match expr:
            case ECall("python:and" | "python:or" | "python:if", args):
                self._note_certain(args[0])
            case ECall(_, args) | ETuple(args) | EList(args):
                for arg in args:
                    self._note_certain(arg)

    # --- heads --------------------------------------------------------------------------------------------------------

    def _head(self, head: Pattern, node: Node | None) -> None:
        whole = self.row
        if isinstance(head, PTuple) and isinstance(whole, TupleType):
            if len(head.items) != len(whole.items):
                name = "the row" if whole.row is None else describe_type(whole)
                message = f"the head has {_columns(len(head.items))}, and {name} has {len(whole.items)}"
                self._refuse(node, message)
                self._bind_all(head)
                return
            for index, item in enumerate(head.items):
                label = whole.fields[index] if whole.fields else f"column {index + 1}"
                if isinstance(item, PVar):
                    self.labels.setdefault(item.number, label)
                self._pattern(item, whole.items[index], _inner(node, index), f"{label} is ")
        else:
            self._pattern(head, whole, node, "a row is ")

    def _refuse(self, node: Node | None, message: str) -> None:
        span = NOWHERE if node is None else node.span
        self.problems.append(TypeProblem(self.number, message, span, not self.python))

    def _bind_all(self, pattern: Pattern) -> None:
        """The variables of a pattern of which nothing is known."""
        self._pattern(pattern, ANYTHING, None, "")

    def _pattern(self, pattern: Pattern, kind: ValueType, node: Node | None, label: str) -> None:
        match pattern:
            case PWild():
                return
            case PVar(number):
                known = self.variables.get(number)
                if known is not None and not may_match(known, kind, self.python):
                    self._refuse(node, f"{label}{describe_type(kind)}, and never the same as {describe_type(known)}")
                self.variables[number] = kind if known is None or known is ANYTHING else known
            case PConst(value):
                if not may_match(type_of_value(value), kind, self.python):
                    self._refuse(node, f"{label}{describe_type(kind)}, and never {brief(value)}")
            case PTuple(items):
                self._tuple(items, kind, node, label)
            case PList(items, tail):
                fitting = self._fitting(kind, "list", node, f"{label}{describe_type(kind)}, and never a list")
                item_type = item_of(union(fitting))
                for index, item in enumerate(items):
                    self._pattern(item, item_type, _inner(node, index), "an item is ")
                if tail is not None:
                    self._pattern(tail, union(fitting), _inner(node, len(items)), "the tail is ")
            case PMap(entries):
                fitting = self._fitting(kind, "map", node, f"{label}{describe_type(kind)}, and never a dict")
                values = union([found.value if isinstance(found, MapType) else ANYTHING for found in fitting])
                for index, (_, item) in enumerate(entries):
                    self._pattern(item, values, _inner(node, index), "a value is ")
            case _:
                assert_never(pattern)

    def _fitting(self, kind: ValueType, name: str, node: Node | None, message: str) -> Types:
        """The alternatives that may be of a kind of term."""
        found = [option for option in parts_of(kind) if kinds_of(option) & {name, "any"}]
        if not found and kind != NEVER:
            self._refuse(node, message)
        return found or [ANYTHING]

    def _tuple(self, items: tuple[Pattern, ...], kind: ValueType, node: Node | None, label: str) -> None:
        options = self._fitting(kind, "tuple", node, f"{label}{describe_type(kind)}, and never a tuple")
        sized = [option for option in options if not isinstance(option, TupleType) or len(option.items) == len(items)]
        if not sized:
            self._refuse(node, f"{label}{describe_type(kind)}, and never a tuple of {len(items)}")
            sized = [ANYTHING]
        for index, item in enumerate(items):
            kinds = [field_of(option, index) or ANYTHING for option in sized]
            self._pattern(item, union(kinds), _inner(node, index), "an element is ")

    # --- expressions --------------------------------------------------------------------------------------------------

    def expr(self, expr: Expr) -> ValueType:
        match expr:
            case EConst(value):
                return _constructor(value) or type_of_value(value)
            case EVerbatim():
                return ANYTHING
            case EVar(number):
                return self.variables.get(number, ANYTHING)
            case ERow():
                return self.row
            case EBindings():
                return ItemsType("list", union([self.variables[number] for number in sorted(self.variables)]))
            case ETuple(items, row_type):
                kinds = tuple([self.expr(item) for item in items])
                known = None if row_type is None else row_type_of(row_type)
                return known if isinstance(known, TupleType) else TupleType(kinds)
            case EList(items, tail):
                found = [self.expr(item) for item in items]
                if tail is None:
                    return ItemsType("list", union(found))
                rest = self.expr(tail)
                return ItemsType("list", union([*found, item_of(rest)])) if kinds_of(rest) == {"list"} else ANYTHING
            case EMap(entries):
                keys, values = [self.expr(key) for key, _ in entries], [self.expr(value) for _, value in entries]
                return MapType(union(keys), union(values))
            case ECall(name, args):
                return self._call(expr, name, args)
            case _:
                assert_never(expr)

    def _call(self, call: ECall, name: str, args: tuple[Expr, ...]) -> ValueType:
        if name in _CONJUNCTIONS:
            return self._conjunction(call, name, args)
        if name == "python:if":
            return self._choice(args)
        kinds = [self.expr(arg) for arg in args]
        words, gives = words_of(name, len(args))
        for word, kind, arg in zip(words, kinds, args, strict=False):
            known = ARGUMENTS.get(word)
            if known is not None and kind != NEVER and not kinds_of(kind) & (known[0] | {"any"}):
                self.problem(call, f"{_shown(name)} takes {known[1]}, and {self.told(arg)} is {describe_type(kind)}")
        self._together(call, words, kinds)
        if gives in ("element", "subscript") and len(kinds) == 2:
            self._index(call, gives, kinds)
        if words and words[0] == "tests":
            self._booleans(call, args[:-1], kinds[:-1])
        return result_of(name, kinds)

    def _conjunction(self, call: ECall, name: str, args: tuple[Expr, ...]) -> ValueType:
        """`and` and its like: what the first operands find out holds for those after them."""
        before, kinds = dict(self.variables), []
        for arg in args:
            kinds.append(self.expr(arg))
            self.narrow(arg)
        self.variables = before
        if name != "python:and":
            last = len(args) if name == "and" else len(args) - 1
            self._booleans(call, args[:last], kinds[:last])
        return result_of(name, kinds)

    def _choice(self, args: tuple[Expr, ...]) -> ValueType:
        """`A if G else B` inside an expression."""
        self.expr(args[0])
        before = dict(self.variables)
        self.narrow(args[0])
        then = self.expr(args[1])
        self.variables = before
        return union([then, self.expr(args[2])])

    def _booleans(self, call: ECall, args: tuple[Expr, ...], kinds: Types) -> None:
        for arg, kind in zip(args, kinds, strict=True):
            if kind != NEVER and not kinds_of(kind) & {"bool", "any"}:
                self.problem(call, f"{call.name} takes True and False, and {self.told(arg)} is {describe_type(kind)}")

    def _together(self, call: ECall, words: list[str], kinds: Types) -> None:
        """Functions whose arguments have to fit each other."""
        word = words[0] if words else ""
        if word == "compared" and not self._comparable(call, kinds):
            left, right = [
                f"{self.told(arg)} ({describe_type(kind)})" for arg, kind in zip(call.args, kinds, strict=True)
            ]
            outcome = "fails for every row" if call.name in _ORDERS else "gives the same for every row"
            self.problem(call, f"{left} {_shown(call.name)} {right} {outcome}")
        elif word == "member":
            choices = item_of(kinds[1]) if kinds_of(kinds[1]) <= {"tuple", "list"} else ANYTHING
            if not may_compare("python:==", kinds[0], choices):
                self.problem(
                    call,
                    f"{self.told(call.args[0])} is {describe_type(kinds[0])}, and never {describe_type(choices)}",
                )
        elif word in ("added", "multiplied"):
            wanted = arguments_fit(word, kinds)
            if wanted:
                left, right = [describe_type(kind) for kind in kinds]
                self.problem(call, f"{_shown(call.name)} takes {wanted}, not {left} and {right}")

    def _comparable(self, call: ECall, kinds: Types) -> bool:
        if self.python and call.name in ("=:=", "=/="):  # `is None` says what it says, as for a type checker
            return True
        return may_compare(call.name, kinds[0], kinds[1])

    def _index(self, call: ECall, gives: str, kinds: Types) -> None:
        value, index = (kinds[1], kinds[0]) if gives == "element" else (kinds[0], kinds[1])
        number = constant_index(index)
        if number is None or not isinstance(value, TupleType):
            return
        if gives == "element" and not 1 <= number <= len(value.items):
            self.problem(call, f"{describe_type(value)} has elements 1 to {len(value.items)}; there is no {number}")
        elif gives == "subscript" and field_of(value, number) is None:
            self.problem(call, f"{describe_type(value)} has elements 0 to {len(value.items) - 1}; there is no {number}")

    # --- what guards find out -----------------------------------------------------------------------------------------

    def narrow(self, guard: Expr) -> None:
        """Takes into account that a guard is true."""
        if not isinstance(guard, ECall):
            return
        if guard.name in _CONJUNCTIONS:
            for arg in guard.args:
                self.narrow(arg)
        elif guard.name in _TESTS:
            self._keep(guard.args[0], _TESTS[guard.name])
        elif guard.name == "python:isinstance" and isinstance(guard.args[1], EConst):
            classes = guard.args[1].value
            kinds = classes if isinstance(classes, tuple) else (classes,)
            self._keep(guard.args[0], union([type_of_annotation(cast(Annotation, kind)) for kind in kinds]))
        elif len(guard.args) == 2 and isinstance(guard.args[1], EConst) and guard.args[1].value is None:
            if guard.name in _UNEQUAL:
                self._drop_none(guard.args[0])
            elif guard.name in _EQUAL:
                self._keep(guard.args[0], NONE)

    def _keep(self, place: Expr, wanted: ValueType) -> None:
        """Of the alternatives of a variable, those that a test lets through."""
        if not isinstance(place, EVar) or place.number not in self.variables:
            return
        known = self.variables[place.number]
        if known is ANYTHING:
            self.variables[place.number] = wanted
            return
        kinds = kinds_of(wanted)
        if "any" in kinds or "other" in kinds:
            return
        left = [option for option in parts_of(known) if kinds_of(option) & (kinds | {"any"})]
        if left:
            self.variables[place.number] = union(left)

    def _drop_none(self, place: Expr) -> None:
        if isinstance(place, EVar) and place.number in self.variables:
            left = [option for option in parts_of(self.variables[place.number]) if option is not NONE]
            if left:
                self.variables[place.number] = union(left)

    # --- words --------------------------------------------------------------------------------------------------------

    def told(self, expr: Expr) -> str:
        """A part of a query in a message: the name of a field, a constant, or what it is."""
        match expr:
            case EVar(number):
                return self.labels.get(number, "a part of the row")
            case EConst(value):
                return brief(value)
            case ERow():
                return "the row"
            case ECall("python:field" | "python:[]"):
                return "a part of the row"
            case ECall(name):
                return f"the result of {_shown(name)}"
        return "a value"


def _constructor(value: object) -> ValueType | None:
    """A class, the constant that `python:new` gets: what calling it gives."""
    return ScalarType("fun", value) if isinstance(value, type) else None


def _inner(node: Node | None, index: int) -> Node | None:
    """The node of an item of a pattern; of `{x, y} = z` that of the tuple."""
    if isinstance(node, Bind):
        node = node.right if isinstance(node.left, Name) else node.left
    return part(node, index)


def _reads_row(expr: Expr) -> bool:
    return any([isinstance(inner, (EVar, ERow, EBindings)) for inner in walk(expr)])


def _orders_columns(expr: Expr) -> bool:
    """Whether this is an order of a column and another, or a constant that is a number or a text."""
    if not isinstance(expr, ECall) or expr.name not in _ORDERS:
        return False
    constants = [arg.value for arg in expr.args if isinstance(arg, EConst)]
    columns = [arg for arg in expr.args if isinstance(arg, EVar)]
    plain = all([type(value) in (int, float, str, bytes) or isinstance(value, Given) for value in constants])
    return len(columns) > 0 and len(constants) + len(columns) == len(expr.args) and plain


def _span(expr: Expr) -> Span:
    """The place of an expression, or of the first part of it that has one."""
    for inner in walk(expr):
        if not isinstance(inner, (EConst, EVerbatim)) or inner.span != NOWHERE:
            return inner.span
    return NOWHERE


def _shown(name: str) -> str:
    return name.removeprefix("python:")


def _columns(count: int) -> str:
    return "1 column" if count == 1 else f"{count} columns"
