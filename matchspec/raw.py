"""Raw match specs: `[(head, [guard, ...], [body, ...]), ...]` of Python terms, to and from the nodes of a MatchSpec.

The rules are those of Erlang's match spec compiler: in a head, `'_'` and `'$N'` are special and nothing else; in guards
and bodies a tuple is a call, `{{...}}` builds a tuple, `{const, T}` quotes, `'$_'` and `'$$'` are the row and the
bindings. Reading collects every problem; writing refuses only what just Python can say.
"""

from typing import Final, assert_never, final

from grammar.span import NOWHERE, Source, Span
from grammar.tree import ListNode, MapNode, Node, TermText, TupleNode
from matchspec.check import Problem, problems_of, raise_all
from matchspec.errors import CheckError, RenderError
from matchspec.maps import make_map
from matchspec.pyfunctions import PYTHON, Untranslatable
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
    RowType,
)
from matchspec.terms import MAX_TERM_DEPTH, ImproperList, cons, is_atom
from matchspec.text import brief
from matchspec.values import ANY, BINDINGS, CONST, ROW, Atom, Term, TermError, V, atom_name, variable_number


@final
class RowOf:
    """In a raw match spec: builds a row of a class, as a lambda's `User(name, age)` does. It is no term."""

    __slots__ = ("cls", "items")

    def __init__(self, cls: RowType, *items: Term) -> None:
        self.cls: Final[RowType] = cls
        self.items: Final = items


RawSpec = list[tuple[Term, list[Term], list[Term]]]

# --- reading ------------------------------------------------------------------------------------------------------


def spec_from_term(term: Term, text: TermText | None = None) -> tuple[Clause, ...]:
    """The clauses of a raw match spec; `text` is what the term was read from, for the places of problems.

    Raises CheckError with every problem, TermError when nested too deeply. Calls that are known but that no table runs
    (trace actions, what only fun2ms translates) are no reason to refuse a spec here; compiling it is what they prevent.
    """
    node, source = (None, None) if text is None else (text.node, text.source)
    if not isinstance(term, list):
        raise _error(f"a match spec is a list of clauses (head, guards, body), not {brief(term)}", node, source)
    problems: list[CheckError] = []
    clauses = [
        _clause(number, clause, part(node, number - 1), source, problems) for number, clause in enumerate(term, start=1)
    ]
    if problems:
        # Refused anyway, so everything that keeps it from running is told.
        problems.clear()
        for number, clause in enumerate(term, start=1):
            _clause(number, clause, part(node, number - 1), source, problems, only_unknown=False)
        raise_all(problems)
    return tuple(clauses)


def part(node: Node | None, index: int) -> Node | None:
    """The node of an item of a tuple or list; the node itself where its text does not show the items."""
    match node:
        case TupleNode(items) | ListNode(items, None) if index < len(items):
            return items[index]
        case ListNode(items, tail) if tail is not None:
            return items[index] if index < len(items) else tail
        case MapNode(entries) if index < len(entries):
            return entries[index].value
    return node


def _span(node: Node | None) -> Span:
    return NOWHERE if node is None else node.span


def _error(message: str, node: Node | None, source: Source | None) -> CheckError:
    return CheckError(message, source=source, span=None if node is None else node.span)


def _clause(
    number: int,
    term: Term,
    node: Node | None,
    source: Source | None,
    problems: list[CheckError],
    only_unknown: bool = True,
) -> Clause:
    where = f"clause {number}"
    if not isinstance(term, tuple) or len(term) != 3:
        message = f"{where} is not a tuple of three, (head, guards, body): {brief(term)}"
        problems.append(_error(message, node, source))
        return Clause(PWild(), (), ())
    head, guards, body = term
    found: list[Problem] = []
    pattern = pattern_from_term(head, found, part(node, 0))
    guard_exprs = _exprs(guards, "the guards", found, part(node, 1))
    body_exprs = _exprs(body, "the body", found, part(node, 2))
    found.extend(problems_of(Clause(pattern, guard_exprs, ()), only_unknown))
    if isinstance(body, list) and not body:
        found.append(Problem("the body is empty and so returns nothing", _span(part(node, 2))))
    found.extend(problems_of(Clause(pattern, (), body_exprs), only_unknown))
    problems.extend([problem.error(f"{where}: ", source) for problem in found])
    return Clause(pattern, guard_exprs, body_exprs)


def _exprs(terms: Term, what: str, problems: list[Problem], node: Node | None) -> tuple[Expr, ...]:
    if not isinstance(terms, list):
        problems.append(Problem(f"{what} must be a list of expressions, not {brief(terms)}", _span(node)))
        return ()
    return tuple([expr_from_term(term, part(node, index)) for index, term in enumerate(terms)])


def pattern_from_term(term: Term, problems: list[Problem], node: Node | None = None, depth: int = 0) -> Pattern:
    """The pattern that a term is in a head."""
    _check_depth(depth)
    if term is ANY:
        return PWild()
    number = variable_number(term)
    if number >= 0:
        return PVar(number)
    if isinstance(term, (tuple, list, ImproperList)):
        given = term.items if isinstance(term, ImproperList) else term
        items = [pattern_from_term(item, problems, part(node, n), depth + 1) for n, item in enumerate(given)]
        if isinstance(term, tuple):
            return PTuple(tuple(items))
        if isinstance(term, list):
            return PList(tuple(items))
        return PList(tuple(items), pattern_from_term(term.tail, problems, part(node, len(items)), depth + 1))
    if isinstance(term, dict):
        for key in term:
            if key is ANY or variable_number(key) >= 0:  # only the key itself: one inside a key is a literal atom
                message = f"the key {brief(key)} of a map in a head must be a literal, not a variable or '_'"
                problems.append(Problem(message, _span(node)))
        values = enumerate(term.items())
        return PMap(
            tuple([(key, pattern_from_term(value, problems, part(node, n), depth + 1)) for n, (key, value) in values])
        )
    return PConst(term)


