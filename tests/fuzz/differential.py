"""Kinds of questions that are asked here and of a running Erlang, with random material: the answers must be the same.

A `Kind` says how to draw a case, what to ask Erlang, what we say, when the two agree, and how to make a case smaller.
The live tests of the suite and the long runs of `make fuzz` both take the kinds from here.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Self, TypeAlias, final

from matchspec import NO_MATCH, Atom, CheckError, MatchSpecError, compare, exactly_equal, format_term, parse_term, spec
from matchspec.terms import less, numerically_equal
from runtime import BadArg, ets
from tests.erlang import ask, canonical
from tests.fuzz.shrink import shrink, smaller_terms, smaller_texts
from tests.random_specs import Maker, random_fun
from tests.table_scripts import Script, agree, perform, same_rows

Value: TypeAlias = Any
Case: TypeAlias = Any  # whatever a kind draws

OK, ERROR, NOMATCH, BADARG, REFUSED = (Atom(name) for name in ("ok", "error", "nomatch", "badarg", "refused"))


def _no_smaller(case: Case) -> Iterator[Case]:
    return iter(())


def _same(case: Case, ours: Value, answer: Value) -> bool:
    return bool(canonical(ours) == canonical(answer))


@final
@dataclass(frozen=True)
class Kind:
    """One kind of question. `ours` may raise anything, which is a fault of its own."""

    name: str
    draw: Callable[[Maker], Case]
    question: Callable[[Case], Value]
    ours: Callable[[Case], Value]
    agrees: Callable[[Case, Value, Value], bool] = _same
    smaller: Callable[[Case], Iterator[Case]] = _no_smaller


@final
@dataclass(frozen=True)
class Difference:
    """A case that the two sides answer differently, as small as it could be made."""

    kind: str
    case: Case
    ours: Value
    answer: Value

    def __str__(self) -> str:
        return f"{self.kind}: {self.case!r}\n  Erlang {self.answer!r}\n  ours   {self.ours!r}"


def differences(kind: Kind, cases: list[Case], most: int = 3) -> list[Difference]:
    """What the two sides disagree about, at most so many."""
    answers = ask([kind.question(case) for case in cases])
    found: list[Difference] = []
    for case, answer in zip(cases, answers, strict=True):
        if not kind.agrees(case, _ours(kind, case), answer):
            found.append(_smallest(kind, case))
            if len(found) == most:
                break
    return found


def _ours(kind: Kind, case: Case) -> Value:
    try:
        return kind.ours(case)
    except Exception as error:  # noqa: BLE001  # no documented error: it is the difference to be reported
        return Unexpected(error)


class Unexpected(tuple[Value, ...]):
    """An exception where there should be an answer; equal to no answer of Erlang's."""

    __slots__ = ()

    def __new__(cls, error: Exception) -> Self:
        return super().__new__(cls, (Atom("raised"), type(error).__name__, str(error)))


def _smallest(kind: Kind, case: Case) -> Difference:
    def differs(candidate: Case) -> bool:
        try:
            (answer,) = ask([kind.question(candidate)])
        except AssertionError:  # no term of Erlang's
            return False
        return not kind.agrees(candidate, _ours(kind, candidate), answer)

    case = shrink(case, kind.smaller, differs, 400)
    return Difference(kind.name, case, _ours(kind, case), ask([kind.question(case)])[0])


# --- evaluation and rejection -------------------------------------------------------------------------------------


def answer_of_ours(row: Value, raw: Value) -> Value:
    try:
        result = spec(raw).test(row)
    except CheckError:
        return (ERROR, BADARG)
    return NOMATCH if result is NO_MATCH else (OK, result)


def _row_and_spec(maker: Maker) -> Case:
    row = maker.row()
    return row, maker.spec(row)


def _row_and_bad_spec(maker: Maker) -> Case:
    """A spec with one part, anywhere in it, exchanged for another part or another term; most are refused."""
    row = maker.row()
    raw = maker.spec(row)
    for _ in range(maker.random.choice([1, 1, 2])):
        raw = _exchanged(maker, raw)
    if maker.is_too_new(raw):  # an exchange may make such a call by chance
        return _row_and_bad_spec(maker)
    return row, raw if isinstance(raw, list) else [raw]


def _exchanged(maker: Maker, term: Value) -> Value:
    if not isinstance(term, (tuple, list)) or not term or maker.chance(12):
        return maker.random.choice([maker.term, maker.broken, maker.expr])()
    index = maker.random.randrange(len(term))
    match maker.random.randrange(12):
        case 0:
            items = [*term[:index], *term[index + 1 :]]
        case 1:
            items = [*term[:index], term[index], *term[index:]]
        case 2:
            items = [*term[:index], term[maker.random.randrange(len(term))], *term[index + 1 :]]
        case 3:
            return list(term) if isinstance(term, tuple) else tuple(term)
        case _:
            items = [*term[:index], _exchanged(maker, term[index]), *term[index + 1 :]]
    return items if isinstance(term, list) else tuple(items)


