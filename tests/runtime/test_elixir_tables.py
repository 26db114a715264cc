"""Tables and their owners, heirs and foreign callers, as recorded from Elixir.

Ours differ in shape only: `info` of a table that is gone is None, as is an heir that is none.
"""

from functools import partial
from typing import Any, Final

import pytest

from matchspec import ANY, Pid
from runtime import DOWN, BadArg, ets, exit, monitor, receive, self_, send, spawn
from runtime.ets import Table
from tests.runtime.elixir_helpers import (
    ILLEGAL,
    UNDEFINED,
    A,
    dead,
    ended,
    following,
    idle,
    keyword,
    kill,
    mailbox,
    tell,
    trapper,
    worker,
)
from tests.runtime.elixir_scenarios import SEEDS, Case, Scenarios, Value, check, label, outcome

RECORD: Final = Scenarios("tables")
Any_: Final[Any] = ets  # for calls with options that mypy would refuse
DATA: Final = A("data")
EVERY: Final[list[Value]] = [(ANY, [], [True])]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("case", RECORD.cases.values(), ids=str)
def test_as_in_elixir(case: Case, seed: int) -> None:
    check(case, seed)


def test_all_that_is_recorded_is_here() -> None:
    assert RECORD.missing() == []


def owned(name: str = "table", **options: Value) -> tuple[Pid, Table[Any]]:
    """A process that makes a table and keeps it; both come labelled."""
    owner = label(worker(), "owner")

    def make() -> Value:
        table = ets.new(name, **options)
        table.insert((1, A("a")))
        return table

    table = tell(owner, make)[1]
    if not options.get("named_table"):
        label(table, "table")
    return owner, table


def info(table: Table[Any], item: str | None = None) -> Value:
    """:ets.info/1,2."""
    found: Value = table.info() if item is None else table.info(item)
    if item == "heir" and table.info() is not None:
        return A("none") if found is None else found
    if item == "protection":
        return A(found)
    return UNDEFINED if found is None else found


# --- ends -----------------------------------------------------------------------------------------------------------


@RECORD.scenario("tables", "a table dies with its owner")
def _() -> Value:
    owner, table = owned(access="public")
    before = info(table, "size")
    kill(owner)
    return keyword(before=before, info=info(table), lookup=outcome(lambda: table.lookup(1)))


@RECORD.scenario("tables", "a table dies with an owner that returns")
def _() -> Value:
    caller = self_()
    ended(lambda: send(caller, ets.new("table", access="public")))
    return info(following())


@RECORD.scenario("tables", "a named table is free again when its owner ends")
def _() -> Value:
    owner, _ = owned("freed_table", named_table=True)
    before = ets.whereis("freed_table") is not None
    kill(owner)
    after = UNDEFINED if ets.whereis("freed_table") is None else "still there"
    return keyword(before=before, after=after, again=ets.new("freed_table", named_table=True))


@RECORD.scenario("tables", "a name that another process's table has")
def _() -> Value:
    owned("taken_table", named_table=True)
    return ets.new("taken_table", named_table=True)


@RECORD.scenario("tables", "several tables die with one owner")
def _() -> Value:
    owner = worker()
    tables = tell(owner, lambda: [ets.new("table", access="public") for _ in range(3)])[1]
    kill(owner)
    return [info(table) for table in tables]


@RECORD.scenario("tables", "an owner that crashes takes its table along; the DOWN message comes when it is gone")
def _() -> Value:
    owner, table = owned(access="public")
    ref = monitor(owner)
    exit(owner, A("crash"))
    reason = receive((DOWN, ref, ANY, ANY, ANY))[4]
    return reason, info(table) is UNDEFINED


@RECORD.scenario("tables", "operations on a table that died say so")
def _() -> Value:
    owner, table = owned(access="public")
    kill(owner)
    return keyword(
        insert=outcome(lambda: table.insert((1, 2))),
        info=info(table, "size"),
        first=outcome(table.first),
        delete=outcome(table.drop),
    )


# --- what others may do ---------------------------------------------------------------------------------------------


@RECORD.scenario("tables", "protected: what another process may do")
def _() -> Value:
    _, table = owned(access="protected")
    return keyword(
        lookup=outcome(lambda: table.lookup(1)),
        select_count=outcome(lambda: table.select_count(EVERY)),
        first=outcome(table.first),
        size=outcome(lambda: info(table, "size")),
        fix=outcome(lambda: table.safe_fixtable(True)),
        insert=outcome(lambda: table.insert((2, A("b")))),
        insert_new=outcome(lambda: table.insert_new((2, A("b")))),
        delete_key=outcome(lambda: table.delete(1)),
        delete_all=outcome(table.delete_all_objects),
        update_counter=outcome(lambda: table.update_counter(1, 1, (1, 0))),
        select_delete=outcome(lambda: table.select_delete(EVERY)),
        take=outcome(lambda: table.take(1)),
        rename=outcome(lambda: table.rename("renamed")),
        setopts=outcome(lambda: table.setopts(heir=None)),
        give_away=outcome(lambda: table.give_away(idle(), DATA)),
        drop=outcome(table.drop),
        rows=table.tab2list(),
    )


