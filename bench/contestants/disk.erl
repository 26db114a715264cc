%% Erlang's DETS as a contestant: reads one request a line, writes one answer a line; see on_disk.py.
%% {make, Path, Kind, Number} -> a number; {run, Number, Operation, Keys} -> [Nanoseconds, [Digest]].
-module(disk).
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

answer({make, Path, Kind, Number}) ->
    Id = erlang:unique_integer([positive]),
    {ok, T} = dets:open_file({table, Id}, [{file, Path}]),
    Rows = [row(Kind, Number, N) || N <- lists:seq(0, Number - 1)],
    ok = dets:insert(T, Rows),
    ok = dets:sync(T),
    put(Id, {T, Path, Rows}),
    Id;
answer({drop, Id}) ->
    {T, _, _} = erase(Id),
    dets:close(T),
    0;
answer({run, Id, Operation, Keys}) ->
    {T, Path, Rows} = get(Id),
    {Table, Call, Calls, Digest} = operation(Operation, T, Path, Rows, Keys),
    erlang:garbage_collect(),
    Start = erlang:monotonic_time(nanosecond),
    Result = Call(),
    Took = erlang:monotonic_time(nanosecond) - Start,
    Found = Digest(Result),
    Table =:= T orelse begin dets:close(Table), file:delete(Path ++ ".fresh") end,
    [Took / Calls, Found].

row(grouped, All, N) -> {N, integer_to_binary(N), N rem max(All div 100, 1), N / 8};
row(rows, _, N) -> {N, integer_to_binary(N), N rem 100, N / 8}.

names(Names) -> [length(Names), lists:sum([binary_to_integer(Name) || Name <- Names])].
rows(Rows) -> [length(Rows), lists:sum([element(1, Row) || Row <- Rows])].

fresh(Path) ->
    {ok, T} = dets:open_file({fresh, Path}, [{file, Path ++ ".fresh"}]),
    T.

%% The first row and the last.
ends(T, Rows) ->
    First = element(1, hd(Rows)), Last = element(1, lists:last(Rows)),
    fun(_) -> rows(dets:lookup(T, First) ++ dets:lookup(T, Last)) end.

chosen(Result) -> [{{'$1','$2','$3','_'}, [{'>=','$3',90}], [Result]}].

operation(disk_insert, _, Path, Rows, Keys) ->
    T = fresh(Path),
    Some = lists:sublist(Rows, length(Keys)),
    {T, fun() -> lists:foreach(fun(Row) -> dets:insert(T, Row) end, Some) end, length(Some), ends(T, Some)};
operation(disk_sync, _, Path, Rows, Keys) ->
    T = fresh(Path),
    Some = lists:sublist(Rows, length(Keys)),
    {T, fun() -> lists:foreach(fun(Row) -> dets:insert(T, Row), dets:sync(T) end, Some) end, length(Some),
     ends(T, Some)};
operation(disk_bulk, _, Path, Rows, _) ->
    T = fresh(Path),
    {T, fun() -> dets:insert(T, Rows), dets:sync(T) end, length(Rows), ends(T, Rows)};
operation(disk_lookup, T, _, _, Keys) ->
    {T, fun() -> lists:foldl(fun(Key, _) -> dets:lookup(T, Key) end, [], Keys) end, length(Keys), fun rows/1};
operation(disk_names, T, _, _, _) -> {T, fun() -> dets:select(T, chosen('$2')) end, 1, fun names/1};
operation(disk_people, T, _, _, _) -> {T, fun() -> dets:select(T, chosen('$_')) end, 1, fun rows/1};
operation(disk_count, T, _, _, _) ->
    {T, fun() -> length(dets:select(T, chosen(true))) end, 1, fun(Count) -> [Count] end};
operation(disk_all, T, _, _, _) ->
    {T, fun() -> dets:foldl(fun(Row, Rows) -> [Row | Rows] end, [], T) end, 1, fun rows/1}.
