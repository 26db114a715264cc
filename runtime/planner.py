"""How a table answers a query: by keys, by a range of keys, by an index, or by looking at every row.

`Wanted` is what the query says by itself; `choose` weighs it against what the table has. Both happen under the table's
lock. Whatever is chosen, the rows found are candidates in the order of a traversal, and are all checked.
"""

from typing import Any, Final, Literal, TypeAlias, final

from matchspec.bounds import as_condition, column_ranges, ranges_of_type
from matchspec.decided import is_decided
from matchspec.intervals import ALL, NOTHING, Ranges, intersection, shown_ranges
from matchspec.plan import bound_keys
from matchspec.render import describe
from matchspec.spec import MatchSpec
from matchspec.values import Term
from runtime.index import Index
from runtime.rows import RowShape
from runtime.storage import Span, Storage, StoredRow

Spec: TypeAlias = MatchSpec[Any, Any]
PlanKind: TypeAlias = Literal["nothing", "keys", "range", "index", "scan"]

# What a candidate costs against a row of a scan: it is found one by one, and those of an index have to be put in order.
_COST_IN_RANGE: Final = 2
_COST_IN_INDEX: Final = 6


@final
class Wanted:
    """Bounds that a query sets: keys, ranges of keys (of an ordered_set), and ranges of what is indexed.

    `columns`: for each of the table's indexes its ranges. `decided`, `decided_columns`: a row matches exactly where
    its key, or what is indexed, lies in the ranges.
    """

    def __init__(
        self,
        keys: list[Term] | None,
        ranges: Ranges,
        columns: list[Ranges],
        asked: "Asked",
        decided: bool,
        decided_columns: list[bool],
    ) -> None:
        self.keys: Final = keys
        self.ranges: Final = ranges
        self.columns: Final = columns
        self.asked: Final = asked
        self.decided: Final = decided
        self.decided_columns: Final = decided_columns
        # Every row has to be looked at.
        self.scans: Final = keys is None and ranges == ALL and all([bounds == ALL for bounds in columns])


@final
class Asked:
    """All that what a query wants depends on, but for the query. It holds no rows, and no index."""

    __slots__ = ("exotic", "keypos", "odd", "odds", "ordered", "shape", "subjects")

    def __init__(
        self, keypos: int, ordered: bool, shape: RowShape, indexes: list[Index], exotic: bool, odd: bool
    ) -> None:
        self.keypos: Final = keypos
        self.ordered: Final = ordered
        self.shape: Final = shape
        self.subjects: Final = [index.subject for index in indexes]
        self.odds: Final = [index.odd for index in indexes]
        self.exotic: Final = exotic
        self.odd: Final = odd

    def is_of(self, keypos: int, ordered: bool, shape: RowShape, indexes: list[Index], exotic: bool, odd: bool) -> bool:
        """Whether the same would be made of these."""
        if self.keypos != keypos or self.ordered is not ordered or self.shape is not shape:
            return False
        if self.exotic is not exotic or self.odd is not odd or len(self.subjects) != len(indexes):
            return False
        for number, index in enumerate(indexes):
            if self.subjects[number] is not index.subject or self.odds[number] is not index.odd:
                return False
        return True


def wanted(
    query: Spec, storage: Storage, indexes: list[Index], shape: RowShape, *, exotic: bool, odd: bool, counts: bool
) -> Wanted:
    """What a query wants. `counts`: only rows whose result is exactly True matter.

    O(size of the spec); O(1) for a query that has just been asked of a table like this one.
    """
    memo = query.memo_of_counts if counts else query.memo
    keypos, ordered = storage.keypos, storage.kind == "ordered_set"
    if isinstance(memo, Wanted) and memo.asked.is_of(keypos, ordered, shape, indexes, exotic, odd):
        return memo
    want = _wanted(as_condition(query) if counts else query, Asked(keypos, ordered, shape, indexes, exotic, odd))
    if counts:
        query.memo_of_counts = want
    else:
        query.memo = want
    return want


def _wanted(query: Spec, asked: Asked) -> Wanted:
    shape, position = asked.shape, asked.keypos + 1
    keys = bound_keys(query, position, asked.exotic)
    if keys is not None:
        return Wanted(keys, ALL, [], asked, False, [])
    ranges, decided = ALL, False
    if asked.ordered:
        kind = shape.kind_of(asked.keypos)
        ranges = column_ranges(query, position, asked.odd, parts=shape.parts_of(asked.keypos))
        if ranges != ALL:
            ranges = intersection(ranges, ranges_of_type(kind))
        decided = not asked.odd and is_decided(query, position, shape.arity, kind)
    columns: list[Ranges] = []
    decided_columns: list[bool] = []
    for subject, odd in zip(asked.subjects, asked.odds, strict=True):
        columns.append(subject.ranges(query, odd))
        by_column = subject.column >= 0 and not odd
        decided_columns.append(by_column and is_decided(query, subject.column + 1, shape.arity, subject.kind))
    return Wanted(None, ranges, columns, asked, decided, decided_columns)


