"""Two SAEs exchange keys through real KMEs over mutual TLS."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from langqiao.kme.client import KmeRefused
from tests.kme.conftest import Network

Maker = Callable[..., Network]


def test_a_key_reaches_both_ends_once(network: Maker) -> None:
    net = network("east", "middle")
    alice, bob = net.client("east"), net.client("middle")
    assert alice.status("SAE-middle-1")["target_KME_ID"] == "KME-middle"
    keys = alice.get_keys("SAE-middle-1", number=3, size=256)
    assert len({key.key for key in keys}) == 3
    assert bob.get_keys_by_id("SAE-east-1", [key.key_id for key in keys]) == keys
    with pytest.raises(KmeRefused) as refused:
        bob.get_keys_by_id("SAE-east-1", [keys[0].key_id])
    assert (refused.value.status, str(refused.value)) == (
        400,
        "one or more keys specified are not found on KME",
    )
