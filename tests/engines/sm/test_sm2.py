"""SM2 signatures and key files: the standard's example, OpenSSL's files, hostile input."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from langqiao.engines.sm.errors import SmError
from langqiao.engines.sm.sm2 import Sm2PrivateKey, Sm2PublicKey, read_key_file, write_private

# GB/T 32918.5-2017, appendix A.2: key pair, message and signature on the recommended curve.
SECRET = bytes.fromhex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8")
POINT = bytes.fromhex(
    "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
MESSAGE = b"message digest"
SIGNATURE = bytes.fromhex(
    "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
    "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
)
ORDER = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123"


@pytest.fixture(scope="module")
def key():
    return Sm2PrivateKey.generate()


def test_the_standards_signature_verifies():
    assert Sm2PublicKey(POINT).verify(SIGNATURE, MESSAGE)


def test_the_standards_key_signs():
    pair = Sm2PrivateKey(SECRET, Sm2PublicKey(POINT))
    made = pair.sign(MESSAGE)
    assert len(made) == 64
    assert pair.public.verify(made, MESSAGE)
    assert SECRET.hex() not in repr(pair)
    assert repr(SECRET) not in repr(pair)


@pytest.mark.parametrize("change", ["signature", "message", "identity", "short", "zero", "order"])
def test_what_does_not_verify(change):
    signature, message, identity = SIGNATURE, MESSAGE, b"1234567812345678"
    if change == "signature":
        signature = bytes([signature[0] ^ 1]) + signature[1:]
    elif change == "message":
        message += b"!"
    elif change == "identity":
        identity = b"somebody else"
    elif change == "short":
        signature = signature[:63]
    elif change == "zero":
        signature = bytes(64)
    else:
        signature = bytes.fromhex(ORDER) + signature[32:]
    assert not Sm2PublicKey(POINT).verify(signature, message, identity)


def test_an_identity_of_ones_own(key):
    made = key.sign(MESSAGE, b"SAE-hefei")
    assert key.public.verify(made, MESSAGE, b"SAE-hefei")
    assert not key.public.verify(made, MESSAGE)


def test_files_of_keys_return_the_key(key, tmp_path):
    assert Sm2PrivateKey.from_pem(key.to_pem()) == key
    assert Sm2PublicKey.from_pem(key.public.to_pem()) == key.public
    assert Sm2PublicKey.from_hex(key.public.hex()) == key.public
    place = tmp_path / "key.pem"
    write_private(place, key.to_pem())
    assert place.stat().st_mode & 0o777 == 0o600
    assert read_key_file(place, private=True) == key.to_pem()
    with pytest.raises(FileExistsError):
        write_private(place, b"")
    place.chmod(0o644)
    with pytest.raises(SmError, match="chmod 600"):
        read_key_file(place, private=True)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_reads_our_keys_and_we_its(key, tmp_path):
    ours, theirs = tmp_path / "ours.pem", tmp_path / "theirs.pem"
    ours.write_bytes(key.to_pem())
    run = subprocess.run(
        ["openssl", "pkey", "-in", ours, "-pubout"], capture_output=True, check=True, text=True
    )
    assert run.stdout.encode() == key.public.to_pem()
    subprocess.run(
        ["openssl", "genpkey", "-algorithm", "SM2", "-out", theirs], check=True, capture_output=True
    )
    read = Sm2PrivateKey.from_pem(theirs.read_bytes())
    public = subprocess.run(["openssl", "pkey", "-in", theirs, "-pubout"], capture_output=True, check=True)
    assert public.stdout == read.public.to_pem()


def test_what_is_no_key(key):
    other = Sm2PrivateKey.generate()
    mixed = Sm2PrivateKey(key.secret, other.public)
    with pytest.raises(SmError, match="belong together"):
        Sm2PrivateKey.from_pem(mixed.to_pem())
    with pytest.raises(SmError, match="encrypted"):
        Sm2PrivateKey.from_pem(key.to_pem().replace(b"PRIVATE KEY", b"ENCRYPTED PRIVATE KEY"))
    for wrong in (bytes(64), b"\x01" * 64, POINT[:63], b"\x04" + POINT):
        with pytest.raises(SmError):
            Sm2PublicKey(wrong)
    for wrong in (bytes(32), b"\xff" * 32, SECRET[:31], bytes.fromhex(ORDER)):
        with pytest.raises(SmError):
            Sm2PrivateKey(wrong, key.public)


def refusal(action):
    """The refusal, or None; anything else that is raised passes."""
    try:
        action()
    except SmError as error:
        return error
    return None


PEM = Sm2PrivateKey(SECRET, Sm2PublicKey(POINT)).to_pem()


@given(st.one_of(
    st.binary(max_size=400),
    st.builds(lambda at, byte: PEM[:at] + bytes([byte]) + PEM[at + 1:], st.integers(0, len(PEM) - 1), st.integers(0, 255)),
    st.builds(lambda at: PEM[:at], st.integers(0, len(PEM))),
))  # fmt: skip
@settings(max_examples=150)
@example(b"-----BEGIN PRIVATE KEY-----\n" + b" " * 9000 + b"-----END PRIVATE KEY-----")
@example(b"-----BEGIN PUBLIC KEY-----\n=\n-----END PUBLIC KEY-----")
def test_no_file_makes_a_key_reader_stumble(text):
    for read in (Sm2PrivateKey.from_pem, Sm2PublicKey.from_pem):
        found = refusal(lambda: read(text))  # noqa: B023 - called at once
        assert found is None or (found.kind == "key" and SECRET.hex() not in str(found))


@given(st.text(max_size=140))
@settings(max_examples=60)
def test_no_text_makes_the_hexadecimal_reader_stumble(text):
    with pytest.raises(SmError):
        Sm2PublicKey.from_hex(text)
