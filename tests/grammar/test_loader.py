"""The loader: strict grammars, lazy imports, threads, and that grammars and builders name the same rules."""

import ast
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import pytest
from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput
from lark.grammar import Rule
from lark.parsers.lalr_analysis import Reduce

import grammar
from grammar import Language, loader, parse, tables
from grammar.hints import words_of
from grammar.layout import ElixirLayout, ErlangLayout
from grammar.loader import LANGUAGES, STARTS, parser
from grammar.reductions import alone
from tests.fuzz.corpus import corpus

PACKAGE = Path(grammar.__file__).parent

BUILDERS: list[tuple[Language, str]] = [("erlang", "build_erlang.py"), ("elixir", "build_elixir.py")]


# ---- Grammars --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["erlang", "elixir"])
def test_the_grammar_is_free_of_collisions_and_of_conflicts(language: Language) -> None:
    # Lark raises here if two terminals can match one text, or if it would have to choose between two actions.
    assert parser(language, "query", strict=True) is parser(language, "term", strict=True)


def branches(file: str) -> list[str]:
    """The rule names that the `match rule:` statements of a builder know."""
    tree = ast.parse((PACKAGE / file).read_text("utf-8"))
    return [
        str(value.value.value)
        for match in ast.walk(tree)
        if isinstance(match, ast.Match) and ast.unparse(match.subject) == "rule"
        for case in match.cases
        for value in ast.walk(case.pattern)
        if isinstance(value, ast.MatchValue) and isinstance(value.value, ast.Constant)
    ]


@pytest.mark.parametrize(("language", "file"), BUILDERS)
def test_the_builder_has_one_branch_for_each_alias_of_the_grammar(language: Language, file: str) -> None:
    rules = parser(language, "query").rules
    aliases = {rule.alias for rule in rules if rule.alias is not None}
    known = branches(file)
    assert sorted(known) == sorted(aliases)
    assert len(known) == len(set(known))


@pytest.mark.parametrize(("language", "layout"), [("erlang", ErlangLayout), ("elixir", ElixirLayout)])
def test_refused_terminals_are_in_no_rule(language: Language, layout: type[ErlangLayout] | type[ElixirLayout]) -> None:
    used = {symbol.name for rule in parser(language, "query").rules for symbol in rule.expansion}
    assert not used & set(layout.always_accept)
    assert all(name.startswith("REFUSED") for name in layout.always_accept)


@pytest.mark.parametrize("language", ["erlang", "elixir"])
def test_the_words_name_terminals_of_the_grammar(language: Language) -> None:
    found = parser(language, "query")
    terminals = {terminal.name for terminal in found.terminals} | {"$END", "CALL", "INDEX"}
    terminals |= {symbol.name for rule in found.rules for symbol in rule.expansion}
    words = words_of(language)
    assert set(words.terminals) <= terminals
    assert words.expression <= terminals
    assert all(hint and hint[0] not in " \n" for hint in words.refused.values())


# ---- What is made cheaper ----------------------------------------------------------------------------------------------


def shape(tree: Tree[Token] | Token | None) -> object:
    """A parse tree with the offsets of every node, comparable."""
    if tree is None or isinstance(tree, Token):
        return tree
    meta = tree.meta
    span = None if meta.empty else (meta.start_pos, meta.end_pos)
    return (str(tree.data), span, [shape(child) for child in tree.children])


@pytest.mark.parametrize("language", ["python", "erlang", "elixir"])
def test_cheaper_reductions_make_the_same_trees(language: Language) -> None:
    ours, theirs = parser(language, "query"), parser(language, "query", strict=True)
    count = 0
    for text in corpus(1, 40)[language]:
        try:
            wanted = theirs.parse(text, start="query")
        except UnexpectedInput:
            continue
        assert shape(ours.parse(text, start="query")) == shape(wanted), text
        count += 1
    assert count > 100


@pytest.mark.parametrize("language", ["python", "erlang", "elixir"])
def test_the_installed_lark_is_built_as_expected(language: Language) -> None:
    callbacks = parser(language, "query").parser.parser.parser.callbacks
    kinds = [type(callback).__name__ for callback in callbacks.values()]
    assert "PropagatePositions" not in kinds
    assert kinds.count("Positions") > 20
    assert sum(callback is alone for callback in callbacks.values()) > 10


# ---- Loading ---------------------------------------------------------------------------------------------------------


def test_lark_is_imported_by_the_first_text_only() -> None:
    program = """if True:
        import sys
        import grammar
        assert "lark" not in sys.modules
        grammar.parse("1", "erlang")
        assert "lark" in sys.modules
        assert "grammar.build_elixir" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", program], check=True, cwd=PACKAGE.parent)


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_parser_serves_every_start_rule(language: Language) -> None:
    assert {id(parser(language, start)) for start in STARTS} == {id(parser(language, "query"))}


def test_threads_share_a_parser() -> None:
    texts: list[tuple[str, Language]] = []
    for number in range(40):
        texts.append((f"fun({{X, {number}}}) -> [X, {{{number}}}] end", "erlang"))
        texts.append((f"fun do {{x, {number}}} ->\n  x\n  [{number}]\nend", "elixir"))
    alone = [parse(text, language) for text, language in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda pair: parse(*pair), texts)) == alone


@pytest.mark.parametrize("language", ["klingon", "../erlang", "Erlang", ""])
def test_an_unknown_language_is_refused(language: str) -> None:
    with pytest.raises(ValueError, match="must be one of python, elixir, erlang") as caught:
        parse("1", cast("Language", language))
    assert repr(language) in str(caught.value)


def test_an_unknown_start_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="start is 'clause', but must be one of query, term"):
        parser("erlang", "clause")


# ---- Tables in files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_tables_out_of_a_file_are_those_of_the_grammar(language: Language, tmp_path: Path) -> None:
    assert loader.read_parser(language, tmp_path) is None
    computed = loader.compute_parser(language)
    loader.write_parser(language, computed, tmp_path)
    read = loader.read_parser(language, tmp_path)
    assert read is not None
    assert read.source_path != computed.source_path, "Lark knows that one is not out of a grammar"
    assert content(read) == content(computed)
    (path,) = tmp_path.iterdir()
    path.write_text(path.read_text("utf-8").replace("%import", "%imports"), "utf-8")
    assert loader.read_parser(language, tmp_path) is None, "it was made from another grammar"


def content(lark: Lark) -> object:
    """All that Lark's parser of a language consists of, but for the numbers of its states, which change every time."""
    states = lark.parser.parser._parse_table.states.values()
    actions = Counter(
        [
            frozenset([(token, rule(to) if what is Reduce else "shift") for token, (what, to) in state.items()])
            for state in states
        ]
    )
    terminals = {(term.name, term.pattern.to_regexp(), term.priority) for term in lark.terminals}
    options = {name: value for name, value in lark.options.options.items() if name not in {"postlex", "source_path"}}
    return actions, terminals, options, type(lark.options.postlex)


def rule(rule: Rule) -> object:
    return str(rule.origin.name), tuple(str(symbol.name) for symbol in rule.expansion), rule.alias, repr(rule.options)


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"made_from": []}', '{"made_from": 1}'])
def test_a_damaged_file_of_tables_is_passed_over(text: str, tmp_path: Path) -> None:
    path = tmp_path / "python.tables.json"
    assert tables.read(path, ["x"]) is None
    path.write_text(text, "utf-8")
    assert tables.read(path, ["x"]) is None
