from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langqiao.engines.sm import DIGEST_BYTES, Sm3, sm3, sm3_file, sm3_hex

# GB/T 32905-2016, appendix A.
ABC = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
ABCD_16_TIMES = "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"


def test_first_vector_of_the_standard() -> None:
    assert sm3_hex(b"abc") == ABC


def test_second_vector_of_the_standard_fills_a_whole_block() -> None:
    assert sm3_hex(b"abcd" * 16) == ABCD_16_TIMES


def test_bytes_and_hex_agree() -> None:
    assert sm3(b"abc") == bytes.fromhex(ABC)
    assert len(sm3(b"")) == DIGEST_BYTES


@given(st.binary(max_size=300), st.integers(0, 300))
def test_pieces_give_the_digest_of_the_whole(message: bytes, cut: int) -> None:
    running = Sm3()
    running.update(message[:cut])
    running.digest()  # reading early must not end or change the hash
    running.update(message[cut:])
    assert running.digest() == sm3(message)
    assert running.hexdigest() == sm3_hex(message)


def test_a_file_longer_than_one_piece(tmp_path: Path) -> None:
    message = b"\x00langqiao" * 200_000
    path = tmp_path / "large.bin"
    path.write_bytes(message)
    with path.open("rb") as stream:
        assert sm3_file(stream) == sm3(message)


def test_a_text_stream_is_refused() -> None:
    with pytest.raises(TypeError):
        sm3_file(io.StringIO("文本"))  # type: ignore[arg-type]
