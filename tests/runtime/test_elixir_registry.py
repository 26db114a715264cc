"""Registries against the record of Elixir's, scenario by scenario."""

from collections.abc import Callable
from typing import Any

import pytest

from matchspec.values import ANY, Atom, Pid, Term, V
from runtime import BadArg, Registry, Via, self_
from runtime.exits import KILL
from runtime.process import exit, register, send, trap_exit, unregister, whereis
from runtime.process_registry import Keys
from tests.runtime.twins import (
    OK,
    UNDEFINED,
    A,
    B,
    K,
    Twin,
    Value,
    atom,
    check,
    fate,
    keyword,
    kill,
    mailbox,
    tell,
    worker,
)

TWINS: dict[tuple[str, str], Twin] = {}
QUERIES = "registry_queries"
GREATER = Atom(">")
PAIRS: list[Value] = [(A, 1), (A, 2), (B, 3)]
MISSING = atom("missing")


def twin(name: str, group: str = "registry") -> Callable[[Twin], Twin]:
    def enter(function: Twin) -> Twin:
        TWINS[group, name] = function
        return function

    return enter


def registry(keys: Keys = "unique", **options: Any) -> Registry:
    return Registry.start_link(keys=keys, **options)


def holder(where: Registry, key: Term, value: Term) -> Pid:
    """Another process that is registered."""
    pid = worker()
    tell(pid, lambda: where.register(key, value))
    return pid


def entries(where: Registry, key: Term) -> list[tuple[Pid, Any]]:
    return [(pid, value) for pid, value in where.lookup(key)]


def ok(given: bool) -> Atom:
    assert given is True
    return OK


def registered(where: Registry, key: Term, value: Term) -> Value:
    """{:error, {:already_registered, pid}} is an error here."""
    try:
        return ok(where.register(key, value))
    except BadArg as error:
        (pid,) = [pid for pid, _ in where.lookup(key)]
        assert error.cause == "already_exists"
        assert repr(pid) in str(error)
        return (atom("error"), (atom("already_registered"), pid))


def duplicates(values: list[Value]) -> Registry:
    where = registry("duplicate")
    for value in values:
        where.register(K, value)
    return where


@twin("unique: register and lookup")
def _() -> Value:
    r = registry()
    return keyword(before=entries(r, K), registered=ok(r.register(K, 1)), lookup=entries(r, K))


@twin("unique: a key that another has")
def _() -> Value:
    r = registry()
    holder(r, K, 1)
    return [registered(r, K, 2), entries(r, K)]


@twin("unique: a key that the caller has")
def _() -> Value:
    r = registry()
    r.register(K, 1)
    return [registered(r, K, 2), entries(r, K)]


@twin("unique: several keys of one process")
def _() -> Value:
    r = registry()
    for key in (A, B, "c"):
        r.register(key)
    return r.keys(self_())


@twin("unique: 1 and 1.0 are different keys")
def _() -> Value:
    r = registry()
    return [
        ok(r.register(1, atom("integer"))),
        ok(r.register(1.0, atom("float"))),
        entries(r, 1),
        entries(r, 1.0),
    ]


@twin("unique: any term is a key and a value")
def _() -> Value:
    r = registry()
    key = (atom("some"), {"term": [1, None]})
    r.register(key, (atom("value"), [1]))
    return entries(r, key)


@twin("duplicate: register and lookup")
def _() -> Value:
    r = registry("duplicate")
    holder(r, K, 1)
    return keyword(registered=ok(r.register(K, 2)), lookup=entries(r, K))


@twin("duplicate: the same entry twice")
def _() -> Value:
    r = duplicates([1, 1])
    return keyword(lookup=entries(r, K), keys=r.keys(self_()), count=r.count())


@twin("duplicate: entries of one process come in the order of registration")
def _() -> Value:
    return entries(duplicates([3, 1, 2]), K)


@twin("unregister")
def _() -> Value:
    found = []
    for r in (registry(), registry("duplicate")):
        r.register(K, 1)
        found.append([ok(r.unregister(K)), entries(r, K), ok(r.unregister(K)), r.keys(self_())])
    return found


@twin("unregister takes all entries of the caller under that key, and no one else's")
def _() -> Value:
    r = registry("duplicate")
    holder(r, K, 1)
    for value in (2, 3):
        r.register(K, value)
    r.register(atom("l"), 4)
    r.unregister(K)
    return keyword(k=entries(r, K), l=entries(r, atom("l")), keys=r.keys(self_()))


@twin("unregister of a key that another has")
def _() -> Value:
    r = registry()
    holder(r, K, 1)
    return [ok(r.unregister(K)), entries(r, K)]


