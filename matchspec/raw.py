"""Raw match specs: `[(head, [guard, ...], [body, ...]), ...]` of Python terms, to and from the nodes of a MatchSpec.

The rules are those of Erlang's match spec compiler: in a head, `'_'` and `'$N'` are special and nothing else; in guards
and bodies a tuple is a call, `{{...}}` builds a tuple, `{const, T}` quotes, `'$_'` and `'$$'` are the row and the
bindings. Reading collects every problem; writing refuses only what just Python can say.
"""

from typing import assert_never

from matchspec.check import NEITHER, problems_of
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
)
from matchspec.terms import MAX_TERM_DEPTH, ImproperList, cons, is_atom
from matchspec.text import brief
from matchspec.values import ANY, BINDINGS, CONST, ROW, Atom, Term, TermError, V, atom_name, variable_number

RawSpec = list[tuple[Term, list[Term], list[Term]]]

# --- reading ------------------------------------------------------------------------------------------------------


def spec_from_term(term: Term) -> tuple[Clause, ...]:
    """The clauses of a raw match spec.

    Raises CheckError with every problem, TermError when nested too deeply. Calls that are known but that no table runs
    (trace actions, what only fun2ms translates) are no reason to refuse a spec here; compiling it is what they prevent.
    """
    if not isinstance(term, list):
        raise CheckError([f"a match spec is a list of clauses (head, guards, body), not {brief(term)}"])
    problems: list[str] = []
    clauses = [_clause(number, clause, problems, True) for number, clause in enumerate(term, start=1)]
    if problems:
        problems.clear()
        for number, clause in enumerate(term, start=1):
            _clause(number, clause, problems, False)
        raise CheckError(problems)
    return tuple(clauses)


def _clause(number: int, term: Term, problems: list[str], only_unknown: bool) -> Clause:
    where = f"clause {number}"
    if not isinstance(term, tuple) or len(term) != 3:
        problems.append(f"{where} is not a tuple of three, (head, guards, body): {brief(term)}")
        return Clause(PWild(), (), ())
    head, guards, body = term
    found: list[str] = []
    pattern = pattern_from_term(head, found)
    guard_exprs = _exprs(guards, "the guards", found)
    body_exprs = _exprs(body, "the body", found)
    if isinstance(body, list) and not body:
        found.append("the body is empty and so returns nothing")
    clause = Clause(pattern, guard_exprs, body_exprs)
    found.extend(problems_of(clause, only_unknown))
    problems.extend([f"{where}: {problem}" for problem in found])
    return clause


def _exprs(terms: Term, what: str, problems: list[str]) -> tuple[Expr, ...]:
    if not isinstance(terms, list):
        problems.append(f"{what} must be a list of expressions, not {brief(terms)}")
        return ()
    return tuple([expr_from_term(term, problems) for term in terms])


def pattern_from_term(term: Term, problems: list[str], depth: int = 0) -> Pattern:
    """The pattern that a term is in a head."""
    _check_depth(depth)
    if term is ANY:
        return PWild()
    number = variable_number(term)
    if number >= 0:
        return PVar(number)
    if isinstance(term, tuple):
        return PTuple(tuple([pattern_from_term(item, problems, depth + 1) for item in term]))
    if isinstance(term, list):
        return PList(tuple([pattern_from_term(item, problems, depth + 1) for item in term]))
    if isinstance(term, ImproperList):
        items = tuple([pattern_from_term(item, problems, depth + 1) for item in term.items])
        return PList(items, pattern_from_term(term.tail, problems, depth + 1))
    if isinstance(term, dict):
        for key in term:
            if key is ANY or variable_number(key) >= 0:  # only the key itself: one inside a key is a literal atom
                problems.append(f"the key {brief(key)} of a map in a head must be a literal, not a variable or '_'")
        return PMap(tuple([(key, pattern_from_term(value, problems, depth + 1)) for key, value in term.items()]))
    return PConst(term)


def expr_from_term(term: Term, problems: list[str], depth: int = 0) -> Expr:
    """The expression that a term is in a guard or body."""
    _check_depth(depth)
    if isinstance(term, tuple):
        return _tuple_expr(term, problems, depth)
    if isinstance(term, list):
        return EList(tuple([expr_from_term(item, problems, depth + 1) for item in term]))
    if isinstance(term, ImproperList):
        items = tuple([expr_from_term(item, problems, depth + 1) for item in term.items])
        return EList(items, expr_from_term(term.tail, problems, depth + 1))
    if isinstance(term, dict):
        pairs = [
            (expr_from_term(key, problems, depth + 1), expr_from_term(value, problems, depth + 1))
            for key, value in term.items()
        ]
        return EMap(tuple(pairs))
    if term is ROW:
        return ERow()
    if term is BINDINGS:
        return EBindings()
    number = variable_number(term)
    return EVar(number) if number >= 0 else EConst(term)


def _tuple_expr(term: tuple[Term, ...], problems: list[str], depth: int) -> Expr:
    if len(term) == 1 and isinstance(term[0], tuple):
        return ETuple(tuple([expr_from_term(item, problems, depth + 1) for item in term[0]]))
    if not term or not is_atom(term[0]):
        hint = ""
        if term and isinstance(term[0], str):
            hint = f"; the name of a function is an atom: Atom({term[0]!r})"
        problems.append(f"{brief(term)} {NEITHER}{hint}")
        return EConst(None)
    head, *args = term
    if head is CONST:
        if len(args) != 1:
            problems.append(f"'const' takes one argument, not {len(args)}: {brief(term)}")
            return EConst(None)
        return EConst(args[0], quoted=True)
    if variable_number(head) >= 0:
        problems.append(f"{brief(term)} {NEITHER}")
        return EConst(None)
    return ECall(atom_name(head), tuple([expr_from_term(arg, problems, depth + 1) for arg in args]))


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
