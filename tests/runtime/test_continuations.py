"""Continuations that were pickled go on where they stood, once they have their query again."""

import pickle
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypeAlias

import pytest

from matchspec import ROW, Atom, V
from runtime import BadArg, ets
from runtime.storage import KINDS, Kind

Value: TypeAlias = Any


def pickled(value: Value) -> Value:
    return pickle.loads(pickle.dumps(value))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("query", ["fun({K, V}) -> {K, V} end", "fun({K, V}) when K > 10, K < 30 -> K end"])
@pytest.mark.parametrize("way", ["select", "select_reverse"])
def test_every_chunk_through_a_pickle(kind: Kind, query: str, way: Literal["select", "select_reverse"]) -> None:
    table = ets.new("t", type=kind)
    keys: list[Value] = [*range(40), "a", Atom("b"), (1, 2.5), Decimal("1.5"), [1]]
    table.insert([(key, number) for number, key in enumerate(keys)])
    expected = table.select(query) if way == "select" else table.select_reverse(query)
    chunk: Value = table.select(query, 3) if way == "select" else table.select_reverse(query, 3)
    found: list[Value] = []
    while isinstance(chunk, tuple):
        results, rest = chunk
        found += results
        if rest is ets.END:
            break
        revived = pickled(rest)
        with pytest.raises(BadArg) as caught:
            ets.select(revived)
        assert caught.value.cause == "continuation"
        assert "repair" in repr(revived)
        repaired = ets.repair_continuation(pickled(revived), query)
        chunk = ets.select(repaired)
    assert repr(found) == repr(expected)


def test_repairing_what_needs_none() -> None:
    table = ets.new("t")
    table.insert([(n,) for n in range(5)])
    chunk: Value = table.match_object((V(1),), 2)
    assert ets.repair_continuation(chunk[1], "fun(R) -> R end") is chunk[1]
    assert ets.repair_continuation(ets.END, "fun(R) -> R end") is ets.END
    pattern: list[Any] = [((V(1),), [], [ROW])]
    rest: Value = ets.repair_continuation(pickled(chunk[1]), pattern)
    again: Value = ets.match_object(rest)
    assert again[0] == [(2,), (3,)]
    assert ets.match_object(again[1]) == ([(4,)], ets.END)
    with pytest.raises(BadArg) as caught:
        ets.repair_continuation(5, pattern)
    assert caught.value.cause == "continuation"
    broken = pickled(chunk[1])
    table.drop()
    with pytest.raises(BadArg) as caught:
        ets.repair_continuation(broken, pattern)
    assert caught.value.cause == "id"


def test_another_program_cannot_go_on(tmp_path: Path) -> None:
    table = ets.new("t")
    table.insert([(n,) for n in range(5)])
    chunk: Value = table.select("fun(R) -> R end", 2)
    (tmp_path / "continuation").write_bytes(pickle.dumps(chunk[1]))
    script = "import pickle, sys; from runtime import BadArg\n"
    script += "try: pickle.load(open(sys.argv[1], 'rb'))\nexcept BadArg as error: print(error.cause)"
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "continuation")],
        check=False, capture_output=True, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.stdout == "continuation\n", done.stderr
