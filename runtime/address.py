"""Names of processes that are kept elsewhere than in the kernel's own table. Elixir's {:via, module, name}."""

from typing import TYPE_CHECKING

from matchspec.values import Pid

if TYPE_CHECKING:
    from runtime.kernel import Process


class Address:
    """A name. `runtime.process_registry.Via` is one. Both methods are called without the lock."""

    def whereis(self) -> Pid | None:
        """The process of this name."""
        raise AssertionError("every kind of address has its own")

    def take(self, process: "Process") -> None:
        """Gives the name to a process, until that ends. Raises BadArg, cause "already_exists"."""
        raise AssertionError("every kind of address has its own")
