"""The text of a Python function: finds the lambda or `def` that a function object came from, and parses it.

Python keeps no text with a function, but it keeps positions: each instruction of a code object says from which columns
of which lines it was compiled. The file's lines come from `linecache`, which also knows notebook cells, doctests and
whatever else registers there; the standard parser finds every lambda in them; and the one whose body holds all the
positions is the function's. Its exact text then goes through the grammar like any other query.

The lines may have been edited since they were compiled. So the names, constants and operators of the instructions are
compared with what stands at their positions now, and a text that says something else is an error, not a query.

This is the only module that uses `ast`, and it uses it for finding texts only.
"""

import ast
import dis
import linecache
import sys
from collections.abc import Callable, Sequence
from functools import partial
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from threading import Lock
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType
from typing import Final, TypeAlias, final

from grammar.build_python import build
from grammar.errors import MatchSpecError, SourceNotFoundError
from grammar.loader import parse_tree
from grammar.span import Source
from grammar.tree import Function

Definition: TypeAlias = ast.Lambda | ast.FunctionDef
Value: TypeAlias = object
Number: TypeAlias = int | float  # a union, because mypyc makes a float of an int where it reads `float` alone
# First line, last line, first column, last column; lines from 1, columns in bytes of UTF-8 from 0, as Python has them.
Position: TypeAlias = tuple[int, int, int, int]

_AS_TEXT: Final = 'write the query as text, for example table.select("lambda u: u.age > 18")'
_FILES_KEPT: Final = 32
# Before Python 3.12, what stands inside an f-string has positions that cannot be relied on.
_FORMATTED_HAS_POSITIONS: Final = sys.version_info >= (3, 12)

_NAME_LOADS: Final = frozenset(
    ("LOAD_NAME", "LOAD_GLOBAL", "LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_FAST_BORROW", "LOAD_DEREF", "LOAD_CLASSDEREF")
)
_ATTRIBUTE_LOADS: Final = frozenset(("LOAD_ATTR", "LOAD_METHOD"))
_CONSTANT_LOADS: Final = frozenset(("LOAD_CONST", "RETURN_CONST", "LOAD_SMALL_INT"))
# These set the frame up; what position they have says nothing.
_PREPARING: Final = frozenset(("RESUME", "COPY_FREE_VARS", "MAKE_CELL"))
_BINARY: Final[dict[str, type[ast.operator]]] = {
    "+": ast.Add,
    "-": ast.Sub,
    "*": ast.Mult,
    "/": ast.Div,
    "//": ast.FloorDiv,
    "%": ast.Mod,
    "**": ast.Pow,
    "<<": ast.LShift,
    ">>": ast.RShift,
    "&": ast.BitAnd,
    "|": ast.BitOr,
    "^": ast.BitXor,
    "@": ast.MatMult,
}
_COMPARISONS: Final[dict[str, type[ast.cmpop]]] = {
    "<": ast.Lt,
    "<=": ast.LtE,
    "==": ast.Eq,
    "!=": ast.NotEq,
    ">": ast.Gt,
    ">=": ast.GtE,
}
_MEMBERSHIP: Final[dict[tuple[str, bool], type[ast.cmpop]]] = {
    ("CONTAINS_OP", False): ast.In,
    ("CONTAINS_OP", True): ast.NotIn,
    ("IS_OP", False): ast.Is,
    ("IS_OP", True): ast.IsNot,
}
_UNARY: Final[dict[str, type[ast.unaryop]]] = {
    "UNARY_NEGATIVE": ast.USub,
    "UNARY_INVERT": ast.Invert,
    "UNARY_NOT": ast.Not,
}


_FOLDED: Final = (ast.Constant, ast.Tuple, ast.List, ast.Set, ast.UnaryOp, ast.BinOp)


