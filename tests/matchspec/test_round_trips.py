"""Specs to text and back: the same spec in every language that can say it, and an error that says what it cannot."""

import importlib.util
import json
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matchspec import ANY, ROW, Atom, CheckError, MatchSpec, MatchSpecError, RenderError, V, const, spec
from tests.matchspec.lambda_texts import ENV, Item, texts
from tests.matchspec.match_texts import ENV as CLASSES
from tests.matchspec.match_texts import Person, Place, match_text
from tests.random_specs import Maker

Value: TypeAlias = Any
AnySpec: TypeAlias = MatchSpec[Any, Any]
Draw: TypeAlias = Any

DATA: Final = Path(__file__).parents[1] / "data" / "conformance"
ENV_OF_TEXT: Final = {name: value for name, value in ENV.items() if name != "SKIP"} | CLASSES


def read(text: str, query: AnySpec) -> AnySpec:
    return spec(text, row=query.row_type, env=ENV_OF_TEXT, syntax="python")


def raw_specs() -> st.SearchStrategy[Value]:
    def made(seed: int) -> Value:
        maker = Maker(seed)
        return maker.spec(maker.row())

    return st.integers(0, 2**32).map(made)


# --- Erlang and Elixir -----------------------------------------------------------------------------------------------


@given(raw_specs(), st.sampled_from([None, 30, 80]))
def test_erlang_and_elixir(raw: Value, width: int | None) -> None:
    try:
        query = spec(raw)
    except CheckError:
        return
    for text, syntax in ((query.to_erlang(width=width), "erlang"), (query.to_elixir(width=width), "elixir")):
        again = spec(text, syntax=syntax)
        assert again == query
        assert (hash(again), repr(again)) == (hash(query), repr(query))
        if width is None:
            assert text.splitlines() == [text]


def test_a_long_spec_has_a_line_for_each_part() -> None:
    query = spec("fun({A, B}) when A > 1, B < 2 -> {A, B}; (R) when R =/= {} -> [R, R] end")
    assert query.to_erlang(width=60) == (
        "[{{'$1','$2'},\n"
        "  [{'>','$1',1},{'<','$2',2}],\n"
        "  [{{'$1','$2'}}]},\n"
        " {'$1',\n"
        "  [{'=/=','$1',{{}}}],\n"
        "  [['$1','$1']]}]"
    )
    assert query.to_erlang(width=30).splitlines()[1:3] == ["  [{'>','$1',1},", "   {'<','$2',2}],"]
    assert query.to_elixir(width=200) == query.to_elixir()


# --- Python's own specs ----------------------------------------------------------------------------------------------


@given(texts())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_lambdas_are_read_back(drawn: tuple[str, str]) -> None:
    text, form = drawn
    query = spec(text, row=Item if form in ("typed", "columns") else None, env=ENV_OF_TEXT)
    try:
        rendered = query.to_python(exact=True)
    except RenderError as error:  # captured values
        assert "has no text in Python" in error.message or "a set can only stand" in error.message
        return
    again = read(rendered, query)
    # Captured tuples and lists are built where they stand, and a spec that was rendered before is the same for good.
    assert again == query or any(name in text for name in ENV)
    assert again.to_python(exact=True) == rendered
    assert read(again.to_python(), query) == again


@given(st.integers(0, 2**32).map(match_text))
@settings(max_examples=60, deadline=None)
def test_match_functions_are_read_back(drawn: tuple[str, Value]) -> None:
    text, row = drawn
    query = spec(text, row=row, env=CLASSES)
    try:
        rendered = query.to_python(exact=True)
    except RenderError:
        return
    again = read(rendered, query)
    assert again == query
    assert (hash(again), repr(again)) == (hash(query), repr(query))
    assert query.to_python() == rendered == again.to_python()


def test_nearly_every_match_function_is_read_back() -> None:
    refused = 0
    for seed in range(100):
        text, row = match_text(seed)
        query = spec(text, row=row, env=CLASSES)
        try:
            assert read(query.to_python(exact=True), query) == query
        except RenderError:
            refused += 1
    assert refused <= 4, refused


