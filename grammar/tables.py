"""The tables of a parser as a file beside its grammar, so that the first query of a program need not wait for them.

Computing them from a grammar takes longer than all else that a short program does. The files are written when the
distribution is built or set up (see `loader.write_tables`), hold data only, and say what they were made from: one that
was made from another grammar, or by another version of Lark, is passed over as if it were not there.
"""

import json
from pathlib import Path
from typing import Any, TypeAlias

Data: TypeAlias = dict[str, Any]  # what Lark calls `data`: lists and dicts of plain values
Memo: TypeAlias = dict[int, Any]  # what Lark calls `memo`: the rules and terminals that `data` refers to by number


def write(path: Path, made_from: list[str], data: Data, memo: Memo) -> None:
    """Writes the tables to a file."""
    content = {"made_from": made_from, "data": data, "memo": memo}
    path.write_text(json.dumps(content, separators=(",", ":")), "utf-8")


def read(path: Path, made_from: list[str]) -> tuple[Data, Memo] | None:
    """The tables of a file, or None when there are none that were made from this."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(content, dict) or content.get("made_from") != made_from:
        return None
    # Keys of JSON are strings; these were numbers.
    table = content["data"]["parser"]["parser"]
    table["tokens"] = _numbered(table["tokens"])
    table["states"] = {int(number): _numbered(state) for number, state in table["states"].items()}
    return content["data"], _numbered(content["memo"])


def _numbered(table: dict[str, Any]) -> dict[int, Any]:
    return {int(number): value for number, value in table.items()}