def parse_function(function: Callable[..., Value]) -> Function:
    """The syntax tree of a lambda, or of a `def` that is one `match` or one `return`.

    The tree's source names the function's file, so that errors point into it. What the function captures is not looked
    at; its decorators, annotations, defaults' values and docstring do not matter.

    Raises:
        SourceNotFoundError: the text cannot be found, or has changed since the function was compiled.
        MatchSpecSyntaxError: the function contains something that no match spec can express.
        MatchSpecError: the function is of a kind that cannot be a query: a method, a generator, a coroutine function.
    """
    plain = _plain(function)
    code = plain.__code__
    found = _find(plain, code)
    if found is None:
        # The module may have been reloaded from an edited file, while linecache still has the old lines.
        linecache.checkcache(code.co_filename)
        found = _find(plain, code)
    if found is None:
        raise SourceNotFoundError(
            f"{_called(code)} is not where it was when it was compiled: the file has changed since",
            hint=f"reload the file, or {_AS_TEXT}",
        )
    source = found[0].source_of(found[1], code.co_filename)
    parsed = build(parse_tree(source, "python", "query"), source)
    assert isinstance(parsed, Function), "a lambda or def parses as nothing else"
    return parsed


# ---- which functions -------------------------------------------------------------------------------------------------


def _plain(function: Callable[..., Value]) -> FunctionType:
    """The function, if it is of a kind that can be a query."""
    if isinstance(function, partial):
        raise MatchSpecError(
            "a functools.partial cannot be a query", hint="write a lambda that uses the values by their names"
        )
    if isinstance(function, MethodType):
        raise MatchSpecError(
            f"the method {function.__name__} cannot be a query", hint="write a lambda or a function of the row"
        )
    if isinstance(function, BuiltinFunctionType | type) or not isinstance(function, FunctionType):
        raise SourceNotFoundError(
            f"{_shown(function)} is not a function written in Python, so it has no source to translate",
            hint="write a lambda, for example lambda u: u.age > 18",
        )
    flags = function.__code__.co_flags
    for flag, kind in ((CO_COROUTINE, "coroutine"), (CO_GENERATOR, "generator"), (CO_ASYNC_GENERATOR, "generator")):
        if flags & flag:
            raise MatchSpecError(
                f"{_called(function.__code__)} is a {kind} function, which cannot be a query",
                hint="a query returns one result for a row, without yield and await",
            )
    return function


def _called(code: CodeType) -> str:
    """How an error names a function."""
    name = "the lambda" if code.co_name == "<lambda>" else f"the function {code.co_name}"
    return f"{name} of {code.co_filename}, line {code.co_firstlineno}"


# ---- files -----------------------------------------------------------------------------------------------------------


@final
class _File:
    """A parsed file: its text and the definitions in it."""

    def __init__(self, text: str) -> None:
        self.text: Final = text
        self.lines: Final = text.split("\n")
        self.lambdas: Final[list[ast.Lambda]] = []
        self.functions: Final[list[ast.FunctionDef]] = []
        # Lambdas inside f-strings, which are also in `lambdas`.
        self.formatted: Final[set[ast.Lambda]] = set()
        for found in ast.walk(ast.parse(text)):
            if isinstance(found, ast.Lambda):
                self.lambdas.append(found)
            elif isinstance(found, ast.FunctionDef):
                self.functions.append(found)
            elif isinstance(found, ast.JoinedStr):
                self.formatted.update(inner for inner in ast.walk(found) if isinstance(inner, ast.Lambda))
        self._starts: Final[list[int]] = [0]
        for line in self.lines:
            self._starts.append(self._starts[-1] + len(line) + 1)

    def source_of(self, found: Definition, filename: str) -> Source:
        """The text of a definition. That of a `def` begins with the indentation of its line."""
        column = self._characters(found.lineno, found.col_offset) if isinstance(found, ast.Lambda) else 0
        last_line, last_column = found.end_lineno or found.lineno, found.end_col_offset or found.col_offset
        start = self._starts[found.lineno - 1] + column
        end = self._starts[last_line - 1] + self._characters(last_line, last_column)
        return Source(self.text[start:end], filename, found.lineno, column)

    def _characters(self, line: int, column: int) -> int:
        """A column in characters; Python counts in bytes of UTF-8."""
        return len(self.lines[line - 1].encode()[:column].decode())


