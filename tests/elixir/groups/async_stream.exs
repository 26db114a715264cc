defmodule AsyncStream do
  @moduledoc "Task.async_stream."
  use Scenario, group: "async_stream"

  defp trap, do: Process.flag(:trap_exit, true)

  scenario "values in the order of the items" do
    Task.async_stream(1..4, &(&1 * 2)) |> Enum.to_list()
  end

  scenario "ordered: a slow first item holds the others back" do
    Task.async_stream([60, 1, 2], fn time -> Process.sleep(time) && time end, max_concurrency: 3) |> Enum.to_list()
  end

  scenario "unordered: as they are done" do
    Task.async_stream([120, 1, 60], fn time -> Process.sleep(time) && time end, max_concurrency: 3, ordered: false)
    |> Enum.to_list()
  end

  scenario "of no items" do
    [Task.async_stream([], & &1) |> Enum.to_list(), mailbox()]
  end

  scenario "of module, function and arguments: the item comes first" do
    Task.async_stream([[1, 2], [3]], Enum, :concat, [[:end]]) |> Enum.to_list()
  end

  scenario "of an endless input, taken from" do
    Stream.iterate(1, &(&1 + 1)) |> Task.async_stream(&(&1 * 2)) |> Enum.take(3)
  end

  scenario "nothing runs before it is enumerated" do
    caller = self()
    Task.async_stream(1..3, fn item -> send(caller, item) end)
    mailbox()
  end

  scenario "each enumeration runs anew" do
    {:ok, counter} = Agent.start_link(fn -> 0 end)
    stream = Task.async_stream(1..3, fn _ -> Agent.get_and_update(counter, &{&1, &1 + 1}) end, max_concurrency: 1)
    [Enum.to_list(stream), Enum.to_list(stream)]
  end

  scenario "max_concurrency is kept" do
    {:ok, running} = Agent.start_link(fn -> {0, 0} end)

    results =
      Task.async_stream(
        1..12,
        fn item ->
          Agent.update(running, fn {now, most} -> {now + 1, max(most, now + 1)} end)
          Process.sleep(10)
          Agent.update(running, fn {now, most} -> {now - 1, most} end)
          item
        end,
        max_concurrency: 3
      )
      |> Enum.to_list()

    [count: length(results), most: Agent.get(running, &elem(&1, 1))]
  end

  scenario "max_concurrency 1: one after the other" do
    caller = self()

    Task.async_stream(
      1..3,
      fn item ->
        send(caller, {:start, item})
        Process.sleep(5)
        send(caller, {:end, item})
      end,
      max_concurrency: 1
    )
    |> Stream.run()

    mailbox()
  end

  scenario "max_concurrency above the number of items" do
    Task.async_stream(1..2, & &1, max_concurrency: 100) |> Enum.to_list()
  end

  scenario "max_concurrency that is none" do
    for number <- [0, -1, 1.5, :many, nil] do
      {number, outcome(fn -> Task.async_stream(1..2, & &1, max_concurrency: number) |> Enum.to_list() end)}
    end
  end

  scenario "other options that are none" do
    for options <- [[timeout: -1], [timeout: :soon], [on_timeout: :retry], [ordered: :maybe], [unknown: 1]] do
      {options, ended(fn -> exit({:results, Task.async_stream(1..2, & &1, options) |> Enum.to_list()}) end)}
    end
  end

  scenario "how far ahead of its consumer it runs" do
    caller = self()

    [{:ok, 1}] =
      Task.async_stream(
        1..10,
        fn item ->
          send(caller, {:started, item})
          item
        end,
        max_concurrency: 2
      )
      |> Enum.take(1)

    # Ordered: the first two start together, and a place is free when the first has been delivered.
    Enum.all?(mailbox(), fn {:started, item} -> item <= 3 end)
  end

  scenario "ordered: a place is free when a task is done, not when it is delivered" do
    caller = self()

    Task.async_stream(
      1..4,
      fn item ->
        send(caller, {:started, item})
        if item == 1, do: Process.sleep(80)
        item
      end,
      max_concurrency: 2
    )
    |> Enum.each(fn {:ok, item} -> send(caller, {:delivered, item}) end)

    messages = mailbox()
    before = Enum.take_while(messages, &(&1 != {:delivered, 1}))
    [started_before_first_delivery: length(for {:started, _} <- before, do: 1), all: length(messages)]
  end

  scenario "an item too late: exit" do
    Task.async_stream([1], fn _ -> Process.sleep(:infinity) end, timeout: 20) |> Enum.to_list()
  end

  scenario "an item too late: exit, caught, the tasks are gone" do
    caller = self()

    result =
      outcome(fn ->
        Task.async_stream(
          1..2,
          fn item ->
            send(caller, {:task, self(), item})
            Process.sleep(:infinity)
          end,
          timeout: 30,
          max_concurrency: 2
        )
        |> Enum.to_list()
      end)

    pids = for {:task, pid, _} <- mailbox(), do: pid
    [result: result, tasks: length(pids), gone: eventually(fn -> not Enum.any?(pids, &Process.alive?/1) end)]
  end

  scenario "an item too late: kill_task" do
    Task.async_stream(1..3, fn item -> if item == 2, do: Process.sleep(:infinity), else: item end,
      timeout: 100,
      on_timeout: :kill_task
    )
    |> Enum.to_list()
  end

  scenario "an item too late: kill_task with its input" do
    Task.async_stream([:a, :b], fn item -> if item == :b, do: Process.sleep(:infinity), else: item end,
      timeout: 100,
      on_timeout: :kill_task,
      zip_input_on_exit: true
    )
    |> Enum.to_list()
  end

  scenario "kill_task: the killed task is dead and no message is left" do
    caller = self()

    results =
      Task.async_stream([1], fn _ -> send(caller, {:task, self()}) && Process.sleep(:infinity) end,
        timeout: 30,
        on_timeout: :kill_task
      )
      |> Enum.to_list()

    [{:task, pid} | rest] = mailbox()
    [results: results, alive: Process.alive?(pid), rest: rest]
  end

  scenario "the time limit is for each item, not for all" do
    Task.async_stream(1..4, fn item -> Process.sleep(60) && item end, timeout: 150, max_concurrency: 1)
    |> Enum.to_list()
  end

  scenario "the time limit does not count the time that the consumer takes" do
    Task.async_stream(1..3, & &1, timeout: 50, max_concurrency: 1)
    |> Enum.map(fn result -> Process.sleep(80) && result end)
  end

  scenario "timeout infinity" do
    Task.async_stream(1..2, & &1, timeout: :infinity) |> Enum.to_list()
  end

  scenario "an item that exits: the caller dies" do
    Task.async_stream(1..4, fn item -> if item == 2, do: exit(:crash), else: item end) |> Enum.to_list()
  end

  scenario "an item that raises: the caller dies" do
    Task.async_stream(1..4, fn item -> if item == 2, do: raise("boom"), else: item end) |> Enum.to_list()
  end

  scenario "an item that throws: the caller dies" do
    Task.async_stream(1..4, fn item -> if item == 2, do: throw(:ball), else: item end) |> Enum.to_list()
  end

  scenario "items that fail, trapping" do
    trap()

    results =
      Task.async_stream(1..5, fn
        1 -> :value
        2 -> exit(:reason)
        3 -> raise "boom"
        4 -> throw(:ball)
        5 -> exit(:normal)
      end)
      |> Enum.to_list()

    [results: results, messages: for({:EXIT, _, reason} when reason != :normal <- mailbox(), do: reason)]
  end

  scenario "an item that exits normally, not trapping" do
    Task.async_stream(1..2, fn item -> if item == 1, do: exit(:normal), else: item end) |> Enum.to_list()
  end

  scenario "items that fail, trapping, with their input" do
    trap()

    Task.async_stream([:a, :b], fn item -> if item == :a, do: exit(:reason), else: item end, zip_input_on_exit: true)
    |> Enum.to_list()
  end

  scenario "trapping: are there messages of the tasks" do
    trap()
    results = Task.async_stream(1..3, & &1) |> Enum.to_list()
    [results: results, messages: mailbox()]
  end

  scenario "no messages are left over" do
    Task.async_stream(1..5, & &1) |> Stream.run()
    mailbox()
  end

  scenario "messages of others stay" do
    send(self(), :mine)
    Task.async_stream(1..5, & &1) |> Stream.run()
    mailbox()
  end

  scenario "halting early ends the running tasks" do
    caller = self()

    taken =
      Task.async_stream(
        1..4,
        fn item ->
          send(caller, {:task, item, self()})
          if item > 1, do: Process.sleep(:infinity), else: item
        end,
        max_concurrency: 4
      )
      |> Enum.take(1)

    pids = for {:task, item, pid} <- mailbox(), item > 1, do: pid
    [taken: taken, gone: eventually(fn -> not Enum.any?(pids, &Process.alive?/1) end), messages: mailbox()]
  end

  scenario "taking none runs nothing" do
    caller = self()
    taken = Task.async_stream(1..4, fn item -> send(caller, item) end) |> Enum.take(0)
    [taken: taken, messages: mailbox()]
  end

  scenario "the input raises: tasks are ended" do
    caller = self()

    input =
      Stream.map(1..3, fn
        3 -> raise "bad input"
        item -> item
      end)

    result =
      outcome(fn ->
        Task.async_stream(
          input,
          fn item ->
            send(caller, {:task, item, self()})
            Process.sleep(:infinity)
          end,
          max_concurrency: 3
        )
        |> Enum.to_list()
      end)

    pids = for {:task, _, pid} <- mailbox(), do: pid
    [result: result, gone: eventually(fn -> not Enum.any?(pids, &Process.alive?/1) end), messages: mailbox()]
  end

  scenario "the input throws, exits" do
    for ending <- [fn -> throw(:ball) end, fn -> exit(:reason) end] do
      outcome(fn ->
        Stream.map(1..2, fn item -> if item == 2, do: ending.(), else: item end)
        |> Task.async_stream(& &1, max_concurrency: 1)
        |> Enum.to_list()
      end)
    end
  end

  scenario "the consumer raises: tasks are ended" do
    caller = self()

    result =
      outcome(fn ->
        Task.async_stream(
          1..3,
          fn item ->
            send(caller, {:task, item, self()})
            if item > 1, do: Process.sleep(:infinity), else: item
          end,
          max_concurrency: 3
        )
        |> Enum.each(fn _ -> raise "bad consumer" end)
      end)

    pids = for {:task, _, pid} <- mailbox(), do: pid
    [result: result, gone: eventually(fn -> not Enum.any?(pids, &Process.alive?/1) end)]
  end

  scenario "the caller is killed: tasks are ended" do
    caller = self()

    owner =
      spawn(fn ->
        Task.async_stream([1], fn _ -> send(caller, {:task, self()}) && Process.sleep(:infinity) end) |> Stream.run()
      end)

    {:task, pid} = next()
    fate(pid, fn _ -> Process.exit(owner, :kill) end)
  end

  scenario "the items are read by the caller" do
    caller = self()
    Stream.map(1..3, fn item -> {item, self() == caller} end) |> Task.async_stream(& &1) |> Enum.to_list()
  end

  scenario "each item has a process of its own" do
    pids = Task.async_stream(1..5, fn _ -> self() end) |> Enum.map(fn {:ok, pid} -> pid end)
    [different: length(Enum.uniq(pids)), caller_among_them: self() in pids]
  end

  scenario "callers of a task of a stream" do
    Task.async_stream([1], fn _ -> Process.get(:"$callers") end) |> Enum.to_list()
  end

  scenario "a stream in a stream" do
    Task.async_stream(1..2, fn item ->
      Task.async_stream(1..2, fn inner -> {item, inner} end) |> Enum.map(&elem(&1, 1))
    end)
    |> Enum.to_list()
  end

  scenario "two streams zipped" do
    Enum.zip(Task.async_stream(1..3, &(&1 * 2)), Task.async_stream(1..3, &(&1 * 3)))
  end

  scenario "an item that is a keyword list, a tuple, nil" do
    Task.async_stream([[a: 1], {1, 2}, nil], & &1) |> Enum.to_list()
  end
end
