"""Data files: rows and types against a naive reading with csv and json, and every error with its place."""

import csv
import gzip
import io
import json
import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.columns import field_names, identifier
from runtime.files import DataFile, FileError, read_file, read_stream

Value: TypeAlias = Any  # the rows of a file have no static type
DATA = Path(__file__).parents[2] / "examples" / "data"


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def make(content: str | bytes, name: str = "data.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return make


def read(content: str, **options: Value) -> DataFile:
    return read_stream(io.BytesIO(content.encode()), "data.csv", **options)


def typed(rows: list[tuple[Value, ...]]) -> list[list[tuple[type, Value]]]:
    """Rows in a form in which 1, 1.0 and True differ."""
    return [[(type(value), value) for value in row] for row in rows]


def annotations(data: DataFile) -> dict[str, Value]:
    return dict(data.row_type.__annotations__)


# --- an independent reading -------------------------------------------------------------------------------------------


def looks_like_int(cell: str) -> bool:
    digits = cell.removeprefix("-")
    return cell == "0" or (digits.isascii() and digits.isdigit() and digits[0] != "0")


def looks_like_float(cell: str) -> bool:
    whole = re.split("[.eE]", cell.removeprefix("-"))[0]
    if not re.fullmatch("[-+.eE0-9]+", cell) or cell[0] == "+" or (len(whole) > 1 and whole[0] == "0"):
        return False
    try:
        return abs(float(cell)) != float("inf")
    except ValueError:
        return False


def naive_column(cells: list[str], missing: set[str]) -> list[Value]:
    """The column as a plain reader would type it: one cell at a time, no sharing."""
    present = [cell for cell in cells if cell not in missing]
    convert: Callable[[str], Value] = str
    if present and all(cell in ("true", "True", "TRUE", "false", "False", "FALSE") for cell in present):
        convert = {"true": True, "false": False}.__getitem__
        return [None if cell in missing else convert(cell.lower()) for cell in cells]
    if present and all(map(looks_like_int, present)):
        convert = int
    elif present and all(map(looks_like_float, present)):
        convert = float
    return [None if cell in missing else convert(cell) for cell in cells]


def naive_rows(text: str, missing: set[str]) -> list[tuple[Value, ...]]:
    _, *records = [record for record in csv.reader(io.StringIO(text, newline="")) if record]
    if not records:
        return []
    columns = [naive_column(list(cells), missing) for cells in zip(*records, strict=True)]
    return list(zip(*columns, strict=True))


CELLS = st.one_of(
    st.sampled_from(["", "NA", "0", "1", "-1", "01", "1.0", "-0", "-0.0", "1.", ".5", "1e3", "1e999", "true", "FALSE"]),
    st.sampled_from(["+1", " 1", "1 ", "nan", "inf", "1_000", "\u0661", "\u00b2", "--1", "-", ".", "e", "x,y", 'a"b']),
    st.integers(-(10**20), 10**20).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=8),
)
# Columns of one kind are what makes types other than str likely.
COLUMNS = st.one_of(
    st.just(CELLS),
    st.just(st.sampled_from(["true", "false", "True", "FALSE", ""])),
    st.just(st.one_of(st.integers().map(str), st.just(""))),
    st.just(st.one_of(st.integers(-99, 99).map(str), st.floats(-9, 9).map(repr), st.just("NA"))),
)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    columns = draw(st.lists(COLUMNS, min_size=1, max_size=4))
    header = [f"c{number}" for number in range(len(columns))]
    return [header, *draw(st.lists(st.tuples(*columns).map(list), max_size=12))]


