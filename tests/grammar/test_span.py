"""Places in a text, and how an error shows them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grammar import parse
from grammar.errors import MatchSpecSyntaxError
from grammar.span import Source, Span


def test_a_line_with_a_caret() -> None:
    text = "fun(X) when\n\tX > ? -> X end"
    assert Source(text).render(Span(17, 18), "  ") == "   X > ? -> X end\n" + " " * 7 + "^"


@given(st.text("abc \t", max_size=900), st.integers(0, 900), st.integers(0, 900))
def test_the_carets_stand_under_the_place(text: str, start: int, length: int) -> None:
    start = min(start, len(text))
    end = min(start + length, len(text))
    line, carets = Source(text).render(Span(start, end), "").split("\n")
    column = len(carets) - len(carets.lstrip(" "))
    shown = len(carets) - column
    assert carets.strip(" ") == "^" * shown
    assert len(line) <= 160 + len("...  ...")
    assert shown == max(1, end - start) or 0 < shown <= 160
    if start < len(text):
        assert line[column : column + shown] == text[start : start + shown].replace("\t", " ")


def test_a_long_line_is_shown_in_part() -> None:
    text = "fun({A, B}) when " + "A == 1, " * 2_000 + "? -> B end"
    with pytest.raises(MatchSpecSyntaxError) as caught:
        parse(text, "erlang")
    lines = str(caught.value).splitlines()
    assert max(map(len, lines)) < 200
    assert lines[1].strip().startswith("... ")
    assert lines[1].endswith("? -> B end")
    assert lines[1][lines[2].index("^")] == "?"