@twin("unique: after unregister the key is free")
def _() -> Value:
    r = registry()
    r.register(K, 1)
    r.unregister(K)
    pid = holder(r, K, 2)
    return entries(r, K) == [(pid, 2)]


@twin("unregister_match")
def _() -> Value:
    r = duplicates(PAIRS)
    return [
        (atom("returned"), ok(r.unregister_match(K, (A, ANY), []))),
        (atom("lookup"), entries(r, K)),
        (atom("guarded"), ok(r.unregister_match(K, (B, V(1)), [(GREATER, V(1), 5)]))),
        (atom("after"), entries(r, K)),
        (atom("none"), ok(r.unregister_match(MISSING, ANY))),
    ]


@twin("unregister_match, unique")
def _() -> Value:
    r = registry()
    r.register(K, 1)
    return [ok(r.unregister_match(K, 2)), entries(r, K), ok(r.unregister_match(K, 1)), entries(r, K)]


@twin("entries vanish when their owner ends")
def _() -> Value:
    found = []
    for r in (registry(), registry("duplicate")):
        pid = holder(r, K, 1)
        before = len(r.lookup(K))
        kill(pid)
        found.append(keyword(before=before, gone=r.lookup(K) == [], count=r.count()))
    return found


@twin("unique: lookup never gives a dead process")
def _() -> Value:
    r = registry()
    kill(holder(r, K, 1))
    return entries(r, K)


@twin("unique: a key whose owner has ended can be had at once")
def _() -> Value:
    r = registry()
    kill(holder(r, K, 1))
    return [ok(r.register(K, 2)), entries(r, K)]


@twin("keys")
def _() -> Value:
    r = registry("duplicate")
    pid, gone = holder(r, K, 1), holder(r, K, 1)
    kill(gone)
    for key in (A, A, B):
        r.register(key)
    return keyword(mine=r.keys(self_()), other=r.keys(pid), dead=r.keys(gone))


@twin("values")
def _() -> Value:
    r = registry("duplicate")
    pid = holder(r, K, atom("other"))
    for value in (1, 2):
        r.register(K, value)
    u = registry()
    u.register(K, atom("only"))
    return keyword(
        mine=r.values(K, self_()),
        other=r.values(K, pid),
        none=r.values(MISSING, self_()),
        unique=u.values(K, self_()),
        unique_other=u.values(K, pid),
    )


@twin("count")
def _() -> Value:
    r = registry("duplicate")
    empty = r.count()
    holder(r, K, 1)
    r.register(A)
    r.register(A)
    return keyword(empty=empty, count=r.count())


def found(given: Value) -> Value:
    """Elixir's :error, where None stands for it here."""
    return atom("error") if given is None else given


@twin("update_value")
def _() -> Value:
    r = registry()
    r.register(K, 1)
    return keyword(
        updated=found(r.update_value(K, lambda value: value + 1)),
        lookup=entries(r, K),
        missing=found(r.update_value(MISSING, lambda value: value + 1)),
    )


@twin("update_value of a key that another has")
def _() -> Value:
    r = registry()
    holder(r, K, 1)
    return [found(r.update_value(K, lambda value: value + 1)), entries(r, K)]


@twin("meta")
def _() -> Value:
    r = registry()
    key = atom("key")

    def meta(key: Term) -> Value:
        value = r.meta(key, MISSING)
        return atom("error") if value is MISSING else (OK, value)

    return keyword(
        missing=meta(key),
        put=ok(r.put_meta(key, (atom("some"), "value"))),
        found=meta(key),
        put_again=ok(r.put_meta(key, 2)),
        found_again=meta(key),
        tuple_key=ok(r.put_meta((atom("tuple"), 1), 3)),
        tuple_found=meta((atom("tuple"), 1)),
        deleted=ok(r.delete_meta(key)),
        deleted_again=ok(r.delete_meta(key)),
        after=meta(key),
    )


@twin("meta is no entry")
def _() -> Value:
    r = registry()
    r.put_meta(atom("key"), 1)
    return [r.count(), entries(r, atom("key"))]


@twin("send to a name through a registry")
def _() -> Value:
    r = registry()
    me = Via(r, "me")
    register(me)
    sent = send(me, atom("hello")) is atom("hello")
    return keyword(
        sent=sent,
        messages=mailbox(),
        whereis=whereis(me),
        missing=whereis(Via(r, "missing")) or UNDEFINED,
        unregistered=ok(r.unregister("me")),
        after=whereis(me) or UNDEFINED,
    )


