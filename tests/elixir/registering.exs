defmodule Registering do
  @moduledoc "Registries for the scenarios about them."

  import Helpers
  import Portable, only: [label: 2]

  @doc "A registry of its own for every scenario."
  def registry(keys, options \\ []) do
    name = Module.concat(Registries, "R#{System.unique_integer([:positive])}")
    {:ok, pid} = Registry.start_link([keys: keys, name: name] ++ options)
    label(pid, "registry")
    name
  end

  @doc "A registry of unique keys."
  def unique, do: registry(:unique)

  @doc "A registry of duplicate keys."
  def duplicate, do: registry(:duplicate)

  @doc "A result without the pid of the registry's partition."
  def ok({:ok, pid}) when is_pid(pid), do: :ok
  def ok(other), do: other

  @doc "A worker that has registered something."
  def holder(registry, key, value, name \\ "holder") do
    pid = label(worker(), name)
    {:returned, {:ok, _}} = tell(pid, fn -> Registry.register(registry, key, value) end)
    pid
  end
end
