"""The syntax tree that all three languages build: clauses of head, guard and body.

Nodes are immutable, compare by content (spans aside) and say nothing about meaning: whether `x == y` is Erlang's
comparison or Python's is decided in `matchspec.resolve`, by `Function.language`. Patterns and expressions share their
nodes, because a head such as `{x, [1 | rest]}` reads the same on either side of the arrow.
"""

from dataclasses import dataclass, field
from typing import Literal as OneOf
from typing import TypeAlias, final

from grammar.span import NOWHERE, Source, Span

# mypyc cannot build a dataclass field annotated with the bare name `object`; an alias of it is fine.
Value: TypeAlias = object
Language: TypeAlias = OneOf["python", "elixir", "erlang"]


@final
@dataclass(frozen=True)
class Constant:
    """A number, string, bytes, True, False or None, as the Python value. Elixir's `"text"` is a str here."""

    value: Value
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    def __eq__(self, other: Value) -> bool:
        # 1, 1.0 and True are different constants, and so are 0.0 and -0.0.
        if not isinstance(other, Constant):
            return NotImplemented
        return type(self.value) is type(other.value) and repr(self.value) == repr(other.value)

    def __hash__(self) -> int:
        return hash((type(self.value), repr(self.value)))


@final
@dataclass(frozen=True)
class AtomName:
    """An atom of Erlang or Elixir, `true`, `false` and `nil` included; `name` is without quotes or colon.

    An Elixir alias such as `Enum` is the atom named `Elixir.Enum`.
    """

    name: str
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class Chars:
    """A list of code points written as text: Erlang's `"abc"`, Elixir's `'abc'`."""

    text: str
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class Segment:
    """One segment of `<<...>>`: `value:size/spec-spec`. A string value stands for its characters, one segment each."""

    value: "Node"
    size: "Node | None" = None
    specs: tuple[str, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class BinaryNode:
    """`<<Segment, ...>>`."""

    segments: tuple[Segment, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class Name:
    """A variable or other bare name."""

    name: str
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class Wild:
    """`_`"""

    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class Pin:
    """Elixir's `^x` and `^(expression)`."""

    value: "Node"
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class TupleNode:
    """`{a, b}` of Erlang and Elixir, `(a, b)` of Python."""

    items: tuple["Node", ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class ListNode:
    """`[a, b]`, or `[a, b | tail]`."""

    items: tuple["Node", ...]
    tail: "Node | None" = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class SetNode:
    """Python's `{a, b}`; only good as the right side of `in`."""

    items: tuple["Node", ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class MapItem:
    """`key => value` (also Elixir's `key: value`, Python's `key: value`), or Erlang's `key := value`."""

    key: "Node"
    value: "Node"
    exact: bool = False  # True for `:=`
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class MapNode:
    """`#{...}`, `%{...}`, `{k: v}`; with a `base` it is the update `Base#{...}`, `%{base | ...}`."""

    items: tuple[MapItem, ...]
    base: "Node | None" = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class Keyword:
    """A `name=value` argument of Python, a `name: value` argument of Elixir."""

    name: str
    value: "Node"
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class Call:
    """`name(args)`, or with a receiver `receiver.name(args)`, `module:name(args)`."""

    name: str
    args: tuple["Node", ...]
    keywords: tuple[Keyword, ...] = ()
    receiver: "Node | None" = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class Attribute:
    """`value.name`"""

    value: "Node"
    name: str
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class Subscript:
    """`value[index]`; the index may be a `Slice`."""

    value: "Node"
    index: "Node"
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class Slice:
    """`lower:upper:step` inside a subscript."""

    lower: "Node | None" = None
    upper: "Node | None" = None
    step: "Node | None" = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class Unary:
    """A prefix operator, as spelled: `-`, `+`, `not`, `bnot`, `~`, `!`."""

    op: str
    operand: "Node"
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class Infix:
    """An infix operator, as spelled in its language (`=<`, `<=`, `andalso`, `and`, `//`, `<>`, `in` ...)."""

    op: str
    left: "Node"
    right: "Node"
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class Compare:
    """Python's comparison, chained or not: `first op operand op operand`; `not in` and `is not` are one op each."""

    first: "Node"
    rest: tuple[tuple[str, "Node"], ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class Conditional:
    """Python's `then if test else otherwise`."""

    test: "Node"
    then: "Node"
    otherwise: "Node"
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class RecordField:
    """`field = value` inside a record; the field `_` stands for all the others."""

    name: str
    value: "Node"
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class RecordNode:
    """Erlang's `#name{...}`; with a `base` it is the update `Base#name{...}`."""

    name: str
    fields: tuple[RecordField, ...]
    base: "Node | None" = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class RecordAccess:
    """Erlang's `Value#name.field`; without a `base` it is the index `#name.field`."""

    name: str
    field_name: str
    base: "Node | None" = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class Bind:
    """`left = right` of Erlang and Elixir, `pattern as name` of Python (then `right` is the Name)."""

    left: "Node"
    right: "Node"
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class Alternatives:
    """A Python or-pattern, `a | b`."""

    options: tuple["Node", ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class Rest:
    """`*name`, `*_` in a Python sequence pattern, `**name` in a mapping pattern; `*value` in a display."""

    value: "Node"
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class ClassPattern:
    """A Python class pattern, `Point(x, y=0)`; `cls` is a Name or an Attribute."""

    cls: "Node"
    args: tuple["Node", ...]
    keywords: tuple[Keyword, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class ValuePattern:
    """A dotted name in a Python pattern, `Color.RED`: a value to compare with, not a variable to bind."""

    value: Attribute
    span: Span = field(default=NOWHERE, compare=False, repr=False)


Node: TypeAlias = (
    Constant
    | AtomName
    | Chars
    | BinaryNode
    | Name
    | Wild
    | Pin
    | TupleNode
    | ListNode
    | SetNode
    | MapNode
    | Call
    | Attribute
    | Subscript
    | Slice
    | Unary
    | Infix
    | Compare
    | Conditional
    | RecordNode
    | RecordAccess
    | Bind
    | Alternatives
    | Rest
    | ClassPattern
    | ValuePattern
)


@final
@dataclass(frozen=True)
class Clause:
    """One clause.

    `params` are the patterns between the parentheses (one for a whole row). `guards` is a disjunction of conjunctions:
    Erlang's `A, B; C` is `((A, B), (C,))`, and no guard at all is `()`. `body` is one or more expressions.
    """

    params: tuple[Node, ...]
    guards: tuple[tuple[Node, ...], ...]
    body: tuple[Node, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class Function:
    """A whole query: its clauses, its language, and the text that it came from.

    A Python lambda is one clause whose parameters are Names and whose body is one expression, its conditionals not yet
    taken apart; a Python match function has one clause per `case`, with `subject` the name of its parameter.
    """

    clauses: tuple[Clause, ...]
    language: Language
    source: Source = field(default=Source(""), compare=False, repr=False)
    subject: str = ""
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@final
@dataclass(frozen=True)
class TermText:
    """A text that is a term or a raw match spec rather than a function."""

    node: Node
    language: Language
    source: Source = field(default=Source(""), compare=False, repr=False)
    span: Span = field(default=NOWHERE, compare=False, repr=False)
