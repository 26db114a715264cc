"""The words for syntax errors in Elixir texts; see `hints.Words`."""

from typing import Final

from grammar.hints import Words

_CHOICE: Final = "{0} cannot be part of a match spec; write one clause per case, with guards"
_BODY: Final = "{0} cannot be part of a match spec; a body has terms, variables, operators and guard functions only"

_BLOCKS: Final = {
    "if": _CHOICE.format("if"),
    "unless": _CHOICE.format("unless"),
    "case": _CHOICE.format("case"),
    "cond": _CHOICE.format("cond"),
    "for": _BODY.format("a comprehension"),
    "with": _BODY.format("with"),
    "try": _BODY.format("try"),
    "receive": _BODY.format("receive"),
    "quote": _BODY.format("quote"),
    "raise": _BODY.format("raise"),
}

WORDS: Final = Words(
    terminals={
        "$END": "the end of the text",
        "_NEWLINE": "a new line",
        "NAME": "a variable",
        "CALL": "a call",
        "DIGITS": "an integer",
        "KEY": "a key",
        "COMMA": "','",
        "SEMICOLON": "';'",
        "DOT": "'.'",
        "_ARROW": "'->'",
        "_ASSOC": "'=>'",
        "_TYPE": "'::'",
        "STAR": "an operator",
        "LPAR": "'('",
        "RPAR": "')'",
        "LSQB": "'['",
        "RSQB": "']'",
        "LBRACE": "'{'",
        "RBRACE": "'}'",
        "VBAR": "'|'",
        "DO": "'do'",
        "WHEN": "'when'",
        "END": "'end'",
    },
    refused={
        "fn": "an inner function cannot be part of a match spec; fn can only be the whole query",
        "do": "a block cannot be part of a match spec; write one clause per case, with guards",
        "else": _CHOICE.format("if"),
        "after": _BODY.format("try"),
        "catch": _BODY.format("try"),
        "rescue": _BODY.format("try"),
        "|>": "write the call itself, f(x), instead of x |> f()",
        "<-": _BODY.format("a comprehension"),
        "\\\\": "a pattern has no default values",
        "@": "module attributes are not known here; pass the value as a variable and write ^name",
        "//": _BODY.format("a range with a step"),
        "...": _BODY.format("..."),
        "REFUSED_SIGIL": 'the only sigil is ~c"charlist"; write other values without a sigil',
        "REFUSED_STRUCT": "structs are not known here; write a map, %{key: value}",
        "REFUSED_INTERPOLATION": "interpolation would run code; pass the text as a variable and write ^name",
        "REFUSED_AMBIGUOUS": "this is the call x(-1) in Elixir; write x - 1 with a space on either side",
        "REFUSED_KEY": "a space must follow the colon of a key: `key: value`",
        '"': "the string that begins here is not closed",
        "'": "the charlist that begins here is not closed",
        "?": "a character is missing after ?",
    },
    expression=frozenset(
        "NAME CALL ATOM QUOTED_ATOM ALIAS TRUE FALSE NIL DIGITS RADIX_INTEGER POINT_FLOAT CHARACTER STRING CHARLIST "
        "LPAR LSQB LBRACE".split()
    ),
    juxtaposed="to call a function, write the arguments in parentheses right after its name: f(x)",
    leading=_BLOCKS,
    brackets={"(": ")", "[": "]", "{": "}", "%{": "}", "<<": ">>", "do": "end", "fn": "end"},
)
