"""Files that Erlang's `ets:tab2file` wrote: the table that they describe, and its rows. Read only.

Such a file is a log of `disk_log`:

    01 02 03 04    63 58 4D 0B    magic, and that it was closed (06 07 08 09 while it is being written)
    size of 4 bytes, 62 57 4C 41, from 65,528 bytes on the MD5 of the size, the external term of an item
    ...

The first item describes the table: `{{name, ...}, {type, ...}, ..., {extended_info, [...]}}`. Then come the rows, and
where extended_info asked for it `['$end_of_table', [{count, N}, {md5, Sum}]]`. The sum is that of all bytes of the
first item and of the rows. Without a count there, that of the first item has to be right.
"""

import hashlib
from pathlib import Path
from typing import Any, Final, TypeAlias, cast, final

from matchspec.values import Atom, Term, atom_name
from runtime.errors import BadArg
from runtime.external import decode
from runtime.storage import KINDS, Kind, StoredRow
from runtime.tabfile import file_path
from runtime.termjson import CodecError

Facts: TypeAlias = dict[str, Any]  # what the first item says

_MAGIC: Final = b"\x01\x02\x03\x04"
_CLOSED: Final = b"\x63\x58\x4d\x0b"
_OPENED: Final = b"\x06\x07\x08\x09"
_ITEM: Final = b"\x62\x57\x4c\x41"
_OLD_ITEM: Final = b"\x0c\x21\x2c\x37"
_SUMMED: Final = 65_528  # from here on sizes have a sum
_ACCESS: Final = ("public", "protected", "private")
_LAST: Final = Atom("$end_of_table")
_MAJOR: Final = 1  # of the version that is known


@final
class ErlangTabfile:
    """A file of `ets:tab2file`, read whole. Attributes:

    name, named: the table's name, an Atom, and whether it was a named table.
    kind, keypos, access: of the table; positions count from 1.
    rows: in the order of the file.

    With `verify` the number of rows, and the MD5 sum if there is one, have to be right. Raises BadArg: "file" for what
    cannot be read or is no such file, "checksum" where a sum or number is wrong.
    """

    def __init__(self, path: Term, verify: bool = True) -> None:
        self.path: Final[Path] = file_path(path)
        try:
            data = self.path.read_bytes()
        except OSError as error:
            raise BadArg("file", "path", str(self.path), f"it cannot be read: {error}") from error
        items = self._items(data)
        if not items:
            raise self._bad("it describes no table")
        facts = self._facts(self._term(items[0]))
        self.name: Final[Term] = facts["name"]
        self.named: Final[bool] = facts["named_table"]
        self.kind: Final[Kind] = facts["type"]
        self.keypos: Final[int] = facts["keypos"]
        self.access: Final[str] = facts["protection"]
        terms = [self._term(item) for item in items[1:]]
        end: list[Term] = []
        if terms and isinstance(terms[-1], list) and len(terms[-1]) == 2 and terms[-1][0] is _LAST:
            end = self._list(terms.pop()[1])
        self.rows: Final[list[StoredRow]] = terms
        for row in terms:
            if not isinstance(row, tuple) or len(row) < self.keypos:
                raise self._bad("it holds what is no row of its table")
        if verify:
            self._verify(facts, end, items)

    def _bad(self, why: str) -> BadArg:
        return BadArg("file", "path", str(self.path), why)

    def _items(self, data: bytes) -> list[bytes]:
        if data[:4] != _MAGIC or data[4:8] not in (_CLOSED, _OPENED):
            raise self._bad("it is no file that ets:tab2file wrote")
        if data[4:8] == _OPENED:
            raise self._bad("it was never finished: Erlang was stopped while it wrote it")
        items: list[bytes] = []
        at = 8
        while at < len(data):
            size = int.from_bytes(data[at : at + 4], "big")
            mark = data[at + 4 : at + 8]
            start = at + 8
            if mark == _ITEM and size >= _SUMMED:
                if data[start : start + 16] != hashlib.md5(data[at : at + 4], usedforsecurity=False).digest():
                    raise self._damaged("the size of an item is wrong")
                start += 16
            if mark not in (_ITEM, _OLD_ITEM):
                raise self._damaged("it has no item where one should begin")
            if start + size > len(data):
                raise self._damaged("its end is missing")
            items.append(data[start : start + size])
            at = start + size
        return items

    def _damaged(self, why: str) -> BadArg:
        return BadArg("checksum", "path", str(self.path), f"the file is damaged: {why}")

    def _term(self, item: bytes) -> Any:
        try:
            return decode(item)
        except CodecError as error:
            raise self._bad(f"it holds a term that cannot be read: {error}") from None

    def _list(self, term: Term) -> list[Term]:
        if not isinstance(term, list):
            raise self._bad("its last item does not say what it should")
        return term

    def _facts(self, term: Term) -> Facts:
        """The pairs of the first item, by their names; those that matter are there and of their types."""
        pairs = term if isinstance(term, tuple) else ()
        facts: Facts = {}
        for pair in pairs:
            if isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], Atom):
                facts[pair[0].name] = pair[1]
        if facts.get("major_version", 0) != _MAJOR and "major_version" in facts:
            raise self._bad(f"its format has the version {facts['major_version']!r}, known is {_MAJOR}")
        for name in ("type", "protection"):
            facts[name] = atom_name(facts[name]) if isinstance(facts.get(name), Atom) else None
        sound = (
            isinstance(facts.get("name"), (Atom, bool, type(None)))
            and "name" in facts
            and isinstance(facts.get("named_table"), bool)
            and type(facts.get("keypos")) is int
            and facts["keypos"] > 0
            and type(facts.get("size")) is int
            and facts["type"] in KINDS
            and facts["protection"] in _ACCESS
            and isinstance(facts.get("extended_info", []), list)
        )
        if not sound:
            raise self._bad("its first item describes no table")
        return facts

    def _verify(self, facts: Facts, end: list[Term], items: list[bytes]) -> None:
        said = dict(cast("list[tuple[Term, Term]]", [pair for pair in end if _is_pair(pair)]))
        asked = cast("list[Term]", facts.get("extended_info", []))
        count = said.get(Atom("count"), None if Atom("object_count") in asked else facts["size"])
        if count != len(self.rows):
            raise self._damaged(f"it has {len(self.rows)} rows, and says that it has {count}")
        if Atom("md5sum") in asked:
            digest = hashlib.md5(usedforsecurity=False)
            for item in items[: 1 + len(self.rows)]:
                digest.update(item)
            found = said.get(Atom("md5"))
            wanted = found.encode() if isinstance(found, str) else found
            if wanted != digest.digest():
                raise self._damaged("its MD5 sum is wrong")


def _is_pair(term: Term) -> bool:
    return isinstance(term, tuple) and len(term) == 2 and isinstance(term[0], Atom)
