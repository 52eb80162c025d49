"""Relayed keys when a KME between is dead, when the quota is used up, and when a pool is asked for much."""

from __future__ import annotations

import contextlib
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from langqiao.kme.client import KmeRefused
from langqiao.kme.errors import Refusal
from langqiao.kme.initialise import City, Plan, initialise
from langqiao.kme.relay import forward
from langqiao.kme.relay.container import RELAYED, VOIDED, Cargo, Notice, read_notice
from langqiao.kme.relay.reach import FIRST, LONGEST, Reach
from langqiao.kme.store import OUT, Store
from langqiao.kme.store.admin import verify_store
from tests.kme.conftest import Network, free_ports, until

Maker = Callable[..., Network]
EAST, MIDDLE, WEST = "SAE-east-1", "SAE-middle-1", "SAE-west-1"
LEFT = "KME-left"
RING = Plan(
    "two ways from north to south, the shorter over left; only the gate is next to north",
    tuple(City(slug, slug) for slug in ("north", "gate", "left", "right", "far", "south")),
    tuple(
        (a, b, 2e6)
        for a, b in (
            ("north", "gate"),
            ("gate", "left"),
            ("left", "south"),
            ("gate", "right"),
            ("right", "far"),
            ("far", "south"),
        )
    ),
    saes=2,
)


@pytest.fixture
def ring(tmp_path: Path) -> Iterator[Network]:
    """The ring without the KME on the shorter way."""
    initialise(
        tmp_path / "ring", RING, ports=free_ports(6), stock=1024, extra="[relay]\nmulticast_timeout = 25"
    )
    net = Network(tmp_path / "ring")
    with contextlib.ExitStack() as stack:
        stack.callback(net.stop)
        stack.callback(net.clients.close)
        net.start("south", "far", "right", "gate", "north")
        yield net


def ask(net: Network, slug: str, question: str) -> int:
    """Ask the store of a KME that may be running."""
    with contextlib.closing(sqlite3.connect(net.config(slug).store / "keys.sqlite3")) as db:
        return db.execute(question).fetchone()[0]


def serials(net: Network, slug: str, peer: str, direction: str) -> list[int]:
    with contextlib.closing(sqlite3.connect(net.config(slug).store / "keys.sqlite3")) as db:
        rows = db.execute(
            "SELECT serial FROM unit JOIN pool ON pool.id = unit.pool WHERE peer=? AND direction=?"
            " ORDER BY serial",
            (peer, direction),
        )
        return [row[0] for row in rows]


def pool(net: Network, slug: str, peer: str):
    here = net.kmes[slug].here
    assert here is not None
    return here.service.store.pools[f"KME-{peer}", OUT]


def health(net: Network, slug: str) -> dict:
    here = net.kmes[slug].here
    assert here is not None
    return here.metrics.health()


def refusal(question: Callable[[], object]) -> KmeRefused:
    with pytest.raises(KmeRefused) as refused:
        question()
    return refused.value


def test_blocks_go_round_a_dead_kme_that_is_no_neighbour(ring: Network) -> None:
    filled = pool(ring, "north", "south")
    until(lambda: filled.available >= 64, seconds=30)
    found = health(ring, "north")
    assert found["status"] == "degraded"
    assert found["faults"]["unreachable KME-left"] == "KME-gate cannot reach it"
    assert "relay KME-left" in found["faults"]
    assert "relay KME-south" not in found["faults"]
    alice, bob = ring.client("north"), ring.client("south")
    until(lambda: filled.available >= 128, seconds=30)
    keys = alice.get_keys("SAE-south-1", number=100)
    assert bob.get_keys_by_id("SAE-north-1", [key.key_id for key in keys]) == keys
    until(lambda: filled.available >= 128 and filled.available == filled.stored)
    ring.start("left")
    until(lambda: health(ring, "north")["faults"] == {}, seconds=30)
    until(lambda: pool(ring, "north", "left").available >= 128, seconds=30)
    until(lambda: ask(ring, "north", "SELECT count(*) FROM message") == 0)
    ring.stop()
    assert serials(ring, "north", "KME-south", "out") == serials(ring, "south", "KME-north", "in")
    for city in RING.cities:
        config = ring.config(city.slug)
        report = verify_store(config.store, config.master_key())
        assert (report.faults, report.lost) == ((), 0)