_LOCK: Final = Lock()
_FILES: Final[dict[str, _File]] = {}


def _file(function: FunctionType, code: CodeType) -> _File:
    """The function's file as linecache has it now; parsed again only if its text is another one."""
    # Called through the module, because doctest replaces the function there.
    lines = linecache.getlines(code.co_filename, function.__globals__)
    if not lines:
        raise SourceNotFoundError(f"the source of {_called(code)} cannot be found", hint=_AS_TEXT)
    text = "".join(lines).replace("\r\n", "\n").replace("\r", "\n")
    # Parsing under the lock too: CPython 3.11 raises SystemError when several threads are in ast.parse at once.
    with _LOCK:
        known = _FILES.pop(code.co_filename, None)
        if known is None or known.text != text:
            try:
                known = _File(text)
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                raise SourceNotFoundError(
                    f"the file of {_called(code)} does not parse any more: {error}", hint=f"mend it, or {_AS_TEXT}"
                ) from error
        _FILES[code.co_filename] = known
        while len(_FILES) > _FILES_KEPT:
            del _FILES[next(iter(_FILES))]
    return known


# ---- finding ---------------------------------------------------------------------------------------------------------


def _find(function: FunctionType, code: CodeType) -> tuple[_File, Definition] | None:
    """The function's definition and the file it is in; None if no definition there fits the code."""
    file = _file(function, code)
    if code.co_name != "<lambda>":
        for found in file.functions:
            if _first_line(found) == code.co_firstlineno and found.name == code.co_name and _fits(found, code):
                return file, found
        return None
    on_line = [found for found in file.lambdas if found.lineno == code.co_firstlineno]
    chosen = _chosen(on_line, code)
    if chosen is not None and not _fits(chosen, code):
        chosen = None
    if not _FORMATTED_HAS_POSITIONS:
        unreliable = [found for found in file.formatted if _same_parameters(found, code)]
        if chosen in unreliable or (chosen is None and unreliable):
            raise SourceNotFoundError(
                f"{_called(code)} stands inside an f-string, where this Python keeps no positions of it",
                hint=f"give it a name before the f-string, or {_AS_TEXT}",
            )
    return None if chosen is None else (file, chosen)


def _first_line(found: ast.FunctionDef) -> int:
    """The line that a code object calls its first: that of the first decorator, if there is one."""
    return found.decorator_list[0].lineno if found.decorator_list else found.lineno


def _chosen(candidates: list[ast.Lambda], code: CodeType) -> ast.Lambda | None:
    """The lambda whose body holds all instructions.

    Of several, each stands in the body of the next, and the innermost is meant: an outer one would have the instruction
    that makes the inner one, which is not in the inner body.
    """
    positions = [found for found in map(_origin, dis.get_instructions(code)) if found is not None]
    if not positions:
        plausible = [found for found in candidates if _fits(found, code)]
        if len(plausible) > 1:
            raise SourceNotFoundError(
                f"there are several lambdas like this on line {code.co_firstlineno} of {code.co_filename}, and this "
                "Python keeps no columns to tell them apart",
                hint=f"put them on lines of their own, run Python without -X no_debug_ranges, or {_AS_TEXT}",
            )
        return plausible[0] if plausible else None
    holding = [found for found in candidates if all(_holds(found.body, position) for position in positions)]
    return max(holding, key=lambda found: (found.body.lineno, found.body.col_offset), default=None)


def _origin(instruction: dis.Instruction) -> Position | None:
    """The text that an instruction was compiled from; None for those that only prepare the frame."""
    place = instruction.positions
    if place is None or instruction.opname in _PREPARING:
        return None
    line, last_line, column, last_column = place.lineno, place.end_lineno, place.col_offset, place.end_col_offset
    if line is None or last_line is None or column is None or last_column is None:
        return None
    return None if (column, last_column) == (0, 0) else (line, last_line, column, last_column)


