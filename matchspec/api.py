"""`spec()`: from a query in any of its forms to a checked MatchSpec.

The stages, in the order in which a query passes them:

    text or function -> grammar.parse / parse_function -> resolve -> check_types -> MatchSpec
    -> (compile, when it first runs)
"""

from collections.abc import Callable, Mapping
from threading import Lock
from types import CodeType, FunctionType
from typing import Any, Final, TypeAlias, TypeVarTuple, assert_never, overload

from grammar.errors import MatchSpecError
from grammar.tree import Function, TermText
from matchspec.capture import Scope, scope_of_function
from matchspec.errors import ResolveError
from matchspec.growth import check_growth
from matchspec.literals import NO_NAMES, Env, term_from_node
from matchspec.prepared import known_function, known_text, remember_function, remember_text, text_key
from matchspec.raw import spec_from_term
from matchspec.resolve_text import Records
from matchspec.rowtypes import annotations_of, row_shape
from matchspec.spec import Clause, MatchSpec, Row, RowType, T
from matchspec.syntax import language_of
from matchspec.terms import stack_exhausted
from matchspec.typecheck import check_types
from matchspec.values import Term, shown

Ts = TypeVarTuple("Ts")
RawClauses: TypeAlias = list[Any]  # [(head, [guard, ...], [body, ...]), ...]
AnyQuery: TypeAlias = Any  # a query of which the caller knows nothing: a str, a callable, a list or a MatchSpec
AnySpec: TypeAlias = MatchSpec[Any, Any]
NO_RECORDS: Final[Records] = {}

# The trees of functions that were queries before, by their code. Code objects that are equal come from equal text;
# the file name keeps apart the places that errors point to.
_MAX_TREES: Final = 512
_trees: Final[dict[tuple[str, CodeType], Function]] = {}
_trees_lock: Final = Lock()


@overload
def spec(query: MatchSpec[Row, T]) -> MatchSpec[Row, T]: ...
@overload
def spec(query: Callable[[Row], T], *, row: type[Row], env: Env | None = None) -> MatchSpec[Row, T]: ...
@overload
def spec(query: Callable[[Row], T], *, env: Env | None = None) -> MatchSpec[Row, T]: ...
@overload
def spec(query: Callable[[*Ts], T], *, row: type[tuple[*Ts]], env: Env | None = None) -> MatchSpec[tuple[*Ts], T]: ...
@overload
def spec(query: Callable[[*Ts], T], *, env: Env | None = None) -> MatchSpec[tuple[*Ts], T]: ...
@overload
def spec(
    query: str | RawClauses,
    *,
    row: RowType = None,
    env: Env | None = None,
    records: Records | None = None,
    syntax: str = "auto",
    strict: bool = False,
) -> AnySpec: ...


def spec(
    query: Any,
    *,
    row: RowType = None,
    env: Env | None = None,
    records: Records | None = None,
    syntax: Any = "auto",  # checked below, so that compiled code raises a MatchSpecError too
    strict: Any = False,
) -> AnySpec:
    """A checked query, from any of its forms. Also the decorator of match functions.

    Args:
        query: a lambda, a match function, text, a raw list `[(head, [guard, ...], [body, ...]), ...]` of Python terms,
            or a MatchSpec, which is given back.
        row: the type of the rows, a NamedTuple class, a frozen dataclass or `tuple[...]`: lambdas use the names of its
            fields, and what works for no row of the type is refused.
        env: values of the names that a text uses from outside (Erlang's imported variables, Elixir's pins).
        records: `{name: [field, (field, default), ...]}` for Erlang's `#name{}` and Elixir's `name(field: x)`.
        syntax: "auto", "python", "erlang" or "elixir": the language of a text.
        strict: refuse in Erlang and Elixir text what ets:fun2ms (OTP 25) and ex2ms refuse.

    Raises MatchSpecSyntaxError, SourceNotFoundError, ResolveError, CheckError, QueryTypeError for what
    cannot work for rows of the type, or MatchSpecError for a bad argument.
    """
    if isinstance(query, MatchSpec):
        return query
    env = _checked_mapping("env", env, NO_NAMES)
    known_records = _checked_mapping("records", records, NO_RECORDS)
    try:
        if isinstance(query, str):
            key = text_key(query, syntax, strict) if env is NO_NAMES and known_records is NO_RECORDS else None
            known = None if key is None else known_text(key, row)
            if known is not None:
                return known
            made = _spec_of_text(query, row, env, known_records, syntax, strict)
            if key is not None:
                remember_text(key, row, made)
            return made
        if isinstance(query, list):
            raw = spec_from_term(query)
            check_types(raw, row)
            return MatchSpec(raw, row_type=row)
        if callable(query):
            return _spec_of_function(query, row, env)
    except RecursionError:
        raise stack_exhausted() from None
    raise MatchSpecError(
        f"query must be a lambda, a match function, text, a raw list of clauses or a MatchSpec, "
        f"not a value of type {type(query).__name__}"
    )


