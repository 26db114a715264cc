"""Our trees of Erlang texts in the notation of `tests/data/grammar/forms.erl`, which prints what Erlang's parser says."""

import re

from grammar import tree as t


def form(parsed: t.Function | t.TermText) -> str:
    """The S-expression of a query."""
    return _list("fun", *map(_clause, parsed.clauses)) if isinstance(parsed, t.Function) else _node(parsed.node)


def same_floats(text: str) -> str:
    """The S-expression with its floats in Python's spelling."""
    return re.sub(r"\(float ([^)]*)\)", lambda match: f"(float {float(match[1])!r})", text)


def _list(*parts: str) -> str:
    return f"({' '.join(parts)})"


def _codes(text: str) -> str:
    return f"[{','.join(str(ord(character)) for character in text)}]"


def _clause(clause: t.Clause) -> str:
    guards = [_list("and", *map(_node, guard)) for guard in clause.guards]
    body = _list("body", *map(_node, clause.body))
    return _list(_list("params", *map(_node, clause.params)), _list("guards", *guards), body)


def _node(node: t.Node) -> str:
    match node:
        case t.Constant(value):
            return _list("int", str(value)) if isinstance(value, int) else _list("float", repr(value))
        case t.AtomName(name):
            return _list("atom", _codes(name))
        case t.Chars(text):
            return _list("string", _codes(text))
        case t.Name(name):
            return _list("var", name)
        case t.Wild():
            return "wild"
        case t.Unary(op, operand):
            return _list(op, _node(operand))
        case t.Infix(op, left, right):
            return _list(op, _node(left), _node(right))
        case t.Bind(left, right):
            return _list("=", _node(left), _node(right))
        case t.TupleNode(items):
            return _list("tuple", *map(_node, items))
        case t.ListNode():
            return _cells(node)
        case t.Call(name, args, (), None):
            return _list("call", _codes(name), *map(_node, args))
        case t.Call(name, args, (), t.AtomName(module)):
            return _list("remote", _codes(module), _codes(name), *map(_node, args))
        case t.BinaryNode(segments):
            return _list("bin", *map(_segment, segments))
        case t.MapNode(items, base):
            pairs = [_list(":=" if item.exact else "=>", _node(item.key), _node(item.value)) for item in items]
            return _list("map", *pairs) if base is None else _list("update", _node(base), *pairs)
        case t.RecordNode(name, fields, base):
            values = [_list(_codes(field.name), _node(field.value)) for field in fields]
            head = ["record"] if base is None else ["setrecord", _node(base)]
            return _list(*head, _codes(name), *values)
        case t.RecordAccess(name, field_name, base):
            head = ["index"] if base is None else ["access", _node(base)]
            return _list(*head, _codes(name), _codes(field_name))
        case _:
            raise AssertionError(node)


def _cells(node: t.ListNode) -> str:
    """A list; Erlang's parser makes no difference between [a | [b]] and [a, b]."""
    items = list(node.items)
    tail = node.tail
    while isinstance(tail, t.ListNode):
        items += tail.items
        tail = tail.tail
    return _list("list", *map(_node, items)) if tail is None else _list("list", *map(_node, items), "|", _node(tail))


def _segment(segment: t.Segment) -> str:
    size = "default" if segment.size is None else _node(segment.size)
    return _list(_node(segment.value), size, f"[{','.join(segment.specs)}]")
