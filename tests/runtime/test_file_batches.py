"""Files that are read twice give the types and rows of files that are read at once."""

import csv
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.file_batches import BatchedFile
from runtime.files import FileError, read_file, read_stream

Value: TypeAlias = Any
CELLS = st.sampled_from(
    ["", "NA", "0", "1", "-7", "007", "+1", "1.5", ".5", "1e400", "1e5", "9" * 400, "true", "FALSE", "True", "x", "ä,", '"']
)  # fmt: skip
VALUES = st.sampled_from([None, True, False, 0, 1, -3, 1.5, 2.0, 10**400, "x", "", [1], {"a": 1}])


def found(file: BatchedFile) -> tuple[Value, Value, int]:
    with file:
        rows = [row for batch in file.batches() for row in batch]
    return file.row_type.__annotations__, [repr(row) for row in rows], file.size


def expected(data: bytes, name: str, **options: Value) -> tuple[Value, Value, int]:
    read = read_stream(io.BytesIO(data), name, **options)
    return read.row_type.__annotations__, [repr(row) for row in read.rows], len(read.rows)


@given(st.integers(1, 3).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=6)))
def test_text(rows: list[list[str]]) -> None:
    text = io.StringIO()
    width = len(rows[0]) if rows else 2
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([[f"c{n}" for n in range(width)], *rows])
    data = text.getvalue().encode()
    batched = BatchedFile("t.csv", io.BytesIO(data), na=["NA"])
    assert found(batched) == expected(data, "t.csv", na=["NA"])


@given(st.lists(st.dictionaries(st.sampled_from(["a", "b", "c"]), VALUES, min_size=1), min_size=1, max_size=6))
def test_objects(objects: list[dict[str, Value]]) -> None:
    data = "".join([json.dumps(one) + "\n" for one in objects]).encode()
    batched = BatchedFile("t.json", io.BytesIO(data), format="json")
    assert found(batched) == expected(data, "t.json", format="json")


@pytest.mark.parametrize("last", ["", "x", "1.5", "8"])
def test_the_last_of_many_rows_decides_too(last: str, tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    path.write_text("a,b\n" + "".join([f"{n},{n % 10}\n" for n in range(10_000)]) + f"10000,{last}\n")
    read = read_file(path)
    batched = BatchedFile(str(path))
    assert found(batched) == (read.row_type.__annotations__, [repr(row) for row in read.rows], 10_001)
    assert len(list(batched.batches())) > 1  # or this test shows nothing


@pytest.mark.parametrize("data", [b"", b"a,a\n1,2\n", b"a\n1,2\n", b'a\n"x\n', b"a\n\xff\n"])
def test_the_errors_are_those_of_read_file(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(data)
    errors: list[str] = []
    reads: list[Callable[[], Value]] = [lambda: BatchedFile(str(path)), lambda: read_file(path)]
    for read in reads:
        with pytest.raises(FileError) as caught:
            read()
        errors.append(str(caught.value))
    assert errors[0] == errors[1]


def test_a_file_that_changes_between_the_readings(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a\n1\n2\n")
    batched = BatchedFile(str(path))
    path.write_text("a\n1\nx\n")
    with pytest.raises(FileError, match="changed"):
        list(batched.batches())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_is_read_once() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"a,b\n1,x\n2,y\n")
    os.close(writing)
    with BatchedFile(f"/dev/fd/{reading}") as batched:
        assert [tuple(row) for batch in batched.batches() for row in batch] == [(1, "x"), (2, "y")]
    os.close(reading)