@pytest.mark.parametrize("mute", [False, True])
def test_shared_keys_go_round_a_dead_kme(ring: Network, *, mute: bool) -> None:
    """The dead KME refuses connections, or takes them and says nothing."""
    alice = ring.client("north")
    with contextlib.ExitStack() as stack:
        if mute:
            stack.enter_context(socket.create_server(ring.address("left")))
        until(lambda: alice.status("SAE-gate-1")["stored_key_count"] > 100)
        keys = alice.get_keys("SAE-gate-1", number=3, additional=["SAE-south-1"])
    for slug in ("gate", "south"):
        assert ring.client(slug).get_keys_by_id("SAE-north-1", [key.key_id for key in keys]) == keys
    until(lambda: ask(ring, "gate", "SELECT count(*) FROM assigned") == 0)


def test_a_dead_target_costs_few_pads_and_is_told(network: Maker) -> None:
    net = network("east", "middle")
    alice = net.client("east")
    until(lambda: "relay KME-west" in health(net, "east")["faults"], seconds=30)
    assert health(net, "east")["faults"]["unreachable KME-west"] == "KME-middle cannot reach it"
    down = refusal(lambda: alice.get_keys(WEST))
    assert down.retry_after >= 2
    link = pool(net, "east", "middle")
    before = link.relayed
    refused = refusal(lambda: alice.get_keys(MIDDLE, additional=[WEST]))
    assert (refused.status, link.relayed) == (503, before)
    time.sleep(10)
    assert link.relayed - before <= 2 * 33
    net.start("west")
    until(lambda: alice.status(WEST)["stored_key_count"] >= 128, seconds=30)
    assert health(net, "east")["faults"] == {}


def test_a_pad_is_void_at_both_ends(network: Maker) -> None:
    """Units of pad under a message that never went out do not stay behind at the next KME."""
    net = network("east", "west")
    until(lambda: pool(net, "east", "west").discarded >= 32, seconds=30)
    used = pool(net, "east", "middle").relayed
    assert used >= 33
    net.start("middle")
    held = net.kmes["middle"].here.service.store.pools["KME-east", "in"]
    until(lambda: held.discarded >= 33)
    net.stop()
    for slug in ("east", "middle", "west"):
        config = net.config(slug)
        assert verify_store(config.store, config.master_key()).faults == ()


def test_who_may_say_what_is_unreachable(network: Maker) -> None:
    """An old peer names none; the name of anything but its next KME is refused, and nothing is voided."""
    net = network()
    config = net.config("east")
    peers = {"KME-middle": "link", "KME-west": "relay"}
    store = Store(config.store, config.master_key(), peers)
    ids = [f"3f0c1d1e-0f7a-4a44-9a7e-5a0d5a0f5b1{number}" for number in range(3)]

    def send(transaction, message: str) -> None:
        key = ("3f0c1d1e-0f7a-4a44-9a7e-5a0d5a0f5b20", b"k" * 64)
        link, relay = (transaction.pool(peer, OUT) for peer in peers)
        transaction.put(link, link.next, b"p" * 96)
        link.next += 3
        route = ("KME-east", "KME-middle", "KME-west")
        at = transaction.at + 60_000
        cargo = Cargo(message, "pool", route[0], route[2], route, at, relay.next, "", (), (key,))
        transaction.put(relay, relay.next, key[1], ready=False)
        relay.next += 2
        forward.dispatch(transaction, config, cargo, forward.ORIGIN, pool=relay.id, units=2)

    for message in ids:
        store.run_now(lambda t, message=message: send(t, message))
    for sender, name in (("KME-west", "KME-west"), ("KME-middle", "KME-middle"), ("KME-middle", "KME-east")):
        with pytest.raises(Refusal, match="next one on the route"):
            store.run_now(
                lambda t, s=sender, n=name: forward.acknowledged(t, s, Notice(ids[0], VOIDED, unreachable=n))
            )
    relay = store.pools["KME-west", OUT]
    assert (relay.stored, relay.available) == (6, 0)
    for notice in (
        read_notice({"message_ID": ids[0], "ack_status": VOIDED}),
        read_notice(Notice(ids[1], VOIDED, unreachable="KME-west").body()),
    ):
        assert store.run_now(lambda t, n=notice: forward.acknowledged(t, "KME-middle", n))
    assert store.run_now(lambda t: forward.acknowledged(t, "KME-west", Notice(ids[2], RELAYED)))
    assert (relay.stored, relay.available, relay.discarded) == (2, 2, 4)
    late = Notice(ids[0], RELAYED)
    assert store.run_now(lambda t: forward.acknowledged(t, "KME-west", late)) is None
    assert (relay.stored, relay.available) == (2, 2)
    told = store.run_now(lambda t: t.db.execute("SELECT next, path FROM message").fetchall())
    assert told == [("KME-west", "/kmapi/v1/ext_keys/void")] * 2
    store.close()


