"""The door to Lark: loads a grammar file, parses a text with it, turns Lark's errors into ours.

No other module imports Lark, and this one only inside its functions, because the import and the LALR tables of a
language cost far more than any query; both are paid once, by the first text in that language. The tables are read from
a file where there is one (see `tables`). A language consists of
`<language>.lark`, a layout (a Lark post-lexer that filters the tokens) and the words for its errors, in `hints`. A
parse tree never leaves this package: the builders turn it into the nodes of `tree`.

Lark's LALR parser keeps its stack in a list, so no text can exhaust Python's stack here. Building is the stage that
has to take care of depth; see `build.fold`.
"""

from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from grammar import tables
from grammar.errors import MatchSpecSyntaxError
from grammar.hints import Problem, describe
from grammar.limits import LIMITS
from grammar.reductions import shorten
from grammar.span import Source, Span
from grammar.tree import Language

if TYPE_CHECKING:
    from lark import Lark, Token, Tree
    from lark.exceptions import UnexpectedInput
    from lark.lark import PostLex

    ParseTree: TypeAlias = Tree[Token]

LANGUAGES: Final[tuple[Language, ...]] = ("python", "elixir", "erlang")
STARTS: Final = ("query", "term")

_FOLDER: Final = Path(__file__).parent
_LOCK: Final = Lock()
_PARSERS: Final[dict[tuple[Language, bool], "Lark"]] = {}


def parse_tree(source: Source, language: Language, start: str) -> "ParseTree":
    """The parse tree of a text.

    Args:
        start: "query" for a function or a term, "term" for a term only.

    Raises:
        MatchSpecSyntaxError: the text does not parse, is longer than `LIMITS.max_text` characters or has more than
            `LIMITS.max_tokens` tokens, or is not valid Unicode.
    """
    from lark.exceptions import UnexpectedInput

    _check_text(source)
    lark = parser(language, start)
    if len(source.text) > LIMITS.max_tokens:  # no token is shorter than a character
        _check_tokens(lark, source, start)
    try:
        return lark.parse(source.text, start=start)
    except UnexpectedInput as error:
        problem = _problem(lark, source, start, error)
    raise describe(source, language, problem, start)


