defmodule Registries do
  @moduledoc "Registry: entries, their owners, meta, names through a registry."
  use Scenario, group: "registry"
  import Registering

  scenario "unique: register and lookup" do
    r = unique()
    [before: Registry.lookup(r, :k), registered: ok(Registry.register(r, :k, 1)), lookup: Registry.lookup(r, :k)]
  end

  scenario "unique: a key that another has" do
    r = unique()
    holder(r, :k, 1)
    [Registry.register(r, :k, 2), Registry.lookup(r, :k)]
  end

  scenario "unique: a key that the caller has" do
    r = unique()
    Registry.register(r, :k, 1)
    [Registry.register(r, :k, 2), Registry.lookup(r, :k)]
  end

  scenario "unique: several keys of one process" do
    r = unique()
    for key <- [:b, :a, "c"], do: Registry.register(r, key, nil)
    Enum.sort(Registry.keys(r, self()))
  end

  scenario "unique: 1 and 1.0 are different keys" do
    r = unique()

    [
      ok(Registry.register(r, 1, :integer)),
      ok(Registry.register(r, 1.0, :float)),
      Registry.lookup(r, 1),
      Registry.lookup(r, 1.0)
    ]
  end

  scenario "unique: any term is a key and a value" do
    r = unique()
    key = {:some, %{"term" => [1, nil]}}
    Registry.register(r, key, {:value, [1]})
    Registry.lookup(r, key)
  end

  scenario "duplicate: register and lookup" do
    r = duplicate()
    holder(r, :k, 1, "other")
    [registered: ok(Registry.register(r, :k, 2)), lookup: Enum.sort_by(Registry.lookup(r, :k), &elem(&1, 1))]
  end

  scenario "duplicate: the same entry twice" do
    r = duplicate()
    Registry.register(r, :k, 1)
    Registry.register(r, :k, 1)
    [lookup: Registry.lookup(r, :k), keys: Registry.keys(r, self()), count: Registry.count(r)]
  end

  scenario "duplicate: entries of one process come in the order of registration" do
    r = duplicate()
    for value <- [3, 1, 2], do: Registry.register(r, :k, value)
    Registry.lookup(r, :k)
  end

  scenario "unregister" do
    for r <- [unique(), duplicate()] do
      Registry.register(r, :k, 1)
      [Registry.unregister(r, :k), Registry.lookup(r, :k), Registry.unregister(r, :k), Registry.keys(r, self())]
    end
  end

  scenario "unregister takes all entries of the caller under that key, and no one else's" do
    r = duplicate()
    holder(r, :k, 1, "other")
    for value <- [2, 3], do: Registry.register(r, :k, value)
    Registry.register(r, :l, 4)
    Registry.unregister(r, :k)
    [k: Registry.lookup(r, :k), l: Registry.lookup(r, :l), keys: Registry.keys(r, self())]
  end

  scenario "unregister of a key that another has" do
    r = unique()
    holder(r, :k, 1)
    [Registry.unregister(r, :k), Registry.lookup(r, :k)]
  end

  scenario "unique: after unregister the key is free" do
    r = unique()
    Registry.register(r, :k, 1)
    Registry.unregister(r, :k)
    pid = holder(r, :k, 2)
    Registry.lookup(r, :k) == [{pid, 2}]
  end

  scenario "unregister_match" do
    r = duplicate()
    for value <- [{:a, 1}, {:a, 2}, {:b, 3}], do: Registry.register(r, :k, value)

    [
      returned: Registry.unregister_match(r, :k, {:a, :_}, []),
      lookup: Registry.lookup(r, :k),
      guarded: Registry.unregister_match(r, :k, {:b, :"$1"}, [{:>, :"$1", 5}]),
      after: Registry.lookup(r, :k),
      none: Registry.unregister_match(r, :missing, :_)
    ]
  end

  scenario "unregister_match, unique" do
    r = unique()
    Registry.register(r, :k, 1)

    [
      Registry.unregister_match(r, :k, 2),
      Registry.lookup(r, :k),
      Registry.unregister_match(r, :k, 1),
      Registry.lookup(r, :k)
    ]
  end

  scenario "entries vanish when their owner ends" do
    for r <- [unique(), duplicate()] do
      pid = holder(r, :k, 1)
      before = length(Registry.lookup(r, :k))
      kill(pid)
      [before: before, gone: eventually(fn -> Registry.lookup(r, :k) == [] end), count: Registry.count(r)]
    end
  end

  scenario "unique: lookup never gives a dead process" do
    r = unique()
    pid = holder(r, :k, 1)
    kill(pid)
    Registry.lookup(r, :k)
  end

  scenario "unique: a key whose owner has ended can be had at once" do
    r = unique()
    pid = holder(r, :k, 1)
    kill(pid)
    [ok(Registry.register(r, :k, 2)), Registry.lookup(r, :k)]
  end

  scenario "keys" do
    r = duplicate()
    pid = holder(r, :k, 1)
    for key <- [:a, :b, :a], do: Registry.register(r, key, nil)
    [mine: Enum.sort(Registry.keys(r, self())), other: Registry.keys(r, pid), dead: Registry.keys(r, dead())]
  end

  scenario "values" do
    r = duplicate()
    pid = holder(r, :k, :other)
    for value <- [1, 2], do: Registry.register(r, :k, value)
    u = unique()
    Registry.register(u, :k, :only)

    [
      mine: Registry.values(r, :k, self()),
      other: Registry.values(r, :k, pid),
      none: Registry.values(r, :missing, self()),
      unique: Registry.values(u, :k, self()),
      unique_other: Registry.values(u, :k, pid)
    ]
  end

  scenario "count" do
    r = duplicate()
    empty = Registry.count(r)
    holder(r, :k, 1)
    for key <- [:a, :a], do: Registry.register(r, key, nil)
    [empty: empty, count: Registry.count(r)]
  end

  scenario "update_value" do
    r = unique()
    Registry.register(r, :k, 1)

    [
      updated: Registry.update_value(r, :k, &(&1 + 1)),
      lookup: Registry.lookup(r, :k),
      missing: Registry.update_value(r, :missing, &(&1 + 1))
    ]
  end

  scenario "update_value of a key that another has" do
    r = unique()
    holder(r, :k, 1)
    [Registry.update_value(r, :k, &(&1 + 1)), Registry.lookup(r, :k)]
  end

  scenario "update_value of duplicate keys" do
    r = duplicate()
    Registry.register(r, :k, 1)
    # The message names the registry, whose name differs from run to run.
    {:raised, %module{}} = outcome(fn -> Registry.update_value(r, :k, &(&1 + 1)) end)
    {module, Registry.lookup(r, :k)}
  end

  scenario "update_value: the function raises" do
    r = unique()
    Registry.register(r, :k, 1)
    [outcome(fn -> Registry.update_value(r, :k, fn _ -> raise "boom" end) end), Registry.lookup(r, :k)]
  end

  scenario "meta" do
    r = unique()

    [
      missing: Registry.meta(r, :key),
      put: Registry.put_meta(r, :key, {:some, "value"}),
      found: Registry.meta(r, :key),
      put_again: Registry.put_meta(r, :key, 2),
      found_again: Registry.meta(r, :key),
      tuple_key: Registry.put_meta(r, {:tuple, 1}, 3),
      tuple_found: Registry.meta(r, {:tuple, 1}),
      deleted: Registry.delete_meta(r, :key),
      deleted_again: Registry.delete_meta(r, :key),
      after: Registry.meta(r, :key)
    ]
  end

  scenario "meta at start" do
    r = registry(:unique, meta: [a: 1, b: 2])
    [Registry.meta(r, :a), Registry.meta(r, :b), Registry.meta(r, :c)]
  end

  scenario "meta is no entry" do
    r = unique()
    Registry.put_meta(r, :key, 1)
    [Registry.count(r), Registry.lookup(r, :key)]
  end

  scenario "names through a registry" do
    r = unique()
    name = {:via, Registry, {r, "name"}}
    {:ok, pid} = Agent.start_link(fn -> :state end, name: name)
    label(pid, "agent")

    [
      get: Agent.get(name, & &1),
      lookup: Registry.lookup(r, "name"),
      whereis: GenServer.whereis(name),
      taken: Agent.start_link(fn -> 2 end, name: name),
      missing: GenServer.whereis({:via, Registry, {r, "missing"}}),
      stop: Agent.stop(name),
      whereis_after: GenServer.whereis(name)
    ]
  end

  scenario "names through a registry, with a value" do
    r = unique()
    {:ok, pid} = Agent.start_link(fn -> :state end, name: {:via, Registry, {r, "name", :value}})
    label(pid, "agent")
    [Registry.lookup(r, "name"), Agent.get({:via, Registry, {r, "name"}}, & &1)]
  end

  scenario "names through a registry of duplicate keys" do
    r = duplicate()
    Process.flag(:trap_exit, true)

    case outcome(fn -> Agent.start(fn -> 1 end, name: {:via, Registry, {r, "name"}}) end) do
      {:returned, {:error, {%module{}, _}}} -> {:error, module}
      {kind, %module{}} -> {kind, module}
      {kind, _} -> kind
    end
  end

  scenario "send to a name through a registry" do
    r = unique()
    Registry.register_name({r, "me"}, self())
    sent = Registry.send({r, "me"}, :hello) |> inspect() |> String.length() > 0

    [
      sent: sent,
      messages: mailbox(),
      whereis: Registry.whereis_name({r, "me"}),
      missing: Registry.whereis_name({r, "missing"}),
      unregistered: Registry.unregister_name({r, "me"}),
      after: Registry.whereis_name({r, "me"})
    ]
  end

  scenario "register_name: yes, no, and only for oneself" do
    r = unique()

    [
      yes: Registry.register_name({r, "me"}, self()),
      no: Registry.register_name({r, "me"}, self()),
      another: outcome(fn -> Registry.register_name({r, "other"}, idle()) end) |> elem(0)
    ]
  end

  scenario "listeners" do
    Process.register(self(), :registry_listener)
    r = registry(:unique, listeners: [:registry_listener])
    Registry.register(r, :k, 1)
    Registry.update_value(r, :k, &(&1 + 1))
    Registry.unregister(r, :k)
    pid = holder(r, :l, 2)
    kill(pid)
    # The second member is the name of the registry, which differs from run to run.
    for message <- mailbox(60), do: put_elem(message, 1, :registry)
  end

  scenario "partitions" do
    r = registry(:unique, partitions: 4)
    for key <- 1..20, do: Registry.register(r, key, key)

    [
      count: Registry.count(r),
      keys: Enum.sort(Registry.keys(r, self())),
      select: Enum.sort(Registry.select(r, [{{:"$1", :_, :_}, [{:>, :"$1", 17}], [:"$1"]}]))
    ]
  end

  scenario "start_link: options that are none" do
    for options <- [
          [name: Registries.Odd],
          [keys: :many, name: Registries.Odd],
          [keys: :unique],
          [keys: :unique, name: "name"],
          [keys: :unique, name: Registries.Odd, partitions: 0],
          [keys: :unique, name: Registries.Odd, listeners: :no_list],
          [keys: :unique, name: Registries.Odd, meta: :no_list]
        ] do
      {options, outcome(fn -> Registry.start_link(options) end)}
    end
  end

  scenario "start_link: a name that is taken" do
    {:ok, pid} = Registry.start_link(keys: :unique, name: Registries.Taken)
    label(pid, "registry")
    Registry.start_link(keys: :duplicate, name: Registries.Taken)
  end

  scenario "a registry that is not there" do
    for function <- [
          fn -> Registry.lookup(NoSuchRegistry, :k) end,
          fn -> Registry.register(NoSuchRegistry, :k, 1) end,
          fn -> Registry.unregister(NoSuchRegistry, :k) end,
          fn -> Registry.count(NoSuchRegistry) end
        ] do
      outcome(function)
    end
  end

  scenario "a process is linked to the registry that it is in" do
    r = unique()
    pid = worker()
    tell(pid, fn -> Registry.register(r, :k, 1) end)
    {:links, links} = Process.info(pid, :links)
    length(links)
  end

  scenario "the registry ends: those that are in it" do
    Process.flag(:trap_exit, true)
    {:ok, registry} = Registry.start_link(keys: :unique, name: Registries.Ending)
    pid = worker()
    tell(pid, fn -> Registry.register(Registries.Ending, :k, 1) end)
    fate(pid, fn _ -> Supervisor.stop(registry) end)
  end

  scenario "the registry is killed: those that are in it" do
    Process.flag(:trap_exit, true)
    {:ok, registry} = Registry.start_link(keys: :unique, name: Registries.Killed)
    pid = worker()
    tell(pid, fn -> Registry.register(Registries.Killed, :k, 1) end)
    fate(pid, fn _ -> Process.exit(registry, :kill) end)
  end

  scenario "child_spec" do
    Registry.child_spec(keys: :unique, name: Registries.Spec)
  end
end
