"""How a table answers a query: by keys, by a range of keys, by an index, or by looking at every row.

`Wanted` is what the query says by itself; `choose` weighs it against what the table has. Both happen under the table's
lock. Whatever is chosen, the rows found are candidates in the order of a traversal, and are all checked.
"""

from typing import Any, Final, Literal, TypeAlias, final

from matchspec.bounds import as_condition, column_ranges
from matchspec.intervals import ALL, NOTHING, Ranges, shown_ranges
from matchspec.plan import bound_keys
from matchspec.render import describe
from matchspec.spec import MatchSpec
from matchspec.values import Term
from runtime.index import Index
from runtime.storage import Storage, StoredRow

Spec: TypeAlias = MatchSpec[Any, Any]
PlanKind: TypeAlias = Literal["nothing", "keys", "range", "index", "scan"]

# What a candidate costs against a row of a scan: it is found one by one, and those of an index have to be put in order.
_COST_IN_RANGE: Final = 2
_COST_IN_INDEX: Final = 6


@final
class Wanted:
    """Bounds that a query sets: keys, ranges of keys (of an ordered_set), and ranges of the columns with an index."""

    def __init__(
        self,
        keys: list[Term] | None,
        ranges: Ranges,
        columns: list[tuple[Index, Ranges]],
        asked: "Asked | None" = None,
    ) -> None:
        self.keys: Final = keys
        self.ranges: Final = ranges
        self.columns: Final = columns
        self.asked: Final = asked
        self.scans: Final = keys is None and not columns and ranges == ALL  # every row has to be looked at


@final
class Asked:
    """All that what a query wants depends on, but for the query; of a table without indexes."""

    __slots__ = ("exotic", "keypos", "odd", "ordered")

    def __init__(self, keypos: int, ordered: bool, exotic: bool, odd: bool) -> None:
        self.keypos: Final = keypos
        self.ordered: Final = ordered
        self.exotic: Final = exotic
        self.odd: Final = odd


def wanted(query: Spec, storage: Storage, indexes: list[Index], *, exotic: bool, odd: bool, counts: bool) -> Wanted:
    """What a query wants. `counts`: only rows whose result is exactly True matter.

    O(size of the spec); O(1) for a query that has just been asked of a table like this one.
    """
    if indexes:  # nothing that a query remembers may keep an index alive
        return _wanted(as_condition(query) if counts else query, storage, indexes, None, exotic, odd)
    memo = query.memo_of_counts if counts else query.memo
    ordered = storage.kind == "ordered_set"
    if isinstance(memo, Wanted):
        asked = memo.asked
        if (
            asked is not None
            and asked.keypos == storage.keypos
            and asked.ordered is ordered
            and asked.exotic is exotic
            and asked.odd is odd
        ):
            return memo
    asked = Asked(storage.keypos, ordered, exotic, odd)
    if counts:
        want = _wanted(as_condition(query), storage, [], asked, exotic, odd)
        query.memo_of_counts = want
    else:
        want = _wanted(query, storage, [], asked, exotic, odd)
        query.memo = want
    return want


def _wanted(
    query: Spec, storage: Storage, indexes: list[Index], asked: Asked | None, exotic: bool, odd: bool
) -> Wanted:
    keys = bound_keys(query, storage.keypos + 1, exotic)
    if keys is not None:
        return Wanted(keys, ALL, [], asked)
    ranges = column_ranges(query, storage.keypos + 1, odd) if storage.kind == "ordered_set" else ALL
    columns = [(index, index.ranges(query)) for index in indexes]
    return Wanted(None, ranges, [(index, bounds) for index, bounds in columns if bounds != ALL], asked)


class Plan:
    """A way to the candidates; `estimate` is how many there will be, about."""

    def __init__(self, kind: PlanKind, estimate: int, keys: list[Term], ranges: Ranges, index: Index | None) -> None:
        self.kind: Final[PlanKind] = kind
        self.estimate: Final = estimate
        self.keys: Final = keys
        self.ranges: Final = ranges
        self.index: Final = index

    def rows(self, storage: Storage) -> list[StoredRow]:
        """The candidates: a list not to be changed, to give to `storage.release`."""
        match self.kind:
            case "nothing":
                return []
            case "keys":
                return storage.candidates(self.keys)
            case "range":
                return storage.between(self.ranges)
            case "index" if self.index is not None:
                return storage.candidates_at(self.index.keys(self.ranges))
        return storage.view()

    @property
    def indexed(self) -> int | str | None:
        """The column whose index is used."""
        return None if self.index is None else self.index.field

    def __str__(self) -> str:
        match self.kind:
            case "nothing":
                return "nothing can match"
            case "keys":
                shown = ", ".join([repr(key) for key in self.keys[:5]])
                return f"keys {shown}{', ...' if len(self.keys) > 5 else ''}"
            case "range":
                return f"range of keys {shown_ranges(self.ranges)}"
            case "index" if self.index is not None:
                return f"index of {self.index.field!r} {shown_ranges(self.ranges)}"
        return "scan of all rows"


def choose(want: Wanted, storage: Storage) -> Plan:
    """The plan with the least work. The caller holds the table's lock. O(log n) a range."""
    size = storage.size()
    if want.keys is not None:
        return Plan("keys", min(len(want.keys), size), want.keys, ALL, None)
    best, work = Plan("scan", size, [], ALL, None), size
    if want.ranges != ALL:
        if want.ranges == NOTHING:
            return Plan("nothing", 0, [], NOTHING, None)
        count = storage.count_between(want.ranges)
        if count * _COST_IN_RANGE <= work:
            best, work = Plan("range", count, [], want.ranges, None), count * _COST_IN_RANGE
    for index, ranges in want.columns:
        if ranges == NOTHING:
            return Plan("nothing", 0, [], NOTHING, None)
        count = index.estimate(ranges)
        if count * _COST_IN_INDEX < work:
            best, work = Plan("index", count, [], ranges, index), count * _COST_IN_INDEX
    return best


@final
class Explanation:
    """How a table answers a query; `str` shows it as a tree.

    Attributes:
        plan: "keys", "range", "index", "scan", or "nothing" when no row can match.
        index: the column of the index used, or None.
        estimate: how many rows are to be looked at, about.
        candidates, found, seconds: what really happened, with `analyze`; otherwise None.
    """

    def __init__(self, title: str, plan: Plan, query: Spec, actual: tuple[int, int, float] | None) -> None:
        self.plan: Final[PlanKind] = plan.kind
        self.index: Final = plan.indexed
        self.estimate: Final = plan.estimate
        self.candidates: Final = None if actual is None else actual[0]
        self.found: Final = None if actual is None else actual[1]
        self.seconds: Final = None if actual is None else actual[2]
        self._title: Final = title
        self._text: Final = str(plan)
        self._check: Final = describe(query)

    def __str__(self) -> str:
        lines = [self._title, f"  {self._text}", f"    estimate: {self.estimate} rows"]
        if self.seconds is not None:
            took = f"{self.seconds * 1000:.3f} ms"
            lines.append(f"    actual: {self.candidates} rows, of which {self.found} match, {took}")
        lines.append(f"  check on each: {self._check}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Explanation: {self._text}, {self.estimate} rows>"
