"""Small pieces of sentences that differ between Chinese and English."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext


def listed(things: Iterable[object]) -> str:
    """Things one after the other (顿号 in Chinese, commas in English)."""
    return gettext("、").join(str(thing) for thing in things)
