%% Erlang's ETS as a contestant: reads one request a line, writes one answer a line; see erlang.py.
%% {make, Type, Kind, Order, Number} -> the number of a table; {run, Table, Operation} -> [Nanoseconds, [Digest]].
-module(tables).
-export([serve/0]).

serve() ->
    case io:get_line("") of
        Line when is_list(Line) ->
            {ok, Tokens, _} = erl_scan:string(Line),
            {ok, Request} = erl_parse:parse_term(Tokens),
            io:format("~w~n", [answer(Request)]),
            serve();
        _ -> ok
    end.

answer(release) -> list_to_integer(erlang:system_info(otp_release));
answer({make, Type, Kind, Order, Number}) ->
    T = made(Type, Kind, Order, Number),
    Id = erlang:unique_integer([positive]),
    put(Id, {T, Type, Kind, Number}),
    Id;
answer({drop, Id}) ->
    {T, _, _, _} = erase(Id),
    [ets:delete(Table) || Table <- [T, erase({index, T})], Table =/= undefined],
    erlang:garbage_collect(),
    0;
answer({memory, Id}) ->
    {T, _, _, _} = get(Id),
    ets:info(T, memory) * erlang:system_info(wordsize);
answer({run, Id, Operation}) ->
    {T, Type, Kind, Number} = get(Id),
    {Call, Calls, Digest} = operation(Operation, T, {Type, Kind, Number}),
    erlang:garbage_collect(),
    Start = erlang:monotonic_time(nanosecond),
    Result = Call(),
    Took = erlang:monotonic_time(nanosecond) - Start,
    [Took / Calls, Digest(Result)].

made(Type, Kind, Order, Number) ->
    T = ets:new(t, [Type, public]),
    case Order of
        key -> fill(T, Kind, Number, 0, Number);
        scattered ->
            rand:seed(exsss, 20),
            Shuffled = lists:sort([{rand:uniform(), N} || N <- lists:seq(0, Number - 1)]),
            lists:foreach(fun({_, N}) -> ets:insert(T, row(Kind, Number, N)) end, Shuffled)
    end,
    erlang:garbage_collect(),
    Kind =:= grouped andalso put({index, T}, index(T)),
    T.

fill(_, _, _, Number, Number) -> ok;
fill(T, Kind, All, N, Number) -> ets:insert(T, row(Kind, All, N)), fill(T, Kind, All, N + 1, Number).

row(pairs, All, N) ->
    Tenth = max(All div 10, 1),
    {{N div Tenth, N rem Tenth}, integer_to_binary(N)};
row(grouped, All, N) -> {N, integer_to_binary(N), N rem max(All div 100, 1), N / 8};
row(rows, _, N) -> {N, integer_to_binary(N), N rem 100, N / 8};
row(one, _, _) -> {1, <<"1">>, 3, 4.0}.

%% The index that a program has to keep by itself: a bag of {Age, Id}.
index(T) ->
    Index = ets:new(index, [bag, public]),
    ets:foldl(fun({Id, _, Age, _}, _) -> ets:insert(Index, {Age, Id}) end, true, T),
    Index.

keys(Number) -> lists:seq(0, min(Number, 100000) - 1).

random_keys(Number) ->
    rand:seed(exsss, 20),
    [rand:uniform(Number) - 1 || _ <- keys(Number)].

starts(Number, Count) ->
    Step = max((Number - 100) div Count, 1),
    [N * Step rem max(Number - 100, 1) || N <- lists:seq(0, Count - 1)].

names(Names) -> [length(Names), lists:sum([binary_to_integer(Name) || Name <- Names])].
rows(Rows) -> [length(Rows), lists:sum([element(1, Row) || Row <- Rows])].
number(Number) -> [Number].

each(Call, Keys) -> fun() -> each(Call, Keys, none) end.
each(_, [], Last) -> Last;
each(Call, [Key | Keys], _) -> each(Call, Keys, Call(Key)).

operation(select_names, T, _) ->
    {fun() -> ets:select(T, [{{'_','$2','$3','_'}, [{'>=','$3',90}], ['$2']}]) end, 1, fun names/1};
operation(select_pairs, T, {_, _, Number}) ->
    Spec = [{{'$1','$2','$3','$4'}, [{'>=','$3',50},{'<','$3',70},{'<','$4',Number / 16}], [{{'$1','$2'}}]}],
    {fun() -> ets:select(T, Spec) end, 1, fun rows/1};
