"""HMAC and HKDF over SM3, computed again by hand with GmSSL's HMAC; ML-KEM-768."""

from __future__ import annotations

import gmssl_pyx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langqiao.engines.sm.errors import SmError
from langqiao.engines.sm.kdf import equal, hkdf_sm3, hmac_sm3
from langqiao.engines.sm.mlkem import CIPHERTEXT_BYTES, KemPrivateKey, KemPublicKey


@given(secret=st.binary(min_size=16, max_size=64), salt=st.binary(max_size=40), info=st.binary(max_size=80),
       length=st.integers(1, 100))  # fmt: skip
@settings(max_examples=50)
def test_hkdf_is_rfc_5869_over_sm3(secret, salt, info, length):
    pseudo = gmssl_pyx.sm3_hmac(salt or bytes(32), secret)
    expected, block = b"", b""
    for number in range(1, 5):
        block = gmssl_pyx.sm3_hmac(pseudo, block + info + bytes([number]))
        expected += block
    assert hkdf_sm3(secret, salt=salt, info=info, length=length) == expected[:length]


@given(key=st.binary(min_size=1, max_size=100), message=st.binary(max_size=200))
@settings(max_examples=30)
def test_hmac_is_gmssls(key, message):
    assert hmac_sm3(key, message) == gmssl_pyx.sm3_hmac(key, message)


def test_doors_of_the_kdf():
    with pytest.raises(SmError, match="no secret"):
        hkdf_sm3(bytes(15), salt=b"", info=b"", length=16)
    for length in (0, 255 * 32 + 1):
        with pytest.raises(SmError, match="8160"):
            hkdf_sm3(bytes(32), salt=b"", info=b"", length=length)
    assert equal(b"a", b"a")
    assert not equal(b"a", b"b")


def test_both_ends_of_ml_kem_hold_one_secret():
    private = KemPrivateKey.generate()
    secret, ciphertext = private.public.encapsulate()
    assert len(ciphertext) == CIPHERTEXT_BYTES
    assert private.decapsulate(ciphertext) == secret
    changed = bytes([ciphertext[0] ^ 1]) + ciphertext[1:]
    assert private.decapsulate(changed) != secret  # implicit rejection
    with pytest.raises(SmError, match="1088"):
        private.decapsulate(ciphertext[1:])


def test_ml_kem_files_return_the_key():
    private = KemPrivateKey.generate()
    again = KemPrivateKey.from_pem(private.to_pem())
    assert again.public.fingerprint == private.public.fingerprint
    assert KemPublicKey.from_pem(private.public.to_pem()).fingerprint == private.public.fingerprint
    assert repr(private) == "KemPrivateKey()"


@pytest.mark.parametrize(
    "text", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", b"\xff" * 80]
)
def test_what_is_no_ml_kem_key(text):
    for read in (KemPrivateKey.from_pem, KemPublicKey.from_pem):
        with pytest.raises(SmError) as caught:
            read(text)
        assert caught.value.kind == "key"


def test_other_kinds_of_keys_are_named():
    from cryptography.hazmat.primitives.asymmetric import ed25519
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    key = ed25519.Ed25519PrivateKey.generate()
    with pytest.raises(SmError, match="another kind"):
        KemPrivateKey.from_pem(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(SmError, match="another kind"):
        KemPublicKey.from_pem(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
