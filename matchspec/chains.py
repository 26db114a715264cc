"""Chains of conditionals: from the clauses of one head back to the `A if G else B` that a lambda or `return` says.

`PythonResolver.flatten` takes a conditional apart: `(A if S else B) if T else C` becomes A with the guards T and S, B
with the guard T, C without one; where A may be SKIP, what follows it gets the guard `not T`. `tree_of` is the inverse.
`laid_out` writes the tree on one line, or where that is too long one line for each branch.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias, final

from matchspec.errors import RenderError
from matchspec.pytext import AND, CONDITIONAL, OR, Expressions, wrap
from matchspec.spec import NO_MATCH, ECall, EConst, Expr

Text: TypeAlias = tuple[str, int]  # and how tightly it binds
Part: TypeAlias = tuple[tuple[Expr, ...], Expr]  # guards and result of a clause

# The result of a clause that ends the search without giving anything.
SKIPPED: Final = EConst(NO_MATCH)


@final
@dataclass(frozen=True)
class Choice:
    """`then if test else otherwise`"""

    test: Text
    then: "Tree"
    otherwise: "Tree"


Tree: TypeAlias = Text | Choice | None  # None is SKIP


def tree_of(parts: list[Part], write: Expressions) -> Tree:
    """The conditional that flattens to these parts. Raises RenderError where none does."""
    if not parts:
        return None
    (guards, body), *others = parts
    if not guards:
        if others:
            raise RenderError("a result without a condition is the last of its chain")
        return None if body == SKIPPED else write.expr(body)
    test = guards[0]
    then, rest, total = _branch(parts, test)
    if not total:  # the branch may give SKIP, so whatever follows says that the test failed
        inverse = EConst(not test.value) if isinstance(test, EConst) else ECall("python:not", (test,))
        if any([len(tests) == 0 or tests[0] != inverse for tests, _ in rest if (tests, _) != ((), SKIPPED)]):
            raise RenderError("what follows a result that may be SKIP does not say so")
        rest = [(tests[1:], result) for tests, result in rest if tests]
    return Choice(write.test(test), tree_of(then, write), tree_of(rest, write))


def _branch(parts: list[Part], test: Expr) -> tuple[list[Part], list[Part], bool]:
    """The parts of the branch for `test`, without it; the other parts; whether the branch always has a result."""
    then: list[Part] = []
    for index, (guards, body) in enumerate(parts):
        if not guards or guards[0] != test:
            return then, parts[index:], False
        then.append((guards[1:], body))
        if len(guards) == 1:
            return then, parts[index + 1 :], True
    return then, [], False


def flat(clauses: list[tuple[list[Text], Text | None]]) -> Tree:
    """One condition for each clause, all its tests joined by `and`."""
    tree: Tree = None
    for tests, result in reversed(clauses):
        if not tests:
            tree = result
        elif len(tests) == 1:
            tree = Choice(tests[0], result, tree)
        else:
            tree = Choice((" and ".join([wrap(test, AND) for test in tests]), AND), result, tree)
    return tree


def laid_out(before: str, tree: Tree, width: int, indent: str = "") -> str:
    """The tree behind some text, at most `width` characters wide where conditionals can be broken."""
    line = f"{indent}{before}{_line(tree)}"
    if len(line) <= width or not isinstance(tree, Choice):
        return line
    lines = [f"{indent}{before}("]
    inner = indent + "    "
    start = ""
    while isinstance(tree, Choice):
        lines += [f"{inner}{start}{_then(tree.then)}", f"{inner}if {wrap(tree.test, OR)}"]
        start, tree = "else ", tree.otherwise
    return "\n".join([*lines, f"{inner}else {_line(tree)}", f"{indent})"])


def _line(tree: Tree) -> str:
    if tree is None:
        return "SKIP"
    if isinstance(tree, Choice):
        return f"{_then(tree.then)} if {wrap(tree.test, OR)} else {_line(tree.otherwise)}"
    return wrap(tree, CONDITIONAL)


def _then(tree: Tree) -> str:
    return f"({_line(tree)})" if isinstance(tree, Choice) else "SKIP" if tree is None else wrap(tree, OR)
