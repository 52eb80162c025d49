"""Units of published figures for an English reader; the data keep them as they were published."""

from __future__ import annotations

from langqiao.kit.words import is_english

ENGLISH = {
    "个": "", "家": "firms", "人": "people", "万人": "× 10,000 people", "亿元": "× CNY 100 m",
    "万元": "× CNY 10,000", "公顷": "ha", "亩": "mu", "平方公里": "km²",
}  # fmt: skip


def unit_in_words(unit: str) -> str:
    """A unit as the reader knows it."""
    return ENGLISH.get(unit, unit) if is_english() else unit
