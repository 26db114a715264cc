defmodule Names do
  @moduledoc "Registered names."
  use Scenario, group: "names"

  scenario "register, whereis, unregister" do
    pid = label(idle(), "other")

    [
      before: Process.whereis(:a_name),
      registered: Process.register(pid, :a_name),
      found: Process.whereis(:a_name),
      listed: :a_name in Process.registered(),
      info: Process.info(pid, :registered_name),
      unregistered: Process.unregister(:a_name),
      after: Process.whereis(:a_name),
      info_after: Process.info(pid, :registered_name)
    ]
  end

  scenario "register a name that is taken" do
    Process.register(idle(), :taken_name)
    Process.register(self(), :taken_name)
  end

  scenario "register the same name for the same process again" do
    Process.register(self(), :again_name)
    Process.register(self(), :again_name)
  end

  scenario "register a process that has a name" do
    Process.register(self(), :one_name)
    Process.register(self(), :two_names)
  end

  scenario "register a dead process" do
    Process.register(dead(), :name_of_dead)
  end

  scenario "register the name undefined" do
    Process.register(self(), :undefined)
  end

  scenario "register the names nil, true and false" do
    for name <- [nil, true, false], do: outcome(fn -> Process.register(self(), name) end)
  end

  scenario "register a name that is no atom" do
    Process.register(self(), "name")
  end

  scenario "register what is no pid" do
    Process.register(:no_pid, :name_of_no_pid)
  end

  scenario "unregister a name nobody has" do
    Process.unregister(:nobody_has_this_name)
  end

  scenario "whereis of a name nobody has" do
    Process.whereis(:nobody_has_this_name)
  end

  scenario "whereis of what is no atom" do
    outcome(fn -> Process.whereis("name") end)
  end

  scenario "a name is free again when its process ends" do
    pid = idle()
    Process.register(pid, :freed_name)
    kill(pid)
    [found: Process.whereis(:freed_name), registered: Process.register(self(), :freed_name)]
  end

  scenario "another process may take the name away" do
    Process.register(idle(), :foreign_name)
    tell(worker(), fn -> Process.unregister(:foreign_name) end)
  end

  scenario "a process with a free name may take another" do
    Process.register(self(), :former_name)
    Process.unregister(:former_name)
    [registered: Process.register(self(), :later_name), info: Process.info(self(), :registered_name)]
  end
end
