"""The conformance suite passes on our KME and finds the faults of a server that only looks like one."""

from __future__ import annotations

import contextlib
import json
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from langqiao.kme.conformance import Target, conformance, hostile, methods, run
from langqiao.kme.conformance.run import Bench
from langqiao.kme.errors import KmeError
from langqiao.kme.initialise import kme_id, sae_id
from tests.kme.conftest import Network, free_ports


def target(net: Network) -> Target:
    urls = net.config("east").directory.kmes
    crt, key = net.files(sae_id("east"))
    slave_crt, slave_key = net.files(sae_id("middle"))
    other_crt, other_key = net.files(sae_id("middle", 2))
    return Target(
        url=urls[kme_id("east")].url, master=sae_id("east"), slave=sae_id("middle"),
        certificate=crt, private_key=key, authority=net.folder / "ca.crt",
        slave_url=urls[kme_id("middle")].url, slave_certificate=slave_crt, slave_private_key=slave_key,
        others=(sae_id("east", 2), sae_id("middle", 2)),
        outsider_certificate=other_crt, outsider_private_key=other_key,
    )  # fmt: skip


def test_ours_passes(network: Callable[..., Network]) -> None:
    most = 300
    net = network("east", "middle", extra=f"[keys]\nmax_key_per_request = {most}")
    outcomes = list(conformance(target(net)))
    assert [outcome for outcome in outcomes if outcome.verdict != "pass"] == []
    assert len(outcomes) > 40
    net.stop()
    with contextlib.closing(sqlite3.connect(net.config("east").store / "keys.sqlite3")) as db:
        rows = db.execute("SELECT facts FROM audit WHERE act='enc_keys'").fetchall()
    assert max(json.loads(facts)["keys"] for (facts,) in rows) == most


@pytest.fixture
def hung_up() -> Iterator[int]:
    """The port of a listener that closes every connection at once."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def hang_up() -> None:
            with contextlib.suppress(OSError):
                while True:
                    listening.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        yield port
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_what_cannot_be_reached_is_not_examined(network: Callable[..., Network], hung_up: int) -> None:
    net = network("east", "middle")
    here = target(net)
    nobody = f"https://127.0.0.1:{free_ports(1)[0]}"
    crt, key = net.files(sae_id("west"))
    for wrong, why in (
        (replace(here, url=nobody), f"{nobody}: no connection: .*refused; start the KME"),
        (replace(here, slave_url=nobody), f"{nobody}: no connection: .*refused; start the KME"),
        (
            replace(here, url=f"https://{'a' * 300}"),
            "no connection: .*; start the KME, or correct the address",
        ),
        (replace(here, url=f"https://127.0.0.1:{hung_up}"), "no answer: .*; name a certificate"),
        (
            replace(here, authority=crt, certificate=crt, private_key=key),
            "no answer: .*the authority that signed",
        ),
    ):
        with pytest.raises(KmeError, match=why):
            next(conformance(wrong))


def test_nothing_passes_against_nothing(network: Callable[..., Network]) -> None:
    """A KME that ends amid the checks fails the rest of them."""
    net = network("east")
    bench = Bench(replace(target(net), slave_url=f"https://127.0.0.1:{free_ports(1)[0]}"))
    net.stop()
    for _clause, name, check in (*methods.CHECKS, *hostile.CHECKS):
        try:
            fault = check(bench)
        except KmeError as error:
            fault = str(error)
        assert "no connection" in fault, name


def test_a_kme_short_of_keys_is_told_in_words(
    network: Callable[..., Network], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "PATIENCE_SECONDS", 2.0)
    net = network("east", "middle", extra="[limits]\nkeys_per_day = 2")
    outcomes = list(conformance(target(net)))
    assert [outcome for outcome in outcomes if outcome.verdict == "fail"] == []
    skipped = {outcome.name: outcome.fault for outcome in outcomes if outcome.verdict == "skip"}
    assert {"Get key: as many keys as allowed", "Get key with key IDs: POST"} <= set(skipped)
    for fault in skipped.values():
        assert fault.startswith("put off with 503: the day's quota of keys is used up; Retry-After")


def test_keys_are_waited_for(network: Callable[..., Network]) -> None:
    net = network("east", extra="[limits]\nrequests_per_second = 1\nburst_seconds = 1")
    bench = Bench(target(net))
    methods.issue(bench, {})
    methods.issue(bench, {"number": 3})
    assert bench.patience < run.PATIENCE_SECONDS
