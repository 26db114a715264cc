defmodule Monitors do
  @moduledoc "Monitors and their DOWN messages."
  use Scenario, group: "monitors"

  scenario "DOWN tells reference, kind, pid and reason" do
    pid = label(idle(), "other")
    label(Process.monitor(pid), "monitor")
    Process.exit(pid, :gone)
    next()
  end

  scenario "spawn_monitor gives pid and reference" do
    {pid, ref} = spawn_monitor(fn -> exit(:gone) end)
    label(pid, "child")
    label(ref, "monitor")
    [returned: {pid, ref}, message: next()]
  end

  scenario "DOWN of a normal end" do
    {pid, ref} = spawn_monitor(fn -> :value end)
    label(pid, "child")
    label(ref, "monitor")
    next()
  end

  scenario "DOWN of a process that raises, throws or is killed" do
    for action <- [fn -> raise "boom" end, fn -> throw(:ball) end, fn -> Process.exit(self(), :kill) end] do
      ended(action)
    end
  end

  scenario "monitor of a dead process" do
    pid = label(dead(), "dead")
    label(Process.monitor(pid), "monitor")
    mailbox()
  end

  scenario "monitor twice: two references, two messages" do
    pid = label(idle(), "other")
    label(Process.monitor(pid), "first")
    label(Process.monitor(pid), "second")
    Process.exit(pid, :gone)
    Enum.sort_by(mailbox(), fn {:DOWN, ref, _, _, _} -> Portable.json(ref) end)
  end

  scenario "monitor does not end the one who watches" do
    pid = idle()
    Process.monitor(pid)
    kill(pid)
    :survived
  end

  scenario "monitor of oneself" do
    label(Process.monitor(self()), "monitor")
    mailbox()
  end

  scenario "monitor of what is no pid" do
    Process.monitor("no pid")
  end

  scenario "monitor of a name" do
    pid = label(idle(), "other")
    Process.register(pid, :monitored_name)
    label(Process.monitor(:monitored_name), "monitor")
    Process.exit(pid, :gone)
    next()
  end

  scenario "monitor of a name nobody has" do
    label(Process.monitor(:nobody_has_this_name), "monitor")
    next()
  end

  scenario "demonitor: no message comes" do
    pid = idle()
    ref = Process.monitor(pid)
    returned = Process.demonitor(ref)
    kill(pid)
    [returned: returned, messages: mailbox()]
  end

  scenario "demonitor: a message that has come stays" do
    {pid, ref} = spawn_monitor(fn -> exit(:gone) end)
    label(pid, "child")
    label(ref, "monitor")
    Process.sleep(20)
    [returned: Process.demonitor(ref), messages: mailbox()]
  end

  scenario "demonitor with flush: a message that has come goes" do
    {_pid, ref} = spawn_monitor(fn -> exit(:gone) end)
    Process.sleep(20)
    [returned: Process.demonitor(ref, [:flush]), messages: mailbox()]
  end

  scenario "demonitor with flush takes only the message of that reference" do
    pid = label(idle(), "other")
    first = label(Process.monitor(pid), "first")
    label(Process.monitor(pid), "second")
    kill(pid)
    Process.demonitor(first, [:flush])
    mailbox()
  end

  scenario "demonitor with info: did it exist" do
    live = Process.monitor(idle())
    {_pid, gone} = spawn_monitor(fn -> :value end)
    Process.sleep(20)

    [
      live: Process.demonitor(live, [:info]),
      again: Process.demonitor(live, [:info]),
      fired: Process.demonitor(gone, [:info]),
      fired_flush: Process.demonitor(gone, [:info, :flush])
    ]
  end

  scenario "demonitor twice" do
    ref = Process.monitor(idle())
    [Process.demonitor(ref), Process.demonitor(ref)]
  end

  scenario "demonitor of a reference that is no monitor" do
    Process.demonitor(make_ref())
  end

  scenario "demonitor of what is no reference" do
    Process.demonitor(:no_reference)
  end

  scenario "demonitor of the monitor of another process" do
    caller = self()

    spawn(fn ->
      send(caller, {:ref, Process.monitor(caller)})
      Process.sleep(:infinity)
    end)

    {:ref, ref} = next()
    outcome(fn -> Process.demonitor(ref) end)
  end

  scenario "monitors end with the one who watches" do
    watched = idle()

    ended(fn ->
      Process.monitor(watched)
      Process.monitor(watched)
    end)

    [alive: Process.alive?(watched), monitored_by: Process.info(watched, :monitored_by)]
  end

  scenario "who monitors whom" do
    pid = label(idle(), "other")
    Process.monitor(pid)
    [monitors: Process.info(self(), :monitors), monitored_by: Process.info(pid, :monitored_by)]
  end

  scenario "a link and a monitor: both messages come" do
    Process.flag(:trap_exit, true)
    pid = label(spawn_link(fn -> receive do: (:go -> exit(:gone)) end), "child")
    label(Process.monitor(pid), "monitor")
    send(pid, :go)
    mailbox() |> Enum.sort_by(&elem(&1, 0))
  end

  scenario "messages sent before the end come before DOWN" do
    caller = self()

    {pid, ref} =
      spawn_monitor(fn ->
        for number <- 1..3, do: send(caller, number)
        exit(:gone)
      end)

    label(pid, "child")
    label(ref, "monitor")
    mailbox()
  end
end
