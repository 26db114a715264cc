"""Random lambdas as text, rows for them, and what Python itself says that they give.

`texts` draws lambdas from the subset of Python that queries have, typed so that most of them make sense. `Reference`
is the oracle: it takes the conditional chain of a lambda apart with Python's own parser, lets Python evaluate every
part, and says what a query gives where a condition or a result raises.
"""

import ast
import warnings
from collections.abc import Callable
from enum import Enum, StrEnum
from random import Random
from typing import Any, Final, NamedTuple, TypeAlias

from hypothesis import strategies as st

from matchspec import SKIP

Value: TypeAlias = Any
Draw: TypeAlias = Callable[[st.SearchStrategy[Any]], Any]


class Color(StrEnum):
    RED = "red"
    BLUE = "blue"


class Level(Enum):
    LOW = 1
    HIGH = 2


class Pair(NamedTuple):
    first: Value
    second: Value = 7


class Item(NamedTuple):
    """A row with a column of every kind."""

    n: int
    x: float
    s: str
    f: bool
    o: int | None
    l: list[int]  # noqa: E741  # as short as the others
    t: tuple[int, str]
    d: dict[str, int]
    v: object
    p: Pair


FIELDS: Final = Item._fields

ENV: Final[dict[str, Value]] = {
    "LIMIT": 3,
    "WORDS": ["a", "", "red"],
    "ALLOWED": {1, 2.5, None, "a"},
    "FROZEN": frozenset([0, "ab", True]),
    "LOOKUP": {"a": 1, "b": [2], 1: "one"},
    "PAIR": Pair(1, "a"),
    "NOTHING": None,
    "RED": Color.RED,
    "HIGH": Level.HIGH,
    "Item": Item,
    "Pair": Pair,
    "SKIP": SKIP,
}

INTS: Final = [*range(-7, 13), -1000, 100, 2**53, -(2**64), 2**64 + 1]
FLOATS: Final = [0.0, -0.0, 1.0, -1.5, 2.5, 0.5, 7.25, -3.0, 1e16, -1e300, 1e-300, *map(float, ("inf", "-inf", "nan"))]
STRINGS: Final = ["", "a", "ab", "A b", "red", "12", " 7 ", "é", "ß", "aXa", "1.5", "bab"]
OTHERS: Final[list[Value]] = [
    *(None, True, False, b"a", (), (1,), [], [1, "a"], {}, {"a": 1}, Color.RED, Level.LOW, Pair(1, 2)),
]


def pool(size: int) -> list[Item]:
    """Rows with every kind of value, also of the kinds that an operator is not made for."""
    random = Random(20)
    one = random.choice

    def anything() -> Value:
        return one([one(INTS), one(FLOATS), one(STRINGS), one(OTHERS)])

    return [
        Item(
            n=one(INTS),
            x=one(FLOATS),
            s=one(STRINGS),
            f=one([True, False]),
            o=one([None, one(INTS)]),
            l=[random.randint(-2, 3) for _ in range(random.randint(0, 3))],
            t=(one(INTS), one(STRINGS)),
            d={one("abc"): one(INTS) for _ in range(random.randint(0, 3))},
            v=anything(),
            p=Pair(anything(), one(INTS)),
        )
        for _ in range(size)
    ]


# A fixed pool, because drawing whole rows is slow; every example takes a dozen of them.
ROWS: Final = st.lists(st.sampled_from(pool(400)), min_size=1, max_size=12)


