defmodule AgentEnds do
  @moduledoc "Agent: crashes, time limits, stop."
  use Scenario, group: "agent_ends"

  defp agent(state) do
    {:ok, pid} = Agent.start(fn -> state end)
    label(pid, "agent")
  end

  defp linked(state) do
    {:ok, pid} = Agent.start_link(fn -> state end)
    label(pid, "agent")
  end

  defp trap, do: Process.flag(:trap_exit, true)

  # What the caller of a function sees, and what becomes of the agent.
  defp call(function) do
    pid = agent(1)
    ref = Process.monitor(pid)
    result = outcome(fn -> function.(pid) end)
    {result, receive(do: ({:DOWN, ^ref, _, _, reason} -> reason), after: (50 -> :alive))}
  end

  scenario "get: the function raises" do
    call(fn pid -> Agent.get(pid, fn _ -> raise "boom" end) end)
  end

  scenario "get: the function raises an error of Erlang" do
    call(fn pid -> Agent.get(pid, fn state -> state + :a end) end)
  end

  scenario "get: the function exits" do
    for reason <- [:reason, :normal, :shutdown, {:shutdown, 1}, :kill] do
      {reason, call(fn pid -> Agent.get(pid, fn _ -> exit(reason) end) end)}
    end
  end

  scenario "get: the function kills its agent" do
    call(fn pid -> Agent.get(pid, fn _ -> Process.exit(self(), :kill) end) end)
  end

  scenario "get: the function throws" do
    call(fn pid -> Agent.get(pid, fn _ -> throw(:ball) end) end)
  end

  scenario "get: the function throws what a server may return" do
    for value <- [
          {:reply, 1, 2},
          {:stop, :reason, :reply, 3},
          {:stop, :normal, :reply, 3},
          {:stop, :reason, 3},
          {:noreply, 2}
        ] do
      pid = agent(1)
      ref = Process.monitor(pid)
      result = outcome(fn -> Agent.get(pid, fn _ -> throw(value) end, 50) end)
      fate = receive(do: ({:DOWN, ^ref, _, _, reason} -> reason), after: (30 -> :alive))
      {value, result, fate, if(fate == :alive, do: Agent.get(pid, & &1), else: :none)}
    end
  end

  scenario "update: the function raises, throws, exits" do
    for function <- [fn _ -> raise "boom" end, fn _ -> throw(:ball) end, fn _ -> exit(:reason) end] do
      call(fn pid -> Agent.update(pid, function) end)
    end
  end

  scenario "get_and_update: the function raises, throws, exits" do
    for function <- [fn _ -> raise "boom" end, fn _ -> throw(:ball) end, fn _ -> exit(:reason) end] do
      call(fn pid -> Agent.get_and_update(pid, function) end)
    end
  end

  scenario "cast: the function raises, throws, exits" do
    for function <- [fn _ -> raise "boom" end, fn _ -> throw(:ball) end, fn _ -> exit(:reason) end] do
      call(fn pid -> Agent.cast(pid, function) end)
    end
  end

  scenario "cast: the function throws what a server may return" do
    for value <- [{:noreply, 2}, {:reply, 1, 2}, {:stop, :reason, 3}] do
      pid = agent(1)
      ref = Process.monitor(pid)
      Agent.cast(pid, fn _ -> throw(value) end)
      fate = receive(do: ({:DOWN, ^ref, _, _, reason} -> reason), after: (30 -> :alive))
      {value, fate, if(fate == :alive, do: Agent.get(pid, & &1), else: :none)}
    end
  end

  scenario "get: the function raises, the agent is linked, the caller traps" do
    trap()
    pid = linked(1)
    result = outcome(fn -> Agent.get(pid, fn _ -> raise "boom" end) end)
    [result: result, messages: mailbox()]
  end

  scenario "get: the function raises, the agent is linked, the caller does not trap" do
    reason =
      ended(fn ->
        pid = linked(1)
        Agent.get(pid, fn _ -> raise "boom" end)
      end)

    # The caller dies of the signal or of its call, whichever is first.
    match?({%RuntimeError{message: "boom"}, [_ | _]}, reason) or
      match?({{%RuntimeError{message: "boom"}, [_ | _]}, {GenServer, :call, [_, {:get, _}, 5000]}}, reason)
  end

  scenario "cast: the function raises, the agent is linked: the caller dies" do
    pid = linked(1)
    Agent.cast(pid, fn _ -> raise "boom" end)
    Process.sleep(200)
    :survived
  end

  scenario "the failure of a call: the whole reason" do
    pid = agent(1)
    outcome(fn -> Agent.update(pid, fn _ -> exit(:reason) end, 777) end)
  end

  scenario "a caller that waits behind a crash gets the reason too" do
    pid = agent(1)

    Agent.cast(pid, fn _ ->
      Process.sleep(30)
      exit(:crash)
    end)

    outcome(fn -> Agent.get(pid, & &1) end)
  end

  scenario "get: too late" do
    pid = agent(1)
    outcome(fn -> Agent.get(pid, fn _ -> Process.sleep(100) end, 10) end)
  end

  scenario "get: too late, the agent lives on and no reply is left over" do
    pid = agent(1)
    outcome(fn -> Agent.get(pid, fn _ -> Process.sleep(40) end, 10) end)
    [state: Agent.get(pid, & &1), messages: mailbox()]
  end

  scenario "update: too late, but done later" do
    pid = agent(1)

    result =
      outcome(fn ->
        Agent.update(
          pid,
          fn state ->
            Process.sleep(40)
            state + 1
          end,
          10
        )
      end)

    [result: result, state: Agent.get(pid, & &1), messages: mailbox()]
  end

  scenario "update that waits behind another: too late, but done later" do
    pid = agent(1)

    Agent.cast(pid, fn state ->
      Process.sleep(40)
      state
    end)

    result = outcome(fn -> Agent.update(pid, &(&1 + 1), 10) end)
    [result: result, state: Agent.get(pid, & &1)]
  end

  scenario "get_and_update: too late" do
    pid = agent(1)

    slow = fn state ->
      Process.sleep(40)
      {state, state + 1}
    end

    result = outcome(fn -> Agent.get_and_update(pid, slow, 10) end)
    [result: result, state: Agent.get(pid, & &1)]
  end

  scenario "too late, uncaught: the caller dies, the agent that is not linked lives" do
    pid = agent(1)
    reason = ended(fn -> Agent.get(pid, fn _ -> Process.sleep(50) end, 10) end)
    [reason: reason, state: Agent.get(pid, & &1)]
  end

  scenario "with no time" do
    pid = agent(1)
    Agent.cast(pid, fn state -> Process.sleep(30) && state end)
    outcome(fn -> Agent.get(pid, & &1, 0) end)
  end

  scenario "with infinity" do
    Agent.get(agent(1), & &1, :infinity)
  end

  scenario "with a time limit that is none" do
    pid = agent(1)
    for limit <- [-1, :soon, 1.5, nil], do: {limit, outcome(fn -> Agent.get(pid, & &1, limit) end)}
  end

  scenario "stop" do
    pid = agent(1)
    ref = Process.monitor(pid)
    result = Agent.stop(pid)
    [result: result, down: receive(do: ({:DOWN, ^ref, _, _, reason} -> reason)), alive: Process.alive?(pid)]
  end

  scenario "stop with a reason" do
    for reason <- [:normal, :shutdown, {:shutdown, 1}, :other, :kill] do
      pid = agent(1)
      ref = Process.monitor(pid)
      result = outcome(fn -> Agent.stop(pid, reason) end)
      {reason, result, receive(do: ({:DOWN, ^ref, _, _, down} -> down))}
    end
  end

  scenario "stop twice" do
    pid = agent(1)
    [Agent.stop(pid), outcome(fn -> Agent.stop(pid) end)]
  end

  scenario "stop a dead agent with a reason" do
    outcome(fn -> Agent.stop(label(dead(), "dead"), :shutdown, 100) end)
  end

  scenario "stop a missing name" do
    outcome(fn -> Agent.stop(:nobody_has_this_name) end)
  end

  scenario "stop by name" do
    {:ok, _} = Agent.start(fn -> 1 end, name: :stopped_agent)
    [Agent.stop(:stopped_agent), Process.whereis(:stopped_agent)]
  end

  scenario "stop waits for what was cast before" do
    pid = agent(1)
    caller = self()

    Agent.cast(pid, fn state ->
      Process.sleep(20)
      send(caller, :cast_done)
      state
    end)

    result = Agent.stop(pid)
    [result: result, messages: mailbox()]
  end

  scenario "stop: too late" do
    pid = agent(1)
    Agent.cast(pid, fn _ -> Process.sleep(200) end)
    result = outcome(fn -> Agent.stop(pid, :normal, 10) end)
    [result: result, alive: Process.alive?(pid)]
  end

  scenario "stop of a linked agent, not trapping" do
    pid = linked(1)
    [Agent.stop(pid), mailbox()]
  end

  scenario "stop of a linked agent, trapping" do
    trap()
    pid = linked(1)
    [Agent.stop(pid), mailbox()]
  end

  scenario "stop of a linked agent for another reason, not trapping: the caller dies" do
    pid = linked(1)
    outcome(fn -> Agent.stop(pid, :other) end)
    Process.sleep(100)
    :survived
  end

  scenario "stop of a linked agent with shutdown, not trapping: the caller dies" do
    pid = linked(1)
    outcome(fn -> Agent.stop(pid, :shutdown) end)
    Process.sleep(100)
    :survived
  end

  scenario "calls after stop" do
    pid = agent(1)
    Agent.stop(pid)

    [
      get: outcome(fn -> Agent.get(pid, & &1) end),
      update: outcome(fn -> Agent.update(pid, & &1, 100) end),
      cast: Agent.cast(pid, & &1)
    ]
  end

  scenario "calls after a crash" do
    pid = agent(1)
    outcome(fn -> Agent.get(pid, fn _ -> exit(:crash) end) end)
    outcome(fn -> Agent.get(pid, & &1) end)
  end

  scenario "the caller ends: a linked agent with it" do
    caller = self()

    owner =
      spawn(fn ->
        {:ok, pid} = Agent.start_link(fn -> 1 end)
        send(caller, {:agent, pid})
        receive do: (:go -> exit(:owner_gone))
      end)

    {:agent, pid} = next()
    fate(pid, fn _ -> send(owner, :go) end)
  end

  scenario "the caller returns: its linked agent lives on" do
    caller = self()

    owner =
      spawn(fn ->
        {:ok, pid} = Agent.start_link(fn -> 1 end)
        send(caller, {:agent, pid})
        receive do: (:go -> :ok)
      end)

    {:agent, pid} = next()
    fate(pid, fn _ -> send(owner, :go) end)
  end

  scenario "an agent that traps: its parent ends, so it ends" do
    caller = self()

    owner =
      spawn(fn ->
        {:ok, pid} = Agent.start_link(fn -> Process.flag(:trap_exit, true) end)
        send(caller, {:agent, pid})
        receive do: (:go -> exit(:owner_gone))
      end)

    {:agent, pid} = next()
    fate(pid, fn _ -> send(owner, :go) end)
  end

  scenario "an agent that traps: its parent returns, so it ends" do
    caller = self()

    owner =
      spawn(fn ->
        {:ok, pid} = Agent.start_link(fn -> Process.flag(:trap_exit, true) end)
        send(caller, {:agent, pid})
        receive do: (:go -> :ok)
      end)

    {:agent, pid} = next()
    fate(pid, fn _ -> send(owner, :go) end)
  end

  scenario "an agent that traps: a stranger's signal is only a message" do
    {:ok, pid} = Agent.start(fn -> Process.flag(:trap_exit, true) end)
    fate = fate(pid, fn pid -> spawn(fn -> Process.exit(pid, :other) end) end)
    [fate, Agent.get(pid, & &1)]
  end

  scenario "exit signals to an agent that does not trap" do
    for reason <- [:normal, :shutdown, :other, :kill] do
      {reason, fate(agent(1), &Process.exit(&1, reason))}
    end
  end

  scenario "killed in the midst of a call" do
    pid = agent(1)
    killer = fn -> Process.sleep(20) && Process.exit(pid, :kill) end
    spawn(killer)
    outcome(fn -> Agent.get(pid, fn _ -> Process.sleep(:infinity) end) end)
  end
end
