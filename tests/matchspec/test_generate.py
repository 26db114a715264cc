"""`matchspec generate`: the modules are typed, formatted and stable, and answer as the texts of their queries do."""

import importlib.util
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest

from matchspec import MatchSpecError, spec
from matchspec.generate import generate
from matchspec.queryfile import QueryFile, read_query_file
from runtime.cli import run

ROOT: Final = Path(__file__).parents[2]
EXAMPLE: Final = ROOT / "examples" / "generated" / "queries.ms"

MORE: Final = """
from app.types import Color

row Item:
    id: int
    color: Color
    price: float
    notes: dict[str, list[str]]
    pair: tuple[int, str] | None
    odd: Any = 1.5
    kind: Literal["a", 'b'] = "a"

table items: Item
    keypos = 1  # a comment
    unique = [1]
    max_size = 1000

# A "quoted" comment.
select everything(a: int, b: str = "x, y", c: tuple[int, ...] = (1, 2)) from Item:
    fun do
      {id, _, price, _, _, _, _} = row when id > ^a and price != 2.0 -> {id, ^b, ^c, row}
      x -> x
    end

select dated(day: date) from Item in python:
    lambda i: (i.price, date(2020, 1, 2), {"k": [i.id, None, True]}) if i.odd != day and i.odd not in (1, 2.5) else SKIP

count raw(n: int) from Item:
    [{{'$1','_','_','_','_','_','_'},[{'=:=','$1',N},{'==',{element,1,'$_'},N}],[true]}]

delete labelled(kind: str) from Item in elixir:
    fn {_, _, _, _, _, _, ^kind} -> true end

replace renamed(note: list[str], id: int) from Item:
    lambda i: Item(i.id, i.color, i.price * 2, {"new": note}, i.pair, i.odd) if i.id == id else SKIP

iterate matched(prefix: str) from Item in python:
    def f(row):
        match row:
            case Item(id=id, kind="a") if id > 3:
                return id
            case Item(kind=kind) if kind.startswith(prefix):
                return kind
"""


def read(text: str) -> QueryFile:
    return read_query_file(text.lstrip("\n"), "queries.ms")


@contextmanager
def module(text: str, folder: Path) -> Iterator[ModuleType]:
    """A generated module, imported."""
    path = folder / "made.py"
    path.write_text(text, "utf-8")
    found = importlib.util.spec_from_file_location("made", path)
    assert found is not None
    assert found.loader is not None
    made = importlib.util.module_from_spec(found)
    sys.modules["made"] = made
    try:
        found.loader.exec_module(made)
        yield made
    finally:
        del sys.modules["made"]


