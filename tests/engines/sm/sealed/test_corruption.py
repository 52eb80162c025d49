"""Nothing that was changed comes out: random changes of nine kinds, each refused with its place named.

300 in the quick suite, 10,000 in the slow one. One sealed file is made; every change works on a copy.
"""

from __future__ import annotations

import random
import re

import pytest

from langqiao.engines.sm.sealed import SealedError, SealKey, SealOptions, Vault, inspect, open_sealed, verify
from langqiao.engines.sm.sealed.layout import Geometry, pack_header
from langqiao.engines.sm.sm4gcm import TAG_BYTES
from tests.engines.sm.sealed.scene import RECIPIENT, SEGMENT, TRUSTED, OneTimeKeys, Scene, pattern

PLACE = re.compile(r"segment \d+|header|metadata|manifest|trailer|signature|end")
KINDS = ("flip", "zero", "drop", "swap", "repeat", "truncate", "extend", "splice", "take out", "put in")


class Keys(OneTimeKeys):
    """Hands the keys out every time, so that each of thousands of changed copies gets them."""

    def fetch(self, _peer, ids):
        return [SealKey(identity, self.held[identity]) for identity in ids]


class Bench:
    """A sealed file, another one of the same shape under the same keys' KME, and where everything lies."""

    def __init__(self, folder, manifest):
        options = SealOptions(SEGMENT, 2, manifest, "portable", 1)
        self.scene = Scene(folder, 6 * SEGMENT + 123, options, Keys())
        self.scene.seal()
        self.whole = self.scene.sealed.read_bytes()
        self.scene.film.write_bytes(pattern(self.scene.size, 1))
        self.scene.seal(overwrite=True)
        self.other = self.scene.sealed.read_bytes()
        header = inspect(self.scene.sealed).header
        self.geometry = Geometry.of(header, len(pack_header(header)))
        self.copy = folder / "copy.lqs"
        self.folder = folder

    def segment(self, index):
        at, length = self.geometry.sealed(index)
        return slice(at, at + length)

    def changed(self, kind, chance):
        """Return the changed file, and the segments whose place may be named (None: any part)."""
        data, full = bytearray(self.whole), self.geometry.segments - 1
        at = chance.randrange(len(data))
        one, two = chance.sample(range(full), 2)
        if kind == "flip":
            data[at] ^= 1 << chance.randrange(8)
            return data, None
        if kind == "zero":
            end = min(len(data), at + chance.randrange(1, 3 * SEGMENT))
            data[at:end] = bytes(end - at)
            return data, None
        if kind == "drop":
            del data[self.segment(one)]
            return data, {one}
        if kind == "swap":
            data[self.segment(one)], data[self.segment(two)] = (
                data[self.segment(two)],
                data[self.segment(one)],
            )
            return data, {min(one, two)}
        if kind == "repeat":
            if chance.random() < 0.5:
                data[self.segment(two)] = data[self.segment(one)]
                return data, {two}
            place = self.segment(two).stop
            data[place:place] = data[self.segment(one)]
            return data, {two + 2 if one == two + 1 else two + 1}
        if kind == "truncate":
            del data[at:]
            return data, None
        if kind == "extend":
            data += chance.randbytes(chance.choice((1, 16, SEGMENT + TAG_BYTES, 9000)))
            return data, None
        if kind == "splice":
            data[self.segment(one)] = self.other[self.segment(one)]
            return data, {one}
        if kind == "take out":
            del data[at : at + chance.randrange(1, 2000)]
            return data, None
        data[at:at] = chance.randbytes(chance.randrange(1, 2000))
        return data, None

    def refusal(self, data):
        self.copy.write_bytes(data)
        out = self.folder / "out.mov"
        with pytest.raises(SealedError) as caught:
            open_sealed(
                self.copy, out, recipient=RECIPIENT, trusted=TRUSTED, keys=self.scene.keys,
                vault=Vault(bytes(32)), engine="portable", workers=1,
            )  # fmt: skip
        assert not out.exists()
        for path in self.folder.glob("out.mov.opening*"):
            path.unlink()
        return caught.value


@pytest.fixture(scope="module", params=["full", "tags"])
def bench(request, tmp_path_factory):
    return Bench(tmp_path_factory.mktemp("corruption"), request.param)


def storm(bench, number, seed):
    chance = random.Random(seed)
    for trial in range(number):
        kind = KINDS[trial % len(KINDS)]
        data, segments = bench.changed(kind, chance)
        if data == bench.whole:  # bytes that were zero already, or a repeat of equal ones
            continue
        error = bench.refusal(data)
        told = f"trial {trial}, {kind}: {error.kind}: {error}"
        assert PLACE.match(error.part), told
        assert (error.segment is None) == (not error.part.startswith("segment")), told
        if segments is not None:
            assert error.segment in segments, told


def test_300_random_changes_are_refused(bench):
    storm(bench, 150, 2026)


@pytest.mark.slow
def test_10_000_random_changes_are_refused(bench):
    storm(bench, 5_000, 7)


@pytest.mark.parametrize(("where", "part", "kind"), [
    ("header", "header", "header"), ("magic", "header", "format"), ("metadata", "metadata", "metadata"),
    ("leaf", "segment 3", "manifest"), ("runs", "trailer", "trailer"), ("digest", "trailer", "trailer"),
    ("signature", "signature", "signature"), ("segment", "segment 4", "changed"), ("tag", "segment 2", "changed"),
])  # fmt: skip
def test_every_part_is_named(bench, where, part, kind):
    data, geometry = bytearray(bench.whole), bench.geometry
    at = {
        "header": 60, "magic": 3, "metadata": geometry.header_bytes + 5, "leaf": geometry.end + 4 * 32 + 1,
        "runs": geometry.end + geometry.leaves_bytes + 10, "digest": len(data) - 108 + 3,
        "signature": len(data) - 76 + 8, "segment": geometry.sealed(4)[0] + 77,
        "tag": geometry.sealed(2)[0] + geometry.sealed(2)[1] - 1,
    }[where]  # fmt: skip
    data[at] ^= 1
    error = bench.refusal(data)
    if where == "metadata" and bench.scene.options.manifest == "tags":
        part, kind = "metadata", "metadata"
    assert (error.part, error.kind) == (part, kind)
    assert str(error).startswith(f"{part}: ")


def test_words_for_whole_segments(bench):
    def told(change):
        data = bytearray(bench.whole)
        change(data)
        error = bench.refusal(data)
        return error.segment, error.kind

    def drop(data):
        del data[bench.segment(3)]

    def swap(data):
        data[bench.segment(1)], data[bench.segment(4)] = data[bench.segment(4)], data[bench.segment(1)]

    def repeat(data):
        data[bench.segment(4)] = data[bench.segment(1)]

    def insert(data):
        place = bench.segment(2).start
        data[place:place] = bench.other[bench.segment(2)]

    def cut(data):
        del data[bench.segment(5).start + 10 :]

    assert told(drop) == (3, "missing")
    assert told(swap) == (1, "swapped")
    assert told(repeat) == (4, "repeated")
    assert told(insert) == (2, "extra")
    assert told(cut) == (5, "truncated")
    assert told(lambda data: data.extend(b"!")) == (None, "extra")


def test_a_courier_sees_it_without_keys(bench):
    data = bytearray(bench.whole)
    data[bench.segment(3).stop - 1] ^= 1
    bench.copy.write_bytes(data)
    with pytest.raises(SealedError) as caught:
        verify(bench.copy, TRUSTED)
    assert (caught.value.kind, caught.value.segment) == ("changed", 3)
