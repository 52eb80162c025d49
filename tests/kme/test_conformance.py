"""The conformance suite passes on our KME and finds the faults of a server that only looks like one."""

from __future__ import annotations

from collections.abc import Callable

from langqiao.kme.conformance import Target, conformance
from langqiao.kme.initialise import kme_id, sae_id
from tests.kme.conftest import Network


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
    outcomes = list(conformance(target(network("east", "middle"))))
    assert [outcome for outcome in outcomes if outcome.verdict != "pass"] == []
    assert len(outcomes) > 40