TALLER: Final = """\
def query(row):
    match row:
        case (a, b) if a > b:
            return a
        case (a,):
            return [a]
        case _:
            return row"""
TYPED: Final = """\
def query(row: Person):
    match row:
        case ('ann', 18 | 60, Place(city='bern', zip=part2), [part3, *part4], {'a': None}) if part2 > 1:
            return (part2, part3, part4, row.age)
        case (_, None, _, _, _):
            return SKIP
        case (name, age, _, _, _) if age > 60:
            return name if name else SKIP"""

CASES: Final[list[tuple[str, Value]]] = [
    # lambdas, as they were written
    ("lambda a, b: a + b", None),
    ("lambda row: row", None),
    ("lambda row: bool({'a': 1, 1: 'one'}) if row else SKIP", None),
    ("lambda row: row[0] if row[1] else SKIP", None),
    ("lambda row: row.name if row.age > 18 else SKIP", Person),
    ("lambda row: (row.name if row.age > 18 else SKIP) if row.tags else row", Person),
    ("lambda row: (row.name, row.place.zip) if 1 < row.age and row.age < 9 else SKIP", Person),
    ("lambda row: row if row.name.startswith('a') and not row.tags else [row.age // 2, row.age % 2]", Person),
    ("lambda row: len(row.tags) if row.age in {1, 2} else 'many' if row.place is None else SKIP", Person),
    ("lambda a, b: 1 if isinstance(a, (int, float)) else 2 if b[1:] else 3 if b or a else b ** 2", None),
    ("lambda row: (Decimal(row), Fraction(row, 2), ImproperList([row], 1))", None),
    (TALLER, None),
    (TYPED, Person),
]


@pytest.mark.parametrize(("text", "row"), CASES)
def test_texts_come_back_as_they_were(text: str, row: Value) -> None:
    query = spec(text, row=row, env=CLASSES)
    again = read(query.to_python(exact=True), query)
    assert again == query
    if "part3" not in text:  # names of parts are not kept
        assert query.to_python() == text


def test_a_match_function_in_a_file(tmp_path: Path) -> None:
    query = spec(CASES[-1][0], row=Person, env=CLASSES)
    path = tmp_path / "queries.py"
    head = f"from matchspec import SKIP, spec\nfrom {Person.__module__} import Person, Place\n\n@spec\n"
    path.write_text(head + query.to_python() + "\n", encoding="utf-8")
    found = importlib.util.spec_from_file_location("queries", path)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    assert module.query == query
    rows = [Person("ann", 18, Place("bern", 3000), [1, 2], {"a": None}), Person("bob", 61, Place("x", 1), [], {})]
    assert module.query.run(rows) == query.run(rows) == [(3000, 1, [2], 18), "bob"]


def test_a_lambda_in_a_file(tmp_path: Path) -> None:
    query = spec("lambda row: row.name if row.age > 18 else SKIP", row=Person)
    path = tmp_path / "lambdas.py"
    head = f"from matchspec import SKIP, spec\nfrom {Person.__module__} import Person\n\nquery = spec("
    path.write_text(f"{head}{query.to_python(width=30)}, row=Person)\n", encoding="utf-8")
    found = importlib.util.spec_from_file_location("lambdas", path)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    assert module.query == query


def test_long_lambdas_have_a_line_for_each_branch() -> None:
    text = "lambda a, b: 'first' if a > b else ('second' if a else SKIP) if b else 'third'"
    assert spec(text).to_python(width=40) == (
        "lambda a, b: (\n    'first'\n    if a > b\n    else ('second' if a else SKIP)\n    if b\n    else 'third'\n)"
    )
    assert spec(spec(text).to_python(width=40)) == spec(text)
    long = "def query(row):\n    match row:\n        case (a, b):\n            return 'first' if a > b else 'second'"
    shown = spec(long).to_python(width=40)
    assert max(map(len, shown.splitlines())) <= 40
    assert spec(shown) == spec(long)


