"""Ledger verbs of reports in words."""

from __future__ import annotations

from typing import Any

VERBS: dict[str, Any] = {}
