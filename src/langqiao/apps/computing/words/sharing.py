"""Verbs of sharing in words."""

from __future__ import annotations

VERBS: dict[str, object] = {}