def _checked_mapping(name: str, value: Any, default: Any) -> Any:
    if value is None:
        return default
    if not isinstance(value, Mapping) or not all([isinstance(key, str) for key in value]):
        raise MatchSpecError(f"{name} must be a dict with str keys, not {shown(value)}")
    return value


def _spec_of_text(text: str, row: RowType, env: Env, records: Records, syntax: Any, strict: Any) -> AnySpec:
    clauses, parsed = clauses_of_text(text, row, env, records, syntax, strict)
    python = isinstance(parsed, Function) and parsed.language == "python"
    check_types(clauses, row, python=python, parsed=parsed)
    return MatchSpec(clauses, raises=python, row_type=row, language=parsed.language, source=parsed.source)


def clauses_of_text(
    text: str, row: RowType, env: Env, records: Records, syntax: Any, strict: Any
) -> tuple[tuple[Clause, ...], Function | TermText]:
    """What a text says, before it is checked against the types of rows. Raises MatchSpecError."""
    from grammar import parse

    parsed = parse(text, language_of(text, syntax))
    if isinstance(parsed, TermText):
        if strict:
            raise ResolveError("the text is not a literal fun", source=parsed.source, span=parsed.node.span)
        clauses = spec_from_term(term_from_node(parsed.node, parsed.source, env), parsed)
        check_growth(clauses, text)
        return clauses, parsed
    clauses = _resolve(parsed, row, env, records, bool(strict))
    check_growth(clauses, text)
    return clauses, parsed


def _resolve(function: Function, row: RowType, env: Env, records: Records, strict: bool) -> tuple[Clause, ...]:
    match function.language:
        case "erlang":
            from matchspec.resolve_erlang import ErlangResolver

            return ErlangResolver(function, env, records, strict).clauses()
        case "elixir":
            from matchspec.resolve_elixir import ElixirResolver

            return ElixirResolver(function, env, records, strict).clauses()
        case "python":
            from matchspec.capture import scope_of_text
            from matchspec.resolve_python import PythonResolver

            return PythonResolver(function, row, scope_of_text(env)).clauses()
        case _:
            assert_never(function.language)


def _spec_of_function(function: Callable[..., Term], row: RowType, env: Env) -> AnySpec:
    # An annotation may say what the rows are, and may be changed: such functions are made into queries once, by `spec`.
    if isinstance(function, FunctionType) and env is NO_NAMES and not function.__annotations__:
        known = known_function(function, row)
        if known is None:
            known, scope = _made_of_function(function, row, env)
            remember_function(function, row, scope, known)
        return known
    return _made_of_function(function, row, env)[0]


def _made_of_function(function: Callable[..., Term], row: RowType, env: Env) -> tuple[AnySpec, Scope]:
    from matchspec.resolve_python import PythonResolver

    parsed = _tree_of(function)
    if row is None:
        row = _annotated_row(function)
    scope = scope_of_function(function, env)
    clauses = PythonResolver(parsed, row, scope).clauses()
    check_types(clauses, row, python=True, parsed=parsed)
    return MatchSpec(clauses, raises=True, row_type=row, language="python", source=parsed.source), scope


def _tree_of(function: Callable[..., Term]) -> Function:
    from grammar.source import parse_function

    if not isinstance(function, FunctionType):
        return parse_function(function)  # refuses it, and says why
    key = (function.__code__.co_filename, function.__code__)
    known = _trees.get(key)
    if known is None:
        known = parse_function(function)
        with _trees_lock:
            if len(_trees) >= _MAX_TREES:
                del _trees[next(iter(_trees))]
            _trees[key] = known
    return known


def _annotated_row(function: Callable[..., Term]) -> RowType:
    """The row type that a match function's only parameter without a default is annotated with, or None."""
    assert isinstance(function, FunctionType)
    if function.__code__.co_argcount - len(function.__defaults__ or ()) != 1:
        return None
    annotation = annotations_of(function).get(function.__code__.co_varnames[0])
    try:
        return annotation if row_shape(annotation) is not None else None
    except MatchSpecError:  # annotated with something that is no row type
        return None
