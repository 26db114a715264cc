"""Random sequences of operations, done by a real Erlang node and by our tables: every result and every state is the same.

One Erlang process plays all sequences of all kinds; `tests.table_scripts` draws them.
"""

from typing import Final

import pytest

from matchspec import Atom, EvalError, MatchSpecError
from runtime import BadArg, ets
from runtime.storage import KINDS, Kind
from tests.erlang import AVAILABLE, ask, canonical
from tests.table_scripts import Operation, Script, agree, perform, same_rows

pytestmark = [pytest.mark.erlang, pytest.mark.skipif(not AVAILABLE, reason="needs Erlang's erl")]

SEED: Final = 20240229
SEQUENCES: Final = 40  # of each kind and key position
LENGTH: Final = 50


def test_every_result_and_every_state_is_erlangs() -> None:
    scripts: list[tuple[Kind, int, list[Operation]]] = []
    for kind in KINDS:
        for keypos in (1, 2):
            for number in range(SEQUENCES):
                script = Script(SEED + number, kind, keypos)
                scripts.append((kind, keypos, [script.operation() for _ in range(LENGTH)]))
    asked = [
        (Atom("play"), Atom(kind), keypos, [(Atom(name), args) for name, args in ops]) for kind, keypos, ops in scripts
    ]
    answers = ask(asked)
    refused = performed = 0
    for (kind, keypos, ops), results in zip(scripts, answers, strict=True):
        table = ets.new("live", type=kind, keypos=keypos)
        for (name, args), (expected, rows) in zip(ops, results, strict=True):
            place = f"{kind}, keypos {keypos}: {name}{tuple(args)!r}"
            try:
                result = perform(table, name, args)
            except (BadArg, MatchSpecError, EvalError) as error:
                assert canonical(expected) == canonical(Atom("badarg")), f"{place}: {error}"
                refused += 1
            else:
                assert isinstance(expected, tuple), f"{place}: {result!r}, Erlang says badarg"
                assert agree(kind, name, result, expected[1]), f"{place}: {result!r}, in Erlang {expected[1]!r}"
                performed += 1
            ours = table.tab2list()
            assert same_rows(ours, rows, kind == "ordered_set"), f"{place}: {ours!r}, in Erlang {rows!r}"
            assert table.check() == [], place
        table.drop()
    assert performed > 5 * refused > 0