def expr_from_term(term: Term, node: Node | None = None, depth: int = 0) -> Expr:
    """The expression that a term is in a guard or body; EVerbatim for a tuple that is none."""
    _check_depth(depth)
    span = _span(node)
    if isinstance(term, tuple):
        return _tuple_expr(term, node, depth)
    if isinstance(term, (list, ImproperList)):
        given = term.items if isinstance(term, ImproperList) else term
        items = tuple([expr_from_term(item, part(node, n), depth + 1) for n, item in enumerate(given)])
        if isinstance(term, list):
            return EList(items, span=span)
        return EList(items, expr_from_term(term.tail, part(node, len(items)), depth + 1), span)
    if isinstance(term, dict):
        pairs = [
            (expr_from_term(key, node, depth + 1), expr_from_term(value, part(node, n), depth + 1))
            for n, (key, value) in enumerate(term.items())
        ]
        return EMap(tuple(pairs), span)
    if isinstance(term, RowOf):
        return ETuple(tuple([expr_from_term(item, node, depth + 1) for item in term.items]), term.cls, span)
    if term is ROW:
        return ERow(span)
    if term is BINDINGS:
        return EBindings(span)
    number = variable_number(term)
    return EVar(number, span) if number >= 0 else EConst(term, span=span)


def _tuple_expr(term: tuple[Term, ...], node: Node | None, depth: int) -> Expr:
    span = _span(node)
    if len(term) == 1 and isinstance(term[0], tuple):
        inner = part(node, 0)
        items = [expr_from_term(item, part(inner, n), depth + 1) for n, item in enumerate(term[0])]
        return ETuple(tuple(items), span=span)
    if not term or not is_atom(term[0]) or variable_number(term[0]) >= 0:
        return EVerbatim(term, span)
    head, *args = term
    if head is CONST:
        return EConst(args[0], quoted=True, span=span) if len(args) == 1 else EVerbatim(term, span)
    parts = [expr_from_term(arg, part(node, n), depth + 1) for n, arg in enumerate(args, start=1)]
    return ECall(atom_name(head), tuple(parts), span)


def _check_depth(depth: int) -> None:
    if depth > MAX_TERM_DEPTH:
        raise TermError(f"a match spec is nested deeper than {MAX_TERM_DEPTH} levels")


# --- writing ------------------------------------------------------------------------------------------------------


def spec_to_term(clauses: tuple[Clause, ...]) -> RawSpec:
    """The raw match spec of clauses. Raises RenderError for what only Python can say."""
    return [
        (
            pattern_to_term(clause.head),
            [expr_to_term(guard) for guard in clause.guards],
            [expr_to_term(expr) for expr in clause.body],
        )
        for clause in clauses
    ]


def pattern_to_term(pattern: Pattern) -> Term:
    match pattern:
        case PWild():
            return ANY
        case PVar(number):
            return V(number)
        case PConst(value):
            return value
        case PTuple(items):
            return tuple([pattern_to_term(item) for item in items])
        case PList(items, tail):
            parts = [pattern_to_term(item) for item in items]
            return parts if tail is None else cons(parts, pattern_to_term(tail))
        case PMap(entries):
            return make_map([(key, pattern_to_term(value)) for key, value in entries])
        case _:
            assert_never(pattern)


def expr_to_term(expr: Expr) -> Term:
    match expr:
        case EConst(value, quoted):
            if value is NO_MATCH:
                raise RenderError(
                    "a clause that gives nothing has no counterpart in Erlang's match specs",
                    hint="turn its condition round, so that the other clauses have it as a guard",
                )
            return (CONST, value) if quoted or needs_quoting(value) else value
        case EVerbatim(value):
            return value
        case EVar(number):
            return V(number)
        case ERow():
            return ROW
        case EBindings():
            return BINDINGS
        case ETuple(items):
            return (tuple([expr_to_term(item) for item in items]),)
        case EList(items, tail):
            parts = [expr_to_term(item) for item in items]
            return parts if tail is None else cons(parts, expr_to_term(tail))
        case EMap(entries):
            return make_map([(expr_to_term(key), expr_to_term(value)) for key, value in entries])
        case ECall(name, args):
            return _call_to_term(name, args)
        case _:
            assert_never(expr)


def _call_to_term(name: str, args: tuple[Expr, ...]) -> Term:
    python = PYTHON.get(name)
    if python is None:
        return (Atom(name), *[expr_to_term(arg) for arg in args])
    try:
        if python.erlang is None:
            raise Untranslatable
        written = python.erlang(args)
    except Untranslatable:
        raise RenderError(
            f"this use of Python's {python.shown} has no counterpart in Erlang's match specs", hint=python.hint
        ) from None
    return expr_to_term(written)


def needs_quoting(value: Term) -> bool:
    """Whether a term in a guard or body would be taken for something else unless it stands in `{const, ...}`."""
    if isinstance(value, (tuple, dict, ImproperList)):
        return True
    if isinstance(value, list):
        return any([needs_quoting(item) for item in value])
    return value is ROW or value is BINDINGS or variable_number(value) >= 0
