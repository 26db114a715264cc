defmodule RegistryQueries do
  @moduledoc "Registry: dispatch, match, select and their counts."
  use Scenario, group: "registry_queries"
  import Registering

  scenario "dispatch" do
    r = duplicate()
    holder(r, :k, 1, "other")
    Registry.register(r, :k, 2)
    caller = self()

    returned =
      Registry.dispatch(r, :k, fn entries ->
        send(caller, {:entries, Enum.sort_by(entries, &elem(&1, 1)), self() == caller})
      end)

    [returned: returned, messages: mailbox()]
  end

  scenario "dispatch of a key without entries" do
    caller = self()

    for r <- [unique(), duplicate()] do
      [Registry.dispatch(r, :missing, fn entries -> send(caller, {:entries, entries}) end), mailbox()]
    end
  end

  scenario "dispatch, unique" do
    r = unique()
    Registry.register(r, :k, 1)
    caller = self()
    [Registry.dispatch(r, :k, fn entries -> send(caller, {:entries, entries}) end), mailbox()]
  end

  scenario "dispatch: the function raises" do
    r = duplicate()
    Registry.register(r, :k, 1)
    outcome(fn -> Registry.dispatch(r, :k, fn _ -> raise "boom" end) end)
  end

  scenario "dispatch, parallel over partitions" do
    r = registry(:duplicate, partitions: 2)
    Registry.register(r, :k, 1)
    caller = self()

    [
      Registry.dispatch(r, :k, fn entries -> send(caller, {:entries, entries}) end, parallel: true),
      mailbox()
    ]
  end

  scenario "match" do
    r = duplicate()
    for value <- [{:a, 1}, {:a, 2}, {:b, 3}], do: Registry.register(r, :k, value)

    [
      all: Registry.match(r, :k, :_),
      tagged: Registry.match(r, :k, {:a, :_}),
      guarded: Registry.match(r, :k, {:_, :"$1"}, [{:>, :"$1", 1}]),
      none: Registry.match(r, :k, {:c, :_}),
      missing: Registry.match(r, :missing, :_),
      same_twice: Registry.match(r, :k, {:"$1", :"$1"})
    ]
  end

  scenario "match, unique" do
    r = unique()
    Registry.register(r, :k, {:a, 1})
    [Registry.match(r, :k, {:a, :_}), Registry.match(r, :k, {:b, :_}), Registry.match(r, :missing, :_)]
  end

  scenario "match: a key that looks like a pattern is a plain key" do
    r = duplicate()
    Registry.register(r, :_, 1)
    Registry.register(r, :k, 2)
    [Registry.match(r, :_, :_), Registry.lookup(r, :_)]
  end

  scenario "count_match" do
    r = duplicate()
    for value <- [{:a, 1}, {:a, 2}, {:b, 3}], do: Registry.register(r, :k, value)

    [
      all: Registry.count_match(r, :k, :_),
      tagged: Registry.count_match(r, :k, {:a, :_}),
      guarded: Registry.count_match(r, :k, {:_, :"$1"}, [{:>, :"$1", 1}]),
      missing: Registry.count_match(r, :missing, :_)
    ]
  end

  scenario "select" do
    r = duplicate()
    for {key, value} <- [a: 1, a: 2, b: 3], do: Registry.register(r, key, value)

    [
      all: Enum.sort(Registry.select(r, [{{:"$1", :_, :"$2"}, [], [{{:"$1", :"$2"}}]}])),
      guarded: Enum.sort(Registry.select(r, [{{:_, :_, :"$1"}, [{:>, :"$1", 1}], [:"$1"]}])),
      pid: Registry.select(r, [{{:b, :"$1", :_}, [], [:"$1"]}]),
      clauses: Enum.sort(Registry.select(r, [{{:a, :_, :"$1"}, [], [{{:a, :"$1"}}]}, {{:b, :_, :"$1"}, [], [:"$1"]}])),
      none: Registry.select(r, [{{:c, :_, :_}, [], [true]}])
    ]
  end

  scenario "select, unique" do
    r = unique()
    for {key, value} <- [a: 1, b: 2], do: Registry.register(r, key, value)
    Enum.sort(Registry.select(r, [{{:"$1", :"$2", :"$3"}, [], [{{:"$1", :"$2", :"$3"}}]}]))
  end

  scenario "select: whole row and bindings" do
    r = unique()
    Registry.register(r, :a, 1)

    for body <- [:"$_", :"$$"] do
      case outcome(fn -> Registry.select(r, [{{:"$1", :_, :"$2"}, [], [body]}]) end) do
        {:returned, found} -> {:returned, found}
        {:raised, %module{}} -> {:raised, module}
      end
    end
  end

  scenario "select: what is no match specification" do
    r = unique()

    for spec <- [[{:not_three, [], [true]}], [{{:_, :_}, [], [true]}], :no_list] do
      outcome(fn -> Registry.select(r, Process.get(:absent, spec)) end)
    end
  end

  scenario "count_select" do
    r = duplicate()
    for {key, value} <- [a: 1, a: 2, b: 3], do: Registry.register(r, key, value)

    [
      all: Registry.count_select(r, [{{:_, :_, :_}, [], [true]}]),
      guarded: Registry.count_select(r, [{{:_, :_, :"$1"}, [{:>, :"$1", 1}], [true]}]),
      not_true: Registry.count_select(r, [{{:_, :_, :_}, [], [:no]}])
    ]
  end
end
