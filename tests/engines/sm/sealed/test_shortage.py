"""A KME that has fewer keys than a file needs: they are collected, and none of them is lost or used twice."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field

import pytest

from langqiao.engines.sm.sealed import KeysShort, KmeKeys, Patience, SealedError, SealKey, Vault, verify
from tests.engines.sm.sealed.scene import RECIPIENT, SEGMENT, TRUSTED, Scene

SEGMENTS = 24  # 12 keys


class Short(Exception):
    """503 of a KME: come back later."""


class Gone(Exception):
    """No answer."""


@dataclass(frozen=True)
class Key:
    key_id: str
    key: bytes


@dataclass
class Pool:
    """A KME with a clock of its own: ``rate`` keys a second come, up to ``room``."""

    stored: float = 5
    rate: float = 0.5
    room: float = 6
    now: float = 0.0
    sold: list[str] = field(default_factory=list)
    told: list[tuple[int, int, float]] = field(default_factory=list)
    fails_at: float = 1e9
    stopped_at: float = 1e9

    def get_keys(self, slave, *, number, size):
        assert (slave, size) == (RECIPIENT, 256)
        if self.now >= self.fails_at:
            raise Gone("no answer")
        if number > int(self.stored):
            raise Short("too few keys")
        self.stored -= number
        keys = [Key(f"id-{len(self.sold) + n}", os.urandom(32)) for n in range(number)]
        self.sold += [key.key_id for key in keys]
        return keys

    def sleep(self, seconds):
        self.now += seconds
        self.stored = min(self.room, self.stored + seconds * self.rate)
        if self.now >= self.stopped_at:
            raise KeyboardInterrupt

    def stock(self, _peer):
        if self.now >= self.fails_at:
            raise Gone("no answer")
        return int(self.stored)

    def keys(self, seconds=600.0, pause=4.0, at_most=4):
        def wait(error):
            return pause if isinstance(error, Short) else None

        def tell(*line):
            self.told.append(line)

        patience = Patience(seconds, wait, self.stock, tell, self.sleep, lambda: self.now)
        return KmeKeys(self, at_most=at_most, errors=(Short, Gone), stored=5, patience=patience)


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path, size=SEGMENTS * SEGMENT)


def ids(scene):
    return verify(scene.sealed, TRUSTED).header.key_ids


def refused(scene, kind, **changes):
    with pytest.raises(SealedError) as error:
        scene.seal(**changes)
    assert error.value.kind == kind, error.value
    return str(error.value)


def test_keys_are_collected_over_several_refills(scene):
    pool = Pool()
    scene.seal(keys=pool.keys())
    assert ids(scene) == tuple(pool.sold)
    assert len(pool.sold) == 12
    assert pool.told[0] == (5, 12, 4.0)  # a whole request of 4, then the one that was left, then a wait
    assert pool.now == 16.0
    assert scene.names() == {scene.film.name, "film.lqs"}


def test_without_patience_no_key_is_spent(scene):
    pool = Pool()
    assert "holds 5 keys" in refused(scene, "key", keys=pool.keys(seconds=0))
    assert (pool.sold, scene.names()) == ([], {scene.film.name})


@pytest.mark.parametrize(
    ("how", "kind", "word"),
    [
        ({"seconds": 9.0}, "key", "too few keys; 9 of 12 keys are kept in film.lqs.sealing-keys"),
        ({"fails_at": 8.0}, "key", "no answer; 7 of 12 keys"),
        ({"stopped_at": 8.0}, "cancelled", "stopped while keys were taken; 7 of 12 keys"),
    ],
)
def test_what_was_taken_serves_the_next_run(scene, how, kind, word):
    pool = Pool()
    seconds = how.pop("seconds", 600.0)
    for name, value in how.items():
        setattr(pool, name, value)
    assert word in refused(scene, kind, keys=pool.keys(seconds))
    assert scene.names() == {scene.film.name, "film.lqs.sealing-keys"}
    kept = scene.folder / "film.lqs.sealing-keys"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert pool.sold[0].encode() not in kept.read_bytes()
    pool.fails_at = pool.stopped_at = 1e9
    scene.seal(keys=pool.keys())
    assert (ids(scene), len(pool.sold)) == (tuple(pool.sold), 12)
    assert scene.names() == {scene.film.name, "film.lqs"}


def test_kept_keys_are_gone_before_one_is_used(scene):
    pool = Pool()
    refused(scene, "key", keys=pool.keys(9.0))
    kept = scene.folder / "film.lqs.sealing-keys"

    def stop(*_):
        assert not kept.exists()
        return True

    refused(scene, "cancelled", keys=pool.keys(), cancel=stop)
    scene.seal(keys=pool.keys())
    assert len(pool.sold) == 12


def test_of_more_keys_than_are_needed_the_rest_is_kept(scene):
    pool = Pool()
    refused(scene, "key", keys=pool.keys(9.0))
    scene.film.write_bytes(b"short")
    scene.seal(keys=pool.keys())
    assert ids(scene) == ("id-0",)
    scene.film.write_bytes(b"short too")
    scene.seal(keys=pool.keys(), overwrite=True)
    assert (ids(scene), len(pool.sold)) == (("id-1",), 9)


def test_kept_keys_are_for_the_same_two_and_the_same_machine(scene):
    pool = Pool()
    refused(scene, "key", keys=pool.keys(9.0))
    kept = scene.folder / "film.lqs.sealing-keys"
    before = kept.read_bytes()
    assert "finish that work" in refused(scene, "journal", keys=pool.keys(), recipient="SAE-wuhu-1")
    refused(scene, "secret", keys=pool.keys(), vault=Vault(bytes(32)))
    assert kept.read_bytes() == before
    kept.write_bytes(b"x")
    assert "remove it" in refused(scene, "journal", keys=pool.keys())
    scene.seal(keys=pool.keys(), restart=True)
    assert ids(scene) == tuple(pool.sold[9:])


def test_a_shortage_does_not_print_keys():
    assert "secret" not in repr(KeysShort("few", [SealKey("a", b"secret")]).taken)
