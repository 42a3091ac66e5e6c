"""Merkle trees: the vectors that implementations of RFC 6962 share, and every proof of every small tree."""

from __future__ import annotations

import itertools

import pytest

from broadcaster.store.timeline import merkle
from broadcaster.store.timeline.merkle import BadProof

ENTRIES = [
    bytes.fromhex(each)
    for each in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The roots over the first n of them, as the reference implementation of Certificate Transparency has them."""
LEAVES = [merkle.leaf(each) for each in ENTRIES]


def test_no_leaf() -> None:
    assert merkle.root(b"").hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("size", range(1, 9))
def test_the_shared_vectors(size: int) -> None:
    assert merkle.root_of(LEAVES[:size]).hex() == ROOTS[size - 1]


PATHS = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
}


@pytest.mark.parametrize(("index", "size"), PATHS)
def test_the_shared_paths(index: int, size: int) -> None:
    assert [each.hex() for each in merkle.inclusion(LEAVES[:size], index)] == PATHS[index, size]


SIZES = range(1, 34)
MANY = [merkle.leaf(bytes([each])) for each in SIZES]


def test_every_leaf_of_every_small_tree_is_proved_and_no_other_place_is() -> None:
    for size in SIZES:
        top = merkle.root_of(MANY[:size])
        for index in range(size):
            path = merkle.inclusion(MANY[:size], index)
            assert merkle.root_by_inclusion(MANY[index], index, size, path) == top
            if size > 1:
                assert merkle.root_by_inclusion(MANY[index - 1], index, size, path) != top
            with pytest.raises(BadProof):
                merkle.root_by_inclusion(MANY[index], index, size, [*path, top])
            if path:
                with pytest.raises(BadProof):
                    merkle.root_by_inclusion(MANY[index], index, size, path[:-1])


def test_every_small_tree_is_proved_to_be_a_part_of_every_later_one() -> None:
    for before, after in itertools.combinations_with_replacement(SIZES, 2):
        first, last = merkle.root_of(MANY[:before]), merkle.root_of(MANY[:after])
        proof = merkle.consistency(MANY[:after], before)
        assert merkle.roots_by_consistency(before, after, proof, first) == (first, last)
        if proof:
            with pytest.raises(BadProof):
                merkle.roots_by_consistency(before, after, [*proof, last], first)
            bent = [bytes(32), *proof[1:]]
            assert merkle.roots_by_consistency(before, after, bent, first) != (first, last)


def test_no_proof_between_sizes_that_do_not_follow() -> None:
    for before, after in ((0, 3), (3, 2)):
        with pytest.raises(BadProof):
            merkle.roots_by_consistency(before, after, [], MANY[0])
    with pytest.raises(BadProof):
        merkle.root_by_inclusion(MANY[0], 3, 3, [])