@given(tables())
def test_csv_agrees_with_a_naive_reading(table: list[list[str]]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(table)
    data = read(out.getvalue(), na=["NA"])
    assert typed(data.rows) == typed(naive_rows(out.getvalue(), {"", "NA"}))


@pytest.mark.parametrize(("name", "count"), [("planes", 3322), ("airports", 1458)])
def test_shipped_data_agrees_with_a_naive_reading(name: str, count: int) -> None:
    path = DATA / f"{name}.csv"
    data = read_file(path, na=["NA"])
    assert data.name == name
    assert len(data.rows) == count
    assert typed(data.rows) == typed(naive_rows(path.read_text("utf-8"), {"", "NA"}))
    assert all(type(row) is data.row_type for row in data.rows)


JSON_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["x", "y"]), st.booleans(), max_size=2),
)


@given(st.lists(st.dictionaries(st.sampled_from(["a", "b", "c"]), JSON_VALUES), min_size=1, max_size=8))
def test_json_agrees_with_a_naive_reading(rows: list[dict[str, Value]]) -> None:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    keys = list(dict.fromkeys(key for row in rows for key in row))
    if not keys:
        with pytest.raises(FileError, match="no keys"):
            read(text, format="json")
        return
    data = read(text, format="json")
    assert list(data.row_type._fields) == keys
    for index, key in enumerate(keys):
        values = [row.get(key) for row in rows]
        if {int, float} <= {type(value) for value in values}:
            values = [float(value) if type(value) is int else value for value in values]
        assert [[(type(row[index]), row[index])] for row in data.rows] == [[(type(value), value)] for value in values]


# --- types ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "annotation", "values"),
    [
        (["1", "2", "-3"], int, [1, 2, -3]),
        (["1", "", "3"], int | None, [1, None, 3]),
        (["1", "2.5"], float, [1.0, 2.5]),
        (["1.5", "x"], str, ["1.5", "x"]),
        (["01234", "12"], str, ["01234", "12"]),
        (["+49", "12"], str, ["+49", "12"]),
        (["TRUE", "FALSE"], bool, [True, False]),
        (["TRUE", "1"], str, ["TRUE", "1"]),
        (["true", ""], bool | None, [True, None]),
        (["NA", "1"], str, ["NA", "1"]),
        (["nan", "1.5"], str, ["nan", "1.5"]),
        (["1e999", "1.5"], str, ["1e999", "1.5"]),
        (["9" * 4300], int, [int("9" * 4300)]),
        (["9" * 4301], str, ["9" * 4301]),
        (["", ""], str | None, [None, None]),
        (["\u0661"], str, ["\u0661"]),
    ],
)
def test_column_types(cells: list[str], annotation: Value, values: list[Value]) -> None:
    # A second column, since a line without any cell is blank.
    data = read("x,y\n" + "".join(f"{cell},z\n" for cell in cells))
    assert annotations(data) == {"x": annotation, "y": str}
    assert typed([(row[0],) for row in data.rows]) == typed([(value,) for value in values])


def test_na_texts_are_none() -> None:
    data = read("x,y\n1,NA\nNA,-\n", na=["NA", "-"])
    assert annotations(data) == {"x": int | None, "y": str | None}
    assert [tuple(row) for row in data.rows] == [(1, None), (None, None)]


def test_json_types() -> None:
    lines = ['{"i": 1, "f": 1, "b": true, "s": "x", "m": 1, "l": [1], "n": null}', '{"f": 2.5, "b": false, "m": "x"}']
    data = read("\n".join(lines), format="json")
    assert annotations(data) == {
        "i": int | None,
        "f": float,
        "b": bool,
        "s": str | None,
        "m": int | str,
        "l": list | None,
        "n": str | None,
    }
    assert typed(data.rows) == typed([(1, 1.0, True, "x", 1, [1], None), (None, 2.5, False, None, "x", None, None)])


def test_a_large_int_among_floats_stays_exact() -> None:
    data = read('{"x": 1.5}\n{"x": 1' + "0" * 400 + "}\n", format="json")
    assert typed(data.rows) == typed([(1.5,), (10**400,)])
    assert annotations(data) == {"x": int | float}