@pytest.mark.parametrize("width", [60, 88, 120])
@pytest.mark.parametrize("text", [EXAMPLE.read_text("utf-8"), MORE], ids=["example", "more"])
def test_formatters_and_linters_have_nothing_to_add(text: str, width: int, tmp_path: Path) -> None:
    made = generate(read(text), name="queries.ms", width=width)
    path = tmp_path / "made.py"
    path.write_text(made, "utf-8")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "types.py").touch()
    for command in (["format", "--diff"], ["check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--isolated", f"--line-length={width}", "--no-cache"]
        select = ["--select=E4,E7,E9,F,I,UP,B,D2,ERA"] if command == ["check"] else []
        found = subprocess.run([*ruff, *select, "made.py"], capture_output=True, text=True, check=False, cwd=tmp_path)
        assert found.returncode == 0, found.stdout


def test_the_output_is_the_same_to_the_byte() -> None:
    text = EXAMPLE.read_text("utf-8")
    made = generate(read_query_file(text, "queries.ms"), name="queries.ms", width=120)
    assert made == generate(read_query_file(text, "elsewhere.ms"), name="queries.ms", width=120)
    assert made == EXAMPLE.with_suffix(".py").read_text("utf-8"), "examples/generated/queries.py is stale"
    script = (
        "import sys; from matchspec.generate import generate; from matchspec.queryfile import read_query_file as read\n"
        "sys.stdout.write(generate(read(open(sys.argv[1]).read()), name='queries.ms', width=120))"
    )
    for seed in ("1", "2"):
        env = {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        run_again = [sys.executable, "-c", script, str(EXAMPLE)]
        assert subprocess.run(run_again, capture_output=True, text=True, check=True, env=env).stdout == made


@pytest.mark.slow
def test_mypy_accepts_the_modules(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__init__.py").touch()
    (tmp_path / "app" / "types.py").write_text("class Color: ...\n", "utf-8")
    (tmp_path / "more.py").write_text(generate(read(MORE), name="queries.ms"), "utf-8")
    (tmp_path / "example.py").write_text(generate(read(EXAMPLE.read_text("utf-8")), name="queries.ms"), "utf-8")
    (tmp_path / "uses.py").write_text(
        "from typing import assert_type\n"
        "from example import User, adults, named, new_users, visits_of\n"
        "from runtime import ets\n"
        "parted = ets.new_partitioned('users', User, keypos='id')\n"
        "assert_type(adults(new_users(), 18), list[str])\n"
        "assert_type(named(parted, 'x'), list[tuple[int, User]])\n"
        "adults(new_users(), '18')  # type: ignore[arg-type]\n"
        "visits_of(new_users(), 1)  # type: ignore[arg-type]\n",
        "utf-8",
    )
    cache = f"--cache-dir={ROOT / '.mypy_cache' / 'generated'}"
    command = [sys.executable, "-m", "mypy", "--strict", cache, "more.py", "example.py", "uses.py"]
    env = {"PYTHONPATH": str(ROOT), "MYPYPATH": str(ROOT)}
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=env)
    assert found.returncode == 0, found.stdout


def test_no_parser_is_needed_when_a_module_runs(tmp_path: Path) -> None:
    (tmp_path / "made.py").write_text(generate(read(EXAMPLE.read_text("utf-8")), name="queries.ms"), "utf-8")
    script = (
        "import sys\n"
        "sys.modules['lark'] = None\n"
        "import made\n"
        "users = made.new_users()\n"
        "users.insert([made.User(1, 'Ada', 36), made.User(2, 'Bob', 17)])\n"
        "print(made.adults(users), made.adults(users, 3), made.birthday(users, 'Ada'), users.lookup(1)[0].age)\n"
        "print([name for name in sys.modules if name.startswith('matchspec.resolve') and name != 'matchspec.resolve_text'])\n"
    )
    env = {"PYTHONPATH": f"{ROOT}:{tmp_path}"}
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, env=env)
    assert found.stderr == ""
    first, second = found.stdout.splitlines()
    assert first == "['Ada'] ['Ada', 'Bob'] 1 37"
    assert second == "[]"


def texts_of(file: QueryFile) -> dict[str, str]:
    return {query.name: query.text for query in file.queries}


def test_generated_queries_answer_as_their_texts(tmp_path: Path) -> None:
    file = read(EXAMPLE.read_text("utf-8"))
    texts = texts_of(file)
    draw = random.Random(7)
    with module(generate(file, name="queries.ms"), tmp_path) as made:
        users = [
            made.User(n, draw.choice("ab"), draw.choice([None, 3, 18, 40]), date(2020, 1, n), draw.choice([(), ("x",)]))
            for n in range(1, 25)
        ]
        visits = [made.Visit(draw.randrange(4), draw.choice("pq"), draw.uniform(0, 99)) for _ in range(30)]
        cases: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
            ("adults", (18,), {"limit": 18}),
            ("adults", (-1,), {"limit": -1}),
            ("long_visits", (50.0, ["p"]), {"min_seconds": 50.0, "pages": ["p"]}),
            ("labels", (), {}),
            ("joined_since", (date(2020, 1, 9),), {"day": date(2020, 1, 9)}),
            ("visits_of", (2,), {"User": 2}),
            ("birthday", ("a",), {"name": "a"}),
            ("named", ("b",), {"name": "b"}),
        ]
        assert {name for name, _, _ in cases} == set(texts)
        for name, args, env in cases:
            rows = visits if "visits" in name else users
            query = getattr(made, f"{name}_spec")(*args)
            row = made.Visit if rows is visits else made.User
            plain: Any = spec(texts[name], row=row, env=env)
            assert query.run(rows) == plain.run(rows), name
            assert query.result_type is not None
            table = made.new_visits() if rows is visits else made.new_users()
            table.insert(rows)
            before = table.tab2list()
            results = getattr(made, name)(table, *args)
            if isinstance(results, int):
                assert results == sum(1 for result in plain.run(before) if result is True or name == "birthday")
            else:
                assert sorted(results) == sorted(plain.run(before))


def test_a_parameter_is_a_value_whatever_it_is(tmp_path: Path) -> None:
    text = (
        "row R:\n    a: Any\n    b: Any\n\n"
        "select headed(x: Any) from R in elixir:\n    fun do {^x, b} -> {b, ^x} end\n\n"
        "select tested(x: Any) from R in erlang:\n    fun({A, B}) when A =:= X -> {B, X} end\n"
    )
    with module(generate(read(text), name="r.ms"), tmp_path) as made:
        from matchspec import ANY, ROW, Atom, V

        for value in (ANY, ROW, V(1), (Atom("+"), 1, 2), ((1,),), [V(2)], {"a": ANY}, None, True, 1, 1.0, "x"):
            rows = [made.R(value, 1), made.R("other", 2)]
            for query in (made.headed_spec(value), made.tested_spec(value)):
                assert query.run(rows) == [(1, value)]


