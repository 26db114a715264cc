"""Protocols for functions that take any kind of table: what can be queried, read by key, and written.

`Selectable[User]` is anything with rows of User that answers queries: a Table, a PartitionedTable, a table on disk. A
function that takes one is checked as its callers are: fields, the number of parameters, operand and result types.

    def adults(users: Selectable[User]) -> list[str]:
        return users.select(lambda u: u.name if u.age >= 18 else SKIP)

`Readable` adds rows by key, `Writable` what changes rows. They are for type checkers; nothing in the tables uses them.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, TypeVar, TypeVarTuple, overload

from matchspec.spec import MatchSpec
from runtime.core import Element
from runtime.queryable import AnyElements, Chunk, Order, Pattern, Raw
from runtime.updates import Position

R = TypeVar("R")
T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Selectable(Protocol[R]):
    """Rows that can be counted, iterated over and queried."""

    def __iter__(self) -> Iterator[R]: ...

    def __len__(self) -> int: ...

    @overload
    def match(self, pattern: Pattern) -> list[list[Any]]: ...
    @overload
    def match(self, pattern: Pattern, limit: int) -> Chunk[list[Any]]: ...

    @overload
    def match_object(self, pattern: Pattern) -> list[R]: ...
    @overload
    def match_object(self, pattern: Pattern, limit: int) -> Chunk[R]: ...

    @overload
    def select(self, query: MatchSpec[R, T]) -> list[T]: ...
    @overload
    def select(self, query: Callable[[R], T]) -> list[T]: ...
    @overload
    def select(self: Iterable[tuple[*Ts]], query: Callable[[*Ts], T]) -> list[T]: ...
    @overload
    def select(self: "Selectable[AnyElements]", query: Callable[..., T]) -> list[T]: ...
    @overload
    def select(self, query: Raw) -> list[Any]: ...
    @overload
    def select(self, query: MatchSpec[R, T], limit: int) -> Chunk[T]: ...
    @overload
    def select(self, query: Callable[[R], T], limit: int) -> Chunk[T]: ...
    @overload
    def select(self: Iterable[tuple[*Ts]], query: Callable[[*Ts], T], limit: int) -> Chunk[T]: ...
    @overload
    def select(self: "Selectable[AnyElements]", query: Callable[..., T], limit: int) -> Chunk[T]: ...
    @overload
    def select(self, query: Raw, limit: int) -> Chunk[Any]: ...

    @overload
    def select_reverse(self, query: MatchSpec[R, T]) -> list[T]: ...
    @overload
    def select_reverse(self, query: Callable[[R], T]) -> list[T]: ...
    @overload
    def select_reverse(self: Iterable[tuple[*Ts]], query: Callable[[*Ts], T]) -> list[T]: ...
    @overload
    def select_reverse(self: "Selectable[AnyElements]", query: Callable[..., T]) -> list[T]: ...
    @overload
    def select_reverse(self, query: Raw) -> list[Any]: ...
    @overload
    def select_reverse(self, query: MatchSpec[R, T], limit: int) -> Chunk[T]: ...
    @overload
    def select_reverse(self, query: Callable[[R], T], limit: int) -> Chunk[T]: ...
    @overload
    def select_reverse(self: Iterable[tuple[*Ts]], query: Callable[[*Ts], T], limit: int) -> Chunk[T]: ...
    @overload
    def select_reverse(self: "Selectable[AnyElements]", query: Callable[..., T], limit: int) -> Chunk[T]: ...
    @overload
    def select_reverse(self, query: Raw, limit: int) -> Chunk[Any]: ...

    @overload
    def select_iter(
        self,
        query: MatchSpec[R, T],
        chunk: int = ...,
        *,
        order_by: Order | None = ...,
        reverse: bool = ...,
        limit: int | None = ...,
        offset: int = ...,
    ) -> Iterator[T]: ...
    @overload
    def select_iter(
        self,
        query: Callable[[R], T],
        chunk: int = ...,
        *,
        order_by: Order | None = ...,
        reverse: bool = ...,
        limit: int | None = ...,
        offset: int = ...,
    ) -> Iterator[T]: ...
    @overload
    def select_iter(
        self: Iterable[tuple[*Ts]],
        query: Callable[[*Ts], T],
        chunk: int = ...,
        *,
        order_by: Order | None = ...,
        reverse: bool = ...,
        limit: int | None = ...,
        offset: int = ...,
    ) -> Iterator[T]: ...
    @overload
    def select_iter(
        self: "Selectable[AnyElements]",
        query: Callable[..., T],
        chunk: int = ...,
        *,
        order_by: Order | None = ...,
        reverse: bool = ...,
        limit: int | None = ...,
        offset: int = ...,
    ) -> Iterator[T]: ...
    @overload
    def select_iter(
        self,
        query: Raw,
        chunk: int = ...,
        *,
        order_by: Order | None = ...,
        reverse: bool = ...,
        limit: int | None = ...,
        offset: int = ...,
    ) -> Iterator[Any]: ...

    @overload
    def select_count(self, query: MatchSpec[R, Any]) -> int: ...
    @overload
    def select_count(self, query: Raw) -> int: ...
    @overload
    def select_count(self, query: Callable[[R], Any]) -> int: ...
    @overload
    def select_count(self: Iterable[tuple[*Ts]], query: Callable[[*Ts], Any]) -> int: ...
    @overload
    def select_count(self: "Selectable[AnyElements]", query: Callable[..., Any]) -> int: ...


class Readable(Selectable[R], Protocol[R]):
    """Rows that can be had by their keys, too."""

    def lookup(self, key: Element) -> list[R]: ...

    def member(self, key: Element) -> bool: ...

    @overload
    def lookup_element(self, key: Element, pos: Position) -> Element: ...
    @overload
    def lookup_element(self, key: Element, pos: Position, default: T) -> Element | T: ...


class Writable(Readable[R], Protocol[R]):
    """Rows that can be inserted, changed and deleted."""

    def insert(self, row: R | list[R], *, ttl: float | None = ...) -> bool: ...

    def insert_new(self, row: R | list[R], *, ttl: float | None = ...) -> bool: ...

    def take(self, key: Element) -> list[R]: ...

    def delete(self, key: Element) -> bool: ...

    def delete_object(self, row: R) -> bool: ...

    def match_delete(self, pattern: Pattern) -> bool: ...

    @overload
    def select_delete(self, query: MatchSpec[R, Any]) -> int: ...
    @overload
    def select_delete(self, query: Raw) -> int: ...
    @overload
    def select_delete(self, query: Callable[[R], Any]) -> int: ...
    @overload
    def select_delete(self: Iterable[tuple[*Ts]], query: Callable[[*Ts], Any]) -> int: ...
    @overload
    def select_delete(self: "Selectable[AnyElements]", query: Callable[..., Any]) -> int: ...

    @overload
    def select_replace(self, query: MatchSpec[R, Any]) -> int: ...
    @overload
    def select_replace(self, query: Raw) -> int: ...
    @overload
    def select_replace(self, query: Callable[[R], Any]) -> int: ...
    @overload
    def select_replace(self: Iterable[tuple[*Ts]], query: Callable[[*Ts], Any]) -> int: ...
    @overload
    def select_replace(self: "Selectable[AnyElements]", query: Callable[..., Any]) -> int: ...
