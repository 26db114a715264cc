"""MatchSpec to Python: a lambda or a match function, as text; and the short descriptions of specs and bodies in reprs
and errors. (Erlang and Elixir text come from `MatchSpec.to_term` and `matchspec.text`: there, a spec is a term.)

Which text is read back as the same spec is found by trying: lambdas before match functions, and the first that *is* the
same, by `matchspec.same`, is the answer. No Python text is the same as a spec of Erlang's or Elixir's with

- numbers and texts in heads (Erlang's `1` takes 1 only, Python's also 1.0 and True), patterns inside patterns of a
  head, variables that stand twice in a head, heads that are neither a variable nor a tuple;
- `div`, `rem`, `=:=` and `=/=` (save with true, false and nil), `xor`, `round`, `size`, `hd`, `tl`, `length` and
  whatever else has no Python operator of just its meaning; improper lists; `'$$'`; several expressions in a body.

For those there may be a lambda all the same: one with the same results wherever its operators get the values that they
are for, such as `a == 1` for the head `{1}`. (On mixed types Erlang compares in its total order, and Python raises.) It
is the answer unless an exact one is asked for. Nor has Python text for constants without a literal, such as members of
an Enum, pids and functions, and for or-patterns with names in them.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeAlias, final

from grammar.errors import MatchSpecError
from grammar.span import Source
from matchspec.chains import SKIPPED, Part, flat, laid_out, tree_of
from matchspec.errors import RenderError
from matchspec.pytext import COMPARE, Expressions, letters
from matchspec.raw import RawSpec
from matchspec.render_cases import match_function
from matchspec.rowtypes import RowShape, row_shape
from matchspec.same import difference
from matchspec.spec import (
    Clause,
    ECall,
    EConst,
    ERow,
    ETuple,
    MatchSpec,
    Pattern,
    PConst,
    PTuple,
    PVar,
    PWild,
    RowType,
    walk,
)
from matchspec.text import Syntax, format_term
from matchspec.values import Term

AnySpec: TypeAlias = MatchSpec[Any, Any]
Text: TypeAlias = tuple[str, int]  # and how tightly it binds

WIDTH: Final = 100
_HINT: Final = "without exact=True there is a lambda with the same results for the values that its operators are for"


def to_python(spec: AnySpec, exact: bool = False, width: int = WIDTH) -> str:
    """The spec as the text of a lambda or match function. Raises RenderError where neither can say it."""
    if not spec.clauses:
        return "lambda row: SKIP"
    whole = needs_row(spec.clauses)
    ways: list[Callable[[], str]] = [
        lambda: _Lambda(spec, whole, width).flat(),
        lambda: _Lambda(spec, whole, width).chained(),
        lambda: _Lambda(spec, True, width).chained(),
        lambda: match_function(spec, width, inside=False),
        lambda: match_function(spec, width, inside=True),
        lambda: match_function(spec, width, inside=True, attributes=False),
    ]
    loose = ""
    refusal = RenderError("")
    for way in ways:
        try:
            text = way()
        except RenderError as error:
            refusal = error
            continue
        unlike = _unlike(spec, text)
        if unlike is None:
            return text
        refusal = RenderError(f"no Python text is just this spec: {unlike}")
        if text.startswith("lambda"):
            loose = loose or text
    if not loose:
        raise refusal
    if exact:
        raise RenderError(refusal.message, hint=_HINT)
    return loose


def _unlike(spec: AnySpec, text: str) -> str | None:
    """What is not the spec when the text is read back; None where it is the same."""
    from matchspec.api import spec as read

    try:
        again = read(text, row=spec.row_type, env=classes_in(spec.clauses), syntax="python")
    except MatchSpecError as error:
        return error.message
    return difference(spec, again)


def classes_in(clauses: tuple[Clause, ...]) -> dict[str, RowType]:
    """The classes that a text of these clauses names: reading it takes them from its env."""
    found: list[RowType] = []
    for expr in [expr for clause in clauses for expr in (*clause.guards, *clause.body)]:
        for part in walk(expr):
            match part:
                case ETuple(_, row_type) if row_type is not None:
                    found.append(row_type)
                case ECall("python:isinstance", (_, EConst(classes))):
                    found.extend(classes if isinstance(classes, tuple) else [classes])
                case ECall("python:new", (EConst(made), *_)):
                    found.append(made)
    return {cls.__name__: cls for cls in found if isinstance(cls, type) and cls is not type(None)}


def needs_row(clauses: tuple[Clause, ...]) -> bool:
    """Whether a lambda for the clauses needs the row as a whole, because a head does not take it apart or an
    expression uses it.
    """
    return any(
        [
            not isinstance(clause.head, PTuple)
            or len(clause.head.items) < 2
            or any([isinstance(part, ERow) for expr in (*clause.guards, clause.body[-1]) for part in walk(expr)])
            for clause in clauses
        ]
    )


@final
class _Lambda:
    """Writes a lambda: of the whole row, or of its columns."""

    def __init__(self, spec: AnySpec, whole: bool, width: int) -> None:
        self.clauses: Final = spec.clauses
        self.width: Final = width
        self.shape: Final[RowShape | None] = row_shape(spec.row_type)
        arities = {len(clause.head.items) for clause in spec.clauses if isinstance(clause.head, PTuple)}
        if len(arities) > 1:
            raise RenderError("a lambda takes rows of one size, these clauses have heads of several")
        if self.shape is not None and arities - {self.shape.arity}:
            raise RenderError(f"the rows have {self.shape.arity} elements, but this spec has a head of {arities.pop()}")
        arity = self.shape.arity if self.shape is not None else arities.pop() if arities else 0
        fields = self.shape.fields if self.shape is not None else ()
        if whole:
            self.params = "row"
            self.columns: list[str] = [f"row.{name}" for name in fields] or [f"row[{n}]" for n in range(arity)]
        else:
            self.columns = list(fields) or letters(arity)
            unused = [n for n in range(arity) if all([_is_wild(clause.head, n) for clause in spec.clauses])]
            if len(unused) == 1:
                self.columns[unused[0]] = "_"
            self.params = ", ".join(self.columns)

    def chained(self) -> str:
        """With the conditionals nested as they were when the guards came from one chain."""
        head = self.clauses[0].head
        tests, write = self._head(head)
        if tests or any([clause.head != head for clause in self.clauses]):
            raise RenderError("the clauses of a lambda have one head, of variables only")
        parts: list[Part] = [(clause.guards, clause.body[-1]) for clause in self.clauses]
        return laid_out(f"lambda {self.params}: ", tree_of(parts, write), self.width)

    def flat(self) -> str:
        """With one condition for each clause."""
        found: list[tuple[list[Text], Text | None]] = []
        for clause in self.clauses:
            tests, write = self._head(clause.head)
            tests.extend([write.test(guard) for guard in clause.guards])
            body = clause.body[-1]
            found.append((tests, None if body == SKIPPED else write.expr(body)))
        return laid_out(f"lambda {self.params}: ", flat(found), self.width)

    def _head(self, head: Pattern) -> tuple[list[Text], Expressions]:
        """The tests that a head with constants is, and the writer that knows its variables."""
        variables: dict[int, str] = {}
        tests: list[Text] = []
        match head:
            case PWild():
                pass
            case PVar(number):
                variables[number] = "row"
            case PTuple(items):
                for column, item in zip(self.columns, items, strict=True):
                    match item:
                        case PWild():
                            pass
                        case PVar(number) if number in variables:
                            tests.append((f"{variables[number]} == {column}", COMPARE))
                        case PVar(number):
                            variables[number] = column
                        case PConst(value):
                            op = "is" if value is None or isinstance(value, bool) else "=="
                            tests.append((f"{column} {op} {format_term(value, 'python')}", COMPARE))
                        case _:
                            raise RenderError("a lambda cannot take nested patterns apart")
            case _:
                raise RenderError("a lambda cannot say a head that is neither a variable nor a tuple")
        return tests, Expressions(variables, "row", shape=self.shape)


def _is_wild(head: Pattern, column: int) -> bool:
    return isinstance(head, PTuple) and isinstance(head.items[column], PWild)


def raw_text(clauses: RawSpec, syntax: Syntax, width: int | None) -> str:
    """A raw match spec as text of Erlang or Elixir: on one line, or if that is too wide with a line for each part."""
    text = format_term(clauses, syntax)
    if width is None or len(text) <= width:
        return text
    lines: list[str] = []
    for head, guards, body in clauses:
        parts = [_list_text(guards, syntax, width), _list_text(body, syntax, width)]
        lines.append(f" {{{format_term(head, syntax)},\n  {parts[0]},\n  {parts[1]}}}")
    return "[" + ",\n".join(lines)[1:] + "]"


def _list_text(exprs: list[Term], syntax: Syntax, width: int) -> str:
    text = format_term(exprs, syntax)
    if len(text) + 4 <= width:
        return text
    return "[" + ",\n   ".join([format_term(expr, syntax) for expr in exprs]) + "]"


def describe(spec: AnySpec) -> str:
    """The spec in the shortest text that can say it, for its repr."""
    whole = needs_row(spec.clauses)
    ways: list[Callable[[], str]] = [
        spec.to_erlang,
        lambda: _Lambda(spec, whole, WIDTH).flat(),
        lambda: match_function(spec, WIDTH, inside=True),
    ]
    for way in ways:
        with suppress(MatchSpecError):
            return way()
    return f"of {len(spec.clauses)} clauses, only to be said in Python" if spec.source is None else spec.source.text


def describe_body(clause: Clause, source: Source | None) -> str:
    """The text of a clause's result, as the user wrote it where that is known."""
    span = clause.body[-1].span
    if source is not None and span.end > span.start:
        return f"`{source.text[span.start : span.end]}`"
    return "of the body"


def describe_result(spec: AnySpec) -> str:
    """The text of what a spec of one clause gives, as the user wrote it where that is known."""
    text = describe_body(spec.clauses[0], spec.source)
    return text.strip("`") if text.startswith("`") else describe(spec)