def test_equal_cells_share_one_value() -> None:
    data = read("a\n" + "some text\n" * 3)
    assert len({id(row[0]) for row in data.rows}) == 1


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("age", "age"),
        (" age ", "age"),
        ("tail number", "tail_number"),
        ("Price (EUR)", "Price_EUR"),
        ("a--b", "a_b"),
        ("_private_", "private"),
        ("class", "class_"),
        ("None", "None_"),
        ("2013", "column_2013"),
        ("\u00fcber", "\u00fcber"),
        ("u\u0308ber", "\u00fcber"),  # decomposed in the file, composed in Python's names
        ("\ufb01eld", "field"),
        ("%", "column_7"),
        ("", "column_7"),
    ],
)
def test_identifier(header: str, name: str) -> None:
    assert identifier(header, "column_7") == name


@given(st.lists(st.text(max_size=6), min_size=1, max_size=6, unique_by=str.strip))
def test_field_names_are_valid_and_unique(headers: list[str]) -> None:
    names = field_names(headers)
    assert len(set(names)) == len(headers)
    assert all(name.isidentifier() and not name.startswith("_") for name in names)
    # Python itself accepts them as fields.
    read(",".join(names) + "\n")


def test_headers_that_lead_to_one_name_are_numbered() -> None:
    assert field_names(["a b", "a_b", "a-b", ""]) == ["a_b_2", "a_b", "a_b_3", "column_4"]


def test_fields_are_reached_by_name() -> None:
    data = read("tail number,class\nN1,x\n")
    assert data.rows[0].tail_number == "N1"  # type: ignore[attr-defined]  # the type is made at run time
    assert data.rows[0].class_ == "x"  # type: ignore[attr-defined]  # likewise


def test_many_columns() -> None:
    width = 1000
    data = read(",".join(f"c{n}" for n in range(width)) + "\n" + ",".join(map(str, range(width))) + "\n")
    assert data.rows == [tuple(range(width))]


# --- forms of files ---------------------------------------------------------------------------------------------------


def test_byte_order_mark_crlf_blank_lines_and_quoted_newlines(write: Callable[..., Path]) -> None:
    data = read_file(write(b'\xef\xbb\xbfa,b\r\n\r\n1,"x\r\ny, ""z"""\r\n\r\n'))
    assert [tuple(row) for row in data.rows] == [(1, 'x\r\ny, "z"')]


def test_last_line_without_an_end(write: Callable[..., Path]) -> None:
    assert read_file(write("a,b\n1,2")).rows == [(1, 2)]


def test_a_header_alone_is_no_rows(write: Callable[..., Path]) -> None:
    data = read_file(write("a,b\n"))
    assert data.rows == []
    assert data.row_type._fields == ("a", "b")


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("d.csv", "a,b\n1,x\n", {}),
        ("d.tsv", "a\tb\n1\tx\n", {}),
        ("d.tab", "a\tb\n1\tx\n", {}),
        ("d.txt", "a,b\n1,x\n", {}),
        ("d.txt", "a;b\n1;x\n", {"delimiter": ";"}),
        ("d.txt", "a\tb\n1\tx\n", {"format": "tsv"}),
        ("d.jsonl", '{"a": 1, "b": "x"}\n', {}),
        ("d.ndjson", '{"a": 1, "b": "x"}\n', {}),
        ("d.JSON", '\n{"a": 1, "b": "x"}\n\n', {}),
    ],
)
@pytest.mark.parametrize("packing", ["", ".gz", ".zip"])
def test_formats(tmp_path: Path, name: str, content: str, options: dict[str, Value], packing: str) -> None:
    path = tmp_path / f"{name}{packing}"
    if packing == ".gz":
        path.write_bytes(gzip.compress(content.encode()))
    elif packing == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.mkdir("folder") if hasattr(archive, "mkdir") else None
            archive.writestr(f"folder/{name}", content)
            archive.writestr("__MACOSX/._x", "y")
    else:
        path.write_text(content)
    data = read_file(path, **options)
    assert typed(data.rows) == typed([(1, "x")])
    assert data.row_type._fields == ("a", "b")
    assert data.row_type.__name__ == ("d_txt" if name == "d.txt" else "d")


