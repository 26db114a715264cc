"""docs/language.md is complete, and true: every function and every line of it is computed, by ours and by others.

Lines in Erlang are evaluated by a running Erlang, as an expression and in a match spec; lines in Python by Python.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, NamedTuple, TypeAlias, final

import pytest

from grammar import parse
from grammar.tree import Call, Function, Infix, Node, Unary
from matchspec import (
    ANY,
    SKIP,
    Atom,
    Bitstring,
    EvalError,
    ImproperList,
    MatchSpec,
    MatchSpecError,
    V,
    parse_term,
    spec,
)
from matchspec.functions import FUNCTIONS, find
from matchspec.literals import Literals
from matchspec.problems import UNKNOWN_TERM, Problems
from matchspec.pyfunctions import METHODS, PYTHON
from matchspec.spec import ECall
from tests.erlang import AVAILABLE, ask, canonical
from tests.pages import Line, code, lines, page, section, tables

Value: TypeAlias = Any

PAGE: Final = page("language.md")
FUNCTIONS_PART: Final = section(PAGE, "## Functions")
ROWS: Final = tables(FUNCTIONS_PART, "Erlang", "Elixir", "Python", "gives", "fails when")
ERLANG_LINES: Final = lines(FUNCTIONS_PART, "erlang")
FAILS: Final = Atom("EXIT")


class Home(NamedTuple):
    street: str
    city: str = "Rome"


class User(NamedTuple):
    name: str
    age: int
    tags: list[str]
    home: Home | None
    data: dict[str, int]


# --- the table of functions ---------------------------------------------------------------------------------------


def variables(text: str) -> list[str]:
    """The variables of an Erlang expression, in their order."""
    return list(dict.fromkeys(re.findall(r"\b[A-Z]\w*", text)))


def of_erlang(text: str, strict: bool = False) -> MatchSpec[Value, Value]:
    """The query of an expression in Erlang text, or of a call as a raw spec writes it, `{'name', A, B}`."""
    names = variables(text)
    if text.startswith("{'"):
        columns = [f"'${number}'" for number, _ in enumerate(names, start=1)]
        for name, column in zip(names, columns, strict=True):
            text = re.sub(rf"\b{name}\b", column, text)
        return spec("[{{" + ",".join(columns) + "},[],[" + text + "]}]", syntax="erlang")
    return spec(f"fun({{{','.join(names)}}}) -> {text} end", syntax="erlang", strict=strict)


def of_elixir(text: str, names: list[str], strict: bool = False) -> MatchSpec[Value, Value]:
    return spec(f"fun do {{{', '.join(names).lower()}}} -> {text} end", syntax="elixir", strict=strict)


def called(query: MatchSpec[Value, Value]) -> tuple[str, int]:
    expr = query.clauses[0].body[0]
    assert isinstance(expr, ECall)
    return expr.name, len(expr.args)


def takes(function: Callable[[], Value]) -> bool:
    try:
        function()
    except MatchSpecError:
        return False
    return True


def test_every_function_of_every_arity_is_in_a_table() -> None:
    listed = {called(of_erlang(code(row["Erlang"]))) for row in ROWS}
    assert len(listed) == len(ROWS)
    wanted = {(entry.name, 2 if entry.most is None else entry.least) for entry in FUNCTIONS if not entry.trace}
    assert listed == wanted
    traces = set(re.findall(r"`(\w+)/(\d)`", section(PAGE, "### Traces")))
    assert traces == {
        (entry.name, str(arity))
        for entry in FUNCTIONS
        if entry.trace
        for arity in range(entry.least, (entry.most or entry.least) + 1)
    }


@pytest.mark.parametrize("row", ROWS, ids=lambda row: code(row["Erlang"]))
def test_the_spellings_of_a_function(row: dict[str, str]) -> None:
    erlang, elixir = code(row["Erlang"]), code(row["Elixir"])
    query = of_erlang(erlang)
    entry = find(*called(query))
    assert entry is not None
    if elixir:
        names = variables(erlang)
        assert of_elixir(elixir, names).to_term() == query.to_term()
        assert takes(lambda: of_elixir(elixir, names, strict=True)) != row["Elixir"].endswith("†")
    release = re.search(r"OTP (\d+)", row["gives"])
    assert (int(release[1]) if release else 18) == (entry.since if entry.since > 21 else 18)
    if not erlang.startswith("{'"):
        assert takes(lambda: of_erlang(erlang, strict=True)) == (entry.since < 26)


# --- the examples of functions ------------------------------------------------------------------------------------


@final
@dataclass(frozen=True)
class Example:
    """A line in Erlang: the call that it is, with literal arguments where it has such, and the wanted result."""

    line: Line
    name: str
    args: tuple[Value, ...] | None
    arity: int
    wanted: Value

    def query(self) -> tuple[Value, list[Value]]:
        """A row and a raw spec that calls the function with the parts of the row, so that nothing is folded."""
        if self.args is None:
            return (), spec(f"fun(_) -> {self.line.text} end", syntax="erlang").to_term()
        columns = tuple([V(number) for number in range(1, len(self.args) + 1)])
        return self.args, [(columns, [], [(Atom(self.name), *columns)])]


def example(line: Line) -> Example:
    wanted = FAILS if line.result is None else parse_term(line.result)
    if line.text.startswith("{'"):
        call: Value = parse_term(line.text)
        return Example(line, call[0].name, call[1:], len(call) - 1, wanted)
    parsed = parse(f"fun(_) -> {line.text} end", "erlang")
    assert isinstance(parsed, Function)
    name, parts = parts_of(parsed.clauses[0].body[0])
    reader = Literals(parsed.source, {}, Problems(parsed.source))
    return Example(line, name, literals(reader, parts), len(parts), wanted)


def literals(reader: Literals, nodes: tuple[Node, ...]) -> tuple[Value, ...] | None:
    """The values of arguments, None where there are none or one of them is a call, as `self()` is."""
    terms = tuple([reader.term(node) for node in nodes])
    return None if not terms or any(term is UNKNOWN_TERM for term in terms) else terms


def parts_of(node: Node) -> tuple[str, tuple[Node, ...]]:
    match node:
        case Infix(op, left, right):
            return op, (left, right)
        case Unary(op, operand):
            return op, (operand,)
        case Call(name, args, (), None):
            return name, args
    raise AssertionError(f"{node} is no call")


EXAMPLES: Final = [example(line) for line in ERLANG_LINES]


@pytest.mark.parametrize("item", EXAMPLES, ids=lambda item: item.line.text)
def test_an_example_gives_what_the_page_says(item: Example) -> None:
    row, raw = item.query()
    assert canonical(spec(raw).test(row)) == canonical(item.wanted)
    if not item.line.text.startswith("{'"):
        query = spec(f"fun(_) -> {item.line.text} end", syntax="erlang")
        assert canonical(query.test(())) == canonical(item.wanted)


def test_every_function_has_examples_also_of_its_failure() -> None:
    given = {(item.name, item.arity) for item in EXAMPLES}
    given |= {("self", 0)} if any("self() =:= self()" in item.line.text for item in EXAMPLES) else set()
    failing = {(item.name, item.arity) for item in EXAMPLES if item.line.result is None}
    for row in ROWS:
        function = called(of_erlang(code(row["Erlang"])))
        assert function in given
        assert (function in failing) == bool(row["fails when"]), function


@pytest.mark.erlang
@pytest.mark.skipif(not AVAILABLE, reason="asks a running Erlang, and `erl` is not on the path")
def test_erlang_gives_what_the_page_says() -> None:
    questions: list[Value] = []
    for item in EXAMPLES:
        questions.append((Atom("run"), *item.query()))
        questions.append((Atom("read"), item.line.text))
    answers = ask(questions)
    for item, in_spec, evaluated in zip(EXAMPLES, answers[::2], answers[1::2], strict=True):
        entry = find(item.name, item.arity)
        assert entry is not None
        if entry.since <= 25:
            assert canonical(in_spec) == canonical((Atom("ok"), item.wanted)), item.line.text
        if item.line.text.startswith("{'"):
            continue  # a raw call is no expression of Erlang
        if item.wanted is FAILS:
            assert isinstance(evaluated, tuple), item.line.text
            assert evaluated[0] is Atom("error"), item.line.text
        else:
            assert canonical(evaluated) == canonical(item.wanted), item.line.text


@pytest.mark.parametrize("row", [row for row in ROWS if code(row["Python"])], ids=lambda row: code(row["Python"]))
def test_python_has_the_same_unless_the_page_says_otherwise(row: dict[str, str]) -> None:
    names = ", ".join(variables(code(row["Erlang"]))).lower()
    text = f"lambda {names}: {code(row['Python'])}"
    query = spec(text, syntax="python")
    original = eval(text, {"Atom": Atom, "Bitstring": Bitstring})
    function = called(of_erlang(code(row["Erlang"])))
    same: list[bool] = []
    for item in EXAMPLES:
        if (item.name, item.arity) == function and item.args is not None:
            result = outcome(lambda args: query.test(args[0] if len(args) == 1 else args), item.args)
            assert canonical(result) == canonical(outcome(lambda args: original(*args), item.args)), item.line.text
            same.append(canonical(result) == canonical(item.wanted))
    assert all(same) != row["Python"].startswith("≈")


def outcome(function: Callable[[tuple[Value, ...]], Value], args: tuple[Value, ...]) -> Value:
    try:
        return function(args)
    except (EvalError, TypeError, ValueError, LookupError, ArithmeticError):
        return FAILS


# --- patterns and terms -------------------------------------------------------------------------------------------

PATTERNS: Final = tables(section(PAGE, "## Patterns"), "matches", "Erlang", "Elixir", "`case`", "raw")
TERMS: Final = tables(section(PAGE, "## Terms"), "Erlang", "Elixir", "Python")
RECORDS: Final[dict[str, list[Value]]] = {"user": ["name", "age"]}
SYMBOLS: Final = {"ANY": ANY, "V": V, "Atom": Atom, "ImproperList": ImproperList, "Bitstring": Bitstring}


class Limits(NamedTuple):
    top: int


# At least one of these values is matched by each pattern of a `case`.
MATCHED: Final[list[Value]] = [1, (1,), (60,), "a", (1, 1), [1, 2], {"k": 1}, User("Ada", 36, [], None, {})]


@pytest.mark.parametrize("row", PATTERNS, ids=lambda row: row["matches"])
def test_a_pattern_is_the_same_in_every_language(row: dict[str, str]) -> None:
    """Each stands in a row of one column, unless it is told of the whole row."""
    cells = {title: code(row[title]) for title in ("Erlang", "Elixir", "`case`", "raw")}
    assert sum(map(bool, cells.values())) >= (1 if "string" in row["matches"] or "several" in row["matches"] else 2)
    column = "{%s}" if "= Row" not in cells["Erlang"] else "%s"
    heads = []
    if cells["Erlang"]:
        heads.append(spec(f"fun({column % cells['Erlang']}) -> ok end", syntax="erlang", records=RECORDS))
    if cells["Elixir"]:
        text = f"fn {column % cells['Elixir']} -> :ok end"
        heads.append(spec(text, syntax="elixir", env={"limit": 5}, records=RECORDS))
    if row["raw"] == f"`{cells['raw']}`" or row["raw"].startswith("`(1,)"):
        heads.append(spec([((eval(cells["raw"], dict(SYMBOLS)),), [], [Atom("ok")])]))
    assert all(query.clauses[0].head == heads[0].clauses[0].head for query in heads)
    if cells["`case`"]:
        text = f"def query(row):\n    match row:\n        case ({cells['`case`'].replace(' if', ',) if')}"
        text += ": return 1\n" if " if" in text else ",): return 1\n"
        query = spec(text, env={"Limits": Limits(60), "User": User}, syntax="python")
        assert query.run([(value,) for value in MATCHED])


@pytest.mark.parametrize("row", TERMS, ids=lambda row: row["Erlang"])
def test_a_term_is_the_same_in_every_language(row: dict[str, str]) -> None:
    erlang, elixir, python = code(row["Erlang"]), code(row["Elixir"]), code(row["Python"])
    if erlang:
        assert canonical(parse_term(erlang)) == canonical(parse_term(elixir, "elixir"))
        value, term = eval(python, dict(SYMBOLS)), parse_term(erlang)
        assert type(term) is value if isinstance(value, type) else canonical(value) == canonical(term)


# --- lambdas ------------------------------------------------------------------------------------------------------


def outside(value: Value) -> Value:
    return value


USER: Final = User("Ada", 36, ["x", "y"], Home("Main"), {"a": 1})
ENV: Final[dict[str, Value]] = {
    **{"limit": 18, "names": ["Ada"], "conf": Home("a", "Bern"), "Home": Home, "User": User, "outside": outside},
    **{"SKIP": SKIP, "Atom": Atom, "date": date, "Decimal": Decimal, "Fraction": Fraction},
}
CONTAINED: Final = lines(section(PAGE, "## What a lambda may contain"), "py")
REFUSED: Final = lines(section(PAGE, "## What a lambda may not contain"), "py")


def test_the_row_of_the_lines_is_the_one_of_the_page() -> None:
    assert f"\n{USER}\n" in section(PAGE, "## What a lambda may contain")


@pytest.mark.parametrize("line", CONTAINED, ids=lambda line: line.text)
def test_a_line_of_a_lambda_gives_what_the_page_and_python_say(line: Line) -> None:
    assert line.result is not None
    text = f"lambda u: ({line.text})"
    assert repr(eval(text, dict(ENV))(USER)) == line.result
    assert repr(spec(text, row=User, env=ENV).test(USER)) == line.result


@pytest.mark.parametrize("line", REFUSED, ids=lambda line: line.text)
def test_a_line_that_the_page_calls_refused_is_refused(line: Line) -> None:
    assert line.refused
    with pytest.raises(MatchSpecError) as caught:
        spec(f"lambda u: {line.text}", row=User, env=ENV)
    assert caught.value.message == line.refused
    assert caught.value.line == 1


def test_every_builtin_and_method_that_lambdas_have_is_shown() -> None:
    shown = " ".join(line.text for line in CONTAINED)
    builtins = [entry.shown.removesuffix("()") for entry in PYTHON.values() if re.fullmatch(r"[a-z]+\(\)", entry.shown)]
    assert len(builtins) >= 10
    for name in builtins:
        assert f"{name}(" in shown, name
    for name in METHODS:
        assert f".{name}(" in shown, name


def test_every_operator_that_lambdas_have_is_shown() -> None:
    shown = " ".join(line.text for line in CONTAINED)
    for name in PYTHON:
        operator = name.removeprefix("python:")
        if not re.search(r"\w", operator) and operator != "[]":
            assert f" {operator} " in shown or operator == "~", name
