"""`Record`: what the frozen dataclasses of all layers inherit, so that they can be copied and pickled.

A class that mypyc has compiled keeps its attributes where `copy` and `pickle` do not look for them.
"""

from dataclasses import fields
from typing import Any, cast


class Record:
    """A frozen dataclass whose constructor takes its fields in their order."""

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        """Copies and pickles are made by the constructor."""
        return type(self), tuple([getattr(self, field.name) for field in fields(cast(Any, self))])
