"""SAEs exchange keys through real KMEs over mutual TLS."""

from __future__ import annotations

import contextlib
import gc
import socket
import ssl
import threading
import time
import warnings
from collections.abc import Callable

import pytest
from etsi_qkd_014_client.client import QKD014Client

from langqiao.kme.client import KmeClient, KmeRefused
from langqiao.kme.conformance.hostile import HALVES
from langqiao.kme.conformance.wire import Wire, keys_path
from langqiao.kme.errors import KmeError
from langqiao.kme.initialise import kme_id
from langqiao.kme.store.admin import verify_store
from langqiao.kme.tls import client_context
from tests.kme.conftest import Network, until

Maker = Callable[..., Network]
EAST, MIDDLE, WEST = "SAE-east-1", "SAE-middle-1", "SAE-west-1"


def refusal(ask: Callable[[], object]) -> KmeRefused:
    with pytest.raises(KmeRefused) as refused:
        ask()
    return refused.value


def test_a_key_reaches_both_ends_once(network: Maker) -> None:
    net = network("east", "middle")
    alice, bob = net.client("east"), net.client("middle")
    assert alice.status(MIDDLE)["target_KME_ID"] == "KME-middle"
    keys = alice.get_keys(MIDDLE, number=3, size=520)
    assert len({key.key for key in keys}) == 3
    assert {len(key.key) for key in keys} == {65}
    assert "key=" not in repr(keys[0])
    stranger = refusal(lambda: net.client("middle", 2).get_keys_by_id(EAST, [keys[0].key_id]))
    assert stranger.status == 401
    assert bob.get_keys_by_id(EAST, [key.key_id for key in keys]) == keys
    again = refusal(lambda: bob.get_keys_by_id(EAST, [keys[0].key_id]))
    assert (again.status, str(again)) == (400, "one or more keys specified are not found on KME")
    net.stop()
    for slug in ("east", "middle"):
        config = net.config(slug)
        report = verify_store(config.store, config.master_key())
        assert (report.faults, report.lost) == ((), 0)


