"""Ledger verbs of parks in words."""

from __future__ import annotations

from typing import Any

VERBS: dict[str, Any] = {}
