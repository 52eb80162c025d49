"""Achievements from collections of papers, where a title may be missing."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext as _

TITLE_CHARS = 60
_SENTENCE = re.compile(r"[。！？!?；;\n]|\.(?=\s|[一-鿿]|$)")


def title_from(abstract: str) -> str:
    """The first sentence of an abstract, cut to 60 characters, as a stand-in for a missing title."""
    text = " ".join(abstract.split())
    match = _SENTENCE.search(text)
    first = text[: match.start()] if match and match.start() else text
    return first if len(first) <= TITLE_CHARS else first[: TITLE_CHARS - 1] + "…"


def complete_achievement(values: dict[str, Any]) -> list[str]:
    """Give an achievement without title the beginning of its abstract."""
    if str(values.get("title") or "").strip() or not str(values.get("abstract") or "").strip():
        return []
    values["title"] = title_from(str(values["abstract"]))
    return [_("没有名称，以摘要首句代替")]