operation(count, T, _) ->
    {fun() -> ets:select_count(T, [{{'_','_','$3','_'}, [{'>=','$3',90}], [true]}]) end, 1, fun number/1};
operation(match_object, T, _) ->
    {fun() -> ets:match_object(T, {'_','_',37,'_'}) end, 1, fun rows/1};
operation(delete, T, _) ->
    {fun() -> ets:select_delete(T, [{{'_','_','$3','_'}, [{'>=','$3',90}], [true]}]) end, 1, fun number/1};
operation(insert, T, {_, Kind, Number}) ->
    Keys = keys(Number),
    Rows = [row(Kind, Number, N) || N <- Keys],
    ets:delete_all_objects(T),
    Insert = each(fun(Row) -> ets:insert(T, Row) end, Rows),
    {fun() -> Insert(), ets:info(T, size) end, length(Keys), fun number/1};
operation(bulk, T, {_, Kind, Number}) ->
    Rows = [row(Kind, Number, N) || N <- lists:seq(0, Number - 1)],
    ets:delete_all_objects(T),
    {fun() -> ets:insert(T, Rows), ets:info(T, size) end, Number, fun number/1};
operation(lookup, T, {_, _, Number}) ->
    Keys = keys(Number),
    {each(fun(Key) -> ets:lookup(T, Key) end, Keys), length(Keys), fun rows/1};
operation(lookup_random, T, {_, _, Number}) ->
    Keys = random_keys(Number),
    {each(fun(Key) -> ets:lookup(T, Key) end, Keys), length(Keys), fun(Rows) -> [length(Rows)] end};
operation(member, T, {_, _, Number}) ->
    Keys = keys(Number),
    {each(fun(Key) -> ets:member(T, Key) end, Keys), length(Keys), fun(true) -> [1] end};
operation(update_counter, T, {_, _, Number}) ->
    Keys = keys(Number),
    lists:foreach(fun(Key) -> ets:update_element(T, Key, {3, Key rem 100}) end, Keys),
    {each(fun(Key) -> ets:update_counter(T, Key, {3, 1}) end, Keys), length(Keys), fun number/1};
operation(range, T, {_, _, Number}) ->
    %% A guard on the key: the whole table is looked at, so one range says enough.
    [Start | _] = starts(Number, 20),
    Spec = [{{'$1','$2','_','_'}, [{'>=','$1',Start},{'<','$1',Start + 100}], ['$2']}],
    {fun() -> ets:select(T, Spec) end, 1, fun names/1};
operation(range_by_next, T, {_, _, Number}) ->
    Starts = starts(Number, 20),
    {fun() -> lists:last([walk(T, ets:lookup(T, Start), Start + 100) || Start <- lists:reverse(Starts)]) end, 20,
        fun names/1};
operation(prefix, T, {_, _, Number}) ->
    Start = max(Number div 10, 1) div 2,
    Spec = [{{{7,'$1'},'$2'}, [{'>=','$1',Start},{'<','$1',Start + 100}], ['$2']}],
    {fun() -> ets:select(T, Spec) end, 1, fun names/1};
operation(many_keys, T, {_, _, Number}) ->
    Spec = [{{Key,'$2','_','_'}, [], ['$2']} || Key <- starts(Number, min(1000, Number div 2))],
    {fun() -> ets:select(T, Spec) end, 1, fun names/1};
operation(indexed, T, {_, _, Number}) ->
    Index = get({index, T}),
    Groups = [Start rem max(Number div 100, 1) || Start <- starts(Number, 20)],
    {fun() -> lists:last([[hd(ets:lookup(T, Id)) || {_, Id} <- ets:lookup(Index, Group)]
        || Group <- lists:reverse(Groups)]) end, 20, fun rows/1};
operation(scan_group, T, {_, _, Number}) ->
    [Start | _] = starts(Number, 20),
    {fun() -> ets:match_object(T, {'_','_',Start rem max(Number div 100, 1),'_'}) end, 1, fun rows/1};
operation(one_row, T, _) ->
    Spec = [{{'$1','$2','$3','_'}, [{'>=','$3',0}], ['$2']}],
    {each(fun(_) -> ets:select(T, Spec) end, lists:seq(1, 2000)), 2000, fun names/1}.

walk(_, [], _) -> [];
walk(_, [{Key, _, _, _}], End) when Key >= End -> [];
walk(T, [{Key, Name, _, _}], End) -> [Name | walk(T, ets:lookup(T, ets:next(T, Key)), End)].