def test_a_fifo_can_be_read(tmp_path: Path) -> None:
    # As a shell's <(...) hands it over: no size, no second look. Small enough for the pipe's buffer.
    reader, writer = os.pipe()
    os.write(writer, b"a,b\n1,2\n")
    os.close(writer)
    try:
        assert read_file(f"/dev/fd/{reader}", progress=lambda _done, _total: None).rows == [(1, 2)]
    finally:
        os.close(reader)


@pytest.mark.parametrize("packing", [".csv", ".csv.gz", ".csv.zip"])
def test_progress_grows_and_ends_at_the_size(tmp_path: Path, packing: str) -> None:
    content = "a,b\n" + "".join(f"{number},{number * 7919 % 10007}\n" for number in range(20_000))
    path = tmp_path / f"d{packing}"
    if packing == ".csv.gz":
        path.write_bytes(gzip.compress(content.encode()))
    elif packing == ".csv.zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("d.csv", content)
    else:
        path.write_text(content)
    seen: list[tuple[int, int]] = []
    read_file(path, progress=lambda done, total: seen.append((done, total)))
    size = path.stat().st_size
    assert len(seen) > 3
    assert seen == sorted(seen)
    assert {total for _, total in seen} == {size}
    assert seen[-1] == (size, size)


# --- errors -----------------------------------------------------------------------------------------------------------


def error_of(path: Path, **options: Value) -> FileError:
    with pytest.raises(FileError) as caught:
        read_file(path, **options)
    assert caught.value.path == str(path)
    place = f"{path}, line {caught.value.line}" if caught.value.line else str(path)
    assert str(caught.value) == f"{place}: {caught.value.message}"
    return caught.value


CSV_ERRORS: dict[str, tuple[str | bytes, int | None, str]] = {
    "empty": ("", None, "the file is empty"),
    "only a mark": (b"\xef\xbb\xbf", None, "the file is empty"),
    "only blank lines": ("\n\n", None, "the file is empty"),
    "too few cells": ("a,b\n1,2\n3\n", 3, "2 cells expected, as in the first line; found 1"),
    "too many cells": ("a,b\n1,2\n\n3,4,5\n", 4, "found 3"),
    "ragged after a record of several lines": ('a,b\n"1\n\n",2\n"3\n"\n', 5, "found 1"),
    "duplicate header": ("a,b, a\n", 1, "columns 1 and 3 are both named 'a'"),
    "no UTF-8": (b"a,b\n1,2\n3,caf\xe9\n", 3, "byte 0xe9 at position 6"),
    "no UTF-8 in a quoted cell": (b'a,b\n1,"x\ny\xff"\n', 3, "byte 0xff at position 2"),
    "UTF-16": ("a,b\n1,2\n".encode("utf-16"), 1, "UTF-16"),
    "quote left open": ('a,b\n1,2\n3,"x\n4,5\n', 3, "ends inside a quoted cell"),
    "text behind a quote": ('a,b\n1,"x"y\n', 2, "only the delimiter may come"),
    "carriage returns alone": ("a,b\r1,2\r", 1, "carriage return"),
    "a huge cell": ("a,b\n1,2\n3," + "x" * 200_000 + "\n", 3, "more than 131,072 characters"),
}


@pytest.mark.parametrize("case", CSV_ERRORS)
def test_csv_errors(write: Callable[..., Path], case: str) -> None:
    content, line, message = CSV_ERRORS[case]
    error = error_of(write(content))
    assert error.line == line
    assert message in error.message


