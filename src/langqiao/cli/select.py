"""``langqiao select``."""

from __future__ import annotations


def select() -> None:
    """Being built."""
