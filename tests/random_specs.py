"""Random rows and match specs from a seed, for the tests that ask a running Erlang.

A head is made from the row that it is to match, expressions are mostly typed as their functions want it, and now and
then anything stands anywhere: so most specs do something, and every way to fail has its share.
"""

import random
from typing import Any, Final, TypeAlias

from matchspec import ANY, BINDINGS, ROW, Atom, Bitstring, ImproperList, V, const
from matchspec.functions import FUNCTIONS
from matchspec.maps import make_map
from matchspec.terms import cons

Value: TypeAlias = Any  # any term that the tests use

INTS: Final = (0, 1, 2, 3, 7, -1, -2, 17, 255, 256, 2**31, 2**53, 2**53 + 1, 2**63, -(2**63), 2**64, 10**25, -(10**25))
FLOATS: Final = (
    0.0,
    -0.0,
    1.0,
    2.0,
    0.5,
    1.5,
    2.5,
    -2.5,
    -1.0,
    0.1,
    2.0**53,
    2.0**64,
    1e25,
    1e300,
    1.7e308,
    5e-324,
    -1e-9,
)
# What the engine takes for variables, and what merely looks like it.
ODD_ATOMS: Final = ("$_", "$$", "_", "$1", "$0", "$01", "$", "$a", "$*", "$1a", "$2147483648", "$ 1")
ATOMS: Final = (Atom("a"), Atom("b"), Atom("ok"), Atom("é"), Atom("A b"), True, False, None)
BINARIES: Final = ("", "a", "ab", "abc", "é€", b"\xff", b"\x80a", b"a\xff\x00")
BITS: Final = (Bitstring(b"\x80", 1), Bitstring(b"\x40", 3), Bitstring(b"a\xe0", 11))
KINDS: Final = ("int", "float", "atom", "bool", "binary", "tuple", "list", "map")
# The kinds of the arguments, and of the result, of the functions; whatever is missing here gets anything.
ARGUMENTS: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(["+", "-", "*", "/"], ("number", "number")),
    **dict.fromkeys(["div", "rem", "band", "bor", "bxor", "bsl", "bsr"], ("int", "int")),
    **dict.fromkeys(["abs", "round", "trunc", "float", "ceil", "floor"], ("number",)),
    **dict.fromkeys(["hd", "tl", "length"], ("list",)),
    **dict.fromkeys(["not", "and", "or", "andalso", "orelse", "andthen", "xor"], ("bool", "bool")),
    **dict.fromkeys(["byte_size", "bit_size", "binary_part"], ("binary", "int", "int")),
    "bnot": ("int",),
    "size": ("tuple",),
    "tuple_size": ("tuple",),
    "map_size": ("map",),
    "element": ("int", "tuple"),
    "is_record": ("tuple", "atom", "int"),
    "is_map_key": ("key", "map"),
    "map_get": ("key", "map"),
}
RESULTS: Final[dict[str, str]] = {
    **dict.fromkeys("+ - * / abs float".split(), "number"),
    **dict.fromkeys(
        "div rem band bor bxor bsl bsr bnot round trunc length size map_size byte_size bit_size".split(), "int"
    ),
    **dict.fromkeys(["tl"], "list"),
    **dict.fromkeys(["binary_part"], "binary"),
}

_BROKEN: Final[list[Value]] = [
    (Atom("nosuch"), 1),
    V(77),
    (),
    (1, 2),
    (V(1),),
    ("a",),
    (Atom("const"),),
    (Atom("const"), 1, 2),
    (Atom("and"),),
    (Atom("andalso"),),
    (Atom("element"), 1),
    (Atom("hd"), [], []),
    (Atom("is_record"), ROW, Atom("a")),
    (Atom("return_trace"),),
    (Atom("++"), [], []),
    (1.0,),
]


