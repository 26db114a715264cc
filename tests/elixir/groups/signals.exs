defmodule Signals do
  @moduledoc "Exit signals and exit reasons."
  use Scenario, group: "signals"

  @reasons [:normal, :shutdown, {:shutdown, :why}, :other, :kill, :killed, {:any, [1, "term"]}]

  scenario "exit/2 to a process that does not trap" do
    for reason <- @reasons, do: {reason, fate(idle(), &Process.exit(&1, reason))}
  end

  scenario "exit/2 to a process that traps" do
    for reason <- @reasons do
      pid = label(trapper(), "target")
      {reason, fate(pid, &Process.exit(&1, reason)), mailbox()}
    end
  end

  scenario "exit/2 to oneself, not trapping" do
    for reason <- @reasons do
      {reason,
       ended(fn ->
         Process.exit(self(), reason)
         Process.sleep(20)
         exit(:survived)
       end)}
    end
  end

  scenario "exit/2 to oneself, trapping" do
    for reason <- @reasons -- [:kill] do
      caller = self()

      pid =
        spawn(fn ->
          Process.flag(:trap_exit, true)
          Process.exit(self(), reason)
          send(caller, next())
        end)

      label(pid, "self")
      {reason, next()}
    end
  end

  scenario "exit/2 kill to oneself, trapping" do
    ended(fn ->
      Process.flag(:trap_exit, true)
      Process.exit(self(), :kill)
      Process.sleep(20)
    end)
  end

  scenario "exit/2 returns true for a live process" do
    Process.exit(idle(), :other)
  end

  scenario "exit/2 returns true for a dead process" do
    Process.exit(dead(), :kill)
  end

  scenario "exit/2 to what is no pid" do
    Process.exit(:no_pid, :other)
  end

  scenario "exit/2 names its sender, not the process that ended" do
    target = label(trapper(), "target")
    label(spawn(fn -> Process.exit(target, :from_sender) end), "sender")
    next()
  end

  scenario "exit/2 does not end the sender" do
    Process.exit(idle(), :other)
    Process.sleep(10)
    :here
  end

  scenario "two signals: the first decides the reason" do
    fate(idle(), fn pid ->
      Process.exit(pid, :first)
      Process.exit(pid, :second)
    end)
  end

  scenario "a trapping process gets signals as messages in the order they were sent" do
    pid = label(trapper(), "target")
    Process.exit(pid, :first)
    send(pid, :between)
    Process.exit(pid, :second)
    mailbox()
  end

  scenario "how a process ends is its exit reason" do
    [
      returned: ended(fn -> :value end),
      raised: ended(fn -> raise "boom" end),
      raised_argument_error: ended(fn -> raise ArgumentError, "bad" end),
      thrown: ended(fn -> throw(:ball) end),
      exited: ended(fn -> exit(:reason) end),
      exited_normal: ended(fn -> exit(:normal) end),
      exited_shutdown: ended(fn -> exit(:shutdown) end),
      exited_shutdown_term: ended(fn -> exit({:shutdown, 1}) end),
      exited_kill: ended(fn -> exit(:kill) end),
      erlang_error: ended(fn -> :erlang.error(:oops) end),
      arithmetic: ended(fn -> 1 / Process.get(:absent, 0) end),
      match: ended(fn -> :a = Process.get(:absent, :b) end)
    ]
  end

  scenario "an exit can be caught by the process itself" do
    ended(fn ->
      try do
        exit(:caught)
      catch
        :exit, :caught -> :ok
      end
    end)
  end

  scenario "a signal cannot be caught by try" do
    ended(fn ->
      try do
        Process.exit(self(), :signal)
        Process.sleep(20)
      catch
        :exit, _ -> :ok
      end
    end)
  end

  scenario "a signal does not run after blocks" do
    caller = self()

    reason =
      ended(fn ->
        try do
          Process.exit(self(), :signal)
          Process.sleep(50)
        after
          send(caller, :after_ran)
        end
      end)

    {reason, mailbox()}
  end

  scenario "a raise runs after blocks" do
    caller = self()

    reason =
      ended(fn ->
        try do
          raise "boom"
        after
          send(caller, :after_ran)
        end
      end)

    {reason, mailbox()}
  end

  scenario "the flag trap_exit returns what it was" do
    [
      Process.flag(:trap_exit, true),
      Process.flag(:trap_exit, true),
      Process.flag(:trap_exit, false),
      Process.flag(:trap_exit, false)
    ]
  end

  scenario "the flag trap_exit takes only booleans" do
    Process.flag(:trap_exit, :yes)
  end

  scenario "a new process does not trap, whatever its parent does" do
    Process.flag(:trap_exit, true)
    caller = self()
    spawn_link(fn -> send(caller, {:trap_exit, Process.flag(:trap_exit, false)}) end)
    next()
  end

  scenario "messages that were trapped stay when trapping ends" do
    Process.flag(:trap_exit, true)
    label(spawn_link(fn -> exit(:gone) end), "child")
    Process.sleep(20)
    Process.flag(:trap_exit, false)
    mailbox()
  end

  scenario "is a process alive" do
    [
      self: Process.alive?(self()),
      idle: Process.alive?(idle()),
      dead: Process.alive?(dead()),
      killed: idle() |> tap(&kill/1) |> Process.alive?()
    ]
  end

  scenario "spawn without a function" do
    outcome(fn -> :erlang.spawn(Process.get(:absent, :no_function)) end)
  end

  scenario "a process that was only spawned outlives its parent" do
    caller = self()

    parent_reason =
      ended(fn ->
        send(caller, {:child, idle()})
        exit(:parent_gone)
      end)

    {:child, child} = next()
    {parent_reason, fate(child)}
  end
end
