"""``langqiao calibrate``."""

from __future__ import annotations


def calibrate() -> None:
    """Being built."""
