"""Optional sentence models (句向量模型): none is needed, each can be named in the settings.

========================================= ===================================================
``use-multilingual``                      packaged, Chinese and English among 16 languages
``minilm``                                packaged, English
``sentence-transformers:NAME``            a local folder or a name on a hub
``openai:URL#MODEL``                      an OpenAI-compatible address, ``openai:https://host/v1#bge-m3``
========================================= ===================================================
"""

from __future__ import annotations

from langqiao.engines.matching.types import SentenceModel

from .endpoint import KEY_VARIABLE, EmbeddingsEndpoint
from .errors import ModelUnavailable
from .local import SentenceTransformersModel, UseMultilingual, minilm

__all__ = [
    "KEY_VARIABLE",
    "EmbeddingsEndpoint",
    "ModelUnavailable",
    "SentenceModel",
    "SentenceTransformersModel",
    "UseMultilingual",
    "load_model",
    "minilm",
]

_FORMS = "use-multilingual、minilm、sentence-transformers:模型名称或文件夹、openai:https://主机/v1#模型名称"


def load_model(spec: str) -> SentenceModel:
    """The sentence model that a specification names (see the table above).

    Local models are loaded now; an ``openai:`` address is first asked when something is encoded.

    Raises:
        ModelUnavailable: the specification names nothing known, a library is missing (the message
            names the extra that brings it), or the model cannot be loaded.
    """
    kind, _, rest = spec.strip().partition(":")
    if kind == "use-multilingual" and not rest:
        return UseMultilingual()
    if kind == "minilm" and not rest:
        return minilm()
    if kind == "sentence-transformers" and rest:
        return SentenceTransformersModel(rest)
    if kind == "openai" and rest:
        url, _, model = rest.partition("#")
        return EmbeddingsEndpoint(url, model)
    raise ModelUnavailable(f"不认识的句向量模型“{spec}”。可用的写法：{_FORMS}。")
