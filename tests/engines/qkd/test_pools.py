"""Pools, relay and simulation balance to the bit."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langqiao.engines.qkd.disjoint import disjoint_pair
from langqiao.engines.qkd.errors import QkdError
from langqiao.engines.qkd.network import nine_cities
from langqiao.engines.qkd.planning import plan
from langqiao.engines.qkd.pools import Pool, simulate
from langqiao.engines.qkd.relay import TAG_KEY_BYTES, LinkStore, overhead, relay, relay_two_paths
from langqiao.engines.qkd.types import Account, Demand, Outage
from tests.engines.qkd.networks import made, scattered

AB = ("a", "b")


def test_a_pool_makes_what_its_rate_says_to_the_bit():
    pool = Pool(AB, rate=0.1, capacity=10**9)
    for _second in range(10_000):
        pool.advance(1)
    assert pool.stored == int(Fraction(0.1) * 10_000)
    assert pool.account == Account(1_000, 1_000, 0, 0, 0)


@settings(max_examples=40, deadline=None)
@given(
    rate=st.floats(0, 1e6),
    capacity=st.integers(0, 10**6),
    acts=st.lists(st.tuples(st.sampled_from("atrdx"), st.integers(0, 10**6)), max_size=30),
)
def test_the_account_balances_whatever_happens(rate, capacity, acts):
    pool = Pool(AB, rate=rate, capacity=capacity, stored=capacity // 2)
    for act, bits in acts:
        stored = pool.stored
        if act == "a":
            pool.advance(Fraction(bits, 1000))
        elif act == "x":
            pool.discard(bits)
        elif act == "d":
            pool.deposit(bits)
        else:
            use = "delivered" if act == "t" else "relayed"
            if bits > stored:
                with pytest.raises(QkdError, match="has"):
                    pool.take(bits, use)
                assert pool.stored == stored
            else:
                pool.take(bits, use)
        assert pool.account.balanced
        assert 0 <= pool.stored <= capacity
    assert pool.discard() >= 0
    assert pool.account.balanced


def test_pools_refuse_in_words():
    pool = Pool(AB, rate=1.0, capacity=10)
    with pytest.raises(QkdError, match="a-b has 0 bits, not 1"):
        pool.take(1, "delivered")
    with pytest.raises(QkdError, match="backwards"):
        pool.advance(-1)
    with pytest.raises(QkdError, match="less than 0"):
        pool.deposit(-1)
    for arguments in ({"rate": -1.0}, {"rate": float("nan")}, {"rate": 1.0, "stored": 11}):
        with pytest.raises(QkdError):
            Pool(AB, **{"capacity": 10, **arguments})


def stores(names, size=4096, seed=1):
    draw = random.Random(seed)
    found = {}
    for a, b in pairwise(names):
        key = (a, b) if a <= b else (b, a)
        found[key] = LinkStore(key)
        found[key].add(draw.randbytes(size))
    return found


@settings(max_examples=40, deadline=None)
@given(
    key=st.binary(min_size=1, max_size=200),
    hops=st.integers(1, 6),
    seed=st.integers(0, 99),
    method=st.sampled_from(["poly1305", "hmac-sm3"]),
)
def test_relay_delivers_the_key_and_balances(key, hops, seed, method):
    route = [f"n{place}" for place in range(hops + 1)]
    links = stores(route, seed=seed)
    found = relay(route, key, links, method=method)
    assert found.key == key
    assert found.bits_per_hop == 8 * (len(key) + TAG_KEY_BYTES)
    for store in links.values():
        account = store.account
        assert account.balanced
        assert account.relayed == found.bits_per_hop
        assert account.stored == 8 * store.stored == 8 * 4096 - found.bits_per_hop
    assert overhead(8 * len(key)) == pytest.approx(found.bits_per_hop / (8 * len(key)) - 1)


def test_what_travels_is_not_the_key():
    seen = []
    links = stores("abc")
    relay(
        "abc",
        b"film-key" * 4,
        links,
        channel=lambda _link, message, tag: (seen.append(message), (message, tag))[1],
    )
    assert len(seen) == 2
    assert seen[0] != seen[1]
    assert all(b"film" not in message for message in seen)


@settings(max_examples=40, deadline=None)
@given(
    bit=st.integers(0, 8 * 48 - 1), method=st.sampled_from(["poly1305", "hmac-sm3"]), hop=st.integers(0, 1)
)
def test_any_flipped_bit_is_refused_at_its_hop(bit, method, hop):
    links = stores("abc")
    at = [("a", "b"), ("b", "c")][hop]

    def flip(link, message, tag):
        if link != at:
            return message, tag
        whole = bytearray(message + tag)
        whole[bit // 8] ^= 1 << bit % 8
        return bytes(whole[: len(message)]), bytes(whole[len(message) :])

    with pytest.raises(QkdError) as refused:
        relay("abc", b"k" * 32, links, method=method, channel=flip)
    assert (refused.value.kind, refused.value.subjects) == ("tag", at)
    assert all(store.account.balanced for store in links.values())
    assert links["a", "b"].account.relayed == 8 * 64
    assert links["b", "c"].account.relayed == (8 * 64 if hop else 0)


def test_relay_takes_nothing_where_one_link_has_too_little():
    links = stores("abc")
    links["b", "c"].take(4096 - 10, "delivered")
    with pytest.raises(QkdError, match="b-c has 80 bits of key, the relay needs 512") as refused:
        relay("abc", b"k" * 32, links)
    assert refused.value.kind == "empty"
    assert links["a", "b"].account.relayed == 0
    for route, key, match in (
        ("a", b"k", "two different"),
        ("aba", b"k", "two different"),
        ("abc", b"", "empty key"),
    ):
        with pytest.raises(QkdError, match=match):
            relay(route, key, links)
    with pytest.raises(QkdError, match="no link c-d"):
        relay("abcd", b"k", links)
    with pytest.raises(QkdError, match="no method"):
        relay("ab", b"k", links, method="md5")
    with pytest.raises(QkdError, match="at least one bit"):
        overhead(0)
    with pytest.raises(QkdError, match="was changed"):
        relay("ab", b"k", links, channel=lambda _link, message, tag: (message + b"!", tag))


def test_a_store_discards_beyond_its_limit():
    store = LinkStore(AB, capacity=4)
    store.add(b"123456")
    assert store.account == Account(48, 32, 0, 0, 16)
    assert store.take(4, "delivered") == b"1234"


def test_two_paths_deliver_and_neither_carries_the_key():
    network = nine_cities()
    pair = disjoint_pair(network, "songjiang", "hangzhou")
    links = stores(pair[0]) | stores(pair[1], seed=2)
    key, mask = b"0123456789abcdef", random.Random(5).randbytes(16)
    assert relay_two_paths(pair, key, mask, links) == key
    assert relay(pair[0], mask, links).key != key
    with pytest.raises(QkdError, match="share a node"):
        relay_two_paths((pair[0], pair[0]), key, mask, links)


def test_simulation_by_hand():
    network = made(("a", "b", 10), ("b", "c", 10))
    drawn = plan(network, [Demand("x", "a", "c", 4), Demand("y", "a", "b", 5)])
    found = simulate(
        network, drawn, seconds=100, step=10, storage=100, outages=[Outage(50, 100, link=("b", "a"))]
    )
    first = found.moments[0]
    assert first.stored == (10, 60)  # 100 made less 40 and 50; 100 made less 40
    assert first.served == (40, 50)
    at_cut = found.moments[4]
    assert at_cut.stored == (10, 60)  # a full pool, less the same
    # 10 bits are left on a-b at 50 s: x takes them, then there is nothing
    assert found.moments[5].served == (10, 0)
    assert found.moments[5].short == (30, 50)
    assert found.moments[6].served == (0, 0)
    assert found.first_short == (50.0, 50.0)
    assert found.links == (("a", "b"), ("b", "c"))
    a_b, b_c = found.accounts
    assert a_b == Account(500, 0, 250, 210, 40)
    assert (b_c.generated, b_c.relayed, b_c.balanced) == (1000, 210, True)


def test_a_dead_node_is_routed_around_on_stored_key():
    network = made(("a", "b", 10), ("b", "d", 10), ("a", "c", 3), ("c", "d", 3))
    drawn = plan(network, [Demand("x", "a", "d", 8)], policy="widest-shortest")
    found = simulate(
        network, drawn, seconds=60, step=10, stored={("a", "c"): 100, ("c", "d"): 60},
        outages=[Outage(0, 60, node="b")],
    )  # fmt: skip
    assert [one.served[0] for one in found.moments] == [80, 40, 30, 30, 30, 30]
    assert found.first_short == (10.0,)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10**6), extra=st.sampled_from([0.0, 0.37, 1.0]))
def test_every_bit_of_a_simulation_is_accounted_for(seed, extra):
    network, wanted = scattered(seed, nodes=6, links=8, demands=5, priorities=2)
    drawn = plan(network, wanted, overhead=extra)
    draw = random.Random(seed)
    outages = [
        Outage(30, 90, link=draw.choice(network.links).key),
        Outage(60, 130, node=draw.choice(network.nodes).id),
    ]
    found = simulate(network, drawn, seconds=200, step=7, storage=10**6, outages=outages)
    assert all(one.balanced for one in found.accounts)
    assert found.moments[-1].stored == tuple(one.stored for one in found.accounts)
    served = sum(sum(one.served) for one in found.moments)
    used = sum(one.delivered + one.relayed for one in found.accounts)
    assert used >= served
    for place, row in enumerate(drawn.demands):
        asked = sum(one.served[place] + one.short[place] for one in found.moments)
        assert asked == pytest.approx(row.bps * 203, rel=1e-6, abs=len(row.flows) + 1)


def test_simulations_refuse_in_words():
    network = nine_cities()
    empty = plan(network, [])
    for arguments, match in (
        ({"step": 0}, "steps"),
        ({"seconds": 1e12}, "steps"),
        ({"outages": [Outage(0, 1)]}, "of a link or of a node"),
        ({"outages": [Outage(1, 1, node="hefei")]}, "ends after"),
        ({"outages": [Outage(0, 1, node="x")]}, "no node"),
        ({"outages": [Outage(0, 1, link=("jinhua", "hefei"))]}, "no link"),
    ):
        with pytest.raises(QkdError, match=match):
            simulate(network, empty, **{"seconds": 60, **arguments})
    assert simulate(network, empty, seconds=0).moments == ()
