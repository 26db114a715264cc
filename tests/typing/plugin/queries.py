"""Queries that are literals: their result types (R) and what is wrong with them (E); checked by mypy with the plugin."""

from collections.abc import Callable
from typing import Final

from matchspec import ANY, BINDINGS, ROW, Atom, V, const, spec
from runtime import Selectable
from tests.typing.plugin.rows import Pet, User, pairs, parted, pets, things, users

# The types of columns.
reveal_type(pairs.select("fun do {n, word} when n > 1 -> word end"))  # R: list[str]
reveal_type(pairs.select("fun({N, W}) when N > 1 -> {W, N} end"))  # R: list[tuple[str, int]]
reveal_type(pairs.select("fn {n, word} when n > 1 -> [word] end"))  # R: list[list[str]]
reveal_type(pairs.select("lambda n, word: word if n > 1 else SKIP"))  # R: list[str]
reveal_type(pairs.select("[{{'$1','$2'},[{'>','$1',1}],['$$']}]"))  # R: list[list[int | str]]
reveal_type(users.select("lambda u: u.place"))  # R: list[tuple[str, int, fallback=tests.typing.plugin.rows.Place] | None]
reveal_type(users.select("lambda u: (u.id, u.born)"))  # R: list[tuple[tests.typing.plugin.rows.UserId, datetime.date]]
reveal_type(users.select("lambda u: u.team if u.tags else SKIP"))  # R: list[tests.typing.plugin.rows.Team]
reveal_type(users.select("lambda u: u.kind"))  # R: list[Literal['admin'] | Literal['guest']]
reveal_type(users.select("lambda u: u.tags[0]"))  # R: list[str]
reveal_type(users.select("lambda u: {u.name: u.tags}"))  # R: list[dict[str, list[str]]]
reveal_type(users.select("lambda u: u.name.split()"))  # R: list[list[str]]
reveal_type(users.select("lambda u: len(u.name) / 2"))  # R: list[float]

# What guards find out.
reveal_type(users.select("lambda u: u.age + 1 if u.age is not None else SKIP"))  # R: list[int]
reveal_type(users.select("lambda u: u.age if isinstance(u.age, int) else SKIP"))  # R: list[int]
reveal_type(users.select("fun({_,_,A,_,_,_,_,_}) when is_integer(A) -> A end"))  # R: list[int]
reveal_type(users.select("fun({_,_,A,_,_,_,_,_}) when A =/= nil -> A end"))  # R: list[int]

# Several clauses, constants, what is never reached.
reveal_type(pairs.select("fun({1, W}) -> W; ({N, _}) -> N end"))  # R: list[str | int]
reveal_type(pairs.select('fun({1, _}) -> one; (_) -> <<"many">> end'))  # R: list[matchspec.values.Atom | str]
reveal_type(pairs.select("fun(_) -> true; ({N, _}) -> N end"))  # R: list[bool]  # E: an earlier clause takes every row, so this one is never reached

# Whole rows, of every kind of table.
reveal_type(pairs.select("fun(X) -> X end"))  # R: list[tuple[int, str]]
reveal_type(pets.select("fun do x -> x end"))  # R: list[tests.typing.plugin.rows.Pet]
reveal_type(pets.select("lambda p: (p, p.owners)"))  # R: list[tuple[tests.typing.plugin.rows.Pet, dict[str, float]]]
reveal_type(things.select("fun do {a, b} -> {a, 1} end"))  # R: list[tuple[Any, int]]
reveal_type(parted.select("fun do {n, _} -> n end"))  # R: list[int]


def of_any_table(table: Selectable[Pet]) -> None:
    reveal_type(table.select("lambda p: p.name"))  # R: list[str]
    table.select("lambda p: p.nmae")  # E: Pet has no field 'nmae'; did you mean 'name'?


# Every method that takes a query.
reveal_type(pairs.select("fun do {n, _} -> n end", 10))  # R: tuple[list[int], runtime.continuation.Continuation[int] | matchspec.values.Atom] | matchspec.values.Atom
reveal_type(pairs.select_reverse("fun do {n, _} -> n end"))  # R: list[int]
reveal_type(pairs.select_iter("fun do {n, _} -> n end", limit=3))  # R: typing.Iterator[int]
reveal_type(pairs.select_count("fun do {n, _} -> n > 3 end"))  # R: int
reveal_type(pairs.select_with_progress("fun do {n, _} -> n end", print))  # R: list[int]
pairs.select_count("fun do {n, w} -> w > 3 end")  # E: column 2 (str) > 3 (int) gives the same for every row
pairs.select_delete("fun do {n} -> true end")  # E: the head has 1 column, and the row has 2
pairs.select_replace("fun do {n, w} -> {n, x} end")  # E: the variable x is unbound; use ^ for values from outside: ^limit, given as env={'limit': ...}

