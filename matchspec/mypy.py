"""The plugin for mypy: text queries, patterns and raw match specs are checked, and have precise result types.

    [tool.mypy]
    plugins = ["matchspec.mypy"]

A query method of a table, or `spec`, that gets a literal is looked at before mypy chooses an overload: the query is
parsed, resolved and checked against the row type, as it will be at run time. What is wrong is told at its place inside
the literal, and the `Any` of the overload for texts gives way to the type of the results.

Nothing is kept between two calls, so nothing can be out of date: what a call depends on, the row type, is a part of the
types that mypy itself tracks, from one run to the next and in its daemon.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from mypy.errorcodes import ErrorCode
from mypy.nodes import CallExpr, Context, DictExpr, Expression, ListExpr, StrExpr, TupleExpr
from mypy.plugin import CheckerPluginInterface, FunctionSigContext, MethodSigContext, Plugin, ReportConfigContext
from mypy.types import AnyType, CallableType, FunctionLike, Instance, Type, TypeOfAny, get_proper_type

from matchspec.analysis import Analysis, analyse_pattern, analyse_term, analyse_text
from matchspec.errors import MatchSpecError
from matchspec.mypy_text import is_literal, place_in, term_of, text_of
from matchspec.mypy_types import Bridge, replaced
from matchspec.rowtypes import Annotation
from matchspec.values import BINDINGS, ROW, Term
from matchspec.valuetypes import ANYTHING, Given, ItemsType, ValueType, widened
from matchspec.version import __version__

MethodHook: TypeAlias = Callable[[MethodSigContext], FunctionLike]
FunctionHook: TypeAlias = Callable[[FunctionSigContext], FunctionLike]
SigContext: TypeAlias = MethodSigContext | FunctionSigContext

MATCHSPEC: Final = ErrorCode("matchspec", "Check match specs that are given as literals", "General")

# Methods that take a query, and those that take a pattern, with what the query gives that a pattern stands for.
_QUERIES: Final = frozenset(
    [
        *("select", "select_reverse", "select_iter", "select_count", "select_delete", "select_replace"),
        *("select_with_progress", "count_with_progress", "explain"),
    ]
)
_PATTERNS: Final[dict[str, Term]] = {"match": BINDINGS, "match_object": ROW, "match_delete": True}
_SPEC: Final = frozenset(["matchspec.api.spec", "matchspec.spec"])


class AnyNames(Mapping[str, Term]):
    """An environment that is not written out: it has every name, and nothing is known of the values."""

    def __getitem__(self, name: str) -> Term:
        return Given(name, Any)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str)

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0


class MatchSpecPlugin(Plugin):
    """What mypy asks for each call whether it is one of ours."""

    def get_method_signature_hook(self, fullname: str) -> MethodHook | None:
        if not fullname.startswith("runtime."):
            return None
        name = fullname.rpartition(".")[2]
        if name in _QUERIES:
            return _query_method
        return _pattern_method if name in _PATTERNS else None

    def get_function_signature_hook(self, fullname: str) -> FunctionHook | None:
        return _spec_function if fullname in _SPEC else None

    def report_config_data(self, ctx: ReportConfigContext) -> Any:
        return __version__  # what an older version found out does not count


def plugin(version: str) -> type[Plugin]:
    """What mypy calls for the plugin. `version` is mypy's."""
    return MatchSpecPlugin


# --- the hooks --------------------------------------------------------------------------------------------------------


def _query_method(ctx: MethodSigContext) -> FunctionLike:
    query = _argument(ctx, "query")
    if query is None or not _takes_text(ctx, "query"):
        return ctx.default_signature
    bridge = Bridge(ctx.api)
    return _with_result(ctx, bridge, query, _analysis(ctx.api, bridge, query, _row_of_table(bridge, ctx.type), {}))


def _pattern_method(ctx: MethodSigContext) -> FunctionLike:
    pattern = _argument(ctx, "pattern")
    assert isinstance(ctx.context, CallExpr)
    name = getattr(ctx.context.callee, "name", "")
    if pattern is None or name not in _PATTERNS:
        return ctx.default_signature
    bridge = Bridge(ctx.api)
    row, body = _row_of_table(bridge, ctx.type), _PATTERNS[name]
    text = text_of(pattern)
    if text is not None:
        found = analyse_pattern(text, body, row)
    elif is_literal(pattern):
        found = analyse_pattern(term_of(pattern, _unknown(ctx.api, bridge)), body, row)
    else:
        return ctx.default_signature
    if name != "match":  # the rows themselves
        _tell(ctx.api, pattern, found)
        return ctx.default_signature
    result = found.result
    of_items: ValueType = result.item if isinstance(result, ItemsType) else ANYTHING
    return _with_result(ctx, bridge, pattern, Analysis(found.spec, of_items, found.errors))


def _spec_function(ctx: FunctionSigContext) -> FunctionLike:
    query = _argument(ctx, "query")
    if query is None or not _takes_text(ctx, "query"):
        return ctx.default_signature
    bridge = Bridge(ctx.api)
    given = _argument(ctx, "row")
    row_class = None if given is None else ctx.api.get_expression_type(given)
    row = None if row_class is None else bridge.row_of_class(row_class)
    options = {name: _argument(ctx, name) for name in ("env", "records", "syntax", "strict")}
    analysis = _analysis(ctx.api, bridge, query, row, options)
    signature = _with_result(ctx, bridge, query, analysis)
    if row is None or row_class is None or analysis is None:
        return signature
    rows = get_proper_type(row_class)
    instance = (
        rows.items[0].ret_type if hasattr(rows, "items") else getattr(rows, "ret_type", getattr(rows, "item", None))
    )
    made = get_proper_type(signature.ret_type)
    if isinstance(made, Instance) and len(made.args) == 2 and instance is not None:
        return signature.copy_modified(ret_type=made.copy_modified(args=[instance, made.args[1]]))
    return signature


