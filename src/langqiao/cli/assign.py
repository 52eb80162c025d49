"""``langqiao assign``."""

from __future__ import annotations


def assign() -> None:
    """Being built."""
