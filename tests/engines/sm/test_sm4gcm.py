"""SM4 and SM4-GCM: the standards' vectors, both back ends against each other and against GmSSL."""

from __future__ import annotations

import ctypes
from concurrent.futures import ThreadPoolExecutor

import gmssl_pyx
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from langqiao.engines.sm import libgcrypt
from langqiao.engines.sm.errors import SmError, TagError
from langqiao.engines.sm.portable import PortableSm4Gcm, sm4_gmac
from langqiao.engines.sm.sm4gcm import back_end, sm4_gcm

# GB/T 32907-2016, appendix A.1 and A.2 (one million times).
KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")
ONCE = "681edf34d206965e86b3e94f536e4246"
MILLION = "595298c7c6fd271f0402f804c33d3f66"

# RFC 8998, appendix A.1.
NONCE = bytes.fromhex("00001234567800000000abcd")
AAD = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
PLAIN = bytes.fromhex("".join(digit * 16 for digit in "abcdefea"))
CIPHER = bytes.fromhex(
    "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
    "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
)
TAG = bytes.fromhex("83de3541e4c2b58177e065a9bf7b62ec")


def encryptor(engine):
    """A function that encrypts one block under KEY with the library behind a back end."""
    if engine == "portable":
        return Cipher(algorithms.SM4(KEY), modes.ECB()).encryptor().update
    lib, handle = libgcrypt.library(), ctypes.c_void_p()
    assert lib.gcry_cipher_open(ctypes.byref(handle), 318, 1, 0) == 0
    assert lib.gcry_cipher_setkey(handle, KEY, 16) == 0
    out = ctypes.create_string_buffer(16)

    def encrypt(block):
        assert lib.gcry_cipher_encrypt(handle, out, 16, block, 16) == 0
        return out.raw

    return encrypt


def test_block_cipher_a1(engine):
    assert encryptor(engine)(KEY).hex() == ONCE


@pytest.mark.slow
def test_block_cipher_a2(engine):
    encrypt, block = encryptor(engine), KEY
    for _ in range(1_000_000):
        block = encrypt(block)
    assert block.hex() == MILLION


def test_rfc_8998(engine):
    cipher = sm4_gcm(KEY, engine)
    assert PLAIN.hex() == (
        "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
        "eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa"
    )
    assert cipher.seal(NONCE, PLAIN, AAD) == CIPHER + TAG
    assert cipher.open(NONCE, CIPHER + TAG, AAD) == PLAIN
    assert KEY.hex() not in repr(cipher)


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 4096, 70_001])
def test_lengths_in_place_and_not(engine, length):
    cipher, data = sm4_gcm(KEY, engine), bytes(n % 251 for n in range(length))
    sealed = cipher.seal(NONCE, data, b"")
    assert len(sealed) == length + 16
    assert cipher.open(NONCE, sealed, b"") == data
    out = memoryview(bytearray(length + 16))
    cipher.seal_into(NONCE, memoryview(bytearray(data)), b"", out)
    assert out == sealed
    opened = memoryview(bytearray(length + 16))
    assert cipher.open_into(NONCE, out, b"", opened) == length
    assert opened[:length] == data
    assert cipher.open(NONCE, memoryview(sealed), b"") == data


@given(key=st.binary(min_size=16, max_size=16), nonce=st.binary(min_size=12, max_size=12),
       aad=st.binary(max_size=40), data=st.binary(min_size=1, max_size=300))  # fmt: skip
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_back_ends_and_gmssl_agree(any_libgcrypt, key, nonce, aad, data):
    sealed = sm4_gcm(key, "portable").seal(nonce, data, aad)
    assert sm4_gcm(key, "libgcrypt").seal(nonce, data, aad) == sealed
    assert b"".join(gmssl_pyx.sm4_gcm_encrypt(key, nonce, aad, data)) == sealed


@pytest.mark.parametrize("at", [0, 63, 64, 79])
def test_any_change_is_refused(engine, at):
    cipher, sealed = sm4_gcm(KEY, engine), bytearray(CIPHER + TAG)
    sealed[at] ^= 1
    with pytest.raises(TagError) as caught:
        cipher.open(NONCE, sealed, AAD)
    assert caught.value.kind == "tag"


@pytest.mark.parametrize(("nonce", "sealed", "aad"), [
    (bytes(12), CIPHER + TAG, AAD), (NONCE, CIPHER + TAG, b""), (NONCE, TAG[:15], b""), (NONCE, b"", b""),
    (NONCE, CIPHER[:-1] + TAG, AAD),
])  # fmt: skip
def test_other_nonce_bound_data_or_length_is_refused(engine, nonce, sealed, aad):
    with pytest.raises(TagError):
        sm4_gcm(KEY, engine).open(nonce, sealed, aad)


def test_lengths_of_key_and_nonce_are_checked(engine):
    with pytest.raises(SmError, match="16 bytes"):
        sm4_gcm(KEY + b"x", engine)
    with pytest.raises(SmError, match="12"):
        sm4_gcm(KEY, engine).seal(bytes(16), b"", b"")


def test_threads_share_a_cipher(engine):
    cipher = sm4_gcm(KEY, engine)
    data = bytes(200_000)
    with ThreadPoolExecutor(4) as pool:
        sealed = list(pool.map(lambda n: cipher.seal(n.to_bytes(12, "big"), data, b""), range(24)))
    assert [cipher.open(n.to_bytes(12, "big"), found, b"") for n, found in enumerate(sealed)] == [data] * 24


def test_gmac_is_gcm_without_plaintext(engine):
    assert sm4_gmac(KEY, NONCE, PLAIN) == sm4_gcm(KEY, engine).seal(NONCE, b"", PLAIN)


def test_auto_falls_back_and_names_say_why_not(monkeypatch, tmp_path):
    monkeypatch.setenv(libgcrypt.PATH_VARIABLE, str(tmp_path / "none.so"))
    libgcrypt.library.cache_clear()
    try:
        assert back_end() == ("portable", PortableSm4Gcm)
        with pytest.raises(SmError, match=r"none\.so") as caught:
            back_end("libgcrypt")
        assert caught.value.kind == "engine"
        with pytest.raises(SmError, match="auto, libgcrypt, portable"):
            back_end("openssl")
    finally:
        libgcrypt.library.cache_clear()


def test_an_old_libgcrypt_is_refused_unless_allowed(any_libgcrypt):
    numbers = tuple(int(part) for part in libgcrypt.version().split("-")[0].split(".")[:2])
    if numbers >= libgcrypt.OLDEST:
        assert libgcrypt.library(any_version=False)
        return
    with pytest.raises(SmError, match=r"older than 1\.11") as caught:
        libgcrypt.library(any_version=False)
    assert caught.value.kind == "engine"
