"""How far a text reaches: to the values of `env`, the fields of NamedTuples, and a few builtins; no further."""

from typing import Any, Final, NamedTuple, TypeAlias

import pytest

from matchspec import MatchSpecError, spec

Value: TypeAlias = Any


class Config(NamedTuple):
    limit: int
    token: str


def helper(row: Value) -> Value:
    return row


class Service:
    """What a program might put into env without thinking."""

    password = "secret"

    def query(self) -> str:
        return self.password


OPEN: Final[dict[str, Value]] = {"config": Config(3, "t"), "helper": helper, "service": Service(), "Service": Service}


REACHES: Final = [
    "row.__class__",
    "row[0].__class__",
    "().__class__.__bases__",
    "''.__class__.__mro__[1].__subclasses__()",
    "helper.__globals__",
    "helper.__code__",
    "helper(row)",
    "helper.__call__(row)",
    "service.password",
    "service.query()",
    "service.__dict__",
    "Service.query",
    "Service()",
    "config.__class__",
    "config.__class__.__mro__",
    "config._fields",
    "config._replace(limit=1)",
    "config._asdict()",
    "config.__doc__",
    "config.count.__self__",
    "isinstance(row, config.__class__)",
    "int.__subclasses__()",
    "str.maketrans('a', 'b')",
    "SKIP.__class__",
    "Atom.__init__",
    "date.today()",
    "datetime.now()",
    "UUID.__init__",
    "Decimal.from_float(1.0)",
    "__import__('os')",
    "open('/etc/passwd')",
    "eval('1')",
    "exec('1')",
    "compile('1', '', 'eval')",
    "getattr(row, 'count')",
    "setattr(row, 'a', 1)",
    "vars(row)",
    "globals()",
    "locals()",
    "type(row)",
    "object()",
    "super()",
    "print(1)",
    "input()",
    "breakpoint()",
    "__name__",
    "__file__",
    "__builtins__",
    "__debug__",
    "os",
    "sys.modules",
    "'{0.__class__}'.format(row)",
    "'{0}'.format_map({})",
    "'%s' % service",
    "row[0].encode('idna')",
    "b'a'.decode('utf-16')",
    "'a'.join(['b'])",
    "'a'.translate({})",
    "'a'.ljust(1000000000)",
    "'a'.zfill(1000000000)",
    "'\\t'.expandtabs(1000000000)",
    "range(10)",
    "sorted(row)",
    "map(helper, row)",
    "dict(a=1)",
    "list(row)",
    "set(row)",
    "bytes(1000000000)",
    "tuple(row)",
    "frozenset(row)",
]


@pytest.mark.parametrize("text", REACHES)
def test_a_text_reaches_env_and_a_few_builtins(text: str) -> None:
    for query in (f"lambda row: {text}", f"lambda row: 1 if {text} else SKIP", f"def f(row): return [{text}]\n"):
        with pytest.raises(MatchSpecError):
            spec(query, env=OPEN, syntax="python")


def test_fields_of_named_tuples_are_within_reach() -> None:
    assert spec("lambda row: (config.limit, config.token, config)", env=OPEN).run([(1,)]) == [(3, "t", Config(3, "t"))]


def test_patterns_reach_no_further() -> None:
    for pattern in ("config.__class__", "service.password", "service.query()", "(service.password, _)", "helper()"):
        with pytest.raises(MatchSpecError):
            spec(f"def f(row):\n    match row:\n        case {pattern}: return 1\n", env=OPEN)
