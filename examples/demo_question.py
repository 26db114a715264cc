"""What the demo runs: a data set, and questions about it, each asked in three languages."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

AnyRow: TypeAlias = tuple[Any, ...]
Answer: TypeAlias = Any  # each question has answers of its own kind
Row = TypeVar("Row", bound=AnyRow)


@dataclass(frozen=True)
class Question(Generic[Row]):
    """One question: a lambda, Elixir text as for ex2ms, and Erlang text that mean the same.

    `columns` names the parts of an answer. A question without columns asks how many rows there are.
    """

    title: str
    python: Callable[[Row], Answer]
    elixir: str
    erlang: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class DataSet(Generic[Row]):
    """Rows, where they come from, and what is asked of them. `key` is the field by which their table finds rows."""

    name: str
    origin: str
    row_type: type[Row]
    key: str
    rows: list[Row]
    questions: tuple[Question[Row], ...]
