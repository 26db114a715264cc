"""`MatchSpec`: a checked query, and the patterns, guards and bodies that it consists of.

All front ends end here and all back ends (closures, plans, renderers) start here. The nodes are those of Erlang's match
specs and nothing else; what only Python's lambdas can say is a call of a function whose name begins with `python:`
(see `matchspec.functions`). Everything is immutable, compares and hashes by content, and never conflates 1, 1.0, True.

Patterns (heads):    PWild  PVar  PConst  PTuple  PList  PMap
Expressions:         EConst  EVar  ERow  EBindings  ETuple  EList  EMap  ECall
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, Never, TypeAlias, TypeVar, cast, final

from grammar.record import Record
from grammar.span import NOWHERE, Source, Span
from matchspec.maps import fetch
from matchspec.records import Record as RowRecord
from matchspec.records import is_record
from matchspec.terms import ImproperList, Key, exact_key, exactly_equal, stack_exhausted
from matchspec.values import Term

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from matchspec.program import Program

Row = TypeVar("Row", contravariant=True)  # noqa: PLC0105  # a query of tuple[str, int] is one of any NamedTuple of these
T = TypeVar("T")
D = TypeVar("D")
RowType: TypeAlias = (
    Any  # a NamedTuple class, a frozen dataclass, `tuple[...]`, or None: what describes the rows of a table
)


@final
class Sentinel:
    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name: Final = name

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> str:
        return self.name


NO_MATCH: Final = Sentinel("NO_MATCH")
# Typed Never, so that `u.name if u.age > 18 else SKIP` has the type of u.name alone.
SKIP: Never = cast(Never, Sentinel("SKIP"))


# --- patterns -----------------------------------------------------------------------------------------------------


@final
@dataclass(frozen=True)
class PWild(Record):
    """`'_'`: matches anything."""


@final
@dataclass(frozen=True)
class PVar(Record):
    """`'$N'`: matches anything, and the same thing (`=:=`) wherever it stands again."""

    number: int


@final
@dataclass(frozen=True, eq=False)
class PConst(Record):
    """A literal, matched exactly; floats bit by bit. Never a tuple, list or map: those have nodes of their own."""

    value: Term

    def __eq__(self, other: Term) -> bool:
        return isinstance(other, PConst) and _identical(self.value, other.value)

    def __hash__(self) -> int:
        return hash(exact_key(self.value))


@final
@dataclass(frozen=True)
class PTuple(Record):
    """A tuple of just this size."""

    items: tuple["Pattern", ...]


@final
@dataclass(frozen=True)
class PList(Record):
    """`[items | tail]`; without a tail a proper list of just this length."""

    items: tuple["Pattern", ...]
    tail: "Pattern | None" = None


@final
@dataclass(frozen=True, eq=False)
class PMap(Record):
    """A map that has at least these keys; the keys are literal terms."""

    items: tuple[tuple[Term, "Pattern"], ...]

    def __eq__(self, other: Term) -> bool:
        return isinstance(other, PMap) and self._content() == other._content()

    def __hash__(self) -> int:
        return hash(self._content())

    def _content(self) -> Key:
        return frozenset([(exact_key(key), value) for key, value in self.items])


Pattern: TypeAlias = PWild | PVar | PConst | PTuple | PList | PMap


# --- expressions --------------------------------------------------------------------------------------------------


@final
@dataclass(frozen=True, eq=False)
class EConst(Record):
    """A literal term. `quoted` when it was, or has to be, written as `{const, Term}`."""

    value: Term
    quoted: bool = False
    span: Span = field(default=NOWHERE, repr=False)

    def __eq__(self, other: Term) -> bool:
        return isinstance(other, EConst) and self.quoted == other.quoted and _identical(self.value, other.value)

    def __hash__(self) -> int:
        return hash(exact_key(self.value))


@final
@dataclass(frozen=True)
class EVar(Record):
    """`'$N'`: what the head bound."""

    number: int
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class ERow(Record):
    """`'$_'`: the whole row."""

    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class EBindings(Record):
    """`'$$'`: the list of all bound variables, in the order of their numbers."""

    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class ETuple(Record):
    """`{{...}}`: builds a tuple; of `row_type`, a NamedTuple class or a frozen dataclass, where a lambda builds one."""

    items: tuple["Expr", ...]
    row_type: RowType = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class EList(Record):
    """Builds `[items | tail]`."""

    items: tuple["Expr", ...]
    tail: "Expr | None" = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True, eq=False)
class EMap(Record):
    """Builds a map; keys are expressions too. The order of the entries is no part of what it says."""

    items: tuple[tuple["Expr", "Expr"], ...]
    span: Span = field(default=NOWHERE, repr=False)

    def __eq__(self, other: Term) -> bool:
        return isinstance(other, EMap) and frozenset(self.items) == frozenset(other.items)

    def __hash__(self) -> int:
        return hash(frozenset(self.items))


@final
@dataclass(frozen=True)
class ECall(Record):
    """`{name, args...}`: a call of a guard function or operator of `matchspec.functions`."""

    name: str
    args: tuple["Expr", ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True, eq=False)
class EVerbatim(Record):
    """A term that the engine refuses, kept as it is: fun2ms puts defaults of records such as `{2}` into specs so."""

    value: Term
    span: Span = field(default=NOWHERE, repr=False)

    def __eq__(self, other: Term) -> bool:
        return isinstance(other, EVerbatim) and _identical(self.value, other.value)

    def __hash__(self) -> int:
        return hash(exact_key(self.value))


Expr: TypeAlias = EConst | EVar | ERow | EBindings | ETuple | EList | EMap | ECall | EVerbatim


def walk(expr: Expr) -> "Iterator[Expr]":
    """The expression and everything inside it, from left to right."""
    yield expr
    parts: tuple[Expr, ...] = ()
    match expr:
        case ETuple(items) | ECall(_, items):
            parts = items
        case EList(items, tail):
            parts = items if tail is None else (*items, tail)
        case EMap(entries):
            parts = tuple([part for entry in entries for part in entry])
    for part in parts:
        yield from walk(part)


def _identical(left: Term, right: Term) -> bool:
    """Equality of literals: `=:=`, with 0.0 and -0.0 apart and a Python value of another type never equal."""
    if isinstance(left, float) and isinstance(right, float):
        return repr(left) == repr(right)
    return exactly_equal(left, right) and _same_zeros(left, right)


def _same_zeros(left: Term, right: Term) -> bool:
    """Whether two terms that are `=:=` have 0.0 and -0.0 at the same places (keys of maps aside)."""
    if isinstance(left, float) and isinstance(right, float):
        return repr(left) == repr(right)
    if isinstance(left, (tuple, list)) and isinstance(right, (tuple, list)):
        return all([_same_zeros(mine, other) for mine, other in zip(left, right, strict=True)])
    if isinstance(left, dict) and isinstance(right, dict):
        return all([_same_zeros(value, fetch(right, key, None)) for key, value in left.items()])
    if isinstance(left, ImproperList) and isinstance(right, ImproperList):
        return _same_zeros(left.items, right.items) and _same_zeros(left.tail, right.tail)
    return True


# --- the spec -----------------------------------------------------------------------------------------------------


@final
@dataclass(frozen=True)
class Clause(Record):
    """`{head, guards, body}`: when the head matches and every guard is true, the last body expression is the result."""

    head: Pattern
    guards: tuple[Expr, ...]
    body: tuple[Expr, ...]


@final
class MatchSpec(Generic[Row, T]):
    """A query: for each row, the first clause that matches gives the result.

    Made by `spec()`. Immutable; equality, hash and repr are by content. `clauses` is the content; `raises` tells what
    a failing expression in a body does: True (lambdas and match functions) raises EvalError, False (Erlang and Elixir)
    gives the atom 'EXIT' in its place, as ETS does.
    """

    __slots__ = (
        "_hash",
        "_program",
        "_record",
        "clauses",
        "language",
        "memo",
        "memo_of_counts",
        "raises",
        "row_type",
        "source",
    )

    def __init__(
        self,
        clauses: tuple[Clause, ...],
        *,
        raises: bool = False,
        row_type: RowType = None,
        language: str = "erlang",
        source: Source | None = None,
    ) -> None:
        self.clauses: Final = clauses
        self.raises: Final = raises
        self.row_type: Final = row_type
        self.language: Final = language
        self.source: Final = source
        self._hash: int | None = None
        self._program: Program | None = None
        self._record: Final = RowRecord(row_type) if is_record(row_type) else None
        # What a planner worked out the last time, for its own use: for all results, and for those that are True.
        self.memo: object = None
        self.memo_of_counts: object = None

    @property
    def program(self) -> "Program":
        """The compiled form, made on first use. Raises CheckError for what Erlang's engine rejects."""
        # Two threads may both compile; either result will do.
        if self._program is None:
            from matchspec.compile import compile_spec

            try:
                self._program = compile_spec(self)
            except RecursionError:
                raise stack_exhausted() from None
        return self._program

    def test(self, term: Row, default: Any = NO_MATCH) -> Any:
        """The result for one term (ets:test_ms/2), or `default` when no clause matches.

        Raises EvalError when the body of a lambda fails.
        """
        result = self.program.run(term if self._record is None else self._record.taken(term))
        return default if result is NO_MATCH else result

    def run(self, terms: "Iterable[Row]") -> list[T]:
        """The results for all terms that match, in their order (ets:match_spec_run/2). O(n).

        Raises EvalError when the body of a lambda fails.
        """
        record = self._record
        return cast("list[T]", self.program.select(terms if record is None else [record.taken(term) for term in terms]))

    @property
    def result_type(self) -> Any:
        """What the results are, as an annotation: `str`, `tuple[str, int]`, `str | None`; Any where that is not known.

        It is worked out from the types of the row type's fields and of the functions that the query calls. A body that
        gives a constant has a Literal there. What a failing body gives in a text, the atom 'EXIT', does not count.
        """
        from matchspec.typecheck import result_type

        return result_type(self)

    def to_term(self) -> list[tuple[Term, list[Term], list[Term]]]:
        """The raw list `[(head, [guard, ...], [body, ...]), ...]` of Python terms. Raises RenderError for what only
        Python can say.
        """
        from matchspec.raw import spec_to_term

        try:
            return spec_to_term(self.clauses)
        except RecursionError:
            raise stack_exhausted() from None

    def to_erlang(self, *, width: int | None = None) -> str:
        """The raw match spec as Erlang text, which `spec()` reads back as this spec (that of a lambda: as the one that
        an Erlang programmer would write). With a width, what is wider goes over several lines.

        Raises RenderError for what only Python can say. A call that no engine knows, which fun2ms and ex2ms translate
        all the same, has a text but is refused when it is read.
        """
        from matchspec.render import raw_text

        return raw_text(self.to_term(), "erlang", width)

    def to_elixir(self, *, width: int | None = None) -> str:
        """As `to_erlang`, in Elixir's spelling."""
        from matchspec.render import raw_text

        return raw_text(self.to_term(), "elixir", width)

    def to_python(self, *, exact: bool = False, width: int = 100) -> str:
        """A lambda, or where that is not enough a match function, as text.

        `spec(text, syntax="python")`, with the row type of this spec and the classes that the text names in `env`,
        reads it back as the same spec if one of Python's can be the same. A spec of Erlang's or Elixir's may have what
        Python has no operator for, or a head that Python would take for more: then there may be a lambda with the same
        results for the values that its operators are for, and it is given unless `exact`. The list is in
        `matchspec.render`. Raises RenderError where there is no text.
        """
        from matchspec.render import to_python

        try:
            return to_python(self, exact, width)
        except RecursionError:
            raise stack_exhausted() from None

    def _content(self) -> tuple[tuple[Clause, ...], bool]:
        return self.clauses, self.raises

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return _remade, (self.clauses, self.raises, self.row_type, self.language, self.source)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MatchSpec) and self._content() == other._content()

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(self._content())
        return self._hash

    def __repr__(self) -> str:
        from matchspec.render import describe

        return f"<MatchSpec {describe(self)}>"


def _remade(
    clauses: tuple[Clause, ...], raises: bool, row_type: RowType, language: str, source: Source | None
) -> MatchSpec[Any, Any]:
    """A spec out of a pickle; it is compiled again when it is used."""
    return MatchSpec(clauses, raises=raises, row_type=row_type, language=language, source=source)
