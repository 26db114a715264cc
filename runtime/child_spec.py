"""What a supervisor knows of a child: how it is started, when it is started again, and how it is ended."""

from collections.abc import Callable
from typing import Any, ClassVar, Final, Literal, NamedTuple, TypeAlias, cast, final

from matchspec.unchecked import Unchecked
from matchspec.values import Pid, Term
from runtime.ending import Shutdown, shutdown_of
from runtime.errors import BadArg, choice
from runtime.restarts import Restart, restart_of

Kind: TypeAlias = Literal["worker", "supervisor"]
Start: TypeAlias = Callable[[], Any]
# A ChildSpec, or something with a child_spec() that gives one, or (such a thing, argument of its child_spec).
Child: TypeAlias = Any


@final
class ChildSpec:
    """How a child of a supervisor is started, restarted and ended. Elixir's child specification; immutable.

    Args:
        id: any term by which the supervisor knows the child.
        start: starts a process that is linked to the calling one, and returns its Pid, or an object with a `.pid`, such
            as an Agent; None for no process. The supervisor calls it, for each start anew.
        restart: "permanent" (always restarted), "transient" (if it has ended otherwise than normal, shutdown or
            (shutdown, anything)) or "temporary" (never, and forgotten when it has ended).
        shutdown: how many seconds it may take after the exit signal that ends it, None for any time; or BRUTAL_KILL.
        type: "worker" or "supervisor", for `count_children`.

    Raises BadArg: "type", "option".
    """

    __match_args__: ClassVar = ("id", "start", "restart", "shutdown", "type")
    __slots__ = ("id", "restart", "shutdown", "start", "type")

    def __init__(
        self,
        id: Term,
        start: Start,
        restart: Restart | Unchecked = "permanent",
        shutdown: Shutdown | Unchecked = 5.0,
        type: Kind | Unchecked = "worker",
    ) -> None:
        if not callable(start):
            raise BadArg("type", "start", start, "allowed is a function without arguments that starts a process")
        self.id: Final = id
        self.start: Final[Start] = start
        self.restart: Final = restart_of(restart)
        self.shutdown: Final = shutdown_of(shutdown)
        self.type: Final = cast(Kind, choice("option", "type", type, ("worker", "supervisor")))

    def __repr__(self) -> str:
        options = f"restart={self.restart!r}, shutdown={self.shutdown!r}, type={self.type!r}"
        return f"ChildSpec({self.id!r}, {self.start!r}, {options})"


class ChildInfo(NamedTuple):
    """A child, by `which_children`: `pid` is None while it does not run, RESTARTING until it can be started."""

    id: Term
    pid: Pid | Term
    type: Kind


class ChildCounts(NamedTuple):
    """How many children: all, those that run, and the supervisors and workers among all."""

    specs: int
    active: int
    supervisors: int
    workers: int


def spec_of(child: Child, argument: str = "child") -> ChildSpec:
    """The specification of a child as a user gives it. Raises BadArg, cause "type"."""
    if isinstance(child, ChildSpec):
        return child
    thing, args = (child[0], child[1:]) if isinstance(child, tuple) and len(child) == 2 else (child, ())
    make = getattr(thing, "child_spec", None)
    if callable(make):
        spec = make(*args)
        if isinstance(spec, ChildSpec):
            return spec
    raise BadArg(
        "type",
        argument,
        child,
        "allowed are a ChildSpec, what has a child_spec() that gives one, and (such a thing, its argument)",
    )


def id_of(id: Term, name: Term, otherwise: str) -> Term:
    """The id of a child that has none of its own: its name, or what it is."""
    if id is not None:
        return id
    return otherwise if name is None else name