# --- Erlang's specs in Python ----------------------------------------------------------------------------------------

SAYABLE: Final = [
    "fun({A, B}) when A > 1, B =< 2; A == B -> {A, [B], #{k => A}} end",
    "fun({_, B, _}) -> B end",
    "fun({A, _} = R) -> [A, R] end",
    "fun(R) when is_tuple(R) -> R end",
    "fun({A}) -> A; ({A, B}) when A /= B -> {B, A}; (_) -> none end",
    "fun({true, nil, A}) when is_integer(A) orelse is_list(A) -> abs(A) end",
    "fun({A, B}) when not (A > 1 andalso B > 2) -> (A + B) * -A band 3 end",
    "fun({A, B}) when A =:= true, B =/= nil -> float(A) / 2 end",
]


@pytest.mark.parametrize("text", SAYABLE)
def test_what_python_can_say_of_erlang(text: str) -> None:
    query = spec(text, syntax="erlang")
    again = read(query.to_python(exact=True), query)
    assert canonical(again) == canonical(query)


def canonical(query: AnySpec) -> Value:
    """The raw spec with its variables renumbered, unused ones as '_', and guards that `andalso` joins in a list."""
    return [_canonical_clause(*clause) for clause in query.to_term()]


def _canonical_clause(head: Value, guards: Value, body: Value) -> Value:
    found = _atoms((head, guards, body))
    guards = [part for guard in guards for part in _conjuncts(guard)]
    if head in (V(n) for n in range(30)):
        return _replaced((ANY, guards, body), {head: ROW})
    kept = [atom for atom in dict.fromkeys(_atoms(head)) if found.count(atom) > 1]
    names = dict.fromkeys(found, ANY) | {atom: V(100 + n) for n, atom in enumerate(kept)}
    return _replaced((head, guards, body), names)


def _conjuncts(guard: Value) -> list[Value]:
    if isinstance(guard, tuple) and guard[0] in (Atom("andalso"), Atom("and")):
        return [part for one in guard[1:] for part in _conjuncts(one)]
    return [guard]


def _atoms(term: Value) -> list[Value]:
    if isinstance(term, (tuple, list)):
        return [atom for item in term for atom in _atoms(item)]
    if isinstance(term, dict):
        return _atoms(list(term.items()))
    return [term] if isinstance(term, Atom) and term.name[:1] == "$" and term.name[1:].isdigit() else []


def _replaced(term: Value, names: dict[Value, Value]) -> Value:
    if isinstance(term, tuple) and len(term) == 2 and term[0] is Atom("const"):
        return _built(term[1])
    if isinstance(term, (tuple, list)):
        return type(term)([_replaced(item, names) for item in term])
    if isinstance(term, dict):
        return {_replaced(key, names): _replaced(value, names) for key, value in term.items()}
    return names.get(term, term) if isinstance(term, Atom) else term


def _built(value: Value) -> Value:
    """A quoted term as an expression that builds it; what looks like a variable stays quoted."""
    match value:
        case tuple():
            return (tuple([_built(item) for item in value]),)
        case list():
            return [_built(item) for item in value]
        case dict():
            return {_built(key): _built(item) for key, item in value.items()}
        case Atom(name=name) if name in ("$_", "$$") or (name[:1] == "$" and name[1:].isdigit()):
            return const(value)
    return value