class Maker:
    """Makes random material; `release` is the OTP release whose functions may be used."""

    def __init__(self, seed: int, release: int = 99) -> None:
        self.random = random.Random(seed)
        self.bound: dict[int, Value] = {}
        entries = [e for e in FUNCTIONS if not e.trace and e.since <= release and e.name not in {"self", "node"}]
        self.later = {(e.name, e.least) for e in FUNCTIONS if e.since > release}
        self.functions = [(entry.name, entry.least, entry.most) for entry in entries]
        self.boolean = [entry for entry, e in zip(self.functions, entries, strict=True) if e.boolean]
        self.by_kind: dict[str, list[tuple[str, int, int | None]]] = {"bool": self.boolean}
        for entry in self.functions:
            self.by_kind.setdefault(RESULTS.get(entry[0], "any"), []).append(entry)

    def chance(self, percent: float) -> bool:
        return self.random.random() * 100 < percent

    def is_too_new(self, term: Value) -> bool:
        """Whether there is a call in a raw spec, at any depth, of a function that this release does not have."""
        if isinstance(term, dict):
            return any(map(self.is_too_new, [*term, *term.values()]))
        if not isinstance(term, (tuple, list)):
            return False
        called = isinstance(term, tuple) and term and isinstance(term[0], Atom)
        return (called and (term[0].name, len(term) - 1) in self.later) or any(map(self.is_too_new, term))

    # --- terms ---

    def term(self, kind: str = "any", depth: int = 2) -> Value:
        pick = self.random.choice
        kind = pick(KINDS) if kind == "any" or self.chance(2) else kind
        if kind == "number":
            kind = pick(["int", "int", "float"])
        if depth <= 0 and kind in {"tuple", "list", "map"}:
            return pick([(), [], {}, (1,), [1], [1.0]])
        match kind:
            case "int":
                return pick(INTS) if self.chance(50) else self.random.randrange(4)
            case "float":
                return pick(FLOATS)
            case "atom":
                return Atom(pick(ODD_ATOMS)) if self.chance(4) else pick(ATOMS)
            case "key":
                return pick([1, 1.0, True, "a", Atom("a"), (1,), (1.0,), [1]])
            case "bool":
                return pick([True, False])
            case "binary":
                return pick(BITS) if self.chance(12) else pick(BINARIES)
            case "tuple":
                return tuple(self.terms(depth))
            case "map":
                keys = [
                    self.term("key" if self.chance(70) else "any", depth - 1) for _ in range(self.random.randrange(4))
                ]
                return make_map([(key, self.term("any", depth - 1)) for key in keys])
        items = self.terms(depth)
        return cons(items, self.term("any", depth - 1)) if items and self.chance(15) else items

    def terms(self, depth: int) -> list[Value]:
        return [self.term("any", depth - 1) for _ in range(self.random.randrange(4))]

    def row(self) -> Value:
        return self.term() if self.chance(5) else tuple(self.terms(3) + self.terms(3)[:1])

    # --- heads ---

    def head(self, row: Value) -> Value:
        """A pattern that matches the row, most of the time; notes what its variables are bound to."""
        self.bound = {}
        if self.chance(8):
            return self._variable(row) if self.chance(60) else ANY
        return self._pattern(row, 0)

    def _variable(self, value: Value) -> Value:
        if self.bound and self.chance(15):
            number = self.random.choice(list(self.bound))
        else:
            # No larger ones: with '$50', OTP 25 renumbers variables even inside {const, '$1'}, which becomes '$0'.
            number = self.random.choice([0, 1, 2, 3, 4, 5, 10, 11, 20])
        self.bound.setdefault(number, value)
        return V(number)

    def _pattern(self, value: Value, depth: int) -> Value:
        if depth:
            if self.chance(45):
                return self._variable(value)
            if self.chance(12):
                return ANY
            if self.chance(4):
                return self.term("any", 1)
        match value:
            case tuple():
                return tuple([self._pattern(item, depth + 1) for item in value])
            case list() if value:
                count = self.random.randrange(1, len(value) + 1) if self.chance(40) else len(value)
                items = [self._pattern(item, depth + 1) for item in value[:count]]
                return (
                    items
                    if count == len(value) and self.chance(80)
                    else cons(items, self._pattern(value[count:], depth + 1))
                )
            case ImproperList(items, tail):
                return cons([self._pattern(item, depth + 1) for item in items], self._pattern(tail, depth + 1))
            case dict():
                kept = [(key, self._pattern(value[key], depth + 1)) for key in value if self.chance(70)]
                return make_map(kept)
            case float() if self.chance(20):
                return -value
            case int() if self.chance(10) and not isinstance(value, bool) and abs(value) < 2**53:
                return float(value)
        return value

    # --- expressions ---

    def expr(self, kind: str = "any", depth: int = 3) -> Value:
        if self.chance(6):
            kind = "any"
        if depth <= 0 or self.chance(30):
            return self._leaf(kind)
        if (kind in {"tuple", "list", "map"} and self.chance(60)) or (kind == "any" and self.chance(20)):
            return self._display(kind, depth)
        choices = self.by_kind.get(kind, self.functions)
        name, least, most = self.random.choice(self.functions if self.chance(10) else choices)
        count = least if most is not None else self.random.choice([1, 2, 2, 2, 3])
        wanted = ARGUMENTS.get(name, ())
        kinds = [wanted[i] if i < len(wanted) else wanted[0] if most is None else "any" for i in range(count)]
        if name in {"<", ">", "=<", ">=", "==", "/=", "=:=", "=/="} and self.chance(50):
            kinds = [self.random.choice(["number", "number", "list", "tuple", "binary"])] * 2
        args = [self.expr(wanted_kind, depth - 1) for wanted_kind in kinds]
        if name == "bsl" and self.chance(97):
            args[1] = self.random.choice([0, 1, 3, 64, 100, -1, -3, -64, 1000])
        return (Atom(name), *args)

    def _leaf(self, kind: str) -> Value:
        if self.bound and self.chance(65):
            fitting = [number for number, value in self.bound.items() if fits(value, kind)]
            if fitting:
                return V(self.random.choice(fitting))
        if (kind == "tuple" and self.chance(60)) or self.chance(3):
            return ROW
        if (kind == "list" and self.chance(20)) or self.chance(2):
            return BINDINGS
        value = self.term("any" if kind == "expr" else kind, 1)
        if isinstance(value, tuple):
            return const(value) if self.chance(60) else (tuple([self._leaf("any") for _ in value]),)
        if self.chance(10):
            return const(value)
        return escaped(value)

    def _display(self, kind: str, depth: int) -> Value:
        kind = self.random.choice(["tuple", "list", "map"]) if kind == "any" else kind
        items = [self.expr("any", depth - 1) for _ in range(self.random.randrange(4))]
        match kind:
            case "tuple":
                return (tuple(items),)
            case "list":
                return cons(items, self.expr("any", depth - 1)) if items and self.chance(15) else items
        # Constant keys: Erlang leaves it open which of two values under one computed key wins.
        return make_map([(escaped(self.term("key", 0)), item) for item in items])

    # --- specs ---

    def clause(self, row: Value) -> Value:
        head = self.head(row)
        guards = [self.expr("bool") for _ in range(self.random.choice([0, 0, 1, 1, 2]))]
        body = [self.expr() for _ in range(2 if self.chance(8) else 1)]
        return (head, guards, body)

    def spec(self, row: Value) -> Value:
        """A raw match spec for the row; now and then one that the engine refuses."""
        clauses = [self.clause(row) for _ in range(self.random.choice([1, 1, 1, 2, 3]))]
        if self.chance(3):
            place = self.random.randrange(len(clauses))
            clauses[place] = self._spoilt(clauses[place])
        return clauses

    def broken(self) -> Value:
        """What the engine refuses as an expression, most of it."""
        return self.random.choice(_BROKEN)

    def alike(self, term: Value) -> Value:
        """A term that is equal, or almost."""
        return self._pattern(term, 1)

    def _spoilt(self, clause: Value) -> Value:
        head, guards, body = clause
        choices: list[Value] = [
            (head, guards, []),
            (head, guards),
            (head, guards, body, []),
            (head, Atom("a"), body),
            (head, guards, Atom("a")),
            (head, ImproperList((True,), True), body),
            (head, guards, ImproperList((1,), 1)),
            ({V(1): 1}, guards, body),
            (({(ANY,): 1},), [], [1]),
            [head, guards, body],
            *[(head, [*guards, item], body) for item in _BROKEN],
            *[(head, guards, [[item], *body]) for item in _BROKEN],
            *[(head, guards, [{Atom("a"): item}, (Atom("is_list"), item)]) for item in _BROKEN],
        ]
        return self.random.choice(choices)