def test_how_long_a_kme_is_avoided() -> None:
    reach = Reach()
    assert reach.missed(LEFT, "KME-gate", 0)
    assert not reach.missed(LEFT, "KME-gate", 1)
    assert reach.avoided(FIRST - 0.1) == {LEFT}
    assert reach.avoided(FIRST) == frozenset()
    assert reach.doubted([LEFT, "KME-far"])
    now, terms = 0.0, []
    for _ in range(10):
        now += reach.seconds([LEFT], now)
        reach.missed(LEFT, "KME-gate", now)
        reach.asked(LEFT, now, answers=True)  # it answers the source: only the way from the gate is cut
        terms.append(reach.seconds([LEFT], now))
    assert terms == [min(LONGEST, FIRST * 2**times) for times in range(1, 11)]
    reach.asked(LEFT, now + 1, answers=False)
    assert reach.avoided(now + 1) == {LEFT}
    reach.asked(LEFT, now + 2, answers=True)
    assert reach.avoided(now + 2) == frozenset()
    assert reach.faults(now + 2) == {}
    assert reach.passed(["KME-gate", LEFT]) == [LEFT]
    assert not reach.doubted([LEFT])


def test_a_quota_is_held_before_anything_is_sent(network: Maker) -> None:
    net = network("east", "middle", "west", extra="[limits]\nkeys_per_day = 5\n[relay]\nlow_water = 64")
    alice, link, filled = net.client("east"), pool(net, "east", "middle"), pool(net, "east", "west")
    until(lambda: filled.available >= 64 and filled.stored == filled.available)
    before = link.relayed
    for _ in range(3):
        over = refusal(lambda: alice.get_keys(MIDDLE, number=10, additional=[WEST]))
        assert (over.status, str(over)) == (503, "the day's quota of keys is used up")
    assert link.relayed == before
    assert [ask(net, slug, "SELECT count(*) FROM assigned") for slug in ("middle", "west")] == [0, 0]
    assert len(alice.get_keys(MIDDLE, number=4, additional=[WEST])) == 4
    assert refusal(lambda: alice.get_keys(MIDDLE, number=2, additional=[WEST])).status == 503
    net.stop("west")
    assert refusal(lambda: alice.get_keys(MIDDLE, additional=[WEST])).status == 503
    assert len(alice.get_keys(MIDDLE)) == 1  # what was not issued was given back
    assert refusal(lambda: alice.get_keys(MIDDLE)).status == 503


def test_shared_keys_are_void_where_the_last_commit_fails(network: Maker) -> None:
    net = network("east", "middle", "west")
    alice = net.client("east")
    until(lambda: alice.status(WEST)["stored_key_count"] >= 64)
    database = net.config("east").store / "keys.sqlite3"
    with contextlib.closing(sqlite3.connect(database)) as db:
        db.execute(
            "CREATE TRIGGER full BEFORE INSERT ON audit WHEN NEW.act='enc_keys'"
            " BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
    refused = refusal(lambda: alice.get_keys(MIDDLE, number=2, additional=[WEST, "SAE-east-2"]))
    assert refused.status == 503
    for slug in ("east", "middle", "west"):
        until(lambda slug=slug: ask(net, slug, "SELECT count(*) FROM assigned") == 0, seconds=10)
    assert ask(net, "west", "SELECT count(*) FROM audit WHERE act='keep' AND facts LIKE '%shared%'") == 1
    with contextlib.closing(sqlite3.connect(database)) as db:
        db.execute("DROP TRIGGER full")
    assert alice.get_keys(MIDDLE, number=2, additional=[WEST])


def test_a_relayed_pool_meets_what_status_promises(network: Maker) -> None:
    net = network("east", "middle", "west")
    alice, bob = net.client("east"), net.client("west")
    until(lambda: alice.status(WEST)["stored_key_count"] >= 128)
    keys = alice.get_keys(WEST, number=128)
    ids = [key.key_id for key in keys]
    assert bob.get_keys_by_id(EAST, ids) == keys
    filled = pool(net, "east", "west")
    large = refusal(lambda: alice.get_keys(WEST, number=128, size=1024))
    assert (large.status, str(large)) == (503, "not enough keys are stored")
    assert 2 <= large.retry_after <= 30

    def come_back() -> bool:
        time.sleep(large.retry_after)
        with contextlib.suppress(KmeRefused):
            return len(alice.get_keys(WEST, number=128, size=1024)) == 128
        return False

    until(come_back, seconds=2 * large.retry_after)  # once, on a machine that is not busy
    until(lambda: filled.available >= 128)
