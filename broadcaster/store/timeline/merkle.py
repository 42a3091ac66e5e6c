"""Merkle trees by RFC 6962 section 2.1: one hash stands for every event before it, and short proofs lead to it.

Pure. A tree of n leaves is kept as its frontier: the roots of the complete subtrees that n is made of, the largest
first, 32 bytes each.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

SIZE = 32
EMPTY = sha256(b"").digest()
"""The root of a tree without leaves."""


class BadProof(ValueError):
    """A proof that does not lead from what it starts with to the root."""


def leaf(entry: bytes) -> bytes:
    """The hash of one entry."""
    return sha256(b"\x00" + entry).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return sha256(b"\x01" + left + right).digest()


def grown(frontier: bytes, size: int, added: bytes) -> bytes:
    """The frontier of a tree of `size` leaves after one more leaf hash."""
    top = added
    while size & 1:
        frontier, top = frontier[:-SIZE], node(frontier[-SIZE:], top)
        size >>= 1
    return frontier + top


def root(frontier: bytes) -> bytes:
    """The root of the tree that this frontier stands for."""
    parts = [frontier[at : at + SIZE] for at in range(0, len(frontier), SIZE)]
    if not parts:
        return EMPTY
    top = parts.pop()
    while parts:
        top = node(parts.pop(), top)
    return top


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over these leaf hashes."""
    frontier = b""
    for size, each in enumerate(leaves):
        frontier = grown(frontier, size, each)
    return root(frontier)


def _split(size: int) -> int:
    """The largest power of two that is smaller than `size`, which is at least 2."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of the leaf at `index`, from the bottom up (RFC 6962 section 2.1.1)."""
    if len(leaves) <= 1:
        return []
    middle = _split(len(leaves))
    if index < middle:
        return [*inclusion(leaves[:middle], index), root_of(leaves[middle:])]
    return [*inclusion(leaves[middle:], index - middle), root_of(leaves[:middle])]


def consistency(leaves: Sequence[bytes], before: int) -> list[bytes]:
    """The proof that the tree of the first `before` leaves is a part of this one (RFC 6962 section 2.1.2)."""
    return _subproof(leaves, before, complete=True) if 0 < before < len(leaves) else []


def _subproof(leaves: Sequence[bytes], before: int, *, complete: bool) -> list[bytes]:
    if before == len(leaves):
        return [] if complete else [root_of(leaves)]
    middle = _split(len(leaves))
    if before <= middle:
        return [*_subproof(leaves[:middle], before, complete=complete), root_of(leaves[middle:])]
    return [*_subproof(leaves[middle:], before - middle, complete=False), root_of(leaves[:middle])]


def root_by_inclusion(hashed: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root to which a leaf's audit path leads (RFC 9162 section 2.1.3.2); BadProof when its length is wrong."""
    if not 0 <= index < size:
        raise BadProof("The event is not in a tree of this size.")
    at, last, top = index, size - 1, hashed
    for each in path:
        if last == 0:
            raise BadProof("The path is too long for a tree of this size.")
        if at & 1 or at == last:
            top = node(each, top)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            top = node(top, each)
        at, last = at >> 1, last >> 1
    if last:
        raise BadProof("The path is too short for a tree of this size.")
    return top


def roots_by_consistency(before: int, after: int, proof: Sequence[bytes], first: bytes) -> tuple[bytes, bytes]:
    """The roots of both trees by the proof between them (RFC 9162 section 2.1.4.2); `first` is the older one's root."""
    if not 0 < before <= after or (before == after and proof):
        raise BadProof("There is no such proof between these sizes.")
    if before == after:
        return first, first
    path = list(proof) if before & (before - 1) else [first, *proof]
    at, last = before - 1, after - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    if not path:
        raise BadProof("The proof is empty.")
    old = new = path[0]
    for each in path[1:]:
        if last == 0:
            raise BadProof("The proof is too long for these sizes.")
        if at & 1 or at == last:
            old, new = node(each, old), node(each, new)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            new = node(new, each)
        at, last = at >> 1, last >> 1
    if last:
        raise BadProof("The proof is too short for these sizes.")
    return old, new
