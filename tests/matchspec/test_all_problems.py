"""A query with several problems: each is told, with its own place, in the order of the text, and nothing twice."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from grammar import parse
from grammar.limits import LIMITS
from grammar.tree import Function
from matchspec import (
    ANY,
    SKIP,
    Atom,
    CheckError,
    MatchSpecError,
    MatchSpecSyntaxError,
    ResolveError,
    V,
    parse_term,
    spec,
)
from matchspec.pattern import pattern_spec
from tests.matchspec.test_python_refusals import ENV, RESOLVED, User
from tests.matchspec.test_raw import PROBLEMS

Value: TypeAlias = Any

RECORDS: Final[dict[str, list[Value]]] = {"person": ["name", ("age", 0)]}
DATA: Final = Path(__file__).parents[1] / "data" / "conformance"


def problems_of(query: Value, **options: Value) -> MatchSpecError:
    with pytest.raises(MatchSpecError) as caught:
        spec(query, **options)
    return caught.value


def told(error: MatchSpecError) -> list[tuple[str, str]]:
    """What stands at the place of each problem, and its message."""
    found: list[tuple[str, str]] = []
    for one in error.errors:
        assert one.source is not None
        assert one.span is not None
        found.append((one.source.text[one.span.start : one.span.end], one.message))
    return found


# --- each language: the text, then the part under the caret and words of the message, in the order of the text ------

CASES: Final[list[tuple[str, str, list[tuple[str, str]]]]] = [
    (
        "erlang",
        "fun({A, hd(B)}) when C > 1, foo(D) -> B, hd(A, E); ({A = B}) -> A, B; ({X}) -> X ++ X end",
        [
            ("hd(B)", "cannot stand in a head"),  # and B, which it would have bound, is not called unbound
            ("C", "the variable C is unbound"),
            ("foo(D)", "foo/1 is no function"),
            ("D", "the variable D is unbound"),
            ("hd(A, E)", "hd/2 is no function"),
            ("E", "the variable E is unbound"),
            ("A = B", "at the top of a head only"),
            ("X ++ X", "clause 3: function ++/2 does not exist"),  # a clause that did resolve is checked
        ],
    ),
    (
        "erlang",
        "fun(#nosuch{a = A, b = hd(1)}) -> A; (#person{nam = B, age = C, age = 1}) -> B, C; ({1 = D}) -> D, E end",
        [
            ("#nosuch{a = A, b = hd(1)}", "the record type nosuch is unknown"),
            ("hd(1)", "cannot stand in a head"),
            ("B", "has no field nam"),
            ("1", "is given twice"),
            ("1 = D", "at the top of a head only"),
            ("E", "the variable E is unbound"),
        ],
    ),
    (
        "erlang",
        "fun({A}) when is_record(B, nosuch), is_record(C, D) -> E#person.nme, m:f(F), #{k := G}, H = I, H, <<J>>, K#{} end",
        [
            ("is_record(B, nosuch)", "the record type nosuch is unknown"),
            ("B", "unbound"),
            ("C", "unbound"),
            ("D", "the name of a record"),
            ("E#person.nme", "has no field nme"),
            ("E", "unbound"),
            ("m:f(F)", "no functions but the guard functions"),
            ("F", "unbound"),
            ("#{k := G}", "a map is built with `=>`"),
            ("G", "unbound"),
            ("H = I", "`=` matches"),
            ("I", "unbound"),
            ("J", "stands in a binary"),
            ("K#{}", "cannot update a map"),
        ],
    ),
    (
        "elixir",
        "fun do {a, foo(b)} when c > ^d and a in 1 -> {b, m.x(e)}; {x, y} when z === ^(p + q) -> nosuch(y, w) end",
        [
            ("foo(b)", "cannot stand in a head"),
            ("c", "the variable c is unbound"),
            ("d", "the pinned name d is not in env"),
            ("1", "`in` needs a list"),
            ("m.x(e)", "no functions of modules"),
            ("e", "the variable e is unbound"),
            ("z", "the variable z is unbound"),
            ("p", "the pinned name p is not in env"),
            ("q", "the pinned name q is not in env"),
            ("nosuch(y, w)", "nosuch/2 is no function"),
            ("w", "the variable w is unbound"),
        ],
    ),
    (
        "elixir",
        "fn {a, a = b, 1 <> c, x <> \"y\"} -> b; person(nam: d, age: e) -> {d, e, f, person(nme: g)}; h = 1 -> %{h => i} end",
        [
            ("a = b", "at the top of a head only"),
            ("1", "has a string on its left"),
            ("x", "stands for nothing here"),
            ("d", "has no field nam"),
            ("f", "the variable f is unbound"),
            ("g", "has no field nme"),
            ("g", "the variable g is unbound"),
            ("1", "takes one parameter"),
            ("i", "the variable i is unbound"),
        ],
    ),
    (
        "python",
        "lambda u: u.nmae + lne(u.age, a) if u.foo.bar > limt else [*u.xx, SKIP, u.name.startwith(bar), isinstance(u.yy, 3)]",
        [
            ("u.nmae", "User has no field 'nmae'"),
            ("lne(u.age, a)", "the function 'lne' is not defined"),
            ("a", "the name 'a' is not defined"),
            ("u.foo", "User has no field 'foo'"),
            ("limt", "the name 'limt' is not defined"),
            ("*u.xx", "`*` cannot be used here"),
            ("u.xx", "User has no field 'xx'"),
            ("SKIP", "SKIP can only be the whole result"),
            ("u.name.startwith(bar)", "the method .startwith() cannot be called"),
            ("bar", "the name 'bar' is not defined"),
            ("u.yy", "User has no field 'yy'"),
            ("3", "the second argument of isinstance()"),
        ],
    ),
    (
        "python",
        "lambda a, b, c: (a.foo, b is c, zz, User(nmae=1, age=q), User(1, 2, 3, age=4), len(), u._replace(x=1), {a})",
        [
            ("a, b, c", "takes 3 columns, but User has 2"),  # and nothing is said of a, b and c
            ("zz", "the name 'zz' is not defined"),
            ("1", "User has no field 'nmae'"),
            ("q", "the name 'q' is not defined"),
            ("User(1, 2, 3, age=4)", "User() takes 2 arguments, not 3"),
            ("4", "gets the field 'age' twice"),
            ("len()", "len() takes 1 argument, not 0"),
            ("u", "the name 'u' is not defined"),
            ("{a}", "a set can only stand after `in`"),
        ],
    ),
    (
        "python",
        "def f(u):\n    match u:\n"  # noqa: ISC004  # one text, line by line
        "        case (name, Foo(x=y)) if y > k: return u.nme\n"
        "        case (a, b, c): return a + b + zz\n"
        "        case User(nmae=q, age=(1, p) | (2, p)): return (q, p, u.x)\n"
        "        case _: return 'a' % u.y\n",
        [
            ("Foo", "needs a class that is known"),
            ("k", "the name 'k' is not defined"),
            ("u.nme", "User has no field 'nme'"),
            ("(a, b, c)", "the pattern has 3 columns, but User has 2"),
            ("zz", "the name 'zz' is not defined"),
            ("q", "User has no field 'nmae'"),
            ("(1, p)", "names cannot be bound inside a nested or-pattern"),
            ("u.x", "User has no field 'x'"),
            ("'a' % u.y", "a text cannot be formatted"),
            ("u.y", "User has no field 'y'"),
        ],
    ),
    (
        "erlang",
        "[{{'$1'},[{foo,'$1'},{}],[{bar,'$2'}]},{#{'_' => 1},[b,{const}|c],[]}, x]",
        [
            ("{foo,'$1'}", "clause 1: function foo/1 does not exist"),
            ("{}", "clause 1: {} is neither a call nor a tuple"),
            ("{bar,'$2'}", "clause 1: function bar/1 does not exist"),
            ("'$2'", "clause 1: variable '$2' is unbound"),
            ("#{'_' => 1}", "clause 2: the key '_' of a map in a head"),
            ("[b,{const}|c]", "clause 2: the guards must be a list"),
            ("[]", "clause 2: the body is empty"),
            ("x", "clause 3 is not a tuple of three"),
        ],
    ),
    (
        "elixir",
        '[{{:"$1"}, [], [{:foo, {:bar, :"$2"}}]}]',
        [
            ("{:foo, {:bar, :\"$2\"}}", "function foo/1 does not exist"),
            ("{:bar, :\"$2\"}", "function bar/1 does not exist"),
            (':"$2"', "variable '$2' is unbound"),
        ],
    ),
    (
        "python",
        "[((V(1),), [(Atom('foo'), V(2))], [('hd', 1), {'a': ()}])]",
        [
            ("(Atom('foo'), V(2))", "function foo/1 does not exist"),
            ("V(2)", "variable '$2' is unbound"),
            ("('hd', 1)", "the name of a function is an atom"),
            ("()", "is neither a call nor a tuple"),
        ],
    ),
    (
        "erlang",
        "[{{X},[Y],[foo(Z), -a]}]",
        [
            ("X", "the name 'X' stands for nothing here"),
            ("Y", "the name 'Y' stands for nothing here"),
            ("foo(Z)", "is a call, not a literal term"),
            ("Z", "the name 'Z' stands for nothing here"),
            ("a", "a sign stands before a number only"),
        ],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("syntax", "text", "wanted"), CASES)
def test_every_problem_has_its_place(syntax: str, text: str, wanted: list[tuple[str, str]]) -> None:
    python = syntax == "python" and not text.startswith("[")
    options: dict[str, Value] = {"row": User, "env": {"User": User}} if python else {"records": RECORDS}
    error = problems_of(text, syntax=syntax, **options)
    found = told(error)
    assert [part for part, _ in found] == [part for part, _ in wanted]
    for (_, message), (_, words) in zip(found, wanted, strict=True):
        assert words in message
    starts = [one.span.start for one in error.errors if one.span is not None]
    assert starts == sorted(starts)
    # The text of the error shows each with its line and caret.
    shown = str(error).split("\n\n")
    assert shown == [one.described() for one in error.errors]
    assert all(["\n    " in one and "^" in one.splitlines()[2] for one in shown])
    assert error.problems == tuple([message for _, message in found])


def test_a_function_of_python() -> None:
    with pytest.raises(ResolveError) as caught:
        spec(
            lambda u: (
                u.nmae,  # type: ignore[attr-defined]  # the case in point
                undefined,  # type: ignore[name-defined]  # noqa: F821  # as above
            ),
            row=User,
        )
    first, second = caught.value.errors
    assert first.source is not None
    assert (first.source.name, second.line) == (__file__, (first.line or 0) + 1)
    assert "did you mean 'name'?" in str(first)
    assert str(second) in str(caught.value)


def test_a_match_function_of_python() -> None:
    def query(row: User) -> Value:
        match row:
            case (name, 3) if nam:  # type: ignore[name-defined]  # noqa: F821  # the case in point
                return name
            case User(name, age):
                return [SKIP, age]
            case _:
                return None  # type: ignore[unreachable]  # a row may be anything

    with pytest.raises(ResolveError) as caught:
        spec(query)
    assert [part for part, _ in told(caught.value)] == ["nam", "SKIP"]


def test_patterns() -> None:
    with pytest.raises(ResolveError) as caught:
        pattern_spec("{A, foo(B), #{k => C}}", True, syntax="erlang")
    assert [part for part, _ in told(caught.value)] == ["A", "foo(B)", "B", "C"]
    with pytest.raises(CheckError) as checked:
        pattern_spec("{#{'$1' => 1}, [#{'_' => 1}]}", True, syntax="erlang")
    assert [part for part, _ in told(checked.value)] == ["#{'$1' => 1}", "#{'_' => 1}"]
    with pytest.raises(CheckError) as checked:
        pattern_spec(({V(1): 1}, {ANY: 2}), True)
    assert len(checked.value.problems) == 2


def test_terms() -> None:
    with pytest.raises(ResolveError) as caught:
        parse_term("{A, [B | C], <<D>>, f()}")
    assert [part for part, _ in told(caught.value)] == ["A", "B", "C", "D", "f()"]


def test_calls_that_only_an_engine_refuses_have_their_places() -> None:
    query = spec("fun({A}) when A ++ [] -> A; (B) -> B -- B end", syntax="erlang")
    with pytest.raises(CheckError) as caught:
        query.test((1,))
    assert [part for part, _ in told(caught.value)] == ["A ++ []", "B -- B"]


def test_a_syntax_error_is_the_only_problem() -> None:
    error = problems_of("fun({A}) -> B, A >", syntax="erlang")
    assert type(error) is MatchSpecSyntaxError
    assert error.errors == (error,)


def test_one_problem_is_shown_alone() -> None:
    error = problems_of("lambda u: u.nmae", row=User)
    assert error.errors == (error,)
    assert error.problems == (error.message,)
    assert str(error) == error.described()


def test_as_many_are_shown_as_the_limit_says() -> None:
    text = "fun({A}) -> {" + ", ".join([f"X{n}" for n in range(25)]) + "} end"
    error = problems_of(text, syntax="erlang")
    assert len(error.errors) == 25
    assert str(error).endswith("\n\n... and 5 more")
    assert str(error).count("is unbound") == LIMITS.max_problems == 20


def test_a_name_is_told_once_for_each_place() -> None:
    # `b` is resolved twice, and the pattern once for each alternative.
    error = problems_of("lambda a: a < b < b", syntax="python")
    assert [one.column for one in error.errors] == [15, 19]
    text = "def f(row):\n    match row:\n        case (1, _) | (2, _) if zz: return yy\n"
    assert [part for part, _ in told(problems_of(text, syntax="python"))] == ["zz", "yy"]


# --- any two of the texts that the tests of single problems have, joined --------------------------------------------


class Refused(NamedTuple):
    """The clauses of a text between what begins and what ends it, and where they begin."""

    clauses: str
    errors: list[tuple[int, str]]
    env: dict[str, Value]
    records: dict[str, list[Value]]


def single(clauses: str, text: str, **options: Value) -> Iterator[Refused]:
    try:
        spec(text, **options)
    except MatchSpecSyntaxError:
        return
    except MatchSpecError as error:
        function = parse(text, options["syntax"])
        if not isinstance(function, Function) or len(function.clauses[0].params) != 1:
            return  # clauses with other numbers of parameters do not parse together
        begin = text.index(clauses)
        found = [(one.span.start - begin, one.message) for one in error.errors if one.span is not None]
        if found:
            yield Refused(clauses, found, options.get("env") or {}, options.get("records") or {})


def refused(name: str, syntax: str, begin: str, end: str) -> list[Refused]:
    found: list[Refused] = []
    for line in (DATA / name).read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        text = row["source"]
        if text.startswith(begin) and text.endswith(end):
            env = {
                key: parse_term(value, "elixir" if syntax == "elixir" else "erlang")
                for key, value in row["env"].items()
            }
            records = {
                key: [field if isinstance(field, str) else (field[0], 0) for field in fields]
                for key, fields in row.get("records", {}).items()
            }
            inner = text[len(begin) : len(text) - len(end)]
            found.extend(single(inner, text, syntax=syntax, env=env, records=records, strict=True))
    return found


ERLANG: Final = refused("fun2ms_error_erlang.jsonl", "erlang", "fun", " end")
ELIXIR: Final = refused("ex2ms_error_elixir.jsonl", "elixir", "fun do ", " end")
LAMBDAS: Final = [
    found
    for text, *_ in RESOLVED
    if text.startswith("lambda u: ")
    for found in single(text.removeprefix("lambda u: "), text, row=User, env=ENV, syntax="python")
]


def test_there_is_something_to_join() -> None:
    assert len(ERLANG) > 30
    assert len(ELIXIR) > 15
    assert len(LAMBDAS) > 40


def joined(first: Refused, second: Refused, text: str, at: int, then: int, **options: Value) -> None:
    for key in first.records.keys() & second.records.keys():
        assume(first.records[key] == second.records[key])
    options = {"env": first.env | second.env, "records": first.records | second.records} | options
    error = problems_of(text, **options)
    wanted = [(at + start, message) for start, message in first.errors]
    wanted += [(then + start, message) for start, message in second.errors]
    assert sorted(wanted) == sorted([(one.span.start, one.message) for one in error.errors if one.span is not None])


@given(st.sampled_from(ERLANG), st.sampled_from(ERLANG))
def test_two_clauses_of_erlang(first: Refused, second: Refused) -> None:
    text = f"fun{first.clauses}; {second.clauses} end"
    joined(first, second, text, 3, 3 + len(first.clauses) + 2, syntax="erlang", strict=True)


@given(st.sampled_from(ELIXIR), st.sampled_from(ELIXIR))
def test_two_clauses_of_elixir(first: Refused, second: Refused) -> None:
    text = f"fun do {first.clauses}; {second.clauses} end"
    joined(first, second, text, 7, 7 + len(first.clauses) + 2, syntax="elixir", strict=True)


@given(st.sampled_from(LAMBDAS), st.sampled_from(LAMBDAS))
def test_two_results_of_a_lambda(first: Refused, second: Refused) -> None:
    text = f"lambda u: [{first.clauses}, {second.clauses}]"
    joined(first, second, text, 11, 11 + len(first.clauses) + 2, row=User, env=ENV, syntax="python")


@given(st.sampled_from(LAMBDAS), st.sampled_from(LAMBDAS))
def test_two_cases_of_a_match_function(first: Refused, second: Refused) -> None:
    begin = "def f(u):\n    match u:\n        case (_, _) if [1, "
    middle = "]: return [2, "
    text = f"{begin}{first.clauses}{middle}{second.clauses}]\n"
    then = len(begin) + len(first.clauses) + len(middle)
    joined(first, second, text, len(begin), then, row=User, env=ENV, syntax="python")


RAW: Final = [(raw[0], problems) for raw, problems in PROBLEMS if isinstance(raw, list) and len(raw) == 1]


@given(st.lists(st.sampled_from(RAW), min_size=2, max_size=4))
def test_clauses_of_raw_specs(chosen: list[tuple[Value, list[str]]]) -> None:
    error = problems_of([raw for raw, _ in chosen])
    assert type(error) is CheckError
    wanted = [
        message.replace("clause 1", f"clause {n}")
        for n, (_, messages) in enumerate(chosen, start=1)
        for message in messages
    ]
    assert list(error.problems) == wanted
    assert str(error) == "\n  - ".join(["the match spec has several problems:", *wanted])
    assert [str(one) for one in error.errors] == wanted


def test_an_unknown_field_is_no_atom_of_its_own() -> None:
    error = problems_of([(ANY, [], [(Atom("nosuch"), (Atom("const"),), (1, 2))])])
    assert [message.split(":")[1].split(" ")[1] for message in error.problems] == ["function", "'const'", "{1,2}"]
