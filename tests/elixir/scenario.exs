defmodule Scenario do
  @moduledoc """
  A scenario: a name, and a body that runs in a process of its own, called "caller" in the record.

  What the body returns is recorded; or what it raises, throws or exits with; or the signal that ends the caller.
  """

  @limit 10_000

  defmacro __using__(group: group) do
    quote do
      import Scenario, only: [scenario: 2]
      import Portable, only: [label: 2]
      import Helpers
      @group unquote(group)
      Module.register_attribute(__MODULE__, :scenarios, accumulate: true)
      @before_compile Scenario
    end
  end

  defmacro scenario(name, do: body) do
    function = String.to_atom("scenario: " <> name)

    quote do
      @scenarios {@group, unquote(name), unquote(Macro.to_string(body)), unquote(function)}
      def unquote(function)(), do: unquote(body)
    end
  end

  defmacro __before_compile__(_env) do
    quote do
      def scenarios, do: Enum.reverse(@scenarios)
    end
  end

  @doc "One line of the record."
  def record(module, {group, name, source, function}) do
    Portable.reset()
    {kind, term} = run(module, function)

    IO.iodata_to_binary([
      ~s({"group":),
      Portable.quoted(group),
      ~s(,"name":),
      Portable.quoted(name),
      ~s(,"outcome":{"#{kind}":),
      Portable.json(term),
      ~s(},"source":),
      Portable.quoted(source),
      "}\n"
    ])
  end

  defp run(module, function) do
    parent = self()
    tag = make_ref()

    {caller, monitor} =
      spawn_monitor(fn ->
        Portable.label(self(), "caller")
        send(parent, {tag, Helpers.outcome(fn -> apply(module, function, []) end)})
        # Whatever the scenario left behind and is linked to it goes with it.
        Process.exit(self(), :kill)
      end)

    result =
      receive do
        {^tag, outcome} -> outcome
        {:DOWN, ^monitor, _, _, reason} -> {:died, reason}
      after
        @limit -> raise "scenario without end: #{function}"
      end

    await_end(caller)
    receive do: ({:DOWN, ^monitor, _, _, _} -> :ok), after: (0 -> :ok)
    result
  end

  defp await_end(pid) do
    ref = Process.monitor(pid)
    receive do: ({:DOWN, ^ref, _, _, _} -> :ok)
  end
end

defmodule Helpers do
  @moduledoc "What scenarios have in common."

  @doc "How a function ends: {:returned, value} | {:raised, exception} | {:exited, reason} | {:thrown, value}."
  def outcome(function) do
    {:returned, function.()}
  rescue
    error -> {:raised, error}
  catch
    :exit, reason -> {:exited, reason}
    :throw, value -> {:thrown, value}
  end

  @doc "The exit reason of a process that runs the function."
  def ended(function) do
    {_pid, ref} = spawn_monitor(function)
    receive do: ({:DOWN, ^ref, _, _, reason} -> reason), after: (2000 -> :still_alive)
  end

  @doc "What becomes of a process when the action is done to it: {:died, reason} or :alive."
  def fate(pid, action \\ fn _pid -> :ok end) do
    ref = Process.monitor(pid)
    action.(pid)

    receive do
      {:DOWN, ^ref, _, _, reason} -> {:died, reason}
    after
      30 ->
        Process.demonitor(ref, [:flush])
        :alive
    end
  end

  @doc "A process that waits for ever."
  def idle, do: spawn(fn -> Process.sleep(:infinity) end)

  @doc "A pid whose process is gone."
  def dead do
    {pid, ref} = spawn_monitor(fn -> :ok end)
    receive do: ({:DOWN, ^ref, _, _, _} -> pid)
  end

  @doc "A process that traps exits and hands every message on to the caller as {:got, message}."
  def trapper do
    caller = self()

    pid =
      spawn(fn ->
        Process.flag(:trap_exit, true)
        send(caller, :trapping)
        forward(caller)
      end)

    receive do: (:trapping -> pid)
  end

  defp forward(caller) do
    receive do: (message -> send(caller, {:got, message}))
    forward(caller)
  end

  @doc "A process that does what it is sent: functions are run, their outcomes sent back by `tell`."
  def worker do
    caller = self()

    spawn(fn ->
      monitor = Process.monitor(caller)
      work(caller, monitor)
    end)
  end

  # It ends with its caller, but without a link.
  defp work(caller, monitor) do
    receive do
      {:run, ref, function} -> send(caller, {ref, outcome(function)})
      {:DOWN, ^monitor, _, _, _} -> exit(:normal)
    end

    work(caller, monitor)
  end

  @doc "Has a worker run a function; its outcome."
  def tell(worker, function) do
    ref = make_ref()
    send(worker, {:run, ref, function})
    receive do: ({^ref, outcome} -> outcome), after: (1000 -> :no_answer)
  end

  @doc "All messages, in order, until none has come for some milliseconds."
  def mailbox(quiet \\ 30) do
    receive do: (message -> [message | mailbox(quiet)]), after: (quiet -> [])
  end

  @doc "The next message."
  def next(limit \\ 1000) do
    receive do: (message -> message), after: (limit -> :nothing)
  end

  @doc "Kills a process and waits until it is gone."
  def kill(pid) do
    ref = Process.monitor(pid)
    Process.exit(pid, :kill)
    receive do: ({:DOWN, ^ref, _, _, _} -> :ok)
  end

  @doc "Waits until the condition holds; false if it does not within a second."
  def eventually(condition, tries \\ 200) do
    cond do
      condition.() ->
        true

      tries == 0 ->
        false

      true ->
        Process.sleep(5)
        eventually(condition, tries - 1)
    end
  end
end
