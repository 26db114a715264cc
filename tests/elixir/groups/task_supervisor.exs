defmodule TaskSupervisors do
  @moduledoc "Task.Supervisor."
  use Scenario, group: "task_supervisor"

  defp supervisor(options \\ []) do
    {:ok, pid} = Task.Supervisor.start_link(options)
    label(pid, "supervisor")
  end

  defp named(%Task{} = task, name \\ "task") do
    label(task.pid, name)
    label(task.ref, name)
    task
  end

  defp forever, do: fn -> Process.sleep(:infinity) end
  defp trap, do: Process.flag(:trap_exit, true)

  scenario "start_link by name" do
    {:ok, pid} = Task.Supervisor.start_link(name: NamedTaskSupervisor)
    label(pid, "supervisor")

    [
      whereis: Process.whereis(NamedTaskSupervisor),
      async: Task.Supervisor.async(NamedTaskSupervisor, fn -> 1 end) |> Task.await(),
      taken: Task.Supervisor.start_link(name: NamedTaskSupervisor)
    ]
  end

  scenario "start_link: options that are none" do
    trap()

    for options <- [[max_children: 0], [max_children: -1], [max_children: :many], [unknown: 1]] do
      {options, outcome(fn -> Task.Supervisor.start_link(options) |> elem(0) end)}
    end
  end

  scenario "async and await" do
    task = named(Task.Supervisor.async(supervisor(), fn -> :value end))
    [task: task, value: Task.await(task), messages: mailbox()]
  end

  scenario "async of module, function and arguments" do
    Task.Supervisor.async(supervisor(), Enum, :sum, [[1, 2, 3]]) |> Task.await()
  end

  scenario "async: the task is linked to the caller and to the supervisor" do
    pid = supervisor()
    task = named(Task.Supervisor.async(pid, forever()))
    {:links, links} = Process.info(task.pid, :links)
    [caller: self() in links, supervisor: pid in links, others: length(links) - 2]
  end

  scenario "async_nolink: the task is linked to the supervisor only" do
    pid = supervisor()
    task = named(Task.Supervisor.async_nolink(pid, forever()))
    Process.info(task.pid, :links)
  end

  scenario "async: a crash kills the caller" do
    Task.Supervisor.async(supervisor(), fn -> exit(:reason) end)
    Process.sleep(200)
    :survived
  end

  scenario "async_nolink: a crash does not kill the caller" do
    pid = supervisor()

    for function <- [fn -> raise "boom" end, fn -> throw(:ball) end, fn -> exit(:reason) end, fn -> exit(:normal) end] do
      task = named(Task.Supervisor.async_nolink(pid, function))
      Task.yield(task, 500)
    end
  end

  scenario "async_nolink: await of a crash" do
    task = named(Task.Supervisor.async_nolink(supervisor(), fn -> exit(:reason) end))
    outcome(fn -> Task.await(task, 500) end)
  end

  scenario "async_nolink: the messages of a value" do
    named(Task.Supervisor.async_nolink(supervisor(), fn -> :value end))
    mailbox()
  end

  scenario "async_nolink: the messages of a crash" do
    named(Task.Supervisor.async_nolink(supervisor(), fn -> raise "boom" end))
    mailbox()
  end

  scenario "async_nolink: await, yield and shutdown work" do
    pid = supervisor()
    waiting = named(Task.Supervisor.async_nolink(pid, forever()))

    [
      await: Task.Supervisor.async_nolink(pid, fn -> :value end) |> Task.await(),
      yield: Task.yield(waiting, 10),
      shutdown: Task.shutdown(waiting),
      again: Task.shutdown(waiting),
      gone: eventually(fn -> Task.Supervisor.children(pid) == [] end)
    ]
  end

  scenario "async_nolink: the task outlives its caller" do
    pid = supervisor()
    caller = self()

    ended(fn ->
      task = Task.Supervisor.async_nolink(pid, fn -> receive do: (:go -> send(caller, :done)) end)
      send(caller, {:task, task.pid})
      exit(:gone)
    end)

    {:task, task} = next()
    alive = Process.alive?(task)
    send(task, :go)
    [alive: alive, message: next()]
  end

  scenario "async: the task dies with its caller, the supervisor lives" do
    pid = supervisor()
    caller = self()

    owner =
      spawn(fn ->
        task = Task.Supervisor.async(pid, fn -> Process.sleep(:infinity) end)
        send(caller, {:task, task.pid})
        receive do: (:go -> exit(:gone))
      end)

    {:task, task} = next()
    fate = fate(task, fn _ -> send(owner, :go) end)
    [task: fate, supervisor: Process.alive?(pid)]
  end

  scenario "a crash of a task does not kill the supervisor" do
    pid = supervisor()
    for _ <- 1..5, do: Task.Supervisor.async_nolink(pid, fn -> exit(:crash) end) |> Task.yield()
    [alive: Process.alive?(pid), gone: eventually(fn -> Task.Supervisor.children(pid) == [] end)]
  end

  scenario "callers of a supervised task" do
    [
      async: Task.Supervisor.async(supervisor(), fn -> Process.get(:"$callers") end) |> Task.await(),
      nolink: Task.Supervisor.async_nolink(supervisor(), fn -> Process.get(:"$callers") end) |> Task.await()
    ]
  end

  scenario "max_children" do
    pid = supervisor(max_children: 2)
    for _ <- 1..2, do: {:ok, _} = Task.Supervisor.start_child(pid, forever())

    [
      async: outcome(fn -> Task.Supervisor.async(pid, fn -> 1 end) end),
      async_nolink: outcome(fn -> Task.Supervisor.async_nolink(pid, fn -> 1 end) end),
      start_child: outcome(fn -> Task.Supervisor.start_child(pid, fn -> 1 end) end),
      children: length(Task.Supervisor.children(pid)),
      messages: mailbox()
    ]
  end

  scenario "max_children: a place is free when a child ends" do
    pid = supervisor(max_children: 1)
    first = Task.Supervisor.async(pid, fn -> 1 end) |> Task.await()
    true = eventually(fn -> Task.Supervisor.children(pid) == [] end)
    [first, Task.Supervisor.async(pid, fn -> 2 end) |> Task.await()]
  end

  scenario "a supervisor that is not there" do
    for function <- [:async, :async_nolink, :start_child] do
      outcome(fn -> apply(Task.Supervisor, function, [NoSuchTaskSupervisor, fn -> 1 end]) end)
    end
  end

  scenario "children" do
    pid = supervisor()
    none = Task.Supervisor.children(pid)
    first = named(Task.Supervisor.async(pid, forever()), "first")
    {:ok, second} = Task.Supervisor.start_child(pid, forever())
    [none: none, same: Enum.sort(Task.Supervisor.children(pid)) == Enum.sort([first.pid, second])]
  end

  scenario "children: those that have ended are not among them" do
    pid = supervisor()
    {:ok, child} = Task.Supervisor.start_child(pid, forever())
    kill(child)
    eventually(fn -> Task.Supervisor.children(pid) == [] end)
  end

  scenario "terminate_child" do
    pid = supervisor()
    {:ok, child} = Task.Supervisor.start_child(pid, forever())
    ref = Process.monitor(child)

    [
      terminated: Task.Supervisor.terminate_child(pid, child),
      reason: receive(do: ({:DOWN, ^ref, _, _, reason} -> reason)),
      again: Task.Supervisor.terminate_child(pid, child),
      stranger: Task.Supervisor.terminate_child(pid, idle()),
      children: Task.Supervisor.children(pid)
    ]
  end

  scenario "terminate_child of a task that is awaited: the caller dies if linked, sees shutdown if not" do
    trap()
    pid = supervisor()
    linked = named(Task.Supervisor.async(pid, forever()), "linked")
    unlinked = named(Task.Supervisor.async_nolink(pid, forever()), "unlinked")
    Task.Supervisor.terminate_child(pid, linked.pid)
    Task.Supervisor.terminate_child(pid, unlinked.pid)
    [linked: Task.yield(linked), unlinked: Task.yield(unlinked), messages: mailbox()]
  end

  scenario "terminate_child: a child that traps and goes on is killed when its time is up" do
    pid = supervisor()

    {:ok, child} =
      Task.Supervisor.start_child(
        pid,
        fn ->
          Process.flag(:trap_exit, true)
          Process.sleep(:infinity)
        end,
        shutdown: 20
      )

    Process.sleep(20)
    ref = Process.monitor(child)
    [Task.Supervisor.terminate_child(pid, child), receive(do: ({:DOWN, ^ref, _, _, reason} -> reason))]
  end

  scenario "terminate_child: a child with brutal_kill" do
    pid = supervisor()
    {:ok, child} = Task.Supervisor.start_child(pid, forever(), shutdown: :brutal_kill)
    ref = Process.monitor(child)
    [Task.Supervisor.terminate_child(pid, child), receive(do: ({:DOWN, ^ref, _, _, reason} -> reason))]
  end

  scenario "start_child: no reply, no link; its callers" do
    pid = supervisor()
    caller = self()

    {:ok, child} =
      Task.Supervisor.start_child(pid, fn ->
        send(caller, {:callers, Process.get(:"$callers")})
        Process.sleep(:infinity)
      end)

    {:links, links} = Process.info(self(), :links)
    [messages: mailbox(), linked: child in links]
  end

  scenario "start_child of module, function and arguments" do
    {:ok, _} = Task.Supervisor.start_child(supervisor(), Kernel, :send, [self(), :ran])
    next()
  end

  # How often a child runs that ends so, under this kind of restart.
  defp runs(restart, ending) do
    caller = self()
    {:ok, pid} = Task.Supervisor.start_link(max_restarts: 2)
    ref = Process.monitor(pid)

    {:ok, _} =
      Task.Supervisor.start_child(
        pid,
        fn ->
          send(caller, :run)
          ending.()
        end,
        restart: restart
      )

    fate = receive(do: ({:DOWN, ^ref, _, _, reason} -> {:supervisor_died, reason}), after: (80 -> :supervisor_alive))
    {length(for :run <- mailbox(), do: :run), fate}
  end

  scenario "start_child: kinds of restart" do
    trap()

    for restart <- [:temporary, :transient, :permanent],
        {name, ending} <- [
          returns: fn -> :ok end,
          exits_normal: fn -> exit(:normal) end,
          exits_shutdown: fn -> exit(:shutdown) end,
          exits_shutdown_term: fn -> exit({:shutdown, 1}) end,
          crashes: fn -> exit(:crash) end
        ] do
      {restart, name, runs(restart, ending)}
    end
  end

  scenario "start_child: a transient child that crashes once" do
    caller = self()
    {:ok, counter} = Agent.start_link(fn -> 0 end)

    {:ok, _} =
      Task.Supervisor.start_child(
        supervisor(),
        fn ->
          run = Agent.get_and_update(counter, &{&1, &1 + 1})
          send(caller, {:run, run})
          if run == 0, do: exit(:crash)
        end,
        restart: :transient
      )

    mailbox()
  end

  scenario "start_child: options that are none" do
    pid = supervisor()

    for options <- [[restart: :sometimes], [shutdown: -1], [shutdown: :soon], [unknown: 1]] do
      {options, outcome(fn -> Task.Supervisor.start_child(pid, fn -> 1 end, options) |> elem(0) end)}
    end
  end

  scenario "stop kills the children" do
    pid = supervisor()
    {:ok, first} = Task.Supervisor.start_child(pid, forever())
    {:ok, second} = Task.Supervisor.start_child(pid, forever(), shutdown: :brutal_kill)
    refs = for child <- [first, second], do: Process.monitor(child)
    stopped = Supervisor.stop(pid)
    reasons = for ref <- refs, do: receive(do: ({:DOWN, ^ref, _, _, reason} -> reason))
    [stopped: stopped, reasons: reasons]
  end

  scenario "stop: what the owners of tasks see" do
    trap()
    pid = supervisor()
    linked = named(Task.Supervisor.async(pid, forever()), "linked")
    unlinked = named(Task.Supervisor.async_nolink(pid, forever()), "unlinked")
    Supervisor.stop(pid)
    [linked: Task.yield(linked), unlinked: Task.yield(unlinked)]
  end

  scenario "the supervisor is killed: its children die" do
    trap()
    pid = supervisor()
    {:ok, child} = Task.Supervisor.start_child(pid, forever())
    fate(child, fn _ -> Process.exit(pid, :kill) end)
  end

  scenario "the parent of the supervisor ends: supervisor and children die" do
    caller = self()

    owner =
      spawn(fn ->
        {:ok, pid} = Task.Supervisor.start_link()
        {:ok, child} = Task.Supervisor.start_child(pid, fn -> Process.sleep(:infinity) end)
        send(caller, {:pids, pid, child})
        receive do: (:go -> exit(:owner_gone))
      end)

    {:pids, pid, child} = next()
    refs = for pid <- [child, pid], do: Process.monitor(pid)
    send(owner, :go)
    for ref <- refs, do: receive(do: ({:DOWN, ^ref, _, _, reason} -> reason), after: (500 -> :alive))
  end

  scenario "async_stream" do
    Task.Supervisor.async_stream(supervisor(), 1..4, &(&1 * 2)) |> Enum.to_list()
  end

  scenario "async_stream of module, function and arguments: the item comes first" do
    Task.Supervisor.async_stream(supervisor(), [[1, 2], [3]], Enum, :concat, [[:end]]) |> Enum.to_list()
  end

  scenario "async_stream: an item that crashes kills the caller" do
    Task.Supervisor.async_stream(supervisor(), 1..4, fn item -> if item == 2, do: exit(:crash), else: item end)
    |> Enum.to_list()
  end

  scenario "async_stream: an item that crashes, trapping" do
    trap()

    results =
      Task.Supervisor.async_stream(supervisor(), 1..3, fn item -> if item == 2, do: exit(:crash), else: item end)
      |> Enum.to_list()

    [results: results, exits: for({:EXIT, _, reason} when reason != :normal <- mailbox(), do: reason)]
  end

  scenario "async_stream_nolink: items that fail" do
    Task.Supervisor.async_stream_nolink(supervisor(), 1..5, fn
      1 -> :value
      2 -> exit(:reason)
      3 -> raise "boom"
      4 -> throw(:ball)
      5 -> exit(:normal)
    end)
    |> Enum.to_list()
  end

  scenario "async_stream_nolink: zip_input_on_exit" do
    Task.Supervisor.async_stream_nolink(
      supervisor(),
      [:a, :b],
      fn
        :a -> exit(:reason)
        :b -> :value
      end,
      zip_input_on_exit: true
    )
    |> Enum.to_list()
  end

  scenario "async_stream_nolink: on_timeout" do
    slow = fn item -> if item == 2, do: Process.sleep(:infinity), else: item end

    [
      kill_task:
        Task.Supervisor.async_stream_nolink(supervisor(), 1..3, slow, timeout: 50, on_timeout: :kill_task)
        |> Enum.to_list(),
      exit:
        outcome(fn -> Task.Supervisor.async_stream_nolink(supervisor(), 1..3, slow, timeout: 50) |> Enum.to_list() end)
    ]
  end

  scenario "async_stream_nolink: more items than max_children" do
    pid = supervisor(max_children: 1)

    outcome(fn ->
      Task.Supervisor.async_stream_nolink(pid, 1..4, fn _ -> Process.sleep(20) end, max_concurrency: 4)
      |> Enum.to_list()
    end)
  end

  scenario "async_stream: halting early ends the running tasks" do
    pid = supervisor()
    caller = self()

    taken =
      Task.Supervisor.async_stream(
        pid,
        1..4,
        fn item ->
          send(caller, {:running, item, self()})
          if item > 1, do: Process.sleep(:infinity), else: item
        end,
        max_concurrency: 2
      )
      |> Enum.take(1)

    [taken: taken, children: eventually(fn -> Task.Supervisor.children(pid) == [] end)]
  end

  scenario "async_stream: the supervisor is stopped meanwhile" do
    trap()
    pid = supervisor()
    spawn(fn -> Process.sleep(30) && Supervisor.stop(pid) end)

    outcome(fn ->
      Task.Supervisor.async_stream_nolink(pid, 1..2, fn _ -> Process.sleep(:infinity) end, max_concurrency: 2)
      |> Enum.to_list()
    end)
  end

  scenario "which_children and count_children" do
    pid = supervisor()
    {:ok, child} = Task.Supervisor.start_child(pid, forever())
    label(child, "child")
    [which: Supervisor.which_children(pid), count: Supervisor.count_children(pid)]
  end

  scenario "child_spec" do
    Task.Supervisor.child_spec(name: ChildSpecTaskSupervisor, max_children: 3)
  end
end