# --- arguments --------------------------------------------------------------------------------------------------------


def _argument(ctx: SigContext, name: str) -> Expression | None:
    """The expression that is given for a parameter, where this signature is that of the call."""
    signature = ctx.default_signature
    if name not in signature.arg_names or not isinstance(ctx.context, CallExpr):
        return None
    if sum([len(found) for found in ctx.args]) != len(ctx.context.args):
        return None  # an overload with fewer parameters
    for kind, found in zip(signature.arg_kinds, ctx.args, strict=True):
        if kind.is_required() and not found:
            return None  # one with more
    found = ctx.args[signature.arg_names.index(name)]
    return found[0] if found else None


def _takes_text(ctx: SigContext, name: str) -> bool:
    """Whether this is an overload for texts and raw match specs: those for functions and MatchSpecs say enough."""
    signature = ctx.default_signature
    kind = get_proper_type(signature.arg_types[signature.arg_names.index(name)])
    parts = [get_proper_type(part) for part in getattr(kind, "items", [kind])]
    return isinstance(kind, AnyType) or any(
        [isinstance(part, Instance) and part.type.fullname == "builtins.str" for part in parts]
    )


def _row_of_table(bridge: Bridge, table: Type) -> Annotation | None:
    """The row type of a table, or of anything else that has rows of one type."""
    kind = get_proper_type(table)
    return bridge.row(kind.args[0]) if isinstance(kind, Instance) and len(kind.args) == 1 else None


def _unknown(api: CheckerPluginInterface, bridge: Bridge) -> Callable[[Expression], Term]:
    """What stands for a part of a query that is no literal: a value of its type."""

    def given(node: Expression) -> Term:
        return Given("a value from outside", bridge.annotation(api.get_expression_type(node)))

    return given


def _names(api: CheckerPluginInterface, bridge: Bridge, env: Expression | None) -> Mapping[str, Term]:
    """The names from outside, with values that have the types that mypy knows."""
    if env is None:
        return {}
    if not isinstance(env, DictExpr):
        return AnyNames()
    names: dict[str, Term] = {}
    for key, value in env.items:
        if not isinstance(key, StrExpr):
            return AnyNames()
        kind = api.get_expression_type(value)
        cls = bridge.row_of_class(kind)
        names[key.value] = cls if isinstance(cls, type) else Given(key.value, bridge.annotation(kind))
    return names


# --- what is found out ------------------------------------------------------------------------------------------------


def _analysis(
    api: CheckerPluginInterface,
    bridge: Bridge,
    query: Expression,
    row: Annotation | None,
    options: Mapping[str, Expression | None],
) -> Analysis | None:
    """What is known of a query; None where it is no literal."""
    text = text_of(query)
    if text is None:
        if not isinstance(query, ListExpr) or not all([isinstance(item, TupleExpr) for item in query.items]):
            return None
        try:
            return analyse_term(term_of(query, _unknown(api, bridge)), row)
        except MatchSpecError as error:
            return Analysis(None, ANYTHING, error.errors)
    records, syntax = options.get("records"), options.get("syntax")
    known_syntax = "auto" if syntax is None else text_of(syntax)
    if records is not None or known_syntax is None:
        return None
    return analyse_text(text, row, env=_names(api, bridge, options.get("env")), syntax=known_syntax)


def _with_result(ctx: SigContext, bridge: Bridge, query: Expression, found: Analysis | None) -> CallableType:
    """The signature with the type of the results, after what is wrong has been told."""
    signature = ctx.default_signature
    if found is None:
        return signature
    _tell(ctx.api, query, found)
    result = AnyType(TypeOfAny.from_error) if found.spec is None else bridge.type(widened(found.result))
    kind = get_proper_type(signature.ret_type)
    if isinstance(kind, Instance) and kind.type.fullname == "matchspec.spec.MatchSpec":
        return signature.copy_modified(ret_type=kind.copy_modified(args=[kind.args[0], result]))
    return signature.copy_modified(ret_type=replaced(kind, result))


def _tell(api: CheckerPluginInterface, query: Expression, found: Analysis) -> None:
    for error in found.errors:
        hint = f"; {error.hint}" if error.hint else ""
        api.fail(f"{error.message}{hint}", _context(api.path, query, error), code=MATCHSPEC)


def _context(path: str, query: Expression, error: MatchSpecError) -> Context:
    """The place of a problem in the user's file; of a raw match spec, that of its clause."""
    if error.span is not None and isinstance(query, StrExpr):
        line, column = place_in(path, query, error.span.start)
        place = Context(line, column)
    else:
        node = query
        number = error.message.removeprefix("clause ").partition(":")[0]
        if isinstance(query, ListExpr) and number.isdecimal() and int(number) <= len(query.items):
            node = query.items[int(number) - 1]
        place = Context(node.line, node.column)
    place.end_line = query.end_line  # a comment to ignore it may stand on the last line of the literal
    return place