class Texts:
    """Draws expressions, each of a kind: a column's letter, or "b" for a condition, "r" for a row."""

    def __init__(self, draw: Draw, form: str) -> None:
        self.draw = draw
        self.form = form

    def one(self, *options: str) -> str:
        return str(self.draw(st.sampled_from(options)))

    def column(self, name: str) -> str:
        if self.form in ("columns", "bare"):
            return name
        if self.form == "typed":
            return self.one(
                f"u.{name}", f"u.{name}", f"u[{FIELDS.index(name)}]", f"u[{FIELDS.index(name) - len(FIELDS)}]"
            )
        return f"u[{FIELDS.index(name)}]"

    def expr(self, kind: str, depth: int) -> str:
        if depth <= 0:
            return self.leaf(kind)
        choice = self.draw(st.integers(0, 9))
        if choice == 0:
            return self.leaf(kind)
        if choice == 1:
            return f"({self.expr(kind, depth - 1)} if {self.condition(depth - 1)} else {self.expr(kind, depth - 1)})"
        if choice == 2:
            return f"({self.expr(kind, depth - 1)} {self.one('and', 'or')} {self.expr(kind, depth - 1)})"
        makers = {"n": self.integer, "x": self.number, "s": self.string, "b": self.boolean, "l": self.list_of}
        makers |= {"t": self.tuple_of, "d": self.dict_of, "v": self.anything, "o": self.integer}
        return makers[kind](depth - 1)

    def leaf(self, kind: str) -> str:
        constants = {
            "n": ("0", "1", "2", "-1", "7", "LIMIT", "PAIR.first", "0x10"),
            "x": ("0.0", "-0.0", "2.5", "1e3", "-.5"),
            "s": ("''", "'a'", '"ab"', "'red'", "PAIR.second", "RED", "'A' 'b'"),
            "b": ("True", "False"),
            "l": ("[]", "WORDS", "[1, 2.0]"),
            "t": ("()", "(1,)", "PAIR", "(1, 'a')"),
            "d": ("{}", "{'a': 1}", "LOOKUP", "{1: 2, True: 3}", "{'k': 1, 'k': 2.0}"),
            "o": ("None", "NOTHING", "4"),
            "v": ("None", "1", "1.0", "True", "'a'", "HIGH", "RED", "b'a'", "ALLOWED"),
        }[kind]
        column = {"b": "f"}.get(kind, kind)
        return self.column(column) if self.draw(st.integers(0, 3)) else self.one(*constants)

    def maybe_bare(self, text: str) -> str:
        """With or without parentheses: both are Python, if not always the same."""
        return f"({text})" if self.draw(st.integers(0, 4)) else text

    def integer(self, depth: int) -> str:
        a, b = self.expr(self.one("n", "n", "n", "o", "b"), depth), self.expr("n", depth)
        option = self.draw(st.integers(0, 12))
        match option:
            case 0 | 1 | 2:
                return self.maybe_bare(f"{a} {self.one('+', '-', '*', '//', '//', '&', '|', '^')} {b}")
            case 3:
                return self.maybe_bare(f"{self.one('-', '+', '~', '--', '-~', '~-+')}{a}")
            case 4:
                return self.maybe_bare(
                    f"{self.expr('n', 0)} {self.one('<<', '>>', '**')} {self.one('0', '1', '3', '-1')}"
                )
            case 5:
                return f"len({self.expr(self.one('s', 'l', 't', 'd', 'v'), depth)})"
            case 6:
                return f"{self.one('abs', 'int', 'round')}({self.expr(self.one('n', 'x', 'v', 's'), depth)})"
            case 7:
                return f"{self.one('min', 'max')}({a}, {b}, {self.expr('x', depth)})"
            case 8:
                return f"{self.expr('l', depth)}[{self.one('0', '-1', '1')}]"
            case 9:
                return f"{self.expr('d', depth)}[{self.one(chr(39) + 'a' + chr(39), '1')}]"
            case 10:
                return f"{self.expr('d', depth)}.get('b', {a})"
            case 11:
                return f"(({a}) % {b})"  # a bare text on the left would be refused: it would be formatted
            case _:
                return f"{self.expr('s', depth)}.{self.one('count', 'find', 'index')}({self.expr('s', 0)})"

    def number(self, depth: int) -> str:
        a, b = self.expr(self.one("x", "n", "b"), depth), self.expr(self.one("x", "n"), depth)
        match self.draw(st.integers(0, 5)):
            case 0 | 1:
                return self.maybe_bare(f"{a} {self.one('+', '-', '*', '/', '//')} {b}")
            case 2:
                return f"(({a}) % {b})"
            case 3:
                return f"float({self.expr(self.one('n', 'x', 's', 'v'), depth)})"
            case 4:
                return f"round({a}, {self.one('0', '1', '-1', '2', 'None')})"
            case _:
                return self.maybe_bare(f"{self.expr('x', 0)} ** {self.one('2', '-1', '0.5', '0')}")

    def string(self, depth: int) -> str:
        a, b = self.expr("s", depth), self.expr("s", 0)
        match self.draw(st.integers(0, 8)):
            case 0:
                return self.maybe_bare(f"{a} + {b}")
            case 1:
                return self.maybe_bare(f"{a} * {self.one('(0)', '(2)', '-(1)')}")
            case 2:
                return f"{a}[{self.one('0', '-1', '1')}]"
            case 3:
                return f"{a}[{self.one('1:', ':2', '::-1', '-2:', '0:3:2', ':', 'LIMIT:', '::0')}]"
            case 4:
                return f"{a}.{self.one('upper', 'lower', 'title', 'strip', 'casefold', 'capitalize')}()"
            case 5:
                return f"str({self.expr(self.one('n', 'x', 'v', 'l', 'b'), depth)})"
            case 6:
                return f"{a}.replace({self.expr('s', 0)}, {b})"
            case 7:
                return f"{self.expr('t', depth)}[1]"
            case _:
                return f"{a}.{self.one('removeprefix', 'removesuffix', 'lstrip', 'rstrip')}({b})"

    def boolean(self, depth: int) -> str:
        kind = self.one("n", "x", "s", "v", "l", "t", "o", "b")
        a, b = self.expr(kind, depth), self.expr(self.one(kind, kind, "v"), depth)
        match self.draw(st.integers(0, 9)):
            case 0 | 1:
                return self.maybe_bare(f"{a} {self.one('==', '!=', '<', '<=', '>', '>=')} {b}")
            case 2:
                middle = self.expr(kind, 0)
                return self.maybe_bare(
                    f"{a} {self.one('<', '<=', '==')} {middle} {self.one('<', '>=', '!=', 'in')} {b}"
                )
            case 3:
                return f"({a} {self.one('in', 'not in')} {self.collection(depth)})"
            case 4:
                return f"({a} {self.one('is', 'is not')} {self.one('None', 'True', 'NOTHING', 'HIGH')})"
            case 5:
                return f"(not {self.expr(self.one('b', 'v', 's', 'l', 'n'), depth)})"
            case 6:
                return (
                    f"isinstance({a}, {self.one('int', 'str', '(int, float)', 'int | None', 'list', 'tuple', 'Pair')})"
                )
            case 7:
                affix = self.one("'a'", "'r'", "('a', 'x')", "''")
                return f"{self.expr('s', depth)}.{self.one('startswith', 'endswith')}({affix})"
            case 8:
                return f"bool({self.expr('v', depth)})"
            case _:
                return f"{self.expr('s', depth)}.{self.one('isdigit', 'isalpha', 'isspace', 'islower', 'isupper')}()"

    def collection(self, depth: int) -> str:
        a, b = self.expr(self.one("n", "s", "v"), depth), self.expr(self.one("n", "s", "x"), 0)
        fixed = (
            "ALLOWED",
            "FROZEN",
            "WORDS",
            "LOOKUP",
            "PAIR",
            "{1, 'a', None}",
            "(1, True, 'a')",
            "[0.0, 'ab']",
            "()",
        )
        built = (f"{{{a}, {b}}}", f"({a}, {b})", f"[{a}, {b}]", self.expr("s", 0), self.expr("l", 0), self.expr("d", 0))
        return self.one(*fixed, *built)

    def list_of(self, depth: int) -> str:
        a, b = self.expr("l", depth), self.expr(self.one("n", "x", "s", "v"), depth)
        return self.one(
            f"[{b}]", f"[{b}, {a}]", f"({a} + {a})", f"{a}[1:]", f"{a}[::-1]", "'a b'.split()", f"({a} * 2)"
        )

    def tuple_of(self, depth: int) -> str:
        a, b = self.expr("t", depth), self.expr(self.one("n", "x", "s", "v", "b"), depth)
        row = "(1, 2)" if self.form in ("columns", "bare") else self.one("u[1:3]", "u[::4]", "u[-1:]")
        return self.one(
            f"({b},)", f"({b}, {a})", f"({a} + {a})", f"{a}[1:]", f"Pair({b})", f"Pair(second={b}, first=1)", row
        )

    def dict_of(self, depth: int) -> str:
        a, b = self.expr("d", 0), self.expr(self.one("n", "x", "s", "v"), depth)
        key = self.expr(self.one("s", "n", "v"), 0)
        return self.one(f"{{'k': {b}}}", f"{{'k': {b}, 'a': {a}}}", f"{{{key}: {b}}}", f"{{{key}: 1, 'a': {b}}}")

    def anything(self, depth: int) -> str:
        option = self.draw(st.integers(0, 5))
        if option == 0:
            return self.column("p") + (
                "[1]" if self.form in ("untyped", "bare") else self.one(".first", ".second", "[0]", "[-1]")
            )
        if option == 1 and self.form == "typed":
            field, value = self.one("n", "v", "s"), self.expr(self.one("n", "s"), depth)
            return self.one(f"u._replace({field}={value})", "u._asdict()", "u", "u._replace()")
        return self.expr(self.one("n", "x", "s", "b", "l", "t", "d", "o"), depth)

    def condition(self, depth: int) -> str:
        return self.expr(self.one("b", "b", "b", "b", "v", "n", "s", "l"), depth)

    def body(self, depth: int) -> str:
        """A result: a conditional chain, its branches in parentheses or not, with SKIP among them."""
        option = self.draw(st.integers(0, 5))
        if depth <= 0 or option < 2:
            return self.one("SKIP", *[self.expr(self.one(*"nnxxssbltdv"), 3)] * 9)
        then, otherwise = self.body(depth - 1), self.body(depth - 1)
        test = self.condition(2)
        return f"({then}) if {test} else {otherwise}" if option < 5 else f"({then} if {test} else {otherwise})"


