# Records what Elixir does for processes, tasks, agents, supervisors and registries:
#
#     elixir tests/elixir/record.exs [output]
#
# The output (tests/data/elixir/scenarios.jsonl, unless named) is the same in every run: a header, then a line for each
# scenario of the files in groups/, in their order.

folder = __DIR__
for file <- ["portable.exs", "scenario.exs", "children.exs", "registering.exs"], do: Code.require_file(file, folder)

# Functions that later releases brought, which this one cannot answer for.
not_recorded = [
  "Task.yield_many/2 with :limit and :on_timeout (Elixir 1.15)",
  "Process.set_label/1 (Elixir 1.17)",
  "PartitionSupervisor.resize!/2, Registry.lock/3 (Elixir 1.18)",
  "Registry with keys {:duplicate, :key | :pid} (Elixir 1.19)",
  "{:heir, pid} without data (OTP 28)"
]

groups = ~w(signals links monitors mailbox names tables task task_waits task_supervisor async_stream agent agent_ends
  supervisor supervisor_calls registry registry_queries)

# Crashes are what is recorded: no reports of them.
:logger.set_primary_config(:level, :none)

modules =
  for group <- groups do
    [{module, _}] = Code.require_file(Path.join([folder, "groups", group <> ".exs"]))
    module
  end

header =
  IO.iodata_to_binary([
    ~s({"made_by":"elixir tests/elixir/record.exs","elixir":),
    Portable.quoted(System.version()),
    ~s(,"otp":),
    Portable.quoted(System.otp_release()),
    ~s(,"not_recorded":[),
    not_recorded |> Enum.map(&Portable.quoted/1) |> Enum.intersperse(","),
    "]}\n"
  ])

lines = for module <- modules, scenario <- module.scenarios(), do: Scenario.record(module, scenario)

output = List.first(System.argv()) || Path.join(folder, "../data/elixir/scenarios.jsonl")
File.mkdir_p!(Path.dirname(output))
File.write!(output, [header | lines])
IO.puts("#{length(lines)} scenarios")
