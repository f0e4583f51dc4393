"""The tree is RFC 6962's; its proofs hold for what they prove and for nothing else."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve.audit.tree import EMPTY_ROOT, Tree, extends, includes, leaf_hash, node_hash

# The tree of the reference implementation of RFC 6962 (Certificate Transparency), by size.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
SIZES = st.integers(1, 70)


def tree(size: int) -> Tree:
    made = Tree()
    for i in range(size):
        made.append(leaf_hash(bytes([i])))
    return made


def plain_root(leaves: list[bytes]) -> bytes:
    """MTH as RFC 6962 section 2.1 writes it."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(plain_root(leaves[:split]), plain_root(leaves[split:]))


@pytest.mark.parametrize(("size", "root"), ROOTS.items())
def test_roots_are_those_of_certificate_transparency(size: int, root: str) -> None:
    made = Tree()
    for leaf in LEAVES[:size]:
        made.append(leaf_hash(leaf))

    assert made.root().hex() == root


@given(SIZES, st.data())
def test_every_earlier_root_is_still_known(size: int, data: st.DataObject) -> None:
    earlier = data.draw(st.integers(0, size))

    expected = plain_root([leaf_hash(bytes([i])) for i in range(earlier)])
    assert tree(size).root(earlier) == expected
    assert tree(0).root() == EMPTY_ROOT


@given(SIZES, st.data())
def test_inclusion_is_proved_for_the_record_and_no_other(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size))
    made = tree(size)
    path = made.inclusion(index, size)

    leaf = leaf_hash(bytes([index]))
    assert includes(made.root(), size, index, leaf, path)
    assert (other == index) or not includes(made.root(), size, other, leaf, path)
    assert not includes(made.root(), size, index, leaf_hash(b"else"), path)
    assert not includes(made.root(), size, index, leaf, [*path, leaf])
    assert not path or not includes(made.root(), size, index, leaf, path[:-1])


@given(SIZES, st.data())
def test_consistency_is_proved_for_a_tree_that_only_grew(size: int, data: st.DataObject) -> None:
    earlier = data.draw(st.integers(1, size))
    made = tree(size)
    one, two = (earlier, made.root(earlier)), (size, made.root())
    proof = made.consistency(earlier, size)

    assert extends(one, two, proof)
    assert not extends((earlier, leaf_hash(b"else")), two, proof)
    assert not extends(one, (size, leaf_hash(b"else")), proof)
    assert not extends(one, two, [*proof, leaf_hash(b"else")])


@pytest.mark.parametrize(("index", "size"), [(3, 3), (-1, 3), (0, 9), (0, 0)])
def test_no_proof_of_what_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no such"):
        tree(8).inclusion(index, size)
