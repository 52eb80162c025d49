"""Verbs of jobs in words."""

from __future__ import annotations

VERBS: dict[str, object] = {}
