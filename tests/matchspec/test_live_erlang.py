"""A running Erlang answers the same questions: random rows and specs, the order of terms, their text, fun2ms.

The seed is fixed, or given by MATCHSPEC_SEED; MATCHSPEC_CASES asks for more cases. Both are in the message of a failure.
"""

import os
import random
from functools import cmp_to_key
from typing import Any, Final, TypeAlias

import pytest

from matchspec import (
    Atom,
    MatchSpecError,
    compare,
    format_term,
    parse_term,
    spec,
)
from matchspec.plan import keeps_key
from matchspec.text import erlang_atom
from matchspec.values import ROW, V, const
from tests.erlang import AVAILABLE, ask, canonical
from tests.fuzz.differential import EVALUATION, KINDS, Kind, differences, draw
from tests.random_specs import Maker

Value: TypeAlias = Any

pytestmark = [
    pytest.mark.erlang,
    pytest.mark.skipif(not AVAILABLE, reason="asks a running Erlang, and `erl` is not on the path"),
]

SEED: Final = int(os.environ.get("MATCHSPEC_SEED", "20240229"))
CASES: Final = int(os.environ.get("MATCHSPEC_CASES", "2000"))
OK, ERROR, NOMATCH, BADARG = Atom("ok"), Atom("error"), Atom("nomatch"), Atom("badarg")
WHERE: Final = f"MATCHSPEC_SEED={SEED} MATCHSPEC_CASES={CASES}"


@pytest.fixture(scope="module")
def release() -> int:
    (answer,) = ask([Atom("release")])
    assert isinstance(answer, int)
    return answer


def question(name: str, *args: Value) -> Value:
    return (Atom(name), *args)


