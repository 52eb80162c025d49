"""The published vectors, read by the engine and by a second reader written from docs/sealed-format.md.

The second reader shares no code with the engine: GmSSL does its SM2, SM3 and SM4.
"""

from __future__ import annotations

import base64
import json
import struct
from pathlib import Path

import gmssl_pyx as gm
import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from langqiao.engines.sm.mlkem import KemPrivateKey
from langqiao.engines.sm.sealed import SealKey, TrustedKeys, Vault, open_sealed
from langqiao.engines.sm.sm2 import Sm2PublicKey

VECTORS = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))


@pytest.fixture(params=VECTORS, ids=[vector["name"] for vector in VECTORS])
def vector(request):
    return request.param


def plaintext(vector):
    return bytes(n % 251 for n in range(vector["size"]))


class Keys:
    def __init__(self, values):
        self.values = values

    def take(self, peer, count):
        raise NotImplementedError

    def fetch(self, _peer, ids):
        return [SealKey(identity, bytes.fromhex(self.values[identity])) for identity in ids]


def test_the_engine_opens_them(vector, tmp_path, engine):
    sealed = tmp_path / "x.lqs"
    sealed.write_bytes(base64.b64decode(vector["sealed"]))
    trusted = TrustedKeys([(vector["sender"], Sm2PublicKey.from_hex(vector["sender_public_key"]))])
    kem = KemPrivateKey.from_pem(vector["kem_private_key"].encode()) if vector["kem_private_key"] else None
    found = open_sealed(
        sealed, tmp_path / "out", recipient=vector["recipient"], trusted=trusted, keys=Keys(vector["keys"]),
        vault=Vault(bytes(32)), kem=kem, engine=engine,
    )  # fmt: skip
    assert (tmp_path / "out").read_bytes() == plaintext(vector)
    assert found.name == vector["name"]
    assert found.info.manifest_digest.hex() == vector["manifest_digest"]
    assert found.info.header_digest.hex() == vector["header_digest"]
    assert found.info.runs == vector["runs"]


def read(raw, keys, kem_private, public):
    """Open a sealed file by the document alone; return name and plaintext."""
    magic, version, suite, manifest, seg_bits, key_bits, length, size, _created, file_id, fingerprint = (
        struct.unpack_from(">8sBBBBBxxxIQQ16s32s", raw)
    )
    assert (magic, version) == (b"\x89LQS\r\n\x1a\n", 1)
    header, digest = raw[:length], gm.sm3_hash(raw[:length])
    assert header[-32:] == gm.sm3_hash(header[:-32])
    assert fingerprint == gm.sm3_hash(b"\x04" + public)
    at = 84
    names = []
    for _ in range(2):
        names.append(header[at + 1 : at + 1 + header[at]].decode())
        at += 1 + header[at]
    (count,) = struct.unpack_from(">I", header, at)
    at += 4
    ids = []
    for _ in range(count):
        ids.append(header[at + 1 : at + 1 + header[at]].decode())
        at += 1 + header[at]
    secret = kem_private.decapsulate(header[at + 32 : at + 32 + 1088]) if suite == 2 else b""
    segment = 1 << seg_bits
    number = max(1, -(-size // segment))
    *_rest, signed_digest, signature, runs_number, end = (
        raw[:-108],
        *struct.unpack(">32s64sI8s", raw[-108:]),
    )
    assert end == b"LQS-END\n"
    runs_raw = raw[-108 - 24 * runs_number : -108]
    runs = list(struct.iter_unpack(">Q16s", runs_raw))
    leaves = raw[-108 - 24 * runs_number - 32 * (number + 1) : -108 - 24 * runs_number]
    made = gm.sm3_hash(
        b"langqiao/sealed/1 manifest\0"
        + digest
        + struct.pack(">QQ", len(runs_raw), len(leaves))
        + runs_raw
        + leaves
    )
    assert made == signed_digest
    der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    assert gm.sm2_verify(public, b"langqiao/sealed/1 signature\0" + made, der)

    def opened(key_number, salt, tail, piece):
        pseudo = gm.sm3_hmac(file_id, bytes.fromhex(keys[ids[key_number]]) + secret)
        info = b"langqiao/sealed/1 key\0" + digest + struct.pack(">I", key_number) + salt
        okm = gm.sm3_hmac(pseudo, info + b"\x01")
        return gm.sm4_gcm_decrypt(okm[:16], okm[16:20] + tail, digest, piece[:-16], piece[-16:])

    def leaf(piece):
        return gm.sm3_hash(piece if manifest == 1 else piece[-16:])

    metadata = raw[length : length + 274]
    assert leaf(metadata) == leaves[:32]
    name = opened(0, runs[0][1], b"\x02" + bytes(7), metadata)
    at, plain = length + 274, b""
    for index in range(number):
        piece = raw[at : at + min(segment, size - index * segment) + 16]
        at += len(piece)
        assert leaf(piece) == leaves[32 * (index + 1) : 32 * (index + 2)]
        salt = [salt for first, salt in runs if first <= index][-1]
        kind = 1 if index == number - 1 else 0
        plain += opened(index >> key_bits, salt, struct.pack(">Q", kind << 56 | index), piece)
    assert at == len(raw) - 108 - len(runs_raw) - len(leaves)
    return names, name[2 : 2 + int.from_bytes(name[:2], "big")].decode(), plain


def test_a_reader_written_from_the_document_opens_them(vector):
    pem = vector["kem_private_key"]
    names, name, plain = read(
        base64.b64decode(vector["sealed"]), vector["keys"],
        load_pem_private_key(pem.encode(), None) if pem else None,
        bytes.fromhex(vector["sender_public_key"])[1:],
    )  # fmt: skip
    assert names == [vector["sender"], vector["recipient"]]
    assert (name, plain) == (vector["name"], plaintext(vector))