@st.composite
def texts(draw: Draw) -> tuple[str, str]:
    """A lambda, and its form: "typed" (u.n), "untyped" (u[0]), "columns" (lambda n, x, ...) or, untyped, "bare"."""
    form = str(draw(st.sampled_from(["typed", "typed", "untyped", "columns", "bare"])))
    body = Texts(draw, form).body(int(draw(st.integers(0, 3))))
    params = ", ".join(FIELDS) if form in ("columns", "bare") else "u"
    return f"lambda {params}: {body}", form


# --- the oracle ---------------------------------------------------------------------------------------------------


class Raises:
    """The outcome of a result that cannot be computed."""


RAISES: Final = Raises()
SKIPPED: Final[Value] = SKIP  # SKIP is typed Never, which cannot be compared with anything


class Reference:
    """What a query made of a lambda gives for a row.

    The conditional chain is taken apart. A condition that raises counts as false, unless what it guards may be SKIP:
    of such a row it cannot be said whether to skip it, so it is skipped. A result that raises is RAISES.
    """

    def __init__(self, text: str, names: dict[str, Value]) -> None:
        parsed = ast.parse(text, mode="eval").body
        assert isinstance(parsed, ast.Lambda)
        self.several: Final = len(parsed.args.args) > 1
        self.head: Final = f"lambda {ast.unparse(parsed.args)}: "
        self.names: Final = names
        self.function: Final = evaluated(text, names)
        self.tree: Final = parsed.body
        self.parts: dict[int, Callable[..., Value]] = {}

    def plain(self, row: tuple[Value, ...]) -> Value:
        """What calling the lambda gives, or RAISES."""
        return self._called(self.function, row)

    def outcome(self, row: tuple[Value, ...]) -> Value:
        """What the query gives: a value, SKIPPED or RAISES."""
        return self._outcome(self.tree, row)

    def _outcome(self, node: ast.expr, row: tuple[Value, ...]) -> Value:
        if not isinstance(node, ast.IfExp):
            return self._value(node, row)
        test = self._value(node.test, row)
        try:
            truth = RAISES if test is RAISES else bool(test)
        except Exception:  # noqa: BLE001  # the value's own __bool__
            truth = RAISES
        if truth is RAISES and may_skip(node.body):
            return SKIPPED
        return self._outcome(node.body if truth is True else node.orelse, row)

    def _value(self, node: ast.expr, row: tuple[Value, ...]) -> Value:
        key = id(node)
        if key not in self.parts:
            self.parts[key] = evaluated(self.head + ast.unparse(node), self.names)
        return self._called(self.parts[key], row)

    def _called(self, function: Callable[..., Value], row: tuple[Value, ...]) -> Value:
        try:
            return function(*row) if self.several else function(row)
        except Exception:  # noqa: BLE001  # whatever Python raises
            return RAISES


def evaluated(text: str, names: dict[str, Value]) -> Callable[..., Value]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # "0 is None" and the like are what the tests are about
        function: Callable[..., Value] = eval(text, names)
    return function


def may_skip(node: ast.expr) -> bool:
    if isinstance(node, ast.IfExp):
        return may_skip(node.body) or may_skip(node.orelse)
    return isinstance(node, ast.Name) and node.id == "SKIP"


def identical(left: Value, right: Value) -> bool:
    """Equality that tells 1, 1.0 and True apart, 0.0 and -0.0, a NamedTuple and a tuple; the order of keys counts."""
    if type(left) is not type(right):
        return False
    if isinstance(left, (tuple, list)):
        return len(left) == len(right) and all(identical(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, dict):
        return identical(list(left.items()), list(right.items()))
    if isinstance(left, (float, complex)):
        return repr(left) == repr(right)
    return bool(left == right)