def escaped(term: Value) -> Value:
    """A literal as it stands in an expression: tuples, which would be calls, are quoted at every depth."""
    match term:
        case tuple():
            return const(term)
        case list():
            return [escaped(item) for item in term]
        case ImproperList(items, tail):
            return cons([escaped(item) for item in items], escaped(tail))
        case dict():
            return make_map([(escaped(key), escaped(value)) for key, value in term.items()])
    return term


def fits(value: Value, kind: str) -> bool:
    """Whether a value is of a kind."""
    match kind:
        case "number":
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case "float":
            return isinstance(value, float)
        case "bool":
            return isinstance(value, bool)
        case "atom":
            return value is None or isinstance(value, (bool, Atom))
        case "binary":
            return isinstance(value, (str, bytes, Bitstring))
        case "tuple":
            return isinstance(value, tuple)
        case "list":
            return isinstance(value, (list, ImproperList))
        case "map":
            return isinstance(value, dict)
    return True


def random_fun(source: random.Random) -> str:
    names = ["A", "B", "C"]

    def term(depth: int) -> str:
        options = ["1", "-1", "2.5", "ok", "'$1x'", '"ab"', "<<1,2>>", "[]", "{}", *names, *names]
        if depth <= 0:
            return source.choice(options)
        forms = [
            "{%s,%s}",
            "[%s,%s]",
            "[%s|%s]",
            "#{a => %s,b => %s}",
            "%s + %s",
            "%s div %s",
            "element(%s,%s)",
            "-(%s) * %s",
        ]
        forms += [
            "%s < %s",
            "%s =:= %s",
            "is_list(%s) andalso %s",
            "%s orelse %s",
            "hd(%s) == %s",
            "not (%s == %s)",
            "%s bsl %s",
        ]
        parts = [term(depth - 1) for _ in range(2)]
        return (
            "(" + source.choice(forms) % (parts[0], parts[1]) + ")" if source.random() < 0.6 else source.choice(options)
        )

    head = source.choice(["{A,B,C}", "{A,{B,_},[C|A]}", "X = {A,B,C}", "{A,#{k := B},C}", "{1.0,'x y',A,B,[C,\"a\"]}"])
    guards = ["is_atom(A)", "A > B", "atom(A)", "B =< 1 + 2 * 3, C", "A == 1; B == 2", term(1)]
    guard = f" when {source.choice(guards)}" if source.random() < 0.6 else ""
    more = "; (_) -> object()" if source.random() < 0.2 else ""
    return f"fun({head}){guard} -> {', '.join([term(2) for _ in range(source.choice([1, 1, 2]))])}{more} end"
