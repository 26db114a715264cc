"""Recorded sequences of operations on Erlang's own tables: each result is Erlang's, and the table is sound after each."""

import json
from collections import Counter
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from matchspec import NO_MATCH, Atom, EvalError, MatchSpecError, format_term, parse_term, spec
from runtime import ets

Value: TypeAlias = Any
Sequence: TypeAlias = dict[str, Any]

DATA = Path(__file__).parents[1] / "data" / "conformance" / "ets_ops_erlang.jsonl"
SEQUENCES: list[Sequence] = [json.loads(line) for line in DATA.read_text().splitlines()]

# Where ours differs by choice: a body that fails for a row makes Erlang's select_replace store the atom 'EXIT' in the
# row; ours raises EvalError and leaves the table alone. The sequence then goes on from the rows that Erlang has.


def term(text: str) -> Value:
    return parse_term(text, "erlang")


def shown(value: Value) -> str:
    return format_term(value, "erlang")


def perform(table: ets.Table[Any], op: str, args: list[Value]) -> Value:
    return table.info(args[0].name) if op == "info" else getattr(table, op)(*args)


def replace_as_erlang_does(table: ets.Table[Any], query: Value) -> int:
    """What select_replace does when 'EXIT' is stored: done here row by row, in order."""
    compiled = spec(query)
    rows = table.tab2list()
    results = [compiled.test(row) for row in rows]
    assert any("'EXIT'" in shown(result) for result in results if result is not NO_MATCH)
    table.delete_all_objects()
    for row, result in zip(rows, results, strict=True):
        table.insert(row if result is NO_MATCH else result)
    return sum(result is not NO_MATCH for result in results)


@pytest.mark.parametrize("sequence", SEQUENCES, ids=[one["id"] for one in SEQUENCES])
def test_every_result_is_erlangs(sequence: Sequence) -> None:
    table = ets.new("t", type=sequence["type"], keypos=sequence["keypos"], access="public")
    try:
        for number, step in enumerate(sequence["ops"]):
            place = f"{sequence['id']}, step {number}: {step['op']}({', '.join(step['args'])})"
            args = [term(arg) for arg in step["args"]]
            expected = step["result"]
            before = table.tab2list()
            try:
                result = perform(table, step["op"], args)
            except EvalError as error:
                assert step["op"] == "select_replace", place
                assert shown(table.tab2list()) == shown(before), f"{place}: changed by {error}"
                assert replace_as_erlang_does(table, args[0]) == term(expected), place
            except (ets.BadArg, MatchSpecError) as error:
                assert expected == {"error": "badarg"}, f"{place}: {error}"
                assert shown(table.tab2list()) == shown(before), f"{place}: changed by an error"
            else:
                assert expected != {"error": "badarg"}, f"{place}: {result!r}"
                wanted = term(expected)
                if step.get("unordered"):
                    assert Counter(map(shown, result)) == Counter(map(shown, wanted)), place
                else:
                    assert shown(result) == shown(wanted), place
            assert table.check() == [], place
    finally:
        table.drop()


def test_atoms_of_results() -> None:
    assert term("'$end_of_table'") is ets.END
    assert term("true") is True
    assert isinstance(term("ok"), Atom)
