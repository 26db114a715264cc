"""The documentation lists just the functions that there are."""

import re
from pathlib import Path

from matchspec.functions import FUNCTIONS

PAGE = Path(__file__).parent.parent / "docs" / "queries.md"


def test_the_table_of_functions_is_complete() -> None:
    table = PAGE.read_text().split("<!-- functions", 1)[1].split("## Limits", 1)[0]
    listed = set(re.findall(r"`([^`\s]+)`", table))
    known = {
        f"{entry.name}/{entry.least}" if entry.most is not None else entry.name
        for entry in FUNCTIONS
        if not entry.trace
    }
    assert listed == known