SIZES: Final = {"tables": 40, "fun2ms": CASES // 5, "read": CASES // 4, "written": CASES // 4}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_random_cases_have_erlangs_answers(kind: Kind, release: int) -> None:
    count = SIZES.get(kind.name, CASES)
    for start in range(0, count, 5_000):
        cases = draw(kind, SEED + start, min(5_000, count - start), release)
        assert [str(difference) for difference in differences(kind, cases)] == [], WHERE


CORNERS: list[tuple[Value, str]] = [
    # numbers: big ones, shifts, overflow, what fails
    ((1, 70), "[{{'$1','$2'},[],[{{{'bsl','$1','$2'},{'bsr','$1','$2'},{'bsl',-1,'$2'},{'bsr',-1,'$2'}}}]}]"),
    (
        (0, 10**30),
        "[{{'$1','$2'},[],[{{{'bsl','$1','$2'},{'bsr','$2','$1'},{'bsr','$2','$2'},{'bsr',{'-','$2'},'$2'}}}]}]",
    ),
    ((1.7e308,), "[{{'$1'},[],[[{'*','$1',10},{'+','$1','$1'},{'-',{'-','$1'},'$1'},{'/','$1',1.0e-10},{'/',1,0}]]}]"),
    (
        (10**400,),
        "[{{'$1'},[],[[{'/','$1',3},{float,'$1'},{'/','$1','$1'},{'+','$1',1.0},{'*','$1',0.0},{'<','$1',1.0}]]}]",
    ),
    (
        (-7, 2),
        "[{{'$1','$2'},[],[[{'div','$1','$2'},{'rem','$1','$2'},{'div',7,-2},{'rem',7,-2},{'div','$1',0},{'rem',1.0,1}]]}]",
    ),
    (
        (2.5,),
        "[{{'$1'},[],[[{round,'$1'},{round,{'-','$1'}},{round,0.49999999999999994},{trunc,-0.9},{round,1.0e300}]]}]",
    ),
    (
        (-0.0,),
        "[{{'$1'},[],[[{abs,'$1'},{'-','$1'},{'+','$1',0},{'*','$1',1},{'==','$1',0},{'=:=','$1',0.0},{round,'$1'}]]}]",
    ),
    ((0.0,), "[{{-0.0},[],[a]}]"),
    ((0.0, -0.0), "[{{'$1','$1'},[],['$1']}]"),
    # variables: order, gaps, repetitions, all of them
    ((1, 2, 3), "[{{'$10','$2','$0'},[],['$$']}]"),
    ((1, 1.0), "[{{'$1','$1'},[],['$1']},{'_',[],['$$']}]"),
    ((1, 2), "[{'$3',[],[['$$','$3','$_']]}]"),
    ((1, 2, 3), "[{{'$2147483647','$99','$1'},[],[['$$','$99','$2147483647']]}]"),
    (Atom("$1"), "[{'$01',[],[a]},{'$1',[],[['$$','$01','_',{const,'$1'}]]}]"),
    # booleans: any number of arguments, no booleans
    ((1,), "[{{'$1'},[],[[{'and',true,true,'$1'},{'or',true,'$1'},{'andalso',true,'$1'},{'orelse',true,'$1'}]]}]"),
    (
        (1,),
        "[{{'$1'},[],[[{'andalso',false,{hd,a}},{'orelse',{hd,a},true},{andthen,true,x},{andthen,'$1',x},{'and',true}]]}]",
    ),
    ((1,), "[{{'$1'},[{'or',{'==','$1',1},{hd,'$1'}}],[a]},{'_',[{'orelse',{'==','$1',1},{hd,'$1'}}],[b]}]"),
    ((1,), "[{{'$1'},[{'orelse',{'==','$1',1},{hd,'$1'}}],[b]}]"),
    ((1,), "[{{'$1'},[{'not',{hd,'$1'}}],[a]},{{'$1'},['$1'],[b]},{{'$1'},[{const,true}],[c]}]"),
    # results: failures spread from the call that fails, the last expression counts
    ((1,), "[{{'$1'},[],[{{'$1',{hd,{tl,'$1'}},[{element,9,'$_'}|{hd,[]}]}}]}]"),
    ((1,), "[{{'$1'},[],[{hd,a},{const,{'$1',{hd,a}}}]}]"),
    ((1,), "[{{'$1'},[],[#{{hd,a} => '$1', {const,{1}} => {{}}}]}]"),
    # maps, lists and binaries
    (({1: "a", Atom("b"): 2},), "[{{#{1 => '$1'}},[],[#{'$1' => '$_', 1.0 => b}]}]"),
    (
        ({1.0: 1},),
        "[{{#{1 => '$1'}},[],[a]},{{'$1'},[],[[{map_size,'$1'},{map_get,1.0,'$1'},{is_map_key,1,'$1'},{map_get,1,'$1'}]]}]",
    ),
    ((parse_term("[1,2|3]"),), "[{{['$1'|'$2']},[],[['$1','$2',{tl,'$2'},{length,'$2'},{is_list,'$2'}|'$2']]}]"),
    (
        (parse_term("<<1,5:3>>"), "é"),
        "[{{'$1','$2'},[],[[{size,'$1'},{bit_size,'$1'},{is_binary,'$1'},{size,'$2'},{'<','$1','$2'}]]}]",
    ),
    (
        (Atom("r"), 1),
        "[{'$1',[],[[{is_record,'$1',r,2},{is_record,'$1',r,-1},{is_record,'$1',q,2},{is_record,'$1',1,2}]]}]",
    ),
]


def test_corners_have_erlangs_results(release: int) -> None:
    assert [str(found) for found in differences(EVALUATION, [(row, parse_term(text)) for row, text in CORNERS])] == []


def test_sorting_is_erlangs() -> None:
    maker = Maker(SEED + 1)
    lists = [different([maker.term() for _ in range(60)]) for _ in range(25)]
    for items, answer in zip(lists, ask([question("sort", items) for items in lists]), strict=True):
        assert canonical(sorted(items, key=cmp_to_key(compare))) == canonical(answer), WHERE


def different(terms: list[Value]) -> list[Value]:
    """Without repetitions: which of 2 and 2.0 lists:sort puts first is not promised."""
    kept: list[Value] = []
    for term in terms:
        if all(compare(term, other) for other in kept):
            kept.append(term)
    return kept


def test_floats_and_atoms_are_written_as_erlang_writes_them() -> None:
    source = random.Random(SEED)
    floats = [source.choice([1, -1]) * source.random() * 10.0 ** source.randrange(-30, 30) for _ in range(500)]
    floats += [2.0**n for n in range(-1070, 1020, 17)] + [10.0**n for n in range(-30, 30)] + [-0.0, 5e-324, 123456789.0]
    for value, answer in zip(floats, ask([question("write", value) for value in floats]), strict=True):
        assert format_term(value) == answer.decode()
    letters = "aZ09_@é$' .ß\\~€Ωµ"
    names = ["".join(source.choices(letters, k=source.randrange(5))) for _ in range(300)]
    names += "after and begin case end fun if let maybe not of receive try when xor else cond ok".split()
    for name, answer in zip(names, ask([question("write", Atom(name)) for name in names]), strict=True):
        text = erlang_atom(name)
        # Erlang also leaves small letters beyond ASCII unquoted, and `maybe`, which OTP 27 reserves. Quotes do no harm.
        assert text == answer.decode() or (text.startswith("'") and name[:1].islower()), name


def test_keys_are_kept_where_erlang_says_so(release: int) -> None:
    maker = Maker(SEED + 4, release)
    cases: list[tuple[int, Value]] = []
    for _ in range(CASES):
        keypos = maker.random.choice([1, 1, 2, 3])
        raw = [replacing(maker, clause, keypos) for clause in maker.spec(maker.row())]
        cases.append((keypos, raw))
    answers = ask([question("replace", keypos, raw) for keypos, raw in cases])
    assert {*answers} == {True, False}
    for (keypos, raw), answer in zip(cases, answers, strict=True):
        try:
            query = spec(raw)
            kept = bool(query.program) and keeps_key(query, keypos)
        except MatchSpecError:
            kept = False
        # Erlang takes '$_' and '$$' in a head for no literals here, which they are: ours may prove more.
        assert kept == answer or (kept and "$" in repr(raw)), f"keypos {keypos} {format_term(raw)} {WHERE}"


def replacing(maker: Maker, clause: Value, keypos: int) -> Value:
    """The clause with a result that often keeps the key."""
    if not isinstance(clause, tuple) or len(clause) != 3 or maker.chance(10):
        return clause
    head, guards, _ = clause
    match maker.random.randrange(5):
        case 0:
            body: Value = ROW
        case 1:
            body = const(head)
        case 2:
            places = [maker.random.choice([keypos, keypos, 1, 2]) for _ in range(maker.random.randrange(1, 4))]
            body = (tuple([(Atom("element"), place, maker.random.choice([ROW, ROW, V(1)])) for place in places]),)
        case _:
            body = built(maker, head)
    return (head, guards, [body])


def built(maker: Maker, pattern: Value) -> Value:
    """An expression that builds what a pattern matches, except now and then."""
    if maker.chance(4):
        return maker.expr("any", 1)
    match pattern:
        case tuple():
            return (tuple([built(maker, item) for item in pattern]),)
        case list():
            return [built(maker, item) for item in pattern]
    return pattern
