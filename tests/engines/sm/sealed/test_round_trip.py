"""What is sealed comes out again, whole, once; everything else is refused before a key is spent."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from langqiao.engines.sm.mlkem import KemPrivateKey
from langqiao.engines.sm.sealed import SealedError, SealOptions, TrustedKeys, Vault, inspect, seal, verify
from langqiao.engines.sm.sealed.schedule import safe_name
from langqiao.engines.sm.sm2 import Sm2PrivateKey
from tests.engines.sm.sealed.scene import RECIPIENT, SEGMENT, SENDER, SIGNER, TRUSTED, Scene, pattern


@pytest.mark.parametrize("size", [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 7 * SEGMENT, 7 * SEGMENT + 9])
@pytest.mark.parametrize("manifest", ["full", "tags"])
def test_every_length_comes_out_again(tmp_path, size, manifest):
    scene = Scene(tmp_path, size, SealOptions(SEGMENT, 2, manifest, "portable", 2))
    made = scene.seal()
    segments = max(1, -(-size // SEGMENT))
    assert made.info.header.segments == segments
    assert len(made.info.header.key_ids) == -(-segments // 2)
    assert made.info == inspect(scene.sealed) == verify(scene.sealed, TRUSTED)
    assert made.info.sealed_bytes == scene.sealed.stat().st_size
    found = scene.open()
    assert scene.out.read_bytes() == pattern(size)
    assert (found.name, found.info) == (scene.film.name, made.info)
    assert scene.names() == {scene.film.name, "film.lqs", "out.mov"}


@given(size=st.integers(0, 6 * SEGMENT), per_key=st.sampled_from([1, 2, 1024]), workers=st.integers(1, 4),
       manifest=st.sampled_from(["full", "tags"]), hybrid=st.booleans())  # fmt: skip
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_shape(tmp_path_factory, size, per_key, workers, manifest, hybrid):  # noqa: PLR0917 - drawn by name
    options = SealOptions(SEGMENT, per_key, manifest, "portable", workers)
    scene = Scene(
        tmp_path_factory.mktemp("any"), size, options, kem=KemPrivateKey.generate() if hybrid else None
    )
    scene.seal()
    scene.open()
    assert scene.out.read_bytes() == pattern(size)


def test_back_ends_read_each_other(scene, any_libgcrypt):
    scene.seal(options=SealOptions(SEGMENT, 2, engine="libgcrypt"))
    assert scene.open().engine == "portable"
    scene.out.unlink()
    scene.sealed.unlink()
    scene.seal()
    assert scene.open(engine="libgcrypt").engine == "libgcrypt"
    assert scene.out.read_bytes() == pattern(scene.size)


def test_the_name_is_the_senders_and_stays_in_the_folder(scene):
    scene.seal()
    folder = scene.folder / "in"
    folder.mkdir()
    found = scene.open(folder)
    assert found.target == folder / scene.film.name
    assert found.target.read_bytes() == pattern(scene.size)
    assert found.target.stat().st_mode & 0o077 == 0
    assert scene.film.name.encode() not in scene.sealed.read_bytes()


@pytest.mark.parametrize(("name", "safe"), [
    ("../../etc/passwd", "_.._etc_passwd"), ("..", "opened"), (".bashrc", "bashrc"), ("a\0b\n", "a_b_"),
    ("样片.mov", "样片.mov"), ("C:\\x", "C__x"), ("", "opened"),
])  # fmt: skip
def test_names_are_made_safe(name, safe):
    assert safe_name(name) == safe


@given(st.text(max_size=80))
def test_no_name_leaves_the_folder(name):
    made = safe_name(name)
    assert Path("/x", made).resolve().parent == Path("/x")
    assert made.isprintable()


def test_two_seals_of_one_film_share_nothing(scene):
    scene.seal()
    first = scene.sealed.read_bytes()
    scene.seal(overwrite=True)
    second = scene.sealed.read_bytes()
    assert (
        sum(a == b for a, b in zip(first[-6 * SEGMENT :], second[-6 * SEGMENT :], strict=True)) < SEGMENT // 4
    )


def test_dates_and_progress(scene):
    at = datetime(2026, 5, 1, 8, 30, tzinfo=UTC)
    seen = []
    made = scene.seal(created=at, progress=seen.append)
    assert made.info.header.created == at
    assert [(p.stage, p.segments_done, p.bytes_done) for p in seen] == [
        ("seal", n + 1, min((n + 1) * SEGMENT, scene.size)) for n in range(6)
    ]
    seen.clear()
    scene.open(progress=seen.append)
    assert [(p.stage, p.segments_done, p.bytes) for p in seen] == [
        ("open", n + 1, scene.size) for n in range(6)
    ]
    seen.clear()
    verify(scene.sealed, TRUSTED, progress=seen.append)
    assert seen[-1].bytes_done == scene.size


def kind_of(action, *words):
    with pytest.raises(SealedError) as caught:
        action()
    for word in words:
        assert word in str(caught.value)
    return caught.value.kind


def test_refusals_before_a_key_is_spent(scene):
    scene.seal()
    fetches = scene.keys.calls.count("fetch")
    stranger = TrustedKeys([(SENDER, Sm2PrivateKey.generate().public)])
    nobody = TrustedKeys([("SAE-else", SIGNER.public)])
    assert kind_of(lambda: scene.open(recipient="SAE-wuhu-1"), RECIPIENT, "SAE-wuhu-1") == "recipient"
    assert kind_of(lambda: scene.open(trusted=stranger), "another key") == "untrusted"
    assert kind_of(lambda: scene.open(trusted=nobody), "no trusted key") == "untrusted"
    assert kind_of(lambda: verify(scene.sealed, nobody)) == "untrusted"
    scene.out.write_bytes(b"mine")
    assert kind_of(scene.open, "out.mov") == "exists"
    assert scene.keys.calls.count("fetch") == fetches
    assert scene.out.read_bytes() == b"mine"
    scene.open(overwrite=True)
    assert scene.out.read_bytes() == pattern(scene.size)


def test_refusals_before_a_key_is_taken(scene):
    for changes, kind in (
        ({"options": SealOptions(5000)}, "options"), ({"options": SealOptions(2048)}, "options"),
        ({"options": SealOptions(segments_per_key=3)}, "options"), ({"options": SealOptions(workers=-1)}, "options"),
        ({"options": SealOptions(engine="none")}, "engine"), ({"sender": ""}, "name"),
        ({"recipient": "x" * 256}, "name"), ({"recipient": "a\nb"}, "name"),
    ):  # fmt: skip
        with pytest.raises(ValueError) as caught:  # noqa: PT011 - kinds are what is compared
            scene.seal(**changes)
        assert caught.value.kind == kind, changes
    scene.sealed.write_bytes(b"")
    assert kind_of(scene.seal) == "exists"
    with pytest.raises(FileNotFoundError):
        seal(
            scene.film,
            scene.folder / "none" / "x",
            sender="a",
            recipient="b",
            signer=SIGNER,
            keys=scene.keys,
            vault=scene.vault,
        )
    assert scene.keys.calls == []
    with pytest.raises(FileNotFoundError):
        scene.film.unlink()
        scene.seal(overwrite=True)


def test_a_second_opening_finds_the_keys_gone(scene):
    scene.seal()
    scene.open()
    scene.out.unlink()
    assert kind_of(scene.open, "not found on KME") == "key"


def test_other_keys_do_not_fit(scene):
    scene.seal()
    scene.keys.held = {identity: bytes(32) for identity in scene.keys.held}
    assert kind_of(scene.open, "do not fit") == "key"
    assert not scene.out.exists()


@pytest.fixture
def hybrid(tmp_path):
    return Scene(tmp_path, kem=KemPrivateKey.generate())


def test_a_hybrid_needs_both(hybrid):
    hybrid.seal()
    assert hybrid.sealed.read_bytes()[9] == 2
    assert kind_of(lambda: hybrid.open(kem=None)) == "kem"
    assert kind_of(lambda: hybrid.open(kem=KemPrivateKey.generate())) == "kem"
    assert "fetch" not in hybrid.keys.calls
    hybrid.keys.held = {identity: os.urandom(32) for identity in hybrid.keys.held}
    assert kind_of(hybrid.open) == "key"


def test_a_hybrid_opens(hybrid):
    hybrid.seal()
    hybrid.open()
    assert hybrid.out.read_bytes() == pattern(hybrid.size)


def test_keys_show_nowhere(scene, capfd):
    scene.seal()
    values = list(scene.keys.held.values())
    found = scene.open()
    everything = repr((found, scene.keys.take("x", 1), scene.vault)).encode()
    for path in scene.folder.iterdir():
        everything += path.read_bytes() if path not in {scene.film, scene.out} else b""
    everything += "".join(capfd.readouterr()).encode()
    for value in values:
        assert value not in everything
        assert value.hex().encode() not in everything


def test_a_vault_for_everyone_is_none(tmp_path):
    place = tmp_path / "state" / "seal.secret"
    vault = Vault.at(place)
    assert place.stat().st_mode & 0o777 == 0o600
    assert Vault.at(place).unwrap(vault.wrap(b"keys", b"x"), b"x") == b"keys"
    assert kind_of(lambda: Vault.at(place).unwrap(vault.wrap(b"keys", b"x"), b"y")) == "secret"
    assert kind_of(lambda: vault.unwrap(b"", b"")) == "secret"
    place.chmod(0o640)
    assert kind_of(lambda: Vault.at(place), "chmod 600") == "secret"
    place.chmod(0o600)
    place.write_bytes(b"short")
    assert kind_of(lambda: Vault.at(place)) == "secret"


def test_a_full_disk_costs_no_key(scene):
    with scene.film.open("r+b") as stream:
        stream.truncate(1 << 43)  # sparse; more than the disk of any machine that runs this
    assert kind_of(lambda: scene.seal(options=SealOptions(1 << 24, 1 << 20))) == "space"
    assert scene.keys.calls == []


def test_vaults_made_at_once_hold_one_secret(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _n: Vault.at(tmp_path / "seal.secret"), range(16)))
    wrapped = made[0].wrap(b"keys", b"")
    assert {vault.unwrap(wrapped, b"") for vault in made} == {b"keys"}
    assert [path.name for path in tmp_path.iterdir()] == ["seal.secret"]
