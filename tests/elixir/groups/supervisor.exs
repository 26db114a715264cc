defmodule Supervisors do
  @moduledoc "Supervisor: strategies, kinds of restart, intensity, shutdown."
  use Scenario, group: "supervisor"
  import Children

  defp trap, do: Process.flag(:trap_exit, true)

  scenario "children start in order" do
    supervisor([child(:a), child(:b), child(:c)])
    mailbox()
  end

  scenario "stop: children end in reverse order, with shutdown" do
    pid = supervisor([child(:a), child(:b), child(:c)])
    mailbox()
    [stopped: Supervisor.stop(pid), messages: mailbox()]
  end

  scenario "stop with another reason: the children get shutdown all the same" do
    trap()
    pid = supervisor([child(:a)])
    mailbox()
    [stopped: Supervisor.stop(pid, :other), messages: mailbox()]
  end

  defp fallen(strategy, id) do
    in_process(fn ->
      supervisor([child(:a), child(:b), child(:c)], strategy: strategy)
      mailbox()
      fall(id, :crash)
    end)
  end

  scenario "one_for_one: one falls" do
    for id <- [:a, :b], do: {id, fallen(:one_for_one, id)}
  end

  scenario "one_for_all: one falls" do
    for id <- [:a, :b, :c], do: {id, fallen(:one_for_all, id)}
  end

  scenario "rest_for_one: one falls" do
    for id <- [:a, :b, :c], do: {id, fallen(:rest_for_one, id)}
  end

  scenario "kinds of restart: does it start again" do
    for restart <- [:permanent, :transient, :temporary],
        reason <- [:normal, :shutdown, {:shutdown, 1}, :crash, :kill] do
      in_process(fn ->
        pid = supervisor([child(:a, restart: restart)])
        mailbox()
        again = fall(:a, reason)
        {restart, reason, again, states(pid), Map.take(Supervisor.count_children(pid), [:specs, :active])}
      end)
    end
  end

  scenario "one_for_all: a temporary child falls: no one else is touched" do
    in_process(fn ->
      supervisor([child(:a), child(:b, restart: :temporary), child(:c)], strategy: :one_for_all)
      mailbox()
      fall(:b, :crash)
    end)
  end

  scenario "one_for_all: another falls, and a temporary child is not started again" do
    in_process(fn ->
      pid = supervisor([child(:a), child(:b, restart: :temporary), child(:c)], strategy: :one_for_all)
      mailbox()
      messages = fall(:a, :crash)
      {messages, ids(pid)}
    end)
  end

  scenario "rest_for_one: a transient child that ends normally" do
    in_process(fn ->
      pid = supervisor([child(:a), child(:b, restart: :transient), child(:c)], strategy: :rest_for_one)
      mailbox()
      messages = fall(:b, :normal)
      {messages, states(pid)}
    end)
  end

  scenario "intensity: one restart too many ends the supervisor" do
    trap()
    supervisor([child(:a), child(:b)], max_restarts: 2, max_seconds: 5)
    mailbox()
    for number <- 1..3, do: {number, fall(:a, :crash)}
  end

  scenario "intensity: what a trapping parent sees, and the other children" do
    trap()
    supervisor([child(:a), child(:b)], max_restarts: 0)
    mailbox()
    fall(:a, :crash)
  end

  scenario "intensity: the parent that does not trap dies" do
    supervisor([child(:a)], max_restarts: 0)
    mailbox()
    fall(:a, :crash)
    :survived
  end

  scenario "intensity: the default" do
    trap()
    supervisor([child(:a)])
    mailbox()
    for number <- 1..5, Process.whereis(:a) != nil, do: {number, fall(:a, :crash)}
  end

  scenario "intensity: restarts that are long ago do not count" do
    pid = supervisor([child(:a)], max_restarts: 1, max_seconds: 1)
    mailbox()
    fall(:a, :crash)
    # The supervisor counts whole seconds.
    Process.sleep(2100)
    fall(:a, :crash)
    [alive: Process.alive?(pid), child: Process.whereis(:a) != nil]
  end

  scenario "intensity: ends that need no restart do not count" do
    pid = supervisor([child(:a, restart: :temporary), child(:b, restart: :transient)], max_restarts: 0)
    mailbox()
    fall(:a, :crash)
    fall(:b, :normal)
    [alive: Process.alive?(pid), children: states(pid)]
  end

  scenario "shutdown: a child that traps and goes on is killed when its time is up" do
    caller = self()

    stubborn = fn ->
      Process.flag(:trap_exit, true)
      send(caller, {:pid, self()})
      Process.sleep(:infinity)
    end

    pid = supervisor([%{id: :a, start: {Task, :start_link, [stubborn]}, shutdown: 20}])
    {:pid, child} = next()
    ref = Process.monitor(child)
    [stopped: Supervisor.stop(pid), reason: receive(do: ({:DOWN, ^ref, _, _, reason} -> reason))]
  end

  scenario "shutdown: brutal_kill" do
    pid = supervisor([child(:a, shutdown: :brutal_kill), child(:b)])
    mailbox()
    ref = Process.monitor(Process.whereis(:a))
    Supervisor.stop(pid)
    [reason: receive(do: ({:DOWN, ^ref, _, _, reason} -> reason)), messages: mailbox()]
  end

  scenario "shutdown: infinity waits" do
    caller = self()

    slow = fn ->
      Process.flag(:trap_exit, true)
      send(caller, :started)
      receive do: ({:EXIT, _, reason} -> reason)
      Process.sleep(100)
      send(caller, :cleaned_up)
    end

    pid = supervisor([%{id: :a, start: {Task, :start_link, [slow]}, shutdown: :infinity}])
    next()
    Supervisor.stop(pid)
    mailbox()
  end

  scenario "shutdown: a child that does not trap ends at once" do
    pid = supervisor([child(:a, traps: false)])
    mailbox()
    ref = Process.monitor(Process.whereis(:a))
    Supervisor.stop(pid)
    receive do: ({:DOWN, ^ref, _, _, reason} -> reason)
  end

  scenario "the supervisor is killed: children that trap are told, the others die" do
    trap()
    pid = supervisor([child(:a), child(:b, traps: false)])
    mailbox()
    ref = label(Process.monitor(Process.whereis(:b)), "b")
    Process.exit(pid, :kill)
    reason = receive do: ({:DOWN, ^ref, _, _, reason} -> reason)
    [b: reason, messages: Enum.sort_by(mailbox(), &elem(&1, 0))]
  end

  scenario "exit signals to the supervisor, from its parent and from a stranger" do
    for reason <- [:normal, :shutdown, :other] do
      in_process(fn ->
        from_parent = fate(supervisor([child(:a)]), &Process.exit(&1, reason))
        eventually(fn -> Process.whereis(:a) == nil end, 20)
        mailbox()
        in_stranger = supervisor([child(:b)])
        from_stranger = fate(in_stranger, fn pid -> spawn(fn -> Process.exit(pid, reason) end) end)
        {reason, [parent: from_parent, stranger: from_stranger]}
      end)
    end
  end

  scenario "the parent returns: supervisor and children end" do
    caller = self()

    parent =
      spawn(fn ->
        child = %{
          id: :a,
          start: {Task, :start_link, [fn -> send(caller, {:child, self()}) && Process.sleep(:infinity) end]}
        }

        {:ok, pid} = Supervisor.start_link([child], strategy: :one_for_one)
        send(caller, {:supervisor, pid})
        receive do: (:go -> :ok)
      end)

    {:child, child} = next()
    {:supervisor, pid} = next()
    refs = for pid <- [pid, child], do: Process.monitor(pid)
    send(parent, :go)
    for ref <- refs, do: receive(do: ({:DOWN, ^ref, _, _, reason} -> reason), after: (200 -> :alive))
  end

  scenario "a restart that fails is tried again until the intensity is exceeded" do
    trap()
    caller = self()
    {:ok, tries} = Agent.start_link(fn -> 0 end)

    start = fn ->
      case Agent.get_and_update(tries, &{&1, &1 + 1}) do
        0 -> Task.start_link(fn -> receive do: ({:end, reason} -> exit(reason)) end) |> tap(&send(caller, &1))
        number -> send(caller, {:tried, number}) && {:error, :not_again}
      end
    end

    pid = supervisor([%{id: :a, start: {Kernel, :apply, [start, []]}}], max_restarts: 3)
    ref = Process.monitor(pid)
    {:ok, first} = next()
    send(first, {:end, :crash})
    down = receive do: ({:DOWN, ^ref, _, _, reason} -> reason), after: (500 -> :alive)
    [down: down, tries: for({:tried, number} <- mailbox(), do: number)]
  end

  scenario "nested supervisors stop from the inside out" do
    inner = %{
      id: :inner,
      start: {Supervisor, :start_link, [[child(:b), child(:c)], [strategy: :one_for_one]]},
      type: :supervisor
    }

    pid = supervisor([child(:a), inner, child(:d)])
    started = mailbox()
    Supervisor.stop(pid)
    [started: started, stopped: mailbox()]
  end
end