def test_an_independent_client_works_unchanged(network: Maker) -> None:
    net = network("east", "middle")
    clients = {}
    for slug in ("east", "middle"):
        crt, key = net.files(f"SAE-{slug}-1")
        host, port = net.address(slug)
        clients[slug] = QKD014Client(f"{host}:{port}", str(crt), str(key), str(net.folder / "ca.crt"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it opens a connection for every call
        assert clients["east"].get_status(MIDDLE)[0] == 200
        code, simple = clients["east"].get_key(MIDDLE)
        assert (code, len(simple.keys)) == (200, 1)
        code, issued = clients["east"].get_key(MIDDLE, number=2, size=512)
        code_there, fetched = clients["middle"].get_key_with_key_IDs(
            EAST, [key.key_id for key in issued.keys]
        )
        assert (code, code_there) == (200, 200)
        assert [key.key for key in fetched.keys] == [key.key for key in issued.keys]
        code, error = clients["middle"].get_status(WEST)
        assert code == 200
        code, error = clients["east"].get_key(MIDDLE, size=257)
        assert (code, error.message) == (400, "size shall be a multiple of 8")
        code, error = clients["east"].get_key(MIDDLE, extension_mandatory=[{"unheard_of": 1}])
        assert (code, error.message) == (400, "not all extension_mandatory parameters are supported")


def test_keys_travel_over_a_trusted_node(network: Maker) -> None:
    net = network("east", "middle", "west")
    alice, carol = net.client("east"), net.client("west")
    until(lambda: alice.status(WEST)["stored_key_count"] > 3)
    assert alice.status(WEST)["status_extension"]["langqiao_route"] == ["KME-east", "KME-middle", "KME-west"]
    keys = alice.get_keys(WEST, number=2)
    assert carol.get_keys_by_id(EAST, [key.key_id for key in keys]) == keys
    direct = refusal(lambda: alice.get_keys(WEST, mandatory=[{"langqiao_route_type": "direct"}]))
    assert str(direct) == "not all extension_mandatory request options could be met"
    assert alice.get_keys(MIDDLE, mandatory=[{"langqiao_route_type": "direct"}])
    assert alice.get_keys(WEST, optional=[{"langqiao_route_type": "direct"}])


def test_several_saes_share_a_key(network: Maker) -> None:
    net = network("east", "middle", "west")
    alice = net.client("east")
    slaves = {MIDDLE: net.client("middle"), WEST: net.client("west"), "SAE-east-2": net.client("east", 2)}
    until(lambda: alice.status(MIDDLE)["stored_key_count"] > 100)
    keys = alice.get_keys(MIDDLE, number=2, additional=[WEST, "SAE-east-2"])
    ids = [key.key_id for key in keys]
    outsider = refusal(lambda: net.client("west", 2).get_keys_by_id(EAST, ids))
    assert outsider.status == 401
    for client in slaves.values():
        assert client.get_keys_by_id(EAST, ids) == keys
        assert refusal(lambda client=client: client.get_keys_by_id(EAST, ids)).status == 400
    local = alice.get_keys("SAE-east-2")
    assert slaves["SAE-east-2"].get_keys_by_id(EAST, [local[0].key_id]) == local


def test_multicast_to_a_kme_that_is_down_gives_nothing_away(network: Maker) -> None:
    net = network("east", "middle", extra="[relay]\nmulticast_timeout = 0.3")
    alice, bob = net.client("east"), net.client("middle")
    until(lambda: alice.status(MIDDLE)["stored_key_count"] > 100)
    down = refusal(lambda: alice.get_keys(MIDDLE, additional=[WEST]))
    assert (down.status, down.retry_after) == (503, 5)
    assert bob.status(EAST)


def test_a_relay_goes_on_after_its_kme_was_down(network: Maker) -> None:
    net = network("east", "middle")
    alice = net.client("east")
    until(lambda: net.kmes["east"].here.service.store.pools["KME-west", "out"].stored > 0)
    net.stop("east")
    net.start("east", "west")
    until(lambda: alice.status(WEST)["stored_key_count"] > 0)
    keys = alice.get_keys(WEST)
    assert net.client("west").get_keys_by_id(EAST, [keys[0].key_id]) == keys


def test_a_certificate_decides_who_asks(network: Maker) -> None:
    net = network("east", "middle")
    elsewhere = refusal(lambda: net.client("east", at="middle").status(WEST))
    assert elsewhere.status == 401
    kme = net.folder / kme_id("middle") / kme_id("middle")
    url = net.config("east").directory.kmes[kme_id("east")].url
    with KmeClient(url, kme.with_suffix(".crt"), kme.with_suffix(".pem"), net.folder / "ca.crt") as client:
        assert refusal(lambda: client.status(MIDDLE)).status == 401
    crt, key = net.files(EAST)
    with pytest.raises(KmeError, match="no answer"), KmeClient(url, crt, key, crt) as client:
        client.status(MIDDLE)


def test_an_end_amid_handshakes_leaves_no_connection_open(network: Maker) -> None:
    """What is left open is told by the warnings of its destructors, which fail a test."""
    net = network("east", "middle", "west")
    address, done = net.address("east"), threading.Event()
    context = ssl.create_default_context(cafile=net.folder / "ca.crt")
    context.check_hostname = False
    context.load_cert_chain(*net.files(EAST))

    def shake_hands() -> None:
        while not done.is_set():
            with contextlib.suppress(OSError), socket.create_connection(address, 5) as plain:
                context.wrap_socket(plain).close()

    callers = [threading.Thread(target=shake_hands) for _ in range(3)]
    for caller in callers:
        caller.start()
    time.sleep(0.2)
    net.stop()
    done.set()
    for caller in callers:
        caller.join()
    gc.collect()


@pytest.mark.parametrize(
    "body",
    [
        *HALVES,
        b'{"\\ud800": 1}',
        b'{"extension_optional": [{"x": {"\\ud800": ["\\ud800"]}}]}',
        b'{"key_IDs": [{"key_ID": "\\ud800", "key_ID_extension": {"\\ud800": 1}}]}',
    ],
)
def test_half_a_surrogate_pair_is_refused_in_the_standards_form(network: Maker, body: bytes) -> None:
    net = network("east")
    url = net.config("east").directory.kmes[kme_id("east")].url
    wire = Wire(url, client_context(*net.files(EAST), net.folder / "ca.crt"), 10.0)
    for method in ("enc_keys", "dec_keys"):
        answer = wire.ask("POST", keys_path(MIDDLE, method), body)
        assert (answer.status, answer.json) == (400, {"message": "the body shall be UTF-8 JSON"})
    for sae in ("%ED%A0%80", "%5Cud800"):
        assert wire.ask("GET", f"/api/v1/keys/{sae}/status").status == 400


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ("requests_per_second = 1\nburst_seconds = 1", "too many requests"),
        ("keys_per_second = 1\nburst_seconds = 1", "too many keys in this time"),
        ("keys_per_day = 2", "the day's quota of keys is used up"),
    ],
)
def test_limits_answer_with_retry_after(network: Maker, limits: str, why: str) -> None:
    net = network("east", extra=f"[limits]\n{limits}")
    alice = net.client("east")
    pool = net.kmes["east"].here.service.store.pools["KME-middle", "out"]
    until(lambda: pool.available >= 128)

    def ask() -> None:
        for _ in range(20):
            alice.get_keys(MIDDLE, number=1)

    throttled = refusal(ask)
    assert (throttled.status, str(throttled)) == (503, why)
    assert throttled.retry_after >= 1


def test_depletion_and_age(network: Maker) -> None:
    net = network("east")
    alice = net.client("east")
    pool = net.kmes["east"].here.service.store.pools["KME-middle", "out"]
    until(lambda: pool.available >= 128)
    old = refusal(lambda: alice.get_keys(MIDDLE, mandatory=[{"langqiao_max_age": 1}]))
    assert str(old) == "not all extension_mandatory request options could be met"
    assert alice.get_keys(MIDDLE, mandatory=[{"langqiao_max_age": 3_600_000}])
    assert alice.get_keys(MIDDLE, optional=[{"langqiao_max_age": 1}])

    def drain() -> None:
        while True:
            alice.get_keys(MIDDLE, number=128, size=8192)

    assert refusal(drain).retry_after >= 1


def test_what_the_issuer_has_no_room_for_the_holder_drops(network: Maker) -> None:
    net = network("east", "middle", extra="[keys]\nmax_key_count = 128")
    stores = {slug: net.kmes[slug].here.service.store for slug in ("east", "middle")}
    out, held = stores["east"].pools["KME-middle", "out"], stores["middle"].pools["KME-east", "in"]
    until(lambda: out.discarded >= 512)
    until(lambda: held.discarded >= 512)
    alice, bob = net.client("east"), net.client("middle")
    for _ in range(40):
        keys = alice.get_keys(MIDDLE, number=8)
        assert bob.get_keys_by_id(EAST, [key.key_id for key in keys]) == keys
        time.sleep(0.01)
    net.stop()
    for slug in ("east", "middle"):
        config = net.config(slug)
        assert verify_store(config.store, config.master_key()).faults == ()
