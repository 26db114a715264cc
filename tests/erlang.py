"""A running Erlang that tests can ask: one process beside the tests answers batches of questions until they end.

Questions and answers travel in Erlang's external term format, so that nothing of the code under test has a part in
what the two sides compare. `canonical` makes terms of both sides comparable: by type and value, floats bit by bit.
"""

import atexit
import os
import shutil
import struct
import subprocess
from functools import cache
from typing import Any, Final, TypeAlias

from matchspec import Atom, Bitstring, ImproperList, Pid

Value: TypeAlias = Any  # any term that the tests use

AVAILABLE: Final = shutil.which("erl") is not None

# Each question is {Kind, Argument...}; the answer is a term, or {error, Reason} where Erlang raises. To {play, Type,
# KeyPos, [{Name, Args}]} it is [{Result, Rows}], one for each operation on a new table; a result is {ok, Term} or badarg.
_PROGRAM: Final = r"""
Read = fun(Text) ->
    {ok, Tokens, _} = erl_scan:string(unicode:characters_to_list(Text) ++ "."),
    {ok, Exprs} = erl_parse:parse_exprs(Tokens),
    {value, Value, _} = erl_eval:exprs(Exprs, []),
    Value
end,
Walk = fun Go(T, K) -> case K of '$end_of_table' -> []; _ -> [K | Go(T, ets:next(T, K))] end end,
Chunks = fun Go('$end_of_table') -> []; Go({Rows, C}) -> [Rows | Go(ets:select(C))] end,
Do = fun
    (T, walk, []) -> Walk(T, ets:first(T));
    (T, chunks, [Spec, Limit]) -> Chunks(ets:select(T, Spec, Limit));
    (T, foldl, []) -> ets:foldl(fun(Row, Acc) -> [Row | Acc] end, [], T);
    (T, foldr, []) -> ets:foldr(fun(Row, Acc) -> [Row | Acc] end, [], T);
    (T, Name, Args) -> apply(ets, Name, [T | Args])
end,
Play = fun(Type, KeyPos, Operations) ->
    T = ets:new(t, [Type, {keypos, KeyPos}]),
    Results = [begin
        Result = try {ok, Do(T, Name, Args)} catch error:badarg -> badarg end,
        {Result, ets:tab2list(T)}
    end || {Name, Args} <- Operations],
    ets:delete(T),
    Results
end,
Answer = fun
    ({run, _Row, []}) -> nomatch;
    ({run, Row, Spec}) ->
        case ets:match_spec_run([Row], ets:match_spec_compile(Spec)) of
            [] -> nomatch;
            [Result] -> {ok, Result}
        end;
    ({messages, Row, Spec}) ->
        case erlang:match_spec_test(Row, Spec, table) of
            {error, Problems} -> [unicode:characters_to_binary(Text) || {error, Text} <- Problems];
            _ -> []
        end;
    ({replace, KeyPos, Spec}) ->
        Table = ets:new(t, [{keypos, KeyPos}]),
        try ets:select_replace(Table, Spec), true catch error:badarg -> false after ets:delete(Table) end;
    ({order, A, B}) -> {A < B, A == B, A =:= B};
    ({sort, Terms}) -> lists:sort(Terms);
    ({echo, Term}) -> Term;
    ({write, Term}) -> unicode:characters_to_binary(io_lib:format("~tw", [Term]));
    ({read, Text}) -> Read(Text);
    ({transform, Text}) ->
        {ok, Tokens, _} = erl_scan:string(unicode:characters_to_list(Text) ++ "."),
        {ok, [{'fun', _, {clauses, Clauses}}]} = erl_parse:parse_exprs(Tokens),
        case ms_transform:transform_from_shell(ets, Clauses, []) of
            {error, _, _} -> refused;
            {warning, Spec, _} -> {ok, Spec};
            Spec -> {ok, Spec}
        end;
    ({fun2ms, Text}) -> Read(<<"ets:fun2ms(", Text/binary, ")">>);
    ({play, Type, KeyPos, Operations}) -> Play(Type, KeyPos, Operations);
    (release) -> list_to_integer(erlang:system_info(otp_release))
end,
Safe = fun(Question) -> try Answer(Question) catch _:Reason -> {error, case is_atom(Reason) of true -> Reason; _ -> other end} end end,
[In, Out] = init:get_plain_arguments(),
Port = open_port({fd, list_to_integer(In), list_to_integer(Out)}, [binary, {packet, 4}, eof]),
Serve = fun Go() ->
    receive
        {Port, {data, Bytes}} ->
            port_command(Port, term_to_binary([Safe(Question) || Question <- binary_to_term(Bytes)])),
            Go();
        {Port, eof} -> halt()
    end
end,
Serve().
"""