BAD: Final[list[tuple[str, tuple[int, int], str]]] = [
    ("row User:\n    id: itn\n", (2, 9), "the type 'itn' is not known"),
    ("row User:\n    id: list[int, str]\n", (2, 9), "list takes 1 type, not 2"),
    ("row User:\n    id: int = 'x'\n", (2, 15), 'id is int, and never "x"'),
    ("row User:\n    id: int = len(3)\n", (2, 15), "this is no literal"),
    ("row User:\n    id: int |\n", (2, 14), ""),
    ("row User:\n    id\n", (2, 5), "a field is `name: type`"),
    ("row User:\n    id: int\n    id: str\n", (3, 5), "is there twice"),
    ("row User:\n    a: int = 1\n    b: int\n", (3, 5), "'b' without a default follows"),
    ("row User:\n    _id: int\n", (2, 5), "does not begin with `_`"),
    ("row User:\n\nrow User:\n    id: int\n", (1, 1), "the row type User has no fields"),
    ("rwo User:\n    id: int\n", (1, 1), "declares nothing"),
    ("    id: int\n", (1, 5), "belongs to nothing"),
    ("row U:\n    id: int\n\ntable t: V\n", (4, 10), "there is no row type 'V'"),
    ("row U:\n    id: int\n\ntable t: U\n    kepos = 1\n", (5, 5), "no option 'kepos'"),
    ("row U:\n    id: int\n\ntable t: U\n    keypos = 'x'\n", (5, 14), "no column"),
    ("row U:\n    id: int\n\ntable t: U\n    type = 'heap'\n", (5, 12), "type is one of"),
    ("row U:\n    id: int\n\nselect q() from U:\n", (4, 1), "the query q has no text"),
    ("row U:\n    id: int\n\nfind q() from U:\n    lambda u: u\n", (4, 1), "'find' is nothing that a query does"),
    ("row U:\n    id: int\n\nselect q() from U in perl:\n    lambda u: u\n", (4, 22), "no language 'perl'"),
    ("row U:\n    id: int\n\nselect q() from U:\n    lambda u:\n        u.nme\n", (6, 9), "U has no field 'nme'"),
    ("row U:\n    id: int\n\nselect q() from U:\n    fun do {id} when idd > 1 -> id end\n", (5, 22), "idd is unbound"),
    (
        "row U:\n    id: str\n\nselect q(n: int) from U:\n    fun do {id} when id > ^n -> id end\n",
        (5, 22),
        "id (str) > n (int)",
    ),
    ("row U:\n    id: int\n\nselect q() from U:\n    fun do {id -> id end\n", (5, 16), "unexpected '->'"),
    (
        "row U:\n    id: int\n\nselect q(n: int) from U:\n    lambda u: u.id\n",
        (4, 10),
        "does not use its parameter 'n'",
    ),
    ("row U:\n    id: int\n\nselect q(n) from U:\n    lambda u: u.id + n\n", (4, 10), "a parameter is `name: type`"),
    (
        "row U:\n    id: int\n\ntable t: U\n\nreplace q() from U:\n    fun({A}) -> {A + 1} end\n",
        (6, 9),
        "built with the key",
    ),
]


@pytest.mark.parametrize(("text", "place", "message"), BAD, ids=[message or text for text, _, message in BAD])
def test_errors_point_into_the_query_file(text: str, place: tuple[int, int], message: str) -> None:
    with pytest.raises(MatchSpecError) as caught:
        generate(read_query_file(text, "queries.ms"), name="queries.ms")
    assert message in caught.value.message
    assert (caught.value.line, caught.value.column) == place
    assert "queries.ms, line" in str(caught.value)


def test_every_problem_of_a_file_is_told() -> None:
    text = "row U:\n    id: int\n\nselect a() from U:\n    lambda u: u.x\n\nselect b() from U:\n    fun({A}) -> B end\n"
    with pytest.raises(MatchSpecError) as caught:
        generate(read_query_file(text), name="u.ms")
    assert [error.line for error in caught.value.errors] == [5, 8]


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, output = tmp_path / "q.ms", tmp_path / "q.py"
    source.write_text("row U:\n    id: int\n\nselect q() from U:\n    lambda u: u.id\n", "utf-8")
    command = ["generate", str(source), "-o", str(output)]
    assert run([*command, "--check"]) == 1
    assert not output.exists()
    assert run(command) == 0
    assert run([*command, "--check"]) == 0
    made = output.read_text("utf-8")
    capsys.readouterr()
    assert run(["generate", str(source)]) == 0
    assert capsys.readouterr().out == made
    output.write_text(made.replace("list", "List"), "utf-8")
    assert run([*command, "--check"]) == 1
    assert "q.py is not what" in capsys.readouterr().err
    assert "List" in output.read_text("utf-8"), "--check writes nothing"
    source.write_text("row U:\n    id: itn\n", "utf-8")
    assert run(command) == 2
    assert "line 2, column 9" in capsys.readouterr().err
    assert run(["generate", str(source), "--check"]) == 2
