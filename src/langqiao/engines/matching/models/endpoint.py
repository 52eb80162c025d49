"""A sentence model behind an OpenAI-compatible ``/v1/embeddings`` address (向量服务).

Speaks what OpenAI, vLLM, Ollama, LocalAI, Xinference and text-embeddings-inference have in common:
``{"model", "input": [texts], "encoding_format": "float"}`` in, ``{"data": [{"index", "embedding"}]}``
out. The texts leave this machine: whoever configures an address decides who may read them.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Sequence
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx
import numpy as np

from .errors import ModelUnavailable
from .vectors import Floats, encode_filled, normalised

KEY_VARIABLE: Final = "LANGQIAO_EMBEDDINGS_KEY"
"""Environment variable with the service's key; it is sent to the configured address and never logged."""

_PASSING: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_LONGEST_PAUSE: Final = 30.0  # seconds, also when the service asks for more


class EmbeddingsEndpoint:
    """Encodes texts over HTTP, in batches, with a time-out and patience for a busy service.

    ``url`` is the base (``https://host/v1``) or the full address ending in ``/embeddings``.
    Failures that may pass (408, 425, 429, 5xx, time-outs, lost connections) are tried ``attempts``
    times in all, waiting as long as Retry-After says or 0.5, 1, 2, … seconds, at most 30. Redirects
    are not followed, so that the key goes nowhere else.

    Raises:
        ModelUnavailable: the address is not one, or carries a user name or password.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        key: str | None = None,
        batch: int = 64,
        timeout: float = 30.0,
        attempts: int = 4,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        address = _address(url)
        if not model:
            raise ModelUnavailable("向量服务缺少模型名称，请写成 openai:https://主机/v1#模型名称。")
        if batch < 1 or attempts < 1 or timeout <= 0:
            raise ValueError("batch and attempts must be at least 1 and timeout positive")
        self._key = os.environ.get(KEY_VARIABLE, "") if key is None else key
        self._address, self._model = address, model
        self._batch, self._attempts, self._pause = batch, attempts, pause
        self._dimensions = 0
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        self._client = httpx.Client(timeout=timeout, headers=headers, follow_redirects=False)

    @property
    def name(self) -> str:
        """The model and the host that serves it."""
        return f"openai:{self._model}@{self._address.netloc.decode()}"

    @property
    def dimensions(self) -> int:
        """Length of a vector; the service is asked once."""
        if not self._dimensions:
            self._request(["维度"])
        return self._dimensions

    def encode(self, texts: Sequence[str]) -> Floats:
        """One L2-normalised row per text, (texts, dimensions).

        Raises:
            ModelUnavailable: the service refuses, stays away, or answers in another format.
        """
        return encode_filled(texts, lambda: self.dimensions, self._encode)

    def close(self) -> None:
        """Close the connections that are kept open between calls."""
        self._client.close()

    def __repr__(self) -> str:
        return f"<EmbeddingsEndpoint {self.name}>"

    def _encode(self, texts: list[str]) -> Floats:
        starts = range(0, len(texts), self._batch)
        return np.concatenate([self._request(texts[start : start + self._batch]) for start in starts])

    def _request(self, texts: list[str]) -> Floats:
        reason = ""
        for attempt in range(self._attempts):
            wait = min(0.5 * 2**attempt, _LONGEST_PAUSE)
            try:
                answer = self._client.post(
                    self._address,
                    json={"model": self._model, "input": texts, "encoding_format": "float"},
                )
            except httpx.TransportError as error:
                reason = f"连接失败（{type(error).__name__}）"
            else:
                if answer.status_code not in _PASSING:
                    return self._read(answer, len(texts))
                reason = f"状态码 {answer.status_code}"
                wait = _retry_after(answer, wait)
            if attempt + 1 < self._attempts:
                self._pause(wait)
        raise ModelUnavailable(
            f"向量服务 {self._address.host} 试了 {self._attempts} 次仍不可用：{reason}。"
            "请稍后再试，或检查服务地址和用量限制。"
        )

    def _read(self, answer: httpx.Response, expected: int) -> Floats:
        if answer.status_code in {401, 403}:
            raise ModelUnavailable(
                f"向量服务 {self._address.host} 拒绝了密钥（状态码 {answer.status_code}）。"
                f"请检查环境变量 {KEY_VARIABLE}。"
            )
        if not answer.is_success:
            raise ModelUnavailable(
                f"向量服务 {self._address.host} 拒绝了请求（状态码 {answer.status_code}）："
                f"{self._excerpt(answer)}。请检查地址和模型名称“{self._model}”。"
            )
        try:
            rows = _rows(answer.json(), expected)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ModelUnavailable(
                f"向量服务 {self._address.host} 的答复不符合 /v1/embeddings 格式：{error}。"
                "请确认该地址提供 OpenAI 兼容的向量接口。"
            ) from error
        if self._dimensions and rows.shape[1] != self._dimensions:
            raise ModelUnavailable(
                f"向量服务 {self._address.host} 的向量长度从 {self._dimensions} 变为 {rows.shape[1]}，"
                "服务端可能更换了模型。请重建索引。"
            )
        self._dimensions = rows.shape[1]
        return rows

    def _excerpt(self, answer: httpx.Response) -> str:
        text = " ".join(answer.text.split())[:200]
        return text.replace(self._key, "***") if self._key else text


def _address(url: str) -> httpx.URL:
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ModelUnavailable(f"向量服务地址无效：{error}。") from error
    if address.scheme not in {"http", "https"} or not address.host:
        raise ModelUnavailable("向量服务地址须以 http:// 或 https:// 开头，例如 https://主机/v1。")
    if address.userinfo:
        raise ModelUnavailable(f"向量服务地址里不要写用户名或密码；密钥请放在环境变量 {KEY_VARIABLE} 中。")
    path = address.path.rstrip("/")
    return address.copy_with(path=path if path.endswith("/embeddings") else f"{path}/embeddings")


def _retry_after(answer: httpx.Response, otherwise: float) -> float:
    """Seconds that the Retry-After header asks for (RFC 9110, 10.2.3: a number or a date)."""
    asked = answer.headers.get("retry-after", "")
    try:
        seconds = float(asked)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(asked).timestamp() - time.time()
        except ValueError:
            return otherwise
    return min(max(seconds, 0.0), _LONGEST_PAUSE) if math.isfinite(seconds) else otherwise


def _rows(answer: Any, expected: int) -> Floats:
    """The vectors of an answer in the order of the texts.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: the answer has another shape, or holds
            other than finite numbers.
    """
    entries = answer["data"]
    if not isinstance(entries, list) or len(entries) != expected:
        raise ValueError(f"应有 {expected} 个向量")
    placed = {int(entry.get("index", at)): entry["embedding"] for at, entry in enumerate(entries)}
    if sorted(placed) != list(range(expected)):
        raise ValueError("序号有缺失或重复")
    rows = np.array([placed[at] for at in range(expected)], dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] == 0 or not np.isfinite(rows).all():
        raise ValueError("向量不是等长的有限数列")
    return normalised(rows)