JSON_ERRORS: dict[str, tuple[str | bytes, int | None, str]] = {
    "empty": ("\n \n", None, "the file is empty"),
    "no keys": ("{}\n{}\n", None, "no keys"),
    "broken": ('{"a": 1}\n\n{"a": }\n', 3, "at column 7"),
    "two objects": ('{"a": 1} {"a": 2}\n', 1, "at column 10"),
    "an array": ('{"a": 1}\n[1]\n', 2, "an array where an object is needed"),
    "a number": ("1\n", 1, "no object where an object is needed"),
    "null": ("null\n", 1, "null where an object is needed"),
    "a key twice": ('{"a": 1, "b": 2, "a": 3}\n', 1, "the key 'a' stands twice"),
    "duplicate header": ('{"a": 1, "a ": 2}\n', 1, "columns 1 and 2 are both named 'a'"),
    "NaN": ('{"a": NaN}\n', 1, "NaN is no JSON"),
    "a float too large": ('{"a": 1e999}\n', 1, "too large for a float"),
    "an int too large": ('{"a": ' + "9" * 5000 + "}\n", 1, "a number is too large"),
    "half a character": ('{"a": 1}\n{"a": ["\\udc00"]}\n', 2, "half of a character"),
    "nested deeply": ('{"a": ' + "[" * 201 + "]" * 201 + "}\n", 1, "nested deeper than 200"),
    "nested absurdly": ('{"a": ' + "[" * 100_000 + "\n", 1, "nested deeper than 200"),
    "no UTF-8": (b'{"a": 1}\n{"a": "\xe9"}\n', 2, "byte 0xe9"),
}


@pytest.mark.parametrize("case", JSON_ERRORS)
def test_json_errors(write: Callable[..., Path], case: str) -> None:
    content, line, message = JSON_ERRORS[case]
    error = error_of(write(content, "data.jsonl"))
    assert error.line == line
    assert message in error.message


def test_whole_surrogate_pairs_and_deep_but_legal_values_are_read(write: Callable[..., Path]) -> None:
    data = read_file(write('{"a": "\\ud83d\\ude00", "b": ' + "[" * 199 + "]" * 199 + "}\n", "data.jsonl"))
    assert data.rows[0][0] == "\U0001f600"


def test_missing_file_directory_and_impossible_path(tmp_path: Path) -> None:
    assert "no such file" in error_of(tmp_path / "none.csv").message
    assert "directory" in error_of(tmp_path).message
    with pytest.raises(FileError, match="cannot be read"):
        read_file("a\0b.csv")


def test_damaged_archives(write: Callable[..., Path]) -> None:
    whole = gzip.compress(b"a,b\n" + b"1,2\n" * 9000)
    damaged = [
        write(b"no gzip", "x.csv.gz"),
        write(whole[:-20], "y.csv.gz"),
        write(whole[:20] + b"\0" * 20 + whole[40:], "z.csv.gz"),
        write(b"no zip", "x.csv.zip"),
    ]
    for path in damaged:
        assert "cannot be read" in error_of(path).message


def test_archives_without_just_one_file(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "a\n1\n")
        archive.writestr("b.csv", "a\n1\n")
    assert "this one has 2 (a.csv, b.csv)" in error_of(path).message
    with zipfile.ZipFile(path, "w"):
        pass
    assert "this one has 0 (none)" in error_of(path).message


def test_encrypted_zip(tmp_path: Path) -> None:
    path = tmp_path / "x.csv.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.csv", "a\n1\n")
    content = bytearray(path.read_bytes())
    # Bit 0 of the flags, in the local header and in the central directory, says "encrypted".
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert "encrypted" in error_of(path).message


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "\n", "\r", "\0"])
def test_impossible_delimiters(delimiter: str) -> None:
    with pytest.raises(ValueError, match="delimiter is .* allowed is one character"):
        read("a\n", delimiter=delimiter)


def test_unknown_format() -> None:
    with pytest.raises(ValueError, match="format is 'xml'; allowed are csv, tsv, json"):
        read("a\n", format="xml")


@given(st.binary(max_size=200), st.sampled_from(["csv", "tsv", "json"]))
def test_any_bytes_are_read_or_refused(content: bytes, kind: Value) -> None:
    try:
        data = read_stream(io.BytesIO(content), "x", format=kind)
    except FileError as error:
        assert error.message
    else:
        assert all(type(row) is data.row_type for row in data.rows)