def _position(node: ast.expr | ast.pattern) -> Position:
    return node.lineno, node.end_lineno or node.lineno, node.col_offset, node.end_col_offset or node.col_offset


def _holds(node: ast.expr, position: Position) -> bool:
    line, last_line, column, last_column = _position(node)
    return (line, column) <= (position[0], position[2]) and (position[1], position[3]) <= (last_line, last_column)


# ---- comparing text and code -----------------------------------------------------------------------------------------


def _fits(found: Definition, code: CodeType) -> bool:
    """Whether the code can have been compiled from this definition as it stands now.

    Exact for parameters, names, attributes, constants and the operators that have an instruction. `and` and `or` are
    jumps, which are not compared; but exchanging one for the other moves what follows, unless spaces make up for it.
    """
    if not _same_parameters(found, code):
        return False
    body = [found.body] if isinstance(found, ast.Lambda) else _without_docstring(found)
    if len(body) != 1 or not isinstance(body[0], ast.expr | ast.Return | ast.Match):
        # Statements that no query has: the grammar refuses them, and its error says more.
        return True
    if any(isinstance(inner, ast.JoinedStr) for inner in ast.walk(body[0])):
        # Refused by the grammar too; and its positions cannot be compared.
        return True
    text = _Text(body)
    constants: dict[Position, list[Value]] = {}
    for instruction in dis.get_instructions(code):
        position = _origin(instruction)
        if position is not None and instruction.opname in _CONSTANT_LOADS:
            constants.setdefault(position, []).append(instruction.argval)
        elif not text.agrees(instruction, position):
            return False
    return text.has_constants(constants)


def _without_docstring(found: ast.FunctionDef) -> list[ast.stmt]:
    return found.body if ast.get_docstring(found, clean=False) is None else found.body[1:]


def _same_parameters(found: Definition, code: CodeType) -> bool:
    args = found.args
    starred = [arg for arg in (args.vararg, args.kwarg) if arg is not None]
    # In the order in which a code object has them among its variables.
    written = [arg.arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs, *starred)]
    count = code.co_argcount + code.co_kwonlyargcount + len(starred)
    return len(written) == count and all(map(_same_name, written, code.co_varnames))


def _same_name(written: str, compiled: str) -> bool:
    """Whether a name is the same; in a class, Python compiles `__name` as `_Class__name`."""
    mangled = written.startswith("__") and compiled.startswith("_") and compiled.endswith(written)
    return written == compiled or mangled


@final
class _Text:
    """What a function's body says at which position."""

    def __init__(self, body: Sequence[ast.AST]) -> None:
        self._nodes: Final[dict[Position, ast.expr]] = {}
        # An attribute by its end, because Python lets a method call begin on the line of the method's name.
        self._attributes: Final[dict[tuple[int, int], str]] = {}
        self._negated: Final[set[ast.expr]] = set()
        self._patterns: Final[set[Position]] = set()
        for part in body:
            for found in ast.walk(part):
                if isinstance(found, ast.expr):
                    self._add(found)
                elif isinstance(found, ast.pattern):
                    self._patterns.add(_position(found))

    def _add(self, found: ast.expr) -> None:
        position = _position(found)
        self._nodes.setdefault(position, found)
        if isinstance(found, ast.Attribute):
            self._attributes[position[1], position[3]] = found.attr
        elif isinstance(found, ast.UnaryOp) and isinstance(found.op, ast.Not):
            self._negated.add(found.operand)

    def agrees(self, instruction: dis.Instruction, position: Position | None) -> bool:
        """Whether an instruction could come from this text; one without a position is only looked for."""
        argument: Value = instruction.argval
        if position is None:
            return self._mentions(instruction.opname, argument)
        if instruction.opname in _ATTRIBUTE_LOADS:
            written = self._attributes.get((position[1], position[3]), "")
            return _same_name(written, str(argument))
        node = self._nodes.get(position)
        if instruction.opname in _NAME_LOADS:
            return isinstance(node, ast.Name) and _same_name(node.id, str(argument))
        # `not x in y` is compiled as `x not in y`.
        return node is None or node in self._negated or _same_operator(node, instruction)

    def has_constants(self, constants: dict[Position, list[Value]]) -> bool:
        """Whether the constants that are loaded at these positions are those that are written there.

        A pattern also loads what it needs itself, such as the numbers of the elements that it looks at.
        """
        for position, loaded in constants.items():
            node = self._nodes.get(position)
            if node is None and position not in self._patterns and None not in loaded:
                return False
            if node is not None and not any(_could_be(node, value) for value in loaded):
                return False
        literals = [at for at in self._patterns if isinstance(self._nodes.get(at), ast.Constant | ast.UnaryOp)]
        return not constants or all(at in constants for at in literals)

    def _mentions(self, opname: str, argument: Value) -> bool:
        if opname in _ATTRIBUTE_LOADS:
            return any(_same_name(written, str(argument)) for written in self._attributes.values())
        nodes = self._nodes.values()
        if opname in _NAME_LOADS:
            return any(isinstance(node, ast.Name) and _same_name(node.id, str(argument)) for node in nodes)
        if opname in _CONSTANT_LOADS and argument is not None and not self._patterns:
            return any(_could_be(node, argument) for node in nodes if isinstance(node, _FOLDED))
        return True


