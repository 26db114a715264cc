defmodule SupervisorCalls do
  @moduledoc "Supervisor: its functions, and how it starts."
  use Scenario, group: "supervisor_calls"
  import Children

  defp trap, do: Process.flag(:trap_exit, true)

  scenario "which_children and count_children" do
    pid =
      supervisor([
        child(:a),
        child(:b, type: :supervisor),
        child(:c, restart: :temporary),
        child(:d, restart: :transient)
      ])

    for id <- [:a, :b, :c, :d], do: label(Process.whereis(id), Atom.to_string(id))
    [which: Supervisor.which_children(pid), count: Supervisor.count_children(pid)]
  end

  scenario "which_children and count_children of none" do
    pid = supervisor([])
    [which: Supervisor.which_children(pid), count: Supervisor.count_children(pid)]
  end

  scenario "start_child" do
    pid = supervisor([child(:a)])
    {:ok, b} = Supervisor.start_child(pid, child(:b))
    label(b, "b")
    [b: b == Process.whereis(:b), messages: mailbox(), order: ids(pid)]
  end

  scenario "start_child: the id is there" do
    pid = supervisor([child(:a)])
    label(Process.whereis(:a), "a")
    running = Supervisor.start_child(pid, child(:a))
    Supervisor.terminate_child(pid, :a)
    [running: running, terminated: Supervisor.start_child(pid, child(:a))]
  end

  scenario "start_child: the child does not start" do
    pid = supervisor([])

    for {name, start} <- [
          error: fn -> {:error, :reason} end,
          ignore: fn -> :ignore end,
          raises: fn -> raise "boom" end,
          throws: fn -> throw(:ball) end,
          exits: fn -> exit(:reason) end,
          odd: fn -> :odd end
        ] do
      {name, Supervisor.start_child(pid, %{id: name, start: {Kernel, :apply, [start, []]}})}
    end ++ [children: Supervisor.which_children(pid)]
  end

  scenario "start_child: specifications that are none" do
    pid = supervisor([])

    for spec <- [
          %{id: :a},
          %{id: :a, start: :nothing},
          %{id: :a, start: {Task, :start_link, [fn -> 1 end]}, restart: :sometimes},
          %{id: :a, start: {Task, :start_link, [fn -> 1 end]}, shutdown: -1},
          %{id: :a, start: {Task, :start_link, [fn -> 1 end]}, type: :other}
        ] do
      outcome(fn -> Supervisor.start_child(pid, spec) end)
    end
  end

  scenario "terminate_child" do
    pid = supervisor([child(:a), child(:b)])
    mailbox()

    [
      terminated: Supervisor.terminate_child(pid, :a),
      messages: mailbox(),
      children: states(pid),
      count: Supervisor.count_children(pid),
      again: Supervisor.terminate_child(pid, :a),
      unknown: Supervisor.terminate_child(pid, :unknown)
    ]
  end

  scenario "terminate_child: a temporary child is forgotten" do
    pid = supervisor([child(:a, restart: :temporary)])
    [Supervisor.terminate_child(pid, :a), Supervisor.which_children(pid), Supervisor.terminate_child(pid, :a)]
  end

  scenario "restart_child" do
    pid = supervisor([child(:a)])
    running = Supervisor.restart_child(pid, :a)
    Supervisor.terminate_child(pid, :a)
    mailbox()
    {:ok, restarted} = Supervisor.restart_child(pid, :a)

    [
      running: running,
      restarted: restarted == Process.whereis(:a),
      messages: mailbox(),
      unknown: Supervisor.restart_child(pid, :unknown)
    ]
  end

  scenario "restart_child: a transient child that has ended normally" do
    pid = supervisor([child(:a, restart: :transient)])
    mailbox()
    fall(:a, :normal)
    {kind, _} = Supervisor.restart_child(pid, :a)
    [kind, mailbox()]
  end

  scenario "delete_child" do
    pid = supervisor([child(:a), child(:b)])
    running = Supervisor.delete_child(pid, :a)
    Supervisor.terminate_child(pid, :a)

    [
      running: running,
      terminated: Supervisor.delete_child(pid, :a),
      again: Supervisor.delete_child(pid, :a),
      children: ids(pid)
    ]
  end

  scenario "start_link: a child does not start: those before are stopped" do
    trap()
    caller = self()

    bad = fn id, ending ->
      %{id: id, start: {Kernel, :apply, [fn -> send(caller, {:tried, id}) && ending.() end, []]}}
    end

    for {name, ending} <- [
          error: fn -> {:error, :reason} end,
          raises: fn -> raise "boom" end,
          odd: fn -> :odd end
        ] do
      result = Supervisor.start_link([child(:a), bad.(:b, ending), child(:c)], strategy: :one_for_one)
      {name, result, for(message <- mailbox(), elem(message, 0) != :EXIT, do: message)}
    end
  end

  scenario "start_link: a child that is ignored" do
    pid = supervisor([%{id: :a, start: {Kernel, :apply, [fn -> :ignore end, []]}}, child(:b)])
    [states(pid), Supervisor.count_children(pid)]
  end

  scenario "start_link: two children of one id" do
    trap()
    outcome(fn -> Supervisor.start_link([child(:a), child(:a)], strategy: :one_for_one) end)
  end

  scenario "start_link by name" do
    {:ok, pid} = Supervisor.start_link([], strategy: :one_for_one, name: NamedSupervisor)
    label(pid, "supervisor")

    [
      whereis: Process.whereis(NamedSupervisor),
      which: Supervisor.which_children(NamedSupervisor),
      taken: Supervisor.start_link([], strategy: :one_for_one, name: NamedSupervisor)
    ]
  end

  scenario "start_link: options that are none" do
    trap()

    for options <- [
          [],
          [strategy: :all_for_none],
          [strategy: :one_for_one, max_restarts: -1],
          [strategy: :one_for_one, max_seconds: 0]
        ] do
      {options, outcome(fn -> Supervisor.start_link([], options) |> Tuple.to_list() |> hd() end)}
    end
  end

  scenario "start_link: children as modules and pairs" do
    pid = supervisor([{Agent, fn -> :state end}, {Task, fn -> Process.sleep(:infinity) end}])
    Supervisor.which_children(pid) |> Enum.map(fn {id, pid, type, modules} -> {id, is_pid(pid), type, modules} end)
  end

  scenario "calls to a supervisor that is gone" do
    pid = supervisor([])
    Supervisor.stop(pid)

    [
      which: outcome(fn -> Supervisor.which_children(pid) end),
      start: outcome(fn -> Supervisor.start_child(pid, %{id: :a, start: {Task, :start_link, []}}) end),
      stop: outcome(fn -> Supervisor.stop(pid) end)
    ]
  end

  scenario "child_spec overrides" do
    Supervisor.child_spec({Agent, fn -> 1 end}, id: :other, restart: :transient, shutdown: 10)
  end
end
