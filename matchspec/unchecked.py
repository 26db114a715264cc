"""The annotation of arguments that a function checks by itself.

Compiled code refuses an argument that does not fit its annotation with a TypeError, before the function can say what is
wrong. `Unchecked` among the types of an annotation has the compiler let everything through, since it knows nothing of a
class that is not compiled. To type checkers the annotation is as strict as without, for the class has no instances:

    def sleep(seconds: float | Unchecked | None) -> None: ...

Where overloads say what an argument may be, the implementation takes Any.
"""

from typing import final


@final
class Unchecked:
    """Another value, which the function refuses."""

    def __init__(self) -> None:
        raise TypeError("Unchecked has no instances")
