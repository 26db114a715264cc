# What Elixir's processes, tasks and agents cost on this machine, as JSON: microseconds for each operation.
#
#     elixir bench/elixir_runtime.exs
#
# Each figure is the best of five runs, for comparison with the runtime package on the same machine. Run it while the
# machine does nothing else.

defmodule Bench do
  # Compiled, as an application is: functions of a script's top level would be interpreted.

  @runs 5

  def measure(count, run) do
    run.(max(div(count, 10), 1))
    times = for _ <- 1..@runs, do: elem(:timer.tc(fn -> run.(count) end), 0)
    Float.round(Enum.min(times) / count, 3)
  end

  def agent_get(count), do: with_agent(fn pid -> repeat(count, fn -> Agent.get(pid, & &1) end) end)
  def agent_update(count), do: with_agent(fn pid -> repeat(count, fn -> Agent.update(pid, &(&1 + 1)) end) end)

  def agent_get_and_update(count) do
    with_agent(fn pid -> repeat(count, fn -> Agent.get_and_update(pid, &{&1, &1 + 1}) end) end)
  end

  # The last call waits until all casts are done.
  def agent_cast(count) do
    with_agent(fn pid ->
      repeat(count, fn -> Agent.cast(pid, &(&1 + 1)) end)
      ^count = Agent.get(pid, & &1, :infinity)
    end)
  end

  def agent_start_and_stop(count), do: repeat(count, fn -> Agent.start_link(fn -> 0 end) |> elem(1) |> Agent.stop() end)

  # Two processes, each the half of the updates: an agent that callers wait for.
  def agent_update_by_two(count) do
    with_agent(fn pid ->
      half = div(count, 2)
      tasks = for _ <- 1..2, do: Task.async(fn -> repeat(half, fn -> Agent.update(pid, &(&1 + 1)) end) end)
      Task.await_many(tasks, :infinity)
      true = Agent.get(pid, & &1) == 2 * half
    end)
  end

  def task_async_await(count), do: repeat(count, fn -> 1 = Task.async(fn -> 1 end) |> Task.await() end)
  def async_stream(count), do: ^count = 1..count |> Task.async_stream(& &1) |> Enum.count()
  def async_stream_unordered(count), do: ^count = 1..count |> Task.async_stream(& &1, ordered: false) |> Enum.count()
  def async_stream_of_100(count), do: ^count = 1..count |> Task.async_stream(& &1, max_concurrency: 100) |> Enum.count()

  # One process is started, sends one message and ends.
  def spawn_send_receive(count) do
    caller = self()

    repeat(count, fn ->
      spawn(fn -> send(caller, :done) end)
      receive do: (:done -> :ok)
    end)
  end

  # A message there and one back, between two processes that live on.
  def ping_pong(count) do
    caller = self()
    pid = spawn(fn -> pong(caller) end)

    repeat(count, fn ->
      send(pid, :ping)
      receive do: (:pong -> :ok)
    end)

    Process.exit(pid, :kill)
  end

  defp pong(caller) do
    receive do: (:ping -> send(caller, :pong))
    pong(caller)
  end

  def spawn_monitor_down(count) do
    repeat(count, fn ->
      {_, ref} = spawn_monitor(fn -> :ok end)
      receive do: ({:DOWN, ^ref, _, _, _} -> :ok)
    end)
  end

  def send_to_oneself_and_receive(count) do
    repeat(count, fn ->
      send(self(), :message)
      receive do: (:message -> :ok)
    end)
  end

  def registry_lookup(count) do
    {:ok, _} = Registry.register(Bench.Registry, :key, :value)
    repeat(count, fn -> [{_, :value}] = Registry.lookup(Bench.Registry, :key) end)
    Registry.unregister(Bench.Registry, :key)
  end

  def registry_register_and_unregister(count) do
    repeat(count, fn ->
      {:ok, _} = Registry.register(Bench.Registry, :key, :value)
      Registry.unregister(Bench.Registry, :key)
    end)
  end

  defp with_agent(run) do
    {:ok, pid} = Agent.start_link(fn -> 0 end)
    run.(pid)
    Agent.stop(pid)
  end

  defp repeat(0, _run), do: :ok

  defp repeat(count, run) do
    run.()
    repeat(count - 1, run)
  end
end

{:ok, _} = Registry.start_link(keys: :unique, name: Bench.Registry)

operations = [
  {"agent_get", 100_000, &Bench.agent_get/1},
  {"agent_update", 100_000, &Bench.agent_update/1},
  {"agent_get_and_update", 100_000, &Bench.agent_get_and_update/1},
  {"agent_cast", 100_000, &Bench.agent_cast/1},
  {"agent_update_by_two", 100_000, &Bench.agent_update_by_two/1},
  {"agent_start_and_stop", 20_000, &Bench.agent_start_and_stop/1},
  {"task_async_await", 50_000, &Bench.task_async_await/1},
  {"async_stream_item", 100_000, &Bench.async_stream/1},
  {"async_stream_item_unordered", 100_000, &Bench.async_stream_unordered/1},
  {"async_stream_item_concurrency_100", 100_000, &Bench.async_stream_of_100/1},
  {"spawn_send_receive", 100_000, &Bench.spawn_send_receive/1},
  {"spawn_monitor_down", 100_000, &Bench.spawn_monitor_down/1},
  {"ping_pong", 100_000, &Bench.ping_pong/1},
  {"send_to_oneself_and_receive", 1_000_000, &Bench.send_to_oneself_and_receive/1},
  {"registry_lookup", 1_000_000, &Bench.registry_lookup/1},
  {"registry_register_and_unregister", 100_000, &Bench.registry_register_and_unregister/1}
]

figures = for {name, count, run} <- operations, do: ~s("#{name}": #{Bench.measure(count, run)})

IO.puts(
  ~s({"elixir": "#{System.version()}", "otp": "#{System.otp_release()}", "schedulers": #{System.schedulers_online()}, ) <>
    ~s("microseconds": {#{Enum.join(figures, ", ")}}})
)
