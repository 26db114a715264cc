%% Prints the form that Erlang's own parser gives each line of a file, as an S-expression; "error" for a line that does
%% not parse, "unsupported" for a form that no query can have.
%%
%%     erlc forms.erl && erl -noshell -eval 'forms:main(["sources.txt", "forms.txt"]), halt().'
-module(forms).
-export([main/1]).
main([In, Out]) ->
  {ok, B} = file:read_file(In),
  Lines = string:split(unicode:characters_to_list(B), "\n", all),
  {ok, F} = file:open(Out, [write, {encoding, utf8}]),
  [io:format(F, "~ts~n", [one(L)]) || L <- Lines, L =/= ""],
  file:close(F).
one(L) ->
  case erl_scan:string(L ++ " .") of
    {ok, T, _} ->
      case catch erl_parse:parse_exprs(T) of
        {ok, [E]} -> try lists:flatten(e(E)) catch throw:unsupported -> "unsupported" end;
        {ok, _} -> "several";
        {error, _} -> "error";
        _ -> "error"
      end;
    _ -> "error"
  end.
s(X) -> ["(", lists:join(" ", X), ")"].
a(A) -> codes(atom_to_list(A)).
codes(S) -> ["[", lists:join(",", [integer_to_list(C) || C <- S]), "]"].
e({integer,_,I}) -> s(["int", integer_to_list(I)]);
e({char,_,I}) -> s(["int", integer_to_list(I)]);
e({float,_,F}) -> s(["float", io_lib:format("~w", [F])]);
e({atom,_,A}) -> s(["atom", a(A)]);
e({var,_,'_'}) -> "wild";
e({var,_,V}) -> s(["var", atom_to_list(V)]);
e({string,_,S}) -> s(["string", codes(S)]);
e({op,_,O,X}) -> s([atom_to_list(O), e(X)]);
e({op,_,O,X,Y}) -> s([atom_to_list(O), e(X), e(Y)]);
e({match,_,X,Y}) -> s(["=", e(X), e(Y)]);
e({tuple,_,L}) -> s(["tuple" | [e(X) || X <- L]]);
e({nil,_}) -> s(["list"]);
e({cons,_,_,_}=C) -> {I, T} = cons(C, []), case T of {nil,_} -> s(["list" | I]); _ -> s(["list" | I] ++ ["|", e(T)]) end;
e({map,_,P}) -> s(["map" | [p(X) || X <- P]]);
e({map,_,M,P}) -> s(["update", e(M) | [p(X) || X <- P]]);
e({record,_,N,F}) -> s(["record", a(N) | [f(X) || X <- F]]);
e({record,_,R,N,F}) -> s(["setrecord", e(R), a(N) | [f(X) || X <- F]]);
e({record_index,_,N,{atom,_,F}}) -> s(["index", a(N), a(F)]);
e({record_field,_,R,N,{atom,_,F}}) -> s(["access", e(R), a(N), a(F)]);
e({call,_,{atom,_,F},As}) -> s(["call", a(F) | [e(X) || X <- As]]);
e({call,_,{remote,_,{atom,_,M},{atom,_,F}},As}) -> s(["remote", a(M), a(F) | [e(X) || X <- As]]);
e({bin,_,Es}) -> s(["bin" | [b(X) || X <- Es]]);
e({'fun',_,{clauses,Cs}}) -> s(["fun" | [c(C) || C <- Cs]]);
e(_) -> throw(unsupported).
c({clause,_,Ps,Gs,B}) ->
  s([s(["params" | [e(P) || P <- Ps]]), s(["guards" | [s(["and" | [e(X) || X <- G]]) || G <- Gs]]), s(["body" | [e(X) || X <- B]])]).
cons({cons,_,H,T}, I) -> cons(T, [e(H) | I]);
cons(T, I) -> {lists:reverse(I), T}.
p({map_field_assoc,_,K,V}) -> s(["=>", e(K), e(V)]);
p({map_field_exact,_,K,V}) -> s([":=", e(K), e(V)]).
f({record_field,_,{atom,_,N},V}) -> s([a(N), e(V)]);
f({record_field,_,{var,_,'_'},V}) -> s([a('_'), e(V)]);
f(_) -> throw(unsupported).
b({bin_element,_,V,S,T}) -> s([e(V), case S of default -> "default"; _ -> e(S) end, ts(T)]).
ts(default) -> "[]";
ts(L) -> ["[", lists:join(",", [t(X) || X <- L]), "]"].
t({U,N}) -> [atom_to_list(U), ":", integer_to_list(N)];
t(A) -> atom_to_list(A).
