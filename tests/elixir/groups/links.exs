defmodule Links do
  @moduledoc "Links: who dies with whom."
  use Scenario, group: "links"

  @reasons [:normal, :shutdown, {:shutdown, :why}, :other, :kill, :killed]

  scenario "a linked process exits: what becomes of a partner that does not trap" do
    for reason <- @reasons do
      caller = self()

      {_, ref} =
        spawn_monitor(fn ->
          spawn_link(fn -> exit(reason) end)
          Process.sleep(30)
          send(caller, :survived)
          exit(:survived)
        end)

      receive do: ({:DOWN, ^ref, _, _, end_reason} -> {reason, end_reason})
    end
  end

  scenario "a linked process exits: what a partner that traps is told" do
    Process.flag(:trap_exit, true)

    for reason <- @reasons do
      label(spawn_link(fn -> exit(reason) end), "child")
      {reason, next()}
    end
  end

  scenario "a linked process raises: what a partner that traps is told" do
    Process.flag(:trap_exit, true)
    label(spawn_link(fn -> raise "boom" end), "child")
    next()
  end

  scenario "a linked process throws: what a partner that traps is told" do
    Process.flag(:trap_exit, true)
    label(spawn_link(fn -> throw(:ball) end), "child")
    next()
  end

  scenario "a linked process returns: what a partner that traps is told" do
    Process.flag(:trap_exit, true)
    label(spawn_link(fn -> :value end), "child")
    next()
  end

  scenario "a linked process raises: the partner dies of it" do
    spawn_link(fn -> raise "boom" end)
    Process.sleep(100)
    :survived
  end

  scenario "a linked process throws: the partner dies of it" do
    spawn_link(fn -> throw(:ball) end)
    Process.sleep(100)
    :survived
  end

  scenario "a linked process exits normally: the partner lives on" do
    spawn_link(fn -> :value end)
    Process.sleep(20)
    :survived
  end

  scenario "a linked process is killed: the partner is told killed" do
    Process.flag(:trap_exit, true)
    child = label(spawn_link(fn -> Process.sleep(:infinity) end), "child")
    Process.exit(child, :kill)
    next()
  end

  scenario "a linked process is killed: the partner dies as killed" do
    ended(fn ->
      child = spawn_link(fn -> Process.sleep(:infinity) end)
      Process.exit(child, :kill)
      Process.sleep(100)
    end)
  end

  scenario "links work both ways: the parent ends, the child with it" do
    caller = self()

    parent =
      spawn(fn ->
        send(caller, {:child, spawn_link(fn -> Process.sleep(:infinity) end)})
        receive do: (:go -> exit(:parent_gone))
      end)

    {:child, child} = next()
    fate(child, fn _ -> send(parent, :go) end)
  end

  scenario "the parent returns normally: the linked child lives on" do
    caller = self()
    spawn(fn -> send(caller, {:child, spawn_link(fn -> Process.sleep(:infinity) end)}) end)
    {:child, child} = next()
    fate(child)
  end

  scenario "link to a dead process, not trapping" do
    Process.link(dead())
    Process.sleep(50)
    :survived
  end

  scenario "link to a dead process, trapping" do
    Process.flag(:trap_exit, true)
    pid = label(dead(), "dead")
    [returned: Process.link(pid), messages: mailbox()]
  end

  scenario "link to oneself" do
    [returned: Process.link(self()), links: Process.info(self(), :links)]
  end

  scenario "link to what is no pid" do
    Process.link(:no_pid)
  end

  scenario "link twice is one link" do
    Process.flag(:trap_exit, true)
    pid = label(idle(), "other")
    results = [Process.link(pid), Process.link(pid)]
    links = Process.info(self(), :links)
    Process.exit(pid, :gone)
    [results: results, links: links, messages: mailbox()]
  end

  scenario "one unlink undoes two links" do
    Process.flag(:trap_exit, true)
    pid = idle()
    Process.link(pid)
    Process.link(pid)
    unlinked = Process.unlink(pid)
    Process.exit(pid, :gone)
    [unlinked: unlinked, messages: mailbox()]
  end

  scenario "either side may unlink" do
    Process.flag(:trap_exit, true)
    pid = worker()
    Process.link(pid)
    caller = self()
    answer = tell(pid, fn -> Process.unlink(caller) end)
    Process.exit(pid, :gone)
    [answer: answer, messages: mailbox()]
  end

  scenario "unlink of a process that is not linked, of a dead one, of oneself" do
    [Process.unlink(idle()), Process.unlink(dead()), Process.unlink(self())]
  end

  scenario "unlink does not take back a message that has come" do
    Process.flag(:trap_exit, true)
    pid = label(spawn_link(fn -> exit(:gone) end), "child")
    Process.sleep(20)
    Process.unlink(pid)
    mailbox()
  end

  scenario "after unlink the death of the other is not noticed" do
    pid = spawn_link(fn -> Process.sleep(:infinity) end)
    Process.unlink(pid)
    kill(pid)
    :survived
  end

  scenario "a ring of five: one falls, all fall" do
    caller = self()

    {first, ref} =
      spawn_monitor(fn ->
        pids = for _ <- 1..4, do: spawn_link(fn -> Process.sleep(:infinity) end)
        for pid <- pids, do: send(caller, {:member, pid})
        receive do: (:never -> :ok)
      end)

    members = for _ <- 1..4, do: receive(do: ({:member, pid} -> pid))
    refs = for pid <- members, do: Process.monitor(pid)
    Process.exit(List.last(members), :fell)
    first_reason = receive do: ({:DOWN, ^ref, _, ^first, reason} -> reason)
    rest = for ref <- refs, do: receive(do: ({:DOWN, ^ref, _, _, reason} -> reason))
    {first_reason, rest}
  end

  scenario "a chain: the reason goes through unchanged" do
    chain = fn chain, depth ->
      if depth == 0, do: exit(:deep), else: spawn_link(fn -> chain.(chain, depth - 1) end)
      Process.sleep(200)
    end

    ended(fn -> chain.(chain, 3) end)
  end

  scenario "a chain: one that traps shields those behind it" do
    caller = self()

    {_pid, ref} =
      spawn_monitor(fn ->
        spawn_link(fn ->
          Process.flag(:trap_exit, true)
          spawn_link(fn -> exit(:deep) end)
          receive do: ({:EXIT, _, reason} -> send(caller, {:shielded, reason}))
          Process.sleep(:infinity)
        end)

        receive do: (:stop -> exit(:unharmed))
      end)

    shielded = receive do: ({:shielded, reason} -> reason)
    [shielded: shielded, first: receive(do: ({:DOWN, ^ref, _, _, reason} -> reason), after: (30 -> :alive))]
  end

  scenario "a chain: kill becomes killed, which can be trapped" do
    Process.flag(:trap_exit, true)
    caller = self()

    middle =
      spawn_link(fn ->
        child = spawn_link(fn -> Process.sleep(:infinity) end)
        send(caller, {:child, child})
        Process.sleep(:infinity)
      end)

    label(middle, "middle")
    child = receive do: ({:child, child} -> child)
    Process.exit(child, :kill)
    next()
  end

  scenario "spawn_link of a process that ends at once, trapping: the message is always there" do
    Process.flag(:trap_exit, true)

    for number <- 1..3 do
      pid = label(spawn_link(fn -> exit({:number, number}) end), "child")
      receive do: ({:EXIT, ^pid, reason} -> reason), after: (100 -> :no_message)
    end
  end

  scenario "several linked processes end: one message each" do
    Process.flag(:trap_exit, true)
    pids = for number <- 1..3, do: {number, spawn_link(fn -> exit({:number, number}) end)}

    for {number, pid} <- Enum.reverse(pids) do
      {number, receive(do: ({:EXIT, ^pid, reason} -> reason), after: (100 -> :no_message))}
    end
  end

  scenario "the links of a process" do
    pid = label(spawn_link(fn -> Process.sleep(:infinity) end), "child")
    [mine: Process.info(self(), :links), of_child: Process.info(pid, :links)]
  end
end
