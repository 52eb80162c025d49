"""Ledger verbs of alliances in words."""

from __future__ import annotations

from typing import Any

VERBS: dict[str, Any] = {}
