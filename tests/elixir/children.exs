defmodule Children do
  @moduledoc "Supervisors and children for the scenarios about them."

  import Helpers
  import Portable, only: [label: 2]

  @doc "The specification of a child that tells the caller when it starts and when it is shut down."
  def child(id, options \\ []) do
    {traps, options} = Keyword.pop(options, :traps, true)
    Map.merge(%{id: id, start: {Children, :start_link, [self(), id, traps]}, restart: :permanent}, Map.new(options))
  end

  @doc "Starts such a child; it has its id as its name, and traps exits or not, when this returns."
  def start_link(caller, id, traps) do
    starter = self()
    # The child of that name in the scenario before may be about to end.
    true = eventually(fn -> Process.whereis(id) == nil end)

    pid =
      spawn_link(fn ->
        Process.flag(:trap_exit, traps)
        Process.register(self(), id)
        send(caller, {:started, id})
        send(starter, {:ready, self()})
        serve(caller, id)
      end)

    receive do
      {:ready, ^pid} -> {:ok, pid}
      {:EXIT, ^pid, reason} -> {:error, reason}
    end
  end

  defp serve(caller, id) do
    receive do
      {:end, reason} ->
        exit(reason)

      {:EXIT, _, reason} ->
        send(caller, {:stopped, id, reason})
        exit(reason)
    end
  end

  @doc "A supervisor of these children, one for one unless the options say otherwise."
  def supervisor(children, options \\ []) do
    {:ok, pid} = Supervisor.start_link(children, Keyword.merge([strategy: :one_for_one], options))
    label(pid, "supervisor")
  end

  @doc "Has a child end with a reason; the messages that come of it."
  def fall(id, reason) do
    send(id, {:end, reason})
    mailbox(60)
  end

  @doc "The ids of a supervisor's children, as which_children/1 orders them."
  def ids(pid), do: for({id, _, _, _} <- Supervisor.which_children(pid), do: id)

  @doc "The ids with :pid for a child that runs, or what stands in the place of its pid."
  def states(pid) do
    for {id, child, _, _} <- Supervisor.which_children(pid), do: {id, if(is_pid(child), do: :pid, else: child)}
  end

  @doc """
  What a function gives in a process of its own, which traps exits and stops all supervisors that it is linked to.

  So the children's names are free for the next one.
  """
  def in_process(function) do
    caller = self()

    {_, ref} =
      spawn_monitor(fn ->
        Process.flag(:trap_exit, true)
        result = function.()
        {:links, links} = Process.info(self(), :links)
        for pid <- links, do: outcome(fn -> Supervisor.stop(pid) end)
        send(caller, {:result, result})
      end)

    result = receive do: ({:result, result} -> result)
    receive do: ({:DOWN, ^ref, _, _, _} -> result)
  end
end