# spec, with and without a row type, with names from outside.
reveal_type(spec("fun do {n, w} when n > ^least -> w end", row=tuple[int, str], env={"least": 3}))  # R: matchspec.spec.MatchSpec[tuple[int, str], str]
reveal_type(spec("fun({N, _}) -> {N, Limit} end", env={"Limit": 3.5}))  # R: matchspec.spec.MatchSpec[Any, tuple[Any, float]]
reveal_type(spec("lambda p: p.name", row=Pet).run([]))  # R: list[str]
spec("lambda u: u.name", row=User, env={"x": print})
spec("fun do {n, w} when w > ^least -> w end", row=tuple[int, str], env={"least": 3})  # E: column 2 (str) > least (int) gives the same for every row

# Names that are Final, and texts that nobody knows.
WORDS: Final = "fun do {_, word} -> word end"
reveal_type(pairs.select(WORDS))  # R: list[str]


def unknown(text: str, env: dict[str, int], query: Callable[[tuple[int, str]], int]) -> None:
    reveal_type(pairs.select(text))  # R: list[Any]
    reveal_type(pairs.select(query))  # R: list[int]
    reveal_type(spec("fun do {n, w} when n > ^least -> w end", row=tuple[int, str], env=env))  # R: matchspec.spec.MatchSpec[tuple[int, str], str]


# Raw match specs.
reveal_type(pairs.select([((V(1), V(2)), [(Atom(">"), V(1), 3)], [V(2)])]))  # R: list[str]
reveal_type(pairs.select([((V(1), ANY), [], [((V(1), const((1, "x"))),)])]))  # R: list[tuple[int, tuple[int, str]]]
reveal_type(pairs.select([(ANY, [], [ROW]), ((V(1), ANY), [], [BINDINGS])]))  # R: list[tuple[int, str]]  # E: clause 2: an earlier clause takes every row, so this one is never reached
pairs.select([((V(1), V(2)), [(Atom(">"), V(2), 3)], [V(2)])])  # E: column 2 (str) > 3 (int) gives the same for every row
pairs.select([((V(1),), [], [V(1)])])  # E: the head has 1 column, and the row has 2
pairs.select([((V(1), ANY), [], [V(2)])])  # E: clause 1: variable '$2' is unbound: the head of its clause does not have it

# Patterns, as terms and as text.
reveal_type(pairs.match((V(1), V(2))))  # R: list[list[int | str]]
reveal_type(pairs.match("{'_', '$1'}"))  # R: list[list[str]]
reveal_type(pairs.match_object((ANY, "x")))  # R: list[tuple[int, str]]
pairs.match_object((ANY, 3))  # E: column 2 is str, and never 3
pairs.match_delete("{_, _, _}")  # E: the head has 3 columns, and the row has 2
pairs.match("{'_', ")  # E: the text ends too early; '{' at line 1, column 1 is still open: '}' is missing

# What cannot be a query at all.
pairs.select("fun do {n, w -> n end")  # E: unexpected '->'; expected ',' or '}'
pairs.select("fun do {n, w} when nosuch(n) -> n end")  # E: nosuch/1 is no function that a match spec can call
pairs.select("fun do {n, w} when hd(n) == 1 -> n end")  # E: hd takes a list, and column 1 is int
pairs.select("fun do {n, w} when abs(n, 1) -> n end")  # E: abs/2 is no function that a match spec can call; there is abs/1
pairs.select("fun do {n, w} -> element(3, {n, w}) end")  # E: tuple[int, str] has elements 1 to 2; there is no 3
users.select("lambda u: u.name + 1")  # E: + takes numbers, or two texts, lists or tuples, not str and int
users.select("lambda u: u.born < 3 if u.name else SKIP")  # E: born (date) < 3 (int) fails for every row
users.select("lambda u: u.age.year")  # E: the attribute 'year' is no field of a row type; only fields of NamedTuples can be read
users.select("lambda u: u.name > 1")  # type: ignore[matchspec]  # it can be ignored, by its code
