"""A coverage-guided fuzzer of texts, with Google's atheris, which is installed by hand where it is wanted:

    .venv/bin/python -m pip install atheris
    .venv/bin/python -m tests.fuzz.guided FOLDER -max_total_time=60

FOLDER is filled with the corpus of `tests.fuzz.corpus` and keeps whatever reaches new code; the options are
libFuzzer's. The first byte of an input chooses the door and the language, the rest is the text in UTF-8. An input that
raises what it may not, or that takes too long, is written to a file crash-..., and the process ends.
"""

import hashlib
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TypeAlias

from matchspec import spec
from tests.fuzz.anytext import DOORS, Door, Meter, TooSlowError, feed
from tests.fuzz.corpus import LANGUAGES, corpus

Untyped: TypeAlias = Any  # atheris has no types

_DOORS: Final[list[Door]] = list(dict.fromkeys(DOORS))
_METER: Final = Meter()


def one_input(data: bytes) -> None:
    """Tries one input. Raises whatever is no documented error."""
    if not data:
        return
    door = _DOORS[data[0] % len(_DOORS)]
    syntax = LANGUAGES[data[0] // len(_DOORS) % len(LANGUAGES)]
    text = data[1:].decode("utf-8", "replace")
    try:
        with _METER.measure(text[:200]):
            feed(text, syntax, door, data[0])
    except TooSlowError as error:  # no Exception, so that the library does not catch it; atheris wants one
        raise RuntimeError(str(error)) from None


def fill(folder: Path) -> None:
    """Writes the corpus, one text a file, for every door."""
    folder.mkdir(parents=True, exist_ok=True)
    for place, language in enumerate(LANGUAGES):
        for text in corpus(1, 100)[language]:
            if len(text) > 200:
                continue
            for door in range(len(_DOORS)):
                data = bytes([place * len(_DOORS) + door]) + text.encode("utf-8", "replace")
                (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    try:
        atheris: Untyped = import_module("atheris")
    except ImportError:
        sys.exit("atheris is not installed: python -m pip install atheris")
    fill(Path(sys.argv[1]))
    for language in LANGUAGES:
        spec("[]", syntax=language)  # builds the parser, which is not to be measured
    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
