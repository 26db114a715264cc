defmodule Tables do
  @moduledoc "ETS tables and their owners, heirs and foreign callers."
  use Scenario, group: "tables"

  # A process that makes a table and keeps it; both come labelled.
  defp owned(options \\ [], name \\ :table) do
    owner = label(worker(), "owner")

    {:returned, table} =
      tell(owner, fn ->
        table = :ets.new(name, options)
        :ets.insert(table, {1, :a})
        table
      end)

    if is_reference(table), do: label(table, "table")
    {owner, table}
  end

  scenario "a table dies with its owner" do
    {owner, table} = owned([:public])
    before = :ets.info(table, :size)
    kill(owner)
    [before: before, info: :ets.info(table), lookup: outcome(fn -> :ets.lookup(table, 1) end)]
  end

  scenario "a table dies with an owner that returns" do
    caller = self()

    ended(fn ->
      table = :ets.new(:table, [:public])
      send(caller, {:table, table})
    end)

    {:table, table} = next()
    :ets.info(table)
  end

  scenario "a named table is free again when its owner ends" do
    {owner, name} = owned([:named_table], :freed_table)
    before = :ets.whereis(name) != :undefined
    kill(owner)
    [before: before, after: :ets.whereis(name), again: :ets.new(name, [:named_table])]
  end

  scenario "a name that another process's table has" do
    owned([:named_table], :taken_table)
    :ets.new(:taken_table, [:named_table])
  end

  scenario "protected: what another process may do" do
    {_, table} = owned([:protected])

    [
      lookup: outcome(fn -> :ets.lookup(table, 1) end),
      select_count: outcome(fn -> :ets.select_count(table, [{:_, [], [true]}]) end),
      first: outcome(fn -> :ets.first(table) end),
      size: outcome(fn -> :ets.info(table, :size) end),
      fix: outcome(fn -> :ets.safe_fixtable(table, true) end),
      insert: outcome(fn -> :ets.insert(table, {2, :b}) end),
      insert_new: outcome(fn -> :ets.insert_new(table, {2, :b}) end),
      delete_key: outcome(fn -> :ets.delete(table, 1) end),
      delete_all: outcome(fn -> :ets.delete_all_objects(table) end),
      update_counter: outcome(fn -> :ets.update_counter(table, 1, 1, {1, 0}) end),
      select_delete: outcome(fn -> :ets.select_delete(table, [{:_, [], [true]}]) end),
      take: outcome(fn -> :ets.take(table, 1) end),
      rename: outcome(fn -> :ets.rename(table, :renamed) end),
      setopts: outcome(fn -> :ets.setopts(table, {:heir, :none}) end),
      give_away: outcome(fn -> :ets.give_away(table, idle(), :data) end),
      drop: outcome(fn -> :ets.delete(table) end),
      rows: :ets.tab2list(table)
    ]
  end

  scenario "private: what another process may do" do
    {_, table} = owned([:private])

    [
      lookup: outcome(fn -> :ets.lookup(table, 1) end),
      member: outcome(fn -> :ets.member(table, 1) end),
      select: outcome(fn -> :ets.select(table, [{:_, [], [true]}]) end),
      first: outcome(fn -> :ets.first(table) end),
      tab2list: outcome(fn -> :ets.tab2list(table) end),
      insert: outcome(fn -> :ets.insert(table, {2, :b}) end),
      size: outcome(fn -> :ets.info(table, :size) end),
      protection: outcome(fn -> :ets.info(table, :protection) end),
      drop: outcome(fn -> :ets.delete(table) end)
    ]
  end

  scenario "public: what another process may do" do
    {_, table} = owned([:public])

    [
      insert: outcome(fn -> :ets.insert(table, {2, :b}) end),
      delete_key: outcome(fn -> :ets.delete(table, 1) end),
      setopts: outcome(fn -> :ets.setopts(table, {:heir, :none}) end),
      rows: :ets.tab2list(table),
      drop: outcome(fn -> :ets.delete(table) end),
      info: :ets.info(table)
    ]
  end

  scenario "the owner is who made the table" do
    {_, table} = owned()
    [owner: :ets.info(table, :owner), heir: :ets.info(table, :heir)]
  end

  scenario "heir: the message and the table" do
    caller = self()
    {owner, table} = owned([{:heir, caller, {:some, "data"}}])
    before = :ets.info(table, :heir)
    kill(owner)
    message = next()

    [
      before: before,
      message: message,
      owner: :ets.info(table, :owner),
      heir: :ets.info(table, :heir),
      rows: :ets.tab2list(table),
      insert: :ets.insert(table, {2, :b})
    ]
  end

  scenario "heir: a named table comes under its name" do
    caller = self()
    {owner, _} = owned([:named_table, {:heir, caller, :data}], :inherited_table)
    kill(owner)
    next()
  end

  scenario "heir: the message comes before or after DOWN of the owner" do
    caller = self()
    {owner, _} = owned([{:heir, caller, :data}])
    label(Process.monitor(owner), "monitor")
    Process.exit(owner, :gone)
    Enum.sort_by(mailbox(), &elem(&1, 0))
  end

  scenario "heir that is dead when the owner ends: the table dies" do
    heir = idle()
    {owner, table} = owned([{:heir, heir, :data}])
    kill(heir)
    kill(owner)
    :ets.info(table)
  end

  scenario "heir that is dead when it is named" do
    heir = label(dead(), "dead")
    {owner, table} = owned([{:heir, heir, :data}])
    named = :ets.info(table, :heir)
    kill(owner)
    [heir: named, after: :ets.info(table)]
  end

  scenario "heir none: the table dies" do
    {owner, table} = owned([{:heir, :none}])
    before = :ets.info(table, :heir)
    kill(owner)
    [heir: before, after: :ets.info(table)]
  end

  scenario "heir that is the owner itself: the table dies" do
    caller = self()

    ended(fn ->
      send(caller, {:table, :ets.new(:table, [{:heir, self(), :data}])})
    end)

    {:table, table} = next()
    :ets.info(table)
  end

  scenario "heir that is no pid" do
    outcome(fn -> :ets.new(:table, [{:heir, :no_pid, :data}]) end)
  end

  scenario "heir ends after it got the table: the table dies with it" do
    heir = label(worker(), "heir")
    {owner, table} = owned([{:heir, heir, :data}])
    kill(owner)
    owned_by = :ets.info(table, :owner)
    kill(heir)
    [owner: owned_by, after: :ets.info(table)]
  end

  scenario "setopts heir" do
    heir = label(idle(), "heir")
    table = :ets.new(:table, [])

    [
      set: :ets.setopts(table, {:heir, heir, :data}),
      info: :ets.info(table, :heir),
      list: :ets.setopts(table, [{:heir, :none}]),
      info_after: :ets.info(table, :heir),
      bad: outcome(fn -> :ets.setopts(table, {:heir, :no_pid, 1}) end),
      other_option: outcome(fn -> :ets.setopts(table, {:keypos, 2}) end),
      twice: outcome(fn -> :ets.setopts(table, [{:heir, :none}, {:heir, :none}]) end),
      empty: outcome(fn -> :ets.setopts(table, []) end)
    ]
  end

  scenario "setopts heir decides who inherits" do
    caller = self()
    {owner, table} = owned([{:heir, idle(), :first}])
    tell(owner, fn -> :ets.setopts(table, {:heir, caller, :second}) end)
    kill(owner)
    next()
  end

  scenario "give_away: the message and the new owner" do
    target = label(trapper(), "target")
    table = label(:ets.new(:table, []), "table")
    :ets.insert(table, {1, :a})

    [
      returned: :ets.give_away(table, target, {:some, "data"}),
      message: next(),
      owner: :ets.info(table, :owner),
      rows: :ets.tab2list(table),
      insert: outcome(fn -> :ets.insert(table, {2, :b}) end)
    ]
  end

  scenario "give_away: the new owner may write" do
    target = worker()
    table = :ets.new(:table, [])
    :ets.give_away(table, target, :data)
    [insert: tell(target, fn -> :ets.insert(table, {2, :b}) end), rows: :ets.tab2list(table)]
  end

  scenario "give_away: the table dies with the new owner, not with the former" do
    caller = self()
    target = idle()

    ended(fn ->
      table = :ets.new(:table, [])
      :ets.give_away(table, target, :data)
      send(caller, {:table, table})
    end)

    {:table, table} = next()
    size = :ets.info(table, :size)
    kill(target)
    [after_former: size, after_new: :ets.info(table)]
  end

  scenario "give_away keeps the heir" do
    heir = label(idle(), "heir")
    table = :ets.new(:table, [{:heir, heir, :data}])
    :ets.give_away(table, idle(), :gift)
    :ets.info(table, :heir)
  end

  scenario "give_away: the new owner ends, the heir inherits from it" do
    caller = self()
    {owner, table} = owned([{:heir, caller, :data}])
    target = label(idle(), "target")
    tell(owner, fn -> :ets.give_away(table, target, :gift) end)
    kill(owner)
    former = mailbox()
    kill(target)
    [former: former, message: next(), owner: :ets.info(table, :owner)]
  end

  scenario "give_away: the former owner becomes a stranger" do
    table = :ets.new(:table, [:private])
    :ets.insert(table, {1, :a})
    :ets.give_away(table, idle(), :data)
    outcome(fn -> :ets.lookup(table, 1) end)
  end

  scenario "heir: the owner returns" do
    caller = self()

    owner =
      spawn(fn ->
        table = :ets.new(:table, [{:heir, caller, :data}])
        label(table, "table")
        :ets.insert(table, {1, :a})
      end)

    label(owner, "owner")
    {:"ETS-TRANSFER", table, _, _} = message = next()
    [message: message, rows: :ets.tab2list(table)]
  end

  scenario "heir: several tables of one owner" do
    caller = self()
    owner = label(worker(), "owner")

    for number <- 1..3 do
      tell(owner, fn -> label(:ets.new(:table, [{:heir, caller, number}]), "table#{number}") end)
    end

    kill(owner)
    Enum.sort_by(mailbox(), &elem(&1, 3))
  end

  scenario "heir: a fixed table is no longer fixed by the owner that ended" do
    caller = self()
    {owner, table} = owned([{:heir, caller, :data}])
    tell(owner, fn -> :ets.safe_fixtable(table, true) end)
    kill(owner)
    next()
    :ets.info(table, :safe_fixed)
  end

  scenario "give_away: an heir that is given the table has itself as heir" do
    heir = worker()
    table = :ets.new(:table, [{:heir, heir, :data}])
    :ets.give_away(table, heir, :gift)
    kill(heir)
    :ets.info(table)
  end

  scenario "give_away by another than the owner" do
    {_, table} = owned([:public])
    :ets.give_away(table, idle(), :data)
  end

  scenario "give_away to a dead process" do
    table = :ets.new(:table, [])
    [outcome(fn -> :ets.give_away(table, dead(), :data) end), :ets.info(table, :owner) == self()]
  end

  scenario "give_away to oneself" do
    table = :ets.new(:table, [])
    [outcome(fn -> :ets.give_away(table, self(), :data) end), mailbox()]
  end

  scenario "give_away to what is no pid" do
    :ets.give_away(:ets.new(:table, []), :no_pid, :data)
  end

  scenario "give_away of a table that is gone" do
    table = :ets.new(:table, [])
    :ets.delete(table)
    :ets.give_away(table, idle(), :data)
  end

  scenario "safe_fixtable is released when the process that fixed ends" do
    table = :ets.new(:table, [:public])
    fixer = label(worker(), "fixer")
    tell(fixer, fn -> for _ <- 1..2, do: :ets.safe_fixtable(table, true) end)
    {_, fixed_by} = :ets.info(table, :safe_fixed)
    kill(fixer)
    [fixed_by: fixed_by, after: :ets.info(table, :safe_fixed), fixed: :ets.info(table, :fixed)]
  end

  scenario "safe_fixtable counts by process" do
    table = :ets.new(:table, [:public])
    other = label(worker(), "other")
    tell(other, fn -> :ets.safe_fixtable(table, true) end)
    for _ <- 1..3, do: :ets.safe_fixtable(table, true)
    {_, first} = :ets.info(table, :safe_fixed)
    :ets.safe_fixtable(table, false)
    {_, second} = :ets.info(table, :safe_fixed)
    for _ <- 1..3, do: :ets.safe_fixtable(table, false)
    {_, third} = :ets.info(table, :safe_fixed)
    order = &Enum.sort_by(&1, fn {_, count} -> count end)
    [first: order.(first), second: order.(second), third: third]
  end

  scenario "unfixing what another process fixed does nothing" do
    table = :ets.new(:table, [:public])
    other = label(worker(), "other")
    tell(other, fn -> :ets.safe_fixtable(table, true) end)
    returned = :ets.safe_fixtable(table, false)
    {_, fixed_by} = :ets.info(table, :safe_fixed)
    [returned: returned, fixed_by: fixed_by]
  end

  scenario "several tables die with one owner" do
    owner = worker()
    {:returned, tables} = tell(owner, fn -> for _ <- 1..3, do: :ets.new(:table, [:public]) end)
    kill(owner)
    for table <- tables, do: :ets.info(table)
  end

  scenario "an owner that crashes takes its table along; the DOWN message comes when it is gone" do
    {owner, table} = owned([:public])
    ref = Process.monitor(owner)
    Process.exit(owner, :crash)
    receive do: ({:DOWN, ^ref, _, _, reason} -> {reason, eventually(fn -> :ets.info(table) == :undefined end)})
  end

  scenario "operations on a table that died say so" do
    {owner, table} = owned([:public])
    kill(owner)

    [
      insert: outcome(fn -> :ets.insert(table, {1, 2}) end),
      info: :ets.info(table, :size),
      first: outcome(fn -> :ets.first(table) end),
      delete: outcome(fn -> :ets.delete(table) end)
    ]
  end
end
