defmodule Mailbox do
  @moduledoc "Sending and receiving."
  use Scenario, group: "mailbox"

  scenario "messages of one sender come in order" do
    caller = self()
    spawn(fn -> for number <- 1..5, do: send(caller, number) end)
    mailbox()
  end

  scenario "send returns the message" do
    send(self(), {:any, "term"})
  end

  scenario "a message to oneself" do
    send(self(), :hello)
    next()
  end

  scenario "send to a dead process" do
    send(dead(), :lost)
  end

  scenario "send to a registered name" do
    Process.register(self(), :mailbox_named)
    returned = send(:mailbox_named, :hello)
    [returned: returned, messages: mailbox()]
  end

  scenario "send to a name nobody has" do
    send(:nobody_has_this_name, :lost)
  end

  scenario "send to a name nobody has on this node, with the node" do
    send({:nobody_has_this_name, node()}, :lost)
  end

  scenario "send to what is no destination" do
    send("no destination", :lost)
  end

  scenario "receive takes the first message that fits and leaves the rest in order" do
    for message <- [:a, {:wanted, 1}, :b, {:wanted, 2}, :c], do: send(self(), message)
    first = receive do: ({:wanted, number} -> number)
    [first: first, rest: mailbox()]
  end

  scenario "receive of several patterns: the oldest message decides, not the first pattern" do
    send(self(), :second_pattern)
    send(self(), :first_pattern)

    receive do
      :first_pattern -> :by_first
      :second_pattern -> :by_second
    end
  end

  scenario "receive with a guard" do
    for number <- 1..5, do: send(self(), number)
    picked = receive do: (number when number > 3 -> number)
    [picked: picked, rest: mailbox()]
  end

  scenario "receive after 0 with no message" do
    receive do
      message -> {:got, message}
    after
      0 -> :nothing
    end
  end

  scenario "receive after 0 with a message" do
    send(self(), :there)

    receive do
      message -> {:got, message}
    after
      0 -> :nothing
    end
  end

  scenario "receive after 0 with only messages that do not fit" do
    send(self(), :unfit)
    result = receive do: (:wanted -> :got), after: (0 -> :nothing)
    [result: result, messages: mailbox()]
  end

  scenario "receive with a time limit that passes" do
    receive do: (message -> {:got, message}), after: (10 -> :late)
  end

  scenario "receive with a time limit: a message that does not fit does not prolong it for ever" do
    caller = self()
    spawn(fn -> for _ <- 1..3, do: send(caller, :unfit) end)
    result = receive do: (:wanted -> :got), after: (30 -> :late)
    [result: result, messages: mailbox()]
  end

  scenario "receive with a bad time limit" do
    limit = Process.get(:absent, -1)
    receive do: (:never -> :ok), after: (limit -> :late)
  end

  scenario "receive in two steps with a pinned value" do
    {first, second} = {make_ref(), make_ref()}
    send(self(), {second, 2})
    send(self(), {first, 1})

    [
      receive(do: ({^first, value} -> value)),
      receive(do: ({^second, value} -> value))
    ]
  end

  scenario "1 and 1.0 are different messages" do
    send(self(), 1.0)
    send(self(), 1)
    first = receive do: (1 -> :integer)
    [first, mailbox()]
  end

  scenario "a message that raises inside receive is taken" do
    send(self(), :bad)
    send(self(), :good)
    raised = outcome(fn -> receive do: (message -> raise("boom on #{message}")) end)
    [raised: raised, rest: mailbox()]
  end

  scenario "the queue of a process that does not receive" do
    pid = idle()
    for number <- 1..3, do: send(pid, number)
    [Process.info(pid, :messages), Process.info(pid, :message_queue_len)]
  end

  scenario "send_after: the message comes as it is" do
    Process.send_after(self(), :ring, 10)
    next()
  end

  scenario "send_after 0" do
    Process.send_after(self(), :ring, 0)
    next()
  end

  scenario "send_after: the earlier one comes first" do
    Process.send_after(self(), :late, 60)
    Process.send_after(self(), :early, 5)
    [next(), next()]
  end

  scenario "send_after with a negative time" do
    Process.send_after(self(), :ring, -1)
  end

  scenario "cancel_timer: time left, then false, and no message" do
    timer = Process.send_after(self(), :ring, 1000)
    left = Process.cancel_timer(timer)
    [left_is_integer: is_integer(left), again: Process.cancel_timer(timer), messages: mailbox()]
  end

  scenario "cancel_timer of a timer that has fired" do
    timer = Process.send_after(self(), :ring, 1)
    message = next()
    [message: message, cancelled: Process.cancel_timer(timer)]
  end

  scenario "cancel_timer of any reference" do
    Process.cancel_timer(make_ref())
  end

  scenario "read_timer" do
    timer = Process.send_after(self(), :ring, 1000)
    [is_integer(Process.read_timer(timer)), Process.read_timer(make_ref())]
  end

  scenario "send_after to a name that is nobody's when it fires" do
    Process.send_after(:nobody_has_this_name, :ring, 1)
    Process.sleep(20)
    :nothing_happened
  end
end