@RECORD.scenario("tables", "private: what another process may do")
def _() -> Value:
    _, table = owned(access="private")
    return keyword(
        lookup=outcome(lambda: table.lookup(1)),
        member=outcome(lambda: table.member(1)),
        select=outcome(lambda: table.select(EVERY)),
        first=outcome(table.first),
        tab2list=outcome(table.tab2list),
        insert=outcome(lambda: table.insert((2, A("b")))),
        size=outcome(lambda: info(table, "size")),
        protection=outcome(lambda: info(table, "protection")),
        drop=outcome(table.drop),
    )


@RECORD.scenario("tables", "public: what another process may do", without=["setopts"])
def _() -> Value:
    _, table = owned(access="public")
    with pytest.raises(BadArg) as refused:  # in Erlang too, which names another cause, though
        table.setopts(heir=None)
    assert refused.value.cause == "access"
    return keyword(
        insert=outcome(lambda: table.insert((2, A("b")))),
        delete_key=outcome(lambda: table.delete(1)),
        rows=table.tab2list(),
        drop=outcome(table.drop),
        info=info(table),
    )


@RECORD.scenario("tables", "the owner is who made the table")
def _() -> Value:
    _, table = owned()
    return keyword(owner=info(table, "owner"), heir=info(table, "heir"))


# --- heirs ----------------------------------------------------------------------------------------------------------


@RECORD.scenario("tables", "heir: the message and the table")
def _() -> Value:
    owner, table = owned(heir=(self_(), (A("some"), "data")))
    before = info(table, "heir")
    kill(owner)
    return keyword(
        before=before,
        message=following(),
        owner=info(table, "owner"),
        heir=info(table, "heir"),
        rows=table.tab2list(),
        insert=table.insert((2, A("b"))),
    )


@RECORD.scenario("tables", "heir: a named table comes under its name")
def _() -> Value:
    owner, _ = owned("inherited_table", named_table=True, heir=(self_(), DATA))
    kill(owner)
    return following()


@RECORD.scenario("tables", "heir: the message comes before or after DOWN of the owner")
def _() -> Value:
    owner, _ = owned(heir=(self_(), DATA))
    label(monitor(owner), "monitor")
    exit(owner, A("gone"))
    return sorted(mailbox(), key=lambda message: message[0].name)


@RECORD.scenario("tables", "heir that is dead when the owner ends: the table dies")
def _() -> Value:
    heir = idle()
    owner, table = owned(heir=(heir, DATA))
    kill(heir)
    kill(owner)
    return info(table)


@RECORD.scenario("tables", "heir that is dead when it is named")
def _() -> Value:
    owner, table = owned(heir=(dead(), DATA))
    named = info(table, "heir")
    kill(owner)
    return keyword(heir=named, after=info(table))


@RECORD.scenario("tables", "heir none: the table dies")
def _() -> Value:
    owner, table = owned(heir=None)
    before = info(table, "heir")
    kill(owner)
    return keyword(heir=before, after=info(table))


@RECORD.scenario("tables", "heir that is the owner itself: the table dies")
def _() -> Value:
    caller = self_()
    ended(lambda: send(caller, ets.new("table", heir=(self_(), DATA))))
    return info(following())


@RECORD.scenario("tables", "heir that is no pid")
def _() -> Value:
    return outcome(lambda: Any_.new("table", heir=(ILLEGAL, DATA)))


@RECORD.scenario("tables", "heir ends after it got the table: the table dies with it")
def _() -> Value:
    heir = label(worker(), "heir")
    owner, table = owned(heir=(heir, DATA))
    kill(owner)
    by = info(table, "owner")
    kill(heir)
    return keyword(owner=by, after=info(table))


@RECORD.scenario("tables", "heir: the owner returns")
def _() -> Value:
    caller = self_()

    def make() -> None:
        label(ets.new("table", heir=(caller, DATA)), "table").insert((1, A("a")))

    label(spawn(make), "owner")
    message = following()
    return keyword(message=message, rows=message[1].tab2list())


@RECORD.scenario("tables", "heir: several tables of one owner")
def _() -> Value:
    caller, owner = self_(), label(worker(), "owner")

    def make(number: int) -> Value:
        return label(ets.new("table", heir=(caller, number)), f"table{number}")

    for number in (1, 2, 3):
        tell(owner, partial(make, number))
    kill(owner)
    return sorted(mailbox(), key=lambda message: message[3])


@RECORD.scenario("tables", "heir: a fixed table is no longer fixed by the owner that ended")
def _() -> Value:
    owner, table = owned(heir=(self_(), DATA))
    tell(owner, lambda: table.safe_fixtable(True))
    kill(owner)
    following()
    return info(table, "safe_fixed")


@RECORD.scenario("tables", "setopts heir", without=["twice"])  # an argument cannot be given twice
def _() -> Value:
    heir = label(idle(), "heir")
    table: Any = ets.new("table")
    return keyword(
        set=table.setopts(heir=(heir, DATA)),
        info=info(table, "heir"),
        list=table.setopts(heir=None),
        info_after=info(table, "heir"),
        bad=outcome(lambda: table.setopts(heir=(ILLEGAL, 1))),
        other_option=outcome(lambda: table.setopts(access="secret")),
        empty=outcome(table.setopts),
    )


