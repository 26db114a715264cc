"""Parse tree of Python -> syntax tree; one branch for every rule and alias of `python.lark`.

Besides building, the branches refuse what the grammar lets through and Python does not, and what Python has but no
match spec can express. Patterns are built in `build_python_patterns`.
"""

from typing import TYPE_CHECKING, Final, final

from grammar.build import Built, Group, Word, fold, group, infix, node, nodes, prefix, widened, word
from grammar.build_python_patterns import build_pattern, check_captures, irrefutable, name, split_keywords
from grammar.literals import LiteralError
from grammar.literals_python import number, string
from grammar.span import Source, Span
from grammar.tree import (
    Attribute,
    Bind,
    Call,
    Clause,
    Compare,
    Conditional,
    Constant,
    Function,
    Keyword,
    ListNode,
    MapItem,
    MapNode,
    Name,
    Node,
    Rest,
    SetNode,
    Slice,
    Subscript,
    TermText,
    TupleNode,
)

if TYPE_CHECKING:
    from grammar.loader import ParseTree

# What a function may have around it and in it that does not change its value.
DROPPED: Final = frozenset(("annotation", "decorator", "docstring", "type_parameters"))


def build(parsed: "ParseTree", source: Source) -> Function | TermText:
    """The syntax tree of a text that was parsed with the rule `query` or `term` of Python.

    Raises:
        MatchSpecSyntaxError: the text is nested deeper than `LIMITS.max_depth`, or has a part that is refused.
    """
    for subtree in parsed.iter_subtrees():
        # Annotations and decorators may be any expression, so they go before anything is built and refused.
        subtree.children = [child for child in subtree.children if isinstance(child, str) or child.data not in DROPPED]
    built = fold(parsed, source, PythonBuilder(source).build)
    if isinstance(built, Function):
        return built
    term = node(built)
    return TermText(term, "python", source, term.span)


@final
class PythonBuilder:
    """Builds the nodes of one text; `build` is the function that `fold` asks for."""

    def __init__(self, source: Source) -> None:
        self.source: Final = source

    def build(self, rule: str, children: list[Built], span: Span) -> Built:
        match rule:
            case "lambda_query":
                _, parameters, body = children
                clause = Clause(group(parameters), (), (node(body),), span)
                return Function((clause,), "python", self.source, span=span)
            case "bare_tuple_query":
                raise LiteralError(
                    "a tuple with a lambda in it is not a query",
                    span,
                    "a lambda returns one expression: put parentheses around the tuple, as in lambda u: (u.a, u.b)",
                )
            case "function_query":
                return self._function(children)
            case "match_block":
                return Group(tuple(children), span)
            case "case_block":
                return _case(children)
            case "return_line":
                return children[0]
            case "def_line":
                return Group(group(children[2]), span)
            case "parameters":
                return _parameters(children, span)
            case "parameter":
                return Name(name(children[0]), span)
            case "default":
                parameter = word(children[0])
                return Bind(Name(name(parameter), parameter.span), node(children[1]), span)
            case "rest_parameter":
                return Rest(Name(name(children[1]), word(children[1]).span), span)
            case "odd_parameter":
                raise LiteralError(
                    f"{word(children[0]).text!r} cannot be among the parameters of a query",
                    span,
                    "parameters are names, one for the whole row or one for each of its elements",
                )
            case _:
                return _expression(rule, children, span)

    def _function(self, children: list[Built]) -> Function:
        header, body = children
        assert isinstance(header, Group)
        params = group(header)
        if not isinstance(body, Group):
            clause = Clause(params, (), (node(body),), header.span.to(node(body).span))
            return Function((clause,), "python", self.source, span=clause.span)
        subject = node(body.items[0])
        clauses = tuple(child for child in body.items[1:] if isinstance(child, Clause))
        if len(params) != 1 or not isinstance(params[0], Name):
            raise LiteralError(
                "a match function has exactly one parameter, without a default",
                header.span,
                "the parameter is the whole row: def label(row): and then match row:",
            )
        if not isinstance(subject, Name) or subject.name != params[0].name:
            raise LiteralError("a match function matches its parameter", subject.span, f"write match {params[0].name}:")
        for clause in clauses[:-1]:
            if not clause.guards and irrefutable(clause.params[0]):
                raise LiteralError(
                    "this pattern matches everything, so the cases after it are never reached",
                    clause.params[0].span,
                    "let it be the last case, or give it a guard",
                )
        return Function(clauses, "python", self.source, subject=params[0].name, span=header.span.to(clauses[-1].span))


def _case(children: list[Built]) -> Clause:
    pattern, body = node(children[0]), node(children[-1])
    check_captures(pattern)
    guards = ((node(children[1]),),) if len(children) > 2 else ()
    return Clause((pattern,), guards, (body,), pattern.span.to(body.span))


