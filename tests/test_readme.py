"""Every Python block of the README and of docs/ runs and prints what the page says it prints.

A block is written to a file and run by a Python of its own, so that its lambdas have a source, as a reader's have.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_BLOCK = re.compile(
    r"^```python\n(?P<code>.*?)^```\n(?:\s*prints\s*```text\n(?P<output>.*?)^```\n)?", re.MULTILINE | re.DOTALL
)


def _examples() -> list[object]:
    found: list[object] = []
    for page in PAGES:
        for number, match in enumerate(_BLOCK.finditer(page.read_text()), start=1):
            found.append(pytest.param(match["code"], match["output"] or "", id=f"{page.name}-{number}"))
    return found


@pytest.mark.parametrize(("code", "output"), _examples())
def test_example_prints_what_the_page_says(code: str, output: str, tmp_path: Path) -> None:
    script = tmp_path / "example.py"
    script.write_text(code)
    run = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        cwd=tmp_path if "dets.open" in code else ROOT,  # those that make files make them there
        env={"PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert run.stderr == ""
    assert run.stdout == output


def test_the_readme_has_examples() -> None:
    assert len([match for match in _BLOCK.finditer(PAGES[0].read_text()) if match["output"]]) >= 3


def test_every_page_that_is_linked_exists() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