@RECORD.scenario("tables", "setopts heir decides who inherits")
def _() -> Value:
    caller = self_()
    owner, table = owned(heir=(idle(), A("first")))
    tell(owner, lambda: table.setopts(heir=(caller, A("second"))))
    kill(owner)
    return following()


# --- giving away ----------------------------------------------------------------------------------------------------


@RECORD.scenario("tables", "give_away: the message and the new owner")
def _() -> Value:
    target = label(trapper(), "target")
    table = label(ets.new("table"), "table")
    table.insert((1, A("a")))
    return keyword(
        returned=table.give_away(target, (A("some"), "data")),
        message=following(),
        owner=info(table, "owner"),
        rows=table.tab2list(),
        insert=outcome(lambda: table.insert((2, A("b")))),
    )


@RECORD.scenario("tables", "give_away: the new owner may write")
def _() -> Value:
    target = worker()
    table = ets.new("table")
    table.give_away(target, DATA)
    return keyword(insert=tell(target, lambda: table.insert((2, A("b")))), rows=table.tab2list())


@RECORD.scenario("tables", "give_away: the table dies with the new owner, not with the former")
def _() -> Value:
    caller, target = self_(), idle()

    def make() -> None:
        table = ets.new("table")
        table.give_away(target, DATA)
        send(caller, table)

    ended(make)
    table = following()
    size = info(table, "size")
    kill(target)
    return keyword(after_former=size, after_new=info(table))


@RECORD.scenario("tables", "give_away keeps the heir")
def _() -> Value:
    heir = label(idle(), "heir")
    table = ets.new("table", heir=(heir, DATA))
    table.give_away(idle(), A("gift"))
    return info(table, "heir")


@RECORD.scenario("tables", "give_away: the new owner ends, the heir inherits from it")
def _() -> Value:
    owner, table = owned(heir=(self_(), DATA))
    target = label(idle(), "target")
    tell(owner, lambda: table.give_away(target, A("gift")))
    kill(owner)
    former = mailbox()
    kill(target)
    return keyword(former=former, message=following(), owner=info(table, "owner"))


@RECORD.scenario("tables", "give_away: the former owner becomes a stranger")
def _() -> Value:
    table = ets.new("table", access="private")
    table.insert((1, A("a")))
    table.give_away(idle(), DATA)
    return outcome(lambda: table.lookup(1))


@RECORD.scenario("tables", "give_away: an heir that is given the table has itself as heir")
def _() -> Value:
    heir = worker()
    table = ets.new("table", heir=(heir, DATA))
    table.give_away(heir, A("gift"))
    kill(heir)
    return info(table)


@RECORD.scenario("tables", "give_away by another than the owner")
def _() -> Value:
    _, table = owned(access="public")
    return table.give_away(idle(), DATA)


@RECORD.scenario("tables", "give_away to a dead process")
def _() -> Value:
    table = ets.new("table")
    return [outcome(lambda: table.give_away(dead(), DATA)), info(table, "owner") is self_()]


@RECORD.scenario("tables", "give_away to oneself")
def _() -> Value:
    table = ets.new("table")
    return [outcome(lambda: table.give_away(self_(), DATA)), mailbox()]


@RECORD.scenario("tables", "give_away to what is no pid")
def _() -> Value:
    return ets.new("table").give_away(ILLEGAL, DATA)


@RECORD.scenario("tables", "give_away of a table that is gone")
def _() -> Value:
    table = ets.new("table")
    table.drop()
    return table.give_away(idle(), DATA)


# --- fixing ---------------------------------------------------------------------------------------------------------


@RECORD.scenario("tables", "safe_fixtable is released when the process that fixed ends")
def _() -> Value:
    table = ets.new("table", access="public")
    fixer = label(worker(), "fixer")
    tell(fixer, lambda: [table.safe_fixtable(True) for _ in range(2)])
    by = info(table, "safe_fixed")[1]
    kill(fixer)
    return keyword(fixed_by=by, after=info(table, "safe_fixed"), fixed=info(table, "fixed"))


@RECORD.scenario("tables", "safe_fixtable counts by process")
def _() -> Value:
    table = ets.new("table", access="public")
    other = label(worker(), "other")

    def by_count() -> Value:
        return sorted(info(table, "safe_fixed")[1], key=lambda entry: entry[1])

    tell(other, lambda: table.safe_fixtable(True))
    for _ in range(3):
        table.safe_fixtable(True)
    first = by_count()
    table.safe_fixtable(False)
    second = by_count()
    for _ in range(3):
        table.safe_fixtable(False)
    return keyword(first=first, second=second, third=by_count())


@RECORD.scenario("tables", "unfixing what another process fixed does nothing")
def _() -> Value:
    table = ets.new("table", access="public")
    other = label(worker(), "other")
    tell(other, lambda: table.safe_fixtable(True))
    return keyword(returned=table.safe_fixtable(False), fixed_by=info(table, "safe_fixed")[1])
