"""Two disjoint routes, cuts named in words, and XOR of shares."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langqiao.engines.qkd.disjoint import cheapest_pair, cuts, disjoint_pair, xor_join, xor_split
from langqiao.engines.qkd.errors import QkdError
from langqiao.engines.qkd.network import cut, neighbours, nine_cities
from langqiao.engines.qkd.planning.plans import keys_of
from langqiao.engines.qkd.routes import widest_shortest
from tests.engines.qkd.networks import made, scattered


def test_spurs_of_the_nine_cities_are_refused_in_words():
    network = nine_cities()
    with pytest.raises(QkdError) as refused:
        disjoint_pair(network, "金华", "松江")
    assert refused.value.kind == "disjoint"
    assert refused.value.subjects == ("hangzhou", "hangzhou-jinhua")
    assert "every route passes hangzhou, hangzhou-jinhua" in str(refused.value)
    with pytest.raises(QkdError, match="passes huzhou, xuancheng, huzhou-xuancheng, wuhu-xuancheng"):
        disjoint_pair(network, "songjiang", "wuhu")
    with pytest.raises(QkdError, match="passes hefei-wuhu"):
        disjoint_pair(network, "wuhu", "hefei")


def test_the_ring_has_them():
    one, other = disjoint_pair(nine_cities(), "松江", "杭州")
    assert one == ("songjiang", "jiaxing", "hangzhou")
    assert other == ("songjiang", "suzhou", "huzhou", "hangzhou")


def test_the_trap_where_the_shortest_route_must_be_given_up():
    # a-x-y-b is shortest, but the only disjoint pair is a-x-d-b and a-c-y-b
    network = made(
        ("a", "x", 1),
        ("x", "y", 1),
        ("y", "b", 1),
        ("x", "d", 1),
        ("d", "b", 1),
        ("a", "c", 1),
        ("c", "y", 1),
    )
    cost = {one.key: 1.0 for one in network.links} | {("d", "x"): 5.0, ("a", "c"): 5.0}
    found = cheapest_pair(neighbours(network), set("acdxy"), "a", "b", cost)
    assert found == (14.0, (("a", "c", "y", "b"), ("a", "x", "d", "b")))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), nodes=st.integers(3, 9), more=st.integers(0, 8))
def test_pair_or_cut_by_brute_force(seed, nodes, more):
    network, _demands = scattered(seed, nodes=nodes, links=nodes - 1 + more, demands=0)
    beside = neighbours(network)
    trusted = {one.id for one in network.nodes}
    price = {one.key: 1.0 + (ord(one.key[0][1]) + 3 * ord(one.key[1][1])) % 7 for one in network.links}
    a, b = "n0", f"n{nodes - 1}"
    routes = list(_simple(beside, (a,), b))
    pairs = [
        (sum(price[key] for key in keys_of(pair)), pair)
        for pair in combinations(routes, 2)
        if not set(pair[0][1:-1]) & set(pair[1][1:-1])
    ]
    found = cheapest_pair(beside, trusted, a, b, price)
    if pairs:
        assert found is not None
        assert found[0] == pytest.approx(min(pairs)[0])
        assert sum(price[key] for key in keys_of(found[1])) == pytest.approx(found[0])
        assert not set(found[1][0][1:-1]) & set(found[1][1][1:-1])
    else:
        assert found is None
        every = cuts(network, a, b)
        assert every.nodes or every.links
        for name in every.nodes:
            assert widest_shortest(cut(network, nodes=[name]), a, b) is None
        for key in every.links:
            assert widest_shortest(cut(network, links=[key]), a, b) is None


def _simple(beside, walk, goal):
    if walk[-1] == goal:
        yield walk
        return
    for there, _link in beside[walk[-1]]:
        if there not in walk:
            yield from _simple(beside, (*walk, there), goal)


def test_no_route_and_no_two_nodes():
    network = cut(nine_cities(), nodes=["hangzhou"])
    with pytest.raises(QkdError, match="no route") as refused:
        disjoint_pair(network, "jinhua", "suzhou")
    assert refused.value.kind == "route"
    with pytest.raises(QkdError, match="two nodes"):
        disjoint_pair(network, "suzhou", "苏州")


@given(key=st.binary(max_size=64), seed=st.randoms(use_true_random=False))
def test_shares_join_to_the_key(key, seed):
    mask = seed.randbytes(len(key))
    one, other = xor_split(key, mask)
    assert xor_join(one, other) == key
    assert one == mask


def test_shares_of_different_length():
    with pytest.raises(QkdError, match="mask"):
        xor_split(b"ab", b"a")
    with pytest.raises(QkdError, match="equally long"):
        xor_join(b"ab", b"a")