def _parameters(children: list[Built], span: Span) -> Group:
    """The parameters; a `/` among them says how they can be passed, which is the same to a query."""
    slashes = [child.span for child in children if isinstance(child, Word)]
    if len(slashes) > 1 or (slashes and isinstance(children[0], Word)):
        raise LiteralError("/ stands once, and after a parameter", slashes[-1])
    params = nodes([child for child in children if not isinstance(child, Word)])
    seen: set[str] = set()
    defaults = False
    for param in params:
        inner = param.left if isinstance(param, Bind) else param.value if isinstance(param, Rest) else param
        assert isinstance(inner, Name)
        if inner.name in seen:
            raise LiteralError(f"two parameters are called {inner.name}", inner.span)
        seen.add(inner.name)
        if defaults and isinstance(param, Name):
            raise LiteralError(
                f"{inner.name} has no default, but stands after a parameter that has one",
                param.span,
                "parameters with a default go last",
            )
        defaults = isinstance(param, Bind)
    return Group(params, span)


def _expression(rule: str, children: list[Built], span: Span) -> Built:
    match rule:
        case "conditional":
            then, test, otherwise = children
            return Conditional(node(test), node(then), node(otherwise), span)
        case "infix":
            return infix(children, span)
        case "unary":
            return prefix(children, span)
        case "compare":
            operators = [word(child).text for child in children[1::2]]
            return Compare(node(children[0]), tuple(zip(operators, nodes(children[2::2]), strict=True)), span)
        case "comparison_operator":
            return _joined(children, span)
        case "attribute":
            return Attribute(node(children[0]), name(children[1]), span)
        case "call":
            return _call(children, span)
        case "keyword":
            return Keyword(name(children[0]), node(children[1]), span)
        case "subscript":
            return _subscript(node(children[0]), node(children[1]), span)
        case "slice":
            return _slice(children, span)
        case _:
            return _display(rule, children, span)


def _joined(children: list[Built], span: Span) -> Word:
    text = " ".join(word(child).text for child in children)
    return Word(text, word(children[0]).kind, span)


def _call(children: list[Built], span: Span) -> Call:
    callee = node(children[0])
    args, keywords = split_keywords(children[1:])
    match callee:
        case Name():
            return Call(callee.name, args, keywords, span=span)
        case Attribute():
            return Call(callee.name, args, keywords, callee.value, span)
        case _:
            raise LiteralError(
                "only a name or a method can be called",
                callee.span,
                "write name(...) or value.name(...)",
            )


def _subscript(value: Node, index: Node, span: Span) -> Subscript:
    # x[*a] is x[(*a,)].
    return Subscript(value, TupleNode((index,), index.span) if isinstance(index, Rest) else index, span)


def _slice(children: list[Built], span: Span) -> Slice:
    """Of `lower:upper:step`, any may be absent; the colons, which are among the children, tell which."""
    bounds: list[Node | None] = [None]
    for child in children:
        if isinstance(child, Word):
            bounds.append(None)
        else:
            bounds[-1] = node(child)
    lower, upper, step = bounds + [None] * (3 - len(bounds))
    return Slice(lower, upper, step, span)


def _display(rule: str, children: list[Built], span: Span) -> Built:
    match rule:
        case "paren":
            return widened(children[0], span)
        case "tuple":
            return TupleNode(nodes(children), span)
        case "list":
            return ListNode(nodes(children), span=span)
        case "set":
            return SetNode(nodes(children), span)
        case "dict":
            return MapNode(tuple(child for child in children if isinstance(child, MapItem)), span=span)
        case "pair":
            return MapItem(node(children[0]), node(children[1]), span=span)
        case "star":
            return Rest(node(children[1]), span)
        case "double_star":
            raise LiteralError("** cannot be part of a match spec", span, "write the keys and values one by one")
        case _:
            return _atom(rule, children, span)


def _atom(rule: str, children: list[Built], span: Span) -> Built:
    match rule:
        case "name":
            return Name(name(children[0]), span)
        case "number":
            return Constant(number(word(children[0]).text, span.start), span)
        case "string":
            return _string(children, span)
        case "true":
            return Constant(True, span)
        case "false":
            return Constant(False, span)
        case "none":
            return Constant(None, span)
        case "ellipsis":
            raise LiteralError("... cannot be part of a match spec", span, "ANY stands for any term")
        case _:
            return build_pattern(rule, children, span)


def _string(children: list[Built], span: Span) -> Constant:
    """One or more literals side by side, which are one string."""
    values = [string(word(child).text, word(child).span.start) for child in children]
    texts = [value for value in values if isinstance(value, str)]
    pieces = [value for value in values if isinstance(value, bytes)]
    if texts and pieces:
        raise LiteralError("a string and bytes side by side", span, "both must be strings, or both must be bytes")
    return Constant(b"".join(pieces) if pieces else "".join(texts), span)
