"""The ledger's verbs of valuation (估值) in words."""

from __future__ import annotations

VERBS: dict[str, object] = {}
