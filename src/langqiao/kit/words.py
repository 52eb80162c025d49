"""Names and small pieces of sentences that differ between Chinese and English."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import get_language, gettext

EXAMPLE_MARKS = ("示例", "(example)")


def listed(things: Iterable[object]) -> str:
    """Things one after the other (顿号 in Chinese, commas in English)."""
    return gettext("、").join(str(thing) for thing in things)


def is_english() -> bool:
    """Whether the reader reads English."""
    return (get_language() or "").startswith("en")


def named(thing: Any) -> str:
    """A thing's name in the reader's language; the Chinese one where no English one is known."""
    if thing is None or thing == "":
        return ""
    english = getattr(thing, "name_en", "") if is_english() else ""
    return str(english or thing)


def says_example(title: Any) -> bool:
    """Whether a title already says that its record is illustrative (示例)."""
    return any(mark in str(title) for mark in EXAMPLE_MARKS)
