"""What threads are started for."""

from collections.abc import Callable
from typing import TypeAlias

Work: TypeAlias = Callable[[], None]
