"""The words for syntax errors in Erlang texts; see `hints.Words`."""

from typing import Final

from grammar.hints import Words

_CHOICE: Final = "{0} cannot be part of a match spec; write one clause of the fun per case, with guards"
_BODY: Final = "{0} cannot be part of a match spec; a body has terms, variables, operators and guard functions only"
_OPAQUE: Final = "pids, ports, references and funs have no text form; pass the value as an imported variable"

WORDS: Final = Words(
    terminals={
        "$END": "the end of the text",
        "VARIABLE": "a variable",
        "ATOM": "an atom",
        "QUOTED_ATOM": "an atom",
        "DIGITS": "an integer",
        "COMMA": "','",
        "SEMICOLON": "';'",
        "DOT": "'.'",
        "COLON": "':'",
        "_ARROW": "'->'",
        "_ASSOC": "'=>'",
        "_EXACT": "':='",
        "STAR": "an operator",
        "LPAR": "'('",
        "RPAR": "')'",
        "LSQB": "'['",
        "RSQB": "']'",
        "LBRACE": "'{'",
        "RBRACE": "'}'",
        "VBAR": "'|'",
        "FUN": "'fun'",
        "WHEN": "'when'",
        "END": "'end'",
    },
    refused={
        "if": _CHOICE.format("if"),
        "case": _CHOICE.format("case"),
        "cond": _CHOICE.format("cond"),
        "of": _CHOICE.format("case"),
        "receive": _BODY.format("receive"),
        "after": _BODY.format("receive and try"),
        "try": _BODY.format("try"),
        "catch": _BODY.format("catch"),
        "begin": "begin ... end cannot be part of a match spec; separate expressions of the body with commas",
        "let": _BODY.format("let"),
        "fun": "a fun can only be the whole query: fun(Pattern) when Guard -> Body end",
        "||": _BODY.format("a comprehension"),
        "<-": _BODY.format("a comprehension"),
        "<=": "'less than or equal' is written =< in Erlang",
        "?": "macros are not expanded; write the value itself, or pass it as an imported variable",
        "::": "types cannot be part of a match spec",
        "..": "ranges cannot be part of a match spec",
        "!=": "'not equal' is written /= or =/= in Erlang",
        "REFUSED_OPAQUE": _OPAQUE,
        '"': "the string that begins here is not closed",
        "'": "the quoted atom that begins here is not closed",
        "$": "a character is missing after $",
    },
    expression=frozenset(
        "VARIABLE ATOM QUOTED_ATOM DIGITS RADIX_INTEGER POINT_FLOAT CHARACTER STRING LPAR LSQB LBRACE".split()
    ),
    leading={"fun": "a fun is written fun(Pattern) when Guard -> Body end; it cannot be a name such as fun f/1"},
    brackets={"(": ")", "[": "]", "{": "}", "<<": ">>", "fun": "end"},
)
