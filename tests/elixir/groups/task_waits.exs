defmodule TaskWaits do
  @moduledoc "Task: yield, yield_many, await_many, shutdown, ignore."
  use Scenario, group: "task_waits"

  defp named(%Task{} = task, name \\ "task") do
    label(task.pid, name)
    label(task.ref, name)
    task
  end

  defp forever(name \\ "task"), do: named(Task.async(fn -> Process.sleep(:infinity) end), name)
  defp trap, do: Process.flag(:trap_exit, true)

  # A task that gives its value as soon as it is told to.
  defp waiting(value) do
    task = Task.async(fn -> receive do: (:go -> value) end)
    named(task)
  end

  scenario "yield: a value" do
    task = Task.async(fn -> :value end)
    [Task.yield(task), mailbox()]
  end

  scenario "yield: nothing yet, then the value" do
    task = waiting(:value)
    first = Task.yield(task, 10)
    send(task.pid, :go)
    [first, Task.yield(task, 500)]
  end

  scenario "yield: nothing yet leaves the task alone" do
    task = forever()
    [Task.yield(task, 10), Process.alive?(task.pid)]
  end

  scenario "yield with no time" do
    task = forever()
    Task.yield(task, 0)
  end

  scenario "yield, then await" do
    task = waiting(:value)
    nil = Task.yield(task, 10)
    send(task.pid, :go)
    Task.await(task)
  end

  scenario "yield after the value was had" do
    task = named(Task.async(fn -> :value end))
    [Task.yield(task), Task.yield(task, 20)]
  end

  scenario "yield: a task that failed, trapping" do
    trap()
    task = named(Task.async(fn -> exit(:reason) end))
    [Task.yield(task), mailbox()]
  end

  scenario "yield: a task that raised, trapping" do
    trap()
    task = named(Task.async(fn -> raise "boom" end))
    Task.yield(task)
  end

  scenario "yield: a task that exited normally" do
    task = named(Task.async(fn -> exit(:normal) end))
    Task.yield(task)
  end

  scenario "yield: a task that failed, not trapping: the caller dies" do
    task = Task.async(fn -> exit(:reason) end)
    Process.sleep(100)
    Task.yield(task)
  end

  scenario "yield by another than the owner" do
    task = Task.async(fn -> :value end)
    tell(worker(), fn -> Task.yield(task) end)
  end

  scenario "yield or shutdown: the usual idiom, in time and late" do
    in_time = Task.async(fn -> :value end)
    late = Task.async(fn -> Process.sleep(:infinity) end)
    for task <- [in_time, late], do: Task.yield(task, 150) || Task.shutdown(task)
  end

  scenario "yield_many: values, an exit and one that is not ready, in the order of the tasks" do
    trap()
    late = forever("late")
    failed = named(Task.async(fn -> exit(:reason) end), "failed")
    done = named(Task.async(fn -> :value end), "done")
    Task.yield_many([late, failed, done], 150)
  end

  scenario "yield_many: options" do
    late = forever("late")
    done = named(Task.async(fn -> :value end), "done")
    outcome(fn -> Task.yield_many([late, done], timeout: 30, on_timeout: :nothing) end)
  end

  scenario "yield_many of none" do
    Task.yield_many([], 10)
  end

  scenario "yield_many with no time" do
    done = named(Task.async(fn -> :value end), "done")
    Process.sleep(30)
    Task.yield_many([done, forever("late")], 0)
  end

  scenario "yield_many: those that were not ready can be asked again" do
    first = waiting(1)
    [{_, nil}] = Task.yield_many([first], 10)
    send(first.pid, :go)
    Enum.map(Task.yield_many([first], 500), &elem(&1, 1))
  end

  scenario "yield_many leaves no message behind" do
    done = named(Task.async(fn -> :value end), "done")
    Task.yield_many([done], 100)
    mailbox()
  end

  scenario "yield_many by another than the owner" do
    task = Task.async(fn -> :value end)
    tell(worker(), fn -> Task.yield_many([task]) end)
  end

  scenario "yield_many shares one time limit" do
    tasks = for number <- 1..3, do: forever("late#{number}")
    {micros, results} = :timer.tc(fn -> Task.yield_many(tasks, 50) end)
    [results: Enum.map(results, &elem(&1, 1)), less_than_two_limits: micros < 100_000]
  end

  scenario "await_many: values in the order of the tasks" do
    tasks =
      for number <- [30, 5, 15] do
        Task.async(fn ->
          Process.sleep(number)
          number
        end)
      end

    Task.await_many(tasks)
  end

  scenario "await_many of none" do
    Task.await_many([])
  end

  scenario "await_many: one is late" do
    done = named(Task.async(fn -> :value end), "done")
    Task.await_many([done, forever("late")], 30)
  end

  scenario "await_many: one is late, caught: the replies are gone, the tasks run on" do
    done = named(Task.async(fn -> :value end), "done")
    late = forever("late")
    result = outcome(fn -> Task.await_many([done, late], 30) end)
    [result: result, alive: Process.alive?(late.pid), messages: mailbox()]
  end

  scenario "await_many: one fails, trapping" do
    trap()
    done = named(Task.async(fn -> :value end), "done")
    failed = named(Task.async(fn -> exit(:reason) end), "failed")
    result = outcome(fn -> Task.await_many([done, failed], 500) end)
    [result: result, messages: Enum.sort_by(mailbox(), &Portable.json/1)]
  end

  scenario "await_many: one fails, not trapping: the caller dies" do
    failed = Task.async(fn -> exit(:reason) end)
    Process.sleep(100)
    Task.await_many([failed])
  end

  scenario "await_many: the same task twice" do
    task = named(Task.async(fn -> :value end))
    outcome(fn -> Task.await_many([task, task], 500) end)
  end

  scenario "await_many by another than the owner" do
    task = Task.async(fn -> :value end)
    tell(worker(), fn -> Task.await_many([task]) end)
  end

  scenario "await_many of tasks that were awaited" do
    task = named(Task.async(fn -> :value end))
    Task.await(task)
    outcome(fn -> Task.await_many([task], 20) end)
  end

  scenario "shutdown: a task that runs" do
    task = forever()
    [Task.shutdown(task), Process.alive?(task.pid), mailbox()]
  end

  scenario "shutdown: the reply is there" do
    task = Task.async(fn -> :value end)
    Process.sleep(30)
    [Task.shutdown(task), mailbox()]
  end

  scenario "shutdown: a second call" do
    task = forever()
    [Task.shutdown(task), Task.shutdown(task)]
  end

  scenario "shutdown: after await" do
    task = Task.async(fn -> :value end)
    [Task.await(task), Task.shutdown(task)]
  end

  scenario "shutdown: a task that had failed, trapping" do
    trap()
    task = named(Task.async(fn -> exit(:reason) end))
    Process.sleep(30)
    [Task.shutdown(task), mailbox()]
  end

  scenario "shutdown: a task that had raised, trapping" do
    trap()
    task = named(Task.async(fn -> raise "boom" end))
    Process.sleep(30)
    Task.shutdown(task)
  end

  scenario "shutdown: a task that had exited normally" do
    task = named(Task.async(fn -> exit(:normal) end))
    Process.sleep(30)
    Task.shutdown(task)
  end

  scenario "shutdown, trapping: is there an EXIT message" do
    trap()
    task = forever()
    [Task.shutdown(task), mailbox()]
  end

  scenario "shutdown: a task that traps and ends in time" do
    task =
      named(
        Task.async(fn ->
          Process.flag(:trap_exit, true)
          receive do: ({:EXIT, _, reason} -> exit({:cleaned_up, reason}))
        end)
      )

    trap()
    Process.sleep(20)
    [Task.shutdown(task, 500), mailbox()]
  end

  scenario "shutdown: a task that traps and replies in time" do
    task =
      named(
        Task.async(fn ->
          Process.flag(:trap_exit, true)
          receive do: ({:EXIT, _, reason} -> {:value, reason})
        end)
      )

    Process.sleep(20)
    [Task.shutdown(task, 500), mailbox()]
  end

  scenario "shutdown: a task that traps and goes on is killed when time is up" do
    task =
      named(
        Task.async(fn ->
          Process.flag(:trap_exit, true)
          Process.sleep(:infinity)
        end)
      )

    Process.sleep(20)
    [Task.shutdown(task, 20), Process.alive?(task.pid), mailbox()]
  end

  scenario "shutdown brutal_kill: a task that runs" do
    task = forever()
    [Task.shutdown(task, :brutal_kill), Process.alive?(task.pid), mailbox()]
  end

  scenario "shutdown brutal_kill: a task that traps" do
    task =
      named(
        Task.async(fn ->
          Process.flag(:trap_exit, true)
          Process.sleep(:infinity)
        end)
      )

    Process.sleep(20)
    [Task.shutdown(task, :brutal_kill), Process.alive?(task.pid)]
  end

  scenario "shutdown brutal_kill: the reply is there" do
    task = Task.async(fn -> :value end)
    Process.sleep(30)
    Task.shutdown(task, :brutal_kill)
  end

  scenario "shutdown brutal_kill: a second call" do
    task = forever()
    [Task.shutdown(task, :brutal_kill), Task.shutdown(task, :brutal_kill)]
  end

  scenario "shutdown brutal_kill: a task that had failed, trapping" do
    trap()
    task = named(Task.async(fn -> exit(:reason) end))
    Process.sleep(30)
    Task.shutdown(task, :brutal_kill)
  end

  scenario "shutdown: a task that another killed" do
    trap()
    task = forever()
    kill(task.pid)
    [Task.shutdown(task), mailbox()]
  end

  scenario "shutdown by another than the owner" do
    task = Task.async(fn -> :value end)
    tell(worker(), fn -> Task.shutdown(task) end)
  end

  scenario "shutdown with a time limit that is none" do
    task = forever()
    for limit <- [-1, :soon], do: outcome(fn -> Task.shutdown(task, limit) end)
  end

  scenario "shutdown infinity" do
    Task.shutdown(forever(), :infinity)
  end

  scenario "ignore: a task that runs: no reply comes any more" do
    task = waiting(:value)
    ignored = Task.ignore(task)
    links = Process.info(self(), :links)
    send(task.pid, :go)
    [ignored: ignored, links: links, messages: mailbox()]
  end

  scenario "ignore: the reply is there" do
    task = Task.async(fn -> :value end)
    Process.sleep(30)
    [Task.ignore(task), mailbox()]
  end

  scenario "ignore: a task that had failed, trapping" do
    trap()
    task = named(Task.async(fn -> exit(:reason) end))
    Process.sleep(30)
    [Task.ignore(task), mailbox()]
  end

  scenario "ignore: the task may crash without harm" do
    task = Task.async(fn -> receive do: (:go -> exit(:crash)) end)
    Task.ignore(task)
    fate = fate(task.pid, &send(&1, :go))
    [fate: fate, messages: mailbox()]
  end

  scenario "ignore twice" do
    task = forever()
    [Task.ignore(task), outcome(fn -> Task.ignore(task) end)]
  end

  scenario "ignore, then await" do
    task = waiting(:value)
    Task.ignore(task)
    send(task.pid, :go)
    outcome(fn -> Task.await(task, 30) end)
  end

  scenario "ignore, then shutdown" do
    task = forever()
    Task.ignore(task)
    [Task.shutdown(task), Process.alive?(task.pid)]
  end

  scenario "ignore after await" do
    task = Task.async(fn -> :value end)
    Task.await(task)
    Task.ignore(task)
  end

  scenario "ignore by another than the owner" do
    task = Task.async(fn -> :value end)
    tell(worker(), fn -> Task.ignore(task) end)
  end
end
