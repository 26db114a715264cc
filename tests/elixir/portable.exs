defmodule Portable do
  @moduledoc """
  Terms as JSON, in the form that tests/data/elixir/README.md describes.

  What differs from run to run is replaced: a pid, a reference or a table by its label, or else by its number in the
  order of appearance; a stack trace by an empty one; an exception by its module and message; a function by its arity.
  """

  @labels :portable_labels

  @doc "Forgets all labels: called before each scenario by the process that lives longest."
  def reset do
    if :ets.whereis(@labels) == :undefined, do: :ets.new(@labels, [:named_table, :public])
    :ets.delete_all_objects(@labels)
  end

  @doc """
  Gives a pid, reference or table a label, and returns it.

  A label that another pid, or another reference, has already is numbered: the second agent is "agent2".
  """
  def label(term, name) when is_pid(term) or is_reference(term) do
    key = {:label, is_pid(term), name}
    number = :ets.update_counter(@labels, key, 1, {key, 0})
    :ets.insert_new(@labels, {term, if(number == 1, do: name, else: "#{name}#{number}")})
    term
  end

  @doc "The term as JSON text."
  def json(term), do: term |> encode() |> IO.iodata_to_binary()

  @doc "A string as JSON."
  def quoted(text) do
    escaped = for <<char::utf8 <- text>>, into: "", do: escape(char)
    [?", escaped, ?"]
  end

  defp escape(?"), do: "\\\""
  defp escape(?\\), do: "\\\\"
  defp escape(?\n), do: "\\n"
  defp escape(char) when char < 0x20 or char > 0x7E, do: unicode(char)
  defp escape(char), do: <<char>>

  defp unicode(char) when char > 0xFFFF do
    rest = char - 0x10000
    unicode(0xD800 + div(rest, 0x400)) <> unicode(0xDC00 + rem(rest, 0x400))
  end

  defp unicode(char) do
    "\\u" <> (char |> Integer.to_string(16) |> String.downcase() |> String.pad_leading(4, "0"))
  end

  defp encode(term) when term in [true, false], do: Atom.to_string(term)
  defp encode(nil), do: "null"
  defp encode(term) when is_atom(term), do: tagged("a", quoted(Atom.to_string(term)))
  defp encode(term) when is_integer(term), do: Integer.to_string(term)
  defp encode(term) when is_float(term), do: Float.to_string(term)
  defp encode(term) when is_pid(term), do: tagged("pid", quoted(named(term, "pid")))
  defp encode(term) when is_reference(term), do: tagged("ref", quoted(named(term, "ref")))
  defp encode(term) when is_tuple(term), do: tagged("t", encode_all(Tuple.to_list(term)))

  defp encode(term) when is_function(term) do
    {:arity, arity} = Function.info(term, :arity)
    tagged("fun", Integer.to_string(arity))
  end

  defp encode(term) when is_binary(term) do
    if String.valid?(term), do: quoted(anonymous(term)), else: tagged("b", quoted(Base.encode16(term, case: :lower)))
  end

  defp encode(term) when is_list(term),
    do: if(stacktrace?(term), do: tagged("stacktrace", "[]"), else: encode_all(term))

  defp encode(%Task{} = task) do
    tagged("task", ["[", encode(task.owner), ",", encode(task.pid), ",", encode(task.ref), "]"])
  end

  defp encode(%module{} = term) when is_exception(term) do
    tagged("exception", [
      "[",
      quoted(inspect(module)),
      ",",
      quoted(anonymous(Exception.message(term))),
      "]"
    ])
  end

  defp encode(%module{} = term) do
    tagged("struct", ["[", quoted(inspect(module)), ",", encode(Map.from_struct(term)), "]"])
  end

  defp encode(term) when is_map(term) do
    pairs = for {key, value} <- Enum.sort(term), do: ["[", encode(key), ",", encode(value), "]"]
    tagged("m", ["[", Enum.intersperse(pairs, ","), "]"])
  end

  defp encode_all(terms), do: ["[", terms |> Enum.map(&encode/1) |> Enum.intersperse(","), "]"]

  defp tagged(tag, content), do: ["{\"", tag, "\":", content, "}"]

  defp named(term, kind) do
    case :ets.lookup(@labels, term) do
      [{_, name}] ->
        name

      [] ->
        number = :ets.update_counter(@labels, {:count, kind}, 1, {{:count, kind}, 0})
        name = "#{kind}#{number}"
        :ets.insert(@labels, {term, name})
        name
    end
  end

  # What `inspect` writes of pids and their like is different in every run.
  defp anonymous(text) do
    Regex.replace(~r/#(PID|Reference|Function|Port)<[^>]*>/, text, "#\\1<>")
  end

  defp stacktrace?([]), do: false
  defp stacktrace?(terms) when is_list(terms), do: Enum.all?(terms, &frame?/1)

  defp frame?({module, function, arity, location})
       when is_atom(module) and is_atom(function) and is_list(location),
       do: is_list(arity) or is_integer(arity)

  defp frame?({function, arity, location}) when is_function(function) and is_list(location),
    do: is_list(arity) or is_integer(arity)

  defp frame?(_), do: false
end
