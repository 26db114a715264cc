"""All the problems of a query at once: how the resolvers go on after the first.

A resolver raises the error of a node wherever it stands. The walker's entry for expressions (and that for patterns)
catches it, hands it to `Problems`, and gives UNRESOLVED in place of the node, so that the nodes beside it are resolved
as well. What fails only because a part of it failed is no problem of its own: `keep` compares how much had failed
before the node was begun with how much has failed since. Names that a failed head would have bound stand for UNRESOLVED
too, and what uses them fails without a word.
"""

from collections.abc import Iterable, Iterator
from typing import Final, final

from grammar.errors import MatchSpecError, nearest
from grammar.limits import LIMITS
from grammar.span import Source, Span
from grammar.tree import (
    Alternatives,
    Bind,
    Call,
    ClassPattern,
    Infix,
    ListNode,
    MapNode,
    Name,
    Node,
    RecordNode,
    Rest,
    TupleNode,
)
from matchspec.errors import ResolveError
from matchspec.spec import EVerbatim, Expr, Sentinel
from matchspec.values import Term

# In place of the value of what could not be resolved, and of its expression. No spec ever holds them.
UNKNOWN_TERM: Final[Term] = Sentinel("UNRESOLVED")
UNRESOLVED: Final = EVerbatim(UNKNOWN_TERM)


class Unresolved(MatchSpecError):
    """A node that uses what failed before: nothing to be told again."""


@final
class Problems:
    """The problems of one query.

    `failed` counts the nodes that failed so far, whether or not each was a problem of its own.
    """

    def __init__(self, source: Source) -> None:
        self.source: Final = source
        self.failed = 0
        self._found: Final[list[MatchSpecError]] = []
        self._seen: Final[set[tuple[str, Span | None]]] = set()

    def add(self, error: MatchSpecError) -> None:
        """A problem on its own account. The same one at the same place counts once."""
        self.failed += 1
        key = (error.message, error.span)
        if key not in self._seen:
            self._seen.add(key)
            self._found.append(error)

    def error(self, node: Node, message: str, hint: str = "") -> ResolveError:
        return ResolveError(message, source=self.source, span=node.span, hint=hint)

    def report(self, node: Node, message: str, hint: str = "") -> None:
        """A problem that has nothing to do with the parts of the node, which are resolved all the same."""
        self.add(self.error(node, message, hint))

    def keep(self, mark: int, error: MatchSpecError, node: Node) -> None:
        """The error that ended the node; `mark` is what `failed` was before the node was begun."""
        if self.failed > mark or isinstance(error, Unresolved):
            self.failed += 1
        elif error.span is None:  # of a stage below, which knows no places
            self.report(node, error.message, error.hint)
        else:
            self.add(error)

    def nearest(self, name: str, known: Iterable[str]) -> str:
        """As `grammar.errors.nearest`, for as many problems as are shown."""
        return nearest(name, known) if len(self._found) < LIMITS.max_problems else ""

    def finish(self, later: Iterable[MatchSpecError] = ()) -> None:
        """Raises the first problem, as the error of all of them and of `later` ones, in the order of the text."""
        if not self._found:
            assert not self.failed, "what fails is a problem, or follows from one"
            return
        found = sorted(self._found, key=_start)
        raise found[0].among(sorted([*found, *later], key=_start))


def _start(error: MatchSpecError) -> int:
    return 0 if error.span is None else error.span.start


def names_in(node: Node) -> Iterator[Name]:
    """The variables that a pattern binds. (Not those inside a pin, which it only reads.)"""
    parts: Iterable[Node]
    match node:
        case Name():
            yield node
            return
        case TupleNode(items):
            parts = items
        case ListNode(items, tail):
            parts = items if tail is None else (*items, tail)
        case MapNode(items):
            parts = [part for item in items for part in (item.key, item.value)]
        case RecordNode(_, fields):
            parts = [given.value for given in fields]
        case Call(_, args, keywords):
            parts = [*args, *[keyword.value for keyword in keywords]]
        case ClassPattern(_, args, keywords):
            parts = [*args, *[keyword.value for keyword in keywords]]
        case Bind(left, right) | Infix(_, left, right):
            parts = (left, right)
        case Alternatives(options):
            parts = options
        case Rest(value):
            parts = (value,)
        case _:
            return
    for part in parts:
        yield from names_in(part)


def bind_unresolved(names: dict[str, Expr], nodes: Iterable[Node]) -> None:
    """Lets the names that failed patterns would have bound, and nothing else has, stand for UNRESOLVED."""
    for node in nodes:
        for name in names_in(node):
            names.setdefault(name.name, UNRESOLVED)
