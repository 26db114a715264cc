"""The words for syntax errors in Python texts; see `hints.Words`."""

from typing import Final

from grammar.hints import Words

_STATEMENT: Final = (
    "a query has no statements: a function is one return, or one match with a return in each case; "
    "write choices as A if TEST else B"
)
_BLOCK: Final = "a function is one return, or one match with a return in each case; see that the lines are indented so"

WORDS: Final = Words(
    terminals={
        "$END": "the end of the text",
        "NAME": "a name",
        "COLON": "':'",
        "COMMA": "','",
        "DEF": "'def'",
        "ELSE": "'else'",
        "INTEGER": "a value",
        "LAMBDA": "'lambda'",
        "OR": "an operator",
        "RPAR": "')'",
        "RSQB": "']'",
        "RBRACE": "'}'",
        "RETURN": "'return'",
        "_CASE": "'case'",
        "_DEDENT": "the end of the function",
        "_INDENT": "an indented line",
        "_MATCH": "'match'",
        "_NEWLINE": "a new line",
    },
    refused={
        # Expressions that a match spec cannot express.
        "for": "a comprehension cannot be part of a match spec: return a tuple or list of the row's own values, and "
        "loop over the results instead",
        "LAMBDA": "a lambda cannot be part of a match spec: the query itself is the only function",
        "FORMATTED": "an f-string cannot be part of a match spec: return the values, and format the results",
        "IMAGINARY": "complex numbers cannot be part of a match spec",
        "WALRUS": "an assignment cannot be part of a match spec: write the expression again where it is needed",
        "AT": "matrix multiplication cannot be part of a match spec",
        "await": "a match spec runs at once: await the value before the query, and use its name",
        "yield": "a match spec cannot yield: select returns a result for each row that matches",
        "ASSIGN": "a query assigns nothing: == compares, and a keyword argument stands only in a call",
        "IF": "write a choice as A if TEST else B, and a guard after the pattern of its case",
        "ELSE": "a choice has the form A if TEST else B",
        # Statements.
        "RETURN": "a function is one return, or one match; for rows that no case matches, end with case _: return ...",
        "DEF": "a query is one function, and no function can stand inside it",
        "_MATCH": "a function has one match, which is its only statement",
        "pass": "a case that gives no result is written return SKIP",
        "raise": "a match spec cannot raise: a row on which it fails is left out",
        "async": "a match spec runs at once: the function must not be async",
        **dict.fromkeys(
            ("assert", "break", "class", "continue", "del", "elif", "except", "finally", "from", "global", "import"),
            _STATEMENT,
        ),
        **dict.fromkeys(("nonlocal", "try", "while", "with"), _STATEMENT),
        "_INDENT": _BLOCK,
        "_DEDENT": _BLOCK,
        "BAD_INDENTATION": "this line is indented unlike any block that is open here",
        # Other languages' spellings.
        "&": "write `and` between conditions",
        "|": "write `or` between conditions",
        "!": "write `not` before a condition, and != for unequal",
        ";": "a query has one expression",
        "?": "write a choice as A if TEST else B",
        "'": "this string is not closed",
        '"': "this string is not closed",
        "\\": "only the end of a line can follow a backslash",
        "BAD_NAME": "a name consists of letters, digits and _",
    },
    brackets={"(": ")", "[": "]", "{": "}"},
)
