"""Which pids and references are which, outside of the run that made them.

A Pid and a Ref are what they are by being that object. To be written down, each needs an identity: the node and
creation that it is of and a few numbers, as in Erlang. Ours are of the node `matchspec@python` with a creation that is
drawn at random by every run, and again after a fork, so that no two runs' are confused. What comes from outside gets an
object of its own, the same one for as long as anybody keeps it.
"""

import os
from threading import Lock
from typing import Any, Final, TypeAlias
from weakref import WeakKeyDictionary, WeakValueDictionary

from matchspec.values import Pid, Ref

Words: TypeAlias = tuple[int, ...]  # of 32 bits
Identity: TypeAlias = tuple[str, int, Words]  # node, creation, numbers

NODE: Final = "matchspec@python"
_lock: Final = Lock()
_pids: Final["WeakValueDictionary[Identity, Pid]"] = WeakValueDictionary()
_refs: Final["WeakValueDictionary[Identity, Ref]"] = WeakValueDictionary()
_identities: Final["WeakKeyDictionary[Any, Identity]"] = WeakKeyDictionary()
_creation: list[int] = []


def _draw_creation() -> None:
    _creation[:] = [int.from_bytes(os.urandom(4), "big") | 4]  # Erlang has a special use for those below 4


_draw_creation()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_draw_creation)


def pid_identity(pid: Pid) -> Identity:
    with _lock:
        known = _identities.get(pid)
        if known is None:
            known = (NODE, _creation[0], (pid.number & 0xFFFFFFFF, pid.number >> 32))
            _identities[pid] = known
            _pids[known] = pid
    return known


def ref_identity(ref: Ref) -> Identity:
    with _lock:
        known = _identities.get(ref)
        if known is None:
            number = ref.number  # Erlang's first word has 18 bits
            known = (NODE, _creation[0], (number & 0x3FFFF, number >> 18 & 0xFFFFFFFF, number >> 50))
            _identities[ref] = known
            _refs[known] = ref
    return known


def pid_of(node: str, creation: int, words: Words) -> Pid:
    identity = (node, creation, words)
    with _lock:
        known = _pids.get(identity)
        if known is None:
            known = Pid()
            _identities[known] = identity
            _pids[identity] = known
    return known


def ref_of(node: str, creation: int, words: Words) -> Ref:
    identity = (node, creation, words)
    with _lock:
        known = _refs.get(identity)
        if known is None:
            known = Ref()
            _identities[known] = identity
            _refs[identity] = known
    return known