def parser(language: Language, start: str, strict: bool = False) -> "Lark":
    """The parser of a language, built on the first call and then kept; safe to call from any thread.

    One parser serves all start rules of its language. A strict one (needs the package `interegular`) refuses to be
    built where two terminals could match the same text, or where a conflict of the grammar would be resolved silently.

    Raises:
        ValueError: there is no such language, or it has no such start rule.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language is {language!r}, but must be one of {', '.join(LANGUAGES)}")
    if start not in STARTS:
        raise ValueError(f"start is {start!r}, but must be one of {', '.join(STARTS)}")
    with _LOCK:
        found = _PARSERS.get((language, strict))
        if found is None:
            found = _PARSERS[language, strict] = _load(language, strict)
        return found


def _check_text(source: Source) -> None:
    text = source.text
    if len(text) > LIMITS.max_text:
        raise MatchSpecSyntaxError(
            f"the text has {len(text)} characters, but the limit is {LIMITS.max_text}",
            hint="grammar.LIMITS.max_text sets the limit",
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise MatchSpecSyntaxError(
            "half of a surrogate pair is no character", source=source, span=Span(error.start, error.end)
        ) from None


def _check_tokens(lark: "Lark", source: Source, start: str) -> None:
    """Refuses a text of too many tokens before it is parsed, since lexing takes a tenth of the time of parsing."""
    tokens = _tokens(lark, source, start, len(source.text), LIMITS.max_tokens + 1)
    if len(tokens) > LIMITS.max_tokens:
        text, begin = tokens[-1]
        raise MatchSpecSyntaxError(
            f"the text has more than {LIMITS.max_tokens} tokens",
            source=source,
            span=Span(begin, begin + len(text)),
            hint="grammar.LIMITS.max_tokens sets the limit",
        )


def _load(language: Language, strict: bool) -> "Lark":
    from lark import Token, Tree

    known = None if strict else read_parser(language, _FOLDER)
    lark = compute_parser(language, strict) if known is None else known
    if not strict:  # strict parsers, which only tests ask for, stay as Lark makes them
        shorten(lark, Tree, Token)
    return lark


def read_parser(language: Language, folder: Path) -> "Lark | None":
    """The parser whose tables are in a file of that folder, or None where there is none that fits the grammar."""
    from lark import Lark

    known = tables.read(folder / _tables_name(language), _made_from(language))
    if known is None:
        return None
    load: Callable[..., Lark] = Lark._load_from_dict  # what Lark's own stand-alone parsers begin with
    data, memo = known
    return load(data, memo, postlex=_layout(language))


def write_parser(language: Language, lark: "Lark", folder: Path) -> None:
    """Writes the tables of a parser to a file of that folder."""
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

    data, memo = lark.memo_serialize([TerminalDef, Rule])
    plain = {**data["options"], "postlex": None}  # a layout is no data; it is given again when the tables are read
    tables.write(folder / _tables_name(language), _made_from(language), {**data, "options": plain}, memo)


def write_tables() -> None:
    """Computes the tables of all languages, and writes them to files beside the grammars."""
    for language in LANGUAGES:
        write_parser(language, compute_parser(language), _FOLDER)


def _tables_name(language: Language) -> str:
    return f"{language}.tables.json"


def _made_from(language: Language) -> list[str]:
    """All that the tables of a language depend on."""
    import lark

    return [lark.__version__, *[(_FOLDER / f"{name}.lark").read_text("utf-8") for name in ("common", language)]]


def compute_parser(language: Language, strict: bool = False) -> "Lark":
    """The parser of a grammar, computed from its text."""
    from lark import Lark

    # The file names the common terminals as `%import .common (...)`, which Lark resolves beside the file itself.
    return Lark.open(
        str(_FOLDER / f"{language}.lark"),
        parser="lalr",
        # The languages have reserved words, so what a token is must not depend on what the parser would like.
        lexer="basic",
        start=list(STARTS),
        postlex=_layout(language),
        propagate_positions=True,
        strict=strict,
    )


def _layout(language: Language) -> "PostLex":
    match language:
        case "elixir":
            from grammar.layout import ElixirLayout

            return cast("PostLex", ElixirLayout())
        case "python":
            from grammar.layout_python import PythonLayout

            return cast("PostLex", PythonLayout())
        case "erlang":
            from grammar.layout import ErlangLayout

            return cast("PostLex", ErlangLayout())


def _problem(lark: "Lark", source: Source, start: str, error: "UnexpectedInput") -> Problem:
    """What Lark found wrong, without Lark's types."""
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken

    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        token = error.token
        begin = token.start_pos or 0
        expected = frozenset(error.accepts or error.expected)
        end = begin + 1 if token.end_pos is None else token.end_pos
        return Problem(
            Span(begin, end), token.type, str(token), expected, _tokens(lark, source, start, begin, LIMITS.max_tokens)
        )
    if isinstance(error, UnexpectedCharacters):
        # Lark declares the attribute as None and sets it to a number, so compiled code must not read it as declared.
        begin = int(vars(error)["pos_in_stream"])
        before = _tokens(lark, source, start, begin, LIMITS.max_tokens)
        return Problem(Span(begin, begin + 1), "", source.text[begin], frozenset(), before)
    expected = frozenset(error.accepts or error.expected) if isinstance(error, UnexpectedToken) else frozenset()
    begin = len(source.text.rstrip())
    return Problem(Span(begin, begin), "$END", "", expected, _tokens(lark, source, start, begin, LIMITS.max_tokens))


def _tokens(lark: "Lark", source: Source, start: str, end: int, most: int) -> tuple[tuple[str, int], ...]:
    """The text and offset of each token before `end`, at most so many; for finding the bracket that is open there.

    They come from the lexer of a parse that does not go on: `Lark.lex` would build a lexer for every call.
    """
    from lark.exceptions import UnexpectedInput

    found: list[tuple[str, int]] = []
    waiting = lark.parse_interactive(source.text, start=start)
    try:
        for token in waiting.lexer_thread.lex(waiting.parser_state):  # type: ignore[no-untyped-call]  # Lark's own
            if token.start_pos is None or token.start_pos >= end or len(found) >= most:
                break
            found.append((str(token), token.start_pos))
    except UnexpectedInput:
        pass  # the error that is being described
    return tuple(found)