class Erlang:
    """A running `erl`, which reads questions from one pipe and writes answers to another, each after its length."""

    def __init__(self) -> None:
        read_questions, write_questions = os.pipe()
        read_answers, write_answers = os.pipe()
        command = ["erl", "-noinput", "+pc", "unicode", "-eval", _PROGRAM, "-extra"]
        self.process: Final = subprocess.Popen(
            [*command, str(read_questions), str(write_answers)],
            pass_fds=(read_questions, write_answers),
            stdout=subprocess.DEVNULL,
        )
        os.close(read_questions)
        os.close(write_answers)
        self.questions: Final = os.fdopen(write_questions, "wb")
        self.answers: Final = os.fdopen(read_answers, "rb")

    def ask(self, data: bytes) -> bytes:
        self.questions.write(struct.pack(">I", len(data)) + data)
        self.questions.flush()
        length = self.answers.read(4)
        assert len(length) == 4, f"erl has ended, with exit code {self.process.wait()}"
        return self.answers.read(struct.unpack(">I", length)[0])

    def close(self) -> None:
        self.questions.close()  # at the end of its questions it ends
        self.process.wait()
        self.answers.close()


@cache
def erlang() -> Erlang:
    """The Erlang of this process, started by the first question and ended with the process."""
    started = Erlang()
    atexit.register(started.close)
    return started


def ask(questions: list[Value]) -> list[Value]:
    """Erlang's answers, in the order of the questions."""
    answers = decode(erlang().ask(encode(questions)))
    assert isinstance(answers, list)
    assert len(answers) == len(questions)
    return answers


# --- the external term format -------------------------------------------------------------------------------------


def encode(term: Value) -> bytes:
    parts = [b"\x83"]
    _encode(term, parts)
    return b"".join(parts)


def _encode(term: Value, parts: list[bytes]) -> None:
    match term:
        case None | bool() | Atom():
            name = str({None: "nil", True: "true", False: "false"}[term] if not isinstance(term, Atom) else term.name)
            data = name.encode()
            parts.append(b"v" + struct.pack(">H", len(data)) + data)
        case int():
            size = (abs(term).bit_length() + 7) // 8
            sign = b"\x01" if term < 0 else b"\x00"
            header = b"n" + bytes([size]) if size < 256 else b"o" + struct.pack(">I", size)
            if -(2**31) <= term < 2**31:
                parts.append(b"b" + struct.pack(">i", term))
            else:
                parts.append(header + sign + abs(term).to_bytes(size, "little"))
        case float():
            parts.append(b"F" + struct.pack(">d", term))
        case str() | bytes():
            data = term.encode() if isinstance(term, str) else term
            parts.append(b"m" + struct.pack(">I", len(data)) + data)
        case Bitstring(data, bits):
            parts.append(b"M" + struct.pack(">IB", len(data), bits % 8) + data)
        case tuple():
            parts.append(b"i" + struct.pack(">I", len(term)))
            for item in term:
                _encode(item, parts)
        case []:
            parts.append(b"j")
        case list() | ImproperList():
            items, tail = (term, []) if isinstance(term, list) else (term.items, term.tail)
            parts.append(b"l" + struct.pack(">I", len(items)))
            for item in (*items, tail):
                _encode(item, parts)
        case dict():
            parts.append(b"t" + struct.pack(">I", len(term)))
            for key, value in term.items():
                _encode(key, parts)
                _encode(value, parts)
        case _:
            raise AssertionError(f"no external form for {term!r}")


