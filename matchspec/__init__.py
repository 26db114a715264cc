"""matchspec: Erlang's match specs for Python, written as lambdas, match functions, or Erlang and Elixir text.

The public names. `spec` makes a MatchSpec out of a query in any form; tables in `runtime.ets` take queries directly.
"""

from matchspec.api import spec
from matchspec.build import COMPILED
from matchspec.errors import (
    CheckError,
    EvalError,
    MatchSpecError,
    MatchSpecSyntaxError,
    QueryTypeError,
    RenderError,
    ResolveError,
    SourceNotFoundError,
    TermError,
)
from matchspec.spec import NO_MATCH, SKIP, MatchSpec
from matchspec.terms import ImproperList, compare, exactly_equal
from matchspec.text import format_term, parse_term
from matchspec.values import ANY, BINDINGS, ROW, Atom, Bitstring, Pid, Ref, Term, V, const
from matchspec.version import __version__

__all__ = [
    "ANY",
    "BINDINGS",
    "COMPILED",
    "NO_MATCH",
    "ROW",
    "SKIP",
    "Atom",
    "Bitstring",
    "CheckError",
    "EvalError",
    "ImproperList",
    "MatchSpec",
    "MatchSpecError",
    "MatchSpecSyntaxError",
    "Pid",
    "QueryTypeError",
    "Ref",
    "RenderError",
    "ResolveError",
    "SourceNotFoundError",
    "Term",
    "TermError",
    "V",
    "__version__",
    "compare",
    "const",
    "exactly_equal",
    "format_term",
    "parse_term",
    "spec",
]
