"""Hostile files: parsers raise the engine's refusal or nothing, at once, and allocate nothing big."""

from __future__ import annotations

import struct
import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from langqiao.engines.sm import sm3
from langqiao.engines.sm.sealed import SealedError, TrustedKeys, inspect
from langqiao.engines.sm.sealed.layout import (
    MAGIC,
    START_BYTES,
    Footer,
    Geometry,
    header_length,
    pack_header,
    parse_header,
    parse_runs,
)
from langqiao.engines.sm.sealed.providers import parse_key_file
from langqiao.engines.sm.sealed.receipt import Receipt
from langqiao.engines.sm.sealed.schedule import pack_metadata, parse_metadata
from tests.engines.sm.sealed.scene import Scene


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    scene = Scene(tmp_path_factory.mktemp("layout"))
    scene.seal()
    return scene.sealed.read_bytes()


def refused(action, *kinds):
    """Run it: it may pass or be refused with one of the kinds, nothing else."""
    try:
        action()
    except SealedError as error:
        return error.kind in kinds
    return True


def header_of(whole):
    return whole[: header_length(whole[:START_BYTES])]


@given(data=st.data())
@settings(max_examples=100)
def test_no_header_makes_the_parser_stumble(whole, data):
    raw = bytearray(header_of(whole)[:-32])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(8, len(raw) - 1))
        raw[at] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        raw += data.draw(st.binary(max_size=50))
    raw[16:20] = struct.pack(">I", len(raw) + 32)
    sealed = bytes(raw) + sm3(bytes(raw))  # with the right digest, so that every later check is reached
    assert refused(lambda: parse_header(sealed), "header", "format")


@given(st.binary(max_size=200))
@settings(max_examples=80)
def test_no_bytes_make_the_parsers_stumble(raw):
    assert refused(lambda: header_length(raw), "header", "format")
    assert refused(lambda: parse_header(MAGIC + b"\1" + raw), "header", "format")
    assert refused(lambda: parse_runs(raw[: len(raw) // 24 * 24], 5), "trailer")
    assert Footer.parse(raw) is None or len(raw) == 108
    assert refused(lambda: parse_metadata(raw), "metadata")


@given(st.one_of(st.text(max_size=300), st.from_regex(r"04[0-9a-f]{128} [ -~]{1,9}", fullmatch=True)))
@settings(max_examples=25)
def test_no_text_makes_a_list_of_trusted_keys_stumble(text):
    assert refused(lambda: TrustedKeys.parse(text), "trust")


@given(
    st.one_of(
        st.binary(max_size=300), st.from_regex(rb"([a-f0-9-]{1,6} [0-9a-f]{64}\r?\n){0,3}", fullmatch=True)
    )
)
@settings(max_examples=30)
def test_no_bytes_make_a_key_file_stumble(raw):
    assert refused(lambda: parse_key_file(raw), "key")


@given(st.one_of(st.text(max_size=200), st.dictionaries(st.text(max_size=9), st.integers()).map(str)))
@settings(max_examples=60)
@example("[" * 16_000)
@example("1e999")
@example('{"format": "langqiao-receipt-1"}')
def test_no_text_makes_a_receipt_stumble(text):
    assert refused(lambda: Receipt.from_json(text), "receipt")


@given(data=st.data())
@settings(max_examples=60)
def test_no_file_makes_inspect_stumble(whole, tmp_path_factory, data):
    raw = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    del raw[data.draw(st.integers(0, len(raw))) :]
    place = tmp_path_factory.mktemp("hostile") / "x.lqs"
    place.write_bytes(raw)
    try:
        inspect(place)
    except SealedError as error:
        assert error.part or error.segment is not None  # noqa: PT017 - it may also be whole


@pytest.mark.parametrize(
    ("size", "bits", "key_bits"), [(1 << 50, 12, 20), (1 << 50, 24, 0), (2**64 - 1, 12, 0)]
)
def test_lengths_in_the_header_allocate_nothing(whole, tmp_path, size, bits, key_bits):
    raw = bytearray(header_of(whole)[:-32])
    raw[20:28] = struct.pack(">Q", size)
    raw[11], raw[12] = bits, key_bits
    place = tmp_path / "huge.lqs"
    place.write_bytes(bytes(raw) + sm3(bytes(raw)) + whole[len(raw) + 32 :])
    tracemalloc.start()
    with pytest.raises(SealedError):
        inspect(place)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


def test_a_header_that_claims_to_be_long(tmp_path, whole):
    raw = bytearray(whole)
    raw[16:20] = struct.pack(">I", 1 << 22)
    (tmp_path / "x.lqs").write_bytes(raw)
    with pytest.raises(SealedError, match="ends within the header"):
        inspect(tmp_path / "x.lqs")
    raw[16:20] = struct.pack(">I", (1 << 22) + 1)
    (tmp_path / "x.lqs").write_bytes(raw)
    with pytest.raises(SealedError, match="impossible"):
        inspect(tmp_path / "x.lqs")


def test_a_header_returns_what_went_in(whole):
    raw = header_of(whole)
    header = parse_header(raw)
    assert pack_header(header) == raw
    geometry = Geometry.of(header, len(raw))
    assert geometry.total(1) == len(whole)
    assert [geometry.plain(n) for n in (0, 5)] == [(0, 4096), (20480, 100)]


def test_other_versions_are_named(whole):
    raw = bytearray(whole[:START_BYTES])
    raw[8] = 2
    with pytest.raises(SealedError, match="version 2") as caught:
        header_length(raw)
    assert caught.value.kind == "format"


@given(st.text(min_size=1, max_size=60))
def test_metadata_returns_the_name(name):
    try:
        packed = pack_metadata(name)
    except SealedError as error:
        assert error.kind == "name"  # noqa: PT017 - most names are fine
        return
    assert len(packed) == 258
    if "\ud800" <= max(name) <= "\udfff":
        return
    assert refused(lambda: parse_metadata(packed), "metadata")
