"""Ledger verbs of indicators in words."""

from __future__ import annotations

from typing import Any

VERBS: dict[str, Any] = {}
