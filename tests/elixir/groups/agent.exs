defmodule Agents do
  @moduledoc "Agent: start, get, update, get_and_update, cast."
  use Scenario, group: "agent"

  defp agent(state \\ 0) do
    {:ok, pid} = Agent.start(fn -> state end)
    label(pid, "agent")
  end

  defp linked(state \\ 0) do
    {:ok, pid} = Agent.start_link(fn -> state end)
    label(pid, "agent")
  end

  defp trap, do: Process.flag(:trap_exit, true)

  scenario "start" do
    {:ok, pid} = Agent.start(fn -> :state end)
    label(pid, "agent")
    [pid: pid, state: Agent.get(pid, & &1), links: Process.info(self(), :links)]
  end

  scenario "start_link" do
    {:ok, pid} = Agent.start_link(fn -> :state end)
    label(pid, "agent")
    [state: Agent.get(pid, & &1), links: Process.info(self(), :links)]
  end

  scenario "start with module, function and arguments" do
    {:ok, pid} = Agent.start(Map, :new, [[a: 1]])
    {:ok, other} = Agent.start_link(Enum, :sum, [[1, 2, 3]])
    [Agent.get(pid, & &1), Agent.get(other, & &1)]
  end

  scenario "the initial state is made by the agent" do
    {:ok, pid} = Agent.start(fn -> self() end)
    Agent.get(pid, & &1) == pid
  end

  scenario "start waits for the initial state" do
    caller = self()

    {:ok, _} =
      Agent.start(fn ->
        Process.sleep(20)
        send(caller, :initialised)
        :state
      end)

    send(self(), :started)
    mailbox()
  end

  scenario "start by name" do
    {:ok, pid} = Agent.start(fn -> 1 end, name: :named_agent)
    label(pid, "agent")

    [
      whereis: Process.whereis(:named_agent),
      get: Agent.get(:named_agent, & &1),
      update: Agent.update(:named_agent, &(&1 + 1)),
      cast: Agent.cast(:named_agent, &(&1 + 1)),
      by_pid: Agent.get(pid, & &1),
      with_node: Agent.get({:named_agent, node()}, & &1),
      stop: Agent.stop(:named_agent),
      whereis_after: Process.whereis(:named_agent)
    ]
  end

  scenario "start by a name that is taken" do
    {:ok, pid} = Agent.start_link(fn -> :first end, name: :taken_agent)
    label(pid, "first")

    [
      start: Agent.start(fn -> :second end, name: :taken_agent),
      start_link: Agent.start_link(fn -> :second end, name: :taken_agent),
      first: Agent.get(:taken_agent, & &1),
      messages: mailbox()
    ]
  end

  scenario "start by a name that is taken, trapping" do
    trap()
    {:ok, pid} = Agent.start_link(fn -> :first end, name: :taken_again_agent)
    label(pid, "first")
    result = Agent.start_link(fn -> :second end, name: :taken_again_agent)
    [result: result, messages: for({:EXIT, _, reason} <- mailbox(), do: {:EXIT, reason})]
  end

  scenario "start by a name that is taken: the function is not run" do
    caller = self()
    {:ok, _} = Agent.start_link(fn -> :first end, name: :not_run_agent)
    Agent.start(fn -> send(caller, :ran) end, name: :not_run_agent)
    mailbox()
  end

  scenario "start by what is no name" do
    for name <- ["name", 1, nil, :undefined],
        do: {name, outcome(fn -> Agent.start(fn -> 1 end, name: name) |> elem(0) end)}
  end

  scenario "start by a global name" do
    {:ok, pid} = Agent.start_link(fn -> :state end, name: {:global, {:an, "agent"}})
    label(pid, "agent")

    [
      get: Agent.get({:global, {:an, "agent"}}, & &1),
      taken: Agent.start(fn -> :second end, name: {:global, {:an, "agent"}})
    ]
  end

  scenario "start by a via name" do
    {:ok, _} = Registry.start_link(keys: :unique, name: AgentNames)
    name = {:via, Registry, {AgentNames, "an agent"}}
    {:ok, pid} = Agent.start_link(fn -> :state end, name: name)
    label(pid, "agent")

    [
      get: Agent.get(name, & &1),
      taken: Agent.start(fn -> :second end, name: name),
      missing: outcome(fn -> Agent.get({:via, Registry, {AgentNames, "missing"}}, & &1) end)
    ]
  end

  scenario "start: the function raises, throws, exits" do
    for function <- [
          fn -> raise "boom" end,
          fn -> throw(:ball) end,
          fn -> exit(:reason) end,
          fn -> exit(:normal) end,
          fn -> exit(:shutdown) end,
          fn -> :erlang.error(:oops) end,
          fn -> Process.exit(self(), :kill) end
        ] do
      outcome(fn -> Agent.start(function) end)
    end
  end

  scenario "start_link: the function raises, trapping" do
    trap()
    result = Agent.start_link(fn -> raise "boom" end)
    [result: result, messages: for({:EXIT, _, reason} <- mailbox(), do: {:EXIT, reason})]
  end

  scenario "start_link: the function throws or exits, trapping" do
    trap()

    for function <- [fn -> throw(:ball) end, fn -> exit(:reason) end, fn -> exit(:normal) end] do
      {Agent.start_link(function), for({:EXIT, _, reason} <- mailbox(), do: {:EXIT, reason})}
    end
  end

  scenario "start_link: the function raises, not trapping: the caller dies" do
    Agent.start_link(fn -> raise "boom" end)
    Process.sleep(100)
    :survived
  end

  scenario "start: the function takes too long" do
    Agent.start(fn -> Process.sleep(:infinity) end, timeout: 20)
  end

  scenario "start_link: the function takes too long, trapping" do
    trap()
    result = Agent.start_link(fn -> Process.sleep(:infinity) end, timeout: 20)
    [result: result, messages: for({:EXIT, _, reason} <- mailbox(), do: {:EXIT, reason})]
  end

  scenario "start_link: the function takes too long, not trapping" do
    result = Agent.start_link(fn -> Process.sleep(:infinity) end, timeout: 20)
    Process.sleep(50)
    {:survived, result}
  end

  scenario "start: a name whose function failed is free" do
    {:error, _} = Agent.start(fn -> exit(:reason) end, name: :failed_agent)
    {kind, _} = Agent.start(fn -> :state end, name: :failed_agent)
    Agent.stop(:failed_agent)
    kind
  end

  scenario "start with what is no function" do
    outcome(fn -> Agent.start(Process.get(:absent, :no_function)) end)
  end

  scenario "get gives what the function gives and leaves the state" do
    pid = agent(1)
    [Agent.get(pid, &(&1 + 10)), Agent.get(pid, & &1)]
  end

  scenario "get runs the function in the agent" do
    pid = agent()
    Agent.get(pid, fn _ -> self() end) == pid
  end

  scenario "get with module, function and arguments: the state comes first" do
    Agent.get(agent(%{a: 1}), Map, :get, [:a])
  end

  scenario "update gives ok and changes the state" do
    pid = agent(1)
    [Agent.update(pid, &(&1 + 1)), Agent.get(pid, & &1)]
  end

  scenario "update with module, function and arguments" do
    pid = agent(%{})
    [Agent.update(pid, Map, :put, [:a, 1]), Agent.get(pid, & &1)]
  end

  scenario "update: any value is a state" do
    pid = agent()

    for state <- [nil, {:reply, 1, 2}, {:stop, :normal}, :ok, []] do
      Agent.update(pid, fn _ -> state end)
      Agent.get(pid, & &1)
    end
  end

  scenario "get_and_update" do
    pid = agent(1)
    [Agent.get_and_update(pid, &{&1, &1 + 1}), Agent.get(pid, & &1)]
  end

  scenario "get_and_update with module, function and arguments" do
    pid = agent(%{a: 1})
    [Agent.get_and_update(pid, Map, :pop, [:a]), Agent.get(pid, & &1)]
  end

  scenario "get_and_update: a function that gives no pair" do
    for value <- [:no_pair, {1, 2, 3}, nil, [1, 2]] do
      pid = agent(1)
      ref = Process.monitor(pid)
      result = outcome(fn -> Agent.get_and_update(pid, fn _ -> value end) end)
      {result, receive(do: ({:DOWN, ^ref, _, _, reason} -> reason), after: (50 -> :alive))}
    end
  end

  scenario "cast gives ok and changes the state" do
    pid = agent(1)
    [Agent.cast(pid, &(&1 + 1)), Agent.get(pid, & &1)]
  end

  scenario "cast with module, function and arguments" do
    pid = agent(%{})
    [Agent.cast(pid, Map, :put, [:a, 1]), Agent.get(pid, & &1)]
  end

  scenario "cast does not wait" do
    pid = agent()
    caller = self()

    Agent.cast(pid, fn _ ->
      Process.sleep(20)
      send(caller, :cast_done)
      :state
    end)

    send(self(), :cast_returned)
    mailbox()
  end

  scenario "casts and calls of one caller are done in order" do
    pid = agent([])
    for number <- 1..3, do: Agent.cast(pid, &[number | &1])
    Agent.update(pid, &[4 | &1])
    Agent.cast(pid, &[5 | &1])
    Agent.get(pid, & &1)
  end

  scenario "cast to a dead agent, to a missing name, to what is no agent" do
    [
      dead: Agent.cast(dead(), & &1),
      name: Agent.cast(:nobody_has_this_name, & &1),
      global: Agent.cast({:global, :nobody_has_this_name}, & &1)
    ]
  end

  scenario "calls to a dead agent" do
    pid = label(dead(), "dead")

    [
      get: outcome(fn -> Agent.get(pid, & &1) end),
      update: outcome(fn -> Agent.update(pid, & &1) end),
      get_and_update: outcome(fn -> Agent.get_and_update(pid, &{&1, &1}) end)
    ]
  end

  scenario "calls to a missing name" do
    [
      get: outcome(fn -> Agent.get(:nobody_has_this_name, & &1) end),
      global: outcome(fn -> Agent.get({:global, :nobody_has_this_name}, & &1) end)
    ]
  end

  scenario "calls by module, function and arguments to a dead agent" do
    pid = label(dead(), "dead")
    outcome(fn -> Agent.get(pid, Map, :get, [:a]) end)
  end

  scenario "many callers: no update is lost" do
    pid = agent(0)

    for(_ <- 1..10, do: Task.async(fn -> for _ <- 1..50, do: Agent.update(pid, &(&1 + 1)) end))
    |> Task.await_many()

    Agent.get(pid, & &1)
  end

  scenario "an agent that calls itself" do
    pid = agent(1)
    ref = label(Process.monitor(pid), "monitor")
    result = outcome(fn -> Agent.get(pid, fn _ -> Agent.get(pid, & &1) end) end)
    [result: result, down: receive(do: ({:DOWN, ^ref, _, _, reason} -> reason), after: (100 -> :alive))]
  end

  scenario "an agent that casts to itself" do
    pid = agent(1)
    Agent.update(pid, fn state -> Agent.cast(pid, &(&1 + 10)) && state + 1 end)
    Agent.get(pid, & &1)
  end

  scenario "an agent that stops itself" do
    pid = agent(1)
    outcome(fn -> Agent.get(pid, fn _ -> Agent.stop(pid, :normal, 50) end, 500) end)
  end

  scenario "agents that call each other" do
    first = agent(1)
    {:ok, second} = Agent.start(fn -> 2 end)
    Agent.get(first, fn one -> one + Agent.get(second, & &1) end)
  end

  scenario "an agent does not end when it gets other messages" do
    pid = agent(1)
    send(pid, :unexpected)
    Agent.get(pid, & &1)
  end

  scenario "callers in an agent" do
    pid = agent()
    Agent.get(pid, fn _ -> Process.get(:"$callers") end)
  end

  scenario "ancestors of an agent" do
    pid = linked()
    Agent.get(pid, fn _ -> Process.get(:"$ancestors") end) |> hd()
  end

  scenario "the trap_exit flag of an agent" do
    {:ok, pid} = Agent.start_link(fn -> Process.flag(:trap_exit, false) end)
    Agent.get(pid, & &1)
  end

  scenario "child_spec" do
    Agent.child_spec(fn -> 1 end)
  end
end