UNSAYABLE: Final[list[tuple[Value, str]]] = [
    ("fun({1, B}) -> B end", "the head {1,'$1'} is read back as"),
    ('fun({<<"a">>}) -> 1 end', 'the head {<<"a">>}'),
    ("fun({A, A}) -> A end", "a variable that stands twice"),
    ("fun({A, B}) when A =:= B -> A end", "the guards [{'=:=','$1','$2'}] would be [{'==','$1','$2'}]"),
    ("fun({A, B}) -> hd(A) end", "the body [{hd,'$1'}] would be [{element,1,'$1'}]"),
    ("fun({A, B}) -> A, B end", "the body ['$1','$2'] would be"),
    ("fun({A, B}) -> A div B end", "div/2 has no counterpart"),
    ("fun({A, B}) -> A rem B end", "rem/2 has no counterpart"),
    ("fun({{A, B}}) -> A end", "a match function cannot take apart what stands inside a row"),
    ("fun({A, B}) -> [A | B] end", "Python has no improper lists"),
    ("fun({A, B}) -> round(A) end", "round/1 has no counterpart"),
    ([(Atom("a"), [], [1])], "neither a variable nor a tuple"),
    ([((V(1), ANY), [], [Atom("$$")])], "would be"),
    ([(ANY, [], [const(object())])], "has no text in Python"),
]


@pytest.mark.parametrize(("query", "message"), UNSAYABLE)
def test_what_python_cannot_say_of_erlang(query: Value, message: str) -> None:
    with pytest.raises(RenderError) as caught:
        spec(query).to_python(exact=True)
    assert message in caught.value.message


def test_a_lambda_for_the_values_that_are_meant() -> None:
    query = spec("fun({1, B}) when B > 1 -> B end")
    assert query.to_python() == "lambda a, b: b if a == 1 and b > 1 else SKIP"
    with pytest.raises(RenderError, match="no Python text is just this spec") as caught:
        query.to_python(exact=True)
    assert "without exact=True" in caught.value.hint


def exact_share(queries: list[AnySpec]) -> int:
    """How many of the specs Python can say exactly, each of which has to be read back as what it was."""
    count = 0
    for query in queries:
        try:
            text = query.to_python(exact=True)
        except RenderError as error:
            assert error.message
            continue
        assert canonical(read(text, query)) == canonical(query), text
        count += 1
    return count


def test_random_specs_of_erlang() -> None:
    queries: list[AnySpec] = []
    for seed in range(250):
        maker = Maker(seed)
        try:
            queries.append(spec(maker.spec(maker.row())))
        except CheckError:
            continue
    assert exact_share(queries) >= 5


def test_recorded_specs() -> None:
    queries: dict[str, AnySpec] = {}
    for name, field in (
        ("fun2ms_erlang", "expected_erlang"),
        ("ex2ms_elixir", "expected_erlang"),
        ("eval_erlang", "spec"),
    ):
        for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            text = row.get(field) or row.get("expected")
            try:
                queries[text] = spec(text, syntax="erlang")
            except MatchSpecError:  # what the engine refuses
                continue
    for query in list(queries.values())[::5]:
        assert spec(query.to_erlang(width=40), syntax="erlang") == query
        assert spec(query.to_elixir(width=40), syntax="elixir") == query
    assert len(queries) > 1000
    assert exact_share(list(queries.values())[::20]) >= 10


class Renamed(NamedTuple):
    """Columns with names that the text of a query needs for itself."""

    row: int
    len: str


def test_names_of_columns_that_stand_for_something_else() -> None:
    for text in ("lambda u: (u.row, u, len(u.len))", "lambda u: u if u.row else len(u.len)"):
        query = spec(text, row=Renamed)
        assert read(query.to_python(exact=True), query) == query


def test_captured_values_are_written_out() -> None:
    query = spec("lambda row: (LOOKUP, PAIR, WORDS, row in ALLOWED)", env=ENV_OF_TEXT)
    text = query.to_python(exact=True)
    assert text == "lambda row: ({'a': 1, 'b': [2], 1: 'one'}, (1, 'a'), ['a', '', 'red'], row in {1, 2.5, None, 'a'})"
    assert spec(text).run([None, 3]) == query.run([None, 3])


@pytest.mark.parametrize(
    "text", ["0 if bool(u.f) else 1", "0 if not bool(u.f) else 1", "(2 if True else 1) if bool(bool(u.f)) else 0"]
)
def test_a_bool_of_a_bool_is_read_back(text: str) -> None:
    query = spec(f"lambda u: {text}", row=Item)
    assert read(query.to_python(exact=True), query) == query
