"""Receipts, lists of trusted keys, and where keys come from."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from langqiao.engines.sm.sealed import (
    KeyFile,
    KmeKeys,
    Receipt,
    SealKey,
    TrustedKeys,
    check_receipt,
    make_receipt,
)
from langqiao.engines.sm.sm2 import Sm2PrivateKey
from tests.engines.sm.sealed.scene import READER, RECIPIENT, SENDER, SIGNER, TRUSTED
from tests.engines.sm.sealed.test_round_trip import kind_of


@pytest.fixture
def info(scene):
    scene.seal()
    return scene.open().info


def test_a_receipt_is_believed(info):
    receipt = make_receipt(info, READER, opened=datetime(2026, 5, 1, tzinfo=UTC))
    assert receipt.opened == "2026-05-01T00:00:00Z"
    assert receipt.manifest_digest == info.manifest_digest.hex()
    again = Receipt.from_json(receipt.to_json())
    assert again == receipt
    check_receipt(again, TRUSTED, info)
    check_receipt(again, TRUSTED)


@pytest.mark.parametrize("name", ["file_id", "manifest_digest", "size", "sender", "opened", "signature"])
def test_a_changed_receipt_is_not(info, name):
    receipt = make_receipt(info, READER)
    value = getattr(receipt, name)
    other = (
        value + 1
        if name == "size"
        else "SAE-x"
        if name == "sender"
        else value.translate({48: "1", 49: "2", 50: "3", 97: "b"})
    )
    changed = replace(receipt, **{name: other})
    assert changed != receipt
    assert kind_of(lambda: check_receipt(changed, TRUSTED)) == "receipt"


def test_a_receipt_of_somebody_else_or_for_another_file(info, scene):
    stranger = make_receipt(info, Sm2PrivateKey.generate())
    assert kind_of(lambda: check_receipt(stranger, TRUSTED)) == "untrusted"
    receipt = make_receipt(info, READER)
    other = scene.seal(overwrite=True).info
    assert kind_of(lambda: check_receipt(receipt, TRUSTED, other), "another file") == "receipt"


@pytest.mark.parametrize("change", [
    {"format": "langqiao-receipt-2"}, {"size": "1"}, {"size": True}, {"size": -1}, {"size": 1 << 63}, {"more": ""},
    {"sender": 1}, {"key": "AB" * 32}, {"opened": "yesterday"}, {"sender": "\ud800"},
])  # fmt: skip
def test_malformed_receipts(info, change):
    values = {**json.loads(make_receipt(info, READER).to_json()), **change}
    assert kind_of(lambda: Receipt.from_json(json.dumps(values))) == "receipt"


def test_a_list_of_trusted_keys(tmp_path):
    old = Sm2PrivateKey.generate().public
    place = tmp_path / "trusted"
    place.write_text(f"# 示例\n\n{SIGNER.public.hex()} {SENDER}\n{old.hex()}  {SENDER}\n", "utf-8")
    trusted = TrustedKeys.load(place)
    assert len(trusted) == 2
    assert trusted.find(SENDER, old.fingerprint) == old
    assert kind_of(lambda: trusted.find(RECIPIENT, old.fingerprint), "no trusted key") == "untrusted"
    for text, word in (
        ("04ab x", "line 1"),
        (f"\n{old.hex()}", "line 2"),
        ("04" + "1" * 128 + " x", "no point"),
    ):
        assert kind_of(lambda t=text: TrustedKeys.parse(t), word) == "trust"
    place.write_bytes(b"\xff")
    assert kind_of(lambda: TrustedKeys.load(place), "UTF-8") == "trust"
    place.write_bytes(b"#" * ((1 << 20) + 1))
    assert kind_of(lambda: TrustedKeys.load(place), "1 MiB") == "trust"


@pytest.fixture
def key_file(tmp_path):
    place = tmp_path / "keys"
    place.write_text(
        "# shared on 2026-05-01\n" + "".join(f"k{n} {sm:064x}\n" for n, sm in enumerate(range(1, 41)))
    )
    place.chmod(0o600)
    return place


def test_a_key_file_hands_a_key_out_once(key_file):
    first = KeyFile(key_file).take("x", 2)
    assert [(key.id, key.value[-1]) for key in first] == [("k0", 1), ("k1", 2)]
    assert kind_of(lambda: KeyFile(key_file).fetch("x", ["k5", "k0"]), "1 of the 2") == "key"
    assert [key.id for key in KeyFile(key_file).fetch("x", ["k9", "k3"])] == ["k9", "k3"]
    assert "k3 " not in key_file.read_text()
    assert kind_of(lambda: KeyFile(key_file).take("x", 37), "36 of the 37") == "key"
    assert key_file.stat().st_mode & 0o777 == 0o600


def test_a_key_file_used_by_several_at_once(key_file):
    with ThreadPoolExecutor(4) as pool:
        found = [
            key.id for keys in pool.map(lambda _n: KeyFile(key_file).take("x", 1), range(40)) for key in keys
        ]
    assert sorted(found) == sorted(f"k{n}" for n in range(40))


def test_a_key_file_for_everyone_is_refused(key_file):
    key_file.chmod(0o604)
    assert kind_of(lambda: KeyFile(key_file).take("x", 1), "chmod 600") == "key"


@pytest.mark.parametrize(("text", "word"), [("k1 00", "line 1"), ("k" * 65 + " " + "0" * 64, "line 1"),
                                            (("k1 " + "0" * 64 + "\n") * 2, "line 2 of the key file repeats")])  # fmt: skip
def test_malformed_key_files(key_file, text, word):
    key_file.write_text(text)
    assert kind_of(lambda: KeyFile(key_file).take("x", 1), word) == "key"


class Refusing(Exception):
    """What a client raises."""


class Client:
    """A client of a KME that is not ours: as small as the protocol."""

    def __init__(self, size=32, short=False):
        self.size, self.short, self.asked, self.held = size, short, [], {}

    def get_keys(self, slave, *, number, size):
        self.asked.append(("enc", slave, number, size))
        if number > 3:
            raise Refusing("number is greater than max_key_per_request")
        keys = [
            Delivered(f"id-{len(self.held) + n}", os.urandom(self.size)) for n in range(number - self.short)
        ]
        self.held.update((key.key_id, key) for key in keys)
        return keys

    def get_keys_by_id(self, master, ids):
        self.asked.append(("dec", master, len(ids)))
        return [self.held.pop(identity) for identity in reversed(ids) if identity in self.held]


class Delivered:
    def __init__(self, key_id, key):
        self.key_id, self.key = key_id, key


def test_keys_from_a_kme_in_requests_it_can_bear():
    client = Client()
    provider = KmeKeys(client, at_most=3)
    keys = provider.take(RECIPIENT, 7)
    assert client.asked == [("enc", RECIPIENT, n, 256) for n in (3, 3, 1)]
    assert provider.fetch(SENDER, [key.id for key in keys]) == keys
    assert client.asked[3:] == [("dec", SENDER, n) for n in (3, 3, 1)]
    assert kind_of(lambda: provider.fetch(SENDER, [keys[0].id]), "did not deliver 1 of 1") == "key"


def test_what_a_kme_may_not_do():
    assert kind_of(lambda: KmeKeys(Client(size=16)).take("x", 1), "256 bits") == "key"
    assert kind_of(lambda: KmeKeys(Client(short=True)).take("x", 2), "1 keys instead of 2") == "key"
    provider = KmeKeys(Client(), errors=(Refusing,), refused=lambda error: f"KME: {error}")
    assert kind_of(lambda: provider.take("x", 5), "KME: number is greater") == "key"
    with pytest.raises(Refusing):
        KmeKeys(Client()).take("x", 5)
    client = Client()
    assert kind_of(lambda: KmeKeys(client, stored=6).take("x", 7), "holds 6 keys", "7 are needed") == "key"
    assert client.asked == []


def test_a_key_does_not_print_its_value():
    assert "value" not in repr(SealKey("a", b"secret"))