class Plan:
    """A way to the candidates; `estimate` is how many there will be, about, or if it is `counted`, just how many match.

    Then there are no candidates: no row has to be looked at.
    """

    def __init__(
        self,
        kind: PlanKind,
        estimate: int,
        keys: list[Term],
        ranges: Ranges,
        index: Index | None,
        counted: bool = False,
        spans: list[Span] | None = None,
    ) -> None:
        self.kind: Final[PlanKind] = kind
        self.estimate: Final = estimate
        self.keys: Final = keys
        self.ranges: Final = ranges
        self.index: Final = index
        self.counted: Final = counted
        self.found_spans: Final = spans  # where the ranges lie, while the lock is held that the plan was made under

    def rows(self, storage: Storage) -> list[StoredRow]:
        """The candidates: a list not to be changed, to give to `storage.release`."""
        match self.kind:
            case "nothing":
                return []
            case "keys":
                return storage.candidates(self.keys)
            case "range":
                spans = self.found_spans
                return storage.between(self.ranges) if spans is None else storage.in_spans(spans)
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


def choose(want: Wanted, storage: Storage, indexes: list[Index]) -> Plan:
    """The plan with the least work. The caller holds the table's lock. O(log n) a range."""
    size = storage.size()
    if want.keys is not None:
        return Plan("keys", min(len(want.keys), size), want.keys, ALL, None)
    best, work = Plan("scan", size, [], ALL, None), size
    if want.ranges != ALL:
        if want.ranges == NOTHING:
            return Plan("nothing", 0, [], NOTHING, None)
        spans = storage.spans(want.ranges)
        count = sum([last - first for first, last in spans])
        if count * _COST_IN_RANGE <= work:
            best, work = Plan("range", count, [], want.ranges, None, spans=spans), count * _COST_IN_RANGE
    for number, ranges in enumerate(want.columns):
        if ranges == ALL:
            continue
        if ranges == NOTHING:
            return Plan("nothing", 0, [], NOTHING, None)
        index = indexes[number]
        count = index.estimate(ranges)
        if count * _COST_IN_INDEX < work:
            best, work = Plan("index", count, [], ranges, index), count * _COST_IN_INDEX
    return best


def counted(want: Wanted, storage: Storage, indexes: list[Index]) -> Plan | None:
    """A plan whose estimate is how many rows match, found without looking at them; None where that takes a look.

    The caller holds the table's lock. O(log n) a range, plus the values of an index in it.
    """
    if want.decided and want.ranges != ALL:
        return Plan("range", storage.count_between(want.ranges), [], want.ranges, None, True)
    for number, ranges in enumerate(want.columns):
        if want.decided_columns[number] and ranges != ALL:
            return Plan("index", indexes[number].count(ranges), [], ranges, indexes[number], True)
    return None


@final
class Explanation:
    """How a table answers a query; `str` shows it as a tree.

    Attributes:
        plan: "keys", "range", "index", "scan", or "nothing" when no row can match.
        index: the column of the index used, or None.
        estimate: how many rows are to be looked at, about.
        counted: of a count, that it is told by a range or an index without looking at rows.
        candidates, found, seconds: what really happened, with `analyze`; otherwise None.
    """

    def __init__(
        self, title: str, plan: Plan, query: Spec, actual: tuple[int, int, float] | None, counted: bool = False
    ) -> None:
        self.plan: Final[PlanKind] = plan.kind
        self.index: Final = plan.indexed
        self.estimate: Final = plan.estimate
        self.counted: Final = counted
        self.candidates: Final = None if actual is None else actual[0]
        self.found: Final = None if actual is None else actual[1]
        self.seconds: Final = None if actual is None else actual[2]
        self._title: Final = title
        self._text: Final = str(plan)
        self._check: Final = describe(query)

    def __str__(self) -> str:
        lines = [self._title, f"  {self._text}", f"    estimate: {self.estimate} rows"]
        if self.counted:
            lines.append("    select_count looks at none of them: the bounds say all that the query says")
        if self.seconds is not None:
            took = f"{self.seconds * 1000:.3f} ms"
            lines.append(f"    actual: {self.candidates} rows, of which {self.found} match, {took}")
        lines.append(f"  check on each: {self._check}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Explanation: {self._text}, {self.estimate} rows>"