def _same_operator(node: ast.expr, instruction: dis.Instruction) -> bool:
    opname = instruction.opname
    match node:
        case ast.BinOp() if opname == "BINARY_OP":
            expected = _BINARY.get(instruction.argrepr)
            return expected is None or isinstance(node.op, expected)
        case ast.UnaryOp() if opname in _UNARY:
            return isinstance(node.op, _UNARY[opname])
        case ast.Compare() if opname == "COMPARE_OP":
            # Python 3.13 writes bool(<) where the result goes to a jump.
            compared = _COMPARISONS.get(str(instruction.argval).removeprefix("bool(").removesuffix(")"))
            return compared is None or any(isinstance(op, compared) for op in node.ops)
        case ast.Compare() if opname in ("CONTAINS_OP", "IS_OP"):
            member = _MEMBERSHIP[opname, bool(instruction.argval)]
            return any(isinstance(op, member) for op in node.ops)
        case _:
            return True


def _could_be(node: ast.expr, value: Value) -> bool:
    """Whether the compiler can have made this constant of this expression; True for expressions not known here."""
    try:
        return _exact(_folded(node)) == _exact(value)
    except _NotConstantError:
        return True


class _NotConstantError(Exception):
    """An expression whose value only the compiler knows."""


def _folded(node: ast.expr) -> Value:
    """The value of a constant expression, as far as queries have them."""
    match node:
        case ast.Constant():
            return node.value
        case ast.Tuple() | ast.List():
            return tuple(_folded(item) for item in node.elts)
        case ast.Set():
            return frozenset(_folded(item) for item in node.elts)
        case ast.UnaryOp():
            operand = _folded(node.operand)
            if isinstance(node.op, ast.USub) and isinstance(operand, int | float):
                return -operand
        case ast.BinOp():
            left, right = _folded(node.left), _folded(node.right)
            if isinstance(left, int | float) and isinstance(right, int | float):
                return _combined(node.op, left, right)
    raise _NotConstantError


def _combined(op: ast.operator, left: Number, right: Number) -> Value:
    match op:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case _:
            # Powers and shifts can be huge, and divisions fail.
            raise _NotConstantError


def _shown(value: Value) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001  # an object's own repr, which may raise anything
        return f"a value of type {type(value).__name__}"


def _exact(value: Value) -> str:
    """A constant's text, with its type, so that 1, 1.0 and True differ at every depth."""
    if isinstance(value, tuple):
        return f"({','.join(_exact(item) for item in value)})"
    if isinstance(value, frozenset):
        return f"{{{','.join(sorted(_exact(item) for item in value))}}}"
    return f"{type(value).__name__} {value!r}"
