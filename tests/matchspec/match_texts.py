"""Random match functions as text, from a seed: every kind of pattern, guards, results with conditionals and SKIP."""

import random
from typing import Any, Final, NamedTuple, TypeAlias

Value: TypeAlias = Any


class Place(NamedTuple):
    city: str
    zip: int


class Person(NamedTuple):
    """A row with columns for each kind of pattern."""

    name: str
    age: int
    place: Place
    tags: list[int]
    extra: dict[str, Value]


FIELDS: Final = Person._fields
LITERALS: Final = ("0", "1", "-1", "2.5", "'ann'", "''", "b'x'", "None", "True", "False")


class Maker:
    """Makes one match function."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.typed = self.chance(60)
        self.names: list[str] = []

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def function(self) -> str:
        cases = [self.case() for _ in range(self.random.choice([1, 1, 2, 3]))]
        if self.chance(40):
            self.names = []
            cases.append(f"        case _:\n            return {self.result(2)}")
        return "\n".join(["def query(row):", "    match row:", *cases])

    def case(self) -> str:
        self.names = []
        pattern = self.row_pattern()
        guard = f" if {self.test(2)}" if self.chance(50) or pattern.isidentifier() else ""
        return f"        case {pattern}{guard}:\n            return {self.result(2)}"

    # --- patterns ---

    def row_pattern(self) -> str:
        option = self.random.randrange(12)
        if option == 0:
            return self.name()
        if option == 1 and self.typed:
            given = [name for name in FIELDS if self.chance(40)]
            return f"Person({', '.join([f'{name}={self.pattern(1)}' for name in given])})"
        count = len(FIELDS) if self.typed else self.random.randrange(1, 4)
        if option == 2:
            kept = [self.pattern(2) for _ in range(self.random.randrange(count))]
            return f"({', '.join([*kept, '*_' if self.chance(50) else f'*{self.name()}'])},)"
        items = [self.pattern(2) for _ in range(count)]
        text = f"({', '.join(items)},)"
        return f"{text} as {self.name()}" if self.chance(15) else text

    def name(self) -> str:
        self.names.append(f"n{len(self.names)}")
        return self.names[-1]

    def pattern(self, depth: int) -> str:
        option = self.random.randrange(14)
        if depth <= 0 or option < 6:
            return self.random.choice(["_", self.random.choice(LITERALS)]) if option % 2 else self.name()
        match option:
            case 6 | 7:
                items = [self.pattern(depth - 1) for _ in range(self.random.randrange(3))]
                if self.chance(40):
                    items.insert(self.random.randrange(len(items) + 1), "*_" if self.chance(50) else f"*{self.name()}")
                return f"[{', '.join(items)}]"
            case 8:
                items = [f"{key}: {self.pattern(depth - 1)}" for key in ("'a'", "1") if self.chance(60)]
                if self.chance(30):
                    items.append(f"**{self.name()}")
                return f"{{{', '.join(items)}}}"
            case 9:
                return f"Place({self.pattern(depth - 1)}, zip={self.pattern(depth - 1)})"
            case 10:
                kind = self.random.choice(["int", "str", "list"])
                return f"{kind}({self.pattern(0) if self.chance(50) else ''})"
            case 11:
                return " | ".join(self.random.sample(LITERALS, self.random.randrange(2, 4)))
            case 12:
                return f"{self.random.choice(['1 | 2', '[_, *_]', 'int()'])} as {self.name()}"
        return self.name()

    # --- expressions ---

    def value(self, depth: int) -> str:
        option = self.random.randrange(12)
        if depth <= 0 or option < 4:
            known = [*self.names, *self.names, *(f"row.{name}" for name in FIELDS if self.typed), "1", "'a'", "row"]
            return self.random.choice(known)
        inner = [self.value(depth - 1) for _ in range(2)]
        return self.random.choice(
            [
                f"({inner[0]}, {inner[1]})",
                f"[{inner[0]}]",
                f"({inner[0]} + {inner[1]})",
                f"len({inner[0]})",
                f"{{'k': {inner[0]}}}",
                f"({inner[0]})[0]",
                f"({inner[0]} if {self.test(depth - 1)} else {inner[1]})",
                f"({inner[0]} or {inner[1]})",
                *([f"row._replace(age={inner[0]})", "row.place.zip"] if self.typed else []),
            ]
        )

    def test(self, depth: int) -> str:
        left, right = self.value(depth - 1), self.value(depth - 1)
        options = [
            f"{left} {self.random.choice(['<', '>=', '==', '!='])} {right}",
            f"{left} in (1, 2, 'a')",
            f"{left} is None",
            f"isinstance({left}, int)",
            f"{left}",
        ]
        if depth > 0:
            options += [f"({self.test(depth - 1)} {self.random.choice(['and', 'or'])} {self.test(depth - 1)})"]
            options += [f"not ({self.test(depth - 1)})", f"bool({left})"]
        return self.random.choice(options)

    def result(self, depth: int) -> str:
        if depth <= 0 or self.chance(60):
            return "SKIP" if self.chance(12) else self.value(2)
        then, otherwise = self.result(depth - 1), self.result(depth - 1)
        return f"({then}) if {self.test(1)} else ({otherwise})"


ENV: Final[dict[str, Value]] = {"Person": Person, "Place": Place}


def match_text(seed: int) -> tuple[str, Value]:
    """A match function and the row type of its rows, or None."""
    maker = Maker(seed)
    return maker.function(), Person if maker.typed else None