class Pairs:
    """A map as it comes from Erlang: pairs, since a dict would conflate keys."""

    def __init__(self, pairs: list[tuple[Value, Value]]) -> None:
        self.pairs = pairs

    def __repr__(self) -> str:
        return f"Pairs({self.pairs!r})"


def decode(data: bytes) -> Value:
    assert data[0] == 0x83
    term, end = _decode(data, 1)
    assert end == len(data)
    return term


def _decode(data: bytes, at: int) -> tuple[Value, int]:
    tag, at = data[at : at + 1], at + 1
    match tag:
        case b"a":
            return data[at], at + 1
        case b"b":
            return struct.unpack_from(">i", data, at)[0], at + 4
        case b"F":
            return struct.unpack_from(">d", data, at)[0], at + 8
        case b"n" | b"o":
            size, at = (data[at], at + 1) if tag == b"n" else (struct.unpack_from(">I", data, at)[0], at + 4)
            number = int.from_bytes(data[at + 1 : at + 1 + size], "little")
            return -number if data[at] else number, at + 1 + size
        case b"d" | b"v":
            size = struct.unpack_from(">H", data, at)[0]
            return Atom(data[at + 2 : at + 2 + size].decode("latin-1" if tag == b"d" else "utf-8")), at + 2 + size
        case b"s" | b"w":
            return Atom(data[at + 1 : at + 1 + data[at]].decode("latin-1" if tag == b"s" else "utf-8")), at + 1 + data[
                at
            ]
        case b"k":
            size = struct.unpack_from(">H", data, at)[0]
            return list(data[at + 2 : at + 2 + size]), at + 2 + size
        case b"m":
            size = struct.unpack_from(">I", data, at)[0]
            return data[at + 4 : at + 4 + size], at + 4 + size
        case b"M":
            size, bits = struct.unpack_from(">IB", data, at)
            return Bitstring(data[at + 5 : at + 5 + size], 8 * size - 8 + bits), at + 5 + size
        case b"j":
            return [], at
        case b"X":  # a pid: which one does not matter
            _, at = _decode(data, at)
            return Pid(), at + 12
    return _decode_compound(tag, data, at)


def _decode_compound(tag: bytes, data: bytes, at: int) -> tuple[Value, int]:
    count, at = (data[at], at + 1) if tag == b"h" else (struct.unpack_from(">I", data, at)[0], at + 4)
    items: list[Value] = []
    for _ in range({b"h": count, b"i": count, b"l": count + 1, b"t": 2 * count}[tag]):
        item, at = _decode(data, at)
        items.append(item)
    if tag == b"t":
        return Pairs(list(zip(items[::2], items[1::2], strict=True))), at
    if tag == b"l":
        *items, tail = items
        return (items if tail == [] else ImproperList(items, tail)), at
    return tuple(items), at


def canonical(term: Value) -> Value:
    """A hashable form, equal for two terms only if they are the same in Erlang, -0.0 and 0.0 apart; str as bytes."""
    match term:
        case float():
            return ("float", struct.pack(">d", term))
        case None | bool() | Atom():
            return ("atom", term.name if isinstance(term, Atom) else {None: "nil", True: "true", False: "false"}[term])
        case int():
            return ("int", int(term))
        case str() | bytes():
            return ("binary", term.encode() if isinstance(term, str) else term)
        case Bitstring(data, bits):
            return ("bits", data, bits)
        case tuple():
            return ("tuple", *[canonical(item) for item in term])
        case list():
            return ("list", *[canonical(item) for item in term])
        case ImproperList(items, tail):
            return ("improper", canonical(tail), *[canonical(item) for item in items])
        case dict() | Pairs():
            pairs = list(term.items()) if isinstance(term, dict) else term.pairs
            return ("map", frozenset((canonical(key), canonical(value)) for key, value in pairs))
        case Pid():
            return ("pid",)
    raise AssertionError(f"{term!r} is no term of Erlang")
