defmodule Tasks do
  @moduledoc "Task: start, async, await, and what a crash does to whom."
  use Scenario, group: "task"

  # A task with its pid and reference labelled.
  defp named(%Task{} = task, name \\ "task") do
    label(task.pid, name)
    label(task.ref, name)
    task
  end

  defp trap, do: Process.flag(:trap_exit, true)

  scenario "async and await" do
    Task.async(fn -> {:some, "value"} end) |> Task.await()
  end

  scenario "async of module, function and arguments" do
    Task.async(Enum, :sum, [[1, 2, 3]]) |> Task.await()
  end

  scenario "the fields of a task" do
    task = named(Task.async(fn -> :value end))
    [task: task, keys: task |> Map.from_struct() |> Map.keys(), owner: task.owner == self(), mfa: task.mfa]
  end

  scenario "the reply is a message of reference and result" do
    named(Task.async(fn -> :value end))
    mailbox()
  end

  scenario "the reply of a trapped task, and its end" do
    trap()
    named(Task.async(fn -> :value end))
    mailbox() |> Enum.sort_by(&(&1 |> Tuple.to_list() |> length()))
  end

  scenario "await leaves no message behind" do
    task = Task.async(fn -> :value end)
    [Task.await(task), mailbox()]
  end

  scenario "await leaves no message behind but EXIT when trapping" do
    trap()
    task = named(Task.async(fn -> :value end))
    [Task.await(task), mailbox()]
  end

  scenario "await leaves other messages where they are" do
    send(self(), :before)
    task = Task.async(fn -> :value end)
    send(self(), :after)
    [Task.await(task), mailbox()]
  end

  scenario "await in another order than async" do
    tasks = for number <- 1..3, do: Task.async(fn -> number end)
    for task <- Enum.reverse(tasks), do: Task.await(task)
  end

  scenario "a task is linked to its caller" do
    named(Task.async(fn -> Process.sleep(:infinity) end))
    Process.info(self(), :links)
  end

  scenario "a task that raises: the caller dies" do
    Task.async(fn -> raise "boom" end)
    Process.sleep(200)
    :survived
  end

  scenario "a task that throws: the caller dies" do
    Task.async(fn -> throw(:ball) end)
    Process.sleep(200)
    :survived
  end

  scenario "a task that exits: the caller dies" do
    Task.async(fn -> exit(:reason) end)
    Process.sleep(200)
    :survived
  end

  scenario "a task that exits with shutdown: the caller dies" do
    Task.async(fn -> exit(:shutdown) end)
    Process.sleep(200)
    :survived
  end

  scenario "a task that exits normally: the caller lives, and await exits" do
    task = named(Task.async(fn -> exit(:normal) end))
    outcome(fn -> Task.await(task, 100) end)
  end

  scenario "a task that fails: await when trapping" do
    trap()

    for {name, function} <- [
          raised: fn -> raise "boom" end,
          thrown: fn -> throw(:ball) end,
          exited: fn -> exit(:reason) end,
          shutdown: fn -> exit(:shutdown) end,
          shutdown_term: fn -> exit({:shutdown, 1}) end,
          killed: fn -> Process.exit(self(), :kill) end,
          erlang_error: fn -> :erlang.error(:oops) end
        ] do
      task = named(Task.async(function), Atom.to_string(name))
      {name, outcome(fn -> Task.await(task, 500) end), mailbox()}
    end
  end

  scenario "a task that fails: all messages when trapping, without await" do
    trap()
    named(Task.async(fn -> exit(:reason) end))
    mailbox() |> Enum.sort_by(&elem(&1, 0))
  end

  scenario "the caller ends: its task with it" do
    caller = self()

    {_, ref} =
      spawn_monitor(fn ->
        task = Task.async(fn -> Process.sleep(:infinity) end)
        send(caller, {:task, task.pid})
        receive do: (:never -> :ok), after: (30 -> exit(:caller_gone))
      end)

    {:task, pid} = next()
    fate = fate(pid, fn _ -> Process.sleep(60) end)
    receive do: ({:DOWN, ^ref, _, _, reason} -> {reason, fate})
  end

  scenario "the caller returns: its task lives on until it is done" do
    caller = self()

    ended(fn ->
      task = Task.async(fn -> Process.sleep(:infinity) end)
      send(caller, {:task, task.pid})
    end)

    {:task, pid} = next()
    fate(pid)
  end

  scenario "await times out" do
    task = named(Task.async(fn -> Process.sleep(:infinity) end))
    Task.await(task, 10)
  end

  scenario "await with no time" do
    task = named(Task.async(fn -> Process.sleep(:infinity) end))
    Task.await(task, 0)
  end

  scenario "await with no time for a reply that is there" do
    task = Task.async(fn -> :value end)
    Process.sleep(30)
    Task.await(task, 0)
  end

  scenario "await that times out, caught: the task runs on, its reply is dropped" do
    caller = self()

    task =
      named(
        Task.async(fn ->
          Process.sleep(40)
          send(caller, :task_done)
          :value
        end)
      )

    timed_out = outcome(fn -> Task.await(task, 10) end)
    [await: timed_out, alive: Process.alive?(task.pid), messages: mailbox(80)]
  end

  scenario "await twice" do
    task = named(Task.async(fn -> :value end))
    [Task.await(task), outcome(fn -> Task.await(task, 30) end)]
  end

  scenario "await by another than the owner" do
    task = Task.async(fn -> :value end)
    tell(worker(), fn -> Task.await(task) end)
  end

  scenario "await with a time limit that is none" do
    task = Task.async(fn -> :value end)
    for limit <- [-1, :soon, 1.5], do: outcome(fn -> Task.await(task, limit) end)
  end

  scenario "await with infinity" do
    Task.async(fn -> :value end) |> Task.await(:infinity)
  end

  scenario "await of what is no task" do
    outcome(fn -> Task.await(Process.get(:absent, :no_task)) end)
  end

  scenario "async of what is no function" do
    outcome(fn -> Task.async(Process.get(:absent, :no_function)) end)
  end

  scenario "async of a function that takes an argument" do
    outcome(fn -> Task.async(Process.get(:absent, fn _ -> :value end)) end)
  end

  scenario "a task in a task" do
    Task.async(fn -> Task.async(fn -> :inner end) |> Task.await() end) |> Task.await()
  end

  scenario "a task in a task fails: the outer and the caller die" do
    reason = ended(fn -> Task.async(fn -> Task.async(fn -> exit(:inner) end) |> Task.await() end) |> Task.await() end)
    # The inner failure comes as a signal and as a DOWN message; which of them ends the outer one is not laid down.
    reason == :inner or match?({:inner, {Task, :await, _}}, reason)
  end

  scenario "callers of a task" do
    Task.async(fn -> Process.get(:"$callers") end) |> Task.await()
  end

  scenario "callers of a task in a task" do
    caller = self()

    Task.async(fn ->
      label(self(), "outer")
      Task.async(fn -> Process.get(:"$callers") end) |> Task.await()
    end)
    |> Task.await()
    |> Enum.map(&if(&1 == caller, do: :caller, else: &1))
  end

  scenario "callers of a process that was only spawned" do
    caller = self()
    spawn(fn -> send(caller, {:callers, Process.get(:"$callers")}) end)
    next()
  end

  scenario "callers of a task that was started" do
    caller = self()
    {:ok, _} = Task.start(fn -> send(caller, {:callers, Process.get(:"$callers")}) end)
    {:ok, _} = Task.start_link(fn -> send(caller, {:callers, Process.get(:"$callers")}) end)
    [next(), next()]
  end

  scenario "a task does not trap exits even if its caller does" do
    trap()
    Task.async(fn -> Process.flag(:trap_exit, false) end) |> Task.await()
  end

  scenario "a task has its own process" do
    caller = self()
    Task.async(fn -> self() != caller end) |> Task.await()
  end

  scenario "start: no reply, no link" do
    caller = self()
    {:ok, pid} = Task.start(fn -> send(caller, :ran) end)
    label(pid, "task")
    [messages: mailbox(), links: Process.info(self(), :links)]
  end

  scenario "start: a crash does not reach the caller" do
    {:ok, pid} = Task.start(fn -> receive do: (:go -> exit(:crash)) end)
    fate = fate(pid, &send(&1, :go))
    [fate: fate, messages: mailbox()]
  end

  scenario "start outlives its caller" do
    caller = self()

    ended(fn ->
      {:ok, pid} = Task.start(fn -> Process.sleep(:infinity) end)
      send(caller, {:task, pid})
      exit(:gone)
    end)

    {:task, pid} = next()
    fate(pid)
  end

  scenario "start_link: no reply" do
    trap()
    {:ok, pid} = Task.start_link(fn -> :value end)
    label(pid, "task")
    mailbox()
  end

  scenario "start_link: a crash kills the caller" do
    Task.start_link(fn -> raise "boom" end)
    Process.sleep(200)
    :survived
  end

  scenario "start_link of a throw: what a trapping caller is told" do
    trap()
    {:ok, pid} = Task.start_link(fn -> throw(:ball) end)
    label(pid, "task")
    mailbox()
  end

  scenario "start_link: the caller ends, the task with it" do
    caller = self()

    {owner, _} =
      spawn_monitor(fn ->
        {:ok, pid} = Task.start_link(fn -> Process.sleep(:infinity) end)
        send(caller, {:task, pid})
        Process.sleep(:infinity)
      end)

    {:task, pid} = next()
    fate(pid, fn _ -> Process.exit(owner, :owner_gone) end)
  end

  scenario "start and start_link of module, function and arguments" do
    caller = self()
    {:ok, _} = Task.start(Kernel, :send, [caller, :started])
    started = next()
    {:ok, _} = Task.start_link(Kernel, :send, [caller, :linked])
    [started, next()]
  end

  scenario "completed" do
    task = Task.completed(:value)
    [pid: task.pid, is_ref: is_reference(task.ref), await: Task.await(task), messages: mailbox()]
  end

  scenario "completed: the message it sends" do
    task = Task.completed(:value)
    label(task.ref, "task")
    mailbox()
  end

  scenario "completed: yield, shutdown, ignore, await_many" do
    [
      yield: Task.yield(Task.completed(1)),
      shutdown: outcome(fn -> Task.shutdown(Task.completed(2)) end),
      brutal_kill: outcome(fn -> Task.shutdown(Task.completed(3), :brutal_kill) end),
      ignore: outcome(fn -> Task.ignore(Task.completed(4)) end),
      await_many: Task.await_many([Task.completed(5), Task.async(fn -> 6 end)]),
      yield_many: Enum.map(Task.yield_many([Task.completed(7)]), &elem(&1, 1)),
      messages: mailbox()
    ]
  end

  scenario "completed: await twice" do
    task = named_completed(:value)
    [Task.await(task), outcome(fn -> Task.await(task, 20) end)]
  end

  defp named_completed(value) do
    task = Task.completed(value)
    label(task.ref, "task")
    task
  end

  scenario "child_spec" do
    Task.child_spec(fn -> :value end)
  end
end
