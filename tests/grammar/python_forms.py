"""One normal form, nested tuples, for the trees of Python's own parser and for ours.

What Python has and a query does not have raises `NoQueryError`.
"""

import ast
from typing import TypeAlias, assert_never

from grammar import tree as t

Form: TypeAlias = object

BINARY: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.MatMult: "@",
}
UNARY: dict[type[ast.unaryop], str] = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "~", ast.Not: "not"}
COMPARE: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
}


class NoQueryError(Exception):
    """Python has this, and a query does not."""


def constant(value: object) -> Form:
    if isinstance(value, complex) or value is Ellipsis:
        raise NoQueryError
    return ("constant", type(value).__name__, repr(value))


# ---- Python's tree ---------------------------------------------------------------------------------------------------


def theirs(node: ast.expr | ast.keyword | None) -> Form:
    match node:
        case None:
            return None
        case ast.Constant():
            return constant(node.value)
        case ast.Name():
            return ("name", node.id)
        case ast.Tuple() | ast.List() | ast.Set():
            return (type(node).__name__.lower(), *map(theirs, node.elts))
        case ast.Dict():
            if None in node.keys:
                raise NoQueryError
            return ("dict", *[(theirs(key), theirs(value)) for key, value in zip(node.keys, node.values, strict=True)])
        case ast.UnaryOp():
            return ("unary", UNARY[type(node.op)], theirs(node.operand))
        case ast.BinOp():
            if isinstance(node.op, ast.MatMult):
                raise NoQueryError
            return ("infix", BINARY[type(node.op)], theirs(node.left), theirs(node.right))
        case ast.BoolOp():
            op = "and" if isinstance(node.op, ast.And) else "or"
            form = theirs(node.values[0])
            for value in node.values[1:]:
                form = ("infix", op, form, theirs(value))
            return form
        case ast.Compare():
            rest = zip(node.ops, node.comparators, strict=True)
            return ("compare", theirs(node.left), *[(COMPARE[type(op)], theirs(item)) for op, item in rest])
        case ast.IfExp():
            return ("conditional", theirs(node.test), theirs(node.body), theirs(node.orelse))
        case ast.Starred():
            return ("rest", theirs(node.value))
        case ast.Attribute():
            return ("attribute", theirs(node.value), node.attr)
        case ast.Subscript():
            return ("subscript", theirs(node.value), theirs(node.slice))
        case ast.Slice():
            return ("slice", theirs(node.lower), theirs(node.upper), theirs(node.step))
        case ast.Call():
            return their_call(node)
        case ast.keyword() if node.arg is not None:
            return (node.arg, theirs(node.value))
        case _:
            raise NoQueryError


def their_call(node: ast.Call) -> Form:
    arguments = (tuple(map(theirs, node.args)), tuple(map(theirs, node.keywords)))
    match node.func:
        case ast.Name():
            return ("call", None, node.func.id, *arguments)
        case ast.Attribute():
            return ("call", theirs(node.func.value), node.func.attr, *arguments)
        case _:
            raise NoQueryError


def their_pattern(node: ast.pattern) -> Form:
    match node:
        case ast.MatchValue():
            form = theirs(node.value)
            return ("value", form) if isinstance(node.value, ast.Attribute) else form
        case ast.MatchSingleton():
            return constant(node.value)
        case ast.MatchSequence():
            return ("sequence", *map(their_pattern, node.patterns))
        case ast.MatchStar():
            return ("rest", named(node.name))
        case ast.MatchMapping():
            keys = [("value", theirs(key)) if isinstance(key, ast.Attribute) else theirs(key) for key in node.keys]
            items: list[Form] = list(zip(keys, map(their_pattern, node.patterns), strict=True))
            return ("dict", *items, *([] if node.rest is None else [(("rest", named(node.rest)), ("wild",))]))
        case ast.MatchClass():
            keywords = zip(node.kwd_attrs, map(their_pattern, node.kwd_patterns), strict=True)
            return ("class", theirs(node.cls), tuple(map(their_pattern, node.patterns)), tuple(keywords))
        case ast.MatchAs():
            return named(node.name) if node.pattern is None else ("as", their_pattern(node.pattern), named(node.name))
        case ast.MatchOr():
            return ("or", *map(their_pattern, node.patterns))
        case _:
            raise AssertionError(node)


def named(name: str | None) -> Form:
    return ("wild",) if name is None else ("name", name)


# ---- our tree --------------------------------------------------------------------------------------------------------


def ours(node: t.Node | t.Keyword | None, sequence: str = "") -> Form:
    """With `sequence`, the one name for tuples and lists."""

    def all_of(items: tuple[t.Node, ...]) -> list[Form]:
        return [ours(item, sequence) for item in items]

    match node:
        case None:
            return None
        case t.Constant():
            return constant(node.value)
        case t.Name():
            return ("name", node.name)
        case t.Wild():
            return ("wild",)
        case t.TupleNode():
            return (sequence or "tuple", *all_of(node.items))
        case t.ListNode():
            assert node.tail is None
            return (sequence or "list", *all_of(node.items))
        case t.SetNode():
            return ("set", *all_of(node.items))
        case t.MapNode():
            assert node.base is None
            return ("dict", *[(ours(item.key, sequence), ours(item.value, sequence)) for item in node.items])
        case t.Unary():
            return ("unary", node.op, ours(node.operand))
        case t.Infix():
            return ("infix", node.op, ours(node.left), ours(node.right))
        case t.Compare():
            return ("compare", ours(node.first), *[(op, ours(item)) for op, item in node.rest])
        case t.Conditional():
            return ("conditional", ours(node.test), ours(node.then), ours(node.otherwise))
        case t.Rest():
            return ("rest", ours(node.value))
        case t.Attribute():
            return ("attribute", ours(node.value), node.name)
        case t.Subscript():
            return ("subscript", ours(node.value), ours(node.index))
        case t.Slice():
            return ("slice", ours(node.lower), ours(node.upper), ours(node.step))
        case t.Keyword():
            return (node.name, ours(node.value, sequence))
        case t.Call():
            return ("call", ours(node.receiver), node.name, tuple(all_of(node.args)), tuple(map(ours, node.keywords)))
        case t.ValuePattern():
            return ("value", ours(node.value))
        case t.ClassPattern():
            keywords = [ours(keyword, sequence) for keyword in node.keywords]
            return ("class", ours(node.cls), tuple(all_of(node.args)), tuple(keywords))
        case t.Bind():
            return ("as", ours(node.left, sequence), ours(node.right))
        case t.Alternatives():
            return ("or", *all_of(node.options))
        case t.AtomName() | t.Chars() | t.BinaryNode() | t.Pin() | t.RecordNode() | t.RecordAccess():
            raise AssertionError("Python has no such node")
        case _:
            assert_never(node)