@twin("listeners")
def _() -> Value:
    register("registry_listener")
    r = registry(listeners=["registry_listener"])
    r.register(K, 1)
    r.update_value(K, lambda value: value + 1)
    r.unregister(K)
    kill(holder(r, atom("l"), 2))
    told = [(tag, atom("registry"), *rest) for tag, _, *rest in mailbox()]
    unregister("registry_listener")
    return told


def ended(end: Callable[[Registry], Value]) -> Value:
    trap_exit(True)
    r = registry()
    return fate(holder(r, K, 1), lambda _: end(r))


@twin("the registry ends: those that are in it")
def _() -> Value:
    return ended(lambda r: r.stop())


@twin("the registry is killed: those that are in it")
def _() -> Value:
    return ended(lambda r: exit(r.pid, KILL))


# --- queries ----------------------------------------------------------------------------------------------------------


@twin("dispatch", QUERIES)
def _() -> Value:
    r = registry("duplicate")
    holder(r, K, 1)
    r.register(K, 2)
    caller = self_()
    returned = ok(
        r.dispatch(
            K, lambda given: send(caller, (atom("entries"), [tuple(entry) for entry in given], self_() is caller))
        )
    )
    return keyword(returned=returned, messages=mailbox())


@twin("dispatch of a key without entries", QUERIES)
def _() -> Value:
    caller = self_()
    return [
        [ok(r.dispatch(MISSING, lambda given: send(caller, given))), mailbox()]
        for r in (registry(), registry("duplicate"))
    ]


@twin("match", QUERIES)
def _() -> Value:
    r = duplicates(PAIRS)

    def match(key: Term, pattern: Value, guards: list[Value]) -> Value:
        return [tuple(entry) for entry in r.match(key, pattern, guards)]

    return keyword(
        all=match(K, ANY, []),
        tagged=match(K, (A, ANY), []),
        guarded=match(K, (ANY, V(1)), [(GREATER, V(1), 1)]),
        none=match(K, (atom("c"), ANY), []),
        missing=match(MISSING, ANY, []),
        same_twice=match(K, (V(1), V(1)), []),
    )


@twin("match, unique", QUERIES)
def _() -> Value:
    r = registry()
    r.register(K, (A, 1))
    patterns: list[tuple[Term, Value]] = [(K, (A, ANY)), (K, (B, ANY)), (MISSING, ANY)]
    return [[tuple(entry) for entry in r.match(key, pattern)] for key, pattern in patterns]


@twin("match: a key that looks like a pattern is a plain key", QUERIES)
def _() -> Value:
    r = registry("duplicate")
    r.register(ANY, 1)
    r.register(K, 2)
    return [[tuple(entry) for entry in r.match(ANY, ANY)], entries(r, ANY)]


@twin("count_match", QUERIES)
def _() -> Value:
    r = duplicates(PAIRS)
    return keyword(
        all=r.count_match(K, ANY),
        tagged=r.count_match(K, (A, ANY)),
        guarded=r.count_match(K, (ANY, V(1)), [(GREATER, V(1), 1)]),
        missing=r.count_match(MISSING, ANY),
    )


def keyed() -> Registry:
    r = registry("duplicate")
    for key, value in PAIRS:
        r.register(key, value)
    return r


@twin("select", QUERIES)
def _() -> Value:
    r = keyed()
    pair = ((V(1), V(2)),)
    clauses: list[Value] = [((A, ANY, V(1)), [], [((A, V(1)),)]), ((B, ANY, V(1)), [], [V(1)])]
    found = r.select(clauses)
    return keyword(
        all=r.select([((V(1), ANY, V(2)), [], [pair])]),
        guarded=r.select([((ANY, ANY, V(1)), [(GREATER, V(1), 1)], [V(1)])]),
        pid=r.select([((B, V(1), ANY), [], [V(1)])]),
        clauses=found[-1:] + found[:-1],  # there, they are sorted
        none=r.select([((atom("c"), ANY, ANY), [], [True])]),
    )


@twin("select, unique", QUERIES)
def _() -> Value:
    r = registry()
    for key, value in ((A, 1), (B, 2)):
        r.register(key, value)
    return r.select([((V(1), V(2), V(3)), [], [((V(1), V(2), V(3)),)])])


@twin("count_select", QUERIES)
def _() -> Value:
    r = keyed()
    return keyword(
        all=r.count_select([((ANY, ANY, ANY), [], [True])]),
        guarded=r.count_select([((ANY, ANY, V(1)), [(GREATER, V(1), 1)], [True])]),
        not_true=r.count_select([((ANY, ANY, ANY), [], [atom("no")])]),
    )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("group", "name"), TWINS)
def test_as_in_elixir(group: str, name: str, seed: int) -> None:
    check(group, name, TWINS[group, name], seed)