def _smaller_runs(case: Case) -> Iterator[Case]:
    row, raw = case
    for fewer in smaller_terms(raw):
        if isinstance(fewer, list):
            yield row, fewer
    for part in smaller_terms(row):
        yield part, raw


def _run(case: Case) -> Value:
    return (Atom("run"), case[0], case[1])


EVALUATION: Final = Kind("evaluation", _row_and_spec, _run, lambda case: answer_of_ours(*case), smaller=_smaller_runs)
REJECTION: Final = Kind("rejection", _row_and_bad_spec, _run, lambda case: answer_of_ours(*case), smaller=_smaller_runs)


# --- fun2ms -----------------------------------------------------------------------------------------------------------


def _transformed(text: Case) -> Value:
    try:
        return (OK, spec(text, syntax="erlang", strict=True).to_term())
    except MatchSpecError:
        return REFUSED


FUN2MS: Final = Kind(
    "fun2ms",
    lambda maker: random_fun(maker.random),
    lambda text: (Atom("transform"), text),
    _transformed,
    lambda text, ours, answer: (
        _same(text, ours, REFUSED if answer[:1] == (ERROR,) else answer)
        if isinstance(answer, tuple)
        else _same(text, ours, answer)
    ),
    smaller_texts,
)


# --- terms ------------------------------------------------------------------------------------------------------------


def _two_terms(maker: Maker) -> Case:
    left = maker.term(depth=3)
    return left, maker.alike(left) if maker.chance(60) else maker.term(depth=3)


def _ordered(case: Case) -> Value:
    left, right = case
    sign = compare(left, right)
    answer = (less(left, right), numerically_equal(left, right), exactly_equal(left, right))
    consistent = sign == (0 if answer[1] else -1 if answer[0] else 1) == -compare(right, left)
    return answer if consistent else (*answer, sign)


def _smaller_pairs(case: Case) -> Iterator[Case]:
    left, right = case
    yield from [(less_left, right) for less_left in smaller_terms(left)]
    yield from [(left, less_right) for less_right in smaller_terms(right)]


ORDER: Final = Kind("order", _two_terms, lambda case: (Atom("order"), *case), _ordered, smaller=_smaller_pairs)
READ: Final = Kind(
    "read",
    lambda maker: maker.term(depth=3),
    lambda term: (Atom("read"), format_term(term, "erlang")),
    lambda term: term,
    smaller=smaller_terms,
)
WRITTEN: Final = Kind(
    "written",
    lambda maker: maker.term(depth=3),
    lambda term: (Atom("write"), term),
    lambda term: term,
    lambda term, ours, answer: _same(term, ours, parse_term(answer.decode())),
    smaller_terms,
)


# --- tables -----------------------------------------------------------------------------------------------------------


def _script(maker: Maker) -> Case:
    kind = maker.random.choice(["set", "ordered_set", "bag", "duplicate_bag"])
    script = Script(maker.random.randrange(2**32), kind, maker.random.choice([1, 2]))
    return kind, script.keypos, [script.operation() for _ in range(30)]


def _play(case: Case) -> Value:
    """[(result, rows)], the result (OK, value) or BADARG."""
    kind, keypos, operations = case
    table: Value = ets.new("fuzzed", type=kind, keypos=keypos)
    played: list[Value] = []
    for name, args in operations:
        result: Value
        try:
            result = (OK, perform(table, name, args))
        except (BadArg, MatchSpecError):
            result = BADARG
        played.append((result, table.tab2list(), table.check()))
    table.drop()
    return played


def _played_alike(case: Case, ours: Value, answer: Value) -> bool:
    if isinstance(ours, Unexpected) or len(ours) != len(answer):
        return False
    kind, _, operations = case
    for (name, _), (result, rows, problems), (expected, expected_rows) in zip(operations, ours, answer, strict=True):
        if problems or isinstance(result, tuple) != isinstance(expected, tuple):
            return False
        if isinstance(result, tuple) and not agree(kind, name, result[1], expected[1]):
            return False
        if not same_rows(rows, expected_rows, kind == "ordered_set"):
            return False
    return True


def _shorter_scripts(case: Case) -> Iterator[Case]:
    kind, keypos, operations = case
    for index in range(len(operations)):
        yield kind, keypos, operations[:index] + operations[index + 1 :]


TABLES: Final = Kind(
    "tables",
    _script,
    lambda case: (Atom("play"), Atom(case[0]), case[1], [(Atom(name), args) for name, args in case[2]]),
    _play,
    _played_alike,
    _shorter_scripts,
)

KINDS: Final = (EVALUATION, REJECTION, FUN2MS, ORDER, READ, WRITTEN, TABLES)


def draw(kind: Kind, seed: int, count: int, release: int = 99) -> list[Case]:
    """Cases of a kind; the functions of later releases of Erlang are left out."""
    maker = Maker(random.Random(f"{kind.name} {seed}").randrange(2**63), release)
    return [kind.draw(maker) for _ in range(count)]
