"""What a table has been asked to do, counted: `table.statistics()`."""

from typing import NamedTuple, final


class Statistics(NamedTuple):
    """Numbers since the table was made, at one moment.

    Attributes:
        size: rows now.
        memory: bytes now, an estimate.
        lookups: calls of lookup, lookup_element and member; hits: those that found something.
        inserted: rows given to insert and insert_new, which stored them.
        updated: rows changed by update_element, update_counter and select_replace.
        deleted: rows deleted, by key, as an object, by a query or with all others.
        expired, evicted: rows that went because their time was up, or because there were too many.
        key_plans, range_plans, index_plans, scans: queries by their plans, as `explain` names them.
        candidates: rows that queries without a limit had to look at; found: those of them that matched.
    """

    size: int
    memory: int
    lookups: int
    hits: int
    inserted: int
    updated: int
    deleted: int
    expired: int
    evicted: int
    key_plans: int
    range_plans: int
    index_plans: int
    scans: int
    candidates: int
    found: int


@final
class Counters:
    """The counts behind Statistics. Changed under the table's lock."""

    def __init__(self) -> None:
        self.lookups = 0
        self.hits = 0
        self.inserted = 0
        self.updated = 0
        self.deleted = 0
        self.expired = 0
        self.evicted = 0
        self.key_plans = 0
        self.range_plans = 0
        self.index_plans = 0
        self.scans = 0
        self.candidates = 0
        self.found = 0

    def planned(self, kind: str) -> None:
        match kind:
            case "keys" | "nothing":
                self.key_plans += 1
            case "range":
                self.range_plans += 1
            case "index":
                self.index_plans += 1
            case _:
                self.scans += 1

    def snapshot(self, size: int, memory: int) -> Statistics:
        return Statistics(
            size=size,
            memory=memory,
            lookups=self.lookups,
            hits=self.hits,
            inserted=self.inserted,
            updated=self.updated,
            deleted=self.deleted,
            expired=self.expired,
            evicted=self.evicted,
            key_plans=self.key_plans,
            range_plans=self.range_plans,
            index_plans=self.index_plans,
            scans=self.scans,
            candidates=self.candidates,
            found=self.found,
        )
